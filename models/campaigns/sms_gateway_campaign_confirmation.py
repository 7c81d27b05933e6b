"""What an author confirms before a draft is sent."""

from odoo import api, models
from odoo.exceptions import UserError

from .recipient_sources import can_change


class SmsGatewayCampaignConfirmation(models.AbstractModel):
    """Refuses what cannot be sent, and finds the figures and warnings of what can."""

    _name = "sms.gateway.campaign.confirmation"
    _description = "SMS Gateway Campaign Confirmation"

    @api.model
    def _ask(self, campaign):
        """Check a draft as it is stored, and its first recipients.

        :return: dict of `_check_recipients`, besides ``warnings``, a list of sentences,
            ``moment``, the send time in words, False for at once, and ``looks_again``:
            the recipients are looked for at that time
        :raise UserError: the draft cannot be sent as it stands
        """
        preview = self.env["sms.gateway.campaign.preview"]
        check = preview._check_recipients(campaign, {}, 0)
        if check["refusal"]:
            raise UserError(check["refusal"])
        return {
            **check,
            "warnings": self._find_warnings(campaign),
            "moment": campaign.schedule_words,
            "looks_again": bool(campaign.scheduled_at) and can_change(campaign),
        }

    def _find_warnings(self, campaign):
        """What keeps the messages from arriving as the author expects."""
        waiting = self.env["sms.gateway.waiting"]._explain(
            campaign.route_id, campaign.channel, is_debug=campaign.is_debug
        )
        found = [
            *(f"{reason.sentence} {reason.remedy}".strip() for reason in waiting),
            campaign.has_short_links and campaign.address_trouble,
            campaign.is_debug and self.env._("Dry run: nothing is really sent."),
        ]
        return [warning for warning in found if warning]
