"""The gateway's crons in processes: ``python work.py CONFIG DATABASE SOCKET``.

Odoo is loaded once, and forked for every name of a task that comes through the socket
(the number of its descriptor) with the three standard files of the process that does
it; the answer is that process' id.

The process says READY, waits for a line, and works until nothing is left to do.
"""

import ctypes
import logging
import os
import random
import signal
import socket
import sys

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_all
from odoo.tools import config

_logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
MAX_NAME = 1000


def main(config_file, database, descriptor):
    config.parse_config(["-c", config_file, "-d", database], setup_logging=True)
    registry = Registry(database)
    # A connection must not be shared by parent and child.
    close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(fileno=int(descriptor)) as orders:
        while True:
            name, files, *_more = socket.recv_fds(orders, MAX_NAME, 3)
            if not name:
                return
            pid = os.fork()
            if not pid:
                live(registry, TASKS[name.decode()], files)
            for file in files:
                os.close(file)
            orders.send(str(pid).encode())


def live(registry, task, files):
    """The life of a child."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for standard, file in enumerate(files):
            os.dup2(file, standard)
            os.close(file)
        random.seed()
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        sys.stdin.readline()
        # What was changed since the registry was loaded.
        registry = registry.check_signaling()
        while run(registry, task):
            pass
    except BaseException:
        _logger.exception("The task failed")
    finally:
        logging.shutdown()
        os._exit(0)


def run(registry, task):
    with registry.cursor() as cr:
        return task(api.Environment(cr, SUPERUSER_ID, {}))


def dispatch(env):
    """:return: whether something is left"""
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    domain = [("state", "in", ("queued", "submitting"))]
    return bool(env["sms.gateway.message"].search_count(domain, limit=1))


def prepare(env):
    """:return: whether something is left"""
    env["sms.gateway.fan.out"]._cron_prepare()
    domain = [("unprepared_count", ">", 0)]
    return bool(env["sms.gateway.campaign"].search_count(domain, limit=1))


def hand_over(env):
    """Odoo's own SMS queue. :return: whether something is left"""
    env["sms.sms"]._process_queue()
    return bool(env["sms.sms"].search_count([("state", "=", "outgoing")], limit=1))


def hand_over_and_hang(env):
    """Stop between the transport's answer and the commit, until somebody kills us."""
    env["sms.sms"].search([("state", "=", "outgoing")]).send()
    sys.stdout.write("HANDED OVER\n")
    sys.stdout.flush()
    sys.stdin.read()


def run_crons(env):
    """Every cron that calls providers, once."""
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    env["sms.gateway.reconciliation"]._cron_recover()
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    env["sms.gateway.status.poll"]._cron_poll(linger=0)
    env["sms.gateway.provider.request"]._cron_request()


def decide(decision):
    """An administrator decides what becomes of a restored or copied database."""

    def decide_and_run_crons(env):
        admin = env.ref("base.user_admin")
        wizard = env["sms.gateway.hold"].with_user(admin)._open_decision()["res_id"]
        wizard = env["sms.gateway.hold.wizard"].with_user(admin).browse(wizard)
        wizard.decision = decision
        wizard.action_decide()
        run_crons(env)

    return decide_and_run_crons


TASKS = {
    "dispatch": dispatch,
    "prepare": prepare,
    "hand_over": hand_over,
    "hand_over_and_hang": hand_over_and_hang,
    "run_crons": run_crons,
    **{
        f"decide {decision}": decide(decision) for decision in ("ask", "cancel", "copy")
    },
}


if __name__ == "__main__":
    main(*sys.argv[1:])
