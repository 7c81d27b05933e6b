"""SMS.ru: forms in, JSON out; HTTP status 200 whatever happens.

Only what the adapter uses is there: ``sms/send``, ``sms/status``, ``my/balance`` and
``callback/add|get|del``. A number named twice in one call is sent once, as a form of
PHP's reads it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

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

_RECIPIENT = re.compile(r"to\[([^]]*)\]")
_MAX_RECIPIENTS = 100
_MAX_TEXT = 8 * 153


def sign(api_id: str, entries: Sequence[str]) -> str:
    """The ``hash`` of a push."""
    return hashlib.sha256((api_id + "".join(entries)).encode()).hexdigest()


def make_form(entries: Sequence[str]) -> list[tuple[str, str]]:
    """The fields of a push, without its hash."""
    return [(f"data[{place}]", entry) for place, entry in enumerate(entries)]


class SmsRuGate(Gate):
    code = "sms_ru"
    account = {"api_id": "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9", "sender": "Shop"}
    words = {"accepted": "102", "delivered": "103", "failed": "107", "expired": "104"}

    def authenticate(self, call: Call) -> None:
        if call.form.get("api_id") != self.account["api_id"]:
            raise Refused(_error(301, "Неправильный api_id"), "wrong api_id")
        if call.form.get("json") != "1":
            raise Refused(Reply.text("100"), "the answer is asked for as text")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(202, reason)

    def make_reference(self, number: int) -> str:
        return f"202648-{number}"

    # === CALLS ===
    @route("POST", "/sms/send", "submit")
    def send(self, call: Call) -> Reply:
        texts = self._read_texts(call)
        check_fields(call.form, {"api_id", "json"}, {"from", "ttl", "daytime", *texts})
        check_integer(call.form, "ttl", 1, 1440)
        check_text(call.form, "from", 11)
        if not 1 <= len(texts) <= _MAX_RECIPIENTS:
            raise Refused(_error(213, "Более 100 номеров"), "too many numbers")
        answers = {
            digits: self._take(call, digits, call.form.get_all(name)[-1])
            for name, digits in texts.items()
        }
        return _ok(sms=answers, balance=float(self.config["balance"]))

    def _read_texts(self, call: Call) -> dict[str, str]:
        """The names of the form's fields with texts → their numbers."""
        found = ((name, _RECIPIENT.fullmatch(name)) for name in call.form)
        return {name: match[1] for name, match in found if match}

    def _take(self, call: Call, digits: str, text: str) -> dict[str, Any]:
        msisdn = check_msisdn(digits, plus=False)
        code = self.get_answer(msisdn)
        if not text or len(text) > _MAX_TEXT:
            code = "205" if text else "203"
        if code:
            words = f"Ошибка {code}"
            return {"status": "ERROR", "status_code": int(code), "status_text": words}
        message = self.accept(msisdn, text, sender=call.form.get("from", ""))
        if "ttl" in call.form:
            message.valid_for = int(call.form["ttl"]) * 60
        return {"status": "OK", "status_code": 100, "sms_id": message.reference}

    @route("POST", "/sms/status", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.form, {"api_id", "json", "sms_id"})
        asked = call.form["sms_id"].split(",")
        if len(asked) > 100:
            raise Refused(_error(213, "Более 100 номеров"), "too many references")
        return _ok(sms={one: self._describe(self.find(one)) for one in asked})

    def _describe(self, message: Message | None) -> dict[str, Any]:
        if message is None:
            return {"status": "ERROR", "status_code": -1, "status_text": "Не найдено"}
        code = int(self.get_word(message))
        return {
            "status": "OK",
            "status_code": code,
            "status_text": f"Статус {code}",
        }

    @route("POST", "/my/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.form, {"api_id", "json"})
        return _ok(balance=float(self.config["balance"]))

    @route("POST", "/callback/add", "callback")
    def add_callback(self, call: Call) -> Reply:
        check_fields(call.form, {"api_id", "json", "url"})
        if not re.match("https?://", call.form["url"]):
            raise Refused(_error(901, "Неправильный URL"), "the callback is no URL")
        self.callbacks.append(call.form["url"])
        return self.tell_callbacks(call)

    @route("POST", "/callback/get", "callback")
    def tell_callbacks(self, call: Call) -> Reply:
        return _ok(callback=self.callbacks)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        moment = int(self.get_status_time(message))
        lines = ["sms_status", message.reference, self.translate(status), str(moment)]
        return Push.form(message.callback, make_form(["\n".join(lines)]))

    def get_push_key(self) -> str:
        return self.account["api_id"]

    def sign(self, push: Push, key: str) -> Push:
        pairs = parse_qsl(push.body.decode(errors="replace"))
        pairs.append(("hash", sign(key, [value for _name, value in pairs])))
        return replace(push, body=urlencode(pairs).encode())

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return body == b"100"


def _ok(**values: Any) -> Reply:
    return Reply.json({"status": "OK", "status_code": 100, **values})


def _error(code: int, words: str) -> Reply:
    return Reply.json({"status": "ERROR", "status_code": code, "status_text": words})
