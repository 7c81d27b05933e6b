"""The same kind of blows on Odoo's own SMS queue with Twilio, for comparison."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from simulators import Simulator

from .cluster import Cluster
from .facts import Database
from .plan import Plan
from .scene import OTHER
from .verdict import Result
from .workers import Nursery, OdooServer, wait_until

#: Seconds after which a queue that does not get empty never will.
PATIENCE = 120


@dataclass(frozen=True)
class NativeStage:
    """Odoo with sms_twilio on a database of its own."""

    nursery: Nursery
    database: Database
    folder: Path
    plan: Plan
    cluster: Cluster


# === SCENARIOS ===
def kill_in_every_window(stage: NativeStage, result: Result) -> None:
    """Workers die in the middle of a call, and between its answer and the commit."""
    chance = random.Random(3)
    with Simulator("twilio") as gate:
        _fill(stage)
        gate.config(delay=0.01)
        kills = Counter(call=0, answer=0)
        for number in range(stage.plan.native_kills):
            window, phase = (("call", "accepted"), ("answer", "answered"))[number % 2]
            worker = stage.nursery.fork("queue", url=gate.url)
            # Somewhere in a batch of ten.
            after = chance.randint(1, 15)
            gate.set_trap(phase=phase, pid=worker.pid, after=after)
            if wait_until(lambda worker=worker: worker.is_stopped, 20):
                kills[window] += 1
            gate.set_trap()
            worker.kill()
            stage.database.wait_until_gone(worker.pid)
        gate.config(delay=0.0)
        stage.nursery.run("queue", url=gate.url, for_ever=False)
        _compare(stage, gate, result)
    result.kills = dict(kills)


def stop_the_database(stage: NativeStage, result: Result) -> None:
    """PostgreSQL is stopped at once, and started again, under the working queue."""
    stops = max(stage.plan.native_kills // 4, 1)
    cluster = stage.cluster
    cluster.provide(stage.database.name)
    database = Database(stage.database.name, **cluster.address)
    nursery = Nursery(
        stage.database.name,
        stage.folder / "cluster",
        tasks="native_tasks",
        environment=cluster.environment,
    )
    with Simulator("twilio") as gate:
        with nursery:
            own = replace(stage, nursery=nursery, database=database)
            _fill(own)
            gate.config(delay=0.02)
            worker = nursery.fork("queue", url=gate.url)
            for _number in range(stops):
                time.sleep(0.5)
                cluster.stop_at_once()
                time.sleep(0.3)
                cluster.start()
                database.wait_until_it_answers()
            gate.config(delay=0.0)
            wait_until(lambda: _is_done(own), PATIENCE, 0.1)
            worker.kill()
            _compare(own, gate, result)
            database.close()
    result.kills = {OTHER: stops}


def answer_late(stage: NativeStage, result: Result) -> None:
    """Twilio answers when Odoo, after its five seconds, waits no more; a person sends
    what Odoo calls failed again."""
    times = 2
    with Simulator("twilio") as gate:
        _fill(stage)
        gate.config(late=times, late_by=6.0)
        stage.nursery.run("queue", url=gate.url, for_ever=False)
        failed = _count_states(stage)["error"]
        stage.nursery.run("resend_failed", url=gate.url)
        _compare(stage, gate, result)
    result.note = f"{failed} called failed, and delivered; sent again by a person"


def report_before_the_answer(stage: NativeStage, result: Result) -> None:
    """Twilio reports a message's delivery while its queue still waits for the answers
    of the batch."""
    options = ("--workers=0", "--max-cron-threads=0")
    with (
        OdooServer(stage.database.name, stage.folder, *options) as server,
        Simulator("twilio") as gate,
    ):
        _fill(stage, base_url=server.url)
        gate.config(auth_token="secret", delay=0.05)
        worker = stage.nursery.fork("queue", url=gate.url)
        wait_until(lambda: _is_done(stage), PATIENCE, 0.1)
        worker.kill()
        _compare(stage, gate, result)


def _fill(stage: NativeStage, **arguments: str) -> None:
    stage.database.ask("TRUNCATE sms_sms, sms_tracker, mail_notification CASCADE")
    messages = stage.plan.native_messages
    stage.nursery.run("make_queue", messages=messages, **arguments)


def _is_done(stage: NativeStage) -> bool:
    """Whether the queue's cron finds nothing more to send."""
    query = "SELECT 1 FROM sms_sms WHERE state = 'outgoing' AND to_delete IS NOT TRUE"
    return not stage.database.ask(query + " LIMIT 1")


def _count_states(stage: NativeStage) -> Counter[str]:
    rows = stage.database.ask("SELECT state, count(*) AS n FROM sms_sms GROUP BY state")
    return Counter({row["state"]: row["n"] for row in rows})


def _compare(stage: NativeStage, gate: Simulator, result: Result) -> None:
    """Odoo's word against what Twilio counted."""
    stats = gate.stats()
    handset = Counter(stats["handset"])
    rows = stage.database.ask("SELECT number, state FROM sms_sms")
    result.messages = stage.plan.native_messages
    result.submits = stats["received"]
    result.deliveries = handset.total()
    result.duplicates = sum(count - 1 for count in handset.values())
    result.lost = result.messages - len(rows)
    result.lost += sum(
        row["state"] in ("pending", "sent") and not handset[row["number"]]
        for row in rows
    )
    wrong = sum(row["state"] == "error" and handset[row["number"]] > 0 for row in rows)
    if wrong:
        result.note = f"{wrong} called failed, and delivered"


NativeScenario = Callable[[NativeStage, Result], None]

SCENARIOS: dict[str, NativeScenario] = {
    "kill -9 in every window": kill_in_every_window,
    "PostgreSQL stopped": stop_the_database,
    "gate answers late": answer_late,
    "report before answer": report_before_the_answer,
}
