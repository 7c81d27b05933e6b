"""Writes settings of routes as their kinds keep them."""

from odoo import SUPERUSER_ID, api

from odoo.addons.crm_sms_gateway.providers.settings import Kind


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    routes = env["sms.gateway.route"].with_context(active_test=False).search([])
    for row in routes.setting_ids:
        declared = row.route_id._get_provider_class().get_setting(row.name)
        if declared and row.value:
            value = normalise(declared, row.value)
            if value != row.value:
                row.value = value


def normalise(declared, text):
    """A value that was entered as free text, as its kind keeps it; one that makes no
    sense stays, and the route says so."""
    if declared.kind is Kind.BOOLEAN:
        # until now only "1" was on
        return "1" if text.strip() == "1" else "0"
    if declared.kind in (Kind.INTEGER, Kind.DURATION, Kind.TIME_ZONE, Kind.ADDRESS):
        return text.strip()
    return text
