"""What the columns, the header and the sheets of a file are taken for."""

from odoo.exceptions import UserError

from .common import ANNA, HEADER, ImportCase


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


class TestPhoneColumn(ImportCase):
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
            "+7 916 123-01-01\n+7 916 123-01-02\nLandline number: cannot receive SMS",
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


class TestHeaderLine(ImportCase):
    def test_titles_above_the_header_are_left_out_and_told(self):
        one = self.upload(
            "Список клиентов, выгрузка от 28.11.2026, 10:00",
            "Телефон;ФИО",
            "+79160000091;Ершова Нина Петровна",
        )
        self.assertEqual(one.header_line, 2)
        one.action_check()
        self.assertEqual((one.good_count, one.bad_count), (1, 0))
        self.assertEqual(one.summary, "Rows above the header, not imported: 1")

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


class TestHidden(ImportCase):
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
            one.problem_ids[-1].fault[:35], "The row contains damaged characters"
        )
