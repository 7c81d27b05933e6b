"""Amounts in tables: a comma or a point, and nothing that is guessed."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.amounts import (
    UnreadableAmount,
    find_decimal_marks,
    names_other_currency,
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

    def test_spaces_that_divide_no_thousands_are_between_two_amounts(self):
        for text in ("2 5", "12 34", "1 2,5", "2,5 300", "2\n300", "2 50 руб."):
            with self.subTest(text), self.assertRaises(UnreadableAmount):
                read_amount(text)

    def test_an_amount_tells_its_currency(self):
        for text, currency, is_other in (
            ("$0.05", "RUB", True),
            ("0,05 €", "RUB", True),
            ("0,05 RUB", "KZT", True),
            ("2,50 руб.", "RUB", False),
            ("2,50 р.", "BYN", False),
            ("$0.05", "CAD", False),
            ("2,50р.", "EUR", True),
            ("0,05", "RUB", False),
            ("Цена, $", "RUB", True),
            ("Price (EUR)", "RUB", True),
            ("Цена за SMS, руб.", "RUB", False),
            ("Тариф р/с", "EUR", False),
        ):
            with self.subTest(text, currency=currency):
                self.assertEqual(names_other_currency(text, currency), is_other)

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
