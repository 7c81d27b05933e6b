"""Vitals of the gateway: when its crons ran, how long due messages wait.

Plain Python without a database: `sms.gateway.health.vitals` collects them.
"""

from dataclasses import dataclass
from datetime import timedelta

#: A lane runs every minute, and a message leaves as soon as it is due: what takes
#: longer than this is a trouble.
PATIENCE = timedelta(minutes=5)
#: So many failures of a cron in a row are a trouble.
MANY_FAILURES = 3


@dataclass(frozen=True)
class Cron:
    """A cron of the gateway.

    ``name`` is the end of its external id, such as ``send_1``. ``age`` is the time
    since it was last seen running, None for never, ``idle`` the same since it was made.
    """

    name: str
    id: int | None
    is_active: bool
    failure_count: int
    age: timedelta | None
    idle: timedelta

    @property
    def lane(self):
        """The number of the lane, None for other crons."""
        kind, _, number = self.name.partition("_")
        return int(number) if kind == "send" else None

    @property
    def is_late(self):
        return self.idle > PATIENCE


@dataclass(frozen=True)
class Vitals:
    """What troubles are found in.

    ``crons`` are those that should run: lanes above the configured number are not among
    them. ``waiting`` has for each route with due messages the time for which the oldest
    of them has been waiting.
    """

    crons: list
    waiting: dict

    @property
    def lanes(self):
        return [cron for cron in self.crons if cron.lane]

    @property
    def oldest_due(self):
        return max(self.waiting.values(), default=None)

    @property
    def inactive_crons(self):
        return [cron for cron in self.crons if not cron.is_active]

    @property
    def failing_crons(self):
        return [cron for cron in self.crons if cron.failure_count >= MANY_FAILURES]

    @property
    def late_lanes(self):
        return [lane for lane in self.lanes if lane.is_active and lane.is_late]

    @property
    def late_routes(self):
        """The ids of routes whose messages have waited too long."""
        return {route for route, age in self.waiting.items() if age > PATIENCE}

    @property
    def has_late_counters(self):
        """Whether all crons that fold counters are late; lanes fold as well."""
        folding = [cron for cron in self.crons if cron.lane or cron.name == "fold"]
        return all(cron.is_late for cron in folding)
