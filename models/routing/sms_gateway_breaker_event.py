"""The history of routes in trouble: what their circuit breakers did, and when."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock
from ..sending.reasons import say_words

#: Events are kept so long.
KEEP = timedelta(days=90)
#: A route that is throttled again and again is told once in so long.
TOLD_EVERY = timedelta(minutes=1)


class SmsGatewayBreakerEvent(models.Model):
    """One change of a circuit breaker, or a pace that was lowered."""

    _name = "sms.gateway.breaker.event"
    _description = "SMS Gateway Availability Event"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("opened", "Sending suspended"),
            ("probed", "Test message submitted"),
            ("closed", "Sending restored"),
            ("throttled", "Slowed down by the provider"),
        ],
        required=True,
        readonly=True,
        string="Event",
    )
    occurred_at = fields.Datetime("Time", required=True, readonly=True)
    rest = fields.Integer("Duration (s)", readonly=True)
    reason = fields.Char("Stored reason", readonly=True)
    reason_words = fields.Char("Reason", compute="_compute_reason_words")

    _route_index = models.Index("(route_id, id)")
    _occurred_index = models.Index("(occurred_at)")

    @api.depends("reason")
    @api.depends_context("lang")
    def _compute_reason_words(self):
        for event in self:
            event.reason_words = say_words(self.env, event.reason)

    @api.model
    def _log(self, route, kind, *, rest=0, reason=""):
        self.create(
            {
                "route_id": route.id,
                "kind": kind,
                "occurred_at": clock.this_second(),
                "rest": rest,
                "reason": reason,
            }
        )

    @api.model
    def _log_throttling(self, route, rest, reason):
        """Record that a provider slows a route down, once in `TOLD_EVERY`."""
        domain = [
            ("route_id", "=", route.id),
            ("kind", "=", "throttled"),
            ("occurred_at", ">", clock.this_second() - TOLD_EVERY),
        ]
        if not self.search_count(domain, limit=1):
            self._log(route, "throttled", rest=rest, reason=reason)

    @api.autovacuum
    def _gc_events(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM sms_gateway_breaker_event WHERE occurred_at < %s - %s",
                clock.at_statement(),
                KEEP,
            )
        )
