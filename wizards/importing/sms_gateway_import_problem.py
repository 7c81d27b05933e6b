"""Rows of a file that are not imported."""

from odoo import fields, models


class SmsGatewayImportProblem(models.TransientModel):
    """A line of the file that is not imported."""

    _name = "sms.gateway.import.problem"
    _description = "SMS Gateway Import Problem"
    _order = "number"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer("Line", readonly=True)
    content = fields.Char("What is there", readonly=True)
    fault = fields.Text("Why not", readonly=True)
