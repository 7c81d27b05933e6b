"""Pauses routes that are active with settings missing or wrong, and says why."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    routes = env["sms.gateway.route"].search([("state", "=", "active")])
    env["sms.gateway.route.evaluation"]._evaluate(routes)
