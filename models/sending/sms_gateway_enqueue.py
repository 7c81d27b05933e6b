"""Enqueue: the one way in which messages come into being."""

import json

from odoo import api, models
from odoo.tools import SQL

from ...tools.vocabulary import PRIORITY_SINGLE
from ..common import clock
from ..common.failed_statements import hidden_values
from .outcomes import outcome_of
from .row_stream import RejectedRecipient, RowStream, SecretRowStream


class SmsGatewayEnqueue(models.AbstractModel):
    """Stores the messages of a campaign in bulk and wakes the lanes."""

    _name = "sms.gateway.enqueue"
    _description = "SMS Gateway Enqueue"

    @api.model
    def _enqueue(self, campaign, composed, *, retry_of=None):
        """Store the messages of a campaign in one bulk insert and wake the lanes.

        The only way in. Recipients with problems are stored as ``failed``, numbers of
        the blacklist as ``cancelled``: nothing that was accepted is without a row.

        :param composed: iterable of `tools.compose.Composed`, consumed as it is stored
        :rtype: list[RejectedRecipient]
        """
        clock.keep_in_step(self.env.cr)
        make_rows = SecretRowStream if campaign.is_secret else RowStream
        rows = make_rows(self.env, campaign, composed, retry_of)
        self._store(campaign, rows)
        opted_out = self._finish_accept(campaign, rows)
        campaign.invalidate_recordset(["message_ids"])
        dispatcher = self.env["sms.gateway.dispatcher"]
        if campaign.priority == PRIORITY_SINGLE:
            dispatcher._wake_one()
        else:
            dispatcher._wake()
        return sorted(rows.rejected + opted_out, key=lambda rejected: rejected.index)

    def _store(self, campaign, rows):
        """COPY is fastest, and takes three exchanges with the server: a single message
        is stored in one."""
        if campaign.priority != PRIORITY_SINGLE:
            statement = f"COPY sms_gateway_message ({rows.COLUMNS.code}) FROM STDIN"
            with hidden_values():
                self.env.cr.copy_expert(statement, rows)
            return
        for row in rows:
            self.env.cr.execute(
                SQL("INSERT INTO sms_gateway_message (%s) VALUES %s", rows.COLUMNS, row)
            )

    def _finish_accept(self, campaign, stored):
        """Cancel the numbers of the blacklist and tell the statistics.

        :param stored: the `RowStream` that was read to its end
        :return: list of `RejectedRecipient`
        """
        self.env["phone.blacklist"].flush_model(["active", "number"])
        rows = self.env.execute_query(
            SQL(
                """
WITH opted_out AS (
    UPDATE sms_gateway_message m
       SET state = 'cancelled', failure_type = 'opted_out',
           failure_code = 'opted_out', failure_params = '{}',
           finished_at = accepted_at, secret_text = NULL
      FROM phone_blacklist b
     WHERE b.active AND b.number = m.msisdn AND NOT %(ignores_blacklist)s
       AND m.campaign_id = %(campaign_id)s
       AND m.index BETWEEN %(first)s AND %(last)s
       AND m.accepted_at = %(accepted_at)s AND m.state = 'queued'
 RETURNING m.index, m.msisdn, m.segments
), total AS (
    SELECT count(*) AS count, COALESCE(sum(segments), 0) AS segments FROM opted_out
), counted AS (
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day,
            state, failure_type, outcome, count, segments)
    SELECT %(campaign_id)s, %(route_id)s, %(company_id)s, %(channel)s, %(is_debug)s,
           %(day)s::date, state, failure_type, %(outcome)s, count, segments
      FROM (SELECT *, NULL::timestamp AS submitted_at, FALSE AS maybe_sent,
                   0 AS attempts
              FROM (SELECT * FROM jsonb_to_recordset(%(counts)s::jsonb) AS c(
                           state varchar, failure_type varchar, count int, segments int)
                     UNION ALL SELECT 'queued', NULL, -count, -segments FROM total
                     UNION ALL SELECT 'cancelled', 'opted_out', count, segments
                                 FROM total
                   ) AS counted) AS part
     WHERE part.count <> 0
)
SELECT index, msisdn FROM opted_out
                """,
                campaign_id=campaign.id,
                route_id=campaign.route_id.id,
                company_id=campaign.company_id.id,
                channel=campaign.channel,
                is_debug=campaign.is_debug,
                ignores_blacklist=campaign.ignores_blacklist,
                accepted_at=stored.accepted_at,
                day=stored.day,
                outcome=outcome_of("part"),
                first=stored.first_index,
                last=stored.last_index,
                counts=json.dumps(stored.get_counts()),
            )
        )
        return [
            RejectedRecipient(index, phone, "opted_out", "phone", {})
            for index, phone in rows
        ]
