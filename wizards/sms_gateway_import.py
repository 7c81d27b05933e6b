"""Import of people from CSV and XLSX files into a recipient list."""

import base64
import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import babel_locale_parse

from ..models.notification import CLOSE, make_notification
from ..models.sms_gateway_list import LINE_FIELDS
from ..models.sms_gateway_recipient import PERSON_NAMES
from ..tools.people_table import (
    BadLine,
    Column,
    Line,
    find_phone,
    is_name,
    make_names,
    read_line,
    recognise,
)
from ..tools.table import MAX_FILE, MAX_LINES, MIB, TableError, open_table

#: Lines that are written at once.
LINES_AT_ONCE = 2000
#: Bad lines that the dialog shows; the report has them all.
SHOWN_PROBLEMS = 100
#: Lines from which a person sees what a column has.
SAMPLE_LINES = 4
#: Characters of a cell that the dialog and the report quote.
MAX_QUOTED = 100
#: What a spreadsheet would take for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Judged:
    """A line of the file. It is good, and ``line`` says of whom, or ``fault`` says
    why not: a code of `BadLine`, ``in_list``, or ``twice``, first in line ``earlier``.
    """

    number: int
    cells: list[str]
    line: Line | None = None
    fault: str = ""
    earlier: int = 0


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
    has_header = fields.Boolean("The first line has the names of the columns")
    has_landlines = fields.Boolean(
        "Landline numbers too", help="They can be called, an SMS does not reach them."
    )
    column_ids = fields.One2many("sms.gateway.import.column", "import_id")
    good_count = fields.Integer("Good lines", readonly=True)
    bad_count = fields.Integer("Bad lines", readonly=True)
    summary = fields.Text(readonly=True)
    problem_ids = fields.One2many(
        "sms.gateway.import.problem", "import_id", readonly=True
    )
    report = fields.Binary("All bad lines", readonly=True)
    report_name = fields.Char(readonly=True)

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
        head = [cells for _number, cells in islice(self._read(), SAMPLE_LINES)]
        if not head:
            raise UserError(self.env._("There is nothing in this file."))
        self.has_header = bool(recognise(head[0])) or find_phone(head[0]) is None
        self.column_ids = [
            Command.clear(),
            *(Command.create(values) for values in self._propose_columns(head)),
        ]
        self.state = "columns"
        return self._reopen()

    def action_check(self):
        """Read the whole file, count, and report what is wrong; write nothing."""
        self.ensure_one()
        self._check_columns()
        good_count, doubts, bad = 0, Counter(), []
        for judged in self._judge():
            if judged.fault:
                bad.append(judged)
            else:
                good_count += 1
                doubts.update(judged.line.doubts)
        self.write(
            {
                "state": "checked",
                "good_count": good_count,
                "bad_count": len(bad),
                "summary": self._summarise(bad, doubts),
                "problem_ids": [Command.clear(), *self._show(bad[:SHOWN_PROBLEMS])],
                "report": self._write_report(bad) if bad else False,
                "report_name": self.env._("bad lines") + ".csv",
            }
        )
        return self._reopen()

    def action_import(self):
        """Add the good lines to the list."""
        self.ensure_one()
        self._check_columns()
        good = (judged.line for judged in self._judge() if not judged.fault)
        count = 0
        while lines := list(islice(good, LINES_AT_ONCE)):
            count += self.list_id._add_lines([_make_member(line) for line in lines])
        columns = self.column_ids.filtered(lambda one: one.target == "value")
        self.list_id._add_value_names(columns.mapped("value_name"))
        return self._tell_imported(count)

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

    def _tell_imported(self, count):
        return make_notification(
            self.env._("Lines imported: %(count)s.", count=count),
            next=CLOSE,
        )

    # === READ ===
    def _read(self):
        """Yield the lines of the file as their number and their words.

        :raise UserError: the file cannot be read, which may show on the way
        """
        content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        try:
            table = open_table(content, locale=self.env.lang or "en_US")
            for row in table.read():
                if not row.is_hidden:
                    yield row.number, row.cells
        except TableError as error:
            raise UserError(self._explain(error)) from error

    def _judge(self):
        """Yield every line with people's data as `Judged`."""
        columns = self._get_columns()
        channel = "voice" if self.has_landlines else "sms"
        languages = self._get_languages()
        known, seen = self.list_id._find_numbers(), {}
        for number, cells in self._read_people():
            try:
                line = read_line(cells, columns, channel=channel, languages=languages)
            except BadLine as error:
                yield Judged(number, cells, fault=error.fault)
                continue
            phone = line.fields["phone"]
            earlier = seen.setdefault(phone, number)
            if phone in known:
                yield Judged(number, cells, fault="in_list")
            elif earlier != number:
                yield Judged(number, cells, fault="twice", earlier=earlier)
            else:
                yield Judged(number, cells, line)

    def _read_people(self):
        return islice(self._read(), 1 if self.has_header else 0, None)

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

    # === COLUMNS ===
    def _propose_columns(self, head):
        """:return: list of values of columns"""
        width = max(map(len, head))
        headers = self._get_headers(head[0], width)
        targets = recognise(headers)
        if "phone" not in targets.values():
            self._propose_phone(head, targets)
        names = self._propose_names(headers, targets)
        return [
            {
                "index": index,
                "header": _quote(header),
                "sample": self._make_sample(head, index),
                "target": targets.get(index, "value" if header else "skip"),
                "value_name": names[index],
            }
            for index, header in enumerate(headers)
        ]

    def _get_headers(self, first, width):
        headers = [*first, *[""] * (width - len(first))]
        if self.has_header:
            return headers
        return [
            self.env._("Column %(number)s", number=number)
            for number in range(1, width + 1)
        ]

    def _propose_names(self, headers, targets):
        """:return: dict of index → name; columns that mean nothing else choose first"""
        order = sorted(range(len(headers)), key=lambda index: index in targets)
        chosen = [headers[index] for index in order]
        names = make_names(chosen, self._get_taken_names())
        return dict(zip(order, names, strict=True))

    def _propose_phone(self, head, targets):
        """Where no header says so, the numbers do."""
        index = find_phone(head[1] if self.has_header and head[1:] else head[0])
        if index is not None:
            targets[index] = "phone"

    def _make_sample(self, head, index):
        people = head[1:] if self.has_header else head
        cells = [cells[index] for cells in people if index < len(cells)]
        return _quote(", ".join(filter(None, cells)))

    def _get_taken_names(self):
        """Names that texts use of every member."""
        return {*PERSON_NAMES, *self.env["sms.gateway.list.member"]._fields}

    def _get_columns(self):
        return [
            Column(column.index, column.target, column.value_name or "")
            for column in self.column_ids
            if column.target != "skip"
        ]

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
        values = self.column_ids.filtered(lambda one: one.target == "value")
        taken = self._get_taken_names()
        for column in values:
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
    def _summarise(self, bad, doubts):
        """One line for each kind of trouble."""
        faults = Counter(judged.fault for judged in bad).most_common()
        lines = [f"{self._describe(fault)}: {count}" for fault, count in faults]
        if doubts["gender"]:
            lines.append(
                self.env._(
                    "Gender not understood, imported without it: %(count)s",
                    count=doubts["gender"],
                )
            )
        if doubts["lang"]:
            lines.append(
                self.env._(
                    "Language not understood or not installed, imported without it:"
                    " %(count)s",
                    count=doubts["lang"],
                )
            )
        return "\n".join(lines)

    def _show(self, bad):
        return [
            Command.create(
                {
                    "number": judged.number,
                    "content": _quote("; ".join(filter(None, judged.cells))),
                    "fault": self._describe(judged.fault, judged.earlier),
                }
            )
            for judged in bad
        ]

    def _write_report(self, bad):
        """The bad lines as CSV: it can be mended and imported."""
        headers = self.column_ids.sorted("index").mapped("header")
        file = io.StringIO()
        rows = csv.writer(file, delimiter=";")
        first = self._get_report_headers()
        rows.writerow([*first, *(_disarm(header or "") for header in headers)])
        for judged in bad:
            why = self._describe(judged.fault, judged.earlier)
            rows.writerow([judged.number, why, *map(_disarm, judged.cells)])
        return base64.b64encode(file.getvalue().encode("utf-8-sig"))

    def _get_report_headers(self):
        """Such as `recognise` skips."""
        return self.env._("Line of the file"), self.env._("Why not")

    # === WORDS ===
    def _describe(self, fault, earlier=0):
        if earlier:
            return self.env._(
                "The number is in line %(line)s of the file already", line=earlier
            )
        words = {
            "no_number": self.env._("No number"),
            "unreadable": self.env._("The number cannot be read"),
            "not_possible": self.env._("There is no such number"),
            "not_mobile": self.env._("A landline, which no SMS reaches"),
            "too_long": self.env._("A cell is too long"),
            "bad_character": self.env._("A cell has characters that are no text"),
            "in_list": self.env._("The number is in the list already"),
            "twice": self.env._("The number is in the file twice"),
        }
        return words[fault]

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
            "not_supported": self.env._(
                "Files of this kind are not read. Save the table as XLSX, ODS or CSV."
            ),
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
    sample = fields.Char("For example", readonly=True)
    target = fields.Selection(
        [
            ("phone", "Number"),
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
    value_name = fields.Char("Name in texts")


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
    fault = fields.Char("Why not", readonly=True)


def _make_member(line):
    values = {name: line.fields.get(name) for name in LINE_FIELDS}
    return {**values, "values": line.values or None}


def _quote(text):
    text = text.replace("\0", "")
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def _disarm(cell):
    """Keep a spreadsheet from computing what a stranger wrote."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
