"""Bars of a chart by time since the start."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.time_buckets import (
    DAY,
    MAX_BARS,
    MINUTE,
    make_buckets,
)


def bucket(delivered, clicked=None):
    series = {"delivered": delivered, "clicked": clicked or {}}
    return make_buckets(series, "delivered")


class TestBuckets(BaseCase):
    def test_a_few_minutes_have_a_bar_each(self):
        found = bucket({0: 5, 2: 3}, {2: 1})
        self.assertEqual(found.width, MINUTE)
        self.assertEqual([row["delivered"] for row in found.counts], [5, 0, 3])
        self.assertEqual([row["clicked"] for row in found.counts], [0, 0, 1])
        self.assertEqual(found.later, {"delivered": 0, "clicked": 0})

    def test_what_takes_longer_has_wider_bars(self):
        for minutes, width in (
            (29, 1),
            (30, 5),
            (149, 5),
            (150, 15),
            (29 * 60, 60),
            (7 * 24 * 60, 24 * 60),
        ):
            with self.subTest(minutes):
                found = bucket({0: 1, minutes: 1})
                self.assertEqual(found.width, width * MINUTE)
                self.assertLessEqual(len(found.counts), MAX_BARS)

    def test_years_have_bars_of_whole_days(self):
        found = bucket({0: 1, 3 * 365 * 24 * 60: 1})
        self.assertEqual(found.width % DAY, 0)
        self.assertLessEqual(len(found.counts), MAX_BARS)
        self.assertEqual(sum(row["delivered"] for row in found.counts), 2)

    def test_stragglers_stand_in_the_last_bar(self):
        found = bucket({0: 980, 3: 15, 10_000: 5})
        self.assertEqual(found.width, MINUTE)
        self.assertEqual(len(found.counts), 1)
        self.assertEqual(found.later["delivered"], 20)

    def test_clicks_after_the_delivery_are_later(self):
        found = bucket({0: 10, 1: 10}, {1: 2, 500: 3})
        self.assertEqual([row["clicked"] for row in found.counts], [0, 2])
        self.assertEqual(found.later["clicked"], 3)

    def test_nothing_is_lost(self):
        delivered = {minute * minute: minute for minute in range(100)}
        found = bucket(delivered, {7: 3, 90_000: 1})
        for series, total in (("delivered", sum(delivered.values())), ("clicked", 4)):
            shown = sum(row[series] for row in found.counts)
            self.assertEqual(shown + found.later[series], total)

    def test_without_events_there_is_one_empty_bar(self):
        found = bucket({})
        self.assertEqual(found.counts, [{"delivered": 0, "clicked": 0}])
