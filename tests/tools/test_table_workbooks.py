"""Workbooks that real programs make, that are odd, and that are meant to hurt."""

import gzip
import io
import random
import time
import zipfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.spreadsheet import xml_parts
from odoo.addons.crm_sms_gateway.tools.spreadsheet.reading import TableError, open_table

FILES = Path(__file__).parent / "tables"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"
SHOWN = [
    ["Телефон", "380501234567"],
    ["Сумма", "1 234,50 ₽"],
    ["Скидка", "15,5%"],
    ["Код", "000123"],
    ["Смена", "26:00"],
    ["Визит", "28.11.2026 15:30"],
    ["Дата", "5 марта 2026"],
    ["Согласие", "Да"],
    ["Член клуба", "ИСТИНА"],
    ["Ошибка", "#Н/Д"],
    ["Строки", "a\nb"],
    ["Скрыта", "да"],
    ["После", "нет"],
]


def read_file(name):
    content = (FILES / name).read_bytes()
    return gzip.decompress(content) if name.endswith(".gz") else content


def read(content, sheet=None):
    return list(open_table(content).read(sheet))


def get_cells(content, sheet=None):
    return [row.cells for row in read(content, sheet)]


def write_parts(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def change_parts(content, changes):
    """An archive with parts replaced, added, or (None) left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= changes
    return write_parts({name: part for name, part in parts.items() if part is not None})


def write_xlsx(rows, *, workbook="", styles=None, strings=None, sheet=None):
    """The least that Excel opens; ``rows`` is XML."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = {"worksheet": "worksheets/sheet1.xml", "styles": "styles.xml"}
    kinds["sharedStrings"] = "sharedStrings.xml"
    relations = "".join(
        f'<Relationship Id="{kind}" Type="{relation}/{kind}" Target="{target}"/>'
        for kind, target in kinds.items()
    )
    parts = {
        "xl/workbook.xml": f'<workbook {NS} xmlns:r="{relation}">{workbook}<sheets>'
        '<sheet name="a" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        SHEET: sheet or f"<worksheet {NS}><sheetData>{rows}</sheetData></worksheet>",
        "xl/styles.xml": styles,
        "xl/sharedStrings.xml": strings,
    }
    return write_parts({name: part for name, part in parts.items() if part})


class WorkbookCase(BaseCase):
    def assert_refused(self, content, code, detail="", sheet=None):
        with self.assertRaises(TableError) as caught:
            read(content, sheet)
        self.assertEqual(
            (caught.exception.code, caught.exception.detail), (code, detail)
        )


class TestPrograms(WorkbookCase):
    def test_cells_are_as_the_program_showed_them(self):
        for name in (
            "people.xlsx",
            "people_libreoffice.xlsx",
            "people.xls",
            "people.ods",
            "people.fods.gz",
        ):
            with self.subTest(name):
                table = open_table(read_file(name))
                self.assertEqual(
                    [(sheet.name, sheet.is_hidden) for sheet in table.sheets],
                    [("Пусто", False), ("Клиенты", False), ("Архив", True)],
                )
                rows = list(table.read())
                cells = [[c.replace("\xa0", " ") for c in row.cells] for row in rows]
                if "ods" in name:
                    # LibreOffice does not translate errors
                    self.assertEqual(cells[9], ["Ошибка", "#N/A"])
                    cells[9] = SHOWN[9]
                self.assertEqual(cells, SHOWN)
                self.assertEqual([r.number for r in rows], list(range(1, 14)))
                self.assertEqual([r.number for r in rows if r.is_hidden], [12])
                self.assertFalse(any(row.is_damaged for row in rows))

    def test_hidden_sheets_are_read_when_they_are_asked_for(self):
        for name in ("people.xlsx", "people.xls", "people.ods"):
            with self.subTest(name):
                self.assertEqual(get_cells(read_file(name), 2), [["79160000099"]])
                self.assertEqual(get_cells(read_file(name), 0), [])
                self.assert_refused(read_file(name), "no_such_sheet", sheet=3)

    def test_html_of_a_spreadsheet(self):
        cells = get_cells(read_file("people.html"))
        self.assertEqual(cells[3:7], SHOWN[3:7])
        self.assertEqual(cells[-1], ["После", "нет"])


class TestXlsx(WorkbookCase):
    def test_names_of_parts_in_any_case_and_with_backslashes(self):
        content = read_file("people.xlsx")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        for change in (str.upper, lambda name: name.replace("/", "\\")):
            changed = write_parts({change(name): part for name, part in parts.items()})
            self.assertEqual(get_cells(changed), get_cells(content))

    def test_what_is_not_needed_is_not_looked_at(self):
        content = read_file("people.xlsx")
        broken = dict.fromkeys(
            ("docProps/core.xml", "docProps/app.xml", "xl/theme/theme1.xml"), b"<broken"
        )
        changes = broken | {"[Content_Types].xml": None, "_rels/.rels": None}
        self.assertEqual(get_cells(change_parts(content, changes)), get_cells(content))

    def test_styles_may_be_empty_or_missing(self):
        for styles in (None, b" ", f"<styleSheet {NS}/>"):
            content = write_xlsx('<row><c s="7"><v>5</v></c></row>', styles=styles)
            self.assertEqual(get_cells(content), [["5"]])

    def test_strict_and_prefixed_xml(self):
        sheet = (
            '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main">'
            '<x:dimension ref="A1:XFD1048576"/><x:sheetData><x:row r="2"><x:c r="B2"'
            ' t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row></x:sheetData>'
            "</x:worksheet>"
        )
        rows = read(write_xlsx("", sheet=sheet))
        self.assertEqual([(row.number, row.cells) for row in rows], [(2, ["", "a"])])

    def test_places_may_be_missing(self):
        content = write_xlsx(
            "<row><c><v>1</v></c><c/><c><v>2</v></c></row>"
            '<row r="5"><c><v>3</v></c></row>'
        )
        rows = [(row.number, row.cells) for row in read(content)]
        self.assertEqual(rows, [(1, ["1", "", "2"]), (5, ["3"])])

    def test_strings_of_all_kinds(self):
        strings = (
            f"<sst {NS}><si><r><t>Ли</t></r><r><t>са</t></r><rPh><t>no</t></rPh></si>"
            '<si><t xml:space="preserve"> a_x000D_\nb_x005F_x_xD83D_ </t></si></sst>'
        )
        content = write_xlsx(
            '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="str"><v>f</v></c>'
            '<c t="b"><v>0</v></c><c t="e"><v>#REF!</v></c>'
            '<c t="d"><v>2026-11-28</v></c></row>',
            strings=strings,
        )
        self.assertEqual(
            get_cells(content),
            [["Лиса", "a\nb_x\ufffd", "f", "ЛОЖЬ", "#ССЫЛКА!", "46354"]],
        )
        self.assertTrue(read(content)[0].is_damaged)

    def test_days_may_count_from_1904(self):
        styles = f'<styleSheet {NS}><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
        content = write_xlsx(
            "<row><c><v>0</v></c></row>",
            workbook='<workbookPr date1904="1"/>',
            styles=styles,
        )
        self.assertEqual(get_cells(content), [["01.01.1904"]])

    def test_rows_of_no_height_are_hidden(self):
        content = write_xlsx('<row ht="0" customHeight="1"><c><v>1</v></c></row>')
        self.assertTrue(read(content)[0].is_hidden)

    def test_what_does_not_fit_together_is_damaged(self):
        for row in (
            '<row><c t="s"><v>0</v></c></row>',
            '<row><c r="A1B"><v>0</v></c></row>',
            "<row><c><v>many</v></c></row>",
            '<row r="first"><c><v>1</v></c></row>',
        ):
            self.assert_refused(write_xlsx(row), "damaged")


class TestOthers(WorkbookCase):
    def test_xml_of_excel_2003(self):
        content = (
            '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook'
            ' xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
            ' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
            ' xmlns:x="urn:schemas-microsoft-com:office:excel"><Styles>'
            '<Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style>'
            '<Style ss:ID="z"><NumberFormat ss:Format="000000"/></Style></Styles>'
            '<Worksheet ss:Name="Архив"><Table><Row><Cell><Data ss:Type="String">no'
            "</Data></Cell></Row></Table><x:WorksheetOptions><x:Visible>SheetHidden"
            "</x:Visible></x:WorksheetOptions></Worksheet>"
            '<Worksheet ss:Name="a"><Table><Row ss:Index="3"><Cell ss:StyleID="d">'
            '<Data ss:Type="DateTime">2026-11-28T00:00:00.000</Data></Cell>'
            '<Cell ss:Index="3" ss:StyleID="z"><Data ss:Type="Number">123</Data>'
            "<Comment><Data>no</Data></Comment></Cell></Row>"
            '<Row ss:Hidden="1"><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>'
            "</Table></Worksheet></Workbook>"
        )
        table = open_table(content.encode())
        self.assertEqual([s.is_hidden for s in table.sheets], [True, False])
        self.assertEqual(
            [(row.number, row.cells, row.is_hidden) for row in table.read()],
            [(3, ["28.11.2026", "", "000123"], False), (4, ["ИСТИНА"], True)],
        )

    def test_pages_are_read_as_excel_reads_them(self):
        content = """<html><head><meta charset="windows-1251"><title>no</title></head>
            <table><tr><td colspan=2>Отчёт<tr><td>Телефон<td><b>И</b>мя<br>полное
            <tr style="display: none"><td>1<td>&nbsp;a &amp; b</table>
            <table><tr><td rowspan=2>x<td>y<tr><td>z</table>""".encode("cp1251")
        self.assertEqual(
            [(row.number, row.cells, row.is_hidden) for row in read(content)],
            [
                (1, ["Отчёт"], False),
                (2, ["Телефон", "Имя\nполное"], False),
                (3, ["1", "a & b"], True),
                (4, ["x", "y"], False),
                (5, ["", "z"], False),
            ],
        )

    def test_what_is_known_and_not_read_is_refused_by_name(self):
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        for content, detail in (
            (ole + "EncryptedPackage".encode("utf-16-le"), "password"),
            (ole + "WordDocument".encode("utf-16-le"), "word"),
            (write_parts({"xl/workbook.bin": b""}), "xlsb"),
            (write_parts({"word/document.xml": b""}), "word"),
            (write_parts({"Index/Document.iwa": b""}), "numbers"),
            (write_parts({"a.txt": b""}), "archive"),
            (b"%PDF-1.7", "pdf"),
            (b"\x89PNG\r\n", "picture"),
            (b"<html><body>Log in</body></html>", "page"),
        ):
            with self.subTest(detail):
                self.assert_refused(content, "not_supported", detail)


class TestHostile(WorkbookCase):
    """Small files that unpack to much; each is refused, or read, in little time."""

    def setUp(self):
        super().setUp()
        started = time.process_time()
        self.addCleanup(
            lambda: self.assertLess(time.process_time() - started, 20, "too slow")
        )

    def test_rows_and_cells_without_end(self):
        for rows, code in (
            ("<row/>" * 200_000 + "<row><c><v>1</v></c></row>", "too_many_lines"),
            ("<row>" + "<c/>" * 900_000 + "</row>", "unpacked_too_big"),
            ("<a>" * 200_000, "unpacked_too_big"),
            ("<row " + "a" * 2_500_000, "unpacked_too_big"),
            ('<row><c r="XFD1"><v>1</v></c></row>', "too_many_columns"),
        ):
            content = write_xlsx(rows)
            with self.subTest(rows[:20]), patch.object(xml_parts, "MAX_TAGS", 900_000):
                self.assert_refused(content, code)

    def test_one_string_for_a_million_cells(self):
        strings = f"<sst {NS}><si><t>{'x' * 32_000}</t></si></sst>"
        row = '<row><c t="s"><v>0</v></c></row>'
        content = write_xlsx(row * 150_000, strings=strings)
        self.assert_refused(content, "unpacked_too_big")

    def test_many_sheets_of_one_part(self):
        content = read_file("people.xlsx")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            workbook = archive.read("xl/workbook.xml").decode()
        sheet = workbook[workbook.index("<sheet ") : workbook.index("</sheets>")]
        changed = workbook.replace(sheet, sheet * 50)
        content = change_parts(content, {"xl/workbook.xml": changed})
        self.assert_refused(content, "damaged")

    def test_repeated_rows_and_columns_of_ods(self):
        ods = read_file("people.ods")
        for row, code in (
            (
                '<table:table-row table:number-rows-repeated="1048576">'
                '<table:table-cell table:number-columns-repeated="16384"/>'
                "</table:table-row>" * 1000,
                "",
            ),
            (
                '<table:table-row table:number-rows-repeated="1048576">'
                "<table:table-cell><text:p>x</text:p></table:table-cell>"
                "</table:table-row>",
                "too_many_lines",
            ),
            (
                "<table:table-row><table:table-cell table:number-columns-repeated='65'>"
                "<text:p>x</text:p></table:table-cell></table:table-row>",
                "too_many_columns",
            ),
            (
                "<table:table-row><table:table-cell><text:p>"
                + '<text:s text:c="999999999"/>' * 100
                + "</text:p></table:table-cell></table:table-row>",
                "cell_too_big",
            ),
        ):
            content = change_parts(
                ods,
                {
                    "content.xml": '<office:document-content xmlns:office="o"'
                    ' xmlns:table="t" xmlns:text="x"><office:spreadsheet><table:table>'
                    f"{row}</table:table></office:spreadsheet>"
                    "</office:document-content>"
                },
            )
            with self.subTest(code):
                if code:
                    self.assert_refused(content, code)
                else:
                    self.assertEqual(read(content), [])

    def test_spans_of_pages_without_end(self):
        content = b"<table>" + b"<td rowspan=60000 colspan=60000>" * 100_000
        self.assertEqual(read(content), [])

    def test_no_damage_surprises(self):
        """Whatever is changed in a file, it is read or refused."""
        chance = random.Random(14)
        sources = [read_file(name) for name in ("people.xls", "people.html")]
        sources.append(read_file("people.fods.gz"))
        archives = [read_file(n) for n in ("people.ods", "people_libreoffice.xlsx")]
        for number in range(150):
            if number % 2:
                content = damage(chance.choice(sources), chance)
            else:
                content = damage_parts(chance.choice(archives), chance)
            try:
                for sheet in open_table(content).sheets:
                    for cells in get_cells(content, sheet.index):
                        "".join(cells).encode()
            except TableError:
                continue

    def test_noise_is_no_table(self):
        chance = random.Random(14)
        for start in (
            b"",
            b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"<table",
        ):
            for _attempt in range(30):
                content = start + chance.randbytes(chance.randrange(3000))
                try:
                    read(content)
                except TableError:
                    continue


def damage(content, chance):
    content = bytearray(content)
    for _change in range(chance.choice((1, 3, 20))):
        start = chance.randrange(len(content))
        end = start + chance.randrange(20)
        content[start:end] = chance.choice(
            (b"", b"\0", b"9" * 20, b"-1", b"nan", b"_xD83D_", chance.randbytes(5))
        )
    return bytes(content)


def damage_parts(content, chance):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = chance.choice([n for n in archive.namelist() if n.endswith(".xml")])
        part = archive.read(name)
    return change_parts(content, {name: damage(part, chance) if part else b"?"})
