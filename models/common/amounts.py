"""Amounts of money as people read them."""

from decimal import Decimal

from odoo.tools import formatLang


def format_price(env, price, currency):
    """A price with all its decimals: prices of SMS parts are finer than money is.

    :param price: `decimal.Decimal`
    :param currency: record of ``res.currency``
    :return: ``"0.035 €"`` as the user's language writes it
    """
    digits = max(2, -price.normalize().as_tuple().exponent)
    return f"{formatLang(env, float(price), digits=digits)} {currency.symbol}"


def as_decimal(price):
    """The price that a person entered; a float field holds the number next to it."""
    return Decimal(str(price))
