"""The API's path: the manual's examples to the letter, verbs, types and languages."""

import json
from pathlib import Path

from odoo.tests import tagged

from ..common import PHONE
from .common import API, KEY, ApiCase

MANUAL = Path(__file__).parent / "manual"
BALANCE = {"balance": ["rub"], "route": "ds"}


def read_example(name):
    """An example of the manual, byte for byte."""
    return (MANUAL / f"{name}.json").read_bytes()


@tagged("post_install", "-at_install")
class TestManual(ApiCase):
    """Chapter 3.2 of the manual; only keys and what we add may differ."""

    def assertAnswer(self, answer, example):
        """The same members in the same order with the same values, but for the key."""
        self.assertEqual(answer.status_code, 200, answer.text)
        printed = json.loads(read_example(example))
        self.assertEqual(self.without_key(answer.json()), self.without_key(printed))

    @staticmethod
    def without_key(answer):
        return KEY.sub("KEY", json.dumps(answer, ensure_ascii=False))

    def test_balance(self):
        for path in (API, f"{API}/"):
            for method in ("GET", "POST"):
                with self.subTest(method=method, path=path):
                    answer = self.call(
                        read_example("balance.request"), method=method, path=path
                    )
                    self.assertAnswer(answer, "balance.answer")

    def test_status_of_a_balance(self):
        example = read_example("balance_status.request")
        printed_key = KEY.search(example.decode())[0].encode()
        key = self.call(read_example("balance.request"), method="GET").json()[
            "message"
        ][0]["balance"]["key"]
        self.run_balance()
        for method in ("GET", "POST"):
            with self.subTest(method=method):
                answer = self.call(
                    example.replace(printed_key, key.encode()), method=method
                )
                status = answer.json()
                self.assertTrue(status["message"][0]["balance"].pop("details"))
                printed = json.loads(read_example("balance_status.answer"))
                self.assertEqual(json.dumps(status), json.dumps(printed))

    def test_send(self):
        answer = self.call(read_example("send.request"))
        self.assertAnswer(answer, "send.answer")
        status = self.ask_status(answer.json()[0]["send"]["key"])
        text = "Уважаемый Андрей! Поздравляем Вас с наступающим Новым годом!"
        self.assertEqual(
            [
                (m["index"], m["phone"], m["text"])
                for m in status["details"]["messages"]
            ],
            [(index, PHONE, text) for index in range(3)],
        )

    def test_voice(self):
        answer = self.call(read_example("voice.request"))
        self.assertAnswer(answer, "voice.answer")
        message = self.env["sms.gateway.message"].search([], limit=1)
        text = "Здравствуйете. Поздравляем с наступающим Новым Годом!"
        self.assertEqual(message.route_id, self.osm)
        self.assertEqual((message.channel, message.text), ("voice", text))
        self.assertEqual(message.text_alternative, text)
        self.assertEqual(message.msisdn, "+79198828851")
        self.assertFalse(message.campaign_id.scheduled_at)


@tagged("post_install", "-at_install")
class TestTransport(ApiCase):
    """What holds whatever is asked for."""

    def test_a_send_must_be_posted(self):
        with self.assertNothingStored():
            answer = self.call(self.make_send(), method="GET")
        self.assertEqual(answer.status_code, 405)
        self.assertEqual(answer.headers["Allow"], "POST")
        self.assertEqual(answer.json()["details"], {"code": "method_not_allowed"})

    def test_other_verbs_are_refused(self):
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "FOO"):
            with self.subTest(method=method):
                answer = self.call(BALANCE, method=method)
                self.assertEqual(answer.status_code, 405)
                self.assertEqual(answer.headers["Allow"], "GET, POST, OPTIONS")
                self.assertEqual(
                    answer.json()["details"], {"code": "method_not_allowed"}
                )

    def test_head_is_refused_without_a_body(self):
        answer = self.call(BALANCE, method="HEAD")
        self.assertEqual(answer.status_code, 405)
        self.assertEqual(answer.content, b"")

    def test_options_tells_the_verbs(self):
        preflight = {
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "POST",
        }
        for path in (API, f"{API}/"):
            for headers in ({}, preflight):
                with self.subTest(path=path, headers=headers):
                    answer = self.call(
                        b"", method="OPTIONS", path=path, headers=headers
                    )
                    self.assertEqual(answer.status_code, 204)
                    self.assertEqual(answer.headers["Allow"], "GET, POST, OPTIONS")
                    self.assertEqual(answer.content, b"")

    def test_no_request_is_tried_on_a_read_only_replica(self):
        """There its key would not be known yet; Odoo warns when it tries."""
        with self.assertNoLogs("odoo.http", "WARNING"):
            key = self.send_document(self.make_send()).key
            self.ask_status(key)
            self.call_ok(BALANCE)

    def test_unknown_paths_are_told_in_json(self):
        rests = (
            "x",
            "x/y",
            "x/",
            "send",
            "/x",
            "x//y",
            "a%0Ab",
            "%00",
            "%FF",
            "ф",
            "..x",
        )
        for rest in rests:
            for method in ("GET", "POST", "DELETE"):
                with self.subTest(rest=rest, method=method):
                    error = self.call_error(
                        BALANCE,
                        404,
                        "unknown_path",
                        path=f"{API}/{rest}",
                        method=method,
                    )
                    self.assertEqual(set(error), {"status", "message", "details"})

    def test_only_json_is_read(self):
        types = (
            None,
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "application/json-rpc",
        )
        for content_type in types:
            with self.subTest(content_type=content_type):
                self.call_error(
                    json.dumps(BALANCE).encode(),
                    415,
                    "unsupported_media_type",
                    headers={"Content-Type": content_type},
                )

    def test_parameters_of_the_type_do_not_matter(self):
        types = (
            "application/json; charset=utf-8",
            "application/json;charset=windows-1251",
            "Application/JSON",
            'application/json; profile="x"',
        )
        for content_type in types:
            with self.subTest(content_type=content_type):
                self.call_ok(BALANCE, headers={"Content-Type": content_type})

    def test_a_byte_order_mark_is_tolerated(self):
        self.call_ok(b"\xef\xbb\xbf" + json.dumps(BALANCE).encode())

    def test_a_chunked_body_is_read(self):
        body = json.dumps(BALANCE).encode()
        answer = self.opener.request(
            "POST",
            self.base_url() + API,
            data=iter([body[:10], body[10:]]),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_what_is_not_json_is_told(self):
        bodies = {
            "empty": b"",
            "blank": b" \n\t",
            "cut": b'{"balance": ["rub"], "route": "ds"',
            "form": b"balance=rub&route=ds",
            "single quotes": b"{'balance': ['rub']}",
            "comma at the end": b'{"balance": ["rub"],}',
            "nan": b'{"balance": NaN}',
            "infinity": b'{"balance": 1e999}',
            "huge number": b'{"balance": ' + b"9" * 5000 + b"}",
            "windows-1251": '{"balance": "рубль"}'.encode("cp1251"),
            "utf-16": json.dumps(BALANCE).encode("utf-16"),
            "deep list": b"[" * 100_000,
            "deep object": b'{"a":' * 100_000,
            "two documents": b"{}{}",
        }
        for name, body in bodies.items():
            with self.subTest(name):
                error = self.call_error(body, 400, "bad_json")
                self.assertEqual(error["details"], {"code": "bad_json"})

    def test_the_document_must_be_an_object(self):
        for body in (b"[]", b"null", b"1", b'"balance"', b'[{"balance": ["rub"]}]'):
            with self.subTest(body=body):
                self.call_error(body, 400, "wrong_type")

    def test_exactly_one_operation_is_asked_for(self):
        key = {"key": "0" * 32}
        cases = (
            ({}, "no_operation"),
            ({"route": "ds"}, "no_operation"),
            ({"balance": None, "route": "ds"}, "no_operation"),
            ({"Balance": ["rub"], "route": "ds"}, "no_operation"),
            ({**BALANCE, "status": key}, "several_operations"),
            ({**BALANCE, **self.make_send()}, "several_operations"),
            ({**self.make_send(), "status": key}, "several_operations"),
            ({**BALANCE, **self.make_send(), "status": key}, "several_operations"),
        )
        for document, code in cases:
            with self.subTest(code=code, names=list(document)):
                with self.assertNothingStored():
                    error = self.call_error(document, 400, code)
                self.assertEqual(error["details"], {"code": code})

    def test_unknown_parameters_are_ignored(self):
        self.call_ok({**BALANCE, "сверх": {"того": [1]}})

    def test_sentences_are_russian_unless_english_is_preferred(self):
        russian = "Запрос баланса успешно отправлен"
        english = "The balance request has been sent"
        cases = {
            None: russian,
            "": russian,
            "*": russian,
            "de": russian,
            "ru": russian,
            "en": english,
            "en-US,en;q=0.9": english,
            "en, ru": russian,
            "ru;q=0.5, en;q=0.9": english,
            "en;q=0.5, ru;q=0.9": russian,
            "de, en;q=0.8": english,
            "en;q=0": russian,
            "nonsense;;q=,": russian,
        }
        for header, sentence in cases.items():
            with self.subTest(header=header):
                answer = self.call_ok(BALANCE, headers={"Accept-Language": header})
                self.assertEqual(answer["message"][0]["balance"]["message"], sentence)

    def test_errors_speak_the_language_of_the_caller(self):
        error = self.call_error(b"", 400, "bad_json", headers={"Accept-Language": "en"})
        self.assertIn("The request body is empty", error["message"])
        error = self.call_error(b"", 400, "bad_json")
        self.assertIn("Тело запроса пусто", error["message"])

    def test_answers_do_not_depend_on_installed_languages(self):
        self.env["res.lang"].with_context(active_test=False).search(
            [("code", "=", "ru_RU")]
        ).active = False
        error = self.call_error(b"", 400, "bad_json")
        self.assertIn("Тело запроса пусто", error["message"])
