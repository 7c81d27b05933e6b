"""Previews, checks of recipients and tests: what authors see before they send."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError

from .common import FEMALE, DraftCase


class TestPreview(DraftCase):
    def test_while_a_draft_cannot_be_sent_nobody_gets_it_and_numbers_are_checked(self):
        nobody = self.make_contact("Without Phone", "")
        draft = self.draft(self.andrey + nobody)
        self.route.has_voice = False
        past = fields.Datetime.now() - timedelta(minutes=1)
        for changes, reason in (
            ({"text_male": "{{ frist_name }}"}, "frist_name"),
            ({"text_male": "{{ first_na"}, "placeholder"),
            ({"text_male": "{% if %}"}, "template"),
            ({"text_male": " ", "text_female": False}, "Enter a text"),
            ({"channel": "voice"}, "channel"),
            ({"scheduled_at": past}, "in the past"),
        ):
            with self.subTest(**changes):
                self.env.invalidate_all()
                checked = draft.action_check_recipients(changes)
                self.assertIn(reason, checked["refusal"])
                self.assertEqual(checked["problems"], {"could_get": 1, "no_number": 1})
                self.assertEqual((checked["segments"], checked["cost"]), (0, None))
        self.env.invalidate_all()
        checked = draft.action_check_recipients({})
        self.assertIsNone(checked["refusal"])
        self.assertEqual(checked["problems"], {"": 1, "no_number": 1})

    def test_a_draft_to_nobody_says_so_before_it_is_sent(self):
        empty = self.env["sms.gateway.list"].create({"name": "Empty"})
        nobody = {
            "recipient_source": "filter",
            "res_model": "res.partner",
            "res_domain": "[('id', '=', 0)]",
        }
        for changes, reason in (
            ({"recipient_source": "lists"}, "Select a list"),
            ({"list_ids": [Command.set(empty.ids)]}, "the selected lists"),
            (nobody, "the filter"),
        ):
            with self.subTest(reason):
                draft = self.draft(**{"recipient_source": "lists", **changes})
                checked = draft.action_check_recipients({})
                self.assertEqual(checked["total"], 0)
                self.assertIn(reason, checked["refusal"])
        later = fields.Datetime.now() + timedelta(days=1)
        checked = draft.action_check_recipients({"scheduled_at": later})
        self.assertIsNone(checked["refusal"])

    def test_what_was_sent_is_not_checked_anew(self):
        campaign = self.send_draft()
        with self.assertRaises(UserError):
            campaign.action_check_recipients({"recipient_source": "filter"})
        self.assertTrue(all(campaign.recipient_ids.mapped("is_prepared")))

    def test_the_preview_shows_any_recipient_with_unsaved_texts(self):
        draft = self.draft()
        preview = draft.action_preview({"text_female": "Анна: {{ last_name }}"}, 1)
        self.assertEqual(preview["total"], 2)
        self.assertEqual(preview["recipient"]["text"], "Анна: Лебедева")
        self.assertEqual(preview["sizes"]["male"]["encoding"], "ucs2")
        self.assertEqual(draft.text_female, FEMALE)

    def test_a_draft_that_is_not_saved_has_sizes_and_placeholders(self):
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        texts = {"route_id": self.route.id, "channel": "sms", "text_male": "Привет"}
        preview = campaigns.action_preview(texts)
        self.assertEqual(preview["sizes"]["male"]["units"], 6)
        self.assertEqual((preview["recipient"], preview["total"]), (None, 0))
        broken = campaigns.action_preview({**texts, "text_male": "{{ frist_name }}"})
        self.assertIn("frist_name", broken["findings"][0]["text"])
        to_contacts = {"recipient_source": "filter", "res_model": "res.partner"}
        placeholders = campaigns.action_list_placeholders(to_contacts)
        self.assertIn("city", [one["name"] for one in placeholders])

    def test_the_preview_begins_with_somebody_who_gets_the_message(self):
        nobody = self.make_contact("Without Phone", "", "male")
        ivan = self.make_contact("Иванов Иван Иванович", "0103", "male")
        draft = self.draft(nobody + ivan)
        self.assertTrue(draft.action_preview({})["recipient"]["problem"])
        self.check(draft)
        shown = draft.action_preview({})
        self.assertEqual((shown["position"], shown["total"]), (1, 2))
        self.assertEqual(shown["recipient"]["text"], "Уважаемый Иван!")

    def test_where_nobody_gets_it_the_preview_tells_of_the_first_one_why(self):
        nobody = self.make_contact("Without Phone", "", "male")
        draft = self.draft(nobody)
        self.check(draft)
        shown = draft.action_preview({})
        self.assertEqual(shown["position"], 0)
        self.assertTrue(shown["recipient"]["problem"])

    def test_a_test_says_that_its_number_is_bad(self):
        draft = self.draft(test_phone="+1 555-555-5555")
        with self.assertRaisesRegex(
            UserError, r"Test number \+1 555-555-5555: "
        ) as bad:
            draft.action_send_test()
        self.assertIn("“Test numbers”", str(bad.exception))
        self.assertNotIn("contact", str(bad.exception))

    def test_the_test_number_is_the_authors_own_where_an_sms_can_reach_it(self):
        self.assertEqual(self.draft().test_phone, "+79281700001")
        for phone in ("+1 555-555-5555", "+7 495 123-45-67", False):
            self.author.partner_id.phone = phone
            with self.subTest(phone):
                draft = self.draft()
                self.assertFalse(draft.test_phone)
                with self.assertRaisesRegex(UserError, "Enter the test number"):
                    draft.action_send_test()

    def test_a_test_reaches_the_author_alone(self):
        draft = self.draft()
        draft.action_send_test({}, 1)
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        message = self.get_messages(test)
        self.assertEqual(message.msisdn, "+79281700001")
        self.assertEqual(message.text, "Уважаемая Анна!")
        self.assertEqual((draft.state, draft.recipient_count), ("draft", 2))
        self.assertFalse(self.get_messages(draft.sudo()))
