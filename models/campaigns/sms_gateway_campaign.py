"""Campaigns: batches of messages accepted together, and their drafts."""

from datetime import datetime, timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import SQL

from ...tools.statuses import CampaignStatus
from ...tools.template import make_title
from ...tools.vocabulary import HELD_STATES, PRIORITY_BATCH, SENT_OUTCOMES, STATES
from ..common import clock
from ..common.notification import CLOSE, make_notification
from ..recipients.sms_gateway_recipient import find_phones
from ..routes.public_address import explain_address
from ..sending.reasons import say_words
from ..sending.selections import CAMPAIGN_SOURCES, CAMPAIGN_STATES, CATEGORIES, CHANNELS
from .campaign_values import new_key
from .draft_rules import (
    DRAFT_FIELDS,
    check_is_draft,
    check_may_decide,
    check_may_delete,
    get_decided_context,
)
from .filters import read_domain, read_selection
from .recipient_sources import get_stored_sources
from .sms_gateway_campaign_change import CHANGEABLE

#: Words in the name of a campaign find the messages of so many campaigns, the newest.
MAX_FOUND = 100


class SmsGatewayCampaign(models.Model):
    """One batch with a key: from the API, a person or a server action.

    People create drafts and write `DRAFT_FIELDS` of them. `sms.gateway.campaign.accept`
    accepts a draft or a request, `sms.gateway.fan.out` writes the messages of an
    accepted draft, and `sms.gateway.campaign.state` pauses, resumes and cancels.

    The counters count one message for each recipient: the one that counts, see
    `sms.gateway.succession`. A message waits, is sent or is not sent; a sent one is
    submitted, unknown, delivered or not delivered (`outcomes`).

    The counters are folded in from `sms.gateway.statistic.change` a moment after the
    messages moved; `_get_totals` adds what is not folded yet.

    This file is longer than others: the model's many fields stand together with what
    computes and guards them.
    """

    _name = "sms.gateway.campaign"
    _inherit = ["sms.gateway.readable", "sms.gateway.text.variants"]
    _description = "SMS Gateway Campaign"
    _order = "id desc"

    name = fields.Char(required=True)
    key = fields.Char(
        "Request key",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: new_key(),
    )
    route_id = fields.Many2one(
        "sms.gateway.route",
        required=True,
        ondelete="restrict",
        default=lambda self: self._get_default_route(),
    )
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
    category = fields.Selection(
        CATEGORIES,
        "Message category",
        help="What the messages are for. Routing policies and price lists may depend on"
        " it.",
    )
    is_debug = fields.Boolean("Dry run", required=True, default=False)
    is_test = fields.Boolean(
        "Test",
        readonly=True,
        help="Sent to a test number only. The dashboard counts tests separately.",
    )
    is_temporary = fields.Boolean(
        "Temporary",
        help="Created by the send dialog. Deleted unless the draft is saved or sent.",
    )

    # what is sent
    template_id = fields.Many2one("sms.gateway.template")
    text_alternative = fields.Text(
        "Fallback SMS",
        help="Sent if the call is not answered, is declined or fails.",
    )
    is_transliterated = fields.Boolean(
        "Transliterate",
        help="Converts Cyrillic to Latin letters, so one SMS part holds 160"
        " characters instead of 70.",
    )
    has_short_links = fields.Boolean(
        "Short links",
        help="Replaces each link in the text with a unique short link per recipient"
        " and counts clicks.",
    )
    address_trouble = fields.Char(
        "Problem with the public address", compute="_compute_address_trouble"
    )
    is_secret = fields.Boolean(
        "One-time codes",
        readonly=True,
        copy=False,
        help="The texts are hidden from all users and deleted as soon as the outcome"
        " of the message is known.",
    )
    ignores_blacklist = fields.Boolean(
        "Ignore blacklist",
        readonly=True,
        help="Messages are also sent to blacklisted numbers.",
    )
    mailing_id = fields.Integer(
        "SMS Marketing mailing",
        readonly=True,
        help="ID of the SMS Marketing mailing; the app may not be installed.",
    )
    test_phone = fields.Char(
        "Test numbers",
        default=lambda self: self._get_default_test_phone(),
        help="One or more numbers, separated by commas.",
    )
    accepted_names = fields.Json(
        "Accepted Placeholders",
        readonly=True,
        copy=False,
        help="Placeholders used in the accepted texts.",
    )

    # to whom
    recipient_source = fields.Selection(
        [
            ("lists", "Recipient lists"),
            ("filter", "Filter"),
            ("selection", "Selected records"),
        ],
        string="Recipient source",
        default="lists",
    )
    # archived lists are offered no more, but stay where they were chosen
    list_ids = fields.Many2many(
        "sms.gateway.list", string="Lists", context={"active_test": False}
    )
    res_model = fields.Selection(
        selection="_selection_res_model", string="Record type", default="res.partner"
    )
    res_domain = fields.Char("Filter", default="[]")
    filter_id = fields.Many2one(
        "ir.filters", string="Saved filter", domain="[('model_id', '=', res_model)]"
    )
    recipient_ids = fields.One2many("sms.gateway.recipient", "campaign_id")
    recipient_count = fields.Integer("Recipients", readonly=True)
    unprepared_count = fields.Integer(
        "Not prepared yet",
        readonly=True,
        help="Recipients whose messages have not been prepared yet.",
    )
    prepared_share = fields.Float(
        "Prepared (%)", compute="_compute_prepared_share", digits=(5, 1)
    )
    looks_again = fields.Boolean(
        "Reapply filters at send time",
        readonly=True,
        copy=False,
        help="Filters and mailing lists are applied again at the send time. Until"
        " then, the recipients found at acceptance are shown.",
    )

    # when
    accepted_at = fields.Datetime("Accepted on", readonly=True)
    scheduled_at = fields.Datetime("Scheduled for")
    starts_at = fields.Datetime("Starts on", compute="_compute_starts_at", store=True)
    ttl = fields.Integer("Validity period (s)")
    ttl_hours = fields.Float(
        "Send within",
        compute="_compute_ttl_hours",
        inverse="_inverse_ttl_hours",
        help="If the message has not been submitted within this time (hours:minutes),"
        " it expires and is not sent. Empty = no limit.",
    )
    emptied_at = fields.Datetime(
        "Cleared on",
        readonly=True,
        copy=False,
        help="When its texts, title and recipients were deleted together with the"
        " last message.",
    )

    # its state
    state = fields.Selection(
        CAMPAIGN_STATES,
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        group_expand=True,
        string="Status",
    )
    moves = fields.Integer(
        readonly=True,
        copy=False,
        help="Number of times the campaign was sent, paused, resumed or cancelled.",
    )
    pause_reason = fields.Char("Stored reason", readonly=True, copy=False)
    pause_words = fields.Char("Pause reason", compute="_compute_pause_words")
    may_move = fields.Boolean(compute="_compute_may_move")
    priority = fields.Integer(readonly=True, default=PRIORITY_BATCH)

    # what became of it
    message_ids = fields.One2many("sms.gateway.message", "campaign_id")
    queued_count = fields.Integer("Queued", readonly=True)
    submitting_count = fields.Integer("Submitting", readonly=True)
    submitted_count = fields.Integer("Submitted", readonly=True)
    unknown_count = fields.Integer("Outcome unknown", readonly=True)
    delivered_count = fields.Integer("Delivered", readonly=True)
    failed_count = fields.Integer("Failed", readonly=True)
    expired_count = fields.Integer("Expired", readonly=True)
    cancelled_count = fields.Integer("Cancelled", readonly=True)
    sent_count = fields.Integer(
        "Total sent",
        readonly=True,
        help="Submitted to the provider, including messages with an unknown outcome.",
    )
    not_delivered_count = fields.Integer(
        "Not delivered",
        readonly=True,
        help="Submitted to the provider, then failed or expired.",
    )
    not_sent_count = fields.Integer(
        "Not sent",
        readonly=True,
        help="Never submitted to the provider: no number, opted out, invalid data,"
        " cancelled or expired before sending.",
    )
    waiting_count = fields.Integer(
        "Waiting to be sent", compute="_compute_message_count"
    )
    message_count = fields.Integer("Messages", compute="_compute_message_count")
    resent_count = fields.Integer(
        "Replaced",
        compute="_compute_resent_count",
        help="Messages that were sent again, by a user or by the next step of the"
        " policy. The counts include only the message that counts for each recipient.",
    )
    delivered_share = fields.Float(
        "Delivered (%)",
        compute="_compute_message_count",
        digits=(5, 1),
        help="Share of the sent messages.",
    )
    click_count = fields.Integer("Clicks", compute="_compute_clicks")
    clicked_share = fields.Float(
        "Clicked (%)",
        compute="_compute_clicks",
        digits=(5, 1),
        help="Share of the sent messages whose recipients clicked a link.",
    )
    past_click_count = fields.Integer(
        "Past Clicks",
        readonly=True,
        copy=False,
        help="Clicks on links that were deleted together with their messages.",
    )
    past_clicker_count = fields.Integer("Past Clickers", readonly=True, copy=False)

    _key_unique = models.UniqueIndex("(key)")
    _cancelled_index = models.Index(
        "(id) WHERE state = 'cancelled' AND queued_count > 0"
    )
    # Few campaigns are people's: the API makes one per request.
    _people_index = models.Index("(id) WHERE source <> 'api'")
    _test_index = models.Index("(id) WHERE is_test IS TRUE")
    _unprepared_index = models.Index("(id) WHERE unprepared_count > 0")
    _retention_index = models.Index(
        "(COALESCE(starts_at, write_date), id)"
        " WHERE state IN ('done', 'cancelled') AND emptied_at IS NULL"
    )

    # === DEFAULTS ===
    @api.model
    def _get_default_route(self):
        """The first route of the user's company, one that sends if there is one."""
        Route = self.env["sms.gateway.route"]
        ours = [("company_id", "=", self.env.company.id)]
        active = Route.search([*ours, ("state", "=", "active")], limit=1)
        return active or Route.search(ours, limit=1) or Route.search([], limit=1)

    @api.model
    def _get_default_test_phone(self):
        """The author's own number, where an SMS can reach it."""
        [phone] = find_phones(self.env.user.partner_id, self.env.company)
        return phone.serves("sms") and phone.raw

    @api.model
    def _selection_res_model(self):
        """Models whose records can be written to: those with a phone number."""
        known = ["res.partner", "crm.lead", "mailing.contact"]
        # sudo: names of models are no secret
        models_known = [
            self.env["ir.model"].sudo()._get(name) for name in known if name in self.env
        ]
        return [(model.model, model.name) for model in models_known]

    @api.model
    @tools.ormcache("self.env.lang")
    def _selection_any_model(self):
        # sudo: names of models are no secret, and server actions send to any
        names = self.env["ir.model"].sudo().search([("transient", "=", False)])
        return [(model.model, model.name) for model in names]

    # === COMPUTES ===
    @api.depends(
        *(f"{state}_count" for state in STATES),
        "sent_count",
    )
    def _compute_message_count(self):
        for campaign in self:
            total = sum(campaign[f"{state}_count"] for state in STATES)
            sent = campaign.sent_count
            campaign.waiting_count = campaign.queued_count + campaign.submitting_count
            campaign.message_count = total
            campaign.delivered_share = (
                100 * campaign.delivered_count / sent if sent else 0
            )

    def _compute_resent_count(self):
        groups = self.env["sms.gateway.message"]._read_group(
            [("campaign_id", "in", self.ids), ("is_superseded", "=", True)],
            ["campaign_id"],
            ["__count"],
        )
        counts = {campaign.id: count for campaign, count in groups}
        for campaign in self:
            campaign.resent_count = counts.get(campaign._origin.id, 0)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_may_move(self):
        """Whoever sent a campaign may stop it; managers, any."""
        user = self.env.user
        is_manager = user.has_group("crm_sms_gateway.group_manager")
        is_user = user.has_group("crm_sms_gateway.group_user")
        for campaign in self:
            campaign.may_move = is_manager or is_user and campaign.user_id == user

    @api.depends("ttl")
    def _compute_ttl_hours(self):
        for campaign in self:
            campaign.ttl_hours = campaign.ttl / 3600

    def _inverse_ttl_hours(self):
        for campaign in self:
            campaign.ttl = round(campaign.ttl_hours * 3600)

    @api.depends("pause_reason")
    @api.depends_context("lang")
    def _compute_pause_words(self):
        for campaign in self:
            campaign.pause_words = say_words(self.env, campaign.pause_reason)

    @api.depends("scheduled_at", "accepted_at")
    def _compute_starts_at(self):
        for campaign in self:
            campaign.starts_at = campaign.scheduled_at or campaign.accepted_at

    @api.depends("recipient_count", "unprepared_count")
    def _compute_prepared_share(self):
        for campaign in self:
            count = campaign.recipient_count
            left = campaign.unprepared_count
            campaign.prepared_share = 100 * (count - left) / count if count else 0

    @api.depends("route_id")
    @api.depends_context("lang")
    def _compute_address_trouble(self):
        for campaign in self:
            campaign.address_trouble = explain_address(campaign)

    def _compute_clicks(self):
        groups = self.env["sms.gateway.link"]._read_group(
            [("campaign_id", "in", self.ids), ("click_count", ">", 0)],
            ["campaign_id"],
            ["click_count:sum", "index:count_distinct"],
        )
        counts = {campaign: (clicks, clickers) for campaign, clicks, clickers in groups}
        for campaign in self:
            clicks, clickers = counts.get(campaign, (0, 0))
            clickers += campaign.past_clicker_count
            total = campaign.sent_count
            campaign.click_count = clicks + campaign.past_click_count
            campaign.clicked_share = 100 * clickers / total if total else 0

    @api.model
    def _search_display_name(self, operator, value):
        """Override: a few campaigns by their ids, so that messages of campaigns with
        some words in their names are found by an index."""
        domain = super()._search_display_name(operator, value)
        if operator != "ilike":
            return domain
        found = self.search(domain, order="id desc", limit=MAX_FOUND)
        return [("id", "in", found.ids)]

    # === CHECKS ===
    @api.constrains("res_model", "res_domain")
    def _check_res_domain(self):
        for campaign in self.filtered("res_model"):
            read_domain(self.env[campaign.res_model], campaign.res_domain)

    @api.constrains("ttl")
    def _check_ttl(self):
        if any(campaign.ttl < 0 for campaign in self):
            raise ValidationError(self.env._("The validity period cannot be negative."))

    # === ONCHANGES ===
    @api.onchange("template_id")
    def _onchange_template_id(self):
        if self.template_id:
            self.update(self.template_id._get_campaign_values())
            self.has_variants = self._differs_by_gender()

    @api.onchange("res_model")
    def _onchange_res_model(self):
        if self.filter_id.model_id != self.res_model:
            self.filter_id = False
            self.res_domain = "[]"

    @api.onchange("filter_id")
    def _onchange_filter_id(self):
        if self.filter_id:
            self.res_domain = self.filter_id.domain

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: people make drafts only."""
        for vals in vals_list:
            check_may_decide(self.env, vals)
            vals["name"] = vals.get("name") or self._make_title(vals.get("text_male"))
        context = get_decided_context(self.env)
        decided = self.with_env(self.env(context=context))
        campaigns = super(SmsGatewayCampaign, decided).create(vals_list)
        campaigns._check_choices()
        return campaigns.with_env(self.env)

    def write(self, vals):
        """Override: people change drafts only, and of these only what is theirs; of
        what they have sent they change `CHANGEABLE`."""
        check_may_decide(self.env, vals)
        if "name" in vals:
            vals = {**vals, "name": vals["name"] or self._make_title(None)}
        drafts = self
        if not self.env.su:
            drafts = self._write_accepted(vals)
            check_is_draft(drafts)
        result = super(SmsGatewayCampaign, drafts).write(vals)
        drafts._check_choices()
        return result

    def _write_accepted(self, vals):
        """Write what people may change of campaigns that they have sent.

        :return: the other campaigns
        """
        if not vals.keys() <= CHANGEABLE:
            return self
        accepted = self.filtered(lambda campaign: campaign.state != "draft")
        if accepted:
            self.env["sms.gateway.campaign.change"]._write(accepted, vals)
        return self - accepted

    def _check_choices(self):
        """What is chosen is readable for whoever chose it."""
        if not self.env.su:
            for name in ("route_id", "template_id", "list_ids"):
                self[name].check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        check_may_delete(self)

    def _make_title(self, text):
        """The beginning of a text, as people read it."""
        return make_title(text or "") or self.env._("New campaign")

    def copy_data(self, default=None):
        """Override: a copy is a draft of the same decisions."""
        copies = super().copy_data(default)
        copied = DRAFT_FIELDS - {"scheduled_at"}
        decided = [
            {name: value for name, value in values.items() if name in copied}
            for values in copies
        ]
        for values in decided:
            if not values.get("recipient_source"):
                # of requests and tests nobody chose any
                values.pop("recipient_source", None)
        return decided

    def copy(self, default=None):
        """Override: a copy goes to the records that were selected for the first one."""
        copies = super().copy(default)
        for campaign, copy in zip(self, copies, strict=True):
            if copy.recipient_source == "selection":
                copy._snapshot_recipients(get_stored_sources(campaign))
        return copies

    # === ACCESS ===
    def _make_readable(self, alias):
        """Campaigns are read by their team."""
        return self._make_shared(alias)

    # === BUTTONS OF DRAFTS ===
    def action_preview(self, changes, position=None):
        """Preview the texts while the author types; see `_preview`."""
        preview = self.env["sms.gateway.campaign.preview"]
        return preview._preview(self, changes, position)

    def action_check_recipients(self, changes, first=0):
        """Find out who gets the text and who does not; see `_check_recipients`."""
        preview = self.env["sms.gateway.campaign.preview"]
        return preview._check_recipients(self, changes, first)

    def action_send_test(self, changes=None, position=None):
        """Send the text of one recipient to the test number; the draft stays a draft.

        :param changes: dict of fields that are not saved yet
        :param position: which recipient, as of `_preview`
        """
        accept = self.env["sms.gateway.campaign.accept"]
        return accept._send_test(self, changes or {}, position)

    def action_list_placeholders(self, changes):
        """List what the texts may use; see `_list_placeholders`."""
        preview = self.env["sms.gateway.campaign.preview"]
        return preview._list_placeholders(self, changes)

    def action_list_left_out(self, changes, problem):
        """List recipients who get nothing, and why; see `_list`."""
        left_out = self.env["sms.gateway.campaign.left.out"]
        return left_out._list(self, changes, problem)

    def action_complete_left_out(self, completed):
        """Write the data that recipients lack; see `_complete`."""
        return self.env["sms.gateway.campaign.left.out"]._complete(self, completed)

    def action_ask_to_send(self):
        """Find out what the author confirms before sending; see `_ask`."""
        return self.env["sms.gateway.campaign.confirmation"]._ask(self)

    def action_send(self):
        """Accept the draft as it stands: from here on it is the gateway's."""
        return self.env["sms.gateway.campaign.accept"]._send(self)

    def action_keep(self, changes=None):
        """Keep the draft of a dialog among the campaigns.

        :param changes: dict of fields that are not saved yet
        :return: the action that tells where the draft is
        """
        self.ensure_one()
        self.write({**(changes or {}), "is_temporary": False})
        accept = self.env["sms.gateway.campaign.accept"]
        self.name = accept._get_title(self)
        return make_notification(
            self.env._("The draft is saved under Campaigns: %s"),
            "info",
            links=[{"label": self.name, "url": f"/odoo/sms-gateway/{self.id}"}],
            next=CLOSE,
        )

    def _lock(self):
        """Lock the row, so that a draft is sent once.

        The second of two transactions that send the same draft waits here and fails to
        serialise; Odoo repeats it, and it finds that the draft was sent.
        """
        self.env.cr.execute(
            SQL("SELECT FROM sms_gateway_campaign WHERE id = %s FOR UPDATE", self.id)
        )

    def _get_author_env(self):
        """The environment in which the author's records are read; see
        `_make_author_env`."""
        return self._make_author_env(self.user_id)

    def _make_author_env(self, author):
        """The author's environment: their rights, all of their companies, their
        language."""
        context = {"allowed_company_ids": author.company_ids.ids, "lang": author.lang}
        return self.env(user=author.id, su=False, context=context)

    # === BUTTONS ===
    def action_pause(self):
        self.env["sms.gateway.campaign.state"]._pause(self)

    def action_resume(self):
        self.env["sms.gateway.campaign.state"]._resume(self)

    def action_cancel(self):
        self.env["sms.gateway.campaign.state"]._cancel(self)

    def action_return_to_draft(self):
        self.env["sms.gateway.campaign.change"]._return_to_draft(self)

    def action_open_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_message_action"
        )
        # of a recipient's messages the one that counts, the others at a click
        context = {"search_default_counting": 1} if self.resent_count else {}
        domain = [("campaign_id", "=", self.id)]
        return {**action, "domain": domain, "context": context}

    def action_open_sent(self):
        action = self.action_open_messages()
        return {
            **action,
            "domain": [
                *action["domain"],
                ("outcome", "in", SENT_OUTCOMES),
                ("is_superseded", "=", False),
            ],
        }

    def action_send_again(self):
        """Ask which of the campaign's messages are sent again, and how."""
        self.ensure_one()
        return self.env["sms.gateway.send.again"]._open_for_campaign(self)

    def action_open_links(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_sms_gateway.sms_gateway_link_action"
        )
        return {**action, "domain": [("campaign_id", "=", self.id)]}

    # === DIALOG ===
    @api.model
    def _open_composer(self):
        """Open a draft to the records selected in a list or form, in a dialog.

        Called by server actions, with the web client's context.
        """
        campaign = self._create_temporary({"recipient_source": "selection"})
        campaign._snapshot_recipients([read_selection(self.env.context)])
        return campaign._get_composer_action()

    @api.model
    def _create_temporary(self, values):
        """A draft for a dialog, through the first route there is."""
        self._check_has_route()
        return self.create({"is_temporary": True, **values})

    @api.model
    def _check_has_route(self):
        """
        :raise RedirectWarning: there is none, and the user may create one
        :raise UserError: there is none, and the user may not
        """
        if self._get_default_route():
            return
        words = " ".join(self.env["sms.gateway.waiting"]._say_no_route())
        if self.env["sms.gateway.route"].has_access("create"):
            action = self.env["ir.actions.act_window"]._for_xml_id(
                "crm_sms_gateway.sms_gateway_route_action"
            )
            raise RedirectWarning(
                words,
                {**action, "views": [(False, "form")], "view_mode": "form"},
                self.env._("Create a route"),
            )
        raise UserError(words)

    def _get_composer_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send via SMS Gateway"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                (
                    self.env.ref(
                        "crm_sms_gateway.sms_gateway_campaign_view_composer"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
        }

    # === RECIPIENTS ===
    def _snapshot_recipients(self, sources):
        """Store whom the draft goes to, and how many these are.

        :param sources: list of (model name, domain), None for those who are stored
        """
        self.ensure_one()
        if sources is None:
            return
        self.env["sms.gateway.recipient"]._snapshot_recipients(self, sources)
        # sudo: only the gateway itself counts
        self.sudo().recipient_count = self._count_recipients()

    def _count_recipients(self):
        [(count,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM sms_gateway_recipient WHERE campaign_id = %s",
                self._origin.id,
            )
        )
        return count

    def _has_recipients(self):
        """Whether there are any, without counting a million of them."""
        [(has_any,)] = self.env.execute_query(
            SQL(
                """SELECT EXISTS (SELECT FROM sms_gateway_recipient
                                   WHERE campaign_id = %s)""",
                self._origin.id,
            )
        )
        return has_any

    # === STATUS ===
    def _get_totals(self):
        """Exact number of messages per state, whatever is folded already.

        :rtype: dict[str, int], every state in the order of the state table
        """
        return self._count_exactly("state", STATES)

    def _count_exactly(self, column, words):
        """The campaign's counters with what is not folded yet: they also count messages
        that are no longer stored.

        :param column: ``state`` or ``outcome``
        :param words: all values of the column
        :return: dict of every word → number of recipients
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """SELECT %(column)s, sum(COALESCE(person_count, count))::int
                     FROM sms_gateway_statistic_change
                    WHERE campaign_id = %(campaign_id)s GROUP BY %(column)s""",
                column=SQL.identifier(column),
                campaign_id=self.id,
            )
        )
        unfolded = dict(rows)
        return {word: self[f"{word}_count"] + unfolded.get(word, 0) for word in words}

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

    def _get_expiry(self, accepted_at):
        """When the time to live of messages accepted now ends, None for never."""
        self.ensure_one()
        if not self.ttl:
            return None
        return max(self.scheduled_at or accepted_at, accepted_at) + timedelta(
            seconds=self.ttl
        )

    @api.model
    def _find(self, key, route):
        """The campaign of this key, sent through this route."""
        return self.search([("key", "=", key), ("route_id", "=", route.id)])

    def _get_status_page(self, offset, limit):
        """The campaign's state and one page of its messages.

        Pages are ranges of indexes, so that the last one costs what the first costs.
        Of several messages to a recipient the one that counts is told.

        :rtype: CampaignStatus
        """
        self.ensure_one()
        totals = self._get_totals()
        messages = self.env["sms.gateway.message"].search(
            [
                ("campaign_id", "=", self.id),
                ("index", ">=", offset),
                ("index", "<", offset + limit),
                ("is_superseded", "=", False),
            ],
            order="index",
        )
        end = offset + limit
        steps = messages._find_steps_before()
        has_policy = self.route_id.is_policy
        return CampaignStatus(
            state=self._get_status(totals),
            totals=totals,
            messages=[
                message._get_status(steps.get(message.id, ()), has_policy=has_policy)
                for message in messages
            ],
            next_offset=end if end < self.recipient_count else None,
        )

    @api.model
    def _find_waiting(self, domain):
        """The campaigns of a domain that are still to be sent, as superuser."""
        waiting = fields.Domain("state", "in", ("draft", "scheduled", "paused"))
        unprepared = fields.Domain("state", "=", "running") & fields.Domain(
            "unprepared_count", ">", 0
        )
        lasting = fields.Domain("is_temporary", "!=", True)
        # sudo: campaigns the user may not see need what they use just as well
        return self.sudo().search(
            fields.Domain(domain) & lasting & (waiting | unprepared)
        )
