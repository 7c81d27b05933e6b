"""Devino Telecom, the REST API without sessions (``rest/v2``).

Source: httpapiv2.rst and httppriem.rst of github.com/iggysly/docs, 2019, a copy of the
provider's documentation. Forms in UTF-8 are posted, JSON comes back: a list with an
identifier for every part of the message, or an object with a code, which took nothing
unless the gateway broke. A status is asked for part by part, and told for 48 hours: 255
stands for "not yet" and "no longer". The account has no reference of ours and no way to
ask for a message without the provider's: what was handed over without an answer stays
unknown. Many numbers in a call have one text, and the documentation does not say which
parts of the answer are whose: every message goes in a call of its own.

Answers name no currency. Unsure: the longest time to live is that of the provider's
newer API; status 99 may be final; whether the text of a pushed inbound message has its
prefix, and whether it has the identifier that it is listed with. The newer API is not
spoken: its words for statuses are not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from .errors import ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    get,
    maybe_sent,
    post_form,
    refused,
    stop,
)
from .reading import (
    ReadingWords,
    Unreadable,
    as_decimal,
    as_msisdn,
    as_text,
    dig,
    expect_list,
    read_unix,
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

_MINUTE = 60
_LONGEST = 3 * 1440
#: longest reference that the gateway keeps, in characters
_MAX_REFERENCE = 255
_NO_STATUS = "255"
_DATE = re.compile(r"/Date\((-?[0-9]+)([+-][0-9]{4})?\)/")

_ERRORS = {
    "1": refused("missing_data"),
    "2": refused("provider_error"),
    "4": stop(AnswerWords.LOGIN_REFUSED),
    "5": stop(AnswerWords.NO_FUNDS),
    # "invalid operation": the example is a wrong sender
    "6": refused("sender_rejected"),
    "7": stop(AnswerWords.LOGIN_REFUSED),
    # what broke behind the API may have taken the message before
    "8": maybe_sent(),
    "9": maybe_sent(),
}

_STATUSES = {
    "-1": Status(DeliveryStatus.ACCEPTED),
    "-2": Status(DeliveryStatus.ACCEPTED),
    "0": Status(DeliveryStatus.DELIVERED),
    "10": Status(DeliveryStatus.FAILED, "sender_rejected"),
    "11": Status(DeliveryStatus.FAILED, "invalid_number"),
    "41": Status(DeliveryStatus.FAILED, "invalid_number"),
    "42": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "46": Status(DeliveryStatus.EXPIRED),
    "47": Status(DeliveryStatus.FAILED, "other"),
    "48": Status(DeliveryStatus.FAILED, "provider_error"),
    "69": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "-98": Status(DeliveryStatus.FAILED, "other"),
}


class DevinoWords(Words):
    """What the adapter says itself."""

    NO_INBOUND = _("The push is no inbound message")


class DevinoProvider(HttpProvider):
    """An account at Devino Telecom."""

    code = "devino"
    label = _("Devino Telecom")
    description = _(
        "SMS through Devino Telecom (REST API, version 2).\n"
        "\n"
        "Enter login and password of the account, and a sender name that Devino has"
        " approved.\n"
        "\n"
        "Statuses are polled; Devino tells them for 48 hours.\n"
        "\n"
        "Inbound messages: enter the callback address in the request for an inbound"
        " number, or fetch them. Do not use both.\n"
        "\n"
        "Devino cannot be asked about a message whose request it did not answer: its"
        " outcome stays unknown until somebody resolves it."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        validity=(_MINUTE, _LONGEST * _MINUTE),
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
            default="https://integrationapi.net/rest/v2",
        ),
        Setting("login", _("Login"), required=True),
        Setting("password", _("Password"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            required=True,
            help=_("An approved name, or a number of at most 15 digits"),
        ),
        Setting(
            "currency",
            _("Currency of the account"),
            Kind.CHOICE,
            default="RUB",
            choices=(
                Choice("RUB", _("Russian rouble")),
                Choice("KZT", _("Kazakhstani tenge")),
                Choice("USD", _("US dollar")),
                Choice("EUR", _("Euro")),
            ),
        ),
    )
    words = (*HttpProvider.words, DevinoWords)
    errors = _ERRORS
    statuses = _STATUSES

    def _get_login(self) -> Iterator[tuple[str, str]]:
        yield "Login", self.get_text("login")
        yield "Password", self.get_text("password")

    def _get(self, path: str, **values: str) -> HttpCall:
        return get(path, [*self._get_login(), *values.items()])

    def _is_error(self, answer: Answer) -> bool:
        return not answer.is_success or bool(self._read_error(answer)[0])

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        return as_text(dig(answer.json, "Code")), as_text(dig(answer.json, "Desc"))

    # === SUBMIT ===
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        return post_form("Sms/Send", self._get_fields(requests[0]))

    def _get_fields(self, request: SubmitRequest) -> Iterator[tuple[str, str]]:
        yield from self._get_login()
        yield "DestinationAddress", request.msisdn.removeprefix("+")
        yield "SourceAddress", self.get_text("sender")
        yield "Data", request.text
        if request.valid_until:
            yield "Validity", str(_get_minutes(request.valid_until))

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        parts = [one for one in map(as_text, expect_list(answer.json)) if one]
        if not parts:
            raise Unreadable(ReadingWords.NO_DATA.say())
        reference = _join_parts(parts)
        return [SubmitResult(Outcome.ACCEPTED, reference, segments=len(parts))]

    # === DELIVERY REPORTS ===
    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        found = (self._poll_message(reference) for reference in references)
        return [report for report in found if report]

    def _poll_message(self, reference: str) -> StatusUpdate | None:
        """The status of the first part that is not delivered, else of the last."""
        report = None
        for part in reference.split(","):
            report = next(iter(super()._poll([part])), None)
            if report is None or report.status is not DeliveryStatus.DELIVERED:
                break
        return report and replace(report, provider_reference=reference)

    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        return self._get("Sms/State", messageId=references[0])

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterator[StatusUpdate]:
        told = answer.json
        state = as_text(dig(told, "State"))
        if state not in ("", _NO_STATUS):
            at = _read_date(dig(told, "ReportedDateUtc"))
            yield self._report(
                state,
                provider_reference=references[0],
                message=as_text(dig(told, "StateDescription")),
                occurred_at=at or _read_date(dig(told, "TimeStampUtc")),
            )

    # === INBOUND MESSAGES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        """Whatever is answered as ``sms`` would be sent back: nothing is."""
        fields = request.read_fields()
        if not fields.get("sourcePhone") or "text" not in fields:
            raise UnreadablePush(DevinoWords.NO_INBOUND.say())
        names = ("sourcePhone", "text", "number", "messageId")
        return PushAnswer(inbound=(_read_inbound(*map(fields.get, names)),))

    def _fetch_inbound(self, since: datetime) -> Iterable[InboundMessage]:
        # the clocks may differ
        until = datetime.now(timezone.utc) + timedelta(days=1)
        call = self._get(
            "Sms/In", minDateUTC=_write_time(since), maxDateUTC=_write_time(until)
        )
        listed = self._ask_json(call)
        if not isinstance(listed, list):
            words = AnswerWords.UNREADABLE
            raise ProviderError(words.say(why=ReadingWords.NO_DATA.say()))
        names = ("SourceAddress", "Data", "DestinationAddress", "ID", "CreatedDateUtc")
        for one in listed:
            yield _read_inbound(*(dig(one, name) for name in names))

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return self._get("User/Balance")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(answer.json)
        money = () if amount is None else (Money(amount, self.get_text("currency")),)
        return Balance(money, (), answer.body, answer.text)


# === PURE FUNCTIONS ===
def _get_minutes(until: datetime) -> int:
    """Minutes that a message is of use."""
    left = (until - datetime.now(timezone.utc)) / timedelta(minutes=1)
    return min(max(math.ceil(left), 1), _LONGEST)


def _join_parts(parts: Sequence[str]) -> str:
    """The reference of a message: those of its parts, as many as can be kept."""
    reference, *others = parts
    for part in others:
        if len(reference) + 1 + len(part) > _MAX_REFERENCE:
            break
        reference += f",{part}"
    return reference


def _read_inbound(
    sender: Any, text: Any, recipient: Any, reference: Any, at: Any = None
) -> InboundMessage:
    sender, recipient = as_text(sender), as_text(recipient)
    return InboundMessage(
        as_msisdn(sender) or sender,
        text if isinstance(text, str) else "",
        as_msisdn(recipient) or recipient,
        as_text(reference),
        _read_date(at),
    )


def _read_date(value: Any) -> datetime | None:
    """A moment as ASP.NET writes it in JSON: milliseconds since 1970."""
    found = _DATE.fullmatch(as_text(value))
    return read_unix(found[1]) if found else None


def _write_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
