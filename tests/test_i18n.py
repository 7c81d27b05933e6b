"""Everything people read in Odoo exists in Russian, and fits what it translates."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polib

from odoo.tests import BaseCase, TransactionCase
from odoo.tools.translate import TranslationModuleReader

import odoo.addons
from odoo.addons.crm_sms_gateway.tools.names.aliases import ALIASES

ADDON = "crm_sms_gateway"
ROOT = Path(__file__).resolve().parents[1]

#: Terms that are the same in Russian.
SAME = {
    *("API", "GSM-7", "ID", "SMS", "UCS-2", "%(count)s SMS"),
    *("crm.example.com", "https://crm.example.com"),
    # providers, and what they call things in their own cabinets
    *("Eskiz", "Infobip", "MessageBird (Bird) SMS", "Mobizon", "Plivo", "playSMS"),
    *(
        "Devino Telecom",
        "Rapporto",
        "SMS Aero",
        "SMS Gateway for Android",
        "SMS.ru",
        "SMSC.ru",
        "Sinch SMS",
    ),
    *("Twilio", "Vonage", "Jasmin (SMPP)", "Kannel (SMPP)"),
    *("Account SID", "Auth ID", "Auth Token", "Messaging Service", "api_id"),
    *("MD5 HMAC", "SHA1 HMAC", "SHA-256 HMAC", "SHA-512 HMAC"),
}

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|\{\w*\}|</?[a-z][^>]*>")
ALIAS = re.compile(r"(?<={{ )\w+(?= }})")
#: What people read of a tag.
ATTRIBUTE = re.compile(r'(?:title|alt|aria-label|placeholder)="([^"]*)"')
LETTER = re.compile(r"[^\W\d_]")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def read_russian():
    return polib.pofile(ROOT / "i18n" / "ru.po")


class AddonReader(TranslationModuleReader):
    """The terms that Odoo finds in the addon and its records.

    Odoo searches all of its addons path, which in a checkout may lead back into
    itself: here it sees the addon alone, without hidden folders.
    """

    def _export_translatable_resources(self):
        with TemporaryDirectory() as folder:
            rooms = Path(folder, ADDON)
            rooms.mkdir()
            for entry in ROOT.iterdir():
                if not entry.name.startswith("."):
                    (rooms / entry.name).symlink_to(entry)
            self._path_list = [(folder, True)]
            with patch.object(odoo.addons, "__path__", [folder]):
                return super()._export_translatable_resources()


def export_terms(env):
    reader = AddonReader(env.cr, modules=[ADDON])
    return {source for _module, _type, _name, _id, source, *_rest in reader}


def has_words(term):
    read = [PLACEHOLDER.sub("", term), *ATTRIBUTE.findall(term)]
    return any(map(LETTER.search, read))


class TestExportedTerms(TransactionCase):
    def test_every_term_has_a_russian_translation(self):
        translated = {entry.msgid for entry in read_russian() if entry.msgstr}
        missing = {
            term for term in export_terms(self.env) - translated if has_words(term)
        }
        self.assertFalse(missing, "run scripts/translate, then complete i18n/ru.po")

    def test_no_translation_is_left_of_a_term_that_is_gone(self):
        entries = {entry.msgid for entry in read_russian()}
        self.assertFalse(entries - export_terms(self.env), "run scripts/translate")


def list_placeholders(text):
    """Those of a text; an alias counts as the name it stands for."""
    plain = ALIAS.sub(lambda found: ALIASES.get(found[0], found[0]), text)
    return PLACEHOLDER.findall(plain)


class TestRussian(BaseCase):
    def test_template_and_translation_have_the_same_terms(self):
        template = polib.pofile(ROOT / "i18n" / f"{ADDON}.pot")
        self.assertEqual(
            [entry.msgid for entry in template],
            [entry.msgid for entry in read_russian()],
        )

    def test_placeholders_and_tags_survive(self):
        for entry in read_russian():
            with self.subTest(entry.msgid):
                self.assertCountEqual(
                    list_placeholders(entry.msgstr), list_placeholders(entry.msgid)
                )

    def test_nothing_is_fuzzy_or_obsolete(self):
        russian = read_russian()
        doubtful = russian.fuzzy_entries() + russian.obsolete_entries()
        self.assertFalse([entry.msgid for entry in doubtful])

    def test_no_english_is_left_over(self):
        left_over = {
            entry.msgid
            for entry in read_russian()
            if has_words(entry.msgid) and not CYRILLIC.search(entry.msgstr)
        }
        self.assertEqual(left_over, SAME)
