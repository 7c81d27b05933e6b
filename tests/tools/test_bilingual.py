"""Sentences of two languages: which one is said, and which one was."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.bilingual import recognise, say

TEXTS = {
    "too_long": ("Слишком длинно.", "Too long."),
    "too_long.parts": ("Частей {count} из {limit}.", "{count} parts of {limit}."),
    "gone": ("Запись {name} удалена.", "The record {name} is gone."),
}


class TestSay(BaseCase):
    def test_the_closest_wording_is_said(self):
        params = {"count": 12, "limit": 10}
        for values, said in (
            ({"unit": "parts"}, "12 parts of 10."),
            ({"variant": "parts"}, "12 parts of 10."),
            ({"unit": "letters"}, "Too long."),
        ):
            with self.subTest(values):
                self.assertEqual(say(TEXTS, "too_long", "en", **params, **values), said)

    def test_a_lacking_value_goes_with_its_space(self):
        self.assertEqual(say(TEXTS, "gone", "en"), "The record is gone.")
        self.assertEqual(say(TEXTS, "gone", "en", name=""), "The record is gone.")

    def test_an_unknown_code_is_an_error(self):
        with self.assertRaises(KeyError):
            say(TEXTS, "no_such_code", "ru")


class TestRecognise(BaseCase):
    def test_every_sentence_is_recognised_in_both_languages(self):
        params = {"name": "Анна", "count": "12", "limit": "10"}
        for key in TEXTS:
            for language in ("ru", "en"):
                said = say(TEXTS, key, language, **params)
                found, values = recognise(TEXTS, said)
                with self.subTest(said):
                    self.assertEqual(found, key)
                    self.assertLessEqual(values.items(), params.items())

    def test_words_of_strangers_are_not_recognised(self):
        self.assertIsNone(recognise(TEXTS, "Blocked"))
