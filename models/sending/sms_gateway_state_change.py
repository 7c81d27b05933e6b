"""State changes: besides the claim, the only way in which messages change state."""

from collections import Counter
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...tools.backoff import reconcile_delay
from ...tools.pg_array import to_array
from ...tools.vocabulary import ARROWS, FINAL_STATES, SOURCE_ARROWS
from ..common import clock
from ..common.sql_values import select_rows
from .outcomes import outcome_of
from .provider_values import MAX_SEGMENTS, is_plain, storable

#: Tells the statistics what the rows of a CTE named ``moved`` were and are; besides the
#: message's columns it has outcome, and old_state, old_failure_type, old_outcome,
#: old_segments and old_cost.
#: Costs are counted of what the provider took, or may have taken.
COUNT_MOVED = SQL(
    """
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day, state,
            failure_type, outcome, count, segments, cost)
    SELECT campaign_id, route_id, company_id, channel, is_debug, day,
           side.state, side.failure_type, side.outcome,
           sum(side.count), sum(side.segments),
           sum(side.cost) FILTER (
               WHERE side.state IN ('submitted', 'unknown', 'delivered')
                  OR side.state IN ('failed', 'expired') AND alike.was_submitted)
      FROM (SELECT campaign_id, route_id, company_id, channel, is_debug,
                   COALESCE(day, accepted_at::date) AS day,
                   state, failure_type, outcome,
                   old_state, old_failure_type, old_outcome,
                   submitted_at IS NOT NULL AS was_submitted, count(*) AS count,
                   sum(segments) AS segments, sum(old_segments) AS old_segments,
                   sum(cost) AS cost, sum(old_cost) AS old_cost
              FROM moved
          GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13) AS alike
     CROSS JOIN LATERAL (VALUES
           (state, failure_type, outcome, count, segments, cost),
           (old_state, old_failure_type, old_outcome, -count, -old_segments, -old_cost)
      ) AS side(state, failure_type, outcome, count, segments, cost)
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    """
)


class StateChange(NamedTuple):
    """A wanted change of one message; absent values stay as they are.

    ``attempt`` is given by the dispatcher and by look-ups: what is known of an old
    attempt must not touch a newer one. ``route_id`` is given by whoever speaks for a
    provider: the message may have left its route since. ``occurred_at`` is the naive
    UTC time of the change at its source, ``source`` is who says so (see
    `sms.gateway.event`).
    ``code`` and ``detail`` are the raw words of a provider; of the gateway's own reason
    ``params`` (JSON, see `reasons.make_params`) stand in place of ``detail``.
    """

    id: int
    state: str
    source: str
    attempt: int | None = None
    route_id: int | None = None
    failure_type: str | None = None
    code: str = ""
    detail: str = ""
    params: str | None = None
    provider_reference: str | None = None
    segments: int | None = None
    price: str | None = None
    price_currency: str | None = None
    not_before: str | None = None
    next_poll_at: str | None = None
    next_check_at: str | None = None
    occurred_at: str | None = None
    maybe_sent: bool | None = None

    def as_storable(self):
        """The change, with what a provider said as it can be stored."""
        if (
            is_plain(self.code)
            and is_plain(self.detail)
            and is_plain(self.provider_reference)
            and 0 <= (self.segments or 0) <= MAX_SEGMENTS
        ):
            return self
        return self._replace(**storable(self._asdict()))


#: The members of a `StateChange` as PostgreSQL takes them.
CHANGE_TYPES = {
    "id": "int",
    "state": "varchar",
    "source": "varchar",
    "attempt": "int",
    "route_id": "int",
    "failure_type": "varchar",
    "code": "varchar",
    "detail": "varchar",
    "params": "jsonb",
    "provider_reference": "varchar",
    "segments": "int",
    "price": "numeric",
    "price_currency": "varchar",
    "not_before": "timestamp",
    "next_poll_at": "timestamp",
    "next_check_at": "timestamp",
    "occurred_at": "timestamp",
    "maybe_sent": "boolean",
}


class SmsGatewayStateChange(models.AbstractModel):
    """Moves messages from state to state, appends to their timeline and counts."""

    _name = "sms.gateway.state.change"
    _description = "SMS Gateway State Change"

    @api.model
    def _set_state(self, changes):
        """Move messages along `ARROWS`; the only way but for the dispatcher's claim.

        One statement locks the rows in the order of their ids, moves them, appends to
        their timelines and counts.

        :param changes: list of `StateChange`; several for one message are made in turn
        :return: dict of "moved", "already" and "refused" → list of `StateChange`
        """
        results = {"moved": [], "already": [], "refused": []}
        turns = _in_turns(changes)
        for number, turn in enumerate(turns):
            # what arrives needs no other route, whatever was said of it before
            arrived = {
                change.id
                for later in turns[number + 1 :]
                for change in later
                if change.state == "delivered"
            }
            left, diverted = self.env["sms.gateway.failover"]._divert(turn, arrived)
            results["moved"] += diverted
            by_id = {change.id: change for change in left}
            rows = self._set_state_once(left) if left else []
            for message_id, result, *_more in rows:
                results[result].append(by_id[message_id])
            self._follow_up(by_id, rows)
        self._keep_references(results["already"] + results["refused"])
        self.env["sms.gateway.message"].invalidate_model()
        return results

    def _follow_up(self, changes, rows):
        """What else depends on messages that have moved: others to the same persons,
        and packages.

        :param changes: dict of message id → `StateChange`
        :param rows: of `_set_state_once`
        """
        superseded = [(row[0], *row[2]) for row in rows if row[2]]
        if superseded:
            succession = self.env["sms.gateway.succession"]
            succession._forget_moves(superseded)
            ids = [message_id for message_id, *_old in superseded]
            succession._settle_delivered(
                [one for one in ids if changes[one].state == "delivered"]
            )
        if any(row[3] for row in rows):
            self.env["sms.gateway.cascade"]._wake()
        packages = self.env["sms.gateway.package"]
        packages._give_back_of([row[0] for row in rows if row[4] is False])
        packages._take_again([row[0] for row in rows if row[4] is True])

    def _set_state_once(self, changes):
        arrows = [(old, new) for old, news in ARROWS.items() for new in news]
        return self.env.execute_query(
            SQL(
                """
WITH wanted AS (
    %(wanted)s
), locked AS MATERIALIZED (
    SELECT id, state, route_id, failure_type, segments, cost, attempts, submitted_at,
           maybe_sent, secret_text, is_superseded, follow_up, package_id
      FROM sms_gateway_message WHERE id = ANY(%(ids)s::int[])
  ORDER BY id FOR NO KEY UPDATE
), evaluated AS (
    SELECT w.*, l.state AS old_state, l.failure_type AS old_failure_type,
           l.segments AS old_segments, l.cost AS old_cost,
           l.is_superseded, l.follow_up, l.package_id,
           %(old_outcome)s AS old_outcome,
           COALESCE(replace(w.detail, l.secret_text, '…'), w.detail) AS said,
           CASE WHEN (l.state IN ('queued', 'submitting')
                      OR w.state IN ('queued', 'failed'))
                 AND l.attempts <> w.attempt
                THEN 'refused'
                WHEN l.route_id <> w.route_id THEN 'refused'
                WHEN l.is_superseded AND w.state = 'queued' THEN 'refused'
                WHEN l.state = w.state THEN 'already'
                WHEN (l.state, w.state) IN %(arrows)s THEN 'moved'
                WHEN (l.state, w.state, w.source) IN %(source_arrows)s THEN 'moved'
                ELSE 'refused' END AS result
      FROM wanted w JOIN locked l ON l.id = w.id
), moved AS (
    UPDATE sms_gateway_message m
       SET state = e.state,
           failure_type = CASE WHEN e.state = 'failed'
                               THEN COALESCE(NULLIF(e.failure_type, ''), 'other')
                               ELSE NULLIF(e.failure_type, '') END,
           failure_code = NULLIF(e.code, ''),
           failure_params = e.params,
           failure_message = NULLIF(e.said, ''),
           provider_reference = COALESCE(NULLIF(e.provider_reference, ''),
                                         m.provider_reference),
           segments = COALESCE(e.segments, m.segments),
           provider_price = COALESCE(e.price, m.provider_price),
           provider_currency = COALESCE(e.price_currency, m.provider_currency),
           cost = CASE WHEN m.channel = 'sms' AND m.segments > 0 AND e.segments > 0
                       THEN trim_scale(m.cost * e.segments / m.segments)
                       ELSE m.cost END,
           maybe_sent = COALESCE(e.maybe_sent, m.maybe_sent),
           not_before = COALESCE(e.not_before, m.not_before),
           lease_until = NULL,
           next_poll_at = e.next_poll_at,
           next_check_at = e.next_check_at,
           submitted_at = CASE WHEN e.state = 'submitted' THEN %(now)s
                               ELSE m.submitted_at END,
           delivered_at = CASE WHEN e.state = 'delivered'
                               THEN COALESCE(e.occurred_at, %(now)s) END,
           finished_at = CASE WHEN e.state IN %(final)s THEN %(now)s END,
           secret_text = CASE WHEN e.state NOT IN %(final)s
                                OR m.follow_up IS NOT NULL AND e.state <> 'delivered'
                              THEN m.secret_text END
      FROM evaluated e
     WHERE m.id = e.id AND e.result = 'moved'
 RETURNING m.id, m.campaign_id, m.route_id, m.company_id, m.channel, m.is_debug,
           m.day, m.accepted_at, m.submitted_at, m.state, m.failure_type, m.segments,
           m.cost, %(outcome)s AS outcome,
           e.old_state, e.old_failure_type, e.old_outcome, e.old_segments, e.old_cost,
           e.source, e.code, e.params, e.said,
           COALESCE(e.occurred_at, %(now)s) AS occurred_at
), logged AS (
    INSERT INTO sms_gateway_event
           (message_id, company_id, route_id, kind, source, occurred_at, recorded_at,
            code, params, detail)
    SELECT id, company_id, route_id, state, source, occurred_at, %(now)s,
           NULLIF(code, ''), params, NULLIF(said, '')
      FROM moved ORDER BY id
), counted AS (
    %(count_moved)s
)
SELECT id, result,
       CASE WHEN is_superseded AND result = 'moved'
            THEN ARRAY[old_state, old_failure_type, old_outcome] END,
       follow_up IS NOT NULL AND result = 'moved' AND state IN %(final)s,
       CASE WHEN package_id IS NOT NULL AND result = 'moved' AND state IN %(final)s
            THEN old_state IN %(final)s END
  FROM evaluated ORDER BY id
                """,
                wanted=select_rows(
                    CHANGE_TYPES, [change.as_storable() for change in changes]
                ),
                ids=to_array(change.id for change in changes),
                outcome=outcome_of("m"),
                old_outcome=outcome_of("l"),
                count_moved=COUNT_MOVED,
                arrows=tuple(arrows),
                source_arrows=SOURCE_ARROWS,
                final=FINAL_STATES,
                now=clock.now(),
            )
        )

    def _keep_references(self, changes):
        """A report may overtake the answer to the submit: the reference that this
        brings is kept although it moves nothing."""
        kept = [c.as_storable() for c in changes if c.provider_reference]
        if not kept:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message m
                   SET provider_reference = known.provider_reference
                  FROM (%s) AS known
                 WHERE m.id = known.id AND m.id = ANY(%s::int[])
                   AND m.provider_reference IS NULL
                   AND m.route_id = COALESCE(known.route_id, m.route_id)
                """,
                select_rows(
                    {"id": "int", "route_id": "int", "provider_reference": "varchar"},
                    [(one.id, one.route_id, one.provider_reference) for one in kept],
                ),
                to_array(change.id for change in kept),
            )
        )

    # === WHERE THE TIME IS OVER ===
    @api.model
    def _recover_leases(self, limit=1000):
        """Submitting messages whose lane died: nobody knows whether they were sent."""
        return self._move_where(
            SQL("state = 'submitting' AND lease_until < %s", clock.at_statement()),
            "lease_until",
            limit,
            state="unknown",
            source="lease",
            maybe_sent=True,
            next_check_at=clock.after(reconcile_delay(0)),
        )

    @api.model
    def _expire_queued(self, limit=1000):
        """Queued messages whose time to live is over, on paused routes too."""
        return self._move_where(
            SQL(
                "state = 'queued' AND NOT maybe_sent AND expires_at <= %s", clock.now()
            ),
            "expires_at",
            limit,
            state="expired",
            source="ttl",
        )

    @api.model
    def _cancel_queued(self, campaign, limit=1000):
        """Queued messages of a cancelled campaign; what may have been sent is left to
        the dispatcher, which makes it unknown again."""
        return self._move_where(
            SQL(
                "campaign_id = %s AND priority = %s AND state = 'queued'"
                " AND NOT maybe_sent",
                campaign.id,
                campaign.priority,
            ),
            "route_id, not_before, id",
            limit,
            state="cancelled",
            source="campaign",
        )

    def _move_where(self, condition, order, limit, **change):
        """Make one change of the messages of a condition that nobody else holds.

        :param order: columns of the index that finds them
        :param change: the members of a `StateChange` but its id
        :return: the number of messages found
        """
        ids = self.env["sms.gateway.message"]._lock_ids(condition, order, limit)
        self._set_state([StateChange(id=message_id, **change) for message_id in ids])
        return len(ids)


def _in_turns(changes):
    """Split changes so that each message stands once in every turn, in order."""
    if len({change.id for change in changes}) == len(changes):
        return [changes] if changes else []
    turns = []
    seen = Counter()
    for change in changes:
        turn = seen[change.id]
        seen[change.id] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(change)
    return turns
