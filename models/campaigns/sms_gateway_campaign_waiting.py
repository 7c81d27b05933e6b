"""Why the messages of a campaign wait, and when it goes out."""

from odoo import api, fields, models

from ..common import clock
from ..common.moment import say_moment

#: States in which a campaign waits, or will.
_WAITING = ("draft", "scheduled", "running")


class SmsGatewayCampaign(models.Model):
    """Adds what is told of waiting; nothing of it is stored."""

    _inherit = "sms.gateway.campaign"

    waiting_reasons = fields.Json(
        "Why messages wait", compute="_compute_waiting_reasons", exportable=False
    )
    waiting_label = fields.Char("Waiting for", compute="_compute_waiting_reasons")
    schedule_words = fields.Char("Goes out on", compute="_compute_schedule_words")
    schedule_has_passed = fields.Boolean(
        "Send time has passed", compute="_compute_schedule_words"
    )
    fixed_reason = fields.Char("Time is fixed", compute="_compute_fixed_reason")

    @api.depends("route_id", "channel", "is_debug", "state")
    @api.depends_context("uid", "lang", "tz")
    def _compute_waiting_reasons(self):
        waiting = self.env["sms.gateway.waiting"]
        held = self.filtered(lambda campaign: campaign._has_something_waiting())
        of_route = waiting._explain_each(held)
        for campaign in self:
            reasons = of_route.get(campaign, [])
            campaign.waiting_reasons = waiting._dump(reasons) or False
            is_told = campaign.state == "running"
            campaign.waiting_label = is_told and waiting._get_label(reasons)

    def _has_something_waiting(self):
        """Whether messages of the campaign wait, or will when the draft is sent."""
        if self.state == "running":
            return bool(self.queued_count or self.unprepared_count)
        return self.state in _WAITING

    @api.depends("scheduled_at", "state")
    @api.depends_context("lang", "tz", "uid")
    def _compute_schedule_words(self):
        for campaign in self:
            moment = campaign.scheduled_at
            campaign.schedule_words = moment and say_moment(self.env, moment)
            is_past = moment and moment < clock.now()
            campaign.schedule_has_passed = campaign.state == "draft" and is_past

    @api.depends("state", "user_id")
    @api.depends_context("uid", "lang")
    def _compute_fixed_reason(self):
        """Why a campaign cannot be dragged to another time in the calendar."""
        reasons = {
            "running": self.env._("Sending has started"),
            "paused": self.env._("Paused: resume it first"),
            "done": self.env._("Already sent"),
            "cancelled": self.env._("Cancelled"),
        }
        for campaign in self:
            campaign.fixed_reason = reasons.get(campaign.state) or (
                not campaign.may_move and self.env._("Belongs to another user")
            )
