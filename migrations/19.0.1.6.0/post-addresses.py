"""Lets routes go on calling addresses in private networks that they call already."""

from urllib.parse import urlsplit

from odoo import SUPERUSER_ID, api

from odoo.addons.crm_sms_gateway.providers.addresses import (
    NotAllowed,
    Reach,
    find_allowed,
)


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    routes = env["sms.gateway.route"].with_context(active_test=False).search([])
    settings = routes.setting_ids.filtered(lambda row: row._directs_secret())
    private = settings.filtered(lambda row: leads_to_private_network(row.value or ""))
    private.route_id.write({"allows_private": True})


def leads_to_private_network(url):
    """Whether an address, or the name in it, leads to a private network today."""
    try:
        parts = urlsplit(url.strip())
        find_allowed(parts.hostname or "", parts.port or 0, allows_private=False)
    except NotAllowed as error:
        return error.reach is Reach.PRIVATE
    except (OSError, ValueError):
        return False
    return False
