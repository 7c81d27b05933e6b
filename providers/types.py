"""The words providers and the gateway speak with each other.

Plain, immutable data: it crosses threads and knows neither Odoo nor a database.
Times are aware datetimes in UTC, numbers are E.164 with the plus sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from ..tools.vocabulary import Channel, FailureType
from .errors import UnreadablePush

_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class ClientReference(Enum):
    """What a provider does with the reference we send along."""

    NONE = "none"
    #: returned with delivery reports
    ECHO = "echo"
    #: a repeated reference is not sent again, the earlier answer comes back
    DEDUP = "dedup"


def _(text: str) -> str:
    """Mark a text for people: it is collected for translation by this name, and
    translated where it is shown."""
    return text


class Words(Enum):
    """Base of the sentences that adapters say themselves, where the provider said none.

    Members are English texts with placeholders of `str.format`, marked with `_`. What
    is kept is English; what people read is found by it and translated.
    """

    def say(self, **params: object) -> str:
        """Fill the placeholders."""
        return str(self.value).format(**params)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider's protocol can do.

    ``max_batch`` counts messages per submit call, ``max_poll`` references per status
    call. ``push``/``poll``: how delivery reports come, ``inbound_push`` and
    ``inbound_poll``: how inbound messages do.
    """

    channels: frozenset[Channel]
    max_batch: int = 1
    #: one call may carry different texts
    per_recipient_text: bool = False
    client_reference: ClientReference = ClientReference.NONE
    #: the provider answers what became of a message whose submit went unanswered
    lookup: bool = False
    max_lookup: int = 1
    #: channels whose messages cannot be asked for, though others can
    lookup_excludes: frozenset[Channel] = frozenset()
    #: seconds after the attempt from which "never seen" is believed, and the message
    #: handed over again; None = a person decides
    not_found_after: float | None = None
    #: shortest and longest time to live that the protocol carries, in seconds; None:
    #: it has no longest, or carries none at all
    validity: tuple[int, int | None] | None = None
    #: longest text of a call, in characters
    max_speech: int | None = None
    push: bool = False
    #: pushes prove where they come from, by a signature
    signed_push: bool = False
    poll: bool = False
    max_poll: int = 1
    balance: bool = False
    price: bool = False
    inbound_push: bool = False
    inbound_poll: bool = False
    #: the callback address can be registered through the provider's API
    registers_callback: bool = False


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """One message to hand over.

    ``client_reference`` is a decimal number below 2**63, the same on every attempt.
    ``attempt`` counts from 1. After ``valid_until`` the message is of no use.
    ``attempted_at`` is when the last attempt began; it is told to `Provider.lookup`.
    """

    uuid: str
    client_reference: str
    msisdn: str
    text: str
    channel: Channel = "sms"
    attempt: int = 1
    valid_until: datetime | None = None
    attempted_at: datetime | None = None


class Fields(Mapping[str, str]):
    """Fields of a query or a form: names may be repeated, their order is kept.

    As a mapping it gives the first value of each name.
    """

    #: more are no delivery report
    _MAX = 5000

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(pairs)
        self._first: dict[str, str] = {}
        for name, value in self.pairs:
            self._first.setdefault(name, value)

    @classmethod
    def parse(cls, text: bytes | str, encoding: str = "utf-8") -> Fields:
        """Read ``name=value&…``.

        :raise UnreadablePush: these are no fields
        """
        raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
        # what should have been quoted and was not
        quoted = _NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], raw)
        try:
            pairs = parse_qsl(
                quoted.decode("ascii"),
                keep_blank_values=True,
                encoding=encoding,
                errors="replace",
                max_num_fields=cls._MAX,
            )
        except ValueError as error:
            raise UnreadablePush(str(error)) from error
        return cls(pairs)

    def __getitem__(self, name: str) -> str:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def get_all(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for one, value in self.pairs if one == name]


class Outcome(Enum):
    ACCEPTED = "accepted"
    #: this message will never be taken; ``failure_type`` says why
    REFUSED = "refused"
    #: provably not handed over; may be tried again
    NOT_SENT = "not_sent"
    #: nobody knows whether the provider has it
    MAYBE_SENT = "maybe_sent"


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What became of one `SubmitRequest`.

    An accepted result may carry a ``failure_type`` as a remark (``no_funds``: queued
    at the provider until the account is topped up). ``retry_after`` is in seconds.
    ``route_down`` holds the reason when the whole route must stop until a person acts,
    ``route_trouble`` is true when the cause is not this message (no connection),
    ``is_throttled`` when messages come too fast: the route's pace is lowered.
    """

    outcome: Outcome
    provider_reference: str | None = None
    segments: int | None = None
    failure_type: FailureType | None = None
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    route_down: str | None = None
    route_trouble: bool = False
    is_throttled: bool = False
    price: Money | None = None


class DeliveryStatus(Enum):
    """A provider's status in our words."""

    #: the provider has it, the handset not yet
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    #: the provider will never know more (a receipt that did not come)
    UNKNOWABLE = "unknowable"
    #: the provider has never seen the reference that was asked for
    NOT_FOUND = "not_found"


class Status(NamedTuple):
    """What a provider's word for a status means."""

    status: DeliveryStatus
    failure_type: FailureType | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """One status of one message, pushed or polled.

    Found by ``uuid`` (ours) or by ``provider_reference`` with ``msisdn`` where one
    reference covers several numbers. ``raw`` is the status as the provider wrote it.
    """

    status: DeliveryStatus
    provider_reference: str | None = None
    uuid: str | None = None
    msisdn: str | None = None
    failure_type: FailureType | None = None
    code: str = ""
    message: str = ""
    segments: int | None = None
    occurred_at: datetime | None = None
    raw: str = ""
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What somebody wrote to one of the account's numbers.

    ``sender`` and ``recipient`` are E.164 where they are telephone numbers, else as the
    provider wrote them. Without a ``provider_reference`` a repetition is recognised by
    everything else.
    """

    sender: str
    text: str
    recipient: str = ""
    provider_reference: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as a provider tells it; as text ``"97.90 RUB"``."""

    amount: Decimal
    #: ISO 4217
    currency: str

    def __str__(self) -> str:
        return f"{self.written_amount} {self.currency}"

    @property
    def written_amount(self) -> str:
        """The amount with two places, or more where the provider tells more."""
        places = max(2, -int(self.amount.as_tuple().exponent))
        return f"{self.amount:.{places}f}"


@dataclass(frozen=True, slots=True)
class Units:
    """Messages that can still be sent to an area; areas are alternatives, not a sum."""

    area: str
    count: int


@dataclass(frozen=True, slots=True)
class Balance:
    """``raw`` is the provider's answer byte for byte, ``text`` the same decoded."""

    money: tuple[Money, ...]
    units: tuple[Units, ...]
    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What a provider sent to a route's address, as it came over HTTP."""

    method: str
    body: bytes
    #: the absolute addresses, with the query, under which the provider may have called:
    #: behind a proxy nobody can be sure. The likeliest is the first.
    urls: tuple[str, ...] = ()
    #: names in lower case
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Fields = field(default_factory=Fields)
    remote: str = ""

    def get_header(self, name: str) -> str:
        """A header whatever its case, "" where there is none."""
        return self.headers.get(name.lower(), "")

    def read_form(self, encoding: str = "utf-8") -> Fields:
        """The body as the fields of a form.

        :raise UnreadablePush: it is none
        """
        return Fields.parse(self.body, encoding)

    def read_fields(self, encoding: str = "utf-8") -> Fields:
        """The query's fields and the form's, for providers that call either way."""
        return Fields([*self.query.pairs, *self.read_form(encoding).pairs])


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """What came, and the exact response that the provider waits for."""

    reports: tuple[StatusUpdate, ...] = ()
    inbound: tuple[InboundMessage, ...] = ()
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Context:
    """What an adapter may know of the route besides its settings."""

    #: the route's name
    name: str = ""
    #: absolute address that pushes come to, "" where none is known
    callback_url: str = ""
    #: of the gateway, where the account's own is not set
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    #: the provider's code → the reason that an administrator gave it
    reasons: Mapping[str, FailureType] = field(default_factory=dict)

    @property
    def callback_token(self) -> str:
        """What makes the callback address secret: its last part."""
        return self.callback_url.rpartition("/")[2]
