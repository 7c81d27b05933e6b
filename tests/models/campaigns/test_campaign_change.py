"""Accepted campaigns are renamed, moved and taken back as long as nothing has gone."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import DraftCase

DAY = timedelta(days=1)
LATER = timedelta(hours=3)


class ChangeCase(DraftCase):
    def setUp(self):
        super().setUp()
        self.tomorrow = (fields.Datetime.now() + DAY).replace(microsecond=0)

    def schedule(self, *args, **values):
        campaign = self.send_draft(*args, **{"scheduled_at": self.tomorrow, **values})
        self.assertEqual(campaign.state, "scheduled")
        return campaign

    def get_columns(self, campaign, name):
        return self.get_messages(campaign.sudo()).mapped(name)

    def make_colleague(self, group):
        groups = f"crm_sms_gateway.group_{group}"
        return new_test_user(self.env, f"change_{group}", groups)


class TestRenaming(ChangeCase):
    def test_a_campaign_is_renamed_at_any_time(self):
        campaign = self.send_draft()
        self.run_lane()
        self.run_fold()
        self.assertEqual(campaign.state, "done")
        campaign.name = "Better name"
        self.assertEqual(campaign.name, "Better name")

    def test_nothing_else_of_it_is_written(self):
        campaign = self.send_draft()
        with self.assertRaisesRegex(UserError, "already been sent"):
            campaign.write({"name": "x", "text_male": "y"})

    def test_only_its_author_and_managers_rename_it(self):
        campaign = self.send_draft()
        with self.assertRaises(AccessError):
            campaign.with_user(self.make_colleague("user")).name = "mine"
        campaign.with_user(self.make_colleague("manager")).name = "ours"
        self.assertEqual(campaign.name, "ours")


class TestMoving(ChangeCase):
    def test_its_messages_and_their_validity_move_with_it(self):
        campaign = self.schedule(ttl=3600)
        moment = self.tomorrow + LATER
        campaign.scheduled_at = moment
        self.assertEqual(campaign.state, "scheduled")
        self.assertEqual(campaign.starts_at, moment)
        self.assertEqual(self.get_columns(campaign, "not_before"), [moment] * 2)
        expiry = moment + timedelta(hours=1)
        self.assertEqual(self.get_columns(campaign, "expires_at"), [expiry] * 2)

    def test_it_goes_out_at_the_new_time_only(self):
        campaign = self.schedule()
        campaign.scheduled_at = self.tomorrow + DAY
        with self.later(DAY.total_seconds() + 60):
            self.run_lane()
            self.assertEqual(self.get_columns(campaign, "state"), ["queued"] * 2)
        with self.later(2 * DAY.total_seconds() + 60):
            self.run_lane()
            self.run_fold()
        self.assertEqual(self.get_columns(campaign, "state"), ["submitted"] * 2)

    def test_an_earlier_time_counts_too(self):
        campaign = self.schedule()
        campaign.scheduled_at = self.tomorrow - LATER
        with self.later((DAY - LATER).total_seconds() + 60):
            self.run_lane()
        self.assertEqual(self.get_columns(campaign, "state"), ["submitted"] * 2)

    def test_what_is_not_prepared_yet_gets_the_new_time(self):
        self.patch_prepared_at_once(1)
        campaign = self.draft(scheduled_at=self.tomorrow)
        campaign.action_send()
        self.assertEqual(campaign.unprepared_count, 1)
        moment = self.tomorrow + LATER
        campaign.scheduled_at = moment
        self.prepare()
        self.assertEqual(self.get_columns(campaign, "not_before"), [moment] * 2)

    def test_filters_are_applied_at_the_new_time(self):
        campaign = self.draft(
            recipient_source="filter",
            res_model="res.partner",
            res_domain=f"[('id', 'in', {(self.andrey + self.anna).ids})]",
            scheduled_at=self.tomorrow,
        )
        campaign.action_send()
        campaign.scheduled_at = self.tomorrow + DAY
        with self.later(DAY.total_seconds() + 60):
            self.prepare()
            self.assertFalse(self.get_messages(campaign.sudo()))
        with self.later(2 * DAY.total_seconds() + 60):
            self.prepare()
        self.assertEqual(len(self.get_messages(campaign.sudo())), 2)

    def test_a_paused_one_is_moved_and_waits_for_its_time_when_resumed(self):
        campaign = self.schedule()
        campaign.action_pause()
        campaign.scheduled_at = self.tomorrow + DAY
        self.assertEqual(campaign.state, "paused")
        campaign.action_resume()
        self.assertEqual(campaign.state, "scheduled")

    def test_the_past_and_no_time_at_all_are_refused(self):
        campaign = self.schedule()
        for moment in (fields.Datetime.now() - DAY, False):
            with self.assertRaises(UserError), self.cr.savepoint():
                campaign.scheduled_at = moment
        self.env.invalidate_all()
        self.assertEqual(campaign.scheduled_at, self.tomorrow)

    def test_the_refusal_names_the_time_in_the_zone_of_the_user(self):
        self.author.tz = "Europe/Moscow"
        campaign = self.schedule()
        with self.assertRaisesRegex(UserError, r"1 Jan 2020, 15:00 \(Europe/Moscow\)"):
            campaign.scheduled_at = datetime(2020, 1, 1, 12)

    def test_what_has_begun_is_not_moved(self):
        campaign = self.schedule()
        first = self.get_messages(campaign.sudo())[:1]
        self.force_state(first, "submitted")
        with self.assertRaisesRegex(UserError, "already been sent"):
            campaign.scheduled_at = self.tomorrow + DAY

    def test_what_runs_is_not_moved(self):
        campaign = self.send_draft()
        with self.assertRaisesRegex(UserError, "not available"):
            campaign.scheduled_at = self.tomorrow

    def test_a_colleague_does_not_move_it(self):
        campaign = self.schedule()
        with self.assertRaises(AccessError):
            campaign.with_user(self.make_colleague("user")).scheduled_at = (
                self.tomorrow + DAY
            )


class TestReturningToDraft(ChangeCase):
    def test_it_is_a_draft_with_the_same_texts_and_recipients(self):
        campaign = self.schedule(name="Once more")
        campaign.action_return_to_draft()
        self.assertEqual(campaign.state, "draft")
        self.assertEqual(campaign.name, "Once more")
        self.assertEqual(campaign.scheduled_at, self.tomorrow)
        self.assertFalse(campaign.accepted_at)
        self.assertEqual(
            campaign.recipient_ids.mapped("res_id"), (self.andrey + self.anna).ids
        )
        self.assertFalse(any(campaign.recipient_ids.mapped("is_prepared")))
        self.assertFalse(self.get_messages(campaign.sudo()))

    def test_it_is_changed_and_sent_once(self):
        campaign = self.schedule()
        campaign.action_return_to_draft()
        campaign.write({"text_male": "Changed", "text_female": False})
        campaign.scheduled_at = False
        campaign.action_send()
        self.prepare()
        self.run_lane()
        self.run_fold()
        self.assertEqual(self.get_texts(campaign), ["Changed"] * 2)
        self.assertEqual(self.get_columns(campaign, "state"), ["submitted"] * 2)
        self.assertEqual(campaign.submitted_count, 2)

    def test_nothing_of_it_goes_out_while_it_is_a_draft(self):
        campaign = self.schedule()
        campaign.action_return_to_draft()
        with self.later(DAY.total_seconds() + 60):
            self.prepare()
            self.run_lane()
        self.assertFalse(self.get_messages(campaign.sudo()))

    def test_counters_and_statistics_forget_it(self):
        before = self.sum_statistics()
        campaign = self.schedule(self.andrey + self.make_contact("Nobody", False))
        self.run_fold()
        self.assertEqual(campaign.message_count, 2)
        campaign.action_return_to_draft()
        self.run_fold()
        self.assertEqual(campaign.state, "draft")
        self.assertEqual(campaign.message_count, 0)
        self.assertEqual(campaign.not_sent_count, 0)
        self.assertEqual(self.sum_statistics(), before)

    def sum_statistics(self):
        [(count, segments)] = self.env["sms.gateway.statistic"]._read_group(
            [], [], ["count:sum", "segments:sum"]
        )
        return count, segments

    def test_packages_get_their_parts_back(self):
        package = self.env["sms.gateway.package"].create(
            {"route_id": self.route.id, "size": 10}
        )
        campaign = self.schedule()
        self.run_fold()
        self.assertEqual(package.used, 2)
        campaign.action_return_to_draft()
        self.run_fold()
        self.assertEqual(package.used, 0)

    def test_short_links_are_made_anew(self):
        self.env["ir.config_parameter"].set_param(
            "crm_sms_gateway.public_address", "https://sms.example.com"
        )
        campaign = self.schedule(
            text_male="https://shop.example/ {{ first_name }}",
            text_female=False,
            has_short_links=True,
        )
        links = self.env["sms.gateway.link"]
        self.assertEqual(links.search_count([("campaign_id", "=", campaign.id)]), 2)
        campaign.action_return_to_draft()
        self.assertFalse(links.search_count([("campaign_id", "=", campaign.id)]))

    def test_the_chatter_says_that_it_was_not_sent(self):
        campaign = self.schedule()
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()
        note = self.andrey.message_ids.filtered(lambda one: one.message_type == "sms")
        self.assertIn("Андрей", note.body)
        campaign.action_return_to_draft()
        self.env.invalidate_all()
        self.assertIn("returned to draft", note.body)
        self.assertNotIn("Андрей", note.body)

    def test_one_that_looks_for_recipients_on_the_day_returns_too(self):
        campaign = self.draft(
            recipient_source="filter",
            res_model="res.partner",
            res_domain=f"[('id', '=', {self.anna.id})]",
            scheduled_at=self.tomorrow,
        )
        campaign.action_send()
        campaign.action_return_to_draft()
        with self.later(DAY.total_seconds() + 60):
            self.prepare()
        self.assertEqual(campaign.state, "draft")
        self.assertFalse(campaign.looks_again)
        self.assertFalse(self.get_messages(campaign.sudo()))

    def test_a_paused_one_returns(self):
        campaign = self.send_draft()
        campaign.action_pause()
        campaign.action_return_to_draft()
        self.assertEqual(campaign.state, "draft")

    def test_what_has_begun_does_not_return(self):
        campaign = self.send_draft()
        self.run_lane()
        self.send_draft()
        campaign.sudo().state = "paused"
        with self.assertRaisesRegex(UserError, "already been sent"):
            campaign.action_return_to_draft()

    def test_what_runs_does_not_return(self):
        campaign = self.send_draft()
        with self.assertRaisesRegex(UserError, "not available"):
            campaign.action_return_to_draft()

    def test_a_request_of_the_api_does_not_return(self):
        campaign = self.send("+79281700001", not_before=self.tomorrow)
        with self.assertRaisesRegex(UserError, "not created as a draft"):
            campaign.with_user(self.author).action_return_to_draft()

    def test_a_restored_database_decides_first(self):
        campaign = self.schedule()
        now = fields.Datetime.now()
        self.env["sms.gateway.hold"].create(
            {"identity": "{}", "state": "held", "began_at": now, "seen_at": now}
        )
        with self.assertRaisesRegex(UserError, "on hold"):
            campaign.action_return_to_draft()

    def test_a_colleague_does_not_return_it(self):
        campaign = self.schedule()
        with self.assertRaises(AccessError):
            campaign.with_user(self.make_colleague("user")).action_return_to_draft()


class TestTheTimeInWords(ChangeCase):
    def test_the_form_and_the_toast_tell_it_in_the_zone_of_the_user(self):
        self.author.tz = "Europe/Moscow"
        draft = self.draft(scheduled_at=datetime(2099, 11, 30, 20, 40))
        words = "30 Nov 2099, 23:40 (Europe/Moscow)"
        self.assertEqual(draft.schedule_words, words)
        told = draft.action_send()["params"]["message"]
        self.assertIn(f"Scheduled for {words}.", told)
        self.assertIn("%s", told)

    def test_the_form_of_a_draft_tells_that_it_has_passed(self):
        now = fields.Datetime.now()
        for moment, has_passed in (
            (now - timedelta(hours=1), True),
            (now + timedelta(hours=1), False),
            (False, False),
        ):
            draft = self.draft(scheduled_at=moment)
            self.assertEqual(draft.schedule_has_passed, has_passed)

    def test_the_calendar_tells_what_is_fixed(self):
        self.assertFalse(self.draft(scheduled_at=self.tomorrow).fixed_reason)
        campaign = self.schedule()
        self.assertFalse(campaign.fixed_reason)
        theirs = campaign.with_user(self.make_colleague("user"))
        self.assertEqual(theirs.sudo().fixed_reason, "Belongs to another user")
        self.assertEqual(self.send_draft().fixed_reason, "Sending has started")
