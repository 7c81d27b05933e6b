"""Presets: each against its gate, and what is demanded of their files."""

import hmac
import itertools
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from urllib.parse import parse_qsl

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.errors import ForgedPush, ProviderError
from odoo.addons.crm_sms_gateway.providers.generic.provider import GenericProvider
from odoo.addons.crm_sms_gateway.providers.generic.reader import (
    ALGORITHMS,
    BALANCE_PLACES,
    INBOUND_PLACES,
    MESSAGE_NAMES,
    POLL_NAMES,
    POLL_PLACES,
    SUBMIT_PLACES,
)
from odoo.addons.crm_sms_gateway.providers.generic.templates import FILTERS
from odoo.addons.crm_sms_gateway.providers.http_generic import HttpGenericProvider
from odoo.addons.crm_sms_gateway.providers.presets import (
    FOLDER,
    PresetError,
    load_preset,
    load_presets,
)
from odoo.addons.crm_sms_gateway.providers.presets.texts import TEXTS
from odoo.addons.crm_sms_gateway.providers.settings import Kind as PresetKind
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    Context,
    DeliveryStatus,
    Money,
    Outcome,
    PushRequest,
    Units,
)

from ..simulators.engine import Push
from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract, to_request

ROOT = Path(__file__).resolve().parents[2]


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


class PresetCase(GateCase):
    """What the suites of presets share."""

    def refuse(self, code):
        """Hand over a message that the gate refuses with a code."""
        request = self.request()
        self.gate.config(answers={request.msisdn: code})
        [result] = self.provider.submit([request])
        return result

    def ask(self, *answers):
        """The provider, and the HTTP client that gives it these answers."""
        http = FakeHttp(*answers)
        return self.make_provider(http=http, url="https://provider.example"), http


# === SINCH ===
class TestSinchContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "sinch"


class TestSinch(PresetCase):
    code = "sinch"

    def test_validity_is_cut_to_three_days(self):
        until = datetime.now(timezone.utc) + timedelta(days=9)
        provider, http = self.ask(answer({"id": "1"}, 201))
        provider.submit([self.request(valid_until=until)])
        told = json.loads(http.posts[0][1])["expire_at"]
        latest = datetime.now(timezone.utc) + timedelta(days=3, seconds=1)
        self.assertLess(
            datetime.fromisoformat(told.replace("Z", "+00:00")), latest, told
        )

    def test_codes_of_reports_tell_the_reason(self):
        _result, message = self.submit_one()
        [report] = self.parse(self.gate.push("failed", message["reference"])).reports
        self.assertEqual(report.failure_type, "unreachable")
        self.assertEqual(report.code, "404")
        self.assertEqual(report.uuid, self.request().uuid)
        self.assertEqual(report.msisdn, self.request().msisdn)

    def test_a_report_before_the_answer_names_our_message(self):
        self.gate.arm("drop_after")
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.gate.set_status("delivered")
        reports = [self.parse(push).reports[0] for push in self.gate.take_pushes()]
        self.assertEqual({one.uuid for one in reports}, {self.request().uuid})

    def test_batches_of_others_are_neither_ours_nor_a_proof(self):
        """Whoever lists others ignores what was asked for: "never seen" would send the
        message again."""
        batch = {"id": "1", "client_reference": "another"}
        provider, _http = self.ask(answer({"count": 1, "batches": [batch]}))
        with self.assertRaisesRegex(ProviderError, "other messages"):
            provider.lookup([self.request()])
        provider, _http = self.ask(answer({"count": 0, "batches": []}))
        self.assertEqual(provider.lookup([self.request()]), [[]])

    def test_a_message_that_was_found_needs_no_status(self):
        batch = {"id": "7", "client_reference": self.request().uuid}
        found = answer({"count": 1, "batches": [batch]})
        provider, _http = self.ask(found, respond(b"", status=500))
        [[report]] = provider.lookup([self.request()])
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        self.assertEqual(report.provider_reference, "7")

    def test_validity_is_rounded_up_within_its_limits(self):
        for seconds, told in ((60.2, 61), (9 * 86400, 3 * 86400)):
            until = datetime.now(timezone.utc) + timedelta(seconds=seconds)
            _result, message = self.submit_one(number=told, valid_until=until)
            self.assertAlmostEqual(message["valid_for"], told, delta=1)

    def test_without_a_secret_signatures_are_not_checked(self):
        _result, message = self.submit_one()
        push = self.gate.push("delivered", message["reference"], forged=True)
        provider = self.make_provider(webhook_secret="")
        [report] = provider.parse_push(to_request(push)).reports
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)


# === MEGAFON ===
class TestMegafonContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "megafon_a2p"
    unknown_error = "29999"


class TestMegafon(PresetCase):
    code = "megafon_a2p"

    def test_the_largest_reference_fits(self):
        _result, message = self.submit_one(client_reference=str(2**63 - 1))
        self.assertEqual(message["reference"], "7fffffffffffffff")

    def test_a_repetition_is_known_by_the_reference_sent(self):
        first, _message = self.submit_one()
        again, _message = self.submit_one(attempt=2)
        self.assertEqual(again.provider_reference, first.provider_reference)
        self.assertEqual(self.gate.stats()["handset_total"], 1)
        self.assertEqual(self.gate.stats()["repeats"], 1)

    def test_codes_of_smpp(self):
        for code, failure_type in (("10", "sender_rejected"), ("11", "invalid_number")):
            with self.subTest(code):
                result = self.refuse(code)
                self.assertEqual(result.failure_type, failure_type)
        self.assertEqual(self.refuse("88").outcome, Outcome.NOT_SENT)
        self.assertTrue(self.refuse("14").route_down)

    def test_the_number_is_a_number(self):
        provider, http = self.ask(answer({"result": {"status": {"code": 0}}}))
        [result] = provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(json.loads(http.posts[0][1])["to"], 79160000001)


# === BEELINE ===
class TestBeelineContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "beeline_a2p"
    #: errors have words only
    unknown_error = ""


class TestBeeline(PresetCase):
    code = "beeline_a2p"

    def test_words_tell_a_wrong_number(self):
        result = self.refuse("Неправильный номер телефона")
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "invalid_number")
        self.assertIn("+7916", result.message)

    def test_other_words_are_tried_again_later(self):
        result = self.refuse("Внутренняя ошибка")
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertEqual(result.retry_after, 60)
        self.assertIn("Внутренняя ошибка", result.message)

    def test_balance_is_in_roubles(self):
        self.gate.config(balance="12.34")
        expected = (Money(Decimal("12.34"), "RUB"),)
        self.assertEqual(self.provider.balance().money, expected)


# === MESSAGEBIRD ===
class TestMessagebirdContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "messagebird"
    unknown_error = "77"


class TestMessagebird(PresetCase):
    code = "messagebird"

    def test_an_empty_account_stops_the_route(self):
        self.assertTrue(self.refuse("25").route_down)

    def test_a_wrong_number_is_refused(self):
        self.assertEqual(self.refuse("9").failure_type, "invalid_number")

    def test_credits_are_no_money(self):
        self.gate.config(balance="12.34")
        balance = self.provider.balance()
        self.assertFalse(balance.money)
        self.assertEqual(balance.units, (Units("credits", 12),))

    def test_the_report_of_the_documentation(self):
        query = (
            "id=e8077d803532c0b5937c639b60216938&reference=YouReference123"
            "&recipient=31612345678&status=delivered"
            "&statusDatetime=2016-05-03T08%3A58%3A10%2B00%3A00"
        )
        _result, message = self.submit_one()
        push = self.gate.push("delivered", message["reference"])
        url = push.url.partition("?")[0] + "?" + query
        request = to_request(type(push)(push.method, url, push.headers, push.body))
        [report] = self.provider.parse_push(request).reports
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        self.assertEqual(report.uuid, "YouReference123")
        self.assertEqual(report.msisdn, "+31612345678")


# === PLIVO ===
class TestPlivoContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "plivo"
    #: errors of requests have words only
    unknown_error = ""


class TestPlivo(PresetCase):
    code = "plivo"

    def test_errors_of_requests_are_kept_with_their_words(self):
        result = self.refuse("Bad destination")
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "provider_error")
        self.assertIn("Bad destination", result.message)

    def test_reports_have_parts_price_and_reason(self):
        result, message = self.submit_one()
        self.gate.set_status("failed")
        [polled] = self.provider.poll([result.provider_reference])
        [pushed] = self.parse(self.gate.push("failed", message["reference"])).reports
        for report in (polled, pushed):
            self.assertEqual(report.failure_type, "unreachable")
            self.assertEqual(report.code, "80")
            self.assertEqual(report.segments, 1)
            self.assertEqual(report.price, Money(Decimal("0.00650"), "USD"))

    def test_reports_name_our_message(self):
        _result, message = self.submit_one()
        [report] = self.parse(self.gate.push("accepted", message["reference"])).reports
        self.assertEqual(report.uuid, self.request().uuid)


# === PLAYSMS ===
class TestPlaysmsContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "playsms"
    unknown_error = "299"


class TestPlaysms(PresetCase):
    code = "playsms"

    def test_the_flag_of_unicode_follows_the_text(self):
        for text, flag in (("Hello €", "0"), ("Привет", "1")):
            with self.subTest(text):
                provider, http = self.ask(answer({"data": []}))
                provider.submit([self.request(text=text)])
                self.assertIn(f"unicode={flag}", http.posts[0][0])

    def test_a_message_in_the_queue_has_no_status_yet(self):
        queued = {"status": "ERR", "error": "401", "error_string": "queued"}
        provider, _http = self.ask(answer(queued))
        self.assertEqual(provider.poll(["afb5"]), [])

    def test_errors_of_status_requests_are_told(self):
        error = {"status": "ERR", "error": "100", "error_string": "authentication"}
        provider, _http = self.ask(answer(error))
        with self.assertRaisesRegex(ProviderError, "authentication"):
            provider.poll(["afb5"])


# === RAPPORTO ===
class TestRapportoContract(GateContract, PresetCase):
    allow_inherited_tests_method = True
    code = "rapporto"
    unknown_error = "99"


class TestRapporto(PresetCase):
    code = "rapporto"

    def test_a_duplicate_may_have_been_sent(self):
        result = self.refuse("10")
        self.assertEqual((result.outcome, result.code), (Outcome.MAYBE_SENT, "10"))

    def test_codes_of_requests_have_their_meaning(self):
        for code, outcome, failure_type in (
            ("2", Outcome.NOT_SENT, None),
            ("3", Outcome.NOT_SENT, None),
            ("7", Outcome.NOT_SENT, None),
            ("8", Outcome.REFUSED, "invalid_number"),
            ("100", Outcome.MAYBE_SENT, None),
        ):
            with self.subTest(code):
                result = self.refuse(code)
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.failure_type, failure_type)

    def test_the_address_is_called_as_it_is_written(self):
        for url in ("https://provider.example/rest", "https://provider.example/rest/"):
            http = FakeHttp(answer({"mtNum": "1"}))
            self.make_provider(http=http, url=url).submit([self.request()])
            self.assertEqual(http.posts[0][0], url)

    def test_a_validity_is_told_in_minutes(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=601)
        _result, message = self.submit_one(valid_until=until)
        self.assertEqual(message["valid_for"], 660)

    def test_reports_name_our_message_and_the_reason(self):
        _result, message = self.submit_one()
        [report] = self.parse(self.gate.push("failed", message["reference"])).reports
        self.assertEqual(report.uuid, self.request().uuid)
        self.assertEqual(report.msisdn, self.request().msisdn)
        self.assertEqual((report.code, report.failure_type), ("2", "unreachable"))
        self.assertEqual(report.segments, 1)

    def test_the_report_of_the_documentation(self):
        told = {
            "id": "8770599",
            "mtNum": "107930572",
            "status": 2,
            "type": "SMS",
            "doneDate": "2026-11-29T10:20:35+0300",
            "submitDate": "2026-11-29T10:19:55+0300",
            "sourceAddr": "SOURCE",
            "destAddr": "72101234567",
            "text": "message_text",
            "partCount": "001",
            "errorCode": "0",
        }
        [report] = self.parse(Push.json(CALLBACK, told)).reports
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        self.assertEqual(report.uuid, "8770599")
        moment = datetime(2026, 11, 29, 7, 20, 35, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, moment)

    def test_the_settings_are_tested_with_a_request_that_sends_nothing(self):
        for code in (4, 8):
            provider, http = self.ask(answer({"error": {"code": code}}, 406))
            self.assertTrue(provider.test_connection())
            [(_url, body, _headers)] = http.posts
            self.assertNotIn(b"destAddr", body)
            self.assertNotIn(b"text", body)
        provider, _http = self.ask(answer({"error": {"code": 7}}, 400))
        with self.assertRaises(ProviderError):
            provider.test_connection()


# === FILES ===
def get_texts(setting):
    """What people read of a setting."""
    return (setting.label, setting.help, *dict(setting.choices).values())


#: a preset as short as one can be
LEAST = {
    "source": ["example.com"],
    "label": "Example",
    "description": ["An example."],
    "url": "https://example.com",
    "submit": {"path": "/send", "json": {}, "answer": {"reference": "$.id"}},
}
PUSH = {"reports": {"status": "$.s", "reference": "$.id"}}
SIGNATURE = {"at": "header:X", "key": "token", "of": "body"}
CALL = {"path": "/x", "answer": {}}
#: change → the beginning of what is said of it
MISTAKES = (
    ({"unknown": 1}, "unknown: unknown name"),
    ({"label": 5}, "label: the value must be text"),
    ({"source": []}, "source: the value is missing"),
    ({"submit": None}, "submit: the value is missing"),
    ({"submit": []}, "submit: the value must be an object of names and values"),
    ({"submit": {"path": "/send"}}, "submit.answer: the value is missing"),
    (
        {"submit": {"path": "/send", "answer": {}}},
        "submit.answer: the response requires success or reference",
    ),
    (
        {"submit": {**LEAST["submit"], "body": "x"}},
        "submit.body: unknown name",
    ),
    (
        {"submit": {**LEAST["submit"], "form": {}}},
        "submit: a request can have only one body",
    ),
    (
        {"submit": {**LEAST["submit"], "path": "https://evil.example"}},
        "submit.path: the path must stay below",
    ),
    (
        {"submit": {**LEAST["submit"], "method": "DELETE"}},
        "submit.method: allowed values: GET, POST, PUT",
    ),
    (
        {"submit": {**LEAST["submit"], "json": {"a": ["{{ nobody }}"]}}},
        "submit.json: unknown placeholder nobody",
    ),
    (
        {"submit": {**LEAST["submit"], "headers": {"Host": "x"}}},
        "submit.headers.Host: this header does not exist",
    ),
    (
        {"submit": {"path": "/", "answer": {"reference": "$.[", "format": "json"}}},
        "submit.answer.reference: the path $.[ could not be parsed",
    ),
    (
        {
            "submit": {
                "path": "/",
                "answer": {"reference": "//a[.//b]", "format": "xml"},
            }
        },
        "submit.answer.reference: the path //a[.//b] must only point",
    ),
    ({"poll": CALL}, "poll.answer: the response requires status"),
    ({"balance": CALL}, "balance.answer: the response requires amount"),
    ({"test": CALL}, "test.answer: the response requires success"),
    ({"lookup": CALL}, "lookup.answer: the response requires reference"),
    ({"errors": {"5": "refused:nonsense"}}, "errors.5: allowed values"),
    ({"errors": {"5": 7}}, "errors.5: the value must be text"),
    ({"statuses": {"done": "ready"}}, "statuses.done: allowed values"),
    ({"failures": {"5": "nonsense"}}, "failures.5: unknown failure reason"),
    ({"push": {}}, "push.reports: the value is missing"),
    (
        {"push": {**PUSH, "status": "200"}},
        "push.status: the value must be a non-negative integer",
    ),
    (
        {"push": {**PUSH, "signature": SIGNATURE}},
        "push.signature.key: allowed values",
    ),
    ({"settings": {}}, "settings: the value must be a list"),
    ({"settings": [{"name": "text", "label": "T"}]}, "settings.0.name: its name is"),
    ({"settings": [{"name": "a b", "label": "T"}]}, "settings.0.name: the value must"),
    (
        {"settings": [{"name": "a", "label": "T", "kind": "address"}]},
        "settings.0.kind: allowed values",
    ),
    (
        {"settings": [{"name": "a", "label": "T", "required": "yes"}]},
        "settings.0.required: the value must be true or false",
    ),
    (
        {"settings": [{"name": "a", "label": "T", "kind": "integer", "default": "x"}]},
        "settings.0.default: the value has the wrong type",
    ),
    ({"channels": ["fax"]}, "channels: allowed values: sms, voice"),
    ({"validity": {"minimum": 9, "maximum": 3}}, "validity: the value must"),
    ({"client_reference": "maybe"}, "client_reference: allowed values"),
)


class TestFiles(BaseCase):
    def load(self, text, name="example.json"):
        with TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_text(text, "utf-8")
            return load_preset(path)

    def test_a_file_is_a_provider(self):
        provider = self.load(json.dumps(LEAST))
        self.assertTrue(issubclass(provider, GenericProvider))
        self.assertEqual(provider.code, "example")
        self.assertEqual(provider.description, "An example.")
        self.assertEqual([s.name for s in provider.settings], ["url"])
        self.assertFalse(provider.capabilities.poll)
        self.assertFalse(provider.capabilities.push)
        self.assertIs(provider.capabilities.client_reference, ClientReference.NONE)

    def test_mistakes_are_told_with_file_and_place(self):
        for change, expected in MISTAKES:
            with self.subTest(change), self.assertRaises(PresetError) as caught:
                self.load(json.dumps({**LEAST, **change}))
            path, _colon, said = str(caught.exception).partition("example.json: ")
            self.assertTrue(path)
            self.assertTrue(said.startswith(expected), said)

    def test_what_is_no_document_is_refused(self):
        for text in ("", "[]", "{", '{"label": 1, "label": 2}', "null"):
            with self.subTest(text), self.assertRaises(PresetError):
                self.load(text)

    def test_the_name_of_the_file_is_a_code(self):
        for name in ("Example.json", "an example.json", "é.json"):
            with self.subTest(name), self.assertRaises(PresetError):
                self.load(json.dumps(LEAST), name)

    def test_every_file_of_the_folder_is_in_the_list(self):
        codes = {path.stem for path in FOLDER.glob("*.json")}
        self.assertGreaterEqual(len(codes), 4)
        self.assertEqual({one.code for one in load_presets()}, codes)
        self.assertLessEqual(codes, set(PROVIDERS))

    def test_texts_of_presets_are_marked_for_translation(self):
        found = {
            text
            for provider in load_presets()
            for text in (
                provider.label,
                provider.description,
                *(one for s in provider.settings for one in get_texts(s)),
            )
            if text
        }
        own = {s.label for s in HttpGenericProvider.settings if s.name == "url"}
        own |= {s.help for s in HttpGenericProvider.settings if s.name == "url"}
        self.assertEqual(found - own, set(TEXTS))

    def test_no_preset_stands_in_the_way_of_another_provider(self):
        with self.assertRaisesRegex(PresetError, "plivo.json: there is a provider"):
            load_presets({"http", "plivo"})

    def test_every_preset_says_where_its_facts_come_from(self):
        for path in FOLDER.glob("*.json"):
            with self.subTest(path.name):
                self.assertTrue(json.loads(path.read_bytes())["source"])

    def test_statuses_of_a_preset_are_all_reached_in_lower_case(self):
        for provider in load_presets():
            with self.subTest(provider.code):
                words = provider.definition.statuses
                self.assertEqual({word.casefold() for word in words}, set(words))
                self.assertIn(
                    DeliveryStatus.DELIVERED, {one.status for one in words.values()}
                )


# === THE DOCUMENTATION ===
def read_example():
    """The file that ``docs/presets.rst`` shows."""
    text = (ROOT / "docs" / "presets.rst").read_text("utf-8")
    block = text.partition(".. code-block:: json\n\n")[2]
    lines = itertools.takewhile(lambda x: not x or x[0] == " ", block.splitlines())
    return dedent("\n".join(lines))


class TestDocumentation(BaseCase):
    def make(self, *answers):
        with TemporaryDirectory() as folder:
            path = Path(folder, "example.json")
            path.write_text(read_example(), "utf-8")
            provider = load_preset(path)
        http = FakeHttp(*answers)
        settings = {"key": "k3y-of-example", "sender": "Shop"}
        context = Context("Route", callback_url=CALLBACK)
        return provider(settings, http, context), http

    def test_the_example_sends(self):
        told = {"status": "OK", "message": {"id": 7, "parts": 2}}
        provider, http = self.make(answer(told))
        until = datetime.now(timezone.utc) + timedelta(days=9)
        [result] = provider.submit([make_request(valid_until=until)])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual((result.provider_reference, result.segments), ("7", 2))
        [(url, body, headers)] = http.posts
        self.assertEqual(url, "https://api.provider.example/v1/messages")
        self.assertEqual(headers["Authorization"], "Bearer k3y-of-example")
        fields = dict(parse_qsl(body.decode()))
        self.assertEqual(fields["to"], "79160000001")
        self.assertEqual(fields["ttl"], "1440")
        self.assertEqual(fields["callback"], f"{CALLBACK}?uuid={make_request().uuid}")

    def test_the_example_refuses(self):
        for code, outcome in (
            ("bad_number", Outcome.REFUSED),
            ("no_money", Outcome.NOT_SENT),
            ("slow_down", Outcome.NOT_SENT),
            ("another", Outcome.REFUSED),
        ):
            told = {"status": "error", "error": {"code": code, "text": "Why"}}
            provider, _http = self.make(answer(told))
            with self.subTest(code):
                [result] = provider.submit([make_request()])
                self.assertEqual(result.outcome, outcome)

    def test_the_example_polls_and_tells_the_balance(self):
        told = {"message": {"id": "7", "state": "Lost", "changed": 1764403200}}
        provider, _http = self.make(answer(told))
        [report] = provider.poll(["7"])
        self.assertEqual(report.failure_type, "unreachable")
        provider, _http = self.make(answer({"error": {"code": "not_yet"}}))
        self.assertEqual(provider.poll(["7"]), [])
        provider, _http = self.make(answer({"amount": "9.50", "currency": "eur"}))
        self.assertEqual(provider.test_connection(), "9.50 EUR")

    def test_the_example_reads_pushes(self):
        provider, _http = self.make(b"")
        body = b"id=7&reference=abc&state=lost&reason=17"
        right = hmac.new(b"k3y-of-example", body, "sha256").hexdigest()
        request = PushRequest("POST", body, headers={"x-signature": right})
        pushed = provider.parse_push(request)
        [report] = pushed.reports
        self.assertEqual((report.uuid, report.failure_type), ("abc", "blocked"))
        self.assertEqual(pushed.body, b"OK")
        with self.assertRaises(ForgedPush):
            provider.parse_push(PushRequest("POST", body))

    def test_everything_a_file_may_have_is_told(self):
        text = (ROOT / "docs" / "presets.rst").read_text("utf-8")
        for name in (
            *(*MESSAGE_NAMES, *POLL_NAMES, *FILTERS, *ALGORITHMS),
            *(*SUBMIT_PLACES, *POLL_PLACES, *BALANCE_PLACES, *INBOUND_PLACES),
            *(one.value for one in PresetKind if one is not PresetKind.ADDRESS),
        ):
            with self.subTest(name):
                self.assertRegex(text, rf"\b{name}\b")
