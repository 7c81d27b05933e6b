"""MegaFon A2P: JSON, one message a call; a ``msg_id`` is taken once."""

from __future__ import annotations

import re

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

_NAME = re.compile("[A-Za-z0-9_:-]{1,16}")


class MegafonA2pGate(Gate):
    code = "megafon_a2p"
    account = {"login": "shop", "password": "s3cret-of-shop", "sender": "Shop"}
    words = {
        "accepted": "accepted",
        "delivered": "delivered",
        "failed": "undelivered",
        "expired": "expired",
    }

    def authenticate(self, call: Call) -> None:
        if call.basic != (self.account["login"], self.account["password"]):
            raise Refused(Reply(401), "wrong login")

    def get_kind(self, call: Call, kind: str) -> str:
        return kind if b'"to"' in call.body else "test"

    def refuse_malformed(self, reason: str) -> Reply:
        return _answer("", 20101, reason)

    @route("POST", "/sms/v1/sms", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        check_fields(values, {"from", "to", "message"}, {"callback_url", "msg_id"})
        check_text(values, "from", 11, 1)
        check_text(values, "message", 1000, 1)
        name = values.get("msg_id", "")
        if not isinstance(values["to"], int) or not _NAME.fullmatch(name):
            raise Malformed("to or msg_id is not as documented")
        msisdn = check_msisdn(str(values["to"]), plus=False)
        if code := self.get_answer(msisdn):
            return _answer(name, int(code), f"Error {code}")
        known = self.find_by_client(name)
        if known:
            known.repeats += 1
            return _answer("", 20102, "Duplicate msg_id")
        message = self.accept(
            msisdn,
            values["message"],
            client_reference=name,
            sender=values["from"],
            callback=values.get("callback_url", ""),
        )
        message.reference = name
        return _answer(name, 0, "ok")

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        value = {
            "msg_id": message.reference,
            "receipted_message_id": "1A2B3C",
            "status": self.translate(status),
            "short_message": "",
        }
        return Push.json(message.callback, value)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        value = {
            "msg_id": inbound.reference,
            "from": inbound.sender.removeprefix("+"),
            "to": inbound.recipient.removeprefix("+"),
            "message": inbound.text,
        }
        return Push.json(address, value)

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"OK"


def _answer(name: str, code: int, words: str) -> Reply:
    status = {"code": code, "description": words}
    result = {"status": status, "msg_id": name} if name else {"status": status}
    return Reply.json({"result": result})
