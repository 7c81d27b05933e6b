"""Columns of people's data, and one line of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.people_table import (
    HEADERS,
    BadLine,
    Column,
    find_phone,
    is_name,
    make_names,
    read_line,
    recognise,
)
from odoo.addons.crm_sms_gateway.tools.template import compile_template

LANGUAGES = {"русский": "ru_RU", "ru": "ru_RU", "en": "en_US"}


class TestColumns(BaseCase):
    def test_headers_are_recognised_however_they_are_written(self):
        for header, target in {
            "Телефон": "phone",
            "МОБИЛЬНЫЙ ТЕЛЕФОН": "phone",
            "Номер": "phone",
            "Phone Number:": "phone",
            "Ф.И.О.": "name",
            "Full_Name": "name",
            "Name": "name",
            "Имя": "first_name",
            "Фамилия ": "last_name",
            "отчество": "patronymic",
            "Пол": "gender",
            "Gender": "gender",
            "Язык": "lang",
            "Примечание": "note",
        }.items():
            with self.subTest(header):
                self.assertEqual(recognise([header]), {0: target})

    def test_other_headers_are_not_guessed(self):
        self.assertEqual(recognise(["Город", "Телефонист", "", "Номер заказа"]), {})

    def test_of_two_columns_the_clearer_one_is_meant(self):
        self.assertEqual(recognise(["Номер", "Телефон"]), {1: "phone"})
        self.assertEqual(recognise(["Телефон", "Телефон"]), {0: "phone"})

    def test_no_header_means_two_things(self):
        known = [header for headers in HEADERS.values() for header in headers]
        self.assertEqual(len(known), len(set(known)))

    def test_a_number_is_known_by_itself(self):
        self.assertEqual(find_phone(["Анна", "12", "8 (916) 123-01-01"]), 2)
        self.assertIsNone(find_phone(["Анна", "12", ""]))


class TestNames(BaseCase):
    def test_names_are_latin_and_each_column_has_its_own(self):
        self.assertEqual(
            make_names(["Номер заказа", "Сумма, ₽", "сумма", "Order №"], {"summa"}),
            ["nomer_zakaza", "summa_rub", "summa_2", "order_n"],
        )

    def test_headers_without_letters_get_a_name(self):
        self.assertEqual(
            make_names(["", "2026", "not"], ()), ["column", "column_2026", "column_not"]
        )

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.text()))
    def test_every_name_can_be_used_in_a_text(self, headers):
        names = make_names(headers, ())
        self.assertEqual(len(set(names)), len(headers))
        for name in names:
            self.assertTrue(is_name(name))
            template = compile_template(f"{{{{ {name} }}}}", names)
            self.assertEqual(template.render({name: "x"}), "x")

    def test_bad_names_are_told(self):
        for name in ("", "a b", "2", "сумма", "_a", "True", "true", "a" * 64, "a\n"):
            with self.subTest(name):
                self.assertFalse(is_name(name))


class TestLine(BaseCase):
    def read(self, *, channel="sms", **cells):
        columns = [
            Column(index, "value" if target.startswith("x_") else target, target)
            for index, target in enumerate(cells)
        ]
        return read_line(
            list(cells.values()), columns, channel=channel, languages=LANGUAGES
        )

    def assert_bad(self, fault, **cells):
        with self.assertRaises(BadLine) as caught:
            self.read(**cells)
        self.assertEqual(caught.exception.fault, fault)

    def test_a_line_is_a_person(self):
        line = self.read(
            phone="8 (916) 123-01-01",
            name="Лебедева Анна",
            gender="Ж",
            lang="Русский",
            note="VIP",
            x_order="15",
            x_empty="",
        )
        self.assertEqual(
            line.fields,
            {
                "phone": "+79161230101",
                "name": "Лебедева Анна",
                "gender": "female",
                "lang": "ru_RU",
                "note": "VIP",
            },
        )
        self.assertEqual(line.values, {"x_order": "15"})
        self.assertEqual(line.doubts, ())

    def test_genders_are_read_in_both_languages(self):
        for word in ("м", "Муж.", "мужской", "M", "male"):
            self.assertEqual(
                self.read(phone="89161230101", gender=word).fields["gender"], "male"
            )
        for word in ("ж", "жен", "Женский", "F", "Female"):
            self.assertEqual(
                self.read(phone="89161230101", gender=word).fields["gender"], "female"
            )

    def test_what_is_not_understood_is_a_doubt_and_no_guess(self):
        line = self.read(phone="89161230101", gender="?", lang="клингонский")
        self.assertEqual(line.doubts, ("gender", "lang"))
        self.assertFalse({"gender", "lang"} & line.fields.keys())

    def test_the_full_name_is_put_together_of_its_parts(self):
        line = self.read(phone="89161230101", first_name="Анна", last_name="Лебедева")
        self.assertEqual(line.fields["name"], "Лебедева Анна")

    def test_bad_lines_say_why(self):
        self.assert_bad("no_number", phone="", name="Анна")
        self.assert_bad("no_number", name="Анна")
        self.assert_bad("unreadable", phone="спросить")
        self.assert_bad("unreadable", phone="89161230101, 89161230102")
        self.assert_bad("not_possible", phone="+79991")
        self.assert_bad("not_mobile", phone="+7 495 123-45-67")
        self.assert_bad("too_long", phone="89161230101", note="x" * 1001)
        self.assert_bad("bad_character", phone="89161230101", note="a\0")

    def test_landlines_can_be_called(self):
        line = self.read(phone="+7 495 123-45-67", channel="voice")
        self.assertEqual(line.fields["phone"], "+74951234567")

    def test_an_apostrophe_before_a_number_is_a_spreadsheets(self):
        self.assertEqual(
            self.read(phone="'+79161230101").fields["phone"], "+79161230101"
        )

    def test_cells_that_a_short_line_lacks_are_empty(self):
        columns = [Column(0, "phone"), Column(5, "name")]
        line = read_line(["89161230101"], columns, channel="sms", languages={})
        self.assertEqual(line.fields["name"], "")
