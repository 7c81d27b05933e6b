"""Reasons that administrators give the codes of providers."""

from odoo import api, fields, models, tools

from ..sending.selections import FAILURE_TYPES


class SmsGatewayRouteReason(models.Model):
    """The reason that an administrator gives a provider's code: what the adapter's own
    table does not know, or knows otherwise."""

    _name = "sms.gateway.route.reason"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Failure Reason of a Route"
    _order = "code, id"
    _rec_name = "code"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", index=True
    )
    code = fields.Char(
        "Provider code",
        required=True,
        help="The code as shown in the timeline of a message.",
    )
    failure_type = fields.Selection(FAILURE_TYPES, "Failure reason", required=True)

    _code_unique = models.UniqueIndex(
        "(route_id, code)", "The route already has a reason for this code."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: codes are kept without spaces around them."""
        for vals in vals_list:
            vals["code"] = (vals.get("code") or "").strip()
        return super().create(vals_list)

    def write(self, vals):
        """Override: see `create`."""
        if "code" in vals:
            vals = {**vals, "code": (vals["code"] or "").strip()}
        return super().write(vals)

    # === BUSINESS METHODS ===
    @api.model
    @tools.ormcache("route.id")
    def _get_reasons(self, route):
        """:return: dict of the provider's code → failure type, as administrators
        entered them"""
        # sudo: the sender applies what only administrators see
        reasons = self.sudo().search([("route_id", "=", route.id)])
        return {reason.code: reason.failure_type for reason in reasons}
