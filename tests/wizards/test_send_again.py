"""Sending again to those whom a campaign did not reach: who, how, once."""

import json
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.sending import sms_gateway_resend_job
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_resend import (
    LEFT_OUT,
    Resend,
)
from odoo.addons.crm_sms_gateway.wizards import sms_gateway_send_again

from ..common import PHONE, sandbox_phone
from ..models.campaigns.common import DraftCase
from ..models.operations.test_hold import HoldCase
from ..models.routing.common import RoutingCase

FAILED = "failed.unreachable"


class SendAgainCase(DraftCase, RoutingCase):
    """Campaigns of the API whose messages have ended, and the dialog."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "again_manager", "crm_sms_gateway.group_manager"
        )
        cls.user = new_test_user(cls.env, "again_user", "crm_sms_gateway.group_user")

    def send_failed(self, count=3, **values):
        """A campaign whose messages failed: the subscribers were unreachable."""
        phones = [f"+7928170{number:04}" for number in range(1000, 1000 + count)]
        campaign = self.send(*phones, **values)
        for message in self.get_messages(campaign):
            self.end(message)
        return campaign

    def end(self, message, state="failed", failure_type="unreachable", **columns):
        """Put a message into a state that a provider told."""
        self.force_state(message, state)
        values = {"attempts": 1, "failure_type": None, **columns}
        if state == "failed":
            values["failure_type"] = failure_type
        assignments = ", ".join(f"{name} = %s" for name in values)
        self.env.cr.execute(
            f"UPDATE sms_gateway_message SET {assignments} WHERE id = %s",
            [*values.values(), message.id],
        )
        self.env.invalidate_all()

    def open(self, campaign, user=None, **values):
        """The dialog of a campaign, with these choices."""
        opened = campaign.with_user(user or self.manager).action_send_again()
        return self.get_wizard(opened, user, **values)

    def open_messages(self, messages, user=None, **values):
        context = {"active_model": messages._name, "active_ids": messages.ids}
        selected = messages.with_user(user or self.manager).with_context(**context)
        return self.get_wizard(selected.action_send_again(), user, **values)

    def get_wizard(self, action, user=None, **values):
        wizards = self.env["sms.gateway.send.again"].with_user(user or self.manager)
        wizard = wizards.browse(action["res_id"])
        if values:
            wizard.write(values)
            wizard._onchange_choices()
        return wizard

    def get_lines(self, wizard):
        return {line.place: line.count for line in wizard.line_ids}

    def get_left_out(self, wizard):
        return wizard.left_out_counts or {}

    def get_again(self, campaign):
        """The new messages of a campaign."""
        return self.get_messages(campaign).filtered("retry_of_id")


@tagged("post_install", "-at_install")
class TestLeftOut(SendAgainCase):
    """Who may be sent to again, and why others may not."""

    def look(self, message, **values):
        """The only place that one message has."""
        wizard = self.open(message.campaign_id, **values)
        places = {**self.get_lines(wizard), **self.get_left_out(wizard)}
        [(place, count)] = places.items()
        self.assertEqual((count, wizard.total_count), (1, 1))
        self.assertEqual(wizard.left_out_count, int(place in LEFT_OUT))
        return place

    def test_failures_are_told_by_their_reason(self):
        message = self.send_one()
        for failure_type in ("unreachable", "no_funds", "spam"):
            self.end(message, failure_type=failure_type)
            with self.subTest(failure_type):
                self.assertEqual(self.look(message), f"failed.{failure_type}")
        for state in ("expired", "cancelled"):
            self.end(message, state)
            with self.subTest(state):
                self.assertEqual(self.look(message), state)

    def test_who_has_it_or_may_have_it_is_left_out(self):
        message = self.send_one()
        places = {
            "queued": "waiting",
            "submitting": "waiting",
            "submitted": "maybe",
            "unknown": "maybe",
            "delivered": "delivered",
        }
        for state, place in places.items():
            self.force_state(message, state)
            with self.subTest(state):
                self.assertEqual(self.look(message), place)

    def test_who_opted_out_is_left_out(self):
        message = self.send_one()
        self.end(message)
        self.env["phone.blacklist"]._add([message.msisdn])
        self.assertEqual(self.look(message), "opted_out")
        message.campaign_id.ignores_blacklist = True
        self.assertEqual(self.look(message), FAILED)

    def test_who_is_on_the_providers_stop_list_is_left_out(self):
        message = self.send_one()
        self.end(message, failure_type="opted_out")
        message.campaign_id.ignores_blacklist = True
        self.assertEqual(self.look(message), "opted_out")
        with self.assertRaisesRegex(UserError, "opted out"):
            message.with_user(self.manager).action_retry()

    def test_what_was_refused_at_acceptance_is_left_out(self):
        campaign = self.send("123", "", PHONE)
        wizard = self.open(campaign)
        self.assertEqual(
            self.get_left_out(wizard),
            {"invalid_number": 1, "no_number": 1, "waiting": 1},
        )

    def test_a_message_without_a_text_needs_another_one(self):
        message = self.send_one()
        self.end(
            message, failure_type="missing_data", failure_code="missing_field",
            attempts=0,
        )  # fmt: skip
        self.assertEqual(self.look(message), "not_ready")

    def test_a_duplicate_number_is_left_out(self):
        message = self.send_one()
        self.end(message, "cancelled", failure_code="duplicate", attempts=0)
        self.assertEqual(self.look(message), "duplicate")

    def test_one_time_codes_are_left_out(self):
        message = self.send_one(is_secret=True)
        self.end(message)
        self.assertEqual(self.look(message), "secret")

    def test_what_would_only_wait_is_left_out(self):
        message = self.send_one()
        self.end(message)
        for stopped in (message.route_id, message.campaign_id):
            stopped.state = "paused"
            with self.subTest(stopped):
                self.assertEqual(self.look(message), "stopped")
            stopped.state = "active" if stopped == message.route_id else "done"
        self.assertEqual(self.look(message), FAILED)

    def test_another_route_takes_what_the_paused_one_would_not(self):
        message = self.send_one()
        self.end(message)
        self.route.state = "paused"
        other = self.make_route("other")
        self.assertEqual(self.look(message, route_id=other.id), FAILED)

    def test_an_earlier_message_that_may_arrive_keeps_its_person_out(self):
        first = self.send_one()
        self.end(first)
        again = self.env["sms.gateway.message.decision"]._send_again(first)
        self.end(again)
        self.force_state(first, "unknown")
        self.assertEqual(self.look(again), "maybe")
        with self.assertRaisesRegex(UserError, "may still be delivered"):
            again.with_user(self.manager).action_retry()

    def test_of_selected_messages_those_that_were_replaced_are_left_out(self):
        first = self.send_one()
        self.end(first)
        again = self.env["sms.gateway.message.decision"]._send_again(first)
        self.end(again)
        wizard = self.open_messages(first + again)
        self.assertEqual(self.get_lines(wizard), {FAILED: 1})
        self.assertEqual(self.get_left_out(wizard), {"again": 1})

    def test_people_of_a_campaign_are_counted_once(self):
        first = self.send_one()
        self.end(first)
        self.env["sms.gateway.message.decision"]._send_again(first)
        self.assertEqual(self.look(first), "waiting")

    def test_nobody_chooses_who_is_left_out(self):
        message = self.send_one()
        self.force_state(message, "delivered")
        wizard = self.open(message.campaign_id)
        wizard.line_ids = [
            Command.create({"place": "delivered", "count": 1, "is_chosen": True})
        ]
        with self.assertRaisesRegex(UserError, "Nothing was sent"):
            wizard.action_send()
        self.assertFalse(message.retry_ids)

    def test_the_words_are_those_of_the_reader(self):
        campaign = self.send_failed(1)
        self.env["res.lang"]._activate_lang("ru_RU")
        wizard = self.open(campaign).with_context(lang="ru_RU")
        self.assertEqual(wizard.line_ids.mapped("name"), ["Абонент недоступен"])


@tagged("post_install", "-at_install")
class TestFromTheReport(SendAgainCase):
    """A reason, an outcome or a click is chosen before the dialog opens."""

    def open_line(self, campaign, kind, label=None):
        """The dialog of a line of the report."""
        seen = campaign.with_user(self.author)
        report = seen.action_get_report()
        [line] = [
            one
            for one in report[kind]
            if label in (None, one.get("label"), one.get("name"))
        ]
        domain = json.loads(json.dumps(line["domain"]))
        return self.get_wizard(seen.action_send_again_to(domain), self.author)

    def get_chosen(self, wizard):
        return {line.place: line.is_chosen for line in wizard.line_ids}

    def test_only_the_messages_of_a_reason_are_sent_again(self):
        campaign = self.send_failed(3)
        first, second, _third = self.get_messages(campaign)
        self.end(first, failure_type="blocked")
        self.end(second, "expired", submitted_at=fields.Datetime.now())
        for label, place, message in (
            ("Number blocked", "failed.blocked", first),
            ("Expired at the provider", "expired", second),
        ):
            with self.subTest(label):
                wizard = self.open_line(campaign, "not_delivered", label)
                self.assertEqual(self.get_chosen(wizard), {place: True})
                self.assertEqual(wizard.total_count, 1)
                self.assertEqual(wizard.text_choice, "same")
                wizard.action_send()
                self.assertEqual(
                    self.get_again(campaign).retry_of_id & message, message
                )
        self.assertEqual(len(self.get_again(campaign)), 2)

    def test_of_an_outcome_lasting_reasons_are_not_chosen(self):
        campaign = self.send_failed(3)
        self.end(self.get_messages(campaign)[0], failure_type="blocked")
        self.force_state(self.get_messages(campaign)[1], "delivered")
        self.run_fold()
        wizard = self.open_line(campaign, "outcomes", "not_delivered")
        self.assertEqual(
            self.get_chosen(wizard), {"failed.blocked": False, FAILED: True}
        )
        self.assertFalse(wizard.left_out_count)

    def test_whose_text_was_refused_gets_another(self):
        campaign = self.send_draft().sudo()
        self.end(self.get_messages(campaign)[0], failure_type="spam")
        wizard = self.open_line(campaign, "not_delivered", "Classified as spam")
        self.assertEqual(wizard.text_choice, "other")
        self.assertEqual(self.get_chosen(wizard), {"failed.spam": True})
        self.assertEqual(wizard.text_male, campaign.text_male)

    def test_whom_no_text_helps_stays_left_out(self):
        campaign = self.send_failed(1)
        message = self.get_messages(campaign)
        wizard = self.get_wizard(
            campaign.with_user(self.manager).action_send_again_to(
                [["id", "=", message.id], ["state", "=", "delivered"]]
            )
        )
        self.assertEqual((wizard.text_choice, wizard.total_count), ("same", 0))

    def test_what_a_browser_asks_for_is_the_campaigns_own(self):
        campaign, other = self.send_failed(1), self.send_failed(2)
        manager = campaign.with_user(self.manager)
        wide = [["campaign_id", "in", (campaign + other).ids]]
        wizard = self.get_wizard(manager.action_send_again_to(wide))
        self.assertEqual(wizard.total_count, 1)
        for wrong in ("[('id', '=', 1)]", [["nothing", "=", 1]], [["id"]], {"a": 1}):
            with self.subTest(wrong), self.assertRaises(UserError):
                manager.action_send_again_to(wrong)
        with self.assertRaises(AccessError):
            campaign.with_user(self.user).action_send_again_to(wide)


@tagged("post_install", "-at_install")
class TestSameText(SendAgainCase):
    def test_the_chosen_get_the_text_again_in_the_same_campaign(self):
        campaign = self.send_failed(3)
        self.end(self.get_messages(campaign)[2], failure_type="blocked")
        wizard = self.open(campaign)
        self.assertEqual(self.get_lines(wizard), {FAILED: 2, "failed.blocked": 1})
        self.assertEqual((wizard.recipient_count, wizard.total_count), (2, 3))
        self.assertEqual(wizard.send_label, "Send to 2 recipients")
        wizard.action_send()
        again = self.get_again(campaign)
        self.assertEqual(again.mapped("state"), ["queued", "queued"])
        self.assertEqual(again.mapped("index"), [0, 1])
        self.assertEqual(again.mapped("text"), ["Здравствуйте"] * 2)

    def test_counters_count_people_once(self):
        campaign = self.send(*[sandbox_phone("9901")] * 2, sandbox_phone("0001"))
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.run_fold()
        self.assertEqual(self.get_totals(campaign), {"failed": 2, "delivered": 1})
        self.open(campaign).action_send()
        self.assertEqual(self.get_totals(campaign), {"queued": 2, "delivered": 1})
        self.run_fold()
        self.assertEqual(
            (campaign.state, campaign.queued_count, campaign.failed_count),
            ("running", 2, 0),
        )

    def test_a_reason_is_chosen(self):
        campaign = self.send_failed(2)
        self.end(self.get_messages(campaign)[1], "expired")
        form = Form(self.open(campaign))
        with form.line_ids.edit(1) as line:
            self.assertEqual(line.name, "Subscriber unreachable")
            line.is_chosen = False
        self.assertEqual(form.send_label, "Send to 1 recipient")
        form.save().action_send()
        self.assertEqual(self.get_again(campaign).retry_of_id.state, "expired")

    def test_whose_text_was_refused_is_chosen_for_another_text_only(self):
        campaign = self.send_failed(4)
        reasons = ("spam", "content_rejected", "template_mismatch", "missing_data")
        for message, reason in zip(self.get_messages(campaign), reasons, strict=True):
            self.end(message, failure_type=reason)
        form = Form(self.open(campaign))
        self.assertEqual((form.recipient_count, form.total_count), (0, 4))
        with form.line_ids.edit(0) as line:
            line.is_chosen = True
        self.assertEqual(form.recipient_count, 1, "a person may choose them")
        sent = self.send_draft().sudo()
        self.end(self.get_messages(sent)[0], failure_type="spam")
        form = Form(self.open(sent, self.author))
        form.text_choice = "other"
        self.assertEqual(form.recipient_count, 1)
        form.text_choice = "same"
        self.assertEqual(form.recipient_count, 0)

    def test_nothing_is_chosen(self):
        wizard = self.open(self.send_failed(1))
        wizard.line_ids.is_chosen = False
        with self.assertRaisesRegex(UserError, "Select at least one"):
            wizard.action_send()

    def test_a_report_that_arrived_since_takes_its_person_out(self):
        campaign = self.send_failed(2)
        wizard = self.open(campaign)
        delivered = self.get_messages(campaign)[0]
        self.set_state(delivered, "delivered")
        notice = wizard.action_send()
        self.assertIn("1 of 2", notice["params"]["message"])
        self.assertNotIn(delivered, self.get_again(campaign).retry_of_id)

    def test_who_opted_out_since_is_taken_out(self):
        campaign = self.send_failed(2)
        wizard = self.open(campaign)
        self.env["phone.blacklist"]._add([self.get_messages(campaign)[0].msisdn])
        wizard.action_send()
        self.assertEqual(self.get_again(campaign).mapped("index"), [1])

    def test_the_second_of_two_people_sends_nothing(self):
        campaign = self.send_failed(2)
        first, second = self.open(campaign), self.open(campaign, user=self.author)
        first.action_send()
        with self.assertRaisesRegex(UserError, "Nothing was sent"):
            second.action_send()
        self.assertEqual(len(self.get_again(campaign)), 2)

    def test_another_route_takes_them(self):
        campaign = self.send_failed(2)
        other = self.make_route("other")
        self.open(campaign, route_id=other.id).action_send()
        self.assertEqual(self.get_again(campaign).route_id, other)
        self.assertEqual(campaign.route_id, self.route)
        self.run_lane()
        self.assertEqual(set(self.get_again(campaign).mapped("state")), {"submitted"})

    def test_a_policy_chooses_their_routes(self):
        campaign = self.send_failed(2)
        other = self.make_route("other")
        policy = self.make_policy(other)
        self.open(campaign, route_id=policy.route_id.id).action_send()
        again = self.get_again(campaign)
        self.assertEqual(again.route_id, other)
        self.assertEqual(again.step_id, policy.step_ids)

    def test_what_a_policy_took_moves_when_its_route_stops(self):
        first, _provider = self.script_route()
        second, _provider = self.script_route()
        campaign = self.send_failed()
        policy = self.make_policy(first, second)
        self.open(campaign, route_id=policy.route_id.id).action_send()
        self.assertEqual(self.get_again(campaign).route_id, first)
        self.pause(first)
        self.run_failover()
        self.assertEqual(self.get_again(campaign).route_id, second)

    def test_their_own_step_chooses_anew(self):
        gone, other = self.make_route("gone"), self.make_route("other")
        policy = self.make_policy(gone, other)
        campaign = self.send_failed(1, route=policy.route_id)
        self.assertEqual(self.get_messages(campaign).route_id, gone)
        self.pause(gone)
        self.open(campaign).action_send()
        self.assertEqual(self.get_again(campaign).route_id, other)

    def test_a_step_that_has_got_another_channel_is_not_their_own(self):
        policy = self.make_policy(self.route)
        campaign = self.send_failed(1, route=policy.route_id)
        policy.step_ids.channel = "voice"
        self.open(campaign).action_send()
        again = self.get_again(campaign)
        self.assertEqual((again.channel, again.route_id), ("sms", self.route))

    def test_an_archived_route_of_a_step_that_is_gone_is_not_taken(self):
        gone = self.make_route("gone")
        policy = self.make_policy(gone)
        campaign = self.send_failed(1, route=policy.route_id)
        policy.step_ids = [
            Command.create(self._get_step_values(1, routes=[self.route])),
            Command.delete(policy.step_ids.id),
        ]
        gone.action_archive()
        with self.assertRaisesRegex(UserError, "“gone” is archived"):
            self.open(campaign).action_send()

    def test_a_route_that_would_not_send_is_refused(self):
        campaign = self.send_failed(1)
        voice = self.make_route("voice", has_sms=False)
        paused = self.make_route("paused")
        self.pause(paused)
        for route, words in ((voice, "channel"), (paused, "paused")):
            wizard = self.open(campaign, route_id=route.id)
            with self.subTest(route.name):
                self.assertRegex(wizard.refusal, words)
                with self.assertRaisesRegex(UserError, words):
                    wizard.action_send()
        self.assertFalse(self.get_again(campaign))

    def test_they_wait_for_a_time_and_live_from_then_on(self):
        campaign = self.send_failed(1, ttl=3600)
        start = fields.Datetime.now() + timedelta(hours=2)
        self.open(campaign, starts_at=start).action_send()
        again = self.get_again(campaign)
        self.assertEqual(again.not_before, start)
        self.assertEqual(again.expires_at, start + timedelta(hours=1))
        self.run_lane()
        self.assertEqual((again.state, again.attempts), ("queued", 0))
        with self.later(2 * 3600 + 60):
            self.run_lane()
        self.assertEqual(again.state, "submitted")

    def test_a_time_in_the_past_is_refused(self):
        past = fields.Datetime.now() - timedelta(hours=1)
        wizard = self.open(self.send_failed(1), starts_at=past)
        with self.assertRaisesRegex(UserError, "in the past"):
            wizard.action_send()

    def test_the_life_of_what_people_sent_begins_anew(self):
        draft = self.send_draft(ttl=60)
        for message in self.get_messages(draft):
            self.end(message, "expired")
        self.let_pass(3600)
        self.open(draft.sudo()).action_send()
        again = self.get_again(draft.sudo())
        life = again[0].expires_at - again[0].accepted_at
        self.assertEqual(life, timedelta(minutes=1))

    def test_the_cost_is_told(self):
        campaign = self.send_failed(3)
        self.env["sms.gateway.price"].create(
            {"route_id": self.route.id, "channel": "sms", "price": 2.5}
        )
        wizard = self.open(campaign)
        self.assertEqual((wizard.cost, wizard.unpriced_count), (7.5, 0))
        other = self.make_route("other")
        wizard = self.open(campaign, route_id=other.id)
        self.assertEqual((wizard.cost, wizard.unpriced_count), (0, 3))

    def test_the_cost_is_that_of_ported_numbers(self):
        campaign = self.send_failed(1)
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        number = self.get_messages(campaign).msisdn
        self.env["sms.gateway.ported.number"].create(
            {"number": number, "operator_id": mts.id}
        )
        self.env["sms.gateway.price"].create(
            [
                {"route_id": self.route.id, "price": 2.5},
                {"route_id": self.route.id, "price": 7, "operator_id": mts.id},
            ]
        )
        self.assertEqual(self.open(campaign).cost, 7)

    def test_the_cost_of_many_is_told_by_some(self):
        limit = patch.object(sms_gateway_send_again, "MAX_ESTIMATED", 2)
        self.startPatcher(limit)
        campaign = self.send_failed(3)
        self.env["sms.gateway.price"].create(
            {"route_id": self.route.id, "channel": "sms", "price": 2.5}
        )
        wizard = self.open(campaign)
        self.assertTrue(wizard.is_about)
        self.assertEqual((wizard.cost, wizard.segments), (7.5, 3))

    def test_recipients_follow_the_new_messages(self):
        campaign = self.send_draft().sudo()
        for message in self.get_messages(campaign):
            self.end(message)
        self.open(campaign).action_send()
        again = self.get_again(campaign)
        self.assertEqual(campaign.recipient_ids.message_id, again)

    def test_selected_messages_of_several_campaigns_are_sent_again(self):
        campaigns = self.send_failed(2) + self.send_failed(1)
        messages = self.env["sms.gateway.message"].search(
            [("campaign_id", "in", campaigns.ids)]
        )
        self.open_messages(messages).action_send()
        self.assertEqual(
            [len(self.get_again(campaign)) for campaign in campaigns], [2, 1]
        )

    def test_a_forged_selection_is_refused_in_a_sentence(self):
        wizard = self.open_messages(self.get_messages(self.send_failed(1)))
        for forged in ("x", '[["nope", "=", 1]]', "7"):
            wizard.sudo().message_domain = forged
            with (
                self.subTest(forged),
                self.assertRaisesRegex(UserError, "Select them again"),
            ):
                wizard.action_send()


@tagged("post_install", "-at_install")
class TestBackground(SendAgainCase):
    def setUp(self):
        super().setUp()
        self.limit(2)

    def limit(self, count):
        for module in (sms_gateway_resend_job, sms_gateway_send_again):
            self.startPatcher(patch.object(module, "SENT_AT_ONCE", count))

    def get_job(self):
        return self.env["sms.gateway.resend.job"].search([])

    def test_many_are_sent_again_in_the_background(self):
        self.limit(2000)
        count = 10_000
        phones = [f"+7928{number:07}" for number in range(1_000_000, 1_000_000 + count)]
        campaign = self.send(*phones)
        self.env.cr.execute(
            """UPDATE sms_gateway_message
                  SET state = 'failed', failure_type = 'unreachable', attempts = 1,
                      finished_at = accepted_at
                WHERE campaign_id = %s""",
            [campaign.id],
        )
        self.env.invalidate_all()
        notice = self.open(campaign).action_send()
        self.assertIn("10000", notice["params"]["message"])
        self.assertFalse(self.get_again(campaign))
        # a slow machine may need a run for each part
        for _part in range(count // 2000):
            self.run_resend()
        again = self.get_again(campaign)
        self.assertEqual(len(again), count)
        self.assertEqual(len(again.retry_of_id), count)
        self.assertFalse(self.get_job())

    def test_the_campaign_tells_how_far_it_is(self):
        campaign, other = self.send_failed(5), self.send_failed(1)
        self.assertFalse(self.read_words(campaign))
        self.open(campaign).action_send()
        self.assertIn(": 0 of 5 done", self.read_words(campaign))
        self.get_job()._send_part()
        self.assertIn(": 2 of 5 done", self.read_words(campaign))
        self.assertIn(self.manager.name, self.read_words(campaign))
        self.assertFalse(self.read_words(other))
        self.run_resend()
        self.assertFalse(self.read_words(campaign))

    def test_a_selection_is_told_on_each_of_its_campaigns(self):
        first, second = self.send_failed(2), self.send_failed(3)
        selected = self.get_messages(first) + self.get_messages(second)
        self.open_messages(selected).action_send()
        self.assertIn(": 0 of 5 done", self.read_words(first))
        self.get_job()._send_part()
        self.assertFalse(self.read_words(first))
        self.assertIn(": 2 of 5 done", self.read_words(second))

    def read_words(self, campaign):
        self.env.invalidate_all()
        return campaign.with_user(self.manager).resend_words

    def test_a_part_that_was_rolled_back_is_sent_once(self):
        campaign = self.send_failed(5)
        self.open(campaign).action_send()
        job = self.get_job()
        job._send_part()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            job._send_part()
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertEqual(len(self.get_again(campaign)), 2)
        self.run_resend()
        again = self.get_again(campaign)
        self.assertEqual(len(again), 5)
        self.assertEqual(again.retry_of_id.mapped("index"), [0, 1, 2, 3, 4])

    def test_a_part_that_is_done_again_sends_nothing_twice(self):
        campaign = self.send_failed(5)
        self.open(campaign).action_send()
        job = self.get_job()
        job._send_part()
        job.last_id = 0
        self.run_resend()
        self.assertEqual(len(self.get_again(campaign)), 5)

    def test_the_database_itself_refuses_a_second_message(self):
        campaign = self.send_failed(3)
        resends = self.env["sms.gateway.resend"]
        wizard = self.open(campaign)
        ids = self.get_messages(campaign).ids
        rows = resends._read(wizard._get_resend(), ids)
        resends._enqueue(rows, wizard._get_resend())
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            resends._enqueue(rows, wizard._get_resend())

    def test_what_failed_after_the_button_was_pressed_is_left_alone(self):
        campaign = self.send_failed(4)
        late = self.get_messages(campaign)[3]
        self.force_state(late, "submitted")
        self.open(campaign).action_send()
        with self.later(60):
            self.set_state(late, "failed", failure_type="unreachable")
        self.run_resend()
        again = self.get_again(campaign)
        self.assertEqual(again.mapped("index"), [0, 1, 2])

    def test_new_messages_that_fail_are_not_sent_again_by_the_same_job(self):
        campaign = self.send_failed(4)
        self.open(campaign).action_send()
        self.get_job()._send_part()
        for message in self.get_again(campaign):
            self.end(message)
        self.run_resend()
        self.assertEqual(len(self.get_again(campaign)), 4)

    def test_a_route_that_was_archived_ends_the_job(self):
        campaign = self.send_failed(3)
        other = self.make_route("other")
        self.open(campaign, route_id=other.id).action_send()
        other.active = False
        self.run_resend()
        self.assertFalse(self.get_job())
        self.assertFalse(self.get_again(campaign))

    def test_a_held_database_sends_nothing_again(self):
        campaign = self.send_failed(3)
        self.open(campaign).action_send()
        holds = self.registry["sms.gateway.hold"]
        with patch.object(holds, "_is_held", lambda _self: True):
            self.run_resend()
        self.assertFalse(self.get_again(campaign))
        self.assertTrue(self.get_job())


@tagged("post_install", "-at_install")
class TestOtherText(SendAgainCase):
    def setUp(self):
        super().setUp()
        self.sent = self.send_draft(has_short_links=True).sudo()
        for message in self.get_messages(self.sent):
            self.end(message)

    def send_other(self, **values):
        wizard = self.open(
            self.sent,
            self.author,
            text_choice="other",
            text_male="Hello {{ first_name }}",
            **values,
        )
        wizard.action_send()
        self.prepare()
        return self.env["sms.gateway.campaign"].search([], limit=1)

    def test_it_begins_with_the_text_that_was_sent(self):
        form = Form(self.open(self.sent, self.author))
        form.text_choice = "other"
        self.assertEqual(form.text_male, self.sent.text_male)
        self.assertEqual(form.text_female, self.sent.text_female)

    def test_a_new_campaign_goes_to_the_records(self):
        campaign = self.send_other()
        self.assertNotEqual(campaign, self.sent)
        self.assertEqual(self.get_texts(campaign), ["Hello Андрей", "Hello Анна"])
        people = self.andrey + self.anna
        self.assertEqual(campaign.recipient_ids.mapped("res_id"), people.ids)
        self.assertEqual(campaign.user_id, self.author)
        self.assertFalse(self.get_again(self.sent))
        messages = self.get_messages(self.sent)
        self.assertNotIn(True, messages.mapped("is_superseded"))

    def test_who_got_another_text_is_not_sent_to_again(self):
        self.send_other()
        wizard = self.open(self.sent, self.author)
        self.assertEqual(self.get_left_out(wizard), {"again": 2})
        self.assertFalse(wizard.line_ids)

    def test_who_got_another_text_does_not_get_the_old_one(self):
        self.send_other()
        for message in self.get_messages(self.sent):
            self.assertFalse(message.may_send_again)
            with self.assertRaisesRegex(UserError, "already been sent again"):
                message.action_retry()

    def test_who_got_another_text_does_not_get_the_next_step_of_the_old_one(self):
        step, _provider = self.script_route()
        policy = self.make_cascade({"routes": [self.route]}, {"routes": [step]})
        self.sent = self.send_draft(route_id=policy.route_id.id).sudo()
        for message in self.get_messages(self.sent):
            self.end(message)
        self.send_other()
        self.run_cascade()
        self.assertFalse(self.get_again(self.sent))

    def test_two_people_send_one_campaign(self):
        first, second = (
            self.open(self.sent, self.author, text_choice="other", text_male="Hello")
            for _number in range(2)
        )
        first.action_send()
        with self.assertRaisesRegex(UserError, "Nothing was sent"):
            second.action_send()
        recipients = self.env["sms.gateway.recipient"].search(
            [("again_of_id", "in", self.get_messages(self.sent).ids)]
        )
        self.assertEqual(len(recipients), 2)

    def test_the_database_itself_refuses_a_second_recipient(self):
        campaign = self.send_other()
        first = campaign.recipient_ids[0]
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            first.copy({"index": 7, "again_of_id": first.again_of_id.id})

    def test_a_report_that_arrived_since_takes_its_person_out(self):
        wizard = self.open(
            self.sent, self.author, text_choice="other", text_male="Hello"
        )
        self.set_state(self.get_messages(self.sent)[0], "delivered")
        wizard.action_send()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(campaign.recipient_ids.mapped("res_id"), self.anna.ids)

    def make_link(self, message, clicks):
        tracker = self.env["link.tracker"].create(
            {"url": f"https://example.com/{message.id}", "title": "x"}
        )
        self.env["sms.gateway.link"].create(
            {
                "token": f"token{message.id}",
                "campaign_id": message.campaign_id.id,
                "index": message.index,
                "link_tracker_id": tracker.id,
                "click_count": clicks,
            }
        )

    def test_who_did_not_click_gets_another_text_only(self):
        clicker, other = self.get_messages(self.sent)
        for message, clicks in ((clicker, 1), (other, 0)):
            self.force_state(message, "delivered")
            self.make_link(message, clicks)
        wizard = self.open(self.sent, self.author)
        self.assertEqual(self.get_left_out(wizard), {"delivered": 2})
        wizard = self.open(self.sent, self.author, text_choice="other")
        self.assertEqual(self.get_lines(wizard), {"unclicked": 1})
        self.assertEqual(self.get_left_out(wizard), {"delivered": 1})
        self.assertFalse(wizard.recipient_count, "who has the text is chosen by hand")
        wizard.line_ids.is_chosen = True
        wizard.text_male = "Hello"
        wizard.action_send()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(campaign.recipient_ids.mapped("res_id"), self.anna.ids)

    def test_who_did_not_click_is_chosen_in_the_report(self):
        clicker, other = self.get_messages(self.sent)
        for message, clicks in ((clicker, 1), (other, 0)):
            self.force_state(message, "delivered")
            self.make_link(message, clicks)
        sent = self.sent.with_user(self.author)
        unclicked = sent.action_get_report()["clicks"]["unclicked"]
        self.assertTrue(unclicked["can_send_again"])
        opened = sent.action_send_again_to(unclicked["domain"])
        wizard = self.get_wizard(opened, self.author)
        self.assertEqual(wizard.text_choice, "other")
        self.assertEqual(self.get_lines(wizard), {"unclicked": 1})
        self.assertEqual((wizard.recipient_count, wizard.total_count), (1, 1))

    def test_who_has_it_and_clicked_gets_nothing_again(self):
        clicker, _other = self.get_messages(self.sent)
        self.force_state(clicker, "delivered")
        self.make_link(clicker, 1)
        sent = self.sent.with_user(self.author)
        clicked = sent.action_get_report()["clicks"]["clicked"]
        wizard = self.get_wizard(
            sent.action_send_again_to(clicked["domain"]), self.author
        )
        self.assertEqual(self.get_left_out(wizard), {"delivered": 1})
        self.assertFalse(wizard.line_ids)

    def test_a_message_without_data_gets_a_text_that_needs_none(self):
        message = self.get_messages(self.sent)[0]
        self.end(
            message, failure_type="missing_data", failure_code="missing_field",
            attempts=0,
        )  # fmt: skip
        wizard = self.open(self.sent, self.author, text_choice="other")
        self.assertEqual(self.get_lines(wizard), {FAILED: 1, "failed.missing_data": 1})

    def test_without_a_record_there_is_no_other_text(self):
        wizard = self.open(self.send_failed(2), text_choice="other")
        self.assertEqual(self.get_left_out(wizard), {"no_record": 2})

    def test_it_waits_for_its_time_and_takes_another_route(self):
        start = fields.Datetime.now() + timedelta(hours=1)
        other = self.make_route("other")
        campaign = self.send_other(starts_at=start, route_id=other.id)
        self.assertEqual((campaign.state, campaign.scheduled_at), ("scheduled", start))
        self.assertEqual(campaign.route_id, other)

    def test_a_text_that_is_none_is_refused_with_the_reason(self):
        wizard = self.open(
            self.sent, self.author, text_choice="other", text_male="{{ nope }}"
        )
        self.assertRegex(wizard.refusal, "nope")
        with self.assertRaisesRegex(UserError, "nope"):
            wizard.action_send()

    def test_the_cost_of_the_other_text_is_told(self):
        self.env["sms.gateway.price"].create(
            {"route_id": self.route.id, "channel": "sms", "price": 2}
        )
        wizard = self.open(
            self.sent, self.author, text_choice="other", text_male="Ж" * 100
        )
        self.assertEqual((wizard.segments, wizard.cost), (4, 8))


@tagged("post_install", "-at_install")
class TestDoors(SendAgainCase):
    """Where the dialog opens, and for whom."""

    def send_to_list(self):
        """A list, and a campaign to it that the sandbox refused."""
        for partner, ending in ((self.andrey, "9901"), (self.anna, "0001")):
            partner.phone = sandbox_phone(ending)
        one = self.env["sms.gateway.list"].create(
            {
                "name": "Customers",
                "member_ids": [
                    Command.create({"partner_id": partner.id})
                    for partner in self.andrey + self.anna
                ],
            }
        )
        campaign = self.draft(recipient_source="lists", list_ids=one.ids)
        campaign.action_send()
        self.prepare()
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.run_fold()
        return one, campaign.sudo()

    def test_a_list_shows_its_last_campaign_that_failed(self):
        one, campaign = self.send_to_list()
        wizard = self.get_wizard(
            one.with_user(self.author).action_send_again(), self.author
        )
        self.assertEqual((wizard.list_id, wizard.campaign_id), (one, campaign))
        self.assertEqual((wizard.recipient_count, wizard.total_count), (1, 2))

    def test_a_list_that_was_reached_says_so(self):
        one = self.env["sms.gateway.list"].create({"name": "New"})
        with self.assertRaisesRegex(UserError, "were delivered"):
            one.with_user(self.author).action_send_again()

    def test_users_send_again_what_they_sent_themselves(self):
        campaign = self.send_failed(2)
        campaign.write({"source": "person", "user_id": self.user.id})
        self.open(campaign, self.user).action_send()
        self.assertEqual(len(self.get_again(campaign)), 2)

    def test_users_send_nothing_again_of_campaigns_they_do_not_see(self):
        campaign = self.send_failed(2)
        with self.assertRaises(AccessError):
            campaign.with_user(self.user).action_send_again()
        wizards = self.env["sms.gateway.send.again"].with_user(self.user)
        for values in (
            {"campaign_id": campaign.id},
            {"message_domain": f'[["campaign_id", "=", {campaign.id}]]'},
        ):
            forged = wizards.create(
                {
                    **values,
                    "line_ids": [
                        Command.create({"place": FAILED, "count": 2, "is_chosen": True})
                    ],
                }
            )
            with self.subTest(values), self.assertRaisesRegex(UserError, "Nothing was"):
                forged.action_send()
        self.assertFalse(self.get_again(campaign))

    def test_whoever_is_no_user_sends_nothing_again(self):
        employee = new_test_user(self.env, "again_nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.send_failed(1).with_user(employee).action_send_again()

    def test_a_route_of_another_company_is_refused(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.manager.company_ids += company
        other = self.make_route("elsewhere", company_id=company.id)
        wizard = self.open(self.send_failed(1), route_id=other.id)
        with self.assertRaisesRegex(UserError, "another company"):
            wizard.action_send()

    def test_messages_of_another_company_are_not_found(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_route("elsewhere", company_id=company.id)
        messages = self.get_messages(self.send_failed(1, route=other))
        wizard = self.open_messages(messages)
        self.assertFalse(wizard.total_count)


@tagged("post_install", "-at_install")
class TestRestored(SendAgainCase, HoldCase):
    """A job of a restored database may have been carried out by the original."""

    def test_only_whoever_says_that_nothing_was_sent_lets_the_job_go_on(self):
        jobs = self.env["sms.gateway.resend.job"]
        resend = Resend([("id", "=", 0)], frozenset([FAILED]))
        for decision, goes_on in (
            ("ask", False),
            ("cancel", False),
            ("copy", False),
            ("send", True),
        ):
            jobs._start(resend, 1)
            with self.subTest(decision):
                self.holds.search([]).unlink()
                hold = self.restore()
                hold.began_at = fields.Datetime.now() + timedelta(hours=1)
                self.decide(hold, decision)
                self.assertEqual(bool(jobs.search([])), goes_on)
