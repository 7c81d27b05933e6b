"""What Odoo's data folder remembers of a database: its identity and its last run."""

import json
import logging
import os
from datetime import datetime
from pathlib import Path

from odoo.tools import config

_logger = logging.getLogger(__name__)

#: The parts of an identity that a database keeps as long as it lives.
SAME_DATABASE = ("server", "database", "content")


def get_path(database):
    """The file of a database of this name."""
    return Path(config["data_dir"], "crm_sms_gateway", database)


def read_memory(database):
    """What Odoo's data folder remembers of the last runs in a database of this name.

    :return: dict of ``identity`` and ``seen_at``, None where there is nothing to read
    """
    try:
        memory = json.loads(get_path(database).read_text())
        get_moment(memory)
        dict(memory["identity"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return memory


def write_memory(database, memory):
    """Replace the memory of a database; a failure is logged only."""
    path = get_path(database)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        draft.write_text(json.dumps(memory))
        draft.replace(path)
    except OSError as error:
        _logger.info("The run is not remembered: %s", error)


def get_moment(memory):
    """When the last run was that is remembered, naive UTC."""
    return datetime.fromisoformat(memory["seen_at"])


def is_of(memory, found):
    """Whether the memory is of this very database, at any moment of its life: a standby
    that takes over is the same database.

    :param found: the parts of the database's identity
    """
    return bool(memory) and all(
        memory["identity"].get(name) == found.get(name) for name in SAME_DATABASE
    )
