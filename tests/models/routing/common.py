"""What the suites of routing share: policies of scripted routes, steps of lanes."""

from collections import deque
from itertools import count

from odoo.fields import Command

from odoo.addons.crm_sms_gateway.models.sending.lane import RouteQueue

from ...common import GatewayCase

_names = count(1)


class LaneSteps:
    """What a lane does, step by step: several may do it in turns."""

    def make_queue(self, route):
        """The queue of a lane."""
        return RouteQueue(
            route_id=route.id,
            is_debug=False,
            provider=route._make_provider(),
            concurrency=4,
            max_attempts=20,
        )

    def claim(self, queue, wanted=20):
        """Claim as a lane does that has just looked for due messages."""
        with self.as_cron() as env:
            domain = [("route_id", "=", queue.route_id), ("state", "=", "queued")]
            waiting = env["sms.gateway.message"].search(domain)
            queue.campaigns = deque(waiting.campaign_id.ids)
            return env["sms.gateway.claim"]._claim(queue, wanted)

    def apply(self, queue, claimed, *results):
        with self.as_cron() as env:
            answers = [
                (queue, one, result)
                for one, result in zip(claimed, results, strict=True)
            ]
            env["sms.gateway.answer"]._apply(answers)


class RoutingCase(GatewayCase):
    """Policies, and what their messages did."""

    def make_policy(self, *routes, name=None, strategy="order", **step):
        """A policy of one step with one rule for everything."""
        return self.make_cascade(
            {"routes": routes, "strategy": strategy, **step}, name=name
        )

    def make_cascade(self, *steps, name=None):
        """A policy of several steps.

        :param steps: dicts of a step's values, and ``routes`` with its ``strategy`` or
            ``rules``
        """
        return self.env["sms.gateway.policy"].create(
            {
                "name": name or f"policy {next(_names)}",
                "step_ids": [
                    Command.create(self._get_step_values(number, **step))
                    for number, step in enumerate(steps)
                ],
            }
        )

    def _get_step_values(
        self, number, *, routes=(), strategy="order", rules=(), **more
    ):
        rules = rules or [{"routes": routes, "strategy": strategy}]
        return {
            "sequence": number,
            "rule_ids": [
                Command.create(self._get_rule_values(place, **rule))
                for place, rule in enumerate(rules)
            ],
            **more,
        }

    def _get_rule_values(self, place, *, routes, weights=(), **more):
        return {
            "sequence": place,
            "choice_ids": [
                Command.create(
                    {
                        "sequence": number,
                        "route_id": route.id,
                        "weight": weights[number] if weights else 1,
                    }
                )
                for number, route in enumerate(routes)
            ],
            **more,
        }

    def pause(self, route):
        self.env["sms.gateway.route.pause"]._pause(route, "Down")

    def get_submitted(self, provider):
        """The numbers that were handed to a provider, in order."""
        return [one.msisdn for batch in provider.batches for one in batch]

    def get_totals(self, campaign):
        """The counters of a campaign that are not zero."""
        totals = campaign._get_totals()
        return {state: count for state, count in totals.items() if count}
