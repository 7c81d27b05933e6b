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
            and ``looks_again``: the recipients are looked for at the send time
        :raise UserError: the draft cannot be sent as it stands
        """
        preview = self.env["sms.gateway.campaign.preview"]
        accept = self.env["sms.gateway.campaign.accept"]
        check = preview._check_recipients(campaign, {}, 0)
        if check["refusal"]:
            raise UserError(check["refusal"])
        accept._check_has_recipients(campaign)
        return {
            **check,
            "warnings": self._find_warnings(campaign),
            "looks_again": bool(campaign.scheduled_at) and can_change(campaign),
        }

    def _find_warnings(self, campaign):
        """What keeps the messages from arriving as the author expects."""
        settings = self.env["sms.gateway.settings"]._get()
        found = [
            settings.is_stopped
            and self.env._(
                "The emergency stop is on: messages wait until an administrator turns"
                " it off."
            ),
            campaign.route_id.is_held
            and self.env._(
                "Sending is on hold: messages wait until an Odoo administrator decides"
                " what to do."
            ),
            self._explain_wait(campaign),
            campaign.has_short_links and campaign.address_trouble,
            campaign.is_debug and self.env._("Dry run: nothing is really sent."),
        ]
        return [warning for warning in found if warning]

    def _explain_wait(self, campaign):
        """Why messages wait for the route, None when they do not."""
        route = campaign.route_id
        if route.is_policy:
            return self._explain_policy(campaign)
        if route.state == "paused":
            return self.env._(
                "Route “%(route)s” is paused: %(reason)s. Messages wait until it is"
                " resumed.",
                route=route.name,
                reason=(route.pause_words or "–").rstrip("."),
            )
        if route.is_resting:
            return self.env._(
                "Route “%(route)s” is waiting: %(reason)s. Messages are sent when the"
                " provider can be reached again.",
                route=route.name,
                reason=(route.rest_words or "–").rstrip("."),
            )
        return None

    def _explain_policy(self, campaign):
        policies = self.env["sms.gateway.policy"]
        # sudo: only administrators see which routes a policy chooses from
        step = policies.sudo()._get_step(campaign.route_id, campaign.channel)
        routes = step.rule_ids.choice_ids.route_id
        if all(route.state == "paused" or route.is_resting for route in routes):
            return self.env._(
                "All routes of policy “%(policy)s” are paused or waiting. Messages wait"
                " until one of them can send.",
                policy=campaign.route_id.name,
            )
        return None
