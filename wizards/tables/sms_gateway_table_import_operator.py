"""Operators of a table that no operator of the gateway is called by."""

from odoo import fields, models
from odoo.exceptions import ValidationError


class SmsGatewayTableImportOperator(models.TransientModel):
    """A name of the table: a person says which operator it is, or has it created."""

    _name = "sms.gateway.table.import.operator"
    _description = "SMS Gateway Table Import Operator"
    _order = "row_count DESC, id"

    import_id = fields.Many2one(
        "sms.gateway.table.import", required=True, readonly=True, ondelete="cascade"
    )
    name = fields.Char("Name in the file", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    operator_id = fields.Many2one(
        "sms.gateway.operator",
        domain="[('country_id', '=', country_id)]",
        help="The name is added to the other names of this operator.",
    )
    creates = fields.Boolean("Create operator")

    def _apply(self):
        """Add the names to the operators that were chosen, and create those that are
        to be created. What neither is chosen for stays unknown."""
        for one in self:
            if one.operator_id:
                one._check_country()
                one.operator_id._add_alias(one.name)
            elif one.creates:
                one.operator_id = one._create_operator()

    def _check_country(self):
        if self.operator_id.country_id != self.country_id:
            raise ValidationError(
                self.env._(
                    "“%(name)s” is an operator of another country than “%(operator)s”.",
                    name=self.name,
                    operator=self.operator_id.name,
                )
            )

    def _create_operator(self):
        """Operators of other countries may have the name."""
        operators = self.env["sms.gateway.operator"]
        is_taken = operators.search_count([("name", "=", self.name)], limit=1)
        name = f"{self.name} ({self.country_id.code})" if is_taken else self.name
        operator = operators.create({"name": name, "country_id": self.country_id.id})
        operator._add_alias(self.name)
        return operator
