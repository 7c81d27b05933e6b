"""Rules of the watchers of routes: pure functions from figures to findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

#: The pace at which a balance falls is that of so long.
PACE_PERIOD = timedelta(days=7)
#: A forecast needs so many known balances, and so much time between them: a night and
#: a day differ.
MIN_READINGS = 3
MIN_OBSERVED = timedelta(days=1)
#: An end that is farther away is none.
FORECAST_HORIZON = timedelta(days=365)
#: A share of fewer finished messages says nothing.
MIN_FINISHED = 100
#: The share of the last messages is compared with that of so many days before.
BASE_DAYS = 7


class BalanceReading(NamedTuple):
    """A balance at a moment (naive UTC)."""

    at: datetime
    amount: float


class Forecast(NamedTuple):
    """When a balance ends.

    ``unknown``: too few readings. ``steady``: not within `FORECAST_HORIZON`. ``empty``:
    nothing is left. ``ends``: at the moment ``at``.
    """

    kind: Literal["unknown", "steady", "empty", "ends"]
    at: datetime | None = None


def forecast_end(readings: Sequence[BalanceReading]) -> Forecast:
    """Forecast when a balance ends, at the pace at which the readings fall.

    A rise is a top-up, which hides what was spent between its two readings: neither
    their money nor their time counts.

    :param readings: of one currency, in the order of time
    """
    if readings and readings[-1].amount <= 0:
        return Forecast("empty")
    falling = [
        (later.at - earlier.at, earlier.amount - later.amount)
        for earlier, later in zip(readings, readings[1:], strict=False)
        if later.amount <= earlier.amount
    ]
    observed = sum((time for time, _spent in falling), timedelta())
    if len(readings) < MIN_READINGS or observed < MIN_OBSERVED:
        return Forecast("unknown")
    spent = sum(amount for _time, amount in falling)
    last = readings[-1]
    if spent * (FORECAST_HORIZON / observed) < last.amount:
        return Forecast("steady")
    return Forecast("ends", last.at + observed * (last.amount / spent))


class Finished(NamedTuple):
    """Messages whose outcome is known, and how many of them were delivered."""

    delivered: int = 0
    total: int = 0

    @property
    def percent(self) -> float:
        """The share of delivered messages."""
        return 100 * self.delivered / self.total if self.total else 0.0


def split_days(
    counts: Mapping[date, Finished], today: date
) -> tuple[Finished, Finished]:
    """Sum the last messages and those of the `BASE_DAYS` before.

    The last messages are those of today; those of yesterday join them while they are
    too few to judge.
    """
    first = today
    recent = _sum_days(counts, [first])
    if recent.total < MIN_FINISHED:
        first = today - timedelta(days=1)
        recent = _sum_days(counts, [first, today])
    before = (first - timedelta(days=number) for number in range(1, BASE_DAYS + 1))
    return recent, _sum_days(counts, before)


def _sum_days(counts: Mapping[date, Finished], days: Iterable[date]) -> Finished:
    rows = [counts.get(day, Finished()) for day in days]
    return Finished(sum(row.delivered for row in rows), sum(row.total for row in rows))


def has_dropped(
    recent: Finished,
    before: Finished,
    *,
    max_points: float,
    max_share: float,
    is_known: bool = False,
) -> bool | None:
    """Whether the delivery share has dropped by one of two limits; 0 is no limit.

    :param max_points: percentage points
    :param max_share: percent of the share before
    :param is_known: the drop was found before: it ends at half of the limits, so that
        a share close to a limit is one drop
    :return: None where the messages are too few to judge
    """
    if not (max_points or max_share) or not (recent.total or before.total):
        return False
    if min(recent.total, before.total) < MIN_FINISHED:
        return None
    factor = 0.5 if is_known else 1
    drop = before.percent - recent.percent
    limits = (max_points, before.percent * max_share / 100)
    return any(limit and drop >= limit * factor for limit in limits)
