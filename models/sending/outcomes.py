"""Outcomes: what became of a message, in the words of people.

States tell where a message is, outcomes whether the provider ever had it: a message
without a number and one that the operator refused are both ``failed``.
"""

from functools import cache

from odoo.tools import SQL

from ...tools.vocabulary import OUTCOMES, WAITING_STATES
from ..common.sql_values import list_words

#: Among what failed and expired: the provider provably never had it. Bad recipients
#: are not attempted; our own clock lets nothing expire that may have been sent;
#: attempts are exhausted when none of them reached the provider.
_NEVER_HAD = (
    "{m}submitted_at IS NULL AND {m}maybe_sent IS NOT TRUE"
    " AND ({m}state = 'expired' OR {m}attempts = 0"
    " OR {m}failure_type = 'attempts_exhausted')"
)
#: Outcome → condition of a message's columns; indexes have it to the letter.
_CONDITIONS = {
    "waiting": "{m}state IN " + list_words(WAITING_STATES),
    "submitted": "{m}state = 'submitted'",
    "unknown": "{m}state = 'unknown'",
    "delivered": "{m}state = 'delivered'",
    "not_delivered": (
        "{m}state IN ('failed', 'expired') AND (" + _NEVER_HAD + ") IS NOT TRUE"
    ),
    "not_sent": (
        "({m}state = 'cancelled'"
        " OR {m}state IN ('failed', 'expired') AND " + _NEVER_HAD + ")"
    ),
}
#: Outcome → the colour that the web client shows it in.
TONES = {
    "waiting": "secondary",
    "submitted": "info",
    "unknown": "warning",
    "delivered": "success",
    "not_delivered": "danger",
    "not_sent": "secondary",
}


@cache
def condition_of(outcome, alias=""):
    """The SQL text of the condition that a message has this outcome.

    :param alias: of the row with the message's columns, when it has one
    """
    return _CONDITIONS[outcome].format(m=f"{alias}." if alias else "")


@cache
def outcome_of(alias):
    """The outcome of a row with a message's columns ``state``, ``failure_type``,
    ``submitted_at``, ``maybe_sent`` and ``attempts``.

    :rtype: SQL
    """
    cases = " ".join(
        f"WHEN {condition_of(outcome, alias)} THEN '{outcome}'" for outcome in OUTCOMES
    )
    return SQL(f"CASE {cases} END")  # pylint: disable=sql-injection
