"""Jasmin: errors told by their text, receipts, messages in any coding."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import urlencode

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.jasmin import (
    JasminProvider,
    JasminWords,
    build_report_url,
    parse_report,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Fields,
    Money,
    Outcome,
    PushRequest,
    Units,
)

from ..simulators.engine import Inbound, Message
from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

ACCEPTED, DELIVERED = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
FAILED, EXPIRED = DeliveryStatus.FAILED, DeliveryStatus.EXPIRED
SETTINGS = {"url": "http://jasmin.example:1401", "username": "me", "password": "s3cr3t"}
REFERENCE = "07033084-5cfd-4812-90a4-e4d24ffb6e3d"


class TestJasminContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "jasmin"
    # errors are words, see below
    unknown_error = ""

    def get_unsigned_pushes(self, local):
        callback = build_report_url(CALLBACK, self.request().uuid)
        message = Message("1", "+79161234567", "Hello", callback=callback)
        inbound = Inbound("+79161234567", "Shop", "Да", "1")
        yield local.make_push(message, "expired")
        yield local.make_push(message, "ESME_RINVDSTADR")
        yield local.make_inbound_push(inbound, CALLBACK)


class TestJasminSubmit(GateCase):
    code = "jasmin"

    def test_the_default_alphabet_is_not_sent_as_unicode(self):
        for number, (text, coding) in enumerate(
            {"Hello [x]": "0", "Привет": "8", "ok 😀": "8", "`": "8"}.items(), 1
        ):
            with self.subTest(text):
                _result, message = self.submit_one(number=number, text=text)
                self.assertEqual(message["extra"]["coding"], coding)
                self.assertEqual(message["text"], text)

    def test_settings_are_told(self):
        provider = self.make_provider(tags="crm,10", priority="0")
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["sender"], "Shop")
        self.assertEqual(message["extra"]["tags"], "crm,10")
        self.assertEqual(message["extra"]["priority"], "0")

    def test_the_validity_period_is_told_where_it_may_be(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=90)
        for number, (switch, expected) in enumerate({"0": None, "1": 120}.items(), 1):
            provider = self.make_provider(validity=switch)
            provider.submit([self.request(number, valid_until=until)])
            [*_earlier, message] = self.gate.stats()["messages"]
            self.assertEqual(message["valid_for"], expected)

    def test_without_an_address_no_reports_are_asked_for(self):
        provider = JasminProvider(self.settings, HttpClient(allows_private=True))
        self.addCleanup(provider.close)
        provider.submit([self.request()])
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["callback"], "")

    def test_words_of_errors_decide(self):
        user = "Authorization failed for user [odoo]"
        values = "Value filter failed for user [odoo]"
        R, N, M = Outcome.REFUSED, Outcome.NOT_SENT, Outcome.MAYBE_SENT
        for words, outcome, failure_type, stops in (
            ("Authentication failure for username:odoo", N, None, True),
            ("Cannot charge submit_sm, check RouterPB log file for details", N, None,
             True),
            ("User throughput exceeded", N, None, False),
            ("No route found", R, "unsupported", False),
            ("Failover route has no bound connectors", N, None, False),
            ("Cannot send submit_sm, check SMPPClientManagerPB log file for details",
             N, None, False),
            ("InterceptorPB not connected !", N, None, False),
            ("Unknown error: x", M, None, False),
            (f"{user} (Long content not authorized).", R, "content_rejected", False),
            (f"{user} (Setting priority not authorized).", N, None, True),
            (f"{values} (destination_address filter mismatch).", R, "unsupported",
             False),
            (f"{values} (content filter mismatch).", R, "content_rejected", False),
            (f"{values} (source_address filter mismatch).", N, None, True),
            ("Argument [to] has an invalid value: [x].", R, "invalid_number", False),
            ("Argument [tags] is unknown.", N, None, True),
            ("Something else", R, "provider_error", False),
        ):  # fmt: skip
            with self.subTest(words):
                self.gate.config(answers={self.request().msisdn: words})
                [result] = self.provider.submit([self.request()])
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual(bool(result.route_down), stops)
                self.assertEqual(result.is_throttled, "throughput" in words)
                self.assertEqual(result.message, words)
        self.assertEqual(self.gate.stats()["handset_total"], 0)


class TestJasminAnswers(BaseCase):
    def make(self, *answers, **settings):
        return JasminProvider({**SETTINGS, **settings}, FakeHttp(*answers))

    def test_success_has_a_reference(self):
        body = f'Success "{REFERENCE}"'.encode()
        [result] = self.make(body).submit([make_request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, REFERENCE)

    def test_anything_else_leaves_doubt(self):
        for body in (
            b"",
            b"Success",
            b'Success ""',
            b'Success "[Failure instance: Traceback]"',
            b'{"data": "Success"}',
            b'Error "No route found"',
        ):
            with self.subTest(body):
                [result] = self.make(body).submit([make_request()])
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_an_empty_text_is_refused(self):
        http = FakeHttp()
        [result] = JasminProvider(SETTINGS, http).submit([make_request(text="")])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertFalse(http.posts)

    def test_the_balance_has_the_currency_of_the_settings(self):
        body = b'{"balance": 100.0, "sms_count": "ND"}'
        balance = self.make(body, currency="EUR").balance()
        self.assertEqual(balance.money, (Money(Decimal("100.0"), "EUR"),))
        self.assertEqual(balance.units, ())
        self.assertEqual(self.make(body).balance().money, ())

    def test_a_balance_without_limits_is_one(self):
        balance = self.make(b'{"balance": "ND", "sms_count": 47}').balance()
        self.assertEqual(balance.money, ())
        self.assertEqual(balance.units, (Units("sms_count", 47),))

    def test_the_connection_test_has_the_words_of_errors(self):
        words = b'"Authentication failure for username:me"'
        with self.assertRaises(ProviderError) as caught:
            self.make(respond(words, status=403)).test_connection()
        self.assertIn("Authentication failure", caught.exception.message)

    def test_tags_and_currency_are_checked(self):
        for settings, words in (
            ({"tags": "a b"}, JasminWords.BAD_TAGS),
            ({"tags": "тег"}, JasminWords.BAD_TAGS),
            ({"currency": "roubles"}, JasminWords.BAD_CURRENCY),
        ):
            with self.subTest(settings):
                self.assertEqual(self.make(**settings).check_settings(), [words.say()])
        self.assertFalse(self.make(tags="crm,10-a", currency="RUB").check_settings())


class TestJasminReports(BaseCase):
    """Reports as Jasmin 0.11.1 sends them."""

    def read(self, word, **values):
        pairs = {"id": REFERENCE, "uuid": "u1", "message_status": word, **values}
        return parse_report(Fields(pairs.items()))

    def test_words_decide(self):
        for word, err, status, failure_type, code in (
            ("ESME_ROK", "", ACCEPTED, None, ""),
            ("ESME_RINVDSTADR", "", FAILED, "invalid_number", "ESME_RINVDSTADR"),
            ("ESME_RINVSRCADR", "", FAILED, "sender_rejected", "ESME_RINVSRCADR"),
            ("ESME_RSYSERR", "", FAILED, "provider_error", "ESME_RSYSERR"),
            ("DELIVRD", "000", DELIVERED, None, ""),
            ("ACCEPTD", "000", ACCEPTED, None, ""),
            ("ENROUTE", "", ACCEPTED, None, ""),
            ("UNDELIV", "069", FAILED, "unreachable", "069"),
            ("UNDELIV", "000", FAILED, "unreachable", "UNDELIV"),
            ("EXPIRED", "000", EXPIRED, None, "EXPIRED"),
            ("REJECTD", "12", FAILED, "operator_refusal", "12"),
            ("DELETED", "", FAILED, "operator_refusal", "DELETED"),
            ("UNKNOWN", "", DeliveryStatus.UNKNOWABLE, None, ""),
        ):
            with self.subTest(word=word, err=err):
                report = self.read(word, err=err)
                self.assertEqual(report.status, status)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual(report.code, code)
                self.assertEqual(report.provider_reference, REFERENCE)
                self.assertEqual(report.uuid, "u1")

    def test_what_a_receipt_repeats_of_the_text_is_not_kept(self):
        self.assertNotIn("1234", repr(self.read("DELIVRD", text="Your code 1234")))


class TestJasminPushes(BaseCase):
    def receive(self, pairs, method="POST"):
        fields = urlencode(pairs)
        body = fields.encode() if method == "POST" else b""
        url = CALLBACK if method == "POST" else f"{CALLBACK}?{fields}"
        request = PushRequest(method, body, urls=(url,))
        answer = JasminProvider(SETTINGS, FakeHttp()).parse_push(request)
        self.assertEqual((answer.status, answer.body), (200, b"ACK/Jasmin"))
        return answer

    def write(self, octets, coding, method="POST", **values):
        pairs = {"id": "1", "from": "79161112233", "to": "1234", "coding": coding}
        pairs |= {"content": octets, "binary": octets.hex(), **values}
        [message] = self.receive(pairs, method).inbound
        return message

    def test_texts_are_read_in_their_coding(self):
        for coding, octets, text in (
            ("8", "Привет «мир» 😀".encode("utf-16-be"), "Привет «мир» 😀"),
            ("0", b"hi \x00 \x02 \x11 \x1be", "hi @ $ _ €"),
            ("1", b"plain @", "plain @"),
            ("3", "hé «».".encode("latin-1"), "hé «»."),
            ("6", "Да".encode("iso8859-5"), "Да"),
            ("99", "Да".encode(), "Да"),
            # as Jasmin 0.11 sends them
            ("\x08", "Да".encode("utf-16-be"), "Да"),
            ("\x00", b"hi \x00", "hi @"),
        ):
            for method in ("GET", "POST"):
                with self.subTest(coding=coding, method=method):
                    message = self.write(octets, coding, method)
                    self.assertEqual(message.text, text)
                    self.assertEqual(message.sender, "+79161112233")
                    self.assertEqual(message.recipient, "1234")
                    self.assertEqual(message.provider_reference, "1")

    def test_the_content_stands_in_for_digits_that_are_none(self):
        for binary in ("", "0", "zz", "да"):
            with self.subTest(binary):
                message = self.write("Да".encode("utf-16-be"), "8", binary=binary)
                self.assertEqual(message.text, "Да")

    def test_reports_come_either_way(self):
        for method in ("GET", "POST"):
            pairs = {"id": REFERENCE, "level": "1", "message_status": "ESME_ROK"}
            [report] = self.receive(pairs, method).reports
            self.assertEqual(report.provider_reference, REFERENCE)

    def test_what_is_neither_report_nor_message_is_unreadable(self):
        for pairs in ({}, {"from": "7916"}, {"content": "x"}, {"message_status": ""}):
            with self.subTest(pairs), self.assertRaises(UnreadablePush):
                self.receive(pairs)
