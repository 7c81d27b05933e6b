"""Settlement of a hold: carries out the decision about messages and campaigns."""

import logging
import secrets
import time

from odoo import api, models
from odoo.tools import SQL

from ...providers.base import BaseWords
from ..common import clock, transactions
from ..odoo_sms.sms_gateway_odoo_sms import SmsApiGateway
from ..sending.reason_texts import RESOLVED
from ..sending.reasons import make_params
from ..sending.sms_gateway_state_change import StateChange

_logger = logging.getLogger(__name__)

#: Messages that are moved in one transaction.
SETTLED_AT_ONCE = 1000


class SmsGatewayHoldSettlement(models.AbstractModel):
    """Moves what a decision is about, in batches that any cron can continue."""

    _name = "sms.gateway.hold.settlement"
    _description = "SMS Gateway Settlement of Holds"

    @api.model
    def _accept_odoo_sms(self, hold):
        """Move what has waited in Odoo's own queue since before the hold into the
        gateway's queue, where it is counted and decided about."""
        domain = [("state", "=", "outgoing"), ("to_delete", "!=", True)]
        found = self.env["sms.sms"].search(
            [*domain, ("create_date", "<=", hold.began_at)], order="id"
        )
        # Checked again under the lock: Odoo's own cron may send them at this moment.
        waiting = found.try_lock_for_update().filtered_domain(domain)
        for sms_api, same in waiting._split_by_api():
            if isinstance(sms_api, SmsApiGateway):
                same.with_context(sms_api=sms_api)._send(
                    unlink_failed=False, unlink_sent=True, raise_exception=False
                )

    @api.model
    def _carry_out(self, hold):
        """Do what was decided, a batch in each transaction; the next cron goes on
        after a worker that died."""
        deadline = transactions.get_deadline(self.env)
        while time.monotonic() < deadline and self._lock_decided(hold):
            if not any(step(hold) for step in self._get_steps(hold)):
                self._release(hold)
            transactions.begin(self.env)

    def _lock_decided(self, hold):
        """Whether there is something to carry out, and no other process does it."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_hold
                    WHERE id = %s AND state = 'decided'
                      FOR NO KEY UPDATE SKIP LOCKED""",
                hold.id,
            )
        )
        hold.invalidate_recordset()
        return bool(rows)

    def _get_steps(self, hold):
        """Each moves some records and returns their number; the decision is carried
        out when none moves any."""
        return {
            "send": (),
            "ask": (
                self._drop_resends,
                self._pause_unprepared,
                self._make_queued_unknown,
            ),
            "cancel": (
                self._drop_resends,
                self._cancel_unprepared,
                self._cancel_queued,
                self._make_queued_unknown,
                self._make_submitting_unknown,
                self._end_lookups,
            ),
            "copy": (
                self._drop_resends,
                self._cancel_unprepared,
                self._cancel_queued,
                self._make_queued_unknown,
                self._make_submitting_unknown,
                self._end_lookups,
            ),
        }[hold.decision]

    def _release(self, hold):
        hold.state = "released"
        _logger.warning("Hold %d is released: %s", hold.id, hold.decision)
        self.env["sms.gateway.dispatcher"]._wake()

    def _drop_resends(self, hold):
        """What was being sent again may have been sent by the original."""
        jobs = self.env["sms.gateway.resend.job"].search(
            [("pressed_at", "<=", hold.began_at)]
        )
        count = len(jobs)
        jobs.unlink()
        return count

    def _pause_unprepared(self, hold):
        campaigns = hold._find_unprepared().filtered(lambda c: c.state != "paused")
        states = self.env["sms.gateway.campaign.state"]
        for campaign in campaigns:
            states._stop(
                campaign,
                self.env._(
                    "The database was restored: messages of this campaign may have "
                    "been sent already. Resume or cancel the campaign."
                ),
            )
        return len(campaigns)

    def _cancel_unprepared(self, hold):
        campaigns = hold._find_unprepared()
        for campaign in campaigns:
            campaign.write(
                {
                    "state": "cancelled",
                    "moves": campaign.moves + 1,
                    "looks_again": False,
                    "unprepared_count": 0,
                }
            )
        return len(campaigns)

    def _cancel_queued(self, hold):
        """Cancel queued messages, except those that an earlier attempt may have handed
        over."""
        return self._move(
            hold,
            SQL("m.state = 'queued' AND m.maybe_sent IS NOT TRUE"),
            state="cancelled",
        )

    def _make_queued_unknown(self, hold):
        """The original may have sent the messages: they are looked up where the
        provider can, and shown to a person elsewhere.

        Odoo's own SMS of before were queued since, under other client references than
        in the original.
        """
        began_at = hold._began_at()
        known = SQL("m.state = 'queued' AND m.accepted_at <= %s", began_at)
        renewed = {**self._as_unknown(), "next_check_at": None}
        return self._move(hold, known, **self._as_unknown()) or self._move(
            hold, SQL("m.state = 'queued'"), **renewed
        )

    def _make_submitting_unknown(self, hold):
        return self._move(hold, SQL("m.state = 'submitting'"), **self._as_unknown())

    def _as_unknown(self):
        return {
            "state": "unknown",
            "maybe_sent": True,
            "next_check_at": clock.to_sql(clock.now()),
        }

    def _move(self, hold, condition, **change):
        """Make one change of the next messages that the decision is about.

        :param condition: SQL of the message ``m``
        :param change: members of a `StateChange`
        :return: the number of messages
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id FROM sms_gateway_message m
                  JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                 WHERE m.state IN ('queued', 'submitting') AND %s AND %s
              ORDER BY m.campaign_id, m.index, m.id LIMIT %s
                   FOR NO KEY UPDATE OF m
                """,
                condition,
                hold._is_concerned(),
                SETTLED_AT_ONCE,
            )
        )
        reason = {
            "source": "person",
            "code": RESOLVED,
            "params": make_params(user=hold.decided_by_id.name),
        }
        self.env["sms.gateway.state.change"]._set_state(
            [StateChange(id=message_id, **reason, **change) for (message_id,) in rows]
        )
        return len(rows)

    def _end_lookups(self, hold):
        """Hand nothing over again to find out its outcome. Providers that can look
        messages up are asked further, unless this is a copy: a report that a provider
        gives once belongs to the original."""
        if hold.decision == "copy":
            return self._clear("submitted", "next_poll_at", SQL("TRUE")) + self._clear(
                "unknown", "next_check_at", SQL("TRUE")
            )
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        blind = routes.search([("is_policy", "=", False)]).filtered(
            lambda route: not route._get_provider_class().capabilities.lookup
        )
        return self._clear(
            "unknown",
            "next_check_at",
            SQL("m.route_id = ANY(%s) AND %s", blind.ids, hold._is_in_doubt()),
        )

    def _clear(self, state, column, condition):
        """:return: the number of messages that are not polled or looked up further"""
        column = SQL.identifier(column)
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message m SET %(column)s = NULL
                  FROM sms_gateway_campaign c
                 WHERE c.id = m.campaign_id AND m.state = %(state)s
                   AND m.%(column)s IS NOT NULL AND %(condition)s
                """,
                column=column,
                state=state,
                condition=condition,
            )
        )
        count = self.env.cr.rowcount
        self.env["sms.gateway.message"].invalidate_model()
        return count

    @api.model
    def _stop_routes(self):
        """Pause the routes of a copy, give them webhook addresses of their own, and
        leave inbound messages to the original."""
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        for route in routes.search([("is_policy", "=", False)]):
            route.write(
                {
                    "state": "paused",
                    "pause_reason": BaseWords.NEUTRALISED.say(),
                    "webhook_token": secrets.token_urlsafe(24),
                    "fetches_inbound": False,
                }
            )
