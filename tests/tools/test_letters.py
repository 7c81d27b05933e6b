import unicodedata
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools import letters
from odoo.addons.crm_sms_gateway.tools.letters import MAX_MARKS, compose_letters

#: what Python composes in quadratic time
HEAP = "\u0301\u0316"


class TestComposeLetters(BaseCase):
    def test_letters_and_their_marks_become_one(self):
        for text in ("Андрей и Алёна", "Nguyễn Thị Hằng", "Đặng", "ガギグ", "한국어"):
            apart = unicodedata.normalize("NFD", text)
            with self.subTest(text):
                self.assertEqual(compose_letters(apart), text)
                self.assertEqual(compose_letters(f"{apart} " * 500), f"{text} " * 500)

    def test_as_many_marks_as_a_language_may_have_are_composed(self):
        text = "и" + "\u0306" + HEAP * (MAX_MARKS // 2 - 1)
        long = f"{text} " * 20
        self.assertEqual(compose_letters(long), unicodedata.normalize("NFC", long))
        self.assertTrue(compose_letters(long).startswith("й"))

    def test_heaps_of_marks_stay_as_they_are(self):
        for text in ("и\u0306" + HEAP * 50_000, "a " * 100 + HEAP * 50_000):
            with patch.object(letters.unicodedata, "normalize") as normalize:
                self.assertEqual(compose_letters(text), text)
            normalize.assert_not_called()
