"""What SMSCs say over SMPP 3.4, in the words in which gateways to them pass it on.

Sources: the specification's tables of ``command_status`` (5.1.3) and of the states of
receipts (appendix B); GSM 03.40 for the longest validity period. Vendors' own codes
(from 0x400, and ``err`` of receipts) mean something else at every operator: they are
kept, an administrator gives them reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from ..tools.vocabulary import FailureType
from .types import DeliveryStatus, Status

#: shortest and longest validity period, in seconds: a minute and 63 weeks
VALIDITY = (60, 63 * 7 * 24 * 3600)

#: the word of a receipt's ``stat``, in lower case
RECEIPTS: Mapping[str, Status] = {
    "enroute": Status(DeliveryStatus.ACCEPTED),
    "acceptd": Status(DeliveryStatus.ACCEPTED),
    "delivrd": Status(DeliveryStatus.DELIVERED),
    "expired": Status(DeliveryStatus.EXPIRED),
    "deleted": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "undeliv": Status(DeliveryStatus.FAILED, "unreachable"),
    "rejectd": Status(DeliveryStatus.FAILED, "operator_refusal"),
    # the message's state is invalid, and stays so
    "unknown": Status(DeliveryStatus.UNKNOWABLE),
}
_BAD_RECEIPTS = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)

#: why an SMSC did not take a message: number and name of ``command_status``. Other
#: statuses say nothing of the message.
_REFUSALS: tuple[tuple[int, str, FailureType], ...] = (
    (0x01, "ESME_RINVMSGLEN", "content_rejected"),
    (0x0A, "ESME_RINVSRCADR", "sender_rejected"),
    (0x0B, "ESME_RINVDSTADR", "invalid_number"),
    (0x45, "ESME_RSUBMITFAIL", "operator_refusal"),
    (0x48, "ESME_RINVSRCTON", "sender_rejected"),
    (0x49, "ESME_RINVSRCNPI", "sender_rejected"),
    (0x50, "ESME_RINVDSTTON", "invalid_number"),
    (0x51, "ESME_RINVDSTNPI", "invalid_number"),
    (0x66, "ESME_RX_R_APPN", "operator_refusal"),
)
_BY_NUMBER = {number: reason for number, _name, reason in _REFUSALS}
_BY_NAME = {name: reason for _number, name, reason in _REFUSALS}

_STAT = re.compile(r"\bstat:\s*([A-Za-z]{1,20})", re.IGNORECASE)
_ERR = re.compile(r"\berr:\s*([0-9A-Za-z]{1,10})\b", re.IGNORECASE)


def read_receipt(word: str, err: str = "") -> tuple[Status, str]:
    """What a receipt means, and the code of its failure.

    :param word: its ``stat``; an unknown one changes nothing
    :param err: its ``err``; zeros say nothing
    :return: status and, of what was not delivered, ``err`` or else the word
    """
    status = RECEIPTS.get(word.casefold(), Status(DeliveryStatus.ACCEPTED))
    is_bad = status.status in _BAD_RECEIPTS
    return status, (err if err.strip("0") else word) if is_bad else ""


def find_receipt(text: str) -> tuple[str, str] | None:
    """``stat`` and ``err`` in the text of a receipt; None where it is no receipt."""
    stat, err = _STAT.search(text), _ERR.search(text)
    return (stat[1], err[1] if err else "") if stat else None


def explain_refusal(status: int | str) -> FailureType:
    """Why a message was not taken, by number or name of ``command_status``."""
    if isinstance(status, int):
        return _BY_NUMBER.get(status, "provider_error")
    return _BY_NAME.get(status.upper(), "provider_error")


def count_minutes(valid_until: datetime) -> int:
    """A validity period in minutes from now; a begun minute counts as a whole one."""
    shortest, longest = VALIDITY
    left = (valid_until - datetime.now(timezone.utc)) / timedelta(seconds=1)
    return -int(-min(max(left, shortest), longest) // 60)
