"""SMS Gateway for Android (SMSGate), https://docs.sms-gate.app: a phone sends.

JSON over HTTP with Basic authentication: through the project's cloud, an own server or
straight to a phone. Sources: the project's OpenAPI document, documentation and source
code of 2026.

A message has an id of ours. A second one with it is refused (409): the first was taken.
A server keeps ids by phone, so that this holds only where a phone is chosen: without
one, a repetition may go to another phone and be sent by both. Messages without an
answer are therefore looked up by their ids. One call carries one message, as all
numbers of a call share its id.

Phones push by themselves, late and in any order, and may sign: hex HMAC-SHA256 of body
and X-Timestamp. Old timestamps are not refused: a phone without a network tries for two
days, and a repetition changes nothing. The inbox has the same messages as the pushes,
under ids that are one hash in different notations and not unique, so that the time goes
with them. States of phones that run other versions are taken as they come.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .errors import ForgedPush, ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    Turn,
    accepted,
    count_left,
    get,
    maybe_sent,
    post_json,
    refused,
    say,
    stop,
    try_later,
)
from .reading import (
    Unreadable,
    as_integer,
    as_list,
    as_msisdn,
    as_text,
    dig,
    read_iso,
    read_json,
)
from .settings import Kind, Setting
from .types import (
    Capabilities,
    ClientReference,
    DeliveryStatus,
    InboundMessage,
    Outcome,
    PushAnswer,
    PushRequest,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

#: seconds
_SHORTEST, _LONGEST = 5, 30 * 24 * 3600
_UUID = re.compile("[0-9a-f]{32}")
_INBOX_PAGE, _INBOX_PAGES = 500, 10
#: where phones with old versions tell of themselves
_DEVICES, _OLD_DEVICES = "devices", "device"
_MOST_PHONES = 10
#: older gateways have no inbox
_NO_INBOX = ("404", "405", "501")

_RECEIVED = "sms:received"
#: what is pushed → the state that it tells, and the member with its time
_EVENTS = {
    "sms:sent": ("Sent", "sentAt"),
    "sms:delivered": ("Delivered", "deliveredAt"),
    "sms:failed": ("Failed", "failedAt"),
    "sms:cancelled": ("Cancelled", "cancelledAt"),
}
_STATUSES = {
    "pending": Status(DeliveryStatus.ACCEPTED),
    "processed": Status(DeliveryStatus.ACCEPTED),
    "sent": Status(DeliveryStatus.ACCEPTED),
    "cancelling": Status(DeliveryStatus.ACCEPTED),
    "delivered": Status(DeliveryStatus.DELIVERED),
    "failed": Status(DeliveryStatus.FAILED, "provider_error"),
    "cancelled": Status(DeliveryStatus.FAILED, "other"),
}
#: what the words of a failed message contain → what they mean
_FAILURES = {
    "ttl expired": Status(DeliveryStatus.EXPIRED),
    "phone number": Status(DeliveryStatus.FAILED, "invalid_number"),
    "result_network_reject": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "short_code_n": Status(DeliveryStatus.FAILED, "unsupported"),
    "delivery result": Status(DeliveryStatus.FAILED, "unreachable"),
}
_CODE = re.compile("[A-Z]+(_[A-Z]+)+")

_ERRORS = {
    "400": refused("provider_error"),
    "409": accepted(),
    # told with a document: the queue is full, the phone is away
    "503": try_later(),
}
#: what the words of a bad request contain → what it means
_BAD_REQUESTS = {
    "device": stop(AnswerWords.MISCONFIGURED),
    "phone": refused("invalid_number"),
}


class AndroidWords(Words):
    """What the adapter says itself."""

    FORGED = _("The push is not signed with the signing key of the route")
    NO_EVENT = _("the document is no event of a phone")
    NO_DEVICE = _("The account has no such phone: install the app and sign in there")
    NO_ADDRESS = _("The callback address of the route is not known")
    REGISTERED = _("Registered for {events}")


class AndroidGatewayProvider(HttpProvider):
    """A phone with the app SMS Gateway for Android."""

    code = "android_gateway"
    label = _("SMS Gateway for Android")
    description = _(
        "An Android phone with the app SMS Gateway sends and receives.\n"
        "\n"
        "1. Install the app from sms-gate.app. For the cloud keep the address below;"
        " for an own server enter https://host/api/3rdparty/v1, for a phone in the own"
        " network http://address:8080.\n"
        "2. Copy user name and password from the app's start page.\n"
        "3. Copy the signing key from Settings, Webhooks, Signing Key: pushes of others"
        " are refused.\n"
        "4. Register the callback address with the button below. The phone must reach"
        " it by https.\n"
        "\n"
        "Limits and working hours of the app delay messages: the validity period must"
        " cover them."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        client_reference=ClientReference.DEDUP,
        lookup=True,
        max_lookup=20,
        not_found_after=300,
        validity=(_SHORTEST, _LONGEST),
        push=True,
        signed_push=True,
        poll=True,
        max_poll=20,
        inbound_push=True,
        inbound_poll=True,
        registers_callback=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of the gateway"),
            Kind.ADDRESS,
            required=True,
            default="https://api.sms-gate.app/3rdparty/v1",
            help=_("The cloud's, an own server's or a phone's"),
        ),
        Setting("login", _("User name"), required=True),
        Setting("password", _("Password"), Kind.SECRET, required=True),
        Setting(
            "device",
            _("Phone"),
            help=_(
                "ID of the phone. Empty: any phone of the account. With several phones"
                " enter one: each recognizes only its own repeated messages"
            ),
        ),
        Setting(
            "sim",
            _("SIM card"),
            Kind.INTEGER,
            minimum=1,
            maximum=3,
            help=_("1 to 3. Empty: as set in the phone"),
        ),
        Setting(
            "priority",
            _("Priority"),
            Kind.INTEGER,
            default="0",
            maximum=127,
            help=_("0 to 127; from 100 on, limits and pauses of the app do not apply"),
        ),
        Setting(
            "delivery_report",
            _("Ask for delivery reports"),
            Kind.BOOLEAN,
            default="1",
            help=_("Off: messages stay submitted"),
        ),
        Setting(
            "signing_key",
            _("Signing key"),
            Kind.SECRET,
            help=_("Pushes without its signature are refused"),
        ),
    )
    words = (*HttpProvider.words, AndroidWords)
    errors = _ERRORS
    statuses = _STATUSES

    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_login(self.get_text("login"), self.get_text("password"))

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        """The status is the code; an answer without words is not the gateway's."""
        if answer.status == 409:
            return "409", ""
        text = as_text(dig(answer.json, "message"))
        return (str(answer.status), text) if text else ("", "")

    def _evaluate(self, answer: Answer) -> SubmitResult:
        result = super()._evaluate(answer)
        if answer.status != 400:
            return result
        said = result.message.casefold()
        found = (what for part, what in _BAD_REQUESTS.items() if part in said)
        return say(next(found, result), result.code, result.message)

    @property
    def is_idempotent(self) -> bool:
        return bool(self.get_text("device"))

    # === SUBMIT ===
    def _get_group(self, request: SubmitRequest) -> str:
        """A call for each message."""
        return request.uuid

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        members = {
            "id": request.uuid,
            "textMessage": {"text": request.text},
            "phoneNumbers": [request.msisdn],
            "withDeliveryReport": bool(self.get("delivery_report")),
            "priority": self.get_number("priority"),
            "deviceId": self.get_text("device") or None,
            "simNumber": self.get("sim"),
            "ttl": _get_ttl(request),
        }
        return post_json(
            "messages", {name: one for name, one in members.items() if one is not None}
        )

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        reference = as_text(dig(answer.json, "id"))
        if not reference:
            return [say(maybe_sent(), text=AnswerWords.NO_REFERENCE.say())]
        return [SubmitResult(Outcome.ACCEPTED, provider_reference=reference)]

    def _hand_over(
        self, requests: Sequence[SubmitRequest], turn: Turn
    ) -> list[SubmitResult]:
        """What was taken before has the id that it was given then."""
        [request] = requests
        [result] = super()._hand_over(requests, turn)
        if result.outcome is Outcome.ACCEPTED and not result.provider_reference:
            result = replace(result, provider_reference=request.uuid)
        return [result]

    # === DELIVERY REPORTS ===
    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        return [report for one in references for report in self._find_report(one)]

    def _find(self, request: SubmitRequest) -> Iterator[StatusUpdate]:
        return self._find_report(request.uuid)

    def _find_report(self, reference: str) -> Iterator[StatusUpdate]:
        """The state of a message; nothing where the gateway has not seen it."""
        try:
            state = self._ask_json(get(f"messages/{quote(reference, safe='')}"))
        except ProviderError as error:
            if error.code != "404":
                raise
            return
        word = as_text(dig(state, "recipients", 0, "state"))
        word = word or as_text(dig(state, "state"))
        if word:
            error_text = as_text(dig(state, "recipients", 0, "error"))
            at = as_text(dig(state, "states", word))
            yield self._make_report(reference, word, error_text, at)

    def _make_report(
        self, reference: str, word: str, text: str, at: str
    ) -> StatusUpdate:
        """:param text: the phone's words on a failure"""
        report = self._report(
            word,
            provider_reference=reference,
            uuid=reference if _UUID.fullmatch(reference) else None,
            occurred_at=read_iso(at),
        )
        if report.status is not DeliveryStatus.FAILED:
            return report
        said = text.casefold()
        found = (what for part, what in _FAILURES.items() if part in said)
        status, failure_type = next(found, (report.status, report.failure_type))
        name = _CODE.search(text)
        return replace(
            report,
            status=status,
            failure_type=failure_type,
            code=name[0] if name else word,
            message=text,
        )

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        self._check_signature(request)
        try:
            value = read_json(request.body)
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
        event, payload = as_text(dig(value, "event")), dig(value, "payload")
        if not event:
            raise UnreadablePush(AndroidWords.NO_EVENT.say())
        if event == _RECEIVED:
            return PushAnswer(inbound=tuple(_read_received(payload)))
        return PushAnswer(reports=tuple(self._read_event(event, payload)))

    def _check_signature(self, request: PushRequest) -> None:
        key = self.get_text("signing_key")
        if not key:
            return
        signed = request.body + request.get_header("x-timestamp").encode()
        expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
        told = request.get_header("x-signature").strip().lower()
        if not hmac.compare_digest(expected.encode(), told.encode()):
            raise ForgedPush(AndroidWords.FORGED.say())

    def _read_event(self, event: str, payload: Any) -> Iterator[StatusUpdate]:
        """Events of other kinds are acknowledged and ignored."""
        reference = as_text(dig(payload, "messageId"))
        if event not in _EVENTS or not reference:
            return
        word, member = _EVENTS[event]
        text, at = (as_text(dig(payload, name)) for name in ("reason", member))
        yield self._make_report(reference, word, text, at)

    def _register_callback(self, address: str) -> str:
        """One registration per event; a second one with its id replaces it."""
        if not address:
            raise ProviderError(AndroidWords.NO_ADDRESS.say())
        events = [*_EVENTS, _RECEIVED]
        for event in events:
            name = hashlib.sha256(f"{event} {address}".encode()).hexdigest()[:32]
            members = {"id": name, "url": address, "event": event}
            if device := self.get_text("device"):
                members["deviceId"] = device
            self._ask(post_json("webhooks", members))
        return AndroidWords.REGISTERED.say(events=", ".join(events))

    # === INBOUND MESSAGES ===
    def _fetch_inbound(self, since: datetime) -> list[InboundMessage]:
        found: list[InboundMessage] = []
        for page in range(_INBOX_PAGES):
            rows = self._ask_inbox(since, page * _INBOX_PAGE)
            found += _read_inbox(rows)
            if len(rows) < _INBOX_PAGE:
                break
        return found

    def _ask_inbox(self, since: datetime, offset: int) -> list[Any]:
        """A page of the inbox; empty where the gateway has none."""
        moment = since.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = [("type", "SMS"), ("from", moment), ("limit", str(_INBOX_PAGE))]
        query.append(("offset", str(offset)))
        if device := self.get_text("device"):
            query.append(("deviceId", device))
        try:
            return as_list(self._ask_json(get("inbox", query)))
        except ProviderError as error:
            if error.code in _NO_INBOX:
                return []
            raise

    # === ACCOUNT ===
    def _test_connection(self) -> str:
        """The phones of the account, and when each was last seen."""
        wanted = self.get_text("device")
        phones = [
            f"{as_text(dig(phone, 'name')) or as_text(dig(phone, 'id'))}"
            f" ({as_text(dig(phone, 'lastSeen'))})"
            for phone in self._ask_devices()
            if wanted in ("", as_text(dig(phone, "id")))
        ]
        if not phones:
            raise ProviderError(AndroidWords.NO_DEVICE.say())
        return ", ".join(phones[:_MOST_PHONES])

    def _ask_devices(self) -> list[Any]:
        try:
            return as_list(self._ask_json(get(_DEVICES)))
        except ProviderError as error:
            if error.code != "404":
                raise
        return as_list(self._ask_json(get(_OLD_DEVICES)))


def _get_ttl(request: SubmitRequest) -> int | None:
    """Seconds to live, as the gateway takes them; None: for ever."""
    if not request.valid_until:
        return None
    now, second = datetime.now(timezone.utc), timedelta(seconds=1)
    return count_left(request.valid_until, now, second, (_SHORTEST, _LONGEST))


# === WHAT WAS RECEIVED ===
def _read_received(payload: Any) -> Iterator[InboundMessage]:
    sender = as_text(dig(payload, "sender")) or as_text(dig(payload, "phoneNumber"))
    yield from _make_inbound(
        sender,
        dig(payload, "message"),
        as_text(dig(payload, "recipient")),
        as_text(dig(payload, "messageId")),
        as_text(dig(payload, "receivedAt")),
    )


def _read_inbox(rows: Sequence[Any]) -> Iterator[InboundMessage]:
    """Of an SMS, what is called a preview is the whole text."""
    for row in rows:
        number = as_integer(as_text(dig(row, "id")).removeprefix("text:"))
        # the same hash as in pushes, where it is unsigned and in hex
        name = as_text(dig(row, "id")) if number is None else f"{number % 2**32:x}"
        yield from _make_inbound(
            as_text(dig(row, "sender")),
            dig(row, "contentPreview"),
            as_text(dig(row, "recipient")),
            name,
            as_text(dig(row, "createdAt")),
        )


def _make_inbound(
    sender: str, text: Any, recipient: str, name: str, at: str
) -> Iterator[InboundMessage]:
    """A message, where there is one."""
    if not sender or not isinstance(text, str):
        return
    moment = read_iso(at)
    seconds = f"@{int(moment.timestamp())}" if moment else ""
    yield InboundMessage(
        sender=_read_number(sender),
        text=text,
        recipient=_read_number(recipient),
        provider_reference=f"{name}{seconds}" if name else "",
        received_at=moment,
    )


def _read_number(text: str) -> str:
    """A number in E.164; what has no plus sign is national, short or a name."""
    return (as_msisdn(text) or text) if text.startswith("+") else text
