"""What processes of ``tests/processes`` do: crons of the gateway, see `nursery`."""

import logging
import signal

from .tasks import environment

_logger = logging.getLogger(__name__)

#: what `hand_over_and_hang` logs
HANDED_OVER = "Handed over and not committed"


# === UNTIL NOTHING IS LEFT ===
def dispatch(registry):
    _repeat(registry, _dispatch)


def prepare(registry):
    _repeat(registry, _prepare)


def hand_over(registry):
    """Odoo's own SMS queue."""
    _repeat(registry, _hand_over)


# === ONCE ===
def run_crons(registry):
    with environment(registry) as env:
        call_crons(env)


def decide(registry, *, decision):
    """Let an administrator decide what becomes of a restored or copied database."""
    with environment(registry) as env:
        admin = env.ref("base.user_admin")
        wizard = env["sms.gateway.hold"].with_user(admin)._open_decision()["res_id"]
        wizard = env["sms.gateway.hold.wizard"].with_user(admin).browse(wizard)
        wizard.decision = decision
        wizard.action_decide()
        call_crons(env)


def hand_over_and_hang(registry):
    """Stop between the transport's answer and the commit, until somebody kills us."""
    with environment(registry) as env:
        env["sms.sms"].search([("state", "=", "outgoing")]).send()
        _logger.info(HANDED_OVER)
        signal.pause()


# === CRONS ===
def call_crons(env):
    """Every cron that calls providers, once."""
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    env["sms.gateway.reconciliation"]._cron_recover()
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    env["sms.gateway.status.poll"]._cron_poll(linger=0)
    env["sms.gateway.provider.request"]._cron_request()


def _dispatch(env):
    """:return: whether something is left"""
    env["sms.gateway.dispatcher"]._run(1, linger=0)
    domain = [("state", "in", ("queued", "submitting"))]
    return bool(env["sms.gateway.message"].search_count(domain, limit=1))


def _prepare(env):
    """:return: whether something is left"""
    env["sms.gateway.fan.out"]._cron_prepare()
    domain = [("unprepared_count", ">", 0)]
    return bool(env["sms.gateway.campaign"].search_count(domain, limit=1))


def _hand_over(env):
    """:return: whether something is left"""
    env["sms.sms"]._process_queue()
    return bool(env["sms.sms"].search_count([("state", "=", "outgoing")], limit=1))


def _repeat(registry, cron):
    is_left = True
    while is_left:
        with environment(registry) as env:
            is_left = cron(env)
