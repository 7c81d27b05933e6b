"""Reconciliation: finds the outcome of messages whose submit had no answer."""

import contextlib
import time
from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...providers.types import DeliveryStatus
from ...tools.backoff import reconcile_delay
from ..common import clock, transactions
from ..sending.provider_values import make_request
from ..sending.sms_gateway_state_change import StateChange
from .sms_gateway_status_poll import is_of_account


class Attempt(NamedTuple):
    """The last attempt of a message without an answer: when it was claimed, and when
    nobody waited for an answer any more. Between the two its call began."""

    began_at: datetime | None = None
    given_up_at: datetime | None = None

    def ended_before(self, moment):
        """Whether its call cannot have begun since a moment."""
        return bool(self.given_up_at) and self.given_up_at <= moment


class SmsGatewayReconciliation(models.AbstractModel):
    """Reconciles unknown messages: looks them up at the provider, or hands them over
    again where the provider recognizes a repetition."""

    _name = "sms.gateway.reconciliation"
    _description = "SMS Gateway Reconciliation"

    @api.model
    def _cron_recover(self):
        """Make the messages of lost workers unknown, then reconcile."""
        deadline = transactions.get_deadline(self.env)
        transactions.begin(self.env)
        while self.env["sms.gateway.state.change"]._recover_leases():
            transactions.begin(self.env)
        if not self.env["sms.gateway.hold"]._is_held():
            self._reconcile(deadline)
        self.env["sms.gateway.statistic.change"]._fold_apart()
        self.env["sms.gateway.health.notification"]._notify_after_cron()

    @api.model
    def _reconcile(self, deadline):
        """Reconcile unknown messages that are due.

        Routes take turns: a provider that does not answer delays the others by one
        call.

        :param deadline: of the monotonic clock; the rest waits for the next run
        """
        due = self.env["sms.gateway.status.poll"]._find_due("unknown")
        while due:
            due = [target for target in due if self._reconcile_route(*target)]
            if time.monotonic() >= deadline:
                break

    def _reconcile_route(self, route, is_debug):
        """:return: the number of messages that were asked for, or left to a person"""
        polls = self.env["sms.gateway.status.poll"]
        with contextlib.closing(route._make_provider(is_debug=is_debug)) as provider:
            limit = provider.max_batch
            if provider.can_look_up:
                limit = provider.capabilities.max_lookup
            rows = polls._claim_due(route, is_debug, "unknown", limit, reconcile_delay)
            # Another account has never seen these: its "not found" proves nothing.
            self._end_checking([r for r in rows if not is_of_account(r, provider)])
            ours = [row for row in rows if is_of_account(row, provider)]
            self._ask_about(route, provider, ours)
            return len(rows)

    def _ask_about(self, route, provider, rows):
        if provider.can_look_up:
            self._look_up(route, provider, rows)
        elif provider.is_idempotent:
            over = [row for row in rows if row["is_over"] or row["may_have_left"]]
            self._queue_again(route, [row for row in rows if row not in over])
            self._end_checking(over)
        else:
            self._end_checking(rows)

    def _look_up(self, route, provider, rows):
        """Look messages up at the provider, and apply what it knows."""
        excluded = provider.capabilities.lookup_excludes
        self._end_checking([row for row in rows if row["channel"] in excluded])
        rows = [row for row in rows if row["channel"] not in excluded]
        if not rows:
            return
        attempts = self._find_attempts(rows)
        requests = [make_request(row, attempts[row["id"]].began_at) for row in rows]
        found = self.env["sms.gateway.status.poll"]._call(
            route, lambda: list(zip(rows, provider.lookup(requests), strict=True))
        )
        pairs, unseen = self._choose(route, found)
        self.env["sms.gateway.status.poll"]._apply_statuses(provider, pairs, "lookup")
        self._queue_unseen(route, provider, unseen, attempts)

    def _find_attempts(self, rows):
        """:return: dict of message id → `Attempt`"""
        found = self.env.execute_query(
            SQL(
                """
                SELECT message_id,
                       max(occurred_at) FILTER (WHERE kind = 'submitting'),
                       max(recorded_at) FILTER (WHERE kind = 'unknown')
                  FROM sms_gateway_event
                 WHERE message_id IN %s AND kind IN ('submitting', 'unknown')
              GROUP BY message_id
                """,
                tuple(row["id"] for row in rows),
            )
        )
        nothing = dict.fromkeys([row["id"] for row in rows], Attempt())
        return nothing | {message_id: Attempt(*at) for message_id, *at in found}

    def _choose(self, route, found):
        """Match the provider's messages with ours.

        A provider that does not know our reference is asked for the same text to the
        same number: a message of another row is not ours, and of several candidates
        none is chosen.

        :param found: pairs of (row, candidates)
        :return: pairs of (row, report), and the rows that the provider has not seen
        """
        owners = self._find_owners(route, found)
        pairs, unseen = [], []
        for row, candidates in found:
            free = [
                report
                for report in candidates
                if report.status is not DeliveryStatus.NOT_FOUND
                and owners.get(_identify(row, report), row["id"]) == row["id"]
            ]
            if len(free) == 1:
                pairs.append((row, free[0]))
                if free[0].provider_reference:
                    owners[_identify(row, free[0])] = row["id"]
            elif not free:
                unseen.append(row)
        return pairs, unseen

    def _find_owners(self, route, found):
        """:return: dict of (provider reference, number) → id of the message that has
        it, or had it before it took another route"""
        references = {
            report.provider_reference
            for _row, candidates in found
            for report in candidates
        }
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.provider_reference, m.msisdn, m.id
                  FROM sms_gateway_attempt a
                  JOIN sms_gateway_message m ON m.id = a.message_id
                 WHERE a.provider_reference = ANY(%(references)s)
                   AND a.route_id = %(route_id)s
                 UNION ALL
                SELECT provider_reference, msisdn, id FROM sms_gateway_message
                 WHERE provider_reference = ANY(%(references)s)
                   AND route_id = %(route_id)s
                """,
                references=list(references - {None}),
                route_id=route.id,
            )
        )
        return {(reference, msisdn): row_id for reference, msisdn, row_id in rows}

    def _queue_unseen(self, route, provider, rows, attempts):
        """Queue again what the provider has not seen for as long as its adapter
        demands; at once where the provider recognizes a repetition."""
        is_safe = provider.is_idempotent
        patience = 0 if is_safe else provider.capabilities.not_found_after
        if patience is None:
            return
        before = clock.now() - timedelta(seconds=patience)
        rows = [
            row
            for row in rows
            if attempts[row["id"]].ended_before(before) and not row["may_have_left"]
        ]
        if rows:
            self._queue_again(route, rows, maybe_sent=None if is_safe else False)

    def _queue_again(self, route, rows, *, maybe_sent=None):
        """Queue messages again that the provider has not seen, or whose repetition it
        recognizes. Excluded are messages of an archived route, and those that were
        handed over once more since the look-up.

        :param maybe_sent: False: nothing was handed over
        """
        transactions.begin(self.env)
        if not route._lock_active():
            self._end_checking(rows)
            return
        self.env["sms.gateway.state.change"]._set_state(
            [
                StateChange(
                    id=row["id"],
                    state="queued",
                    attempt=row["attempts"],
                    route_id=row["route_id"],
                    source="lookup",
                    not_before=clock.to_sql(clock.now()),
                    maybe_sent=maybe_sent,
                )
                for row in rows
            ]
        )
        self.env["sms.gateway.dispatcher"]._wake()
        transactions.commit(self.env)

    def _end_checking(self, rows):
        """Stop reconciling: a person decides."""
        if not rows:
            return
        transactions.begin(self.env)
        self.env.cr.execute(
            SQL(
                "UPDATE sms_gateway_message SET next_check_at = NULL WHERE id IN %s",
                tuple(row["id"] for row in rows),
            )
        )
        transactions.commit(self.env)


def _identify(row, report):
    """The key of a message at the provider."""
    return report.provider_reference, row["msisdn"]
