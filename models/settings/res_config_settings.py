"""The gateway's block on Odoo's settings page."""

from zoneinfo import available_timezones

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.public_address import read_address
from ..operations.cron_workers import has_too_many_lanes
from ..operations.troubles import describe_health
from ..routes.public_address import explain_address
from .sms_gateway_settings import DEFAULTS, MAX_LANES, PREFIX, parse_networks


class ResConfigSettings(models.TransientModel):
    """Settings of the gateway; `sms.gateway.settings` reads them."""

    _inherit = "res.config.settings"

    sms_gateway_is_stopped = fields.Boolean(
        "Emergency stop",
        config_parameter=PREFIX + "is_stopped",
        help="While this is on, nothing is sent and the API responds with status 503.",
    )
    sms_gateway_access_policy = fields.Selection(
        [
            ("trusted_networks", "API key required outside trusted networks"),
            ("key", "API key always required"),
            ("open", "No API key required"),
        ],
        string="Who can call the API",
        config_parameter=PREFIX + "access_policy",
        default=DEFAULTS["access_policy"],
    )
    sms_gateway_trusted_networks = fields.Char(
        "Trusted networks",
        config_parameter=PREFIX + "trusted_networks",
        default=DEFAULTS["trusted_networks"],
    )
    sms_gateway_host_names = fields.Char(
        "Host names of this server",
        config_parameter=PREFIX + "host_names",
        help="Host names that API clients without a key use for this server, "
        "separated by commas. IP addresses, names without a dot and the name in "
        "web.base.url need not be listed.",
    )
    sms_gateway_time_zone = fields.Selection(
        selection="_selection_sms_gateway_time_zone",
        string="Gateway time zone",
        config_parameter=PREFIX + "time_zone",
        default=DEFAULTS["time_zone"],
    )
    sms_gateway_lanes = fields.Integer(
        "Sending jobs", config_parameter=PREFIX + "lanes", default=DEFAULTS["lanes"]
    )
    sms_gateway_max_recipients = fields.Integer(
        "Maximum recipients per request",
        config_parameter=PREFIX + "max_recipients",
        default=DEFAULTS["max_recipients"],
    )
    sms_gateway_max_body_mib = fields.Integer(
        "Maximum request size (MiB)",
        config_parameter=PREFIX + "max_body_mib",
        default=DEFAULTS["max_body_mib"],
    )
    sms_gateway_max_segments = fields.Integer(
        "Maximum SMS parts per message",
        config_parameter=PREFIX + "max_segments",
        default=DEFAULTS["max_segments"],
    )
    sms_gateway_max_speech = fields.Integer(
        "Maximum characters per call",
        config_parameter=PREFIX + "max_speech",
        default=DEFAULTS["max_speech"],
    )
    sms_gateway_public_address = fields.Char(
        "Public address",
        config_parameter=PREFIX + "public_address",
        help="Start of short links and webhook URLs. Empty: Odoo's own address "
        "(system parameter web.base.url).",
    )
    sms_gateway_address_trouble = fields.Char(
        "Problem with the public address",
        compute="_compute_sms_gateway_address_trouble",
    )
    sms_gateway_retention_days = fields.Integer(
        "Keep messages (days)",
        config_parameter=PREFIX + "retention_days",
        default=DEFAULTS["retention_days"],
        help="Finished messages older than this are deleted. 0 = keep forever.",
    )
    sms_gateway_retention_covers_odoo = fields.Boolean(
        "Delete Odoo SMS too",
        config_parameter=PREFIX + "retention_covers_odoo",
        help="When a message that Odoo sent through the gateway is deleted, its text "
        "and number are also deleted from the chatter and from SMS Marketing.",
    )
    sms_gateway_kept = fields.Html(
        "Data and retention periods",
        compute="_compute_sms_gateway_kept",
        sanitize=False,
    )
    sms_gateway_route_id = fields.Many2one(
        related="company_id.sms_gateway_route_id", readonly=False
    )
    sms_gateway_obeys_blacklist = fields.Boolean(
        related="company_id.sms_gateway_obeys_blacklist", readonly=False
    )
    sms_gateway_is_held = fields.Boolean(
        "Sending is on hold", compute="_compute_sms_gateway_is_held"
    )
    sms_gateway_health = fields.Html(
        "Gateway health", compute="_compute_sms_gateway_health"
    )
    sms_gateway_has_troubles = fields.Boolean(
        "The gateway has problems", compute="_compute_sms_gateway_health"
    )
    sms_gateway_too_many_lanes = fields.Boolean(
        "Too Many Sending Jobs", compute="_compute_sms_gateway_too_many_lanes"
    )
    sms_gateway_last_callers = fields.Char(
        "Recent API clients", compute="_compute_sms_gateway_callers"
    )
    sms_gateway_single_caller = fields.Boolean(
        "Single API Client", compute="_compute_sms_gateway_callers"
    )

    @api.model
    def _selection_sms_gateway_time_zone(self):
        return [(name, name) for name in sorted(available_timezones())]

    def _compute_sms_gateway_is_held(self):
        self.sms_gateway_is_held = bool(self.env["sms.gateway.hold"]._find_open())

    @api.depends("sms_gateway_lanes")
    def _compute_sms_gateway_too_many_lanes(self):
        for settings in self:
            settings.sms_gateway_too_many_lanes = has_too_many_lanes(
                settings.sms_gateway_lanes
            )

    @api.depends_context("lang", "uid")
    def _compute_sms_gateway_health(self):
        # sudo: whoever sees the settings page may see how the gateway is
        health = self.env["sms.gateway.health"].sudo()._describe()
        for settings in self:
            settings.sms_gateway_has_troubles = bool(health["troubles"])
            settings.sms_gateway_health = describe_health(self.env, health)

    def _compute_sms_gateway_address_trouble(self):
        """Of what is saved: the page shows it when it is opened."""
        self.sms_gateway_address_trouble = explain_address(self.env.company)

    @api.depends("sms_gateway_retention_days", "sms_gateway_retention_covers_odoo")
    def _compute_sms_gateway_kept(self):
        retention = self.env["sms.gateway.retention"]
        for settings in self:
            settings.sms_gateway_kept = retention._make_table(
                max(settings.sms_gateway_retention_days, 0),
                settings.sms_gateway_retention_covers_odoo,
            )

    @api.depends("sms_gateway_access_policy")
    def _compute_sms_gateway_callers(self):
        callers = self.env["sms.gateway.api.client"]._get_last()
        for settings in self:
            settings.sms_gateway_last_callers = ", ".join(callers.mapped("address"))
            settings.sms_gateway_single_caller = (
                len(callers) == 1 and callers.call_count > 10
            )

    def set_values(self):
        self._check_sms_gateway_values()
        return super().set_values()

    def _check_sms_gateway_values(self):
        try:
            networks = parse_networks(self.sms_gateway_trusted_networks)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "Trusted networks: %(error)s. Enter networks separated by "
                    "commas, e.g. 10.0.0.0/8.",
                    error=error,
                )
            ) from error
        # Odoo forgets an empty parameter, and its default would be trusted again.
        if not networks and self.sms_gateway_access_policy == "trusted_networks":
            raise ValidationError(
                self.env._(
                    "Trusted networks: enter at least one network or select “API key "
                    "always required”."
                )
            )
        address = self.sms_gateway_public_address
        if address and not read_address(address):
            raise ValidationError(
                self.env._(
                    "“%(address)s” is not a web server address such as "
                    "https://crm.example.com.",
                    address=address,
                )
            )
        if not 1 <= self.sms_gateway_lanes <= MAX_LANES:
            raise ValidationError(
                self.env._(
                    "Enter a number of sending jobs from 1 to %(most)s.", most=MAX_LANES
                )
            )
        limits = (
            "sms_gateway_max_recipients",
            "sms_gateway_max_body_mib",
            "sms_gateway_max_segments",
            "sms_gateway_max_speech",
        )
        if any(self[name] < 1 for name in limits):
            raise ValidationError(
                self.env._("SMS Gateway limits must be greater than zero.")
            )
        if self.sms_gateway_retention_days < 0:
            raise ValidationError(
                self.env._(
                    "The retention period cannot be negative. 0 = keep messages "
                    "forever."
                )
            )

    def action_sms_gateway_decide_hold(self):
        return self.env["sms.gateway.hold"]._open_decision()

    def action_sms_gateway_routes(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_route_action"
        )

    def action_sms_gateway_keys(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_key_action"
        )
