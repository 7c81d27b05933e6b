"""Import of recipients from files into a list."""

import base64
import io
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.crm_sms_gateway.tools.importing.sample import make_sample
from odoo.addons.crm_sms_gateway.tools.spreadsheet import reading
from odoo.addons.crm_sms_gateway.wizards.importing import explanations

from .common import ANNA, HEADER, ImportCase

WIZARDS = "odoo.addons.crm_sms_gateway.wizards.importing"


class TestRows(ImportCase):
    def test_lines_become_members(self):
        members = self.import_lines(
            "Фамилия;Имя;Отчество;Телефон;Пол;Язык;Примечание;Сумма",
            "Лебедева;Анна;Сергеевна;8 (916) 123-01-02;ж;русский;VIP;1500",
            "Соколов;Андрей;;89161230101;муж;;;",
        )
        anna, andrey = members
        self.assertEqual(
            [
                anna[name]
                for name in (
                    "name",
                    "first_name",
                    "last_name",
                    "patronymic",
                    "gender",
                    "phone",
                    "lang",
                    "note",
                    "values",
                    "values_text",
                    "reach",
                )
            ],
            [
                "Лебедева Анна Сергеевна",
                "Анна",
                "Лебедева",
                "Сергеевна",
                "female",
                "+79161230102",
                "ru_RU",
                "VIP",
                {"summa": "1500"},
                "summa: 1500",
                "reachable",
            ],
        )
        self.assertEqual((andrey.name, andrey.gender), ("Соколов Андрей", "male"))
        self.assertFalse(andrey.values)
        self.assertEqual(anna.company_id, self.list.company_id)
        self.assertEqual(anna.create_uid, self.manager)
        self.assertTrue(anna.create_date)

    def test_workbooks_are_read(self):
        book = Workbook()
        book.active.append(["ФИО", "Телефон", "Сумма"])
        book.active.append(["Лебедева Анна", 89161230102, 1500.5])
        file = io.BytesIO()
        book.save(file)
        one = self.upload(content=file.getvalue())
        one.action_check()
        one.action_import()
        member = self.list.member_ids
        self.assertEqual(member.phone, "+79161230102")
        self.assertEqual(member.values, {"summa": "1500.5"})

    def test_checking_writes_nothing(self):
        one = self.check(HEADER, ANNA)
        self.assertEqual((one.good_count, one.bad_count), (1, 0))
        self.assertFalse(one.report)
        self.assertFalse(self.list.member_ids)

    def test_numbers_of_contacts_in_the_list_are_known(self):
        contact = self.env["res.partner"].create(
            {"name": "A", "phone": "8 (916) 123-01-02"}
        )
        self.list._add_records("res.partner", [("id", "=", contact.id)])
        self.assertEqual(self.check(HEADER, ANNA).good_count, 0)

    def test_landlines_are_for_calls(self):
        lines = ("Телефон", "+7 495 123-45-67")
        self.assertEqual(self.check(*lines).good_count, 0)
        members = self.import_lines(*lines, has_landlines=True)
        self.assertEqual(members.phone, "+74951234567")

    def test_what_is_not_understood_is_imported_without(self):
        one = self.check(
            HEADER + ";Язык", "Анна;89161230102;?;клингонский", ANNA + ";ru"
        )
        self.assertEqual(one.good_count, 1)
        self.assertEqual(len(one.summary.splitlines()), 3)
        one.action_import()
        self.assertFalse(self.list.member_ids.gender)

    def test_a_big_file_is_written_in_parts(self):
        self.startPatcher(patch(f"{WIZARDS}.sms_gateway_import.ROWS_AT_ONCE", 2))
        members = self.import_lines(
            "Телефон", *(f"8916123{number}" for number in range(1000, 1005))
        )
        self.assertEqual(len(members), 5)

    def test_data_of_strangers_stay_data(self):
        members = self.import_lines(
            "Телефон;ФИО;Сумма",
            "89161230101;<b>=cmd()</b>;{{ fio }}",
            "89161230102;'), (1) --;%s",
        )
        self.assertEqual(members.mapped("name"), ["<b>=cmd()</b>", "'), (1) --"])
        self.assertEqual(members[0].values, {"summa": "{{ fio }}"})
        self.assertEqual(members[1].values, {"summa": "%s"})


class TestNumbers(ImportCase):
    def test_several_numbers_in_a_cell(self):
        lines = (
            "Телефон;ФИО",
            "+79160000131, +79160000132;Ершова Нина Петровна",
            "+7 (495) 000-00-00, моб. +7 916 000-01-35;Лисицына Вера Олеговна",
        )
        one = self.check(*lines)
        self.assertEqual((one.good_count, one.bad_count), (0, 2))
        self.assertIn("contains several numbers", one.problem_ids[0].fault)
        members = self.import_lines(*lines, takes_first=True)
        self.assertEqual(members.mapped("phone")[0], "+79160000131")

    def test_numbers_that_a_program_took_for_fractions(self):
        members = self.import_lines(
            "phone,name", "79160000101.0,Нина", "9160000102.0,Илья"
        )
        self.assertEqual(members.mapped("phone"), ["+79160000101", "+79160000102"])

    def test_the_country_is_the_companys_until_a_person_says_otherwise(self):
        lines = ("Телефон", "0151 23456789")
        one = self.check(*lines)
        self.assertEqual((one.country_id.code, one.good_count), ("RU", 0))
        members = self.import_lines(*lines, country_id=self.env.ref("base.de").id)
        self.assertEqual(members.phone, "+4915123456789")

    def test_without_a_country_no_number_is_guessed(self):
        self.env.company.sudo().country_id = False
        one = self.check("Телефон", "89161230101", "+79161230102")
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        self.assertIn("country", one.problem_ids.fault)

    def test_a_line_has_a_country_of_its_own(self):
        one = self.upload(
            "Телефон;Страна",
            "89161230101;",
            "0151 23456789;Германия",
            "0151 23456788;Тридевятое царство",
            "+79161230102;Тридевятое царство",
        )
        self.assertEqual(one.column_ids[1].target, "country")
        self.assertEqual(one.column_ids[0].reading.split("\n")[1], "+49 1512 3456789")
        one.action_check()
        self.assertEqual((one.good_count, one.bad_count), (3, 1))
        self.assertIn("The country in the row was not recognized: 1", one.summary)
        self.assertIn("the number contains a country code: 1", one.summary)
        one.action_import()
        self.assertEqual(self.list.member_ids[1].values, {"strana": "Германия"})
        self.assertEqual(self.list.value_names, "strana")

    def test_failed_formulas_are_counted_and_left_empty(self):
        one = self.check("Телефон;Сумма", "89161230101;#Н/Д", "#REF!;1")
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        self.assertIn("Cells with formula errors, imported as empty: 1", one.summary)


class TestRefusals(ImportCase):
    def test_files_that_cannot_be_read_are_refused_in_words(self):
        for content in (b"PK\x03\x04 broken", b"a\0b", b"\n\n", b"a;" * 100 + b"a"):
            with self.subTest(content[:10]), self.assertRaises(UserError):
                self.upload(content=content)

    def test_each_refusal_has_a_sentence(self):
        for code in reading.ErrorCode.__args__:
            error = reading.TableError(code, 3)
            self.assertTrue(explanations.explain_table_error(self.env, error))

    def test_a_file_that_is_too_big_is_not_kept(self):
        self.startPatcher(patch(f"{WIZARDS}.sms_gateway_file_import.MAX_FILE", 30))
        with self.assertRaises(ValidationError):
            self.upload(content=b"x" * 50)
        self.upload(content=b"89161230101\n" * 2)

    def test_trouble_on_the_way_leaves_the_list_as_it_was(self):
        one = self.upload("Телефон", "89161230101", "89161230102")
        self.startPatcher(patch.object(reading, "MAX_LINES", 2))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            one.action_import()
        self.assertFalse(self.list.member_ids)

    def test_without_a_file_nothing_is_read(self):
        one = self.env["sms.gateway.import"].create({"list_id": self.list.id})
        with self.assertRaises(UserError):
            one.action_read()

    def test_only_managers_import(self):
        user = new_test_user(
            self.env(user=1), login="import_user", groups="crm_sms_gateway.group_user"
        )
        one = self.upload(HEADER, ANNA)
        with self.assertRaises(AccessError):
            one.with_user(user).action_import()
        with self.assertRaises(AccessError):
            self.list.with_user(user)._add_imported([])

    def test_lists_of_other_companies_are_out_of_reach(self):
        company = self.env(user=1)["res.company"].create({"name": "Another"})
        other = self.list.sudo().create({"name": "x", "company_id": company.id})
        with self.assertRaises(AccessError):
            other.with_user(self.manager)._add_imported([])


class TestDialog(ImportCase):
    def test_the_way_through_the_dialog(self):
        action = self.list.action_import()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.file = base64.b64encode("\n".join([HEADER, ANNA]).encode())
        one = form.save()
        for step, state in (
            ("action_read", "columns"),
            ("action_check", "checked"),
            ("action_back", "columns"),
            ("action_check", "checked"),
        ):
            reopened = getattr(one, step)()
            self.assertEqual((reopened["res_id"], one.state), (one.id, state))
        self.assertTrue(one.action_import())
        self.assertEqual(self.list.member_ids.phone, "+79161230102")


class TestSample(ImportCase):
    def test_the_sample_is_imported_as_it_is(self):
        for language, targets in (
            ("ru", ["phone", "last_name", "first_name", "patronymic"]),
            ("en", ["phone", "last_name", "first_name"]),
        ):
            with self.subTest(language):
                one = self.upload(content=make_sample(language))
                wanted = [*targets, "gender", "note", "value"]
                self.assertEqual(one.column_ids.mapped("target"), wanted)
                one.action_check()
                self.assertEqual((one.good_count, one.bad_count), (2, 0))
                one.action_import()
        members = self.list.member_ids
        self.assertEqual(members.mapped("gender"), ["male", "female"] * 2)
        self.assertEqual(members.mapped("reach"), ["reachable"] * 4)
