"""Routes: their names, channels and figures."""

import unicodedata

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...common import GatewayCase


@tagged("post_install", "-at_install")
class TestRoute(GatewayCase):
    def test_names_are_trimmed_and_composed(self):
        decomposed = unicodedata.normalize("NFD", "Йод")
        route = self.make_route(f"  {decomposed} \n")
        self.assertEqual(route.name, "Йод")
        route.name = f" {decomposed}2 "
        self.assertEqual(route.name, "Йод2")

    def test_a_name_is_found_however_it_is_composed(self):
        Route = self.env["sms.gateway.route"]
        route = self.make_route("осмй")
        for name in ("осмй", "  осмй ", unicodedata.normalize("NFD", "осмй")):
            self.assertEqual(Route._find_for_api_client(name), route)
        for name in ("ОСМЙ", "осм", "", None):
            self.assertFalse(Route._find_for_api_client(name))

    def test_a_name_of_spaces_is_none(self):
        with self.assertRaises(ValidationError):
            self.make_route("   ")

    def test_names_are_unique_in_all_companies(self):
        company = self.env["res.company"].create({"name": "Another company"})
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.make_route(f"{self.route.name} ", company_id=company.id)

    def test_an_archived_route_is_unknown_to_callers(self):
        self.route.active = False
        found = self.env["sms.gateway.route"]._find_for_api_client(self.route.name)
        self.assertFalse(found)

    def test_a_copy_gets_a_name_of_its_own(self):
        copy = self.route.copy()
        self.assertNotEqual(copy.name, self.route.name)
        self.assertNotEqual(copy.webhook_token, self.route.webhook_token)
        self.assertEqual(copy.copy({"name": "third"}).name, "third")

    def test_channels_are_those_of_the_provider_or_less(self):
        for has_sms, has_voice, provider_code in (
            (True, True, "xml_gate"),
            (False, True, "xml_gate"),
            (False, False, "sandbox"),
        ):
            with (
                self.subTest(provider=provider_code, sms=has_sms, voice=has_voice),
                self.assertRaises(ValidationError),
            ):
                self.env["sms.gateway.route"].create(
                    {
                        "name": "channels",
                        "provider_code": provider_code,
                        "has_sms": has_sms,
                        "has_voice": has_voice,
                    }
                )
        with self.assertRaises(ValidationError):
            self.route.provider_code = "xml_gate"

    def test_numbers_out_of_range_are_refused(self):
        for values in (
            {"throughput": -1},
            {"concurrency": 0},
            {"concurrency": 129},
            {"max_attempts": 0},
        ):
            with (
                self.subTest(**values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(Exception) as caught,
            ):
                self.route.write(values)
                self.env.flush_all()
            self.assertIn("CheckViolation", type(caught.exception).__name__)
