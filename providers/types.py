"""The words providers and the gateway speak with each other.

Plain, immutable data: it crosses threads and knows neither Odoo nor a database.
Times are aware datetimes in UTC, numbers are E.164 with the plus sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Literal

Channel = Literal["sms", "voice"]
FailureType = Literal[
    "invalid_number",
    "missing_data",
    "unreachable",
    "blocked",
    "opted_out",
    "operator_refusal",
    "sender_rejected",
    "content_rejected",
    "no_funds",
    "unsupported",
    "attempts_exhausted",
    "provider_error",
    "other",
]


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
class Setting:
    """One value an administrator enters for a route; drives the route's form.

    ``label`` and ``help`` are marked with `_`. ``directs_secret``: the value decides
    where the route's secrets are sent to, so who changes it must know them.
    """

    name: str
    label: str
    required: bool = False
    secret: bool = False
    directs_secret: bool = False
    default: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider's protocol can do.

    ``max_batch`` counts messages per submit call, ``max_poll`` references per status
    call. ``lookup``: the provider answers what became of one of our references.
    ``push``/``poll``: how delivery reports come.
    """

    channels: frozenset[Channel]
    max_batch: int = 1
    client_reference: ClientReference = ClientReference.NONE
    lookup: bool = False
    push: bool = False
    poll: bool = False
    max_poll: int = 1
    balance: bool = False


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """One message to hand over.

    ``client_reference`` is a decimal number below 2**63, the same on every attempt.
    ``attempt`` counts from 1. After ``valid_until`` the message is of no use.
    """

    uuid: str
    client_reference: str
    msisdn: str
    text: str
    channel: Channel = "sms"
    attempt: int = 1
    valid_until: datetime | None = None


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
    ``route_trouble`` is true when the cause is not this message (no connection).
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


@dataclass(frozen=True, slots=True)
class DeliveryReport:
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


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A delivery report as it came over HTTP."""

    method: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """The reports of a push and the acknowledgement its provider waits for."""

    reports: tuple[DeliveryReport, ...]
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    #: ISO 4217
    currency: str


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
