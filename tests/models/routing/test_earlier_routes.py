"""Reports of routes that a message has left."""

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    StatusUpdate,
)

from ...common import PHONE, answer
from .common import RoutingCase


@tagged("post_install", "-at_install")
class TestEarlierRoutes(RoutingCase):
    """Delivered beats everything, wherever it was delivered."""

    def setUp(self):
        super().setUp()
        self.first, self.first_provider = self.script_route(
            submit=answer(Outcome.ACCEPTED, provider_reference="first-1"),
            route={"price_ids": [Command.create({"prefix": "+7", "price": 2})]},
        )
        self.second, self.second_provider = self.script_route()
        self.policy = self.make_policy(self.first, self.second)
        self.message = self.send_one(route=self.policy.route_id)
        self.run_lane()
        self.report(self.first, DeliveryStatus.FAILED, failure_type="provider_error")
        self.assertEqual(self.message.state, "queued")

    def report(self, route, status, *, reference="first-1", **values):
        update = StatusUpdate(status, provider_reference=reference, **values)
        self.env["sms.gateway.delivery.report"]._ingest(route, [update])
        self.env.invalidate_all()

    def test_delivered_by_the_earlier_route_while_it_waits(self):
        self.report(self.first, DeliveryStatus.DELIVERED)
        self.assertEqual(self.message.state, "delivered")
        self.run_lane()
        self.assertEqual(self.get_submitted(self.second_provider), [])
        self.assertEqual(self.message.attempt_ids.state, "delivered")

    def test_route_that_delivered_it_is_its_route(self):
        self.report(self.first, DeliveryStatus.DELIVERED)
        self.assertEqual(self.message.route_id, self.first)
        self.assertEqual(self.message.provider_reference, "first-1")
        self.assertEqual(self.message.cost, 2)
        sources = self.message.event_ids.sorted("id").mapped("source")
        self.assertEqual(sources[-2:], ["earlier_route", "earlier_route"])
        self.run_fold()
        statistics = (
            self.env["sms.gateway.statistic"]
            .search([("route_id", "in", (self.first + self.second).ids)])
            .filtered(lambda one: one.count or one.cost)
        )
        self.assertEqual(statistics.route_id, self.first)
        self.assertEqual(statistics.mapped("state"), ["delivered"])
        self.assertEqual((statistics.count, statistics.cost), (1, 2))

    def test_delivered_by_the_earlier_route_although_it_was_cancelled(self):
        """Nobody sends it again to a person who has it."""
        self.set_state(self.message, "cancelled")
        self.report(self.first, DeliveryStatus.DELIVERED)
        self.assertEqual(self.message.state, "delivered")
        self.assertFalse(self.message.may_send_again)
        self.assertEqual(self.get_totals(self.message.campaign_id), {"delivered": 1})

    def test_delivered_by_the_earlier_route_after_the_other_one_took_it(self):
        self.run_lane()
        self.assertEqual(self.message.state, "submitted")
        self.report(self.first, DeliveryStatus.DELIVERED)
        self.assertEqual(self.message.state, "delivered")
        self.assertEqual(self.message.provider_reference, self.message.uuid)

    def test_found_by_our_reference(self):
        self.run_lane()
        self.report(
            self.first,
            DeliveryStatus.DELIVERED,
            reference=None,
            uuid=self.message.uuid,
        )
        self.assertEqual(self.message.state, "delivered")

    def test_failure_of_the_earlier_route_changes_nothing(self):
        for status in (DeliveryStatus.FAILED, DeliveryStatus.EXPIRED):
            self.report(self.first, status, failure_type="unreachable")
        self.assertEqual(self.message.state, "queued")
        self.assertEqual(self.message.route_id, self.second)
        self.run_lane()
        self.report(self.first, DeliveryStatus.FAILED, failure_type="unreachable")
        self.assertEqual(self.message.state, "submitted")

    def test_same_report_twice(self):
        self.run_lane()
        for _time in range(2):
            self.report(self.first, DeliveryStatus.DELIVERED)
        reports = self.env["sms.gateway.delivery.report"].search(
            [("route_id", "=", self.first.id)], order="id"
        )
        self.assertEqual(reports.mapped("state"), ["applied", "applied", "ignored"])
        self.assertEqual(reports.message_id, self.message)

    def test_references_do_not_cross_routes(self):
        self.run_lane()
        self.report(self.second, DeliveryStatus.DELIVERED, reference="first-1")
        self.assertEqual(self.message.state, "submitted")

    def test_failure_matched_before_the_message_left_does_not_touch_the_new_route(self):
        change = self.env["sms.gateway.delivery.report"]._make_change(
            {
                "route_id": self.first.id,
                "status": "failed",
                "failure_type": "unreachable",
                "code": "",
                "detail": "",
                "provider_reference": "first-1",
                "segments": None,
                "price": None,
                "price_currency": None,
                "occurred_at": None,
            },
            self.message.id,
            {self.first.id: None},
        )
        verdicts = self.env["sms.gateway.state.change"]._set_state([change])
        self.assertEqual(verdicts["refused"], [change])
        self.assertEqual(self.message.state, "queued")
        self.assertFalse(self.message.provider_reference)

    def test_report_of_the_present_route(self):
        self.run_lane()
        self.report(
            self.second,
            DeliveryStatus.DELIVERED,
            reference=self.message.uuid,
            msisdn=PHONE,
        )
        self.assertEqual(self.message.state, "delivered")


@tagged("post_install", "-at_install")
class TestCostsOfAttempts(RoutingCase):
    """An attempt costs what its provider took."""

    def test_refused_after_an_unknown_outcome_it_costs_nothing(self):
        price = {"price_ids": [Command.create({"prefix": "+7", "price": 2})]}
        first, _provider = self.script_route(
            submit=answer(Outcome.MAYBE_SENT), route=price
        )
        second, _provider = self.script_route()
        message = self.send_one(route=self.make_policy(first, second).route_id)
        self.run_lane()
        self.assertEqual(self.get_cost(first), 2, "the provider may have taken it")
        update = StatusUpdate(
            DeliveryStatus.FAILED, uuid=message.uuid, failure_type="provider_error"
        )
        self.env["sms.gateway.delivery.report"]._ingest(first, [update])
        self.env.invalidate_all()
        self.assertEqual(message.route_id, second)
        self.assertEqual(self.get_cost(first), 0)

    def get_cost(self, route):
        self.run_fold()
        domain = [("route_id", "=", route.id)]
        return sum(self.env["sms.gateway.statistic"].search(domain).mapped("cost"))
