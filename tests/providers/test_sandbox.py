"""The sandbox keeps what its docstring promises."""

from datetime import datetime, timedelta, timezone

from odoo.tests import BaseCase, freeze_time

from odoo.addons.crm_sms_gateway.providers.sandbox import SandboxProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    DeliveryStatus,
    Outcome,
)
from odoo.addons.crm_sms_gateway.providers.xml_gate_documents import parse_balance

from .common import FakeHttp, make_request

NOW = datetime(2026, 11, 23, 10, tzinfo=timezone.utc)


class SandboxCase(BaseCase):
    def setUp(self):
        super().setUp()
        self.provider = SandboxProvider({}, FakeHttp())

    def submit_one(self, digits, **values):
        [result] = self.provider.submit([self.request(digits, **values)])
        return result

    def request(self, digits, **values):
        return make_request(msisdn=f"+7916000{digits}", **values)

    def look_up(self, digits, **values):
        [found] = self.provider.lookup([self.request(digits, **values)])
        return found

    def status_after(self, reference, seconds):
        """The status of a message submitted at NOW, so many seconds later."""
        with freeze_time(NOW + timedelta(seconds=seconds)):
            [report] = self.provider.poll([reference])
        return report.status


class TestSandboxSubmit(SandboxCase):
    def test_answers_to_submits(self):
        for digits, (outcome, failure_type) in {
            "0000": (Outcome.ACCEPTED, None),
            "9901": (Outcome.ACCEPTED, None),
            "9902": (Outcome.REFUSED, "content_rejected"),
            "9903": (Outcome.ACCEPTED, None),
            "9904": (Outcome.MAYBE_SENT, None),
            "9905": (Outcome.MAYBE_SENT, None),
            "9906": (Outcome.ACCEPTED, None),
            "9908": (Outcome.REFUSED, "opted_out"),
            "9909": (Outcome.NOT_SENT, None),
        }.items():
            with self.subTest(digits):
                result = self.submit_one(digits)
                self.assertEqual(result.outcome, outcome)
                self.assertEqual(result.failure_type, failure_type)
                is_accepted = outcome is Outcome.ACCEPTED
                self.assertEqual(bool(result.provider_reference), is_accepted)

    def test_throttled_number_is_taken_at_the_third_attempt(self):
        results = [self.submit_one("9907", attempt=n) for n in (1, 2, 3)]
        self.assertEqual(
            [(result.outcome, result.retry_after) for result in results],
            [
                (Outcome.NOT_SENT, 1.0),
                (Outcome.NOT_SENT, 1.0),
                (Outcome.ACCEPTED, None),
            ],
        )
        self.assertFalse(any(r.route_down or r.route_trouble for r in results))
        self.assertEqual([r.is_throttled for r in results], [True, True, False])

    def test_route_down_concerns_one_message_of_the_batch(self):
        digits = ("0001", "9909", "0002")
        results = self.provider.submit([self.request(d) for d in digits])
        self.assertEqual(
            [bool(result.route_down) for result in results], [False, True, False]
        )
        self.assertEqual(results[2].outcome, Outcome.ACCEPTED)

    def test_calls_are_taken_like_messages(self):
        result = self.submit_one("0000", channel="voice")
        self.assertEqual(result.outcome, Outcome.ACCEPTED)

    def test_references_are_unique(self):
        requests = [self.request("0000")] * 100
        references = {r.provider_reference for r in self.provider.submit(requests)}
        self.assertEqual(len(references), 100)


class TestSandboxPoll(SandboxCase):
    FATES = {
        "0000": (1, DeliveryStatus.DELIVERED),
        "9901": (1, DeliveryStatus.FAILED),
        "9903": (1, DeliveryStatus.EXPIRED),
        "9906": (60, DeliveryStatus.DELIVERED),
    }

    def test_fates_follow_from_number_and_time(self):
        for digits, (seconds, status) in self.FATES.items():
            with self.subTest(digits):
                with freeze_time(NOW):
                    reference = self.submit_one(digits).provider_reference
                accepted = DeliveryStatus.ACCEPTED
                self.assertEqual(self.status_after(reference, 0), accepted)
                self.assertEqual(self.status_after(reference, seconds - 0.1), accepted)
                self.assertEqual(self.status_after(reference, seconds), status)
                self.assertEqual(self.status_after(reference, 10**6), status)

    def test_taken_after_throttling_is_delivered(self):
        with freeze_time(NOW):
            reference = self.submit_one("9907", attempt=3).provider_reference
        self.assertEqual(self.status_after(reference, 1), DeliveryStatus.DELIVERED)

    def test_report_says_when_and_why(self):
        with freeze_time(NOW):
            reference = self.submit_one("9901").provider_reference
        with freeze_time(NOW + timedelta(hours=1)):
            [report] = self.provider.poll([reference])
        self.assertEqual(report.failure_type, "unreachable")
        self.assertEqual(report.occurred_at, NOW + timedelta(seconds=1))
        self.assertEqual(report.provider_reference, reference)
        self.assertEqual(report.raw, "failed")

    def test_strange_references_are_not_found(self):
        for reference in ("", "x", "--", "1e5-0000-x", "9" * 40 + "-0000-x"):
            with self.subTest(reference):
                [report] = self.provider.poll([reference])
                self.assertEqual(report.status, DeliveryStatus.NOT_FOUND)
                self.assertEqual(report.provider_reference, reference)


class TestSandboxLookup(SandboxCase):
    def test_what_was_delivered_is_so_while_the_clock_goes_on(self):
        with freeze_time("2026-11-23 10:00:00", auto_tick_seconds=1):
            [report] = self.look_up("9904")
        self.assertIs(report.status, DeliveryStatus.DELIVERED)

    def test_lost_message_is_found_delivered(self):
        [report] = self.look_up("9904")
        self.assertEqual(report.status, DeliveryStatus.DELIVERED)
        self.assertEqual(report.uuid, self.request("9904").uuid)
        self.assertTrue(report.provider_reference)

    def test_what_never_arrived_is_not_found(self):
        for digits in ("9902", "9905", "9907", "9908", "9909"):
            with self.subTest(digits):
                self.assertEqual(self.look_up(digits), [])

    def test_other_messages_were_taken(self):
        [report] = self.look_up("0000")
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        later = self.provider.poll([report.provider_reference])
        self.assertEqual(later[0].provider_reference, report.provider_reference)


class TestSandboxAccount(SandboxCase):
    def test_what_it_can_do(self):
        self.assertEqual(
            SandboxProvider.capabilities,
            Capabilities(
                channels=frozenset({"sms", "voice"}),
                max_batch=100,
                per_recipient_text=True,
                lookup=True,
                max_lookup=100,
                poll=True,
                max_poll=500,
                balance=True,
            ),
        )

    def test_balance_is_the_manuals(self):
        balance = self.provider.balance()
        self.assertEqual(
            balance.text,
            '<?xml version="1.0" encoding="utf-8"?>\n<response>\n'
            ' <sms area="Россия">47</sms><money currency="RUR">97.9</money>\n'
            "</response>",
        )
        self.assertEqual(balance, parse_balance(balance.text.encode()))

    def test_every_number_is_documented(self):
        digits = {f"99{n:02}" for n in range(1, 10)}
        for text in (SandboxProvider.__doc__, SandboxProvider.description):
            documented = {digit for digit in digits if f"{digit}:" in text}
            self.assertEqual(documented, digits)
