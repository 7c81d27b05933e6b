"""Names of columns, and the row that has them."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.header_row import find_header
from odoo.addons.crm_sms_gateway.tools.importing.headers import (
    HEADERS,
    is_report,
    recognise,
)


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
        self.assertTrue(is_report(["File row", "Why not", "Name"]))
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
