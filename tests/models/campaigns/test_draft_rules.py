"""What people may change, copy and delete."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import MALE, DraftCase


class TestRules(DraftCase):
    def test_a_selection_is_nobodys_to_change(self):
        draft = self.draft()
        changes = {"recipient_source": "filter", "res_domain": "[]"}
        draft.action_check_recipients(changes)
        self.assertEqual(
            draft.recipient_ids.mapped("res_id"), (self.andrey + self.anna).ids
        )
        somebody = new_test_user(
            self.env, login="draft_other", groups="crm_sms_gateway.group_user"
        )
        for call in ("action_check_recipients", "action_send_test"):
            with self.subTest(call), self.assertRaises(AccessError):
                getattr(draft.with_user(somebody), call)({})
        recipients = draft.recipient_ids.with_user(somebody)
        self.assertFalse(recipients.search([("id", "in", recipients.ids)]))

    def test_defaults_of_the_context_decide_nothing_either(self):
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        draft = campaigns.with_context(
            default_state="running",
            default_user_id=self.env.ref("base.user_admin").id,
            default_unprepared_count=3,
            default_text_male="Здравствуйте!",
        ).create({"route_id": self.route.id})
        self.assertEqual((draft.state, draft.unprepared_count), ("draft", 0))
        self.assertEqual(draft.user_id, self.author)
        self.assertEqual(draft.text_male, "Здравствуйте!")

    def test_a_route_of_another_company_cannot_be_chosen(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_route("other company's", company_id=company.id)
        draft = self.draft()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            draft.write({"route_id": other.id})

    def test_what_was_never_sent_can_be_deleted(self):
        draft, cancelled = self.draft(), self.draft()
        cancelled.action_cancel()
        with self.assertRaises(UserError) as refused:
            cancelled.text_male = "x"
        self.assertNotIn("sent already", str(refused.exception))
        self.assertIn("was cancelled", str(refused.exception))
        (draft + cancelled).unlink()
        self.assertFalse((draft + cancelled).exists())

    def test_what_has_a_story_stays_and_the_reason_is_true(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        waiting = self.send_draft(scheduled_at=later)
        with self.assertRaisesRegex(UserError, "Cancel it first"):
            waiting.unlink()
        waiting.action_cancel()
        for work in (self.run_fold, self.run_recover, self.run_fold):
            with self.assertRaisesRegex(
                UserError, "cannot be deleted: nothing was sent"
            ):
                waiting.unlink()
            work()
        sent = self.send_draft()
        self.run_lane()
        self.run_fold()
        with self.assertRaisesRegex(UserError, "has messages and cannot be deleted"):
            sent.unlink()
        self.get_messages(sent.sudo()).unlink()
        with self.assertRaisesRegex(UserError, "has messages and cannot be deleted"):
            sent.unlink()

    def test_a_copy_is_a_draft_of_the_same_decisions(self):
        campaign = self.send_draft()
        copy = campaign.copy()
        self.assertEqual((copy.state, copy.text_male), ("draft", MALE))
        self.assertEqual(
            copy.recipient_ids.mapped("res_id"), campaign.recipient_ids.mapped("res_id")
        )
        self.assertNotEqual(copy.key, campaign.key)

    def test_a_copy_of_a_request_asks_for_recipients(self):
        self.draft().action_send_test()
        sent = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertFalse(sent.recipient_source)
        self.assertEqual(sent.copy().recipient_source, "lists")

    def test_forgotten_dialogs_are_cleared_away(self):
        old, kept = self.draft(is_temporary=True), self.draft()
        yesterday = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute(
            "UPDATE sms_gateway_campaign SET create_date = %s WHERE id IN %s",
            [yesterday, (old.id, kept.id)],
        )
        self.env.invalidate_all()
        self.env["sms.gateway.campaign.retention"]._gc_temporary()
        self.assertEqual((old + kept).exists(), kept)
