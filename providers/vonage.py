"""Vonage (Nexmo): its SMS API, https://developer.vonage.com/en/messaging/sms/overview.

One message a form; JSON comes back with HTTP status 200 whatever happened, with one
entry for each part of the message. A part has a reference of its own, and a delivery
receipt; all of them carry our ``client-ref``. The last part's reference is the
message's: a part that fails fails the message, only the last one's delivery delivers
it. Receipts do not tell how many parts there are, so the ``client-ref`` does.

The account cannot be asked for messages: what went unanswered stays unknown until a
receipt comes. Money is euros. Long inbound messages come in parts, each on its own.

The form of signatures is that of Vonage's own client libraries; the time in them is not
checked, since a receipt that comes again changes nothing, and Vonage repeats them for a
day. From memory: what ``account/settings`` answers, and that Vonage calls an address,
without any fields, before it takes it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..tools.segments import count_segments
from ..tools.vocabulary import FailureType
from .errors import ForgedPush, ProviderError, UnreadablePush
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
    throttled,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_list,
    as_msisdn,
    as_text,
    dig,
    read_json,
    read_time,
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

_OK = "0"
_CURRENCY = "EUR"
_UTC = ZoneInfo("UTC")
#: seconds
_SHORTEST, _LONGEST = 20, 604_800
_LONGEST_CALLBACK = 100
#: our UUID, and whether the message has several parts
_CLIENT_REF = re.compile(r"([0-9a-f]{32})(-parts)?")
_PARTS = "-parts"

_ERRORS = {
    # faster than the account's rate; more connections than it may have ("Throttled" and
    # "Too Many Existing Binds" of the SMS API's error codes)
    "1": throttled(),
    "2": refused("missing_data"),
    "4": stop(AnswerWords.LOGIN_REFUSED),
    "5": maybe_sent(),
    "6": refused("invalid_number"),
    "7": refused("blocked"),
    "8": stop(AnswerWords.BLOCKED),
    "9": stop(AnswerWords.NO_FUNDS),
    "10": throttled(),
    "11": stop(AnswerWords.MISCONFIGURED),
    "12": refused("content_rejected"),
    "14": stop(AnswerWords.LOGIN_REFUSED),
    # in some countries only
    "15": refused("sender_rejected"),
    # trial accounts send to numbers of a list only
    "29": refused("unsupported"),
    "32": stop(AnswerWords.MISCONFIGURED),
    "33": refused("invalid_number"),
}

_STATUSES = {
    "submitted": Status(DeliveryStatus.ACCEPTED),
    "accepted": Status(DeliveryStatus.ACCEPTED),
    "buffered": Status(DeliveryStatus.ACCEPTED),
    "delivered": Status(DeliveryStatus.DELIVERED),
    "expired": Status(DeliveryStatus.EXPIRED),
    "failed": Status(DeliveryStatus.FAILED, "unreachable"),
    "rejected": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "unknown": Status(DeliveryStatus.UNKNOWABLE),
}

#: ``err-code`` of receipts
_REASONS: dict[str, FailureType] = {
    "1": "provider_error",
    "2": "unreachable",
    "3": "invalid_number",
    "4": "blocked",
    "5": "operator_refusal",
    "6": "spam",
    "7": "unreachable",
    "8": "operator_refusal",
    # its owner has asked for no more messages
    "9": "opted_out",
    "10": "content_rejected",
    "11": "unsupported",
    "12": "unreachable",
    "13": "blocked",
    "14": "blocked",
    "99": "provider_error",
}


class VonageWords(Words):
    """What the adapter says itself."""

    NO_PARTS = _("the response mentions no message")
    PART_REFUSED = _("The provider accepted only a part of the message ({text})")
    FORGED = _(
        "The signature of the webhook request does not match the secret of the route"
    )
    NO_STATUS = _("The webhook request is neither a delivery receipt nor a message")
    NOT_REGISTERED = _("Vonage does not return the webhook URL after the registration")
    NO_BALANCE = _("the response has no balance")


class VonageProvider(HttpProvider):
    """An account at Vonage."""

    code = "vonage"
    label = _("Vonage")
    description = _(
        "SMS through Vonage (Nexmo).\n"
        "\n"
        "The API key, the API secret and the signature secret are in the Vonage "
        "dashboard, under API settings. Select the SMS API there as the default SMS "
        "setting.\n"
        "\n"
        "A webhook URL of at most 100 characters is sent with every message. For "
        "inbound messages, and for delivery reports if the URL is longer, press "
        "Register with provider, or enter the URL in the dashboard for inbound SMS "
        "and for delivery receipts.\n"
        "\n"
        "Vonage signs its requests if Vonage support has turned this on for the "
        "account: in this case, enter the signature secret and the signature "
        "method.\n"
        "\n"
        "Vonage cannot report the outcome of a message without a response: the "
        "outcome is unknown until the delivery receipt arrives or you resolve the "
        "message manually."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        client_reference=ClientReference.ECHO,
        validity=(_SHORTEST, _LONGEST),
        push=True,
        signed_push=True,
        balance=True,
        price=True,
        inbound_push=True,
        registers_callback=True,
    )
    settings = (
        Setting(
            "url",
            _("API URL"),
            Kind.ADDRESS,
            required=True,
            default="https://rest.nexmo.com",
        ),
        Setting("api_key", _("API key"), required=True),
        Setting("api_secret", _("API secret"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name or number"),
            required=True,
            help=_(
                "A number of the account, or a sender name of at most 11 characters"
            ),
        ),
        Setting(
            "signature_secret",
            _("Signature secret"),
            Kind.SECRET,
            help=_("Empty: signatures are not checked"),
        ),
        Setting(
            "signature_method",
            _("Signature method"),
            Kind.CHOICE,
            default="md5hash",
            choices=(
                Choice("md5hash", _("MD5 hash")),
                Choice("md5", _("MD5 HMAC")),
                Choice("sha1", _("SHA1 HMAC")),
                Choice("sha256", _("SHA-256 HMAC")),
                Choice("sha512", _("SHA-512 HMAC")),
            ),
        ),
    )
    words = (*HttpProvider.words, VonageWords)
    errors = _ERRORS
    statuses = _STATUSES

    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_login(self.get_text("api_key"), self.get_text("api_secret"))

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        """Errors of HTTP: those of the older API or of RFC 7807."""
        names = ("error-code-label", "detail", "title")
        found = (as_text(dig(answer.json, name)) for name in names)
        return "", next(filter(None, found), "")

    # === SUBMIT ===
    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        return post_form("sms/json", self._get_fields(requests[0]))

    def _get_fields(self, request: SubmitRequest) -> Iterator[tuple[str, str]]:
        size = count_segments(request.text)
        yield "from", as_sender(self.get_text("sender"))
        yield "to", request.msisdn.removeprefix("+")
        yield "text", request.text
        yield "type", "text" if size.encoding == "gsm7" else "unicode"
        yield "client-ref", request.uuid + (_PARTS if size.count > 1 else "")
        if request.valid_until:
            yield "ttl", str(_clamp_validity(request.valid_until) * 1000)
        address = self._open_callback
        if address and len(address) <= _LONGEST_CALLBACK:
            yield "callback", address

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        parts = as_list(dig(answer.json, "messages"))
        if not parts:
            raise Unreadable(VonageWords.NO_PARTS.say())
        results = [self._parse_part(part) for part in parts]
        bad = [one for one in results if one.outcome is not Outcome.ACCEPTED]
        if not bad:
            return [_join(results)]
        if len(parts) == 1 or not any(map(_may_be_sent, results)):
            return [bad[0]]
        # What was taken is on its way: all of it again would be a second message.
        text = VonageWords.PART_REFUSED.say(text=bad[0].message or bad[0].code)
        return [replace(maybe_sent(), code=bad[0].code, message=text)]

    def _parse_part(self, part: Any) -> SubmitResult:
        code, text = as_text(dig(part, "status")), as_text(dig(part, "error-text"))
        if not code:
            return SubmitResult(Outcome.MAYBE_SENT, message=AnswerWords.OMITTED.say())
        if code != _OK:
            return self._explain(code, text)
        reference = as_text(dig(part, "message-id"))
        return SubmitResult(
            Outcome.ACCEPTED,
            reference or None,
            message="" if reference else AnswerWords.NO_REFERENCE.say(),
            price=_read_price(dig(part, "message-price")),
        )

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        self._check_usable()
        fields = _read_fields(request)
        if not fields:  # an address is tried before it is taken
            return PushAnswer()
        secret = self.get_text("signature_secret")
        if secret:
            self._check_signature(fields, secret)
        if fields.get("status"):
            return PushAnswer(tuple(self._read_receipt(fields)))
        if fields.get("msisdn") and ("text" in fields or "type" in fields):
            return PushAnswer(inbound=(_read_inbound(fields),))
        raise UnreadablePush(VonageWords.NO_STATUS.say())

    def _check_signature(self, fields: Mapping[str, str], secret: str) -> None:
        made = sign(fields, secret, self.get_text("signature_method"))
        told = fields.get("sig", "").lower()
        if not hmac.compare_digest(made.encode(), told.encode("utf-8", "replace")):
            raise ForgedPush(VonageWords.FORGED.say())

    def _read_receipt(self, fields: Mapping[str, str]) -> Iterator[StatusUpdate]:
        """A receipt of one of several parts speaks of the message, except where the
        part was delivered: only the last one's reference is the message's."""
        whose = _CLIENT_REF.fullmatch(fields.get("client-ref", ""))
        uuid, is_part = (whose[1], bool(whose[2])) if whose else (None, False)
        report = self._make_report(fields, uuid)
        if is_part and report.status is DeliveryStatus.DELIVERED:
            yield replace(report, status=DeliveryStatus.ACCEPTED, price=None)
            yield replace(report, uuid=None, price=None)
        else:
            yield replace(report, price=None) if is_part else report

    def _make_report(self, fields: Mapping[str, str], uuid: str | None) -> StatusUpdate:
        code = fields.get("err-code", "")
        report = self._report(
            fields["status"],
            provider_reference=fields.get("messageId") or None,
            uuid=uuid,
            price=_read_price(fields.get("price")),
            occurred_at=read_time(
                fields.get("message-timestamp", ""), "%Y-%m-%d %H:%M:%S", _UTC
            ),
        )
        if report.status is not DeliveryStatus.FAILED or code in ("", _OK):
            return report
        reason = _REASONS.get(code, report.failure_type)
        return replace(report, code=code, failure_type=reason)

    def _register_callback(self, address: str) -> str:
        pairs = (("moCallBackUrl", address), ("drCallBackUrl", address))
        answer = self._ask(post_form("account/settings", pairs))
        if address not in answer.text.replace("\\/", "/"):
            raise ProviderError(VonageWords.NOT_REGISTERED.say())
        return address

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get("account/get-balance")

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "value"))
        if amount is None:
            raise Unreadable(VonageWords.NO_BALANCE.say())
        money = (Money(amount, _CURRENCY),)
        return Balance(money, (), answer.body, answer.text)


# === PURE FUNCTIONS ===
def sign(fields: Mapping[str, str], secret: str, method: str) -> str:
    """The ``sig`` of a push, in lower case.

    :param method: a choice of the setting ``signature_method``
    """
    text = "".join(
        f"&{name}={re.sub('[&=]', '_', fields[name])}"
        for name in sorted(fields)
        if name != "sig"
    )
    raw, key = text.encode("utf-8", "replace"), secret.encode("utf-8", "replace")
    if method == "md5hash":
        return hashlib.md5(raw + key, usedforsecurity=False).hexdigest()
    return hmac.new(key, raw, method).hexdigest()


def as_sender(sender: str) -> str:
    """A sender as Vonage writes it: a number without its plus sign, or a name."""
    sender = sender.strip()
    return (as_msisdn(sender) or sender).removeprefix("+")


def _may_be_sent(part: SubmitResult) -> bool:
    return part.outcome in (Outcome.ACCEPTED, Outcome.MAYBE_SENT)


def _join(parts: Sequence[SubmitResult]) -> SubmitResult:
    """A message by its parts, all of them taken."""
    prices = [part.price.amount for part in parts if part.price]
    price = Money(sum(prices, Decimal()), _CURRENCY) if prices else None
    return replace(parts[-1], segments=len(parts), price=price)


def _read_fields(request: PushRequest) -> Mapping[str, str]:
    """The fields of a push, by whatever method the account has."""
    if request.method == "GET":
        return request.query
    if "json" not in request.get_header("content-type").lower():
        return request.read_form()
    try:
        value = read_json(request.body)
    except Unreadable as error:
        raise UnreadablePush(str(error)) from error
    if not isinstance(value, dict):
        raise UnreadablePush(VonageWords.NO_STATUS.say())
    return {name: _write(one) for name, one in value.items()}


def _write(value: Any) -> str:
    """A value as a form would have it, with its spaces: signatures cover them."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else as_text(value)


def _read_inbound(fields: Mapping[str, str]) -> InboundMessage:
    sender, recipient = fields["msisdn"], fields.get("to", "")
    moment = fields.get("message-timestamp", "")
    return InboundMessage(
        sender=as_msisdn(sender) or sender,
        recipient=as_msisdn(recipient) or recipient,
        text=fields.get("text", ""),
        provider_reference=fields.get("messageId", ""),
        received_at=read_time(moment, "%Y-%m-%d %H:%M:%S", _UTC),
    )


def _read_price(value: Any) -> Money | None:
    amount = as_decimal(value)
    return None if amount is None else Money(amount, _CURRENCY)


def _clamp_validity(valid_until: datetime) -> int:
    """Seconds for which the message is tried."""
    left = (valid_until - datetime.now(timezone.utc)) / timedelta(seconds=1)
    return min(max(int(left), _SHORTEST), _LONGEST)
