"""Campaigns: batches of messages accepted together."""

import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...tools.compose import compose_all
from ...tools.statuses import CampaignStatus
from ...tools.template import make_title
from ...tools.vocabulary import (
    HELD_STATES,
    PRIORITY_BATCH,
    PRIORITY_SINGLE,
    SENT_OUTCOMES,
    STATES,
)
from ..common import clock
from ..common.cache import fill_cache
from ..common.overtaken import find_overtaken
from ..sending.selections import CAMPAIGN_SOURCES, CAMPAIGN_STATES, CHANNELS

#: Words in the name of a campaign find the messages of so many campaigns, the newest.
MAX_FOUND = 100


class RecipientsRejected(Exception):
    """Nothing is sent: no recipient is valid, or one is not and the caller is strict.

    ``code`` is the contract's, ``rejected`` the list of `RejectedRecipient`.
    """

    def __init__(self, code, rejected):
        super().__init__(code)
        self.code = code
        self.rejected = rejected


def new_key():
    """An unguessable key of 32 lower-case hex characters (contract, chapter 1)."""
    return secrets.token_hex(16)


@lru_cache(maxsize=8)
def _list_columns(names):
    """Names of columns as SQL; every request asks for the same ones."""
    return SQL(", ").join(map(SQL.identifier, names))


class SmsGatewayCampaign(models.Model):
    """One batch with a key: from the API, a person or a server action.

    The counters count messages, not recipients: what a person sends again is another
    message, counted in ``resent_count`` besides. A message waits, is sent or is not
    sent; a sent one is submitted, unknown, delivered or not delivered (`outcomes`).

    The counters are folded in from `sms.gateway.statistic.change` a moment after the
    messages moved; `_get_totals` adds what is not folded yet.
    """

    _name = "sms.gateway.campaign"
    _inherit = ["sms.gateway.readable"]
    _description = "SMS Gateway Campaign"
    _order = "id desc"

    name = fields.Char(required=True)
    key = fields.Char(
        required=True, readonly=True, copy=False, default=lambda self: new_key()
    )
    route_id = fields.Many2one("sms.gateway.route", required=True, ondelete="restrict")
    company_id = fields.Many2one(
        related="route_id.company_id", store=True, index=True, readonly=True
    )
    source = fields.Selection(
        CAMPAIGN_SOURCES,
        required=True,
        readonly=True,
        default="person",
    )
    user_id = fields.Many2one(
        "res.users", readonly=True, default=lambda self: self.env.user
    )
    channel = fields.Selection(CHANNELS, required=True, default="sms")
    is_debug = fields.Boolean("Debug", required=True, default=False)
    priority = fields.Integer(readonly=True, default=PRIORITY_BATCH)
    state = fields.Selection(
        CAMPAIGN_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        group_expand=True,
    )
    moves = fields.Integer(
        readonly=True,
        copy=False,
        help="How often it was sent, paused, resumed or cancelled.",
    )
    text_male = fields.Text("Text for men")
    text_female = fields.Text("Text for women")
    text_neutral = fields.Text("Neutral text")
    text_alternative = fields.Text(
        "SMS when the call fails", help="Checked and kept; not sent yet."
    )
    mailing_id = fields.Integer(
        readonly=True, help="Of SMS Marketing, which may not be installed."
    )
    ignores_blacklist = fields.Boolean(
        readonly=True, help="Numbers of the blacklist are sent to all the same."
    )
    is_secret = fields.Boolean(
        "One-time codes",
        readonly=True,
        copy=False,
        help="The texts are shown to nobody and deleted as soon as it is known what"
        " became of them.",
    )
    accepted_at = fields.Datetime("Accepted", readonly=True)
    scheduled_at = fields.Datetime("Scheduled for")
    ttl = fields.Integer("Time to live (s)")

    recipient_count = fields.Integer("Recipients", readonly=True)
    message_ids = fields.One2many("sms.gateway.message", "campaign_id")
    queued_count = fields.Integer("Queued", readonly=True)
    submitting_count = fields.Integer("Submitting", readonly=True)
    submitted_count = fields.Integer("Submitted", readonly=True)
    unknown_count = fields.Integer("Unknown", readonly=True)
    delivered_count = fields.Integer("Delivered", readonly=True)
    failed_count = fields.Integer("Failed", readonly=True)
    expired_count = fields.Integer("Expired", readonly=True)
    cancelled_count = fields.Integer("Cancelled", readonly=True)
    sent_count = fields.Integer(
        "Sent",
        readonly=True,
        help="Handed to the provider, messages with an unknown outcome included.",
    )
    not_delivered_count = fields.Integer(
        "Not delivered",
        readonly=True,
        help="Handed to the provider, then failed or expired.",
    )
    not_sent_count = fields.Integer(
        "Not sent",
        readonly=True,
        help="Never handed to the provider: no number, opted out, bad data, cancelled"
        " or expired while waiting.",
    )
    waiting_count = fields.Integer("Waiting", compute="_compute_message_count")
    may_move = fields.Boolean(compute="_compute_may_move")
    message_count = fields.Integer("Messages", compute="_compute_message_count")
    resent_count = fields.Integer(
        "Sent again",
        compute="_compute_message_count",
        help="New messages in place of others. They are counted like the others.",
    )
    delivered_share = fields.Float(
        "Delivered (%)",
        compute="_compute_message_count",
        digits=(5, 1),
        help="Share of the sent messages.",
    )
    is_test = fields.Boolean(
        "Test",
        readonly=True,
        help="Sent to a test number only. The dashboard counts tests separately.",
    )

    emptied_at = fields.Datetime(
        "Emptied",
        readonly=True,
        copy=False,
        help="When its texts, title and recipients went with the last of its messages.",
    )

    _key_unique = models.UniqueIndex("(key)")
    _cancelled_index = models.Index(
        "(id) WHERE state = 'cancelled' AND queued_count > 0"
    )
    # Few campaigns are people's: the API makes one per request.
    _people_index = models.Index("(id) WHERE source <> 'api'")
    _test_index = models.Index("(id) WHERE is_test IS TRUE")
    _retention_index = models.Index(
        "(COALESCE(starts_at, write_date), id)"
        " WHERE state IN ('done', 'cancelled') AND emptied_at IS NULL"
    )

    # === COMPUTES ===
    @api.depends(
        *(f"{state}_count" for state in STATES),
        "sent_count",
        "recipient_count",
        "unprepared_count",
    )
    def _compute_message_count(self):
        for campaign in self:
            total = sum(campaign[f"{state}_count"] for state in STATES)
            prepared = campaign.recipient_count - campaign.unprepared_count
            sent = campaign.sent_count
            campaign.waiting_count = campaign.queued_count + campaign.submitting_count
            campaign.message_count = total
            campaign.resent_count = max(total - prepared, 0)
            campaign.delivered_share = (
                100 * campaign.delivered_count / sent if sent else 0
            )

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_may_move(self):
        """Whoever sent a campaign may stop it; managers, any."""
        user = self.env.user
        is_manager = user.has_group("crm_sms_gateway.group_manager")
        is_user = user.has_group("crm_sms_gateway.group_user")
        for campaign in self:
            campaign.may_move = is_manager or is_user and campaign.user_id == user

    @api.model
    def _search_display_name(self, operator, value):
        """Override: a few campaigns by their ids, so that messages of campaigns with
        some words in their names are found by an index."""
        domain = super()._search_display_name(operator, value)
        if operator != "ilike":
            return domain
        found = self.search(domain, order="id desc", limit=MAX_FOUND)
        return [("id", "in", found.ids)]

    # === ACCESS ===
    def _make_readable(self, alias):
        """Campaigns are read by their team."""
        return self._make_shared(alias)

    # === BUTTONS ===
    def action_pause(self):
        self._move({"scheduled", "running"}, "paused")

    def action_resume(self):
        """Go on; what was scheduled waits for its time, what has ended is done."""
        for campaign in self:
            campaign.route_id._check_sends(campaign.channel)
        campaigns = self._move({"paused"}, "running")
        for campaign in campaigns:
            campaign.state = campaign._get_status(campaign._get_totals())
            campaign.pause_reason = False
        self.env["sms.gateway.fan.out"]._wake()
        self.env["sms.gateway.dispatcher"]._wake()

    def action_cancel(self):
        """Stop for good: the dispatcher cancels what is still queued."""
        campaigns = self._move({"draft", "scheduled", "running", "paused"}, "cancelled")
        # nobody was found yet: there is nothing to write
        campaigns.filtered("looks_again").write(
            {"looks_again": False, "unprepared_count": 0}
        )
        self.env["sms.gateway.dispatcher"]._wake()

    def _move(self, sources, state):
        """:return: the campaigns, as superuser"""
        self._check_may_move()
        for campaign in self:
            if campaign.state not in sources:
                label = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "%(campaign)s is %(state)s: that is not possible any more.",
                        campaign=campaign.name,
                        state=label[campaign.state],
                    )
                )
        self._check_not_overtaken(state)
        # sudo: people move campaigns by these buttons only, nobody writes them
        campaigns = self.sudo()
        for campaign in campaigns:
            campaign.write({"state": state, "moves": campaign.moves + 1})
        return campaigns

    def _check_not_overtaken(self, button):
        """What was paused and resumed meanwhile, say, is not what the person saw."""
        if overtaken := find_overtaken(self, button, "moves"):
            raise UserError(
                self.env._(
                    "Somebody was faster: %(campaign)s was paused, resumed or sent"
                    " meanwhile. Look at it once more.",
                    campaign=overtaken[0].name,
                )
            )

    def _check_may_move(self):
        self.check_access("read")
        for campaign in self:
            if not (self.env.su or campaign.may_move):
                raise AccessError(
                    self.env._(
                        "%(campaign)s is somebody else's: only managers of the gateway"
                        " pause, resume and cancel it.",
                        campaign=campaign.name,
                    )
                )

    def _check_goes_on(self):
        """:raise UserError: messages that are queued would not go out"""
        for campaign in self:
            if campaign.state == "cancelled":
                raise UserError(
                    self.env._(
                        "%(campaign)s was cancelled: none of its messages is sent"
                        " again.",
                        campaign=campaign.name,
                    )
                )
            if campaign.state == "paused":
                raise UserError(
                    self.env._(
                        "%(campaign)s is paused: resume it first.",
                        campaign=campaign.name,
                    )
                )

    def action_open_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        return {**action, "domain": [("campaign_id", "=", self.id)], "context": {}}

    def action_open_sent(self):
        action = self.action_open_messages()
        return {
            **action,
            "domain": [*action["domain"], ("outcome", "in", SENT_OUTCOMES)],
        }

    # === ACCEPT ===
    @api.model
    def _accept(self, document, route, *, source):
        """Make a campaign of a document and store its messages.

        :param document: `controllers.api.send_request.SendRequest` or an object of its
            shape
        :param route: the route to send through
        :return: the campaign and the list of `RejectedRecipient`
        :raise RecipientsRejected: the transaction must be rolled back
        """
        campaign = self._insert(self._prepare_campaign(document, route, source))
        composed = compose_all(document.recipients, document.texts, document.rules)
        rejected = self.env["sms.gateway.enqueue"]._enqueue(campaign, composed)
        self._check_rejected(document, rejected)
        return campaign, rejected

    def _insert(self, values):
        """Create one campaign in one statement: a request for one message must not
        spend most of its time on its campaign.

        :param values: dict of columns; a related one is given like any other
        """
        uid, moment = self.env.uid, fields.Datetime.now()
        row = {
            **values,
            "create_uid": uid,
            "create_date": moment,
            "write_uid": uid,
            "write_date": moment,
        }
        [(campaign_id,)] = self.env.execute_query(
            SQL(
                "INSERT INTO sms_gateway_campaign (%s) VALUES %s RETURNING id",
                _list_columns(tuple(row)),
                tuple(row.values()),
            )
        )
        campaign = self.browse(campaign_id)
        fill_cache(campaign, values)
        return campaign

    def _check_rejected(self, document, rejected):
        if rejected and document.is_strict:
            raise RecipientsRejected("rejected_users", rejected)
        if len({one.index for one in rejected}) == len(document.recipients):
            raise RecipientsRejected("no_valid_users", rejected)

    def _prepare_campaign(self, document, route, source):
        clock.keep_in_step(self.env.cr)
        accepted_at = clock.this_second()
        is_later = document.not_before and document.not_before > accepted_at
        is_single = len(document.recipients) == 1
        is_secret = self._is_secret(document)
        return {
            "name": self._make_secret_name(route)
            if is_secret
            else self._make_name(document),
            "key": new_key(),
            "user_id": self.env.uid,
            "route_id": route.id,
            "company_id": route.company_id.id,
            "source": source,
            "channel": document.channel,
            "is_debug": document.is_debug,
            "priority": PRIORITY_SINGLE if is_single else PRIORITY_BATCH,
            "state": "scheduled" if is_later else "running",
            "is_secret": is_secret,
            "text_male": None if is_secret else document.sources.male,
            "text_female": None if is_secret else document.sources.female,
            "text_alternative": None if is_secret else document.sources.alternative,
            "accepted_at": accepted_at,
            "scheduled_at": document.not_before if is_later else None,
            "starts_at": document.not_before if is_later else accepted_at,
            "ttl": document.ttl or 0,
            "recipient_count": len(document.recipients),
            "ignores_blacklist": False,
        }

    def _is_secret(self, document):
        """Whether the request, or the key that it came with, says so."""
        return document.is_secret or bool(self.env.context.get("sms_gateway_is_secret"))

    def _make_name(self, document):
        return make_title(document.sources.male)

    def _make_secret_name(self, route):
        lang = route.company_id._get_sms_gateway_lang()
        return self.with_context(lang=lang).env._("One-time code")

    def _get_expiry(self, accepted_at):
        """When the time to live of messages accepted now ends, None for never."""
        self.ensure_one()
        if not self.ttl:
            return None
        return max(self.scheduled_at or accepted_at, accepted_at) + timedelta(
            seconds=self.ttl
        )

    # === STATUS ===
    def _get_totals(self):
        """Exact number of messages per state, whatever is folded already.

        :rtype: dict[str, int], every state in the order of the state table
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """SELECT state, sum(count) FROM sms_gateway_statistic_change
                    WHERE campaign_id = %s GROUP BY state""",
                self.id,
            )
        )
        unfolded = dict(rows)
        return {
            state: self[f"{state}_count"] + int(unfolded.get(state, 0))
            for state in STATES
        }

    def _get_status(self, totals):
        """The campaign's state, exact at this moment."""
        self.ensure_one()
        if self.state in HELD_STATES:
            return self.state
        waiting = totals["queued"] + totals["submitting"] + self.unprepared_count
        if not waiting:
            return "done"
        return (
            "scheduled"
            if (self.scheduled_at or datetime.min) > clock.now()
            else "running"
        )

    @api.model
    def _find(self, key, route):
        """The campaign of this key, sent through this route."""
        return self.search([("key", "=", key), ("route_id", "=", route.id)])

    def _get_status_page(self, offset, limit):
        """The campaign's state and one page of its messages.

        Pages are ranges of indexes, so that the last one costs what the first costs.
        A message that a person sent again is told once, as it was accepted.

        :rtype: CampaignStatus
        """
        self.ensure_one()
        totals = self._get_totals()
        messages = self.env["sms.gateway.message"].search(
            [
                ("campaign_id", "=", self.id),
                ("index", ">=", offset),
                ("index", "<", offset + limit),
                ("retry_of_id", "=", False),
            ],
            order="index",
        )
        end = offset + limit
        return CampaignStatus(
            state=self._get_status(totals),
            totals=totals,
            messages=[message._get_status() for message in messages],
            next_offset=end if end < self.recipient_count else None,
        )

    # === CHORES ===
    @api.model
    def _sweep_cancelled(self, limit=10):
        """Cancel what is still queued in some of the cancelled campaigns.

        :return: the number of messages cancelled; call again until it is 0
        """
        campaigns = self.search(
            [("state", "=", "cancelled"), ("queued_count", ">", 0)],
            order="id",
            limit=limit,
        )
        changes = self.env["sms.gateway.state.change"]
        return sum(changes._cancel_queued(campaign) for campaign in campaigns)

    @api.model
    def _forget_before(self, oldest, limit):
        """Empty campaigns of people that have ended and have no message left, and
        delete others: what they came to stands in the statistics.

        :return: the number of campaigns that were found
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, source = 'person' AND is_test IS NOT TRUE AND NOT is_debug
                  FROM sms_gateway_campaign c
                 WHERE COALESCE(starts_at, write_date) < %s
                   AND state IN ('done', 'cancelled') AND emptied_at IS NULL
                   AND COALESCE(unprepared_count, 0) = 0
                   AND COALESCE(submitted_count, 0) + COALESCE(unknown_count, 0) = 0
                   AND NOT EXISTS (SELECT FROM sms_gateway_message m
                                    WHERE m.campaign_id = c.id)
                   AND NOT EXISTS (SELECT FROM sms_gateway_statistic_change s
                                    WHERE s.campaign_id = c.id)
              ORDER BY COALESCE(starts_at, write_date), id
                 LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
                """,
                oldest,
                limit,
            )
        )
        found = self.browse(number for number, _is_kept in rows)
        found._delete_rows("sms_gateway_recipient", "campaign_id")
        self.browse(number for number, is_kept in rows if is_kept)._empty()
        # without the ORM, which lets nobody delete what was sent
        rest = self.browse(number for number, is_kept in rows if not is_kept)
        rest._delete_rows("sms_gateway_campaign", "id")
        self.env.invalidate_all(flush=False)
        return len(rows)

    def _empty(self):
        """Leave what may be counted: dates, whose it was, the counters."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET name = '#' || id, text_male = NULL, text_female = NULL,
                       text_neutral = NULL, text_alternative = NULL, test_phone = NULL,
                       res_domain = '[]', filter_id = NULL, accepted_names = NULL,
                       pause_reason = NULL, emptied_at = %s
                 WHERE id = ANY(%s)
                """,
                clock.now(),
                list(self.ids),
            )
        )

    def _delete_rows(self, table, column):
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE %s = ANY(%s)",
                SQL.identifier(table),
                SQL.identifier(column),
                list(self.ids),
            )
        )
