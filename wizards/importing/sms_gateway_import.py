"""Import of recipients from files into a recipient list."""

from collections import Counter
from itertools import islice

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import babel_locale_parse

from ...models.common.notification import CLOSE, make_notification
from ...models.common.progress import Progress
from ...models.recipients.sms_gateway_list import IMPORTED_FIELDS
from ...tools.country_names import find_countries
from ...tools.importing.header_row import find_header
from ...tools.importing.headers import is_report
from ...tools.importing.rows import Rules
from .column_proposals import propose_columns
from .explanations import (
    explain_missing_phone,
    explain_rejection,
    summarise,
)
from .rejected_rows import REPORT_COLUMNS, RejectedRows
from .row_check import CheckCounts, RowChecker
from .row_reading import quote, read_sample, restore_cells

#: Rows that are written at once.
ROWS_AT_ONCE = 2000


class SmsGatewayImport(models.TransientModel):
    """Imports recipients into a list, or updates those that it has."""

    _name = "sms.gateway.import"
    _inherit = ["sms.gateway.file.import"]
    _description = "SMS Gateway Import"

    list_id = fields.Many2one(
        "sms.gateway.list",
        required=True,
        readonly=True,
        domain="[('kind', '=', 'members')]",
        ondelete="cascade",
    )
    sheet_ids = fields.One2many(
        "sms.gateway.import.sheet", "import_id", "Sheets", readonly=True
    )
    sheet_id = fields.Many2one(
        "sms.gateway.import.sheet", domain="[('import_id', '=', id)]"
    )
    has_sheets = fields.Boolean(compute="_compute_other_sheets")
    other_sheets = fields.Char("Sheets not imported", compute="_compute_other_sheets")
    country_id = fields.Many2one(
        "res.country",
        compute="_compute_country_id",
        store=True,
        readonly=False,
        help="Numbers without + and a country code belong to this country, unless "
        "the row has its own country.",
    )
    has_landlines = fields.Boolean(
        "Include landline numbers",
        help="Landlines can be called but cannot receive SMS.",
    )
    takes_first = fields.Boolean(
        "Use the first mobile number",
        help="If a cell contains several numbers. Otherwise such rows are not "
        "imported.",
    )
    existing = fields.Selection(
        [("skip", "Skip"), ("update", "Update")],
        "Numbers already in the list",
        default="skip",
        required=True,
        help="Update: data from the file replaces the data of the imported recipient "
        "with this number. Empty cells replace nothing. Contacts and leads are not "
        "changed.",
    )
    column_ids = fields.One2many("sms.gateway.import.column", "import_id")
    phone_doubt = fields.Text(compute="_compute_phone_doubt")
    has_hidden = fields.Boolean(readonly=True)
    hidden_count = fields.Integer(
        "Rows hidden or filtered out in the file", readonly=True
    )
    summary = fields.Text(readonly=True)
    problem_ids = fields.One2many(
        "sms.gateway.import.problem", "import_id", readonly=True
    )

    # === COMPUTES ===
    @api.depends("list_id")
    def _compute_country_id(self):
        for one in self:
            one.country_id = one.list_id.company_id.country_id

    @api.depends("sheet_id", "sheet_ids")
    def _compute_other_sheets(self):
        for one in self:
            others = one.sheet_ids._origin - one.sheet_id._origin
            one.has_sheets = len(one.sheet_ids) > 1 or bool(one.sheet_ids.name)
            one.other_sheets = ", ".join(others.mapped("display_name"))

    @api.depends("column_ids.target", "column_ids.is_candidate", "column_ids.header")
    def _compute_phone_doubt(self):
        for one in self:
            is_known = "phone" in one.column_ids.mapped("target")
            one.phone_doubt = not is_known and explain_missing_phone(
                self.env, one.column_ids
            )

    # === ONCHANGES ===
    @api.onchange("sheet_id")
    def _onchange_sheet_id(self):
        if self.state == "columns":
            self._propose_header()
            self._propose_columns()

    # === STEPS ===
    def action_check(self):
        """Read the whole file, count, and report what is wrong; write nothing."""
        self.ensure_one()
        self.has_hidden = False
        return self._check_rows()

    def action_switch_hidden(self):
        """Take in what is hidden in the file, or leave it out again."""
        self.ensure_one()
        self.has_hidden = not self.has_hidden
        return self._check_rows()

    def _check_rows(self):
        self.column_ids._check_meanings()
        counts = CheckCounts()
        report = RejectedRows(
            [*self._get_report_headers(), *self._get_headers_of_file()]
        )
        for checked in self._read_checked():
            counts.add(checked)
            if checked.is_rejected:
                report.add(checked, explain_rejection(self.env, checked))
        self.write(
            {
                "state": "checked",
                "good_count": counts.good_count,
                "bad_count": counts.rejected_count,
                "hidden_count": counts.hidden_count,
                "summary": summarise(self.env, counts),
                "problem_ids": [Command.clear(), *self._show(counts.shown)],
                "report": report.encode() if counts.rejected_count else False,
                "report_name": self.env._("import errors") + ".csv",
            }
        )
        return self._reopen()

    def _get_headers_of_file(self):
        """The headers of the file that a report is about."""
        headers = self.column_ids._get_headers()
        return headers[REPORT_COLUMNS:] if is_report(headers) else headers

    def _show(self, rejected):
        return [
            Command.create(
                {
                    "number": checked.number,
                    "content": quote("; ".join(filter(None, checked.cells))),
                    "fault": explain_rejection(self.env, checked),
                }
            )
            for checked in rejected
        ]

    def _get_report_headers(self):
        """Such as `is_report` knows."""
        return self.env._("File row"), self.env._("Import error")

    def action_import(self):
        """Add the good rows to the list, and update members where that is wanted."""
        self.ensure_one()
        self.column_ids._check_meanings()
        good = (checked for checked in self._read_checked() if checked.recipient)
        counts = Counter()
        while some := list(islice(good, ROWS_AT_ONCE)):
            counts.update(self._write_members(some))
        names = self.column_ids._get_named().mapped("value_name")
        self.list_id._add_value_names(names)
        return self._notify_imported(counts)

    def _write_members(self, good):
        """:return: dict of what was done → for how many"""
        new = [_make_member(one.recipient) for one in good if not one.member_id]
        known = {
            one.member_id: _make_member(one.recipient) for one in good if one.member_id
        }
        updated = self.list_id._update_imported(known) if known else 0
        return {
            "added": self.list_id._add_imported(new),
            "updated": updated,
            "unchanged": len(known) - updated,
        }

    def _get_title(self):
        return self.env._("Import recipients")

    def _notify_imported(self, counts):
        if self.existing == "update":
            words = self.env._(
                "Rows added: %(added)s, updated: %(updated)s, unchanged: "
                "%(unchanged)s.",
                added=counts["added"],
                updated=counts["updated"],
                unchanged=counts["unchanged"],
            )
        else:
            words = self.env._("Rows imported: %(count)s.", count=counts["added"])
        return make_notification(words, next=CLOSE)

    # === READ ===
    def _read(self):
        """Yield the rows of the chosen sheet."""
        yield from restore_cells(self._read_sheet(self._open(), self.sheet_id.index))

    def _read_checked(self):
        """Yield every row but the header as `CheckedRow`."""
        checker = RowChecker(
            columns=self.column_ids._get_read_columns(),
            rules=self._get_rules(),
            header_line=self.header_line,
            takes_hidden=self.has_hidden,
            updates_members=self.existing == "update",
            known=self.list_id._find_numbers(),
            is_report=is_report(self.column_ids._get_headers()),
        )
        return Progress(self, self._get_total()).watch(checker.check(self._read()))

    def _get_rules(self):
        languages = self.env["res.lang"].get_installed()
        spoken = (babel_locale_parse(code).language for code, _name in languages)
        return Rules(
            channel="voice" if self.has_landlines else "sms",
            country=self.country_id.code or None,
            takes_first=self.takes_first,
            languages=self._get_languages(),
            countries=find_countries(dict.fromkeys(spoken)),
        )

    def _get_languages(self):
        """:return: dict of what people call the installed languages → code"""
        languages = {}
        for code, name in self.env["res.lang"].get_installed():
            locale = babel_locale_parse(code)
            words = (code, code.replace("_", "-"), name, locale.language)
            spoken = (locale.get_language_name(reader) for reader in ("ru", "en"))
            for word in (*words, *filter(None, spoken)):
                languages.setdefault(word.casefold(), code)
        return languages

    # === PROPOSALS ===
    def _propose_sheet(self):
        """The first one that a person sees something on."""
        table = self._open()
        self.sheet_id = False
        self.sheet_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "index": sheet.index,
                        "name": quote(sheet.name),
                        "is_hidden": sheet.is_hidden,
                    }
                )
                for sheet in table.sheets
            ),
        ]
        full = [
            sheet
            for sheet in self.sheet_ids
            if next(self._read_sheet(table, sheet.index), None)
        ]
        if not full:
            raise UserError(self.env._("The file is empty."))
        self.sheet_id = next(
            (sheet for sheet in full if not sheet.is_hidden), self.sheet_ids[:1]
        )

    def _propose_header(self):
        rows = read_sample(self._read)
        index = find_header([row.cells for row in rows], self.country_id.code)
        self.header_line = 0 if index is None else rows[index].number

    def _propose_columns(self):
        rows = read_sample(self._read, self.header_line)
        names = []
        if rows and rows[0].number == self.header_line:
            names = rows.pop(0).cells
        values = propose_columns(
            self.env,
            names,
            [row.cells for row in rows],
            country=self.country_id.code,
            taken_names=self.column_ids._get_taken_names(),
        )
        self.column_ids = [Command.clear(), *map(Command.create, values)]


def _make_member(recipient):
    values = {name: recipient.fields.get(name) for name in IMPORTED_FIELDS}
    return {**values, "values": recipient.values or None}
