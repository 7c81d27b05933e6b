"""Import of people from files into a recipient list."""

import base64
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import babel_locale_parse

from ..models.common.notification import CLOSE, make_notification
from ..models.recipients.sms_gateway_list import IMPORTED_FIELDS
from ..models.recipients.sms_gateway_recipient import PERSON_NAMES
from ..tools.country_names import find_countries
from ..tools.import_columns import (
    SAMPLED_ROWS,
    BadLine,
    Column,
    Line,
    Rules,
    choose_phone,
    examine,
    find_header,
    has_number,
    is_name,
    is_report,
    make_names,
    read_line,
    recognise,
    write_phone,
)
from ..tools.spreadsheet.reading import MAX_FILE, MAX_LINES, MIB, TableError, open_table

#: Lines that are written at once.
LINES_AT_ONCE = 2000
#: Bad lines that the dialog shows; the report has them all.
SHOWN_PROBLEMS = 100
#: Lines from which a person sees what a column has.
SAMPLE_LINES = 3
#: Characters of a cell that the dialog and the report quote.
MAX_QUOTED = 100
#: Columns of a report before those of the file.
REPORT_COLUMNS = 2
#: What a sample shows of an empty cell.
_EMPTY = "–"
#: What a spreadsheet would take for the beginning of a formula, and what the report
#: writes before it.
_GUARD = "'"
_GUARDED = ("=", "+", "-", "@", "\t", "\r", _GUARD)
#: Why a line that is not imported is not a bad one.
LEFT_OUT = ("hidden", "title")
_PHONES = ("phone", "other_phone")
#: What texts can use by a name.
_NAMED = ("value", "country")


@dataclass(frozen=True)
class Judged:
    """A line of the file.

    It is good, and ``line`` says of whom and ``member_id`` whose data it changes; or
    ``fault`` says why not: a code of `BadLine`, ``broken_text``, ``above_header``,
    ``in_list``, ``of_record``, ``several_members``, or ``twice``, first in line
    ``earlier``; or it is left out as ``hidden`` or a ``title``.
    """

    number: int
    cells: list[str]
    is_hidden: bool = False
    line: Line | None = None
    member_id: int | None = None
    fault: str = ""
    earlier: int = 0

    @property
    def is_bad(self):
        return bool(self.fault) and self.fault not in LEFT_OUT


class SmsGatewayImport(models.TransientModel):
    """Reads a file in three steps: the file, its columns, what is wrong with it.

    Nothing is written to the list before the last step is confirmed.
    """

    _name = "sms.gateway.import"
    _description = "SMS Gateway Import"

    list_id = fields.Many2one(
        "sms.gateway.list",
        required=True,
        readonly=True,
        domain="[('kind', '=', 'members')]",
        ondelete="cascade",
    )
    state = fields.Selection(
        [("file", "File"), ("columns", "Columns"), ("checked", "Check")],
        default="file",
        required=True,
        readonly=True,
    )
    file = fields.Binary()
    file_name = fields.Char()
    sheet_ids = fields.One2many(
        "sms.gateway.import.sheet", "import_id", "Sheets", readonly=True
    )
    sheet_id = fields.Many2one(
        "sms.gateway.import.sheet", domain="[('import_id', '=', id)]"
    )
    has_sheets = fields.Boolean(compute="_compute_other_sheets")
    other_sheets = fields.Char("Sheets not read", compute="_compute_other_sheets")
    header_line = fields.Integer(
        "Line of the header",
        help="The line with the names of the columns, 0 if there is none. Lines above"
        " it are not imported.",
    )
    country_id = fields.Many2one(
        "res.country",
        compute="_compute_country_id",
        store=True,
        readonly=False,
        help="Numbers without + and a country code are numbers of this country, unless"
        " the line has a country of its own.",
    )
    has_landlines = fields.Boolean(
        "Landline numbers too", help="They can be called, an SMS does not reach them."
    )
    takes_first = fields.Boolean(
        "Take the first mobile number",
        help="Of several numbers in a cell. Otherwise such lines are not imported.",
    )
    existing = fields.Selection(
        [("skip", "Skip"), ("update", "Update")],
        "Numbers in the list already",
        default="skip",
        required=True,
        help="Update: the data of the file replace those of the imported member with"
        " the number. Empty cells replace nothing. Contacts and leads are not changed.",
    )
    column_ids = fields.One2many("sms.gateway.import.column", "import_id")
    phone_doubt = fields.Text(compute="_compute_phone_doubt")
    has_hidden = fields.Boolean(readonly=True)
    hidden_count = fields.Integer(
        "Lines hidden or filtered out in the file", readonly=True
    )
    good_count = fields.Integer("Good lines", readonly=True)
    bad_count = fields.Integer("Bad lines", readonly=True)
    summary = fields.Text(readonly=True)
    problem_ids = fields.One2many(
        "sms.gateway.import.problem", "import_id", readonly=True
    )
    report = fields.Binary("All bad lines", readonly=True)
    report_name = fields.Char(readonly=True)

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
            one.phone_doubt = False if is_known else one._explain_doubt()

    # === ONCHANGES ===
    @api.onchange("sheet_id")
    def _onchange_sheet_id(self):
        if self.state == "columns":
            self._propose_header()
            self._propose_columns()

    @api.onchange("header_line")
    def _onchange_header_line(self):
        if self.state == "columns":
            self._propose_columns()

    # === CHECKS ===
    @api.constrains("file")
    def _check_file(self):
        for one in self:
            # base64 has four characters for three bytes
            if len(one.with_context(bin_size=False).file or b"") > MAX_FILE / 3 * 4 + 4:
                raise ValidationError(self._explain(TableError("file_too_big")))

    # === STEPS ===
    def action_read(self):
        """Look at the first lines and propose what the columns mean."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        self._propose_sheet()
        self._propose_header()
        self._propose_columns()
        self.state = "columns"
        return self._reopen()

    def action_check(self):
        """Read the whole file, count, and report what is wrong; write nothing."""
        self.ensure_one()
        self.has_hidden = False
        return self._check_lines()

    def action_switch_hidden(self):
        """Take in what is hidden in the file, or leave it out again."""
        self.ensure_one()
        self.has_hidden = not self.has_hidden
        return self._check_lines()

    def _check_lines(self):
        self._check_columns()
        findings = Findings()
        report = Report([*self._get_report_headers(), *self._get_headers_of_file()])
        for judged in self._judge():
            findings.add(judged)
            if judged.is_bad:
                report.add(judged, self._tell_fault(judged))
        self.write(
            {
                "state": "checked",
                "good_count": findings.good_count,
                "bad_count": findings.bad_count,
                "hidden_count": findings.hidden_count,
                "summary": self._summarise(findings),
                "problem_ids": [Command.clear(), *self._show(findings.shown)],
                "report": report.encode() if findings.bad_count else False,
                "report_name": self.env._("bad lines") + ".csv",
            }
        )
        return self._reopen()

    def action_import(self):
        """Add the good lines to the list, and update members where that is wanted."""
        self.ensure_one()
        self._check_columns()
        good = (judged for judged in self._judge() if judged.line)
        counts = Counter()
        while some := list(islice(good, LINES_AT_ONCE)):
            counts.update(self._write_members(some))
        named = self.column_ids.filtered(lambda one: one.target in _NAMED)
        self.list_id._add_value_names(named.mapped("value_name"))
        return self._tell_imported(counts)

    def _write_members(self, good):
        """:return: dict of what was done → for how many"""
        new = [_make_member(one.line) for one in good if not one.member_id]
        known = {one.member_id: _make_member(one.line) for one in good if one.member_id}
        updated = self.list_id._update_imported(known) if known else 0
        return {
            "added": self.list_id._add_imported(new),
            "updated": updated,
            "unchanged": len(known) - updated,
        }

    def action_back(self):
        self.ensure_one()
        self.state = "columns" if self.state == "checked" else "file"
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import members"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _tell_imported(self, counts):
        if self.existing == "update":
            words = self.env._(
                "Lines added: %(added)s, updated: %(updated)s, unchanged:"
                " %(unchanged)s.",
                added=counts["added"],
                updated=counts["updated"],
                unchanged=counts["unchanged"],
            )
        else:
            words = self.env._("Lines imported: %(count)s.", count=counts["added"])
        return make_notification(words, next=CLOSE)

    # === READ ===
    def _open(self):
        """:raise UserError: the file cannot be read"""
        content = self._origin.with_context(bin_size=False).file or b""
        try:
            return open_table(
                base64.b64decode(content), locale=self.env.lang or "en_US"
            )
        except TableError as error:
            raise UserError(self._explain(error)) from error

    def _read_sheet(self, table, index):
        """Yield the rows of a sheet that are not empty.

        :raise UserError: the file cannot be read, which may show on the way
        """
        try:
            yield from table.read(index)
        except TableError as error:
            raise UserError(self._explain(error)) from error

    def _read(self):
        """Yield the rows of the chosen sheet; those of our report as they were in the
        file that it is about."""
        rows = self._read_sheet(self._open(), self.sheet_id.index)
        first = next(rows, None)
        if first is None:
            return
        comes_back = is_report(first.cells)
        for row in chain([first], rows):
            yield replace(row, cells=_unguard(row.cells)) if comes_back else row

    def _read_sample(self, first_line=0):
        """The first rows, from some line on, that a person sees in the file; hidden
        ones where all are."""

        def read(takes_hidden):
            for row in self._read():
                is_shown = takes_hidden or not row.is_hidden or row.number == first_line
                if is_shown and row.number >= first_line:
                    yield row

        visible = list(islice(read(False), SAMPLED_ROWS))
        return visible or list(islice(read(True), SAMPLED_ROWS))

    def _judge(self):
        """Yield every line but the header as `Judged`."""
        columns, rules = self._get_columns(), self._get_rules()
        known, seen = self.list_id._find_numbers(), {}
        comes_back = is_report(self._get_headers())
        for row in self._read():
            if row.number == self.header_line:
                continue
            judged = self._judge_alone(row, columns, rules)
            if comes_back:
                judged = _put_back(judged)
            if judged.line:
                phone = judged.line.fields["phone"]
                judged = self._judge_among(judged, phone, known, seen)
                seen.setdefault(phone, judged.number)
            yield judged

    def _judge_alone(self, row, columns, rules):
        judged = Judged(row.number, row.cells)
        if row.number < self.header_line:
            is_person = has_number(row.cells, rules.country)
            return replace(judged, fault="above_header" if is_person else "title")
        judged = replace(judged, is_hidden=row.is_hidden)
        if row.is_hidden and not self.has_hidden:
            return replace(judged, fault="hidden")
        if row.is_doubtful:
            return replace(judged, fault="broken_text")
        try:
            return replace(judged, line=read_line(row.cells, columns, rules))
        except BadLine as error:
            return replace(judged, fault=error.fault)

    def _judge_among(self, judged, phone, known, seen):
        """A good line, beside those before it and the list.

        :param known: dict of number in the list → ids of members that may be updated
        :param seen: dict of number → line
        """
        if phone in known and self.existing == "skip":
            return replace(judged, line=None, fault="in_list")
        if phone in seen:
            return replace(judged, line=None, fault="twice", earlier=seen[phone])
        if phone not in known:
            return judged
        ids = known[phone]
        if len(ids) == 1:
            return replace(judged, member_id=ids[0])
        fault = "several_members" if ids else "of_record"
        return replace(judged, line=None, fault=fault)

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
                        "name": _quote(sheet.name),
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
            raise UserError(self.env._("There is nothing in this file."))
        self.sheet_id = next(
            (sheet for sheet in full if not sheet.is_hidden), self.sheet_ids[:1]
        )

    def _propose_header(self):
        rows = self._read_sample()
        index = find_header([row.cells for row in rows], self.country_id.code)
        self.header_line = 0 if index is None else rows[index].number

    def _propose_columns(self):
        rows = self._read_sample(self.header_line)
        names = []
        if rows and rows[0].number == self.header_line:
            names = rows.pop(0).cells
        values = self._describe_columns(names, [row.cells for row in rows])
        self.column_ids = [Command.clear(), *map(Command.create, values)]

    def _describe_columns(self, names, rows):
        """:return: list of values of columns"""
        width = max(map(len, [names, *rows]))
        headers = [*names, *[""] * (width - len(names))]
        targets, candidates = self._propose_targets(headers, rows)
        if not names:
            headers = [
                self.env._("Column %(number)s", number=number)
                for number in range(1, width + 1)
            ]
        value_names = self._propose_names(headers, targets)
        phones = [*candidates, *(i for i, one in targets.items() if one == "phone")]
        people = [row for row in rows if any(_get_cell(row, i) for i in phones)]
        samples = (people or rows)[:SAMPLE_LINES]
        return [
            {
                "index": index,
                "header": _quote(header),
                "sample": _join_sample(_get_cell(cells, index) for cells in samples),
                "target": targets.get(index, "value" if header else "skip"),
                "is_candidate": index in candidates,
                "value_name": value_names[index],
            }
            for index, header in enumerate(headers)
        ]

    def _propose_targets(self, headers, rows):
        """:return: dict of index → target, and the indices of columns that a person has
        to choose the numbers from"""
        contents = [
            examine((_get_cell(cells, index) for cells in rows), self.country_id.code)
            for index in range(len(headers))
        ]
        choice = choose_phone(headers, contents)
        targets = {
            index: target
            for index, target in recognise(headers).items()
            if target != "phone" and index not in choice.rivals
        }
        if choice.index is not None:
            targets[choice.index] = "phone"
        return targets, choice.rivals

    def _propose_names(self, headers, targets):
        """:return: dict of index → name; columns that mean nothing else choose first"""
        order = sorted(range(len(headers)), key=lambda index: index in targets)
        chosen = [headers[index] for index in order]
        names = make_names(chosen, self._get_taken_names())
        return dict(zip(order, names, strict=True))

    # === COLUMNS ===
    def _get_headers(self):
        return [column.header or "" for column in self.column_ids.sorted("index")]

    def _get_headers_of_file(self):
        """The headers of the file that a report is about."""
        headers = self._get_headers()
        return headers[REPORT_COLUMNS:] if is_report(headers) else headers

    def _get_taken_names(self):
        """Names that texts use of every member."""
        return {*PERSON_NAMES, *self.env["sms.gateway.list.member"]._fields}

    def _get_columns(self):
        """The columns that are read: the country of a number is also one of texts."""
        columns = []
        for column in self.column_ids:
            if column.target in _NAMED:
                columns.append(Column(column.index, "value", column.value_name))
            if column.target not in ("value", "skip"):
                columns.append(Column(column.index, column.target))
        return columns

    def _check_columns(self):
        targets = Counter(self.column_ids.mapped("target"))
        labels = dict(
            self.column_ids._fields["target"]._description_selection(self.env)
        )
        if not targets["phone"]:
            raise UserError(self.env._("Say which column has the number."))
        for target, count in targets.items():
            if target not in ("value", "skip") and count > 1:
                raise UserError(
                    self.env._(
                        "Only one column can be “%(target)s”.", target=labels[target]
                    )
                )
        self._check_names()

    def _check_names(self):
        named = self.column_ids.filtered(lambda one: one.target in _NAMED)
        taken = self._get_taken_names()
        for column in named:
            name = column.value_name or ""
            if not is_name(name) or name in taken:
                raise UserError(
                    self.env._(
                        "“%(name)s” cannot be the name of the column “%(header)s”:"
                        " choose another, of Latin letters, digits and underscores.",
                        name=name,
                        header=column.header,
                    )
                )
            taken.add(name)

    # === REPORT ===
    def _summarise(self, findings):
        """One line for each kind of finding."""
        faults = findings.faults.most_common()
        doubts = {
            "gender": self.env._("Gender not understood, imported without it"),
            "lang": self.env._(
                "Language not understood or not installed, imported without it"
            ),
            "country": self.env._(
                "Country not understood, the number has the code of its country"
            ),
            "formula": self.env._("Cells with errors of formulas, left empty"),
        }
        counts = [
            (self.env._("Members that are updated"), findings.update_count),
            *((self._describe(fault), count) for fault, count in faults),
            *((words, findings.doubts[doubt]) for doubt, words in doubts.items()),
            (self.env._("Lines above the header, left out"), findings.title_count),
        ]
        return "\n".join(f"{words}: {count}" for words, count in counts if count)

    def _show(self, bad):
        return [
            Command.create(
                {
                    "number": judged.number,
                    "content": _quote("; ".join(filter(None, judged.cells))),
                    "fault": self._tell_fault(judged),
                }
            )
            for judged in bad
        ]

    def _get_report_headers(self):
        """Such as `is_report` knows."""
        return self.env._("Line of the file"), self.env._("Why not")

    # === WORDS ===
    def _tell_fault(self, judged):
        """What is wrong with a line, and what a person can do about it."""
        if judged.earlier:
            return self.env._(
                "The number is in line %(line)s of the file already",
                line=judged.earlier,
            )
        remedy = self._get_remedies().get(judged.fault)
        fault = self._describe(judged.fault)
        return f"{fault}. {remedy}" if remedy else fault

    def _describe(self, fault):
        words = {
            "no_number": self.env._("No number"),
            "unreadable": self.env._("The number cannot be read"),
            "not_possible": self.env._("There is no such number"),
            "not_mobile": self.env._("A landline, which no SMS reaches"),
            "several": self.env._("Several numbers in the cell"),
            "digits_lost": self.env._("The number has lost digits in a spreadsheet"),
            "doubtful": self.env._("The number can be read in two ways"),
            "no_country": self.env._("The country of the number is not known"),
            "unknown_country": self.env._("The country of the line is not understood"),
            "too_long": self.env._("A cell is too long"),
            "bad_character": self.env._("A cell has characters that are no text"),
            "broken_text": self.env._("The line has damaged characters"),
            "above_header": self.env._("A number above the header"),
            "in_list": self.env._("The number is in the list already"),
            "of_record": self.env._(
                "The number is that of a contact or lead in the list"
            ),
            "several_members": self.env._(
                "Several members of the list have the number"
            ),
            "twice": self.env._("The number is in the file twice"),
        }
        return words[fault]

    def _get_remedies(self):
        """:return: dict of fault → what a person can do where it is not evident"""
        with_code = self.env._("Enter it with + and the country code.")
        return {
            "several": self.env._(
                "Leave one, or go back and select “Take the first mobile number”."
            ),
            "digits_lost": self.env._("Enter it in full, in a cell formatted as text."),
            "doubtful": with_code,
            "no_country": self.env._(
                "Go back and select the country, or enter the number with + and the"
                " country code."
            ),
            "unknown_country": self.env._(
                "Correct it, or enter the number with + and the country code."
            ),
            "broken_text": self.env._("Correct them, or save the file anew as UTF-8."),
            "above_header": self.env._("Go back and correct the line of the header."),
            "of_record": self.env._("Change it there: imports do not."),
        }

    def _explain_doubt(self):
        candidates = self.column_ids.filtered("is_candidate")
        headers = ", ".join(f"“{column.header}”" for column in candidates)
        if len(candidates) > 1:
            return self.env._(
                "Several columns may have the numbers to send to: %(columns)s. Select"
                " the meaning “Number” for the right one.",
                columns=headers,
            )
        if candidates:
            return self.env._(
                "The column %(column)s may have phone numbers, or those of cards,"
                " orders and so on. If they are phone numbers, select the meaning"
                " “Number”.",
                column=headers,
            )
        return self.env._(
            "No column seems to have phone numbers. Check the sheet, the line of the"
            " header and the country, or select the meaning “Number” for a column."
        )

    def _explain(self, error):
        sentences = {
            "file_too_big": self.env._(
                "The file is too big: up to %(size)s MB are read. Split it.",
                size=MAX_FILE // MIB,
            ),
            "unpacked_too_big": self.env._(
                "There is too much in this file. Save the sheet with the people alone,"
                " or as CSV."
            ),
            "not_a_table": self.env._("This is no table. Save it as XLSX, ODS or CSV."),
            "not_supported": self._explain_format(error.detail),
            "damaged": self.env._("The file is damaged. Save it anew."),
            "too_many_lines": self.env._(
                "The file has more than %(count)s lines. Split it.", count=MAX_LINES
            ),
            "too_many_columns": self.env._(
                "Line %(line)s has too many columns. Leave those that you need.",
                line=error.line,
            ),
            "cell_too_big": self.env._(
                "A cell in line %(line)s is too long: maybe a quotation mark is not"
                " closed.",
                line=error.line,
            ),
            "quote_not_closed": self.env._(
                "A quotation mark in line %(line)s is not closed.", line=error.line
            ),
            "no_such_sheet": self.env._("There is no such sheet in the file."),
        }
        return sentences[error.code]

    def _explain_format(self, detail):
        sentences = {
            "password": self.env._(
                "The file is protected by a password. Save it without one."
            ),
            "archive": self.env._("This is an archive. Take the table out of it."),
            "picture": self.env._(
                "This is a picture. A table of it is needed, as XLSX, ODS or CSV."
            ),
        }
        return sentences.get(detail) or self.env._(
            "Files of this kind are not read. Save the table as XLSX, ODS or CSV."
        )


class SmsGatewayImportSheet(models.TransientModel):
    """A sheet of the file."""

    _name = "sms.gateway.import.sheet"
    _description = "SMS Gateway Import Sheet"
    _order = "index"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    index = fields.Integer(required=True, readonly=True)
    name = fields.Char(readonly=True)
    is_hidden = fields.Boolean(readonly=True)

    @api.depends("name", "is_hidden")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for sheet in self:
            number = self.env._("Sheet %(number)s", number=sheet.index + 1)
            name = sheet.name or number
            hidden = self.env._("%(sheet)s (hidden)", sheet=name)
            sheet.display_name = hidden if sheet.is_hidden else name


class SmsGatewayImportColumn(models.TransientModel):
    """A column of the file and what it means."""

    _name = "sms.gateway.import.column"
    _description = "SMS Gateway Import Column"
    _order = "index"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    index = fields.Integer(required=True, readonly=True)
    header = fields.Char("Column", readonly=True)
    sample = fields.Text("For example", readonly=True)
    target = fields.Selection(
        [
            ("phone", "Number"),
            ("other_phone", "Number, if the first is empty"),
            ("country", "Country of the number"),
            ("name", "Full name"),
            ("first_name", "First name"),
            ("last_name", "Last name"),
            ("patronymic", "Patronymic"),
            ("gender", "Gender"),
            ("lang", "Language"),
            ("note", "Note"),
            ("value", "Further data for texts"),
            ("skip", "Leave out"),
        ],
        "Meaning",
        required=True,
    )
    is_candidate = fields.Boolean(readonly=True)
    reading = fields.Text("Read as", compute="_compute_reading")
    value_name = fields.Char("Name in texts")

    @api.depends(
        "sample",
        "target",
        "is_candidate",
        "import_id.country_id",
        "import_id.has_landlines",
        "import_id.takes_first",
        "import_id.column_ids.target",
    )
    @api.depends_context("lang")
    def _compute_reading(self):
        for column in self:
            is_read = column.target in _PHONES or column.is_candidate
            column.reading = is_read and "\n".join(column._read_sample())

    def _read_sample(self):
        """How the numbers of the sample are read, or why not."""
        rules = self.import_id._get_rules()
        columns = self.import_id.column_ids
        countries = columns.filtered(lambda one: one.target == "country")[:1]
        rows = zip_longest(_split_sample(self), _split_sample(countries), fillvalue="")
        for cells in rows:
            try:
                line = read_line(
                    cells, (Column(0, "phone"), Column(1, "country")), rules
                )
            except BadLine as error:
                yield self.import_id._describe(error.fault)
            else:
                yield write_phone(line.fields["phone"])


class SmsGatewayImportProblem(models.TransientModel):
    """A line of the file that is not imported."""

    _name = "sms.gateway.import.problem"
    _description = "SMS Gateway Import Problem"
    _order = "number"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer("Line", readonly=True)
    content = fields.Char("What is there", readonly=True)
    fault = fields.Text("Why not", readonly=True)


class Findings:
    """Counts the lines of a file; of the bad ones it keeps what the dialog shows."""

    def __init__(self):
        self.good_count = 0
        self.update_count = 0
        self.hidden_count = 0
        self.title_count = 0
        self.faults = Counter()
        self.doubts = Counter()
        self.shown = []

    @property
    def bad_count(self):
        return self.faults.total()

    def add(self, judged):
        self.hidden_count += judged.is_hidden
        self.title_count += judged.fault == "title"
        if judged.line:
            self.good_count += 1
            self.update_count += bool(judged.member_id)
            self.doubts.update(judged.line.doubts)
        elif judged.is_bad:
            self.faults[judged.fault] += 1
            if len(self.shown) < SHOWN_PROBLEMS:
                self.shown.append(judged)


class Report:
    """The bad lines as CSV: it can be mended and imported."""

    def __init__(self, headers):
        self._file = io.StringIO()
        self._rows = csv.writer(self._file, delimiter=";")
        self._rows.writerow(map(_guard, headers))

    def add(self, judged, why):
        self._rows.writerow([judged.number, why, *map(_guard, judged.cells)])

    def encode(self):
        return base64.b64encode(self._file.getvalue().encode("utf-8-sig"))


def _put_back(judged):
    """A line of a report as it stood in the file that the report is about."""
    number, cells = judged.cells[:1], judged.cells[REPORT_COLUMNS:]
    is_known = number and re.fullmatch("[0-9]{1,9}", number[0])
    return replace(
        judged, number=int(number[0]) if is_known else judged.number, cells=cells
    )


def _make_member(line):
    values = {name: line.fields.get(name) for name in IMPORTED_FIELDS}
    return {**values, "values": line.values or None}


def _get_cell(cells, index):
    return cells[index] if index < len(cells) else ""


def _join_sample(cells):
    return "\n".join(_quote(" ".join(cell.split())) or _EMPTY for cell in cells)


def _split_sample(column):
    lines = (column.sample or "").split("\n")
    return ["" if cell == _EMPTY else cell for cell in lines]


def _quote(text):
    text = text.replace("\0", "")
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def _guard(cell):
    """Keep a spreadsheet from computing what a stranger wrote."""
    return f"{_GUARD}{cell}" if cell.startswith(_GUARDED) else cell


def _unguard(cells):
    """Undo what `_guard` did, where a person has not."""
    return [
        cell[1:] if cell.startswith(_GUARD) and cell[1:].startswith(_GUARDED) else cell
        for cell in cells
    ]
