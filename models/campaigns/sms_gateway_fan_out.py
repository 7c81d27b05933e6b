"""The fan-out: writes the messages of campaigns to records, in the background."""

import logging
import time

import psycopg2.extensions

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..common import clock, crons, transactions
from ..recipients.sms_gateway_recipient import get_problem, get_shown_phone
from .campaign_values import get_priority
from .recipient_sources import get_sources
from .rendering import CampaignRenderer

_logger = logging.getLogger(__name__)

#: Recipients whose messages are written in one transaction.
PREPARED_AT_ONCE = 500
#: States of campaigns whose messages are written; those of cancelled campaigns are
#: cancelled afterwards.
PREPARED_STATES = ("scheduled", "running", "cancelled")


class SmsGatewayFanOut(models.AbstractModel):
    """Reads recipients as the campaign's author and enqueues their messages.

    A recipient and its message are committed together: after a crash the rest goes on
    where it stopped, nobody is written to twice and nobody is left out.
    """

    _name = "sms.gateway.fan.out"
    _description = "SMS Gateway Message Preparation"

    @api.model
    def _cron_prepare(self):
        """Give every campaign its turn until all are prepared or the time is up."""
        deadline = transactions.get_deadline(self.env)
        while campaigns := self._find_unprepared():
            for campaign in campaigns:
                prepared = self._fan_out_or_pause(campaign)
                transactions.commit_progress(
                    self.env, prepared, remaining=len(campaigns)
                )
                if time.monotonic() >= deadline:
                    return
        transactions.commit_progress(self.env, remaining=0)
        crons.trigger_once(self.env, "note")

    def _find_unprepared(self):
        """Campaigns that look for their recipients on the day are left alone before."""
        transactions.begin(self.env)
        return self.env["sms.gateway.campaign"].search(
            [
                ("unprepared_count", ">", 0),
                ("state", "in", PREPARED_STATES),
                "|",
                ("looks_again", "!=", True),
                "&",
                ("scheduled_at", "<=", clock.now()),
                ("state", "in", ("scheduled", "running")),
            ],
            order="id",
        )

    def _fan_out_or_pause(self, campaign):
        """Prepare a part; a campaign that cannot be prepared is paused alone.

        :return: the number of recipients
        """
        transactions.begin(self.env)
        try:
            return self._fan_out_part(campaign)
        except psycopg2.extensions.TransactionRollbackError:
            self.env.cr.rollback()
            return 0
        except UserError as error:
            self.env.cr.rollback()
            _logger.info("Campaign %s is paused: %s", campaign.id, error)
            reason = error
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Campaign %s cannot be prepared", campaign.id)
            reason = error
        transactions.begin(self.env)
        self.env["sms.gateway.campaign.state"]._stop(campaign, str(reason))
        return 0

    @api.model
    def _fan_out_at_once(self, campaign, renderer):
        """Prepare a part; what goes wrong is left to the cron and breaks nothing of
        whoever sends.

        :param renderer: the campaign's `CampaignRenderer`
        """
        try:
            with self.env.cr.savepoint():
                self._fan_out_part(campaign, renderer)
        except psycopg2.extensions.TransactionRollbackError:
            raise
        except Exception:
            self.env.invalidate_all()
            _logger.exception("Campaign %s is prepared later", campaign.id)

    def _fan_out_part(self, campaign, renderer=None):
        """Write the messages of the next recipients, in the caller's transaction.

        :param renderer: the campaign's `CampaignRenderer`, None for a new one
        :return: the number of recipients
        """
        may_go_on = self._find_recipients_anew if campaign.looks_again else self._hold
        if not may_go_on(campaign):
            return 0
        recipients = self._lock_recipients(campaign, PREPARED_AT_ONCE)
        if recipients:
            renderer = renderer or self._make_renderer(campaign)
            evaluated = renderer.evaluate(recipients)
            ready = self.env["sms.gateway.link"]._issue(
                campaign, [one for _person, one in evaluated], renderer.links
            )
            self._enqueue(campaign, recipients, ready)
        self._count_prepared(campaign, len(recipients))
        self.env["sms.gateway.statistic.change"]._notify(campaign.ids)
        return len(recipients)

    def _make_renderer(self, campaign):
        # what was read for the last part may have changed since
        self.env.invalidate_all()
        return CampaignRenderer(campaign, campaign._get_author_env())

    def _hold(self, campaign):
        """Keep people from moving the campaign until the part is committed, and look at
        it as it is: its messages get its present time.

        The lock conflicts with that of `sms.gateway.campaign.change` alone: counters
        are folded meanwhile.

        :return: whether there is something to prepare
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT FROM sms_gateway_campaign WHERE id = %s FOR KEY SHARE",
                campaign.id,
            )
        )
        campaign.invalidate_recordset()
        return campaign.state in PREPARED_STATES and not campaign.looks_again

    # === ON THE DAY ===
    def _find_recipients_anew(self, campaign):
        """Find the recipients that there are today, as the author, in the place of
        those of the day the campaign was accepted.

        :return: whether there is something to prepare: a person may have stopped the
            campaign, or another fan-out looked, while this one waited for the lock
        :raise UserError: nobody is found
        """
        campaign._lock()
        campaign.invalidate_recordset()
        if not campaign.looks_again:
            return bool(campaign.unprepared_count)
        if campaign.state not in ("scheduled", "running"):
            return False
        of_author = campaign.with_env(campaign._get_author_env())
        of_author._snapshot_recipients(get_sources(of_author))
        count = campaign._count_recipients()
        if not count:
            raise UserError(
                of_author.env._("No recipients were found at the send time.")
            )
        campaign.write(
            {
                "state": "running",
                "looks_again": False,
                "recipient_count": count,
                "unprepared_count": count,
                "priority": get_priority(count),
            }
        )
        return True

    # === PARTS ===
    def _lock_recipients(self, campaign, limit):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_recipient
                    WHERE campaign_id = %s AND NOT is_prepared
                 ORDER BY index LIMIT %s FOR UPDATE""",
                campaign.id,
                limit,
            )
        )
        return self.env["sms.gateway.recipient"].browse(row[0] for row in rows)

    def _enqueue(self, campaign, recipients, composed):
        self.env["sms.gateway.enqueue"]._enqueue(campaign, composed)
        recipients._keep_findings(
            [
                {
                    "id": row.id,
                    "phone": get_shown_phone(one),
                    "problem": get_problem(one),
                }
                for row, one in zip(recipients, composed, strict=True)
            ]
        )
        recipients._link_messages()

    def _count_prepared(self, campaign, count):
        """Count so many more as prepared; when none was found, all are."""
        campaign.flush_recordset(["unprepared_count"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET unprepared_count = CASE WHEN %(count)s = 0 THEN 0
                       ELSE GREATEST(unprepared_count - %(count)s, 0) END
                 WHERE id = %(id)s
                """,
                count=count,
                id=campaign.id,
            )
        )
        campaign.invalidate_recordset(["unprepared_count", "prepared_share"])

    @api.model
    def _wake(self, at=None):
        """Let the fan-out run.

        :param at: naive UTC datetime, None for now
        """
        crons.trigger(self.env, "prepare", at)
