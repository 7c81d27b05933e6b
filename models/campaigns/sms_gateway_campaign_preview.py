"""Previews and checks of drafts: what the author sees before sending."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from odoo import api, models

from ..common import clock
from ..recipients.sms_gateway_recipient import (
    find_opted_out,
    get_problem,
    get_shown_phone,
)
from .draft_rules import DRAFT_FIELDS, check_is_draft
from .night import count_at_night
from .placeholders import list_placeholders
from .recipient_sources import get_models, get_sources, get_value_names
from .rendering import CampaignRenderer

#: Recipients checked in one request of the browser.
CHECKED_AT_ONCE = 1000
#: Nothing is wrong with these recipients, but with the draft.
COULD_GET = "could_get"


@dataclass(frozen=True)
class Check:
    """What some recipients get.

    ``problems`` is a dict of `PROBLEMS` → count, besides "" for those who get the text
    or, while the draft cannot be sent, `COULD_GET` for those who could. ``segments``
    and ``cost`` are sums; of ``unpriced`` messages the cost is not known, and it is
    None when that is so of all. ``night`` counts those who get the text at night.
    """

    problems: dict[str, int]
    segments: int
    cost: Decimal | None
    unpriced: int
    night: int


class SmsGatewayCampaignPreview(models.AbstractModel):
    """Shows the texts of a draft, and finds out who gets them."""

    _name = "sms.gateway.campaign.preview"
    _description = "SMS Gateway Campaign Preview"

    # === PREVIEW ===
    @api.model
    def _preview(self, campaign, changes, position):
        """Find lint warnings, sizes and one recipient's text for the author.

        :param campaign: empty for a draft that is not saved yet, which has no
            recipients
        :param changes: dict of fields that are not saved yet
        :param position: which recipient to show, counted from 0; None for the first
            one who gets a message, as far as that was checked
        :return: dict of ``findings`` (level, variant and text of each), ``sizes``
            (variant → count, encoding, units), ``recipient`` (or None), ``position``,
            ``total``
        """
        renderer = CampaignRenderer(self._make_draft(campaign, changes), self.env)
        recipient = self._find_recipient(campaign, position)
        samples = renderer.read_samples(recipient)
        return {
            "findings": renderer.find_lint_warnings(samples),
            "sizes": renderer.measure(samples),
            "recipient": self._preview_recipient(renderer, recipient),
            "position": recipient.index,
            "total": campaign._count_recipients() if campaign else 0,
        }

    def _preview_recipient(self, renderer, recipient):
        if not recipient or renderer.find_error():
            return None
        [(person, composed)] = renderer.compose(recipient)
        return {
            "name": person.record.display_name if person else "",
            "phone": composed.msisdn or composed.phone,
            "gender": composed.gender,
            "text": composed.text,
            "text_alternative": composed.text_alternative,
            "segments": composed.segments,
            "encoding": composed.encoding,
            "problem": renderer.explain(composed),
        }

    @api.model
    def _make_draft(self, campaign, changes):
        """Make a record of the campaign with values that are not saved yet.

        :param campaign: empty for a draft that has nothing but these values
        """
        campaign.check_access("read")
        wanted = {
            name: value for name, value in changes.items() if name in DRAFT_FIELDS
        }
        if not campaign:
            return campaign.new(wanted)
        campaign.ensure_one()
        return campaign.new(wanted, origin=campaign) if wanted else campaign

    @api.model
    def _find_recipient(self, campaign, position):
        """The recipient at a position, or the first one without a problem."""
        if not campaign:
            return self.env["sms.gateway.recipient"]
        if position is not None:
            return self._get_recipients(campaign, position, 1)
        domain = [("campaign_id", "=", campaign.id), ("problem", "=", False)]
        served = self.env["sms.gateway.recipient"].search(
            domain, order="index", limit=1
        )
        return served or self._get_recipients(campaign, 0, 1)

    def _get_recipients(self, campaign, first, count):
        return self.env["sms.gateway.recipient"].search(
            [
                ("campaign_id", "=", campaign.id),
                ("index", ">=", first),
                ("index", "<", first + count),
            ],
            order="index",
        )

    # === PLACEHOLDERS ===
    @api.model
    def _list_placeholders(self, campaign, changes):
        """List what the texts of a draft may use, for the author to choose from.

        :param changes: dict of fields that are not saved yet
        :return: list of dicts of ``name``, ``label`` and ``group``; see
            `list_placeholders`
        """
        draft = self._make_draft(campaign, changes)
        model_names = get_models(draft)
        return list_placeholders(self.env, model_names, get_value_names(draft))

    # === CHECK ===
    @api.model
    def _check_recipients(self, campaign, changes, first):
        """Find out who gets the text and who does not, a thousand at a time.

        The first call looks for the recipients of filters and lists anew.

        :param changes: dict of fields that are not saved yet
        :param first: index of the first recipient
        :return: dict of ``total``, ``next`` (None at the end), ``refusal`` (why the
            draft cannot be sent as it stands and nobody gets it, None when it can),
            ``currency_id`` and of what this part has: see `Check`
        """
        campaign.check_access("write")
        campaign._lock()
        check_is_draft(campaign)
        draft = self._make_draft(campaign, changes)
        if not first and campaign.recipient_source != "selection":
            campaign._snapshot_recipients(get_sources(draft))
        renderer = CampaignRenderer(draft, self.env)
        accept = self.env["sms.gateway.campaign.accept"]
        refusal = accept._explain_refusal(draft, renderer)
        recipients = self._get_recipients(campaign, first, CHECKED_AT_ONCE)
        check = self._check(renderer, recipients, is_refused=bool(refusal))
        end = first + CHECKED_AT_ONCE
        return {
            "total": campaign.recipient_count,
            "next": end if end < campaign.recipient_count else None,
            "refusal": refusal,
            "segments": check.segments,
            "problems": check.problems,
            "cost": None if check.cost is None else float(check.cost),
            "unpriced": check.unpriced,
            "night": check.night,
            "currency_id": draft.route_id.company_id.currency_id.id,
        }

    def _check(self, renderer, recipients, *, is_refused):
        """Store who gets the text and who does not.

        While a text is no template, as it may be while somebody types, only numbers
        are checked.

        :param is_refused: the draft cannot be sent as it stands: nobody gets it
        :rtype: Check
        """
        renderer.leave_out_broken_texts()
        evaluated = renderer.evaluate(recipients)
        rejections = self._find_rejections(recipients, evaluated)
        # sudo: people look, only the gateway writes the rows of recipients
        recipients.sudo()._keep_findings(rejections)
        counts = Counter(rejection["problem"] or "" for rejection in rejections)
        if is_refused:
            return _check_refused(counts)
        reached = [
            one
            for rejection, one in zip(rejections, evaluated, strict=True)
            if not rejection["problem"]
        ]
        served = [composed for _person, composed in reached]
        moment = renderer.campaign.scheduled_at or clock.now()
        known = [
            cost for cost in _get_costs(renderer.campaign, served) if cost is not None
        ]
        return Check(
            problems=dict(counts),
            segments=sum(composed.segments for composed in served),
            cost=sum(known) if known else None,
            unpriced=len(served) - len(known),
            night=count_at_night(moment, [person for person, _composed in reached]),
        )

    @api.model
    def _estimate(self, draft, recipients):
        """What a draft to the recipients of other campaigns costs.

        :param draft: record of the campaign, which need not be stored
        :return: list of (SMS parts, cost or None) of those who would get the text
        :raise UserError: nothing can be sent
        """
        renderer = CampaignRenderer(draft, self.env)
        self.env["sms.gateway.campaign.accept"]._check_can_send(draft, renderer)
        composed = [one for _person, one in renderer.compose(recipients)]
        served = [one for one in composed if not one.problems]
        costs = _get_costs(draft, served)
        return [(one.segments, cost) for one, cost in zip(served, costs, strict=True)]

    def _find_rejections(self, recipients, evaluated):
        """:return: list of dicts of id, phone and problem, which is None for those who
        get the text"""
        numbers = {one.msisdn for _person, one in evaluated if one.msisdn}
        opted_out = find_opted_out(self.env, numbers)
        return [
            {
                "id": recipient.id,
                "phone": get_shown_phone(one),
                "problem": get_problem(one)
                or ("opted_out" if one.msisdn in opted_out else None),
            }
            for recipient, (_person, one) in zip(recipients, evaluated, strict=True)
        ]


def _check_refused(counts):
    problems = {problem or COULD_GET: count for problem, count in counts.items()}
    return Check(problems=problems, segments=0, cost=None, unpriced=0, night=0)


def _get_costs(campaign, served):
    """:return: list of Decimal, None where it is not known"""
    plan = campaign.env["sms.gateway.policy"]._make_plan(campaign)
    plan.learn(served)
    return [plan.chooser.choose(one.msisdn, one.segments)[1] for one in served]
