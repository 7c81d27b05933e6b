"""The XML gate spoken by many Russian SMS services (TargetSMS, SMS16 and others).

Source: https://github.com/smsgate/xmlGateDoc (revisions of 2016 and 2023). One account
is reached at ``https://<host>/xml/*.php``. Documents are UTF-8 XML posted as
``text/xml``; logical errors come with HTTP status 200 as Russian texts without codes,
so they are told apart by their wording. Times carry no offset: they are local to the
account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from zoneinfo import ZoneInfo

from .base import Provider
from .errors import MaybeSent, NotSent, RouteDown, UnreadablePush
from .http import TOO_MANY, HttpResponse
from .reading import read_retry_after
from .settings import Kind, Setting, SettingWords
from .types import (
    Balance,
    Capabilities,
    ClientReference,
    InboundMessage,
    PushAnswer,
    PushRequest,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    _,
)
from .xml_gate_codes import GateWords, refuse
from .xml_gate_documents import (
    CONTENT_TYPE,
    Account,
    build_balance,
    build_incoming,
    build_send,
    build_state,
    parse_balance,
    parse_inbound_push,
    parse_incoming,
    parse_push,
    parse_send,
    parse_state,
)

_MAX_BATCH = 500
#: a deadline that passes on the way, or by the gate's clock, could make the gate refuse
#: the whole document
_MIN_VALIDITY = timedelta(minutes=1)
#: what XML 1.0 cannot carry, not even escaped
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: HTTP statuses of a server that has not looked at the request
_TRY_LATER = (408, TOO_MANY)


class XmlGateProvider(Provider):
    """The XML protocol of TargetSMS, SMS16 and many other Russian services.

    The gate remembers the number given to every message (``client_id_sms``): a message
    submitted again is not sent again, its first answer comes back.
    """

    code = "xml_gate"
    label = _("XML protocol (TargetSMS, SMS16, …)")
    description = _(
        "XML protocol of TargetSMS, SMS16 and many other Russian services.\n"
        "\n"
        "Each message carries a unique ID (client_id_sms). If the provider "
        "recognizes repeated IDs, a message submitted twice is sent once. Ask your "
        "account manager whether this applies to your account. If not, turn off "
        "“Provider recognizes client_id_sms”; otherwise a message may arrive twice "
        "after a lost connection.\n"
        "\n"
        "Statuses are polled. To receive them immediately, ask the account manager "
        "to register this route's webhook URL.\n"
        "\n"
        "Inbound messages are also polled. To receive them immediately, ask the "
        "account manager to enter the webhook URL for inbound messages, called by "
        "GET in the asynchronous way."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        max_batch=_MAX_BATCH,
        per_recipient_text=True,
        client_reference=ClientReference.DEDUP,
        validity=(60, None),
        push=True,
        poll=True,
        max_poll=500,
        balance=True,
        inbound_push=True,
        inbound_poll=True,
    )
    settings = (
        Setting(
            "url",
            _("Provider URL"),
            Kind.ADDRESS,
            required=True,
            help=_("https://host — enter the password again after changing this"),
        ),
        Setting("login", _("Login"), required=True),
        Setting("password", _("Password"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            required=True,
            help=_("Displayed to the recipient"),
        ),
        Setting(
            "timezone",
            _("Account time zone"),
            Kind.TIME_ZONE,
            required=True,
            help=_("As set in your provider account, e.g. Europe/Moscow"),
        ),
        Setting(
            "max_batch",
            _("Messages per request"),
            Kind.INTEGER,
            default="200",
            minimum=1,
            maximum=_MAX_BATCH,
            help=_("From 1 to 500"),
        ),
        Setting(
            "honours_client_id",
            _("Provider recognizes client_id_sms"),
            Kind.BOOLEAN,
            default="1",
            help=_(
                "On: a message submitted twice with the same ID is sent once. Off: "
                "it is sent twice."
            ),
        ),
        Setting("name_delivery", _("Campaign name in the provider account")),
        Setting("translit", _("Transliterate Cyrillic"), Kind.BOOLEAN, default="0"),
    )

    words = (GateWords,)

    # === SETTINGS ===
    @property
    def is_idempotent(self) -> bool:
        return self.get("honours_client_id") is True

    @property
    def max_batch(self) -> int:
        return self.get_number("max_batch")

    def _check_settings(self) -> Iterable[str]:
        yield from _check_sender(self._settings["sender"])
        for setting in self.settings:
            yield from _check_characters(setting, self._settings[setting.name])

    @cached_property
    def _account(self) -> Account:
        """The account; settings that cannot work stop the route."""
        self._check_usable()
        return Account(
            login=self._settings["login"],
            password=self._settings["password"],
            zone=self.get_zone("timezone"),
            sender=self._settings["sender"],
            name_delivery=self._settings["name_delivery"],
            is_transliterated=self.get("translit") is True,
        )

    # === CALLS ===
    def _submit(self, requests: Sequence[SubmitRequest]) -> list[SubmitResult]:
        refused = {
            number: refusal
            for number, request in enumerate(requests, 1)
            if (refusal := _find_refusal(request))
        }
        numbered = {
            number: request
            for number, request in enumerate(requests, 1)
            if number not in refused
        }
        answered = self._send(numbered) if numbered else {}
        results = refused | answered
        return [results[number] for number in range(1, len(requests) + 1)]

    def _send(self, numbered: Mapping[int, SubmitRequest]) -> dict[int, SubmitResult]:
        earliest = datetime.now(timezone.utc) + _MIN_VALIDITY
        lasting = {n: _prolong(request, earliest) for n, request in numbered.items()}
        response = self._post("", build_send(lasting, self._account))
        return parse_send(response.body, numbered)

    def _poll(self, references: Sequence[str]) -> list[StatusUpdate]:
        response = self._post("state.php", build_state(references, self._account))
        return parse_state(response.body, self._account.zone)

    def _balance(self) -> Balance:
        return parse_balance(
            self._post("balance.php", build_balance(self._account)).body
        )

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        zone = self.get("timezone")
        if not isinstance(zone, ZoneInfo):
            name = self._settings["timezone"]
            raise UnreadablePush(SettingWords.BAD_ZONE.say(zone=name))
        if request.method == "GET" and not request.body:
            return parse_inbound_push(request.query, zone)
        return parse_push(request.body, zone)

    def _fetch_inbound(self, since: datetime) -> list[InboundMessage]:
        response = self._post("incoming.php", build_incoming(since, self._account))
        return parse_incoming(response.body, self._account.zone)

    def _post(self, page: str, document: bytes) -> HttpResponse:
        url = _base_url(self._settings["url"]) + "/xml/" + page
        response = self._http.post(
            url, body=document, headers={"Content-Type": CONTENT_TYPE}
        )
        check_http_status(response, url)
        return response


def _find_refusal(request: SubmitRequest) -> SubmitResult | None:
    """Refuse by ourselves what would make the whole document fail."""
    if request.channel != "sms":
        return replace(refuse("unsupported"), message=GateWords.SMS_ONLY.say())
    if _ILLEGAL.search(request.text):
        return replace(
            refuse("content_rejected"),
            message=GateWords.ILLEGAL_TEXT.say(),
        )
    return None


def _prolong(request: SubmitRequest, earliest: datetime) -> SubmitRequest:
    """Let a message live at least until then."""
    if not request.valid_until or request.valid_until >= earliest:
        return request
    return replace(request, valid_until=earliest)


def check_http_status(response: HttpResponse, url: str) -> None:
    """Let an answer of the gate pass; anything else is an error.

    :raise NotSent: it had no time for this request
    :raise MaybeSent: the server broke, perhaps after taking the document
    :raise RouteDown: there is no gate at this URL, or it does not let us in
    """
    status = response.status
    if status == 200:
        return
    if status in _TRY_LATER:
        raise NotSent(
            GateWords.BUSY.say(status=status),
            code=str(status),
            retry_after=read_retry_after(response.headers.get("retry-after", "")),
            is_throttled=status == TOO_MANY,
        )
    if 300 <= status < 500:
        raise RouteDown(GateWords.NO_GATE.say(url=url, status=status), code=str(status))
    raise MaybeSent(GateWords.HTTP_ERROR.say(status=status), code=str(status))


# === CHECKS OF SETTINGS ===
def _base_url(url: str) -> str:
    """The address without the path of the gate's pages, however it was entered."""
    return url.strip().rstrip("/").removesuffix("/xml")


def _check_sender(sender: str) -> Iterator[str]:
    longest = 15 if sender.isdigit() else 11
    if len(sender) > longest:
        yield GateWords.LONG_SENDER.say()


def _check_characters(setting: Setting, value: str) -> Iterator[str]:
    if _ILLEGAL.search(value):
        yield GateWords.ILLEGAL_SETTING.say(label=setting.label)
