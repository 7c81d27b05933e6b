"""Full names, their parts, and what a second file changes."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.full_names import merge_recipient


class TestMerge(BaseCase):
    KNOWN = {
        "name": "Лебедева Анна Сергеевна",
        "first_name": "Анна",
        "last_name": "Лебедева",
        "patronymic": "Сергеевна",
        "gender": "female",
        "lang": "ru_RU",
        "note": "VIP",
    }

    def merge(self, known=KNOWN, **imported):
        return merge_recipient(known, imported)

    def test_empty_cells_replace_nothing(self):
        self.assertEqual(self.merge(name="", note=""), self.KNOWN)
        self.assertEqual(self.merge(), self.KNOWN)

    def test_what_is_there_replaces(self):
        merged = self.merge(note="new", lang="en_US")
        self.assertEqual(merged, {**self.KNOWN, "note": "new", "lang": "en_US"})

    def test_the_full_name_follows_its_parts(self):
        merged = self.merge(name="Соколова", last_name="Соколова")
        self.assertEqual(merged["name"], "Соколова Анна Сергеевна")
        self.assertEqual(merged["gender"], "female")

    def test_parts_that_a_new_full_name_lacks_go(self):
        merged = self.merge(name="Соколова Анна Петровна")
        self.assertEqual(
            [merged[part] for part in ("last_name", "first_name", "patronymic")],
            [None, "Анна", None],
        )

    def test_nobody_has_the_gender_of_the_number_s_former_owner(self):
        merged = self.merge(name="Ершов Лев")
        self.assertIsNone(merged["gender"])
        self.assertIsNone(merged["first_name"])
        merged = self.merge(name="Ершов Лев", gender="male")
        self.assertEqual(merged["gender"], "male")

    def test_a_full_name_without_parts_keeps_what_it_has(self):
        known = {**dict.fromkeys(self.KNOWN), "name": "Лебедева Анна"}
        self.assertEqual(
            self.merge(known, name="Анна", first_name="Анна")["name"], "Лебедева Анна"
        )
        self.assertEqual(
            self.merge(known, name="Ольга", first_name="Ольга")["name"], "Ольга"
        )
