"""What happens to the gateway's workers, their database and their provider."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from .clients import Clients
from .cluster import Cluster
from .facts import Database, GatewayDatabase
from .plan import Plan
from .scene import OTHER, WINDOWS, Hunter, Scene
from .verdict import Result
from .workers import Failed, Nursery, OdooServer, Worker, wait_until

#: Points of a call at which a worker is stopped, see the simulators' journal.
PHASES = ("connected", "received", "accepted", "answered")
#: The provider is waited for so long, in seconds, where a scenario is about waiting.
PATIENCE = 1.0
#: A claim that was being made when a campaign was stopped, and what it handed over,
#: reach the gate within so many seconds.
GRACE = 2.0
#: What the log says of a statement that found no room.
DISK_FULL = "DiskFull|53100"


@dataclass
class Stage:
    """Where scenarios are played.

    ``stack`` ends what the stage has started.
    """

    nursery: Nursery
    database: GatewayDatabase
    folder: Path
    plan: Plan
    cluster: Cluster
    stack: ExitStack
    _copy: Stage | None = None

    def scene(self, *, is_idempotent: bool, lanes: int = 1) -> Scene:
        """A new scene for a scenario."""
        return Scene(
            self.nursery, self.database, is_idempotent=is_idempotent, lanes=lanes
        )

    def get_copy(self) -> Stage:
        """The same stage on a PostgreSQL that may be stopped."""
        if self._copy is None:
            name = self.database.name
            self.cluster.provide(name)
            database = GatewayDatabase(name, **self.cluster.address)
            self.stack.callback(database.close)
            folder, environment = self.folder / "cluster", self.cluster.environment
            nursery = Nursery(name, folder, environment=environment)
            self.stack.enter_context(nursery)
            self._copy = replace(self, nursery=nursery, database=database)
        return self._copy


# === THE WORKER IS KILLED ===
def kill_in_every_window(stage: Stage, result: Result, is_idempotent: bool) -> None:
    plan = stage.plan
    with stage.scene(is_idempotent=is_idempotent) as scene:
        singles = plan.messages // 25
        share = (plan.messages - singles) // 4
        rest = plan.messages - singles - 3 * share
        scene.send(*[share] * 3, rest, *[1] * singles)
        hunter = Hunter(scene)
        while _must_go_on(hunter, plan) and scene.database.count_states()["queued"]:
            hunter.kill_one(_choose_window(hunter))
            if hunter.total % 10 == 0:
                hunter.kill_chores()
        scene.gate.config(delay_before_accept=0, delay_after_accept=0)
        scene.settle()
        scene.judge(result)
    result.kills = hunter.kills
    result.note = f"{hunter.chores_killed} more were killed while they reconciled"
    if _must_go_on(hunter, plan, limit=10**6):
        wanted = f"{plan.kills}, {plan.kills_per_window} per window"
        result.problems.append(f"too few kills: {hunter.kills}, wanted {wanted}")


def _must_go_on(hunter: Hunter, plan: Plan, limit: int = 0) -> bool:
    fewest = min(hunter.kills[window] for window in WINDOWS)
    is_enough = hunter.total >= plan.kills and fewest >= plan.kills_per_window
    return not is_enough and hunter.total < (limit or 3 * plan.kills)


def _choose_window(hunter: Hunter) -> str:
    """The window with the fewest kills; every sixth kill is left to chance."""
    if hunter.total % 6 == 5:
        return OTHER
    return min(WINDOWS, key=lambda window: hunter.kills[window])


def freeze_past_the_lease(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """Workers stand still in the middle of calls until others have taken over, then go
    on as if nothing had happened: with their answers, or with calls that are late."""
    with stage.scene(is_idempotent=is_idempotent) as scene:
        scene.gate.config(delay_before_accept=0.05, delay_after_accept=0.05)
        scene.send(stage.plan.few)
        frozen = []
        for number in range(2 * max(stage.plan.blows, 4)):
            patience = PATIENCE if number % 2 else None
            worker = scene.fork_lane(read_timeout=patience)
            phase = PHASES[number // 2 % len(PHASES)]
            scene.gate.set_trap(phase=phase, pid=worker.pid, after=2)
            wait_until(lambda worker=worker: worker.is_stopped, 10)
            frozen.append(worker)
        scene.gate.set_trap()
        held = len(scene.database.submitting())
        time.sleep(PATIENCE)
        for _turn in range(2):
            scene.database.let_time_pass()
            scene.nursery.run("recover")
        scene.fork_lane()
        for worker in frozen:
            time.sleep(0.1)
            worker.go_on()
        scene.wait_until_sent()
        # The answers of the last calls.
        time.sleep(PATIENCE)
        scene.nursery.kill_all()
        scene.settle()
        scene.judge(result)
    result.kills = {OTHER: len(frozen) + 1}
    result.note = f"{len(frozen)} frozen with {held} messages"


def kill_one_of_two_lanes(stage: Stage, result: Result, is_idempotent: bool) -> None:
    _kill_among_lanes(stage, result, is_idempotent, lanes=2)


def kill_one_of_four_lanes(stage: Stage, result: Result, is_idempotent: bool) -> None:
    _kill_among_lanes(stage, result, is_idempotent, lanes=4)


def _kill_among_lanes(
    stage: Stage, result: Result, is_idempotent: bool, lanes: int
) -> None:
    chance = random.Random(2)
    with stage.scene(is_idempotent=is_idempotent, lanes=lanes) as scene:
        scene.gate.config(delay_before_accept=0.03, delay_after_accept=0.03)
        scene.send(2 * stage.plan.few)
        workers = {number + 1: scene.fork_lane(number + 1) for number in range(lanes)}
        scene.wait_until_started(0.05)
        for _number in range(stage.plan.blows):
            time.sleep(chance.uniform(0.1, 0.3))
            number = chance.choice(list(workers))
            workers[number].kill()
            workers[number] = scene.fork_lane(number)
        _finish(scene, workers.values(), result)
    result.kills = {OTHER: stage.plan.blows + lanes}


def exceed_the_time_limit_of_crons(
    stage: Stage, result: Result, is_idempotent: bool
) -> None:
    """Odoo's own prefork server kills its cron worker in the middle of a lane."""
    limit = 4
    options = ("--workers=1", "--max-cron-threads=1", f"--limit-time-real-cron={limit}")
    stage.database.keep_only_our_crons()
    with stage.scene(is_idempotent=is_idempotent) as scene:
        wanted = max(stage.plan.blows // 2, 1)
        # The server looks at its workers every four seconds: the queue must last for
        # eight of each worker.
        pace = stage.plan.few / (8 * wanted + 8)
        delay = scene.concurrency * scene.max_batch / pace
        scene.gate.config(delay_after_accept=delay)
        scene.send(stage.plan.few)
        with OdooServer(stage.database.name, stage.folder, *options) as server:
            timeouts = _wake_until_killed(scene, server, wanted)
        scene.gate.config(delay_after_accept=0)
        orphans = len(scene.database.submitting())
        scene.settle()
        scene.judge(result)
    result.kills = {OTHER: timeouts}
    result.note = f"{orphans} messages orphaned"
    if timeouts < wanted or not orphans:
        result.problems.append(f"too few were killed at work: see {server.log}")


def _wake_until_killed(scene: Scene, server: OdooServer, wanted: int) -> int:
    """Wake the lane's cron until its worker was killed often enough.

    :return: the number of kills
    """
    postgres = Database("postgres")
    kills = 0

    def is_over() -> bool:
        nonlocal kills
        kills = server.count_log(r"WorkerCron \(\d+\) timeout")
        if kills >= wanted or not scene.database.count_states()["queued"]:
            return True
        scene.database.wake_cron("send_1")
        postgres.ask("SELECT pg_notify('cron_trigger', %s)", scene.database.name)
        return False

    try:
        wait_until(is_over, 30 * wanted, 0.3)
    finally:
        postgres.close()
    return kills


def _finish(scene: Scene, workers: Iterable[Worker], result: Result) -> None:
    """Let the gate answer at once and the workers send the rest, then judge."""
    scene.gate.config(delay_before_accept=0, delay_after_accept=0)
    scene.wait_until_sent()
    for worker in workers:
        worker.kill()
    scene.settle()
    scene.judge(result)


# === THE DATABASE ===
def stop_the_database(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """PostgreSQL is stopped at once, and started again, under two working lanes."""
    copy = stage.get_copy()
    stops = max(stage.plan.blows // 2, 1)
    with copy.scene(is_idempotent=is_idempotent, lanes=2) as scene:
        scene.gate.config(delay_before_accept=0.03, delay_after_accept=0.03)
        scene.send(2 * stage.plan.few)
        workers = [scene.fork_lane(number) for number in (1, 2)]
        scene.wait_until_started(0.05)
        for _number in range(stops):
            stage.cluster.stop_at_once()
            time.sleep(0.3)
            stage.cluster.start()
            copy.database.wait_until_it_answers()
            time.sleep(0.4)
        orphans = len(scene.database.submitting())
        _finish(scene, workers, result)
    result.kills = {OTHER: stops}
    result.note = f"{orphans} messages orphaned"


def fill_the_disk(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The database's disk is full, again and again, under two working lanes: claims,
    answers of the gate and new campaigns cannot be written."""
    copy = stage.get_copy()
    rounds = 2 * stage.plan.blows
    with ExitStack() as stack:
        disk = stack.enter_context(stage.cluster.provide_disk())
        copy.database.move_tables(disk.path)
        stack.callback(copy.database.move_tables_back)
        scene = stack.enter_context(copy.scene(is_idempotent=is_idempotent, lanes=2))
        scene.gate.config(delay_before_accept=0.03, delay_after_accept=0.03)
        scene.send(2 * stage.plan.few)
        workers = [scene.fork_lane(number) for number in (1, 2)]
        scene.wait_until_started(0.05)
        failures = 0
        for _number in range(rounds):
            disk.fill()
            known = copy.nursery.count_log(DISK_FULL)
            wait_until(lambda n=known: copy.nursery.count_log(DISK_FULL) > n, 20, 0.05)
            failures += copy.nursery.count_log(DISK_FULL) > known
            disk.give(256 * 1024)
            time.sleep(0.3)
        disk.fill()
        was_accepted = _was_accepted(scene, stage.plan.few)
        disk.give(sys.maxsize)
        _finish(scene, workers, result)
    result.kills = {OTHER: failures}
    result.note = f"{failures} of {rounds} times a statement failed"
    if not failures:
        result.problems.append("the disk was never full")
    if was_accepted:
        result.problems.append("a campaign was accepted on a full disk")


def _was_accepted(scene: Scene, count: int) -> bool:
    """Whether a campaign could be accepted; of one that could not nothing is left."""
    expected = scene.expected
    try:
        scene.send(count)
    except Failed:
        scene.expected = expected
        return False
    return True


# === THE WEB SERVER ===
def kill_web_workers(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """Workers of Odoo's prefork server are killed while clients send with a key of
    idempotency, and repeat what was not answered."""
    options = ("--workers=2", "--max-cron-threads=0")
    kills = 2 * stage.plan.blows
    chance = random.Random(4)
    with (
        OdooServer(stage.database.name, stage.folder, *options) as server,
        stage.scene(is_idempotent=is_idempotent) as scene,
    ):
        key = scene.nursery.run("make_key")
        clients = Clients(server.url, key, scene.route["name"])
        clients.start(scene.make_phones(stage.plan.few))
        killed = 0
        while not clients.is_done and killed < kills:
            time.sleep(chance.uniform(0.1, 0.3))
            killed += server.kill_one_worker(chance)
        scene.wait_for(lambda: clients.is_done, 120)
        scene.settle()
        scene.judge(result)
    result.kills = {OTHER: killed}
    result.note = f"{clients.repeated} requests were repeated"
    result.problems += clients.refused[:3]
    if killed < kills or not clients.repeated:
        result.problems.append("too few were killed at work")


# === THE PROVIDER ===
def hang(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The gate never answers: it has taken the messages, or it has not."""
    times = stage.plan.blows
    trouble = {"timeout_before_accept": times, "timeout_after_accept": times}
    _trouble(stage, result, is_idempotent, {**trouble, "stall": 10 * PATIENCE})


def reset_connections(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The gate resets connections: before it has taken the messages, or after."""
    times = stage.plan.blows
    trouble = {"reset_before_accept": times, "reset_after_accept": times}
    _trouble(stage, result, is_idempotent, trouble)


def answer_late(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The gate answers when nobody waits any more, or only a half of its answer."""
    times = stage.plan.blows
    trouble = {"late": times, "late_by": 2 * PATIENCE, "answer_truncate": times}
    _trouble(stage, result, is_idempotent, trouble)


def _trouble(
    stage: Stage, result: Result, is_idempotent: bool, trouble: dict[str, float]
) -> None:
    with stage.scene(is_idempotent=is_idempotent) as scene:
        scene.send(stage.plan.few)
        scene.gate.config(**trouble)
        scene.settle(read_timeout=PATIENCE)
        left = scene.gate.config()
        scene.judge(result)
    times = [name for name in trouble if name not in ("stall", "late_by")]
    result.note = ", ".join(f"{trouble[name]:g}× {name}" for name in times)
    if any(left[name] for name in times):
        result.problems.append("the gate did not make all the trouble")


def report_before_the_answer(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """Delivery reports are pushed while the gate still keeps the submit's answer, and
    workers are killed who will never read it."""
    options = ("--workers=0", "--max-cron-threads=0")
    with (
        OdooServer(stage.database.name, stage.folder, *options) as server,
        stage.scene(is_idempotent=is_idempotent) as scene,
    ):
        scene.gate.config(
            push_url=server.url + scene.route["webhook"], delay_after_accept=0.3
        )
        scene.send(stage.plan.few)
        kills = max(stage.plan.blows // 2, 1)
        early = 0
        for _number in range(kills):
            worker = scene.fork_lane()
            early += bool(wait_until(lambda: _has_early_report(scene), 20, 0.01))
            worker.kill()
        worker = scene.fork_lane()
        scene.wait_until_sent()
        worker.kill()
        scene.gate.config(delay_after_accept=0)
        scene.settle()
        scene.wait_for(lambda: _all_is_pushed(scene), 30)
        scene.settle()
        scene.judge(result)
        kept = scene.database.count_reports()["kept"]
    result.kills = {OTHER: kills}
    result.note = f"{early} times a report was there before the answer, {kept} kept"
    if not early:
        result.problems.append("no report came before the answer")
    if is_idempotent and kept:
        result.problems.append(f"{kept} reports were not applied")


def _has_early_report(scene: Scene) -> bool:
    return bool(scene.database.count_reports()["kept"] and scene.database.submitting())


def _all_is_pushed(scene: Scene) -> bool:
    stats = scene.gate.stats(messages=False)
    return bool(stats["push"]["acknowledged"] >= stats["accepted"])


# === A PERSON ===
def pause_and_cancel(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """Campaigns are stopped while two lanes work.

    A claim that is being made at that moment is handed over; it is the last one. So
    after `GRACE` seconds nothing of the campaign may reach the gate, and before that no
    more than the lanes can hold.
    """
    with stage.scene(is_idempotent=is_idempotent, lanes=2) as scene:
        # Sending both takes the two lanes some ten seconds.
        scene.gate.config(delay_after_accept=200 / stage.plan.few)
        paused, cancelled = scene.send(stage.plan.few, stage.plan.few)
        workers = [scene.fork_lane(number) for number in (1, 2)]
        scene.wait_until_started(0.1)
        cancelled_at = _press(scene, cancelled, "action_cancel")
        time.sleep(GRACE)
        paused_at = _press(scene, paused, "action_pause")
        time.sleep(GRACE + 0.5)
        result.problems += _find_late(scene, paused, paused_at, "pause")
        _press(scene, paused, "action_resume")
        scene.gate.config(delay_after_accept=0)
        scene.wait_until_sent()
        for worker in workers:
            worker.kill()
        scene.settle()
        result.problems += _find_late(scene, cancelled, cancelled_at, "cancel")
        scene.judge(result)
        states = scene.database.count_states()
    result.kills = {OTHER: len(workers)}
    result.note = f"{states['cancelled']} cancelled"
    if not states["cancelled"]:
        result.problems.append("everything was sent before the cancel")


def _press(scene: Scene, campaign_id: int, action: str) -> float:
    moment: float = scene.nursery.run(
        "move_campaign", campaign_id=campaign_id, action=action
    )
    return moment


def _find_late(
    scene: Scene, campaign_id: int, stopped_at: float, what: str
) -> list[str]:
    """What is wrong with the messages handed over after a campaign was stopped."""
    calls = scene.calls()
    times = [
        moment
        for reference in scene.database.references_of(campaign_id)
        if reference in calls
        for moment in calls[reference]["received_at"]
        if moment > stopped_at
    ]
    most = scene.lanes * scene.concurrency * scene.max_batch
    too_late = sum(moment > stopped_at + GRACE for moment in times)
    problems = []
    if too_late:
        problems.append(f"{too_late} handed over {GRACE:g} s after the {what}")
    if len(times) > most:
        problems.append(f"{len(times)} handed over after the {what}, at most {most}")
    return problems


# === TEETH ===
def without_the_commit_after_the_claim(
    stage: Stage, result: Result, is_idempotent: bool
) -> None:
    """The suite must find what this spoiled product sends twice."""
    with stage.scene(is_idempotent=is_idempotent) as scene:
        scene.send(300)
        hunter = Hunter(scene, spoil="commit_after_claim")
        for window in ("call", "answer", "call", "answer"):
            hunter.kill_one(window)
        scene.gate.config(delay_before_accept=0, delay_after_accept=0)
        scene.settle()
        scene.judge(result)
    result.kills = {OTHER: hunter.total}
    result.must_find = "duplicates"


def with_invented_answers(stage: Stage, result: Result, is_idempotent: bool) -> None:
    """The suite must find what this spoiled product never sends."""
    with stage.scene(is_idempotent=is_idempotent) as scene:
        scene.send(300)
        worker = scene.fork_lane(spoil="invented_answers")
        scene.wait_until_sent()
        worker.kill()
        scene.settle()
        scene.judge(result)
    result.must_find = "lost"


Scenario = Callable[[Stage, Result, bool], None]

#: name → what is played twice: with the gate's idempotency, and without
SCENARIOS: dict[str, Scenario] = {
    "kill -9 in every window": kill_in_every_window,
    "frozen past the lease": freeze_past_the_lease,
    "kill -9, two lanes": kill_one_of_two_lanes,
    "kill -9, four lanes": kill_one_of_four_lanes,
    "cron time limit": exceed_the_time_limit_of_crons,
    "PostgreSQL stopped": stop_the_database,
    "PostgreSQL, disk full": fill_the_disk,
    "kill -9, web workers": kill_web_workers,
    "gate hangs": hang,
    "gate resets": reset_connections,
    "gate answers late": answer_late,
    "report before answer": report_before_the_answer,
    "pause and cancel": pause_and_cancel,
}
#: name → what is played once, without idempotency, on a spoiled product
TEETH: dict[str, Scenario] = {
    "teeth: claim not committed": without_the_commit_after_the_claim,
    "teeth: answers invented": with_invented_answers,
}
