"""Who is left out of a draft, and how an author completes them."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import DraftCase


class TestLeftOut(DraftCase):
    def setUp(self):
        super().setUp()
        self.elena = self.make_contact("Кузнецова Елена Петровна", "0103")

    def list_left_out(self, draft, problem):
        return draft.action_list_left_out({}, problem)["rows"]

    def test_a_gender_is_suggested_by_the_name_and_not_written(self):
        draft = self.draft(self.andrey + self.elena)
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_gender")
        self.assertEqual(
            (row["name"], row["field"], row["suggestion"], row["record"]),
            (self.elena.name, "gender", "female", ["res.partner", self.elena.id]),
        )
        self.assertFalse(self.elena.gender)

    def test_what_the_author_confirms_is_written_and_the_selection_stays(self):
        draft = self.draft(self.andrey + self.elena)
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_gender")
        count = draft.action_complete_left_out([[row["id"], "gender", "female"]])
        self.assertEqual((count, self.elena.gender), (1, "female"))
        self.assertEqual(self.check(draft), {"": 2})

    def test_an_imported_recipient_is_completed_itself(self):
        imported = self.env["sms.gateway.list"].create(
            {
                "name": "Imported",
                "member_ids": [
                    Command.create({"name": "Елена", "phone": "+79161230109"})
                ],
            }
        )
        draft = self.draft(recipient_source="lists", list_ids=imported.ids)
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_gender")
        draft.action_complete_left_out([[row["id"], "gender", "female"]])
        self.assertEqual(imported.member_ids.gender, "female")

    def test_a_missing_name_is_entered_and_told(self):
        nameless = self.make_contact("8-800", "0104", "female")
        draft = self.draft(nameless)
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_field")
        self.assertIn("first_name", row["reason"])
        self.assertEqual((row["field"], row["suggestion"]), ("first_name", None))
        draft.action_complete_left_out([[row["id"], "first_name", " Анна "]])
        self.assertEqual(nameless.first_name, "Анна")

    def test_other_data_is_corrected_in_the_form(self):
        draft = self.draft(self.anna, text_female="{{ city }}")
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_field")
        self.assertIn("city", row["reason"])
        self.assertIsNone(row["field"])

    def test_only_names_and_genders_of_the_drafts_recipients_are_written(self):
        draft, other = self.draft(self.elena), self.draft(self.anna)
        recipient, stranger = draft.recipient_ids.id, other.recipient_ids.id
        for row in (
            [recipient, "gender", "other"],
            [recipient, "email", "a@example.com"],
            [recipient, "first_name", ""],
            [recipient, "first_name", "A" * 101],
        ):
            with self.subTest(row), self.assertRaises(UserError):
                draft.action_complete_left_out([row])
        count = draft.action_complete_left_out([[stranger, "gender", "male"]])
        self.assertEqual((count, self.anna.gender), (0, "female"))

    def test_whoever_may_not_write_contacts_completes_none(self):
        user = new_test_user(
            self.env, login="left_out_user", groups="crm_sms_gateway.group_user"
        )
        draft = self.draft(self.elena, author=user)
        self.check(draft)
        [row] = self.list_left_out(draft, "missing_gender")
        self.assertIsNone(row["field"])
        with self.assertRaises(AccessError):
            draft.action_complete_left_out([[row["id"], "gender", "female"]])
        self.assertFalse(self.elena.gender)

    def test_an_unknown_problem_lists_nobody_with_one(self):
        draft = self.draft(self.elena)
        self.check(draft)
        self.assertFalse(self.list_left_out(draft, "no_such_problem"))
