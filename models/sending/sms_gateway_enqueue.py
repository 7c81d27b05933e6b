"""Enqueue: the one way in which messages come into being."""

import json

from odoo import api, models
from odoo.tools import SQL

from ...tools.pg_array import to_array
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
    def _enqueue(self, campaign, composed, *, plan=None, replaced=None):
        """Store the messages of a campaign in one bulk insert and wake the lanes.

        The only way in. Recipients with problems are stored as ``failed``, numbers of
        the blacklist as ``cancelled``: nothing that was accepted is without a row.

        :param composed: iterable of `tools.compose.Composed`, consumed as it is stored
        :param plan: `routing.plan.Plan`; None for the first step of the campaign's
        :param replaced: dict of index → id of the message that the new one replaces
        :rtype: list[RejectedRecipient]
        """
        clock.keep_in_step(self.env.cr)
        make_rows = SecretRowStream if campaign.is_secret else RowStream
        plan = plan or self.env["sms.gateway.policy"]._make_plan(campaign)
        rows = make_rows(campaign, composed, plan, replaced or {})
        self.env["phone.blacklist"].flush_model(["active", "number"])
        may_be_opted_out = self._store(campaign, rows)
        opted_out = self._finish_accept(campaign, rows, plan.channel, may_be_opted_out)
        self._count_packages(campaign, rows, plan.tariffs.used, opted_out)
        if replaced:
            succession = self.env["sms.gateway.succession"]
            succession._supersede(replaced.values())
        campaign.invalidate_recordset(["message_ids"])
        dispatcher = self.env["sms.gateway.dispatcher"]
        if campaign.priority == PRIORITY_SINGLE:
            dispatcher._wake_one()
        else:
            dispatcher._wake()
        return sorted(rows.rejected + opted_out, key=lambda rejected: rejected.index)

    def _count_packages(self, campaign, stored, used, opted_out):
        """
        :param stored: the `RowStream` that was read to its end
        :param used: dict of package → parts
        :param opted_out: list of `RejectedRecipient`, who use none
        """
        packages = self.env["sms.gateway.package"]
        packages._use(used, stored.day)
        if used and opted_out:
            packages._give_back(
                SQL(
                    "m.campaign_id = %s AND m.accepted_at = %s"
                    " AND m.index = ANY(%s::int[])",
                    campaign.id,
                    stored.accepted_at,
                    to_array(rejected.index for rejected in opted_out),
                )
            )

    def _store(self, campaign, rows):
        """COPY is fastest, and takes three exchanges with the server: a single message
        is stored in one.

        :return: whether numbers of the blacklist may be among the rows
        """
        if campaign.priority == PRIORITY_SINGLE:
            stored = [
                self._insert(rows.COLUMNS, row)
                for _block in rows.iterate_blocks()
                for row in rows
            ]
            return any(stored)
        statement = f"COPY sms_gateway_message ({rows.COLUMNS.code}) FROM STDIN"
        for _block in rows.iterate_blocks():
            with hidden_values():
                self.env.cr.copy_expert(statement, rows)
        return True

    def _insert(self, columns, row):
        """Store one message.

        :return: whether its number is in the blacklist
        """
        [(is_listed,)] = self.env.execute_query(
            SQL(
                "INSERT INTO sms_gateway_message (%s) VALUES %s RETURNING EXISTS"
                " (SELECT FROM phone_blacklist b WHERE b.active AND b.number = msisdn)",
                columns,
                row,
            )
        )
        return is_listed

    def _finish_accept(self, campaign, stored, channel, may_be_opted_out):
        """Cancel the numbers of the blacklist and tell the statistics.

        :param stored: the `RowStream` that was read to its end
        :return: list of `RejectedRecipient`
        """
        counts = SQL(
            """SELECT * FROM jsonb_to_recordset(%s::jsonb) AS c(
                      route_id int, state varchar, failure_type varchar, count int,
                      segments int)""",
            json.dumps(stored.get_counts()),
        )
        if not may_be_opted_out:
            # planning what cancels takes longer than all the rest of a single message
            self.env.cr.execute(_count(campaign, stored, channel, counts))
            return []
        with_cancelled = SQL(
            """%s
                UNION ALL SELECT route_id, 'queued', NULL, -count, -segments
                            FROM total
                UNION ALL SELECT route_id, 'cancelled', 'opted_out', count, segments
                            FROM total""",
            counts,
        )
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
 RETURNING m.index, m.msisdn, m.route_id, m.segments
), total AS (
    SELECT route_id, count(*) AS count, sum(segments) AS segments
      FROM opted_out GROUP BY route_id
), counted AS (%(count)s)
SELECT index, msisdn FROM opted_out
                """,
                campaign_id=campaign.id,
                ignores_blacklist=campaign.ignores_blacklist,
                accepted_at=stored.accepted_at,
                first=stored.first_index,
                last=stored.last_index,
                count=_count(campaign, stored, channel, with_cancelled),
            )
        )
        return [
            RejectedRecipient(index, phone, "opted_out", "phone", {})
            for index, phone in rows
        ]


def _count(campaign, stored, channel, counts):
    """The statement that tells the statistics what an accept stored.

    :param counts: query of route, state, failure type, count and segments
    :rtype: SQL
    """
    return SQL(
        """
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day,
            state, failure_type, outcome, count, segments)
    SELECT %(campaign_id)s, route_id, %(company_id)s, %(channel)s, %(is_debug)s,
           %(day)s::date, state, failure_type, %(outcome)s, count, segments
      FROM (SELECT *, NULL::timestamp AS submitted_at, FALSE AS maybe_sent,
                   0 AS attempts
              FROM (%(counts)s) AS counted) AS part
        """,
        campaign_id=campaign.id,
        company_id=campaign.company_id.id,
        channel=channel,
        is_debug=campaign.is_debug,
        day=stored.day,
        outcome=outcome_of("part"),
        counts=counts,
    )
