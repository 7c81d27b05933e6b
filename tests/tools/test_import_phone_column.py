"""The column of the phone numbers."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.phone_column import (
    choose_phone,
    examine,
)


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
