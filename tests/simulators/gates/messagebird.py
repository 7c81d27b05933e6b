"""MessageBird: forms in, JSON out; reports are GET requests, of messages with a
reference only."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..engine import (
    Call,
    Gate,
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


class MessagebirdGate(Gate):
    code = "messagebird"
    account = {"key": "live_0a1b2c3d4e5f60718293a4b5c", "sender": "Shop"}
    words = {
        "accepted": "sent",
        "delivered": "delivered",
        "failed": "delivery_failed",
        "expired": "expired",
    }

    def authenticate(self, call: Call) -> None:
        if call.headers.get("authorization") != f"AccessKey {self.account['key']}":
            reply = _error(2, "Request not allowed (incorrect access_key)", 401)
            raise Refused(reply, "wrong key")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(10, reason, 422)

    def make_reference(self, number: int) -> str:
        return f"e8077d803532c0b5937c{number}"

    # === CALLS ===
    @route("POST", "/messages", "submit")
    def send(self, call: Call) -> Reply:
        form = call.form
        optional = {"reference", "validity", "reportUrl", "datacoding"}
        check_fields(form, {"originator", "recipients", "body"}, optional)
        check_text(form, "originator", 11, 1)
        check_text(form, "body", 1377, 1)
        check_text(form, "reference", 128)
        check_integer(form, "validity", 1, 10**9)
        msisdn = check_msisdn(form["recipients"], plus=False)
        if code := self.get_answer(msisdn):
            return _error(int(code), f"Error {code}", 422)
        message = self.accept(
            msisdn,
            form["body"],
            client_reference=form.get("reference", ""),
            sender=form["originator"],
            callback=form.get("reportUrl", ""),
        )
        if "validity" in form:
            message.valid_for = int(form["validity"])
        return Reply.json(self._describe(message), 201)

    @route("GET", "/messages/{reference}", "poll")
    def ask(self, call: Call) -> Reply:
        message = self.find(call.parts["reference"])
        if message is None:
            return _error(20, "message not found", 404)
        return Reply.json(self._describe(message))

    @route("GET", "/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        amount = float(self.config["balance"])
        value = {"payment": "prepaid", "type": "credits", "amount": amount}
        return Reply.json(value)

    def _describe(self, message: Message) -> dict[str, Any]:
        item = {
            "recipient": int(message.msisdn),
            "status": self.get_word(message),
            "statusDatetime": self._format_time(message),
        }
        return {
            "id": message.reference,
            "originator": message.sender,
            "body": message.text,
            "reference": message.client_reference or None,
            "recipients": {"totalCount": 1, "items": [item]},
        }

    def _format_time(self, message: Message) -> str:
        moment = datetime.fromtimestamp(self.get_status_time(message), timezone.utc)
        return moment.isoformat(timespec="seconds")

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push | None:
        if not message.client_reference:
            return None
        fields = {
            "id": message.reference,
            "reference": message.client_reference,
            "recipient": message.msisdn.removeprefix("+"),
            "status": self.translate(status),
            "statusDatetime": self._format_time(message),
        }
        return Push.get(message.callback, fields.items())


def _error(code: int, words: str, status: int) -> Reply:
    error = {"code": code, "description": words, "parameter": None}
    return Reply.json({"errors": [error]}, status)
