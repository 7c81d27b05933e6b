"""The text and the values that a sentence came of."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.tools.read_back import fill, find_text, read_back


class TestReadBack(BaseCase):
    @given(st.text(), st.text())
    def test_what_was_written_in_is_read_back(self, server, why):
        text = "TLS handshake with {server} (1.3*) failed: {why}"
        said = text.format(server=server, why=why)
        values = read_back(text, said)
        self.assertEqual(text.format(**values), said)

    def test_another_text_is_not_read(self):
        self.assertIsNone(read_back("{server} refused the connection", "No money"))
        self.assertIsNone(read_back("Line {line} or {line}", "Line 1 or 2"))

    def test_a_value_that_was_left_out_is_empty(self):
        self.assertEqual(read_back("The field {path} is", "The field is"), {"path": ""})

    def test_the_text_is_found_among_others(self):
        texts = ("No money", "{server} refused the connection")
        self.assertEqual(
            find_text(texts, "[::1]:80 refused the connection"),
            (texts[1], {"server": "[::1]:80"}),
        )
        self.assertIsNone(find_text(texts, "Blocked"))

    def test_a_translation_is_filled_by_names_alone(self):
        text = "{server.__class__} {server} {unknown}{0}"
        self.assertEqual(fill(text, {"server": "{why}"}), "{server.__class__} {why} ")
