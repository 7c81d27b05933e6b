"""Recipients of a draft who get nothing: what they lack, and how to complete it."""

from odoo import api, models
from odoo.exceptions import UserError

from ...tools.names.aliases import ALIASES
from ...tools.names.person_name import suggest_gender
from ..recipients.gender import GENDERS
from ..recipients.sms_gateway_recipient import PROBLEMS
from .draft_rules import check_is_draft
from .rendering import CampaignRenderer

#: Recipients shown, and completed, in one go.
MAX_LISTED = 200
#: What an author can complete: how a person is addressed.
COMPLETED_FIELDS = ("gender", "first_name", "last_name", "patronymic")
#: Characters of a name.
MAX_NAME = 100


class SmsGatewayCampaignLeftOut(models.AbstractModel):
    """Lists who is left out of a draft, and writes what the author completes.

    A gender or name is written to the recipient's contact, or to the imported recipient
    itself, with the author's rights. Nothing is written that the author has not seen.
    """

    _name = "sms.gateway.campaign.left.out"
    _description = "SMS Gateway Campaign: Left Out"

    # === LIST ===
    @api.model
    def _list(self, campaign, changes, problem):
        """List recipients with a problem, as the last check found them.

        :param changes: dict of fields that are not saved yet
        :param problem: a word of `PROBLEMS`
        :return: dict of ``rows`` (see `_describe`), at most `MAX_LISTED`, and
            ``genders``, a list of (value, label)
        """
        campaign.check_access("write")
        check_is_draft(campaign)
        preview = self.env["sms.gateway.campaign.preview"]
        renderer = CampaignRenderer(preview._make_draft(campaign, changes), self.env)
        renderer.leave_out_broken_texts()
        known = [word for word, _label in PROBLEMS if word == problem]
        found = self._find(campaign, [("problem", "in", known)])
        genders = self.env["res.partner"]._fields["suggested_gender"]
        return {
            "rows": [
                self._describe(renderer, recipient, person, composed)
                for recipient, (person, composed) in zip(
                    found, renderer.compose(found), strict=True
                )
            ],
            "genders": genders._description_selection(self.env),
        }

    def _find(self, campaign, domain):
        return self.env["sms.gateway.recipient"].search(
            [("campaign_id", "=", campaign.id), *domain],
            order="index",
            limit=MAX_LISTED,
        )

    def _describe(self, renderer, recipient, person, composed):
        """
        :return: dict of ``id`` of the recipient, ``name``, ``phone``, ``reason``,
            ``record`` (model and id of the form to correct, None if not readable),
            ``field`` (of `COMPLETED_FIELDS`, None if the author can complete nothing
            here) and ``suggestion``, its value by the person's name
        """
        target = _get_target(person)
        missing = _get_missing(composed)
        may_complete = missing in COMPLETED_FIELDS and _may_write(target, missing)
        return {
            "id": recipient.id,
            "name": person.record.display_name if person else "",
            "phone": recipient.phone or "",
            "reason": renderer.explain(composed) or "",
            "record": person and _get_form(person.record),
            "field": missing if may_complete else None,
            "suggestion": _suggest(person, missing) if may_complete else None,
        }

    # === COMPLETE ===
    @api.model
    def _complete(self, campaign, completed):
        """Write what the author has confirmed.

        :param completed: list of (id of a recipient, field, value)
        :return: number of recipients
        :raise UserError: a field or value that is not among those offered
        """
        campaign.check_access("write")
        check_is_draft(campaign)
        wanted = {row[0]: self._read_row(*row) for row in completed[:MAX_LISTED]}
        recipients = self._find(campaign, [("id", "in", list(wanted))])
        people = recipients._read_people(self.env, ())
        for recipient, (person, _row) in zip(recipients, people, strict=True):
            target = _get_target(person)
            if not target:
                raise UserError(self.env._("This recipient cannot be completed here."))
            target.write(wanted[recipient.id])
        return len(recipients)

    def _read_row(self, _recipient_id, name, value):
        """:return: dict of one field → value"""
        is_gender = name == "gender" and value in dict(GENDERS)
        is_name = (
            name in COMPLETED_FIELDS
            and name != "gender"
            and isinstance(value, str)
            and 0 < len(value.strip()) <= MAX_NAME
        )
        if not (is_gender or is_name):
            raise UserError(
                self.env._("Enter a name of up to %(most)s characters.", most=MAX_NAME)
            )
        return {name: value.strip()}


def _get_missing(composed):
    """The field that a recipient lacks, None if nothing or a number is wrong."""
    if not composed.problems:
        return None
    [problem, *_others] = composed.problems
    if problem.code == "missing_gender":
        return "gender"
    if problem.code == "missing_field":
        return ALIASES.get(problem.field, problem.field)
    return None


def _get_target(person):
    """The record that a person's name and gender belong to, None if there is none."""
    if person is None:
        return None
    if person.partner:
        return None if person.partner.is_company else person.partner
    is_person = all(name in person.record._fields for name in COMPLETED_FIELDS)
    return person.record if is_person else None


def _may_write(target, name):
    if target is None or not target._filtered_access("write"):
        return False
    # other addons may have replaced the genders of contacts
    is_contact = target._name == "res.partner"
    return name != "gender" or not is_contact or target._has_our_genders()


def _suggest(person, missing):
    """The gender by the name; names themselves are taken from the full name anyway."""
    return suggest_gender(person.name) if missing == "gender" else None


def _get_form(record):
    """:return: list of the model and the id of the form where data is corrected"""
    if record._name == "sms.gateway.list.member":
        record = record.partner_id or record.lead_id or record
    return [record._name, record.id]
