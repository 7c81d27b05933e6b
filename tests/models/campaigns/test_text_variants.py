"""One text for everybody, placeholders by their labels, and templates on their own."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form

from .common import FEMALE, MALE, DraftCase


class TestVariants(DraftCase):
    def test_a_draft_has_variants_when_it_has_another_text(self):
        one = self.draft(text_male="Hello", text_female=False)
        both = self.draft()
        neutral = self.draft(text_male=False, text_female=False, text_neutral="Hello")
        self.assertEqual(
            (one + both + neutral).mapped("has_variants"), [False, True, True]
        )

    def test_switching_variants_on_is_not_stored_and_changes_no_text(self):
        draft = self.draft(text_male="Hello", text_female=False)
        draft.write({"has_variants": True})
        self.env.invalidate_all()
        self.assertFalse(draft.has_variants)
        self.assertEqual(draft.text_male, "Hello")

    def test_a_chosen_template_shows_its_variants(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "A", "text_male": MALE, "text_female": FEMALE}
        )
        form = Form(self.env["sms.gateway.campaign"].with_user(self.author))
        self.assertFalse(form.has_variants)
        form.template_id = template
        self.assertTrue(form.has_variants)

    def test_a_text_for_everybody_is_called_text(self):
        templates = self.env["sms.gateway.template"]
        for values, label in (
            ({"text_male": "{{ nmae }}"}, "Text: "),
            ({"text_male": "{{ nmae }}", "text_female": "A"}, "Text for men: "),
        ):
            with (
                self.subTest(label),
                self.assertRaisesRegex(ValidationError, f"^{label}"),
            ):
                templates.create({"name": "A", **values})


class TestPlaceholders(DraftCase):
    def test_an_alias_says_the_same_as_the_name(self):
        campaign = self.send_draft(
            self.anna, text_female="{{ имя }} {{ Отчество | upper }} {{ last_name }}"
        )
        self.assertEqual(self.get_texts(campaign), ["Анна СЕРГЕЕВНА Лебедева"])

    def test_an_alias_stays_in_latin_letters(self):
        campaign = self.send_draft(
            self.anna, text_female="Привет, {{ имя }}", is_transliterated=True
        )
        self.assertEqual(self.get_texts(campaign), ["Privet, Anna"])

    def test_what_an_alias_lacks_is_told(self):
        nameless = self.make_contact("ООО", "0103", "female", is_company=True)
        draft = self.draft(nameless, text_female="{{ имя }}")
        self.assertEqual(self.check(draft), {"missing_field": 1})

    def test_placeholders_have_labels_and_aliases_of_the_author(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        draft = self.draft()
        for lang, name in (("en_US", "first_name"), ("ru_RU", "имя")):
            found = draft.with_context(lang=lang).action_list_placeholders({})
            with self.subTest(lang):
                self.assertEqual(found[0]["name"], name)
                self.assertEqual(found[0]["group"], "person")
        city = {"name": "city", "label": "City", "group": "record"}
        self.assertIn(city, draft.action_list_placeholders({}))

    def test_columns_of_an_import_are_offered(self):
        recipients = self.env["sms.gateway.list"].create(
            {"name": "Imported", "value_names": "bonus"}
        )
        draft = self.draft()
        changes = {"recipient_source": "lists", "list_ids": [(6, 0, recipients.ids)]}
        found = draft.action_list_placeholders(changes)
        self.assertIn("bonus", [one["name"] for one in found])

    def test_what_a_record_shows_its_readers_is_offered_and_nothing_technical(self):
        found = self.draft().action_list_placeholders({})
        names = {one["name"] for one in found}
        self.assertLessEqual({"city", "function", "ref", "user_id"}, names)
        technical = {"id", "write_uid", "color", "activity_summary", "vat_label"}
        counts = {"meeting_count", "opportunity_count"}
        ours = {"suggested_gender", "sms_gateway_message_count"}
        self.assertFalse(names & (technical | counts | ours))

    def test_a_field_that_is_not_offered_can_be_used_by_its_name(self):
        campaign = self.send_draft(self.anna, text_female="Number {{ id }}")
        self.assertEqual(self.get_texts(campaign), [f"Number {self.anna.id}"])

    def test_rows_of_an_import_offer_the_columns_of_their_list(self):
        recipients = self.env["sms.gateway.list"].create({"name": "Imported"})
        recipients.member_ids = [
            Command.create({"name": "Anna", "phone": "+79161230101"})
        ]
        changes = {"recipient_source": "lists", "list_ids": [(6, 0, recipients.ids)]}
        names = {one["name"] for one in self.draft().action_list_placeholders(changes)}
        self.assertIn("note", names)
        self.assertFalse(names & {"id", "list_id", "company_id"})

    def test_what_the_author_may_not_read_is_not_offered(self):
        names = [one["name"] for one in self.draft().action_list_placeholders({})]
        self.assertIn("city", names)
        self.assertNotIn("signup_type", names)


class TestTemplate(DraftCase):
    def setUp(self):
        super().setUp()
        self.template = (
            self.env["sms.gateway.template"]
            .with_user(self.author)
            .create({"name": "A", "text_male": "Hello"})
        )

    def find_tests(self):
        return self.env["sms.gateway.campaign"].search([("is_test", "=", True)])

    def test_a_preview_shows_unsaved_texts_and_their_sizes(self):
        self.author.partner_id.name = "Ivan Ivanov"
        shown = self.template.action_preview({"text_male": "Dear {{ fio }}"})
        self.assertEqual(
            shown["male"],
            {"text": "Dear Ivan Ivanov", "count": 1, "encoding": "gsm7", "units": 16},
        )
        self.assertEqual(self.template.text_male, "Hello")

    def test_a_new_template_has_a_preview(self):
        templates = self.env["sms.gateway.template"].with_user(self.author)
        shown = templates.action_preview({"text_neutral": "Hi", "res_model": "x.y"})
        self.assertEqual(shown["neutral"]["text"], "Hi")

    def test_a_test_is_sent_to_the_numbers_only(self):
        self.template.action_send_test({}, "+79161230101, 8 916 123-01-02")
        messages = self.get_messages(self.find_tests())
        self.assertEqual(messages.mapped("msisdn"), ["+79161230101", "+79161230102"])
        self.assertEqual(set(messages.mapped("text")), {"Hello"})

    def test_a_test_goes_to_the_author_by_default(self):
        self.assertEqual(self.template.action_get_test_phone(), "+79281700001")

    def test_without_a_number_or_text_no_test_is_sent(self):
        for changes, phones, error in (
            ({}, "", "Enter the test number"),
            ({"text_male": " "}, "+79161230101", "Enter a text"),
            ({"text_male": "{{ nmae }}"}, "+79161230101", "nmae"),
        ):
            with self.subTest(error), self.assertRaisesRegex(UserError, error):
                self.template.action_send_test(changes, phones)
        self.assertFalse(self.find_tests())


class TestTestNumbers(DraftCase):
    def find_sent(self):
        test = self.env["sms.gateway.campaign"].search([("is_test", "=", True)])
        return self.get_messages(test).mapped("msisdn")

    def test_a_test_goes_to_each_number_once(self):
        numbers = "+79161230101,\n8 (916) 123-01-01; +79161230102"
        self.draft(test_phone=numbers).action_send_test()
        self.assertEqual(self.find_sent(), ["+79161230101", "+79161230102"])

    def test_with_one_invalid_number_no_test_is_sent(self):
        draft = self.draft(test_phone="+79161230101, 12")
        with self.assertRaisesRegex(UserError, "Test number 12: "):
            draft.action_send_test()
        self.assertFalse(self.find_sent())

    def test_a_test_goes_to_a_few_numbers_only(self):
        numbers = ",".join(f"+791612301{number}" for number in range(10, 21))
        with self.assertRaisesRegex(UserError, "10 numbers at most"):
            self.draft(test_phone=numbers).action_send_test()
