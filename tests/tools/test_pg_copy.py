"""What PostgreSQL reads is what was meant, whatever stands in a text."""

import io

from odoo.tests import TransactionCase, tagged

from ...tools.pg_copy import to_line


@tagged("-at_install", "post_install")
class TestCopyFormat(TransactionCase):
    def test_values_come_back_as_they_were(self):
        texts = [
            "plain",
            "",
            "\\N",
            "\\",
            "tab\tnew\nline\r\b",
            "Ёж\u00a0№ 1 😀",
            "\\.",
        ]
        self.env.cr.execute("CREATE TEMP TABLE texts (place int, text varchar)")
        lines = "".join(f"{to_line(pair)}\n" for pair in enumerate([*texts, None]))
        self.copy("texts", lines)
        self.env.cr.execute("SELECT text FROM texts ORDER BY place")
        self.assertEqual([text for (text,) in self.env.cr.fetchall()], [*texts, None])

    def test_booleans_and_numbers_are_read(self):
        self.env.cr.execute(
            "CREATE TEMP TABLE kinds (a bool, b bool, c int, d numeric)"
        )
        self.copy("kinds", to_line([True, False, 7, 0.5]) + "\n")
        self.env.cr.execute("SELECT a, b, c, d::float FROM kinds")
        self.assertEqual(self.env.cr.fetchone(), (True, False, 7, 0.5))

    def copy(self, table, lines):
        self.env.cr.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(lines))
