"""What recipients of a campaign read: variants, fields, letters, languages."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

from .common import FEMALE, MALE, DraftCase


class TestTexts(DraftCase):
    def test_unknown_gender_gets_the_neutral_text(self):
        sasha = self.make_contact("Саша", "0103")
        campaign = self.send_draft(self.anna + sasha, text_neutral="Здравствуйте!")
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна!", "Здравствуйте!"])

    def test_one_text_alone_is_for_everybody(self):
        sasha = self.make_contact("Саша", "0103")
        campaign = self.send_draft(
            self.anna + sasha, text_male="Здравствуйте!", text_female=False
        )
        self.assertEqual(self.get_texts(campaign), ["Здравствуйте!"] * 2)

    def test_what_only_the_others_text_uses_nobody_lacks(self):
        campaign = self.send_draft(text_female="Здравствуйте, {{ city }}!")
        andrey, anna = self.get_messages(campaign.sudo())
        self.assertEqual(andrey.state, "queued")
        self.assertEqual((anna.state, anna.failure_type), ("failed", "missing_data"))

    def test_what_could_not_be_written_is_not_sent_again(self):
        campaign = self.send_draft(self.anna, text_female="{{ city }}")
        message = self.get_messages(campaign.sudo())
        self.assertEqual(message.failure_code, "missing_field")
        with self.assertRaisesRegex(UserError, "city"):
            message.with_user(self.author).action_retry()

    def test_fields_of_the_record_can_be_used(self):
        self.anna.write({"city": "Ростов", "country_id": self.env.ref("base.ru").id})
        campaign = self.send_draft(
            self.anna, text_female="{{ city }} {{ country_id }} {{ fio }} {{ color }}"
        )
        country = self.anna.country_id.name
        self.assertEqual(
            self.get_texts(campaign), [f"Ростов {country} {self.anna.name} 0"]
        )

    def test_what_the_author_may_not_read_stays_out(self):
        private = self.env["res.partner"].fields_get(["signup_type"])
        self.assertTrue(private, "the superuser may")
        draft = self.draft(text_female="{{ signup_type }}")
        with self.assertRaisesRegex(UserError, "signup_type"):
            draft.action_send()

    def test_an_error_says_in_which_text_it_is(self):
        for variant, label in (
            ("female", "Text for women"),
            ("neutral", "Neutral text"),
        ):
            draft = self.draft(**{f"text_{variant}": "Hello {{ first_name }"})
            with self.subTest(label):
                expected = rf"^{label}: Line 1: .*\{{\{{ first_name \}}\}}"
                with self.assertRaisesRegex(UserError, expected):
                    draft.action_send()

    def test_latin_letters_save_parts(self):
        campaign = self.send_draft(self.andrey, is_transliterated=True)
        message = self.get_messages(campaign.sudo())
        self.assertEqual(message.text, "Uvazhaemyy Andrey!")
        self.assertEqual(message.encoding, "gsm7")

    def test_everybody_gets_the_template_in_their_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "text_male": "Hello",
                "translation_ids": [
                    Command.create(
                        {"lang": "ru_RU", "text_male": MALE, "text_female": FEMALE}
                    )
                ],
            }
        )
        self.anna.lang = "ru_RU"
        draft = self.draft(template_id=template.id, text_male="Hello", text_female="")
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Hello", "Уважаемая Анна!"])

    def test_a_chosen_template_gives_its_texts(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "A", "text_male": "a", "text_neutral": "n"}
        )
        with Form(self.draft()) as form:
            form.template_id = template
            self.assertEqual((form.text_male, form.text_neutral), ("a", "n"))

    def test_texts_that_the_author_changed_win_over_translations(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "text_male": "Hello",
                "translation_ids": [
                    Command.create({"lang": "ru_RU", "text_male": "Привет"})
                ],
            }
        )
        self.anna.lang = "ru_RU"
        draft = self.draft(template_id=template.id, text_male="Hi", text_female=False)
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Hi", "Hi"])

    def test_dates_are_in_the_recipients_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.anna.lang = "ru_RU"
        campaign = self.send_draft(self.anna, text_female="{{ create_date }}")
        [text] = self.get_texts(campaign)
        self.assertRegex(text, r"^\d\d\.\d\d\.\d{4} ")
