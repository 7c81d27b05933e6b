"""The chatter of a record tells what was sent to it and what became of it."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.recipients import res_partner
from odoo.addons.mail.tools.discuss import Store

from ...common import GatewayCase
from ..campaigns.common import DraftCase

REFUSED = "INSERT INTO sms_gateway_campaign (name) VALUES (NULL)"
CHATTER_LOGGER = "odoo.addons.crm_sms_gateway.models.recipients.sms_gateway_chatter_log"


class TestChatterLog(DraftCase):
    def note(self):
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()

    def get_notes(self, record):
        return record.message_ids.filtered(lambda m: "sms-gateway" in (m.body or ""))

    def test_a_note_says_what_was_sent_and_what_became_of_it(self):
        campaign = self.send_draft()
        self.note()
        [note] = self.get_notes(self.anna)
        self.assertIn("Уважаемая Анна!", note.body)
        self.assertIn("Queued", note.body)
        self.assertIn(f"/odoo/sms-gateway/{campaign.id}", note.body)
        self.assertEqual(note.author_id, self.author.partner_id)
        self.run_lane()
        self.set_state(self.get_messages(campaign.sudo())[1], "delivered")
        self.note()
        [changed] = self.get_notes(self.anna)
        self.assertEqual(changed, note)
        self.assertIn("Delivered", changed.body)
        self.assertNotIn("Queued", changed.body)

    def test_a_note_follows_the_message_that_was_sent_again(self):
        campaign = self.send_draft(self.anna)
        self.note()
        message = self.get_messages(campaign.sudo())
        self.force_state(message, "failed")
        self.note()
        again = self.env["sms.gateway.message"].browse(message.action_retry()["res_id"])
        self.assertEqual(again.recipient, self.anna)
        self.assertEqual(campaign.sudo().recipient_ids.message_id, again)
        self.set_state(again, "failed", failure_type="other", detail="Once more")
        self.note()
        [note] = self.get_notes(self.anna)
        self.assertIn("Once more", note.body)

    def test_of_many_it_is_written_in_the_background(self):
        draft = self.draft()
        draft.sudo().write({"state": "running", "unprepared_count": 2})
        self.prepare()
        self.assertFalse(self.get_notes(self.anna))
        self.note()
        self.note()
        self.assertEqual(len(self.get_notes(self.anna)), 1)

    def test_it_says_why_nothing_was_sent(self):
        self.env["phone.blacklist"].create({"number": "+79161230102"})
        self.send_draft()
        self.note()
        [note] = self.get_notes(self.anna)
        self.assertIn("Cancelled", note.body)
        self.assertIn("opted out", note.body)

    def test_texts_are_no_markup(self):
        self.send_draft(self.anna, text_female="<b>{{ first_name }}</b>")
        self.note()
        [note] = self.get_notes(self.anna)
        self.assertIn("&lt;b&gt;Анна&lt;/b&gt;", note.body)

    def test_a_record_that_the_database_refuses_stops_nobody(self):
        ChatterLog = self.env.registry["sms.gateway.chatter.log"]
        log_together = ChatterLog._log_together

        def log_all_but_anna(chatter_log, campaign, recipients, threads):
            log_together(chatter_log, campaign, recipients, threads)
            if self.anna.id in recipients.mapped("res_id"):
                self.env.cr.execute(REFUSED)

        campaign = self.send_draft()
        with (
            patch.object(ChatterLog, "_log_together", log_all_but_anna),
            mute_logger("odoo.sql_db", CHATTER_LOGGER),
        ):
            self.note()
        self.assertEqual(len(self.get_notes(self.andrey)), 1)
        self.assertFalse(self.get_notes(self.anna))
        self.assertEqual(
            campaign.recipient_ids.sorted("index").mapped("logged_state"),
            ["queued", "none"],
        )

    def test_members_without_a_chatter_stop_nobody(self):
        members = [
            Command.create({"name": "Пётр", "phone": "+79161230109"}),
            Command.create({"partner_id": self.anna.id}),
        ]
        one = self.env["sms.gateway.list"].create({"name": "A", "member_ids": members})
        self.send_draft(
            recipient_source="lists", list_ids=one.ids, text_male="A", text_female=""
        )
        self.note()
        self.assertEqual(len(self.get_notes(self.anna)), 1)

    def test_notes_outlive_the_messages(self):
        campaign = self.send_draft()
        self.note()
        [note] = self.get_notes(self.anna)
        self.get_messages(campaign.sudo()).unlink()
        self.note()
        self.assertIn("no longer stored", note.body)
        self.assertFalse(campaign.recipient_ids)


class TestStatusInChatter(DraftCase):
    """The web client shows the status of now, whatever was logged."""

    def read_status(self, note, user):
        env = self.env(user=user, context={"lang": user.lang})
        store = Store().add(note.with_env(env))
        [shown] = store.get_result()["mail.message"]
        return shown.get("sms_gateway")

    def log(self, campaign):
        with self.as_cron() as env:
            env["sms.gateway.chatter.log"]._cron_log()
        return campaign.sudo().recipient_ids.mail_message_id

    def test_it_follows_the_message(self):
        campaign = self.send_draft(self.anna)
        note = self.log(campaign)
        told = self.read_status(note, self.author)
        self.assertEqual(
            told,
            {
                "label": "Waiting to be sent",
                "tone": "secondary",
                "reason": "",
                "may_open": True,
            },
        )
        message = self.get_messages(campaign.sudo())
        self.run_lane()
        self.set_state(message, "failed", failure_type="unreachable")
        told = self.read_status(note, self.author)
        self.assertEqual((told["tone"], told["label"]), ("danger", "Not delivered"))
        self.assertEqual(told["reason"], "Subscriber unreachable")

    def test_it_is_in_the_readers_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        note = self.log(self.send_draft(self.anna))
        self.author.lang = "ru_RU"
        label = dict(
            self.env["sms.gateway.message"]
            .with_context(lang="ru_RU")
            ._fields["outcome"]
            ._description_selection(self.env(context={"lang": "ru_RU"}))
        )["waiting"]
        self.assertEqual(self.read_status(note, self.author)["label"], label)

    def test_who_does_not_use_the_gateway_reads_it_without_a_link(self):
        note = self.log(self.send_draft(self.anna))
        groups = "base.group_user,base.group_partner_manager"
        reader = new_test_user(self.env, login="chatter_reader", groups=groups)
        self.assertFalse(self.read_status(note, reader)["may_open"])

    def test_other_messages_have_none(self):
        note = self.anna.message_post(body=self.anna.name)
        self.assertIsNone(self.read_status(note, self.author))


class TestMessageHistory(DraftCase):
    def test_the_button_counts_what_was_sent_to_the_record_and_its_number(self):
        self.send_draft()
        self.send(self.anna.phone)
        self.send("+79161230199")
        anna = self.anna.with_user(self.author)
        self.assertEqual(anna.sms_gateway_message_count, 2)
        action = anna.action_open_sms_gateway_messages()
        found = self.env["sms.gateway.message"].search(action["domain"])
        self.assertEqual(set(found.mapped("msisdn")), {"+79161230102"})
        self.assertEqual(len(found), 2)

    def test_a_message_leads_to_whom_it_went(self):
        campaign = self.send_draft()
        anna = self.get_messages(campaign.sudo())[1].with_user(self.author)
        self.assertEqual(anna.recipient, self.anna)
        rule = {
            "name": "not Anna",
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "domain_force": f"[('id', '!=', {self.anna.id})]",
        }
        self.env["ir.rule"].create(rule)
        self.env.invalidate_all()
        self.assertFalse(anna.recipient)

    def test_messages_follow_the_record_when_its_number_changes(self):
        self.send_draft()
        self.anna.phone = "+79161230155"
        anna = self.anna.with_user(self.author)
        self.assertEqual(anna.sms_gateway_message_count, 1)


class TestSuggestions(GatewayCase):
    def make(self, name, **values):
        return self.env["res.partner"].create({"name": name, **values})

    def test_they_are_shown_and_applied_by_a_person_only(self):
        anna = self.make("Лебедева Анна Сергеевна")
        self.assertEqual(anna.suggested_gender, "female")
        self.assertEqual(anna.suggested_first_name, "Анна")
        self.assertFalse(anna.gender or anna.first_name)
        anna.action_accept_suggestions()
        self.assertEqual(
            (anna.gender, anna.first_name, anna.last_name, anna.patronymic),
            ("female", "Анна", "Лебедева", "Сергеевна"),
        )

    def test_what_a_person_wrote_is_never_changed(self):
        anna = self.make("Лебедева Анна Сергеевна", first_name="Аня", gender="male")
        anna.action_accept_suggestions()
        self.assertEqual((anna.first_name, anna.gender), ("Аня", "male"))
        anna.name = "Иванова Мария Петровна"
        self.assertEqual(anna.first_name, "Аня")

    def test_in_bulk_companies_and_the_unclear_stay_as_they_are(self):
        contacts = (
            self.make("Соколов Андрей Викторович")
            + self.make("ООО Анна", is_company=True)
            + self.make("Саша")
        )
        contacts.action_accept_suggestions()
        self.assertEqual(contacts.mapped("gender"), ["male", False, False])

    def test_in_bulk_doing_it_again_goes_on_where_it_stopped(self):
        self.patch(res_partner, "MAX_APPLIED", 1)
        contacts = self.make("Соколов Андрей") + self.make("Лебедева Анна")
        told = contacts.action_accept_suggestions()["params"]["message"]
        self.assertEqual(contacts.mapped("gender"), ["male", False])
        self.assertIn("1 of 2. No more are updated at once", told)
        told = contacts.action_accept_suggestions()["params"]["message"]
        self.assertEqual(contacts.mapped("gender"), ["male", "female"])
