"""Zvonok.com: forms and queries in, JSON out; one campaign.

Only what the adapter uses is there: ``phones/call``, ``phones/call_by_id``,
``phones/calls_by_phone`` and ``users/balance``. A status of a message may be the
campaign's alone (``attempts_exc``) or both axes (``attempts_exc/3``), with a key that
was pressed (``user/5/1``).
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from ..engine import (
    Call,
    Gate,
    Malformed,
    Message,
    Push,
    Refused,
    Reply,
    Values,
    check_fields,
    check_msisdn,
    check_text,
    route,
)

_DIALS = {"in_process": "0", "compl_finished": "5", "attempts_exc": "3"}
_DISPLAYS = {"compl_finished": "Закончен удачно", "attempts_exc": "Попытки закончились"}
_NAMES = {
    "call_id": "ct_call_id",
    "status": "ct_status",
    "dial": "ct_dial_status",
    "button": "ct_button_num",
    "duration": "ct_duration",
    "phone": "ct_phone",
}


class ZvonokGate(Gate):
    code = "zvonok"
    account = {
        "public_key": "0123456789abcdef0123456789abcdef",
        "campaign": "1234567",
        "speaker": "Tatyana",
    }
    words = {
        "accepted": "in_process",
        "delivered": "compl_finished",
        "failed": "attempts_exc",
        "expired": "expires",
    }

    def authenticate(self, call: Call) -> None:
        if call.fields.get("public_key") != self.account["public_key"]:
            raise Refused(_error("Invalid public_key"), "wrong public_key")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(reason)

    def make_reference(self, number: int) -> str:
        """IDs have 15 digits, more than a float is sure of in other languages."""
        return f"100000{number}"

    # === CALLS ===
    @route("POST", "/phones/call/", "submit")
    def call(self, call: Call) -> Reply:
        values = call.form
        check_fields(
            values, {"public_key", "campaign_id", "phone", "text"}, {"speaker"}
        )
        self._check_campaign(values)
        check_text(values, "text", 10_000, 1)
        msisdn = check_msisdn(values["phone"], plus=True)
        if words := self.get_answer(msisdn):
            raise Refused(_error(words), f"answer: {words}")
        speaker = values.get("speaker", "")
        message = self.accept(msisdn, values["text"], channel="voice", sender=speaker)
        return Reply.json(
            {
                "call_id": int(message.reference),
                "balance": self.config["balance"],
                "phone": msisdn,
                "created": _format(message.created_at),
            }
        )

    @route("GET", "/phones/call_by_id/", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.query, {"public_key", "call_id"})
        message = self.find(call.query["call_id"])
        return Reply.json([self._describe(message)] if message else [])

    @route("GET", "/phones/calls_by_phone/", "lookup")
    def list(self, call: Call) -> Reply:
        values = call.query
        check_fields(
            values, {"public_key", "campaign_id", "phone"}, {"from_created_date"}
        )
        self._check_campaign(values)
        msisdn = check_msisdn(values["phone"], plus=True)
        since = _read_day(values.get("from_created_date", "1970-01-01"))
        found = [m for m in self.messages if m.msisdn == msisdn]
        return Reply.json([self._describe(m) for m in found if m.created_at >= since])

    @route("GET", "/users/balance/", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.query, {"public_key"})
        return Reply.json({"balance": self.config["balance"]})

    def _check_campaign(self, values: Values) -> None:
        if values["campaign_id"] != self.account["campaign"]:
            raise Refused(_error("Campaign not found"), "wrong campaign")

    def _describe(self, message: Message) -> dict[str, Any]:
        status, dial, key = split(self.get_word(message))
        return {
            "phone": message.msisdn,
            "call_id": int(message.reference),
            "status": status,
            "status_display": _DISPLAYS.get(status, status),
            "dial_status": int(dial),
            "dial_status_display": f"Дозвон {dial}",
            "user_choice": None,
            "button_num": int(key) if key else None,
            "duration": 12.5,
            "created": _format(message.created_at),
            "completed": (
                None
                if status == "in_process"
                else _format(self.get_status_time(message))
            ),
        }

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        """The campaign's address with its names in braces filled; one without any has
        the names that the adapter shows."""
        word, dial, key = split(self.translate(status))
        values = {
            "ct_call_id": message.reference,
            "ct_status": word,
            "ct_dial_status": dial,
            "ct_button_num": key or "None",
            "ct_duration": "12.5",
            "ct_phone": message.msisdn.removeprefix("+"),
        }
        if "{" in message.callback:
            return Push(
                "GET", re.sub(r"\{(\w+)\}", lambda m: values[m[1]], message.callback)
            )
        pairs = [(ours, values[theirs]) for ours, theirs in _NAMES.items()]
        return Push.get(message.callback, pairs)

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"OK"


def split(word: str) -> tuple[str, str, str]:
    """A status of a test's: status, dial status and key pressed."""
    status, dial, key, *_rest = [*word.split("/"), "", ""]
    return status, dial or _DIALS.get(status, "0"), key


def _error(words: str) -> Reply:
    return Reply.json({"status": "error", "data": words}, 400)


def _format(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}"


def _read_day(text: str) -> float:
    try:
        return (
            datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()
        )
    except ValueError as error:
        raise Malformed("a date is not as documented") from error
