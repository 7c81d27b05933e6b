"""People see why messages wait, move campaigns and take them back, in a browser."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..common import sandbox_phone
from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestWaitingTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        zone = {"tz": "Europe/Moscow"}
        cls.manager = cls.add_user("tour_manager", "manager", **zone)
        cls.add_user("tour_administrator", "administrator", **zone)
        cls.people = cls.env["res.partner"].create(
            [
                {"name": "Waiting Anna", "phone": sandbox_phone("0001")},
                {"name": "Waiting Boris", "phone": sandbox_phone("0002")},
                {"name": "Waiting Nobody"},
            ]
        )

    def setUp(self):
        super().setUp()
        # no scheduled actions run beside the tests
        self.startPatcher(
            patch.object(
                self.registry["sms.gateway.health"],
                "_find_lane_troubles",
                lambda _health: [],
            )
        )

    def make_draft(self, **values):
        draft = (
            self.env["sms.gateway.campaign"]
            .with_user(self.manager)
            .create(
                {
                    "route_id": self.route.id,
                    "recipient_source": "selection",
                    "text_male": "Hello",
                    **values,
                }
            )
        )
        draft._snapshot_recipients([("res.partner", [("id", "in", self.people.ids)])])
        return draft.with_user(self.env.user)

    def schedule(self, moment):
        draft = self.make_draft(name="Later", scheduled_at=moment)
        draft.with_user(draft.user_id).action_send()
        return draft

    def tour(self, name, record, login):
        path = f"/odoo/sms-gateway/{record.id}"
        self.start_tour(path, name, login=login)
        self.env.invalidate_all()

    def test_an_administrator_resumes_the_route_that_holds_a_campaign(self):
        campaign = self.send(*self.people.mapped("phone")[:2])
        self.run_fold()
        self.route.action_pause()
        self.tour("sms_gateway_resume_route", campaign, "tour_administrator")
        self.assertEqual(self.route.state, "active")

    def test_a_manager_moves_a_campaign_and_takes_it_back(self):
        moment = fields.Datetime.now().replace(microsecond=0) + timedelta(days=1)
        campaign = self.schedule(moment)
        self.tour("sms_gateway_move_campaign", campaign, "tour_manager")
        self.assertEqual(campaign.name, "Moved")
        # typed in the time zone of the browser
        self.assertEqual(campaign.scheduled_at.year, 2099)
        self.assertEqual(campaign.state, "draft")
        self.assertFalse(self.get_messages(campaign))

    def test_the_recipients_of_a_draft_are_a_list(self):
        draft = self.make_draft(name="Whom")
        self.tour("sms_gateway_draft_recipients", draft, "tour_manager")
