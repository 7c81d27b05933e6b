"""Quick Telecom and Beeline A2P: forms in, XML out, errors as words."""

from __future__ import annotations

from lxml import etree

from ..engine import (
    Call,
    Gate,
    Refused,
    Reply,
    check_fields,
    check_integer,
    check_msisdn,
    check_text,
    route,
)

_LOGIN = {"user", "pass", "gzip", "action"}


class BeelineA2pGate(Gate):
    code = "beeline_a2p"
    account = {"login": "shop.1", "password": "s3cret-of-shop", "sender": "Shop"}
    words = {
        "accepted": "queued",
        "delivered": "delivered",
        "failed": "not_delivered",
    }

    def authenticate(self, call: Call) -> None:
        told = call.form.get("user"), call.form.get("pass")
        if told != (self.account["login"], self.account["password"]):
            words = "Неверный логин или пароль"
            raise Refused(_error(words), "wrong login")
        if call.form.get("gzip") != "none":
            raise Refused(Reply(200, b"\x1f\x8b", "text/xml"), "gzip is asked for")

    def get_kind(self, call: Call, kind: str) -> str:
        kinds = {"post_sms": "submit", "status": "poll", "balance": "balance"}
        return kinds.get(call.form.get("action", ""), kind)

    def refuse_malformed(self, reason: str) -> Reply:
        return _error(reason)

    @route("POST", "/", "unknown")
    def answer_action(self, call: Call) -> Reply:
        methods = {
            "post_sms": self.send,
            "status": self.ask,
            "balance": self.tell_balance,
        }
        return methods[call.form["action"]](call)

    def send(self, call: Call) -> Reply:
        form = call.form
        required = _LOGIN | {"target", "message", "sender", "post_id"}
        check_fields(form, required, {"period"})
        check_text(form, "message", 480, 1)
        check_integer(form, "period", 60, 86400)
        msisdn = check_msisdn(form["target"])
        if self.get_answer(msisdn):
            return _error(f"{self.get_answer(msisdn)}: {msisdn}")
        message = self.accept(
            msisdn,
            form["message"],
            client_reference=form["post_id"],
            sender=form["sender"],
        )
        if "period" in form:
            message.valid_for = int(form["period"])
        root = etree.Element("output")
        result = etree.SubElement(root, "result", sms_group_id="996")
        sms = etree.SubElement(
            result,
            "sms",
            id=message.reference,
            smstype="SENDSMS",
            phone=msisdn,
            sms_res_count="1",
        )
        sms.text = message.text
        return Reply.xml(root)

    def ask(self, call: Call) -> Reply:
        check_fields(call.form, _LOGIN | {"sms_id"})
        root = etree.Element("output")
        messages = etree.SubElement(root, "MESSAGES")
        message = self.find(call.form["sms_id"])
        if message:
            one = etree.SubElement(
                messages, "MESSAGE", SMS_ID=message.reference, SMSTYPE="SENDSMS"
            )
            etree.SubElement(one, "SMS_TARGET").text = message.msisdn
            etree.SubElement(one, "SMS_RES_COUNT").text = "1"
            etree.SubElement(one, "SMSSTC_CODE").text = self.get_word(message)
            etree.SubElement(one, "SMS_STATUS").text = "Статус"
        return Reply.xml(root)

    def tell_balance(self, call: Call) -> Reply:
        check_fields(call.form, _LOGIN)
        root = etree.Element("output")
        balance = etree.SubElement(root, "balance")
        etree.SubElement(balance, "AGT_BALANCE").text = str(self.config["balance"])
        etree.SubElement(balance, "OVERDRAFT").text = "100"
        return Reply.xml(root)


def _error(words: str) -> Reply:
    root = etree.Element("output")
    errors = etree.SubElement(root, "errors")
    etree.SubElement(errors, "error").text = words
    return Reply.xml(root)
