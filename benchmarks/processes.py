"""Processes that the benchmarks start, and what is read from them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from simulators import Simulator

from .databases import LOCAL, ROOT
from .machine import get_children
from .web import Address, Request, exchange

#: seconds after which a job or a start is given up
PATIENCE = 240
_HERE = Path(__file__).parent
_ODOO_BIN = ROOT / "scripts" / "lib" / "bin" / "odoo-bin"


class Checkout(NamedTuple):
    """Whose addon and jobs a worker runs."""

    #: its package ``benchmarks``
    folder: Path
    #: the file with Odoo's settings
    config: str


class WorkerError(Exception):
    """A job has failed; its process has ended."""


class Provider(Simulator):
    """The fast provider, see its own docstring."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("loopback", f"--config={json.dumps(settings)}")

    def get_arrivals(self, phones: Iterable[str]) -> dict[str, float | None]:
        """When each number was last handed over, on the monotonic clock.

        :param phones: E.164, as the keys of the answer
        """
        digits = {phone.removeprefix("+"): phone for phone in phones}
        arrivals = self._call("/control/arrivals", {"phones": list(digits)})
        return {digits[phone]: moment for phone, moment in arrivals.items()}

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid


class _Process:
    """A process that ends with its block."""

    _process: subprocess.Popen[str]

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

    def stop(self) -> None:
        """End the process, by force when it does not end by itself."""
        process = self._process
        if process.stdin and not process.stdin.closed:
            process.stdin.close()
        self._ask_to_end()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def _ask_to_end(self) -> None:
        self._process.terminate()


class Worker(_Process):
    """A process with Odoo on one database, which does the jobs it is told.

    Usage::

        with Worker("name_of_database") as worker:
            result = worker.do("enqueue", count=10_000)
    """

    def __init__(
        self, database: str, *, jobs: str = "jobs", checkout: Checkout | None = None
    ) -> None:
        """
        :param jobs: the module of the package whose functions the jobs are
        :param checkout: this one when None
        """
        self._log = LOCAL / "log" / f"bench-{database}.log"
        folder, config = checkout or Checkout(_HERE, os.environ["ODOO_RC"])
        command = [sys.executable, str(folder / "worker.py"), config]
        with self._log.open("a") as output:
            self._process = subprocess.Popen(
                [*command, database, jobs],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        self._read()

    def __enter__(self) -> Worker:
        return self

    def do(self, job: str, **values: Any) -> dict[str, Any]:
        """Let it do a job, and wait; see `begin` and `finish`."""
        self.begin(job, **values)
        return self.finish()

    def begin(self, job: str, **values: Any) -> None:
        """Tell it a job."""
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

    def _ask_to_end(self) -> None:
        """It ends with its input."""


class Server(_Process):
    """Odoo's web server on one database, threaded or with worker processes.

    Usage::

        with Server("name_of_database", workers=2, crons=1) as server:
            exchange(server.address, request)
    """

    def __init__(
        self, database: str, *, workers: int = 0, crons: int = 0, db_filter: str = ""
    ) -> None:
        """
        :param workers: processes that serve requests; 0 = threads of one process
        :param crons: processes, or threads, that run crons
        :param db_filter: with one Odoo looks through the server's databases for every
            request without a session, an empty one too
        """
        port, gevent_port = _find_ports(2)
        self.address = Address("127.0.0.1", port)
        self._log = LOCAL / "log" / f"bench-{database}.log"
        options = [
            f"--database={database}",
            f"--db-filter={db_filter}",
            f"--http-port={port}",
            f"--gevent-port={gevent_port}",
            f"--workers={workers}",
            f"--max-cron-threads={crons}",
        ]
        with self._log.open("a") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(_ODOO_BIN), "server", *options],
                stdin=subprocess.DEVNULL,
                stderr=output,
                text=True,
            )

    def __enter__(self) -> Server:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise WorkerError(f"Odoo does not answer, see {self._log}")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        try:
            return exchange(self.address, Request("/web/health")).status == 200
        except OSError:
            return False

    def get_processes(self) -> list[int]:
        """Itself and its workers."""
        return [self.pid, *get_children(self.pid)]

    def get_web_workers(self) -> list[int]:
        """The processes that serve requests."""
        forked = [pid for pid in get_children(self.pid) if not _is_gevent(pid)]
        return forked or [self.pid]


def _is_gevent(pid: int) -> bool:
    return b"gevent" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def _find_ports(count: int) -> list[int]:
    """Ports that are free at this moment."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _port in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
