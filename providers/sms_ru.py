"""SMS.ru, https://sms.ru/api.

Forms in UTF-8 are posted, JSON comes back, with HTTP status 200 whatever happened: a
call has a ``status`` with a code, and so has each message in it. A call that is an
ERROR took nothing. Messages are told apart by their numbers. The account has no
reference of ours and no way to ask for a message without the provider's: what was
handed over without an answer stays unknown.

The codes' meanings are those of the provider's own list; 215, 217 and 501 to 550 have
none that is public and are kept as they come. The form of pushes and their hash are
those of receivers in use, the limits of ``ttl`` are from memory: longer ones are cut.
Nothing public says how messages to the account's own numbers are pushed: entries of
other kinds are acknowledged and ignored.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from .errors import ForgedPush, ProviderError
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    Pairs,
    count_left,
    post_form,
    refused,
    stop,
    try_later,
    try_later_alone,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_dict,
    as_list,
    as_text,
    dig,
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

_OK = "100"
_MINUTE = 60
_LONGEST = 1440

_ERRORS = {
    "200": stop(AnswerWords.LOGIN_REFUSED),
    "201": stop(AnswerWords.NO_FUNDS),
    "202": refused("invalid_number"),
    "203": refused("missing_data"),
    # per operator, so it need not hold for the next message
    "204": refused("sender_unregistered"),
    "205": refused("content_rejected"),
    # the account's limit for a day
    "206": try_later(3600),
    "207": refused("unsupported"),
    "209": refused("opted_out"),
    "210": stop(AnswerWords.MISCONFIGURED),
    "211": stop(AnswerWords.MISCONFIGURED),
    "212": refused("content_rejected"),
    "214": refused("unsupported"),
    "216": refused("content_rejected"),
    "220": try_later(),
    "221": try_later(),
    "230": try_later_alone(3600),
    "231": try_later_alone(60),
    "232": refused("spam"),
    "233": refused("spam"),
    "300": stop(AnswerWords.LOGIN_REFUSED),
    "301": stop(AnswerWords.LOGIN_REFUSED),
    "302": stop(AnswerWords.BLOCKED),
    "303": stop(AnswerWords.LOGIN_REFUSED),
    "304": stop(AnswerWords.LOGIN_REFUSED),
    "305": stop(AnswerWords.LOGIN_REFUSED),
    # "repeat the request", says the provider's list
    "500": try_later(),
}

_STATUSES = {
    "-1": Status(DeliveryStatus.NOT_FOUND),
    "100": Status(DeliveryStatus.ACCEPTED),
    "101": Status(DeliveryStatus.ACCEPTED),
    "102": Status(DeliveryStatus.ACCEPTED),
    "103": Status(DeliveryStatus.DELIVERED),
    "104": Status(DeliveryStatus.EXPIRED),
    "105": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "106": Status(DeliveryStatus.FAILED, "unreachable"),
    "107": Status(DeliveryStatus.FAILED, "other"),
    "108": Status(DeliveryStatus.FAILED, "operator_refusal"),
    # read, in a messenger
    "110": Status(DeliveryStatus.DELIVERED),
    # limits for a number: a day, the same text in a minute, the same text in a day
    "130": Status(DeliveryStatus.FAILED, "spam"),
    "131": Status(DeliveryStatus.FAILED, "spam"),
    "132": Status(DeliveryStatus.FAILED, "spam"),
    "150": Status(DeliveryStatus.FAILED, "unsupported"),
}


class SmsRuWords(Words):
    """What the adapter says itself."""

    NO_STATUS = _("the response has no status")
    FORGED = _("The hash of the push is not made with the api_id of the route")
    NOT_REGISTERED = _("SMS.ru does not list the address after it was registered")


class SmsRuProvider(HttpProvider):
    """An account at SMS.ru."""

    code = "sms_ru"
    label = _("SMS.ru")
    description = _(
        "SMS through SMS.ru.\n"
        "\n"
        "The api_id is on the main page of the SMS.ru account. The sender name must be"
        " approved there first; operators approve it one by one.\n"
        "\n"
        "Register the callback address with the button, or enter it in the SMS.ru"
        " account as the handler of delivery reports. SMS.ru signs its reports with"
        " the api_id: others are refused. Statuses are also polled.\n"
        "\n"
        "SMS.ru cannot be asked about a message whose request it did not answer: its"
        " outcome stays unknown until somebody resolves it."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        max_batch=100,
        per_recipient_text=True,
        validity=(_MINUTE, _LONGEST * _MINUTE),
        push=True,
        signed_push=True,
        poll=True,
        max_poll=100,
        balance=True,
        registers_callback=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of the API"),
            Kind.ADDRESS,
            required=True,
            default="https://sms.ru",
        ),
        Setting("api_id", _("api_id"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            help=_("An approved name; empty: the account's own"),
        ),
        Setting(
            "daytime",
            _("Only in the daytime of the recipient"),
            Kind.BOOLEAN,
            default="0",
            help=_("SMS.ru holds messages of the night until the morning"),
        ),
    )
    words = (*HttpProvider.words, SmsRuWords)
    errors = _ERRORS
    statuses = _STATUSES
    numbers_once = True

    def _post(self, path: str, *pairs: tuple[str, str]) -> HttpCall:
        known = (("api_id", self.get_text("api_id")), ("json", "1"))
        return post_form(path, [*known, *pairs])

    def _is_error(self, answer: Answer) -> bool:
        if not answer.is_success:
            return True
        code = as_text(dig(answer.json, "status_code"))
        if not code:
            raise Unreadable(SmsRuWords.NO_STATUS.say())
        return code != _OK

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        return _read_code(answer.json)

    # === SUBMIT ===
    def _get_group(self, request: SubmitRequest) -> int | None:
        """A call has one time to live for all of its messages."""
        return _get_ttl(request)

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        return self._post("sms/send", *self._get_options(requests[0]), *_to(requests))

    def _get_options(self, request: SubmitRequest) -> Iterator[tuple[str, str]]:
        sender, ttl = self.get_text("sender"), _get_ttl(request)
        if sender:
            yield "from", sender
        if ttl:
            yield "ttl", str(ttl)
        if self.get("daytime"):
            yield "daytime", "1"

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        told = as_dict(dig(answer.json, "sms"))
        return [self._parse_one(told.get(_digits(request))) for request in requests]

    def _parse_one(self, told: Any) -> SubmitResult:
        code, text = _read_code(told)
        if not code:
            return SubmitResult(Outcome.MAYBE_SENT, message=AnswerWords.OMITTED.say())
        if code != _OK:
            return self._explain(code, text)
        reference = as_text(dig(told, "sms_id"))
        message = "" if reference else AnswerWords.NO_REFERENCE.say()
        return SubmitResult(Outcome.ACCEPTED, reference or None, message=message)

    # === DELIVERY REPORTS ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        return self._post("sms/status", ("sms_id", ",".join(references)))

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterator[StatusUpdate]:
        told = as_dict(dig(answer.json, "sms"))
        for reference in references:
            code, text = _read_code(told.get(reference))
            if code:
                yield self._report(code, provider_reference=reference, message=text)

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        fields = request.read_form()
        entries = [text for name, text in fields.pairs if name.startswith("data")]
        self._check_hash(entries, fields.get("hash", ""))
        return PushAnswer(tuple(self._read_entries(entries)), body=_OK.encode())

    def _check_hash(self, entries: Sequence[str], told: str) -> None:
        """Entries come with the ends of lines as written or as forms write them."""
        texts = "".join(entries), "".join(entries).replace("\r\n", "\n")
        api_id = self.get_text("api_id")
        if not api_id or not any(_matches(api_id + text, told) for text in texts):
            raise ForgedPush(SmsRuWords.FORGED.say())

    def _read_entries(self, entries: Iterable[str]) -> Iterator[StatusUpdate]:
        """The statuses of messages; what clients' calls proved is none."""
        for entry in entries:
            kind, *rest = [line.strip() for line in entry.splitlines()] or [""]
            if kind == "sms_status" and len(rest) >= 2:
                yield self._report(
                    rest[1],
                    provider_reference=rest[0],
                    occurred_at=read_unix(rest[2]) if len(rest) > 2 else None,
                )

    def _register_callback(self, address: str) -> str:
        self._ask(self._post("callback/add", ("url", address)))
        listed = as_list(dig(self._ask(self._post("callback/get")).json, "callback"))
        if address not in listed:
            raise ProviderError(SmsRuWords.NOT_REGISTERED.say())
        return address

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return self._post("my/balance")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "balance"))
        money = () if amount is None else (Money(amount, "RUB"),)
        return Balance(money, (), answer.body, answer.text)


# === PURE FUNCTIONS ===
def _digits(request: SubmitRequest) -> str:
    return request.msisdn.removeprefix("+")


def _to(requests: Iterable[SubmitRequest]) -> Pairs:
    return [(f"to[{_digits(request)}]", request.text) for request in requests]


def _get_ttl(request: SubmitRequest) -> int | None:
    """Minutes that a message is of use."""
    if request.valid_until is None:
        return None
    now = datetime.now(timezone.utc)
    return count_left(request.valid_until, now, timedelta(minutes=1), (1, _LONGEST))


def _read_code(told: Any) -> tuple[str, str]:
    """The code and the words of a call or of a message in it, "" where there are
    none."""
    return as_text(dig(told, "status_code")), as_text(dig(told, "status_text"))


def _matches(text: str, told: str) -> bool:
    made = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return hmac.compare_digest(made.encode(), told.lower().encode("utf-8", "replace"))
