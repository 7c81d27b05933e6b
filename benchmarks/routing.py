"""Routing: what a choice of routes costs, and how fast messages find another way."""

from __future__ import annotations

import time

from .figures import Figure, Line, median
from .processes import Provider, Worker
from .scene import Meter, Scene, Stage, open_stage
from .submit import BATCH_COUNT, check_provider

ACCEPT = Line(
    "policy-accept", "accept 10 000: 5 routes, 200 prefixes / one route", "%", 90
)
MOVE = Line("bulk-move", "waiting messages that change their route", "msg/s", 10_000)
FAILOVER = Line(
    "failover", "submit 120 000, the first route dies on the way / healthy", "%", 80
)

ROUTES = 5
PREFIXES = 200
RECIPIENTS = 10_000
ACCEPT_ROUNDS = 10
MOVE_COUNT = 100_000
LATENCY = 0.2
#: seconds after which the provider of the first route dies
DIES_AFTER = 3.0


def measure_accept(scene: Scene) -> dict[Line, Figure]:
    """The same requests through a policy and through one route, in turns; which of the
    two goes first changes, too."""
    with open_stage(scene) as stage, Worker(stage.database, jobs="routing_jobs") as own:
        own.do("make_policy", routes=ROUTES, prefixes=PREFIXES)
        for is_chosen in (False, True):
            own.do("accept", count=RECIPIENTS, first=0, is_chosen=is_chosen)
        shares, rates = [], []
        for number in range(ACCEPT_ROUNDS):
            seconds = {}
            for place, is_chosen in enumerate((number % 2 == 0, number % 2 == 1)):
                first = (2 * number + place + 1) * RECIPIENTS
                done = own.do(
                    "accept", count=RECIPIENTS, first=first, is_chosen=is_chosen
                )
                seconds[is_chosen] = done["seconds"]
            shares.append(100 * seconds[False] / seconds[True])
            rates.append(RECIPIENTS / seconds[True])
    note = f"{median(rates):,.0f} msg/s through the policy".replace(",", " ")
    return {ACCEPT: Figure(median(shares), rounds=shares, note=note)}


def measure_move(scene: Scene) -> dict[Line, Figure]:
    """A route is paused, everything that waits there moves."""
    with open_stage(scene) as stage, Worker(stage.database, jobs="routing_jobs") as own:
        own.do("make_policy", routes=2, prefixes=0)
        own.do("accept", count=MOVE_COUNT, first=0, is_chosen=True)
        own.do("pause")
        with Meter(sender=[own.pid]) as meter:
            result = own.do("move")
        if result["moved"] != MOVE_COUNT:
            raise AssertionError(f"{MOVE_COUNT} messages waited: {result}")
        stage.expect(queued=MOVE_COUNT)
    rate = MOVE_COUNT / result["seconds"]
    return {MOVE: Figure(rate, cpu=meter.per(MOVE_COUNT), facts=result)}


def measure_failover(scene: Scene) -> dict[Line, Figure]:
    """A lane empties a queue while the provider of the first route dies."""
    with open_stage(scene, latency=LATENCY) as stage:
        healthy = drain(stage)
    with (
        open_stage(scene, latency=LATENCY) as stage,
        Provider(latency=LATENCY) as other,
    ):
        troubled = drain(stage, other=other)
    return {
        FAILOVER: Figure(
            100 * healthy["seconds"] / troubled["seconds"],
            facts={"healthy": healthy, "troubled": troubled},
            note=(
                f"{troubled['first_after']:.1f} s from the death to the first message"
                f" by the other route; {troubled['unknown']} without an answer"
            ),
        )
    }


def drain(stage: Stage, *, other: Provider | None = None) -> dict[str, float]:
    """Let a lane and the scheduled action of failover work until nothing waits.

    :param other: the provider of the second route; the first one's dies then
    """
    first_after = 0.0
    with (
        Worker(stage.database, jobs="routing_jobs") as lane,
        Worker(stage.database, jobs="routing_jobs") as mover,
    ):
        url = other.url if other else stage.provider.url
        mover.do("make_policy", routes=2, prefixes=0, urls=[url])
        mover.do("accept", count=BATCH_COUNT, first=0, is_chosen=True)
        started = time.perf_counter()
        lane.begin("run_lane")
        if other:
            time.sleep(DIES_AFTER)
            stage.provider.stop()
            mover.begin("move_until_done")
            first_after = wait_for_first(other)
            mover.finish()
        lane.finish()
        seconds = time.perf_counter() - started
    states = stage.count_states()
    unknown = states.pop("unknown", 0)
    if states != {"submitted": BATCH_COUNT - unknown}:
        raise AssertionError(f"Messages are {states}, {unknown} unknown")
    if not other:
        check_provider(stage.provider.stats(messages=False), BATCH_COUNT)
    return {"seconds": seconds, "first_after": first_after, "unknown": unknown}


def wait_for_first(provider: Provider) -> float:
    """How many seconds pass until a provider has its first message."""
    started = time.perf_counter()
    while not provider.stats(messages=False)["messages"]:
        if time.perf_counter() - started > 60:
            raise AssertionError("Nothing took the other route within a minute")
        time.sleep(0.02)
    return time.perf_counter() - started
