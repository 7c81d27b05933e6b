"""Filters as people save them, and the records that people select."""

from zoneinfo import ZoneInfo

from odoo import fields
from odoo.exceptions import ValidationError

from ...tools.filters import MAX_LENGTH, FilterError, Reader, read_filter

#: The web client cuts a selection at this number of records and sends its domain along.
ACTIVE_IDS_LIMIT = 20_000


def read_domain(model, text):
    """Read a filter as Odoo's domain editor saves it.

    :raise ValidationError: it is none, or not one of this model
    """
    env = model.env
    today = fields.Date.context_today(model)
    try:
        reader = Reader(env.uid, today, ZoneInfo(str(env.tz)))
        domain = fields.Domain(read_filter(text or "[]", reader))
        domain.validate(model)
    except FilterError as error:
        raise _make_unreadable(env, _explain_filter(env, error)) from error
    except Exception as error:
        raise _make_unreadable(env, error) from error
    return domain


def _make_unreadable(env, error):
    return ValidationError(env._("Invalid filter: %(error)s", error=error))


def _explain_filter(env, error):
    return {
        "syntax": env._("Enter a list of conditions, e.g. [('city', '=', 'Moscow')]."),
        "too_long": env._(
            "The filter has more than %(limit)s characters.", limit=MAX_LENGTH
        ),
        "too_complex": env._(
            "The filter has too many conditions or values, or is nested too deeply."
        ),
        "unknown_name": env._("Unknown name “%(name)s”.", name=error.detail),
        "not_allowed": env._(
            "“%(piece)s” is not a value, a list of values, a date or a time.",
            piece=error.detail,
        ),
        "out_of_range": env._("“%(piece)s” is out of range.", piece=error.detail),
    }[error.code]


def read_selection(context):
    """Find the records that a person selected in a list or form.

    :param context: the web client's
    :return: (model name, domain)
    """
    ids = context.get("active_ids") or []
    domain = [("id", "in", ids)]
    if len(ids) >= ACTIVE_IDS_LIMIT:
        domain = context.get("active_domain") or domain
    return context["active_model"], domain
