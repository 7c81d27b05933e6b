"""Menus, actions and views open for the people they are meant for."""

import re
from ast import literal_eval
from contextlib import contextmanager

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..common import GatewayCase, sandbox_phone
from ..workload import screens

MODULE = "crm_sms_gateway"
USER_MENUS = {
    "menu_root",
    "menu_campaigns",
    "menu_lists",
    "menu_messages",
    "menu_inbound",
    "menu_reporting",
    "menu_statistics",
    "menu_configuration",
    "menu_routes",
    "menu_policies",
    "menu_templates",
}
MANAGER_MENUS = USER_MENUS | {
    "menu_dashboard",
    "menu_delivery_reports",
    "menu_balances",
}
ADMINISTRATOR_MENUS = MANAGER_MENUS | {
    "menu_keys",
    "menu_route_check",
    "menu_operators",
    "menu_number_ranges",
    "menu_ported_numbers",
}


class ViewHelpers:
    """People of each group, and what they see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {
            name: new_test_user(
                cls.env, login=f"views_{name}", groups=f"{MODULE}.group_{name}"
            )
            for name in ("user", "manager", "administrator")
        }
        cls.people["system"] = new_test_user(
            cls.env,
            login="views_system",
            groups=f"{MODULE}.group_administrator,base.group_system",
        )

    def get_menus(self, person):
        """The app's menus that a person sees, by XML id without the module."""
        menus = self.env["ir.ui.menu"].with_user(self.people[person]).load_menus(False)
        return {
            menu["xmlid"].removeprefix(f"{MODULE}."): menu
            for menu in menus.values()
            if menu.get("xmlid", "").startswith(f"{MODULE}.")
        }

    def get_actions(self, person):
        """The window actions that a person reaches from the app's menus."""
        ids = [
            menu["action_id"]
            for menu in self.get_menus(person).values()
            if menu.get("action_model") == "ir.actions.act_window"
        ]
        return self.env["ir.actions.act_window"].browse(ids)

    def load_views(self, action, person):
        """What the web client asks for before it shows an action.

        :return: the model as the person and a dict of view type → parsed view
        """
        records = self.env[action.res_model].with_user(self.people[person])
        views = [[view_id, kind] for view_id, kind in action.views]
        views.append([action.search_view_id.id, "search"])
        answer = records.get_views(views, {"toolbar": True, "action_id": action.id})
        arches = {
            kind: etree.fromstring(view["arch"])
            for kind, view in answer["views"].items()
        }
        return records, arches

    def load_form(self, xml_id, person):
        """The form that an action of ours opens."""
        action = self.env.ref(f"{MODULE}.{xml_id}")
        return self.load_views(action, person)[1]["form"]


class ViewCase(ViewHelpers, GatewayCase):
    """Tests of what the server tells the web client."""


def specify(arch):
    """The specification with which the web client reads the fields of a view."""
    return {
        node.get("name"): {"fields": specify(node[0])} if len(node) else {}
        for node in arch.iter("field")
        if _owner(node) is _owner(arch)
    }


def _owner(node):
    """The field in whose own view a node stands."""
    return next(node.iterancestors("field"), None)


def names(arch, tag="field"):
    return {node.get("name") for node in arch.iter(tag)}


@tagged("post_install", "-at_install")
class TestMenus(ViewCase):
    def test_each_group_sees_its_own_menus(self):
        wanted = {
            "user": USER_MENUS,
            "manager": MANAGER_MENUS,
            "administrator": ADMINISTRATOR_MENUS,
            "system": ADMINISTRATOR_MENUS | {"menu_settings", "menu_holds"},
        }
        for person, menus in wanted.items():
            with self.subTest(person):
                self.assertEqual(self.get_menus(person).keys(), menus)

    def test_other_people_do_not_see_the_app(self):
        self.people["nobody"] = new_test_user(self.env, login="views_nobody")

        self.assertFalse(self.get_menus("nobody"))

    def test_the_speed_of_every_page_is_measured(self):
        shown = {
            action.get_external_id()[action.id].removeprefix(f"{MODULE}.")
            for action in self.get_actions("system")
            if {kind for _view, kind in action.views} != {"form"}
        }

        self.assertEqual(set(screens.ACTIONS), shown)

    def test_every_menu_leads_somewhere(self):
        for xml_id, menu in self.get_menus("system").items():
            with self.subTest(xml_id):
                self.assertTrue(menu["children"] or menu["action_id"])


class PageRecords(ViewHelpers):
    """A record of each model, for the pages to show."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        campaign = cls.send(sandbox_phone("0001"), sandbox_phone("9901"), "12345")
        campaign.write({"source": "person", "user_id": cls.people["user"].id})
        cls.route.with_user(cls.people["administrator"]).action_check_balance()
        cls.env["sms.gateway.template"].create({"name": "A", "text_male": "A"})
        cls.env["sms.gateway.list"].create({"name": "A"})
        cls.env["sms.gateway.policy"].create(
            {"name": "A", "first_route_ids": [fields.Command.link(cls.route.id)]}
        )
        operator = cls.env.ref(f"{MODULE}.operator_ru_mts")
        cls.env["sms.gateway.number.range"].create(
            {
                "first_number": "+79160000000",
                "last_number": "+79169999999",
                "operator_id": operator.id,
            }
        )
        cls.env["sms.gateway.ported.number"].create(
            {"number": "+79161230101", "operator_id": operator.id}
        )
        cls.env["sms.gateway.delivery.report"].create(
            {
                "route_id": cls.route.id,
                "company_id": cls.route.company_id.id,
                "received_at": fields.Datetime.now(),
            }
        )
        cls.env["sms.gateway.inbound"].create(
            {
                "route_id": cls.route.id,
                "company_id": cls.route.company_id.id,
                "message_id": campaign.message_ids[0].id,
                "digest": "1",
                "sender": sandbox_phone("0001"),
                "source": "push",
                "received_at": fields.Datetime.now(),
                "recorded_at": fields.Datetime.now(),
            }
        )
        cls.env["res.users.apikeys"].with_user(cls.people["user"]).sudo()._generate(
            MODULE, "A", None
        )
        cls.env["sms.gateway.hold"].create(
            {
                "identity": "{}",
                "began_at": fields.Datetime.now(),
                "seen_at": fields.Datetime.now(),
                "cause": "database",
                "state": "released",
            }
        )


@tagged("post_install", "-at_install")
class TestPages(PageRecords, GatewayCase):
    """Every page opens and shows a record of each model."""

    def setUp(self):
        super().setUp()
        self.run_lane()
        self.run_fold()

    def test_every_list_shows_its_records(self):
        for person in self.people:
            for action in self.get_actions(person):
                records, arches = self.load_views(action, person)
                if "list" in arches:
                    with self.subTest(person=person, action=action.name):
                        rows = records.web_search_read(
                            self._domain(action), specify(arches["list"])
                        )
                        self.assertTrue(rows["length"])

    def test_every_form_shows_its_record(self):
        for person in self.people:
            for action in self.get_actions(person):
                records, arches = self.load_views(action, person)
                if "form" in arches and not records._transient:
                    with self.subTest(person=person, action=action.name):
                        record = records.search(self._domain(action), limit=1)
                        self.assertTrue(record.web_read(specify(arches["form"])))

    def test_statistics_can_be_grouped(self):
        action = self.env.ref(f"{MODULE}.sms_gateway_statistic_action")
        for person in self.people:
            records, arches = self.load_views(action, person)
            self.assertLessEqual({"graph", "pivot"}, arches.keys())
            groups = records.formatted_read_group(
                [], ["day:day", "state"], ["count:sum"]
            )
            self.assertTrue(groups)

    def test_rows_made_by_the_gateway_are_not_made_by_people(self):
        for model in (
            "message",
            "inbound",
            "provider_request",
            "delivery_report",
            "statistic",
        ):
            action = self.env.ref(f"{MODULE}.sms_gateway_{model}_action")
            _records, arches = self.load_views(action, "administrator")
            with self.subTest(model):
                self.assertEqual(arches["list"].get("create"), "0")
                self.assertEqual(arches["list"].get("delete"), "0")

    def test_buttons_ask_for_filters_that_exist(self):
        action = self.env.ref(f"{MODULE}.sms_gateway_message_action")
        _records, arches = self.load_views(action, "user")
        known = names(arches["search"]) | names(arches["search"], "filter")
        form = self.load_form("sms_gateway_campaign_action", "user")
        contexts = [
            node.get("context") for node in form.iterfind(".//button[@context]")
        ]

        self.assertTrue(contexts)
        for context in contexts:
            asked = literal_eval(re.sub(r": (id|resent_count)\b", ": 1", context))
            wanted = {name.removeprefix("search_default_") for name in asked}
            self.assertLessEqual(wanted, known)

    def _domain(self, action):
        return literal_eval(action.domain or "[]")


@tagged("post_install", "-at_install")
class TestRights(ViewCase):
    """People see the buttons and fields that they may use."""

    def test_who_may_stop_a_campaign_sees_the_buttons(self):
        form = self.load_form("sms_gateway_campaign_action", "user")

        for name in ("action_pause", "action_resume", "action_cancel"):
            [button] = form.iterfind(f".//button[@name='{name}']")
            self.assertIn("not may_move", button.get("invisible"))

    def test_only_administrators_ask_providers_and_see_settings(self):
        for person in ("user", "manager"):
            form = self.load_form("sms_gateway_route_action", person)
            self.assertEqual(
                names(form, "button"),
                {"action_open_messages", "action_open_inbound", "action_open_policies"},
            )
            self.assertFalse({"setting_ids", "price_ids"} & names(form))
        form = self.load_form("sms_gateway_route_action", "administrator")
        self.assertIn("action_test_connection", names(form, "button"))
        self.assertLessEqual({"setting_ids", "price_ids"}, names(form))

    def test_only_the_system_sees_the_webhook_address(self):
        administrator = self.load_form("sms_gateway_route_action", "administrator")
        system = self.load_form("sms_gateway_route_action", "system")

        self.assertNotIn("webhook_url", names(administrator))
        self.assertIn("webhook_url", names(system))

    def test_users_retry_and_resolve(self):
        form = self.load_form("sms_gateway_message_action", "user")

        self.assertEqual(
            names(form, "button"),
            {
                "action_retry",
                "action_resolve_delivered",
                "action_resolve_failed",
                "action_resolve_send_again",
                "action_open_conversation",
                "action_open_recipient",
                "action_blacklist",
            },
        )

    def test_only_administrators_allow_messages_again(self):
        for person in ("user", "manager", "administrator"):
            form = self.load_form("sms_gateway_message_action", person)
            is_seen = "action_allow_again" in names(form, "button")
            self.assertEqual(is_seen, person == "administrator")

    def test_each_decision_about_an_unknown_message_says_what_it_does(self):
        form = self.load_form("sms_gateway_message_action", "user")
        texts = [
            button.get("confirm")
            for button in form.iter("button")
            if button.get("name").startswith("action_resolve_")
        ]

        self.assertEqual(len(set(filter(None, texts))), 3)

    def test_lists_and_cards_tell_for_what_waits(self):
        for name, field in (("message", "outcome"), ("campaign", "state")):
            action = self.env.ref(f"{MODULE}.sms_gateway_{name}_action")
            _records, arches = self.load_views(action, "user")
            for kind in ("list", "kanban"):
                with self.subTest(name, kind=kind):
                    [badge] = arches[kind].xpath(f"//field[@name='{field}']")
                    self.assertEqual(badge.get("widget"), "sms_gateway_status")
                    self.assertIn("waiting_label", names(arches[kind]))

    def test_users_cannot_open_the_keys(self):
        action = self.env.ref(f"{MODULE}.sms_gateway_key_action")

        with self.assertRaises(AccessError):
            action.with_user(self.people["manager"]).read(["name"])


@tagged("post_install", "-at_install")
class TestRouteForm(ViewCase):
    def setUp(self):
        super().setUp()
        self.env = self.env(user=self.people["administrator"])

    @contextmanager
    def edit_setting(self, form, name):
        settings = form.setting_ids._records
        index = [setting["name"] for setting in settings].index(name)
        with form.setting_ids.edit(index) as line:
            yield line

    def fill_route(self):
        form = Form(self.env["sms.gateway.route"])
        form.name = "gate"
        form.provider_code = "xml_gate"
        for name, value in (
            ("url", "https://gate.example"),
            ("login", "shop"),
            ("sender", "SHOP"),
            ("timezone", "Europe/Moscow"),
        ):
            with self.edit_setting(form, name) as line:
                line.value = value
        with self.edit_setting(form, "password") as line:
            line.secret_input = "hush"
        return form.save()

    def get_setting(self, route, name):
        return route.setting_ids.filtered(lambda setting: setting.name == name)

    def test_choosing_a_provider_asks_for_its_settings(self):
        route = self.fill_route()

        declared = route._get_provider_class().settings
        self.assertEqual(
            route.setting_ids.mapped("name"), [setting.name for setting in declared]
        )
        self.assertEqual(self.get_setting(route, "login").value, "shop")

    def test_a_secret_is_stored_and_never_shown(self):
        route = self.fill_route()
        password = self.get_setting(route, "password")

        self.assertEqual(password.sudo().secret_value, "hush")
        shown = password.read()[0]
        self.assertNotIn("secret_value", shown)
        self.assertNotIn("hush", map(str, shown.values()))

    def test_saving_again_keeps_the_secret(self):
        route = self.fill_route()

        with Form(route) as form, self.edit_setting(form, "login") as line:
            line.value = "another"

        self.assertEqual(
            self.get_setting(route, "password").sudo().secret_value, "hush"
        )
        self.assertEqual(self.get_setting(route, "login").value, "another")


@tagged("post_install", "-at_install")
class TestSettingsPage(ViewCase):
    def test_the_gateway_has_a_block_of_its_own(self):
        action = self.env.ref(f"{MODULE}.res_config_settings_action")
        _records, arches = self.load_views(action, "system")
        [block] = arches["form"].xpath(f"//app[@name='{MODULE}']")

        ours = {
            name
            for name in self.env["res.config.settings"]._fields
            if name.startswith("sms_gateway_")
        }
        [native] = arches["form"].xpath("//*[@id='sms_gateway_odoo_sms']")
        self.assertEqual(names(block) | names(native), ours)
        self.assertEqual(len(names(native)), 2, "those of Odoo's own SMS")

    def test_the_ways_to_routes_and_keys_are_open(self):
        settings = self.env["res.config.settings"].with_user(self.people["system"])

        for action in (
            settings.action_sms_gateway_routes(),
            settings.action_sms_gateway_keys(),
        ):
            self.assertEqual(action["type"], "ir.actions.act_window")


@tagged("post_install", "-at_install")
class TestNumberSearch(ViewCase):
    def test_a_whole_number_is_found_however_it_is_written(self):
        message = self.send_one("+79281706700")
        self.send_one("+79281706701")
        Message = self.env["sms.gateway.message"]

        for written in ("+79281706700", "8 (928) 170-67-00", "9281706700"):
            with self.subTest(written):
                self.assertEqual(Message.search([("phone", "ilike", written)]), message)

    def test_a_part_of_a_number_is_found(self):
        message = self.send_one("+79281706700")
        self.send_one("+79281706701")

        found = self.env["sms.gateway.message"].search([("phone", "ilike", "06700")])
        self.assertEqual(found, message)
