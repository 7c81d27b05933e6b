from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.hosts import is_own_host, read_host

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
