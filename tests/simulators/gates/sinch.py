"""Sinch SMS (XMS): JSON with a token, one message a batch; signed webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone
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
    check_msisdn,
    check_text,
    route,
)

_BATCHES = "/xms/v1/{plan}/batches"
_CODES = {"Queued": 400, "Delivered": 0, "Failed": 404, "Expired": 406}
_LONGEST = 3 * 86400


class SinchGate(Gate):
    code = "sinch"
    account = {
        "service_plan_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "token": "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        "sender": "Shop",
        "webhook_secret": "s3cret-of-webhooks",
    }
    credentials = ("token",)
    words = {
        "accepted": "Queued",
        "delivered": "Delivered",
        "failed": "Failed",
        "expired": "Expired",
    }

    def authenticate(self, call: Call) -> None:
        if call.bearer != self.account["token"]:
            raise Refused(Reply(401), "wrong token")

    def get_kind(self, call: Call, kind: str) -> str:
        return "lookup" if "client_reference" in call.query else kind

    def refuse_malformed(self, reason: str) -> Reply:
        return _error("syntax_constraint_violation", reason)

    def make_reference(self, number: int) -> str:
        return f"01FC66621XXXXX{number}"

    # === CALLS ===
    @route("POST", _BATCHES, "submit")
    def send(self, call: Call) -> Reply:
        self._check_plan(call)
        values = call.json
        check_fields(
            values,
            {"to", "body", "type", "delivery_report"},
            {"from", "expire_at", "callback_url", "client_reference"},
        )
        check_text(values, "body", 2000, 1)
        check_text(values, "client_reference", 2048)
        if values["type"] != "mt_text" or values["delivery_report"] != "per_recipient":
            raise Malformed("type or delivery_report is not as documented")
        if not isinstance(values["to"], list) or len(values["to"]) != 1:
            raise Malformed("to is not one number")
        msisdn = check_msisdn(values["to"][0])
        if code := self.get_answer(msisdn):
            return _error(code, f"Error {code}")
        message = self.accept(
            msisdn,
            values["body"],
            client_reference=values.get("client_reference", ""),
            sender=values.get("from", ""),
            callback=values.get("callback_url", ""),
        )
        if "expire_at" in values:
            message.valid_for = round(self._read_life(values["expire_at"]))
        return Reply.json(self._describe(message), 201)

    def _read_life(self, text: Any) -> float:
        try:
            until = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, TypeError) as error:
            raise Malformed("expire_at is no time") from error
        life = until.replace(tzinfo=timezone.utc).timestamp() - self.now()
        if not 0 < life <= _LONGEST:
            raise Malformed("expire_at is not within three days")
        return life

    @route("GET", _BATCHES, "test")
    def list_batches(self, call: Call) -> Reply:
        self._check_plan(call)
        check_fields(call.query, {"page_size"}, {"client_reference"})
        asked = call.query.get("client_reference")
        found = [m for m in self.messages if asked in (None, m.client_reference)]
        batches = [self._describe(message) for message in found]
        return Reply.json({"page": 0, "count": len(batches), "batches": batches})

    @route("GET", _BATCHES + "/{reference}/delivery_report", "poll")
    def ask(self, call: Call) -> Reply:
        self._check_plan(call)
        if call.query.get("type") != "full":
            raise Malformed("the type is not full")
        message = self.find(call.parts["reference"])
        if message is None:
            raise Refused(Reply(404), "no such batch")
        word = self.get_word(message)
        status = {
            "code": _CODES.get(word, 499),
            "status": word,
            "count": 1,
            "recipients": [message.msisdn.removeprefix("+")],
        }
        return Reply.json(
            {
                "type": "delivery_report_sms",
                "batch_id": message.reference,
                "total_message_count": 1,
                "statuses": [status],
                "client_reference": message.client_reference,
            }
        )

    def _check_plan(self, call: Call) -> None:
        if call.parts["plan"] != self.account["service_plan_id"]:
            raise Refused(Reply(404), "no such plan")

    def _describe(self, message: Message) -> dict[str, Any]:
        return {
            "id": message.reference,
            "to": [message.msisdn],
            "from": message.sender,
            "canceled": False,
            "body": message.text,
            "type": "mt_text",
            "client_reference": message.client_reference,
        }

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        word = self.translate(status)
        value = {
            "type": "recipient_delivery_report_sms",
            "batch_id": message.reference,
            "recipient": message.msisdn.removeprefix("+"),
            "code": _CODES.get(word, 499),
            "status": word,
            "at": _format(self.get_status_time(message)),
            "client_reference": message.client_reference,
        }
        return Push.json(message.callback, value)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        value = {
            "type": "mo_text",
            "id": inbound.reference,
            "from": inbound.sender.removeprefix("+"),
            "to": inbound.recipient.removeprefix("+"),
            "body": inbound.text,
            "received_at": _format(inbound.received_at),
        }
        return Push.json(address, value)

    def get_push_key(self) -> str:
        return self.account["webhook_secret"]

    def sign(self, push: Push, key: str) -> Push:
        nonce, moment = "01FJA8B4A7BM43YGWSG9GBV067", "1634579353"
        signed = push.body + f".{nonce}.{moment}".encode()
        digest = hmac.new(key.encode(), signed, hashlib.sha256).digest()
        return push.with_headers(
            X_Sinch_Webhook_Signature=base64.b64encode(digest).decode(),
            X_Sinch_Webhook_Signature_Nonce=nonce,
            X_Sinch_Webhook_Signature_Timestamp=moment,
            X_Sinch_Webhook_Signature_Algorithm="HmacSHA256",
        )


def _format(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _error(code: str, text: str) -> Reply:
    return Reply(
        400, json.dumps({"code": code, "text": text}).encode(), "application/json"
    )
