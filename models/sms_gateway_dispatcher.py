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

from odoo import api, fields, models
from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..providers.base import Provider
from ..providers.types import Outcome, SubmitRequest, SubmitResult
from ..tools.backoff import reconcile_delay, retry_delay
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


@dataclass
class Unit:
    """The queue of one route, or of its debug messages, inside a lane."""

    route_id: int
    is_debug: bool
    provider: Provider
    concurrency: int
    throughput: float
    max_attempts: int
    calls: int = 0
    is_down: str | None = None
    has_trouble: bool = False
    idle_until: float = 0.0

    @property
    def wanted(self):
        """How many messages its free threads could take."""
        return (self.concurrency - self.calls) * self.provider.max_batch


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
    calls: dict = field(default_factory=dict)
    done: int = 0

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
            while time.monotonic() < deadline:
                started = self._start_calls(state)
                self._apply_answers(state, state.gather(GATHER_SECONDS))
                if not started and not state.calls:
                    due = self._get_next_due(state)
                    if due is None or due > linger or self._is_over(deadline, due):
                        break
                    time.sleep(min(max(due, 0.02), 0.5))
            while state.calls:
                self._apply_answers(state, state.gather(GATHER_SECONDS))
            self._leave(state)

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
        with ThreadPoolExecutor(threads, thread_name_prefix="sms-lane") as executor:
            yield Lane(units, executor)
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
                throughput=0 if is_debug else route.throughput,
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
            is_free = unit.wanted > 0 and time.monotonic() >= unit.idle_until
            if unit.is_down or unit.has_trouble or not is_free:
                continue
            claimed = self._claim(unit)
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
    def _claim(self, unit):
        """Take the next messages of a unit and commit, before anything is sent.

        What must not be sent any more is sorted out in the same pass: expired, on the
        blacklist. A message that an earlier attempt may have handed over is never
        called expired or cancelled; it is taken and goes back to unknown unsent.

        :rtype: list[Claimed]
        """
        self._begin()
        limit = self._take_tokens(unit, unit.wanted)
        rows = self.env.execute_query_dict(self._claim_statement(unit, limit))
        claimed = [self._make_claimed(unit, row) for row in rows if row["taken"]]
        self._return_tokens(unit, limit - len(claimed))
        self._commit()
        return claimed

    def _claim_statement(self, unit, limit):
        moment = now()
        return SQL(
            """
WITH picked AS MATERIALIZED (
    SELECT m.id,
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
    SELECT id, is_stopped OR is_over OR is_opted_out AS must_not, is_over
      FROM picked
), moved AS (
    UPDATE sms_gateway_message m
       SET state = CASE WHEN m.maybe_sent OR NOT j.must_not THEN 'submitting'
                        WHEN j.is_over THEN 'expired' ELSE 'cancelled' END,
           attempts = m.attempts
                      + CASE WHEN j.must_not THEN 0 ELSE 1 END,
           lease_until = CASE WHEN m.maybe_sent OR NOT j.must_not
                              THEN %(lease_until)s::timestamp END,
           failure_type = CASE WHEN j.must_not AND NOT m.maybe_sent AND NOT j.is_over
                               THEN 'opted_out' END,
           failure_code = NULL, failure_message = NULL,
           finished_at = CASE WHEN j.must_not AND NOT m.maybe_sent
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
        if not unit.throughput or wanted <= 0:
            return max(wanted, 0)
        [(tokens,)] = self.env.execute_query(
            SQL(
                """
                UPDATE sms_gateway_route
                   SET bucket_tokens = LEAST(
                           GREATEST(throughput, 1),
                           COALESCE(bucket_tokens + throughput * GREATEST(0,
                               EXTRACT(EPOCH FROM %(now)s - bucket_filled_at)), 1)),
                       bucket_filled_at = %(now)s
                 WHERE id = %(route_id)s
             RETURNING bucket_tokens
                """,
                now=now(),
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
                    "UPDATE sms_gateway_route SET bucket_tokens = bucket_tokens + %s"
                    " WHERE id = %s",
                    count,
                    unit.route_id,
                )
            )

    # === APPLY ===
    def _apply_answers(self, lane, answers):
        """Write what the providers answered, and commit at once."""
        if not answers:
            return
        self._begin()
        changes = [
            self._make_change(unit, claimed, result)
            for unit, claimed, result in answers
        ]
        self.env["sms.gateway.message"]._set_state(changes)
        lane.done += len(changes)
        self._commit_progress(len(changes))
        self._log_answers(answers)
        self._stop_routes(answers)
        self._fold()

    def _make_change(self, unit, claimed, result):
        values = {
            "id": claimed.id,
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
        if result.route_down and not unit.is_debug:
            return {"state": "queued"}
        if claimed.request.attempt < unit.max_attempts:
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
                SELECT head.not_before, r.bucket_tokens, r.bucket_filled_at
                  FROM sms_gateway_route r
            CROSS JOIN unnest(%(priorities)s) AS p(priority)
            CROSS JOIN LATERAL (
                       SELECT m.not_before
                         FROM sms_gateway_message m
                         JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                        WHERE m.state = 'queued' AND m.route_id = r.id
                          AND m.is_debug = %(is_debug)s AND m.priority = p.priority
                          AND c.state NOT IN %(held)s
                     ORDER BY m.not_before LIMIT 1) AS head
                 WHERE r.id = %(route_id)s
              ORDER BY head.not_before LIMIT 1
                """,
                route_id=unit.route_id,
                is_debug=unit.is_debug,
                priorities=[PRIORITY_SINGLE, PRIORITY_BATCH],
                held=HELD_STATES,
            )
        )
        self._commit()
        if not rows:
            return None
        [(not_before, tokens, filled_at)] = rows
        moment = now()
        due = max((not_before - moment).total_seconds(), 0)
        if unit.throughput and filled_at:
            full_at = filled_at + timedelta(seconds=(1 - tokens) / unit.throughput)
            due = max(due, (full_at - moment).total_seconds())
        return due

    def _leave(self, lane):
        """Say what is left: a lane with work due soon is started again at once, later
        work waits for the cron's next minute."""
        due = self._get_next_due(lane)
        is_due = due is not None and due <= LINGER_SECONDS
        self._commit_progress(remaining=1 if is_due else 0)
        if lane.done:
            self.env.ref("crm_sms_gateway.ir_cron_poll")._trigger()
        self._begin()
        self.env["sms.gateway.delivery.report"]._apply_kept()
        self._fold()

    def _fold(self):
        """Bring the counters up to date in a transaction of its own."""
        self._begin()
        self.env["sms.gateway.statistic.change"]._fold()
        self._commit()

    @api.model
    def _wake(self):
        """Let the lanes run now."""
        lanes = self.env["sms.gateway.settings"]._get().lanes
        for lane in range(1, lanes + 1):
            # sudo: whoever sends may wake the lanes, only administrators see crons
            cron = self.env.ref(f"crm_sms_gateway.ir_cron_send_{lane}").sudo()
            cron._trigger()

    # === OTHER CRONS ===
    @api.model
    def _cron_recover(self):
        """Make unknown what a lost worker was sending, then reconcile."""
        self._begin()
        while self.env["sms.gateway.message"]._recover_leases():
            self._begin()
        self.env["sms.gateway.delivery.report"]._reconcile()
        self._fold()

    @api.model
    def _cron_fold(self):
        self._begin()
        while self.env["sms.gateway.statistic.change"]._fold():
            self._begin()
        self._commit()


def _get_retry_after(result):
    return result.retry_after and min(result.retry_after, MAX_RETRY_AFTER)
