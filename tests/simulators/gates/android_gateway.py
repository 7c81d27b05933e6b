"""SMS Gateway for Android: the cloud's API with one phone behind it.

Only what the adapter uses is there. A second message with an id is refused with 409;
pushes come for the events that were registered, all of them where none was.
"""

from __future__ import annotations

import hashlib
import hmac
import re
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

#: the phone that is there
DEVICE = "PyDmBQZZXYmyxMwED8Fzy"
_MAX_ID, _MAX_DEVICE, _MAX_TEXT = 36, 21, 65535
#: state → the event that tells of it, and the member with its time
_EVENTS = {
    "Sent": ("sms:sent", "sentAt"),
    "Delivered": ("sms:delivered", "deliveredAt"),
    "Failed": ("sms:failed", "failedAt"),
    "Cancelled": ("sms:cancelled", "cancelledAt"),
}
_KNOWN_EVENTS = {event for event, _member in _EVENTS.values()} | {"sms:received"}


def sign(key: str, body: bytes, timestamp: str) -> str:
    """The signature of a push."""
    return hmac.new(key.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


class AndroidGate(Gate):
    code = "android_gateway"
    account = {"login": "ABC123", "password": "phone-s3cret", "signing_key": "aB3dE6gH"}
    credentials = ("login", "password")
    words = {
        "accepted": "Pending",
        "delivered": "Delivered",
        "failed": "Failed",
        "expired": "Failed",
    }
    #: error: the words of failed messages; online: whether there is a phone
    options = {"error": "RESULT_ERROR_GENERIC_FAILURE", "online": True}

    def reset(self) -> None:
        super().reset()
        #: id → address and event
        self.hooks: dict[str, tuple[str, str]] = {}

    def authenticate(self, call: Call) -> None:
        if call.basic != (self.account["login"], self.account["password"]):
            raise Refused(_error(401, "Unauthorized"), "wrong user or password")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(400, reason)

    # === MESSAGES ===
    @route("POST", "/messages", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        check_fields(
            values,
            {"phoneNumbers", "textMessage"},
            {"id", "deviceId", "simNumber", "ttl", "validUntil", "priority"}
            | {"scheduleAt", "withDeliveryReport", "isEncrypted"},
        )
        check_text(values, "id", _MAX_ID)
        check_text(values, "deviceId", _MAX_DEVICE)
        check_integer(values, "simNumber", 1, 3)
        check_integer(values, "ttl", 5, 10**9)
        check_integer(values, "priority", -128, 127)
        check_fields(values["textMessage"], {"text"})
        check_text(values["textMessage"], "text", _MAX_TEXT, 1)
        if not isinstance(values.get("withDeliveryReport", True), bool):
            raise Malformed("withDeliveryReport is neither true nor false")
        msisdn = self._check_numbers(values["phoneNumbers"])
        self._check_device(values)
        return self._take(values, msisdn)

    def _check_numbers(self, numbers: Any) -> str:
        if not isinstance(numbers, list) or len(numbers) != 1:
            raise Malformed("the gate takes one of phoneNumbers")
        msisdn = check_msisdn(numbers[0], plus=True)
        code = self.get_answer(msisdn)
        if code:
            raise Refused(_error(int(code), f"Error {code}"), f"answer {code}")
        return msisdn

    def _check_device(self, values: Any) -> None:
        known = (DEVICE,) if self.config["online"] else ()
        if not known or values.get("deviceId", DEVICE) not in known:
            error = _error(400, "failed to select device: record not found")
            raise Refused(error, "no such device")

    def _take(self, values: Any, msisdn: str) -> Reply:
        name = values.get("id", "")
        known = self.find(name)
        if known:
            known.repeats += 1
            error = _error(409, "Message with such ID already exists")
            raise Refused(error, "repeated id")
        message = self.accept(msisdn, values["textMessage"]["text"])
        message.reference = name or message.reference
        message.client_reference = name
        message.valid_for = values.get("ttl")
        message.extra = {"request": values}
        state = self._describe(message)
        return Reply.json(state, 202, Location=f"/messages/{message.reference}")

    @route("GET", "/messages/{reference}", "poll")
    def ask(self, call: Call) -> Reply:
        message = self.find(call.parts["reference"])
        if message is None:
            raise Refused(_error(404, "message not found"), "no such message")
        return Reply.json(self._describe(message))

    def _describe(self, message: Message) -> dict[str, Any]:
        state = self.get_word(message)
        recipient = {"phoneNumber": message.msisdn, "state": state}
        if state == "Failed":
            recipient["error"] = self._get_error(self.get_status(message))
        return {
            "id": message.reference,
            "deviceId": DEVICE,
            "state": state,
            "isHashed": False,
            "isEncrypted": False,
            "recipients": [recipient],
            "states": {state: _write_time(self.get_status_time(message))},
        }

    def _get_error(self, status: str) -> str:
        return "TTL expired" if status == "expired" else str(self.config["error"])

    # === THE ACCOUNT ===
    @route("GET", "/devices", "devices")
    def tell_devices(self, call: Call) -> Reply:
        phone = {"id": DEVICE, "name": "Google/panther"}
        phone["lastSeen"] = _write_time(self.now())
        return Reply.json([phone] if self.config["online"] else [])

    @route("POST", "/webhooks", "callback")
    def add_hook(self, call: Call) -> Reply:
        values = call.json
        check_fields(values, {"url", "event"}, {"id", "deviceId"})
        check_text(values, "id", _MAX_ID)
        if not re.match(
            "https://|http://(localhost|127[.]0[.]0[.]1)[:/]", values["url"]
        ):
            raise Malformed("url must start with https://")
        if values["event"] not in _KNOWN_EVENTS:
            raise Malformed("unknown event")
        name = values.get("id") or f"hook-{len(self.hooks)}"
        self.hooks[name] = values["url"], values["event"]
        self.callbacks = [url for url, _event in self.hooks.values()]
        return Reply.json({**values, "id": name}, 201)

    @route("GET", "/inbox", "inbound")
    def tell_inbox(self, call: Call) -> Reply:
        check_fields(call.query, (), {"type", "from", "to", "limit", "offset"})
        check_integer(call.query, "limit", 1, 500)
        check_integer(call.query, "offset", 0, 10**6)
        since = datetime.fromisoformat(call.query["from"].replace("Z", "+00:00"))
        found = [one for one in self.inbox if one.received_at >= since.timestamp()]
        start = int(call.query.get("offset", "0"))
        page = found[start : start + int(call.query.get("limit", "50"))]
        return Reply.json([_make_row(inbound) for inbound in page])

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push | None:
        state = self.translate(status)
        if state in ("Pending", "Processed"):
            return None
        event, member = _EVENTS.get(state, (f"sms:{state}", "at"))
        payload = {
            "messageId": message.reference,
            "phoneNumber": message.msisdn,
            "recipient": message.msisdn,
            "simNumber": 1,
            member: _write_time(self.get_status_time(message)),
        }
        if state == "Failed":
            payload["reason"] = self._get_error(status)
        return self._make_event(event, message.callback, payload)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push | None:
        payload = {
            "messageId": f"{_hash(inbound) % 2**32:x}",
            "message": inbound.text,
            "phoneNumber": inbound.sender,
            "sender": inbound.sender,
            "recipient": inbound.recipient,
            "simNumber": 1,
            "receivedAt": _write_time(inbound.received_at),
        }
        return self._make_event("sms:received", address, payload)

    def _make_event(
        self, event: str, address: str, payload: dict[str, Any]
    ) -> Push | None:
        wanted = {event for _url, event in self.hooks.values()}
        if wanted and event not in wanted:
            return None
        names = {"id": "Ey6ECgOkVVFjz3CL48B8C", "webhookId": "hook", "deviceId": DEVICE}
        return Push.json(address, {**names, "event": event, "payload": payload})

    def get_push_key(self) -> str:
        return self.account["signing_key"]

    def sign(self, push: Push, key: str) -> Push:
        timestamp = str(int(self.now()))
        signature = sign(key, push.body, timestamp)
        return push.with_headers(X_Timestamp=timestamp, X_Signature=signature)


def _error(status: int, text: str) -> Reply:
    return Reply.json({"code": status, "message": text}, status)


def _hash(inbound: Inbound) -> int:
    """A hash as the JVM's: signed, of 32 bits."""
    digest = hashlib.sha256(repr(vars(inbound)).encode()).digest()
    return int.from_bytes(digest[:4], "big", signed=True)


def _make_row(inbound: Inbound) -> dict[str, Any]:
    return {
        "id": f"text:{_hash(inbound)}",
        "type": "SMS",
        "sender": inbound.sender,
        "recipient": inbound.recipient,
        "simNumber": 1,
        "contentPreview": inbound.text,
        "createdAt": _write_time(inbound.received_at),
    }


def _write_time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
