"""What Infobip's statuses and errors mean.

Source: https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes
as of 2026. Names are the codes that are kept: the numbers of statuses and of errors
overlap.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..tools.vocabulary import FailureType
from .http_provider import (
    AnswerWords,
    accepted,
    refused,
    stop,
    try_later,
    try_later_alone,
)
from .types import DeliveryStatus, Status

DUPLICATE = "REJECTED_DUPLICATE_MESSAGE_ID"
DUPLICATE_ID, REJECTED = 23, 5
#: groups of statuses that say of a submit: taken
TAKEN = (0, 1, 3)
MACHINE = ("VOICE_ANSWERED_MACHINE", "MACHINE_DETECTED")

#: the name of a rejection → what it means
ERRORS = {
    "REJECTED_NETWORK": refused("unsupported"),
    "REJECTED_PREFIX_MISSING": refused("invalid_number"),
    "REJECTED_DND": refused("mailing_forbidden"),
    "REJECTED_SOURCE": refused("sender_unregistered"),
    "REJECTED_NOT_ENOUGH_CREDITS": stop(AnswerWords.NO_FUNDS),
    "REJECTED_SENDER": refused("sender_rejected"),
    "REJECTED_DESTINATION_BLOCKLISTED": refused("blocked"),
    "REJECTED_PREPAID_PACKAGE_EXPIRED": stop(AnswerWords.NO_FUNDS),
    "REJECTED_DESTINATION_NOT_REGISTERED": refused("unsupported"),
    # of the account, but per country
    "REJECTED_ROUTE_NOT_AVAILABLE": refused("unsupported"),
    # so many messages to a number in an hour
    "REJECTED_FLOODING_FILTER": try_later_alone(3600),
    "REJECTED_SYSTEM_ERROR": try_later(),
    DUPLICATE: accepted(),
    "REJECTED_INVALID_UDH": refused("content_rejected"),
    "REJECTED_MESSAGE_TOO_LONG": refused("content_rejected"),
    "MISSING_TO": refused("missing_data"),
    "REJECTED_DESTINATION": refused("invalid_number"),
    "SIGNALS_BLOCKED": refused("spam"),
    # malformed, or the service is away for a while
    "UNDELIVERABLE_REJECTED_PLATFORM": try_later_alone(),
    "REJECTED_UNSUPPORTED_LANGUAGE": stop(AnswerWords.MISCONFIGURED),
    "REJECTED_MESSAGE_IS_EMPTY": refused("missing_data"),
    "REJECTED_INVALID_NOTIFY_URL": stop(AnswerWords.MISCONFIGURED),
    "REJECTED_INVALID_RING_TIMEOUT": stop(AnswerWords.MISCONFIGURED),
    "REJECTED_INVALID_MACHINE_DETECTION": stop(AnswerWords.MISCONFIGURED),
    "REJECTED_MACHINE_DETECTION_DISABLED": stop(AnswerWords.MISCONFIGURED),
    "REJECTED_INVALID_SSML": refused("content_rejected"),
}

#: those whose group does not say it; an answered call is "delivered to handset"
STATUSES = {
    "delivered_to_operator": Status(DeliveryStatus.ACCEPTED),
    "undeliverable_rejected_operator": Status(
        DeliveryStatus.FAILED, "operator_refusal"
    ),
    "undeliverable_not_delivered": Status(DeliveryStatus.FAILED, "unreachable"),
    "no_answer": Status(DeliveryStatus.FAILED, "no_answer"),
    "busy": Status(DeliveryStatus.FAILED, "busy"),
    "cancelled": Status(DeliveryStatus.FAILED, "other"),
    "rejected": Status(DeliveryStatus.FAILED, "declined"),
    "expired_dlr_unknown": Status(DeliveryStatus.UNKNOWABLE),
    "signals_blocked": Status(DeliveryStatus.FAILED, "spam"),
    "rejected_not_enough_credits": Status(DeliveryStatus.FAILED, "no_funds"),
    "rejected_prepaid_package_expired": Status(DeliveryStatus.FAILED, "no_funds"),
    "rejected_flooding_filter": Status(DeliveryStatus.FAILED, "spam"),
}
GROUPS = {
    0: Status(DeliveryStatus.ACCEPTED),
    1: Status(DeliveryStatus.ACCEPTED),
    2: Status(DeliveryStatus.FAILED, "provider_error"),
    3: Status(DeliveryStatus.DELIVERED),
    4: Status(DeliveryStatus.EXPIRED),
    REJECTED: Status(DeliveryStatus.FAILED, "provider_error"),
}
#: the reason of a failure → the names of errors that say more than the status
_NAMES_OF_REASONS: Mapping[FailureType, str] = {
    "invalid_number": "EC_UNKNOWN_SUBSCRIBER EC_INVALID_DESTINATION_ADDRESS"
    " EC_INVALID_REQUEST_DESTINATION EC_DEACTIVATED_LIST"
    " EC_VOICE_ERROR_DESTINATION_NOT_FOUND EC_VOICE_ERROR_ADDRESS_INCOMPLETE"
    " DESTINATION_NOT_FOUND INVALID_DESTINATION",
    "unreachable": "EC_ABSENT_SUBSCRIBER EC_ABSENT_SUBSCRIBER_SM"
    " EC_VOICE_ERROR_TEMPORARILY_NOT_AVAILABLE TEMPORARILY_UNAVAILABLE"
    " DESTINATION_UNAVAILABLE",
    "blocked": "EC_ILLEGAL_SUBSCRIBER EC_CALL_BARRED EC_BLACKLISTED_DESTINATIONADDRESS"
    " EC_DESTINATION_BLOCKED_BY_OPERATOR EC_DEST_ADDRESS_SUSPENDED",
    "mailing_forbidden": "EC_DEST_ADDRESS_BLACKLISTED",
    "opted_out": "EC_SC_BLOCKED_BY_END_USER EC_CONTENT_BLOCKED",
    "spam": "EC_REJECTED_SPAM_BY_OPERATOR EC_SIGNALS_BLOCKED EC_DESTINATION_FLOODING"
    " EC_DESTINATION_TXT_FLOODING",
    "content_rejected": "EC_MSG_TEXT_TOO_LONG EC_CONTENT_BLOCKED_BY_OPERATOR",
    "operator_refusal": "EC_SMS_REJECTED_BY_MOBILE_OPERATOR",
    "sender_rejected": "EC_INVALID_SOURCE_ADDRESS EC_BLACKLISTED_SENDERADDRESS"
    " EC_SOURCE_ADDRESS_IS_BLOCKED",
    "no_funds": "EC_MONTHLY_LIMIT_REACHED INSUFFICIENT_FUNDS",
    "no_answer": "EC_VOICE_NO_ANSWER NO_ANSWER",
    "busy": "EC_VOICE_USER_BUSY BUSY",
    "declined": "EC_DECLINE EC_VOICE_ERROR_REQUEST_TERMINATED REJECTED",
}
REASONS = {
    name: reason
    for reason, names in _NAMES_OF_REASONS.items()
    for name in names.split()
}
