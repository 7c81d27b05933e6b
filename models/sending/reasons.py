"""Why a message did not arrive and what to do about it, in the reader's language.

Of the gateway's own reasons a code and parameters are stored, of a provider's its code
and words. Here they become what a person reads: the own reason in their language; for
a provider's, a reason of its failure type with the words beside it, as they are.
"""

import json
from functools import lru_cache
from typing import NamedTuple

from ...providers import PROVIDERS
from ...tools.bilingual import VARIANT_PARAMETERS, recognise, say
from ...tools.read_back import fill, find_text
from ...tools.template_texts import TEMPLATE_TEXTS
from .reason_texts import (
    CLIENT_CORRECTS,
    OF_CODE,
    OF_FAILURE_TYPE,
    OF_STATE,
    RESOLVED,
    SEND_ANEW,
)


class Explanation(NamedTuple):
    """A `Reason` in one language. ``words`` are what a provider or its adapter said,
    labelled, "" for nothing."""

    name: str
    text: str
    remedy: str
    words: str

    def __str__(self):
        return " ".join(filter(None, self[1:]))


class _Params(dict):
    def __missing__(self, name):
        return "…"


# === MESSAGES ===
def explain_message(message):
    """Why a message did not arrive, or not yet, for the reader of its environment.

    :param message: one `sms.gateway.message`
    :return: `Explanation`, None where there is nothing to explain
    """
    if message.state in ("submitting", "delivered"):
        return None
    if _is_own(message) and message.state in ("failed", "cancelled"):
        return _explain_own(message)
    reasons, key = _get_reasons_of_state(message)
    if key is None:
        return None
    return _explain(message.env, reasons, key, words=_label_words(message))


def _is_own(message):
    """Whether the gateway gave the reason; providers have the same codes."""
    return message.failure_params is not False


def _explain_own(message):
    params = message.failure_params
    key = _find_key(message.failure_code, params)
    # sudo: whoever reads a message may not read its campaign
    if params.get("path") == "text" and message.campaign_id.sudo().source == "odoo":
        key = "missing_field.odoo"
    explanation = _explain(message.env, OF_CODE, key, params)
    is_left_to_others = key == RESOLVED or OF_CODE[key].remedy is CLIENT_CORRECTS
    if message.state != "failed" or is_left_to_others:
        return explanation
    anew = message.env._(SEND_ANEW)
    return explanation._replace(remedy=f"{explanation.remedy} {anew}")


def explain_problem(env, problem):
    """Why a recipient cannot be served.

    :param problem: `tools.compose.Problem` of a record's message
    :rtype: Explanation
    """
    params = {"variant": "person", "path": problem.field, **problem.params}
    return _explain(env, OF_CODE, _find_key(problem.code, params), params)


def make_params(**params):
    """The parameters of an own reason, as they are stored."""
    return json.dumps(params)


def _find_key(code, params):
    """The closest key in `OF_CODE`."""
    variants = (f"{code}.{params.get(name)}" for name in VARIANT_PARAMETERS)
    return next(filter(OF_CODE.__contains__, variants), code)


def _get_reasons_of_state(message):
    """The table and the key of what a state and a failure type tell; no key where they
    tell nothing."""
    state, failure_type = message.state, message.failure_type
    if state == "failed":
        return OF_FAILURE_TYPE, failure_type or "other"
    return OF_STATE, _GET_KEYS.get(state, lambda _message: state)(message)


def _get_queued_key(message):
    """Nothing is to be told before the first attempt, nor of what a person queued."""
    has_answer = message.failure_message or message.failure_code
    is_tried = message.attempts and has_answer and not _is_own(message)
    return "queued" if is_tried else None


def _get_submitted_key(message):
    """What a provider has taken may carry a remark."""
    if not message.failure_type:
        return None
    key = f"submitted.{message.failure_type}"
    return key if key in OF_STATE else "submitted"


def _get_unknown_key(message):
    return "unknown.asked" if message.next_check_at else "unknown"


def _get_expired_key(message):
    """What may be at the provider never expires by our clock."""
    is_unsent = not (message.submitted_at or message.maybe_sent)
    return "expired.unsent" if is_unsent else "expired"


_GET_KEYS = {
    "queued": _get_queued_key,
    "submitted": _get_submitted_key,
    "unknown": _get_unknown_key,
    "expired": _get_expired_key,
}


def _explain(env, reasons, key, params=None, words=""):
    name, text, remedy = (env._(part) for part in reasons[key])
    values = _Params({name: value for name, value in (params or {}).items() if value})
    return Explanation(name, text % values, remedy % values, words)


def _label_words(message):
    """What a provider, or the adapter in its place, said of a message."""
    env, code = message.env, message.failure_code
    said = message.failure_message or ""
    if _is_own(message) or not (said or code):
        return ""
    words = say_words(env, said)
    with_code = f"{words} ({code})" if words and code else words or code
    if is_own(said):
        return env._("Details: %(words)s", words=with_code)
    return env._("Provider response: %(words)s", words=with_code)


def name_failure(env, failure_type):
    """What a failure type is called, "" for none."""
    reason = OF_FAILURE_TYPE.get(failure_type)
    return env._(reason.name) if reason else ""


def name_reason(env, state, failure_type, code, *, is_unsent):
    """What messages that did not arrive have in common, in a word or two.

    :param failure_type: None unless the provider gave the reason of a failure
    :param code: of the gateway's own reason, None where it gave none
    :param is_unsent: whether the provider never had the messages
    """
    if code:
        return env._(OF_CODE[code].name)
    if state == "failed":
        return name_failure(env, failure_type)
    is_early = state == "expired" and is_unsent
    key = "expired.unsent" if is_early else state
    return env._(OF_STATE[key].name)


# === WORDS ===
def say_event(event):
    """What a provider, an adapter or a person said of a change, for the reader of the
    event's environment."""
    if event.params is False:
        return say_words(event.env, event.detail)
    return event.env._(
        "Resolved manually by %(user)s.", user=event.params.get("user", "…")
    )


def say_words(env, said):
    """What an adapter or a check of texts said, for the reader of an environment.

    What a provider said stays as it is.

    :param said: one sentence, or one in each line
    """
    return "\n".join(_say_line(env, line) for line in (said or "").split("\n"))


def is_own(said):
    """Whether something was said by the gateway and not by a provider."""
    return all(map(_find_words, said.split("\n")))


def _say_line(env, line):
    found = _find_words(line)
    if found:
        text, values = found
        said = {name: _say_value(env, value) for name, value in values.items()}
        return fill(env._(text), said)
    known = recognise(TEMPLATE_TEXTS, line)
    if known:
        key, values = known
        return say(TEMPLATE_TEXTS, key, get_language(env), **values)
    return line


def _say_value(env, value):
    """Values may be labels of settings or sentences themselves."""
    if _find_words(value):
        return _say_line(env, value)
    return ", ".join(env._(part) if part else "" for part in value.split(", "))


@lru_cache(maxsize=1024)
def _find_words(said):
    return find_text(_list_words(), said)


@lru_cache(maxsize=1)
def _list_words():
    """What adapters say themselves, in English."""
    return tuple(
        dict.fromkeys(text for one in PROVIDERS.values() for text in one.get_words())
    )


def get_language(env):
    """The language of `tools.bilingual` that the reader of an environment has, or may
    be expected to understand."""
    return "ru" if (env.lang or "").startswith("ru") else "en"
