"""Twilio: messages, calls, and signatures that Twilio's own library made."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from lxml import etree
from twilio.request_validator import RequestValidator

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.twilio import TwilioProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Money,
    Outcome,
    PushRequest,
)

from .common import FakeHttp, make_request, respond
from .contract import GateCase, GateContract

TOKEN = "12345"
ADDRESS = "https://crm.example.com/sms_gateway/push/t0ken"
SETTINGS = {
    "account_sid": "AC" + "a" * 32,
    "auth_token": TOKEN,
    "sender": "+14155550100",
}
SID = "SM" + "0" * 32
URL = "https://odoo.example/push?uuid=" + "0" * 31 + "1"
REPORT = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+79160000001"}


def make_provider(*answers, callback=ADDRESS, **settings):
    context = Context("Route", callback_url=callback)
    return TwilioProvider({**SETTINGS, **settings}, FakeHttp(*answers), context)


def answer(http_status=200, /, **values):
    return respond(json.dumps(values).encode(), status=http_status)


def sign(url, fields, token=TOKEN):
    """What Twilio's library makes of a request."""
    return RequestValidator(token).compute_signature(url, fields)


def make_push(fields, *urls, signature="", method="POST", **headers):
    """A push as the gateway gets it."""
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    known = {"content-type": "application/x-www-form-urlencoded", **headers}
    return PushRequest(
        method,
        body,
        urls=urls,
        headers={**known, "x-twilio-signature": signature},
        query=Fields.parse(urlsplit(urls[0]).query),
    )


class MultiFields(dict):
    """Fields with repeated names, as web frameworks hand them to the library."""

    def getlist(self, name):
        return self[name]


class TestTwilioContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "twilio"
    unknown_error = "29999"


class TestTwilioSignature(BaseCase):
    def parse(self, push):
        return make_provider().parse_push(push)

    def assert_forged(self, push):
        with self.assertRaises(ForgedPush):
            self.parse(push)

    def test_forms_that_the_library_signs_are_taken(self):
        for fields in (
            REPORT,
            {**REPORT, "RawDlrDoneDate": "", "Z": "й&=+ 😀", "a": "lower case last"},
        ):
            with self.subTest(fields):
                push = make_push(fields, URL, signature=sign(URL, fields))
                [report] = self.parse(push).reports
                self.assertEqual(report.status, DeliveryStatus.DELIVERED)
                self.assertEqual(report.uuid, "0" * 31 + "1")

    def test_the_example_of_the_documentation_is_taken(self):
        """https://www.twilio.com/docs/usage/security, with its token and signature."""
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        fields = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        push = make_push(fields, url, signature="RSOYDt4T1cUTdK1PDd93/VVr8B8=")
        with self.assertRaises(UnreadablePush):  # it has no status
            self.parse(push)

    def test_repeated_names_are_signed_once_each_in_order(self):
        pairs = [*REPORT.items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b")]
        fields = MultiFields({name: [value] for name, value in REPORT.items()})
        fields["Tag"] = ["b", "a", "b"]
        push = make_push(pairs, URL, signature=sign(URL, fields))
        self.assertTrue(self.parse(push).reports)

    def test_ports_are_signed_or_not(self):
        for scheme, port in (("https", 443), ("http", 80), ("https", 8443)):
            bare = f"{scheme}://odoo.example/push?a=1"
            full = f"{scheme}://odoo.example:{port}/push?a=1"
            signed = (bare, full) if port != 8443 else (bare,)
            for url in signed:
                for called in (bare, full):
                    with self.subTest(signed=url, called=called):
                        push = make_push(REPORT, called, signature=sign(url, REPORT))
                        self.assertTrue(self.parse(push).reports)

    def test_any_of_the_addresses_may_be_signed(self):
        signature = sign(URL, REPORT)
        push = make_push(REPORT, "http://127.0.0.1:8069/push", URL, signature=signature)
        self.assertTrue(self.parse(push).reports)

    def test_json_is_signed_by_its_hash(self):
        body = json.dumps(REPORT).encode()
        made = RequestValidator(TOKEN).compute_hash(body.decode())
        url = f"{URL}&bodySHA256={made}"
        push = make_push(body, url, signature=sign(url, {}))
        push = replace(
            push, headers={**push.headers, "content-type": "application/json"}
        )
        [report] = self.parse(push).reports
        self.assertEqual(report.provider_reference, SID)
        self.assert_forged(replace(push, body=body.replace(b"delivered", b"failed")))
        self.assert_forged(replace(push, urls=(URL,)))

    def test_json_without_a_hash_is_refused(self):
        headers = {"content-type": "application/json"}
        body = json.dumps(REPORT).encode()
        self.assert_forged(make_push(body, URL, signature=sign(URL, {}), **headers))

    def test_queries_are_signed(self):
        url = f"{URL}&{urlencode(REPORT)}"
        push = make_push({}, url, signature=sign(url, {}), method="GET")
        self.assertTrue(self.parse(push).reports)
        self.assert_forged(replace(push, urls=(url + "&x=1",)))

    def test_what_was_changed_is_refused(self):
        signature = sign(URL, REPORT)
        self.assert_forged(
            make_push({**REPORT, "MessageStatus": "failed"}, URL, signature=signature)
        )
        self.assert_forged(make_push({**REPORT, "X": "1"}, URL, signature=signature))
        self.assert_forged(make_push(REPORT, URL + "2", signature=signature))

    def test_other_signatures_are_refused(self):
        for signature in ("", "x", "\udcffй", sign(URL, REPORT, "another token")):
            with self.subTest(signature):
                self.assert_forged(make_push(REPORT, URL, signature=signature))

    def test_nothing_is_taken_without_a_token(self):
        push = make_push(REPORT, URL, signature=sign(URL, REPORT, ""))
        with self.assertRaises(UnreadablePush):
            make_provider(auth_token="").parse_push(push)


class TestTwilioMessage(GateCase):
    code = "twilio"

    def build(self, provider, **values):
        call = provider._build_submit([make_request(**values)])
        return call, dict(parse_qsl(call.body.decode(), keep_blank_values=True))

    def test_a_message_is_a_form(self):
        call, form = self.build(make_provider(), text="Да & нет")
        self.assertEqual(call.method, "POST")
        self.assertEqual(
            call.path, f"2010-04-01/Accounts/{SETTINGS['account_sid']}/Messages.json"
        )
        self.assertEqual(
            form,
            {
                "To": "+79160000001",
                "From": "+14155550100",
                "Body": "Да & нет",
                "StatusCallback": f"{ADDRESS}?uuid={make_request().uuid}",
            },
        )

    def test_a_messaging_service_chooses_the_sender(self):
        service = "MG" + "b" * 32
        provider = self.make_provider(sender="", messaging_service=service)
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        _call, form = self.build(provider)
        self.assertEqual(form["MessagingServiceSid"], service)
        self.assertNotIn("From", form)

    def test_the_validity_is_clamped(self):
        moment = datetime.now(timezone.utc)
        for seconds, expected in ((-9, 5), (1, 5), (3600, 3600), (10**6, 36_000)):
            until = moment + timedelta(seconds=seconds + 0.9)
            _call, form = self.build(make_provider(), valid_until=until)
            self.assertAlmostEqual(int(form["ValidityPeriod"]), expected, delta=1)

    def test_addresses_that_twilio_cannot_call_are_not_told(self):
        for address in (
            "",
            "http://localhost/p",
            "http://10.0.0.1/p",
            "https://a_b.c/p",
        ):
            with self.subTest(address):
                _call, form = self.build(make_provider(callback=address))
                self.assertNotIn("StatusCallback", form)

    def test_an_api_key_logs_in(self):
        self.gate.config(keys={"SK1": "key secret"})
        provider = self.make_provider(
            api_key="SK1", api_secret="key secret", auth_token="another"
        )
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED, result)

    def test_codes_have_their_meaning(self):
        for code, failure_type in (
            ("21211", "invalid_number"),
            ("21408", "unsupported"),
            ("21606", "sender_rejected"),
            ("21610", "opted_out"),
            ("21617", "content_rejected"),
            ("30007", "spam"),
            ("30034", "sender_unregistered"),
        ):
            with self.subTest(code):
                self.gate.config(answers={self.request().msisdn: code})
                [result] = self.provider.submit([self.request()])
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual((result.code, result.message), (code, f"Error {code}"))

    def test_codes_that_concern_the_account_stop_the_route(self):
        for code in ("20003", "20005", "21212", "21609", "30002"):
            with self.subTest(code):
                self.gate.config(answers={self.request().msisdn: code})
                [result] = self.provider.submit([self.request()])
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertIn(code, result.route_down)

    def test_too_many_requests_are_tried_later(self):
        wait = respond(b'{"code": 20429, "message": "Too Many"}', status=429)
        wait.headers["retry-after"] = "7"
        [result] = make_provider(wait).submit([make_request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertEqual((result.code, result.retry_after), ("20429", 7))
        self.assertFalse(result.route_down)
        self.assertTrue(result.is_throttled)

    def test_full_queues_slow_the_route_down(self):
        for code in (b"21611", b"30001"):
            full = respond(b'{"code": %s, "message": "Full"}' % code, status=400)
            [result] = make_provider(full).submit([make_request()])
            self.assertEqual(result.outcome, Outcome.NOT_SENT)
            self.assertTrue(result.is_throttled)

    def test_a_message_that_failed_at_once_is_refused(self):
        failed = answer(201, sid=SID, status="failed", error_code=30005)
        [result] = make_provider(failed).submit([make_request()])
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "invalid_number")
        self.assertEqual(result.provider_reference, SID)

    def test_parts_and_price_are_told(self):
        values = {"num_segments": "2", "price": "-0.0150", "price_unit": "usd"}
        told = answer(201, sid=SID, status="queued", **values)
        [result] = make_provider(told).submit([make_request()])
        self.assertEqual(result.segments, 2)
        self.assertEqual(result.price, Money(Decimal("0.0150"), "USD"))
        # of a Messaging Service, before it has chosen the sender
        told = answer(201, sid=SID, status="accepted", num_segments="0", price=None)
        [result] = make_provider(told).submit([make_request()])
        self.assertIsNone(result.segments)
        self.assertIsNone(result.price)

    def test_an_answer_without_a_reference_leaves_us_in_doubt(self):
        for sid in (None, "", 7, "../../Balance", "XX" + "0" * 32):
            with self.subTest(sid):
                told = answer(201, sid=sid, status="queued")
                [result] = make_provider(told).submit([make_request()])
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_without_a_sender_no_message_leaves(self):
        provider = make_provider(sender="", caller="+14155550100")
        [result] = provider.submit([make_request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("sender", result.route_down)


class TestTwilioCall(GateCase):
    code = "twilio"

    def request(self, number=1, **values):
        return super().request(number, **{"channel": "voice", **values})

    def get_form(self, provider=None, **values):
        request = self.request(**values)
        call = (provider or self.provider)._build_submit([request])
        return dict(parse_qsl(call.body.decode(), keep_blank_values=True))

    def test_a_call_says_the_text(self):
        _result, message = self.submit_one(text='Код: 1 < 2 & "3"')
        self.assertEqual(message["channel"], "voice")
        self.assertEqual(message["text"], 'Код: 1 < 2 & "3"')
        form = message["extra"]
        self.assertEqual((form["From"], form["Timeout"]), ("+14155550100", "60"))
        self.assertNotIn("MachineDetection", form)

    def test_language_voice_and_ringing_are_settings(self):
        provider = make_provider(
            language="en-GB", voice="Polly.Amy", ring_timeout="25", detect_machine="1"
        )
        form = self.get_form(provider)
        [said] = etree.fromstring(form["Twiml"].encode())
        self.assertEqual(
            (said.get("language"), said.get("voice")), ("en-GB", "Polly.Amy")
        )
        self.assertEqual((form["Timeout"], form["MachineDetection"]), ("25", "Enable"))

    def test_what_xml_cannot_carry_is_a_pause(self):
        _result, message = self.submit_one(text="one\x07\x00two\ufffe")
        self.assertEqual(message["text"], "one  two ")

    def test_a_speech_that_grows_too_long_is_refused(self):
        for text, outcome in (
            ("a" * 3800, Outcome.ACCEPTED),
            ("a" * 3801, Outcome.REFUSED),
            ("&" * 1000, Outcome.REFUSED),
        ):
            with self.subTest(text[:2], length=len(text)):
                [result] = self.provider.submit([self.request(text=text)])
                self.assertEqual(result.outcome, outcome)

    def test_the_number_that_calls_may_differ_from_the_sender(self):
        provider = make_provider(sender="Shop", caller="+1 (415) 555-0199")
        self.assertEqual(self.get_form(provider)["From"], "+14155550199")

    def test_a_name_cannot_call(self):
        [result] = make_provider(sender="Shop").submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertTrue(result.route_down)

    def test_what_became_of_a_call_is_polled(self):
        self.gate.config(answered_by="machine_start")
        provider = self.make_provider(detect_machine="1")
        [result] = provider.submit([self.request()])
        for word, status, failure_type in (
            ("queued", DeliveryStatus.ACCEPTED, None),
            ("ringing", DeliveryStatus.ACCEPTED, None),
            ("busy", DeliveryStatus.FAILED, "busy"),
            ("no-answer", DeliveryStatus.FAILED, "no_answer"),
            ("canceled", DeliveryStatus.FAILED, "other"),
            ("completed", DeliveryStatus.FAILED, "machine"),
        ):
            with self.subTest(word):
                self.gate.set_status(word)
                [report] = provider.poll([result.provider_reference])
                self.assertEqual((report.status, report.raw), (status, word))
                self.assertEqual(report.failure_type, failure_type)

    def test_a_call_that_failed_is_no_fault_of_the_number(self):
        failed = answer(sid="CA" + "0" * 32, status="failed", answered_by=None)
        [report] = make_provider(failed).poll(["CA" + "0" * 32])
        self.assertEqual(report.status, DeliveryStatus.FAILED)
        self.assertEqual(report.failure_type, "provider_error")

    def test_what_answered_a_call_is_pushed(self):
        provider = self.make_provider(detect_machine="1")
        provider.submit([self.request()])
        [message] = self.gate.stats()["messages"]
        for answered_by, status in (
            ("human", DeliveryStatus.DELIVERED),
            ("unknown", DeliveryStatus.DELIVERED),
            ("machine_start", DeliveryStatus.FAILED),
            ("fax", DeliveryStatus.FAILED),
        ):
            with self.subTest(answered_by):
                self.gate.config(answered_by=answered_by)
                push = self.gate.push("delivered", message["reference"])
                [report] = self.parse(push).reports
                self.assertEqual(report.status, status)
                self.assertEqual(report.uuid, self.request().uuid)
                is_bad = status is DeliveryStatus.FAILED
                self.assertEqual(report.failure_type, "machine" if is_bad else None)
                self.assertTrue(report.occurred_at)

    def test_calls_of_others_to_our_number_are_no_reports(self):
        fields = {"CallSid": "CA" + "1" * 32, "CallStatus": "ringing"}
        fields["Direction"] = "inbound"
        told = make_push(fields, URL, signature=sign(URL, fields))
        answer = make_provider().parse_push(told)
        self.assertFalse(answer.reports or answer.inbound)
        self.assertEqual(answer.body, b"<Response/>")


class TestTwilioReport(GateCase):
    code = "twilio"

    def test_errors_have_their_reason(self):
        result, message = self.submit_one()
        for code, failure_type in (
            ("30003", "unreachable"),
            ("30004", "blocked"),
            ("30005", "invalid_number"),
            ("30007", "spam"),
            ("30008", "provider_error"),
            ("30002", "unreachable"),
            ("39999", "unreachable"),
        ):
            self.gate.config(error_code=code)
            self.gate.set_status("failed")
            push = self.gate.push("failed", message["reference"])
            [polled] = self.provider.poll([result.provider_reference])
            for report in (polled, *self.parse(push).reports):
                with self.subTest(code):
                    self.assertEqual(report.status, DeliveryStatus.FAILED)
                    self.assertEqual((report.code, report.raw), (code, "undelivered"))
                    self.assertEqual(report.failure_type, failure_type)

    def test_a_queue_that_took_too_long_is_an_expiry(self):
        result, _message = self.submit_one()
        self.gate.set_status("expired")
        [report] = self.provider.poll([result.provider_reference])
        self.assertEqual(report.status, DeliveryStatus.EXPIRED)
        self.assertEqual((report.code, report.raw), ("30036", "failed"))
        self.assertIsNone(report.failure_type)

    def test_price_parts_and_time_are_polled(self):
        result, _message = self.submit_one(text="й" * 100)
        self.gate.set_status("delivered")
        [report] = self.provider.poll([result.provider_reference])
        self.assertEqual(report.price, Money(Decimal("0.00750"), "USD"))
        self.assertEqual(report.segments, 2)
        age = datetime.now(timezone.utc) - report.occurred_at
        self.assertLess(abs(age), timedelta(minutes=1))

    def test_the_documented_message_is_read(self):
        told = answer(
            sid="SM" + "a" * 32,
            status="sent",
            error_code=None,
            error_message=None,
            num_segments="1",
            price=None,
            price_unit=None,
            date_updated="Thu, 24 Aug 2023 05:01:45 +0000",
        )
        [report] = make_provider(told).poll(["SM" + "a" * 32])
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        at = datetime(2023, 8, 24, 5, 1, 45, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, at)

    def test_a_deleted_message_proves_nothing(self):
        with self.assertRaises(ProviderError):
            self.provider.poll([SID])

    def test_only_uuids_are_taken_for_ours(self):
        for uuid in ("", "x", "0" * 33, "'--"):
            url = f"https://odoo.example/push?{urlencode({'uuid': uuid})}"
            told = make_push(REPORT, url, signature=sign(url, REPORT))
            [report] = make_provider().parse_push(told).reports
            self.assertIsNone(report.uuid)
            self.assertEqual(report.provider_reference, SID)

    def test_a_push_without_a_status_is_unreadable(self):
        for fields in ({}, {"MessageSid": SID}, {"MessageStatus": "sent"}):
            told = make_push(fields, URL, signature=sign(URL, fields))
            with self.assertRaises(UnreadablePush):
                make_provider().parse_push(told)

    def test_an_inbound_message_is_answered_with_twiml(self):
        push = self.gate.write("+79161234567", "+14155550100", "СТОП")
        answer = self.parse(push)
        [message] = answer.inbound
        self.assertEqual(message.text, "СТОП")
        self.assertEqual(message.sender, "+79161234567")
        self.assertEqual(message.recipient, "+14155550100")
        self.assertTrue(message.provider_reference.startswith("SM"))
        self.assertEqual(answer.body, b"<Response/>")
        self.assertEqual(answer.content_type.partition(";")[0], "text/xml")


class TestTwilioLookup(GateCase):
    code = "twilio"

    def ask(self, **values):
        moment = datetime.now(timezone.utc)
        request = self.request(**{"attempted_at": moment, **values})
        [found] = self.provider.lookup([request])
        return found

    def test_a_call_without_an_answer_is_found(self):
        self.gate.arm("drop_after")
        [result] = self.provider.submit([self.request(channel="voice")])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        [report] = self.ask(channel="voice")
        self.assertTrue(report.provider_reference.startswith("CA"))
        self.assertFalse(self.ask())

    def test_queued_messages_are_listed(self):
        """Twilio's filters by time know sent messages only."""
        self.submit_one()
        self.gate.set_status("queued")
        [report] = self.ask()
        self.assertEqual(report.raw, "queued")

    def test_all_that_may_be_ours_are_found(self):
        self.submit(self.request())
        self.submit(self.request())
        self.assertEqual(len(self.ask()), 2)

    def test_earlier_messages_are_not_ours(self):
        self.submit_one()
        later = datetime.now(timezone.utc) + timedelta(minutes=6)
        self.assertFalse(self.ask(attempted_at=later))
        # within what clocks may differ by
        later = datetime.now(timezone.utc) + timedelta(minutes=4)
        self.assertTrue(self.ask(attempted_at=later))

    def test_a_text_that_twilio_changed_is_ours(self):
        self.gate.config(prefix="Sent from your Twilio trial account - ")
        self.submit_one(text="It’s «ready»…")
        self.assertTrue(self.ask(text='It\'s "ready"...'))
        self.assertFalse(self.ask(text="It is ready"))

    def test_a_hidden_text_may_be_ours(self):
        item = {"sid": SID, "status": "sent", "body": ""}
        provider = make_provider(answer(messages=[item], next_page_uri=None))
        [found] = provider.lookup([make_request()])
        self.assertEqual(len(found), 1)

    def test_calls_from_other_numbers_are_not_ours(self):
        self.submit_one(channel="voice")
        self.provider = self.make_provider(caller="+14155550199")
        self.assertFalse(self.ask(channel="voice"))

    def test_a_list_that_goes_on_proves_nothing(self):
        for values in (
            {"messages": [], "next_page_uri": "/2010-04-01/…&Page=1"},
            {"messages": None},
            {"calls": []},
            {},
        ):
            with self.subTest(values), self.assertRaises(ProviderError):
                make_provider(answer(**values)).lookup([make_request()])

    def test_the_whole_history_of_the_number_is_asked_for(self):
        http = FakeHttp(answer(messages=[], next_page_uri=None))
        provider = TwilioProvider(SETTINGS, http)
        self.assertEqual(provider.lookup([make_request()]), [[]])
        [(url, _body, _headers)] = http.posts
        query = parse_qs(urlsplit(url).query)
        self.assertEqual(query, {"To": ["+79160000001"], "PageSize": ["1000"]})


class TestTwilioAccount(BaseCase):
    def test_the_balance_is_money(self):
        told = answer(account_sid="AC", balance="12.34", currency="EUR")
        self.assertEqual(
            make_provider(told).balance().money, (Money(Decimal("12.34"), "EUR"),)
        )

    def test_a_balance_that_is_missing_is_an_error(self):
        with self.assertRaises(ProviderError):
            make_provider(answer(balance=None)).balance()

    def test_settings_are_checked(self):
        for settings in (
            {"account_sid": "AC1"},
            {"messaging_service": "MG1"},
            {"api_key": "SK1"},
            {"api_secret": "secret"},
            {"caller": "Shop"},
            {"voice": "Polly Tatyana"},
            {"language": "ru RU"},
            {"language": "en-GB"},
            {"sender": ""},
            {"ring_timeout": "601"},
        ):
            with self.subTest(settings):
                self.assertEqual(len(make_provider(**settings).check_settings()), 1)
        self.assertFalse(
            make_provider(language="en-GB", voice="alice").check_settings()
        )
