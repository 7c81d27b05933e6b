"""Import of people from files into a recipient list."""

import base64
import csv
import io
from typing import get_args
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.crm_sms_gateway.tools.import_columns import Fault
from odoo.addons.crm_sms_gateway.tools.spreadsheet import reading

from ..common import GatewayCase

#: Faults that only the wizard finds.
OWN_FAULTS = (
    "broken_text",
    "above_header",
    "in_list",
    "of_record",
    "several_members",
    "twice",
)
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


class TestColumns(ImportCase):
    def test_columns_are_proposed_by_their_headers(self):
        one = self.upload(HEADER + ";Номер заказа;;", ANNA + ";15")
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
        self.assertEqual(one.header_line, 0)
        self.assertEqual(one.column_ids.target, "phone")
        one.action_check()
        one.action_import()
        self.assertEqual(len(self.list.member_ids), 2)

    def test_an_unknown_header_over_numbers_is_a_header(self):
        one = self.upload("Кто;Куда", "Анна;89161230101")
        self.assertEqual(one.header_line, 1)
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
        for code in reading.ErrorCode.__args__:
            self.assertTrue(one._explain(reading.TableError(code, 3)))

    def test_a_file_that_is_too_big_is_not_kept(self):
        module = "odoo.addons.crm_sms_gateway.wizards.sms_gateway_import.MAX_FILE"
        self.startPatcher(patch(module, 30))
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


class TestFiles(ImportCase):
    """Files as people have them."""

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

    # === COLUMNS ===
    def test_a_column_of_cards_does_not_beat_the_telephones(self):
        one = self.upload(
            "Номер;ФИО;Моб. тел.",
            "9000123456;Ершова Нина Петровна;+79160000701",
            "9000123457;Ежов Илья Ильич;+79160000702",
        )
        self.assertEqual(one.column_ids.mapped("target"), ["value", "name", "phone"])
        self.assertFalse(one.phone_doubt)
        self.assertEqual(
            one.column_ids[2].reading, "+7 916 000-07-01\n+7 916 000-07-02"
        )
        one.action_check()
        one.action_import()
        self.assertEqual(
            self.list.member_ids.mapped("phone"), ["+79160000701", "+79160000702"]
        )

    def test_a_doubtful_choice_is_left_to_a_person(self):
        one = self.upload(
            "Телефон;Мобильный;ФИО", "8 916 123-01-01;8 916 123-01-02;Анна"
        )
        self.assertEqual(one.column_ids.mapped("target"), ["value", "value", "name"])
        self.assertEqual(self.get_candidates(one), ["Телефон", "Мобильный"])
        self.assertIn("“Телефон”, “Мобильный”", one.phone_doubt)
        self.assertEqual(one.column_ids[1].reading, "+7 916 123-01-02")
        with self.assertRaises(UserError):
            one.action_check()
        with self.edit(one) as form, form.column_ids.edit(1) as column:
            column.target = "phone"
        self.assertFalse(one.phone_doubt)
        one.action_check()
        one.action_import()
        self.assertEqual(self.list.member_ids.phone, "+79161230102")

    def test_numbers_that_may_be_cards_are_asked_about(self):
        one = self.upload("Номер;ФИО", "9000123456;Анна")
        self.assertEqual(self.get_candidates(one), ["Номер"])
        self.assertIn("“Номер”", one.phone_doubt)
        one = self.upload("Кто;Где", "Анна;Пермь")
        self.assertTrue(one.phone_doubt)

    def test_each_column_shows_three_lines_and_how_numbers_are_read(self):
        one = self.upload(
            "Телефон;ФИО",
            "8 916 123-01-01;Анна",
            "9161230102;",
            "+7 495 123-45-67;Ян",
            "89161230104;Лев",
        )
        phone, name = one.column_ids
        self.assertEqual(name.sample, "Анна\n–\nЯн")
        self.assertEqual(
            phone.reading,
            "+7 916 123-01-01\n+7 916 123-01-02\nA landline, which no SMS reaches",
        )
        self.assertFalse(name.reading)
        with self.edit(one) as form:
            form.has_landlines = True
        self.assertIn("+7 495 123-45-67", phone.reading)

    def test_a_second_number_can_stand_in(self):
        one = self.upload(
            "Телефон;Телефон 2", "89161230101;89161230102", ";89161230103"
        )
        self.assertEqual(one.column_ids.mapped("target"), ["phone", "value"])
        one.column_ids[1].target = "other_phone"
        one.action_check()
        one.action_import()
        self.assertEqual(
            self.list.member_ids.mapped("phone"), ["+79161230101", "+79161230103"]
        )

    # === HEADER ===
    def test_titles_above_the_header_are_left_out_and_told(self):
        one = self.upload(
            "Список клиентов, выгрузка от 28.11.2026, 10:00",
            "Телефон;ФИО",
            "+79160000091;Ершова Нина Петровна",
        )
        self.assertEqual(one.header_line, 2)
        one.action_check()
        self.assertEqual((one.good_count, one.bad_count), (1, 0))
        self.assertEqual(one.summary, "Lines above the header, left out: 1")

    def test_a_person_above_the_header_is_not_lost_silently(self):
        one = self.upload("Анна;89161230101", "ФИО;Телефон", "Ян;89161230102")
        self.assertEqual(one.header_line, 2)
        one.action_check()
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        self.assertIn("above the header", one.problem_ids.fault)

    def test_a_person_says_where_the_header_is(self):
        one = self.upload("ФИО;Телефон", "Кто;Куда", "Анна;89161230101")
        with self.edit(one) as form:
            form.header_line = 2
        self.assertEqual(one.column_ids.mapped("header"), ["Кто", "Куда"])
        self.assertEqual(one.column_ids.mapped("target"), ["value", "phone"])
        with self.edit(one) as form:
            form.header_line = 0
        self.assertEqual(one.column_ids.mapped("header"), ["Column 1", "Column 2"])

    # === SHEETS AND HIDDEN LINES ===
    def test_hidden_sheets_are_not_read_unasked(self):
        content = self.make_workbook(
            ("Архив", "hidden", [["Телефон"], ["+79160000001"]]),
            ("Пустой", "visible", []),
            ("Клиенты", "visible", [["Телефон", "ФИО"], ["+79160000002", "Анна"]]),
            ("Ещё", "visible", [["Телефон"], ["+79160000003"]]),
        )
        one = self.upload(content=content)
        self.assertEqual(one.sheet_id.name, "Клиенты")
        self.assertEqual(one.other_sheets, "Архив (hidden), Пустой, Ещё")
        self.assertEqual(len(one.column_ids), 2)
        with self.edit(one) as form:
            form.sheet_id = one.sheet_ids[0]
        self.assertEqual(one.column_ids.mapped("header"), ["Телефон"])
        one.action_check()
        one.action_import()
        self.assertEqual(self.list.member_ids.phone, "+79160000001")

    def test_hidden_lines_are_counted_and_asked_about(self):
        content = self.make_workbook(
            (
                "Клиенты",
                "visible",
                [
                    ["Телефон"],
                    ["+79160000030"],
                    ["+79160000031", "hidden"],
                    ["нет", "hidden"],
                    ["+79160000032"],
                ],
            )
        )
        one = self.upload(content=content)
        one.action_check()
        self.assertEqual((one.hidden_count, one.good_count, one.bad_count), (2, 2, 0))
        one.action_switch_hidden()
        self.assertEqual((one.hidden_count, one.good_count, one.bad_count), (2, 3, 1))
        one.action_back()
        one.action_check()
        self.assertEqual(one.good_count, 2)
        one.action_import()
        self.assertEqual(
            self.list.member_ids.mapped("phone"), ["+79160000030", "+79160000032"]
        )

    def test_damaged_characters_are_a_reason_of_their_own(self):
        good, bad = "Телефон;Клиент\n+79160000091;Нонна\n", "+79160000093;Лев"
        content = good.encode() * 3 + bad.encode() + b"\xd0\n"
        one = self.upload(content=content)
        one.action_check()
        self.assertEqual(
            one.problem_ids[-1].fault[:31], "The line has damaged characters"
        )

    # === NUMBERS ===
    def test_several_numbers_in_a_cell(self):
        lines = (
            "Телефон;ФИО",
            "+79160000131, +79160000132;Ершова Нина Петровна",
            "+7 (495) 000-00-00, моб. +7 916 000-01-35;Лисицына Вера Олеговна",
        )
        one = self.check(*lines)
        self.assertEqual((one.good_count, one.bad_count), (0, 2))
        self.assertIn("Several numbers", one.problem_ids[0].fault)
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
        self.assertIn("The country of the line is not understood: 1", one.summary)
        self.assertIn("the number has the code of its country: 1", one.summary)
        one.action_import()
        self.assertEqual(self.list.member_ids[1].values, {"strana": "Германия"})
        self.assertEqual(self.list.value_names, "strana")

    def test_failed_formulas_are_counted_and_left_empty(self):
        one = self.check("Телефон;Сумма", "89161230101;#Н/Д", "#REF!;1")
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        self.assertIn("Cells with errors of formulas, left empty: 1", one.summary)

    def test_every_fault_has_words(self):
        one = self.env["sms.gateway.import"]
        faults = {fault for part in Fault.__args__ for fault in get_args(part)}
        self.assertIn("no_country", faults)
        for fault in (*faults, *OWN_FAULTS):
            self.assertTrue(one._describe(fault))
        self.assertFalse(one._get_remedies().keys() - {*faults, *OWN_FAULTS})

    # === REPORT ===
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

    # === AGAIN ===
    def update(self, *lines):
        one = self.upload(*lines)
        one.existing = "update"
        one.action_check()
        return one

    def test_importing_again_updates_what_is_there(self):
        self.import_lines(
            "Телефон;ФИО;Пол;Примечание;Сумма;Город",
            "89161230101;Лебедева Анна;ж;VIP;100;Пермь",
            "89161230102;Соколов Лев;м;;200;Омск",
        )
        one = self.update(
            "Телефон;ФИО;Примечание;Сумма",
            "89161230101;;new;150",
            "89161230102;;;200",
            "89161230103;Ершова Нина;;1",
        )
        self.assertEqual((one.good_count, one.bad_count), (3, 0))
        self.assertEqual(one.summary, "Members that are updated: 2")
        params = one.action_import()["params"]
        self.assertEqual(params["message"], "Lines added: 1, updated: 1, unchanged: 1.")
        anna, lev, nina = self.list.member_ids
        self.assertEqual(
            (anna.name, anna.gender, anna.note, anna.values),
            ("Лебедева Анна", "female", "new", {"summa": "150", "gorod": "Пермь"}),
        )
        self.assertEqual(anna.write_uid, self.manager)
        self.assertEqual((lev.name, lev.gender), ("Соколов Лев", "male"))
        self.assertEqual(nina.name, "Ершова Нина")

    def test_contacts_are_not_updated(self):
        contact = self.env["res.partner"].create({"name": "A", "phone": "89161230102"})
        self.list._add_records("res.partner", [("id", "=", contact.id)])
        self.import_lines("Телефон", "89161230101")
        one = self.update("Телефон;ФИО", "89161230102;B", "89161230101;C")
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        self.assertIn("contact or lead", one.problem_ids.fault)
        one.action_import()
        self.assertEqual(contact.name, "A")

    def test_a_number_of_two_members_updates_neither(self):
        for name in ("Анна", "Лев"):
            self.list.member_ids.create(
                {"list_id": self.list.id, "name": name, "phone": "+79161230101"}
            )
        one = self.update("Телефон;ФИО", "89161230101;Нина")
        self.assertEqual((one.good_count, one.bad_count), (0, 1))

    def test_a_number_that_comes_twice_updates_once(self):
        self.import_lines("Телефон;ФИО", "89161230101;Анна")
        one = self.update("Телефон;ФИО", "89161230101;Анна А", "+79161230101;Лев")
        self.assertEqual((one.good_count, one.bad_count), (1, 1))
        one.action_import()
        self.assertEqual(self.list.member_ids.name, "Анна А")

    def test_members_of_other_lists_are_out_of_reach(self):
        other = self.list.copy({"name": "Other"})
        self.import_lines("Телефон;ФИО", "89161230101;Анна")
        other._update_imported({self.list.member_ids.id: {"name": "Лев"}})
        self.assertEqual(self.list.member_ids.name, "Анна")
