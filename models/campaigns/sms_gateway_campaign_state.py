"""States of campaigns: people pause, resume and cancel, the gateway pauses."""

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..common.overtaken import find_overtaken


class SmsGatewayCampaignState(models.AbstractModel):
    """Changes the states of accepted campaigns; the statistics end them."""

    _name = "sms.gateway.campaign.state"
    _description = "SMS Gateway Campaign State"

    # === BUTTONS ===
    @api.model
    def _pause(self, campaigns):
        self._move(campaigns, {"scheduled", "running"}, "paused")

    @api.model
    def _resume(self, campaigns):
        """Go on; what was scheduled waits for its time, what has ended is done."""
        for campaign in campaigns:
            campaign.route_id._check_sends(campaign.channel)
        for campaign in self._move(campaigns, {"paused"}, "running"):
            campaign.state = campaign._get_status(campaign._get_totals())
            campaign.pause_reason = False
        self.env["sms.gateway.fan.out"]._wake()
        self.env["sms.gateway.dispatcher"]._wake()

    @api.model
    def _cancel(self, campaigns):
        """Stop for good: the dispatcher cancels what is still queued."""
        cancelled = self._move(
            campaigns, {"draft", "scheduled", "running", "paused"}, "cancelled"
        )
        # nobody was found yet: there is nothing to write
        cancelled.filtered("looks_again").write(
            {"looks_again": False, "unprepared_count": 0}
        )
        self.env["sms.gateway.dispatcher"]._wake()

    def _move(self, campaigns, sources, state):
        """:return: the campaigns, as superuser"""
        self._check_may_move(campaigns)
        self._check_sources(campaigns, sources)
        self._check_not_overtaken(campaigns, state)
        # sudo: people move campaigns by these buttons only, nobody writes them
        campaigns = campaigns.sudo()
        for campaign in campaigns:
            campaign.write({"state": state, "moves": campaign.moves + 1})
        return campaigns

    def _check_may_move(self, campaigns):
        campaigns.check_access("read")
        for campaign in campaigns:
            if not (self.env.su or campaign.may_move):
                raise AccessError(
                    self.env._(
                        "Campaign “%(campaign)s” belongs to another user. Only SMS "
                        "Gateway managers can change, pause, resume or cancel it.",
                        campaign=campaign.name,
                    )
                )

    def _check_sources(self, campaigns, sources):
        for campaign in campaigns:
            if campaign.state not in sources:
                label = dict(campaign._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "This action is not available: campaign “%(campaign)s” has "
                        "the status “%(state)s”.",
                        campaign=campaign.name,
                        state=label[campaign.state],
                    )
                )

    def _check_not_overtaken(self, campaigns, button):
        """A campaign that was paused and resumed since the person looked, say, is not
        the one that the person saw."""
        if overtaken := find_overtaken(campaigns, button, "moves"):
            raise UserError(
                self.env._(
                    "Campaign “%(campaign)s” was changed by another user or process. "
                    "Check its status and try again.",
                    campaign=overtaken[0].name,
                )
            )

    # === GATEWAY ===
    @api.model
    def _check_goes_on(self, campaigns):
        """:raise UserError: messages that are queued would not go out"""
        for campaign in campaigns:
            if campaign.state == "cancelled":
                raise UserError(
                    self.env._(
                        "Campaign “%(campaign)s” was cancelled, so its messages "
                        "cannot be sent again. Create a new campaign.",
                        campaign=campaign.name,
                    )
                )
            if campaign.state == "paused":
                raise UserError(
                    self.env._(
                        "Campaign “%(campaign)s” is paused. Resume it first.",
                        campaign=campaign.name,
                    )
                )

    @api.model
    def _stop(self, campaign, reason):
        """Pause a campaign that cannot be prepared. Of one that a person has cancelled
        the rest is not prepared."""
        campaign.flush_recordset(["state", "pause_reason", "unprepared_count", "moves"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET pause_reason = %(reason)s,
                       unprepared_count = CASE WHEN state = 'cancelled' THEN 0
                                               ELSE unprepared_count END,
                       state = CASE WHEN state = 'cancelled' THEN state
                                    ELSE 'paused' END,
                       moves = COALESCE(moves, 0) + 1
                 WHERE id = %(id)s
                """,
                reason=reason,
                id=campaign.id,
            )
        )
        campaign.invalidate_recordset()

    @api.model
    def _sweep_cancelled(self, limit=10):
        """Cancel what is still queued in some of the cancelled campaigns.

        :return: the number of messages cancelled; call again until it is 0
        """
        campaigns = self.env["sms.gateway.campaign"].search(
            [("state", "=", "cancelled"), ("queued_count", ">", 0)],
            order="id",
            limit=limit,
        )
        changes = self.env["sms.gateway.state.change"]
        return sum(changes._cancel_queued(campaign) for campaign in campaigns)
