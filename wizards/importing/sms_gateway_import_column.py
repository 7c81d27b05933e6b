"""Columns of a file that is imported."""

from collections import Counter
from itertools import zip_longest

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...models.recipients.sms_gateway_recipient import PERSON_NAMES
from ...tools.importing.rows import Column, RejectedRow, read_row, write_phone
from ...tools.importing.value_names import is_name
from .explanations import describe_rejection
from .row_reading import split_sample

#: Meanings of columns that texts can use by a name.
NAMED_TARGETS = ("value", "country")
_PHONES = ("phone", "other_phone")


class SmsGatewayImportColumn(models.TransientModel):
    """A column of the file and what it means."""

    _name = "sms.gateway.import.column"
    _inherit = ["sms.gateway.file.import.column"]
    _description = "SMS Gateway Import Column"

    import_id = fields.Many2one(
        "sms.gateway.import", required=True, readonly=True, ondelete="cascade"
    )
    target = fields.Selection(
        [
            ("phone", "Number"),
            ("other_phone", "Number, if the first one is empty"),
            ("country", "Country of the number"),
            ("name", "Full name"),
            ("first_name", "First name"),
            ("last_name", "Last name"),
            ("patronymic", "Patronymic"),
            ("gender", "Gender"),
            ("lang", "Language"),
            ("note", "Note"),
            ("value", "Additional data (placeholder)"),
            ("skip", "Do not import"),
        ],
        "Import as",
        required=True,
    )
    is_candidate = fields.Boolean(readonly=True)
    reading = fields.Text("Read as", compute="_compute_reading")
    value_name = fields.Char("Placeholder")

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
        read_columns = (Column(0, "phone"), Column(1, "country"))
        rows = zip_longest(
            split_sample(self.sample), split_sample(countries.sample), fillvalue=""
        )
        for cells in rows:
            try:
                recipient = read_row(cells, read_columns, rules)
            except RejectedRow as error:
                yield describe_rejection(self.env, error.reason)
            else:
                yield write_phone(recipient.fields["phone"])

    # === COLUMNS TOGETHER ===
    def _get_headers(self):
        return [column.header or "" for column in self.sorted("index")]

    def _get_taken_names(self):
        """Names that texts use of every member."""
        return {*PERSON_NAMES, *self.env["sms.gateway.list.member"]._fields}

    def _get_read_columns(self):
        """The columns that are read: the country of a number is also one of texts."""
        columns = []
        for column in self:
            if column.target in NAMED_TARGETS:
                columns.append(Column(column.index, "value", column.value_name))
            if column.target not in ("value", "skip"):
                columns.append(Column(column.index, column.target))
        return columns

    def _check_meanings(self):
        """:raise UserError: the file cannot be read with these columns"""
        targets = Counter(self.mapped("target"))
        labels = dict(self._fields["target"]._description_selection(self.env))
        if not targets["phone"]:
            raise UserError(
                self.env._("Select the column that contains the phone number.")
            )
        for target, count in targets.items():
            if target not in ("value", "skip") and count > 1:
                raise UserError(
                    self.env._(
                        "Only one column can be imported as “%(target)s”.",
                        target=labels[target],
                    )
                )
        self._check_names()

    def _check_names(self):
        named = self._get_named()
        taken = self._get_taken_names()
        for column in named:
            name = column.value_name or ""
            if not is_name(name) or name in taken:
                raise UserError(
                    self.env._(
                        "“%(name)s” cannot be used as the placeholder for column "
                        "“%(header)s”. Use Latin letters, digits and underscores, "
                        "and a name that is not taken.",
                        name=name,
                        header=column.header,
                    )
                )
            taken.add(name)

    def _get_named(self):
        """The columns that texts can use by a name."""
        return self.filtered(lambda column: column.target in NAMED_TARGETS)
