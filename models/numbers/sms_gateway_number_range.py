"""Ranges of numbers that registries give operators."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...tools.operators import is_range
from ...tools.pg_copy import LineFile
from ...tools.prices import strip_marks
from ..common.failed_statements import hidden_values


class SmsGatewayNumberRange(models.Model):
    """The numbers from the first to the last belong to an operator.

    Of several ranges around a number the narrowest wins, of equally wide ones that
    which came last. Ranges are believed before the carrier table of `phonenumbers`,
    ported numbers before ranges.
    """

    _name = "sms.gateway.number.range"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Number Range"
    _order = "first_number, last_number DESC, id"
    _rec_name = "first_number"
    _cached_in = "stable"

    first_number = fields.Char(
        "First number",
        required=True,
        help="First number including the country code, e.g. +79160000000.",
    )
    last_number = fields.Char(
        "Last number",
        required=True,
        help="Last number of the range, with as many digits as the first one.",
    )
    operator_id = fields.Many2one(
        "sms.gateway.operator", required=True, ondelete="cascade", index=True
    )
    source = fields.Char(help="Where the range comes from, e.g. the name of the file.")
    date = fields.Date("As of", default=fields.Date.context_today)

    _ends_ordered = models.Constraint(
        "CHECK (first_number <= last_number"
        " AND length(first_number) = length(last_number))",
        "The last number of a range cannot be below the first one.",
    )

    @api.constrains("first_number", "last_number", "operator_id")
    def _check_numbers(self):
        for one in self:
            if not is_range(one.first_number, one.last_number):
                raise ValidationError(
                    self.env._(
                        "%(first)s – %(last)s is not a range of numbers. Enter both"
                        " with a plus sign, the country code and the same number of"
                        " digits.",
                        first=one.first_number,
                        last=one.last_number,
                    )
                )
            one.operator_id._check_country_of(one.first_number)

    @api.depends("first_number", "last_number")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.first_number} – {one.last_number}"

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: numbers are kept without marks."""
        return super().create(list(map(_normalise, vals_list)))

    def write(self, vals):
        """Override: see `create`."""
        return super().write(_normalise(vals))

    # === BUSINESS METHODS ===
    @api.model
    def _load(self, rows, source, *, replaces):
        """Write many ranges by COPY.

        :param rows: iterable of (first number, last number, operator)
        :param replaces: remove what came from this source before
        :return: how many were written
        """
        self.check_access("create")
        if replaces:
            self.search([("source", "=", source)]).unlink()
        self._forget_cached()
        common = (source, fields.Date.context_today(self), *[self.env.uid] * 2)
        now = self.env.cr.now()
        lines = ((*row, *common, now, now) for row in rows)
        with hidden_values():
            self.env.cr.copy_expert(
                """COPY sms_gateway_number_range
                        (first_number, last_number, operator_id, source, date,
                         create_uid, write_uid, create_date, write_date)
                   FROM STDIN""",
                LineFile(lines),
            )
        return self.env.cr.rowcount


def _normalise(vals):
    numbers = {
        name: strip_marks(vals[name])
        for name in ("first_number", "last_number")
        if vals.get(name)
    }
    return {**vals, **numbers}
