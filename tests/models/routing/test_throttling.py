"""A provider that is too slow for a route: the route slows down, and recovers."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ...common import accept, answer
from .breaker_common import BreakerCase

THROTTLED = answer(
    Outcome.NOT_SENT, route_trouble=True, is_throttled=True, message="Too fast"
)


@tagged("post_install", "-at_install")
class TestPace(BreakerCase):
    def setUp(self):
        super().setUp()
        self.limits = self.env["sms.gateway.rate.limit"]

    def slow_down(self, *moments, speed=40):
        for moment in moments:
            with self.later(moment):
                self.limits._slow_down(self.scripted.id, speed)

    def get_rate(self, moment):
        with self.later(moment):
            return self.limits._get_permit(self.scripted.id).rate

    def test_half_of_the_throughput(self):
        self.scripted.throughput = 100
        self.slow_down(0)
        self.assertEqual(self.get_rate(0), 50)

    def test_at_most_once_a_second(self):
        self.scripted.throughput = 100
        self.slow_down(0, 0.5, 0.9)
        self.assertEqual(self.get_rate(0.9), 50)
        self.slow_down(1)
        self.assertEqual(self.get_rate(1), 25)

    def test_it_recovers_step_by_step_up_to_the_throughput(self):
        self.scripted.throughput = 100
        self.slow_down(0)
        for moment, rate in (
            (9.9, 50), (10, 62.5), (20, 78.125), (30, 97.65625), (40, 100),
            (10**9, 100),
        ):  # fmt: skip
            self.assertEqual(self.get_rate(moment), rate)

    def test_without_a_throughput_it_is_what_lanes_hand_over(self):
        self.slow_down(0, speed=40)
        self.assertEqual(self.get_rate(0), 20)

    def test_without_a_throughput_the_limit_ends_at_twice_what_was_too_fast(self):
        self.slow_down(0, speed=40)
        self.assertEqual(self.get_rate(60), 20 * 1.25**6)
        self.assertEqual(self.get_rate(70), 0, "no limit any more")
        self.slow_down(100, speed=60)
        self.assertEqual(self.get_rate(100), 30, "measured anew")

    def test_a_recovering_pace_is_halved_from_where_it_is(self):
        self.scripted.throughput = 100
        self.slow_down(0, 20)
        self.assertEqual(self.get_rate(20), 78.125 / 2)

    def test_no_route_stands_still(self):
        self.scripted.throughput = 1
        self.slow_down(*range(20))
        self.assertEqual(self.get_rate(19), 0.1)

    def test_a_lower_throughput_holds_at_once(self):
        self.scripted.throughput = 100
        self.slow_down(0)
        self.scripted.throughput = 10
        self.env.flush_all()
        self.assertEqual(self.get_rate(0), 10)
        self.slow_down(5)
        self.assertEqual(self.get_rate(5), 5)

    def test_other_routes_are_not_affected(self):
        self.slow_down(0)
        with self.later(0):
            self.assertEqual(self.limits._get_permit(self.route.id).rate, 0)

    def test_debug_messages_have_no_pace(self):
        self.slow_down(0)
        with self.later(0):
            permit = self.limits._get_permit(self.scripted.id, is_debug=True)
        self.assertEqual(permit.rate, 0)

    def test_the_form_shows_a_lowered_pace_only(self):
        self.scripted.throughput = 100
        self.assertEqual(self.scripted.lowered_pace, 0)
        self.slow_down(0)
        for moment, pace in ((0, 50), (40, 0)):
            with self.later(moment):
                self.scripted.invalidate_recordset()
                self.assertEqual(self.scripted.lowered_pace, pace)


@tagged("post_install", "-at_install")
class TestThrottled(BreakerCase):
    """Real runs of a lane."""

    def setUp(self):
        super().setUp()
        self.provider.script["submit"] = THROTTLED

    def test_a_throttled_route_sends_slowly(self):
        with self.later(0):
            self.send_many(40)
            self.run_lane()
        self.assertEqual(self.count_calls(), 1, "the bucket begins empty")
        self.provider.script["submit"] = accept
        pace = self.scripted.lowered_pace
        self.assertGreater(pace, 0)
        with self.later(4):
            self.run_lane()
        self.assertLessEqual(self.count_calls(), 1 + max(4 * pace, 1))

    def test_the_breaker_stays_closed(self):
        with self.later(0):
            self.send_many(20)
        for moment in range(20):
            with self.later(moment):
                self.run_lane()
        self.assertGreater(self.count_calls(), 2)
        self.assertFalse(self.breaker)
        self.assertFalse(self.scripted.resume_at)

    def test_messages_are_not_exhausted_but_expire(self):
        self.scripted.max_attempts = 1
        with self.later(0):
            message = self.send_many(1, ttl=600)
            self.run_lane()
        for moment in (60, 300):
            with self.later(moment):
                self.run_lane()
        self.assertEqual(message.state, "queued")
        self.assertEqual(message.attempts, 3)
        with self.later(601):
            self.run_lane()
        self.assertEqual(message.state, "expired")

    @mute_logger("odoo.addons.crm_sms_gateway.models.routes.sms_gateway_route_pause")
    def test_retry_after_holds_for_the_whole_route(self):
        self.provider.script["submit"] = answer(
            Outcome.NOT_SENT, route_trouble=True, is_throttled=True, retry_after=30
        )
        with self.later(0):
            messages = self.send_many(3)
            self.run_lane()
        self.assertEqual(self.count_calls(), 1)
        self.provider.script["submit"] = accept
        with self.later(29):
            self.run_lane()
        self.assertEqual(self.count_calls(), 1)
        for moment in (32, 40, 50):
            with self.later(moment):
                self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"submitted"})
        self.assertFalse(self.breaker, "no probe is needed")

    def test_a_short_wait_does_not_end_a_long_one(self):
        queue = self.make_queue()
        with self.later(0):
            self.send_many(2)
            claimed = self.claim(queue)
            long, short = (
                answer(Outcome.NOT_SENT, is_throttled=True, retry_after=seconds)([0])[0]
                for seconds in (90, 5)
            )
            self.apply(queue, claimed[:1], long)
            self.apply(queue, claimed[1:], short)
        self.assertGreaterEqual(self.get_passed(), 90)

    def test_the_history_tells_it_once_a_minute(self):
        with self.later(0):
            self.send_many(10)
        for moment in (0, 10, 20, 30, 40, 50, 70):
            with self.later(moment):
                self.run_lane()
        self.assertGreater(self.count_calls(), 2)
        self.assertEqual(self.get_kinds(), ["throttled"] * 2)
