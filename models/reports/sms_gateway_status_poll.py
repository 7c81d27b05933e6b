"""Status polls: fetch the states of submitted messages from their providers."""

import logging
import time
from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ...providers.cleaning import trace
from ...providers.errors import ProviderError
from ...providers.types import DeliveryStatus, Outcome
from ...tools.backoff import poll_delay
from ..common import clock, transactions
from ..sending.provider_values import (
    MAX_REFERENCE,
    first_poll,
    make_request,
    tell_price,
)
from ..sending.queues import is_rested
from ..sending.sms_gateway_state_change import StateChange
from .status_values import STATE_OF_STATUS, as_naive, sql_time

_logger = logging.getLogger(__name__)

#: Seconds that a poll waits for the next message that is due.
POLL_SECONDS = 10
#: Calls for one route before the next route is polled.
POLLS_IN_TURN = 20


class SmsGatewayStatusPoll(models.AbstractModel):
    """Polls the statuses of submitted messages, route by route.

    `sms.gateway.reconciliation` uses the same methods for unknown messages.
    """

    _name = "sms.gateway.status.poll"
    _description = "SMS Gateway Status Poll"

    @api.model
    def _cron_poll(self, *, linger=POLL_SECONDS):
        """Poll the statuses of submitted messages that are due.

        :param linger: seconds to wait for messages that are due later
        """
        if self.env["sms.gateway.hold"]._is_held():
            return
        deadline = transactions.get_deadline(self.env)
        while True:
            due = self._find_due("submitted")
            asked = sum(self._poll_route(*target, deadline) for target in due)
            if asked:
                transactions.commit_progress(self.env, asked)
                self.env["sms.gateway.statistic.change"]._fold_apart()
            elif not self._wait_for_poll(deadline, linger):
                break
            if time.monotonic() >= deadline:
                break
        transactions.commit_progress(
            self.env, remaining=len(self._find_due("submitted"))
        )

    def _wait_for_poll(self, deadline, linger):
        """Sleep until the next message is due; False when that is too long."""
        transactions.begin(self.env)
        [(due,)] = self.env.execute_query(
            SQL(
                """SELECT min(head.next_poll_at)
                     FROM sms_gateway_route r
               CROSS JOIN (VALUES (TRUE), (FALSE)) AS d(is_debug)
               CROSS JOIN LATERAL (
                          SELECT next_poll_at FROM sms_gateway_message m
                           WHERE m.route_id = r.id AND m.is_debug = d.is_debug
                             AND m.state = 'submitted' AND m.next_poll_at IS NOT NULL
                        ORDER BY next_poll_at LIMIT 1) AS head
                    WHERE d.is_debug OR %s""",
                is_rested(),
            )
        )
        transactions.commit(self.env)
        seconds = (due - clock.now()).total_seconds() if due else None
        if seconds is None or seconds > linger:
            return False
        if time.monotonic() + seconds >= deadline:
            return False
        time.sleep(max(seconds, 0.05))
        return True

    def _find_due(self, state):
        """A route that rests after trouble is not asked either.

        :return: list of (route, is_debug) with messages that are due
        """
        transactions.begin(self.env)
        column = SQL.identifier(
            "next_poll_at" if state == "submitted" else "next_check_at"
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id, d.is_debug
                  FROM sms_gateway_route r
            CROSS JOIN (VALUES (TRUE), (FALSE)) AS d(is_debug)
            CROSS JOIN LATERAL (
                       SELECT FROM sms_gateway_message m
                        WHERE m.route_id = r.id AND m.is_debug = d.is_debug
                          AND m.state = %(state)s AND m.%(at)s <= %(now)s
                     ORDER BY m.%(at)s LIMIT 1) AS head
                 WHERE d.is_debug OR %(is_rested)s
              ORDER BY 1, 2
                """,
                state=state,
                at=column,
                now=clock.now(),
                is_rested=is_rested(),
            )
        )
        Route = self.env["sms.gateway.route"]
        return [(Route.browse(route_id), is_debug) for route_id, is_debug in rows]

    def _poll_route(self, route, is_debug, deadline):
        """Poll some batches of one route.

        :return: the number of messages polled
        """
        provider = route._make_provider(is_debug=is_debug)
        limit = provider.capabilities.max_poll
        count = 0
        try:
            for _turn in range(POLLS_IN_TURN):
                messages = self._claim_due(
                    route, is_debug, "submitted", limit, poll_delay
                )
                self._poll_messages(route, provider, messages)
                count += len(messages)
                if len(messages) < limit or time.monotonic() >= deadline:
                    break
        finally:
            provider.close()
        return count

    def _poll_messages(self, route, provider, messages):
        self._fetch_references(route, provider, [m for m in messages if not m["ref"]])
        asked = list({m["ref"]: None for m in messages if m["ref"]})
        if asked:
            reports = self._call(route, lambda: provider.poll(asked))
            self._apply_statuses(provider, _pair(messages, reports), "poll")

    def _call(self, route, request):
        """Call a provider; its failure must not stop the routes behind this one.

        :param request: function that calls it
        :return: what the provider answers, an empty list when it fails
        """
        try:
            return request()
        except ProviderError as error:
            _logger.warning("Route %s: no statuses: %s", route.id, error.message)
        except Exception as error:
            _logger.error("Route %s: the adapter failed: %s", route.id, trace(error))
        return []

    def _claim_due(self, route, is_debug, state, limit, get_delay):
        """Claim messages that are due, set when they are due next, and commit.

        Both before the provider is called: if the worker dies, the messages are polled
        again later, and two workers never poll the same message.

        :return: list of dicts with id, ref, the members of a `SubmitRequest`, and
            ``may_have_left``: the original of this database may have sent the message
            through another route
        """
        at = SQL.identifier("next_poll_at" if state == "submitted" else "next_check_at")
        count = SQL.identifier("poll_count" if state == "submitted" else "check_count")
        delays = [get_delay(number) for number in range(1, 200)]
        next_times = [clock.after(delay) for delay in delays]
        transactions.begin(self.env)
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH due AS (
                    SELECT id FROM sms_gateway_message
                     WHERE state = %(state)s AND route_id = %(route_id)s
                       AND is_debug = %(is_debug)s AND %(at)s <= %(now)s
                  ORDER BY %(at)s LIMIT %(limit)s
                       FOR NO KEY UPDATE SKIP LOCKED)
                UPDATE sms_gateway_message m
                   SET %(count)s = m.%(count)s + 1,
                       %(at)s = (%(times)s::timestamp[])[m.%(count)s + 1]
                  FROM due WHERE due.id = m.id
             RETURNING m.id, m.provider_reference AS ref, m.uuid, m.client_reference,
                       m.msisdn, COALESCE(m.secret_text, m.text) AS text, m.channel,
                       m.attempts, m.expires_at, m.account_key, m.route_id,
                       COALESCE(m.expires_at <= %(now)s, FALSE) AS is_over,
                       m.step_id IS NOT NULL AND m.accepted_at <= %(end_of_doubt)s
                         AS may_have_left
                """,
                state=state,
                route_id=route.id,
                is_debug=is_debug,
                at=at,
                count=count,
                times=next_times,
                limit=limit,
                now=clock.now(),
                end_of_doubt=self.env["sms.gateway.hold"]._get_end_of_doubt(),
            )
        )
        transactions.commit(self.env)
        return rows

    def _apply_statuses(self, provider, pairs, source):
        """Apply statuses that were polled or looked up.

        :param pairs: list of (row of `_claim_due`, `StatusUpdate`)
        """
        transactions.begin(self.env)
        changes = [
            StateChange(
                id=row["id"],
                route_id=row["route_id"],
                state=STATE_OF_STATUS[report.status],
                source=source,
                failure_type=report.failure_type,
                code=report.code,
                detail=report.message,
                provider_reference=report.provider_reference,
                segments=report.segments,
                **tell_price(report.price),
                next_poll_at=first_poll(provider),
                occurred_at=sql_time(report.occurred_at),
            )
            for row, report in pairs
            if report.status in STATE_OF_STATUS
        ]
        self.env["sms.gateway.state.change"]._set_state(changes)
        self._end_polling(
            [(row, r) for row, r in pairs if r.status is DeliveryStatus.UNKNOWABLE]
        )
        transactions.commit(self.env)

    def _end_polling(self, pairs):
        """Stop polling messages of which the provider will never know more."""
        if not pairs:
            return
        ids = [row["id"] for row, _report in pairs]
        self.env.cr.execute(
            SQL(
                "UPDATE sms_gateway_message SET next_poll_at = NULL WHERE id IN %s",
                tuple(ids),
            )
        )
        messages = self.env["sms.gateway.message"].browse(ids)
        self.env["sms.gateway.event"].create(
            [
                {
                    "message_id": message.id,
                    "company_id": message.company_id.id,
                    "route_id": message.route_id.id,
                    "kind": "report",
                    "source": "poll",
                    "occurred_at": as_naive(report.occurred_at) or clock.this_second(),
                    "recorded_at": clock.this_second(),
                    "code": report.code,
                    "detail": report.message,
                }
                for message, (_row, report) in zip(messages, pairs, strict=True)
            ]
        )

    def _take_tokens(self, route, wanted):
        """Take tokens of the route's rate limit, and commit.

        :return: how many messages may be handed over
        """
        transactions.begin(self.env)
        limits = self.env["sms.gateway.rate.limit"]
        count = limits._take_for_route(route.id, wanted)
        transactions.commit(self.env)
        return count

    def _fetch_references(self, route, provider, rows):
        """Fetch the references of messages that were accepted without one: submit them
        again.

        That is safe where the provider recognizes our reference, in the same account
        and before the validity period ends.
        """
        rows = [
            row for row in rows if not row["is_over"] and is_of_account(row, provider)
        ]
        if not rows or not provider.is_idempotent:
            return
        # Without a token a message is asked for again at its next poll.
        rows = rows[: self._take_tokens(route, len(rows))]
        results = []
        for start in range(0, len(rows), provider.max_batch):
            batch = rows[start : start + provider.max_batch]
            results += provider.submit([make_request(row) for row in batch])
        references = [
            (row["id"], result.provider_reference)
            for row, result in zip(rows, results, strict=True)
            if result.outcome is Outcome.ACCEPTED
            and 0 < len(result.provider_reference or "") <= MAX_REFERENCE
        ]
        transactions.begin(self.env)
        for reason in {result.route_down for result in results} - {None}:
            self.env["sms.gateway.route.pause"]._pause(route, reason)
        for message_id, reference in references:
            self.env.cr.execute(
                SQL(
                    """UPDATE sms_gateway_message
                          SET provider_reference = %s, next_poll_at = %s
                        WHERE id = %s AND provider_reference IS NULL
                          AND route_id = %s""",
                    reference,
                    clock.after(poll_delay(0)),
                    message_id,
                    route.id,
                )
            )
        transactions.commit(self.env)


def _pair(rows, reports):
    """Reports with the rows they refer to; one reference may cover several numbers."""
    found = defaultdict(list)
    for row in rows:
        found[row["ref"]].append(row)
    return [
        (row, report)
        for report in reports
        if report.provider_reference
        for row in found[report.provider_reference]
        if report.msisdn in (None, row["msisdn"])
    ]


def is_of_account(row, provider):
    """Whether a message was handed to the account that a provider calls. Messages of
    earlier releases have no account.

    :param row: dict with the message's ``account_key``
    """
    return row["account_key"] in (None, provider.account_key)
