"""Packages of routes: which messages use them, and how much is left."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ...common import PHONE, GatewayCase


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
            self.env["sms.gateway.package"]._use({package.id: count})
        self.env["sms.gateway.package"]._fold()

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
        self.env["sms.gateway.package"]._use({package.id: 3})
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
        self.env["sms.gateway.package"]._use({package.id: 3})
        self.run_fold()
        package.invalidate_recordset()
        self.assertEqual(package.used, 3)

    def test_counting_is_one_statement(self):
        packages = self.add_package() + self.add_package()
        self.env.company._get_sms_gateway_day(fields.Datetime.now())
        with self.assertQueryCount(1):
            packages._use(dict.fromkeys(packages.ids, 2))
        with self.assertQueryCount(0):
            packages._use({})

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
