from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools import breaker
from odoo.addons.crm_sms_gateway.tools.breaker import Streak, Tally, get_rest, merge

#: second, answers and how many of them were trouble
ROWS = st.tuples(st.integers(0, 300), st.integers(0, 50), st.integers(0, 50)).map(
    lambda row: (row[0], max(row[1:]), min(row[1:]))
)


class TestTally(BaseCase):
    def test_five_troubles_alone_are_too_many(self):
        tally = Tally()
        for second in range(4):
            tally.add(second, 1, 1)
        self.assertFalse(tally.is_bad)
        tally.add(4, 1, 1)
        self.assertTrue(tally.is_bad)

    def test_troubles_must_be_half_of_the_answers(self):
        for answers, is_bad in ((10, True), (11, False)):
            with self.subTest(answers):
                self.assertEqual(Tally([[0, answers, 5]]).is_bad, is_bad)

    def test_only_the_last_minute_counts(self):
        tally = Tally([[0, 4, 4]])
        tally.add(59, 1, 1)
        self.assertTrue(tally.is_bad)
        tally.add(60, 1, 1)
        self.assertEqual(tally.dump(), [[59, 1, 1], [60, 1, 1]])

    def test_route_that_limps_after_it_was_busy(self):
        tally = Tally([[second, 100, 0] for second in range(40)])
        bad = []
        for second in range(40, 50):
            tally.add(second, 100, 60)
            bad.append(tally.is_bad)
        self.assertEqual(bad.index(True), 8, "half of the last ten seconds")

    @settings(deadline=None, derandomize=True)
    @given(st.lists(ROWS), st.lists(ROWS))
    def test_lanes_count_as_one(self, one, other):
        """Whoever reports what first: the last minute is what both counted in it."""
        end = max((second for second, *_rest in one + other), default=0)
        together = merge(Tally(one), Tally(other))
        self.assertEqual(together.dump(), merge(Tally(other), Tally(one)).dump())
        recent = [row for row in one + other if row[0] > end - breaker.WINDOW]
        answers = sum(row[1] for row in together.dump())
        self.assertEqual(answers, sum(row[1] for row in recent))
        self.assertEqual(together.troubles, sum(row[2] for row in recent))
        self.assertEqual(Tally(together.dump()).dump(), together.dump())

    def test_speed_is_that_of_the_last_seconds(self):
        tally = Tally([[0, 1000, 0], [96, 10, 0], [100, 40, 0]])
        self.assertEqual(tally.get_speed(100), 10)

    def test_the_speed_of_a_lane_that_has_just_begun(self):
        self.assertEqual(Tally([[100, 30, 0]]).get_speed(100), 30)
        self.assertEqual(Tally().get_speed(100), 1)
        self.assertEqual(Tally([[96, 1, 0]]).get_speed(100), 1)


class TestStreak(BaseCase):
    """A route that was busy before it died."""

    def make(self, *moments):
        streak = Streak()
        for moment in moments:
            streak.add(moment, is_good=False)
        return streak

    def test_nothing_but_trouble_for_a_second(self):
        self.assertFalse(self.make(10, 10.2, 10.4, 10.6, 10.9).is_bad)
        self.assertTrue(self.make(10, 10.2, 10.4, 10.6, 11).is_bad)

    def test_a_second_alone_is_not_enough(self):
        self.assertFalse(self.make(10, 11, 12, 13).is_bad)

    def test_a_good_answer_ends_it(self):
        streak = self.make(10, 10.2, 10.4, 10.6)
        streak.add(10.8, is_good=True)
        streak.add(11, is_good=False)
        self.assertFalse(streak.is_bad)
        self.assertFalse(streak.demands_care)

    def test_from_the_second_time_on_the_lane_takes_care(self):
        self.assertFalse(self.make().demands_care)
        self.assertFalse(self.make(10).demands_care)
        self.assertTrue(self.make(10, 10.1).demands_care)


class TestRest(BaseCase):
    def test_rests_double_up_to_a_quarter_of_an_hour(self):
        for openings, rest in enumerate((15, 30, 60, 120, 240, 480, 900, 900), 1):
            with self.subTest(openings):
                self.assertAlmostEqual(get_rest(openings, 1), rest, delta=rest * 0.21)

    @settings(deadline=None, derandomize=True)
    @given(st.integers(1, 10**6), st.integers(1, 10**9))
    def test_a_rest_is_never_longer_nor_much_shorter(self, openings, seed):
        rest = get_rest(openings, seed)
        self.assertGreaterEqual(rest, breaker.FIRST_REST * 0.8)
        self.assertLessEqual(rest, breaker.LONGEST_REST)
        self.assertEqual(rest, get_rest(openings, seed))

    def test_routes_do_not_come_back_together(self):
        self.assertGreater(len({get_rest(4, route_id) for route_id in range(20)}), 5)
