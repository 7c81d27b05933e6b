"""Vonage's SMS API: messages in parts, receipts, signatures."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Money,
    Outcome,
    PushRequest,
)
from odoo.addons.crm_sms_gateway.providers.vonage import VonageProvider, sign

from ..simulators.gates.vonage import make_receipt
from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

SETTINGS = {"api_key": "abcd1234", "api_secret": "secret", "sender": "Shop"}
UUID = make_request().uuid
ADDRESS = "https://crm.example.com/sms_gateway/push/t0ken"
#: from the tests of Vonage's client for Python; the secret is "secret"
SIGNED = {"a": "1", "b": "2", "timestamp": "1461605396"}
SIGNATURES = {
    "md5hash": "6af838ef94998832dbfc29020b564830",
    "md5": "c15c21ced558c93a226c305f58f902f2",
    "sha1": "3e19a4e6880fdc2c1426bfd0587c98b9532f0210",
    "sha256": "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24",
    "sha512": (
        "812a18f76680fa0fe1b8bd9ee1625466ceb1bd96242e4d050d2cfd9a7b40166c"
        "63ed26ec9702168781b6edcf1633db8ff95af9341701004eec3fcf9550572ee8"
    ),
}


def make_provider(*answers, callback=ADDRESS, **settings):
    context = Context("Route", callback_url=callback)
    return VonageProvider({**SETTINGS, **settings}, FakeHttp(*answers), context)


def tell_parts(*parts):
    """An answer to a submit; a part is a reference, or a pair of code and words."""
    entries = [
        {"status": part[0], "error-text": part[1]}
        if isinstance(part, tuple)
        else {"status": "0", "message-id": part, "message-price": "0.0333"}
        for part in parts
    ]
    document = {"message-count": str(len(parts)), "messages": entries}
    return respond(json.dumps(document).encode())


def post(fields):
    """A push as a form."""
    return PushRequest("POST", urlencode(fields).encode())


def post_json(values):
    headers = {"content-type": "application/json; charset=utf-8"}
    return PushRequest("POST", json.dumps(values).encode(), headers=headers)


def read_receipt(*arguments, **values):
    """The reports of a receipt, on a route without a signature secret."""
    push = post(make_receipt(*arguments, **values))
    return list(make_provider().parse_push(push).reports)


class TestVonageContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "vonage"
    unknown_error = "98"


class TestVonageSubmit(GateCase):
    code = "vonage"

    def get_form(self, provider=None, **values):
        call = (provider or make_provider())._build_submit([make_request(**values)])
        return dict(parse_qsl(call.body.decode(), keep_blank_values=True))

    def test_a_message_is_a_form(self):
        expected = {
            "from": "Shop",
            "to": "79160000001",
            "text": "Hello",
            "type": "text",
            "client-ref": UUID,
            "callback": ADDRESS,
        }
        self.assertEqual(self.get_form(), expected)

    def test_the_type_says_how_the_text_is_encoded(self):
        for text, kind in (
            ("a" * 160, "text"),
            ("é €[]", "text"),
            ("Привет", "unicode"),
            ("ê`", "unicode"),
            ("😀", "unicode"),
        ):
            with self.subTest(text):
                self.assertEqual(self.get_form(text=text)["type"], kind)

    def test_the_reference_tells_that_there_are_parts(self):
        for text, is_long in (
            ("a" * 160, False),
            ("a" * 161, True),
            ("€" * 81, True),
            ("й" * 70, False),
            ("й" * 71, True),
        ):
            with self.subTest(text[0], length=len(text)):
                reference = self.get_form(text=text)["client-ref"]
                self.assertEqual(reference, UUID + ("-parts" if is_long else ""))

    def test_a_sender_that_is_a_number_has_no_plus(self):
        provider = make_provider(sender="+44 7700 900000")
        self.assertEqual(self.get_form(provider)["from"], "447700900000")

    def test_the_time_to_live_is_clamped_milliseconds(self):
        moment = datetime.now(timezone.utc)
        for seconds, expected in ((-9, 20), (3600, 3600), (10**7, 604_800)):
            until = moment + timedelta(seconds=seconds + 0.9)
            ttl = int(self.get_form(valid_until=until)["ttl"])
            self.assertAlmostEqual(ttl, expected * 1000, delta=1000)

    def test_addresses_that_vonage_would_refuse_are_not_told(self):
        for address in ("", "http://localhost/p", "https://a.b/" + "x" * 89):
            with self.subTest(address):
                self.assertNotIn(
                    "callback", self.get_form(make_provider(callback=address))
                )

    def test_parts_and_their_price_are_added(self):
        result, message = self.submit_one(text="й" * 150)
        self.assertEqual(len(message["extra"]["parts"]), 3)
        self.assertEqual(result.segments, 3)
        self.assertEqual(result.price, Money(Decimal("0.0999"), "EUR"))
        self.assertEqual(result.provider_reference, message["extra"]["parts"][-1])

    def test_codes_have_their_meaning(self):
        for code, failure_type in (
            ("2", "missing_data"),
            ("3", "provider_error"),
            ("6", "invalid_number"),
            ("7", "blocked"),
            ("12", "content_rejected"),
            ("15", "sender_rejected"),
            ("29", "unsupported"),
            ("33", "invalid_number"),
        ):
            with self.subTest(code):
                self.gate.config(answers={self.request().msisdn: code})
                [result] = self.provider.submit([self.request()])
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual((result.code, result.message), (code, f"Error {code}"))

    def test_codes_that_concern_the_account_stop_the_route(self):
        for code in ("4", "8", "9", "11", "14"):
            with self.subTest(code):
                [result] = make_provider(tell_parts((code, "Words"))).submit(
                    [make_request()]
                )
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertIn(f"{code} Words", result.route_down)

    def test_what_is_too_much_is_tried_later(self):
        for code in ("1", "10"):
            [result] = make_provider(tell_parts((code, "Throughput"))).submit(
                [make_request()]
            )
            self.assertEqual(result.outcome, Outcome.NOT_SENT)
            self.assertTrue(result.route_trouble and result.is_throttled)

    def test_an_internal_error_leaves_us_in_doubt(self):
        [result] = make_provider(tell_parts(("5", "Internal"))).submit([make_request()])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.assertEqual(result.code, "5")

    def test_a_message_of_which_a_part_was_taken_is_never_sent_again(self):
        for parts in (
            ("A1", ("1", "Throttled")),
            (("9", "Quota"), "A2"),
            (("1", "Throttled"), ("5", "Internal")),
        ):
            [result] = make_provider(tell_parts(*parts)).submit([make_request()])
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
            self.assertIn(result.code, ("1", "9"))
            self.assertIn("part", result.message)
            self.assertFalse(result.route_down)

    def test_parts_that_were_all_refused_are_one_refusal(self):
        answer = tell_parts(("1", "Throttled"), ("3", "Invalid"))
        [result] = make_provider(answer).submit([make_request()])
        self.assertEqual((result.outcome, result.code), (Outcome.NOT_SENT, "1"))

    def test_the_documented_answer_is_read(self):
        document = {
            "message-count": "1",
            "messages": [
                {
                    "to": "447700900000",
                    "message-id": "0C000000217B7F02",
                    "status": "0",
                    "remaining-balance": "15.53590000",
                    "message-price": "0.03330000",
                    "network": "23410",
                }
            ],
        }
        provider = make_provider(respond(json.dumps(document).encode()))
        [result] = provider.submit([make_request()])
        self.assertEqual(result.provider_reference, "0C000000217B7F02")
        self.assertEqual(result.segments, 1)
        self.assertEqual(result.price, Money(Decimal("0.0333"), "EUR"))

    def test_an_answer_without_parts_leaves_us_in_doubt(self):
        for document in ({}, {"messages": []}, {"messages": [{}]}, {"messages": "0"}):
            with self.subTest(document):
                provider = make_provider(respond(json.dumps(document).encode()))
                [result] = provider.submit([make_request()])
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)


class TestVonageReceipt(GateCase):
    code = "vonage"

    def test_the_documented_receipt_is_read_from_every_kind_of_call(self):
        fields = {
            "err-code": "0",
            "message-timestamp": "2020-10-25 12:10:29",
            "messageId": "0B00000127FDBC63",
            "msisdn": "447700900000",
            "network-code": "23410",
            "price": "0.03330000",
            "scts": "2010251310",
            "status": "delivered",
            "to": "Vonage CodeTest",
        }
        for push in (
            post(fields),
            post_json(fields),
            PushRequest("GET", b"", query=Fields(fields.items())),
        ):
            with self.subTest(push.method):
                [report] = make_provider().parse_push(push).reports
                self.assertEqual(report.status, DeliveryStatus.DELIVERED)
                self.assertEqual(report.provider_reference, "0B00000127FDBC63")
                self.assertIsNone(report.uuid)
                at = datetime(2020, 10, 25, 12, 10, 29, tzinfo=timezone.utc)
                self.assertEqual(report.occurred_at, at)
                self.assertEqual(report.price, Money(Decimal("0.0333"), "EUR"))

    def test_our_reference_comes_back(self):
        _result, message = self.submit_one()
        push = self.gate.push("delivered", message["reference"])
        [report] = self.parse(push).reports
        self.assertEqual(report.uuid, UUID)

    def test_only_uuids_are_taken_for_ours(self):
        for client_ref in ("", "x", UUID + "-part", UUID + "-parts-", UUID + "\n"):
            [report] = read_receipt("A1", "failed", client_ref=client_ref)
            self.assertIsNone(report.uuid)

    def test_statuses_have_their_meaning(self):
        for word, status in (
            ("accepted", DeliveryStatus.ACCEPTED),
            ("buffered", DeliveryStatus.ACCEPTED),
            ("expired", DeliveryStatus.EXPIRED),
            ("failed", DeliveryStatus.FAILED),
            ("rejected", DeliveryStatus.FAILED),
            ("unknown", DeliveryStatus.UNKNOWABLE),
        ):
            with self.subTest(word):
                [report] = read_receipt("A1", word, client_ref=UUID)
                self.assertEqual((report.status, report.raw), (status, word))

    def test_errors_have_their_reason(self):
        for error, failure_type in (
            ("2", "unreachable"),
            ("3", "invalid_number"),
            ("6", "spam"),
            ("9", "opted_out"),
            ("10", "content_rejected"),
            ("14", "blocked"),
            ("77", "operator_refusal"),
        ):
            with self.subTest(error):
                [report] = read_receipt("A1", "rejected", error=error)
                self.assertEqual(report.code, error)
                self.assertEqual(report.failure_type, failure_type)

    def test_a_delivered_part_delivers_only_what_has_its_reference(self):
        taken, delivered = read_receipt("A1", "delivered", client_ref=f"{UUID}-parts")
        self.assertEqual((taken.status, taken.uuid), (DeliveryStatus.ACCEPTED, UUID))
        self.assertEqual(delivered.status, DeliveryStatus.DELIVERED)
        self.assertIsNone(delivered.uuid)
        for report in (taken, delivered):
            self.assertEqual(report.provider_reference, "A1")
            # of a part, not of the message
            self.assertIsNone(report.price)

    def test_a_part_that_fails_fails_the_message(self):
        for word in ("failed", "rejected", "expired"):
            [report] = read_receipt("A1", word, client_ref=f"{UUID}-parts")
            self.assertEqual(report.uuid, UUID)
            self.assertIn(
                report.status, (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)
            )

    def test_an_inbound_message_is_read(self):
        push = self.gate.write("+79161234567", "+447700900000", "СТОП")
        [message] = self.parse(push).inbound
        self.assertEqual(message.sender, "+79161234567")
        self.assertEqual(message.recipient, "+447700900000")
        self.assertEqual(message.text, "СТОП")
        self.assertTrue(message.provider_reference)
        age = datetime.now(timezone.utc) - message.received_at
        self.assertLess(abs(age), timedelta(minutes=1))

    def test_an_address_may_be_tried_without_fields(self):
        provider = make_provider(signature_secret="secret")
        for push in (PushRequest("GET", b""), post({})):
            answer = provider.parse_push(push)
            self.assertEqual(answer.status, 200)
            self.assertFalse(answer.reports or answer.inbound)

    def test_other_calls_are_unreadable(self):
        for push in (post({"a": "1"}), post_json({"msisdn": "1"}), post_json([1])):
            with self.assertRaises(UnreadablePush):
                make_provider().parse_push(push)


class TestVonageSignature(BaseCase):
    def test_signatures_are_those_of_vonages_own_client(self):
        for method, expected in SIGNATURES.items():
            with self.subTest(method):
                self.assertEqual(sign(SIGNED, "secret", method), expected)
                told = {**SIGNED, "sig": "any"}
                self.assertEqual(sign(told, "secret", method), expected)

    def test_separators_in_values_are_replaced(self):
        for method in SIGNATURES:
            self.assertEqual(
                sign({"a": "1&b=2"}, "secret", method),
                sign({"a": "1_b_2"}, "secret", method),
            )

    def test_every_method_is_checked(self):
        fields = {**dict(make_receipt("A1", "delivered")), "text": " й & = "}
        for method in SIGNATURES:
            provider = make_provider(signature_secret="secret", signature_method=method)
            for sig in (sign(fields, "secret", method), sign(fields, "no", method)):
                for made in (sig, sig.upper()):
                    told = {**fields, "sig": made}
                    pushes = (
                        post(told),
                        post_json(told),
                        PushRequest("GET", b"", query=Fields(told.items())),
                    )
                    for push in pushes:
                        is_right = sig == sign(fields, "secret", method)
                        with self.subTest(method, method=push.method, right=is_right):
                            if is_right:
                                self.assertTrue(provider.parse_push(push).reports)
                            else:
                                with self.assertRaises(ForgedPush):
                                    provider.parse_push(push)

    def test_a_secret_demands_a_signature(self):
        provider = make_provider(signature_secret="secret")
        fields = dict(make_receipt("A1", "delivered"))
        for sig in ({}, {"sig": ""}, {"sig": "й"}):
            with self.assertRaises(ForgedPush):
                provider.parse_push(post({**fields, **sig}))

    def test_values_of_json_are_signed_as_they_are_written(self):
        fields = {"msisdn": "79161234567", "type": "text", "text": " spaces ", "n": "7"}
        fields["concat"] = "true"
        sig = sign(fields, "secret", "md5hash")
        push = post_json({**fields, "n": 7, "concat": True, "sig": sig})
        provider = make_provider(signature_secret="secret")
        [message] = provider.parse_push(push).inbound
        self.assertEqual(message.text, " spaces ")


class TestVonageAccount(GateCase):
    code = "vonage"

    def test_the_balance_is_euros(self):
        provider = make_provider(respond(b'{"value": 10.28, "autoReload": false}'))
        money = (Money(Decimal("10.28"), "EUR"),)
        self.assertEqual(provider.balance().money, money)

    def test_a_balance_that_is_missing_is_an_error(self):
        with self.assertRaises(ProviderError):
            make_provider(respond(b"{}")).balance()

    def test_errors_of_http_keep_their_words(self):
        told = b'{"error-code": "401", "error-code-label": "authentication failed"}'
        problem = b'{"type": "https://x", "title": "Unauthorised", "detail": "No key"}'
        for body, words in ((told, "authentication failed"), (problem, "No key")):
            with self.assertRaises(ProviderError) as caught:
                make_provider(respond(body, status=401)).balance()
            self.assertIn(words, caught.exception.message)

    def test_the_address_is_registered_for_receipts_and_messages(self):
        self.provider.register_callback()
        self.assertEqual(self.gate.stats()["callbacks"], [CALLBACK, CALLBACK])

    def test_an_address_that_is_not_named_is_not_registered(self):
        for body in (b"{}", b"<html>", b'{"mo-callback-url": ""}'):
            with self.assertRaises(ProviderError):
                make_provider(respond(body)).register_callback()
        escaped = json.dumps({"mo-callback-url": ADDRESS}).replace("/", r"\/")
        self.assertTrue(make_provider(respond(escaped.encode())).register_callback())
