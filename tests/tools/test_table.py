"""Uploaded tables: encodings, separators, workbooks, and what is refused."""

import io
import zipfile
from datetime import date, datetime
from unittest.mock import patch

from openpyxl import Workbook

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.spreadsheet import base, reading
from odoo.addons.crm_sms_gateway.tools.spreadsheet.reading import TableError, open_table

LINES = [(1, ["ФИО", "Телефон"]), (2, ["Лебедева Анна", "89161230101"])]


def write_csv(lines, *, separator=";", encoding="utf-8"):
    text = "\r\n".join(separator.join(cells) for _number, cells in lines)
    return text.encode(encoding)


def write_workbook(*rows, sheets=()):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name in sheets:
        book.create_sheet(name).append(["another sheet"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def replace_part(content, name, part):
    """The archive with one file replaced or added."""
    new = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for item in old.namelist():
            if item != name:
                archive.writestr(item, old.read(item))
        archive.writestr(name, part)
    return new.getvalue()


class TableCase(BaseCase):
    def read(self, content):
        return [(row.number, row.cells) for row in open_table(content).read()]

    def assert_refused(self, content, code, line=0):
        with self.assertRaises(TableError) as caught:
            self.read(content)
        self.assertEqual((caught.exception.code, caught.exception.line), (code, line))


class TestText(TableCase):
    def test_encodings_and_separators_are_found_out(self):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1251"):
            for separator in (";", ",", "\t"):
                with self.subTest(encoding=encoding, separator=separator):
                    content = write_csv(LINES, separator=separator, encoding=encoding)
                    self.assertEqual(self.read(content), LINES)

    def test_separators_in_quotes_do_not_count(self):
        content = b'"a,b,c";d\n"1;2";3\n'
        self.assertEqual(self.read(content), [(1, ["a,b,c", "d"]), (2, ["1;2", "3"])])

    def test_lines_are_numbered_as_in_the_file(self):
        content = b'\na;b\n"two\nlines";c\n;\n\nd;e'
        self.assertEqual(
            self.read(content),
            [(2, ["a", "b"]), (3, ["two\nlines", "c"]), (7, ["d", "e"])],
        )

    def test_a_title_with_a_comma_does_not_choose_the_separator(self):
        content = "Список, выгрузка от 28.11.2026, 10:00\nТелефон{0}ФИО\n1{0}Анна\n"
        for separator in ";|\t":
            with self.subTest(separator):
                lines = self.read(content.format(separator).encode())
                self.assertEqual(
                    lines[1:], [(2, ["Телефон", "ФИО"]), (3, ["1", "Анна"])]
                )

    def test_decimal_commas_do_not_choose_the_separator(self):
        content = "Телефон;Сумма, руб\n1;1,50\n2;2,50\n".encode()
        self.assertEqual(self.read(content)[1], (2, ["1", "1,50"]))

    def test_the_hint_of_excel_is_no_line(self):
        content = "\ufeffsep=|\r\na,b|c;d\r\n".encode()
        self.assertEqual(self.read(content), [(2, ["a,b", "c;d"])])

    def test_one_broken_byte_puts_one_line_in_doubt(self):
        for encoding in ("utf-8", "cp1251"):
            good = "Телефон;Имя\n1;Анна\n2;Лев".encode(encoding)
            # 0x98 is the one byte that Windows-1251 has no letter for
            bad = b"\xd0" if encoding == "utf-8" else b"\x98"
            rows = list(open_table(good + bad + b";x\n3;y\n").read())
            with self.subTest(encoding):
                self.assertEqual(rows[1].cells, ["1", "Анна"])
                self.assertEqual(rows[2].cells, ["2", "Лев\ufffd", "x"])
                doubtful = [row.is_damaged for row in rows]
                self.assertEqual(doubtful, [False, False, True, False])

    def test_code_pages_are_told_apart(self):
        text = "Телефон;Клиент\n1;Ершова Нина Петровна\n"
        for encoding in ("cp866", "cp1251", "utf-16-le"):
            with self.subTest(encoding):
                cells = self.read(text.encode(encoding))[1][1]
                self.assertEqual(cells, ["1", "Ершова Нина Петровна"])
        self.assertEqual(
            self.read("a;Jörg Müller".encode("cp1252"))[0][1][1], "Jörg Müller"
        )

    def test_what_keeps_spreadsheets_from_computing_is_undone(self):
        content = (
            '"=""+79160000161""";=+79160000162;="a;b"\n'
            "'+79160000163;'-10 %;'=1+1;'@a;'слово';'\n"
        ).replace('="a;b"', '"=""a;b"""')
        self.assertEqual(
            self.read(content.encode()),
            [
                (1, ["+79160000161", "+79160000162", "a;b"]),
                (2, ["+79160000163", "-10 %", "=1+1", "@a", "'слово'", "'"]),
            ],
        )

    def test_one_column_needs_no_separator(self):
        content = b"89161230101\n89161230102\n"
        self.assertEqual(
            self.read(content), [(1, ["89161230101"]), (2, ["89161230102"])]
        )

    def test_nothing_is_in_an_empty_file(self):
        for content in (b"", b"\n\n", b";;;\n"):
            self.assertEqual(self.read(content), [])

    def test_what_is_no_text_is_refused(self):
        for content in (b"a;b\0;c", b"\xd0\xcf\x11\xe0\0\0", b"\x98", b"\xff\xfe\x00"):
            with self.subTest(content):
                self.assert_refused(content, "not_a_table")

    def test_a_quote_that_is_not_closed_is_told_with_its_line(self):
        content = b'a;b\nc;"d' + b"x" * 200_000
        self.assert_refused(content, "quote_not_closed", 2)

    def test_giant_cells_are_refused(self):
        self.assert_refused(b"a\n" + b"x" * 32_768, "cell_too_big", 2)
        self.assertTrue(self.read(b"a\n" + b"x" * 32_767))


class TestWorkbook(TableCase):
    def test_cells_are_what_was_shown(self):
        content = write_workbook(
            ["Телефон", "Сумма", "Дата", "Время", None, True],
            [89161230101, 12.5, date(2026, 11, 23), datetime(2026, 1, 2, 3, 4)],
            [79161230101.0, 0.1 + 0.2, " слово ", "=1+1"],
        )
        self.assertEqual(
            self.read(content),
            [
                (1, ["Телефон", "Сумма", "Дата", "Время", "", "ИСТИНА"]),
                (2, ["89161230101", "12,5", "2026-11-23", "2026-01-02 3:04:00"]),
                (3, ["79161230101", "0,3", "слово"]),
            ],
        )

    def test_the_first_sheet_is_read(self):
        content = write_workbook(["a"], sheets=["other"])
        self.assertEqual([cells[0] for _number, cells in self.read(content)], ["a"])

    def test_empty_rows_count_and_are_left_out(self):
        content = write_workbook(["a"], [], [None], ["b"])
        self.assertEqual([number for number, _cells in self.read(content)], [1, 4])

    def test_archives_that_are_no_workbook_are_refused(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("content.xml", "<a/>")
        self.assert_refused(file.getvalue(), "not_supported")

    def test_damaged_workbooks_are_refused(self):
        whole = write_workbook(["a"])
        damaged = [whole[:200], whole[: len(whole) // 2]]
        damaged += [
            replace_part(whole, name, b"<broken")
            for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml")
        ]
        for content in damaged:
            with self.subTest(size=len(content)):
                self.assert_refused(content, "damaged")

    def test_what_unpacks_to_too_much_is_refused_before_it_does(self):
        whole = write_workbook(["a"])
        name = "xl/worksheets/sheet1.xml"
        bomb = replace_part(whole, name, b" " * base.MAX_UNPACKED)
        self.assertLess(len(bomb), 200_000)
        with patch.object(zipfile.ZipFile, "open") as opened:
            self.assert_refused(bomb, "unpacked_too_big")
            opened.assert_not_called()

    def test_parts_that_are_read_at_once_are_smaller(self):
        bomb = b" " * (base.MAX_PART + 1)
        content = replace_part(write_workbook(["a"]), "xl/styles.xml", bomb)
        self.assert_refused(content, "unpacked_too_big")

    def test_entities_are_neither_blown_up_nor_fetched(self):
        whole = write_workbook(["a"])
        laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
        for entities in (
            f'<!ENTITY e0 "ha">{laughs}',
            '<!ENTITY e9 SYSTEM "file:///etc/hostname">',
        ):
            sheet = (
                f"<!DOCTYPE worksheet [{entities}]>"
                '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
                'main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&e9;</t>'
                "</is></c></row></sheetData></worksheet>"
            )
            content = replace_part(whole, "xl/worksheets/sheet1.xml", sheet)
            with self.subTest(entities[:20]):
                self.assert_refused(content, "damaged")

    def test_a_cell_far_away_costs_nothing(self):
        for number in (1_048_576, 99_999_999_999):
            sheet = (
                '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
                f'main"><sheetData><row r="{number}"><c><v>1</v></c></row></sheetData>'
                "</worksheet>"
            )
            content = replace_part(
                write_workbook(["a"]), "xl/worksheets/sheet1.xml", sheet
            )
            self.assert_refused(content, "too_many_lines", number)


class TestLimits(TableCase):
    def test_big_files_are_refused_unread(self):
        with patch.object(reading, "MAX_FILE", 10):
            self.assert_refused(b"x" * 11, "file_too_big")

    def test_too_many_lines_are_refused(self):
        with patch.object(reading, "MAX_LINES", 2):
            for content in (b"a\nb\nc\n", write_workbook(["a"], ["b"], ["c"])):
                self.assert_refused(content, "too_many_lines", 3)
            self.assertEqual(len(self.read(b"a\nb\n")), 2)

    def test_too_many_columns_are_refused_unless_they_are_empty(self):
        wide = ["a"] * 65
        for content in (write_csv([(1, wide)]), write_workbook(wide)):
            self.assert_refused(content, "too_many_columns", 1)
        self.assertTrue(self.read(b"a" + b";" * 100))
