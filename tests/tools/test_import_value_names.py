"""Names by which texts use further columns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.importing.value_names import is_name, make_names
from odoo.addons.crm_sms_gateway.tools.template import compile_template


class TestNames(BaseCase):
    def test_names_are_latin_and_each_column_has_its_own(self):
        self.assertEqual(
            make_names(["Номер заказа", "Сумма, ₽", "сумма", "Order №"], {"summa"}),
            ["nomer_zakaza", "summa_rub", "summa_2", "order_n"],
        )

    def test_headers_without_letters_get_a_name(self):
        self.assertEqual(
            make_names(["", "2026", "not"], ()), ["column", "column_2026", "column_not"]
        )

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.text()))
    def test_every_name_can_be_used_in_a_text(self, headers):
        names = make_names(headers, ())
        self.assertEqual(len(set(names)), len(headers))
        for name in names:
            self.assertTrue(is_name(name))
            template = compile_template(f"{{{{ {name} }}}}", names)
            self.assertEqual(template.render({name: "x"}), "x")

    def test_bad_names_are_told(self):
        for name in ("", "a b", "2", "сумма", "_a", "True", "true", "a" * 64, "a\n"):
            with self.subTest(name):
                self.assertFalse(is_name(name))
