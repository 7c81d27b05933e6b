"""Messages that were sent again leave their place in the counters to the new ones."""

from odoo import SUPERUSER_ID, api

CHUNK = 10_000


def migrate(cr, version):
    """Of a person with several messages the one that was delivered counts, or else the
    last one."""
    if not version:
        return
    env = api.Environment(cr, SUPERUSER_ID, {})
    succession = env["sms.gateway.succession"]
    cr.execute(
        """
        WITH RECURSIVE chain AS (
            SELECT id AS first_id, id, state FROM sms_gateway_message m
             WHERE retry_of_id IS NULL
               AND EXISTS (SELECT FROM sms_gateway_message again
                            WHERE again.retry_of_id = m.id)
             UNION ALL
            SELECT chain.first_id, m.id, m.state
              FROM chain JOIN sms_gateway_message m ON m.retry_of_id = chain.id
        ), ranked AS (
            SELECT id, row_number() OVER (
                       PARTITION BY first_id
                           ORDER BY (state = 'delivered') DESC, id DESC) AS place
              FROM chain
        )
        SELECT id FROM ranked WHERE place > 1 ORDER BY id
        """
    )
    superseded = [row[0] for row in cr.fetchall()]
    for start in range(0, len(superseded), CHUNK):
        succession._supersede(superseded[start : start + CHUNK])
