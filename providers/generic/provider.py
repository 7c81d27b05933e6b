"""Providers that are described by data: one engine for the presets and for ``http``.

A `Definition` says what to call and where in the answer what stands; what HTTP itself
means for a message is decided by `HttpProvider`. A message goes in a call of its own.
An answer that passes no success test, has no reference and no error is not the
provider's: nobody knows what became of the message.

A provider is `GenericProvider` with the classes of what its definition has:
`TellsBalance`, and `Polls`, `LooksUp` and `TakesPushes` of `reports`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from math import ceil
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

from ..errors import ProviderError
from ..http_provider import Answer, AnswerWords, HttpCall, HttpProvider, refused, say
from ..reading import (
    Unreadable,
    as_decimal,
    as_integer,
    as_msisdn,
    read_iso,
    read_json,
    read_rfc2822,
    read_unix,
    read_xml,
)
from ..settings import Value
from ..types import (
    Balance,
    DeliveryStatus,
    Money,
    Outcome,
    Status,
    StatusUpdate,
    SubmitRequest,
    SubmitResult,
    Units,
    Words,
    _,
)
from .bodies import Element, has_illegal_characters, render_pairs
from .definition import AnswerSpec, CallSpec, Definition
from .paths import Kind

_CURRENCY = re.compile("[A-Z]{3}")
#: a message of more parts is none
_MAX_SEGMENTS = 255
#: characters of the basic table of GSM 03.38 and its extension
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€\f"
)


class GenericWords(Words):
    """What is said of providers that are described by data."""

    NOT_EXPECTED = _("the answer has neither a reference nor an error")
    CONTRADICTION = _("the answer has both a reference and an error")
    NOT_OURS = _("the answer lists other messages than the requested one")
    NO_REPORT = _("The push is neither a delivery report nor an inbound message")
    NO_PUSH = _("Pushes are not set up for this route")
    NO_BALANCE = _("The balance request is not set up for this route")
    NO_AMOUNT = _("the answer has no balance")
    NO_TEST = _(
        "The settings cannot be tested without sending: set up the balance request, or"
        " send a test message"
    )
    WORKS = _("The provider accepts the settings")
    ILLEGAL_TEXT = _("The text has a character that the request cannot carry")
    FORGED = _("The signature of the push is wrong")


# === DOCUMENTS ===
@dataclass(frozen=True, slots=True)
class Found:
    """An item of a document, read by the names of its places."""

    spec: AnswerSpec
    document: Any
    item: Any
    query: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The text at a place, "" where there is none."""
        path = self.spec.paths.get(name)
        if path is None:
            return ""
        if path.source.startswith("?"):
            return self.query.get(path.source[1:], "").strip()
        return path.read(self.item, self.document)

    @property
    def is_success(self) -> bool:
        """Whether the document passes the success test; one without any does so by
        having no error."""
        if "success" not in self.spec.paths:
            return not self.get("error")
        word = self.get("success").casefold()
        return word in self.spec.success if self.spec.success else bool(word)

    @property
    def segments(self) -> int | None:
        """The number of parts, where it can be one."""
        number = as_integer(self.get("segments"))
        return number if number and 0 < number <= _MAX_SEGMENTS else None

    @property
    def money(self) -> Money | None:
        """The price."""
        amount = as_decimal(self.get("price"))
        currency = (self.spec.currency or self.get("currency")).upper()
        is_price = amount and _CURRENCY.fullmatch(currency)
        return Money(amount, currency) if amount and is_price else None


def open_document(spec: AnswerSpec, body: bytes) -> Any:
    """Read a document of JSON or XML.

    :raise Unreadable: it is none
    """
    return read_xml(body) if spec.kind is Kind.XML else read_json(body)


def get_items(
    spec: AnswerSpec, document: Any, query: Mapping[str, str] | None = None
) -> Iterator[Found]:
    """The items of a document; itself, where it is no list."""
    items = spec.items.find(document, document) if spec.items else [document]
    for item in items:
        yield Found(spec, document, item, query or {})


class GenericProvider(HttpProvider):
    """An account at a provider that a definition describes."""

    definition: ClassVar[Definition]
    #: shortest and longest validity that the protocol carries, in seconds
    validity: ClassVar[tuple[int, int]] = (1, 999_999_999)
    refuses_whole = False
    words = (*HttpProvider.words, GenericWords)

    def _get_definition(self) -> Definition:
        """Hook: the definition.

        :raise RouteDown: there is none that works
        """
        return self.definition

    @property
    def errors(self) -> Mapping[str, SubmitResult]:  # type: ignore[override]
        """Override: those of the definition."""
        return self._get_definition().errors

    @property
    def statuses(self) -> Mapping[str, Status]:  # type: ignore[override]
        """Override: those of the definition."""
        return self._get_definition().statuses

    # === VALUES ===
    def _get_values(self) -> dict[str, Any]:
        """The placeholders that every request has."""
        return {
            **{name: _to_placeholder(value) for name, value in self._values.items()},
            "callback": self.get_callback_address(),
            "now": datetime.now(timezone.utc),
        }

    def _get_message_values(self, request: SubmitRequest) -> dict[str, Any]:
        values = self._get_values()
        validity = self._get_validity(request.valid_until, values["now"])
        return {
            **values,
            "callback": _name_message(values["callback"], request),
            "channel": request.channel,
            "client_reference": request.client_reference,
            "phone": request.msisdn,
            "text": request.text,
            "unicode": 0 if _GSM.issuperset(request.text) else 1,
            "uuid": request.uuid,
            "valid_until": validity and self._get_end(validity, values["now"]),
            "validity": validity,
        }

    def _get_validity(self, until: datetime | None, now: datetime) -> int | None:
        """Seconds that a message stays valid, as the protocol carries them."""
        if until is None:
            return None
        shortest, longest = self.validity
        return min(max(ceil((until - now) / timedelta(seconds=1)), shortest), longest)

    def _get_end(self, validity: int, now: datetime) -> datetime:
        """The whole second at which a validity ends, not before and within the limits
        of the protocol."""
        begun = now.replace(microsecond=0) + timedelta(seconds=1)
        return begun + timedelta(seconds=min(validity, self.validity[1] - 1))

    def _authenticate(self, call: HttpCall) -> HttpCall:
        definition, values = self._get_definition(), self._get_values()
        common = dict(render_pairs(definition.headers, values))
        call = replace(call, headers={**common, **call.headers})
        if definition.basic:
            user, password = (one.render(values) for one in definition.basic)
            call = call.with_login(user, password)
        return call

    # === SUBMIT ===
    def _get_group(self, request: SubmitRequest) -> Hashable:
        return request.uuid

    def _refuse(self, request: SubmitRequest) -> SubmitResult | None:
        is_xml = isinstance(self._get_definition().submit.request.body, Element)
        if is_xml and has_illegal_characters(request.text):
            words = GenericWords.ILLEGAL_TEXT.say()
            return say(refused("content_rejected"), text=words)
        return None

    def _build_submit(self, requests: Sequence[SubmitRequest]) -> HttpCall:
        submit = self._get_definition().submit
        return submit.request.build(self._get_message_values(requests[0]))

    def _parse_submit(
        self, answer: Answer, requests: Sequence[SubmitRequest]
    ) -> list[SubmitResult]:
        spec = self._get_definition().submit.answer
        document = open_document(spec, answer.body)
        found = Found(spec, document, document)
        reference = found.get("reference")
        is_tested = "success" in spec.paths
        if found.is_success and (is_tested or reference):
            result = SubmitResult(Outcome.ACCEPTED)
        else:
            code, text = self._find_error(found)
            if not code and not text:
                raise Unreadable(GenericWords.NOT_EXPECTED.say())
            if reference and not is_tested and code not in self.errors:
                raise Unreadable(GenericWords.CONTRADICTION.say())
            result = self._explain(code, text)
        if result.outcome is Outcome.ACCEPTED:
            result = replace(
                result,
                provider_reference=reference or self._get_sent(spec, requests[0]),
                segments=found.segments,
                price=found.money,
            )
        return [result]

    def _get_sent(self, spec: AnswerSpec, request: SubmitRequest) -> str | None:
        """The reference that was sent along, where the provider keeps it."""
        if spec.sent_reference is None:
            return None
        return spec.sent_reference.render(self._get_message_values(request)) or None

    # === ERRORS ===
    def _explain(self, code: str, text: str = "") -> SubmitResult:
        """Override: one entry may stand for all other errors."""
        others = None if code in self.errors else self.errors.get("*")
        return say(others, code, text) if others else super()._explain(code, text)

    def _read_error(self, answer: Answer) -> tuple[str, str]:
        # the places of errors are those of submits: providers have one form for all
        spec = self._get_definition().submit.answer
        try:
            document = open_document(spec, answer.body)
            code, text = self._find_error(Found(spec, document, document))
        except Unreadable:
            code, text = "", ""
        status = f"HTTP {answer.status}"
        return (code or (status if status in self.errors else "")), text

    def _find_error(self, found: Found) -> tuple[str, str]:
        """Code and words of an error; where it has words only, the code is the entry
        of `errors` that they begin with."""
        code, text = found.get("error"), found.get("error_text")
        if text and not code:
            words = text.casefold()
            known = (one for one in self.errors if words.startswith(one.casefold()))
            code = max(known, key=len, default="")
        return code, text

    def _passes(self, found: Found) -> bool:
        """Whether an answer to a question is a success; false: nothing is known yet.

        :raise ProviderError: it is an error
        :raise Unreadable: it is not the provider's
        """
        if found.is_success:
            return True
        code, text = self._find_error(found)
        if not code and not text:
            raise Unreadable(GenericWords.NOT_EXPECTED.say())
        if code in found.spec.pending:
            return False
        result = self._explain(code, text)
        raise ProviderError(result.route_down or result.message, code=code)

    # === READING ===
    def _read_items(self, spec: AnswerSpec, answer: Answer) -> Iterable[Found]:
        document = open_document(spec, answer.body)
        is_fine = self._passes(Found(spec, document, document))
        return get_items(spec, document) if is_fine else ()

    def _read_report(self, found: Found, **known: str) -> StatusUpdate:
        named = {
            "provider_reference": found.get("reference"),
            "uuid": found.get("uuid"),
        }
        return self._report(
            found.get("status"),
            found.get("code"),
            **{name: value or known.get(name) or None for name, value in named.items()},
            msisdn=as_msisdn(found.get("number")),
            message=found.get("text"),
            segments=found.segments,
            occurred_at=self._read_moment(found.get("time")),
            price=found.money,
        )

    def _read_moment(self, text: str) -> datetime | None:
        """A moment in any of the usual forms; those without an offset are local."""
        zone = self._context.time_zone
        return read_unix(text) or read_iso(text, zone) or read_rfc2822(text)

    def _report(self, word: str, code: str = "", **values: Any) -> StatusUpdate:
        """Override: a code may say more than the status."""
        report = super()._report(word, code, **values)
        reason = self._get_definition().failures.get(code)
        if reason and report.status is DeliveryStatus.FAILED:
            return replace(report, failure_type=reason)
        return report

    # === ACCOUNT ===
    def _test_connection(self) -> str:
        definition = self._get_definition()
        if definition.test:
            self._ask_whether(definition.test)
        elif definition.balance:
            return super()._test_connection() or GenericWords.WORKS.say()
        else:
            raise ProviderError(GenericWords.NO_TEST.say())
        return GenericWords.WORKS.say()

    def _ask_whether(self, call: CallSpec) -> None:
        """Ask something whose answer, of any HTTP status, shows that the settings work.

        :raise ProviderError: it shows that they do not
        """
        answer = self._exchange(call.request.build(self._get_values()))
        try:
            document = open_document(call.answer, answer.body)
            if Found(call.answer, document, document).is_success:
                return
        except Unreadable as error:
            if answer.is_success:
                raise ProviderError(AnswerWords.UNREADABLE.say(why=error)) from error
        result = self._evaluate(answer)
        raise ProviderError(result.route_down or result.message, code=result.code)


class TellsBalance(GenericProvider):
    """A provider that can be asked for the balance."""

    def _balance(self) -> Balance:
        call = self._get_definition().balance
        if call is None:
            raise ProviderError(GenericWords.NO_BALANCE.say())
        return super()._balance()

    def _build_balance(self) -> HttpCall:
        call = cast(CallSpec, self._get_definition().balance)
        return call.request.build(self._get_values())

    def _parse_balance(self, answer: Answer) -> Balance:
        spec = cast(CallSpec, self._get_definition().balance).answer
        document = open_document(spec, answer.body)
        found = Found(spec, document, document)
        amount = as_decimal(found.get("amount"))
        if not self._passes(found) or amount is None:
            raise Unreadable(GenericWords.NO_AMOUNT.say())
        currency = spec.currency or found.get("currency")
        is_money = _CURRENCY.fullmatch(currency.upper())
        return Balance(
            (Money(amount, currency.upper()),) if is_money else (),
            () if is_money else (Units(currency, int(amount)),),
            answer.body,
            answer.text,
        )


def _name_message(address: str, request: SubmitRequest) -> str:
    """The callback address with our name of a message: a report may come before the
    answer that has the provider's."""
    mark = "&" if "?" in address else "?"
    return address and f"{address}{mark}uuid={request.uuid}"


def _to_placeholder(value: Value) -> str | int | None:
    """A setting's value as templates take it."""
    if isinstance(value, timedelta):
        return int(value / timedelta(seconds=1))
    if isinstance(value, ZoneInfo):
        return value.key
    return value
