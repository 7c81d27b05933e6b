"""Jasmin: a gateway of one's own to the SMPP accounts of operators, by its HTTP API.

Source: the documentation and the code of Jasmin 0.11 (``apis/http``, the ``send``
endpoint, ``routing/throwers.py``), which was run; ``docs/jasmin.md`` has the
configuration and tells what is wrong with which version. Errors have an HTTP status,
which several of them share, and a text. Where the answer to a submit is lost, our uuid
in ``dlr-url`` recognises the message. Of a message in several parts one receipt comes.
Pushes are repeated, three times, until they are answered with exactly ``ACK/Jasmin``.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from ..tools.segments import count_segments, decode_gsm7
from ..tools.vocabulary import FailureType
from .errors import UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    get,
    post_form,
    refused,
    say,
    stop,
    throttled,
    try_later,
)
from .reading import Unreadable, as_decimal, as_dict, as_integer, as_msisdn
from .settings import Kind, Setting
from .smpp import VALIDITY, count_minutes, explain_refusal, read_receipt
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
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Units,
    Words,
    _,
)

_ACKNOWLEDGED = b"ACK/Jasmin"
_SUCCESS = re.compile(r'Success "([0-9A-Za-z-]{1,64})"')
_ERROR = re.compile(r'Error "(.*)"', re.DOTALL)
#: levels of reports: both the SMSC's answer and the handset's
_ALL_LEVELS = "3"
_TAKEN = "ESME_ROK"

#: values of ``data_coding``
_DEFAULT, _UCS2 = "0", "8"
#: codings of inbound messages, where Python knows them
_ENCODINGS = {"1": "ascii", "3": "latin-1", "6": "iso8859-5", _UCS2: "utf-16-be"}
_TAGS = re.compile("[-a-zA-Z0-9,]*")
_CURRENCY = re.compile("[A-Z]{3}|")


class JasminWords(Words):
    """What the adapter says itself."""

    NOT_JASMIN = _("the request does not come from Jasmin")
    NO_TEXT = _("The message has no text")
    BAD_TAGS = _(
        "Tags can contain Latin letters, digits and dashes. Separate them with commas."
    )
    BAD_CURRENCY = _("The currency must be a code of three letters, e.g. EUR.")
    UNREADABLE_PUSH = _("The request is neither a delivery report nor a message")


#: HTTP status and a part of the text of an error → what it means; the first that fits
_ERRORS: tuple[tuple[int, str, SubmitResult], ...] = (
    (403, "Authentication failure", stop(AnswerWords.LOGIN_REFUSED)),
    # the user's http_throughput (Jasmin's errors.py); what an SMSC throttles
    # (ESME_RTHROTTLED, ESME_RMSGQFUL) Jasmin itself submits again
    (403, "throughput exceeded", throttled(1.0)),
    (403, "Cannot charge", stop(AnswerWords.NO_FUNDS)),
    # what Jasmin allows to the user, and takes from it
    (400, "Long content not authorized", refused("content_rejected")),
    (400, "destination_address filter", refused("unsupported")),
    (400, "content filter", refused("content_rejected")),
    (400, "Authorization failed", stop(AnswerWords.MISCONFIGURED)),
    (400, "Value filter failed", stop(AnswerWords.MISCONFIGURED)),
    # what is wrong with a call
    (400, "Argument [to]", refused("invalid_number")),
    (400, "Argument [", stop(AnswerWords.MISCONFIGURED)),
    (400, "Mandatory argument", stop(AnswerWords.MISCONFIGURED)),
    # routes are chosen by the number, among others
    (412, "No route found", refused("unsupported")),
    (412, "no bound connectors", try_later()),
    # said before anything was queued
    (500, "Cannot send submit_sm", try_later()),
    (503, "InterceptorPB not", try_later()),
)


class JasminProvider(HttpProvider):
    """A user of a Jasmin; one receiver per call."""

    code = "jasmin"
    label = _("Jasmin (SMPP)")
    description = _(
        "Sends through the SMPP accounts of operators, using your own Jasmin server. "
        "Version 0.11.1 sends no delivery reports, and older versions may delay long "
        "messages: use 0.12 or newer.\n"
        "\n"
        "In jasmin.cfg, section http-api, set long_content_max_parts to 20; "
        "otherwise long texts are cut off. The user needs these authorizations, "
        "which a new user has: http_send, http_balance, set_dlr_level, "
        "http_set_dlr_method, set_hex_content, http_long_content, and the "
        "authorizations for the settings below that you fill in.\n"
        "\n"
        "Jasmin sends delivery reports to this Odoo automatically. For inbound "
        "messages, enter the webhook URL of this route as url of an HTTP client "
        "connector (httpccm) and route the messages to it.\n"
        "\n"
        "See docs/jasmin.md for a working configuration."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        client_reference=ClientReference.ECHO,
        validity=VALIDITY,
        push=True,
        balance=True,
        inbound_push=True,
    )
    settings = (
        Setting(
            "url",
            _("Jasmin HTTP API URL"),
            Kind.ADDRESS,
            required=True,
            help=_("http://host:1401, without /send"),
        ),
        Setting("username", _("User name"), required=True),
        Setting("password", _("Password"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            help=_("Empty: the sender name set in Jasmin"),
        ),
        Setting(
            "priority",
            _("Priority"),
            Kind.INTEGER,
            maximum=3,
            help=_("From 0 to 3 (most urgent). Empty: the default of Jasmin"),
        ),
        Setting(
            "validity",
            _("Send the validity period"),
            Kind.BOOLEAN,
            default="0",
            help=_(
                "Jasmin up to and including 0.11.1 loses one in ten messages with a "
                "validity period"
            ),
        ),
        Setting(
            "tags",
            _("Tags"),
            help=_(
                "Jasmin's filters can select a route by tags. Separate tags with commas"
            ),
        ),
        Setting(
            "currency",
            _("Currency of the balance"),
            help=_("E.g. EUR. Jasmin reports amounts without a currency"),
        ),
    )
    words = (*HttpProvider.words, JasminWords)

    def _check_settings(self) -> Iterable[str]:
        if not _TAGS.fullmatch(self.get_text("tags").strip()):
            yield JasminWords.BAD_TAGS.say()
        if not _CURRENCY.fullmatch(self.get_text("currency").strip()):
            yield JasminWords.BAD_CURRENCY.say()

    @property
    def _login(self) -> dict[str, str]:
        return {name: self.get_text(name) for name in ("username", "password")}

    # === SUBMIT ===
    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        if not request.text:
            return say(refused("missing_data"), text=JasminWords.NO_TEXT.say())
        return None

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        fields = {
            **self._login,
            "to": request.msisdn.removeprefix("+"),
            "from": self.get_text("sender"),
            **_encode(request.text),
            "priority": self._settings["priority"].strip(),
            "tags": self.get_text("tags").strip(),
        }
        if request.valid_until and self.get("validity"):
            fields["validity-period"] = str(count_minutes(request.valid_until))
        if self._context.callback_url:
            fields["dlr"] = "yes"
            fields["dlr-level"] = _ALL_LEVELS
            fields["dlr-method"] = "POST"
            fields["dlr-url"] = build_report_url(
                self._context.callback_url, request.uuid
            )
        # an unknown argument or an empty one fails the call
        return post_form("/send", [(n, value) for n, value in fields.items() if value])

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        found = _SUCCESS.fullmatch(answer.text.strip())
        if found is None:
            raise Unreadable(JasminWords.NOT_JASMIN.say())
        return [SubmitResult(Outcome.ACCEPTED, provider_reference=found[1])]

    def _evaluate(self, answer: Answer) -> SubmitResult:
        _code, text = self._read_error(answer)
        for status, words, reaction in _ERRORS:
            if answer.status == status and words in text:
                return say(reaction, str(status), text)
        return super()._evaluate(answer)

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        """The words of an error; ``/balance`` has them in JSON."""
        found = _ERROR.fullmatch(answer.text.strip())
        return "", found[1] if found else _read_quoted(answer.text)

    # === PUSHES ===
    def _parse_push(self, request: PushRequest) -> PushAnswer:
        fields = _read_octets(request)
        if fields.get("message_status"):
            return PushAnswer(reports=(parse_report(fields),), body=_ACKNOWLEDGED)
        return PushAnswer(inbound=(parse_inbound(fields),), body=_ACKNOWLEDGED)

    # === ACCOUNT ===
    def _build_balance(self) -> HttpCall:
        return get("/balance", self._login.items())

    def _parse_balance(self, answer: Answer) -> Balance:
        found = as_dict(answer.json)
        if not found:
            raise Unreadable(JasminWords.NOT_JASMIN.say())
        # "ND", not defined, where there is no limit
        amount, count = (
            as_decimal(found.get("balance")),
            as_integer(found.get("sms_count")),
        )
        currency = self.get_text("currency").strip()
        return Balance(
            money=() if amount is None or not currency else (Money(amount, currency),),
            units=() if count is None else (Units("sms_count", count),),
            raw=answer.body,
            text=answer.text,
        )

    def _test_connection(self) -> str:
        return self._balance().text


def _read_quoted(text: str) -> str:
    words = re.fullmatch(r'\s*"(.*)"\s*', text, re.DOTALL)
    return words[1] if words else ""


# === SUBMIT ===
def _encode(text: str) -> dict[str, str]:
    """A text in the default alphabet, or in hexadecimal digits where that lacks it."""
    if count_segments(text).encoding == "gsm7":
        return {"coding": _DEFAULT, "content": text}
    octets = text.encode("utf-16-be", "replace")
    return {"coding": _UCS2, "hex-content": octets.hex()}


def build_report_url(address: str, uuid: str) -> str:
    """The address for the reports of one message."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'uuid': uuid})}"


# === REPORTS ===
def parse_report(fields: Fields) -> StatusUpdate:
    """Read a report: of the SMSC's answer (``ESME_…``) or of a receipt.

    Its ``text`` is the beginning of the message, which may be a secret.
    """
    word = fields["message_status"].strip()
    status, failure_type, code = _read_status(word, fields.get("err", "").strip())
    return StatusUpdate(
        status,
        provider_reference=fields.get("id") or None,
        uuid=fields.get("uuid") or None,
        failure_type=failure_type,
        code=code,
        raw=word,
    )


def _read_status(word: str, err: str) -> tuple[DeliveryStatus, FailureType | None, str]:
    if word.upper() == _TAKEN:
        return DeliveryStatus.ACCEPTED, None, ""
    if word.upper().startswith("ESME_"):
        return DeliveryStatus.FAILED, explain_refusal(word), word
    status, code = read_receipt(word, err)
    return status.status, status.failure_type, code


# === INBOUND MESSAGES ===
def parse_inbound(fields: Fields) -> InboundMessage:
    """Read a message; Jasmin has joined its parts.

    :param fields: each character of a value is an octet
    :raise UnreadablePush: it has no sender or no text
    """
    sender, recipient = fields.get("from", "").strip(), fields.get("to", "").strip()
    if not sender or not {"binary", "content"} & fields.keys():
        raise UnreadablePush(JasminWords.UNREADABLE_PUSH.say())
    return InboundMessage(
        sender=as_msisdn(sender) or sender,
        text=_decode(_read_content(fields), _read_coding(fields)),
        recipient=as_msisdn(recipient) or recipient,
        provider_reference=fields.get("id", ""),
    )


def _read_content(fields: Fields) -> bytes:
    """The octets of a message, which ``binary`` has in hexadecimal digits."""
    content = fields.get("content", "").encode("latin-1")
    try:
        return binascii.unhexlify(fields.get("binary", "")) or content
    except ValueError:
        return content


def _read_coding(fields: Fields) -> str:
    """The coding of a message; Jasmin 0.11 sends the octet instead of its digits."""
    coding = fields.get("coding", _DEFAULT)
    is_octet = len(coding) == 1 and not coding.isdigit()
    return str(ord(coding)) if is_octet else coding.strip()


def _decode(octets: bytes, coding: str) -> str:
    if coding == _DEFAULT:
        return decode_gsm7(octets)
    return octets.decode(_ENCODINGS.get(coding, "utf-8"), "replace")


def _read_octets(request: PushRequest) -> Fields:
    """The fields with a character for each octet: a text may be in any coding."""
    query = request.urls[0].partition("?")[2] if request.urls else ""
    body = request.read_form("latin-1")
    return Fields([*Fields.parse(query, "latin-1").pairs, *body.pairs])
