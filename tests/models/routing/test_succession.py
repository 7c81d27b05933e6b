"""Which of a person's messages counts: one, whatever happens to all of them."""

from collections import Counter

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.providers.types import ClientReference

from ...common import PHONE
from .common import RoutingCase


@tagged("post_install", "-at_install")
class TestSentAgain(RoutingCase):
    """A person who is written to again is counted once."""

    def setUp(self):
        super().setUp()
        self.campaign = self.send(PHONE, "+79161234567")
        self.first, self.other = self.get_messages(self.campaign)
        self.set_state(self.first, "failed", failure_type="other")
        self.again = self.env["sms.gateway.message.decision"]._send_again(self.first)

    def assert_counts(self, **expected):
        """The counters, folded and unfolded, are those of the messages that count."""
        self.assertEqual(self.get_totals(self.campaign), expected)
        self.run_fold()
        self.campaign.invalidate_recordset()
        self.assertEqual(self.get_totals(self.campaign), expected)
        counting = self.get_messages(self.campaign).filtered(
            lambda message: not message.is_superseded
        )
        self.assertEqual(Counter(counting.mapped("state")), expected)

    def test_new_message_takes_the_place_of_the_old_one(self):
        self.assertTrue(self.first.is_superseded)
        self.assert_counts(queued=2)

    def test_old_one_is_delivered_after_all_and_the_new_one_is_not_sent(self):
        self.set_state(self.first, "delivered")
        self.assertEqual(self.again.state, "cancelled")
        self.assert_counts(delivered=1, queued=1)

    def test_what_may_have_been_sent_is_not_cancelled(self):
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET maybe_sent = TRUE WHERE id = %s",
            [self.again.id],
        )
        self.set_state(self.first, "delivered")
        self.assertEqual(self.again.state, "queued")
        self.assert_counts(delivered=1, queued=1)

    def test_what_may_have_been_sent_is_not_handed_over_again(self):
        """Although its provider would recognize it: it may have missed the first."""
        route, provider = self.script_route(client_reference=ClientReference.DEDUP)
        self.campaign = self.send(PHONE, "+79161234567", route=route)
        self.first, self.other = self.get_messages(self.campaign)
        self.set_state(self.first, "failed", failure_type="other")
        again = self.env["sms.gateway.message.decision"]._send_again(self.first)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET maybe_sent = TRUE, account_key = %s"
            " WHERE id = %s",
            [route._make_provider().account_key, again.id],
        )
        self.set_state(self.first, "delivered")
        self.run_lane()
        self.assertEqual(self.get_submitted(provider), [self.other.msisdn])
        self.assertEqual(again.state, "unknown")
        self.assert_counts(delivered=1, submitted=1)

    def test_chain_of_three(self):
        self.set_state(self.again, "failed", failure_type="other")
        third = self.env["sms.gateway.message.decision"]._send_again(self.again)
        self.assert_counts(queued=2)
        self.set_state(self.first, "delivered")
        self.assertEqual(third.state, "cancelled")
        self.assert_counts(delivered=1, queued=1)

    def test_two_of_three_are_delivered_at_the_same_time(self):
        """Reports come many at once."""
        self.set_state(self.again, "failed", failure_type="other")
        self.env["sms.gateway.message.decision"]._send_again(self.again)
        self.env["sms.gateway.state.change"]._set_state(
            [
                StateChange(id=message.id, state="delivered", source="push")
                for message in (self.first, self.again)
            ]
        )
        self.assert_counts(delivered=1, queued=1)

    def test_who_has_it_already_gets_it_no_more(self):
        self.set_state(self.again, "failed", failure_type="other")
        self.set_state(self.first, "delivered")
        with self.assertRaisesRegex(UserError, "earlier message"):
            self.env["sms.gateway.message.decision"]._send_again(self.again)
        self.assert_counts(delivered=1, queued=1)

    def test_through_a_paused_route_whoever_may_not_resume_it_is_told_whom_to_ask(self):
        self.set_state(self.again, "failed", failure_type="other")
        self.route.user_id = new_test_user(
            self.env, "boss", "crm_sms_gateway.group_administrator", name="Ada"
        )
        clerk = new_test_user(self.env, "clerk", "crm_sms_gateway.group_manager")
        self.pause(self.route)
        for user, words in ((clerk, "Ask Ada"), (self.route.user_id, "Resume it")):
            decision = self.env["sms.gateway.message.decision"].with_user(user)
            with self.assertRaisesRegex(UserError, f"is paused: Down. {words}"):
                decision._send_again(self.again.with_user(user))

    def test_policy_takes_another_route_than_the_paused_one(self):
        other = self.make_route("other")
        policy = self.make_policy(self.route, other)
        message = self.send_one(route=policy.route_id)
        self.set_state(message, "failed", failure_type="other")
        self.pause(self.route)
        again = self.env["sms.gateway.message.decision"]._send_again(message)
        self.assertEqual((message.route_id, again.route_id), (self.route, other))

    def test_unknown_outcome_stays_with_the_paused_route(self):
        policy = self.make_policy(self.route, self.make_route("other"))
        message = self.send_one(route=policy.route_id)
        self.set_state(message, "unknown")
        self.pause(self.route)
        with self.assertRaisesRegex(UserError, "is paused"):
            message.action_resolve_send_again()

    def test_statistics_count_every_message(self):
        self.run_fold()
        counts = self.env["sms.gateway.statistic"]._read_group(
            [("route_id", "=", self.route.id)], ["state"], ["count:sum"]
        )
        self.assertEqual(dict(counts), {"queued": 2, "failed": 1})

    def test_status_tells_the_message_that_counts(self):
        page = self.campaign._get_status_page(0, 10)
        self.assertEqual(
            [entry.uuid for entry in page.messages], [self.again.uuid, self.other.uuid]
        )
        self.assertEqual([len(entry.steps) for entry in page.messages], [1, 0])
