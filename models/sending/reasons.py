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


_CALLER_CORRECTS = _lt("Correct the API client, then send a new message from it.")
#: What cannot be sent again: the text was never ready, or the number never good.
_SEND_ANEW = _lt("Then send a new message.")
_CORRECT_NUMBER = _lt(
    "Check the number with the customer and correct it in the contact. Include the"
    " country code, e.g. +79876543210."
)
_SHORTEN = _lt(
    "Shorten the text or the values inserted in it. An administrator can change the"
    " limit in the settings."
)

#: By the provider's failure type, once it had the message.
OF_FAILURE_TYPE = {
    "invalid_number": Reason(
        _lt("Invalid number"),
        _lt("The operator has no such number."),
        _lt("Check the number with the customer, then correct the contact."),
    ),
    "missing_data": Reason(
        _lt("Missing data"),
        _lt("According to the provider, the message lacks required data."),
        _lt(
            "Compare the provider's response with the text and the route's settings,"
            " add the missing data, then send again."
        ),
    ),
    "unreachable": Reason(
        _lt("Subscriber unreachable"),
        _lt("The phone was switched off, out of coverage or did not accept messages."),
        _lt(
            "Send again later. If this happens again, ask the customer for another"
            " number."
        ),
    ),
    "blocked": Reason(
        _lt("Number blocked"),
        _lt("The operator or the subscriber blocks messages to this number."),
        _lt(
            "Contact the customer in another way and ask them to allow messages with"
            " their operator."
        ),
    ),
    "opted_out": Reason(
        _lt("On the stop list"),
        _lt("The number is on the provider's stop list: its owner opted out."),
        _lt(
            "Do not send to this number. If the customer wants messages again, ask"
            " the provider to remove the number from the stop list."
        ),
    ),
    "operator_refusal": Reason(
        _lt("Rejected by the operator"),
        _lt("The mobile operator did not accept the message from the provider."),
        _lt(
            "Ask the provider for the reason. Often the sender name or the text must"
            " first be registered with this operator."
        ),
    ),
    "sender_rejected": Reason(
        _lt("Sender name rejected"),
        _lt("The provider or the operator does not accept the sender name."),
        _lt(
            "Register the sender name with the provider or correct it in the route's"
            " settings, then send again."
        ),
    ),
    "content_rejected": Reason(
        _lt("Content rejected"),
        _lt("The provider or the operator does not accept the text."),
        _lt(
            "Change the text or have the provider approve it, then send a new message."
        ),
    ),
    "sender_unregistered": Reason(
        _lt("Sender name not registered"),
        _lt("The sender name is not registered with the recipient's mobile operator."),
        _lt(
            "Have the provider register the sender name with this operator, or use a"
            " registered sender name. Then send again."
        ),
    ),
    "template_mismatch": Reason(
        _lt("No registered template"),
        _lt("The text does not match any template registered for the sender name."),
        _lt(
            "Compare the text with the registered template character by character, or"
            " have the provider register a new template. Then send a new message."
        ),
    ),
    "spam": Reason(
        _lt("Classified as spam"),
        _lt("A spam filter of the operator or the provider blocked the message."),
        _lt(
            "Name your company in the text, avoid shortened links and capital"
            " letters, and ask the provider which rule blocked the message. Then send"
            " a new message."
        ),
    ),
    "mailing_forbidden": Reason(
        _lt("Mailings forbidden"),
        _lt(
            "The subscriber forbade mailings through the operator, or the operator"
            " forbids them for this number."
        ),
        _lt(
            "Contact the customer in another way. Only the subscriber can allow"
            " mailings, through the operator."
        ),
    ),
    "sim_changed": Reason(
        _lt("SIM card changed"),
        _lt(
            "The SIM card of this number was replaced recently. The operator blocks"
            " messages to protect the subscriber from fraud."
        ),
        _lt(
            "Confirm through another channel that the number still belongs to the"
            " customer, then send again. Do not send one-time codes before that."
        ),
    ),
    "no_answer": Reason(
        _lt("No answer"),
        _lt("Nobody answered the call."),
        _lt("Call again at another time of day, or send an SMS."),
    ),
    "busy": Reason(
        _lt("Busy"),
        _lt("The line was busy."),
        _lt("Send again later."),
    ),
    "declined": Reason(
        _lt("Call declined"),
        _lt("The recipient declined the call or hung up before the text began."),
        _lt("Send an SMS, or arrange a time with the customer."),
    ),
    "machine": Reason(
        _lt("Answering machine"),
        _lt("An answering machine answered the call."),
        _lt("Call again at another time of day, or send an SMS."),
    ),
    "no_funds": Reason(
        _lt("Insufficient funds"),
        _lt("The balance of the provider account is too low."),
        _lt("Top up the account, then send again."),
    ),
    "unsupported": Reason(
        _lt("Not supported"),
        _lt(
            "The provider does not support this channel, or does not send to this"
            " country or operator."
        ),
        _lt("Ask the provider to enable this destination, or use another route."),
    ),
    "attempts_exhausted": Reason(
        _lt("Maximum attempts reached"),
        _lt(
            "The provider did not accept the message within the maximum number of"
            " attempts of the route. Nothing was sent."
        ),
        _lt("Test the route's connection, then send again."),
    ),
    "provider_error": Reason(
        _lt("Provider error"),
        _lt("The provider rejected the message. The reason is unknown."),
        _lt(
            "If the provider's response does not help, contact the provider's support"
            " and quote the provider message ID. Then send again."
        ),
    ),
    "other": Reason(
        _lt("Other"),
        _lt("The message was not delivered. The reason is none of the listed ones."),
        _lt(
            "Check the provider's response and the timeline. If they do not explain"
            " the problem, ask the provider. Then send again."
        ),
    ),
}

#: By our own code, a key ``code.variant`` is closer than ``code``; of messages that
#: were never handed over, and of decisions.
OF_CODE = {
    "invalid_number": Reason(
        _lt("Invalid number"),
        _lt("The phone number is invalid."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.absent": Reason(
        _lt("No number"),
        _lt("The phone number is missing."),
        _lt("Enter a number in the contact."),
    ),
    "invalid_number.unreadable": Reason(
        _lt("Number not recognized"),
        _lt("The phone number could not be recognized."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.not_possible": Reason(
        _lt("Nonexistent number"),
        _lt("This phone number does not exist: its code or length is wrong."),
        _CORRECT_NUMBER,
    ),
    "invalid_number.not_mobile": Reason(
        _lt("Not a mobile number"),
        _lt("The number is valid, but only mobile numbers can receive SMS."),
        _lt(
            "Enter a mobile number in the contact, or send a voice call instead of an"
            " SMS."
        ),
    ),
    "invalid_number.several": Reason(
        _lt("Several numbers"),
        _lt(
            "One field contains several numbers, and the gateway does not choose"
            " between them."
        ),
        _lt("Leave one number in the field."),
    ),
    "invalid_number.digits_lost": Reason(
        _lt("Digits are missing"),
        _lt("A program rounded the number or converted it to a fraction."),
        _lt(
            "Enter the number again. In a spreadsheet, format the column as text"
            " before you enter numbers."
        ),
    ),
    "invalid_number.doubtful": Reason(
        _lt("Ambiguous number"),
        _lt(
            "The number can be interpreted in two ways, and the gateway does not"
            " choose between them."
        ),
        _CORRECT_NUMBER,
    ),
    "invalid_number.no_country": Reason(
        _lt("Country unknown"),
        _lt("The number has no country code, and the recipient has no country."),
        _lt(
            "Enter the number with its country code, or set the country of the contact."
        ),
    ),
    "missing_gender": Reason(
        _lt("Gender not set"),
        _lt(
            "The texts for men and women in the request differ, and the gender of"
            " this recipient is not set."
        ),
        _CALLER_CORRECTS,
    ),
    "missing_gender.person": Reason(
        _lt("Gender not set"),
        _lt("The recipient's gender is not set, and there is no neutral text."),
        _lt("Set the gender of the contact or add a neutral text."),
    ),
    "invalid_gender": Reason(
        _lt("Gender not recognized"),
        _lt("The recipient's gender was not recognized: use male or female."),
        _CALLER_CORRECTS,
    ),
    "missing_field": Reason(
        _lt("Missing data"),
        _lt("The request contains no value for %(path)s."),
        _CALLER_CORRECTS,
    ),
    "missing_field.person": Reason(
        _lt("Missing data"),
        _lt(
            "The text uses the placeholder %(path)s, and the recipient has no value"
            " for it."
        ),
        _lt("Enter the data, or add a default value to the text: default('…')."),
    ),
    "missing_field.odoo": Reason(
        _lt("No text"),
        _lt("The message has no text."),
        _lt("Enter a text."),
    ),
    "invalid_field": Reason(
        _lt("Invalid data"),
        _lt("The value of %(path)s in the request is neither a string nor a number."),
        _CALLER_CORRECTS,
    ),
    "invalid_character": Reason(
        _lt("Forbidden character"),
        _lt("The recipient's data contains a character that cannot be sent."),
        _lt("Delete the character where it was entered."),
    ),
    "too_long": Reason(
        _lt("Too long"),
        _lt("The message is too long."),
        _SHORTEN,
    ),
    "too_long.segments": Reason(
        _lt("Too long"),
        _lt("The message has %(count)s SMS parts; the limit is %(limit)s."),
        _SHORTEN,
    ),
    "too_long.characters": Reason(
        _lt("Too long"),
        _lt("The message has %(count)s characters; the limit is %(limit)s."),
        _SHORTEN,
    ),
    "too_long.text_alternative": Reason(
        _lt("Too long"),
        _lt("The fallback SMS has %(count)s SMS parts; the limit is %(limit)s."),
        _SHORTEN,
    ),
    "opted_out": Reason(
        _lt("Opted out"),
        _lt("The number is on the blacklist: the recipient opted out."),
        _lt(
            "Exclude this recipient. Only if the recipient asks for messages again,"
            " have an administrator remove the number from the blacklist."
        ),
    ),
    "duplicate": Reason(
        _lt("Duplicate number"),
        _lt("Another recipient of the campaign has the same number."),
        _lt("If one of the recipients has another number, correct it in the contact."),
    ),
    RESOLVED: Reason(
        _lt("Resolved manually"),
        _lt("%(user)s marked the message as failed."),
        _lt("Send the message again if the recipient still needs it."),
    ),
}

#: By what the state alone tells.
OF_STATE = {
    "queued": Reason(
        _lt("Waiting for the next attempt"),
        _lt("The last attempt failed; nothing was sent."),
        _lt(
            "The gateway tries again automatically. If the attempts fail, test the"
            " route's connection."
        ),
    ),
    "submitted": Reason(
        _lt("Waiting at the provider"),
        _lt("The provider accepted the message but has not sent it yet."),
        _lt("Check the provider's response. Do not send the message again."),
    ),
    "submitted.no_funds": Reason(
        _lt("Waiting for funds"),
        _lt(
            "The provider accepted the message and is waiting for the account to be"
            " topped up."
        ),
        _lt("Top up the account. Do not send the message again."),
    ),
    "unknown": Reason(
        _lt("Outcome unknown"),
        _lt(
            "The provider did not confirm the message, so it may have been sent. The"
            " gateway does not risk sending it twice."
        ),
        _lt(
            "Ask the provider or the recipient, then resolve the message manually:"
            " mark it as delivered or failed, or return it to the queue."
        ),
    ),
    "unknown.asked": Reason(
        _lt("Outcome unknown"),
        _lt(
            "The provider did not confirm the message, so it may have been sent. The"
            " gateway is checking with the provider."
        ),
        _lt(
            "Wait for the provider's response, or resolve the message manually if you"
            " know its outcome."
        ),
    ),
    "expired": Reason(
        _lt("Expired at the provider"),
        _lt("The provider could not deliver the message in time."),
        _lt(
            "Check the number with the customer. If the message is still needed, send"
            " it again with a longer validity period."
        ),
    ),
    "expired.unsent": Reason(
        _lt("Expired before sending"),
        _lt(
            "The validity period ended before the message was submitted to the"
            " provider. Nothing was sent."
        ),
        _lt(
            "Check whether the route or the campaign was paused. Then send again, or"
            " set a longer validity period for the next campaign."
        ),
    ),
    "cancelled": Reason(
        _lt("Cancelled"),
        _lt(
            "A user cancelled the message or its campaign before the message was sent."
        ),
        _lt("If the message is still needed, send it again or duplicate the campaign."),
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
    return env._("Provider response: %(words)s", words=with_code)


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
