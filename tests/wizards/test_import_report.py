"""Which rows are rejected, why, and how they come back."""

import base64
import csv
import io
from typing import get_args

from odoo.addons.crm_sms_gateway.tools.importing.rows import Rejection
from odoo.addons.crm_sms_gateway.wizards.importing import explanations

from .common import ANNA, HEADER, ImportCase

#: Rejections that only the wizard finds.
OF_WIZARD = (
    "broken_text",
    "above_header",
    "in_list",
    "of_record",
    "several_members",
    "twice",
)


class TestReport(ImportCase):
    def test_bad_lines_are_told_and_good_ones_imported(self):
        self.import_lines(HEADER, "Соколов Андрей;89161230101;м")
        one = self.check(
            HEADER,
            ANNA,
            "Без Номера;;м",
            "Плохой Номер;спросить;м",
            "Домашний;+7 495 123-45-67;м",
            "",
            "Опять Анна;+7 916 123 01 02;ж",
            "Опять Андрей;9161230101;м",
        )
        self.assertEqual((one.good_count, one.bad_count), (1, 5))
        self.assertEqual(one.problem_ids.mapped("number"), [3, 4, 5, 7, 8])
        self.assertEqual(one.problem_ids[1].content, "Плохой Номер; спросить; м")
        faults = one.problem_ids.mapped("fault")
        self.assertEqual(len(set(faults)), 5)
        self.assertIn("2", faults[3])
        self.assertEqual(len(one.summary.splitlines()), 5)
        one.action_import()
        self.assertEqual(len(self.list.member_ids), 2)

    def test_the_report_can_be_mended_and_imported(self):
        manager = self.manager
        for lang in ("en_US", "ru_RU"):
            manager.sudo().lang = lang
            one = self.check(HEADER, "=HYPERLINK(1);;ж", "Анна;+7916;ж").with_context(
                lang=lang
            )
            one.action_check()
            report = self.read_report(one)
            self.assertEqual([row[0] for row in report[1:]], ["2", "3"])
            self.assertEqual(report[1][2], "'=HYPERLINK(1)")
            content = base64.b64decode(one.report)
            mended = content.replace(b"'+7916", b"'+79161230177")
            again = self.upload(content=mended)
            with self.subTest(lang):
                self.assertEqual(
                    again.column_ids.mapped("target"),
                    ["skip", "skip", "name", "phone", "gender"],
                )
                again.action_check()
                self.assertEqual(again.good_count, 1)

    def test_the_dialog_shows_a_hundred_and_the_report_all(self):
        one = self.check("Телефон", *(f"нет {number}" for number in range(150)))
        self.assertEqual((len(one.problem_ids), one.bad_count), (100, 150))
        self.assertEqual(len(self.read_report(one)), 151)

    def test_every_rejection_has_words(self):
        rejections = {name for part in Rejection.__args__ for name in get_args(part)}
        self.assertIn("no_country", rejections)
        rejections.update(OF_WIZARD)
        for rejection in rejections:
            self.assertTrue(explanations.describe_rejection(self.env, rejection))
        remedies = explanations._get_remedies(self.env)
        self.assertFalse(remedies.keys() - rejections)

    def test_our_report_comes_back_as_the_file_was(self):
        one = self.check(
            "Телефон;Скидка;'=x", "+791600005;-10 %;'", "+79160000502;-5 %;", "нет;@;="
        )
        report = base64.b64decode(one.report)
        mended = report.replace(b"'+791600005", b"+79160000501")
        for content in (mended, self.save_as_workbook(mended)):
            again = self.upload(content=content)
            self.assertEqual(
                again.column_ids.mapped("target"),
                ["skip", "skip", "phone", "value", "value"],
            )
            again.action_check()
            self.assertEqual((again.good_count, again.bad_count), (1, 1))
            self.assertEqual(again.problem_ids.number, 4)
            self.assertEqual(again.problem_ids.content, "нет; @; =")
            header, line = self.read_report(again)
            self.assertEqual(header[2:4], ["Телефон", "Скидка"])
            self.assertEqual((line[0], line[2:]), ("4", ["нет", "'@", "'="]))
        again.action_import()
        self.assertEqual(self.list.member_ids.values["skidka"], "-10 %")

    def save_as_workbook(self, report):
        """As a spreadsheet that keeps the guard as a text."""
        rows = csv.reader(io.StringIO(report.decode("utf-8-sig")), delimiter=";")
        return self.make_workbook(("bad lines", "visible", list(rows)))
