"""What workers of the gateway do, see `nursery`; each returns what JSON can say."""

import logging
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, Command, api, fields
from odoo.service.model import retrying

from odoo.addons.crm_sms_gateway.controllers.api.requests import parse
from odoo.addons.crm_sms_gateway.controllers.api.send_request import Limits
from odoo.addons.crm_sms_gateway.models.access.res_users import KEY_SCOPE
from odoo.addons.crm_sms_gateway.models.common import transactions
from odoo.addons.crm_sms_gateway.models.routing import (
    sms_gateway_cascade,
    sms_gateway_failover,
)
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import Outcome, SubmitResult

_logger = logging.getLogger(__name__)


@contextmanager
def environment(registry):
    """An environment as a cron gets it, committed at the end."""
    with registry.cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})
        cr.commit()  # pylint: disable=invalid-commit


# === SCENE ===
def make_route(registry, *, name, url, is_idempotent, max_batch, concurrency, lanes):
    """Make a route to the gate."""
    with environment(registry) as env:
        env["ir.config_parameter"].set_param("crm_sms_gateway.lanes", lanes)
        route = env["sms.gateway.route"].create(
            {
                "name": name,
                "provider_code": "xml_gate",
                "concurrency": concurrency,
                "allows_private": True,
            }
        )
        values = {
            "url": url,
            "login": "demo",
            "sender": "DEMO",
            "timezone": "Europe/Moscow",
            "max_batch": str(max_batch),
            "honours_client_id": str(int(is_idempotent)),
        }
        for setting in route.setting_ids:
            setting.value = values.get(setting.name, setting.value)
            if setting.is_secret:
                setting.secret_input = "demo"
        path = f"/crm_sms_gateway/webhook/{route.webhook_token}"
        return {"route_id": route.id, "name": name, "webhook": path}


def make_policy(registry, *, name, steps):
    """Make a policy of SMS steps.

    :param steps: of each its routes' ids in order
    """
    with environment(registry) as env:
        policy = env["sms.gateway.policy"].create(
            {
                "name": name,
                "step_ids": [
                    Command.create({"sequence": number, "rule_ids": _make_rule(ids)})
                    for number, ids in enumerate(steps)
                ],
            }
        )
        return {"route_id": policy.route_id.id, "name": name}


def _make_rule(route_ids):
    choices = [
        Command.create({"sequence": number, "route_id": route_id})
        for number, route_id in enumerate(route_ids)
    ]
    return [Command.create({"choice_ids": choices})]


def make_key(registry):
    """Make an API key of a user of the API."""
    with environment(registry) as env:
        group = env.ref("crm_sms_gateway.group_api")
        Users = env["res.users"]
        user = Users.search([("login", "=", "crash")]) or Users.create(
            {"name": "crash", "login": "crash", "group_ids": [(6, 0, group.ids)]}
        )
        keys = env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(KEY_SCOPE, "crash", None)


def send(registry, *, route_id, first, sizes):
    """Send campaigns of these sizes to recipients with numbers of their own.

    :param first: the number of the first recipient, one higher for each further one
    :return: the campaigns' ids
    """
    ids = []
    for size in sizes:
        ids.append(_send(registry, route_id, first, size))
        first += size
    return ids


def _send(registry, route_id, first, count):
    """Send one campaign, read and accepted as a request to the API is."""
    request = {
        "route": "ignored",
        "send": {
            "text_male": "Здравствуйте, {{ code }}",
            "fields": ["code"],
            "users": [
                {"phone": f"+7916{number:07}", "code": f"{number}"}
                for number in range(first, first + count)
            ],
        },
    }
    with environment(registry) as env:
        settings = env["sms.gateway.settings"]._get()
        limits = Limits(
            max_recipients=settings.max_recipients,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
            time_zone=settings.time_zone,
        )
        document = parse(
            request, method="POST", limits=limits, now=fields.Datetime.now()
        )
        route = env["sms.gateway.route"].browse(route_id)
        accept = env["sms.gateway.campaign.accept"]
        campaign, _rejected = accept._accept(document, route, source="api")
        return campaign.id


def move_campaign(registry, *, campaign_id, action):
    """Press one of the campaign's buttons.

    :return: when its transaction was committed, in seconds since 1970
    """
    with environment(registry) as env:
        campaign = env["sms.gateway.campaign"].browse(campaign_id)
        retrying(getattr(campaign, action), env)
        return time.time()


def press_route(registry, *, route_id, action):
    """Press one of the route's buttons."""
    with environment(registry) as env:
        route = env["sms.gateway.route"].browse(route_id)
        retrying(getattr(route, action), env)


# === CRONS ===
def lane(registry, *, number=1, read_timeout=None, spoil=None, for_ever=True):
    """Run a lane again and again, as its cron does.

    :param read_timeout: patience with the gate in seconds, None for the product's
    :param spoil: the name of what is broken on purpose, see `SPOILERS`
    :param for_ever: until somebody ends the process; else until nothing is queued
    :return: the number of runs that ended with an error
    """
    if read_timeout is not None:
        HttpClient.__init__.__kwdefaults__["read_timeout"] = read_timeout
    if spoil:
        SPOILERS[spoil](registry)
    errors = 0
    while True:
        try:
            if not _run_lane(registry, number) and not for_ever:
                return errors
        except Exception:
            # A cron's errors are logged, and it is run again.
            _logger.exception("Lane %d failed", number)
            errors += 1
            time.sleep(0.1)


def _run_lane(registry, number):
    """:return: whether something waits for a lane"""
    with environment(registry) as env:
        env["sms.gateway.dispatcher"]._run(number, linger=0)
        # Taken anew: the lane may have seen the queue before others filled it.
        env.cr.commit()  # pylint: disable=invalid-commit
        now = fields.Datetime.now()
        waiting = [
            ("state", "=", "queued"),
            ("not_before", "<=", now),
            # what a resting route has waits for time to pass
            *("|", ("route_id.resume_at", "=", False)),
            ("route_id.resume_at", "<=", now),
        ]
        is_waiting = bool(env["sms.gateway.message"].search_count(waiting, limit=1))
    if not is_waiting:
        time.sleep(0.02)
    return is_waiting


def recover(registry):
    """Run the cron that recovers leases and reconciles."""
    with environment(registry) as env:
        env["sms.gateway.reconciliation"]._cron_recover()


def failover(registry, *, at_once=None, spoil=None, for_ever=False):
    """Run the cron that moves messages to other routes.

    :param at_once: messages that are moved in one transaction, None for the product's
    :param spoil: see `lane`
    """
    if at_once:
        sms_gateway_failover.MOVED_AT_ONCE = at_once
    if spoil:
        SPOILERS[spoil](registry)
    _run_cron(registry, "sms.gateway.failover", "_cron_move", for_ever)


def cascade(registry, *, at_once=None, for_ever=False):
    """Run the cron that begins next steps.

    :param at_once: persons in one transaction, None for the product's
    """
    if at_once:
        sms_gateway_cascade.CONTINUED_AT_ONCE = at_once
    _run_cron(registry, "sms.gateway.cascade", "_cron_continue", for_ever)


def poll(registry, *, for_ever=False):
    """Run the cron that asks for statuses."""
    _run_cron(registry, "sms.gateway.status.poll", "_cron_poll", for_ever, linger=0)


def _run_cron(registry, model, method, for_ever, **arguments):
    """Run a cron once, or again and again as its triggers do, whatever happens."""
    while True:
        try:
            with environment(registry) as env:
                getattr(env[model], method)(**arguments)
        except Exception:
            if not for_ever:
                raise
            _logger.exception("%s failed", model)
        if not for_ever:
            return
        time.sleep(0.1)


def chores(registry, *, read_timeout=None):
    """Run every cron that has to do with messages, once."""
    recover(registry)
    failover(registry)
    lane(registry, for_ever=False, read_timeout=read_timeout)
    poll(registry)
    cascade(registry)
    with environment(registry) as env:
        env["sms.gateway.delivery.report"]._cron_apply_kept()
    with environment(registry) as env:
        env["sms.gateway.statistic.change"]._cron_fold()


# === TEETH ===
def _take_away_the_commit_after_the_claim(registry):
    """Claims are not committed before the provider is called."""
    claims = registry["sms.gateway.claim"]
    claim = claims._claim

    def claim_without_commit(self, queue, wanted):
        if queue.is_debug:
            # Its claim would begin with a commit of the claim before it.
            return []
        with _patched(transactions, "commit", _only_once(transactions.commit)):
            return claim(self, queue, wanted)

    claims._claim = claim_without_commit


def _invent_answers(registry):
    """Every seventh message is called accepted, and never handed over."""
    provider = registry["sms.gateway.route"]._make_provider

    def make_provider(self, **values):
        made = provider(self, **values)
        submit = made.submit

        def lie(requests):
            is_invented = [int(request.msisdn[1:]) % 7 == 0 for request in requests]
            honest = [
                request
                for request, invented in zip(requests, is_invented, strict=True)
                if not invented
            ]
            answers = iter(submit(honest) if honest else [])
            lies = (
                SubmitResult(Outcome.ACCEPTED, provider_reference=request.uuid)
                for request in requests
            )
            return [
                answer if invented else next(answers)
                for answer, invented in zip(lies, is_invented, strict=True)
            ]

        made.submit = lie
        return made

    registry["sms.gateway.route"]._make_provider = make_provider


def _forget_what_may_have_been_sent(registry):
    """Messages without an answer move as if they had never been handed over."""
    failovers = registry["sms.gateway.failover"]
    lock = failovers._lock_waiting

    def lock_everything(self, *arguments):
        self.env.cr.execute(
            """UPDATE sms_gateway_message SET maybe_sent = FALSE
                WHERE state = 'queued' AND maybe_sent"""
        )
        return lock(self, *arguments)

    failovers._lock_waiting = lock_everything


def _only_once(function):
    """A function that does nothing after its first call."""
    calls = []

    def once(env):
        if not calls:
            calls.append(function(env))

    return once


@contextmanager
def _patched(owner, name, value):
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


SPOILERS = {
    "commit_after_claim": _take_away_the_commit_after_the_claim,
    "invented_answers": _invent_answers,
    "moved_without_an_answer": _forget_what_may_have_been_sent,
}
