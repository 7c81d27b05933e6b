"""Twilio: messages and calls, https://www.twilio.com/docs.

One message or call a request, posted as a form; a 4xx took nothing. Twilio knows no
reference of the client's and repeats what is posted again: what went unanswered is
looked for among all the messages to its number. The list's own filters go by the time
of sending, which a queued message does not have yet, so they are not used; texts are
compared loosely, since a trial account and "Smart Encoding" change them. Reports come
to the address given with each message, which holds our UUID, and are signed with the
Auth Token, whatever key is used to call.

From memory: 20005, 21611, 21703, 21705, 30032 and 30034; seen in clients only: 21215,
and the voices of Amazon Polly for Russian. How long a message takes to be listed is
not documented. Whether a call was declined is not told: it is busy, or not answered.

The file is long because it holds the whole protocol of the provider: settings, sending,
statuses, pushes and inbound messages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import chain
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from .base import BaseWords
from .errors import ForgedPush, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    Pairs,
    get,
    post_form,
    refused,
    say,
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
    read_rfc2822,
)
from .settings import Kind, Setting
from .types import (
    Balance,
    Capabilities,
    ClientReference,
    DeliveryStatus,
    Fields,
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

_SID = re.compile(r"(SM|MM|CA)[0-9A-Za-z]{32}")
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_VOICE = re.compile(r"[A-Za-z0-9._-]{1,60}")
_UUID = re.compile(r"[0-9a-f]{32}")
_PORT = re.compile(r":[0-9]*$")
#: what XML cannot carry, and nobody can hear
_UNHEARD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHORTEST, _LONGEST = 5, 36_000
_MAX_TWIML, _MAX_SPEECH = 4000, 3800
#: the longest page of a list
_PAGE = "1000"
#: by which our clock may be ahead of Twilio's
_SKEW = timedelta(minutes=5)
_TWIML = "text/xml; charset=utf-8"
#: name of our UUID in the address of reports
_UUID_FIELD = "uuid"

_ERRORS = {
    "13224": refused("invalid_number"),
    "20003": stop(AnswerWords.LOGIN_REFUSED),
    "20005": stop(AnswerWords.BLOCKED),
    "20404": stop(AnswerWords.MISCONFIGURED),
    # too many requests, and queues of the sender and of the account that are full
    # (twilio.com/docs/api/errors)
    "20429": throttled(),
    "21210": stop(AnswerWords.MISCONFIGURED),
    "21211": refused("invalid_number"),
    "21212": stop(AnswerWords.MISCONFIGURED),
    "21214": refused("unreachable"),
    # countries that the account's geographic permissions leave out: calls, messages
    "21215": refused("unsupported"),
    "21408": refused("unsupported"),
    "21601": stop(AnswerWords.MISCONFIGURED),
    "21603": stop(AnswerWords.MISCONFIGURED),
    # the sender cannot write to this country: it may to others
    "21606": refused("sender_rejected"),
    # trial accounts send to verified numbers only
    "21608": refused("unsupported"),
    "21609": stop(AnswerWords.MISCONFIGURED),
    "21610": refused("opted_out"),
    "21611": throttled(),
    "21612": refused("unsupported"),
    "21614": refused("invalid_number"),
    "21617": refused("content_rejected"),
    "21635": refused("invalid_number"),
    "21659": refused("sender_rejected"),
    "21661": stop(AnswerWords.MISCONFIGURED),
    "21703": stop(AnswerWords.MISCONFIGURED),
    "21705": stop(AnswerWords.MISCONFIGURED),
    "30001": throttled(),
    "30002": stop(AnswerWords.BLOCKED),
    "30003": refused("unreachable"),
    "30004": refused("blocked"),
    "30005": refused("invalid_number"),
    "30006": refused("unreachable"),
    "30007": refused("spam"),
    "30008": refused("provider_error"),
    "30032": refused("sender_unregistered"),
    "30034": refused("sender_unregistered"),
}
#: failed because its time in Twilio's queue was over
_TOO_OLD = "30036"

#: of messages and of calls
_STATUSES = {
    "accepted": Status(DeliveryStatus.ACCEPTED),
    "scheduled": Status(DeliveryStatus.ACCEPTED),
    "queued": Status(DeliveryStatus.ACCEPTED),
    "sending": Status(DeliveryStatus.ACCEPTED),
    "sent": Status(DeliveryStatus.ACCEPTED),
    "delivered": Status(DeliveryStatus.DELIVERED),
    "read": Status(DeliveryStatus.DELIVERED),
    "undelivered": Status(DeliveryStatus.FAILED, "unreachable"),
    "failed": Status(DeliveryStatus.FAILED, "provider_error"),
    "canceled": Status(DeliveryStatus.FAILED, "other"),
    "initiated": Status(DeliveryStatus.ACCEPTED),
    "ringing": Status(DeliveryStatus.ACCEPTED),
    "in-progress": Status(DeliveryStatus.ACCEPTED),
    "completed": Status(DeliveryStatus.DELIVERED),
    "busy": Status(DeliveryStatus.FAILED, "busy"),
    "no-answer": Status(DeliveryStatus.FAILED, "no_answer"),
}
_INBOUND = ("received", "receiving")
#: how what answered a call is called, where it is not a person
_MACHINES = ("machine", "fax")


class TwilioWords(Words):
    """What the adapter says itself."""

    BAD_ACCOUNT = _("The Account SID must be AC and 32 hexadecimal digits.")
    BAD_SERVICE = _("The Messaging Service must be MG and 32 hexadecimal digits.")
    HALF_KEY = _("Enter the API key together with its secret.")
    BAD_CALLER = _("The caller ID must be in international format, e.g. +14155550100.")
    BAD_VOICE = _("Enter the language and the voice exactly as Twilio lists them.")
    ONLY_RUSSIAN = _("The voice {voice} speaks Russian only. Enter another voice.")
    NOBODY = _("Enter a sender name or number, a Messaging Service or a caller ID.")
    NO_SENDER = _("SMS require a sender name or number, or a Messaging Service")
    NO_CALLER = _("Calls require a caller ID")
    FORGED = _(
        "The signature of the webhook request does not match the Auth Token of the "
        "route"
    )
    NO_STATUS = _("The webhook request has no status")
    NO_LIST = _("the response has no list")
    MORE_PAGES = _("there are more messages to this number than fit in one response")
    NO_BALANCE = _("the response has no balance")


class TwilioProvider(HttpProvider):
    """An account at Twilio."""

    code = "twilio"
    label = _("Twilio")
    description = _(
        "SMS and voice calls through Twilio.\n"
        "\n"
        "The Account SID and the Auth Token are on the first page of the Twilio "
        "console. The Auth Token is required even with an API key: Twilio signs its "
        "requests with it.\n"
        "\n"
        "SMS require a sender name or number, or a Messaging Service. Calls require "
        "a number rented from Twilio or verified there. Allow the countries of the "
        "recipients in the console, under Geo permissions.\n"
        "\n"
        "The webhook URL is sent with every message. For inbound messages, enter it "
        "in the console as a webhook with HTTP POST: at the number (A message comes "
        "in) or in the Messaging Service (Integration).\n"
        "\n"
        "A message without a response is reconciled by its number and text, a call "
        "by its numbers. It is sent again if Twilio does not list it after 15 "
        "minutes."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms", "voice"}),
        client_reference=ClientReference.ECHO,
        lookup=True,
        not_found_after=900,
        validity=(_SHORTEST, _LONGEST),
        max_speech=_MAX_SPEECH,
        push=True,
        signed_push=True,
        poll=True,
        balance=True,
        price=True,
        inbound_push=True,
    )
    settings = (
        Setting(
            "url",
            _("API URL"),
            Kind.ADDRESS,
            required=True,
            default="https://api.twilio.com",
        ),
        Setting(
            "account_sid", _("Account SID"), required=True, help=_("AC…, 34 characters")
        ),
        Setting("auth_token", _("Auth Token"), Kind.SECRET, required=True),
        Setting("api_key", _("API key"), help=_("SK…. Empty: the Auth Token is used")),
        Setting("api_secret", _("Secret of the API key"), Kind.SECRET),
        Setting(
            "sender",
            _("Sender name or number"),
            help=_("A number, e.g. +14155550100, a short code or a sender name"),
        ),
        Setting(
            "messaging_service",
            _("Messaging Service"),
            help=_("MG…; the service selects the sender name or number"),
        ),
        Setting(
            "caller",
            _("Caller ID"),
            help=_("E.g. +14155550100. Empty: the sender number"),
        ),
        Setting(
            "language",
            _("Call language"),
            default="ru-RU",
            help=_("As Twilio lists them, e.g. ru-RU or en-GB"),
        ),
        Setting(
            "voice",
            _("Voice of calls"),
            default="Polly.Tatyana",
            help=_("The voice must support the language; otherwise the call is silent"),
        ),
        Setting(
            "ring_timeout",
            _("Ring time"),
            Kind.DURATION,
            default="60",
            minimum=5,
            maximum=600,
            help=_("From 5 to 600 seconds"),
        ),
        Setting(
            "detect_machine",
            _("Detect answering machines"),
            Kind.BOOLEAN,
            default="0",
            help=_(
                "On: a call answered by a machine counts as not delivered. Charged "
                "separately"
            ),
        ),
    )
    words = (*HttpProvider.words, TwilioWords)
    errors = _ERRORS
    statuses = _STATUSES

    # === SETTINGS ===
    def _check_settings(self) -> Iterator[str]:
        service, caller = self.get_text("messaging_service"), self.get_text("caller")
        language, voice = self.get_text("language"), self.get_text("voice")
        if not _ACCOUNT.fullmatch(self._account_sid):
            yield TwilioWords.BAD_ACCOUNT.value
        if service and not _SERVICE.fullmatch(service.strip()):
            yield TwilioWords.BAD_SERVICE.value
        if bool(self.get_text("api_key")) != bool(self.get_text("api_secret")):
            yield TwilioWords.HALF_KEY.value
        if caller and not as_msisdn(caller):
            yield TwilioWords.BAD_CALLER.value
        if not (_VOICE.fullmatch(language) and _VOICE.fullmatch(voice)):
            yield TwilioWords.BAD_VOICE.value
        elif voice in ("Polly.Tatyana", "Polly.Maxim") and language != "ru-RU":
            yield TwilioWords.ONLY_RUSSIAN.say(voice=voice)
        if not (self.get_text("sender") or service or caller):
            yield TwilioWords.NOBODY.value

    @property
    def _account_sid(self) -> str:
        return self.get_text("account_sid").strip()

    @property
    def _caller(self) -> str:
        """The number that calls; "" where there is none."""
        return as_msisdn(self.get_text("caller") or self.get_text("sender")) or ""

    # === CALLS OF THE API ===
    def _get_path(self, *names: str) -> str:
        account = quote(self._account_sid, safe="")
        return "/".join(("2010-04-01/Accounts", account, *names)) + ".json"

    def _authenticate(self, call: HttpCall) -> HttpCall:
        key, secret = self.get_text("api_key"), self.get_text("api_secret")
        if key:
            return call.with_login(key, secret)
        return call.with_login(self._account_sid, self.get_text("auth_token"))

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        return as_text(dig(answer.json, "code")), as_text(dig(answer.json, "message"))

    # === SUBMIT ===
    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        if request.channel == "sms":
            can_send = self.get_text("sender") or self.get_text("messaging_service")
            return None if can_send else stop(TwilioWords.NO_SENDER)
        if not self._caller:
            return stop(TwilioWords.NO_CALLER)
        if len(self._build_twiml(request.text)) > _MAX_TWIML:
            words = BaseWords.SPEECH_TOO_LONG.say(maximum=_MAX_SPEECH)
            return say(refused("content_rejected"), text=words)
        return None

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        if request.channel == "voice":
            return post_form(self._get_path("Calls"), self._get_call(request))
        return post_form(self._get_path("Messages"), self._get_message(request))

    def _get_message(self, request: SubmitRequest) -> Iterator[tuple[str, str]]:
        service = self.get_text("messaging_service").strip()
        sender = self.get_text("sender").strip()
        yield "To", request.msisdn
        if service:
            yield "MessagingServiceSid", service
        if sender:
            yield "From", sender
        yield "Body", request.text
        if request.valid_until:
            yield "ValidityPeriod", str(_clamp_validity(request.valid_until))
        yield from self._get_callback(request)

    def _get_call(self, request: SubmitRequest) -> Iterator[tuple[str, str]]:
        ringing = self.get_duration("ring_timeout")
        yield "To", request.msisdn
        yield "From", self._caller
        yield "Twiml", self._build_twiml(request.text)
        if ringing:
            yield "Timeout", str(int(ringing.total_seconds()))
        if self.get("detect_machine"):
            yield "MachineDetection", "Enable"
        yield from self._get_callback(request)

    def _build_twiml(self, text: str) -> str:
        language = quoteattr(self.get_text("language"))
        voice = quoteattr(self.get_text("voice"))
        spoken = escape(_UNHEARD.sub(" ", text))
        return (
            f"<Response><Say language={language} voice={voice}>{spoken}</Say>"
            "</Response>"
        )

    def _get_callback(self, request: SubmitRequest) -> Pairs:
        """Where reports of the message go, with our UUID: they find the message before
        Twilio's answer does. Twilio refuses messages with an address that it cannot
        call."""
        address = self._open_callback
        mark = "&" if "?" in address else "?"
        named = f"{address}{mark}{_UUID_FIELD}={request.uuid}"
        return [("StatusCallback", named)] if address else []

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        report = self._read_resource(answer.json)
        if report is None:
            raise Unreadable(AnswerWords.NO_REFERENCE.say())
        is_bad = report.status is not DeliveryStatus.ACCEPTED and report.failure_type
        return [
            SubmitResult(
                Outcome.REFUSED if is_bad else Outcome.ACCEPTED,
                report.provider_reference,
                segments=report.segments,
                failure_type=report.failure_type if is_bad else None,
                code=report.code,
                message=report.message,
                price=report.price,
            )
        ]

    # === DELIVERY REPORTS ===
    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        reference = references[0]
        kind = "Calls" if reference.startswith("CA") else "Messages"
        return get(self._get_path(kind, quote(reference, safe="")))

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        report = self._read_resource(answer.json)
        return [report] if report else []

    def _read_resource(self, value: Any) -> StatusUpdate | None:
        """A message or a call as Twilio shows it; None where it is neither."""
        told = {name: as_text(one) for name, one in as_dict(value).items()}
        if not _SID.fullmatch(told.get("sid", "")):
            return None
        return self._make_report(
            told.get("status", ""),
            told.get("error_code", ""),
            told.get("answered_by", ""),
            provider_reference=told["sid"],
            message=told.get("error_message", ""),
            segments=as_integer(told.get("num_segments")) or None,
            price=_read_price(told),
            occurred_at=read_rfc2822(
                told.get("end_time") or told.get("date_updated") or ""
            ),
        )

    def _make_report(
        self, word: str, code: str, answered_by: str, **values: Any
    ) -> StatusUpdate:
        """:param code: of an error, "" where there is none"""
        report = self._report(word, code, **values)
        if word == "completed" and answered_by.startswith(_MACHINES):
            failed = replace(report, status=DeliveryStatus.FAILED, code=answered_by)
            return replace(failed, failure_type="machine")
        if report.status is not DeliveryStatus.FAILED:
            return report
        if code == _TOO_OLD:
            return replace(report, status=DeliveryStatus.EXPIRED, failure_type=None)
        known = self.errors.get(code, report).failure_type
        return replace(report, failure_type=known or report.failure_type)

    def _find(self, request: SubmitRequest) -> list[StatusUpdate]:
        kind = "Calls" if request.channel == "voice" else "Messages"
        query = (("To", request.msisdn), ("PageSize", _PAGE))
        listed = self._ask(get(self._get_path(kind), query)).json
        items = dig(listed, kind.lower())
        if not isinstance(items, list):
            raise Unreadable(TwilioWords.NO_LIST.say())
        reports = [
            report
            for item in items
            if self._may_be(item, request) and (report := self._read_resource(item))
        ]
        if not reports and dig(listed, "next_page_uri"):
            raise Unreadable(TwilioWords.MORE_PAGES.say())
        return reports

    def _may_be(self, item: Any, request: SubmitRequest) -> bool:
        """Whether a message or a call in a list may be ours; in doubt it may."""
        made_at = read_rfc2822(as_text(dig(item, "date_created")))
        if made_at and request.attempted_at and made_at < request.attempted_at - _SKEW:
            return False
        if request.channel == "voice":
            caller = as_msisdn(as_text(dig(item, "from")))
            return caller in (None, self._caller)
        return _is_same_text(as_text(dig(item, "body")), request.text)

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        self._check_usable()
        is_json = "json" in request.get_header("content-type").lower()
        form = Fields() if is_json else request.read_form()
        urls = [
            one for one in request.urls if not is_json or _has_hash_of(one, request)
        ]
        self._check_signature(request, urls, form)
        fields = _read_json_fields(request.body) if is_json else form
        if request.method == "GET":
            fields = request.query
        reports, inbound = self._read_push(fields, request.query.get(_UUID_FIELD, ""))
        return PushAnswer(reports, inbound, body=b"<Response/>", content_type=_TWIML)

    def _check_signature(
        self, request: PushRequest, urls: Iterable[str], form: Fields
    ) -> None:
        told = request.get_header("x-twilio-signature").encode("utf-8", "replace")
        token = self.get_text("auth_token")
        for url in chain.from_iterable(map(_spell_ports, urls)):
            if hmac.compare_digest(sign(token, url, form.pairs).encode(), told):
                return
        raise ForgedPush(TwilioWords.FORGED.say())

    def _read_push(
        self, fields: Mapping[str, str], uuid: str
    ) -> tuple[tuple[StatusUpdate, ...], tuple[InboundMessage, ...]]:
        word = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
        if word in _INBOUND:
            return (), (_read_inbound(fields, sid),)
        if fields.get("CallSid"):
            word, sid = fields.get("CallStatus", ""), fields["CallSid"]
            if fields.get("Direction", "").startswith("inbound"):
                return (), ()
        if not word or not sid:
            raise UnreadablePush(TwilioWords.NO_STATUS.say())
        report = self._make_report(
            word,
            fields.get("ErrorCode", ""),
            fields.get("AnsweredBy", ""),
            provider_reference=sid,
            uuid=uuid if _UUID.fullmatch(uuid) else None,
            message=fields.get("ErrorMessage", ""),
            occurred_at=read_rfc2822(fields.get("Timestamp", "")),
        )
        return (report,), ()

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get(self._get_path("Balance"))

    def _parse_balance(self, answer: Answer) -> Balance:
        amount = as_decimal(dig(answer.json, "balance"))
        if amount is None:
            raise Unreadable(TwilioWords.NO_BALANCE.say())
        money = Money(amount, as_text(dig(answer.json, "currency")).upper() or "USD")
        return Balance((money,), (), answer.body, answer.text)


# === PURE FUNCTIONS ===
def sign(token: str, url: str, pairs: Pairs = ()) -> str:
    """Sign a request as https://www.twilio.com/docs/usage/security says.

    :param pairs: the fields of its form
    """
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    made = hmac.new(token.encode(), text.encode("utf-8", "replace"), hashlib.sha1)
    return base64.b64encode(made.digest()).decode()


def _spell_ports(url: str) -> Iterator[str]:
    """An address as it is, without its port and with the usual one: Twilio signs one
    of them, and is not consistent in it."""
    scheme, _mark, rest = url.partition("://")
    place = re.search(r"[/?#]|$", rest)
    assert place
    host = _PORT.sub("", rest[: place.start()])
    path = rest[place.start() :]
    port = "443" if scheme.lower() == "https" else "80"
    yield from (url, f"{scheme}://{host}{path}", f"{scheme}://{host}:{port}{path}")


def _has_hash_of(url: str, request: PushRequest) -> bool:
    """Whether an address vouches for the body: signatures do for forms only."""
    told = Fields.parse(url.partition("?")[2]).get("bodySHA256", "")
    made = hashlib.sha256(request.body).hexdigest()
    return hmac.compare_digest(made.encode(), told.lower().encode("utf-8", "replace"))


def _read_json_fields(body: bytes) -> Fields:
    try:
        value = read_json(body)
    except Unreadable as error:
        raise UnreadablePush(str(error)) from error
    return Fields((name, as_text(one)) for name, one in as_dict(value).items())


def _read_inbound(fields: Mapping[str, str], sid: str) -> InboundMessage:
    sender, recipient = fields.get("From", ""), fields.get("To", "")
    return InboundMessage(
        sender=as_msisdn(sender) or sender,
        recipient=as_msisdn(recipient) or recipient,
        text=fields.get("Body", ""),
        provider_reference=sid,
    )


def _read_price(told: Mapping[str, str]) -> Money | None:
    """What a message or a call cost; Twilio writes it as a negative number."""
    amount = as_decimal(told.get("price"))
    if amount is None:
        return None
    return Money(abs(amount), told.get("price_unit", "").upper() or "USD")


def _clamp_validity(valid_until: datetime) -> int:
    """Seconds that the message may wait at Twilio."""
    left = (valid_until - datetime.now(timezone.utc)) / timedelta(seconds=1)
    return min(max(int(left), _SHORTEST), _LONGEST)


def _is_same_text(body: str, text: str) -> bool:
    """Whether a message may have our text; one whose text Twilio hides may."""
    ours, theirs = _fold(text), _fold(body)
    return not theirs or ours in theirs


def _fold(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
