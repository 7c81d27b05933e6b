"""Eskiz: JSON and forms in, JSON out, by a token that a login gives.

Only what the adapter uses is there: ``auth/login``, ``message/sms/send-batch``,
``status_by_id`` and ``get-user-messages``, ``user/get-limit``. Times are those of
Tashkent, with a ``Z`` behind them in lists. A token is as good as its generation.
"""

from __future__ import annotations

import math
import uuid
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
    check_fields,
    check_integer,
    check_msisdn,
    check_text,
    route,
)

ZONE = ZoneInfo("Asia/Tashkent")
_UNMODERATED = "Этот текст не прошёл модерацию"


class EskizGate(Gate):
    code = "eskiz"
    account = {"email": "shop@example.uz", "password": "0kmEskizPassw0rd"}
    words = {
        "accepted": "ACCEPTED",
        "delivered": "DELIVERED",
        "failed": "UNDELIV",
        "expired": "EXPIRED",
    }
    # templates: only these texts are taken, where there are any; the list is asked for
    # by the clock of this zone; a page has at most so many messages
    options = {"generation": 1, "templates": [], "clock": "Asia/Tashkent", "page": 200}

    def authenticate(self, call: Call) -> None:
        if call.path != "/auth/login" and call.bearer != self._token:
            expired = {"status": "token-invalid", "message": "Expired token"}
            raise Refused(Reply.json(expired, 401), "wrong token")

    @property
    def _token(self) -> str:
        return f"eyJhbGciOiJIUzI1NiJ9.generation-{self.config['generation']}.c2lnbg"

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(422, reason)

    def make_reference(self, number: int) -> str:
        return str(uuid.UUID(int=number))

    # === CALLS ===
    @route("POST", "/auth/login", "login")
    def log_in(self, call: Call) -> Reply:
        check_fields(call.form, {"email", "password"})
        if any(call.form[name] != value for name, value in self.account.items()):
            raise Refused(_error(401, "Неверный Email или пароль"), "wrong login")
        token = {"token": self._token}
        return Reply.json(
            {"message": "token_generated", "data": token, "token_type": "bearer"}
        )

    @route("POST", "/message/sms/send-batch", "submit")
    def send(self, call: Call) -> Reply:
        batch = call.json
        check_fields(batch, {"messages", "from"}, {"dispatch_id", "callback_url"})
        check_text(batch, "from", 11, 1)
        if not isinstance(batch["messages"], list) or len(batch["messages"]) != 1:
            raise Malformed("this gate takes one message per call")
        [item] = batch["messages"]
        check_fields(item, {"user_sms_id", "to", "text"})
        check_text(item, "user_sms_id", 100, 1)
        check_integer(item, "to", 10**7, 10**15 - 1)
        msisdn = check_msisdn(str(item["to"]), plus=False)
        texts = self.config["templates"]
        if texts and item["text"] not in texts:
            raise Refused(_error(400, _UNMODERATED), "no template")
        if words := self.get_answer(msisdn):
            raise Refused(_error(400, words), "refused by a test")
        message = self.accept(
            msisdn,
            item["text"],
            client_reference=item["user_sms_id"],
            sender=batch["from"],
            callback=batch.get("callback_url", ""),
        )
        return Reply.json(
            {
                "id": message.reference,
                "message": "Waiting for SMS provider",
                "status": ["waiting"],
            }
        )

    @route("GET", "/message/sms/status_by_id/{reference}", "poll")
    def ask(self, call: Call) -> Reply:
        message = self.find(call.parts["reference"])
        if message is None:
            raise Refused(_error(404, "Не найдено"), "no such message")
        return _ok({**self._describe(message), "total_price": 95})

    @route("POST", "/message/sms/get-user-messages", "lookup")
    def list_messages(self, call: Call) -> Reply:
        form = call.form
        check_fields(
            form, {"start_date", "end_date"}, {"to_date", "page_size", "count", "is_ad"}
        )
        check_integer(form, "page_size", 20, 200)
        check_integer(call.query, "page", 1, 10**6)
        start, end = (self._read_time(form[n]) for n in ("start_date", "end_date"))
        found = [m for m in self.messages if start <= m.created_at <= end]
        size = min(int(form.get("page_size", 20)), self.config["page"])
        page = int(call.query.get("page", 1))
        shown = found[(page - 1) * size : page * size]
        return _ok(
            {
                "current_page": page,
                "last_page": max(math.ceil(len(found) / size), 1),
                "total": len(found),
                "result": [self._describe(message) for message in shown],
            }
        )

    @route("GET", "/user/get-limit", "balance")
    def tell_balance(self, call: Call) -> Reply:
        return _ok({"balance": float(self.config["balance"])})

    def _describe(self, message: Message) -> dict[str, Any]:
        moment = self.get_status_time(message)
        return {
            "id": message.created_at,
            "user_sms_id": message.client_reference,
            "request_id": message.reference,
            "price": 95,
            "to": message.msisdn[1:],
            "message": message.text,
            "parts_count": 1,
            "parts": {"1": {"part_index": 0, "dlr_state": self.get_word(message)}},
            "status": self.get_word(message),
            "updated_at": _write_time(moment, "%Y-%m-%dT%H:%M:%SZ"),
        }

    def _read_time(self, text: str) -> float:
        zone = ZoneInfo(self.config["clock"])
        try:
            moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
        except ValueError as error:
            raise Malformed("a time is not as documented") from error
        return moment.astimezone(timezone.utc).timestamp()

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        moment = self.get_status_time(message)
        event = {
            "request_id": message.reference,
            "message_id": "4385062",
            "user_sms_id": message.client_reference,
            "country": "UZ",
            "phone_number": message.msisdn[1:],
            "sms_count": "1",
            "status": self.translate(status),
            "status_date": _write_time(moment, "%Y-%m-%d %H:%M:%S"),
        }
        return Push.json(message.callback, event)


def _ok(data: Any) -> Reply:
    return Reply.json({"status": "success", "data": data, "id": None})


def _error(status: int, words: str) -> Reply:
    return Reply.json({"status": "error", "message": words}, status)


def _write_time(moment: float, pattern: str) -> str:
    return datetime.fromtimestamp(moment, ZONE).strftime(pattern)
