"""Columns of people's data, and one line of them."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.country_names import find_countries
from odoo.addons.crm_sms_gateway.tools.import_columns import (
    HEADERS,
    BadLine,
    Column,
    Rules,
    choose_phone,
    examine,
    find_header,
    is_name,
    is_report,
    make_names,
    merge_person,
    read_line,
    recognise,
    write_phone,
)
from odoo.addons.crm_sms_gateway.tools.template import compile_template

RULES = Rules(
    channel="sms",
    country="RU",
    takes_first=False,
    languages={"русский": "ru_RU", "ru": "ru_RU", "en": "en_US"},
    countries=find_countries(["de"]),
)
NO_COUNTRY = replace(RULES, country=None)
PHONE_KEYS = {"phone", "name"}


class TestColumns(BaseCase):
    def test_headers_are_recognised_however_they_are_written(self):
        for header, target in {
            "Телефон": "phone",
            "МОБИЛЬНЫЙ ТЕЛЕФОН": "phone",
            "Номер": "phone",
            "Моб. тел.": "phone",
            "Тел.(моб)": "phone",
            "mobile_number": "phone",
            "Телефон1": "phone",
            "Контактный номер": "phone",
            "Страна": "country",
            "Country": "country",
            "Фамилия, имя, отчество": "name",
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

    def test_our_report_is_known_by_its_first_columns(self):
        self.assertTrue(is_report(["Line of the file", "Why not", "Name"]))
        self.assertTrue(is_report(["Строка файла", "Почему не загружена"]))
        self.assertFalse(is_report(["Why not", "Name"]))
        self.assertFalse(is_report(["Why not"]))


class TestHeader(BaseCase):
    def find(self, *lines, country="RU"):
        return find_header([line.split(";") for line in lines], country)

    def test_titles_stand_above_the_names_of_columns(self):
        for titles in (
            (),
            ("Список клиентов, выгрузка от 28.11.2026, 10:00",),
            ("Список клиентов на 28.11.2026", "Отбор: Город = Пермь"),
            ("Клиент", "Всего: 9000123456 руб."),
        ):
            with self.subTest(titles):
                lines = (*titles, "№;Контрагент;Телефон", "1;Анна;+79161230101")
                self.assertEqual(self.find(*lines), len(titles))

    def test_a_number_in_a_title_does_not_hide_the_names_below(self):
        lines = ("Офис;+7 495 123-45-67", "ФИО;Телефон", "Анна;+79161230101")
        self.assertEqual(self.find(*lines), 1)

    def test_unknown_names_stand_above_the_first_number(self):
        self.assertEqual(self.find("Кто;Куда", "Анна;89161230101"), 0)
        self.assertEqual(self.find("Отчёт", "Кто;Куда", "Анна;89161230101"), 1)

    def test_no_person_is_taken_for_a_header(self):
        self.assertIsNone(self.find("89161230101", "89161230102"))
        self.assertIsNone(self.find("Анна;89161230101", "Клиент;", "Ян;89161230102"))
        self.assertIsNone(self.find("Анна;", "Ян;89161230101"))
        self.assertIsNone(self.find("Анна;8 916 123", "Ян;89161230101"))

    def test_where_no_number_is_readable_the_first_line_is_meant(self):
        self.assertEqual(self.find("Телефон", "нет"), 0)
        self.assertEqual(self.find("Куда", "нет"), 0)

    def test_without_a_country_numbers_are_still_seen(self):
        self.assertEqual(self.find("Кто;Куда", "Анна;89161230101", country=None), 0)


class TestPhoneChoice(BaseCase):
    def choose(self, header, *lines, country="RU"):
        """The header of the chosen column, or those to choose from."""
        headers = header.split(";")
        rows = [line.split(";") for line in lines]
        columns = zip(*rows, strict=True)
        choice = choose_phone(headers, [examine(one, country) for one in columns])
        rivals = [headers[index] for index in choice.rivals]
        return rivals if choice.index is None else headers[choice.index]

    def test_a_column_of_cards_is_not_the_one_of_telephones(self):
        for header in ("Моб. тел.", "Телефон"):
            chosen = self.choose(f"Номер;{header}", "9000123456;+79160000701")
            self.assertEqual(chosen, header)

    def test_cards_alone_are_a_matter_for_a_person(self):
        self.assertEqual(self.choose("Номер;ФИО", "9000123456;Анна"), ["Номер"])
        self.assertEqual(self.choose("Код;ФИО", "9000123456;Анна"), ["Код"])

    def test_numbers_written_as_telephones_need_no_name(self):
        for number in ("+79161230101", "89161230101", "916 123-01-01"):
            with self.subTest(number):
                self.assertEqual(self.choose("Куда;Кто", f"{number};Анна"), "Куда")
                self.assertEqual(self.choose("Номер;Кто", f"{number};Анна"), "Номер")

    def test_numbers_alone_are_telephones(self):
        self.assertEqual(self.choose("", "9161230101"), "")

    def test_content_beats_the_header(self):
        chosen = self.choose(
            "Телефон;Мобильный", "нет;+79161230101", ";+79161230102", "anna@a.ru;"
        )
        self.assertEqual(chosen, "Мобильный")

    def test_two_columns_of_telephones_are_a_matter_for_a_person(self):
        self.assertEqual(
            self.choose("Телефон;Мобильный", "89161230101;89161230102"),
            ["Телефон", "Мобильный"],
        )
        self.assertEqual(
            self.choose("Куда;Ещё", "89161230101;89161230102"), ["Куда", "Ещё"]
        )

    def test_what_header_and_content_say_apart_is_a_matter_for_a_person(self):
        self.assertEqual(
            self.choose("Телефон;Код", "нет;9000123456", "спросить;9000123457"),
            ["Телефон", "Код"],
        )

    def test_a_second_number_does_not_make_the_first_doubtful(self):
        chosen = self.choose("Телефон;Телефон 2", "89161230101;89161230102")
        self.assertEqual(chosen, "Телефон")

    def test_mobile_numbers_beat_landlines(self):
        chosen = self.choose("Телефон;Мобильный", "+7 495 123-45-67;+79161230101")
        self.assertEqual(chosen, "Мобильный")
        self.assertEqual(self.choose("Телефон", "+7 495 123-45-67"), "Телефон")

    def test_dates_and_amounts_are_no_numbers(self):
        rows = ["28.11.2026;1500000,00;2026-11-28 10:00;20202020"]
        self.assertEqual(
            self.choose("Дата;Сумма;Время;Куда", *rows, country="DK"), ["Куда"]
        )

    def test_where_there_is_no_number_the_header_decides(self):
        self.assertEqual(self.choose("Номер;Телефон", "1;"), "Телефон")
        self.assertEqual(self.choose("Телефон;Телефон", ";"), "Телефон")
        self.assertEqual(self.choose("Кто;Где", "Анна;Пермь"), [])

    def test_without_a_country_the_columns_are_the_same(self):
        chosen = self.choose("Код;Тел", "ab-1;89161230101", country=None)
        self.assertEqual(chosen, "Тел")


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
    def read(self, *, rules=RULES, **cells):
        columns = [
            Column(index, "value" if target.startswith("x_") else target, target)
            for index, target in enumerate(cells)
        ]
        return read_line(list(cells.values()), columns, rules)

    def assert_bad(self, fault, *, rules=RULES, **cells):
        with self.assertRaises(BadLine) as caught:
            self.read(rules=rules, **cells)
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
        self.assert_bad("unreadable", phone="#Н/Д")
        self.assert_bad("several", phone="89161230101, 89161230102")
        self.assert_bad("several", phone="+79160000133/34")
        self.assert_bad("digits_lost", phone="7,91612E+10")
        self.assert_bad("no_country", phone="89161230101", rules=NO_COUNTRY)
        self.assert_bad("not_possible", phone="+79991")
        self.assert_bad("not_mobile", phone="+7 495 123-45-67")
        self.assert_bad("too_long", phone="89161230101", note="x" * 1001)
        self.assert_bad("bad_character", phone="89161230101", note="a\0")

    def test_landlines_can_be_called(self):
        line = self.read(
            phone="+7 495 123-45-67", rules=replace(RULES, channel="voice")
        )
        self.assertEqual(line.fields["phone"], "+74951234567")

    def test_the_first_mobile_number_of_several_is_taken_where_that_is_wanted(self):
        rules = replace(RULES, takes_first=True)
        for cell in ("+79161230101, +79161230102", "+7 495 000-00-00, 8 916 123-01-01"):
            line = self.read(phone=cell, rules=rules)
            self.assertEqual(line.fields["phone"], "+79161230101")

    def test_fractions_of_other_programs_are_numbers(self):
        for cell in ("79161230101.0", "9161230101.0"):
            line = self.read(phone=cell)
            self.assertEqual(line.fields["phone"], "+79161230101")

    def test_the_other_number_is_for_where_the_first_is_missing(self):
        line = self.read(phone="", other_phone="89161230102")
        self.assertEqual(line.fields["phone"], "+79161230102")
        line = self.read(phone="89161230101", other_phone="89161230102")
        self.assertEqual(line.fields["phone"], "+79161230101")
        self.assert_bad("unreadable", phone="нет", other_phone="89161230102")

    def test_a_line_is_read_with_its_own_country(self):
        for country in ("Германия", "Germany", "Deutschland", "de", "DEU", ""):
            rules = replace(RULES, country="RU" if country else "DE")
            line = self.read(phone="0151 23456789", country=country, rules=rules)
            with self.subTest(country):
                self.assertEqual(line.fields["phone"], "+4915123456789")
                self.assertEqual((line.fields.keys(), line.doubts), (PHONE_KEYS, ()))

    def test_a_country_that_is_not_understood_is_not_replaced(self):
        self.assert_bad("unknown_country", phone="89161230101", country="Тридевятое")
        line = self.read(phone="+79161230101", country="Тридевятое")
        self.assertEqual(line.fields["phone"], "+79161230101")
        self.assertEqual(line.doubts, ("country",))

    def test_failed_formulas_are_no_data(self):
        line = self.read(
            phone="89161230101", name="#ССЫЛКА!", x_a="#N/A", x_b="Err:502", x_c="#1"
        )
        self.assertEqual(line.fields["name"], "")
        self.assertEqual(line.values, {"x_c": "#1"})
        self.assertEqual(line.doubts, ("formula",) * 3)

    def test_an_apostrophe_before_a_number_is_a_spreadsheets(self):
        self.assertEqual(
            self.read(phone="'+79161230101").fields["phone"], "+79161230101"
        )

    def test_cells_that_a_short_line_lacks_are_empty(self):
        columns = [Column(0, "phone"), Column(5, "name")]
        line = read_line(["89161230101"], columns, RULES)
        self.assertEqual(line.fields["name"], "")

    def test_numbers_are_shown_so_that_a_person_can_compare_them(self):
        self.assertEqual(write_phone("+79161230101"), "+7 916 123-01-01")


class TestMerge(BaseCase):
    KNOWN = {
        "name": "Лебедева Анна Сергеевна",
        "first_name": "Анна",
        "last_name": "Лебедева",
        "patronymic": "Сергеевна",
        "gender": "female",
        "lang": "ru_RU",
        "note": "VIP",
    }

    def merge(self, known=KNOWN, **line):
        return merge_person(known, line)

    def test_empty_cells_replace_nothing(self):
        self.assertEqual(self.merge(name="", note=""), self.KNOWN)
        self.assertEqual(self.merge(), self.KNOWN)

    def test_what_is_there_replaces(self):
        merged = self.merge(note="new", lang="en_US")
        self.assertEqual(merged, {**self.KNOWN, "note": "new", "lang": "en_US"})

    def test_the_full_name_follows_its_parts(self):
        merged = self.merge(name="Соколова", last_name="Соколова")
        self.assertEqual(merged["name"], "Соколова Анна Сергеевна")
        self.assertEqual(merged["gender"], "female")

    def test_parts_that_a_new_full_name_lacks_go(self):
        merged = self.merge(name="Соколова Анна Петровна")
        self.assertEqual(
            [merged[part] for part in ("last_name", "first_name", "patronymic")],
            [None, "Анна", None],
        )

    def test_nobody_has_the_gender_of_the_number_s_former_owner(self):
        merged = self.merge(name="Ершов Лев")
        self.assertIsNone(merged["gender"])
        self.assertIsNone(merged["first_name"])
        merged = self.merge(name="Ершов Лев", gender="male")
        self.assertEqual(merged["gender"], "male")

    def test_a_full_name_without_parts_keeps_what_it_has(self):
        known = {**dict.fromkeys(self.KNOWN), "name": "Лебедева Анна"}
        self.assertEqual(
            self.merge(known, name="Анна", first_name="Анна")["name"], "Лебедева Анна"
        )
        self.assertEqual(
            self.merge(known, name="Ольга", first_name="Ольга")["name"], "Ольга"
        )
