"""Zvonok.com."""

import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.types import (
    Context,
    DeliveryStatus,
    Fields,
    Outcome,
    PushRequest,
)
from odoo.addons.crm_sms_gateway.providers.zvonok import ZvonokProvider

from ..simulators.gates.zvonok import ZvonokGate
from .common import FakeHttp, make_request, respond
from .contract import CALLBACK, GateCase, GateContract

ACCEPTED, DELIVERED = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
FAILED, EXPIRED = DeliveryStatus.FAILED, DeliveryStatus.EXPIRED
#: a call as the tests of a public client have it
CALL = {
    "phone": "+79161000001",
    "call_id": 1365898635123456,
    "status": "compl_finished",
    "status_display": "Закончен удачно",
    "dial_status": 5,
    "dial_status_display": "Абонент ответил",
    "user_choice": None,
    "button_num": None,
    "duration": 14.2,
    "created": "2026-11-28T10:00:00.000000Z",
    "updated": "2026-11-28T10:01:00.000000Z",
    "completed": "2026-11-28T10:00:59.000000Z",
}
REFERENCE = "1365898635123456"


def make_provider(*answers, **settings):
    values = {**ZvonokGate.make_settings("https://zvonok.example"), **settings}
    http = FakeHttp(*answers)
    return ZvonokProvider(values, http, Context(callback_url=CALLBACK)), http


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


def push(query):
    return PushRequest("GET", b"", query=Fields.parse(query))


class TestZvonokContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "zvonok"

    def test_a_lookup_finds_nothing_of_others(self):
        """Calls are listed without their texts: one to the same number may be ours,
        and the gateway knows whether another message owns it."""
        result, _message = self.submit_one(number=1, text="Another text")
        asked = self.request(1, attempted_at=datetime.now(timezone.utc))
        [[found]] = self.provider.lookup([asked])
        self.assertEqual(found.provider_reference, result.provider_reference)


class TestZvonokSubmit(BaseCase):
    def submit(self, *answers, **settings):
        provider, http = make_provider(*answers, **settings)
        [result] = provider.submit([make_request(channel="voice")])
        return result, http

    def test_a_call_is_posted_as_documented(self):
        result, http = self.submit(
            answer({"call_id": 1365898635, "balance": "1069.75"})
        )
        [(url, body, headers)] = http.posts
        self.assertEqual(url, "https://zvonok.example/phones/call/")
        self.assertTrue(headers["Content-Type"].startswith("application/x-www-form"))
        self.assertEqual(
            dict(parse_qsl(body.decode())),
            {
                "public_key": ZvonokGate.account["public_key"],
                "campaign_id": "1234567",
                "phone": "+79160000001",
                "text": "Hello",
                "speaker": "Tatyana",
            },
        )
        self.assertEqual(result.provider_reference, "1365898635")

    def test_without_a_voice_the_provider_chooses(self):
        _result, http = self.submit(answer({"call_id": 1}), speaker="")
        self.assertNotIn(b"speaker", http.posts[0][1])

    def test_the_key_is_not_in_the_address_of_a_call(self):
        _result, http = self.submit(answer({"call_id": 1}))
        self.assertNotIn("public_key", http.posts[0][0])

    def test_ids_may_be_long_wrapped_and_text(self):
        for told in (
            {"call_id": int(REFERENCE)},
            {"call_id": REFERENCE},
            {"status": "ok", "data": {"call_id": int(REFERENCE)}},
        ):
            with self.subTest(told):
                result, _http = self.submit(answer(told))
                self.assertEqual(result.outcome, Outcome.ACCEPTED)
                self.assertEqual(result.provider_reference, REFERENCE)

    def test_a_success_without_an_id_leaves_us_in_doubt(self):
        for told in ({}, [], {"call_id": None}, {"call_id": "x y"}, {"status": "ok"}):
            with self.subTest(told):
                result, _http = self.submit(answer(told))
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_errors_are_told_with_either_status(self):
        for status in (200, 400):
            with self.subTest(status):
                told = {"status": "error", "data": "Номер в чёрном списке"}
                result, _http = self.submit(answer(told, status))
                self.assertEqual(result.outcome, Outcome.REFUSED)
                self.assertEqual(result.failure_type, "provider_error")
                self.assertEqual(result.code, "Номер в чёрном списке")
                self.assertEqual(result.message, "Номер в чёрном списке")

    def test_an_administrator_gives_words_a_reason(self):
        told = {"status": "error", "data": "Номер в чёрном списке"}
        values = ZvonokGate.make_settings("https://zvonok.example")
        context = Context(reasons={"Номер в чёрном списке": "opted_out"})
        provider = ZvonokProvider(values, FakeHttp(answer(told)), context)
        [result] = provider.submit([make_request(channel="voice")])
        self.assertEqual(result.failure_type, "opted_out")

    def test_errors_of_fields_are_kept(self):
        told = {
            "status": "error",
            "data": {"phone": ["Неверный номер"], "text": "Пусто"},
        }
        result, _http = self.submit(answer(told))
        self.assertEqual(result.message, "phone: Неверный номер; text: Пусто")

    def test_what_points_to_the_account_stops_the_route(self):
        for words in (
            "Invalid public_key",
            "Insufficient balance",
            "Недостаточно средств",
            "Campaign not found",
            "Invalid campaign_id",
        ):
            for status in (200, 400):
                with self.subTest(words, status=status):
                    told = {"status": "error", "data": words}
                    result, _http = self.submit(answer(told, status))
                    self.assertEqual(result.outcome, Outcome.NOT_SENT)
                    self.assertIn(words, result.route_down)

    def test_a_server_that_broke_may_have_called(self):
        told = {"status": "error", "data": "Insufficient balance"}
        result, _http = self.submit(answer(told, 503))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_too_many_calls_a_second_are_tried_again(self):
        result, _http = self.submit(respond(status=429, retry_after="2"))
        self.assertEqual(result.outcome, Outcome.NOT_SENT)
        self.assertEqual(result.retry_after, 2)


class TestZvonokStatuses(GateCase):
    """The two axes, over the network: polled and pushed they mean the same."""

    code = "zvonok"

    def check(self, word, status, failure_type=None, provider=None):
        provider = provider or self.provider
        reference = self.result.provider_reference
        self.gate.set_status(word, reference)
        [polled] = provider.poll([reference])
        pushed_by = self.gate.push(word, reference)
        query = Fields.parse(pushed_by.url.partition("?")[2])
        answered = provider.parse_push(PushRequest("GET", b"", query=query))
        [pushed] = answered.reports
        self.assertEqual(answered.body, b"OK")
        for report in (polled, pushed):
            self.assertEqual(report.status, status, word)
            self.assertEqual(report.failure_type, failure_type, word)
            self.assertEqual(report.provider_reference, reference)
        return polled, pushed

    def setUp(self):
        super().setUp()
        self.result, _message = self.submit_one()

    def test_delivered_is_heard_by_a_person(self):
        for word in ("compl_finished/5", "user/5/1", "novalid_button/8/7"):
            self.check(word, DELIVERED)

    def test_a_machine_that_listens_is_none(self):
        for word in ("compl_finished/6", "compl_finished/7", "attempts_exc/6"):
            self.check(word, FAILED, "machine")
        # no machine presses keys
        self.check("user/6/1", DELIVERED)

    def test_the_last_attempt_gives_the_reason(self):
        for dial, failure_type in (
            ("1", "provider_error"),
            ("2", "declined"),
            ("3", "no_answer"),
            ("4", "busy"),
            ("9", "no_answer"),
            ("11", "opted_out"),
            ("12", "opted_out"),
            ("14", "invalid_number"),
            ("18", "provider_error"),
        ):
            polled, _pushed = self.check(f"attempts_exc/{dial}", FAILED, failure_type)
            self.assertEqual(polled.code, f"attempts_exc/{dial}")

    def test_what_the_campaign_did_not_call_has_failed(self):
        for word, failure_type in (
            ("deleted/15", "other"),
            ("deleted/11", "opted_out"),
            ("interrupted/0", "other"),
            ("no_provider/0", "unsupported"),
            ("duration_error/0", "content_rejected"),
            ("synth_error/0", "content_rejected"),
        ):
            self.check(word, FAILED, failure_type)

    def test_a_call_that_was_not_made_in_time_is_expired(self):
        self.check("expires/3", EXPIRED)

    def test_an_attempt_is_not_the_end(self):
        """The campaign calls again by itself: only its status ends a call."""
        for dial in ("0", "2", "3", "4", "5", "6", "11"):
            self.check(f"in_process/{dial}", ACCEPTED)

    def test_partly_heard_is_a_setting(self):
        lenient = self.make_provider(partly="1")
        for word in ("compl_nofinished/5", "compl_nofinished/2", "attempts_exc/13"):
            self.check(word, FAILED, "declined")
            polled, _pushed = self.check(word, DELIVERED, provider=lenient)
            self.assertIn("did not listen to the end", polled.message)
        self.check("compl_nofinished/6", FAILED, "machine", provider=lenient)
        self.check("attempts_exc/3", FAILED, "no_answer", provider=lenient)

    def test_the_key_pressed_is_told(self):
        for report in self.check("user/5/1", DELIVERED):
            self.assertEqual(report.message, "Key pressed: 1")

    def test_the_provider_s_own_names_are_kept(self):
        polled, _pushed = self.check("attempts_exc/3", FAILED, "no_answer")
        self.assertEqual(polled.message, "Попытки закончились, Дозвон 3")

    def test_the_pasted_address_is_filled_by_the_campaign(self):
        self.gate.config(callback=self.provider.get_callback_address())
        for word in ("user/5/1", "attempts_exc/4"):
            self.gate.set_status(word)
            url = self.gate.push(word, self.result.provider_reference).url
            self.assertTrue(url.startswith(CALLBACK + "?"))
            query = Fields.parse(url.partition("?")[2])
            self.assertEqual(query["phone"], "79160000001")
            [report] = self.provider.parse_push(
                PushRequest("GET", b"", query=query)
            ).reports
            self.assertEqual(report.raw, word.partition("/")[0])


class TestZvonokPushes(BaseCase):
    def parse(self, query):
        provider, _http = make_provider(b"")
        return provider.parse_push(push(query)).reports

    def test_the_address_to_paste(self):
        provider, _http = make_provider(b"")
        self.assertEqual(
            provider.get_callback_address(),
            f"{CALLBACK}?call_id={{ct_call_id}}&status={{ct_status}}"
            "&dial={ct_dial_status}&button={ct_button_num}&duration={ct_duration}"
            "&phone={ct_phone}",
        )

    def test_without_an_address_there_is_none_to_paste(self):
        self.assertEqual(ZvonokProvider({}, FakeHttp()).get_callback_address(), "")

    def test_a_push_without_a_call_is_unreadable(self):
        for query in (
            "",
            "status=user",
            "call_id=",
            "call_id={ct_call_id}&status=user",
        ):
            with self.subTest(query), self.assertRaises(UnreadablePush):
                self.parse(query)

    def test_names_that_were_not_filled_change_nothing(self):
        for query in (
            "call_id=1&status={ct_status}&dial={ct_dial_status}&button={ct_button_num}",
            "call_id=1",
            "call_id=1&dial=4",
        ):
            with self.subTest(query):
                [report] = self.parse(query)
                self.assertEqual(report.status, ACCEPTED)
                self.assertEqual(report.message, "")

    def test_a_key_that_is_none_is_not_told(self):
        for key in ("None", "", "-1", "123", "{ct_button_num}"):
            with self.subTest(key):
                [report] = self.parse(f"call_id=1&status=user&dial=5&button={key}")
                self.assertEqual(report.status, DELIVERED)
                self.assertEqual(report.message, "")

    def test_fields_may_come_as_a_form(self):
        provider, _http = make_provider(b"")
        body = b"call_id=7&status=compl_finished&dial=5"
        [report] = provider.parse_push(PushRequest("POST", body)).reports
        self.assertEqual(report.status, DELIVERED)


class TestZvonokQuestions(BaseCase):
    def lookup(self, told, **values):
        provider, http = make_provider(answer(told))
        request = make_request(msisdn="+79161000001", channel="voice", **values)
        [found] = provider.lookup([request])
        return found, http

    def test_a_call_is_read_as_clients_read_it(self):
        provider, _http = make_provider(answer([CALL]))
        [report] = provider.poll([REFERENCE])
        self.assertEqual(report.status, DELIVERED)
        self.assertEqual(report.provider_reference, REFERENCE)
        self.assertEqual(report.message, "Закончен удачно, Абонент ответил")
        self.assertEqual(
            report.occurred_at, datetime(2026, 11, 28, 10, 0, 59, tzinfo=timezone.utc)
        )

    def test_lists_may_be_wrapped(self):
        for told in ([CALL], CALL, {"status": "ok", "data": [CALL]}, {"data": CALL}):
            with self.subTest(told):
                provider, _http = make_provider(answer(told))
                self.assertEqual(len(provider.poll([REFERENCE])), 1)

    def test_another_call_is_not_ours(self):
        provider, _http = make_provider(answer([CALL]))
        self.assertEqual(provider.poll(["77"]), [])

    def test_only_calls_since_the_attempt_may_be_ours(self):
        moment = datetime(2026, 11, 28, 10, 0, tzinfo=timezone.utc)
        for seconds, count in ((-3600, 1), (0, 1), (30, 1), (90, 0)):
            with self.subTest(seconds):
                attempted_at = moment + timedelta(seconds=seconds)
                found, _http = self.lookup([CALL], attempted_at=attempted_at)
                self.assertEqual(len(found), count)

    def test_the_list_is_asked_for_from_the_day_before(self):
        """The account's time zone is unknown; what is older is left out here."""
        moment = datetime(2026, 11, 28, 0, 30, tzinfo=timezone.utc)
        _found, http = self.lookup([], attempted_at=moment)
        url = http.posts[0][0]
        self.assertIn("from_created_date=2026-11-27", url)
        self.assertIn("phone=%2B79161000001", url)
        self.assertIn("campaign_id=1234567", url)

    def test_several_calls_are_all_told(self):
        """Nobody chooses among them."""
        found, _http = self.lookup([CALL, {**CALL, "call_id": 2}])
        self.assertEqual([r.provider_reference for r in found], [REFERENCE, "2"])

    def test_a_call_whose_time_or_number_is_not_told_may_be_ours(self):
        moment = datetime(2026, 11, 29, tzinfo=timezone.utc)
        for created in ("", None, "28.11.2026 13:00", "2026-11-28 13:00:00"):
            with self.subTest(created):
                told = {**CALL, "created": created, "phone": None}
                found, _http = self.lookup([told], attempted_at=moment)
                self.assertEqual(len(found), 1)

    def test_numbers_may_be_written_as_at_home(self):
        for phone, count in (
            ("89161000001", 1),
            ("79161000001", 1),
            ("79161000002", 0),
        ):
            with self.subTest(phone):
                found, _http = self.lookup([{**CALL, "phone": phone}])
                self.assertEqual(len(found), count)

    def test_what_is_no_list_proves_nothing(self):
        """A call that was not seen is made again: nonsense must not be read so."""
        for told in (
            {},
            {"status": "ok"},
            "x",
            None,
            [None],
            [{}],
            {"data": "no calls"},
        ):
            with self.subTest(told), self.assertRaises(ProviderError):
                self.lookup(told)
        with self.assertRaises(ProviderError):
            self.lookup({"status": "error", "data": "no such campaign"})

    def test_balances(self):
        for told in ({"balance": "1069.750000"}, {"data": {"balance": 1069.75}}):
            with self.subTest(told):
                provider, _http = make_provider(answer(told))
                [money] = provider.balance().money
                self.assertEqual(money.currency, "RUB")
                self.assertEqual(float(money.amount), 1069.75)
        provider, _http = make_provider(answer({"balance": None}))
        with self.assertRaises(ProviderError):
            provider.balance()
