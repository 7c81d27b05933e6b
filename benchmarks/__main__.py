"""Measure, print one table, keep the figures as JSON: see ``scripts/bench --help``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from . import submit
from .databases import LOCAL, ROOT
from .figures import Figure, Line, format_table
from .machine import describe
from .scene import Scene

Measurement = Callable[[Scene], dict[Line, Figure]]

MEASUREMENTS: dict[str, Measurement] = {
    "submit-one": submit.measure_one,
    "submit-batch": submit.measure_batch,
}


def main() -> int:
    options = parse_options()
    if options.list:
        print("\n".join(MEASUREMENTS))
        return 0
    scene = Scene(database=os.environ["ODOO_DB"])
    head = describe_run()
    rows: list[tuple[Line, Figure]] = []
    for name in options.names or MEASUREMENTS:
        started = time.monotonic()
        say(f"{name} ...")
        rows += MEASUREMENTS[name](scene).items()
        say(f"{name}: done in {time.monotonic() - started:.0f} s")
    print(format_table(rows))
    keep(options.json, head, rows)
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="see --list")
    parser.add_argument("--list", action="store_true", help="tell the names")
    parser.add_argument("--json", type=Path, default=LOCAL / "bench.json")
    options = parser.parse_args()
    unknown = set(options.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; see --list")
    return options


def describe_run() -> dict[str, object]:
    """When, where and of what the figures are."""
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": describe(),
    }


def keep(path: Path, head: dict[str, object], rows: list[tuple[Line, Figure]]) -> None:
    """Write the figures as JSON."""
    lines = {line.name: {**asdict(line), **asdict(figure)} for line, figure in rows}
    path.write_text(json.dumps({**head, "lines": lines}, indent=1, ensure_ascii=False))


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
