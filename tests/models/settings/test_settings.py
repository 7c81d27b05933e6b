"""Settings: read in one place, checked on the page, harmless when broken by hand."""

from datetime import timedelta
from ipaddress import ip_network
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import config

from odoo.addons.crm_sms_gateway.models.access import sms_gateway_api_client
from odoo.addons.crm_sms_gateway.models.settings.sms_gateway_settings import (
    DEFAULTS,
    MAX_LANES,
    parse_networks,
)

from ...common import PHONE, GatewayCase, sandbox_phone

EXPECTED = {
    "access_policy": "trusted_networks",
    "trusted_networks": parse_networks(DEFAULTS["trusted_networks"]),
    "host_names": frozenset({"odoo.example.com"}),
    "is_stopped": False,
    "holds_after_failover": True,
    "time_zone": "Europe/Moscow",
    "lanes": 1,
    "max_recipients": 50_000,
    "max_body_bytes": 32 * 1024 * 1024,
    "max_segments": 10,
    "max_speech": 4000,
    "public_address": "",
    "retention_days": 0,
    "retention_covers_odoo": False,
}


class SettingsCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"]
        self.parameters.search([("key", "like", "crm_sms_gateway.%")]).unlink()
        self.parameters.set_param("web.base.url", "https://Odoo.example.com:8443")

    def get(self):
        return self.env["sms.gateway.settings"]._get()

    def set_parameter(self, name, value):
        self.parameters.set_param(f"crm_sms_gateway.{name}", value)

    def save(self, **values):
        """Press Save on the settings page."""
        named = {f"sms_gateway_{name}": value for name, value in values.items()}
        self.env["res.config.settings"].create(named).execute()


@tagged("post_install", "-at_install")
class TestSettings(SettingsCase):
    def test_defaults(self):
        self.assertEqual(vars(self.get()), EXPECTED)

    def test_the_page_shows_the_defaults_and_saving_them_changes_nothing(self):
        self.save()
        self.assertEqual(vars(self.get()), EXPECTED)

    def test_the_page_saves_everything(self):
        self.save(
            access_policy="key",
            trusted_networks="10.1.0.0/16, 192.168.7.1 ::1",
            host_names="SMS.example.com, gate.example.com",
            is_stopped=True,
            time_zone="Asia/Yekaterinburg",
            lanes=3,
            max_recipients=7,
            max_body_mib=1,
            max_segments=2,
            max_speech=100,
            public_address="https://sms.example.org",
            retention_days=30,
            retention_covers_odoo=True,
        )
        networks = ("10.1.0.0/16", "192.168.7.1/32", "::1/128")
        self.assertEqual(
            vars(self.get()),
            {
                "access_policy": "key",
                "trusted_networks": tuple(map(ip_network, networks)),
                "host_names": frozenset(
                    {"sms.example.com", "gate.example.com", "odoo.example.com"}
                ),
                "is_stopped": True,
                "holds_after_failover": True,
                "time_zone": "Asia/Yekaterinburg",
                "lanes": 3,
                "max_recipients": 7,
                "max_body_bytes": 1024 * 1024,
                "max_segments": 2,
                "max_speech": 100,
                "public_address": "https://sms.example.org",
                "retention_days": 30,
                "retention_covers_odoo": True,
            },
        )
        page = self.env["res.config.settings"].create({})
        self.assertEqual(page.sms_gateway_lanes, 3)
        self.assertTrue(page.sms_gateway_is_stopped)
        self.save(is_stopped=False, retention_days=0)
        self.assertEqual((self.get().is_stopped, self.get().retention_days), (False, 0))

    def test_the_page_refuses_what_makes_no_sense(self):
        for values, words in (
            ({"trusted_networks": "10.0.0.0/8, intranet"}, "intranet"),
            ({"trusted_networks": "10.0.0.0/33"}, "10.0.0.0/33"),
            ({"trusted_networks": " "}, "Trusted networks"),
            ({"lanes": 0}, "sending jobs"),
            ({"lanes": MAX_LANES + 1}, "sending jobs"),
            ({"max_recipients": 0}, "greater than zero"),
            ({"max_body_mib": -1}, "greater than zero"),
            ({"max_segments": 0}, "greater than zero"),
            ({"max_speech": 0}, "greater than zero"),
            ({"retention_days": -1}, "cannot be negative"),
            ({"public_address": "crm.example.com"}, "is not a web server address"),
            (
                {"public_address": "https://crm.example.com/?db=a"},
                "is not a web server address",
            ),
        ):
            with (
                self.subTest(**values),
                self.assertRaisesRegex(ValidationError, words),
            ):
                self.save(**values)
        self.assertEqual(vars(self.get()), EXPECTED)

    def test_without_trusted_networks_everyone_needs_a_key(self):
        self.save(access_policy="key", trusted_networks=False)
        self.assertEqual(self.get().access_policy, "key")

    def test_what_was_broken_by_hand_falls_back(self):
        for name, broken, expected in (
            ("lanes", "two", 1),
            ("lanes", "2.5", 1),
            ("lanes", "0", 1),
            ("lanes", "-3", 1),
            ("lanes", "99", MAX_LANES),
            ("max_recipients", "many", 50_000),
            ("max_recipients", "0", 1),
            ("max_segments", "", 10),
            ("retention_days", "-5", 0),
            ("retention_days", "x", 0),
            ("time_zone", "Moscow", "Europe/Moscow"),
            ("time_zone", "Europe", "Europe/Moscow"),
            ("time_zone", "../../etc/passwd", "Europe/Moscow"),
            ("is_stopped", "perhaps", False),
            ("is_stopped", "1", True),
        ):
            with self.subTest(name=name, broken=broken):
                self.set_parameter(name, broken)
                self.assertEqual(getattr(self.get(), name), expected)

    def test_broken_networks_trust_nobody(self):
        self.set_parameter("trusted_networks", "10.0.0.0/8, intranet")
        self.assertEqual(self.get().trusted_networks, ())

    def test_networks_may_be_written_as_one_of_their_addresses(self):
        self.assertEqual(
            parse_networks("10.1.2.3/8\n::1"),
            (ip_network("10.0.0.0/8"), ip_network("::1")),
        )
        self.assertEqual(parse_networks(""), ())

    def test_the_page_warns_of_more_lanes_than_workers(self):
        workers = config["max_cron_threads"]
        for lanes, warns in ((workers - 1, False), (workers, True)):
            page = self.env["res.config.settings"].new({"sms_gateway_lanes": lanes})
            self.assertEqual(page.sms_gateway_too_many_lanes, warns)

    def test_callers_that_are_long_gone_are_forgotten(self):
        callers = self.env["sms.gateway.api.client"]
        now = fields.Datetime.now()
        old, young = callers.create(
            [
                {"address": "10.9.9.1", "last_call_at": now - timedelta(days=31)},
                {"address": "10.9.9.2", "last_call_at": now - timedelta(days=29)},
            ]
        )
        callers._gc_api_clients()
        self.assertEqual((old | young).exists(), young)

    def test_only_the_latest_callers_are_remembered(self):
        callers = self.env["sms.gateway.api.client"]
        callers.search([]).unlink()
        now = fields.Datetime.now()
        noted = callers.create(
            [
                {"address": f"10.9.9.{age}", "last_call_at": now - timedelta(hours=age)}
                for age in (3, 1, 2)
            ]
        )
        with patch.object(sms_gateway_api_client, "MAX_KEPT", 2):
            callers._gc_api_clients()
        self.assertEqual(noted.exists(), noted[1:])

    def test_the_page_shows_who_called_and_warns_of_a_single_caller(self):
        callers = self.env["sms.gateway.api.client"]
        callers.search([]).unlink()
        now = fields.Datetime.now()
        first = callers.create(
            {"address": "10.0.0.1", "call_count": 11, "last_call_at": now}
        )
        page = self.env["res.config.settings"].create({})
        self.assertEqual(page.sms_gateway_last_callers, "10.0.0.1")
        self.assertTrue(page.sms_gateway_single_caller)
        second = first.copy({"address": "10.0.0.2"})
        page = self.env["res.config.settings"].create({})
        self.assertFalse(page.sms_gateway_single_caller)
        second.last_call_at = now - timedelta(days=2)
        page = self.env["res.config.settings"].create({})
        self.assertEqual(page.sms_gateway_last_callers, "10.0.0.1")

    def test_everyone_is_bound_by_settings_that_few_may_write(self):
        self.set_parameter("lanes", "4")
        user = new_test_user(
            self.env, "sms_user", "crm_sms_gateway.group_administrator"
        )
        settings = self.env["sms.gateway.settings"].with_user(user)
        self.assertEqual(settings._get().lanes, 4)
        with self.assertRaises(AccessError):
            self.parameters.with_user(user).set_param("crm_sms_gateway.lanes", "5")


@tagged("post_install", "-at_install")
class TestRetention(SettingsCase):
    def setUp(self):
        super().setUp()
        self.campaign = self.send(PHONE, *[sandbox_phone("9902")] * 5)
        self.messages = self.get_messages(self.campaign)
        self.run_lane()
        self.finished = self.messages.filtered("finished_at")
        self.assertEqual(len(self.finished), 5)

    def make_old(self, days):
        self.env.cr.execute(
            """UPDATE sms_gateway_message SET accepted_at = accepted_at - %(age)s,
                      finished_at = finished_at - %(age)s WHERE campaign_id = %(id)s""",
            {"age": timedelta(days=days), "id": self.campaign.id},
        )
        self.env.invalidate_all()

    def run_retention(self, **values):
        with self.as_cron() as env:
            env["sms.gateway.retention"]._cron_retention(**values)

    def test_nothing_is_deleted_unless_wanted(self):
        self.make_old(days=9999)
        for days in ("0", "", "x", "-1", "99999999999"):
            self.set_parameter("retention_days", days)
            self.run_retention()
            self.assertEqual(self.messages.exists(), self.messages)

    def test_old_finished_messages_go_and_nothing_else(self):
        again = self.finished[0].action_retry()["res_id"]
        again = self.env["sms.gateway.message"].browse(again)
        self.set_parameter("retention_days", "30")
        self.make_old(days=29)
        self.run_retention()
        self.assertEqual(self.messages.exists(), self.messages)
        self.make_old(days=2)
        self.run_retention()
        unfinished = self.messages - self.finished
        self.assertEqual(self.messages.exists(), unfinished)
        self.assertEqual(unfinished.state, "submitted")
        self.assertTrue(again.exists())
        self.assertFalse(again.retry_of_id)

    def test_their_story_goes_with_them_and_the_counters_stay(self):
        events = self.finished.event_ids
        self.assertTrue(events)
        self.set_parameter("retention_days", "30")
        self.make_old(days=31)
        self.run_retention()
        self.run_fold()
        self.assertFalse(events.exists())
        self.assertEqual(self.campaign.failed_count, 5)
        self.assertEqual(self.campaign.message_count, 6)

    def test_they_go_in_batches(self):
        self.set_parameter("retention_days", "30")
        self.make_old(days=31)
        for left in (3, 1, 0):
            self.run_retention(limit=2)
            self.assertEqual(len(self.finished.exists()), left)
