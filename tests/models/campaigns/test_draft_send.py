"""Sending drafts: what is accepted, what is refused, and what people are told."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError

from odoo.addons.crm_sms_gateway.models.campaigns.rendering import CampaignRenderer
from odoo.addons.crm_sms_gateway.tools.vocabulary import PRIORITY_BATCH, PRIORITY_SINGLE

from ...common import PHONE
from .common import DraftCase

BUILD = CampaignRenderer.__init__


class TestSend(DraftCase):
    def test_everybody_is_addressed_by_name_and_gender(self):
        campaign = self.send_draft()
        self.assertEqual(
            self.get_texts(campaign), ["Уважаемый Андрей!", "Уважаемая Анна!"]
        )
        messages = self.get_messages(campaign.sudo())
        self.assertEqual(messages.mapped("msisdn"), ["+79161230101", "+79161230102"])
        self.assertEqual(messages.mapped("state"), ["queued", "queued"])

    def test_a_sent_campaign_runs_until_all_is_done(self):
        campaign = self.send_draft()
        self.assertEqual(campaign.state, "running")
        self.run_lane()
        self.run_fold()
        self.assertEqual(campaign.state, "done")
        self.assertEqual(campaign.submitted_count, 2)

    def test_a_campaign_of_one_overtakes_the_others(self):
        campaign = self.send_draft(self.anna)
        self.assertEqual(self.get_messages(campaign.sudo()).priority, 10)

    def test_for_later_it_waits(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        campaign = self.send_draft(scheduled_at=later)
        self.assertEqual(campaign.state, "scheduled")
        self.run_lane()
        messages = self.get_messages(campaign.sudo())
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(set(messages.mapped("not_before")), {later})

    def test_it_is_sent_once(self):
        campaign = self.send_draft()
        with self.assertRaises(UserError):
            campaign.action_send()
        self.prepare()
        self.assertEqual(len(self.get_messages(campaign.sudo())), 2)

    def test_without_text_or_recipients_nothing_is_sent(self):
        nobody = self.env["res.partner"]
        for values in ({"text_male": " ", "text_female": False}, {"records": nobody}):
            with self.subTest(**values):
                draft = self.draft(values.pop("records", None), **values)
                with self.assertRaises(UserError):
                    draft.action_send()
                self.assertEqual(draft.state, "draft")

    def test_an_unknown_name_stops_the_draft_not_the_message(self):
        draft = self.draft(text_female="{{ frist_name }}")
        with self.assertRaisesRegex(UserError, "frist_name"):
            draft.action_send()
        findings = draft.action_preview({})["findings"]
        self.assertEqual(
            [(one["level"], one["variant"]) for one in findings[:1]],
            [("danger", "female")],
        )

    def test_a_route_without_the_channel_is_refused(self):
        self.route.has_voice = False
        with self.assertRaises(UserError):
            self.draft(channel="voice").action_send()

    def test_a_time_that_has_passed_is_refused(self):
        draft = self.draft(scheduled_at=fields.Datetime.now() - timedelta(minutes=1))
        with self.assertRaises(UserError):
            draft.action_send()

    def test_the_word_after_sending_says_how_many_get_it(self):
        nobody = self.make_contact("Without Phone", "", "male")
        for records, kind, words in (
            (self.andrey + self.anna, "success", "Recipients: 2."),
            (self.andrey + nobody, "success", "Recipients: 1 of 2."),
            (nobody, "warning", "Recipients: 0 of 1."),
        ):
            with self.subTest(words):
                params = self.draft(records).action_send()["params"]
                self.assertEqual(params["type"], kind)
                self.assertIn(words, params["message"])

    def test_after_sending_the_messages_are_counted_at_once(self):
        draft = self.draft()
        draft.action_send()
        self.env.flush_all()
        with self._shared_cursors():
            self.env.cr.postcommit.run()
        self.env.invalidate_all()
        self.assertEqual((draft.message_count, draft.queued_count), (2, 2))

    def test_a_campaign_without_a_name_is_called_by_its_text(self):
        self.assertEqual(self.send_draft().name, "Уважаемый [first_name]!")

    def test_the_renderer_is_built_once_per_send(self):
        draft = self.draft()
        with patch.object(
            CampaignRenderer, "__init__", autospec=True, side_effect=BUILD
        ) as build:
            draft.action_send()
        self.assertEqual(build.call_count, 1)
        self.assertEqual(len(self.get_messages(draft.sudo())), 2)


class TestCampaignValues(DraftCase):
    def test_every_way_in_accepts_with_the_same_values(self):
        """Requests, drafts and tests are accepted one as the other."""
        draft = self.draft(self.anna)
        draft.action_send()
        self.draft(self.anna).action_send_test()
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        for campaign in (draft.sudo(), test, self.send(PHONE)):
            campaign.invalidate_recordset()
            with self.subTest(campaign.name):
                self.assertEqual(campaign.state, "running")
                self.assertEqual(campaign.company_id, self.route.company_id)
                self.assertEqual(campaign.starts_at, campaign.accepted_at)
                self.assertFalse(campaign.scheduled_at)
                self.assertEqual(campaign.priority, PRIORITY_SINGLE)
                self.assertEqual(campaign.recipient_count, 1)
                self.assertRegex(campaign.key, r"^[0-9a-f]{32}$")

    def test_what_is_scheduled_starts_at_its_time(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        draft = self.draft(scheduled_at=later)
        draft.action_send()
        for campaign in (draft.sudo(), self.send(PHONE, PHONE, not_before=later)):
            campaign.invalidate_recordset()
            with self.subTest(campaign.source):
                self.assertEqual(campaign.state, "scheduled")
                self.assertEqual(
                    (campaign.scheduled_at, campaign.starts_at), (later, later)
                )
                self.assertEqual(campaign.priority, PRIORITY_BATCH)
