"""What the machine tells of processes: CPU time and memory, from ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def get_cpu(pid: int) -> float:
    """CPU seconds of a process with all its threads, its children left out."""
    user, system = _read_stat(pid)[11:13]
    return (int(user) + int(system)) / _TICK


def get_family_cpu(pid: int) -> float:
    """CPU seconds of a process and its children, those included that have ended."""
    own = sum(map(int, _read_stat(pid)[11:15])) / _TICK
    return own + sum(_get_cpu_or_none(child) for child in get_children(pid))


def get_children(pid: int) -> list[int]:
    """The processes that a process has started."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def get_parent(pid: int) -> int:
    """The process that started this one."""
    return int(_read_stat(pid)[1])


def get_memory(pid: int) -> tuple[float, float]:
    """Resident memory now and at its peak since `forget_peak`, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    now, peak = (int(values[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    return now / 1024, peak / 1024


def forget_peak(pid: int) -> None:
    """Let the peak of a process's memory begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def describe() -> dict[str, object]:
    """The machine, as the figures are told with."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    models = [line for line in cpuinfo.splitlines() if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": models[0].split(":", 1)[1].strip() if models else "unknown",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / 2**30, 1),
        "kernel": os.uname().release,
        "load_at_start": os.getloadavg()[0],
    }


def _get_cpu_or_none(pid: int) -> float:
    try:
        return get_cpu(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _read_stat(pid: int) -> list[str]:
    """The fields of ``/proc/<pid>/stat`` from the state on, see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
