"""Why a message did not arrive and what to do about it, in the reader's language.

Of the gateway's own reasons a code and parameters are stored, of a provider's its code
and words. Here they become what a person reads: the own reason in their language; for
a provider's, a reason of its failure type with the words beside it, as they are.
"""

import json
from functools import lru_cache
from typing import NamedTuple

from odoo.tools import LazyTranslate
from odoo.tools.translate import LazyGettext

from ...providers import PROVIDERS
from ...tools.bilingual import VARIANT_PARAMETERS, recognise, say
from ...tools.read_back import fill, find_text
from ...tools.template_texts import TEMPLATE_TEXTS

_lt = LazyTranslate(__name__)

#: Code of what a person decided about a message nobody knew the outcome of.
RESOLVED = "resolved"


class Reason(NamedTuple):
    """What a person reads: a word or two, what happened and what to do now.

    Placeholders are the parameters of a reason, see `make_params`.
    """

    name: LazyGettext
    text: LazyGettext
    remedy: LazyGettext


class Explanation(NamedTuple):
    """A `Reason` in one language. ``words`` are what a provider or its adapter said,
    labelled, "" for nothing."""

    name: str
    text: str
    remedy: str
    words: str

    def __str__(self):
        return " ".join(filter(None, self[1:]))


_CALLER_CORRECTS = _lt(
    "Correct the program that calls the API, then let it send a new message."
)
#: What cannot be sent again: the text was never ready, or the number never good.
_SEND_ANEW = _lt("Then send a new message.")
_CORRECT_NUMBER = _lt(
    "Check the number with the customer and correct it in the"
    " contact, with its country code, such as +79876543210."
)
_SHORTEN = _lt(
    "Shorten the text or the values in it. An administrator can"
    " change the limit in the settings."
)

#: By the provider's failure type, once it had the message.
OF_FAILURE_TYPE = {
    "invalid_number": Reason(
        _lt("Invalid number"),
        _lt("The number does not exist at the operator."),
        _lt("Check it with the customer, then correct the contact."),
    ),
    "missing_data": Reason(
        _lt("Missing data"),
        _lt("The provider says that something it needs is missing in the message."),
        _lt(
            "Compare the provider's answer with the text and the settings of the"
            " route, complete them, then send again."
        ),
    ),
    "unreachable": Reason(
        _lt("Unreachable"),
        _lt("The phone was switched off, out of coverage or did not take messages."),
        _lt(
            "Send again later. If this happens again, ask the customer for another"
            " number."
        ),
    ),
    "blocked": Reason(
        _lt("Blocked"),
        _lt("The operator or the subscriber blocks messages to this number."),
        _lt(
            "Reach the customer in another way and ask them to allow messages at their"
            " operator."
        ),
    ),
    "opted_out": Reason(
        _lt("On the stop list"),
        _lt("The number is on the provider's stop list: its owner refused messages."),
        _lt(
            "Do not write to this number. If the customer wants messages again, ask"
            " the provider to take it off the stop list."
        ),
    ),
    "operator_refusal": Reason(
        _lt("Refused by the operator"),
        _lt("The mobile operator did not take the message from the provider."),
        _lt(
            "Ask the provider why. Often the sender name or the text must first be"
            " registered with this operator."
        ),
    ),
    "sender_rejected": Reason(
        _lt("Sender rejected"),
        _lt("The provider or the operator does not accept the sender name."),
        _lt(
            "Register the sender name with the provider or correct it in the settings"
            " of the route, then send again."
        ),
    ),
    "content_rejected": Reason(
        _lt("Content rejected"),
        _lt("The provider or the operator does not accept the text."),
        _lt(
            "Change the text, or ask the provider to approve it, then send a new"
            " message."
        ),
    ),
    "sender_unregistered": Reason(
        _lt("Sender not registered"),
        _lt("The sender name is not registered with the recipient's mobile operator."),
        _lt(
            "Let the provider register the name with this operator, or send under a"
            " registered one. Then send again."
        ),
    ),
    "template_mismatch": Reason(
        _lt("No registered template"),
        _lt(
            "The text matches none of the templates that are registered for the sender"
            " name."
        ),
        _lt(
            "Compare the text with the registered template letter by letter, or let the"
            " provider register a new one. Then send a new message."
        ),
    ),
    "spam": Reason(
        _lt("Taken for spam"),
        _lt("A spam filter of the operator or the provider stopped the message."),
        _lt(
            "Name your company in the text, leave out shortened links and capitals, and"
            " ask the provider which rule it met. Then send a new message."
        ),
    ),
    "mailing_forbidden": Reason(
        _lt("Mailing forbidden"),
        _lt(
            "The subscriber has forbidden mailings at the operator, or the operator"
            " forbids them for this number."
        ),
        _lt(
            "Reach the customer in another way. Only the subscriber can allow mailings,"
            " at their operator."
        ),
    ),
    "sim_changed": Reason(
        _lt("SIM card changed"),
        _lt(
            "The number got another SIM card a short while ago. The operator holds"
            " messages back to protect the subscriber from fraud."
        ),
        _lt(
            "Make sure in another way that the number is still the customer's, then"
            " send again. Send no codes before that."
        ),
    ),
    "no_answer": Reason(
        _lt("No answer"),
        _lt("Nobody answered the call."),
        _lt("Call again at another time of the day, or send an SMS."),
    ),
    "busy": Reason(
        _lt("Busy"),
        _lt("The line was engaged."),
        _lt("Send again later."),
    ),
    "declined": Reason(
        _lt("Declined"),
        _lt("The recipient declined the call, or hung up before the text."),
        _lt("Send an SMS, or agree on a time with the customer."),
    ),
    "machine": Reason(
        _lt("Answering machine"),
        _lt("An answering machine took the call."),
        _lt("Call again at another time of the day, or send an SMS."),
    ),
    "no_funds": Reason(
        _lt("No funds"),
        _lt("There is not enough money on the account at the provider."),
        _lt("Top up the account, then send again."),
    ),
    "unsupported": Reason(
        _lt("Not supported"),
        _lt(
            "The provider does not send messages of this kind, or not to this country"
            " or operator."
        ),
        _lt(
            "Ask the provider to open this destination, or send through another route."
        ),
    ),
    "attempts_exhausted": Reason(
        _lt("Attempts exhausted"),
        _lt(
            "The provider did not take the message in as many attempts as the route"
            " allows. Nothing was sent."
        ),
        _lt("Test the connection of the route, then send again."),
    ),
    "provider_error": Reason(
        _lt("Provider error"),
        _lt("The provider refused the message without a known reason."),
        _lt(
            "If the provider's answer does not help, ask its support and name the"
            " provider's reference. Then send again."
        ),
    ),
    "other": Reason(
        _lt("Other"),
        _lt("The message was not delivered, for none of the usual reasons."),
        _lt(
            "Look at the provider's answer and the timeline; ask the provider if they"
            " do not help. Then send again."
        ),
    ),
}

#: By our own code, a key ``code.variant`` is closer than ``code``; of messages that
#: were never handed over, and of decisions.
OF_CODE = {
    "invalid_number": Reason(
        _lt("Invalid number"),
        _lt("The phone number cannot be used."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.absent": Reason(
        _lt("No number"),
        _lt("There is no phone number."),
        _lt("Enter a number in the contact."),
    ),
    "invalid_number.unreadable": Reason(
        _lt("Unreadable number"),
        _lt("What stands in place of the phone number cannot be read as one."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.not_possible": Reason(
        _lt("Impossible number"),
        _lt("There can be no such phone number: its code or its length is wrong."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.not_mobile": Reason(
        _lt("Not a mobile number"),
        _lt("The number is valid, but an SMS reaches mobile numbers only."),
        _lt("Enter a mobile number in the contact, or call instead of writing."),
    ),
    "invalid_number.several": Reason(
        _lt("Several numbers"),
        _lt("More than one number is written in one field: the gateway chooses none."),
        _lt("Leave one number in the field."),
    ),
    "invalid_number.digits_lost": Reason(
        _lt("Digits lost"),
        _lt("A program has rounded the number, or made a fraction of it."),
        _lt(
            "Enter the number anew. In a spreadsheet, format the column as text before"
            " numbers are entered."
        ),
    ),
    "invalid_number.doubtful": Reason(
        _lt("Ambiguous number"),
        _lt("The number can be read in two ways: the gateway chooses none."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.no_country": Reason(
        _lt("Country unknown"),
        _lt("The number has no country code, and the recipient has no country."),
        _lt(
            "Write the number with its country code, or enter the country of"
            " the contact."
        ),
    ),
    "missing_gender": Reason(
        _lt("Unknown gender"),
        _lt(
            "The request has different texts for men and women, and this recipient"
            " came without a gender."
        ),
        _CALLER_CORRECTS,
    ),
    "missing_gender.person": Reason(
        _lt("Unknown gender"),
        _lt("The recipient's gender is not known, and there is no neutral text."),
        _lt("Enter the gender of the contact or add a neutral text."),
    ),
    "invalid_gender": Reason(
        _lt("Invalid gender"),
        _lt("The recipient's gender is neither male nor female."),
        _CALLER_CORRECTS,
    ),
    "missing_field": Reason(
        _lt("Missing data"),
        _lt("The request gave no value for %(path)s."),
        _CALLER_CORRECTS,
    ),
    "missing_field.person": Reason(
        _lt("Missing data"),
        _lt("The text needs %(path)s, and the recipient has none."),
        _lt("Fill it in, or give a default in the text: default('…')."),
    ),
    "missing_field.odoo": Reason(
        _lt("No text"),
        _lt("The message has no text."),
        _lt("Write a text."),
    ),
    "invalid_field": Reason(
        _lt("Invalid data"),
        _lt("The request gave a value for %(path)s that is neither text nor number."),
        _CALLER_CORRECTS,
    ),
    "invalid_character": Reason(
        _lt("Forbidden character"),
        _lt("The data of the recipient has a character that cannot be sent."),
        _lt("Delete it where it was entered."),
    ),
    "too_long": Reason(
        _lt("Too long"),
        _lt("The message is too long."),
        _SHORTEN,
    ),
    "too_long.segments": Reason(
        _lt("Too long"),
        _lt("The message has %(count)s parts, at most %(limit)s are allowed."),
        _SHORTEN,
    ),
    "too_long.characters": Reason(
        _lt("Too long"),
        _lt("The message has %(count)s characters, at most %(limit)s are allowed."),
        _SHORTEN,
    ),
    "too_long.text_alternative": Reason(
        _lt("Too long"),
        _lt(
            "The SMS that follows the call has %(count)s parts, at most %(limit)s are"
            " allowed."
        ),
        _SHORTEN,
    ),
    "opted_out": Reason(
        _lt("Opted out"),
        _lt("The number is on the blacklist: the recipient opted out of messages."),
        _lt(
            "Leave the recipient out. Only if they ask for messages again, let an"
            " administrator remove the number from the blacklist."
        ),
    ),
    "duplicate": Reason(
        _lt("Number twice"),
        _lt("Another recipient of the campaign has the same number."),
        _lt("If one of them has another number, correct it in the contact."),
    ),
    RESOLVED: Reason(
        _lt("Decided by a person"),
        _lt("%(user)s marked the message as failed: it did not arrive."),
        _lt("Send it again if the recipient still needs it."),
    ),
}

#: By what the state alone tells.
OF_STATE = {
    "queued": Reason(
        _lt("Waiting for the next attempt"),
        _lt("The last attempt did not succeed, and nothing was sent."),
        _lt(
            "The gateway tries again by itself. If it does not succeed, test the"
            " connection of the route."
        ),
    ),
    "submitted": Reason(
        _lt("Waiting at the provider"),
        _lt("The provider has the message but does not send it yet."),
        _lt("See what the provider answered; do not send the message again."),
    ),
    "submitted.no_funds": Reason(
        _lt("Waiting for funds"),
        _lt("The provider has the message and waits until the account has money."),
        _lt("Top up the account; do not send the message again."),
    ),
    "unknown": Reason(
        _lt("Outcome unknown"),
        _lt(
            "The provider gave no clear answer: the message may have been sent. The"
            " gateway never sends it again by guess."
        ),
        _lt(
            "Ask the provider or the recipient, then decide: mark the message as"
            " delivered or failed, or hand it over again."
        ),
    ),
    "unknown.asked": Reason(
        _lt("Outcome unknown"),
        _lt(
            "The provider gave no clear answer: the message may have been sent. The"
            " gateway asks the provider."
        ),
        _lt("Wait for the answer, or decide yourself if you know what happened."),
    ),
    "expired": Reason(
        _lt("Expired at the provider"),
        _lt("The provider could not deliver the message in time."),
        _lt(
            "Check the number with the customer. If the message is still needed, send"
            " it again, with a longer time to live."
        ),
    ),
    "expired.unsent": Reason(
        _lt("Expired before sending"),
        _lt(
            "The time to live was over before the message was handed over. Nothing was"
            " sent."
        ),
        _lt(
            "See whether the route or the campaign was paused, then send again or give"
            " the next campaign a longer time to live."
        ),
    ),
    "cancelled": Reason(
        _lt("Cancelled"),
        _lt("A person cancelled the message or its campaign before it was sent."),
        _lt("If it is still needed, send it again or duplicate the campaign."),
    ),
}


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
    is_left_to_others = key == RESOLVED or OF_CODE[key].remedy is _CALLER_CORRECTS
    if message.state != "failed" or is_left_to_others:
        return explanation
    anew = message.env._(_SEND_ANEW)
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
    return env._("Provider's answer: %(words)s", words=with_code)


def name_failure(env, failure_type):
    """What a failure type is called, "" for none."""
    reason = OF_FAILURE_TYPE.get(failure_type)
    return env._(reason.name) if reason else ""


# === WORDS ===
def say_event(event):
    """What a provider, an adapter or a person said of a change, for the reader of the
    event's environment."""
    if event.params is False:
        return say_words(event.env, event.detail)
    return event.env._("Resolved by %(user)s.", user=event.params.get("user", "…"))


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
