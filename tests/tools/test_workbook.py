"""Workbooks that are written row by row."""

import zipfile
from datetime import datetime
from io import BytesIO

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.spreadsheet.reading import open_table
from odoo.addons.crm_sms_gateway.tools.workbook import write_workbook

COLUMNS = [("Name", str), ("Sent", datetime), ("Parts", int), ("Cost", float)]


def write(rows):
    file = BytesIO()
    write_workbook(file, COLUMNS, rows)
    return file.getvalue()


class TestWorkbook(BaseCase):
    def test_values_are_read_back(self):
        rows = (
            [f"Anna {number}", datetime(2026, 11, 29, 12, 30), number, 0.5]
            for number in range(2)
        )
        lines = [
            line.cells for line in open_table(write(rows), locale="en_US").read(None)
        ]
        self.assertEqual(lines[0], [title for title, _kind in COLUMNS])
        self.assertEqual(lines[2], ["Anna 1", "2026-11-29 12:30:00", "1", "0.5"])

    def test_formulas_stay_texts(self):
        texts = ["=1+1", "+79281706700", "-2", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1"]
        content = write([[text, None, None, None] for text in texts])
        with zipfile.ZipFile(BytesIO(content)) as parts:
            sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        self.assertNotIn("<f>", sheet)
        self.assertEqual(sheet.count('t="inlineStr"'), len(COLUMNS) + len(texts))
