"""The dispatcher: claims queued messages, hands them over, applies the answers.

A lane is one cron record. Its loop claims under READ COMMITTED, commits, lets threads
call the providers while no transaction is open, and applies what they bring back.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..providers.base import Provider
from ..providers.types import Outcome, SubmitRequest, SubmitResult
from ..tools.backoff import reconcile_delay, retry_delay
from ..tools.sentences import sentence
from .sms_gateway_campaign import HELD_STATES
from .sms_gateway_message import (
    COUNT_MOVED,
    PRIORITY_BATCH,
    PRIORITY_SINGLE,
    StateChange,
    after,
    first_poll,
    make_request,
    now,
)
from .sms_gateway_settings import PREFIX

_logger = logging.getLogger(__name__)

#: A lane leaves after so many seconds, so that other crons get their turn.
LANE_SECONDS = 10
#: A lane waits for work that is due within so many seconds before it leaves.
LINGER_SECONDS = 6
#: How long answers are gathered before they are applied together.
GATHER_SECONDS = 0.25
#: Longer than any call to a provider may take, waiting for a thread included.
LEASE = timedelta(minutes=10)
#: Pause of a whole route after trouble with its connection, in seconds.
ROUTE_REST = 15
#: Longer waits that a provider asks for are not believed, in seconds.
MAX_RETRY_AFTER = 24 * 3600
#: Concurrency of debug messages, which go to the sandbox whatever the route is.
DEBUG_CONCURRENCY = 4
MAX_THREADS = 64
#: Counters are brought up to date at most so often inside a lane, in seconds.
FOLD_SECONDS = 1.0


@dataclass
class Unit:
    """The queue of one route, or of its debug messages, inside a lane."""

    route_id: int
    is_debug: bool
    provider: Provider
    concurrency: int
    max_attempts: int
    throughput: float = 0
    calls: int = 0
    is_down: str | None = None
    has_trouble: bool = False
    idle_until: float = 0.0

    @property
    def is_resting(self):
        return bool(
            self.is_down or self.has_trouble or time.monotonic() < self.idle_until
        )


@dataclass(frozen=True)
class Claimed:
    """A claimed message: what the provider gets and what is decided without it."""

    id: int
    request: SubmitRequest
    maybe_sent: bool
    skip: bool


@dataclass
class Lane:
    """What one run of a lane holds in memory."""

    units: list
    executor: ThreadPoolExecutor
    threads: int
    calls: dict = field(default_factory=dict)
    done: int = 0
    folded_at: float = 0.0

    def get_wanted(self, unit):
        """How many messages of a unit can be handed over without waiting for a thread:
        the time to live is checked at the claim."""
        free = min(unit.concurrency - unit.calls, self.threads - len(self.calls))
        return free * unit.provider.max_batch

    def start(self, unit, batch):
        """Let a thread hand over one batch."""
        unit.calls += 1
        requests = [claimed.request for claimed in batch]
        future = self.executor.submit(unit.provider.submit, requests)
        self.calls[future] = (unit, batch)

    def gather(self, seconds):
        """Wait for answers; a list of (unit, claimed, result)."""
        if not self.calls:
            return []
        finished, _running = wait_for(self.calls, seconds, FIRST_COMPLETED)
        answers = []
        for future in finished:
            unit, batch = self.calls.pop(future)
            unit.calls -= 1
            answers += [
                (unit, claimed, result)
                for claimed, result in zip(batch, future.result(), strict=True)
            ]
        return answers


class SmsGatewayDispatcher(models.AbstractModel):
    """Runs the lanes; what they do is told in `_run`."""

    _name = "sms.gateway.dispatcher"
    _description = "SMS Gateway Dispatcher"

    # === CRON ENTRY POINTS ===
    @api.model
    def _cron_send(self, lane):
        self._run(lane)

    @api.model
    def _run(self, lane, *, linger=LINGER_SECONDS):
        """Send what is due for about `LANE_SECONDS`.

        :param linger: seconds to wait for work that is not due yet
        """
        settings = self.env["sms.gateway.settings"]._get()
        if lane > settings.lanes or settings.is_stopped:
            return
        deadline = self._get_deadline()
        self._sweep(deadline)
        with self._open_lane() as state:
            try:
                self._work(state, deadline, linger)
            finally:
                self._drain(state)
            self._leave(state)

    def _work(self, lane, deadline, linger):
        """Claim, hand over and apply until the time is over or nothing is due."""
        while time.monotonic() < deadline:
            started = self._start_calls(lane)
            self._apply_answers(lane, lane.gather(GATHER_SECONDS))
            if not started and not lane.calls:
                due = self._get_next_due(lane)
                if due is None or due > linger or self._is_over(deadline, due):
                    break
                time.sleep(min(max(due, 0.02), 0.5))

    def _drain(self, lane):
        """Apply what is under way: an answer that was given is never thrown away."""
        while lane.calls:
            self._apply_answers(lane, lane.gather(GATHER_SECONDS))

    def _get_deadline(self):
        end = self.env.context.get("cron_end_time", float("inf"))
        return min(time.monotonic() + LANE_SECONDS, end)

    def _is_over(self, deadline, seconds):
        return time.monotonic() + seconds >= deadline

    # === TRANSACTIONS ===
    def _begin(self):
        """Commit what was done and begin a transaction that sees every commit.

        Odoo's cursors are REPEATABLE READ: there SKIP LOCKED still fails on rows that
        changed since the snapshot. A test's cursor lives inside one transaction, whose
        isolation cannot be changed any more.
        """
        self._commit()
        if isinstance(self.env.cr, Cursor):
            self.env.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def _commit(self):
        """The one place that ends transactions: crons own theirs, requests do not."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    def _commit_progress(self, processed=0, **kwargs):
        return self.env["ir.cron"]._commit_progress(processed, **kwargs)

    # === STEPS OF A LANE ===
    def _sweep(self, deadline):
        """Expire and cancel what must not be sent, in bounded transactions."""
        Message = self.env["sms.gateway.message"]
        Campaign = self.env["sms.gateway.campaign"]
        self._fold()
        for sweep in (Message._expire_queued, Campaign._sweep_cancelled):
            self._begin()
            while sweep() and time.monotonic() < deadline:
                self._fold()
                self._begin()
        self._commit()

    @contextmanager
    def _open_lane(self):
        units = self._make_units()
        threads = min(sum(unit.concurrency for unit in units) or 1, MAX_THREADS)
        try:
            with ThreadPoolExecutor(threads, "sms-lane") as executor:
                yield Lane(units, executor, threads)
        finally:
            for unit in units:
                unit.provider.close()

    def _make_units(self):
        self._begin()
        routes = self.env["sms.gateway.route"].search(
            [
                ("state", "=", "active"),
                "|",
                ("resume_at", "=", False),
                ("resume_at", "<=", fields.Datetime.now()),
            ]
        )
        units = [
            Unit(
                route_id=route.id,
                is_debug=is_debug,
                provider=route._make_provider(is_debug=is_debug),
                concurrency=DEBUG_CONCURRENCY if is_debug else route.concurrency,
                max_attempts=route.max_attempts,
            )
            for route in routes
            for is_debug in (False, True)
        ]
        self._commit()
        return units

    def _start_calls(self, lane):
        """Claim for every unit with free threads and hand the messages to them."""
        started = 0
        for unit in lane.units:
            wanted = lane.get_wanted(unit)
            if unit.is_resting or wanted <= 0:
                continue
            claimed = self._claim(unit, wanted)
            started += len(claimed)
            if not claimed:
                unit.idle_until = time.monotonic() + GATHER_SECONDS
            self._hand_over(lane, unit, claimed)
        return started

    def _hand_over(self, lane, unit, claimed):
        skipped = [one for one in claimed if one.skip]
        if skipped:
            result = SubmitResult(Outcome.MAYBE_SENT)
            self._apply_answers(lane, [(unit, one, result) for one in skipped])
        ready = [one for one in claimed if not one.skip]
        size = unit.provider.max_batch
        for start in range(0, len(ready), size):
            lane.start(unit, ready[start : start + size])

    # === CLAIM ===
    def _claim(self, unit, wanted):
        """Take the next messages of a unit and commit, before anything is sent.

        What must not be sent any more is sorted out in the same pass: expired, on the
        blacklist. A message that an earlier attempt may have handed over is never
        called expired or cancelled; it is taken and goes back to unknown unsent.

        :rtype: list[Claimed]
        """
        self._begin()
        limit = self._take_tokens(unit, wanted)
        rows = self.env.execute_query_dict(self._claim_statement(unit, limit))
        claimed = [self._make_claimed(unit, row) for row in rows if row["taken"]]
        self._return_tokens(unit, limit - len(claimed))
        self._commit()
        return claimed

    @api.model
    def _get_pace(self, route_id):
        """The throughput of a route that may send at this moment, None otherwise."""
        rows = self.env.execute_query(
            SQL(
                "SELECT COALESCE(r.throughput, 0) FROM sms_gateway_route r"
                " WHERE r.id = %s AND %s",
                route_id,
                _may_send(),
            )
        )
        return rows[0][0] if rows else None

    def _claim_statement(self, unit, limit):
        moment = now()
        return SQL(
            """
WITH picked AS MATERIALIZED (
    SELECT m.id, m.maybe_sent,
           c.state = 'cancelled' AS is_stopped,
           COALESCE(m.expires_at <= %(now)s, FALSE) AS is_over,
           EXISTS (SELECT FROM phone_blacklist b
                    WHERE b.active AND b.number = m.msisdn) AS is_opted_out
      FROM sms_gateway_message m
      JOIN sms_gateway_campaign c ON c.id = m.campaign_id
     WHERE m.state = 'queued' AND m.route_id = %(route_id)s
       AND m.is_debug = %(is_debug)s AND m.not_before <= %(now)s
       AND (c.state NOT IN %(held)s OR c.state = 'cancelled' AND m.maybe_sent)
  ORDER BY m.priority, m.not_before, m.id
     LIMIT %(limit)s
       FOR NO KEY UPDATE OF m SKIP LOCKED
), judged AS (
    SELECT id, is_stopped OR is_over OR is_opted_out AS must_not,
           CASE WHEN maybe_sent OR NOT (is_stopped OR is_over OR is_opted_out)
                THEN 'submitting'
                WHEN is_over THEN 'expired' ELSE 'cancelled' END AS state
      FROM picked
), moved AS (
    UPDATE sms_gateway_message m
       SET state = j.state,
           attempts = m.attempts + CASE WHEN j.must_not THEN 0 ELSE 1 END,
           lease_until = CASE WHEN j.state = 'submitting'
                              THEN %(lease_until)s::timestamp END,
           failure_type = CASE WHEN j.state = 'cancelled' THEN 'opted_out' END,
           failure_code = CASE WHEN j.state = 'cancelled' THEN 'opted_out' END,
           failure_message = CASE WHEN j.state = 'cancelled' THEN %(opted_out)s END,
           finished_at = CASE WHEN j.state <> 'submitting'
                              THEN %(now)s::timestamp END
      FROM judged j
     WHERE m.id = j.id
 RETURNING m.*, j.must_not, 'queued' AS old_state, NULL AS old_failure_type,
           m.segments AS old_segments
), told AS (
    INSERT INTO sms_gateway_event
           (message_id, company_id, route_id, kind, source, occurred_at, recorded_at)
    SELECT id, company_id, route_id, state,
           CASE state WHEN 'expired' THEN 'ttl' WHEN 'cancelled' THEN 'blacklist'
                      ELSE 'dispatcher' END, %(now)s, %(now)s
      FROM moved ORDER BY id
), counted AS (
    %(count_moved)s
)
SELECT id, uuid, client_reference, msisdn, text, channel, attempts, expires_at,
       maybe_sent, must_not, state = 'submitting' AS taken
  FROM moved ORDER BY priority, not_before, id
            """,
            count_moved=COUNT_MOVED,
            opted_out=sentence(
                "opted_out", self.env["sms.gateway.message"]._language()
            ),
            route_id=unit.route_id,
            is_debug=unit.is_debug,
            held=HELD_STATES,
            limit=limit,
            now=moment,
            lease_until=moment + LEASE,
        )

    def _make_claimed(self, unit, row):
        # The provider may have lost its idempotency since the message was queued again.
        is_risky = row["maybe_sent"] and not unit.provider.is_idempotent
        return Claimed(
            id=row["id"],
            maybe_sent=row["maybe_sent"],
            skip=row["must_not"] or is_risky,
            request=make_request(row),
        )

    # === THROUGHPUT ===
    def _take_tokens(self, unit, wanted):
        """Take at most so many tokens from the route's bucket, for all lanes and hosts.

        The bucket fills with the route's throughput and holds one second's worth, at
        least one message.

        :return: how many messages may be claimed
        """
        pace = self._get_pace(unit.route_id)
        if pace is None:
            return 0
        unit.throughput = 0 if unit.is_debug else pace
        if not unit.throughput:
            return wanted
        [(tokens,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO sms_gateway_bucket AS b (route_id, tokens, filled_at)
                VALUES (%(route_id)s, 1, %(now)s)
                    ON CONFLICT (route_id) DO UPDATE
                   SET tokens = LEAST(
                           GREATEST(%(rate)s, 1),
                           b.tokens + %(rate)s * GREATEST(0,
                               EXTRACT(EPOCH FROM %(now)s - b.filled_at))),
                       filled_at = %(now)s
             RETURNING tokens
                """,
                now=now(),
                rate=unit.throughput,
                route_id=unit.route_id,
            )
        )
        taken = min(wanted, int(tokens + 1e-6))
        self._return_tokens(unit, -taken)
        return taken

    def _return_tokens(self, unit, count):
        if unit.throughput and count:
            self.env.cr.execute(
                SQL(
                    "UPDATE sms_gateway_bucket SET tokens = tokens + %s"
                    " WHERE route_id = %s",
                    count,
                    unit.route_id,
                )
            )

    # === APPLY ===
    def _apply_answers(self, lane, answers):
        """Write what the providers answered, and commit at once."""
        if not answers:
            return
        changes = [
            self._make_change(unit, claimed, result)
            for unit, claimed, result in answers
        ]
        self._apply_changes(changes)
        lane.done += len(changes)
        self._log_answers(answers)
        self._stop_routes(answers)
        if time.monotonic() - lane.folded_at >= FOLD_SECONDS:
            self._fold()
            lane.folded_at = time.monotonic()

    def _apply_changes(self, changes):
        """Write changes together; when the database refuses, one by one, so that one
        strange answer does not take the others with it."""
        try:
            self._begin()
            self.env["sms.gateway.message"]._set_state(changes)
            self._commit_progress(len(changes))
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            _logger.error("Answers are refused by the database: %s", error)
            self.env.cr.rollback()
            if len(changes) > 1:
                for change in changes:
                    self._apply_changes([change])
            elif changes[0].state != "unknown":
                self._apply_changes([_as_unknown(changes[0])])

    def _make_change(self, unit, claimed, result):
        values = {
            "id": claimed.id,
            "attempt": claimed.request.attempt,
            "source": "withheld" if claimed.skip else "dispatcher",
            "code": result.code,
            "detail": result.message,
        }
        make = {
            Outcome.ACCEPTED: self._make_accepted,
            Outcome.REFUSED: self._make_refused,
            Outcome.NOT_SENT: self._make_not_sent,
            Outcome.MAYBE_SENT: self._make_maybe_sent,
        }[result.outcome]
        return StateChange(**values, **make(unit, claimed, result))

    def _make_accepted(self, unit, claimed, result):
        return {
            "state": "submitted",
            "provider_reference": result.provider_reference,
            "failure_type": result.failure_type,
            "segments": result.segments,
            "next_poll_at": first_poll(unit.provider),
        }

    def _make_refused(self, unit, claimed, result):
        return {"state": "failed", "failure_type": result.failure_type or "other"}

    def _make_not_sent(self, unit, claimed, result):
        is_routes_fault = result.route_down and not unit.is_debug
        if is_routes_fault or claimed.request.attempt < unit.max_attempts:
            delay = _get_retry_after(result) or retry_delay(
                claimed.request.attempt, seed=claimed.id
            )
            return {"state": "queued", "not_before": after(delay)}
        if claimed.maybe_sent:
            return self._make_maybe_sent(unit, claimed, result)
        return {"state": "failed", "failure_type": "attempts_exhausted"}

    def _make_maybe_sent(self, unit, claimed, result):
        attempt = claimed.request.attempt
        delay = None if claimed.skip else reconcile_delay(attempt - 1)
        return {"state": "unknown", "maybe_sent": True, "next_check_at": after(delay)}

    def _log_answers(self, answers):
        counts = {}
        for unit, _claimed, result in answers:
            key = (unit.route_id, result.outcome.value)
            counts[key] = counts.get(key, 0) + 1
        for (route_id, outcome), count in counts.items():
            _logger.info("Route %d: %d %s", route_id, count, outcome)

    def _stop_routes(self, answers):
        """Pause routes that are down, leave alone those with connection trouble."""
        self._begin()
        for unit, _claimed, result in answers:
            if unit.is_debug or unit.is_down:
                continue
            route = self.env["sms.gateway.route"].browse(unit.route_id)
            if result.route_down:
                unit.is_down = result.route_down
                route._pause(result.route_down)
            elif result.route_trouble and not unit.has_trouble:
                unit.has_trouble = True
                route._rest(_get_retry_after(result) or ROUTE_REST)
        self._commit()

    # === LEAVING ===
    def _get_next_due(self, lane):
        """Seconds until something can be claimed, None when nothing waits."""
        waits = [self._get_unit_due(unit) for unit in lane.units]
        return min((wait for wait in waits if wait is not None), default=None)

    def _get_unit_due(self, unit):
        if unit.is_down or unit.has_trouble:
            return None
        self._begin()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT head.not_before, r.throughput, b.tokens, b.filled_at
                  FROM sms_gateway_route r
             LEFT JOIN sms_gateway_bucket b ON b.route_id = r.id
            CROSS JOIN unnest(%(priorities)s) AS p(priority)
            CROSS JOIN LATERAL (
                       SELECT m.not_before
                         FROM sms_gateway_message m
                         JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                        WHERE m.state = 'queued' AND m.route_id = r.id
                          AND m.is_debug = %(is_debug)s AND m.priority = p.priority
                          AND c.state NOT IN %(held)s
                     ORDER BY m.not_before LIMIT 1) AS head
                 WHERE r.id = %(route_id)s AND %(may_send)s
              ORDER BY head.not_before LIMIT 1
                """,
                may_send=_may_send(),
                route_id=unit.route_id,
                is_debug=unit.is_debug,
                priorities=[PRIORITY_SINGLE, PRIORITY_BATCH],
                held=HELD_STATES,
            )
        )
        self._commit()
        if not rows:
            return None
        [(not_before, throughput, tokens, filled_at)] = rows
        moment = now()
        due = max((not_before - moment).total_seconds(), 0)
        if throughput and filled_at and not unit.is_debug:
            full_at = filled_at + timedelta(seconds=(1 - tokens) / throughput)
            due = max(due, (full_at - moment).total_seconds())
        return due

    def _leave(self, lane):
        """Say what is left: a lane with work due soon is started again at once, later
        work waits for the cron's next minute."""
        due = self._get_next_due(lane)
        is_due = due is not None and due <= LINGER_SECONDS
        self._commit_progress(remaining=1 if is_due else 0)
        if lane.done:
            self._trigger("poll")
        self._begin()
        self.env["sms.gateway.delivery.report"]._apply_kept()
        self._fold()

    def _fold(self):
        """Bring the counters up to date in a transaction of its own; what cannot be
        folded now is folded later."""
        try:
            self._begin()
            self.env["sms.gateway.statistic.change"]._fold()
            self._commit()
        except psycopg2.extensions.TransactionRollbackError as error:
            _logger.info("The counters are folded later: %s", error)
            self.env.cr.rollback()

    @api.model
    def _wake(self):
        """Let the lanes run now."""
        for lane in range(1, self.env["sms.gateway.settings"]._get().lanes + 1):
            self._trigger(f"send_{lane}")

    @api.model
    def _trigger(self, name):
        """Let one of the gateway's crons run now, unless somebody deleted it."""
        cron = self.env.ref(f"crm_sms_gateway.ir_cron_{name}", raise_if_not_found=False)
        if cron:
            # sudo: whoever sends may wake crons, only administrators see them
            cron.sudo()._trigger()

    # === OTHER CRONS ===
    @api.model
    def _cron_recover(self):
        """Make unknown what a lost worker was sending, then reconcile."""
        deadline = self._get_deadline()
        self._begin()
        while self.env["sms.gateway.message"]._recover_leases():
            self._begin()
        self.env["sms.gateway.delivery.report"]._reconcile(deadline)
        self._fold()

    @api.model
    def _cron_fold(self):
        self._begin()
        while self.env["sms.gateway.statistic.change"]._fold():
            self._begin()
        self._commit()


def _may_send():
    """The condition that the route ``r`` may send at this moment.

    It is asked at every claim: a pause and the brake work at once, also for the lanes
    that are under way.
    """
    return SQL(
        """
        r.active AND r.state = 'active' AND (r.resume_at IS NULL OR r.resume_at <= %s)
        AND NOT EXISTS (SELECT FROM ir_config_parameter p
                         WHERE p.key = %s AND lower(p.value) = 'true')
        """,
        now(),
        PREFIX + "is_stopped",
    )


def _get_retry_after(result):
    return result.retry_after and min(result.retry_after, MAX_RETRY_AFTER)


def _as_unknown(change):
    """The change of a message whose answer could not be kept."""
    return StateChange(
        id=change.id,
        attempt=change.attempt,
        state="unknown",
        source=change.source,
        maybe_sent=True,
        next_check_at=after(reconcile_delay(0)),
    )


class SmsGatewayBucket(models.Model):
    """The token bucket of a route with a limited throughput.

    A row of its own: lanes change it at every claim, and must not get into the way of a
    person who edits the route.
    """

    _name = "sms.gateway.bucket"
    _description = "SMS Gateway Token Bucket"
    _rec_name = "route_id"
    _log_access = False

    route_id = fields.Many2one("sms.gateway.route", required=True, ondelete="cascade")
    tokens = fields.Float()
    filled_at = fields.Datetime()

    _route_unique = models.UniqueIndex("(route_id)")
