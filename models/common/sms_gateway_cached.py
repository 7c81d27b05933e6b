"""Records that are kept in memory."""

from odoo import api, models


class SmsGatewayCached(models.AbstractModel):
    """Forgets what was made of the records whenever one of them changes."""

    _name = "sms.gateway.cached"
    _description = "SMS Gateway Cached Records"

    #: The registry's cache that holds what is made of them.
    _cached_in = "default"

    @api.model_create_multi
    def create(self, vals_list):
        """Override: see `_forget_cached`."""
        self._forget_cached()
        return super().create(vals_list)

    def write(self, vals):
        """Override: see `_forget_cached`."""
        self._forget_cached()
        return super().write(vals)

    def unlink(self):
        """Override: see `_forget_cached`."""
        self._forget_cached()
        return super().unlink()

    @api.model
    def _forget_cached(self):
        """What was made of the records is made anew, in all processes."""
        self.env.registry.clear_cache(self._cached_in)
