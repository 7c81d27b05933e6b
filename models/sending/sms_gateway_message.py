"""Messages: one text to one number, their states and the only ways to change them."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import vocabulary
from ...tools.statuses import Failure, MessageStatus, StepStatus
from ...tools.vocabulary import PRIORITY_BATCH, PRIORITY_SINGLE
from ..access.sms_gateway_readable import NO_RECORDS
from ..common.copied_many2one import CopiedMany2one
from ..common.sql_values import list_words
from .message_search import find_phone, has_outcome
from .outcomes import condition_of, outcome_of
from .reasons import explain_message
from .selections import CHANNELS, FAILURE_TYPES, FOLLOW_UPS, OUTCOMES, STATES

#: What goes when a message goes; no foreign key sees to that.
TABLES_OF_MESSAGES = (
    "sms_gateway_event",
    "sms_gateway_attempt",
    "sms_gateway_delivery_report",
    "sms_gateway_recipient",
    "sms_gateway_odoo_sms",
)


_WAITING = list_words(vocabulary.WAITING_STATES)
_FINAL = list_words(vocabulary.FINAL_STATES)


def _list_index(condition="TRUE", included=""):
    """An index in the order of lists, of the messages of one filter.

    Without it PostgreSQL walks along all messages until it has found a page of those
    that are wanted. The company, which record rules ask for, stands in the index, so
    that pages are counted without reading the messages.
    """
    return models.Index(
        f"(campaign_id, index, id) INCLUDE (company_id{included}) WHERE {condition}"
    )


class SmsGatewayMessage(models.Model):
    """One text to one MSISDN.

    Rows are made by `_enqueue` and changed by `_set_state` and the dispatcher's claim,
    all in SQL: the ORM only reads them.
    """

    _name = "sms.gateway.message"
    _inherit = ["sms.gateway.readable"]
    _description = "SMS Gateway Message"
    # ".id": by the column itself; an index gives this order whatever lists filter by.
    _order = "campaign_id.id desc, index desc, id desc"
    _rec_name = "phone"
    _log_access = False

    uuid = fields.Char("Message ID", required=True, readonly=True, copy=False)
    campaign_id = fields.Many2one(
        "sms.gateway.campaign", required=True, readonly=True, ondelete="restrict"
    )
    index = fields.Integer(
        readonly=True, help="Position in the campaign's recipient list."
    )
    route_id = CopiedMany2one("sms.gateway.route", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", required=True, readonly=True)
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    is_debug = fields.Boolean("Dry run", readonly=True)
    priority = fields.Integer(readonly=True)
    retry_of_id = fields.Many2one(
        "sms.gateway.message",
        readonly=True,
        ondelete="set null",
        string="Original message",
    )
    retry_ids = fields.One2many(
        "sms.gateway.message", "retry_of_id", string="Sent again as", readonly=True
    )
    is_superseded = fields.Boolean(
        "Replaced by another message",
        readonly=True,
        help="Another message to the same recipient counts: it was sent again, or by"
        " the next step of the policy.",
    )
    step_id = CopiedMany2one("sms.gateway.policy.step", "Policy step", readonly=True)
    follow_up = fields.Selection(
        FOLLOW_UPS,
        "Next step",
        readonly=True,
        help="When the next step of the policy starts. Empty if none follows.",
    )
    attempt_ids = fields.One2many(
        "sms.gateway.attempt", "message_id", string="Earlier routes", readonly=True
    )

    # Recipient and text
    phone_raw = fields.Char("Number as received", readonly=True)
    msisdn = fields.Char("MSISDN", readonly=True)
    phone = fields.Char(compute="_compute_phone", search="_search_phone")
    mailing = fields.Reference(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_any_model(),
        compute="_compute_mailing",
        string="SMS Marketing mailing",
    )
    text = fields.Text("Stored text", readonly=True)
    secret_text = fields.Text(
        readonly=True,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="Stored instead of the text until the outcome of the message is known.",
    )
    is_secret = fields.Boolean(related="campaign_id.is_secret")
    shown_text = fields.Text("Text", compute="_compute_shown_text")
    text_alternative = fields.Text(
        "Fallback SMS",
        readonly=True,
        help="Sent if the call is not answered, is declined or fails.",
    )
    encoding = fields.Selection([("gsm7", "GSM-7"), ("ucs2", "UCS-2")], readonly=True)
    segments = fields.Integer("SMS parts", readonly=True)
    cost = fields.Monetary(
        readonly=True,
        help="Calculated from the route's prices when the message was accepted. Empty"
        " if no price is set.",
    )
    package_id = CopiedMany2one(
        "sms.gateway.package",
        readonly=True,
        help="Package of the route that the message uses. What is provably not sent"
        " uses none.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    provider_price = fields.Float(
        "Price reported by the provider", digits=(16, 6), readonly=True, aggregator=None
    )
    provider_currency = fields.Char("Currency of this price", readonly=True)

    # State
    state = fields.Selection(
        STATES, required=True, readonly=True, default="queued", string="Status"
    )
    maybe_sent = fields.Boolean(
        "Possibly Sent",
        readonly=True,
        help="An attempt without a response may have reached the provider.",
    )
    account_key = fields.Integer(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Key of the provider account that received the last attempt, see"
        " `providers.base.Provider.account_key`.",
    )
    attempts = fields.Integer(readonly=True)
    earlier_attempts = fields.Integer(
        "Attempts by earlier routes",
        readonly=True,
        help="Part of the attempts, made before the message took its present route.",
    )
    failure_type = fields.Selection(FAILURE_TYPES, readonly=True)
    outcome = fields.Selection(
        OUTCOMES,
        compute="_compute_outcome",
        search="_search_outcome",
        help="Not sent: the message was never submitted to the provider.",
    )
    failure_code = fields.Char(readonly=True)
    failure_params = fields.Json(
        "Reason parameters",
        readonly=True,
        help="Values of the gateway's own reason. Empty when the provider gave the"
        " reason.",
    )
    failure_message = fields.Char("Stored reason", readonly=True)
    failure_reason = fields.Char("Failure reason", compute="_compute_failure_reason")
    failure_explanation = fields.Text("Explanation", compute="_compute_failure_reason")
    failure_remedy = fields.Text("What to do", compute="_compute_failure_reason")
    failure_words = fields.Text("Provider response", compute="_compute_failure_reason")
    client_reference = fields.Char(
        readonly=True,
        help="ID that the gateway passes to the provider with every attempt.",
    )
    provider_reference = fields.Char("Provider message ID", readonly=True)

    # Times
    accepted_at = fields.Datetime("Accepted on", required=True, readonly=True)
    day = fields.Date(
        readonly=True,
        help="Day of acceptance in the company's time zone. Empty for old messages,"
        " whose day is in UTC.",
    )
    not_before = fields.Datetime(readonly=True)
    expires_at = fields.Datetime("Expires on", readonly=True)
    lease_until = fields.Datetime(readonly=True)
    next_poll_at = fields.Datetime(readonly=True)
    poll_count = fields.Integer(readonly=True)
    next_check_at = fields.Datetime(
        "Next Reconciliation On",
        readonly=True,
        help="Time of the next check with the provider for a message whose outcome is"
        " unknown.",
    )
    check_count = fields.Integer("Reconciliation Count", readonly=True)
    submitted_at = fields.Datetime("Submitted on", readonly=True)
    delivered_at = fields.Datetime("Delivered on", readonly=True)
    finished_at = fields.Datetime("Finished on", readonly=True)

    link_ids = fields.Many2many(
        "sms.gateway.link", string="Links", compute="_compute_link_ids"
    )
    event_ids = fields.One2many("sms.gateway.event", "message_id", string="Events")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _client_reference_unique = models.UniqueIndex("(route_id, client_reference)")
    _retry_unique = models.UniqueIndex(
        "(retry_of_id) WHERE retry_of_id IS NOT NULL",
        "The message has already been sent again. Open the new message to continue.",
    )
    _single_queue_index = models.Index(
        "(route_id, is_debug, not_before, id)"
        f" WHERE state = 'queued' AND priority = {PRIORITY_SINGLE}"
    )
    _batch_queue_index = models.Index(
        "(campaign_id, route_id, not_before, id)"
        f" WHERE state = 'queued' AND priority = {PRIORITY_BATCH}"
    )
    _expiry_index = models.Index(
        "(expires_at) WHERE state = 'queued' AND expires_at IS NOT NULL"
    )
    _lease_index = models.Index("(lease_until) WHERE state = 'submitting'")
    _poll_index = models.Index(
        "(route_id, is_debug, next_poll_at)"
        " WHERE state = 'submitted' AND next_poll_at IS NOT NULL"
    )
    _push_index = models.Index(
        "(route_id, submitted_at) WHERE state = 'submitted' AND next_poll_at IS NULL"
    )
    _check_index = models.Index(
        "(route_id, is_debug, next_check_at)"
        " WHERE state = 'unknown' AND next_check_at IS NOT NULL"
    )
    _reference_index = models.Index(
        "(provider_reference, route_id) WHERE provider_reference IS NOT NULL"
    )
    _follow_up_index = models.Index(
        "(finished_at, id) WHERE follow_up IS NOT NULL AND finished_at IS NOT NULL"
    )
    _unanswered_index = models.Index(
        "(expires_at, id) WHERE follow_up = 'any' AND state IN ('submitted', 'unknown')"
    )
    _superseded_index = models.Index("(campaign_id) WHERE is_superseded IS TRUE")
    _retention_index = models.Index("(finished_at, id) WHERE finished_at IS NOT NULL")
    # Whole numbers and last digits are searched for.
    _msisdn_index = models.Index("(reverse(msisdn) text_pattern_ops)")
    # With what its filters ask for: a campaign has a million messages.
    _campaign_index = _list_index(included=", channel, is_debug, is_superseded")
    _waiting_list_index = _list_index(f"state IN {_WAITING}", ", state")
    _submitted_list_index = _list_index("state = 'submitted'")
    _unknown_list_index = _list_index("state = 'unknown'")
    _delivered_list_index = _list_index("state = 'delivered'")
    _failed_list_index = _list_index("state = 'failed'")
    _expired_list_index = _list_index("state = 'expired'")
    _cancelled_list_index = _list_index("state = 'cancelled'")
    _not_delivered_list_index = _list_index(condition_of("not_delivered"))
    _not_sent_list_index = _list_index(condition_of("not_sent"))
    _debug_list_index = _list_index("is_debug IS TRUE")
    _voice_list_index = _list_index("channel = 'voice'")
    _unreadable_list_index = _list_index("msisdn IS NULL")
    # In the order of lists, for filters ask for several reasons; with what is added up.
    _reason_list_index = models.Index(
        "(campaign_id, index, id, failure_type) INCLUDE (company_id, segments, cost)"
        " WHERE failure_type IS NOT NULL"
    )

    _state_known = models.Constraint(
        f"CHECK (state IN {list_words(vocabulary.STATES)})"
    )
    _finished_when_final = models.Constraint(
        f"CHECK ((finished_at IS NOT NULL) = (state IN {_FINAL}))"
    )
    _leased_when_submitting = models.Constraint(
        "CHECK ((lease_until IS NOT NULL) = (state = 'submitting'))"
    )
    _failure_type_when_failed = models.Constraint(
        "CHECK (state <> 'failed' OR failure_type IS NOT NULL)"
    )
    _number_unless_failed = models.Constraint(
        "CHECK (msisdn IS NOT NULL OR state = 'failed')"
    )

    def init(self):
        """Let PostgreSQL tidy up in time: by default it waits until a fifth of the
        table is dead, and the queues would be read through a million dead rows."""
        self.env.cr.execute(
            """
            ALTER TABLE sms_gateway_message SET (
                autovacuum_vacuum_threshold = 20000,
                autovacuum_vacuum_scale_factor = 0.02,
                autovacuum_analyze_threshold = 20000,
                autovacuum_analyze_scale_factor = 0.02)
            """
        )

    # === COMPUTES ===
    @api.depends(
        "state",
        "failure_type",
        "failure_code",
        "failure_params",
        "failure_message",
        "attempts",
        "maybe_sent",
        "next_check_at",
        "submitted_at",
    )
    @api.depends_context("lang")
    def _compute_failure_reason(self):
        for message in self:
            explanation = explain_message(message)
            message.failure_reason = explanation and explanation.name
            message.failure_explanation = explanation and explanation.text
            message.failure_remedy = explanation and explanation.remedy
            message.failure_words = explanation and explanation.words

    @api.depends("campaign_id")
    def _compute_mailing(self):
        """The mailing of SMS Marketing, if it is there and the user may read it."""
        mailings = self.env.get("mailing.mailing")
        for message in self:
            # sudo: whoever reads a message may not read its campaign
            mailing_id = message.campaign_id.sudo().mailing_id
            if not mailing_id or mailings is None:
                message.mailing = False
                continue
            mailing = mailings.browse(mailing_id).exists()._filtered_access("read")
            message.mailing = mailing and f"mailing.mailing,{mailing.id}"

    @api.depends("state", "failure_type", "submitted_at", "maybe_sent", "attempts")
    def _compute_outcome(self):
        self.flush_recordset()
        rows = self.env.execute_query(
            SQL(
                "SELECT id, %s FROM sms_gateway_message m WHERE id = ANY(%s)",
                outcome_of("m"),
                list(self._origin.ids),
            )
        )
        outcomes = dict(rows)
        for message in self:
            message.outcome = outcomes.get(message._origin.id)

    def _search_outcome(self, operator, value):
        if operator != "in":
            return NotImplemented
        return fields.Domain.OR(has_outcome(outcome) for outcome in value)

    @api.depends("text", "is_secret")
    @api.depends_context("lang")
    def _compute_shown_text(self):
        hidden = self.env._("Hidden: one-time code")
        for message in self:
            message.shown_text = hidden if message.is_secret else message.text

    @api.depends("msisdn", "phone_raw")
    def _compute_phone(self):
        for message in self:
            message.phone = message.msisdn or message.phone_raw

    @api.depends("msisdn", "phone_raw")
    def _compute_display_name(self):
        for message in self:
            message.display_name = message.phone or self.env._("No number")

    def _search_phone(self, operator, value):
        return find_phone(self.env, operator, value)

    @api.depends("campaign_id", "index")
    def _compute_link_ids(self):
        links = self.env["sms.gateway.link"].search(
            [
                ("campaign_id", "in", self.campaign_id.ids),
                ("index", "in", self.mapped("index")),
            ]
        )
        by_place = links.grouped(lambda link: (link.campaign_id, link.index))
        for message in self:
            message.link_ids = by_place.get((message.campaign_id, message.index))

    # === GROUPS ===
    @api.model
    @api.readonly
    def web_read_group(self, domain, groupby, *args, **values):
        """Override: groups by reason are of the messages that have one, which an index
        holds. The rest is counted by the statistics."""
        if "failure_type" in groupby:
            domain = fields.Domain(domain) & fields.Domain("failure_type", "!=", False)
        return super().web_read_group(domain, groupby, *args, **values)

    # === ACCESS ===
    def _make_readable(self, alias):
        """Messages follow the record that they went to; without one, their campaign.
        What people sent themselves they read in any case.

        By their place among the campaign's recipients: these follow the message
        that was sent again last."""
        return SQL(
            """(%(campaign_id)s IN (SELECT id FROM sms_gateway_campaign
                                     WHERE source <> 'api')
                AND (%(own)s
                     OR EXISTS (SELECT FROM sms_gateway_recipient place
                                 WHERE place.campaign_id = %(campaign_id)s
                                   AND place.index = %(index)s AND (%(of_records)s)
                                OFFSET 0)
                     OR %(shared)s
                     AND NOT EXISTS (SELECT FROM sms_gateway_recipient place
                                      WHERE place.campaign_id = %(campaign_id)s
                                        AND place.index = %(index)s
                                        AND place.res_model NOT IN %(no_records)s
                                     OFFSET 0)))""",
            campaign_id=SQL.identifier(alias, "campaign_id"),
            index=SQL.identifier(alias, "index"),
            own=self._make_of_campaign(alias, self._make_own),
            shared=self._make_of_campaign(alias, self._make_shared),
            of_records=self._make_of_records("place"),
            no_records=NO_RECORDS,
        )

    # === BUTTONS ===
    @api.model
    def action_open_of_note(self, note_id):
        """Open what a message of a chatter went out as.

        :param note_id: id of the `mail.message`
        :return: an action, False where the user sees no message of it
        """
        recipients = self.env["sms.gateway.recipient"].search(
            [("mail_message_id", "=", note_id)]
        )
        messages = self.search([("id", "in", recipients.message_id.ids)])
        return bool(messages) and self._open(messages)

    def action_open_conversation(self):
        """Open the record with the message of its chatter in sight."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/mail/message/{self.mail_message_id.id}",
            "target": "self",
        }

    def action_retry(self):
        """Send a new message with the text of this one."""
        return self._open(self.env["sms.gateway.message.decision"]._send_again(self))

    @api.model
    def action_send_again(self, *_args):
        """Ask which of the selected messages are sent again, and how."""
        return self.env["sms.gateway.send.again"]._open_for_selection()

    def _open(self, messages):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        if len(messages) == 1:
            return {
                **action,
                "views": [(False, "form")],
                "res_id": messages.id,
            }
        return {**action, "domain": [("id", "in", messages.ids)], "context": {}}

    def action_resolve_delivered(self):
        """A person knows that the unknown message arrived."""
        self.env["sms.gateway.message.decision"]._resolve(self, "delivered")
        return True

    def action_resolve_failed(self):
        """A person knows that the unknown message did not arrive."""
        decisions = self.env["sms.gateway.message.decision"]
        decisions._resolve(self, "failed", failure_type="other")
        return True

    def action_resolve_send_again(self):
        """A person takes the risk that the unknown message arrives twice."""
        self.env["sms.gateway.message.decision"]._return_to_queue(self)
        return True

    # === STATUS ===
    def _find_steps_before(self):
        """The messages that these have replaced, the first one first.

        :return: dict of message id → list of `StepStatus`
        """
        rows = self.env.execute_query(
            SQL(
                """
WITH RECURSIVE chain AS (
    SELECT id AS last_id, retry_of_id AS id, 1 AS distance
      FROM sms_gateway_message WHERE id = ANY(%s) AND retry_of_id IS NOT NULL
     UNION ALL
    SELECT chain.last_id, m.retry_of_id, chain.distance + 1
      FROM chain JOIN sms_gateway_message m ON m.id = chain.id
     WHERE m.retry_of_id IS NOT NULL
)
SELECT last_id, id FROM chain ORDER BY last_id, distance DESC
                """,
                list(self.ids),
            )
        )
        earlier = self.browse(message_id for _last_id, message_id in rows)
        found = defaultdict(list)
        for (last_id, _message_id), message in zip(rows, earlier, strict=True):
            found[last_id].append(message._get_step_status())
        return found

    def _get_step_status(self):
        """:rtype: StepStatus"""
        return StepStatus(
            channel=self.channel,
            route=self.route_id.name,
            state=self.state,
            failure=self._get_failure(),
            uuid=self.uuid,
        )

    def _get_status(self, steps=(), *, has_policy=False):
        """What became of the message: docs/api.rst, Status of a send.

        :param steps: list of `StepStatus`, those before
        :param has_policy: the route was chosen, not named
        :rtype: MessageStatus
        """
        self.ensure_one()
        is_text_told = self.is_debug and not self.is_secret
        return MessageStatus(
            index=self.index,
            phone=self.phone,
            state=self.state,
            failure=self._get_failure(),
            segments=self.segments,
            uuid=self.uuid,
            accepted_at=self.accepted_at,
            submitted_at=self.submitted_at or None,
            delivered_at=self.delivered_at or None,
            text=self.text if is_text_told else None,
            channel=self.channel,
            route=self.route_id.name if steps or has_policy else None,
            steps=steps,
        )

    def _get_failure(self):
        """:rtype: Failure | None"""
        if not self.failure_type:
            return None
        is_own = self.failure_params is not False
        return Failure(
            failure_type=self.failure_type,
            code=self.failure_code or None,
            params=self.failure_params if is_own else None,
            text=self.failure_message or None,
        )

    # === CHORES ===
    def unlink(self):
        """Override: what belongs to a message goes with it."""
        self.fetch(["uuid"])
        self.env["sms.sms"]._forget(self.mapped("uuid"))
        self.env["sms.gateway.link"]._delete_of(self)
        self.env["sms.gateway.chatter.log"]._redact(self)
        self.env.flush_all()
        for table in TABLES_OF_MESSAGES:
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE message_id = ANY(%s)",
                    SQL.identifier(table),
                    list(self.ids),
                )
            )
        return super().unlink()

    @api.model
    def _forget_before(self, oldest, limit):
        """:return: the number of messages that are gone"""
        ids = self._lock_ids(SQL("finished_at < %s", oldest), "finished_at, id", limit)
        self.browse(ids).unlink()
        return len(ids)

    def _lock_ids(self, condition, order, limit):
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM sms_gateway_message WHERE %s
                 ORDER BY %s LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                condition,
                SQL(order),
                limit,
            )
        )
        return [message_id for (message_id,) in rows]
