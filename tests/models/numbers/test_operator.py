"""Operators and their names."""

from phonenumbers.carrierdata import CARRIER_DATA
from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import OF_MTS, OF_NOBODY, NumbersCase


@tagged("post_install", "-at_install")
class TestOperators(NumbersCase):
    def test_numbers_have_the_operators_of_the_carrier_table(self):
        self.assertEqual(self.find(OF_MTS), (self.mts, "prefix"))
        self.assertEqual(self.find(OF_NOBODY), (self.operators, "unknown"))

    def test_carriers_are_told_apart_by_their_country(self):
        for msisdn, name in (
            ("+79031230101", "Beeline"),
            ("+77051230101", "Beeline Kazakhstan"),
            ("+998901230101", "Beeline Uzbekistan"),
            ("+375291230101", "A1"),
        ):
            with self.subTest(msisdn):
                self.assertEqual(self.find(msisdn)[0].name, name)

    def test_the_carrier_table_calls_most_operators_by_their_names(self):
        """What it does not know has no numbers of its own there."""
        names = self.operators._get_plan().names
        called = {
            self.operators._get_plan().find_operator(name["en"], f"+{prefix}")
            for prefix, name in CARRIER_DATA.items()
            if "en" in name
        }
        self.assertLessEqual(called - {None}, set(names.values()))
        unknown = self.operators.browse(set(names.values()) - called)
        self.assertEqual(
            set(unknown.mapped("name")), {"Yota", "Rostelecom", "T-Mobile (T-Bank)"}
        )

    def test_a_new_name_is_known_at_once(self):
        self.assertEqual(self.find("+77641234567")[1], "unknown")
        self.env.ref("crm_sms_gateway.operator_kz_t2")._add_alias("2Day Telecom")
        self.assertEqual(self.find("+77641234567")[0].name, "Tele2/Altel")
        self.env.ref("crm_sms_gateway.operator_kz_t2").unlink()
        self.assertEqual(self.find("+77641234567")[1], "unknown")

    def test_an_alias_is_added_once_and_is_one_name(self):
        self.mts.aliases = False
        for _time in range(2):
            self.mts._add_alias("МТС, ПАО")
        self.assertEqual(self.mts.aliases, "МТС ПАО")
        self.mts._add_alias("mts")
        self.assertEqual(self.mts.aliases, "МТС ПАО")

    def test_a_name_belongs_to_one_operator_of_a_country(self):
        with self.assertRaises(ValidationError):
            self.beeline.aliases = "ПАО «МТС»"
        with self.assertRaises(ValidationError):
            self.operators.create({"name": "билайн", "country_id": self.russia.id})
        self.beeline.aliases = "Velcom"

    def test_names_are_unique(self):
        values = {"name": "MTS", "country_id": self.env.ref("base.de").id}
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.operators.create(values)

    def test_people_find_operators_by_any_of_their_names(self):
        found = dict(self.operators.name_search("Билайн"))
        self.assertIn(self.beeline.id, found)

    def test_who_sends_knows_operators(self):
        user = new_test_user(
            self.env, "operator_user", groups="crm_sms_gateway.group_user"
        )
        self.operators._forget_cached()
        lookup = self.operators.with_user(user)._make_lookup()
        self.assertEqual(lookup.find(OF_MTS), (self.mts.id, "prefix"))

    def test_a_lookup_reads_once_for_a_block(self):
        self.add_ported(OF_NOBODY)
        self.operators._get_plan()
        lookup = self.operators._make_lookup()
        with self.assertQueryCount(1):
            lookup.learn([OF_NOBODY, OF_MTS])
        with self.assertQueryCount(0):
            self.assertEqual(lookup.find(OF_NOBODY), (self.beeline.id, "ported"))
            self.assertEqual(lookup.find(OF_MTS), (self.mts.id, "prefix"))

    def test_without_ported_numbers_nothing_is_read(self):
        self.operators._get_plan()
        with self.assertQueryCount(0):
            self.operators._make_lookup().learn([OF_MTS])
