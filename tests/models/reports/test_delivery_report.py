"""Delivery reports: pushed in any order, polled ever more rarely, never lost."""

from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.providers.errors import (
    NotSent,
    RouteDown,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    DeliveryStatus,
    Outcome,
    PushAnswer,
    PushRequest,
    StatusUpdate,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.backoff import POLL_SCHEDULE
from odoo.addons.crm_sms_gateway.tools.vocabulary import ARROWS

from ...common import PHONE, GatewayCase, answer, fail, sandbox_phone

REPORTS = "odoo.addons.crm_sms_gateway.models.reports.sms_gateway_delivery_report"
PUSHES = "odoo.addons.crm_sms_gateway.models.reports.sms_gateway_push"
ACCEPTED, DELIVERED, FAILED, EXPIRED = (
    DeliveryStatus.ACCEPTED,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.FAILED,
    DeliveryStatus.EXPIRED,
)


class ReportCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Report = cls.env["sms.gateway.delivery.report"]

    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route(push=None)

    def make_submitting(self, phone=PHONE, **values):
        """A message that is being handed over."""
        message = self.send_one(phone, route=self.scripted, **values)
        self.force_state(message, "submitting")
        return message

    def make_submitted(self, reference="r-1", **values):
        message = self.make_submitting(**values)
        self.set_state(message, "submitted", provider_reference=reference)
        return message

    def push(self, *reports):
        """Let the provider push reports; what is stored of them."""
        self.provider.script["push"] = lambda request: PushAnswer(reports, body=b"OK")
        before = self.Report.search([])
        push = PushRequest("POST", b"")
        answer = self.env["sms.gateway.push"]._receive(self.scripted, push)
        self.assertEqual(answer.body, b"OK")
        return (self.Report.search([]) - before).sorted("id")

    def answer_push(self, body):
        """Let the provider's call come in; the HTTP status of the answer."""
        status, _content_type, _body = self.env["sms.gateway.push"]._answer(
            self.scripted,
            method="POST",
            origin="http://odoo.test",
            path="/crm_sms_gateway/webhook/token",
            query=b"",
            body=body,
            headers=(),
            remote="127.0.0.1",
        )
        return status


@tagged("post_install", "-at_install")
class TestPush(ReportCase):
    def test_a_report_moves_its_message(self):
        for status, state in (
            (DELIVERED, "delivered"),
            (FAILED, "failed"),
            (EXPIRED, "expired"),
        ):
            with self.subTest(status=status):
                message = self.make_submitted(f"r-{state}")
                occurred_at = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
                report = self.push(
                    StatusUpdate(
                        status,
                        provider_reference=f"r-{state}",
                        code="7",
                        message="So it is",
                        segments=2,
                        occurred_at=occurred_at,
                        raw="<raw/>",
                    )
                )
                self.assertEqual((message.state, message.segments), (state, 2))
                self.assertEqual(
                    (report.state, report.message_id), ("applied", message)
                )
                self.assertEqual(report.raw, "<raw/>")
                event = message.event_ids[-1]
                self.assertEqual((event.source, event.code), ("push", "7"))
                self.assertEqual(event.detail, "So it is")
                self.assertEqual(event.occurred_at, datetime(2026, 3, 1, 12))

    def test_a_report_finds_its_message_by_our_reference(self):
        message = self.make_submitted()
        self.push(StatusUpdate(DELIVERED, uuid=message.uuid))
        self.assertEqual(message.state, "delivered")

    def test_one_reference_for_several_numbers(self):
        first = self.make_submitted("r-1")
        second = self.make_submitted("r-1", phone="+79281706701")
        self.push(
            StatusUpdate(DELIVERED, provider_reference="r-1", msisdn=second.msisdn)
        )
        self.assertEqual((first.state, second.state), ("submitted", "delivered"))

    def test_a_report_of_another_route_finds_nothing(self):
        message = self.make_submitted("r-1")
        self.scripted, self.provider = self.script_route(push=None)
        for report in (
            StatusUpdate(DELIVERED, provider_reference="r-1"),
            StatusUpdate(DELIVERED, uuid=message.uuid),
        ):
            self.assertEqual(self.push(report).state, "kept")
        self.assertEqual(message.state, "submitted")

    def test_nobody_reports_on_debug_messages(self):
        message = self.make_submitted("r-1", is_debug=True)
        self.push(StatusUpdate(DELIVERED, uuid=message.uuid))
        self.assertEqual(message.state, "submitted")

    def test_a_report_before_the_answer_is_kept_and_applied_after_it(self):
        message = self.make_submitting()
        report = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        self.assertEqual((report.state, message.state), ("kept", "submitting"))
        self.set_state(message, "submitted", provider_reference="r-1")
        self.run_apply_kept()
        self.assertEqual((report.state, message.state), ("applied", "delivered"))
        self.assertEqual(self.get_story(message), ["submitted", "delivered"])

    def test_a_lane_applies_kept_reports_when_it_leaves(self):
        report = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        self.provider.script["submit"] = answer(
            Outcome.ACCEPTED, provider_reference="r-1"
        )
        message = self.send_one(route=self.scripted)
        self.run_lane()
        self.assertEqual((report.state, message.state), ("applied", "delivered"))

    def test_lanes_leave_old_reports_to_the_cron(self):
        report = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        report.received_at -= timedelta(hours=1)
        self.provider.script["submit"] = answer(
            Outcome.ACCEPTED, provider_reference="r-1"
        )
        message = self.send_one(route=self.scripted)
        self.run_lane()
        self.assertEqual((report.state, message.state), ("kept", "submitted"))
        self.run_apply_kept()
        self.assertEqual((report.state, message.state), ("applied", "delivered"))

    def test_a_report_by_our_reference_waits_for_a_message_that_waits(self):
        message = self.make_submitting()
        self.set_state(message, "queued")
        report = self.push(StatusUpdate(DELIVERED, uuid=message.uuid))
        self.assertEqual((report.state, message.state), ("kept", "queued"))
        self.run_lane()
        self.run_apply_kept()
        self.assertEqual((report.state, message.state), ("applied", "delivered"))

    def test_an_expiry_told_before_the_answer_is_kept(self):
        message = self.make_submitting()
        report = self.push(StatusUpdate(EXPIRED, uuid=message.uuid))
        self.assertEqual((report.state, message.state), ("kept", "submitting"))
        self.set_state(message, "submitted", provider_reference="r-1")
        self.run_apply_kept()
        self.assertEqual((report.state, message.state), ("applied", "expired"))

    def test_the_same_report_again_is_without_effect(self):
        message = self.make_submitted()
        report = StatusUpdate(DELIVERED, provider_reference="r-1")
        states = self.push(report, report).mapped("state") + [self.push(report).state]
        self.assertEqual(states, ["applied", "ignored", "ignored"])
        self.assertEqual(self.get_story(message), ["submitted", "delivered"])

    def test_a_failure_after_delivery_is_without_effect(self):
        message = self.make_submitted()
        self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        late = self.push(
            StatusUpdate(FAILED, provider_reference="r-1", failure_type="unreachable")
        )
        self.assertEqual((message.state, late.state), ("delivered", "ignored"))
        self.assertFalse(message.failure_type)

    def test_delivery_wins_over_failure_and_expiry(self):
        for first in (FAILED, EXPIRED):
            with self.subTest(first=first):
                message = self.make_submitted(f"r-{first.value}")
                for status in (first, DELIVERED):
                    self.push(
                        StatusUpdate(status, provider_reference=f"r-{first.value}")
                    )
                self.assertEqual(message.state, "delivered")
                self.assertFalse(message.failure_type)
                self.assertTrue(message.delivered_at)

    def test_progress_and_the_unknowable_are_without_effect(self):
        message = self.make_submitted()
        for status in (ACCEPTED, DeliveryStatus.UNKNOWABLE, DeliveryStatus.NOT_FOUND):
            report = self.push(StatusUpdate(status, provider_reference="r-1"))
            self.assertEqual((report.state, message.state), ("ignored", "submitted"))

    def test_a_report_settles_an_unknown_message(self):
        message = self.make_submitting()
        self.set_state(message, "unknown")
        self.push(StatusUpdate(ACCEPTED, provider_reference="r-9", uuid=message.uuid))
        self.assertEqual((message.state, message.next_check_at), ("submitted", False))
        self.assertEqual(message.provider_reference, "r-9")

    def test_our_reference_counts_more_than_the_providers(self):
        message = self.make_submitted("r-1")
        younger = self.make_submitted("r-1")
        self.push(StatusUpdate(DELIVERED, provider_reference="r-1", uuid=message.uuid))
        self.assertEqual((message.state, younger.state), ("delivered", "submitted"))

    def test_after_three_days_nobody_waits_any_more(self):
        report = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        report.received_at = fields.Datetime.now() - timedelta(days=2, hours=23)
        self.run_apply_kept()
        self.assertEqual(report.state, "kept")
        report.received_at = fields.Datetime.now() - timedelta(days=3, hours=1)
        self.run_apply_kept()
        self.assertEqual(report.state, "unmatched")

    def test_what_cannot_be_read_is_kept_for_a_person(self):
        self.provider.script["push"] = fail(UnreadablePush("not XML"))
        with mute_logger(PUSHES):
            status = self.answer_push(b"a\0b\xff")
        self.assertEqual(status, 400)
        report = self.Report.search([], limit=1)
        self.assertEqual((report.state, report.detail), ("unreadable", "not XML"))
        self.assertEqual(report.raw, "a\ufffdb\ufffd")
        self.run_apply_kept()
        self.assertEqual(report.state, "unreadable")

    def test_words_the_database_cannot_keep_do_not_lose_the_report(self):
        message = self.make_submitted()
        report = self.push(
            StatusUpdate(
                DELIVERED,
                provider_reference="r\0-1",
                code="1\ud83d",
                message="a\0b",
                raw="<a\0>",
            )
        )
        self.assertEqual((message.state, report.raw), ("delivered", "<a>"))
        self.assertEqual((report.code, report.detail), ("1", "ab"))

    def test_a_push_the_adapter_stumbles_over_is_kept_for_a_person(self):
        self.provider.script["push"] = fail(KeyError("id_sms"))
        with mute_logger(PUSHES):
            status = self.answer_push(b"<strange/>")
        report = self.Report.search([], limit=1)
        self.assertEqual((status, report.state), (400, "unreadable"))
        self.assertEqual(report.raw, "<strange/>")

    def test_an_overlong_reference_does_not_lose_the_reports_beside_it(self):
        message = self.make_submitted()
        self.push(
            StatusUpdate(DELIVERED, provider_reference="x" * 9000),
            StatusUpdate(DELIVERED, provider_reference="r-1", segments=10**9),
        )
        self.assertEqual((message.state, message.segments), ("delivered", 1))

    def test_reports_that_are_done_with_are_deleted_after_a_while(self):
        old = fields.Datetime.now() - timedelta(days=91)
        self.make_submitted()
        applied = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        waiting = self.push(StatusUpdate(DELIVERED, provider_reference="r-2"))
        young = self.push(StatusUpdate(DELIVERED, provider_reference="r-1"))
        (applied | waiting).received_at = old
        self.Report._gc_reports()
        self.assertEqual((applied | waiting | young).exists(), waiting | young)

    def test_the_secret_address_finds_its_route_only(self):
        Route = self.env["sms.gateway.route"]
        token = self.scripted.webhook_token
        self.assertGreater(len(token), 30)
        self.assertEqual(Route._find_by_webhook_token(token), self.scripted)
        for wrong in ("", token[:-1], token + "x", "%"):
            self.assertFalse(Route._find_by_webhook_token(wrong))
        self.assertNotEqual(token, self.route.webhook_token)

    def count_push(self, number):
        """How many statements it takes to apply so many reports."""
        messages = self.get_messages(self.send(*[PHONE] * number, route=self.scripted))
        self.run_lane()
        reports = [
            StatusUpdate(DELIVERED, provider_reference=reference)
            for reference in messages.mapped("provider_reference")
        ]
        self.provider.script["push"] = lambda request: PushAnswer(reports, body=b"OK")
        before = self.env.cr.sql_log_count
        self.env["sms.gateway.push"]._receive(self.scripted, PushRequest("POST", b""))
        count = self.env.cr.sql_log_count - before
        self.assertEqual(set(messages.mapped("state")), {"delivered"})
        return count

    def test_a_large_push_costs_the_statements_of_a_small_one(self):
        self.count_push(2)
        self.assertEqual(self.count_push(2), self.count_push(90))


@tagged("post_install", "-at_install")
class TestAnyOrder(ReportCase):
    """Answers and reports in any order."""

    ANSWERS = {
        "accepted": {"state": "submitted", "provider_reference": "r-1"},
        "refused": {"state": "failed", "failure_type": "other"},
        "maybe sent": {"state": "unknown", "maybe_sent": True},
        "not sent": {"state": "queued"},
    }

    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(
        st.sampled_from(sorted(ANSWERS)),
        st.lists(st.sampled_from([ACCEPTED, DELIVERED, FAILED, EXPIRED]), max_size=4),
        st.lists(st.sampled_from([ACCEPTED, DELIVERED, FAILED, EXPIRED]), max_size=4),
        st.booleans(),
    )
    def test_delivered_is_never_lost(self, how, before, after, by_uuid):
        message = self.make_submitting()
        self.env.cr.execute("UPDATE sms_gateway_message SET provider_reference = NULL")
        known_by = {"uuid": message.uuid} if by_uuid else {"provider_reference": "r-1"}
        self.push(*(StatusUpdate(status, **known_by) for status in before))
        self.set_state(message, **self.ANSWERS[how])
        for status in after:
            self.push(StatusUpdate(status, **known_by))
        self.Report._apply_kept()
        self.env.invalidate_all()
        self.assert_legal_story(message)
        reaches_it = by_uuid or message.provider_reference
        if reaches_it and DELIVERED in before + after:
            self.assert_not_lost(message)

    def assert_legal_story(self, message):
        story = ["submitting", *self.get_story(message)]
        for old, new in zip(story, story[1:], strict=False):
            self.assertIn(new, ARROWS[old])
        self.assertEqual(message.state, story[-1])

    def assert_not_lost(self, message):
        """It is delivered, or the report waits for the message to be handed over."""
        if message.state != "queued":
            self.assertEqual(message.state, "delivered")
        else:
            kept = self.Report.search([("uuid", "=", message.uuid)])
            states = kept.filtered(lambda r: r.status == "delivered").mapped("state")
            self.assertIn("kept", states)


@tagged("post_install", "-at_install")
class TestPoll(GatewayCase):
    def script_polled_route(self, status=ACCEPTED, **values):
        """A route whose provider gives every message this status when it is polled."""
        self.asked = []

        def poll(references):
            self.asked.append(list(references))
            return [
                StatusUpdate(status, provider_reference=reference)
                for reference in references
            ]

        return self.script_route(poll=poll, **values)

    def submit(self, route, *phones):
        campaign = self.send(*phones or [PHONE], route=route)
        self.run_lane()
        messages = self.get_messages(campaign)
        self.assertEqual(set(messages.mapped("state")), {"submitted"})
        return messages

    def test_messages_are_asked_for_in_batches(self):
        scripted, _provider = self.script_polled_route(DELIVERED, max_poll=3)
        messages = self.submit(scripted, *[PHONE] * 7)
        self.let_pass(5)
        self.run_poll()
        self.assertEqual([len(batch) for batch in self.asked], [3, 3, 1])
        self.assertEqual(
            sorted(sum(self.asked, [])), sorted(messages.mapped("provider_reference"))
        )
        self.assertEqual(set(messages.mapped("state")), {"delivered"})
        self.assertEqual(
            set(messages.event_ids.mapped("source")), {"dispatcher", "poll"}
        )

    def count_poll(self, number):
        """How many questions and statements it takes to poll so many messages."""
        scripted, _provider = self.script_polled_route(DELIVERED, max_poll=20)
        self.submit(scripted, *[PHONE] * number)
        self.let_pass(5)
        before = self.env.cr.sql_log_count
        self.run_poll()
        return len(self.asked), self.env.cr.sql_log_count - before

    def test_a_poll_costs_batches_not_rows(self):
        self.count_poll(1)
        _one, of_one = self.count_poll(1)
        one, of_batch = self.count_poll(19)
        five, of_five = self.count_poll(99)
        self.assertEqual((one, five), (1, 5))
        self.assertLessEqual(of_batch, of_one)
        self.assertLessEqual(of_five - of_batch, 4 * 10)

    def test_nothing_is_asked_before_its_turn(self):
        scripted, _provider = self.script_polled_route()
        with self.later(0):
            self.submit(scripted)
        with self.later(2.9):
            self.run_poll()
        self.assertFalse(self.asked)

    def test_the_questions_become_rarer_and_end(self):
        scripted, _provider = self.script_polled_route()
        waits = []
        with self.later(0):
            message = self.submit(scripted)
            while message.next_poll_at and len(waits) < 200:
                wait = (message.next_poll_at - clock.now()).total_seconds()
                waits.append(wait)
                self.let_pass(wait)
                self.run_poll()
        self.assertEqual(waits, list(POLL_SCHEDULE))
        self.assertEqual(message.state, "submitted")
        self.assertEqual(len(self.asked), len(POLL_SCHEDULE))

    def test_a_provider_that_will_never_know_is_not_asked_again(self):
        scripted, _provider = self.script_polled_route(DeliveryStatus.UNKNOWABLE)
        message = self.submit(scripted)
        self.let_pass(5)
        self.run_poll()
        self.assertEqual((message.state, message.next_poll_at), ("submitted", False))
        event = message.event_ids[-1]
        self.assertEqual((event.kind, event.source), ("report", "poll"))

    @mute_logger(REPORTS)
    def test_a_failed_question_is_repeated_later(self):
        scripted, provider = self.script_polled_route(DELIVERED)
        message = self.submit(scripted)
        sound = provider.script["poll"]
        provider.script["poll"] = fail(NotSent("Connection refused"))
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(message.state, "submitted")
        provider.script["poll"] = sound
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(message.state, "delivered")

    @mute_logger(REPORTS)
    def test_an_adapter_that_crashes_does_not_stop_the_others(self):
        broken, _provider = self.script_route(poll=fail(KeyError("status")))
        sound, _provider = self.script_polled_route(DELIVERED)
        messages = self.submit(broken) | self.submit(sound)
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(messages.mapped("state"), ["submitted", "delivered"])

    def test_answers_nobody_asked_for_are_without_effect(self):
        scripted, _provider = self.script_route(
            poll=lambda references: [
                StatusUpdate(DELIVERED, provider_reference="somebody else's"),
                StatusUpdate(DELIVERED),
            ]
        )
        message = self.submit(scripted)
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(message.state, "submitted")

    def test_paused_and_archived_routes_are_asked_too(self):
        scripted, _provider = self.script_polled_route(DELIVERED)
        message = self.submit(scripted)
        scripted.action_pause()
        scripted.active = False
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(message.state, "delivered")

    def test_one_reference_for_several_numbers_is_asked_for_once(self):
        scripted, provider = self.script_polled_route(DELIVERED, max_poll=9)
        provider.script["submit"] = answer(Outcome.ACCEPTED, provider_reference="r-1")
        messages = self.submit(scripted, PHONE, sandbox_phone("6701"))
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(self.asked, [["r-1"]])
        self.assertEqual(messages.mapped("state"), ["delivered"] * 2)

    def test_no_reference_is_learnt_by_submitting_while_the_route_is_paused(self):
        scripted, provider = self.script_polled_route(
            submit=answer(Outcome.ACCEPTED), client_reference=ClientReference.DEDUP
        )
        self.submit(scripted)
        scripted.action_pause()
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(len(provider.batches), 1)

    def test_a_route_that_is_down_is_paused_when_a_reference_is_to_be_learnt(self):
        scripted, provider = self.script_polled_route(
            submit=answer(Outcome.ACCEPTED), client_reference=ClientReference.DEDUP
        )
        self.submit(scripted)
        provider.script["submit"] = fail(RouteDown("No money"))
        self.let_pass(5)
        with mute_logger(REPORTS.replace("delivery_report", "route")):
            self.run_poll()
        self.assertEqual(
            (scripted.state, scripted.pause_reason), ("paused", "No money")
        )

    def test_a_reference_is_learnt_by_another_submit_where_that_is_safe(self):
        for reference, is_safe in (
            (ClientReference.DEDUP, True),
            (ClientReference.ECHO, False),
        ):
            with self.subTest(reference=reference):
                scripted, provider = self.script_polled_route(
                    submit=answer(Outcome.ACCEPTED), client_reference=reference
                )
                message = self.submit(scripted)
                self.assertFalse(message.provider_reference)
                provider.script["submit"] = lambda requests: [
                    SubmitResult(Outcome.ACCEPTED, provider_reference="r-1")
                ]
                self.let_pass(5)
                self.run_poll()
                self.assertEqual(message.provider_reference == "r-1", is_safe)
                self.assertEqual(len(provider.batches), 1 + is_safe)
                self.assertEqual(message.state, "submitted")
