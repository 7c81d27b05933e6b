"""Sorts out what was counted as failed and never sent, and what was a test.

Days stay those of UTC: when exactly deleted messages were accepted nobody knows.
"""

from odoo import SUPERUSER_ID, api

from odoo.addons.crm_sms_gateway.models.sending.outcomes import condition_of, outcome_of

#: Only "Send a test" made campaigns of a person without ever creating a draft.
MARK_TESTS = """
UPDATE sms_gateway_campaign SET is_test = TRUE
 WHERE source = 'person' AND recipient_source IS NULL AND is_temporary IS NULL
   AND recipient_count = 1
"""

#: Rows of tests and of what was never sent leave those they were counted in.
MOVE_STATISTICS = """
WITH wrong AS (
    SELECT COALESCE(m.day, m.accepted_at::date) AS day, m.company_id, m.route_id,
           m.channel, COALESCE(c.is_test, FALSE) AS is_test, m.state,
           {outcome} AS outcome, m.failure_type, count(*) AS count,
           sum(m.segments) AS segments,
           sum(m.cost) FILTER (
               WHERE m.state IN ('submitted', 'unknown', 'delivered')
                  OR m.state IN ('failed', 'expired') AND m.submitted_at IS NOT NULL
           ) AS cost
      FROM sms_gateway_message m
      JOIN sms_gateway_campaign c ON c.id = m.campaign_id
     WHERE m.is_debug IS NOT TRUE
       AND (c.is_test OR m.state IN ('failed', 'expired') AND {is_not_sent})
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), taken AS (
    UPDATE sms_gateway_statistic s
       SET count = s.count - w.count, segments = s.segments - w.segments,
           cost = s.cost - COALESCE(w.cost, 0)
      FROM (SELECT day, company_id, route_id, channel, state, failure_type,
                   sum(count) AS count, sum(segments) AS segments, sum(cost) AS cost
              FROM wrong GROUP BY 1, 2, 3, 4, 5, 6) AS w
     WHERE s.day = w.day AND s.company_id = w.company_id AND s.route_id = w.route_id
       AND s.channel = w.channel AND s.state = w.state AND NOT s.is_test
       AND s.failure_type IS NOT DISTINCT FROM w.failure_type
)
INSERT INTO sms_gateway_statistic
       (day, company_id, route_id, channel, is_test, state, outcome, failure_type,
        count, segments, cost)
SELECT * FROM wrong
"""

COUNT_CAMPAIGNS = """
UPDATE sms_gateway_campaign c
   SET not_sent_count = COALESCE(c.cancelled_count, 0) + counted.never,
       not_delivered_count = COALESCE(c.failed_count, 0) + COALESCE(c.expired_count, 0)
                             - counted.never,
       sent_count = COALESCE(c.submitted_count, 0) + COALESCE(c.unknown_count, 0)
                    + COALESCE(c.delivered_count, 0) + COALESCE(c.failed_count, 0)
                    + COALESCE(c.expired_count, 0) - counted.never
  FROM (SELECT one.id, COALESCE(never.count, 0) AS never
          FROM sms_gateway_campaign one
     LEFT JOIN (SELECT campaign_id, count(*) AS count FROM sms_gateway_message m
                 WHERE m.state IN ('failed', 'expired') AND {is_not_sent}
              GROUP BY 1) AS never ON never.campaign_id = one.id) AS counted
 WHERE counted.id = c.id AND c.state <> 'draft'
"""


def migrate(cr, version):
    """Called by Odoo after the update of the module."""
    parts = {
        "outcome": outcome_of("m").code,
        "is_not_sent": condition_of("not_sent", "m"),
    }
    _fold(cr)
    for statement in (MARK_TESTS, MOVE_STATISTICS, COUNT_CAMPAIGNS):
        cr.execute(statement.format(**parts))


def _fold(cr):
    """Count all that waits to be counted, whoever else is at it."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    changes = env["sms.gateway.statistic.change"]
    cr.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [changes._table])
    while changes._fold():
        pass
    env.flush_all()
