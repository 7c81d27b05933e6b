"""Kannel: its words, its escapes, and messages that are known by our uuid alone."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.kannel import (
    KannelProvider,
    build_report_url,
    parse_report,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Outcome,
    PushRequest,
)

from ..simulators.engine import Inbound, Message
from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

ROOT = Path(__file__).resolve().parents[2]
ACCEPTED, DELIVERED = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
FAILED, EXPIRED = DeliveryStatus.FAILED, DeliveryStatus.EXPIRED
RECEIPT = (
    "id:smsc00000003 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001"
)
SETTINGS = {
    "url": "http://kannel.example:13013",
    "username": "me",
    "password": "s3cr3t",
}


class KannelCase(GateCase):
    code = "kannel"

    def setUp(self):
        super().setUp()
        self.gate.config(callback=self.provider.get_callback_address())


class TestKannelContract(GateContract, KannelCase):
    allow_inherited_tests_method = True
    unknown_status = "64"
    # errors are words, see below
    unknown_error = ""

    def get_unsigned_pushes(self, local):
        uuid = self.request().uuid
        callback = build_report_url(CALLBACK, uuid)
        message = Message("1", "+79161234567", "Hello", callback=callback)
        inbound = Inbound("+79161234567", "Shop", "Да", "1")
        yield local.make_push(message, "expired")
        yield local.make_inbound_push(inbound, self.provider.get_callback_address())

    # No answer has a reference: these tell messages apart by what reached the handsets.
    def test_one_result_per_request_in_order(self):
        [result], [message] = self.submit(self.request())
        self.assertIsNone(result.provider_reference)
        self.assertEqual(message["msisdn"], self.request().msisdn)

    def test_one_number_may_get_several_texts(self):
        for number, text in enumerate(["One", "Two", "One"], 1):
            self.submit_one(number=number, msisdn="+79161234567", text=text)
        taken = [message["text"] for message in self.gate.stats()["messages"]]
        self.assertEqual(taken, ["One", "Two", "One"])

    def test_threads_share_a_provider(self):
        requests = [self.request(number) for number in range(1, 17)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda request: self.provider.submit([request]), requests))
        told = {
            message["msisdn"]: parse_qs(urlsplit(message["callback"]).query)["uuid"]
            for message in self.gate.stats()["messages"]
        }
        self.assertEqual(told, {r.msisdn: [r.uuid] for r in requests})


class TestKannelSubmit(KannelCase):
    def test_the_default_alphabet_is_not_sent_as_unicode(self):
        for number, (text, coding) in enumerate(
            {"Hello [€] é": "0", "Привет": "2", "ok 😀": "2", "`": "2"}.items(), 1
        ):
            with self.subTest(text):
                _result, message = self.submit_one(number=number, text=text)
                self.assertEqual(message["extra"]["coding"], coding)
                self.assertEqual(message["text"], text)

    def test_an_empty_text_is_refused_without_a_call(self):
        [result] = self.provider.submit([self.request(text="")])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "missing_data")
        self.assertFalse(self.gate.stats()["calls"])

    def test_settings_are_told(self):
        provider = self.make_provider(smsc="operator", priority="3")
        provider.submit([self.request()])
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["sender"], "Shop")
        self.assertEqual(message["extra"]["smsc"], "operator")

    def test_a_begun_minute_of_validity_is_a_whole_one(self):
        moment = datetime.now(timezone.utc)
        for number, (seconds, expected) in enumerate(
            {-5: 60, 1: 60, 90: 120, 10**9: 63 * 7 * 86400}.items(), 1
        ):
            with self.subTest(seconds):
                until = moment + timedelta(seconds=seconds)
                _result, message = self.submit_one(number=number, valid_until=until)
                self.assertEqual(message["valid_for"], expected)

    def test_words_of_refusals_decide(self):
        denied = "Number(s) has/have been denied by white- and/or black-lists."
        for words, outcome, failure_type in (
            ("Not routable. Do not try again.", Outcome.REFUSED, "unsupported"),
            (denied, Outcome.REFUSED, "blocked"),
            ("Empty receiver number not allowed", Outcome.REFUSED, "invalid_number"),
            ("Something else, rejected", Outcome.REFUSED, "provider_error"),
            ("Temporal failure, try again later.", Outcome.NOT_SENT, None),
        ):
            with self.subTest(words):
                self.gate.config(answers={self.request().msisdn: words})
                [result] = self.provider.submit([self.request()])
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual(result.message, words)
        self.assertEqual(self.gate.stats()["handset_total"], 0)

    def test_a_sender_that_is_missing_stops_the_route(self):
        provider = self.make_provider(sender="")
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("Sender missing", result.route_down)

    def test_without_an_address_no_reports_are_asked_for(self):
        provider = KannelProvider(self.settings, HttpClient(allows_private=True))
        self.addCleanup(provider.close)
        provider.submit([self.request()])
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["callback"], "")


class TestKannelAnswers(BaseCase):
    def submit(self, answer):
        provider = KannelProvider(SETTINGS, FakeHttp(answer))
        [result] = provider.submit([make_request()])
        return result

    def test_success_is_what_kannel_calls_so(self):
        for status, words in (
            (202, "0: Accepted for delivery"),
            (202, "3: Queued for later delivery"),
            (200, "Sent."),
        ):
            result = self.submit(respond(words.encode(), status=status))
            self.assertEqual(result.outcome, Outcome.ACCEPTED)

    def test_a_server_that_is_no_kannel_leaves_doubt(self):
        for answer in (
            respond(b"<html>Welcome</html>"),
            respond(b"Temporal failure, try again later.", status=200),
            respond(b"0: Accepted for delivery", status=502),
            respond(b"<html>Bad gateway</html>", status=502),
            respond(b"Service unavailable", status=503),
        ):
            with self.subTest(answer.body):
                self.assertEqual(self.submit(answer).outcome, Outcome.MAYBE_SENT)

    def test_the_connection_is_proven_by_kannels_own_words_only(self):
        for answer in (
            respond(b"<html>Bad request</html>", status=400),
            respond(b"Welcome"),
            respond(b"Authorization failed for sendsms", status=403),
        ):
            with self.subTest(answer.body), self.assertRaises(ProviderError):
                KannelProvider(SETTINGS, FakeHttp(answer)).test_connection()


class TestKannelReports(BaseCase):
    """Reports as Kannel 1.4.5 sent them."""

    def read(self, kind, answer="", **values):
        pairs = {"uuid": "u1", "type": kind, "answer": answer, **values}
        return parse_report(Fields(pairs.items()))

    def test_types_and_receipts_decide(self):
        for kind, answer, status, failure_type, code in (
            ("8", "ACK/", ACCEPTED, None, ""),
            ("4", "", ACCEPTED, None, ""),
            ("1", "", DELIVERED, None, ""),
            ("1", f"{RECEIPT} stat:DELIVRD err:000 text:x", DELIVERED, None, ""),
            ("2", f"{RECEIPT} stat:UNDELIV err:027", FAILED, "unreachable", "027"),
            ("2", f"{RECEIPT} stat:EXPIRED err:000", EXPIRED, None, "EXPIRED"),
            ("2", f"{RECEIPT} stat:REJECTD err:1", FAILED, "operator_refusal", "1"),
            ("2", f"{RECEIPT} STAT:deleted", FAILED, "operator_refusal", "deleted"),
            ("2", "stat:UNKNOWN", DeliveryStatus.UNKNOWABLE, None, ""),
            ("2", "stat:SKIPPED", FAILED, "unreachable", ""),
            ("2", "", FAILED, "unreachable", ""),
            ("16", "NACK/DISCARDED", FAILED, "provider_error", "DISCARDED"),
            ("16", "NACK/", FAILED, "operator_refusal", ""),
            ("16", "NACK/no SMSC", FAILED, "unsupported", "no SMSC"),
            ("16", "NACK/validity expired", EXPIRED, None, "validity expired"),
            ("16", "", FAILED, "provider_error", ""),
            ("64", "", ACCEPTED, None, ""),
        ):
            with self.subTest(kind=kind, answer=answer):
                report = self.read(kind, answer)
                self.assertEqual(report.status, status)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual(report.code, code)
                self.assertEqual(report.uuid, "u1")
                self.assertIsNone(report.provider_reference)

    def test_refusals_of_the_smsc_have_their_number_and_words(self):
        for answer, failure_type, code, words in (
            ("NACK/0x0000000b/Invalid Destination Address", "invalid_number",
             "0x0000000b", "Invalid Destination Address"),
            ("NACK/0x0000000a/Invalid Source", "sender_rejected", "0x0000000a",
             "Invalid Source"),
            ("NACK/0x00000045/Submit failed", "operator_refusal", "0x00000045",
             "Submit failed"),
            ("NACK/0x00000411/Vendor-specific error", "provider_error", "0x00000411",
             "Vendor-specific error"),
            ("NACK/REJECTED", "provider_error", "REJECTED", "REJECTED"),
        ):  # fmt: skip
            with self.subTest(answer):
                report = self.read("16", answer)
                self.assertEqual(report.status, FAILED)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual((report.code, report.message), (code, words))

    def test_what_a_receipt_repeats_of_the_text_is_not_kept(self):
        report = self.read("1", f"{RECEIPT} stat:DELIVRD err:000 Text:Your code 1234")
        self.assertNotIn("1234", repr(report))
        self.assertIn("stat:DELIVRD", report.raw)

    def test_time_and_number_are_kept(self):
        report = self.read("1", time="1795938689", number="79161230001")
        self.assertEqual(report.occurred_at.timestamp(), 1795938689)
        self.assertEqual(report.msisdn, "+79161230001")
        report = self.read("1", time="x", number="Shop")
        self.assertIsNone(report.occurred_at or report.msisdn)

    def test_a_report_without_a_type_is_unreadable(self):
        with self.assertRaises(UnreadablePush):
            self.read("")


class TestKannelInbound(BaseCase):
    """Messages as Kannel 1.4.5 sent them to a ``get-url``."""

    def receive(self, query):
        url = f"{CALLBACK}?{query}"
        request = PushRequest("GET", b"", urls=(url,), query=Fields.parse(query))
        answer = KannelProvider(SETTINGS, FakeHttp()).parse_push(request)
        self.assertEqual((answer.status, answer.body), (200, b""))
        [message] = answer.inbound
        return message

    def test_unicode_comes_as_octets(self):
        text = "Привет «мир» 😀 № 1"
        octets = quote(text.encode("utf-16-be"), safe="").replace("%20", "+")
        message = self.receive(
            f"sender=%2B79161112233&recipient=1234&coding=2&time=1795938395&id=a-1"
            f"&text={octets}"
        )
        self.assertEqual(message.text, text)
        self.assertEqual(message.sender, "+79161112233")
        self.assertEqual(message.recipient, "1234")
        self.assertEqual(message.provider_reference, "a-1")
        self.assertEqual(message.received_at.timestamp(), 1795938395)

    def test_the_default_alphabet_comes_as_utf_8(self):
        text = quote("hi @ $ _ € hé«")
        message = self.receive(f"sender=79161112233&coding=0&text={text}")
        self.assertEqual(message.text, "hi @ $ _ € hé«")
        self.assertEqual(message.sender, "+79161112233")

    def test_an_empty_message_is_one(self):
        self.assertEqual(self.receive("sender=Bank&coding=0&text=").text, "")

    def test_what_is_neither_report_nor_message_is_unreadable(self):
        for query in ("", "text=x", "sender=1", "uuid=&type=1", "x"):
            with self.subTest(query), self.assertRaises(UnreadablePush):
                self.receive(query)

    def test_the_address_for_kannel_has_its_escapes(self):
        provider = KannelProvider(SETTINGS, FakeHttp())
        self.assertEqual(provider.get_callback_address(), "")
        address = build_report_url("https://odoo.example/push/t", "u 1")
        self.assertIn("?uuid=u+1&type=%d&answer=%A&", address)

    def test_the_configuration_of_the_documentation_has_them(self):
        text = (ROOT / "docs" / "kannel.conf").read_text("utf-8")
        [url] = re.findall('get-url = "(.*)"', text)
        context = Context(callback_url=url.partition("?")[0])
        provider = KannelProvider(SETTINGS, FakeHttp(), context)
        self.assertEqual(provider.get_callback_address(), url)
