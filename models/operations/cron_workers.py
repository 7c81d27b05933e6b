"""Workers for scheduled actions of this server, by its options and threads."""

import threading

from odoo.service import server
from odoo.tools import config

#: A cron worker without work reports to its master so often at least, in seconds: the
#: master kills those that are silent for longer than limit_time_real_cron.
SHORTEST_CRON_LIMIT = server.SLEEP_INTERVAL + 10
#: What Odoo itself sets where nobody does, in seconds.
USUAL_CRON_LIMIT = 120


def has_too_many_lanes(lanes):
    """Whether all cron workers of this server may be busy sending at the same time."""
    return lanes >= config["max_cron_threads"]


def get_cron_limit():
    """Seconds after which Odoo ends a cron worker, 0 for never."""
    limit = config["limit_time_real_cron"]
    return config["limit_time_real"] if limit == -1 else limit


def has_lost_cron_threads():
    """Whether this process runs crons in threads, and none of them is left."""
    return isinstance(server.server, server.ThreadedServer) and not any(
        getattr(thread, "type", None) == "cron" for thread in threading.enumerate()
    )
