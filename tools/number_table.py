"""Tables of numbers: what the narrowest of the intervals around a number says."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any, Generic, NamedTuple, TypeVar

Value = TypeVar("Value")

#: sorts after the digits: an interval ends behind all numbers that begin with its last
_BEHIND = "~"


class Interval(NamedTuple):
    """The numbers from ``first`` to ``last``, both beginnings of MSISDNs, and those
    that begin with ``last``. Of several intervals around a number that of the lowest
    ``rank`` wins; ranks of one table can be compared with each other."""

    first: str
    last: str
    rank: Any
    value: Any


def make_prefix(prefix: str, rank: Any, value: Any) -> Interval:
    """Return the numbers that begin with a prefix; the empty one begins them all."""
    return Interval(prefix, prefix, rank, value)


class NumberTable(Generic[Value]):
    """Intervals cut into disjoint ones, so that a number is found by one bisection."""

    def __init__(self, intervals: Iterable[Interval]) -> None:
        self._starts: list[str] = []
        #: one more than starts: the first is of the numbers before all of them
        self._values: list[Value | None] = [None]
        self._cut(sorted(intervals, key=lambda interval: interval.first))

    def __bool__(self) -> bool:
        return bool(self._starts)

    def find(self, msisdn: str) -> Value | None:
        """Return the value of the interval around a number, None outside of all."""
        return self._values[bisect_right(self._starts, msisdn)]

    def _cut(self, intervals: list[Interval]) -> None:
        """Walk along the borders; the heap holds the intervals around the border, those
        that have ended too as long as a better one hides them."""
        around: list[tuple[Any, int, str, Value]] = []
        borders = {one.first for one in intervals}
        borders.update(one.last + _BEHIND for one in intervals)
        next_one = 0
        for border in sorted(borders):
            while next_one < len(intervals) and intervals[next_one].first == border:
                one = intervals[next_one]
                heappush(around, (one.rank, next_one, one.last + _BEHIND, one.value))
                next_one += 1
            while around and around[0][2] <= border:
                heappop(around)
            self._append(border, around[0][3] if around else None)

    def _append(self, start: str, value: Value | None) -> None:
        if value != self._values[-1]:
            self._starts.append(start)
            self._values.append(value)
