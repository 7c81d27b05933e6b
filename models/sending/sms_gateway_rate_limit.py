"""Rate limits: token buckets that all lanes and hosts share."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock
from .queues import may_send


class SmsGatewayRateLimit(models.Model):
    """The token bucket of one scope, such as a route.

    A row of its own: lanes change it at every claim, and must not block a person who
    edits the route. A bucket holds the tokens of one second, at least one. Only the
    database tells the time: hosts whose clocks differ would each add the difference.
    """

    _name = "sms.gateway.rate.limit"
    _description = "SMS Gateway Rate Limit"
    _rec_name = "scope"
    _log_access = False

    scope = fields.Char(required=True)
    tokens = fields.Float()
    filled_at = fields.Datetime()

    _scope_unique = models.UniqueIndex("(scope)")

    @api.model
    def _get_route_rate(self, route_id, *, is_debug=False):
        """The throughput of a route that may send at this moment.

        :return: messages per second, 0 for no limit; None: the route may not send
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT COALESCE(r.throughput, 0) FROM sms_gateway_route r"
                " WHERE r.id = %s AND %s",
                route_id,
                may_send(is_debug=is_debug),
            )
        )
        if not rows:
            return None
        return 0 if is_debug else rows[0][0]

    @api.model
    def _take_for_route(self, route_id, wanted, *, is_debug=False):
        """Take at most so many tokens of a route.

        :return: the number of tokens taken, 0 for a route that may not send; and the
            rate, for `_give_back`
        """
        rate = self._get_route_rate(route_id, is_debug=is_debug)
        if rate is None:
            return 0, 0
        return self._take(get_route_scope(route_id), rate, wanted), rate

    @api.model
    def _take(self, scope, rate, wanted):
        """Take at most so many tokens.

        :param rate: tokens per second, 0 for no limit
        :return: the number of tokens taken
        """
        if not rate:
            return wanted
        [(tokens,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO sms_gateway_rate_limit AS b (scope, tokens, filled_at)
                VALUES (%(scope)s, 1, %(clock)s)
                    ON CONFLICT (scope) DO UPDATE
                   SET tokens = LEAST(
                           GREATEST(%(rate)s, 1),
                           b.tokens + %(rate)s * GREATEST(0,
                               EXTRACT(EPOCH FROM %(clock)s - b.filled_at))),
                       filled_at = %(clock)s
             RETURNING tokens
                """,
                clock=clock.at_row(),
                rate=rate,
                scope=scope,
            )
        )
        taken = min(wanted, int(tokens + 1e-6))
        self._give_back(scope, rate, -taken)
        return taken

    @api.model
    def _give_back(self, scope, rate, count):
        """Give back tokens that were not used."""
        if rate and count:
            self.env.cr.execute(
                SQL(
                    "UPDATE sms_gateway_rate_limit SET tokens = tokens + %s"
                    " WHERE scope = %s",
                    count,
                    scope,
                )
            )

    @api.model
    def _get_wait(self, scope, rate):
        """Seconds until the bucket holds a whole token; negative: it does already."""
        if not rate:
            return 0
        rows = self.env.execute_query(
            SQL(
                """SELECT (1 - tokens) / %(rate)s
                        - EXTRACT(EPOCH FROM %(clock)s - filled_at)
                     FROM sms_gateway_rate_limit WHERE scope = %(scope)s""",
                clock=clock.at_statement(),
                rate=rate,
                scope=scope,
            )
        )
        return float(rows[0][0]) if rows else 0


def get_route_scope(route_id):
    """The scope of what is handed to the provider of a route."""
    return f"route:{route_id}"
