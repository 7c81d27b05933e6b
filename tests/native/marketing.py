"""SMS Marketing through the gateway: each recipient once, and traces that follow.

These repeat what sends twice where Odoo sends by itself, and count the deliveries.
"""

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers.types import Outcome
from odoo.addons.crm_sms_gateway.tests.common import answer
from odoo.addons.crm_sms_gateway.tests.models.odoo_sms.test_odoo_sms import NativeCase


@tagged("-at_install", "post_install")
class TestMarketing(NativeCase):
    def setUp(self):
        super().setUp()
        self.list = self.env["mailing.list"].create({"name": "Readers"})
        self.contacts = self.env["mailing.contact"].create(
            [
                {
                    "name": f"Reader {number}",
                    "mobile": f"+7928170{1000 + number}",
                    "list_ids": [(4, self.list.id)],
                }
                for number in range(3)
            ]
        )
        self.mailing = self.env["mailing.mailing"].create(
            {
                "name": "Sale",
                "subject": "Sale",
                "sms_subject": "Sale",
                "mailing_type": "sms",
                "mailing_model_id": self.env["ir.model"]._get("mailing.list").id,
                "contact_list_ids": [(4, self.list.id)],
                "body_plaintext": "Скидки на всё",
                "sms_allow_unsubscribe": False,
            }
        )

    def send_mailing(self):
        self.mailing.action_send_sms()
        self.run_queue()

    def get_traces(self):
        self.env.invalidate_all()
        return self.mailing.mailing_trace_ids

    def test_a_mailing_is_one_campaign_and_its_traces_follow(self):
        provider = self.switch_on()
        self.send_mailing()
        self.assertEqual(set(self.get_traces().mapped("trace_status")), {"pending"})
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 3)
        [campaign] = self.env["sms.gateway.campaign"].search([("source", "=", "odoo")])
        self.assertEqual(campaign.mailing_id, self.mailing.id)
        for message in campaign.message_ids:
            self.set_state(message, "delivered")
        self.run_tell()
        self.assertEqual(set(self.get_traces().mapped("trace_status")), {"sent"})
        self.assertEqual(self.mailing.delivered, 3)

    def test_the_message_leads_to_the_mailing_and_the_recipient(self):
        self.switch_on()
        self.send_mailing()
        message = self.env["sms.gateway.message"].search(
            [("campaign_id.mailing_id", "=", self.mailing.id)], limit=1
        )
        self.assertEqual(message.mailing, self.mailing)
        self.assertIn(message.recipient, self.contacts)

    def test_the_test_button_sends_once(self):
        provider = self.switch_on()
        wizard = self.env["mailing.sms.test"].create(
            {"mailing_id": self.mailing.id, "numbers": "+79281701777"}
        )
        wizard.action_send_sms()
        self.run_lane()
        self.run_queue()
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)
        self.assertIn("successfully sent", self.mailing.message_ids[:1].body)

    def test_sending_the_mailing_twice_serves_each_once(self):
        provider = self.switch_on()
        self.send_mailing()
        self.mailing.action_send_sms()
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 3)

    def test_failures_by_report_can_be_retried_and_only_they(self):
        """Natively what failed by a delivery report cannot be sent again."""
        provider = self.switch_on()
        self.send_mailing()
        self.run_lane()
        first, *others = self.env["sms.gateway.message"].search(
            [("campaign_id.mailing_id", "=", self.mailing.id)]
        )
        self.set_state(first, "failed", failure_type="unreachable")
        for message in others:
            self.set_state(message, "delivered")
        self.run_tell()
        self.assertEqual(self.mailing.failed, 1)
        self.mailing.action_retry_failed()
        self.mailing.action_send_sms()
        self.run_queue()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 4)
        self.assertEqual(provider.batches[-1][0].msisdn, first.msisdn)

    def test_an_ab_test_serves_each_once(self):
        provider = self.switch_on()
        self.mailing.write({"ab_testing_enabled": True, "ab_testing_pc": 50})
        self.send_mailing()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)
        winner = self.mailing.action_select_as_winner()
        self.env["mailing.mailing"].browse(winner["res_id"]).action_send_sms()
        self.run_queue()
        self.run_lane()
        numbers = [one.msisdn for batch in provider.batches for one in batch]
        self.assertEqual(sorted(numbers), sorted(self.contacts.mapped("mobile")))

    def test_no_money_sells_no_credits_of_odoo(self):
        self.switch_on(submit=answer(Outcome.REFUSED, failure_type="no_funds"))
        self.send_mailing()
        self.run_lane()
        self.run_tell()
        self.assertEqual(set(self.get_traces().mapped("failure_type")), {"sms_server"})
        self.assertFalse(self.mailing.sms_has_insufficient_credit)
        self.assertFalse(self.mailing.sms_has_unregistered_account)

    def test_twilio_is_not_asked_where_a_route_is_chosen(self):
        provider = self.switch_on()
        self.company.sms_provider = "twilio"
        self.make_sms().send()
        self.run_lane()
        self.assertEqual(self.count_deliveries(provider), 1)
