"""Mobizon (Kazakhstan, Ukraine, Brazil and others): one SMS per call.

Source: https://github.com/mobizon/mobizon-api-docs (2026-02) and the clients there.
Parameters are a form with PHP's brackets, the key stands in the query; answers are
``{"code", "data", "message"}`` with HTTP status 200 whatever happens. Not documented:
the HTTP statuses of errors, and which text tells that the account is empty (code 15).

There is no reference of ours in the protocol, but a message may name its campaign: the
name is ours, and the list of campaigns tells what became of a call without an answer.
Where a campaign has lost its name, the same text counts as a candidate.

Pushes are signed, but the signature covers the event's number and time only, not what
is told. So nothing bad is believed of a push: such a report changes nothing, and the
next poll confirms or corrects it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from ..tools.vocabulary import FailureType
from .errors import ForgedPush, ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    accepted,
    count_left,
    get,
    maybe_sent,
    post_form,
    refused,
    say,
    stop,
    throttled,
)
from .reading import (
    ReadingWords,
    Unreadable,
    as_decimal,
    as_dict,
    as_integer,
    as_msisdn,
    as_text,
    dig,
    expect_list,
    read_iso,
    read_json,
    spell,
)
from .settings import Kind, Setting
from .types import (
    Balance,
    Capabilities,
    DeliveryStatus,
    Money,
    PushAnswer,
    PushRequest,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

_VALIDITY = (60, 1440)  # minutes
_PAGE = 100
#: how much earlier than our call a campaign may seem to be made: the zones of the
#: account's times and of the setting may differ
_MARGIN = timedelta(days=2)
#: a name that we gave
_UUID = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: what texts of code 15 say where it means money
_MONEY = re.compile(r"средств|денег|баланс|money|funds|balance|saldo", re.I)
#: field of a refused form → what is wrong with the message
_FIELDS: dict[str, FailureType] = {
    "recipient": "invalid_number",
    "text": "content_rejected",
    "from": "sender_rejected",
}
#: what a push is not believed
_BAD = (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)


class MobizonWords(Words):
    """What the adapter says itself. ``text`` is the provider's own."""

    WRONG_SERVER = _("The account uses another URL: enter it in the route ({text})")
    BAD_SIGNATURE = _("The signature of the webhook request is invalid")
    NO_SECRET = _("The webhook secret key is not set")
    NO_REPORT = _("The webhook request contains neither a message ID nor a status")
    TOO_MANY = _("Too many campaigns were sent to this number to identify this one")
    NO_MESSAGE = _("The campaign has no messages yet")
    NO_CODE = _("the response has no code")


class MobizonProvider(HttpProvider):
    """One account at Mobizon, on the server of its country."""

    code = "mobizon"
    label = _("Mobizon")
    description = _(
        "SMS through Mobizon: Kazakhstan, Ukraine, Brazil and other countries.\n"
        "\n"
        "In the Mobizon account, turn on the API, create a key and allow the IP "
        "address of this server for the key. The API URL depends on the country in "
        "which the account was registered: https://api.mobizon.kz, "
        "https://api.mobizon.ua, https://api.mobizon.com.br and so on.\n"
        "\n"
        "The sender name must first be approved in the Mobizon account. Without a "
        "sender name, Mobizon sends from a shared name and does not report this.\n"
        "\n"
        "Statuses are polled. To receive them immediately, create a webhook for SMS "
        "delivery reports in the JSON format in the Mobizon account, with the "
        "webhook URL of this route, and enter its secret key here. A webhook report "
        "of a failed delivery is confirmed by a status poll first, because the "
        "signature does not cover it."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        lookup=True,
        not_found_after=900,
        validity=(_VALIDITY[0] * 60, _VALIDITY[1] * 60),
        push=True,
        signed_push=True,
        poll=True,
        max_poll=100,
        balance=True,
    )
    settings = (
        Setting(
            "url",
            _("API URL"),
            Kind.ADDRESS,
            required=True,
            default="https://api.mobizon.kz",
            help=_("URL of the country in which the account was registered"),
        ),
        Setting("api_key", _("API key"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            help=_("An approved sender name. Empty: the default of the account"),
        ),
        Setting(
            "timezone",
            _("Account time zone"),
            Kind.TIME_ZONE,
            help=_("As set in the Mobizon account, e.g. Asia/Almaty"),
        ),
        Setting(
            "webhook_secret",
            _("Webhook secret key"),
            Kind.SECRET,
            help=_("Webhook requests without this key are rejected"),
        ),
    )
    words = (*HttpProvider.words, MobizonWords)
    errors = {
        "1": refused("provider_error"),
        "4": stop(AnswerWords.MISCONFIGURED),
        "5": stop(AnswerWords.MISCONFIGURED),
        "6": stop(AnswerWords.MISCONFIGURED),
        "8": stop(AnswerWords.LOGIN_REFUSED),
        "9": stop(AnswerWords.LOGIN_REFUSED),
        "11": refused("missing_data"),
        "12": refused("provider_error"),
        "13": stop(MobizonWords.WRONG_SERVER),
        "14": stop(AnswerWords.BLOCKED),
        # "rate limit" (API reference, table of codes): the request was not processed
        "30": throttled(),
        # whether the message was taken before, nobody knows
        **dict.fromkeys(("2", "3", "10", "15", "98", "99", "100", "999"), maybe_sent()),
    }
    statuses = {
        "new": Status(DeliveryStatus.ACCEPTED),
        "enqueud": Status(DeliveryStatus.ACCEPTED),
        "acceptd": Status(DeliveryStatus.ACCEPTED),
        "pdlivrd": Status(DeliveryStatus.ACCEPTED),
        "delivrd": Status(DeliveryStatus.DELIVERED),
        "undeliv": Status(DeliveryStatus.FAILED, "unreachable"),
        "deleted": Status(DeliveryStatus.FAILED, "operator_refusal"),
        "rejectd": Status(DeliveryStatus.FAILED, "operator_refusal"),
        "expired": Status(DeliveryStatus.EXPIRED),
    }

    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_query(
            output="json", api="v1", apiKey=self.get_text("api_key").strip()
        )

    # === SUBMIT ===
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        pairs = [
            ("recipient", request.msisdn.removeprefix("+")),
            ("text", request.text),
            ("params[name]", request.uuid),
        ]
        if sender := self.get_text("sender").strip():
            pairs.append(("from", sender))
        if request.valid_until:
            minutes = _count_minutes(request.valid_until, datetime.now(timezone.utc))
            pairs.append(("params[validity]", str(minutes)))
        return post_form("service/message/sendSmsMessage", pairs)

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        reference = as_text(dig(answer.json, "data", "messageId"))
        if not reference:
            return [say(maybe_sent(), text=AnswerWords.NO_REFERENCE.say())]
        return [replace(accepted(), provider_reference=reference)]

    # === ANSWERS ===
    def _is_error(self, answer: Answer) -> bool:
        return not answer.is_success or _read_code(answer) != "0"

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        words = (spell(dig(answer.json, name)) for name in ("message", "data"))
        return _read_code(answer), "; ".join(filter(None, words))

    def _evaluate(self, answer: Answer) -> SubmitResult:
        result = super()._evaluate(answer)
        if result.code == "1":
            names = as_dict(dig(answer.json, "data"))
            reason = next((_FIELDS[name] for name in _FIELDS if name in names), None)
            return replace(result, failure_type=reason or result.failure_type)
        if result.code == "15" and _MONEY.search(result.message):
            return say(stop(AnswerWords.NO_FUNDS), "15", result.message)
        return result

    # === STATUSES ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        pairs = [("ids", ",".join(references))]
        return post_form("service/message/getSMSStatus", pairs)

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        items = expect_list(dig(answer.json, "data"))
        return [self._read_item(item, "id") for item in items]

    def _read_item(self, item: Any, id_name: str, **values: Any) -> StatusUpdate:
        moment = as_text(dig(item, "statusUpdateTs"))
        return self._report(
            as_text(dig(item, "status")),
            provider_reference=as_text(dig(item, id_name)) or None,
            segments=as_integer(dig(item, "segNum")),
            occurred_at=read_iso(moment, self.get_zone("timezone")),
            **values,
        )

    # === LOOK-UP ===
    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        answer = self._ask(_build_campaigns(request, self.get_zone("timezone")))
        chosen = _choose_campaigns(answer, request)
        if not chosen:
            return []
        pairs = [("criteria[campaignIds]", ",".join(chosen)), *_build_page()]
        answer = self._ask(post_form("service/message/list", pairs))
        items = expect_list(dig(answer.json, "data", "items"))
        found = [
            self._read_item(item, "id", uuid=request.uuid)
            for item in items
            if as_msisdn(as_text(dig(item, "to"))) == request.msisdn
        ]
        if not found:
            raise ProviderError(MobizonWords.NO_MESSAGE.say())
        return found

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        try:
            event = as_dict(read_json(request.body))
        except Unreadable as error:
            raise UnreadablePush(str(error)) from error
        _check_signature(event, self.get_text("webhook_secret"))
        if as_text(event.get("eventType")) != "sms-delivery-report":
            return PushAnswer()
        report = self._read_item(event.get("data"), "messageId")
        if not report.provider_reference or not report.raw:
            raise UnreadablePush(MobizonWords.NO_REPORT.say())
        if report.status in _BAD:
            report = replace(
                report, status=DeliveryStatus.ACCEPTED, failure_type=None, code=""
            )
        return PushAnswer(reports=(report,))

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get("service/user/getOwnBalance")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "data", "balance"))
        currency = as_text(dig(answer.json, "data", "currency")).upper()
        if amount is None or not currency:
            raise Unreadable(ReadingWords.NO_DATA.say())
        return Balance((Money(amount, currency),), (), answer.body, answer.text)


# === TOOLS ===
def _read_code(answer: Answer) -> str:
    """:raise Unreadable: this is no answer of the provider"""
    code = as_text(dig(answer.json, "code"))
    if not code:
        raise Unreadable(MobizonWords.NO_CODE.say())
    return code


def _count_minutes(valid_until: datetime, now: datetime) -> int:
    return count_left(valid_until, now, timedelta(minutes=1), _VALIDITY)


def _build_page() -> list[tuple[str, str]]:
    return [("pagination[pageSize]", str(_PAGE)), ("pagination[currentPage]", "0")]


def _build_campaigns(request: SubmitRequest, zone: ZoneInfo) -> HttpCall:
    """Ask for the latest campaigns to a number."""
    pairs = [("criteria[recipient]", request.msisdn.removeprefix("+"))]
    if request.attempted_at:
        since = (request.attempted_at - _MARGIN).astimezone(zone)
        pairs.append(("criteria[createTsFrom]", since.strftime("%Y-%m-%d %H:%M:%S")))
    pairs += [("sort[id]", "DESC"), *_build_page()]
    return post_form("service/campaign/list", pairs)


def _choose_campaigns(answer: Answer, request: SubmitRequest) -> list[str]:
    """The campaigns that a message may have become: the one that bears its name, or
    those of its text that bear no message's name.

    :raise ProviderError: the list is longer than its page, and has none
    """
    items = expect_list(dig(answer.json, "data", "items"))
    own = [item for item in items if as_text(dig(item, "name")) == request.uuid]
    total = as_integer(dig(answer.json, "data", "totalItemCount"))
    if total is None:
        raise Unreadable(ReadingWords.NO_DATA.say())
    if not own and total > len(items):
        raise ProviderError(MobizonWords.TOO_MANY.say())
    alike = [item for item in items if _is_alike(item, request)]
    ids = (as_integer(dig(item, "id")) for item in own or alike)
    return [str(one) for one in ids if one is not None]


def _is_alike(campaign: Any, request: SubmitRequest) -> bool:
    is_named = _UUID.fullmatch(as_text(dig(campaign, "name")))
    words = as_text(dig(campaign, "text")).split()
    return not is_named and words == request.text.split()


def _check_signature(event: Any, secret: str) -> None:
    """:raise ForgedPush: the signature is wrong, or nobody can tell"""
    if not secret:
        raise ForgedPush(MobizonWords.NO_SECRET.say())
    signed = [as_text(event.get(n)) for n in ("eventId", "attempt", "eventCreateTs")]
    text = "|".join([*signed, secret]).encode("utf-8", "replace")
    given = as_text(event.get("sign")).lower().encode("utf-8", "replace")
    if not hmac.compare_digest(given, hashlib.sha1(text).hexdigest().encode()):
        raise ForgedPush(MobizonWords.BAD_SIGNATURE.say())
