"""Bodies of requests, built at once or read in parts."""

import dataclasses
import json
import tracemalloc
from contextlib import suppress
from unittest.mock import patch

from odoo.addons.crm_sms_gateway.benchmarks.hostile import make_hostile
from odoo.addons.crm_sms_gateway.controllers.api import json_body
from odoo.addons.crm_sms_gateway.controllers.api.answers import (
    serialise_error,
)
from odoo.addons.crm_sms_gateway.controllers.api.errors import (
    RequestError,
)
from odoo.addons.crm_sms_gateway.controllers.api.json_body import (
    _REQUEST_MEMBERS,
    _SEND_MEMBERS,
    hash_body,
    parse_json,
)
from odoo.addons.crm_sms_gateway.controllers.api.reader import Reader
from odoo.addons.crm_sms_gateway.controllers.api.send_request import SendRequest
from odoo.addons.crm_sms_gateway.tools.compose import RoundedNumber
from odoo.addons.crm_sms_gateway.tools.json_outline import Outline

from .requests import ABSENT, SchemaCase, make_send


class TestBigBodies(SchemaCase):
    """A body that is read in parts means what it means when it is built."""

    def understand(self, body):
        """The whole of a request: its recipients, or the problems."""
        try:
            document = self.parse(parse_json(body))
        except RequestError as error:
            return [(one.code, one.path) for one in error.problems]
        if isinstance(document, SendRequest):
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
        with (
            patch.object(json_body, "MAX_BUILT", 0),
            patch.object(Outline, "MAX_WHOLE", 20),
        ):
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
            reader = Reader.get

            def get(self, name, members=members, asked=asked[-1], reader=reader):
                if self.members is members:
                    asked.add(name)
                return reader(self, name)

            with patch.object(Reader, "get", get):
                self.parse(document)
        for names, read in zip(asked, (_REQUEST_MEMBERS, _SEND_MEMBERS), strict=True):
            self.assertIn("users", names)
            self.assertLessEqual(names, read.keys())

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
        with (
            patch.object(json_body, "MAX_BUILT", 0),
            self.assertRaises(RequestError) as caught,
        ):
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
        self.assertIn("recipients: > 50000, the limit is 50000", answer["message"])

    def test_hostile_bodies_take_little_memory(self):
        for kind, body in make_hostile(2**19):
            with self.subTest(kind), patch.object(json_body, "MAX_BUILT", 4 * 2**20):
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
