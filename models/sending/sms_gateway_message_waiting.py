"""Why a message waits: for its form."""

from odoo import api, fields, models

from ..common import clock
from ..common.moment import say_moment
from ..operations.sms_gateway_waiting import Reason


class SmsGatewayMessage(models.Model):
    """Adds what the form tells of a queued message; nothing of it is stored."""

    _inherit = "sms.gateway.message"

    waiting_reasons = fields.Json(
        "Why the message waits", compute="_compute_waiting_reasons", exportable=False
    )
    waiting_label = fields.Char("Waiting for", compute="_compute_waiting_reasons")

    @api.depends("state", "route_id", "channel", "is_debug", "not_before")
    @api.depends_context("uid", "lang", "tz")
    def _compute_waiting_reasons(self):
        waiting = self.env["sms.gateway.waiting"]
        for message in self:
            reasons = message._explain_waiting() if message.state == "queued" else []
            message.waiting_reasons = waiting._dump(reasons) or False
            message.waiting_label = waiting._get_label(reasons)

    def _explain_waiting(self):
        return [
            *self._explain_paused_campaign(),
            *self._explain_time(),
            *self.env["sms.gateway.waiting"]._explain(
                self.route_id, self.channel, is_debug=self.is_debug
            ),
        ]

    def _explain_paused_campaign(self):
        # sudo: whoever reads a message may not read its campaign
        campaign = self.campaign_id.sudo()
        if campaign.state == "paused":
            yield Reason(
                "campaign_paused",
                self.env._("Campaign paused"),
                self.env._(
                    "Campaign “%(campaign)s” is paused.", campaign=campaign.name
                ),
                self.env._("The message waits until the campaign is resumed."),
            )

    def _explain_time(self):
        """The message has its time, or waits between two attempts."""
        if not self.not_before or self.not_before <= clock.now():
            return
        moment = say_moment(self.env, self.not_before)
        if self.attempts:
            yield Reason(
                "next_attempt",
                self.env._("Waiting for the next attempt"),
                self.env._(
                    "The last attempt was not successful. The next attempt is on"
                    " %(moment)s.",
                    moment=moment,
                ),
            )
        else:
            yield Reason(
                "scheduled",
                self.env._("Scheduled"),
                self.env._("The message is sent on %(moment)s.", moment=moment),
            )
