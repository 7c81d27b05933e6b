"""Failed statements in the log: their names, not what was in them.

Odoo logs a statement that fails with all its values, PostgreSQL repeats rows in its
error, and whoever logs the error later repeats them once more. Among the values are
numbers, texts and passwords.
"""

import logging
import re
import sys
from contextlib import contextmanager

import psycopg2

#: Where Odoo logs them, and how its lines begin.
SQL_LOGGER = "odoo.sql_db"
_BAD_QUERY = "bad query: "
_ADDON = __package__.rsplit(".", 2)[0] + "."
#: the gateway's tables, whoever writes to them
_OUR_TABLE = re.compile(r"\bsms_gateway_\w+")
#: what a statement does: changing something, or else asking
_CHANGE = re.compile(
    r'\b(INSERT +INTO|UPDATE|DELETE +FROM)\s+(?!(?:OF|SET|SKIP|NOWAIT)\b)"?(\w+)',
    re.IGNORECASE,
)
_PREPARED = re.compile(r'^\s*(EXECUTE)\s+"?(\w+)')
_QUESTION = re.compile(r'\b(SELECT)\b.*?\bFROM\s+"?(\w+)', re.IGNORECASE | re.DOTALL)


class FailedStatementFilter(logging.Filter):
    """Takes the values out of statements of the gateway, and of their errors.

    The error itself is changed, too: it goes on to whoever called, and into their
    tracebacks. It keeps its class, its SQLSTATE and its diagnostics, which are what
    Odoo asks for.
    """

    def filter(self, record):
        """Override: let every line pass, changed where it has to be."""
        if not str(record.msg).startswith(_BAD_QUERY) or len(record.args or ()) != 2:
            return True
        statement, error = record.args
        caller = _find_caller()
        text = _decode(statement)
        if caller or _OUR_TABLE.search(text):
            hide_values(error)
            record.msg = "failed: %s%s: %s"
            record.args = (_name(text), caller and f" of {caller}", _describe(error))
        return True


@contextmanager
def hidden_values():
    """A block of what Odoo does not log by itself, such as COPY."""
    try:
        yield
    except psycopg2.Error as error:
        hide_values(error)
        raise


def hide_values(error):
    """Leave of an error of the database what kind it is."""
    if isinstance(error, psycopg2.Error):
        error.args = (_describe(error),)


def _describe(error):
    """The kind of an error, with the names of what it is about."""
    if not isinstance(error, psycopg2.Error):
        return type(error).__name__
    diagnostics = error.diag
    names = (
        diagnostics.table_name,
        diagnostics.column_name,
        diagnostics.constraint_name,
    )
    about = ", ".join(filter(None, (error.pgcode, *names)))
    return f"{type(error).__name__} ({about})" if about else type(error).__name__


def _name(statement):
    """What a statement does, and to which table first; or its own name."""
    found = (
        _PREPARED.search(statement)
        or _CHANGE.search(statement)
        or _QUESTION.search(statement)
    )
    return f"{found[1].split()[0].upper()} {found[2]}" if found else "statement"


def _decode(statement):
    if isinstance(statement, bytes):
        return statement.decode("utf-8", "replace")
    return str(statement)


def _find_caller():
    """The function of the addon that is at work, "" where Odoo works for others."""
    frame = sys._getframe(1)
    while frame:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_ADDON) and module != __name__:
            return f"{module.removeprefix(_ADDON)}.{frame.f_code.co_name}"
        frame = frame.f_back
    return ""


_logger = logging.getLogger(SQL_LOGGER)
if not any(
    type(one).__name__ == FailedStatementFilter.__name__ for one in _logger.filters
):
    _logger.addFilter(FailedStatementFilter())
