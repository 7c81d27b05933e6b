"""Routing below the API's path."""

from werkzeug.routing import BaseConverter

from odoo import models


class RestConverter(BaseConverter):
    """All that follows; ``path`` refuses line breaks and slashes at its start."""

    regex = "(?s:.*)"
    part_isolating = False
    weight = 200


class IrHttp(models.AbstractModel):
    """Knows the converter of the API's catch-all route."""

    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "sms_gateway_rest": RestConverter}
