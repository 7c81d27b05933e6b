"""The dialog that lists and forms open."""

from unittest.mock import patch

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import new_test_user

from odoo.addons.crm_sms_gateway.models.campaigns import filters

from .common import DraftCase


class TestComposerDialog(DraftCase):
    def test_it_opens_on_what_is_selected(self):
        contacts = self.andrey + self.anna
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        action = campaigns.with_context(
            active_model="res.partner", active_ids=contacts.ids
        )._open_composer()
        draft = campaigns.browse(action["res_id"])
        self.assertEqual(draft.recipient_count, 2)
        self.assertEqual(draft.state, "draft")

    def test_a_selection_that_the_browser_cut_is_taken_whole(self):
        contacts = self.andrey + self.anna
        self.startPatcher(patch.object(filters, "ACTIVE_IDS_LIMIT", 1))
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        action = campaigns.with_context(
            active_model="res.partner",
            active_ids=self.anna.ids,
            active_domain=[("id", "in", contacts.ids)],
        )._open_composer()
        self.assertEqual(campaigns.browse(action["res_id"]).recipient_count, 2)

    def test_without_a_route_it_says_what_to_do(self):
        self.env["sms.gateway.route"].search([]).active = False
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        with self.assertRaises(UserError):
            campaigns.with_context(
                active_model="res.partner", active_ids=self.anna.ids
            )._open_composer()

    def test_without_a_route_whoever_may_create_one_gets_a_button_for_it(self):
        self.env["sms.gateway.route"].search([]).active = False
        administrator = new_test_user(
            self.env,
            login="draft_administrator",
            groups="crm_sms_gateway.group_administrator",
        )
        campaigns = self.env["sms.gateway.campaign"].with_user(administrator)
        with self.assertRaises(RedirectWarning) as warned:
            campaigns._create_temporary({})
        _message, action, button, _context = warned.exception.args
        self.assertEqual(action["res_model"], "sms.gateway.route")
        self.assertEqual(button, "Create a route")

    def test_only_users_of_the_gateway_send(self):
        nobody = new_test_user(self.env, login="draft_nobody")
        with self.assertRaises(AccessError):
            self.draft(author=nobody)
