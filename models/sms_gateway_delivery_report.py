"""Delivery reports: pushed by providers, polled from them, asked for by reference."""

import contextlib
import logging
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..providers.cleaning import trace
from ..providers.errors import ProviderError
from ..providers.types import DeliveryStatus, Outcome
from ..tools.backoff import poll_delay, reconcile_delay
from . import clock
from .copied_many2one import CopiedMany2one
from .reasons import name_failure, say_words
from .rows import select_rows
from .sms_gateway_message import (
    MAX_REFERENCE,
    StateChange,
    after,
    first_poll,
    make_request,
    storable,
    tell_price,
    to_sql,
)

_logger = logging.getLogger(__name__)

#: A poll cron waits for messages whose turn comes within so many seconds.
POLL_SECONDS = 10
#: Calls for one route before the next route has its turn.
POLLS_IN_TURN = 20
#: A report that overtakes the answer to its submit does so by less than this; lanes,
#: which leave every few seconds, look for no older ones.
FRESH = timedelta(minutes=15)
#: Reports of messages that never turned up are kept so long.
KEEP_UNMATCHED = timedelta(days=3)
#: Of a push that nobody understands so many bytes are kept.
MAX_UNREADABLE = 64 * 1024
#: Reports that are done with are kept so long.
KEEP_REPORTS = timedelta(days=90)

#: The message that each row of ``r`` speaks of: by our reference, or else the youngest
#: by the provider's, which may cover several numbers and come again after years. Each
#: half is joined by one index, or not at all where no row has such a reference.
SPOKEN_OF = SQL(
    """
    SELECT DISTINCT ON (number) number, id, state FROM (
           SELECT r.number, m.id, m.state, FALSE AS is_ours
             FROM r JOIN sms_gateway_message m
               ON m.route_id = r.route_id AND NOT m.is_debug
              AND m.provider_reference = r.provider_reference
              AND (r.msisdn IS NULL OR m.msisdn = r.msisdn)
            WHERE r.provider_reference IS NOT NULL
            UNION ALL
           SELECT r.number, m.id, m.state, TRUE
             FROM r JOIN sms_gateway_message m
               ON m.route_id = r.route_id AND NOT m.is_debug AND m.uuid = r.uuid
            WHERE r.uuid IS NOT NULL) AS m
  ORDER BY number, is_ours DESC, id DESC
    """
)

STATE_OF_STATUS = {
    DeliveryStatus.ACCEPTED: "submitted",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.EXPIRED: "expired",
}
STATE_OF_WORD = {status.value: state for status, state in STATE_OF_STATUS.items()}
#: Columns of a pushed report as PostgreSQL takes them.
COLUMN_TYPES = {
    "provider_reference": "varchar",
    "uuid": "varchar",
    "msisdn": "varchar",
    "route_id": "int",
    "company_id": "int",
    "received_at": "timestamp",
    "status": "varchar",
    "failure_type": "varchar",
    "code": "varchar",
    "detail": "varchar",
    "segments": "int",
    "price": "numeric",
    "price_currency": "varchar",
    "occurred_at": "timestamp",
    "raw": "text",
    "state": "varchar",
    "message_id": "int",
}
#: What a message is recognised by, as PostgreSQL takes it.
KEY_TYPES = {
    "number": "int",
    "route_id": "int",
    "provider_reference": "varchar",
    "uuid": "varchar",
    "msisdn": "varchar",
}


class Attempt(NamedTuple):
    """The last attempt of a message without an answer: when it was claimed, and when
    nobody waited for an answer any more. Between the two its call began."""

    began_at: datetime | None = None
    given_up_at: datetime | None = None

    def ended_before(self, moment):
        """Whether its call cannot have begun since a moment."""
        return bool(self.given_up_at) and self.given_up_at <= moment


class SmsGatewayDeliveryReport(models.Model):
    """A pushed report as it came, and what was made of it.

    A report may come before the answer to the submit that it speaks of: it is kept and
    applied as soon as a message owns its reference.
    """

    _name = "sms.gateway.delivery.report"
    _description = "SMS Gateway Delivery Report"
    _order = "received_at desc, id desc"
    _rec_name = "provider_reference"
    _log_access = False

    route_id = CopiedMany2one("sms.gateway.route", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", readonly=True)
    received_at = fields.Datetime("Received", required=True, readonly=True)
    state = fields.Selection(
        [
            ("kept", "Waiting for its message"),
            ("applied", "Applied"),
            ("ignored", "Without effect"),
            ("unmatched", "Without a message"),
            ("unreadable", "Unreadable"),
        ],
        required=True,
        readonly=True,
        default="kept",
    )
    message_id = CopiedMany2one(
        "sms.gateway.message", readonly=True, index="btree_not_null"
    )
    provider_reference = fields.Char(readonly=True)
    uuid = fields.Char("Our reference", readonly=True)
    msisdn = fields.Char("MSISDN", readonly=True)
    status = fields.Char(readonly=True)
    failure_type = fields.Char(readonly=True)
    code = fields.Char("Raw code", readonly=True)
    detail = fields.Char(readonly=True)
    failure_reason = fields.Char("Failure", compute="_compute_words")
    words = fields.Char("Details", compute="_compute_words")
    segments = fields.Integer(readonly=True)
    price = fields.Float(digits=(16, 6), readonly=True, aggregator=None)
    price_currency = fields.Char("Currency", readonly=True)
    occurred_at = fields.Datetime("Time", readonly=True)
    raw = fields.Text("As received", readonly=True)

    _kept_index = models.Index("(received_at, id) WHERE state = 'kept'")
    _trouble_index = models.Index("(id) WHERE state IN ('unmatched', 'unreadable')")
    _received_index = models.Index("(received_at, id)")

    # === COMPUTES ===
    @api.depends("failure_type", "detail")
    @api.depends_context("lang")
    def _compute_words(self):
        for report in self:
            report.failure_reason = name_failure(self.env, report.failure_type)
            report.words = say_words(self.env, report.detail)

    # === PUSH ===
    @api.model
    def _keep_unreadable(self, route, body, reason):
        """Keep a push that nobody understands, for a person to look at."""
        text = body[:MAX_UNREADABLE].decode("utf-8", "replace").replace("\0", "\ufffd")
        with contextlib.closing(route._make_provider()) as provider:
            text = provider.redact(text)
        return self.create(
            {
                "route_id": route.id,
                "company_id": route.company_id.id,
                "received_at": clock.this_second(),
                "state": "unreadable",
                "detail": reason,
                "raw": text,
            }
        )

    # === APPLY ===
    @api.model
    def _take(self, route, reports):
        """Apply reports and keep them; those without a message wait for it.

        :param reports: list of `providers.types.DeliveryReport`
        """
        if not reports:
            return
        common = {
            "route_id": route.id,
            "company_id": route.company_id.id,
            "received_at": to_sql(clock.now()),
            "state": "kept",
            "message_id": None,
        }
        rows = [
            storable({"number": number, **common, **_get_columns(report)})
            for number, report in enumerate(reports)
        ]
        poll_at = first_poll(route._get_provider_class())
        outcomes = self._apply(rows, self._match_pushed(rows), {route.id: poll_at})
        for row in rows:
            row.update(outcomes.get(row["number"], {}))
        self._insert(rows)

    def _match_pushed(self, rows):
        """:return: dict of the rows' number → message id"""
        keys = list(map(itemgetter(*KEY_TYPES), rows))
        found = self.env.execute_query(
            SQL("WITH r AS (%s) %s", select_rows(KEY_TYPES, keys), SPOKEN_OF)
        )
        return {number: message_id for number, message_id, _state in found}

    def _insert(self, rows):
        values = list(map(itemgetter(*COLUMN_TYPES), rows))
        self.env.cr.execute(
            SQL(
                "INSERT INTO sms_gateway_delivery_report (%s) %s",
                SQL(", ").join(map(SQL.identifier, COLUMN_TYPES)),
                select_rows(COLUMN_TYPES, values),
            )
        )

    def _apply(self, rows, found, polls):
        """Move the messages that reports speak of.

        :param rows: list of dicts, each with a ``number`` and the columns of a report
        :param found: dict of number → message id
        :param polls: dict of route id → when what is submitted is asked for next
        :return: dict of number → what is to be kept with the report; a report whose
            message is not that far yet waits, like one that has none
        """
        changes = {
            row["number"]: self._make_change(row, found[row["number"]], polls)
            for row in rows
            if row["number"] in found
        }
        wanted = [change for change in changes.values() if change]
        verdicts = self.env["sms.gateway.message"]._set_state(wanted)
        waiting = self._find_unfinished(verdicts["refused"])
        moved = {id(change) for change in verdicts["moved"]}
        return {
            number: {
                "message_id": found[number],
                "state": "applied" if id(change) in moved else "ignored",
            }
            for number, change in changes.items()
            if not change or change.id not in waiting or id(change) in moved
        }

    def _find_unfinished(self, changes):
        """Messages that refused a report only because they are not that far yet."""
        messages = self.env["sms.gateway.message"].browse(c.id for c in changes)
        return set(messages.filtered(lambda m: m.state in ("queued", "submitting")).ids)

    def _make_change(self, row, message_id, polls):
        state = STATE_OF_WORD.get(row["status"])
        if state is None:
            return None
        return StateChange(
            id=message_id,
            state=state,
            source="push",
            failure_type=row["failure_type"],
            code=row["code"] or "",
            detail=row["detail"] or "",
            provider_reference=row["provider_reference"],
            segments=row["segments"],
            price=row["price"] and str(row["price"]),
            price_currency=row["price_currency"],
            next_poll_at=polls[row["route_id"]] if state == "submitted" else None,
            occurred_at=row["occurred_at"] and str(row["occurred_at"]),
        )

    # === POLL ===
    @api.model
    def _cron_poll(self, *, linger=POLL_SECONDS):
        """Ask providers for the statuses of submitted messages whose turn has come.

        :param linger: seconds to wait for messages whose turn has not come yet
        """
        if self.env["sms.gateway.hold"]._is_held():
            return
        dispatcher = self.env["sms.gateway.dispatcher"]
        deadline = dispatcher._get_deadline()
        while True:
            due = self._find_due("submitted")
            asked = sum(self._poll_route(*unit, deadline) for unit in due)
            if asked:
                dispatcher._commit_progress(asked)
                dispatcher._fold()
            elif not self._wait_for_poll(deadline, linger):
                break
            if time.monotonic() >= deadline:
                break
        dispatcher._commit_progress(remaining=len(self._find_due("submitted")))

    def _wait_for_poll(self, deadline, linger):
        """Sleep until the next message is due; False when that is too long."""
        self.env["sms.gateway.dispatcher"]._begin()
        [(due,)] = self.env.execute_query(
            SQL(
                """SELECT min(head.next_poll_at)
                     FROM sms_gateway_route r
               CROSS JOIN (VALUES (TRUE), (FALSE)) AS d(is_debug)
               CROSS JOIN LATERAL (
                          SELECT next_poll_at FROM sms_gateway_message m
                           WHERE m.route_id = r.id AND m.is_debug = d.is_debug
                             AND m.state = 'submitted' AND m.next_poll_at IS NOT NULL
                        ORDER BY next_poll_at LIMIT 1) AS head"""
            )
        )
        self.env["sms.gateway.dispatcher"]._commit()
        seconds = (due - clock.now()).total_seconds() if due else None
        if seconds is None or seconds > linger:
            return False
        if time.monotonic() + seconds >= deadline:
            return False
        time.sleep(max(seconds, 0.05))
        return True

    def _find_due(self, state):
        """:return: list of (route, is_debug) with messages to ask for"""
        self.env["sms.gateway.dispatcher"]._begin()
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
              ORDER BY 1, 2
                """,
                state=state,
                at=column,
                now=clock.now(),
            )
        )
        Route = self.env["sms.gateway.route"]
        return [(Route.browse(route_id), is_debug) for route_id, is_debug in rows]

    def _poll_route(self, route, is_debug, deadline):
        """Ask for some batches of one route, then the next route has its turn.

        :return: the number of messages asked for
        """
        provider = route._make_provider(is_debug=is_debug)
        limit = provider.capabilities.max_poll
        count = 0
        try:
            for _turn in range(POLLS_IN_TURN):
                messages = self._take_due(
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
            reports = self._ask(route, lambda: provider.poll(asked))
            self._apply_asked(provider, _pair(messages, reports), "poll")

    def _ask(self, route, question):
        """Ask a provider; no answer must stop the routes behind this one.

        :return: what the provider answers, nothing when it fails
        """
        try:
            return question()
        except ProviderError as error:
            _logger.warning("Route %s: no statuses: %s", route.id, error.message)
        except Exception as error:
            _logger.error("Route %s: the adapter failed: %s", route.id, trace(error))
        return []

    def _take_due(self, route, is_debug, state, limit, get_delay):
        """Take messages whose turn has come and set their next turn, then commit.

        The next turn is set before anybody is asked: when the worker dies, the
        question is asked again later, and two workers never ask for the same message.

        :return: list of dicts with id, ref and the members of a `SubmitRequest`
        """
        at = SQL.identifier("next_poll_at" if state == "submitted" else "next_check_at")
        count = SQL.identifier("poll_count" if state == "submitted" else "check_count")
        delays = [get_delay(number) for number in range(1, 200)]
        next_turns = [after(delay) for delay in delays]
        self.env["sms.gateway.dispatcher"]._begin()
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
                       %(at)s = (%(turns)s::timestamp[])[m.%(count)s + 1]
                  FROM due WHERE due.id = m.id
             RETURNING m.id, m.provider_reference AS ref, m.uuid, m.client_reference,
                       m.msisdn, COALESCE(m.secret_text, m.text) AS text, m.channel,
                       m.attempts, m.expires_at, m.is_untraceable,
                       COALESCE(m.expires_at <= %(now)s, FALSE) AS is_over
                """,
                state=state,
                route_id=route.id,
                is_debug=is_debug,
                at=at,
                count=count,
                turns=next_turns,
                limit=limit,
                now=clock.now(),
            )
        )
        self.env["sms.gateway.dispatcher"]._commit()
        return rows

    def _apply_asked(self, provider, pairs, source):
        """Apply answers to questions of ours.

        :param pairs: list of (row of `_take_due`, `DeliveryReport`)
        """
        self.env["sms.gateway.dispatcher"]._begin()
        changes = [
            StateChange(
                id=row["id"],
                state=STATE_OF_STATUS[report.status],
                source=source,
                failure_type=report.failure_type,
                code=report.code,
                detail=report.message,
                provider_reference=report.provider_reference,
                segments=report.segments,
                **tell_price(report.price),
                next_poll_at=first_poll(provider),
                occurred_at=_sql_time(report.occurred_at),
            )
            for row, report in pairs
            if report.status in STATE_OF_STATUS
        ]
        self.env["sms.gateway.message"]._set_state(changes)
        self._end_polling(
            [(row, r) for row, r in pairs if r.status is DeliveryStatus.UNKNOWABLE]
        )
        self.env["sms.gateway.dispatcher"]._commit()

    def _end_polling(self, pairs):
        """The provider will never know more: stop asking, keep the story."""
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
                    "occurred_at": _naive(report.occurred_at) or clock.this_second(),
                    "recorded_at": clock.this_second(),
                    "code": report.code,
                    "detail": report.message,
                }
                for message, (_row, report) in zip(messages, pairs, strict=True)
            ]
        )

    def _fetch_references(self, route, provider, rows):
        """Learn the references of messages that were accepted without one.

        Submitting them again is safe only where the provider knows our reference; after
        the time to live it would be wrong even there.
        """
        rows = [row for row in rows if not row["is_over"]]
        dispatcher = self.env["sms.gateway.dispatcher"]
        if not rows or not provider.is_idempotent:
            return
        if dispatcher._get_pace(route.id) is None:
            return
        dispatcher._commit()
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
        dispatcher._begin()
        for reason in {result.route_down for result in results} - {None}:
            route._pause(reason)
        for message_id, reference in references:
            self.env.cr.execute(
                SQL(
                    """UPDATE sms_gateway_message
                          SET provider_reference = %s, next_poll_at = %s
                        WHERE id = %s AND provider_reference IS NULL""",
                    reference,
                    after(poll_delay(0)),
                    message_id,
                )
            )
        dispatcher._commit()

    # === RECONCILE ===
    @api.model
    def _reconcile(self, deadline):
        """Find out what became of unknown messages whose turn has come.

        Every route has its turn before one has the next: a provider that does not
        answer holds back the others for one call.

        :param deadline: of the monotonic clock; the rest waits for the next run
        """
        due = self._find_due("unknown")
        while due:
            due = [unit for unit in due if self._reconcile_route(*unit)]
            if time.monotonic() >= deadline:
                break

    def _reconcile_route(self, route, is_debug):
        provider = route._make_provider(is_debug=is_debug)
        try:
            can_look_up = provider.can_look_up
            size = provider.max_batch
            limit = provider.capabilities.max_lookup if can_look_up else size
            rows = self._take_due(route, is_debug, "unknown", limit, reconcile_delay)
            if can_look_up:
                self._look_up(route, provider, rows)
            elif provider.is_idempotent:
                self._queue_again(route, [row for row in rows if not row["is_over"]])
                self._end_checking([row for row in rows if row["is_over"]])
            else:
                self._end_checking(rows)
            return len(rows)
        finally:
            provider.close()

    def _look_up(self, route, provider, rows):
        """Ask the provider what became of messages without an answer.

        What was handed over in a way that a look-up misses is not asked for: "not
        found" would be no proof, and the message would be sent twice. The claim has
        kept that with the message, whatever the settings of the route are by now.
        """
        excluded = provider.capabilities.lookup_excludes
        missed = [
            row for row in rows if row["is_untraceable"] or row["channel"] in excluded
        ]
        self._end_checking(missed)
        rows = [row for row in rows if row not in missed]
        if not rows:
            return
        attempts = self._find_attempts(rows)
        requests = [make_request(row, attempts[row["id"]].began_at) for row in rows]
        found = self._ask(
            route, lambda: list(zip(rows, provider.lookup(requests), strict=True))
        )
        pairs, unseen = self._choose(route, found)
        self._apply_asked(provider, pairs, "lookup")
        self._believe_unseen(route, provider, unseen, attempts)

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
        """Find out which of the provider's messages are ours.

        Where it does not know our reference, it is asked for the same text to the same
        number: what another message owns is not ours, and of several nobody chooses.

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
        it"""
        references = {
            report.provider_reference
            for _row, candidates in found
            for report in candidates
        }
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider_reference, msisdn, id FROM sms_gateway_message
                 WHERE provider_reference = ANY(%s) AND route_id = %s
                """,
                list(references - {None}),
                route.id,
            )
        )
        return {(reference, msisdn): row_id for reference, msisdn, row_id in rows}

    def _believe_unseen(self, route, provider, rows, attempts):
        """Hand over again what the provider has not seen for as long as its
        documentation or caution demands; at once where it recognises a repetition."""
        is_safe = provider.is_idempotent
        patience = 0 if is_safe else provider.capabilities.not_found_after
        if patience is None:
            return
        before = clock.now() - timedelta(seconds=patience)
        rows = [row for row in rows if attempts[row["id"]].ended_before(before)]
        if rows:
            self._queue_again(route, rows, maybe_sent=None if is_safe else False)

    def _queue_again(self, route, rows, *, maybe_sent=None):
        """Let messages be handed over again: the provider recognises our reference, or
        has not seen them. Nobody hands over what waits on an archived route, or what
        was handed over once more since the question was asked.

        :param maybe_sent: False: nothing was handed over
        """
        self.env["sms.gateway.dispatcher"]._begin()
        if not route._lock_active():
            self._end_checking(rows)
            return
        self.env["sms.gateway.message"]._set_state(
            [
                StateChange(
                    id=row["id"],
                    state="queued",
                    attempt=row["attempts"],
                    source="lookup",
                    not_before=to_sql(clock.now()),
                    maybe_sent=maybe_sent,
                )
                for row in rows
            ]
        )
        self.env["sms.gateway.dispatcher"]._wake()
        self.env["sms.gateway.dispatcher"]._commit()

    def _end_checking(self, rows):
        """Nothing and nobody can be asked: a person decides."""
        if not rows:
            return
        self.env["sms.gateway.dispatcher"]._begin()
        self.env.cr.execute(
            SQL(
                "UPDATE sms_gateway_message SET next_check_at = NULL WHERE id IN %s",
                tuple(row["id"] for row in rows),
            )
        )
        self.env["sms.gateway.dispatcher"]._commit()

    # === KEPT REPORTS ===
    @api.model
    def _apply_kept(self, max_age=None, limit=5000):
        """Apply kept reports whose message is known and handed over meanwhile.

        A gate whose account others use too tells of their messages as well, so that
        hundreds of thousands may be kept that nobody will ever ask for.

        :param max_age: of the reports that are looked at
        """
        since = clock.now() - max_age if max_age else datetime.min
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH r AS (
                    SELECT id AS number, route_id, provider_reference, uuid, msisdn
                      FROM sms_gateway_delivery_report
                     WHERE state = 'kept' AND received_at >= %s
                ), spoken_of AS (%s)
                SELECT r.*, r.id AS number, m.id AS found
                  FROM sms_gateway_delivery_report r
                  JOIN spoken_of m ON m.number = r.id
                 WHERE r.state = 'kept' AND m.state NOT IN ('queued', 'submitting')
              ORDER BY r.id LIMIT %s FOR NO KEY UPDATE OF r SKIP LOCKED
                """,
                since,
                SPOKEN_OF,
                limit,
            )
        )
        routes = self.env["sms.gateway.route"].browse({r["route_id"] for r in rows})
        polls = {route.id: first_poll(route._get_provider_class()) for route in routes}
        found = {row["number"]: row["found"] for row in rows}
        outcomes = self._apply(rows, found, polls)
        self._note_outcomes(outcomes)

    def _note_outcomes(self, outcomes):
        if not outcomes:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_delivery_report r
                   SET state = o.state, message_id = o.message_id
                  FROM (%s) AS o
                 WHERE r.id = o.id
                """,
                select_rows(
                    {"id": "int", "message_id": "int", "state": "varchar"},
                    [(number, *values.values()) for number, values in outcomes.items()],
                ),
            )
        )
        self.invalidate_model(["state", "message_id"])

    @api.model
    def _cron_apply_kept(self):
        """Apply kept reports, and give up those that nobody will ever ask for."""
        dispatcher = self.env["sms.gateway.dispatcher"]
        dispatcher._begin()
        self._apply_kept()
        oldest = fields.Datetime.now() - KEEP_UNMATCHED
        self.search(
            [("state", "=", "kept"), ("received_at", "<", oldest)], limit=5000
        ).write({"state": "unmatched"})
        dispatcher._fold()

    @api.autovacuum
    def _gc_reports(self, limit=50_000):
        """What a report changed stands in its message's story; the report itself is
        kept for a while, for questions to the provider."""
        oldest = fields.Datetime.now() - KEEP_REPORTS
        count = self._forget_before(oldest, limit)
        return count, int(count == limit)

    @api.model
    def _forget_before(self, oldest, limit):
        """:return: the number of reports that are gone"""
        domain = [("state", "!=", "kept"), ("received_at", "<", oldest)]
        reports = self.search(domain, limit=limit, order="received_at")
        reports.unlink()
        return len(reports)


def _identify(row, report):
    """What a message at the provider is known by: a reference may cover several
    numbers."""
    return report.provider_reference, row["msisdn"]


def _pair(rows, reports):
    """Reports with the rows they speak of; one reference may cover several numbers."""
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


def _get_columns(report):
    """What a provider said, by the columns it is kept in."""
    return {
        "provider_reference": report.provider_reference,
        "uuid": report.uuid,
        "msisdn": report.msisdn,
        "status": report.status.value,
        "failure_type": report.failure_type,
        "code": report.code,
        "detail": report.message,
        "segments": report.segments,
        **tell_price(report.price),
        "occurred_at": _sql_time(report.occurred_at),
        "raw": report.raw,
    }


def _naive(moment):
    """An aware time as the naive UTC time Odoo keeps."""
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)


@lru_cache(maxsize=1024)
def _sql_time(moment):
    """An aware time as text for PostgreSQL; the states of a push share a few."""
    return to_sql(_naive(moment)) if moment else None
