"""What all imports from files share: their steps, the file, its columns and errors."""

import base64
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.spreadsheet.reading import MAX_FILE, TableError, open_table
from .explanations import explain_table_error


class SmsGatewayFileImport(models.AbstractModel):
    """Reads a table in three steps: the file, its columns, what would be imported.

    Nothing is written before the last step is confirmed.
    """

    _name = "sms.gateway.file.import"
    _description = "SMS Gateway File Import"
    #: files with more rows are refused; None: the ordinary limit
    _max_rows = None

    state = fields.Selection(
        [("file", "File"), ("columns", "Columns"), ("checked", "Review")],
        default="file",
        required=True,
        readonly=True,
        string="Status",
    )
    file = fields.Binary()
    file_name = fields.Char()
    header_line = fields.Integer(
        "Header row",
        help="Row with the column names; 0 if there is none. Rows above it are not "
        "imported.",
    )
    good_count = fields.Integer("Valid rows", readonly=True)
    bad_count = fields.Integer("Rows with errors", readonly=True)
    report = fields.Binary("File with all errors", readonly=True)
    report_name = fields.Char(readonly=True)

    # === ONCHANGES ===
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
                error = TableError("file_too_big")
                raise ValidationError(explain_table_error(self.env, error))

    # === STEPS ===
    def action_read(self):
        """Look at the first rows and propose what the columns mean."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Select a file first."))
        self._propose_sheet()
        self._propose_header()
        self._propose_columns()
        self.state = "columns"
        return self._reopen()

    def action_back(self):
        self.ensure_one()
        self.state = "columns" if self.state == "checked" else "file"
        return self._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self._get_title(),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_total(self):
        """How many rows the file has, 0 before it was checked."""
        return self.good_count + self.bad_count if self.state == "checked" else 0

    def _get_title(self):
        """The title of the dialog."""
        raise NotImplementedError

    # === READ ===
    def _open(self):
        """:raise UserError: the file cannot be read"""
        content = self._origin.with_context(bin_size=False).file or b""
        with self._explain_errors():
            return open_table(
                base64.b64decode(content),
                locale=self.env.lang or "en_US",
                max_lines=self._max_rows,
            )

    @contextmanager
    def _explain_errors(self):
        """Say in the user's language why a file is refused."""
        try:
            yield
        except TableError as error:
            words = explain_table_error(self.env, error, self._max_rows)
            raise UserError(words) from error

    def _read_sheet(self, table, index):
        """Yield the rows of a sheet that are not empty.

        :raise UserError: the file cannot be read, which may show on the way
        """
        with self._explain_errors():
            yield from table.read(index)

    # === PROPOSALS ===
    def _propose_sheet(self):
        """Choose the sheet that is read.

        :raise UserError: the file is empty
        """
        raise NotImplementedError

    def _propose_header(self):
        """Find the row with the names of the columns."""
        raise NotImplementedError

    def _propose_columns(self):
        """Find out what the columns mean."""
        raise NotImplementedError


class SmsGatewayFileImportColumn(models.AbstractModel):
    """A column of the file."""

    _name = "sms.gateway.file.import.column"
    _description = "SMS Gateway File Import Column"
    _order = "index"

    index = fields.Integer(required=True, readonly=True)
    header = fields.Char("Column", readonly=True)
    sample = fields.Text(readonly=True)


class SmsGatewayFileImportProblem(models.AbstractModel):
    """A row of the file that is not imported, and why."""

    _name = "sms.gateway.file.import.problem"
    _description = "SMS Gateway File Import Error"
    _order = "number"

    number = fields.Integer("Row", readonly=True)
    content = fields.Char("Row content", readonly=True)
    fault = fields.Text("Import error", readonly=True)
