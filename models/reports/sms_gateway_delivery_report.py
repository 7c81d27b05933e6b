"""Delivery reports that providers push: stored as received, then applied."""

import contextlib
import logging
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock, transactions
from ..common.copied_many2one import CopiedMany2one
from ..common.sql_values import select_rows
from ..sending.provider_values import (
    first_poll,
    storable,
    tell_price,
)
from ..sending.reasons import name_failure, say_words
from ..sending.sms_gateway_state_change import StateChange
from .status_values import STATE_OF_WORD, sql_time

_logger = logging.getLogger(__name__)

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
#: part is joined by one index, or not at all where no row has such a reference.
#: ``attempt_id`` is that of an earlier route which the message has left.
SPOKEN_OF = SQL(
    """
    SELECT DISTINCT ON (number) number, id, state, attempt_id FROM (
           SELECT r.number, m.id, m.state, FALSE AS is_ours, NULL::int AS attempt_id
             FROM r JOIN sms_gateway_message m
               ON m.route_id = r.route_id AND NOT m.is_debug
              AND m.provider_reference = r.provider_reference
              AND (r.msisdn IS NULL OR m.msisdn = r.msisdn)
            WHERE r.provider_reference IS NOT NULL
            UNION ALL
           SELECT r.number, m.id, m.state, TRUE, NULL
             FROM r JOIN sms_gateway_message m
               ON m.route_id = r.route_id AND NOT m.is_debug AND m.uuid = r.uuid
            WHERE r.uuid IS NOT NULL
            UNION ALL
           SELECT r.number, m.id, m.state, FALSE, a.id
             FROM r JOIN sms_gateway_attempt a
               ON a.route_id = r.route_id
              AND a.provider_reference = r.provider_reference
             JOIN sms_gateway_message m ON m.id = a.message_id AND NOT m.is_debug
              AND (r.msisdn IS NULL OR m.msisdn = r.msisdn)
            WHERE r.provider_reference IS NOT NULL
            UNION ALL
           SELECT r.number, m.id, m.state, TRUE, a.id
             FROM r JOIN sms_gateway_attempt a
               ON a.route_id = r.route_id AND a.uuid = r.uuid
             JOIN sms_gateway_message m ON m.id = a.message_id AND NOT m.is_debug
            WHERE r.uuid IS NOT NULL) AS m
  ORDER BY number, is_ours DESC, id DESC, attempt_id NULLS FIRST
    """
)

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


class Target(NamedTuple):
    """What a report speaks of: a message, or an earlier route of one."""

    message_id: int
    attempt_id: int | None = None


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
            ("kept", "Pending match"),
            ("applied", "Applied"),
            ("ignored", "No change"),
            ("unmatched", "No matching message"),
            ("unreadable", "Could not be parsed"),
        ],
        required=True,
        readonly=True,
        default="kept",
        string="Status",
    )
    message_id = CopiedMany2one(
        "sms.gateway.message", readonly=True, index="btree_not_null"
    )
    provider_reference = fields.Char("Provider message ID", readonly=True)
    uuid = fields.Char("Gateway message ID", readonly=True)
    msisdn = fields.Char("MSISDN", readonly=True)
    status = fields.Char("Provider status", readonly=True)
    failure_type = fields.Char(readonly=True)
    code = fields.Char("Provider code", readonly=True)
    detail = fields.Char(readonly=True)
    failure_reason = fields.Char("Failure reason", compute="_compute_words")
    words = fields.Char("Details", compute="_compute_words")
    segments = fields.Integer("SMS parts", readonly=True)
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
    def _store_unreadable(self, route, body, reason):
        """Store an unreadable push for a person."""
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
    def _ingest(self, route, reports):
        """Apply reports and store them; those without a message wait for it.

        :param reports: list of `providers.types.StatusUpdate`
        """
        if not reports:
            return
        common = {
            "route_id": route.id,
            "company_id": route.company_id.id,
            "received_at": clock.to_sql(clock.now()),
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
        """:return: dict of the rows' number → `Target`"""
        keys = list(map(itemgetter(*KEY_TYPES), rows))
        found = self.env.execute_query(
            SQL("WITH r AS (%s) %s", select_rows(KEY_TYPES, keys), SPOKEN_OF)
        )
        return {
            number: Target(message_id, attempt_id)
            for number, message_id, _state, attempt_id in found
        }

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
        """Change the messages that reports refer to.

        :param rows: list of dicts, each with a ``number`` and the columns of a report
        :param found: dict of number → `Target`
        :param polls: dict of route id → when what is submitted is asked for next
        :return: dict of number → what is to be kept with the report; a report whose
            message is not that far yet waits, like one that has none
        """
        known = [(row, found[row["number"]]) for row in rows if row["number"] in found]
        changes = {
            row["number"]: self._make_change(row, target.message_id, polls)
            for row, target in known
            if not target.attempt_id
        }
        wanted = [change for change in changes.values() if change]
        verdicts = self.env["sms.gateway.state.change"]._set_state(wanted)
        waiting = self._find_unfinished(verdicts["refused"])
        moved = {id(change) for change in verdicts["moved"]}
        outcomes = {
            number: {
                "message_id": found[number].message_id,
                "state": "applied" if id(change) in moved else "ignored",
            }
            for number, change in changes.items()
            if not change or change.id not in waiting or id(change) in moved
        }
        left = [(row, target) for row, target in known if target.attempt_id]
        return outcomes | self._apply_to_earlier(left)

    def _apply_to_earlier(self, pairs):
        """Apply reports of routes that their messages have left.

        :param pairs: list of (row, `Target`)
        :return: as `_apply`
        """
        changed = self.env["sms.gateway.attempt"]._report(
            [
                (
                    target.attempt_id,
                    target.message_id,
                    STATE_OF_WORD.get(row["status"]) == "delivered",
                    row["occurred_at"],
                )
                for row, target in pairs
            ]
        )
        return {
            row["number"]: {
                "message_id": target.message_id,
                "state": "applied" if target.attempt_id in changed else "ignored",
            }
            for row, target in pairs
        }

    def _find_unfinished(self, changes):
        """Messages that are not handed over yet: their report came too early."""
        messages = self.env["sms.gateway.message"].browse(c.id for c in changes)
        return set(messages.filtered(lambda m: m.state in ("queued", "submitting")).ids)

    def _make_change(self, row, message_id, polls):
        state = STATE_OF_WORD.get(row["status"])
        if state is None:
            return None
        return StateChange(
            id=message_id,
            route_id=row["route_id"],
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

    # === KEPT REPORTS ===
    @api.model
    def _apply_kept(self, max_age=None, limit=5000):
        """Apply kept reports whose message has been handed over.

        Where others use the provider's account too, it also reports their messages:
        hundreds of thousands of reports may be kept that never find a message.

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
                SELECT r.*, r.id AS number, m.id AS found, m.attempt_id
                  FROM sms_gateway_delivery_report r
                  JOIN spoken_of m ON m.number = r.id
                 WHERE r.state = 'kept'
                   AND (m.attempt_id IS NOT NULL
                        OR m.state NOT IN ('queued', 'submitting'))
              ORDER BY r.id LIMIT %s FOR NO KEY UPDATE OF r SKIP LOCKED
                """,
                since,
                SPOKEN_OF,
                limit,
            )
        )
        routes = self.env["sms.gateway.route"].browse({r["route_id"] for r in rows})
        polls = {route.id: first_poll(route._get_provider_class()) for route in routes}
        found = {row["number"]: Target(row["found"], row["attempt_id"]) for row in rows}
        outcomes = self._apply(rows, found, polls)
        self._store_outcomes(outcomes)

    def _store_outcomes(self, outcomes):
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
        """Apply kept reports; give those up that are older than `KEEP_UNMATCHED`."""
        transactions.begin(self.env)
        self._apply_kept()
        oldest = fields.Datetime.now() - KEEP_UNMATCHED
        self.search(
            [("state", "=", "kept"), ("received_at", "<", oldest)], limit=5000
        ).write({"state": "unmatched"})
        self.env["sms.gateway.statistic.change"]._fold_apart()

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
        "occurred_at": sql_time(report.occurred_at),
        "raw": report.raw,
    }
