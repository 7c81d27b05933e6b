"""Import of people from files into a recipient list."""

import base64
import csv
import io
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.crm_sms_gateway.tools import table

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


class TestColumns(ImportCase):
    def test_columns_are_proposed_by_their_headers(self):
        one = self.upload(HEADER + ";Номер заказа;", ANNA + ";15")
        self.assertEqual(
            self.get_targets(one),
            [
                ("ФИО", "name"),
                ("Телефон", "phone"),
                ("Пол", "gender"),
                ("Номер заказа", "value"),
            ],
        )
        self.assertEqual(one.column_ids[3].value_name, "nomer_zakaza")
        self.assertEqual(one.column_ids[3].sample, "15")

    def test_numbers_alone_need_no_header(self):
        one = self.upload("89161230101", "89161230102")
        self.assertFalse(one.has_header)
        self.assertEqual(one.column_ids.target, "phone")
        one.action_check()
        one.action_import()
        self.assertEqual(len(self.list.member_ids), 2)

    def test_an_unknown_header_over_numbers_is_a_header(self):
        one = self.upload("Кто;Куда", "Анна;89161230101")
        self.assertTrue(one.has_header)
        self.assertEqual(one.column_ids.mapped("target"), ["value", "phone"])

    def test_no_name_hides_what_texts_use_of_every_member(self):
        one = self.upload("Телефон;fio;Phone;note;Note", "89161230101;;;;")
        names = one.column_ids.filtered(lambda one: one.target == "value")
        self.assertEqual(names.mapped("value_name"), ["phone_2", "note_2"])
        for name in ("fio", "first_name", "list_id", "два слова", "", False):
            names[0].value_name = name
            with self.subTest(name), self.assertRaises(UserError):
                one.action_check()
        names[0].value_name = names[1].value_name
        with self.assertRaises(UserError):
            one.action_check()

    def test_exactly_one_column_has_the_number(self):
        one = self.upload("Кто;Телефон", "Анна;89161230101")
        who, phone = one.column_ids
        phone.target = "skip"
        with self.assertRaises(UserError):
            one.action_check()
        (who + phone).target = "phone"
        with self.assertRaises(UserError):
            one.action_import()

    def test_a_person_decides_what_columns_mean(self):
        one = self.upload("Кто;Телефон;Город", "Анна;89161230101;Ростов")
        one.column_ids[0].target = "first_name"
        one.column_ids[2].value_name = "gorod_klienta"
        one.action_check()
        one.action_import()
        self.assertEqual(self.list.member_ids.first_name, "Анна")
        self.assertEqual(self.list.member_ids.values, {"gorod_klienta": "Ростов"})


class TestLines(ImportCase):
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

    def test_the_dialog_shows_a_hundred_and_the_report_all(self):
        one = self.check("Телефон", *(f"нет {number}" for number in range(150)))
        self.assertEqual((len(one.problem_ids), one.bad_count), (100, 150))
        self.assertEqual(len(self.read_report(one)), 151)

    def test_a_big_file_is_written_in_parts(self):
        part = "odoo.addons.crm_sms_gateway.wizards.sms_gateway_import.LINES_AT_ONCE"
        self.startPatcher(patch(part, 2))
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


class TestTexts(ImportCase):
    def draft(self, text):
        return self.env["sms.gateway.campaign"].create(
            {
                "route_id": self.route.id,
                "recipient_source": "lists",
                "list_ids": self.list.ids,
                "text_neutral": text,
            }
        )

    def test_texts_use_further_columns_by_name(self):
        self.import_lines("Телефон;Имя;Сумма", "89161230101;Анна;1500")
        self.assertEqual(self.list.value_names, "summa")
        draft = self.draft("{{ first_name }}, {{ summa }} руб.")
        preview = draft.action_preview({})
        self.assertFalse(
            [one for one in preview["findings"] if one["level"] == "danger"]
        )
        draft.action_check_recipients({})
        self.assertEqual(
            draft.action_preview({})["recipient"]["text"], "Анна, 1500 руб."
        )
        draft.action_send()
        message = self.get_messages(draft.sudo()).sudo()
        self.assertEqual((message.text, message.state), ("Анна, 1500 руб.", "queued"))

    def test_they_work_in_latin_letters(self):
        self.import_lines("Телефон;Город", "89161230101;Ростов")
        draft = self.draft("Привет, {{ gorod }}")
        draft.is_transliterated = True
        draft.action_send()
        self.assertEqual(self.get_messages(draft.sudo()).sudo().text, "Privet, Rostov")

    def test_who_lacks_a_word_gets_no_text_with_a_hole(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500", "89161230102;")
        draft = self.draft("{{ summa }}")
        self.assertEqual(
            draft.action_check_recipients({})["problems"], {"": 1, "missing_field": 1}
        )

    def test_names_of_another_file_are_unknown(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        with self.assertRaisesRegex(UserError, "gorod"):
            self.draft("{{ gorod }}").action_send()
        draft = self.draft("{{ summa }}")
        draft.write({"recipient_source": "filter", "res_domain": "[]"})
        with self.assertRaisesRegex(UserError, "summa"):
            draft.action_send()

    def test_names_of_several_files_add_up(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        self.import_lines("Телефон;Сумма;Город", "89161230102;1;2")
        self.assertEqual(self.list.value_names, "summa, gorod")

    def test_only_words_are_kept(self):
        self.import_lines("Телефон;Сумма", "89161230101;1500")
        for values in (["x"], {"summa": 1}, {"два слова": "x"}, {"summa": "x" * 1001}):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.list.member_ids.values = values


class TestRefusals(ImportCase):
    def test_files_that_cannot_be_read_are_refused_in_words(self):
        for content in (b"PK\x03\x04 broken", b"a\0b", b"\n\n", b"a;" * 100 + b"a"):
            with self.subTest(content[:10]), self.assertRaises(UserError):
                self.upload(content=content)

    def test_each_refusal_has_a_sentence(self):
        one = self.env["sms.gateway.import"]
        for code in table.ErrorCode.__args__:
            self.assertTrue(one._explain(table.TableError(code, 3)))

    def test_a_file_that_is_too_big_is_not_kept(self):
        module = "odoo.addons.crm_sms_gateway.wizards.sms_gateway_import.MAX_FILE"
        self.startPatcher(patch(module, 30))
        with self.assertRaises(ValidationError):
            self.upload(content=b"x" * 50)
        self.upload(content=b"89161230101\n" * 2)

    def test_trouble_on_the_way_leaves_the_list_as_it_was(self):
        one = self.upload("Телефон", "89161230101", "89161230102")
        self.startPatcher(patch.object(table, "MAX_LINES", 2))
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
            self.list.with_user(user)._add_lines([])

    def test_lists_of_other_companies_are_out_of_reach(self):
        company = self.env(user=1)["res.company"].create({"name": "Another"})
        other = self.list.sudo().create({"name": "x", "company_id": company.id})
        with self.assertRaises(AccessError):
            other.with_user(self.manager)._add_lines([])


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
