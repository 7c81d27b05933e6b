"""What the tests of the import have in common."""

import base64
import csv
import io

from openpyxl import Workbook

from odoo.tests import Form, new_test_user

from ..common import GatewayCase

HEADER = "ФИО;Телефон;Пол"
ANNA = "Лебедева Анна Сергеевна;8 (916) 123-01-02;ж"


class ImportCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            login="import_manager",
            groups="crm_sms_gateway.group_manager,base.group_partner_manager",
        )
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env.company.country_id = cls.env.ref("base.ru")
        cls.env = cls.env(user=cls.manager)
        cls.list = cls.env["sms.gateway.list"].create({"name": "Customers"})

    def upload(self, *lines, content=None):
        """A wizard with a file, its columns proposed."""
        content = "\n".join(lines).encode() if content is None else content
        one = self.env["sms.gateway.import"].create(
            {"list_id": self.list.id, "file": base64.b64encode(content)}
        )
        one.action_read()
        return one

    def check(self, *lines):
        one = self.upload(*lines)
        one.action_check()
        return one

    def import_lines(self, *lines, **values):
        one = self.upload(*lines)
        one.write(values)
        one.action_check()
        one.action_import()
        return self.list.member_ids

    def get_targets(self, one):
        return [(column.header, column.target) for column in one.column_ids]

    def read_report(self, one):
        text = base64.b64decode(one.report).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";"))

    def make_workbook(self, *sheets):
        """:param sheets: (name, state, list of rows); a row that ends in "hidden" is"""
        book = Workbook()
        book.remove(book.active)
        for name, state, rows in sheets:
            sheet = book.create_sheet(name)
            sheet.sheet_state = state
            for number, row in enumerate(rows, 1):
                is_hidden = row[-1] == "hidden"
                sheet.append(row[:-1] if is_hidden else row)
                sheet.row_dimensions[number].hidden = is_hidden
        file = io.BytesIO()
        book.save(file)
        return file.getvalue()

    def edit(self, one):
        """The form of the step, as a person fills it in."""
        return Form(one)

    def get_candidates(self, one):
        return one.column_ids.filtered("is_candidate").mapped("header")
