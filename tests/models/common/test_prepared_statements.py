"""Statements that are planned once, on connections that others use afterwards."""

from contextlib import contextmanager

import psycopg2

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ....models.common.prepared_statements import PreparedStatements


@tagged("-at_install", "post_install")
class TestPreparedStatements(TransactionCase):
    def setUp(self):
        super().setUp()
        self.statements = PreparedStatements()

    # === STEPS ===
    @contextmanager
    def connect(self):
        """A connection of its own."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            yield cr
            self.statements.forget(cr)

    def add(self, cr, *values):
        statement = self.statements.prepare(
            cr, "add", lambda: SQL("SELECT $1::int + $2::int, %s", "100 %"), values
        )
        cr.execute(statement)
        return cr.fetchone()

    def count_names(self, cr):
        count = SQL("SELECT count(*) FROM pg_prepared_statements")
        cr.execute(self.statements.prepare(cr, "count", lambda: count))
        return cr.fetchone()[0]

    def read_plans(self, cr):
        """:return: list of (plans that were made anew, uses of the one that is kept)"""
        cr.execute(
            """SELECT custom_plans, generic_plans FROM pg_prepared_statements
                WHERE name LIKE 'sms_gateway_%' ORDER BY prepare_time"""
        )
        return cr.fetchall()

    # === TESTS ===
    def test_values_change_and_the_plan_is_kept(self):
        with self.connect() as cr:
            for number in range(7):
                self.assertEqual(self.add(cr, number, 1), (number + 1, "100 %"))
            self.assertEqual(self.read_plans(cr), [(0, 7)])

    def test_statements_without_values(self):
        with self.connect() as cr:
            self.assertEqual(self.count_names(cr), 1)
            self.assertEqual(self.count_names(cr), 1)

    def test_several_statements(self):
        with self.connect() as cr:
            self.add(cr, 1, 2)
            self.assertEqual(self.count_names(cr), 2)

    def test_they_outlive_a_transaction_that_failed(self):
        with self.connect() as cr:
            self.add(cr, 1, 2)
            cr.rollback()
            self.assertEqual(self.add(cr, 3, 4), (7, "100 %"))
            self.assertEqual(len(self.read_plans(cr)), 1)

    def test_another_connection_has_its_own(self):
        with self.connect() as cr, self.connect() as other:
            self.assertEqual(self.add(cr, 1, 2), (3, "100 %"))
            self.assertEqual(self.add(other, 1, 2), (3, "100 %"))

    def test_two_owners_share_a_connection(self):
        with self.connect() as cr:
            self.add(cr, 1, 2)
            other = PreparedStatements()
            cr.execute(other.prepare(cr, "add", lambda: SQL("SELECT $1::int"), [9]))
            self.assertEqual(cr.fetchone(), (9,))
            self.assertEqual(self.add(cr, 1, 2), (3, "100 %"))
            other.forget(cr)

    def test_the_connection_is_left_as_it_was(self):
        with self.connect() as cr:
            self.add(cr, 1, 2)
            self.assertEqual(self.count_names(cr), 2)
            self.statements.forget(cr)
            self.assertEqual(self.read_plans(cr), [])
            cr.execute("SHOW plan_cache_mode")
            self.assertEqual(cr.fetchone(), ("auto",))

    def test_where_nothing_was_run_nothing_is_forgotten(self):
        with self.connect() as cr:
            cr.execute("SET plan_cache_mode = force_custom_plan")
            self.statements.forget(cr)
            cr.execute("SHOW plan_cache_mode")
            self.assertEqual(cr.fetchone(), ("force_custom_plan",))

    def test_a_transaction_that_failed_hides_nothing(self):
        """What went wrong is told, not that nothing more can be executed."""
        with self.assertRaises(psycopg2.errors.DivisionByZero), self.connect() as cr:
            self.add(cr, 1, 2)
            try:
                cr.execute("SELECT 1 / 0", log_exceptions=False)
            finally:
                self.statements.forget(cr)
