"""Infobip, https://www.infobip.com/docs/api: SMS v3 and voice messages (TTS v3).

JSON both ways. Sources: the provider's OpenAPI documents of 2026 and its list of
statuses and errors; the address of the balance is from memory.

Every message gets an id of ours (``messageId``). A second message with it is rejected
as a duplicate (status 23): the first was taken, whatever became of it, so that this is
no failure, neither in an answer nor in a report. How long ids are remembered is not
told; what was left without an answer is therefore looked up first. Statuses are read
from the logs, which can be read again and go back 48 hours: reports are given once,
and one that is lost on the way would be lost for good. For messages of people there
are no logs: who fetches them takes them away.

``pricePerMessage`` is taken for the price of one part, as ``messageCount`` counts
those. A signature of pushes is set up per account and its header is not public: the
secret address protects alone. Of a call that Infobip repeats by itself, nothing says
whether the attempts in between are reported: the first final status counts.

The file is long because it holds the whole protocol of the provider: settings, sending,
statuses, pushes and inbound messages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from .errors import ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    get,
    maybe_sent,
    post_json,
    say,
)
from .infobip_codes import (
    DUPLICATE,
    DUPLICATE_ID,
    ERRORS,
    GROUPS,
    MACHINE,
    REASONS,
    REJECTED,
    STATUSES,
    TAKEN,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_integer,
    as_list,
    as_msisdn,
    as_text,
    dig,
    read_iso,
    read_json,
)
from .settings import Choice, Kind, Setting, Unit
from .types import (
    Balance,
    Capabilities,
    ClientReference,
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

#: our id of a call begins so: its status is in other logs
_CALL = "v"
_ID = re.compile(f"{_CALL}?([0-9a-f]{{32}})")
_MINUTE = 60
#: longer times to live are cut to this without a word
_LONGEST = 48 * 60 * _MINUTE
_LOGS_LAST = timedelta(hours=47)
_REPORTS_PER_CALL = 100
_INBOX_PAGE, _INBOX_PAGES = 100, 10
_SHORT_NUMBER = 7
_MOST_PARTS = 255

_BAD = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED, DeliveryStatus.UNKNOWABLE)


class InfobipWords(Words):
    """What the adapter says itself."""

    NO_RESULTS = _("the document has no results")
    CUT = _("Infobip keeps messages for at most 48 hours: the validity period was cut")
    FORGOTTEN = _("The logs of Infobip go back 48 hours only")
    KEYS = _("Keys pressed: {keys}")


class Said(NamedTuple):
    """A status or an error, as Infobip describes both."""

    group: int | None
    id: int | None
    name: str
    text: str

    @classmethod
    def read(cls, value: Any) -> Said:
        number = as_integer(dig(value, "id"))
        name = as_text(dig(value, "name")) or as_text(number)
        text = as_text(dig(value, "description"))
        return cls(as_integer(dig(value, "groupId")), number, name, text)

    @property
    def is_duplicate(self) -> bool:
        """Whether it says that a message with this id was taken before."""
        is_rejected = self.group == REJECTED and self.id == DUPLICATE_ID
        return is_rejected or self.name == DUPLICATE


class InfobipProvider(HttpProvider):
    """An account at Infobip."""

    code = "infobip"
    label = _("Infobip")
    description = _(
        "SMS and voice calls through Infobip.\n"
        "\n"
        "In Infobip's web interface, copy the personal base URL and an API key whose"
        " scopes are sending and reading of SMS and of voice messages.\n"
        "\n"
        "Delivery reports come to the callback address, which goes along with every"
        " message; statuses are also polled. For messages that people write, enter the"
        " callback address as the forwarding URL of the number, or fetch them: Infobip"
        " gives each of them once, so that nothing else may fetch from the account.\n"
        "\n"
        "A repeated message is not sent again: Infobip recognizes its ID."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms", "voice"}),
        max_batch=100,
        per_recipient_text=True,
        client_reference=ClientReference.DEDUP,
        lookup=True,
        max_lookup=_REPORTS_PER_CALL,
        not_found_after=600,
        validity=(_MINUTE, _LONGEST),
        max_speech=1400,
        push=True,
        poll=True,
        max_poll=_REPORTS_PER_CALL,
        balance=True,
        price=True,
        inbound_push=True,
        inbound_poll=True,
    )
    settings = (
        Setting(
            "url",
            _("Base URL"),
            Kind.ADDRESS,
            required=True,
            default="https://api.infobip.com",
            help=_("The account's own, like https://xxxxx.api.infobip.com"),
        ),
        Setting("api_key", _("API key"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name of SMS"),
            help=_("As registered at Infobip. Empty: the account's own"),
        ),
        Setting(
            "transliterate",
            _("Transliterate Cyrillic"),
            Kind.BOOLEAN,
            default="0",
            help=_("Infobip transliterates: more characters fit into an SMS part"),
        ),
        Setting(
            "caller",
            _("Caller ID of calls"),
            help=_("A number of the account, like 74951234567"),
        ),
        Setting(
            "language",
            _("Language of calls"),
            default="ru",
            help=_("Infobip's code of the language that texts are read in"),
        ),
        Setting(
            "voice",
            _("Voice of calls"),
            help=_("The voice's name. Empty: the default one of the language"),
        ),
        Setting(
            "gender",
            _("Gender of the voice"),
            Kind.CHOICE,
            default="any",
            choices=(
                Choice("any", _("Any")),
                Choice("female", _("Female")),
                Choice("male", _("Male")),
            ),
        ),
        Setting(
            "ring_timeout",
            _("Ringing time"),
            Kind.DURATION,
            default="45",
            minimum=5,
            maximum=120,
            help=_("Many operators allow at most 45 seconds"),
        ),
        Setting(
            "retries",
            _("Repeat calls"),
            Kind.INTEGER,
            default="0",
            maximum=4,
            help=_("How often Infobip calls again when nobody answers, 0 to 4"),
        ),
        Setting(
            "retry_after",
            _("Repeat calls after"),
            Kind.DURATION,
            default="10",
            minimum=1,
            maximum=1440,
            unit=Unit.MINUTES,
        ),
        Setting(
            "machine",
            _("Answering machines"),
            Kind.CHOICE,
            default="off",
            choices=(
                Choice("off", _("Do not detect")),
                Choice("hangup", _("Hang up: the call fails")),
                Choice("continue", _("Speak after the greeting")),
            ),
            help=_("Infobip charges for the detection"),
        ),
    )
    words = (*HttpProvider.words, InfobipWords)
    errors = ERRORS
    statuses = STATUSES

    def _authenticate(self, call: HttpCall) -> HttpCall:
        key = self.get_text("api_key")
        return call.with_headers(Authorization=f"App {key}", Accept="application/json")

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        """``requestError`` of the older form, or the members of the newer one."""
        value = answer.json
        old = dig(value, "requestError", "serviceException")
        code = as_text(dig(old, "messageId")) or as_text(dig(value, "errorCode"))
        text = as_text(dig(old, "text")) or as_text(dig(value, "description"))
        return code, text

    # === SUBMIT ===
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        moment = datetime.now(timezone.utc)
        groups: dict[tuple[str, int | None], list[dict[str, str]]] = {}
        for request in requests:
            key = request.text, _get_lifetime(request, moment)
            groups.setdefault(key, []).append(
                {"to": request.msisdn.removeprefix("+"), "messageId": _get_id(request)}
            )
        if requests[0].channel == "voice":
            calls = [self._make_call(*key, who) for key, who in groups.items()]
            return post_json("tts/3/advanced", {"messages": calls})
        messages = [self._make_sms(*key, who) for key, who in groups.items()]
        options = {"includeSmsCountInResponse": True}
        document = {"messages": messages, "options": options}
        return post_json("sms/3/messages", document)

    def _make_sms(
        self, text: str, lifetime: int | None, destinations: list[dict[str, str]]
    ) -> dict[str, Any]:
        message: dict[str, Any] = {
            "destinations": destinations,
            "content": {"text": text},
        }
        if sender := self.get_text("sender"):
            message["sender"] = sender
        if self.get("transliterate"):
            message["content"]["transliteration"] = "CYRILLIC"
        if lifetime:
            period = {"amount": lifetime, "timeUnit": "SECONDS"}
            message["options"] = {"validityPeriod": period}
        if address := self.get_callback_address():
            message["webhooks"] = {
                "delivery": {"url": address},
                "contentType": "application/json",
            }
        return message

    def _make_call(
        self, text: str, lifetime: int | None, destinations: list[dict[str, str]]
    ) -> dict[str, Any]:
        address = self.get_callback_address()
        members = {
            "destinations": destinations,
            "text": text,
            "from": self.get_text("caller"),
            "language": self.get_text("language"),
            "voice": self._make_voice(),
            "ringTimeout": _count(self.get_duration("ring_timeout"), 1),
            "retry": self._make_retry(),
            "machineDetection": self._get_choice("machine"),
            "validityPeriod": lifetime and math.ceil(lifetime / _MINUTE),
            "notifyUrl": address,
            "notifyContentType": address and "application/json",
        }
        return {name: value for name, value in members.items() if value}

    def _make_voice(self) -> dict[str, str]:
        members = {"name": self.get_text("voice"), "gender": self._get_choice("gender")}
        return {name: value for name, value in members.items() if value}

    def _make_retry(self) -> dict[str, int]:
        count = self.get_number("retries")
        minutes = _count(self.get_duration("retry_after"), _MINUTE)
        if not count:
            return {}
        return {"minPeriod": minutes, "maxPeriod": minutes, "maxCount": count}

    def _get_choice(self, name: str) -> str:
        """A choice, "" where nothing is chosen."""
        value = self.get_text(name)
        return "" if value in ("any", "off") else value

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        """Messages are told apart by our ids, by their numbers where there are none."""
        ids = {_get_id(request) for request in requests}
        items: dict[str, list[Any]] = {}
        for item in as_list(dig(answer.json, "messages")):
            name = as_text(dig(item, "messageId"))
            number = as_text(dig(item, "destination")) or as_text(dig(item, "to"))
            key = name if name in ids else f"+{number.removeprefix('+')}"
            items.setdefault(key, []).append(item)
        return [
            self._decide(items.get(_get_id(one)) or items.get(one.msisdn, []), one)
            for one in requests
        ]

    def _decide(self, items: Sequence[Any], request: SubmitRequest) -> SubmitResult:
        """One result of what was said about a message."""
        results = [self._parse_one(item, request) for item in items]
        if not results or any(result != results[0] for result in results):
            return say(maybe_sent(), text=AnswerWords.OMITTED.say())
        return results[0]

    def _parse_one(self, item: Any, request: SubmitRequest) -> SubmitResult:
        status = Said.read(dig(item, "status"))
        if status.group == REJECTED and not status.is_duplicate:
            return self._explain(status.name, status.text)
        if status.group not in TAKEN and not status.is_duplicate:
            return say(maybe_sent(), status.name, status.text)
        message = status.text if status.is_duplicate else _tell_cut(request)
        return SubmitResult(
            Outcome.ACCEPTED,
            provider_reference=as_text(dig(item, "messageId")) or _get_id(request),
            segments=_read_parts(dig(item, "details", "messageCount")),
            code=status.name if status.is_duplicate else "",
            message=message,
        )

    # === DELIVERY REPORTS ===
    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        calls = [one for one in references if one.startswith(_CALL)]
        messages = [one for one in references if not one.startswith(_CALL)]
        reports: list[StatusUpdate] = []
        for asked in filter(None, (messages, calls)):
            reports += super()._poll(asked)
        return reports

    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        path = "tts/3/logs" if references[0].startswith(_CALL) else "sms/3/logs"
        ids = [("messageId", reference) for reference in references]
        return get(path, [*ids, ("limit", "1000")])

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterator[StatusUpdate]:
        """What was rejected as a duplicate stands behind what it is a duplicate of."""
        rows = as_list(dig(answer.json, "results"))
        rows.sort(key=lambda row: Said.read(dig(row, "status")).is_duplicate)
        for report in map(self._make_report, rows):
            if report and report.provider_reference in references:
                yield report

    def _lookup(self, requests: Sequence[SubmitRequest]) -> list[list[StatusUpdate]]:
        found: dict[str | None, StatusUpdate] = {}
        for report in self._poll([_get_id(request) for request in requests]):
            found.setdefault(report.provider_reference, report)
        forgotten_before = datetime.now(timezone.utc) - _LOGS_LAST
        return [
            [found[name]]
            if (name := _get_id(request)) in found
            else _find_forgotten(request, forgotten_before)
            for request in requests
        ]

    def _make_report(self, row: Any) -> StatusUpdate | None:
        reference = as_text(dig(row, "messageId"))
        status, error = Said.read(dig(row, "status")), Said.read(dig(row, "error"))
        meaning, failure_type = self._read_meaning(status, error)
        if not reference:
            return None
        is_bad = meaning in _BAD
        told = error if error.id else status
        ours = _ID.fullmatch(reference)
        return StatusUpdate(
            meaning,
            provider_reference=reference,
            uuid=ours[1] if ours else None,
            failure_type=failure_type,
            code=told.name if is_bad else "",
            message=told.text if is_bad else _tell_keys(row),
            segments=_read_parts(dig(row, "messageCount")),
            occurred_at=read_iso(as_text(dig(row, "doneAt")))
            or read_iso(as_text(dig(row, "sentAt"))),
            raw=status.name,
            price=_read_price(row),
        )

    def _read_meaning(self, status: Said, error: Said) -> Status:
        """An unknown status changes nothing."""
        if status.is_duplicate:
            return GROUPS[1]
        meaning = self.statuses.get(status.name.casefold())
        if not meaning and status.group == REJECTED:
            reaction = ERRORS.get(status.name)
            reason = reaction and reaction.failure_type
            meaning = Status(DeliveryStatus.FAILED, reason or "provider_error")
        meaning = meaning or GROUPS.get(status.group or 0, GROUPS[1])
        if error.name in MACHINE and self._get_choice("machine") == "hangup":
            return Status(DeliveryStatus.FAILED, "machine")
        if meaning.status is DeliveryStatus.FAILED:
            return meaning._replace(
                failure_type=REASONS.get(error.name, meaning.failure_type)
            )
        return meaning

    # === PUSHES AND INBOUND MESSAGES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        """Reports and inbound messages come in the same form; a report has a status."""
        try:
            rows = dig(read_json(request.body), "results")
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
        if not isinstance(rows, list):
            raise UnreadablePush(InfobipWords.NO_RESULTS.say())
        told = [row for row in rows if dig(row, "status") is not None]
        written = [row for row in rows if dig(row, "status") is None]
        return PushAnswer(
            reports=tuple(filter(None, map(self._make_report, told))),
            inbound=tuple(_read_inbound(written)),
        )

    def _fetch_inbound(self, since: datetime) -> list[InboundMessage]:
        """What was given once is kept, even where the next page fails."""
        found: list[InboundMessage] = []
        for _page in range(_INBOX_PAGES):
            try:
                rows = self._take_inbox()
            except ProviderError:
                if not found:
                    raise
                break
            found += _read_inbound(rows)
            if len(rows) < _INBOX_PAGE:
                break
        return found

    def _take_inbox(self) -> list[Any]:
        call = get("sms/1/inbox/reports", [("limit", str(_INBOX_PAGE))])
        return as_list(dig(self._ask_json(call), "results"))

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get("account/1/balance")

    def _parse_balance(self, answer: Answer) -> Balance:
        money = _read_money(dig(answer.json, "balance"), dig(answer.json, "currency"))
        return Balance((money,) if money else (), (), answer.body, answer.text)


# === MESSAGES ===
def _get_id(request: SubmitRequest) -> str:
    """Our id of a message at Infobip, the same on every attempt and in no other
    database."""
    return f"{_CALL if request.channel == 'voice' else ''}{request.uuid}"


def _get_lifetime(request: SubmitRequest, moment: datetime) -> int | None:
    """Seconds to live, as Infobip takes them; None: its own longest."""
    if not request.valid_until:
        return None
    left = math.ceil((request.valid_until - moment) / timedelta(seconds=1))
    return min(max(left, _MINUTE), _LONGEST)


def _tell_cut(request: SubmitRequest) -> str:
    moment = datetime.now(timezone.utc)
    is_cut = request.valid_until and request.valid_until - moment > timedelta(
        seconds=_LONGEST + _MINUTE
    )
    return InfobipWords.CUT.say() if is_cut else ""


def _count(duration: timedelta | None, unit: int) -> int:
    """A duration in a unit of so many seconds."""
    return (duration or timedelta()) // timedelta(seconds=unit)


def _find_forgotten(
    request: SubmitRequest, forgotten_before: datetime
) -> list[StatusUpdate]:
    """What the logs say by silence: nothing any more of what is older than they are."""
    attempted_at = request.attempted_at
    if not attempted_at or attempted_at > forgotten_before:
        return []
    words = InfobipWords.FORGOTTEN.say()
    return [StatusUpdate(DeliveryStatus.UNKNOWABLE, _get_id(request), message=words)]


# === ROWS ===
def _read_parts(value: Any) -> int | None:
    count = as_integer(value)
    return count if count and 0 < count <= _MOST_PARTS else None


def _tell_keys(row: Any) -> str:
    keys = as_text(dig(row, "voiceCall", "dtmfCodes"))
    return InfobipWords.KEYS.say(keys=keys) if keys else ""


def _read_price(row: Any) -> Money | None:
    """What a message or a call costs, where both price and quantity are told."""
    price = dig(row, "price")
    each, count = dig(price, "pricePerMessage"), dig(row, "messageCount")
    if as_decimal(each) is None:
        each = dig(price, "pricePerSecond")
        count = dig(row, "voiceCall", "chargedDuration")
    quantity = as_integer(count)
    money = _read_money(each, dig(price, "currency"))
    if not money or quantity is None:
        return None
    return Money(money.amount * Decimal(quantity), money.currency)


def _read_money(amount: Any, currency: Any) -> Money | None:
    number, code = as_decimal(amount), as_text(currency).upper()
    is_code = re.fullmatch("[A-Z]{3}", code)
    return Money(number, code) if number is not None and is_code else None


def _read_inbound(rows: Iterable[Any]) -> Iterator[InboundMessage]:
    for row in rows:
        sender = as_text(dig(row, "from"))
        text = dig(row, "text")
        if sender and isinstance(text, str):
            yield InboundMessage(
                sender=_read_number(sender),
                text=text,
                recipient=_read_number(as_text(dig(row, "to"))),
                provider_reference=as_text(dig(row, "messageId")),
                received_at=read_iso(as_text(dig(row, "receivedAt"))),
            )


def _read_number(text: str) -> str:
    """A number in E.164; short ones and names as they are."""
    return (as_msisdn(text) or text) if len(text) > _SHORT_NUMBER else text
