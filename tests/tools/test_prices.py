"""Prices of numbers: the longest prefix wins, nothing is guessed."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.prices import PriceList, normalise_prefix

EVERYWHERE, RUSSIA, MTS = Decimal("9.5"), Decimal("2.35"), Decimal("2.1")
PRICES = {"": EVERYWHERE, "+7": RUSSIA, "+7916": MTS}

PREFIXES = st.text("123", max_size=5).map(lambda digits: "+" + digits if digits else "")


class TestPrices(BaseCase):
    def test_the_longest_prefix_wins(self):
        prices = PriceList(PRICES)
        for msisdn, price in (
            ("+79161230101", MTS),
            ("+79281706700", RUSSIA),
            ("+491511234567", EVERYWHERE),
            ("+7916", MTS),
            ("+791", RUSSIA),
        ):
            with self.subTest(msisdn):
                self.assertEqual(prices.find(msisdn), price)

    @settings(deadline=None, derandomize=True)
    @given(st.dictionaries(PREFIXES, st.decimals(0, 9, places=2)), st.text("123"))
    def test_it_is_the_price_of_the_longest_beginning(self, prices, digits):
        msisdn = "+" + digits
        known = [prefix for prefix in prices if msisdn.startswith(prefix)]
        longest = max(known, key=len, default=None)
        self.assertEqual(PriceList(prices).find(msisdn), prices.get(longest))

    def test_nothing_is_guessed(self):
        for prices in ({}, {"+7916": MTS}):
            self.assertIsNone(PriceList(prices).find("+79281706700"))
            self.assertIsNone(PriceList(prices).get_cost("+79281706700", 3))

    def test_a_price_of_nothing_is_a_price(self):
        prices = PriceList({"": EVERYWHERE, "+7": Decimal(0)})
        self.assertEqual(prices.get_cost("+79281706700", 3), 0)

    def test_segments_are_paid_one_by_one_and_exactly(self):
        prices = PriceList({"+7": Decimal("0.1")})
        self.assertEqual(prices.get_cost("+79281706700", 3), Decimal("0.3"))

    def test_a_call_is_paid_as_one(self):
        prices = PriceList(PRICES, channel="voice")
        for segments in (0, 3):
            self.assertEqual(prices.get_cost("+79281706700", segments), RUSSIA)

    def test_a_list_tells_whether_it_knows_any_price(self):
        self.assertTrue(PriceList(PRICES))
        self.assertFalse(PriceList({}))


class TestPrefixes(BaseCase):
    def test_marks_between_digits_do_not_matter(self):
        for written, prefix in (
            ("", ""),
            (" ", ""),
            ("+7", "+7"),
            ("+7 (916)", "+7916"),
            ("+7-916.123", "+7916123"),
        ):
            with self.subTest(written):
                self.assertEqual(normalise_prefix(written), prefix)

    def test_what_begins_no_number_is_refused(self):
        for written in ("7", "8916", "+", "+0", "++7", "+7x", "+٧", "+" + "7" * 16):
            with self.subTest(written), self.assertRaises(ValueError):
                normalise_prefix(written)
