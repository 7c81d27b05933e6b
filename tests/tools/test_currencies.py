"""Codes of currencies."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.currencies import to_current_code


class TestCodes(BaseCase):
    def test_the_rouble_of_before_1998_is_that_of_today(self):
        self.assertEqual(to_current_code("RUR"), "RUB")

    def test_others_stay(self):
        for code in ("RUB", "USD", ""):
            self.assertEqual(to_current_code(code), code)
