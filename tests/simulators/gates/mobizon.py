"""Mobizon: forms with PHP's brackets in, an envelope of JSON out.

Only what the adapter uses is there: ``message/sendSmsMessage``, ``getSMSStatus`` and
``list``, ``campaign/list`` and ``user/getOwnBalance``. Every message has a campaign of
its own. Times are those of Almaty.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

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
    check_integer,
    check_msisdn,
    check_text,
    route,
)

ZONE = ZoneInfo("Asia/Almaty")
_SEARCH = {"sort[id]", "pagination[pageSize]", "pagination[currentPage]"}
_MAX_IDS = 100


def sign(event: dict[str, Any], secret: str) -> str:
    """The signature of an event."""
    signed = [str(event.get(n)) for n in ("eventId", "attempt", "eventCreateTs")]
    text = "|".join([*signed, secret])
    return hashlib.sha1(text.encode("utf-8", "replace")).hexdigest()


class MobizonGate(Gate):
    code = "mobizon"
    account = {
        "api_key": "kz0123456789abcdef0123456789abcdef01234567",
        "sender": "Shop",
        "timezone": "Asia/Almaty",
        "webhook_secret": "webhook-s3cret",
    }
    credentials = ("api_key",)
    words = {
        "accepted": "ENQUEUD",
        "delivered": "DELIVRD",
        "failed": "UNDELIV",
        "expired": "EXPIRED",
    }
    # campaigns lose their names; the account is served elsewhere
    options = {"names": True, "server": "", "blocked": False}

    def authenticate(self, call: Call) -> None:
        if call.query.get("apiKey") != self.account["api_key"]:
            raise Refused(_error(8, "Неверный ключ API"), "wrong key")
        if call.query.get("output") != "json" or call.query.get("api") != "v1":
            raise Refused(_error(6, "Неверный формат"), "not asked for JSON")
        if self.config["server"]:
            wrong = _error(13, "Неверный сервер", self.config["server"])
            raise Refused(wrong, "wrong server")
        if self.config["blocked"]:
            raise Refused(_error(14, "Аккаунт заблокирован"), "blocked")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(12, reason)

    def answer_busy(self) -> Reply:
        return _error(30, "Превышен лимит запросов")

    # === CALLS ===
    @route("POST", "/service/message/sendSmsMessage", "submit")
    def send(self, call: Call) -> Reply:
        form = call.form
        options = {"from", "params[name]", "params[validity]"}
        check_fields(form, {"recipient", "text"}, options)
        check_integer(form, "params[validity]", 60, 1440)
        check_text(form, "params[name]", 255)
        msisdn = check_msisdn(form["recipient"], plus=False)
        if code := self.get_answer(msisdn):
            raise Refused(_error(int(code), f"Ошибка {code}"), "refused by a test")
        message = self.accept(
            msisdn,
            form["text"],
            sender=form.get("from", ""),
            extra={"name": form.get("params[name]", "")},
        )
        if "params[validity]" in form:
            message.valid_for = int(form["params[validity]"]) * 60
        campaign = _get_campaign(message)
        data = {"campaignId": campaign, "messageId": message.reference, "status": 2}
        return _ok(data)

    @route("POST", "/service/message/getSMSStatus", "poll")
    def ask(self, call: Call) -> Reply:
        check_fields(call.form, {"ids"})
        ids = call.form["ids"].split(",")
        if len(ids) > _MAX_IDS:
            raise Malformed("more than 100 identifiers")
        known = [message for one in ids if (message := self.find(one))]
        return _ok([self._describe(message) for message in known])

    @route("POST", "/service/campaign/list", "lookup")
    def list_campaigns(self, call: Call) -> Reply:
        criteria = {"criteria[recipient]", "criteria[createTsFrom]"}
        check_fields(call.form, {"criteria[recipient]"}, criteria | _SEARCH)
        since = _read_time(call.form.get("criteria[createTsFrom]"))
        found = [
            message
            for message in self.messages
            if call.form["criteria[recipient]"] in message.msisdn
            and message.created_at >= since
        ]
        items = [self._describe_campaign(message) for message in reversed(found)]
        return _page(items, call.form)

    @route("POST", "/service/message/list", "lookup")
    def list_messages(self, call: Call) -> Reply:
        check_fields(call.form, {"criteria[campaignIds]"}, _SEARCH)
        ids = call.form["criteria[campaignIds]"].split(",")
        found = [m for m in self.messages if str(_get_campaign(m)) in ids]
        items = [
            {**self._describe(m), "to": m.msisdn[1:], "text": m.text} for m in found
        ]
        return _page(items, call.form)

    @route("GET", "/service/user/getOwnBalance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        return _ok({"balance": self.config["balance"], "currency": "KZT"})

    def _describe(self, message: Message) -> dict[str, Any]:
        return {
            "id": int(message.reference),
            "status": self.get_word(message),
            "segNum": 1,
            "startSendTs": _write_time(message.created_at),
            "statusUpdateTs": _write_time(self.get_status_time(message)),
        }

    def _describe_campaign(self, message: Message) -> dict[str, Any]:
        name = message.extra["name"] if self.config["names"] else "SMS"
        return {
            "id": _get_campaign(message),
            "type": 1,
            "name": name,
            "text": message.text,
            "createTs": _write_time(message.created_at),
        }

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push | None:
        # only final statuses are pushed
        if status == "accepted":
            return None
        event = {
            "eventId": 26,
            "eventType": "sms-delivery-report",
            "eventCreateTs": _write_time(self.now()),
            "webhookId": 1,
            "attempt": 1,
            "data": {
                "campaignId": _get_campaign(message),
                "messageId": int(message.reference),
                "segNum": 1,
                "statusUpdateTs": _write_time(self.get_status_time(message)),
                "status": self.translate(status),
                "to": message.msisdn[1:],
            },
        }
        return Push.json(message.callback, event)

    def get_push_key(self) -> str:
        return self.account["webhook_secret"]

    def sign(self, push: Push, key: str) -> Push:
        try:
            event = json.loads(push.body)
            signed = {**event, "sign": sign(event, key)}
        except (ValueError, TypeError, AttributeError):
            return push
        return replace(push, body=json.dumps(signed).encode())


def _ok(data: Any) -> Reply:
    return Reply.json({"code": 0, "data": data, "message": ""})


def _error(code: int, words: str, data: Any = None) -> Reply:
    return Reply.json({"code": code, "data": data, "message": words})


def _page(items: list[Any], form: Values) -> Reply:
    check_integer(form, "pagination[currentPage]", 0, 10**6)
    size = form.get("pagination[pageSize]", "25")
    if size not in ("25", "50", "100"):
        raise Malformed("there are no pages of this size")
    start = int(size) * int(form.get("pagination[currentPage]", 0))
    shown = items[start : start + int(size)]
    return _ok({"items": shown, "totalItemCount": len(items)})


def _get_campaign(message: Message) -> int:
    return int(message.reference) + 10**9


def _write_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _read_time(text: str | None) -> float:
    if not text:
        return 0
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
    except ValueError as error:
        raise Malformed("a time is not as documented") from error
    return moment.astimezone(timezone.utc).timestamp()
