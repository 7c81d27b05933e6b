"""The dispatcher: claims queued messages, hands them over, applies the answers.

A lane is one scheduled action. Its loop claims under READ COMMITTED, commits, lets
threads call the providers while no transaction is open, and applies their answers.
"""

import logging
import time
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from odoo import api, models
from odoo.service import server
from odoo.tools import SQL

from ...providers.types import Outcome, SubmitResult
from ...tools.backoff import exponential
from ..common import clock, crons, transactions
from ..common.prepared_statements import PreparedStatements
from ..reports.sms_gateway_delivery_report import FRESH
from .lane import Lane, RouteQueue
from .queues import select_heads

_logger = logging.getLogger(__name__)

#: Seconds that a lane waits for work before it ends: requests that follow each other
#: faster start no scheduled action.
LINGER_SECONDS = 3
#: Seconds between two queries for due messages ...
REFRESH_SECONDS = 0.1
#: ... of which no more than this share is spent on the query.
REFRESH_SHARE = 0.05
#: Seconds after which a claim starts again at the head of a queue: before the stored
#: position may lie a row that another lane had locked and released.
FORGET_SECONDS = 5
#: Concurrency of debug messages, which go to the sandbox on every route.
DEBUG_CONCURRENCY = 4
#: Concurrent calls of one lane.
MAX_THREADS = 128
#: Seconds between two updates of the counters, and between two sweeps of expired and
#: cancelled messages; claims check both themselves.
CHORES_SECONDS = 1.0
#: Longest back-off of a lane whose runs fail, in seconds.
MAX_LANE_REST = 60
#: Failures in this process: (database, lane) → failed runs in a row, and the end of the
#: back-off by the monotonic clock.
_failures = {}
#: Advisory lock of PostgreSQL that every running lane holds.
AWAKE_LOCK = "crm_sms_gateway.awake"
#: Whether no lane holds that lock; it is released at once.
ALL_ASLEEP = SQL(
    """CASE WHEN pg_try_advisory_lock(hashtext(%(lock)s))
            THEN pg_advisory_unlock(hashtext(%(lock)s)) ELSE FALSE END""",
    lock=AWAKE_LOCK,
)


class SmsGatewayDispatcher(models.AbstractModel):
    """Runs the lanes, see `_run`."""

    _name = "sms.gateway.dispatcher"
    _description = "SMS Gateway Dispatcher"

    # === CRON ENTRY POINTS ===
    @api.model
    def _cron_send(self, lane):
        self._run(lane)
        self.env["sms.gateway.health.notification"]._notify_after_cron()

    @api.model
    def _run(self, lane, *, linger=LINGER_SECONDS):
        """Send what is due for about `transactions.TURN_SECONDS`.

        :param linger: seconds to wait for more when there is nothing to send
        """
        settings = self.env["sms.gateway.settings"]._get()
        if lane > settings.lanes or settings.is_stopped:
            return
        if not _may_start(self.env.cr.dbname, lane):
            return
        if self.env["sms.gateway.hold"]._is_held():
            return
        deadline = transactions.get_deadline(self.env)
        with (
            _counting_failures(self.env.cr.dbname, lane),
            self._open_lane() as state,
        ):
            try:
                with self._stay_awake():
                    self._work(state, deadline, linger)
            finally:
                self._finish_in_flight(state)
            self._leave(state)

    def _work(self, lane, deadline, linger):
        """Refresh, claim, hand over, apply: until the time is up or nothing is due."""
        rest_at = time.monotonic() + linger
        while time.monotonic() < deadline:
            self._keep_counters(lane)
            is_busy = self._sweep(lane)
            self._refresh_due(lane)
            is_busy |= bool(self._start_calls(lane))
            patience = 0 if lane.can_start_more else REFRESH_SECONDS
            answers = lane.gather(patience)
            self._apply(lane, answers)
            is_busy |= bool(answers)
            if is_busy or lane.calls:
                rest_at = time.monotonic() + linger
                continue
            rest = rest_at - time.monotonic()
            if rest <= 0 or self._must_stop():
                break
            time.sleep(min(rest, REFRESH_SECONDS / 4))

    def _must_stop(self):
        """Whether the server is stopping; it waits for its scheduled actions."""
        return bool(getattr(server.server, "quit_signals_received", 0))

    def _finish_in_flight(self, lane):
        """Apply the answers of calls in flight: no answer is lost."""
        while lane.calls:
            self._apply(lane, lane.gather(REFRESH_SECONDS))

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

    # === STEPS OF A LANE ===
    def _keep_counters(self, lane):
        """Commit the progress and fold the counters, once in `CHORES_SECONDS`."""
        if time.monotonic() < lane.fold_at:
            return
        transactions.commit_progress(self.env, lane.uncommitted_count)
        lane.uncommitted_count = 0
        self.env["sms.gateway.statistic.change"]._fold_apart()
        lane.fold_at = time.monotonic() + CHORES_SECONDS

    def _sweep(self, lane):
        """Expire and cancel what must not be sent any more, once in `CHORES_SECONDS`.

        :return: whether there may be more of it
        """
        if time.monotonic() < lane.sweep_at:
            return False
        transactions.begin(self.env)
        count = self.env["sms.gateway.state.change"]._expire_queued()
        transactions.begin(self.env)
        count += self.env["sms.gateway.campaign.state"]._sweep_cancelled()
        transactions.commit(self.env)
        if not count:
            lane.sweep_at = time.monotonic() + CHORES_SECONDS
        return bool(count)

    def _refresh_due(self, lane):
        """Query what is due, once in `REFRESH_SECONDS` or less often."""
        started = time.monotonic()
        if started < lane.refresh_at:
            return
        transactions.begin(self.env)
        self._find_queues(lane)
        transactions.commit(self.env)
        taken = time.monotonic() - started
        lane.refresh_at = started + max(REFRESH_SECONDS, taken / REFRESH_SHARE)

    def _find_queues(self, lane):
        """Set the campaigns of each route with due messages, and the next due time."""
        heads = self.env.execute_query(
            lane.statements.prepare(self.env.cr, "heads", select_heads)
        )
        found = defaultdict(list)
        for route_id, is_debug, campaign_id, not_before in heads:
            found[route_id, is_debug].append((campaign_id, not_before))
        for queue in lane.queues:
            self._set_due(queue, found[queue.route_id, queue.is_debug])

    def _set_due(self, queue, heads):
        """:param heads: list of (campaign or None, when its first message is due)"""
        moment = clock.now()
        due = {campaign_id: None for campaign_id, at in heads if at <= moment}
        due.pop(None, None)
        # Those that are known keep their turn.
        known = [campaign_id for campaign_id in queue.campaigns if campaign_id in due]
        queue.campaigns = deque(dict.fromkeys([*known, *due]))
        if time.monotonic() >= queue.forget_at:
            queue.positions.clear()
            queue.forget_at = time.monotonic() + FORGET_SECONDS
        queue.next_due = min((at for _campaign_id, at in heads), default=None)

    @contextmanager
    def _open_lane(self):
        queues = self._make_queues()
        threads = min(sum(queue.concurrency for queue in queues) or 1, MAX_THREADS)
        statements = PreparedStatements()
        try:
            with ThreadPoolExecutor(threads, "sms-lane") as executor:
                yield Lane(queues, executor, threads, statements)
        finally:
            statements.forget(self.env.cr)
            for queue in queues:
                queue.statements.forget(self.env.cr)
                queue.provider.close()

    def _make_queues(self):
        transactions.begin(self.env)
        routes = self.env["sms.gateway.route"].search(
            [
                ("is_policy", "=", False),
                "|",
                ("state", "=", "active"),
                ("lacks_settings", "=", True),
            ]
        )
        queues = [
            RouteQueue(
                route_id=route.id,
                is_debug=is_debug,
                provider=route._make_provider(is_debug=is_debug),
                concurrency=DEBUG_CONCURRENCY if is_debug else route.concurrency,
                max_attempts=route.max_attempts,
            )
            for route in routes
            for is_debug in (False, True)
            # debug messages need no settings, and no provider that works
            if is_debug or route.state == "active" and not route.is_resting
        ]
        transactions.commit(self.env)
        return queues

    def _start_calls(self, lane):
        """Claim for every queue with free threads and hand the messages to them."""
        started = 0
        for queue in lane.queues:
            wanted = lane.get_wanted(queue)
            if not queue.has_work or wanted <= 0:
                continue
            claimed = self.env["sms.gateway.claim"]._claim(queue, wanted)
            started += len(claimed)
            if not claimed or len(claimed) < wanted and not queue.campaigns:
                # Nothing more is due, or the route must not send: the next look tells.
                queue.next_due = None
            self._hand_over(lane, queue, claimed)
        return started

    def _hand_over(self, lane, queue, claimed):
        skipped = [one for one in claimed if one.skip]
        if skipped:
            result = SubmitResult(Outcome.MAYBE_SENT)
            self._apply(lane, [(queue, one, result) for one in skipped])
        ready = [one for one in claimed if not one.skip]
        size = queue.provider.max_batch
        for start in range(0, len(ready), size):
            lane.start(queue, ready[start : start + size])

    def _apply(self, lane, answers):
        """Write what the providers answered, and commit at once."""
        if answers:
            self.env["sms.gateway.answer"]._apply(answers)
            lane.uncommitted_count += len(answers)
            lane.has_sent = True

    # === LEAVING ===
    def _leave(self, lane):
        """Clean up and report what is left: a lane with work due soon is started again
        at once, later work waits for the next regular run.

        The query for due messages comes last: it sees what arrived during the cleanup.
        """
        transactions.begin(self.env)
        self.env["sms.gateway.delivery.report"]._apply_kept(max_age=FRESH)
        self.env["sms.gateway.statistic.change"]._fold_apart()
        transactions.begin(self.env)
        self._find_queues(lane)
        dues = [self._get_queue_due(queue) for queue in lane.queues]
        is_due = any(due is not None and due <= LINGER_SECONDS for due in dues)
        if lane.has_sent:
            crons.trigger(self.env, "poll")
        transactions.commit_progress(
            self.env, lane.uncommitted_count, remaining=1 if is_due else 0
        )

    def _get_queue_due(self, queue):
        """Seconds until something of the queue can be claimed, None for not now."""
        if queue.is_down or not queue.next_due:
            return None
        limits = self.env["sms.gateway.rate.limit"]
        permit = limits._get_permit_of(queue)
        if permit is None:
            return None
        due = (queue.next_due - clock.now()).total_seconds()
        return max(due, limits._get_wait(queue.scope, permit.rate), 0)

    @api.model
    def _wake(self):
        """Let the lanes run now."""
        for lane in range(1, self.env["sms.gateway.settings"]._get().lanes + 1):
            crons.trigger(self.env, f"send_{lane}")

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
        with transactions.between(self.env):
            question = crons.select_is_wanted(self.env, "send_1", only_if=ALL_ASLEEP)
            [(is_wanted,)] = self.env.execute_query(question)
        if is_wanted:
            with self.env.registry.cursor() as cr:
                crons.trigger(self.env(cr=cr), "send_1")


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
