"""Members of recipient lists: contacts, leads, and who was imported."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.importing.rows import MAX_VALUE
from ...tools.importing.value_names import is_name
from ...tools.msisdn import Reading
from .gender import GENDERS
from .reach import REACH, evaluate_reach
from .sms_gateway_recipient import find_phones


class SmsGatewayListMember(models.Model):
    """A contact, a lead, or an imported recipient, which has data of its own."""

    _name = "sms.gateway.list.member"
    _description = "SMS Gateway List Recipient"
    _order = "list_id, id"

    list_id = fields.Many2one(
        "sms.gateway.list", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="list_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", "Contact", index="btree_not_null", ondelete="cascade"
    )
    lead_id = fields.Many2one("crm.lead", index="btree_not_null", ondelete="cascade")
    name = fields.Char("Full name")
    first_name = fields.Char()
    last_name = fields.Char()
    patronymic = fields.Char()
    gender = fields.Selection(GENDERS)
    phone = fields.Char("Number")
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(), string="Language"
    )
    note = fields.Char()
    values = fields.Json(
        "Additional data",
        help="Additional columns of the imported row, by placeholder.",
    )
    values_text = fields.Char("Additional Values", compute="_compute_values_text")
    display_phone = fields.Char("Number used", compute="_compute_reach")
    reach = fields.Selection(REACH, compute="_compute_reach", string="Number check")

    _partner_unique = models.UniqueIndex(
        "(list_id, partner_id) WHERE partner_id IS NOT NULL",
        "This contact is already in the list.",
    )
    _lead_unique = models.UniqueIndex(
        "(list_id, lead_id) WHERE lead_id IS NOT NULL",
        "This lead is already in the list.",
    )

    # === COMPUTES ===
    @api.depends("partner_id", "lead_id", "name", "phone")
    def _compute_display_name(self):
        for member in self:
            record = (member.partner_id or member.lead_id)._filtered_access("read")
            member.display_name = record.display_name or member.name or member.phone

    @api.depends("values")
    def _compute_values_text(self):
        for member in self:
            member.values_text = ", ".join(
                f"{name}: {value}" for name, value in (member.values or {}).items()
            )

    @api.depends("partner_id.phone_sanitized", "lead_id.phone_sanitized", "phone")
    def _compute_reach(self):
        phones = self._read_phones()
        evaluated = evaluate_reach(self.env, [phones[member] for member in self])
        for member, (number, reach) in zip(self, evaluated, strict=True):
            member.display_phone = number
            member.reach = reach

    def _read_phones(self):
        """:return: dict of member → `tools.msisdn.Reading`"""
        phones = {}
        for (company, model_name), members in self.grouped(_get_origin).items():
            records = {member: _get_record(member) for member in members}
            everyone = self.env[model_name].union(*records.values())
            readable = everyone._filtered_access("read")
            found = dict(zip(readable, find_phones(readable, company), strict=True))
            for member, record in records.items():
                phones[member] = found.get(record, Reading())
        return phones

    # === CHECKS ===
    @api.constrains("partner_id", "lead_id", "phone")
    def _check_recipient(self):
        for member in self:
            if not (member.partner_id or member.lead_id or member.phone):
                raise ValidationError(
                    self.env._("Select a contact or lead, or enter a phone number.")
                )

    @api.constrains("values")
    def _check_values(self):
        for member in self:
            if not _are_values(member.values or {}):
                raise ValidationError(
                    self.env._(
                        "Additional data must map placeholder names to texts of up "
                        "to 1,000 characters."
                    )
                )

    # === RECIPIENT ===
    def _mail_get_partners(self, introspect_fields=False):
        """Override: the contact, also a lead's."""
        leads = self.lead_id._filtered_access("read")
        return {
            member.id: member.partner_id or (member.lead_id & leads).partner_id
            for member in self
        }

    def _phone_get_number_fields(self):
        return ["phone"]


def _are_values(values):
    return isinstance(values, dict) and all(
        is_name(name) and isinstance(value, str) and len(value) <= MAX_VALUE
        for name, value in values.items()
    )


def _get_record(member):
    """What has the number: the contact or lead, or else the member itself."""
    return member.partner_id or member.lead_id or member


def _get_origin(member):
    return member.company_id, _get_record(member)._name
