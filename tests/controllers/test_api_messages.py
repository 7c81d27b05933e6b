import string
from typing import get_args

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.controllers.api.messages import SENTENCES, sentence
from odoo.addons.crm_sms_gateway.tools.bilingual import MAX_QUOTED
from odoo.addons.crm_sms_gateway.tools.compose import ProblemCode
from odoo.addons.crm_sms_gateway.tools.msisdn import Reason
from odoo.addons.crm_sms_gateway.tools.template import (
    ErrorCode,
    TemplateError,
    compile_template,
)

REQUEST_CODES = """
    bad_json no_operation several_operations missing wrong_type invalid_value
    invalid_character empty_text too_long template_syntax template_forbidden
    template_unknown_name unknown_route unsupported_channel unsupported_operation
    no_valid_users rejected_users too_many_users too_large unauthorized forbidden
    unknown_key unknown_path method_not_allowed unsupported_media_type rate_limited
    idempotency_conflict unavailable internal
""".split()
USER_CODES = """
    invalid_number missing_gender invalid_gender missing_field invalid_field too_long
    invalid_character opted_out
""".split()
WARNINGS = ["text_alternative_unused"]
MANUAL = {
    "balance_accepted": "Запрос баланса успешно отправлен",
    "status_received": "Статус запроса получен",
    "send_accepted": "Сообщения в очереди на отправку",
}
#: one text for every construct a template may not contain
FORBIDDEN_TEXTS = [
    "{{ a.b }}",
    "{{ a() }}",
    "{# a #}",
    "{{ a if a else a }}",
    "{{ 'a' }}",
    "{{ " + "a|trim" * 20 + " }}",
    "{{ " + "a|trim|" * 20 + "trim }}",
    "{{ a + a }}",
    "{{ a }}" * 1001,
    "{% if a %}{% endif %}",
    "{{ a[0] }}",
    "{{ a is defined }}",
]


def placeholders(text):
    return {name for _text, name, *_ in string.Formatter().parse(text) if name}


class TestSentences(BaseCase):
    def test_every_code_of_the_api_has_a_sentence(self):
        for code in [*REQUEST_CODES, *USER_CODES, *WARNINGS, *MANUAL]:
            with self.subTest(code):
                self.assertIn(code, SENTENCES)

    def test_every_code_of_the_tools_has_a_sentence(self):
        for code in get_args(ProblemCode) + get_args(ErrorCode):
            with self.subTest(code):
                self.assertIn(code, SENTENCES)

    def test_the_table_has_no_other_codes(self):
        codes = {key.partition(".")[0] for key in SENTENCES}
        known = {
            *REQUEST_CODES,
            *USER_CODES,
            *WARNINGS,
            *MANUAL,
            "more_errors",
            "duplicate",
            "resolved",
        }
        self.assertEqual(codes, known)

    def test_sentences_of_the_manual_are_its_own_to_the_letter(self):
        for code, text in MANUAL.items():
            self.assertEqual(sentence(code, "ru"), text)

    def test_every_sentence_is_in_both_languages(self):
        for key, (russian, english) in SENTENCES.items():
            with self.subTest(key):
                self.assertRegex(russian, "^[А-ЯЁ]|^SMS")
                self.assertRegex(russian, "[а-яё]{3}")
                self.assertNotRegex(english, "[а-яё]")
                self.assertRegex(english, "^[A-Z]")

    def test_every_sentence_but_the_manuals_ends_as_one(self):
        for key, texts in SENTENCES.items():
            with self.subTest(key):
                for text in texts:
                    self.assertEqual(text.endswith("."), key not in MANUAL)

    def test_both_languages_name_the_same_things(self):
        for key, (russian, english) in SENTENCES.items():
            with self.subTest(key):
                self.assertEqual(placeholders(russian), placeholders(english))

    def test_lacking_values_leave_a_clean_sentence(self):
        for key in SENTENCES:
            code, _dot, variant = key.partition(".")
            for language in ("ru", "en"):
                said = sentence(code, language, variant=variant)
                with self.subTest(said):
                    self.assertNotRegex(said, r"[\x00{]|  | [,.:]")

    def test_superfluous_values_do_no_harm(self):
        said = sentence("opted_out", "ru", code="x", language="y", key=1, self=2)
        self.assertEqual(said, sentence("opted_out", "ru"))

    def test_values_are_data(self):
        said = sentence("unknown_route", "ru", route="{path} {0} {route.x}", path="P")
        self.assertIn("«{path} {0} {route.x}»", said)

    def test_values_are_made_readable(self):
        said = sentence("unknown_route", "en", route="a\x00\n\ud800b" + "c" * 1000)
        said.encode()
        self.assertNotRegex(said, "[\x00-\x1f]")
        self.assertLess(len(said), MAX_QUOTED + 100)

    def test_the_place_is_named(self):
        self.assertIn("send.users", sentence("missing", "ru", path="send.users"))
        self.assertIn("send.users", sentence("missing", "en", path="send.users"))

    def test_an_unknown_variant_falls_back_to_the_code(self):
        said = sentence("invalid_number", "ru", reason="full moon")
        self.assertEqual(said, sentence("invalid_number", "ru"))

    def test_an_unknown_code_is_an_error(self):
        with self.assertRaises(KeyError):
            sentence("no_such_code", "ru")

    def test_every_reason_of_a_bad_number_is_told(self):
        for reason in get_args(Reason):
            with self.subTest(reason):
                said = sentence("invalid_number", "ru", reason=reason)
                self.assertNotEqual(said, sentence("invalid_number", "ru"))

    def test_a_text_that_is_too_long_is_told_in_its_own_unit(self):
        params = {"count": 11, "limit": 10, "text": "text"}
        segments = sentence("too_long", "ru", unit="segments", **params)
        characters = sentence("too_long", "ru", unit="characters", **params)
        self.assertIn("частей SMS — 11", segments)
        self.assertIn("символов — 11", characters)

    def test_a_long_alternative_is_told_apart(self):
        said = sentence(
            "too_long",
            "ru",
            count=11,
            limit=10,
            text="text_alternative",
            unit="segments",
        )
        self.assertIn("text_alternative", said)

    def test_every_forbidden_construct_is_named(self):
        for source in FORBIDDEN_TEXTS:
            with self.subTest(source[:40]):
                with self.assertRaises(TemplateError) as caught:
                    compile_template(source, {"a"})
                self.assertEqual(caught.exception.code, "template_forbidden")
                self.assertIn(
                    f"template_forbidden.{caught.exception.detail}", SENTENCES
                )

    def test_a_forbidden_filter_is_named(self):
        with self.assertRaises(TemplateError) as caught:
            compile_template("{{ a|safe }}", {"a"})
        said = sentence("template_forbidden", "en", detail=caught.exception.detail)
        self.assertIn("filter safe", said)
