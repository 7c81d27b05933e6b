"""Who may see and do what."""

from datetime import timedelta
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open

from odoo.addons.crm_sms_gateway.models.access.res_users import KEY_SCOPE
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.providers.types import InboundMessage, Money

from ...common import PHONE, GatewayCase, sandbox_phone

GROUP = "crm_sms_gateway.group_"
ROLES = ("user", "manager", "administrator")

#: model → what user, manager and administrator may do: read, create, update, delete
RIGHTS = {
    "sms.gateway.route": ("r", "r", "crud"),
    "sms.gateway.route.setting": ("", "", "crud"),
    "sms.gateway.price": ("", "", "crud"),
    "sms.gateway.policy": ("r", "r", "crud"),
    "sms.gateway.policy.step": ("", "", "crud"),
    "sms.gateway.policy.rule": ("", "", "crud"),
    "sms.gateway.policy.choice": ("", "", "crud"),
    "sms.gateway.attempt": ("r", "r", "r"),
    "sms.gateway.package": ("", "", "crud"),
    "sms.gateway.package.use": ("", "", "r"),
    "sms.gateway.operator": ("r", "r", "crud"),
    "sms.gateway.number.range": ("", "", "crud"),
    "sms.gateway.ported.number": ("", "", "crud"),
    "sms.gateway.campaign": ("crud", "crud", "crud"),
    "sms.gateway.recipient": ("r", "r", "r"),
    "sms.gateway.link": ("r", "r", "r"),
    "sms.gateway.list": ("r", "crud", "crud"),
    "sms.gateway.list.member": ("r", "crud", "crud"),
    "sms.gateway.message": ("r", "r", "r"),
    "sms.gateway.event": ("r", "r", "r"),
    "sms.gateway.statistic": ("r", "r", "r"),
    "sms.gateway.statistic.change": ("", "", "r"),
    "sms.gateway.provider.request": ("r", "r", "r"),
    "sms.gateway.watch": ("r", "r", "r"),
    "sms.gateway.balance.reading": ("r", "r", "r"),
    "sms.gateway.inbound": ("r", "r", "r"),
    "sms.gateway.delivery.report": ("", "r", "r"),
    "sms.gateway.route.reason": ("", "", "crud"),
    "sms.gateway.template": ("r", "crud", "crud"),
    "sms.gateway.template.translation": ("r", "crud", "crud"),
    "sms.gateway.idempotency": ("", "", ""),
    "sms.gateway.api.client": ("", "", ""),
    "sms.gateway.rate.limit": ("", "", ""),
    "sms.gateway.breaker": ("", "", ""),
    "sms.gateway.breaker.event": ("r", "r", "r"),
    "sms.gateway.hold": ("", "", ""),
    "sms.gateway.hold.wizard": ("", "", ""),
    "sms.gateway.hold.line": ("", "", ""),
    "sms.gateway.odoo.sms": ("", "", ""),
    "sms.gateway.key.wizard": ("", "", "crud"),
    "sms.gateway.import": ("", "crud", "crud"),
    "sms.gateway.import.column": ("", "crud", "crud"),
    "sms.gateway.import.problem": ("", "crud", "crud"),
    "sms.gateway.import.sheet": ("", "crud", "crud"),
    "sms.gateway.list.add": ("", "crud", "crud"),
    "sms.gateway.route.check": ("", "", "crud"),
    "sms.gateway.table.import": ("", "", "crud"),
    "sms.gateway.table.import.column": ("", "", "crud"),
    "sms.gateway.table.import.operator": ("", "", "crud"),
    "sms.gateway.table.import.price": ("", "", "crud"),
    "sms.gateway.table.import.problem": ("", "", "crud"),
    "sms.gateway.resend.job": ("", "", ""),
    "sms.gateway.send.again": ("crud", "crud", "crud"),
    "sms.gateway.send.again.line": ("crud", "crud", "crud"),
}
#: without a company: tables of the whole gateway, and what lives for a dialog
WITHOUT_COMPANY = {
    "sms.gateway.operator",
    "sms.gateway.number.range",
    "sms.gateway.ported.number",
    "sms.gateway.idempotency",
    "sms.gateway.api.client",
    "sms.gateway.rate.limit",
    "sms.gateway.breaker",
    "sms.gateway.hold",
    "sms.gateway.hold.wizard",
    "sms.gateway.hold.line",
    "sms.gateway.odoo.sms",
    "sms.gateway.key.wizard",
    "sms.gateway.import",
    "sms.gateway.import.column",
    "sms.gateway.import.problem",
    "sms.gateway.import.sheet",
    "sms.gateway.list.add",
    "sms.gateway.route.check",
    "sms.gateway.table.import",
    "sms.gateway.table.import.column",
    "sms.gateway.table.import.operator",
    "sms.gateway.table.import.price",
    "sms.gateway.table.import.problem",
    "sms.gateway.resend.job",
    "sms.gateway.send.again",
    "sms.gateway.send.again.line",
}
PATHS_TO_COMPANY = {
    "sms.gateway.route.setting": "route_id.company_id",
    "sms.gateway.route.reason": "route_id.company_id",
    "sms.gateway.price": "route_id.company_id",
    "sms.gateway.policy": "route_id.company_id",
    "sms.gateway.policy.step": "policy_id.route_id.company_id",
    "sms.gateway.policy.rule": "step_id.policy_id.route_id.company_id",
    "sms.gateway.policy.choice": "rule_id.step_id.policy_id.route_id.company_id",
    "sms.gateway.breaker.event": "route_id.company_id",
    "sms.gateway.watch": "route_id.company_id",
    "sms.gateway.balance.reading": "route_id.company_id",
    "sms.gateway.package": "route_id.company_id",
    "sms.gateway.package.use": "package_id.route_id.company_id",
    "sms.gateway.recipient": "campaign_id.company_id",
    "sms.gateway.link": "campaign_id.company_id",
    "sms.gateway.template.translation": "template_id.company_id",
}
OPERATIONS = {"c": "create", "r": "read", "u": "write", "d": "unlink"}


class SecurityCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {
            role: new_test_user(cls.env, f"sms_{role}", GROUP + role) for role in ROLES
        }
        cls.caller = new_test_user(cls.env, "sms_caller", f"base.group_user,{GROUP}api")
        cls.employee = new_test_user(cls.env, "employee", "base.group_user")
        cls.technical = cls.env.ref("crm_sms_gateway.user_api")

    def by(self, role, records):
        return records.with_user(self.people[role])


@tagged("post_install", "-at_install")
class TestRights(SecurityCase):
    def get_models(self):
        """Our models that have a table."""
        return {
            name
            for name, model in self.env.registry.items()
            if name.startswith("sms.gateway.") and not model._abstract
        }

    def test_each_role_includes_the_one_below(self):
        user, manager, administrator, api = (
            self.env.ref(GROUP + name) for name in (*ROLES, "api")
        )
        employee = self.env.ref("base.group_user")
        self.assertIn(employee, user.all_implied_ids)
        self.assertIn(user, manager.all_implied_ids)
        self.assertIn(manager, administrator.all_implied_ids)
        self.assertNotIn(manager, user.all_implied_ids)
        self.assertNotIn(administrator, manager.all_implied_ids)
        self.assertEqual(api.all_implied_ids, api, "the API is a room of its own")
        self.assertNotIn(api, administrator.all_implied_ids)

    def test_every_model_has_its_rights(self):
        self.assertEqual(self.get_models(), RIGHTS.keys())
        for model, rights in RIGHTS.items():
            for role, allowed in zip(ROLES, rights, strict=True):
                self.assert_rights(model, self.people[role], allowed)
            for nobody in (self.employee, self.caller, self.technical):
                self.assert_rights(model, nobody, "")

    def assert_rights(self, model, user, allowed):
        records = self.env[model].with_user(user)
        for letter, operation in OPERATIONS.items():
            with self.subTest(model=model, user=user.login, operation=operation):
                self.assertEqual(records.has_access(operation), letter in allowed)

    def test_every_model_with_a_company_has_a_rule_for_it(self):
        for model in self.get_models() - WITHOUT_COMPANY:
            with self.subTest(model=model):
                rules = self.env["ir.rule"].search([("model_id.model", "=", model)])
                everyone = rules.filtered(lambda rule: not rule.groups)
                self.assertIn("company_ids", str(everyone.mapped("domain_force")))

    def test_rpc_reaches_buttons_only(self):
        """Public methods of ours can be called by whoever can log in."""
        for name in self.get_models() | {
            "sms.gateway.dispatcher",
            "sms.gateway.settings",
        }:
            ours = [
                cls
                for cls in type(self.env[name]).__mro__
                if cls.__module__.startswith("odoo.addons.crm_sms_gateway.")
            ]
            public = {
                method
                for cls in ours
                for method, value in vars(cls).items()
                if callable(value) and not method.startswith("_")
            }
            overrides = {"create", "write", "copy", "copy_data", "init", "unlink"}
            overrides |= {
                "get_formview_action",
                "web_read_group",
                "get_empty_list_help",
            }
            wrong = {m for m in public - overrides if not m.startswith("action_")}
            with self.subTest(model=name):
                self.assertFalse(wrong)

    def test_nobody_writes_messages_by_hand(self):
        message = self.send_one()
        for role in ROLES:
            with self.assertRaises(AccessError):
                self.by(role, message).write({"state": "delivered"})
            with self.assertRaises(AccessError):
                self.by(role, message).unlink()
            with self.assertRaises(AccessError):
                self.by(role, message).create({"text": "x"})

    STOPS = (
        ("action_pause", "paused"),
        ("action_resume", "running"),
        ("action_cancel", "cancelled"),
    )

    def test_managers_stop_all_campaigns_and_users_their_own(self):
        others, own = self.send(PHONE), self.send(PHONE)
        own.write({"user_id": self.people["user"].id, "source": "person"})
        self.assertFalse(self.by("user", others).may_move)
        for action, state in self.STOPS:
            with self.assertRaises(AccessError):
                getattr(self.by("user", others), action)()
            with self.assertRaises(AccessError):
                getattr(self.by("user", others + own), action)()
            getattr(self.by("user", own), action)()
            getattr(self.by("manager", others), action)()
            self.assertEqual((own + others).mapped("state"), [state, state])

    def test_whoever_is_no_user_any_more_stops_nothing(self):
        campaign = self.send(PHONE)
        for stranger in (self.employee, self.caller):
            campaign.user_id = stranger
            for action, _state in self.STOPS:
                with self.subTest(stranger.login), self.assertRaises(AccessError):
                    getattr(campaign.with_user(stranger), action)()

    def test_nobody_writes_campaigns_that_were_sent(self):
        campaign = self.send(PHONE)
        for role in ROLES:
            for values in ({"state": "done"}, {"delivered_count": 9}):
                with self.subTest(role=role, **values):
                    with self.assertRaises(AccessError):
                        self.by(role, campaign).write(values)
            with self.subTest(role=role), self.assertRaises(UserError):
                self.by(role, campaign).write({"text_male": "x"})
        with self.assertRaises(UserError):
            self.by("administrator", campaign).unlink()

    def test_of_drafts_people_write_what_is_theirs(self):
        for role in ROLES:
            Campaign = self.env["sms.gateway.campaign"].with_user(self.people[role])
            draft = Campaign.create({"route_id": self.route.id, "text_male": "x"})
            draft.write({"text_female": "y"})
            for values in ({"state": "done"}, {"delivered_count": 9}, {"key": "k"}):
                with self.subTest(role=role, **values):
                    with self.assertRaises(AccessError):
                        draft.write(values)
                    with self.assertRaises(AccessError):
                        Campaign.create({"route_id": self.route.id, **values})

    def test_users_touch_no_draft_of_somebody_else(self):
        draft = self.env["sms.gateway.campaign"].create({"route_id": self.route.id})
        with self.assertRaises(AccessError):
            self.by("user", draft).write({"text_male": "x"})
        with self.assertRaises(AccessError):
            self.by("user", draft).action_send()
        self.by("manager", draft).write({"text_male": "x"})

    def test_administrators_rule_routes_and_managers_do_not(self):
        for action in (
            "action_pause",
            "action_resume",
            "action_check_balance",
            "action_test_connection",
        ):
            with self.subTest(action=action):
                with self.assertRaises(AccessError):
                    getattr(self.by("manager", self.route), action)()
                getattr(self.by("administrator", self.route), action)()

    def test_users_send_again_and_resolve(self):
        message = self.send_one()
        self.force_state(message, "unknown")
        own = {"user_id": self.people["user"].id, "source": "person"}
        message.campaign_id.write(own)
        self.by("user", message).action_resolve_failed()
        self.by("user", message).action_retry()
        self.assertEqual(message.retry_ids.state, "queued")

    def test_strangers_press_no_buttons(self):
        message = self.send_one()
        self.force_state(message, "unknown")
        actions = (
            "action_retry",
            "action_resolve_delivered",
            "action_resolve_failed",
            "action_resolve_send_again",
        )
        for stranger in (self.employee, self.caller, self.technical):
            for action in actions:
                with self.subTest(user=stranger.login, action=action):
                    with self.assertRaises(AccessError):
                        getattr(message.with_user(stranger), action)()
        self.assertEqual(message.state, "unknown")


@tagged("post_install", "-at_install")
class TestCompanies(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Another company"})
        cls.other_route = cls.make_route(
            "other route", company_id=cls.company.id, user_id=False
        )

    def make_everything(self):
        """At least one record of the other company in every model that has one."""
        self.make_route(
            "other gate",
            company_id=self.company.id,
            provider_code="xml_gate",
            has_voice=False,
            price_ids=[Command.create({"price": 2.5})],
            package_ids=[Command.create({"size": 100})],
        )
        package = self.env["sms.gateway.package"].search([], limit=1)
        package._use({package.id: 1}, package.starts_on)
        message = self.send_one(sandbox_phone("9902"), route=self.other_route)
        self.run_lane()
        message.action_retry()
        self.env["sms.gateway.provider.request"]._request(self.other_route)
        self.make_diverted()
        reports = self.env["sms.gateway.delivery.report"]
        reports._store_unreadable(self.other_route, b"?", "?")
        self.env["sms.gateway.inbound"]._store(
            self.other_route, [InboundMessage("+79281706700", "?")], "push"
        )
        self.env["sms.gateway.breaker.event"]._log(self.other_route, "closed")
        self.env["sms.gateway.route.pause"]._pause(self.other_route, "No money")
        self.env["sms.gateway.balance.reading"]._record(
            self.other_route, [Money(Decimal(1), "RUB")]
        )
        self.env["sms.gateway.route.reason"].create(
            {"route_id": self.other_route.id, "code": "1", "failure_type": "busy"}
        )
        self.env["sms.gateway.template"].create(
            {
                "name": "other",
                "text_male": "x",
                "company_id": self.company.id,
                "translation_ids": [
                    Command.create({"lang": "en_US", "text_male": "x"})
                ],
            }
        )
        self.env["sms.gateway.list"].create(
            {
                "name": "other",
                "company_id": self.company.id,
                "member_ids": [Command.create({"phone": PHONE})],
            }
        )
        draft = self.env["sms.gateway.campaign"].create(
            {
                "route_id": self.other_route.id,
                "recipient_source": "selection",
                "text_male": "https://example.com",
                "has_short_links": True,
                "test_phone": PHONE,
            }
        )
        draft._snapshot_recipients(
            [("res.partner", [("id", "=", self.company.partner_id.id)])]
        )
        draft.action_send_test()

    def make_diverted(self):
        """A message of a policy that has left its first route."""
        policy = self.env["sms.gateway.policy"].create(
            {
                "name": "other policy",
                "company_id": self.company.id,
                "step_ids": [
                    Command.create(
                        {
                            "rule_ids": [
                                Command.create(
                                    {
                                        "choice_ids": [
                                            Command.create({"route_id": route.id})
                                            for route in self.find_routes()
                                        ]
                                    }
                                )
                            ]
                        }
                    )
                ],
            }
        )
        message = self.send_one(route=policy.route_id)
        self.force_state(message, "submitting")
        self.env.cr.execute("UPDATE sms_gateway_message SET attempts = 1")
        self.set_state_by_poll(message)
        self.assertTrue(message.attempt_ids)

    def find_routes(self):
        second = self.make_route("other second", company_id=self.company.id)
        return self.other_route | second

    def set_state_by_poll(self, message):
        change = StateChange(
            id=message.id, state="failed", source="poll", failure_type="no_funds"
        )
        self.env["sms.gateway.state.change"]._set_state([change])

    def find_other(self, model):
        path = PATHS_TO_COMPANY.get(model, "company_id")
        return self.env[model].search([(path, "=", self.company.id)])

    def test_records_of_other_companies_are_not_seen(self):
        self.make_everything()
        both = new_test_user(
            self.env,
            "sms_both",
            GROUP + "administrator",
            company_ids=(self.env.company | self.company).ids,
        )
        for model in RIGHTS.keys() - WITHOUT_COMPANY:
            others = self.find_other(model)
            with self.subTest(model=model):
                self.assertTrue(others, "the test has something to hide")
                self.assert_hidden(self.by("administrator", others))
                of_both = others.with_user(both)
                self.assert_hidden(
                    of_both.with_context(allowed_company_ids=self.env.company.ids)
                )
                there = of_both.with_context(allowed_company_ids=self.company.ids)
                self.assertEqual(there.search([("id", "in", others.ids)]), others)

    def assert_hidden(self, records):
        self.assertFalse(records.search([("id", "in", records.ids)]))
        with self.assertRaises(AccessError):
            records.check_access("read")

    def test_a_template_without_a_company_is_everyones(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "shared", "text_male": "x", "company_id": False}
        )
        self.assertTrue(self.by("user", template).has_access("read"))

    def test_buttons_stop_at_the_company(self):
        message = self.send_one(sandbox_phone("9902"), route=self.other_route)
        self.run_lane()
        with self.assertRaises(AccessError):
            self.by("user", message).action_retry()
        with self.assertRaises(AccessError):
            self.by("manager", message.campaign_id).action_pause()

    def test_callers_use_the_routes_of_their_companies(self):
        Route = self.env["sms.gateway.route"]
        found = Route.with_user(self.caller)._find_for_api_client("test route")
        self.assertEqual(found, self.route)
        self.assertFalse(
            Route.with_user(self.caller)._find_for_api_client("other route")
        )
        self.caller.company_ids |= self.company
        found = Route.with_user(self.caller)._find_for_api_client("other route")
        self.assertEqual(found.env.company, self.company)

    def test_callers_without_a_key_use_every_route(self):
        Route = self.env["sms.gateway.route"].with_user(self.technical)
        self.assertEqual(Route._find_for_api_client("other route"), self.other_route)

    def test_a_message_belongs_to_the_company_of_its_route(self):
        message = self.send_one(route=self.other_route)
        self.assertEqual(message.company_id, self.company)
        self.assertEqual(message.campaign_id.company_id, self.company)


@tagged("post_install", "-at_install")
class TestKeys(SecurityCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Keys = cls.env["res.users.apikeys"]

    def make_key(self, *, by="administrator", user=None, **values):
        wizard = self.env["sms.gateway.key.wizard"].with_user(self.people[by])
        return wizard.create(
            {"name": "test", "user_id": (user or self.caller).id, **values}
        )._make_key()

    def test_a_key_opens_the_gateway_for_its_user(self):
        key = self.make_key()
        self.assertEqual(self.Keys._find_gateway_user(key), self.caller)

    def test_a_key_opens_nothing_else(self):
        key = self.make_key()
        self.assertFalse(self.Keys._check_credentials(scope="rpc", key=key))
        with self.assertRaises(AccessDenied):
            self.caller.with_user(self.caller)._check_credentials(
                {"type": "password", "login": self.caller.login, "password": key},
                {"interactive": False},
            )

    def test_other_keys_do_not_open_the_gateway(self):
        keys = self.Keys.with_user(self.caller).sudo()
        for scope in (None, "rpc", "crm"):
            key = keys._generate(scope, "test", None)
            with self.subTest(scope=scope):
                self.assertFalse(self.Keys._find_gateway_user(key))

    def test_wrong_keys_open_nothing(self):
        key = self.make_key()
        for wrong in (
            "",
            "x",
            key[:-1],
            key + "0",
            key[:8],
            key.upper() + "ж",
            "\0",
            "%",
        ):
            with self.subTest(wrong=wrong):
                self.assertFalse(self.Keys._find_gateway_user(wrong))

    def test_an_expired_key_opens_nothing(self):
        key = self.make_key(expiration_date=fields.Datetime.now() + timedelta(hours=1))
        self.assertTrue(self.Keys._find_gateway_user(key))
        with self.later(3601):
            self.assertFalse(self.Keys._find_gateway_user(key))

    def test_no_key_is_made_that_is_refused_from_the_start(self):
        with self.assertRaisesRegex(UserError, "is in the past"):
            self.make_key(expiration_date=fields.Datetime.now())

    def test_what_is_said_of_a_new_key_is_true_of_keys_of_the_gateway(self):
        action = self.env["sms.gateway.key.wizard"]._show("the key")
        [[view_id, _type]] = action["views"]
        shown = self.env[action["res_model"]].get_view(view_id)["arch"]
        self.assertNotIn("full access", shown)
        self.assertNotIn("RPC", shown)
        self.assertIn("gives no other access", " ".join(shown.split()))

    def test_a_key_without_an_end_is_valid_for_ever(self):
        key = self.make_key(expiration_date=False)
        with self.later(100 * 365 * 24 * 3600):
            self.assertTrue(self.Keys._find_gateway_user(key))

    def test_a_key_of_an_archived_user_opens_nothing(self):
        key = self.make_key()
        self.caller.active = False
        self.assertFalse(self.Keys._find_gateway_user(key))

    def test_a_revoked_key_opens_nothing(self):
        key = self.make_key()
        record = self.Keys.search([("scope", "=", KEY_SCOPE)])
        for role in ("user", "manager"):
            with self.assertRaises(AccessError):
                self.by(role, record).action_revoke_gateway_key()
        self.assertTrue(self.Keys._find_gateway_user(key))
        self.by("administrator", record).action_revoke_gateway_key()
        self.assertFalse(self.Keys._find_gateway_user(key))

    def test_an_administrator_of_the_gateway_touches_no_other_keys(self):
        self.Keys.with_user(self.caller).sudo()._generate("rpc", "test", None)
        other = self.Keys.search([("user_id", "=", self.caller.id)])
        with self.assertRaises(AccessError):
            self.by("administrator", other).action_revoke_gateway_key()
        self.assertTrue(other.exists())
        self.make_key()
        seen = self.by("administrator", self.Keys).search([])
        self.assertEqual(set(seen.mapped("scope")), {KEY_SCOPE})

    def test_only_administrators_make_keys_for_callers(self):
        with self.assertRaises(AccessError):
            self.make_key(by="manager")
        with self.assertRaises(UserError):
            self.make_key(user=self.employee)

    def test_the_technical_user_gets_no_key(self):
        """Without a key it may use the routes of every company; with one nobody may."""
        wizard = self.env["sms.gateway.key.wizard"].with_user(
            self.people["administrator"]
        )
        domain = wizard._fields["user_id"].domain(wizard)
        offered = self.env["res.users"].search(domain)
        self.assertIn(self.caller, offered)
        self.assertNotIn(self.technical, offered)
        with self.assertRaises(UserError):
            self.make_key(user=self.technical)
        keys = self.Keys.with_user(self.technical).sudo()
        key = keys._generate(KEY_SCOPE, "test", None)
        self.assertFalse(self.Keys._find_gateway_user(key))

    def test_nobody_logs_in_as_the_technical_user(self):
        for password in ("", self.technical.login, "x"):
            with self.assertRaises(AccessDenied):
                self.technical.with_user(self.technical)._check_credentials(
                    {
                        "type": "password",
                        "login": self.technical.login,
                        "password": password,
                    },
                    {"interactive": True},
                )
        self.assertEqual(self.technical.group_ids, self.env.ref(GROUP + "api"))


@tagged("post_install", "-at_install")
class TestNeutralisedCopy(SecurityCase):
    """A copy of the database on another machine must not send."""

    def test_nothing_of_a_copy_reaches_a_provider(self):
        scripted, provider = self.script_route()
        gate = self.make_route("gate", provider_code="xml_gate", has_voice=False)
        password = gate.setting_ids.filtered(lambda row: row.name == "password")
        password.secret_value = "secret"
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        key = keys._generate(KEY_SCOPE, "test", None)
        rpc_key = keys._generate("rpc", "test", None)
        token = scripted.webhook_token
        address = "crm_sms_gateway.public_address"
        self.env["ir.config_parameter"].set_param(address, "https://crm.example.com")
        message = self.send_one(route=scripted)

        self.neutralise()

        self.run_lane()
        self.assertEqual((message.state, provider.batches), ("queued", []))
        routes = self.env["sms.gateway.route"].search([])
        self.assertEqual(set(routes.mapped("state")), {"paused"})
        self.assertTrue(all(routes.mapped("pause_reason")))
        self.assertFalse(password.secret_value)
        parameters = self.env["ir.config_parameter"]
        self.assertFalse(parameters.search_count([("key", "=", address)]))
        self.assertFalse(routes._find_by_webhook_token(token))
        self.assertEqual(len(set(routes.mapped("webhook_token"))), len(routes))
        self.assertFalse(keys._find_gateway_user(key))
        self.assertTrue(keys._check_credentials(scope="rpc", key=rpc_key))

    def neutralise(self):
        self.env.flush_all()
        with file_open("crm_sms_gateway/data/neutralize.sql") as statements:
            self.env.cr.execute(statements.read())
        self.env.invalidate_all()
