"""The values of an accepted campaign, which stand together in one place."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from ...tools.vocabulary import PRIORITY_BATCH, PRIORITY_SINGLE
from ..common import clock


def new_key():
    """An unguessable key of 32 lower-case hex characters (docs/api.rst, Answer)."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class CampaignValues:
    """What is decided about a campaign that is accepted without being a draft first.

    ``not_before`` is naive UTC, None for at once; ``ttl`` is in seconds, 0 for ever.
    Texts are None where there are none.
    """

    name: str
    source: str
    recipient_count: int
    not_before: datetime | None = None
    ttl: int = 0
    channel: str = "sms"
    category: str | None = None
    text_male: str | None = None
    text_female: str | None = None
    text_neutral: str | None = None
    text_alternative: str | None = None
    has_short_links: bool = False
    is_debug: bool = False
    is_secret: bool = False
    is_test: bool = False
    ignores_blacklist: bool = False
    mailing_id: int | None = None


def make_row(values, route, user_id):
    """Make the row of a campaign: the one place where its columns stand together.

    :param values: `CampaignValues`
    :return: dict of column → value, those of `make_acceptance` included
    """
    return {
        **make_acceptance(values.recipient_count, values.not_before),
        "name": values.name,
        "key": new_key(),
        "user_id": user_id,
        "route_id": route.id,
        "company_id": route.company_id.id,
        "source": values.source,
        "mailing_id": values.mailing_id,
        "channel": values.channel,
        "category": values.category,
        "text_male": values.text_male,
        "text_female": values.text_female,
        "text_neutral": values.text_neutral,
        "text_alternative": values.text_alternative,
        "has_short_links": values.has_short_links,
        "ttl": values.ttl,
        "is_debug": values.is_debug,
        "is_secret": values.is_secret,
        "is_test": values.is_test,
        "ignores_blacklist": values.ignores_blacklist,
    }


def make_acceptance(count, not_before):
    """Make the values that change when a campaign is accepted, at this moment.

    :param count: number of recipients
    :param not_before: naive UTC, or nothing
    """
    accepted_at = clock.this_second()
    is_later = bool(not_before) and not_before > accepted_at
    return {
        "state": "scheduled" if is_later else "running",
        "accepted_at": accepted_at,
        "scheduled_at": not_before if is_later else None,
        "starts_at": not_before if is_later else accepted_at,
        "priority": get_priority(count),
        "recipient_count": count,
    }


def get_priority(count):
    """The priority of a campaign's messages: a single one overtakes batches."""
    return PRIORITY_SINGLE if count == 1 else PRIORITY_BATCH
