"""Recipient lists: people to send to again and again."""

import json
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools.importing.full_names import merge_recipient
from ..campaigns.filters import read_domain
from ..common.notification import RELOAD, make_notification
from ..common.progress import Progress
from ..common.usage import check_unused
from .reach import evaluate_reach
from .sms_gateway_recipient import find_phones

#: Records that are read at once where a whole list is gone through.
READ_AT_ONCE = 1000
#: Records of which a person waits to hear who can be reached.
MAX_CHECKED = 100_000
#: Recipients up to which the form of a list checks the numbers itself.
MAX_CHECKED_AT_ONCE = 1000
#: What the owner of a number does not lack: they are reached, by another recipient.
_REACHED = ("reachable", "duplicate")

_MEMBER_FIELDS = {"res.partner": "partner_id", "crm.lead": "lead_id"}
#: What an imported member has of its own.
IMPORTED_FIELDS = (
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
#: What another file may change for the same number.
_UPDATED_FIELDS = tuple(name for name in IMPORTED_FIELDS if name != "phone")


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
        string="Type",
    )
    member_ids = fields.One2many(
        "sms.gateway.list.member", "list_id", copy=True, string="List Recipients"
    )
    member_count = fields.Integer("Recipients", compute="_compute_member_count")
    count_trouble = fields.Char(
        "Not counted",
        compute="_compute_member_count",
        help="Reason why the recipients cannot be counted.",
    )
    res_model = fields.Selection(
        selection=lambda self: self.env["sms.gateway.campaign"]._selection_res_model(),
        string="Record type",
        default="res.partner",
    )
    res_domain = fields.Char("Filter", default="[]")
    mailing_list = fields.Reference(
        selection="_selection_mailing_list", string="Mailing list"
    )
    value_names = fields.Char(
        "Placeholders",
        readonly=True,
        help="Additional columns of imported files that texts for this list can use "
        "as placeholders.",
    )
    reach_counts = fields.Json("Number Check Counts", readonly=True, copy=False)
    reach_summary = fields.Char("Number check result", compute="_compute_reach_summary")
    checked_at = fields.Datetime("Checked on", readonly=True, copy=False)
    has_reach = fields.Boolean("Numbers checked", compute="_compute_reach")
    reachable_count = fields.Integer("Reachable", compute="_compute_reach")
    unreachable_count = fields.Integer("Not reachable", compute="_compute_reach")

    # === COMPUTES ===
    @api.model
    def _selection_kind(self):
        kinds = {
            "members": self.env._("Fixed list"),
            "filter": self.env._("Filter"),
            "mailing": self.env._("Mailing list"),
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

    @api.depends("member_count", "reach_counts")
    def _compute_reach(self):
        """Of short lists as things are now, of others at their last check."""
        for one in self:
            counts = one._count_reach()
            one.has_reach = counts is not None
            one.reachable_count = (counts or {}).get("reachable", 0)
            one.unreachable_count = sum(
                count for word, count in (counts or {}).items() if word not in _REACHED
            )

    def _count_reach(self):
        """:return: dict of `REACH` → recipients; None where nobody knows"""
        if self.count_trouble or not self.member_count:
            return None
        if self.member_count > MAX_CHECKED_AT_ONCE:
            return self.reach_counts or None
        seen = set()
        return Counter(
            reach
            for records in self._read_at_once()
            for _record, reach in self._evaluate(records, seen)
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
        imported = [*ours, ("partner_id", "=", False), ("lead_id", "=", False)]
        return [
            ("res.partner", [("id", "in", partners.subselect("partner_id"))]),
            ("crm.lead", [("id", "in", leads.subselect("lead_id"))]),
            (Member._name, imported),
        ]

    # === BUTTONS ===
    def action_send(self):
        """A new campaign to these lists."""
        campaign = self.env["sms.gateway.campaign"]._create_temporary(
            {"recipient_source": "lists", "list_ids": self.ids}
        )
        return campaign._get_composer_action()

    def action_send_again(self):
        """Ask who of the last campaign to the list is sent to again, and how."""
        self.ensure_one()
        return self.env["sms.gateway.send.again"]._open_for_list(self)

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
            raise UserError(self.env._("Select a mailing list first."))
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
            "name": self.env._("Import recipients"),
            "res_model": "sms.gateway.import",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_list_id": self.id},
        }

    def action_check(self):
        """Find out who can be reached, as things are now."""
        self.ensure_one()
        counts, seen = Counter(), set()
        progress = Progress(self, min(self.member_count, MAX_CHECKED))
        for records in self._read_in_parts():
            progress.tell(counts.total())
            counts.update(reach for _one, reach in self._evaluate(records, seen))
            if counts.total() >= MAX_CHECKED:
                break
        self.write({"reach_counts": dict(counts), "checked_at": fields.Datetime.now()})
        return self._notify_checked(counts.total())

    def action_open_unreachable(self):
        """Open those who cannot be reached; members tell the reason."""
        self.ensure_one()
        unreachable, seen = {}, set()
        for records in self._read_in_parts():
            ids = unreachable.setdefault(records._name, [])
            ids += [
                record.id
                for record, reach in self._evaluate(records, seen)
                if reach not in _REACHED
            ]
            if sum(map(len, unreachable.values())) >= MAX_CHECKED_AT_ONCE:
                break
        action = self.action_open_members()
        found = self._find_members(unreachable, action["res_model"])
        return {
            **action,
            "name": self.env._("Not reachable: %(list)s", list=self.name),
            "domain": list(fields.Domain(action["domain"]) & found),
        }

    def _find_members(self, ids_of_model, model_name):
        """The domain of the members, or records of one model, that have these ids.

        :param ids_of_model: dict of model name → ids
        """
        if self.kind != "members":
            return fields.Domain("id", "in", ids_of_model.get(model_name, []))
        return fields.Domain.OR(
            fields.Domain(_MEMBER_FIELDS.get(name, "id"), "in", ids)
            for name, ids in ids_of_model.items()
        )

    def action_add_contacts(self, partner_ids):
        """Add the contacts that were chosen in the form, each once.

        :return: how many are new
        """
        self.ensure_one()
        is_list = isinstance(partner_ids, list)
        if not is_list or any(type(one) is not int for one in partner_ids):
            raise UserError(
                self.env._("The selected records could not be read. Select them again.")
            )
        if self.kind != "members":
            raise UserError(
                self.env._(
                    "Contacts can only be added to lists of the type Fixed list."
                )
            )
        return self._add_records("res.partner", [("id", "in", partner_ids)])

    def _notify_checked(self, count):
        """Tell where only a part of the list was looked at."""
        if count < MAX_CHECKED or count == self.member_count:
            return True
        return make_notification(
            self.env._(
                "Only the first %(count)s recipients were checked.", count=count
            ),
            "warning",
            next=RELOAD,
        )

    # === REACH ===
    def _evaluate(self, records, seen):
        """Yield each record with its value of `REACH`, as things are now.

        :param seen: set of the numbers of earlier records, which grows
        """
        phones = find_phones(records, self.company_id)
        evaluated = evaluate_reach(self.env, phones)
        for record, (number, reach) in zip(records, evaluated, strict=True):
            is_second = reach == "reachable" and number in seen
            yield record, "duplicate" if is_second else reach
            seen.add(number)

    # === MEMBERS ===
    def _read_at_once(self):
        """Yield the records of a short list, all of one model at a time."""
        for model_name, domain in self._get_sources():
            yield self.env[model_name].search(domain, limit=MAX_CHECKED_AT_ONCE)

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
            are_imported = records._name == "sms.gateway.list.member"
            phones = find_phones(records, self.company_id)
            for record, phone in zip(records, phones, strict=True):
                if phone.number:
                    ids = numbers.setdefault(phone.number, [])
                    ids += record.ids if are_imported else []
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

    def _add_imported(self, rows):
        """Add members with data of their own.

        :param rows: list of dicts of fields of a member
        """
        self._check_may_add()
        return self._insert_members(
            IMPORTED_FIELDS, _make_source(rows, IMPORTED_FIELDS)
        )

    def _update_imported(self, rows):
        """Change imported members to what a file says of them; what it lacks stays.

        :param rows: dict of id → dict of fields of a member
        :return: how many are not as they were
        """
        self._check_may_add()
        Member = self.env["sms.gateway.list.member"]
        Member.check_access("write")
        changes = []
        for stored in Member.browse(rows).read(_UPDATED_FIELDS, load=None):
            known = {name: value or None for name, value in stored.items()}
            merged = _merge_imported(known, rows[stored["id"]])
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
                 WHERE member.id = imported.id AND member.list_id = %(list_id)s
                """,
                names=SQL(", ").join(map(SQL.identifier, _UPDATED_FIELDS)),
                values=SQL(", ").join(
                    SQL.identifier("imported", name) for name in _UPDATED_FIELDS
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


def _make_source(rows, names):
    """Write rows as a table named ``imported`` with these columns.

    :param rows: list of dicts of fields of a member
    """
    types = {"id": SQL("integer"), "values": SQL("jsonb")}
    columns = [
        SQL("%s %s", SQL.identifier(name), types.get(name, SQL("varchar")))
        for name in names
    ]
    return SQL(
        "jsonb_to_recordset(%s::jsonb) AS imported(%s)",
        json.dumps(rows),
        SQL(", ").join(columns),
    )


def _merge_imported(known, row):
    """:return: dict of what ``known`` has, as ``row`` changes it"""
    recipient = {name: row.get(name) for name in _UPDATED_FIELDS if name != "values"}
    values = {**(known["values"] or {}), **(row.get("values") or {})}
    return {**merge_recipient(known, recipient), "values": values or None}
