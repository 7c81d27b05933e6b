from unittest.mock import patch

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from odoo.exceptions import UserError
from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.msisdn import (
    InvalidNumber,
    check_channel,
    e164,
    find_numbers,
    normalise,
    read_cell,
    read_national,
)
from odoo.addons.phone_validation.tools.phone_validation import phone_format

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
            "8916000010.0",
        ):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "unreadable")

    def test_a_program_that_took_a_number_for_a_fraction_is_understood(self):
        for raw in (
            "79160000101.0",
            "9160000101.0",
            "+79160000101.00",
            "89160000101,0",
        ):
            with self.subTest(raw=raw):
                self.assertEqual(normalise(raw), "+79160000101")

    def test_digits_that_a_program_has_rounded_are_lost(self):
        for raw in (
            "7.9161E+10",
            "7,9161E+10",
            "79161e6",
            "7.9161Е+10",
            "9160000101.5",
        ):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "digits_lost")

    def test_a_plus_before_the_trunk_prefix_is_not_vietnam(self):
        for raw in ("+8 (499) 123-45-67", "+8-916-000-00-10", "+8(916)0000010"):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "doubtful")
        self.assertEqual(normalise("+84991234567"), "+84991234567")

    def test_several_numbers_are_no_number(self):
        for raw in ("+79160000131, +79160000132", "+79160000133/34"):
            with self.subTest(raw=raw):
                self.assert_refused(raw, "several")

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


def by_odoo(raw, country):
    try:
        return phone_format(
            raw, country, phonenumbers.country_code_for_region(country), "E164"
        )
    except UserError:
        return None


def in_country(raw, country):
    try:
        return read_national(raw, country)
    except InvalidNumber:
        return None


def written_ways(number):
    """Yield what people write for a number, by the formats of its country and more."""
    for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
        yield phonenumbers.format_number(number, form)
    e164_form = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    yield from (e164_form, national, e164_form[1:], f"00{e164_form[1:]}")
    yield from (f"+ {e164_form[1:]}", f"{e164_form}.0", f"{national}.0")
    yield from (f"{e164_form} доб. 5", f"0{national}", f"8{national}", f"+8{national}")
    yield from (f"{e164_form}, {e164_form}", f"{e164_form}/34", f"x{national}")


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


class TestReadNational(BaseCase):
    def assert_refused(self, raw, country, reason, channel=None):
        with self.assertRaises(InvalidNumber) as caught:
            read_national(raw, country, channel=channel)
        self.assertEqual(caught.exception.reason, reason)

    def test_the_country_decides(self):
        for raw, country, number in (
            ("(917) 555-0123", "US", "+19175550123"),
            ("98765 43210", "IN", "+919876543210"),
            ("050 123 45 67", "UA", "+380501234567"),
            ("8 029 123-45-67", "BY", "+375291234567"),
            ("90 123 45 67", "UZ", "+998901234567"),
            ("0151/23456789", "DE", "+4915123456789"),
            ("0532 123 45 67", "TR", "+905321234567"),
            ("138 0013 8000", "CN", "+8613800138000"),
            ("7011234567", "KZ", "+77011234567"),
            ("9161234567", "RU", "+79161234567"),
            ("8 (916) 123-45-67", "RU", "+79161234567"),
            ("79161234567", "US", "+79161234567"),
        ):
            with self.subTest(raw=raw, country=country):
                self.assertEqual(read_national(raw, country, channel="sms"), number)

    def test_a_plus_decides_over_the_country(self):
        for country in ("RU", "US", "DE", None):
            with self.subTest(country=country):
                read = read_national("+38 (050) 123-45-67", country)
                self.assertEqual(read, "+380501234567")

    def test_without_a_country_a_bare_number_is_nobodys(self):
        for raw in ("9161234567", "8 (916) 123-45-67", "0151/23456789"):
            with self.subTest(raw=raw):
                self.assert_refused(raw, None, "no_country")

    def test_what_the_country_says_otherwise_is_asked(self):
        for raw, country in (
            ("89161234567", "UA"),
            ("9161234567", "UA"),
            # the library would go to Vietnam
            ("84951234567", "UA"),
            ("+84991234567", "RU"),
            ("+84991234567", "KZ"),
            ("+8 (499) 123-45-67", "VN"),
        ):
            with self.subTest(raw=raw, country=country):
                self.assert_refused(raw, country, "doubtful")
        self.assertEqual(read_national("+84991234567", "VN"), "+84991234567")

    def test_an_extension_is_read_as_odoo_reads_it(self):
        for raw, number in (
            ("+7 916 000-00-10 доб. 5", "+79160000010"),
            ("8 (495) 123-45-67, доб. 12", "+74951234567"),
            ("(917) 555-0123 ext. 7", "+19175550123"),
        ):
            country = "US" if number.startswith("+1") else "RU"
            with self.subTest(raw=raw):
                self.assertEqual(read_national(raw, country), number)
                self.assertEqual(by_odoo(raw, country), number)

    def test_a_word_before_a_number_is_none_of_it(self):
        for raw in ("тел. 8 916 000-00-10", "Моб.: +7 916 0000010", "tel +79160000010"):
            with self.subTest(raw=raw):
                self.assertEqual(read_national(raw, "RU"), "+79160000010")
                self.assertEqual(by_odoo(raw, "RU"), "+79160000010")

    def test_nothing_but_separators_is_dropped(self):
        for raw, country, reason in (
            ("8916000010.0", "RU", "digits_lost"),
            ("7.9161E+10", "RU", "digits_lost"),
            ("1-800-FLOWERS", "US", "unreadable"),
            ("+7 916 000-00-10 Anna", "RU", "not_possible"),
            ("+79160000010, +79160000011", "RU", "several"),
            ("8 916 111-22-33 8 916 444-55-66", "RU", "several"),
            ("8 916 111-22-33 и 8 916 444-55-66", "RU", "several"),
            ("+79160000133/34", "RU", "several"),
            ("+7 495 1234567, моб. +7 916 0000135", "RU", "several"),
            ("", "RU", "unreadable"),
            ("–", "RU", "unreadable"),
        ):
            with self.subTest(raw=raw):
                self.assert_refused(raw, country, reason)

    def test_an_sms_reaches_no_landline(self):
        self.assert_refused("8 (495) 123-45-67", "RU", "not_mobile", "sms")
        number = read_national("8 (495) 123-45-67", "RU", channel="voice")
        self.assertEqual(number, "+74951234567")

    def test_bare_russian_numbers_are_read_as_odoo_reads_them(self):
        for code in range(900, 1000):
            for raw in (f"8 ({code}) 123-45-67", f"7{code}1234567", f"{code}1234567"):
                with self.subTest(raw=raw):
                    self.assertEqual(in_country(raw, "RU"), by_odoo(raw, "RU"))

    def test_every_country_is_read_as_odoo_reads_it_or_not_at_all(self):
        for region in REGIONS:
            for kind in KINDS:
                example = phonenumbers.example_number_for_type(region, kind)
                for raw in written_ways(example) if example else ():
                    for country in (region, "RU", "US"):
                        number = in_country(raw, country)
                        if number is not None:
                            self.assertEqual(number, by_odoo(raw, country), raw)

    def test_no_country_is_refused_in_its_own_ways(self):
        refused = set()
        for region in REGIONS:
            number = phonenumbers.example_number_for_type(
                region, PhoneNumberType.MOBILE
            )
            for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
                raw = phonenumbers.format_number(number, form) if number else ""
                if by_odoo(raw, region) and in_country(raw, region) is None:
                    refused.add(raw)
        self.assertEqual(refused, set())

    @settings(deadline=None, derandomize=True, max_examples=1500)
    @given(
        st.one_of(
            st.from_regex(r"\+?[0-9][0-9 ().-]{5,18}", fullmatch=True),
            st.builds(
                vary,
                st.sampled_from(example_numbers()),
                st.integers(3, 14),
                st.text("0123456789", min_size=11, max_size=13),
            ),
            st.text("0123456789+-()/.,xдобтелext# ", max_size=24),
        ),
        st.sampled_from(REGIONS),
    )
    def test_any_text_is_read_as_odoo_reads_it_or_not_at_all(self, raw, country):
        number = in_country(raw, country)
        self.assertTrue(number is None or number == by_odoo(raw, country))


class TestReadCell(BaseCase):
    def assert_refused(self, raw, reason, **options):
        with self.assertRaises(InvalidNumber) as caught:
            read_cell(raw, "RU", **options)
        self.assertEqual(caught.exception.reason, reason)

    def test_fractions_and_apostrophes_of_programs_are_understood(self):
        for raw in (
            "9160000102.0",
            "79160000102.0",
            "'+79160000102",
            "'89160000102,00",
        ):
            with self.subTest(raw=raw):
                self.assertEqual(read_cell(raw, "RU"), "+79160000102")

    def test_digits_are_neither_lost_nor_won(self):
        self.assert_refused("8916000010.0", "not_possible")
        self.assert_refused("7.9161E+10", "digits_lost")

    def test_of_several_numbers_none_is_chosen_unasked(self):
        self.assert_refused("+79160000131, +79160000132", "several")

    def test_the_first_mobile_one_is_taken_on_demand(self):
        for raw, number in (
            ("+79160000131, +79160000132", "+79160000131"),
            ("8 (495) 123-45-67; 8 916 000-01-32", "+79160000132"),
            ("+79160000133/34", "+79160000133"),
            ("+79160000131 +79160000132", "+79160000131"),
            ("+7 (495) 000-00-00, моб. +7 916 000-01-35", "+79160000135"),
            ("раб. 8 (495) 000-00-00; моб.: 8 916 000-01-35", "+79160000135"),
            ("8 916 000-01-31", "+79160000131"),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(read_cell(raw, "RU", first_mobile=True), number)

    def test_without_a_mobile_one_the_first_says_why(self):
        raw = "8 (495) 123-45-67; 8 (495) 123-45-68"
        self.assert_refused(raw, "not_mobile", first_mobile=True)
        number = read_cell(raw, "RU", channel="voice", first_mobile=True)
        self.assertEqual(number, "+74951234567")


class TestFindNumbers(BaseCase):
    def test_a_separator_inside_of_a_number_does_not_split_it(self):
        for raw in ("0151/23456789", "8(495)123-45-67, доб. 5", "8/916/000-00-10"):
            with self.subTest(raw=raw):
                self.assertEqual(find_numbers(raw), [raw])

    def test_numbers_are_found_as_they_are_written(self):
        for raw, numbers in (
            (
                "8 916 000-01-31, 8 916 000-01-32",
                ["8 916 000-01-31", "8 916 000-01-32"],
            ),
            ("123-45-67; 123-45-68", ["123-45-67", "123-45-68"]),
            ("+79160000131 или +79160000132", ["+79160000131", "+79160000132"]),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(find_numbers(raw), numbers)


class TestCheckChannel(BaseCase):
    def test_an_sms_needs_a_mobile_number(self):
        check_channel("+79281706700", "sms")
        check_channel("+74951234567", "voice")
        with self.assertRaises(InvalidNumber) as caught:
            check_channel("+74951234567", "sms")
        self.assertEqual(caught.exception.reason, "not_mobile")
