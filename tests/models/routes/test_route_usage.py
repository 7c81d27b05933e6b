"""Routes that messages and other records use are not changed, archived or deleted."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ...common import PHONE, GatewayCase


@tagged("post_install", "-at_install")
class TestUsage(GatewayCase):
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
        with self.assertRaisesRegex(UserError, "“test route” is used by: Spring"):
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
