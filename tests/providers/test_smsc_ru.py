"""SMSC.ru."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from freezegun import freeze_time

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.smsc_ru import (
    SmscRuProvider,
    SmscWords,
    _format_validity,
    make_reference,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Money,
    Outcome,
    PushRequest,
)

from ..simulators.engine import Inbound, Message
from ..simulators.gates.smsc_ru import SmscRuGate
from .common import FakeHttp, make_request
from .contract import CALLBACK, GateCase, GateContract, to_request
from .spoil import spoil_push

SETTINGS = {"login": "me", "password": "pass", "sender": "Shop"}
SECRET = "callback-s3cret"
ROUBLES = Money(Decimal("1.20"), "RUB")
FAILED = DeliveryStatus.FAILED


class SmscCase(GateCase):
    code = "smsc_ru"

    def setUp(self):
        super().setUp()
        # its pushes depend on the options in the address
        self.gate.config(callback=self.provider.get_callback_address())


class TestSmscRuContract(GateContract, SmscCase):
    allow_inherited_tests_method = True
    code = "smsc_ru"
    unknown_status = "77"
    unknown_error = "99"


class TestSmscRuListContract(GateContract, SmscCase):
    """The same for a route that sends lists."""

    allow_inherited_tests_method = True
    code = "smsc_ru"
    extra_settings = {"list_size": "3"}
    unknown_status = "77"
    unknown_error = "99"

    @property
    def capabilities(self):
        return replace(super().capabilities, max_batch=3, lookup=False)


# === SUBMIT ===
class TestSmscRuRequests(BaseCase):
    """What leaves us."""

    def send(self, request=None, **settings):
        http = FakeHttp(b'{"id": "x", "cnt": 1}')
        provider = SmscRuProvider({**SETTINGS, **settings}, http)
        [self.result] = provider.submit([request or make_request()])
        [(self.url, body, _headers)] = http.posts
        return json.loads(body)

    def test_an_sms(self):
        self.assertEqual(
            self.send(),
            {
                "login": "me",
                "psw": "pass",
                "charset": "utf-8",
                "fmt": "3",
                "phones": "+79160000001",
                "mes": "Hello",
                "id": f"{1:032x}",
                "cost": "3",
                "sender": "Shop",
            },
        )
        self.assertEqual(self.url, "https://smsc.ru/rest/send/")

    def test_the_account_may_have_no_sender_of_its_own_choice(self):
        self.assertNotIn("sender", self.send(sender=""))

    def test_a_key_instead_of_login_and_password(self):
        body = self.send(api_key="k3y", login="", password="")
        self.assertEqual(body["apikey"], "k3y")
        self.assertFalse({"login", "psw"} & body.keys())

    def test_a_key_comes_before_login_and_password(self):
        self.assertFalse({"login", "psw"} & self.send(api_key="k3y").keys())

    def test_one_of_both_must_be_entered(self):
        for settings in ({}, {"login": "me"}, {"password": "pass"}):
            problems = SmscRuProvider(settings, FakeHttp()).check_settings()
            self.assertEqual(problems, [SmscWords.NO_LOGIN.say()])
        self.assertFalse(SmscRuProvider({"api_key": "k"}, FakeHttp()).check_settings())

    def test_other_fronts_of_the_service(self):
        self.send(url="https://smsc.kz/")
        self.assertEqual(self.url, "https://smsc.kz/rest/send/")

    def test_a_call(self):
        body = self.send(make_request(channel="voice"))
        self.assertEqual(body["call"], "1")
        self.assertEqual(body["voice"], "w")
        # nobody is called twice unasked
        self.assertEqual(body["param"], "25,600,1")
        self.assertFalse({"sender", "valid"} & body.keys())

    def test_a_call_as_the_route_says(self):
        body = self.send(
            make_request(channel="voice"),
            voice="m2",
            ring_time="35",
            call_interval="60",
            call_attempts="3",
        )
        self.assertEqual((body["voice"], body["param"]), ("m2", "35,60,3"))

    def test_nobody_is_called_when_it_is_too_late(self):
        for seconds, attempts in ((-5, 1), (60, 1), (90, 1), (110, 2), (10**6, 5)):
            until = datetime.now(timezone.utc) + timedelta(seconds=seconds)
            body = self.send(
                make_request(channel="voice", valid_until=until),
                ring_time="25",
                call_interval="75",
                call_attempts="5",
            )
            self.assertEqual(body["param"], f"25,75,{attempts}", seconds)

    def test_a_text_that_makes_the_provider_invent_a_code_is_spelt_otherwise(self):
        for text, spelt in (("code", "code."), ("Code ", "Code ."), ("codes", "codes")):
            body = self.send(make_request(channel="voice", text=text))
            self.assertEqual(body["mes"], spelt)
        self.assertEqual(self.send(make_request(text="code"))["mes"], "code")

    def test_texts_that_are_never_taken_do_not_leave(self):
        for text, reason in (("x" * 1001, "content_rejected"), (" \n", "missing_data")):
            for channel in ("sms", "voice"):
                http = FakeHttp()
                request = make_request(text=text, channel=channel)
                [result] = SmscRuProvider(SETTINGS, http).submit([request])
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, reason)
                self.assertFalse(http.posts)

    def test_times_to_live(self):
        now = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
        for seconds, text in (
            (-60, "00:01"),
            (1, "00:01"),
            (60, "00:01"),
            (61, "00:02"),
            (3600, "01:00"),
            (86340, "23:59"),
            (86400, "24:00"),
            (10**6, "24:00"),
        ):
            with self.subTest(seconds):
                until = now + timedelta(seconds=seconds)
                self.assertEqual(_format_validity(until, now), text)
        self.assertEqual(_format_validity(None, now), "")

    def test_a_time_to_live_goes_along(self):
        until = datetime.now(timezone.utc) + timedelta(hours=2)
        self.assertEqual(self.send(make_request(valid_until=until))["valid"], "02:00")


class TestSmscRuAnswers(BaseCase):
    """What comes back."""

    def submit(self, answer, **values):
        provider = SmscRuProvider(SETTINGS, FakeHttp(answer.encode()))
        [result] = provider.submit([make_request(**values)])
        return result

    def test_the_example_of_the_documentation(self):
        answer = '{"id": 24, "cnt": 2, "cost": "1.2", "balance": "100.5"}'
        result = self.submit(answer)
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, "24:79160000001")
        self.assertEqual(result.segments, 2)
        self.assertEqual(result.price, Money(Decimal("1.2"), "RUB"))

    def test_a_call_has_no_segments(self):
        result = self.submit('{"id": 24, "cnt": 2}', channel="voice")
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertIsNone(result.segments)
        self.assertIsNone(result.price)

    def test_answers_that_prove_nothing(self):
        for answer in (
            "{}",
            '{"cnt": 1}',
            '{"id": null}',
            '{"id": {}}',
            '{"error": "words without a code"}',
            "OK - 1 SMS, ID - 1234",
        ):
            with self.subTest(answer):
                self.assertEqual(self.submit(answer).outcome, Outcome.MAYBE_SENT)

    def test_an_error_with_an_id_is_an_error(self):
        result = self.submit('{"id": 24, "error": "invalid number", "error_code": 7}')
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "invalid_number")
        self.assertEqual((result.code, result.message), ("7", "invalid number"))

    def test_what_codes_of_errors_mean(self):
        stopped = Outcome.NOT_SENT, None, True
        for code, expected in {
            1: stopped,
            2: stopped,
            3: stopped,
            5: stopped,
            6: (Outcome.REFUSED, "content_rejected", False),
            7: (Outcome.REFUSED, "invalid_number", False),
            8: (Outcome.REFUSED, "unsupported", False),
            10: (Outcome.REFUSED, "provider_error", False),
        }.items():
            with self.subTest(code):
                answer = json.dumps({"error": "some words", "error_code": code})
                result = self.submit(answer)
                found = result.outcome, result.failure_type, bool(result.route_down)
                self.assertEqual(found, expected)
                self.assertEqual(result.code, str(code))
                self.assertIn("some words", result.message)

    def test_a_blocked_address_rests(self):
        result = self.submit('{"error": "IP blocked", "error_code": 4}')
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertEqual(result.retry_after, 300)
        self.assertTrue(result.route_trouble)
        self.assertIsNone(result.route_down)


class TestSmscRuRepetitions(SmscCase):
    """The provider recognises no repetition but the same request within a minute."""

    def request(self, number=1, **values):
        attempted_at = datetime.now(timezone.utc)
        return make_request(number, **{"attempted_at": attempted_at, **values})

    def test_the_refusal_of_a_repetition_is_no_failure(self):
        request = self.request()
        self.gate.arm("drop_after")
        self.assertEqual(self.provider.submit([request])[0].outcome, Outcome.MAYBE_SENT)
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.assertEqual(result.code, "9")
        [[report]] = self.provider.lookup([request])
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        self.assertEqual(report.uuid, request.uuid)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_error_9_for_a_message_that_was_not_taken_loses_nothing(self):
        request = self.request()
        self.gate.config(answers={request.msisdn: "9"})
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.assertEqual(self.provider.lookup([request]), [[]])
        self.gate.config(answers={}, ahead=300)
        [result] = self.provider.submit([replace(request, attempt=2)])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_not_found_is_believed_after_minutes_only(self):
        self.assertGreaterEqual(SmscRuProvider.capabilities.not_found_after, 120)
        self.assertFalse(self.provider.is_idempotent)

    def test_what_there_was_no_money_for_is_no_message(self):
        request = self.request()
        self.gate.config(answers={request.msisdn: "3"})
        [result] = self.provider.submit([request])
        self.assertTrue(result.route_down)
        self.assertEqual(self.provider.lookup([request]), [[]])

    def test_each_of_two_equal_messages_is_found(self):
        first, second = (self.request(n, msisdn="+79161234567") for n in (1, 2))
        for request in (first, second):
            [result] = self.provider.submit([request])
            [[report]] = self.provider.lookup([request])
            self.assertEqual(report.provider_reference, result.provider_reference)
        self.assertEqual(self.gate.stats()["handset_total"], 2)

    def test_an_error_of_a_lookup_proves_nothing(self):
        for answer in (
            b'{"error": "too many concurrent requests", "error_code": 9}',
            b"ERROR = 9",
            b'{"error": "authorise error", "error_code": 2}',
        ):
            provider = SmscRuProvider(SETTINGS, FakeHttp(answer))
            with self.assertRaises(ProviderError):
                provider.lookup([self.request()])


# === LISTS ===
LISTS = {**SETTINGS, "list_size": "10"}


class TestSmscRuListRequests(BaseCase):
    """What goes in one request, and what goes alone."""

    def send(self, *requests, **settings):
        """:return: the bodies of the requests to the provider"""
        http = FakeHttp(b'{"id": "x", "cnt": 1}')
        provider = SmscRuProvider({**LISTS, **settings}, http)
        results = provider.submit(requests)
        self.assertEqual({r.outcome for r in results}, {Outcome.ACCEPTED})
        return [json.loads(body) for _url, body, _headers in http.posts]

    def test_a_list(self):
        [body] = self.send(make_request(1), make_request(2, text="Да: 5; нет"))
        name = body.pop("id")
        self.assertEqual(
            body,
            {
                "login": "me",
                "psw": "pass",
                "charset": "utf-8",
                "fmt": "3",
                "list": "+79160000001:Hello\n+79160000002:Да: 5; нет",
                "cost": "3",
                "op": "1",
                "sender": "Shop",
            },
        )
        self.assertRegex(name, "^[A-Za-z0-9._-]{1,40}$")

    def test_by_default_every_message_goes_alone(self):
        bodies = self.send(make_request(1), make_request(2), list_size="")
        self.assertEqual([body["id"] for body in bodies], [f"{1:032x}", f"{2:032x}"])

    def test_one_message_is_no_list(self):
        [body] = self.send(make_request())
        self.assertEqual((body["phones"], body["mes"]), ("+79160000001", "Hello"))
        self.assertEqual(body["id"], make_request().uuid)
        self.assertFalse({"list", "op"} & body.keys())

    def test_a_list_has_an_id_that_no_message_and_no_other_attempt_has(self):
        requests = [make_request(1), make_request(2)]
        again = [replace(request, attempt=2) for request in requests]
        names = [self.send(*batch)[0]["id"] for batch in (requests, requests, again)]
        self.assertEqual(names[0], names[1])
        self.assertEqual(len({*names, *(one.uuid for one in requests)}), 4)

    def test_a_number_stands_once_in_a_list(self):
        same = {"msisdn": "+79161234567"}
        first, second = self.send(
            make_request(1, text="One", **same),
            make_request(2, text="Two", **same),
            make_request(3),
        )
        self.assertEqual(first["list"], "+79161234567:One\n+79160000003:Hello")
        self.assertEqual(second["mes"], "Two")

    def test_calls_go_alone(self):
        calls = [make_request(number, channel="voice") for number in (1, 2)]
        messages = [make_request(3), make_request(4)]
        *called, sent = self.send(*calls, *messages)
        self.assertEqual([body["call"] for body in called], ["1", "1"])
        self.assertIn("list", sent)

    def test_texts_whose_line_breaks_might_be_misread_go_alone(self):
        texts = ("a\nb", "a\r\nb", "a\n", "a\u2028b", "C:\\new")
        requests = [make_request(n, text=text) for n, text in enumerate(texts, 1)]
        bodies = self.send(*requests, make_request(8), make_request(9))
        self.assertEqual(tuple(body.get("mes") for body in bodies[:-1]), texts)
        self.assertEqual(bodies[-1]["list"].count("\n"), 1)

    @freeze_time("2026-07-01 12:00:30")
    def test_nothing_in_a_list_is_of_use_for_longer_than_it_should(self):
        five = datetime(2026, 7, 1, 17, tzinfo=timezone.utc)
        late, early, later = (five + timedelta(seconds=s) for s in (59, 1, 60))
        requests = [
            make_request(number, valid_until=until)
            for number, until in enumerate((late, early, later, None, None), 1)
        ]
        timed, alone, timeless = self.send(*requests)
        self.assertEqual(timed["list"], "+79160000001:Hello\n+79160000002:Hello")
        self.assertEqual((timed["valid"], alone["valid"]), ("05:00", "05:01"))
        self.assertNotIn("valid", timeless)

    def test_as_many_as_the_route_says(self):
        for value, size in (("", 1), ("1", 1), ("2", 2), ("100", 100)):
            provider = SmscRuProvider({**SETTINGS, "list_size": value}, FakeHttp())
            self.assertEqual(provider.max_batch, size)
            self.assertFalse(provider.check_settings())
        for value in ("0", "101", "many"):
            provider = SmscRuProvider({**SETTINGS, "list_size": value}, FakeHttp())
            self.assertEqual(len(provider.check_settings()), 1)

    def test_no_message_of_a_route_with_lists_is_looked_up_or_sent_again(self):
        for size, can_look_up in (("1", True), ("2", False), ("100", False)):
            provider = SmscRuProvider({**SETTINGS, "list_size": size}, FakeHttp())
            self.assertEqual(provider.can_look_up, can_look_up)
            self.assertFalse(provider.is_idempotent)


class TestSmscRuListAnswers(BaseCase):
    """What comes back for a list."""

    def submit(self, *answers, count=3):
        self.http = FakeHttp(*(json.dumps(answer).encode() for answer in answers))
        provider = SmscRuProvider(LISTS, self.http)
        return provider.submit([make_request(n) for n in range(1, count + 1)])

    def tell(self, *numbers):
        return {"id": 24, "cnt": 3, "cost": "3.6", "phones": list(numbers)}

    def test_each_number_has_its_price_and_its_reference(self):
        results = self.submit(
            self.tell(
                {"phone": "79160000003", "cost": "3.50"},
                {"phone": "79160000002", "cost": "2.50", "status": "0", "error": "0"},
                {"phone": "+79160000001", "cost": "1.50", "status": 1, "error": None},
            )
        )
        for number, result in enumerate(results, 1):
            self.assertEqual(result.outcome, Outcome.ACCEPTED)
            self.assertEqual(result.provider_reference, f"24:7916000000{number}")
            self.assertEqual(result.price, Money(Decimal(f"{number}.50"), "RUB"))
            # the answer counts those of the whole list
            self.assertIsNone(result.segments)

    def test_a_number_with_an_error_is_refused_alone(self):
        for told, expected in (
            ({"status": "22", "error": "249"}, ("invalid_number", "err249")),
            ({"error": 255}, ("operator_refusal", "err255")),
            ({"status": "0", "error": "253"}, ("spam", "err253")),
            ({"status": "22"}, ("invalid_number", "22")),
            ({"status": 24, "error": 0}, ("no_funds", "24")),
            ({"status": "20", "error": "299"}, ("provider_error", "err299")),
            ({"error": "wrong"}, ("provider_error", "errwrong")),
        ):
            with self.subTest(told):
                first, second, third = self.submit(
                    self.tell({"phone": "79160000002", "cost": "0", **told})
                )
                self.assertEqual(second.outcome, Outcome.REFUSED)
                self.assertEqual((second.failure_type, second.code), expected)
                for result in (first, third):
                    self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(len(self.http.posts), 1)

    def test_numbers_that_are_not_told_of_are_accepted_without_a_price(self):
        for phones in ([], None, "all", [None, 5, {"phone": "7999"}]):
            with self.subTest(phones):
                results = self.submit({**self.tell(), "phones": phones})
                for number, result in enumerate(results, 1):
                    self.assertEqual(result.outcome, Outcome.ACCEPTED)
                    self.assertEqual(
                        result.provider_reference, f"24:7916000000{number}"
                    )
                    self.assertIsNone(result.price)

    def test_answers_that_prove_nothing(self):
        for answer in ({}, {"cnt": 3}, {"error": "words without a code"}, []):
            with self.subTest(answer):
                results = self.submit(answer)
                self.assertEqual({r.outcome for r in results}, {Outcome.MAYBE_SENT})
                self.assertEqual(len(self.http.posts), 1)

    def test_a_list_is_taken_apart_where_nothing_of_it_was_taken(self):
        for code in (6, 7, 8):
            refusal = {"error": "words", "error_code": code}
            taken = {"id": 25, "cnt": 1}
            results = self.submit(refusal, taken, refusal, taken)
            told = [result.outcome for result in results]
            accepted, refused = Outcome.ACCEPTED, Outcome.REFUSED
            self.assertEqual(told, [accepted, refused, accepted])
            bodies = [json.loads(body) for _url, body, _headers in self.http.posts]
            self.assertEqual(
                [body.get("phones") for body in bodies],
                [None, "+79160000001", "+79160000002", "+79160000003"],
            )

    def test_a_refused_list_that_may_have_been_taken_in_part_is_left_alone(self):
        for answer in (
            {"error": "words", "error_code": 6, "id": 24},
            {"error": "words", "error_code": 7, "id": 24},
            {"error": "words", "error_code": 1, "id": 24},
            {"error": "words", "error_code": 9},
            {"error": "words", "error_code": 10},
        ):
            with self.subTest(answer):
                results = self.submit(answer)
                self.assertEqual({r.outcome for r in results}, {Outcome.MAYBE_SENT})
                self.assertEqual({r.failure_type for r in results}, {None})
                self.assertEqual({r.code for r in results}, {str(answer["error_code"])})
                self.assertEqual(len(self.http.posts), 1)

    def test_a_list_that_was_not_taken_waits_whole(self):
        for code in (1, 2, 3, 4, 5):
            results = self.submit({"error": "words", "error_code": code})
            self.assertEqual({r.outcome for r in results}, {Outcome.NOT_SENT})
            self.assertEqual(len(self.http.posts), 1)

    def test_without_money_the_route_stops_and_the_lists_behind_wait(self):
        answer = json.dumps({"error": "money", "error_code": 3, "id": 24}).encode()
        http = FakeHttp(answer)
        now = datetime.now(timezone.utc)
        requests = [
            make_request(number, valid_until=now + timedelta(hours=number // 2 + 1))
            for number in range(4)
        ]
        results = SmscRuProvider(LISTS, http).submit(requests)
        unknown, waiting = Outcome.MAYBE_SENT, Outcome.NOT_SENT
        self.assertEqual(
            [result.outcome for result in results], [unknown, unknown, waiting, waiting]
        )
        self.assertTrue(all(result.route_down for result in results))
        self.assertEqual(len(http.posts), 1)


class TestSmscRuLists(SmscCase):
    """Lists at the gate."""

    extra_settings = {"list_size": "10"}

    def test_every_message_has_its_own_reports(self):
        results, messages = self.submit(*(self.request(n) for n in (1, 2, 3)))
        self.assertEqual(self.gate.stats()["calls"], {"submit": 1})
        for number, result in enumerate(results, 1):
            self.assertEqual(result.price, ROUBLES)
            self.gate.set_status("delivered")
            [polled] = self.provider.poll([result.provider_reference])
            self.assertEqual(polled.status, DeliveryStatus.DELIVERED)
            push = self.gate.push("delivered", messages[number - 1]["reference"])
            [pushed] = self.parse(push).reports
            self.assertEqual(pushed.provider_reference, result.provider_reference)
            self.assertEqual(pushed.msisdn, self.request(number).msisdn)
            # it names no message of ours, least of all another one of the list
            uuids = {self.request(n).uuid for n in (1, 2, 3)}
            self.assertNotIn(pushed.uuid, uuids)

    def test_one_number_and_one_text_that_the_provider_refuses(self):
        for code, calls, told in (("249", 1, "err249"), ("6", 4, "6")):
            with self.subTest(code):
                self.gate.reset()
                requests = [self.request(number) for number in (1, 2, 3)]
                self.gate.config(answers={requests[1].msisdn: code})
                first, second, third = self.provider.submit(requests)
                self.assertEqual(second.outcome, Outcome.REFUSED)
                self.assertEqual(second.code, told)
                for result in (first, third):
                    self.assertEqual(result.outcome, Outcome.ACCEPTED)
                stats = self.gate.stats()
                self.assertEqual(stats["calls"], {"submit": calls})
                self.assertEqual(stats["handset_total"], 2)
                self.assertEqual(stats["duplicates"], 0)

    def test_a_list_without_an_answer_is_not_handed_over_again(self):
        for fault in ("drop_after", "drop_before", "garbage", "truncated"):
            with self.subTest(fault):
                self.gate.reset()
                self.gate.arm(fault)
                requests = [self.request(number) for number in (1, 2, 3)]
                results = self.provider.submit(requests)
                self.assertEqual({r.outcome for r in results}, {Outcome.MAYBE_SENT})
                self.assertEqual(self.gate.stats()["calls"], {"submit": 1})


# === DELIVERY REPORTS ===
class TestSmscRuStatuses(SmscCase):
    #: status and reason → ours
    MEANINGS = {
        "-2": (DeliveryStatus.ACCEPTED, None, ""),
        "-1": (DeliveryStatus.ACCEPTED, None, ""),
        "0": (DeliveryStatus.ACCEPTED, None, ""),
        "1": (DeliveryStatus.DELIVERED, None, ""),
        "2": (DeliveryStatus.DELIVERED, None, ""),
        "4": (DeliveryStatus.DELIVERED, None, ""),
        "3": (DeliveryStatus.EXPIRED, None, "3"),
        "3 6": (DeliveryStatus.EXPIRED, None, "err6"),
        "20": (FAILED, "unreachable", "20"),
        "22": (FAILED, "invalid_number", "22"),
        "23": (FAILED, "provider_error", "23"),
        "24": (FAILED, "no_funds", "24"),
        "25": (FAILED, "unreachable", "25"),
        "20 1": (FAILED, "invalid_number", "err1"),
        "20 6": (FAILED, "unreachable", "err6"),
        "20 11": (FAILED, "unreachable", "err11"),
        "20 12": (FAILED, "unreachable", "err12"),
        "20 13": (FAILED, "blocked", "err13"),
        "20 21": (FAILED, "unsupported", "err21"),
        "20 219": (FAILED, "sim_changed", "err219"),
        "20 220": (FAILED, "provider_error", "err220"),
        "20 237": (FAILED, "no_answer", "err237"),
        "23 238": (FAILED, "template_mismatch", "err238"),
        "20 240": (FAILED, "busy", "err240"),
        "20 242": (FAILED, "machine", "err242"),
        "23 243": (FAILED, "provider_error", "err243"),
        "23 244": (FAILED, "mailing_forbidden", "err244"),
        "20 245": (DeliveryStatus.UNKNOWABLE, None, "err245"),
        "20 248": (FAILED, "unsupported", "err248"),
        "22 249": (FAILED, "invalid_number", "err249"),
        "23 250": (FAILED, "opted_out", "err250"),
        "23 252": (FAILED, "opted_out", "err252"),
        "23 253": (FAILED, "spam", "err253"),
        "23 254": (FAILED, "sender_unregistered", "err254"),
        "20 255": (FAILED, "operator_refusal", "err255"),
        "20 299": (FAILED, "provider_error", "err299"),
    }

    def test_polls_and_pushes_tell_the_same(self):
        result, message = self.submit_one()
        for word, expected in self.MEANINGS.items():
            self.gate.set_status(word)
            pushed = self.parse(self.gate.push(word, message["reference"])).reports
            polled = self.provider.poll([result.provider_reference])
            for way, [report] in (("poll", polled), ("push", pushed)):
                with self.subTest(word, way=way):
                    found = report.status, report.failure_type, report.code
                    self.assertEqual(found, expected)
                    self.assertEqual(report.raw, word.split()[0])
                    self.assertEqual(report.price, ROUBLES)
                    self.assertIsNotNone(report.occurred_at)

    def test_failures_have_the_words_of_the_provider(self):
        result, _message = self.submit_one()
        for word, words in (("20 255", "Имя статуса"), ("1", "")):
            self.gate.set_status(word)
            [report] = self.provider.poll([result.provider_reference])
            self.assertEqual(report.message, words)

    def test_an_administrator_knows_better(self):
        provider = self.make_provider()
        provider._context = Context(reasons={"err299": "operator_refusal"})
        result, _message = self.submit_one()
        self.gate.set_status("20 299")
        [report] = provider.poll([result.provider_reference])
        self.assertEqual(report.failure_type, "operator_refusal")

    def test_a_message_that_the_provider_has_not_seen(self):
        [report] = self.provider.poll([make_reference("x", "+79161234567")])
        self.assertEqual(report.status, DeliveryStatus.NOT_FOUND)

    def test_the_example_of_the_documentation(self):
        answer = (
            b'{"status": 1, "last_date": "28.12.2019 19:20:22",'
            b' "last_timestamp": 1577550022}'
        )
        http = FakeHttp(answer)
        [report] = SmscRuProvider(SETTINGS, http).poll(["24:79160000001"])
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        moment = datetime(2019, 12, 28, 16, 20, 22, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, moment)
        [(url, body, _headers)] = http.posts
        self.assertEqual(url, "https://smsc.ru/sys/status.php")
        fields = dict(parse_qsl(body.decode()))
        self.assertEqual((fields["id"], fields["phone"]), ("24", "79160000001"))
        self.assertEqual((fields["charset"], fields["fmt"]), ("utf-8", "3"))

    def test_answers_without_a_status_change_nothing(self):
        for answer in (b"[]", b"{}", b'{"status": null}', b'{"status": [1]}'):
            provider = SmscRuProvider(SETTINGS, FakeHttp(answer))
            self.assertEqual(provider.poll(["24:79160000001"]), [])


# === PUSHES ===
def sign(fields, *names, algorithm="sha1", secret=SECRET):
    """The fields with a signature over some of them."""
    text = ":".join([*(str(fields[name]) for name in names), secret])
    made = hashlib.new(algorithm, text.encode()).hexdigest()
    return {**fields, algorithm: made}


class TestSmscRuPushes(BaseCase):
    REPORT = {"id": "24", "phone": "79160000001", "status": "1", "ts": "1577550022"}
    INBOUND = {
        "id": 7,
        "phone": "79160000001",
        "mes": "Да, 5 & больше",
        "to": "79031234567",
        "sent": "28.12.2019 19:20:22",
    }
    STATUS = ("id", "phone", "status")
    TEXT = ("phone", "mes", "to")

    def setUp(self):
        super().setUp()
        self.signing = self.make(callback_secret=SECRET)
        self.trusting = self.make()

    def make(self, **settings):
        context = Context(callback_url=CALLBACK)
        return SmscRuProvider({**SETTINGS, **settings}, FakeHttp(), context)

    def to_json(self, fields, query="charset=utf-8&fmt=3&sha1"):
        return PushRequest(
            "POST", json.dumps(fields).encode(), query=Fields.parse(query)
        )

    def to_form(self, fields, query="", encoding="windows-1251"):
        body = urlencode(fields, encoding=encoding).encode()
        return PushRequest("POST", body, query=Fields.parse(query))

    def to_query(self, fields):
        query = f"charset=utf-8&fmt=3&sha1&{urlencode(fields)}"
        return PushRequest("GET", b"", query=Fields.parse(query))

    def test_the_address_asks_for_a_signature_json_and_utf8(self):
        address = self.signing.get_callback_address()
        self.assertEqual(address, f"{CALLBACK}?charset=utf-8&fmt=3&sha1")
        options = parse_qs(urlsplit(address).query, keep_blank_values=True)
        self.assertEqual(options.keys(), {"charset", "fmt", "sha1"})

    def test_an_address_with_a_query_keeps_it(self):
        context = Context(callback_url="https://odoo.example/push?db=shop")
        provider = SmscRuProvider(SETTINGS, FakeHttp(), context)
        address = provider.get_callback_address()
        self.assertEqual(
            address, "https://odoo.example/push?db=shop&charset=utf-8&fmt=3&sha1"
        )
        self.assertEqual(
            SmscRuProvider(SETTINGS, FakeHttp()).get_callback_address(), ""
        )

    def test_a_signed_report(self):
        for algorithm in ("sha1", "md5"):
            fields = sign(self.REPORT, *self.STATUS, algorithm=algorithm)
            shouted = {**fields, algorithm: fields[algorithm].upper()}
            for request in (
                self.to_json(fields),
                self.to_json(shouted),
                self.to_form(fields),
                self.to_query(fields),
            ):
                answer = self.signing.parse_push(request)
                [report] = answer.reports
                self.assertEqual(report.status, DeliveryStatus.DELIVERED)
                self.assertEqual(report.provider_reference, "24:79160000001")
                self.assertEqual(report.uuid, "24")
                self.assertEqual(report.msisdn, "+79160000001")
                moment = datetime(2019, 12, 28, 16, 20, 22, tzinfo=timezone.utc)
                self.assertEqual(report.occurred_at, moment)
                self.assertFalse(answer.inbound)
                self.assertEqual((answer.status, answer.body), (200, b"OK"))

    def test_reports_without_the_right_signature(self):
        right = sign(self.REPORT, *self.STATUS)
        for fields in (
            self.REPORT,
            {**self.REPORT, "sha1": ""},
            {**right, "sha1": "0" * 40},
            {**right, "status": "20"},
            {**right, "id": "25"},
            {**right, "phone": "79160000002"},
            sign(self.REPORT, *self.STATUS, secret="another"),
            sign(self.REPORT, *self.STATUS, secret=""),
            sign(self.REPORT, *self.STATUS, algorithm="sha256"),
        ):
            for request in (
                self.to_json(fields),
                self.to_form(fields),
                self.to_query(fields),
            ):
                with self.assertRaises(ForgedPush):
                    self.signing.parse_push(request)

    def test_without_a_secret_the_address_protects(self):
        [report] = self.trusting.parse_push(self.to_json(self.REPORT)).reports
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)

    def test_an_inbound_message(self):
        # "no status" stands between the colons
        empty = sign({**self.INBOUND, "status": ""}, *self.STATUS)
        for fields in (sign(self.INBOUND, *self.TEXT), empty):
            answer = self.signing.parse_push(self.to_json(fields))
            [message] = answer.inbound
            self.assertEqual(message.sender, "+79160000001")
            self.assertEqual(message.recipient, "+79031234567")
            self.assertEqual(message.text, "Да, 5 & больше")
            self.assertEqual(message.provider_reference, "7")
            moment = datetime(2019, 12, 28, 16, 20, 22, tzinfo=timezone.utc)
            self.assertEqual(message.received_at, moment)
            self.assertFalse(answer.reports)
            self.assertEqual(answer.body, b"OK")

    def test_spaces_of_a_text_are_signed(self):
        fields = sign({**self.INBOUND, "mes": " Да \n"}, *self.TEXT)
        for request in (
            self.to_json(fields),
            self.to_form(fields, "charset=utf-8", "utf-8"),
        ):
            [message] = self.signing.parse_push(request).inbound
            self.assertEqual(message.text, "Да")

    def test_an_inbound_message_in_another_time_zone(self):
        provider = self.make(timezone="Asia/Almaty")
        [message] = provider.parse_push(self.to_json(self.INBOUND)).inbound
        moment = datetime(2019, 12, 28, 13, 20, 22, tzinfo=timezone.utc)
        self.assertEqual(message.received_at, moment)

    def test_inbound_messages_without_the_right_signature(self):
        right = sign(self.INBOUND, *self.TEXT)
        for fields in (self.INBOUND, {**right, "mes": "No"}, {**right, "phone": "7"}):
            with self.assertRaises(ForgedPush):
                self.signing.parse_push(self.to_json(fields))

    def test_the_signature_of_a_report_does_not_vouch_for_a_text(self):
        fields = {**sign(self.REPORT, *self.STATUS), "mes": "Pay here", "to": "7"}
        answer = self.signing.parse_push(self.to_json(fields))
        self.assertFalse(answer.inbound)
        self.assertEqual(len(answer.reports), 1)

    def test_the_signature_of_a_text_does_not_vouch_for_a_report(self):
        fields = {**sign(self.INBOUND, *self.TEXT), "status": "20"}
        with self.assertRaises(ForgedPush):
            self.signing.parse_push(self.to_json(fields))

    def test_the_default_encoding_is_windows_1251(self):
        for query, encoding in (("", "windows-1251"), ("charset=utf-8", "utf-8")):
            request = self.to_form(self.INBOUND, query, encoding)
            [message] = self.trusting.parse_push(request).inbound
            self.assertEqual(message.text, "Да, 5 & больше")

    def test_senders_that_are_no_numbers_are_kept(self):
        fields = {**self.INBOUND, "phone": "Bank"}
        [message] = self.trusting.parse_push(self.to_json(fields)).inbound
        self.assertEqual(message.sender, "Bank")

    def test_other_events_are_acknowledged(self):
        for fields in ({"phone": "79160000001", "ts": 1577550022}, {"phone": "7"}):
            answer = self.signing.parse_push(self.to_json(fields))
            self.assertFalse(answer.reports or answer.inbound)
            self.assertEqual((answer.status, answer.body), (200, b"OK"))

    def test_what_is_no_push(self):
        for request in (
            self.to_json({}),
            self.to_json({"id": 1, "status": 1}),
            self.to_json({"phone": None, "status": 1, "id": 1}),
            PushRequest("POST", b"{"),
            PushRequest("POST", b"[1]"),
            PushRequest("POST", b'{"phone"' + b"[" * 10_000),
            PushRequest("GET", b""),
        ):
            with self.assertRaises(UnreadablePush):
                self.trusting.parse_push(request)

    def test_hostile_pushes_to_the_whole_address(self):
        gate = SmscRuGate()
        address = self.signing.get_callback_address()
        message = Message("24:79160000001", "+79160000001", "Hello", callback=address)
        inbound = Inbound("+79160000001", "+79031234567", "Да", "7")
        pushes = (
            gate.make_push(message, "delivered"),
            gate.make_inbound_push(inbound, address),
        )
        for provider in (self.signing, self.trusting):
            for push in pushes:
                for spoiled in spoil_push(push):
                    signed = gate.sign(spoiled, SECRET)
                    for request in (to_request(spoiled), to_request(signed)):
                        try:
                            provider.parse_push(request)
                        except (UnreadablePush, ForgedPush):
                            continue


# === INBOUND MESSAGES, ACCOUNT ===
class TestSmscRuAccount(BaseCase):
    def make(self, answer, **settings):
        self.http = FakeHttp(answer.encode())
        return SmscRuProvider({**SETTINGS, **settings}, self.http)

    def get_fields(self):
        [(self.url, body, _headers)] = self.http.posts
        return dict(parse_qsl(body.decode()))

    def test_inbound_messages_are_asked_for_by_the_hour(self):
        now = datetime.now(timezone.utc)
        for hours, asked in ((-1, "1"), (0.1, "1"), (2.5, "3"), (1000, "168")):
            provider = self.make("[]")
            provider.fetch_inbound(now - timedelta(hours=hours))
            self.assertEqual(self.get_fields()["hour"], asked)
            self.assertEqual(self.url, "https://smsc.ru/sys/get.php")

    def test_no_inbound_messages_are_no_error(self):
        provider = self.make('{"error": "no messages", "error_code": 3}')
        self.assertEqual(provider.fetch_inbound(datetime.now(timezone.utc)), [])

    def test_other_errors_are(self):
        for answer in ('{"error": "authorise error", "error_code": 2}', "<html>"):
            with self.assertRaises(ProviderError):
                self.make(answer).fetch_inbound(datetime.now(timezone.utc))

    def test_an_inbound_message(self):
        answer = [
            {
                "id": 5,
                "received": "28.12.2019 19:20:25",
                "phone": "79160000001",
                "message": "Да",
                "to_phone": "79031234567",
                "sent": "28.12.2019 19:20:22",
            },
            "nonsense",
        ]
        provider = self.make(json.dumps(answer))
        [message] = provider.fetch_inbound(datetime.now(timezone.utc))
        self.assertEqual(message.text, "Да")
        self.assertEqual(message.provider_reference, "5")
        moment = datetime(2019, 12, 28, 16, 20, 22, tzinfo=timezone.utc)
        self.assertEqual(message.received_at, moment)

    def test_balances(self):
        for answer, currency in (
            ('{"balance": "100.5", "currency": "RUR"}', "RUB"),
            ('{"balance": "100.5", "currency": "UAH", "credit": "5"}', "UAH"),
            ('{"balance": "100.5"}', "KZT"),
        ):
            [money] = self.make(answer, currency="KZT").balance().money
            self.assertEqual(money, Money(Decimal("100.5"), currency))
            self.assertEqual(self.get_fields()["cur"], "1")

    def test_what_is_no_balance_proves_no_connection(self):
        for answer in ("{}", "[]", '{"balance": "lots"}', '{"status": "ok"}'):
            with self.assertRaises(ProviderError):
                self.make(answer).test_connection()
