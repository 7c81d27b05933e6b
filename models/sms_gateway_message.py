"""Messages: one text to one number, their states and the only ways to change them."""

import json
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..providers.types import SubmitRequest
from ..tools.array_format import to_array
from ..tools.backoff import poll_delay, reconcile_delay
from ..tools.compose import Composed
from ..tools.copy_format import to_line
from ..tools.msisdn import InvalidNumber, e164, normalise
from ..tools.sentences import sentence
from . import clock
from .click import find_overtaken
from .copied_many2one import CopiedMany2one
from .failed_statements import hidden_values
from .outcomes import OUTCOMES, condition_of, outcome_of
from .phone import read_phone
from .reasons import RESOLVED, explain_message
from .rows import select_rows
from .sms_gateway_recipient import find_opted_out

CHANNELS = [("sms", "SMS"), ("voice", "Voice call")]
STATES = [
    ("queued", "Queued"),
    ("submitting", "Submitting"),
    ("submitted", "Submitted"),
    ("unknown", "Unknown"),
    ("delivered", "Delivered"),
    ("failed", "Failed"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
]
FINAL_STATES = ("delivered", "failed", "expired", "cancelled")
STATE_NAMES = tuple(name for name, _label in STATES)

#: Where a state may go. `_set_state` obeys this table, the dispatcher's claim is the
#: one statement that walks queued → submitting / expired / cancelled by itself.
ARROWS = {
    "queued": ("submitting", "failed", "expired", "cancelled"),
    "submitting": ("queued", "submitted", "unknown", "delivered", "failed"),
    "submitted": ("delivered", "failed", "expired"),
    "unknown": ("queued", "submitted", "delivered", "failed", "expired"),
    "delivered": (),
    "failed": ("delivered",),
    "expired": ("delivered",),
    "cancelled": (),
}
#: Where only a person's decision leads: the original of a restored database may have
#: sent what is queued. An answer that comes late must not go there: the message was
#: queued again since, knowingly.
DECIDED_ARROWS = (("queued", "unknown"),)

FAILURE_TYPES = [
    ("invalid_number", "Invalid number"),
    ("missing_data", "Missing data"),
    ("unreachable", "Unreachable"),
    ("blocked", "Blocked"),
    ("opted_out", "Opted out"),
    ("operator_refusal", "Refused by the operator"),
    ("sender_rejected", "Sender rejected"),
    ("sender_unregistered", "Sender not registered"),
    ("content_rejected", "Content rejected"),
    ("template_mismatch", "No registered template"),
    ("spam", "Taken for spam"),
    ("mailing_forbidden", "Mailing forbidden"),
    ("sim_changed", "SIM card changed"),
    ("no_answer", "No answer"),
    ("busy", "Busy"),
    ("declined", "Declined"),
    ("machine", "Answering machine"),
    ("no_funds", "No funds"),
    ("unsupported", "Not supported"),
    ("attempts_exhausted", "Attempts exhausted"),
    ("provider_error", "Provider error"),
    ("other", "Other"),
]

#: Failure type of a message whose recipient was rejected with this code (contract, 5).
FAILURE_OF_CODE = {
    "invalid_number": "invalid_number",
    "missing_gender": "missing_data",
    "invalid_gender": "missing_data",
    "missing_field": "missing_data",
    "invalid_field": "missing_data",
    "invalid_character": "content_rejected",
    "too_long": "content_rejected",
    "opted_out": "opted_out",
    "duplicate": "other",
}

#: Codes of messages that have nothing to send, or nobody else to send it to.
NEVER_READY_CODES = FAILURE_OF_CODE.keys() - {"opted_out"}

#: What goes when a message goes; no foreign key sees to that.
TABLES_OF_MESSAGES = (
    "sms_gateway_event",
    "sms_gateway_delivery_report",
    "sms_gateway_recipient",
    "sms_gateway_native",
)

#: Smaller goes first: one message for one person overtakes a campaign.
PRIORITY_SINGLE = 10
PRIORITY_BATCH = 50

#: Longest words of a provider that are kept, longest reference and most segments that
#: are believed.
MAX_WORDS = 4096
MAX_REFERENCE = 255
MAX_SEGMENTS = 1000
#: Dearer messages are a mistake.
MAX_PRICE = 10**9
#: Beyond so many rejections of an accept, one problem of each recipient is told.
MAX_TOLD_IN_FULL = 1000
#: Columns that a provider fills with words of its own.
PROVIDERS_WORDS = ("provider_reference", "uuid", "msisdn", "code", "detail", "raw")
#: What people write between the digits of a number.
_NUMBER_MARKS = re.compile(r"[-+.()\s]")
#: U+0000 and lone surrogates
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")

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


def _list_index(condition="TRUE", included=""):
    """An index in the order of lists, of the messages of one filter.

    Without it PostgreSQL walks along all messages until it has found a page of those
    that are wanted. The company, which record rules ask for, stands in the index, so
    that pages are counted without reading the messages.
    """
    return models.Index(
        f"(campaign_id, index, id) INCLUDE (company_id{included}) WHERE {condition}"
    )


class StateChange(NamedTuple):
    """A wanted change of one message; absent values stay as they are.

    ``attempt`` is given by the dispatcher and by look-ups: what is known of an old
    attempt must not touch a newer one. ``occurred_at`` is the naive UTC time of the
    change at its source, ``source`` is who says so (see `sms.gateway.event`),
    ``code``/``detail`` are the raw words.
    """

    id: int
    state: str
    source: str
    attempt: int | None = None
    failure_type: str | None = None
    code: str = ""
    detail: str = ""
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
            _is_plain(self.code)
            and _is_plain(self.detail)
            and _is_plain(self.provider_reference)
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
    "failure_type": "varchar",
    "code": "varchar",
    "detail": "varchar",
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


@dataclass(frozen=True)
class Rejected:
    """A recipient that was stored but will not be sent to."""

    index: int
    phone: str
    code: str
    field: str
    params: dict


class SmsGatewayMessage(models.Model):
    """One text to one MSISDN.

    Rows are made by `_enqueue` and changed by `_set_state` and the dispatcher's claim,
    all in SQL: the ORM only reads them.
    """

    _name = "sms.gateway.message"
    _description = "SMS Gateway Message"
    # ".id": by the column itself; an index gives this order whatever lists filter by.
    _order = "campaign_id.id desc, index desc, id desc"
    _rec_name = "phone"
    _log_access = False

    uuid = fields.Char("Reference", required=True, readonly=True, copy=False)
    campaign_id = fields.Many2one(
        "sms.gateway.campaign", required=True, readonly=True, ondelete="restrict"
    )
    index = fields.Integer(readonly=True, help="Place among the campaign's recipients.")
    route_id = CopiedMany2one("sms.gateway.route", required=True, readonly=True)
    company_id = CopiedMany2one("res.company", required=True, readonly=True)
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    is_debug = fields.Boolean("Debug", readonly=True)
    priority = fields.Integer(readonly=True)
    retry_of_id = fields.Many2one(
        "sms.gateway.message", readonly=True, ondelete="set null", string="Retry of"
    )
    retry_ids = fields.One2many(
        "sms.gateway.message", "retry_of_id", string="Sent again as", readonly=True
    )

    # Recipient and text
    phone_raw = fields.Char("Phone as received", readonly=True)
    msisdn = fields.Char("MSISDN", readonly=True)
    phone = fields.Char(compute="_compute_phone", search="_search_phone")
    recipient = fields.Reference(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_any_model(),
        compute="_compute_recipient",
    )
    mail_message_id = fields.Many2one(
        "mail.message", "Conversation", compute="_compute_recipient"
    )
    mailing = fields.Reference(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_any_model(),
        compute="_compute_mailing",
    )
    text = fields.Text(readonly=True)
    secret_text = fields.Text(
        readonly=True,
        prefetch=False,
        groups=fields.NO_ACCESS,
        help="In place of the text, until it is known what became of the message.",
    )
    is_secret = fields.Boolean(related="campaign_id.is_secret")
    shown_text = fields.Text("Text", compute="_compute_shown_text")
    text_alternative = fields.Text(
        "Alternative text", readonly=True, help="Checked and kept; not sent yet."
    )
    encoding = fields.Selection([("gsm7", "GSM-7"), ("ucs2", "UCS-2")], readonly=True)
    segments = fields.Integer(readonly=True)
    cost = fields.Monetary(
        readonly=True,
        help="By the prices of the route when the message was accepted; empty where no"
        " price is known.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    provider_price = fields.Float(
        "Price told by the provider", digits=(16, 6), readonly=True, aggregator=None
    )
    provider_currency = fields.Char("Currency of this price", readonly=True)

    # State
    state = fields.Selection(STATES, required=True, readonly=True, default="queued")
    maybe_sent = fields.Boolean(
        readonly=True, help="The provider may have it from an attempt without answer."
    )
    is_untraceable = fields.Boolean(
        "Cannot be looked up",
        readonly=True,
        help="Handed over by a provider that could not be asked about it by our"
        " reference.",
    )
    attempts = fields.Integer(readonly=True)
    failure_type = fields.Selection(FAILURE_TYPES, readonly=True)
    outcome = fields.Selection(
        OUTCOMES,
        compute="_compute_outcome",
        search="_search_outcome",
        help="Not sent: never handed to the provider.",
    )
    failure_code = fields.Char(readonly=True)
    failure_message = fields.Char("Stored reason", readonly=True)
    failure_reason = fields.Char("Reason", compute="_compute_failure_reason")
    failure_explanation = fields.Text("Explanation", compute="_compute_failure_reason")
    failure_remedy = fields.Text("What to do", compute="_compute_failure_reason")
    failure_words = fields.Text("Provider's words", compute="_compute_failure_reason")
    client_reference = fields.Char(
        readonly=True, help="The number sent along to the provider on every attempt."
    )
    provider_reference = fields.Char(readonly=True)

    # Times
    accepted_at = fields.Datetime("Accepted", required=True, readonly=True)
    day = fields.Date(
        readonly=True,
        help="Day of acceptance in the company's time zone. Empty for old messages,"
        " whose day is in UTC.",
    )
    not_before = fields.Datetime(readonly=True)
    expires_at = fields.Datetime("Time to live ends", readonly=True)
    lease_until = fields.Datetime(readonly=True)
    next_poll_at = fields.Datetime(readonly=True)
    poll_count = fields.Integer(readonly=True)
    next_check_at = fields.Datetime(
        readonly=True, help="When the outcome of an unknown message is asked for next."
    )
    check_count = fields.Integer(readonly=True)
    submitted_at = fields.Datetime("Submitted on", readonly=True)
    delivered_at = fields.Datetime("Delivered on", readonly=True)
    finished_at = fields.Datetime("Finished on", readonly=True)

    event_ids = fields.One2many("sms.gateway.event", "message_id", string="Timeline")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _client_reference_unique = models.UniqueIndex("(route_id, client_reference)")
    _retry_unique = models.UniqueIndex(
        "(retry_of_id) WHERE retry_of_id IS NOT NULL",
        "Somebody was faster: the message was sent again already. Open the new message"
        " to go on.",
    )
    _single_queue_index = models.Index(
        "(route_id, is_debug, not_before, id)"
        f" WHERE state = 'queued' AND priority = {PRIORITY_SINGLE}"
    )
    _batch_queue_index = models.Index(
        "(campaign_id, not_before, id)"
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
    _check_index = models.Index(
        "(route_id, is_debug, next_check_at)"
        " WHERE state = 'unknown' AND next_check_at IS NOT NULL"
    )
    _reference_index = models.Index(
        "(provider_reference, route_id) WHERE provider_reference IS NOT NULL"
    )
    _retention_index = models.Index("(finished_at, id) WHERE finished_at IS NOT NULL")
    # Whole numbers and last digits are searched for.
    _msisdn_index = models.Index("(reverse(msisdn) text_pattern_ops)")
    # With what its filters ask for: a campaign has a million messages.
    _campaign_index = _list_index(included=", channel, is_debug")
    _waiting_list_index = _list_index("state IN ('queued', 'submitting')", ", state")
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

    _state_known = models.Constraint(
        "CHECK (state IN ('queued', 'submitting', 'submitted', 'unknown',"
        " 'delivered', 'failed', 'expired', 'cancelled'))"
    )
    _finished_when_final = models.Constraint(
        "CHECK ((finished_at IS NOT NULL)"
        " = (state IN ('delivered', 'failed', 'expired', 'cancelled')))"
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
    def _compute_recipient(self):
        """The record that the message went to and what its chatter tells, if the user
        may read them."""
        recipients = self.env["sms.gateway.recipient"].search(
            [
                ("campaign_id", "in", self.campaign_id.ids),
                ("index", "in", self.mapped("index")),
                ("message_id", "!=", False),
            ]
        )
        # by their place: the row itself follows the message that was sent again last
        of_place = {(one.campaign_id, one.index): one for one in recipients}
        for message in self:
            recipient = of_place.get((message.campaign_id, message.index))
            message.recipient = recipient and recipient._get_reference()
            note = recipient and message.recipient and recipient.mail_message_id
            message.mail_message_id = note

    @api.depends(
        "state",
        "failure_type",
        "failure_code",
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
        return fields.Domain.OR(_has_outcome(outcome) for outcome in value)

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
        """A number is found by the whole of it, however it is written, or by its last
        digits; what is no number, in what was received instead of one."""
        if operator in ("=", "in"):
            values = [value] if operator == "=" else value
            conditions = [_ends_with(one or "", whole=True) for one in values]
            return fields.Domain.OR(conditions)
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        if number := read_phone(value, self.env.company).number or e164(value):
            return _ends_with(number, whole=True)
        digits = _NUMBER_MARKS.sub("", value)
        if digits.isdecimal():
            return _ends_with(digits)
        return _is_unreadable() & fields.Domain("phone_raw", "ilike", value)

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
        wrong = self.filtered(
            lambda m: m.state not in ("failed", "expired", "cancelled") or not m.msisdn
        )
        if wrong:
            raise UserError(
                self.env._(
                    "Only failed, expired and cancelled messages with a readable"
                    " number can be sent again: %(phone)s is not one of them.",
                    phone=wrong[0].phone,
                )
            )
        self.check_access("read")
        self._check_not_secret()
        self._check_were_good()
        self._check_would_go()
        # sudo: users send, only the gateway itself writes messages
        retries = self.sudo()._enqueue_retries()
        return self._open(retries)

    def _check_not_secret(self):
        if any(message.is_secret for message in self):
            raise UserError(
                self.env._(
                    "One-time codes are not kept, so they cannot be sent again: the"
                    " API client must send a new one."
                )
            )

    def _check_were_good(self):
        """What was refused when it was accepted has no text that could be sent."""
        refused = self.filtered(
            lambda m: not m.attempts and m.failure_code in NEVER_READY_CODES
        )
        if refused:
            raise UserError(
                self.env._(
                    "The message to %(phone)s was never ready to be sent: %(reason)s",
                    phone=refused[0].phone,
                    reason=explain_message(refused[0]),
                )
            )

    def _check_would_go(self):
        """What would be cancelled or only wait is not queued: whoever asks is told why
        before anything is made."""
        for (route, channel), _messages in self.grouped(_get_way).items():
            route._check_sends(channel)
            route._check_goes_on()
        # sudo: whoever reads a message may not read its campaign
        self.campaign_id.sudo()._check_goes_on()
        self._check_numbers()

    def _check_numbers(self):
        """The numbers are still numbers, and nobody has opted out meanwhile."""
        # sudo: see _check_would_go
        obedient = self.filtered(lambda m: not m.campaign_id.sudo().ignores_blacklist)
        opted_out = find_opted_out(self.env, set(obedient.mapped("msisdn")))
        stopped = obedient.filtered(lambda m: m.msisdn in opted_out)
        if stopped:
            raise UserError(
                self.env._(
                    "%(phone)s has opted out: nothing is sent to this number any more.",
                    phone=stopped[0].phone,
                )
            )
        for message in self:
            message._check_number()

    def _check_number(self):
        try:
            normalise(self.msisdn, channel=self.channel)
        except InvalidNumber as error:
            reason = sentence(
                "invalid_number",
                self._language(),
                variant="person",
                reason=error.reason,
            )
            raise UserError(
                self.env._(
                    "%(phone)s cannot be sent to any more: %(reason)s",
                    phone=self.phone,
                    reason=reason,
                )
            ) from error

    def _check_not_expired(self):
        """A message keeps its time to live when it goes back into the queue."""
        moment = clock.now()
        late = self.filtered(lambda m: m.expires_at and m.expires_at <= moment)
        if late:
            raise UserError(
                self.env._(
                    "The time to live of the message to %(phone)s has ended: it is not"
                    " sent any more. Resolve it as failed, then send it again.",
                    phone=late[0].phone,
                )
            )

    def _enqueue_retries(self):
        taken = self.search([("retry_of_id", "in", self.ids)]).retry_of_id
        if taken:
            raise UserError(
                self.env._(
                    "%(phone)s was sent again already. Open the new message to go on.",
                    phone=taken[0].phone,
                )
            )
        for message in self:
            again = Composed(
                index=message.index,
                phone_raw=message.phone_raw or "",
                msisdn=message.msisdn,
                gender=None,
                text=message.text or "",
                text_alternative=message.text_alternative or "",
                encoding=message.encoding or None,
                segments=message.segments,
                problems=(),
            )
            self._enqueue(message.campaign_id, [again], retry_of=message)
        self.invalidate_recordset(["retry_ids"])
        again = self.search([("retry_of_id", "in", self.ids)])
        self.env["sms.gateway.recipient"]._take_over(again)
        self.env["sms.gateway.native"]._take_over(again)
        return again

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
        return self._resolve("delivered")

    def action_resolve_failed(self):
        """A person knows that the unknown message did not arrive."""
        return self._resolve("failed", failure_type="other")

    def action_resolve_send_again(self):
        """A person takes the risk that the unknown message arrives twice: from here on
        it counts as never sent."""
        self._check_unknown("send_again")
        self._check_would_go()
        self._check_not_expired()
        result = self._settle(
            "queued", not_before=to_sql(clock.now()), maybe_sent=False
        )
        self.env["sms.gateway.dispatcher"]._wake()
        return result

    def _resolve(self, state, **values):
        self._check_unknown(state)
        return self._settle(state, **values)

    def _check_unknown(self, button):
        """Whoever decides has seen the attempt whose outcome is unknown."""
        if any(message.state != "unknown" for message in self):
            raise UserError(
                self.env._("Only unknown messages can be resolved by hand.")
            )
        if overtaken := find_overtaken(self, button, "attempts"):
            raise UserError(
                self.env._(
                    "Somebody was faster: the message to %(phone)s was returned to the"
                    " queue meanwhile. Look at it once more.",
                    phone=overtaken[0].phone,
                )
            )

    def _settle(self, state, **values):
        self.check_access("read")
        changes = [
            StateChange(
                id=message.id,
                state=state,
                source="person",
                code=RESOLVED,
                detail=sentence(RESOLVED, self._language(), user=self.env.user.name),
                **values,
            )
            for message in self
        ]
        # sudo: users decide, only the gateway itself writes messages
        if self.sudo()._set_state(changes)["refused"]:
            raise UserError(
                self.env._("The message has changed meanwhile. Look at it once more.")
            )
        return True

    # === ENQUEUE ===
    @api.model
    def _enqueue(self, campaign, composed, *, retry_of=None):
        """Store the messages of a campaign in one bulk insert and wake the lanes.

        The only way in. Recipients with problems are stored as ``failed``, numbers of
        the blacklist as ``cancelled``: nothing that was accepted is without a row.

        :param composed: iterable of `tools.compose.Composed`, consumed as it is stored
        :rtype: list[Rejected]
        """
        clock.keep_in_step(self.env.cr)
        make_rows = _SecretRowStream if campaign.is_secret else _RowStream
        rows = make_rows(self.env, campaign, composed, retry_of)
        self._store(campaign, rows)
        opted_out = self._finish_accept(campaign, rows)
        campaign.invalidate_recordset(["message_ids"])
        dispatcher = self.env["sms.gateway.dispatcher"]
        if campaign.priority == PRIORITY_SINGLE:
            dispatcher._wake_one()
        else:
            dispatcher._wake()
        return sorted(rows.rejected + opted_out, key=lambda rejected: rejected.index)

    def _store(self, campaign, rows):
        """COPY is fastest, and takes three exchanges with the server: a single message
        is stored in one."""
        if campaign.priority != PRIORITY_SINGLE:
            statement = f"COPY {self._table} ({rows.COLUMNS.code}) FROM STDIN"
            with hidden_values():
                self.env.cr.copy_expert(statement, rows)
            return
        for row in rows:
            self.env.cr.execute(
                SQL("INSERT INTO sms_gateway_message (%s) VALUES %s", rows.COLUMNS, row)
            )

    def _finish_accept(self, campaign, stored):
        """Cancel the numbers of the blacklist and tell the statistics.

        :param stored: the `_RowStream` that was read to its end
        :return: list of `Rejected`
        """
        self.env["phone.blacklist"].flush_model(["active", "number"])
        rows = self.env.execute_query(
            SQL(
                """
WITH opted_out AS (
    UPDATE sms_gateway_message m
       SET state = 'cancelled', failure_type = 'opted_out',
           failure_code = 'opted_out', failure_message = %(reason)s,
           finished_at = accepted_at, secret_text = NULL
      FROM phone_blacklist b
     WHERE b.active AND b.number = m.msisdn AND NOT %(ignores_blacklist)s
       AND m.campaign_id = %(campaign_id)s
       AND m.index BETWEEN %(first)s AND %(last)s
       AND m.accepted_at = %(accepted_at)s AND m.state = 'queued'
 RETURNING m.index, m.msisdn, m.segments
), total AS (
    SELECT count(*) AS count, COALESCE(sum(segments), 0) AS segments FROM opted_out
), counted AS (
    INSERT INTO sms_gateway_statistic_change
           (campaign_id, route_id, company_id, channel, is_debug, day,
            state, failure_type, outcome, count, segments)
    SELECT %(campaign_id)s, %(route_id)s, %(company_id)s, %(channel)s, %(is_debug)s,
           %(day)s::date, state, failure_type, %(outcome)s, count, segments
      FROM (SELECT *, NULL::timestamp AS submitted_at, FALSE AS maybe_sent,
                   0 AS attempts
              FROM (SELECT * FROM jsonb_to_recordset(%(counts)s::jsonb) AS c(
                           state varchar, failure_type varchar, count int, segments int)
                     UNION ALL SELECT 'queued', NULL, -count, -segments FROM total
                     UNION ALL SELECT 'cancelled', 'opted_out', count, segments
                                 FROM total
                   ) AS counted) AS part
     WHERE part.count <> 0
)
SELECT index, msisdn FROM opted_out
                """,
                reason=sentence("opted_out", self._language()),
                campaign_id=campaign.id,
                route_id=campaign.route_id.id,
                company_id=campaign.company_id.id,
                channel=campaign.channel,
                is_debug=campaign.is_debug,
                ignores_blacklist=campaign.ignores_blacklist,
                accepted_at=stored.accepted_at,
                day=stored.day,
                outcome=outcome_of("part"),
                first=stored.first_index,
                last=stored.last_index,
                counts=json.dumps(stored.get_counts()),
            )
        )
        return [
            Rejected(index, phone, "opted_out", "phone", {}) for index, phone in rows
        ]

    @api.model
    def _language(self):
        """Language of the sentences kept with messages: the contract's two.

        Requests know theirs, and crons write for them; of people's languages all but
        Russian fall back to English, as everywhere in Odoo.
        """
        lang = self.env.context.get("sms_gateway_language") or self.env.lang or "ru"
        return "ru" if lang.startswith("ru") else "en"

    # === STATES ===
    @api.model
    def _set_state(self, changes):
        """Move messages along `ARROWS`; the only way but for the dispatcher's claim.

        Rows are locked in the order of their ids, the story of each is appended and
        the statistics are told, all in one statement.

        :param changes: list of `StateChange`; several for one message are made in turn
        :return: dict of "moved", "already" and "refused" → list of `StateChange`
        """
        verdicts = {"moved": [], "already": [], "refused": []}
        for turn in _in_turns(changes):
            by_id = {change.id: change for change in turn}
            for message_id, verdict in self._set_state_once(turn):
                verdicts[verdict].append(by_id[message_id])
        self._keep_references(verdicts["already"] + verdicts["refused"])
        self.invalidate_model()
        return verdicts

    def _set_state_once(self, changes):
        arrows = [(old, new) for old, news in ARROWS.items() for new in news]
        return self.env.execute_query(
            SQL(
                """
WITH wanted AS (
    %(wanted)s
), locked AS MATERIALIZED (
    SELECT id, state, failure_type, segments, cost, attempts, submitted_at, maybe_sent,
           secret_text
      FROM sms_gateway_message WHERE id = ANY(%(ids)s::int[])
  ORDER BY id FOR NO KEY UPDATE
), judged AS (
    SELECT w.*, l.state AS old_state, l.failure_type AS old_failure_type,
           l.segments AS old_segments, l.cost AS old_cost,
           %(old_outcome)s AS old_outcome,
           COALESCE(replace(w.detail, l.secret_text, '…'), w.detail) AS said,
           CASE WHEN (l.state IN ('queued', 'submitting') OR w.state = 'queued')
                 AND l.attempts <> w.attempt
                THEN 'refused'
                WHEN l.state = w.state THEN 'already'
                WHEN (l.state, w.state) IN %(arrows)s THEN 'moved'
                WHEN (l.state, w.state) IN %(decided)s AND w.source = 'person'
                THEN 'moved'
                ELSE 'refused' END AS verdict
      FROM wanted w JOIN locked l ON l.id = w.id
), moved AS (
    UPDATE sms_gateway_message m
       SET state = j.state,
           failure_type = CASE WHEN j.state = 'failed'
                               THEN COALESCE(NULLIF(j.failure_type, ''), 'other')
                               ELSE NULLIF(j.failure_type, '') END,
           failure_code = NULLIF(j.code, ''),
           failure_message = NULLIF(j.said, ''),
           provider_reference = COALESCE(NULLIF(j.provider_reference, ''),
                                         m.provider_reference),
           segments = COALESCE(j.segments, m.segments),
           provider_price = COALESCE(j.price, m.provider_price),
           provider_currency = COALESCE(j.price_currency, m.provider_currency),
           cost = CASE WHEN m.channel = 'sms' AND m.segments > 0 AND j.segments > 0
                       THEN trim_scale(m.cost * j.segments / m.segments)
                       ELSE m.cost END,
           maybe_sent = COALESCE(j.maybe_sent, m.maybe_sent),
           not_before = COALESCE(j.not_before, m.not_before),
           lease_until = NULL,
           next_poll_at = j.next_poll_at,
           next_check_at = j.next_check_at,
           submitted_at = CASE WHEN j.state = 'submitted' THEN %(now)s
                               ELSE m.submitted_at END,
           delivered_at = CASE WHEN j.state = 'delivered'
                               THEN COALESCE(j.occurred_at, %(now)s) END,
           finished_at = CASE WHEN j.state IN %(final)s THEN %(now)s END,
           secret_text = CASE WHEN j.state NOT IN %(final)s THEN m.secret_text END
      FROM judged j
     WHERE m.id = j.id AND j.verdict = 'moved'
 RETURNING m.id, m.campaign_id, m.route_id, m.company_id, m.channel, m.is_debug,
           m.day, m.accepted_at, m.submitted_at, m.state, m.failure_type, m.segments,
           m.cost, %(outcome)s AS outcome,
           j.old_state, j.old_failure_type, j.old_outcome, j.old_segments, j.old_cost,
           j.source, j.code, j.said,
           COALESCE(j.occurred_at, %(now)s) AS occurred_at
), told AS (
    INSERT INTO sms_gateway_event
           (message_id, company_id, route_id, kind, source, occurred_at, recorded_at,
            code, detail)
    SELECT id, company_id, route_id, state, source, occurred_at, %(now)s,
           NULLIF(code, ''), NULLIF(said, '')
      FROM moved ORDER BY id
), counted AS (
    %(count_moved)s
)
SELECT id, verdict FROM judged ORDER BY id
                """,
                wanted=select_rows(
                    CHANGE_TYPES, [change.as_storable() for change in changes]
                ),
                ids=to_array(change.id for change in changes),
                outcome=outcome_of("m"),
                old_outcome=outcome_of("l"),
                count_moved=COUNT_MOVED,
                arrows=tuple(arrows),
                decided=DECIDED_ARROWS,
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
                """,
                select_rows(
                    {"id": "int", "provider_reference": "varchar"},
                    [(change.id, change.provider_reference) for change in kept],
                ),
                to_array(change.id for change in kept),
            )
        )

    # === STATUS ===
    def _get_status(self):
        """What became of the message, in the words of the API (contract, chapter 3)."""
        self.ensure_one()
        failure = {
            "type": self.failure_type,
            "code": self.failure_code or None,
            "message": self.failure_message or None,
        }
        status = {
            "index": self.index,
            "phone": self.phone,
            "state": self.state,
            "failure": failure if self.failure_type else None,
            "segments": self.segments,
            "reference": self.uuid,
            "accepted_at": _iso(self.accepted_at),
            "submitted_at": _iso(self.submitted_at),
            "delivered_at": _iso(self.delivered_at),
        }
        is_told = self.is_debug and not self.is_secret
        return {**status, "text": self.text} if is_told else status

    # === CHORES ===
    def unlink(self):
        """Override: the story of a message goes with it, its reports and whom it was
        for."""
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
    def _recover_leases(self, limit=1000):
        """Submitting messages whose lane died: nobody knows whether they were sent."""
        return self._move_where(
            SQL("state = 'submitting' AND lease_until < %s", clock.at_statement()),
            "lease_until",
            limit,
            state="unknown",
            source="lease",
            maybe_sent=True,
            next_check_at=after(reconcile_delay(0)),
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
            "not_before, id",
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
        ids = self._lock_ids(condition, order, limit)
        self._set_state([StateChange(id=message_id, **change) for message_id in ids])
        return len(ids)

    @api.model
    def _cron_retention(self, limit=5000):
        """Forget what is older than the settings keep it, a batch at a time: finished
        messages, then reports and inbound messages, then the campaigns that have no
        message left."""
        days = self.env["sms.gateway.settings"]._get().retention_days
        if not days:
            return
        dispatcher = self.env["sms.gateway.dispatcher"]
        oldest = clock.now() - timedelta(days=days)
        for name in (
            self._name,
            "sms.gateway.delivery.report",
            "sms.gateway.inbound",
            "sms.gateway.campaign",
        ):
            dispatcher._begin()
            count = self.env[name]._forget_before(oldest, limit)
            dispatcher._commit_progress(count, remaining=int(count == limit))
            if count == limit:
                return

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


def _has_outcome(outcome):
    """The domain of the messages with this outcome, as their index says it."""

    def to_sql(_model, alias, _query):
        return SQL(condition_of(outcome, alias))  # pylint: disable=sql-injection

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: message.outcome == outcome
    )


def _is_unreadable():
    """The domain of the messages without MSISDN, as their index says it: the ORM's own
    condition would ask for empty ones too."""

    def to_sql(_model, alias, _query):
        return SQL("%s IS NULL", SQL.identifier(alias, "msisdn"))

    return fields.Domain.custom(
        to_sql=to_sql, predicate=lambda message: not message.msisdn
    )


def _ends_with(digits, *, whole=False):
    """The domain of the messages whose MSISDN ends so, or is this one."""
    found = SQL("= %s", digits[::-1]) if whole else SQL("LIKE %s", digits[::-1] + "%")

    def to_sql(_model, alias, _query):
        return SQL("reverse(%s) %s", SQL.identifier(alias, "msisdn"), found)

    def is_found(message):
        number = message.msisdn or ""
        return number == digits if whole else number.endswith(digits)

    return fields.Domain.custom(to_sql=to_sql, predicate=is_found)


def _get_way(message):
    """The route and the channel that a message goes by."""
    return message.route_id, message.channel


def new_uuid():
    """A UUID of version 7 (RFC 9562) as 32 hex digits.

    It begins with the time, so that the index grows at its end, and ends with 74 bits
    that nobody can guess.
    """
    chance = secrets.randbits(74)
    return (
        f"{time.time_ns() // 1_000_000:012x}7{chance & 0xFFF:03x}"
        f"{0x8000_0000_0000_0000 | chance >> 12:016x}"
    )


def to_sql(moment):
    """A naive UTC datetime as the text PostgreSQL reads."""
    return moment.isoformat(sep=" ")


def _iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def after(seconds):
    """The moment so many seconds from now, None for None."""
    return None if seconds is None else to_sql(clock.now() + timedelta(seconds=seconds))


def first_poll(provider):
    """When a message that was just accepted is asked for, None where it cannot be."""
    return after(poll_delay(0)) if provider.capabilities.poll else None


def make_request(row, attempted_at=None):
    """What a provider is told of a message.

    :param row: dict of the message's columns
    :param attempted_at: when its last attempt began
    :rtype: SubmitRequest
    """
    expires_at = row["expires_at"]
    return SubmitRequest(
        uuid=row["uuid"],
        client_reference=row["client_reference"],
        msisdn=row["msisdn"],
        text=row["text"],
        channel=row["channel"],
        attempt=row["attempts"],
        valid_until=expires_at and expires_at.replace(tzinfo=timezone.utc),
        attempted_at=attempted_at and attempted_at.replace(tzinfo=timezone.utc),
    )


def tell_price(money):
    """A price that a provider told, as members of a `StateChange`.

    Nobody believes one that fits no column.

    :param money: `providers.types.Money`, or None
    """
    if money is None or not abs(money.amount) < MAX_PRICE:
        return {"price": None, "price_currency": None}
    return {"price": f"{money.amount:f}", "price_currency": money.currency[:3]}


def storable(values):
    """The words of a provider as they can be kept: the database must never refuse an
    answer because of them.

    :param values: dict, which is changed and handed back
    """
    for name in PROVIDERS_WORDS:
        word = values.get(name)
        if not _is_plain(word):
            values[name] = storable_word(word)
    if len(values.get("provider_reference") or "") > MAX_REFERENCE:
        values["provider_reference"] = None
    if not 0 <= (values.get("segments") or 0) <= MAX_SEGMENTS:
        values["segments"] = None
    return values


def storable_word(word):
    """What a stranger wrote, as it can be kept."""
    return _UNSTORABLE.sub("", word)[:MAX_WORDS]


def _is_plain(word):
    """Whether a word is so plain and short that it can be kept as it is."""
    return not word or (
        word.isascii() and "\0" not in word and len(word) <= MAX_REFERENCE
    )


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


def _get_state(code):
    """The state a message begins with when its recipient has this problem."""
    if code is None:
        return "queued"
    return "cancelled" if code == "duplicate" else "failed"


def _join_names(names):
    return SQL(", ").join(map(SQL.identifier, names))


class _RowStream:
    """The rows of `_enqueue`: as tuples, or as a file for COPY whose next lines are
    prepared while PostgreSQL reads."""

    OWN_COLUMNS = (
        "uuid", "index", "phone_raw", "msisdn", "text", "text_alternative", "encoding",
        "segments", "cost", "state", "failure_type", "failure_code", "failure_message",
        "finished_at", "client_reference",
    )  # fmt: skip
    COMMON_COLUMNS = (
        "campaign_id", "route_id", "company_id", "channel", "is_debug", "priority",
        "retry_of_id", "maybe_sent", "attempts", "poll_count", "check_count",
        "accepted_at", "day", "not_before", "expires_at",
    )  # fmt: skip
    COLUMNS = _join_names(OWN_COLUMNS + COMMON_COLUMNS)
    ROWS_AT_ONCE = 100

    def __init__(self, env, campaign, composed, retry_of):
        self.rejected = []
        self.first_index = self.last_index = None
        self._counts = Counter()
        self._segments = Counter()
        self._composed = iter(composed)
        prices = campaign.route_id._get_prices(
            campaign.channel, is_debug=campaign.is_debug
        )
        self._get_cost = prices.get_cost
        self._language = env["sms.gateway.message"]._language()
        # the sentences of requests speak of their parameters
        self._variant = None if campaign.source == "api" else "person"
        self.accepted_at = clock.now()
        self.day = campaign.company_id._get_sms_gateway_day(self.accepted_at)
        # Neighbours in their index: numbers at random would each touch a page of it.
        self._first_reference = secrets.randbits(62)
        self._buffer = ""
        self._common = self._get_common(campaign, retry_of)
        self._end_of_line = to_line(self._common)

    def _get_common(self, campaign, retry_of):
        """What one accept gives all of its messages."""
        start = campaign.scheduled_at
        is_later = start and start > self.accepted_at
        return (
            campaign.id,
            campaign.route_id.id,
            campaign.company_id.id,
            campaign.channel,
            campaign.is_debug,
            campaign.priority,
            retry_of.id if retry_of else None,
            False,
            0,
            0,
            0,
            self.accepted_at,
            self.day,
            start if is_later else self.accepted_at,
            campaign._get_expiry(self._get_start_of_life(campaign, retry_of)),
        )

    def _get_start_of_life(self, campaign, retry_of):
        """The messages of people's campaigns live as long however late they were
        written."""
        if campaign.source == "api" or retry_of:
            return self.accepted_at
        return campaign.accepted_at or self.accepted_at

    def __iter__(self):
        for composed in self._composed:
            yield (*self._row(composed), *self._common)

    def read(self, size=-1):  # pylint: disable=method-required-super
        """Hand out the next rows, as COPY demands at most ``size`` characters."""
        if not self._buffer:
            self._buffer = "".join(self._next_lines())
        size = len(self._buffer) if size < 0 else size
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk

    def _next_lines(self):
        for _number in range(self.ROWS_AT_ONCE):
            composed = next(self._composed, None)
            if composed is None:
                return
            yield f"{to_line(self._row(composed))}\t{self._end_of_line}\n"

    def _row(self, composed):
        code = self._reject(composed)
        state = _get_state(code)
        self._count(state, code, composed.segments)
        if self.first_index is None:
            self.first_index = composed.index
        self.last_index = composed.index
        return (
            composed.uuid or new_uuid(),
            composed.index,
            composed.phone_raw,
            composed.msisdn,
            composed.text,
            composed.text_alternative or None,
            composed.encoding,
            composed.segments,
            None if code else self._get_cost(composed.msisdn, composed.segments),
            state,
            FAILURE_OF_CODE[code] if code else None,
            code,
            self._explain(composed.problems[0]) if code else None,
            self.accepted_at if code else None,
            self._first_reference + composed.index,
        )

    def _count(self, state, code, segments):
        key = (state, FAILURE_OF_CODE[code] if code else None)
        self._counts[key] += 1
        self._segments[key] += segments

    def get_counts(self):
        """What was stored, as rows of the statistics."""
        return [
            {
                "state": state,
                "failure_type": failure_type,
                "count": count,
                "segments": self._segments[state, failure_type],
            }
            for (state, failure_type), count in self._counts.items()
        ]

    def _reject(self, composed):
        """The code of the first problem, None when the message can go.

        Every rejected recipient is told; where they are many, with one problem each.
        """
        is_crowded = len(self.rejected) >= MAX_TOLD_IN_FULL
        self.rejected += [
            Rejected(
                composed.index,
                composed.msisdn or composed.phone_raw,
                problem.code,
                problem.field,
                dict(problem.params),
            )
            for problem in composed.problems[: 1 if is_crowded else None]
        ]
        return composed.problems[0].code if composed.problems else None

    def _explain(self, problem):
        return sentence(
            problem.code,
            self._language,
            variant=self._variant,
            path=problem.field,
            **problem.params,
        )


class _SecretRowStream(_RowStream):
    """The rows of texts that nobody may see; what is not sent is not kept at all."""

    COLUMNS = _join_names(
        tuple(
            "secret_text" if name == "text" else name
            for name in _RowStream.OWN_COLUMNS + _RowStream.COMMON_COLUMNS
        )
    )

    def _row(self, composed):
        text = None if composed.problems else composed.text
        return super()._row(replace(composed, text=text, text_alternative=""))
