"""SMS.ru, against its gate and by the examples of its documentation."""

import json
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

from odoo.addons.crm_sms_gateway.providers.errors import ForgedPush, ProviderError
from odoo.addons.crm_sms_gateway.providers.sms_ru import SmsRuProvider
from odoo.addons.crm_sms_gateway.providers.types import DeliveryStatus, Outcome

from ..simulators.engine import Push
from ..simulators.gates.sms_ru import make_form, sign
from .common import FakeHttp, respond
from .contract import CALLBACK, GateCase, GateContract, to_request

#: of the documentation
SENT = {
    "status": "OK",
    "status_code": 100,
    "sms": {
        "79255070602": {
            "status": "OK",
            "status_code": 100,
            "sms_id": "000000-10000000",
        },
        "74993221627": {
            "status": "ERROR",
            "status_code": 207,
            "status_text": "На этот номер нельзя отправлять сообщения",
        },
    },
    "balance": 4122.56,
}


def answer(value):
    return respond(json.dumps(value).encode())


def fail(code):
    return answer({"status": "ERROR", "status_code": code, "status_text": "Why"})


class SmsRuCase(GateCase):
    code = "sms_ru"
    unknown_status = "199"
    unknown_error = "299"

    def submit_to(self, *answers, count=1):
        """Hand over messages to a server that answers so.

        :return: the results, and the forms that were posted
        """
        http = FakeHttp(*answers)
        provider = self.make_provider(http=http, url="https://sms.ru")
        results = provider.submit([self.request(n) for n in range(1, count + 1)])
        return results, [
            dict(parse_qsl(body.decode())) for _url, body, _h in http.posts
        ]


class TestSmsRuContract(GateContract, SmsRuCase):
    allow_inherited_tests_method = True


class TestSmsRuSubmit(SmsRuCase):
    def test_the_answer_of_the_documentation(self):
        provider = self.make_provider(http=FakeHttp(answer(SENT)), url="https://sms.ru")
        results = provider.submit(
            [self.request(msisdn="+74993221627"), self.request(msisdn="+79255070602")]
        )
        refused, accepted = results
        self.assertEqual(refused.outcome, Outcome.REFUSED)
        self.assertEqual((refused.code, refused.failure_type), ("207", "unsupported"))
        self.assertIn("нельзя отправлять", refused.message)
        self.assertEqual(accepted.provider_reference, "000000-10000000")

    def test_codes_of_one_message_say_what_it_is_told(self):
        for code, outcome, failure_type in (
            ("202", Outcome.REFUSED, "invalid_number"),
            ("204", Outcome.REFUSED, "sender_unregistered"),
            ("209", Outcome.REFUSED, "opted_out"),
            ("216", Outcome.REFUSED, "content_rejected"),
            ("232", Outcome.REFUSED, "spam"),
            ("230", Outcome.NOT_SENT, None),
            ("231", Outcome.NOT_SENT, None),
        ):
            with self.subTest(code):
                self.gate.config(answers={self.request(2).msisdn: code})
                first, second = self.provider.submit([self.request(1), self.request(2)])
                self.assertEqual(first.outcome, Outcome.ACCEPTED)
                self.assertEqual(second.outcome, outcome)
                self.assertEqual(
                    (second.code, second.failure_type), (code, failure_type)
                )
                self.assertFalse(second.route_down or second.route_trouble)

    def test_codes_of_the_account_stop_the_route_or_let_it_rest(self):
        for code in (200, 201, 300, 301, 302):
            with self.subTest(code):
                [result], _forms = self.submit_to(fail(code))
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertIn("Why", result.route_down)
        for code in (206, 220, 221, 500):
            with self.subTest(code):
                [result], _forms = self.submit_to(fail(code))
                self.assertEqual(result.outcome, Outcome.NOT_SENT)
                self.assertTrue(result.route_trouble)

    def test_a_refused_call_is_made_again_message_by_message(self):
        results, forms = self.submit_to(fail(202), fail(230), fail(205), count=2)
        self.assertEqual(len(forms), 3)
        self.assertEqual(
            [result.outcome for result in results], [Outcome.NOT_SENT, Outcome.REFUSED]
        )

    def test_what_the_answer_omits_may_have_been_sent(self):
        [result], _forms = self.submit_to(answer({"status_code": 100, "sms": {}}))
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_sender_and_time_to_live(self):
        until = datetime.now(timezone.utc) + timedelta(minutes=10)
        _result, message = self.submit_one(valid_until=until)
        self.assertEqual((message["sender"], message["valid_for"]), ("Shop", 600))
        provider = self.make_provider(sender="", daytime="1")
        provider.submit([self.request(2)])
        message = self.gate.stats()["messages"][-1]
        self.assertEqual((message["sender"], message["valid_for"]), ("", None))
        self.assertFalse(self.gate.stats()["refusals"])

    def test_messages_of_one_life_share_a_call(self):
        moment = datetime.now(timezone.utc) + timedelta(seconds=30)
        lives = [timedelta(minutes=m) for m in (5, 5, 99999, 88888)]
        requests = [
            self.request(number, valid_until=moment + life)
            for number, life in enumerate(lives)
        ]
        self.submit(*requests)
        self.assertEqual(self.gate.stats()["calls"], {"submit": 2})

    def test_a_number_is_named_once_in_a_call(self):
        self.submit(*[self.request(number, msisdn="+79161234567") for number in (1, 2)])
        self.assertEqual(self.gate.stats()["calls"], {"submit": 2})


class TestSmsRuReports(SmsRuCase):
    def push(self, *entries, key=None, first=0):
        """A push of these entries, read."""
        pairs = [(f"data[{place}]", e) for place, e in enumerate(entries, first)]
        told = sign(key or self.settings["api_id"], entries)
        return self.parse(Push.form(CALLBACK, [*pairs, ("hash", told)]))

    def test_many_statuses_come_at_once(self):
        answer = self.push(
            "sms_status\n000000-1\n103\n1780000000",
            "callcheck_status\n000000-9\n401\n1780000000",
            "sms_status\n000000-2\n104\n1780000001",
            "something\nelse",
            "",
            "sms_status\n000000-3",
            first=1,
        )
        self.assertEqual(
            [(r.provider_reference, r.status, r.raw) for r in answer.reports],
            [
                ("000000-1", DeliveryStatus.DELIVERED, "103"),
                ("000000-2", DeliveryStatus.EXPIRED, "104"),
            ],
        )
        moment = datetime.fromtimestamp(1780000000, timezone.utc)
        self.assertEqual(answer.reports[0].occurred_at, moment)
        self.assertEqual((answer.status, answer.body), (200, b"100"))

    def test_the_hash_is_that_of_the_entries_however_lines_end(self):
        entry = "sms_status\n000000-1\n103\n1780000000"
        told = sign(self.settings["api_id"], [entry])
        for written in (entry, entry.replace("\n", "\r\n")):
            pairs = [*make_form([written]), ("hash", told.upper())]
            [report] = self.parse(Push.form(CALLBACK, pairs)).reports
            self.assertEqual(report.provider_reference, "000000-1")

    def test_another_accounts_hash_is_forged(self):
        with self.assertRaises(ForgedPush):
            self.push("sms_status\n000000-1\n103\n1780000000", key="another")

    def test_a_route_without_its_key_believes_nobody(self):
        push = Push.form(CALLBACK, [("hash", sign("", []))])
        with self.assertRaises(ForgedPush):
            SmsRuProvider({}, FakeHttp()).parse_push(to_request(push))

    def test_statuses_have_their_reasons(self):
        result, _message = self.submit_one()
        for word, status, failure_type in (
            ("-1", DeliveryStatus.NOT_FOUND, None),
            ("100", DeliveryStatus.ACCEPTED, None),
            ("101", DeliveryStatus.ACCEPTED, None),
            ("105", DeliveryStatus.FAILED, "operator_refusal"),
            ("106", DeliveryStatus.FAILED, "unreachable"),
            ("110", DeliveryStatus.DELIVERED, None),
            ("132", DeliveryStatus.FAILED, "spam"),
            ("150", DeliveryStatus.FAILED, "unsupported"),
        ):
            with self.subTest(word):
                self.gate.set_status(word)
                [report] = self.provider.poll([result.provider_reference])
                self.assertEqual(
                    (report.status, report.failure_type), (status, failure_type)
                )
                self.assertEqual(report.raw, word)

    def test_a_poll_that_is_refused_is_an_error_in_words(self):
        provider = self.make_provider(http=FakeHttp(fail(301)), url="https://sms.ru")
        with self.assertRaises(ProviderError) as caught:
            provider.poll(["000000-1"])
        self.assertIn("Why", caught.exception.message)
        self.assertEqual(caught.exception.code, "301")

    def test_an_address_that_is_not_listed_is_not_registered(self):
        http = FakeHttp(answer({"status": "OK", "status_code": 100, "callback": []}))
        provider = self.make_provider(http=http, url="https://sms.ru")
        with self.assertRaises(ProviderError):
            provider.register_callback()
