"""Drafts: what a person decides about a campaign before it is sent."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ...tools.filters import MAX_LENGTH, FilterError, Reader, read_filter
from ...tools.template import make_title
from ...tools.vocabulary import PRIORITY_BATCH, PRIORITY_SINGLE
from ..common import clock
from ..common.notification import CLOSE, make_notification
from ..recipients.sms_gateway_recipient import find_phones
from ..sending.reasons import say_words
from .lint_warnings import SPOKEN_VARIANTS
from .rendering import Composer
from .sms_gateway_campaign import new_key

#: What a person decides; everything else about a campaign is the gateway's.
DRAFT_FIELDS = frozenset(
    (
        "name",
        "route_id",
        "channel",
        "is_debug",
        "template_id",
        "text_male",
        "text_female",
        "text_neutral",
        "text_alternative",
        "is_transliterated",
        "has_short_links",
        "scheduled_at",
        "ttl",
        "ttl_hours",
        "recipient_source",
        "list_ids",
        "res_model",
        "res_domain",
        "filter_id",
        "is_scratch",
        "test_phone",
    )
)
#: Messages that are written while the person who sends them waits.
PREPARED_WHILE_WAITING = 100
#: Recipients looked at in one request of the browser.
CHECKED_AT_ONCE = 1000
#: The web client cuts a selection at this number of records and sends its domain along.
ACTIVE_IDS_LIMIT = 20_000


class SmsGatewayCampaign(models.Model):
    """What a person decides, until the campaign is sent."""

    _inherit = "sms.gateway.campaign"

    route_id = fields.Many2one(default=lambda self: self._get_default_route())
    template_id = fields.Many2one("sms.gateway.template")
    is_transliterated = fields.Boolean(
        "Latin letters",
        help="Russian texts in Latin letters: 160 characters fit into an SMS, not 70.",
    )
    has_short_links = fields.Boolean(
        "Short links",
        help="Links in the texts become short ones, others for every recipient, and"
        " clicks on them are counted.",
    )
    ttl_hours = fields.Float(
        "Time to live",
        compute="_compute_ttl_hours",
        inverse="_inverse_ttl_hours",
        help="Hours after which a message that has not gone out is not sent any more;"
        " 0 means that it may wait for ever.",
    )
    recipient_source = fields.Selection(
        [
            ("lists", "Recipient lists"),
            ("filter", "A filter"),
            ("selection", "Selected records"),
        ],
        string="Recipients from",
        default="lists",
    )
    # archived lists are offered no more, but stay where they were chosen
    list_ids = fields.Many2many(
        "sms.gateway.list", string="Lists", context={"active_test": False}
    )
    res_model = fields.Selection(
        selection="_selection_res_model", string="Records", default="res.partner"
    )
    res_domain = fields.Char("Filter", default="[]")
    filter_id = fields.Many2one(
        "ir.filters", string="Saved filter", domain="[('model_id', '=', res_model)]"
    )
    recipient_ids = fields.One2many("sms.gateway.recipient", "campaign_id")
    unprepared_count = fields.Integer(
        "Being prepared",
        readonly=True,
        help="Recipients whose messages are not written yet.",
    )
    looks_again = fields.Boolean(
        "Looks again",
        readonly=True,
        copy=False,
        help="Filters and mailing lists are looked through when the time to send has"
        " come; until then the recipients are those of the day of acceptance.",
    )
    prepared_share = fields.Float(
        "Prepared (%)", compute="_compute_prepared_share", digits=(5, 1)
    )
    accepted_names = fields.Json(
        readonly=True, copy=False, help="The names that the accepted texts use."
    )
    pause_reason = fields.Char("Stored reason", readonly=True, copy=False)
    pause_words = fields.Char("Reason of the pause", compute="_compute_pause_words")
    is_scratch = fields.Boolean(
        help="Made by the button of a list or form, and not kept unless it is sent."
    )
    test_phone = fields.Char(
        "Test number", default=lambda self: self._get_default_test_phone()
    )

    starts_at = fields.Datetime("Starts", compute="_compute_starts_at", store=True)

    _unprepared_index = models.Index("(id) WHERE unprepared_count > 0")

    @api.model
    def _get_default_test_phone(self):
        """The author's own number, where an SMS can reach it."""
        [phone] = find_phones(self.env.user.partner_id, self.env.company)
        return phone.serves("sms") and phone.raw

    # === COMPUTES ===
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

    # === CHECKS ===
    @api.constrains("res_model", "res_domain")
    def _check_res_domain(self):
        for campaign in self.filtered("res_model"):
            read_domain(self.env[campaign.res_model], campaign.res_domain)

    @api.constrains("ttl")
    def _check_ttl(self):
        if any(campaign.ttl < 0 for campaign in self):
            raise ValidationError(self.env._("The time to live must not be negative."))

    # === ONCHANGES ===
    @api.onchange("template_id")
    def _onchange_template_id(self):
        for name in ("text_male", "text_female", "text_neutral", "has_short_links"):
            if self.template_id:
                self[name] = self.template_id[name]

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
            self._check_may_decide(vals)
            vals.setdefault("name", self._make_title(vals.get("text_male")))
        context = self._get_decided_context()
        decided = self.with_env(self.env(context=context))
        campaigns = super(SmsGatewayCampaign, decided).create(vals_list)
        campaigns._check_choices()
        return campaigns.with_env(self.env)

    def write(self, vals):
        """Override: people change drafts only, and of these only what is theirs."""
        self._check_may_decide(vals)
        if not self.env.su:
            self._check_is_draft()
        result = super().write(vals)
        self._check_choices()
        return result

    def _get_decided_context(self):
        """The context without defaults for what is not the user's to decide."""
        if self.env.su:
            return self.env.context
        return {
            name: value
            for name, value in self.env.context.items()
            if not name.startswith("default_")
            or name.removeprefix("default_") in DRAFT_FIELDS
        }

    def _check_choices(self):
        """What is chosen is readable for whoever chose it."""
        if not self.env.su:
            for name in ("route_id", "template_id", "list_ids"):
                self[name].check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        """What never made a message has no story that would be lost."""
        for campaign in self:
            if campaign.state in ("scheduled", "running", "paused"):
                raise UserError(
                    self.env._(
                        "%(campaign)s is under way: cancel it first.",
                        campaign=campaign.name,
                    )
                )
            if campaign._has_story():
                raise UserError(campaign._explain_kept())

    @api.model
    def _find_waiting(self, domain):
        """The campaigns of a domain that are still to be sent, as superuser."""
        waiting = fields.Domain("state", "in", ("draft", "scheduled", "paused"))
        unprepared = fields.Domain("state", "=", "running") & fields.Domain(
            "unprepared_count", ">", 0
        )
        kept = fields.Domain("is_scratch", "!=", True)
        # sudo: campaigns the user may not see need what they use just as well
        return self.sudo().search(fields.Domain(domain) & kept & (waiting | unprepared))

    def _has_story(self):
        """Whether messages were ever written, kept or not."""
        return any(self._get_totals().values()) or self._has_messages([])

    def _has_messages(self, domain):
        # sudo: messages the user may not see are messages all the same
        Message = self.env["sms.gateway.message"].sudo()
        ours = fields.Domain("campaign_id", "=", self.id) & fields.Domain(domain)
        return bool(Message.search_count(ours, limit=1))

    def _explain_kept(self):
        if self._has_messages([]) and not self._has_messages([("attempts", ">", 0)]):
            return self.env._(
                "Nothing of %(campaign)s was sent, but its messages tell whom it was"
                " for and why they got nothing: it is kept with them.",
                campaign=self.name,
            )
        return self.env._(
            "%(campaign)s is kept with what became of its messages.",
            campaign=self.name,
        )

    def _check_may_decide(self, vals):
        not_theirs = vals.keys() - DRAFT_FIELDS
        if not self.env.su and not_theirs:
            raise AccessError(
                self.env._(
                    "Only the gateway writes these fields of a campaign: %(names)s.",
                    names=", ".join(sorted(not_theirs)),
                )
            )

    def _check_is_draft(self):
        for campaign in self:
            if campaign.state != "draft":
                raise UserError(campaign._explain_no_draft())

    def _explain_no_draft(self):
        if self.state == "cancelled":
            return self.env._(
                "%(campaign)s was cancelled. Duplicate it to send something like it.",
                campaign=self.name,
            )
        if self.state == "scheduled":
            return self.env._(
                "%(campaign)s was accepted already and waits for its time. To change"
                " it, cancel and duplicate it.",
                campaign=self.name,
            )
        return self.env._(
            "%(campaign)s was sent already. Duplicate it to send something like it.",
            campaign=self.name,
        )

    def _make_title(self, text):
        """The beginning of a text, as people read it."""
        return make_title(text or "") or self.env._("New campaign")

    def copy_data(self, default=None):
        """Override: a copy is a draft of the same decisions."""
        copies = super().copy_data(default)
        kept = DRAFT_FIELDS - {"scheduled_at"}
        decided = [
            {name: value for name, value in values.items() if name in kept}
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
                copy._stage(campaign._get_staged_sources())
        return copies

    def _get_staged_sources(self):
        """:return: list of (model name, domain) of the records written down"""
        groups = self.env["sms.gateway.recipient"]._read_group(
            [("campaign_id", "=", self.id)], ["res_model"], ["res_id:array_agg"]
        )
        return [
            (model_name, [("id", "in", ids)])
            for model_name, ids in groups
            if model_name in self.env
        ]

    # === OPEN ===
    @api.model
    def _open_composer(self):
        """A draft to the records selected in a list or form, in a dialog.

        Called by server actions, with the web client's context.
        """
        campaign = self._create_scratch({"recipient_source": "selection"})
        campaign._stage([read_selection(self.env.context)])
        return campaign._get_composer_action()

    @api.model
    def _get_default_route(self):
        """The first route of the user's company, one that sends if there is one."""
        Route = self.env["sms.gateway.route"]
        ours = [("company_id", "=", self.env.company.id)]
        active = Route.search([*ours, ("state", "=", "active")], limit=1)
        return active or Route.search(ours, limit=1) or Route.search([], limit=1)

    @api.model
    def _create_scratch(self, values):
        """A draft for a dialog, through the first route there is."""
        if not self._get_default_route():
            raise UserError(
                self.env._(
                    "There is no route yet: an administrator of the gateway makes one"
                    " under Configuration, Routes."
                )
            )
        return self.create({"is_scratch": True, **values})

    def _get_composer_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send by SMS gateway"),
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
    def _get_sources(self):
        """:return: list of (model name, domain), None for a selection, whose records
        are written down already"""
        self.ensure_one()
        if self.recipient_source == "selection":
            return None
        if self.recipient_source == "filter":
            if not self.res_model:
                return []
            model = self.env[self.res_model]
            return [(self.res_model, read_domain(model, self.res_domain))]
        return [source for one in self.list_ids for source in one._get_sources()]

    def _may_find_others(self):
        """Whether another day may bring other recipients: those of filters and mailing
        lists, not those who were chosen."""
        if self.recipient_source == "lists":
            return any(one.kind != "members" for one in self.list_ids)
        return self.recipient_source == "filter"

    def _look_again(self):
        """Find the recipients that there are today, as the author, in the place of
        those of the day the campaign was accepted.

        :return: whether there is something to prepare: a person may have stopped the
            campaign, or another preparer looked, while this one waited for the lock
        :raise UserError: nobody is found
        """
        self._lock()
        self.invalidate_recordset()
        if not self.looks_again:
            return bool(self.unprepared_count)
        if self.state not in ("scheduled", "running"):
            return False
        author = self.with_env(self._get_author_env())
        author._stage(author._get_sources())
        count = self._count_staged()
        if not count:
            raise UserError(
                author.env._("When the time to send had come nobody was found.")
            )
        self.write(
            {
                "state": "running",
                "looks_again": False,
                "recipient_count": count,
                "unprepared_count": count,
                "priority": _get_priority(count),
            }
        )
        return True

    def _stage(self, sources):
        """Write down whom the draft goes to, and how many these are."""
        self.ensure_one()
        if sources is None:
            return
        self.env["sms.gateway.recipient"]._stage(self, sources)
        # sudo: only the gateway itself counts
        self.sudo().recipient_count = self._count_staged()

    def _count_staged(self):
        [(count,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM sms_gateway_recipient WHERE campaign_id = %s",
                self.id,
            )
        )
        return count

    def _get_models(self):
        """The models whose records the draft goes to; a selection is of one model."""
        sources = self._get_sources()
        if sources is not None:
            return {model_name for model_name, _domain in sources}
        first = self.env["sms.gateway.recipient"].search(
            [("campaign_id", "=", self._origin.id)], order="index", limit=1
        )
        return {first.res_model} if first else set()

    def _get_value_names(self):
        """The names that texts may use of imported lines alone."""
        lists = self.list_ids if self.recipient_source == "lists" else []
        return {name for one in lists for name in one._get_value_names()}

    # === TEXTS ===
    def _get_text_sources(self, lang):
        """The texts for people who speak a language: the template's in that language,
        or else the campaign's own.

        :return: dict of male, female, neutral, alternative → source
        """
        self.ensure_one()
        translation = self.template_id._get_translation(lang)
        own = translation if translation and self._is_as_template() else self
        return {
            "male": own.text_male,
            "female": own.text_female,
            "neutral": own.text_neutral,
            "alternative": self.channel == "voice" and self.text_alternative,
        }

    def _is_as_template(self):
        """Whether nobody has changed the texts since the template was chosen: its
        translations say something else then."""
        return all(
            (self[f"text_{variant}"] or "")
            == (self.template_id[f"text_{variant}"] or "")
            for variant in SPOKEN_VARIANTS
        )

    # === LOOK ===
    def action_preview(self, changes, position=None):
        """What the author should know while typing.

        :param changes: dict of fields that are not saved yet
        :param position: which recipient to show, counted from 0; None for the first
            one who gets a message, as far as that was checked
        :return: dict of ``findings`` (level, variant and text of each), ``sizes``
            (variant → count, encoding, units), ``recipient`` (or None), ``position``,
            ``total``
        """
        draft = self._with_changes(changes)
        composer = Composer(draft, self.env)
        recipient = self._get_shown(position)
        samples = composer.read_samples(recipient)
        return {
            "findings": composer.describe_findings(samples),
            "sizes": composer.measure(samples),
            "recipient": self._preview_recipient(composer, recipient),
            "position": recipient.index,
            "total": self._count_staged(),
        }

    def _with_changes(self, changes):
        self.ensure_one()
        self.check_access("read")
        wanted = {
            name: value for name, value in changes.items() if name in DRAFT_FIELDS
        }
        return self.new(wanted, origin=self) if wanted else self

    def _preview_recipient(self, composer, recipient):
        if not recipient or composer.find_error():
            return None
        [(person, composed)] = composer.compose(recipient)
        return {
            "name": person.record.display_name if person else "",
            "phone": composed.msisdn or composed.phone,
            "gender": composed.gender,
            "text": composed.text,
            "text_alternative": composed.text_alternative,
            "segments": composed.segments,
            "encoding": composed.encoding,
            "problem": composer.explain(composed),
        }

    def _get_shown(self, position):
        """The recipient at a position, or the first one without a problem."""
        if position is not None:
            return self._get_staged(position, 1)
        domain = [("campaign_id", "=", self._origin.id), ("problem", "=", False)]
        served = self.env["sms.gateway.recipient"].search(
            domain, order="index", limit=1
        )
        return served or self._get_staged(0, 1)

    def _get_staged(self, first, count):
        return self.env["sms.gateway.recipient"].search(
            [
                ("campaign_id", "=", self._origin.id),
                ("index", ">=", first),
                ("index", "<", first + count),
            ],
            order="index",
        )

    def action_check_recipients(self, changes, first=0):
        """Find out who gets the text and who does not, a thousand at a time.

        The first call looks for the recipients of filters and lists anew.

        :return: dict of ``total``, ``next`` (None at the end), ``refusal`` (why the
            draft cannot be sent as it stands and nobody gets it, None when it can),
            ``currency_id`` and of what this part has: see `Check`
        """
        self.check_access("write")
        self._lock()
        self._check_is_draft()
        draft = self._with_changes(changes)
        if not first and self.recipient_source != "selection":
            self._stage(draft._get_sources())
        composer = Composer(draft, self.env)
        refusal = draft._explain_refusal(composer)
        rows = self._get_staged(first, CHECKED_AT_ONCE)
        check = composer.check(rows, is_refused=bool(refusal))
        end = first + CHECKED_AT_ONCE
        return {
            "total": self.recipient_count,
            "next": end if end < self.recipient_count else None,
            "refusal": refusal,
            "segments": check.segments,
            "problems": check.problems,
            "cost": None if check.cost is None else float(check.cost),
            "unpriced": check.unpriced,
            "currency_id": draft.route_id.company_id.currency_id.id,
        }

    # === SEND ===
    def action_send(self):
        """Accept the draft as it stands: from here on it is the gateway's."""
        self.ensure_one()
        self.check_access("write")
        self._lock()
        self._check_is_draft()
        self._check_can_send(Composer(self, self.env))
        self._check_time()
        self._stage(self._get_sources())
        if not (self._count_staged() or self._is_later() and self._may_find_others()):
            raise UserError(
                self.env._("Nobody would get this: there are no recipients.")
            )
        self._accept_draft()
        self._fold_after_commit()
        return self._tell_accepted()

    def _explain_refusal(self, composer):
        """Why the draft would not be accepted as it stands; None when it would be,
        should there be recipients."""
        try:
            self._check_can_send(composer)
            self._check_time()
        except UserError as error:
            return str(error)
        return None

    def _check_time(self):
        if self.scheduled_at and self.scheduled_at < clock.now():
            raise UserError(
                self.env._(
                    "The time to send at has passed. Choose another one, or none to"
                    " send at once."
                )
            )

    def _lock(self):
        """Of two people who send the same draft the second waits, is repeated by Odoo
        and told that it was sent already."""
        self.env.cr.execute(
            SQL("SELECT FROM sms_gateway_campaign WHERE id = %s FOR UPDATE", self.id)
        )

    def _check_can_send(self, composer):
        self._check_route()
        sources = self._get_text_sources(None)
        if not any((sources[name] or "").strip() for name in SPOKEN_VARIANTS):
            raise UserError(self.env._("Write a text or choose a template first."))
        if error := composer.find_error():
            raise UserError(error)

    def _explain_route(self):
        """Why nothing can be sent through the route, None when it can."""
        try:
            self._check_route()
        except UserError as error:
            return str(error)
        return None

    def _check_route(self):
        if not self.route_id:
            raise UserError(self.env._("Choose a route: it says who sends."))
        self.route_id._check_sends(self.channel)

    def _accept_draft(self):
        """Let the preparer write the messages; a few are written at once."""
        self.route_id._lock_active()
        count = self._count_staged()
        accepted_at = clock.this_second()
        is_later = self._is_later()
        looks_again = is_later and self._may_find_others()
        # sudo: people decide, only the gateway moves campaigns on
        campaign = self.sudo()
        campaign.write(
            {
                "state": "scheduled" if is_later else "running",
                "moves": campaign.moves + 1,
                "user_id": self._get_author().id,
                "accepted_at": accepted_at,
                "scheduled_at": self.scheduled_at if is_later else False,
                "priority": _get_priority(count),
                "recipient_count": count,
                # looking again is something to prepare, even if today finds nobody
                "unprepared_count": max(count, 1) if looks_again else count,
                "looks_again": looks_again,
                "is_scratch": False,
                "name": self._get_title(),
            }
        )
        campaign._keep_names()
        if campaign.state == "paused":
            return
        preparer = campaign.env["sms.gateway.fan.out"]
        if looks_again:
            preparer._wake(campaign.scheduled_at)
            return
        preparer._wake()
        if count <= PREPARED_WHILE_WAITING:
            preparer._prepare_alone(campaign)

    def _is_later(self):
        return bool(self.scheduled_at and self.scheduled_at > clock.now())

    def _get_author(self):
        """Who sends: whoever presses the button; of an action, whom it was given."""
        return self.user_id if self.source == "action" else self.env.user

    def _keep_names(self):
        """Keep the names of the texts as they were checked: lists and fields may be
        gone when the messages are written."""
        composer = Composer(self, self._get_author_env())
        if error := self._explain_route() or composer.find_error():
            self._stop(error)
        else:
            self.accepted_names = sorted(composer.get_used_names())

    def _get_title(self):
        """The name that the author gave, or else the beginning of the text."""
        if self.name != self._make_title(None):
            return self.name
        return self._make_title(self.text_male or self.text_neutral or self.text_female)

    def _fold_after_commit(self):
        """Whoever looks at the campaign next sees its messages counted."""
        registry = self.env.registry

        def fold():
            with registry.cursor() as cr:
                # the counters are the gateway's
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                env["sms.gateway.statistic.change"]._fold_apart()

        self.env.cr.postcommit.add(fold)

    def _tell_accepted(self):
        """A word to the person, with a way to the campaign."""
        served = self._count_served()
        if self.looks_again:
            message = self.env._(
                "Accepted for about %(count)s recipients, who are looked for again when"
                " the time has come: %%s",
                count=served,
            )
        elif served == self.recipient_count:
            message = self.env._("Accepted for %(count)s recipients: %%s", count=served)
        else:
            message = self.env._(
                "Accepted for %(served)s of %(count)s recipients: %%s",
                served=served,
                count=self.recipient_count,
            )
        return make_notification(
            message,
            "success" if served or self.looks_again else "warning",
            links=[{"label": self.name, "url": f"/odoo/sms-gateway/{self.id}"}],
            next=CLOSE,
        )

    def _count_served(self):
        """Recipients who get a message; those not prepared yet may get one."""
        totals = self._get_totals()
        return self.recipient_count - totals["failed"] - totals["cancelled"]

    def action_keep(self):
        """Keep the draft of a dialog among the campaigns."""
        self.is_scratch = False
        return {"type": "ir.actions.act_window_close"}

    def action_send_test(self, changes=None, position=None):
        """Send the text of one recipient to the test number; the draft stays a draft.

        :param changes: dict of fields that are not saved yet
        :param position: see `action_preview`
        """
        self.check_access("write")
        self._check_is_draft()
        draft = self._with_changes(changes or {})
        composer = Composer(draft, self.env)
        draft._check_can_send(composer)
        recipient = self._get_shown(position)
        phone = (draft.test_phone or "").strip()
        if not phone:
            raise UserError(
                self.env._("Enter the test number first: it alone gets the test.")
            )
        composed = composer.compose_test(recipient, phone)
        if composed.problems:
            raise UserError(
                self.env._(
                    "Test number %(phone)s: %(problem)s",
                    phone=phone,
                    problem=composer.explain(composed),
                )
            )
        # sudo: people may send, only the gateway writes campaigns that are under way
        test = self.sudo()._insert_test(draft)
        ready = test.env["sms.gateway.link"]._issue(test, [composed], composer.links)
        test.env["sms.gateway.enqueue"]._enqueue(test, ready)
        return make_notification(
            self.env._(
                "The test goes to %(phone)s: nobody else gets it.",
                phone=composed.msisdn,
            ),
        )

    def _insert_test(self, draft):
        return self._insert(
            {
                "name": self.env._("Test: %(campaign)s", campaign=draft._get_title()),
                "key": new_key(),
                "user_id": self.env.uid,
                "route_id": draft.route_id.id,
                "company_id": draft.route_id.company_id.id,
                "source": "person",
                "channel": draft.channel,
                "is_debug": draft.is_debug,
                "priority": PRIORITY_SINGLE,
                "state": "running",
                "text_male": draft.text_male or None,
                "text_female": draft.text_female or None,
                "text_neutral": draft.text_neutral or None,
                "text_alternative": draft.text_alternative or None,
                "has_short_links": draft.has_short_links,
                "accepted_at": clock.this_second(),
                "starts_at": clock.this_second(),
                "ttl": 0,
                "recipient_count": 1,
                "is_test": True,
                "ignores_blacklist": False,
            }
        )

    # === PREPARE ===
    def _get_author_env(self):
        """The author's environment: their rights, all of their companies, their
        language."""
        author = self.user_id
        context = {"allowed_company_ids": author.company_ids.ids, "lang": author.lang}
        return self.env(user=author.id, su=False, context=context)

    def _count_prepared(self, count):
        """Note that so many more are prepared; when none was found, all are."""
        self.flush_recordset(["unprepared_count"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET unprepared_count = CASE WHEN %(count)s = 0 THEN 0
                       ELSE GREATEST(unprepared_count - %(count)s, 0) END
                 WHERE id = %(id)s
                """,
                count=count,
                id=self.id,
            )
        )
        self.invalidate_recordset(["unprepared_count", "prepared_share"])

    def _stop(self, reason):
        """Pause what cannot be prepared, unless a person has cancelled it meanwhile:
        then the rest is not written any more."""
        self.flush_recordset(["state", "pause_reason", "unprepared_count", "moves"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_campaign
                   SET pause_reason = %(reason)s,
                       unprepared_count = CASE WHEN state = 'cancelled' THEN 0
                                               ELSE unprepared_count END,
                       state = CASE WHEN state = 'cancelled' THEN state
                                    ELSE 'paused' END,
                       moves = COALESCE(moves, 0) + 1
                 WHERE id = %(id)s
                """,
                reason=reason,
                id=self.id,
            )
        )
        self.invalidate_recordset()

    # === CHORES ===
    @api.autovacuum
    def _gc_scratch(self):
        """Drafts of dialogs that were closed."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        domain = [
            ("state", "=", "draft"),
            ("is_scratch", "=", True),
            ("create_date", "<", yesterday),
        ]
        self.search(domain, limit=1000).unlink()


def _get_priority(count):
    return PRIORITY_SINGLE if count == 1 else PRIORITY_BATCH


def read_domain(model, text):
    """A filter as people save it in Odoo.

    :raise ValidationError: it is none, or not one of this model
    """
    env = model.env
    today = fields.Date.context_today(model)
    try:
        reader = Reader(env.uid, today, ZoneInfo(str(env.tz)))
        domain = fields.Domain(read_filter(text or "[]", reader))
        domain.validate(model)
    except FilterError as error:
        raise _make_unreadable(env, _explain_filter(env, error)) from error
    except Exception as error:
        raise _make_unreadable(env, error) from error
    return domain


def _make_unreadable(env, error):
    return ValidationError(env._("The filter cannot be read: %(error)s", error=error))


def _explain_filter(env, error):
    return {
        "syntax": env._("Write it as a list of conditions, [('city', '=', 'Moscow')]."),
        "too_long": env._("It has more than %(limit)s characters.", limit=MAX_LENGTH),
        "too_complex": env._(
            "It has too many conditions or values, or they are nested too deeply."
        ),
        "unknown_name": env._("“%(name)s” is not known here.", name=error.detail),
        "not_allowed": env._(
            "“%(piece)s” is neither a value, a list of them, a day nor a time.",
            piece=error.detail,
        ),
        "out_of_range": env._("“%(piece)s” is out of range.", piece=error.detail),
    }[error.code]


def read_selection(context):
    """The records that a person selected in a list or form.

    :param context: the web client's
    :return: (model name, domain)
    """
    ids = context.get("active_ids") or []
    domain = [("id", "in", ids)]
    if len(ids) >= ACTIVE_IDS_LIMIT:
        domain = context.get("active_domain") or domain
    return context["active_model"], domain
