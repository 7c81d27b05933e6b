"""Secrets of routes, and the addresses to which they are sent."""

import contextlib
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.xml_gate import XmlGateProvider

from ...common import load_migration
from .gate_route import PASSWORD, GateCase


@tagged("post_install", "-at_install")
class TestSecrets(GateCase):
    """Administrators of the gateway enter secrets, nobody but the sender reads them."""

    def setUp(self):
        super().setUp()
        self.row = self.get_setting("password").with_user(self.administrator)
        self.env.invalidate_all()

    def test_a_secret_is_not_read(self):
        with self.assertRaises(AccessError):
            self.row.read(["secret_value"])
        with self.assertRaises(AccessError):
            self.row.mapped("secret_value")
        self.administrator.group_ids |= self.env.ref("base.group_allow_export")
        with self.assertRaises(AccessError):
            self.row.export_data(["secret_value"])
        self.assertNotIn(PASSWORD, str(self.row.read()))
        self.assertNotIn("secret_value", self.row.fields_get())

    def test_a_secret_is_not_found_by_guessing(self):
        with self.assertRaises(AccessError):
            self.row.search([("secret_value", "=like", "s%")])
        with self.assertRaises(AccessError):
            self.row.search([], order="secret_value")
        with self.assertRaises(AccessError):
            self.row._read_group([], ["secret_value"])

    def test_a_secret_is_shown_as_stars_and_can_be_replaced(self):
        self.assertEqual(self.row.secret_input, "********")
        self.row.secret_input = "********"
        self.assertEqual(self.row.sudo().secret_value, PASSWORD)
        self.row.secret_input = "another"
        self.assertEqual(self.row.sudo().secret_value, "another")
        self.assertEqual(self.row.secret_input, "********")
        self.row.secret_input = False
        self.assertFalse(self.row.sudo().secret_value)
        self.assertFalse(self.row.secret_input)

    def test_the_address_of_reports_is_a_secret_too(self):
        route = self.gate_route.with_user(self.administrator)
        for name in ("webhook_token", "webhook_url"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                route.read([name])
        self.assertNotIn(self.gate_route.webhook_token, str(route.read()))

    def test_a_copy_gets_the_settings_without_the_secrets(self):
        copy = self.gate_route.copy({"name": "copy"})
        self.assertEqual(
            copy.setting_ids.mapped("value"),
            self.gate_route.setting_ids.mapped("value"),
        )
        self.assertFalse(any(copy.setting_ids.mapped("secret_value")))

    def test_a_secret_does_not_go_to_another_address(self):
        self.fill(url="https://gate.example.com")
        url = self.get_setting("url").with_user(self.administrator)
        url.value = "https://gate.example.com"
        self.assertEqual(self.row.sudo().secret_value, PASSWORD)
        url.value = "https://thief.example.com"
        self.assertFalse(self.row.sudo().secret_value)
        self.assertFalse(self.row.secret_input)

    def test_a_secret_does_not_go_to_another_address_by_any_way(self):
        route = self.gate_route.with_user(self.administrator)
        thief = {"name": "url", "value": "https://thief.example.com"}
        other = self.make_route("other", provider_code="xml_gate", has_voice=False)

        def replace_row():
            self.get_setting("url").with_user(self.administrator).unlink()
            self.row.with_context(default_route_id=route.id).create(thief)

        for change in (
            replace_row,
            lambda: self.row.write({"route_id": other.id}),
            lambda: self.row.write({"name": "login"}),
        ):
            self.fill(url="https://gate.example.com")
            self.row.sudo().secret_value = PASSWORD
            with contextlib.suppress(UserError):
                change()
            rows = (self.gate_route | other).setting_ids
            if kept := rows.filtered("secret_value"):
                self.assertEqual(kept, self.row)
                self.assertEqual((kept.name, kept.route_id), ("password", route))
                self.assertNotIn(thief["value"], rows.mapped("value"))

    def test_a_secret_does_not_go_to_another_provider(self):
        twin = type("Twin", (XmlGateProvider,), {"code": "twin"})
        self.startPatcher(patch.dict(PROVIDERS, {"twin": twin}))
        self.gate_route.with_user(self.administrator).provider_code = "twin"
        self.assertTrue(self.row.exists())
        self.assertFalse(self.row.sudo().secret_value)

    def test_a_secret_entered_with_its_new_address_stays(self):
        self.fill(url="https://gate.example.com")
        url = self.get_setting("url")
        self.gate_route.with_user(self.administrator).write(
            {
                "setting_ids": [
                    Command.update(self.row.id, {"secret_input": "another"}),
                    Command.update(url.id, {"value": "https://new.example.com"}),
                ]
            }
        )
        self.assertEqual(self.row.sudo().secret_value, "another")

    def test_who_reads_secrets_changes_addresses_freely(self):
        self.administrator.group_ids |= self.env.ref("base.group_system")
        url = self.get_setting("url").with_user(self.administrator)
        url.value = "https://new.example.com"
        self.assertEqual(self.row.sudo().secret_value, PASSWORD)

    def test_the_chatter_does_not_tell_secrets(self):
        self.row.secret_input = "another"
        self.env.flush_all()
        story = str(self.gate_route.message_ids.mapped("body"))
        story += str(self.gate_route.message_ids.tracking_value_ids.read())
        for secret in (PASSWORD, "another"):
            self.assertNotIn(secret, story)

    def test_the_sender_gets_the_secret(self):
        self.fill(url="https://gate.example.com")
        provider = self.gate_route.with_user(self.administrator)._make_provider()
        self.assertEqual(provider._account.password, PASSWORD)
        self.assertNotIn(PASSWORD, repr(provider._account))


@tagged("post_install", "-at_install")
class TestAddresses(GateCase):
    """What the addresses of routes let this machine call."""

    PRIVATE = "http://127.0.0.1:8025"

    def setUp(self):
        super().setUp()
        self.fill(url="https://gate.example")
        self.route_of_theirs = self.gate_route.with_user(self.administrator)
        self.url = self.get_setting("url").with_user(self.administrator)

    def test_an_address_is_an_address_and_nothing_else(self):
        for url in (
            "https://gate.example/#",
            "https://gate.example?x=",
            "https://me@gate.example",
            "https://0x7f.1",
            "https://169.254.169.254",
            "http://metadata.google.internal",
        ):
            with self.subTest(url):
                self.fill(url=url)
                self.assertEqual(self.gate_route.state, "paused")
                self.assertIn("URL", self.gate_route.pause_words)
                self.fill(url="https://gate.example")
                self.assertEqual(self.gate_route.state, "active")

    def test_private_addresses_are_allowed_by_the_system_group_alone(self):
        with self.assertRaises(AccessError):
            self.route_of_theirs.allows_private = True
        with self.assertRaises(AccessError):
            self.route_of_theirs.copy({"allows_private": True})
        self.fill(url=self.PRIVATE)
        self.assertEqual(self.gate_route.state, "paused")
        self.assertIn("private network", self.gate_route.pause_words)
        self.assertFalse(self.gate_route._make_provider()._http.allows_private)
        self.gate_route.allows_private = True
        self.assertEqual(self.gate_route.state, "active")
        self.assertTrue(self.gate_route._make_provider()._http.allows_private)

    def test_another_address_is_not_allowed_by_the_way(self):
        self.gate_route.allows_private = True

        def replace_row():
            self.url.unlink()
            self.route_of_theirs.write(
                {
                    "setting_ids": [
                        Command.create({"name": "url", "value": "http://[::1]"})
                    ]
                }
            )

        for change in (
            lambda: setattr(self.url, "value", "http://127.0.0.2:22"),
            replace_row,
        ):
            self.gate_route.allows_private = True
            change()
            self.assertFalse(self.gate_route.allows_private)
            self.assertEqual(self.gate_route.state, "paused")

    def test_the_same_address_stays_allowed(self):
        self.gate_route.allows_private = True
        self.url.value = "https://gate.example"
        self.assertTrue(self.gate_route.allows_private)

    def test_a_copy_is_not_allowed(self):
        self.gate_route.allows_private = True
        self.assertFalse(self.gate_route.copy().allows_private)

    def test_a_plain_address_is_told(self):
        self.assertFalse(self.gate_route.settings_remark)
        self.fill(url="http://gate.example")
        self.gate_route.invalidate_recordset()
        self.assertIn("does not use https", self.gate_route.settings_remark)
        self.assertEqual(self.gate_route.state, "active")
        self.assertFalse(self.route.settings_remark)

    def test_the_update_keeps_what_is_called_already(self):
        self.gate_route.allows_private = True
        self.fill(url=self.PRIVATE)
        public = self.make_route("public", provider_code="xml_gate", has_voice=False)
        never = self.make_route("never", provider_code="xml_gate", has_voice=False)
        for route, url in (
            (public, "https://8.8.8.8"),
            (never, "http://169.254.169.254"),
        ):
            route.setting_ids.filtered(lambda row: row.name == "url").value = url
        self.gate_route.active = False
        self.env.flush_all()
        self.env.cr.execute("UPDATE sms_gateway_route SET allows_private = FALSE")
        self.env.invalidate_all()
        load_migration("post-addresses", "19.0.1.6.0").migrate(
            self.env.cr, "19.0.1.5.0"
        )
        self.env.invalidate_all()
        self.assertTrue(self.gate_route.allows_private)
        self.assertFalse((public | never | self.route).filtered("allows_private"))
