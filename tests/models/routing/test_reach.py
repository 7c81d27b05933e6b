"""How a campaign reached its recipients."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ...common import PHONE, answer
from .test_cascade import CascadeCase

OTHER = "+79161234567"


@tagged("post_install", "-at_install")
class TestReach(CascadeCase):
    def call_in_vain(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(PHONE, OTHER)
        self.run_lane()
        self.run_cascade()
        self.run_lane()
        return campaign

    def get_lines(self, campaign):
        [lines] = campaign._count_by_step().values()
        names = ("name", "sent", "delivered", "not_delivered", "not_sent")
        return [tuple(line[name] for name in names) for line in lines]

    def test_messages_by_step(self):
        campaign = self.call_in_vain()
        _call, sms, *_others = self.get_messages(campaign)
        self.set_state(sms, "delivered")
        self.assertEqual(
            self.get_lines(campaign),
            [("1. Voice call", 2, 0, 2, 0), ("2. SMS", 2, 1, 0, 0)],
        )

    def test_channels_without_a_policy(self):
        caller, _provider = self.script_route(
            submit=answer(Outcome.REFUSED, failure_type="busy"),
            channels=frozenset({"sms", "voice"}),
            route={"has_voice": True},
        )
        campaign = self.send(PHONE, route=caller, channel="voice", alternative="SMS")
        self.run_lane()
        self.run_cascade()
        self.assertEqual(
            self.get_lines(campaign),
            [("Voice call", 1, 0, 1, 0), ("SMS", 0, 0, 0, 0)],
        )

    def test_table_is_shown_where_a_next_step_began(self):
        campaign = self.call_in_vain()
        self.assertIn("2. SMS", campaign.reach_table)

    def test_campaigns_of_one_step_are_not_counted(self):
        campaign = self.send(PHONE, OTHER)
        with patch.object(
            self.registry["sms.gateway.campaign"], "_count_by_step", self.fail
        ):
            self.assertFalse(campaign.reach_table)

    def test_users_read_it_without_reading_policies(self):
        user = new_test_user(self.env, "reach_user", "crm_sms_gateway.group_user")
        campaign = self.call_in_vain()
        campaign.write({"source": "person", "user_id": user.id})
        self.assertIn("2. SMS", campaign.with_user(user).reach_table)
