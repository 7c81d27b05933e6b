"""SMSC.ru and its fronts (smsc.kz, smsc.ua, resellers), https://smsc.ru/api/http/.

A message is posted as JSON to ``/rest/send/``; the rest is asked of ``/sys/*.php`` by
forms, whose encoding is windows-1251 unless they say ``charset=utf-8``. Answers are
JSON with HTTP status 200; one with an ``error_code`` took nothing, except for 9.

The message's UUID goes along as ``id``. The provider does not demand that it is unique,
so that it protects from nothing; but with the number it finds the message again.

One id covers all numbers of a request: each message has a request of its own, so that
the outcome of one without an answer can be told for certain. A route may choose lists
instead (``list_size``). A list has an id of its own, which no message leads to: no
message of such a route is looked up, and the gateway keeps that with each claim, since
"not found" would be no proof after the setting was changed back.

9 means "the same request within a minute", or too many at once. The earlier one may
have been accepted (a proxy repeated it, perhaps), so that the message is asked for.
Statuses can be asked for in lists, but once a minute only, and errors that come too
often block our address: they are asked for one by one.

Not on public pages, but known from programs in use or from memory: the reasons of
failures (``err``), the fields of pushes and of ``get.php``, what signs inbound
messages, ``voice``, ``param``, the limits of ``valid``, and that 3 means "nothing
found" to ``get.php``. So are lists: ``number:text`` in each line, without ``phones``
and ``mes``; ``\\n`` in a text is a line break; ``op=1`` tells of each number its price
and, where it fails, the status and its ``err``. A number that is not told of is taken
for accepted.

The file is long because it holds the whole protocol of the provider: settings, sending,
statuses, pushes and inbound messages.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ..tools.currencies import to_current_code
from .errors import ForgedPush, ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    count_left,
    maybe_sent,
    post_form,
    post_json,
    refused,
    say,
    stop,
    try_later,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_dict,
    as_integer,
    as_list,
    as_msisdn,
    as_text,
    dig,
    read_json,
    read_time,
    read_unix,
)
from .settings import Choice, Kind, Setting
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

_MAX_TEXT = 1000
_MAX_LIST = 100
_MINUTE = 60
_DAY = 24 * 3600
#: what ``get.php`` goes back, in hours
_MAX_HOURS = 168
#: half of what the provider allows: more would be longer than we read
_MAX_INBOUND = "5000"
_NOTHING_FOUND = "3"
#: instead of reading this text out, the provider reads out a code that it makes up
_MAKES_A_CODE = "code"
_CALLBACK_OPTIONS = "charset=utf-8&fmt=3&sha1"
_TIME = "%d.%m.%Y %H:%M:%S"

_ERRORS = {
    # parameters, and the form of times: how we call, not what
    "1": stop(AnswerWords.MISCONFIGURED),
    "2": stop(AnswerWords.LOGIN_REFUSED),
    "3": stop(AnswerWords.NO_FUNDS),
    # the address we call from, for errors that came too often
    "4": try_later(300),
    "5": stop(AnswerWords.MISCONFIGURED),
    "6": refused("content_rejected"),
    "7": refused("invalid_number"),
    "8": refused("unsupported"),
    "9": maybe_sent(),
}

#: errors that refuse a list as a whole, where it got no id
_REFUSES_LIST = ("6", "7", "8")

_STATUSES = {
    "-3": Status(DeliveryStatus.NOT_FOUND),
    # stopped; others say that it waits
    "-2": Status(DeliveryStatus.ACCEPTED),
    "-1": Status(DeliveryStatus.ACCEPTED),
    "0": Status(DeliveryStatus.ACCEPTED),
    "1": Status(DeliveryStatus.DELIVERED),
    # read, or listened to
    "2": Status(DeliveryStatus.DELIVERED),
    "3": Status(DeliveryStatus.EXPIRED),
    # a link in it was followed
    "4": Status(DeliveryStatus.DELIVERED),
    "20": Status(DeliveryStatus.FAILED, "unreachable"),
    "22": Status(DeliveryStatus.FAILED, "invalid_number"),
    "23": Status(DeliveryStatus.FAILED, "provider_error"),
    "24": Status(DeliveryStatus.FAILED, "no_funds"),
    "25": Status(DeliveryStatus.FAILED, "unreachable"),
}

#: ``err`` of a message that failed
_REASONS = {
    "1": Status(DeliveryStatus.FAILED, "invalid_number"),
    "6": Status(DeliveryStatus.FAILED, "unreachable"),
    # the subscriber has no such service
    "11": Status(DeliveryStatus.FAILED, "unreachable"),
    "12": Status(DeliveryStatus.FAILED, "unreachable"),
    "13": Status(DeliveryStatus.FAILED, "blocked"),
    "21": Status(DeliveryStatus.FAILED, "unsupported"),
    "219": Status(DeliveryStatus.FAILED, "sim_changed"),
    "237": Status(DeliveryStatus.FAILED, "no_answer"),
    "238": Status(DeliveryStatus.FAILED, "template_mismatch"),
    "240": Status(DeliveryStatus.FAILED, "busy"),
    "242": Status(DeliveryStatus.FAILED, "machine"),
    "244": Status(DeliveryStatus.FAILED, "mailing_forbidden"),
    # the operator told nothing
    "245": Status(DeliveryStatus.UNKNOWABLE),
    "248": Status(DeliveryStatus.FAILED, "unsupported"),
    "249": Status(DeliveryStatus.FAILED, "invalid_number"),
    # on the account's own list, and on the provider's
    "250": Status(DeliveryStatus.FAILED, "opted_out"),
    "252": Status(DeliveryStatus.FAILED, "opted_out"),
    "253": Status(DeliveryStatus.FAILED, "spam"),
    "254": Status(DeliveryStatus.FAILED, "sender_unregistered"),
    "255": Status(DeliveryStatus.FAILED, "operator_refusal"),
}
#: operator's queue full, address forbidden, speech not made, no contract, limits of
#: time and number
_UNNAMED_REASON = Status(DeliveryStatus.FAILED, "provider_error")


class SmscWords(Words):
    """What the adapter says itself."""

    NO_LOGIN = _("Enter the API key, or the login and the password.")
    TEXT_TOO_LONG = _("SMSC takes at most {maximum} characters")
    NO_ID = _("the answer has no id")
    NO_BALANCE = _("the answer has no balance")
    FORGED = _("The signature of the push is not made with the secret of the route")
    NOT_A_PUSH = _("The push names neither a message nor a number")


class SmscRuProvider(HttpProvider):
    """An account at SMSC.ru or one of its fronts."""

    code = "smsc_ru"
    label = _("SMSC.ru")
    description = _(
        "SMS and calls through SMSC.ru, SMSC.kz and other addresses of the same"
        " service.\n"
        "\n"
        "Create an API key in the SMSC account, or use the login and a password for"
        " the API. The sender name must be approved there first.\n"
        "\n"
        "Enter the callback address of this route in the SMSC account, in the user"
        " settings, as the address for statuses and incoming messages, with everything"
        " after the question mark. Set a secret there and here: reports without its"
        " signature are then refused. Statuses and incoming messages are also polled.\n"
        "\n"
        "SMSC answers error 9 to fifteen requests at once: the message is then"
        " reconciled some minutes later. Keep the number of concurrent requests"
        " below.\n"
        "\n"
        "Each message is one request, unless you allow more messages per request. More"
        " than 1 is faster, but the messages of a request that got no answer keep an"
        " unknown outcome until a person decides: one id covers the whole request, so"
        " that SMSC cannot be asked about each of them with certainty."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms", "voice"}),
        max_batch=_MAX_LIST,
        per_recipient_text=True,
        client_reference=ClientReference.ECHO,
        lookup=True,
        not_found_after=300,
        validity=(_MINUTE, _DAY),
        max_speech=_MAX_TEXT,
        push=True,
        signed_push=True,
        poll=True,
        balance=True,
        price=True,
        inbound_push=True,
        inbound_poll=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of the API"),
            Kind.ADDRESS,
            required=True,
            default="https://smsc.ru",
            help=_("https://smsc.kz and others, as in the provider account"),
        ),
        Setting("api_key", _("API key"), Kind.SECRET),
        Setting("login", _("Login"), help=_("Only without an API key")),
        Setting("password", _("Password"), Kind.SECRET),
        Setting(
            "sender",
            _("Sender"),
            help=_("An approved name; empty: the account's own"),
        ),
        Setting(
            "callback_secret",
            _("Secret of the callback"),
            Kind.SECRET,
            help=_("As in the provider account; pushes must be signed with it"),
        ),
        Setting(
            "currency",
            _("Currency of the account"),
            Kind.CHOICE,
            default="RUB",
            choices=(
                Choice("RUB", _("Russian rouble")),
                Choice("KZT", _("Kazakhstani tenge")),
                Choice("UAH", _("Ukrainian hryvnia")),
                Choice("USD", _("US dollar")),
                Choice("EUR", _("Euro")),
            ),
        ),
        Setting(
            "timezone",
            _("Time zone of the account"),
            Kind.TIME_ZONE,
            default="Europe/Moscow",
        ),
        Setting(
            "list_size",
            _("Messages per request"),
            Kind.INTEGER,
            default="1",
            minimum=1,
            maximum=_MAX_LIST,
            help=_(
                "1 to 100: more than 1 is faster, but a person must decide about the"
                " messages of a request that got no answer."
            ),
        ),
        Setting(
            "voice",
            _("Voice of calls"),
            Kind.CHOICE,
            default="w",
            choices=(
                Choice("w", _("Female")),
                Choice("w2", _("Female, second")),
                Choice("m", _("Male")),
                Choice("m2", _("Male, second")),
            ),
        ),
        Setting(
            "ring_time",
            _("Ring time"),
            Kind.DURATION,
            default="25",
            minimum=10,
            maximum=35,
            help=_("10 to 35 seconds"),
        ),
        Setting(
            "call_attempts",
            _("Call attempts"),
            Kind.INTEGER,
            default="1",
            minimum=1,
            maximum=9,
            help=_("1 to 9: SMSC calls again until somebody answers"),
        ),
        Setting(
            "call_interval",
            _("Time between call attempts"),
            Kind.DURATION,
            default="600",
            minimum=10,
            maximum=3600,
            help=_("10 to 3600 seconds"),
        ),
    )
    numbers_once = True
    words = (*HttpProvider.words, SmscWords)
    errors = _ERRORS
    statuses = _STATUSES

    # === SETTINGS ===
    @property
    def max_batch(self) -> int:
        return self.get_number("list_size")

    @property
    def can_look_up(self) -> bool:
        # "Not found" under its own id is no proof for a message that went in a list.
        # What goes alone on such a route is not told apart from it.
        return self.max_batch == 1

    def _check_settings(self) -> Iterable[str]:
        has_login = self.get_text("login") and self.get_text("password")
        if not self.get_text("api_key") and not has_login:
            yield SmscWords.NO_LOGIN.say()

    def _get_account(self) -> dict[str, str]:
        """What every request begins with."""
        known = {"charset": "utf-8", "fmt": "3"}
        if key := self.get_text("api_key"):
            return {"apikey": key, **known}
        login, password = self.get_text("login"), self.get_text("password")
        return {"login": login, "psw": password, **known}

    def _ask_page(self, page: str, **values: str) -> HttpCall:
        return post_form(f"sys/{page}.php", {**self._get_account(), **values}.items())

    def _is_error(self, answer: Answer) -> bool:
        return not answer.is_success or any(_read_error(answer.json))

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        return _read_error(answer.json)

    # === SUBMIT ===
    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        if not request.text.strip():
            return refused("missing_data")
        if len(request.text) <= _MAX_TEXT:
            return None
        words = SmscWords.TEXT_TOO_LONG.say(maximum=_MAX_TEXT)
        return say(refused("content_rejected"), text=words)

    def _get_group(self, request: SubmitRequest) -> Hashable:
        if self.max_batch == 1 or not _fits_list(request):
            return request.uuid
        # A request has one time to live: that of the message whose time ends first.
        until = request.valid_until
        return until and until.replace(second=0, microsecond=0)

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        return (
            self._build_list(requests)
            if len(requests) > 1
            else self._build_message(requests[0])
        )

    def _build_list(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        times = [one.valid_until for one in requests if one.valid_until]
        values = {
            **self._get_account(),
            "list": "\n".join(f"{one.msisdn}:{one.text}" for one in requests),
            "id": _name_list(requests),
            "cost": "3",
            # tell of each number
            "op": "1",
            **self._get_sms(min(times, default=None), datetime.now(timezone.utc)),
        }
        return post_json("rest/send/", values)

    def _build_message(self, request: SubmitRequest) -> HttpCall:
        is_call = request.channel == "voice"
        now = datetime.now(timezone.utc)
        options = (
            self._get_call(request, now)
            if is_call
            else self._get_sms(request.valid_until, now)
        )
        values = {
            **self._get_account(),
            # without the plus sign the provider corrects numbers as it likes
            "phones": request.msisdn,
            "mes": _spell(request.text) if is_call else request.text,
            "id": request.uuid,
            # 3: send, and tell the price; 1 would tell the price only
            "cost": "3",
            **options,
        }
        return post_json("rest/send/", values)

    def _get_sms(self, valid_until: datetime | None, now: datetime) -> dict[str, str]:
        found = {
            "sender": self.get_text("sender"),
            "valid": _format_validity(valid_until, now),
        }
        return {name: value for name, value in found.items() if value}

    def _get_call(self, request: SubmitRequest, now: datetime) -> dict[str, str]:
        ring = self.get_duration("ring_time") or timedelta()
        interval = self.get_duration("call_interval") or timedelta()
        attempts = self.get_number("call_attempts")
        if request.valid_until:
            left = _count_attempts(request.valid_until - now, ring + interval)
            attempts = min(attempts, left)
        seconds = (time // timedelta(seconds=1) for time in (ring, interval))
        return {
            "call": "1",
            "voice": self.get_text("voice"),
            "param": ",".join(map(str, (*seconds, attempts))),
        }

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        name = as_text(dig(answer.json, "id"))
        if not name:
            raise Unreadable(SmscWords.NO_ID.say())
        if len(requests) > 1:
            return self._read_list(answer.json, name, requests)
        [request] = requests
        is_sms = request.channel == "sms"
        return [
            SubmitResult(
                Outcome.ACCEPTED,
                make_reference(name, request.msisdn),
                segments=as_integer(dig(answer.json, "cnt")) if is_sms else None,
                price=self._read_price(answer.json),
            )
        ]

    def _read_list(
        self, told: Any, name: str, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        items = map(as_dict, as_list(dig(told, "phones") or []))
        numbers = {as_msisdn(as_text(item.get("phone"))): item for item in items}
        return [
            self._read_number(
                numbers.get(request.msisdn, {}), make_reference(name, request.msisdn)
            )
            for request in requests
        ]

    def _read_number(self, told: Mapping[str, Any], reference: str) -> SubmitResult:
        """What the answer to a list says of one number: both codes are those of
        statuses, and there only where something is wrong."""
        report = self._report(as_text(told.get("status")))
        error = as_text(told.get("error"))
        if error not in ("", "0"):
            report = _explain(replace(report, status=DeliveryStatus.FAILED), error, "")
        if report.status is DeliveryStatus.FAILED:
            return say(refused(report.failure_type or "provider_error"), report.code)
        price = self._read_price(told)
        return SubmitResult(Outcome.ACCEPTED, reference, price=price)

    def _evaluate_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> SubmitResult:
        """A list is handed over again, whole or in parts, only where nothing of it was
        taken: what got an id may have been taken in part."""
        result = super()._evaluate_submit(answer, requests)
        is_sure = (
            result.outcome is Outcome.NOT_SENT or result.code in _REFUSES_LIST
        ) and not _has_id(answer)
        if len(requests) == 1 or is_sure:
            return result
        return replace(result, outcome=Outcome.MAYBE_SENT, failure_type=None)

    def _read_price(self, told: Any) -> Money | None:
        cost = as_decimal(dig(told, "cost"))
        return None if cost is None else Money(cost, self.get_text("currency"))

    # === DELIVERY REPORTS ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        reference, *_others = references
        name, _, number = reference.rpartition(":")
        return self._ask_page("status", id=name, phone=number, all="1")

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterator[StatusUpdate]:
        yield from self._read_status(answer.json, provider_reference=references[0])

    def _read_status(self, told: Any, **values: Any) -> Iterator[StatusUpdate]:
        word, reason = as_text(dig(told, "status")), as_text(dig(told, "err"))
        if not word:
            return
        moment = dig(told, "last_timestamp") or dig(told, "ts")
        report = self._report(
            word,
            occurred_at=read_unix(moment),
            price=self._read_price(told),
            **values,
        )
        yield _explain(report, reason, as_text(dig(told, "status_name")))

    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        reference = make_reference(request.uuid, request.msisdn)
        answer = self._ask(self._build_poll([reference]))
        for report in self._parse_poll(answer, [reference]):
            # what it had no money for, it keeps: that was an earlier attempt
            is_refused = report.failure_type == "no_funds"
            if report.status is not DeliveryStatus.NOT_FOUND and not is_refused:
                yield replace(report, uuid=request.uuid)

    # === PUSHES ===
    def _complete_callback(self, address: str) -> str:
        return f"{address}{'&' if '?' in address else '?'}{_CALLBACK_OPTIONS}"

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        told = _read_push(request)
        if not told.get("phone"):
            raise UnreadablePush(SmscWords.NOT_A_PUSH.say())
        reports, inbound = self._read_reports(told), self._read_inbound(told)
        if reports or inbound:
            self._check_signature(told)
        # of other events, such as calls of clients, it wants to be told the same
        return PushAnswer(tuple(reports), tuple(inbound), body=b"OK")

    def _read_reports(self, told: Mapping[str, str]) -> list[StatusUpdate]:
        name, phone = told.get("id", ""), told["phone"]
        if not name or "status" not in told:
            return []
        return list(
            self._read_status(
                told,
                provider_reference=make_reference(name, phone),
                uuid=name,
                msisdn=as_msisdn(phone),
            )
        )

    def _read_inbound(self, told: Mapping[str, str]) -> list[InboundMessage]:
        # a report with a text would be signed, the text would not
        if "mes" not in told or "status" in told:
            return []
        return [self._make_inbound(told, "mes", "to")]

    def _check_signature(self, told: Mapping[str, str]) -> None:
        secret = self.get_text("callback_secret")
        texts = [f"{text}:{secret}" for text in _get_signed(told)]
        if secret and not any(_is_signed(told, text) for text in texts):
            raise ForgedPush(SmscWords.FORGED.say())

    # === INBOUND MESSAGES ===
    def _fetch_inbound(self, since: datetime) -> Iterable[InboundMessage]:
        hours = math.ceil((datetime.now(timezone.utc) - since) / timedelta(hours=1))
        limits = {"hour": str(min(max(hours, 1), _MAX_HOURS)), "cnt": _MAX_INBOUND}
        try:
            answer = self._ask(self._ask_page("get", get_answers="1", **limits))
        except ProviderError as error:
            if error.code == _NOTHING_FOUND:
                return []
            raise
        items = map(as_dict, as_list(answer.json))
        return [self._make_inbound(told, "message", "to_phone") for told in items]

    def _make_inbound(
        self, told: Mapping[str, Any], text: str, recipient: str
    ) -> InboundMessage:
        """:param text: name of the member that holds it; so with ``recipient``"""
        sent = as_text(told.get("sent")) or as_text(told.get("time"))
        zone = self.get_zone("timezone")
        return InboundMessage(
            sender=_as_number(told.get("phone")),
            text=as_text(told.get(text)),
            recipient=_as_number(told.get(recipient)),
            provider_reference=as_text(told.get("id")),
            received_at=read_time(sent, _TIME, zone) or read_unix(told.get("ts")),
        )

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return self._ask_page("balance", cur="1")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "balance"))
        if amount is None:
            raise Unreadable(SmscWords.NO_BALANCE.say())
        told = to_current_code(as_text(dig(answer.json, "currency")).upper())
        money = Money(amount, told or self.get_text("currency"))
        return Balance((money,), (), answer.body, answer.text)


# === PURE FUNCTIONS ===
def make_reference(name: str, msisdn: str) -> str:
    """What a message is asked for by: its id and its number."""
    return f"{name}:{msisdn.removeprefix('+')}"


def _fits_list(request: SubmitRequest) -> bool:
    """Whether a message can be a line of a list: how a line break is written there is
    not known for certain, and a backslash may begin one."""
    text = request.text
    is_line = text.splitlines() == [text] and "\\" not in text
    return request.channel == "sms" and is_line


def _name_list(requests: Sequence[SubmitRequest]) -> str:
    """The id of a list: never that of a message, since reports of all its messages
    carry it, and another one for every attempt."""
    parts = "\n".join(f"{one.uuid} {one.attempt}" for one in requests)
    return f"list-{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


def _has_id(answer: Answer) -> bool:
    """Whether a refused request got an id all the same."""
    try:
        return bool(as_text(dig(answer.json, "id")))
    except Unreadable:
        return False


def _spell(text: str) -> str:
    """A text as it is read out."""
    return f"{text}." if text.strip().lower() == _MAKES_A_CODE else text


def _format_validity(valid_until: datetime | None, now: datetime) -> str:
    """Hours and minutes that a message is of use, ``hh:mm``; "" for ever."""
    if valid_until is None:
        return ""
    limits = (1, _DAY // _MINUTE)
    hours, rest = divmod(count_left(valid_until, now, timedelta(minutes=1), limits), 60)
    return f"{hours:02}:{rest:02}"


def _count_attempts(left: timedelta, step: timedelta) -> int:
    """How often a number can be called, every so often, before it is too late."""
    return 1 + max(left, timedelta()) // step


def _read_error(document: Any) -> tuple[str, str]:
    """The code and the words of an error, "" where there are none."""
    code, text = (as_text(dig(document, name)) for name in ("error_code", "error"))
    return "" if code == "0" else code, text


def _explain(report: StatusUpdate, reason: str, words: str) -> StatusUpdate:
    """A failure with its reason, where there is one, and the provider's words.

    Its code cannot be taken for one of a submit, or for a status.
    """
    if report.status not in (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED):
        return report
    report = replace(report, message=words)
    if reason in ("", "0"):
        return report
    report = replace(report, code=f"err{reason}")
    if report.status is DeliveryStatus.EXPIRED:
        return report
    status, failure_type = _REASONS.get(reason, _UNNAMED_REASON)
    return replace(report, status=status, failure_type=failure_type)


def _as_number(value: Any) -> str:
    text = as_text(value)
    return as_msisdn(text) or text


def _read_push(request: PushRequest) -> dict[str, str]:
    """The fields of a push, wherever they are, as they are signed: spaces included.

    The address has its own options, empty or not, and a name may come in both.
    """
    is_utf8 = request.query.get("charset", "").lower() == "utf-8"
    encoding = "utf-8" if is_utf8 else "windows-1251"
    pairs: list[tuple[str, Any]] = list(request.query.pairs)
    if request.body.lstrip().startswith(b"{"):
        pairs += _read_members(request.body.decode(encoding, "replace"))
    else:
        pairs += request.read_form(encoding).pairs
    texts = ((name, v if isinstance(v, str) else as_text(v)) for name, v in pairs)
    return {name: text for name, text in texts if text}


def _read_members(text: str) -> list[tuple[str, Any]]:
    try:
        return list(as_dict(read_json(text.encode())).items())
    except Unreadable as error:
        raise UnreadablePush(str(error)) from error


def _get_signed(told: Mapping[str, str]) -> Iterator[str]:
    """What a signature may cover, without the secret."""
    id_, phone, status = (told.get(name, "") for name in ("id", "phone", "status"))
    yield f"{id_}:{phone}:{status}"
    if not status:
        yield f"{phone}:{told.get('mes', '')}:{told.get('to', '')}"


def _is_signed(told: Mapping[str, str], text: str) -> bool:
    signed = _as_bytes(text)
    made = {
        "sha1": hashlib.sha1(signed, usedforsecurity=False).hexdigest(),
        "md5": hashlib.md5(signed, usedforsecurity=False).hexdigest(),
    }
    return any(
        hmac.compare_digest(right.encode(), _as_bytes(told.get(name, "").lower()))
        for name, right in made.items()
    )


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
