"""Cascades: the next step begins after a definite end, once."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent
from odoo.addons.crm_sms_gateway.providers.types import Outcome
from odoo.addons.crm_sms_gateway.tools.compose import Recipient
from odoo.addons.crm_sms_gateway.tools.vocabulary import (
    ENDING_TYPES,
    FAILOVER_TYPES,
    FAILURE_TYPES,
)

from ...common import PHONE, accept, answer, fail
from .common import RoutingCase

BOTH = frozenset({"sms", "voice"})


class CascadeCase(RoutingCase):
    """A call, and an SMS behind it."""

    def make_call_and_sms(self, submit=accept, **step):
        self.caller, self.caller_provider = self.script_route(
            submit=submit, channels=BOTH, route={"has_voice": True}
        )
        self.sender, self.sender_provider = self.script_route()
        self.policy = self.make_cascade(
            {"routes": [self.caller], "channel": "voice", **step},
            {"routes": [self.sender], "channel": "sms"},
        )

    def call(self, *phones, **values):
        return self.send(
            *(phones or [PHONE]),
            route=self.policy.route_id,
            channel="voice",
            text="Позвоните нам",
            **values,
        )

    def get_steps(self, campaign):
        messages = self.get_messages(campaign)
        return [(m.channel, m.state, m.is_superseded) for m in messages]


@tagged("post_install", "-at_install")
class TestNextStep(CascadeCase):
    def test_every_class_of_refusal(self):
        for failure_type in FAILURE_TYPES:
            with self.subTest(failure_type):
                self.make_call_and_sms(
                    answer(Outcome.REFUSED, failure_type=failure_type)
                )
                campaign = self.call()
                self.run_lane()
                self.run_cascade()
                channels = self.get_messages(campaign).mapped("channel")
                is_over = failure_type in ENDING_TYPES
                self.assertEqual(channels, ["voice"] if is_over else ["voice", "sms"])

    def test_failover_types_have_no_other_route_here(self):
        self.assertTrue(FAILOVER_TYPES)
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="no_funds"))
        campaign = self.call()
        self.run_lane()
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "failed", True), ("sms", "queued", False)],
        )

    def test_text_behind_the_call_is_sent(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(alternative="Мы не дозвонились")
        self.run_lane()
        self.run_cascade()
        self.run_lane()
        [request] = self.sender_provider.batches[0]
        self.assertEqual(request.text, "Мы не дозвонились")
        self.assertEqual(request.channel, "sms")
        self.assertEqual(self.get_messages(campaign)[1].segments, 1)

    def test_without_it_the_same_text(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        self.call()
        self.run_lane()
        self.run_cascade()
        self.run_lane()
        [request] = self.sender_provider.batches[0]
        self.assertEqual(request.text, "Позвоните нам")

    def test_once(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.run_lane()
        for _time in range(3):
            self.run_cascade()
            self.run_lane()
        self.assertEqual(self.get_submitted(self.sender_provider), [PHONE])
        self.assertEqual(len(self.get_messages(campaign)), 2)

    def test_delivered_call_needs_no_sms(self):
        self.make_call_and_sms()
        campaign = self.call()
        self.run_lane()
        message = self.get_messages(campaign)
        self.set_state(message, "delivered")
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "delivered", False)])
        self.assertFalse(message.follow_up)

    def test_submitted_call_waits_for_its_report(self):
        self.make_call_and_sms()
        campaign = self.call(ttl=60)
        self.run_lane()
        self.let_pass(3600)
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "submitted", False)])

    def test_expired_by_the_providers_word(self):
        self.make_call_and_sms()
        campaign = self.call()
        self.run_lane()
        self.set_state(self.get_messages(campaign), "expired")
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "expired", True), ("sms", "queued", False)],
        )

    def test_time_of_the_step_is_over_before_it_was_handed_over(self):
        self.make_call_and_sms(ttl=60)
        campaign = self.call()
        self.pause(self.caller)
        self.let_pass(61)
        self.run_lane()
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "expired", True), ("sms", "queued", False)],
        )
        self.assertEqual(self.get_submitted(self.caller_provider), [])

    def test_unknown_outcome_never_begins_the_next_step(self):
        self.make_call_and_sms(fail(MaybeSent("no answer")), ttl=60)
        campaign = self.call()
        self.run_lane()
        self.let_pass(3600)
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "unknown", False)])

    def test_unknown_outcome_where_an_administrator_allows_it(self):
        self.make_call_and_sms(fail(MaybeSent("no answer")), ttl=60, may_repeat=True)
        campaign = self.call()
        self.run_lane()
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "unknown", False)])
        self.let_pass(61)
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "unknown", True), ("sms", "queued", False)],
        )

    def test_cascade_that_ends_with_submitted(self):
        self.make_call_and_sms(ends_with="submitted")
        campaign = self.call()
        self.run_lane()
        self.set_state(self.get_messages(campaign), "failed", failure_type="busy")
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "failed", False)])

    def test_time_of_the_whole_campaign_is_over(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(ttl=60)
        self.run_lane()
        campaign.accepted_at -= timedelta(seconds=61)
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "failed", False)])

    def test_time_of_what_a_person_sent_again_begins_anew(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(ttl=60)
        self.run_lane()
        campaign.accepted_at -= timedelta(days=1)
        self.run_cascade()
        self.get_messages(campaign).action_retry()
        self.run_lane()
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "failed", True), ("voice", "failed", True)]
            + [("sms", "queued", False)],
        )
        self.assertGreater(self.get_messages(campaign)[2].expires_at, clock.now())

    def test_cancelled_campaign_goes_no_further(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.run_lane()
        campaign.state = "cancelled"
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "failed", False)])

    def test_number_that_opted_out_meanwhile(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.run_lane()
        self.env["phone.blacklist"].create({"number": PHONE})
        self.run_cascade()
        self.assertEqual(
            self.get_steps(campaign),
            [("voice", "failed", True), ("sms", "cancelled", False)],
        )

    def test_secret_text_is_kept_for_the_next_step_and_not_longer(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(is_secret=True)
        self.run_lane()
        self.assertEqual(self.get_secrets(campaign), ["Позвоните нам"])
        self.run_cascade()
        self.assertEqual(self.get_secrets(campaign), [None, "Позвоните нам"])
        self.run_lane()
        [request] = self.sender_provider.batches[0]
        self.assertEqual(request.text, "Позвоните нам")

    def get_secrets(self, campaign):
        self.env.cr.execute(
            "SELECT secret_text FROM sms_gateway_message WHERE campaign_id = %s"
            " ORDER BY id",
            [campaign.id],
        )
        return [text for (text,) in self.env.cr.fetchall()]

    def test_many_persons_in_one_run(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(*[f"+7928170{number}" for number in range(1000, 1050)])
        self.run_lane()
        self.run_cascade()
        self.assertEqual(self.get_totals(campaign), {"queued": 50})
        self.run_lane()
        self.assertEqual(len(self.get_submitted(self.sender_provider)), 50)
        self.run_fold()
        campaign.invalidate_recordset()
        self.assertEqual(campaign.submitted_count, 50)
        self.assertEqual(campaign.message_count, 50)
        self.assertEqual(campaign.resent_count, 50)


@tagged("post_install", "-at_install")
class TestLateDelivery(CascadeCase):
    """The step before was delivered after all."""

    def setUp(self):
        super().setUp()
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        self.campaign = self.call()
        self.run_lane()
        self.run_cascade()
        self.first, self.second = self.get_messages(self.campaign)

    def test_what_waits_is_not_sent(self):
        self.set_state(self.first, "delivered")
        self.assertEqual(
            self.get_steps(self.campaign),
            [("voice", "delivered", False), ("sms", "cancelled", True)],
        )
        self.run_lane()
        self.assertEqual(self.get_submitted(self.sender_provider), [])
        self.assertEqual(self.get_totals(self.campaign), {"delivered": 1})

    def test_what_was_sent_stays_and_the_person_is_reached(self):
        self.run_lane()
        self.set_state(self.first, "delivered")
        self.assertEqual(
            self.get_steps(self.campaign),
            [("voice", "delivered", False), ("sms", "submitted", True)],
        )
        self.assertEqual(self.get_totals(self.campaign), {"delivered": 1})

    def test_recipient_of_records_follows_the_message_that_arrived(self):
        recipient = self.env["sms.gateway.recipient"].create(
            {
                "campaign_id": self.campaign.id,
                "index": 0,
                "res_model": "res.partner",
                "res_id": self.env.user.partner_id.id,
                "message_id": self.second.id,
                "is_prepared": True,
            }
        )
        self.set_state(self.first, "delivered")
        self.assertEqual(recipient.message_id, self.first)

    def test_both_delivered_are_one_person(self):
        self.run_lane()
        self.set_state(self.second, "delivered")
        self.set_state(self.first, "delivered")
        self.assertEqual(self.get_totals(self.campaign), {"delivered": 1})
        self.run_fold()
        self.campaign.invalidate_recordset()
        self.assertEqual(self.campaign.delivered_count, 1)
        self.assertEqual(self.campaign.sent_count, 1)


@tagged("post_install", "-at_install")
class TestCallWithoutPolicy(RoutingCase):
    """A route with both channels sends the SMS that the caller gave."""

    def setUp(self):
        super().setUp()
        self.busy, self.provider = self.script_route(
            submit=self.answer_by_channel, channels=BOTH, route={"has_voice": True}
        )

    def answer_by_channel(self, requests):
        if requests[0].channel == "sms":
            return accept(requests)
        return answer(Outcome.REFUSED, failure_type="no_answer")(requests)

    def call_without_sms(self):
        """Call in vain through a route that sends no SMS."""
        route, _provider = self.script_route(
            submit=answer(Outcome.REFUSED, failure_type="busy"),
            channels=frozenset({"voice"}),
            route={"has_voice": True, "has_sms": False},
        )
        campaign = self.send(
            PHONE, route=route, channel="voice", text="Алло", alternative="Мы звонили"
        )
        self.run_lane()
        return campaign

    def test_sms_goes_once(self):
        campaign = self.send(
            PHONE,
            route=self.busy,
            channel="voice",
            text="Алло",
            alternative="Мы звонили",
        )
        self.run_lane()
        for _time in range(2):
            self.run_cascade()
            self.run_lane()
        texts = [one.text for batch in self.provider.batches for one in batch]
        self.assertEqual(texts, ["Алло", "Мы звонили"])
        self.assertEqual(self.get_totals(campaign), {"submitted": 1})

    def test_sms_follows_a_call_that_is_made_again_through_another_route(self):
        campaign = self.call_without_sms()
        wizards = self.env["sms.gateway.send.again"]
        wizard = wizards.browse(campaign.action_send_again()["res_id"])
        wizard.route_id = self.busy
        wizard.action_send()
        for _time in range(2):
            self.run_lane()
            self.run_cascade()
        texts = [one.text for batch in self.provider.batches for one in batch]
        self.assertEqual(texts, ["Алло", "Мы звонили"])
        self.assertEqual(self.get_totals(campaign), {"submitted": 1})

    def test_nothing_follows_where_none_was_given(self):
        campaign = self.send(PHONE, route=self.busy, channel="voice")
        self.run_lane()
        self.run_cascade()
        self.assertEqual(len(self.get_messages(campaign)), 1)

    def test_nothing_follows_on_a_route_that_sends_no_sms_any_more(self):
        """It would wait there for ever."""
        for name in ("has_sms", "active"):
            with self.subTest(name):
                campaign = self.send(
                    PHONE, route=self.busy, channel="voice", alternative="Мы звонили"
                )
                self.run_lane()
                self.busy[name] = False
                self.run_cascade()
                self.assertEqual(len(self.get_messages(campaign)), 1)
                self.busy[name] = True

    def test_nothing_follows_on_a_route_without_sms(self):
        campaign = self.call_without_sms()
        self.run_cascade()
        self.assertEqual(len(self.get_messages(campaign)), 1)


@tagged("post_install", "-at_install")
class TestStatusOfSteps(CascadeCase):
    """Each user stays one entry of the API's status."""

    def test_entry_is_that_of_the_step_that_counts(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(PHONE, "+79161234567")
        self.run_lane()
        self.run_cascade()
        self.run_lane()
        page = campaign._get_status_page(0, 10)
        self.assertEqual([one.index for one in page.messages], [0, 1])
        [entry, _other] = page.messages
        self.assertEqual((entry.channel, entry.state), ("sms", "submitted"))
        self.assertEqual(entry.route, self.sender.name)
        [step] = entry.steps
        self.assertEqual((step.channel, step.state), ("voice", "failed"))
        self.assertEqual(step.route, self.caller.name)
        self.assertEqual(step.failure.failure_type, "busy")
        self.assertEqual(page.totals["submitted"], 2)
        self.assertEqual(sum(page.totals.values()), 2)

    def test_recipient_of_records_follows_the_step(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call(Recipient(0, PHONE))
        recipient = self.env["sms.gateway.recipient"].create(
            {
                "campaign_id": campaign.id,
                "index": 0,
                "res_model": "res.partner",
                "res_id": self.env.user.partner_id.id,
                "message_id": self.get_messages(campaign).id,
                "is_prepared": True,
            }
        )
        self.run_lane()
        self.run_cascade()
        self.env.invalidate_all()
        self.assertEqual(recipient.message_id, self.get_messages(campaign)[1])


@tagged("post_install", "-at_install")
class TestTimes(CascadeCase):
    def test_step_lives_as_long_as_it_may(self):
        self.make_call_and_sms(ttl=60)
        message = self.get_messages(self.call(ttl=600))
        self.assertEqual(
            message.expires_at - message.accepted_at, timedelta(seconds=60)
        )

    def test_campaign_that_ends_earlier_wins(self):
        self.make_call_and_sms(ttl=600)
        message = self.get_messages(self.call(ttl=60))
        self.assertEqual(
            message.expires_at - message.accepted_at, timedelta(seconds=60)
        )

    def test_time_of_a_scheduled_step_begins_when_it_is_due(self):
        self.make_call_and_sms(ttl=60)
        moment = fields.Datetime.now() + timedelta(hours=1)
        message = self.get_messages(self.call(not_before=moment))
        self.assertEqual(message.expires_at, moment + timedelta(seconds=60))


@tagged("post_install", "-at_install")
class TestChangedPolicies(CascadeCase):
    """What an administrator changes while messages are under way."""

    def test_step_deleted_since(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.run_lane()
        self.policy.step_ids[0].unlink()
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "failed", False)])

    def test_routes_of_the_next_step_archived_since(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.run_lane()
        self.policy.active = False
        self.sender.active = False
        self.run_cascade()
        self.assertEqual(self.get_steps(campaign), [("voice", "failed", False)])

    def test_step_added_since(self):
        self.make_call_and_sms(answer(Outcome.REFUSED, failure_type="busy"))
        campaign = self.call()
        self.policy.step_ids[1].sequence = 9
        values = self._get_step_values(5, routes=[self.caller], channel="sms")
        self.policy.step_ids = [Command.create(values)]
        self.run_lane()
        self.run_cascade()
        again = self.get_messages(campaign)[1]
        self.assertEqual(again.route_id, self.caller)

    def test_superseded_message_is_not_handed_over_again(self):
        """Its next step has begun, with an administrator's leave."""
        self.make_call_and_sms(fail(MaybeSent("no answer")), ttl=60, may_repeat=True)
        campaign = self.call()
        self.run_lane()
        self.let_pass(61)
        self.run_cascade()
        first = self.get_messages(campaign)[0]
        self.assertEqual(self.set_state(first, "queued"), "refused")
        self.assertEqual(
            self.set_state(first, "failed", failure_type="no_funds"), "moved"
        )
        self.assertEqual(first.state, "failed")
