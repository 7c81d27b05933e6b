"""Policies as people make them: in a form, in a minute."""

from ast import literal_eval

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common import RoutingCase


def choose_routes(field, *routes):
    """Choose routes one after the other, as people do."""
    for route in routes:
        field.add(route)


@tagged("post_install", "-at_install")
class TestNewPolicy(RoutingCase):
    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.second = self.make_route("second")
        self.third = self.make_route("third")

    def fill_policy(self, *routes, **values):
        form = Form(self.env["sms.gateway.policy"])
        form.name = "policy"
        for name, value in values.items():
            form[name] = value
        choose_routes(form.first_route_ids, *routes)
        return form.save()

    def get_routes(self, rule):
        return rule.choice_ids.sorted().route_id.mapped("name")

    def test_name_and_routes_are_enough(self):
        policy = self.fill_policy(self.second, self.first)
        rule = policy.step_ids.rule_ids
        self.assertEqual(policy.step_ids.channel, "sms")
        self.assertEqual(rule.conditions, "All messages")
        self.assertEqual(rule.strategy, "order")
        self.assertEqual(self.get_routes(rule), ["second", "first"])

    def test_web_client_links_routes_in_short(self):
        chosen = [[Command.LINK, self.second.id], [Command.LINK, self.first.id]]
        policy = self.env["sms.gateway.policy"].create(
            {"name": "policy", "first_route_ids": chosen}
        )
        self.assertEqual(self.get_routes(policy.step_ids.rule_ids), ["second", "first"])

    def test_channel_and_strategy_of_the_first_step(self):
        policy = self.fill_policy(
            self.first, first_channel="voice", first_strategy="price"
        )
        self.assertEqual(policy.step_ids.channel, "voice")
        self.assertEqual(policy.step_ids.rule_ids.strategy, "price")

    def test_messages_take_its_first_route(self):
        policy = self.fill_policy(self.second, self.first)
        message = self.send_one(route=policy.route_id)
        self.assertEqual(message.route_id, self.second)

    def test_steps_that_are_given_are_the_only_ones(self):
        policy = self.env["sms.gateway.policy"].create(
            {
                "name": "given",
                "first_route_ids": [Command.link(self.first.id)],
                "step_ids": [
                    Command.create(self._get_step_values(0, routes=[self.second]))
                ],
            }
        )
        self.assertEqual(policy.step_ids.rule_ids.route_ids, self.second)

    def test_rule_added_to_a_step_is_asked_before_the_one_for_all_messages(self):
        policy = self.fill_policy(self.first)
        policy.step_ids.rule_ids = [
            Command.create(
                {"prefixes": "+7916", "route_ids": [Command.link(self.second.id)]}
            )
        ]
        self.assertEqual(
            policy.step_ids.rule_ids.sorted().mapped("conditions"),
            ["+7916", "All messages"],
        )

    def test_routes_added_to_a_rule_come_last(self):
        rule = self.fill_policy(self.second, self.first).step_ids.rule_ids
        rule.route_ids = [Command.link(self.third.id)]
        self.assertEqual(self.get_routes(rule), ["second", "first", "third"])

    def test_routes_taken_from_a_rule(self):
        rule = self.fill_policy(self.second, self.first).step_ids.rule_ids
        rule.route_ids = [Command.unlink(self.second.id)]
        self.assertEqual(self.get_routes(rule), ["first"])

    def test_choices_say_more_than_their_routes(self):
        rule = self.fill_policy(self.first, self.second).step_ids.rule_ids
        first, second = rule.choice_ids
        rule.write(
            {
                "choice_ids": [
                    Command.update(first.id, {"sequence": 9, "weight": 70}),
                    Command.update(second.id, {"weight": 30}),
                ],
                "route_ids": [Command.set(self.first.ids)],
            }
        )
        self.assertEqual(self.get_routes(rule), ["second", "first"])
        self.assertEqual(first.weight, 70)

    def test_summary_tells_the_cascade(self):
        policy = self.make_cascade(
            {"routes": [self.first], "channel": "voice"},
            {"routes": [self.second, self.first]},
        )
        self.assertEqual(policy.summary, "Voice call: first → SMS: second, first")

    def test_company_is_that_of_its_routes(self):
        policy = self.fill_policy(self.first)
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "another company"):
            policy.company_id = other


@tagged("post_install", "-at_install")
class TestChoosing(RoutingCase):
    """People tell policies from routes where they choose one of both."""

    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.policy = self.make_policy(self.first, name="каскад")

    def test_lists_to_choose_from_mark_policies(self):
        routes = self.env["sms.gateway.route"].with_context(formatted_display_name=True)
        found = dict(routes.name_search("каскад"))
        self.assertEqual(found[self.policy.route_id.id], "каскад\t--policy--")
        self.assertEqual(dict(routes.name_search("first"))[self.first.id], "first")

    def test_names_stay_as_they_are(self):
        self.assertEqual(self.policy.route_id.display_name, "каскад")

    def test_pages_of_routes_list_routes_only(self):
        action = self.env.ref("crm_sms_gateway.sms_gateway_route_action")
        found = self.env["sms.gateway.route"].search(literal_eval(action.domain))
        self.assertIn(self.first, found)
        self.assertNotIn(self.policy.route_id, found)

    def test_route_tells_its_policies(self):
        another = self.make_route("another")
        self.assertEqual((self.first.policy_count, another.policy_count), (1, 0))
        action = self.first.action_open_policies()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.policy)

    def test_messages_are_found_by_their_route_and_by_their_policy(self):
        message = self.send_one(route=self.policy.route_id)
        self.send_one()
        for name in ("first", "каскад"):
            with self.subTest(name):
                domain = [
                    "|",
                    ("route_id", "ilike", name),
                    ("campaign_id.route_id", "ilike", name),
                ]
                found = self.env["sms.gateway.message"].search(domain)
                self.assertEqual(found, message)


@tagged("post_install", "-at_install")
class TestArchivedRoutes(RoutingCase):
    def setUp(self):
        super().setUp()
        self.first = self.make_route("first")
        self.second = self.make_route("second")

    def test_only_route_of_a_rule_is_not_archived(self):
        self.make_policy(self.first, name="каскад")
        with self.assertRaisesRegex(UserError, "“first”.*“каскад”"):
            self.first.action_archive()

    def test_one_of_several_is(self):
        self.make_policy(self.first, self.second)
        self.first.action_archive()
        self.assertFalse(self.first.active)
        with self.assertRaisesRegex(UserError, "“second”"):
            self.second.action_archive()

    def test_all_at_once_are_not(self):
        self.make_policy(self.first, self.second)
        with self.assertRaises(UserError):
            (self.first | self.second).action_archive()

    def test_archived_policies_need_no_routes(self):
        policy = self.make_policy(self.first)
        policy.action_archive()
        self.first.action_archive()
        self.assertFalse(self.first.active)

    def test_restored_policy_needs_a_route_in_each_rule(self):
        policy = self.make_policy(self.first, self.second, name="каскад")
        policy.action_archive()
        (self.first | self.second).action_archive()
        with self.assertRaisesRegex(UserError, "“каскад”"):
            policy.action_unarchive()
        self.second.action_unarchive()
        policy.action_unarchive()
        self.assertTrue(policy.active)

    def test_deleted_route_of_a_policy(self):
        self.make_policy(self.first, name="каскад")
        with self.assertRaisesRegex(UserError, "каскад"):
            self.first.unlink()


@tagged("post_install", "-at_install")
class TestAccess(RoutingCase):
    """Administrators make policies; everybody else uses them."""

    def setUp(self):
        super().setUp()
        self.policy = self.make_policy(self.route, name="каскад")
        self.people = {
            name: new_test_user(
                self.env, f"routing_{name}", f"crm_sms_gateway.group_{name}"
            )
            for name in ("user", "manager", "administrator")
        }

    def as_person(self, name):
        return self.policy.with_user(self.people[name])

    def test_everybody_reads_what_it_does(self):
        for name in self.people:
            with self.subTest(name):
                self.assertEqual(self.as_person(name).summary, "SMS: test route")

    def test_only_administrators_read_its_rules(self):
        for name in ("user", "manager"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_person(name).step_ids.rule_ids.mapped("strategy")
        rules = self.as_person("administrator").step_ids.rule_ids
        self.assertEqual(rules.mapped("strategy"), ["order"])

    def test_only_administrators_change_it(self):
        for name in ("user", "manager"):
            with self.subTest(name), self.assertRaises(AccessError):
                self.as_person(name).name = "another"
        self.as_person("administrator").name = "another"
        self.assertEqual(self.policy.route_id.name, "another")

    def test_administrators_make_policies(self):
        policies = self.env["sms.gateway.policy"].with_user(
            self.people["administrator"]
        )
        form = Form(policies)
        form.name = "policy"
        form.first_route_ids.add(self.route)
        policy = form.save()
        self.assertTrue(policy.route_id.is_policy)
        self.assertFalse(policy.sudo().route_id.webhook_token)

    def test_only_administrators_check_routes(self):
        for name in ("user", "manager"):
            checks = self.env["sms.gateway.route.check"].with_user(self.people[name])
            with self.subTest(name), self.assertRaises(AccessError):
                checks.create({"route_id": self.route.id})

    def test_policies_of_other_companies_are_not_seen(self):
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.make_route("foreign", company_id=company.id)
        policy = self.env["sms.gateway.policy"].create(
            {
                "name": "foreign policy",
                "company_id": company.id,
                "first_route_ids": [Command.link(foreign.id)],
            }
        )
        policies = self.env["sms.gateway.policy"].with_user(
            self.people["administrator"]
        )
        self.assertNotIn(policy, policies.search([]))
