"""The server that is attacked, and what an attack costs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.request import ProxyHandler, build_opener

from crash.workers import OdooServer

from .meter import Cost, Meter
from .stage import PATIENCE, Stage

#: MiB that a server may keep before the next attack gets a fresh one
KEPT = 30


class Target:
    """A server, replaced when an attack has left it too large to measure the next.

    :param warm_up: what every new server is asked first, so that all is loaded that the
        attacks use
    """

    def __init__(
        self, stage: Stage, warm_up: Callable[[OdooServer], None], *, workers: int = 0
    ) -> None:
        self._stage = stage
        self._warm_up = warm_up
        self._workers = workers
        self._stack = ExitStack()
        self._idle: Meter
        self.server: OdooServer

    def __enter__(self) -> Target:
        self._start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def refresh(self) -> None:
        """Replace a server that has kept too much."""
        if self._idle.get_kept() > KEPT:
            self._stack.close()
            self._start()

    @contextmanager
    def measure(self, meter: Meter | None = None) -> Iterator[Cost]:
        """Measure what the block costs.

        :param meter: made when the server was idle, None: when it was new
        """
        with (meter or self._idle).measure() as cost:
            yield cost

    def make_meter(self) -> Meter:
        """A meter for which the server is idle as it is."""
        return Meter(self.server.pid, self._probe)

    def _start(self) -> None:
        server = self._stage.serve(workers=self._workers)
        self.server = self._stack.enter_context(server)
        # Each worker should have been asked.
        for _request in range(2 * self._workers + 1):
            self._warm_up(server)
        self._idle = self.make_meter()

    def _probe(self) -> None:
        with build_opener(ProxyHandler({})).open(
            f"{self.server.url}/web/health", timeout=PATIENCE
        ) as answer:
            answer.read()
