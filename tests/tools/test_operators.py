"""Operators of numbers: who is believed, and that nothing is guessed."""

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import carrier
from phonenumbers.carrierdata import CARRIER_DATA

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.number_table import Interval, NumberTable
from odoo.addons.crm_sms_gateway.tools.operators import (
    NumberingPlan,
    NumberRange,
    OperatorLookup,
    find_region,
    is_range,
    plain_operator,
    split_names,
)

MTS, BEELINE, KAZAKH, T2 = 1, 2, 3, 4
NAMES = {
    ("RU", "mts"): MTS,
    ("RU", "beeline"): BEELINE,
    ("KZ", "beeline"): KAZAKH,
    ("RU", "t2"): T2,
}
#: numbers that the carrier table gives MTS and Beeline
OF_MTS, OF_BEELINE = "+79821230101", "+79031230101"
DIGITS = st.text("012", min_size=3, max_size=3)


def make_lookup(ranges=(), ported=None):
    plan = NumberingPlan(NAMES, ranges, has_ported=bool(ported))
    lookup = OperatorLookup(plan, lambda msisdns: ported)
    lookup.learn([])
    return lookup


class TestNumberTable(BaseCase):
    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.tuples(DIGITS, DIGITS).map(sorted), max_size=8), DIGITS)
    def test_the_interval_of_the_lowest_rank_wins(self, ends, number):
        intervals = [
            Interval(first, last, (int(last) - int(first), index), index)
            for index, (first, last) in enumerate(ends)
        ]
        around = [one for one in intervals if one.first <= number <= one.last]
        best = min(around, key=lambda one: one.rank, default=None)
        self.assertEqual(NumberTable(intervals).find(number), best and best.value)

    def test_an_interval_ends_with_what_begins_with_its_last(self):
        table = NumberTable([Interval("+791", "+792", 0, "here")])
        for number, found in (
            ("+790999", None),
            ("+791", "here"),
            ("+792999", "here"),
            ("+793", None),
        ):
            with self.subTest(number):
                self.assertEqual(table.find(number), found)

    def test_a_value_of_none_hides_what_lies_around(self):
        table = NumberTable(
            [Interval("+7", "+7", 2, "around"), Interval("+79", "+79", 1, None)]
        )
        self.assertIsNone(table.find("+7982"))
        self.assertEqual(table.find("+7816"), "around")


class TestLookup(BaseCase):
    def test_the_carrier_table_is_the_first_guess(self):
        lookup = make_lookup()
        self.assertEqual(lookup.find(OF_MTS), (MTS, "prefix"))
        self.assertEqual(lookup.find("+77051234567"), (KAZAKH, "prefix"))

    def test_ranges_are_believed_before_the_carrier_table(self):
        lookup = make_lookup([NumberRange("+79821230000", "+79821239999", T2)])
        self.assertEqual(lookup.find(OF_MTS), (T2, "range"))
        self.assertEqual(lookup.find("+79821240000"), (MTS, "prefix"))

    def test_the_narrowest_range_wins_then_the_last_one(self):
        wide = NumberRange("+79820000000", "+79829999999", T2, 3)
        narrow = NumberRange("+79821230000", "+79821239999", BEELINE, 1)
        again = NumberRange("+79821230000", "+79821239999", MTS, 2)
        for ranges, operator in (
            ([wide, narrow], BEELINE),
            ([narrow, wide], BEELINE),
            ([again, narrow, wide], MTS),
        ):
            with self.subTest(ranges):
                self.assertEqual(make_lookup(ranges).find(OF_MTS), (operator, "range"))

    def test_ported_numbers_are_believed_before_all(self):
        ranges = [NumberRange("+79820000000", "+79829999999", T2)]
        lookup = make_lookup(ranges, ported={OF_MTS: BEELINE})
        self.assertEqual(lookup.find(OF_MTS), (BEELINE, "ported"))
        self.assertEqual(lookup.find("+79821230102"), (T2, "range"))

    def test_ported_numbers_are_known_when_they_were_learned(self):
        asked = []

        def read(msisdns):
            asked.append(msisdns)
            return {OF_MTS: T2}

        lookup = OperatorLookup(NumberingPlan(NAMES, has_ported=True), read)
        self.assertEqual(lookup.find(OF_MTS), (MTS, "prefix"))
        lookup.learn([OF_MTS, None, OF_BEELINE])
        self.assertEqual(asked, [[OF_MTS, OF_BEELINE]])
        self.assertEqual(lookup.find(OF_MTS), (T2, "ported"))

    def test_without_ported_numbers_none_are_read(self):
        lookup = OperatorLookup(NumberingPlan(NAMES), self.fail)
        lookup.learn([OF_MTS])
        self.assertEqual(lookup.find(OF_MTS), (MTS, "prefix"))

    def test_nothing_is_guessed(self):
        lookup = make_lookup()
        for msisdn, why in (
            ("+79161230101", "a prefix that the carrier table does not have"),
            ("+77641234567", "a carrier that no operator is called by"),
            ("+74951234567", "a landline"),
            ("+375291234567", "a country without operators"),
            ("+10000000000", "no number at all"),
        ):
            with self.subTest(why):
                self.assertEqual(lookup.find(msisdn), (None, "unknown"))

    def test_it_finds_what_phonenumbers_does(self):
        """Of a number of every prefix of Russia and Kazakhstan."""
        find = make_lookup().find
        for prefix in CARRIER_DATA:
            msisdn = "+" + prefix.ljust(11, "5")
            if not prefix.startswith("7"):
                continue
            name = carrier.name_for_valid_number(phonenumbers.parse(msisdn), "en")
            region = "KZ" if prefix[1] in "67" else "RU"
            with self.subTest(msisdn):
                expected = NAMES.get((region, plain_operator(name)))
                self.assertEqual(find(msisdn)[0], expected)


class TestNames(BaseCase):
    def test_case_quotes_and_legal_forms_do_not_matter(self):
        for written, plain in (
            ('ПАО "МегаФон"', "мегафон"),
            ("ООО «Т2 Мобайл»", "т2 мобайл"),
            ("Sevastopol  TELECOM", "sevastopol telecom"),
            ("K-Telecom Ltd", "k telecom"),
            ("life:)", "life"),
            ("Kcell/Activ", "kcell activ"),
            ("ООО", "ооо"),
            ("", ""),
        ):
            with self.subTest(written):
                self.assertEqual(plain_operator(written), plain)

    def test_aliases_are_separated_by_commas(self):
        self.assertEqual(split_names("МТС,  MTS RUS,,"), ["МТС", "MTS RUS"])

    def test_operators_of_the_same_name_are_told_apart_by_the_country(self):
        plan = NumberingPlan(NAMES)
        self.assertEqual(plan.find_operator("BEELINE", OF_MTS), BEELINE)
        self.assertEqual(plan.find_operator("Beeline", "+77051234567"), KAZAKH)
        self.assertIsNone(plan.find_operator("Beeline", "+998901234567"))

    def test_the_country_is_that_of_the_first_digits(self):
        for msisdn, region in (
            ("+79821230101", "RU"),
            ("+77051234567", "KZ"),
            ("+7705", "KZ"),
            ("+375291234567", "BY"),
            ("+14155550100", "US"),
            ("+1", "US"),
            ("+12", "US"),
            ("+1204", "CA"),
            ("+12045551234", "CA"),
            ("+12040000000", "CA"),
            ("+18765551234", "JM"),
            ("+447781123456", "GG"),
            ("+447700900123", "GB"),
            ("+999", None),
        ):
            with self.subTest(msisdn):
                self.assertEqual(find_region(msisdn), region)

    def test_ends_of_ranges_are_numbers_of_one_length(self):
        self.assertTrue(is_range("+79820000000", "+79829999999"))
        self.assertTrue(is_range("+79820000000", "+79820000000"))
        for first, last in (
            ("+79829999999", "+79820000000"),
            ("+7982000000", "+79829999999"),
            ("79160000000", "79169999999"),
            ("+79820000000", "+7982999999x"),
        ):
            with self.subTest(first=first, last=last):
                self.assertFalse(is_range(first, last))
