"""Rate limits: token buckets that all lanes and hosts share."""

from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock
from .queues import may_probe, may_send

#: A provider that finds a route too fast slows it to this share of its pace ...
SLOWER = 0.5
#: ... at most once in so many seconds; slower than this no route gets, per second.
SLOWER_EVERY = 1
SLOWEST = 0.1
#: The pace recovers by this factor, every so many seconds.
FASTER = 1.25
FASTER_EVERY = 10
#: More steps take every pace to its ceiling, and no number beyond all bounds.
_MAX_STEPS = 500


class Permit(NamedTuple):
    """What a route may send at this moment."""

    #: messages per second, 0 for no limit
    rate: float
    #: the breaker is open and the rest over: one message may go, as a probe
    must_probe: bool
    #: the breaker counts answers: there was trouble within its window
    is_watched: bool


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
    # What is left of the pace since the provider found it too fast: it grows from
    # ``paced_at`` on until it reaches the ceiling, which ends the limit.
    pace = fields.Float()
    ceiling = fields.Float()
    paced_at = fields.Datetime()

    _scope_unique = models.UniqueIndex("(scope)")

    @api.model
    def _get_permit(self, route_id, *, is_debug=False):
        """What a route may send at this moment; None: nothing.

        :rtype: Permit | None
        """
        rows = self.env.execute_query(_select_permit(route_id, is_debug=is_debug))
        return Permit(*rows[0]) if rows else None

    @api.model
    def _get_permit_of(self, queue):
        """As `_get_permit`, for a lane, which asks again and again.

        :param queue: `RouteQueue`
        """
        question = queue.statements.prepare(
            self.env.cr,
            "permit",
            lambda: _select_permit(
                queue.route_id, is_debug=queue.is_debug, now=SQL("$1::timestamp")
            ),
            [clock.now()],
        )
        rows = self.env.execute_query(question)
        return Permit(*rows[0]) if rows else None

    @api.model
    def _take_for_route(self, route_id, wanted):
        """Take at most so many tokens of a route, for what is no probe.

        :return: the number of tokens taken, 0 for a route that may not send
        """
        permit = self._get_permit(route_id)
        if permit is None or permit.must_probe:
            return 0
        return self._take(get_route_scope(route_id), permit.rate, wanted)

    @api.model
    def _slow_down(self, route_id, speed):
        """Lower the pace of a route over all lanes and hosts: half of what it is, at
        most once a second.

        Where the route has no throughput, the limit ends at twice the pace that the
        provider found too fast.

        :param speed: messages per second that the lanes hand over
        """
        self.env["sms.gateway.route"].flush_model(["throughput"])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_rate_limit AS b
                       (scope, tokens, filled_at, pace, ceiling, paced_at)
                SELECT %(scope)s, 0, %(clock)s, pace,
                       COALESCE(throughput, pace / %(slower)s * 2), %(clock)s
                  FROM (SELECT %(lowered)s AS pace, NULLIF(throughput, 0) AS throughput
                          FROM sms_gateway_route r
                     LEFT JOIN sms_gateway_rate_limit b ON b.scope = %(scope)s
                         WHERE r.id = %(route_id)s) AS slow
                    ON CONFLICT (scope) DO UPDATE
                   SET pace = EXCLUDED.pace, ceiling = EXCLUDED.ceiling,
                       paced_at = EXCLUDED.paced_at
                 WHERE b.paced_at IS NULL OR b.paced_at <= EXCLUDED.paced_at - %(every)s
                """,
                scope=get_route_scope(route_id),
                route_id=route_id,
                clock=clock.at_row(),
                slower=SLOWER,
                lowered=SQL(
                    "GREATEST(%s * COALESCE(%s, %s), %s)",
                    SLOWER,
                    _get_rate(),
                    speed,
                    SLOWEST,
                ),
                every=timedelta(seconds=SLOWER_EVERY),
            )
        )

    @api.model
    def _get_lowered(self, routes):
        """The pace of the routes that are slower than their throughput.

        :return: dict route id → messages per second
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.id, %(rate)s FROM sms_gateway_route r
                  JOIN sms_gateway_rate_limit b ON b.scope = 'route:' || r.id
                 WHERE r.id = ANY(%(ids)s) AND %(pace)s IS NOT NULL
                   AND (r.throughput = 0 OR r.throughput IS NULL
                        OR %(pace)s < r.throughput)
                """,
                rate=_get_rate(),
                pace=_get_pace(),
                ids=routes.ids,
            )
        )
        return dict(rows)

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


def _select_permit(route_id, *, is_debug=False, now=None):
    """A query of the `Permit` of a route, without rows where it may send nothing.

    Neither breaker nor pace touch debug messages: they do not go to the provider.

    :param now: as of `queues.is_rested`
    """
    if is_debug:
        return SQL(
            "SELECT 0, FALSE, FALSE FROM sms_gateway_route r WHERE r.id = %s AND %s",
            route_id,
            may_send(is_debug=True, now=now),
        )
    return SQL(
        """
        SELECT COALESCE(%(rate)s, 0), COALESCE(k.is_open, FALSE),
               COALESCE(k.is_watched, FALSE)
          FROM sms_gateway_route r
     LEFT JOIN sms_gateway_rate_limit b ON b.scope = %(scope)s
     LEFT JOIN sms_gateway_breaker k ON k.route_id = r.id
         WHERE r.id = %(route_id)s AND %(may_send)s AND %(may_probe)s
        """,
        rate=_get_rate(),
        scope=get_route_scope(route_id),
        route_id=route_id,
        may_send=may_send(is_debug=False, now=now),
        may_probe=may_probe(now),
    )


def _get_pace():
    """SQL of the lowered pace of the bucket ``b``, NULL where it has recovered."""
    steps = SQL(
        "LEAST(GREATEST(floor(EXTRACT(EPOCH FROM %s - b.paced_at) / %s), 0), %s)",
        clock.at_statement(),
        FASTER_EVERY,
        _MAX_STEPS,
    )
    pace = SQL("b.pace * power(%s, %s)", FASTER, steps)
    return SQL("CASE WHEN %(pace)s < b.ceiling THEN %(pace)s END", pace=pace)


def _get_rate():
    """SQL of the messages per second that the route ``r`` with the bucket ``b`` may
    send, NULL for no limit: the lower one of throughput and pace."""
    return SQL("LEAST(NULLIF(r.throughput, 0), %s)", _get_pace())


def get_route_scope(route_id):
    """The scope of what is handed to the provider of a route."""
    return f"route:{route_id}"
