"""Sending again of many messages, in the background."""

import logging
import time

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..common import clock, crons, transactions
from .sms_gateway_resend import ENDED, Resend

_logger = logging.getLogger(__name__)

#: Messages that are sent again in one transaction.
SENT_AT_ONCE = 5000


class SmsGatewayResendJob(models.Model):
    """What a person has chosen to send again, until all of it is sent.

    Each part is committed together with its new messages and with `last_id`: after a
    crash the rest goes on behind it, and nobody is sent to twice. A job takes the
    messages that had ended when the person pressed the button.
    """

    _name = "sms.gateway.resend.job"
    _description = "SMS Gateway Sending Again in the Background"
    _log_access = False
    _order = "id"

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    company_ids = fields.Json("Companies")
    domain = fields.Json(required=True)
    places = fields.Json(required=True)
    route_id = fields.Many2one("sms.gateway.route", ondelete="cascade")
    starts_at = fields.Datetime()
    pressed_at = fields.Datetime(required=True)
    until_id = fields.Integer(required=True)
    last_id = fields.Integer(required=True, default=0)
    total_count = fields.Integer(required=True)
    sent_count = fields.Integer(required=True, default=0)

    @api.model
    def _start(self, resend, count):
        """Let the background send again.

        :param resend: `Resend` with the same text
        :param count: number of messages that the person was told
        """
        [(until_id,)] = self.env.execute_query(
            SQL("SELECT COALESCE(max(id), 0) FROM sms_gateway_message")
        )
        # sudo: people choose, only the gateway keeps what is to be done
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "company_ids": self.env.companies.ids,
                "domain": list(fields.Domain(resend.domain)),
                "places": sorted(resend.places),
                "route_id": resend.route_id,
                "starts_at": resend.starts_at,
                "pressed_at": clock.now(),
                "until_id": until_id,
                "total_count": count,
            }
        )
        crons.trigger(self.env, "resend")

    @api.model
    def _cron_resend(self):
        """Send the parts of all jobs."""
        deadline = transactions.get_deadline(self.env)
        if self.env["sms.gateway.hold"]._is_held():
            return
        while time.monotonic() < deadline:
            transactions.begin(self.env)
            job = self._lock_first()
            if not job:
                break
            count = job._send_or_stop()
            transactions.commit_progress(self.env, count, remaining=1)
        else:
            return
        transactions.commit_progress(self.env, remaining=0)

    def _lock_first(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_resend_job
                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""
            )
        )
        job = self.browse(row[0] for row in rows)
        job.invalidate_recordset()
        return job

    def _send_or_stop(self):
        """Send the next part. What cannot be sent at all ends the job, and its user is
        told.

        :return: the number of messages that were looked at
        """
        try:
            with self.env.cr.savepoint():
                return self._send_part()
        except UserError as error:
            self.env.invalidate_all()
            _logger.info("Sending again for user %s ends: %s", self.user_id.id, error)
            self._end(str(error))
            return 0

    def _send_part(self):
        ids = self._find_next()
        if not ids:
            self._end()
            return 0
        sent = self.env["sms.gateway.resend"]._send_again(self._get_resend(), ids)
        self.write({"last_id": ids[-1], "sent_count": self.sent_count + sent})
        return len(ids)

    @api.model
    def _find_concerning(self, campaign):
        """The jobs that will send messages of a campaign again."""
        return self.search([]).filtered(lambda job: job._concerns(campaign))

    def _concerns(self, campaign):
        messages = self._get_user_env()["sms.gateway.message"]
        of_campaign = fields.Domain("campaign_id", "=", campaign.id)
        return bool(messages.search_count(of_campaign & self._get_left(), limit=1))

    def _find_next(self):
        """The next messages that the user may read; some may be left out."""
        messages = self._get_user_env()["sms.gateway.message"]
        return list(messages._search(self._get_left(), order="id", limit=SENT_AT_ONCE))

    def _get_left(self):
        """The domain of the messages that are still to be looked at."""
        left = fields.Domain(
            [
                ("id", ">", self.last_id),
                ("id", "<=", self.until_id),
                ("state", "in", ENDED),
                ("finished_at", "<=", self.pressed_at),
            ]
        )
        return fields.Domain(self.domain) & left

    def _get_resend(self):
        """:rtype: Resend"""
        return Resend(
            domain=self.domain,
            places=frozenset(self.places),
            route_id=self.route_id.id or None,
            starts_at=self.starts_at or None,
        )

    def _get_user_env(self):
        """The environment whose rights decide what is found."""
        user = self.user_id
        allowed = [one for one in self.company_ids if one in user.company_ids.ids]
        context = {"allowed_company_ids": allowed, "lang": user.lang}
        return self.env(user=user.id, su=False, context=context)

    def _end(self, trouble=None):
        """Tell the user what was sent, and forget the job."""
        env = self._get_user_env()
        message = env._(
            "Sent again: %(sent)s of %(total)s.",
            sent=self.sent_count,
            total=self.total_count,
        )
        self.user_id._bus_send(
            "simple_notification",
            {
                "type": "warning" if trouble else "success",
                "message": f"{message} {trouble}" if trouble else message,
                "sticky": bool(trouble),
            },
        )
        self.unlink()
