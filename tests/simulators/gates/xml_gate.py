"""The XML gate, as far as every provider's suite needs it; ``simulators/xml_gate.py``
is the whole of it, for suites of its own, the crash suite and benchmarks.

A repeated ``client_id_sms`` is not sent again.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

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
    check_msisdn,
    route,
)

_ZONE = ZoneInfo("Europe/Moscow")
_ABONENT = {"phone", "number_sms", "client_id_sms", "validity_period"}


class XmlGate(Gate):
    code = "xml_gate"
    account = {
        "login": "demo",
        "password": "xml-gate-s3cret",
        "sender": "Shop",
        "timezone": "Europe/Moscow",
    }
    words = {
        "accepted": "send",
        "delivered": "deliver",
        "failed": "not_deliver",
        "expired": "expired",
    }

    def authenticate(self, call: Call) -> None:
        for name in ("login", "password"):
            element = call.xml.find(f"security/{name}")
            if element is None or element.get("value") != self.account[name]:
                reply = self.refuse_malformed("Неправильный логин или пароль")
                raise Refused(reply, f"wrong {name}")

    def refuse_malformed(self, reason: str) -> Reply:
        root = etree.Element("response")
        is_told = reason.startswith("Неправильный")
        text = reason if is_told else "Неправильный формат XML документа"
        etree.SubElement(root, "error").text = text
        return Reply.xml(root)

    # === CALLS ===
    @route("POST", "/xml/", "submit")
    def send(self, call: Call) -> Reply:
        found = [(a, m) for m in call.xml.iter("message") for a in m.iter("abonent")]
        if not found or len({a.get("number_sms") for a, _m in found}) < len(found):
            raise Malformed("number_sms is missing or repeated")
        root = etree.Element("response")
        for abonent, message in found:
            root.append(self._take(abonent, message))
        return Reply.xml(root)

    def _take(self, abonent: etree._Element, message: etree._Element) -> etree._Element:
        if set(abonent.keys()) - _ABONENT:
            raise Malformed("an attribute of abonent is unknown")
        self._check_validity(abonent.get("validity_period"))
        msisdn = check_msisdn(abonent.get("phone"), plus=False)
        number = abonent.get("number_sms") or ""
        information = etree.Element("information", number_sms=number)
        information.text = self.get_answer(msisdn) or "send"
        if information.text == "send":
            taken = self.accept(
                msisdn,
                (message.findtext("text") or "").replace("\\n", "\n"),
                client_reference=abonent.get("client_id_sms") or "",
                dedup=True,
                sender=message.findtext("sender") or "",
            )
            information.set("id_sms", taken.reference)
            information.set("parts", "1")
        return information

    def _check_validity(self, text: str | None) -> None:
        if not text:
            return
        try:
            moment = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=_ZONE)
        except ValueError as error:
            raise Malformed("validity_period is no minute") from error
        if moment.timestamp() <= self.now():
            raise Malformed("validity_period is over")

    @route("POST", "/xml/state.php", "poll")
    def ask(self, call: Call) -> Reply:
        root = etree.Element("response")
        for element in call.xml.iterfind("get_state/id_sms"):
            message = self.find(element.text or "")
            if message:
                root.append(self._describe(message, self.get_status(message)))
        return Reply.xml(root)

    def _describe(self, message: Message, status: str) -> etree._Element:
        state = etree.Element("state", id_sms=message.reference)
        state.set("time", _tell_time(self.get_status_time(message)))
        state.text = self.translate(status)
        return state

    @route("POST", "/xml/balance.php", "balance")
    def tell_balance(self, call: Call) -> Reply:
        root = etree.Element("response")
        etree.SubElement(root, "money", currency="RUR").text = self.config["balance"]
        return Reply.xml(root)

    @route("POST", "/xml/incoming.php", "inbound")
    def tell_inbound(self, call: Call) -> Reply:
        element = call.xml.find("time")
        start = "" if element is None else element.get("start") or ""
        root = etree.Element("response")
        for inbound in self.inbox:
            if start < _tell_time(inbound.received_at):
                sms = etree.SubElement(root, "sms", id_sms=inbound.reference)
                sms.set("originator", inbound.sender.removeprefix("+"))
                sms.set("phone", inbound.recipient.removeprefix("+"))
                sms.set("date_receive", _tell_time(inbound.received_at))
                sms.text = inbound.text
        return Reply.xml(root)

    # === PUSHES ===
    def make_push(self, message: Message, status: str) -> Push:
        root = etree.Element("request")
        root.append(self._describe(message, status))
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        return Push("POST", message.callback, headers, etree.tostring(root))

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push:
        fields = {
            "smsid": inbound.reference,
            "sender": inbound.sender.removeprefix("+"),
            "receiver": inbound.recipient.removeprefix("+"),
            "text": inbound.text,
            "date": _tell_time(inbound.received_at),
        }
        return Push.get(address, fields.items())

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        is_told = b"<id_sms>" in body or body.startswith(b"smsid=")
        return status == 200 and is_told


def _tell_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, _ZONE).strftime("%Y-%m-%d %H:%M:%S")
