"""The API's documents as plain data: parsing requests, serialising answers.

Knows the shape of a request and nothing of Odoo, routes or numbers: whether a route
exists and what is wrong with a single recipient is decided behind it. Everything wrong
with the shape is told at once.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from ..tools.compose import (
    SEGMENT_LENGTH,
    Recipient,
    RoundedNumber,
    Rules,
    Texts,
)
from ..tools.json_outline import (
    Items,
    Malformed,
    Outline,
    Shape,
    TooDeep,
    anything,
    nothing,
)
from ..tools.letters import compose_letters
from ..tools.sentences import Language, sentence
from ..tools.template import MAX_SOURCE, Template, TemplateError, compile_template
from ..tools.vocabulary import Channel

OPERATIONS = ("balance", "status", "send")
#: verbs of the path; sending is `SEND_METHODS` only
METHODS = "GET, POST, OPTIONS"
SEND_METHODS = "POST"

MAX_PROBLEMS = 100
#: seconds, 30 days
MAX_TTL = 2_592_000
MAX_YEARS_AHEAD = 5
DEFAULT_PAGE = 100
MAX_PAGE = 1000
MAX_OFFSET = 2**31 - 1
#: What a body may take when it is made into objects at once; of others the parts that
#: are wanted are read one after the other.
MAX_BUILT = 100 * 2**20
#: bytes of an empty list or object, and of a member of an object
CONTAINER_SIZE, MEMBER_SIZE = 64, 160
#: bytes that are decoded at once
CHUNK = 65_536
#: Bound the work one request can ask for: names × recipients, text × recipients.
MAX_NAMES = 100
MAX_NAME_LENGTH = 64
#: characters of a name as it is written: letters apart from their marks, spaces
MAX_NAME_WRITTEN = 4 * MAX_NAME_LENGTH
MAX_ROUTE_LENGTH = 1_000
#: characters of a key, a mode, a currency, a time
MAX_WORD = 64
#: A template may be so many times longer than the longest message it can render to.
TEMPLATE_SLACK = 4

#: HTTP status by code; all others are 400.
STATUS_BY_CODE = {
    "unauthorized": 401,
    "forbidden": 403,
    "unknown_key": 404,
    "unknown_path": 404,
    "method_not_allowed": 405,
    "idempotency_conflict": 409,
    "too_large": 413,
    "too_many_users": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal": 500,
    "unavailable": 503,
}

_KEY = re.compile(r"[0-9a-f]{32}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_FORBIDDEN_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_HOURS, _MINUTES = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]"
    rf"(?P<clock>{_HOURS}:{_MINUTES})(?::(?P<seconds>{_MINUTES})(?:\.[0-9]+)?)?"
    r" ?(?:(?P<utc>Z)"
    rf"|(?P<sign>[+-])(?P<hours>{_HOURS})(?::?(?P<minutes>{_MINUTES}))?)?",
    re.IGNORECASE,
)
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
#: In a template these words are never names.
_RESERVED_NAMES = frozenset(("not", "true", "false", "none", "True", "False", "None"))
#: The rouble's code before 1998 lives on in providers and clients.
_CURRENCY_ALIASES = {"RUR": "RUB"}
_MODES = ("", "live", "debug")
#: Members of a request that anybody reads.
_TEXTS = ("text_male", "text_female", "text_alternative")
_SEND_SHAPE: Shape = {
    **dict.fromkeys((*_TEXTS, "users"), nothing),
    "fields": anything,
}.get
_REQUEST_SHAPE: Shape = {
    **dict.fromkeys(("route", "balance", "users", "ttl", "mode", "voice"), nothing),
    **dict.fromkeys(("timeLimit", "strict", "secret"), nothing),
    "status": dict.fromkeys(("key", "offset", "limit"), nothing).get,
    "send": _SEND_SHAPE,
    "fields": anything,
}.get


# === DATA ===
@dataclass(frozen=True, slots=True)
class Limits:
    """Settings that bound a request; ``time_zone`` is an existing IANA name."""

    max_recipients: int
    max_segments: int
    max_speech: int
    time_zone: str

    @property
    def max_template(self) -> int:
        """Characters of a template's source."""
        longest = max(self.max_speech, self.max_segments * SEGMENT_LENGTH)
        return min(TEMPLATE_SLACK * longest, MAX_SOURCE)


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One thing wrong with a request.

    ``path`` is its place, ``send.users[2]``; ``params`` fill the sentence.
    """

    code: str
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


class RequestError(Exception):
    """A request that is refused, with everything that is wrong with it.

    The first problem leads: its code and sentence stand for the whole answer, and by
    default its code decides the HTTP status.
    """

    def __init__(
        self,
        problems: Sequence[RequestProblem],
        *,
        kind: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """
        :param kind: the operation, where the request was understood as one
        :param details: more for machines, beside the code
        """
        self.problems = list(problems[:MAX_PROBLEMS])
        self.kind = kind
        self.status = status or STATUS_BY_CODE.get(self.code, 400)
        self.headers = dict(headers or {})
        self.details = dict(details or {})
        super().__init__(self.code)

    @property
    def code(self) -> str:
        return self.problems[0].code


def request_error(
    code: str,
    *,
    path: str = "",
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    details: Mapping[str, object] | None = None,
    **params: object,
) -> RequestError:
    """Make the error of a request that has one problem."""
    problem = RequestProblem(code, path, params)
    return RequestError([problem], kind=kind, headers=headers, details=details)


def rejection_error(
    code: str, rejected: Sequence[Rejected], users_path: str
) -> RequestError:
    """Make the error of a send that sinks with its recipients.

    :param code: ``no_valid_users`` or ``rejected_users``
    """
    problems = [RequestProblem(code, users_path)]
    for user in rejected[: MAX_PROBLEMS - 1]:
        place = f"{users_path}[{user.index}]"
        path = f"{place}.{user.field}" if user.field else place
        problems.append(RequestProblem(user.code, path, user.params))
    return RequestError(problems, kind="send")


@dataclass(frozen=True, slots=True)
class BalanceRequest:
    """``currencies``: ISO 4217, as asked, each once."""

    route: str
    currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusRequest:
    route: str
    key: str
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts as they came, before compiling."""

    male: str
    female: str | None
    alternative: str | None


@dataclass(frozen=True, slots=True)
class SendDocument:
    """A send whose shape is right.

    ``ttl`` is in seconds. ``not_before`` is naive UTC, None for now. ``users_path`` is
    where the recipients stood in the request: ``send.users`` or ``users``. Of a secret
    one nobody may see the texts.
    """

    route: str
    texts: Texts
    sources: Sources
    rules: Rules
    recipients: Recipients
    users_path: str
    ttl: int | None
    is_debug: bool
    channel: Channel
    not_before: datetime | None
    is_strict: bool
    is_secret: bool
    warnings: tuple[str, ...]


class Recipients:
    """The recipients of a request, made one by one: its users are kept once.

    :param users: objects only
    :param names: the listed fields
    """

    def __init__(
        self, users: list[object] | Items, count: int, names: Collection[str]
    ) -> None:
        self._users = users
        self._count = count
        self._names = names

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Recipient]:
        for index, user in enumerate(self._read_users()):
            if isinstance(user, dict):
                values = _pick_values(user, self._names)
                phone, gender = user.get("phone"), user.get("gender")
                yield Recipient(index, phone, gender, values)

    def _read_users(self) -> Iterable[object]:
        if isinstance(self._users, list):
            return self._users
        return self._users.read(self._get_shape)

    def _get_shape(self, name: str) -> Shape | None:
        is_read = name in ("phone", "gender") or _find_name(name) in self._names
        return nothing if is_read else None


class Rejected(Protocol):
    """A recipient nothing is sent to.

    ``phone`` is E.164, or as it was received; ``field`` is the place of the problem
    among the recipient's members, empty for the text.
    """

    @property
    def index(self) -> int: ...
    @property
    def phone(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def params(self) -> Mapping[str, object]: ...


class _Reader:
    """Reads members of one JSON object and notes what is wrong with them.

    The readers of one request share the list of problems.
    """

    def __init__(
        self,
        members: Mapping[str, object],
        *,
        prefix: str = "",
        problems: list[RequestProblem],
    ) -> None:
        self.members = members
        self.prefix = prefix
        self.problems = problems

    def path(self, name: str) -> str:
        return self.prefix + name

    def get(self, name: str) -> object:
        return self.members.get(name)

    def report(self, code: str, path: str, **params: object) -> None:
        """Note a problem; beyond `MAX_PROBLEMS` nobody reads on."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(RequestProblem(code, path, params))

    def raise_problems(self, kind: str) -> None:
        if self.problems:
            raise RequestError(self.problems, kind=kind)

    def child(self, name: str) -> _Reader | None:
        """The reader of a member that must be an object."""
        value = self.get(name)
        if isinstance(value, dict):
            return _Reader(value, prefix=f"{self.path(name)}.", problems=self.problems)
        self.report("wrong_type", self.path(name), variant="object")
        return None

    def string(
        self,
        name: str,
        *,
        max_length: int,
        code: str = "invalid_value",
        is_required: bool = False,
        **params: object,
    ) -> str | None:
        """See `check_string`."""
        value, path = self.get(name), self.path(name)
        if value is None:
            if is_required:
                self.report("missing", path)
            return None
        return self.check_string(
            value, path, max_length=max_length, code=code, **params
        )

    def check_string(
        self,
        value: object,
        path: str,
        *,
        max_length: int,
        code: str = "invalid_value",
        **params: object,
    ) -> str | None:
        """A string, composed (NFC): the same word typed on a Mac is the same word.

        ``code`` and ``params`` tell what is wrong with a longer one, before anything
        else is done with it.
        """
        if not isinstance(value, str):
            self.report("wrong_type", path, variant="string")
            return None
        if len(value) > max_length:
            self.report(code, path, value=value[:max_length], **params)
            return None
        if _FORBIDDEN_CHARACTER.search(value):
            self.report("invalid_character", path)
            return None
        return compose_letters(value)

    def number(
        self, name: str, *, minimum: int, maximum: int, variant: str = "number"
    ) -> int | None:
        """A whole number, or its digits in a string."""
        value, path = self.get(name), self.path(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self.report("wrong_type", path, variant="number")
            return None
        number = _whole_number(value)
        if number is None or not minimum <= number <= maximum:
            self.report(
                "invalid_value", path, variant=variant, minimum=minimum, maximum=maximum
            )
            return None
        return number

    def boolean(self, name: str) -> bool:
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            self.report("wrong_type", self.path(name), variant="boolean")
        return value is True


def _whole_number(value: float | str) -> int | None:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if _WHOLE_NUMBER.fullmatch(digits) else None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


# === JSON ===
def parse_json(body: bytes) -> object:
    """Read UTF-8 JSON, with or without a byte order mark.

    Of a repeated member the last one counts. NaN, Infinity and numbers out of the
    range of a float are refused, as is nesting beyond the interpreter's stack.

    Of a body that would take too much memory there is only what requests are made of,
    and its big lists are `Items`; numbers that nobody reads are not looked at.

    :raise RequestError: ``bad_json``
    """
    if not _can_be_built(body):
        return _read_outline(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise request_error("bad_json", variant="encoding") from None
    if not text.strip():
        raise request_error("bad_json", variant="empty")
    return _load(text)


def _can_be_built(body: bytes) -> bool:
    """Whether all of a body can be in memory as objects, estimated from above."""
    letter_size = 1 if body.isascii() else 4
    worst = len(body) * (letter_size + CONTAINER_SIZE // 2)
    if worst <= MAX_BUILT:
        return True
    containers = body.count(b"{") + body.count(b"[")
    members = containers + body.count(b",")
    objects = containers * CONTAINER_SIZE + members * MEMBER_SIZE
    return 2 * len(body) * letter_size + objects <= MAX_BUILT


def _read_outline(body: bytes) -> object:
    body = body.removeprefix(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), CHUNK):
            decoder.decode(body[start : start + CHUNK])
        decoder.decode(b"", final=True)
        return Outline(body, _load).read(_REQUEST_SHAPE)
    except UnicodeDecodeError:
        raise request_error("bad_json", variant="encoding") from None
    except Malformed as error:
        raise _malformed(body, error.position) from None
    except (TooDeep, RecursionError):
        raise request_error("bad_json", variant="depth") from None


def _malformed(body: bytes, position: int) -> RequestError:
    start_of_line = body.rfind(b"\n", 0, position) + 1
    line = body.count(b"\n", 0, start_of_line) + 1
    column = len(str(memoryview(body)[start_of_line:position], "utf-8")) + 1
    return request_error("bad_json", variant="place", line=line, column=column)


def hash_body(body: bytes) -> str:
    """Fingerprint of a request, for the idempotency key."""
    return hashlib.sha256(body).hexdigest()


def _load(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise request_error(
            "bad_json", variant="place", line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise request_error("bad_json", variant="depth") from None
    except ValueError:
        # More digits than Python turns into an int.
        raise request_error("bad_json", variant="number") from None


def _refuse_number(_literal: str) -> float:
    raise request_error("bad_json", variant="number")


def _read_finite(literal: str) -> float:
    """Return a fraction; one with an exponent is no telephone number (`compose`)."""
    has_exponent = "e" in literal or "E" in literal
    number = RoundedNumber(literal) if has_exponent else float(literal)
    if math.isinf(number):
        _refuse_number(literal)
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_number, parse_float=_read_finite)


# === REQUESTS ===
def parse(
    document: object, *, method: str, limits: Limits, now: datetime
) -> BalanceRequest | StatusRequest | SendDocument:
    """Turn a request's document into data.

    Members that are null count as absent, unknown ones are ignored.

    :param method: the HTTP verb
    :param now: naive UTC
    :raise RequestError: with all problems, at most `MAX_PROBLEMS`
    """
    if method not in ("GET", "POST"):
        raise _wrong_method(METHODS)
    if not isinstance(document, dict):
        raise request_error("wrong_type", variant="document")
    operation = _find_operation(document)
    if operation == "balance":
        return _parse_balance(document)
    if operation == "status":
        return _parse_status(document)
    if method != "POST":
        raise _wrong_method(SEND_METHODS)
    return _parse_send(document, limits, now)


def _wrong_method(allow: str) -> RequestError:
    return request_error("method_not_allowed", headers={"Allow": allow})


def _find_operation(document: Mapping[str, object]) -> str:
    named = [name for name in OPERATIONS if document.get(name) is not None]
    if not named:
        raise request_error("no_operation")
    if len(named) > 1:
        raise request_error("several_operations", names=", ".join(named))
    return named[0]


def _parse_balance(document: Mapping[str, object]) -> BalanceRequest:
    request = _Reader(document, problems=[])
    route = _read_route(request)
    currencies = _read_currencies(request)
    request.raise_problems("balance")
    return BalanceRequest(route, currencies)


def _parse_status(document: Mapping[str, object]) -> StatusRequest:
    request = _Reader(document, problems=[])
    route = _read_route(request)
    status = request.child("status")
    if status is None:
        raise RequestError(request.problems, kind="status")
    key = status.string(
        "key", max_length=MAX_WORD, code="unknown_key", is_required=True
    )
    offset = status.number("offset", minimum=0, maximum=MAX_OFFSET)
    limit = status.number("limit", minimum=1, maximum=MAX_PAGE)
    request.raise_problems("status")
    if key is None or not _KEY.fullmatch(key):
        raise request_error("unknown_key", path="status.key", kind="status")
    return StatusRequest(route, key, offset or 0, limit or DEFAULT_PAGE)


def _parse_send(
    document: Mapping[str, object], limits: Limits, now: datetime
) -> SendDocument:
    request = _Reader(document, problems=[])
    route = _read_route(request)
    send = request.child("send")
    if send is None:
        raise RequestError(request.problems, kind="send")
    users, users_path = _read_users(request, send, limits.max_recipients)
    defaults = _read_fields(request, send)
    sources = _read_sources(send, limits.max_template)
    texts = _compile_texts(send, sources, defaults)
    ttl = request.number("ttl", minimum=1, maximum=MAX_TTL, variant="ttl")
    mode = _read_mode(request)
    channel = _read_channel(request)
    not_before = _read_time(request, limits.time_zone, now)
    is_strict = request.boolean("strict")
    is_secret = request.boolean("secret")
    # Last, so that a thousand bad users do not crowd the other problems out.
    count = _check_users(request, users, users_path)
    request.raise_problems("send")
    return SendDocument(
        route=route,
        texts=texts,
        sources=sources,
        rules=_make_rules(channel, defaults, texts, limits),
        recipients=Recipients(users, count, frozenset(defaults or ())),
        users_path=users_path,
        ttl=ttl,
        is_debug=mode == "debug",
        channel=channel,
        not_before=not_before,
        is_strict=is_strict,
        is_secret=is_secret,
        warnings=_find_warnings(channel, sources),
    )


def _read_route(request: _Reader) -> str:
    """The name, trimmed and composed (NFC) as names of routes are compared."""
    value = request.string(
        "route",
        max_length=MAX_ROUTE_LENGTH,
        code="unknown_route",
        is_required=True,
        route=request.get("route"),
    )
    route = (value or "").strip()
    if value is not None and not route:
        request.report("missing", "route")
    return route


def _read_currencies(request: _Reader) -> tuple[str, ...]:
    value = request.get("balance")
    if isinstance(value, str):
        return _unique([_read_currency(request, value, "balance")])
    if not isinstance(value, list | Items):
        request.report("wrong_type", "balance", variant="currencies")
        return ()
    if not value:
        request.report("missing", "balance", variant="empty")
    return _unique(
        _read_currency(request, code, f"balance[{index}]")
        for index, code in enumerate(value)
    )


def _read_currency(request: _Reader, value: object, path: str) -> str:
    text = request.check_string(value, path, max_length=MAX_WORD, variant="currency")
    if text is None:
        return ""
    code = text.strip()
    if not _CURRENCY.fullmatch(code):
        request.report("invalid_value", path, variant="currency")
    currency = code.upper()
    return _CURRENCY_ALIASES.get(currency, currency)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


# === TEXTS ===
def _read_sources(send: _Reader, max_length: int) -> Sources:
    return Sources(
        male=_read_text(send, "text_male", max_length, is_required=True) or "",
        female=_read_text(send, "text_female", max_length),
        alternative=_read_text(send, "text_alternative", max_length),
    )


def _read_text(
    send: _Reader, name: str, max_length: int, *, is_required: bool = False
) -> str | None:
    """A text; a blank optional one counts as absent, old clients send it so."""
    text = send.string(
        name,
        max_length=max_length,
        code="too_long",
        is_required=is_required,
        maximum=max_length,
    )
    if text is None:
        return None
    if not text.strip():
        if is_required:
            send.report("empty_text", send.path(name))
        return None
    return text


def _compile_texts(
    send: _Reader, sources: Sources, names: Collection[str] | None
) -> Texts:
    """Compile the texts; without ``text_female`` the one for men is for everyone."""
    male = _compile_text(send, "text_male", sources.male, names)
    female = _compile_text(send, "text_female", sources.female, names)
    return Texts(
        male=male,
        female=female,
        neutral=None if female else male,
        alternative=_compile_text(send, "text_alternative", sources.alternative, names),
    )


def _compile_text(
    send: _Reader, name: str, source: str | None, names: Collection[str] | None
) -> Template | None:
    """:param names: None when ``fields`` could not be read: no name is known then"""
    if not source:
        return None
    try:
        return compile_template(source, names or ())
    except TemplateError as error:
        if names is not None or error.code != "template_unknown_name":
            send.report(
                error.code,
                send.path(name),
                line=error.line,
                detail=error.detail,
            )
        return None


def _make_rules(
    channel: Channel,
    defaults: Mapping[str, str | None] | None,
    texts: Texts,
    limits: Limits,
) -> Rules:
    defaults = defaults or {}
    return Rules(
        channel=channel,
        fields=tuple(defaults),
        defaults={name: text for name, text in defaults.items() if text is not None},
        gender_required=texts.female is not None,
        max_segments=limits.max_segments,
        max_speech=limits.max_speech,
    )


def _find_warnings(channel: Channel, sources: Sources) -> tuple[str, ...]:
    is_unused = sources.alternative is not None and channel != "voice"
    return ("text_alternative_unused",) if is_unused else ()


# === FIELDS AND USERS ===
def _locate(request: _Reader, send: _Reader, name: str) -> tuple[object, str]:
    """Find a member inside ``send``, or beside it as the manual's Table 1 numbers it.

    :return: its value and its path
    """
    inside, beside = send.get(name), request.get(name)
    if inside is not None and beside is not None:
        request.report("invalid_value", name, variant="twice")
    if inside is None and beside is not None:
        return beside, request.path(name)
    return inside, send.path(name)


def _read_fields(request: _Reader, send: _Reader) -> dict[str, str | None] | None:
    """The listed names with their defaults.

    :return: None when they could not be read
    """
    value, path = _locate(request, send, "fields")
    if value is None:
        return {}
    if not isinstance(value, list | dict | Items):
        request.report("wrong_type", path, variant="fields")
        return None
    if _count_beyond(value, MAX_NAMES):
        request.report("invalid_value", path, variant="names", maximum=MAX_NAMES)
        return None
    if isinstance(value, dict):
        return _read_defaults(request, value, path)
    return _read_names(request, value, path)


def _read_names(
    request: _Reader, names: Iterable[object], path: str
) -> dict[str, str | None] | None:
    read = [
        _read_name(request, name, f"{path}[{index}]")
        for index, name in enumerate(names)
    ]
    known = [name for name in read if name is not None]
    return dict.fromkeys(known) if len(known) == len(read) else None


def _read_defaults(
    request: _Reader, members: dict[str, object], path: str
) -> dict[str, str | None] | None:
    defaults = {}
    for raw, value in members.items():
        name = _read_name(request, raw, path)
        if name is None:
            return None
        defaults[name] = _read_default(request, value, f"{path}.{name}")
    return defaults


def _read_name(request: _Reader, value: object, path: str) -> str | None:
    text = request.check_string(
        value,
        path,
        max_length=MAX_NAME_WRITTEN,
        variant="name",
        maximum=MAX_NAME_LENGTH,
    )
    if text is None:
        return None
    name = _field_name(text)
    if (
        name.isidentifier()
        and len(name) <= MAX_NAME_LENGTH
        and name not in _RESERVED_NAMES
    ):
        return name
    request.report(
        "invalid_value", path, variant="name", value=text, maximum=MAX_NAME_LENGTH
    )
    return None


def _read_default(request: _Reader, value: object, path: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return request.check_string(
            value, path, max_length=MAX_SOURCE, code="too_long", maximum=MAX_SOURCE
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        request.report("wrong_type", path, variant="default")
        return None
    return format(Decimal(repr(value)), "f").removesuffix(".0")


# users have the same names again and again
@lru_cache(maxsize=1024)
def _field_name(name: str) -> str:
    """``first name``, as the manual's Table 1 has it, is ``first_name``."""
    return "_".join(compose_letters(name).split())


def _read_users(
    request: _Reader, send: _Reader, max_recipients: int
) -> tuple[list[object] | Items, str]:
    """:return: the list of users and its path"""
    users, path = _locate(request, send, "users")
    if users is None:
        request.report("missing", path)
    elif not isinstance(users, list | Items):
        request.report("wrong_type", path, variant="list")
    elif not users:
        request.report("missing", path, variant="empty")
    elif has_more := _count_beyond(users, max_recipients):
        raise request_error(
            "too_many_users",
            path=path,
            kind="send",
            count=has_more,
            maximum=max_recipients,
        )
    else:
        return users, path
    return [], path


def _count_beyond(values: Collection[object] | Items, limit: int) -> str:
    """How many there are, when they are more than the limit; nobody counts the
    elements of a big list."""
    if not isinstance(values, Items):
        return str(len(values)) if len(values) > limit else ""
    kinds = islice(values.read_kinds(), limit + 1)
    return f"> {limit}" if sum(1 for _kind in kinds) > limit else ""


def _check_users(request: _Reader, users: list[object] | Items, path: str) -> int:
    """Report users that are no objects, and count all."""
    if isinstance(users, Items):
        are_objects = [kind == b"{" for kind in users.read_kinds()]
    else:
        are_objects = [isinstance(user, dict) for user in users]
    for index, is_object in enumerate(are_objects):
        if not is_object:
            request.report("wrong_type", f"{path}[{index}]", variant="object")
    return len(are_objects)


def _pick_values(
    user: Mapping[str, object], names: Collection[str]
) -> dict[str, object]:
    """The listed fields of a user; a name spelt exactly goes before its variants."""
    values = {name: user[name] for name in names if name in user}
    if len(values) < len(names):
        for raw, value in user.items():
            name = _find_name(raw)
            if name in names:
                values.setdefault(name, value)
    return values


def _find_name(raw: str) -> str:
    """The field that a member of a user stands for; empty for one of no field."""
    return _field_name(raw) if len(raw) <= MAX_NAME_WRITTEN else ""


# === HOW AND WHEN TO SEND ===
def _read_mode(request: _Reader) -> str | None:
    mode = request.string("mode", max_length=MAX_WORD, variant="mode")
    if mode is not None and mode.strip() not in _MODES:
        request.report("invalid_value", "mode", variant="mode", value=mode)
    return mode and mode.strip()


def _read_channel(request: _Reader) -> Channel:
    voice = request.get("voice")
    if voice is None:
        return "sms"
    if not isinstance(voice, int | float | str):
        request.report("wrong_type", "voice", variant="number")
        return "sms"
    flag = _whole_number(voice)
    if flag not in (0, 1):
        request.report("invalid_value", "voice", variant="voice")
    return "voice" if flag else "sms"


def _read_time(request: _Reader, time_zone: str, now: datetime) -> datetime | None:
    """``timeLimit`` as naive UTC; None when it is absent or not in the future."""
    text = request.string("timeLimit", max_length=MAX_WORD, variant="time")
    if text is None:
        return None
    moment = _parse_time(text.strip(), ZoneInfo(time_zone))
    if moment is None:
        request.report("invalid_value", "timeLimit", variant="time")
    elif moment > _years_later(now, MAX_YEARS_AHEAD):
        request.report(
            "invalid_value", "timeLimit", variant="far_time", years=MAX_YEARS_AHEAD
        )
    return moment if moment and moment > now else None


def _parse_time(text: str, time_zone: ZoneInfo) -> datetime | None:
    """Read a local time, or one with its offset, as naive UTC.

    Of a local time that comes twice when clocks are set back the first is meant; one
    that is skipped when they are set forward is counted on from before the change.

    :return: None when it is not a time
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    clock = f"{match['date']} {match['clock']}:{match['seconds'] or '00'}"
    try:
        local = datetime.fromisoformat(clock).replace(
            tzinfo=_read_offset(match) or time_zone
        )
        return local.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return None


def _read_offset(match: re.Match[str]) -> timezone | None:
    if match["utc"]:
        return timezone.utc
    if not match["sign"]:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(-offset if match["sign"] == "-" else offset)


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)


# === LANGUAGES ===
def preferred_language(accept_language: str | None) -> Language:
    """Choose the language of sentences: Russian unless English is preferred to it.

    Equal preference is Russian, so are ``*`` and languages there are no sentences in.
    """
    qualities = _read_qualities(accept_language or "")
    anything = qualities.get("*", 0.0)
    english = qualities.get("en", anything)
    return "en" if english > qualities.get("ru", anything) else "ru"


def _read_qualities(header: str) -> dict[str, float]:
    """The highest weight of every language, whatever its country."""
    qualities: dict[str, float] = {}
    for entry in header.lower().split(","):
        tag, *parameters = (part.strip() for part in entry.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        if _QUALITY.fullmatch(weight):
            language = tag.partition("-")[0]
            qualities[language] = max(float(weight), qualities.get(language, 0.0))
    return qualities


# === ANSWERS ===
def serialise_balance_accepted(key: str, language: Language) -> dict[str, object]:
    message = sentence("balance_accepted", language)
    return _ok({"balance": {"message": message, "key": key}})


def serialise_balance_status(
    text: str, details: Mapping[str, object], language: Language
) -> dict[str, object]:
    """:param text: the provider's answer as it came, empty until it is there"""
    return _ok({"balance": _status(text, details, language)})


def serialise_send_status(
    state: str, details: Mapping[str, object], language: Language
) -> dict[str, object]:
    return _ok({"send": _status(state, details, language)})


def serialise_send_accepted(
    key: str,
    *,
    rejected: Sequence[Rejected] = (),
    warnings: Sequence[str] = (),
    language: Language,
) -> list[dict[str, object]]:
    """The answer to a send; ``details`` only where there is something to tell."""
    answer: dict[str, object] = {
        "status": "ok",
        "message": sentence("send_accepted", language),
        "key": key,
    }
    details: dict[str, object] = {}
    if rejected:
        details["rejected"] = [_rejected(user, language) for user in rejected]
    if warnings:
        details["warnings"] = [
            {"code": code, "message": sentence(code, language)} for code in warnings
        ]
    if details:
        answer["details"] = details
    return [{"send": answer}]


def serialise_error(error: RequestError, language: Language) -> object:
    """The envelope of an error, by the operation it was understood as."""
    message = _problem_sentence(error.problems[0], language)
    if error.kind is None or error.status != 400:
        known = {"code": error.code, **error.details}
        return {"status": "error", "message": message, "details": known}
    if len(error.problems) > 1:
        message = f"{message} {sentence('more_errors', language)}"
    details = {
        "code": error.code,
        "errors": [_problem(problem, language) for problem in error.problems],
    }
    if error.kind == "send":
        return [{"send": {"status": "error", "message": message, "details": details}}]
    return {
        "status": "error",
        "message": [{"balance": {"message": message}}],
        "details": details,
    }


def _ok(message: dict[str, object]) -> dict[str, object]:
    return {"status": "ok", "message": [message]}


def _status(
    status: str, details: Mapping[str, object], language: Language
) -> dict[str, object]:
    message = sentence("status_received", language)
    return {"message": message, "status": status, "details": details}


def _rejected(user: Rejected, language: Language) -> dict[str, object]:
    problem = RequestProblem(user.code, user.field, user.params)
    return {
        "index": user.index,
        "phone": user.phone,
        "code": user.code,
        "message": _problem_sentence(problem, language),
    }


def _problem(problem: RequestProblem, language: Language) -> dict[str, object]:
    return {
        "path": problem.path,
        "code": problem.code,
        "message": _problem_sentence(problem, language),
    }


def _problem_sentence(problem: RequestProblem, language: Language) -> str:
    return sentence(problem.code, language, **{**problem.params, "path": problem.path})
