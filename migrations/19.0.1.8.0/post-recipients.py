"""Lets the scheduled action that writes to chatters call the model that does."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    cron = env.ref("crm_sms_gateway.ir_cron_note", raise_if_not_found=False)
    if cron:
        cron.model_id = env["ir.model"]._get("sms.gateway.chatter.log")
        cron.code = "model._cron_log()"
