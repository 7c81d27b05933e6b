from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.hosts import (
    encode_host,
    is_own_host,
    read_host,
)

NAMES = frozenset({"crm.example.com"})


class TestHosts(BaseCase):
    def test_the_name_is_read_without_port_and_case(self):
        for authority, host in (
            ("CRM.Example.com:8069", "crm.example.com"),
            ("crm.example.com.", "crm.example.com"),
            ("127.0.0.1:8069", "127.0.0.1"),
            ("[FC00::1]:8069", "fc00::1"),
            ("", ""),
        ):
            with self.subTest(authority=authority):
                self.assertEqual(read_host(authority), host)

    def test_what_no_stranger_can_own_is_ours(self):
        for authority in (
            "10.0.0.5",
            "127.0.0.1:8069",
            "[::1]:8069",
            "localhost",
            "odoo:8069",
            "crm.local",
            "gate.office.internal:80",
            "crm.example.com:8069",
            "CRM.EXAMPLE.COM.",
        ):
            with self.subTest(authority=authority):
                self.assertTrue(is_own_host(authority, NAMES))

    def test_other_names_are_strangers(self):
        for authority in (
            "evil.example.org",
            "crm.example.com.evil.org:8069",
            "example.com",
            "10.0.0.5.evil.org",
            "evil.local.org",
            "1.2.3",
        ):
            with self.subTest(authority=authority):
                self.assertFalse(is_own_host(authority, NAMES))


class TestEncoding(BaseCase):
    def test_names_are_encoded_as_browsers_do(self):
        for host, ascii_host in (
            ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
            ("ПРИМЕР.РФ", "xn--e1afmkfd.xn--p1ai"),
            ("faß.de", "xn--fa-hia.de"),
            ("fass.de", "fass.de"),
            ("βόλος.com", "xn--nxasmm1c.com"),
            ("βόλοσ.com", "xn--nxasmq6b.com"),
            ("क्\u200dष.com", "xn--11b2ezcw70k.com"),
            ("i❤.ws", "xn--i-7iq.ws"),
            ("☕.us", "xn--53h.us"),
            ("سلام.com", "xn--mgbx5cf.com"),
            ("example。com", "example.com"),
            ("bücher_x.de", "xn--bcher_x-n2a.de"),
            ("пример-.рф", "xn----itbiqngd.xn--p1ai"),
            ("a\u0301b.com", "xn--b-tfa.com"),
        ):
            with self.subTest(host):
                self.assertEqual(encode_host(host), ascii_host)

    def test_scripts_may_be_mixed_and_stay_apart(self):
        self.assertEqual(encode_host("аpple.com"), "xn--pple-43d.com")
        self.assertEqual(encode_host("apple.com"), "apple.com")

    def test_what_is_ascii_stays(self):
        for host in ("Example.COM", "_dmarc.example.com", "a--b.com", "a.b.", "::1"):
            with self.subTest(host):
                self.assertEqual(encode_host(host), host)

    def test_where_no_browser_goes_is_refused(self):
        for host in (
            "",
            "a..b",
            ".пример.рф",
            "a" * 64 + ".com",
            "я" * 63 + ".рф",
            "xn--ß.de",
            "нам\u200dи.рф",
            "👩\u200d💻.ws",
            "\u0301b.com",
            "סabc.com",
            "a\ufffdя.com",
        ):
            with self.subTest(host), self.assertRaises(ValueError):
                encode_host(host)
