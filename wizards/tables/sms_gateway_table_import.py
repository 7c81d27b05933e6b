"""Import of ranges, ported numbers and price lists from files."""

import logging
from itertools import islice

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...models.common.notification import CLOSE, RELOAD, make_notification
from ...models.common.progress import Progress
from ...tools.importing.amounts import find_decimal_marks, names_other_currency
from ...tools.importing.operator_tables import (
    REQUIRED,
    TableRules,
    find_table_header,
    recognise_columns,
)
from ..importing.rejected_rows import RejectedRows
from ..importing.row_reading import get_cell, join_sample, quote
from .table_check import TableChecker, TableCounts
from .table_explanations import explain_row

_logger = logging.getLogger(__name__)

#: Rows from which it is known what the columns have, and those that are shown.
_SAMPLED_ROWS, _SHOWN_ROWS = 200, 3
_PROGRESS_ROWS = 100_000


class SmsGatewayTableImport(models.TransientModel):
    """Imports ranges, ported numbers or prices.

    Operators that nobody knows are shown, and mapped or created by a person: their
    rows are left out otherwise.
    """

    _name = "sms.gateway.table.import"
    _inherit = ["sms.gateway.file.import"]
    _description = "SMS Gateway Table Import"
    #: a table of numbers; one of people has fewer
    _max_rows = 5_000_000

    kind = fields.Selection(
        [
            ("ranges", "Number ranges"),
            ("ported", "Ported numbers"),
            ("prices", "Price list"),
        ],
        required=True,
        readonly=True,
    )
    route_id = fields.Many2one("sms.gateway.route", readonly=True, ondelete="cascade")
    country_id = fields.Many2one(
        "res.country",
        default=lambda self: self.env.company.country_id,
        help="Country of numbers, number prefixes and operators without one.",
    )
    source = fields.Char(
        compute="_compute_source",
        store=True,
        readonly=False,
        help="Stored with every imported range.",
    )
    replaces = fields.Boolean(
        "Replace ranges of this source",
        default=True,
        help="Ranges that were imported from this source before are deleted.",
    )
    sheet_number = fields.Integer("Sheet", default=1)
    sheet_names = fields.Char("Sheets of the file", readonly=True)
    asks_decimal_mark = fields.Boolean(readonly=True)
    decimal_mark = fields.Selection(
        [
            (",", "Comma: 1,234 is less than two"),
            (".", "Point: 1.234 is less than two"),
        ],
        string="Decimal mark",
        help="Prices such as 1,234 can be read in two ways.",
    )
    column_ids = fields.One2many("sms.gateway.table.import.column", "import_id")
    operator_ids = fields.One2many("sms.gateway.table.import.operator", "import_id")
    price_ids = fields.One2many(
        "sms.gateway.table.import.price", "import_id", readonly=True
    )
    problem_ids = fields.One2many(
        "sms.gateway.table.import.problem", "import_id", readonly=True
    )
    unknown_count = fields.Integer("Rows of unknown operators", readonly=True)

    # === COMPUTES ===
    @api.depends("file_name")
    def _compute_source(self):
        for one in self:
            one.source = one.file_name

    # === ONCHANGES ===
    @api.onchange("sheet_number")
    def _onchange_sheet_number(self):
        if self.state == "columns":
            self._propose_header()
            self._propose_columns()

    # === CHECKS ===
    @api.constrains("kind", "route_id")
    def _check_route(self):
        for one in self:
            if (one.kind == "prices") != bool(one.route_id):
                raise ValidationError(
                    self.env._("A price list is imported into a route.")
                )

    # === STEPS ===
    def action_read(self):
        """Override: how amounts are written is found out anew."""
        self.asks_decimal_mark = False
        return super().action_read()

    def action_check(self):
        """Read the whole file and show what would be imported; write nothing."""
        self.ensure_one()
        self._check_meanings()
        self._check_currency()
        self._check_decimal_mark()
        counts = TableCounts()
        report = RejectedRows(
            [
                self.env._("File row"),
                self.env._("Import error"),
                *self.column_ids.sorted("index").mapped("header"),
            ]
        )
        for checked in self._read_checked():
            counts.add(checked)
            if checked.rejection:
                report.add(checked, explain_row(self.env, checked))
        self.write(self._prepare_review(counts, report))
        return self._reopen()

    def _prepare_review(self, counts, report):
        problems = [
            {
                "number": checked.number,
                "content": quote("; ".join(filter(None, checked.cells))),
                "fault": explain_row(self.env, checked),
            }
            for checked in counts.shown
        ]
        return {
            "state": "checked",
            "good_count": counts.good_count,
            "unknown_count": counts.unknown_count,
            "bad_count": counts.bad_count,
            "operator_ids": _replace(self._prepare_operators(counts.get_unknown())),
            "problem_ids": _replace(problems),
            "price_ids": _replace(self._prepare_prices(counts)),
            "report": report.encode() if counts.bad_count else False,
            "report_name": self.env._("import errors") + ".csv",
        }

    def _prepare_operators(self, unknown):
        """:param unknown: list of (region, name, count)"""
        codes = {region for region, _name, _count in unknown}
        countries = self.env["res.country"].search([("code", "in", list(codes))])
        ids = {country.code: country.id for country in countries}
        return [
            {"name": name, "country_id": ids[region], "row_count": count}
            for region, name, count in unknown
        ]

    def _prepare_prices(self, counts):
        """New prices beside those that the route has."""
        if self.kind != "prices":
            return []
        known = self._get_prices()
        return [
            {**values, "old_price": price.price, "has_old_price": bool(price)}
            for values in counts.prices
            for price in [known.get(_get_key(values), self.route_id.price_ids[:0])]
        ]

    def action_create_all(self):
        """Choose to create every operator that is not mapped."""
        self.ensure_one()
        self.operator_ids.filtered(lambda one: not one.operator_id).creates = True
        return self._reopen()

    def action_apply_operators(self):
        """Map and create operators as chosen, and read the file again."""
        self.ensure_one()
        self.operator_ids._apply()
        return self.action_check()

    def action_import(self):
        """Write the good rows; those of operators chosen in the review too."""
        self.ensure_one()
        self._check_meanings()
        self._check_currency()
        self._check_decimal_mark()
        self.operator_ids._apply()
        good = (one for one in self._read_checked() if one.values)
        write = {
            "ranges": self._write_ranges,
            "ported": self._write_ported,
            "prices": self._write_prices,
        }
        count = write[self.kind](good)
        _logger.info("imported %s: %s rows of %s", self.kind, count, self.file_name)
        return make_notification(
            self.env._("Rows imported: %(count)s.", count=count),
            next=RELOAD if self.kind == "prices" else CLOSE,
        )

    def _write_ranges(self, good):
        rows = (
            (one.values["first_number"], one.values["last_number"], one.operator_id)
            for one in good
        )
        return self.env["sms.gateway.number.range"]._load(
            rows, self.source or self.file_name, replaces=self.replaces
        )

    def _write_ported(self, good):
        rows = (
            (one.values["number"], one.operator_id, one.values["date"]) for one in good
        )
        return self.env["sms.gateway.ported.number"]._load(rows)

    def _write_prices(self, good):
        known = self._get_prices()
        count, new = 0, []
        for one in good:
            values = {**one.values, "operator_id": one.operator_id}
            price = known.get(_get_key(values))
            if price:
                price.price = float(values["price"])
            else:
                new.append({**values, "route_id": self.route_id.id})
            count += 1
        self.env["sms.gateway.price"].create(new)
        return count

    def _get_prices(self):
        """:return: dict of what a price is for → price of the route"""
        return {_get_key(price): price for price in self.route_id.price_ids}

    def _get_title(self):
        titles = {
            "ranges": self.env._("Import number ranges"),
            "ported": self.env._("Import ported numbers"),
            "prices": self.env._("Import price list"),
        }
        return titles[self.kind]

    def _check_meanings(self):
        """:raise UserError: the file cannot be read with these columns"""
        targets = [target for target in self.column_ids.mapped("target") if target]
        labels = dict(
            self.column_ids._fields["target"]._description_selection(self.env)
        )
        for target in REQUIRED[self.kind]:
            if target not in targets:
                raise UserError(
                    self.env._(
                        "Select the column that is imported as “%(target)s”.",
                        target=labels[target],
                    )
                )
        for target in targets:
            if targets.count(target) > 1:
                raise UserError(
                    self.env._(
                        "Only one column can be imported as “%(target)s”.",
                        target=labels[target],
                    )
                )

    def _check_currency(self):
        """:raise UserError: the column of prices is in another currency"""
        currency = self.route_id.company_id.currency_id.name
        column = self.column_ids.filtered(lambda one: one.target == "price")
        if column and names_other_currency(column.header, currency):
            raise UserError(
                self.env._(
                    "The prices of column “%(column)s” are not in %(currency)s, the"
                    " currency of the route's company. Convert them and name the column"
                    " anew.",
                    column=column.header,
                    currency=currency,
                )
            )

    def _check_decimal_mark(self):
        """Find out how amounts are written.

        :raise UserError: only a person knows
        """
        if self.kind != "prices" or self.decimal_mark and self.asks_decimal_mark:
            return
        index = self.column_ids.filtered(lambda one: one.target == "price").index
        marks, is_doubtful = find_decimal_marks(
            get_cell(row.cells, index) for row in self._read_data()
        )
        is_asked = is_doubtful and len(marks) != 1
        self.asks_decimal_mark = is_asked
        self.decimal_mark = marks.pop() if len(marks) == 1 else False

    # === READ ===
    def _read(self):
        """The rows of the chosen sheet that a person sees in the file."""
        rows = self._read_sheet(self._open(), self.sheet_number - 1)
        return (row for row in rows if not row.is_hidden)

    def _read_data(self):
        """The rows below the header."""
        header_line = self.header_line
        return (row for row in self._read() if row.number > header_line)

    def _read_checked(self):
        """Every row below the header as `CheckedTableRow`.

        All that is in the database is read before the first row: the rows are read
        while COPY goes on, and no other statement can be executed then.
        """
        checker = TableChecker(
            kind=self.kind,
            columns={one.target: one.index for one in self.column_ids if one.target},
            rules=TableRules(
                self.country_id.code or "",
                self.decimal_mark or None,
                self.route_id.company_id.currency_id.name or None,
            ),
            find_operator=self.env["sms.gateway.operator"]._get_plan().names.get,
            countries=set(self.env["res.country"].search([]).mapped("code")),
        )
        checked = _log_progress(checker.check(self._read_data()), self.file_name)
        return Progress(self, self._get_total()).watch(checked)

    # === PROPOSALS ===
    def _propose_sheet(self):
        """The first one that a person sees something on."""
        table = self._open()
        names = [sheet.name for sheet in table.sheets]
        full = (
            sheet.index + 1
            for sheet in table.sheets
            if not sheet.is_hidden and next(self._read_sheet(table, sheet.index), None)
        )
        number = next(full, None)
        if not number:
            raise UserError(self.env._("The file is empty."))
        self.sheet_number = number
        self.sheet_names = len(names) > 1 and ", ".join(
            f"{index}: {quote(name)}" for index, name in enumerate(names, 1)
        )

    def _propose_header(self):
        rows = list(islice(self._read(), _SAMPLED_ROWS))
        index = find_table_header(self.kind, [row.cells for row in rows])
        self.header_line = 0 if index is None else rows[index].number

    def _propose_columns(self):
        rows = list(islice(self._read(), _SAMPLED_ROWS))
        names = next(
            (row.cells for row in rows if row.number == self.header_line > 0), []
        )
        cells = [row.cells for row in rows if row.number > self.header_line]
        targets = recognise_columns(self.kind, names)
        if "code" in targets.values():
            # the registry of the Russian numbering plan, whatever the company's country
            self.country_id = self.env.ref("base.ru")
        width = max(map(len, [names, *cells]), default=0)
        self.column_ids = _replace(
            [
                {
                    "index": index,
                    "header": quote(get_cell(names, index))
                    or self.env._("Column %(number)s", number=index + 1),
                    "sample": join_sample(
                        get_cell(row, index) for row in cells[:_SHOWN_ROWS]
                    ),
                    "target": targets.get(index, False),
                }
                for index in range(width)
            ]
        )


def _log_progress(rows, file_name):
    """Tell how far the reading of a long file has come."""
    for count, row in enumerate(rows, 1):
        if count % _PROGRESS_ROWS == 0:
            _logger.info("%s: %s rows read", file_name, count)
        yield row


def _replace(values_list):
    return [Command.clear(), *map(Command.create, values_list)]


def _get_key(price):
    """What a price is for: a record, or values of one."""
    operator = price["operator_id"]
    return (
        price["channel"],
        getattr(operator, "id", operator) or None,
        price["category"] or None,
        price["prefix"] or "",
    )
