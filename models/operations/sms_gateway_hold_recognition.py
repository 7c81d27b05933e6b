"""Recognition of a restored or copied database by its identity and its last run.

What a database is known by lies outside of its content: neither a dump nor a template
carries it along. A copy of the server's files does; then a file in Odoo's data folder
remembers a later run than the database does.
"""

import json
import logging
from datetime import timedelta
from functools import partial

import psycopg2

from odoo import api, models
from odoo.tools import SQL

from ..common import clock
from ..common.failed_statements import hidden_values
from .database_memory import get_moment, is_of, read_memory, write_memory

_logger = logging.getLogger(__name__)

#: Part of an identity → SQL of its text. Each part finds something that the others do
#: not: another cluster, another database of the same one, a backup restored into the
#: very database, a recovery to an earlier moment.
PARTS = {
    "server": SQL("(SELECT system_identifier::text FROM pg_control_system())"),
    "database": SQL(
        "(SELECT oid::text FROM pg_database WHERE datname = current_database())"
    ),
    "content": SQL("'sms_gateway_hold'::regclass::oid::text"),
    "timeline": SQL("substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"),
}
#: Managed PostgreSQL may refuse the others.
ALWAYS_KNOWN = ("database", "content")
#: How often a run is remembered inside and outside of the database.
REMEMBERED_EVERY = timedelta(minutes=1)


class SmsGatewayHoldRecognition(models.AbstractModel):
    """Finds the hold of the place where the database is, or writes it."""

    _name = "sms.gateway.hold.recognition"
    _description = "SMS Gateway Recognition of Restored Databases"

    @api.model
    def _recognise(self):
        """The row of the place where the database is, which is made when it is new."""
        memory = read_memory(self.env.cr.dbname)
        found, newest = self._identify()
        if not newest or self._find_difference(newest, found, memory):
            # The second process to get the lock sees the row of the first.
            self.env.cr.execute(
                "LOCK TABLE sms_gateway_hold IN SHARE ROW EXCLUSIVE MODE"
            )
            found, newest = self._identify()
        if not newest:
            return self._insert(found, memory, None)
        if cause := self._find_difference(newest, found, memory):
            return self._insert(found, memory, cause)
        known = json.loads(newest.identity)
        if known != {**known, **found}:
            newest.identity = json.dumps({**known, **found})
        return newest

    def _find_difference(self, hold, found, memory):
        """Why the database is not that of a hold, None when it is the same.

        Parts that are known on one side only are not compared.

        :param found: the parts of the database's identity
        :param memory: see `read_memory`; that of another database is ignored
        :return: one of `CAUSES`
        """
        known = json.loads(hold.identity)
        for name in PARTS:
            if name in known and name in found and known[name] != found[name]:
                return name
        is_older = is_of(memory, found) and get_moment(memory) > hold.seen_at
        return "memory" if is_older else None

    def _insert(self, found, memory, cause):
        """The row of a new place; its last run is not before the one remembered."""
        seen_at = get_moment(memory) if is_of(memory, found) else None
        [(hold_id,)] = self.env.execute_query(
            SQL(
                """INSERT INTO sms_gateway_hold
                          (identity, began_at, seen_at, cause, state)
                   VALUES (%(found)s, %(clock)s,
                           GREATEST(date_trunc('second', %(clock)s),
                                    %(seen_at)s::timestamp), %(cause)s, %(state)s)
                RETURNING id""",
                found=json.dumps(found),
                clock=clock.at_statement(),
                seen_at=seen_at,
                cause=cause,
                state="held" if cause else "released",
            )
        )
        hold = self.env["sms.gateway.hold"].browse(hold_id)
        if cause:
            _logger.warning(
                "Sending is held (%s): the database was restored or copied", cause
            )
            hold._schedule_activities()
        return hold

    def _identify(self):
        """:return: the parts of the database's identity, and the newest hold"""
        try:
            with self.env.cr.savepoint(flush=False):
                return self._read_identity(PARTS)
        except psycopg2.Error:
            return self._read_identity(ALWAYS_KNOWN)

    def _read_identity(self, names):
        if not self.env["sms.gateway.settings"]._get().holds_after_failover:
            names = [name for name in names if name != "timeline"]
        parts = SQL(", ").join(SQL("%s, %s", name, PARTS[name]) for name in names)
        query = SQL(
            """SELECT jsonb_build_object(%s),
                      (SELECT max(id) FROM sms_gateway_hold)""",
            parts,
        )
        # PostgreSQL may refuse: the caller asks for fewer parts then.
        with hidden_values():
            self.env.cr.execute(query, log_exceptions=False)
        found, hold_id = self.env.cr.fetchone()
        newest = self.env["sms.gateway.hold"].browse(hold_id or ())
        newest.invalidate_recordset()
        return found, newest

    @api.model
    def _remember(self, hold):
        """Store the moment of this run, once in `REMEMBERED_EVERY`: in the database,
        and in the data folder after the commit. Only a database that lost the commit
        is older than what the data folder remembers."""
        rows = self.env.execute_query(
            SQL(
                """UPDATE sms_gateway_hold SET seen_at = date_trunc('second', %(clock)s)
                    WHERE id = %(id)s AND seen_at <= %(clock)s - %(every)s
                RETURNING identity, seen_at::text""",
                id=hold.id,
                clock=clock.at_statement(),
                every=REMEMBERED_EVERY,
            )
        )
        for identity, seen_at in rows:
            memory = {"identity": json.loads(identity), "seen_at": seen_at}
            self.env.cr.postcommit.add(
                partial(write_memory, self.env.cr.dbname, memory)
            )
