"""Placeholders in the authors' language."""

from odoo.tests import BaseCase

from ...tools.names.aliases import ALIASES, find_alias


class TestAliases(BaseCase):
    def test_an_alias_is_found_by_the_language_of_the_author(self):
        for lang, alias in (
            ("ru_RU", "имя"),
            ("ru", "имя"),
            ("en_US", "first_name"),
            ("", "first_name"),
            (None, "first_name"),
        ):
            with self.subTest(lang=lang):
                self.assertEqual(find_alias("first_name", lang), alias)

    def test_a_name_without_an_alias_stays(self):
        self.assertEqual(find_alias("city", "ru_RU"), "city")

    def test_an_alias_may_be_written_as_at_the_beginning_of_a_sentence(self):
        for alias in ("фио", "ФИО", "Фио"):
            with self.subTest(alias):
                self.assertEqual(ALIASES[alias], "fio")
