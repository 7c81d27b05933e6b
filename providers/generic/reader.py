"""Reading of definitions, strictly: a member that is unknown, missing or of another
kind is an error that names its place. ``docs/presets.rst`` tells what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar, get_args

from ...tools.vocabulary import FailureType
from ..http_provider import (
    AnswerWords,
    accepted,
    maybe_sent,
    refused,
    stop,
    throttled,
    try_later,
)
from ..types import DeliveryStatus, Status, SubmitResult, Words, _
from .bodies import Compile, Pairs, compile_json, compile_pairs, parse_json, parse_xml
from .definition import (
    AnswerSpec,
    CallSpec,
    Definition,
    PushSpec,
    RequestSpec,
    SignatureSpec,
)
from .paths import Kind, Path, PathError, compile_path
from .templates import Template, TemplateError, compile_template

#: placeholders of a message that is handed over or looked up; its ``callback`` names
#: the message, by ``uuid``
MESSAGE_NAMES = frozenset(
    {
        *("callback", "channel", "client_reference", "now", "phone", "text"),
        *("unicode", "uuid", "valid_until", "validity"),
    }
)
#: placeholders of a status request: the provider's reference
POLL_NAMES = frozenset({"callback", "now", "reference"})
ACCOUNT_NAMES = frozenset({"callback", "now"})

_T = TypeVar("_T")
_ERROR = frozenset({"success", "error", "error_text"})
_REPORT = frozenset(
    {
        *("reference", "uuid", "status", "code", "text", "number", "time"),
        *("segments", "price"),
    }
)
SUBMIT_PLACES = _ERROR | {"reference", "segments", "price"}
POLL_PLACES = _ERROR | _REPORT
BALANCE_PLACES = _ERROR | {"amount"}
INBOUND_PLACES = frozenset({"sender", "text", "recipient", "reference", "time"})

#: places of which an answer needs one: without, anything would pass for it
_PROOFS = {
    "submit": ("success", "reference"),
    "poll": ("status",),
    "lookup": ("reference",),
    "balance": ("amount",),
    "test": ("success",),
}
_METHODS = ("GET", "POST", "PUT")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: HTTP writes these itself: others would send the request elsewhere, or split it
_RESERVED = ("connection", "content-length", "host", "transfer-encoding", "upgrade")
_CURRENCY = re.compile("[A-Z]{3}")
_SECONDS = re.compile("[0-9]{1,5}")
_FAILURE_TYPES: tuple[str, ...] = get_args(FailureType)
_STOPS: dict[str, Words] = {
    "login": AnswerWords.LOGIN_REFUSED,
    "money": AnswerWords.NO_FUNDS,
    "blocked": AnswerWords.BLOCKED,
    "settings": AnswerWords.MISCONFIGURED,
}
_WAITS = {"later": try_later, "slower": throttled}
ALGORITHMS = ("hmac-sha256", "hmac-sha1", "hmac-md5", "sha256", "sha1", "md5")


class DefinitionWords(Words):
    """Why a definition is refused."""

    UNKNOWN = _("unknown name; available names: {names}")
    MISSING = _("the value is missing")
    NOT_TEXT = _("the value must be text")
    NOT_A_LIST = _("the value must be a list")
    NOT_NAMED = _("the value must be an object of names and values")
    NOT_A_NUMBER = _("the value must be a non-negative integer")
    BAD_CHOICE = _("allowed values: {names}")
    BAD_PATH = _("the path must stay below the provider URL")
    BAD_HEADER = _("this header does not exist, or HTTP sets it itself")
    BAD_REACTION = _(
        "allowed values: accepted, refused:reason, later, later:seconds, slower, "
        "slower:seconds, stop:login, stop:money, stop:blocked, stop:settings, unknown"
    )
    BAD_STATUS = _(
        "allowed values: accepted, delivered, failed, failed:reason, expired, "
        "unknowable"
    )
    BAD_REASON = _("unknown failure reason")
    NOT_A_SWITCH = _("the value must be true or false")
    BAD_DEFAULT = _("the value has the wrong type")
    NO_PROOF = _("the response requires {names}")
    TWO_BODIES = _("a request can have only one body")
    NOT_A_PAIR = _("line {number} must have the form name = value")


class DefinitionError(ValueError):
    """A definition that cannot be used.

    ``place`` is the names that lead to the mistake, with dots; ``why`` says what it is.
    """

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place
        self.why = why


# === READING ===
class Node:
    """An object of a definition with its place; every member must be taken."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise DefinitionError(place, DefinitionWords.NOT_NAMED.say())
        self.place = place
        self._rest = dict(value)
        self._known: list[str] = []

    def at(self, name: str) -> str:
        """The place of a member."""
        return f"{self.place}.{name}" if self.place else name

    def fail(self, name: str, words: Words, **params: object) -> DefinitionError:
        """The error of a member."""
        return DefinitionError(self.at(name), words.say(**params))

    def take(self, name: str, default: Any = None) -> Any:
        """A member of any kind."""
        self._known.append(name)
        return self._rest.pop(name, default)

    def take_text(self, name: str, default: str | None = None) -> str:
        """A text; one without a default must be there."""
        value = self.take(name, default)
        if value is None:
            raise self.fail(name, DefinitionWords.MISSING)
        if not isinstance(value, str):
            raise self.fail(name, DefinitionWords.NOT_TEXT)
        return value

    def take_choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of some texts."""
        value = self.take_text(name, default)
        if value not in choices:
            names = ", ".join(choices)
            raise self.fail(name, DefinitionWords.BAD_CHOICE, names=names)
        return value

    def take_number(self, name: str, default: int) -> int:
        """A whole number that is not negative."""
        value = self.take(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.fail(name, DefinitionWords.NOT_A_NUMBER)
        return value

    def take_texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, or texts with commas between them."""
        value = self.take(name, [])
        if isinstance(value, str):
            value = [one.strip() for one in value.split(",")]
        if not isinstance(value, list):
            raise self.fail(name, DefinitionWords.NOT_A_LIST)
        if not all(isinstance(one, str) for one in value):
            raise self.fail(name, DefinitionWords.NOT_TEXT)
        return tuple(value)

    def take_pairs(self, name: str) -> list[tuple[str, str]]:
        """Texts with names; names may be repeated where it is a list of pairs."""
        value = self.take(name, {})
        pairs = list(value.items()) if isinstance(value, Mapping) else value
        if not isinstance(pairs, list):
            raise self.fail(name, DefinitionWords.NOT_NAMED)
        for pair in pairs:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise self.fail(name, DefinitionWords.NOT_NAMED)
            if not all(isinstance(one, str) for one in pair):
                raise self.fail(f"{name}.{pair[0]}", DefinitionWords.NOT_TEXT)
        return [(pair[0], pair[1]) for pair in pairs]

    def take_node(self, name: str) -> Node | None:
        """An object, None where there is none."""
        value = self.take(name)
        return None if value is None else Node(value, self.at(name))

    def finish(self) -> None:
        """Refuse members that nobody took."""
        for name in self._rest:
            names = ", ".join(sorted(self._known))
            raise self.fail(name, DefinitionWords.UNKNOWN, names=names)


def read_definition(node: Node, settings: Collection[str]) -> Definition:
    """Read a definition.

    :param settings: names of settings: placeholders of every template
    :raise DefinitionError:
    """
    account = frozenset(settings) | ACCOUNT_NAMES
    message = frozenset(settings) | MESSAGE_NAMES
    definition = Definition(
        headers=_read_headers(node, account),
        basic=_read_basic(node, account),
        submit=_read_submit(node, message),
        poll=_read_call(node, "poll", frozenset(settings) | POLL_NAMES, POLL_PLACES),
        lookup=_read_call(node, "lookup", message, POLL_PLACES),
        balance=_read_call(node, "balance", account, BALANCE_PLACES),
        test=_read_call(node, "test", account, _ERROR),
        push=_read_push(node, settings),
        errors=_read_map(node, "errors", _read_reaction),
        statuses=_read_map(node, "statuses", _read_status),
        failures=_read_map(node, "failures", _read_failure),
    )
    node.finish()
    return definition


def _read_submit(node: Node, names: frozenset[str]) -> CallSpec:
    call = _read_call(node, "submit", names, SUBMIT_PLACES)
    if call is None:
        raise node.fail("submit", DefinitionWords.MISSING)
    return call


def _read_call(
    parent: Node, name: str, names: frozenset[str], places: frozenset[str]
) -> CallSpec | None:
    node = parent.take_node(name)
    if node is None:
        return None
    answer = node.take_node("answer")
    if answer is None:
        raise node.fail("answer", DefinitionWords.MISSING)
    request = _read_request(node, names)
    call = CallSpec(request, _read_answer(answer, places, names))
    node.finish()
    if not any(place in call.answer.paths for place in _PROOFS[name]):
        names_of_proofs = " or ".join(_PROOFS[name])
        raise node.fail("answer", DefinitionWords.NO_PROOF, names=names_of_proofs)
    return call


def _read_request(node: Node, names: frozenset[str]) -> RequestSpec:
    content_type, body = _read_body(node, names)
    method = "GET" if body is None else "POST"
    path = node.take_text("path", "")
    if "://" in path or path.startswith("//"):
        raise node.fail("path", DefinitionWords.BAD_PATH)
    return RequestSpec(
        node.take_choice("method", _METHODS, method),
        _checked(node.at("path"), lambda: compile_template(path, names, quoting=True)),
        _read_pairs(node, "query", names),
        _read_headers(node, names),
        content_type,
        body,
    )


def _read_body(node: Node, names: frozenset[str]) -> tuple[str, Any]:
    form, as_json, as_xml = (node.take(name) for name in ("form", "json", "xml"))
    if sum(one is not None for one in (form, as_json, as_xml)) > 1:
        raise DefinitionError(node.place, DefinitionWords.TWO_BODIES.say())
    compile_one = _compiler(names)
    if form is not None:
        pairs = Node({"form": form}, node.place).take_pairs("form")
        found = _checked(node.at("form"), lambda: compile_pairs(pairs, compile_one))
        return "application/x-www-form-urlencoded; charset=utf-8", found
    if as_json is not None:
        parse = parse_json if isinstance(as_json, str) else compile_json
        tree = _checked(node.at("json"), lambda: parse(as_json, compile_one))
        return "application/json; charset=utf-8", tree
    if as_xml is not None:
        source = "".join(as_xml) if isinstance(as_xml, list) else as_xml
        if not isinstance(source, str):
            raise node.fail("xml", DefinitionWords.NOT_TEXT)
        element = _checked(node.at("xml"), lambda: parse_xml(source, compile_one))
        return "text/xml; charset=utf-8", element
    return "", None


def _read_pairs(node: Node, name: str, names: frozenset[str]) -> Pairs:
    pairs = node.take_pairs(name)
    return _checked(node.at(name), lambda: compile_pairs(pairs, _compiler(names)))


def _read_headers(node: Node, names: frozenset[str]) -> Pairs:
    pairs = _read_pairs(node, "headers", names)
    for name, _template in pairs:
        if not _HEADER.fullmatch(name) or name.lower() in _RESERVED:
            raise node.fail(f"headers.{name}", DefinitionWords.BAD_HEADER)
    return pairs


def _read_basic(node: Node, names: frozenset[str]) -> tuple[Template, Template] | None:
    sources = node.take_texts("basic")
    if not sources:
        return None
    if len(sources) != 2:
        raise node.fail("basic", DefinitionWords.NOT_A_LIST)
    compile_one = _compiler(names)
    user, password = _checked(
        node.at("basic"), lambda: [compile_one(source) for source in sources]
    )
    return user, password


def _read_answer(
    node: Node, places: frozenset[str], names: frozenset[str] = frozenset()
) -> AnswerSpec:
    kinds = [kind.value for kind in Kind]
    kind = Kind(node.take_choice("format", kinds, "json"))
    currency = node.take_text("currency", "")
    paths = {name: node.take_text(name, "") for name in sorted(places)}
    if currency and not _CURRENCY.fullmatch(currency):
        paths["currency"], currency = currency, ""
    items = node.take_text("items", "")
    sent = node.take_text("sent_reference", "") if "reference" in places else ""
    answer = AnswerSpec(
        kind,
        {
            name: _read_path(node.at(name), source, kind)
            for name, source in paths.items()
            if source
        },
        _read_path(node.at("items"), items, kind) if items else None,
        frozenset(one.casefold() for one in node.take_texts("success_values")),
        currency,
        _checked(node.at("sent_reference"), lambda: compile_template(sent, names))
        if sent
        else None,
        frozenset(node.take_texts("pending") if "status" in places else ()),
    )
    node.finish()
    return answer


def _read_path(place: str, source: str, kind: Kind) -> Path:
    if source.startswith("?"):
        # a field of a push's query, whatever its body is
        return Path(source, lambda _item, _document: [])
    return _checked(place, lambda: compile_path(source, kind))


def _read_push(parent: Node, settings: Collection[str]) -> PushSpec | None:
    node = parent.take_node("push")
    if node is None:
        return None
    reports, inbound = node.take_node("reports"), node.take_node("inbound")
    if reports is None:
        raise node.fail("reports", DefinitionWords.MISSING)
    push = PushSpec(
        _read_answer(reports, _REPORT),
        _read_answer(inbound, INBOUND_PLACES) if inbound else None,
        _read_signature(node, settings),
        node.take_number("status", 200),
        node.take_text("body", ""),
        node.take_text("content_type", "text/plain; charset=utf-8"),
    )
    node.finish()
    return push


def _read_signature(parent: Node, settings: Collection[str]) -> SignatureSpec | None:
    node = parent.take_node("signature")
    if node is None:
        return None
    signature = SignatureSpec(
        node.take_text("at"),
        node.take_choice("algorithm", ALGORITHMS, ALGORITHMS[0]),
        node.take_choice("key", settings, ""),
        tuple(node.take_text("of", "body").split()),
    )
    if not re.fullmatch("(header|field):.+", signature.at):
        names = "header:…, field:…"
        raise node.fail("at", DefinitionWords.BAD_CHOICE, names=names)
    node.finish()
    return signature


# === TABLES ===
def _read_map(node: Node, name: str, read: Callable[[str], Any]) -> dict[str, Any]:
    found = {}
    for word, meaning in node.take_pairs(name):
        value = read(meaning.strip())
        if value is None:
            words = {
                "errors": DefinitionWords.BAD_REACTION,
                "statuses": DefinitionWords.BAD_STATUS,
                "failures": DefinitionWords.BAD_REASON,
            }[name]
            raise node.fail(f"{name}.{word}", words)
        # codes are kept as they are written, statuses are compared in lower case
        found[word.strip().casefold() if name == "statuses" else word.strip()] = value
    return found


def _read_reaction(text: str) -> SubmitResult | None:
    kind, _colon, detail = text.partition(":")
    if kind == "refused" and detail in _FAILURE_TYPES:
        return refused(detail)  # type: ignore[arg-type]
    if kind == "accepted" and (not detail or detail in _FAILURE_TYPES):
        return accepted(detail or None)  # type: ignore[arg-type]
    if kind in _WAITS and (not detail or _SECONDS.fullmatch(detail)):
        return _WAITS[kind](float(detail) if detail else None)
    if kind == "stop" and detail in _STOPS:
        return stop(_STOPS[detail])
    return maybe_sent() if text == "unknown" else None


def _read_failure(text: str) -> FailureType | None:
    return text if text in _FAILURE_TYPES else None  # type: ignore[return-value]


def _read_status(text: str) -> Status | None:
    kind, _colon, detail = text.partition(":")
    names = {
        one.value: one for one in DeliveryStatus if one is not DeliveryStatus.NOT_FOUND
    }
    if kind == "failed" and detail in _FAILURE_TYPES:
        return Status(DeliveryStatus.FAILED, detail)  # type: ignore[arg-type]
    return Status(names[text]) if text in names else None


# === ERRORS ===
def _compiler(names: frozenset[str]) -> Compile:
    return lambda source: compile_template(source, names)


def _checked(place: str, make: Callable[[], _T]) -> _T:
    """What is made, or its error with the place."""
    try:
        return make()
    except (TemplateError, PathError) as error:
        raise DefinitionError(place, str(error)) from error


def parse_lines(text: str, place: str) -> Iterator[tuple[str, str]]:
    """Lines like ``name = value``.

    :raise DefinitionError: a line is none
    """
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if equals and name.strip():
            yield name.strip(), value.strip()
        elif line.strip():
            raise DefinitionError(place, DefinitionWords.NOT_A_PAIR.say(number=number))
