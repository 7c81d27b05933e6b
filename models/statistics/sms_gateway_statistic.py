"""Statistics: what counters, pivots and dashboards read."""

import logging

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import vocabulary
from ...tools.vocabulary import SENT_OUTCOMES
from ..common import crons, transactions
from ..sending.selections import CHANNELS, FAILURE_TYPES, OUTCOMES, STATES

_logger = logging.getLogger(__name__)

#: Told over the bus after counters changed: {"ids": campaign ids}
CAMPAIGN_NOTIFICATION = "crm_sms_gateway/campaign"
#: More changed campaigns than these are not worth a reload of anybody's screen.
MAX_NOTIFIED = 200
#: A campaign's counters → the condition of the changes that are added to them
COUNTERS = {
    **{f"{state}_count": SQL("state = %s", state) for state in vocabulary.STATES},
    "sent_count": SQL("outcome IN %s", SENT_OUTCOMES),
    "not_delivered_count": SQL("outcome = 'not_delivered'"),
    "not_sent_count": SQL("outcome = 'not_sent'"),
}
#: As of messages, whose own reason tells a number that is missing from an invalid one.
_FAILURE_TYPES = [
    *{**dict(FAILURE_TYPES), "invalid_number": "Invalid or missing number"}.items()
]


class SmsGatewayStatistic(models.Model):
    """Messages by day of acceptance and what became of them; without debug messages.

    Days are those of the company, see `sms.gateway.message.day`.
    """

    _name = "sms.gateway.statistic"
    _description = "SMS Gateway Statistic"
    _order = "day desc, id desc"
    _rec_name = "day"
    _log_access = False

    day = fields.Date(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    route_id = fields.Many2one(
        "sms.gateway.route", required=True, readonly=True, ondelete="cascade"
    )
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    is_test = fields.Boolean("Test", required=True, default=False, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, string="Status")
    outcome = fields.Selection(
        OUTCOMES,
        required=True,
        readonly=True,
        help="Not sent: the message was never submitted to the provider.",
    )
    failure_type = fields.Selection(
        _FAILURE_TYPES, readonly=True, string="Failure reason"
    )
    count = fields.Integer("Messages", readonly=True)
    segments = fields.Integer("SMS parts", readonly=True)
    cost = fields.Monetary(
        readonly=True,
        help="Cost of the messages that the provider accepted or may have accepted.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _dimensions_unique = models.UniqueIndex(
        "(day, company_id, route_id, channel, is_test, state, outcome,"
        " COALESCE(failure_type, ''))"
    )


class SmsGatewayStatisticChange(models.Model):
    """Changes of counts that are not folded in yet.

    Whoever moves messages appends rows here, in the same statement: nobody waits for a
    counter, and no counter update can make a provider's answer fail.
    """

    _name = "sms.gateway.statistic.change"
    _description = "SMS Gateway Statistic Change"
    _log_access = False

    campaign_id = fields.Many2one("sms.gateway.campaign", required=True, index=True)
    route_id = fields.Many2one("sms.gateway.route", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True)
    channel = fields.Selection(CHANNELS, required=True)
    is_debug = fields.Boolean("Dry run")
    day = fields.Date(required=True)
    state = fields.Selection(STATES, required=True, string="Status")
    failure_type = fields.Selection(FAILURE_TYPES, string="Failure reason")
    outcome = fields.Selection(OUTCOMES, required=True)
    count = fields.Integer()
    person_count = fields.Integer(
        help="Added to the campaign's counters, which count one message per recipient."
        " Empty = as many as messages.",
    )
    segments = fields.Integer("SMS parts")
    cost = fields.Monetary()
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.model
    def _fold(self, limit=10_000):
        """Add waiting changes to the campaigns' counters and to the statistics.

        One folder at a time, all in one transaction that may be repeated safely.

        :return: whether changes are left
        """
        [(is_ours,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", self._table)
        )
        if not is_ours:
            return False
        folded = self.env.execute_query(self._fold_statement(limit))
        campaign_ids = [campaign_id for campaign_id, _count in folded]
        self._update_campaign_states(campaign_ids)
        self.env["sms.gateway.campaign"].invalidate_model()
        self._notify(campaign_ids)
        self._sync_odoo(campaign_ids)
        return sum(count for _campaign_id, count in folded) >= limit

    @api.model
    def _cron_fold(self):
        transactions.begin(self.env)
        while self._fold():
            transactions.begin(self.env)
        self.env["sms.gateway.package"]._fold()
        transactions.commit(self.env)
        self.env["sms.gateway.health.notification"]._notify_after_cron()

    @api.model
    def _fold_apart(self):
        """Fold in a transaction of its own; what conflicts is folded later."""
        try:
            transactions.begin(self.env)
            self._fold()
            transactions.commit(self.env)
        except TransactionRollbackError as error:
            _logger.info("The counters are folded later: %s", error)
            self.env.cr.rollback()

    def _fold_statement(self, limit):
        columns = [SQL.identifier(name) for name in COUNTERS]
        sums = SQL(", ").join(
            SQL("COALESCE(sum(persons) FILTER (WHERE %s), 0) AS %s", condition, column)
            for condition, column in zip(COUNTERS.values(), columns, strict=True)
        )
        updates = SQL(", ").join(
            SQL("%(column)s = COALESCE(c.%(column)s, 0) + s.%(column)s", column=column)
            for column in columns
        )
        return SQL(
            """
WITH taken AS (
    DELETE FROM sms_gateway_statistic_change
     WHERE id IN (SELECT id FROM sms_gateway_statistic_change
                ORDER BY id LIMIT %(limit)s)
 RETURNING *, COALESCE(person_count, count) AS persons
), kept AS (
    INSERT INTO sms_gateway_statistic
           (day, company_id, route_id, channel, is_test, state, outcome, failure_type,
            count, segments, cost)
    SELECT t.day, t.company_id, t.route_id, t.channel, COALESCE(c.is_test, FALSE),
           t.state, t.outcome, t.failure_type, sum(count), sum(segments), sum(cost)
      FROM taken t JOIN sms_gateway_campaign c ON c.id = t.campaign_id
     WHERE NOT t.is_debug
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    HAVING sum(count) <> 0 OR sum(segments) <> 0 OR sum(cost) <> 0
        ON CONFLICT (day, company_id, route_id, channel, is_test, state, outcome,
                     COALESCE(failure_type, ''))
        DO UPDATE SET count = sms_gateway_statistic.count + excluded.count,
                      segments = sms_gateway_statistic.segments + excluded.segments,
                      cost = COALESCE(sms_gateway_statistic.cost + excluded.cost,
                                      sms_gateway_statistic.cost, excluded.cost)
), summed AS (
    SELECT campaign_id, %(sums)s FROM taken GROUP BY campaign_id
), counted AS (
    UPDATE sms_gateway_campaign c SET %(updates)s
      FROM summed s WHERE s.campaign_id = c.id
)
SELECT campaign_id, count(*) FROM taken GROUP BY campaign_id
            """,
            limit=limit,
            sums=sums,
            updates=updates,
        )

    def _update_campaign_states(self, campaign_ids):
        """Running while something waits or is being handed over, done otherwise."""
        if not campaign_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign c SET state = evaluated.state
                  FROM (SELECT id, CASE WHEN queued_count + submitting_count = 0
                                         AND COALESCE(unprepared_count, 0) = 0
                                        THEN 'done'
                                        WHEN scheduled_at > %(now)s THEN 'scheduled'
                                        ELSE 'running' END AS state
                          FROM sms_gateway_campaign
                         WHERE id IN %(ids)s
                           AND state IN ('scheduled', 'running', 'done')) evaluated
                 WHERE evaluated.id = c.id AND evaluated.state <> c.state
                """,
                ids=tuple(campaign_ids),
                now=fields.Datetime.now(),
            )
        )

    def _sync_odoo(self, campaign_ids):
        """Let Odoo's own SMS follow theirs."""
        domain = [("id", "in", campaign_ids), ("source", "=", "odoo")]
        if self.env["sms.gateway.campaign"].search_count(domain, limit=1):
            crons.trigger_once(self.env, "tell")

    def _notify(self, campaign_ids):
        if campaign_ids:
            group = self.env.ref("crm_sms_gateway.group_user")
            group._bus_send(CAMPAIGN_NOTIFICATION, {"ids": campaign_ids[:MAX_NOTIFIED]})
