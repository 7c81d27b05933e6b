"""A person's way through the app, in a browser."""

from odoo.tests import tagged

from ..common import sandbox_phone
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_user("tour_administrator", "administrator")
        cls.tour_route = cls.make_route("tour route")

    def test_reads_what_became_of_a_campaign(self):
        phones = [sandbox_phone("0001"), sandbox_phone("0002"), sandbox_phone("9901")]
        self.send(*phones, route=self.tour_route)
        self.run_lane()
        with self.later(10):
            self.run_poll()
            self.run_fold()
        self.start_tour(
            "/odoo", "sms_gateway_read_campaign", login="tour_administrator"
        )

    def test_enters_the_settings_of_a_provider(self):
        self.start_tour(
            "/odoo/sms-gateway-routes/new",
            "sms_gateway_settings",
            login="tour_administrator",
        )
        route = self.env["sms.gateway.route"].search([("name", "=", "settings tour")])
        entered = {row.name: row.value for row in route.setting_ids}
        self.assertEqual(
            entered,
            {
                "url": "https://gate.example.com",
                "login": "shop",
                "password": False,
                "sender": "SHOP",
                "timezone": "Asia/Yekaterinburg",
                "max_batch": "50",
                "honours_client_id": "1",
                "name_delivery": False,
                "translit": "1",
            },
        )
        self.assertEqual(
            route.setting_ids.filtered("is_secret").sudo().secret_value, "hush"
        )
        self.assertEqual(route.state, "active")

    def test_asks_for_the_balance_and_reads_the_answer(self):
        self.start_tour(
            "/odoo/sms-gateway-routes",
            "sms_gateway_ask_balance",
            login="tour_administrator",
        )
        self.run_balance()
        self.start_tour(
            "/odoo/sms-gateway-routes",
            "sms_gateway_read_balance",
            login="tour_administrator",
        )


@tagged("post_install", "-at_install")
class TestTourInEnglish(TestTour):
    lang = "en_US"
