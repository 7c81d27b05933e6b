"""What the database says, read and aged from outside of Odoo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extras import RealDictCursor

from .workers import Failed, wait_until

#: States from which a message goes on, given time.
OPEN_STATES = ("queued", "submitting")

#: Tables that sending writes to.
WRITTEN_TABLES = (
    "sms_gateway_message",
    "sms_gateway_event",
    "sms_gateway_statistic_change",
)
#: The tablespace that they are moved to.
SMALL_DISK = "small_disk"

#: Time that passes at once: longer than a lease and any wait for a next try.
AGES = "1 day"


@dataclass(frozen=True)
class Row:
    """A message as the database keeps it."""

    id: int
    state: str
    attempts: int
    phone: str
    reference: str
    provider_reference: str | None
    failure_type: str | None
    #: attempts through the route that it has now
    tries: int
    #: the message of another step counts for the person
    is_superseded: bool = False


class Database:
    """A connection of the suite's own, every statement a transaction.

    :param address: further parameters of the connection
    """

    def __init__(self, name: str, **address: Any) -> None:
        self.name = name
        self._address = address
        self._connection: Any = None

    def ask(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        with self._connected().cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(query, values)
            return [dict(row) for row in cursor] if cursor.description else []

    def close(self) -> None:
        """Close the connection; the next statement opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def wait_until_it_answers(self, timeout: float = 60) -> None:
        """Return when the server takes connections again."""

        def answers() -> bool:
            try:
                self.close()
                return bool(self.ask("SELECT 1"))
            except psycopg2.Error:
                return False

        if not wait_until(answers, timeout, 0.05):
            raise Failed(f"PostgreSQL does not answer for {self.name}")

    def wait_until_gone(self, pid: int) -> None:
        """Return when the server has noticed that the process died."""
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s"
        wait_until(lambda: not self.ask(query, f"odoo-{pid}"), 5)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = psycopg2.connect(dbname=self.name, **self._address)
            self._connection.autocommit = True
        return self._connection


class GatewayDatabase(Database):
    """The tables of the gateway. All that the suite knows of them stands here."""

    def forget(self) -> None:
        """Take away what an earlier scenario left."""
        self.ask(
            """TRUNCATE sms_gateway_campaign, sms_gateway_message, sms_gateway_event,
                        sms_gateway_statistic, sms_gateway_statistic_change,
                        sms_gateway_delivery_report, sms_gateway_attempt,
                        ir_cron_trigger CASCADE"""
        )
        self.ask("DELETE FROM sms_gateway_policy")
        # server actions point to routes: all crons would go with a truncated table
        self.ask("DELETE FROM sms_gateway_route")

    def submitting(self) -> dict[str, int]:
        """References of claimed messages → the number of their attempts."""
        rows = self.ask(
            """SELECT client_reference, attempts FROM sms_gateway_message
                WHERE state = 'submitting'"""
        )
        return {row["client_reference"]: row["attempts"] for row in rows}

    def count_states(self) -> Counter[str]:
        """State → number of messages."""
        rows = self.ask(
            "SELECT state, count(*) AS n FROM sms_gateway_message GROUP BY state"
        )
        return Counter({row["state"]: row["n"] for row in rows})

    def is_settled(self) -> bool:
        """Whether nothing will happen any more, however much time passes."""
        [row] = self.ask(
            """SELECT count(*) AS n FROM sms_gateway_message
                WHERE state IN %s OR state = 'unknown' AND next_check_at IS NOT NULL
                   OR state = 'submitted' AND next_poll_at IS NOT NULL
                   OR follow_up IS NOT NULL AND finished_at IS NOT NULL""",
            OPEN_STATES,
        )
        return row["n"] == 0

    def let_time_pass(self) -> None:
        """Move every moment that something waits for into the past.

        What a worker holds that stands still is left out.
        """
        self.ask(
            """WITH free AS (SELECT id FROM sms_gateway_message
                              WHERE finished_at IS NULL FOR UPDATE SKIP LOCKED)
               UPDATE sms_gateway_message AS message
                  SET not_before = LEAST(not_before, now() AT TIME ZONE 'UTC'),
                      lease_until = lease_until - age,
                      next_poll_at = next_poll_at - age,
                      next_check_at = next_check_at - age
                 FROM free, (SELECT %s::interval AS age) AS passed
                WHERE message.id = free.id""",
            AGES,
        )
        self.ask(
            "UPDATE sms_gateway_route SET resume_at = resume_at - %s::interval", AGES
        )
        self.ask(
            "UPDATE sms_gateway_breaker SET probe_until = probe_until - %s::interval",
            AGES,
        )
        self.ask(
            "UPDATE sms_gateway_rate_limit SET paced_at = paced_at - %s::interval",
            AGES,
        )

    def move_tables(self, folder: Path) -> None:
        """Keep the tables that sending writes to, and their indexes, in a folder."""
        self.ask(f"CREATE TABLESPACE {SMALL_DISK} LOCATION '{folder}'")
        self._move_tables(SMALL_DISK)

    def move_tables_back(self) -> None:
        """Undo `move_tables`; what they hold is gone."""
        self.forget()
        self._move_tables("pg_default")
        self.ask(f"DROP TABLESPACE {SMALL_DISK}")

    def _move_tables(self, tablespace: str) -> None:
        moves = self.ask(
            """SELECT format('ALTER TABLE %%I SET TABLESPACE %%I', t, %s) AS move
                 FROM unnest(%s) AS t
                UNION ALL
               SELECT format('ALTER INDEX %%I SET TABLESPACE %%I', indexname, %s)
                 FROM pg_indexes WHERE tablename = ANY(%s)""",
            *(tablespace, list(WRITTEN_TABLES)) * 2,
        )
        for row in moves:
            self.ask(row["move"])

    # === AT THE END ===
    def read_messages(self) -> list[Row]:
        """Every message."""
        rows = self.ask(
            """SELECT id, state, attempts, msisdn AS phone,
                      client_reference AS reference, provider_reference,
                      failure_type,
                      attempts - COALESCE(earlier_attempts, 0) AS tries,
                      is_superseded IS TRUE AS is_superseded
                 FROM sms_gateway_message ORDER BY id"""
        )
        return [Row(**row) for row in rows]

    def read_stories(self) -> dict[int, list[str]]:
        """Message → the states it went to, in order; ``moved`` is queued for another
        route."""
        rows = self.ask(
            """SELECT message_id, array_agg(CASE source WHEN 'failover' THEN 'moved'
                                                 ELSE kind END ORDER BY id) AS kinds
                 FROM sms_gateway_event WHERE kind <> 'report' GROUP BY message_id"""
        )
        return {row["message_id"]: row["kinds"] for row in rows}

    def read_campaign_counters(self) -> Counter[str]:
        """State → sum of the campaigns' counters; names of nothing are left out."""
        [row] = self.ask(f"SELECT * FROM (SELECT {_SUMS}) AS sums")
        return _without_zeros(row)

    def read_statistic(self) -> Counter[str]:
        """State → messages in the statistics that pivots read."""
        rows = self.ask(
            """SELECT state, sum(count)::int AS n FROM sms_gateway_statistic
             GROUP BY state"""
        )
        return _without_zeros({row["state"]: row["n"] for row in rows})

    def count_unfolded(self) -> int:
        """Changes that no counter knows yet."""
        [row] = self.ask("SELECT count(*) AS n FROM sms_gateway_statistic_change")
        return int(row["n"])

    def count_reports(self) -> Counter[str]:
        """State of a pushed report → number of reports."""
        rows = self.ask(
            """SELECT state, count(*) AS n FROM sms_gateway_delivery_report
             GROUP BY state"""
        )
        return Counter({row["state"]: row["n"] for row in rows})

    def count_waiting(self, route_id: int) -> int:
        """Messages that wait for a route."""
        [row] = self.ask(
            """SELECT count(*) AS n FROM sms_gateway_message
                WHERE state = 'queued' AND route_id = %s""",
            route_id,
        )
        return int(row["n"])

    def count_next_steps(self) -> int:
        """Messages that took the place of others."""
        [row] = self.ask(
            """SELECT count(*) AS n FROM sms_gateway_message
                WHERE retry_of_id IS NOT NULL"""
        )
        return int(row["n"])

    def count_moved(self) -> int:
        """How often a message was queued for another route."""
        [row] = self.ask(
            "SELECT count(*) AS n FROM sms_gateway_event WHERE source = 'failover'"
        )
        return int(row["n"])

    def is_breaker_open(self, route_id: int) -> bool:
        """Whether a route's breaker is open."""
        return bool(
            self.ask(
                "SELECT 1 FROM sms_gateway_breaker WHERE route_id = %s AND is_open",
                route_id,
            )
        )

    def count_breaker_events(self) -> Counter[str]:
        """What happened to breakers → how often."""
        rows = self.ask(
            "SELECT kind, count(*) AS n FROM sms_gateway_breaker_event GROUP BY kind"
        )
        return Counter({row["kind"]: row["n"] for row in rows})

    def references_of(self, campaign_id: int) -> set[str]:
        """The references of a campaign's messages."""
        query = (
            "SELECT client_reference FROM sms_gateway_message WHERE campaign_id = %s"
        )
        return {row["client_reference"] for row in self.ask(query, campaign_id)}

    # === CRONS ===
    def keep_only_our_crons(self) -> None:
        """Switch off the crons of others, which would call servers of theirs."""
        self.ask(
            """UPDATE ir_cron SET active = FALSE WHERE id NOT IN (
                      SELECT res_id FROM ir_model_data
                       WHERE module = 'crm_sms_gateway' AND model = 'ir.cron')"""
        )

    def wake_cron(self, name: str) -> None:
        """Let one of the gateway's crons run as soon as a cron worker looks."""
        self.ask(
            """INSERT INTO ir_cron_trigger (cron_id, call_at)
               SELECT res_id, now() AT TIME ZONE 'UTC' FROM ir_model_data
                WHERE module = 'crm_sms_gateway' AND model = 'ir.cron' AND name = %s""",
            f"ir_cron_{name}",
        )


_STATES = (
    *("queued", "submitting", "submitted", "unknown"),
    *("delivered", "failed", "expired", "cancelled"),
)
_SUMS = ", ".join(
    f"(SELECT sum({state}_count) FROM sms_gateway_campaign)::int AS {state}"
    for state in _STATES
)


def _without_zeros(counts: Mapping[str, int | None]) -> Counter[str]:
    return Counter({state: number for state, number in counts.items() if number})
