"""Inbound messages: what people write to the numbers of the accounts."""

import contextlib
import hashlib
import json
import logging
import time
from datetime import timedelta, timezone
from operator import itemgetter

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.cleaning import trace
from ...providers.errors import ProviderError
from ...providers.reading import as_msisdn
from ..common import clock, transactions
from ..common.copied_many2one import CopiedMany2one
from ..common.sql_values import select_rows
from ..sending.provider_values import storable_word
from .status_values import sql_time

_logger = logging.getLogger(__name__)

#: So much of the last fetch is fetched again: messages come late and in any order.
OVERLAP = timedelta(hours=1)
#: Older messages are not fetched when a route begins to fetch.
FIRST_FETCH = timedelta(days=1)
#: A message answers what was sent to its number within so long before.
ANSWERS_WITHIN = timedelta(days=30)
#: Columns as PostgreSQL takes them.
COLUMN_TYPES = {
    "route_id": "int",
    "company_id": "int",
    "digest": "varchar",
    "sender": "varchar",
    "recipient": "varchar",
    "text": "text",
    "provider_reference": "varchar",
    "source": "varchar",
    "received_at": "timestamp",
    "recorded_at": "timestamp",
}


class SmsGatewayInbound(models.Model):
    """One message that somebody wrote to us, stored once however often a provider
    tells of it."""

    _name = "sms.gateway.inbound"
    _description = "SMS Gateway Inbound Message"
    _order = "received_at desc, id desc"
    _rec_name = "sender"
    _log_access = False

    route_id = CopiedMany2one("sms.gateway.route", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", required=True, readonly=True)
    digest = fields.Char(
        required=True, readonly=True, help="Identifies a repeated inbound message."
    )
    sender = fields.Char("From", required=True, readonly=True)
    recipient = fields.Char(
        "To", readonly=True, help="The number that the inbound message was sent to."
    )
    text = fields.Text(readonly=True)
    provider_reference = fields.Char("Provider message ID", readonly=True)
    source = fields.Selection(
        [("push", "Pushed"), ("poll", "Fetched")], required=True, readonly=True
    )
    received_at = fields.Datetime("Received", required=True, readonly=True)
    recorded_at = fields.Datetime("Stored on", required=True, readonly=True)
    message_id = CopiedMany2one(
        "sms.gateway.message",
        "Reply to",
        readonly=True,
        index="btree_not_null",
        help="The last message sent through this route to this number before the "
        "inbound message.",
    )

    _digest_unique = models.UniqueIndex("(route_id, digest)")
    _received_index = models.Index("(received_at, id)")
    _sender_index = models.Index("(reverse(sender) text_pattern_ops)")

    # === STORE ===
    @api.model
    def _store(self, route, messages, source):
        """Store what is new of some messages.

        :param messages: list of `providers.types.InboundMessage`
        :param source: ``push`` or ``poll``
        :return: the new ones
        """
        if not messages:
            return self.browse()
        rows = [self._make_row(route, message, source) for message in messages]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_inbound (%s) %s
                    ON CONFLICT (route_id, digest) DO NOTHING
             RETURNING id
                """,
                SQL(", ").join(map(SQL.identifier, COLUMN_TYPES)),
                select_rows(COLUMN_TYPES, list(map(itemgetter(*COLUMN_TYPES), rows))),
            )
        )
        stored = self.browse(row_id for (row_id,) in self.env.cr.fetchall())
        stored._find_answered()
        return stored

    def _make_row(self, route, message, source):
        now = clock.to_sql(clock.this_second())
        stated_at = sql_time(message.received_at)
        sender, recipient, text, reference = map(
            storable_word,
            (
                as_msisdn(message.sender) or message.sender,
                as_msisdn(message.recipient) or message.recipient,
                message.text,
                message.provider_reference,
            ),
        )
        known = reference or [sender, recipient, text, stated_at]
        return {
            "route_id": route.id,
            "company_id": route.company_id.id,
            "digest": hashlib.sha256(json.dumps(known).encode()).hexdigest(),
            "sender": sender,
            "recipient": recipient or None,
            "text": text,
            "provider_reference": reference or None,
            "source": source,
            "received_at": stated_at or now,
            "recorded_at": now,
        }

    def _find_answered(self):
        """Store which messages these answer: of the messages to the same number through
        the same route, the last one that was sent before."""
        if not self:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_inbound i SET message_id = answered.id
                  FROM sms_gateway_inbound one
                 CROSS JOIN LATERAL (
                       SELECT m.id FROM sms_gateway_message m
                        WHERE reverse(m.msisdn) = reverse(one.sender)
                          AND m.route_id = one.route_id AND NOT m.is_debug
                          AND m.submitted_at BETWEEN one.received_at - %(within)s
                                                 AND one.received_at + %(slack)s
                     ORDER BY m.submitted_at DESC, m.id DESC LIMIT 1) AS answered
                 WHERE one.id = ANY(%(ids)s) AND i.id = one.id
                """,
                ids=self.ids,
                within=ANSWERS_WITHIN,
                # clocks of providers, whose times have no fractions
                slack=timedelta(seconds=5),
            )
        )
        self.invalidate_recordset(["message_id"], flush=False)

    # === FETCH ===
    @api.model
    def _cron_fetch(self):
        """Fetch inbound messages of the routes that fetch them."""
        if self.env["sms.gateway.hold"]._is_held():
            return
        deadline = transactions.get_deadline(self.env)
        routes = self.env["sms.gateway.route"].search([("fetches_inbound", "=", True)])
        # longest not fetched first: a slow provider delays the others once only
        routes = routes.filtered("can_fetch_inbound").sorted(
            lambda route: (route.inbound_fetched_at or route.create_date, route.id)
        )
        for count, route in enumerate(routes):
            if time.monotonic() >= deadline:
                transactions.commit_progress(self.env, remaining=len(routes) - count)
                break
            self._fetch(route)
            transactions.commit_progress(self.env, 1)

    def _fetch(self, route):
        started_at = clock.this_second()
        since = route.inbound_fetched_at or started_at - FIRST_FETCH
        provider = route._make_provider()
        transactions.commit(self.env)
        with contextlib.closing(provider):
            messages = _fetch_from(provider, since - OVERLAP)
        if messages is None:
            return
        transactions.begin(self.env)
        self._store(route, messages, "poll")
        route.inbound_fetched_at = started_at
        transactions.commit(self.env)

    # === CHORES ===
    @api.model
    def _forget_before(self, oldest, limit):
        """:return: the number of messages that are gone"""
        messages = self.search(
            [("received_at", "<", oldest)], limit=limit, order="received_at"
        )
        messages.unlink()
        return len(messages)


def _fetch_from(provider, since):
    """:return: list of `InboundMessage`, None where the call fails"""
    try:
        return provider.fetch_inbound(since.replace(tzinfo=timezone.utc))
    except ProviderError as error:
        _logger.warning("%s: no inbound messages: %s", provider.code, error.message)
    except Exception as error:
        _logger.error("%s: the adapter failed: %s", provider.code, trace(error))
    return None
