"""Queues in SQL: what is due, what has its turn, which route may send."""

from odoo.tools import SQL

from ...tools.vocabulary import HELD_STATES, PRIORITY_BATCH, PRIORITY_SINGLE
from ..common import clock
from ..settings.sms_gateway_settings import PREFIX


def select_heads():
    """A query of the first message of each queue: ``route_id``, ``is_debug``,
    ``campaign_id`` (NULL for single messages) and ``not_before``.

    The recursion jumps from campaign to campaign, and inside a campaign from route to
    route, in their index: the size of campaigns and held campaigns cost nothing.
    """
    return SQL(
        """
WITH RECURSIVE batch AS (
    (SELECT campaign_id, route_id, not_before FROM sms_gateway_message
      WHERE state = 'queued' AND priority = %(batch)s
   ORDER BY campaign_id, route_id, not_before LIMIT 1)
     UNION ALL
    SELECT next.* FROM batch CROSS JOIN LATERAL (
        SELECT m.campaign_id, m.route_id, m.not_before FROM sms_gateway_message m
         WHERE m.state = 'queued' AND m.priority = %(batch)s
           AND (m.campaign_id, m.route_id) > (batch.campaign_id, batch.route_id)
      ORDER BY m.campaign_id, m.route_id, m.not_before LIMIT 1) AS next
)
SELECT batch.route_id, c.is_debug, c.id AS campaign_id, batch.not_before
  FROM batch JOIN sms_gateway_campaign c ON c.id = batch.campaign_id
 WHERE c.state NOT IN %(held)s OR c.state = 'cancelled'
 UNION ALL
SELECT r.id, d.is_debug, NULL, single.not_before
  FROM sms_gateway_route r
 CROSS JOIN (VALUES (TRUE), (FALSE)) AS d(is_debug)
 CROSS JOIN LATERAL (
       SELECT m.not_before FROM sms_gateway_message m
         JOIN sms_gateway_campaign c ON c.id = m.campaign_id
        WHERE m.state = 'queued' AND m.priority = %(single)s
          AND m.route_id = r.id AND m.is_debug = d.is_debug
          AND %(is_served)s
     ORDER BY m.not_before LIMIT 1) AS single
        """,
        single=PRIORITY_SINGLE,
        batch=PRIORITY_BATCH,
        held=HELD_STATES,
        is_served=is_served(),
    )


def may_send(*, is_debug, now=None):
    """The condition that the route ``r`` may send at this moment, see `is_rested`.

    Debug messages do not go to the provider: settings that the route lacks and its rest
    do not matter. It is part of every claim: a pause and the emergency stop work at
    once, also for running lanes.
    """
    is_rested_now = is_rested(now)
    return SQL("%s AND (%s OR %s)", is_on(is_debug=is_debug), is_debug, is_rested_now)


def is_on(*, is_debug):
    """The condition that the route ``r`` may send as soon as its rest is over."""
    return SQL(
        """
        r.active AND (r.state = 'active' OR r.lacks_settings AND %(is_debug)s)
        AND NOT EXISTS (SELECT FROM ir_config_parameter p
                         WHERE p.key = %(is_stopped)s AND lower(p.value) = 'true')
        """,
        is_debug=is_debug,
        is_stopped=PREFIX + "is_stopped",
    )


def is_rested(now=None):
    """The condition that the route ``r`` does not rest after trouble.

    :param now: SQL of the moment, for a statement that is run again later
    """
    return SQL("(r.resume_at IS NULL OR r.resume_at <= %s)", now or clock.now())


def may_probe(now=None):
    """The condition that the breaker ``k`` of a route is closed, or that no probe is on
    its way: a lane that died with one blocks the route until its lease ends.

    :param now: as of `is_rested`
    """
    return SQL(
        "(k.is_open IS NOT TRUE OR k.probe_until IS NULL OR k.probe_until <= %s)",
        now or clock.now(),
    )


def is_served():
    """The condition that the message ``m`` of the campaign ``c`` has its turn:
    of a cancelled one only what may have been sent, which becomes unknown again."""
    return SQL(
        "(c.state NOT IN %s OR c.state = 'cancelled' AND m.maybe_sent)", HELD_STATES
    )
