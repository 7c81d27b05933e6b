"""The report: a table for people, JSON for programs."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .scene import OTHER, WINDOWS
from .verdict import Result

HEADINGS = (
    *("scenario", "mode", "messages"),
    *("kills: claim", "call", "answer", "other"),
    *("handed over", "on handsets", "twice", "lost", "unknown", "s", "verdict"),
)
LEGEND = """\
kills      of the worker (or stops of PostgreSQL), by what the facts say of the moment:
           claim   a message was claimed, and the provider has never seen it
           call    the provider had it and had not answered
           answer  the provider had answered, and the database did not know
           other   anywhere
handed over  times a message reached the provider; on handsets: times it was delivered
twice, lost  further deliveries of a message; messages called sent that never were
unknown      messages at the end of which nobody can say more
"""


def make_table(results: Sequence[Result]) -> str:
    """The results under their headings, with what is wrong below."""
    rows = [_make_row(result) for result in results]
    is_word = [True, True, *[False] * (len(HEADINGS) - 3), True]
    notes = [note for result in results for note in _make_notes(result)]
    return "\n".join([*align_rows(HEADINGS, rows, is_word), "", LEGEND, *notes])


def align_rows(
    headings: Sequence[str], rows: Sequence[Sequence[str]], is_word: Sequence[bool]
) -> list[str]:
    """The lines of a table: words to the left, numbers to the right.

    :param is_word: of each column
    """
    rows = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, is_word, strict=True)
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def _make_row(result: Result) -> tuple[str, ...]:
    kills = (result.kills.get(window) for window in (*WINDOWS, OTHER))
    return (
        result.scenario,
        result.mode,
        str(result.messages),
        *("-" if number is None else str(number) for number in kills),
        str(result.submits),
        str(result.deliveries),
        str(result.duplicates),
        str(result.lost),
        str(result.unknown),
        f"{result.seconds:.0f}",
        result.verdict,
    )


def _make_notes(result: Result) -> list[str]:
    name = f"{result.scenario} ({result.mode})"
    notes = [f"{name}: {result.note}"] if result.note else []
    return notes + [f"{name}: {problem}" for problem in result.problems]


def write_json(path: Path, results: Sequence[Any], form: str) -> None:
    """Keep the figures.

    :param results: data classes that tell ``has_passed`` and ``verdict``
    """
    document = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": platform.node(),
        "python": platform.python_version(),
        "form": form,
        "passed": all(result.has_passed for result in results),
        "results": [
            {**asdict(result), "verdict": result.verdict} for result in results
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
