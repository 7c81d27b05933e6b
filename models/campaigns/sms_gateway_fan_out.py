"""The preparer: writes the messages of campaigns to records, in the background."""

import logging
import time

import psycopg2.extensions

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..common import clock, crons, transactions
from ..recipients.sms_gateway_recipient import get_problem, get_shown_phone
from .rendering import Composer

_logger = logging.getLogger(__name__)

#: Recipients whose messages are written in one transaction.
PREPARED_AT_ONCE = 500


class SmsGatewayFanOut(models.AbstractModel):
    """Reads recipients as the campaign's author and enqueues their messages.

    A recipient and its message are committed together: after a crash the rest goes on
    where it stopped, nobody is written to twice and nobody is left out.
    """

    _name = "sms.gateway.fan.out"
    _description = "SMS Gateway Preparer"

    @api.model
    def _cron_prepare(self):
        """Give every campaign its turn until all are prepared or the time is up."""
        deadline = transactions.get_deadline(self.env)
        while campaigns := self._find_unprepared():
            for campaign in campaigns:
                prepared = self._take_turn(campaign)
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
                ("state", "in", ("scheduled", "running", "cancelled")),
                "|",
                ("looks_again", "!=", True),
                "&",
                ("scheduled_at", "<=", clock.now()),
                ("state", "in", ("scheduled", "running")),
            ],
            order="id",
        )

    def _take_turn(self, campaign):
        """Prepare a part; a campaign that cannot be prepared stops alone.

        :return: the number of recipients
        """
        transactions.begin(self.env)
        try:
            return self._prepare(campaign)
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
        campaign._stop(str(reason))
        return 0

    @api.model
    def _prepare_alone(self, campaign):
        """Prepare a part; what goes wrong is left to the cron and breaks nothing of
        whoever sends."""
        try:
            with self.env.cr.savepoint():
                self._prepare(campaign)
        except psycopg2.extensions.TransactionRollbackError:
            raise
        except Exception:
            self.env.invalidate_all()
            _logger.exception("Campaign %s is prepared later", campaign.id)

    @api.model
    def _prepare(self, campaign):
        """Write the messages of the next recipients, in the caller's transaction.

        :return: the number of recipients
        """
        if campaign.looks_again and not campaign._look_again():
            return 0
        recipients = self._take_recipients(campaign, PREPARED_AT_ONCE)
        if recipients:
            # what was read for the last part may have changed since
            self.env.invalidate_all()
            composer = Composer(campaign, campaign._get_author_env())
            judged = composer.judge(recipients)
            ready = self.env["sms.gateway.link"]._issue(
                campaign, [one for _person, one in judged], composer.links
            )
            self._enqueue(campaign, recipients, ready)
        campaign._count_prepared(len(recipients))
        self.env["sms.gateway.statistic.change"]._notify(campaign.ids)
        return len(recipients)

    def _take_recipients(self, campaign, limit):
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

    @api.model
    def _wake(self, at=None):
        """Let the preparer run.

        :param at: naive UTC datetime, None for now
        """
        crons.trigger(self.env, "prepare", at)
