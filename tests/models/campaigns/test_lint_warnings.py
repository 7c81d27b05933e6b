"""What authors are told of their texts, and that it is so of what is sent."""

from odoo.tests import Form

from .common import DraftCase


class TestFindings(DraftCase):
    def draft(self, text, **values):
        return super().draft(
            self.andrey, **{"text_male": text, "text_female": False, **values}
        )

    def preview(self, text, **values):
        return self.draft(text, **values).action_preview({})

    def assert_told(self, text, *told, **values):
        found = self.preview(text, **values)["findings"]
        self.assertEqual([(one["level"], one["text"]) for one in found], [*told])

    def test_placeholders_of_other_systems(self):
        self.assert_told(
            "{Имя}, ваш заказ #ORDER_ID# готов, %ИМЯ%",
            (
                "warning",
                "{Имя} (1:1) → {{ first_name }}, #ORDER_ID# (1:18), %ИМЯ% (1:36) → "
                "{{ first_name }}: sent as is, because this is not a placeholder. "
                "Put the field name in double curly braces, e.g. {{ first_name }}.",
            ),
        )
        self.assert_told(
            "[Город]",
            (
                "warning",
                "[Город] (1:1) → {{ city }}: sent as is, because this is not a "
                "placeholder. Put the field name in double curly braces, e.g. {{ "
                "first_name }}.",
            ),
        )

    def test_html(self):
        self.assert_told(
            "A&amp;B<br>5&nbsp;%<b>",
            (
                "warning",
                "&amp; (1:2) → &, <br> (1:8) → ↵, &nbsp; (1:13) → ␣, <b> (1:20) → ∅: "
                "sent as is, because messages do not support HTML.",
            ),
        )

    def test_glued_links(self):
        self.assert_told(
            "Скидки: https://shop.ru/—успейте",
            (
                "warning",
                "The link in line 1, character 9 touches a dash or a word, so phones "
                "include it in the address. Insert a space between them.",
            ),
            has_short_links=True,
        )

    def test_what_latin_letters_cannot_write(self):
        self.assert_told(
            "Здравствуйте, угол 90° и 10²",
            (
                "warning",
                "° (1:22), ² (1:28) cannot be transliterated: the whole message "
                "becomes Unicode, with 70 characters per SMS part.",
            ),
            is_transliterated=True,
        )
        self.assert_told(
            "Скидки: https://xn--я.ru",
            (
                "warning",
                "я (1:21) cannot be transliterated: the whole message becomes "
                "Unicode, with 70 characters per SMS part.",
            ),
            is_transliterated=True,
        )
        self.assert_told("Здравствуйте, угол 90° и 10²")
        self.assert_told("Қазақстан, Єва, 5000 ₸, 60 м²", is_transliterated=True)

    def test_parts_are_saved_or_nothing_is_told(self):
        self.assert_told("Sale — today")
        self.assert_told(
            "Sale — " + "a" * 70,
            (
                "warning",
                "— (1:6) → - increase the message from 1 to 2 SMS parts. All other "
                "characters fit GSM-7.",
            ),
        )

    def test_templates_tell_it_too(self):
        form = Form(self.env["sms.gateway.template"].with_user(self.author))
        form.text_male = "Привет, {name}"
        [found] = form.findings
        self.assertEqual(found["level"], "warning")
        self.assertIn("{name} (1:9) → {{ first_name }}", found["text"])


class TestSizes(DraftCase):
    def assert_agree(self, text, **values):
        """The size told beforehand is the size of what is sent."""
        texts = {"text_male": text, "text_female": False}
        draft = self.draft(self.andrey, **texts, **values)
        size = draft.action_preview({})["sizes"]["male"]
        draft.action_send()
        self.prepare()
        [message] = self.get_messages(draft.sudo())
        self.assertEqual(
            (size["count"], size["encoding"], size["units"]),
            (message.segments, message.encoding, len(message.text)),
        )
        return message

    def test_no_break_spaces(self):
        message = self.assert_agree("Sum:\xa05\u202f000\xa0EUR" + "a" * 100)
        self.assertEqual((message.segments, message.encoding), (1, "gsm7"))
        self.assertTrue(message.text.startswith("Sum: 5 000 EURa"))

    def test_values_in_latin_letters(self):
        message = self.assert_agree(
            "Здравствуйте, {{ first_name }}" + "!" * 100, is_transliterated=True
        )
        self.assertEqual((message.segments, message.encoding), (1, "gsm7"))

    def test_defaults(self):
        message = self.assert_agree("Hi {{ city|default('Ростов') }}!")
        self.assertEqual(message.text, "Hi Ростов!")

    def test_amounts_of_odoo(self):
        self.env.company.currency_id = self.env.ref("base.EUR")
        lead = self.env["crm.lead"].create(
            {
                "name": "A lead",
                "contact_name": "Anna",
                "phone": "+79161230199",
                "expected_revenue": 1200,
            }
        )
        draft = self.draft(
            lead,
            author=self.env.user,
            text_male="Your offer: {{ expected_revenue }}" + "a" * 100,
            text_female=False,
            res_model="crm.lead",
        )
        draft.action_send()
        self.prepare()
        [message] = self.get_messages(draft.sudo())
        self.assertNotIn("\xa0", message.text)
        self.assertIn("€", message.text)
        self.assertEqual((message.segments, message.encoding), (1, "gsm7"))
