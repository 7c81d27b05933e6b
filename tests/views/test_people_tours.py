"""A day of the people who send, in a browser."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from ..common import sandbox_phone
from .tour_case import TourCase

OPTED_OUT = sandbox_phone("0003")


@tagged("post_install", "-at_install")
class TestPeopleTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("user", "manager"):
            cls.add_user(f"tour_{name}", name)
        cls.tour_route = cls.make_route("tour route")
        # the dialog takes the first route there is
        cls.tour_route.sequence = -1
        cls.env["phone.blacklist"].create({"number": OPTED_OUT})

    def setUp(self):
        super().setUp()
        # how a tour lets the gateway work
        self.startPatcher(
            patch.object(
                self.registry["sms.gateway.campaign"],
                "action_tour_work",
                lambda _campaign: self.work(),
                create=True,
            )
        )

    def make_contacts(self, *people):
        return self.env["res.partner"].create(
            [
                {"name": name, "phone": phone, "gender": gender, **names}
                for name, phone, gender, names in people
            ]
        )

    def make_tourists(self):
        return self.make_contacts(
            ("Tourist A", sandbox_phone("0001"), "male", {"first_name": "Andrey"}),
            ("Tourist B", sandbox_phone("0002"), "female", {"first_name": "Anna"}),
        )

    def get_campaign(self, name):
        return self.env["sms.gateway.campaign"].search([("name", "=", name)])

    def work(self):
        """Hand over, let the provider deliver, ask and count."""
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.run_fold()

    # === TOURS ===
    def test_a_user_sends_to_selected_contacts(self):
        self.make_contacts(
            (
                "Tourist Sokolov",
                sandbox_phone("0001"),
                "male",
                {"last_name": "Sokolov"},
            ),
            (
                "Tourist Lebedeva",
                sandbox_phone("0002"),
                "female",
                {"last_name": "Lebedeva"},
            ),
            ("Tourist Opted Out", OPTED_OUT, "male", {"last_name": "Out"}),
            ("Tourist Again", sandbox_phone("0001"), "male", {"last_name": "Again"}),
            ("Tourist Unknown", sandbox_phone("0004"), False, {"last_name": "Known"}),
            ("Tourist Without", False, "male", {"last_name": "Without"}),
        )

        self.start_tour(
            "/odoo/contacts?view_type=list",
            "sms_gateway_send_to_contacts",
            login="tour_user",
        )

        test, campaign = self.env["sms.gateway.campaign"].search(
            [("route_id", "=", self.tour_route.id)], order="recipient_count"
        )
        self.assertEqual(
            self.get_messages(test).mapped(lambda m: (m.msisdn, m.text)),
            [("+79281700099", "Dear Ms Lebedeva, we are open.")],
        )
        self.assertEqual(
            self.get_messages(campaign)
            .filtered(lambda message: message.state == "queued")
            .mapped(lambda message: (message.msisdn, message.text)),
            [
                (sandbox_phone("0001"), "Dear Mr Sokolov, we are open."),
                (sandbox_phone("0002"), "Dear Ms Lebedeva, we are open."),
            ],
        )
        self.assertEqual(len(self.get_messages(campaign)), 6)

    # === WRITING ===
    def make_writers(self):
        return self.make_contacts(
            ("Writer A", sandbox_phone("0001"), "male", {"city": "Rostov"}),
            ("Writer B", sandbox_phone("0002"), "female", {"city": "Rostov"}),
        )

    def write_in_composer(self, tour, url="/odoo/contacts?view_type=list"):
        """Run a tour of the dialog over contacts, and find its campaigns."""
        self.start_tour(url, tour, login="tour_user")
        return self.env["sms.gateway.campaign"].search(
            [("route_id", "=", self.tour_route.id)]
        )

    def test_a_user_inserts_placeholders_and_emoji(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_insert")
        self.assertTrue(draft.is_temporary)

    def test_what_was_typed_is_kept_when_the_dialog_is_left(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_keep_typed")
        self.assertFalse(draft.is_temporary)
        self.assertEqual((draft.state, draft.text_male), ("draft", "Half a sentence"))

    def test_what_was_chosen_is_kept_with_the_text(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_keep_choices")
        self.assertFalse(draft.is_temporary)
        self.assertTrue(draft.is_debug)

    def test_what_was_typed_is_kept_when_the_browser_goes_back(self):
        self.make_writers()
        draft = self.write_in_composer(
            "sms_gateway_keep_when_going_back", "/odoo/sms-gateway"
        )
        self.assertFalse(draft.is_temporary)
        self.assertEqual(draft.text_male, "Before going back")

    def test_what_was_typed_is_kept_when_the_page_is_reloaded(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_keep_when_reloading")
        self.assertFalse(draft.is_temporary)
        self.assertEqual(draft.text_male, "Before the reload")
        self.assertEqual(draft.name, "Before the reload")

    def test_the_cursor_stays_in_a_text_while_it_is_typed(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_write_by_gender")
        self.assertTrue(draft.is_temporary)

    def test_the_question_says_why_nothing_can_be_sent(self):
        self.make_contacts(
            ("Writer A", False, "male", {}), ("Writer B", "", "male", {})
        )
        draft = self.write_in_composer("sms_gateway_nobody_receives")
        self.assertEqual(draft.state, "draft")

    def test_the_dialog_repeats_the_time_in_words(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_schedule_in_words")
        self.assertEqual(draft.state, "draft")

    def test_an_unsaved_campaign_shows_sizes_and_placeholders(self):
        self.start_tour(
            "/odoo/sms-gateway/new",
            "sms_gateway_unsaved_campaign",
            login="tour_manager",
        )
        self.assertFalse(
            self.env["sms.gateway.campaign"].search(
                [("route_id", "=", self.tour_route.id)]
            )
        )

    def test_a_template_over_a_typed_text_asks_first(self):
        self.make_writers()
        self.env["sms.gateway.template"].create(
            {"name": "Writers", "text_male": "Words of the template"}
        )
        draft = self.write_in_composer("sms_gateway_template_over_text")
        self.assertEqual(draft.state, "draft")

    def test_an_error_comes_before_the_question(self):
        self.make_writers()
        draft = self.write_in_composer("sms_gateway_errors_first")
        self.assertEqual(draft.state, "draft")
        self.assertFalse(self.get_messages(draft))

    def test_suggested_genders_are_confirmed_in_the_dialog(self):
        contacts = self.make_contacts(
            ("Кузнецова Анна Петровна", sandbox_phone("0001"), False, {}),
            ("Кузнецова Елена Петровна", sandbox_phone("0002"), False, {}),
        )
        self.write_in_composer("sms_gateway_complete_genders")
        self.assertEqual(contacts.mapped("gender"), ["female", "female"])

    def test_a_template_is_tried_before_it_is_saved(self):
        self.start_tour(
            "/odoo/sms-gateway-templates/new",
            "sms_gateway_template_test",
            login="tour_manager",
        )
        test = self.env["sms.gateway.campaign"].search([("is_test", "=", True)])
        self.assertEqual(
            self.get_messages(test).mapped("msisdn"), ["+79281700011", "+79281700012"]
        )

    def test_a_manager_sends_to_a_filter_and_watches(self):
        self.make_tourists()
        self.env["ir.filters"].create(
            {
                "name": "Tourists",
                "model_id": "res.partner",
                "domain": "[('name', 'like', 'Tourist')]",
                "user_ids": [Command.clear()],
            }
        )

        self.start_tour(
            "/odoo/sms-gateway/new",
            "sms_gateway_campaign_from_filter",
            login="tour_manager",
        )

        messages = self.get_messages(self.get_campaign("from a filter"))
        self.assertEqual(messages.mapped("text"), ["Hello Andrey", "Hello Anna"])
        self.assertEqual(messages.mapped("state"), ["delivered", "delivered"])

    def test_a_manager_sends_to_a_list_and_stops(self):
        tourists = self.make_tourists()
        self.env["sms.gateway.list"].create(
            {
                "name": "Tour list",
                "member_ids": [
                    Command.create({"partner_id": tourist.id}) for tourist in tourists
                ],
            }
        )

        self.start_tour(
            "/odoo/sms-gateway/new",
            "sms_gateway_campaign_from_list",
            login="tour_manager",
        )

        messages = self.get_messages(self.get_campaign("from a list"))
        self.assertEqual(messages.mapped("state"), ["cancelled", "cancelled"])

    def test_a_manager_sends_again_to_those_who_were_not_reached(self):
        endings = ("9901", "9902", "9902", "0001")
        phones = [sandbox_phone(ending) for ending in endings]
        campaign = self.send(*phones, OPTED_OUT, text="Not for all of you")
        campaign.source = "person"
        self.work()

        self.start_tour(
            "/odoo/sms-gateway", "sms_gateway_send_again", login="tour_manager"
        )

        again = self.get_messages(campaign).filtered("retry_of_id")
        self.assertEqual(again.mapped("msisdn"), phones[:1])

    def test_a_manager_reads_the_report_and_sends_again_by_reason(self):
        phones = [sandbox_phone(ending) for ending in ("9901", "9902", "0001", "0002")]
        campaign = self.send(*phones, text="By a person")
        campaign.source = "person"
        self.send(*phones, text="By a program")
        self.work()

        self.start_tour("/odoo/sms-gateway", "sms_gateway_report", login="tour_manager")

        again = self.get_messages(campaign).filtered("retry_of_id")
        self.assertEqual(again.mapped("msisdn"), phones[:1])

    def test_an_idle_tab_follows_what_another_one_sends(self):
        tourists = self.make_tourists()
        draft = self.env["sms.gateway.campaign"].create(
            {
                "name": "idle",
                "route_id": self.tour_route.id,
                "recipient_source": "filter",
                "res_domain": f"[('id', 'in', {tourists.ids})]",
            }
        )

        self.start_tour(
            "/odoo/sms-gateway", "sms_gateway_idle_tab", login="tour_manager"
        )

        messages = self.get_messages(draft)
        self.assertEqual(messages.mapped("text"), ["Hello", "Hello"])

    def test_somebody_accepts_a_suggested_gender(self):
        contact = self.env["res.partner"].create({"name": "Лебедева Анна Сергеевна"})

        self.start_tour(
            "/odoo/contacts?view_type=list",
            "sms_gateway_accept_gender",
            login="tour_manager",
        )

        self.assertEqual(contact.gender, "female")

    def test_a_template_with_an_unknown_name_is_not_saved(self):
        self.start_tour(
            "/odoo/sms-gateway-templates/new",
            "sms_gateway_unknown_name",
            login="tour_manager",
        )

        template = self.env["sms.gateway.template"].search([("name", "=", "Birthday")])
        self.assertEqual(template.text_male, "Dear {{ first_name }}")

    def test_an_action_is_made_by_hand(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "Tour template", "res_model": "crm.lead", "text_male": "Hello"}
        )

        self.start_tour(
            "/odoo/action-base.action_server_action/new",
            "sms_gateway_server_action",
            login="admin",
        )

        action = self.env["ir.actions.server"].search(
            [("sms_gateway_template_id", "=", template.id)]
        )
        self.assertEqual(action.state, "sms_gateway")
        self.assertEqual(action.sms_gateway_route_id, self.tour_route)
        self.assertEqual(action.model_id.model, "crm.lead")
