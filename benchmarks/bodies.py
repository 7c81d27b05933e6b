"""Bodies of requests that want to cost much, beside a plain one."""

from __future__ import annotations

import time

from .figures import Figure, Line, format_value
from .hostile import make_hostile, make_plain
from .machine import forget_peak, get_memory
from .processes import Server
from .scene import Scene, open_stage
from .web import Request, exchange

#: a user of 24 bytes, a number alone, is a message as much as a plain one of 90
SLOWEST = Line(
    "bodies-time", "hostile bodies: time per byte / a plain one's", "", 4, True
)
BIGGEST = Line("bodies-memory", "hostile bodies: over the idle worker", "MB", 150, True)
#: bytes of a body, as far as a request may have so many users
SIZE = 8 * 2**20
#: bytes of the plain body: about as many users as one request may have
PLAIN_SIZE = 3 * 2**20


def measure(scene: Scene) -> dict[Line, Figure]:
    """The slowest and the biggest of the hostile bodies, each beside a plain one."""
    with open_stage(scene) as stage, Server(stage.database, workers=1) as server:
        _send_body(server, make_plain(1000))
        plain = make_plain(PLAIN_SIZE)
        seconds, _memory = _send_body(server, plain)
        pace = seconds / len(plain)
        slow, big = {}, {}
        for kind, body in make_hostile(SIZE):
            seconds, big[kind] = _send_body(server, body)
            slow[kind] = seconds / len(body) / pace
    note = f"a plain one: {format_value(pace * 1e6, 's')} per MB"
    return {
        line: Figure(
            max(found.values()),
            facts=found,
            note=f"{max(found, key=lambda kind: found[kind])}; {note}",
        )
        for line, found in ((SLOWEST, slow), (BIGGEST, big))
    }


def _send_body(server: Server, body: bytes) -> tuple[float, float]:
    """Seconds until the answer, whatever it is, and MB over the idle worker."""
    [pid] = server.get_web_workers()
    forget_peak(pid)
    idle, _peak = get_memory(pid)
    started = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    exchange(server.address, Request("/api/v1", body, headers))
    seconds = time.perf_counter() - started
    _now, peak = get_memory(pid)
    return seconds, peak - idle
