"""Infobip, against its gate and by the examples of its documentation."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.infobip import InfobipProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Money,
    Outcome,
    PushRequest,
)

from ..simulators.gates.infobip import describe
from .common import FakeHttp, respond
from .contract import CALLBACK, GateCase, GateContract

#: of the documentation; the ids are those of the first and the second request
SENT = {
    "bulkId": "2034072219640523072",
    "messages": [
        {
            "messageId": f"{2:032x}",
            "status": {
                "groupId": 5,
                "groupName": "REJECTED",
                "id": 6,
                "name": "REJECTED_NETWORK",
                "description": "Network is forbidden",
            },
            "destination": "79160000002",
        },
        {
            "messageId": f"{1:032x}",
            "status": {
                "groupId": 1,
                "groupName": "PENDING",
                "id": 26,
                "name": "PENDING_ACCEPTED",
                "description": "Message sent to next instance",
            },
            "destination": "79160000001",
            "details": {"messageCount": 2},
        },
    ],
}


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


def read_row(status, *, error=None, settings=None, **values):
    """What becomes of a row of the logs."""
    provider = InfobipProvider(settings or {}, FakeHttp())
    row = {"messageId": f"{7:032x}", "status": status, "error": error, **values}
    body = json.dumps({"results": [row]}).encode()
    [report] = provider.parse_push(PushRequest("POST", body)).reports
    return report


class InfobipCase(GateCase):
    code = "infobip"

    def answered(self, *answers, **settings):
        """A provider whose server answers so, and what it is asked."""
        http = FakeHttp(*answers)
        url = "https://api.infobip.com"
        return self.make_provider(http=http, url=url, **settings), http.posts

    def get_request(self):
        """What the gate was told of its last message."""
        return self.gate.stats()["messages"][-1]["extra"]["request"]


class TestInfobipContract(GateContract, InfobipCase):
    allow_inherited_tests_method = True


class TestInfobipSubmit(InfobipCase):
    def test_the_answer_of_the_documentation(self):
        provider, [*_posts] = self.answered(answer(SENT))
        taken, refused = provider.submit([self.request(1), self.request(2)])
        self.assertEqual((taken.outcome, taken.segments), (Outcome.ACCEPTED, 2))
        self.assertEqual(taken.provider_reference, f"{1:032x}")
        self.assertEqual(refused.outcome, Outcome.REFUSED)
        self.assertEqual(refused.failure_type, "unsupported")
        self.assertEqual(refused.code, "REJECTED_NETWORK")
        self.assertEqual(refused.message, "Network is forbidden")

    def test_one_call_carries_many_texts_and_each_text_once(self):
        texts = ("One", "Two", "One")
        self.submit(*[self.request(n, text=text) for n, text in enumerate(texts, 1)])
        stats = self.gate.stats()
        self.assertEqual(stats["calls"], {"submit": 1})
        told = [message["extra"]["request"] for message in stats["messages"]]
        self.assertEqual([len(one["destinations"]) for one in told], [2, 2, 1])

    def test_rejections_say_what_a_message_is_told(self):
        for code, outcome, failure_type in (
            ("REJECTED_DND", Outcome.REFUSED, "mailing_forbidden"),
            ("REJECTED_SOURCE", Outcome.REFUSED, "sender_unregistered"),
            ("REJECTED_MESSAGE_TOO_LONG", Outcome.REFUSED, "content_rejected"),
            ("REJECTED_FLOODING_FILTER", Outcome.NOT_SENT, None),
        ):
            with self.subTest(code):
                self.gate.reset()
                self.gate.config(answers={self.request(2).msisdn: code})
                first, second = self.provider.submit([self.request(1), self.request(2)])
                self.assertEqual(first.outcome, Outcome.ACCEPTED)
                told = second.outcome, second.code, second.failure_type
                self.assertEqual(told, (outcome, code, failure_type))
                self.assertFalse(second.route_down or second.route_trouble)

    def test_an_empty_account_stops_the_route(self):
        self.gate.config(answers={self.request().msisdn: "REJECTED_NOT_ENOUGH_CREDITS"})
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("no funds left", result.route_down)

    def test_both_forms_of_errors_are_read(self):
        old = {"messageId": "BAD_REQUEST", "text": "Bad number"}
        for value, code in (
            ({"requestError": {"serviceException": old}}, "BAD_REQUEST"),
            ({"errorCode": "E400", "description": "Bad number"}, "E400"),
        ):
            with self.subTest(code):
                provider, _posts = self.answered(answer(value, 400))
                [result] = provider.submit([self.request()])
                told = result.outcome, result.code, result.message
                self.assertEqual(told, (Outcome.REFUSED, code, "Bad number"))

    def test_a_refused_call_is_made_again_message_by_message(self):
        good, bad = answer(SENT), answer({"errorCode": "E400"}, 400)
        provider, posts = self.answered(bad, good, bad)
        results = provider.submit([self.request(1), self.request(2)])
        self.assertEqual(len(posts), 3)
        self.assertEqual(
            [result.outcome for result in results], [Outcome.ACCEPTED, Outcome.REFUSED]
        )

    def test_lives_are_told_and_cut_to_two_days(self):
        moment = datetime.now(timezone.utc)
        for seconds, told, is_cut in (
            (5, 60, False),
            (3600, 3600, False),
            (72 * 3600, 48 * 3600, True),
        ):
            with self.subTest(seconds):
                until = moment + timedelta(seconds=seconds)
                result, message = self.submit_one(number=seconds, valid_until=until)
                period = message["extra"]["request"]["options"]["validityPeriod"]
                self.assertEqual(period, {"amount": told, "timeUnit": "SECONDS"})
                self.assertEqual("48 hours" in result.message, is_cut)

    def test_sender_letters_and_address_go_along(self):
        _result, message = self.submit_one()
        self.assertEqual(message["sender"], "Shop")
        self.assertEqual(message["callback"], CALLBACK)
        self.assertNotIn("transliteration", self.get_request()["content"])
        provider = self.make_provider(sender="", transliterate="1")
        provider.submit([self.request(2)])
        told = self.get_request()
        self.assertEqual(told["content"]["transliteration"], "CYRILLIC")
        self.assertNotIn("sender", told)
        self.assertFalse(self.gate.stats()["refusals"])

    def test_without_a_known_address_none_goes_along(self):
        provider = InfobipProvider(self.settings, FakeHttp(answer(SENT)))
        call = provider._build_submit([self.request()])
        self.assertNotIn("webhooks", json.loads(call.body)["messages"][0])

    def test_an_id_of_infobips_own_is_kept(self):
        """Without it a message that was taken would be handed over again."""
        item = {**SENT["messages"][1], "messageId": "2250be2d4219-3af1"}
        provider, _posts = self.answered(answer({"messages": [item]}))
        taken, omitted = provider.submit([self.request(1), self.request(2)])
        self.assertEqual(taken.provider_reference, "2250be2d4219-3af1")
        self.assertEqual(omitted.outcome, Outcome.MAYBE_SENT)

    def test_contradictions_and_unexpected_statuses_leave_us_in_doubt(self):
        taken = SENT["messages"][1]
        refused = {**SENT["messages"][0], "messageId": taken["messageId"]}
        expired = {**taken, "status": describe("EXPIRED_EXPIRED")}
        for items in ([taken, refused], [expired], [{**taken, "status": None}]):
            provider, _posts = self.answered(answer({"messages": items}))
            [result] = provider.submit([self.request()])
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)


class TestInfobipRepetitions(InfobipCase):
    def test_a_repeated_message_was_taken_before(self):
        _result, _message = self.submit_one()
        [again] = self.provider.submit([self.request(attempt=2)])
        self.assertEqual(again.outcome, Outcome.ACCEPTED)
        self.assertEqual(again.provider_reference, self.request().uuid)
        self.assertEqual(again.code, "REJECTED_DUPLICATE_MESSAGE_ID")
        stats = self.gate.stats()
        self.assertEqual((stats["handset_total"], stats["repeats"]), (1, 1))

    def test_the_repetition_says_nothing_of_the_message(self):
        self.submit_one()
        self.provider.submit([self.request()])
        self.gate.set_status("delivered")
        request = self.request(attempted_at=datetime.now(timezone.utc))
        [[found]] = self.provider.lookup([request])
        self.assertEqual(found.status, DeliveryStatus.DELIVERED)
        report = read_row(describe("REJECTED_DUPLICATE_MESSAGE_ID"))
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        report = read_row({"groupId": 5, "id": 23})
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)

    def test_a_rejected_message_that_is_repeated_ends_as_rejected(self):
        """Nobody knows whether the id of a rejected message is taken: if it is, the
        status tells the truth."""
        msisdn = self.request().msisdn
        self.gate.config(
            remembers=True, answers={msisdn: "REJECTED_NOT_ENOUGH_CREDITS"}
        )
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.gate.config(answers={})
        [result] = self.provider.submit([self.request(attempt=2)])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        [report, _repetition] = self.provider.poll([result.provider_reference])
        self.assertEqual(report.status, DeliveryStatus.FAILED)
        self.assertEqual(report.failure_type, "no_funds")

    def test_what_is_older_than_the_logs_is_not_believed_unseen(self):
        moment = datetime.now(timezone.utc)
        fresh = self.request(1, attempted_at=moment - timedelta(hours=1))
        old = self.request(2, attempted_at=moment - timedelta(hours=50))
        unseen, [forgotten] = self.provider.lookup([fresh, old])
        self.assertEqual(unseen, [])
        self.assertEqual(forgotten.status, DeliveryStatus.UNKNOWABLE)
        self.assertIn("48 hours", forgotten.message)


class TestInfobipReports(InfobipCase):
    def test_statuses_can_be_read_again(self):
        result, _message = self.submit_one()
        self.gate.set_status("delivered")
        for _time in range(2):
            [report] = self.provider.poll([result.provider_reference])
            self.assertEqual(report.status, DeliveryStatus.DELIVERED)

    def test_many_are_asked_for_at_once_in_the_logs_of_their_channel(self):
        channels = ("sms", "voice", "sms")
        results = self.provider.submit(
            [self.request(n, channel=c) for n, c in enumerate(channels, 1)]
        )
        self.gate.set_status("delivered")
        reports = self.provider.poll([r.provider_reference for r in results])
        self.assertEqual(
            {report.uuid for report in reports},
            {self.request(n).uuid for n in (1, 2, 3)},
        )
        self.assertEqual(self.gate.stats()["calls"]["poll"], 2)

    def test_what_was_not_asked_for_is_left_alone(self):
        status = describe("DELIVERED_TO_HANDSET")
        rows = [{"messageId": name, "status": status} for name in ("mine", "another's")]
        provider, _posts = self.answered(answer({"results": rows}))
        [report] = provider.poll(["mine"])
        self.assertEqual(report.provider_reference, "mine")

    def test_reports_have_parts_price_and_time(self):
        price = {"pricePerMessage": 0.05, "currency": "EUR"}
        report = read_row(
            describe("DELIVERED_TO_HANDSET"),
            messageCount=3,
            price=price,
            sentAt="2026-11-09T16:00:00.000+0000",
            doneAt="2026-11-09T17:00:00.000+0100",
        )
        self.assertEqual(report.segments, 3)
        self.assertEqual(report.price, Money(Decimal("0.15"), "EUR"))
        self.assertEqual(
            report.occurred_at, datetime(2026, 11, 9, 16, tzinfo=timezone.utc)
        )
        self.assertEqual((report.code, report.message), ("", ""))
        for hostile in (-1, 0, 10**9, "x", None):
            report = read_row(describe("DELIVERED_TO_HANDSET"), messageCount=hostile)
            self.assertEqual((report.segments, report.price), (None, None))

    def test_statuses_have_their_reasons(self):
        failed, accepted = DeliveryStatus.FAILED, DeliveryStatus.ACCEPTED
        for word, status, failure_type in (
            ("PENDING_WAITING_DELIVERY", accepted, None),
            ("DELIVERED_TO_OPERATOR", accepted, None),
            ("UNDELIVERABLE_REJECTED_OPERATOR", failed, "operator_refusal"),
            ("REJECTED_NETWORK", failed, "unsupported"),
            ("REJECTED_FLOODING_FILTER", failed, "spam"),
            ("EXPIRED_EXPIRED", DeliveryStatus.EXPIRED, None),
            ("EXPIRED_DLR_UNKNOWN", DeliveryStatus.UNKNOWABLE, None),
            ("NO_ANSWER", failed, "no_answer"),
            ("BUSY", failed, "busy"),
            ("REJECTED", failed, "declined"),
        ):
            with self.subTest(word):
                report = read_row(describe(word))
                self.assertEqual(
                    (report.status, report.failure_type), (status, failure_type)
                )
                self.assertEqual(report.raw, word)

    def test_errors_say_more_than_statuses(self):
        status = describe("UNDELIVERABLE_NOT_DELIVERED")
        for name, failure_type in (
            ("EC_UNKNOWN_SUBSCRIBER", "invalid_number"),
            ("EC_ABSENT_SUBSCRIBER", "unreachable"),
            ("EC_SC_BLOCKED_BY_END_USER", "opted_out"),
            ("EC_DEST_ADDRESS_BLACKLISTED", "mailing_forbidden"),
            ("EC_VOICE_USER_BUSY", "busy"),
            ("EC_SOMETHING_NEW", "unreachable"),
        ):
            with self.subTest(name):
                error = {"groupId": 1, "id": 27, "name": name, "description": "Why"}
                report = read_row(status, error=error)
                told = report.failure_type, report.code, report.message
                self.assertEqual(told, (failure_type, name, "Why"))

    def test_statuses_of_new_names_have_the_meaning_of_their_group(self):
        for group, status in (
            (1, DeliveryStatus.ACCEPTED),
            (2, DeliveryStatus.FAILED),
            (3, DeliveryStatus.DELIVERED),
            (4, DeliveryStatus.EXPIRED),
            (5, DeliveryStatus.FAILED),
            (17, DeliveryStatus.ACCEPTED),
            (None, DeliveryStatus.ACCEPTED),
        ):
            report = read_row({"groupId": group, "id": 777, "name": "NEW"})
            self.assertEqual(report.status, status)

    def test_a_push_without_results_is_unreadable(self):
        for body in (b"{}", b"[]", b'{"results": {}}', b"results=1"):
            with self.assertRaises(UnreadablePush):
                self.provider.parse_push(PushRequest("POST", body))


class TestInfobipCalls(InfobipCase):
    def test_a_call_has_its_options(self):
        provider = self.make_provider(
            caller="74951234567",
            voice="Tatyana",
            gender="female",
            ring_timeout="30",
            retries="2",
            retry_after="5",
            machine="hangup",
        )
        until = datetime.now(timezone.utc) + timedelta(seconds=601)
        request = self.request(channel="voice", text="Здравствуйте", valid_until=until)
        [result] = provider.submit([request])
        self.assertEqual(result.provider_reference, f"v{request.uuid}")
        self.assertEqual(
            self.get_request(),
            {
                "destinations": [
                    {"to": "79160000001", "messageId": f"v{request.uuid}"}
                ],
                "text": "Здравствуйте",
                "from": "74951234567",
                "language": "ru",
                "voice": {"name": "Tatyana", "gender": "female"},
                "ringTimeout": 30,
                "retry": {"minPeriod": 5, "maxPeriod": 5, "maxCount": 2},
                "machineDetection": "hangup",
                "validityPeriod": 11,
                "notifyUrl": CALLBACK,
                "notifyContentType": "application/json",
            },
        )

    def test_nobody_is_called_again_unasked(self):
        self.submit_one(channel="voice")
        told = self.get_request()
        self.assertEqual(told["ringTimeout"], 45)
        self.assertFalse({"retry", "machineDetection", "voice"} & told.keys())

    def test_calls_and_messages_of_a_batch_go_their_ways(self):
        requests = [
            self.request(n, channel=channel)
            for n, channel in enumerate(("voice", "sms", "voice"), 1)
        ]
        _results, messages = self.submit(*requests)
        self.assertEqual(
            {(m["msisdn"], m["channel"]) for m in messages},
            {(request.msisdn, request.channel) for request in requests},
        )
        self.assertEqual(self.gate.stats()["calls"], {"submit": 2})

    def test_a_long_speech_is_refused_without_a_call(self):
        request = self.request(channel="voice", text="x" * 1401)
        [result] = self.provider.submit([request])
        self.assertEqual(result.failure_type, "content_rejected")
        self.assertFalse(self.gate.stats()["calls"])

    def test_a_language_that_infobip_does_not_speak_stops_the_route(self):
        provider = self.make_provider(language="xx")
        [result] = provider.submit([self.request(channel="voice")])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("REJECTED_UNSUPPORTED_LANGUAGE", result.route_down)

    def test_what_became_of_a_call(self):
        result, message = self.submit_one(channel="voice")
        for word, failure_type in (("NO_ANSWER", "no_answer"), ("BUSY", "busy")):
            self.gate.set_status(word)
            [report] = self.provider.poll([result.provider_reference])
            pushed = self.parse(self.gate.push(word, message["reference"]))
            for told in (report, *pushed.reports):
                self.assertEqual(told.failure_type, failure_type)
                self.assertEqual(told.uuid, self.request().uuid)
        self.assertEqual(report.price, Money(Decimal("0.12"), "EUR"))

    def test_a_machine_fails_the_call_where_it_is_hung_up_on(self):
        error = {"groupId": 0, "id": 5001, "name": "VOICE_ANSWERED_MACHINE"}
        for machine, status, failure_type in (
            ("hangup", DeliveryStatus.FAILED, "machine"),
            ("continue", DeliveryStatus.DELIVERED, None),
        ):
            report = read_row(
                describe("DELIVERED_TO_HANDSET"),
                error=error,
                settings={"machine": machine},
            )
            self.assertEqual(
                (report.status, report.failure_type), (status, failure_type)
            )

    def test_pressed_keys_are_told(self):
        report = read_row(
            describe("DELIVERED_TO_HANDSET"), voiceCall={"dtmfCodes": "1"}
        )
        self.assertEqual(report.message, "Keys pressed: 1")


class TestInfobipInbound(InfobipCase):
    #: of the documentation
    WRITTEN = {
        "results": [
            {
                "messageId": "817790313235066447",
                "from": "385916242493",
                "to": "385921004026",
                "text": "QUIZ Correct answer is Paris",
                "cleanText": "Correct answer is Paris",
                "keyword": "QUIZ",
                "receivedAt": "2026-10-06T09:28:39.220+0000",
                "smsCount": 1,
                "price": {"pricePerMessage": 0, "currency": "EUR"},
                "callbackData": "callbackData",
            }
        ],
        "messageCount": 1,
        "pendingMessageCount": 0,
    }

    def test_the_push_of_the_documentation(self):
        body = json.dumps(self.WRITTEN).encode()
        told = self.provider.parse_push(PushRequest("POST", body))
        self.assertFalse(told.reports)
        [message] = told.inbound
        self.assertEqual(
            (message.sender, message.recipient), ("+385916242493", "+385921004026")
        )
        self.assertEqual(message.text, "QUIZ Correct answer is Paris")
        self.assertEqual(message.provider_reference, "817790313235066447")
        self.assertEqual(message.received_at.second, 39)

    def test_short_numbers_and_names_stay_as_they_are(self):
        [row] = self.WRITTEN["results"]
        body = json.dumps({"results": [{**row, "from": "Bank", "to": "55555"}]})
        told = self.provider.parse_push(PushRequest("POST", body.encode()))
        [message] = told.inbound
        self.assertEqual((message.sender, message.recipient), ("Bank", "55555"))

    def test_all_pages_are_fetched_once(self):
        for number in range(101):
            self.gate.write(f"+7916{number:07d}", "+79160000000", "Yes")
        moment = datetime.now(timezone.utc)
        self.assertEqual(len(self.provider.fetch_inbound(moment)), 101)
        self.assertEqual(self.provider.fetch_inbound(moment), [])

    def test_what_was_given_is_kept_when_the_next_page_fails(self):
        page = answer({"results": self.WRITTEN["results"] * 100})
        provider, _posts = self.answered(page, respond(status=500))
        moment = datetime.now(timezone.utc)
        self.assertEqual(len(provider.fetch_inbound(moment)), 100)
        provider, _posts = self.answered(respond(b"nonsense"))
        with self.assertRaises(ProviderError):
            provider.fetch_inbound(moment)
