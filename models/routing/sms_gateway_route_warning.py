"""What a route warns of, and its warnings."""

from odoo import api, fields, models

from .sms_gateway_watch import IS_SHOWN


class SmsGatewayRoute(models.Model):
    """Thresholds of the route's warnings, see `sms.gateway.watcher`."""

    _inherit = "sms.gateway.route"

    notifies_by_mail = fields.Boolean(
        "Notify by email",
        default=True,
        help="Sends the responsible user one email per warning, besides the activity.",
    )
    balance_threshold = fields.Float(
        "Balance below",
        digits=(16, 2),
        help="Warns when the balance of the provider account is below this amount. The"
        " balance is requested every hour. 0 = off.",
    )
    max_queue_age = fields.Integer(
        "Maximum waiting time",
        default=15,
        help="Warns when the oldest due message has been waiting for more minutes."
        " 0 = off.",
    )
    max_report_silence = fields.Integer(
        "Maximum time without reports",
        default=60,
        help="Warns when the provider has not used the webhook URL for so many"
        " minutes although at least 20 messages wait for a delivery report. 0 = off.",
    )
    max_drop_points = fields.Integer(
        "Drop in percentage points",
        default=20,
        help="Warns when the share of delivered messages is lower than in the 7 days"
        " before by so many percentage points. 0 = off.",
    )
    max_drop_share = fields.Integer(
        "Drop in percent",
        default=33,
        help="Warns when the share of delivered messages is lower than in the 7 days"
        " before by so many percent of that share. 0 = off.",
    )
    watch_ids = fields.One2many(
        "sms.gateway.watch", "route_id", "History of warnings", readonly=True
    )
    warnings = fields.Char(compute="_compute_warnings")
    shown_warnings = fields.Text(
        "Warnings on the form",
        compute="_compute_warnings",
        help="Warnings except those that the form shows anyway.",
    )

    _thresholds_positive = models.Constraint(
        "CHECK (balance_threshold >= 0 AND max_queue_age >= 0"
        " AND max_report_silence >= 0 AND max_drop_points >= 0"
        " AND max_drop_share >= 0)",
        "Thresholds of warnings cannot be negative.",
    )

    @api.depends("watch_ids.told_at", "watch_ids.cleared_at", "watch_ids.words")
    @api.depends_context("lang", "tz")
    def _compute_warnings(self):
        for route in self:
            shown = route.watch_ids.filtered_domain(IS_SHOWN).sorted("kind")
            others = shown.filtered(lambda watch: watch.kind != "route_down")
            route.warnings = ". ".join(shown.mapped("words"))
            route.shown_warnings = "\n".join(others.mapped("words"))
