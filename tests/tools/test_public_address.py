"""Which addresses the world can reach, as far as their text tells."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.public_address import find_trouble, read_address


class TestRead(BaseCase):
    def test_addresses_are_read_as_links_begin(self):
        for text, address in (
            ("https://crm.example.com", "https://crm.example.com"),
            (" https://crm.example.com/ ", "https://crm.example.com"),
            ("https://example.com/odoo/", "https://example.com/odoo"),
            ("http://crm:8069", "http://crm:8069"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        ):
            with self.subTest(text):
                self.assertEqual(read_address(text), address)

    def test_what_is_no_address_is_none(self):
        for text in (
            "",
            "False",
            "crm.example.com",
            "ftp://crm.example.com",
            "https://",
            "https:///path",
            "https://a b.com",
            "https://user:secret@crm.example.com",
            "https://crm.example.com?db=a",
            "https://crm.example.com/#a",
            "https://crm.example.com:http",
            "https://crm.example.com:0",
            "https://crm.example.com:99999",
            "https://[::1",
            "https://<script>",
            "javascript:alert(1)",
            "https://" + "я" * 70 + ".рф",
            "https://" + "a" * 200 + ".com",
        ):
            with self.subTest(text):
                self.assertEqual(read_address(text), "")


class TestTrouble(BaseCase):
    def test_it_tells_why_strangers_cannot_use_it(self):
        for text, trouble in (
            ("https://crm.example.com", None),
            ("https://8.8.8.8", None),
            ("http://crm.example.com", "unencrypted"),
            ("", "missing"),
            (" ", "missing"),
            ("crm.example.com", "unreadable"),
            ("http://localhost:8069", "private"),
            ("https://127.0.0.1", "private"),
            ("https://10.0.0.5", "private"),
            ("https://192.168.1.7:8069", "private"),
            ("https://169.254.1.1", "private"),
            ("https://[::1]", "private"),
            ("https://[fd00::1]", "private"),
            ("https://odoo", "private"),
            ("https://crm.local", "private"),
            ("https://crm.company.lan", "private"),
        ):
            with self.subTest(text):
                self.assertEqual(find_trouble(text), trouble)
