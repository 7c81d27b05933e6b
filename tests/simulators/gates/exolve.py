"""MTS Exolve: JSON in and out, a bearer token, one message per call.

Only what the adapter uses is there: ``SendSMS``, ``GetList``, ``MakeVoiceMessage``,
``call/v1/GetInfo`` and ``GetBalance``. Statuses of SMS are numbers that the account's
settings name; calls have words, and so may a test's statuses.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import format_datetime
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

_MAX_PARTS_TEXT = 10 * 153
_MAX_SPEECH = 1000
_PAGE = 2000
_CALLS = {
    "accepted": "calling",
    "delivered": "completed",
    "failed": "no_answer",
    "expired": "canceled",
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class ExolveGate(Gate):
    code = "exolve"
    account = {
        "api_key": "eyJhbGciOiJSUzI1NiJ9.exolve-application",
        "sender": "79160000000",
        "delivered_codes": "3",
        "failed_codes": "4, 5",
    }
    words = {"accepted": "1", "delivered": "3", "failed": "4"}

    def authenticate(self, call: Call) -> None:
        if call.bearer != self.account["api_key"]:
            raise Refused(_error("unauthorized", 401), "wrong api_key")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(f"proto: {reason}")

    def make_reference(self, number: int) -> str:
        return f"7374422070{number}"

    # === SMS ===
    @route("POST", "/messaging/v1/SendSMS", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        required = {"number", "destination", "text"}
        check_fields(values, required, {"template_resource_id"})
        if values["number"] != self.account["sender"]:
            raise Refused(_error("number is not found"), "a sender of others")
        check_text(values, "text", _MAX_PARTS_TEXT, 1)
        check_integer(values, "template_resource_id", 1, 10**9)
        message = self._take(values["destination"], values["text"])
        message.sender = values["number"]
        message.extra["template"] = values.get("template_resource_id")
        return Reply.json({"message_id": message.reference})

    @route("POST", "/messaging/v1/GetList", "poll")
    def list(self, call: Call) -> Reply:
        values = call.json
        check_fields(
            values,
            (),
            {"message_id", "receiver", "date_gte", "date_lte", "limit", "offset"},
        )
        check_integer(values, "limit", 1, _PAGE)
        check_integer(values, "offset", 0, 10**9)
        sent = [self._describe(m) for m in self.messages if m.channel == "sms"]
        came = [_describe_inbound(one) for one in self.inbox]
        found = [one for one in sent + came if _matches(one, values)]
        start = values.get("offset", 0)
        found = found[start : start + values.get("limit", 100)]
        return Reply.json({"messages": found} if found else {})

    def get_kind(self, call: Call, kind: str) -> str:
        """The list is for polls, for look-ups and for inbound messages."""
        is_lookup = call.path.endswith("GetList") and b"message_id" not in call.body
        return "lookup" if is_lookup else kind

    def _describe(self, message: Message) -> dict[str, Any]:
        return {
            "message_id": message.reference,
            "date": _format(message.created_at),
            "number": message.sender,
            "sender": message.sender,
            "receiver": message.msisdn.removeprefix("+"),
            "text": message.text,
            "direction": 2,
            "segments_count": 1,
            "billing_status": 1,
            "delivery_status": int(self.get_word(message)),
            "channel": 1,
        }

    # === CALLS ===
    @route("POST", "/call/v1/MakeVoiceMessage", "submit")
    def call(self, call: Call) -> Reply:
        values = call.json
        check_fields(values, {"source", "destination", "tts"})
        check_msisdn(values["source"], plus=False)
        tts = values["tts"]
        check_fields(tts, {"text", "voice", "lang"}, {"speed"})
        check_text(tts, "text", _MAX_SPEECH, 1)
        check_integer(tts, "voice", 1, 99)
        check_integer(tts, "lang", 1, 99)
        if not isinstance(tts.get("speed", 1.0), float):
            raise Malformed("speed is not a fraction")
        message = self._take(values["destination"], tts["text"], channel="voice")
        message.sender = values["source"]
        message.extra.update(tts)
        return Reply.json({"call_id": message.reference})

    def _take(self, destination: Any, text: str, **values: Any) -> Message:
        msisdn = check_msisdn(destination, plus=False)
        if words := self.get_answer(msisdn):
            raise Refused(_error(words), f"answer: {words}")
        return self.accept(msisdn, text, **values)

    @route("POST", "/call/v1/GetInfo", "poll")
    def tell(self, call: Call) -> Reply:
        check_fields(call.json, {"call_id"})
        message = self.find(call.json["call_id"])
        if message is None or message.channel != "voice":
            raise Refused(_error("call not found"), "no such call")
        status = self.get_status(message)
        ended = datetime.fromtimestamp(self.get_status_time(message), timezone.utc)
        return Reply.json(
            {
                "call_id": message.reference,
                "status": _CALLS.get(status, status),
                "ended": "" if status == "accepted" else format_datetime(ended),
                "destination": message.msisdn.removeprefix("+"),
            }
        )

    # === THE ACCOUNT ===
    @route("POST", "/finance/v1/GetBalance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.json, ())
        balance = float(self.config["balance"])
        return Reply.json({"balance": balance, "credit_limit": 0})

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        if message.channel == "sms":
            described = {**self._describe(message), "delivery_status": status}
            described["delivery_status"] = int(self.translate(status))
            return Push.json(message.callback, described)
        word = _CALLS.get(status, status)
        event = {
            "call_id": message.reference,
            "state": "calling" if status == "accepted" else "disconnected",
            "direction": "outbound",
            "from_number": message.sender,
            "to_number": message.msisdn.removeprefix("+"),
            "duration": 12 if word == "completed" else 0,
            "disconnect_reason": "" if status == "accepted" else word,
        }
        return Push.json(message.callback, event)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        return Push.json(address, _describe_inbound(inbound))


def _describe_inbound(inbound: Inbound) -> dict[str, Any]:
    return {
        "message_id": inbound.reference,
        "date": _format(inbound.received_at),
        "sender": inbound.sender.removeprefix("+"),
        "receiver": inbound.recipient.removeprefix("+"),
        "text": inbound.text,
        "direction": 1,
    }


def _matches(listed: dict[str, Any], values: dict[str, Any]) -> bool:
    for name in ("message_id", "receiver"):
        if name in values and listed[name] != values[name]:
            return False
    at = _read(listed["date"])
    since = _read(values.get("date_gte", "1970-01-01T00:00:00Z"))
    until = _read(values.get("date_lte", "2999-01-01T00:00:00Z"))
    return since <= at <= until


def _read(text: Any) -> datetime:
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise Malformed("a date is not as RFC 3339 writes it")
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _format(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"


def _error(words: str, status: int = 400) -> Reply:
    return Reply.json({"error": {"message": words}}, status)
