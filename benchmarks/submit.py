"""Submitting: how fast lanes empty the queue."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from .figures import Figure, Line
from .processes import Provider, Worker
from .scene import Meter, Scene, Stage, open_native, open_stage

ONE = Line("submit-one", "submit, one per call at 50 ms, one lane", "msg/s", 1300)
BATCH = Line("submit-batch", "submit, 500 per call at 200 ms, one lane", "msg/s", 8000)
BATCH_TWO = Line(
    "submit-batch-two", "submit, 500 per call at 200 ms, two lanes", "msg/s", 13_000
)
SCALE = Line("two-lanes", "two lanes over one, bound by the provider", "×", 1.7)

ONE_LATENCY = 0.05
ONE_COUNT = 15_000
NATIVE_COUNT = 120
BATCH_COUNT = 120_000
#: so few calls at once, and so slow, that the provider binds a lane: 160 a second
BOUND_CONCURRENCY = 32
BOUND_LATENCY = 0.2
BOUND_COUNT = 1600


def measure_one(scene: Scene) -> dict[Line, Figure]:
    """One message per call, the provider answers in 50 ms; Odoo's own queue too."""
    with open_stage(scene, latency=ONE_LATENCY, max_batch=1) as stage:
        figure = drain(stage, count=ONE_COUNT)
    native = drain_native(scene)
    figure.native = native["rate"]
    figure.facts["native"] = native
    return {ONE: figure}


def measure_batch(scene: Scene) -> dict[Line, Figure]:
    """500 messages per call, the provider answers in 200 ms."""
    figures = {}
    for line, lanes in ((BATCH, 1), (BATCH_TWO, 2)):
        with open_stage(scene, latency=0.2, lanes=lanes) as stage:
            figures[line] = drain(stage, count=BATCH_COUNT, lanes=lanes)
    return figures


def measure_scale(scene: Scene) -> dict[Line, Figure]:
    """What a second lane adds where the provider, not the machine, is the limit."""
    rates = []
    for lanes in (1, 2):
        with open_stage(
            scene,
            latency=BOUND_LATENCY,
            max_batch=1,
            lanes=lanes,
            concurrency=BOUND_CONCURRENCY,
        ) as stage:
            rates.append(drain(stage, count=BOUND_COUNT * lanes, lanes=lanes).value)
    return {SCALE: Figure(rates[1] / rates[0], facts={"rates": rates})}


def drain(stage: Stage, *, count: int, lanes: int = 1) -> Figure:
    """Fill the queue and let so many lanes, a process each, empty it."""
    stage.worker.do("enqueue", count=count)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(Worker(stage.database)) for _lane in range(lanes)
        ]
        pids = [worker.pid for worker in workers]
        with Meter(sender=pids, provider=[stage.provider.pid]) as meter:
            for lane, worker in enumerate(workers, 1):
                worker.begin("run_lane", lane=lane)
            results = [worker.finish() for worker in workers]
    stats = stage.provider.stats(messages=False)
    stage.expect(submitted=count)
    check_provider(stats, count)
    seconds = max(result["seconds"] for result in results)
    return Figure(
        count / seconds,
        memory=max(result["peak"] for result in results),
        cpu=meter.per(count),
        facts={
            "messages": count,
            "concurrency": stage.route["concurrency"],
            # what the provider saw, without the beginning and the end
            "steady_rate": count * 0.9 / (stats["p95"] - stats["p5"]),
            "provider": stats,
            "lanes": results,
        },
    )


def drain_native(scene: Scene) -> dict[str, Any]:
    """Let Odoo's own queue send to the same provider, with the same latency."""
    with (
        open_native(scene) as (_database, worker),
        Provider(latency=ONE_LATENCY) as provider,
    ):
        worker.do("compose", count=NATIVE_COUNT)
        with Meter(sender=[worker.pid]) as meter:
            result = worker.do("run_queue", url=provider.url)
        check_provider(provider.stats(messages=False), NATIVE_COUNT)
    rate = NATIVE_COUNT / result["seconds"]
    return {"rate": rate, "cpu": meter.per(NATIVE_COUNT), **result}


def check_provider(stats: dict[str, Any], count: int) -> None:
    """A figure counts only when everything was sent, once."""
    if (stats["messages"], stats["repeats"]) != (count, 0):
        raise AssertionError(f"{count} messages became {stats}")
