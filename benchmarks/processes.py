"""Processes that the benchmarks start, and what is read from them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from .databases import LOCAL, ROOT

sys.path.append(str(ROOT / "tests"))

from simulators import Simulator  # noqa: E402

__all__ = ["Simulator", "Worker", "WorkerError"]

#: seconds after which a job is given up
PATIENCE = 240


class WorkerError(Exception):
    """A job has failed; its process has ended."""


class Worker:
    """A process with Odoo on one database, which does the jobs it is told (`jobs`).

    Usage::

        with Worker("name_of_database") as worker:
            result = worker.do("enqueue", count=10_000)
    """

    def __init__(self, database: str, *arguments: str) -> None:
        log = LOCAL / "log" / f"bench-{database}.log"
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        with log.open("a") as output:
            self._process = subprocess.Popen(
                [*command, os.environ["ODOO_RC"], database, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        self._log = log
        self._read()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def do(self, job: str, **values: Any) -> dict[str, Any]:
        """Let it do a job, and wait; see `begin` and `finish`."""
        self.begin(job, **values)
        return self.finish()

    def begin(self, job: str, **values: Any) -> None:
        """Tell it a job of the module `jobs`."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([job, values]) + "\n")
        self._process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        """Wait for the job's end.

        :return: what the job returned, and ``seconds``, ``cpu`` (seconds), ``idle`` and
            ``peak`` (memory before the job and at its most, MB)
        """
        return self._read()

    def _read(self) -> dict[str, Any]:
        impatience = threading.Timer(PATIENCE, self._process.kill)
        impatience.start()
        assert self._process.stdout
        line = self._process.stdout.readline()
        impatience.cancel()
        if not line:
            self.stop()
            raise WorkerError(f"The process ended, see {self._log}")
        result: dict[str, Any] = json.loads(line)
        return result

    def stop(self) -> None:
        """End the process."""
        process = self._process
        for stream in (process.stdin, process.stdout):
            if stream and not stream.closed:
                stream.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
