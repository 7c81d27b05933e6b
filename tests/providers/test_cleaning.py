"""What a provider says, before anybody sees or keeps it."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.cleaning import MAX_SHOWN, Cleaner

SECRET = "p&ss/w\"ör'd <1> +x"


class TestCleaner(BaseCase):
    def setUp(self):
        super().setUp()
        self.cleaner = Cleaner(["", SECRET, "demo"])

    def test_secrets_are_taken_out_however_they_are_written(self):
        raw = SECRET.encode()
        for written in (
            SECRET,
            SECRET.upper(),
            quote(SECRET),
            quote(SECRET, safe=""),
            quote(SECRET, safe="").lower(),
            quote_plus(SECRET),
            html.escape(SECRET),
            html.escape(SECRET).replace("&#x27;", "&apos;"),
            html.escape(SECRET, quote=False),
            json.dumps(SECRET)[1:-1],
            json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", r"\/"),
            base64.b64encode(raw).decode(),
            base64.urlsafe_b64encode(raw).decode(),
        ):
            with self.subTest(written):
                said = f"Wrong login me:{written}!"
                self.assertEqual(self.cleaner.redact(said), "Wrong login me:***!")
                self.assertEqual(self.cleaner.clean(said), "Wrong login me:***!")

    def test_secrets_are_taken_out_of_logins_in_base64(self):
        for login in ("me", "you", "them"):
            with self.subTest(login):
                pair = base64.b64encode(f"{login}:{SECRET}".encode()).decode()
                left = self.cleaner.redact(f"Basic {pair}").replace("***", "")
                self.assertLess(len(left), len("Basic ") + len(login) + 8)

    def test_characters_in_between_hide_no_secret(self):
        for between in ("\0", "\u200b", "\u202e", "\ud800"):
            with self.subTest(between):
                hidden = between.join("demo")
                self.assertEqual(self.cleaner.clean(f"a {hidden} b"), "a *** b")

    def test_words_are_one_line_of_what_can_be_seen(self):
        said = "  Нет\r\n\tденег\x1b[31m\u2028на \u202eсчёте\0\x85!\n"
        self.assertEqual(self.cleaner.clean(said), "Нет денег[31m на счёте !")
        self.assertEqual(self.cleaner.clean(""), "")

    def test_long_words_are_cut(self):
        said = self.cleaner.clean("ы" * 5_000_000)
        self.assertEqual(len(said), MAX_SHOWN)
        self.assertTrue(said.endswith("ы…"))
        self.assertEqual(self.cleaner.clean("ы" * MAX_SHOWN), "ы" * MAX_SHOWN)

    def test_a_secret_at_the_cut_stays_hidden(self):
        for place in range(MAX_SHOWN - 6, MAX_SHOWN + 2):
            self.assertNotIn("dem", self.cleaner.clean("a" * place + "demo"))

    def test_a_secret_is_no_reference(self):
        self.assertFalse(self.cleaner.is_reference(SECRET))
        self.assertFalse(self.cleaner.is_reference(f"1{SECRET}2"))
        self.assertFalse(self.cleaner.is_reference("demo"))

    def test_a_short_secret_inside_a_reference_is_chance(self):
        cleaner = Cleaner(["12345"])
        self.assertTrue(cleaner.is_reference("9912345678"))
        self.assertTrue(Cleaner([]).is_reference("anything"))
