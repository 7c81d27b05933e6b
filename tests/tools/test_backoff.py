from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools import backoff

HOUR = 3600


class TestBackoff(BaseCase):
    def test_exponential_starts_at_base_and_doubles(self):
        delays = [backoff.exponential(n, base=5, cap=900) for n in range(1, 6)]
        self.assertEqual(delays, [5, 10, 20, 40, 80])

    def test_exponential_never_passes_its_cap(self):
        for attempt in (8, 9, 100, 10**6):
            with self.subTest(attempt=attempt):
                self.assertLessEqual(backoff.exponential(attempt, base=5, cap=900), 900)
        self.assertEqual(backoff.exponential(10**6, base=5, cap=900), 900)

    def test_exponential_of_no_attempt_is_base(self):
        self.assertEqual(backoff.exponential(0, base=5, cap=900), 5)

    @settings(deadline=None, derandomize=True)
    @given(st.floats(0, 10**6), st.integers())
    def test_jitter_stays_within_a_tenth(self, seconds, seed):
        self.assertAlmostEqual(
            backoff.jitter(seconds, seed), seconds, delta=seconds / 10 + 1e-6
        )

    def test_jitter_is_the_same_for_the_same_seed_and_spreads_over_seeds(self):
        self.assertEqual(backoff.jitter(100, 7), backoff.jitter(100, 7))
        spread = {round(backoff.jitter(100, seed)) for seed in range(1000)}
        self.assertEqual(min(spread), 90)
        self.assertEqual(max(spread), 110)
        self.assertEqual(len(spread), 21)

    def test_retries_grow_from_seconds_to_a_quarter_of_an_hour(self):
        for attempt, seconds in (
            (1, 5),
            (2, 10),
            (5, 80),
            (8, 640),
            (9, 900),
            (50, 900),
        ):
            with self.subTest(attempt=attempt):
                self.assertAlmostEqual(
                    backoff.retry_delay(attempt), seconds, delta=seconds / 10
                )

    def test_messages_that_failed_together_come_back_apart(self):
        delays = {backoff.retry_delay(9, seed) for seed in range(100)}
        self.assertEqual(len(delays), 100)


class TestSchedules(BaseCase):
    def test_polls_begin_densely_and_become_hourly(self):
        delays = [backoff.poll_delay(count) for count in range(10)]
        self.assertEqual(delays, [3, 3, 5, 10, 30, 60, 300, 900, HOUR, HOUR])

    def test_polls_end_after_three_days(self):
        self.assert_ends_within(backoff.poll_delay, 72 * HOUR)

    def test_reconciliation_begins_at_once_and_becomes_hourly(self):
        delays = [backoff.reconcile_delay(count) for count in range(7)]
        self.assertEqual(delays, [5, 30, 120, 600, HOUR, HOUR, HOUR])

    def test_reconciliation_ends_after_a_day(self):
        self.assert_ends_within(backoff.reconcile_delay, 24 * HOUR)

    def assert_ends_within(self, delay_after, limit):
        total = count = 0
        while (delay := delay_after(count)) is not None:
            total += delay
            count += 1
        self.assertLessEqual(total, limit)
        self.assertGreater(total, limit - HOUR)
        self.assertIsNone(delay_after(count + 1))
