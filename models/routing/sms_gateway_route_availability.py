"""Routes: whether they are available, how fast they are, and what happened to them."""

from odoo import api, fields, models


class SmsGatewayRoute(models.Model):
    """Shows the circuit breaker and the lowered pace of a route."""

    _inherit = "sms.gateway.route"

    breaker_state = fields.Selection(
        [
            ("closed", "Available"),
            ("open", "Suspended"),
            ("probing", "Testing with one message"),
        ],
        compute="_compute_breaker_state",
        string="Availability",
    )
    lowered_pace = fields.Float(
        "Present speed",
        compute="_compute_lowered_pace",
        help="The provider has asked for fewer messages per second. The speed recovers"
        " step by step.",
    )
    breaker_event_ids = fields.One2many(
        "sms.gateway.breaker.event", "route_id", string="Availability history"
    )

    @api.depends("resume_at")
    def _compute_breaker_state(self):
        """A rest that a provider asked for suspends the route, too."""
        # sudo: everybody may know it, only the gateway itself reads breakers
        Breaker = self.env["sms.gateway.breaker"].sudo()
        domain = [("route_id", "in", self._origin.ids), ("is_open", "=", True)]
        opened = Breaker.search(domain).route_id.ids
        for route in self:
            is_open = route._origin.id in opened
            route.breaker_state = (
                "open" if route.is_resting else "probing" if is_open else "closed"
            )

    def _compute_lowered_pace(self):
        limits = self.env["sms.gateway.rate.limit"]
        lowered = limits._get_lowered(self._origin)
        for route in self:
            route.lowered_pace = lowered.get(route._origin.id, 0)
