"""Events of a campaign by time since its start, in as many bars as a chart can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

MINUTE = 60
DAY = 24 * 60 * MINUTE
#: Widths of a bar in seconds; beyond them, whole days.
WIDTHS = (MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 4 * 60 * MINUTE, DAY)
#: The most bars before the last one.
MAX_BARS = 30
#: The share of the events that the bars show by time. The last bar holds the rest: one
#: phone that is switched on a week later must not squeeze all others into one bar.
SHOWN_SHARE = 0.98


@dataclass(frozen=True)
class Buckets:
    """``width`` is in seconds, ``counts`` has one dict of series → count for each bar
    since the start, ``later`` the counts after the last of them."""

    width: int
    counts: list[dict[str, int]]
    later: dict[str, int]


def make_buckets(by_minute: Mapping[str, Mapping[int, int]], leading: str) -> Buckets:
    """Sum up what happened in each minute.

    :param by_minute: series → dict of the minute since the start → count
    :param leading: the series whose duration decides on the width of a bar
    """
    last = _find_last(by_minute[leading])
    width = _find_width(last * MINUTE)
    length = last * MINUTE // width + 1
    bars: dict[str, Counter[int]] = {}
    for series, counts in by_minute.items():
        bars[series] = Counter()
        for minute, count in counts.items():
            bars[series][min(minute * MINUTE // width, length)] += count
    rows = [
        {series: found[place] for series, found in bars.items()}
        for place in range(length + 1)
    ]
    return Buckets(width, rows[:-1], rows[-1])


def _find_last(counts: Mapping[int, int]) -> int:
    """The minute by which `SHOWN_SHARE` of the events had happened, 0 without any."""
    wanted = ceil(sum(counts.values()) * SHOWN_SHARE)
    so_far = 0
    for minute in sorted(counts):
        so_far += counts[minute]
        if so_far >= wanted:
            return minute
    return 0


def _find_width(seconds: int) -> int:
    for width in WIDTHS:
        if seconds // width < MAX_BARS:
            return width
    return DAY * ceil((seconds + DAY) / DAY / MAX_BARS)
