"""What an author confirms before a draft is sent."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from ....models.campaigns.night import is_night
from .common import DraftCase

MOSCOW = "Europe/Moscow"


class TestConfirmation(DraftCase):
    def setUp(self):
        super().setUp()
        self.run_crons_on_time()

    def ask(self, draft):
        self.env.invalidate_all()
        return draft.action_ask_to_send()

    def test_the_figures_are_those_of_the_check(self):
        nobody = self.make_contact("Without Phone", "")
        question = self.ask(self.draft(self.andrey + self.anna + nobody))
        self.assertEqual(question["problems"], {"": 2, "no_number": 1})
        self.assertEqual((question["total"], question["segments"]), (3, 2))

    def test_asking_sends_nothing(self):
        draft = self.draft()
        self.ask(draft)
        self.assertEqual(draft.state, "draft")
        self.assertFalse(self.get_messages(draft.sudo()))

    def test_what_cannot_be_sent_is_an_error_and_no_question(self):
        past = fields.Datetime.now() - timedelta(minutes=1)
        for values, error in (
            ({"text_male": " ", "text_female": False}, "Enter a text"),
            ({"text_male": "{{ frist_name }}"}, "frist_name"),
            ({"scheduled_at": past}, "in the past"),
            ({"recipient_source": "lists"}, "no recipients"),
        ):
            draft = self.draft(**values)
            with self.subTest(error), self.assertRaisesRegex(UserError, error):
                draft.action_ask_to_send()

    def test_what_was_sent_is_not_asked_for_again(self):
        with self.assertRaisesRegex(UserError, "already been sent"):
            self.send_draft().action_ask_to_send()

    def test_only_its_author_is_asked(self):
        draft = self.draft()
        other = new_test_user(
            self.env, login="ask_other", groups="crm_sms_gateway.group_user"
        )
        with self.assertRaises(AccessError):
            draft.with_user(other).action_ask_to_send()

    def test_the_send_time_is_told_by_the_author_s_clock(self):
        self.author.tz = MOSCOW
        noon = datetime(2099, 6, 1, 9)
        question = self.ask(self.draft(scheduled_at=noon))
        self.assertEqual(question["moment"], f"1 Jun 2099, 12:00 ({MOSCOW})")
        self.assertFalse(self.ask(self.draft())["moment"])

    def test_a_route_that_does_not_send_is_told(self):
        draft = self.draft()
        self.route.action_pause()
        [warning] = self.ask(draft)["warnings"]
        self.assertIn("is paused", warning)
        self.route.action_resume()
        self.route.resume_at = fields.Datetime.now() + timedelta(minutes=5)
        [warning] = self.ask(draft)["warnings"]
        self.assertIn("is suspended", warning)

    def test_the_emergency_stop_is_told(self):
        draft = self.draft()
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.is_stopped", "True")
        [warning] = self.ask(draft)["warnings"]
        self.assertIn("emergency stop", warning)

    def test_short_links_to_a_private_address_are_told(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "http://localhost:8069")
        parameters.set_param("web.base.url.freeze", "True")
        self.assertFalse(self.ask(self.draft())["warnings"])
        [warning] = self.ask(self.draft(has_short_links=True))["warnings"]
        self.assertIn("inside your network", warning)

    def test_night_is_that_of_the_recipient_or_else_of_the_company(self):
        self.env.company.partner_id.tz = MOSCOW
        self.anna.tz = "Asia/Vladivostok"
        # 15:00 in Moscow, 22:00 in Vladivostok; eleven hours later 02:00 and 09:00
        noon = (fields.Datetime.now() + timedelta(days=1)).replace(
            hour=12, minute=0, second=0, microsecond=0
        )
        self.assertEqual(self.ask(self.draft(scheduled_at=noon))["night"], 1)
        later = noon + timedelta(hours=11)
        self.assertEqual(self.ask(self.draft(scheduled_at=later))["night"], 1)

    def test_night_begins_at_ten_and_ends_at_eight(self):
        for hour, expected in ((18, False), (19, True), (4, True), (5, False)):
            with self.subTest(hour):
                moment = datetime(2026, 11, 30, hour)
                self.assertEqual(is_night(moment, MOSCOW), expected)


class TestKeep(DraftCase):
    def test_a_draft_keeps_what_was_typed_and_is_named_by_it(self):
        draft = self.draft(is_temporary=True, text_male=False, text_female=False)
        told = draft.action_keep({"text_male": "Hello everybody"})
        self.assertFalse(draft.is_temporary)
        self.assertEqual((draft.text_male, draft.name), ("Hello everybody",) * 2)
        self.assertEqual(
            told["params"]["links"],
            [{"label": draft.name, "url": f"/odoo/sms-gateway/{draft.id}"}],
        )

    def test_only_what_an_author_decides_is_kept(self):
        with self.assertRaises(AccessError):
            self.draft().action_keep({"source": "api"})
