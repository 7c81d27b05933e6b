"""Waiting: forms tell why messages do not move, and the way out for who may take it."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.models.operations.troubles import Trouble
from odoo.addons.crm_sms_gateway.models.settings.sms_gateway_settings import PREFIX

from ...common import PHONE, GatewayCase

PATCHED = "_find_lane_troubles"


class TestWaiting(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "crm_sms_gateway.group_"
        cls.user = new_test_user(cls.env, "waiting_user", groups + "manager")
        cls.admin = new_test_user(cls.env, "waiting_admin", groups + "administrator")
        cls.route.user_id = cls.admin

    def setUp(self):
        super().setUp()
        # whether the crons of the test database run is tested apart
        self.lane_troubles = []
        self.startPatcher(
            patch.object(
                self.registry["sms.gateway.health"],
                PATCHED,
                lambda _health: self.lane_troubles,
            )
        )

    def explain(self, record, user=None):
        """The reasons that a form shows, by code."""
        self.env.invalidate_all()
        reasons = record.with_user(user or self.user).waiting_reasons or []
        return {reason["code"]: reason for reason in reasons}

    def make_draft(self, route=None, **values):
        return self.env["sms.gateway.campaign"].create(
            {"route_id": (route or self.route).id, "text_male": "Hello", **values}
        )

    def pause(self, route=None):
        (route or self.route).with_user(self.admin).action_pause()

    # === ROUTES ===
    def test_where_there_is_no_route_a_new_campaign_says_so(self):
        Campaign = self.env["sms.gateway.campaign"]
        self.assertNotIn("no_route", self.explain(Campaign.new({"route_id": False})))
        self.env["sms.gateway.route"].search([]).active = False
        draft = Campaign.new({"route_id": False})
        told = self.explain(draft)["no_route"]
        self.assertIn("Ask an SMS Gateway administrator", told["remedy"])
        told = self.explain(draft, self.admin)["no_route"]
        self.assertIn("Create or restore", told["remedy"])

    def test_a_route_that_sends_holds_nothing(self):
        campaign = self.send(PHONE)
        self.assertFalse(campaign.waiting_reasons)
        self.assertFalse(campaign.waiting_label)
        self.assertFalse(self.get_messages(campaign).waiting_reasons)

    def test_a_paused_route_is_told_on_campaign_draft_and_message(self):
        message = self.send_one()
        campaign, draft = message.campaign_id, self.make_draft()
        self.run_fold()
        self.pause()
        for record in (message, campaign, draft):
            reason = self.explain(record)["route_paused"]
            self.assertIn("“test route” is paused", reason["sentence"])
        self.assertEqual(message.waiting_label, "Waiting for the route")
        self.assertEqual(campaign.waiting_label, "Waiting for the route")
        self.assertFalse(draft.waiting_label)
        self.route.action_resume()
        for record in (message, campaign, draft):
            self.assertFalse(self.explain(record))

    def test_who_may_resumes_and_others_are_told_whom_to_ask(self):
        draft = self.make_draft()
        self.pause()
        own = self.explain(draft, self.admin)["route_paused"]
        methods = [button["method"] for button in own["buttons"]]
        self.assertEqual(methods, ["action_resume", "get_formview_action"])
        self.assertNotIn("Ask", own["remedy"])
        theirs = self.explain(draft)["route_paused"]
        self.assertFalse(theirs["buttons"])
        self.assertIn(f"Ask {self.admin.name}", theirs["remedy"])

    def test_a_resting_route_tells_until_when_and_why(self):
        message = self.send_one()
        self.env["sms.gateway.route.pause"]._rest(self.route, 90, "no connection")
        reason = self.explain(message)["route_resting"]
        self.assertIn("no connection", reason["sentence"])
        self.assertIn("(UTC)", reason["sentence"])
        with self.later(120):
            self.assertFalse(self.explain(message))

    def test_a_probe_is_told_until_it_is_answered(self):
        message = self.send_one()
        self.env["sms.gateway.breaker"].create(
            {"route_id": self.route.id, "is_open": True}
        )
        self.assertIn("route_probing", self.explain(message))

    def test_debug_messages_wait_for_no_provider(self):
        message = self.send_one(is_debug=True)
        self.env["sms.gateway.route.pause"]._rest(self.route, 90)
        self.assertFalse(self.explain(message))

    def test_a_warning_is_told_and_does_not_say_that_messages_wait(self):
        message = self.send_one()
        self.env["sms.gateway.watch"].create(
            {
                "route_id": self.route.id,
                "kind": "balance_low",
                "code": "balance_low.empty",
                "params": {"amount": "0 ₽"},
                "since": fields.Datetime.now(),
                "told_at": fields.Datetime.now(),
            }
        )
        reason = self.explain(message)["warning_balance_low"]
        self.assertIn("Balance used up: 0 ₽", reason["sentence"])
        self.assertFalse(message.waiting_label)

    # === POLICIES ===
    def test_a_policy_holds_only_when_all_of_its_routes_do(self):
        other = self.make_route("other route")
        policy = self.env["sms.gateway.policy"].create(
            {
                "name": "waiting policy",
                "first_route_ids": [Command.set((self.route + other).ids)],
            }
        )
        draft = self.make_draft(policy.route_id)
        self.pause()
        self.assertFalse(self.explain(draft))
        self.pause(other)
        sentence = self.explain(draft)["policy_held"]["sentence"]
        self.assertIn("No route of policy “waiting policy”", sentence)
        self.assertIn("“test route” is paused", sentence)
        self.assertIn("“other route” is paused", sentence)

    # === THE WHOLE GATEWAY ===
    def test_the_emergency_stop_is_told_with_the_way_out_for_system_users(self):
        message = self.send_one()
        self.env["ir.config_parameter"].set_param(PREFIX + "is_stopped", "True")
        self.assertFalse(self.explain(message)["stopped"]["buttons"])
        root = self.env.ref("base.user_admin")
        [button] = self.explain(message, root)["stopped"]["buttons"]
        action = self.env[button["model"]].with_user(root).action_open_settings()
        self.assertEqual(action["res_model"], "res.config.settings")

    def test_a_hold_is_told(self):
        message = self.send_one()
        self.env["sms.gateway.hold"].create(
            {
                "identity": "{}",
                "state": "held",
                "cause": "database",
                "began_at": fields.Datetime.now(),
                "seen_at": fields.Datetime.now(),
            }
        )
        self.assertIn("database_held", self.explain(message))

    def test_lanes_that_do_not_run_are_told(self):
        message = self.send_one()
        self.lane_troubles = [Trouble("lanes_late", "Nothing runs.", "Restart.")]
        reason = self.explain(message)["lanes_late"]
        self.assertEqual(reason["sentence"], "Nothing runs.")
        self.assertEqual(reason["remedy"], "Ask an Odoo administrator to check it.")

    # === MESSAGES ===
    def test_a_message_tells_its_time_and_the_pause_of_its_campaign(self):
        campaign = self.send(
            PHONE, not_before=fields.Datetime.now() + timedelta(days=1)
        )
        message = self.get_messages(campaign)
        self.assertEqual(list(self.explain(message)), ["scheduled"])
        campaign.action_pause()
        self.assertEqual(list(self.explain(message)), ["campaign_paused", "scheduled"])

    def test_a_message_that_has_gone_waits_for_nothing(self):
        message = self.send_one()
        self.run_lane()
        self.pause()
        self.assertFalse(self.explain(message))

    # === READERS ===
    def test_the_reader_needs_no_access_to_routes(self):
        company = self.env["res.company"].create({"name": "elsewhere"})
        draft = self.make_draft()
        self.pause()
        self.user.write(
            {"company_ids": [Command.link(company.id)], "company_id": company.id}
        )
        there = draft.with_user(self.user).with_context(allowed_company_ids=company.ids)
        reason = (
            self.env["sms.gateway.waiting"]
            .with_env(there.env)
            ._explain(self.route, "sms")
        )
        self.assertEqual(reason[0].code, "route_paused")

    # === LISTS ===
    def test_lists_tell_for_what_each_message_and_campaign_waits(self):
        other = self.make_route("other route")
        held, sending = self.send_one(), self.send_one(route=other)
        gone = self.send_one(route=other)
        self.force_state(gone, "delivered")
        self.run_fold()
        self.pause()
        messages = held + sending + gone
        self.assertEqual(
            self.read_labels(messages), ["Waiting for the route", False, False]
        )
        self.assertEqual(
            self.read_labels(messages.campaign_id),
            ["Waiting for the route", False, False],
        )

    def read_labels(self, records):
        self.env.invalidate_all()
        rows = records.with_user(self.user).web_read({"waiting_label": {}})
        return [row["waiting_label"] for row in rows]

    def test_a_page_of_messages_costs_the_queries_of_one(self):
        routes = self.route + self.make_route("second") + self.make_route("third")
        messages = self.env["sms.gateway.message"]
        for route in routes:
            messages += self.send_one(route=route) + self.send_one(route=route)
            self.pause(route)
        self.run_fold()
        for records in (messages, messages.campaign_id):
            self.count_queries(records)  # fills the caches of access rights
            self.assertEqual(
                self.count_queries(records), self.count_queries(records[0])
            )

    def count_queries(self, records):
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        page = records.browse(records.ids).with_user(self.user)
        page.mapped("waiting_reasons")
        return self.cr.sql_log_count - before

    def test_the_dashboard_tells_everybody_of_routes_whose_messages_wait(self):
        self.send(PHONE)
        codes = self.get_codes_of_dashboard()
        self.assertNotIn(f"route_paused:{self.route.id}", codes)
        self.pause()
        codes = self.get_codes_of_dashboard()
        self.assertIn(f"route_paused:{self.route.id}", codes)

    def get_codes_of_dashboard(self):
        self.env.flush_all()
        health = self.env["sms.gateway.health"].with_user(self.user)._describe()
        return [trouble["code"] for trouble in health["troubles"]]
