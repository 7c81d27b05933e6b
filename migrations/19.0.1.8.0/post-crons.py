"""Lets scheduled actions call the models and methods that theirs have become."""

from odoo import SUPERUSER_ID, api

#: scheduled action → its model; administrators may have changed everything else
SCHEDULED_ACTIONS = {
    "ir_cron_poll": "sms.gateway.status.poll",
    "ir_cron_recover": "sms.gateway.reconciliation",
    "ir_cron_fold": "sms.gateway.statistic.change",
    "ir_cron_retention": "sms.gateway.retention",
}
#: scheduled action → its former method, its method
METHODS = {
    "ir_cron_balance": ("_cron_ask", "_cron_request"),
    "ir_cron_tell": ("_cron_tell", "_cron_sync"),
}


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, model in SCHEDULED_ACTIONS.items():
        cron = env.ref(f"crm_sms_gateway.{name}", raise_if_not_found=False)
        if cron:
            cron.model_id = env["ir.model"]._get(model)
    for name, (former, method) in METHODS.items():
        cron = env.ref(f"crm_sms_gateway.{name}", raise_if_not_found=False)
        if cron:
            cron.code = cron.code.replace(former, method)
