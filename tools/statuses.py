"""What is known of a campaign and its messages, as models hand it to the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed.

    Of the gateway's own reason there are the values of its sentence in ``params``; of a
    provider's its words in ``text``, as they came.
    """

    failure_type: str
    code: str | None
    params: Mapping[str, object] | None
    text: str | None


@dataclass(frozen=True, slots=True)
class StepStatus:
    """A step of a cascade that another one has followed."""

    channel: str
    route: str
    state: str
    failure: Failure | None
    uuid: str


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """Times are naive UTC. ``phone`` is E.164, or as received when it is unreadable;
    ``text`` is None where it is not told.

    ``route`` is the real one, None where the request named it; ``steps`` are those
    before, the first one first.
    """

    index: int
    phone: str
    state: str
    failure: Failure | None
    segments: int
    uuid: str
    accepted_at: datetime
    submitted_at: datetime | None
    delivered_at: datetime | None
    text: str | None
    channel: str = "sms"
    route: str | None = None
    steps: Sequence[StepStatus] = ()


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """``totals`` has every state of messages, ``next_offset`` is None on the last page
    of ``messages``."""

    state: str
    totals: Mapping[str, int]
    messages: Sequence[MessageStatus]
    next_offset: int | None
