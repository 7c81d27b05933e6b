"""Devino Telecom, ``rest/v2``: forms and queries in, JSON out, a message a call.

Only what the adapter uses is there: ``Sms/Send``, ``Sms/State``, ``Sms/In`` and
``User/Balance``. A long message has an identifier for every part; all parts share the
message's status.
"""

from __future__ import annotations

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

_LOGIN = {"Login", "Password"}
#: code of an error → status of HTTP
_STATUSES = {4: 401, 5: 403, 7: 403, 8: 500, 9: 500}
_SENDER = re.compile("[ -~]{1,11}|[0-9]{1,15}")
_MAX_TEXT = 2000
_MAX_MINUTES = 2**31 - 1


class DevinoGate(Gate):
    code = "devino"
    account = {"login": "shop", "password": "s3cret-of-shop", "sender": "Shop"}
    words = {"accepted": "-1", "delivered": "0", "failed": "42", "expired": "46"}

    def authenticate(self, call: Call) -> None:
        told = call.fields.get("Login"), call.fields.get("Password")
        if told != (self.account["login"], self.account["password"]):
            words = "Invalid user login or password"
            raise Refused(_error(4, words), "wrong login")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(2, reason)

    def make_reference(self, number: int) -> str:
        return f"GW{number:X}"

    # === CALLS ===
    @route("POST", "/Sms/Send", "submit")
    def send(self, call: Call) -> Reply:
        form = call.form
        required = {*_LOGIN, "DestinationAddress", "SourceAddress", "Data"}
        check_fields(form, required, {"Validity"})
        check_text(form, "Data", _MAX_TEXT, 1)
        check_integer(form, "Validity", 0, _MAX_MINUTES)
        if not _SENDER.fullmatch(form["SourceAddress"]):
            raise Refused(_error(6, "Invalid source address"), "wrong sender")
        msisdn = check_msisdn(form["DestinationAddress"])
        if code := self.get_answer(msisdn):
            return _error(int(code), f"Error {code}")
        message = self.accept(msisdn, form["Data"], sender=form["SourceAddress"])
        if "Validity" in form:
            message.valid_for = int(form["Validity"]) * 60
        message.extra["parts"] = _make_parts(message)
        return Reply.json(message.extra["parts"])

    @route("GET", "/Sms/State", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.query, {*_LOGIN, "messageId"})
        asked = call.query["messageId"]
        parts = ((one, one.extra["parts"]) for one in self.messages)
        found = next((one for one, known in parts if asked in known), None)
        return Reply.json(self._describe(found))

    def _describe(self, message: Message | None) -> dict[str, Any]:
        word = self.get_word(message) if message else "255"
        at = self.get_status_time(message) if message else None
        return {
            "State": int(word) if re.fullmatch("-?[0-9]+", word) else word,
            "CreationDateUtc": message and _write_date(message.created_at),
            "SubmittedDateUtc": message and _write_date(message.created_at),
            "ReportedDateUtc": _write_date(at) if at and word == "0" else None,
            "TimeStampUtc": _write_date(at) if at else "/Date(-62135596800000)/",
            "StateDescription": f"Статус {word}",
            "Price": None,
        }

    @route("GET", "/Sms/In", "inbound")
    def list_inbound(self, call: Call) -> Reply:
        check_fields(call.query, {*_LOGIN, "maxDateUTC"}, {"minDateUTC"})
        first = _read_date(call.query.get("minDateUTC", "1970-01-01T00:00:00"))
        last = _read_date(call.query["maxDateUTC"])
        found = [one for one in self.inbox if first <= one.received_at <= last]
        return Reply.json([_describe_inbound(one) for one in found])

    @route("GET", "/User/Balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.query, _LOGIN)
        return Reply.json(float(self.config["balance"]))

    # === PUSHES ===
    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        pairs = {
            "sourcePhone": inbound.sender.removeprefix("+"),
            "number": inbound.recipient.removeprefix("+"),
            "prefix": "",
            "text": inbound.text,
            "messageId": str(_get_number(inbound)),
        }
        return Push.get(address, pairs.items())

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        """Whatever is in the body is sent to the sender."""
        return status == 200 and not body


def _make_parts(message: Message) -> list[str]:
    """The identifiers of a message's parts."""
    single, part = (160, 153) if message.text.isascii() else (70, 67)
    length = len(message.text)
    if length <= single:
        return [message.reference]
    count = -(-length // part)
    begin = f"SAR-{message.reference}{message.msisdn}-{count}"
    return [f"{begin}-{number}" for number in range(1, count + 1)]


def _get_number(inbound: Inbound) -> int:
    return int(inbound.reference.removeprefix("GW"), 16)


def _describe_inbound(inbound: Inbound) -> dict[str, Any]:
    return {
        "Data": inbound.text,
        "SourceAddress": inbound.sender.removeprefix("+"),
        "DestinationAddress": inbound.recipient.removeprefix("+"),
        "ID": _get_number(inbound),
        "CreatedDateUtc": _write_date(inbound.received_at),
    }


def _write_date(seconds: float) -> str:
    return f"/Date({int(seconds * 1000)})/"


def _read_date(text: str) -> float:
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise Malformed("a date is not as documented") from error
    return moment.replace(tzinfo=timezone.utc).timestamp()


def _error(code: int, words: str) -> Reply:
    return Reply.json({"Code": code, "Desc": words}, _STATUSES.get(code, 400))
