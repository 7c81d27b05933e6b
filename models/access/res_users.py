"""API keys that open the gateway and nothing else."""

import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from odoo.tools.lru import LRU

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

KEY_SCOPE = "crm_sms_gateway"


#: Keys that were checked lately, as (hash in the database, digest of the key). The
#: check costs milliseconds on purpose, against guessing; a right key pays only once.
_CHECKED = LRU(1000)


def _is_key_of(hashed, key):
    proof = (hashed, hashlib.sha256(key.encode()).digest())
    if proof not in _CHECKED:
        if not KEY_CRYPT_CONTEXT.verify(key, hashed):
            return False
        _CHECKED[proof] = True
    return True


class ResUsers(models.Model):
    """Knows the technical user of API clients without a key."""

    _inherit = "res.users"

    @api.model
    def _get_gateway_user_id(self):
        """From the cache: `env.ref` would ask the database every time."""
        return self.env["ir.model.data"]._xmlid_to_res_id("crm_sms_gateway.user_api")

    def _check_gateway_keys(self):
        """A key sends through the routes of all companies of its user: only who may
        act for all of these makes and revokes it.

        :raise AccessError: the keys of one of these users are not the current user's
            to rule
        """
        if not self.env.user.has_group("crm_sms_gateway.group_administrator"):
            raise AccessError(
                self.env._(
                    "Only SMS Gateway administrators can create and revoke API keys."
                )
            )
        allowed = self.env.user.company_ids
        # sudo: administrators of the gateway may not read users of other companies
        if self.sudo().company_ids - allowed:
            raise AccessError(
                self.env._(
                    "The user of this API key belongs to companies that you do not "
                    "have access to. Only an administrator with access to all of "
                    "them can create or revoke the key."
                )
            )


class ResUsersApikeys(models.Model):
    """Adds keys of the gateway's own scope to Odoo's API keys."""

    _inherit = "res.users.apikeys"

    is_secret = fields.Boolean(
        "One-time codes",
        readonly=True,
        help="Texts sent with this key are hidden from all users and deleted as soon "
        "as the outcome of the message is known.",
    )

    def init(self):
        """Override: the ORM makes no columns of this table."""
        result = super().init()
        self.env.cr.execute(
            "ALTER TABLE res_users_apikeys ADD COLUMN IF NOT EXISTS is_secret boolean"
        )
        return result

    @api.model
    def _find_gateway_user(self, key):
        """The user a gateway key belongs to.

        Odoo's own check takes a key without scope for any scope; here only the
        gateway's scope counts, so that a stolen RPC key cannot send and a gateway key
        cannot do RPC.

        A key of the technical user counts for nothing: API clients without a key act as
        that user and may use the routes of every company, which no key may.

        :rtype: res.users, empty when the key is unknown, expired or of another scope;
            ``sms_gateway_is_secret`` in its context tells a key whose texts are codes
        """
        if "\0" in key:
            # PostgreSQL's text cannot hold it, so no key does.
            return self.env["res.users"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT k.user_id, k.key, k.is_secret IS TRUE
                  FROM res_users_apikeys k JOIN res_users u ON u.id = k.user_id
                 WHERE u.active AND u.id != %s AND k.index = %s AND k.scope = %s
                   AND (k.expiration_date IS NULL OR k.expiration_date >= %s)
                """,
                self.env["res.users"]._get_gateway_user_id(),
                key[:INDEX_SIZE],
                KEY_SCOPE,
                fields.Datetime.now(),
            )
        )
        for user_id, hashed, is_secret in rows:
            if _is_key_of(hashed, key):
                user = self.env["res.users"].browse(user_id)
                return (
                    user.with_context(sms_gateway_is_secret=True) if is_secret else user
                )
        return self.env["res.users"]

    def _generate_gateway_key(self, name, expiration_date, *, is_secret):
        """Make a key of the gateway for the current user.

        :param is_secret: whether texts sent with it are codes
        :return: the key itself, which is kept nowhere
        """
        key = self._generate(KEY_SCOPE, name, expiration_date)
        if is_secret:
            self.env.cr.execute(
                SQL(
                    """UPDATE res_users_apikeys SET is_secret = TRUE
                        WHERE id = (SELECT max(id) FROM res_users_apikeys
                                     WHERE user_id = %s AND index = %s AND scope = %s)
                    """,
                    self.env.uid,
                    key[:INDEX_SIZE],
                    KEY_SCOPE,
                )
            )
        return key

    def action_revoke_gateway_key(self):
        """Button of the gateway's page of keys: the key stops working at once."""
        # sudo: whoever may not see a key is told why they do not revoke it
        keys = self.sudo()
        keys.user_id.with_env(self.env)._check_gateway_keys()
        if any(key.scope != KEY_SCOPE for key in keys):
            raise AccessError(
                self.env._("Only SMS Gateway administrators can revoke API keys.")
            )
        # sudo: Odoo lets only system users remove the keys of others; these keys open
        # nothing but the gateway, whose administrator this is
        return self.sudo()._remove()
