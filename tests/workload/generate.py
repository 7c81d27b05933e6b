"""Years of work in minutes: a database full of messages, as big as one wants it.

Plain SQL on a cursor (psycopg2's or Odoo's), so that the benchmarks fill databases of
millions of rows with it and the tests small ones. What it makes keeps every rule of
the product: constraints, counters of campaigns and statistics agree with the messages.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

#: Tables that grow with every message.
GROWING = (
    "sms_gateway_message",
    "sms_gateway_event",
    "sms_gateway_delivery_report",
)
#: Their neighbours, whose statistics count for plans as well.
FILLED = (*GROWING, "sms_gateway_campaign", "sms_gateway_statistic")
#: Memory for each sort of an index, when indexes are made anew.
SORT_MEMORY = "512MB"


@dataclass(frozen=True)
class Sizes:
    """How many rows are made."""

    queued: int = 1_000_000
    finished: int = 5_000_000
    #: messages of the largest campaign, which is under way
    largest: int = 1_000_000
    #: handed over, the provider is asked for their statuses
    submitted: int = 100_000
    unknown: int = 2_000
    #: campaigns of one message
    singles: int = 20_000
    #: delivery reports that nobody can match yet
    kept_reports: int = 2_000
    #: how long the oldest message was accepted ago
    days: int = 60

    def divide(self, by: int) -> Sizes:
        """The same in small; the days stay."""
        small = {name: max(value // by, 1) for name, value in asdict(self).items()}
        return Sizes(**{**small, "days": self.days})


@dataclass(frozen=True)
class Route:
    """A route that messages went through."""

    id: int
    company_id: int


@dataclass(frozen=True)
class Campaign:
    """A campaign to be made: its first messages are finished, its last ones queued."""

    route_id: int
    company_id: int
    state: str
    accepted_at: datetime
    finished: int = 0
    submitted: int = 0
    unknown: int = 0
    queued: int = 0
    scheduled_at: datetime | None = None
    ttl: int = 0

    @property
    def size(self) -> int:
        return self.finished + self.submitted + self.unknown + self.queued


def fill(
    cursor: Any,
    routes: Sequence[Route],
    sizes: Sizes,
    *,
    now: datetime | None = None,
    user_id: int = 1,
    tell: Callable[[str], None] = lambda what: None,
) -> None:
    """Fill the tables in the cursor's transaction.

    :param routes: the first one gets the largest campaign and most of the queue
    :param now: naive UTC, the moment that the last campaign was accepted
    :param user_id: who accepted the campaigns
    :param tell: is told each step as it begins
    """
    now = now or datetime.now(timezone.utc).replace(tzinfo=None)
    campaigns = sorted(plan(routes, sizes, now), key=lambda one: one.accepted_at)
    cursor.execute("SELECT setseed(0.5)")
    tell(f"{len(campaigns)} campaigns")
    _make_campaigns(cursor, campaigns, user_id)
    tell(f"{sum(one.size for one in campaigns)} messages")
    cursor.execute(MESSAGES, {"now": now})
    tell("their events")
    cursor.execute(EVENTS)
    tell("delivery reports")
    cursor.execute(REPORTS)
    _keep_reports(cursor, routes[0], sizes.kept_reports, now)
    tell("counters and statistics")
    cursor.execute(COUNTERS)
    cursor.execute(STATISTICS)
    cursor.execute("DROP TABLE generated_campaign")


@contextmanager
def without_indexes(
    cursor: Any, tell: Callable[[str], None] = lambda what: None
) -> Iterator[None]:
    """Drop the indexes and foreign keys of the growing tables for as long as the block
    lasts; whatever is there comes back with its name and comment."""
    restore = [*_drop_foreign_keys(cursor), *_drop_indexes(cursor)]
    yield
    cursor.execute(f"SET maintenance_work_mem = '{SORT_MEMORY}'")
    tell(f"{len(restore)} indexes, foreign keys and comments")
    for statement in reversed(restore):
        cursor.execute(statement)


def analyze(cursor: Any) -> None:
    """Let PostgreSQL learn what the tables hold."""
    cursor.execute(f"ANALYZE {', '.join(FILLED)}")


def vacuum(cursor: Any) -> None:
    """The same with a vacuum; the connection must commit by itself."""
    cursor.execute(f"VACUUM ANALYZE {', '.join(FILLED)}")


# === THE PLAN ===
def plan(routes: Sequence[Route], sizes: Sizes, now: datetime) -> Iterator[Campaign]:
    """What there shall be, in no order."""
    dice = random.Random(sizes.queued)
    yield from _plan_queue(routes, sizes, now)
    done = sizes.finished - _get_largest_finished(sizes)
    for _number in range(min(sizes.singles, done)):
        yield _make_done(dice, routes, sizes, now, 1)
    done -= min(sizes.singles, done)
    batch = max(sizes.largest // 10, 2)
    while done > 0:
        size = min(dice.randint(batch // 2, batch), done)
        yield _make_done(dice, routes, sizes, now, size)
        done -= size


def _get_largest_finished(sizes: Sizes) -> int:
    """The largest campaign is half queued, or as far as it can be."""
    under_way = sizes.queued // 2 + sizes.submitted + sizes.unknown
    return max(min(sizes.largest - under_way, sizes.finished), 0)


def _plan_queue(
    routes: Sequence[Route], sizes: Sizes, now: datetime
) -> Iterator[Campaign]:
    first = {"route_id": routes[0].id, "company_id": routes[0].company_id}
    half, part = sizes.queued // 2, sizes.queued // 20
    yield Campaign(
        **first,
        state="running",
        accepted_at=now - timedelta(hours=6),
        finished=_get_largest_finished(sizes),
        submitted=sizes.submitted,
        unknown=sizes.unknown,
        queued=half,
        ttl=3 * 24 * 3600,
    )
    yield Campaign(
        **first, state="paused", accepted_at=now - timedelta(hours=8), queued=part
    )
    for number in range(1, 4):
        yield Campaign(
            **first,
            state="scheduled",
            accepted_at=now - timedelta(hours=number),
            scheduled_at=now + timedelta(days=number),
            queued=part,
        )
    singles = min(sizes.singles // 20, part)
    for number in range(singles):
        yield Campaign(
            **first,
            state="scheduled",
            accepted_at=now - timedelta(minutes=number % 600),
            scheduled_at=now + timedelta(hours=12, seconds=number),
            queued=1,
        )
    left = sizes.queued - half - 4 * part - singles
    for number in range(6):
        route = routes[number // 2 % len(routes)]
        yield Campaign(
            route_id=route.id,
            company_id=route.company_id,
            state="running",
            accepted_at=now - timedelta(minutes=10 * (number + 1)),
            queued=left // 6 if number else left - left // 6 * 5,
            ttl=24 * 3600 * (number % 2),
        )


def _make_done(
    dice: random.Random,
    routes: Sequence[Route],
    sizes: Sizes,
    now: datetime,
    size: int,
) -> Campaign:
    route = dice.choice(routes)
    return Campaign(
        route_id=route.id,
        company_id=route.company_id,
        state="done",
        accepted_at=now - timedelta(days=1 + dice.random() * (sizes.days - 1)),
        finished=size,
    )


# === ROWS ===
def _make_campaigns(cursor: Any, campaigns: Sequence[Campaign], user_id: int) -> None:
    rows, first = [], 0
    for one in campaigns:
        rows.append({**asdict(one), "size": one.size, "first": first})
        first += one.size
    values = {"rows": json.dumps(rows, default=str), "user_id": user_id}
    cursor.execute(CAMPAIGNS, values)


def _keep_reports(cursor: Any, route: Route, count: int, now: datetime) -> None:
    values = {**asdict(route), "count": count, "now": now}
    cursor.execute(KEPT_REPORTS, values)


CAMPAIGNS = """
CREATE TEMPORARY TABLE generated_campaign AS
SELECT nextval('sms_gateway_campaign_id_seq')::int AS id, g.*,
       CASE WHEN g.size = 1 THEN 10 ELSE 50 END AS priority,
       floor(random() * 4e9)::bigint * 1000000000 AS first_reference
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS g(
       first int, size int, route_id int, company_id int, state varchar,
       accepted_at timestamp, scheduled_at timestamp, ttl int,
       finished int, submitted int, unknown int, queued int);
INSERT INTO sms_gateway_campaign
       (id, name, key, route_id, company_id, source, user_id, channel, is_debug,
        priority, state, text_male, accepted_at, scheduled_at, ttl, recipient_count,
        create_uid, write_uid, create_date, write_date)
SELECT id, 'Ваш заказ готов (' || first || ')',
       md5(random()::text || id), route_id, company_id,
       'api', %(user_id)s, 'sms', FALSE, priority, state,
       'Уважаемый {{first_name}}! Ваш заказ готов, ждём Вас.',
       date_trunc('second', accepted_at), date_trunc('second', scheduled_at), ttl, size,
       %(user_id)s, %(user_id)s, accepted_at, accepted_at
  FROM generated_campaign
"""

MESSAGES = """
INSERT INTO sms_gateway_message
       (uuid, campaign_id, index, route_id, company_id, channel, is_debug, priority,
        phone_raw, msisdn, text, encoding, segments, state, maybe_sent, attempts,
        failure_type, failure_code, failure_message, client_reference,
        provider_reference, accepted_at, day, not_before, expires_at,
        next_poll_at, poll_count, next_check_at, check_count,
        submitted_at, delivered_at, finished_at)
SELECT lpad(to_hex((EXTRACT(EPOCH FROM accepted_at) * 1000)::bigint + index / 30),
            12, '0') || substr(md5(random()::text || number), 1, 20),
       campaign_id, index, route_id, company_id, 'sms', FALSE, priority,
       phone, phone,
       'Уважаемый ' || (ARRAY['Андрей', 'Пётр', 'Сергей', 'Иван', 'Алексей'])
                        [1 + number %% 5]
         || '! Ваш заказ № ' || number || ' готов, ждём Вас.',
       'ucs2', 1, state, state = 'unknown', (submitted_at IS NOT NULL)::int,
       CASE state WHEN 'cancelled' THEN 'opted_out'
                  WHEN 'failed' THEN (ARRAY['unreachable', 'blocked', 'other',
                                            'operator_refusal'])[1 + number %% 4] END,
       CASE state WHEN 'cancelled' THEN 'opted_out' WHEN 'failed' THEN '27' END,
       CASE state WHEN 'cancelled' THEN 'Абонент отказался от рассылки'
                  WHEN 'failed' THEN 'Абонент недоступен' END,
       (first_reference + number)::text,
       CASE WHEN submitted_at IS NOT NULL AND state <> 'unknown'
            THEN (7000000000 + number)::text END,
       accepted_at, accepted_at::date, not_before,
       not_before + ttl * interval '1 second',
       CASE state WHEN 'submitted' THEN %(now)s + random() * interval '1 hour' END,
       CASE state WHEN 'submitted' THEN 8 ELSE 0 END,
       CASE state WHEN 'unknown' THEN %(now)s + random() * interval '1 hour' END, 0,
       submitted_at,
       CASE state WHEN 'delivered' THEN finished_at END,
       CASE WHEN state IN ('delivered', 'failed', 'expired', 'cancelled')
            THEN finished_at END
  FROM (
SELECT *, CASE WHEN state IN ('queued', 'cancelled') THEN NULL
               ELSE accepted_at + waited END AS submitted_at,
          accepted_at + waited
            + (chance * 100)::int %% 10 * interval '20 seconds' AS finished_at
  FROM (
SELECT campaign_id, index, route_id, company_id, priority, accepted_at, not_before,
       NULLIF(ttl, 0) AS ttl, chance, number, phone, first_reference,
       index * interval '1 millisecond' + interval '1 second' AS waited,
       CASE WHEN index >= finished + submitted + unknown THEN 'queued'
            WHEN index >= finished + submitted THEN 'unknown'
            WHEN index >= finished THEN 'submitted'
            WHEN chance < 0.90 THEN 'delivered'
            WHEN chance < 0.96 THEN 'failed'
            WHEN chance < 0.98 THEN 'expired'
            ELSE 'cancelled' END AS state
  FROM (
SELECT g.id AS campaign_id, i AS index, g.first + i AS number, g.route_id, g.company_id,
       g.priority, g.accepted_at, COALESCE(g.scheduled_at, g.accepted_at) AS not_before,
       g.ttl, g.finished, g.submitted, g.unknown, g.first_reference,
       random() AS chance,
       '+7' || (ARRAY['903', '905', '909', '910', '916', '921', '926', '951', '963',
                      '985'])[1 + floor(random() * 10)::int]
            || lpad(floor(random() * 1e7)::text, 7, '0') AS phone
  FROM (SELECT * FROM generated_campaign ORDER BY id) g
 CROSS JOIN LATERAL generate_series(0, g.size - 1) AS i
       ) AS drawn) AS judged) AS timed
"""

#: Two or three for each message that was handed over, one for the others.
EVENTS = """
INSERT INTO sms_gateway_event
       (message_id, company_id, route_id, kind, source, occurred_at, recorded_at, code)
SELECT m.id, m.company_id, m.route_id, e.kind, e.source, e.moment, e.moment,
       CASE WHEN e.step = 3 THEN m.failure_code END
  FROM sms_gateway_message m
  JOIN generated_campaign g ON g.id = m.campaign_id
 CROSS JOIN LATERAL (VALUES
       (1, 'submitting', 'dispatcher', m.submitted_at - interval '50 milliseconds'),
       (2, CASE m.state WHEN 'unknown' THEN 'unknown' ELSE 'submitted' END,
        'dispatcher', CASE WHEN m.state <> 'expired' THEN m.submitted_at END),
       (3, m.state,
        CASE m.state WHEN 'expired' THEN 'ttl' WHEN 'cancelled' THEN 'blacklist'
                     ELSE 'push' END, m.finished_at)
       ) AS e(step, kind, source, moment)
 WHERE e.moment IS NOT NULL
"""

#: Every fifth message was told of by a push.
REPORTS = """
INSERT INTO sms_gateway_delivery_report
       (route_id, company_id, received_at, state, message_id, provider_reference,
        msisdn, status, code, occurred_at, raw)
SELECT m.route_id, m.company_id, m.finished_at, 'applied', m.id, m.provider_reference,
       m.msisdn, m.state, '0', m.finished_at,
       '{"id": ' || m.provider_reference || ', "status": "' || m.state || '"}'
  FROM sms_gateway_message m
  JOIN generated_campaign g ON g.id = m.campaign_id
 WHERE m.state IN ('delivered', 'failed') AND m.id % 5 = 0
"""

KEPT_REPORTS = """
INSERT INTO sms_gateway_delivery_report
       (route_id, company_id, received_at, state, provider_reference, status)
SELECT %(id)s, %(company_id)s, %(now)s, 'kept', 'nobody knows ' || i, 'delivered'
  FROM generate_series(1, %(count)s) AS i
"""

_STATES = (
    "queued", "submitting", "submitted", "unknown", "delivered", "failed", "expired",
    "cancelled",
)  # fmt: skip

#: All that expired or failed was handed over, see `MESSAGES`.
_OUTCOME = """
CASE WHEN m.state IN ('queued', 'submitting') THEN 'waiting'
     WHEN m.state IN ('failed', 'expired') THEN 'not_delivered'
     WHEN m.state = 'cancelled' THEN 'not_sent' ELSE m.state END
"""

COUNTERS = f"""
UPDATE sms_gateway_campaign c
   SET {", ".join(f"{state}_count = counted.{state}" for state in _STATES)},
       sent_count = counted.submitted + counted.unknown + counted.delivered
                    + counted.failed + counted.expired,
       not_delivered_count = counted.failed + counted.expired,
       not_sent_count = counted.cancelled
  FROM (SELECT m.campaign_id,
               {
    ", ".join(
        f"count(*) FILTER (WHERE m.state = '{state}') AS {state}" for state in _STATES
    )
}
          FROM sms_gateway_message m
          JOIN generated_campaign g ON g.id = m.campaign_id
      GROUP BY m.campaign_id) AS counted
 WHERE c.id = counted.campaign_id
"""

STATISTICS = f"""
INSERT INTO sms_gateway_statistic
       (day, company_id, route_id, channel, is_test, state, failure_type, outcome,
        count, segments)
SELECT m.day, m.company_id, m.route_id, m.channel, FALSE, m.state,
       m.failure_type, {_OUTCOME}, count(*), sum(m.segments)
  FROM sms_gateway_message m
  JOIN generated_campaign g ON g.id = m.campaign_id
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


# === INDEXES ===
def _drop_indexes(cursor: Any) -> list[str]:
    """:return: the statements that bring them back"""
    cursor.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid),
               quote_literal(obj_description(i.indexrelid, 'pg_class'))
          FROM pg_index i
         WHERE i.indrelid::regclass::text IN %s
           AND NOT EXISTS (SELECT FROM pg_constraint c
                            WHERE c.conindid = i.indexrelid)
         ORDER BY 1 DESC
        """,
        [GROWING],
    )
    restore = []
    for name, definition, comment in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        if comment:
            restore.append(f"COMMENT ON INDEX {name} IS {comment}")
        restore.append(definition)
    return restore


def _drop_foreign_keys(cursor: Any) -> list[str]:
    """:return: the statements that bring them back"""
    cursor.execute(
        """
        SELECT conrelid::regclass::text, quote_ident(conname),
               pg_get_constraintdef(oid)
          FROM pg_constraint
         WHERE contype = 'f' AND conrelid::regclass::text IN %s
        """,
        [GROWING],
    )
    restore = []
    for table, name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        restore.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    return restore
