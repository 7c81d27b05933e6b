"""Operators, and which of them has a number."""

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ...tools.operators import (
    NumberingPlan,
    NumberRange,
    OperatorLookup,
    find_region,
    plain_operator,
    split_names,
)


class SmsGatewayOperator(models.Model):
    """A mobile operator of a country: prices and rules of routing depend on it.

    The operators of numbers are those of ported numbers, of ranges, or of the carrier
    table of `phonenumbers`, whose names are the names and aliases of operators. A
    carrier that no operator is called by is an unknown one.
    """

    _name = "sms.gateway.operator"
    _inherit = ["sms.gateway.cached"]
    _description = "SMS Gateway Operator"
    _order = "name"
    _rec_names_search = ("name", "aliases")
    _cached_in = "stable"

    name = fields.Char(required=True)
    country_id = fields.Many2one("res.country", required=True, ondelete="restrict")
    aliases = fields.Char(
        "Other names",
        help="Other spellings of the name in registries and price lists, separated by "
        "commas. Case, quotation marks and the legal form of the company do "
        "not matter.",
    )
    range_ids = fields.One2many("sms.gateway.number.range", "operator_id", "Ranges")

    _name_unique = models.UniqueIndex(
        "(name)", "An operator with this name already exists."
    )

    # === CHECKS ===
    @api.constrains("name", "aliases", "country_id")
    def _check_names(self):
        """A name that two operators of a country had would be nobody's."""
        owners = {}
        domain = [("country_id", "in", self.country_id.ids)]
        for operator in self.search(domain, order="id"):
            for name in operator._get_names():
                key = operator.country_id.id, plain_operator(name)
                if owners.setdefault(key, operator) != operator:
                    raise ValidationError(
                        self.env._(
                            "“%(name)s” is a name of operator “%(operator)s” in the"
                            " same country. Remove one of them.",
                            name=name,
                            operator=owners[key].name,
                        )
                    )

    def _check_country_of(self, number):
        """
        :param number: with a plus sign and the country code
        :raise ValidationError: the number is one of another country than the operator's
        """
        self.ensure_one()
        if find_region(number) == self.country_id.code:
            return
        raise ValidationError(
            self.env._(
                "%(number)s is not a number of %(country)s, the country of operator"
                " “%(operator)s”. Correct the number or select another operator.",
                number=number,
                country=self.country_id.name,
                operator=self.name,
            )
        )

    # === CRUD ===
    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_rules(self):
        """Without its operator a rule would be one for all messages."""
        # sudo: administrators of the gateway may not read every company
        rules = self.env["sms.gateway.policy.rule"].sudo()
        rule = rules.search([("operator_ids", "in", self.ids)], limit=1)
        if rule:
            raise UserError(
                self.env._(
                    "Operator “%(operator)s” cannot be deleted: a rule of policy"
                    " “%(policy)s” is for its numbers. Change the rule first.",
                    operator=(rule.operator_ids & self)[0].name,
                    policy=rule.step_id.policy_id.name,
                )
            )

    # === BUSINESS METHODS ===
    def _get_names(self):
        self.ensure_one()
        return [self.name, *split_names(self.aliases or "")]

    def _add_alias(self, name):
        """Let an operator be called by one more name."""
        self.ensure_one()
        known = set(map(plain_operator, self._get_names()))
        if plain_operator(name) not in known:
            alias = " ".join(name.replace(",", " ").split())
            self.aliases = ", ".join(filter(None, [self.aliases, alias]))

    @api.model
    def _make_lookup(self):
        """What finds the operators of the numbers of one accept.

        :rtype: tools.operators.OperatorLookup
        """
        ported = self.env["sms.gateway.ported.number"]
        return OperatorLookup(self._get_plan(), ported._read_operators)

    @api.model
    @tools.ormcache(cache="stable")
    def _get_plan(self):
        """:rtype: tools.operators.NumberingPlan"""
        return NumberingPlan(
            self._read_names(),
            self._read_ranges(),
            has_ported=self.env["sms.gateway.ported.number"]._has_any(),
        )

    def _read_names(self):
        """:return: dict of (code of the country, plain name) → operator"""
        # sudo: whoever sends may know which operator a number has
        operators = self.sudo().search([])
        return {
            (operator.country_id.code, plain_operator(name)): operator.id
            for operator in operators
            for name in operator._get_names()
        }

    def _read_ranges(self):
        """In SQL: registries have tens of thousands."""
        self.env["sms.gateway.number.range"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT first_number, last_number, operator_id, id"
                " FROM sms_gateway_number_range"
            )
        )
        return [NumberRange(*row) for row in rows]
