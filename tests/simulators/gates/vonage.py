"""Vonage's SMS API: forms in, JSON out with HTTP status 200 whatever happens.

Long messages have several parts; a part has a reference of its own, and the message
that of the last. Its receipts speak of that part, see `make_receipt` for others.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode

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
    check_text,
    route,
)

_SENDER = re.compile("[0-9]{4,15}|[A-Za-z0-9]{1,11}")
_NOT_ASCII = re.compile(r"[^\n\x20-\x7e]")
_PRICE = "0.03330000"


def sign(pairs: list[tuple[str, str]], secret: str) -> str:
    """The ``sig`` of fields, as an "MD5 hash"."""
    text = ""
    for name, value in sorted(pairs):
        if name != "sig":
            text += f"&{name}=" + value.replace("&", "_").replace("=", "_")
    return hashlib.md5((text + secret).encode()).hexdigest()


def make_receipt(
    reference: str, status: str, *, client_ref: str = "", error: str = "0"
) -> list[tuple[str, str]]:
    """The fields of a delivery receipt."""
    return [
        ("msisdn", "79161234567"),
        ("to", "Shop"),
        ("network-code", "25001"),
        ("messageId", reference),
        ("price", _PRICE),
        ("status", status),
        ("scts", "2611290758"),
        ("err-code", error),
        ("api-key", "abcd1234"),
        ("client-ref", client_ref),
        ("message-timestamp", _format(datetime.now(timezone.utc).timestamp())),
    ]


class VonageGate(Gate):
    code = "vonage"
    account = {
        "api_key": "abcd1234",
        "api_secret": "aBcDeF0123456789",
        "sender": "Shop",
        "signature_secret": "0123456789ABCDEFGHIJabcdefghij",
    }
    credentials = ("api_secret",)
    words = {
        "accepted": "buffered",
        "delivered": "delivered",
        "failed": "failed",
        "expired": "expired",
    }

    def authenticate(self, call: Call) -> None:
        if call.basic == (self.account["api_key"], self.account["api_secret"]):
            return
        if call.path == "/sms/json":
            raise Refused(_refuse("4", "Bad Credentials"), "wrong login")
        told = {"error-code": "401", "error-code-label": "authentication failed"}
        raise Refused(Reply.json(told, 401), "wrong login")

    def refuse_malformed(self, reason: str) -> Reply:
        return _refuse("3", reason)

    def make_reference(self, number: int) -> str:
        return f"{number:016X}"

    @route("POST", "/sms/json", "submit")
    def send(self, call: Call) -> Reply:
        form = call.form
        required = {"from", "to", "text", "type"}
        check_fields(form, required, {"client-ref", "ttl", "callback"})
        check_integer(form, "ttl", 20_000, 604_800_000)
        check_text(form, "client-ref", 40)
        check_text(form, "callback", 100)
        if not _SENDER.fullmatch(form["from"]):
            raise Malformed("from is neither a number nor a name")
        msisdn = check_msisdn(form["to"], plus=False)
        code = self.get_answer(msisdn)
        if code:
            raise Refused(_refuse(code, f"Error {code}"), code)
        count = _count_parts(form["text"], form["type"])
        message = self.accept(
            msisdn,
            form["text"],
            client_reference=form.get("client-ref", ""),
            callback=form.get("callback", ""),
            sender=form["from"],
        )
        if "ttl" in form:
            message.valid_for = int(form["ttl"]) / 1000
        parts = [f"{message.reference}{place}" for place in range(count - 1)]
        message.extra = {"parts": [*parts, message.reference], "type": form["type"]}
        return Reply.json(
            {
                "message-count": str(count),
                "messages": [
                    {
                        "to": form["to"],
                        "message-id": reference,
                        "status": "0",
                        "remaining-balance": self.config["balance"],
                        "message-price": _PRICE,
                        "network": "25001",
                        "client-ref": message.client_reference,
                    }
                    for reference in message.extra["parts"]
                ],
            }
        )

    @route("GET", "/account/get-balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.query, set())
        return Reply.json({"value": float(self.config["balance"]), "autoReload": False})

    @route("POST", "/account/settings", "callback")
    def set_callbacks(self, call: Call) -> Reply:
        check_fields(call.form, set(), {"moCallBackUrl", "drCallBackUrl"})
        self.callbacks += [address for _name, address in call.form.pairs]
        return Reply.json(
            {
                "mo-callback-url": call.form.get("moCallBackUrl"),
                "dr-callback-url": call.form.get("drCallBackUrl"),
                "max-outbound-request": 30,
            }
        )

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        error = "2" if status == "failed" else "0"
        client_ref = message.client_reference
        pairs = make_receipt(
            message.reference,
            self.translate(status),
            client_ref=client_ref,
            error=error,
        )
        return Push.form(message.callback, pairs)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        pairs = [
            ("msisdn", inbound.sender.removeprefix("+")),
            ("to", inbound.recipient.removeprefix("+")),
            ("messageId", inbound.reference),
            ("text", inbound.text),
            ("type", "unicode" if _NOT_ASCII.search(inbound.text) else "text"),
            ("keyword", inbound.text.partition(" ")[0].upper()),
            ("message-timestamp", _format(inbound.received_at)),
            ("api-key", self.account["api_key"]),
        ]
        return Push.form(address, pairs)

    def get_push_key(self) -> str:
        return self.account["signature_secret"]

    def sign(self, push: Push, key: str) -> Push:
        body = push.body.decode("utf-8", "replace")
        pairs = parse_qsl(body, keep_blank_values=True)
        pairs += [("timestamp", "1764403200"), ("nonce", "b6a1e3f0")]
        pairs.append(("sig", sign(pairs, key)))
        return replace(push, body=urlencode(pairs).encode())


def _count_parts(text: str, kind: str) -> int:
    """How many parts a text takes; the few characters beside ASCII that a "text" may
    have are not known here."""
    if kind not in ("text", "unicode"):
        raise Malformed("type is unknown")
    if kind == "text" and _NOT_ASCII.search(text):
        raise Malformed("the text needs the type unicode")
    size = len(text.encode("utf-16-be")) // 2
    single, part = (70, 67) if kind == "unicode" else (160, 153)
    return 1 if size <= single else -(-size // part)


def _format(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _refuse(code: str, words: str) -> Reply:
    part: dict[str, Any] = {"status": code, "error-text": words}
    return Reply.json({"message-count": "1", "messages": [part]})
