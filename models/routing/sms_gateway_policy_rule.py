"""Rules of steps: which messages take which routes."""

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ...tools import routing
from ...tools.prices import strip_marks
from ..routes.sms_gateway_price import read_prefix
from ..sending.selections import CATEGORIES

STRATEGIES = [
    ("order", "In this order"),
    ("price", "Lowest price"),
    ("delivery", "Best delivery rate"),
    ("weight", "By share"),
]


class SmsGatewayPolicyRule(models.Model):
    """Conditions and the routes of the messages that meet them.

    The rules of a step are asked in their order; the first one that a message matches
    decides.
    """

    _name = "sms.gateway.policy.rule"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Policy Rule"
    _order = "step_id, sequence, id"

    step_id = fields.Many2one(
        "sms.gateway.policy.step", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    # what a rule depends on is not deleted: without it the rule would be for everybody
    country_ids = fields.Many2many(
        "res.country", string="Countries", ondelete="restrict"
    )
    prefixes = fields.Text(
        "Number prefixes",
        help="Starts of numbers with the country code, separated by commas or lines,"
        " e.g. +7916, +7917.",
    )
    operator_ids = fields.Many2many(
        "sms.gateway.operator", string="Operators", ondelete="restrict"
    )
    category = fields.Selection(CATEGORIES, string="Message category")
    min_segments = fields.Integer("From SMS parts")
    max_segments = fields.Integer("To SMS parts", help="0 = no limit.")
    strategy = fields.Selection(
        STRATEGIES,
        "Choice of the route",
        required=True,
        default="order",
        help="In this order: the first available route.\n"
        "Lowest price: by the price lists of the routes; unknown prices come last.\n"
        "Best delivery rate: by the messages of the last hours; routes with too few"
        " messages get a tenth of the messages until they can be rated.\n"
        "By share: in proportion to the shares of the routes.",
    )
    choice_ids = fields.One2many(
        "sms.gateway.policy.choice", "rule_id", string="Routes", copy=True
    )
    route_ids = fields.Many2many(
        "sms.gateway.route",
        string="Routes in order",
        compute="_compute_route_ids",
        inverse="_inverse_route_ids",
        domain="[('is_policy', '=', False)]",
    )
    conditions = fields.Char(compute="_compute_conditions")

    @api.depends(
        "country_ids",
        "prefixes",
        "operator_ids",
        "category",
        "min_segments",
        "max_segments",
    )
    @api.depends_context("lang")
    def _compute_conditions(self):
        for rule in self:
            rule.conditions = "; ".join(rule._describe()) or self.env._("All messages")

    @api.depends("choice_ids.route_id", "choice_ids.sequence")
    def _compute_route_ids(self):
        for rule in self:
            rule.route_ids = rule.choice_ids.sorted("sequence").route_id

    def _inverse_route_ids(self):
        """Routes that were added come last."""
        for rule in self:
            wanted, choices = rule.route_ids, rule.choice_ids
            last = max(choices.mapped("sequence"), default=0)
            gone = choices.filtered(
                lambda one, wanted=wanted: one.route_id not in wanted
            )
            added = wanted - choices.route_id
            rule.choice_ids = [
                *(Command.delete(choice.id) for choice in gone),
                *_make_choices(added.ids, last + 1),
            ]

    def _describe(self):
        """The conditions as words, one after the other."""
        if self.country_ids:
            yield ", ".join(self.country_ids.mapped("name"))
        if self.prefixes:
            yield ", ".join(self._read_prefixes())
        if self.operator_ids:
            yield ", ".join(self.operator_ids.mapped("name"))
        if self.category:
            labels = dict(self._fields["category"]._description_selection(self.env))
            yield labels[self.category]
        if self.min_segments > 1 or self.max_segments:
            first = max(self.min_segments, 1)
            yield (
                self.env._(
                    "%(first)s–%(last)s SMS parts", first=first, last=self.max_segments
                )
                if self.max_segments
                else self.env._("at least %(first)s SMS parts", first=first)
            )

    # === CHECKS ===
    @api.constrains("prefixes")
    def _check_prefixes(self):
        for rule in self:
            rule._read_prefixes()

    @api.constrains("min_segments", "max_segments")
    def _check_segments(self):
        for rule in self:
            first, last = rule.min_segments, rule.max_segments
            if min(first, last) < 0 or 0 < last < first:
                raise ValidationError(
                    self.env._(
                        "A rule of step %(step)s applies to no message: SMS parts from"
                        " %(first)s to %(last)s. Correct the numbers; 0 = no limit.",
                        step=rule.step_id._get_number(),
                        first=first,
                        last=last,
                    )
                )

    @api.constrains("choice_ids", "strategy")
    def _check_choices(self):
        for rule in self:
            if not rule.choice_ids:
                raise ValidationError(
                    self.env._(
                        "Rule “%(rule)s” of step %(step)s has no route. Add at least"
                        " one.",
                        rule=rule.conditions,
                        step=rule.step_id._get_number(),
                    )
                )
            if rule.strategy == "weight" and not any(rule.choice_ids.mapped("weight")):
                raise ValidationError(
                    self.env._(
                        "Rule “%(rule)s” of step %(step)s chooses by share: at least"
                        " one route needs a share above 0.",
                        rule=rule.conditions,
                        step=rule.step_id._get_number(),
                    )
                )
            rule.choice_ids._check_route()

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: a rule has its routes at once, one for everything comes last."""
        rules = super().create([_choose_routes(vals) for vals in vals_list])
        rules.step_id._put_general_rules_last()
        return rules

    def write(self, vals):
        """Override: see `create`; the choices say more than their routes."""
        if "choice_ids" in vals:
            vals = {name: vals[name] for name in vals.keys() - {"route_ids"}}
        result = super().write(vals)
        self.step_id._put_general_rules_last()
        self.step_id._check_rules()
        return result

    def unlink(self):
        """Override: the last rule of a step stays one for everything."""
        steps = self.step_id
        result = super().unlink()
        steps.exists().filtered("rule_ids")._check_rules()
        return result

    # === BUSINESS METHODS ===
    def _as_rule(self):
        """:rtype: tools.routing.Rule"""
        self.ensure_one()
        return routing.Rule(
            id=self.id,
            options=tuple(
                routing.Option(choice.route_id.id, choice.weight)
                for choice in self.choice_ids.sorted()
            ),
            strategy=self.strategy,
            countries=frozenset(self.country_ids.mapped("code")),
            prefixes=self._read_prefixes(),
            operators=frozenset(self.operator_ids.ids),
            categories=frozenset(filter(None, [self.category])),
            min_segments=self.min_segments,
            max_segments=self.max_segments,
        )

    def _read_prefixes(self):
        """:return: tuple of prefixes as numbers begin
        :raise ValidationError: one is no beginning of a number
        """
        written = (self.prefixes or "").replace(",", "\n").replace(";", "\n")
        # a line of marks only is an empty one
        lines = filter(strip_marks, written.splitlines())
        return tuple(read_prefix(self.env, line.strip()) for line in lines)


def _choose_routes(vals):
    """Values of a new rule whose routes were given without more about them."""
    if "route_ids" not in vals:
        return vals
    rest = {name: value for name, value in vals.items() if name != "route_ids"}
    if rest.get("choice_ids"):
        return rest
    route_ids = _read_ids(vals["route_ids"])
    return {**rest, "choice_ids": _make_choices(route_ids, 1)}


def _read_ids(commands):
    """The records that commands of a new record link, in their order; those of the web
    client are as short as can be."""
    for command, *arguments in commands:
        if command == Command.LINK:
            yield arguments[0]
        elif command == Command.SET:
            yield from arguments[1]


def _make_choices(route_ids, first_sequence):
    return [
        Command.create({"route_id": route_id, "sequence": sequence})
        for sequence, route_id in enumerate(route_ids, first_sequence)
    ]


class SmsGatewayPolicyChoice(models.Model):
    """A route of a rule."""

    _name = "sms.gateway.policy.choice"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Policy Route"
    _order = "rule_id, sequence, id"
    _rec_name = "route_id"

    rule_id = fields.Many2one(
        "sms.gateway.policy.rule", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    route_id = fields.Many2one(
        "sms.gateway.route",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('is_policy', '=', False)]",
    )
    weight = fields.Integer("Share", default=1)

    _route_unique = models.UniqueIndex(
        "(rule_id, route_id)", "A route can be used only once in a rule."
    )
    _weight_positive = models.Constraint(
        "CHECK (weight >= 0)", "The share cannot be negative."
    )

    @api.constrains("route_id", "rule_id")
    def _check_route(self):
        for choice in self:
            step = choice.rule_id.step_id
            route, policy = choice.route_id, step.policy_id
            if route.is_policy:
                raise ValidationError(
                    self.env._("A policy cannot contain another policy.")
                )
            if route.company_id != policy.company_id:
                raise ValidationError(
                    self.env._(
                        "Route “%(route)s” belongs to another company than policy"
                        " “%(policy)s”.",
                        route=route.name,
                        policy=policy.name,
                    )
                )
            route._check_sends(step.channel)
