"""One scenario's world: a route, a queue, a gate, and workers to be killed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any

from simulators import Simulator

from .facts import GatewayDatabase
from .verdict import GateFacts, Judge, Result
from .workers import Failed, Nursery, Worker, wait_until

#: Rounds of chores within which everything must have come to rest; a route whose
#: breaker is open lets one message through in each.
SETTLE_ROUNDS = 40
#: Names of the windows of a kill: claimed and committed, but the gate never saw it; the
#: gate has it and has not answered; it has answered, and the database does not know.
WINDOWS = ("claim", "call", "answer")
OTHER = "other"
#: what the first recipient's number ends with
FIRST_NUMBER = 1_000_000

_numbers = count(1)


class Scene:
    """A gate and a route to it, in a database without anything of other scenarios.

    Usage::

        with Scene(nursery, database, is_idempotent=True) as scene:
            scene.send(100)
            ...
            scene.settle()
            scene.judge(result)
    """

    def __init__(
        self,
        nursery: Nursery,
        database: GatewayDatabase,
        *,
        is_idempotent: bool,
        max_batch: int = 5,
        concurrency: int = 4,
        lanes: int = 1,
    ) -> None:
        self.nursery = nursery
        self.database = database
        self.is_idempotent = is_idempotent
        self.max_batch = max_batch
        self.concurrency = concurrency
        self.lanes = lanes
        self.gates = [Simulator()]
        self._stack = ExitStack()
        self.expected = 0
        self.route: dict[str, Any] = {}

    def __enter__(self) -> Scene:
        for gate in self.gates:
            self._stack.enter_context(gate)
            gate.config(deliver_after=0, honour_client_id=self.is_idempotent)
        self.database.forget()
        self.route = self._make_route(self.gate.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.nursery.kill_all()
        self._stack.close()

    @property
    def gate(self) -> Simulator:
        """The first gate."""
        return self.gates[0]

    def _make_route(self, url: str) -> dict[str, Any]:
        route: dict[str, Any] = self.nursery.run(
            "make_route",
            name=f"crash {next(_numbers)}",
            url=url,
            is_idempotent=self.is_idempotent,
            max_batch=self.max_batch,
            concurrency=self.concurrency,
            lanes=self.lanes,
        )
        return route

    # === STEPS ===
    def send(self, *sizes: int) -> list[int]:
        """Accept campaigns of these sizes to numbers of their own; returns their ids.

        A campaign of one is a message by itself, which overtakes the others.
        """
        first = FIRST_NUMBER + self.expected
        self.expected += sum(sizes)
        ids: list[int] = self.nursery.run(
            "send", route_id=self.route["route_id"], first=first, sizes=sizes
        )
        return ids

    def make_phones(self, count: int) -> list[str]:
        """So many numbers of their own, for messages that others send."""
        first = FIRST_NUMBER + self.expected
        self.expected += count
        return [f"+7916{number:07}" for number in range(first, first + count)]

    def fork_lane(self, number: int = 1, **arguments: Any) -> Worker:
        """Start a worker that runs a lane for ever."""
        return self.nursery.fork("lane", number=number, **arguments)

    def wait_until_started(self, share: float = 0.1, timeout: float = 60) -> None:
        """Return when the gate has been handed a part of the queue."""
        self.wait_for(lambda: len(self.calls()) >= share * self.expected, timeout)

    def wait_until_sent(self, timeout: float = 120) -> None:
        """Return when nothing is queued any more."""
        self.wait_for(lambda: not self.database.count_states()["queued"], timeout)

    def wait_for(self, condition: Callable[[], Any], timeout: float) -> None:
        """Wait, but not for ever: what has not happened by then never will."""
        if not wait_until(condition, timeout, 0.02):
            raise Failed(f"It takes too long: {dict(self.database.count_states())}")

    def calls(self) -> dict[str, Any]:
        """Everything the gates were ever handed."""
        return {
            reference: call
            for gate in self.gates
            for reference, call in gate.calls()["calls"].items()
        }

    def settle(self, **arguments: Any) -> None:
        """Let the crons do their work and time pass, until nothing moves any more."""
        for _round in range(SETTLE_ROUNDS):
            self.database.let_time_pass()
            self.nursery.run("chores", **arguments)
            if self.database.is_settled():
                return

    def judge(self, result: Result) -> None:
        """Compare the two sides."""
        gates = [
            GateFacts(gate.stats()["messages"], gate.calls()["calls"])
            for gate in self.gates
        ]
        judge = Judge(self.database, *gates)
        judge.judge(result, is_idempotent=self.is_idempotent, expected=self.expected)


@dataclass
class Kill:
    """A kill aimed at a window."""

    window: str
    #: settings of the gate that make the window wide
    config: dict[str, float]
    #: the phase of a call at which the worker is stopped; "" = by what is claimed
    phase: str
    #: at which of such calls
    after: int


class Hunter:
    """Kills lane workers in chosen windows, and counts the kills by the facts.

    The worker is stopped first, and the world is looked at while it stands: the kill
    counts for its window only if a message was in it.
    """

    def __init__(self, scene: Scene, *, spoil: str = "") -> None:
        self._scene = scene
        self._arguments = {"spoil": spoil} if spoil else {}
        self._random = random.Random(1)
        #: claimed by those who were killed before
        self._orphans: set[str] = set()
        #: of lane workers, by window
        self.kills = dict.fromkeys((*WINDOWS, OTHER), 0)
        self.chores_killed = 0

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def kill_one(self, window: str) -> None:
        """Start a worker and kill it in a window, or at any moment (`OTHER`)."""
        if window == OTHER:
            self._kill_anywhere()
            return
        kill = self._plan(window)
        self._scene.gate.config(**kill.config)
        self._orphans = set(self._scene.database.submitting())
        worker = self._scene.fork_lane(**self._arguments)
        if kill.phase:
            trap = {"phase": kill.phase, "pid": worker.pid, "after": kill.after}
            self._scene.gate.set_trap(**trap)
            wait_until(lambda: worker.is_stopped, 10)
            self._scene.gate.set_trap()
        else:
            self._stop_at_claim(worker, kill.after)
        is_confirmed = self._kill_and_look(worker, window)
        self.kills[window if is_confirmed else OTHER] += 1

    def kill_chores(self) -> None:
        """Let leases run out and doubts be asked about, by workers that die of it and
        by others who end the work."""
        for _turn in range(2):
            self._scene.database.let_time_pass()
            worker = self._scene.nursery.fork("recover")
            time.sleep(self._random.uniform(0.01, 0.2))
            self.chores_killed += worker.kill()
            self._scene.nursery.run("recover")

    def _plan(self, window: str) -> Kill:
        # Never at full speed: the queue must last.
        calm = {"delay_before_accept": 0.02, "delay_after_accept": 0.0}
        concurrency = self._scene.concurrency
        if window == "claim":
            phase = self._random.choice(("connected", ""))
            return Kill(window, calm, phase, self._random.randint(1, concurrency))
        after = self._random.randint(1, concurrency + 2)
        if window == "answer":
            return Kill(window, calm, "answered", after)
        moment, phase = self._random.choice(
            (("before", "received"), ("after", "accepted"))
        )
        slow = {**calm, f"delay_{moment}_accept": 0.25}
        return Kill(window, slow, phase, after)

    def _stop_at_claim(self, worker: Worker, after: int) -> None:
        """Stop the worker as soon as it has committed its n-th claim."""
        known = set(self._orphans)
        deadline = time.monotonic() + 10
        while after and time.monotonic() < deadline:
            claimed = self._scene.database.submitting().keys()
            after -= bool(claimed - known)
            known |= claimed
        worker.stop()

    def _kill_and_look(self, worker: Worker, window: str) -> bool:
        """Kill the stopped worker; whether a message of the window was there.

        Only first attempts count: there the gate cannot know the message from before.
        """
        before = self._look()
        was = self._scene.gate.calls(before)["calls"]
        worker.kill()
        self._scene.database.wait_until_gone(worker.pid)
        # What has left the worker arrives even now.
        wait_until(lambda: self._scene.gate.calls([])["open"] == 0, 5)
        left = before & self._look()
        if window == "claim":
            return bool(left - self._scene.gate.calls(left)["calls"].keys())
        phases = {was[reference]["phase"] for reference in left & was.keys()}
        wanted = {"call": {"received", "accepted"}, "answer": {"answered"}}[window]
        return bool(phases & wanted)

    def _look(self) -> set[str]:
        """References of what the worker has claimed for the first time."""
        claimed = self._scene.database.submitting()
        first = {reference for reference, attempts in claimed.items() if attempts == 1}
        return first - self._orphans

    def _kill_anywhere(self) -> None:
        self._scene.gate.config(delay_before_accept=0.1, delay_after_accept=0.1)
        worker = self._scene.fork_lane(**self._arguments)
        time.sleep(self._random.uniform(0.05, 0.6))
        worker.kill()
        self.kills[OTHER] += 1
