"""Import of number ranges and of ported numbers."""

import base64
import io

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user

from .table_import import TableImportCase

REGISTRY = "АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН"
OF_MTS = '916;0000000;9999999;10000000;ПАО "Мобильные ТелеСистемы";г. Москва;7740000076'


class TestRanges(TableImportCase):
    def get_ranges(self, source="table.csv"):
        return self.env["sms.gateway.number.range"].search([("source", "=", source)])

    def find(self, msisdn):
        return self.env["sms.gateway.operator"]._make_lookup().find(msisdn)

    def test_the_registry_of_the_russian_numbering_plan_is_imported(self):
        one = self.check(REGISTRY, OF_MTS, "903;0;0009999;10000;Билайн;;")
        self.assertEqual(self.read_counts(one), (2, 0, 0))
        self.assertEqual(self.find("+79161230101")[1], "unknown")
        one.action_import()
        self.assertEqual(
            [(r.first_number, r.last_number, r.operator_id) for r in self.get_ranges()],
            [
                ("+79030000000", "+79030009999", self.beeline),
                ("+79160000000", "+79169999999", self.mts),
            ],
        )
        self.assertEqual(self.find("+79161230101"), (self.mts.id, "range"))
        self.assertEqual(self.get_ranges().create_uid, self.env.user)

    def test_the_registry_is_russian_wherever_the_company_is(self):
        one = self.upload(REGISTRY, OF_MTS, country_id=self.env.ref("base.de").id)
        self.assertEqual(one.country_id, self.env.ref("base.ru"))
        one.country_id = self.env.ref("base.de")
        one.action_check()
        self.assertEqual(self.read_counts(one), (0, 0, 1))

    def test_files_are_read_as_programs_of_the_region_write_them(self):
        book = Workbook()
        book.active.append(["Реестр"])
        book.active.append(["АВС/ DEF", "От", "До", "Оператор"])
        book.active.append([916, 0, 9999999, "МТС"])
        file = io.BytesIO()
        book.save(file)
        ansi = "\n".join([REGISTRY, OF_MTS]).encode("cp1251")
        for content in (file.getvalue(), ansi):
            one = self.upload(content=content)
            one.action_check()
            with self.subTest(content[:10]):
                self.assertEqual(self.read_counts(one), (1, 0, 0))

    def test_a_source_is_imported_anew(self):
        self.check(REGISTRY, OF_MTS).action_import()
        self.check(REGISTRY, "903;0;9;10;Билайн;;").action_import()
        self.assertEqual(self.get_ranges().operator_id, self.beeline)
        self.check(REGISTRY, OF_MTS, replaces=False).action_import()
        self.assertEqual(self.get_ranges().operator_id, self.beeline + self.mts)

    def test_every_bad_row_is_told_with_its_line(self):
        one = self.check(REGISTRY, "916;9;0;1;МТС;;", OF_MTS, "916;0;9;10;;;")
        self.assertEqual(self.read_counts(one), (1, 0, 2))
        self.assertEqual([number for number, _fault in self.read_problems(one)], [2, 4])
        report = base64.b64decode(one.report).decode("utf-8-sig")
        self.assertIn("916;9;0;1;МТС", report)
        one.action_import()
        self.assertEqual(len(self.get_ranges()), 1)

    def test_unknown_operators_are_shown_and_left_out(self):
        one = self.check(
            REGISTRY, OF_MTS, "958;0;9;1;ООО «Новый»;;", "958;10;19;1;новый;;"
        )
        self.assertEqual(self.read_counts(one), (1, 2, 0))
        self.assertEqual(one.operator_ids.name, "ООО «Новый»")
        self.assertEqual(one.operator_ids.row_count, 2)
        one.action_import()
        self.assertEqual(self.get_ranges().operator_id, self.mts)

    def test_unknown_operators_are_mapped(self):
        one = self.check(REGISTRY, "958;0;9;1;ООО «Новый»;;")
        one.operator_ids.operator_id = self.mts
        one.action_apply_operators()
        self.assertEqual(self.read_counts(one), (1, 0, 0))
        one.action_import()
        self.assertEqual(self.get_ranges().operator_id, self.mts)
        self.assertIn("ООО «Новый»", self.mts.aliases)

    def test_an_operator_of_another_country_is_not_mapped(self):
        one = self.check(REGISTRY, "958;0;9;1;ООО «Новый»;;")
        one.operator_ids.operator_id = self.env.ref(
            "crm_sms_gateway.operator_kz_beeline"
        )
        with self.assertRaises(ValidationError):
            one.action_import()

    def test_unknown_operators_are_created(self):
        one = self.check(
            REGISTRY, "958;0;9;1;ООО «Новый»;;", "958;10;19;1;Beeline Kazakhstan;;"
        )
        one.action_create_all()
        one.action_import()
        operators = self.get_ranges().operator_id
        self.assertEqual(
            set(operators.mapped("name")), {"ООО «Новый»", "Beeline Kazakhstan (RU)"}
        )
        self.assertEqual(operators.country_id, self.env.ref("base.ru"))

    def test_columns_without_known_names_are_chosen(self):
        one = self.upload("+79160000000;+79169999999;МТС")
        self.assertEqual(one.header_line, 0)
        with self.assertRaises(UserError):
            one.action_check()
        for column, target in zip(
            one.column_ids, ("first", "last", "operator"), strict=True
        ):
            column.target = target
        one.action_check()
        self.assertEqual(self.read_counts(one), (1, 0, 0))
        one.column_ids[0].target = "last"
        with self.assertRaises(UserError):
            one.action_check()

    def test_only_administrators_import(self):
        manager = new_test_user(
            self.env(su=True), "table_manager", groups="crm_sms_gateway.group_manager"
        )
        with self.assertRaises(AccessError):
            self.env["sms.gateway.table.import"].with_user(manager).create(
                {"kind": "ranges"}
            )

    def test_empty_and_broken_files_are_told(self):
        with self.assertRaises(UserError):
            self.upload(content=b" ")
        with self.assertRaises(UserError):
            self.upload(content=b"PK\3\4 broken")


class TestPorted(TableImportCase):
    KIND = "ported"

    def get_operators(self, *numbers):
        ported = self.env["sms.gateway.ported.number"].search(
            [("number", "in", numbers)]
        )
        return {one.number: one.operator_id for one in ported}

    def test_numbers_and_dates_are_imported(self):
        one = self.check("Номер;OrgCode;Дата", "9161230101;МТС;01.02.2026")
        one.action_import()
        ported = self.env["sms.gateway.ported.number"].search([])
        self.assertEqual(
            (ported.number, ported.operator_id, str(ported.date)),
            ("+79161230101", self.mts, "2026-02-01"),
        )

    def test_the_last_row_of_a_number_counts(self):
        self.check("number;operator", "79161230101;MTS").action_import()
        self.check(
            "number;operator",
            "9161230101;MTS",
            "89161230101;Beeline",
            "+79161230102;MTS",
        ).action_import()
        self.assertEqual(
            self.get_operators("+79161230101", "+79161230102"),
            {"+79161230101": self.beeline, "+79161230102": self.mts},
        )

    def test_what_is_ported_is_found_at_once(self):
        lookup = self.env["sms.gateway.operator"]._make_lookup()
        lookup.learn(["+79161230101"])
        self.assertEqual(lookup.find("+79161230101")[1], "unknown")
        self.check("number;operator", "9161230101;MTS").action_import()
        lookup = self.env["sms.gateway.operator"]._make_lookup()
        lookup.learn(["+79161230101"])
        self.assertEqual(lookup.find("+79161230101"), (self.mts.id, "ported"))

    def test_bad_rows_are_told(self):
        one = self.check(
            "number;operator;date", "12;MTS;", "9161230101;;", "9161230101;MTS;soon"
        )
        self.assertEqual(self.read_counts(one), (0, 0, 3))
        self.assertEqual(
            [number for number, _fault in self.read_problems(one)], [2, 3, 4]
        )
