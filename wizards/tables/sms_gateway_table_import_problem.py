"""Rows of a table that are not imported."""

from odoo import fields, models


class SmsGatewayTableImportProblem(models.TransientModel):
    """A row of the table that is not imported, and why."""

    _name = "sms.gateway.table.import.problem"
    _inherit = ["sms.gateway.file.import.problem"]
    _description = "SMS Gateway Table Import Error"

    import_id = fields.Many2one(
        "sms.gateway.table.import", required=True, readonly=True, ondelete="cascade"
    )
