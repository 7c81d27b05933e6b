"""The menu *Actions* of contacts and leads."""

from odoo import models

#: The gateway's own entries, which write to the same people as Odoo's *Send SMS*.
ENTRIES = ("res_partner_action_send", "crm_lead_action_send")


class IrActionsActions(models.Model):
    """Offers one entry to send SMS where two would send through the gateway."""

    _inherit = "ir.actions.actions"

    def get_bindings(self, model_name):
        """Override: the gateway's entry stands for Odoo's, if the user has it."""
        bindings = super().get_bindings(model_name)
        actions = bindings.get("action", [])
        if not (self.env.company._uses_sms_gateway() and self._has_entry(actions)):
            return bindings
        native = {
            action["id"]
            for action in self._get_bindings(model_name)["action"]
            if action.get("res_model") == "sms.composer"
        }
        others = [action for action in actions if action["id"] not in native]
        return {**bindings, "action": others}

    def _has_entry(self, actions):
        ids = {
            self.env["ir.model.data"]._xmlid_to_res_id(f"crm_sms_gateway.{name}")
            for name in ENTRIES
        }
        return any(action["id"] in ids for action in actions)
