"""Routes: their names, settings and secrets, and questions to their providers."""

import contextlib
import logging
import threading
import unicodedata
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.routes.sms_gateway_provider_request import (
    KEEP,
    LEASE,
)
from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.errors import NotSent
from odoo.addons.crm_sms_gateway.providers.types import Balance, Money, Units
from odoo.addons.crm_sms_gateway.providers.xml_gate import XmlGateProvider

from ...common import PHONE, GatewayCase, load_migration
from ...simulators import Simulator

PASSWORD = "s3cret-pässword"
LOG = "odoo.addons.crm_sms_gateway"


class GateCase(GatewayCase):
    """A route to an XML gate, with a secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate_route = cls.make_route(
            "gate", provider_code="xml_gate", has_voice=False
        )
        cls.fill(login="demo", sender="Odoo", timezone="Europe/Moscow")
        cls.get_setting("password").secret_value = PASSWORD
        cls.administrator = new_test_user(
            cls.env, "sms_administrator", "crm_sms_gateway.group_administrator"
        )

    @classmethod
    def get_setting(cls, name):
        return cls.gate_route.setting_ids.filtered(lambda row: row.name == name)

    @classmethod
    def fill(cls, **values):
        for name, value in values.items():
            cls.get_setting(name).value = value


@tagged("post_install", "-at_install")
class TestRoute(GatewayCase):
    # === NAMES ===
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

    # === CHANNELS ===
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

    # === SETTINGS ===
    def test_every_setting_of_the_provider_has_a_row(self):
        route = self.make_route("gate", provider_code="xml_gate", has_voice=False)
        declared = {setting.name: setting for setting in XmlGateProvider.settings}
        self.assertEqual(route.setting_ids.mapped("name"), list(declared))
        for row in route.setting_ids:
            setting = declared[row.name]
            self.assertEqual(row.value or "", setting.default)
            self.assertEqual(row.label, setting.label)
            self.assertEqual(row.is_secret, setting.secret)
            self.assertEqual(row.is_required, setting.required)

    def test_another_provider_brings_other_settings(self):
        self.assertFalse(self.route.setting_ids)
        self.route.write({"has_voice": False, "provider_code": "xml_gate"})
        self.assertEqual(len(self.route.setting_ids), len(XmlGateProvider.settings))
        self.route.provider_code = "sandbox"
        self.assertFalse(self.route.setting_ids)

    def test_the_form_of_a_new_route_shows_the_settings(self):
        with Form(self.env["sms.gateway.route"]) as form:
            form.name = "from the form"
            form.has_voice = False
            form.provider_code = "xml_gate"
            self.assertEqual(len(form.setting_ids), len(XmlGateProvider.settings))
            for place, setting in enumerate(XmlGateProvider.settings):
                with form.setting_ids.edit(place) as line:
                    field = "secret_input" if setting.secret else "value"
                    setattr(line, field, f"my {setting.name}")
        rows = form.record.setting_ids
        self.assertEqual(
            {row.name: row.secret_value or row.value for row in rows},
            {s.name: f"my {s.name}" for s in XmlGateProvider.settings},
        )

    # === SETTINGS THAT CANNOT WORK ===
    GATE = {
        "url": "https://gate.example.com",
        "login": "demo",
        "password": "secret",
        "sender": "Odoo",
        "timezone": "Europe/Moscow",
    }

    def make_gate(self, **values):
        """A route to a gate, by RPC of an administrator: settings and secrets."""
        user = new_test_user(
            self.env, "sms_gate_administrator", "crm_sms_gateway.group_administrator"
        )
        lines = [
            {"name": name, "secret_input" if name == "password" else "value": value}
            for name, value in {**self.GATE, **values}.items()
            if value is not None
        ]
        return (
            self.env["sms.gateway.route"]
            .with_user(user)
            .create(
                {
                    "name": "by hand",
                    "provider_code": "xml_gate",
                    "setting_ids": [Command.create(line) for line in lines],
                }
            )
        )

    def get_row(self, route, name):
        return route.setting_ids.filtered(lambda row: row.name == name)

    def assert_held(self, route, reason):
        self.assertEqual(route.state, "paused")
        self.assertIn(reason, route.pause_reason)

    def test_a_route_is_made_active_only_with_all_it_needs(self):
        self.assertEqual(self.make_gate().state, "active")

    def test_another_provider_on_the_form_brings_its_own_settings(self):
        route = self.make_route("to be changed")
        with Form(route) as form:
            form.provider_code = "xml_gate"
            self.assertFalse(form.has_voice, "the gate makes no calls")
            self.assertEqual(
                [line["name"] for line in form.setting_ids._records],
                [setting.name for setting in XmlGateProvider.settings],
            )
            form.provider_code = "sandbox"
            self.assertFalse(len(form.setting_ids))
            form.provider_code = "zvonok"
            self.assertTrue(form.has_voice)
            self.assertFalse(form.has_sms)
            for place, setting in enumerate(PROVIDERS["zvonok"].settings):
                if setting.required:
                    with form.setting_ids.edit(place) as line:
                        field = "secret_input" if setting.secret else "value"
                        setattr(line, field, setting.default or "1")
        names = [setting.name for setting in PROVIDERS["zvonok"].settings]
        self.assertEqual(route.setting_ids.mapped("name"), names)

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_an_update_pauses_what_was_active_without_its_settings(self):
        complete, lacking = self.make_gate(), self.make_route("old")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_gateway_route SET provider_code = 'xml_gate' WHERE id = %s",
            [lacking.id],
        )
        self.env.invalidate_all()
        load_migration("post-routes").migrate(self.env.cr, "19.0.1.4.1")
        self.env.invalidate_all()
        self.assertEqual(complete.state, "active")
        self.assert_held(lacking, "Settings missing")

    def test_an_update_writes_settings_as_their_kinds_keep_them(self):
        route = self.make_gate()
        old = {
            "url": (" https://gate.example.com ", "https://gate.example.com"),
            "translit": ("да", "0"),
            "honours_client_id": (" 1", "1"),
            "max_batch": ("250 ", "250"),
            "sender": (" Odoo", " Odoo"),
        }
        for name, (value, _new) in old.items():
            self.get_row(route, name).sudo().value = value
        load_migration("post-settings", "19.0.1.7.0").migrate(self.env.cr, "19.0.1.6.0")
        for name, (_value, new) in old.items():
            with self.subTest(name):
                self.assertEqual(self.get_row(route, name).value, new)
        self.assertEqual(self.get_row(route, "password").sudo().secret_value, "secret")
        self.assertEqual(route.state, "active")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_a_route_that_lacks_something_is_made_paused_and_says_what(self):
        for name, label in (("login", "Login"), ("password", "Password")):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.assert_held(self.make_gate(**{name: None}), label)
                savepoint.rollback()
        self.assert_held(self.make_gate(timezone="Moscow"), "Europe/Moscow")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_by_no_way_an_active_route_loses_what_it_needs(self):
        changes = {
            "Login": lambda route: self.get_row(route, "login").write({"value": ""}),
            "Password": lambda route: self.get_row(route, "password").write(
                {"secret_input": False}
            ),
            "Sender": lambda route: self.get_row(route, "sender").unlink(),
            "https://host": lambda route: route.write(
                {
                    "setting_ids": [
                        Command.update(self.get_row(route, name).id, values)
                        for name, values in (
                            ("password", {"secret_input": "new"}),
                            ("url", {"value": "host"}),
                        )
                    ]
                }
            ),
            "1 to 500": lambda route: self.get_row(route, "max_batch").write(
                {"value": "many"}
            ),
            # secrets do not go to another address
            "Settings missing: Password": lambda route: self.get_row(
                route, "url"
            ).write({"value": "https://other.example.com"}),
        }
        for reason, change in changes.items():
            with self.subTest(reason), self.env.cr.savepoint() as savepoint:
                route = self.make_gate()
                change(route)
                self.assert_held(route, reason)
                self.assertTrue(route.activity_ids)
                savepoint.rollback()
        self.route.write({"has_voice": False, "provider_code": "xml_gate"})
        self.assert_held(self.route, "Sender")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_nobody_makes_it_active_by_hand(self):
        route = self.make_gate(login=None)
        for activate in (
            lambda: route.write({"state": "active"}),
            route.action_resume,
            route.with_context(sms_gateway_evaluated=True).action_resume,
        ):
            with self.assertRaises(ValidationError) as refused:
                activate()
            self.assertIn("Login", str(refused.exception))
        self.assert_held(route, "Login")
        self.assert_held(route.copy({"name": "copy", "state": "active"}), "Login")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_it_goes_on_when_what_was_missing_is_there(self):
        route = self.make_gate(login=None, sender=None)
        self.get_row(route, "login").value = "demo"
        self.assert_held(route, "Sender")
        self.assertNotIn("Login", route.pause_reason)
        self.get_row(route, "sender").value = "Odoo"
        self.assertEqual((route.state, route.pause_reason), ("active", False))
        self.assertFalse(route.activity_ids)

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_what_a_person_paused_stays_paused(self):
        route = self.make_gate(login=None)
        route.action_pause()
        self.get_row(route, "login").value = "demo"
        self.assertEqual(route.state, "paused")

    def test_an_address_changed_together_with_its_password_stops_nothing(self):
        route = self.make_gate()
        route.write(
            {
                "setting_ids": [
                    Command.update(
                        self.get_row(route, "password").id, {"secret_input": "new"}
                    ),
                    Command.update(
                        self.get_row(route, "url").id,
                        {"value": "https://new.example.com"},
                    ),
                ]
            }
        )
        self.assertEqual(route.state, "active")
        self.assertFalse(route.activity_ids)

    def test_the_form_tells_what_the_provider_can(self):
        route = self.make_route("gate", provider_code="xml_gate", has_voice=False)
        self.assertEqual((route.accepts_push, route.tells_balance), (True, True))
        self.assertTrue(route.provider_help)
        self.assertFalse(self.route.accepts_push)

    # === WHAT STAYS ===
    def test_with_messages_provider_and_company_stay(self):
        company = self.env["res.company"].create({"name": "Another company"})
        self.route.company_id = company
        self.route.company_id = self.env.company
        self.send(PHONE)
        for values in (
            {"company_id": company.id},
            {"provider_code": "xml_gate", "has_voice": False},
        ):
            with self.subTest(**values), self.assertRaises(UserError):
                self.route.write(values)
        self.route.write({"company_id": self.env.company.id, "sequence": 3})

    def test_with_messages_a_route_is_archived_not_deleted(self):
        unused = self.make_route("unused")
        report = self.env["sms.gateway.delivery.report"]._store_unreadable(
            unused, b"?", "Not a report"
        )
        unused.unlink()
        self.assertFalse(report.exists())
        message = self.send_one()
        with self.assertRaises(UserError):
            self.route.unlink()
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.route.active = False

    def test_a_route_that_others_need_is_archived_not_deleted(self):
        draft = self.env["sms.gateway.campaign"].create(
            {"name": "Spring", "route_id": self.route.id}
        )
        with self.assertRaisesRegex(UserError, "test route is used by: Spring"):
            self.route.unlink()
        draft.unlink()
        self.env.company.sms_gateway_route_id = self.route
        with self.assertRaisesRegex(UserError, f"used by: {self.env.company.name}"):
            self.route.unlink()
        self.env.company.sms_gateway_route_id = False
        self.route.unlink()

    def test_a_route_with_waiting_messages_is_not_archived(self):
        message = self.send_one()
        for state in ("queued", "submitting"):
            self.force_state(message, state)
            with self.subTest(state=state), self.assertRaises(UserError):
                self.route.action_archive()
        self.make_route("another").action_archive()
        self.force_state(message, "queued")
        message.campaign_id.action_cancel()
        self.run_recover()
        self.run_lane()
        self.route.action_archive()
        self.assertFalse(self.route.active)

    def test_messages_of_another_company_count_too(self):
        self.send(PHONE)
        user = new_test_user(
            self.env, "sms_administrator", "crm_sms_gateway.group_administrator"
        )
        company = self.env["res.company"].create({"name": "Another company"})
        with self.assertRaises(UserError):
            self.route.with_user(user).company_id = company
        self.assertEqual(self.route.company_id, self.env.company)

    # === BUTTONS ===
    def test_pause_and_resume(self):
        self.route.action_pause()
        self.assertEqual(self.route.state, "paused")
        self.assertTrue(self.route.pause_reason)
        self.env["sms.gateway.route.pause"]._back_off(self.route, 60)
        self.route.action_resume()
        self.assertEqual(self.route.state, "active")
        self.assertFalse(self.route.pause_reason)
        self.assertFalse(self.route.resume_at)

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_a_form_moves_only_what_it_showed(self):
        self.route.action_pause()
        seen = [self.route._name, [[self.route.id, self.route.moves]]]
        by_form = self.route.with_context(sms_gateway_seen=seen)
        by_form.action_resume()
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        for press in (by_form.action_resume, by_form.action_pause):
            with self.assertRaisesRegex(UserError, "Somebody was faster"):
                press()
        self.assertEqual(
            (self.route.state, self.route.pause_reason), ("paused", "No money")
        )

    def test_settings_that_are_completed_resume_whatever_was_shown(self):
        seen = [self.route._name, [[self.route.id, 99]]]
        self.route.write({"state": "paused", "lacks_settings": True})
        shown = self.route.with_context(sms_gateway_seen=seen)
        shown.env["sms.gateway.route.evaluation"]._evaluate(shown)
        self.assertEqual(self.route.state, "active")

    def test_a_new_webhook_address_replaces_the_old_one(self):
        Route = self.env["sms.gateway.route"]
        old, seen = self.route.webhook_token, self.route.moves
        self.route.action_renew_webhook()
        self.assertFalse(Route._find_by_webhook_token(old))
        self.assertNotEqual(self.route.webhook_token, old)
        self.assertEqual(
            Route._find_by_webhook_token(self.route.webhook_token), self.route
        )
        note = self.route.message_ids[0].body
        self.assertIn("replaced", note)
        self.assertNotIn(self.route.webhook_token, note)
        again = self.route.with_context(
            sms_gateway_seen=[self.route._name, [[self.route.id, seen]]]
        )
        with self.assertRaisesRegex(UserError, "Somebody was faster"):
            again.action_renew_webhook()

    def test_only_who_may_see_it_replaces_the_webhook_address(self):
        administrator = new_test_user(
            self.env, "renews", groups="crm_sms_gateway.group_administrator"
        )
        old = self.route.webhook_token
        with self.assertRaises(AccessError):
            self.route.with_user(administrator).action_renew_webhook()
        self.assertEqual(self.route.webhook_token, old)

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_one_stop_makes_one_activity(self):
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        self.assertEqual(len(self.route.activity_ids), 1)

    @mute_logger(f"{LOG}.models.routes.sms_gateway_route_pause")
    def test_without_a_responsible_the_administrator_is_told(self):
        self.route.user_id = False
        self.env["sms.gateway.route.pause"]._pause(self.route, "No money")
        self.assertEqual(
            self.route.activity_ids.user_id, self.env.ref("base.user_admin")
        )


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
class TestQuestions(GatewayCase):
    """Balance and connection test: stored, asked by a cron, told when answered."""

    def ask(self, answer=None, *, error=None, kind="balance", **values):
        """A question that got this answer."""
        scripted, provider = self.script_route()

        def tell(_provider):
            if error:
                raise error
            return answer

        provider._balance = tell
        request = self.env["sms.gateway.provider.request"]._request(
            scripted, kind=kind, **values
        )
        self.assertEqual(request.state, "pending")
        self.run_balance()
        return request

    def test_nobody_is_asked_inside_the_request(self):
        triggers = self.env["ir.cron.trigger"]
        triggers.search([]).unlink()
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        self.assertEqual(request.state, "pending")
        self.assertEqual(
            request._get_details(),
            {"state": "pending", "money": [], "units": [], "error": None},
        )
        cron = self.env.ref("crm_sms_gateway.ir_cron_balance")
        self.assertEqual(triggers.search([]).cron_id, cron)

    def test_without_its_cron_a_question_is_stored_all_the_same(self):
        self.env.ref("crm_sms_gateway.ir_cron_balance").unlink()
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        self.assertEqual(request.state, "pending")

    def test_old_answers_are_forgotten_but_for_the_last(self):
        Balance = self.env["sms.gateway.provider.request"]
        asked = Balance.browse()
        for _number in range(4):
            asked += Balance._request(self.route)
        other = Balance._request(self.make_route("another"))
        long_ago = fields.Datetime.now() - KEEP - timedelta(minutes=1)
        (asked[:1] + asked[2:] + other).write({"state": "done"})
        (asked + other).write({"answered_at": long_ago})
        asked[2].answered_at = long_ago + timedelta(minutes=2)
        self.env.flush_all()
        Balance._gc_answered()
        self.assertEqual((asked + other).exists(), asked[1:] + other)

    def test_an_answer_is_kept_as_it_came_and_as_it_was_understood(self):
        request = self.ask(
            Balance(
                money=(Money(Decimal("97.9"), "RUB"), Money(Decimal("1.005"), "USD")),
                units=(Units("Россия", 47),),
                raw=b"\xd0\x00raw",
                text="raw\nanswer",
            ),
            currencies=("RUB",),
        )
        self.assertEqual((request.state, request.answer), ("done", "raw\nanswer"))
        self.assertEqual(request.with_context(bin_size=False).answer_raw, b"0AByYXc=")
        self.assertTrue(request.answered_at)
        self.assertEqual(
            request._get_details(),
            {
                "state": "done",
                "money": [{"amount": "97.90", "currency": "RUB"}],
                "units": [{"area": "Россия", "count": 47}],
                "error": None,
            },
        )
        self.assertEqual(request.summary, "97.90 RUB, 1.005 USD, Россия: 47")

    def test_a_provider_that_does_not_answer_fails_the_question(self):
        request = self.ask(error=NotSent("Connection refused"))
        self.assertEqual(
            (request.state, request.error), ("failed", "Connection refused")
        )
        self.assertEqual(request._get_details()["error"], "Connection refused")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_provider_request")
    def test_an_adapter_that_crashes_does_not_stop_the_questions_behind(self):
        behind = self.env["sms.gateway.provider.request"]
        scripted, provider = self.script_route()
        provider._balance = lambda _provider: {}["money"]
        crashed = behind._request(scripted)
        behind = behind._request(self.route)
        self.run_balance()
        self.assertEqual((crashed.state, crashed.error), ("failed", "KeyError"))
        self.assertEqual(behind.state, "done")

    def test_a_question_is_asked_once_and_again_if_its_worker_died(self):
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        with self.as_cron() as env:
            taken = env["sms.gateway.provider.request"]._claim()
            self.assertEqual(taken.id, request.id)
            self.assertFalse(env["sms.gateway.provider.request"]._claim())
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            self.run_balance()
        self.assertEqual(request.state, "pending", "by the database's clock")
        request.lease_until = fields.Datetime.now() - LEASE - timedelta(seconds=1)
        self.run_balance()
        self.assertEqual(request.state, "done")

    def test_questions_of_one_kind_to_one_route_are_one_call(self):
        scripted, provider = self.script_route()
        calls = []
        told = Balance((), (), b"raw", "told")
        provider._balance = lambda _provider: calls.append("balance") or told
        Requests = self.env["sms.gateway.provider.request"]
        asked = Requests.browse()
        for _number in range(300):
            asked += Requests._request(scripted)
        test = Requests._request(scripted, kind="connection")
        self.run_balance()
        # a test of the connection asks for the balance, too
        self.assertEqual(len(calls), 2)
        self.assertEqual(set(asked.mapped("state")), {"done"})
        self.assertEqual(set(asked.mapped("answer")), {"told"})
        self.assertNotEqual(test.state, "pending")

    def test_a_provider_that_hangs_holds_nobody_back(self):
        """The first one asked goes on only when the second one was asked."""
        asked = threading.Event()
        hanging, its_provider = self.script_route()
        healthy, provider = self.script_route()

        def hang(_provider):
            if not asked.wait(20):
                raise NotSent("Time-out")
            return Balance((), (), b"", "late")

        def tell(_provider):
            asked.set()
            return Balance((), (), b"", "told")

        its_provider._balance, provider._balance = hang, tell
        Requests = self.env["sms.gateway.provider.request"]
        first, second = [Requests._request(route) for route in (hanging, healthy)]
        self.run_balance()
        self.assertEqual((first.answer, second.answer), ("late", "told"))

    def test_the_form_shows_the_last_answer(self):
        self.route.action_pause()
        self.route.action_check_balance()
        self.assertIn("…", self.route.last_answer)
        self.run_balance()
        self.assertEqual(self.route.last_answer, "97.90 RUB, Россия: 47")
        self.assertTrue(self.route.last_answer_at)
        self.route.action_test_connection()
        self.run_balance()
        self.assertIn("97.9", self.route.last_answer)

    def test_keys_belong_to_their_route(self):
        Balance = self.env["sms.gateway.provider.request"]
        request = Balance._request(self.route)
        self.assertRegex(request.key, "^[0-9a-f]{32}$")
        self.assertEqual(Balance._find(request.key, self.route), request)
        self.assertFalse(Balance._find(request.key, self.make_route("another")))


@tagged("post_install", "-at_install")
class TestConnection(GateCase):
    """The buttons of the form against a gate over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = Simulator()
        cls.gate.start()
        cls.addClassCleanup(cls.gate.stop)
        cls.gate_route.allows_private = True
        cls.fill(url=cls.gate.url)

    def setUp(self):
        super().setUp()
        self.gate.reset()
        self.gate.config(password=PASSWORD)

    def press(self, button):
        """The answer to a button, and what was logged meanwhile."""
        route = self.gate_route.with_user(self.administrator)
        with self.assertLogs(LOG, "DEBUG") as logged:
            logging.getLogger(LOG).debug("Pressed %s", button)
            getattr(route, button)()
            self.run_balance()
        self.assertNotIn(PASSWORD, str(logged.output))
        request = self.gate_route.balance_ids.sorted("id")[-1]
        self.assertNotIn(PASSWORD, str(request.read()))
        return request

    def test_the_connection_stands(self):
        request = self.press("action_test_connection")
        self.assertEqual((request.state, request.error), ("done", False))
        self.assertIn("97.9", self.gate_route.last_answer)

    def test_a_wrong_password_is_told(self):
        self.gate.config(password="right")
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("login or the password", request.error)
        self.assertEqual(self.gate_route.last_answer, request.error)
        self.assertEqual(self.gate_route.state, "active")

    def test_a_missing_setting_is_told(self):
        self.fill(sender=False)
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("Sender", request.error)
        self.assertFalse(self.gate.stats()["requests"])

    def test_a_gate_that_is_not_there_is_told(self):
        self.fill(url="http://127.0.0.1:9")
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("refused", request.error)

    def test_the_balance_is_told(self):
        request = self.press("action_check_balance")
        self.assertEqual(request.money, [{"amount": "97.90", "currency": "RUB"}])
        self.assertIn("<money", request.answer)

    def test_nothing_is_sent_by_any_button(self):
        self.press("action_test_connection")
        self.press("action_check_balance")
        self.assertEqual(self.gate.stats()["documents"], 0)


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
                self.assertIn("The address", self.gate_route.pause_words)
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
        self.assertIn("not https", self.gate_route.settings_remark)
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
