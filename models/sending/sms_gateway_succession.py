"""Succession: which of a person's messages counts.

A message that is sent again, or followed by the next step of a policy, leaves its place
in the campaign's counters to the new one. Statistics count every message.
"""

from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...tools.pg_array import to_array
from .outcomes import outcome_of
from .sms_gateway_state_change import StateChange

#: The counts of persons that go with the rows of a CTE named ``turned``; besides the
#: message's columns these have outcome and persons (1 or -1).
_COUNT_PERSONS = SQL(
    """
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day, state,
            failure_type, outcome, count, segments, person_count)
    SELECT campaign_id, route_id, company_id, channel, is_debug,
           COALESCE(day, accepted_at::date), state, failure_type, outcome, 0, 0,
           sum(persons)
      FROM turned
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    """
)


class Later(NamedTuple):
    """A message that replaced another one, directly or not; ``is_waiting``: it was
    provably not handed over yet."""

    first_id: int
    id: int
    state: str
    is_waiting: bool
    is_superseded: bool


class SmsGatewaySuccession(models.AbstractModel):
    """Keeps the counters of campaigns at one message per person."""

    _name = "sms.gateway.succession"
    _description = "SMS Gateway Succession"

    @api.model
    def _supersede(self, message_ids):
        """Other messages count for the persons of these."""
        self._turn(message_ids, is_superseded=True)

    @api.model
    def _restore(self, message_ids):
        """These messages count for their persons after all."""
        self._turn(message_ids, is_superseded=False)

    def _turn(self, message_ids, *, is_superseded):
        self.env.cr.execute(
            SQL(
                """
WITH turned AS (
    UPDATE sms_gateway_message m SET is_superseded = %(is_superseded)s
     WHERE id = ANY(%(ids)s::int[])
       AND COALESCE(is_superseded, FALSE) <> %(is_superseded)s
 RETURNING m.*, %(outcome)s AS outcome, %(persons)s AS persons
)
%(count_persons)s
                """,
                ids=to_array(message_ids),
                is_superseded=is_superseded,
                outcome=outcome_of("m"),
                persons=-1 if is_superseded else 1,
                count_persons=_COUNT_PERSONS,
            )
        )
        self.env["sms.gateway.message"].invalidate_model(["is_superseded"])

    @api.model
    def _forget_moves(self, moves):
        """Take superseded messages that have moved out of the counters again.

        :param moves: list of (message id, old state, old failure type, old outcome)
        """
        self.env.cr.execute(
            SQL(
                """
WITH old(id, state, failure_type, outcome) AS (VALUES %(old)s), turned AS (
    SELECT m.campaign_id, m.route_id, m.company_id, m.channel, m.is_debug, m.day,
           m.accepted_at, side.*
      FROM sms_gateway_message m JOIN old ON old.id = m.id
     CROSS JOIN LATERAL (VALUES
           (old.state, old.failure_type, old.outcome, 1),
           (m.state, m.failure_type, %(outcome)s, -1)
      ) AS side(state, failure_type, outcome, persons)
     WHERE m.is_superseded
)
%(count_persons)s
                """,
                old=SQL(", ").join(
                    SQL("(%s::int, %s::varchar, %s::varchar, %s::varchar)", *move)
                    for move in moves
                ),
                outcome=outcome_of("m"),
                count_persons=_COUNT_PERSONS,
            )
        )

    @api.model
    def _settle_delivered(self, message_ids):
        """Superseded messages arrived after all: they count, and what was to replace
        them is not sent any more.

        Of a person with two delivered messages the last one counts.
        """
        rows = self.env.execute_query(
            SQL(
                """
WITH RECURSIVE later AS (
    SELECT id AS first_id, id, state, maybe_sent, is_superseded
      FROM sms_gateway_message WHERE id = ANY(%(ids)s::int[])
     UNION ALL
    SELECT later.first_id, m.id, m.state, m.maybe_sent, m.is_superseded
      FROM later JOIN sms_gateway_message m ON m.retry_of_id = later.id
)
SELECT first_id, id, state, state = 'queued' AND maybe_sent IS NOT TRUE, is_superseded
  FROM later WHERE id <> first_id ORDER BY id
                """,
                ids=to_array(message_ids),
            )
        )
        later = [Later(*row) for row in rows]
        self._cancel([one.id for one in later if one.is_waiting])
        counting = {one.first_id: one for one in later if not one.is_superseded}
        # several may have arrived at the same time: one of them counts
        overtaken = {
            one.id: first_id
            for first_id, one in sorted(counting.items())
            if one.state != "delivered"
        }
        if overtaken:
            self._supersede(overtaken)
            self._restore(overtaken.values())
            self.env["sms.gateway.recipient"]._follow_arrived(overtaken)

    def _cancel(self, message_ids):
        changes = [
            StateChange(id=message_id, state="cancelled", source="earlier_route")
            for message_id in message_ids
        ]
        self.env["sms.gateway.state.change"]._set_state(changes)
