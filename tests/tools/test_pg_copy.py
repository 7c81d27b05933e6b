"""What PostgreSQL reads is what was meant, whatever stands in a text."""

import io

from odoo.tests import TransactionCase, tagged

from ...tools.pg_copy import LineFile, to_line


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

    def test_rows_are_a_file_of_which_any_number_of_characters_is_read(self):
        self.env.cr.execute("CREATE TEMP TABLE pairs (a int, b varchar)")
        rows = [(number, "x" * 10) for number in range(3000)]
        self.env.cr.copy_expert("COPY pairs FROM STDIN", LineFile(rows))
        self.env.cr.execute("SELECT a, b FROM pairs ORDER BY a")
        self.assertEqual(self.env.cr.fetchall(), rows)
        file = LineFile(rows[:2])
        self.assertEqual(file.read(3), "0\tx")
        self.assertEqual(len(file.read()), 23)
        self.assertEqual(file.read(), "")

    def copy(self, table, lines):
        self.env.cr.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(lines))
