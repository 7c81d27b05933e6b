"""Addresses of API clients: where the API was called from lately."""

import logging
from datetime import datetime, timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.lru import LRU

from ..common.failed_statements import hidden_values

_logger = logging.getLogger(__name__)

MAX_SHOWN = 5
#: Characters of an address; the longest real one has 45.
MAX_ADDRESS = 64
#: A record waits no longer than this for another.
LOCK_TIMEOUT = "200ms"
#: An address is recorded at most this often: calls must not wait for each other.
RECORDED_EVERY = timedelta(minutes=1)
#: An address that did not call for so long is forgotten.
KEEP = timedelta(days=30)
#: Refused calls are recorded too: only the latest addresses are kept, this many.
MAX_KEPT = 1000
#: When this process has last looked whether an address is recorded: most clients call
#: again at once. (database, address) → naive UTC time
_looked_at = LRU(MAX_KEPT)


class SmsGatewayApiClient(models.Model):
    """One address of API clients, as the gateway sees it; for administrators.

    When all API clients share one address, a proxy stands in between, and a trusted
    network would include everybody.
    """

    _name = "sms.gateway.api.client"
    _description = "SMS Gateway API Client"
    _order = "last_call_at desc"
    _rec_name = "address"
    _log_access = False

    address = fields.Char(required=True, readonly=True)
    call_count = fields.Integer("Minutes with requests", readonly=True)
    last_call_at = fields.Datetime("Last request", required=True, readonly=True)

    _address_unique = models.UniqueIndex("(address)")

    @api.model
    def _record(self, address):
        """Record a call, at most once a minute, refused or not."""
        # PostgreSQL's text cannot hold U+0000, and headers may name an address.
        address = address.replace("\0", "\ufffd")[:MAX_ADDRESS]
        now = fields.Datetime.now()
        place = (self.env.cr.dbname, address)
        if _looked_at.get(place, datetime.min) > now - RECORDED_EVERY:
            return
        _looked_at[place] = now
        known = self.env.execute_query(
            SQL(
                "SELECT last_call_at FROM sms_gateway_api_client WHERE address = %s",
                address,
            )
        )
        if known and known[0][0] > now - RECORDED_EVERY:
            return
        self._write_call(address, now)

    def _write_call(self, address, now):
        """In a transaction of its own, ended before the request goes on: refused
        requests are rolled back, and two calls of one address must not wait for each
        other. The one that loses goes on without a record."""
        try:
            with hidden_values(), self.env.registry.cursor() as cr:
                cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
                cr.execute(self._write_statement(address, now), log_exceptions=False)
        except psycopg2.Error as error:
            _logger.info("The API client %s is not recorded: %s", address, error)

    def _write_statement(self, address, now):
        return SQL(
            """
            INSERT INTO sms_gateway_api_client AS c (address, call_count, last_call_at)
            VALUES (%(address)s, 1, %(now)s)
                ON CONFLICT (address) DO UPDATE
               SET call_count = c.call_count + 1, last_call_at = %(now)s
             WHERE c.last_call_at <= %(before)s
            """,
            address=address,
            now=now,
            before=now - RECORDED_EVERY,
        )

    @api.model
    def _get_last(self):
        """The API clients of the last day, the latest first."""
        since = fields.Datetime.now() - timedelta(days=1)
        # sudo: a technical table without rules; the settings page is for system users
        return self.sudo().search([("last_call_at", ">", since)], limit=MAX_SHOWN)

    @api.autovacuum
    def _gc_api_clients(self):
        oldest = fields.Datetime.now() - KEEP
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM sms_gateway_api_client
                 WHERE last_call_at < %s
                    OR id NOT IN (SELECT id FROM sms_gateway_api_client
                                ORDER BY last_call_at DESC LIMIT %s)
                """,
                oldest,
                MAX_KEPT,
            )
        )
