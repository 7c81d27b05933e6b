"""Policies: what they choose, where they stand, what they refuse."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...common import PHONE, sandbox_phone
from .common import RoutingCase


@tagged("post_install", "-at_install")
class TestPolicyName(RoutingCase):
    """A policy stands wherever a route can stand."""

    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.second = self.make_route("second")
        self.policy = self.make_policy(self.first, self.second, name="каскад")

    def test_api_clients_find_it_by_its_name(self):
        found = self.env["sms.gateway.route"]._find_for_api_client("каскад")
        self.assertEqual(found, self.policy.route_id)

    def test_names_share_one_space_with_routes(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.make_policy(self.first, name="first")

    def test_message_has_the_real_route(self):
        message = self.send_one(route=self.policy.route_id)
        self.assertEqual(message.route_id, self.first)
        self.assertEqual(message.campaign_id.route_id, self.policy.route_id)
        self.assertEqual(message.step_id, self.policy.step_ids)

    def test_channels_are_those_of_its_steps(self):
        self.assertEqual(self.policy.route_id._get_channels(), {"sms"})
        self.policy.step_ids = [
            Command.create(
                self._get_step_values(9, routes=[self.second], channel="voice")
            )
        ]
        self.assertEqual(self.policy.route_id._get_channels(), {"sms", "voice"})

    def test_copy_has_the_same_steps_and_a_name_of_its_own(self):
        copy = self.policy.copy()
        self.assertNotEqual(copy.name, self.policy.name)
        self.assertEqual(
            copy.step_ids.rule_ids.choice_ids.route_id, self.first | self.second
        )
        self.assertNotEqual(copy.step_ids, self.policy.step_ids)

    def test_route_goes_with_the_policy(self):
        route = self.policy.route_id
        self.policy.unlink()
        self.assertFalse(route.exists())

    def test_used_policy_cannot_be_deleted(self):
        self.send_one(route=self.policy.route_id)
        with self.assertRaises(UserError):
            self.policy.unlink()

    def test_route_of_a_policy_cannot_be_deleted(self):
        with self.assertRaises(UserError):
            self.first.unlink()

    def test_form_of_its_route_is_the_policys(self):
        action = self.policy.route_id.get_formview_action()
        self.assertEqual(action["res_model"], "sms.gateway.policy")
        self.assertEqual(action["res_id"], self.policy.id)


@tagged("post_install", "-at_install")
class TestPolicyChecks(RoutingCase):
    """A policy that could leave a message without a route is refused."""

    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")

    def test_without_steps(self):
        with self.assertRaises(ValidationError):
            self.env["sms.gateway.policy"].create({"name": "policy"})

    def test_without_rules(self):
        with self.assertRaises(ValidationError):
            self.env["sms.gateway.policy"].create(
                {"name": "policy", "step_ids": [Command.create({})]}
            )

    def test_without_a_rule_for_everything_else(self):
        with self.assertRaisesRegex(ValidationError, "last rule"):
            self.make_cascade({"rules": [{"routes": [self.first], "prefixes": "+7"}]})

    def test_refusals_name_the_step_and_the_rule(self):
        good = {"routes": [self.first]}
        to_russia = {"prefixes": "+7"}
        for second, words in (
            ({"rules": [{**good, **to_russia}]}, "last rule of step 2"),
            ({**good, "may_repeat": True}, "Step 2 .* “Send within”"),
            (
                {"rules": [{"routes": (), **to_russia}, good]},
                r"“\+7” of step 2 has no route",
            ),
            (
                {"rules": [{**good, "strategy": "weight", "weights": [0]}]},
                "“All messages” of step 2 chooses by share",
            ),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValidationError, words):
                self.make_cascade(good, second)

    def test_rule_for_no_number_of_parts(self):
        size = {"min_segments": 3, "max_segments": 2}
        with self.assertRaisesRegex(ValidationError, "from 3 to 2"):
            self.make_cascade(
                {"rules": [{"routes": [self.first], **size}, {"routes": [self.first]}]}
            )

    def test_condition_added_to_the_last_rule(self):
        policy = self.make_policy(self.first)
        with self.assertRaisesRegex(ValidationError, "last rule"):
            policy.step_ids.rule_ids.prefixes = "+7"

    def test_rules_for_everything_are_all_behind_the_others(self):
        rules = [
            {"routes": [self.first], "prefixes": "+7"},
            {"routes": [self.first]},
            {"routes": [self.first]},
        ]
        step = self.make_cascade({"rules": rules}).step_ids
        conditional, general, _last = step.rule_ids.sorted()
        general.sequence = -1
        self.assertEqual(step.rule_ids.sorted()[0], conditional)

    def test_operator_that_a_rule_depends_on(self):
        operator = self.env.ref("crm_sms_gateway.operator_ru_mts")
        self.make_cascade(
            {
                "rules": [
                    {
                        "routes": [self.first],
                        "operator_ids": [Command.set(operator.ids)],
                    },
                    {"routes": [self.first]},
                ]
            },
            name="by operator",
        )
        with self.assertRaisesRegex(UserError, f"“{operator.name}”.*“by operator”"):
            operator.unlink()

    def test_sizes_that_no_message_has(self):
        for sizes in ((5, 3), (-1, 0), (0, -1)):
            rule = dict(zip(("min_segments", "max_segments"), sizes, strict=True))
            rules = [{"routes": [self.first], **rule}, {"routes": [self.first]}]
            with (
                self.subTest(sizes),
                self.assertRaisesRegex(ValidationError, "parts from"),
            ):
                self.make_cascade({"rules": rules})

    def test_last_rule_deleted(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.first], "prefixes": "+7"},
                    {"routes": [self.first]},
                ]
            }
        )
        with self.assertRaisesRegex(ValidationError, "last rule"):
            policy.step_ids.rule_ids[-1:].unlink()

    def test_route_without_the_channel(self):
        sms_only = self.make_route("sms only", has_voice=False)
        with self.assertRaisesRegex(UserError, "channel"):
            self.make_policy(sms_only, channel="voice")

    def test_route_that_loses_the_channel(self):
        self.make_policy(self.first, channel="voice")
        with self.assertRaisesRegex(UserError, "channel"):
            self.first.has_voice = False

    def test_route_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.make_route("foreign", company_id=other.id)
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.make_policy(foreign)

    def test_company_of_a_policy_is_that_of_its_routes(self):
        """Its campaigns would be those of the other company."""
        other = self.env["res.company"].create({"name": "Other"})
        policy = self.make_policy(self.first)
        for record in (policy, policy.route_id):
            with (
                self.subTest(record=record),
                self.assertRaisesRegex(ValidationError, "another company"),
            ):
                record.company_id = other

    def test_policy_inside_a_policy(self):
        inner = self.make_policy(self.first, name="inner")
        with self.assertRaisesRegex(ValidationError, "another policy"):
            self.make_policy(inner.route_id, name="outer")

    def test_prefix_that_is_none(self):
        with self.assertRaisesRegex(ValidationError, "abc"):
            self.make_cascade(
                {
                    "rules": [
                        {"routes": [self.first], "prefixes": "+7, abc"},
                        {"routes": [self.first]},
                    ]
                }
            )

    def test_marks_alone_are_no_prefix(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.first], "prefixes": "+7916, -\n.\n+7917"},
                    {"routes": [self.first], "prefixes": "-"},
                ]
            }
        )
        first, last = policy.step_ids.rule_ids.sorted()
        self.assertEqual(first._as_rule().prefixes, ("+7916", "+7917"))
        self.assertTrue(last._as_rule().matches_all)

    def test_continuing_without_a_final_status_needs_a_time(self):
        with self.assertRaisesRegex(ValidationError, "validity"):
            self.make_policy(self.first, may_repeat=True)


@tagged("post_install", "-at_install")
class TestPolicyChoice(RoutingCase):
    """Routes are chosen for each message when it is accepted."""

    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.second = self.make_route("second")

    def send_by(self, policy, *phones, **values):
        campaign = self.send(*phones, route=policy.route_id, **values)
        return [message.route_id.name for message in self.get_messages(campaign)]

    def test_by_prefix(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "prefixes": "+7916\n+7917"},
                    {"routes": [self.first]},
                ]
            }
        )
        routes = self.send_by(policy, "+79161234567", "+79281706700", "+79171234567")
        self.assertEqual(routes, ["second", "first", "second"])

    def test_by_country(self):
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
        routes = self.send_by(policy, "+77011234567", "+79281706700")
        self.assertEqual(routes, ["second", "first"])

    def test_by_category(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "category": "code"},
                    {"routes": [self.first]},
                ]
            }
        )
        self.assertEqual(self.send_by(policy, PHONE, category="code"), ["second"])
        self.assertEqual(self.send_by(policy, PHONE), ["first"])

    def test_by_size(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "min_segments": 2},
                    {"routes": [self.first]},
                ]
            }
        )
        self.assertEqual(self.send_by(policy, PHONE, text="я" * 71), ["second"])
        self.assertEqual(self.send_by(policy, PHONE, text="я" * 70), ["first"])

    def test_paused_route_is_passed_over(self):
        policy = self.make_policy(self.first, self.second)
        self.pause(self.first)
        self.assertEqual(self.send_by(policy, PHONE), ["second"])
        self.env["sms.gateway.route.pause"]._resume(self.first)
        self.assertEqual(self.send_by(policy, PHONE), ["first"])

    def test_where_all_are_paused_messages_wait_for_the_first(self):
        policy = self.make_policy(self.first, self.second)
        self.pause(self.first | self.second)
        self.assertEqual(self.send_by(policy, PHONE), ["first"])

    def test_weights(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {
                        "routes": [self.first, self.second],
                        "weights": (70, 30),
                        "strategy": "weight",
                    }
                ]
            }
        )
        phones = [sandbox_phone(f"{number:04}") for number in range(1000, 1100)]
        routes = self.send_by(policy, *phones)
        self.assertEqual((routes.count("first"), routes.count("second")), (70, 30))

    def test_cost_is_that_of_the_route_taken(self):
        for route, amount in ((self.first, 3), (self.second, 2)):
            self.env["sms.gateway.price"].create(
                {"route_id": route.id, "prefix": "+7", "price": amount}
            )
        policy = self.make_policy(self.first, self.second, strategy="price")
        message = self.send_one(route=policy.route_id)
        self.assertEqual((message.route_id, message.cost), (self.second, 2))

    def test_dry_run_takes_the_cheapest_route_too(self):
        for route, price in ((self.first, 3), (self.second, 2)):
            route.price_ids = [Command.create({"price": price})]
        policy = self.make_policy(self.first, self.second, strategy="price")
        message = self.send_one(route=policy.route_id, is_debug=True)
        self.assertEqual((message.route_id, message.cost), (self.second, 0))

    def test_best_delivery_share(self):
        self.end_many(self.first, "delivered", 50, "failed", 50)
        self.end_many(self.second, "delivered", 90, "failed", 10)
        policy = self.make_policy(self.first, self.second, strategy="delivery")
        self.assertEqual(self.send_by(policy, PHONE), ["second"])

    def end_many(self, route, *stories):
        """Messages that ended lately."""
        states = [
            state
            for state, count in zip(stories[::2], stories[1::2], strict=True)
            for _number in range(count)
        ]
        phones = [sandbox_phone(f"{1000 + place}") for place in range(len(states))]
        messages = self.get_messages(self.send(*phones, route=route))
        for message, state in zip(messages, states, strict=True):
            self.force_state(message, state)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET submitted_at = accepted_at WHERE id IN %s",
            [tuple(messages.ids)],
        )
        self.env.registry.clear_cache()

    def test_rejected_recipients_have_a_route_and_no_next_step(self):
        policy = self.make_cascade(
            {"routes": [self.first]}, {"routes": [self.second], "channel": "voice"}
        )
        campaign = self.send("nonsense", PHONE, route=policy.route_id)
        bad, good = self.get_messages(campaign)
        self.assertEqual((bad.route_id, bad.follow_up), (self.first, False))
        self.assertEqual(good.follow_up, "definite")

    def test_changed_rules_are_obeyed_at_once(self):
        policy = self.make_policy(self.first, self.second)
        self.send_by(policy, PHONE)
        policy.step_ids.rule_ids.choice_ids[0].sequence = 99
        self.assertEqual(self.send_by(policy, PHONE), ["second"])

    def test_statistics_tell_the_real_routes(self):
        policy = self.make_cascade(
            {
                "rules": [
                    {"routes": [self.second], "prefixes": "+7916"},
                    {"routes": [self.first]},
                ]
            }
        )
        self.send(PHONE, "+79161234567", "bad", route=policy.route_id)
        self.run_fold()
        groups = self.env["sms.gateway.statistic"]._read_group(
            [("route_id", "in", (self.first | self.second).ids)],
            ["route_id", "state"],
            ["count:sum"],
        )
        self.assertEqual(
            {(route.name, state): count for route, state, count in groups},
            {("first", "queued"): 1, ("first", "failed"): 1, ("second", "queued"): 1},
        )
