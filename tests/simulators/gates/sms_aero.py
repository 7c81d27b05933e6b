"""SMS Aero, version 2: JSON both ways behind HTTP Basic, one text to many numbers.

Only what the adapter uses is there. A number may be answered with the name of a field
(a complaint about it), with ``no credits``, ``reject`` (the older form of errors) or
with any other sentence.
"""

from __future__ import annotations

import json
from typing import Any

from ..engine import (
    Call,
    Gate,
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

_FIELDS = ("number", "text", "sign")
_OLD_FORM = ("no credits", "reject")
_COST = 5.49


class SmsAeroGate(Gate):
    code = "sms_aero"
    account = {
        "email": "shop@example.com",
        "api_key": "Ae0rO-api-key-0123456789abcdefgh",
        "sender": "SMS Aero",
    }
    words = {"accepted": "0", "delivered": "1", "failed": "2"}
    options = {"page_size": 20}

    def authenticate(self, call: Call) -> None:
        if call.basic != (self.account["email"], self.account["api_key"]):
            words = "Your request was made with invalid credentials."
            raise Refused(_fail(words, status=401), "wrong key")

    def refuse_malformed(self, reason: str) -> Reply:
        return _fail("Validation error.", {"request": [reason]}, status=400)

    # === CALLS ===
    @route("POST", "/sms/send", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        optional = {"number", "numbers", "callbackUrl", "callbackFormat"}
        check_fields(values, {"text", "sign"}, optional)
        check_text(values, "text", 640, 2)
        if values["sign"] != self.account["sender"]:
            raise Refused(_complain("sign"), "unknown sign")
        numbers = _read_numbers(values)
        for number in numbers:
            if code := self.get_answer(number):
                return _refuse(code)
        taken = [self._take(number, values) for number in numbers]
        return _succeed(taken if "numbers" in values else taken[0])

    def _take(self, number: str, values: dict[str, Any]) -> dict[str, Any]:
        message = self.accept(
            number,
            values["text"],
            sender=values["sign"],
            callback=values.get("callbackUrl", ""),
            extra={"format": values.get("callbackFormat", "")},
        )
        return {**self._describe(message), "cost": _COST}

    def _describe(self, message: Message) -> dict[str, Any]:
        return _describe(message, self.get_word(message), self.get_status_time(message))

    @route("POST", "/sms/status", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.json, {"id"})
        check_integer(call.json, "id", 1, 2**63)
        message = self.find(str(call.json["id"]))
        return _succeed(self._describe(message)) if message else _fail("Not found.")

    @route("POST", "/sms/list", "lookup")
    def list(self, call: Call) -> Reply:
        check_fields(call.json, {"number", "text"})
        number = check_msisdn(str(call.json["number"]), plus=False)
        found = [
            self._describe(message)
            for message in reversed(self.messages)
            if (message.msisdn, message.text) == (number, call.json["text"])
        ]
        return _succeed(self._cut(found, int(call.query.get("page", "1"))))

    def _cut(self, found: list[Any], page: int) -> dict[str, Any]:
        """A page of a list: an object whose names are numbers, and more."""
        size = self.config["page_size"]
        shown = found[(page - 1) * size : page * size]
        links = {"self": f"/v2/sms/list?page={page}"}
        if page * size < len(found):
            links["next"] = f"/v2/sms/list?page={page + 1}"
        items = {str(place): item for place, item in enumerate(shown)}
        return {**items, "links": links, "totalCount": str(len(found))}

    @route("POST", "/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.json, ())
        return _succeed({"balance": float(self.config["balance"])})

    @route("POST", "/auth", "login")
    def log_in(self, call: Call) -> Reply:
        check_fields(call.json, ())
        words = "Successful authorization."
        return Reply.json({"success": True, "data": None, "message": words})

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        moment = self.get_status_time(message)
        fields = _describe(message, self.translate(status), moment)
        if message.extra.get("format") == "JSON":
            return Push.json(message.callback, fields)
        pairs = [(name, str(value)) for name, value in fields.items()]
        return Push.form(message.callback, pairs)

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200


def _succeed(data: Any) -> Reply:
    return Reply.json({"success": True, "data": data, "message": None})


def _fail(words: str, data: Any = None, status: int = 200) -> Reply:
    return Reply.json({"success": False, "data": data, "message": words}, status)


def _complain(field: str) -> Reply:
    return _fail("Validation error.", {field: ["incorrect"]}, 400)


def _refuse(code: str) -> Reply:
    if code in _OLD_FORM:
        return Reply.json({"result": code, "reason": "empty field"})
    return _complain(code) if code in _FIELDS else _fail(code)


def _read_numbers(values: dict[str, Any]) -> list[str]:
    if ("number" in values) == ("numbers" in values):
        raise Malformed("number or numbers")
    told = values.get("numbers", [values.get("number")])
    is_list = isinstance(told, list) and all(type(one) is int for one in told)
    if not is_list or len(set(told)) != len(told):
        raise Malformed("the numbers are no list of different numbers")
    return [check_msisdn(str(one), plus=False) for one in told]


def _describe(message: Message, word: str, moment: float) -> dict[str, Any]:
    return {
        "id": int(message.reference),
        "from": message.sender,
        "number": message.msisdn.removeprefix("+"),
        "text": message.text,
        "status": json.loads(word),
        "extendStatus": "queue",
        "channel": "FREE SIGN",
        "cost": str(_COST),
        "dateCreate": int(message.created_at),
        "dateSend": int(message.created_at),
        "dateAnswer": int(moment),
    }
