"""What the form of a message tells of its way, and what a person does about it."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.models.campaigns import filters

from ...common import PHONE, GatewayCase, sandbox_phone
from ..campaigns.common import DraftCase

UNREACHABLE = sandbox_phone("9901")
INVALID = "12345"


class StoryCase(GatewayCase):
    def send_refused(self, phone):
        """The message to a number that is refused at once, beside a good one."""
        return self.get_messages(self.send(phone, sandbox_phone("0001")))[0]


class TestWay(StoryCase):
    def test_a_message_that_failed_never_shows_delivered(self):
        message = self.send_one(UNREACHABLE)
        self.assertEqual(message.passed_states, ["queued"])
        self.run_lane()
        self.assertEqual(message.passed_states, ["queued", "submitted"])
        self.set_state(message, "failed", failure_type="unreachable")
        self.assertEqual(message.passed_states, ["queued", "submitted", "failed"])

    def test_what_was_refused_at_once_was_never_queued(self):
        message = self.send_refused(INVALID)
        self.assertEqual(message.passed_states, ["failed"])

    def test_what_returned_to_the_queue_is_there_now(self):
        message = self.send_one()
        self.force_state(message, "submitting")
        self.set_state(message, "unknown")
        self.set_state(message, "queued")
        self.assertEqual(message.passed_states, ["unknown", "queued"])


class TestTimeline(StoryCase):
    def setUp(self):
        super().setUp()
        self.run_crons_on_time()

    def get_labels(self, message):
        return [entry["label"] for entry in message.timeline]

    def test_it_begins_with_the_acceptance_and_ends_with_the_delivery(self):
        message = self.send_one()
        self.run_lane()
        self.set_state(message, "delivered")
        self.assertEqual(
            self.get_labels(message),
            ["Accepted", "Submitting", "Submitted", "Delivered"],
        )
        self.assertEqual(message.timeline[0]["source"], "API")
        self.assertIn(self.route.name, message.timeline[0]["words"])

    def test_what_was_cancelled_at_once_says_why(self):
        self.env["phone.blacklist"].create({"number": PHONE})
        message = self.send_refused(PHONE)
        self.assertEqual(self.get_labels(message), ["Accepted", "Cancelled"])
        end = message.timeline[-1]
        self.assertIn("blacklist", end["words"])
        self.assertFalse(end["code"], "it is the gateway's own reason")

    def test_what_was_cancelled_in_the_queue_says_why(self):
        message = self.send_one()
        self.env["phone.blacklist"].create({"number": PHONE})
        self.run_lane()
        self.assertEqual(self.get_labels(message), ["Accepted", "Cancelled"])
        self.assertIn("opted out", message.timeline[-1]["words"])

    def test_what_expired_in_the_queue_says_why(self):
        message = self.send_one(ttl=60)
        self.let_pass(120)
        self.run_lane()
        self.assertEqual(self.get_labels(message), ["Accepted", "Expired"])
        self.assertIn("Nothing was sent", message.timeline[-1]["words"])

    def test_what_waits_says_for_what_and_until_when(self):
        message = self.send_one(ttl=3600)
        self.assertEqual(self.get_labels(message), ["Accepted", "Waiting"])
        waiting = message.timeline[-1]
        self.assertEqual(waiting["at"], str(message.accepted_at)[:19])
        self.assertIn("its turn", waiting["words"])
        self.assertIn("not sent later than", waiting["words"])
        self.route.action_pause()
        message.invalidate_recordset()
        self.assertIn("is paused", message.timeline[-1]["words"])

    def test_what_is_due_later_says_when(self):
        later = fields.Datetime.now() + timedelta(hours=3)
        message = self.send_one(not_before=later)
        self.assertIn("The message is sent on", message.timeline[-1]["words"])

    def test_the_provider_is_waited_for(self):
        message = self.send_one()
        self.run_lane()
        self.assertIn("delivery report", message.timeline[-1]["words"])
        self.force_state(message, "unknown")
        self.assertIn("a user resolves", message.timeline[-1]["words"])

    def test_it_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        message = self.send_one().with_context(lang="ru_RU")
        labels = {str(message.env._("Accepted")), str(message.env._("Waiting"))}
        self.assertEqual(set(self.get_labels(message)), labels)


class TestSummary(StoryCase):
    def test_a_delivered_message_says_when_and_how(self):
        message = self.send_one()
        self.assertFalse(message.outcome_summary)
        self.run_lane()
        self.assertIn("Submitted on", message.outcome_summary)
        self.set_state(message, "delivered")
        self.assertIn("Delivered on", message.outcome_summary)
        self.assertIn(f"by route {self.route.name}", message.outcome_summary)
        self.assertIn("SMS parts: 1", message.outcome_summary)

    def test_what_cannot_be_sent_again_has_no_button_for_it(self):
        failed = self.send_one()
        self.assertFalse(failed.may_send_again)
        self.set_state(failed, "failed")
        self.assertTrue(failed.may_send_again)
        self.assertFalse(self.send_refused(INVALID).may_send_again)
        self.env["phone.blacklist"].create({"number": PHONE})
        stopped = self.send_refused(PHONE)
        self.assertFalse(stopped.may_send_again)
        self.env["phone.blacklist"]._remove([PHONE])
        stopped.invalidate_recordset()
        self.assertTrue(stopped.may_send_again)


class TestRecipient(DraftCase):
    def search_names(self, text):
        domain = [("recipient_name", "ilike", text)]
        return self.env["sms.gateway.message"].with_user(self.author).search(domain)

    def test_messages_are_found_by_name_and_by_number(self):
        campaign = self.send_draft()
        andrey, anna = self.get_messages(campaign.sudo()).with_user(self.author)
        self.assertEqual(anna.recipient_name, self.anna.name)
        self.assertEqual(self.search_names("лебедева"), anna)
        self.assertEqual(self.search_names("8 (916) 123-01-01"), andrey)
        self.assertEqual(self.search_names("0102"), anna)
        self.assertFalse(self.search_names("Nobody"))

    def test_without_a_record_the_number_is_the_name(self):
        self.assertEqual(self.send_one().recipient_name, PHONE)

    def test_names_that_a_user_may_not_read_find_nothing(self):
        self.send_draft()
        rule = {
            "name": "not Anna",
            "model_id": self.env["ir.model"]._get_id("res.partner"),
            "domain_force": f"[('id', '!=', {self.anna.id})]",
        }
        self.env["ir.rule"].create(rule)
        self.assertFalse(self.search_names("Лебедева"))

    def test_a_bare_number_is_that_of_the_only_contact_who_has_it(self):
        message = self.send_one(self.anna.phone_sanitized)
        self.assertEqual(message.recipient_name, self.anna.name)
        self.assertEqual(message.recipient, self.anna)
        self.assertEqual(self.find_named("Лебедева"), message)

    def test_a_number_of_two_contacts_is_nobodys(self):
        message = self.send_one(self.anna.phone_sanitized)
        self.make_contact("Second", "0102")
        self.check_is_nobody(message)
        self.assertFalse(self.find_named("Лебедева"))

    def test_a_contact_counts_in_its_own_company(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        message = self.send_one(self.anna.phone_sanitized)
        second = self.make_contact("Second", "0102", company_id=elsewhere.id)
        self.env.invalidate_all()
        self.assertEqual(message.recipient, self.anna)
        self.assertFalse(self.find_named("Second"))
        second.company_id = message.company_id
        self.check_is_nobody(message)

    def test_who_may_not_read_a_contact_sees_the_number(self):
        message = self.send_one(self.anna.phone_sanitized)
        manager = new_test_user(
            self.env, "number_manager", "crm_sms_gateway.group_manager"
        )
        self.env["ir.rule"].create(
            {
                "name": "not Anna",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.anna.id})]",
            }
        )
        self.check_is_nobody(message.with_user(manager))
        self.make_contact("Readable", "0102")
        self.check_is_nobody(message.with_user(manager))

    def check_is_nobody(self, message):
        self.env.invalidate_all()
        self.assertEqual(message.recipient_name, message.msisdn)
        self.assertFalse(message.recipient)

    def find_named(self, name):
        return self.env["sms.gateway.message"].search(
            [("recipient_name", "ilike", name)]
        )

    def test_whom_the_campaign_names_is_not_replaced_by_a_namesake_of_the_number(self):
        [message] = self.get_messages(self.send_draft(self.anna).sudo())
        second = self.make_contact("Second", "0102")
        self.anna.phone = False
        self.env.invalidate_all()
        self.assertEqual(message.recipient, self.anna)
        self.assertFalse(self.find_named("Second"))
        self.anna.unlink()
        self.env.invalidate_all()
        self.assertEqual(message.recipient_name, second.phone_sanitized)

    def test_a_page_of_names_costs_the_queries_of_one(self):
        contacts = self.andrey + self.anna
        messages = self.get_messages(self.send(*contacts.mapped("phone_sanitized")))
        messages |= self.get_messages(self.send_draft().sudo())
        messages |= self.send_one() + self.send_one(sandbox_phone("0001"))
        of_one = [self.count_queries(messages[0]), self.count_queries(messages[2])]
        self.assertLessEqual(self.count_queries(messages), sum(of_one))

    def count_queries(self, messages):
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        messages.browse(messages.ids).mapped("recipient_name")
        return self.cr.sql_log_count - before

    def test_a_form_looks_for_the_recipient_once(self):
        [message] = self.get_messages(self.send_draft(self.anna).sudo())
        messages = self.registry["sms.gateway.message"]
        with patch.object(
            messages,
            "_find_recipients",
            autospec=True,
            side_effect=messages._find_recipients,
        ) as find:
            message.web_read(
                {"recipient": {}, "recipient_name": {}, "mail_message_id": {}}
            )
        self.assertEqual(find.call_count, 1)

    def test_a_message_opens_its_recipient(self):
        campaign = self.send_draft(self.anna)
        message = self.get_messages(campaign.sudo()).with_user(self.author)
        action = message.action_open_recipient()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", self.anna.id)
        )

    def test_messages_are_grouped_by_reason(self):
        self.send(INVALID, PHONE, sandbox_phone("0001"))
        groups = self.env["sms.gateway.message"].web_read_group(
            [], ["failure_type"], ["__count"]
        )["groups"]
        counts = {group["failure_type"]: group["__count"] for group in groups}
        self.assertNotIn(False, counts)
        self.assertGreaterEqual(counts["invalid_number"], 1)


class TestBlacklist(DraftCase):
    def make_person(self, group):
        groups = f"crm_sms_gateway.group_{group}"
        return new_test_user(self.env, login=f"person_{group}", groups=groups)

    def test_a_user_blacklists_numbers_of_messages(self):
        messages = self.send_one() + self.send_one(sandbox_phone("0001"))
        messages.with_user(self.make_person("manager")).action_blacklist()
        self.assertEqual(messages.mapped("is_blacklisted"), [True, True])
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["cancelled", "cancelled"])

    def test_all_that_is_selected_is_blacklisted_though_the_page_sends_few_ids(self):
        campaign = self.send(*(sandbox_phone(f"{number:04}") for number in range(5)))
        messages = self.get_messages(campaign)
        other = self.send_one()
        self.startPatcher(patch.object(filters, "ACTIVE_IDS_LIMIT", 2))
        sent = messages[:2].with_user(self.make_person("manager"))
        answer = sent.with_context(
            active_model=messages._name,
            active_ids=sent.ids,
            active_domain=[("campaign_id", "=", campaign.id)],
        ).action_blacklist()
        self.assertEqual(messages.mapped("is_blacklisted"), [True] * 5)
        self.assertFalse(other.is_blacklisted)
        self.assertIn("5", answer["params"]["message"])

    def test_every_number_of_the_blacklist_says_who_put_it_there(self):
        campaign = self.send(*map(sandbox_phone, ("0001", "0002", "0003")))
        messages = self.get_messages(campaign)
        numbers = messages.mapped("msisdn")
        allowed = self.env["phone.blacklist"].create(
            {"number": numbers[1], "active": False}
        )
        user = self.make_person("manager")
        messages.with_user(user).action_blacklist()
        self.assertTrue(allowed.active)
        added = self.env["phone.blacklist"].search([("number", "in", numbers)])
        self.assertEqual(sorted(added.mapped("number")), sorted(numbers))
        for one in added:
            note = one.message_ids[0]
            self.assertIn("Added to the blacklist", note.body)
            self.assertEqual(note.author_id, user.partner_id)
            self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))

    def test_what_is_on_the_blacklist_is_not_added_again(self):
        message = self.send_one()
        message.action_blacklist()
        answer = message.action_blacklist()
        self.assertIn(": 0.", answer["params"]["message"])
        [one] = self.env["phone.blacklist"].search([("number", "=", message.msisdn)])
        notes = one.message_ids.filtered("subtype_id").mapped("body")
        self.assertEqual(len([body for body in notes if "user of SMS" in body]), 1)

    def test_messages_that_a_user_may_not_read_are_nobodys_business(self):
        message = self.send_one()
        user = self.make_person("user")
        with self.assertRaises(AccessError):
            message.with_user(user).action_blacklist()
        self.assertFalse(message.is_blacklisted)

    def test_an_administrator_allows_messages_again(self):
        message = self.send_one()
        message.action_blacklist()
        message = message.with_user(self.make_person("administrator"))
        action = message.action_allow_again()
        wizard = self.env[action["res_model"]].with_user(message.env.user)
        wizard = wizard.with_context(**action["context"]).create({"reason": "Asked"})
        wizard.action_unblacklist_apply()
        message.invalidate_recordset()
        self.assertFalse(message.is_blacklisted)

    def test_others_do_not(self):
        message = self.send_one()
        message.action_blacklist()
        with self.assertRaises(AccessError):
            message.with_user(self.make_person("manager")).action_allow_again()

    def test_a_contact_is_blacklisted_and_allowed_again(self):
        anna = self.anna.with_user(self.author)
        self.assertFalse(anna.phone_sanitized_blacklisted)
        anna.action_sms_gateway_blacklist()
        anna.invalidate_recordset()
        self.assertTrue(anna.phone_sanitized_blacklisted)
        with self.assertRaises(AccessError):
            anna.action_sms_gateway_allow_again()
        action = self.anna.action_sms_gateway_allow_again()
        self.assertEqual(action["context"]["default_phone"], "+79161230102")
