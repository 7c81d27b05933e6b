"""Filters and mailing lists look for recipients when the time to send has come."""

from datetime import timedelta

from odoo import Command, fields

from .common import DraftCase


class TestRecipientsOnTheDay(DraftCase):
    def filter_draft(self, **values):
        """A draft to the filter's contacts, for tomorrow."""
        contacts = (self.andrey + self.anna).ids
        return self.draft(
            **{
                "recipient_source": "filter",
                "res_model": "res.partner",
                "res_domain": f"[('id', 'in', {contacts}), ('city', '=', 'Ростов')]",
                "scheduled_at": fields.Datetime.now() + timedelta(days=1),
                **values,
            }
        )

    def let_the_day_come(self, campaign):
        """The time to send has come, and the preparer runs."""
        campaign.sudo().scheduled_at = fields.Datetime.now() - timedelta(seconds=1)
        self.prepare()

    def test_a_filter_looks_for_its_contacts_on_the_day(self):
        self.andrey.city = "Ростов"
        campaign = self.filter_draft()
        told = campaign.action_send()["params"]["message"]
        self.assertIn("Recipients: about 1", told)
        self.prepare()
        self.assertFalse(self.get_messages(campaign.sudo()))
        self.assertEqual((campaign.state, campaign.recipient_count), ("scheduled", 1))
        self.andrey.city = False
        self.anna.city = "Ростов"
        self.let_the_day_come(campaign)
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна!"])
        self.assertEqual((campaign.state, campaign.recipient_count), ("running", 1))
        self.assertFalse(campaign.looks_again)
        self.prepare()
        self.assertEqual(len(self.get_messages(campaign.sudo())), 1)

    def test_who_is_found_on_the_day_alone_is_enough(self):
        campaign = self.filter_draft()
        campaign.action_send()
        self.prepare()
        (self.andrey + self.anna).city = "Ростов"
        self.let_the_day_come(campaign)
        self.assertEqual(
            self.get_texts(campaign), ["Уважаемый Андрей!", "Уважаемая Анна!"]
        )
        self.run_lane()
        self.run_fold()
        self.assertEqual(campaign.state, "done")

    def test_a_list_that_is_a_filter_does_the_same_archived_or_not(self):
        self.andrey.city = "Ростов"
        lists = self.env["sms.gateway.list"].create(
            [
                {
                    "name": "filter",
                    "kind": "filter",
                    "res_domain": "[('city', '=', 'Ростов')]",
                },
                {
                    "name": "members",
                    "member_ids": [Command.create({"partner_id": self.anna.id})],
                },
            ]
        )
        campaign = self.filter_draft(recipient_source="lists", list_ids=lists.ids)
        campaign.action_send()
        lists.active = False
        self.andrey.city = False
        self.let_the_day_come(campaign)
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна!"])

    def test_who_was_chosen_stays_chosen(self):
        self.andrey.city = "Ростов"
        one = self.env["sms.gateway.list"].create(
            {
                "name": "members",
                "member_ids": [Command.create({"partner_id": self.anna.id})],
            }
        )
        for values in (
            {"recipient_source": "selection"},
            {"recipient_source": "lists", "list_ids": one.ids},
        ):
            campaign = self.filter_draft(**values)
            campaign.action_send()
            self.assertFalse(campaign.looks_again)
            self.assertTrue(self.get_messages(campaign.sudo()))

    def test_a_day_on_which_nobody_is_found_pauses_and_says_so(self):
        self.andrey.city = "Ростов"
        campaign = self.filter_draft()
        campaign.action_send()
        self.andrey.city = False
        self.let_the_day_come(campaign)
        self.assertEqual(campaign.state, "paused")
        self.assertIn("No recipients were found", campaign.pause_reason)
        self.andrey.city = "Ростов"
        campaign.action_resume()
        self.prepare()
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_a_filter_that_cannot_be_read_any_more_pauses_and_stops_nobody(self):
        self.andrey.city = "Ростов"
        broken, fine = self.filter_draft(), self.filter_draft()
        (broken + fine).mapped(lambda one: bool(one.action_send()))
        self.env.cr.execute(
            "UPDATE sms_gateway_campaign SET res_domain = %s WHERE id = %s",
            ["[('gone', '=', 1)]", broken.id],
        )
        self.env.invalidate_all()
        for campaign in broken + fine:
            campaign.sudo().scheduled_at = fields.Datetime.now() - timedelta(seconds=1)
        self.prepare()
        self.assertEqual((broken.state, fine.state), ("paused", "running"))
        self.assertIn("gone", broken.pause_reason)

    def test_on_the_day_it_is_the_author_who_looks(self):
        self.andrey.city = self.anna.city = "Ростов"
        campaign = self.filter_draft()
        campaign.action_send()
        self.env["ir.rule"].create(
            {
                "name": "not Anna",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.anna.id})]",
            }
        )
        self.let_the_day_come(campaign)
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_what_is_cancelled_before_the_day_looks_for_nobody(self):
        self.andrey.city = "Ростов"
        campaign = self.filter_draft()
        campaign.action_send()
        campaign.action_pause()
        campaign.action_cancel()
        self.let_the_day_come(campaign)
        self.assertEqual(campaign.unprepared_count, 0)
        self.assertFalse(self.get_messages(campaign.sudo()))
        campaign.unlink()
        self.assertFalse(campaign.exists())

    def test_the_preparer_is_woken_on_the_day(self):
        self.andrey.city = "Ростов"
        campaign = self.filter_draft()
        campaign.action_send()
        cron = self.env.ref("crm_sms_gateway.ir_cron_prepare")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(campaign.scheduled_at, triggers.mapped("call_at"))
