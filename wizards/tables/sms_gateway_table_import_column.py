"""Columns of a table that is imported."""

from odoo import fields, models


class SmsGatewayTableImportColumn(models.TransientModel):
    """A column of the table and what it means, nothing where it is not imported."""

    _name = "sms.gateway.table.import.column"
    _inherit = ["sms.gateway.file.import.column"]
    _description = "SMS Gateway Table Import Column"

    import_id = fields.Many2one(
        "sms.gateway.table.import", required=True, readonly=True, ondelete="cascade"
    )
    target = fields.Selection(
        [
            ("code", "Code (three digits)"),
            ("first", "First number"),
            ("last", "Last number"),
            ("number", "Number"),
            ("prefix", "Number prefix"),
            ("operator", "Operator"),
            ("category", "Category"),
            ("channel", "Channel"),
            ("price", "Price"),
            ("date", "Ported on"),
        ],
        "Import as",
    )
