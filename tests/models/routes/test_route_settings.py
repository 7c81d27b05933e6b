"""Settings of routes: those of the provider, and a pause where one is missing."""

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.xml_gate import XmlGateProvider

from ...common import GatewayCase, load_migration

LOG = "odoo.addons.crm_sms_gateway"


@tagged("post_install", "-at_install")
class TestSettings(GatewayCase):
    GATE = {
        "url": "https://gate.example.com",
        "login": "demo",
        "password": "secret",
        "sender": "Odoo",
        "timezone": "Europe/Moscow",
    }

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
        self.assert_held(lacking, "settings are missing")

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
            "settings are missing: Password": lambda route: self.get_row(
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
