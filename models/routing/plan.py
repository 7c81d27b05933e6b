"""What one accept needs to know of the way its messages take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ...tools.operators import OperatorLookup
from ...tools.routing import RouteChooser, SingleRoute, Tariffs


class Way(NamedTuple):
    """How a message went. ``step_id`` is the step of a policy, None without one."""

    channel: str
    route_id: int
    step_id: int | None


@dataclass(frozen=True)
class Plan:
    """The choice of routes for the messages of one accept.

    ``step_id`` is the step of the policy, None without one. ``follow_up`` says when the
    next step begins, None where none follows. ``ttl`` is the step's own time to live in
    seconds, 0 for none.
    """

    chooser: RouteChooser | SingleRoute
    channel: str
    step_id: int | None = None
    follow_up: str | None = None
    ttl: int = 0
    #: of the campaign's time to live; None: the moment of the accept
    lives_since: datetime | None = None
    #: what the messages cost, and take of packages
    tariffs: Tariffs = field(default_factory=lambda: Tariffs({}))
    #: of operators, where rules or prices depend on them
    lookup: OperatorLookup | None = None
    #: only messages with a text of their own for the next step have one
    needs_alternative: bool = False
    #: naive UTC, for messages that start later than their campaign
    starts_at: datetime | None = None
    #: the campaign's time to live begins anew: a person sends again
    lives_anew: bool = False

    def get_start(self, campaign, accepted_at):
        """When messages accepted at a moment may be handed over."""
        starts = (campaign.scheduled_at, self.starts_at, accepted_at)
        return max(filter(None, starts))

    def learn(self, composed):
        """Read what must be known of the numbers of a block before they are chosen for.

        :param composed: list of objects with an ``msisdn``
        """
        if self.lookup:
            self.lookup.learn(one.msisdn for one in composed)

    def get_expiry(self, campaign, accepted_at):
        """When the time to live of messages accepted at a moment ends, None for never.

        The messages of people's campaigns live as long however late they were written,
        and all steps of a policy share the life of their campaign.
        """
        start = self.get_start(campaign, accepted_at)
        ends = [campaign._get_expiry(self._get_birth(campaign, accepted_at, start))]
        if self.ttl:
            ends.append(start + timedelta(seconds=self.ttl))
        return min(filter(None, ends), default=None)

    def _get_birth(self, campaign, accepted_at, start):
        """When the campaign's time to live begins."""
        if self.lives_anew:
            return start
        if self.lives_since or campaign.source == "api":
            return self.lives_since or accepted_at
        return campaign.accepted_at or accepted_at
