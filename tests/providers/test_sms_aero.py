"""SMS Aero."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import urlencode

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.sms_aero import SmsAeroProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Money,
    Outcome,
    PushRequest,
)

from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

SETTINGS = {"email": "me@example.com", "api_key": "k3y", "sender": "SMS Aero"}
#: as in the provider's own client
SENT = {
    "id": 12345,
    "from": "SMS Aero",
    "number": "79160000001",
    "text": "Hello",
    "status": 0,
    "extendStatus": "queue",
    "channel": "FREE SIGN",
    "cost": 5.49,
    "dateCreate": 1719119523,
    "dateSend": 1719119523,
}
KNOWN = {**SENT, "status": 1, "cost": "5.49", "dateAnswer": 1719115825}
PRICE = Money(Decimal("5.49"), "RUB")


def succeed(data):
    return json.dumps({"success": True, "data": data, "message": None}).encode()


def fail(message, data=None):
    return json.dumps({"success": False, "data": data, "message": message}).encode()


class TestSmsAeroContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "sms_aero"
    unknown_status = "5"


class TestSmsAeroSubmit(GateCase):
    code = "sms_aero"

    def test_messages_with_one_text_go_in_one_call(self):
        requests = [self.request(n, text="AB"[n % 2] * 5) for n in range(1, 8)]
        results, messages = self.submit(*requests)
        self.assertEqual(self.gate.stats()["calls"], {"submit": 2})
        taken = {(m["msisdn"], m["text"]): m["reference"] for m in messages}
        for request, result in zip(requests, results, strict=True):
            reference = taken[request.msisdn, request.text]
            self.assertEqual(result.provider_reference, reference)
            self.assertEqual(result.price, PRICE)

    def test_a_call_names_no_number_twice(self):
        requests = [self.request(n, msisdn="+79161234567") for n in (1, 2)]
        results, messages = self.submit(self.request(3), *requests)
        self.assertEqual(self.gate.stats()["calls"], {"submit": 2})
        self.assertEqual(len({r.provider_reference for r in results}), 3)
        self.assertEqual(len(messages), 3)

    def test_a_wrong_number_fails_alone(self):
        requests = [self.request(n) for n in range(1, 5)]
        self.gate.config(answers={requests[1].msisdn: "number"})
        results = self.provider.submit(requests)
        self.assertEqual(
            [result.outcome for result in results],
            [
                Outcome.ACCEPTED,
                Outcome.REFUSED,
                Outcome.ACCEPTED,
                Outcome.ACCEPTED,
            ],
        )
        self.assertEqual(results[1].failure_type, "invalid_number")
        self.assertEqual(results[1].message, "Validation error. number: incorrect")
        self.assertEqual(self.gate.stats()["handset_total"], 3)
        self.assertEqual(self.gate.stats()["duplicates"], 0)

    def test_an_unknown_sender_stops_the_route(self):
        provider = self.make_provider(sender="Nobody")
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("sign", result.route_down)

    def test_want_of_money_stops_the_route(self):
        request = self.request()
        self.gate.config(answers={request.msisdn: "no credits"})
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("no credits", result.route_down)

    def test_the_older_form_of_a_refusal(self):
        request = self.request()
        self.gate.config(answers={request.msisdn: "reject"})
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual((result.code, result.message), ("reject", "empty field"))

    def test_the_address_for_reports_goes_along(self):
        _result, message = self.submit_one()
        self.assertEqual(message["callback"], CALLBACK)
        push = self.gate.push("delivered", message["reference"])
        self.assertTrue(push.body.startswith(b"{"))

    def test_no_address_is_sent_where_none_is_known(self):
        http = FakeHttp(succeed(SENT))
        SmsAeroProvider(SETTINGS, http).submit([make_request()])
        [(url, body, headers)] = http.posts
        self.assertEqual(url, "https://gate.smsaero.ru/v2/sms/send")
        self.assertEqual(headers["Authorization"], "Basic bWVAZXhhbXBsZS5jb206azN5")
        self.assertEqual(
            json.loads(body),
            {"number": 79160000001, "sign": "SMS Aero", "text": "Hello"},
        )


class TestSmsAeroAnswers(BaseCase):
    def submit(self, *answers, count=1):
        provider = SmsAeroProvider(SETTINGS, FakeHttp(*answers))
        return provider.submit([make_request(n) for n in range(1, count + 1)])

    def test_the_example_of_the_providers_client(self):
        [result] = self.submit(succeed(SENT))
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, "12345")
        self.assertEqual(result.price, PRICE)

    def test_answers_are_read_by_number(self):
        second = {**SENT, "id": 2, "number": 79160000002}
        for data in ([second, SENT], {"0": second, "1": SENT}):
            results = self.submit(succeed(data), count=2)
            references = [result.provider_reference for result in results]
            self.assertEqual(references, ["12345", "2"])

    def test_a_message_that_the_answer_omits_is_in_doubt(self):
        results = self.submit(succeed([SENT]), count=2)
        outcomes = [result.outcome for result in results]
        self.assertEqual(outcomes, [Outcome.ACCEPTED, Outcome.MAYBE_SENT])

    def test_answers_that_prove_nothing(self):
        for data in (None, [], {}, "x", {**SENT, "id": None}, {"id": 5}):
            [result] = self.submit(succeed(data))
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT, data)
        for body in (b"{}", b'{"data": {"id": 5}}', b'{"success": null}', b"[]"):
            [result] = self.submit(body)
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT, body)

    def test_refusals_whatever_the_http_status(self):
        invalid = "Your request was made with invalid credentials."
        complaint = {"number": ["incorrect"]}
        for status in (200, 400, 401, 402):
            for body, outcome, stops in (
                (fail(invalid), Outcome.NOT_SENT, True),
                (fail("Validation error.", complaint), Outcome.REFUSED, False),
                (fail("Validation error.", {"text": ["long"]}), Outcome.REFUSED, False),
                (fail("Validation error.", {"sign": ["x"]}), Outcome.NOT_SENT, True),
                (b'{"result": "no credits"}', Outcome.NOT_SENT, True),
            ):
                with self.subTest(body, status=status):
                    [result] = self.submit(respond(body, status=status))
                    self.assertEqual(result.outcome, outcome)
                    self.assertEqual(bool(result.route_down), stops)

    def test_a_server_that_broke_may_have_taken_it(self):
        [result] = self.submit(respond(fail("Internal error"), status=500))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_complaints_of_any_shape_are_told(self):
        for data, words in (
            ({"number": "incorrect"}, "Validation error. number: "),
            ({"number": [{}, "x"]}, "Validation error. number: , x"),
            ({"other": ["y"], "text": ["z"]}, "Validation error. other: y text: z"),
            (["number"], "Validation error."),
        ):
            [result] = self.submit(fail("Validation error.", data))
            self.assertEqual(result.outcome, Outcome.REFUSED)
            self.assertEqual(result.message, words.strip())


# === DELIVERY REPORTS ===
class TestSmsAeroStatuses(GateCase):
    code = "sms_aero"
    MEANINGS = {
        "0": (DeliveryStatus.ACCEPTED, None),
        "1": (DeliveryStatus.DELIVERED, None),
        "2": (DeliveryStatus.FAILED, "unreachable"),
        "3": (DeliveryStatus.ACCEPTED, None),
        "4": (DeliveryStatus.ACCEPTED, None),
        "6": (DeliveryStatus.FAILED, "provider_error"),
        "8": (DeliveryStatus.ACCEPTED, None),
    }

    def test_polls_and_pushes_tell_the_same(self):
        result, message = self.submit_one()
        for word, expected in self.MEANINGS.items():
            self.gate.set_status(word)
            pushed = self.parse(self.gate.push(word, message["reference"])).reports
            polled = self.provider.poll([result.provider_reference])
            for way, [report] in (("poll", polled), ("push", pushed)):
                with self.subTest(word, way=way):
                    self.assertEqual((report.status, report.failure_type), expected)
                    self.assertEqual(report.raw, word)
                    self.assertEqual(report.msisdn, message["msisdn"])
                    self.assertEqual(report.price, PRICE)

    def test_the_example_of_the_providers_client(self):
        provider = SmsAeroProvider(SETTINGS, FakeHttp(succeed(KNOWN)))
        [report] = provider.poll(["12345"])
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        moment = datetime(2024, 6, 23, 4, 10, 25, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, moment)

    def test_another_message_is_not_taken_for_the_one_asked_for(self):
        provider = SmsAeroProvider(SETTINGS, FakeHttp(succeed(KNOWN)))
        self.assertEqual(provider.poll(["12346"]), [])

    def test_forms_are_read_like_json(self):
        provider = SmsAeroProvider(SETTINGS, FakeHttp())
        for body in (json.dumps(KNOWN).encode(), urlencode(KNOWN).encode()):
            answer = provider.parse_push(PushRequest("POST", body))
            [report] = answer.reports
            self.assertEqual(report.provider_reference, "12345")
            self.assertEqual(report.status, DeliveryStatus.DELIVERED)
            self.assertEqual(answer.status, 200)

    def test_what_is_no_push(self):
        provider = SmsAeroProvider(SETTINGS, FakeHttp())
        for body in (
            b"",
            b"{",
            b"{}",
            b'{"id": 1}',
            b"status=1",
            b'{"id":{},"status":1}',
        ):
            with self.assertRaises(UnreadablePush):
                provider.parse_push(PushRequest("POST", body))


# === LOOKUP ===
class TestSmsAeroLookup(GateCase):
    code = "sms_aero"

    def request(self, number=1, **values):
        attempted_at = datetime.now(timezone.utc)
        return make_request(number, **{"attempted_at": attempted_at, **values})

    def find(self, request):
        [found] = self.provider.lookup([request])
        return found

    def test_only_the_same_number_and_text_are_candidates(self):
        text = "Заказ готов"
        for number, words in ((1, text), (1, "Заказ"), (2, text), (1, text)):
            self.provider.submit([self.request(number, text=words)])
        found = self.find(self.request(1, text=text))
        self.assertEqual(len(found), 2)
        self.assertEqual({report.msisdn for report in found}, {"+79160000001"})

    def test_much_older_messages_are_none(self):
        self.provider.submit([self.request()])
        for ago, count in ((timedelta(hours=-2), 0), (timedelta(hours=2), 1)):
            moment = datetime.now(timezone.utc) - ago
            found = self.find(replace(self.request(), attempted_at=moment))
            self.assertEqual(len(found), count)

    def test_a_clock_that_is_behind_hides_nothing(self):
        self.gate.config(ahead=-1800)
        self.provider.submit([self.request()])
        self.assertEqual(len(self.find(self.request())), 1)

    def test_spaces_do_not_matter(self):
        listed = {**KNOWN, "text": "Hello  there\r\nall", "dateCreate": 1719119523}
        body = succeed({"0": listed, "links": {}, "totalCount": "1"})
        provider = SmsAeroProvider(SETTINGS, FakeHttp(body))
        [found] = provider.lookup([make_request(text=" Hello there\nall")])
        self.assertEqual(len(found), 1)

    def test_all_pages_are_read(self):
        self.gate.config(page_size=2)
        for number in range(1, 6):
            self.provider.submit([self.request(number, msisdn="+79161234567")])
        found = self.find(self.request(6, msisdn="+79161234567"))
        self.assertEqual(len({report.provider_reference for report in found}), 5)
        self.assertEqual(self.gate.stats()["calls"]["lookup"], 3)

    def test_a_list_without_an_end_proves_nothing(self):
        self.gate.config(page_size=1)
        for number in range(1, 13):
            self.provider.submit([self.request(number, msisdn="+79161234567")])
        with self.assertRaises(ProviderError):
            self.find(self.request(13, msisdn="+79161234567"))

    def test_only_a_list_proves_that_there_is_nothing(self):
        empty = {"links": {}, "totalCount": "0"}
        for data in (empty, [], {**empty, "totalCount": 0}):
            provider = SmsAeroProvider(SETTINGS, FakeHttp(succeed(data)))
            self.assertEqual(provider.lookup([self.request()]), [[]])
        for body in (
            succeed(None),
            succeed({}),
            succeed("none"),
            succeed({"links": {}, "totalCount": "3"}),
            succeed({"items": [KNOWN], "totalCount": "1"}),
            fail("Not found."),
            b'{"success": true}',
        ):
            provider = SmsAeroProvider(SETTINGS, FakeHttp(body))
            with self.assertRaises(ProviderError):
                provider.lookup([self.request()])


class TestSmsAeroAccount(GateCase):
    code = "sms_aero"

    def test_the_connection_is_tested_by_a_login(self):
        self.assertEqual(self.provider.test_connection(), "Successful authorization.")
        self.assertEqual(self.gate.stats()["calls"], {"login": 1})

    def test_a_balance(self):
        provider = SmsAeroProvider(SETTINGS, FakeHttp(succeed({"balance": 337.03})))
        [money] = provider.balance().money
        self.assertEqual(money, Money(Decimal("337.03"), "RUB"))

    def test_what_is_no_balance(self):
        for data in (None, {}, {"balance": None}, []):
            provider = SmsAeroProvider(SETTINGS, FakeHttp(succeed(data)))
            with self.assertRaises(ProviderError):
                provider.balance()
