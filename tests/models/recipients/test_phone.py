"""Numbers of records: read with their country, as Odoo reads them, or not at all."""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from odoo import Command

from odoo.addons.crm_sms_gateway.models.recipients.phone import read_phone
from odoo.addons.crm_sms_gateway.models.recipients.reach import evaluate_reach
from odoo.addons.crm_sms_gateway.models.recipients.sms_gateway_recipient import (
    find_phones,
)

from ...common import GatewayCase

FORMS = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)


class TestPhone(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company

    def make_contact(self, phone, country=None, **values):
        return self.env["res.partner"].create(
            {
                "name": "Contact",
                "phone": phone,
                "country_id": country and self.env.ref(f"base.{country}").id,
                **values,
            }
        )

    def get_number(self, record):
        [phone] = find_phones(record, self.company)
        return phone.number or phone.reason

    def test_a_contact_is_read_with_its_own_country(self):
        for phone, country, number in (
            ("(917) 555-0123", "us", "+19175550123"),
            ("98765 43210", "in", "+919876543210"),
            ("050 123 45 67", "ua", "+380501234567"),
            ("8 029 123-45-67", "by", "+375291234567"),
            ("90 123 45 67", "uz", "+998901234567"),
            ("0151 23456789", "de", "+4915123456789"),
            ("0532 123 45 67", "tr", "+905321234567"),
            ("138 0013 8000", "cn", "+8613800138000"),
            ("7011234567", "kz", "+77011234567"),
        ):
            with self.subTest(phone=phone, country=country):
                contact = self.make_contact(phone, country)
                self.assertEqual(self.get_number(contact), number)
                self.assertEqual(contact.phone_sanitized, number)

    def test_without_a_country_it_is_the_companys(self):
        for phone in ("9161234567", "8 (916) 123-45-67", "+7 916 123 45 67"):
            with self.subTest(phone=phone):
                self.assertEqual(
                    self.get_number(self.make_contact(phone)), "+79161234567"
                )

    def test_where_the_country_says_otherwise_a_person_is_asked(self):
        for phone, country in (
            ("9161234567", "ua"),
            ("84951234567", "ua"),
            ("+8 (499) 123-45-67", "ru"),
            ("+8 (499) 123-45-67", None),
            ("+84991234567", "ru"),
        ):
            with self.subTest(phone=phone, country=country):
                contact = self.make_contact(phone, country)
                self.assertEqual(self.get_number(contact), "doubtful")

    def test_a_number_with_its_plus_is_doubted_by_the_own_country_only(self):
        for country in (None, "vn"):
            contact = self.make_contact("+84991234567", country)
            self.assertEqual(self.get_number(contact), "+84991234567")
        reading = read_phone("+84991234567", self.company)
        self.assertEqual(reading.number, "+84991234567")

    def test_a_contact_of_a_foreign_company_is_none_of_the_own_country(self):
        american = self.make_contact(False, "us", is_company=True)
        contact = self.make_contact("(917) 555-0123", parent_id=american.id)
        contact.country_id = False
        # Odoo reads it as Russian, the company says otherwise
        self.assertEqual(contact.phone_sanitized, "+79175550123")
        self.assertEqual(self.get_number(contact), "doubtful")

    def test_a_contact_that_was_read_in_another_country_is_asked_about(self):
        contact = self.make_contact("(917) 555-0123")
        contact.flush_recordset()
        self.company.country_id = self.env.ref("base.us")
        self.assertEqual(contact.phone_sanitized, "+79175550123")
        self.assertEqual(self.get_number(contact), "doubtful")

    def test_numbers_are_read_once_the_company_has_a_country(self):
        self.company.country_id = False
        contact = self.make_contact("8 (916) 123-45-67")
        self.assertEqual(self.get_number(contact), "no_country")
        self.company.country_id = self.env.ref("base.ru")
        self.assertFalse(contact.phone_sanitized)
        self.assertEqual(self.get_number(contact), "+79161234567")

    def test_a_lead_is_read_with_its_own_country_or_its_contacts(self):
        contact = self.make_contact("050 123 45 67", "ua")
        leads = self.env["crm.lead"].create(
            [
                {"name": "own", "phone": "98765 43210"},
                {"name": "contact's", "partner_id": contact.id},
            ]
        )
        leads[0].country_id = self.env.ref("base.in")
        self.assertEqual(self.get_number(leads[0]), "+919876543210")
        self.assertEqual(self.get_number(leads[1]), "+380501234567")

    def test_a_member_is_read_with_its_contacts_country_or_the_lists(self):
        contact = self.make_contact("(917) 555-0123", "us")
        people = self.env["sms.gateway.list"].create(
            {
                "name": "People",
                "member_ids": [
                    Command.create({"partner_id": contact.id}),
                    Command.create({"phone": "8 (916) 123-45-67"}),
                    Command.create({"phone": "8916000010.0"}),
                    Command.create({"phone": "+84991234567"}),
                ],
            }
        )
        members = people.member_ids.sorted("id")
        self.assertEqual(
            members.mapped("display_phone"),
            ["+19175550123", "+79161234567", False, "+84991234567"],
        )
        self.assertEqual(
            members.mapped("reach"),
            ["reachable", "reachable", "invalid_number", "reachable"],
        )

    def test_members_are_read_by_as_many_statements_however_many(self):
        contacts = self.env["res.partner"].create(
            [{"name": "n", "phone": f"8916123{n:04}"} for n in range(30)]
        )
        lines = [Command.create({"partner_id": one.id}) for one in contacts]
        people = self.env["sms.gateway.list"].create(
            {"name": "People", "member_ids": lines}
        )
        self.env.flush_all()
        counts = []
        members = self.env["sms.gateway.list.member"]
        for limit in (5, 5, 30):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            members.search([("list_id", "=", people.id)], limit=limit).mapped("reach")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_a_number_on_odoos_blacklist_is_not_reachable(self):
        contact = self.make_contact("(917) 555-0123", "us")
        contact._phone_set_blacklisted()
        phones = find_phones(contact, self.company)
        self.assertEqual(
            evaluate_reach(self.env, phones), [("+19175550123", "opted_out")]
        )

    def test_what_drops_digits_is_refused(self):
        for phone, reason in (
            ("8916000010.0", "digits_lost"),
            ("7.9161E+10", "digits_lost"),
            ("+79160000131, +79160000132", "several"),
        ):
            with self.subTest(phone=phone):
                self.assertEqual(self.get_number(self.make_contact(phone)), reason)

    def test_an_extension_is_read_as_odoo_reads_it(self):
        contact = self.make_contact("+7 916 000-00-10 доб. 5")
        self.assertEqual(self.get_number(contact), "+79160000010")
        self.assertEqual(contact.phone_sanitized, "+79160000010")

    def test_contacts_of_every_country_are_read_as_odoo_reads_them(self):
        countries = self.env["res.country"].search([])
        examples = [
            (phonenumbers.format_number(number, form), country)
            for country in countries
            for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
            if (number := phonenumbers.example_number_for_type(country.code, kind))
            for form in FORMS
        ]
        self.assertGreater(len(examples), 800)
        contacts = self.env["res.partner"].create(
            [
                {"name": phone, "phone": phone, "country_id": country.id}
                for phone, country in examples
            ]
        )
        for contact, phone in zip(
            contacts, find_phones(contacts, self.company), strict=True
        ):
            self.assertEqual(
                phone.number, contact.phone_sanitized or None, contact.name
            )

    def test_as_many_statements_read_however_many(self):
        contacts = self.env["res.partner"].create(
            [{"name": "n", "phone": f"8916123{n:04}"} for n in range(50)]
        )
        contacts[::2].country_id = self.env.ref("base.ru")
        self.env.flush_all()
        counts = []
        for some in (contacts[:10], contacts[:10], contacts):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            find_phones(some, self.company)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])


class TestSend(GatewayCase):
    """The number that Odoo knows is the number that gets the message."""

    def test_contacts_of_six_countries_get_their_messages(self):
        contacts = self.env["res.partner"].create(
            [
                {"name": name, "phone": phone, "country_id": self.env.ref(country).id}
                for name, phone, country in (
                    ("Russian", "8 (916) 123-45-67", "base.ru"),
                    ("American", "(917) 555-0123", "base.us"),
                    ("Indian", "98765 43210", "base.in"),
                    ("German", "0151 23456789", "base.de"),
                    ("Uzbek", "90 123 45 67", "base.uz"),
                    ("Kazakh", "7011234567", "base.kz"),
                )
            ]
        )
        draft = self.env["sms.gateway.campaign"].create(
            {
                "route_id": self.route.id,
                "recipient_source": "selection",
                "text_neutral": "Здравствуйте!",
            }
        )
        draft._snapshot_recipients([("res.partner", [("id", "in", contacts.ids)])])
        draft.action_send()
        self.assertEqual(
            set(self.get_messages(draft).mapped("msisdn")),
            set(contacts.mapped("phone_sanitized")),
        )
