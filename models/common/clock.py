"""The clock that all hosts share: the database's.

A moment that one host keeps and another compares with is told by it on both sides; the
clocks of the hosts may differ by seconds. Statements ask it (`at_statement`, `at_row`);
a host that has to name a moment by itself knows by how much its own clock differs
(`keep_in_step`, `now`).
"""

import time
from datetime import datetime, timedelta, timezone

from odoo.tools import SQL

#: A host measures anew after so many seconds, by how much its clock differs.
KEPT_SECONDS = 60


class _Host:
    """What this process knows of its host's clock."""

    def __init__(self):
        self.behind = timedelta()
        self.measured_at = None

    @property
    def must_measure(self):
        return (
            self.measured_at is None
            or abs(time.monotonic() - self.measured_at) > KEPT_SECONDS
        )


_host = _Host()


def keep_in_step(cr):
    """Measure, if it was long ago, by how much this host's clock is behind the
    database's; the figure is wrong by half the way there and back at most.

    Everything that accepts, sends or asks begins with it: what it writes is compared
    by other hosts.
    """
    if _host.must_measure:
        _host.behind = _measure(cr)
        _host.measured_at = time.monotonic()


def now():
    """The moment in UTC, naive, by the database's clock, with microseconds: turns
    between campaigns need them."""
    return _tell_own() + _host.behind


def this_second():
    """As `now`, to the second, as Odoo's own fields keep it."""
    return now().replace(microsecond=0)


def to_sql(moment):
    """A naive UTC datetime as the text PostgreSQL reads."""
    return moment.isoformat(sep=" ")


def after(seconds):
    """The moment so many seconds from now, None for None."""
    return None if seconds is None else to_sql(now() + timedelta(seconds=seconds))


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


def _tell_own():
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _measure(cr):
    """:return: timedelta by which this host's clock is behind the database's"""
    asked_at = _tell_own()
    cr.execute(SQL("SELECT %s", at_row()))
    [told] = cr.fetchone()
    answered_at = _tell_own()
    return told - (asked_at + (answered_at - asked_at) / 2)
