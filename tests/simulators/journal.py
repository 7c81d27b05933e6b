"""What a simulator knows of every call, and the traps it sets for a client.

A trap stops a process (SIGSTOP) at the very moment when a call reaches a phase: whoever
set it looks at the world standing still, and kills the process or lets it go on.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: a connection stands; a call was read; what it brings was taken; it was answered
PHASES = ("connected", "received", "accepted", "answered")


@dataclass
class Trap:
    """Stops a process at the next call, or a later one, that reaches a phase."""

    phase: str
    pid: int
    #: the number of such calls to wait for
    after: int = 1


@dataclass
class Call:
    """The calls that brought one reference of the client's."""

    #: where the last of them stands
    phase: str
    #: when each of them was received, in seconds since 1970
    received_at: list[float]


class Journal:
    """The calls of a simulator by the client's references."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, Call] = {}
        self._trap: Trap | None = None
        self._open = 0

    def reach(self, phase: str, references: Iterable[str] = ()) -> None:
        """Note how far the call with these references got, and spring the trap."""
        with self._lock:
            for reference in references:
                call = self._calls.setdefault(reference, Call(phase, []))
                call.phase = phase
                if phase == "received":
                    call.received_at.append(time.time())
            trap = self._spring(phase)
        if trap:
            _stop(trap.pid)

    def count_connection(self, change: int) -> None:
        """Note that a connection was opened (1) or is done with (-1)."""
        with self._lock:
            self._open += change

    def set_trap(self, values: dict[str, Any]) -> None:
        """Set the one trap; without values there is none any more.

        :raise TypeError, ValueError: they are not those of a `Trap`
        """
        trap = Trap(**values) if values else None
        if trap and trap.phase not in PHASES:
            raise ValueError(f"There is no phase {trap.phase}")
        with self._lock:
            self._trap = trap

    def describe(self, references: Iterable[str] | None = None) -> dict[str, Any]:
        """What is known of these references (None: of all), and how many connections
        are open besides the one that asks."""
        with self._lock:
            asked = self._calls if references is None else references
            return {
                "open": self._open - 1,
                "calls": {
                    reference: vars(self._calls[reference])
                    for reference in asked
                    if reference in self._calls
                },
            }

    def _spring(self, phase: str) -> Trap | None:
        trap = self._trap
        if trap is None or trap.phase != phase:
            return None
        trap.after -= 1
        if trap.after > 0:
            return None
        self._trap = None
        return trap


def _stop(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        pass
