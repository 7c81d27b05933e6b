"""Prices of a price list beside those of the route."""

from odoo import api, fields, models

from ...models.sending.selections import CATEGORIES, CHANNELS


class SmsGatewayTableImportPrice(models.TransientModel):
    """A new price and the one that it replaces."""

    _name = "sms.gateway.table.import.price"
    _description = "SMS Gateway Table Import Price"
    _order = "id"

    import_id = fields.Many2one(
        "sms.gateway.table.import", required=True, readonly=True, ondelete="cascade"
    )
    channel = fields.Selection(CHANNELS, readonly=True)
    category = fields.Selection(CATEGORIES, readonly=True)
    operator_id = fields.Many2one("sms.gateway.operator", readonly=True)
    prefix = fields.Char("Number prefix", readonly=True)
    has_old_price = fields.Boolean(readonly=True)
    old_price = fields.Float(
        "Current price", digits=(16, 6), min_display_digits=2, readonly=True
    )
    price = fields.Float(
        "New price", digits=(16, 6), min_display_digits=2, readonly=True
    )
    change = fields.Selection(
        [("new", "New"), ("changed", "Changed"), ("same", "Unchanged")],
        compute="_compute_change",
    )

    @api.depends("has_old_price", "old_price", "price")
    def _compute_change(self):
        for one in self:
            if not one.has_old_price:
                one.change = "new"
            else:
                one.change = "same" if one.old_price == one.price else "changed"
