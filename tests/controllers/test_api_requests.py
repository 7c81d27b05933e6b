"""Requests as plain data: what is understood and what is refused."""

import copy
import json
import unicodedata
from types import SimpleNamespace
from unittest.mock import Mock, patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.addons.crm_sms_gateway.controllers.api.answers import (
    serialise_error,
)
from odoo.addons.crm_sms_gateway.controllers.api.balance_request import BalanceRequest
from odoo.addons.crm_sms_gateway.controllers.api.errors import (
    RequestError,
    RequestProblem,
    request_error,
)
from odoo.addons.crm_sms_gateway.controllers.api.json_body import (
    parse_json,
)
from odoo.addons.crm_sms_gateway.tools import letters

from .requests import (
    ABSENT,
    KEY,
    SMS_EXAMPLE,
    SchemaCase,
    changed,
    make_send,
)


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
