"""Searches of messages that need SQL of their own, so that indexes find the rows."""

import re

from odoo import fields
from odoo.tools import SQL

from ...tools.msisdn import e164
from ..recipients.phone import read_phone
from .outcomes import condition_of

#: What people write between the digits of a number.
_NUMBER_MARKS = re.compile(r"[-+.()\s]")


def find_phone(env, operator, value):
    """The domain of a search for a number: by the whole of it, however it is written,
    or by its last digits. Anything else is searched in what was received instead of a
    number.
    """
    if operator in ("=", "in"):
        values = [value] if operator == "=" else value
        conditions = [_ends_with(one or "", whole=True) for one in values]
        return fields.Domain.OR(conditions)
    if operator != "ilike" or not isinstance(value, str):
        return NotImplemented
    if number := read_phone(value, env.company).number or e164(value):
        return _ends_with(number, whole=True)
    digits = _NUMBER_MARKS.sub("", value)
    if digits.isdecimal():
        return _ends_with(digits)
    return _is_unreadable() & fields.Domain("phone_raw", "ilike", value)


def has_outcome(outcome):
    """The domain of the messages with this outcome, in the words of their index."""

    def to_sql(_model, alias, _query):
        return SQL(condition_of(outcome, alias))  # pylint: disable=sql-injection

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: message.outcome == outcome
    )


def _is_unreadable():
    """The domain of the messages without MSISDN, in the words of their index: the ORM's
    own condition would also cover empty texts."""

    def to_sql(_model, alias, _query):
        return SQL("%s IS NULL", SQL.identifier(alias, "msisdn"))

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: not message.msisdn
    )


def _ends_with(digits, *, whole=False):
    """The domain of the messages whose MSISDN ends so, or is this one."""
    found = SQL("= %s", digits[::-1]) if whole else SQL("LIKE %s", digits[::-1] + "%")

    def to_sql(_model, alias, _query):
        return SQL("reverse(%s) %s", SQL.identifier(alias, "msisdn"), found)

    def is_found(message):
        number = message.msisdn or ""
        return number == digits if whole else number.endswith(digits)

    return fields.Domain.custom(to_sql=to_sql, predicate=is_found)
