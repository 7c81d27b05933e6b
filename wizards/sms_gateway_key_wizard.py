"""Making of API keys for the gateway."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_users import check_identity


class SmsGatewayKeyWizard(models.TransientModel):
    """Asks whose key it will be and until when; the key itself is shown once."""

    _name = "sms.gateway.key.wizard"
    _description = "SMS Gateway New Key"

    name = fields.Char("Description", required=True)
    user_id = fields.Many2one(
        "res.users",
        required=True,
        domain=lambda self: [
            ("all_group_ids", "in", self.env.ref("crm_sms_gateway.group_api").id),
            ("id", "!=", self.env.ref("crm_sms_gateway.user_api").id),
            (
                "company_ids",
                "not any",
                [("id", "not in", self.env.user.company_ids.ids)],
            ),
        ],
        help="The key gives access to the routes of this user's companies.",
    )
    expiration_date = fields.Datetime(
        "Valid until",
        default=lambda self: fields.Datetime.now() + timedelta(days=365),
        help="Leave empty to keep the key valid until it is revoked.",
    )
    is_secret = fields.Boolean(
        "One-time codes",
        help="Texts sent with this key are hidden from all users and deleted as soon "
        "as the outcome of the message is known.",
    )

    @api.constrains("user_id")
    def _check_user(self):
        """Refused before anybody is asked for a password."""
        self.user_id._check_gateway_keys()

    @check_identity
    def action_make_key(self):
        self.ensure_one()
        return self._show(self._make_key())

    def _show(self, key):
        # Odoo's own view would say that the key opens the whole account
        view = self.env.ref("crm_sms_gateway.res_users_apikeys_show_view_form")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("API key"),
            "res_model": "res.users.apikeys.show",
            "views": [(view.id, "form")],
            "target": "new",
            "context": {"default_key": key},
        }

    def _make_key(self):
        self.user_id._check_gateway_keys()
        if not self.user_id.has_group("crm_sms_gateway.group_api"):
            raise UserError(
                self.env._(
                    "%(user)s cannot use the API. First add this user to the “API” "
                    "group.",
                    user=self.user_id.name,
                )
            )
        if self.user_id == self.env.ref("crm_sms_gateway.user_api"):
            raise UserError(
                self.env._(
                    "%(user)s is reserved for requests without an API key. Select "
                    "another user.",
                    user=self.user_id.name,
                )
            )
        if self.expiration_date and self.expiration_date <= fields.Datetime.now():
            raise UserError(
                self.env._(
                    "The expiry time is in the past. Enter a later time, or leave it "
                    "empty for a key that stays valid until it is revoked."
                )
            )
        # sudo: the key belongs to another user and may be valid for longer than Odoo
        # allows ordinary users; its scope opens nothing but the gateway
        keys = self.env["res.users.apikeys"].with_user(self.user_id).sudo()
        return keys._generate_gateway_key(
            self.name, self.expiration_date, is_secret=self.is_secret
        )
