"""Lets scheduled actions call the models that their methods have moved to."""

from odoo import SUPERUSER_ID, api

#: scheduled action → its model; administrators may have changed everything else
SCHEDULED_ACTIONS = {
    "ir_cron_poll": "sms.gateway.status.poll",
    "ir_cron_recover": "sms.gateway.reconciliation",
    "ir_cron_fold": "sms.gateway.statistic.change",
    "ir_cron_retention": "sms.gateway.retention",
}


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, model in SCHEDULED_ACTIONS.items():
        cron = env.ref(f"crm_sms_gateway.{name}", raise_if_not_found=False)
        if cron:
            cron.model_id = env["ir.model"]._get(model)
