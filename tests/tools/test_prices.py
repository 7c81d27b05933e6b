"""Prices of numbers: the longest prefix wins, nothing is guessed."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.prices import (
    Price,
    PriceList,
    normalise_prefix,
)

EVERYWHERE, RUSSIA, MTS = Decimal("9.5"), Decimal("2.35"), Decimal("2.1")
PRICES = {"": EVERYWHERE, "+7": RUSSIA, "+7916": MTS}

PREFIXES = st.text("123", max_size=5).map(lambda digits: "+" + digits if digits else "")


def make_list(prices, **values):
    """:param prices: prefix → price"""
    return PriceList([Price(*pair) for pair in prices.items()], **values)


class TestPrices(BaseCase):
    def test_the_longest_prefix_wins(self):
        prices = make_list(PRICES)
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
        self.assertEqual(make_list(prices).find(msisdn), prices.get(longest))

    def test_nothing_is_guessed(self):
        for prices in ({}, {"+7916": MTS}):
            self.assertIsNone(make_list(prices).find("+79281706700"))
            self.assertIsNone(make_list(prices).get_cost("+79281706700", 3))

    def test_a_price_of_nothing_is_a_price(self):
        prices = make_list({"": EVERYWHERE, "+7": Decimal(0)})
        self.assertEqual(prices.get_cost("+79281706700", 3), 0)

    def test_segments_are_paid_one_by_one_and_exactly(self):
        prices = make_list({"+7": Decimal("0.1")})
        self.assertEqual(prices.get_cost("+79281706700", 3), Decimal("0.3"))

    def test_a_call_is_paid_as_one(self):
        prices = make_list(PRICES, channel="voice")
        for segments in (0, 3):
            self.assertEqual(prices.get_cost("+79281706700", segments), RUSSIA)

    def test_a_list_tells_whether_it_knows_any_price(self):
        self.assertTrue(make_list(PRICES))
        self.assertFalse(make_list({}))


class TestOperators(BaseCase):
    """A price of the category beats all, then one of the operator, then the prefix."""

    def test_a_price_of_the_operator_beats_a_longer_prefix(self):
        prices = PriceList([Price("+7916", RUSSIA), Price("", MTS, operator_id=1)])
        self.assertEqual(prices.find("+79161230101", 1), MTS)
        self.assertEqual(prices.find("+79161230101", 2), RUSSIA)
        self.assertEqual(prices.find("+79161230101"), RUSSIA)

    def test_a_price_of_the_category_beats_one_of_the_operator(self):
        prices = PriceList(
            [
                Price("+7916", RUSSIA, operator_id=1),
                Price("+7", MTS, is_of_category=True),
            ]
        )
        self.assertEqual(prices.find("+79161230101", 1), MTS)

    def test_of_the_same_kind_the_longest_prefix_wins(self):
        for values in (
            {"operator_id": 1},
            {"is_of_category": True},
            {"operator_id": 1, "is_of_category": True},
        ):
            with self.subTest(values):
                prices = PriceList(
                    [Price("+7", RUSSIA, **values), Price("+7916", MTS, **values)]
                )
                self.assertEqual(prices.find("+79161230101", 1), MTS)
                self.assertEqual(prices.find("+79281706700", 1), RUSSIA)

    @settings(deadline=None, derandomize=True)
    @given(
        st.dictionaries(
            st.tuples(st.booleans(), st.sampled_from([None, 1, 2]), PREFIXES),
            st.decimals(0, 9, places=2),
            max_size=12,
        ),
        st.text("123", max_size=6),
        st.sampled_from([None, 1, 2, 3]),
    )
    def test_which_of_many_prices_it_is(self, prices, digits, operator_id):
        msisdn = "+" + digits
        suitable = [
            (is_of_category, of_operator is not None, len(prefix), amount)
            for (is_of_category, of_operator, prefix), amount in prices.items()
            if of_operator in (None, operator_id) and msisdn.startswith(prefix)
        ]
        best = max(suitable, default=(None,))[-1]
        rows = [
            Price(prefix, amount, of_operator, is_of_category)
            for (is_of_category, of_operator, prefix), amount in prices.items()
        ]
        self.assertEqual(PriceList(rows).find(msisdn, operator_id), best)

    def test_an_unknown_operator_has_the_price_of_any(self):
        prices = PriceList([Price("", MTS, operator_id=1)])
        self.assertIsNone(prices.find("+79161230101"))
        self.assertIsNone(prices.get_cost("+79161230101", 2, 2))
        self.assertEqual(prices.get_cost("+79161230101", 2, 1), 2 * MTS)

    def test_a_list_tells_whether_operators_matter(self):
        self.assertFalse(make_list(PRICES).needs_operators)
        self.assertTrue(PriceList([Price("", MTS, operator_id=1)]).needs_operators)


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

    def test_a_trunk_prefix_behind_a_plus_is_no_country_code(self):
        for written in ("+8 495", "+8 (495)", " +8-495"):
            with self.subTest(written), self.assertRaises(ValueError):
                normalise_prefix(written)
        self.assertEqual(normalise_prefix("+84 95"), "+8495")
