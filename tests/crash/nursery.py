"""Odoo loaded once and forked for every task, as its prefork server forks workers.

    python -m crash.nursery CONFIG DATABASE FOLDER TASKS

reads commands from standard input, one JSON object per line, and answers each with one:
``{"do": "fork", "task": name, "arguments": {…}}`` → ``{"pid": …}``,
``{"do": "wait", "pid": …, "timeout": seconds}`` → ``{"status": exit status or null}``;
a negative status is a signal. What a task returns lies in ``FOLDER/<pid>.json``, Odoo's
log in ``FOLDER/odoo.log``. TASKS is the module with the tasks.
"""

import ctypes
import importlib
import json
import logging
import os
import random
import signal
import sys
import time
from pathlib import Path

from odoo.modules.registry import Registry
from odoo.sql_db import close_all
from odoo.tools import config

_logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1


def main(config_file, database, folder, tasks):
    log = f"{folder}/odoo.log"
    arguments = ["-c", config_file, "-d", database, "--logfile", log]
    config.parse_config(arguments, setup_logging=True)
    registry = Registry(database)
    module = importlib.import_module(tasks)
    # A connection must not be shared by parent and child.
    close_all()
    _answer({"ready": True})
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "fork":
            _answer({"pid": _fork(registry, module, folder, command)})
        else:
            _answer({"status": _wait(command["pid"], command["timeout"])})


def _answer(values):
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _fork(registry, module, folder, command):
    pid = os.fork()
    if pid == 0:
        _run(registry, module, folder, command)
    return pid


def _run(registry, module, folder, command):
    """The life of a child."""
    status = 1
    try:
        _become_a_child()
        # Settings may have changed since the registry was loaded.
        registry = registry.check_signaling()
        result = getattr(module, command["task"])(registry, **command["arguments"])
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(result))
        status = 0
    except BaseException:
        _logger.exception("The task %s failed", command["task"])
    finally:
        logging.shutdown()
        os._exit(status)


def _become_a_child():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent's standard input and output are for commands.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    random.seed()


def _wait(pid, timeout):
    """The exit status of a child, None while it runs."""
    deadline = time.monotonic() + timeout
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.002)


if __name__ == "__main__":
    main(*sys.argv[1:])
