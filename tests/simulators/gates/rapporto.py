"""Rapporto: JSON, one message a call; errors with an HTTP status of their own."""

from __future__ import annotations

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
    check_integer,
    check_msisdn,
    check_text,
    route,
)

#: code of an error → status of HTTP
_STATUSES = {
    **{1: 503, 2: 403, 3: 429, 5: 401, 6: 401},
    **{8: 406, 9: 406, 10: 409, 11: 406, 100: 500},
}


class RapportoGate(Gate):
    code = "rapporto"
    account = {"login": "shop", "password": "s3cret-of-shop", "sender": "Shop"}
    words = {"accepted": "0", "delivered": "2", "failed": "5"}

    def authenticate(self, call: Call) -> None:
        values = call.json
        for name, code in (("login", 5), ("password", 6)):
            if not isinstance(values, dict) or values.get(name) != self.account[name]:
                raise Refused(_error(code, f"Invalid {name}"), f"wrong {name}")

    def get_kind(self, call: Call, kind: str) -> str:
        return kind if b'"destAddr"' in call.body else "test"

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(4, reason)

    # === CALLS ===
    @route("POST", "/", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        required = {"login", "password", "destAddr", "message"}
        check_fields(values, required, {"id", "registeredDelivery", "notifyUrl"})
        check_integer(values, "registeredDelivery", 0, 2)
        check_text(values, "id", 255)
        check_text(values, "notifyUrl", 2048)
        data = self._read_data(values["message"])
        msisdn = check_msisdn(values["destAddr"])
        if code := self.get_answer(msisdn):
            return _error(int(code), f"Error {code}")
        message = self.accept(
            msisdn,
            data["text"],
            client_reference=values.get("id", ""),
            sender=data.get("serviceNumber", ""),
            callback=values.get("notifyUrl", ""),
        )
        if "ttl" in data:
            message.valid_for = data["ttl"] * 60
        return Reply.json({"mtNum": message.reference, "id": message.client_reference})

    def _read_data(self, message: Any) -> dict[str, Any]:
        check_fields(message, {"type", "data"})
        if message["type"] != "SMS":
            raise Malformed("type is not as documented")
        data = message["data"]
        check_fields(data, {"text"}, {"serviceNumber", "ttl"})
        check_text(data, "text", 2000, 1)
        try:
            check_integer(data, "ttl", 1, 2880)
        except Malformed as error:
            raise Refused(_error(11, "Invalid TTL"), str(error)) from error
        return dict(data)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        is_failed = status == "failed"
        word = self.translate(status)
        value = {
            "id": message.client_reference,
            "mtNum": message.reference,
            "status": int(word) if word.isdigit() else word,
            "type": "SMS",
            "doneDate": "" if is_failed else _tell_time(self.get_status_time(message)),
            "submitDate": _tell_time(message.created_at),
            "sourceAddr": message.sender,
            "destAddr": message.msisdn.removeprefix("+"),
            "text": message.text,
            "partCount": "001",
            "errorCode": "2" if is_failed else "0",
            "trafficType": 2,
        }
        return Push.json(message.callback, value)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        value = {
            "transactionId": inbound.reference,
            "destAddr": inbound.recipient.removeprefix("+"),
            "sourceAddr": inbound.sender.removeprefix("+"),
            "type": "SMS",
            "message": inbound.text,
            "partCount": 1,
            "receivedDate": _tell_time(inbound.received_at),
        }
        return Push.json(address, value)


def _tell_time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _error(code: int, words: str) -> Reply:
    error = {"error": {"code": code, "description": words}}
    return Reply.json(error, _STATUSES.get(code, 400))
