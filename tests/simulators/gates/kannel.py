"""Kannel's smsbox: fields in the query, words as answers, no references.

As Debian's Kannel 1.4.5 was seen to be: it looks at the login before it looks at the
rest, sends a message without a text as an empty one, and reports by a GET of an
address in which it fills its escapes. Inbound messages go to the address that
``callback`` says, as a ``get-url`` would.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

from ..engine import (
    Call,
    Gate,
    Inbound,
    Malformed,
    Message,
    Push,
    Refused,
    Reply,
    check_fields,
    check_integer,
    check_msisdn,
    route,
)

_REQUIRED = {"username", "password", "to"}
_OPTIONAL = {
    "from", "text", "charset", "coding", "smsc", "priority", "validity", "dlr-mask",
    "dlr-url",
}  # fmt: skip
#: characters of the default alphabet beyond ASCII
_DEFAULT_ALPHABET = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€"
_NOT_DEFAULT = re.compile(rf"[^\x00-\x7f{_DEFAULT_ALPHABET}]")
#: how refusals begin → their HTTP status, where it is not 400
_STATUSES = {"Not routable": 403, "Temporal failure": 503, "Authorization": 403}
_STATS = {"delivered": "DELIVRD", "failed": "UNDELIV", "expired": "EXPIRED"}


class KannelGate(Gate):
    code = "kannel"
    account = {"username": "odoo", "password": "kannel-secret", "sender": "Shop"}
    #: types of reports; an expired message is told from others by the receipt
    words = {"accepted": "8", "delivered": "1", "failed": "2", "expired": "2"}

    def authenticate(self, call: Call) -> None:
        login = call.query.get("username"), call.query.get("password")
        if login != (self.account["username"], self.account["password"]):
            raise _refuse("Authorization failed for sendsms")

    def get_kind(self, call: Call, kind: str) -> str:
        return kind if "to" in call.query else "login"

    def refuse_malformed(self, reason: str) -> Reply:
        return Reply.text(f"{reason} misformed, rejected", 400)

    def answer_busy(self) -> Reply:
        return Reply.text("Temporal failure, try again later.", 503)

    # === CALLS ===
    @route("GET", "/cgi-bin/sendsms", "submit")
    def send(self, call: Call) -> Reply:
        fields = call.query
        if "to" not in fields:
            raise _refuse("Missing receiver number, rejected")
        check_fields(fields, _REQUIRED, _OPTIONAL)
        msisdn = check_msisdn(fields["to"])
        for name, highest in (("coding", 2), ("priority", 3), ("dlr-mask", 31)):
            check_integer(fields, name, 0, highest)
        check_integer(fields, "validity", 0, 63 * 7 * 24 * 60)
        if "from" not in fields:
            raise _refuse("Sender missing and no global set, rejected")
        if words := self.get_answer(msisdn):
            raise _refuse(words)
        message = self.accept(msisdn, _read_text(fields), sender=fields["from"])
        message.extra = {name: fields.get(name) for name in ("coding", "smsc")}
        message.callback = fields.get("dlr-url", "")
        if "validity" in fields:
            message.valid_for = int(fields["validity"]) * 60
        return Reply.text("0: Accepted for delivery", 202)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        stat = _STATS.get(status)
        receipt = f"id:{message.reference} sub:001 stat:{stat} err:000 text:Hello"
        answer = receipt if stat else ("ACK/" if status == "accepted" else "")
        values = {
            "d": self.translate(status).encode(),
            "A": answer.encode(),
            "T": str(int(self.get_status_time(message))).encode(),
            "p": message.msisdn.removeprefix("+").encode(),
            "P": message.sender.encode(),
        }
        return Push("GET", _fill(message.callback, values))

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        is_default = not _NOT_DEFAULT.search(inbound.text)
        encoding = "utf-8" if is_default else "utf-16-be"
        values = {
            "p": inbound.sender.encode(),
            "P": inbound.recipient.encode(),
            "c": b"0" if is_default else b"2",
            "T": str(int(inbound.received_at)).encode(),
            "I": inbound.reference.encode(),
            "b": inbound.text.encode(encoding),
        }
        return Push("GET", _fill(address, values))

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        """What it was answered would become an SMS."""
        return 200 <= status < 300 and not body


def _read_text(fields: Any) -> str:
    """The text as a handset shows it."""
    text: str = fields.get("text", "")
    if text and fields.get("charset") != "UTF-8":
        raise Malformed("Charset or body")
    return text if fields.get("coding") == "2" else _NOT_DEFAULT.sub("?", text)


def _fill(address: str, values: dict[str, bytes]) -> str:
    """An address with its escapes filled."""
    return re.sub(
        "%(.)", lambda match: quote_from_bytes(values.get(match[1], b"")), address
    )


def _refuse(words: str) -> Refused:
    status = next((s for start, s in _STATUSES.items() if words.startswith(start)), 400)
    return Refused(Reply.text(words, status), words)
