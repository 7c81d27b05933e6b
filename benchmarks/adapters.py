"""Adapters: how many messages each builds and reads per second of processor time."""

from __future__ import annotations

from typing import Any

from .figures import Figure, Line
from .processes import Simulator, Worker
from .scene import Scene

from simulators import get_simulators  # isort: skip  # found by `processes`
from simulators.gates import GATES  # isort: skip

OLD = "xml_gate"
OLD_ACCOUNT = {
    "login": "demo",
    "password": "demo",
    "sender": "DEMO",
    "timezone": "Europe/Moscow",
}
OLD_LINE = Line("adapter-xml_gate", "adapter xml_gate, build and read", "msg/s")
#: per cent of the XML gate's rate; below, an adapter is an order of magnitude slower
FLOOR = 10

Rate = dict[str, Any]


def measure(scene: Scene) -> dict[Line, Figure]:
    """Every adapter at its batch size, against answers that its simulator gave: what is
    timed is building the call and reading the answer, no network."""
    with Worker(scene.database, jobs="adapter_jobs") as worker, Simulator(OLD) as old:
        [base] = _measure(worker, OLD, {**OLD_ACCOUNT, "url": old.url})
        figures = {OLD_LINE: Figure(base["rate"], note=f"{base['batch']} per call")}
        for code in sorted(GATES):
            gate = get_simulators().get(code)
            gate.reset()
            for rate in _measure(worker, code, gate.settings):
                figures[_make_line(code, rate)] = _compare(rate, base)
    return figures


def _measure(worker: Worker, code: str, settings: dict[str, str]) -> list[Rate]:
    """One rate per channel: its name, messages a call and a second of CPU time."""
    rates: list[Rate] = worker.do("measure", code=code, settings=settings)["rates"]
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
