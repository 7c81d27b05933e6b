"""Campaigns of people: drafts, who gets them, and how they are prepared."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.crm_sms_gateway.models.campaigns import sms_gateway_campaign_editing

from ...common import PHONE, GatewayCase

MALE = "Уважаемый {{ first_name }}!"
FEMALE = "Уважаемая {{ first_name }}!"


class DraftCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.author = new_test_user(
            cls.env,
            login="draft_author",
            groups="crm_sms_gateway.group_manager,base.group_partner_manager",
            phone="+79281700001",
        )
        cls.andrey = cls.make_contact("Соколов Андрей Викторович", "0101", "male")
        cls.anna = cls.make_contact("Лебедева Анна Сергеевна", "0102", "female")

    @classmethod
    def make_contact(cls, name, ending, gender=False, **values):
        phone = ending and f"8 (916) 123-{ending[:2]}-{ending[2:]}"
        return cls.env["res.partner"].create(
            {"name": name, "phone": phone, "gender": gender, **values}
        )

    def draft(self, records=None, *, author=None, **values):
        """A draft to these records, the two contacts unless told."""
        records = self.andrey + self.anna if records is None else records
        campaigns = self.env["sms.gateway.campaign"].with_user(author or self.author)
        draft = campaigns.create(
            {
                "route_id": self.route.id,
                "recipient_source": "selection",
                "text_male": MALE,
                "text_female": FEMALE,
                **values,
            }
        )
        draft._stage([(records._name, [("id", "in", records.ids)])])
        return draft

    def prepare(self):
        with self.as_cron() as env:
            env["sms.gateway.fan.out"]._cron_prepare()

    def send_draft(self, *args, **values):
        draft = self.draft(*args, **values)
        draft.action_send()
        self.prepare()
        return draft

    def get_texts(self, campaign):
        return self.get_messages(campaign.sudo()).mapped("text")

    def check(self, draft, **changes):
        return draft.action_check_recipients(changes)["problems"]


class TestDraft(DraftCase):
    # === SEND ===
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

    def test_while_a_draft_cannot_be_sent_nobody_gets_it_and_numbers_are_checked(self):
        nobody = self.make_contact("Without Phone", "")
        draft = self.draft(self.andrey + nobody)
        self.route.has_voice = False
        past = fields.Datetime.now() - timedelta(minutes=1)
        for changes, reason in (
            ({"text_male": "{{ frist_name }}"}, "frist_name"),
            ({"text_male": "{{ first_na"}, "template"),
            ({"text_male": "{% if %}"}, "template"),
            ({"text_male": " ", "text_female": False}, "Write a text"),
            ({"channel": "voice"}, "channel"),
            ({"scheduled_at": past}, "has passed"),
        ):
            with self.subTest(**changes):
                self.env.invalidate_all()
                checked = draft.action_check_recipients(changes)
                self.assertIn(reason, checked["refusal"])
                self.assertEqual(checked["problems"], {"could_get": 1, "no_number": 1})
                self.assertEqual((checked["segments"], checked["cost"]), (0, None))
        self.env.invalidate_all()
        checked = draft.action_check_recipients({})
        self.assertIsNone(checked["refusal"])
        self.assertEqual(checked["problems"], {"": 1, "no_number": 1})

    def test_a_route_without_the_channel_is_refused(self):
        self.route.has_voice = False
        with self.assertRaises(UserError):
            self.draft(channel="voice").action_send()

    def test_a_time_that_has_passed_is_refused(self):
        draft = self.draft(scheduled_at=fields.Datetime.now() - timedelta(minutes=1))
        with self.assertRaises(UserError):
            draft.action_send()

    def test_what_was_sent_is_not_checked_and_staged_anew(self):
        campaign = self.send_draft()
        with self.assertRaises(UserError):
            campaign.action_check_recipients({"recipient_source": "filter"})
        self.assertTrue(all(campaign.recipient_ids.mapped("is_prepared")))

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

    # === WHO GETS IT ===
    def test_bad_contacts_are_left_out_and_counted(self):
        bad = (
            self.make_contact("Без Номера", False)
            + self.make_contact("Плохой Номер", False, phone="12")
            + self.make_contact("Павлова Наталья Юрьевна", "0102", "female")
            + self.make_contact("Саша", "0103")
        )
        self.env["phone.blacklist"].create({"number": "+79161230101"})
        draft = self.draft(self.andrey + self.anna + bad)
        self.assertEqual(
            self.check(draft),
            {
                "": 1,
                "opted_out": 1,
                "no_number": 1,
                "invalid_number": 1,
                "duplicate": 1,
                "missing_gender": 1,
            },
        )
        draft.action_send()
        states = self.get_messages(draft.sudo()).mapped("state")
        self.assertEqual(
            states, ["cancelled", "queued", "failed", "failed", "cancelled", "failed"]
        )
        self.assertEqual(
            draft.recipient_ids.mapped("problem"),
            [
                "opted_out",
                False,
                "no_number",
                "invalid_number",
                "duplicate",
                "missing_gender",
            ],
        )

    def test_a_bad_number_is_shown_as_it_was_entered(self):
        self.anna.phone = "12 ask Peter"
        draft = self.draft()
        self.check(draft)
        shown = ["+79161230101", "12 ask Peter"]
        self.assertEqual(draft.recipient_ids.sorted("index").mapped("phone"), shown)
        draft.action_send()
        self.assertEqual(draft.recipient_ids.sorted("index").mapped("phone"), shown)

    def test_a_recipient_without_a_number_is_told(self):
        self.patch_prepared_at_once(1)
        nobody = self.make_contact("Без Номера", False)
        campaign = self.send_draft(self.andrey + nobody)
        failed = self.get_messages(campaign.sudo())[1]
        self.assertEqual(failed.failure_explanation, "There is no phone number.")
        self.assertEqual(failed.display_name, "No number")

    def test_unknown_gender_gets_the_neutral_text(self):
        sasha = self.make_contact("Саша", "0103")
        campaign = self.send_draft(self.anna + sasha, text_neutral="Здравствуйте!")
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна!", "Здравствуйте!"])

    def test_one_text_alone_is_for_everybody(self):
        sasha = self.make_contact("Саша", "0103")
        campaign = self.send_draft(
            self.anna + sasha, text_male="Здравствуйте!", text_female=False
        )
        self.assertEqual(self.get_texts(campaign), ["Здравствуйте!"] * 2)

    def test_what_only_the_others_text_uses_nobody_lacks(self):
        campaign = self.send_draft(text_female="Здравствуйте, {{ city }}!")
        andrey, anna = self.get_messages(campaign.sudo())
        self.assertEqual(andrey.state, "queued")
        self.assertEqual((anna.state, anna.failure_type), ("failed", "missing_data"))

    def test_what_could_not_be_written_is_not_sent_again(self):
        campaign = self.send_draft(self.anna, text_female="{{ city }}")
        message = self.get_messages(campaign.sudo())
        self.assertEqual(message.failure_code, "missing_field")
        with self.assertRaisesRegex(UserError, "city"):
            message.with_user(self.author).action_retry()

    def test_fields_of_the_record_can_be_used(self):
        self.anna.write({"city": "Ростов", "country_id": self.env.ref("base.ru").id})
        campaign = self.send_draft(
            self.anna, text_female="{{ city }} {{ country_id }} {{ fio }} {{ color }}"
        )
        country = self.anna.country_id.name
        self.assertEqual(
            self.get_texts(campaign), [f"Ростов {country} {self.anna.name} 0"]
        )

    def test_what_the_author_may_not_read_stays_out(self):
        private = self.env["res.partner"].fields_get(["signup_type"])
        self.assertTrue(private, "the superuser may")
        draft = self.draft(text_female="{{ signup_type }}")
        with self.assertRaisesRegex(UserError, "signup_type"):
            draft.action_send()

    def test_records_the_author_may_not_read_are_not_selected(self):
        rule = {
            "name": "not Anna",
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "domain_force": f"[('id', '!=', {self.anna.id})]",
        }
        self.env["ir.rule"].create(rule)
        campaign = self.send_draft()
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_records_that_vanish_before_they_are_prepared_fail_alone(self):
        draft = self.draft(self.andrey + self.anna)
        self.andrey.unlink()
        draft.action_send()
        andrey, anna = self.get_messages(draft.sudo())
        self.assertEqual((andrey.state, anna.state), ("failed", "queued"))

    # === LEADS ===
    def test_leads_are_written_to_as_their_contact(self):
        lead = self.env["crm.lead"].create(
            {"name": "Окна", "partner_id": self.anna.id, "user_id": self.author.id}
        )
        self.author.group_ids += self.env.ref("sales_team.group_sale_salesman")
        campaign = self.send_draft(lead, text_female=FEMALE + " {{ name }}")
        self.assertEqual(self.get_texts(campaign), ["Уважаемая Анна! Окна"])

    # === SOURCES ===
    def test_a_filter_finds_its_contacts_when_it_is_sent(self):
        draft = self.draft(
            recipient_source="filter",
            res_model="res.partner",
            res_domain=f"[('id', 'in', {(self.andrey + self.anna).ids})]",
        )
        self.assertEqual(self.check(draft), {"": 2})
        self.anna.active = False
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Уважаемый Андрей!"])

    # === ON THE DAY ===
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
        self.assertIn("about 1 recipients", told)
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
        self.assertIn("nobody was found", campaign.pause_reason)
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

    def test_a_broken_filter_is_refused(self):
        for domain in ("[", "[('nothing', '=', 1)]", "__import__('os')"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                self.draft(recipient_source="filter", res_domain=domain)

    def test_lists_are_sent_to_together_and_each_contact_once(self):
        lists = self.env["sms.gateway.list"].create(
            [
                {
                    "name": "one",
                    "member_ids": [
                        Command.create({"partner_id": self.anna.id}),
                        Command.create(
                            {"name": "Иванов Пётр", "phone": "+79161230109"}
                        ),
                    ],
                },
                {"name": "two", "kind": "filter", "res_domain": "[('id', '=', 0)]"},
                {
                    "name": "three",
                    "member_ids": [Command.create({"partner_id": self.anna.id})],
                },
            ]
        )
        draft = self.draft(
            recipient_source="lists", list_ids=lists.ids, text_neutral="{{ fio }}"
        )
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Уважаемая Анна!", "Иванов Пётр"])

    # === LOOK ===
    def test_the_preview_shows_any_recipient_with_unsaved_texts(self):
        draft = self.draft()
        preview = draft.action_preview({"text_female": "Анна: {{ last_name }}"}, 1)
        self.assertEqual(preview["total"], 2)
        self.assertEqual(preview["recipient"]["text"], "Анна: Лебедева")
        self.assertEqual(preview["sizes"]["male"]["encoding"], "ucs2")
        self.assertEqual(draft.text_female, FEMALE)

    def test_the_preview_begins_with_somebody_who_gets_the_message(self):
        nobody = self.make_contact("Without Phone", "", "male")
        ivan = self.make_contact("Иванов Иван Иванович", "0103", "male")
        draft = self.draft(nobody + ivan)
        self.assertTrue(draft.action_preview({})["recipient"]["problem"])
        self.check(draft)
        shown = draft.action_preview({})
        self.assertEqual((shown["position"], shown["total"]), (1, 2))
        self.assertEqual(shown["recipient"]["text"], "Уважаемый Иван!")

    def test_where_nobody_gets_it_the_preview_tells_of_the_first_one_why(self):
        nobody = self.make_contact("Without Phone", "", "male")
        draft = self.draft(nobody)
        self.check(draft)
        shown = draft.action_preview({})
        self.assertEqual(shown["position"], 0)
        self.assertTrue(shown["recipient"]["problem"])

    def test_the_word_after_sending_says_how_many_get_it(self):
        nobody = self.make_contact("Without Phone", "", "male")
        for records, kind, words in (
            (self.andrey + self.anna, "success", "Accepted for 2 recipients"),
            (self.andrey + nobody, "success", "Accepted for 1 of 2 recipients"),
            (nobody, "warning", "Accepted for 0 of 1 recipients"),
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

    def test_a_test_says_that_its_number_is_bad(self):
        draft = self.draft(test_phone="+1 555-555-5555")
        with self.assertRaisesRegex(UserError, r"Test number \+1 555-555-5555: "):
            draft.action_send_test()

    def test_the_test_number_is_the_authors_own_where_an_sms_can_reach_it(self):
        self.assertEqual(self.draft().test_phone, "+79281700001")
        for phone in ("+1 555-555-5555", "+7 495 123-45-67", False):
            self.author.partner_id.phone = phone
            with self.subTest(phone):
                draft = self.draft()
                self.assertFalse(draft.test_phone)
                with self.assertRaisesRegex(UserError, "Enter the test number"):
                    draft.action_send_test()

    def test_a_test_reaches_the_author_alone(self):
        draft = self.draft()
        draft.action_send_test({}, 1)
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        message = self.get_messages(test)
        self.assertEqual(message.msisdn, "+79281700001")
        self.assertEqual(message.text, "Уважаемая Анна!")
        self.assertEqual((draft.state, draft.recipient_count), ("draft", 2))
        self.assertFalse(self.get_messages(draft.sudo()))

    # === LATIN ===
    def test_latin_letters_save_parts(self):
        campaign = self.send_draft(self.andrey, is_transliterated=True)
        message = self.get_messages(campaign.sudo())
        self.assertEqual(message.text, "Uvazhaemyy Andrey!")
        self.assertEqual(message.encoding, "gsm7")

    # === LANGUAGES ===
    def test_everybody_gets_the_template_in_their_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "text_male": "Hello",
                "translation_ids": [
                    Command.create(
                        {"lang": "ru_RU", "text_male": MALE, "text_female": FEMALE}
                    )
                ],
            }
        )
        self.anna.lang = "ru_RU"
        draft = self.draft(template_id=template.id, text_male="Hello", text_female="")
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Hello", "Уважаемая Анна!"])

    def test_a_chosen_template_gives_its_texts(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "A", "text_male": "a", "text_neutral": "n"}
        )
        with Form(self.draft()) as form:
            form.template_id = template
            self.assertEqual((form.text_male, form.text_neutral), ("a", "n"))

    def test_texts_that_the_author_changed_win_over_translations(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "text_male": "Hello",
                "translation_ids": [
                    Command.create({"lang": "ru_RU", "text_male": "Привет"})
                ],
            }
        )
        self.anna.lang = "ru_RU"
        draft = self.draft(template_id=template.id, text_male="Hi", text_female=False)
        draft.action_send()
        self.assertEqual(self.get_texts(draft), ["Hi", "Hi"])

    def test_dates_are_in_the_recipients_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.anna.lang = "ru_RU"
        campaign = self.send_draft(self.anna, text_female="{{ create_date }}")
        [text] = self.get_texts(campaign)
        self.assertRegex(text, r"^\d\d\.\d\d\.\d{4} ")

    # === STOP ===
    def test_what_is_cancelled_while_it_is_prepared_is_cancelled_whole(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.sudo()._accept_draft()
        self.assertEqual(draft.unprepared_count, 1)
        draft.action_cancel()
        self.prepare()
        self.run_lane()
        states = self.get_messages(draft.sudo()).mapped("state")
        self.assertEqual(states, ["cancelled", "cancelled"])

    def test_a_paused_campaign_is_prepared_when_it_goes_on(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.action_send()
        draft.action_pause()
        self.prepare()
        self.assertEqual(draft.unprepared_count, 1)
        draft.action_resume()
        self.assertEqual(draft.state, "running")
        self.prepare()
        self.assertEqual(len(self.get_messages(draft.sudo())), 2)

    def test_what_cannot_be_prepared_stops_alone(self):
        self.patch_prepared_at_once(1)
        broken, fine = self.draft(), self.draft()
        broken.action_send()
        fine.action_send()
        # what no check can foresee: the module of a filter's model is gone
        broken.sudo().text_female = "{{ gone }}"
        with self.assertLogs("odoo.addons.crm_sms_gateway", "ERROR"):
            self.prepare()
        self.assertEqual((broken.state, fine.state), ("paused", "running"))
        self.assertTrue(broken.pause_reason)
        self.assertEqual(len(self.get_messages(fine.sudo())), 2)

    def test_a_list_that_is_gone_meanwhile_stops_nobody(self):
        self.patch_prepared_at_once(1)
        lead = self.env["crm.lead"].create(
            {"name": "1", "contact_name": "Пётр", "phone": PHONE}
        )
        self.author.group_ids += self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        one = self.env["sms.gateway.list"].create(
            {
                "name": "A",
                "member_ids": [
                    Command.create({"partner_id": self.andrey.id}),
                    Command.create({"lead_id": lead.id}),
                ],
            }
        )
        draft = self.draft(
            recipient_source="lists",
            list_ids=one.ids,
            text_male="{{ contact_name | default('друг') }}",
            text_female=False,
        )
        draft.action_send()
        one.member_ids.unlink()
        self.prepare()
        self.assertEqual(self.get_texts(draft), ["друг", "Пётр"])

    def test_time_to_live_does_not_begin_anew_with_every_part(self):
        draft = self.draft(ttl=3600)
        draft.action_send()
        accepted_at = fields.Datetime.now() - timedelta(hours=2)
        late = self.draft(ttl=3600)
        late.sudo().write(
            {"state": "running", "accepted_at": accepted_at, "unprepared_count": 2}
        )
        self.prepare()
        messages = self.get_messages(late.sudo())
        self.assertEqual(
            set(messages.mapped("expires_at")), {accepted_at + timedelta(hours=1)}
        )

    def test_a_route_with_unprepared_recipients_is_not_archived(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.action_send()
        self.run_lane()
        with self.assertRaises(UserError):
            self.route.action_archive()

    def patch_prepared_at_once(self, count):
        module = "odoo.addons.crm_sms_gateway.models."
        self.startPatcher(
            patch(f"{module}campaigns.sms_gateway_fan_out.PREPARED_AT_ONCE", count)
        )

    # === DELETE ===
    def test_what_was_never_sent_can_be_deleted(self):
        draft, cancelled = self.draft(), self.draft()
        cancelled.action_cancel()
        with self.assertRaises(UserError) as refused:
            cancelled.name = "x"
        self.assertNotIn("sent already", str(refused.exception))
        self.assertIn("was cancelled", str(refused.exception))
        (draft + cancelled).unlink()
        self.assertFalse((draft + cancelled).exists())

    def test_what_has_a_story_stays_and_the_reason_is_true(self):
        later = fields.Datetime.now() + timedelta(hours=1)
        waiting = self.send_draft(scheduled_at=later)
        with self.assertRaisesRegex(UserError, "cancel it first"):
            waiting.unlink()
        waiting.action_cancel()
        for work in (self.run_fold, self.run_recover, self.run_fold):
            with self.assertRaisesRegex(UserError, "^Nothing of .* was sent"):
                waiting.unlink()
            work()
        sent = self.send_draft()
        self.run_lane()
        self.run_fold()
        with self.assertRaisesRegex(UserError, "is kept with what became"):
            sent.unlink()
        self.get_messages(sent.sudo()).unlink()
        with self.assertRaisesRegex(UserError, "is kept with what became"):
            sent.unlink()

    # === DRAFTS ===
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
        old, kept = self.draft(is_scratch=True), self.draft()
        yesterday = fields.Datetime.now() - timedelta(days=2)
        self.env.cr.execute(
            "UPDATE sms_gateway_campaign SET create_date = %s WHERE id IN %s",
            [yesterday, (old.id, kept.id)],
        )
        self.env.invalidate_all()
        self.env["sms.gateway.campaign"]._gc_scratch()
        self.assertEqual((old + kept).exists(), kept)


class TestComposerDialog(DraftCase):
    def test_it_opens_on_what_is_selected(self):
        contacts = self.andrey + self.anna
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        action = campaigns.with_context(
            active_model="res.partner", active_ids=contacts.ids
        )._open_composer()
        draft = campaigns.browse(action["res_id"])
        self.assertEqual(draft.recipient_count, 2)
        self.assertEqual(draft.state, "draft")

    def test_a_selection_that_the_browser_cut_is_taken_whole(self):
        contacts = self.andrey + self.anna
        self.startPatcher(
            patch.object(sms_gateway_campaign_editing, "ACTIVE_IDS_LIMIT", 1)
        )
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        action = campaigns.with_context(
            active_model="res.partner",
            active_ids=self.anna.ids,
            active_domain=[("id", "in", contacts.ids)],
        )._open_composer()
        self.assertEqual(campaigns.browse(action["res_id"]).recipient_count, 2)

    def test_without_a_route_it_says_what_to_do(self):
        self.env["sms.gateway.route"].search([]).active = False
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        with self.assertRaises(UserError):
            campaigns.with_context(
                active_model="res.partner", active_ids=self.anna.ids
            )._open_composer()

    def test_only_users_of_the_gateway_send(self):
        nobody = new_test_user(self.env, login="draft_nobody")
        with self.assertRaises(AccessError):
            self.draft(author=nobody)


class TestServerAction(DraftCase):
    def make_action(self, model="crm.lead", **values):
        template = self.env["sms.gateway.template"].create(
            {
                "name": "A",
                "res_model": "crm.lead",
                "text_male": MALE,
                "text_female": FEMALE,
                "text_neutral": "Здравствуйте!",
            }
        )
        return self.env["ir.actions.server"].create(
            {
                "name": "Send",
                "model_id": self.env["ir.model"]._get_id(model),
                "state": "sms_gateway",
                "sms_gateway_template_id": template.id,
                "sms_gateway_route_id": self.route.id,
                **values,
            }
        )

    def make_leads(self):
        sasha = self.make_contact("Саша", "0103")
        silent = self.make_contact("Без Номера", False)
        return self.env["crm.lead"].create(
            [
                {"name": "1", "partner_id": self.andrey.id},
                {"name": "2", "partner_id": self.anna.id},
                {"name": "3", "partner_id": sasha.id},
                {"name": "4", "partner_id": silent.id},
                {"name": "5", "contact_name": "Пётр", "phone": PHONE},
            ]
        )

    def run_action(self, action, records):
        action.with_context(active_model=records._name, active_ids=records.ids).run()
        return self.env["sms.gateway.campaign"].search([], limit=1)

    def test_of_five_leads_one_without_phone_stops_nobody(self):
        campaign = self.run_action(self.make_action(), self.make_leads())
        messages = self.get_messages(campaign)
        self.assertEqual(
            messages.mapped("text"),
            [
                "Уважаемый Андрей!",
                "Уважаемая Анна!",
                "Здравствуйте!",
                "Здравствуйте!",
                "Здравствуйте!",
            ],
        )
        self.assertEqual(
            messages.mapped("state"), ["queued"] * 3 + ["failed"] + ["queued"]
        )
        self.assertEqual(campaign.source, "action")

    def test_an_automation_rule_sends_to_every_new_lead_that_can_get_it(self):
        if "base.automation" not in self.env:
            self.skipTest("Odoo's automation rules are not installed")
        action = self.make_action(usage="base_automation")
        action.sms_gateway_template_id.text_neutral = False
        rule = self.env["base.automation"].create(
            {
                "name": "Greet new leads",
                "model_id": action.model_id.id,
                "trigger": "on_create",
                "action_server_ids": action.ids,
            }
        )
        self.addCleanup(rule._unregister_hook)
        leads = self.make_leads()
        # every record is an action of its own there
        campaigns = self.env["sms.gateway.campaign"].search(
            [("source", "=", "action")], order="id", limit=len(leads)
        )
        messages = campaigns.message_ids.sorted("id")
        self.assertEqual(
            messages.mapped("state"), ["queued", "queued", "failed", "failed", "failed"]
        )
        self.assertEqual(
            messages.mapped("failure_type"),
            [False, False, "missing_data", "invalid_number", "missing_data"],
        )

    def test_whoever_starts_it_needs_no_right_to_send(self):
        employee = new_test_user(
            self.env, login="draft_seller", groups="sales_team.group_sale_salesman"
        )
        lead = self.make_leads()[0]
        lead.user_id = employee
        action = self.make_action().with_user(employee)
        campaign = self.run_action(action, lead.with_user(employee)).sudo()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(self.get_messages(campaign).text, "Уважаемый Андрей!")

    def test_an_archived_route_pauses_and_lets_nothing_wait_for_ever(self):
        action = self.make_action()
        self.route.active = False
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "paused")
        self.assertIn("is archived", campaign.pause_reason)
        with self.assertRaisesRegex(UserError, "is archived"):
            campaign.action_resume()

    def test_a_template_in_use_is_archived_not_deleted(self):
        action = self.make_action()
        template = action.sms_gateway_template_id
        with self.assertRaisesRegex(UserError, f"used by: {action.name}"):
            template.unlink()
        template.active = False
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "running")
        action.unlink()
        draft = self.draft(template_id=template.id, name="Spring")
        with self.assertRaisesRegex(UserError, "used by: Spring"):
            template.unlink()
        draft.unlink()
        campaign.action_cancel()
        template.unlink()

    def test_archived_records_and_broken_templates_break_nothing(self):
        action = self.make_action()
        leads = self.make_leads()
        leads.active = False
        campaign = self.run_action(action, leads)
        self.assertEqual(len(self.get_messages(campaign)), 5)
        action.sms_gateway_template_id.sudo().text_male = "{{ contact_name }}"
        contacts = self.make_action("res.partner")
        contacts.sms_gateway_template_id = action.sms_gateway_template_id
        campaign = self.run_action(contacts, self.andrey)
        self.assertEqual(campaign.state, "paused")
        self.assertIn("contact_name", campaign.pause_reason)

    def test_what_a_visitor_starts_is_written_by_who_made_the_action(self):
        visitor = self.env.ref("base.public_user")
        leads = self.make_leads()
        action = self.make_action().with_user(visitor).sudo()
        campaign = self.run_action(action, leads[0].with_user(visitor).sudo()).sudo()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertEqual(self.get_texts(campaign), ["Уважаемый Андрей!"])

    def test_a_delay_schedules(self):
        action = self.make_action(sms_gateway_delay=2)
        campaign = self.run_action(action, self.make_leads())
        self.assertEqual(campaign.state, "scheduled")
        hours = (campaign.scheduled_at - fields.Datetime.now()).total_seconds() / 3600
        self.assertAlmostEqual(hours, 2, places=1)

    def test_it_warns_of_models_without_a_phone(self):
        action = self.make_action("res.currency")
        self.assertTrue(action.warning)
        self.assertFalse(self.make_action().warning)
