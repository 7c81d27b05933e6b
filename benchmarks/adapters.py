"""Adapters: how many messages each builds and reads per second of processor time."""

from __future__ import annotations

from typing import Any

from simulators import get_simulators
from simulators.gates import GATES

from .figures import Figure, Line
from .processes import Worker
from .scene import Scene

#: what the others are compared with
BASE = "xml_gate"
BASE_LINE = Line(f"adapter-{BASE}", f"adapter {BASE}, build and read", "msg/s")
#: per cent of the XML gate's rate; below, an adapter is an order of magnitude slower
FLOOR = 10

Rate = dict[str, Any]


def measure(scene: Scene) -> dict[Line, Figure]:
    """Every adapter at its batch size, against answers that its simulator gave: what is
    timed is building the call and reading the answer, no network."""
    with Worker(scene.database, jobs="adapter_jobs") as worker:
        [base] = _measure(worker, BASE)
        figures = {BASE_LINE: Figure(base["rate"], note=f"{base['batch']} per call")}
        for code in sorted(GATES.keys() - {BASE}):
            for rate in _measure(worker, code):
                figures[_make_line(code, rate)] = _compare(rate, base)
    return figures


def _measure(worker: Worker, code: str) -> list[Rate]:
    """One rate per channel: its name, messages a call and a second of CPU time."""
    gate = get_simulators().get(code)
    gate.reset()
    done = worker.do("measure", code=code, settings=gate.settings)
    rates: list[Rate] = done["rates"]
    return rates


def _make_line(code: str, rate: Rate) -> Line:
    calls = ", calls" if rate["channel"] == "voice" else ""
    return Line(
        f"adapter-{code}-{rate['channel']}",
        f"adapter {code}{calls}, of the XML gate's",
        "%",
        FLOOR,
    )


def _compare(rate: Rate, base: Rate) -> Figure:
    note = f"{rate['rate']:,.0f} msg/s, {rate['batch']} per call"
    return Figure(rate["rate"] / base["rate"] * 100, facts=rate, note=note)
