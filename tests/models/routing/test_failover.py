"""Failover: another route, where a provider's answer permits it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent, RouteDown
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    DeliveryStatus,
    Outcome,
    StatusUpdate,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import FAILOVER_TYPES, FAILURE_TYPES

from ...common import PHONE, answer, fail, sandbox_phone
from .common import LaneSteps, RoutingCase


class FailoverCase(LaneSteps, RoutingCase):
    """A policy of two scripted routes; the second one takes everything."""

    def make_pair(self, submit, **values):
        self.first, self.first_provider = self.script_route(submit=submit, **values)
        self.second, self.second_provider = self.script_route()
        self.policy = self.make_policy(self.first, self.second)

    def send_through(self, submit, **values):
        """Send one message, and let lanes run until nothing is due."""
        self.make_pair(submit, **values)
        message = self.send_one(route=self.policy.route_id)
        self.run_lanes()
        return message

    def run_lanes(self, times=3):
        for _time in range(times):
            self.run_lane()


@tagged("post_install", "-at_install")
class TestRefused(FailoverCase):
    """Every class of refusal."""

    def test_refusals_of_the_route_take_the_other_route(self):
        for failure_type in sorted(FAILOVER_TYPES):
            with self.subTest(failure_type):
                message = self.send_through(
                    answer(Outcome.REFUSED, failure_type=failure_type, code="13")
                )
                self.assertEqual(message.route_id, self.second)
                self.assertEqual(message.state, "submitted")
                self.assertEqual(self.get_submitted(self.first_provider), [PHONE])
                self.assertEqual(self.get_submitted(self.second_provider), [PHONE])

    def test_refusals_of_the_number_or_the_text_do_not(self):
        for failure_type in sorted(set(FAILURE_TYPES) - FAILOVER_TYPES):
            with self.subTest(failure_type):
                message = self.send_through(
                    answer(Outcome.REFUSED, failure_type=failure_type)
                )
                self.assertEqual(message.route_id, self.first)
                self.assertEqual(message.state, "failed")
                self.assertEqual(self.get_submitted(self.second_provider), [])

    def test_without_a_policy_nothing_changes(self):
        route, _provider = self.script_route(
            submit=answer(Outcome.REFUSED, failure_type="no_funds")
        )
        message = self.send_one(route=route)
        self.run_lane()
        self.assertEqual((message.state, message.route_id), ("failed", route))
        self.assertFalse(message.attempt_ids)

    def test_unknown_never_takes_another_route(self):
        message = self.send_through(fail(MaybeSent("no answer")))
        self.assertEqual((message.state, message.route_id), ("unknown", self.first))
        self.assertEqual(self.get_submitted(self.second_provider), [])

    def test_refusal_of_the_route_says_nothing_of_an_attempt_that_may_have_been_sent(
        self,
    ):
        self.make_pair(
            answer(Outcome.REFUSED, failure_type="no_funds"),
            client_reference=ClientReference.DEDUP,
        )
        message = self.send_one(route=self.policy.route_id)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET maybe_sent = TRUE, account_key = %s",
            [self.first._make_provider().account_key],
        )
        self.run_lanes()
        self.assertEqual((message.state, message.route_id), ("unknown", self.first))
        self.assertEqual(self.get_submitted(self.second_provider), [])

    def test_failed_where_every_route_has_failed(self):
        refuse = answer(Outcome.REFUSED, failure_type="no_funds")
        first, _one = self.script_route(submit=refuse)
        second, _two = self.script_route(submit=refuse)
        policy = self.make_policy(first, second)
        message = self.send_one(route=policy.route_id)
        self.run_lanes()
        self.assertEqual((message.state, message.route_id), ("failed", second))
        self.assertEqual(message.attempt_ids.route_id, first)

    def test_after_its_time_to_live_it_fails(self):
        self.make_pair(answer(Outcome.REFUSED, failure_type="no_funds"))
        message = self.send_one(route=self.policy.route_id, ttl=60)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET state = 'submitted', expires_at = %s"
            " WHERE id = %s",
            [fields.Datetime.now() - timedelta(seconds=1), message.id],
        )
        self.env.invalidate_all()
        self.set_state_by_report(message, "no_funds")
        self.assertEqual((message.state, message.route_id), ("failed", self.first))

    def test_paused_route_is_no_way_out(self):
        self.make_pair(answer(Outcome.REFUSED, failure_type="no_funds"))
        message = self.send_one(route=self.policy.route_id)
        self.pause(self.second)
        self.run_lanes()
        self.assertEqual((message.state, message.route_id), ("failed", self.first))

    def test_failure_that_a_report_tells_takes_the_other_route(self):
        self.make_pair(
            lambda requests: answer(Outcome.ACCEPTED, provider_reference="r1")(requests)
        )
        message = self.send_one(route=self.policy.route_id)
        self.run_lane()
        self.set_state_by_report(message, "sender_unregistered")
        self.assertEqual((message.state, message.route_id), ("queued", self.second))
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(message.attempt_ids.provider_reference, "r1")
        self.assertNotEqual(message.provider_reference, "r1")

    def test_failed_and_delivered_at_the_same_time_is_delivered(self):
        self.make_pair(answer(Outcome.ACCEPTED, provider_reference="r1"))
        message = self.send_one(route=self.policy.route_id)
        self.run_lane()
        failed, delivered = (
            StatusUpdate(status, provider_reference="r1", failure_type=failure_type)
            for status, failure_type in (
                (DeliveryStatus.FAILED, "provider_error"),
                (DeliveryStatus.DELIVERED, None),
            )
        )
        self.env["sms.gateway.delivery.report"]._ingest(self.first, [failed, delivered])
        self.run_lanes()
        self.assertEqual((message.state, message.route_id), ("delivered", self.first))
        self.assertEqual(self.get_submitted(self.second_provider), [])

    def set_state_by_report(self, message, failure_type):
        update = StatusUpdate(
            DeliveryStatus.FAILED, uuid=message.uuid, failure_type=failure_type
        )
        self.env["sms.gateway.delivery.report"]._ingest(message.route_id, [update])
        self.env.invalidate_all()

    def test_late_failure_of_a_route_that_the_message_has_left_moves_nothing(self):
        """A poll of the first route may end after the second one took the message."""
        message = self.send_to_the_second_of_three()
        verdict = self.fail_late(message, route_id=self.first.id)
        self.assertEqual(verdict, "refused")
        self.assertEqual((message.state, message.route_id), ("submitted", self.second))
        self.assertEqual(self.get_submitted(self.third_provider), [])

    def test_late_failure_of_an_earlier_attempt_moves_nothing(self):
        message = self.send_to_the_second_of_three()
        self.env.cr.execute("UPDATE sms_gateway_message SET attempts = attempts + 1")
        verdict = self.fail_late(
            message, route_id=self.second.id, attempt=message.attempts
        )
        self.assertEqual(verdict, "refused")
        self.assertEqual((message.state, message.route_id), ("submitted", self.second))

    def send_to_the_second_of_three(self):
        """Send a message that its first route refuses."""
        self.make_pair(answer(Outcome.REFUSED, failure_type="no_funds"))
        third, self.third_provider = self.script_route()
        policy = self.make_policy(self.first, self.second, third)
        message = self.send_one(route=policy.route_id)
        self.run_lanes()
        self.assertEqual((message.state, message.route_id), ("submitted", self.second))
        return message

    def fail_late(self, message, **values):
        """Let an answer of before say that the message has failed.

        :return: the verdict
        """
        change = StateChange(
            id=message.id,
            state="failed",
            source="poll",
            failure_type="provider_error",
            **values,
        )
        verdicts = self.env["sms.gateway.state.change"]._set_state([change])
        self.run_lanes()
        return next(verdict for verdict, changes in verdicts.items() if changes)

    def test_what_is_known_of_the_route_is_kept(self):
        message = self.send_through(
            answer(Outcome.REFUSED, failure_type="no_funds", code="7", message="Broke")
        )
        attempt = message.attempt_ids
        self.assertEqual(attempt.route_id, self.first)
        self.assertEqual((attempt.code, attempt.words), ("7", "Broke"))
        self.assertEqual((attempt.state, attempt.number), ("failed", 1))
        self.assertEqual(attempt.failure_type, "no_funds")
        self.assertEqual((message.attempts, message.earlier_attempts), (2, 1))
        self.assertFalse(message.failure_type)

    def test_route_that_was_tried_stays_what_it_was(self):
        """Messages tell what it answered, and their reports may come yet."""
        self.send_through(answer(Outcome.REFUSED, failure_type="no_funds"))
        self.policy.step_ids.rule_ids.choice_ids[0].unlink()
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            self.first.unlink()
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            self.first.provider_code = "sandbox"

    def test_timeline_tells_the_journey(self):
        message = self.send_through(answer(Outcome.REFUSED, failure_type="no_funds"))
        events = message.event_ids.sorted("id")
        self.assertEqual(
            events.mapped(lambda e: (e.kind, e.source, e.route_id)),
            [
                ("submitting", "dispatcher", self.first),
                ("queued", "failover", self.second),
                ("submitting", "dispatcher", self.second),
                ("submitted", "dispatcher", self.second),
            ],
        )

    def test_secret_text_is_not_kept_with_the_attempt(self):
        self.make_pair(
            answer(Outcome.REFUSED, failure_type="no_funds", message="No: code 4711")
        )
        message = self.send_one(
            route=self.policy.route_id, text="code 4711", is_secret=True
        )
        self.run_lanes()
        self.assertEqual(message.route_id, self.second)
        self.assertNotIn("4711", message.attempt_ids.detail)


@tagged("post_install", "-at_install")
class TestNotSent(FailoverCase):
    """What was provably not handed over."""

    def test_after_some_tries_it_takes_the_other_route(self):
        self.make_pair(answer(Outcome.NOT_SENT))
        message = self.send_one(route=self.policy.route_id)
        self.run_lane()
        self.assertEqual(message.route_id, self.first)
        for _try in range(2):
            self.let_pass(1000, message)
            self.run_lane()
        self.assertEqual(message.route_id, self.second)
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(message.attempt_ids.state, "not_sent")
        self.assertEqual(message.attempt_ids.number, 3)

    def test_without_another_route_it_goes_on_trying(self):
        self.make_pair(answer(Outcome.NOT_SENT))
        message = self.send_one(route=self.policy.route_id)
        self.pause(self.second)
        for _try in range(5):
            self.run_lane()
            self.let_pass(1000, message)
        self.assertEqual((message.state, message.route_id), ("queued", self.first))
        self.assertEqual(message.attempts, 5)


@tagged("post_install", "-at_install")
class TestRouteDown(FailoverCase):
    """When a route stops, everything that waits there moves."""

    def send_many(self, count=5, **values):
        self.make_pair(fail(RouteDown("wrong password")))
        phones = [sandbox_phone(f"{1000 + number}") for number in range(count)]
        return self.send(*phones, route=self.policy.route_id, **values)

    def test_everything_that_waits_moves(self):
        campaign = self.send_many()
        self.run_lane()
        self.assertEqual(self.first.state, "paused")
        self.run_failover()
        messages = self.get_messages(campaign)
        self.assertEqual(messages.route_id, self.second)
        self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"submitted"})
        self.assertEqual(
            sorted(self.get_submitted(self.second_provider)),
            sorted(messages.mapped("msisdn")),
        )

    def test_single_messages_move_too(self):
        self.make_pair(fail(RouteDown("wrong password")))
        message = self.send_one(route=self.policy.route_id)
        self.pause(self.first)
        self.run_failover()
        self.assertEqual(message.route_id, self.second)
        self.assertFalse(message.attempt_ids, "it was never tried")

    def test_single_messages_do_not_wait_for_the_scheduled_action(self):
        self.make_pair(fail(RouteDown("wrong password")), max_batch=1)
        phones = [sandbox_phone(f"{1000 + number}") for number in range(5)]
        messages = self.env["sms.gateway.message"].union(
            *[self.send_one(phone, route=self.policy.route_id) for phone in phones]
        )
        self.run_lane()
        self.assertEqual(self.first.state, "paused")
        self.assertEqual(messages.route_id, self.second)
        self.run_lane()
        self.assertCountEqual(
            self.get_submitted(self.second_provider), messages.mapped("msisdn")
        )

    def test_messages_that_have_just_moved_do_not_move_on(self):
        self.make_pair(fail(RouteDown("wrong password")), max_batch=1)
        third, _provider = self.script_route()
        policy = self.make_policy(self.first, self.second, third)
        message = self.send_one(route=policy.route_id)
        self.run_lane()
        self.assertEqual(message.route_id, self.second)
        self.assertEqual(message.attempt_ids.route_id, self.first)

    def test_single_messages_of_the_route_itself_stay_there(self):
        self.make_pair(fail(RouteDown("wrong password")), max_batch=1)
        own = self.send_one(route=self.first)
        other = self.send_one(route=self.policy.route_id)
        self.run_lane()
        self.assertEqual((own.route_id, other.route_id), (self.first, self.second))

    def test_calls_under_way_when_the_route_stops_need_no_further_try(self):
        self.make_pair(answer(Outcome.NOT_SENT), max_batch=1)
        phones = [sandbox_phone(f"{1000 + number}") for number in range(5)]
        campaign = self.send(*phones, route=self.policy.route_id)
        queue = self.make_queue(self.first)
        claimed = self.claim(queue, 2)
        refused = SubmitResult(Outcome.NOT_SENT, route_trouble=True, retry_after=60)
        self.apply(queue, claimed[:1], refused)
        self.apply(queue, claimed[1:], SubmitResult(Outcome.NOT_SENT))
        routes = self.get_messages(campaign).mapped(lambda one: one.route_id.id)
        self.assertEqual(routes, [self.second.id] * 2 + [self.first.id] * 3)
        self.assertTrue(all(one.attempts < 2 for one in self.get_messages(campaign)))

    def test_order_of_the_queue_is_kept(self):
        campaign = self.send_many()
        before = self.get_messages(campaign).mapped("not_before")
        self.pause(self.first)
        self.run_failover()
        self.assertEqual(self.get_messages(campaign).mapped("not_before"), before)

    def test_messages_of_a_step_that_has_got_another_channel_wait(self):
        first, second = self.make_route("first"), self.make_route("second")
        policy = self.make_policy(first, second)
        message = self.send_one(route=policy.route_id)
        policy.step_ids.channel = "voice"
        self.pause(first)
        self.run_failover()
        self.assertEqual(message.route_id, first)

    def test_messages_of_the_route_itself_wait_for_it(self):
        campaign = self.send_many()
        own = self.send_one(route=self.first)
        self.pause(self.first)
        self.run_failover()
        self.assertEqual(own.route_id, self.first)
        self.assertEqual(self.get_messages(campaign).route_id, self.second)

    def test_what_may_have_been_sent_stays(self):
        campaign = self.send_many(2)
        first, second = self.get_messages(campaign)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET maybe_sent = TRUE WHERE id = %s",
            [first.id],
        )
        self.pause(self.first)
        self.run_failover()
        self.env.invalidate_all()
        self.assertEqual(first.route_id, self.first)
        self.assertEqual(second.route_id, self.second)

    def test_new_messages_return_when_the_route_recovers(self):
        campaign = self.send_many()
        self.pause(self.first)
        self.run_failover()
        self.env["sms.gateway.route.pause"]._resume(self.first)
        self.run_failover()
        self.assertEqual(self.get_messages(campaign).route_id, self.second)
        self.assertEqual(self.send_one(route=self.policy.route_id).route_id, self.first)

    def test_nothing_moves_where_no_route_may_send(self):
        campaign = self.send_many()
        self.pause(self.first | self.second)
        self.run_failover()
        self.assertEqual(self.get_messages(campaign).route_id, self.first)
        self.env["sms.gateway.route.pause"]._resume(self.second)
        self.run_failover()
        self.assertEqual(self.get_messages(campaign).route_id, self.second)

    def test_resting_route_counts_as_down(self):
        campaign = self.send_many()
        self.env["sms.gateway.route.pause"]._back_off(self.first, 30, "no connection")
        self.run_failover()
        self.assertEqual(self.get_messages(campaign).route_id, self.second)

    def test_failed_route_is_not_tried_again_when_the_other_one_stops(self):
        refuse = answer(Outcome.REFUSED, failure_type="no_funds")
        self.make_pair(refuse)
        message = self.send_one(route=self.policy.route_id)
        self.run_lane()
        self.assertEqual(message.route_id, self.second)
        self.pause(self.second)
        self.run_failover()
        self.assertEqual(message.route_id, self.second)

    def test_counters_of_routes_follow(self):
        campaign = self.send_many(3)
        self.pause(self.first)
        self.run_failover()
        self.run_fold()
        rows = self.env["sms.gateway.statistic"].search(
            [("route_id", "in", (self.first | self.second).ids)]
        )
        self.assertEqual(
            {row.route_id: row.count for row in rows if row.count}, {self.second: 3}
        )
        self.assertEqual(self.get_totals(campaign), {"queued": 3})

    def test_scheduled_messages_keep_their_time(self):
        moment = fields.Datetime.now() + timedelta(hours=2)
        campaign = self.send_many(2, not_before=moment)
        self.pause(self.first)
        self.run_failover()
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("not_before"), [moment] * 2)
