from . import controllers
from . import models
from . import wizards


def post_load():
    """Hook: what the whole server needs, in every process that has loaded the addon."""
    controllers.access_log.install()
    controllers.outage.install()
