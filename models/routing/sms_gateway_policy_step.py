"""Steps of policies: a channel, its rules, and when the next step begins."""

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ...tools.routing import RouteChooser
from ..sending.selections import CHANNELS
from .plan import Plan
from .route_facts import collect_facts


class SmsGatewayPolicyStep(models.Model):
    """One step of a cascade.

    The next step begins only after a definite end of this one: refused, failed, expired
    by the provider's word, or its time to live over without having been handed over. An
    unknown outcome begins it only where `may_repeat` allows that.
    """

    _name = "sms.gateway.policy.step"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Policy Step"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one(
        "sms.gateway.policy", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    channel = fields.Selection(CHANNELS, required=True, default="sms")
    ttl = fields.Integer("Validity period (s)")
    ttl_hours = fields.Float(
        "Send within",
        compute="_compute_ttl_hours",
        inverse="_inverse_ttl_hours",
        help="Validity period of this step (hours:minutes). Empty = that of the"
        " campaign.",
    )
    ends_with = fields.Selection(
        [("delivered", "Delivered"), ("submitted", "Submitted to the provider")],
        string="Done when",
        required=True,
        default="delivered",
        help="Status with which the cascade is complete, so no further step follows.",
    )
    may_repeat = fields.Boolean(
        "Continue without a final status (the recipient may get both messages)",
        help="The next step also starts when the outcome of this one is unknown or no"
        " delivery report came within its validity period. The recipient may get two"
        " messages.",
    )
    rule_ids = fields.One2many(
        "sms.gateway.policy.rule", "step_id", string="Rules", copy=True
    )
    is_last = fields.Boolean(compute="_compute_is_last")

    _ttl_positive = models.Constraint(
        "CHECK (ttl >= 0)", "The validity period cannot be negative."
    )

    @api.depends("channel", "rule_ids.choice_ids.route_id")
    def _compute_display_name(self):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for step in self:
            names = step.rule_ids.choice_ids.route_id.mapped("name")
            step.display_name = f"{labels.get(step.channel)}: {', '.join(names)}"

    @api.depends("ttl")
    def _compute_ttl_hours(self):
        for step in self:
            step.ttl_hours = step.ttl / 3600

    def _inverse_ttl_hours(self):
        for step in self:
            step.ttl = round(step.ttl_hours * 3600)

    @api.depends("sequence", "policy_id.step_ids.sequence")
    def _compute_is_last(self):
        for step in self:
            step.is_last = step == step.policy_id.step_ids.sorted()[-1:]

    # === CHECKS ===
    @api.constrains("rule_ids", "channel")
    def _check_rules(self):
        for step in self:
            rules = step.rule_ids.sorted()
            if not rules or not rules[-1]._as_rule().matches_all:
                raise ValidationError(
                    self.env._(
                        "The last rule of step %(step)s must apply to all messages. Add"
                        " a rule without conditions at the end.",
                        step=step._get_number(),
                    )
                )
            rules._check_choices()

    @api.constrains("may_repeat", "ttl")
    def _check_may_repeat(self):
        """Without a time nobody knows how long to wait for a report."""
        for step in self:
            if step.may_repeat and not step.ttl:
                raise ValidationError(
                    self.env._(
                        "Step %(step)s continues without a final status. Enter its"
                        " validity period in “Send within”: the next step starts when"
                        " it ends.",
                        step=step._get_number(),
                    )
                )

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: the policy offers the channels of its steps."""
        steps = super().create(vals_list)
        steps.policy_id._sync_route()
        return steps

    def write(self, vals):
        """Override: see `create`."""
        result = super().write(vals)
        self.policy_id._sync_route()
        return result

    def unlink(self):
        """Override: see `create`."""
        policies = self.policy_id
        result = super().unlink()
        policies.exists()._sync_route()
        return result

    # === RULES ===
    def _put_general_rules_last(self):
        """No rule behind one without conditions would ever be asked."""
        for step in self:
            rules = step.rule_ids.sorted()
            general = rules.filtered(lambda rule: rule._as_rule().matches_all)
            if rules[len(rules) - len(general) :] != general:
                general.sequence = rules[-1].sequence + 1

    # === PLANS ===
    def _get_number(self):
        """The place of this step in its policy, from 1."""
        self.ensure_one()
        return list(self.policy_id.step_ids.sorted()).index(self) + 1

    def _get_next(self):
        """The step behind this one, empty for the last one."""
        self.ensure_one()
        behind = self.policy_id.step_ids.sorted()[self._get_number() :]
        return behind[:1]

    def _make_plan(self, campaign):
        """:rtype: Plan"""
        self.ensure_one()
        category = campaign.category or None
        facts, lookup = self._collect_facts(category, is_debug=campaign.is_debug)
        return Plan(
            RouteChooser(self._get_rules(), facts, category=category),
            self.channel,
            step_id=self.id,
            follow_up=self._get_follow_up(),
            ttl=self.ttl,
            tariffs=facts.tariffs,
            lookup=lookup,
        )

    def _get_follow_up(self):
        """When the next step begins: see `sms.gateway.message.follow_up`."""
        if not self._get_next():
            return None
        return "any" if self.may_repeat else "definite"

    def _collect_facts(self, category, *, is_debug=False):
        """See `collect_facts`."""
        return collect_facts(
            self.env, self._get_rules(), self.channel, category, is_debug=is_debug
        )

    @tools.ormcache("self.id")
    def _get_rules(self):
        """:rtype: list[tools.routing.Rule]"""
        return [rule._as_rule() for rule in self.rule_ids.sorted()]
