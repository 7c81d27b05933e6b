"""Transactions of scheduled actions, which own theirs; requests do not.

Odoo's cursors are REPEATABLE READ: there SKIP LOCKED fails on rows that changed since
the snapshot. What claims, polls or folds begins a READ COMMITTED transaction instead.
"""

import time
from contextlib import contextmanager

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo.sql_db import Cursor

from . import clock

#: A scheduled action leaves after so many seconds, so that others get their turn.
TURN_SECONDS = 10


def begin(env):
    """Commit what was done and begin a transaction that sees every commit.

    A test's cursor lives inside one transaction, whose isolation cannot be changed.
    """
    clock.keep_in_step(env.cr)
    commit(env)
    if isinstance(env.cr, Cursor):
        env.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")


def commit(env):
    """Commit; the one place that does."""
    env.cr.commit()  # pylint: disable=invalid-commit


def commit_progress(env, processed=0, *, remaining=None):
    """Commit, and report to the scheduled action what was done and what is left.

    :return: seconds left for the scheduled action
    """
    return env["ir.cron"]._commit_progress(processed, remaining=remaining)


def get_deadline(env):
    """When a scheduled action has to leave, by the monotonic clock."""
    end = env.context.get("cron_end_time", float("inf"))
    return min(time.monotonic() + TURN_SECONDS, end)


@contextmanager
def between(env):
    """Query after a commit without beginning a transaction, which would have to be
    ended before the next one. Hooks that run after a commit do so, unless an earlier
    hook has begun one."""
    connection = env.cr.connection
    is_between = connection.get_transaction_status() == TRANSACTION_STATUS_IDLE
    if is_between:
        connection.autocommit = True
    try:
        yield
    finally:
        if is_between:
            connection.autocommit = False
