"""Retention of campaigns: what is emptied and what is deleted, and when."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..common import clock


class SmsGatewayCampaignRetention(models.AbstractModel):
    """Empties and deletes campaigns without messages, and closed dialogs' drafts."""

    _name = "sms.gateway.campaign.retention"
    _description = "SMS Gateway Campaign Retention"

    @api.model
    def _forget_before(self, oldest, limit):
        """Empty campaigns of people that have ended and have no message left, and
        delete others: what they came to stands in the statistics.

        :return: the number of campaigns that were found
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, source = 'person' AND is_test IS NOT TRUE AND NOT is_debug
                  FROM sms_gateway_campaign c
                 WHERE COALESCE(starts_at, write_date) < %s
                   AND state IN ('done', 'cancelled') AND emptied_at IS NULL
                   AND COALESCE(unprepared_count, 0) = 0
                   AND COALESCE(submitted_count, 0) + COALESCE(unknown_count, 0) = 0
                   AND NOT EXISTS (SELECT FROM sms_gateway_message m
                                    WHERE m.campaign_id = c.id)
                   AND NOT EXISTS (SELECT FROM sms_gateway_statistic_change s
                                    WHERE s.campaign_id = c.id)
              ORDER BY COALESCE(starts_at, write_date), id
                 LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
                """,
                oldest,
                limit,
            )
        )
        found = [number for number, _is_kept in rows]
        self._delete_rows("sms_gateway_recipient", "campaign_id", found)
        self._empty([number for number, is_kept in rows if is_kept])
        # without the ORM, which lets nobody delete what was sent
        rest = [number for number, is_kept in rows if not is_kept]
        self._delete_rows("sms_gateway_campaign", "id", rest)
        self.env.invalidate_all(flush=False)
        return len(rows)

    def _empty(self, ids):
        """Leave what may be counted: dates, whose it was, the counters."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET name = '#' || id, text_male = NULL, text_female = NULL,
                       text_neutral = NULL, text_alternative = NULL, test_phone = NULL,
                       res_domain = '[]', filter_id = NULL, accepted_names = NULL,
                       pause_reason = NULL, emptied_at = %s
                 WHERE id = ANY(%s)
                """,
                clock.now(),
                ids,
            )
        )

    def _delete_rows(self, table, column, ids):
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE %s = ANY(%s)",
                SQL.identifier(table),
                SQL.identifier(column),
                ids,
            )
        )

    @api.autovacuum
    def _gc_temporary(self):
        """Delete drafts of dialogs that were closed."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        domain = [
            ("state", "=", "draft"),
            ("is_temporary", "=", True),
            ("create_date", "<", yesterday),
        ]
        self.env["sms.gateway.campaign"].search(domain, limit=1000).unlink()
