"""The words of messages, each of them once.

Selections, CHECK constraints, conditions of indexes, the types of providers and the
words of the API derive from these, or a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Channel = Literal["sms", "voice"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

State = Literal[
    "queued",
    "submitting",
    "submitted",
    "unknown",
    "delivered",
    "failed",
    "expired",
    "cancelled",
]
STATES: tuple[State, ...] = get_args(State)
#: The provider has not been asked to send these yet, or just is.
WAITING_STATES: tuple[State, ...] = ("queued", "submitting")
FINAL_STATES: tuple[State, ...] = ("delivered", "failed", "expired", "cancelled")

#: Who says that a message changed.
Source = Literal[
    "dispatcher",
    "withheld",
    "push",
    "poll",
    "lookup",
    "lease",
    "ttl",
    "blacklist",
    "campaign",
    "person",
    "failover",
    "earlier_route",
]
SOURCES: tuple[Source, ...] = get_args(Source)

#: Where a state may go. The claim is the one statement that walks queued → submitting,
#: expired or cancelled by itself; everything else asks this table.
ARROWS: Mapping[State, tuple[State, ...]] = {
    "queued": ("submitting", "failed", "expired", "cancelled"),
    "submitting": ("queued", "submitted", "unknown", "delivered", "failed"),
    "submitted": ("delivered", "failed", "expired"),
    "unknown": ("queued", "submitted", "delivered", "failed", "expired"),
    "delivered": (),
    "failed": ("delivered",),
    "expired": ("delivered",),
    "cancelled": (),
}
#: Where only one source leads. A person decides about what the original of a restored
#: database may have sent; a late answer must not go there: the message was queued again
#: since, knowingly. A message that an earlier route has delivered needs no other, and
#: nobody can take it back.
SOURCE_ARROWS: tuple[tuple[State, State, Source], ...] = (
    ("queued", "unknown", "person"),
    ("queued", "delivered", "earlier_route"),
    ("cancelled", "delivered", "earlier_route"),
)

FailureType = Literal[
    "invalid_number",
    "missing_data",
    "unreachable",
    "blocked",
    "opted_out",
    "operator_refusal",
    "sender_rejected",
    "sender_unregistered",
    "content_rejected",
    "template_mismatch",
    "spam",
    "mailing_forbidden",
    "sim_changed",
    "no_answer",
    "busy",
    "declined",
    "machine",
    "no_funds",
    "unsupported",
    "attempts_exhausted",
    "provider_error",
    "other",
]
FAILURE_TYPES: tuple[FailureType, ...] = get_args(FailureType)
#: Failures of the route, not of the number or the text: another route may do better.
FAILOVER_TYPES: frozenset[FailureType] = frozenset(
    (
        "sender_rejected",
        "sender_unregistered",
        "no_funds",
        "unsupported",
        "attempts_exhausted",
        "provider_error",
    )
)
#: After these no step of a policy follows: nobody is written to who does not want it.
ENDING_TYPES: frozenset[FailureType] = frozenset(("opted_out",))

#: What became of a message, in the words of people: states tell where a message is,
#: outcomes whether the provider ever had it.
Outcome = Literal[
    "waiting", "submitted", "unknown", "delivered", "not_delivered", "not_sent"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
#: Of these the provider has the message, or may have it. Shares are parts of them.
SENT_OUTCOMES: tuple[Outcome, ...] = (
    "submitted",
    "unknown",
    "delivered",
    "not_delivered",
)

#: When the next step of a policy begins: after a definite end, or without one as well.
FollowUp = Literal["definite", "any"]
FOLLOW_UPS: tuple[FollowUp, ...] = get_args(FollowUp)

#: What a message is for: prices, routes and rules of law depend on it.
Category = Literal["advertising", "service", "transactional", "code"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

CampaignState = Literal["draft", "scheduled", "running", "paused", "done", "cancelled"]
CAMPAIGN_STATES: tuple[CampaignState, ...] = get_args(CampaignState)
#: Campaigns whose queued messages must not be handed over.
HELD_STATES: tuple[CampaignState, ...] = ("draft", "paused", "cancelled")
CampaignSource = Literal["api", "person", "action", "odoo"]
CAMPAIGN_SOURCES: tuple[CampaignSource, ...] = get_args(CampaignSource)

#: Smaller goes first: one message for one person overtakes a campaign.
PRIORITY_SINGLE = 10
PRIORITY_BATCH = 50
