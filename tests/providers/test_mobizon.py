"""Mobizon."""

import hashlib
import json
from datetime import datetime, timedelta, timezone

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.mobizon import MobizonProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Money,
    Outcome,
    PushRequest,
)

from .common import FakeHttp, make_request
from .contract import GateCase, GateContract

ACCEPTED, FAILED = DeliveryStatus.ACCEPTED, DeliveryStatus.FAILED
NOW = datetime.now(timezone.utc)
SECRET = "secret123"
#: the example of the documentation
EVENT = {
    "eventId": 26,
    "eventType": "sms-delivery-report",
    "eventCreateTs": "2026-01-15 11:42:28",
    "webhookId": 1,
    "attempt": 1,
    "data": {
        "campaignId": 245455096,
        "messageId": 169275418,
        "segNum": 3,
        "statusUpdateTs": "2026-01-15 11:42:08",
        "status": "DELIVRD",
        "to": "380737893456",
    },
}


class TestMobizonContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "mobizon"
    unknown_status = "FLYING"
    unknown_error = "77"

    def test_statuses_are_pushed(self):
        """Of a push only good news is believed: its data are not signed."""
        result, message = self.submit_one()
        for status, expected in (
            ("delivered", DeliveryStatus.DELIVERED),
            ("failed", ACCEPTED),
            ("expired", ACCEPTED),
        ):
            with self.subTest(status):
                answer = self.parse(self.gate.push(status, message["reference"]))
                [report] = answer.reports
                self.assertEqual(report.status, expected)
                self.assertFalse(report.failure_type or report.code)
                self.assertTrue(report.raw)
                self.check_whose(report, result)
                self.check_acknowledged(answer)


class TestMobizonSubmit(GateCase):
    code = "mobizon"

    def test_what_a_message_is_sent_with(self):
        result, message = self.submit_one(
            text="Привет", valid_until=datetime.now(timezone.utc) + timedelta(hours=2)
        )
        self.assertEqual(result.provider_reference, message["reference"])
        self.assertEqual(message["sender"], "Shop")
        self.assertEqual(message["extra"]["name"], self.request().uuid)
        self.assertEqual(message["valid_for"], 7200)

    def test_lives_are_cut_to_what_the_protocol_carries(self):
        moment = datetime.now(timezone.utc)
        for number, (minutes, expected) in enumerate(((-5, 60), (1, 60), (9999, 1440))):
            until = moment + timedelta(minutes=minutes)
            _result, message = self.submit_one(number=number, valid_until=until)
            self.assertEqual(message["valid_for"], expected * 60)

    def test_account_of_another_country_is_told_its_server(self):
        self.gate.config(server="api.mobizon.ua")
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("api.mobizon.ua", result.route_down)
        with self.assertRaisesRegex(ProviderError, "api.mobizon.ua"):
            self.provider.test_connection()

    def test_blocked_account_stops_the_route(self):
        self.gate.config(blocked=True)
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("blocked the account", result.route_down)

    def test_balance_has_its_currency(self):
        self.assertEqual(self.provider.test_connection(), "97.90 KZT")


class TestMobizonErrors(BaseCase):
    def submit(self, answer):
        settings = {"api_key": "key", "url": "https://api.mobizon.kz"}
        http = FakeHttp(json.dumps(answer).encode())
        [result] = MobizonProvider(settings, http).submit([make_request()])
        return result

    def test_every_code(self):
        expected = {
            "1": Outcome.REFUSED,
            "11": Outcome.REFUSED,
            "12": Outcome.REFUSED,
            **dict.fromkeys(
                ("4", "5", "6", "8", "9", "13", "14", "30"), Outcome.NOT_SENT
            ),
            **dict.fromkeys(
                ("2", "3", "10", "15", "98", "99", "100", "999"), Outcome.MAYBE_SENT
            ),
        }
        for code, outcome in expected.items():
            with self.subTest(code):
                said = {"code": int(code), "data": None, "message": "Слова"}
                result = self.submit(said)
                self.assertEqual(result.outcome, outcome)
                self.assertEqual((result.code, result.message), (code, "Слова"))
                is_stop = code in ("4", "5", "6", "8", "9", "13", "14")
                self.assertEqual(bool(result.route_down), is_stop)
                self.assertEqual(result.route_trouble, code == "30")
                self.assertEqual(result.is_throttled, code == "30")

    def test_refused_fields_tell_the_reason(self):
        for field, reason in (
            ("recipient", "invalid_number"),
            ("text", "content_rejected"),
            ("from", "sender_rejected"),
            ("params", "provider_error"),
        ):
            with self.subTest(field):
                said = {"code": 1, "data": {field: ["Плохо"]}, "message": "Ошибка"}
                result = self.submit(said)
                self.assertEqual(result.failure_type, reason)
                self.assertEqual(result.message, f"Ошибка; {field}: Плохо")

    def test_empty_account_stops_the_route(self):
        for words in ("Недостаточно средств на балансе", "Not enough money"):
            result = self.submit({"code": 15, "data": None, "message": words})
            self.assertEqual(result.outcome, Outcome.NOT_SENT)
            self.assertIn(words, result.route_down)
        result = self.submit({"code": 15, "data": None, "message": "Недостаточно прав"})
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_answer_without_a_reference_leaves_us_in_doubt(self):
        for data in (None, [], {"campaignId": 1}, {"messageId": None}, "1"):
            result = self.submit({"code": 0, "data": data, "message": ""})
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_key_is_in_no_message(self):
        said = {"code": 3, "data": "apiKey=s3cretkey", "message": "s3cretkey"}
        http = FakeHttp(json.dumps(said).encode())
        [result] = MobizonProvider({"api_key": "s3cretkey"}, http).submit(
            [make_request()]
        )
        self.assertIn("apiKey=s3cretkey", http.posts[0][0])
        self.assertNotIn("s3cretkey", repr(result))


class TestMobizonLookup(GateCase):
    code = "mobizon"

    def look_up(self, number=1, **values):
        request = self.request(number, attempted_at=NOW, **values)
        [found] = self.provider.lookup([request])
        return found

    def test_message_is_found_by_its_campaigns_name(self):
        for number in (1, 2):
            self.submit_one(number=number, msisdn="+77010000001", text="Same")
        references = [m["reference"] for m in self.gate.stats()["messages"]]
        for number, reference in zip((1, 2), references, strict=True):
            [report] = self.look_up(number, msisdn="+77010000001", text="Same")
            self.assertEqual(report.provider_reference, reference)
            self.assertEqual(report.uuid, self.request(number).uuid)

    def test_same_text_to_the_same_number_of_another_message_is_not_ours(self):
        self.submit_one(number=1, msisdn="+77010000001", text="Same")
        self.assertEqual(self.look_up(2, msisdn="+77010000001", text="Same"), [])

    def test_campaigns_without_a_name_are_candidates_by_their_text(self):
        for number, text in ((1, "Same"), (2, "Same"), (3, "Other")):
            self.submit_one(number=number, msisdn="+77010000001", text=text)
        self.gate.config(names=False)
        found = self.look_up(1, msisdn="+77010000001", text="Same")
        self.assertEqual(len(found), 2)
        self.assertEqual(self.look_up(1, msisdn="+77010000001", text="Third"), [])

    def test_message_that_was_sent_with_another_zone_is_found(self):
        self.submit_one()
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12", ""):
            provider = self.make_provider(timezone=zone)
            [found] = provider.lookup([self.request(attempted_at=NOW)])
            self.assertEqual(len(found), 1)

    def test_campaign_that_may_be_on_another_page_is_not_called_missing(self):
        for number in range(1, 102):
            self.submit_one(number=number, msisdn="+77010000001")
        self.assertEqual(len(self.look_up(101, msisdn="+77010000001")), 1)
        with self.assertRaises(ProviderError):
            self.look_up(1, msisdn="+77010000001")

    def test_lists_that_are_none_do_not_mean_that_nothing_was_sent(self):
        for data in (None, {}, {"items": None}, {"items": {}}, {"items": []}, []):
            http = FakeHttp(json.dumps({"code": 0, "data": data}).encode())
            provider = MobizonProvider({"api_key": "key"}, http)
            with self.assertRaises(ProviderError):
                provider.lookup([make_request(attempted_at=NOW)])


class TestMobizonPush(BaseCase):
    def setUp(self):
        super().setUp()
        settings = {
            "api_key": "key",
            "webhook_secret": SECRET,
            "timezone": "Asia/Almaty",
        }
        self.provider = MobizonProvider(settings, FakeHttp())

    def parse(self, event=EVENT, secret=SECRET, **changes):
        event = {**event, **changes}
        text = "{eventId}|{attempt}|{eventCreateTs}|".format(**event) + secret
        signed = {"sign": hashlib.sha1(text.encode()).hexdigest(), **event}
        return self.provider.parse_push(
            PushRequest("POST", json.dumps(signed).encode())
        )

    def test_example_of_the_documentation(self):
        [report] = self.parse().reports
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        self.assertEqual(report.provider_reference, "169275418")
        self.assertEqual(report.segments, 3)
        moment = datetime(2026, 1, 15, 6, 42, 8, tzinfo=timezone.utc)
        self.assertEqual(report.occurred_at, moment)

    def test_wrong_signatures_are_refused(self):
        for sign in ("", None, 7, "0" * 40, "é", [], {}):
            with self.subTest(sign), self.assertRaises(ForgedPush):
                self.parse(sign=sign)
        with self.assertRaises(ForgedPush):
            self.parse(secret="another")

    def test_nothing_is_believed_without_a_secret(self):
        self.provider = MobizonProvider({"api_key": "key"}, FakeHttp())
        with self.assertRaises(ForgedPush):
            self.parse(secret="")

    def test_events_of_forms_are_acknowledged_and_ignored(self):
        answer = self.parse(eventType="form-submission", data={"formId": 846})
        self.assertEqual((answer.reports, answer.status), ((), 200))

    def test_report_of_nothing_is_unreadable(self):
        for data in (None, {}, [], {"messageId": 1}, {"status": "DELIVRD"}):
            with self.subTest(data), self.assertRaises(UnreadablePush):
                self.parse(data=data)


class TestMobizonStatuses(BaseCase):
    def test_every_word(self):
        words = {
            "NEW": (ACCEPTED, None),
            "ENQUEUD": (ACCEPTED, None),
            "ACCEPTD": (ACCEPTED, None),
            "PDLIVRD": (ACCEPTED, None),
            "DELIVRD": (DeliveryStatus.DELIVERED, None),
            "UNDELIV": (FAILED, "unreachable"),
            "DELETED": (FAILED, "operator_refusal"),
            "REJECTD": (FAILED, "operator_refusal"),
            "EXPIRED": (DeliveryStatus.EXPIRED, None),
        }
        items = [{"id": n, "status": word} for n, word in enumerate(words)]
        http = FakeHttp(json.dumps({"code": 0, "data": items}).encode())
        provider = MobizonProvider({"api_key": "key"}, http)
        reports = provider.poll([str(n) for n in range(len(words))])
        found = {r.raw: (r.status, r.failure_type) for r in reports}
        self.assertEqual(found, words)

    def test_balance(self):
        said = {"code": 0, "data": {"balance": "4043.0656", "currency": "KZT"}}
        http = FakeHttp(json.dumps(said).encode())
        balance = MobizonProvider({"api_key": "key"}, http).balance()
        [money] = balance.money
        self.assertEqual((str(money.amount), money.currency), ("4043.0656", "KZT"))
        self.assertIsInstance(money, Money)
