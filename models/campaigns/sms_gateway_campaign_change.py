"""Changes of accepted campaigns: another name, another time, back to a draft."""

import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..common import clock
from ..common.moment import say_moment
from ..sending.outcomes import outcome_of

_logger = logging.getLogger(__name__)

#: What people may write of a campaign that they have sent.
CHANGEABLE = frozenset(("name", "scheduled_at"))
#: What belongs to messages that were never handed over.
_TABLES_OF_WAITING = ("sms_gateway_event", "sms_gateway_attempt")


class SmsGatewayCampaignChange(models.AbstractModel):
    """Changes what was accepted and has not begun.

    The campaign's row is locked first, as the fan-out does (`_hold`): no message is
    written with the old time behind a change. A message that a lane claims meanwhile
    makes the change fail to serialise; Odoo repeats it, and finds the campaign begun.
    """

    _name = "sms.gateway.campaign.change"
    _description = "SMS Gateway Campaign Change"

    # === NAME AND TIME ===
    @api.model
    def _write(self, campaigns, vals):
        """Write `CHANGEABLE` values of accepted campaigns.

        :raise UserError: a campaign has begun, or the time is in the past
        """
        self._check_may_change(campaigns)
        if "name" in vals:
            # sudo: whose campaign it is, is checked; only the gateway writes it
            campaigns.sudo().write({"name": vals["name"]})
        if "scheduled_at" in vals:
            moment = campaigns._fields["scheduled_at"].convert_to_cache(
                vals["scheduled_at"], campaigns
            )
            for campaign in campaigns:
                if campaign.scheduled_at != (moment or False):
                    self._move_to(campaign, moment)

    def _move_to(self, campaign, moment):
        """Let a campaign begin at another time, its messages in one statement."""
        self._check_time(moment)
        campaign = self._lock_waiting(campaign)
        earlier = campaign.scheduled_at or campaign.accepted_at
        campaign.write({"scheduled_at": moment, "moves": campaign.moves + 1})
        self._move_messages(campaign, earlier, moment)
        if campaign.looks_again:
            self.env["sms.gateway.fan.out"]._wake(moment)
        _logger.info(
            "User %d has moved campaign %d from %s to %s",
            self.env.uid,
            campaign.id,
            earlier,
            moment,
        )

    def _move_messages(self, campaign, earlier, moment):
        """The validity period moves with the time at which it begins."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message
                   SET not_before = %(moment)s,
                       expires_at = expires_at + (%(moment)s - %(earlier)s)
                 WHERE campaign_id = %(campaign_id)s AND priority = %(priority)s
                   AND state = 'queued'
                """,
                moment=SQL("%s::timestamp", moment),
                earlier=SQL("%s::timestamp", earlier),
                campaign_id=campaign.id,
                priority=campaign.priority,
            )
        )
        self.env["sms.gateway.message"].invalidate_model(["not_before", "expires_at"])

    # === BACK TO A DRAFT ===
    @api.model
    def _return_to_draft(self, campaigns):
        """Take back what was sent and has not begun: its messages are deleted, and the
        counts, packages and chatter do not know them any more.

        :raise UserError: a campaign has begun, or is nobody's draft
        """
        self._check_may_change(campaigns)
        states = self.env["sms.gateway.campaign.state"]
        for campaign in campaigns:
            self._check_is_persons(campaign)
            self._check_is_not_held()
            states._check_not_overtaken(campaign, "return_to_draft")
            locked = self._lock_waiting(campaign)
            self._withdraw_messages(locked)
            locked.write(
                {
                    "state": "draft",
                    "moves": locked.moves + 1,
                    "accepted_at": False,
                    "accepted_names": False,
                    "pause_reason": False,
                    "unprepared_count": 0,
                    "looks_again": False,
                }
            )
            _logger.info(
                "User %d has returned campaign %d to a draft", self.env.uid, campaign.id
            )
        self.env["sms.gateway.campaign.accept"]._fold_after_commit()

    def _withdraw_messages(self, campaign):
        self.env.flush_all()
        self.env["sms.gateway.package"]._give_back_queued(campaign)
        self.env["sms.gateway.link"]._withdraw(campaign)
        self.env["sms.gateway.chatter.log"]._withdraw(campaign)
        for table in _TABLES_OF_WAITING:
            self.env.cr.execute(
                SQL(
                    """DELETE FROM %s AS part USING sms_gateway_message m
                        WHERE m.campaign_id = %s AND part.message_id = m.id""",
                    SQL.identifier(table),
                    campaign.id,
                )
            )
        self._delete_messages(campaign)
        self.env["sms.gateway.recipient"]._forget_messages(campaign)
        self.env.invalidate_all(flush=False)

    def _delete_messages(self, campaign):
        """Delete them and take them out of the counts, in one statement: nothing was
        handed over, so nothing of their cost was counted."""
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM sms_gateway_message WHERE campaign_id = %(campaign_id)s
                 RETURNING *
                )
                INSERT INTO sms_gateway_statistic_change
                       (campaign_id, route_id, company_id, channel, is_debug, day,
                        state, failure_type, outcome, count, segments)
                SELECT campaign_id, route_id, company_id, channel, is_debug,
                       COALESCE(day, accepted_at::date), state, failure_type,
                       %(outcome)s, -count(*), -sum(segments)
                  FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
                """,
                campaign_id=campaign.id,
                outcome=outcome_of("gone"),
            )
        )

    # === CHECKS ===
    def _lock_waiting(self, campaign):
        """Lock a campaign that has not begun.

        :return: the campaign as it is, as superuser
        :raise UserError: it has begun
        """
        campaign._lock()
        campaign.invalidate_recordset()
        # sudo: whose campaign it is, is checked; only the gateway writes it
        campaign = campaign.sudo()
        states = self.env["sms.gateway.campaign.state"]
        states._check_sources(campaign.with_env(self.env), {"scheduled", "paused"})
        if self._has_begun(campaign):
            raise UserError(
                self.env._(
                    "Messages of campaign “%(campaign)s” have already been sent, so it"
                    " cannot be moved or returned to draft. Cancel it and send a"
                    " duplicate.",
                    campaign=campaign.name,
                )
            )
        return campaign

    def _has_begun(self, campaign):
        """Whether a lane has taken a message, or somebody has sent one again."""
        [(has_begun,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (
                    SELECT FROM sms_gateway_message
                     WHERE campaign_id = %s
                       AND (attempts > 0 OR maybe_sent OR submitted_at IS NOT NULL
                            OR state NOT IN ('queued', 'failed', 'cancelled', 'expired')
                            OR retry_of_id IS NOT NULL OR is_superseded))
                """,
                campaign.id,
            )
        )
        return has_begun

    def _check_may_change(self, campaigns):
        self.env["sms.gateway.campaign.state"]._check_may_move(campaigns)

    def _check_time(self, moment):
        now = clock.now()
        if not moment:
            raise UserError(
                self.env._("Enter the time at which the campaign goes out.")
            )
        if moment <= now:
            raise UserError(
                self.env._(
                    "%(moment)s is in the past. Enter a later time.",
                    moment=say_moment(self.env, moment),
                )
            )

    def _check_is_persons(self, campaign):
        if campaign.source != "person" or campaign.is_test or campaign.emptied_at:
            raise UserError(
                self.env._(
                    "Campaign “%(campaign)s” was not created as a draft, so it cannot"
                    " be returned to draft.",
                    campaign=campaign.name,
                )
            )

    def _check_is_not_held(self):
        """What the original of a copied database may have sent must not be sent anew:
        the decision about it comes first."""
        if self.env["sms.gateway.hold"]._find_open():
            raise UserError(
                self.env._(
                    "Sending is on hold: this database was restored or copied, and its"
                    " messages may have been sent already. An Odoo administrator must"
                    " decide about them first."
                )
            )
