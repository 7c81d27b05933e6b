"""Settings of routes: what each provider needs to know of its account."""

from functools import lru_cache
from zoneinfo import available_timezones

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...providers import PROVIDERS
from ...providers.settings import Kind
from .sms_gateway_route_evaluation import evaluated_later


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
        "Type",
        compute="_compute_declaration",
        help="Member of `providers.settings.Kind`.",
    )
    choices = fields.Json(
        compute="_compute_declaration", help="Pairs of value and label."
    )
    unit = fields.Char(compute="_compute_declaration")
    value = fields.Char(
        help="If you change the address that secrets are sent to, enter the secrets "
        "again (not needed for users who can view them).",
    )
    secret_value = fields.Char(groups="base.group_system", copy=False)
    secret_input = fields.Char(
        string="Secret",
        compute="_compute_secret_input",
        inverse="_inverse_secret_input",
        help="Write-only: it can be entered or replaced but not viewed.",
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
        """Override: see `sms.gateway.route.evaluation`."""
        rows = super(SmsGatewayRouteSetting, evaluated_later(self)).create(vals_list)
        evaluation = self.env["sms.gateway.route.evaluation"]
        routes = rows.filtered(lambda row: row._directs_secret()).route_id
        evaluation._forget_trust(routes, routes.setting_ids - rows)
        rows = rows.with_env(self.env)
        evaluation._evaluate(rows.route_id)
        return rows

    def write(self, vals):
        """Override: see `sms.gateway.route.evaluation`."""
        self._check_identity_unchanged(vals)
        evaluation = self.env["sms.gateway.route.evaluation"]
        if "value" in vals:
            directing = self.filtered(
                lambda row: row._directs_secret() and row.value != vals["value"]
            )
            routes = evaluated_later(directing).route_id
            evaluation._forget_trust(routes, routes.setting_ids)
        result = super(SmsGatewayRouteSetting, evaluated_later(self)).write(vals)
        evaluation._evaluate(self.route_id)
        return result

    def unlink(self):
        """Override: a route without a setting that it needs is not active."""
        routes = self.route_id
        result = super().unlink()
        self.env["sms.gateway.route.evaluation"]._evaluate(routes)
        return result

    def _check_identity_unchanged(self, vals):
        """A secret stays where it was entered."""
        if any(
            vals.get("name", row.name) != row.name
            or vals.get("route_id", row.route_id.id) != row.route_id.id
            for row in self
        ):
            raise UserError(
                self.env._("The name and route of a setting cannot be changed.")
            )

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


@lru_cache(maxsize=1)
def _list_time_zones():
    """Names of places, without historical names and those that are offsets."""
    places = (zone for zone in available_timezones() if "/" in zone)
    return ["UTC", *sorted(z for z in places if not z.startswith("Etc/"))]
