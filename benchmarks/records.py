"""Figures as JSON: written after a run, read again for a later table."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .figures import Figure, Line, Row
from .machine import describe

_HERE = Path(__file__).parent
#: the last figures of ``scripts/bench flat``
FLAT = _HERE / "flat.json"


def describe_run() -> dict[str, Any]:
    """When, where and of what the figures are."""
    git = ["git", "-C", str(_HERE), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": describe(),
    }


def keep(path: Path, head: dict[str, Any], rows: Sequence[Row]) -> None:
    """Write figures, with what `describe_run` told before they were measured."""
    lines = [{"line": asdict(line), **asdict(figure)} for line, figure in rows]
    text = json.dumps({**head, "figures": lines}, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n")


def load(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Read what `keep` has written: the head and the figures."""
    head = json.loads(path.read_text())
    lines = head.pop("figures")
    return head, [(Line(**line.pop("line")), Figure(**line)) for line in lines]
