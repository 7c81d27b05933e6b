"""Eskiz."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import eskiz
from odoo.addons.crm_sms_gateway.providers.errors import (
    MaybeSent,
    NotSent,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.eskiz import EskizProvider
from odoo.addons.crm_sms_gateway.providers.tokens import TokenStore
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Money,
    Outcome,
    PushRequest,
)

from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

ACCEPTED, DELIVERED = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
FAILED, EXPIRED = DeliveryStatus.FAILED, DeliveryStatus.EXPIRED
NOW = datetime.now(timezone.utc)
SETTINGS = {"email": "shop@example.uz", "password": "s3cretpassword"}
TOKEN = {"message": "token_generated", "data": {"token": "eyJ.a-b_c.d"}}
#: the example of the documentation
EVENT = {
    "request_id": "59bf10a2-aba8-4694-8fd5-0be20102a580",
    "message_id": "4385062",
    "user_sms_id": "vash_ID_zdes",
    "country": "UZ",
    "phone_number": "998991234567",
    "sms_count": "1",
    "status": "DELIVRD",
    "status_date": "2021-04-02 00:39:36",
}


class Forgetful:
    """A suite in which every provider logs in for itself."""

    def forget(self):
        self.startPatcher(patch.object(eskiz, "TOKENS", TokenStore(60)))

    def make_provider(self, **values):
        self.forget()
        return super().make_provider(**values)


class EskizCase(Forgetful, BaseCase):
    """Base of suites without a gate."""

    def setUp(self):
        super().setUp()
        self.forget()

    def make(self, *answers, **settings):
        """A provider whose server gives a token, then these answers."""
        self.http = FakeHttp(_body(TOKEN), *map(_body, answers))
        return EskizProvider({**SETTINGS, **settings}, self.http)

    def submit(self, *answers):
        [result] = self.make(*answers).submit([make_request()])
        return result


def _body(answer):
    return json.dumps(answer).encode() if isinstance(answer, dict) else answer


def refuse(status, message, word="error"):
    """A refusal of the provider's."""
    body = json.dumps({"status": word, "message": message}).encode()
    return respond(body, status=status)


class TestEskizContract(Forgetful, GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "eskiz"
    unknown_status = "FLYING"
    # errors have words only
    unknown_error = ""

    def make(self, http):
        self.forget()
        return super().make(http)


class TestEskizSubmit(Forgetful, GateCase):
    code = "eskiz"

    def test_what_a_message_is_sent_with(self):
        result, message = self.submit_one(text="Привет")
        self.assertEqual(result.provider_reference, message["reference"])
        self.assertEqual(message["client_reference"], self.request().uuid)
        self.assertEqual((message["sender"], message["text"]), ("4546", "Привет"))
        self.assertEqual(message["callback"], CALLBACK)

    def test_route_without_an_address_asks_for_no_pushes(self):
        provider = EskizProvider(self.settings, self.provider._http, Context())
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["callback"], "")

    def test_text_without_a_template_is_refused_for_that_reason(self):
        self.gate.config(templates=["Hello"])
        results = [
            self.provider.submit([self.request(number, text=text)])[0]
            for number, text in enumerate(("Hello", "Other"))
        ]
        self.assertEqual(results[0].outcome, Outcome.ACCEPTED)
        self.assertEqual(results[1].outcome, Outcome.REFUSED)
        self.assertEqual(results[1].failure_type, "template_mismatch")
        self.assertEqual(results[1].code, "400")
        self.assertEqual(results[1].message, "Этот текст не прошёл модерацию")

    def test_unknown_words_are_kept(self):
        request = self.request()
        self.gate.config(answers={request.msisdn: "Что-то не так"})
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "provider_error")
        self.assertEqual(result.message, "Что-то не так")

    def test_balance_is_in_sums(self):
        self.assertEqual(self.provider.test_connection(), "97.90 UZS")

    def test_delivered_message_has_its_price(self):
        result, _message = self.submit_one()
        [report] = self.provider.poll([result.provider_reference])
        self.assertEqual(report.price, Money(95, "UZS"))


class TestEskizToken(Forgetful, GateCase):
    code = "eskiz"

    def calls(self):
        return Counter(self.gate.stats()["calls"])

    def test_one_login_serves_many_calls_and_routes(self):
        self.submit_one(number=1)
        with patch.object(self, "forget"):
            other = self.make_provider()
        other.submit([self.request(2)])
        other.balance()
        self.assertEqual(self.calls(), {"login": 1, "submit": 2, "balance": 1})

    def test_expired_token_is_replaced_without_a_second_copy(self):
        self.submit_one(number=1)
        self.gate.config(generation=2)
        self.submit_one(number=2)
        self.assertEqual(self.gate.stats()["handset_total"], 2)
        self.assertEqual(self.calls(), {"login": 2, "submit": 3})

    def test_another_password_is_another_login(self):
        self.submit_one()
        with patch.object(self, "forget"):
            other = self.make_provider(password="wrong password")
        with self.assertRaisesRegex(ProviderError, "rejected the login"):
            other.test_connection()

    def test_login_that_fails_has_sent_nothing(self):
        for fault in ("drop_before", "drop_after", "status_500", "garbage", "late"):
            with self.subTest(fault):
                self.gate.reset()
                self.gate.arm(fault, calls="login", seconds=0.01)
                provider = self.make_provider()
                [result] = provider.submit([self.request()])
                expected = Outcome.ACCEPTED if fault == "late" else Outcome.NOT_SENT
                self.assertEqual(result.outcome, expected, result)
                [again] = provider.submit([self.request(attempt=2)])
                self.assertEqual(again.outcome, Outcome.ACCEPTED)

    def test_too_many_logins_wait(self):
        self.gate.arm("status_429", calls="login")
        [result] = self.provider.submit([self.request()])
        self.assertEqual((result.outcome, result.retry_after), (Outcome.NOT_SENT, 1))
        self.assertFalse(result.route_down)
        self.assertTrue(result.is_throttled)


class TestEskizLogin(EskizCase):
    def test_refused_token_is_replaced_once(self):
        for answer in (
            respond(status=401),
            refuse(401, "Expired token", "token-invalid"),
            refuse(400, "Token has expired"),
            refuse(200, "", "token-invalid"),
        ):
            with self.subTest(answer.body):
                self.forget()
                # refused, log in, refused again
                result = self.submit(answer, TOKEN, answer)
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertTrue(result.route_down)
                self.assertEqual(len(self.http.posts), 4)

    def test_refused_logins_stop_the_route(self):
        for status in (400, 401, 403, 422):
            self.forget()
            http = FakeHttp(refuse(status, "Неверный пароль"))
            [result] = EskizProvider(SETTINGS, http).submit([make_request()])
            self.assertEqual(result.outcome, Outcome.NOT_SENT)
            self.assertIn("Неверный пароль", result.route_down)
            self.assertEqual(len(http.posts), 1)

    def test_logins_without_a_token_have_sent_nothing(self):
        for answer in (
            b"",
            b"null",
            _body({"data": None}),
            _body({"data": {"token": ""}}),
            _body({"data": {"token": "two\r\nlines"}}),
            _body({"data": {"token": "é"}}),
            MaybeSent("No answer"),
            NotSent("No connection"),
        ):
            with self.subTest(answer):
                self.forget()
                http = FakeHttp(answer)
                [result] = EskizProvider(SETTINGS, http).submit([make_request()])
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertFalse(result.route_down)

    def test_password_is_sent_to_the_login_only(self):
        provider = self.make({"id": "7", "status": ["waiting"], "message": ""})
        provider.submit([make_request()])
        [login, call] = self.http.posts
        self.assertIn(b"s3cretpassword", login[1])
        self.assertNotIn("s3cretpassword", repr(call))
        self.assertEqual(call[2]["Authorization"], "Bearer eyJ.a-b_c.d")


class TestEskizAnswers(EskizCase):
    def test_message_is_a_batch_of_one(self):
        self.submit({"id": "7", "status": ["waiting"], "message": ""})
        url, body, _headers = self.http.posts[1]
        self.assertEqual(url, "https://notify.eskiz.uz/api/message/sms/send-batch")
        self.assertEqual(
            json.loads(body),
            {
                "messages": [
                    {
                        "user_sms_id": make_request().uuid,
                        "to": 79160000001,
                        "text": "Hello",
                    }
                ],
                "from": "4546",
            },
        )

    def test_answers_to_submits(self):
        for answer, outcome, reference in (
            ({"id": "7", "status": ["waiting"]}, Outcome.ACCEPTED, "7"),
            ({"id": "7", "status": "waiting"}, Outcome.ACCEPTED, "7"),
            ({"id": "7", "status": ["NEW"]}, Outcome.ACCEPTED, "7"),
            ({"id": "7", "status": ["flying"]}, Outcome.MAYBE_SENT, None),
            ({"id": "7", "status": []}, Outcome.MAYBE_SENT, None),
            ({"id": None, "status": ["waiting"]}, Outcome.MAYBE_SENT, None),
            ({"id": None, "status": "error", "message": "?"}, Outcome.REFUSED, None),
        ):
            with self.subTest(answer):
                self.forget()
                result = self.submit(answer)
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.provider_reference, reference)

    def test_empty_account_stops_the_route(self):
        result = self.submit(refuse(400, "Недостаточно средств на балансе"))
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("no funds left", result.route_down)

    def test_errors_of_fields_are_told(self):
        result = self.submit(refuse(422, {"to": ["Неверный номер"]}))
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.message, "to: Неверный номер")

    def test_broken_server_leaves_us_in_doubt_whatever_it_says(self):
        result = self.submit(refuse(500, "шаблон"))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.assertIsNone(result.failure_type)


class TestEskizStatuses(EskizCase):
    def poll(self, **item):
        provider = self.make({"status": "success", "data": item})
        [report] = provider.poll(["b169553b-de29"])
        return report

    def test_every_word_in_both_spellings(self):
        for word, expected in {
            "NEW": (ACCEPTED, None),
            "STORED": (ACCEPTED, None),
            "ACCEPTED": (ACCEPTED, None),
            "ENROUTE": (ACCEPTED, None),
            "PARTDELIVERED": (ACCEPTED, None),
            "UNKNOWN": (ACCEPTED, None),
            "DELIVERED": (DELIVERED, None),
            "DELIVRD": (DELIVERED, None),
            "UNDELIV": (FAILED, "unreachable"),
            "UNDELIVERABLE": (FAILED, "unreachable"),
            "DELETED": (FAILED, "sender_rejected"),
            "REJECTED": (FAILED, "operator_refusal"),
            "REJECTD": (FAILED, "operator_refusal"),
            "EXPIRED": (EXPIRED, None),
        }.items():
            with self.subTest(word):
                self.forget()
                report = self.poll(status=word)
                self.assertEqual((report.status, report.failure_type), expected)

    def test_example_of_the_documentation(self):
        report = self.poll(
            id=61359094,
            request_id="b169553b-de29",
            total_price=190,
            price=95,
            parts_count=2,
            parts={"key": {"dlr_state": "DELIVRD", "part_index": 0}},
            status="DELIVERED",
            delivery_sm_at="2024-05-31T22:02:32Z",
            updated_at="2024-05-31T22:02:33.065096Z",
        )
        self.assertEqual(report.provider_reference, "b169553b-de29")
        self.assertEqual((report.segments, report.price), (2, Money(190, "UZS")))
        # the Z is Tashkent's
        moment = datetime(2024, 5, 31, 17, 2, 32, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, moment)

    def test_parts_tell_why_a_message_was_rejected(self):
        parts = {"1": {"dlr_state": "DELIVRD"}, "2": {"status": "EXPIRED"}}
        report = self.poll(status="REJECTED", parts=parts)
        self.assertEqual((report.status, report.raw), (EXPIRED, "EXPIRED"))

    def test_status_that_is_none(self):
        for data in (None, [], {}, {"status": None}):
            self.forget()
            with self.assertRaises(ProviderError):
                self.make({"status": "success", "data": data}).poll(["7"])


class TestEskizLookup(Forgetful, GateCase):
    code = "eskiz"

    def test_message_is_found_by_our_reference_on_any_page(self):
        self.gate.config(page=2)
        for number in range(1, 6):
            self.submit_one(number=number)
        requests = [self.request(n, attempted_at=NOW) for n in (1, 4, 5, 6)]
        found = self.provider.lookup(requests)
        self.assertEqual([len(reports) for reports in found], [1, 1, 1, 0])
        for request, [report] in zip(requests[:3], found[:3], strict=True):
            self.assertEqual(report.uuid, request.uuid)
            self.assertEqual(report.status, ACCEPTED)

    def test_message_is_found_by_either_clock(self):
        for clock in ("Asia/Tashkent", "UTC"):
            self.gate.reset()
            self.gate.config(clock=clock)
            self.submit_one()
            request = self.request(attempted_at=datetime.now(timezone.utc))
            self.assertEqual(len(self.provider.lookup([request])[0]), 1)


class TestEskizLists(EskizCase):
    def look_up(self, *answers, **values):
        request = make_request(**{"attempted_at": NOW, **values})
        return self.make(*answers).lookup([request])

    def test_lists_that_are_none_do_not_mean_that_nothing_was_sent(self):
        for data in (None, [], {}, {"result": None}, {"result": {}}, {"result": []}):
            self.forget()
            with self.assertRaises(ProviderError):
                self.look_up({"status": "success", "data": data})

    def test_endless_lists_are_given_up(self):
        data = {"result": [], "last_page": 10**6}
        with self.assertRaisesRegex(ProviderError, "Too many messages"):
            self.look_up({"status": "success", "data": data})
        self.assertEqual(len(self.http.posts), 51)

    def test_message_that_was_never_attempted_is_not_searched_for(self):
        self.assertEqual(self.look_up(attempted_at=None), [[]])
        self.assertFalse(self.http.posts)


class TestEskizPush(BaseCase):
    def parse(self, event):
        provider = EskizProvider(SETTINGS, FakeHttp())
        body = json.dumps(event).encode()
        return provider.parse_push(PushRequest("POST", body))

    def test_example_of_the_documentation(self):
        [report] = self.parse(EVENT).reports
        self.assertEqual(report.status, DELIVERED)
        self.assertEqual(report.provider_reference, EVENT["request_id"])
        self.assertEqual((report.uuid, report.segments), ("vash_ID_zdes", 1))
        moment = datetime(2021, 4, 1, 19, 39, 36, tzinfo=timezone.utc)
        # older than is believed of a report
        self.assertLess(moment, NOW - timedelta(days=365))
        self.assertEqual(report.occurred_at, moment)

    def test_word_for_one_of_several_parts_decides_nothing(self):
        for word in ("DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED"):
            [report] = self.parse({**EVENT, "sms_count": "2", "status": word}).reports
            self.assertEqual((report.status, report.raw), (ACCEPTED, word))
            self.assertFalse(report.failure_type or report.code)
        for word, status in (("DELIVERED", DELIVERED), ("REJECTED", FAILED)):
            [report] = self.parse({**EVENT, "sms_count": "2", "status": word}).reports
            self.assertEqual(report.status, status)

    def test_report_of_nothing_is_unreadable(self):
        for event in (None, [], {}, {"status": "DELIVRD"}, {"request_id": "7"}):
            with self.subTest(event), self.assertRaises(UnreadablePush):
                self.parse(event)
