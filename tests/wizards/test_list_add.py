"""Adding of selected contacts and leads to a recipient list."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.models.campaigns import filters

from ..common import GatewayCase


class TestListAdd(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            login="add_manager",
            groups="crm_sms_gateway.group_manager,base.group_partner_manager,"
            "sales_team.group_sale_salesman_all_leads",
        )
        cls.contacts = cls.env["res.partner"].create(
            [{"name": name, "phone": f"8916123010{name}"} for name in "123"]
        )
        cls.leads = cls.env["crm.lead"].create([{"name": "1"}, {"name": "2"}])
        cls.env = cls.env(user=cls.manager)
        cls.list = cls.env["sms.gateway.list"].create({"name": "Customers"})

    def open(self, records, **context):
        records = records.with_env(self.env)
        action = (
            self.env["sms.gateway.list.add"]
            .with_context(
                **{"active_model": records._name, "active_ids": records.ids, **context}
            )
            ._open()
        )
        return self.env["sms.gateway.list.add"].browse(action["res_id"])

    def add(self, records, **context):
        question = self.open(records, **context)
        question.list_id = self.list
        question.action_add()
        return self.list.member_ids

    def test_selected_contacts_are_added(self):
        members = self.add(self.contacts)
        self.assertEqual(members.partner_id, self.contacts)
        self.assertEqual(set(members.mapped("reach")), {"reachable"})
        self.assertEqual(self.list.member_count, 3)

    def test_selected_leads_are_added(self):
        self.assertEqual(self.add(self.leads).lead_id, self.leads)

    def test_each_is_added_once(self):
        self.add(self.contacts[:2])
        self.add(self.contacts)
        self.assertEqual(len(self.list.member_ids), 3)

    def test_it_says_how_many_were_selected(self):
        self.assertEqual(self.open(self.contacts).record_count, 3)

    def test_a_selection_that_the_browser_cut_is_taken_whole(self):
        self.startPatcher(patch.object(filters, "ACTIVE_IDS_LIMIT", 1))
        domain = [("id", "in", self.contacts.ids)]
        members = self.add(self.contacts[0], active_domain=domain)
        self.assertEqual(members.partner_id, self.contacts)

    def test_what_a_person_may_not_read_is_not_added(self):
        model_id = self.env["ir.model"]._get_id("res.partner")
        hidden = self.contacts[0]
        self.env["ir.rule"].sudo().create(
            {
                "name": "hidden",
                "model_id": model_id,
                "domain_force": f"[('id', '!=', {hidden.id})]",
            }
        )
        self.assertEqual(self.add(self.contacts).partner_id, self.contacts - hidden)

    def test_a_list_has_to_be_chosen(self):
        with self.assertRaises(UserError):
            self.open(self.contacts).action_add()

    def test_a_selection_of_most_that_the_browser_sends_is_read(self):
        ids = [*range(2**31 - 20_000, 2**31 - 3), *self.contacts.ids]
        question = self.open(self.contacts[:0], active_ids=ids)
        question.list_id = self.list
        question.action_add()
        self.assertEqual(self.list.member_ids.partner_id, self.contacts)

    def test_a_forged_selection_is_refused_in_a_sentence(self):
        question = self.open(self.contacts)
        question.list_id = self.list
        for forged in (
            "x",
            "[",
            "[('id', '=', 1)]",
            '{"id": 1}',
            "7",
            "[[]]",
            '[["nope", "=", 1]]',
            '[["create_date", ">", "never"]]',
            '[["id", "no operator", 1]]',
            '["&"]',
            "[" * 100_000,
            "9" * 10_000,
        ):
            with self.subTest(forged[:20]):
                question.sudo().res_domain = forged
                with self.assertRaisesRegex(UserError, "Select them again"):
                    question.action_add()
        self.assertFalse(self.list.member_ids)

    def test_only_managers_add(self):
        user = new_test_user(
            self.env(user=1), login="add_user", groups="crm_sms_gateway.group_user"
        )
        question = self.open(self.contacts)
        question.list_id = self.list
        with self.assertRaises(AccessError):
            question.with_user(user).action_add()
        with self.assertRaises(AccessError):
            self.list.with_user(user)._add_records("res.partner", [])

    def test_the_menu_of_contacts_and_leads_has_it(self):
        for model, xml_id in (
            ("res.partner", "res_partner_action_add_to_list"),
            ("crm.lead", "crm_lead_action_add_to_list"),
        ):
            actions = self.env["ir.actions.actions"].get_bindings(model)["action"]
            ours = self.env.ref(f"crm_sms_gateway.{xml_id}").sudo().id
            self.assertIn(ours, [action["id"] for action in actions])
