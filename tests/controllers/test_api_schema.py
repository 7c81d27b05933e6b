import copy
import dataclasses
import json
import time
import tracemalloc
import unicodedata
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import Mock, patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks.hostile import make_hostile
from odoo.addons.crm_sms_gateway.controllers.api_schema import (
    _REQUEST_SHAPE,
    _SEND_SHAPE,
    BalanceRequest,
    Limits,
    RequestError,
    RequestProblem,
    SendDocument,
    StatusRequest,
    _Reader,
    hash_body,
    parse,
    parse_json,
    preferred_language,
    request_error,
    serialise_balance_accepted,
    serialise_balance_status,
    serialise_error,
    serialise_send_accepted,
    serialise_send_status,
)
from odoo.addons.crm_sms_gateway.tools import letters
from odoo.addons.crm_sms_gateway.tools.compose import (
    Recipient,
    RoundedNumber,
    compose_all,
)
from odoo.addons.crm_sms_gateway.tools.json_outline import Outline
from odoo.addons.crm_sms_gateway.tools.sentences import SENTENCES
from odoo.addons.crm_sms_gateway.tools.template import TemplateError, compile_template

NOW = datetime(2026, 11, 23, 10, 0)
KEY = "d4ef9989a9e651d870a90cfed132f8d4"
LIMITS = Limits(
    max_recipients=50_000,
    max_segments=10,
    max_speech=4000,
    time_zone="Europe/Moscow",
)

# The manual's examples, chapter 3.2, to the letter.
BALANCE_EXAMPLE = '{ "balance": ["rub"], "route": "ds" }'
BALANCE_ANSWER = (
    '{ "status": "ok", "message": [{ "balance": { "message": "Запрос баланса успешно'
    ' отправлен", "key": "d4ef9989a9e651d870a90cfed132f8d4" } }] }'
)
STATUS_EXAMPLE = (
    '{ "status": { "key": "d4ef9989a9e651d870a90cfed132f8d4" }, "route": "ds" }'
)
STATUS_ANSWER = (
    '{ "status": "ok", "message": [{ "balance": { "message": "Статус запроса получен",'
    r' "status": "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>\n <sms'
    r" area=\"Россия\">47</sms><money currency=\"RUR\">97.9</money>\n</response>"
    '" } }] }'
)
SMS_EXAMPLE = (
    '{ "send": { "text_male": "Уважаемый {{first_name}}! Поздравляем Вас с наступающим'
    ' Новым годом!", "text_female": "Уважаемая {{first_name}}! Поздравляем Вас с'
    ' наступающим Новым годом!", "fields": ["first_name"], "users": [{ "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }, { "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }, { "phone":'
    ' "+79281706700", "gender": "male", "first_name": "Андрей" }] }, "route": "ds",'
    ' "ttl": 7200, "mode": "debug" }'
)
VOICE_EXAMPLE = (
    '{ "send": { "text_male": "Здравствуйете. Поздравляем с наступающим Новым Годом!",'
    ' "text_alternative": "Здравствуйете. Поздравляем с наступающим Новым Годом!",'
    ' "fields": ["fio"], "users": [{ "phone": "+79198828851", "fio": "Дмитрий'
    ' Дмитриевич" }] }, "voice": 1, "timeLimit": "2022-03-15 13:00", "route": "осм" }'
)
SEND_ANSWER = """
[
  {
    "send": {
      "status": "ok",
      "message": "Сообщения в очереди на отправку",
      "key": "1f49abdac0f0c8c513ce9f678ea2cb56"
    }
  }
]
"""

ABSENT = object()
SCHEMA = "odoo.addons.crm_sms_gateway.controllers.api_schema"


class Refused(NamedTuple):
    """A recipient nothing is sent to."""

    index: int
    phone: str
    code: str
    field: str = ""
    params: Any = MappingProxyType({})


def changed(members, changes):
    """Members with changes, those that are `ABSENT` taken away."""
    merged = {**members, **changes}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def make_send(*, send=None, **changes):
    """A send document with changes inside `send` and beside it."""
    inside = {"text_male": "Hello", "users": [{"phone": "+79281706700"}]}
    return changed({"send": changed(inside, send or {}), "route": "ds"}, changes)


class SchemaCase(BaseCase):
    def parse(self, document, *, method="POST", limits=None, now=NOW):
        return parse(document, method=method, limits=limits or LIMITS, now=now)

    def parse_send(self, *, send=None, limits=None, now=NOW, **changes):
        return self.parse(make_send(send=send, **changes), limits=limits, now=now)

    def refused(self, document, **options):
        """The error of a document, which both languages can tell."""
        with self.assertRaises(RequestError) as caught:
            self.parse(document, **options)
        for language in ("ru", "en"):
            json.dumps(serialise_error(caught.exception, language)).encode()
        return caught.exception

    def assert_refused(self, document, *expected, **options):
        """`expected` are pairs of code and path, all of them, in order."""
        error = self.refused(document, **options)
        found = [(problem.code, problem.path) for problem in error.problems]
        self.assertEqual(found, list(expected))
        return error

    def assert_send_refused(self, *expected, send=None, **changes):
        error = self.assert_refused(make_send(send=send, **changes), *expected)
        self.assertEqual((error.kind, error.status), ("send", 400))
        return error


class TestLengths(SchemaCase):
    """Lengths are judged before anything else is done with a string."""

    #: what takes minutes to compose, and holds up everybody meanwhile
    HEAP = "a" + "\u0301\u0316" * 100_000

    def setUp(self):
        super().setUp()
        # not everybody's: pytest composes what it prints
        composing = SimpleNamespace(
            combining=unicodedata.combining, normalize=Mock(side_effect=AssertionError)
        )
        self.startPatcher(patch.object(letters, "unicodedata", composing))

    def test_a_long_string_is_what_an_unknown_one_is(self):
        cases = (
            ({"route": self.HEAP}, "route", "unknown_route"),
            ({"mode": self.HEAP}, "mode", "invalid_value"),
            ({"timeLimit": self.HEAP}, "timeLimit", "invalid_value"),
            ({"send": {"text_male": self.HEAP}}, "send.text_male", "too_long"),
            ({"send": {"text_female": self.HEAP}}, "send.text_female", "too_long"),
            ({"send": {"fields": [self.HEAP]}}, "send.fields[0]", "invalid_value"),
            ({"send": {"fields": {self.HEAP: ""}}}, "send.fields", "invalid_value"),
            ({"send": {"fields": {"a": self.HEAP}}}, "send.fields.a", "too_long"),
        )
        for changes, path, code in cases:
            with self.subTest(path):
                self.assert_send_refused((code, path), **changes)

    def test_the_sentence_of_a_long_string_quotes_its_beginning(self):
        cases = (
            ({"route": "д" * 2000}, "Маршрут «дд"),
            ({"mode": "д" * 2000}, "Неизвестный режим «дд"),
            ({"timeLimit": "1" * 2000}, "Не удалось прочитать время"),
            ({"send": {"fields": ["д" * 2000]}}, "Недопустимое имя поля «дд"),
        )
        for changes, beginning in cases:
            with self.subTest(beginning):
                [answer] = serialise_error(self.refused(make_send(**changes)), "ru")
                message = answer["send"]["message"]
                self.assertEqual(message[: len(beginning)], beginning)
                self.assertLess(len(message), 1000)

    def test_a_long_key_is_an_unknown_one(self):
        for key in (self.HEAP, KEY + " " * 1000):
            error = self.assert_refused(
                {"status": {"key": key}, "route": "ds"}, ("unknown_key", "status.key")
            )
            self.assertEqual((error.kind, error.status), ("status", 404))

    def test_a_long_currency_is_none(self):
        for balance, path in ((self.HEAP, "balance"), ([self.HEAP], "balance[0]")):
            self.assert_refused(
                {"balance": balance, "route": "ds"}, ("invalid_value", path)
            )

    def test_long_members_of_users_are_none_that_is_listed(self):
        users = [{"phone": "+79281706700", self.HEAP: "Анна", "a": "b"}]
        document = self.parse_send(send={"users": users, "fields": ["a", "c"]})
        self.assertEqual(next(iter(document.recipients)).values, {"a": "b"})

    def test_heaps_of_marks_in_a_text_are_not_composed(self):
        text = self.HEAP[:16_000]
        names = ("text_male", "text_female", "text_alternative")
        document = self.parse_send(send=dict.fromkeys(names, text))
        self.assertEqual(document.sources.male, text)


class TestManual(SchemaCase):
    """Clients written against the manual work unchanged."""

    def parse_text(self, text, method):
        return self.parse(parse_json(text.encode()), method=method)

    def test_balance(self):
        for method in ("GET", "POST"):
            request = self.parse_text(BALANCE_EXAMPLE, method)
            self.assertEqual(request, BalanceRequest("ds", ("RUB",)))

    def test_status(self):
        for method in ("GET", "POST"):
            request = self.parse_text(STATUS_EXAMPLE, method)
            self.assertEqual(request, StatusRequest("ds", KEY, 0, 100))

    def test_sms(self):
        document = self.parse_text(SMS_EXAMPLE, "POST")
        self.assertIsInstance(document, SendDocument)
        self.assertEqual(document.route, "ds")
        self.assertEqual(document.ttl, 7200)
        self.assertTrue(document.is_debug)
        self.assertEqual(document.channel, "sms")
        self.assertIsNone(document.not_before)
        self.assertFalse(document.is_strict)
        self.assertFalse(document.is_secret)
        self.assertEqual(document.warnings, ())
        self.assertEqual(document.rules.fields, ("first_name",))
        self.assertTrue(document.rules.gender_required)
        recipient = Recipient(1, "+79281706700", "male", {"first_name": "Андрей"})
        self.assertEqual(len(document.recipients), 3)
        self.assertEqual(list(document.recipients)[1], recipient)

    def test_sms_composes(self):
        document = self.parse_text(SMS_EXAMPLE, "POST")
        messages = compose_all(document.recipients, document.texts, document.rules)
        text = "Уважаемый Андрей! Поздравляем Вас с наступающим Новым годом!"
        self.assertEqual([message.text for message in messages], [text] * 3)

    def test_voice(self):
        document = self.parse_text(VOICE_EXAMPLE, "POST")
        self.assertEqual(document.route, "осм")
        self.assertEqual(document.channel, "voice")
        self.assertEqual(document.rules.channel, "voice")
        self.assertIsNone(document.not_before)
        self.assertFalse(document.is_debug)
        self.assertIsNone(document.ttl)
        self.assertFalse(document.rules.gender_required)
        self.assertEqual(document.sources.alternative, document.sources.male)
        self.assertEqual(document.texts.alternative.source, document.sources.male)
        self.assertEqual(document.warnings, ())

    def assert_same_text(self, answer, text):
        """Equal with the order of members."""
        self.assertEqual(json.dumps(answer), json.dumps(json.loads(text)))

    def test_balance_answer(self):
        self.assert_same_text(serialise_balance_accepted(KEY, "ru"), BALANCE_ANSWER)

    def test_status_answer(self):
        example = json.loads(STATUS_ANSWER)
        text = example["message"][0]["balance"]["status"]
        answer = serialise_balance_status(text, {"state": "done"}, "ru")
        self.assertEqual(
            answer["message"][0]["balance"].pop("details"), {"state": "done"}
        )
        self.assert_same_text(answer, STATUS_ANSWER)

    def test_send_answer(self):
        answer = serialise_send_accepted(
            "1f49abdac0f0c8c513ce9f678ea2cb56", rejected=[], warnings=(), language="ru"
        )
        self.assert_same_text(answer, SEND_ANSWER)


class TestBigBodies(SchemaCase):
    """A body that is read in parts means what it means when it is built."""

    def understand(self, body):
        """The whole of a request: its recipients, or the problems."""
        try:
            document = self.parse(parse_json(body))
        except RequestError as error:
            return [(one.code, one.path) for one in error.problems]
        if isinstance(document, SendDocument):
            facts = {
                one.name: getattr(document, one.name)
                for one in dataclasses.fields(document)
                if one.name not in ("texts", "recipients")
            }
            return (facts, *document.recipients)
        return document

    def assert_same(self, document):
        body = document if isinstance(document, bytes) else json.dumps(document)
        body = body if isinstance(body, bytes) else body.encode()
        built = self.understand(body)
        with patch(f"{SCHEMA}.MAX_BUILT", 0), patch.object(Outline, "MAX_WHOLE", 20):
            self.assertEqual(self.understand(body), built)
        return built

    def test_a_send(self):
        users = [
            {"phone": "+79281706700", "имя": "}]{[", "order": 1e9, "junk": [{}]},
            {"first name": "A", "first_name": "B", "phone": None, "gender": []},
            *[{"phone": str(number)} for number in range(100)],
        ]
        fields = {"first name": "x", "имя": None, "order": 3}
        for send in (
            make_send(send={"users": users, "fields": fields}),
            make_send(send={"users": users, "fields": list(fields)}),
            make_send(send={"users": ABSENT}, users=users, fields=fields),
            make_send(send={"users": users}, junk=[[[{}]] * 9] * 9, strict=True),
        ):
            found = self.assert_same(send)
            self.assertEqual(len(found[-102:]), 102)
            self.assertEqual(found[-1].phone, "99")

    def test_every_parameter(self):
        for name, value in (
            *(("ttl", 60), ("mode", "debug"), ("voice", 1), ("strict", True)),
            *(("secret", True), ("timeLimit", "2030-01-01T10:00:00Z")),
        ):
            with self.subTest(name):
                plain = self.assert_same(make_send())
                self.assertNotEqual(self.assert_same(make_send(**{name: value})), plain)

    def test_whatever_the_parser_asks_for_is_read(self):
        asked = []
        document = make_send()
        for members in (document, document["send"]):
            asked.append(set())
            reader = _Reader.get

            def get(self, name, members=members, asked=asked[-1], reader=reader):
                if self.members is members:
                    asked.add(name)
                return reader(self, name)

            with patch.object(_Reader, "get", get):
                self.parse(document)
        for names, shape in zip(asked, (_REQUEST_SHAPE, _SEND_SHAPE), strict=True):
            self.assertIn("users", names)
            self.assertEqual([name for name in names if not shape(name)], [])

    def test_the_last_of_a_repeated_member_counts(self):
        self.assert_same(
            b'{"route": "a", "send": {"text_male": "x", "users": [{"phone": "1"}],'
            b' "users": [{"phone": "2"}, {"phone": "3", "phone": "4"}]}, "route": "b"}'
        )

    def test_what_is_wrong(self):
        for document in (
            *([], {}, {"send": 1}, {"send": {}}, {"send": [], "balance": []}),
            {"route": "a", "balance": ["rub", "usd", "rub", 1, "x" * 100]},
            {"route": [], "status": {"key": {"a": 1}, "limit": {}, "offset": []}},
            make_send(send={"users": [1, {}, [], "a", None] * 9}),
            make_send(send={"users": {"phone": "1" * 50}}),
            make_send(send={"fields": [{}, [], "a b", 1] * 9}),
            make_send(send={"fields": {str(number): [] for number in range(50)}}),
            make_send(send={"fields": [f"n{number}" for number in range(101)]}),
            make_send(send={"fields": {f"n{number}": 1 for number in range(101)}}),
        ):
            with self.subTest(document=str(document)[:80]):
                self.assert_same(document)

    def test_what_is_no_json(self):
        for body in (
            b"",
            b" ",
            b"{",
            b'{"a": 1,}',
            b'{"a": "\xff"}',
            b"[" * 2000,
            b"x",
        ):
            with self.subTest(body[:20]):
                self.assertEqual(self.assert_same(body), [("bad_json", "")])

    def test_the_place_is_told_in_characters(self):
        with patch(f"{SCHEMA}.MAX_BUILT", 0), self.assertRaises(RequestError) as caught:
            parse_json('{"a": 1,\n "йй": x}'.encode())
        [problem] = caught.exception.problems
        self.assertEqual((problem.params["line"], problem.params["column"]), (2, 8))

    def test_a_byte_order_mark_is_tolerated(self):
        self.assert_same(b"\xef\xbb\xbf" + json.dumps(make_send()).encode())

    def test_brackets_in_strings_count_as_nothing(self):
        text = "[{" * 7_000
        users = [{"phone": "+79281706700", "a": text}] * 300
        body = json.dumps(make_send(send={"users": users, "fields": ["a"]})).encode()
        document = self.parse(parse_json(body))
        self.assertEqual(len(document.recipients), 300)
        self.assertEqual({one.values["a"] for one in document.recipients}, {text})

    def test_too_many_users_are_not_counted_to_the_end(self):
        body = json.dumps(make_send(send={"users": [{}] * 3_000_000})).encode()
        error = self.refused(parse_json(body))
        self.assertEqual((error.code, error.status), ("too_many_users", 413))
        answer = serialise_error(error, "en")
        self.assertIn("recipients: > 50000, at most 50000", answer["message"])

    def test_hostile_bodies_take_little_memory(self):
        for kind, body in make_hostile(2**19):
            with self.subTest(kind), patch(f"{SCHEMA}.MAX_BUILT", 4 * 2**20):
                self.assertLess(self.measure_memory(body), 12 * 2**20)

    def measure_memory(self, body):
        """The most that the recipients of a body take while they are read."""
        tracemalloc.start()
        try:
            with suppress(RequestError):
                document = self.parse(parse_json(body))
                for _recipient in getattr(document, "recipients", ()):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


class TestJson(SchemaCase):
    def assert_bad(self, body, variant):
        with self.assertRaises(RequestError) as caught:
            parse_json(body)
        error = caught.exception
        self.assertEqual((error.code, error.status), ("bad_json", 400))
        self.assertEqual(error.problems[0].params["variant"], variant)
        return error

    def test_a_byte_order_mark_is_tolerated(self):
        self.assertEqual(parse_json(b'\xef\xbb\xbf{"a": 1}'), {"a": 1})

    def test_nothing_is_bad(self):
        for body in (b"", b" \n", b"\xef\xbb\xbf"):
            self.assert_bad(body, "empty")

    def test_other_encodings_are_bad(self):
        for body in ('{"a": "я"}'.encode("cp1251"), '{"a": 1}'.encode("utf-16")):
            self.assert_bad(body, "encoding")

    def test_the_place_of_an_error_is_told(self):
        error = self.assert_bad(b'{"a": 1,\n "b" 2}', "place")
        self.assertIn("строке 2, позиция 6", str(serialise_error(error, "ru")))

    def test_rubbish_is_bad(self):
        for body in (b"route=ds", b"{'a': 1}", b'{"a": 1} x', b'{"a": 1', b'"a\nb"'):
            self.assert_bad(body, "place")

    def test_a_depth_bomb_is_bad(self):
        self.assert_bad(b"[" * 1_000_000, "depth")
        self.assert_bad(b'{"a":' * 1_000_000, "depth")

    def test_numbers_that_are_none_are_bad(self):
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000):
            with self.subTest(number[:10]):
                self.assert_bad(f'{{"a": {number}}}'.encode(), "number")

    def test_a_number_with_an_exponent_is_told_apart(self):
        read = parse_json(b'{"a": 7.9161E+10, "b": 79161000000.0, "c": 79161000000}')
        self.assertEqual(len(set(read.values())), 1)
        rounded = [isinstance(value, RoundedNumber) for value in read.values()]
        self.assertEqual(rounded, [True, False, False])

    def test_the_last_of_repeated_members_counts(self):
        self.assertEqual(parse_json(b'{"a": 1, "a": 2}'), {"a": 2})

    def test_bodies_have_hashes_of_their_own(self):
        self.assertEqual(hash_body(b"a"), hash_body(b"a"))
        self.assertNotEqual(hash_body(b"a"), hash_body(b"a "))
        self.assertRegex(hash_body(b""), "^[0-9a-f]{64}$")


class TestOperation(SchemaCase):
    def test_a_document_is_an_object(self):
        for document in ([], [{"balance": "rub"}], "balance", 1, True, None):
            with self.subTest(document):
                error = self.assert_refused(document, ("wrong_type", ""))
                self.assertIsNone(error.kind)
                self.assertEqual(error.status, 400)

    def test_no_operation(self):
        for document in ({}, {"route": "ds"}, {"send": None, "Status": {}}):
            with self.subTest(document):
                error = self.assert_refused(document, ("no_operation", ""))
                self.assertIsNone(error.kind)

    def test_several_operations(self):
        document = {"balance": ["rub"], "status": {"key": KEY}, "route": "ds"}
        error = self.assert_refused(document, ("several_operations", ""))
        self.assertIsNone(error.kind)
        self.assertIn("balance, status", serialise_error(error, "ru")["message"])

    def test_a_null_operation_is_absent(self):
        document = {"balance": ["rub"], "status": None, "send": None, "route": "ds"}
        self.assertIsInstance(self.parse(document), BalanceRequest)

    def test_an_operation_is_there_even_when_false(self):
        self.assert_refused({"send": False, "route": "ds"}, ("wrong_type", "send"))
        self.assert_refused({"status": 0, "route": "ds"}, ("wrong_type", "status"))

    def test_sending_takes_post(self):
        error = self.assert_refused(
            make_send(), ("method_not_allowed", ""), method="GET"
        )
        self.assertEqual(error.status, 405)
        self.assertEqual(error.headers, {"Allow": "POST"})

    def test_other_verbs_are_refused(self):
        for method in ("PUT", "DELETE", "PATCH", "HEAD"):
            error = self.refused({"balance": "rub", "route": "ds"}, method=method)
            self.assertEqual((error.code, error.status), ("method_not_allowed", 405))
            self.assertEqual(error.headers, {"Allow": "GET, POST, OPTIONS"})

    def test_unknown_parameters_are_ignored(self):
        document = self.parse_send(
            send={"sender": [1]}, callback={"a": "\x00"}, Voice="yes"
        )
        self.assertEqual(document.channel, "sms")


class TestRoute(SchemaCase):
    documents = {
        "balance": {"balance": ["rub"]},
        "status": {"status": {"key": KEY}},
        "send": make_send(route=ABSENT),
    }

    def test_every_operation_needs_a_route(self):
        for kind, document in self.documents.items():
            for route in (ABSENT, None, "", " \t\n", "\xa0"):
                with self.subTest(kind=kind, route=route):
                    error = self.assert_refused(
                        changed(document, {"route": route}), ("missing", "route")
                    )
                    self.assertEqual((error.kind, error.status), (kind, 400))

    def test_a_route_is_a_string(self):
        for kind, document in self.documents.items():
            for route in (1, True, ["ds"], {"name": "ds"}):
                with self.subTest(kind=kind, route=route):
                    self.assert_refused(
                        changed(document, {"route": route}), ("wrong_type", "route")
                    )

    def test_a_route_has_no_forbidden_characters(self):
        for kind, document in self.documents.items():
            for route in ("d\x00s", "\ud800", "ds\udfff"):
                with self.subTest(kind=kind, route=ascii(route)):
                    self.assert_refused(
                        changed(document, {"route": route}),
                        ("invalid_character", "route"),
                    )

    def test_a_route_is_trimmed_and_composed(self):
        for kind, document in self.documents.items():
            with self.subTest(kind):
                request = self.parse(changed(document, {"route": " Эи\u0306 \n"}))
                self.assertEqual(request.route, "Эй")


class TestBalance(SchemaCase):
    def currencies(self, value):
        return self.parse({"balance": value, "route": "ds"}).currencies

    def test_a_string_is_a_list_of_one(self):
        self.assertEqual(self.currencies("rub"), ("RUB",))

    def test_the_rouble_has_several_spellings(self):
        self.assertEqual(self.currencies(["rub", "RUR", "RUB", " rur "]), ("RUB",))

    def test_order_is_kept(self):
        self.assertEqual(self.currencies(["usd", "rub", "USD"]), ("USD", "RUB"))

    def test_values_that_are_no_list(self):
        for value in (1, True, {"0": "rub"}):
            with self.subTest(value):
                error = self.assert_refused(
                    {"balance": value, "route": "ds"}, ("wrong_type", "balance")
                )
                self.assertEqual(error.kind, "balance")

    def test_an_empty_list(self):
        self.assert_refused({"balance": [], "route": "ds"}, ("missing", "balance"))

    def test_values_that_are_no_currencies(self):
        for value in ("", "ru", "rubl", "₽₽₽", "руб", "r1b", "RU\u0131"):
            with self.subTest(value):
                self.assert_refused(
                    {"balance": value, "route": "ds"}, ("invalid_value", "balance")
                )

    def test_every_bad_entry_is_told(self):
        self.assert_refused(
            {"balance": ["rub", 1, "x", None, "a\x00"], "route": ""},
            ("missing", "route"),
            ("wrong_type", "balance[1]"),
            ("invalid_value", "balance[2]"),
            ("wrong_type", "balance[3]"),
            ("invalid_character", "balance[4]"),
        )


class TestStatus(SchemaCase):
    def status(self, **members):
        return {"status": members, "route": "ds"}

    def test_pages(self):
        request = self.parse(self.status(key=KEY, offset=200, limit=1000))
        self.assertEqual((request.offset, request.limit), (200, 1000))

    def test_pages_as_strings(self):
        request = self.parse(self.status(key=KEY, offset="0", limit=" 50 "))
        self.assertEqual((request.offset, request.limit), (0, 50))

    def test_null_pages_are_absent(self):
        request = self.parse(self.status(key=KEY, offset=None, limit=None))
        self.assertEqual((request.offset, request.limit), (0, 100))

    def test_pages_out_of_range(self):
        for name, values in {
            "offset": (-1, "-1", 1.5, "x", "", 10**20, "9" * 4000, "１"),
            "limit": (0, 1001, "1001", -5, 1e300),
        }.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    self.assert_refused(
                        self.status(key=KEY, **{name: value}),
                        ("invalid_value", f"status.{name}"),
                    )

    def test_pages_of_other_types(self):
        for value in (True, [1], {}):
            self.assert_refused(
                self.status(key=KEY, offset=value, limit=value),
                ("wrong_type", "status.offset"),
                ("wrong_type", "status.limit"),
            )

    def test_a_key_is_required(self):
        for members in ({}, {"key": None}):
            error = self.assert_refused(
                self.status(**members), ("missing", "status.key")
            )
            self.assertEqual((error.kind, error.status), ("status", 400))

    def test_a_key_is_a_string(self):
        self.assert_refused(self.status(key=1), ("wrong_type", "status.key"))

    def test_a_key_has_no_forbidden_characters(self):
        for key in (KEY[:-1] + "\x00", "\ud800"):
            self.assert_refused(
                self.status(key=key), ("invalid_character", "status.key")
            )

    def test_a_key_of_another_shape_is_unknown(self):
        for key in ("", KEY.upper(), KEY[:-1], KEY + "0", KEY + "\n", "g" * 32, "я"):
            with self.subTest(key):
                error = self.assert_refused(
                    self.status(key=key), ("unknown_key", "status.key")
                )
                self.assertEqual(error.status, 404)
                self.assertEqual(
                    serialise_error(error, "ru"),
                    serialise_error(request_error("unknown_key"), "ru"),
                )

    def test_a_status_is_an_object(self):
        for status in (KEY, [KEY], 1):
            error = self.assert_refused(
                {"status": status}, ("missing", "route"), ("wrong_type", "status")
            )
            self.assertEqual(error.kind, "status")


class TestTexts(SchemaCase):
    def test_the_text_for_men_is_for_everyone(self):
        texts = self.parse_send(send={"text_male": "Hi"}).texts
        self.assertEqual(texts.male.source, "Hi")
        self.assertIs(texts.neutral, texts.male)
        self.assertIsNone(texts.female)
        self.assertIsNone(texts.alternative)

    def test_with_a_text_for_women_there_is_no_neutral_one(self):
        document = self.parse_send(send={"text_male": "He", "text_female": "She"})
        self.assertIsNone(document.texts.neutral)
        self.assertEqual(document.texts.female.source, "She")
        self.assertTrue(document.rules.gender_required)

    def test_without_it_nobody_needs_a_gender(self):
        for text in (ABSENT, None, "", " \n\xa0"):
            with self.subTest(text):
                document = self.parse_send(send={"text_female": text})
                self.assertFalse(document.rules.gender_required)
                self.assertIsNone(document.texts.female)
                self.assertIsNone(document.sources.female)

    def test_sources_are_kept_as_they_came(self):
        document = self.parse_send(
            send={
                "text_male": " {{ a }}\r\n",
                "text_female": "{{a|upper}}",
                "text_alternative": "c",
                "fields": ["a"],
            },
            voice=1,
        )
        self.assertEqual(document.sources.male, " {{ a }}\r\n")
        self.assertEqual(document.sources.female, "{{a|upper}}")
        self.assertEqual(document.sources.alternative, "c")

    def test_a_text_is_required(self):
        for text in (ABSENT, None):
            self.assert_send_refused(
                ("missing", "send.text_male"), send={"text_male": text}
            )

    def test_a_required_text_is_not_blank(self):
        for text in ("", " ", "\r\n\t\xa0\u2003"):
            self.assert_send_refused(
                ("empty_text", "send.text_male"), send={"text_male": text}
            )

    def test_every_bad_text_is_told(self):
        for value, code in {
            1: "wrong_type",
            "\x00": "invalid_character",
            "a\ud83d": "invalid_character",
            "a\n{{ a": "template_syntax",
            "{{ unlisted }}": "template_unknown_name",
            "{% if a %}{% endif %}": "template_forbidden",
            "{{ self }}": "template_unknown_name",
            "a" * 16_001: "too_long",
        }.items():
            with self.subTest(ascii(value)[:40]):
                names = ("text_male", "text_female", "text_alternative")
                self.assert_send_refused(
                    *((code, f"send.{name}") for name in names),
                    send=dict.fromkeys(names, value),
                )

    def test_the_line_of_a_bad_template_is_told(self):
        error = self.assert_send_refused(
            ("template_unknown_name", "send.text_male"),
            send={"text_male": "one\ntwo\n{{ fio }}"},
        )
        [answer] = serialise_error(error, "ru")
        self.assertEqual(
            answer["send"]["message"],
            "Неизвестное имя в шаблоне send.text_male, строка 3: fio. Добавьте его в "
            "fields или исправьте текст.",
        )

    def test_the_longest_template_follows_the_settings(self):
        limits = replace(LIMITS, max_segments=1, max_speech=10)
        self.parse_send(send={"text_male": "a" * 640}, limits=limits)
        document = make_send(send={"text_male": "a" * 641})
        self.assert_refused(document, ("too_long", "send.text_male"), limits=limits)

    def test_a_template_is_never_longer_than_what_can_be_compiled(self):
        text = "a" * replace(LIMITS, max_segments=255, max_speech=10**6).max_template
        self.assertEqual(compile_template(text, ()).source, text)

    def test_an_alternative_without_voice_is_told(self):
        for voice in (ABSENT, 0):
            document = self.parse_send(send={"text_alternative": "sms"}, voice=voice)
            self.assertEqual(document.warnings, ("text_alternative_unused",))
            self.assertEqual(document.texts.alternative.source, "sms")

    def test_a_blank_alternative_is_absent(self):
        document = self.parse_send(send={"text_alternative": " "})
        self.assertEqual(document.warnings, ())
        self.assertIsNone(document.texts.alternative)

    def test_one_word_in_two_spellings_is_one_name(self):
        document = self.parse_send(
            send={"text_male": "{{ и\u0306 }}", "fields": ["й"], "users": [{"й": "1"}]}
        )
        self.assertEqual(next(iter(document.recipients)).values, {"й": "1"})


class TestFields(SchemaCase):
    def rules(self, fields):
        return self.parse_send(send={"fields": fields}).rules

    def test_names_keep_their_order_and_come_once(self):
        self.assertEqual(self.rules(["b", "a", "b"]).fields, ("b", "a"))

    def test_no_names(self):
        for fields in (ABSENT, None, [], {}):
            self.assertEqual(self.rules(fields).fields, ())

    def test_an_object_gives_defaults(self):
        rules = self.rules(
            {"fio": "клиент", "sum": 5, "rate": 0.5, "whole": 2.0, "city": None}
        )
        self.assertEqual(rules.fields, ("fio", "sum", "rate", "whole", "city"))
        self.assertEqual(
            rules.defaults, {"fio": "клиент", "sum": "5", "rate": "0.5", "whole": "2"}
        )

    def test_the_name_of_table_1(self):
        for fields in (
            ["first name"],
            [" first  name "],
            ["first_name", "first name"],
            {"first name": "x"},
        ):
            with self.subTest(fields):
                self.assertEqual(self.rules(fields).fields, ("first_name",))

    def test_phone_and_gender_may_be_listed(self):
        text = "{{ phone }} {{ gender }}"
        self.parse_send(send={"text_male": text, "fields": ["phone", "gender"]})
        self.assert_send_refused(
            ("template_unknown_name", "send.text_male"), send={"text_male": text}
        )

    def test_names_are_identifiers(self):
        for name in ("", "1a", "a-b", "a.b", "a|b", "{{a}}", "a'", "\u0301a", "a" * 65):
            with self.subTest(name):
                self.assert_send_refused(
                    ("invalid_value", "send.fields[0]"), send={"fields": [name]}
                )

    def test_words_of_the_template_language_are_no_names(self):
        for name in ("not", "true", "True", "false", "False", "none", "None"):
            with self.subTest(name):
                self.assert_send_refused(
                    ("invalid_value", "send.fields[0]"), send={"fields": [name]}
                )
                with self.assertRaises(TemplateError):
                    compile_template(f"{{{{ {name} }}}}", {name})

    def test_other_words_are_names(self):
        for name in [
            "self",
            "class",
            "loop",
            "range",
            "имя",
            "_",
            "x1",
            "not_",
            "è",
        ] + ["and", "or", "in", "is", "if", "else"]:
            with self.subTest(name):
                text = f"{{{{ {name} }}}} {{{{ {name}|upper }}}}"
                document = self.parse_send(send={"text_male": text, "fields": [name]})
                self.assertEqual(document.texts.male.names, {name})

    def test_values_that_are_no_fields(self):
        for fields in ("fio", 1, True):
            self.assert_send_refused(
                ("wrong_type", "send.fields"), send={"fields": fields}
            )

    def test_every_bad_name_is_told(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields[1]"),
            ("invalid_character", "send.fields[2]"),
            ("invalid_value", "send.fields[3]"),
            send={"fields": ["fio", 1, "a\x00", "b c!", "ok"]},
        )

    def test_a_bad_name_of_an_object(self):
        for name, code in {"\ud800": "invalid_character", "0": "invalid_value"}.items():
            self.assert_send_refused((code, "send.fields"), send={"fields": {name: ""}})

    def test_bad_defaults(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields.a"),
            ("wrong_type", "send.fields.b"),
            ("invalid_character", "send.fields.c"),
            send={"fields": {"a": True, "b": ["x"], "c": "\x00", "d": "fine"}},
        )

    def test_names_are_not_counted_against_texts_when_they_cannot_be_read(self):
        self.assert_send_refused(
            ("wrong_type", "send.fields"),
            send={"fields": "fio", "text_male": "{{ fio }}"},
        )

    def test_names_are_limited(self):
        names = [f"n{number}" for number in range(101)]
        self.rules(names[:100])
        for fields in (names, dict.fromkeys(names, "")):
            self.assert_send_refused(
                ("invalid_value", "send.fields"), send={"fields": fields}
            )


class TestUsers(SchemaCase):
    def recipients(self, users, fields=ABSENT, **options):
        send = {"users": users, "fields": fields}
        return self.parse_send(send=send, **options).recipients

    def test_order_and_repetitions_are_kept(self):
        users = [{"phone": "2"}, {"phone": "1"}, {"phone": "2"}]
        found = [(one.index, one.phone) for one in self.recipients(users)]
        self.assertEqual(found, [(0, "2"), (1, "1"), (2, "2")])

    def test_values_are_as_received(self):
        user = {"phone": 79281706700, "gender": [], "a": 1.5, "b": None, "c": "\x00"}
        [recipient] = self.recipients([user], ["a", "b", "c"])
        self.assertEqual(recipient.phone, 79281706700)
        self.assertEqual(recipient.gender, [])
        self.assertEqual(recipient.values, {"a": 1.5, "b": None, "c": "\x00"})

    def test_only_listed_fields_are_read(self):
        [recipient] = self.recipients([{"phone": "1", "a": 1, "b": 2}], ["a", "c"])
        self.assertEqual(recipient.values, {"a": 1})

    def test_a_field_as_table_1_spells_it(self):
        [recipient] = self.recipients([{"first name": "Анна"}], ["first_name"])
        self.assertEqual(recipient.values, {"first_name": "Анна"})

    def test_the_exact_spelling_goes_first(self):
        user = {"first name": "A", "first_name": "B", " first_name": "C"}
        [recipient] = self.recipients([user], ["first name", "city"])
        self.assertEqual(recipient.values, {"first_name": "B"})

    def test_users_are_required(self):
        for users in (ABSENT, None, []):
            self.assert_send_refused(("missing", "send.users"), send={"users": users})

    def test_an_empty_list_is_told_apart(self):
        error = self.refused(make_send(send={"users": []}))
        [answer] = serialise_error(error, "ru")
        self.assertEqual(
            answer["send"]["message"],
            "Список send.users пуст. Укажите хотя бы один элемент.",
        )

    def test_values_that_are_no_list(self):
        for users in ("+79281706700", {"phone": "1"}, 1, False):
            self.assert_send_refused(
                ("wrong_type", "send.users"), send={"users": users}
            )

    def test_every_entry_that_is_no_object_is_told(self):
        self.assert_send_refused(
            ("wrong_type", "send.users[0]"),
            ("wrong_type", "send.users[2]"),
            ("wrong_type", "send.users[3]"),
            send={"users": ["+79281706700", {}, None, []]},
        )

    def test_too_many(self):
        limits = replace(LIMITS, max_recipients=2)
        self.assertEqual(len(self.recipients([{}] * 2, limits=limits)), 2)
        error = self.assert_refused(
            make_send(send={"users": [{}] * 3}),
            ("too_many_users", "send.users"),
            limits=limits,
        )
        self.assertEqual(error.status, 413)
        answer = serialise_error(error, "en")
        self.assertEqual(answer["details"], {"code": "too_many_users"})
        self.assertIn("3, at most 2", answer["message"])

    def test_beside_send(self):
        document = self.parse_send(
            send={"users": ABSENT, "text_male": "{{ fio }}"},
            users=[{"fio": "A"}],
            fields=["fio"],
        )
        self.assertEqual(
            list(document.recipients), [Recipient(0, None, None, {"fio": "A"})]
        )
        self.assertEqual(document.users_path, "users")
        self.assertEqual(self.parse_send().users_path, "send.users")

    def test_problems_beside_send_have_their_own_paths(self):
        self.assert_send_refused(
            ("invalid_value", "fields[0]"),
            ("wrong_type", "users[0]"),
            send={"users": ABSENT},
            fields=["!"],
            users=[1],
        )

    def test_in_both_places_at_once(self):
        self.assert_send_refused(
            ("invalid_value", "users"),
            ("invalid_value", "fields"),
            send={"fields": ["fio"]},
            users=[{"phone": "1"}],
            fields=["fio"],
        )

    def test_null_in_one_place(self):
        self.parse_send(users=None, fields=None)
        self.parse_send(send={"users": None}, users=[{}])

    def test_fifty_thousand_are_read_fast(self):
        users = [
            {"phone": "+79281706700", "gender": "male", "first name": "Андрей"}
            for _number in range(50_000)
        ]
        document = make_send(send={"users": users, "fields": ["first_name", "none_"]})
        started = time.process_time()
        self.assertEqual(len(self.parse(document).recipients), 50_000)
        self.assertLess(time.process_time() - started, 1)


class TestOptions(SchemaCase):
    def test_ttl(self):
        for ttl, seconds in (
            (1, 1),
            (2_592_000, 2_592_000),
            ("7200", 7200),
            (" 60 ", 60),
            (60.0, 60),
            (None, None),
            (ABSENT, None),
        ):
            with self.subTest(ttl):
                self.assertEqual(self.parse_send(ttl=ttl).ttl, seconds)

    def test_bad_ttl(self):
        for ttl in (0, -1, 2_592_001, "2592001", 1.5, "1.5", "", "1h", "-5", "1e3"):
            with self.subTest(ttl):
                self.assert_send_refused(("invalid_value", "ttl"), ttl=ttl)
        for ttl in (True, False, [60], {}):
            with self.subTest(ttl):
                self.assert_send_refused(("wrong_type", "ttl"), ttl=ttl)

    def test_mode(self):
        for mode in (ABSENT, None, "", " ", "live"):
            self.assertFalse(self.parse_send(mode=mode).is_debug)
        for mode in ("debug", " debug\n"):
            self.assertTrue(self.parse_send(mode=mode).is_debug)

    def test_bad_mode(self):
        for mode in ("test", "Debug", "LIVE", "0"):
            self.assert_send_refused(("invalid_value", "mode"), mode=mode)
        for mode in (True, 1, ["debug"]):
            self.assert_send_refused(("wrong_type", "mode"), mode=mode)

    def test_voice(self):
        for voice in (1, "1", True, 1.0):
            self.assertEqual(self.parse_send(voice=voice).channel, "voice")
        for voice in (ABSENT, None, 0, "0", False):
            document = self.parse_send(voice=voice)
            self.assertEqual((document.channel, document.rules.channel), ("sms",) * 2)

    def test_bad_voice(self):
        for voice in (2, -1, 0.5, "", "true", "yes", "01x"):
            self.assert_send_refused(("invalid_value", "voice"), voice=voice)
        for voice in ([1], {}):
            self.assert_send_refused(("wrong_type", "voice"), voice=voice)

    def test_strict(self):
        self.assertTrue(self.parse_send(strict=True).is_strict)
        for strict in (ABSENT, None, False):
            self.assertFalse(self.parse_send(strict=strict).is_strict)
        for strict in (1, 0, "true", "", []):
            self.assert_send_refused(("wrong_type", "strict"), strict=strict)

    def test_secret(self):
        self.assertTrue(self.parse_send(secret=True).is_secret)
        for secret in (ABSENT, None, False):
            self.assertFalse(self.parse_send(secret=secret).is_secret)
        for secret in (1, 0, "true", "", []):
            self.assert_send_refused(("wrong_type", "secret"), secret=secret)

    def test_limits_reach_the_rules(self):
        rules = self.parse_send(
            limits=replace(LIMITS, max_segments=3, max_speech=50)
        ).rules
        self.assertEqual((rules.max_segments, rules.max_speech), (3, 50))


class TestTime(SchemaCase):
    def not_before(self, text, *, zone="Europe/Moscow", now=NOW):
        limits = replace(LIMITS, time_zone=zone)
        return self.parse_send(timeLimit=text, limits=limits, now=now).not_before

    def assert_time(self, text, expected, **options):
        with self.subTest(text):
            moment = self.not_before(text, **options)
            self.assertEqual(moment, datetime.fromisoformat(expected))
            self.assertIsNone(moment.tzinfo)

    def test_local_time(self):
        self.assert_time("2026-12-31 23:00", "2026-12-31 20:00")
        self.assert_time("2026-12-31T23:00", "2026-12-31 20:00")
        self.assert_time("2026-12-31 23:00:59", "2026-12-31 20:00:59")
        self.assert_time(" 2026-12-31t23:00:59\n", "2026-12-31 20:00:59")

    def test_the_zone_is_a_setting(self):
        self.assert_time(
            "2026-12-31 23:00", "2026-12-31 13:00", zone="Asia/Vladivostok"
        )

    def test_time_with_offset(self):
        for text in (
            "2026-12-31T23:00:00+05:00",
            "2026-12-31T23:00:00.123+0500",
            "2026-12-31 23:00 +05",
            "2026-12-31T12:30:00-05:30",
            "2026-12-31T18:00:00Z",
            "2026-12-31t18:00z",
        ):
            self.assert_time(text, "2026-12-31 18:00")

    def test_the_past_is_now(self):
        for text in (
            "2022-03-15 13:00",
            "0001-01-02 00:00",
            "2026-11-23 13:00",
            "2026-11-23T10:00:00Z",
        ):
            self.assertIsNone(self.not_before(text))
        self.assert_time("2026-11-23 13:01", "2026-11-23 10:01")

    def test_no_time(self):
        for text in (ABSENT, None):
            self.assertIsNone(self.not_before(text))

    def test_five_years_ahead(self):
        self.assert_time("2031-11-23T10:00:00Z", "2031-11-23 10:00")
        self.assert_send_refused(
            ("invalid_value", "timeLimit"), timeLimit="2031-11-23T10:00:01Z"
        )

    def test_five_years_from_a_leap_day(self):
        now = datetime(2028, 2, 29, 10, 0)
        self.assert_time("2033-02-28T10:00:00Z", "2033-02-28 10:00", now=now)
        document = make_send(timeLimit="2033-02-28T10:00:01Z")
        self.assert_refused(document, ("invalid_value", "timeLimit"), now=now)

    def test_values_that_are_no_time(self):
        for text in (
            "",
            "tomorrow",
            "2026-12-31",
            "23:00",
            "2026-12-31 23",
            "2026-12-31 24:00",
            "2026-12-31 23:60",
            "2026-12-31 23:00:60",
            "2026-13-01 10:00",
            "2026-02-30 10:00",
            "0000-01-01 10:00",
            "0001-01-01T00:00+05:00",
            "9999-12-31T23:59-05:00",
            "31.12.2026 23:00",
            "2026-12-31 23:00 MSK",
            "2026-12-31T23:00+25:00",
            "2026-12-31T23:00+05:60",
            "2026-12-31 23:00\u0662",
            "٢٠٢٦-12-31 23:00",
            "1798761600",
        ):
            with self.subTest(text):
                self.assert_send_refused(("invalid_value", "timeLimit"), timeLimit=text)
        for value in (1798761600, True, ["2026-12-31 23:00"]):
            self.assert_send_refused(("wrong_type", "timeLimit"), timeLimit=value)

    def test_an_hour_that_comes_twice_is_the_first(self):
        self.assert_time("2027-10-31 02:30", "2027-10-31 00:30", zone="Europe/Berlin")

    def test_an_hour_that_is_skipped_counts_on(self):
        # Clocks go from 02:00 to 03:00: 02:30 is meant as 03:30.
        self.assert_time("2027-03-28 02:30", "2027-03-28 01:30", zone="Europe/Berlin")


class TestProblems(SchemaCase):
    def test_all_problems_are_told_at_once(self):
        self.assert_refused(
            {
                "send": {
                    "text_male": " ",
                    "text_female": "{{",
                    "fields": ["1"],
                    "users": ["x"],
                },
                "ttl": 0,
                "mode": "x",
                "voice": 7,
                "timeLimit": "x",
                "strict": 1,
            },
            ("missing", "route"),
            ("invalid_value", "send.fields[0]"),
            ("empty_text", "send.text_male"),
            ("template_syntax", "send.text_female"),
            ("invalid_value", "ttl"),
            ("invalid_value", "mode"),
            ("invalid_value", "voice"),
            ("invalid_value", "timeLimit"),
            ("wrong_type", "strict"),
            ("wrong_type", "send.users[0]"),
        )

    def test_no_more_than_a_hundred_are_told(self):
        error = self.refused(make_send(send={"users": [1] * 1000}, ttl=0))
        self.assertEqual(len(error.problems), 100)
        self.assertEqual(error.problems[0].path, "ttl")

    def test_an_error_made_elsewhere_is_cut_too(self):
        error = RequestError([RequestProblem("invalid_number")] * 101, kind="send")
        self.assertEqual(len(error.problems), 100)

    def test_an_operation_of_the_wrong_type_has_no_further_problems(self):
        self.assert_refused({"send": "x", "route": "ds"}, ("wrong_type", "send"))

    def test_the_document_is_left_as_it_is(self):
        document = json.loads(SMS_EXAMPLE)
        before = copy.deepcopy(document)
        self.parse(document)
        self.assertEqual(document, before)


class TestAnswers(SchemaCase):
    def test_send_status(self):
        details = {"totals": {"queued": 1}, "messages": [], "next": None}
        self.assertEqual(
            serialise_send_status("running", details, "en"),
            {
                "status": "ok",
                "message": [
                    {
                        "send": {
                            "message": "The status of the request has been received",
                            "status": "running",
                            "details": details,
                        }
                    }
                ],
            },
        )

    def test_rejected_users_and_warnings(self):
        rejected = [
            Refused(2, "123", "invalid_number", "phone", {"reason": "unreadable"}),
            Refused(3, "+79281706700", "missing_field", "fio"),
        ]
        [answer] = serialise_send_accepted(
            KEY,
            rejected=rejected,
            warnings=("text_alternative_unused",),
            language="ru",
        )
        self.assertEqual(list(answer["send"]), ["status", "message", "key", "details"])
        self.assertEqual(
            answer["send"]["details"],
            {
                "rejected": [
                    {
                        "index": 2,
                        "phone": "123",
                        "code": "invalid_number",
                        "message": "Не удалось прочитать номер телефона. Укажите его в "
                        "формате +79876543210.",
                    },
                    {
                        "index": 3,
                        "phone": "+79281706700",
                        "code": "missing_field",
                        "message": "Не указано поле fio. Укажите его значение или "
                        "значение по умолчанию в fields.",
                    },
                ],
                "warnings": [
                    {
                        "code": "text_alternative_unused",
                        "message": SENTENCES["text_alternative_unused"][0],
                    }
                ],
            },
        )

    def test_details_tell_only_what_there_is(self):
        rejected = [Refused(0, "", "missing_gender", "gender")]
        [answer] = serialise_send_accepted(KEY, rejected=rejected, language="ru")
        self.assertEqual(list(answer["send"]["details"]), ["rejected"])
        warnings = ["text_alternative_unused"]
        [answer] = serialise_send_accepted(KEY, warnings=warnings, language="ru")
        self.assertEqual(list(answer["send"]["details"]), ["warnings"])

    def test_answers_in_english(self):
        answer = json.dumps(
            [
                serialise_balance_accepted(KEY, "en"),
                serialise_balance_status("", {}, "en"),
                serialise_send_status("done", {}, "en"),
                serialise_send_accepted(
                    KEY,
                    rejected=[Refused(0, "", "opted_out", "phone")],
                    warnings=["text_alternative_unused"],
                    language="en",
                ),
                serialise_error(request_error("missing", kind="send"), "en"),
            ],
            ensure_ascii=False,
        )
        self.assertTrue(answer.isascii(), answer)


class TestErrors(SchemaCase):
    def test_of_a_send(self):
        error = request_error("missing", path="route", kind="send")
        message = "Не указан обязательный параметр route. Добавьте его в запрос."
        problem = {"path": "route", "code": "missing", "message": message}
        details = {"code": "missing", "errors": [problem]}
        self.assertEqual(
            serialise_error(error, "ru"),
            [{"send": {"status": "error", "message": message, "details": details}}],
        )

    def test_of_a_balance_and_of_a_status(self):
        message = "The required parameter route is missing. Add it to the request."
        problem = {"path": "route", "code": "missing", "message": message}
        for kind in ("balance", "status"):
            error = request_error("missing", path="route", kind=kind)
            self.assertEqual(
                serialise_error(error, "en"),
                {
                    "status": "error",
                    "message": [{"balance": {"message": message}}],
                    "details": {"code": "missing", "errors": [problem]},
                },
            )

    def test_of_anything_else(self):
        for code in ("bad_json", "no_operation", "unknown_key", "internal"):
            self.assertEqual(
                serialise_error(request_error(code), "en"),
                {
                    "status": "error",
                    "message": serialise_error(request_error(code), "en")["message"],
                    "details": {"code": code},
                },
            )

    def test_only_bad_requests_have_the_envelope_of_their_operation(self):
        for code in ("unavailable", "idempotency_conflict", "too_many_users"):
            error = request_error(code, kind="send")
            self.assertEqual(serialise_error(error, "ru")["details"], {"code": code})

    def test_the_first_problem_leads(self):
        problems = [
            RequestProblem("no_valid_users", "send.users"),
            RequestProblem("missing_field", "send.users[0].fio"),
        ]
        error = RequestError(problems, kind="send")
        [answer] = serialise_error(error, "en")
        self.assertEqual(
            answer["send"]["message"],
            "The message can be sent to none of the recipients. Correct their data. "
            "The other errors are listed in details.errors.",
        )
        details = answer["send"]["details"]
        self.assertEqual(details["code"], "no_valid_users")
        self.assertEqual(
            [entry["code"] for entry in details["errors"]],
            ["no_valid_users", "missing_field"],
        )
        self.assertIn("send.users[0].fio", details["errors"][1]["message"])

    def test_statuses(self):
        for code, status in {
            "bad_json": 400,
            "unknown_route": 400,
            "rejected_users": 400,
            "unauthorized": 401,
            "forbidden": 403,
            "unknown_key": 404,
            "unknown_path": 404,
            "method_not_allowed": 405,
            "idempotency_conflict": 409,
            "too_large": 413,
            "too_many_users": 413,
            "unsupported_media_type": 415,
            "rate_limited": 429,
            "internal": 500,
            "unavailable": 503,
        }.items():
            self.assertEqual(request_error(code).status, status)

    def test_headers_and_parameters(self):
        error = request_error("internal", headers={"Retry-After": "5"}, incident="a1b2")
        self.assertEqual(error.headers, {"Retry-After": "5"})
        self.assertIn("a1b2", serialise_error(error, "ru")["message"])


class TestLanguage(SchemaCase):
    def test_russian_unless_english_is_preferred(self):
        for header, language in {
            None: "ru",
            "": "ru",
            "*": "ru",
            "ru": "ru",
            "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7": "ru",
            "en": "en",
            "EN-us": "en",
            "en-US,en;q=0.9,ru;q=0.8": "en",
            "en;q=0.3, ru;q=0.2": "en",
            "ru;q=0.2, en;q=0.3": "en",
            "en, ru;q=0.5, en-US;q=0.1": "en",
            "en, ru": "ru",
            "ru;q=0, en;q=0.001": "en",
            "en;q=0": "ru",
            "*, en;q=0.5": "ru",
            "en, *;q=0.5": "en",
            "ru;q=0.5, *": "en",
            "de": "ru",
            "de, fr;q=0.5": "ru",
            "de, en;q=0.5": "en",
            "en;q=2": "ru",
            "en;q=x, ru;q=0.1": "ru",
            "en ; q=0.9 , ru ; q=0.1": "en",
            ",;=;q=,": "ru",
            "english": "ru",
        }.items():
            with self.subTest(header):
                self.assertEqual(preferred_language(header), language)

    @settings(deadline=None, derandomize=True)
    @given(st.text())
    def test_any_header_has_a_language(self, header):
        self.assertIn(preferred_language(header), ("ru", "en"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "1", "rub", KEY, "2026-12-31 23:00", "{{ a }}", "\x00"])
    | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON
        for name in (
            ["balance", "status", "send", "route", "users", "fields"]
            + ["ttl", "mode", "voice", "timeLimit", "strict", "secret"]
        )
    },
)
SEND = st.fixed_dictionaries(
    {"text_male": JSON},
    optional={
        name: JSON for name in ("text_female", "text_alternative", "fields", "users")
    },
)


class TestAnything(SchemaCase):
    """Whatever comes is understood or refused in an orderly way."""

    def assert_orderly(self, document):
        try:
            self.parse(document)
        except RequestError as error:
            self.assertLessEqual(1, len(error.problems))
            for language in ("ru", "en"):
                answer = serialise_error(error, language)
                json.dumps(answer, ensure_ascii=False).encode()

    @settings(deadline=None, derandomize=True)
    @given(JSON)
    def test_any_document(self, document):
        self.assert_orderly(document)

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(MEMBERS)
    def test_any_members(self, document):
        self.assert_orderly(document)

    @settings(deadline=None, derandomize=True, max_examples=300)
    @given(MEMBERS, SEND)
    @example({"fields": {"\ud800": "\ud800"}}, {"text_male": "\ud800"})
    def test_any_send(self, members, send):
        others = {"route": "ds", **members, "balance": None, "status": None}
        self.assert_orderly({**others, "send": send})

    @settings(deadline=None, derandomize=True)
    @given(MEMBERS, st.dictionaries(st.sampled_from(["key", "offset", "limit"]), JSON))
    def test_any_status(self, members, status):
        others = {"route": "ds", **members, "balance": None, "send": None}
        self.assert_orderly({**others, "status": status})

    @settings(deadline=None, derandomize=True)
    @given(st.binary())
    @example(b'"\\ud800"')
    def test_any_body(self, body):
        try:
            document = parse_json(body)
        except RequestError as error:
            self.assertEqual(error.code, "bad_json")
        else:
            self.assert_orderly(document)
