"""Prices: what a provider takes for messages to some numbers."""

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...tools.prices import Price, PriceList, normalise_prefix
from ..common.amounts import as_decimal
from ..sending.selections import CATEGORIES, CHANNELS


class SmsGatewayPrice(models.Model):
    """What one segment, or one call, costs to the numbers that begin with a prefix.

    Of the prices that suit a message one for its category beats one for any, then one
    for the operator of the number beats one for any, then the longest prefix wins.
    Prices are read when messages are accepted: those that
    were accepted before keep their cost.
    """

    _name = "sms.gateway.price"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Price"
    _order = (
        "channel, category NULLS FIRST, operator_id NULLS FIRST, prefix NULLS FIRST, id"
    )
    _rec_name = "prefix"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", index=True
    )
    channel = fields.Selection(CHANNELS, required=True, default="sms")
    prefix = fields.Char(
        help="Start of the number including the country code, e.g. +7 or +7916. The "
        "longest matching prefix applies. Empty = all other numbers.",
    )
    operator_id = fields.Many2one(
        "sms.gateway.operator",
        ondelete="restrict",
        index="btree_not_null",
        help="The price applies to numbers of this operator and takes precedence over "
        "prices for any operator, whatever their prefix. Empty = any operator.",
    )
    category = fields.Selection(
        CATEGORIES,
        help="The price applies to messages of this category and takes precedence over "
        "prices for any category, whatever their operator and prefix. Empty = any "
        "category.",
    )
    price = fields.Float(
        required=True,
        digits=(16, 6),
        min_display_digits=2,
        help="Price of one SMS part or one voice call.",
    )
    currency_id = fields.Many2one(related="route_id.company_id.currency_id")

    _prefix_unique = models.UniqueIndex(
        "(route_id, channel, COALESCE(operator_id, 0), COALESCE(prefix, ''),"
        " COALESCE(category, ''))",
        "The route already has a price for this channel, operator, number prefix and"
        " category.",
    )
    _price_positive = models.Constraint(
        "CHECK (price >= 0)", "The price cannot be negative."
    )

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: prefixes are kept as numbers begin."""
        return super().create([self._normalise(vals) for vals in vals_list])

    def write(self, vals):
        """Override: see `create`."""
        return super().write(self._normalise(vals))

    def _normalise(self, vals):
        if not vals.get("prefix"):
            return vals
        return {**vals, "prefix": read_prefix(self.env, vals["prefix"])}

    # === BUSINESS METHODS ===
    @api.model
    @tools.ormcache("route.id", "channel", "category", "day")
    def _make_list(self, route, channel, category, day):
        """
        :param day: that on which packages are open
        :rtype: tools.prices.PriceList
        """
        # sudo: who may send may know what it costs, only administrators see price lists
        prices = self.sudo().search(
            [
                ("route_id", "=", route.id),
                ("channel", "=", channel),
                ("category", "in", [False, category]),
            ]
        )
        packages = self.env["sms.gateway.package"]
        return PriceList(
            map(_to_price, prices),
            channel=channel,
            packages=packages._find_open(route, channel, category, day),
        )


def read_prefix(env, written):
    """A prefix as numbers begin.

    :raise ValidationError: it is no beginning of a number
    """
    try:
        return normalise_prefix(written)
    except ValueError as error:
        raise ValidationError(
            env._(
                "“%(prefix)s” is not a valid number prefix. Enter a plus sign "
                "and the country code, e.g. +7 or +7916.",
                prefix=written,
            )
        ) from error


def _to_price(price):
    return Price(
        prefix=price.prefix or "",
        # as it was typed: a float is shown by its shortest decimal
        amount=as_decimal(price.price),
        operator_id=price.operator_id.id or None,
        is_of_category=bool(price.category),
    )
