"""Balances of provider accounts over time, for the forecast of their end."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.watching import PACE_PERIOD, BalanceReading
from ..common import clock

#: Balances are kept so long.
KEEP = timedelta(days=90)


class SmsGatewayBalanceReading(models.Model):
    """What a provider said about the money of an account, one row per currency."""

    _name = "sms.gateway.balance.reading"
    _description = "SMS Gateway Balance Reading"
    _order = "read_at desc, id desc"
    _rec_name = "read_at"
    _log_access = False

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, readonly=True, ondelete="cascade"
    )
    read_at = fields.Datetime("Balance on", required=True, readonly=True)
    amount = fields.Float("Balance", required=True, readonly=True, digits=(16, 6))
    currency = fields.Char("Currency code", required=True, readonly=True)

    _route_index = models.Index("(route_id, read_at)")
    _time_index = models.Index("(read_at)")

    @api.model
    def _record(self, route, money):
        """Store the balance of an account.

        :param money: sequence of `providers.types.Money`
        """
        self.create(
            [
                {
                    "route_id": route.id,
                    "read_at": clock.this_second(),
                    "amount": float(one.amount),
                    "currency": one.currency,
                }
                for one in money
            ]
        )

    @api.model
    def _find_latest(self, routes):
        """The last known balance of each route: in the currency of the route's company
        if the account has it, else in the one that the provider names first.

        :return: readings, at most one per route
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT latest.id FROM sms_gateway_route r
                  JOIN res_company c ON c.id = r.company_id
                  JOIN res_currency money ON money.id = c.currency_id
                 CROSS JOIN LATERAL (
                       SELECT b.id FROM sms_gateway_balance_reading b
                        WHERE b.route_id = r.id
                     ORDER BY b.read_at DESC, b.currency = money.name DESC, b.id
                        LIMIT 1) AS latest
                 WHERE r.id = ANY(%s)
                """,
                routes.ids,
            )
        )
        return self.browse(reading_id for (reading_id,) in rows)

    def _find_recent(self):
        """The readings that the pace of these balances is taken from, themselves
        included.

        :return: dict of route id → list of `tools.watching.BalanceReading`
        """
        currencies = {one.route_id.id: one.currency for one in self}
        since = clock.now() - PACE_PERIOD
        found = {route_id: [] for route_id in currencies}
        recent = self.search_fetch(
            [("route_id", "in", list(currencies)), ("read_at", ">=", since)],
            ["route_id", "read_at", "amount", "currency"],
            order="read_at, id",
        )
        for one in recent:
            if one.currency == currencies[one.route_id.id]:
                reading = BalanceReading(one.read_at, one.amount)
                found[one.route_id.id].append(reading)
        return found

    @api.autovacuum
    def _gc_readings(self):
        oldest = fields.Datetime.now() - KEEP
        self.env.cr.execute(
            SQL("DELETE FROM sms_gateway_balance_reading WHERE read_at < %s", oldest)
        )
