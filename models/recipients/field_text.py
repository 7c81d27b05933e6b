"""Fields of records as people write them, in the language of the record's context."""

from odoo import fields
from odoo.tools import format_amount, format_date
from odoo.tools.misc import format_time, formatLang

#: Fields that can be written into a text.
TEXT_FIELD_TYPES = (
    "char",
    "text",
    "selection",
    "integer",
    "float",
    "monetary",
    "date",
    "datetime",
    "many2one",
)
#: A number is written even when it is nothing.
_NUMBERS = ("integer", "float", "monetary")
#: Decimals of a fraction for which its field names none.
_MAX_DECIMALS = 6


def is_text_field(model, field):
    """Whether texts may use this field: it is readable for the user, and as text."""
    return field.type in TEXT_FIELD_TYPES and model._has_field_access(field, "read")


def format_field(record, name):
    """A field's value as people write it, in the language and time zone of the context.

    :raise AccessError: the user may not read the field or what it points to
    """
    field = record._fields.get(name)
    if field is None or not (record[name] or field.type in _NUMBERS):
        return ""
    return _FORMATS.get(field.type, _format_plainly)(record, field)


def _format_plainly(record, field):
    """Whole numbers too: a year or the number of an order is not split in thousands."""
    return str(record[field.name])


def _format_selection(record, field):
    labels = dict(field._description_selection(record.env))
    return labels.get(record[field.name], "")


def _format_float(record, field):
    """With the decimals of its field; a whole number has none."""
    digits = field.get_digits(record.env)
    return _format_number(record.env, record[field.name], digits and digits[1])


def _format_monetary(record, field):
    currency = record[field.get_currency_field(record)]
    value = record[field.name]
    if not currency:
        return _format_number(record.env, value, None)
    return format_amount(record.env, value, currency)


def _format_number(env, value, decimals):
    """:param decimals: None for as many as there are"""
    written = f"{value:.{_MAX_DECIMALS if decimals is None else decimals}f}"
    whole, _point, fraction = written.partition(".")
    if decimals is None:
        fraction = fraction.rstrip("0")
    places = len(fraction) if fraction.strip("0") else 0
    return formatLang(env, float(written), digits=places)


def _format_many2one(record, field):
    return record[field.name].display_name


def _format_date(record, field):
    return format_date(record.env, record[field.name])


def _format_datetime(record, field):
    """Date and time of day in the time zone of the context; nobody needs seconds."""
    moment = fields.Datetime.context_timestamp(record, record[field.name])
    clock = format_time(record.env, moment.timetz(), time_format="short")
    return f"{format_date(record.env, moment.date())} {clock}"


_FORMATS = {
    "selection": _format_selection,
    "float": _format_float,
    "monetary": _format_monetary,
    "many2one": _format_many2one,
    "date": _format_date,
    "datetime": _format_datetime,
}
