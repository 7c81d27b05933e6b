"""Events: the story of every message."""

from odoo import api, fields, models

from ..common.copied_many2one import CopiedMany2one
from .reasons import say_event
from .selections import SOURCES, STATES


class SmsGatewayEvent(models.Model):
    """One change of one message; rows are appended in bulk and never changed."""

    _name = "sms.gateway.event"
    _description = "SMS Gateway Event"
    _order = "id"
    _rec_name = "kind"
    _log_access = False

    message_id = CopiedMany2one("sms.gateway.message", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", readonly=True)
    route_id = CopiedMany2one("sms.gateway.route", readonly=True)
    kind = fields.Selection(
        [*STATES, ("report", "Report, status unchanged")],
        required=True,
        readonly=True,
        string="Type",
    )
    source = fields.Selection(
        SOURCES,
        required=True,
        readonly=True,
    )
    occurred_at = fields.Datetime("Time", required=True, readonly=True)
    recorded_at = fields.Datetime(required=True, readonly=True)
    code = fields.Char("Provider code", readonly=True)
    params = fields.Json(
        "Reason parameters",
        readonly=True,
        help="Values of the gateway's own reason. Empty when the provider gave the"
        " reason.",
    )
    detail = fields.Char(readonly=True)
    words = fields.Char("Details", compute="_compute_words")

    _message_index = models.Index("(message_id, id)")

    @api.depends("detail", "params")
    @api.depends_context("lang")
    def _compute_words(self):
        for event in self:
            event.words = say_event(event)
