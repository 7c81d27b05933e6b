"""playSMS: all in the query of a GET request, JSON out; statuses by the queue."""

from __future__ import annotations

from typing import Any

from ..engine import (
    Call,
    Gate,
    Malformed,
    Message,
    Refused,
    Reply,
    check_fields,
    check_msisdn,
    check_text,
    route,
)

_LOGIN = {"app", "op", "u", "h"}


class PlaysmsGate(Gate):
    code = "playsms"
    account = {
        "user": "admin",
        "token": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "sender": "Shop",
    }
    words = {"accepted": "1", "delivered": "3", "failed": "2"}

    def authenticate(self, call: Call) -> None:
        told = call.query.get("u"), call.query.get("h")
        if told != (self.account["user"], self.account["token"]):
            raise Refused(_error("100", "authentication failed"), "wrong token")

    def get_kind(self, call: Call, kind: str) -> str:
        kinds = {"pv": "submit", "ds": "poll", "cr": "balance"}
        return kinds.get(call.query.get("op", ""), kind)

    def refuse_malformed(self, reason: str) -> Reply:
        return _error("102", reason)

    def make_reference(self, number: int) -> str:
        return f"afb5f34575e30ec4efe4{number:012d}"

    @route("GET", "/index.php", "unknown")
    def answer_operation(self, call: Call) -> Reply:
        methods = {"pv": self.send, "ds": self.ask, "cr": self.tell_balance}
        return methods[call.query["op"]](call)

    def send(self, call: Call) -> Reply:
        query = call.query
        check_fields(query, _LOGIN | {"to", "msg", "unicode"}, {"from"})
        check_text(query, "msg", 1000, 1)
        needs_unicode = not query["msg"].isascii()
        if needs_unicode and query["unicode"] != "1":
            raise Malformed("the text needs unicode")
        msisdn = check_msisdn(query["to"], plus=False)
        if code := self.get_answer(msisdn):
            failed = {"status": "ERR", "error": code, "smslog_id": "0", "queue": ""}
            return _data({**failed, "to": ""})
        message = self.accept(msisdn, query["msg"], sender=query.get("from", ""))
        return _data(
            {
                "status": "OK",
                "error": "0",
                "smslog_id": "",
                "queue": message.reference,
                "to": query["to"],
            }
        )

    def ask(self, call: Call) -> Reply:
        check_fields(call.query, _LOGIN | {"queue"})
        message = self.find(call.query["queue"])
        if message is None:
            return _error("400", "no queue")
        if message.extra.get("is_queued"):
            return _error("401", "still queued")
        return _data(self._describe(message))

    def _describe(self, message: Message) -> dict[str, Any]:
        return {
            "smslog_id": "123",
            "src": message.sender,
            "dst": message.msisdn,
            "msg": message.text,
            "dt": "2026-11-29 08:00:00",
            "update": "2026-11-29 08:00:01",
            "status": self.get_word(message),
        }

    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.query, _LOGIN)
        credit = str(self.config["balance"])
        return Reply.json({"status": "OK", "error": "0", "credit": credit})


def _data(item: dict[str, Any]) -> Reply:
    return Reply.json({"data": [item], "error_string": None, "timestamp": 1764403200})


def _error(code: str, words: str) -> Reply:
    return Reply.json({"status": "ERR", "error": code, "error_string": words})
