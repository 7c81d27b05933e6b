"""Fields of records in texts: complete, in the reader's language and time zone."""

from datetime import date, datetime

from odoo.addons.crm_sms_gateway.models.recipients.field_text import format_field
from odoo.addons.crm_sms_gateway.models.recipients.sms_gateway_recipient import (
    find_people,
    read_person,
)
from odoo.addons.crm_sms_gateway.tools.spaces import to_plain_spaces

from ...common import GatewayCase


class TestFormatField(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env["res.lang"]._activate_lang("de_DE")
        cls.contact = cls.env["res.partner"].create({"name": "Anna"})
        cls.lead = cls.env["crm.lead"].create({"name": "Lead"})

    def fill(self, record, lang="ru_RU", tz="Europe/Moscow", **values):
        """Write one field, and return it as text with plain spaces."""
        [name] = values
        record.write(values)
        record.flush_recordset()
        text = format_field(record.with_context(lang=lang, tz=tz), name)
        return to_plain_spaces(text)

    def test_fractions_are_complete(self):
        for value, text in (
            (1234567.5, "1 234 567,5"),
            (125430.0, "125 430"),
            (0.1 + 0.2, "0,3"),
            (0.0, "0"),
            (-1.25, "-1,25"),
        ):
            with self.subTest(value=value):
                self.assertEqual(self.fill(self.lead, day_open=value), text)

    def test_fractions_have_the_decimals_of_their_field(self):
        self.assertEqual(self.fill(self.contact, partner_latitude=55.75), "55,7500000")
        self.assertEqual(self.fill(self.contact, partner_latitude=55.0), "55")

    def test_fractions_are_of_the_readers_language(self):
        for lang, text in (("en_US", "1,234.5"), ("de_DE", "1.234,5")):
            with self.subTest(lang=lang):
                self.assertEqual(self.fill(self.lead, lang, day_open=1234.5), text)

    def test_whole_numbers_are_written_in_full(self):
        self.assertEqual(self.fill(self.contact, color=2026), "2026")
        self.assertEqual(self.fill(self.contact, color=0), "0")

    def test_amounts_have_their_currency_and_decimals(self):
        currency = self.lead.company_currency
        for value, number in (
            (125430, "125 430,00"),
            (1234567.5, "1 234 567,50"),
            (0, "0,00"),
            (-5, "-5,00"),
        ):
            with self.subTest(value=value):
                text = self.fill(self.lead, expected_revenue=value)
                self.assertIn(number, text)
                self.assertIn(currency.symbol, text)

    def test_a_moment_is_told_in_the_readers_time_zone(self):
        moment = datetime(2026, 11, 28, 12, 30)
        for lang, tz, text in (
            ("ru_RU", "Europe/Moscow", "28.11.2026 15:30"),
            ("ru_RU", "Asia/Vladivostok", "28.11.2026 22:30"),
            ("en_US", "Asia/Tokyo", "11/28/2026 9:30 PM"),
            ("de_DE", "Europe/Berlin", "28.11.2026 13:30"),
        ):
            with self.subTest(lang=lang, tz=tz):
                self.assertEqual(self.fill(self.lead, lang, tz, date_open=moment), text)

    def test_a_day_is_the_same_everywhere(self):
        day = date(2026, 11, 28)
        for tz in ("Europe/Moscow", "America/Los_Angeles"):
            with self.subTest(tz=tz):
                text = self.fill(self.lead, "ru_RU", tz, date_deadline=day)
                self.assertEqual(text, "28.11.2026")

    def test_what_is_empty_is_nothing(self):
        for name in ("city", "country_id", "phone"):
            self.assertEqual(format_field(self.contact, name), "")
        self.assertEqual(format_field(self.lead, "date_closed"), "")


class TestContext(GatewayCase):
    """Language and time zone are the recipient's, or else the company's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env["res.lang"]._activate_lang("de_DE")
        cls.company = cls.env.company
        cls.company.partner_id.write({"lang": "ru_RU", "tz": "Asia/Yekaterinburg"})
        cls.lead = cls.env["crm.lead"].create(
            {"name": "Lead", "date_open": datetime(2026, 11, 28, 12, 30)}
        )

    def get_text(self, record, user=None):
        record = record.with_user(user or self.env.user)
        _person, row = read_person(record, ["date_open"], self.company)
        return row.values["date_open"]

    def test_it_is_the_contacts(self):
        self.lead.partner_id = self.env["res.partner"].create(
            {"name": "Hans", "lang": "de_DE", "tz": "Europe/Berlin"}
        )
        self.assertEqual(self.get_text(self.lead), "28.11.2026 13:30")

    def test_else_it_is_the_companys(self):
        self.assertEqual(self.get_text(self.lead), "28.11.2026 17:30")

    def test_else_it_is_the_gateways(self):
        self.company.partner_id.tz = False
        self.env["ir.config_parameter"].sudo().set_param(
            "crm_sms_gateway.time_zone", "Asia/Omsk"
        )
        self.assertEqual(self.get_text(self.lead), "28.11.2026 18:30")

    def test_it_is_the_same_whoever_runs_it(self):
        robot = self.env.ref("base.user_root")
        robot.tz = False
        self.env.user.tz = "America/New_York"
        self.assertEqual(self.get_text(self.lead, robot), self.get_text(self.lead))

    def test_the_language_of_texts_is_the_recipients_own(self):
        [person] = find_people(self.lead, self.company)
        self.assertIsNone(person.lang)
