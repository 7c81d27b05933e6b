"""Answers of providers to what was handed over: what becomes of messages and routes."""

import logging
from collections import Counter

import psycopg2

from odoo import api, models

from ...providers.types import Outcome
from ...tools.backoff import reconcile_delay, retry_delay
from ...tools.vocabulary import FAILOVER_TYPES
from ..common import clock, transactions
from ..routing.sms_gateway_failover import FAILOVER_TRIES
from .provider_values import first_poll, tell_price
from .sms_gateway_state_change import StateChange

_logger = logging.getLogger(__name__)

#: Longer waits that a provider asks for are not believed, in seconds.
MAX_RETRY_AFTER = 24 * 3600


class SmsGatewayAnswer(models.AbstractModel):
    """Applies answers: accepted, refused, not sent, maybe sent."""

    _name = "sms.gateway.answer"
    _description = "SMS Gateway Answer"

    @api.model
    def _apply(self, answers):
        """Write what the providers answered, and commit.

        :param answers: list of (`RouteQueue`, `Claimed`, `SubmitResult`)
        """
        by_queue = _group(answers)
        self._apply_changes(self._make_changes(by_queue))
        self._log_answers(by_queue)
        self._stop_routes(by_queue)
        self._move_untaken(by_queue)

    def _move_untaken(self, by_queue):
        """Let messages of policies that were not taken try another route: at once where
        theirs has stopped, else after several tries."""
        for queue, answers in by_queue:
            untaken = [
                claimed.id
                for claimed, result in answers
                if result.outcome is Outcome.NOT_SENT
                and claimed.has_policy
                and (queue.has_stopped or claimed.tries >= FAILOVER_TRIES)
            ]
            if untaken:
                transactions.begin(self.env)
                self.env["sms.gateway.failover"]._move_untaken(queue.route_id, untaken)
                transactions.commit(self.env)

    def _apply_changes(self, changes):
        """Write changes together; when the database refuses, one by one, so that one
        strange answer does not take the others with it."""
        try:
            transactions.begin(self.env)
            self.env["sms.gateway.state.change"]._set_state(changes)
            transactions.commit(self.env)
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            _logger.error("Answers are refused by the database: %s", error)
            self.env.cr.rollback()
            if len(changes) > 1:
                for change in changes:
                    self._apply_changes([change])
            elif changes[0].state != "unknown":
                self._apply_changes([_as_unknown(changes[0])])

    def _make_changes(self, by_queue):
        changes = []
        for queue, answers in by_queue:
            first_poll_at = first_poll(queue.provider)
            changes += [
                StateChange(
                    id=claimed.id,
                    attempt=claimed.request.attempt,
                    route_id=queue.route_id,
                    source="withheld" if claimed.skip else "dispatcher",
                    code=result.code,
                    detail=result.message,
                    **self._make_change(queue, claimed, result, first_poll_at),
                )
                for claimed, result in answers
            ]
        return changes

    def _make_change(self, queue, claimed, result, first_poll_at):
        if result.outcome is Outcome.ACCEPTED:
            return self._make_accepted(result, first_poll_at)
        if result.outcome is Outcome.REFUSED:
            return self._make_refused(claimed, result)
        if result.outcome is Outcome.NOT_SENT:
            return self._make_not_sent(queue, claimed, result)
        return self._make_maybe_sent(claimed)

    def _make_accepted(self, result, first_poll_at):
        return {
            "state": "submitted",
            "provider_reference": result.provider_reference,
            "failure_type": result.failure_type,
            "segments": result.segments,
            "next_poll_at": first_poll_at,
            **(tell_price(result.price) if result.price else {}),
        }

    def _make_refused(self, claimed, result):
        """A refusal for a reason of the route says nothing of an earlier attempt that
        may have been sent."""
        if claimed.maybe_sent and result.failure_type in FAILOVER_TYPES:
            return self._make_maybe_sent(claimed)
        return {"state": "failed", "failure_type": result.failure_type or "other"}

    def _make_not_sent(self, queue, claimed, result):
        is_routes_fault = result.route_down and not queue.is_debug
        # a provider that is too slow for the route does not exhaust its messages
        if is_routes_fault or result.is_throttled or claimed.tries < queue.max_attempts:
            delay = get_retry_after(result) or retry_delay(
                claimed.tries, seed=claimed.id
            )
            return {"state": "queued", "not_before": clock.after(delay)}
        if claimed.maybe_sent:
            return self._make_maybe_sent(claimed)
        return {"state": "failed", "failure_type": "attempts_exhausted"}

    def _make_maybe_sent(self, claimed):
        attempt = claimed.request.attempt
        delay = None if claimed.skip else reconcile_delay(attempt - 1)
        return {
            "state": "unknown",
            "maybe_sent": True,
            "next_check_at": clock.after(delay),
        }

    def _log_answers(self, by_queue):
        for queue, answers in by_queue:
            counts = Counter(result.outcome for _claimed, result in answers)
            for outcome, count in counts.items():
                _logger.info("Route %d: %d %s", queue.route_id, count, outcome.value)

    def _stop_routes(self, by_queue):
        """Pause routes that are down; what was answered by others goes to their
        breakers. What waits on a route that stops moves, if messages of policies do."""
        for queue, answers in by_queue:
            theirs = [one for one in answers if not one[0].skip]
            if queue.is_debug or not theirs:
                continue
            had_stopped = queue.has_stopped
            reasons = (result.route_down for _claimed, result in theirs)
            if reason := next(filter(None, reasons), None):
                self._pause(queue, reason)
            else:
                self.env["sms.gateway.breaker"]._take_in(queue, theirs)
            has_policy = any(claimed.has_policy for claimed, _result in theirs)
            if has_policy and queue.has_stopped and not had_stopped:
                self.env["sms.gateway.failover"]._move_singles(queue.route_id)

    def _pause(self, queue, reason):
        if queue.is_down:
            return
        queue.is_down = reason
        transactions.begin(self.env)
        route = self.env["sms.gateway.route"].browse(queue.route_id)
        self.env["sms.gateway.route.pause"]._pause(route, reason)
        transactions.commit(self.env)


def _group(answers):
    """Answers by the queue of their messages: list of (`RouteQueue`, list of
    (`Claimed`, `SubmitResult`))."""
    groups, last = {}, None
    for queue, claimed, result in answers:
        if queue is not last:
            _queue, pairs = groups.setdefault(id(queue), (queue, []))
            last = queue
        pairs.append((claimed, result))
    return list(groups.values())


def get_retry_after(result):
    """Seconds that a provider asks to wait, None for none."""
    return result.retry_after and min(result.retry_after, MAX_RETRY_AFTER)


def _as_unknown(change):
    """The change of a message whose answer could not be kept."""
    return StateChange(
        id=change.id,
        attempt=change.attempt,
        route_id=change.route_id,
        state="unknown",
        source=change.source,
        maybe_sent=True,
        next_check_at=clock.after(reconcile_delay(0)),
    )
