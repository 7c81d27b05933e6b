"""SMSC.ru: JSON at ``/rest/send/``, forms at ``/sys/*.php``, JSON out; HTTP status 200
whatever happens.

Only what the adapter uses is there. A list answers a code of `_REFUSES_ALL` as a whole,
and any other as the ``err`` of its number. A status may be set with its ``err``, as in
``"20 255"``. As at the provider, pushes are forms in windows-1251 without a signature
unless the options in their address ask for something else; what they sign of inbound
messages is not known for certain.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

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

_ZONE = ZoneInfo("Europe/Moscow")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
_TIME_TO_LIVE = re.compile("([01][0-9]|2[0-4]):([0-5][0-9])")
_ACCOUNT_FIELDS = {"login", "psw", "apikey", "charset", "fmt"}
_LINE = re.compile(r"(\+[0-9]{8,15})[:;](.*)")
#: codes of errors that refuse a list as a whole
_REFUSES_ALL = ("1", "2", "3", "4", "5", "6", "9")
#: codes of errors that come with the id of the message
_WITH_ID = ("3", "6", "7", "8")
_MINUTE = 60
_COST = "1.20"


class SmscRuGate(Gate):
    code = "smsc_ru"
    account = {
        "login": "shop",
        "password": "smsc-passw0rd",
        "sender": "Shop",
        "callback_secret": "smsc-callback-s3cret",
    }
    credentials = ("login", "password")
    words = {"accepted": "0", "delivered": "1", "failed": "20", "expired": "3"}

    def reset(self) -> None:
        super().reset()
        #: requests to send → when they came
        self.recent: dict[str, float] = {}
        #: id and number of what there was no money for
        self.unpaid: set[str] = set()

    def authenticate(self, call: Call) -> None:
        values = call.json if call.path.startswith("/rest/") else call.form
        check_fields(values, {"fmt", "charset"}, others=True)
        known = self.account["login"], self.account["password"]
        if (values.get("login"), values.get("psw")) != known:
            raise Refused(_error(2, "authorise error"), "wrong login")
        if (str(values["fmt"]), values["charset"]) != ("3", "utf-8"):
            raise Refused(Reply.text("ERROR"), "not JSON in UTF-8")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(1, reason)

    # === SEND ===
    @route("POST", "/rest/send/", "submit")
    def send(self, call: Call) -> Reply:
        values = call.json
        if "list" in values:
            return self._send_list(call)
        msisdn = self._check_message(values)
        self._refuse_repetition(call)
        name, code = values["id"], self.get_answer(msisdn)
        if code:
            if code == "3":
                self.unpaid.add(_refer(name, msisdn))
            return _error(int(code), "refused", *([name] if code in _WITH_ID else []))
        message = self._take(values, msisdn, values["mes"])
        count = math.ceil(len(message.text) / 67)
        balance = self.config["balance"]
        return Reply.json({"id": name, "cnt": count, "cost": _COST, "balance": balance})

    def _take(self, values: Any, msisdn: str, text: str) -> Message:
        message = self.accept(
            msisdn,
            text,
            client_reference=values["id"],
            channel="voice" if "call" in values else "sms",
            sender=values.get("sender", ""),
            valid_for=_read_valid(values),
            extra={"voice": values.get("voice"), "param": values.get("param")},
        )
        message.reference = _refer(values["id"], msisdn)
        return message

    def _send_list(self, call: Call) -> Reply:
        values = call.json
        texts = self._check_list(values)
        self._refuse_repetition(call)
        codes = {msisdn: self.get_answer(msisdn) for msisdn in texts}
        for code in codes.values():
            if code in _REFUSES_ALL:
                return _error(int(code), "refused")
        told, count = [], 0
        for msisdn, text in texts.items():
            number = {"phone": msisdn.removeprefix("+"), "mccmnc": "25001"}
            if code := codes[msisdn]:
                told.append({**number, "cost": "0", "status": "20", "error": code})
                continue
            message = self._take(values, msisdn, text)
            count += math.ceil(len(message.text) / 67)
            told.append({**number, "cost": _COST})
        answer = {"id": values["id"], "cnt": count, "cost": _COST}
        return Reply.json({**answer, "balance": self.config["balance"], "phones": told})

    def _check_list(self, values: Any) -> dict[str, str]:
        """The texts by number."""
        optional = {"sender", "valid"}
        check_fields(values, {"list", "id", "cost", "op"}, _ACCOUNT_FIELDS | optional)
        _check_common(values)
        if values["op"] != "1":
            raise Malformed("op is not 1")
        matches = [_LINE.fullmatch(line) for line in values["list"].split("\n")]
        texts = {m[1]: m[2].replace("\\n", "\n") for m in matches if m}
        if len(texts) != len(matches):
            raise Malformed("not a text for each number in each line")
        for msisdn, text in texts.items():
            check_msisdn(msisdn, plus=True)
            check_text({"mes": text}, "mes", 1000, 1)
        return texts

    def _check_message(self, values: Any) -> str:
        required = {"phones", "mes", "id", "cost"}
        optional = {"sender", "valid", "call", "voice", "param"}
        check_fields(values, required, _ACCOUNT_FIELDS | optional)
        check_text(values, "mes", 1000, 1)
        _check_common(values)
        if "call" in values:
            _check_call(values)
        # without the plus sign the number would be "corrected"
        return check_msisdn(values["phones"], plus=True)

    def _refuse_repetition(self, call: Call) -> None:
        """The same request within a minute."""
        request = json.dumps(call.json, sort_keys=True)
        before = self.recent.get(request)
        if before is not None and self.now() - before < _MINUTE:
            words = "duplicate request, wait a minute"
            raise Refused(_error(9, words), "the same request within a minute")
        self.recent[request] = self.now()

    # === STATUSES ===
    @route("POST", "/sys/status.php", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.form, {"id", "phone", "all"}, _ACCOUNT_FIELDS)
        if "," in call.form["id"] + call.form["phone"]:
            raise Malformed("a list: once a minute only")
        reference = _refer(call.form["id"], call.form["phone"])
        message = self.find(reference)
        if message:
            return Reply.json(self._describe(message))
        status = 24 if reference in self.unpaid else -3
        return Reply.json({"status": status, "last_date": "", "last_timestamp": 0})

    def _describe(self, message: Message) -> dict[str, Any]:
        moment = int(self.get_status_time(message))
        return {
            **_split_word(self.get_word(message)),
            "last_date": _format(moment),
            "last_timestamp": moment,
            "phone": message.msisdn.removeprefix("+"),
            "cost": _COST,
            "sender_id": message.sender,
            "status_name": "Имя статуса",
            "message": message.text,
        }

    # === OTHERS ===
    @route("POST", "/sys/get.php", "inbound")
    def tell_inbound(self, call: Call) -> Reply:
        check_fields(call.form, {"get_answers", "hour", "cnt"}, _ACCOUNT_FIELDS)
        check_integer(call.form, "hour", 1, 168)
        check_integer(call.form, "cnt", 1, 10_000)
        found = [
            {
                "id": int(one.reference),
                "received": _format(one.received_at),
                "phone": one.sender.removeprefix("+"),
                "message": one.text,
                "to_phone": one.recipient.removeprefix("+"),
                "sent": _format(one.received_at),
            }
            for one in self.inbox
        ]
        return Reply.json(found) if found else _error(3, "no messages")

    @route("POST", "/sys/balance.php", "balance")
    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.form, {"cur"}, _ACCOUNT_FIELDS)
        return Reply.json({"balance": self.config["balance"], "currency": "RUR"})

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        moment = int(self.get_status_time(message))
        name = message.client_reference or message.reference
        fields = {
            "id": name,
            "phone": message.msisdn.removeprefix("+"),
            **_split_word(self.translate(status)),
            "time": _format(moment),
            "ts": moment,
            "cost": _COST,
        }
        return _make_push(message.callback, fields)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        fields = {
            "id": int(inbound.reference),
            "phone": inbound.sender.removeprefix("+"),
            "mes": inbound.text,
            "to": inbound.recipient.removeprefix("+"),
            "sent": _format(inbound.received_at),
        }
        return _make_push(address, fields)

    def get_push_key(self) -> str:
        return self.account["callback_secret"]

    def sign(self, push: Push, key: str) -> Push:
        """The push with a signature, if its address asks for one."""
        options = dict(parse_qsl(urlsplit(push.url).query, keep_blank_values=True))
        wanted = {"md5", "sha1"} & options.keys()
        fields = _read_fields(push)
        if not wanted or fields is None:
            return push
        names = ("phone", "mes", "to") if "mes" in fields else ("id", "phone", "status")
        text = ":".join([*(str(fields.get(name, "")) for name in names), key])
        signed = text.encode("utf-8", "replace")
        made = {name: hashlib.new(name, signed).hexdigest() for name in wanted}
        return replace(push, body=_make_push(push.url, {**fields, **made}).body)

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return status == 200


def _refer(name: str, number: str) -> str:
    return f"{name}:{number.removeprefix('+')}"


def _error(code: int, words: str, *names: str) -> Reply:
    ids = {"id": names[0]} if names else {}
    return Reply.json({"error": words, "error_code": code, **ids})


def _format(moment: float) -> str:
    return datetime.fromtimestamp(moment, _ZONE).strftime("%d.%m.%Y %H:%M:%S")


def _split_word(word: str) -> dict[str, Any]:
    status, _, reason = word.partition(" ")
    return {"status": int(status), "err": int(reason or 0)}


def _read_valid(values: Mapping[str, Any]) -> float | None:
    if "valid" not in values:
        return None
    match = _TIME_TO_LIVE.fullmatch(values["valid"])
    seconds = match and 3600 * int(match[1]) + 60 * int(match[2])
    if not seconds or seconds > 24 * 3600:
        raise Malformed("valid is not from 00:01 to 24:00")
    return float(seconds)


def _check_common(values: Mapping[str, Any]) -> None:
    """What a message and a list have in common."""
    check_text(values, "sender", 15)
    if not _NAME.fullmatch(values["id"]):
        raise Malformed("id is not as documented")
    if values["cost"] not in ("0", "2", "3"):
        raise Malformed("the price is asked for, nothing is sent")


def _check_call(values: Mapping[str, Any]) -> None:
    parts = str(values.get("param", "")).split(",")
    limits = ((10, 35), (10, 3600), (1, 9))
    is_right = len(parts) == 3 and all(
        part.isdigit() and lowest <= int(part) <= highest
        for part, (lowest, highest) in zip(parts, limits, strict=True)
    )
    if not is_right or values.get("voice") not in ("m", "m2", "m3", "m4", "w", "w2"):
        raise Malformed("a call is not as documented")
    if values["mes"].strip().lower() == "code":
        raise Malformed("a code would be made up and read out")


def _make_push(address: str, fields: Mapping[str, Any]) -> Push:
    options = dict(parse_qsl(urlsplit(address).query))
    if options.get("fmt") == "3":
        return replace(Push.json(address, {}), body=json.dumps(fields).encode())
    encoding = options.get("charset", "windows-1251")
    body = urlencode(fields, encoding=encoding, errors="replace").encode()
    return replace(Push.form(address, ()), body=body)


def _read_fields(push: Push) -> dict[str, Any] | None:
    """None: a test has spoiled it."""
    try:
        if b"{" not in push.body[:1]:
            return dict(parse_qsl(push.body.decode()))
        fields = json.loads(push.body)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None
