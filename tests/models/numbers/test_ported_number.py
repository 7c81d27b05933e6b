"""Ported numbers."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import OF_MTS, NumbersCase


@tagged("post_install", "-at_install")
class TestPortedNumbers(NumbersCase):
    def test_a_ported_number_is_believed_before_ranges(self):
        t2 = self.env.ref("crm_sms_gateway.operator_ru_t2")
        self.add_range("+79821230000", "+79821239999", t2)
        ported = self.add_ported("+7 982 123-01-01")
        self.assertEqual(ported.number, OF_MTS)
        self.assertEqual(self.find(OF_MTS), (self.beeline, "ported"))
        ported.operator_id = self.mts
        self.assertEqual(self.find(OF_MTS), (self.mts, "ported"))
        ported.unlink()
        self.assertEqual(self.find(OF_MTS), (t2, "range"))

    def test_what_is_no_number_is_refused(self):
        for number in ("89821230101", "+7", "+7982123010x"):
            with self.subTest(number), self.assertRaises(ValidationError):
                self.add_ported(number)

    def test_a_number_is_listed_once(self):
        self.add_ported(OF_MTS)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.add_ported(OF_MTS, self.mts)

    def test_numbers_of_another_country_than_the_operators_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "Russia"):
            self.add_ported("+77010000000", self.mts)
