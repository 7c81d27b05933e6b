"""Odoo's own SMS through the gateway, in a browser."""

from odoo import Command
from odoo.tests import tagged

from ..common import PHONE
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestNativeTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tour_route = cls.make_route("tour route")
        cls.person = cls.add_user("native_user", "user")

    def test_the_chatter_leads_to_the_story_of_an_sms(self):
        self.env.company.sms_gateway_route_id = self.tour_route
        partner = self.env["res.partner"].create({"name": "Anna", "phone": PHONE})
        partner.with_user(self.person)._message_sms("By Odoo")
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.run_tell()
        url = f"/odoo/contacts/{partner.id}"
        self.start_tour(url, "sms_gateway_native_timeline", login="native_user")

    def test_an_administrator_lets_odoo_send_through_a_route(self):
        self.env.user.group_ids = [Command.link(self.env.ref("base.group_system").id)]
        self.start_tour(
            "/odoo/settings?anchor=sms", "sms_gateway_native_setting", login="admin"
        )
        self.assertEqual(self.env.company.sms_gateway_route_id, self.tour_route)
