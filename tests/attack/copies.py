"""A database that is copied or restored while messages are queued in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from crash.facts import Database, GatewayDatabase
from crash.scene import Scene
from crash.workers import Nursery, wait_until

from .plan import Plan
from .stage import Stage
from .verdict import Result

#: seconds that the lane of a copy is watched
WATCHED = 6
BESIDE, OVER = "beside", "restored over"


def list_modes(_plan: Plan) -> Sequence[str]:
    return [BESIDE, OVER]


def send_from_copy(stage: Stage, result: Result) -> None:
    """The original sends its queue; a copy from before wakes and finds the same."""
    number = stage.plan.queued
    with Scene(stage.nursery, stage.database, is_idempotent=False) as scene:
        scene.send(number)
        with _copied(stage, result.mode) as (nursery, database):
            first = len(scene.gate.stats()["messages"])
            lane = nursery.fork("lane")
            wait_until(lambda: not database.count_states()["queued"], WATCHED, 0.1)
            lane.kill()
            states = dict(database.count_states())
        again = len(scene.gate.stats()["messages"]) - first
    result.find(
        f"{number} queued in a copy ({result.mode})",
        f"{first} sent, {again} again; the copy has {states}",
        "0 again",
        first == number and again == 0,
    )


@contextmanager
def _copied(stage: Stage, mode: str) -> Iterator[tuple[Nursery, GatewayDatabase]]:
    """Copy the database, let the original send, and open the copy.

    Beside, the copy has a name of its own; restored over, it takes the original's.
    """
    name = stage.database.name
    copy = f"{name}_copy"
    with ExitStack() as stack:
        postgres = Database("postgres")
        stack.callback(postgres.close)
        stage.database.close()
        postgres.ask(f'DROP DATABASE IF EXISTS "{copy}"')
        postgres.ask(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        stack.callback(postgres.ask, f'DROP DATABASE "{copy}" WITH (FORCE)')
        _send_all(stage)
        if mode == OVER:
            _exchange_names(stage, postgres, copy)
            stack.callback(_exchange_names, stage, postgres, copy)
        opened = name if mode == OVER else copy
        database = GatewayDatabase(opened)
        stack.callback(database.close)
        folder = stage.folder / f"copy-{mode.split()[0]}"
        nursery = stack.enter_context(Nursery(opened, folder, tasks="attack.tasks"))
        yield nursery, database


def _send_all(stage: Stage) -> None:
    lane = stage.nursery.fork("lane")
    wait_until(lambda: not _is_waiting(stage.database), 60, 0.1)
    lane.kill()


def _is_waiting(database: GatewayDatabase) -> bool:
    states = database.count_states()
    return bool(states["queued"] or states["submitting"])


def _exchange_names(stage: Stage, postgres: Database, copy: str) -> None:
    """Let the copy have the database's name, and the database the copy's."""
    stage.database.close()
    name, between = stage.database.name, f"{copy}_between"
    for old, new in ((name, between), (copy, name), (between, copy)):
        # PostgreSQL's own processes give way by themselves.
        postgres.ask(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = %s AND usename = current_user""",
            old,
        )
        postgres.ask(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
