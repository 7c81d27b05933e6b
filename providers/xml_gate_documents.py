"""Documents of the XML gate: pure functions that build and parse them.

Source: https://github.com/smsgate/xmlGateDoc (revisions of 2016 and 2023). Documents
are UTF-8 XML. Times carry no offset: they are local to the account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from ..tools.currencies import to_current_code
from .errors import MaybeSent, ProviderError, RouteDown, UnreadablePush
from .reading import Unreadable, as_msisdn, read_xml
from .types import (
    Balance,
    DeliveryStatus,
    InboundMessage,
    Money,
    Outcome,
    PushAnswer,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Units,
)
from .xml_gate_codes import (
    BAD_STATUSES,
    DOCUMENT_ERRORS,
    MESSAGE_ERRORS,
    SENT,
    STATES,
    TAKEN,
    GateWords,
    refuse,
)

CONTENT_TYPE = "text/xml; charset=utf-8"
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
_MAX_BYTES = 4 * 1024 * 1024
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_INBOUND_ID = re.compile(r"[0-9]{1,40}")
#: shorter numbers are short codes, or names
_SHORTEST_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Account:
    """One account at a gate, as its documents name it."""

    login: str
    password: str = field(repr=False)
    zone: ZoneInfo
    sender: str = ""
    name_delivery: str = ""
    is_transliterated: bool = False


# === SEND ===
def build_send(numbered: Mapping[int, SubmitRequest], account: Account) -> bytes:
    """Build one document for many messages.

    :param numbered: messages by the number the answer will name them with
    """
    root = _request(account)
    groups: dict[str, etree._Element] = {}
    for number, request in numbered.items():
        text = request.text
        if text not in groups:
            groups[text] = _add_message(root, text, account)
        _add_recipient(groups[text], number, request, account.zone)
    return _serialise(root)


def _add_message(root: etree._Element, text: str, account: Account) -> etree._Element:
    message = etree.SubElement(root, "message", type="sms")
    etree.SubElement(message, "sender").text = account.sender
    etree.SubElement(message, "text").text = _escape_newlines(text)
    if account.is_transliterated:
        etree.SubElement(message, "translite").text = "1"
    if account.name_delivery:
        etree.SubElement(message, "name_delivery").text = account.name_delivery
    return message


def _add_recipient(
    message: etree._Element,
    number: int,
    request: SubmitRequest,
    zone: ZoneInfo,
) -> None:
    recipient = etree.SubElement(
        message,
        "abonent",
        phone=request.msisdn.removeprefix("+"),
        number_sms=str(number),
        client_id_sms=request.client_reference,
    )
    if request.valid_until:
        recipient.set("validity_period", _format_minute(request.valid_until, zone))


def parse_send(body: bytes, numbers: Iterable[int]) -> dict[int, SubmitResult]:
    """Read the answer to a document that held messages of these numbers.

    :return: one result per number; a message the answer does not tell about without
        doubt is MAYBE_SENT
    :raise RouteDown: the gate took nothing of the document
    :raise MaybeSent: not an answer of the gate
    """
    asked = list(numbers)
    try:
        root = parse_xml(body, roots=("response",))
    except Unreadable as error:
        raise MaybeSent(GateWords.UNREADABLE_ANSWER.say(why=error)) from error
    items = _items_by_number(root, asked)
    if root.find(".//information") is None:
        _raise_document_error(root, unknown=MaybeSent)
    return {number: _decide(items.get(number, [])) for number in asked}


def _items_by_number(
    root: etree._Element, asked: Sequence[int]
) -> dict[int, list[SubmitResult]]:
    """The answer's items by message; what names none of them is left out."""
    items = list(root.iter("information"))
    if len(items) == len(asked) == 1 and not items[0].get("number_sms"):
        # The only item can only be about the only message.
        return {asked[0]: [_read_item(items[0])]}
    names = {str(number): number for number in asked}
    found: dict[int, list[SubmitResult]] = {}
    for item in items:
        number = names.get((item.get("number_sms") or "").strip())
        if number is not None:
            found.setdefault(number, []).append(_read_item(item))
    return found


def _decide(results: Sequence[SubmitResult]) -> SubmitResult:
    """One result of what was said about a message: nothing, once or several times."""
    if not results:
        return SubmitResult(Outcome.MAYBE_SENT, message=GateWords.OMITTED.say())
    if any(result != results[0] for result in results):
        return SubmitResult(Outcome.MAYBE_SENT, message=GateWords.CONTRADICTION.say())
    return results[0]


def _read_item(item: etree._Element) -> SubmitResult:
    text = _text(item)
    reference = (item.get("id_sms") or "").strip() or None
    meaning = _classify(text, has_reference=reference is not None)
    if meaning.outcome is not Outcome.ACCEPTED:
        return replace(meaning, message=text)
    return SubmitResult(
        Outcome.ACCEPTED,
        provider_reference=reference,
        segments=_integer(item.get("parts")),
        failure_type=meaning.failure_type,
        message="" if meaning is TAKEN else text,
    )


@lru_cache(maxsize=256)
def _classify(text: str, *, has_reference: bool) -> SubmitResult:
    said = _normalise(text)
    if said == SENT:
        return TAKEN
    for beginning, meaning in MESSAGE_ERRORS.items():
        if said.startswith(_normalise(beginning)):
            return meaning
    if has_reference:
        # The gate gives no number to what it does not take: polling will tell.
        return SubmitResult(Outcome.ACCEPTED)
    if not said:
        return SubmitResult(Outcome.MAYBE_SENT)
    return refuse("provider_error")


# === STATES ===
def build_state(references: Iterable[str], account: Account) -> bytes:
    """Build a question for the states of messages."""
    root = _request(account)
    question = etree.SubElement(root, "get_state")
    for reference in references:
        etree.SubElement(question, "id_sms").text = reference
    return _serialise(root)


def parse_state(body: bytes, zone: ZoneInfo) -> list[StatusUpdate]:
    """Read the states the gate knows.

    :raise ProviderError: not an answer of the gate, or an error instead of one
    """
    root = _parse_answer(body)
    states = _read_states(root, zone)
    if not states:
        _raise_document_error(root, unknown=ProviderError)
    return states


def parse_push(body: bytes, zone: ZoneInfo) -> PushAnswer:
    """Read states the gate tells by itself, and build the acknowledgement.

    The documentation's root is ``request``, that of some gates ``response``. An id that
    is not acknowledged is told again, up to five times: all of them are.

    :raise UnreadablePush: it cannot be understood
    """
    try:
        root = parse_xml(body, roots=("request", "response"))
    except Unreadable as error:
        raise UnreadablePush(str(error)) from error
    reports = tuple(_read_states(root, zone))
    references = (report.provider_reference or "" for report in reports)
    return PushAnswer(
        reports=reports,
        body=build_push_answer(references),
        content_type=CONTENT_TYPE,
    )


def build_push_answer(references: Iterable[str]) -> bytes:
    """Build the acknowledgement of pushed states."""
    root = etree.Element("response")
    for reference in dict.fromkeys(references):
        etree.SubElement(root, "id_sms").text = reference
    return _serialise(root)


def _read_states(root: etree._Element, zone: ZoneInfo) -> list[StatusUpdate]:
    return [
        _read_state(state, reference, zone)
        for state in root.iter("state")
        if (reference := (state.get("id_sms") or "").strip())
    ]


def _read_state(state: etree._Element, reference: str, zone: ZoneInfo) -> StatusUpdate:
    word = _text(state)
    status, failure_type = STATES.get(word.casefold(), (DeliveryStatus.ACCEPTED, None))
    return StatusUpdate(
        status,
        provider_reference=reference,
        failure_type=failure_type,
        code=word if status in BAD_STATUSES else "",
        segments=_integer(state.get("num_parts")),
        occurred_at=_read_time(state.get("time"), zone),
        raw=word,
    )


# === INBOUND MESSAGES ===
def build_incoming(since: datetime, account: Account) -> bytes:
    """Build a question for the messages that came at a moment or later: the gate tells
    of those after the second it is asked with."""
    root = _request(account)
    start = (since - timedelta(seconds=1)).astimezone(account.zone)
    etree.SubElement(root, "time", start=start.strftime("%Y-%m-%d %H:%M:%S"))
    return _serialise(root)


def parse_incoming(body: bytes, zone: ZoneInfo) -> list[InboundMessage]:
    """Read the messages that came.

    :raise ProviderError: not an answer of the gate, or an error instead of one
    """
    root = _parse_answer(body)
    _raise_document_error(root, unknown=ProviderError)
    return [
        _make_inbound(
            sms.get("originator"),
            sms.get("phone"),
            "".join(map(str, sms.itertext())),
            reference=sms.get("id_sms"),
            date=sms.get("date_receive"),
            zone=zone,
        )
        for sms in root.iter("sms")
    ]


def parse_inbound_push(fields: Mapping[str, str], zone: ZoneInfo) -> PushAnswer:
    """Read a message that the gate calls in, and build the acknowledgement.

    :raise UnreadablePush: it is none
    """
    reference = fields.get("smsid", "").strip()
    if not _INBOUND_ID.fullmatch(reference) or not fields.get("sender", "").strip():
        raise UnreadablePush(GateWords.NOT_A_MESSAGE.say())
    message = _make_inbound(
        fields.get("sender"),
        fields.get("receiver"),
        fields.get("text", ""),
        reference=reference,
        date=fields.get("date"),
        zone=zone,
    )
    return PushAnswer(inbound=(message,), body=f"smsid={reference}".encode())


def _make_inbound(
    sender: str | None,
    recipient: str | None,
    text: str,
    *,
    reference: str | None,
    date: str | None,
    zone: ZoneInfo,
) -> InboundMessage:
    return InboundMessage(
        sender=_read_number(sender),
        text=text,
        recipient=_read_number(recipient),
        provider_reference=(reference or "").strip(),
        received_at=_read_time(date, zone),
    )


def _read_number(value: str | None) -> str:
    """A telephone number as E.164; a short code or a name as it is."""
    text = (value or "").strip()
    number = as_msisdn(text)
    return number if number and len(number) > _SHORTEST_NUMBER else text


# === BALANCE ===
def build_balance(account: Account) -> bytes:
    """Build a question for the balance."""
    return _serialise(_request(account))


def parse_balance(body: bytes) -> Balance:
    """Read a balance of either generation; lines that make no sense are left out.

    :raise ProviderError: not an answer of the gate, or an error instead of one
    """
    root = _parse_answer(body)
    _raise_document_error(root, unknown=ProviderError)
    money = (_read_money(line) for line in root.iter("money"))
    units = (_read_units(line) for line in root.iter("sms"))
    return Balance(
        money=tuple(line for line in money if line),
        units=tuple(line for line in units if line),
        raw=body,
        text=_decode(body, root),
    )


def _read_money(line: etree._Element) -> Money | None:
    amount = _text(line).replace(",", ".")
    currency = (line.get("currency") or "").strip().upper()
    if not _NUMBER.fullmatch(amount) or not re.fullmatch("[A-Z]{3}", currency):
        return None
    return Money(Decimal(amount), to_current_code(currency))


def _read_units(line: etree._Element) -> Units | None:
    count = _integer(_text(line))
    area = (line.get("area") or "").strip()
    return Units(area, count) if area and count is not None else None


# === ANSWERS ===
def _parse_answer(body: bytes) -> etree._Element:
    try:
        return parse_xml(body, roots=("response",))
    except Unreadable as error:
        raise ProviderError(GateWords.UNREADABLE_ANSWER.say(why=error)) from error


def _raise_document_error(
    root: etree._Element, *, unknown: type[ProviderError]
) -> None:
    """Raise what the answer's ``<error>`` means, if there is one."""
    error = root.find("error")
    if error is None:
        return
    text = _text(error)
    for beginning, reason in DOCUMENT_ERRORS.items():
        if _normalise(text).startswith(_normalise(beginning)):
            raise RouteDown(reason.say(text=text))
    raise unknown(GateWords.OTHER_ERROR.say(text=text))


# === XML ===
def parse_xml(body: bytes, *, roots: Sequence[str]) -> etree._Element:
    """Parse a document of a stranger: nothing is loaded, expanded or huge.

    :param roots: the names its root may have
    :raise Unreadable: it is not such a document
    """
    if len(body) > _MAX_BYTES:
        raise Unreadable(GateWords.DOCUMENT_TOO_LARGE.say())
    root = read_xml(body)
    if root.tag not in roots:
        raise Unreadable(GateWords.NOT_OF_THE_GATE.say())
    return root


def _request(account: Account) -> etree._Element:
    root = etree.Element("request")
    security = etree.SubElement(root, "security")
    etree.SubElement(security, "login", value=account.login)
    etree.SubElement(security, "password", value=account.password)
    return root


def _serialise(root: etree._Element) -> bytes:
    """One line, as the documentation demands."""
    return _DECLARATION + etree.tostring(root, encoding="utf-8")


def _decode(body: bytes, root: etree._Element) -> str:
    """A document as text, by the encoding it declares."""
    encoding = _docinfo(root).encoding or "utf-8"
    try:
        return body.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        return body.decode("utf-8", "replace").removeprefix("\ufeff")


def _docinfo(root: etree._Element) -> Any:
    return root.getroottree().docinfo


def _text(element: etree._Element) -> str:
    """What an element says, in one line."""
    text = element.text if len(element) == 0 else "".join(map(str, element.itertext()))
    return " ".join((text or "").split())


def _normalise(text: str) -> str:
    """A text as the gate's texts are compared: they differ in case and dots."""
    return " ".join(text.casefold().replace("ё", "е").split()).rstrip(". ")


def _integer(value: str | None) -> int | None:
    return int(value) if value and _INTEGER.fullmatch(value.strip()) else None


def _escape_newlines(text: str) -> str:
    r"""The gate wants a line break inside a text as the two characters ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


# === TIMES ===
def _format_minute(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in the account's time; a begun minute counts as a whole one."""
    minute = moment.replace(second=0, microsecond=0)
    if minute < moment:
        minute += timedelta(minutes=1)
    return minute.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@lru_cache(maxsize=1024)
def _read_time(value: str | None, zone: ZoneInfo) -> datetime | None:
    """A local time of the account in UTC; empty while nothing has happened.

    The states of one push share a few seconds.
    """
    text = (value or "").strip()
    if not _SECOND.fullmatch(text):
        return None
    try:
        local = datetime.fromisoformat(text)
        return local.replace(tzinfo=zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
