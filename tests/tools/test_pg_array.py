"""What PostgreSQL reads is what was meant, whatever stands in a text."""

from odoo.tests import TransactionCase, tagged

from ...tools.pg_array import to_array


@tagged("-at_install", "post_install")
class TestArrayFormat(TransactionCase):
    def read(self, values, kind):
        self.env.cr.execute(f"SELECT %s::{kind}[]", [to_array(values)])
        return self.env.cr.fetchone()[0]

    def test_texts_come_back_as_they_were(self):
        texts = [
            "plain",
            "",
            "NULL",
            "null",
            None,
            "{a,b}",
            'a "word", another',
            "\\",
            "\\N",
            '\\"',
            " two  blanks ",
            "tab\tnew\nline\r\b",
            "Ёж\u00a0№ 1 😀",
        ]
        self.assertEqual(self.read(texts, "varchar"), texts)

    def test_numbers_booleans_and_nothing_are_read(self):
        self.assertEqual(self.read([1, None, -7], "int"), [1, None, -7])
        self.assertEqual(self.read([True, False], "boolean"), [True, False])
        self.assertEqual(self.read([], "int"), [])
