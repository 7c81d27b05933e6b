"""MTS Exolve: SMS, and calls with a text that a robot reads; one message per call.

Facts: docs.exolve.ru (methods, filters of ``GetList``, rules for senders); requests and
answers as public clients send and read them. Errors come as ``{"error": {"message":
…}}``, documented as ``{"error": …}``, and have no codes: their words are kept as the
code. Uncertain, and read tolerantly:

- ``delivery_status`` of SMS is a number whose values are not public. Numbers are kept
  as they come and change nothing, but for those that the route's settings name.
- Pushes of SMS: only the inbound form is known. One that names a message of ours is
  taken for a report, which says as little as ``delivery_status``.
- Of finished calls, pushes tell a reason whose words are not public. Words that
  ``GetInfo`` has as well mean the same, "completed" only where the call took time;
  after all others it is asked.
- The list of calls has no documented field for the number called: a call that was not
  answered for cannot be looked up, and is never made again by itself.

What a call became (``call/v1/GetInfo``). Completed says that the call was answered: how
much was heard, and whether by a machine, is not told.

    =====================================  ==========================
    status                                 ours
    =====================================  ==========================
    calling, answered, talk, play_audio_…  accepted
    completed                              delivered
    no_answer                              failed (no answer)
    busy                                   failed (busy)
    rejected                               failed (declined)
    canceled                               failed (other)
    failed                                 failed (provider error)
    anything else                          accepted
    =====================================  ==========================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .errors import ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    accepted,
    maybe_sent,
    post_json,
    refused,
    say,
    stop,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_integer,
    as_list,
    as_msisdn,
    as_text,
    dig,
    is_same_number,
    read_iso,
    read_json,
    read_rfc2822,
)
from .settings import Choice, Kind, Setting
from .types import (
    Balance,
    Capabilities,
    DeliveryStatus,
    InboundMessage,
    Money,
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

#: references of calls begin with it, those of SMS do not
_CALL = "call:"
_LIST = "messaging/v1/GetList"
#: messages per page, the most that ``GetList`` gives
_PAGE = 2000
#: pages of inbound messages that are read at once
_PAGES = 5
#: its clock and ours
_BEFORE = timedelta(minutes=1)
#: seconds after an attempt within which its message is listed, and dated; a caution,
#: nothing is documented
_LISTED_WITHIN = 1800
_AFTER = timedelta(seconds=_LISTED_WITHIN)
_INBOUND = ("1", "inbound", "incoming")
_REFERENCE = re.compile(r"[\w-]{1,64}")
_CODES = re.compile(r" *[0-9]+ *(, *[0-9]+ *)*")
_MAX_CODE = 100

#: words of errors, in lower case → what they mean. Those about money are not
#: documented: they stop the route, which fails nothing.
_ERRORS = {
    "customer has not signed": stop(AnswerWords.MISCONFIGURED),
    "malformed token": stop(AnswerWords.LOGIN_REFUSED),
    "unauthorized": stop(AnswerWords.LOGIN_REFUSED),
    "insufficient": stop(AnswerWords.NO_FUNDS),
    "not enough": stop(AnswerWords.NO_FUNDS),
    "incorrect number format": refused("invalid_number"),
    "not permitted for delivery": refused("unsupported"),
}
_HEARD = "completed"
_ENDS = {
    "no_answer": Status(DeliveryStatus.FAILED, "no_answer"),
    "busy": Status(DeliveryStatus.FAILED, "busy"),
    "rejected": Status(DeliveryStatus.FAILED, "declined"),
}


class ExolveWords(Words):
    """What the adapter says itself."""

    NO_NUMBER = _("Calls need a number: enter the calling number")
    BAD_NUMBER = _("The calling number must be a phone number.")
    BAD_CODES = _("SMS statuses must be numbers separated by commas.")
    NO_BALANCE = _("the answer has no balance")
    NO_MESSAGES = _("the answer has no list of messages with IDs")
    CALLS_UNLISTED = _("MTS Exolve cannot be asked for a call without its ID")
    DOUBTFUL = _("MTS Exolve lists another text to this number")
    TOO_MANY = _("MTS Exolve lists more messages than one answer holds")
    STRANGE_PUSH = _("The push is neither a message nor an event of a call")


class ExolveProvider(HttpProvider):
    """An application at MTS Exolve."""

    code = "exolve"
    label = _("MTS Exolve")
    description = _(
        "SMS and voice calls through MTS Exolve.\n"
        "\n"
        "1. In your account at MTS Exolve, create an application and copy its API"
        " key.\n"
        "2. Rent a mobile number or register a sender name for SMS; rent a number for"
        " calls. City and 8-800 numbers cannot send SMS.\n"
        "3. Enter the callback address in the settings of the application, for SMS and"
        " for events of calls. Statuses and inbound SMS are polled as well.\n"
        "\n"
        "MTS Exolve does not publish what the numbers of its SMS statuses mean. An SMS"
        " stays Submitted until you enter below which numbers mean delivered and not"
        " delivered; the support of MTS Exolve tells them.\n"
        "\n"
        "A call is delivered when it was answered, by a person or a machine. A call"
        " whose request got no response is never repeated: MTS Exolve cannot be asked"
        " for it, a person decides."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms", "voice"}),
        lookup=True,
        lookup_excludes=frozenset({"voice"}),
        not_found_after=_LISTED_WITHIN,
        max_speech=1000,
        push=True,
        poll=True,
        balance=True,
        inbound_push=True,
        inbound_poll=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of the API"),
            Kind.ADDRESS,
            required=True,
            default="https://api.exolve.ru",
        ),
        Setting("api_key", _("API key"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name or number"),
            required=True,
            help=_("Registered sender name or rented mobile number, for SMS"),
        ),
        Setting(
            "source",
            _("Calling number"),
            help=_("Rented number; empty: the number that sends SMS"),
        ),
        Setting(
            "template",
            _("SMS template ID"),
            Kind.INTEGER,
            minimum=1,
            help=_("Of a template approved by the operators; for all SMS"),
        ),
        Setting(
            "voice",
            _("Voice"),
            Kind.INTEGER,
            default="1",
            help=_("Number from the documentation of the Voice API; 1 is Alyona"),
        ),
        Setting(
            "language",
            _("Language of the voice"),
            Kind.INTEGER,
            default="1",
            help=_("Number from the documentation of the Voice API; 1 is Russian"),
        ),
        Setting(
            "speed",
            _("Speed of speech"),
            Kind.CHOICE,
            default="1.0",
            choices=(
                Choice("0.8", _("Slow")),
                Choice("0.9", _("A little slower")),
                Choice("1.0", _("Normal")),
                Choice("1.2", _("Fast")),
            ),
        ),
        Setting(
            "delivered_codes",
            _("SMS statuses: delivered"),
            help=_("Numbers of delivery_status, separated by commas"),
        ),
        Setting(
            "failed_codes",
            _("SMS statuses: not delivered"),
            help=_("Numbers of delivery_status, separated by commas"),
        ),
    )
    words = (*HttpProvider.words, ExolveWords)
    errors = _ERRORS
    statuses = {
        **_ENDS,
        _HEARD: Status(DeliveryStatus.DELIVERED),
        "canceled": Status(DeliveryStatus.FAILED, "other"),
        "failed": Status(DeliveryStatus.FAILED, "provider_error"),
    }

    def _check_settings(self) -> Iterable[str]:
        source = self.get_text("source")
        if source and not as_msisdn(source):
            yield ExolveWords.BAD_NUMBER.say()
        codes = self.get_text("delivered_codes"), self.get_text("failed_codes")
        if any(text and not _CODES.fullmatch(text) for text in codes):
            yield ExolveWords.BAD_CODES.say()

    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_headers(Authorization=f"Bearer {self.get_text('api_key')}")

    @property
    def _numbers(self) -> list[str]:
        """The account's own numbers, the one that calls first."""
        known = (as_msisdn(self.get_text(name)) for name in ("source", "sender"))
        return list(dict.fromkeys(number for number in known if number))

    # === SUBMIT ===
    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        if request.channel == "sms" or self._numbers:
            return None
        words = ExolveWords.NO_NUMBER.say()
        return SubmitResult(Outcome.NOT_SENT, message=words, route_down=words)

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        destination = _digits(request.msisdn)
        if request.channel == "voice":
            call = {
                "source": _digits(self._numbers[0]),
                "destination": destination,
                "tts": self._make_speech(request.text),
            }
            return post_json("call/v1/MakeVoiceMessage", call)
        sender, template = self.get_text("sender").strip(), self.get("template")
        message: dict[str, Any] = {
            "number": _digits(as_msisdn(sender) or sender),
            "destination": destination,
            "text": request.text,
        }
        if template:
            message["template_resource_id"] = template
        return post_json("messaging/v1/SendSMS", message)

    def _make_speech(self, text: str) -> dict[str, Any]:
        return {
            "text": text,
            "voice": self.get_number("voice"),
            "lang": self.get_number("language"),
            "speed": float(self.get_text("speed")),
        }

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        is_call = requests[0].channel == "voice"
        reference = _read_id(answer.json, "call" if is_call else "message")
        if not reference:
            return [say(maybe_sent(), text=AnswerWords.NO_REFERENCE.say())]
        return [replace(accepted(), provider_reference=reference)]

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        error = dig(answer.json, "error")
        found = (dig(error, "message"), error, dig(answer.json, "message"))
        text = next(filter(None, map(as_text, found)), "")
        if answer.status >= 500:  # whatever it says, it may have taken the message
            return "", text
        known = (words for words in _ERRORS if words in text.casefold())
        return next(known, text[:_MAX_CODE]), text

    # === QUESTIONS ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        reference = references[0]
        if reference.startswith(_CALL):
            asked = {"call_id": reference.removeprefix(_CALL)}
            return post_json("call/v1/GetInfo", asked)
        return post_json(_LIST, {"message_id": reference})

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        reference = references[0]
        if reference.startswith(_CALL):
            return self._read_call(answer.json, reference)
        messages = _read_messages(answer.json)
        return [self._read_sms(m) for m in messages if _read_id(m) == reference]

    def _read_call(self, call: Any, reference: str) -> Iterator[StatusUpdate]:
        status, ended = as_text(dig(call, "status")), as_text(dig(call, "ended"))
        if status:
            yield self._report(
                status,
                provider_reference=reference,
                occurred_at=read_rfc2822(ended) or read_iso(ended),
            )

    def _read_sms(self, message: Any) -> StatusUpdate:
        """A message of the list; its status means what the route's settings say."""
        number = as_text(dig(message, "delivery_status"))
        status = DeliveryStatus.ACCEPTED
        if number in self._read_codes("delivered_codes"):
            status = DeliveryStatus.DELIVERED
        elif number in self._read_codes("failed_codes"):
            status = DeliveryStatus.FAILED
        return StatusUpdate(
            status,
            provider_reference=_read_id(message),
            failure_type="other" if status is DeliveryStatus.FAILED else None,
            code=number if status is DeliveryStatus.FAILED else "",
            segments=as_integer(dig(message, "segments_count")),
            raw=number,
        )

    def _read_codes(self, name: str) -> list[str]:
        return [one.strip() for one in self.get_text(name).split(",") if one.strip()]

    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        if request.channel == "voice":
            raise ProviderError(ExolveWords.CALLS_UNLISTED.say())
        asked: dict[str, Any] = {"receiver": _digits(request.msisdn), "limit": _PAGE}
        if request.attempted_at:
            asked["date_gte"] = _format(request.attempted_at - _BEFORE)
            asked["date_lte"] = _format(request.attempted_at + _AFTER)
        listed = _read_messages(self._ask(post_json(_LIST, asked)).json)
        if len(listed) >= _PAGE:
            raise ProviderError(ExolveWords.TOO_MANY.say())
        to_it = [m for m in listed if _may_be_to(m, request)]
        same = [m for m in to_it if _is_same(dig(m, "text"), request.text)]
        if to_it and not same:
            raise ProviderError(ExolveWords.DOUBTFUL.say())
        return [self._read_sms(message) for message in same]

    def _build_balance(self) -> HttpCall:
        return post_json("finance/v1/GetBalance", {})

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "balance"))
        if amount is None:
            raise Unreadable(ExolveWords.NO_BALANCE.say())
        return Balance((Money(amount, "RUB"),), (), answer.body, answer.text)

    # === INBOUND AND PUSHES ===
    def _fetch_inbound(self, since: datetime) -> Iterable[InboundMessage]:
        try:
            listed = [m for n in self._numbers for m in self._list_inbound(n, since)]
        except Unreadable as error:
            raise ProviderError(AnswerWords.UNREADABLE.say(why=error)) from error
        return [_read_inbound(m) for m in listed if self._is_inbound(m)]

    def _list_inbound(self, number: str, since: datetime) -> Iterator[Any]:
        asked = {"receiver": _digits(number), "date_gte": _format(since)}
        for start in range(0, _PAGES * _PAGE, _PAGE):
            call = post_json(_LIST, {**asked, "limit": _PAGE, "offset": start})
            page = _read_messages(self._ask(call).json)
            yield from page
            if len(page) < _PAGE:
                return

    def _is_inbound(self, message: Any) -> bool:
        """Whether somebody wrote it to us. Its direction may not be told."""
        sender = as_text(dig(message, "sender"))
        is_ours = (
            sender == self.get_text("sender") or as_msisdn(sender) in self._numbers
        )
        direction = as_text(dig(message, "direction")).casefold() or _INBOUND[0]
        has_text = bool(sender and as_text(dig(message, "text")))
        return has_text and not is_ours and direction in _INBOUND

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        try:
            document = read_json(request.body)
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
        reports: list[StatusUpdate] = []
        inbound: list[InboundMessage] = []
        for item in as_list(dig(document, "messages")) or [document]:
            if call := _read_id(item, "call"):
                reports.extend(self._read_event(item, call))
            elif self._is_inbound(item):
                inbound.append(_read_inbound(item))
            elif _read_id(item):
                reports.append(self._read_sms(item))
            else:
                raise UnreadablePush(ExolveWords.STRANGE_PUSH.say())
        return PushAnswer(tuple(reports), tuple(inbound))

    def _read_event(self, event: Any, reference: str) -> Iterator[StatusUpdate]:
        """What an event says of a call of ours."""
        state = as_text(dig(event, "state")).casefold()
        reason = as_text(dig(event, "disconnect_reason")).casefold()
        if as_text(dig(event, "direction")).casefold() in _INBOUND:
            return
        took_time = (as_decimal(dig(event, "duration")) or 0) > 0
        is_known = reason in _ENDS or (reason == _HEARD and took_time)
        if state == "disconnected" and is_known:
            yield self._report(reason, provider_reference=reference)
            return
        yield StatusUpdate(
            DeliveryStatus.ACCEPTED,
            provider_reference=reference,
            raw=" ".join(filter(None, (state, reason))),
        )


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _format(moment: datetime) -> str:
    """RFC 3339, in UTC."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _read_id(document: Any, what: str = "message") -> str:
    """A reference of ours: the ID of a message or a call, a number or text."""
    for name in (f"{what}_id", f"{what}Id"):
        reference = as_text(dig(document, name))
        if _REFERENCE.fullmatch(reference):
            return f"{_CALL}{reference}" if what == "call" else reference
    return ""


def _read_messages(document: Any) -> list[Any]:
    """The messages of a list; an empty list may be left out."""
    messages = dig(document, "messages")
    if document == {}:
        return []
    if isinstance(messages, list) and all(map(_read_id, messages)):
        return messages
    raise Unreadable(ExolveWords.NO_MESSAGES.say())


def _may_be_to(message: Any, request: SubmitRequest) -> bool:
    """Whether a message went to a number at the time of its last attempt. What is not
    told may be: a message must not be missed."""
    receiver = as_text(dig(message, "receiver"))
    at, since = read_iso(as_text(dig(message, "date"))), request.attempted_at
    if receiver and not is_same_number(receiver, request.msisdn):
        return False
    if at and since and not since - _BEFORE <= at <= since + _AFTER:
        return False
    return as_text(dig(message, "direction")).casefold() not in _INBOUND


def _is_same(found: Any, text: str) -> bool:
    """Whether two texts differ by spaces and line breaks at most."""
    return as_text(found).split() == text.split()


def _read_inbound(message: Any) -> InboundMessage:
    sender, receiver = (as_text(dig(message, one)) for one in ("sender", "receiver"))
    return InboundMessage(
        as_msisdn(sender) or sender,
        as_text(dig(message, "text")),
        as_msisdn(receiver) or receiver,
        _read_id(message),
        read_iso(as_text(dig(message, "date"))),
    )
