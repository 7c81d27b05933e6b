"""Profiles of lines that miss their floor: what Python and PostgreSQL were doing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2

_SITE = Path(__file__).with_name("profiler")
_INTERVAL = 0.02
_SHOWN = 25
_PROCESSES = 5
_ACTIVE = """
    SELECT left(query, 2000), wait_event_type, wait_event FROM pg_stat_activity
     WHERE state = 'active' AND pid <> pg_backend_pid()
"""


class StatementSampler(threading.Thread):
    """Counts the statements that PostgreSQL works on, every 20 ms."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.statements: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self._end = threading.Event()

    def run(self) -> None:
        with contextlib.closing(psycopg2.connect(dbname="postgres")) as connected:
            connected.autocommit = True
            with connected.cursor() as cursor:
                while not self._end.wait(_INTERVAL):
                    cursor.execute(_ACTIVE)
                    for query, kind, event in cursor.fetchall():
                        self.statements[shorten(query)] += 1
                        self.waits[f"{kind} {event}" if kind else "working"] += 1

    def stop(self) -> None:
        self._end.set()
        self.join()


def write_profile(path: Path, run: Callable[[], object]) -> None:
    """Measure something once more, now looking at what it does."""
    statements = StatementSampler()
    with tempfile.TemporaryDirectory() as folder, sampled(folder):
        statements.start()
        try:
            run()
        finally:
            statements.stop()
        files = sorted(Path(folder).glob("*.json"))
        processes = [json.loads(file.read_text()) for file in files]
    processes.sort(key=lambda process: -process["samples"])
    parts = [
        format_statements(statements),
        *map(format_process, processes[:_PROCESSES]),
    ]
    path.write_text("\n".join(parts))


@contextlib.contextmanager
def sampled(folder: str) -> Iterator[None]:
    """Let Python processes that are started in the block be sampled."""
    before = dict(os.environ)
    path = os.pathsep.join(filter(None, [str(_SITE), before.get("PYTHONPATH")]))
    os.environ.update(BENCH_PROFILE=folder, PYTHONPATH=path)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def format_process(process: dict) -> str:
    """The busiest functions of one process."""
    total = max(process["samples"], 1)
    lines = [f"=== {' '.join(process['command'])}: {total} samples", "--- own"]
    lines += [_format_share(n, total, name) for name, n in process["own"][:_SHOWN]]
    lines.append("--- with what they call")
    lines += [_format_share(n, total, name) for name, n in process["all"][: 2 * _SHOWN]]
    return "\n".join([*lines, ""])


def format_statements(sampler: StatementSampler) -> str:
    """The statements that PostgreSQL was at most often."""
    total = max(sampler.statements.total(), 1)
    lines = [f"=== PostgreSQL: {total} samples of working backends", "--- waits"]
    for counter, title in ((sampler.waits, "--- statements"), (sampler.statements, "")):
        lines += [_format_share(n, total, name) for name, n in counter.most_common(15)]
        lines.append(title)
    return "\n".join(lines)


def shorten(query: str) -> str:
    """A statement without its values and repetitions, on one line."""
    query = re.sub(r"'[^']*'|\b[0-9]+\b", "?", query)
    query = " ".join(query.split())
    query = re.sub(r"\?(?:, ?\?)+", "?…", query)
    query = re.sub(r"\(\?…\)(?:, ?\(\?…\))+", "(?…)…", query)
    return query[:300]


def _format_share(count: int, total: int, name: str) -> str:
    return f"{count / total:6.1%}  {name}"
