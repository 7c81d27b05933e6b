"""Twilio: forms in, JSON out; messages, calls, their lists and the balance.

What is posted twice is sent twice. Lists can be filtered by number only, and show the
youngest first; nothing is pushed of a message before it left Twilio, and of a call
before it ended.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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
    check_integer,
    check_msisdn,
    check_text,
    route,
)

_ROOT = "/2010-04-01/Accounts/{account}"
_CALL_WORDS = {
    "accepted": "in-progress",
    "delivered": "completed",
    "failed": "no-answer",
    "expired": "no-answer",
}
_ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
_RUSSIAN = ("Polly.Tatyana", "Polly.Maxim")
_HTTP_STATUSES = {"20003": 401, "20429": 429}


class TwilioGate(Gate):
    code = "twilio"
    account = {
        "account_sid": "AC" + "0123456789abcdef" * 2,
        "auth_token": "fedcba9876543210" * 2,
        "sender": "+14155550100",
    }
    words = {
        "accepted": "sent",
        "delivered": "delivered",
        "failed": "undelivered",
        "expired": "failed",
    }
    options = {
        # the code of errors of messages that failed, "" for the usual one
        "error_code": "",
        # what answers calls, where it is detected
        "answered_by": "human",
        # what stands before the text of every message
        "prefix": "",
        # another way to log in: pairs of an API key and its secret
        "keys": {},
    }

    def authenticate(self, call: Call) -> None:
        own = self.account["account_sid"], self.account["auth_token"]
        keys = {own, *self.config["keys"].items()}
        if call.basic not in keys:
            raise Refused(_error(20003, "Authenticate", 401), "wrong login")
        if call.parts and call.parts["account"] != own[0]:
            raise Refused(_error(20404, "Not found", 404), "wrong account")

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(21000, reason)

    def answer_busy(self) -> Reply:
        return _error(20429, "Too Many Requests", 429)

    def make_reference(self, number: int) -> str:
        return f"SM{number:032d}"

    # === MESSAGES ===
    @route("POST", _ROOT + "/Messages.json", "submit")
    def send(self, call: Call) -> Reply:
        form = call.form
        optional = {"From", "MessagingServiceSid", "ValidityPeriod", "StatusCallback"}
        check_fields(form, {"To", "Body"}, optional)
        check_text(form, "Body", 1600, 1)
        check_integer(form, "ValidityPeriod", 1, 36_000)
        if "From" not in form and "MessagingServiceSid" not in form:
            raise Refused(_error(21603, "A 'From' is required"), "no sender")
        msisdn = self._check_answer(form["To"])
        message = self.accept(
            msisdn,
            self.config["prefix"] + form["Body"],
            sender=form.get("From", ""),
            callback=_check_callback(form),
        )
        if "ValidityPeriod" in form:
            message.valid_for = int(form["ValidityPeriod"])
        word = "accepted" if "MessagingServiceSid" in form else "queued"
        return Reply.json({**self._describe(message), "status": word}, 201)

    @route("POST", _ROOT + "/Calls.json", "submit")
    def call(self, call: Call) -> Reply:
        form = call.form
        optional = {"Timeout", "MachineDetection", "StatusCallback"}
        check_fields(form, {"To", "From", "Twiml"}, optional)
        check_text(form, "Twiml", 4000, 1)
        check_integer(form, "Timeout", 1, 600)
        check_msisdn(form["From"], plus=True)
        if form.get("MachineDetection", "Enable") not in ("Enable", "DetectMessageEnd"):
            raise Malformed("MachineDetection is unknown")
        msisdn = self._check_answer(form["To"])
        text = _read_speech(form["Twiml"])
        callback = _check_callback(form)
        message = self.accept(
            msisdn, text, sender=form["From"], callback=callback, channel="voice"
        )
        message.reference = "CA" + message.reference[2:]
        message.extra = dict(form)
        return Reply.json({**self._describe(message), "status": "queued"}, 201)

    def _check_answer(self, to: str) -> str:
        msisdn = check_msisdn(to, plus=True)
        code = self.get_answer(msisdn)
        if code:
            reply = _error(int(code), f"Error {code}", _HTTP_STATUSES.get(code, 400))
            raise Refused(reply, code)
        return msisdn

    # === QUESTIONS ===
    @route("GET", _ROOT + "/Messages/{reference}.json", "poll")
    @route("GET", _ROOT + "/Calls/{reference}.json", "poll")
    def ask(self, call: Call) -> Reply:
        message = self.find(call.parts["reference"])
        kind = "Calls" if "/Calls/" in call.path else "Messages"
        if message is None or _get_kind(message) != kind:
            raise Refused(_error(20404, "Not found", 404), "unknown reference")
        return Reply.json(self._describe(message))

    @route("GET", _ROOT + "/Messages.json", "lookup")
    @route("GET", _ROOT + "/Calls.json", "lookup")
    def list(self, call: Call) -> Reply:
        check_fields(call.query, {"To", "PageSize"})
        check_integer(call.query, "PageSize", 1, 1000)
        kind = "Calls" if call.path.endswith("/Calls.json") else "Messages"
        found = [
            self._describe(message)
            for message in reversed(self.messages)
            if message.msisdn == call.query["To"] and _get_kind(message) == kind
        ]
        size = int(call.query["PageSize"])
        more = "/next" if len(found) > size else None
        return Reply.json({kind.lower(): found[:size], "next_page_uri": more})

    @route("GET", _ROOT + "/Balance.json", "balance")
    def tell_balance(self, call: Call) -> Reply:
        account, balance = self.account["account_sid"], self.config["balance"]
        return Reply.json(
            {"account_sid": account, "balance": balance, "currency": "USD"}
        )

    def _describe(self, message: Message) -> dict[str, Any]:
        word = self._say(message, self.get_status(message))
        code = self._get_code(message, self.get_status(message))
        is_over = self.get_status(message) != "accepted"
        told = {
            "sid": message.reference,
            "account_sid": self.account["account_sid"],
            "to": message.msisdn,
            "from": message.sender,
            "status": word,
            "date_created": formatdate(message.created_at),
            "date_updated": formatdate(self.get_status_time(message)),
            "price": "-0.00750" if is_over else None,
            "price_unit": "USD",
        }
        if message.channel == "voice":
            answered_by = self._get_answered_by(message, word)
            return {**told, "answered_by": answered_by, "duration": "7"}
        return {
            **told,
            "body": message.text,
            "num_segments": str(1 + len(message.text) // 71),
            "error_code": int(code) if code else None,
            "error_message": None,
        }

    def _say(self, message: Message, status: str) -> str:
        if message.channel == "voice":
            return _CALL_WORDS.get(status, status)
        return self.translate(status)

    def _get_code(self, message: Message, status: str) -> str:
        """The code of the error of a message that failed, "" where there is none."""
        if message.channel == "voice" or status not in ("failed", "expired"):
            return ""
        return str(
            "30036" if status == "expired" else self.config["error_code"] or "30003"
        )

    def _get_answered_by(self, message: Message, word: str) -> str | None:
        is_known = word == "completed" and "MachineDetection" in message.extra
        return str(self.config["answered_by"]) if is_known else None

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push | None:
        word, code = self._say(message, status), self._get_code(message, status)
        pairs = [
            ("AccountSid", self.account["account_sid"]),
            ("ApiVersion", "2010-04-01"),
            ("To", message.msisdn),
            ("From", message.sender),
        ]
        if message.channel == "voice":
            if word not in _ENDED:
                return None
            answered_by = self._get_answered_by(message, word)
            pairs += [
                ("CallSid", message.reference),
                ("CallStatus", word),
                ("Direction", "outbound-api"),
                ("Timestamp", formatdate(self.get_status_time(message))),
                *([("AnsweredBy", answered_by)] if answered_by else []),
            ]
            return Push.form(message.callback, pairs)
        pairs += [
            ("MessageSid", message.reference),
            ("SmsSid", message.reference),
            ("MessageStatus", word),
            ("SmsStatus", word),
            *([("ErrorCode", code)] if code else []),
        ]
        return Push.form(message.callback, pairs)

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        pairs = [
            ("MessageSid", inbound.reference),
            ("SmsSid", inbound.reference),
            ("SmsMessageSid", inbound.reference),
            ("SmsStatus", "received"),
            ("AccountSid", self.account["account_sid"]),
            ("From", inbound.sender),
            ("To", inbound.recipient),
            ("Body", inbound.text),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
        ]
        return Push.form(address, pairs)

    def get_push_key(self) -> str:
        return self.account["auth_token"]

    def sign(self, push: Push, key: str) -> Push:
        body = push.body.decode("utf-8", "replace")
        pairs = sorted(set(parse_qsl(body, keep_blank_values=True)))
        text = push.url + "".join(name + value for name, value in pairs)
        made = hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()
        return push.with_headers(X_Twilio_Signature=base64.b64encode(made).decode())


def _get_kind(message: Message) -> str:
    return "Calls" if message.channel == "voice" else "Messages"


def _check_callback(form: Any) -> str:
    address = form.get("StatusCallback", "")
    host = urlsplit(address).hostname or ""
    if address and ("_" in host or not address.startswith(("http://", "https://"))):
        raise Refused(_error(21609, "Invalid 'StatusCallback'"), "bad callback")
    return str(address)


def _read_speech(twiml: str) -> str:
    """What is said; other instructions than one Say are refused."""
    try:
        root = etree.fromstring(twiml.encode())
    except etree.XMLSyntaxError as error:
        raise Malformed("the TwiML is not XML") from error
    if root.tag != "Response" or [child.tag for child in root] != ["Say"]:
        raise Malformed("the TwiML is not one Say")
    [said] = root
    if said.keys() != ["language", "voice"]:
        raise Malformed("the language or the voice is missing")
    if said.get("voice") in _RUSSIAN and said.get("language") != "ru-RU":
        raise Malformed("the voice does not speak the language")
    return said.text or ""


def _error(code: int, words: str, status: int = 400) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    value = {"code": code, "message": words, "more_info": more, "status": status}
    return Reply.json(value, status)
