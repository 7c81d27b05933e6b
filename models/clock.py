"""The clock that all hosts share: the database's.

A moment that one host keeps and another compares with is told by it on both sides; the
clocks of the hosts may differ by seconds.
"""

from odoo.tools import SQL


def at_statement():
    """SQL of the naive UTC moment at which the statement began: an index finds what
    lies before it."""
    return _tell("statement_timestamp")


def at_row():
    """SQL of the naive UTC moment at which the row is written, after any wait for
    whoever held it: seen in the order in which the row's changes are made."""
    return _tell("clock_timestamp")


def _tell(function):
    return SQL("(%s() AT TIME ZONE 'UTC')", SQL(function))
