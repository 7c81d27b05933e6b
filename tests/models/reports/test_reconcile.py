"""Unknown messages: nobody knows whether they were sent, until somebody is asked."""

from datetime import datetime, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.routing.sms_gateway_failover import Move
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent, NotSent
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    DeliveryStatus,
    StatusUpdate,
)
from odoo.addons.crm_sms_gateway.tools.backoff import RECONCILE_SCHEDULE

from ...common import PHONE, GatewayCase, accept, fail, sandbox_phone
from ...simulators import Simulator

REPORTS = "odoo.addons.crm_sms_gateway.models.reports.sms_gateway_delivery_report"
NO_ANSWER = fail(MaybeSent("No answer"))


def found(status, **values):
    """Answer a lookup with this status for every message."""
    return lambda requests: [
        StatusUpdate(status, uuid=request.uuid, **values) for request in requests
    ]


class ReconcileCase(GatewayCase):
    def make_unknown(self, route, **values):
        """A message whose submit got no answer."""
        message = self.send_one(route=route, **values)
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        return message

    def reconcile_to_the_end(self, messages):
        """Run the cron as often as the schedule wants."""
        for delay in RECONCILE_SCHEDULE:
            self.let_pass(delay, messages)
            # a route without an answer rests; somebody has looked after it
            self.env["sms.gateway.route.pause"]._resume(messages.route_id)
            self.run_recover()
            self.run_lane()


@tagged("post_install", "-at_install")
class TestLeases(ReconcileCase):
    def test_a_lease_that_ran_out_makes_the_message_unknown(self):
        message = self.send_one()
        self.force_state(message, "submitting")
        self.run_recover()
        self.assertEqual(message.state, "submitting", "its lane may still be at it")
        self.let_pass(600)
        self.run_recover()
        self.assertEqual((message.state, message.maybe_sent), ("unknown", True))
        event = message.event_ids
        self.assertEqual((event.kind, event.source), ("unknown", "lease"))
        self.assertTrue(message.next_check_at)

    def test_many_leases_are_recovered_in_one_run(self):
        messages = self.get_messages(self.send(*[PHONE] * 5))
        for message in messages:
            self.force_state(message, "submitting")
        self.let_pass(600)
        with self.as_cron() as env:
            recover = env["sms.gateway.state.change"]._recover_leases
            self.assertEqual([recover(limit=3), recover(3), recover(3)], [3, 2, 0])
        self.assertEqual(set(messages.mapped("state")), {"unknown"})

    def test_the_answer_of_a_lane_that_was_only_slow_still_counts(self):
        message = self.send_one()
        self.force_state(message, "submitting")
        self.let_pass(600)
        self.run_recover()
        self.assertEqual(
            self.set_state(message, "submitted", provider_reference="r-1"), "moved"
        )
        self.assertEqual(message.provider_reference, "r-1")


@tagged("post_install", "-at_install")
class TestLookup(ReconcileCase):
    def test_every_route_has_its_turn_however_long_the_first_one_takes(self):
        asked = []
        for name in ("first", "second"):

            def look_up(requests, name=name):
                asked.append(name)
                return found(DeliveryStatus.DELIVERED)(requests)

            route, _provider = self.script_route(submit=NO_ANSWER, lookup=look_up)
            self.make_unknown(route)
        self.let_pass(10)
        with self.as_cron() as env:
            env["sms.gateway.reconciliation"]._reconcile(deadline=0)
        self.assertEqual(asked, ["first", "second"])

    def test_what_the_provider_has_is_settled(self):
        for status, state in (
            (DeliveryStatus.ACCEPTED, "submitted"),
            (DeliveryStatus.DELIVERED, "delivered"),
            (DeliveryStatus.FAILED, "failed"),
            (DeliveryStatus.EXPIRED, "expired"),
        ):
            with self.subTest(status=status):
                scripted, provider = self.script_route(
                    submit=NO_ANSWER, lookup=found(status, provider_reference="r-1")
                )
                message = self.make_unknown(scripted)
                self.let_pass(10)
                self.run_recover()
                self.assertEqual(message.state, state)
                self.assertEqual(message.provider_reference, "r-1")
                self.assertEqual(message.event_ids[-1].source, "lookup")
                self.assertEqual(len(provider.batches), 1)

    def test_it_is_not_asked_before_its_time(self):
        scripted, _provider = self.script_route(
            submit=NO_ANSWER, lookup=found(DeliveryStatus.DELIVERED)
        )
        with self.later(0):
            message = self.make_unknown(scripted)
        with self.later(4.9):
            self.run_recover()
        self.assertEqual((message.state, message.check_count), ("unknown", 0))

    def test_what_is_never_found_stays_unknown_and_is_never_sent_again(self):
        scripted, provider = self.script_route(
            submit=NO_ANSWER, lookup=found(DeliveryStatus.NOT_FOUND)
        )
        message = self.make_unknown(scripted)
        self.reconcile_to_the_end(message)
        self.assertEqual(message.state, "unknown")
        self.assertFalse(message.next_check_at, "from here on a person decides")
        self.assertEqual(message.check_count, len(RECONCILE_SCHEDULE))
        self.assertEqual(len(provider.batches), 1)

    def test_9904_is_found_and_9905_is_not(self):
        messages = self.get_messages(self.send(*map(sandbox_phone, ["9904", "9905"])))
        self.run_lane()
        self.reconcile_to_the_end(messages)
        self.assertEqual(messages.mapped("state"), ["delivered", "unknown"])

    @mute_logger(REPORTS)
    def test_a_lookup_that_fails_is_repeated_later(self):
        scripted, provider = self.script_route(
            submit=NO_ANSWER, lookup=fail(NotSent("Connection refused"))
        )
        message = self.make_unknown(scripted)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual((message.state, message.check_count), ("unknown", 1))
        provider.script["lookup"] = found(DeliveryStatus.DELIVERED)
        self.let_pass(60)
        self.run_recover()
        self.assertEqual(message.state, "delivered")

    @mute_logger(REPORTS)
    def test_an_adapter_that_misbehaves_does_not_stop_the_others(self):
        for lookup in (fail(KeyError("status")), lambda requests: []):
            broken, _provider = self.script_route(submit=NO_ANSWER, lookup=lookup)
            sound, _provider = self.script_route(
                submit=NO_ANSWER, lookup=found(DeliveryStatus.DELIVERED)
            )
            messages = self.make_unknown(broken) | self.make_unknown(sound)
            self.let_pass(10)
            self.run_recover()
            self.assertEqual(messages.mapped("state"), ["unknown", "delivered"])

    def test_a_provider_found_by_lookup_but_not_polled_is_not_polled(self):
        scripted, _provider = self.script_route(
            submit=NO_ANSWER, lookup=found(DeliveryStatus.ACCEPTED)
        )
        message = self.make_unknown(scripted)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual(message.state, "submitted")
        self.assertFalse(message.next_poll_at)


@tagged("post_install", "-at_install")
class TestCandidates(ReconcileCase):
    """A provider that does not know our reference is asked for the same text to the
    same number."""

    def script(self, candidates, **values):
        """:param candidates: function of a request: what the provider has seen"""
        route, provider = self.script_route(submit=NO_ANSWER, lookup=None, **values)
        self.startPatcher(
            patch.object(
                provider,
                "_lookup",
                lambda _self, requests: [candidates(one) for one in requests],
            )
        )
        return route, provider

    def seen(self, *references):
        return lambda _request: [
            StatusUpdate(DeliveryStatus.DELIVERED, provider_reference=reference)
            for reference in references
        ]

    def look_up(self, messages):
        self.let_pass(10, messages)
        self.run_recover()

    def test_the_only_one_is_ours(self):
        route, _provider = self.script(self.seen("r-1"))
        message = self.make_unknown(route)
        self.look_up(message)
        self.assertEqual(
            (message.state, message.provider_reference), ("delivered", "r-1")
        )

    def test_what_another_message_owns_is_not_ours(self):
        route, _provider = self.script(self.seen("r-1", "r-2"))
        first = self.make_unknown(route)
        self.set_state(first, "submitted", provider_reference="r-1")
        message = self.make_unknown(route)
        self.look_up(message)
        self.assertEqual(
            (message.state, message.provider_reference), ("delivered", "r-2")
        )

    def test_what_a_message_had_that_took_another_route_is_not_ours(self):
        route, _provider = self.script(self.seen("r-1", "r-2"))
        other, _provider = self.script_route()
        first = self.make_unknown(route)
        self.set_state(first, "submitted", provider_reference="r-1")
        move = Move(first.id, route.id, other.id, is_waiting=False)
        self.assertTrue(self.env["sms.gateway.failover"]._reroute([move]))
        message = self.make_unknown(route)
        self.look_up(message)
        self.assertEqual(
            (message.state, message.provider_reference), ("delivered", "r-2")
        )

    def test_a_reference_may_cover_several_numbers(self):
        route, _provider = self.script(self.seen("batch"))
        other = self.make_unknown(route)
        self.set_state(other, "submitted", provider_reference="batch")
        message = self.make_unknown(route, phone=sandbox_phone("0002"))
        self.look_up(message)
        self.assertEqual(message.state, "delivered")

    def test_of_several_nobody_chooses(self):
        route, _provider = self.script(self.seen("r-1", "r-2"), not_found_after=0)
        message = self.make_unknown(route)
        self.look_up(message)
        self.assertEqual(message.state, "unknown")

    def test_two_lost_messages_and_one_that_was_seen(self):
        """One of them was taken; the other is handed over again."""
        route, _provider = self.script(
            self.seen("r-1"), not_found_after=0, max_lookup=100
        )
        messages = self.make_unknown(route) | self.make_unknown(route)
        self.look_up(messages)
        self.assertEqual(sorted(messages.mapped("state")), ["delivered", "queued"])


@tagged("post_install", "-at_install")
class TestNotFound(ReconcileCase):
    """What a provider has not seen for long enough was never handed over."""

    def script(self, **values):
        self.asked = []

        def look_up(requests):
            self.asked += requests
            return found(DeliveryStatus.NOT_FOUND)(requests)

        return self.script_route(submit=NO_ANSWER, lookup=look_up, **values)

    def test_it_is_handed_over_again_after_the_providers_patience(self):
        route, provider = self.script(not_found_after=120)
        with freeze_time("2026-11-23 12:00:00") as clock:
            message = self.make_unknown(route)
            clock.tick(10)
            self.run_recover()
            self.assertEqual(message.state, "unknown", "it may be on its way")
            provider.script["submit"] = accept
            clock.tick(115)
            self.run_recover()
            self.assertEqual((message.state, message.maybe_sent), ("queued", False))
            self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(len(provider.batches), 2)

    def test_patience_begins_when_nobody_waits_for_the_answer_any_more(self):
        """A claimed message may wait for a free thread, and its call for its end."""
        with freeze_time("2026-11-23 12:00:00") as clock:
            slow = fail(MaybeSent("No answer"))

            def answer_late(requests):
                clock.tick(200)
                return slow(requests)

            route, provider = self.script(not_found_after=120)
            provider.script["submit"] = answer_late
            message = self.make_unknown(route)
            clock.tick(10)
            self.run_recover()
            self.assertEqual(message.state, "unknown")
            clock.tick(120)
            self.run_recover()
            self.assertEqual(message.state, "queued")

    def test_the_provider_is_told_when_the_attempt_was(self):
        route, _provider = self.script(not_found_after=120)
        with freeze_time("2026-11-23 12:00:00") as clock:
            self.make_unknown(route)
            clock.tick(10)
            self.run_recover()
        [request] = self.asked
        self.assertEqual(
            request.attempted_at, datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
        )

    def test_what_a_person_sent_again_meanwhile_is_left_alone(self):
        """The answer is about the attempt before, whatever became of the new one."""
        route, provider = self.script(not_found_after=0)
        message = self.make_unknown(route)
        asked_for = {
            "id": message.id,
            "attempts": message.attempts,
            "route_id": route.id,
        }
        message.action_resolve_send_again()
        self.run_lane()
        self.assertEqual((message.state, message.attempts), ("unknown", 2))
        with self.as_cron() as env:
            env["sms.gateway.reconciliation"]._queue_again(
                route.with_env(env), [asked_for], maybe_sent=False
            )
        self.assertEqual((message.state, message.maybe_sent), ("unknown", True))
        self.assertEqual(len(provider.batches), 2)

    def test_after_its_time_to_live_it_is_not_handed_over(self):
        route, provider = self.script(not_found_after=120)
        with freeze_time("2026-11-23 12:00:00") as clock:
            message = self.make_unknown(route, ttl=100)
            clock.tick(130)
            self.run_recover()
            self.run_lane()
            self.run_lane()
        self.assertEqual(message.state, "expired")
        self.assertEqual(len(provider.batches), 1)


@tagged("post_install", "-at_install")
class TestOtherAccount(ReconcileCase):
    """Whether "not found" proves anything depends on how a message was handed over, not
    on the settings that its route has when the question is asked."""

    def script(self, *, can_look_up):
        self.asked = []

        def look_up(requests):
            self.asked += requests
            return found(DeliveryStatus.NOT_FOUND)(requests)

        route, provider = self.script_route(
            submit=NO_ANSWER, lookup=look_up, not_found_after=0
        )
        provider.can_look_up = can_look_up
        return route, provider

    def check_left_to_a_person(self, message, provider):
        self.reconcile_to_the_end(message)
        self.assertEqual(message.state, "unknown")
        self.assertFalse(message.next_check_at)
        self.assertFalse(self.asked)
        self.assertEqual(len(provider.batches), 1)

    def test_an_account_that_cannot_be_asked_is_not_asked(self):
        route, provider = self.script(can_look_up=False)
        self.assertEqual(route._get_lookup_method(), "none")
        self.check_left_to_a_person(self.make_unknown(route), provider)

    def test_what_a_look_up_misses_stays_so_after_the_settings_changed(self):
        route, provider = self.script(can_look_up=False)
        message = self.make_unknown(route)
        provider.can_look_up = True
        self.assertEqual(route._get_lookup_method(), "lookup")
        self.check_left_to_a_person(message, provider)

    def test_a_lane_that_dies_leaves_it_with_the_claim(self):
        route, provider = self.script(can_look_up=False)
        with patch.object(self.registry["sms.gateway.answer"], "_apply"):
            message = self.send_one(route=route)
            self.run_lane()
        self.assertEqual(message.state, "submitting")
        provider.can_look_up = True
        self.let_pass(600)
        self.run_recover()
        self.assertEqual(message.state, "unknown")
        self.check_left_to_a_person(message, provider)

    def test_a_lane_under_way_hands_over_by_the_settings_it_began_with(self):
        """The claim tells what its own provider does, not what the route says."""
        route, provider = self.script(can_look_up=True)
        message = self.send_one(route=route)
        dispatcher = self.registry["sms.gateway.dispatcher"]
        make_queues = dispatcher._make_queues

        def begin_earlier(model):
            provider.can_look_up = False
            queues = make_queues(model)
            for queue in queues:
                self.assertTrue(queue.provider.account_key)
            provider.can_look_up = True
            return queues

        with patch.object(dispatcher, "_make_queues", begin_earlier):
            self.run_lane()
        self.check_left_to_a_person(message, provider)

    def test_settings_that_forbid_the_question_hold_for_earlier_messages_too(self):
        route, provider = self.script(can_look_up=True)
        message = self.make_unknown(route)
        provider.can_look_up = False
        self.check_left_to_a_person(message, provider)

    def test_only_those_are_left_out(self):
        route, provider = self.script(can_look_up=False)
        missed = self.make_unknown(route)
        provider.can_look_up = True
        traceable = self.make_unknown(route)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual([one.uuid for one in self.asked], [traceable.uuid])
        self.assertEqual((missed.state, traceable.state), ("unknown", "queued"))

    def test_what_a_person_sends_again_can_be_asked_for(self):
        route, provider = self.script(can_look_up=False)
        message = self.make_unknown(route)
        provider.can_look_up = True
        message.action_resolve_send_again()
        self.run_lane()
        self.let_pass(60)
        self.run_recover()
        self.assertEqual([one.uuid for one in self.asked], [message.uuid])

    def test_what_may_have_been_sent_stays_so_whoever_takes_it_next(self):
        """A claim that hands nothing over takes no doubt away."""
        route, provider = self.script_route(
            submit=NO_ANSWER, client_reference=ClientReference.DEDUP
        )
        message = self.make_unknown(route)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual((message.state, message.maybe_sent), ("queued", True))
        provider.is_idempotent, provider.can_look_up = False, True
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.assertEqual(len(provider.batches), 1)

    def test_an_account_that_a_route_changed_to_is_not_asked(self):
        route, provider = self.script(can_look_up=True)
        message = self.make_unknown(route)
        provider.account_key = 1
        self.check_left_to_a_person(message, provider)

    def test_an_account_that_a_route_changed_to_gets_nothing_again(self):
        route, provider = self.script_route(
            submit=NO_ANSWER, client_reference=ClientReference.DEDUP
        )
        before, meanwhile = self.make_unknown(route), self.make_unknown(route)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual((before | meanwhile).mapped("state"), ["queued"] * 2)
        provider.account_key = 1
        self.run_lane()
        self.assertEqual((before | meanwhile).mapped("state"), ["unknown"] * 2)
        self.assertEqual(sum(map(len, provider.batches)), 2)


@tagged("post_install", "-at_install")
class TestIdempotentProvider(ReconcileCase):
    """Handing a message over again is safe where our reference is recognised."""

    def script(self, **values):
        values = {"client_reference": ClientReference.DEDUP, **values}
        return self.script_route(submit=NO_ANSWER, **values)

    def test_it_is_submitted_again_with_the_same_reference(self):
        scripted, provider = self.script()
        message = self.make_unknown(scripted)
        provider.script["submit"] = accept
        self.let_pass(10)
        self.run_recover()
        self.assertEqual((message.state, message.maybe_sent), ("queued", True))
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        [first], [second] = provider.batches
        self.assertEqual(first.client_reference, second.client_reference)
        self.assertEqual((first.attempt, second.attempt), (1, 2))
        self.assertEqual(
            self.get_story(message),
            "submitting unknown queued submitting submitted".split(),
        )

    def test_the_questions_come_to_an_end(self):
        scripted, provider = self.script()
        message = self.make_unknown(scripted)
        self.reconcile_to_the_end(message)
        self.assertEqual(message.state, "unknown")
        self.assertFalse(message.next_check_at)
        self.assertEqual(len(provider.batches), len(RECONCILE_SCHEDULE) + 1)

    def test_after_its_time_to_live_it_stays_unknown(self):
        scripted, provider = self.script()
        message = self.make_unknown(scripted, ttl=300)
        self.let_pass(301)
        self.run_recover()
        self.run_lane()
        self.assertEqual(self.get_story(message), ["submitting", "unknown"])
        self.assertFalse(message.next_check_at)
        self.assertEqual(len(provider.batches), 1)

    def test_a_provider_that_lost_its_idempotency_gets_nothing_again(self):
        scripted, provider = self.script()
        message = self.make_unknown(scripted)
        self.let_pass(10)
        self.run_recover()
        self.assertEqual(message.state, "queued")
        provider.is_idempotent = False
        self.run_lane()
        self.assertEqual(message.state, "unknown")
        self.assertFalse(message.next_check_at)
        self.assertEqual(len(provider.batches), 1)

    def test_nothing_is_queued_again_for_an_archived_route(self):
        scripted, provider = self.script()
        message = self.make_unknown(scripted)
        scripted.active = False
        self.let_pass(10)
        self.run_recover()
        self.assertEqual(message.state, "unknown")
        self.assertEqual(len(provider.batches), 1)

    def test_a_provider_without_idempotency_gets_nothing_again(self):
        for reference in (ClientReference.NONE, ClientReference.ECHO):
            with self.subTest(reference=reference):
                scripted, provider = self.script(client_reference=reference)
                message = self.make_unknown(scripted)
                self.reconcile_to_the_end(message)
                self.assertEqual(message.state, "unknown")
                self.assertFalse(message.next_check_at)
                self.assertEqual(len(provider.batches), 1)


@tagged("post_install", "-at_install")
class TestXmlGate(ReconcileCase):
    """The same against a gate over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = Simulator()
        cls.gate.start()
        cls.addClassCleanup(cls.gate.stop)

    def setUp(self):
        super().setUp()
        self.gate.reset()
        self.gate.config(deliver_after=0)

    def make_gate_route(self, **settings):
        values = {
            "url": self.gate.url,
            "login": "demo",
            "sender": "Odoo",
            "timezone": "Europe/Moscow",
            **settings,
        }
        route = self.make_route(
            "gate", provider_code="xml_gate", has_voice=False, allows_private=True
        )
        for row in route.setting_ids:
            if row.name == "password":
                row.secret_value = "demo"
            elif row.name in values:
                row.value = values[row.name]
        return route

    def test_a_timeout_after_acceptance_ends_delivered_once(self):
        route = self.make_gate_route()
        self.gate.config(timeout_after_accept=1)
        message = self.make_unknown(route)
        self.let_pass(10)
        self.run_recover()
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.let_pass(10)
        self.run_poll()
        self.assertEqual(message.state, "delivered")
        stats = self.gate.stats()
        self.assertEqual((stats["accepted"], stats["repeats"]), (1, 1))
        self.assertEqual(stats["handset"], {message.client_reference: 1})

    def test_a_timeout_before_acceptance_ends_delivered_once(self):
        route = self.make_gate_route()
        self.gate.config(timeout_before_accept=1)
        message = self.make_unknown(route)
        self.let_pass(10)
        self.run_recover()
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_a_gate_that_does_not_honour_the_reference_gets_nothing_again(self):
        route = self.make_gate_route(honours_client_id="0")
        self.gate.config(honour_client_id=False, timeout_after_accept=1)
        message = self.make_unknown(route)
        self.reconcile_to_the_end(message)
        self.assertEqual(message.state, "unknown")
        stats = self.gate.stats()
        self.assertEqual((stats["documents"], stats["handset_total"]), (1, 1))

    def test_another_account_gets_nothing_again(self):
        route = self.make_gate_route()
        self.gate.config(timeout_after_accept=1)
        message = self.make_unknown(route)
        [login] = [row for row in route.setting_ids if row.name == "login"]
        login.value = "another"
        self.reconcile_to_the_end(message)
        self.assertEqual(message.state, "unknown")
        self.assertFalse(message.next_check_at)
        self.assertEqual(self.gate.stats()["documents"], 1)

    def test_text_8_gets_its_reference_by_another_submit(self):
        route = self.make_gate_route()
        self.gate.config(balance="0", zero_balance="queue")
        message = self.send_one(route=route)
        self.run_lane()
        self.assertEqual(
            (message.state, message.failure_type), ("submitted", "no_funds")
        )
        self.assertFalse(message.provider_reference)
        self.gate.config(balance="100")
        self.let_pass(10)
        self.run_poll()
        self.assertEqual(message.state, "submitted")
        self.assertTrue(message.provider_reference)
        self.let_pass(10)
        self.run_poll()
        self.assertEqual((message.state, message.failure_type), ("delivered", False))
        stats = self.gate.stats()
        self.assertEqual((stats["accepted"], stats["handset_total"]), (1, 1))

    def test_text_8_is_not_submitted_again_after_its_time_to_live(self):
        route = self.make_gate_route()
        self.gate.config(balance="0", zero_balance="queue")
        message = self.send_one(route=route, ttl=300)
        self.run_lane()
        self.let_pass(301)
        self.run_poll()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(self.gate.stats()["documents"], 1)

    def test_text_8_is_not_submitted_again_to_a_gate_without_idempotency(self):
        route = self.make_gate_route(honours_client_id="0")
        self.gate.config(balance="0", zero_balance="queue")
        self.send_one(route=route)
        self.run_lane()
        self.let_pass(10)
        self.run_poll()
        self.assertEqual(self.gate.stats()["documents"], 1)


@tagged("post_install", "-at_install")
class TestPersonResolves(ReconcileCase):
    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route(submit=NO_ANSWER)
        self.message = self.make_unknown(self.scripted)
        user = new_test_user(self.env, "sms_user", "crm_sms_gateway.group_manager")
        self.by_user = self.message.with_user(user)

    def test_as_delivered(self):
        self.by_user.action_resolve_delivered()
        self.assertEqual(self.message.state, "delivered")
        event = self.message.event_ids[-1]
        self.assertEqual(event.source, "person")
        self.assertEqual(event.code, "resolved")
        self.assertIn("sms_user", event.params["user"])

    def test_as_failed_which_a_report_may_still_correct(self):
        self.by_user.action_resolve_failed()
        self.assertEqual(
            (self.message.state, self.message.failure_type), ("failed", "other")
        )
        self.set_state(self.message, "delivered")
        self.assertEqual(self.message.state, "delivered")

    def test_as_to_be_sent_again_once(self):
        self.provider.script["submit"] = accept
        self.by_user.action_resolve_send_again()
        self.assertEqual(
            (self.message.state, self.message.maybe_sent), ("queued", False)
        )
        self.run_lane()
        self.run_recover()
        self.run_lane()
        self.assertEqual(self.message.state, "submitted")
        self.assertEqual(len(self.provider.batches), 2)

    def test_only_of_the_attempt_that_the_person_saw(self):
        seen = [self.message._name, [[self.message.id, 1]]]
        by_form = self.by_user.with_context(sms_gateway_seen=seen)
        by_form.action_resolve_send_again()
        self.run_lane()
        self.assertEqual((self.message.state, self.message.attempts), ("unknown", 2))
        for resolve in (
            by_form.action_resolve_delivered,
            by_form.action_resolve_failed,
            by_form.action_resolve_send_again,
        ):
            with self.assertRaisesRegex(
                UserError, "already been returned to the queue"
            ):
                resolve()
        self.assertEqual(self.message.state, "unknown")
        self.by_user.action_resolve_send_again()
        self.assertEqual(self.message.state, "queued")

    def test_not_to_be_sent_again_through_an_archived_route(self):
        self.scripted.active = False
        with self.assertRaises(UserError):
            self.by_user.action_resolve_send_again()
        self.assertEqual(self.message.state, "unknown")

    def test_only_unknown_messages(self):
        for state in ("queued", "submitting", "submitted", "delivered", "failed"):
            self.force_state(self.message, state)
            for resolve in (
                self.by_user.action_resolve_delivered,
                self.by_user.action_resolve_failed,
                self.by_user.action_resolve_send_again,
            ):
                with self.subTest(state=state), self.assertRaises(UserError):
                    resolve()
            self.assertEqual(self.message.state, state)
