"""A dispatcher in a process of its own: ``python dispatch.py CONFIG DATABASE``.

Says READY, waits for a line, and runs the lane until nothing is left to send.
"""

import sys

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(config_file, database):
    config.parse_config(["-c", config_file, "-d", database], setup_logging=True)
    registry = Registry(database)
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while run_lane(registry):
        pass


def run_lane(registry):
    """:return: whether something is left"""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["sms.gateway.dispatcher"]._run(1, linger=0)
        domain = [("state", "in", ("queued", "submitting"))]
        return bool(env["sms.gateway.message"].search_count(domain, limit=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
