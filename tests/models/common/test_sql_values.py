"""Rows that a statement joins are those it was given."""

from odoo.tests import TransactionCase, tagged

from ....models.common.sql_values import select_rows

TYPES = {"id": "int", "name": "varchar", "count": "int", "is_good": "boolean"}


@tagged("-at_install", "post_install")
class TestRows(TransactionCase):
    def assert_read(self, *rows):
        found = self.env.execute_query_dict(select_rows(TYPES, rows))
        self.assertEqual([tuple(row[name] for name in TYPES) for row in found], [*rows])

    def test_rows_that_differ(self):
        self.assert_read((1, "a", 5, True), (2, None, None, False), (3, "{}", 6, None))

    def test_what_rows_have_in_common(self):
        self.assert_read((1, "a", None, True), (2, "a", None, True))

    def test_rows_that_are_alike(self):
        self.assert_read((1, "a", 5, True), (1, "a", 5, True))

    def test_one_row(self):
        self.assert_read((1, "a", 5, None))
