"""Zvonok.com (CallTools): calls with a text that a robot reads, one call per message.

Facts: the official example of ZvonokComGroup (zvonok-example-python), whose platform is
also sold under other names; the provider of grafana/oncall for the names of statuses;
answers as the tests of public clients have them. Uncertain, and read tolerantly:
whether answers are wrapped in ``data``, and the format of dates in questions (a day is
sent, one too early rather than too late). Errors have no codes, only words that are not
documented: the words are kept as the code, so that a route can give them reasons.

What a call became is told on two axes: ``status`` is what became of it in the campaign,
``dial_status`` how the last attempt to reach the person went. Attempts are the
campaign's own, so that only ``status`` ends a call; ``dial_status`` gives the reason.

    ==================  ====================================  =========================
    status              meaning                               ours
    ==================  ====================================  =========================
    in_process          waiting, ringing or between attempts  accepted
    compl_finished      heard to the end                      delivered
    user                a key of the campaign was pressed     delivered
    novalid_button      heard, another key was pressed        delivered
    pincode_ok          the code was entered                  delivered
    compl_nofinished    answered, not heard to the end        a setting: delivered, or
                                                              failed (declined)
    attempts_exc        nobody reached in all attempts        failed (no answer)
    interrupted         ended by the campaign's settings      failed (other)
    … with dial_status  the person did answer: 5, 10, 13, 19  as compl_nofinished
    deleted             removed from the campaign             failed (other)
    pincode_nook        another code was entered              failed (other)
    no_provider         no operator for the number            failed (not supported)
    duration_error      longer than the campaign allows       failed (content)
    synth_error         the text cannot be read aloud         failed (content)
    expires             its time to live is over              expired
    anything else       unknown                               accepted
    ==================  ====================================  =========================

    ===================  ===========================  =================================
    dial_status          meaning                      reason of what failed
    ===================  ===========================  =================================
    2                    hung up                      declined
    5, 10, 13, 19        answered, the rest is open   declined
    3                    not reached                  no answer
    4                    busy                         busy
    6, 7                 an answering machine         machine, also where it "listened"
    11, 12               own or global stop list      opted out
    14                   the caller's own number      invalid number
    1, 18, 20            errors of the platform       provider error
    ===================  ===========================  =================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..tools.vocabulary import FailureType
from .errors import UnreadablePush
from .http_provider import (
    Answer,
    AnswerWords,
    HttpCall,
    HttpProvider,
    accepted,
    get,
    maybe_sent,
    post_form,
    say,
    stop,
)
from .reading import (
    Unreadable,
    as_decimal,
    as_text,
    dig,
    is_same_number,
    read_iso,
)
from .settings import Kind, Setting
from .types import (
    Balance,
    Capabilities,
    DeliveryStatus,
    Money,
    Outcome,
    PushAnswer,
    PushRequest,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Words,
    _,
)

#: names of our address and what the platform puts in, pasted into the campaign as it is
_TEMPLATE = (
    "call_id={ct_call_id}&status={ct_status}&dial={ct_dial_status}"
    "&button={ct_button_num}&duration={ct_duration}&phone={ct_phone}"
)
_REFERENCE = re.compile("[0-9]{1,20}")
_KEY = re.compile(r"[0-9*#]{1,2}")
#: seconds after which a call that is not listed was never taken: a caution, nothing
#: is documented
_LISTED_WITHIN = 1800
#: its clock and ours
_SKEW = timedelta(minutes=1)

_DELIVERED = Status(DeliveryStatus.DELIVERED)
_WAITING = Status(DeliveryStatus.ACCEPTED)
_MACHINE = Status(DeliveryStatus.FAILED, "machine")
_MACHINES = ("6", "7")
_ANSWERED = ("5", "10", "13", "19")
_ENDED = ("attempts_exc", "interrupted")
_HEARD = "compl_finished"
_PARTLY = "compl_nofinished"
#: what the platform's words point to: a mistake in the account must not fail every
#: message. The words are not documented; what is not found here refuses the message.
_ACCOUNT = (
    (re.compile(r"public_?key|api.?key", re.I), stop(AnswerWords.LOGIN_REFUSED)),
    (
        re.compile(r"balance|insufficient|баланс|недостаточно средств", re.I),
        stop(AnswerWords.NO_FUNDS),
    ),
    (
        re.compile(r"(unknown|wrong|invalid) campaign|campaign (is )?(not|inv)", re.I),
        stop(AnswerWords.MISCONFIGURED),
    ),
)
_MAX_CODE = 100
_REASONS: dict[str, FailureType] = {
    "1": "provider_error",
    "2": "declined",
    "3": "no_answer",
    "4": "busy",
    **dict.fromkeys(_ANSWERED, "declined"),
    "6": "machine",
    "7": "machine",
    "11": "opted_out",
    "12": "opted_out",
    "14": "invalid_number",
    "18": "provider_error",
    "20": "provider_error",
}


class ZvonokWords(Words):
    """What is said of calls."""

    KEY_PRESSED = _("Key pressed: {key}")
    HEARD_PARTLY = _("The call was not heard to the end")
    NO_BALANCE = _("the answer has no balance")
    NO_CALLS = _("the answer has no list of calls with IDs")
    NO_CALL = _("The postback has no call ID: check the address in the campaign")


class ZvonokProvider(HttpProvider):
    """An account at Zvonok.com, with one campaign."""

    code = "zvonok"
    label = _("Zvonok.com (voice)")
    description = _(
        "Voice calls through Zvonok.com.\n"
        "\n"
        "1. In your account at Zvonok.com, create a campaign that only this route uses:"
        " the calling number, the hours of calls and the number of attempts are set"
        " there. A message is one call of the campaign. All attempts are the"
        " campaign's: the gateway never calls a second time by itself.\n"
        "2. Enter the ID of the campaign and the public key of the API below.\n"
        "3. In the campaign, add a postback by GET and paste the callback address"
        " exactly as it is shown here, with the names in braces. Statuses are polled as"
        " well.\n"
        "\n"
        "A call is delivered when a person heard it. No answer, busy, declined and"
        " answering machine are reasons of calls that were not delivered."
    )
    capabilities = Capabilities(
        channels=frozenset({"voice"}),
        lookup=True,
        not_found_after=_LISTED_WITHIN,
        push=True,
        poll=True,
        balance=True,
    )
    settings = (
        Setting(
            "url",
            _("Address of the API"),
            Kind.ADDRESS,
            required=True,
            default="https://zvonok.com/manager/cabapi_external/api/v1",
            help=_("Companies that resell the platform have their own"),
        ),
        Setting("public_key", _("API key"), Kind.SECRET, required=True),
        Setting(
            "campaign",
            _("Campaign ID"),
            required=True,
            help=_("Of a campaign that only this route uses"),
        ),
        Setting(
            "speaker",
            _("Voice"),
            help=_("Name in the provider's list, such as Tatyana; empty: its default"),
        ),
        Setting(
            "partly",
            _("Heard in part counts as delivered"),
            Kind.BOOLEAN,
            default="0",
            help=_("Otherwise an answered call that ended too early is not delivered"),
        ),
    )
    words = (*HttpProvider.words, ZvonokWords)
    statuses = {
        "in_process": _WAITING,
        _HEARD: _DELIVERED,
        "user": _DELIVERED,
        "novalid_button": _DELIVERED,
        "pincode_ok": _DELIVERED,
        _PARTLY: Status(DeliveryStatus.FAILED, "declined"),
        "attempts_exc": Status(DeliveryStatus.FAILED, "no_answer"),
        "interrupted": Status(DeliveryStatus.FAILED, "other"),
        "deleted": Status(DeliveryStatus.FAILED, "other"),
        "pincode_nook": Status(DeliveryStatus.FAILED, "other"),
        "no_provider": Status(DeliveryStatus.FAILED, "unsupported"),
        "duration_error": Status(DeliveryStatus.FAILED, "content_rejected"),
        "synth_error": Status(DeliveryStatus.FAILED, "content_rejected"),
        "expires": Status(DeliveryStatus.EXPIRED),
    }

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        [request] = requests
        pairs = [
            ("public_key", self.get_text("public_key")),
            ("campaign_id", self.get_text("campaign")),
            ("phone", request.msisdn),
            ("text", request.text),
            ("speaker", self.get_text("speaker")),
        ]
        return post_form("phones/call/", [pair for pair in pairs if pair[1]])

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        document = answer.json
        reference = _read_id(document) or _read_id(dig(document, "data"))
        if not reference:
            return [say(maybe_sent(), text=AnswerWords.NO_REFERENCE.say())]
        return [replace(accepted(), provider_reference=reference)]

    # === ERRORS ===
    def _is_error(self, answer: Answer) -> bool:
        return not answer.is_success or dig(answer.json, "status") == "error"

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        text = _describe(dig(answer.json, "data"))
        return text[:_MAX_CODE], text

    def _evaluate(self, answer: Answer) -> SubmitResult:
        result = super()._evaluate(answer)
        if result.outcome is not Outcome.REFUSED:
            return result
        for pattern, reaction in _ACCOUNT:
            if pattern.search(result.message):
                return say(reaction, "", result.message)
        return result

    # === QUESTIONS ===
    def _question(self, path: str, **values: str) -> HttpCall:
        return get(path, [("public_key", self.get_text("public_key")), *values.items()])

    def _build_poll(self, references: Sequence[str]) -> HttpCall:
        return self._question("phones/call_by_id/", call_id=references[0])

    def _parse_poll(
        self, answer: Answer, references: Sequence[str]
    ) -> Iterable[StatusUpdate]:
        calls = _read_calls(answer.json)
        return [self._read_call(call) for call in calls if _read_id(call) in references]

    def _find(self, request: SubmitRequest) -> Iterable[StatusUpdate]:
        asked = {"campaign_id": self.get_text("campaign"), "phone": request.msisdn}
        since = request.attempted_at
        if since:
            asked["from_created_date"] = f"{since - timedelta(days=1):%Y-%m-%d}"
        answer = self._ask(self._question("phones/calls_by_phone/", **asked))
        return [
            self._read_call(call)
            for call in _read_calls(answer.json)
            if _may_be(call, request.msisdn, since)
        ]

    def _build_balance(self) -> HttpCall:
        return self._question("users/balance/")

    def _parse_balance(self, answer: Answer) -> Balance:
        document = answer.json
        amount = as_decimal(dig(document, "balance"))
        if amount is None:
            amount = as_decimal(dig(document, "data", "balance"))
        if amount is None:
            raise Unreadable(ZvonokWords.NO_BALANCE.say())
        return Balance((Money(amount, "RUB"),), (), answer.body, answer.text)

    # === STATUSES ===
    def _complete_callback(self, address: str) -> str:
        return f"{address}{'&' if '?' in address else '?'}{_TEMPLATE}"

    def _parse_push(self, request: PushRequest) -> PushAnswer:
        fields = request.read_fields()
        reference = fields.get("call_id", "")
        if not _REFERENCE.fullmatch(reference):
            raise UnreadablePush(ZvonokWords.NO_CALL.say())
        report = self._make_report(
            reference,
            fields.get("status", ""),
            fields.get("dial", ""),
            fields.get("button", ""),
        )
        return PushAnswer((report,), body=b"OK")

    def _read_call(self, call: Any) -> StatusUpdate:
        """One call as the provider lists it."""
        names = ("status_display", "dial_status_display")
        return self._make_report(
            _read_id(call),
            as_text(dig(call, "status")),
            as_text(dig(call, "dial_status")),
            as_text(dig(call, "button_num")),
            ", ".join(filter(None, (as_text(dig(call, name)) for name in names))),
            read_iso(as_text(dig(call, "completed"))),
        )

    def _make_report(
        self,
        reference: str,
        status: str,
        dial: str,
        key: str,
        text: str = "",
        occurred_at: datetime | None = None,
    ) -> StatusUpdate:
        """What the two axes mean; ``text`` is the provider's name for them."""
        meaning = self._evaluate_call(status.casefold(), dial)
        if _KEY.fullmatch(key):
            text = ZvonokWords.KEY_PRESSED.say(key=key)
        elif _is_partly(status.casefold(), dial):
            text = ZvonokWords.HEARD_PARTLY.say()
        is_bad = meaning.status in (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED)
        return StatusUpdate(
            meaning.status,
            provider_reference=reference,
            failure_type=meaning.failure_type,
            code="/".join(filter(None, (status, dial))) if is_bad else "",
            message=text,
            occurred_at=occurred_at,
            raw=status or dial,
        )

    def _evaluate_call(self, status: str, dial: str) -> Status:
        meaning = self.statuses.get(status, _WAITING)
        if status == _HEARD and dial in _MACHINES:
            return _MACHINE
        if meaning.status is not DeliveryStatus.FAILED:
            return meaning
        if self.get("partly") and _is_partly(status, dial):
            return _DELIVERED
        return Status(meaning.status, _REASONS.get(dial, meaning.failure_type))


def _is_partly(status: str, dial: str) -> bool:
    """Whether a person answered and did not hear the call to its end."""
    if status == _PARTLY:
        return dial not in _MACHINES
    return status in _ENDED and dial in _ANSWERED


def _describe(data: Any) -> str:
    """The words of an error, which may be listed by field."""
    if not isinstance(data, dict):
        return as_text(data)
    return "; ".join(
        f"{name}: {as_text(told) or as_text(dig(told, 0))}"
        for name, told in data.items()
    )


def _read_calls(document: Any) -> list[Any]:
    """The calls of an answer, whether they are listed, wrapped or alone.

    :raise Unreadable: it has something else, which proves nothing
    """
    if isinstance(document, dict) and "call_id" not in document:
        document = document.get("data")
    calls = [document] if isinstance(document, dict) else document
    if isinstance(calls, list) and all(map(_read_id, calls)):
        return calls
    raise Unreadable(ZvonokWords.NO_CALLS.say())


def _read_id(call: Any) -> str:
    """The ID of a call, which has 15 digits and may be a number or text."""
    reference = as_text(dig(call, "call_id"))
    return reference if _REFERENCE.fullmatch(reference) else ""


def _may_be(call: Any, msisdn: str, since: datetime | None) -> bool:
    """Whether a call went to this number, not before a moment. What is not told may
    be: a call must not be missed."""
    phone = as_text(dig(call, "phone"))
    created = read_iso(as_text(dig(call, "created")))
    if phone and not is_same_number(phone, msisdn):
        return False
    return not (created and since) or created >= since - _SKEW
