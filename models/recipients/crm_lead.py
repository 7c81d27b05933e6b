"""Leads: written to as their contact."""

from odoo import models


class CrmLead(models.Model):
    """Adds the messages of a lead."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "sms.gateway.history.mixin"]
