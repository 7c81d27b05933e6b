"""Companies: through which route Odoo's own SMS go."""

from datetime import timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..odoo_sms.sms_gateway_odoo_sms import SmsApiGateway


class ResCompany(models.Model):
    """Chooses a transport for what Odoo itself sends."""

    _inherit = "res.company"

    sms_gateway_route_id = fields.Many2one(
        "sms.gateway.route",
        "Route for Odoo SMS",
        ondelete="restrict",
        help="Route for all SMS sent by Odoo. Leave empty to keep Odoo's standard "
        "sending.",
    )
    sms_gateway_obeys_blacklist = fields.Boolean(
        "Skip blacklisted numbers",
        default=True,
        help="Without this option, Odoo checks the blacklist only for mass sending.",
    )

    @api.constrains("sms_gateway_route_id")
    def _check_sms_gateway_route(self):
        for company in self:
            # sudo: whoever sets companies up need not be a user of the gateway
            route = company.sms_gateway_route_id.sudo()
            is_fit = route.active and route.has_sms and route.company_id == company
            if route and not is_fit:
                raise ValidationError(
                    self.env._(
                        "Route “%(route)s” cannot send Odoo SMS for %(company)s. "
                        "Under Settings → Send SMS, select an active SMS route of "
                        "this company.",
                        route=route.name,
                        company=company.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: see `_get_sms_gateway_company_ids`."""
        companies = super().create(vals_list)
        if any(vals.get("sms_gateway_route_id") for vals in vals_list):
            self.env.registry.clear_cache()
        return companies

    def write(self, vals):
        """Override: see `_get_sms_gateway_company_ids` and
        `_get_sms_gateway_time_zone`."""
        result = super().write(vals)
        if vals.keys() & {"sms_gateway_route_id", "partner_id"}:
            self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _get_sms_gateway_company_ids(self):
        """The companies whose SMS go through the gateway: asked for by every SMS."""
        # sudo: the transport of an SMS is no matter of who sends it
        domain = [("sms_gateway_route_id", "!=", False)]
        return tuple(self.sudo().search(domain).ids)

    def _uses_sms_gateway(self):
        """Whether Odoo's SMS of this company go through the gateway."""
        return self.id in self._get_sms_gateway_company_ids()

    def _get_sms_api_class(self):
        """Override: the gateway's transport, where a route is chosen."""
        self.ensure_one()
        if self._uses_sms_gateway():
            return SmsApiGateway
        return super()._get_sms_api_class()

    # === LANGUAGE AND DAYS ===
    def _get_sms_gateway_lang(self):
        """What the company speaks with people whose language nobody knows."""
        # sudo: whoever sends for a company may not see its contact
        return self.sudo().partner_id.lang

    def _get_sms_gateway_day(self, moment):
        """The day it is where the company is.

        :param moment: naive UTC
        """
        zone = ZoneInfo(self._get_sms_gateway_time_zone())
        return moment.replace(tzinfo=timezone.utc).astimezone(zone).date()

    @tools.ormcache("self.id")
    def _get_sms_gateway_time_zone(self):
        """The time zone of the company's own contact, or else the gateway's; asked for
        by every request.

        :return: an existing IANA name
        """
        settings = self.env["sms.gateway.settings"]
        # sudo: what day it is may be known
        return (
            settings._find_zone(self.sudo().partner_id.tz) or settings._get().time_zone
        )
