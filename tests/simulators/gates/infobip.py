"""Infobip: JSON both ways, for SMS v3 and voice messages (TTS v3).

Only what the adapter uses is there: sending, logs, inbound messages (given once) and
the balance. An id of the client's that was seen before is rejected; the logs tell of
the first message with it and of the repetitions, for 48 hours.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

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

#: status → its group and its id
_STATUSES = {
    "PENDING_WAITING_DELIVERY": (1, 3),
    "PENDING_ENROUTE": (1, 7),
    "PENDING_ACCEPTED": (1, 26),
    "UNDELIVERABLE_REJECTED_OPERATOR": (2, 4),
    "UNDELIVERABLE_NOT_DELIVERED": (2, 9),
    "NO_ANSWER": (2, 96),
    "BUSY": (2, 97),
    "DELIVERED_TO_OPERATOR": (3, 2),
    "DELIVERED_TO_HANDSET": (3, 5),
    "EXPIRED_EXPIRED": (4, 15),
    "EXPIRED_DLR_UNKNOWN": (4, 29),
    "REJECTED_NETWORK": (5, 6),
    "REJECTED_DND": (5, 10),
    "REJECTED_SOURCE": (5, 11),
    "REJECTED_NOT_ENOUGH_CREDITS": (5, 12),
    "REJECTED_FLOODING_FILTER": (5, 20),
    "REJECTED_DUPLICATE_MESSAGE_ID": (5, 23),
    "REJECTED_MESSAGE_TOO_LONG": (5, 25),
    "REJECTED_UNSUPPORTED_LANGUAGE": (5, 54),
    "REJECTED": (5, 99),
}
_GROUPS = (
    "OK",
    "PENDING",
    "UNDELIVERABLE",
    "DELIVERED",
    "EXPIRED",
    "REJECTED",
    "UNKNOWN",
)
_UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600}
_MOST = 2880 * 60
_LOGS_LAST = 48 * 3600
_LANGUAGES = ("en", "ru", "de")
_NO_ERROR = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR"}


def describe(name: str, group: int = 6) -> dict[str, Any]:
    """A status as Infobip writes it.

    :param group: of a status that is not documented
    """
    group, number = _STATUSES.get(name, (group, 999))
    text = name.replace("_", " ").capitalize()
    return {
        "groupId": group,
        "groupName": _GROUPS[group],
        "id": number,
        "name": name,
        "description": text,
    }


class InfobipGate(Gate):
    code = "infobip"
    account = {"api_key": "003026bbc133714df1834b8638bb496e-8f4b3d9a", "sender": "Shop"}
    words = {
        "accepted": "PENDING_ENROUTE",
        "delivered": "DELIVERED_TO_HANDSET",
        "failed": "UNDELIVERABLE_NOT_DELIVERED",
        "expired": "EXPIRED_EXPIRED",
    }
    #: remembers: ids of rejected messages are taken, too
    options = {"remembers": False}

    def reset(self) -> None:
        super().reset()
        #: pairs of id and status of what was rejected
        self.rejected: list[tuple[str, str]] = []
        #: references of inbound messages that were given
        self.given: set[str] = set()

    def authenticate(self, call: Call) -> None:
        if call.headers.get("authorization") != f"App {self.account['api_key']}":
            error = _error("UNAUTHORIZED", "Invalid login details", 401)
            raise Refused(error, "wrong API key")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error("BAD_REQUEST", reason, 400)

    def answer_busy(self) -> Reply:
        error = _error("TOO_MANY_REQUESTS", "Too many requests", 429)
        return Reply(429, error.body, error.content_type, {"Retry-After": "1"})

    # === SENDING ===
    @route("POST", "/sms/3/messages", "submit")
    def send(self, call: Call) -> Reply:
        check_fields(call.json, {"messages"}, {"options"})
        options = call.json.get("options", {})
        check_fields(options, (), {"includeSmsCountInResponse", "schedule", "tracking"})
        for message in _check_list(call.json["messages"]):
            self._check_sms(message)
        counts = options.get("includeSmsCountInResponse") is True
        return self._take_all(call.json["messages"], "sms", counts=counts)

    def _check_sms(self, message: Any) -> None:
        check_fields(
            message, {"destinations", "content"}, {"sender", "options", "webhooks"}
        )
        check_text(message, "sender", 15)
        content = message["content"]
        check_fields(content, {"text"}, {"transliteration", "language"})
        check_text(content, "text", 10_000, 1)
        options = message.get("options", {})
        check_fields(options, (), {"validityPeriod", "flash", "campaignReferenceId"})
        if "validityPeriod" in options:
            period = options["validityPeriod"]
            check_fields(period, {"amount"}, {"timeUnit"})
            check_integer(period, "amount", 1, 10**7)
            if period.get("timeUnit", "MINUTES") not in _UNITS:
                raise Malformed("timeUnit is unknown")
        if "webhooks" in message:
            hooks = message["webhooks"]
            check_fields(hooks, {"delivery"}, {"contentType", "callbackData"})
            check_fields(hooks["delivery"], {"url"}, {"intermediateReport", "notify"})
            _check_address(hooks["delivery"]["url"])

    @route("POST", "/tts/3/advanced", "submit")
    def call(self, call: Call) -> Reply:
        check_fields(call.json, {"messages"}, {"bulkId"})
        for message in _check_list(call.json["messages"]):
            self._check_call(message)
        return self._take_all(call.json["messages"], "voice", counts=False)

    def _check_call(self, message: Any) -> None:
        check_fields(
            message,
            {"destinations", "text"},
            {"from", "language", "voice", "ringTimeout", "retry", "machineDetection"}
            | {"validityPeriod", "notifyUrl", "notifyContentType", "callTimeout"},
        )
        check_text(message, "text", 1400, 1)
        check_integer(message, "ringTimeout", 1, 10**4)
        check_integer(message, "validityPeriod", 1, 10**6)
        if "from" in message:
            check_msisdn(message["from"], plus=False)
        if message.get("machineDetection", "hangup") not in ("hangup", "continue"):
            raise Malformed("machineDetection is unknown")
        voice = message.get("voice", {})
        check_fields(voice, (), {"name", "gender"})
        if voice.get("gender", "male") not in ("male", "female"):
            raise Malformed("gender is unknown")
        if "retry" in message:
            check_fields(message["retry"], {"minPeriod", "maxPeriod", "maxCount"})
            check_integer(message["retry"], "maxCount", 1, 4)
        if "notifyUrl" in message:
            _check_address(message["notifyUrl"])

    def _take_all(self, messages: Any, channel: str, *, counts: bool) -> Reply:
        taken = []
        for message in messages:
            for destination in _check_list(message["destinations"]):
                check_fields(destination, {"to"}, {"messageId", "networkId"})
                check_msisdn(destination["to"], plus=None)
        for message in messages:
            for destination in message["destinations"]:
                item = self._take(message, destination, channel)
                if counts:
                    item["details"] = {"messageCount": 1}
                taken.append(item)
        bulk = str(2034072219640523072 + self.next_number)
        return Reply.json({"bulkId": bulk, "messages": taken})

    def _take(self, values: Any, destination: Any, channel: str) -> dict[str, Any]:
        msisdn = check_msisdn(destination["to"])
        reference = destination.get("messageId") or f"ib-{self.next_number}"
        status = self._reject(values, msisdn, reference)
        if not status:
            message = self.accept(msisdn, _get_text(values), channel=channel)
            message.reference = message.client_reference = reference
            message.callback = _get_address(values)
            message.valid_for = _get_lifetime(values)
            message.sender = values.get("sender", values.get("from", ""))
            message.extra = {"request": values}
            status = "PENDING_ACCEPTED"
        to = "destination" if channel == "sms" else "to"
        return {
            "messageId": reference,
            "status": describe(status, group=5),
            to: destination["to"],
        }

    def _reject(self, values: Any, msisdn: str, reference: str) -> str:
        """The status of what is rejected, or ""."""
        known = self.find(reference)
        if known:
            known.repeats += 1
        is_known = self.config["remembers"] and reference in dict(self.rejected)
        status = self.get_answer(msisdn)
        if known or is_known:
            status = "REJECTED_DUPLICATE_MESSAGE_ID"
        elif len(_get_text(values).encode()) > 4000:
            status = "REJECTED_MESSAGE_TOO_LONG"
        elif values.get("language", "en") not in _LANGUAGES:
            status = "REJECTED_UNSUPPORTED_LANGUAGE"
        if status:
            self.rejected.append((reference, status))
        return status

    # === LOGS ===
    @route("GET", "/sms/3/logs", "poll")
    def tell_sms(self, call: Call) -> Reply:
        return self._tell(call, "sms")

    @route("GET", "/tts/3/logs", "poll")
    def tell_calls(self, call: Call) -> Reply:
        return self._tell(call, "voice")

    def _tell(self, call: Call, channel: str) -> Reply:
        check_fields(call.query, {"messageId"}, {"limit"})
        check_integer(call.query, "limit", 1, 1000)
        asked = call.query.get_all("messageId")
        rows = [
            _make_rejected(reference, status)
            for reference, status in self.rejected
            if reference in asked
        ]
        oldest = self.now() - _LOGS_LAST
        rows += [
            self.make_row(message, self.get_word(message))
            for message in self.messages
            if message.reference in asked
            and message.channel == channel
            and message.created_at > oldest
        ]
        return Reply.json({"results": rows})

    def make_row(self, message: Message, word: str) -> dict[str, Any]:
        """A row of the logs or a delivery report."""
        row = {
            "messageId": message.reference,
            "to": message.msisdn.removeprefix("+"),
            "sentAt": _write_time(message.created_at),
            "doneAt": _write_time(self.get_status_time(message)),
            "messageCount": 1,
            "mccMnc": "25001",
            "status": describe(word),
            "error": {**_NO_ERROR, "permanent": False},
        }
        if message.channel == "voice":
            price = {"pricePerSecond": 0.01, "currency": "EUR"}
            return {**row, "price": price, "voiceCall": {"chargedDuration": 12}}
        return {**row, "price": {"pricePerMessage": 0.05, "currency": "EUR"}}

    # === INBOUND MESSAGES ===
    @route("GET", "/sms/1/inbox/reports", "inbound")
    def give_inbox(self, call: Call) -> Reply:
        check_fields(call.query, (), {"limit"})
        check_integer(call.query, "limit", 1, 1000)
        fresh = [one for one in self.inbox if one.reference not in self.given]
        page = fresh[: int(call.query.get("limit", "50"))]
        self.given |= {one.reference for one in page}
        return Reply.json(
            {
                "results": [_make_inbound(one) for one in page],
                "messageCount": len(page),
                "pendingMessageCount": len(fresh) - len(page),
            }
        )

    @route("GET", "/account/1/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        balance = float(self.config["balance"])
        return Reply.json({"balance": balance, "currency": "EUR"})

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        row = self.make_row(message, self.translate(status))
        return Push.json(message.callback, {"results": [row]})

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        values = {"results": [_make_inbound(inbound)], "messageCount": 1}
        return Push.json(address, {**values, "pendingMessageCount": 0})


def _error(code: str, text: str, status: int) -> Reply:
    exception = {"messageId": code, "text": text}
    return Reply.json({"requestError": {"serviceException": exception}}, status)


def _check_list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Malformed("a list is missing")
    return value


def _check_address(value: Any) -> None:
    if not isinstance(value, str) or not re.match("https?://[^/]", value):
        raise Malformed("the address of reports is no URL")
    if not urlsplit(value).hostname:
        raise Malformed("the address of reports has no host")


def _get_text(values: Any) -> str:
    return str(values["text"] if "text" in values else values["content"]["text"])


def _get_address(values: Any) -> str:
    hooks = values.get("webhooks", {})
    return str(hooks.get("delivery", {}).get("url", values.get("notifyUrl", "")))


def _get_lifetime(values: Any) -> float | None:
    """Seconds; what is longer than the longest is that."""
    if "validityPeriod" in values:
        return min(values["validityPeriod"] * 60, _MOST)
    period = values.get("options", {}).get("validityPeriod")
    if not period:
        return None
    return min(period["amount"] * _UNITS[period.get("timeUnit", "MINUTES")], _MOST)


def _make_rejected(reference: str, status: str) -> dict[str, Any]:
    return {
        "messageId": reference,
        "status": describe(status, group=5),
        "error": _NO_ERROR,
    }


def _make_inbound(inbound: Inbound) -> dict[str, Any]:
    return {
        "messageId": inbound.reference,
        "from": inbound.sender.removeprefix("+"),
        "to": inbound.recipient.removeprefix("+"),
        "text": inbound.text,
        "cleanText": inbound.text,
        "keyword": "",
        "receivedAt": _write_time(inbound.received_at),
        "smsCount": 1,
        "price": {"pricePerMessage": 0, "currency": "EUR"},
    }


def _write_time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
