"""Statements that PostgreSQL plans once and runs many times.

Messages have many indexes, and each of them is looked at whenever a statement on
messages is planned: for a few messages that takes as long as all the rest. See
PostgreSQL's documentation, "PREPARE".
"""

import itertools
from contextlib import suppress

import psycopg2

from odoo.tools import SQL

from .failed_statements import hidden_values

#: Connections are pooled, and keep what was prepared on them: no name comes twice.
_numbers = itertools.count(1)


class PreparedStatements:
    """Statements that are run again and again, each prepared when it is first run.

    Their values are ``$1::type``, ``$2::type`` … Whatever else they say is part of the
    plan, as it must be where an index has the same condition.
    """

    def __init__(self):
        #: (connection, kind of statement) → name
        self._names = {}

    def prepare(self, cr, kind, make_statement, values=()):
        """Make what runs a statement on the cursor's connection.

        :param kind: word that tells it from the others
        :param make_statement: function that returns the `SQL`, called when it is new
        :param values: in the order of their numbers
        :rtype: SQL
        """
        place = (cr.connection.get_backend_pid(), kind)
        if place not in self._names:
            self._names[place] = self._prepare(cr, kind, make_statement())
        if not values:
            return SQL("EXECUTE %s", self._names[place])
        given = SQL(", ").join(SQL("%s", value) for value in values)
        return SQL("EXECUTE %s (%s)", self._names[place], given)

    def _prepare(self, cr, kind, statement):
        # Values hardly change which plan is best: all follow the same indexes. Left to
        # itself, PostgreSQL goes on planning wherever it expects few rows.
        cr.execute("SET plan_cache_mode = force_generic_plan")
        name = SQL.identifier(f"sms_gateway_{kind}_{next(_numbers)}")
        cr.execute(SQL("PREPARE %s AS %s", name, statement))
        return name

    def forget(self, cr):
        """Let the connection forget them; one that broke has done so."""
        names, self._names = self._names, {}
        if not names:
            return
        with suppress(psycopg2.Error), hidden_values():
            pid = cr.connection.get_backend_pid()
            ends = [
                SQL("DEALLOCATE %s", name)
                for (its_pid, _kind), name in names.items()
                if its_pid == pid
            ]
            cr.execute(
                SQL("; ").join([*ends, SQL("RESET plan_cache_mode")]),
                log_exceptions=False,
            )
