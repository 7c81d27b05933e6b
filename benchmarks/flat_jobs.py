"""Jobs of `flat` inside Odoo: see `jobs` for what a job is."""

import json
import threading
import time
from contextlib import contextmanager
from itertools import islice
from unittest.mock import patch

from psycopg2.errors import QueryCanceled

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.models.common import transactions
from odoo.addons.crm_sms_gateway.providers.types import Outcome, SubmitResult

from benchmarks.documents import ROUTE, make_document
from benchmarks.environment import open_env
from benchmarks.jobs import accept, enqueue, set_up
from workload import screens

__all__ = ["accept", "enqueue"]

#: Messages on a page of the API's status.
PAGE = 100
#: Seconds after which a job returns what it has.
SLICE_SECONDS = 60
#: Seconds from which on a request's statements are told, ...
SLOW = 0.25
#: ... so many of them, and so much of each.
MAX_STATEMENTS = 3
MAX_LENGTH = 1500
#: Seconds after which a statement of a screen is given up.
SCREEN_TIMEOUT = 5


# === SCENE ===
def make_scene(registry):
    """Two companies, three routes and a person of the gateway.

    The first route is the one that sends; the others are paused.
    """
    set_up(registry, url="http://127.0.0.1:9", max_batch=1)
    with open_env(registry) as env:
        branch = env["res.company"].create({"name": "Branch"})
        Route = env["sms.gateway.route"]
        routes = _get_route(env) + Route.create(
            [
                {"name": "reserve", "state": "paused"},
                {"name": "branch", "state": "paused", "company_id": branch.id},
            ]
        )
        companies = env.company + branch
        user = new_test_user(
            env,
            login="person",
            groups="crm_sms_gateway.group_administrator,base.group_system",
            company_id=env.company.id,
            company_ids=[Command.set(companies.ids)],
        )
        return {
            "routes": [[route.id, route.company_id.id] for route in routes],
            "companies": companies.ids,
            "user": user.id,
        }


def aim(registry, *, url, max_batch):
    """Let the route that sends go to the provider at this address."""
    with open_env(registry) as env:
        for setting in _get_route(env).setting_ids:
            values = {"url": url, "max_batch": str(max_batch)}
            setting.value = values.get(setting.name, setting.value)


def _get_route(env):
    return env["sms.gateway.route"].search([("name", "=", ROUTE)])


# === SENDING ===
def run_lane_for(registry, *, seconds):
    """Run a lane once, for so long."""
    with open_env(registry) as env:
        with patch.object(transactions, "TURN_SECONDS", seconds):
            env["sms.gateway.dispatcher"]._run(1, linger=0)


def measure_claims(registry, *, size, count=10**9, stop_after=SLICE_SECONDS):
    """Claim so many messages as often as a lane would, and apply an answer to each.

    :return: lists of seconds: ``looks`` for what is due, ``claims``, ``applies``
    """
    times = {"looks": [], "claims": [], "applies": []}
    stop_at = time.monotonic() + stop_after
    with open_env(registry) as env:
        dispatcher = env["sms.gateway.dispatcher"]
        with dispatcher._open_lane() as lane:
            queue = next(queue for queue in lane.queues if not queue.is_debug)
            while count > 0 and time.monotonic() < stop_at:
                with _timing(times["looks"]):
                    dispatcher._refresh_due(lane)
                with _timing(times["claims"]):
                    claimed = env["sms.gateway.claim"]._claim(queue, size)
                answers = [(queue, one, _accept(one)) for one in claimed]
                with _timing(times["applies"]):
                    dispatcher._apply(lane, answers)
                count -= len(claimed) or size
    return times


def _accept(claimed):
    return SubmitResult(Outcome.ACCEPTED, provider_reference=claimed.request.uuid)


def accept_singles(registry, *, seconds):
    """Accept one message after the other.

    :return: ``accepts``, list of seconds
    """
    accepts = []
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        with _timing(accepts):
            accept(registry, body=json.dumps(make_document(1, first=9_000_000)))
    return {"accepts": accepts}


def poll_for(registry, *, seconds, count):
    """Ask for statuses for so long, when the turn of so many messages has come."""
    with open_env(registry) as env:
        env.cr.execute(
            """
            UPDATE sms_gateway_message SET next_poll_at = now() AT TIME ZONE 'UTC'
             WHERE id IN (SELECT id FROM sms_gateway_message
                           WHERE state = 'submitted' AND next_poll_at IS NOT NULL
                        ORDER BY id DESC LIMIT %s)
            """,
            [count],
        )
    started = time.perf_counter()
    with open_env(registry) as env:
        with patch.object(transactions, "TURN_SECONDS", seconds):
            env["sms.gateway.status.poll"]._cron_poll(linger=0)
    return {"polled_for": time.perf_counter() - started}


# === CHORES ===
def make_expired(registry, *, count):
    """Let the time to live of so many queued messages end."""
    with open_env(registry) as env:
        env.cr.execute(
            """
            UPDATE sms_gateway_message
               SET expires_at = now() AT TIME ZONE 'UTC' - interval '1 second'
             WHERE id IN (SELECT id FROM sms_gateway_message
                           WHERE state = 'queued' AND NOT maybe_sent
                        ORDER BY id LIMIT %s)
            """,
            [count],
        )


def measure_expiry(registry):
    """Let the lanes' sweep expire what is due, to the end.

    :return: ``count``, ``idle`` (list of seconds of sweeps that found nothing)
    """
    count, idle, started = 0, [], time.perf_counter()
    with open_env(registry) as env:
        transactions.begin(env)
        while found := env["sms.gateway.state.change"]._expire_queued():
            count += found
            transactions.begin(env)
        busy = time.perf_counter() - started
        for _turn in range(20):
            with _timing(idle):
                transactions.begin(env)
                env["sms.gateway.state.change"]._expire_queued()
    return {"count": count, "busy": busy, "idle": idle}


def measure_retention(registry, *, days, batches):
    """Delete old messages in so many batches.

    :return: ``deletes``, list of seconds, and how many messages were ``deleted``
    """
    deletes = []
    with open_env(registry) as env:
        env["ir.config_parameter"].set_param("crm_sms_gateway.retention_days", days)
        before = _estimate(env)
        for _batch in range(batches):
            with _timing(deletes):
                env["sms.gateway.retention"]._cron_retention()
        deleted = before - _estimate(env)
        env["ir.config_parameter"].set_param("crm_sms_gateway.retention_days", 0)
    return {"deletes": deletes, "deleted": deleted}


def _estimate(env):
    """How many messages were accepted before those of the last days."""
    env.cr.execute(
        """SELECT count(*) FROM sms_gateway_message
            WHERE finished_at < now() - interval '20 days'"""
    )
    return env.cr.fetchone()[0]


def measure_fold(registry, *, campaigns, changes):
    """Fold so many changes of so many campaigns, and take it back.

    :return: ``folds``, list of seconds
    """
    folds = []
    for _turn in range(5):
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cr.execute("DELETE FROM sms_gateway_statistic_change")
            cr.execute(CHANGES, {"campaigns": campaigns, "changes": changes})
            assert cr.rowcount == changes
            with _timing(folds):
                env["sms.gateway.statistic.change"]._fold()
            cr.rollback()
    return {"folds": folds}


CHANGES = """
WITH chosen AS (
    SELECT id, route_id, company_id,
           row_number() OVER (ORDER BY recipient_count, id) - 1 AS place
      FROM sms_gateway_campaign ORDER BY recipient_count, id LIMIT %(campaigns)s)
INSERT INTO sms_gateway_statistic_change
       (campaign_id, route_id, company_id, channel, is_debug, day, state, outcome,
        count, segments)
SELECT s.id, s.route_id, s.company_id, 'sms', FALSE, now()::date,
       (ARRAY['queued', 'submitting', 'submitted'])[1 + n %% 3],
       (ARRAY['waiting', 'waiting', 'submitted'])[1 + n %% 3], 1, 1
  FROM generate_series(1, %(changes)s) AS n
  JOIN chosen s ON s.place = n %% (SELECT count(*) FROM chosen)
"""


# === STATUS ===
def measure_pages(registry):
    """Ask for the first, the middle and the last page of the largest campaign.

    :return: ``pages``, for each the list of seconds
    """
    pages = []
    with open_env(registry) as env:
        Campaign = env["sms.gateway.campaign"]
        largest = Campaign.search([], order="recipient_count desc", limit=1)
        key, route, size = largest.key, largest.route_id, largest.recipient_count
        for offset in (0, size // 2, size - PAGE):
            seconds = []
            for _turn in range(9):
                env.invalidate_all()
                with _timing(seconds):
                    campaign = Campaign._find(key, route)
                    status = campaign._get_status_page(offset, PAGE)
                assert len(status.messages) == PAGE
            pages.append(seconds)
    return {"pages": pages, "size": size}


# === SCREENS ===
def measure_screens(registry, *, user, companies, start=0):
    """Ask for what the screens ask for, as a person does, for a while.

    :param companies: those that the person has switched on
    :param start: the number of the request to begin with
    :return: figures, and the number to go on with, None at the end
    """
    figures = []
    stop_at = time.monotonic() + SLICE_SECONDS
    with _as_person(registry, user, companies) as env:
        for request in islice(screens.iterate_all(env), start, None):
            if time.monotonic() > stop_at:
                return {"figures": figures, "next": start + len(figures)}
            figures.append({"title": request.title, **_ask(env, request.call)})
    return {"figures": figures, "next": None}


@contextmanager
def _timing(seconds):
    """Append how long the block takes."""
    started = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - started)


@contextmanager
def _as_person(registry, user, companies):
    with registry.cursor() as cr:
        cr.execute("SET LOCAL statement_timeout = %s", [SCREEN_TIMEOUT * 1000])
        yield api.Environment(cr, user, {"allowed_company_ids": companies})


def _ask(env, call):
    """:return: dict of seconds, the median of three unless the first is slow, and the
    statements of a slow one"""
    first = _ask_once(env, call)
    if first["seconds"] > SLOW * 4:
        return first
    others = [_ask_once(env, call) for _turn in range(2)]
    middle = sorted([first, *others], key=lambda one: one["seconds"])[1]
    if middle["seconds"] < SLOW:
        middle.pop("statements")
    return middle


def _ask_once(env, call):
    env.invalidate_all()
    statements = []
    started = time.perf_counter()
    with _noting(statements):
        try:
            with env.cr.savepoint(flush=False):
                call()
        except QueryCanceled:
            pass
    seconds = time.perf_counter() - started
    statements.sort(reverse=True)
    return {"seconds": seconds, "statements": statements[:MAX_STATEMENTS]}


@contextmanager
def _noting(statements):
    """Note (seconds, statement) of what this thread executes."""

    def note(cr, query, params, _start, seconds):
        text = cr._obj.mogrify(query, params).decode()
        statements.append((seconds, text[:MAX_LENGTH]))

    thread = threading.current_thread()
    thread.query_hooks = [note]
    try:
        yield
    finally:
        thread.query_hooks = []
