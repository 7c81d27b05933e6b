"""How a suite plays one scenario, and speaks meanwhile."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from typing import Protocol


class Playable(Protocol):
    """What a scenario comes to."""

    scenario: str
    mode: str
    seconds: float
    problems: list[str]
    is_broken: bool

    @property
    def verdict(self) -> str: ...


def play(result: Playable, scenario: Callable[..., None], *arguments: object) -> None:
    """Play a scenario; one that breaks down does not stop the others."""
    say(f"{result.scenario} ({result.mode}) ...")
    started = time.monotonic()
    try:
        scenario(*arguments)
    except Exception as error:
        traceback.print_exc()
        result.problems.append(f"broken off: {error}")
        result.is_broken = True
    result.seconds = time.monotonic() - started
    say(f"  {result.verdict} after {result.seconds:.0f} s")
    for problem in result.problems:
        say(f"  {problem}")


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
