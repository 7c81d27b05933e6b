"""One row of a file, read as a recipient."""

from dataclasses import replace

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.country_names import find_countries
from odoo.addons.crm_sms_gateway.tools.importing.rows import (
    Column,
    RejectedRow,
    Rules,
    read_row,
    write_phone,
)

RULES = Rules(
    channel="sms",
    country="RU",
    takes_first=False,
    languages={"русский": "ru_RU", "ru": "ru_RU", "en": "en_US"},
    countries=find_countries(["de"]),
)
NO_COUNTRY = replace(RULES, country=None)
PHONE_KEYS = {"phone", "name"}


class TestRow(BaseCase):
    def read(self, *, rules=RULES, **cells):
        columns = [
            Column(index, "value" if target.startswith("x_") else target, target)
            for index, target in enumerate(cells)
        ]
        return read_row(list(cells.values()), columns, rules)

    def assert_rejected(self, reason, *, rules=RULES, **cells):
        with self.assertRaises(RejectedRow) as caught:
            self.read(rules=rules, **cells)
        self.assertEqual(caught.exception.reason, reason)

    def test_a_row_is_a_recipient(self):
        recipient = self.read(
            phone="8 (916) 123-01-01",
            name="Лебедева Анна",
            gender="Ж",
            lang="Русский",
            note="VIP",
            x_order="15",
            x_empty="",
        )
        self.assertEqual(
            recipient.fields,
            {
                "phone": "+79161230101",
                "name": "Лебедева Анна",
                "gender": "female",
                "lang": "ru_RU",
                "note": "VIP",
            },
        )
        self.assertEqual(recipient.values, {"x_order": "15"})
        self.assertEqual(recipient.not_understood, ())

    def test_genders_are_read_in_both_languages(self):
        for word in ("м", "Муж.", "мужской", "M", "male"):
            self.assertEqual(
                self.read(phone="89161230101", gender=word).fields["gender"], "male"
            )
        for word in ("ж", "жен", "Женский", "F", "Female"):
            self.assertEqual(
                self.read(phone="89161230101", gender=word).fields["gender"], "female"
            )

    def test_what_is_not_understood_is_told_and_not_guessed(self):
        recipient = self.read(phone="89161230101", gender="?", lang="клингонский")
        self.assertEqual(recipient.not_understood, ("gender", "lang"))
        self.assertFalse({"gender", "lang"} & recipient.fields.keys())

    def test_the_full_name_is_put_together_of_its_parts(self):
        recipient = self.read(
            phone="89161230101", first_name="Анна", last_name="Лебедева"
        )
        self.assertEqual(recipient.fields["name"], "Лебедева Анна")

    def test_rejected_rows_say_why(self):
        self.assert_rejected("no_number", phone="", name="Анна")
        self.assert_rejected("no_number", name="Анна")
        self.assert_rejected("unreadable", phone="спросить")
        self.assert_rejected("unreadable", phone="#Н/Д")
        self.assert_rejected("several", phone="89161230101, 89161230102")
        self.assert_rejected("several", phone="+79160000133/34")
        self.assert_rejected("digits_lost", phone="7,91612E+10")
        self.assert_rejected("no_country", phone="89161230101", rules=NO_COUNTRY)
        self.assert_rejected("not_possible", phone="+79991")
        self.assert_rejected("not_mobile", phone="+7 495 123-45-67")
        self.assert_rejected("too_long", phone="89161230101", note="x" * 1001)
        self.assert_rejected("bad_character", phone="89161230101", note="a\0")

    def test_landlines_can_be_called(self):
        recipient = self.read(
            phone="+7 495 123-45-67", rules=replace(RULES, channel="voice")
        )
        self.assertEqual(recipient.fields["phone"], "+74951234567")

    def test_the_first_mobile_number_of_several_is_taken_where_that_is_wanted(self):
        rules = replace(RULES, takes_first=True)
        for cell in ("+79161230101, +79161230102", "+7 495 000-00-00, 8 916 123-01-01"):
            recipient = self.read(phone=cell, rules=rules)
            self.assertEqual(recipient.fields["phone"], "+79161230101")

    def test_fractions_of_other_programs_are_numbers(self):
        for cell in ("79161230101.0", "9161230101.0"):
            recipient = self.read(phone=cell)
            self.assertEqual(recipient.fields["phone"], "+79161230101")

    def test_the_other_number_is_for_where_the_first_is_missing(self):
        recipient = self.read(phone="", other_phone="89161230102")
        self.assertEqual(recipient.fields["phone"], "+79161230102")
        recipient = self.read(phone="89161230101", other_phone="89161230102")
        self.assertEqual(recipient.fields["phone"], "+79161230101")
        self.assert_rejected("unreadable", phone="нет", other_phone="89161230102")

    def test_a_row_is_read_with_its_own_country(self):
        for country in ("Германия", "Germany", "Deutschland", "de", "DEU", ""):
            rules = replace(RULES, country="RU" if country else "DE")
            recipient = self.read(phone="0151 23456789", country=country, rules=rules)
            with self.subTest(country):
                self.assertEqual(recipient.fields["phone"], "+4915123456789")
                self.assertEqual(
                    (recipient.fields.keys(), recipient.not_understood),
                    (PHONE_KEYS, ()),
                )

    def test_a_country_that_is_not_understood_is_not_replaced(self):
        self.assert_rejected(
            "unknown_country", phone="89161230101", country="Тридевятое"
        )
        recipient = self.read(phone="+79161230101", country="Тридевятое")
        self.assertEqual(recipient.fields["phone"], "+79161230101")
        self.assertEqual(recipient.not_understood, ("country",))

    def test_failed_formulas_are_no_data(self):
        recipient = self.read(
            phone="89161230101", name="#ССЫЛКА!", x_a="#N/A", x_b="Err:502", x_c="#1"
        )
        self.assertEqual(recipient.fields["name"], "")
        self.assertEqual(recipient.values, {"x_c": "#1"})
        self.assertEqual(recipient.not_understood, ("formula",) * 3)

    def test_an_apostrophe_before_a_number_is_a_spreadsheets(self):
        self.assertEqual(
            self.read(phone="'+79161230101").fields["phone"], "+79161230101"
        )

    def test_cells_that_a_short_row_lacks_are_empty(self):
        columns = [Column(0, "phone"), Column(5, "name")]
        recipient = read_row(["89161230101"], columns, RULES)
        self.assertEqual(recipient.fields["name"], "")

    def test_numbers_are_shown_so_that_a_person_can_compare_them(self):
        self.assertEqual(write_phone("+79161230101"), "+7 916 123-01-01")
