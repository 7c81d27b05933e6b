"""Figures: what was measured, what was promised, and how both are told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: units of what is spent; a number without a unit counts requests, statements or waits
SPENT = frozenset({"s", "ms", "MB", ""})


@dataclass(frozen=True)
class Line:
    """One line of the table and its floor."""

    name: str
    title: str
    unit: str
    #: the least that is good enough, or with `is_ceiling` the most
    floor: float | None = None
    is_ceiling: bool = False

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller value is the better one, with a floor or without."""
        return self.is_ceiling or self.unit in SPENT

    def misses_by(self, value: float) -> float:
        """How much is lacking to the floor, as a share of it; 0 when it is reached."""
        if self.floor is None:
            return 0.0
        lacking = value - self.floor if self.is_ceiling else self.floor - value
        return max(lacking / self.floor, 0.0)


@dataclass
class Figure:
    """What was measured for a line."""

    value: float
    #: the same on native Odoo, in the same run
    native: float | None = None
    #: of several rounds, of which `value` is the median
    rounds: list[float] = field(default_factory=list)
    #: peak memory of the measured process, MB
    memory: float | None = None
    #: CPU time per message in microseconds, by who spent it
    cpu: dict[str, float] = field(default_factory=dict)
    #: further facts, for the JSON
    facts: dict[str, Any] = field(default_factory=dict)
    #: one short remark for the table
    note: str = ""
    #: where a profile lies, when the floor was missed
    profile: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over native."""
        return self.value / self.native if self.native else None


Row = tuple[Line, Figure]


def median(values: Sequence[float]) -> float:
    """The value in the middle, of an even number the mean of both."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


# === TELLING ===
HEADINGS = ("what", "ours", "native", "ratio", "floor", "", "memory", "CPU per message")


def format_table(rows: Sequence[Row]) -> str:
    """Lines and their figures as text, one row each, with remarks below."""
    cells = [HEADINGS, *(_format_row(line, figure) for line, figure in rows)]
    remarks = [
        f"{line.title}: {remark}"
        for line, figure in rows
        for remark in (figure.note, figure.profile)
        if remark
    ]
    table = format_cells(cells)
    return "\n".join([table, "", *remarks]) if remarks else table


def format_cells(cells: Sequence[Sequence[str]]) -> str:
    """Rows of text in columns, the first of them as headings."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _format_row(line: Line, figure: Figure) -> tuple[str, ...]:
    return (
        line.title,
        format_value(figure.value, line.unit),
        "–" if figure.native is None else format_value(figure.native, line.unit),
        "–" if figure.ratio is None else f"{figure.ratio:.1f}×",
        _format_floor(line),
        _format_verdict(line, figure.value),
        "–" if figure.memory is None else f"{figure.memory:.0f} MB",
        ", ".join(f"{who} {spent:.0f} µs" for who, spent in figure.cpu.items()) or "–",
    )


def _format_floor(line: Line) -> str:
    if line.floor is None:
        return "–"
    return ("≤ " if line.is_ceiling else "≥ ") + format_value(line.floor, line.unit)


def _format_verdict(line: Line, value: float) -> str:
    if line.floor is None:
        return ""
    lacking = line.misses_by(value)
    return f"missed by {lacking:.0%}" if lacking else "reached"


def format_value(value: float, unit: str) -> str:
    """A number with its unit, with as many digits as tell something."""
    digits = 0 if abs(value) >= 100 or value == int(value) else 2
    number = f"{value:,.{digits}f}".replace(",", " ")
    return f"{number} {unit}".strip()
