"""What happens to messages that take other routes, and to next steps."""

from __future__ import annotations

import itertools
import random
import time
from typing import Any

from simulators import Simulator

from .door import Door
from .facts import GatewayDatabase
from .scenarios import PATIENCE, Scenario, Stage
from .scene import FIRST_NUMBER, OTHER, Scene
from .verdict import Result
from .workers import Nursery, Worker, wait_until

#: Messages that are moved, or persons that go on, in one transaction of the workers
#: that are killed.
AT_ONCE = 25
#: Seconds that a call takes while workers are killed.
DELAY = 0.1
#: Refused for a reason of the route, in the gate's words.
REFUSAL = "Такого отправителя нет."
#: How the first gate fails calls while breakers open.
TROUBLES = (
    "reset_before_accept",
    "reset_after_accept",
    "timeout_before_accept",
    "timeout_after_accept",
)
ALWAYS = 10**6

_numbers = itertools.count(1)


class RoutingScene(Scene):
    """Several gates behind doors, a route to each, and a policy over the routes.

    :param steps: of the policy: for each the numbers of its gates, in order
    """

    def __init__(
        self,
        nursery: Nursery,
        database: GatewayDatabase,
        *,
        is_idempotent: bool,
        steps: tuple[tuple[int, ...], ...] = ((0, 1),),
        lanes: int = 2,
    ) -> None:
        super().__init__(nursery, database, is_idempotent=is_idempotent, lanes=lanes)
        self._steps = steps
        self._chance = random.Random(5)
        self._workers: dict[int, Worker] = {}
        self.gates = [Simulator() for _gate in {*itertools.chain(*steps)}]
        self.doors: list[Door] = []
        self.route_ids: list[int] = []
        #: of lanes
        self.kills = 0

    def __enter__(self) -> RoutingScene:
        super().__enter__()
        return self

    def _make_route(self, url: str) -> dict[str, Any]:
        self.doors = [self._stack.enter_context(Door(gate.url)) for gate in self.gates]
        routes = [super(RoutingScene, self)._make_route(d.url) for d in self.doors]
        self.route_ids = [route["route_id"] for route in routes]
        policy: dict[str, Any] = self.nursery.run(
            "make_policy",
            name=f"crash policy {next(_numbers)}",
            steps=[[self.route_ids[gate] for gate in step] for step in self._steps],
        )
        return policy

    # === STEPS ===
    def foresee(self, size: int, parts: int) -> list[list[str]]:
        """The numbers of the next campaign as gates write them, in so many parts."""
        first = FIRST_NUMBER + self.expected
        phones = [f"7916{number:07}" for number in range(first, first + size)]
        return [phones[number::parts] for number in range(parts)]

    def config(self, **values: Any) -> None:
        """Change settings of all gates."""
        for gate in self.gates:
            gate.config(**values)

    def start_lanes(self) -> None:
        """Start every lane."""
        for number in range(1, self.lanes + 1):
            self._workers[number] = self.fork_lane(number, read_timeout=PATIENCE)

    def kill_one_lane(self) -> None:
        """Kill a lane at any moment, and start it anew."""
        time.sleep(self._chance.uniform(0.02, 0.2))
        number = self._chance.choice(list(self._workers))
        self.kills += self._workers[number].kill()
        self._workers[number] = self.fork_lane(number, read_timeout=PATIENCE)

    def press(self, gate: int, action: str) -> None:
        """Press a button of a gate's route."""
        self.nursery.run(
            "press_route", route_id=self.route_ids[gate], action=f"action_{action}"
        )

    def kill_among(self, task: str, count: Any) -> int:
        """Start two workers of a task and kill both in the middle of their work.

        :param count: function that tells how much is done
        :return: how many were killed
        """
        before = count()
        workers = [self.nursery.fork(task, at_once=AT_ONCE) for _number in range(2)]
        wait_until(
            lambda: count() != before or all(w.wait() is not None for w in workers), 10
        )
        killed = 0
        for worker in workers:
            time.sleep(self._chance.uniform(0, 0.03))
            killed += worker.kill()
        return killed

    def finish(self, result: Result) -> None:
        """Let every gate work and the workers send the rest, then judge."""
        self.config(delay_before_accept=0, delay_after_accept=0)
        self.gate.config(**dict.fromkeys(TROUBLES, 0))
        self.wait_until_nothing_is_due()
        self.nursery.kill_all()
        self.settle()
        self.judge(result)
        result.kills = {OTHER: self.kills}

    def wait_until_nothing_is_due(self) -> None:
        """Return when all that waited for trouble to end is sent; what is not sent
        within half a minute is left to `settle`."""

        def is_sent() -> bool:
            self.database.let_time_pass()
            return not self.database.count_states()["queued"]

        wait_until(is_sent, 30, 0.3)


def _open_scene(stage: Stage, is_idempotent: bool, **values: Any) -> RoutingScene:
    return RoutingScene(
        stage.nursery, stage.database, is_idempotent=is_idempotent, **values
    )


# === MOVES ===
def kill_bulk_moves(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The route that most messages wait for goes down, again and again: nobody listens
    there, or a person pauses it. Workers die of moving the messages to the other one.
    """
    size, singles = 4 * stage.plan.few, 20
    rounds = max(stage.plan.blows // 2, 2)
    killed = 0
    with _open_scene(stage, is_idempotent) as scene:
        scene.config(delay_before_accept=DELAY, delay_after_accept=DELAY)
        scene.send(size - singles, *[1] * singles)
        scene.start_lanes()
        scene.wait_until_started(0.02)
        for number in range(rounds):
            down = number % 2
            _take_down(scene, down)
            killed += _kill_movers(scene, scene.route_ids[down], 2 * rounds)
            scene.kill_one_lane()
            scene.nursery.run("failover")
            _bring_up(scene, down)
        moved = scene.database.count_moved()
        scene.finish(result)
    result.kills[OTHER] += killed
    result.note = f"{killed} killed while they moved messages, {moved} moves"
    if killed < rounds or moved < size // 2:
        result.problems.append("too few were killed at work")


def _take_down(scene: RoutingScene, gate: int) -> None:
    if gate:
        scene.press(gate, "pause")
        return
    scene.doors[gate].shut()
    route_id = scene.route_ids[gate]
    scene.wait_for(lambda: scene.database.is_breaker_open(route_id), 30)


def _bring_up(scene: RoutingScene, gate: int) -> None:
    if not gate:
        scene.doors[gate].open()
    scene.press(gate, "resume")


def _kill_movers(scene: RoutingScene, route_id: int, wanted: int) -> int:
    """:return: the number of workers that were killed"""
    killed = 0
    for _number in range(wanted):
        if scene.database.count_waiting(route_id) <= AT_ONCE:
            break
        killed += scene.kill_among(
            "failover", lambda: scene.database.count_waiting(route_id)
        )
    return killed


# === BREAKERS ===
def kill_while_breakers_open(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The first gate fails again and again; lanes die while its breaker opens, while a
    message finds out whether the gate works, and while the breaker closes."""
    share, rounds = stage.plan.few // 4, max(stage.plan.blows // 2, 2)
    with _open_scene(stage, is_idempotent) as scene:
        scene.config(delay_before_accept=DELAY / 4, delay_after_accept=DELAY / 4)
        scene.start_lanes()
        scene.nursery.fork("failover", for_ever=True)
        route_id = scene.route_ids[0]
        for number in range(rounds):
            trouble = TROUBLES[number % len(TROUBLES)]
            scene.gate.config(stall=2 * PATIENCE, **{trouble: ALWAYS})
            scene.send(share)
            scene.kill_one_lane()
            _wait_for_breaker(scene, route_id, is_open=True)
            # The first message after the rest finds the trouble, the next one does not.
            scene.database.let_time_pass()
            scene.send(share)
            scene.kill_one_lane()
            scene.gate.config(**{trouble: 0})
            _wait_for_breaker(scene, route_id, is_open=False)
            scene.kill_one_lane()
        events = scene.database.count_breaker_events()
        moved = scene.database.count_moved()
        scene.finish(result)
    result.note = (
        f"breakers opened {events['opened']} times, {events['probed']} probes,"
        f" closed {events['closed']} times; {moved} moves"
    )
    if min(events["opened"], events["closed"]) < rounds:
        result.problems.append("the breaker did not open and close as often")


def _wait_for_breaker(scene: RoutingScene, route_id: int, *, is_open: bool) -> None:
    """Send single messages until the breaker of a route is open, or closed."""

    def is_done() -> bool:
        if scene.database.is_breaker_open(route_id) is is_open:
            return True
        scene.database.let_time_pass()
        scene.send(1)
        return False

    scene.wait_for(lambda: wait_until(is_done, 5, 0.3), 30)


# === STEPS ===
def kill_between_two_steps(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """A third of the persons is refused at the first gate, a third gets nothing there;
    workers die while they write the messages of the second step."""
    size = 2 * stage.plan.few
    with _open_scene(stage, is_idempotent, steps=((0,), (1,))) as scene:
        refused, missed, _reached = scene.foresee(size, 3)
        scene.gate.config(
            answers=dict.fromkeys(refused, REFUSAL),
            outcomes=dict.fromkeys(missed, "not_deliver"),
            reset_after_accept=stage.plan.blows,
        )
        scene.send(size)
        scene.start_lanes()
        scene.kill_one_lane()
        scene.wait_until_nothing_is_due()
        scene.database.let_time_pass()
        scene.nursery.run("poll")
        scene.gates[1].config(delay_before_accept=DELAY / 4)
        killed = 0
        for _number in range(stage.plan.blows):
            killed += scene.kill_among("cascade", scene.database.count_next_steps)
            scene.kill_one_lane()
        scene.finish(result)
        begun = scene.database.count_next_steps()
    result.kills[OTHER] += killed
    result.note = f"{killed} killed between two steps; {begun} went on"
    if killed < stage.plan.blows or not begun:
        result.problems.append("too few were killed at work")
    # Who is unknown does not go on, and the judge has looked at every one of them.
    if is_idempotent and begun + result.unknown != len(refused) + len(missed):
        result.problems.append(f"{begun} went on, not {len(refused) + len(missed)}")


# === THE DATABASE ===
def stop_the_database(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """PostgreSQL is stopped at once under lanes, movers, polls and next steps."""
    copy = stage.get_copy()
    stops = max(stage.plan.blows // 2, 1)
    size = 2 * stage.plan.few
    steps = ((0, 1), (2,))
    with _open_scene(copy, is_idempotent, steps=steps) as scene:
        refused, missed, *_reached = scene.foresee(size, 4)
        scene.config(delay_before_accept=DELAY / 4, delay_after_accept=DELAY / 4)
        scene.gate.config(answers=dict.fromkeys(refused, REFUSAL))
        for gate in scene.gates[:2]:
            gate.config(outcomes=dict.fromkeys(missed, "not_deliver"))
        scene.send(size)
        scene.start_lanes()
        for task in ("failover", "cascade", "poll"):
            scene.nursery.fork(task, for_ever=True)
        scene.wait_until_started(0.05)
        for number in range(stops):
            (scene.doors[0].open if number % 2 else scene.doors[0].shut)()
            time.sleep(0.3)
            stage.cluster.stop_at_once()
            time.sleep(0.3)
            stage.cluster.start()
            copy.database.wait_until_it_answers()
            copy.database.let_time_pass()
            time.sleep(0.4)
        if stops % 2:
            scene.doors[0].open()
        scene.finish(result)
        begun, moved = copy.database.count_next_steps(), copy.database.count_moved()
    result.kills = {OTHER: stops}
    result.note = f"{moved} moves, {begun} went on to the second step"
    if not begun or not moved:
        result.problems.append("nothing moved, or nobody went on")


# === TEETH ===
def with_moves_without_an_answer(
    stage: Stage, result: Result, is_idempotent: bool
) -> None:
    """The suite must find what this spoiled product sends by two routes.

    The gate recognizes repetitions: there messages without an answer are queued again.
    """
    with _open_scene(stage, True) as scene:
        scene.gate.config(reset_after_accept=ALWAYS)
        scene.send(300)
        scene.start_lanes()
        scene.wait_for(lambda: scene.database.is_breaker_open(scene.route_ids[0]), 30)
        scene.press(0, "pause")
        scene.nursery.kill_all()
        scene.database.let_time_pass()
        scene.nursery.run("recover")
        scene.nursery.run("failover", spoil="moved_without_an_answer")
        scene.start_lanes()
        scene.finish(result)
    result.must_find = "duplicates"


#: As `scenarios.SCENARIOS`.
ROUTING_SCENARIOS: dict[str, Scenario] = {
    "routing: kill -9, bulk moves": kill_bulk_moves,
    "routing: kill -9, breakers": kill_while_breakers_open,
    "routing: kill -9, next steps": kill_between_two_steps,
    "routing: PostgreSQL stopped": stop_the_database,
}
#: As `scenarios.TEETH`.
ROUTING_TEETH: dict[str, Scenario] = {
    "teeth: moved without an answer": with_moves_without_an_answer,
}
