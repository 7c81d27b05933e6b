"""What an attack costs a process: memory, CPU time, and the patience of others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Of one attack."""

    #: MiB over the idle process at the most
    memory: float = 0.0
    #: seconds of CPU time
    cpu: float = 0.0
    #: seconds until the attack was over
    seconds: float = 0.0
    #: the longest that somebody else waited meanwhile, in seconds
    wait: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.memory:.0f} MiB, {self.cpu:.1f} s CPU, {self.seconds:.1f} s, others"
            f" waited {self.wait:.1f} s"
        )


class Meter:
    """Measures a server's processes.

    :param pid: the process that the others come from; it must be idle
    :param probe: what somebody else asks of the server meanwhile
    """

    def __init__(self, pid: int, probe: Callable[[], object] | None = None) -> None:
        self._pids = [pid, *_get_children(pid)]
        self._idle = {pid: _read_memory(pid, "VmRSS") for pid in self._pids}
        self._probe = probe

    @contextmanager
    def measure(self) -> Iterator[Cost]:
        """Measure what happens in the block; the cost is complete behind it."""
        cost = Cost()
        for pid in self._pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        cpu = self._read_cpu()
        started = time.monotonic()
        with self._probing(cost):
            yield cost
            cost.seconds = time.monotonic() - started
        cost.cpu = self._read_cpu() - cpu
        cost.memory = max(
            _read_memory(pid, "VmHWM") - idle for pid, idle in self._idle.items()
        )

    def get_kept(self) -> float:
        """MiB that a process holds beyond what it had when it was idle."""
        return max(
            _read_memory(pid, "VmRSS") - idle for pid, idle in self._idle.items()
        )

    @contextmanager
    def _probing(self, cost: Cost) -> Iterator[None]:
        is_over = threading.Event()

        def probe() -> None:
            while self._probe and not is_over.wait(0.1):
                started = time.monotonic()
                self._probe()
                cost.wait = max(cost.wait, time.monotonic() - started)

        thread = threading.Thread(target=probe)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _read_cpu(self) -> float:
        return sum(map(read_cpu, self._pids))


def read_cpu(pid: int) -> float:
    """CPU seconds of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _get_children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def _read_memory(pid: int, name: str) -> float:
    """MiB of a process, by the name that its status gives them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(value) / 1024
