"""Ranges of numbers."""

from psycopg2.errors import CheckViolation

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import OF_MTS, NumbersCase


@tagged("post_install", "-at_install")
class TestNumberRanges(NumbersCase):
    def test_a_range_is_believed_before_the_carrier_table(self):
        one = self.add_range("+79821230000", "+79821239999")
        self.assertEqual(self.find(OF_MTS), (self.beeline, "range"))
        one.operator_id = self.mts
        self.assertEqual(self.find(OF_MTS), (self.mts, "range"))
        one.unlink()
        self.assertEqual(self.find(OF_MTS), (self.mts, "prefix"))

    def test_the_narrowest_range_wins_then_the_last_one(self):
        t2 = self.env.ref("crm_sms_gateway.operator_ru_t2")
        self.add_range("+79821230000", "+79821239999", self.beeline)
        self.add_range("+79820000000", "+79829999999", t2)
        self.assertEqual(self.find(OF_MTS)[0], self.beeline)
        self.add_range("+79821230000", "+79821239999", t2)
        self.assertEqual(self.find(OF_MTS)[0], t2)

    def test_numbers_are_kept_without_marks(self):
        one = self.add_range("+7 (982) 123-00-00", "+7 982 123-99-99")
        self.assertEqual(one.display_name, "+79821230000 – +79821239999")

    def test_what_is_no_range_is_refused(self):
        for first, last in (
            ("+79821239999", "+79821230000"),
            ("+7982123000", "+79821239999"),
        ):
            with (
                self.subTest(first=first, last=last),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
            ):
                self.add_range(first, last)
        with self.assertRaises(ValidationError):
            self.add_range("79821230000", "79821239999")

    def test_ranges_of_another_country_than_the_operators_are_refused(self):
        kazakh = self.operators.create(
            {"name": "Kazakh", "country_id": self.env.ref("base.kz").id}
        )
        one = self.add_range("+77010000000", "+77019999999", kazakh)
        with self.assertRaisesRegex(ValidationError, "Russia"):
            one.operator_id = self.mts
        with self.assertRaisesRegex(ValidationError, "Kazakhstan"):
            self.add_range("+79160000000", "+79169999999", kazakh)
