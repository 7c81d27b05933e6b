"""Kannel: a gateway of one's own to the SMPP accounts of operators.

Sources: the user guide of Kannel 1.4.5 (tables 7-10, 7-16 and 7-17) and Debian's
package of it, which was run; the configuration is in ``docs/kannel.conf``. Fields come
in the query only, forms are refused. An answer has no id: a message is recognised by
our uuid in its ``dlr-url``, where Kannel replaces escapes such as ``%d``. Of a message
in several parts one report of each kind comes; reports may overtake each other; ``%I``
differs between those of one message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from ..tools.segments import count_segments
from .errors import ProviderError, UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    accepted,
    get,
    refused,
    say,
    stop,
    try_later,
)
from .reading import Unreadable, as_msisdn, read_unix
from .settings import Kind, Setting
from .smpp import VALIDITY, count_minutes, explain_refusal, find_receipt, read_receipt
from .types import (
    Capabilities,
    ClientReference,
    DeliveryStatus,
    Fields,
    InboundMessage,
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

_PAGE = "/cgi-bin/sendsms"
#: what Kannel tells, by the escapes of its user guide; all kinds of reports are asked
#: for. The operator's own id (%F) is left out: operators use theirs again.
_REPORT_ESCAPES = "type=%d&answer=%A&time=%T&number=%p"
_ALL_REPORTS = "31"
_INBOUND_ESCAPES = "sender=%p&recipient=%P&coding=%c&time=%T&id=%I&text=%b"

_GSM7, _UCS2 = "0", "2"
#: statuses of reports (table 7-17)
_REPORTS = {
    "1": Status(DeliveryStatus.DELIVERED),
    "2": Status(DeliveryStatus.FAILED, "unreachable"),
    "4": Status(DeliveryStatus.ACCEPTED),
    "8": Status(DeliveryStatus.ACCEPTED),
    "16": Status(DeliveryStatus.FAILED, "provider_error"),
}
_NOT_DELIVERED, _REFUSED = "2", "16"
#: how a refusal of the SMSC is told: number and words of a ``command_status``, or
#: Kannel's own words
_NACK = re.compile(
    r"NACK/(?:(?P<code>0x[0-9a-f]{1,8})/)?(?P<words>.*)", re.IGNORECASE | re.DOTALL
)
#: Kannel's own words of a refusal
_REFUSALS = {
    # of a message in several parts the SMSC's words are lost
    "": Status(DeliveryStatus.FAILED, "operator_refusal"),
    "no SMSC": Status(DeliveryStatus.FAILED, "unsupported"),
    "validity expired": Status(DeliveryStatus.EXPIRED),
}
#: receipts end with the beginning of the message, which may be a secret
_RECEIPT_TEXT = re.compile(r"\s*\btext:.*", re.IGNORECASE | re.DOTALL)


class KannelWords(Words):
    """What the adapter says itself."""

    NOT_KANNEL = _("it does not come from Kannel")
    NO_TEXT = _("Kannel would send the message without its text")
    LOGIN_ACCEPTED = _("Kannel accepts the user name and the password")
    UNREADABLE_PUSH = _("The request is neither a delivery report nor a message")


#: how an answer begins → what it means; Kannel has no codes
_ANSWERS = {
    "0: Accepted for delivery": accepted(),
    # kept until an operator's connection is up
    "3: Queued for later delivery": accepted(),
    # of older versions
    "Sent.": accepted(),
    "Temporal failure, try again later": try_later(),
    "Not routable. Do not try again": refused("unsupported"),
    "Number(s) has/have been denied by white- and/or black-lists": refused("blocked"),
    "Missing receiver": refused("invalid_number"),
    "Empty receiver number not allowed": refused("invalid_number"),
    "Authorization failed for sendsms": stop(AnswerWords.LOGIN_REFUSED),
    "Sender missing and no global set": stop(AnswerWords.MISCONFIGURED),
}
_LOGIN_ACCEPTED = "Missing receiver"


class KannelProvider(HttpProvider):
    """A ``sendsms-user`` of a Kannel; one receiver per call."""

    code = "kannel"
    label = _("Kannel (SMPP)")
    description = _(
        "Reaches the SMPP accounts of operators through your own Kannel.\n"
        "\n"
        "In kannel.conf, in the group sendsms-user: user name and password as below,"
        " concatenation = true and max-messages = 100. Without these two lines Kannel"
        " cuts long texts off.\n"
        "\n"
        "Kannel sends delivery reports to this Odoo by itself. In the groups core and"
        " smsbox set dlr-storage and http-request-retry, or reports are lost when"
        " either side restarts.\n"
        "\n"
        "For inbound messages add a group sms-service with keyword = default,"
        " catch-all = true, max-messages = 0 and, as get-url, the address of this route"
        " in quotation marks.\n"
        "\n"
        "docs/kannel.conf is a configuration that works."
    )
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        client_reference=ClientReference.ECHO,
        validity=VALIDITY,
        push=True,
        inbound_push=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of Kannel's smsbox"),
            Kind.ADDRESS,
            required=True,
            help=_("http://host:13013, as sendsms-port says; without /cgi-bin/sendsms"),
        ),
        Setting("username", _("User name"), required=True),
        Setting("password", _("Password"), Kind.SECRET, required=True),
        Setting(
            "sender",
            _("Sender name"),
            help=_("Empty: the sender that is set in Kannel"),
        ),
        Setting(
            "smsc",
            _("Operator's connection"),
            help=_(
                "An smsc-id of kannel.conf, whose group has the same allowed-smsc-id."
                " Empty: Kannel chooses"
            ),
        ),
        Setting(
            "priority",
            _("Priority"),
            Kind.INTEGER,
            maximum=3,
            help=_("From 0 to 3, the most urgent. Empty: Kannel's own"),
        ),
    )
    words = (*HttpProvider.words, KannelWords)

    # === SUBMIT ===
    def _authenticate(self, call: HttpCall) -> HttpCall:
        return call.with_query(
            username=self.get_text("username"), password=self.get_text("password")
        )

    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        if not request.text:
            return say(refused("missing_data"), text=KannelWords.NO_TEXT.say())
        return None

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        is_gsm7 = count_segments(request.text).encoding == "gsm7"
        fields = {
            "to": request.msisdn.removeprefix("+"),
            "from": self.get_text("sender"),
            "coding": _GSM7 if is_gsm7 else _UCS2,
            "charset": "UTF-8",
            "text": request.text,
            "smsc": self.get_text("smsc"),
            "priority": self._settings["priority"].strip(),
        }
        if request.valid_until:
            fields["validity"] = str(count_minutes(request.valid_until))
        if self._context.callback_url:
            fields["dlr-mask"] = _ALL_REPORTS
            fields["dlr-url"] = build_report_url(
                self._context.callback_url, request.uuid
            )
        return get(_PAGE, [(name, value) for name, value in fields.items() if value])

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        reaction = _find_reaction(answer)
        if reaction is None:
            raise Unreadable(KannelWords.NOT_KANNEL.say())
        return [reaction]

    def _evaluate(self, answer: Answer) -> SubmitResult:
        return _find_reaction(answer) or super()._evaluate(answer)

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        text = answer.text.strip()
        # a proxy speaks HTML
        return "", "" if text.startswith("<") else text

    # === PUSHES ===
    def _complete_callback(self, address: str) -> str:
        return _join(address, _INBOUND_ESCAPES)

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        """The answer is empty: Kannel would send it as an SMS."""
        if request.query.get("uuid"):
            return PushAnswer(reports=(parse_report(request.query),))
        return PushAnswer(inbound=(parse_inbound(_read_octets(request)),))

    # === ACCOUNT ===
    def _test_connection(self) -> str:
        """A request without a receiver: Kannel looks at who asks before it looks at
        what is missing."""
        answer = self._exchange(get(_PAGE))
        if answer.status == 400 and answer.text.startswith(_LOGIN_ACCEPTED):
            return KannelWords.LOGIN_ACCEPTED.say()
        if answer.is_success:
            raise ProviderError(
                AnswerWords.UNREADABLE.say(why=KannelWords.NOT_KANNEL.say())
            )
        result = self._evaluate(answer)
        raise ProviderError(result.route_down or result.message, code=result.code)


def _find_reaction(answer: Answer) -> SubmitResult | None:
    """What Kannel's words mean; None where they say nothing, or are not Kannel's."""
    text = " ".join(answer.text.split())
    for beginning, reaction in _ANSWERS.items():
        is_taken = reaction.outcome is Outcome.ACCEPTED
        if text.startswith(beginning) and is_taken == answer.is_success:
            return reaction if is_taken else say(reaction, str(answer.status), text)
    return None


# === REPORTS ===
def build_report_url(address: str, uuid: str) -> str:
    """The address for the reports of one message, with Kannel's escapes."""
    return _join(address, f"{urlencode({'uuid': uuid})}&{_REPORT_ESCAPES}")


def _join(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"


def parse_report(fields: Fields) -> StatusUpdate:
    """Read a report as `build_report_url` asks for it.

    :raise UnreadablePush: it has no type
    """
    kind, answer = fields.get("type", ""), fields.get("answer", "")
    if not kind:
        raise UnreadablePush(KannelWords.UNREADABLE_PUSH.say())
    said = _RECEIPT_TEXT.sub("", answer)
    report = _read_answer(kind, said)
    return replace(
        report,
        uuid=fields["uuid"],
        msisdn=as_msisdn(fields.get("number", "")),
        occurred_at=read_unix(fields.get("time")),
        raw=f"{kind} {said}".strip(),
    )


def _read_answer(kind: str, answer: str) -> StatusUpdate:
    """What happened, by the type of a report and the SMSC's words."""
    if kind == _REFUSED and (nack := _NACK.match(answer)):
        return _read_refusal(nack["code"] or "", nack["words"].strip())
    status, code = _REPORTS.get(kind, Status(DeliveryStatus.ACCEPTED)), ""
    if kind == _NOT_DELIVERED and (receipt := find_receipt(answer)):
        told, code = read_receipt(*receipt)
        # it failed, whatever else the receipt says
        if told.status not in (DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED):
            status = told
    return StatusUpdate(status.status, failure_type=status.failure_type, code=code)


def _read_refusal(code: str, words: str) -> StatusUpdate:
    """Why a message did not get to the SMSC, or was not taken by it."""
    if code:
        status = Status(DeliveryStatus.FAILED, explain_refusal(int(code, 16)))
    else:
        status = _REFUSALS.get(words, _REPORTS[_REFUSED])
    return StatusUpdate(
        status.status,
        failure_type=status.failure_type,
        code=code or words,
        message=words,
    )


# === INBOUND MESSAGES ===
def parse_inbound(fields: Fields) -> InboundMessage:
    """Read a message as the route's address asks for it.

    :param fields: each character of a value is an octet
    :raise UnreadablePush: it has no sender or no text
    """
    values = {name: fields[name].encode("latin-1") for name in fields}
    text = values.get("text")
    plain = {name: value.decode("utf-8", "replace") for name, value in values.items()}
    sender = plain.get("sender", "").strip()
    if text is None or not sender:
        raise UnreadablePush(KannelWords.UNREADABLE_PUSH.say())
    encoding = "utf-16-be" if plain.get("coding") == _UCS2 else "utf-8"
    recipient = plain.get("recipient", "").strip()
    return InboundMessage(
        sender=as_msisdn(sender) or sender,
        text=text.decode(encoding, "replace"),
        recipient=as_msisdn(recipient) or recipient,
        provider_reference=plain.get("id", ""),
        received_at=read_unix(plain.get("time")),
    )


def _read_octets(request: PushRequest) -> Fields:
    """The query with a character for each octet: a text may be UTF-16."""
    url = request.urls[0] if request.urls else ""
    return Fields.parse(url.partition("?")[2].partition("#")[0], "latin-1")
