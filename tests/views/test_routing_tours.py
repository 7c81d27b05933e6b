"""Routing in a browser: a policy is made and checked, a journey is read."""

from odoo import Command
from odoo.tests import tagged

from ..common import sandbox_phone
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestRoutingTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_user("tour_administrator", "administrator")
        cls.first = cls.make_route("tour first")
        cls.second = cls.make_route("tour second")

    def make_cascade(self):
        """A call, then an SMS."""
        return self.env["sms.gateway.policy"].create(
            {
                "name": "tour cascade",
                "step_ids": [
                    Command.create(
                        {
                            "sequence": number,
                            "channel": channel,
                            "rule_ids": [
                                Command.create({"route_ids": [Command.link(route.id)]})
                            ],
                        }
                    )
                    for number, (channel, route) in enumerate(
                        [("voice", self.first), ("sms", self.second)]
                    )
                ],
            }
        )

    def test_makes_and_checks_a_policy(self):
        self.start_tour(
            "/odoo/sms-gateway-policies/new",
            "sms_gateway_make_policy",
            login="tour_administrator",
        )
        policy = self.env["sms.gateway.policy"].search([("name", "=", "tour policy")])
        self.assertEqual(policy.step_ids.mapped("channel"), ["sms", "voice"])

    def test_reads_how_a_person_was_reached(self):
        policy = self.make_cascade()
        self.send(sandbox_phone("9901"), route=policy.route_id, channel="voice")
        self.run_lane()
        with self.later(10):
            self.run_poll()
            self.run_cascade()
        self.start_tour(
            "/odoo/sms-gateway-messages",
            "sms_gateway_read_journey",
            login="tour_administrator",
        )
