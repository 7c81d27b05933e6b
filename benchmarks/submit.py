"""Submitting: how fast lanes empty the queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from .databases import ServerClock, ask, copy_of
from .figures import Figure, Line
from .machine import get_cpu
from .processes import Simulator, Worker
from .scene import Scene

ONE = Line("submit-one", "submit, one per call at 50 ms, one lane", "msg/s", 1300)
BATCH = Line("submit-batch", "submit, 500 per call at 200 ms, one lane", "msg/s", 8000)
BATCH_TWO = Line(
    "submit-batch-two", "submit, 500 per call at 200 ms, two lanes", "msg/s", 13_000
)
ONE_COUNT = 15_000
BATCH_COUNT = 120_000


@dataclass
class Queue:
    """A database of its own with a route to the provider."""

    database: str
    provider: Simulator
    worker: Worker
    route: dict[str, Any]


def measure_one(scene: Scene) -> dict[Line, Figure]:
    """One message per call, the provider answers in 50 ms."""
    with open_queue(scene, latency=0.05, max_batch=1) as queue:
        queue.worker.do("enqueue", count=ONE_COUNT)
        return {ONE: drain(queue, lanes=1, count=ONE_COUNT)}


def measure_batch(scene: Scene) -> dict[Line, Figure]:
    """500 messages per call, the provider answers in 200 ms."""
    figures = {}
    for line, lanes in ((BATCH, 1), (BATCH_TWO, 2)):
        with open_queue(scene, latency=0.2, max_batch=500, lanes=lanes) as queue:
            queue.worker.do("enqueue", count=BATCH_COUNT)
            figures[line] = drain(queue, lanes=lanes, count=BATCH_COUNT)
    return figures


@contextmanager
def open_queue(
    scene: Scene, *, latency: float, max_batch: int, lanes: int = 1
) -> Iterator[Queue]:
    """An empty queue, a provider, and a process that fills the queue."""
    with (
        copy_of(scene.database, "ours") as database,
        Simulator("loopback") as provider,
        Worker(database) as worker,
    ):
        provider.config(latency=latency)
        route = worker.do(
            "make_route", url=provider.url, max_batch=max_batch, lanes=lanes
        )
        yield Queue(database, provider, worker, route)


def drain(queue: Queue, *, lanes: int, count: int) -> Figure:
    """Let so many lanes, a process each, empty the queue of so many messages."""
    clock = ServerClock()
    provider_pid = queue.provider.stats()["pid"]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(queue.database)) for _lane in range(lanes)
        ]
        server, provider = clock.read(), get_cpu(provider_pid)
        for lane, worker in enumerate(workers, 1):
            worker.begin("run_lane", lane=lane)
        results = [worker.finish() for worker in workers]
        server, provider = clock.read() - server, get_cpu(provider_pid) - provider
    stats = queue.provider.stats(messages=False)
    check(queue, stats, count)
    seconds = max(result["seconds"] for result in results)
    cpu = sum(result["cpu"] for result in results)
    spent = {"sender": cpu, "PostgreSQL": server, "provider": provider}
    return Figure(
        count / seconds,
        memory=max(result["peak"] for result in results),
        cpu={who: value / count * 1e6 for who, value in spent.items()},
        facts={
            "messages": count,
            "seconds": seconds,
            "concurrency": queue.route["concurrency"],
            "most_waiting": stats["most_waiting"],
            "calls": stats["calls"],
            # what the provider saw, without the beginning and the end
            "steady_rate": count * 0.9 / (stats["p95"] - stats["p5"]),
            "lanes": results,
        },
    )


def check(queue: Queue, stats: dict[str, Any], count: int) -> None:
    """A figure counts only when everything was sent, once."""
    states = dict(
        ask(
            queue.database,
            "SELECT state, count(*) FROM sms_gateway_message GROUP BY state",
        )
    )
    if (stats["messages"], stats["repeats"]) != (count, 0):
        raise AssertionError(f"{count} messages became {stats}")
    if states != {"submitted": count}:
        raise AssertionError(f"{count} messages became {states}")
