#!/usr/bin/env python3
"""A simulator of the XML gate, as strict as its documentation.

    python tests/simulators/xml_gate.py --port 0

prints ``READY http://127.0.0.1:<port>`` when it listens and runs until SIGTERM or
SIGINT. It needs Python's standard library only.

It is an account ``demo``/``demo`` behind ``/xml/`` (send), ``/xml/state.php``,
``/xml/balance.php``, ``/xml/time.php``, ``/xml/incoming.php`` (inbound messages) and
``/xml/get_state.php`` (address for delivery reports). What the documentation does not
allow is refused, what it leaves open is refused too where an honest client would not
need it.

Control, on the same port, in JSON:

``POST /control/config`` changes settings (`DEFAULTS` lists them) and returns them all;
``GET /control/stats`` returns what was counted (``?messages=0``: without the list);
``POST /control/reset`` forgets everything;
``POST /control/calls`` tells how far the calls with some references (`client_id_sms`;
``{"references": [...]}``, without them all) got, ``POST /control/trap`` stops a process
at a point of a call: see `journal`.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import os
import random
import re
import signal
import socket
import struct
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from journal import Journal

#: settings of ``/control/config``
DEFAULTS: dict[str, Any] = {
    "login": "demo",
    "password": "demo",
    "blocked": False,
    "timezone": "Europe/Moscow",
    # --- sending
    # a repeated client_id_sms is not sent again, its first id comes back
    "honour_client_id": True,
    # answer a repeat with text 17 instead of "send"
    "repeat_text": False,
    "stop_list": [],
    # phone → text to answer instead of accepting it
    "answers": {},
    # --- the account's money
    "balance": "97.9",
    "currency": "RUR",
    # with no money: "refuse" (text 2), or "queue" (text 8: sent after a top-up)
    "zero_balance": "refuse",
    # of the documentation: 2016 or 2023
    "generation": 2016,
    # inbound messages: dicts of id_sms, at (in seconds since 1970), originator, phone
    # and text
    "inbox": [],
    # --- what becomes of messages
    "deliver_after": 1.0,
    "outcome": "deliver",
    # phone → its outcome
    "outcomes": {},
    # --- delivery reports
    "push_url": "",
    "push_root": "request",
    "push_attempts": 5,
    "push_interval": 0.2,
    # --- trouble of sends, in seconds or for the next so many of them
    "delay_before_accept": 0.0,
    "delay_after_accept": 0.0,
    "timeout_before_accept": 0,
    "timeout_after_accept": 0,
    # a timeout hangs up at once, or stalls so many seconds before
    "stall": 0.0,
    # the connection is reset
    "reset_before_accept": 0,
    "reset_after_accept": 0,
    # the answer comes, so many seconds late
    "late": 0,
    "late_by": 0.0,
    "http_status": 0,
    "http_status_times": 1,
    "retry_after": "",
    "document_error": "",
    "document_error_times": 1,
    "answer_shuffle": False,
    # phones that the answer omits though they were accepted
    "answer_omit": [],
    # the next so many answers are cut in the middle
    "answer_truncate": 0,
}
MAX_BODY = 16 * 1024 * 1024

FORMAT_ERROR = "Неправильный формат XML документа"
LOGIN_ERROR = "Неправильный логин или пароль"
BLOCKED_ERROR = "Ваш аккаунт заблокирован"
NO_DATA_ERROR = "POST данные отсутствуют"

NO_MONEY = "Закончились SMS."
NO_PHONE = "Укажите номер телефона."
ON_STOP_LIST = "Номер телефона присутствует в стоп-листе."
UNPAID = (
    "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы "
    "пополните счет по данному направлению."
)
NO_SENDER = "Нет отправителя."
LONG_SENDER = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов "
    "для буквенно-числовых."
)
LONG_PHONE = "Номер телефона должен быть меньше 15 символов."
NO_TEXT = "Нет текста сообщения."
REPEATED = "Данное сообщение уже было отправлено."

_MESSAGE_CHILDREN = {"sender", "text", "translite", "name_delivery", "abonent"}
_ABONENT_ATTRIBUTES = {
    "phone",
    "number_sms",
    "client_id_sms",
    "time_send",
    "validity_period",
}
_GSM = re.compile("[\n\r -_a-z¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ]*")
_REFERENCE = re.compile(rb'client_id_sms="([0-9]+)"')
_MINUTE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}")


class DocumentError(Exception):
    """The whole document is refused with this text."""


@dataclass
class Abonent:
    """One message of a document."""

    sender: str
    text: str
    phone: str
    number_sms: str
    client_id: str
    time_send: datetime | None
    validity_period: datetime | None


@dataclass
class Message:
    """A message the gate has taken."""

    abonent: Abonent
    id_sms: str
    accepted_at: float
    deliver_after: float
    outcome: str
    #: when it went on its way; None while it waits for money
    sent_at: float | None
    push_attempts: int = 0
    is_pushed: bool = False

    @property
    def parts(self) -> int:
        """Number of SMS the text takes."""
        text = self.abonent.text
        single, multi = (160, 153) if _GSM.fullmatch(text) else (70, 67)
        return 1 if len(text) <= single else math.ceil(len(text) / multi)

    @property
    def fate(self) -> tuple[str, float]:
        """The final state, and when it comes."""
        decided_at = expires_at = math.inf
        if self.abonent.validity_period:
            expires_at = self.abonent.validity_period.timestamp()
        if self.sent_at is not None:
            time_send = self.abonent.time_send
            start = max(self.sent_at, time_send.timestamp() if time_send else 0)
            decided_at = start + self.deliver_after
        if expires_at < decided_at:
            return "expired", expires_at
        return self.outcome, decided_at

    def state(self, now: float) -> tuple[str, float | None]:
        """The state at a moment, and since when."""
        word, at = self.fate
        return (word, at) if at <= now else ("send", None)


class Gate:
    """The account: what it was told and what it has counted."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._initial = {**DEFAULTS, **config}
        self.lock = threading.RLock()
        self.reset()

    # === CONTROL ===
    def reset(self) -> None:
        with self.lock:
            self.config: dict[str, Any] = dict(self._initial)
            self.messages: dict[str, Message] = {}
            self.by_client_id: dict[str, Message] = {}
            self.handset: Counter[str] = Counter()
            self.copies: Counter[tuple[str, str, str]] = Counter()
            self.requests: Counter[str] = Counter()
            self.journal = Journal()
            self.counts: Counter[str] = Counter()
            #: (when, id) of the delivery reports to come, the next one first
            self.reports: list[tuple[float, str]] = []
            self.next_id = random.randrange(10**9, 2 * 10**9)

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            unknown = values.keys() - DEFAULTS.keys()
            if unknown:
                raise KeyError(", ".join(sorted(unknown)))
            if "http_status" in values:
                values.setdefault("http_status_times", 1)
            if "document_error" in values:
                values.setdefault("document_error_times", 1)
            self.config.update(values)
            if self.has_money:
                self._send_unpaid()
            return dict(self.config)

    def stats(self, *, with_messages: bool) -> dict[str, Any]:
        with self.lock:
            now = time.time()
            messages = self.messages.values() if with_messages else ()
            return {
                "accepted": len(self.messages),
                "repeats": self.counts["repeats"],
                "refused": self.counts["refused"],
                "handset": dict(self.handset),
                "handset_total": self.handset.total(),
                "duplicates": sum(n - 1 for n in self.copies.values()),
                "documents": self.counts["documents"],
                "rejected_documents": self.counts["rejected_documents"],
                "requests": dict(self.requests),
                "connections": self.counts["connections"],
                "push": {
                    "posts": self.counts["push_posts"],
                    "acknowledged": self.counts["push_acknowledged"],
                    "given_up": self.counts["push_given_up"],
                },
                "messages": [_describe(message, now) for message in messages],
            }

    def take_one(self, name: str) -> bool:
        """Use up one of the next n troubles of this kind."""
        with self.lock:
            if self.config[name] <= 0:
                return False
            self.config[name] -= 1
            return True

    @property
    def has_money(self) -> bool:
        return Decimal(str(self.config["balance"])) > 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.config["timezone"])

    # === DOCUMENTS ===
    def check_login(self, root: ElementTree.Element) -> None:
        """Check ``<security>``, which may stand anywhere in the request."""
        security = _only(root, "security")
        login = _only(security, "login").get("value")
        password = _only(security, "password").get("value")
        if (login, password) != (self.config["login"], self.config["password"]):
            raise DocumentError(LOGIN_ERROR)
        if self.config["blocked"]:
            raise DocumentError(BLOCKED_ERROR)

    def send(self, root: ElementTree.Element) -> str:
        """Take the messages of a document."""
        _check_names(root, {"security", "message"})
        abonents = read_abonents(root, self.zone)
        with self.lock:
            self.counts["documents"] += 1
            items = [(a.phone, self._take(a)) for a in abonents]
            omitted = self.config["answer_omit"]
            if self.config["answer_shuffle"]:
                random.shuffle(items)
        return "".join(item for phone, item in items if phone not in omitted)

    def _take(self, abonent: Abonent) -> str:
        known = self.by_client_id.get(abonent.client_id)
        if known and self.config["honour_client_id"]:
            self.counts["repeats"] += 1
            text = REPEATED if self.config["repeat_text"] else "send"
            return _information(abonent, text, known)
        text = self._refusal(abonent)
        if text:
            self.counts["refused"] += 1
            return _information(abonent, text)
        if self.has_money:
            return _information(abonent, "send", self._accept(abonent, is_paid=True))
        if self.config["zero_balance"] == "queue":
            self._accept(abonent, is_paid=False)
            return _information(abonent, UNPAID)
        self.counts["refused"] += 1
        return _information(abonent, NO_MONEY)

    def _refusal(self, abonent: Abonent) -> str:
        """The text this message is refused with, or nothing."""
        longest_sender = 15 if abonent.sender.isdigit() else 11
        checks = (
            (abonent.phone in self.config["answers"], "answers"),
            (not re.fullmatch("[0-9]+", abonent.phone), NO_PHONE),
            (len(abonent.phone) >= 15, LONG_PHONE),
            (abonent.phone in self.config["stop_list"], ON_STOP_LIST),
            (not abonent.sender, NO_SENDER),
            (len(abonent.sender) > longest_sender, LONG_SENDER),
            (not abonent.text.strip(), NO_TEXT),
        )
        text = next((text for holds, text in checks if holds), "")
        return str(self.config["answers"][abonent.phone]) if text == "answers" else text

    def _accept(self, abonent: Abonent, *, is_paid: bool) -> Message:
        now = time.time()
        outcome = self.config["outcomes"].get(abonent.phone, self.config["outcome"])
        message = Message(
            abonent=abonent,
            id_sms=str(self.next_id),
            accepted_at=now,
            deliver_after=float(self.config["deliver_after"]),
            outcome=outcome,
            sent_at=None,
        )
        self.next_id += 1
        self.messages[message.id_sms] = message
        if abonent.client_id:
            self.by_client_id.setdefault(abonent.client_id, message)
        if is_paid:
            self._put_on_its_way(message)
        else:
            self._schedule_report(message)
        return message

    def _put_on_its_way(self, message: Message) -> None:
        abonent = message.abonent
        message.sent_at = time.time()
        key = abonent.client_id or message.id_sms
        self.handset[key] += 1
        self.copies[abonent.phone, abonent.text, key] += 1
        self._schedule_report(message)

    def _send_unpaid(self) -> None:
        for message in self.messages.values():
            if message.sent_at is None:
                self._put_on_its_way(message)

    def states(self, root: ElementTree.Element) -> str:
        """Tell the states of the messages asked for; unknown ids are left out."""
        _check_names(root, {"security", "get_state"})
        question = _only(root, "get_state")
        _check_names(question, {"id_sms"})
        asked = [(element.text or "").strip() for element in question]
        now = time.time()
        with self.lock:
            known = [self.messages[i] for i in asked if i in self.messages]
            return "".join(self._state(message, now) for message in known)

    def _state(self, message: Message, now: float) -> str:
        word, since = message.state(now)
        attributes = f"id_sms={quoteattr(message.id_sms)}"
        attributes += f" time={quoteattr(self._local(since))}"
        if self.config["generation"] >= 2023:
            attributes += f' num_parts="{message.parts}" price="2.08"'
        return f"<state {attributes}>{escape(word)}</state>"

    def _local(self, moment: float | None) -> str:
        if moment is None:
            return ""
        return datetime.fromtimestamp(moment, self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def balance(self, root: ElementTree.Element) -> str:
        """Tell the balance as the configured generation does."""
        _check_names(root, {"security"})
        with self.lock:
            amount = Decimal(str(self.config["balance"]))
            currency = quoteattr(self.config["currency"])
            is_new = self.config["generation"] >= 2023
        money = f"<money currency={currency}>{amount}</money>"
        count = int(amount / Decimal("2.08"))
        if not is_new:
            return f'{money}<sms area="Россия">{count}</sms>'
        operators = (("МТС", 1), ("МегаФон", 2))
        types = ("Рекламные", "Сервисные", "Транзакционные")
        return money + "".join(
            f'<sms area="{area}" price="2.08" type_sms="sms" type_text="{kind}" '
            f'MCC="250" MNC="{network}">{count}</sms>'
            for area, network in operators
            for kind in types
        )

    def push_address(self, root: ElementTree.Element) -> str:
        """Read or change the address that gets the delivery reports."""
        _check_names(root, {"security", "get_state"})
        element = _only(root, "get_state")
        if element.get("type") not in ("set", "get"):
            raise DocumentError(FORMAT_ERROR)
        with self.lock:
            if element.get("type") == "set":
                self.config["push_url"] = (element.text or "").strip()
            return f"<get_state>{escape(self.config['push_url'])}</get_state>"

    def time(self, root: ElementTree.Element) -> str:
        """Tell the account's local time."""
        _check_names(root, {"security"})
        return f"<time>{self._local(time.time())}</time>"

    def incoming(self, root: ElementTree.Element) -> str:
        """Tell the messages that came within a period, its ends left out."""
        _check_names(root, {"security", "time"})
        period = _only(root, "time")
        if set(period.keys()) - {"start", "end"} or len(period):
            raise DocumentError(FORMAT_ERROR)
        start = _read_moment(period.get("start", ""), self.zone)
        end = _read_moment(period.get("end", "9000-01-01 00:00:00"), self.zone)
        with self.lock:
            found = [m for m in self.config["inbox"] if start < int(m["at"]) < end]
        return "".join(self._describe_inbound(message) for message in found)

    def _describe_inbound(self, message: dict[str, Any]) -> str:
        attributes = {
            "id_sms": str(message["id_sms"]),
            "date_receive": self._local(message["at"]),
            "originator": message["originator"],
            "prefix": "",
            "phone": message["phone"],
        }
        shown = " ".join(f"{name}={quoteattr(v)}" for name, v in attributes.items())
        return f"<sms {shown}>{escape(message['text'])}</sms>"

    # === DELIVERY REPORTS ===
    def push_forever(self) -> None:
        """Tell final states to the push address until they are acknowledged."""
        opener = build_opener(ProxyHandler({}))
        while True:
            due = self._due_reports()
            if due:
                self._note_push(due, acknowledged=self._push(opener, due))
            else:
                time.sleep(0.02)

    def _schedule_report(self, message: Message, at: float | None = None) -> None:
        heapq.heappush(self.reports, (at or message.fate[1], message.id_sms))

    def _due_reports(self) -> list[Message]:
        """At most 100 messages whose final state is to be told now."""
        now = time.time()
        due: dict[str, Message] = {}
        with self.lock:
            if not self.config["push_url"]:
                return []
            while self.reports and self.reports[0][0] <= now and len(due) < 100:
                id_sms = heapq.heappop(self.reports)[1]
                message = self.messages[id_sms]
                if not message.is_pushed and message.state(now)[0] != "send":
                    due[id_sms] = message
        return list(due.values())

    def _push(self, opener: Any, due: list[Message]) -> set[str]:
        """Post the states; returns the acknowledged ids."""
        now = time.time()
        with self.lock:
            self.counts["push_posts"] += 1
            url, root = self.config["push_url"], self.config["push_root"]
            states = "".join(self._state(message, now) for message in due)
        body = f'<?xml version="1.0" encoding="utf-8"?><{root}>{states}</{root}>'
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        try:
            request = Request(url, body.encode(), headers)
            with opener.open(request, timeout=10) as response:
                answer = ElementTree.fromstring(response.read())
        except (OSError, ValueError, ElementTree.ParseError):
            return set()
        if answer.tag != "response":
            return set()
        return {(element.text or "").strip() for element in answer.iter("id_sms")}

    def _note_push(self, due: list[Message], *, acknowledged: set[str]) -> None:
        with self.lock:
            for message in due:
                message.push_attempts += 1
                message.is_pushed = message.id_sms in acknowledged
                self.counts["push_acknowledged"] += message.is_pushed
                if message.is_pushed or message.id_sms not in self.messages:
                    continue
                if message.push_attempts < self.config["push_attempts"]:
                    at = time.time() + self.config["push_interval"]
                    self._schedule_report(message, at)
                else:
                    self.counts["push_given_up"] += 1


# === READING DOCUMENTS ===
def parse_document(content_type: str, body: bytes) -> ElementTree.Element:
    """Read a posted document, or say what the gate says of it."""
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "text/xml" or not body:
        raise DocumentError(NO_DATA_ERROR)
    if "utf-8" not in parameters or not body.lstrip().startswith(b"<?xml"):
        raise DocumentError(FORMAT_ERROR)
    try:
        body.decode("utf-8")
        root = ElementTree.fromstring(body)
    except (UnicodeDecodeError, ElementTree.ParseError):
        raise DocumentError(FORMAT_ERROR) from None
    if root.tag != "request" or b"<!DOCTYPE" in body:
        raise DocumentError(FORMAT_ERROR)
    return root


def read_abonents(root: ElementTree.Element, zone: ZoneInfo) -> list[Abonent]:
    """Read the messages of a document."""
    abonents = [
        abonent
        for message in root.iter("message")
        for abonent in _read_message(message, zone)
    ]
    numbers = Counter(abonent.number_sms for abonent in abonents)
    if not abonents or max(numbers.values()) > 1:
        raise DocumentError(FORMAT_ERROR)
    return abonents


def _read_message(message: ElementTree.Element, zone: ZoneInfo) -> list[Abonent]:
    _check_names(message, _MESSAGE_CHILDREN)
    if set(message.keys()) - {"type"} or message.get("type", "sms") != "sms":
        raise DocumentError(FORMAT_ERROR)
    if message.findtext("translite", "0") not in ("0", "1"):
        raise DocumentError(FORMAT_ERROR)
    sender = _single_text(message, "sender").strip()
    # A line break inside a text travels as the two characters \n.
    text = _single_text(message, "text").replace("\\n", "\n")
    return [
        _read_abonent(element, sender, text, zone)
        for element in message.iter("abonent")
    ]


def _read_abonent(
    element: ElementTree.Element, sender: str, text: str, zone: ZoneInfo
) -> Abonent:
    client_id = element.get("client_id_sms", "")
    number_sms = element.get("number_sms", "")
    time_send = _read_minute(element.get("time_send", ""), zone)
    validity_period = _read_minute(element.get("validity_period", ""), zone)
    deadline = validity_period or datetime.max.replace(tzinfo=timezone.utc)
    start = max(filter(None, (datetime.now(timezone.utc), time_send)))
    is_wrong = (
        set(element.keys()) - _ABONENT_ATTRIBUTES
        or len(element)
        or not re.fullmatch("[0-9]{1,9}", number_sms)
        or not re.fullmatch("[0-9]{0,19}", client_id)
        or int(client_id or 0) >= 2**63
        or deadline <= start
    )
    if is_wrong:
        raise DocumentError(FORMAT_ERROR)
    phone = element.get("phone", "")
    return Abonent(
        sender, text, phone, number_sms, client_id, time_send, validity_period
    )


def _read_minute(value: str, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    if not _MINUTE.fullmatch(value):
        raise DocumentError(FORMAT_ERROR)
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    except ValueError:
        raise DocumentError(FORMAT_ERROR) from None


def _read_moment(value: str, zone: ZoneInfo) -> float:
    try:
        moment = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        raise DocumentError(FORMAT_ERROR) from None
    return moment.timestamp()


def _single_text(message: ElementTree.Element, name: str) -> str:
    if len(message.findall(name)) > 1:
        raise DocumentError(FORMAT_ERROR)
    return message.findtext(name, "")


def _only(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    """The one child of this name."""
    children = parent.findall(name)
    if len(children) != 1:
        raise DocumentError(FORMAT_ERROR)
    return children[0]


def _check_names(parent: ElementTree.Element, allowed: set[str]) -> None:
    if {child.tag for child in parent} - allowed or (parent.text or "").strip():
        raise DocumentError(FORMAT_ERROR)


# === WRITING ANSWERS ===
def document(content: str) -> str:
    """An answer of the gate."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<response>\n{content}\n</response>'


def _information(abonent: Abonent, text: str, message: Message | None = None) -> str:
    attributes = f"number_sms={quoteattr(abonent.number_sms)}"
    if message:
        attributes += f' id_sms="{message.id_sms}" parts="{message.parts}"'
        attributes += f' id_turn="{int(message.id_sms) * 7}"'
    return f"<information {attributes}>{escape(text)}</information>"


def _describe(message: Message, now: float) -> dict[str, Any]:
    abonent = message.abonent
    return {
        "id_sms": message.id_sms,
        "client_id": abonent.client_id,
        "phone": abonent.phone,
        "sender": abonent.sender,
        "text": abonent.text,
        "parts": message.parts,
        "state": message.state(now)[0],
        "accepted_at": message.accepted_at,
        "sent_at": message.sent_at,
        "time_send": abonent.time_send and abonent.time_send.isoformat(),
        "validity_period": abonent.validity_period
        and abonent.validity_period.isoformat(),
        "push_attempts": message.push_attempts,
    }


# === SERVER ===
class Handler(BaseHTTPRequestHandler):
    """One connection; several requests follow each other on it."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "XmlGateSimulator"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.is_counted = False
        self.journal = self.gate.journal
        self.journal.count_connection(1)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.journal.count_connection(-1)

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._answer(413, "text/plain", b"")
            return
        self._serve(self.rfile.read(length))

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/control/"):
            self._control(parts.path, parse_qs(parts.query), body)
            return
        with self.gate.lock:
            self.gate.requests[parts.path] += 1
            self.gate.counts["connections"] += not self.is_counted
        self.is_counted = True
        if parts.path == "/xml/":
            self._send(body)
        else:
            self._page(parts.path, body)

    @property
    def gate(self) -> Gate:
        return self.server.gate

    # === PAGES ===
    def _page(self, path: str, body: bytes) -> None:
        pages = {
            "/xml/state.php": self.gate.states,
            "/xml/balance.php": self.gate.balance,
            "/xml/get_state.php": self.gate.push_address,
            "/xml/time.php": self.gate.time,
            "/xml/incoming.php": self.gate.incoming,
        }
        if path not in pages:
            self._answer(404, "text/html", b"<html>Not found</html>")
        elif not self._answer_with_status():
            self._answer_xml(self._process(pages[path], body))

    def _send(self, body: bytes) -> None:
        if self._answer_with_status() or self._answer_with_error():
            return
        gate = self.gate
        references = [found.decode() for found in _REFERENCE.findall(body)]
        gate.journal.reach("received", references)
        time.sleep(float(gate.config["delay_before_accept"]))
        if self._breaks_off("before_accept"):
            return
        answer = self._process(gate.send, body)
        gate.journal.reach("accepted", references)
        time.sleep(float(gate.config["delay_after_accept"]))
        if self._breaks_off("after_accept"):
            return
        if gate.take_one("late"):
            time.sleep(float(gate.config["late_by"]))
        if gate.take_one("answer_truncate"):
            answer = answer[: len(answer) // 2]
        self._answer_xml(answer)
        self.wfile.flush()
        gate.journal.reach("answered", references)

    def _process(self, page: Any, body: bytes) -> str:
        try:
            root = parse_document(self.headers.get("Content-Type", ""), body)
            self.gate.check_login(root)
            return document(page(root))
        except DocumentError as error:
            with self.gate.lock:
                self.gate.counts["rejected_documents"] += 1
            return document(f"<error>{escape(str(error))}</error>")

    # === TROUBLE ===
    def _answer_with_status(self) -> bool:
        status = self.gate.config["http_status"]
        if not status or not self.gate.take_one("http_status_times"):
            return False
        retry_after = str(self.gate.config["retry_after"])
        headers = {"Retry-After": retry_after} if retry_after else {}
        if 300 <= status < 400:
            headers["Location"] = "/elsewhere/"
        self._answer(status, "text/html", b"<html>Trouble</html>", headers)
        return True

    def _answer_with_error(self) -> bool:
        text = self.gate.config["document_error"]
        if not text or not self.gate.take_one("document_error_times"):
            return False
        self._answer_xml(document(f"<error>{escape(text)}</error>"))
        return True

    def _breaks_off(self, moment: str) -> bool:
        """Break the call off, if that is its turn at this moment."""
        if self.gate.take_one(f"timeout_{moment}"):
            self._hang_up()
            return True
        if self.gate.take_one(f"reset_{moment}"):
            self._reset()
            return True
        return False

    def _hang_up(self) -> None:
        time.sleep(float(self.gate.config["stall"]))
        self.close_connection = True

    def _reset(self) -> None:
        """Close the connection with a reset (RST) instead of an end (FIN)."""
        self.close_connection = True
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        os.close(self.connection.detach())

    # === CONTROL ===
    def _control(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        if path == "/control/stats":
            with_messages = query.get("messages") != ["0"]
            self._answer_json(200, self.gate.stats(with_messages=with_messages))
        elif path == "/control/reset":
            self.gate.reset()
            self._answer_json(200, {})
        elif path == "/control/config":
            self._configure(body)
        elif path == "/control/calls":
            asked = json.loads(body).get("references")
            self._answer_json(200, self.gate.journal.describe(asked))
        elif path == "/control/trap":
            self.gate.journal.set_trap(json.loads(body))
            self._answer_json(200, {})
        else:
            self._answer_json(404, {})

    def _configure(self, body: bytes) -> None:
        try:
            config = self.gate.configure(json.loads(body))
        except KeyError as error:
            self._answer_json(400, {"unknown settings": error.args[0]})
        else:
            self._answer_json(200, config)

    # === WRITING ===
    def _answer_xml(self, text: str) -> None:
        self._answer(200, "text/xml; charset=utf-8", text.encode())

    def _answer_json(self, status: int, values: dict[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(values).encode())

    def _answer(
        self,
        status: int,
        content_type: str,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        if self.server.is_verbose:
            super().log_message(format, *args)


class Server(ThreadingHTTPServer):
    """The listening gate."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], gate: Gate, *, is_verbose: bool):
        super().__init__(address, Handler)
        self.gate = gate
        self.is_verbose = is_verbose

    def get_request(self) -> tuple[Any, Any]:
        request = super().get_request()
        self.gate.journal.reach("connected")
        return request

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    arguments = _parse_arguments()
    gate = Gate(json.loads(arguments.config))
    address = (arguments.host, arguments.port)
    server = Server(address, gate, is_verbose=arguments.verbose)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    threading.Thread(target=gate.push_forever, daemon=True).start()
    if arguments.exit_with_parent:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(f"READY http://{arguments.host}:{server.server_port}", flush=True)
    server.serve_forever()


def _end_with_stdin() -> None:
    """End when the parent closes our standard input, or dies."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulator of the XML gate")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0: any free one")
    parser.add_argument("--config", default="{}", help="settings as JSON")
    parser.add_argument("--exit-with-parent", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser.parse_args()


if __name__ == "__main__":
    main()
