"""Routes: configured accounts at providers."""

import contextlib
import secrets

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...providers import PROVIDERS
from ...providers.base import BaseWords
from ...providers.sandbox import SandboxProvider
from ...tools.letters import compose_letters
from ..common import clock
from ..common.notification import RELOAD, make_notification
from ..common.overtaken import find_overtaken
from ..sending.reasons import say_words
from .provider_factory import make_provider
from .public_address import explain_address
from .route_finder import as_text, find_route
from .sms_gateway_route_evaluation import evaluated_later


def _new_token():
    return secrets.token_urlsafe(24)


def _secrets_last(commands):
    """Secrets entered together with an address belong to it: it is written first."""

    def has_secret(command):
        values = command[2] if len(command) > 2 else None
        return isinstance(values, dict) and "secret_input" in values

    return sorted(commands, key=has_secret)


def normalise_name(name):
    """The form in which API names of routes are compared (docs/api.rst, Send)."""
    return compose_letters(name or "").strip()


class SmsGatewayRoute(models.Model):
    """One account at one provider, with its channels, throughput and state.

    The company of a message is the company of its route. The file is long because the
    form of a route has some fifty fields. What routes do is in services:
    `sms.gateway.route.evaluation`, `.pause` and `.usage`, and in `provider_factory`.
    """

    _name = "sms.gateway.route"
    _description = "SMS Gateway Route"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"

    name = fields.Char(
        required=True,
        copy=False,
        tracking=True,
        help="API requests refer to the route by this name (case-sensitive).",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        help="Gets the warnings of the route.",
    )
    is_policy = fields.Boolean(
        readonly=True,
        help="A routing policy has the name of a route and no provider.",
    )
    provider_code = fields.Selection(
        selection="_selection_provider_code",
        string="Provider",
        default="sandbox",
        tracking=True,
    )
    provider_help = fields.Text(compute="_compute_provider_help")
    setting_ids = fields.One2many("sms.gateway.route.setting", "route_id", copy=True)
    settings_remark = fields.Text(compute="_compute_settings_remark")
    allows_private = fields.Boolean(
        "Private network allowed",
        copy=False,
        tracking=True,
        groups="base.group_system",
        help="Allows the route to use an address in a private network or on this"
        " server. Cleared when a user without this right changes the address.",
    )

    # Channels
    has_sms = fields.Boolean("SMS", default=True)
    has_voice = fields.Boolean("Voice calls")

    price_ids = fields.One2many("sms.gateway.price", "route_id", copy=True)
    package_ids = fields.One2many("sms.gateway.package", "route_id")

    # Pace
    throughput = fields.Float(
        help="Maximum messages per second across all workers. 0 = no limit.",
    )
    concurrency = fields.Integer(
        "Concurrent requests",
        default=4,
        help="Number of simultaneous requests to the provider per sending job.",
    )
    max_attempts = fields.Integer(
        "Maximum attempts",
        default=20,
        help="A message fails after this many unsuccessful attempts.",
    )

    # State
    state = fields.Selection(
        [("active", "Active"), ("paused", "Paused")],
        required=True,
        default="active",
        copy=False,
        tracking=True,
        string="Status",
    )
    pause_reason = fields.Char("Stored reason", readonly=True, copy=False)
    pause_words = fields.Char("Pause reason", compute="_compute_pause_words")
    lacks_settings = fields.Boolean(
        readonly=True,
        copy=False,
        help="The route is paused only until its settings are complete and valid.",
    )
    moves = fields.Integer(
        readonly=True,
        copy=False,
        help="Number of times the route was paused, resumed or got another webhook"
        " URL.",
    )
    is_held = fields.Boolean(
        "Sending is on hold",
        compute="_compute_is_held",
        help="The database was restored or copied: nothing is sent until an Odoo"
        " administrator decides what to do with its messages.",
    )
    resume_at = fields.Datetime(
        "Next attempt",
        readonly=True,
        copy=False,
        help="Time of the next attempt after a connection failure.",
    )
    rest_reason = fields.Char("Stored waiting reason", readonly=True, copy=False)
    rest_words = fields.Char("Waiting reason", compute="_compute_rest")
    is_resting = fields.Boolean(compute="_compute_rest")

    # Delivery reports
    webhook_token = fields.Char(
        copy=False,
        groups="base.group_system",
        default=lambda self: _new_token(),
    )
    webhook_url = fields.Char(
        "Webhook URL",
        compute="_compute_webhook_url",
        groups="base.group_system",
        help="Includes the parameters that the provider reads from it.",
    )
    address_trouble = fields.Char(
        "Problem with the public address", compute="_compute_address_trouble"
    )
    accepts_push = fields.Boolean(compute="_compute_capabilities")
    tells_balance = fields.Boolean("Reports Balance", compute="_compute_capabilities")
    registers_callback = fields.Boolean(compute="_compute_capabilities")
    last_push_at = fields.Datetime("Last webhook request", readonly=True, copy=False)
    refused_push_count = fields.Integer(
        "Rejected webhook requests",
        readonly=True,
        copy=False,
        help="Webhook requests whose signature was invalid or missing.",
    )
    refused_push_at = fields.Datetime(
        "Last rejected webhook request", readonly=True, copy=False
    )
    reason_ids = fields.One2many(
        "sms.gateway.route.reason", "route_id", copy=True, string="Failure reasons"
    )

    # Inbound messages
    can_fetch_inbound = fields.Boolean(compute="_compute_capabilities")
    fetches_inbound = fields.Boolean(
        "Fetch inbound messages",
        tracking=True,
        help="Polls the provider for inbound messages every five minutes. Other"
        " programs that use the same account may not receive messages fetched here.",
    )
    inbound_count = fields.Integer(compute="_compute_inbound_count")
    inbound_fetched_at = fields.Datetime("Last fetched", readonly=True, copy=False)

    balance_ids = fields.One2many("sms.gateway.provider.request", "route_id")
    last_answer = fields.Char("Last Response", compute="_compute_last_answer")
    last_answer_at = fields.Datetime("Last Response On", compute="_compute_last_answer")

    _name_unique = models.UniqueIndex(
        "(name)", "A route or policy with this name already exists."
    )
    _provider_unless_policy = models.Constraint(
        "CHECK ((provider_code IS NULL) = (is_policy IS TRUE))",
        "A route needs a provider.",
    )
    _webhook_token_unique = models.UniqueIndex("(webhook_token)")
    _throughput_positive = models.Constraint(
        "CHECK (throughput >= 0)", "Throughput cannot be negative."
    )
    _concurrency_range = models.Constraint(
        "CHECK (concurrency BETWEEN 1 AND 128)",
        "Concurrent requests must be between 1 and 128.",
    )
    _max_attempts_positive = models.Constraint(
        "CHECK (max_attempts > 0)", "The maximum number of attempts must be at least 1."
    )

    # === COMPUTES ===
    @api.model
    def _selection_provider_code(self):
        """The sandbox, with which everybody begins, then the others by their names."""
        labels = {code: self.env._(one.label) for code, one in PROVIDERS.items()}
        first = SandboxProvider.code
        return sorted(labels.items(), key=lambda pair: (pair[0] != first, pair[1]))

    def _get_provider_class(self):
        self.ensure_one()
        return PROVIDERS[self.provider_code]

    @api.depends("provider_code")
    def _compute_capabilities(self):
        for route in self:
            provider = PROVIDERS.get(route.provider_code)
            able = provider and provider.capabilities
            route.accepts_push = bool(able) and (able.push or able.inbound_push)
            route.tells_balance = bool(able) and able.balance
            route.registers_callback = bool(able) and able.registers_callback
            route.can_fetch_inbound = bool(able) and able.inbound_poll

    @api.depends("provider_code")
    def _compute_provider_help(self):
        for route in self:
            provider = PROVIDERS.get(route.provider_code)
            route.provider_help = provider and self.env._(provider.description)

    @api.depends("provider_code")
    @api.depends_context("lang")
    def _compute_settings_remark(self):
        evaluation = self.env["sms.gateway.route.evaluation"]
        for route in self:
            stored = route._origin
            has_provider = stored and stored.provider_code
            route.settings_remark = has_provider and evaluation._make_remark(stored)

    @api.depends("pause_reason", "lacks_settings")
    @api.depends_context("lang")
    def _compute_pause_words(self):
        """Missing and wrong settings are those of this moment, not of the pause."""
        evaluation = self.env["sms.gateway.route.evaluation"]
        for route in self:
            route.pause_words = (
                evaluation._explain(route)
                if route.lacks_settings
                else say_words(self.env, route.pause_reason)
            )

    def _compute_is_held(self):
        self.is_held = bool(self.env["sms.gateway.hold"]._find_open())

    @api.depends("resume_at", "rest_reason")
    @api.depends_context("lang")
    def _compute_rest(self):
        now = clock.now()
        for route in self:
            route.is_resting = bool(route.resume_at) and route.resume_at > now
            route.rest_words = route.is_resting and say_words(
                self.env, route.rest_reason
            )

    def _compute_webhook_url(self):
        for route in self:
            stored = route._origin
            if not (stored and stored.provider_code):
                route.webhook_url = False
                continue
            with contextlib.closing(stored._make_provider()) as provider:
                route.webhook_url = provider.get_callback_address()

    @api.depends_context("lang")
    def _compute_address_trouble(self):
        for route in self:
            route.address_trouble = explain_address(route)

    def _compute_inbound_count(self):
        """As far as the user may read them."""
        groups = self.env["sms.gateway.inbound"]._read_group(
            [("route_id", "in", self.ids)], ["route_id"], ["__count"]
        )
        counts = {route.id: count for route, count in groups}
        for route in self:
            route.inbound_count = counts.get(route._origin.id, 0)

    @api.depends("balance_ids.state")
    @api.depends_context("lang")
    def _compute_last_answer(self):
        groups = self.env["sms.gateway.provider.request"]._read_group(
            [("route_id", "in", self.ids)], ["route_id"], ["id:max"]
        )
        latest = {route.id: request_id for route, request_id in groups}
        requests = self.env["sms.gateway.provider.request"].browse(latest.values())
        for route in self:
            newest = latest.get(route._origin.id)
            request = requests.filtered(lambda r, newest=newest: r.id == newest)
            route.last_answer = request.summary
            route.last_answer_at = request.answered_at

    # === CHECKS ===
    @api.constrains("name")
    def _check_name(self):
        for route in self:
            if not route.name or route.name != normalise_name(route.name):
                raise ValidationError(
                    self.env._(
                        "The route name cannot be empty or start or end with a space."
                    )
                )

    @api.constrains("provider_code", "has_sms", "has_voice")
    def _check_channels(self):
        for route in self.filtered(lambda route: not route.is_policy):
            channels = route._get_channels()
            provider = route._get_provider_class()
            if not channels:
                raise ValidationError(
                    self.env._("Select at least one channel: SMS or voice calls.")
                )
            if not channels <= provider.capabilities.channels:
                raise ValidationError(
                    self.env._(
                        "Provider “%(provider)s” does not support all channels"
                        " selected for route “%(route)s”. Clear the unsupported"
                        " channel.",
                        provider=self.env._(provider.label),
                        route=route.name,
                    )
                )

    def _get_channels(self):
        self.ensure_one()
        chosen = {"sms": self.has_sms, "voice": self.has_voice}
        return {channel for channel, is_chosen in chosen.items() if is_chosen}

    # === CRUD ===
    def copy_data(self, default=None):
        """Override: names are unique, so a copy gets one of its own."""
        return [
            {"name": self.env._("%(route)s (copy)", route=route.name), **vals}
            for route, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name"):
                vals["name"] = normalise_name(vals["name"])
        evaluation = self.env["sms.gateway.route.evaluation"]
        routes = super(SmsGatewayRoute, evaluated_later(self)).create(vals_list)
        evaluation._complete(routes)
        routes = routes.with_env(self.env)
        evaluation._evaluate(routes)
        return routes

    def write(self, vals):
        """Override: see `sms.gateway.route.evaluation`."""
        evaluation = self.env["sms.gateway.route.evaluation"]
        if vals.get("name"):
            vals = {**vals, "name": normalise_name(vals["name"])}
        if "state" in vals:
            vals = {"lacks_settings": False, **vals}
        usage = self.env["sms.gateway.route.usage"]
        usage._check_identity_unchanged(self, vals)
        if vals.get("active", True) is False:
            usage._check_nothing_waits(self)
            usage._check_has_substitutes(self)
        if vals.get("active"):
            usage._check_can_choose(self)
        if "provider_code" in vals:
            changed = self.filtered(lambda r: r.provider_code != vals["provider_code"])
            evaluation._forget_trust(evaluated_later(changed), changed.setting_ids)
        if "setting_ids" in vals:
            vals = {**vals, "setting_ids": _secrets_last(vals["setting_ids"])}
        result = super(SmsGatewayRoute, evaluated_later(self)).write(vals)
        if vals.keys() & {"state", "webhook_token"}:
            self._count_move()
        if "provider_code" in vals:
            evaluation._complete(evaluated_later(self))
        if vals.get("state") == "active":
            evaluation._check(self)
        if vals.keys() & {"provider_code", "setting_ids", "allows_private"}:
            evaluation._evaluate(self)
        if vals.keys() & {"active", "company_id", "has_sms"}:
            self._check_companies()
        if vals.keys() & {"company_id", "has_sms", "has_voice"}:
            self._check_policies(vals)
        if "state" in vals:
            self.env["sms.gateway.failover"]._wake()
        return result

    def _check_policies(self, vals):
        """What a policy chooses must be able to send for it, and be of its company."""
        # sudo: administrators of the gateway may not read every company
        choices = self.env["sms.gateway.policy.choice"].sudo()
        domain = fields.Domain("route_id", "in", self.ids)
        if "company_id" in vals:
            policy = "rule_id.step_id.policy_id.route_id"
            domain |= fields.Domain(policy, "in", self.ids)
        choices.search(domain)._check_route()

    def _count_move(self):
        """In SQL: others may have moved the route since this transaction read it."""
        self.env.cr.execute(
            SQL(
                "UPDATE sms_gateway_route SET moves = COALESCE(moves, 0) + 1"
                " WHERE id = ANY(%s)",
                self.ids,
            )
        )
        self.invalidate_recordset(["moves"], flush=False)

    def _check_companies(self):
        """What Odoo itself sends must not lose its way."""
        # sudo: administrators of the gateway may not read every company
        companies = self.env["res.company"].sudo()
        companies.search(
            [("sms_gateway_route_id", "in", self.ids)]
        )._check_sms_gateway_route()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.env["sms.gateway.route.usage"]._check_unused(self)

    def unlink(self):
        """Override: what was pushed to a route goes with it."""
        # sudo: administrators delete routes, only the gateway itself deletes reports
        Report = self.env["sms.gateway.delivery.report"].sudo()
        Report.search([("route_id", "in", self.ids)]).unlink()
        return super().unlink()

    @api.onchange("provider_code")
    def _onchange_provider_code(self):
        provider = PROVIDERS.get(self.provider_code)
        if not provider:
            return
        self._offer_channels(provider.capabilities.channels)
        stored = self._origin
        if stored and stored.provider_code == self.provider_code:
            self.setting_ids = stored.setting_ids
            return
        self.setting_ids = [Command.clear()] + [
            Command.create({"name": setting.name, "value": setting.default})
            for setting in provider.settings
        ]

    def _offer_channels(self, channels):
        """Keep what was chosen as far as the provider offers it; there is no route
        without a channel."""
        self.has_sms = self.has_sms and "sms" in channels
        self.has_voice = self.has_voice and "voice" in channels
        if not self._get_channels():
            self.has_sms = "sms" in channels
            self.has_voice = "sms" not in channels

    def _check_sends(self, channel):
        """:raise UserError: nothing is sent through the route, or not this channel"""
        self.ensure_one()
        if not self.active:
            raise UserError(
                self.env._(
                    "Route “%(route)s” is archived and cannot be used. Restore it or"
                    " select another route.",
                    route=self.name,
                )
            )
        if channel not in self._get_channels():
            raise UserError(
                self.env._(
                    "Route “%(route)s” does not support this channel. Select another"
                    " route or channel.",
                    route=self.name,
                )
            )

    def _lock_active(self):
        """Keep the route from being archived before the transaction ends.

        Who stores messages holds it anyway, by the references to it.

        :return: whether it is active
        """
        self.ensure_one()
        query = "SELECT active FROM sms_gateway_route WHERE id = %s FOR KEY SHARE"
        return self.env.execute_query(SQL(query, self.id))[0][0]

    def _check_goes_on(self):
        """:raise UserError: what is queued would wait until somebody resumes it"""
        self.ensure_one()
        if self.state == "paused":
            raise UserError(self.env["sms.gateway.waiting"]._refuse_paused(self))

    def get_formview_action(self, access_uid=None):
        """Override: the form of a policy's route is that of the policy."""
        if self.is_policy:
            policy = self.env["sms.gateway.policy"]._of_route(self)
            return policy.get_formview_action(access_uid=access_uid)
        return super().get_formview_action(access_uid=access_uid)

    # === BUTTONS ===
    def action_pause(self):
        self._check_not_overtaken("pause")
        reason = BaseWords.PAUSED_BY_HAND.say()
        self.write({"state": "paused", "pause_reason": reason})

    def action_resume(self):
        self._check_not_overtaken("resume")
        self.env["sms.gateway.route.pause"]._resume(self)

    def action_renew_webhook(self):
        """Give the route another secret address; the old one stops at once."""
        self._check_not_overtaken("renew_webhook")
        for route in self:
            route.webhook_token = _new_token()
            route._message_log(
                body=self.env._(
                    "The webhook URL was replaced. The old one no longer works."
                )
            )

    def _check_not_overtaken(self, button):
        """What was resumed and paused again, say, is not what the person saw."""
        if overtaken := find_overtaken(self, button, "moves"):
            raise UserError(
                self.env._(
                    "Route “%(route)s” was changed by another user or process. Check"
                    " it and try again.",
                    route=overtaken[0].name,
                )
            )

    def action_check_balance(self):
        return self._request_provider("balance")

    def action_test_connection(self):
        return self._request_provider("connection")

    def action_register_callback(self):
        """Let the provider know the webhook address."""
        return self._request_provider("callback")

    def _request_provider(self, kind):
        self.ensure_one()
        self.check_access("write")
        # sudo: administrators decide, only the gateway itself writes requests
        self.env["sms.gateway.provider.request"].sudo()._request(self, kind=kind)
        return make_notification(
            self.env._(
                "Request queued. The provider's response will appear on this form."
            ),
            "info",
            next=RELOAD,
        )

    def action_decide_hold(self):
        """Open the decision about the messages of a restored or copied database."""
        return self.env["sms.gateway.hold"]._open_decision()

    def action_import_prices(self):
        """Open the import of a price list."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import price list"),
            "res_model": "sms.gateway.table.import",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_kind": "prices", "default_route_id": self.id},
        }

    def action_open_inbound(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_inbound_action"
        )
        return {**action, "domain": [("route_id", "=", self.id)], "context": {}}

    def action_open_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        return {**action, "domain": [("route_id", "=", self.id)], "context": {}}

    # === BUSINESS METHODS ===
    @api.model
    def _find_for_api_client(self, name):
        """The route that an API client names, as superuser in the route's company.

        :return: an empty record when there is none that the client may use
        """
        # sudo: API users see no routes; whether they may use this one is decided here
        route = self.sudo()._find_by_name(normalise_name(name))
        user = self.env.user
        if (
            user.id != user._get_gateway_user_id()
            and route.company_id.id not in user._get_company_ids()
        ):
            return self.sudo().browse()
        return route.with_company(route.company_id)

    def _get_first_channel(self):
        """The channel of what is sent where nobody names one."""
        self.ensure_one()
        if not self.is_policy:
            return "sms"
        return self.env["sms.gateway.policy"]._of_route(self).step_ids[:1].channel

    def _find_by_name(self, name):
        """The active route of this name."""
        return find_route(self, SQL("name = %s AND active", as_text(name)))

    @api.model
    def _find_by_webhook_token(self, token):
        """The route whose secret address was called, as superuser: the token is all
        that a provider shows.

        Archived routes are found too: reports of what they sent still come.
        """
        # sudo: see above
        route = find_route(self.sudo(), SQL("webhook_token = %s", as_text(token)))
        return route.with_user(SUPERUSER_ID).with_company(route.company_id)

    def _make_provider(self, *, is_debug=False):
        """The provider of this route, see `make_provider`.

        :param is_debug: the provider of debug messages, which is the sandbox
        """
        self.ensure_one()
        return make_provider(self, is_debug=is_debug)

    def _get_lookup_method(self):
        """How the provider looks a message up by our reference.

        :return: ``lookup``, ``again`` (handing over again is asking) or ``none``
        """
        with contextlib.closing(self._make_provider()) as provider:
            if provider.can_look_up:
                return "lookup"
            return "again" if provider.is_idempotent else "none"

    def _get_prices(self, channel, category=None):
        """What messages of a category cost through this route.

        :param category: None for messages of none
        :rtype: tools.prices.PriceList
        """
        day = self.company_id._get_sms_gateway_day(clock.now())
        return self.env["sms.gateway.price"]._make_list(self, channel, category, day)
