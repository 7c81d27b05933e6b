"""Warnings of routes in the reader's language: what is wrong, and what to do."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from odoo.tools import LazyTranslate, format_date
from odoo.tools.translate import LazyGettext

from ..common.moment import say_moment, say_span
from ..sending.reasons import say_words

_lt = LazyTranslate(__name__)

#: kind of a warning → its label
KINDS = [
    ("balance_low", "Balance low"),
    ("route_down", "Route down"),
    ("queue_old", "Old messages in the queue"),
    ("no_reports", "No delivery reports"),
    ("delivery_drop", "Fewer messages delivered"),
    ("fallback_works", "Fallback in use"),
]


class WarningText(NamedTuple):
    """What a person reads about a kind of warnings: what to do, and that it is over."""

    remedy: LazyGettext
    over: LazyGettext


OF_KIND = {
    "balance_low": WarningText(
        _lt("Top up the account at the provider."),
        _lt("The balance is above the threshold."),
    ),
    "route_down": WarningText(
        _lt("Remove the cause, test the connection, then resume the route."),
        _lt("The route may send again."),
    ),
    "queue_old": WarningText(
        _lt(
            "Compare the length of the queue with the route's throughput. Messages"
            " whose validity period ends in the queue expire."
        ),
        _lt("The queue is below the limit."),
    ),
    "no_reports": WarningText(
        _lt(
            "Check the webhook URL in the provider account, and whether the provider"
            " can reach it."
        ),
        _lt("The provider uses the webhook URL again."),
    ),
    "delivery_drop": WarningText(
        _lt("Look at the failure reasons in the statistics and ask the provider."),
        _lt("The share of delivered messages is above the limit."),
    ),
    "fallback_works": WarningText(
        _lt("Restore the first route. New messages return to it automatically."),
        _lt("The first route carries the messages again."),
    ),
}

#: code of a warning → its sentence, with the warning's parameters
OF_CODE = {
    "balance_low.ends": _lt("Balance low: %(amount)s, ends about %(ends_on)s"),
    "balance_low.steady": _lt(
        "Balance low: %(amount)s, lasts for more than a year at the present pace"
    ),
    "balance_low.empty": _lt("Balance used up: %(amount)s"),
    "balance_low.unknown": _lt(
        "Balance low: %(amount)s, not enough balances known for a forecast"
    ),
    "route_down.paused": _lt("The gateway has paused the route: %(reason)s"),
    "route_down.resting": _lt("Nothing is sent before %(until)s: %(reason)s"),
    "queue_old": _lt("The oldest due message has been waiting for %(age)s"),
    "no_reports": _lt("No delivery reports for %(age)s"),
    "no_reports.polled": _lt("No delivery reports for %(age)s, statuses are polled"),
    "delivery_drop": _lt(
        "Delivered: %(recent)s%% of the latest messages, %(before)s%% in the 7 days"
        " before"
    ),
    "fallback_works": _lt(
        "Policy “%(policy)s” sends through “%(fallback)s” because “%(first)s” is down"
    ),
}


def say_warning(env, code, params):
    """A warning as a sentence in the language of the environment.

    :param params: JSON values, see `_SAY`
    """
    values = {
        name: _SAY[name](env, value) if name in _SAY else value
        for name, value in (params or {}).items()
    }
    text = env._(OF_CODE[code])
    return text % values


def _say_day(env, value):
    return format_date(env, date.fromisoformat(value), date_format="d MMM")


def _say_moment(env, value):
    return say_moment(env, datetime.fromisoformat(value))


def _say_minutes(env, value):
    return say_span(env, timedelta(minutes=value))


def _say_reason(env, value):
    return say_words(env, value).rstrip(".") or "–"


#: parameter → function of the environment and the stored value
_SAY = {
    "ends_on": _say_day,
    "until": _say_moment,
    "age": _say_minutes,
    "reason": _say_reason,
}
