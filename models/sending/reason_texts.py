"""The reasons why messages did not arrive: what happened, and what to do.

One table each for failure types of providers, for codes of the gateway and for states;
`reasons` chooses and fills them.
"""

from typing import NamedTuple

from odoo.tools import LazyTranslate
from odoo.tools.translate import LazyGettext

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


CLIENT_CORRECTS = _lt("Correct the API client, then send a new message from it.")
#: What cannot be sent again: the text was never ready, or the number never good.
SEND_ANEW = _lt("Then send a new message.")
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
        CLIENT_CORRECTS,
    ),
    "missing_gender.person": Reason(
        _lt("Gender not set"),
        _lt("The recipient's gender is not set, and there is no neutral text."),
        _lt("Set the gender of the contact or add a neutral text."),
    ),
    "invalid_gender": Reason(
        _lt("Gender not recognized"),
        _lt("The recipient's gender was not recognized: use male or female."),
        CLIENT_CORRECTS,
    ),
    "missing_field": Reason(
        _lt("Missing data"),
        _lt("The request contains no value for %(path)s."),
        CLIENT_CORRECTS,
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
        CLIENT_CORRECTS,
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
