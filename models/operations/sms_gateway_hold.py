"""Holds: a database that is not where it was waits for a person before it sends.

A restored backup and a copy have the queue of the moment at which they were made, and
the original has gone on since.
"""

import logging
from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..common import clock, transactions

_logger = logging.getLogger(__name__)

CAUSES = [
    (
        "server",
        "Another database server: a restored backup, a move or a new PostgreSQL "
        "cluster",
    ),
    (
        "database",
        "Another database of the same server: a copy or a restored backup",
    ),
    ("content", "A backup was restored into this database"),
    (
        "timeline",
        "The database server was recovered to an earlier point in time, or a standby "
        "server has taken over",
    ),
    (
        "memory",
        "The database is older than the last run recorded in Odoo's data folder",
    ),
]
DECISIONS = [
    (
        "ask",
        "The production system: reconcile messages in doubt with the providers, then "
        "resume",
    ),
    ("cancel", "The production system: cancel messages in doubt, then resume"),
    ("send", "The production system: send messages in doubt, then resume"),
    ("copy", "A copy: cancel all waiting messages and pause all routes"),
]


class SmsGatewayHold(models.Model):
    """One place at which the database was seen; the newest row is where it is.

    The first row is ``released`` from the start. Every further one is ``held``: lanes
    and requests to providers wait until a person decides. Then the next cron carries
    the decision out (`sms.gateway.hold.settlement`), and the row is ``released``.

    In doubt is what was accepted before the hold began and had not ended: the original
    may have sent it. It is never sent without that decision.
    """

    _name = "sms.gateway.hold"
    _description = "SMS Gateway Hold"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "began_at"

    identity = fields.Char(required=True, readonly=True)
    began_at = fields.Datetime("On hold since", required=True, readonly=True)
    seen_at = fields.Datetime("Last run", required=True, readonly=True)
    cause = fields.Selection(CAUSES, "Detected", readonly=True)
    state = fields.Selection(
        [
            ("held", "On hold"),
            ("decided", "Decided"),
            ("released", "Released"),
        ],
        required=True,
        readonly=True,
        string="Status",
    )
    decision = fields.Selection(DECISIONS, readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    decided_at = fields.Datetime("Decided on", readonly=True)
    in_doubt_count = fields.Integer(
        "In doubt",
        readonly=True,
        help="Number of messages in doubt at the time of the decision.",
    )

    # === STATE ===
    @api.model
    def _is_held(self):
        """Whether nothing may be sent and no provider may be asked.

        Every cron that calls providers asks once a run, before its first call: a
        database is not replaced below a running process. Ends the transaction.
        """
        recognition = self.env["sms.gateway.hold.recognition"]
        settlement = self.env["sms.gateway.hold.settlement"]
        transactions.begin(self.env)
        hold = recognition._recognise()
        if hold.state == "released":
            recognition._remember(hold)
            transactions.commit(self.env)
            return False
        transactions.commit(self.env)
        settlement._accept_odoo_sms(hold)
        transactions.begin(self.env)
        settlement._carry_out(hold)
        transactions.commit(self.env)
        hold.invalidate_recordset()
        return hold.state != "released"

    @api.model
    def _find_open(self):
        """The hold that is in force at the moment, as superuser; or none.

        It is as old as the last run of a cron that sends.
        """
        # sudo: everybody who waits for messages may know that they are held
        newest = self.sudo().search([], limit=1)
        return newest.filtered(lambda hold: hold.state != "released")

    @api.model
    def _get_end_of_doubt(self):
        """When the last hold began, the minimum of datetime without one.

        With messages that were accepted before, the original may have gone on since, by
        any route and step of their policy. Whoever lets messages in doubt be sent says
        that it has not.
        """
        [(moment,)] = self.env.execute_query(
            SQL(
                """SELECT max(began_at) FROM sms_gateway_hold
                    WHERE cause IS NOT NULL AND decision IS DISTINCT FROM 'send'"""
            )
        )
        return moment or datetime.min

    @api.model
    def _describe_open(self):
        """What administrators read about the hold in force.

        :return: dict of ``sentence`` and ``action`` (of the web client, None where
            nothing is left to decide); None when nothing is held
        """
        hold = self._find_open()
        if not hold:
            return None
        if hold.state == "decided":
            text = self.env._(
                "Sending is on hold until the decision about the restored or copied "
                "database has been carried out."
            )
            return {"sentence": text, "action": None}
        text = self.env._(
            "Sending is on hold: this database was restored or copied. Queued "
            "messages may have been sent already. An administrator must decide what "
            "to do with them."
        )
        return {"sentence": text, "action": hold._get_action()}

    def _get_action(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_hold_action"
        )
        return {**action, "views": [(False, "form")], "res_id": self.id}

    def _schedule_activities(self):
        """Notify all who may decide."""
        administrators = self.env.ref("base.group_system").all_user_ids
        for user in administrators.filtered("active"):
            theirs = self.with_context(lang=user.lang).env
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=theirs._("Sending is on hold"),
                note=theirs._(
                    "This database was restored or copied. Queued messages may have "
                    "been sent already. Decide what to do with them."
                ),
                user_id=user.id,
            )

    # === DECIDE ===
    def action_decide(self):
        """Open the decision about the messages in doubt."""
        return self._open_decision()

    @api.model
    def _open_decision(self):
        """The action that opens the decision about the hold in force.

        :raise UserError: nothing is left to decide
        """
        hold = self._find_open()
        if hold.state != "held":
            raise UserError(self._explain_decided())
        return self.env["sms.gateway.hold.wizard"]._open(hold.with_env(self.env))

    @api.model
    def _explain_decided(self):
        return self.env._(
            "Another administrator has already decided what to do with the messages."
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
                self.env._("Only Odoo administrators can decide about a hold.")
            )
        if self._find_open() != self or self.state != "held":
            raise UserError(self._explain_decided())
        # sudo: administrators of Odoo need not be users of the gateway
        hold = self.sudo()
        count = sum(row["in_doubt"] for row in hold._count_in_doubt())
        if count > seen:
            raise UserError(
                self.env._(
                    "More messages are in doubt than were shown: %(count)s. Review "
                    "the numbers again.",
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
            hold.env["sms.gateway.hold.settlement"]._stop_routes()
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
