"""Devino Telecom, against its gate and by the examples of its documentation."""

import json
from datetime import datetime, timedelta, timezone

from odoo.addons.crm_sms_gateway.providers.errors import ProviderError, UnreadablePush
from odoo.addons.crm_sms_gateway.providers.types import DeliveryStatus, Outcome

from ..simulators.engine import Push
from .common import FakeHttp, respond
from .contract import CALLBACK, GateCase, GateContract

#: the identifiers of the documentation's example
PARTS = ["SAR-GW01+79160000000-5f3b1972-2-1", "SAR-GW01+79160000000-5f3b1972-2-2"]


def answer(value, status=200):
    return respond(json.dumps(value).encode(), status=status)


def tell(state, **values):
    """An answer to a question for a status."""
    return answer({"State": state, "StateDescription": "Words", **values})


class DevinoCase(GateCase):
    code = "devino"
    unknown_status = "77"
    unknown_error = "99"

    def ask(self, *answers):
        """The provider of a server that answers so, and the HTTP client."""
        http = FakeHttp(*answers)
        return self.make_provider(http=http, url="https://integrationapi.net"), http


class TestDevinoContract(GateContract, DevinoCase):
    allow_inherited_tests_method = True


class TestDevinoSubmit(DevinoCase):
    def submit_to(self, *answers):
        provider, _http = self.ask(*answers)
        [result] = provider.submit([self.request()])
        return result

    def test_a_message_has_the_references_of_its_parts(self):
        for told in (["GW0261BBD6B3"], PARTS):
            result = self.submit_to(answer(told))
            self.assertEqual(result.outcome, Outcome.ACCEPTED)
            self.assertEqual(result.provider_reference, ",".join(told))
            self.assertEqual(result.segments, len(told))

    def test_as_many_references_are_kept_as_fit(self):
        told = [f"SAR-GW01+79160000000-5f3b1972-30-{n}" for n in range(1, 31)]
        result = self.submit_to(answer(told))
        kept = result.provider_reference.split(",")
        self.assertEqual(kept, told[: len(kept)])
        self.assertGreater(len(kept), 1)
        self.assertLessEqual(len(result.provider_reference), 255)
        self.assertEqual(result.segments, 30)

    def test_an_answer_without_an_identifier_leaves_us_in_doubt(self):
        for told in ([], [None, {}, ""], {}, "GW0261BBD6B3", 7):
            with self.subTest(told):
                result = self.submit_to(answer(told))
                self.assertEqual(result.outcome, Outcome.MAYBE_SENT)

    def test_errors_have_their_meaning_whatever_the_status_of_http(self):
        for code, outcome, failure_type in (
            (1, Outcome.REFUSED, "missing_data"),
            (2, Outcome.REFUSED, "provider_error"),
            (4, Outcome.NOT_SENT, None),
            (5, Outcome.NOT_SENT, None),
            (6, Outcome.REFUSED, "sender_rejected"),
            (7, Outcome.NOT_SENT, None),
            (8, Outcome.MAYBE_SENT, None),
            (9, Outcome.MAYBE_SENT, None),
        ):
            for status in (200, 400, 403, 500):
                with self.subTest(code, status=status):
                    told = {"Code": code, "Desc": "Why"}
                    result = self.submit_to(answer(told, status))
                    self.assertEqual(result.outcome, outcome)
                    self.assertEqual(result.failure_type, failure_type)
                    self.assertEqual((result.code, result.message), (str(code), "Why"))
                    is_down = code in (4, 5, 7)
                    self.assertEqual(bool(result.route_down), is_down)

    def test_a_wrong_sender_is_refused(self):
        provider = self.make_provider(sender="Much too long")
        [result] = provider.submit([self.request()])
        self.assertEqual(result.failure_type, "sender_rejected")
        self.assertEqual(result.message, "Invalid source address")

    def test_sender_and_time_to_live(self):
        until = datetime.now(timezone.utc) + timedelta(seconds=601)
        _result, message = self.submit_one(valid_until=until)
        self.assertEqual((message["sender"], message["valid_for"]), ("Shop", 660))
        _result, message = self.submit_one(number=2)
        self.assertIsNone(message["valid_for"])


class TestDevinoStatuses(DevinoCase):
    def test_statuses_have_their_reasons(self):
        for state, status, failure_type in (
            (-2, DeliveryStatus.ACCEPTED, None),
            (10, DeliveryStatus.FAILED, "sender_rejected"),
            (41, DeliveryStatus.FAILED, "invalid_number"),
            (48, DeliveryStatus.FAILED, "provider_error"),
            (-98, DeliveryStatus.FAILED, "other"),
            (99, DeliveryStatus.ACCEPTED, None),
        ):
            with self.subTest(state):
                provider, _http = self.ask(tell(state))
                [report] = provider.poll(["GW1"])
                self.assertEqual(
                    (report.status, report.failure_type), (status, failure_type)
                )
                self.assertEqual((report.raw, report.message), (str(state), "Words"))

    def test_no_status_yet_or_no_longer(self):
        provider, _http = self.ask(
            tell(255, TimeStampUtc="/Date(-62135596800000)/", Price=None)
        )
        self.assertEqual(provider.poll(["GW1"]), [])
        self.assertEqual(self.provider.poll(["GW404"]), [])

    def test_a_message_is_delivered_when_all_parts_are(self):
        reference = ",".join(PARTS)
        for states, status in (
            ((0, 0), DeliveryStatus.DELIVERED),
            ((0, -1), DeliveryStatus.ACCEPTED),
            ((-1,), DeliveryStatus.ACCEPTED),
            ((0, 42), DeliveryStatus.FAILED),
            ((46,), DeliveryStatus.EXPIRED),
            ((0, 255), None),
        ):
            with self.subTest(states):
                provider, http = self.ask(*map(tell, states))
                told = [
                    (r.provider_reference, r.status) for r in provider.poll([reference])
                ]
                self.assertEqual(told, [(reference, status)] if status else [])
                self.assertEqual(len(http.posts), len(states))

    def test_a_long_message_is_asked_for_part_by_part(self):
        result, _message = self.submit_one(text="Привет" * 20)
        self.assertEqual(result.segments, 2)
        self.gate.set_status("delivered")
        [report] = self.provider.poll([result.provider_reference])
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        self.assertEqual(self.gate.stats()["calls"], {"submit": 1, "poll": 2})

    def test_moments_are_read(self):
        told = {"ReportedDateUtc": None, "TimeStampUtc": "/Date(1780000000000+0300)/"}
        provider, _http = self.ask(tell(0, **told))
        [report] = provider.poll(["GW1"])
        moment = datetime.fromtimestamp(1780000000, timezone.utc)
        self.assertEqual(report.occurred_at, moment)

    def test_an_error_is_told_in_words(self):
        words = "MessageID can not be null or empty"
        provider, _http = self.ask(answer({"Code": 1, "Desc": words}, 400))
        with self.assertRaises(ProviderError) as caught:
            provider.poll(["GW1"])
        self.assertEqual(
            (caught.exception.code, caught.exception.message), ("1", words)
        )


class TestDevinoBalance(DevinoCase):
    def test_the_balance_is_a_bare_number(self):
        for currency in ("RUB", "KZT"):
            http = FakeHttp(respond(b"20015.3"))
            provider = self.make_provider(
                http=http, url="https://integrationapi.net", currency=currency
            )
            self.assertEqual(provider.test_connection(), f"20015.30 {currency}")


class TestDevinoInbound(DevinoCase):
    def test_the_push_of_the_documentation(self):
        pairs = [
            ("sourcePhone", "79089876534"),
            ("number", "2435"),
            ("prefix", "loto"),
            ("text", "Играйте с нами в лото!"),
            ("messageId", "235515"),
        ]
        for push in (Push.get(CALLBACK, pairs), Push.form(CALLBACK, pairs)):
            told = self.parse(push)
            self.assertEqual((told.status, told.body), (200, b""))
            [message] = told.inbound
            self.assertEqual(message.sender, "+79089876534")
            self.assertEqual(message.recipient, "2435")
            self.assertEqual(message.text, "Играйте с нами в лото!")
            self.assertEqual(message.provider_reference, "235515")

    def test_anything_else_is_no_message(self):
        with self.assertRaises(UnreadablePush):
            self.parse(Push.form(CALLBACK, [("messageId", "235515")]))

    def test_the_list_of_the_documentation(self):
        listed = {
            "Data": "test1",
            "SourceAddress": "79260000000",
            "DestinationAddress": "79160000000",
            "ID": 539187174,
            "CreatedDateUtc": "/Date(1294045911213)/",
        }
        provider, http = self.ask(answer([listed, None, {"Data": "lost"}]))
        since = datetime(2026, 11, 29, 8, tzinfo=timezone.utc)
        [message] = provider.fetch_inbound(since)
        self.assertEqual(message.sender, "+79260000000")
        self.assertEqual(message.provider_reference, "539187174")
        self.assertEqual(message.received_at.year, 2011)
        self.assertIn("minDateUTC=2026-11-29T08%3A00%3A00", http.posts[0][0])

    def test_what_is_no_list_is_no_proof_that_nobody_wrote(self):
        provider, _http = self.ask(answer({"State": 0}))
        with self.assertRaises(ProviderError):
            provider.fetch_inbound(datetime.now(timezone.utc))
