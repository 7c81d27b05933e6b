"""A second file changes what the first one brought."""

from .common import ImportCase


class TestUpdates(ImportCase):
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
        self.assertEqual(one.summary, "Recipients that will be updated: 2")
        params = one.action_import()["params"]
        self.assertEqual(params["message"], "Rows added: 1, updated: 1, unchanged: 1.")
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
