"""Which route? Shows how the route of a message would be chosen, and sends nothing."""

from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..models.common.amounts import format_price
from ..models.common.moment import say_moment
from ..models.recipients.phone import read_phone
from ..models.routing.route_facts import collect_facts, get_shares
from ..models.sending.reasons import explain_problem
from ..models.sending.selections import CATEGORIES, CHANNELS
from ..tools.compose import Rules, compose_ready
from ..tools.msisdn import Reading, e164, find_country
from ..tools.routing import Option, Rule, explain_choice
from ..tools.segments import count_segments

#: Stands for a text that is not given: then only its length matters.
SOME_TEXT = "…"


class SmsGatewayRouteCheck(models.TransientModel):
    """Explains for one number and text which route a message would take, and why."""

    _name = "sms.gateway.route.check"
    _description = "SMS Gateway Route Check"

    route_id = fields.Many2one(
        "sms.gateway.route",
        "Route or policy",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["sms.gateway.campaign"]._get_default_route(),
    )
    phone = fields.Char("Number")
    text = fields.Text()
    segments = fields.Integer(
        "SMS parts",
        compute="_compute_segments",
        store=True,
        readonly=False,
        help="Calculated from the text. You can also enter it without a text.",
    )
    channel = fields.Selection(
        CHANNELS,
        compute="_compute_channel",
        store=True,
        readonly=False,
        help="A policy begins with its first step of this channel.",
    )
    category = fields.Selection(CATEGORIES, "Message category")
    result = fields.Html(compute="_compute_result", sanitize=False)

    # === COMPUTES ===
    @api.depends("text")
    def _compute_segments(self):
        for check in self:
            check.segments = count_segments(check.text).count if check.text else 1

    @api.depends("route_id")
    def _compute_channel(self):
        for check in self:
            route = check.route_id
            first = route and route._get_first_channel()
            check.channel = first if route.has_sms else "voice"

    @api.depends("route_id", "phone", "text", "segments", "channel", "category")
    @api.depends_context("lang", "tz")
    def _compute_result(self):
        for check in self:
            is_complete = check.route_id and check.phone and check.channel
            check.result = is_complete and self.env["ir.qweb"]._render(
                "crm_sms_gateway.sms_gateway_route_check_result", check._explain()
            )

    # === EXPLANATION ===
    def _explain(self):
        """:return: dict of what the template shows"""
        number = self._read_phone().number
        if not number:
            return {"problems": self._find_problems(self._compose(self.channel))}
        return {
            "number": number,
            "country": self._name_country(number),
            "operator": self._name_operator(number),
            "steps": list(self._explain_steps()),
        }

    def _read_phone(self):
        """As requests are read, or else as records of the company.

        :rtype: Reading
        """
        number = e164(self.phone)
        if number:
            return Reading(self.phone, number)
        return read_phone(self.phone, self.route_id.company_id)

    def _name_country(self, number):
        code = find_country(number)
        return self.env["res.country"].search([("code", "=", code)], limit=1).name

    def _name_operator(self, number):
        """The operator and where that is known from, in words."""
        operators = self.env["sms.gateway.operator"]
        lookup = operators._make_lookup()
        lookup.learn([number])
        operator_id, source = lookup.find(number)
        sources = {
            "ported": self.env._("ported number"),
            "range": self.env._("imported number range"),
            "prefix": self.env._("number range; a ported number has another operator"),
        }
        if not operator_id:
            return self.env._("operator unknown")
        return f"{operators.browse(operator_id).name} ({sources[source]})"

    def _explain_steps(self):
        """The step that comes first, and those behind it; a route has one."""
        route = self.route_id
        if not route.is_policy:
            yield self._explain_only(route)
            return
        policy = self.env["sms.gateway.policy"]._of_route(route)
        steps, before = policy.step_ids.sorted(), None
        for number, step in enumerate(steps, 1):
            if before is None and step.channel != self.channel:
                continue
            explained = self._explain_step(step.channel, step._get_rules())
            starts = before and self._say_start(before, number - 1)
            yield {**explained, "number": number, "starts": starts}
            before = step

    def _explain_only(self, route):
        try:
            route._check_sends(self.channel)
        except UserError as error:
            channel = self._say_channel(self.channel)
            return {"channel": channel, "problems": [str(error)]}
        return self._explain_step(self.channel, [Rule(0, (Option(route.id),))])

    def _explain_step(self, channel, rules):
        composed = self._compose(channel)
        if composed.problems:
            return {
                "channel": self._say_channel(channel),
                "problems": self._find_problems(composed),
            }
        segments = self.segments if channel == "sms" else composed.segments
        category = self.category or None
        facts, lookup = collect_facts(
            self.env, rules, channel, category, is_debug=False
        )
        facts = replace(facts, shares=get_shares(self.env, channel))
        if lookup:
            lookup.learn([composed.msisdn])
        choice = explain_choice(
            rules, facts, composed.msisdn, segments, category=category
        )
        return {
            "channel": self._say_channel(channel),
            "rules": [self._show_rule(one) for one in choice.rules if one.rule.id],
            "routes": [self._show_route(rated, choice) for rated in choice.routes],
            "has_weights": choice.rule.strategy == "weight",
            "verdict": self._say_verdict(choice),
            "is_found": choice.why != "none",
        }

    def _compose(self, channel):
        settings = self.env["sms.gateway.settings"]._get()
        rules = Rules(
            channel=channel,
            max_segments=settings.max_segments,
            max_speech=settings.max_speech,
        )
        return compose_ready(0, self._read_phone(), self.text or SOME_TEXT, rules)

    def _find_problems(self, composed):
        return [str(explain_problem(self.env, one)) for one in composed.problems]

    # === WORDS ===
    def _say_channel(self, channel):
        return dict(self._fields["channel"]._description_selection(self.env))[channel]

    def _say_start(self, before, number):
        """When the step behind another one begins."""
        words = (
            self.env._(
                "Starts if the provider definitely did not accept step %(number)s.",
                number=number,
            )
            if before.ends_with == "submitted"
            else self.env._(
                "Starts if step %(number)s has definitely failed: it was rejected, not"
                " delivered or not sent in time.",
                number=number,
            )
        )
        if not before.may_repeat:
            return words
        also = self.env._(
            "Also starts after %(hours)s h without a final status: the recipient may"
            " get both messages.",
            hours=_say_hours(before.ttl),
        )
        return f"{words} {also}"

    def _show_rule(self, asked):
        rule = self.env["sms.gateway.policy.rule"].browse(asked.rule.id)
        return {
            "conditions": rule.conditions,
            "style": "text-muted" if asked.miss else "fw-bold",
            "words": self._say_miss(asked.miss),
        }

    def _say_miss(self, miss):
        return {
            None: self.env._("Applies"),
            "category": self.env._("Another message category"),
            "prefix": self.env._("Another number prefix"),
            "size": self.env._("Another number of SMS parts"),
            "country": self.env._("Another country"),
            "operator": self.env._("Another operator"),
            "unreached": self.env._("Not checked: an earlier rule applies"),
        }[miss]

    def _show_route(self, rated, choice):
        route = self.env["sms.gateway.route"].browse(rated.route_id)
        is_taken = rated == choice.routes[0] and choice.why != "none"
        return {
            "name": route.name,
            "is_taken": is_taken,
            "is_here": rated.presence in ("here", "probing"),
            "state": self._say_state(route, rated.presence),
            "cost": self._say_cost(rated.cost),
            "share": self._say_share(rated.share),
            "weight": rated.weight,
        }

    def _say_state(self, route, presence):
        if presence == "here":
            return self.env._("Can send")
        if presence == "probing":
            return self.env._("Gets one message as a probe")
        if presence == "resting":
            until = say_moment(self.env, route.resume_at)
            words = self.env._("Waits until %(time)s", time=until)
            return _append_reason(words, route.rest_words)
        if not route.active:
            return self.env._("Archived")
        if route.state == "paused":
            return _append_reason(self.env._("Paused"), route.pause_words)
        return self.env._("Sending is stopped in the settings")

    def _say_cost(self, cost):
        if cost is None:
            return self.env._("No price")
        return format_price(self.env, cost, self.route_id.company_id.currency_id)

    def _say_share(self, share):
        if not share.finished:
            return self.env._("No messages")
        values = {
            "share": formatLang(self.env, 100 * share.value, digits=0),
            "count": share.finished,
        }
        if share.is_judged:
            return self.env._("%(share)s%% of %(count)s", **values)
        return self.env._("%(share)s%% of %(count)s, too few to rate", **values)

    def _say_verdict(self, choice):
        name = self.env["sms.gateway.route"].browse(choice.routes[0].route_id).name
        return {
            "only": self.env._(
                "“%(route)s” is used: it is the only route.", route=name
            ),
            "order": self.env._("“%(route)s” is used: it comes first.", route=name),
            "passed_over": self.env._(
                "“%(route)s” is used: the routes before it cannot send.", route=name
            ),
            "alone": self.env._(
                "“%(route)s” is used: the other routes cannot send.", route=name
            ),
            "price": self.env._(
                "“%(route)s” is used: it has the lowest price.", route=name
            ),
            "unpriced": self.env._(
                "“%(route)s” is used: no route has a price for this number, so the"
                " first one is used.",
                route=name,
            ),
            "delivery": self.env._(
                "“%(route)s” is used: it has the best delivery rate.", route=name
            ),
            "explored": self.env._(
                "“%(route)s” is used for this message: it has too few messages to be"
                " rated, so it gets a part of them.",
                route=name,
            ),
            "weight": self.env._(
                "“%(route)s” is used first: it has the largest share. The routes share"
                " the messages of a campaign.",
                route=name,
            ),
            "none": self.env._(
                "No route can send at the moment. The message waits for “%(route)s”.",
                route=name,
            ),
        }[choice.why]


def _say_hours(seconds):
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def _append_reason(words, reason):
    return f"{words}: {reason}" if reason else words
