"""Handles of the processes that suites start, stop and kill."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

#: the folder of the suites, whose names tasks begin with
TESTS = Path(__file__).resolve().parents[1]
#: seconds within which what was started must be ready
START_TIMEOUT = 90
#: seconds within which a task that ends must have ended
TASK_TIMEOUT = 180


class Failed(Exception):
    """The suite itself could not do what it wanted; nothing is said of the product."""


def wait_until(
    condition: Callable[[], Any], timeout: float, pause: float = 0.002
) -> Any:
    """Return what the condition says as soon as that is true; at the end, whatever."""
    deadline = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return value


class Nursery:
    """Odoo on one database in a process of its own that forks workers, see `nursery`.

    :param tasks: name of the module with the tasks
    :param environment: further variables, e.g. of another PostgreSQL
    """

    def __init__(
        self,
        database: str,
        folder: Path,
        *,
        tasks: str = "crash.tasks",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.database = database
        self.folder = folder
        self._workers: list[Worker] = []
        folder.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "crash.nursery", os.environ["ODOO_RC"]),
                *(database, str(folder), tasks),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            text=True,
        )

    def __enter__(self) -> Nursery:
        if "ready" not in self._read():
            raise Failed("Odoo was not loaded")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def fork(self, task: str, **arguments: Any) -> Worker:
        """Start a task and do not wait for it."""
        answer = self._ask({"do": "fork", "task": task, "arguments": arguments})
        worker = Worker(self, answer["pid"])
        self._workers.append(worker)
        return worker

    def kill_all(self) -> None:
        """Kill every worker that still runs."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def run(self, task: str, **arguments: Any) -> Any:
        """Run a task and return what it returns."""
        return self.fork(task, **arguments).finish()

    def wait(self, pid: int, timeout: float) -> int | None:
        """The exit status of a worker, None while it runs."""
        status: int | None = self._ask({"do": "wait", "pid": pid, "timeout": timeout})[
            "status"
        ]
        return status

    def count_log(self, pattern: str) -> int:
        """How many lines of Odoo's log hold the pattern."""
        return _count_lines(self.log, pattern)

    @property
    def log(self) -> Path:
        """Odoo's log, of all its workers."""
        return self.folder / "odoo.log"

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"Odoo ended by itself, see {self.log}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Worker:
    """One forked process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.status: int | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether a signal holds it."""
        return self._read_state() in "tT"

    def wait(self, timeout: float = 0) -> int | None:
        """Its exit status, None while it runs."""
        if self.status is None:
            self.status = self._nursery.wait(self.pid, timeout)
        return self.status

    def finish(self) -> Any:
        """Wait for its end and return what its task returns."""
        status = self.wait(TASK_TIMEOUT)
        if status is None:
            self.kill()
        if status != 0:
            raise Failed(f"status {status}: {self.read_log()[-4000:]}")
        return json.loads((self._nursery.folder / f"{self.pid}.json").read_text())

    def read_log(self) -> str:
        """Its lines in Odoo's log, with the tracebacks that follow them."""
        pid, lines = "", []
        with self._nursery.log.open(encoding="utf-8", errors="replace") as log:
            for line in log:
                if start := re.match(r"\d{4}-\S+ \S+ (\d+) [A-Z]+ ", line):
                    pid = start[1]
                if pid == str(self.pid):
                    lines.append(line)
        return "".join(lines)

    def stop(self) -> None:
        """Hold it (SIGSTOP) and return when every thread of it stands."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(lambda: self.is_stopped, 5, 0.0005)

    def go_on(self) -> None:
        """Let it run again (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> bool:
        """SIGKILL; False when it had ended before."""
        if self.wait() is not None:
            return False
        os.kill(self.pid, signal.SIGKILL)
        return self.wait(10) == -signal.SIGKILL

    def _read_state(self) -> str:
        try:
            text = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return "X"
        return text.rpartition(")")[2].split()[0]


class OdooServer:
    """A real Odoo server, as somebody would start it.

    :param arguments: options of ``odoo-bin server``
    """

    def __init__(self, database: str, folder: Path, *arguments: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"server-{time.monotonic_ns()}.log"
        self.port = find_free_port()
        self.gevent_port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [
                *("odoo-bin", "server", "-c", os.environ["ODOO_RC"], "-d", database),
                *("--http-port", str(self.port), "--logfile", str(self.log)),
                f"--db-filter=^{database}$",
                *("--gevent-port", str(self.gevent_port), *arguments),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> OdooServer:
        if not wait_until(self._answers, START_TIMEOUT, 0.1):
            self.__exit__(None, None, None)
            raise Failed(f"The Odoo server does not answer, see {self.log}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The group is all ours: the server, its workers, and nobody else. A polite end
        # would wait for crons.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        """The process that all others of the server come from."""
        return self._process.pid

    def count_log(self, pattern: str) -> int:
        """How many lines of the log hold the pattern."""
        return _count_lines(self.log, pattern)

    def kill_one_worker(self, chance: random.Random) -> bool:
        """SIGKILL one of the processes that answer requests; False if there is none."""
        pids = [pid for pid in _find_children(self._process.pid) if _is_forked(pid)]
        if pids:
            os.kill(chance.choice(pids), signal.SIGKILL)
        return bool(pids)

    def _answers(self) -> bool:
        opener = build_opener(ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/web/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def _count_lines(path: Path, pattern: str) -> int:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return sum(bool(re.search(pattern, line)) for line in lines)


def _find_children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _is_forked(pid: int) -> bool:
    """Not so the process for long polling, which is a program of its own."""
    try:
        return b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def find_free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
