"""Recipient lists: members, filters, mailing lists, and who of them can be reached."""

from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.recipients import sms_gateway_list

from ...common import GatewayCase


class ListCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            login="list_manager",
            groups="crm_sms_gateway.group_manager,base.group_partner_manager",
        )
        cls.contacts = cls.env["res.partner"].create(
            [
                {"name": "1", "phone": "8 (916) 123-01-01"},
                {"name": "2", "phone": "+79161230102"},
                {"name": "3", "phone": "12"},
                {"name": "4", "phone": False},
                {"name": "5", "phone": "9161230101"},
            ]
        )
        cls.env["phone.blacklist"].create({"number": "+79161230102"})
        cls.env = cls.env(user=cls.manager)

    def make_list(self, *members, **values):
        commands = [Command.create(member) for member in members]
        return self.env["sms.gateway.list"].create(
            {"name": "A", "member_ids": commands, **values}
        )

    def make_filter(self, records):
        return self.make_list(
            kind="filter",
            res_model=records._name,
            res_domain=f"[('id', 'in', {records.ids})]",
        )


class TestCount(ListCase):
    def test_a_filter_that_cannot_be_read_does_not_stop_the_others(self):
        good = self.make_filter(self.contacts)
        old = self.make_filter(self.contacts)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_gateway_list SET res_domain = '[x for x in y]' WHERE id = %s",
            [old.id],
        )
        self.env.invalidate_all()
        fields = ["member_count", "count_trouble"]
        counted, unreadable = (good + old).read(fields)
        self.assertEqual(
            (counted["member_count"], counted["count_trouble"]), (5, False)
        )
        self.assertIn("Invalid filter", unreadable["count_trouble"])
        with self.assertRaises(ValidationError):
            old.action_open_members()


class TestReach(ListCase):
    ALL = {
        "reachable": 1,
        "opted_out": 1,
        "invalid_number": 1,
        "no_number": 1,
        "duplicate": 1,
    }

    def test_members_are_counted_by_what_keeps_messages_from_them(self):
        members = [{"partner_id": contact.id} for contact in self.contacts]
        one = self.make_list(*members)
        self.assertFalse(one.reach_summary)
        one.action_check()
        self.assertEqual(one.reach_counts, self.ALL)
        self.assertTrue(one.checked_at)

    def test_so_are_the_contacts_of_a_filter(self):
        one = self.make_filter(self.contacts)
        one.action_check()
        self.assertEqual(one.reach_counts, self.ALL)

    def test_contacts_and_lines_with_one_number_are_one(self):
        one = self.make_list(
            {"partner_id": self.contacts[0].id}, {"name": "x", "phone": "89161230101"}
        )
        one.action_check()
        self.assertEqual(one.reach_counts, {"reachable": 1, "duplicate": 1})

    def test_it_is_told_in_words_of_the_reader(self):
        self.env["res.lang"].sudo()._activate_lang("ru_RU")
        one = self.make_filter(self.contacts)
        one.action_check()
        self.assertEqual(
            one.reach_summary,
            "Reachable: 1 · No number: 1 · Invalid number: 1 · Opted out: 1"
            " · Duplicate number: 1",
        )
        self.assertIn("1", one.with_context(lang="ru_RU").reach_summary)

    def test_big_lists_are_read_in_parts(self):
        self.startPatcher(patch.object(sms_gateway_list, "READ_AT_ONCE", 2))
        one = self.make_filter(self.contacts)
        one.action_check()
        self.assertEqual(one.reach_counts, self.ALL)

    def test_giant_lists_are_looked_at_in_part_and_that_is_told(self):
        self.startPatcher(patch.object(sms_gateway_list, "READ_AT_ONCE", 1))
        self.startPatcher(patch.object(sms_gateway_list, "MAX_CHECKED", 2))
        one = self.make_filter(self.contacts)
        answer = one.action_check()
        self.assertEqual(sum(one.reach_counts.values()), 2)
        self.assertIn("2", answer["params"]["message"])

    def test_a_copy_is_not_checked(self):
        one = self.make_filter(self.contacts)
        one.action_check()
        self.assertFalse(one.copy().checked_at)

    def test_users_do_not_check(self):
        user = new_test_user(
            self.env(user=1), login="list_user", groups="crm_sms_gateway.group_user"
        )
        with self.assertRaises(AccessError):
            self.make_filter(self.contacts).with_user(user).action_check()

    def test_each_member_says_where_it_goes(self):
        one = self.make_list(
            {"partner_id": self.contacts[0].id},
            {"phone": "+79161230102"},
            {"phone": "12"},
        )
        self.assertEqual(
            [(member.display_phone, member.reach) for member in one.member_ids],
            [
                ("+79161230101", "reachable"),
                ("+79161230102", "opted_out"),
                (False, "invalid_number"),
            ],
        )


class TestReachAtSight(ListCase):
    def test_a_short_list_says_who_is_reachable_without_a_check(self):
        one = self.make_list(*({"partner_id": contact.id} for contact in self.contacts))
        self.assertFalse(one.checked_at)
        self.assertTrue(one.has_reach)
        self.assertEqual((one.reachable_count, one.unreachable_count), (1, 3))

    def test_a_long_list_says_what_its_check_has_found(self):
        one = self.make_filter(self.contacts)
        with patch.object(sms_gateway_list, "MAX_CHECKED_AT_ONCE", 2):
            self.assertFalse(one.has_reach)
            one.action_check()
            self.assertEqual((one.reachable_count, one.unreachable_count), (1, 3))

    def test_an_empty_list_says_nothing(self):
        self.assertFalse(self.make_list().has_reach)

    def test_members_who_cannot_be_reached_are_listed_with_the_reason(self):
        one = self.make_list(
            *({"partner_id": contact.id} for contact in self.contacts),
            {"phone": "7", "name": "imported"},
        )
        action = one.action_open_unreachable()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            found.mapped("reach"),
            ["opted_out", "invalid_number", "no_number", "invalid_number"],
        )

    def test_contacts_of_a_filter_who_cannot_be_reached_are_listed(self):
        action = self.make_filter(self.contacts).action_open_unreachable()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.contacts[1:4])


class TestAddContacts(ListCase):
    def test_chosen_contacts_are_added_once(self):
        one = self.make_list({"partner_id": self.contacts[0].id})
        self.assertEqual(one.action_add_contacts(self.contacts.ids), 4)
        self.assertEqual(one.member_ids.partner_id, self.contacts)

    def test_what_no_dialog_sends_is_refused(self):
        one = self.make_list()
        for ids in ("1", None, [True], [[1]], {"id": 1}):
            with self.subTest(ids), self.assertRaises(UserError):
                one.action_add_contacts(ids)

    def test_a_filter_takes_no_contacts(self):
        with self.assertRaises(UserError):
            self.make_filter(self.contacts).action_add_contacts(self.contacts.ids)

    def test_users_add_nobody(self):
        user = new_test_user(
            self.env(user=1), login="list_adder", groups="crm_sms_gateway.group_user"
        )
        one = self.make_list().with_user(user)
        with self.assertRaises(AccessError):
            one.action_add_contacts(self.contacts.ids)


class TestUse(ListCase):
    """A list that somebody needs is archived, not deleted."""

    def make_draft(self, one, **values):
        return self.env["sms.gateway.campaign"].create(
            {
                "name": "Spring",
                "route_id": self.route.id,
                "recipient_source": "lists",
                "list_ids": one.ids,
                "text_neutral": "Здравствуйте!",
                **values,
            }
        )

    def test_a_list_of_a_campaign_that_is_still_to_be_sent_stays(self):
        one = self.make_list({"partner_id": self.contacts[0].id})
        draft = self.make_draft(one)
        with self.assertRaisesRegex(UserError, "“A” is used by: Spring. Archive it"):
            one.unlink()
        one.active = False
        self.assertEqual(draft.list_ids, one)
        draft.action_send()
        self.assertEqual(draft.recipient_count, 1)
        one.unlink()

    def test_of_somebody_elses_campaign_nothing_is_told_but_that_it_is_there(self):
        one = self.make_list({"partner_id": self.contacts[0].id})
        company = self.env["res.company"].with_user(1).create({"name": "Other"})
        other = self.route.sudo().copy({"name": "other", "company_id": company.id})
        self.make_draft(one).sudo().route_id = other
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "used by: records that you cannot view"):
            one.unlink()

    def test_dialogs_and_cancelled_drafts_need_no_list(self):
        one = self.make_list({"partner_id": self.contacts[0].id})
        self.make_draft(one, is_temporary=True)
        self.make_draft(one).action_cancel()
        one.unlink()
        self.assertFalse(one.exists())


class TestOpen(ListCase):
    def find(self, action):
        return self.env[action["res_model"]].search(action["domain"])

    def test_a_filter_opens_its_records(self):
        one = self.make_filter(self.contacts)
        self.assertEqual(self.find(one.action_open_members()), self.contacts)

    def test_a_list_of_members_opens_them(self):
        one = self.make_list({"partner_id": self.contacts[0].id}, {"phone": "12"})
        self.assertEqual(self.find(one.action_open_members()), one.member_ids)


@tagged("post_install", "-at_install")
class TestMailingList(ListCase):
    """Lists of SMS Marketing, where that app is installed."""

    def setUp(self):
        super().setUp()
        if "mailing.list" not in self.env or not hasattr(
            self.env.registry["mailing.contact"], "mobile"
        ):
            self.skipTest("SMS Marketing is not installed")
        mailing_list = self.env["mailing.list"].sudo().create({"name": "News"})
        subscribed = [Command.create({"list_id": mailing_list.id})]
        left = [Command.create({"list_id": mailing_list.id, "opt_out": True})]
        self.env["mailing.contact"].sudo().create(
            [
                {
                    "name": "Лебедева Анна",
                    "mobile": "8 (916) 123-01-01",
                    "subscription_ids": subscribed,
                },
                {
                    "name": "Соколов Андрей",
                    "mobile": "+79161230103",
                    "subscription_ids": left,
                },
            ]
        )
        group = self.env.ref("mass_mailing.group_mass_mailing_user")
        self.manager.sudo().group_ids += group
        self.list = self.make_list(
            kind="mailing", mailing_list=f"mailing.list,{mailing_list.id}"
        )

    def test_who_is_subscribed_can_be_reached(self):
        self.assertEqual(self.list.member_count, 1)
        self.list.action_check()
        self.assertEqual(self.list.reach_counts, {"reachable": 1})

    def test_who_is_subscribed_gets_the_text(self):
        draft = self.env["sms.gateway.campaign"].create(
            {
                "route_id": self.route.id,
                "recipient_source": "lists",
                "list_ids": self.list.ids,
                "text_neutral": "Здравствуйте, {{ first_name }}!",
            }
        )
        draft.action_send()
        message = self.get_messages(draft.sudo()).sudo()
        self.assertEqual(message.msisdn, "+79161230101")
        self.assertEqual(message.text, "Здравствуйте, Анна!")
