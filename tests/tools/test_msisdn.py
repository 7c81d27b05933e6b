from unittest.mock import patch

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.msisdn import (
    InvalidNumber,
    e164,
    normalise,
)

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
COUNTRY_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def example_numbers():
    """Return one number of every kind of every region: the ground to vary from."""
    examples = (
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in PhoneNumberType.values()
    )
    return sorted(
        {phonenumbers.format_number(n, PhoneNumberFormat.E164) for n in examples if n}
    )


def by_library(number, kinds=None):
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    if kinds and phonenumbers.number_type(parsed) not in kinds:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def by_us(number, channel):
    try:
        return normalise(number, channel=channel)
    except InvalidNumber:
        return None


def vary(number, keep, digits):
    """Keep the beginning of a number, replace as many digits behind it."""
    return number[:keep] + digits[: len(number) - keep] + digits[12:]


variations = st.builds(
    vary,
    st.sampled_from(example_numbers()),
    st.integers(3, 14),
    st.text("0123456789", min_size=11, max_size=13),
)
anywhere = st.builds(
    "+{}{}".format,
    st.sampled_from(COUNTRY_CODES),
    st.text("0123456789", min_size=4, max_size=12),
)
plus_seven = st.builds("+7{}".format, st.text("0123456789", min_size=9, max_size=11))


class TestNormalise(BaseCase):
    def assert_refused(self, raw, reason, channel="sms"):
        with self.assertRaises(InvalidNumber) as caught:
            normalise(raw, channel=channel)
        self.assertEqual(caught.exception.reason, reason)

    def test_written_in_any_usual_way(self):
        for raw in (
            "+79281706700",
            "89281706700",
            "79281706700",
            "9281706700",
            "+7 928 170-67-00",
            "8 (928) 170 67 00",
            "8(928)170-67-00",
            "+7.928.170.67.00",
            "(+7) 928 1706700",
            "[928] 170 67 00",
            "+7\N{NO-BREAK SPACE}928\N{NARROW NO-BREAK SPACE}170 67 00",
            "928\N{NON-BREAKING HYPHEN}170\N{EN DASH}67\N{EM DASH}00",
            "928\N{MINUS SIGN}170\N{FIGURE DASH}67\N{HYPHEN}00",
            "\N{LEFT-TO-RIGHT EMBEDDING}+79281706700\N{POP DIRECTIONAL FORMATTING}",
            "\ufeff9281706700\t\n",
            "+7 8 928 170 67 00",
        ):
            with self.subTest(raw=raw):
                self.assertEqual(normalise(raw), "+79281706700")

    def test_plus_seven_is_kazakhstan_too(self):
        for raw in ("+77011234567", "87011234567", "77011234567"):
            with self.subTest(raw=raw):
                self.assertEqual(normalise(raw), "+77011234567")

    def test_any_country_with_a_plus(self):
        for raw, number in (
            ("+380 50 123 45 67", "+380501234567"),
            ("+375 (29) 123-45-67", "+375291234567"),
            ("+49 1512 3456789", "+4915123456789"),
            ("+39 312 345 6789", "+393123456789"),
            ("+44 07400 123456", "+447400123456"),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(normalise(raw), number)

    def test_fixed_line_or_mobile_counts_as_mobile(self):
        self.assertEqual(normalise("+1 650 253 0000"), "+16502530000")

    def test_bare_numbers_of_other_forms_are_unreadable(self):
        for raw in ("380501234567", "1281706700", "19281706700", "928170670", "112"):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "unreadable")

    def test_what_is_no_number_is_unreadable(self):
        for raw in (
            "",
            " ",
            "+",
            "phone",
            "8-800-FLOWERS",
            "9281706700 доб. 12",
            "928/1706700",
            "7+9281706700",
            "++79281706700",
            "+09281706700",
            "+9991706700",
            "9281706700\x00",
            "٩٢٨١٧٠٦٧٠٠",
            "9281706700" + " " * 60,
        ):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "unreadable")

    def test_numbers_no_country_has_are_not_possible(self):
        for raw in (
            "+7928170670",
            "+71231234567",
            "+7928170670012",
            "+12125550",
            "+7123",
        ):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "not_possible")
                self.assert_refused(raw, "not_possible", channel="voice")

    def test_sms_reaches_no_fixed_line_toll_free_or_premium_number(self):
        for raw in ("8 (495) 123-45-67", "8 800 123 45 67", "8 809 123 45 67"):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "not_mobile")

    def test_voice_goes_to_any_valid_number(self):
        for raw, number in (
            ("+79281706700", "+79281706700"),
            ("8 (495) 123-45-67", "+74951234567"),
            ("8 800 123 45 67", "+78001234567"),
            ("+49 30 123456", "+4930123456"),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(normalise(raw, channel="voice"), number)

    def test_normalising_twice_changes_nothing(self):
        for number in example_numbers():
            if once := by_us(number, "voice"):
                self.assertEqual(normalise(once, channel="voice"), once)

    def test_mobiles_of_plus_seven_do_not_cost_the_library(self):
        for number in ("+79281706700", "+77011234567"):
            with (
                self.subTest(number=number),
                patch.object(phonenumbers, "parse", side_effect=AssertionError),
            ):
                self.assertEqual(normalise(number), number)

    @settings(deadline=None, derandomize=True, max_examples=3000)
    @given(st.one_of(variations, anywhere, plus_seven))
    def test_agrees_with_the_library_on_every_number(self, number):
        self.assertEqual(by_us(number, "sms"), by_library(number, MOBILE))
        self.assertEqual(by_us(number, "voice"), by_library(number))

    @settings(deadline=None, derandomize=True)
    @given(st.text(max_size=80))
    def test_any_text_is_a_number_or_invalid(self, raw):
        number = by_us(raw, "voice")
        self.assertTrue(number is None or by_library(number) == number)


class TestE164(BaseCase):
    def test_any_valid_number_is_readable(self):
        self.assertEqual(e164("8 (495) 123-45-67"), "+74951234567")
        self.assertEqual(e164("8 928 170 67 00"), "+79281706700")

    def test_everything_else_is_none(self):
        for raw in ("", "Андрей", "+7928", "+71231234567"):
            with self.subTest(raw=raw):
                self.assertIsNone(e164(raw))
