"""What people do with messages, lists and contacts, in a browser."""

from odoo import Command
from odoo.tests import tagged

from ..common import sandbox_phone
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestMessageTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("manager", "administrator"):
            cls.add_user(f"tour_{name}", name)
        cls.tourists = cls.env["res.partner"].create(
            [
                {"name": "Tourist A", "phone": sandbox_phone("9901")},
                {"name": "Tourist B", "phone": sandbox_phone("0002")},
            ]
        )

    def send_to_tourists(self):
        draft = self.env["sms.gateway.campaign"].create(
            {
                "name": "to tourists",
                "route_id": self.route.id,
                "recipient_source": "selection",
                "text_male": "Hello",
            }
        )
        selected = [("id", "in", self.tourists.ids)]
        draft._snapshot_recipients([("res.partner", selected)])
        draft.action_send()
        with self.as_cron() as env:
            env["sms.gateway.fan.out"]._cron_prepare()
        self.run_lane()
        with self.later(10):
            self.run_poll()
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()
        return self.get_messages(draft)

    def test_somebody_looks_why_a_message_did_not_arrive(self):
        self.send_to_tourists()

        self.start_tour(
            "/odoo/sms-gateway-messages", "sms_gateway_why", login="tour_manager"
        )

        numbers = self.env["phone.blacklist"].search([]).mapped("number")
        self.assertIn(sandbox_phone("9901"), numbers)

    def test_an_administrator_allows_a_number_again(self):
        [message, _other] = self.send_to_tourists()
        self.env["phone.blacklist"].create({"number": message.msisdn})

        self.start_tour(
            f"/odoo/sms-gateway-messages/{message.id}",
            "sms_gateway_allow_again",
            login="tour_administrator",
        )

        message.invalidate_recordset()
        self.assertFalse(message.is_blacklisted)

    def test_the_chatter_leads_to_the_message(self):
        self.send_to_tourists()

        self.start_tour(
            f"/odoo/contacts/{self.tourists[0].id}",
            "sms_gateway_chatter_status",
            login="tour_manager",
        )

    def test_contacts_are_added_from_the_form_of_a_list(self):
        one = self.env["sms.gateway.list"].create(
            {
                "name": "Tour list",
                "member_ids": [
                    Command.create({"phone": "7", "name": "Tour No Number"})
                ],
            }
        )

        self.start_tour(
            f"/odoo/sms-gateway-lists/{one.id}",
            "sms_gateway_add_contacts",
            login="tour_manager",
        )

        self.assertEqual(one.member_ids.partner_id, self.tourists)
