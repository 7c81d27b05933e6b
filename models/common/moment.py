"""Moments and time spans in the words and the time zone of the reader."""

from babel.dates import format_timedelta
from babel.units import format_unit

from odoo.tools import format_datetime
from odoo.tools.misc import babel_locale_parse

#: "30 Nov 2026, 23:40", in the order and the words of the reader's language.
_FORMAT = "d MMM y, HH:mm"


def say_moment(env, moment):
    """A moment as the reader's clock tells it, with the name of the time zone.

    :param moment: naive UTC datetime
    """
    zone = str(env.tz)
    words = format_datetime(env, moment, tz=zone, dt_format=_FORMAT)
    return f"{words} ({zone})"


def say_span(env, span, **options):
    """A time span to the minute, such as "7 minutes" or "2 days".

    :param options: of `babel.dates.format_timedelta`
    """
    options["locale"] = babel_locale_parse(env.lang or "en_US")
    return format_timedelta(span, granularity="minute", **options)


def say_days(env, count):
    """A number of days, such as "1 day" or "30 days"."""
    locale = babel_locale_parse(env.lang or "en_US")
    return format_unit(count, "duration-day", locale=locale)
