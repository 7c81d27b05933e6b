"""What the suites of breakers and paces share."""

from collections import deque

from odoo.addons.crm_sms_gateway.models.sending.lane import RouteQueue
from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ...common import PHONE, GatewayCase, answer

TROUBLE = answer(Outcome.NOT_SENT, route_trouble=True, message="Connection refused")


class BreakerCase(GatewayCase):
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
        """The queue of a lane."""
        route = route or self.scripted
        return RouteQueue(
            route_id=route.id,
            is_debug=False,
            provider=route._make_provider(),
            concurrency=4,
            max_attempts=20,
        )

    def claim(self, queue):
        """Claim as a lane does that has just looked for due messages."""
        with self.as_cron() as env:
            domain = [("route_id", "=", queue.route_id), ("state", "=", "queued")]
            waiting = env["sms.gateway.message"].search(domain)
            queue.campaigns = deque(waiting.campaign_id.ids)
            return env["sms.gateway.claim"]._claim(queue, 20)

    def apply(self, queue, claimed, *results):
        with self.as_cron() as env:
            answers = [
                (queue, one, result)
                for one, result in zip(claimed, results, strict=True)
            ]
            env["sms.gateway.answer"]._apply(answers)
