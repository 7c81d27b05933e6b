"""Sheets of a file that is imported."""

from odoo import api, fields, models


class SmsGatewayImportSheet(models.TransientModel):
    """A sheet of the file."""

    _name = "sms.gateway.import.sheet"
    _description = "SMS Gateway Import Sheet"
    _order = "index"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    index = fields.Integer(required=True, readonly=True)
    name = fields.Char(readonly=True)
    is_hidden = fields.Boolean(readonly=True)

    @api.depends("name", "is_hidden")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for sheet in self:
            number = self.env._("Sheet %(number)s", number=sheet.index + 1)
            name = sheet.name or number
            hidden = self.env._("%(sheet)s (hidden)", sheet=name)
            sheet.display_name = hidden if sheet.is_hidden else name
