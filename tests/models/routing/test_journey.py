"""What the form of a message tells of the routes and steps that it has taken."""

from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ...common import PHONE, answer
from .test_cascade import CascadeCase


@tagged("post_install", "-at_install")
class TestJourney(CascadeCase):
    def setUp(self):
        super().setUp()
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))

    def call_in_vain(self):
        campaign = self.call()
        self.run_lane()
        self.run_cascade()
        return self.get_messages(campaign)

    def test_messages_of_a_person_in_their_order(self):
        call, sms = self.call_in_vain()
        self.assertEqual(list(call.chain_ids), [call, sms])
        self.assertEqual(list(sms.chain_ids), [call, sms])

    def test_one_message_is_no_chain(self):
        self.assertFalse(self.send_one().chain_ids)

    def test_messages_of_other_people_are_not_in_it(self):
        campaign = self.call(PHONE, "+79161234567")
        self.run_lane()
        self.run_cascade()
        first = self.get_messages(campaign).filtered(lambda m: m.msisdn == PHONE)
        self.assertEqual(first[0].chain_ids, first)

    def test_steps_are_numbered(self):
        call, sms = self.call_in_vain()
        self.assertEqual(call.step_words, "1 of 2")
        self.assertEqual(sms.step_words, "2 of 2")
        self.assertFalse(self.send_one().step_words)

    def test_what_follows_is_told_while_it_is_open(self):
        call = self.get_messages(self.call())
        self.assertEqual(
            call.next_step_words, f"SMS: {self.sender.name} – After a final failure"
        )
        self.run_lane()
        self.run_cascade()
        call.invalidate_recordset()
        self.assertFalse(call.next_step_words)

    def test_sms_behind_a_call_without_a_policy(self):
        self.caller.has_sms = False
        call = self.get_messages(
            self.send(PHONE, channel="voice", alternative="Мы не дозвонились")
        )
        self.assertEqual(
            call.next_step_words, "SMS: test route – After a final failure"
        )

    def test_replaced_messages_are_marked(self):
        call, sms = self.call_in_vain()
        self.assertEqual((call.replaced_mark, sms.replaced_mark), ("Replaced", False))

    def test_users_read_it_without_reading_policies(self):
        user = new_test_user(self.env, "journey_user", "crm_sms_gateway.group_user")
        call, _sms = self.call_in_vain()
        call.campaign_id.write({"source": "person", "user_id": user.id})
        seen = call.with_user(user)
        self.assertEqual(len(seen.chain_ids), 2)
        self.assertEqual(seen.step_words, "1 of 2")

    def test_users_read_what_earlier_routes_answered(self):
        user = new_test_user(self.env, "journey_user", "crm_sms_gateway.group_user")
        down, _provider = self.script_route(
            submit=answer(Outcome.REFUSED, failure_type="no_funds")
        )
        message = self.send_one(route=self.make_policy(down, self.sender).route_id)
        message.campaign_id.write({"source": "person", "user_id": user.id})
        self.run_lane()
        [attempt] = message.with_user(user).attempt_ids
        self.assertEqual(attempt.route_id.name, down.name)
        self.assertEqual(attempt.failure_reason, "Insufficient funds")

    def test_timeline_names_each_route_in_its_place(self):
        down, _provider = self.script_route(
            submit=answer(Outcome.REFUSED, failure_type="no_funds")
        )
        message = self.send_one(route=self.make_policy(down, self.sender).route_id)
        self.run_lane()
        told = {one["source"]: one["words"] for one in message.timeline}
        self.assertEqual(told["API"], f"Route: {down.name}")
        self.assertIn(f"Route: {self.sender.name}", told["Failover"])

    def test_route_that_was_left_untried_is_not_confused_with_the_next_one(self):
        policy = self.make_policy(self.caller, self.sender)
        message = self.send_one(route=policy.route_id)
        self.pause(self.caller)
        self.run_failover()
        accepted, moved, _waits = message.timeline
        self.assertEqual(accepted["words"], "")
        self.assertEqual(moved["words"], f"Route: {self.sender.name}")

    def test_page_of_a_campaign_shows_the_messages_that_count(self):
        _call, sms = self.call_in_vain()
        campaign = sms.campaign_id
        self.assertEqual(
            campaign.action_open_messages()["context"], {"search_default_counting": 1}
        )
        plain = self.send_one().campaign_id
        self.assertFalse(plain.action_open_messages()["context"])
