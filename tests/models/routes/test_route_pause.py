"""Routes are paused and resumed, and get another webhook address."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...common import GatewayCase

LOG = "odoo.addons.crm_sms_gateway"


@tagged("post_install", "-at_install")
class TestPause(GatewayCase):
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
            with self.assertRaisesRegex(
                UserError, "was changed by another user or process"
            ):
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
        with self.assertRaisesRegex(
            UserError, "was changed by another user or process"
        ):
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
