"""The report for people."""

from __future__ import annotations

from collections.abc import Sequence

from crash.report import align_rows

from .verdict import Finding, Result

HEADINGS = ("scenario", "attack", "measured", "promised", "verdict")


def make_table(results: Sequence[Result]) -> str:
    """What every attack found, with what went wrong below."""
    rows = [
        _make_row(result, finding) for result in results for finding in result.findings
    ]
    notes = [
        f"{_name(result)}: {note}"
        for result in results
        for note in (*result.problems, result.left_out)
        if note
    ]
    return "\n".join([*align_rows(HEADINGS, rows, [True] * len(HEADINGS)), "", *notes])


def _make_row(result: Result, finding: Finding) -> tuple[str, ...]:
    verdict = "held" if finding.holds else "BROKEN"
    return (
        *(_name(result), finding.attack),
        *(finding.measured, finding.promise, verdict),
    )


def _name(result: Result) -> str:
    return f"{result.scenario} ({result.mode})" if result.mode else result.scenario
