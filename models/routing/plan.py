"""What one accept needs to know of the way its messages take."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...tools.operators import OperatorLookup
from ...tools.routing import RouteChooser, SingleRoute, Tariffs


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

    def learn(self, composed):
        """Read what must be known of the numbers of a block before they are chosen for.

        :param composed: list of `tools.compose.Composed`
        """
        if self.lookup:
            self.lookup.learn(one.msisdn for one in composed)

    def get_expiry(self, campaign, accepted_at):
        """When the time to live of messages accepted at a moment ends, None for never.

        The messages of people's campaigns live as long however late they were written,
        and all steps of a policy share the life of their campaign.
        """
        since = self.lives_since or accepted_at
        if campaign.source != "api" and not self.lives_since:
            since = campaign.accepted_at or accepted_at
        ends = [campaign._get_expiry(since)]
        if self.ttl:
            start = max(campaign.scheduled_at or accepted_at, accepted_at)
            ends.append(start + timedelta(seconds=self.ttl))
        return min(filter(None, ends), default=None)
