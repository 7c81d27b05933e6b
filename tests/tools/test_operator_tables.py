"""Tables of ranges, ported numbers and prices: columns and rows."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.operator_tables import (
    RejectedTableRow,
    TableRules,
    find_table_header,
    read_table_row,
    recognise_columns,
)

RUSSIA, GERMANY = TableRules("RU"), TableRules("DE")


class TestColumns(BaseCase):
    def test_the_registry_of_the_russian_numbering_plan_is_known(self):
        headers = ["АВС/ DEF", "От", "До", "Емкость", "Оператор", "Регион", "ИНН"]
        self.assertEqual(
            recognise_columns("ranges", headers),
            {0: "code", 1: "first", 2: "last", 4: "operator"},
        )

    def test_ported_numbers_and_price_lists_are_known(self):
        for kind, headers, targets in (
            ("ported", ["Number", "OrgCode"], {0: "number", 1: "operator"}),
            (
                "prices",
                ["Оператор", "Тип трафика", "Цена", "Примечание"],
                {0: "operator", 1: "category", 2: "price"},
            ),
        ):
            with self.subTest(kind):
                self.assertEqual(recognise_columns(kind, headers), targets)

    def test_the_header_is_found_below_titles(self):
        rows = [
            ["Прайс-лист"],
            ["Оператор", "2026"],
            ["Оператор", "Цена"],
            ["МТС", "2"],
        ]
        self.assertEqual(find_table_header("prices", rows), 2)
        self.assertIsNone(find_table_header("prices", rows[3:]))


class TestRows(BaseCase):
    def read(self, kind, rules=RUSSIA, **cells):
        return read_table_row(kind, cells, rules)

    def assert_rejected(self, reason, kind, rules=RUSSIA, **cells):
        with self.assertRaises(RejectedTableRow) as caught:
            self.read(kind, rules, **cells)
        self.assertEqual(caught.exception.reason, reason)

    def test_a_code_and_seven_digits_are_a_range(self):
        row = self.read(
            "ranges", code="916", first="0", last="0009999", operator='ПАО "МТС"'
        )
        self.assertEqual(
            row.values,
            {"first_number": "+79160000000", "last_number": "+79160009999"},
        )
        self.assertEqual((row.operator, row.region), ('ПАО "МТС"', "RU"))

    def test_complete_numbers_are_a_range(self):
        row = self.read(
            "ranges",
            GERMANY,
            first="+375 29 100-00-00",
            last="+375299999999",
            operator="A1",
        )
        self.assertEqual(row.values["first_number"], "+375291000000")
        self.assertEqual(row.region, "BY")

    def test_what_is_no_range_is_rejected(self):
        for cells in (
            {"code": "916", "first": "5", "last": "4"},
            {"code": "91", "first": "0", "last": "1"},
            {"code": "916", "first": "0", "last": "10000000"},
            {"first": "+79160000009", "last": "+79160000000"},
        ):
            with self.subTest(cells):
                self.assert_rejected("no_range", "ranges", operator="MTS", **cells)
        self.assert_rejected(
            "foreign_code",
            "ranges",
            GERMANY,
            code="916",
            first="0",
            last="1",
            operator="MTS",
        )

    def test_ported_numbers_are_read_as_tables_have_them(self):
        for written in ("9161234567", "79161234567", "89161234567", "+7 916 123-45-67"):
            with self.subTest(written):
                row = self.read("ported", number=written, operator="mts")
                self.assertEqual(row.values, {"number": "+79161234567", "date": None})
        self.assert_rejected("no_number", "ported", number="12", operator="mts")
        self.assert_rejected("no_operator", "ported", number="9161234567", operator="")

    def test_dates_are_read_or_told(self):
        for written, read in (
            ("01.02.2026", date(2026, 2, 1)),
            ("2026-02-01 10:00", date(2026, 2, 1)),
            ("", None),
        ):
            with self.subTest(written):
                row = self.read(
                    "ported", number="9161234567", operator="mts", date=written
                )
                self.assertEqual(row.values["date"], read)
        for written in ("yesterday", "31.02.2026", "1/2/2026"):
            with self.subTest(written):
                self.assert_rejected(
                    "no_date",
                    "ported",
                    number="9161234567",
                    operator="mts",
                    date=written,
                )

    def test_a_row_of_a_price_list(self):
        row = self.read(
            "prices",
            prefix="7916",
            operator="МТС",
            category="Рекламный",
            channel="СМС",
            price="2,35",
        )
        self.assertEqual(
            row.values,
            {
                "prefix": "+7916",
                "category": "advertising",
                "channel": "sms",
                "price": Decimal("2.35"),
            },
        )
        self.assertEqual((row.operator, row.region), ("МТС", "RU"))

    def test_a_price_alone_is_for_everybody(self):
        row = self.read("prices", price="2")
        self.assertEqual(
            row.values,
            {"prefix": "", "category": None, "channel": "sms", "price": 2},
        )

    def test_what_is_not_understood_in_a_price_list_is_told(self):
        for reason, cells in (
            ("no_price", {"price": "free"}),
            ("doubtful_price", {"price": "1,234"}),
            ("negative_price", {"price": "-2"}),
            ("no_prefix", {"price": "2", "prefix": "+x"}),
            ("doubtful_prefix", {"price": "2", "prefix": "916"}),
            ("unknown_category", {"price": "2", "category": "international"}),
            ("unknown_channel", {"price": "2", "channel": "pigeon"}),
        ):
            with self.subTest(reason):
                self.assert_rejected(reason, "prices", **cells)

    def test_a_price_in_another_currency_is_told(self):
        self.assert_rejected(
            "foreign_currency", "prices", TableRules("RU", currency="RUB"), price="$2"
        )
        rules = TableRules("RU", currency="USD")
        self.assertEqual(self.read("prices", rules, price="$2").values["price"], 2)

    def test_a_network_is_told_from_the_code_of_the_country(self):
        kazakhstan = TableRules("KZ")
        for prefix in ("701", "777", "77"):
            with self.subTest(prefix):
                self.assert_rejected(
                    "doubtful_prefix", "prices", kazakhstan, prefix=prefix, price="2"
                )
        for rules, written, prefix in (
            (kazakhstan, "7", "+7"),
            (kazakhstan, "7701", "+7701"),
            (kazakhstan, "+777", "+777"),
            (RUSSIA, "77", "+77"),
            (TableRules("UZ"), "998", "+998"),
            (TableRules("US"), "1", "+1"),
        ):
            with self.subTest(written):
                row = self.read("prices", rules, prefix=written, price="2")
                self.assertEqual(row.values["prefix"], prefix)

    def test_whole_numbers_that_a_program_took_for_fractions(self):
        for written in ("7916.0", "7916,00", "+7916.0"):
            with self.subTest(written):
                row = self.read("prices", prefix=written, price="2")
                self.assertEqual(row.values["prefix"], "+7916")
        row = self.read("ported", number="+79161234567.0", operator="mts")
        self.assertEqual(row.values["number"], "+79161234567")

    def test_a_trunk_prefix_behind_a_plus_is_no_country_code(self):
        self.assert_rejected("no_prefix", "prices", prefix="+8 495", price="2")
        self.assert_rejected(
            "no_number", "ported", number="+8 495 123-45-67", operator="mts"
        )
