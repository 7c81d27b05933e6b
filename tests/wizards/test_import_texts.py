"""Texts to a list use the further columns of its files."""

from odoo.exceptions import UserError, ValidationError

from .common import ImportCase


class TestTexts(ImportCase):
    def draft(self, text):
        return self.env["sms.gateway.campaign"].create(
            {
                "route_id": self.route.id,
                "recipient_source": "lists",
                "list_ids": self.list.ids,
                "text_neutral": text,
            }
        )

    def test_texts_use_further_columns_by_name(self):
        self.import_lines("Телефон;Имя;Сумма", "89161230101;Анна;1500")
        self.assertEqual(self.list.value_names, "summa")
        draft = self.draft("{{ first_name }}, {{ summa }} руб.")
        preview = draft.action_preview({})
        self.assertFalse(
            [one for one in preview["findings"] if one["level"] == "danger"]
        )
        draft.action_check_recipients({})
        self.assertEqual(
            draft.action_preview({})["recipient"]["text"], "Анна, 1500 руб."
        )
        draft.action_send()
        message = self.get_messages(draft.sudo()).sudo()
        self.assertEqual((message.text, message.state), ("Анна, 1500 руб.", "queued"))

    def test_they_work_in_latin_letters(self):
        self.import_lines("Телефон;Город", "89161230101;Ростов")
        draft = self.draft("Привет, {{ gorod }}")
        draft.is_transliterated = True
        draft.action_send()
        self.assertEqual(self.get_messages(draft.sudo()).sudo().text, "Privet, Rostov")

    def test_who_lacks_a_word_gets_no_text_with_a_hole(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500", "89161230102;")
        draft = self.draft("{{ summa }}")
        self.assertEqual(
            draft.action_check_recipients({})["problems"], {"": 1, "missing_field": 1}
        )

    def test_names_of_another_file_are_unknown(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        with self.assertRaisesRegex(UserError, "gorod"):
            self.draft("{{ gorod }}").action_send()
        draft = self.draft("{{ summa }}")
        draft.write({"recipient_source": "filter", "res_domain": "[]"})
        with self.assertRaisesRegex(UserError, "summa"):
            draft.action_send()

    def test_names_of_several_files_add_up(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        self.import_lines("Телефон;Сумма;Город", "89161230102;1;2")
        self.assertEqual(self.list.value_names, "summa, gorod")

    def test_only_words_are_kept(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        for values in (["x"], {"summa": 1}, {"два слова": "x"}, {"summa": "x" * 1001}):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.list.member_ids.values = values
