"""How profiles are told."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.benchmarks.profiles import (
    StatementSampler,
    format_statements,
    shorten,
)


class TestStatements(BaseCase):
    def test_statements_that_differ_in_values_only_are_one(self):
        first = "SELECT id\n FROM t WHERE a = 'x''y' AND id IN (1, 2, 3)"
        second = "SELECT id FROM t WHERE a = '' AND id IN (4, 5)"
        self.assertEqual(shorten(first).count("?…"), 1)
        self.assertEqual(shorten(second), "SELECT id FROM t WHERE a = ? AND id IN (?…)")

    def test_many_rows_become_one(self):
        rows = ", ".join(f"({number}, 'x', {number})" for number in range(500))
        self.assertEqual(
            shorten(f"INSERT INTO t VALUES {rows}"), "INSERT INTO t VALUES (?…)…"
        )

    def test_the_most_frequent_statement_comes_first(self):
        sampler = StatementSampler()
        sampler.statements.update({"SELECT a": 1, "SELECT b": 3})
        sampler.waits.update({"working": 3, "IO DataFileRead": 1})
        told = format_statements(sampler)
        self.assertIn("4 samples", told)
        self.assertIn(" 75.0%  SELECT b\n 25.0%  SELECT a", told)
