"""What simulated providers are made of.

A provider is a subclass of `Gate` in ``gates/<code>.py``: an account, the words of its
statuses, and a method for each thing it can be asked, found by method and path::

    class ExampleGate(Gate):
        code = "example"
        account = {"token": "example-token"}
        words = {"accepted": "queued", "delivered": "done", "failed": "lost"}

        def authenticate(self, call):
            if call.bearer != self.account["token"]:
                raise Refused(Reply.json({"error": "auth"}, 401), "wrong token")

        @route("POST", "/messages", "submit")
        def send(self, call):
            values = call.json
            check_fields(values, {"to", "text"}, {"sender"})
            message = self.accept(values["to"], values["text"])
            return Reply.json({"id": message.reference})

        @route("GET", "/messages/{reference}", "poll")
        def ask(self, call):
            message = self.find(call.parts["reference"])
            return Reply.json({"status": self.get_word(message)})

        def make_push(self, message, status):
            return Push.json(message.callback, {"id": message.reference, …})

A gate is as strict as the provider's documentation: what it checks, it checks by the
functions below or raises `Refused` itself. Every gate of a test run lives in one
process (see ``providers.py``), below ``/<code>/``; its `Gate.lock` is held while it
answers. The world around it (what reached handsets, faults, pushes, the clock) is kept
here; tests reach it through `GateControl`. Nothing of this imports Odoo.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import etree

#: statuses of messages in the words of tests; a gate has its own (`Gate.words`), and
#: tests may set any of those too
STATUSES = ("accepted", "delivered", "failed", "expired")
FINAL = ("delivered", "failed", "expired")

#: what every gate can be told by `GateControl.config`
DEFAULTS: dict[str, Any] = {
    # seconds after which messages have their outcome; None: when a test says so
    "deliver_after": None,
    "outcome": "delivered",
    # number → the provider's code of an error that it is refused with
    "answers": {},
    "balance": "97.90",
    # where pushes go to, unless the message or the account says it
    "callback": "",
    # reports of intermediate statuses are pushed too
    "pushes_accepted": True,
    # pushes go to their addresses, over HTTP, while the submit still waits
    "push_before_answer": False,
    # seconds by which the gate's clock is ahead
    "ahead": 0.0,
    # where it stands still, in seconds since 1970; None: it goes on
    "now": None,
}


class Refused(Exception):
    """The gate refuses a call with this answer; the reason is for tests."""

    def __init__(self, reply: Reply, reason: str) -> None:
        super().__init__(reason)
        self.reply = reply
        self.reason = reason


class Malformed(Exception):
    """A call is not as documented; answered by `Gate.refuse_malformed`."""


# === CALLS AND ANSWERS ===
class Values(Mapping[str, str]):
    """Fields of a query or form in their order; as a mapping, the first of each."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = list(pairs)
        self._first: dict[str, str] = {}
        for name, value in self.pairs:
            self._first.setdefault(name, value)

    @classmethod
    def parse(cls, text: str) -> Values:
        try:
            pairs = parse_qsl(
                text, keep_blank_values=True, strict_parsing=bool(text), errors="strict"
            )
        except ValueError as error:
            raise Malformed("fields are not quoted as UTF-8") from error
        return cls(pairs)

    def __getitem__(self, name: str) -> str:
        return self._first[name]

    def __iter__(self) -> Any:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def get_all(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for one, value in self.pairs if one == name]


@dataclass
class Call:
    """A request to a gate; ``path`` is what follows ``/<code>``."""

    method: str
    path: str
    query_string: str
    #: names in lower case
    headers: dict[str, str]
    body: bytes
    #: what the braces of the route's path hold
    parts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> Values:
        return Values.parse(self.query_string)

    @cached_property
    def form(self) -> Values:
        """The fields of a form; sent as such."""
        self._check_type("application/x-www-form-urlencoded")
        return Values.parse(_decode(self.body))

    @cached_property
    def fields(self) -> Values:
        """The fields of the query and of the form, if there is one."""
        is_form = "urlencoded" in self.headers.get("content-type", "")
        return Values([*self.query.pairs, *(self.form.pairs if is_form else ())])

    @cached_property
    def json(self) -> Any:
        """The document of JSON; sent as such, without constants that are none."""
        self._check_type("application/json")
        try:
            return json.loads(_decode(self.body), parse_constant=_refuse_constant)
        except ValueError as error:
            raise Malformed("the body is not JSON") from error

    @cached_property
    def xml(self) -> etree._Element:
        """The document of XML; sent as such."""
        if "xml" not in self.headers.get("content-type", ""):
            raise Malformed("the content type is not XML")
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            return etree.fromstring(self.body, parser)
        except etree.XMLSyntaxError as error:
            raise Malformed("the body is not XML") from error

    @cached_property
    def basic(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic authentication."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        try:
            user, _, password = base64.b64decode(token).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return user, password

    @property
    def bearer(self) -> str:
        """The token of ``Authorization: Bearer``, "" where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

    def _check_type(self, expected: str) -> None:
        found = self.headers.get("content-type", "").partition(";")[0].strip()
        if found != expected:
            raise Malformed(f"the content type is {found or 'missing'}")


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except ValueError as error:
        raise Malformed("the body is not UTF-8") from error


def _refuse_constant(_word: str) -> Any:
    raise ValueError


@dataclass(frozen=True)
class Reply:
    """An answer of a gate."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, text: str, status: int = 200) -> Reply:
        return cls(status, text.encode())

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        """:param headers: further ones; underscores become dashes"""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(status, body, "application/json", named)

    @classmethod
    def xml(cls, root: etree._Element, status: int = 200) -> Reply:
        body = etree.tostring(root, xml_declaration=True, encoding="utf-8")
        return cls(status, body, "text/xml; charset=utf-8")


@dataclass(frozen=True)
class Push:
    """What a provider sends to a callback address; ``url`` has the query."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def form(cls, url: str, pairs: Iterable[tuple[str, str]]) -> Push:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return cls("POST", url, headers, urlencode(list(pairs)).encode())

    @classmethod
    def json(cls, url: str, value: Any) -> Push:
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls("POST", url, {"Content-Type": "application/json"}, body)

    @classmethod
    def get(cls, url: str, pairs: Iterable[tuple[str, str]]) -> Push:
        mark = "&" if urlsplit(url).query else "?"
        return cls("GET", f"{url}{mark}{urlencode(list(pairs))}")

    def with_headers(self, **headers: str) -> Push:
        """The push with more headers; underscores become dashes."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return replace(self, headers={**self.headers, **named})


# === CHECKS ===
def check_fields(
    values: Any,
    required: Collection[str],
    optional: Collection[str] = (),
    *,
    others: bool = False,
) -> None:
    """Check the names of an object's members or of a form's fields.

    :param others: unknown ones are ignored, not refused
    """
    if not isinstance(values, Mapping):
        raise Malformed("an object is missing")
    for name in required:
        if name not in values or values[name] in ("", None):
            raise Malformed(f"{name} is missing")
    unknown = values.keys() - set(required) - set(optional)
    if unknown and not others:
        raise Malformed(f"{sorted(unknown)[0]} is unknown")


def check_text(values: Any, name: str, longest: int, shortest: int = 0) -> None:
    """Check that a member is text of this length, where it is there at all."""
    value = values.get(name, "" if shortest == 0 else None)
    if not isinstance(value, str) or not shortest <= len(value) <= longest:
        raise Malformed(f"{name} is not text of {shortest} to {longest} characters")


def check_integer(values: Any, name: str, lowest: int, highest: int) -> None:
    """Check that a member is a whole number in this range, where it is there at all;
    text with digits is one in a form."""
    if name not in values:
        return
    value = values[name]
    if isinstance(values, Values) and re.fullmatch("-?[0-9]+", value):
        value = int(value)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or not lowest <= value <= highest:
        raise Malformed(f"{name} is not a number from {lowest} to {highest}")


def check_msisdn(value: Any, *, plus: bool | None = None) -> str:
    """Check a number and return it as E.164.

    :param plus: whether it has to begin with a plus sign; None: it may
    """
    mark = {True: r"\+", False: "", None: r"\+?"}[plus]
    if not isinstance(value, str) or not re.fullmatch(mark + "[1-9][0-9]{7,14}", value):
        raise Malformed("a number is not as documented")
    return "+" + value.removeprefix("+")


# === ROUTES ===
class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    kind: str
    name: str


def route(method: str, path: str, kind: str) -> Callable[[Any], Any]:
    """Mark a method of a gate as what answers a method and a path.

    :param path: a word in braces stands for one step, see `Call.parts`
    :param kind: ``submit``, ``poll``, ``lookup``, ``balance``, ``login`` …: faults are
        armed for kinds of calls, and calls counted by them
    """
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))

    def mark(function: Any) -> Any:
        known = getattr(function, "routes", ())
        made = _Route(method, re.compile(pattern), kind, function.__name__)
        function.routes = (*known, made)
        return function

    return mark


# === FAULTS ===
class Fault(NamedTuple):
    """What goes wrong with a call: whether the gate takes what it brings, and what
    comes back."""

    takes: bool
    answer: str


#: close: none, the connection is closed; hang: none for some seconds, then it is closed
FAULTS = {
    "drop_before": Fault(False, "close"),
    "drop_after": Fault(True, "close"),
    "hang_before": Fault(False, "hang"),
    "hang_after": Fault(True, "hang"),
    "status_429": Fault(False, "busy"),
    "status_500": Fault(False, "broken"),
    "status_500_after": Fault(True, "broken"),
    "garbage": Fault(True, "garbage"),
    "late": Fault(True, "late"),
    "truncated": Fault(True, "truncated"),
}
#: what goes wrong with pushes
PUSH_FAULTS = ("twice", "reversed", "forged")
GARBAGE = Reply(200, b"\x00\xff<{ nonsense", "application/octet-stream")


@dataclass
class Armed:
    """A fault that waits for its calls."""

    fault: str
    #: kind of the calls, or ``all``
    calls: str = "submit"
    times: int = 1
    #: so many such calls pass before
    after: int = 0
    #: how long it hangs or is late
    seconds: float = 1.0


# === THE WORLD ===
@dataclass
class Message:
    """A message that a gate has taken, and that thereby reached a handset."""

    reference: str
    msisdn: str
    text: str
    channel: str = "sms"
    client_reference: str = ""
    sender: str = ""
    #: seconds
    valid_for: float | None = None
    callback: str = ""
    created_at: float = 0.0
    #: a status that a test has set, and when
    status: str = ""
    status_at: float = 0.0
    #: how often it was handed over again without being sent again
    repeats: int = 0
    #: the statuses that were pushed
    pushed: list[str] = field(default_factory=list)
    #: whatever else a gate wants to keep
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Inbound:
    """What somebody wrote to a number of the account."""

    sender: str
    recipient: str
    text: str
    reference: str
    received_at: float = 0.0


class Gate:
    """One provider with one account; see the module's docstring."""

    #: of the provider
    code: ClassVar[str]
    #: what the account is known by: values of the adapter's settings, by their names
    account: ClassVar[dict[str, str]] = {}
    #: name of the setting that holds the address of the provider
    url_setting: ClassVar[str] = "url"
    #: `STATUSES` in the provider's words
    words: ClassVar[dict[str, str]] = {}
    #: further settings of `GateControl.config`, with their defaults
    options: ClassVar[dict[str, Any]] = {}
    #: names of the values of `account` without which nobody is let in; None: all that
    #: are secret
    credentials: ClassVar[tuple[str, ...] | None] = None
    #: faults that the protocol does not have, or that say something else there
    without: ClassVar[frozenset[str]] = frozenset()
    #: a number that it takes
    msisdn: ClassVar[str] = "+79281706700"
    _routes: ClassVar[tuple[_Route, ...]] = ()

    def __init_subclass__(cls, **values: Any) -> None:
        super().__init_subclass__(**values)
        members = [getattr(cls, name) for name in dir(cls) if not name.startswith("__")]
        cls._routes = tuple(
            made for member in members for made in getattr(member, "routes", ())
        )

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.released = threading.Event()
        self.next_number = random.randrange(10**8, 2 * 10**8)
        self.reset()

    def reset(self) -> None:
        """Make the account new; whoever hangs hangs no longer."""
        with self.lock:
            self.released.set()
            self.released = threading.Event()
            self.config: dict[str, Any] = {**DEFAULTS, **self.options}
            self.messages: list[Message] = []
            self.inbox: list[Inbound] = []
            #: addresses that were registered by the provider's API
            self.callbacks: list[str] = []
            self.calls: Counter[str] = Counter()
            self.refusals: Counter[str] = Counter()
            self.reports: Counter[str] = Counter()
            self.armed: list[Armed] = []
            self.push_faults: set[str] = set()

    # === HOOKS OF GATES ===
    @classmethod
    def make_settings(cls, url: str) -> dict[str, str]:
        """The settings of a route to this account at an address."""
        return {cls.url_setting: url, **cls.account}

    def authenticate(self, call: Call) -> None:
        """Hook: raise `Refused` unless the caller proves who it is."""

    def get_kind(self, call: Call, kind: str) -> str:
        """Hook: what kind of call it is, where the path does not tell."""
        return kind

    def refuse_malformed(self, reason: str) -> Reply:
        """Hook: the answer to a call that is not as documented."""
        return Reply.text(reason, 400)

    def answer_busy(self) -> Reply:
        """Hook: the answer to too many calls."""
        return Reply(429, headers={"Retry-After": "1"})

    def answer_broken(self) -> Reply:
        """Hook: the answer of a server that broke."""
        return Reply(500, b"<html>Internal Server Error</html>", "text/html")

    def make_reference(self, number: int) -> str:
        """Hook: the provider's reference of a message."""
        return str(number)

    def make_push(self, message: Message, status: str) -> Push | None:
        """Hook: the delivery report of a status, which is one of `STATUSES` or a word
        of the provider's; unsigned. None: there is none."""
        return None

    def make_inbound_push(self, inbound: Inbound, address: str) -> Push | None:
        """Hook: what tells of an inbound message; unsigned."""
        return None

    def get_push_key(self) -> str:
        """Hook: what pushes are signed with."""
        return ""

    def sign(self, push: Push, key: str) -> Push:
        """Hook: a push with its signature."""
        return push

    def is_acknowledged(self, status: int, body: bytes) -> bool:
        """Hook: whether the provider takes this answer to a push for its receipt;
        otherwise it pushes again."""
        return 200 <= status < 300

    # === FOR GATES ===
    def now(self) -> float:
        """The gate's time, in seconds since 1970."""
        now = self.config["now"]
        return float(time.time() if now is None else now) + float(self.config["ahead"])

    def accept(
        self,
        msisdn: str,
        text: str,
        *,
        client_reference: str = "",
        dedup: bool = False,
        **values: Any,
    ) -> Message:
        """Take a message.

        :param dedup: one with the same reference of the client's is not taken again,
            the earlier one comes back
        :param values: further ones of `Message`
        """
        if dedup and client_reference:
            known = self.find_by_client(client_reference)
            if known:
                known.repeats += 1
                return known
        message = Message(
            self.make_reference(self.next_number),
            msisdn,
            text,
            client_reference=client_reference,
            created_at=self.now(),
            **values,
        )
        self.next_number += 1
        self.messages.append(message)
        return message

    def find(self, reference: str) -> Message | None:
        """The message with this reference of the provider's."""
        return next((m for m in self.messages if m.reference == reference), None)

    def find_by_client(self, client_reference: str) -> Message | None:
        """The message with this reference of the client's."""
        return next(
            (m for m in self.messages if m.client_reference == client_reference), None
        )

    def get_answer(self, msisdn: str) -> str:
        """The code that messages to this number are refused with, or ""."""
        return str(self.config["answers"].get(msisdn, ""))

    def get_status(self, message: Message) -> str:
        """The status a message has now."""
        return self._get_fate(message)[0]

    def get_status_time(self, message: Message) -> float:
        """Since when it has that, in seconds since 1970."""
        return self._get_fate(message)[1]

    def get_word(self, message: Message) -> str:
        """The status a message has now, in the provider's words."""
        return self.translate(self.get_status(message))

    def translate(self, status: str) -> str:
        """A status in the provider's words."""
        return self.words.get(status, status)

    def get_callback(self, message: Message | None = None) -> str:
        """Where pushes go to."""
        own = message.callback if message else ""
        registered = self.callbacks[-1] if self.callbacks else ""
        return own or registered or str(self.config["callback"])

    def _get_fate(self, message: Message) -> tuple[str, float]:
        if message.status:
            return message.status, message.status_at
        if self.config["deliver_after"] is not None:
            at = message.created_at + float(self.config["deliver_after"])
            if at <= self.now():
                return str(self.config["outcome"]), at
        return "accepted", message.created_at

    # === FOR THE ENGINE ===
    def get_route(self, call: Call) -> tuple[str, Callable[[Call], Reply]]:
        """The kind of a call, and what answers it."""
        for made in self._routes:
            found = made.path.fullmatch(call.path)
            if found and made.method == call.method:
                call.parts = found.groupdict()
                return self.get_kind(call, made.kind), getattr(self, made.name)
        return "unknown", self._miss

    def _miss(self, call: Call) -> Reply:
        raise Refused(Reply(404), f"no such page: {call.method} {call.path}")

    def answer(self, call: Call, method: Callable[[Call], Reply]) -> Reply:
        """What a call is answered, without any fault."""
        with self.lock:
            try:
                if method != self._miss:
                    self.authenticate(call)
                return method(call)
            except Refused as refusal:
                self.refusals[refusal.reason] += 1
                return refusal.reply
            except Malformed as error:
                self.refusals[str(error)] += 1
                return self.refuse_malformed(str(error))
            except Exception as error:
                traceback.print_exc()
                self.refusals[f"bug: {error!r}"] += 1
                return Reply(500)

    def take_fault(self, kind: str) -> Armed | None:
        """Use up the fault that waits for a call of this kind."""
        with self.lock:
            for armed in self.armed:
                if armed.calls not in (kind, "all") or not armed.times:
                    continue
                if armed.after:
                    armed.after -= 1
                    continue
                armed.times -= 1
                return armed
        return None

    def take_pushes(self) -> list[Push]:
        """The delivery reports that are due, in the order in which they are sent, with
        what shall go wrong with them; each is given once."""
        with self.lock:
            pushes = [push for m in self.messages for push in self._take_reports(m)]
            if "reversed" in self.push_faults:
                pushes.reverse()
            if "twice" in self.push_faults:
                pushes = [push for push in pushes for _ in range(2)]
            return pushes

    def _take_reports(self, message: Message) -> Iterable[Push]:
        status = self.get_status(message)
        before = ["accepted"] if self.config["pushes_accepted"] else []
        for one in dict.fromkeys([*before, status]):
            if one not in message.pushed and (one != "accepted" or before):
                message.pushed.append(one)
                push = self.push(message, one, is_forged="forged" in self.push_faults)
                if push:
                    yield push

    def push(self, message: Message, status: str, *, is_forged: bool) -> Push | None:
        """The signed report of a status."""
        routed = replace(message, callback=self.get_callback(message))
        push = self.make_push(routed, status) if routed.callback else None
        return push and self._sign(push, is_forged=is_forged)

    def push_inbound(self, inbound: Inbound, *, is_forged: bool) -> Push | None:
        """The signed push of an inbound message."""
        push = self.make_inbound_push(inbound, self.get_callback())
        return push and self._sign(push, is_forged=is_forged)

    def _sign(self, push: Push, *, is_forged: bool) -> Push:
        key = self.get_push_key()
        return self.sign(push, f"not {key}" if is_forged else key)

    def get_stats(self) -> dict[str, Any]:
        """What tests are told of this account."""
        copies = Counter((m.msisdn, m.text) for m in self.messages)
        return {
            "handset": dict(Counter(m.msisdn for m in self.messages)),
            "handset_total": len(self.messages),
            "duplicates": sum(copies.values()) - len(copies),
            "repeats": sum(m.repeats for m in self.messages),
            "calls": dict(self.calls),
            "refusals": dict(self.refusals),
            "reports": dict(self.reports),
            "callbacks": self.callbacks,
            "messages": [
                {**vars(m), "current": self.get_status(m)} for m in self.messages
            ],
        }
