"""Accepting: requests of many recipients and of one."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from .documents import make_document
from .figures import Figure, Line, format_value, median
from .machine import forget_peak, get_memory
from .processes import Server
from .scene import Meter, Scene, Stage, open_native, open_stage
from .web import Request, ask, drive

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
EMPTY = Request("/web/health")

SHELL = Line("enqueue-shell", "enqueue 10 000, without the web", "msg/s", 20_000)
HTTP = Line("enqueue-http", "enqueue 10 000, one request", "msg/s", 20_000)
MEMORY = Line(
    "memory-50000", "50 000 in one request: over the idle worker", "MB", 120, True
)
FIFTY = Line("enqueue-50000", "enqueue 50 000, one request", "msg/s")
TRUSTED = Line(
    "request-trusted", "one-recipient request, trusted network / empty route", "%", 40
)
KEYED = Line("request-key", "one-recipient request, API key / empty route", "%", 40)
FILTERED = Line(
    "request-filtered", "… trusted network, where --db-filter slows both down", "%"
)

RECIPIENTS = 10_000
#: what Odoo's composer made of as many, in msg/s, on the machine the floors were set on
REFERENCE = 4400
ENQUEUE_ROUNDS = 5
NATIVE_ROUNDS = 3
RATE_ROUNDS = 15
RATE_SECONDS = 0.5


def measure_enqueue(scene: Scene) -> dict[Line, Figure]:
    """10 000 personalised recipients in one request, and the composer with as many."""
    native = compose_native(scene)
    with open_stage(scene) as stage:
        shell = measure_shell(stage)
    with open_stage(scene) as stage, Server(stage.database, workers=1) as server:
        http = measure_http(stage, server)
    rate = RECIPIENTS / median([result["seconds"] for result in native])
    for figure in (shell, http):
        figure.native = rate
        figure.facts["native"] = native
    http.note = (
        f"Odoo's composer shows the machine's pace: {rate / REFERENCE:.0%} of the"
        f" {format_value(REFERENCE, 'msg/s')} where the floors were set"
    )
    return {HTTP: http, SHELL: shell}


def compose_native(scene: Scene) -> list[dict[str, Any]]:
    """What the composer takes for 10 000 contacts, in some rounds after one to warm."""
    with open_native(scene) as (_database, worker):
        worker.do("compose", count=100)
        return [
            worker.do("compose", count=RECIPIENTS) for _round in range(NATIVE_ROUNDS)
        ]


def measure_shell(stage: Stage) -> Figure:
    """What a request costs without the web server."""
    rates, memory = [], 0.0
    bodies = make_bodies(RECIPIENTS)
    stage.worker.do("accept", body=next(bodies).decode())
    with Meter(sender=[stage.worker.pid]) as meter:
        for body in itertools.islice(bodies, ENQUEUE_ROUNDS):
            result = stage.worker.do("accept", body=body.decode())
            rates.append(RECIPIENTS / result["seconds"])
            memory = max(memory, result["peak"])
    cpu = meter.per(RECIPIENTS * ENQUEUE_ROUNDS)
    return Figure(median(rates), rounds=rates, memory=memory, cpu=cpu)


def measure_http(stage: Stage, server: Server) -> Figure:
    """What a client sees."""
    rates = []
    bodies = make_bodies(RECIPIENTS)
    post(server, next(bodies))
    [pid] = server.get_web_workers()
    forget_peak(pid)
    with Meter(sender=[pid]) as meter:
        for body in itertools.islice(bodies, ENQUEUE_ROUNDS):
            rates.append(RECIPIENTS / post(server, body))
    _now, peak = get_memory(pid)
    stage.expect(queued=RECIPIENTS * (ENQUEUE_ROUNDS + 1))
    cpu = meter.per(RECIPIENTS * ENQUEUE_ROUNDS)
    return Figure(median(rates), rounds=rates, memory=peak, cpu=cpu)


def measure_memory(scene: Scene) -> dict[Line, Figure]:
    """50 000 recipients in one request: what the worker grows by."""
    count = 50_000
    with open_stage(scene) as stage, Server(stage.database, workers=1) as server:
        bodies = make_bodies(count)
        for _request in range(5):
            post(server, json.dumps(make_document(1)).encode())
        [pid] = server.get_web_workers()
        forget_peak(pid)
        idle, _peak = get_memory(pid)
        with Meter(sender=[pid]) as meter:
            seconds = post(server, next(bodies))
        now, peak = get_memory(pid)
        stage.expect(queued=count + 5)
    facts = {"idle": idle, "peak": peak, "after": now, "seconds": seconds}
    cpu = meter.per(count)
    return {
        MEMORY: Figure(peak - idle, memory=peak, facts=facts),
        FIFTY: Figure(count / seconds, memory=peak, cpu=cpu, facts=facts),
    }


def make_bodies(recipients: int) -> Iterator[bytes]:
    """Bodies of requests, each to other numbers."""
    for first in itertools.count(0, recipients):
        yield json.dumps(make_document(recipients, first=first)).encode()


def post(server: Server, body: bytes) -> float:
    """Send one request; how many seconds it took."""
    started = time.perf_counter()
    ask(server.address, Request(API, body, JSON))
    return time.perf_counter() - started


# === SMALL REQUESTS ===
def measure_requests(scene: Scene) -> dict[Line, Figure]:
    """Requests for one recipient beside Odoo's emptiest route, in turns."""
    with open_stage(scene) as stage:
        key = {"Authorization": f"Bearer {stage.worker.do('make_key')['key']}"}
        with Server(stage.database) as server:
            makers = {TRUSTED: make_sender(), KEYED: make_sender(key)}
            figures = compare_requests(server, makers)
        with Server(stage.database, db_filter=f"^{stage.database}$") as server:
            figures |= compare_requests(server, {FILTERED: make_sender()})
    return figures


def compare_requests(
    server: Server, makers: dict[Line, Callable[[], Request]]
) -> dict[Line, Figure]:
    """Rates of requests as percentages of the empty route's, in several rounds."""
    empty: list[float] = []
    rates: dict[Line, list[float]] = {line: [] for line in makers}
    meters = {line: Meter(server=[server.pid]) for line in makers}
    for maker in (make_empty, *makers.values()):
        drive(server.address, maker, seconds=1)
    for _round in range(RATE_ROUNDS):
        empty.append(drive(server.address, make_empty, seconds=RATE_SECONDS))
        for line, maker in makers.items():
            with meters[line]:
                rate = drive(server.address, maker, seconds=RATE_SECONDS)
            rates[line].append(rate)
    _now, peak = get_memory(server.pid)
    return {
        line: Figure(
            100 * median([a / b for a, b in zip(own, empty, strict=True)]),
            rounds=own,
            memory=peak,
            cpu=meters[line].per(sum(own) * RATE_SECONDS),
            facts={"rate": median(own), "empty_rates": empty},
            note=f"{median(own):.0f} requests/s, empty route {median(empty):.0f}",
        )
        for line, own in rates.items()
    }


def make_empty() -> Request:
    return EMPTY


def make_sender(headers: dict[str, str] | None = None) -> Callable[[], Request]:
    """A maker of sends to one recipient, each with a key of idempotency of its own."""
    numbers = itertools.count()
    prefix = f"{time.monotonic_ns():x}"

    def make() -> Request:
        number = next(numbers)
        body = json.dumps(make_document(1, first=number)).encode()
        once = {"Idempotency-Key": f"{prefix}-{number}"}
        return Request(API, body, {**JSON, **once, **(headers or {})})

    return make
