"""Requests to a provider about the account: balance, connection, webhook address."""

import base64
import logging
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...providers.cleaning import trace
from ...providers.errors import ProviderError
from ...providers.types import Balance
from ..campaigns.campaign_values import new_key
from ..common import clock, crons, transactions
from ..sending.reasons import say_words

_logger = logging.getLogger(__name__)

#: A request whose worker died is sent again after so long.
LEASE = timedelta(minutes=5)
#: Providers that are called at the same time.
MAX_CALLS = 8
#: During calls, new requests are looked for so often, in seconds.
LOOK_SECONDS = 0.5
#: Responses are kept so long; the newest request of each route stays.
KEEP = timedelta(days=90)
#: kind of a request → method of the provider
_METHODS = {
    "balance": "balance",
    "connection": "test_connection",
    "callback": "register_callback",
}
#: Sent over the bus after a response: {"route_id", "balance_id"}
BALANCE_NOTIFICATION = "crm_sms_gateway/balance"


class SmsGatewayProviderRequest(models.Model):
    """One request and its response.

    Providers are never called inside a web request: the request is stored and a cron
    sends it. API clients read the response by the key, users on the route's form.
    """

    _name = "sms.gateway.provider.request"
    _description = "SMS Gateway Provider Request"
    _order = "id desc"
    _rec_name = "key"

    key = fields.Char(
        "Request key",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: new_key(),
    )
    route_id = fields.Many2one(
        "sms.gateway.route",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="route_id.company_id", store=True, index=True)
    kind = fields.Selection(
        [
            ("balance", "Balance"),
            ("connection", "Connection test"),
            ("callback", "Webhook registration"),
        ],
        required=True,
        readonly=True,
        default="balance",
        string="Type",
    )
    currencies = fields.Char(
        readonly=True, help="Requested currencies, separated by spaces."
    )
    state = fields.Selection(
        [("pending", "Pending"), ("done", "Done"), ("failed", "Error")],
        required=True,
        readonly=True,
        default="pending",
        string="Status",
    )
    lease_until = fields.Datetime(readonly=True)
    answered_at = fields.Datetime("Response received", readonly=True)
    answer = fields.Text("Provider response", readonly=True)
    answer_raw = fields.Binary("Raw response", readonly=True, attachment=False)
    money = fields.Json("Funds", readonly=True)
    units = fields.Json("Remaining Messages", readonly=True)
    error = fields.Char(readonly=True)
    summary = fields.Char(compute="_compute_summary")

    _key_unique = models.UniqueIndex("(key)")
    _pending_index = models.Index("(id) WHERE state = 'pending'")

    @api.depends("state", "money", "units", "error", "answer")
    @api.depends_context("lang")
    def _compute_summary(self):
        for request in self:
            request.summary = request._summarise()

    def _summarise(self):
        if self.state == "pending":
            return self.env._("Waiting for the provider's response…")
        if self.state == "failed":
            return say_words(self.env, self.error)
        if self.kind == "connection":
            return self.env._("Connected: %(answer)s", answer=self.answer or "OK")
        if self.kind == "callback":
            return self.env._(
                "Webhook URL registered: %(answer)s", answer=self.answer or "OK"
            )
        parts = [f"{money['amount']} {money['currency']}" for money in self.money or []]
        parts += [f"{unit['area']}: {unit['count']}" for unit in self.units or []]
        return ", ".join(parts)

    # === SEND ===
    @api.model
    def _request(self, route, *, kind="balance", currencies=()):
        """Store a request and wake the cron that sends it."""
        request = self.create(
            {
                "route_id": route.id,
                "kind": kind,
                "currencies": " ".join(currencies),
            }
        )
        # sudo: whoever may request may wake the cron, only administrators see crons
        cron = self.env.ref("crm_sms_gateway.ir_cron_balance", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()
        return request

    @api.model
    def _cron_request(self):
        """Send pending requests: several routes at the same time, one call of each at
        a time. One response serves all requests of its kind."""
        if self.env["sms.gateway.hold"]._is_held():
            return
        deadline = transactions.get_deadline(self.env)
        calls = {}
        with ThreadPoolExecutor(MAX_CALLS, "sms-balance") as executor:
            while self._start_calls(executor, calls, deadline) or calls:
                done, _others = wait(calls, LOOK_SECONDS, FIRST_COMPLETED)
                for call in done:
                    requests = calls.pop(call)
                    requests._store_response(*call.result())
                    transactions.commit_progress(self.env, len(requests))
        if time.monotonic() >= deadline:
            # the rest follows at once, after the other crons
            crons.trigger(self.env, "balance")

    def _start_calls(self, executor, calls, deadline):
        """Let threads call the providers of routes without a call.

        :param calls: dict of futures → their requests, which is added to
        :return: whether there was anything to send
        """
        is_busy = False
        while len(calls) < MAX_CALLS and time.monotonic() < deadline:
            busy = [requests.route_id.id for requests in calls.values()]
            requests = self._claim(busy)
            if not requests:
                break
            provider = requests.route_id._make_provider()
            transactions.commit(self.env)
            calls[executor.submit(_call, provider, requests[0].kind)] = requests
            is_busy = True
        return is_busy

    def _claim(self, busy=()):
        """Claim the pending requests of one kind to one route, and commit.

        :param busy: ids of routes that are being called
        """
        transactions.begin(self.env)
        rows = self.env.execute_query(
            SQL(
                """
                WITH waiting AS (
                    SELECT id, route_id, kind FROM sms_gateway_provider_request
                     WHERE state = 'pending' AND route_id <> ALL(%(busy)s::int[])
                       AND (lease_until IS NULL OR lease_until < %(clock)s)
                ), claimed AS (
                    SELECT id FROM sms_gateway_provider_request
                     WHERE id IN (SELECT id FROM waiting
                                   WHERE (route_id, kind) = (
                                         SELECT route_id, kind FROM waiting
                                       ORDER BY id LIMIT 1))
                       AND state = 'pending'
                       AND (lease_until IS NULL OR lease_until < %(clock)s)
                       FOR UPDATE SKIP LOCKED
                )
                UPDATE sms_gateway_provider_request
                   SET lease_until = %(clock)s + %(lease)s
                 WHERE id IN (SELECT id FROM claimed)
             RETURNING id
                """,
                busy=list(busy),
                clock=clock.at_statement(),
                lease=LEASE,
            )
        )
        transactions.commit(self.env)
        return self.browse(sorted(request_id for (request_id,) in rows))

    def _store_response(self, response, error):
        """Write the response to all of these requests."""
        if isinstance(error, ProviderError):
            values = {"state": "failed", "error": error.message}
        elif error:
            values = {"state": "failed", "error": type(error).__name__}
        elif self[:1].kind != "balance":
            values = {"state": "done", "answer": response}
        else:
            values = {"state": "done", **self._read_balance(response)}
        transactions.begin(self.env)
        self.write({**values, "answered_at": fields.Datetime.now()})
        if isinstance(response, Balance):
            readings = self.env["sms.gateway.balance.reading"]
            readings._record(self.route_id, response.money)
        for request in self:
            request._notify()

    def _read_balance(self, balance):
        return {
            "answer": balance.text,
            "answer_raw": base64.b64encode(balance.raw),
            "money": [
                {"amount": money.written_amount, "currency": money.currency}
                for money in balance.money
            ],
            "units": [
                {"area": units.area, "count": units.count} for units in balance.units
            ],
        }

    def _notify(self):
        self.ensure_one()
        group = self.env.ref("crm_sms_gateway.group_user")
        group._bus_send(
            BALANCE_NOTIFICATION, {"route_id": self.route_id.id, "balance_id": self.id}
        )

    # === CHORES ===
    @api.autovacuum
    def _gc_answered(self):
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM sms_gateway_provider_request
                 WHERE state != 'pending' AND answered_at < %s
                   AND id NOT IN (
                       SELECT max(id) FROM sms_gateway_provider_request
                     GROUP BY route_id)
                """,
                fields.Datetime.now() - KEEP,
            )
        )

    # === STATUS ===
    @api.model
    def _find(self, key, route):
        """The request of this key through this route."""
        return self.search([("key", "=", key), ("route_id", "=", route.id)])

    def _get_details(self):
        """The status of the request: docs/api.rst, Balance.

        Without names of currencies all money of the response is included.
        """
        self.ensure_one()
        wanted = (self.currencies or "").split()
        return {
            "state": self.state,
            "money": [
                money
                for money in self.money or []
                if not wanted or money["currency"] in wanted
            ],
            "units": self.units or [],
            "error": self.error or None,
        }


def _call(provider, kind):
    """Call a provider, in a thread of its own: nothing here knows of Odoo.

    :param kind: of the request
    :return: the response and None, or None and what was raised
    """
    try:
        return getattr(provider, _METHODS[kind])(), None
    except ProviderError as error:
        return None, error
    except Exception as error:
        # An adapter's bug must not stop the requests behind this one.
        _logger.error("%s: a request failed: %s", provider.code, trace(error))
        return None, error
    finally:
        provider.close()
