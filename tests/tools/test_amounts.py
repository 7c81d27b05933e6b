"""Amounts in tables: a comma or a point, and nothing that is guessed."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.amounts import (
    UnreadableAmount,
    find_decimal_marks,
    read_amount,
)


class TestAmounts(BaseCase):
    def test_amounts_that_can_be_read_in_one_way(self):
        for text, amount in (
            ("2", "2"),
            ("2,35", "2.35"),
            ("2.35", "2.35"),
            ("0,123", "0.123"),
            ("1234,567", "1234.567"),
            ("1 234,5", "1234.5"),
            ("1\N{NO-BREAK SPACE}234,50 ₽", "1234.50"),
            ("$1,234.50", "1234.50"),
            ("1.234,50 руб.", "1234.50"),
            ("1,234,567", "1234567"),
            ("1.234.567,8", "1234567.8"),
            ("2,3500", "2.3500"),
        ):
            with self.subTest(text):
                self.assertEqual(read_amount(text), Decimal(amount))

    def test_what_can_be_read_in_two_ways_is_asked(self):
        for text, by_comma, by_point in (
            ("1,234", "1.234", "1234"),
            ("12.345", "12345", "12.345"),
        ):
            with self.subTest(text):
                with self.assertRaises(UnreadableAmount) as caught:
                    read_amount(text)
                self.assertTrue(caught.exception.is_doubtful)
                self.assertEqual(read_amount(text, ","), Decimal(by_comma))
                self.assertEqual(read_amount(text, "."), Decimal(by_point))

    def test_what_is_no_amount_is_refused(self):
        for text in ("", "free", "1,2,3", "1.2.3", "1,23,456", "2,", ",5", "1e3", "٣"):
            with self.subTest(text):
                with self.assertRaises(UnreadableAmount) as caught:
                    read_amount(text, ",")
                self.assertFalse(caught.exception.is_doubtful)

    @settings(deadline=None, derandomize=True)
    @given(st.decimals(0, 10**6, places=2))
    def test_two_decimals_are_read_with_either_mark(self, amount):
        self.assertEqual(read_amount(str(amount)), amount)
        self.assertEqual(read_amount(str(amount).replace(".", ",")), amount)

    def test_a_table_shows_its_decimal_mark(self):
        for texts, found in (
            (["2", "3"], (set(), False)),
            (["2,35", "1,234"], ({","}, True)),
            (["2,35", "2.35"], ({",", "."}, False)),
            (["1,234"], (set(), True)),
            (["1,234,567", "price"], (set(), False)),
        ):
            with self.subTest(texts):
                self.assertEqual(find_decimal_marks(texts), found)
