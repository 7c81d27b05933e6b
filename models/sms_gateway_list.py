"""Recipient lists: people to send to again and again."""

from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.msisdn import InvalidNumber, normalise
from .sms_gateway_recipient import PROBLEMS, find_people

#: How long a word of an imported line may be that texts can use.
MAX_VALUE = 1000


class SmsGatewayList(models.Model):
    """Members that were chosen or imported, or whoever a filter finds on the day."""

    _name = "sms.gateway.list"
    _description = "SMS Gateway Recipient List"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users", "Responsible", default=lambda self: self.env.user
    )
    kind = fields.Selection(
        [
            ("members", "Members"),
            ("filter", "A filter"),
            ("mailing", "A mailing list"),
        ],
        required=True,
        default="members",
    )
    member_ids = fields.One2many("sms.gateway.list.member", "list_id", copy=True)
    member_count = fields.Integer("Members", compute="_compute_member_count")
    res_model = fields.Selection(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_res_model(),
        string="Records",
        default="res.partner",
    )
    res_domain = fields.Char("Filter", default="[]")
    mailing_list = fields.Reference(
        selection="_selection_mailing_list", string="Mailing list"
    )
    has_mailing_lists = fields.Boolean(compute="_compute_has_mailing_lists")

    # === COMPUTES ===
    @api.model
    def _selection_mailing_list(self):
        """Lists of the mailing app, where it is installed."""
        known = ["mailing.list"]
        return [
            (name, self.env[name]._description) for name in known if name in self.env
        ]

    def _compute_has_mailing_lists(self):
        self.has_mailing_lists = bool(self._selection_mailing_list())

    @api.depends("kind", "member_ids", "res_model", "res_domain", "mailing_list")
    def _compute_member_count(self):
        for one in self:
            one.member_count = sum(
                self.env[model_name].search_count(domain)
                for model_name, domain in one._get_sources()
            )

    # === CHECKS ===
    @api.constrains("kind", "res_model", "res_domain", "mailing_list")
    def _check_sources(self):
        for one in self:
            try:
                for model_name, domain in one._get_sources():
                    fields.Domain(domain).validate(self.env[model_name])
            except (ValueError, SyntaxError) as error:
                raise ValidationError(
                    self.env._("The filter cannot be read: %(error)s", error=error)
                ) from error

    # === SOURCES ===
    def _get_sources(self):
        """Whom the list stands for.

        :return: list of (model name, domain)
        """
        self.ensure_one()
        return getattr(self, f"_get_{self.kind}_sources")()

    def _get_filter_sources(self):
        return [(self.res_model, literal_eval(self.res_domain or "[]"))]

    def _get_mailing_sources(self):
        if not self.mailing_list:
            return []
        subscribed = [
            ("list_id", "=", self.mailing_list.id),
            ("opt_out", "=", False),
        ]
        return [("mailing.contact", [("subscription_ids", "any", subscribed)])]

    def _get_members_sources(self):
        Member = self.env["sms.gateway.list.member"]
        ours = [("list_id", "=", self._origin.id)]
        partners = Member._search([*ours, ("partner_id", "!=", False)])
        leads = Member._search([*ours, ("lead_id", "!=", False)])
        lines = [*ours, ("partner_id", "=", False), ("lead_id", "=", False)]
        sources = [
            ("res.partner", [("id", "in", partners.subselect("partner_id"))]),
            ("crm.lead", [("id", "in", leads.subselect("lead_id"))]),
            (Member._name, lines),
        ]
        return [source for source in sources if self.env[source[0]].has_access("read")]

    # === BUTTONS ===
    def action_send(self):
        """A new campaign to these lists."""
        campaign = self.env["sms.gateway.campaign"]._create_scratch(
            {"recipient_source": "lists", "list_ids": self.ids}
        )
        return campaign._get_composer_action()

    def action_open_members(self):
        self.ensure_one()
        if self.kind == "members":
            return {
                "type": "ir.actions.act_window",
                "name": self.name,
                "res_model": "sms.gateway.list.member",
                "views": [(False, "list"), (False, "form")],
                "domain": [("list_id", "=", self.id)],
                "context": {"default_list_id": self.id},
            }
        sources = self._get_sources()
        if not sources:
            raise UserError(self.env._("Choose a mailing list first."))
        [(model_name, domain)] = sources
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": model_name,
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
        }

    @api.model
    def _add_records(self, records):
        """Add contacts or leads, each once."""
        field = {"res.partner": "partner_id", "crm.lead": "lead_id"}[records._name]
        known = self.member_ids[field]
        self.env["sms.gateway.list.member"].create(
            [{"list_id": self.id, field: record.id} for record in records - known]
        )


class SmsGatewayListMember(models.Model):
    """A contact, a lead, or a line of a file, which has its own data."""

    _name = "sms.gateway.list.member"
    _description = "SMS Gateway List Member"
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
    gender = fields.Selection([("male", "Male"), ("female", "Female")])
    phone = fields.Char("Number")
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(), string="Language"
    )
    note = fields.Char()
    display_phone = fields.Char("Goes to", compute="_compute_reach")
    reach = fields.Selection(
        [("reachable", "Reachable"), *PROBLEMS], compute="_compute_reach"
    )

    _partner_unique = models.UniqueIndex(
        "(list_id, partner_id) WHERE partner_id IS NOT NULL",
        "A contact stands in a list once.",
    )
    _lead_unique = models.UniqueIndex(
        "(list_id, lead_id) WHERE lead_id IS NOT NULL",
        "A lead stands in a list once.",
    )

    # === COMPUTES ===
    @api.depends("partner_id", "lead_id", "name", "phone")
    def _compute_display_name(self):
        for member in self:
            record = (member.partner_id or member.lead_id)._filtered_access("read")
            member.display_name = record.display_name or member.name or member.phone

    @api.depends("partner_id.phone", "lead_id.phone", "phone")
    def _compute_reach(self):
        numbers = {member: _read_number(member) for member in self}
        # sudo: who may send to a list may know who of it must not be sent to
        opted_out = (
            self.env["phone.blacklist"]
            .sudo()
            .search(
                [
                    (
                        "number",
                        "in",
                        [number for number, _word in numbers.values() if number],
                    )
                ]
            )
        )
        blocked = set(opted_out.mapped("number"))
        for member, (number, word) in numbers.items():
            member.display_phone = number
            member.reach = "opted_out" if number in blocked else word

    # === PERSON ===
    def _mail_get_partners(self, introspect_fields=False):
        """Override: the contact, also a lead's."""
        leads = self.lead_id._filtered_access("read")
        return {
            member.id: member.partner_id or (member.lead_id & leads).partner_id
            for member in self
        }

    def _phone_get_number_fields(self):
        return ["phone"]

    @api.constrains("partner_id", "lead_id", "phone")
    def _check_someone(self):
        for member in self:
            if not (member.partner_id or member.lead_id or member.phone):
                raise ValidationError(
                    self.env._("Choose a contact or a lead, or enter a number.")
                )


def _read_number(member):
    """:return: E.164 or None, and a word of the field ``reach``"""
    record = member.partner_id or member.lead_id or member
    people = find_people(record._filtered_access("read"))
    if not people or not people[0].phone:
        return None, "no_number"
    [person] = people
    try:
        return normalise(person.phone, channel="sms"), "reachable"
    except InvalidNumber:
        return None, "invalid_number"
