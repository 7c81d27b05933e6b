"""Recipient lists: people to send to again and again."""

import json
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools.import_columns import MAX_VALUE, is_name, merge_person
from ...tools.msisdn import Reading
from ..campaigns.filters import read_domain
from ..common.notification import RELOAD, make_notification
from ..common.usage import check_unused
from .sms_gateway_recipient import PROBLEMS, find_opted_out, find_phones

#: Records that are read at once where a whole list is gone through.
READ_AT_ONCE = 1000
#: Records of which a person waits to hear who can be reached.
MAX_CHECKED = 100_000

REACH = [("reachable", "Reachable"), *PROBLEMS]
_MEMBER_FIELDS = {"res.partner": "partner_id", "crm.lead": "lead_id"}
#: What an imported line says of a person.
LINE_FIELDS = (
    "name",
    "first_name",
    "last_name",
    "patronymic",
    "gender",
    "phone",
    "lang",
    "note",
    "values",
)
#: What the number stands for, and another file may change.
_UPDATED_FIELDS = tuple(name for name in LINE_FIELDS if name != "phone")


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
        selection="_selection_kind",
        required=True,
        default="members",
    )
    member_ids = fields.One2many("sms.gateway.list.member", "list_id", copy=True)
    member_count = fields.Integer("Members", compute="_compute_member_count")
    count_trouble = fields.Char(
        "Not counted",
        compute="_compute_member_count",
        help="Why nobody can tell how many members there are.",
    )
    res_model = fields.Selection(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_res_model(),
        string="Records",
        default="res.partner",
    )
    res_domain = fields.Char("Filter", default="[]")
    mailing_list = fields.Reference(
        selection="_selection_mailing_list", string="Mailing list"
    )
    value_names = fields.Char(
        "Names for texts",
        readonly=True,
        help="Further columns of imported files, as texts to this list may use them.",
    )
    reach_counts = fields.Json(readonly=True, copy=False)
    reach_summary = fields.Char("Who can be reached", compute="_compute_reach_summary")
    checked_at = fields.Datetime("Checked", readonly=True, copy=False)

    # === COMPUTES ===
    @api.model
    def _selection_kind(self):
        kinds = {
            "members": self.env._("Members"),
            "filter": self.env._("A filter"),
            "mailing": self.env._("A mailing list"),
        }
        if not self._selection_mailing_list():
            del kinds["mailing"]
        return list(kinds.items())

    @api.model
    def _selection_mailing_list(self):
        """Lists of the mailing app, where it is installed."""
        known = ["mailing.list"]
        return [
            (name, self.env[name]._description) for name in known if name in self.env
        ]

    @api.depends("kind", "member_ids", "res_model", "res_domain", "mailing_list")
    def _compute_member_count(self):
        """A filter that cannot be read says why; no number is told in its place."""
        for one in self:
            one.member_count, one.count_trouble = 0, False
            try:
                one.member_count = one._count_members()
            except ValidationError as error:
                one.count_trouble = error.args[0]

    def _count_members(self):
        return sum(
            self.env[model_name].search_count(domain)
            for model_name, domain in self._get_sources()
        )

    @api.depends("reach_counts")
    @api.depends_context("lang")
    def _compute_reach_summary(self):
        words = self.env["sms.gateway.list.member"]._fields["reach"]
        labels = dict(words._description_selection(self.env))
        for one in self:
            counts = one.reach_counts or {}
            one.reach_summary = " · ".join(
                f"{labels[word]}: {counts[word]}" for word in labels if word in counts
            )

    # === CHECKS ===
    @api.constrains("kind", "res_model", "res_domain", "mailing_list")
    def _check_sources(self):
        for one in self:
            if one.kind == "filter":
                read_domain(self.env[one.res_model], one.res_domain)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for one in self:
            used_by = [("list_ids", "in", one.ids)]
            campaigns = self.env["sms.gateway.campaign"]._find_waiting(used_by)
            check_unused(self.env, one.name, campaigns)

    # === SOURCES ===
    def _get_sources(self):
        """Whom the list stands for.

        :return: list of (model name, domain)
        """
        self.ensure_one()
        sources = getattr(self, f"_get_{self.kind}_sources")()
        return [source for source in sources if self.env[source[0]].has_access("read")]

    def _get_filter_sources(self):
        model = self.env[self.res_model]
        return [(self.res_model, read_domain(model, self.res_domain))]

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
        return [
            ("res.partner", [("id", "in", partners.subselect("partner_id"))]),
            ("crm.lead", [("id", "in", leads.subselect("lead_id"))]),
            (Member._name, lines),
        ]

    # === BUTTONS ===
    def action_send(self):
        """A new campaign to these lists."""
        campaign = self.env["sms.gateway.campaign"]._create_temporary(
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
            "domain": list(fields.Domain(domain)),
        }

    def action_import(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import members"),
            "res_model": "sms.gateway.import",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_list_id": self.id},
        }

    def action_check(self):
        """Find out who can be reached, as things are now."""
        self.ensure_one()
        counts, seen = Counter(), set()
        for records in self._read_in_parts():
            phones = find_phones(records, self.company_id)
            for number, word in judge_numbers(self.env, phones):
                is_second = word == "reachable" and number in seen
                counts["duplicate" if is_second else word] += 1
                seen.add(number)
            if counts.total() >= MAX_CHECKED:
                break
        self.write({"reach_counts": dict(counts), "checked_at": fields.Datetime.now()})
        return self._tell_checked(counts.total())

    def _tell_checked(self, count):
        """A word where only a part of the list was looked at."""
        if count < MAX_CHECKED or count == self.member_count:
            return True
        return make_notification(
            self.env._("The first %(count)s were looked at, not all.", count=count),
            "warning",
            next=RELOAD,
        )

    # === MEMBERS ===
    def _read_in_parts(self):
        """Yield all records of the list, some at a time; what was read of the last ones
        is forgotten."""
        for model_name, domain in self._get_sources():
            last = 0
            while records := self.env[model_name].search(
                fields.Domain(domain) & fields.Domain("id", ">", last),
                order="id",
                limit=READ_AT_ONCE,
            ):
                yield records
                last = records[-1].id
                self.env.invalidate_all()

    def _find_numbers(self):
        """The numbers that members have already.

        :return: dict of E.164 → ids of those members for whom it is data of their own
        """
        numbers = {}
        for records in self._read_in_parts():
            are_lines = records._name == "sms.gateway.list.member"
            phones = find_phones(records, self.company_id)
            for record, phone in zip(records, phones, strict=True):
                if phone.number:
                    ids = numbers.setdefault(phone.number, [])
                    ids += record.ids if are_lines else []
        return numbers

    def _get_value_names(self):
        return [name for name in (self.value_names or "").split(", ") if name]

    def _add_value_names(self, names):
        known = self._get_value_names()
        self.value_names = ", ".join(dict.fromkeys([*known, *names]))

    def _add_records(self, model_name, domain):
        """Add the contacts or leads that a domain finds, each once.

        :return: how many are new
        """
        self._check_may_add()
        query = self.env[model_name]._search(domain, order="id")
        self.env.flush_query(query.select())
        return self._insert_members(
            [_MEMBER_FIELDS[model_name]], SQL("(%s) AS found(id)", query.select())
        )

    def _add_lines(self, lines):
        """Add imported lines.

        :param lines: list of dicts of fields of a member
        """
        self._check_may_add()
        return self._insert_members(LINE_FIELDS, _make_source(lines, LINE_FIELDS))

    def _update_lines(self, lines):
        """Change imported lines to what a file says of them; what it lacks stays.

        :param lines: dict of id → dict of fields of a member
        :return: how many are not as they were
        """
        self._check_may_add()
        Member = self.env["sms.gateway.list.member"]
        Member.check_access("write")
        changes = []
        for row in Member.browse(lines).read(_UPDATED_FIELDS, load=None):
            known = {name: value or None for name, value in row.items()}
            merged = _merge_line(known, lines[row["id"]])
            if merged != known:
                changes.append(merged)
        Member.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE sms_gateway_list_member AS member
                   SET (%(names)s, write_uid, write_date)
                     = ROW(%(values)s, %(uid)s, %(now)s)
                  FROM %(source)s
                 WHERE member.id = line.id AND member.list_id = %(list_id)s
                """,
                names=SQL(", ").join(map(SQL.identifier, _UPDATED_FIELDS)),
                values=SQL(", ").join(
                    SQL.identifier("line", name) for name in _UPDATED_FIELDS
                ),
                uid=self.env.uid,
                now=self.env.cr.now(),
                source=_make_source(changes, ("id", *_UPDATED_FIELDS)),
                list_id=self.id,
            )
        )
        Member.invalidate_model()
        return len(changes)

    def _check_may_add(self):
        self.ensure_one()
        self.check_access("write")
        self.env["sms.gateway.list.member"].check_access("create")

    def _insert_members(self, names, source):
        """Insert what a source has, as ORM would do, at a tenth of its time.

        :param names: the fields that the columns of the source are for
        """
        Member = self.env["sms.gateway.list.member"]
        Member.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO sms_gateway_list_member
                       (list_id, company_id, create_uid, write_uid, create_date,
                        write_date, %(names)s)
                SELECT %(list_id)s, %(company_id)s, %(uid)s, %(uid)s, %(now)s, %(now)s,
                       source.*
                  FROM (SELECT * FROM %(source)s) AS source
           ON CONFLICT DO NOTHING
                """,
                names=SQL(", ").join(map(SQL.identifier, names)),
                list_id=self.id,
                company_id=self.company_id.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
                source=source,
            )
        )
        count = self.env.cr.rowcount
        Member.invalidate_model()
        self.invalidate_recordset(["member_ids", "member_count"])
        return count


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
    values = fields.Json(
        "Further data", help="Further columns of an imported line, by name."
    )
    values_text = fields.Char("Values", compute="_compute_values_text")
    display_phone = fields.Char("Goes to", compute="_compute_reach")
    reach = fields.Selection(REACH, compute="_compute_reach")

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

    @api.depends("values")
    def _compute_values_text(self):
        for member in self:
            member.values_text = ", ".join(
                f"{name}: {value}" for name, value in (member.values or {}).items()
            )

    @api.depends("partner_id.phone_sanitized", "lead_id.phone_sanitized", "phone")
    def _compute_reach(self):
        phones = self._read_phones()
        judged = judge_numbers(self.env, [phones[member] for member in self])
        for member, (number, word) in zip(self, judged, strict=True):
            member.display_phone = number
            member.reach = word

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

    @api.constrains("values")
    def _check_values(self):
        for member in self:
            if not _are_values(member.values or {}):
                raise ValidationError(
                    self.env._("Further data are words of a person, by their name.")
                )


def _make_source(lines, names):
    """The lines as a table named ``line`` with these columns.

    :param lines: list of dicts of fields of a member
    """
    types = {"id": SQL("integer"), "values": SQL("jsonb")}
    columns = [
        SQL("%s %s", SQL.identifier(name), types.get(name, SQL("varchar")))
        for name in names
    ]
    return SQL(
        "jsonb_to_recordset(%s::jsonb) AS line(%s)",
        json.dumps(lines),
        SQL(", ").join(columns),
    )


def _merge_line(known, line):
    """:return: dict of what ``known`` has, as ``line`` changes it"""
    person = {name: line.get(name) for name in _UPDATED_FIELDS if name != "values"}
    values = {**(known["values"] or {}), **(line.get("values") or {})}
    return {**merge_person(known, person), "values": values or None}


def _are_values(values):
    return isinstance(values, dict) and all(
        is_name(name) and isinstance(value, str) and len(value) <= MAX_VALUE
        for name, value in values.items()
    )


def _get_record(member):
    """What has the number: the contact or lead, or else the line itself."""
    return member.partner_id or member.lead_id or member


def _get_origin(member):
    return member.company_id, _get_record(member)._name


def judge_numbers(env, phones):
    """Find out for each number whether it can be written to.

    :param phones: list of `tools.msisdn.Reading`
    :return: list of E.164 or None, and a word of the field ``reach``
    """
    judged = [_judge_number(phone) for phone in phones]
    numbers = [number for number, _word in judged if number]
    blocked = find_opted_out(env, numbers)
    return [
        (number, "opted_out" if number in blocked else word) for number, word in judged
    ]


def _judge_number(phone):
    if phone.serves("sms"):
        return phone.number, "reachable"
    return None, "invalid_number" if phone.raw.strip() else "no_number"
