"""Searches of messages that need SQL of their own, so that indexes find the rows."""

import re

from odoo import fields
from odoo.tools import SQL

from ...tools.msisdn import e164
from ..recipients.phone import read_phone
from .outcomes import condition_of

#: Records of one model that a search by name looks for, the newest.
MAX_NAMED = 1000
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


def find_recipient(env, operator, value):
    """The domain of a search for a recipient: by the number, whole or its last digits,
    or by the name of the record that the message went to, or of the only contact with
    the number of a message that names no record."""
    if operator != "ilike" or not isinstance(value, str):
        return NotImplemented
    if _NUMBER_MARKS.sub("", value).isdecimal():
        return find_phone(env, operator, value)
    named = dict(_find_named(env, value))
    if not named:
        return fields.Domain.FALSE
    queries = [_select_named(model_name, ids) for model_name, ids in named.items()]
    queries.append(_select_contacted(env, named.get("res.partner", ())))
    return fields.Domain("id", "in", SQL("(%s)", SQL(" UNION ").join(queries)))


def _select_named(model_name, ids):
    """The query of the messages that went to these records."""
    return SQL(
        """SELECT m.id FROM sms_gateway_recipient place
             JOIN sms_gateway_message m USING (campaign_id, index)
            WHERE place.res_model = %s AND place.res_id = ANY(%s)""",
        model_name,
        list(ids),
    )


def _select_contacted(env, ids):
    """The query of the messages without a record to the numbers of these contacts: see
    `find_only_contacts`."""
    env["res.partner"].flush_model(["phone_sanitized", "company_id", "active"])
    return SQL(
        """SELECT m.id FROM res_partner contact
             JOIN sms_gateway_message m
               ON reverse(m.msisdn) = reverse(contact.phone_sanitized)
            WHERE contact.id = ANY(%s::int[])
              AND COALESCE(contact.company_id, m.company_id) = m.company_id
              AND NOT EXISTS (
                  SELECT FROM sms_gateway_recipient place
                   WHERE place.campaign_id = m.campaign_id AND place.index = m.index)
              AND NOT EXISTS (
                  SELECT FROM res_partner other
                   WHERE other.phone_sanitized = contact.phone_sanitized
                     AND other.id <> contact.id AND other.active
                     AND COALESCE(other.company_id, m.company_id) = m.company_id)""",
        list(ids),
    )


def _find_named(env, name):
    """Yield (model name, ids) of the records with such a name that the user may read,
    the newest of them."""
    recipients = env["sms.gateway.recipient"].with_context(active_test=False)
    for model_name in {"res.partner", *recipients._find_models()}:
        records = recipients.env.get(model_name)
        if records is not None and records._auto and records.has_access("read"):
            named = [("display_name", "ilike", name)]
            ids = records.search(named, order="id desc", limit=MAX_NAMED).ids
            if ids:
                yield model_name, ids


def has_outcome(outcome):
    """The domain of the messages with this outcome, in the words of their index."""

    def to_sql(_model, alias, _query):
        return SQL(condition_of(outcome, alias))  # pylint: disable=sql-injection

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: message.outcome == outcome
    )


def lacks_number(alias):
    """The condition that a message was accepted without any number, not with a wrong
    one.

    :rtype: SQL
    """
    return SQL(
        "(%s = 'invalid_number' AND %s ->> 'reason' = 'absent') IS TRUE",
        SQL.identifier(alias, "failure_code"),
        SQL.identifier(alias, "failure_params"),
    )


def find_lacking(value):
    """The domain of the messages without any number, or (False) of the others."""

    def to_sql(_model, alias, _query):
        return SQL("%s = %s", lacks_number(alias), value)

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: message.lacks_number == value
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
