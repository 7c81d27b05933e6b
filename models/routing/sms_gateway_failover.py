"""Failover: messages that cannot be sent through their route take another one."""

import time
from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...tools.pg_array import to_array
from ...tools.routing import RouteChooser
from ...tools.vocabulary import FAILOVER_TYPES, PRIORITY_BATCH, PRIORITY_SINGLE
from ..common import clock, crons, transactions
from ..common.sql_values import select_rows
from ..routes.sms_gateway_package import units_of
from ..sending.outcomes import outcome_of
from ..sending.provider_values import storable
from ..sending.queues import select_heads
from .route_facts import find_available

#: Messages that change their route in one transaction.
MOVED_AT_ONCE = 5000
#: Queues of which so many messages found no other route are left alone until the next
#: run.
MAX_IN_VAIN = 100_000
#: Tries through one route after which a message of a policy looks for another one that
#: may send.
FAILOVER_TRIES = 3


class Move(NamedTuple):
    """A message that takes another route.

    ``attempt`` is the last attempt through the old one, None for a message that waits.
    ``failure_type``, ``code``, ``params`` and ``detail`` say why it leaves, ``source``
    who says so, as those of a `StateChange`.
    """

    id: int
    old_route_id: int
    route_id: int
    cost: Decimal | None = None
    package_id: int | None = None
    is_waiting: bool = True
    attempt: int | None = None
    failure_type: str | None = None
    code: str = ""
    params: str | None = None
    detail: str = ""
    provider_reference: str | None = None
    source: str = "failover"


#: The members of a `Move` as PostgreSQL takes them.
MOVE_TYPES = {
    "id": "int",
    "old_route_id": "int",
    "route_id": "int",
    "cost": "numeric",
    "package_id": "int",
    "is_waiting": "boolean",
    "attempt": "int",
    "failure_type": "varchar",
    "code": "varchar",
    "params": "jsonb",
    "detail": "varchar",
    "provider_reference": "varchar",
    "source": "varchar",
}


class SmsGatewayFailover(models.AbstractModel):
    """Moves messages to other routes of their policy.

    Only what a provider has refused for a reason of the route (`FAILOVER_TYPES`), or
    what was provably not handed over, takes another route: an unknown outcome never
    does.
    """

    _name = "sms.gateway.failover"
    _description = "SMS Gateway Failover"

    @api.model
    def _wake(self):
        """A route has stopped or recovered: look for messages to move."""
        crons.trigger_once(self.env, "failover")

    # === REFUSED ===
    @api.model
    def _divert(self, changes, arrived):
        """Let messages whose route has failed them take another one instead.

        :param changes: list of `StateChange`, one for each message
        :param arrived: ids of messages that are going to be delivered
        :return: the changes that remain to be made, and those that were diverted
        """
        failed = {
            change.id: change
            for change in changes
            if change.state == "failed"
            and change.failure_type in FAILOVER_TYPES
            and change.source != "person"
            and change.id not in arrived
        }
        if not failed:
            return changes, []
        moves = self._choose_others(self._find_failed(failed), failed)
        moved = set(self._reroute(moves))
        return (
            [change for change in changes if change.id not in moved],
            [failed[message_id] for message_id in sorted(moved)],
        )

    def _find_failed(self, message_ids):
        """Those of the messages that may still be sent; the original of a restored
        database may have sent what was accepted before."""
        return self._read_candidates(
            SQL(
                """
                m.id = ANY(%s::int[]) AND m.is_superseded IS NOT TRUE
                AND m.state IN ('submitting', 'submitted', 'unknown')
                AND (m.expires_at IS NULL OR m.expires_at > %s)
                AND m.accepted_at > %s AND c.state <> 'cancelled'
                """,
                to_array(message_ids),
                clock.now(),
                self.env["sms.gateway.hold"]._get_end_of_doubt(),
            ),
            SQL("ORDER BY m.id"),
        )

    def _read_candidates(self, condition, ending):
        """Messages of policies, with the routes that have failed them.

        :param condition: SQL about the message ``m`` and its campaign ``c``
        :param ending: SQL of order, limit and lock
        :return: list of dicts, as `Choosers` takes them
        """
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT m.id, m.route_id, m.step_id, m.channel, m.msisdn, m.segments,
                       m.is_debug, m.not_before, c.category,
                       ARRAY(SELECT a.route_id FROM sms_gateway_attempt a
                              WHERE a.message_id = m.id AND a.state = 'failed') AS tried
                  FROM sms_gateway_message m
                  JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                 WHERE m.step_id IS NOT NULL AND %s %s
                """,
                condition,
                ending,
            )
        )

    def _choose_others(self, rows, changes):
        """:return: list of `Move`; a message without another route has none"""
        choosers = Choosers(self.env)
        choosers.learn(rows)
        moves = []
        for row in rows:
            change = changes[row["id"]]
            chooser = choosers.get(row)
            choice = chooser and chooser.choose_usable(
                row["msisdn"], row["segments"], {row["route_id"], *row["tried"]}
            )
            if choice:
                moves.append(_make_diverted(row, choice, change))
        return moves

    # === WAITING ===
    @api.model
    def _cron_move(self):
        """Move messages that wait on routes in trouble to routes that may send."""
        deadline = transactions.get_deadline(self.env)
        if self.env["sms.gateway.hold"]._is_held():
            return
        transactions.begin(self.env)
        queues = self._find_stuck()
        transactions.commit(self.env)
        moved = is_late = 0
        for queue in queues:
            moved += self._move_queue(*queue, deadline)
            if is_late := time.monotonic() >= deadline:
                break
        if moved:
            self.env["sms.gateway.statistic.change"]._fold_apart()
        transactions.commit_progress(self.env, moved, remaining=int(is_late))

    def _find_stuck(self):
        """Queues of policies on routes that may not send, where another route of the
        policy may. What was sent again may have a policy that its campaign does not.

        :return: list of (route id, campaign id or None for single messages)
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT head.route_id, head.campaign_id
                  FROM (%s) AS head
             LEFT JOIN sms_gateway_campaign c ON c.id = head.campaign_id
             LEFT JOIN sms_gateway_route named ON named.id = c.route_id
                 WHERE head.is_debug IS NOT TRUE
                   AND (head.campaign_id IS NULL OR named.is_policy
                        OR EXISTS (SELECT FROM sms_gateway_message replaced
                                    WHERE replaced.campaign_id = head.campaign_id
                                      AND replaced.is_superseded IS TRUE))
              ORDER BY 2 NULLS FIRST, 1
                """,
                select_heads(),
            )
        )
        routes = self.env["sms.gateway.route"].search([("is_policy", "=", False)])
        found = find_available(routes)
        if not found["available"]:
            return []
        # what waits for the answer of a probe stays
        served = found["available"] | found["probing"]
        return [queue for queue in rows if queue[0] not in served]

    def _move_queue(self, route_id, campaign_id, deadline):
        """:return: the number of messages that took another route"""
        choosers = Choosers(self.env)
        moved = in_vain = 0
        since = None
        while time.monotonic() < deadline and in_vain < MAX_IN_VAIN:
            transactions.begin(self.env)
            rows = self._lock_waiting(route_id, campaign_id, since)
            count = self._move(rows, choosers)
            transactions.commit(self.env)
            moved += count
            in_vain += len(rows) - count
            if len(rows) < MOVED_AT_ONCE:
                break
            since = rows[-1]["not_before"], rows[-1]["id"]
        return moved

    def _lock_waiting(self, route_id, campaign_id, since):
        """The next messages that were provably not handed over, in the order of their
        queue.

        :param since: (not_before, id) of the last one before, None for the first ones
        """
        after = SQL("TRUE")
        if since:
            after = SQL("(m.not_before, m.id) > %s", since)
        of_queue = SQL("m.priority = %s AND m.is_debug = FALSE", PRIORITY_SINGLE)
        if campaign_id:
            of_queue = SQL(
                "m.priority = %s AND m.campaign_id = %s", PRIORITY_BATCH, campaign_id
            )
        return self._read_candidates(
            SQL(
                "m.state = 'queued' AND m.route_id = %s AND %s AND %s"
                " AND m.maybe_sent IS NOT TRUE",
                route_id,
                of_queue,
                after,
            ),
            SQL(
                "ORDER BY m.not_before, m.id LIMIT %s"
                " FOR NO KEY UPDATE OF m SKIP LOCKED",
                MOVED_AT_ONCE,
            ),
        )

    @api.model
    def _move_singles(self, route_id):
        """Move the single messages that wait on a route which has just stopped, as far
        as one transaction goes: one-time codes do not wait until the scheduled action
        gets its turn."""
        transactions.begin(self.env)
        self._move(self._lock_waiting(route_id, None, None), Choosers(self.env))
        transactions.commit(self.env)

    @api.model
    def _move_untaken(self, route_id, message_ids):
        """Move messages that a route did not take, in the caller's transaction.

        Those that have left it meanwhile stay where they are; those without another
        route that may send wait for theirs.
        """
        rows = self._read_candidates(
            SQL(
                "m.id = ANY(%s::int[]) AND m.route_id = %s AND m.state = 'queued'"
                " AND m.maybe_sent IS NOT TRUE",
                to_array(message_ids),
                route_id,
            ),
            SQL("ORDER BY m.id FOR NO KEY UPDATE OF m"),
        )
        self._move(rows, Choosers(self.env))

    def _move(self, rows, choosers):
        """Move messages that wait to routes that may send.

        :param rows: of `_read_candidates`
        :return: the number of messages that have moved
        """
        choosers.learn(rows)
        moves = [move for row in rows if (move := _make_move(row, choosers))]
        return len(self._reroute(moves))

    # === MOVE ===
    def _reroute(self, moves):
        """Give messages other routes; what is known of the old ones becomes attempts.

        One statement, as `_set_state`: it locks the rows in the order of their ids,
        moves those that are still where they were, appends to their timelines and
        counts. Their place in the queue stays.

        :param moves: list of `Move`
        :return: ids of the messages that have moved
        """
        if not moves:
            return []
        rows = self.env.execute_query(
            SQL(
                """
WITH wanted AS (
    %(wanted)s
), locked AS MATERIALIZED (
    SELECT m.*, %(outcome)s AS outcome FROM sms_gateway_message m
     WHERE m.id = ANY(%(ids)s::int[])
  ORDER BY m.id FOR NO KEY UPDATE
), evaluated AS (
    SELECT l.id, l.campaign_id, l.company_id, l.channel, l.is_debug, l.segments,
           COALESCE(l.day, l.accepted_at::date) AS day, l.state AS old_state,
           l.failure_type AS old_failure_type, l.outcome AS old_outcome,
           l.cost AS old_cost, l.package_id AS old_package_id, l.submitted_at,
           l.uuid, l.client_reference,
           COALESCE(NULLIF(w.provider_reference, ''), l.provider_reference)
             AS provider_reference,
           l.attempts - COALESCE(l.earlier_attempts, 0) AS number,
           l.state IN ('submitted', 'unknown') AS was_counted,
           l.submitted_at IS NOT NULL AS was_taken,
           w.old_route_id, w.route_id, w.cost, w.package_id, w.is_waiting,
           w.failure_type, w.code, w.params, w.source,
           COALESCE(replace(w.detail, l.secret_text, '…'), w.detail) AS said
      FROM wanted w JOIN locked l ON l.id = w.id AND l.route_id = w.old_route_id
     WHERE w.is_waiting AND l.state = 'queued' AND l.maybe_sent IS NOT TRUE
        OR NOT w.is_waiting AND l.state IN ('submitting', 'submitted', 'unknown')
           AND (w.attempt IS NULL OR l.attempts = w.attempt)
), kept AS (
    INSERT INTO sms_gateway_attempt
           (message_id, company_id, route_id, channel, number, uuid, client_reference,
            provider_reference, state, failure_type, code, params, detail, cost,
            submitted_at, left_at)
    SELECT id, company_id, old_route_id, channel, number, uuid, client_reference,
           provider_reference, CASE WHEN is_waiting THEN 'not_sent' ELSE 'failed' END,
           failure_type, NULLIF(code, ''), params, NULLIF(said, ''), old_cost,
           submitted_at, %(now)s
      FROM evaluated WHERE number > 0 ORDER BY id
), moved AS (
    UPDATE sms_gateway_message m
       SET state = 'queued', route_id = e.route_id, cost = e.cost,
           package_id = e.package_id,
           earlier_attempts = m.attempts, maybe_sent = FALSE, account_key = NULL,
           provider_reference = NULL, provider_price = NULL, provider_currency = NULL,
           failure_type = NULL, failure_code = NULL, failure_params = NULL,
           failure_message = NULL, submitted_at = NULL, lease_until = NULL,
           next_poll_at = NULL, poll_count = 0, next_check_at = NULL, check_count = 0,
           not_before = CASE WHEN e.number > 0 THEN LEAST(m.not_before, %(now)s)
                             ELSE m.not_before END
      FROM evaluated e WHERE m.id = e.id
 RETURNING e.*
), logged AS (
    INSERT INTO sms_gateway_event
           (message_id, company_id, route_id, kind, source, occurred_at, recorded_at,
            code, params, detail)
    SELECT id, company_id, route_id, 'queued', source, %(now)s, %(now)s,
           NULLIF(code, ''), params, NULLIF(said, '')
      FROM moved ORDER BY id
), counted AS (
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day, state,
            failure_type, outcome, count, segments, cost)
    SELECT campaign_id, side.route_id, company_id, channel, is_debug, day, side.state,
           side.failure_type, side.outcome, sum(side.count), sum(side.segments),
           sum(side.cost)
      FROM moved CROSS JOIN LATERAL (VALUES
           (old_route_id, old_state, old_failure_type, old_outcome, -1, -segments,
            CASE WHEN was_counted THEN -old_cost END),
           (old_route_id, 'failed', failure_type, 'not_delivered', 0, 0,
            CASE WHEN was_taken THEN old_cost END),
           (route_id, 'queued', NULL, 'waiting', 1, segments, NULL)
      ) AS side(route_id, state, failure_type, outcome, count, segments, cost)
     WHERE side.count <> 0 OR side.cost IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
), used AS (
    INSERT INTO sms_gateway_package_use (package_id, segments, day)
    SELECT p.id, sum(side.sign * %(units)s), day
      FROM moved CROSS JOIN LATERAL (VALUES
           (CASE WHEN NOT was_taken THEN old_package_id END, -1), (package_id, 1)
      ) AS side(package_id, sign) JOIN sms_gateway_package p ON p.id = side.package_id
  GROUP BY p.id, day
)
SELECT id FROM moved ORDER BY id
                """,
                wanted=select_rows(MOVE_TYPES, moves),
                ids=to_array(move.id for move in moves),
                outcome=outcome_of("m"),
                units=units_of("moved"),
                now=clock.now(),
            )
        )
        self.env["sms.gateway.message"].invalidate_model()
        if rows:
            self.env["sms.gateway.dispatcher"]._wake()
        return [message_id for (message_id,) in rows]


class Choosers:
    """The choosers of the steps that messages are in, each made once."""

    def __init__(self, env):
        self._env = env
        self._made = defaultdict(dict)
        self._lookups = []

    def learn(self, rows):
        """Read what must be known of the numbers of a block.

        :param rows: dicts of messages, see `get`
        """
        for row in rows:
            self.get(row)
        for lookup in self._lookups:
            lookup.learn(row["msisdn"] for row in rows)

    def get(self, row):
        """The chooser of a message's step, None where the step is gone or has got
        another channel.

        :param row: dict with the message's ``step_id``, ``channel``, ``category``,
            ``is_debug``
        """
        step_id, channel = row["step_id"], row["channel"]
        key = row["category"], bool(row["is_debug"])
        made = self._made[step_id, channel]
        if key not in made:
            step = self._env["sms.gateway.policy.step"].browse(step_id).exists()
            has_way = step and step.channel == channel
            made[key] = self._make(step, *key) if has_way else None
        return made[key]

    def _make(self, step, category, is_debug):
        facts, lookup = step._collect_facts(category, is_debug=is_debug)
        if lookup:
            self._lookups.append(lookup)
        return RouteChooser(step._get_rules(), facts, category=category)


def _make_move(row, choosers):
    """The move of a message that waits, None where no other route may send."""
    chooser = choosers.get(row)
    if not chooser:
        return None
    choice = chooser.choose_available(
        row["msisdn"], row["segments"], {row["route_id"], *row["tried"]}
    )
    return choice and Move(row["id"], row["route_id"], *choice)


def _make_diverted(row, choice, change):
    """The move of a message that its route has failed: that of the change, which the
    message may have left since."""
    said = storable(
        {
            "code": change.code,
            "detail": change.detail,
            "provider_reference": change.provider_reference,
        }
    )
    return Move(
        row["id"],
        change.route_id or row["route_id"],
        *choice,
        is_waiting=False,
        attempt=change.attempt,
        failure_type=change.failure_type,
        params=change.params,
        **said,
    )
