"""Plivo: JSON with Basic authentication; reports are forms, signed (V2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

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

_ACCOUNT = "/v1/Account/{account}/"


class PlivoGate(Gate):
    code = "plivo"
    account = {
        "auth_id": "MAXXXXXXXXXXXXXXXXXX",
        "auth_token": "s3cret-token-of-the-account",
        "sender": "+14155550100",
        "push_key": "s3cret-token-of-the-account",
    }
    credentials = ("auth_token",)
    words = {
        "accepted": "queued",
        "delivered": "delivered",
        "failed": "undelivered",
    }

    def authenticate(self, call: Call) -> None:
        if call.basic != (self.account["auth_id"], self.account["auth_token"]):
            raise Refused(Reply.text("Could not verify your access", 401), "login")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(reason)

    def make_reference(self, number: int) -> str:
        return f"5b40a428-bfc7-4daf-9d06-{number:012d}"

    # === CALLS ===
    @route("POST", _ACCOUNT + "Message/", "submit")
    def send(self, call: Call) -> Reply:
        self._check_account(call)
        values = call.json
        optional = {"type", "url", "method", "message_expiry"}
        check_fields(values, {"src", "dst", "text"}, optional)
        check_text(values, "text", 1600, 1)
        check_integer(values, "message_expiry", 5, 10800)
        if values.get("type") != "sms" or values.get("method") != "POST":
            raise Malformed("type or method is not as documented")
        msisdn = check_msisdn(values["dst"], plus=False)
        if code := self.get_answer(msisdn):
            return _error(f"Error {code}")
        message = self.accept(
            msisdn,
            values["text"],
            sender=values["src"],
            callback=values.get("url", ""),
            valid_for=values.get("message_expiry"),
        )
        value = {
            "api_id": "948b53a2-3f08-11e7-b6f4-061564b78b75",
            "message": "message(s) queued",
            "message_uuid": [message.reference],
        }
        return Reply.json(value, 202)

    @route("GET", _ACCOUNT + "Message/{reference}/", "poll")
    def ask(self, call: Call) -> Reply:
        self._check_account(call)
        message = self.find(call.parts["reference"])
        if message is None:
            return Reply.json({"error": "not found"}, 404)
        value = {
            "message_uuid": message.reference,
            "message_state": self.get_word(message),
            "to_number": message.msisdn.removeprefix("+"),
            "units": 1,
            "total_amount": "0.00650",
            "error_code": self._get_code(self.get_word(message)),
        }
        return Reply.json(value)

    @route("GET", _ACCOUNT, "balance")
    def tell_balance(self, call: Call) -> Reply:
        self._check_account(call)
        return Reply.json({"cash_credits": str(self.config["balance"])})

    def _check_account(self, call: Call) -> None:
        if call.parts["account"] != self.account["auth_id"]:
            raise Refused(Reply(404), "no such account")

    def _get_code(self, word: str) -> str:
        return "80" if word == "undelivered" else "000"

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        word = self.translate(status)
        fields: dict[str, Any] = {
            "MessageUUID": message.reference,
            "From": message.sender,
            "To": message.msisdn.removeprefix("+"),
            "Type": "sms",
            "Status": word,
            "Units": "1",
            "TotalRate": "0.00650",
            "TotalAmount": "0.00650",
        }
        if word == "undelivered":
            fields["ErrorCode"] = self._get_code(word)
        return Push.form(message.callback, fields.items())

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        fields = {
            "MessageUUID": inbound.reference,
            "From": inbound.sender.removeprefix("+"),
            "To": inbound.recipient.removeprefix("+"),
            "Type": "sms",
            "Text": inbound.text,
        }
        return Push.form(address, fields.items())

    def get_push_key(self) -> str:
        return self.account["push_key"]

    def sign(self, push: Push, key: str) -> Push:
        nonce = "12345678901234567890"
        signed = push.url.partition("?")[0] + nonce
        digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
        return push.with_headers(
            X_Plivo_Signature_V2=base64.b64encode(digest).decode(),
            X_Plivo_Signature_V2_Nonce=nonce,
        )


def _error(words: str) -> Reply:
    return Reply.json({"api_id": "948b53a2", "error": words}, 400)
