"""Sending again to those whom a campaign, or a selection of messages, did not reach."""

import json
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.campaigns.filters import read_selection
from ..models.campaigns.lint_warnings import SPOKEN_VARIANTS
from ..models.common import clock
from ..models.common.notification import CLOSE, make_notification
from ..models.sending.reasons import name_failure
from ..models.sending.sms_gateway_resend import LEFT_OUT, UNCLICKED, Resend
from ..models.sending.sms_gateway_resend_job import SENT_AT_ONCE

#: Recipients of which a person waits to hear what they cost; of more, so many are
#: evaluated for all.
MAX_ESTIMATED = 1000
#: Reasons that another attempt alone does not remove ...
_LASTING = frozenset(("failed.invalid_number", "failed.blocked", "failed.sim_changed"))
#: ... nor with the same text.
_OF_TEXT = frozenset(
    (
        "failed.content_rejected",
        "failed.missing_data",
        "failed.spam",
        "failed.template_mismatch",
    )
)
_FAILED = "failed."


class SmsGatewaySendAgain(models.TransientModel):
    """Shows whom a campaign did not reach and why, and asks who gets the text again,
    how and when.

    The figures are those of the moment the dialog shows them. What is sent is decided
    when the button is pressed: see `sms.gateway.resend`.
    """

    _name = "sms.gateway.send.again"
    _inherit = ["sms.gateway.text.variants"]
    _description = "SMS Gateway Send Again"

    list_id = fields.Many2one("sms.gateway.list", readonly=True, ondelete="cascade")
    campaign_id = fields.Many2one(
        "sms.gateway.campaign",
        ondelete="cascade",
        domain="[('list_ids', 'in', list_id), ('state', '!=', 'draft')]",
    )
    message_domain = fields.Text(readonly=True)
    company_id = fields.Many2one("res.company", compute="_compute_company_id")

    line_ids = fields.One2many("sms.gateway.send.again.line", "wizard_id", "Reasons")
    left_out_counts = fields.Json()
    left_out = fields.Text("Not sent to", compute="_compute_left_out")
    left_out_count = fields.Integer("Left out", compute="_compute_left_out")
    total_count = fields.Integer("Recipients", compute="_compute_recipient_count")
    recipient_count = fields.Integer("Selected", compute="_compute_recipient_count")

    text_choice = fields.Selection(
        [("same", "Same text"), ("other", "Another text, as a new campaign")],
        "Text",
        required=True,
        default="same",
    )
    template_id = fields.Many2one("sms.gateway.template")
    route_id = fields.Many2one(
        "sms.gateway.route",
        "Route or policy",
        domain="[('company_id', '=', company_id)]",
    )
    starts_at = fields.Datetime("Send at")

    send_label = fields.Char(compute="_compute_estimate")
    refusal = fields.Char(compute="_compute_estimate")
    cost = fields.Monetary("Estimated cost", compute="_compute_estimate")
    unpriced_count = fields.Integer("Without a price", compute="_compute_estimate")
    segments = fields.Integer("SMS parts", compute="_compute_estimate")
    is_about = fields.Boolean(compute="_compute_estimate")
    currency_id = fields.Many2one(related="company_id.currency_id")

    # === OPEN ===
    @api.model
    def _open_for_campaign(self, campaign, domain=None):
        """
        :param domain: of those of the campaign's messages that a person has chosen
            already, by their reason, outcome or click; None for all
        """
        campaign.check_access("read")
        chosen = json.dumps(domain) if domain else False
        return self._open({"campaign_id": campaign.id, "message_domain": chosen})

    @api.model
    def _open_for_list(self, recipient_list):
        """The last campaign to the list that did not reach everybody."""
        campaign = self.env["sms.gateway.campaign"].search(
            [
                ("list_ids", "in", recipient_list.ids),
                ("state", "!=", "draft"),
                "|",
                ("not_delivered_count", ">", 0),
                ("not_sent_count", ">", 0),
            ],
            order="id desc",
            limit=1,
        )
        if not campaign:
            raise UserError(
                self.env._("All messages of the campaigns to this list were delivered.")
            )
        return self._open({"list_id": recipient_list.id, "campaign_id": campaign.id})

    @api.model
    def _open_for_selection(self):
        """Called by a button of the list of messages, with the web client's context."""
        _model_name, domain = read_selection(self.env.context)
        return self._open({"message_domain": json.dumps(domain)})

    @api.model
    def _open(self, values):
        wizard = self.create(values)
        wizard._onchange_choices()
        if wizard._is_narrowed() and not wizard.recipient_count:
            wizard._try_other_text()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send again"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _try_other_text(self):
        """Whom the same text does not help, or who has it already, may get another
        one."""
        self.text_choice = "other"
        self._onchange_choices()
        self._onchange_text_choice()
        if not self.recipient_count:
            self.text_choice = "same"
            self._onchange_choices()

    # === COMPUTES ===
    @api.depends("campaign_id", "message_domain")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard._get_first().company_id

    def _get_first(self):
        """A campaign or a message: one of those that are sent again."""
        if self.campaign_id or not self.message_domain:
            return self.campaign_id
        return self.env["sms.gateway.message"].search(self._get_domain(), limit=1)

    @api.depends("left_out_counts")
    @api.depends_context("lang")
    def _compute_left_out(self):
        labels = self._label_left_out()
        for wizard in self:
            counts = wizard.left_out_counts or {}
            wizard.left_out_count = sum(counts.values())
            wizard.left_out = "\n".join(
                f"{label}: {counts[place]}"
                for place, label in labels.items()
                if counts.get(place)
            )

    def _label_left_out(self):
        """:return: dict of `LEFT_OUT` → label"""
        labels = {
            "delivered": self.env._("Delivered"),
            "maybe": self.env._("May have been delivered"),
            "waiting": self.env._("Waiting to be sent"),
            "again": self.env._("Already sent again"),
            "opted_out": self.env._("Opted out"),
            "no_number": self.env._("No number"),
            "invalid_number": self.env._("Invalid number"),
            "duplicate": self.env._("Duplicate number"),
            "secret": self.env._("One-time codes, not stored"),
            "not_ready": self.env._("Rejected before sending: need another text"),
            "stopped": self.env._("Campaign or route paused, cancelled or archived"),
            "no_record": self.env._("No record for another text"),
        }
        return {place: labels[place] for place in LEFT_OUT}

    @api.depends("line_ids.is_chosen", "line_ids.count", "left_out_counts")
    def _compute_recipient_count(self):
        for wizard in self:
            lines = wizard.line_ids
            chosen = lines.filtered("is_chosen")
            wizard.recipient_count = sum(chosen.mapped("count"))
            wizard.total_count = sum(lines.mapped("count")) + wizard.left_out_count

    @api.depends(
        "recipient_count",
        "line_ids.is_chosen",
        "text_choice",
        "template_id",
        "text_male",
        "text_female",
        "text_neutral",
        "route_id",
    )
    @api.depends_context("lang")
    def _compute_estimate(self):
        for wizard in self:
            count = wizard.recipient_count
            wizard.send_label = (
                self.env._("Send to 1 recipient")
                if count == 1
                else self.env._("Send to %(count)s recipients", count=count)
            )
            try:
                estimates, wizard.refusal = wizard._estimate(), False
            except UserError as error:
                estimates, wizard.refusal = [], str(error)
            wizard._sum_up(estimates, count)

    def _sum_up(self, estimates, count):
        """
        :param estimates: list of (SMS parts, cost or None) of some recipients
        :param count: number of all of them
        """
        known = [cost for _segments, cost in estimates if cost is not None]
        share = Decimal(count) / len(estimates) if estimates else Decimal(0)
        self.is_about = len(estimates) == MAX_ESTIMATED < count
        scale = share if self.is_about else Decimal(1)
        self.cost = float(sum(known) * scale)
        self.segments = round(sum(parts for parts, _cost in estimates) * scale)
        self.unpriced_count = round((len(estimates) - len(known)) * scale)

    def _estimate(self):
        resends = self.env["sms.gateway.resend"]
        resend = self._get_resend()
        if not resend.places:
            return []
        if self.text_choice == "same":
            return resends._estimate(resend, MAX_ESTIMATED)
        preview = self.env["sms.gateway.campaign.preview"]
        campaigns = self.env["sms.gateway.campaign"]
        draft = campaigns.new(self._get_draft_values(), origin=self._get_campaign())
        ids = resends._find(resend, MAX_ESTIMATED)
        return preview._estimate(draft, resends._find_recipients(ids))

    # === ONCHANGES ===
    @api.onchange("campaign_id", "text_choice", "route_id")
    def _onchange_choices(self):
        """Count anew; what was chosen stays chosen."""
        counts = self.env["sms.gateway.resend"]._count(self._get_resend())
        places = sorted(counts.keys() - set(LEFT_OUT))
        # the only reason among messages that a person has chosen is meant
        is_meant = self._is_narrowed() and len(places) == 1
        before = {line.place: line.is_chosen for line in self.line_ids}
        self.left_out_counts = {
            place: counts[place] for place in LEFT_OUT if place in counts
        }
        self.line_ids = [
            fields.Command.clear(),
            *(
                fields.Command.create(
                    {
                        "place": place,
                        "count": counts[place],
                        "is_chosen": before.get(
                            place, self._is_chosen_at_first(place, is_meant=is_meant)
                        ),
                    }
                )
                for place in places
            ),
        ]

    def _is_chosen_at_first(self, place, *, is_meant=False):
        if place in _OF_TEXT:
            return self.text_choice == "other"
        return is_meant or place not in _LASTING and place != UNCLICKED

    def _is_narrowed(self):
        """Whether a person has chosen some of a campaign's messages already."""
        return bool(self.campaign_id and self.message_domain)

    @api.onchange("text_choice")
    def _onchange_text_choice(self):
        """Begin with the text that was sent. Whose text was refused gets another one,
        and is not sent the same."""
        for line in self.line_ids.filtered(lambda one: one.place in _OF_TEXT):
            line.is_chosen = self._is_chosen_at_first(line.place)
        campaign = self._get_campaign()
        if self.text_choice == "other" and not self._has_text():
            self._take_texts(campaign)

    @api.onchange("template_id")
    def _onchange_template_id(self):
        if self.template_id:
            self._take_texts(self.template_id)

    def _take_texts(self, other):
        """Begin with the texts of a campaign or template."""
        for variant in SPOKEN_VARIANTS:
            self[f"text_{variant}"] = other[f"text_{variant}"]
        self.has_variants = self._differs_by_gender()

    def _get_campaign(self):
        """The campaign whose text and settings a new one begins with, if the user may
        read it."""
        first = self._get_first()
        campaign = first if first._name == "sms.gateway.campaign" else first.campaign_id
        return campaign._filtered_access("read")

    # === CHOICE ===
    def _get_domain(self):
        """The messages that may be sent again; of a person's messages in a campaign,
        the one that counts."""
        selected = self._read_message_domain()
        if not self.campaign_id and self.message_domain:
            return list(selected)
        counting = fields.Domain("is_superseded", "=", False)
        of_campaign = fields.Domain("campaign_id", "=", self.campaign_id.id)
        return list(of_campaign & counting & selected)

    def _read_message_domain(self):
        if not self.message_domain:
            return fields.Domain.TRUE
        try:
            domain = fields.Domain(json.loads(self.message_domain))
            domain.optimize_full(self.env["sms.gateway.message"])
        except Exception as error:
            raise UserError(
                self.env._("The selected records could not be read. Select them again.")
            ) from error
        return domain

    def _get_resend(self):
        """:rtype: Resend"""
        chosen = self.line_ids.filtered("is_chosen").mapped("place")
        return Resend(
            domain=self._get_domain(),
            places=frozenset(chosen),
            route_id=self.route_id.id or None,
            starts_at=self.starts_at or None,
            is_new_text=self.text_choice == "other",
        )

    def _get_draft_values(self):
        """A campaign like the one that was sent, with another text."""
        campaign = self._get_campaign()
        texts = {
            name: self[name] for name in (f"text_{one}" for one in SPOKEN_VARIANTS)
        }
        return {
            **texts,
            "text_alternative": campaign.text_alternative,
            "recipient_source": "selection",
            # what texts may say of imported recipients
            "list_ids": campaign.list_ids.ids,
            "route_id": (self.route_id or campaign.route_id).id,
            "channel": campaign.channel or "sms",
            "category": campaign.category,
            "is_debug": campaign.is_debug,
            "is_transliterated": campaign.is_transliterated,
            "has_short_links": campaign.has_short_links,
            "ttl": campaign.ttl,
            "template_id": self.template_id.id,
            "scheduled_at": self.starts_at,
        }

    # === SEND ===
    def action_send(self):
        """Send again to those who are chosen and may be sent to at this moment."""
        self.ensure_one()
        if not self.recipient_count:
            raise UserError(self.env._("Select at least one reason with recipients."))
        if self.starts_at and self.starts_at < clock.now():
            raise UserError(
                self.env._(
                    "The send time is in the past. Enter a later time, or leave it "
                    "empty to send immediately."
                )
            )
        if self.text_choice == "other":
            return self._send_other_text()
        return self._send_same_text()

    def _send_same_text(self):
        resends = self.env["sms.gateway.resend"]
        resend = self._get_resend()
        ids = resends._find(resend, SENT_AT_ONCE + 1)
        if len(ids) > SENT_AT_ONCE:
            self.env["sms.gateway.resend.job"]._start(resend, self.recipient_count)
            message = self.env._(
                "Sending again has started in the background. Recipients: %(count)s.",
                count=self.recipient_count,
            )
            return make_notification(message, "info", next=CLOSE)
        # sudo: users decide, only the gateway itself writes messages
        sent = resends.sudo()._send_again(resend, ids)
        if not sent:
            raise UserError(_explain_nobody(self.env))
        message = self.env._(
            "Sent again: %(sent)s of %(total)s.",
            sent=sent,
            total=self.recipient_count,
        )
        return make_notification(message, next=CLOSE)

    def _send_other_text(self):
        draft = self.env["sms.gateway.campaign"].create(self._get_draft_values())
        count = self.env["sms.gateway.resend"]._choose_recipients(
            draft, self._get_resend()
        )
        if not count:
            raise UserError(_explain_nobody(self.env))
        return draft.action_send()


class SmsGatewaySendAgainLine(models.TransientModel):
    """Messages that did not arrive for the same reason."""

    _name = "sms.gateway.send.again.line"
    _description = "SMS Gateway Send Again: Reason"

    wizard_id = fields.Many2one(
        "sms.gateway.send.again", required=True, ondelete="cascade"
    )
    place = fields.Char(required=True)
    name = fields.Char("Reason", compute="_compute_name")
    count = fields.Integer("Recipients")
    is_chosen = fields.Boolean("Send")

    @api.depends("place")
    @api.depends_context("lang")
    def _compute_name(self):
        labels = {
            "expired": self.env._("Expired"),
            "cancelled": self.env._("Cancelled"),
            UNCLICKED: self.env._("Delivered, no link clicked"),
        }
        for line in self:
            place = line.place or ""
            if place.startswith(_FAILED):
                line.name = name_failure(self.env, place.removeprefix(_FAILED))
            else:
                line.name = labels.get(place)


def _explain_nobody(env):
    return env._(
        "Nothing was sent: the status of all selected messages has changed. Open the"
        " dialog again."
    )
