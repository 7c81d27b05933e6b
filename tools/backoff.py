"""When to try again: pure functions from a count to seconds."""

from __future__ import annotations

import random

_HOUR = 3600.0
_RETRY_BASE = 5.0
_RETRY_CAP = 900.0
_JITTER = 0.1


def _then_hourly(*first: float, until: float) -> tuple[float, ...]:
    """Return delays that go on hourly while they end within ``until`` seconds."""
    return first + (_HOUR,) * int((until - sum(first)) // _HOUR)


#: waits before each question to a provider for the status of a message: three days
POLL_SCHEDULE = _then_hourly(3, 3, 5, 10, 30, 60, 300, 900, until=72 * _HOUR)
#: waits before each question what became of an unknown message: one day
RECONCILE_SCHEDULE = _then_hourly(5, 30, 120, 600, 3600, until=24 * _HOUR)


def exponential(attempt: int, *, base: float, cap: float) -> float:
    """Return ``base`` seconds after the first attempt, doubled by every further one."""
    doublings = min(max(attempt - 1, 0), 64)
    return min(base * 2.0**doublings, cap)


def jitter(seconds: float, seed: int) -> float:
    """Spread a delay by up to ±10 %, always the same way for the same seed."""
    return seconds * random.Random(seed).uniform(1 - _JITTER, 1 + _JITTER)


def retry_delay(attempt: int, seed: int = 0) -> float:
    """Return the wait after a failed attempt (from 1): 5 s, doubled, up to 15 minutes.

    Give each message a seed of its own (its id), so that those which failed together
    do not come back together.
    """
    delay = exponential(attempt, base=_RETRY_BASE, cap=_RETRY_CAP)
    return jitter(delay, seed + attempt)


def poll_delay(count: int) -> float | None:
    """Return the wait after ``count`` polls, None when polling ends."""
    return POLL_SCHEDULE[count] if count < len(POLL_SCHEDULE) else None


def reconcile_delay(count: int) -> float | None:
    """Return the wait after ``count`` vain questions, None when a person decides."""
    return RECONCILE_SCHEDULE[count] if count < len(RECONCILE_SCHEDULE) else None
