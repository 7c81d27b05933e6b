"""Moments that one host names and another judges, while their clocks differ."""

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.tests import TransactionCase, freeze_time, tagged

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    StatusUpdate,
)

from ...common import PHONE, GatewayCase, accept, answer

#: A host whose clock is fast and one whose clock is slow, in seconds.
FAST, SLOW = 3600, -3600


@tagged("post_install", "-at_install")
class TestOwnClock(TransactionCase):
    """What a process finds out by asking PostgreSQL."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(clock, "_host", clock._Host()))
        self.moment = datetime.now(timezone.utc).replace(tzinfo=None)

    def test_the_moment_is_the_database_s_however_wrong_the_host_s_clock(self):
        for wrong in (FAST, SLOW, 0):
            with self.subTest(wrong), freeze_time(self.moment + _seconds(wrong)):
                clock._host.measured_at = None
                clock.keep_in_step(self.env.cr)
                error = abs(clock.now() - self.moment)
                self.assertLess(error, _seconds(600))

    def test_it_is_measured_once_a_minute(self):
        for seconds, statements in ((0, 1), (1, 0), (59, 0), (61, 1), (62, 0)):
            with (
                self.subTest(seconds),
                freeze_time(self.moment + _seconds(seconds)),
                self.assertQueryCount(statements),
            ):
                clock.keep_in_step(self.env.cr)

    def test_a_clock_that_was_put_right_is_measured_anew(self):
        with freeze_time(self.moment + _seconds(FAST)):
            clock.keep_in_step(self.env.cr)
        with freeze_time(self.moment), self.assertQueryCount(1):
            clock.keep_in_step(self.env.cr)


@tagged("post_install", "-at_install")
class TestHosts(GatewayCase):
    """Every host writes and judges by the same clock."""

    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route(
            poll=lambda references: [
                StatusUpdate(DeliveryStatus.DELIVERED, provider_reference=reference)
                for reference in references
            ]
        )

    def send_by(self, ahead, **values):
        with self.later(0, ahead=ahead):
            return self.send(PHONE, route=self.scripted, **values)

    def run_by(self, ahead, seconds, run=None):
        with self.later(seconds, ahead=ahead):
            (run or self.run_lane)()

    def get_state(self, campaign):
        return self.get_messages(campaign).state

    def test_what_a_fast_host_accepted_goes_at_once(self):
        campaign = self.send_by(FAST)
        self.run_by(SLOW, 1)
        self.assertEqual(self.get_state(campaign), "submitted")

    def test_a_fast_host_does_not_begin_before_the_time_to_send_at(self):
        with self.later(0):
            start = clock.this_second() + _seconds(60)
        campaign = self.send_by(SLOW, not_before=start)
        self.run_by(FAST, 30)
        self.assertEqual(self.get_state(campaign), "queued")
        self.run_by(SLOW, 61)
        self.assertEqual(self.get_state(campaign), "submitted")

    def test_the_time_to_live_ends_for_all_hosts_at_once(self):
        kept = self.send_by(SLOW, ttl=60)
        self.run_by(FAST, 30)
        self.assertEqual(self.get_state(kept), "submitted")
        late = self.send_by(FAST, ttl=60)
        self.run_by(SLOW, 61)
        self.assertEqual(self.get_state(late), "expired")

    def test_a_retry_waits_no_longer_at_another_host(self):
        self.provider.script["submit"] = answer(Outcome.NOT_SENT, retry_after=30)
        campaign = self.send_by(0)
        self.run_by(FAST, 1)
        self.provider.script["submit"] = accept
        for seconds, state in ((20, "queued"), (32, "submitted")):
            self.run_by(SLOW, seconds)
            self.assertEqual(self.get_state(campaign), state)

    def test_a_route_rests_as_long_for_every_host(self):
        self.provider.script["submit"] = answer(
            Outcome.NOT_SENT, retry_after=30, route_trouble="busy"
        )
        self.send_by(0)
        self.run_by(FAST, 1)
        self.provider.script["submit"] = accept
        for seconds, state in ((20, "queued"), (33, "submitted")):
            other = self.send_by(SLOW)
            # the first message to go is a probe
            for _run in range(2):
                self.run_by(SLOW, seconds)
            self.assertEqual(self.get_state(other), state)

    def test_a_status_is_asked_for_when_its_time_has_come(self):
        campaign = self.send_by(0)
        self.run_by(FAST, 1)
        self.run_by(SLOW, 7200, self.run_poll)
        self.assertEqual(self.get_state(campaign), "delivered")
        message = self.get_messages(campaign)
        self.assertLess(message.submitted_at, message.delivered_at)


def _seconds(count):
    return timedelta(seconds=count)
