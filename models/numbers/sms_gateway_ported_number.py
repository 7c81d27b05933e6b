"""Numbers that their owners took along to another operator."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ...tools.operators import is_number
from ...tools.pg_copy import LineFile
from ...tools.prices import strip_marks
from ..common.failed_statements import hidden_values


class SmsGatewayPortedNumber(models.Model):
    """A ported number and its operator. There may be millions: rows have no log and no
    further index, and an import writes them by COPY."""

    _name = "sms.gateway.ported.number"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Ported Number"
    _order = "number"
    _rec_name = "number"
    _cached_in = "stable"
    _log_access = False

    number = fields.Char(
        required=True, help="Number including the country code, e.g. +79161234567."
    )
    operator_id = fields.Many2one(
        "sms.gateway.operator", required=True, ondelete="cascade"
    )
    date = fields.Date("Ported on")

    _number_unique = models.UniqueIndex("(number)", "The number is already listed.")

    @api.constrains("number", "operator_id")
    def _check_number(self):
        for one in self:
            if not is_number(one.number):
                raise ValidationError(
                    self.env._(
                        "“%(number)s” is not a number. Enter it with a plus sign and"
                        " the country code, e.g. +79161234567.",
                        number=one.number,
                    )
                )
            one.operator_id._check_country_of(one.number)

    # === CRUD ===
    @api.model_create_multi
    def create(self, vals_list):
        """Override: numbers are kept without marks."""
        return super().create(list(map(_normalise, vals_list)))

    def write(self, vals):
        """Override: numbers are kept without marks."""
        return super().write(_normalise(vals))

    # === BUSINESS METHODS ===
    @api.model
    def _load(self, rows):
        """Write millions of ported numbers by COPY; of known ones the operator changes,
        and the last row of a number is the one that counts.

        :param rows: iterable of (number, operator, date or None)
        :return: how many numbers are new or have changed
        """
        self.check_access("create")
        self._forget_cached()
        cr = self.env.cr
        cr.execute(
            """CREATE TEMPORARY TABLE sms_gateway_ported_rows
               (id SERIAL, number VARCHAR, operator_id INTEGER, date DATE)
               ON COMMIT DROP"""
        )
        with hidden_values():
            cr.copy_expert(
                "COPY sms_gateway_ported_rows (number, operator_id, date) FROM STDIN",
                LineFile(rows),
            )
        cr.execute(
            """INSERT INTO sms_gateway_ported_number AS known
                      (number, operator_id, date)
               SELECT DISTINCT ON (number) number, operator_id, date
                 FROM sms_gateway_ported_rows ORDER BY number, id DESC
               ON CONFLICT (number) DO UPDATE
                  SET operator_id = EXCLUDED.operator_id, date = EXCLUDED.date
                WHERE (known.operator_id, known.date)
                      IS DISTINCT FROM (EXCLUDED.operator_id, EXCLUDED.date)"""
        )
        count = cr.rowcount
        cr.execute("DROP TABLE sms_gateway_ported_rows")
        self.invalidate_model(flush=False)
        return count

    @api.model
    def _has_any(self):
        query = SQL("SELECT EXISTS (SELECT FROM sms_gateway_ported_number)")
        return self.env.execute_query(query)[0][0]

    @api.model
    def _read_operators(self, msisdns):
        """:return: dict of number → operator, of those that were ported"""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT number, operator_id FROM sms_gateway_ported_number"
                    " WHERE number = ANY(%s)",
                    msisdns,
                    to_flush=self._fields["operator_id"],
                )
            )
        )


def _normalise(vals):
    if not vals.get("number"):
        return vals
    return {**vals, "number": strip_marks(vals["number"])}
