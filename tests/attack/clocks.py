"""Two hosts whose clocks differ send through one route with a throughput."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from crash.facts import Database
from crash.scene import Scene
from crash.workers import Nursery, Worker, wait_until

from .stage import Stage
from .verdict import Result

LIBRARY = "usr/lib/*/faketime/libfaketimeMT.so.1"
#: messages per second of the route
THROUGHPUT = 10
#: seconds by which the two hosts' clocks are wrong
SKEWS = (5, -5)
#: seconds of its throughput that a route may send at once after a rest
BURST = 1


def send_by_two_hosts(stage: Stage, result: Result) -> None:
    library = _find_library()
    if not library:
        result.left_out = "there is no libfaketime"
        return
    seconds = stage.plan.seconds
    with (
        ExitStack() as stack,
        Scene(
            *(stage.nursery, stage.database),
            **{"is_idempotent": False, "max_batch": 1, "lanes": 2},
        ) as scene,
    ):
        values = {"throughput": THROUGHPUT}
        route_id = scene.route["route_id"]
        stage.nursery.run("write_route", route_id=route_id, values=values)
        hosts = [
            stack.enter_context(_make_host(stage, library, skew)) for skew in SKEWS
        ]
        skews = [_measure_skew(stage, host) for host in hosts]
        scene.send(3 * seconds * THROUGHPUT)
        # The wrong clock of one host must not make the messages due later than others'.
        stage.database.let_time_pass()
        lanes = [
            host.fork("lane", number=number) for number, host in enumerate(hosts, 1)
        ]
        handed = _count_in_busiest(scene, lanes, seconds)
    allowed = (seconds + BURST) * THROUGHPUT
    told = ", ".join(f"{skew:+.0f} s" for skew in skews)
    result.find(
        f"clocks {told}, {THROUGHPUT} messages a second",
        f"{handed} in {seconds} s",
        f"{seconds * THROUGHPUT // 2} to {allowed}",
        seconds * THROUGHPUT // 2 <= handed <= allowed,
    )
    result.find(
        "the hosts' clocks are wrong, PostgreSQL's is not",
        told,
        ", ".join(f"{skew:+} s" for skew in SKEWS),
        [round(skew) for skew in skews] == list(SKEWS),
    )


def _find_library() -> str:
    """The machine's own, or what scripts/test has unpacked; "" where there is none."""
    folders = (Path("/"), Path(os.environ["ATTACK_TOOLS"]))
    found = [str(path) for folder in folders for path in folder.glob(LIBRARY)]
    return found[0] if found else ""


def _make_host(stage: Stage, library: str, skew: int) -> Nursery:
    """A host with a wrong clock; waits last as long as they should."""
    return Nursery(
        stage.database.name,
        stage.folder / f"host{skew:+}",
        tasks="attack.tasks",
        environment={
            "LD_PRELOAD": library,
            "FAKETIME": f"{skew:+}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        },
    )


def _measure_skew(stage: Stage, host: Nursery) -> float:
    """Seconds by which the host is ahead of the database."""
    database = Database(stage.database.name)
    try:
        moment: float = host.run("tell_time")
        query = "SELECT extract(epoch FROM clock_timestamp())::float AS now"
        [row] = database.ask(query)
    finally:
        database.close()
    return moment - row["now"]


def _count_in_busiest(scene: Scene, lanes: list[Worker], seconds: int) -> int:
    """Messages that reached the gate in the busiest so many seconds, by its clock."""

    def get_times() -> list[float]:
        return sorted(
            moment for call in scene.calls().values() for moment in call["received_at"]
        )

    wait_until(get_times, 60, 0.1)
    wait_until(lambda: False, seconds + 2, 0.5)
    for lane in lanes:
        lane.kill()
    times = get_times()
    return max(
        (sum(start <= moment < start + seconds for moment in times) for start in times),
        default=0,
    )
