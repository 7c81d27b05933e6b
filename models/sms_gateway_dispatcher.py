"""The dispatcher: claims queued messages, hands them over, applies the answers.

A lane is one cron record. Its loop claims under READ COMMITTED, commits, lets threads
call the providers while no transaction is open, and applies what they bring back.
"""

import logging
import time
from collections import Counter, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from queue import Empty, SimpleQueue

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo import api, fields, models
from odoo.service import server
from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..providers.base import Provider
from ..providers.types import Outcome, SubmitRequest, SubmitResult
from ..tools.backoff import exponential, reconcile_delay, retry_delay
from ..tools.sentences import sentence
from . import clock
from .outcomes import outcome_of
from .sms_gateway_campaign import HELD_STATES
from .sms_gateway_delivery_report import FRESH
from .sms_gateway_message import (
    COUNT_MOVED,
    PRIORITY_BATCH,
    PRIORITY_SINGLE,
    StateChange,
    after,
    first_poll,
    make_request,
    tell_price,
)
from .sms_gateway_settings import PREFIX

_logger = logging.getLogger(__name__)

#: A lane leaves after so many seconds, so that other crons get their turn.
LANE_SECONDS = 10
#: A lane stays awake for so many seconds without work: as long as requests come more
#: often, none of them has to start a cron.
LINGER_SECONDS = 3
#: A lane looks for new work so often, in seconds, ...
LOOK_SECONDS = 0.1
#: ... but spends no more than this share of its time on looking.
LOOK_SHARE = 0.05
#: Where a queue was left is forgotten so often, in seconds: a row that another lane had
#: locked and gave back may lie before.
FORGET_SECONDS = 5
#: After an answer a lane waits no longer than this for another, in seconds.
MOMENT_SECONDS = 0.01
#: Messages taken in one statement: the providers work on the first while the next are
#: taken.
MAX_CLAIM = 1000
#: Longer than any call to a provider may take, waiting for a thread included.
LEASE = timedelta(minutes=10)
#: Pause of a whole route after trouble with its connection, in seconds.
ROUTE_REST = 15
#: Longer waits that a provider asks for are not believed, in seconds.
MAX_RETRY_AFTER = 24 * 3600
#: Concurrency of debug messages, which go to the sandbox whatever the route is.
DEBUG_CONCURRENCY = 4
#: Calls at the same time in one lane.
MAX_THREADS = 128
#: A lane brings the counters up to date and sorts out what must not be sent any more so
#: often, in seconds; claims ask for the latter themselves.
CHORES_SECONDS = 1.0
#: Longest rest of a lane whose runs fail, in seconds; its cron runs once a minute.
MAX_LANE_REST = 60
#: What failed in this process: (database, lane) → runs in a row, and until when, by the
#: monotonic clock, the lane rests.
_failures = {}
#: Held by every lane that looks for work (PostgreSQL's advisory lock).
AWAKE_LOCK = "crm_sms_gateway.awake"
#: Whether no lane holds that lock; it is let go of at once.
ALL_ASLEEP = SQL(
    """CASE WHEN pg_try_advisory_lock(hashtext(%(lock)s))
            THEN pg_advisory_unlock(hashtext(%(lock)s)) ELSE FALSE END""",
    lock=AWAKE_LOCK,
)
#: What the external ids of the gateway's crons begin with.
CRON = "crm_sms_gateway.ir_cron_"


@dataclass
class Unit:
    """What one route, or its debug messages, has to send inside a lane.

    Single messages stand in one queue, every batch campaign has one of its own:
    ``campaigns`` are those with something due, the one whose turn is next first.
    ``positions`` tell where a queue was left; what lies before is gone, and its dead
    rows need not be read again. ``next_due`` is when the next message is due.
    """

    route_id: int
    is_debug: bool
    provider: Provider
    concurrency: int
    max_attempts: int
    throughput: float = 0
    calls: int = 0
    is_down: str | None = None
    has_trouble: bool = False
    campaigns: deque = field(default_factory=deque)
    positions: dict = field(default_factory=dict)
    forget_at: float = 0.0
    next_due: datetime | None = None

    @property
    def has_work(self):
        """Whether messages are due and the route can take them."""
        return bool(
            not self.is_down
            and not self.has_trouble
            and self.next_due
            and self.next_due <= clock.now()
        )

    def take_turns(self, limit):
        """Which campaigns are served now, and how many messages of each."""
        turns = list(islice(self.campaigns, limit))
        return turns, -(-limit // len(turns)) if turns else 0

    def leave_queue(self, campaign_id, rows):
        """Remember where a queue was left; None is the queue of single messages."""
        if not rows:
            return
        last = rows[-1]
        self.positions[campaign_id] = (last["not_before"], last["id"])
        if campaign_id:
            self.campaigns.remove(campaign_id)
            self.campaigns.append(campaign_id)

    def end_queue(self, campaign_id):
        """Nothing more is due in a queue, until the next look at it."""
        self.positions.pop(campaign_id, None)
        if campaign_id:
            self.campaigns.remove(campaign_id)


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
    finished: SimpleQueue = field(default_factory=SimpleQueue)
    look_at: float = 0.0
    fold_at: float = 0.0
    sweep_at: float = 0.0
    untold: int = 0
    has_sent: bool = False

    def get_wanted(self, unit):
        """How many messages of a unit can be handed over without waiting for a thread:
        the time to live, a pause and the brake are checked at the claim."""
        free = min(unit.concurrency - unit.calls, self.threads - len(self.calls))
        size = unit.provider.max_batch
        return min(free * size, max(size, MAX_CLAIM))

    @property
    def can_start_more(self):
        """Whether messages are due and threads are free for them."""
        return any(unit.has_work and self.get_wanted(unit) > 0 for unit in self.units)

    def start(self, unit, batch):
        """Let a thread hand over one batch."""
        unit.calls += 1
        requests = [claimed.request for claimed in batch]
        future = self.executor.submit(unit.provider.submit, requests)
        self.calls[future] = (unit, batch)
        future.add_done_callback(self.finished.put)

    def gather(self, seconds):
        """Wait for the next answers; a list of (unit, claimed, result)."""
        answers = []
        for future in self._get_finished(seconds):
            unit, batch = self.calls.pop(future)
            unit.calls -= 1
            answers += [
                (unit, claimed, result)
                for claimed, result in zip(batch, future.result(), strict=True)
            ]
        return answers

    def _get_finished(self, seconds):
        """The calls that have ended: waits for the first of them, and a moment for
        those that end with it, since all are written together."""
        end = time.monotonic() + seconds
        try:
            while self.calls:
                yield self.finished.get(timeout=max(end - time.monotonic(), 0))
                end = min(end, time.monotonic() + MOMENT_SECONDS)
        except Empty:
            return


class SmsGatewayDispatcher(models.AbstractModel):
    """Runs the lanes; what they do is told in `_run`."""

    _name = "sms.gateway.dispatcher"
    _description = "SMS Gateway Dispatcher"

    # === CRON ENTRY POINTS ===
    @api.model
    def _cron_send(self, lane):
        self._run(lane)
        self.env["sms.gateway.health"]._tell_from_time_to_time()

    @api.model
    def _run(self, lane, *, linger=LINGER_SECONDS):
        """Send what is due for about `LANE_SECONDS`.

        :param linger: seconds to wait for more when there is nothing to send
        """
        settings = self.env["sms.gateway.settings"]._get()
        if lane > settings.lanes or settings.is_stopped:
            return
        if not _may_start(self.env.cr.dbname, lane):
            return
        if self.env["sms.gateway.hold"]._is_held():
            return
        deadline = self._get_deadline()
        with (
            _counting_failures(self.env.cr.dbname, lane),
            self._open_lane() as state,
        ):
            try:
                with self._stay_awake():
                    self._work(state, deadline, linger)
            finally:
                self._drain(state)
            self._leave(state)

    def _work(self, lane, deadline, linger):
        """Look, claim, hand over and apply until the time is over or nothing comes."""
        rest_at = time.monotonic() + linger
        while time.monotonic() < deadline:
            self._keep_counters(lane)
            is_busy = self._sweep(lane)
            self._look(lane)
            is_busy |= bool(self._start_calls(lane))
            patience = 0 if lane.can_start_more else LOOK_SECONDS
            self._apply_answers(lane, lane.gather(patience))
            if is_busy or lane.calls:
                rest_at = time.monotonic() + linger
                continue
            rest = rest_at - time.monotonic()
            if rest <= 0 or self._must_stop():
                break
            time.sleep(min(rest, LOOK_SECONDS / 4))

    def _must_stop(self):
        """Whether the server is told to stop; it waits for its crons."""
        return bool(getattr(server.server, "quit_signals_received", 0))

    def _drain(self, lane):
        """Apply what is under way: an answer that was given is never thrown away."""
        while lane.calls:
            self._apply_answers(lane, lane.gather(LOOK_SECONDS))

    def _get_deadline(self):
        end = self.env.context.get("cron_end_time", float("inf"))
        return min(time.monotonic() + LANE_SECONDS, end)

    @contextmanager
    def _stay_awake(self):
        """While a lane is awake, requests need not wake one (see `_wake_one`).

        The lock belongs to the connection: it ends with a worker that dies.
        """
        self._call("pg_advisory_lock_shared")
        try:
            yield
        except BaseException:
            self.env.cr.rollback()
            raise
        finally:
            self._call("pg_advisory_unlock_shared")

    def _call(self, function):
        """Call one of PostgreSQL's functions on the lanes' lock."""
        [(result,)] = self.env.execute_query(
            SQL("SELECT %s(hashtext(%s))", SQL(function), AWAKE_LOCK)
        )
        return result

    # === TRANSACTIONS ===
    def _begin(self):
        """Commit what was done and begin a transaction that sees every commit.

        Odoo's cursors are REPEATABLE READ: there SKIP LOCKED still fails on rows that
        changed since the snapshot. A test's cursor lives inside one transaction, whose
        isolation cannot be changed any more.
        """
        clock.keep_in_step(self.env.cr)
        self._commit()
        if isinstance(self.env.cr, Cursor):
            self.env.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def _commit(self):
        """The one place that ends transactions: crons own theirs, requests do not."""
        self.env.cr.commit()  # pylint: disable=invalid-commit

    @contextmanager
    def _between_transactions(self):
        """For questions of hooks that run after a commit: they begin no transaction,
        which would have to be ended before the next one, unless an earlier hook has."""
        connection = self.env.cr.connection
        is_between = connection.get_transaction_status() == TRANSACTION_STATUS_IDLE
        if is_between:
            connection.autocommit = True
        try:
            yield
        finally:
            if is_between:
                connection.autocommit = False

    def _commit_progress(self, processed=0, **kwargs):
        return self.env["ir.cron"]._commit_progress(processed, **kwargs)

    # === STEPS OF A LANE ===
    def _keep_counters(self, lane):
        """From time to time: tell the cron what was done, and everybody the counts."""
        if time.monotonic() < lane.fold_at:
            return
        self._commit_progress(lane.untold)
        lane.untold = 0
        self._fold()
        lane.fold_at = time.monotonic() + CHORES_SECONDS

    def _sweep(self, lane):
        """From time to time: sort out what must not be sent any more.

        :return: whether there may be more of it
        """
        if time.monotonic() < lane.sweep_at:
            return False
        self._begin()
        count = self.env["sms.gateway.message"]._expire_queued()
        self._begin()
        count += self.env["sms.gateway.campaign"]._sweep_cancelled()
        self._commit()
        if not count:
            lane.sweep_at = time.monotonic() + CHORES_SECONDS
        return bool(count)

    def _look(self, lane):
        """From time to time: see what is due."""
        started = time.monotonic()
        if started < lane.look_at:
            return
        self._begin()
        self._find_queues(lane)
        self._commit()
        taken = time.monotonic() - started
        lane.look_at = started + max(LOOK_SECONDS, taken / LOOK_SHARE)

    def _find_queues(self, lane):
        """Tell the units which queues have something due, and when the next has."""
        heads = self.env.execute_query(_select_heads())
        found = defaultdict(list)
        for route_id, is_debug, campaign_id, not_before in heads:
            found[route_id, is_debug].append((campaign_id, not_before))
        for unit in lane.units:
            self._note_queues(unit, found[unit.route_id, unit.is_debug])

    def _note_queues(self, unit, heads):
        """:param heads: list of (campaign or None, when its first message is due)"""
        moment = clock.now()
        due = {campaign_id: None for campaign_id, at in heads if at <= moment}
        due.pop(None, None)
        # Those that are known keep their turn.
        known = [campaign_id for campaign_id in unit.campaigns if campaign_id in due]
        unit.campaigns = deque(dict.fromkeys([*known, *due]))
        if time.monotonic() >= unit.forget_at:
            unit.positions.clear()
            unit.forget_at = time.monotonic() + FORGET_SECONDS
        unit.next_due = min((at for _campaign_id, at in heads), default=None)

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
                "|",
                ("state", "=", "active"),
                ("lacks_settings", "=", True),
                "|",
                ("resume_at", "=", False),
                ("resume_at", "<=", clock.now()),
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
            # debug messages need no settings
            if is_debug or route.state == "active"
        ]
        self._commit()
        return units

    def _start_calls(self, lane):
        """Claim for every unit with free threads and hand the messages to them."""
        started = 0
        for unit in lane.units:
            wanted = lane.get_wanted(unit)
            if not unit.has_work or wanted <= 0:
                continue
            claimed = self._claim(unit, wanted)
            started += len(claimed)
            if not claimed or len(claimed) < wanted and not unit.campaigns:
                # Nothing more is due, or the route must not send: the next look tells.
                unit.next_due = None
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

        Whether a look-up can find the message depends on the settings that the unit's
        provider hands it over with. It is kept with the claim, which is committed
        before anything is sent: neither a lane that dies nor later settings of the
        route change it. A claim that hands nothing over takes no doubt away.

        :rtype: list[Claimed]
        """
        self._begin()
        limit = self._take_tokens(unit, wanted)
        if not limit:
            self._commit()
            return []
        campaigns, share = unit.take_turns(limit)
        rows = self.env.execute_query_dict(
            self._claim_statement(unit, limit, campaigns, share)
        )
        self._note_positions(unit, rows, limit, campaigns, share)
        claimed = [self._make_claimed(unit, row) for row in rows if row["taken"]]
        self._return_tokens(unit, limit - len(claimed))
        self._commit()
        return claimed

    def _note_positions(self, unit, rows, limit, campaigns, share):
        """Where the next claim goes on in each queue."""
        found = defaultdict(list)
        for row in rows:
            is_single = row["priority"] == PRIORITY_SINGLE
            found[None if is_single else row["campaign_id"]].append(row)
        is_cut = len(rows) == limit
        for queue, wanted in [(None, limit), *((one, share) for one in campaigns)]:
            if is_cut or len(found[queue]) == wanted:
                unit.leave_queue(queue, found[queue])
            else:
                unit.end_queue(queue)

    @api.model
    def _get_pace(self, route_id, *, is_debug=False):
        """The throughput of a route that may send at this moment, None otherwise."""
        rows = self.env.execute_query(
            SQL(
                "SELECT COALESCE(r.throughput, 0) FROM sms_gateway_route r"
                " WHERE r.id = %s AND %s",
                route_id,
                _may_send(is_debug=is_debug),
            )
        )
        return rows[0][0] if rows else None

    def _claim_statement(self, unit, limit, campaigns, share):
        """Single messages go first, then each campaign gives its share."""
        nowhere = (datetime.min, 0)
        since = [unit.positions.get(place, nowhere) for place in (None, *campaigns)]
        return SQL(
            """
WITH picked AS MATERIALIZED (
    SELECT * FROM (
        SELECT m.id, m.maybe_sent, m.expires_at, m.msisdn, c.state AS campaign_state,
               c.ignores_blacklist
          FROM sms_gateway_message m
          JOIN sms_gateway_campaign c ON c.id = m.campaign_id
         WHERE m.state = 'queued' AND m.priority = %(single)s
           AND m.route_id = %(route_id)s AND m.is_debug = %(is_debug)s
           AND m.not_before <= %(now)s AND (m.not_before, m.id) > %(since)s
           AND %(is_served)s
      ORDER BY m.not_before, m.id LIMIT %(limit)s
           FOR NO KEY UPDATE OF m SKIP LOCKED) AS single
     UNION ALL
    SELECT batch.*, c.state, c.ignores_blacklist
      FROM unnest(%(campaigns)s::int[], %(since_at)s::timestamp[], %(since_id)s::int[])
        AS queue(campaign_id, since_at, since_id)
      JOIN sms_gateway_campaign c ON c.id = queue.campaign_id
       AND (c.state NOT IN %(held)s OR c.state = 'cancelled')
     CROSS JOIN LATERAL (
        SELECT m.id, m.maybe_sent, m.expires_at, m.msisdn
          FROM sms_gateway_message m
         WHERE m.state = 'queued' AND m.priority = %(batch)s
           AND m.campaign_id = queue.campaign_id AND m.not_before <= %(now)s
           AND (m.not_before, m.id) > (queue.since_at, queue.since_id)
           AND (c.state <> 'cancelled' OR m.maybe_sent)
      ORDER BY m.not_before, m.id LIMIT %(share)s
           FOR NO KEY UPDATE SKIP LOCKED) AS batch
     LIMIT %(limit)s
), asked AS MATERIALIZED (
    SELECT id, maybe_sent, campaign_state = 'cancelled' AS is_stopped,
           COALESCE(expires_at <= %(now)s, FALSE) AS is_over,
           ignores_blacklist IS NOT TRUE
           AND EXISTS (SELECT FROM phone_blacklist b
                        WHERE b.active AND b.number = msisdn) AS is_opted_out
      FROM picked
), judged AS (
    SELECT id, is_stopped OR is_over OR is_opted_out AS must_not,
           CASE WHEN maybe_sent OR NOT (is_stopped OR is_over OR is_opted_out)
                THEN 'submitting'
                WHEN is_over THEN 'expired' ELSE 'cancelled' END AS state
      FROM asked
), moved AS (
    UPDATE sms_gateway_message m
       SET state = j.state,
           attempts = m.attempts + CASE WHEN j.must_not THEN 0 ELSE 1 END,
           lease_until = CASE WHEN j.state = 'submitting'
                              THEN %(clock)s + %(lease)s END,
           is_untraceable = %(is_untraceable)s
                            OR m.maybe_sent AND m.is_untraceable IS TRUE,
           failure_type = CASE WHEN j.state = 'cancelled' THEN 'opted_out' END,
           failure_code = CASE WHEN j.state = 'cancelled' THEN 'opted_out' END,
           failure_message = CASE WHEN j.state = 'cancelled' THEN %(opted_out)s END,
           finished_at = CASE WHEN j.state <> 'submitting'
                              THEN %(now)s::timestamp END,
           secret_text = CASE WHEN j.state = 'submitting' THEN m.secret_text END
      FROM judged j
     WHERE m.id = j.id
 RETURNING m.*, %(outcome)s AS outcome, j.must_not,
           'queued' AS old_state, NULL AS old_failure_type, 'waiting' AS old_outcome,
           m.segments AS old_segments, m.cost AS old_cost
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
SELECT id, uuid, client_reference, msisdn, COALESCE(secret_text, text) AS text,
       channel, attempts, expires_at,
       maybe_sent, must_not, campaign_id, priority, not_before,
       state = 'submitting' AS taken
  FROM moved ORDER BY priority, not_before, id
            """,
            outcome=outcome_of("m"),
            count_moved=COUNT_MOVED,
            opted_out=sentence(
                "opted_out", self.env["sms.gateway.message"]._language()
            ),
            route_id=unit.route_id,
            is_debug=unit.is_debug,
            is_untraceable=not unit.provider.can_look_up,
            single=PRIORITY_SINGLE,
            batch=PRIORITY_BATCH,
            held=HELD_STATES,
            is_served=_is_served(),
            since=since[0],
            campaigns=campaigns,
            since_at=[at for at, _id in since[1:]],
            since_id=[message_id for _at, message_id in since[1:]],
            limit=limit,
            share=share,
            now=clock.now(),
            clock=clock.at_statement(),
            lease=LEASE,
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
        least one message. Time is told by the database alone: hosts whose clocks
        differ would each fill it with the difference.

        :return: how many messages may be claimed
        """
        pace = self._get_pace(unit.route_id, is_debug=unit.is_debug)
        if pace is None:
            return 0
        unit.throughput = 0 if unit.is_debug else pace
        if not unit.throughput:
            return wanted
        [(tokens,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO sms_gateway_bucket AS b (route_id, tokens, filled_at)
                VALUES (%(route_id)s, 1, %(clock)s)
                    ON CONFLICT (route_id) DO UPDATE
                   SET tokens = LEAST(
                           GREATEST(%(rate)s, 1),
                           b.tokens + %(rate)s * GREATEST(0,
                               EXTRACT(EPOCH FROM %(clock)s - b.filled_at))),
                       filled_at = %(clock)s
             RETURNING tokens
                """,
                clock=clock.at_row(),
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
        self._apply_changes(self._make_changes(answers))
        lane.untold += len(answers)
        lane.has_sent = True
        self._log_answers(answers)
        self._stop_routes(answers)

    def _apply_changes(self, changes):
        """Write changes together; when the database refuses, one by one, so that one
        strange answer does not take the others with it."""
        try:
            self._begin()
            self.env["sms.gateway.message"]._set_state(changes)
            self._commit()
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            _logger.error("Answers are refused by the database: %s", error)
            self.env.cr.rollback()
            if len(changes) > 1:
                for change in changes:
                    self._apply_changes([change])
            elif changes[0].state != "unknown":
                self._apply_changes([_as_unknown(changes[0])])

    def _make_changes(self, answers):
        providers = {unit.provider for unit, _claimed, _result in answers}
        polls = {provider: first_poll(provider) for provider in providers}
        return [
            StateChange(
                id=claimed.id,
                attempt=claimed.request.attempt,
                source="withheld" if claimed.skip else "dispatcher",
                code=result.code,
                detail=result.message,
                **self._make_change(unit, claimed, result, polls[unit.provider]),
            )
            for unit, claimed, result in answers
        ]

    def _make_change(self, unit, claimed, result, first_poll_at):
        if result.outcome is Outcome.ACCEPTED:
            return self._make_accepted(result, first_poll_at)
        if result.outcome is Outcome.REFUSED:
            return {"state": "failed", "failure_type": result.failure_type or "other"}
        if result.outcome is Outcome.NOT_SENT:
            return self._make_not_sent(unit, claimed, result)
        return self._make_maybe_sent(claimed)

    def _make_accepted(self, result, first_poll_at):
        return {
            "state": "submitted",
            "provider_reference": result.provider_reference,
            "failure_type": result.failure_type,
            "segments": result.segments,
            "next_poll_at": first_poll_at,
            **tell_price(result.price),
        }

    def _make_not_sent(self, unit, claimed, result):
        is_routes_fault = result.route_down and not unit.is_debug
        if is_routes_fault or claimed.request.attempt < unit.max_attempts:
            delay = _get_retry_after(result) or retry_delay(
                claimed.request.attempt, seed=claimed.id
            )
            return {"state": "queued", "not_before": after(delay)}
        if claimed.maybe_sent:
            return self._make_maybe_sent(claimed)
        return {"state": "failed", "failure_type": "attempts_exhausted"}

    def _make_maybe_sent(self, claimed):
        attempt = claimed.request.attempt
        delay = None if claimed.skip else reconcile_delay(attempt - 1)
        return {"state": "unknown", "maybe_sent": True, "next_check_at": after(delay)}

    def _log_answers(self, answers):
        counts = Counter(
            (unit.route_id, result.outcome.value) for unit, _claimed, result in answers
        )
        for (route_id, outcome), count in counts.items():
            _logger.info("Route %d: %d %s", route_id, count, outcome)

    def _stop_routes(self, answers):
        """Pause routes that are down, leave alone those with connection trouble."""
        troubled = [
            (unit, result)
            for unit, _claimed, result in answers
            if (result.route_down or result.route_trouble) and not unit.is_debug
        ]
        if not troubled:
            return
        self._begin()
        for unit, result in troubled:
            route = self.env["sms.gateway.route"].browse(unit.route_id)
            if result.route_down and not unit.is_down:
                unit.is_down = result.route_down
                route._pause(result.route_down)
            elif result.route_trouble and not (unit.is_down or unit.has_trouble):
                unit.has_trouble = True
                route._rest(_get_retry_after(result) or ROUTE_REST, result.message)
        self._commit()

    # === LEAVING ===
    def _leave(self, lane):
        """Tidy up, then say what is left: a lane with work due soon is started again
        at once, later work waits for the cron's next minute.

        The look comes last: what arrives while the lane tidies up is seen by it.
        """
        self._begin()
        self.env["sms.gateway.delivery.report"]._apply_kept(max_age=FRESH)
        self._fold()
        self._begin()
        self._find_queues(lane)
        dues = [self._get_unit_due(unit) for unit in lane.units]
        is_due = any(due is not None and due <= LINGER_SECONDS for due in dues)
        if lane.has_sent:
            self._trigger("poll")
        self._commit_progress(lane.untold, remaining=1 if is_due else 0)

    def _get_unit_due(self, unit):
        """Seconds until something of the unit can be claimed, None for not now."""
        if unit.is_down or unit.has_trouble or not unit.next_due:
            return None
        if self._get_pace(unit.route_id, is_debug=unit.is_debug) is None:
            return None
        due = max((unit.next_due - clock.now()).total_seconds(), 0)
        return due if unit.is_debug else max(due, self._get_token_due(unit))

    def _get_token_due(self, unit):
        """Seconds until the route's bucket holds a whole token."""
        rows = self.env.execute_query(
            SQL(
                """SELECT (1 - b.tokens) / r.throughput
                        - EXTRACT(EPOCH FROM %s - b.filled_at)
                     FROM sms_gateway_bucket b JOIN sms_gateway_route r
                       ON r.id = b.route_id
                    WHERE r.id = %s AND r.throughput > 0""",
                clock.at_statement(),
                unit.route_id,
            )
        )
        return float(rows[0][0]) if rows else 0

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
    def _wake_one(self):
        """Let a lane run as soon as this transaction is committed, if none is awake.

        The order matters: the message is visible before the lanes are looked at, and a
        lane that falls asleep looks for messages once more after it let go of the lock.
        One of the two sees the other.
        """
        self.env.cr.postcommit.add(self._wake_if_asleep)

    def _wake_if_asleep(self):
        """Ask on the connection that has just committed: to borrow another one takes a
        request longer than all its own questions."""
        with self._between_transactions():
            question = self._make_trigger_question("send_1", only_if=ALL_ASLEEP)
            [(is_wanted,)] = self.env.execute_query(question)
        if is_wanted:
            with self.env.registry.cursor() as cr:
                self.with_env(self.env(cr=cr))._trigger("send_1")

    @api.model
    def _trigger(self, name, at=None):
        """Let one of the gateway's crons run, unless somebody deleted it.

        :param at: naive UTC datetime, None for now
        """
        cron = self.env.ref(CRON + name, raise_if_not_found=False)
        if cron:
            # sudo: whoever sends may wake crons, only administrators see them
            cron.sudo()._trigger(at)

    @api.model
    def _trigger_once(self, name):
        """As `_trigger`, unless the cron is about to run anyhow.

        Odoo takes a cron's triggers away before it runs: a run whose trigger is still
        there sees all that is committed now. What is not committed yet may wait for the
        cron's next minute.
        """
        question = self._make_trigger_question(name, only_if=SQL("TRUE"))
        [(is_wanted,)] = self.env.execute_query(question)
        if is_wanted:
            self._trigger(name)

    def _make_trigger_question(self, name, *, only_if):
        """
        :param only_if: SQL of a condition that must hold besides
        :return: query of one boolean
        """
        return SQL(
            """SELECT %s AND NOT EXISTS (
                      SELECT FROM ir_cron_trigger
                       WHERE cron_id = %s AND call_at <= %s)""",
            only_if,
            self.env["ir.model.data"]._xmlid_to_res_id(CRON + name) or None,
            clock.now(),
        )

    # === HEALTH ===
    @api.model
    def _get_waiting_times(self):
        """For how long the oldest due message of each route has been waiting.

        A message waits for nothing but a lane from the moment on at which it is due,
        its campaign goes on and its route may send.

        :return: dict of route id → timedelta
        """
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT r.id, max(%(clock)s - GREATEST(head.not_before, r.write_date,
                                                          c.write_date))
                      FROM (%(heads)s) AS head
                      JOIN sms_gateway_route r ON r.id = head.route_id
                 LEFT JOIN sms_gateway_campaign c ON c.id = head.campaign_id
                     WHERE head.not_before <= %(clock)s AND %(may_send)s
                       AND c.state IS DISTINCT FROM 'cancelled'
                  GROUP BY r.id
                    """,
                    clock=clock.at_statement(),
                    heads=_select_heads(),
                    may_send=_may_send(is_debug=SQL("head.is_debug")),
                )
            )
        )

    # === OTHER CRONS ===
    @api.model
    def _cron_recover(self):
        """Make unknown what a lost worker was sending, then reconcile."""
        deadline = self._get_deadline()
        self._begin()
        while self.env["sms.gateway.message"]._recover_leases():
            self._begin()
        if not self.env["sms.gateway.hold"]._is_held():
            self.env["sms.gateway.delivery.report"]._reconcile(deadline)
        self._fold()
        self.env["sms.gateway.health"]._tell_from_time_to_time()

    @api.model
    def _cron_fold(self):
        self._begin()
        while self.env["sms.gateway.statistic.change"]._fold():
            self._begin()
        self._commit()
        self.env["sms.gateway.health"]._tell_from_time_to_time()


def _select_heads():
    """The first message of each queue: route, whether of debug messages, campaign (NULL
    for single messages) and when it is due.

    The batch campaigns are found by jumps from one to the next in their index: neither
    their size nor held ones cost anything.
    """
    return SQL(
        """
WITH RECURSIVE batch AS (
    (SELECT campaign_id, not_before FROM sms_gateway_message
      WHERE state = 'queued' AND priority = %(batch)s
   ORDER BY campaign_id, not_before LIMIT 1)
     UNION ALL
    SELECT next.* FROM batch CROSS JOIN LATERAL (
        SELECT m.campaign_id, m.not_before FROM sms_gateway_message m
         WHERE m.state = 'queued' AND m.priority = %(batch)s
           AND m.campaign_id > batch.campaign_id
      ORDER BY m.campaign_id, m.not_before LIMIT 1) AS next
)
SELECT c.route_id, c.is_debug, c.id AS campaign_id, batch.not_before
  FROM batch JOIN sms_gateway_campaign c ON c.id = batch.campaign_id
 WHERE c.state NOT IN %(held)s OR c.state = 'cancelled'
 UNION ALL
SELECT r.id, d.is_debug, NULL, single.not_before
  FROM sms_gateway_route r
 CROSS JOIN (VALUES (TRUE), (FALSE)) AS d(is_debug)
 CROSS JOIN LATERAL (
       SELECT m.not_before FROM sms_gateway_message m
         JOIN sms_gateway_campaign c ON c.id = m.campaign_id
        WHERE m.state = 'queued' AND m.priority = %(single)s
          AND m.route_id = r.id AND m.is_debug = d.is_debug
          AND %(is_served)s
     ORDER BY m.not_before LIMIT 1) AS single
        """,
        single=PRIORITY_SINGLE,
        batch=PRIORITY_BATCH,
        held=HELD_STATES,
        is_served=_is_served(),
    )


def _may_start(*lane):
    """Whether a lane that failed several times in a row may try again."""
    _count, rests_until = _failures.get(lane, (0, 0.0))
    return time.monotonic() >= rests_until


@contextmanager
def _counting_failures(*lane):
    """A run of a lane: requests wake one that fails again and again, and every time it
    would write into the log why."""
    try:
        yield
    except Exception:
        count = _failures.get(lane, (0, 0.0))[0] + 1
        rest = exponential(count, base=1, cap=MAX_LANE_REST) if count > 1 else 0
        _failures[lane] = (count, time.monotonic() + rest)
        raise
    _failures.pop(lane, None)


def _may_send(*, is_debug):
    """The condition that the route ``r`` may send at this moment.

    Debug messages do not go to the provider: settings that it lacks do not matter.
    It is asked at every claim: a pause and the brake work at once, also for the lanes
    that are under way.
    """
    return SQL(
        """
        r.active AND (r.resume_at IS NULL OR r.resume_at <= %s)
        AND (r.state = 'active' OR r.lacks_settings AND %s)
        AND NOT EXISTS (SELECT FROM ir_config_parameter p
                         WHERE p.key = %s AND lower(p.value) = 'true')
        """,
        clock.now(),
        is_debug,
        PREFIX + "is_stopped",
    )


def _is_served():
    """The condition that the message ``m`` of the campaign ``c`` has its turn:
    of a cancelled one only what may have been sent, which becomes unknown again."""
    return SQL(
        "(c.state NOT IN %s OR c.state = 'cancelled' AND m.maybe_sent)", HELD_STATES
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
