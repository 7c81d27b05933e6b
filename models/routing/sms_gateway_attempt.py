"""Attempts: the routes that messages have left, and what is known of each."""

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.pg_array import to_array
from ..common.copied_many2one import CopiedMany2one
from ..sending.reasons import name_failure, say_event
from ..sending.selections import CHANNELS, FAILURE_TYPES
from ..sending.sms_gateway_state_change import StateChange
from .sms_gateway_failover import Move


class SmsGatewayAttempt(models.Model):
    """A route that a message has left after it was tried there.

    Rows are written by `sms.gateway.failover` when the message takes another route: a
    message that stays on its route has none. Reports of the earlier route find the
    message by the references that are kept here.
    """

    _name = "sms.gateway.attempt"
    _description = "SMS Gateway Attempt"
    _order = "id"
    _rec_name = "route_id"
    _log_access = False

    message_id = CopiedMany2one("sms.gateway.message", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", required=True, readonly=True)
    route_id = CopiedMany2one("sms.gateway.route", required=True, readonly=True)
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    number = fields.Integer(
        "Attempts", readonly=True, help="Number of attempts through this route."
    )
    uuid = fields.Char("Message ID", readonly=True)
    client_reference = fields.Char(readonly=True)
    provider_reference = fields.Char("Provider message ID", readonly=True)
    state = fields.Selection(
        [
            ("not_sent", "Not submitted"),
            ("failed", "Failed"),
            ("delivered", "Delivered later"),
        ],
        required=True,
        readonly=True,
        string="Outcome",
    )
    failure_type = fields.Selection(
        FAILURE_TYPES, readonly=True, string="Stored failure reason"
    )
    failure_reason = fields.Char("Failure reason", compute="_compute_words")
    code = fields.Char("Provider code", readonly=True)
    params = fields.Json("Reason parameters", readonly=True)
    detail = fields.Char("Stored reason", readonly=True)
    words = fields.Char("Details", compute="_compute_words")
    cost = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    submitted_at = fields.Datetime("Submitted on", readonly=True)
    left_at = fields.Datetime("Left on", required=True, readonly=True)

    _message_index = models.Index("(message_id, id)")
    _reference_index = models.Index(
        "(provider_reference, route_id) WHERE provider_reference IS NOT NULL"
    )
    _uuid_index = models.Index("(uuid, route_id)")
    _left_index = models.Index("(left_at)")

    @api.depends("failure_type", "detail", "params")
    @api.depends_context("lang")
    def _compute_words(self):
        for attempt in self:
            attempt.failure_reason = name_failure(self.env, attempt.failure_type)
            attempt.words = say_event(attempt)

    @api.model
    def _report(self, updates):
        """Apply reports of routes that their messages have left.

        A message that was delivered there is delivered, wherever it waits or has been
        handed over since; one that waits returns to that route. Everything else is
        known already.

        :param updates: list of (attempt id, message id, is delivered, occurred at)
        :return: ids of the attempts that have changed
        """
        delivered = [update for update in updates if update[2]]
        if not delivered:
            return set()
        rows = self.env.execute_query(
            SQL(
                """UPDATE sms_gateway_attempt SET state = 'delivered'
                    WHERE id = ANY(%s::int[]) AND state <> 'delivered'
                RETURNING id""",
                to_array(attempt_id for attempt_id, *_rest in delivered),
            )
        )
        self.invalidate_model(["state"])
        references = self._take_back([attempt_id for (attempt_id,) in rows])
        self.env["sms.gateway.state.change"]._set_state(
            [
                StateChange(
                    id=message_id,
                    state="delivered",
                    source="earlier_route",
                    provider_reference=references.get(message_id),
                    occurred_at=occurred_at and str(occurred_at),
                )
                for _id, message_id, _is_delivered, occurred_at in delivered
            ]
        )
        return {attempt_id for (attempt_id,) in rows}

    def _take_back(self, attempt_ids):
        """Return messages that wait on other routes to those that have delivered them.

        :param attempt_ids: of the routes that have delivered them
        :return: dict of returned message id → reference of the provider
        """
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT m.id, m.route_id AS old_route_id, a.route_id, a.cost,
                       a.id AS attempt_id, a.provider_reference AS reference
                  FROM sms_gateway_attempt a
                  JOIN sms_gateway_message m ON m.id = a.message_id
                 WHERE a.id = ANY(%s::int[]) AND m.state = 'queued'
                """,
                to_array(attempt_ids),
            )
        )
        left = {
            row["id"]: (row.pop("attempt_id"), row.pop("reference")) for row in rows
        }
        moves = [Move(**row, source="earlier_route") for row in rows]
        returned = self.env["sms.gateway.failover"]._reroute(moves)
        self._uncount([left[message_id][0] for message_id in returned])
        return {message_id: left[message_id][1] for message_id in returned}

    def _uncount(self, attempt_ids):
        """Take the costs of failed attempts out of the statistics: their messages were
        delivered after all, and cost the same."""
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_statistic_change
                       (campaign_id, route_id, company_id, channel, is_debug, day,
                        state, failure_type, outcome, count, segments, cost)
                SELECT m.campaign_id, a.route_id, m.company_id, m.channel, m.is_debug,
                       COALESCE(m.day, m.accepted_at::date), 'failed', a.failure_type,
                       'not_delivered', 0, 0, -sum(a.cost)
                  FROM sms_gateway_attempt a
                  JOIN sms_gateway_message m ON m.id = a.message_id
                 WHERE a.id = ANY(%s::int[]) AND a.submitted_at IS NOT NULL
                   AND a.cost IS NOT NULL
              GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
                """,
                to_array(attempt_ids),
            )
        )
