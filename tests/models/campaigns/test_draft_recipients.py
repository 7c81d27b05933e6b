"""Who gets a campaign: numbers, rights, leads, lists and filters."""

from odoo import Command
from odoo.exceptions import ValidationError

from .common import FEMALE, DraftCase


class TestRecipients(DraftCase):
    def test_bad_contacts_are_left_out_and_counted(self):
        bad = (
            self.make_contact("Без Номера", False)
            + self.make_contact("Плохой Номер", False, phone="12")
            + self.make_contact("Павлова Наталья Юрьевна", "0102", "female")
            + self.make_contact("Саша", "0103")
        )
        self.env["phone.blacklist"].create({"number": "+79161230101"})
        draft = self.draft(self.andrey + self.anna + bad)
        self.assertEqual(
            self.check(draft),
            {
                "": 1,
                "opted_out": 1,
                "no_number": 1,
                "invalid_number": 1,
                "duplicate": 1,
                "missing_gender": 1,
            },
        )
        draft.action_send()
        states = self.get_messages(draft.sudo()).mapped("state")
        self.assertEqual(
            states, ["cancelled", "queued", "failed", "failed", "cancelled", "failed"]
        )
        self.assertEqual(
            draft.recipient_ids.mapped("problem"),
            [
                "opted_out",
                False,
                "no_number",
                "invalid_number",
                "duplicate",
                "missing_gender",
            ],
        )

    def test_a_bad_number_is_shown_as_it_was_entered(self):
        self.anna.phone = "12 ask Peter"
        draft = self.draft()
        self.check(draft)
        shown = ["+79161230101", "12 ask Peter"]
        self.assertEqual(draft.recipient_ids.sorted("index").mapped("phone"), shown)
        draft.action_send()
        self.assertEqual(draft.recipient_ids.sorted("index").mapped("phone"), shown)

    def test_a_recipient_without_a_number_is_told(self):
        self.patch_prepared_at_once(1)
        nobody = self.make_contact("Без Номера", False)
        campaign = self.send_draft(self.andrey + nobody)
        failed = self.get_messages(campaign.sudo())[1]
        self.assertEqual(failed.failure_explanation, "The phone number is missing.")
        self.assertEqual(failed.display_name, "No number")

    def test_records_the_author_may_not_read_are_not_selected(self):
        rule = {
            "name": "not Anna",
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "domain_force": f"[('id', '!=', {self.anna.id})]",
        }
        self.env["ir.rule"].create(rule)
        campaign = self.send_draft()
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_records_that_vanish_before_they_are_prepared_fail_alone(self):
        draft = self.draft(self.andrey + self.anna)
        self.andrey.unlink()
        draft.action_send()
        andrey, anna = self.get_messages(draft.sudo())
        self.assertEqual((andrey.state, anna.state), ("failed", "queued"))

    def test_leads_are_written_to_as_their_contact(self):
        lead = self.env["crm.lead"].create(
            {"name": "Окна", "partner_id": self.anna.id, "user_id": self.author.id}
        )
        self.author.group_ids += self.env.ref("sales_team.group_sale_salesman")
        campaign = self.send_draft(lead, text_female=FEMALE + " {{ name }}")
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна! Окна"])

    def test_a_filter_finds_its_contacts_when_it_is_sent(self):
        draft = self.draft(
            recipient_source="filter",
            res_model="res.partner",
            res_domain=f"[('id', 'in', {(self.andrey + self.anna).ids})]",
        )
        self.assertEqual(self.check(draft), {"": 2})
        self.anna.active = False
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Уважаемый Андрей!"])

    def test_a_broken_filter_is_refused(self):
        for domain in ("[", "[('nothing', '=', 1)]", "__import__('os')"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                self.draft(recipient_source="filter", res_domain=domain)

    def test_lists_are_sent_to_together_and_each_contact_once(self):
        lists = self.env["sms.gateway.list"].create(
            [
                {
                    "name": "one",
                    "member_ids": [
                        Command.create({"partner_id": self.anna.id}),
                        Command.create(
                            {"name": "Иванов Пётр", "phone": "+79161230109"}
                        ),
                    ],
                },
                {"name": "two", "kind": "filter", "res_domain": "[('id', '=', 0)]"},
                {
                    "name": "three",
                    "member_ids": [Command.create({"partner_id": self.anna.id})],
                },
            ]
        )
        draft = self.draft(
            recipient_source="lists", list_ids=lists.ids, text_neutral="{{ fio }}"
        )
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Уважаемая Анна!", "Иванов Пётр"])
