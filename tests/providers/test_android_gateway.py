"""SMS Gateway for Android, against its gate and by the examples of its documents."""

import json
from datetime import datetime, timedelta, timezone

from odoo.addons.crm_sms_gateway.providers.android_gateway import (
    AndroidGatewayProvider,
)
from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    ProviderError,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    PushRequest,
)

from ..simulators.gates.android_gateway import DEVICE, sign
from .common import FakeHttp, respond
from .contract import CALLBACK, GateCase, GateContract

#: of the documentation
RECEIVED = {
    "deviceId": "ffffffffceb0b1db0000018e937c815b",
    "event": "sms:received",
    "id": "Ey6ECgOkVVFjz3CL48B8C",
    "payload": {
        "messageId": "abc123",
        "message": "Android is always a sweet treat!",
        "phoneNumber": "6505551212",
        "simNumber": 1,
        "receivedAt": "2026-06-22T15:46:11.000+07:00",
    },
    "webhookId": "<unique-id>",
}


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


def fail(status, text):
    return answer({"code": status, "message": text}, status)


def make_push(value, key="", timestamp="1780000000", **headers):
    """A push, signed where there is a key."""
    body = json.dumps(value).encode()
    if key:
        headers = {"x-timestamp": timestamp, "x-signature": sign(key, body, timestamp)}
    return PushRequest("POST", body, headers=headers)


class AndroidCase(GateCase):
    code = "android_gateway"
    unknown_error = "418"

    def answered(self, *answers, **settings):
        """A provider whose server answers so, and what it is asked."""
        http = FakeHttp(*answers)
        url = "https://api.sms-gate.app/3rdparty/v1"
        return self.make_provider(http=http, url=url, **settings), http.posts

    def submit_to(self, *answers):
        provider, _posts = self.answered(*answers)
        [result] = provider.submit([self.request()])
        return result


class TestAndroidContract(GateContract, AndroidCase):
    allow_inherited_tests_method = True


class TestAndroidSubmit(AndroidCase):
    def test_a_message_has_its_options(self):
        provider = self.make_provider(device=DEVICE, sim="2", priority="100")
        until = datetime.now(timezone.utc) + timedelta(seconds=3600)
        [result] = provider.submit([self.request(valid_until=until)])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        [message] = self.gate.stats()["messages"]
        self.assertEqual(
            message["extra"]["request"],
            {
                "id": self.request().uuid,
                "textMessage": {"text": "Hello"},
                "phoneNumbers": ["+79160000001"],
                "withDeliveryReport": True,
                "priority": 100,
                "deviceId": DEVICE,
                "simNumber": 2,
                "ttl": 3600,
            },
        )

    def test_what_is_not_set_is_left_to_the_phone(self):
        provider = self.make_provider(delivery_report="0")
        provider.submit([self.request()])
        [message] = self.gate.stats()["messages"]
        told = message["extra"]["request"]
        self.assertFalse({"ttl", "simNumber", "deviceId"} & told.keys())
        self.assertIs(told["withDeliveryReport"], False)

    def test_the_shortest_life_is_five_seconds(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=1)
        _result, message = self.submit_one(valid_until=until)
        self.assertEqual(message["valid_for"], 5)

    def test_a_repeated_message_was_taken_before(self):
        self.submit_one()
        [again] = self.provider.submit([self.request(attempt=2)])
        self.assertEqual(again.outcome, Outcome.ACCEPTED)
        self.assertEqual(again.provider_reference, self.request().uuid)
        stats = self.gate.stats()
        self.assertEqual((stats["handset_total"], stats["repeats"]), (1, 1))
        result = self.submit_to(respond(status=409))
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(result.provider_reference, self.request().uuid)

    def test_repetitions_are_recognized_by_a_phone_that_is_chosen(self):
        """Another phone of the account would send the message again."""
        self.assertFalse(self.provider.is_idempotent)
        self.assertTrue(self.make_provider(device=DEVICE).is_idempotent)

    def test_a_chosen_phone_sends_once_whatever_is_lost(self):
        provider = self.make_provider(device=DEVICE)
        self.gate.arm("drop_after")
        [lost] = provider.submit([self.request()])
        self.assertEqual(lost.outcome, Outcome.MAYBE_SENT)
        [again] = provider.submit([self.request(attempt=2)])
        self.assertEqual(again.outcome, Outcome.ACCEPTED)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_a_missing_phone_stops_the_route(self):
        self.gate.config(online=False)
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("failed to select device", result.route_down)

    def test_bad_requests_say_what_a_message_is_told(self):
        for text, failure_type in (
            ("can't parse phone number: too short", "invalid_number"),
            ("something else", "provider_error"),
        ):
            result = self.submit_to(fail(400, text))
            told = result.outcome, result.failure_type, result.code, result.message
            self.assertEqual(told, (Outcome.REFUSED, failure_type, "400", text))
            self.assertIsNone(result.route_down)

    def test_a_full_queue_is_waited_for(self):
        result = self.submit_to(fail(503, "queue limit exceeded"))
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertTrue(result.route_trouble)

    def test_a_503_of_somebody_else_leaves_us_in_doubt(self):
        for body in (b"<html>503</html>", b"{}", b'{"message": []}'):
            result = self.submit_to(respond(body, status=503))
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_an_answer_without_an_id_leaves_us_in_doubt(self):
        for value in ({}, {"id": ""}, {"id": None}, []):
            result = self.submit_to(answer(value, 202))
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)


class TestAndroidReports(AndroidCase):
    def test_states_have_their_meanings(self):
        result, _message = self.submit_one()
        for word, status in (
            ("Processed", DeliveryStatus.ACCEPTED),
            ("Sent", DeliveryStatus.ACCEPTED),
            ("Cancelling", DeliveryStatus.ACCEPTED),
            ("Cancelled", DeliveryStatus.FAILED),
        ):
            with self.subTest(word):
                self.gate.set_status(word)
                [report] = self.provider.poll([result.provider_reference])
                self.assertEqual((report.status, report.raw), (status, word))
                self.assertEqual(report.uuid, self.request().uuid)
                self.assertIsNotNone(report.occurred_at)

    def test_failures_have_their_reasons(self):
        result, message = self.submit_one()
        self.gate.set_status("failed")
        for text, status, failure_type, code in (
            ("TTL expired", DeliveryStatus.EXPIRED, None, "Failed"),
            (
                "Send result: RESULT_NETWORK_REJECT (Rejected)",
                DeliveryStatus.FAILED,
                "operator_refusal",
                "RESULT_NETWORK_REJECT",
            ),
            (
                "Send result: RESULT_ERROR_NO_SERVICE",
                DeliveryStatus.FAILED,
                "provider_error",
                "RESULT_ERROR_NO_SERVICE",
            ),
            (
                "Delivery result from SC +79000000000: 70",
                DeliveryStatus.FAILED,
                "unreachable",
                "Failed",
            ),
        ):
            with self.subTest(text):
                self.gate.config(error=text)
                [polled] = self.provider.poll([result.provider_reference])
                [pushed] = self.parse(
                    self.gate.push("failed", message["reference"])
                ).reports
                for report in (polled, pushed):
                    told = report.status, report.failure_type, report.code
                    self.assertEqual(told, (status, failure_type, code))
                    self.assertEqual(report.message, text)

    def test_a_message_is_looked_up_by_its_id(self):
        self.submit_one()
        [[found], unseen] = self.provider.lookup([self.request(1), self.request(2)])
        self.assertEqual(found.provider_reference, self.request(1).uuid)
        self.assertEqual(unseen, [])

    def test_no_answer_is_not_unseen(self):
        provider, _posts = self.answered(respond(status=500))
        with self.assertRaises(ProviderError):
            provider.lookup([self.request()])


class TestAndroidPushes(AndroidCase):
    def test_the_push_of_the_documentation(self):
        push = make_push(RECEIVED, self.settings["signing_key"])
        [message] = self.provider.parse_push(push).inbound
        self.assertEqual(message.sender, "6505551212")
        self.assertEqual(message.text, "Android is always a sweet treat!")
        moment = datetime(2026, 6, 22, 8, 46, 11, tzinfo=timezone.utc)
        self.assertEqual(message.received_at, moment)

    def test_phones_without_a_network_push_late(self):
        push = make_push(RECEIVED, self.settings["signing_key"], "1000000000")
        self.assertTrue(self.provider.parse_push(push).inbound)

    def test_the_time_is_signed_too(self):
        push = make_push(RECEIVED, self.settings["signing_key"])
        for headers in (
            {**push.headers, "x-timestamp": "1780000001"},
            {**push.headers, "x-signature": "ключ"},
            {"x-signature": push.headers["x-signature"]},
            {},
        ):
            with self.assertRaises(ForgedPush):
                self.provider.parse_push(
                    PushRequest("POST", push.body, headers=headers)
                )

    def test_a_route_without_the_key_trusts_its_address(self):
        provider = self.make_provider(signing_key="")
        self.assertTrue(provider.parse_push(make_push(RECEIVED)).inbound)

    def test_other_events_are_acknowledged_and_change_nothing(self):
        for event in ("system:ping", "mms:received", "app:started", "sms:new"):
            value = {**RECEIVED, "event": event}
            told = self.provider.parse_push(
                make_push(value, self.settings["signing_key"])
            )
            self.assertEqual((told.status, told.reports, told.inbound), (200, (), ()))

    def test_what_is_no_event_is_unreadable(self):
        for value in ({}, [], None, {"event": []}, {"event": ""}):
            with self.assertRaises(UnreadablePush):
                self.provider.parse_push(make_push(value, self.settings["signing_key"]))

    def test_every_event_is_registered_once(self):
        for _time in range(2):
            words = self.provider.register_callback()
        self.assertIn("sms:delivered", words)
        stats = self.gate.stats()
        self.assertEqual(stats["callbacks"], [CALLBACK] * 5)
        self.assertFalse(stats["refusals"])

    def test_an_address_that_phones_refuse_is_told(self):
        http = FakeHttp()
        provider = AndroidGatewayProvider(self.settings, http)
        with self.assertRaises(ProviderError):
            provider.register_callback()
        self.assertFalse(http.posts)
        provider, _posts = self.answered(fail(400, "url must start with https://"))
        with self.assertRaises(ProviderError) as caught:
            provider.register_callback()
        self.assertIn("https", caught.exception.message)


class TestAndroidInbound(AndroidCase):
    def setUp(self):
        super().setUp()
        self.since = datetime.now(timezone.utc) - timedelta(minutes=1)

    def test_the_inbox_has_what_was_pushed(self):
        for number in range(9):
            push = self.gate.write(f"+7916000000{number}", "+79160000009", "Yes")
            [pushed] = self.parse(push).inbound
            fetched = self.provider.fetch_inbound(self.since)[-1]
            self.assertEqual(fetched.provider_reference, pushed.provider_reference)
            self.assertEqual(fetched.sender, pushed.sender)

    def test_all_pages_are_fetched(self):
        row = {"id": "text:1", "sender": "+79160000001", "contentPreview": "Yes"}
        provider, posts = self.answered(answer([row] * 500), answer([row] * 2))
        self.assertEqual(len(provider.fetch_inbound(self.since)), 502)
        self.assertIn("offset=500", posts[-1][0])

    def test_a_gateway_without_an_inbox_has_nothing(self):
        provider, _posts = self.answered(respond(status=501))
        self.assertEqual(provider.fetch_inbound(self.since), [])
        provider, _posts = self.answered(respond(status=500))
        with self.assertRaises(ProviderError):
            provider.fetch_inbound(self.since)


class TestAndroidConnection(AndroidCase):
    def test_the_phones_are_told(self):
        self.assertIn("Google/panther", self.provider.test_connection())

    def test_another_accounts_phone_is_told(self):
        provider = self.make_provider(device="another")
        with self.assertRaises(ProviderError) as caught:
            provider.test_connection()
        self.assertIn("no such phone", caught.exception.message)

    def test_old_versions_tell_of_themselves_elsewhere(self):
        phone = [{"id": "1", "name": "Google/oriole"}]
        provider, posts = self.answered(respond(status=404), answer(phone))
        self.assertIn("Google/oriole", provider.test_connection())
        self.assertTrue(posts[-1][0].endswith("/device"))
