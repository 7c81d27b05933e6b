"""One entry to send SMS in the menu *Actions*."""

from odoo.tests import new_test_user, tagged

from ...common import GatewayCase


@tagged("-at_install", "post_install")
class TestActionMenu(GatewayCase):
    def list_entries(self, model_name, groups):
        user = new_test_user(
            self.env, login=f"menu_{model_name}_{len(groups)}", groups=groups
        )
        actions = self.env["ir.actions.actions"].with_user(user)
        bound = actions.get_bindings(model_name)["action"]
        names = [action["name"] for action in bound]
        return [name for name in names if "SMS" in name and "Send" in name]

    def test_the_gateways_entry_stands_for_odoos(self):
        self.env.company.sms_gateway_route_id = self.route
        groups = "crm_sms_gateway.group_user,sales_team.group_sale_salesman"
        for model_name in ("res.partner", "crm.lead"):
            with self.subTest(model_name):
                self.assertEqual(
                    self.list_entries(model_name, groups), ["Send via SMS Gateway"]
                )

    def test_both_stay_where_odoo_sends_another_way(self):
        groups = "crm_sms_gateway.group_user,sales_team.group_sale_salesman"
        entries = self.list_entries("res.partner", groups)
        self.assertIn("Send via SMS Gateway", entries)
        self.assertGreater(len(entries), 1)

    def test_whoever_has_no_gateway_keeps_odoos_entry(self):
        self.env.company.sms_gateway_route_id = self.route
        entries = self.list_entries("res.partner", "base.group_user")
        self.assertTrue(entries)
        self.assertNotIn("Send via SMS Gateway", entries)
