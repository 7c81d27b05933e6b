"""The claim: takes queued messages for a lane, in one statement, and commits."""

from collections import defaultdict
from datetime import datetime, timedelta

from odoo import api, models
from odoo.tools import SQL

from ...tools.vocabulary import HELD_STATES, PRIORITY_BATCH, PRIORITY_SINGLE
from ..common import clock, transactions
from .lane import Claimed
from .outcomes import outcome_of
from .provider_values import make_request
from .queues import is_served
from .sms_gateway_state_change import COUNT_MOVED

#: Longer than any call to a provider may take, waiting for a thread included.
LEASE = timedelta(minutes=10)


class SmsGatewayClaim(models.AbstractModel):
    """Claims messages; nobody else walks from queued to submitting."""

    _name = "sms.gateway.claim"
    _description = "SMS Gateway Claim"

    @api.model
    def _claim(self, queue, wanted):
        """Take the next messages of a route, and commit before anything is sent.

        The same statement expires messages whose validity period is over and cancels
        those on the blacklist. A message that an earlier attempt may have handed over
        is neither expired nor cancelled; it is taken and becomes unknown again, unsent.
        So does one whose person has got another message meanwhile.

        The key of the account is stored before anything is sent: neither a lane that
        dies nor later settings of the route change it.

        :param queue: `RouteQueue`
        :param wanted: how many messages at most
        :rtype: list[Claimed]
        """
        transactions.begin(self.env)
        limits = self.env["sms.gateway.rate.limit"]
        permit = limits._get_permit_of(queue)
        limit, probe = self._take_tokens(queue, permit, wanted)
        if not limit:
            transactions.commit(self.env)
            return []
        campaigns, share = queue.take_turns(limit)
        rows = self.env.execute_query_dict(
            self._prepare_statement(queue, limit, campaigns, share)
        )
        self._set_positions(queue, rows, limit, campaigns, share)
        untaken = [row["id"] for row in rows if not row["taken"]]
        self.env["sms.gateway.package"]._give_back_of(untaken)
        if superseded := [row["id"] for row in rows if row["is_superseded"]]:
            self.env["sms.gateway.succession"]._forget_moves(
                [(message_id, "queued", None, "waiting") for message_id in superseded]
            )
        claimed = [
            self._make_claimed(queue, row, probe) for row in rows if row["taken"]
        ]
        limits._give_back(queue.scope, permit.rate, limit - len(claimed))
        if probe:
            is_sent = any(not one.skip for one in claimed)
            self.env["sms.gateway.breaker"]._begin_probe(
                queue.route_id, probe, is_sent=is_sent
            )
        transactions.commit(self.env)
        return claimed

    def _take_tokens(self, queue, permit, wanted):
        """Take tokens of the route's rate limit, and the probe of an open breaker.

        :return: how many messages may go, and the number of the probe or None
        """
        if permit is None:
            return 0, None
        limits = self.env["sms.gateway.rate.limit"]
        queue.is_watched = permit.is_watched
        if not permit.must_probe:
            return limits._take(queue.scope, permit.rate, wanted), None
        limit = limits._take(queue.scope, permit.rate, 1)
        probe = limit and self.env["sms.gateway.breaker"]._take_probe(queue.route_id)
        if not probe:
            limits._give_back(queue.scope, permit.rate, limit)
            return 0, None
        return limit, probe

    def _set_positions(self, queue, rows, limit, campaigns, share):
        """Remember where the next claim goes on: for single messages (None) and for
        each campaign."""
        found = defaultdict(list)
        for row in rows:
            is_single = row["priority"] == PRIORITY_SINGLE
            found[None if is_single else row["campaign_id"]].append(row)
        is_cut = len(rows) == limit
        for place, wanted in [(None, limit), *((one, share) for one in campaigns)]:
            if is_cut or len(found[place]) == wanted:
                queue.leave(place, found[place])
            else:
                queue.end(place)

    def _prepare_statement(self, queue, limit, campaigns, share):
        nowhere = (datetime.min, 0)
        single = queue.positions.get(None, nowhere)
        places = [queue.positions.get(place, nowhere) for place in campaigns]
        return queue.statements.prepare(
            self.env.cr,
            "claim",
            lambda: self._make_statement(queue),
            [
                clock.now(),
                *single,
                limit,
                campaigns,
                [since_at for since_at, _since_id in places],
                [since_id for _since_at, since_id in places],
                share,
            ],
        )

    def _make_statement(self, queue):
        """Single messages go first, then each campaign gives its share.

        Its values are: now; the position among the single messages, a moment and an
        id; how many messages; the campaigns, the moments and ids of their positions,
        and the share of each.
        """
        return SQL(
            """
WITH picked AS MATERIALIZED (
    SELECT * FROM (
        SELECT m.id, m.maybe_sent, m.is_superseded, m.expires_at, m.msisdn,
               c.state AS campaign_state, c.ignores_blacklist
          FROM sms_gateway_message m
          JOIN sms_gateway_campaign c ON c.id = m.campaign_id
         WHERE m.state = 'queued' AND m.priority = %(single)s
           AND m.route_id = %(route_id)s AND m.is_debug = %(is_debug)s
           AND m.not_before <= %(now)s
           AND (m.not_before, m.id) > (%(single_at)s, %(single_id)s)
           AND %(is_served)s
      ORDER BY m.not_before, m.id LIMIT %(limit)s
           FOR NO KEY UPDATE OF m SKIP LOCKED) AS single
     UNION ALL
    SELECT batch.*, c.state, c.ignores_blacklist
      FROM unnest(%(campaigns)s, %(since_at)s, %(since_id)s)
        AS queue(campaign_id, since_at, since_id)
      JOIN sms_gateway_campaign c ON c.id = queue.campaign_id
       AND (c.state NOT IN %(held)s OR c.state = 'cancelled')
     CROSS JOIN LATERAL (
        SELECT m.id, m.maybe_sent, m.is_superseded, m.expires_at, m.msisdn
          FROM sms_gateway_message m
         WHERE m.state = 'queued' AND m.priority = %(batch)s
           AND m.campaign_id = queue.campaign_id AND m.route_id = %(route_id)s
           AND m.not_before <= %(now)s
           AND (m.not_before, m.id) > (queue.since_at, queue.since_id)
           AND (c.state <> 'cancelled' OR m.maybe_sent)
      ORDER BY m.not_before, m.id LIMIT %(share)s
           FOR NO KEY UPDATE SKIP LOCKED) AS batch
     LIMIT %(limit)s
), asked AS MATERIALIZED (
    SELECT id, maybe_sent,
           campaign_state = 'cancelled' OR COALESCE(maybe_sent AND is_superseded, FALSE)
             AS is_stopped,
           COALESCE(expires_at <= %(now)s, FALSE) AS is_over,
           ignores_blacklist IS NOT TRUE
           AND EXISTS (SELECT FROM phone_blacklist b
                        WHERE b.active AND b.number = msisdn) AS is_opted_out
      FROM picked
), evaluated AS (
    SELECT id, is_stopped OR is_over OR is_opted_out AS must_not,
           CASE WHEN maybe_sent OR NOT (is_stopped OR is_over OR is_opted_out)
                THEN 'submitting'
                WHEN is_over THEN 'expired' ELSE 'cancelled' END AS state
      FROM asked
), moved AS (
    UPDATE sms_gateway_message m
       SET state = e.state,
           attempts = m.attempts + CASE WHEN e.must_not THEN 0 ELSE 1 END,
           lease_until = CASE WHEN e.state = 'submitting'
                              THEN %(clock)s + %(lease)s END,
           account_key = CASE WHEN m.maybe_sent
                              THEN COALESCE(m.account_key, %(account_key)s)
                              ELSE %(account_key)s END,
           failure_type = CASE WHEN e.state = 'cancelled' THEN 'opted_out' END,
           failure_code = CASE WHEN e.state = 'cancelled' THEN 'opted_out' END,
           failure_params = CASE WHEN e.state = 'cancelled' THEN '{}'::jsonb END,
           failure_message = NULL,
           finished_at = CASE WHEN e.state <> 'submitting'
                              THEN %(now)s END,
           secret_text = CASE WHEN e.state = 'submitting' OR m.follow_up IS NOT NULL
                              THEN m.secret_text END
      FROM evaluated e
     WHERE m.id = e.id
 RETURNING m.id, m.uuid, m.client_reference, m.msisdn,
           COALESCE(m.secret_text, m.text) AS text, m.channel, m.attempts,
           m.attempts - COALESCE(m.earlier_attempts, 0) AS tries, m.step_id,
           m.expires_at, m.account_key, m.maybe_sent, m.campaign_id, m.priority,
           m.not_before, m.route_id, m.company_id, m.is_debug, m.day, m.accepted_at,
           m.submitted_at, m.state, m.failure_type, m.segments, m.cost, m.is_superseded,
           %(outcome)s AS outcome, e.must_not, 'queued' AS old_state,
           NULL AS old_failure_type, 'waiting' AS old_outcome,
           m.segments AS old_segments, m.cost AS old_cost
), logged AS (
    INSERT INTO sms_gateway_event
           (message_id, company_id, route_id, kind, source, occurred_at, recorded_at)
    SELECT id, company_id, route_id, state,
           CASE state WHEN 'expired' THEN 'ttl' WHEN 'cancelled' THEN 'blacklist'
                      ELSE 'dispatcher' END, %(now)s, %(now)s
      FROM moved ORDER BY id
), counted AS (
    %(count_moved)s
)
SELECT id, uuid, client_reference, msisdn, text, channel, attempts, tries, step_id,
       expires_at, account_key, maybe_sent, must_not, campaign_id, priority, not_before,
       is_superseded, state = 'submitting' AS taken
  FROM moved ORDER BY priority, not_before, id
            """,
            outcome=outcome_of("m"),
            count_moved=COUNT_MOVED,
            route_id=queue.route_id,
            is_debug=queue.is_debug,
            account_key=queue.provider.account_key,
            single=PRIORITY_SINGLE,
            batch=PRIORITY_BATCH,
            held=HELD_STATES,
            is_served=is_served(),
            now=SQL("$1::timestamp"),
            single_at=SQL("$2::timestamp"),
            single_id=SQL("$3::int"),
            limit=SQL("$4::int"),
            campaigns=SQL("$5::int[]"),
            since_at=SQL("$6::timestamp[]"),
            since_id=SQL("$7::int[]"),
            share=SQL("$8::int"),
            clock=clock.at_statement(),
            lease=LEASE,
        )

    def _make_claimed(self, queue, row, probe):
        is_risky = row["maybe_sent"] and not _is_recognised(queue.provider, row)
        return Claimed(
            id=row["id"],
            tries=row["tries"],
            has_policy=bool(row["step_id"]),
            maybe_sent=row["maybe_sent"],
            skip=row["must_not"] or is_risky,
            request=make_request(row),
            probe=probe,
        )


def _is_recognised(provider, row):
    """Whether a provider recognizes the repetition of a message: since the message was
    queued again it may have lost its idempotency, or the route its account."""
    return provider.is_idempotent and row["account_key"] == provider.account_key
