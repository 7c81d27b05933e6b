"""The screen that explains which route a message would take."""

from lxml import html

from odoo.fields import Command
from odoo.tests import Form, tagged

from ..common import PHONE
from ..models.routing.common import RoutingCase


@tagged("post_install", "-at_install")
class TestRouteCheck(RoutingCase):
    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.second = self.make_route("second")

    def check(self, route, phone=PHONE, **values):
        """The text of the explanation, as people fill the form."""
        form = Form(self.env["sms.gateway.route.check"])
        form.route_id = route
        form.phone = phone
        for name, value in values.items():
            form[name] = value
        text = html.fromstring(f"<div>{form.result}</div>").text_content()
        return " ".join(text.split())

    def test_nothing_is_sent(self):
        before = self.env["sms.gateway.message"].search_count([])
        self.check(self.make_policy(self.first).route_id)
        self.assertEqual(self.env["sms.gateway.message"].search_count([]), before)

    def test_plain_route(self):
        shown = self.check(self.first)
        self.assertIn("“first” is used: it is the only route.", shown)
        self.assertNotIn("Rule", shown)

    def test_number_is_described(self):
        shown = self.check(self.first, "8 (916) 123-45-67")
        self.assertIn("+79161234567", shown)
        self.assertIn("Russia", shown)

    def test_operator_and_where_it_is_known_from(self):
        megafon = self.env.ref("crm_sms_gateway.operator_ru_megafon")
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        self.assertIn(f"{megafon.name} (number range;", self.check(self.first))
        self.env["sms.gateway.ported.number"].create(
            {"number": PHONE, "operator_id": mts.id}
        )
        self.assertIn(f"{mts.name} (ported number)", self.check(self.first))

    def test_rule_by_operator(self):
        mts = self.env.ref("crm_sms_gateway.operator_ru_mts")
        policy = self.make_cascade(
            {
                "rules": [
                    {
                        "routes": [self.second],
                        "operator_ids": [Command.set(mts.ids)],
                    },
                    {"routes": [self.first]},
                ]
            }
        )
        shown = self.check(policy.route_id)
        self.assertIn(f"{mts.name} Another operator", shown)
        self.env["sms.gateway.ported.number"].create(
            {"number": PHONE, "operator_id": mts.id}
        )
        self.assertIn("“second” is used", self.check(policy.route_id))

    def test_number_that_is_none_is_explained(self):
        shown = self.check(self.first, "12")
        self.assertIn("number", shown)
        self.assertNotIn("is used", shown)

    def test_landline_gets_calls_only(self):
        self.assertNotIn("is used", self.check(self.first, "+74951234567"))
        self.assertIn(
            "is used", self.check(self.first, "+74951234567", channel="voice")
        )

    def test_rules_in_the_order_in_which_they_are_asked(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "category": "code"},
                    {"routes": [self.second], "prefixes": "+7916"},
                    {"routes": [self.first]},
                ]
            }
        )
        shown = self.check(policy.route_id, "+79161234567")
        self.assertIn("One-time code Another message category", shown)
        self.assertIn("+7916 Applies", shown)
        self.assertIn("All messages Not checked: an earlier rule applies", shown)
        self.assertIn("“second” is used", shown)
        self.assertIn(
            "One-time code Applies",
            self.check(policy.route_id, "+79161234567", category="code"),
        )

    def test_length_of_the_text(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "min_segments": 2},
                    {"routes": [self.first]},
                ]
            }
        )
        self.assertIn("“first” is used", self.check(policy.route_id, text="я" * 70))
        self.assertIn("“second” is used", self.check(policy.route_id, text="я" * 71))
        self.assertIn("“second” is used", self.check(policy.route_id, segments=3))

    def test_too_long_a_text_is_explained(self):
        shown = self.check(self.first, text="я" * 5000)
        self.assertNotIn("is used", shown)

    def test_route_that_cannot_send_and_why(self):
        policy = self.make_policy(self.first, self.second)
        self.pause(self.first)
        shown = self.check(policy.route_id)
        self.assertIn("“second” is used: the routes before it cannot send.", shown)
        self.assertIn("Paused: Down", shown)

    def test_route_that_rests(self):
        self.env["sms.gateway.route.pause"]._back_off(self.first, 60)
        policy = self.make_policy(self.first, self.second)
        shown = self.check(policy.route_id)
        self.assertRegex(shown, r"Waits until [^<]* \(UTC\)")

    def test_where_none_can_send_the_message_waits(self):
        policy = self.make_policy(self.first, self.second)
        self.pause(self.first | self.second)
        shown = self.check(policy.route_id)
        self.assertIn("The message waits for “first”.", shown)

    def test_price_of_this_message(self):
        self.env["sms.gateway.price"].create(
            {"route_id": self.second.id, "prefix": "+7", "price": 1.5}
        )
        policy = self.make_policy(self.first, self.second, strategy="price")
        shown = self.check(policy.route_id, segments=2)
        self.assertIn("“second” is used: it has the lowest price.", shown)
        self.assertIn("3.00", shown)
        self.assertIn("No price", shown)

    def test_shares(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {
                        "routes": [self.first, self.second],
                        "weights": (30, 70),
                        "strategy": "weight",
                    }
                ]
            }
        )
        shown = self.check(policy.route_id)
        self.assertIn("“second” is used first: it has the largest share.", shown)
        self.assertIn("70", shown)

    def test_next_steps_and_when_they_start(self):
        policy = self.make_cascade(
            {"routes": [self.first], "channel": "voice"},
            {"routes": [self.second], "channel": "sms"},
        )
        shown = self.check(policy.route_id)
        self.assertIn("Step 1: Voice call", shown)
        self.assertIn("Step 2: SMS", shown)
        self.assertIn("Starts if step 1 has definitely failed", shown)
        self.assertNotIn("both messages", shown)

    def test_step_that_may_reach_a_person_twice(self):
        policy = self.make_cascade(
            {
                "routes": [self.first],
                "channel": "voice",
                "ends_with": "submitted",
                "may_repeat": True,
                "ttl": 5400,
            },
            {"routes": [self.second], "channel": "sms"},
        )
        shown = self.check(policy.route_id)
        self.assertIn("did not accept step 1", shown)
        self.assertIn("after 1:30 h without a final status", shown)

    def test_steps_before_the_channel_are_skipped(self):
        policy = self.make_cascade(
            {"routes": [self.first], "channel": "voice"},
            {"routes": [self.second], "channel": "sms"},
        )
        shown = self.check(policy.route_id, channel="sms")
        self.assertNotIn("Step 1", shown)
        self.assertIn("Step 2: SMS", shown)

    def test_channel_that_the_policy_does_not_have(self):
        policy = self.make_policy(self.first)
        shown = self.check(policy.route_id, channel="voice")
        self.assertIn("no step for this channel", shown)

    def test_channel_that_the_route_does_not_have(self):
        self.first.has_voice = False
        shown = self.check(self.first, channel="voice")
        self.assertIn("does not support this channel", shown)
        self.assertNotIn("is used", shown)

    def test_it_opens_from_a_policy(self):
        policy = self.make_policy(self.first)
        context = policy.action_check_route()["context"]
        self.assertEqual(context, {"default_route_id": policy.route_id.id})

    def test_country_of_a_rule(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {
                        "routes": [self.second],
                        "country_ids": [Command.set(self.env.ref("base.kz").ids)],
                    },
                    {"routes": [self.first]},
                ]
            }
        )
        self.assertIn("Kazakhstan Another country", self.check(policy.route_id))
