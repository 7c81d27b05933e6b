"""Statuses of providers as states, and their times as PostgreSQL takes them."""

from datetime import timezone
from functools import lru_cache

from ...providers.types import DeliveryStatus
from ..common import clock

STATE_OF_STATUS = {
    DeliveryStatus.ACCEPTED: "submitted",
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.FAILED: "failed",
    DeliveryStatus.EXPIRED: "expired",
}
STATE_OF_WORD = {status.value: state for status, state in STATE_OF_STATUS.items()}


def as_naive(moment):
    """An aware time as the naive UTC time Odoo keeps."""
    return moment and moment.astimezone(timezone.utc).replace(tzinfo=None)


@lru_cache(maxsize=1024)
def sql_time(moment):
    """An aware time as text for PostgreSQL; the states of a push share a few."""
    return clock.to_sql(as_naive(moment)) if moment else None
