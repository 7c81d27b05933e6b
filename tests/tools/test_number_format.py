"""Number formats: what a spreadsheet shows, in the words of a locale."""

import io
from decimal import ROUND_HALF_UP, Decimal

import xlsxwriter
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.spreadsheet.date_format import NO_DATE
from odoo.addons.crm_sms_gateway.tools.spreadsheet.number_format import NumberFormats
from odoo.addons.crm_sms_gateway.tools.spreadsheet.reading import open_table

MONEY = '_-* #,##0.00\\ "₽"_-;\\-* #,##0.00\\ "₽"_-;_-* "-"??\\ "₽"_-;_-@_-'
#: 28.11.2026 15:30
MOMENT = 46354 + 15.5 / 24
MARCH = 46086


class TestNumberFormat(BaseCase):
    def assert_shown(self, *cases, locale="ru_RU", is_1904=False):
        formats = NumberFormats(locale, is_1904=is_1904)
        for value, code, shown in cases:
            with self.subTest(value=value, code=code):
                one = formats.get(-1, code) if isinstance(code, str) else None
                one = one or formats.get(code)
                self.assertEqual(one.show(value).strip().replace("\xa0", " "), shown)

    def test_numbers_without_a_format(self):
        self.assert_shown(
            (1234.5, "General", "1234,5"),
            (0.1 + 0.2, "General", "0,3"),
            (1 / 3, "General", "0,333333333"),
            (1234567.891234, "General", "1234567,891"),
            (-5, "General", "-5"),
            (-0.0, "General", "0"),
            (999_999_999_999_999, "General", "999999999999999"),
            (1e22, "General", "1E+22"),
            (0.0000123456, "General", "1,23456E-05"),
            (5, "", "5"),
            (5, "@", "5"),
        )

    def test_telephones_are_no_powers(self):
        self.assert_shown(
            (380501234567, "General", "380501234567"),
            (380501234567, "0.00E+00", "380501234567"),
            (380501234567, 11, "380501234567"),
            (1.5e20, "0.00E+00", "1,50E+20"),
            (0.00012, "##0.0E+0", "120,0E-6"),
        )

    def test_money_and_percent(self):
        self.assert_shown(
            (1234.5, '#,##0.00\\ "₽"', "1 234,50 ₽"),
            (1234.5, "#,##0.00\\ [$₽-419]", "1 234,50 ₽"),
            (1234.5, MONEY, "1 234,50 ₽"),
            (-1234.5, MONEY, "-1 234,50 ₽"),
            (0, MONEY, "-   ₽"),
            (1234.5, "[$€-407] #,##0.00", "€ 1 234,50"),
            (1.005, "0.00", "1,01"),
            (2.5, "0", "3"),
            (0.155, "0.0%", "15,5%"),
            (1234567, '0.0,," млн"', "1,2 млн"),
        )

    def test_leading_zeros_and_telephone_masks(self):
        self.assert_shown(
            (123, "000000", "000123"),
            (9161230102, '"+7 ("000") "000"-"00"-"00', "+7 (916) 123-01-02"),
            (9161230102, "[<=9999999]###-####;(###) ###-####", "(916) 123-0102"),
            (0.5, "#.##", ",5"),
            (5.5, "0.0??", "5,5"),
        )

    def test_sections_are_chosen_by_the_value(self):
        self.assert_shown(
            (1, '"Да";;"Нет"', "Да"),
            (0, '"Да";;"Нет"', "Нет"),
            (-2.5, "0;[Red]\\(0\\)", "(3)"),
            (50, '[<100]"мало" 0;[>=100]"много" 0', "мало 50"),
            (150, '[<100]"мало" 0;[>=100]"много" 0', "много 150"),
            (5, ";;;", ""),
            (2.25, "# ?/?", "2 1/4"),
        )

    def test_dates_have_the_words_of_the_locale(self):
        self.assert_shown(
            (MOMENT, "dd.mm.yyyy hh:mm", "28.11.2026 15:30"),
            (MOMENT, "yyyy-mm-dd", "2026-11-28"),
            (MARCH, "d mmmm yyyy", "5 марта 2026"),
            (MARCH, '[$-FC19]d mmmm yyyy "г."', "5 марта 2026 г."),
            (MARCH, "mmmm yyyy", "Март 2026"),
            (MARCH, "dd mmm yy", "05 мар 26"),
            (MARCH, "dddd", "четверг"),
            (MARCH, "[$-409]d-mmm-yy;@", "5-Mar-26"),
            (MARCH, "[$-F800]dddd, mmmm dd, yyyy", "5 марта 2026 г."),
            (MARCH, 14, "05.03.2026"),
            (MOMENT, 22, "28.11.2026 15:30"),
        )
        self.assert_shown((MARCH, 14, "05.03.2026"), locale="de_DE")
        self.assert_shown((MARCH, 14, "3/5/2026"), locale="en_US")
        self.assert_shown((MARCH, "d. mmmm", "5. März"), locale="de_DE")

    def test_times_and_durations(self):
        self.assert_shown(
            (26 / 24, "[h]:mm", "26:00"),
            (26 / 24 + 61 / 86400, "[h]:mm:ss", "26:01:01"),
            (MOMENT, "h:mm", "15:30"),
            (MOMENT, "h:mm AM/PM", "3:30 PM"),
            (0, "h:mm AM/PM", "12:00 AM"),
            (0.123456, "mm:ss.00", "57:46,60"),
            (90 / 1440, "[mm]", "90"),
            (-0.5, "h:mm", "-12:00"),
        )

    def test_the_calendar_of_excel(self):
        self.assert_shown(
            (1, "dd.mm.yyyy", "01.01.1900"),
            (59, "dd.mm.yyyy", "28.02.1900"),
            (60, "dd.mm.yyyy", "29.02.1900"),
            (61, "dd.mm.yyyy", "01.03.1900"),
            (2_958_465, "dd.mm.yyyy", "31.12.9999"),
            (2_958_466, "dd.mm.yyyy", NO_DATE),
            (-1, "dd.mm.yyyy", NO_DATE),
        )
        self.assert_shown((MARCH - 1462, "d.m.yyyy", "5.3.2026"), is_1904=True)

    def test_formats_without_a_code_are_the_locales(self):
        self.assert_shown((1234.5, 4, "1 234,50"), (1234.5, 7, "1 234,50 ₽"))
        self.assert_shown(
            (1234.5, 4, "1,234.50"), (1234.5, 7, "$1,234.50"), locale="en_US"
        )
        self.assert_shown((1234.5, 4, "1.234,50"), (-5, 5, "-5 €"), locale="de_DE")

    @settings(max_examples=20, deadline=None, database=None, phases=[Phase.generate])
    @given(
        st.lists(
            st.tuples(
                st.integers(-(10**12), 10**12),
                st.sampled_from(["0", "0.00", "#,##0.00", '#,##0.00" ₽"', "0%"]),
            ),
            min_size=20,
            max_size=20,
        )
    )
    def test_what_a_writer_formats_is_read_as_shown(self, cells):
        cells = [(Decimal(number) / 1000, code) for number, code in cells]
        file = io.BytesIO()
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet()
            for row, (value, code) in enumerate(cells):
                sheet.write(row, 0, float(value), book.add_format({"num_format": code}))
        rows = open_table(file.getvalue(), locale="en_US").read()
        shown = [row.cells[0] for row in rows]
        self.assertEqual(shown, [show(value, code) for value, code in cells])


def show(value, code):
    """The same formats with Python's own means, in English."""
    value = value * 100 if "%" in code else value
    places = Decimal("0.01") if ".00" in code else Decimal(1)
    rounded = value.quantize(places, ROUND_HALF_UP)
    text = f"{rounded:,}" if "," in code else f"{rounded}"
    tail = "%" if "%" in code else " ₽" if "₽" in code else ""
    return text + tail
