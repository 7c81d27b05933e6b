"""The rules of a route's circuit breaker: pure functions of counts.

Closed: messages go. Open: the route rests, each time longer. When the rest is over, one
message goes as a probe: its answer closes the breaker, or opens it again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from .backoff import exponential

#: A breaker opens after so many answers with trouble within a window ...
MIN_TROUBLES = 5
#: ... of so many seconds, when they are at least this share of all its answers.
SHARES = {60: 0.5, 10: 0.5}
#: A route that was busy before it died has many good answers in these windows: its
#: breaker opens as well when a lane has got nothing but trouble so often in a row ...
STREAK_TIMES = 5
#: ... for so many seconds.
STREAK_SECONDS = 1.0
#: Meanwhile, from so many times on, the lane hands over one message after the other:
#: those that would only be refused are not touched.
STREAK_CARE = 2
#: Longest window, in seconds.
WINDOW = max(SHARES)
#: First and longest rest of a route, in seconds, and how far a rest is spread: routes
#: to one provider do not come back together.
FIRST_REST = 15
LONGEST_REST = 15 * 60
SPREAD = 0.2
#: The speed of a route is that of the last seconds.
SPEED_SECONDS = 5


class Tally:
    """Answers of one route, counted by the second in which they came."""

    def __init__(self, rows: Iterable[Sequence[int]] = ()) -> None:
        """:param rows: as `dump` gives them"""
        self._counts: dict[int, tuple[int, int]] = {}
        for second, answers, troubles in rows:
            self.add(second, answers, troubles)

    def add(self, second: int, answers: int, troubles: int = 0) -> None:
        """Count answers of one second; those older than `WINDOW` are forgotten.

        :param second: since 1970, by the clock that all hosts share
        :param troubles: how many of the answers were trouble of the route
        """
        old = self._counts.get(second, (0, 0))
        self._counts[second] = (old[0] + answers, old[1] + troubles)
        newest = max(self._counts)
        for past in [one for one in self._counts if one <= newest - WINDOW]:
            del self._counts[past]

    def dump(self) -> list[list[int]]:
        """What was counted, as lists of second, answers and troubles, in order."""
        return [[second, *counts] for second, counts in sorted(self._counts.items())]

    @property
    def troubles(self) -> int:
        return sum(troubles for _answers, troubles in self._counts.values())

    @property
    def is_bad(self) -> bool:
        """Whether the breaker opens."""
        return any(self._is_bad_within(*window) for window in SHARES.items())

    def _is_bad_within(self, seconds: int, share: float) -> bool:
        newest = max(self._counts, default=0)
        counts = [
            counts for one, counts in self._counts.items() if one > newest - seconds
        ]
        answers = sum(count for count, _troubles in counts)
        troubles = sum(count for _answers, count in counts)
        return troubles >= MIN_TROUBLES and troubles >= share * answers

    def get_speed(self, second: int) -> float:
        """Answers per second of the last `SPEED_SECONDS`, at least one."""
        recent = [one for one in self._counts if second - SPEED_SECONDS < one <= second]
        if not recent:
            return 1.0
        answers = sum(self._counts[one][0] for one in recent)
        return max(answers / (second - min(recent) + 1), 1.0)


class Streak:
    """How long a lane has got nothing but trouble from a route."""

    def __init__(self) -> None:
        self._times = 0
        self._began = self._last = 0.0

    def add(self, moment: float, *, is_good: bool) -> None:
        """Count what came at a moment of the monotonic clock.

        :param is_good: there was an answer without trouble among it
        """
        if is_good:
            self._times = 0
            return
        self._times += 1
        self._last = moment
        if self._times == 1:
            self._began = moment

    @property
    def is_bad(self) -> bool:
        """Whether the breaker opens."""
        lasts = self._last - self._began
        return self._times >= STREAK_TIMES and lasts >= STREAK_SECONDS

    @property
    def demands_care(self) -> bool:
        """Whether messages go one after the other. A single failure changes nothing:
        other calls under way tell more."""
        return self._times >= STREAK_CARE


def merge(*tallies: Tally) -> Tally:
    """Count together what several lanes counted."""
    return Tally(row for tally in tallies for row in tally.dump())


def get_rest(openings: int, seed: int) -> int:
    """Return how long a route rests, in whole seconds: 15 s, doubled by every further
    opening, up to 15 minutes, spread by 20 %.

    :param openings: how often the breaker opened since it was last closed
    :param seed: the same one gives the same spread
    """
    rest = exponential(openings, base=FIRST_REST, cap=LONGEST_REST)
    spread = random.Random(seed * 1000 + openings).uniform(1 - SPREAD, 1 + SPREAD)
    return min(math.ceil(rest * spread), LONGEST_REST)
