"""What the addon takes along when it is uninstalled; Odoo removes its own records."""

from datetime import timedelta

from odoo import fields
from odoo.modules.module import Manifest
from odoo.tests import tagged

from odoo.addons import crm_sms_gateway
from odoo.addons.crm_sms_gateway.models.access.res_users import KEY_SCOPE

from ..campaigns.common import DraftCase


@tagged("post_install", "-at_install")
class TestUninstall(DraftCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "https://crm.example.com")
        parameters.set_param("crm_sms_gateway.retention_days", "30")

    def uninstall(self):
        hook = Manifest.for_addon("crm_sms_gateway")["uninstall_hook"]
        self.env.flush_all()
        getattr(crm_sms_gateway, hook)(self.env)
        self.env.invalidate_all()

    def count(self, model_name, *domain):
        return self.env[model_name].search_count(list(domain))

    def make_key(self, scope):
        keys = self.env["res.users.apikeys"].with_user(self.env.ref("base.user_admin"))
        later = fields.Datetime.now() + timedelta(days=1)
        return keys._generate(scope, f"key {scope}", later)

    def test_keys_of_the_gateway_go_and_others_stay(self):
        self.make_key(KEY_SCOPE)
        self.make_key("rpc")
        self.uninstall()
        self.assertFalse(self.count("res.users.apikeys", ("scope", "=", KEY_SCOPE)))
        self.assertEqual(self.count("res.users.apikeys", ("name", "=", "key rpc")), 1)

    def test_trackers_and_clicks_of_the_gateway_go_and_others_stay(self):
        other = self.env["link.tracker"].create(
            {"url": "https://example.com/other", "title": "Other"}
        )
        campaign = self.send_draft(
            self.anna, text_female="https://example.com/sale", has_short_links=True
        )
        link = self.env["sms.gateway.link"].search([("campaign_id", "=", campaign.id)])
        tracker = link.link_tracker_id
        link._click(link.token, ip="192.0.2.1", country_code=None)
        message = self.get_messages(campaign.sudo())
        self.env["sms.tracker"].create({"sms_uuid": message.uuid})
        self.env["sms.tracker"].create({"sms_uuid": "0" * 32})
        self.uninstall()
        self.assertFalse(tracker.exists())
        self.assertFalse(self.count("link.tracker.click"))
        self.assertTrue(other.exists())
        self.assertFalse(self.count("sms.tracker", ("sms_uuid", "=", message.uuid)))
        self.assertTrue(self.count("sms.tracker", ("sms_uuid", "=", "0" * 32)))

    def test_parameters_and_what_names_its_models_go(self):
        self.env["ir.filters"].create(
            {"name": "mine", "model_id": "sms.gateway.message"}
        )
        self.env["ir.exports"].create({"name": "all", "resource": "sms.gateway.route"})
        others = self.count("ir.filters", ("model_id", "not like", "sms.gateway"))
        self.uninstall()
        for model_name, name, prefix in (
            ("ir.config_parameter", "key", "crm_sms_gateway."),
            ("ir.filters", "model_id", "sms.gateway."),
            ("ir.exports", "resource", "sms.gateway."),
        ):
            with self.subTest(model_name):
                self.assertFalse(self.count(model_name, (name, "=like", f"{prefix}%")))
        self.assertEqual(self.count("ir.filters"), others)
