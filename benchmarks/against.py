"""Two commits measured in turns: see ``scripts/bench --help``, "against"."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .databases import Database, ask
from .figures import Line, format_cells, format_value, median

HEADINGS = ("what", "unit", "better", "ours", "theirs", "ratio", "lowest–highest")
#: lines whose facts tell the memory of a process → what it is a worker for
WORKERS = {
    "memory-50000": "requests, 50 000 in one",
    "submit-one": "a lane, one per call",
    "submit-batch": "a lane, 500 per call",
}

#: what one turn measured: name of the line → line and value
Turn = dict[str, tuple[Line, float]]


@dataclass(frozen=True)
class Comparison:
    """A line, and its values by round; None where a commit has no such line."""

    line: Line
    ours: list[float | None]
    theirs: list[float | None]

    @property
    def ratios(self) -> list[float]:
        """Of the rounds that have both; above 1 ours is better."""
        pairs = [
            (theirs, ours) if self.line.less_is_better else (ours, theirs)
            for ours, theirs in zip(self.ours, self.theirs, strict=True)
        ]
        return [above / below for above, below in pairs if above and below]


def main() -> int:
    options = parse_options()
    if options.action == "forget":
        drop_databases()
    else:
        ours, theirs = [
            [read_turn(json.loads(path.read_text())) for path in paths]
            for paths in (options.ours, options.theirs)
        ]
        print(format_comparisons(compare(ours, theirs)))
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("forget", help="drop the databases of all other commits")
    table = actions.add_parser("compare", help="print a table of the turns' JSON files")
    table.add_argument("--ours", nargs="+", type=Path, required=True)
    table.add_argument("--theirs", nargs="+", type=Path, required=True)
    return parser.parse_args()


def drop_databases() -> None:
    """Drop what was made for other commits beside the database ODOO_DB."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    for (name,) in ask("postgres", query, f"{os.environ['ODOO_DB']}_against_"):
        Database(name).drop()


# === READING ===
def read_turn(kept: dict[str, Any]) -> Turn:
    """Lines and values of what `records.keep` wrote, in this or another commit."""
    turn = {}
    for figure in kept["figures"]:
        line = read_line(figure["line"])
        turn[line.name] = line, figure["value"]
        for memory, value in read_memory(line, figure.get("facts", {})):
            turn[memory.name] = memory, value
    return turn


def read_line(told: dict[str, Any]) -> Line:
    """The line, without what only another commit tells of one."""
    return Line(**{f.name: told[f.name] for f in fields(Line) if f.name in told})


def read_memory(line: Line, facts: dict[str, Any]) -> Iterator[tuple[Line, float]]:
    """Lines for the memory of the line's worker: before its work, and at the most."""
    worker = facts["lanes"][0] if facts.get("lanes") else facts
    if line.name not in WORKERS:
        return
    for key, moment in (("idle", "idle"), ("peak", "busy")):
        if key in worker:
            title = f"memory, worker for {WORKERS[line.name]}: {moment}"
            yield Line(f"{line.name}-{key}", title, "MB"), worker[key]


# === COMPARING ===
def compare(ours: Sequence[Turn], theirs: Sequence[Turn]) -> list[Comparison]:
    """All lines of either, in the order in which they were measured.

    :param ours: one for each round, as of `theirs`
    """
    lines = {
        name: line
        for turn in (*theirs, *ours)  # ours tells what a line is, where both do
        for name, (line, _value) in turn.items()
    }
    order = dict.fromkeys(name for turn in (*ours, *theirs) for name in turn)
    return [
        Comparison(lines[name], pick_values(ours, name), pick_values(theirs, name))
        for name in order
    ]


def pick_values(turns: Sequence[Turn], name: str) -> list[float | None]:
    """The line's value of each turn."""
    return [turn[name][1] if name in turn else None for turn in turns]


# === TELLING ===
def format_comparisons(comparisons: Sequence[Comparison]) -> str:
    """The table as text; values and ratios are medians of the rounds."""
    return format_cells([HEADINGS, *map(_format_row, comparisons)])


def _format_row(comparison: Comparison) -> tuple[str, ...]:
    line, ratios = comparison.line, comparison.ratios
    return (
        line.title,
        line.unit,
        "less" if line.less_is_better else "more",
        _format_median(comparison.ours),
        _format_median(comparison.theirs),
        f"{median(ratios):.2f}" if ratios else "–",
        f"{min(ratios):.2f}–{max(ratios):.2f}" if ratios else "–",
    )


def _format_median(values: Sequence[float | None]) -> str:
    measured = [value for value in values if value is not None]
    return format_value(median(measured), "") if measured else "–"


if __name__ == "__main__":
    raise SystemExit(main())
