"""Rows of a file that are not imported."""

from odoo import fields, models


class SmsGatewayImportProblem(models.TransientModel):
    """A line of the file that is not imported."""

    _name = "sms.gateway.import.problem"
    _description = "SMS Gateway Import Error"
    _order = "number"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer("Row", readonly=True)
    content = fields.Char("Row content", readonly=True)
    fault = fields.Text("Import error", readonly=True)
