"""Routes: configured accounts at providers."""

import contextlib
import logging
import secrets
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from odoo import SUPERUSER_ID, Command, api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_datetime, plaintext2html

from ...providers import PROVIDERS
from ...providers.base import BaseWords
from ...providers.http import HttpClient
from ...providers.sandbox import SandboxProvider
from ...providers.settings import Kind
from ...providers.types import Context
from ...tools.letters import compose_letters
from ...tools.prices import PriceList
from ..common import clock
from ..common.cache import fill_cache
from ..common.notification import RELOAD, make_notification
from ..common.overtaken import find_overtaken
from ..common.usage import check_unused
from ..sending.reasons import say_words
from .public_address import explain_address, get_public_address

_logger = logging.getLogger(__name__)

#: The person responsible is told of longer waits of a route, in seconds.
MAX_SILENT_REST = 5 * 60
#: In the context: settings are written one after the other and judged at the end. No
#: client can put this very object there.
_JUDGED_LATER = object()

#: What a request, or a provider's push, needs to know of its route.
ROUTE_COLUMNS = (
    "name", "company_id", "provider_code", "has_sms", "has_voice", "concurrency",
    "allows_private", "webhook_token",
)  # fmt: skip
SELECT_ROUTE = SQL(
    "SELECT id, %s FROM sms_gateway_route",
    SQL(", ").join(map(SQL.identifier, ROUTE_COLUMNS)),
)


def _new_token():
    return secrets.token_urlsafe(24)


def _as_text(word):
    """A stranger's word as PostgreSQL can look for it: its text holds no U+0000."""
    return word.replace("\0", "\ufffd")


def _secrets_last(commands):
    """Secrets entered together with an address belong to it: it is written first."""

    def has_secret(command):
        values = command[2] if len(command) > 2 else None
        return isinstance(values, dict) and "secret_input" in values

    return sorted(commands, key=has_secret)


def _judged_later(records):
    """Routes or settings that are written in several steps, and judged at the end."""
    return records.with_context(sms_gateway_judged=_JUDGED_LATER)


def normalise_name(name):
    """The form in which API names of routes are compared (docs/api.rst, Send)."""
    return compose_letters(name or "").strip()


class SmsGatewayRoute(models.Model):
    """One account at one provider, with its channels, pace and state.

    The company of a message is the company of its route.
    """

    _name = "sms.gateway.route"
    _description = "SMS Gateway Route"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"

    name = fields.Char(
        required=True,
        copy=False,
        tracking=True,
        help="The route's name in API requests, compared to the letter.",
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
        help="Is told when the route stops.",
    )
    provider_code = fields.Selection(
        selection="_selection_provider_code",
        string="Provider",
        required=True,
        default="sandbox",
        tracking=True,
    )
    provider_help = fields.Text(compute="_compute_provider_help")
    setting_ids = fields.One2many("sms.gateway.route.setting", "route_id", copy=True)
    settings_remark = fields.Text(compute="_compute_settings_remark")
    allows_private = fields.Boolean(
        "In a private network",
        copy=False,
        tracking=True,
        groups="base.group_system",
        help="Lets the route call an address in a private network or on this machine."
        " Ends when somebody changes the address who may not allow it.",
    )

    # Channels
    has_sms = fields.Boolean("SMS", default=True)
    has_voice = fields.Boolean("Voice calls")

    price_ids = fields.One2many("sms.gateway.price", "route_id", copy=True)

    # Pace
    throughput = fields.Float(
        help="Messages per second over all workers; 0 means no limit.",
    )
    concurrency = fields.Integer(
        default=4, help="Calls to the provider at the same time in one lane."
    )
    max_attempts = fields.Integer(
        default=20,
        help="A message that could not be handed over so many times fails.",
    )

    # State
    state = fields.Selection(
        [("active", "Active"), ("paused", "Paused")],
        required=True,
        default="active",
        copy=False,
        tracking=True,
    )
    pause_reason = fields.Char("Stored reason", readonly=True, copy=False)
    pause_words = fields.Char("Reason of the pause", compute="_compute_pause_words")
    lacks_settings = fields.Boolean(
        readonly=True,
        copy=False,
        help="Paused only until its settings are complete and right.",
    )
    moves = fields.Integer(
        readonly=True,
        copy=False,
        help="How often it was paused or resumed, or got another webhook address.",
    )
    is_held = fields.Boolean(
        "Sending is held",
        compute="_compute_is_held",
        help="The database was restored or copied: nothing is sent until an"
        " administrator of Odoo decides what becomes of its messages.",
    )
    resume_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="After trouble with the connection the next try is made at this time.",
    )
    rest_reason = fields.Char("Stored reason of the rest", readonly=True, copy=False)
    rest_words = fields.Char("Reason of the rest", compute="_compute_rest")
    is_resting = fields.Boolean(compute="_compute_rest")

    # Delivery reports
    webhook_token = fields.Char(
        copy=False,
        groups="base.group_system",
        default=lambda self: _new_token(),
    )
    webhook_url = fields.Char(
        compute="_compute_webhook_url",
        groups="base.group_system",
        help="With the options that the provider reads of it.",
    )
    address_trouble = fields.Char(
        "Trouble with the address", compute="_compute_address_trouble"
    )
    accepts_push = fields.Boolean(compute="_compute_capabilities")
    tells_balance = fields.Boolean(compute="_compute_capabilities")
    registers_callback = fields.Boolean(compute="_compute_capabilities")
    last_push_at = fields.Datetime("Last push", readonly=True, copy=False)
    refused_push_count = fields.Integer(
        "Refused pushes",
        readonly=True,
        copy=False,
        help="Calls of the webhook address whose signature was wrong or missing.",
    )
    refused_push_at = fields.Datetime("Last refused push", readonly=True, copy=False)
    reason_ids = fields.One2many("sms.gateway.route.reason", "route_id", copy=True)

    # Inbound messages
    can_fetch_inbound = fields.Boolean(compute="_compute_capabilities")
    fetches_inbound = fields.Boolean(
        "Fetch inbound messages",
        tracking=True,
        help="Asks the provider every five minutes. Other programs that use the same"
        " account may not get what was fetched here.",
    )
    inbound_count = fields.Integer(compute="_compute_inbound_count")
    inbound_fetched_at = fields.Datetime("Last fetched", readonly=True, copy=False)

    balance_ids = fields.One2many("sms.gateway.provider.request", "route_id")
    last_answer = fields.Char(compute="_compute_last_answer")
    last_answer_at = fields.Datetime(compute="_compute_last_answer")

    _name_unique = models.UniqueIndex("(name)", "A route of this name exists already.")
    _webhook_token_unique = models.UniqueIndex("(webhook_token)")
    _throughput_positive = models.Constraint(
        "CHECK (throughput >= 0)", "The throughput must not be negative."
    )
    _concurrency_range = models.Constraint(
        "CHECK (concurrency BETWEEN 1 AND 128)",
        "The number of calls at the same time must lie between 1 and 128.",
    )
    _max_attempts_positive = models.Constraint(
        "CHECK (max_attempts > 0)", "At least one attempt is needed."
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
        for route in self:
            stored = route._origin
            route.settings_remark = stored._make_remark() if stored else False

    @api.depends("pause_reason", "lacks_settings")
    @api.depends_context("lang")
    def _compute_pause_words(self):
        """What settings lack is told as it is at the moment."""
        for route in self:
            route.pause_words = (
                route._explain_settings()
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
            if not stored:
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
                    self.env._("The name of a route must not begin or end with spaces.")
                )

    @api.constrains("provider_code", "has_sms", "has_voice")
    def _check_channels(self):
        for route in self:
            channels = route._get_channels()
            provider = route._get_provider_class()
            if not channels:
                raise ValidationError(
                    self.env._("Choose at least one channel: SMS or voice calls.")
                )
            if not channels <= provider.capabilities.channels:
                raise ValidationError(
                    self.env._(
                        "%(provider)s does not offer every channel chosen for the"
                        " route %(route)s.",
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
        routes = super(SmsGatewayRoute, _judged_later(self)).create(vals_list)
        routes._complete_settings()
        routes = routes.with_env(self.env)
        routes._judge_settings()
        return routes

    def write(self, vals):
        """Override: see `_judge_settings`."""
        if vals.get("name"):
            vals = {**vals, "name": normalise_name(vals["name"])}
        if "state" in vals:
            vals = {"lacks_settings": False, **vals}
        self._check_identity_unchanged(vals)
        if vals.get("active", True) is False:
            self._check_nothing_waits()
        if "provider_code" in vals:
            changed = self.filtered(lambda r: r.provider_code != vals["provider_code"])
            _judged_later(changed)._forget_trust(changed.setting_ids)
        if "setting_ids" in vals:
            vals = {**vals, "setting_ids": _secrets_last(vals["setting_ids"])}
        result = super(SmsGatewayRoute, _judged_later(self)).write(vals)
        if vals.keys() & {"state", "webhook_token"}:
            self._count_move()
        if "provider_code" in vals:
            _judged_later(self)._complete_settings()
        if vals.get("state") == "active":
            self._check_settings()
        if vals.keys() & {"provider_code", "setting_ids", "allows_private"}:
            self._judge_settings()
        if vals.keys() & {"active", "company_id", "has_sms"}:
            self._check_companies()
        return result

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

    def _judge_settings(self):
        """Pause routes whose settings cannot work; let those go on that were paused for
        nothing else."""
        if self.env.context.get("sms_gateway_judged") is _JUDGED_LATER:
            return
        for route in self.exists():
            problem = route._explain_settings()
            if problem and route.lacks_settings:
                route.pause_reason = problem
            elif problem:
                route._pause(problem, lacks_settings=True)
            elif route.lacks_settings:
                route._resume()

    def _make_remark(self):
        """What should be known of settings that work, in sentences."""
        with contextlib.closing(self._make_provider()) as provider:
            remarks = provider.get_remarks()
        return " ".join(say_words(self.env, one) for one in remarks)

    def _forget_trust(self, settings):
        """Take back what was entered for an address before another one is called.

        An administrator of the gateway could otherwise send the provider's password to
        a server of his own, or look around in networks where only one server was meant.
        Who may read secrets and allow private addresses anyway keeps both.
        """
        if self.env.su or self.env.user.has_group("base.group_system"):
            return
        # sudo: both are out of this user's sight, that is why they go
        self.sudo().filtered("allows_private").allows_private = False
        settings._forget_secrets()

    def _check_settings(self):
        for route in self:
            if problem := route._explain_settings():
                raise ValidationError(
                    self.env._(
                        "The route %(route)s cannot be active. %(problem)s",
                        route=route.name,
                        problem=problem,
                    )
                )

    def _explain_settings(self):
        """What is missing or wrong, in sentences; empty when the settings can work."""
        with contextlib.closing(self._make_provider()) as provider:
            missing = [self.env._(one.label) for one in provider.missing_settings()]
            if missing:
                return self.env._(
                    "Settings missing: %(names)s.", names=", ".join(missing)
                )
            return " ".join(
                say_words(self.env, one) for one in provider.check_settings()
            )

    def _check_companies(self):
        """What Odoo itself sends must not lose its way."""
        # sudo: administrators of the gateway may not read every company
        companies = self.env["res.company"].sudo()
        companies.search(
            [("sms_gateway_route_id", "in", self.ids)]
        )._check_sms_gateway_route()

    def _check_identity_unchanged(self, vals):
        """References of messages only mean something at the provider that gave them."""
        changed = self.filtered(
            lambda route: (
                vals.get("provider_code", route.provider_code) != route.provider_code
                or vals.get("company_id", route.company_id.id) != route.company_id.id
            )
        )
        # sudo: messages the user may not see bind the route just as well
        Message = self.env["sms.gateway.message"].sudo()
        if changed and Message.search_count([("route_id", "in", changed.ids)], limit=1):
            raise UserError(
                self.env._(
                    "The route has messages, so its provider and company stay as they"
                    " are. Archive it and make a new route."
                )
            )

    def _check_nothing_waits(self):
        """No lane serves an archived route: what waits would wait for ever.

        Whoever is queueing something holds the route (`_lock_active`) and is waited
        for; who comes later fails to serialise, is repeated and finds the route
        archived. What others committed meanwhile is out of this transaction's sight.
        """
        self.env.cr.execute(
            SQL(
                "SELECT FROM sms_gateway_route WHERE id = ANY(%s) ORDER BY id"
                " FOR UPDATE",
                self.ids,
            )
        )
        self._check_none_waits()
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr))._check_none_waits()

    def _check_none_waits(self):
        # sudo: see _check_identity_unchanged
        Message = self.env["sms.gateway.message"].sudo()
        waiting = [
            ("route_id", "in", self.ids),
            ("state", "in", ("queued", "submitting")),
        ]
        Campaign = self.env["sms.gateway.campaign"].sudo()
        unprepared = [("route_id", "in", self.ids), ("unprepared_count", ">", 0)]
        if Message.search_count(waiting, limit=1) or Campaign.search_count(
            unprepared, limit=1
        ):
            raise UserError(
                self.env._(
                    "Messages of the route still wait to be sent. Let them go out or"
                    " cancel their campaigns, then archive it; to hold them back, pause"
                    " the route."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: see _check_identity_unchanged
        Message = self.env["sms.gateway.message"].sudo()
        if Message.search_count([("route_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._("A route with messages cannot be deleted. Archive it.")
            )
        for route in self:
            check_unused(self.env, route.name, *route._find_users())

    def _find_users(self):
        """Companies, actions and campaigns that cannot be without the route."""
        # sudo: see _check_identity_unchanged
        env = self.sudo().env
        return (
            env["res.company"].search([("sms_gateway_route_id", "=", self.id)]),
            env["ir.actions.server"].search([("sms_gateway_route_id", "=", self.id)]),
            env["sms.gateway.campaign"].search([("route_id", "=", self.id)]),
        )

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

    def _complete_settings(self):
        """Give every route one row for each setting its provider declares."""
        for route in self:
            declared = {
                setting.name: setting
                for setting in PROVIDERS[route.provider_code].settings
            }
            kept = route.setting_ids.filtered(
                lambda row, names=declared: row.name in names
            )
            (route.setting_ids - kept).unlink()
            missing = declared.keys() - set(kept.mapped("name"))
            self.env["sms.gateway.route.setting"].create(
                [
                    {
                        "route_id": route.id,
                        "name": name,
                        "value": declared[name].default or False,
                    }
                    for name in declared
                    if name in missing
                ]
            )

    def _check_sends(self, channel):
        """:raise UserError: nothing is sent through the route, or not this channel"""
        self.ensure_one()
        if not self.active:
            raise UserError(
                self.env._(
                    "The route %(route)s is archived: nothing is sent through it.",
                    route=self.name,
                )
            )
        if channel not in self._get_channels():
            raise UserError(
                self.env._(
                    "The route %(route)s does not offer this channel. Choose another"
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
            raise UserError(
                self.env._(
                    "The route %(route)s is paused: %(reason)s. Resume it first.",
                    route=self.name,
                    reason=(self.pause_words or "–").rstrip("."),
                )
            )

    # === BUTTONS ===
    def action_pause(self):
        self._check_not_overtaken("pause")
        reason = BaseWords.PAUSED_BY_HAND.say()
        self.write({"state": "paused", "pause_reason": reason})

    def action_resume(self):
        self._check_not_overtaken("resume")
        self._resume()

    def action_renew_webhook(self):
        """Give the route another secret address; the old one stops at once."""
        self._check_not_overtaken("renew_webhook")
        for route in self:
            route.webhook_token = _new_token()
            route._message_log(
                body=self.env._(
                    "The webhook address was replaced. The old one does not work any"
                    " more."
                )
            )

    def _check_not_overtaken(self, button):
        """What was resumed and paused again, say, is not what the person saw."""
        if overtaken := find_overtaken(self, button, "moves"):
            raise UserError(
                self.env._(
                    "Somebody was faster: the route %(route)s has changed meanwhile."
                    " Look at it once more.",
                    route=overtaken[0].name,
                )
            )

    def action_check_balance(self):
        return self._ask_provider("balance")

    def action_test_connection(self):
        return self._ask_provider("connection")

    def action_register_callback(self):
        """Let the provider know the webhook address."""
        return self._ask_provider("callback")

    def _ask_provider(self, kind):
        self.ensure_one()
        self.check_access("write")
        # sudo: administrators ask, only the gateway itself writes requests
        self.env["sms.gateway.provider.request"].sudo()._request(self, kind=kind)
        return make_notification(
            self.env._("The provider is being asked. The answer appears on this form."),
            "info",
            next=RELOAD,
        )

    def action_decide_hold(self):
        """Ask what becomes of the messages of a restored or copied database."""
        return self.env["sms.gateway.hold"]._ask()

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
    def _find_for_caller(self, name):
        """The route an API caller means, as superuser in the route's company.

        :return: an empty record when there is none that the caller may use
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

    def _find_by_name(self, name):
        """The active route of this name."""
        return self._find_one(SQL("name = %s AND active", _as_text(name)))

    def _find_one(self, condition):
        """The route of a condition, with what a request needs to know of it: in SQL,
        for every request asks."""
        self.flush_model([*ROUTE_COLUMNS, "active"])
        rows = self.env.execute_query_dict(SQL("%s WHERE %s", SELECT_ROUTE, condition))
        route = self.browse(row["id"] for row in rows)
        for row in rows:
            fill_cache(route, row)
        return route

    @api.model
    def _find_by_webhook_token(self, token):
        """The route whose secret address was called, as superuser: the token is all
        that a provider shows.

        Archived routes are found too: reports of what they sent still come.
        """
        # sudo: see above
        route = self.sudo()._find_one(SQL("webhook_token = %s", _as_text(token)))
        return route.with_user(SUPERUSER_ID).with_company(route.company_id)

    def _make_provider(self, *, is_debug=False):
        """The provider of this route, ready to be used by threads.

        Debug messages always go to the built-in sandbox: nothing leaves the machine.
        """
        self.ensure_one()
        if is_debug:
            return SandboxProvider({}, HttpClient())
        # sudo: secrets and what is trusted are readable by the system group only, the
        # sender needs them
        Setting = self.env["sms.gateway.route.setting"].sudo()
        rows = Setting.search_fetch(
            [("route_id", "=", self.id)], ["name", "value", "secret_value"]
        )
        values = {row.name: row.secret_value or row.value or "" for row in rows}
        context = self._make_context()
        known_secrets = [row.secret_value for row in rows if row.secret_value]
        http = HttpClient(
            pool_size=self.concurrency,
            secrets=[*known_secrets, context.callback_token],
            allows_private=self.sudo().allows_private,
        )
        return self._get_provider_class()(values, http, context)

    def _make_context(self):
        """What an adapter may know of the route besides its settings."""
        # sudo: the secret address is told to the provider with every message
        token = self.sudo().webhook_token
        address = get_public_address(self)
        zone = self.env["sms.gateway.settings"]._get().time_zone
        return Context(
            name=self.name or "",
            callback_url=address and f"{address}/crm_sms_gateway/webhook/{token}",
            time_zone=ZoneInfo(zone),
            reasons=self._get_reasons(),
        )

    @tools.ormcache("self.id")
    def _get_reasons(self):
        """:return: dict of the provider's code → failure type, as administrators
        entered them"""
        # sudo: the sender applies what only administrators see
        Reason = self.env["sms.gateway.route.reason"].sudo()
        reasons = Reason.search([("route_id", "=", self.id)])
        return {reason.code: reason.failure_type for reason in reasons}

    def _get_way_to_ask(self):
        """How the provider is asked what became of a message by our reference.

        :return: ``lookup``, ``again`` (handing over again is asking) or ``none``
        """
        with contextlib.closing(self._make_provider()) as provider:
            if provider.can_look_up:
                return "lookup"
            return "again" if provider.is_idempotent else "none"

    def _get_prices(self, channel, *, is_debug=False):
        """What messages through this route cost; debug messages cost nothing that
        anybody pays.

        :rtype: tools.prices.PriceList
        """
        return PriceList({}) if is_debug else self._make_price_list(channel)

    @tools.ormcache("self.id", "channel")
    def _make_price_list(self, channel):
        # sudo: who may send may know what it costs, only administrators see price lists
        return self.env["sms.gateway.price"].sudo()._make_list(self, channel)

    def _pause(self, reason, *, lacks_settings=False):
        """Stop an active route that cannot work until a person acts, and tell who is to
        act."""
        for route in self.filtered(lambda route: route.state == "active"):
            words = " ".join(reason.split())
            _logger.warning("Route %s is paused: %s", route.name, words)
            route.write(
                {
                    "state": "paused",
                    "pause_reason": reason,
                    "lacks_settings": lacks_settings,
                }
            )
            user = route.user_id or self.env.ref("base.user_admin")
            theirs = self.with_context(lang=user.lang).env
            route.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=theirs._("The route is paused"),
                note=plaintext2html(say_words(theirs, reason)),
                user_id=user.id,
            )

    def _resume(self):
        self.write({"state": "active", "pause_reason": False, "resume_at": False})
        self._end_back_off()
        self.activity_feedback(["mail.mail_activity_data_todo"])
        self.env["sms.gateway.dispatcher"]._wake()

    def _back_off(self, seconds, reason=""):
        """Leave a route alone for a while after trouble with its connection, and tell
        the person responsible of a long while."""
        resume_at = clock.this_second() + timedelta(seconds=seconds)
        self.write({"resume_at": resume_at, "rest_reason": reason})
        if seconds > MAX_SILENT_REST:
            for route in self:
                _logger.warning("Route %s rests until %s", route.name, resume_at)
                route._tell_of_rest()

    def _tell_of_rest(self):
        """One activity is enough for as long as nobody has done it."""
        user = self.user_id or self.env.ref("base.user_admin")
        theirs = self.with_context(lang=user.lang).env
        summary = theirs._("The provider makes the route wait")
        if summary in self.activity_ids.mapped("summary"):
            return
        told = theirs._(
            "Nothing is sent before %(time)s, unless somebody resumes the route."
            " The provider: %(words)s",
            time=format_datetime(theirs, self.resume_at, tz=user.tz),
            words=say_words(theirs, self.rest_reason) or "–",
        )
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=summary,
            note=plaintext2html(told),
            user_id=user.id,
        )

    def _end_back_off(self):
        """Let go at once what waits for its next attempt; what was never tried waits
        for the time it is planned for."""
        Message = self.env["sms.gateway.message"]
        Message.flush_model(["not_before"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message SET not_before = %(now)s
                 WHERE id IN (SELECT id FROM sms_gateway_message
                               WHERE state = 'queued' AND route_id IN %(routes)s
                                 AND attempts > 0 AND not_before > %(now)s
                                 FOR NO KEY UPDATE SKIP LOCKED)
                """,
                now=clock.now(),
                routes=tuple(self.ids) or (0,),
            )
        )
        Message.invalidate_model(["not_before"])


@lru_cache(maxsize=1)
def _list_time_zones():
    """Names of places, without historical ones and those that are offsets."""
    places = (zone for zone in available_timezones() if "/" in zone)
    return ["UTC", *sorted(z for z in places if not z.startswith("Etc/"))]


class SmsGatewayRouteSetting(models.Model):
    """One value of a route's provider; secrets are kept in a column of their own."""

    _name = "sms.gateway.route.setting"
    _description = "SMS Gateway Route Setting"
    _order = "id"
    _rec_name = "name"

    route_id = fields.Many2one(
        "sms.gateway.route", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(required=True, readonly=True)
    label = fields.Char(compute="_compute_declaration")
    help = fields.Char(compute="_compute_declaration")
    is_secret = fields.Boolean(compute="_compute_declaration")
    is_required = fields.Boolean(compute="_compute_declaration")
    kind = fields.Char(
        compute="_compute_declaration", help="Member of `providers.settings.Kind`."
    )
    choices = fields.Json(
        compute="_compute_declaration", help="Pairs of value and label."
    )
    unit = fields.Char(compute="_compute_declaration")
    value = fields.Char(
        help="Whoever changes the address that secrets are sent to, and may not read"
        " them, must enter them again.",
    )
    secret_value = fields.Char(groups="base.group_system", copy=False)
    secret_input = fields.Char(
        string="Secret",
        compute="_compute_secret_input",
        inverse="_inverse_secret_input",
        help="Can be entered, not read.",
    )

    _route_name_unique = models.UniqueIndex("(route_id, name)")

    @api.depends("name", "route_id.provider_code")
    def _compute_declaration(self):
        for row in self:
            provider = PROVIDERS.get(row.route_id.provider_code)
            declared = provider and provider.get_setting(row.name)
            row.label = self.env._(declared.label) if declared else row.name
            row.help = self.env._(declared.help) if declared and declared.help else ""
            row.is_secret = bool(declared) and declared.secret
            row.is_required = bool(declared) and declared.required
            row.kind = declared and declared.kind.value
            row.choices = row._list_choices(declared)
            is_duration = bool(declared) and declared.kind is Kind.DURATION
            row.unit = is_duration and self.env._(declared.unit.label)

    def _list_choices(self, declared):
        """The values that are offered, as pairs of value and label."""
        if declared and declared.kind is Kind.CHOICE:
            return [[value, self.env._(label)] for value, label in declared.choices]
        if declared and declared.kind is Kind.TIME_ZONE:
            return [[zone, zone] for zone in _list_time_zones()]
        return []

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: see `_forget_trust`."""
        rows = super(SmsGatewayRouteSetting, _judged_later(self)).create(vals_list)
        routes = rows.filtered(lambda row: row._directs_secret()).route_id
        routes._forget_trust(routes.setting_ids - rows)
        rows = rows.with_env(self.env)
        rows.route_id._judge_settings()
        return rows

    def write(self, vals):
        """Override: see `_forget_trust`."""
        self._check_identity_unchanged(vals)
        if "value" in vals:
            directing = self.filtered(
                lambda row: row._directs_secret() and row.value != vals["value"]
            )
            routes = _judged_later(directing).route_id
            routes._forget_trust(routes.setting_ids)
        result = super(SmsGatewayRouteSetting, _judged_later(self)).write(vals)
        self.route_id._judge_settings()
        return result

    def unlink(self):
        """Override: a route without a setting that it needs is not active."""
        routes = self.route_id
        result = super().unlink()
        routes._judge_settings()
        return result

    def _check_identity_unchanged(self, vals):
        """A secret stays where it was entered."""
        if any(
            vals.get("name", row.name) != row.name
            or vals.get("route_id", row.route_id.id) != row.route_id.id
            for row in self
        ):
            raise UserError(self.env._("A setting keeps its name and its route."))

    def _directs_secret(self):
        self.ensure_one()
        provider = PROVIDERS.get(self.route_id.provider_code)
        declared = provider and provider.get_setting(self.name)
        return bool(declared) and declared.directs_secret

    def _forget_secrets(self):
        """Clear secrets before they would go elsewhere than where they were meant
        for."""
        # sudo: secrets are out of this user's sight, that is why they go
        self.sudo().filtered("secret_value").secret_value = False
        self.invalidate_recordset(["secret_input"], flush=False)

    def _compute_secret_input(self):
        for row in self:
            # sudo: whether there is a secret may be known, the secret itself not
            row.secret_input = "********" if row.sudo().secret_value else False

    def _inverse_secret_input(self):
        for row in self:
            if row.secret_input != "********":
                # sudo: administrators of the gateway may replace secrets, not read them
                row.sudo().secret_value = row.secret_input
        # What was entered is not sent back to the screen.
        self.invalidate_recordset(["secret_input"], flush=False)
