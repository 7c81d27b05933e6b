"""Server actions: "Send by SMS gateway"."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user

from ...common import PHONE
from .common import FEMALE, MALE, DraftCase


class TestServerAction(DraftCase):
    def make_action(self, model="crm.lead", **values):
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "res_model": "crm.lead",
                "text_male": MALE,
                "text_female": FEMALE,
                "text_neutral": "Здравствуйте!",
            }
        )
        return self.env["ir.actions.server"].create(
            {
                "name": "Send",
                "model_id": self.env["ir.model"]._get_id(model),
                "state": "sms_gateway",
                "sms_gateway_template_id": template.id,
                "sms_gateway_route_id": self.route.id,
                **values,
            }
        )

    def make_leads(self):
        sasha = self.make_contact("Саша", "0103")
        silent = self.make_contact("Без Номера", False)
        return self.env["crm.lead"].create(
            [
                {"name": "1", "partner_id": self.andrey.id},
                {"name": "2", "partner_id": self.anna.id},
                {"name": "3", "partner_id": sasha.id},
                {"name": "4", "partner_id": silent.id},
                {"name": "5", "contact_name": "Пётр", "phone": PHONE},
            ]
        )

    def run_action(self, action, records):
        action.with_context(active_model=records._name, active_ids=records.ids).run()
        return self.env["sms.gateway.campaign"].search([], limit=1)

    def test_of_five_leads_one_without_phone_stops_nobody(self):
        campaign = self.run_action(self.make_action(), self.make_leads())
        messages = self.get_messages(campaign)
        self.assertEqual(
            messages.mapped("text"),
            [
                "Уважаемый Андрей!",
                "Уважаемая Анна!",
                "Здравствуйте!",
                "Здравствуйте!",
                "Здравствуйте!",
            ],
        )
        self.assertEqual(
            messages.mapped("state"), ["queued"] * 3 + ["failed"] + ["queued"]
        )
        self.assertEqual(campaign.source, "action")

    def test_an_automation_rule_sends_to_every_new_lead_that_can_get_it(self):
        if "base.automation" not in self.env:
            self.skipTest("Odoo's automation rules are not installed")
        action = self.make_action(usage="base_automation")
        action.sms_gateway_template_id.text_neutral = False
        rule = self.env["base.automation"].create(
            {
                "name": "Greet new leads",
                "model_id": action.model_id.id,
                "trigger": "on_create",
                "action_server_ids": action.ids,
            }
        )
        self.addCleanup(rule._unregister_hook)
        leads = self.make_leads()
        # every record is an action of its own there
        campaigns = self.env["sms.gateway.campaign"].search(
            [("source", "=", "action")], order="id", limit=len(leads)
        )
        messages = campaigns.message_ids.sorted("id")
        self.assertEqual(
            messages.mapped("state"), ["queued", "queued", "failed", "failed", "failed"]
        )
        self.assertEqual(
            messages.mapped("failure_type"),
            [False, False, "missing_data", "invalid_number", "missing_data"],
        )

    def test_whoever_starts_it_needs_no_right_to_send(self):
        employee = new_test_user(
            self.env, login="draft_seller", groups="sales_team.group_sale_salesman"
        )
        lead = self.make_leads()[0]
        lead.user_id = employee
        action = self.make_action().with_user(employee)
        campaign = self.run_action(action, lead.with_user(employee)).sudo()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(self.get_messages(campaign).text, "Уважаемый Андрей!")

    def test_an_archived_route_pauses_and_lets_nothing_wait_for_ever(self):
        action = self.make_action()
        self.route.active = False
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "paused")
        self.assertIn("is archived", campaign.pause_reason)
        with self.assertRaisesRegex(UserError, "is archived"):
            campaign.action_resume()

    def test_a_template_in_use_is_archived_not_deleted(self):
        action = self.make_action()
        template = action.sms_gateway_template_id
        with self.assertRaisesRegex(UserError, f"used by: {action.name}"):
            template.unlink()
        template.active = False
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "running")
        action.unlink()
        draft = self.draft(template_id=template.id, name="Spring")
        with self.assertRaisesRegex(UserError, "used by: Spring"):
            template.unlink()
        draft.unlink()
        campaign.action_cancel()
        template.unlink()

    def test_archived_records_and_broken_templates_break_nothing(self):
        action = self.make_action()
        leads = self.make_leads()
        leads.active = False
        campaign = self.run_action(action, leads)
        self.assertEqual(len(self.get_messages(campaign)), 5)
        action.sms_gateway_template_id.sudo().text_male = "{{ contact_name }}"
        contacts = self.make_action("res.partner")
        contacts.sms_gateway_template_id = action.sms_gateway_template_id
        campaign = self.run_action(contacts, self.andrey)
        self.assertEqual(campaign.state, "paused")
        self.assertIn("contact_name", campaign.pause_reason)

    def test_what_a_visitor_starts_is_written_by_who_made_the_action(self):
        visitor = self.env.ref("base.public_user")
        leads = self.make_leads()
        action = self.make_action().with_user(visitor).sudo()
        campaign = self.run_action(action, leads[0].with_user(visitor).sudo()).sudo()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_a_delay_schedules(self):
        action = self.make_action(sms_gateway_delay=2)
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "scheduled")
        hours = (campaign.scheduled_at - fields.Datetime.now()).total_seconds() / 3600
        self.assertAlmostEqual(hours, 2, places=1)

    def test_it_warns_of_models_without_a_phone(self):
        action = self.make_action("res.currency")
        self.assertTrue(action.warning)
        self.assertFalse(self.make_action().warning)
