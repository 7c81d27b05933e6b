"""Holds: a database that is not where it was waits for a person before it sends.

A restored backup and a copy have the queue of the moment at which they were made, and
the original has gone on since. What a database is known by lies outside of its content:
neither a dump nor a template carries it along. A copy of the server's files does; then
a file in Odoo's data folder remembers a later run than the database does.
"""

import json
import logging
import os
import secrets
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, config

from ...providers.base import BaseWords
from ..common import clock, transactions
from ..common.failed_statements import hidden_values
from ..odoo_sms.sms_gateway_odoo_sms import SmsApiGateway
from ..sending.reasons import RESOLVED, make_params
from ..sending.sms_gateway_state_change import StateChange

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

CAUSES = [
    (
        "server",
        "Another database server: a restored backup, a move or a new PostgreSQL",
    ),
    (
        "database",
        "Another database of the same server: a copy or a restored backup",
    ),
    ("content", "A backup was restored into this database"),
    (
        "timeline",
        "The database server was recovered to an earlier moment, or its standby has"
        " taken over",
    ),
    (
        "memory",
        "The database is older than the last run that Odoo's data folder remembers",
    ),
]
DECISIONS = [
    ("ask", "The system itself: ask the providers about what is in doubt, then go on"),
    ("cancel", "The system itself: cancel what is in doubt, then go on"),
    ("send", "The system itself: send what is in doubt, then go on"),
    ("copy", "A copy: cancel everything that waits and pause all routes"),
]
#: Messages that are moved in one transaction.
SETTLED_AT_ONCE = 1000


class SmsGatewayHold(models.Model):
    """One place at which the database was seen; the newest row is where it is.

    The first row is written without a question. Every further one is ``held``: lanes
    and questions to providers wait until a person decides, then the decision is carried
    out in batches by whichever cron comes first, and the row is ``released``.

    In doubt is what was accepted before the hold began and had not ended: the original
    may have sent it. It is never sent without that decision.
    """

    _name = "sms.gateway.hold"
    _description = "SMS Gateway Hold"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "began_at"

    identity = fields.Char(required=True, readonly=True)
    began_at = fields.Datetime("Since", required=True, readonly=True)
    seen_at = fields.Datetime("Last run", required=True, readonly=True)
    cause = fields.Selection(CAUSES, "Recognised by", readonly=True)
    state = fields.Selection(
        [
            ("held", "Held"),
            ("decided", "Decided"),
            ("released", "Released"),
        ],
        required=True,
        readonly=True,
    )
    decision = fields.Selection(DECISIONS, readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided on", readonly=True)
    in_doubt_count = fields.Integer(
        "In doubt", readonly=True, help="Messages in doubt when it was decided."
    )

    # === RECOGNISE ===
    @api.model
    def _is_held(self):
        """Whether nothing may be sent and no provider may be asked.

        Every cron that calls providers asks once a run, before its first call: a
        database is not replaced below a running process. Ends the transaction.
        """
        transactions.begin(self.env)
        hold = self._recognise()
        if hold.state == "released":
            hold._remember()
            transactions.commit(self.env)
            return False
        transactions.commit(self.env)
        hold._take_in_odoo_sms()
        transactions.begin(self.env)
        hold._carry_out()
        transactions.commit(self.env)
        hold.invalidate_recordset()
        return hold.state != "released"

    def _recognise(self):
        """The row of the place where the database is, which is made when it is new."""
        memory = _read_memory(self.env.cr.dbname)
        found, newest = self._look()
        if not newest or newest._find_difference(found, memory):
            # Whoever comes second sees the row of the first.
            self.env.cr.execute(
                "LOCK TABLE sms_gateway_hold IN SHARE ROW EXCLUSIVE MODE"
            )
            found, newest = self._look()
        if not newest:
            return self._insert(found, memory, None)
        if cause := newest._find_difference(found, memory):
            return self._insert(found, memory, cause)
        known = json.loads(newest.identity)
        if known != {**known, **found}:
            newest.identity = json.dumps({**known, **found})
        return newest

    def _find_difference(self, found, memory):
        """What tells that the database is not what it was, None when nothing does.

        What is not known on both sides tells nothing.

        :param found: the parts that it is known by here
        :param memory: see `_read_memory`; that of another database tells nothing
        """
        known = json.loads(self.identity)
        for name in PARTS:
            if name in known and name in found and known[name] != found[name]:
                return name
        is_older = _is_of(memory, found) and _get_moment(memory) > self.seen_at
        return "memory" if is_older else None

    def _remember(self):
        """From time to time: keep the moment of this run, then outside, too. What is
        remembered outside was committed before, so only a database that lost it is
        older."""
        rows = self.env.execute_query(
            SQL(
                """UPDATE sms_gateway_hold SET seen_at = date_trunc('second', %(clock)s)
                    WHERE id = %(id)s AND seen_at <= %(clock)s - %(every)s
                RETURNING identity, seen_at::text""",
                id=self.id,
                clock=clock.at_statement(),
                every=REMEMBERED_EVERY,
            )
        )
        for identity, seen_at in rows:
            memory = {"identity": json.loads(identity), "seen_at": seen_at}
            self.env.cr.postcommit.add(
                partial(_write_memory, self.env.cr.dbname, memory)
            )

    def _look(self):
        """:return: the parts that the database is known by here, and the newest row"""
        try:
            with self.env.cr.savepoint(flush=False):
                return self._look_for(PARTS)
        except psycopg2.Error:
            return self._look_for(ALWAYS_KNOWN)

    def _look_for(self, names):
        if not self.env["sms.gateway.settings"]._get().holds_after_failover:
            names = [name for name in names if name != "timeline"]
        parts = SQL(", ").join(SQL("%s, %s", name, PARTS[name]) for name in names)
        query = SQL(
            """SELECT jsonb_build_object(%s),
                      (SELECT max(id) FROM sms_gateway_hold)""",
            parts,
        )
        # to be refused is no error
        with hidden_values():
            self.env.cr.execute(query, log_exceptions=False)
        found, hold_id = self.env.cr.fetchone()
        newest = self.browse(hold_id or ())
        newest.invalidate_recordset()
        return found, newest

    def _insert(self, found, memory, cause):
        """The row of a place that is new; what is remembered of it is no later."""
        seen_at = _get_moment(memory) if _is_of(memory, found) else None
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
        hold = self.browse(hold_id)
        if cause:
            _logger.warning(
                "Sending is held (%s): the database was restored or copied", cause
            )
            hold._schedule_activities()
        return hold

    # === TELL ===
    @api.model
    def _find_open(self):
        """The hold that is in force at the moment, as superuser; or none.

        It is as old as the last run of a cron that sends.
        """
        # sudo: everybody who waits for messages may know that they are held
        newest = self.sudo().search([], limit=1)
        return newest.filtered(lambda hold: hold.state != "released")

    @api.model
    def _tell(self):
        """What administrators are told at the moment.

        :return: dict of ``sentence`` and ``action`` (of the web client, None where
            nothing is left to decide); None when nothing is held
        """
        hold = self._find_open()
        if not hold:
            return None
        if hold.state == "decided":
            text = self.env._(
                "Sending is held until the decision about the restored or copied"
                " database is carried out."
            )
            return {"sentence": text, "action": None}
        text = self.env._(
            "Sending is held: this database was restored or copied. What was queued"
            " may have been sent already; an administrator decides what becomes of it."
        )
        return {"sentence": text, "action": hold._get_action()}

    def _get_action(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_hold_action"
        )
        return {**action, "views": [(False, "form")], "res_id": self.id}

    def _schedule_activities(self):
        """Tell all who may decide."""
        administrators = self.env.ref("base.group_system").all_user_ids
        for user in administrators.filtered("active"):
            theirs = self.with_context(lang=user.lang).env
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=theirs._("Sending is held"),
                note=theirs._(
                    "This database was restored or copied. What was queued may have"
                    " been sent already: decide what becomes of it."
                ),
                user_id=user.id,
            )

    # === DECIDE ===
    def action_decide(self):
        """Ask what the database is and what becomes of what is in doubt."""
        return self._ask()

    @api.model
    def _ask(self):
        """The action that asks a person about the hold in force.

        :raise UserError: nothing is left to decide
        """
        hold = self._find_open()
        if hold.state != "held":
            raise UserError(self._say_decided())
        return self.env["sms.gateway.hold.wizard"]._open(hold.with_env(self.env))

    @api.model
    def _say_decided(self):
        return self.env._(
            "Somebody was faster: what becomes of the messages is decided already."
        )

    def _decide(self, decision, seen):
        """A person has decided; a cron carries it out.

        :param decision: one of `DECISIONS`
        :param seen: number of messages in doubt that the person saw
        :raise UserError: it is decided already, or more is in doubt than was seen
        """
        self.ensure_one()
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Only administrators of Odoo decide about a hold.")
            )
        if self._find_open() != self or self.state != "held":
            raise UserError(self._say_decided())
        # sudo: administrators of Odoo need not be users of the gateway
        hold = self.sudo()
        count = sum(row["in_doubt"] for row in hold._count_in_doubt())
        if count > seen:
            raise UserError(
                self.env._(
                    "More messages are in doubt than were shown: %(count)s. Look at"
                    " them once more.",
                    count=count,
                )
            )
        hold.write(
            {
                "state": "decided",
                "decision": decision,
                "decided_by_id": self.env.uid,
                "decided_at": clock.this_second(),
                "in_doubt_count": count,
            }
        )
        _logger.warning(
            "Hold %d: user %d has decided %r about %d messages in doubt",
            self.id,
            self.env.uid,
            decision,
            count,
        )
        if decision == "copy":
            hold._stop_routes()
        hold.activity_feedback(["mail.mail_activity_data_todo"])
        self.env["sms.gateway.dispatcher"]._wake()

    def _count_in_doubt(self):
        """What is in doubt, route by route.

        :return: list of dicts of ``route_id``, ``in_doubt`` (number of messages that
            wait), ``unknown`` (number of those that may have been sent before),
            ``oldest`` and ``newest`` (naive UTC datetimes of acceptance)
        """
        return self.env.execute_query_dict(
            SQL(
                """
                SELECT m.route_id,
                       count(*) FILTER (WHERE m.state = 'queued') AS in_doubt,
                       count(*) FILTER (WHERE m.state <> 'queued') AS unknown,
                       min(m.accepted_at) AS oldest, max(m.accepted_at) AS newest
                  FROM sms_gateway_message m
                  JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                 WHERE m.state IN ('queued', 'submitting', 'unknown') AND %s
              GROUP BY m.route_id ORDER BY m.route_id
                """,
                self._is_in_doubt(),
            )
        )

    def _is_in_doubt(self):
        """The condition that the message ``m`` of the campaign ``c`` was accepted
        before the hold began, or is one of Odoo's own that was. What is prepared since,
        for a campaign of before, is in doubt; what a person sends again since, is not.
        """
        return SQL(
            """
            m.is_debug IS NOT TRUE
            AND (c.accepted_at <= %(began_at)s
                 OR c.source = 'odoo' AND EXISTS (
                    SELECT FROM sms_sms s
                     WHERE s.uuid = m.uuid AND s.create_date <= %(began_at)s))
            AND (m.retry_of_id IS NULL OR m.accepted_at <= %(began_at)s)
            """,
            began_at=self._began_at(),
        )

    def _began_at(self):
        return SQL("(SELECT began_at FROM sms_gateway_hold WHERE id = %s)", self.id)

    def _take_in_odoo_sms(self):
        """What waits in Odoo's own queue since before waits in ours from here on, where
        it is counted and decided about."""
        domain = [("state", "=", "outgoing"), ("to_delete", "!=", True)]
        found = self.env["sms.sms"].search(
            [*domain, ("create_date", "<=", self.began_at)], order="id"
        )
        # Asked again under the lock: Odoo's own cron may take them at this moment.
        waiting = found.try_lock_for_update().filtered_domain(domain)
        for sms_api, same in waiting._split_by_api():
            if isinstance(sms_api, SmsApiGateway):
                same.with_context(sms_api=sms_api)._send(
                    unlink_failed=False, unlink_sent=True, raise_exception=False
                )

    # === CARRY OUT ===
    def _carry_out(self):
        """Do what was decided, a batch in each transaction; whoever dies is followed by
        the next cron."""
        deadline = transactions.get_deadline(self.env)
        while time.monotonic() < deadline and self._lock_decided():
            if not any(step() for step in self._get_steps()):
                self._release()
            transactions.begin(self.env)

    def _lock_decided(self):
        """Whether there is something to carry out, and nobody else is at it."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_hold
                    WHERE id = %s AND state = 'decided'
                      FOR NO KEY UPDATE SKIP LOCKED""",
                self.id,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _get_steps(self):
        """Each moves some records and tells how many; all are done when none moves."""
        return {
            "send": (),
            "ask": (self._pause_unprepared, self._doubt_queued),
            "cancel": (
                self._cancel_unprepared,
                self._cancel_queued,
                self._doubt_queued,
                self._doubt_submitting,
                self._end_questions,
            ),
            "copy": (
                self._cancel_unprepared,
                self._cancel_queued,
                self._doubt_queued,
                self._doubt_submitting,
                self._end_questions,
            ),
        }[self.decision]

    def _release(self):
        self.state = "released"
        _logger.warning("Hold %d is released: %s", self.id, self.decision)
        self.env["sms.gateway.dispatcher"]._wake()

    def _is_concerned(self):
        """The condition of the messages that the decision is about."""
        return SQL("TRUE") if self.decision == "copy" else self._is_in_doubt()

    def _find_unprepared(self):
        """Campaigns whose messages are not all written: the original may have written
        and sent them."""
        domain = [
            ("unprepared_count", ">", 0),
            ("state", "in", ("scheduled", "running", "paused")),
        ]
        if self.decision != "copy":
            domain.append(("accepted_at", "<=", self.began_at))
        return self.env["sms.gateway.campaign"].search(domain)

    def _pause_unprepared(self):
        campaigns = self._find_unprepared().filtered(lambda c: c.state != "paused")
        for campaign in campaigns:
            campaign._stop(
                self.env._(
                    "The database was restored: its messages may have been sent"
                    " already. Resume or cancel it."
                )
            )
        return len(campaigns)

    def _cancel_unprepared(self):
        campaigns = self._find_unprepared()
        for campaign in campaigns:
            campaign.write(
                {
                    "state": "cancelled",
                    "moves": campaign.moves + 1,
                    "looks_again": False,
                    "unprepared_count": 0,
                }
            )
        return len(campaigns)

    def _cancel_queued(self):
        """Cancel what waits; what an earlier attempt may have handed over is left."""
        return self._move(
            SQL("m.state = 'queued' AND m.maybe_sent IS NOT TRUE"), state="cancelled"
        )

    def _doubt_queued(self):
        """Nobody knows whether the original has sent what waits here: it is asked for
        where the provider can tell, and shown to a person elsewhere."""
        return self._move(SQL("m.state = 'queued'"), **self._as_unknown())

    def _doubt_submitting(self):
        return self._move(SQL("m.state = 'submitting'"), **self._as_unknown())

    def _as_unknown(self):
        return {
            "state": "unknown",
            "maybe_sent": True,
            "next_check_at": clock.to_sql(clock.now()),
        }

    def _move(self, condition, **change):
        """Make one change of the next messages that the decision is about.

        :param condition: SQL of the message ``m``
        :param change: members of a `StateChange`
        :return: the number of messages
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.id FROM sms_gateway_message m
                  JOIN sms_gateway_campaign c ON c.id = m.campaign_id
                 WHERE m.state IN ('queued', 'submitting') AND %s AND %s
              ORDER BY m.campaign_id, m.index, m.id LIMIT %s
                   FOR NO KEY UPDATE OF m
                """,
                condition,
                self._is_concerned(),
                SETTLED_AT_ONCE,
            )
        )
        reason = {
            "source": "person",
            "code": RESOLVED,
            "params": make_params(user=self.decided_by_id.name),
        }
        self.env["sms.gateway.state.change"]._set_state(
            [StateChange(id=message_id, **reason, **change) for (message_id,) in rows]
        )
        return len(rows)

    def _end_questions(self):
        """Hand nothing over again to find out what became of it. Who can be asked
        without that goes on being asked, unless this is a copy: reports that are told
        once belong to the original."""
        if self.decision == "copy":
            return self._clear("submitted", "next_poll_at", SQL("TRUE")) + self._clear(
                "unknown", "next_check_at", SQL("TRUE")
            )
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        blind = routes.search([]).filtered(
            lambda route: not route._get_provider_class().capabilities.lookup
        )
        return self._clear(
            "unknown",
            "next_check_at",
            SQL("m.route_id = ANY(%s) AND %s", blind.ids, self._is_in_doubt()),
        )

    def _clear(self, state, column, condition):
        """:return: the number of messages that are not asked about any more"""
        column = SQL.identifier(column)
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_message m SET %(column)s = NULL
                  FROM sms_gateway_campaign c
                 WHERE c.id = m.campaign_id AND m.state = %(state)s
                   AND m.%(column)s IS NOT NULL AND %(condition)s
                """,
                column=column,
                state=state,
                condition=condition,
            )
        )
        count = self.env.cr.rowcount
        self.env["sms.gateway.message"].invalidate_model()
        return count

    def _stop_routes(self):
        """A copy has routes that do not send, addresses of its own, and leaves what
        people write to the original."""
        routes = self.env["sms.gateway.route"].with_context(active_test=False)
        for route in routes.search([]):
            route.write(
                {
                    "state": "paused",
                    "pause_reason": BaseWords.NEUTRALISED.say(),
                    "webhook_token": secrets.token_urlsafe(24),
                    "fetches_inbound": False,
                }
            )


def _get_path(database):
    return Path(config["data_dir"], "crm_sms_gateway", database)


def _read_memory(database):
    """What Odoo's data folder remembers of the last runs in a database of this name.

    :return: dict of ``identity`` and ``seen_at``, None where there is nothing to read
    """
    try:
        memory = json.loads(_get_path(database).read_text())
        _get_moment(memory)
        dict(memory["identity"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return memory


def _write_memory(database, memory):
    path = _get_path(database)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        draft.write_text(json.dumps(memory))
        draft.replace(path)
    except OSError as error:
        _logger.info("The run is not remembered: %s", error)


def _get_moment(memory):
    return datetime.fromisoformat(memory["seen_at"])


def _is_of(memory, found):
    """Whether the memory is of the very database, however late: a standby that takes
    over is the same."""
    return bool(memory) and all(
        memory["identity"].get(name) == found.get(name)
        for name in ("server", *ALWAYS_KNOWN)
    )
