"""Rows of a file that are not imported."""

from odoo import fields, models


class SmsGatewayImportProblem(models.TransientModel):
    """A row of the file that is not imported, and why."""

    _name = "sms.gateway.import.problem"
    _inherit = ["sms.gateway.file.import.problem"]
    _description = "SMS Gateway Import Error"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
