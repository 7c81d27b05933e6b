"""Two commits measured beside each other, in turns of seconds: see ``scripts/bench
--help``, "pairs".

A machine whose pace changes within minutes changes it for both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .accept import RECIPIENTS, SHELL
from .against import Comparison, format_comparisons
from .documents import make_document
from .figures import Line
from .processes import Checkout
from .scene import Scene, Stage, TheirScene, open_stage
from .submit import BATCH, ONE, ONE_LATENCY, check_provider

#: messages of one turn: some seconds of work
ONE_COUNT = 4000
BATCH_COUNT = 30_000


@dataclass(frozen=True)
class Turns:
    """What is done in turns.

    ``take`` does the work of one turn, whose number it gets, and returns the rate.
    """

    line: Line
    take: Callable[[Stage, int], float]
    #: of the stage
    settings: dict[str, Any] = field(default_factory=dict)
    #: messages that a turn submits
    submitted: int = 0


def main() -> int:
    options = parse_options()
    checkout = Checkout(options.folder / "benchmarks", options.config)
    scenes = (Scene(), TheirScene(checkout, options.database))
    comparisons = [
        measure(TURNS[name], scenes, options.count) for name in options.names or TURNS
    ]
    print(format_comparisons(comparisons))
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", type=read_name, help=", ".join(TURNS))
    parser.add_argument("--count", type=int, required=True, help="pairs of turns")
    parser.add_argument("--folder", type=Path, required=True, help="their checkout")
    parser.add_argument("--database", required=True, help="theirs, prepared")
    parser.add_argument("--config", required=True, help="the file of their settings")
    return parser.parse_args()


def read_name(text: str) -> str:
    if text not in TURNS:
        raise argparse.ArgumentTypeError(f"{text} is not measured in pairs")
    return text


def measure(turns: Turns, scenes: Sequence[Scene], count: int) -> Comparison:
    """Take so many turns of each, after one to warm; who comes first changes."""
    rates: list[list[float | None]] = [[] for _scene in scenes]
    with ExitStack() as stack:
        stages = [
            stack.enter_context(open_stage(scene, **turns.settings)) for scene in scenes
        ]
        sides = list(zip(rates, stages, strict=True))
        for number in range(count + 1):
            for its_rates, stage in sides[:: 1 if number % 2 else -1]:
                rate = turns.take(stage, number)
                if number:
                    its_rates.append(rate)
        for stage in stages if turns.submitted else ():
            total = turns.submitted * (count + 1)
            stage.expect(submitted=total)
            check_provider(stage.provider.stats(messages=False), total)
    return Comparison(turns.line, *rates)


def accept_once(stage: Stage, number: int) -> float:
    body = json.dumps(make_document(RECIPIENTS, first=number * RECIPIENTS))
    return RECIPIENTS / stage.worker.do("accept", body=body)["seconds"]


def submit_once(count: int) -> Callable[[Stage, int], float]:
    """A turn that fills the queue and measures how a lane empties it."""

    def submit(stage: Stage, number: int) -> float:
        stage.worker.do("enqueue", count=count, first=number * count)
        return count / stage.worker.do("run_lane")["seconds"]

    return submit


TURNS = {
    "enqueue": Turns(SHELL, accept_once),
    "submit-one": Turns(
        ONE,
        submit_once(ONE_COUNT),
        {"latency": ONE_LATENCY, "max_batch": 1},
        ONE_COUNT,
    ),
    "submit-batch": Turns(
        BATCH, submit_once(BATCH_COUNT), {"latency": 0.2}, BATCH_COUNT
    ),
}


if __name__ == "__main__":
    raise SystemExit(main())
