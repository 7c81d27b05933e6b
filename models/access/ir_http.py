"""Routing below the API's path."""

from werkzeug.routing import BaseConverter

from odoo import models


class RestConverter(BaseConverter):
    """All that follows; ``path`` refuses line breaks and slashes at its start."""

    regex = "(?s:.*)"
    part_isolating = False
    weight = 200


class IrHttp(models.AbstractModel):
    """Knows the converter of the API's catch-all route, and tells the web client who is
    told of the gateway's troubles."""

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "sms_gateway_rest": RestConverter}

    def session_info(self):
        """Override: a banner asks for troubles, for administrators alone."""
        is_administrator = self.env.user.has_group(
            "crm_sms_gateway.group_administrator"
        )
        return {
            **super().session_info(),
            "sms_gateway_is_administrator": is_administrator,
        }
