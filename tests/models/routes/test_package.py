"""Packages of routes: which messages use them, and how much is left."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    StatusUpdate,
)

from ...common import PHONE, GatewayCase, answer
from ..routing.common import RoutingCase


@tagged("post_install", "-at_install")
class TestPackages(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.priced = cls.make_route("priced route")
        cls.priced.price_ids = [fields.Command.create({"price": 2})]
        cls.mts = cls.env.ref("crm_sms_gateway.operator_ru_mts")
        cls.today = cls.priced.company_id._get_sms_gateway_day(fields.Datetime.now())

    def add_package(self, **values):
        return self.env["sms.gateway.package"].create(
            {"route_id": self.priced.id, "size": 100, "starts_on": self.today, **values}
        )

    def find(self, operator=None, category=None):
        prices = self.priced._get_prices("sms", category)
        package_id = prices.find_package(operator and operator.id)
        return self.env["sms.gateway.package"].browse(package_id)

    def use(self, package, *segments):
        for count in segments:
            self.env["sms.gateway.package"]._use({package.id: count}, self.today)
        self.env["sms.gateway.package"]._fold()

    def enter_price(self, price, channel="sms"):
        """The message of the warning about a price that a person enters, or None."""
        package = self.env["sms.gateway.package"].new(
            {"route_id": self.priced.id, "channel": channel, "price": price}
        )
        answer_ = package.onchange(
            {"price": price}, ["price"], {"price": {}, "route_id": {}, "channel": {}}
        )
        return answer_.get("warning", {}).get("message")

    def test_a_price_above_the_ordinary_one_is_questioned(self):
        self.assertIn("2,500.00", self.enter_price(2500))
        for price in (0, 1.9, 2):
            self.assertIsNone(self.enter_price(price))
        self.assertIsNone(self.enter_price(2500, "voice"), "no ordinary price is known")

    def test_without_packages_there_is_none(self):
        self.assertFalse(self.find())

    def test_the_package_of_the_category_then_of_the_operator_is_used(self):
        any_one = self.add_package()
        self.assertEqual(self.find(self.mts, "service"), any_one)
        of_operator = self.add_package(operator_id=self.mts.id)
        of_category = self.add_package(category="service")
        self.assertEqual(self.find(self.mts, "service"), of_category)
        self.assertEqual(self.find(self.mts), of_operator)
        self.assertEqual(self.find(), any_one)

    def test_the_package_that_ends_first_is_used(self):
        self.add_package()
        soon = self.add_package(ends_on=self.today)
        self.assertEqual(self.find(), soon)

    def test_packages_are_used_from_their_first_to_their_last_day(self):
        day = timedelta(days=1)
        self.add_package(starts_on=self.today + day)
        self.add_package(starts_on=self.today - day, ends_on=self.today - day)
        self.assertFalse(self.find())
        package = self.add_package(starts_on=self.today - day, ends_on=self.today)
        self.assertEqual(self.find(), package)

    def test_what_is_used_is_counted_by_the_fold(self):
        package = self.add_package()
        self.env["sms.gateway.package"]._use({package.id: 3}, self.today)
        self.assertEqual(package.left, 100)
        self.use(package, 4, 5)
        self.use(package, 8)
        self.assertEqual((package.used, package.left), (20, 80))
        self.assertEqual(package._read_left([package.id]), {package.id: 80})
        uses = self.env["sms.gateway.package.use"].search([])
        self.assertEqual(uses.mapped("segments"), [20])

    def test_a_package_that_is_used_up_is_not_used_on(self):
        package = self.add_package(size=10)
        self.use(package, 9)
        self.assertEqual(self.find(), package)
        self.use(package, 9)
        self.assertFalse(self.find())
        self.assertEqual((package.used, package.left), (18, 0))

    def test_the_fold_of_statistics_folds_packages(self):
        package = self.add_package()
        self.env["sms.gateway.package"]._use({package.id: 3}, self.today)
        self.run_fold()
        package.invalidate_recordset()
        self.assertEqual(package.used, 3)

    def test_counting_is_one_statement(self):
        packages = self.add_package() + self.add_package()
        with self.assertQueryCount(1):
            packages._use(dict.fromkeys(packages.ids, 2), self.today)
        with self.assertQueryCount(0):
            packages._use({}, self.today)

    def test_the_forecast_goes_by_the_last_seven_days(self):
        package = self.add_package(size=100)
        self.assertFalse(package.used_up_on)
        self.use(package, 70)
        package.invalidate_recordset()
        today = fields.Date.context_today(package)
        self.assertEqual(package.used_up_on, today + timedelta(days=3))
        package.ends_on = today + timedelta(days=2)
        self.assertFalse(package.used_up_on)

    def test_parts_within_the_package_have_its_price(self):
        package = self.add_package(price=0.5)
        prices = self.priced._get_prices("sms")
        self.assertEqual(float(prices.get_package_cost(package.id, 3)), 1.5)
        self.assertEqual(float(prices.get_cost(PHONE, 3)), 6)
        self.assertEqual(prices.package_ids, package.ids)


@tagged("post_install", "-at_install")
class TestGivenBack(RoutingCase):
    """What no provider has taken uses no package, as it costs nothing."""

    def setUp(self):
        super().setUp()
        self.packaged, self.provider = self.script_route()
        self.package = self.add_package(self.packaged)

    def add_package(self, route):
        today = route.company_id._get_sms_gateway_day(fields.Datetime.now())
        return self.env["sms.gateway.package"].create(
            {"route_id": route.id, "size": 100, "starts_on": today}
        )

    def get_used(self, package=None):
        package = package or self.package
        self.env["sms.gateway.package"]._fold()
        package.invalidate_recordset()
        return package.used

    def send_two(self, **values):
        return self.send(PHONE, PHONE.replace("1", "2"), route=self.packaged, **values)

    def test_sent_messages_use_it(self):
        campaign = self.send_two()
        self.assertEqual(self.get_messages(campaign).package_id, self.package)
        self.run_lane()
        self.assertEqual(self.get_used(), 2)
        for message in self.get_messages(campaign):
            self.set_state(message, "failed", failure_type="unreachable")
        self.assertEqual(self.get_used(), 2, "the provider had them")

    def test_cancelled_campaign(self):
        campaign = self.send_two()
        self.assertEqual(self.get_used(), 2)
        campaign.action_cancel()
        self.run_lane()
        self.assertEqual(self.get_used(), 0)

    def test_expired_before_it_was_handed_over(self):
        for expire in (self.run_lane, self.expire_at_the_claim):
            self.send_two(ttl=60)
            self.let_pass(61)
            expire()
            self.assertEqual(self.get_used(), 0)

    def expire_at_the_claim(self):
        changes = type(self.env["sms.gateway.state.change"])
        with patch.object(changes, "_expire_queued", lambda _self: 0):
            self.run_lane()

    def test_refused_by_the_provider(self):
        self.provider.script["submit"] = answer(Outcome.REFUSED, failure_type="spam")
        self.send_two()
        self.run_lane()
        self.assertEqual(self.get_used(), 0)

    def test_delivered_although_it_had_ended_unsent(self):
        self.provider.script["submit"] = answer(Outcome.REFUSED, failure_type="spam")
        campaign = self.send_two()
        self.run_lane()
        for _report in range(2):
            self.set_state(self.get_messages(campaign)[0], "delivered")
            self.assertEqual(self.get_used(), 1)

    def test_refused_after_an_unknown_outcome(self):
        for take_another in (False, True):
            self.provider.script["submit"] = answer(Outcome.MAYBE_SENT)
            route = self.packaged
            if take_another:
                other, _provider = self.script_route()
                route = self.make_policy(self.packaged, other).route_id
            message = self.send_one(route=route)
            self.run_lane()
            self.assertEqual((message.state, self.get_used()), ("unknown", 1))
            update = StatusUpdate(
                DeliveryStatus.FAILED, uuid=message.uuid, failure_type="provider_error"
            )
            self.env["sms.gateway.delivery.report"]._ingest(self.packaged, [update])
            self.assertEqual(self.get_used(), 0, f"another route: {take_another}")

    def test_opted_out_numbers_use_none(self):
        self.env["phone.blacklist"]._add([PHONE])
        self.send_two()
        self.assertEqual(self.get_used(), 1)
        other = PHONE.replace("1", "2")
        message = self.send_one(route=self.packaged, phone=other)
        self.env["phone.blacklist"]._add([other])
        self.run_lane()
        self.assertEqual(message.state, "cancelled")
        self.assertEqual(self.get_used(), 0)

    def test_messages_that_move_use_the_package_of_their_new_route(self):
        other, _provider = self.script_route()
        theirs = self.add_package(other)
        policy = self.make_policy(self.packaged, other)
        self.send(PHONE, PHONE.replace("1", "2"), route=policy.route_id)
        self.assertEqual((self.get_used(), self.get_used(theirs)), (2, 0))
        self.pause(self.packaged)
        self.run_failover()
        self.assertEqual((self.get_used(), self.get_used(theirs)), (0, 2))
        self.run_lane()
        self.assertEqual((self.get_used(), self.get_used(theirs)), (0, 2))

    def test_deleted_package(self):
        campaign = self.send_two()
        self.package.unlink()
        campaign.action_cancel()
        self.run_lane()
        self.assertEqual(self.get_totals(campaign), {"cancelled": 2})

    def test_price_list_is_made_anew_when_there_is_something_left_again(self):
        self.package.size = 2
        self.package.flush_recordset()
        campaign = self.send_two()
        self.assertEqual(self.get_used(), 2)
        self.assertFalse(self.packaged._get_prices("sms").package_ids)
        campaign.action_cancel()
        self.run_lane()
        self.assertEqual(self.get_used(), 0)
        self.assertEqual(self.packaged._get_prices("sms").package_ids, self.package.ids)
