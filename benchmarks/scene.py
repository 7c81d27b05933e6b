"""What all measurements share: databases to copy, and what is running on a copy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .databases import (
    ServerClock,
    ask,
    copy_of,
    prepare_marketing,
    prepare_native,
)
from .machine import get_cpu
from .processes import Checkout, Provider, Worker

#: contacts of the native database
PARTNERS = 10_000


class Scene:
    """The databases that are copied for the measurements, made when first needed."""

    #: whose addon is measured; this checkout's when None
    checkout: Checkout | None = None
    #: what the names of the copies end with
    copies = "ours"

    @cached_property
    def database(self) -> str:
        """With the addon, empty: `scripts/bench` has prepared it."""
        return os.environ["ODOO_DB"]

    @cached_property
    def native(self) -> str:
        """With sms_twilio and contacts, without the addon."""

        def fill(name: str) -> None:
            with Worker(name, jobs="native_jobs") as worker:
                worker.do("set_up", partners=PARTNERS)

        return prepare_native(fill)

    @cached_property
    def marketing(self) -> str:
        """With the addon and SMS Marketing, empty."""
        return prepare_marketing()


class TheirScene(Scene):
    """The same of another commit."""

    copies = "theirs"

    def __init__(self, checkout: Checkout, database: str) -> None:
        self.checkout = checkout
        self.database = database


@dataclass
class Stage:
    """A database of ours with a route to a provider, and a process to do jobs."""

    database: str
    provider: Provider
    worker: Worker
    #: what `jobs.set_up` tells of the route
    route: dict[str, Any]

    def count_states(self) -> dict[str, int]:
        """How many messages are in which state."""
        query = "SELECT state, count(*) FROM sms_gateway_message GROUP BY state"
        return dict(ask(self.database, query))

    def expect(self, **states: int) -> None:
        """A figure counts only when everything ended as it had to."""
        found = self.count_states()
        if found != states:
            raise AssertionError(f"Messages are {found}, not {states}")


@contextmanager
def open_stage(
    scene: Scene,
    *,
    latency: float = 0.0,
    max_batch: int = 500,
    lanes: int = 1,
    concurrency: int | None = None,
    original: str | None = None,
) -> Iterator[Stage]:
    """A stage of its own, empty.

    :param concurrency: of the route; as much as the model allows when None
    :param original: the database that is copied; `Scene.database` when None
    """
    with (
        copy_of(original or scene.database, scene.copies) as database,
        Provider(latency=latency) as provider,
        Worker(database, checkout=scene.checkout) as worker,
    ):
        route = worker.do(
            "set_up",
            url=provider.url,
            max_batch=max_batch,
            lanes=lanes,
            concurrency=concurrency,
        )
        yield Stage(database, provider, worker, route)


@contextmanager
def open_native(scene: Scene) -> Iterator[tuple[str, Worker]]:
    """A copy of the native database and a process to do jobs on it."""
    with ExitStack() as stack:
        database = stack.enter_context(copy_of(scene.native, "native"))
        yield database, stack.enter_context(Worker(database, jobs="native_jobs"))


class Meter:
    """CPU time that blocks of code let others spend, by who spends it."""

    def __init__(self, **processes: list[int]) -> None:
        """
        :param processes: who → processes
        """
        self._processes = processes
        self._server = ServerClock()
        self._before: dict[str, float] = {}
        #: seconds, all blocks together
        self.spent: Counter[str] = Counter()

    def __enter__(self) -> Meter:
        self._before = self._read()
        return self

    def __exit__(self, *error: object) -> None:
        for who, now in self._read().items():
            self.spent[who] += now - self._before[who]

    def per(self, count: float) -> dict[str, float]:
        """Microseconds for each of so many."""
        return {who: spent / count * 1e6 for who, spent in self.spent.items() if spent}

    def _read(self) -> dict[str, float]:
        spent = {who: sum(map(get_cpu, pids)) for who, pids in self._processes.items()}
        return {**spent, "PostgreSQL": self._server.read()}
