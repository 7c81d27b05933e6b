"""Moments in the words and the time zone of the reader."""

from odoo.tools import format_datetime

#: "30 Nov 2026, 23:40", in the order and the words of the reader's language.
_FORMAT = "d MMM y, HH:mm"


def say_moment(env, moment):
    """A moment as the reader's clock tells it, with the name of the time zone.

    :param moment: naive UTC datetime
    """
    zone = str(env.tz)
    words = format_datetime(env, moment, tz=zone, dt_format=_FORMAT)
    return f"{words} ({zone})"
