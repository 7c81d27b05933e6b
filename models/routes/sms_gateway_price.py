"""Prices: what a provider takes for messages to some numbers."""

from decimal import Decimal

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...tools.prices import PriceList, normalise_prefix
from ..sending.selections import CHANNELS


class SmsGatewayPrice(models.Model):
    """What one segment, or one call, costs to the numbers that begin with a prefix.

    The longest prefix wins. Prices are read when messages are accepted: those that
    were accepted before keep their cost.
    """

    _name = "sms.gateway.price"
    _description = "SMS Gateway Price"
    _order = "channel, prefix NULLS FIRST, id"
    _rec_name = "prefix"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", index=True
    )
    channel = fields.Selection(CHANNELS, required=True, default="sms")
    prefix = fields.Char(
        help="Start of the number including the country code, e.g. +7 or +7916. The "
        "longest matching prefix applies. Empty = all other numbers.",
    )
    price = fields.Float(
        required=True,
        digits=(16, 6),
        min_display_digits=2,
        help="Price of one SMS part or one voice call.",
    )
    currency_id = fields.Many2one(related="route_id.company_id.currency_id")

    _prefix_unique = models.UniqueIndex(
        "(route_id, channel, COALESCE(prefix, ''))",
        "The route already has a price for this channel and prefix.",
    )
    _price_positive = models.Constraint(
        "CHECK (price >= 0)", "The price cannot be negative."
    )

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: prefixes are kept as numbers begin; price lists are made anew."""
        self.env.registry.clear_cache()
        return super().create([self._normalise(vals) for vals in vals_list])

    def write(self, vals):
        """Override: see `create`."""
        self.env.registry.clear_cache()
        return super().write(self._normalise(vals))

    def unlink(self):
        """Override: see `create`."""
        self.env.registry.clear_cache()
        return super().unlink()

    def _normalise(self, vals):
        if not vals.get("prefix"):
            return vals
        try:
            return {**vals, "prefix": normalise_prefix(vals["prefix"])}
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "“%(prefix)s” is not a valid number prefix. Enter a plus sign "
                    "and the country code, e.g. +7 or +7916.",
                    prefix=vals["prefix"],
                )
            ) from error

    # === BUSINESS METHODS ===
    @api.model
    @tools.ormcache("route.id", "channel")
    def _make_list(self, route, channel):
        """:rtype: tools.prices.PriceList"""
        # sudo: who may send may know what it costs, only administrators see price lists
        prices = self.sudo().search(
            [("route_id", "=", route.id), ("channel", "=", channel)]
        )
        return PriceList(
            # as it was typed: a float is shown by its shortest decimal
            {price.prefix or "": Decimal(str(price.price)) for price in prices},
            channel=channel,
        )
