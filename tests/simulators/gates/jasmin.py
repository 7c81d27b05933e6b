"""Jasmin's HTTP API: ``/send`` and ``/balance``.

As the code of Jasmin 0.11.1 has it: arguments are checked before the login, an unknown
one is an error, and what was pushed is pushed again until the answer is ``ACK/Jasmin``.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from ..engine import Call, Gate, Inbound, Message, Push, Refused, Reply, route

_PATTERNS = {
    "username": ".{1,16}",
    "password": ".{1,16}",
    "to": r"\+?\d+",
    "from": ".*",
    "coding": "[0-9]|10|13|14",
    "priority": "[0-3]",
    "validity-period": r"\d+",
    "dlr": "yes|no",
    "dlr-url": "https?://.*",
    "dlr-level": "[1-3]",
    "dlr-method": "GET|POST",
    "tags": "[-a-zA-Z0-9,]*",
    "content": "(?s:.*)",
    "hex-content": "([0-9a-fA-F]{2})*",
}
_LOGIN = ("username", "password")
#: beginnings of refusals → their HTTP status, where it is not 400
_STATUSES = {
    "Authentication": 403,
    "Cannot charge": 403,
    "User throughput": 403,
    "No route": 412,
    "Failover route": 412,
    "Cannot send": 500,
    "Unknown error": 500,
    "InterceptorPB": 503,
}


class JasminGate(Gate):
    code = "jasmin"
    account = {"username": "odoo", "password": "jasmin-secret", "sender": "Shop"}
    words = {
        "accepted": "ACCEPTD",
        "delivered": "DELIVRD",
        "failed": "UNDELIV",
        "expired": "EXPIRED",
    }

    def make_reference(self, number: int) -> str:
        return str(UUID(int=number, version=4))

    def answer_busy(self) -> Reply:
        return Reply.text('Error "User throughput exceeded"', 403)

    # === CALLS ===
    @route("POST", "/send", "submit")
    @route("GET", "/send", "submit")
    def send(self, call: Call) -> Reply:
        fields = call.fields
        _check(fields, _PATTERNS, {*_LOGIN, "to"})
        if len({"content", "hex-content"} & fields.keys()) != 1:
            raise _refuse("content or hex-content not present.")
        self._check_login(fields)
        msisdn = "+" + fields["to"].removeprefix("+")
        if words := self.get_answer(msisdn):
            raise _refuse(words)
        message = self.accept(msisdn, _read_text(fields))
        message.sender = fields.get("from", "")
        message.extra = {n: fields.get(n) for n in ("coding", "priority", "tags")}
        if fields.get("dlr") == "yes" and fields.get("dlr-level") == "3":
            message.callback = fields["dlr-url"]
        if "validity-period" in fields:
            message.valid_for = int(fields["validity-period"]) * 60
        return Reply.text(f'Success "{message.reference}"')

    @route("GET", "/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        _check(call.query, {name: _PATTERNS[name] for name in _LOGIN}, set(_LOGIN))
        if not self._knows(call.query):
            words = f"Authentication failure for username:{call.query['username']}"
            raise Refused(Reply.json(words, 403), words)
        return Reply.json({"balance": float(self.config["balance"]), "sms_count": "ND"})

    def _check_login(self, fields: Any) -> None:
        if not self._knows(fields):
            raise _refuse(f"Authentication failure for username:{fields['username']}")

    def _knows(self, fields: Any) -> bool:
        return all(fields[name] == self.account[name] for name in _LOGIN)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        word = self.translate(status)
        fields = {
            "id": message.reference,
            "level": "1" if word.startswith("ESME_") else "2",
            "message_status": word,
            "connector": "operator",
        }
        if fields["level"] == "2":
            fields |= {
                "id_smsc": "4f2c", "sub": "001", "dlvrd": "001", "err": "000",
                "subdate": "2601010000", "donedate": "2601010001", "text": "Hello",
            }  # fmt: skip
        return Push.form(message.callback, fields.items())

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        octets = inbound.text.encode("utf-16-be")
        fields: list[tuple[str, Any]] = [
            ("id", inbound.reference),
            ("from", inbound.sender.removeprefix("+")),
            ("to", inbound.recipient),
            ("origin-connector", "operator"),
            ("content", octets),
            ("binary", octets.hex()),
            ("priority", "0"),
            # the octet, not its digits
            ("coding", "\x08"),
        ]
        return Push.form(address, fields)

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return status < 400 and body.strip() == b"ACK/Jasmin"


def _check(fields: Any, patterns: dict[str, str], required: set[str]) -> None:
    for name in fields:
        if name not in patterns:
            raise _refuse(f"Argument [{name}] is unknown.")
    for name in required:
        if name not in fields:
            raise _refuse(f"Mandatory argument [{name}] is not found.")
    for name, value in fields.items():
        if not re.fullmatch(patterns[name], value):
            raise _refuse(f"Argument [{name}] has an invalid value: [{value}].")


def _read_text(fields: Any) -> str:
    """The text as a handset shows it."""
    if "hex-content" not in fields:
        text: str = fields["content"]
        return text if text.isascii() else "?" * len(text)
    octets = bytes.fromhex(fields["hex-content"])
    return octets.decode("utf-16-be" if fields.get("coding") == "8" else "latin-1")


def _refuse(words: str) -> Refused:
    status = next((s for start, s in _STATUSES.items() if words.startswith(start)), 400)
    return Refused(Reply.text(f'Error "{words}"', status), words)
