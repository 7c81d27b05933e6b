"""Routes: the policies that they stand in, and those among them that are policies."""

from itertools import pairwise

from odoo import api, fields, models


class SmsGatewayRoute(models.Model):
    """Adds the policies that use a route."""

    _inherit = "sms.gateway.route"

    policy_count = fields.Integer("Policies", compute="_compute_policy_count")

    @api.depends("name", "is_policy")
    @api.depends_context("formatted_display_name", "lang")
    def _compute_display_name(self):
        """Override: lists to choose from tell policies from routes; names that are
        stored or asked for by the API stay as they are."""
        super()._compute_display_name()
        if not self.env.context.get("formatted_display_name"):
            return
        for route in self.filtered("is_policy"):
            kind = self.env._("policy")
            route.display_name = f"{route.name}\t--{kind}--"

    def _compute_policy_count(self):
        for route in self:
            route.policy_count = len(route._find_policies())

    def _find_policies(self):
        """The policies with a rule that may choose the route, as far as the user may
        read them."""
        # sudo: only administrators read rules
        choices = self.env["sms.gateway.policy.choice"].sudo()
        found = choices.search([("route_id", "in", self._origin.ids)])
        policies = found.rule_id.step_id.policy_id
        return policies.with_env(self.env)._filtered_access("read")

    def _has_sms_behind_call(self, channel):
        """Whether an SMS can follow a call, of a send that begins with a channel."""
        self.ensure_one()
        if not self.is_policy:
            return channel == "voice" and self.has_sms
        # sudo: who may send may use the policy, only administrators see its steps
        policy = self.env["sms.gateway.policy"].sudo()._of_route(self)
        channels = policy.step_ids.sorted().mapped("channel")
        return ("voice", "sms") in pairwise(channels[channels.index(channel) :])

    # === BUTTONS ===
    def action_open_policies(self):
        """Open the policies that use the route."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_policy_action"
        )
        return {**action, "domain": [("id", "in", self._find_policies().ids)]}
