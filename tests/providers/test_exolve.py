"""MTS Exolve."""

import json
from datetime import datetime, timedelta, timezone

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.exolve import ExolveProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Outcome,
    PushRequest,
)

from ..simulators.gates.exolve import ExolveGate
from .common import FakeHttp, make_request, respond
from .contract import GateCase, GateContract

ACCEPTED, DELIVERED = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
FAILED = DeliveryStatus.FAILED
MOMENT = datetime(2026, 11, 28, 10, 0, tzinfo=timezone.utc)
#: members as a public client lists them
SMS = {
    "message_id": "439166538475118034",
    "application_uuid": "c399f72c-90f9-4e61-85f6-0f18e1b93afd",
    "date": "2026-11-28T10:00:01.123Z",
    "number": "79160000000",
    "sender": "79160000000",
    "receiver": "79161000001",
    "text": "Hello",
    "direction": 2,
    "segments_count": 1,
    "billing_status": 1,
    "delivery_status": 3,
    "channel": 1,
    "status": 3,
}
INBOUND = {**SMS, "sender": "79161000001", "receiver": "79160000000", "direction": 1}
EVENT = {
    "call_id": "7374422070618357761",
    "state": "disconnected",
    "direction": "outbound",
    "from_number": "79160000000",
    "to_number": "79161000001",
    "duration": 12,
    "disconnect_reason": "normal",
}
CALL = "call:7374422070618357761"


def make_provider(*answers, **settings):
    values = {**ExolveGate.make_settings("https://exolve.example"), **settings}
    http = FakeHttp(*answers)
    return ExolveProvider(values, http, Context()), http


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


def read_posts(http):
    return [(url, json.loads(body)) for url, body, _headers in http.posts]


class TestExolveContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "exolve"
    unknown_status = "77"

    def test_a_lookup_finds_nothing_of_others(self):
        """Whether another text is ours, changed on the way, nobody knows: it must
        neither be taken for ours nor prove that ours was not sent."""
        self.submit_one(number=1, text="Another text")
        asked = self.request(1, attempted_at=datetime.now(timezone.utc))
        with self.assertRaises(ProviderError):
            self.provider.lookup([asked])


class TestExolveSms(BaseCase):
    def submit(self, *answers, **settings):
        provider, http = make_provider(*answers, **settings)
        [result] = provider.submit([make_request()])
        return result, http

    def test_an_sms_is_posted_as_documented(self):
        result, http = self.submit(answer({"message_id": "439166538475118034"}))
        self.assertEqual(
            read_posts(http),
            [
                (
                    "https://exolve.example/messaging/v1/SendSMS",
                    {
                        "number": "79160000000",
                        "destination": "79160000001",
                        "text": "Hello",
                    },
                )
            ],
        )
        headers = http.posts[0][2]
        self.assertEqual(
            headers["Authorization"], f"Bearer {ExolveGate.account['api_key']}"
        )
        self.assertEqual(result.provider_reference, "439166538475118034")

    def test_senders_are_names_or_numbers(self):
        for sender, told in (
            ("Shop", "Shop"),
            ("+7 916 000-00-00", "79160000000"),
            (" 79160000000 ", "79160000000"),
        ):
            with self.subTest(sender):
                _result, http = self.submit(answer({"message_id": "1"}), sender=sender)
                [(_url, body)] = read_posts(http)
                self.assertEqual(body["number"], told)

    def test_a_template_is_a_number(self):
        _result, http = self.submit(answer({"message_id": "1"}), template="1017")
        [(_url, body)] = read_posts(http)
        self.assertEqual(body["template_resource_id"], 1017)

    def test_ids_have_two_spellings(self):
        for told in (
            {"message_id": "439166538475118034"},
            {"message_id": 439166538475118034},
            {"success": True, "messageId": "439166538475118034"},
        ):
            with self.subTest(told):
                result, _http = self.submit(answer(told))
                self.assertEqual(result.outcome, Outcome.ACCEPTED)
                self.assertEqual(result.provider_reference, "439166538475118034")

    def test_a_success_without_an_id_leaves_us_in_doubt(self):
        for told in ({}, {"success": False, "error": "x"}, {"message_id": ""}, []):
            with self.subTest(told):
                result, _http = self.submit(answer(told))
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_errors_come_nested_flat_and_as_a_message(self):
        for told in (
            {"error": {"message": "text is too long"}},
            {"error": "text is too long"},
            {"message": "text is too long", "code": 3},
        ):
            with self.subTest(told):
                result, _http = self.submit(answer(told, 400))
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, "provider_error")
                self.assertEqual(result.code, "text is too long")
                self.assertEqual(result.message, "text is too long")

    def test_known_words_of_errors(self):
        for words, failure_type in (
            ("incorrect number format", "invalid_number"),
            ("Destination is not permitted for delivery", "unsupported"),
        ):
            with self.subTest(words):
                result, _http = self.submit(answer({"error": {"message": words}}, 400))
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, failure_type)
                self.assertEqual(result.message, words)

    def test_what_points_to_the_account_stops_the_route(self):
        for words, status in (
            ("malformed token", 401),
            ("unauthorized", 401),
            ("customer has not signed the contract", 400),
            ("Insufficient funds", 400),
            ("not enough money", 402),
        ):
            with self.subTest(words):
                told = {"error": {"message": words}}
                result, _http = self.submit(answer(told, status))
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertIn(words, result.route_down)

    def test_a_server_that_broke_may_have_taken_it(self):
        for words in ("insufficient resources", "unauthorized", "x"):
            with self.subTest(words):
                result, _http = self.submit(answer({"error": {"message": words}}, 503))
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)


class TestExolveCalls(GateCase):
    code = "exolve"
    extra_settings = {"source": "79160000099", "speed": "0.9"}

    def call(self, **values):
        return self.submit_one(channel="voice", **values)

    def test_a_call_is_made_with_the_voice_of_the_route(self):
        provider = self.make_provider(voice="2", language="3")
        request = self.request(channel="voice", text="Ваш заказ готов")
        [result] = provider.submit([request])
        [message] = self.gate.stats()["messages"]
        self.assertEqual(result.provider_reference, f"call:{message['reference']}")
        self.assertEqual(message["sender"], "79160000099")
        self.assertEqual(
            message["extra"],
            {"text": "Ваш заказ готов", "voice": 2, "lang": 3, "speed": 0.9},
        )

    def test_the_sender_calls_where_it_is_a_number(self):
        [_result] = self.make_provider(source="").submit(
            [self.request(channel="voice")]
        )
        [message] = self.gate.stats()["messages"]
        self.assertEqual(message["sender"], "79160000000")

    def test_without_a_number_nothing_is_called_and_the_administrator_is_told(self):
        provider = self.make_provider(sender="Shop", source="")
        [result] = provider.submit([self.request(channel="voice")])
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertIn("caller ID", result.route_down)
        self.assertFalse(self.gate.stats()["calls"])

    def test_longer_texts_are_not_read_aloud(self):
        self.call(text="а" * 1000)
        [result] = self.provider.submit(
            [self.request(2, channel="voice", text="а" * 1001)]
        )
        self.assertEqual(result.outcome, Outcome.REFUSED)
        self.assertEqual(result.failure_type, "content_rejected")

    def test_what_a_call_became_is_polled(self):
        result, message = self.call()
        for word, status, failure_type in (
            ("calling", ACCEPTED, None),
            ("answered", ACCEPTED, None),
            ("talk", ACCEPTED, None),
            ("play_audio_stop", ACCEPTED, None),
            ("modified", ACCEPTED, None),
            ("completed", DELIVERED, None),
            ("no_answer", FAILED, "no_answer"),
            ("busy", FAILED, "busy"),
            ("rejected", FAILED, "declined"),
            ("canceled", FAILED, "other"),
            # in capitals: the gate's own word for what fails is another
            ("FAILED", FAILED, "provider_error"),
        ):
            with self.subTest(word):
                self.gate.set_status(word, message["reference"])
                [report] = self.provider.poll([result.provider_reference])
                self.assertEqual(report.status, status)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual(report.provider_reference, result.provider_reference)
                self.assertEqual(report.raw, word)
                self.assertIsNotNone(report.occurred_at)

    def test_calls_and_sms_are_asked_for_by_their_own_methods(self):
        sms, _message = self.submit_one(number=1)
        call, _message = self.call(number=2)
        self.gate.set_status("delivered")
        for result in (sms, call):
            [report] = self.provider.poll([result.provider_reference])
            self.assertEqual(report.status, DELIVERED)
        self.assertEqual(self.gate.stats()["refusals"], {})

    def test_a_call_without_an_answer_is_never_made_again(self):
        """The account's calls cannot be asked for: finding none would be believed."""
        self.gate.arm("drop_after")
        request = self.request(channel="voice", attempted_at=MOMENT)
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        with self.assertRaises(ProviderError):
            self.provider.lookup([request])

    def test_events_of_calls_are_pushed(self):
        result, message = self.call()
        for word, status, failure_type in (
            ("accepted", ACCEPTED, None),
            ("busy", FAILED, "busy"),
            ("no_answer", FAILED, "no_answer"),
            ("rejected", FAILED, "declined"),
            ("completed", DELIVERED, None),
            # whether it was heard is asked for
            ("normal", ACCEPTED, None),
        ):
            with self.subTest(word):
                push = self.gate.push(word, message["reference"])
                [report] = self.parse(push).reports
                self.assertEqual(report.status, status)
                self.assertEqual(report.failure_type, failure_type)
                self.assertEqual(report.provider_reference, result.provider_reference)


class TestExolveStatuses(BaseCase):
    def poll(self, message, **settings):
        provider, http = make_provider(answer({"messages": [message]}), **settings)
        return provider.poll([SMS["message_id"]]), http

    def test_one_message_is_asked_for(self):
        [report], http = self.poll(SMS)
        self.assertEqual(
            read_posts(http),
            [
                (
                    "https://exolve.example/messaging/v1/GetList",
                    {"message_id": "439166538475118034"},
                )
            ],
        )
        self.assertEqual(report.segments, 1)

    def test_numbers_mean_what_the_route_says(self):
        for number, status in ((3, DELIVERED), (4, FAILED), (5, FAILED), (2, ACCEPTED)):
            with self.subTest(number):
                [report], _http = self.poll({**SMS, "delivery_status": number})
                self.assertEqual(report.status, status)
                self.assertEqual(report.raw, str(number))
                if status is FAILED:
                    self.assertEqual(report.code, str(number))

    def test_numbers_that_nobody_explained_change_nothing(self):
        for number in (*range(10), "delivered", None, True):
            with self.subTest(number):
                [report], _http = self.poll(
                    {**SMS, "delivery_status": number},
                    delivered_codes="",
                    failed_codes="",
                )
                self.assertEqual(report.status, ACCEPTED)

    def test_another_message_is_not_ours(self):
        self.assertEqual(self.poll({**SMS, "message_id": "1"})[0], [])

    def test_settings_that_cannot_be_read_are_told(self):
        for values, count in (
            ({"delivered_codes": "3, 4"}, 0),
            ({"delivered_codes": "three"}, 1),
            ({"failed_codes": "4;5"}, 1),
            ({"source": "Shop"}, 1),
            ({"template": "0"}, 1),
            ({"speed": "9"}, 1),
        ):
            with self.subTest(values):
                provider, _http = make_provider(b"", **values)
                self.assertEqual(len(provider.check_settings()), count)


class TestExolveLookup(BaseCase):
    def lookup(self, told, **values):
        provider, http = make_provider(answer(told))
        values = {"msisdn": "+79161000001", "attempted_at": MOMENT, **values}
        [found] = provider.lookup([make_request(**values)])
        return found, http

    def test_the_list_is_asked_for_by_number_and_time(self):
        [report], http = self.lookup({"messages": [SMS]})
        self.assertEqual(
            read_posts(http),
            [
                (
                    "https://exolve.example/messaging/v1/GetList",
                    {
                        "receiver": "79161000001",
                        "limit": 2000,
                        "date_gte": "2026-11-28T09:59:00Z",
                        "date_lte": "2026-11-28T10:30:00Z",
                    },
                )
            ],
        )
        self.assertEqual(report.provider_reference, SMS["message_id"])
        self.assertEqual(report.status, DELIVERED)

    def test_an_empty_list_may_be_left_out(self):
        for told in ({}, {"messages": []}):
            with self.subTest(told):
                self.assertEqual(self.lookup(told)[0], [])

    def test_what_is_no_list_proves_nothing(self):
        for told in (
            {"status": "ok"}, [], None, "x", {"messages": None}, {"messages": [None]},
            {"messages": [{"text": "Hello"}]}, {"error": {"message": "x"}},
        ):  # fmt: skip
            with self.subTest(told), self.assertRaises(ProviderError):
                self.lookup(told)

    def test_spaces_make_no_other_text(self):
        found, _http = self.lookup(
            {"messages": [{**SMS, "text": "Hello \r\n world "}]}, text="Hello\nworld"
        )
        self.assertEqual(len(found), 1)

    def test_another_text_is_neither_ours_nor_a_proof(self):
        with self.assertRaises(ProviderError):
            self.lookup({"messages": [{**SMS, "text": "Hell0"}]})

    def test_the_same_text_beside_another_is_ours(self):
        told = {"messages": [{**SMS, "message_id": "1", "text": "Hell0"}, SMS]}
        [report], _http = self.lookup(told)
        self.assertEqual(report.provider_reference, SMS["message_id"])

    def test_copies_are_all_told(self):
        """Nobody chooses among them."""
        told = {"messages": [SMS, {**SMS, "message_id": "2"}]}
        self.assertEqual(len(self.lookup(told)[0]), 2)

    def test_what_is_surely_not_ours_is_left_out(self):
        """Where the filters were not read."""
        for change in (
            {"receiver": "79161000002"},
            {"date": "2026-11-28T08:00:00Z"},
            {"date": "2026-11-28T11:00:00Z"},
            {"direction": 1},
        ):
            with self.subTest(change):
                self.assertEqual(self.lookup({"messages": [{**SMS, **change}]})[0], [])

    def test_a_list_that_is_full_proves_nothing(self):
        others = [{**SMS, "receiver": "79169999999"}] * 2000
        with self.assertRaises(ProviderError):
            self.lookup({"messages": others})


class TestExolvePushes(BaseCase):
    def parse(self, document, **settings):
        provider, _http = make_provider(b"", **settings)
        body = json.dumps(document).encode()
        return provider.parse_push(PushRequest("POST", body))

    def test_inbound_sms_are_read(self):
        [message] = self.parse(INBOUND).inbound
        self.assertEqual(message.sender, "+79161000001")
        self.assertEqual(message.recipient, "+79160000000")
        self.assertEqual(message.text, "Hello")
        self.assertEqual(message.provider_reference, SMS["message_id"])
        self.assertEqual(message.received_at.second, 1)

    def test_the_least_that_is_known_of_inbound_sms_suffices(self):
        [message] = self.parse({"sender": "79161000001", "text": "Да"}).inbound
        self.assertEqual((message.sender, message.text), ("+79161000001", "Да"))

    def test_our_own_sms_are_reports(self):
        for document in (
            SMS,
            {key: value for key, value in SMS.items() if key != "direction"},
            {**SMS, "sender": "Shop"},
        ):
            with self.subTest(document):
                answered = self.parse(document, sender=document["sender"])
                self.assertFalse(answered.inbound)
                [report] = answered.reports
                self.assertEqual(report.status, DELIVERED)
                self.assertEqual(report.provider_reference, SMS["message_id"])

    def test_several_in_one_push(self):
        answered = self.parse({"messages": [SMS, INBOUND]})
        self.assertEqual((len(answered.reports), len(answered.inbound)), (1, 1))

    def test_calls_of_others_to_us_are_left_out(self):
        answered = self.parse({**EVENT, "direction": "inbound"})
        self.assertEqual((answered.reports, answered.inbound), ((), ()))

    def test_events_say_what_they_are(self):
        [report] = self.parse(EVENT).reports
        self.assertEqual(report.raw, "disconnected normal")
        self.assertEqual(report.provider_reference, CALL)

    def test_a_call_that_took_no_time_was_not_heard(self):
        for duration, status in ((12, DELIVERED), ("3.5", DELIVERED), (0, ACCEPTED)):
            with self.subTest(duration):
                event = {**EVENT, "disconnect_reason": "completed"}
                [report] = self.parse({**event, "duration": duration}).reports
                self.assertEqual(report.status, status)
        del event["duration"]
        [report] = self.parse(event).reports
        self.assertEqual(report.status, ACCEPTED)

    def test_an_event_in_between_is_no_end(self):
        for state in ("calling", "connected", "busy", ""):
            with self.subTest(state):
                event = {**EVENT, "state": state, "disconnect_reason": "busy"}
                [report] = self.parse(event).reports
                self.assertEqual(report.status, ACCEPTED)

    def test_strange_pushes_are_kept(self):
        for document in ({}, [], None, "x", {"text": "x"}, {"messages": [SMS, {}]}):
            with self.subTest(document), self.assertRaises(UnreadablePush):
                self.parse(document)


class TestExolveInbound(BaseCase):
    def fetch(self, *answers, **settings):
        provider, http = make_provider(*answers, **settings)
        return provider.fetch_inbound(MOMENT), read_posts(http)

    def test_each_number_of_the_account_is_asked_for(self):
        told = answer({"messages": [INBOUND, SMS]})
        found, posts = self.fetch(told, answer({}), source="79160000099")
        self.assertEqual([m.sender for m in found], ["+79161000001"])
        asked = {"date_gte": "2026-11-28T10:00:00Z", "limit": 2000, "offset": 0}
        self.assertEqual(
            [body for _url, body in posts],
            [
                {**asked, "receiver": "79160000099"},
                {**asked, "receiver": "79160000000"},
            ],
        )

    def test_a_sender_name_cannot_be_written_to(self):
        self.assertEqual(self.fetch(b"", sender="Shop"), ([], []))

    def test_full_pages_are_followed_by_others(self):
        page = [{**INBOUND, "message_id": str(number)} for number in range(2000)]
        found, posts = self.fetch(
            answer({"messages": page}), answer({"messages": [INBOUND]})
        )
        self.assertEqual(len(found), 2001)
        self.assertEqual([body["offset"] for _url, body in posts], [0, 2000])

    def test_pages_end(self):
        page = answer({"messages": [INBOUND] * 2000})
        _found, posts = self.fetch(page)
        self.assertEqual(len(posts), 5)

    def test_nonsense_is_an_error(self):
        with self.assertRaises(ProviderError):
            self.fetch(answer({"status": "ok"}))


class TestExolveBalance(BaseCase):
    def test_the_balance_is_in_roubles(self):
        provider, http = make_provider(answer({"balance": 3520.38, "credit_limit": 0}))
        [money] = provider.balance().money
        self.assertEqual((str(money.amount), money.currency), ("3520.38", "RUB"))
        self.assertEqual(
            read_posts(http), [("https://exolve.example/finance/v1/GetBalance", {})]
        )

    def test_an_answer_without_one_is_an_error(self):
        provider, _http = make_provider(answer({"credit_limit": 0}))
        with self.assertRaises(ProviderError):
            provider.test_connection()


class TestExolveWindow(GateCase):
    """The list of the gate, with its own clock."""

    code = "exolve"

    def test_a_message_of_before_is_not_taken_for_this_one(self):
        self.submit_one()
        later = datetime.now(timezone.utc) + timedelta(minutes=5)
        asked = self.request(attempted_at=later)
        self.assertEqual(self.provider.lookup([asked]), [[]])
