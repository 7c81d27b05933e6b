"""Why a message waits."""

from odoo import api, fields, models

from ..common import clock
from ..common.moment import say_moment
from ..operations.sms_gateway_waiting import Reason


class SmsGatewayMessage(models.Model):
    """Adds what is told of a queued message; nothing of it is stored."""

    _inherit = "sms.gateway.message"

    waiting_reasons = fields.Json(
        "Why the message waits", compute="_compute_waiting_reasons", exportable=False
    )
    waiting_label = fields.Char("Waiting for", compute="_compute_waiting_reasons")

    @api.depends("state", "route_id", "channel", "is_debug", "not_before")
    @api.depends_context("uid", "lang", "tz")
    def _compute_waiting_reasons(self):
        waiting = self.env["sms.gateway.waiting"]
        queued = self.filtered(lambda message: message.state == "queued")
        of_route = waiting._explain_each(queued)
        for message in self:
            reasons = []
            if message in of_route:
                reasons = message._explain_own() + of_route[message]
            message.waiting_reasons = waiting._dump(reasons) or False
            message.waiting_label = waiting._get_label(reasons)

    def _explain_own(self):
        """What holds the message, whatever its route does."""
        return [*self._explain_paused_campaign(), *self._explain_time()]

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
