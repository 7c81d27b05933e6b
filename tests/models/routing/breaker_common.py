"""What the suites of breakers and paces share."""

from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ...common import PHONE, GatewayCase, answer
from .common import LaneSteps

TROUBLE = answer(Outcome.NOT_SENT, route_trouble=True, message="Connection refused")


class BreakerCase(LaneSteps, GatewayCase):
    """One route that takes message by message."""

    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route(
            submit=TROUBLE, max_batch=1, route={"concurrency": 1}
        )

    @property
    def breaker(self):
        return self.env["sms.gateway.breaker"].search(
            [("route_id", "=", self.scripted.id)]
        )

    def send_many(self, count, **values):
        return self.get_messages(
            self.send(*[PHONE] * count, route=self.scripted, **values)
        )

    def count_calls(self):
        return len(self.provider.batches)

    def get_kinds(self):
        """What happened to the route, the oldest first."""
        return self.scripted.breaker_event_ids.sorted("id").mapped("kind")

    def get_passed(self):
        """Seconds from the test's first moment to the end of the route's rest."""
        return (self.scripted.resume_at - self._start).total_seconds()

    def make_queue(self, route=None):
        return super().make_queue(route or self.scripted)
