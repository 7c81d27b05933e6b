"""Routing policies: named choices among routes, and cascades of steps."""

from dataclasses import replace

from odoo import Command, api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ...tools.routing import SingleRoute
from ..routes.sms_gateway_route_evaluation import evaluated_later
from ..sending.selections import CHANNELS
from .plan import Plan
from .route_facts import make_tariffs, read_shares
from .sms_gateway_policy_rule import STRATEGIES


class SmsGatewayPolicy(models.Model):
    """A choice among routes that stands wherever a route can stand.

    A policy *is* a route without a provider: requests, campaigns, server actions and
    companies name either, and their names share one space. Messages are written with
    the real route that was chosen for them.
    """

    _name = "sms.gateway.policy"
    _description = "SMS Gateway Routing Policy"
    _inherits = {"sms.gateway.route": "route_id"}
    _order = "id"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", string="Name as route"
    )
    step_ids = fields.One2many(
        "sms.gateway.policy.step", "policy_id", string="Steps", copy=True
    )
    summary = fields.Char("Cascade", compute="_compute_summary", compute_sudo=True)

    # a new policy is made of these: one step with one rule for all messages
    first_channel = fields.Selection(
        CHANNELS, "Channel of the first step", default="sms", store=False
    )
    first_strategy = fields.Selection(
        STRATEGIES, "Choice of the route", default="order", store=False
    )
    first_route_ids = fields.Many2many(
        "sms.gateway.route",
        string="Routes of the first step",
        store=False,
        domain="[('is_policy', '=', False)]",
        help="In this order: the first available route is used. You can add steps and"
        " rules after saving.",
    )

    _route_unique = models.UniqueIndex("(route_id)")

    # === COMPUTES ===
    @api.depends("step_ids.channel", "step_ids.rule_ids.choice_ids.route_id")
    @api.depends_context("lang")
    def _compute_summary(self):
        """For everybody who may use the policy: its rules are the administrators'."""
        for policy in self:
            steps = policy.step_ids.sorted()
            policy.summary = " → ".join(steps.mapped("display_name"))

    # === CHECKS ===
    @api.constrains("step_ids")
    def _check_steps(self):
        for policy in self:
            if not policy.step_ids:
                raise ValidationError(
                    self.env._(
                        "Policy “%(policy)s” has no steps. Add at least one.",
                        policy=policy.name,
                    )
                )

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: the route that stands for the policy has no provider."""
        own = {"is_policy": True, "provider_code": False}
        policies = super(SmsGatewayPolicy, evaluated_later(self)).create(
            [{**_add_first_step(vals), **own} for vals in vals_list]
        )
        policies = policies.with_env(self.env)
        # sudo: only the system sees addresses of providers; a policy has none
        policies.sudo().route_id.webhook_token = False
        policies._check_steps()
        policies._sync_route()
        return policies

    def write(self, vals):
        """Override: see `_sync_route`."""
        result = super().write(vals)
        self._sync_route()
        return result

    def copy_data(self, default=None):
        """Override: names are unique, so a copy gets one of its own."""
        return [
            {
                "name": self.env._("%(route)s (copy)", route=policy.name),
                "company_id": policy.company_id.id,
                "step_ids": vals.get("step_ids", []),
                **(default or {}),
            }
            for policy, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def unlink(self):
        """Override: the route that stands for the policy goes with it."""
        routes = self.route_id
        result = super().unlink()
        routes.unlink()
        return result

    def _sync_route(self):
        """The policy offers the channels of its steps."""
        self.env.registry.clear_cache()
        for policy in self:
            channels = set(policy.step_ids.mapped("channel"))
            wanted = {"has_sms": "sms" in channels, "has_voice": "voice" in channels}
            if any(policy[name] != value for name, value in wanted.items()):
                policy.route_id.write(wanted)

    # === PLANS ===
    @api.model
    def _make_plan(self, campaign):
        """What the messages of a campaign take first.

        :rtype: Plan
        :raise UserError: the policy has no step of the campaign's channel
        """
        route, channel = campaign.route_id, campaign.channel
        if route.is_policy:
            return self._get_step(route, channel)._make_plan(campaign)
        return self._make_single_plan(route, campaign, channel)

    def _get_step(self, route, channel):
        """The first step of a channel.

        :raise UserError: the policy has none
        """
        # sudo: who may send may use the policy, only administrators see its rules
        policy = self.sudo()._of_route(route)
        step = policy.step_ids.filtered(lambda s: s.channel == channel)[:1]
        if not step:
            raise UserError(
                self.env._(
                    "Policy “%(policy)s” has no step for this channel. Select another"
                    " policy or channel.",
                    policy=policy.name,
                )
            )
        return step

    @api.model
    def _make_plan_again(self, campaign, way, *, route=None, starts_at=None):
        """What messages take that are sent again.

        :param way: `Way` that they went
        :param route: another one, or a policy; None for the same way
        :param starts_at: naive UTC, None for at once
        :rtype: Plan
        :raise UserError: the route would not send them
        """
        plan = self._choose_again(campaign, way, route)
        return replace(plan, starts_at=starts_at, lives_anew=True)

    def _choose_again(self, campaign, way, route):
        if route and route.is_policy:
            return self._get_step(route, way.channel)._make_plan(campaign)
        step = self.env["sms.gateway.policy.step"].browse(way.step_id).exists()
        if step and step.channel == way.channel and not route:
            return step._make_plan(campaign)
        route = route or self.env["sms.gateway.route"].browse(way.route_id)
        # nothing keeps the route of a step that is gone from being archived
        route._check_sends(way.channel)
        return self._make_single_plan(route, campaign, way.channel)

    @api.model
    def _make_single_plan(self, route, campaign, channel):
        """What messages of a campaign take through one route. Behind an unanswered call
        the SMS goes that was given with it.

        :rtype: Plan
        """
        tariffs, lookup = make_tariffs(
            route, channel, campaign.category or None, is_debug=campaign.is_debug
        )
        chooser = SingleRoute(route.id, tariffs)
        plan = Plan(chooser, channel, tariffs=tariffs, lookup=lookup)
        if channel == "voice" and route.has_sms:
            return replace(plan, follow_up="definite", needs_alternative=True)
        return plan

    @api.model
    def _of_route(self, route):
        """The policy that a route stands for."""
        return self.browse(self._get_id_of_route(route.id))

    @api.model
    @tools.ormcache("route_id")
    def _get_id_of_route(self, route_id):
        found = self.with_context(active_test=False).search(
            [("route_id", "=", route_id)]
        )
        return found.id

    @api.model
    @tools.ormcache("channel", "minute")
    def _read_shares(self, channel, minute):
        """See `route_facts.get_shares`; a new minute is read anew."""
        return read_shares(self.env, channel)

    # === BUTTONS ===
    def action_check_route(self):
        """Open the screen that explains which route a message would take."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_route_check_action"
        )
        return {**action, "context": {"default_route_id": self.route_id.id}}

    def action_open_messages(self):
        """Open the messages of the campaigns that named the policy."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        domain = [("campaign_id.route_id", "=", self.route_id.id)]
        return {**action, "domain": domain, "context": {}}


def _add_first_step(vals):
    """Values of a policy, with the step that its form has asked for in short.

    Steps that are given count: then nothing was asked for in short.
    """
    first_names = ("first_channel", "first_strategy", "first_route_ids")
    rest = {name: value for name, value in vals.items() if name not in first_names}
    if vals.get("step_ids") or not vals.get("first_route_ids"):
        return rest
    rule = {
        "strategy": vals.get("first_strategy") or "order",
        "route_ids": vals["first_route_ids"],
    }
    step = {
        "channel": vals.get("first_channel") or "sms",
        "rule_ids": [Command.create(rule)],
    }
    return {**rest, "step_ids": [Command.create(step)]}
