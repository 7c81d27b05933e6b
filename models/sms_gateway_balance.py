"""Questions to a provider about the account: balance and connection."""

import base64
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..providers.cleaning import trace
from ..providers.errors import ProviderError
from . import clock
from .reasons import say_words
from .sms_gateway_campaign import new_key

_logger = logging.getLogger(__name__)

#: A question whose worker died is asked again after so long.
LEASE = timedelta(minutes=5)
#: Answers are kept so long; the newest question of each route stays.
KEEP = timedelta(days=90)
#: Told over the bus when an answer came: {"route_id", "balance_id"}
BALANCE_NOTIFICATION = "crm_sms_gateway/balance"


class SmsGatewayBalance(models.Model):
    """One question and its answer.

    Providers are never asked inside a web request: the question is stored and a cron
    asks. The API reads the answer by the key, people see it on the route's form.
    """

    _name = "sms.gateway.balance"
    _description = "SMS Gateway Balance Request"
    _order = "id desc"
    _rec_name = "key"

    key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: new_key()
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
        [("balance", "Balance"), ("connection", "Connection test")],
        required=True,
        readonly=True,
        default="balance",
    )
    currencies = fields.Char(readonly=True, help="Asked for, separated by spaces.")
    state = fields.Selection(
        [("pending", "Pending"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="pending",
    )
    lease_until = fields.Datetime(readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    answer = fields.Text("Provider's answer", readonly=True)
    answer_raw = fields.Binary("Answer byte for byte", readonly=True, attachment=False)
    money = fields.Json(readonly=True)
    units = fields.Json(readonly=True)
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
            return self.env._("The provider is being asked …")
        if self.state == "failed":
            return say_words(self.env, self.error)
        if self.kind == "connection":
            return self.env._("Connected: %(answer)s", answer=self.answer or "OK")
        parts = [f"{money['amount']} {money['currency']}" for money in self.money or []]
        parts += [f"{unit['area']}: {unit['count']}" for unit in self.units or []]
        return ", ".join(parts)

    # === ASK ===
    @api.model
    def _request(self, route, *, kind="balance", currencies=()):
        """Store a question and wake the cron that asks it."""
        request = self.create(
            {
                "route_id": route.id,
                "kind": kind,
                "currencies": " ".join(currencies),
            }
        )
        # sudo: whoever may ask may wake the cron, only administrators see crons
        cron = self.env.ref("crm_sms_gateway.ir_cron_balance", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()
        return request

    @api.model
    def _cron_ask(self):
        """Ask what is pending, one question at a time."""
        if self.env["sms.gateway.hold"]._is_held():
            return
        dispatcher = self.env["sms.gateway.dispatcher"]
        while request := self._take():
            request._ask()
            dispatcher._commit_progress(1)

    def _take(self):
        """Take one pending question and commit."""
        self.env["sms.gateway.dispatcher"]._begin()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE sms_gateway_balance SET lease_until = %(clock)s + %(lease)s
                 WHERE id = (SELECT id FROM sms_gateway_balance
                              WHERE state = 'pending'
                                AND (lease_until IS NULL OR lease_until < %(clock)s)
                           ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING id
                """,
                clock=clock.at_statement(),
                lease=LEASE,
            )
        )
        self.env["sms.gateway.dispatcher"]._commit()
        return self.browse(request_id for (request_id,) in rows)

    def _ask(self):
        provider = self.route_id._make_provider()
        is_test = self.kind == "connection"
        self.env["sms.gateway.dispatcher"]._commit()
        try:
            answer = provider.test_connection() if is_test else provider.balance()
            values = {"answer": answer} if is_test else self._read_balance(answer)
            values["state"] = "done"
        except ProviderError as error:
            values = {"state": "failed", "error": error.message}
        except Exception as error:
            # An adapter's bug must not stop the questions behind this one.
            _logger.error("Balance request %s failed: %s", self.id, trace(error))
            values = {"state": "failed", "error": type(error).__name__}
        finally:
            provider.close()
        self.env["sms.gateway.dispatcher"]._begin()
        self.write({**values, "answered_at": fields.Datetime.now()})
        self._notify()

    def _read_balance(self, balance):
        return {
            "answer": balance.text,
            "answer_raw": base64.b64encode(balance.raw),
            "money": [
                {"amount": _format_amount(money.amount), "currency": money.currency}
                for money in balance.money
            ],
            "units": [
                {"area": units.area, "count": units.count} for units in balance.units
            ],
        }

    def _notify(self):
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
                DELETE FROM sms_gateway_balance
                 WHERE state != 'pending' AND answered_at < %s
                   AND id NOT IN (
                       SELECT max(id) FROM sms_gateway_balance GROUP BY route_id)
                """,
                fields.Datetime.now() - KEEP,
            )
        )

    # === STATUS ===
    @api.model
    def _find(self, key, route):
        """The question of this key, asked through this route."""
        return self.search([("key", "=", key), ("route_id", "=", route.id)])

    def _get_details(self):
        """What became of the question, in the words of the API (contract, chapter 3).

        Without names of currencies all the money that was told is given.
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


def _format_amount(amount):
    """A decimal with two places, or more where the provider tells more."""
    places = max(2, -amount.as_tuple().exponent)
    return f"{amount:.{places}f}"
