"""What people who cannot see, or not well, meet on the screens: axe-core is asked."""

import base64
import json
import os
from ast import literal_eval
from pathlib import Path
from unittest import skipUnless

from odoo import fields
from odoo.tests import tagged

from odoo.addons.web.controllers.utils import clean_action

from ..common import GatewayHttpCase, sandbox_phone
from .test_views import MODULE, PageRecords

AXE_CORE = Path(os.environ.get("AXE_CORE", ""))
MODULES = "odoo.loader.modules"
WALK = "@crm_sms_gateway/../tests/tours/accessibility"
SETTINGS = f".app_settings_block[data-key={MODULE}]"

#: Rule and selector of what Odoo's own widgets and theme show in every view, those of
#: other addons as well.
OF_ODOO = (
    # the theme's muted grey has 4.33 of 4.5 on white; on our alerts it would be ours
    ("color-contrast", ".text-muted:not(.alert *), .text-muted:not(.alert *) *"),
    # the theme's colours of badges and, on narrow screens, of labels
    ("color-contrast", ".badge"),
    ("color-contrast", ".o_form_label:not(.alert *)"),
    # selection fields
    ("aria-allowed-attr", ".o-dropdown, .o-autocomplete--input"),
    ("autocomplete-valid", ".o_select_menu_input"),
    # progress bars in lists and cards
    ("aria-allowed-attr", ".o_progress"),
    # lists: the choice of columns, the choice of rows, booleans
    ("button-name", ".o_optional_columns_dropdown .dropdown-toggle"),
    ("label", ".o_list_record_selector input, #boolean_checkbox"),
    # notebooks
    ("aria-required-parent", ".o_notebook .nav-link"),
    # texts with a button that copies them, pictures of users
    ("button-name", ".o_clipboard_button"),
    ("image-alt", ".o_field_widget .o-mail-Avatar img"),
    # the chatter
    ("aria-prohibited-attr", ".o-mail-Chatter *"),
    ("image-alt", ".o-mail-Chatter *"),
    ("role-img-alt", ".o-mail-Chatter *"),
    # calendars and pivots
    ("button-name", ".o_calendar_container button"),
    ("label", ".o_calendar_filter input"),
    ("label-content-name-mismatch", ".fc-day"),
    ("scrollable-region-focusable", ".o_pivot"),
)


@skipUnless(AXE_CORE.is_file(), "needs axe-core, which scripts/test installs")
class AccessibilityCase(PageRecords, GatewayHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.people["system"]
        cls.person.group_ids += cls.env.ref("base.group_partner_manager")
        cls.axe = cls.env["ir.attachment"].create(
            {
                "name": "axe.min.js",
                "raw": AXE_CORE.read_bytes(),
                "mimetype": "text/javascript",
                "public": True,
            }
        )
        cls.customers = cls.env["res.partner"].create(
            [
                {"name": "Anna Lebedeva", "phone": sandbox_phone("0001")},
                {"name": "Without a number"},
            ]
        )
        cls.recipients = cls.env["sms.gateway.list"].search([], limit=1)
        cls.recipients.member_ids = [
            fields.Command.create({"partner_id": cls.customers[0].id})
        ]

    def setUp(self):
        super().setUp()
        self.run_lane()
        with self.later(10):
            self.run_poll()
            self.run_fold()
        self.env = self.env(user=self.person)

    def walk(self, screens):
        """Open screens one after another, and fail with what is found on any."""
        walk = {
            "url": f"/web/content/{self.axe.id}/axe.min.js",
            "screens": screens,
            "accepted": OF_ODOO,
        }
        self.browser_js(
            "/odoo",
            f"{MODULES}.get('{WALK}').walk({json.dumps(walk)})",
            f"odoo.isReady && {MODULES}.has('{WALK}')",
            login=self.person.login,
            timeout=300,
        )

    # === SCREENS ===
    def iterate_menus(self):
        """Each view of each action of the menus."""
        for menu in self.get_menus("system").values():
            if menu["action_model"] == "ir.actions.client":
                yield {"title": menu["name"], "action": menu["action_id"]}
        for action in self.get_actions("system").with_user(self.person).sudo():
            for _view, kind in action.views:
                yield self.make_screen(action, kind)

    def make_screen(self, action, kind):
        screen = {"title": f"{action.name}, {kind}", "action": action.id}
        model = self.env[action.res_model]
        if model._name == "res.config.settings":
            return {**screen, "shown": SETTINGS}
        options = {"viewType": kind}
        if kind == "form" and not model._transient:
            domain = literal_eval(action.domain or "[]")
            options["props"] = {"resId": model.search(domain, limit=1).id}
        return {**screen, "options": options}

    def make_form(self, title, record):
        """A record's form, as it opens from a list."""
        return {
            "title": f"{title}, form",
            "action": {
                "type": "ir.actions.act_window",
                "res_model": record._name,
                "res_id": record.id,
                "views": [[False, "form"]],
            },
        }

    def iterate_forms(self):
        """Records in the states that have something of their own to show."""
        Campaign = self.env["sms.gateway.campaign"]
        yield self.make_form("New campaign", Campaign)
        yield self.make_form("New route", self.env["sms.gateway.route"])
        for state in ("delivered", "failed"):
            message = self.env["sms.gateway.message"].search(
                [("state", "=", state)], limit=1
            )
            yield self.make_form(f"Message {state}", message)

    def iterate_dialogs(self):
        """Each dialog, in each of its steps."""
        for title, action in self.iterate_dialog_actions():
            yield {"title": title, "action": clean_action(action, self.env)}

    def iterate_dialog_actions(self):
        campaign = self.env["sms.gateway.campaign"].search(
            [("not_delivered_count", ">", 0)], limit=1
        )
        selection = {"active_model": "res.partner", "active_ids": self.customers.ids}
        yield (
            "Composer",
            campaign.with_context(**selection)._open_composer(),
        )
        yield "Send again", campaign.action_send_again()
        yield (
            "Add to list",
            self.env["sms.gateway.list.add"].with_context(**selection)._open(),
        )
        yield from self.iterate_imports()
        hold = self.env["sms.gateway.hold"].search([], limit=1)
        yield "Hold", self.env["sms.gateway.hold.wizard"]._open(hold)
        for name in ("key_wizard", "ranges_import", "ported_import"):
            action = self.env["ir.actions.act_window"]._for_xml_id(
                f"{MODULE}.sms_gateway_{name}_action"
            )
            yield action["name"], action

    def iterate_imports(self):
        """The steps of an import: the file, its columns, what is wrong in it."""
        recipients = self.recipients.with_env(self.env)
        yield "Import of recipients", recipients.action_import()
        one = self.env["sms.gateway.import"].create(
            {
                "list_id": recipients.id,
                "file": base64.b64encode(b"Phone;Name\n89161230101;Anna\n12;Ivan\n"),
                "file_name": "people.csv",
            }
        )
        yield "Columns of an import", one.action_read()


@tagged("post_install", "-at_install")
class TestAccessibility(AccessibilityCase):
    def test_nothing_severe_is_found_on_any_screen(self):
        self.walk(
            [*self.iterate_menus(), *self.iterate_forms(), *self.iterate_dialogs()]
        )


@tagged("post_install", "-at_install")
class TestAccessibilityOnAPhone(AccessibilityCase):
    browser_size = "480x800"

    def test_nothing_severe_is_found_on_a_narrow_screen(self):
        self.walk([*self.iterate_menus(), *self.iterate_dialogs()])
