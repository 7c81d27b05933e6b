"""What a lane holds in memory while it runs: queues of routes, calls, answers."""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from queue import Empty, SimpleQueue
from typing import NamedTuple

from ...providers.base import Provider
from ...providers.types import SubmitRequest
from ...tools.breaker import Streak, Tally
from ..common import clock
from ..common.prepared_statements import PreparedStatements
from .sms_gateway_rate_limit import get_route_scope

#: Seconds that a lane waits for further answers after the first.
MOMENT_SECONDS = 0.01
#: Messages claimed in one statement: providers work on the first while the lane claims
#: the next.
MAX_CLAIM = 1000


@dataclass
class RouteQueue:
    """What one route, or its debug messages, has to send inside a lane.

    Single messages are claimed together, each batch campaign by itself: ``campaigns``
    are those with due messages, the one whose turn is next first. ``positions`` tell
    how far each was claimed: its dead rows before that need not be read again.
    ``next_due`` is when the next message is due. ``is_down`` is why the route was
    paused, ``is_resting`` says that its breaker was open when this lane last saw it.

    ``recent`` counts the answers of the lane's run, ``unreported`` those that the
    route's breaker does not know yet: ``is_watched`` says that it asks for them.
    ``streak`` is how long there has been nothing but trouble.
    """

    route_id: int
    is_debug: bool
    provider: Provider
    concurrency: int
    max_attempts: int
    calls: int = 0
    is_down: str | None = None
    is_resting: bool = False
    is_watched: bool = False
    report_at: float = 0.0
    recent: Tally = field(default_factory=Tally)
    unreported: Tally = field(default_factory=Tally)
    streak: Streak = field(default_factory=Streak)
    campaigns: deque = field(default_factory=deque)
    positions: dict = field(default_factory=dict)
    statements: PreparedStatements = field(default_factory=PreparedStatements)
    forget_at: float = 0.0
    next_due: datetime | None = None

    @property
    def scope(self):
        """The scope of the route's rate limit."""
        return get_route_scope(self.route_id)

    @property
    def has_stopped(self):
        """Whether the route sends nothing for now."""
        return bool(self.is_down or self.is_resting)

    @property
    def has_work(self):
        """Whether messages are due and the route can take them."""
        return bool(not self.is_down and self.next_due and self.next_due <= clock.now())

    def take_turns(self, limit):
        """Which campaigns are served now, and how many messages of each."""
        turns = list(islice(self.campaigns, limit))
        return turns, -(-limit // len(turns)) if turns else 0

    def leave(self, campaign_id, rows):
        """Remember how far a campaign was claimed; None: the single messages."""
        if not rows:
            return
        last = rows[-1]
        self.positions[campaign_id] = (last["not_before"], last["id"])
        if campaign_id:
            self.campaigns.remove(campaign_id)
            self.campaigns.append(campaign_id)

    def end(self, campaign_id):
        """Nothing more of a campaign is due, until the next refresh."""
        self.positions.pop(campaign_id, None)
        if campaign_id:
            self.campaigns.remove(campaign_id)


class Claimed(NamedTuple):
    """A claimed message; with ``skip`` it is not handed over and becomes unknown.

    ``tries`` counts its attempts through this route; ``has_policy``: it may take
    another one.
    ``probe`` is the number of the probe that the message is, see `sms.gateway.breaker`.
    """

    id: int
    request: SubmitRequest
    tries: int
    has_policy: bool
    maybe_sent: bool
    skip: bool
    probe: int | None = None


@dataclass
class Lane:
    """The state of one run of a lane."""

    queues: list
    executor: ThreadPoolExecutor
    threads: int
    statements: PreparedStatements
    calls: dict = field(default_factory=dict)
    finished: SimpleQueue = field(default_factory=SimpleQueue)
    refresh_at: float = 0.0
    fold_at: float = 0.0
    sweep_at: float = 0.0
    uncommitted_count: int = 0
    has_sent: bool = False

    def get_wanted(self, queue):
        """How many messages of a queue can be handed over without waiting for a thread.

        A claimed message must not wait: the claim has checked its validity period, the
        pause of its route and the emergency stop.
        """
        free = min(queue.concurrency - queue.calls, self.threads - len(self.calls))
        if queue.streak.demands_care:
            return int(free > 0 and not queue.calls)
        size = queue.provider.max_batch
        return min(free * size, max(size, MAX_CLAIM))

    @property
    def can_start_more(self):
        """Whether messages are due and threads are free for them."""
        return any(
            queue.has_work and self.get_wanted(queue) > 0 for queue in self.queues
        )

    def start(self, queue, batch):
        """Hand over one batch in a thread."""
        queue.calls += 1
        requests = [claimed.request for claimed in batch]
        future = self.executor.submit(queue.provider.submit, requests)
        self.calls[future] = (queue, batch)
        future.add_done_callback(self.finished.put)

    def gather(self, seconds):
        """Wait for the next answers; a list of (queue, claimed, result)."""
        answers = []
        for future in self._get_finished(seconds):
            queue, batch = self.calls.pop(future)
            queue.calls -= 1
            answers += [
                (queue, claimed, result)
                for claimed, result in zip(batch, future.result(), strict=True)
            ]
        return answers

    def _get_finished(self, seconds):
        """Yield the calls that have ended: wait for the first, and `MOMENT_SECONDS` for
        others, so that their answers are written together."""
        end = time.monotonic() + seconds
        try:
            while self.calls:
                yield self.finished.get(timeout=max(end - time.monotonic(), 0))
                end = min(end, time.monotonic() + MOMENT_SECONDS)
        except Empty:
            return
