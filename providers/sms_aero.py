"""SMS Aero, version 2 of its API: https://smsaero.ru/integration/documentation/api/.

JSON both ways, HTTP Basic with the e-mail and a key. One call carries one text to many
numbers and has one address for delivery reports; its answer tells messages apart by
their numbers. An answer says ``"success": false`` and why, or in an older form
``"result": "reject"`` and a ``reason``; both may come with HTTP status 200.

There is no reference of ours. A message without an answer is asked for by number and
text: what is found may be another with the same, so that it is believed to be ours only
when no other message owns it. The list is not said to be complete at once.

What is public are the provider's own clients and others, not its documentation: which
words errors have besides ``Validation error.``, and the fields of pushes, are not
certain. Pushes are not signed; the secret in the address protects them. Nothing public
says how messages to the account's numbers come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .errors import UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    post_json,
    refused,
    stop,
    throttled,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_dict,
    as_integer,
    as_msisdn,
    as_text,
    dig,
    read_json,
    read_unix,
)
from .settings import Kind, Setting
from .types import (
    Balance,
    Capabilities,
    DeliveryStatus,
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

_CURRENCY = "RUB"
#: by which the provider's clock may be behind ours: a message of ours that seems older
#: than its attempt would be sent again
_TOLERANCE = timedelta(hours=1)
#: of messages with one number and one text
_MAX_PAGES = 10

#: by the word of an error, its sentence, or the field that it complains of
_ERRORS = {
    "no credits": stop(AnswerWords.NO_FUNDS),
    "reject": refused("provider_error"),
    "your request was made with invalid credentials": stop(AnswerWords.LOGIN_REFUSED),
    "number": refused("invalid_number"),
    "numbers": refused("invalid_number"),
    "text": refused("content_rejected"),
    # the route's, so that the next message fares no better
    "sign": stop(AnswerWords.MISCONFIGURED),
    "callbackurl": stop(AnswerWords.MISCONFIGURED),
    # more than about ten requests a second; with HTTP 429
    "rate limit exceeded": throttled(1),
}

_STATUSES = {
    "0": Status(DeliveryStatus.ACCEPTED),
    "1": Status(DeliveryStatus.DELIVERED),
    "2": Status(DeliveryStatus.FAILED, "unreachable"),
    # handed to the operator; waits for a report
    "3": Status(DeliveryStatus.ACCEPTED),
    "4": Status(DeliveryStatus.ACCEPTED),
    "6": Status(DeliveryStatus.FAILED, "provider_error"),
    # a person at the provider looks at it first
    "8": Status(DeliveryStatus.ACCEPTED),
}


class SmsAeroWords(Words):
    """What the adapter says itself."""

    NO_SUCCESS = _("the response does not show whether the request succeeded")
    NO_BALANCE = _("the response has no balance")
    NO_LIST = _("the response is not a list of messages")
    LIST_TOO_LONG = _("the list of messages is too long")
    NO_STATUS = _("The delivery report has no id or no status")


class SmsAeroProvider(HttpProvider):
    """An account at SMS Aero."""

    code = "sms_aero"
    label = _("SMS Aero")
    description = _(
        "SMS through SMS Aero.\n"
        "\n"
        "Enter the account email and a key created in the account settings, under "
        "API and SMPP. The sender name must first be approved in the SMS Aero "
        "account; 'SMS Aero' is for tests.\n"
        "\n"
        "The webhook URL is sent with every message and need not be entered at SMS "
        "Aero. Statuses are also polled.\n"
        "\n"
        "A message without a response is reconciled by its number and text. If "
        "several messages match, resolve the message manually."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        max_batch=50,
        lookup=True,
        not_found_after=600,
        push=True,
        poll=True,
        balance=True,
        price=True,
    )
    settings = (
        Setting(
            "url",
            _("API URL"),
            Kind.ADDRESS,
            required=True,
            default="https://gate.smsaero.ru/v2",
            help=_("Or https://gate.smsaero.org/v2, https://gate.smsaero.net/v2"),
        ),
        Setting("email", _("Account email"), required=True),
        Setting("api_key", _("API key"), Kind.SECRET, required=True),
        Setting(
            "sender", _("Sender name"), required=True, help=_("An approved sender name")
        ),
    )
    words = (*HttpProvider.words, SmsAeroWords)
    errors = _ERRORS
    statuses = _STATUSES
    numbers_once = True

    # === CALLS ===
    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_login(self.get_text("email"), self.get_text("api_key"))

    def _is_error(self, answer: Answer) -> bool:
        if not answer.is_success:
            return True
        if dig(answer.json, "result") is None and dig(answer.json, "success") is None:
            raise Unreadable(SmsAeroWords.NO_SUCCESS.say())
        return dig(answer.json, "success") is not True

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        return _read_error(answer.json)

    # === SUBMIT ===
    def _get_group(self, request: SubmitRequest) -> str:
        return request.text

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        numbers = [_as_number(request.msisdn) for request in requests]
        to = {"number": numbers[0]} if len(numbers) == 1 else {"numbers": numbers}
        address = self.get_callback_address()
        callback = {"callbackUrl": address, "callbackFormat": "JSON"} if address else {}
        sign = self.get_text("sender")
        values = {**to, "sign": sign, "text": requests[0].text, **callback}
        return post_json("sms/send", values)

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        told = {_get_msisdn(item): item for item in _get_items(answer)}
        return [_parse_one(told.get(request.msisdn)) for request in requests]

    # === DELIVERY REPORTS ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        reference, *_others = references
        return post_json("sms/status", {"id": _as_number(reference)})

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterator[StatusUpdate]:
        for item in _get_items(answer):
            if as_text(dig(item, "id")) in references:
                yield self._read_status(item)

    def _read_status(self, told: Any, **values: Any) -> StatusUpdate:
        return self._report(
            as_text(dig(told, "status")),
            provider_reference=as_text(dig(told, "id")),
            msisdn=_get_msisdn(told),
            occurred_at=read_unix(dig(told, "dateAnswer")),
            price=_read_price(told),
            **values,
        )

    def _find(self, request: SubmitRequest) -> Iterator[StatusUpdate]:
        """What has the message's number and text and is not older than its attempt."""
        for item in self._list(request):
            if _is_like(item, request):
                yield replace(self._read_status(item), uuid=request.uuid)

    def _list(self, request: SubmitRequest) -> Iterator[Any]:
        """What the provider lists for the number and the text, all pages of it.

        :raise Unreadable: it cannot be told whether something is missing
        """
        asked = {"number": _as_number(request.msisdn), "text": request.text}
        for page in range(1, _MAX_PAGES + 1):
            query = [("page", str(page))] if page > 1 else []
            answer = self._ask(post_json("sms/list", asked, query))
            yield from _read_list(answer)
            if not dig(answer.json, "data", "links", "next"):
                return
        raise Unreadable(SmsAeroWords.LIST_TOO_LONG.say())

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        told = _read_push(request)
        if not as_text(dig(told, "id")) or not as_text(dig(told, "status")):
            raise UnreadablePush(SmsAeroWords.NO_STATUS.say())
        return PushAnswer((self._read_status(told),), body=b"OK")

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return post_json("balance", {})

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "data", "balance"))
        if amount is None:
            raise Unreadable(SmsAeroWords.NO_BALANCE.say())
        return Balance((Money(amount, _CURRENCY),), (), answer.body, answer.text)

    def _test_connection(self) -> str:
        """Ask for ``auth``, which exists for this only."""
        return as_text(dig(self._ask(post_json("auth", {})).json, "message"))


# === PURE FUNCTIONS ===
def _as_number(text: str) -> int | str:
    """Digits as the number that the provider's own clients send."""
    digits = text.removeprefix("+")
    return int(digits) if digits.isascii() and digits.isdigit() else digits


def _get_msisdn(told: Any) -> str | None:
    return as_msisdn(as_text(dig(told, "number")))


def _get_items(answer: Answer) -> list[Any]:
    """The messages in an answer: one, a list, or an object whose names are numbers."""
    data = dig(answer.json, "data")
    if isinstance(data, list):
        return data
    if "id" in as_dict(data):
        return [data]
    return [item for name, item in as_dict(data).items() if name.isdigit()]


def _read_list(answer: Answer) -> list[Any]:
    items, data = _get_items(answer), dig(answer.json, "data")
    count = len(items) if isinstance(data, list) else dig(data, "totalCount")
    total = as_integer(count)
    if total is None or (total and not items):
        raise Unreadable(SmsAeroWords.NO_LIST.say())
    return items


def _parse_one(told: Any) -> SubmitResult:
    reference = as_text(dig(told, "id"))
    if not reference:
        return SubmitResult(Outcome.MAYBE_SENT, message=AnswerWords.OMITTED.say())
    return SubmitResult(Outcome.ACCEPTED, reference, price=_read_price(told))


def _read_price(told: Any) -> Money | None:
    cost = as_decimal(dig(told, "cost"))
    return None if cost is None else Money(cost, _CURRENCY)


def _is_like(told: Any, request: SubmitRequest) -> bool:
    """Whether a message of the list may be the one that was handed over."""
    created_at = read_unix(dig(told, "dateCreate"))
    return (
        bool(as_text(dig(told, "id")))
        and _get_msisdn(told) == request.msisdn
        and as_text(dig(told, "text")).split() == request.text.split()
        and not _is_older(created_at, request.attempted_at)
    )


def _is_older(created_at: datetime | None, attempted_at: datetime | None) -> bool:
    return bool(created_at and attempted_at and created_at < attempted_at - _TOLERANCE)


def _read_error(document: Any) -> tuple[str, str]:
    """What an error is known by, and its words; "" where there are none."""
    result, reason = (as_text(dig(document, name)) for name in ("result", "reason"))
    if result:
        return result.lower(), reason or result
    fields = as_dict(dig(document, "data"))
    sentence = as_text(dig(document, "message"))
    known = next((name.lower() for name in fields if name.lower() in _ERRORS), "")
    return known or sentence.rstrip(". ").lower(), _tell(sentence, fields)


def _tell(sentence: str, fields: dict[str, Any]) -> str:
    """``Validation error. number: incorrect``"""
    complaints = (
        f"{name}: {', '.join(map(as_text, words if isinstance(words, list) else []))}"
        for name, words in fields.items()
    )
    return " ".join(filter(None, (sentence, *complaints)))


def _read_push(request: PushRequest) -> Any:
    if request.body.lstrip().startswith(b"{"):
        try:
            return read_json(request.body)
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
    return dict(request.read_fields())
