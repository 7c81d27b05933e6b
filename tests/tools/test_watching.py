"""Rules of the watchers: forecasts of balances, drops of delivery shares."""

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.watching import (
    FORECAST_HORIZON,
    BalanceReading,
    Finished,
    Forecast,
    forecast_end,
    has_dropped,
    split_days,
)

START = datetime(2026, 1, 1)
TODAY = date(2026, 3, 10)


def read_hourly(*amounts, hours=12):
    """Readings at equal distances."""
    return [
        BalanceReading(START + number * timedelta(hours=hours), amount)
        for number, amount in enumerate(amounts)
    ]


class TestForecast(BaseCase):
    def test_a_balance_ends_at_its_pace(self):
        readings = read_hourly(100, 90, 80, 70)
        end = readings[-1].at + timedelta(hours=7 * 12)
        self.assertEqual(forecast_end(readings), Forecast("ends", end))

    def test_a_top_up_does_not_change_the_pace(self):
        readings = read_hourly(40, 30, 20, 1020, 1010, 1000)
        end = readings[-1].at + timedelta(hours=100 * 12)
        self.assertEqual(forecast_end(readings), Forecast("ends", end))

    def test_too_few_readings_or_too_little_time_are_no_forecast(self):
        for readings in (
            [],
            read_hourly(100),
            read_hourly(100, 90, hours=48),
            read_hourly(100, 90, 80, 70, hours=1),
            # between the last two somebody topped up
            read_hourly(100, 90, 300),
        ):
            self.assertEqual(forecast_end(readings).kind, "unknown")

    def test_a_balance_that_does_not_fall_does_not_end(self):
        self.assertEqual(forecast_end(read_hourly(50, 50, 50, 50)).kind, "steady")
        self.assertEqual(
            forecast_end(read_hourly(1e6, 1e6, 1e6, 1e6 - 1)).kind, "steady"
        )

    def test_nothing_left_is_no_forecast_but_a_fact(self):
        for amount in (0, -3):
            self.assertEqual(forecast_end(read_hourly(amount)).kind, "empty")

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.floats(0, 1e9), max_size=30))
    def test_an_end_lies_ahead_and_within_the_horizon(self, amounts):
        readings = read_hourly(*amounts)
        forecast = forecast_end(readings)
        self.assertEqual(forecast.at is not None, forecast.kind == "ends")
        if forecast.at:
            wait = forecast.at - readings[-1].at
            self.assertLessEqual(timedelta(), wait)
            self.assertLessEqual(wait, FORECAST_HORIZON + timedelta(seconds=1))


class TestDrops(BaseCase):
    def drop(self, recent, before, *, points=20, share=33, is_known=False):
        """Whether shares in percent, each of 1000 messages, are a drop."""
        return has_dropped(
            Finished(recent * 10, 1000),
            Finished(before * 10, 1000),
            max_points=points,
            max_share=share,
            is_known=is_known,
        )

    def test_a_drop_is_one_in_points_or_in_parts(self):
        self.assertTrue(self.drop(70, 90))
        self.assertFalse(self.drop(71, 90))
        self.assertTrue(self.drop(20, 30))
        self.assertFalse(self.drop(21, 30))
        self.assertFalse(self.drop(95, 90))

    def test_each_limit_can_be_off(self):
        self.assertFalse(self.drop(70, 90, points=0))
        self.assertTrue(self.drop(20, 30, points=0))
        self.assertFalse(self.drop(20, 30, share=0))
        self.assertFalse(self.drop(0, 100, points=0, share=0))

    def test_a_known_drop_ends_at_half_of_the_limits(self):
        self.assertTrue(self.drop(80, 90, share=0, is_known=True))
        self.assertFalse(self.drop(81, 90, share=0, is_known=True))

    def test_few_messages_say_nothing(self):
        many, few = Finished(900, 1000), Finished(0, 99)
        limits = {"max_points": 20, "max_share": 33}
        self.assertIsNone(has_dropped(few, many, **limits))
        self.assertIsNone(has_dropped(many, few, **limits))
        self.assertFalse(has_dropped(Finished(), Finished(), **limits))
        self.assertIsNotNone(has_dropped(Finished(), Finished(), **limits))

    def test_yesterday_joins_today_while_today_is_too_short(self):
        counts = {
            TODAY - timedelta(days=number): Finished(number, 100 + number)
            for number in range(12)
        }
        recent, before = split_days(counts, TODAY)
        self.assertEqual(recent, counts[TODAY])
        self.assertEqual(before.delivered, sum(range(1, 8)))
        counts[TODAY] = Finished(1, 99)
        recent, before = split_days(counts, TODAY)
        self.assertEqual(recent, Finished(2, 99 + 101))
        self.assertEqual(before.delivered, sum(range(2, 9)))
