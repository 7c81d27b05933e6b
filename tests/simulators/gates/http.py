"""A provider that is nobody's: XML over HTTP, for the generic provider.

Requests have HTTP Basic authentication; reports are forms with an MD5 signature of
``id:status:key``. The account's settings describe the protocol, as an administrator
would.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lxml import etree

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
    check_msisdn,
    check_text,
    route,
)


class HttpGate(Gate):
    code = "http"
    account = {
        "login": "shop",
        "password": "s3cret-of-shop",
        "sender": "Shop",
        "authentication": "basic",
        "path": "/send",
        "format": "xml",
        "body": """\
<message from="{{ sender }}">
  <to>{{ phone }}</to>
  <text>{{ text }}</text>
  <minutes>{{ validity | minutes }}</minutes>
  <reference>{{ uuid }}</reference>
  <callback>{{ callback }}</callback>
</message>""",
        "answers": "xml",
        "answer": """\
success = /answer/@status
success_values = ok, queued
reference = /answer/id
segments = /answer/parts
price = /answer/price
currency = RUB
error = /answer/code
error_text = /answer/words""",
        "errors": "12 = refused:invalid_number\n40 = stop:money\n50 = later:30",
        "poll_path": "/status/{{ reference }}",
        "poll_answer": """\
items = /statuses/status
success = /statuses/status
reference = @id
status = word
time = since
error = /answer/code
error_text = /answer/words""",
        "statuses": """\
queued = accepted
arrived = delivered
lost = failed:unreachable
late = expired""",
        "balance_path": "/balance",
        "balance_answer": "amount = /balance\ncurrency = RUB\nerror = /answer/code",
        "push_format": "fields",
        "push": "reference = id\nuuid = reference\nstatus = status\ntime = since",
        "inbound": "sender = from\ntext = text\nrecipient = to\nreference = id",
        "push_answer": "taken",
        "push_signature": """\
at = field:sign
algorithm = md5
of = field:id : field:status : key""",
        "push_key": "s3cret-of-pushes",
    }
    credentials = ("password",)
    words = {
        "accepted": "queued",
        "delivered": "arrived",
        "failed": "lost",
        "expired": "late",
    }

    def authenticate(self, call: Call) -> None:
        if call.basic != (self.account["login"], self.account["password"]):
            raise Refused(Reply.text("Unauthorized", 401), "wrong login")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error("10", reason, 400)

    # === CALLS ===
    @route("POST", "/send", "submit")
    def send(self, call: Call) -> Reply:
        root = call.xml
        values: dict[str, Any] = {one.tag: one.text or "" for one in root}
        check_fields(values, {"to", "text", "reference"}, {"minutes", "callback"})
        check_text(values, "text", 1000, 1)
        if root.tag != "message" or root.get("from") != self.account["sender"]:
            raise Malformed("the sender is wrong")
        if not values.get("minutes", "1").isdigit():
            raise Malformed("minutes are no number")
        msisdn = check_msisdn(values["to"], plus=True)
        if code := self.get_answer(msisdn):
            return _error(code, f"Error {code}")
        message = self.accept(
            msisdn,
            values["text"],
            client_reference=values["reference"],
            sender=root.get("from", ""),
            callback=values.get("callback", ""),
        )
        if "minutes" in values:
            message.valid_for = int(values["minutes"]) * 60
        answer = etree.Element("answer", status="ok")
        for name, text in (("id", message.reference), ("parts", "1"), ("price", "2.5")):
            etree.SubElement(answer, name).text = text
        return Reply.xml(answer)

    @route("GET", "/status/{reference}", "poll")
    def ask(self, call: Call) -> Reply:
        message = self.find(call.parts["reference"])
        if message is None:
            return _error("404", "unknown")
        root = etree.Element("statuses")
        status = etree.SubElement(root, "status", id=message.reference)
        etree.SubElement(status, "word").text = self.get_word(message)
        since = etree.SubElement(status, "since")
        since.text = str(int(self.get_status_time(message)))
        return Reply.xml(root)

    @route("GET", "/balance", "balance")
    def tell_balance(self, call: Call) -> Reply:
        root = etree.Element("balance")
        root.text = str(self.config["balance"])
        return Reply.xml(root)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        fields = {
            "id": message.reference,
            "reference": message.client_reference,
            "status": self.translate(status),
            "since": str(int(self.get_status_time(message))),
        }
        return Push.form(message.callback, fields.items())

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        fields = {
            "id": inbound.reference,
            "from": inbound.sender,
            "to": inbound.recipient,
            "text": inbound.text,
        }
        return Push.form(address, fields.items())

    def get_push_key(self) -> str:
        return self.account["push_key"]

    def sign(self, push: Push, key: str) -> Push:
        fields = dict(parse_qsl(push.body.decode("utf-8", "replace"), True))
        signed = f"{fields.get('id', '')}:{fields.get('status', '')}:{key}"
        fields["sign"] = hashlib.md5(signed.encode()).hexdigest()
        return replace(push, body=urlencode(fields).encode())

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        return body == b"taken"


def _error(code: str, words: str, status: int = 200) -> Reply:
    root = etree.Element("answer", status="error")
    etree.SubElement(root, "code").text = code
    etree.SubElement(root, "words").text = words
    return Reply.xml(root, status)
