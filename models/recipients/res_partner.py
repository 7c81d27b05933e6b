"""Contacts: how a person is addressed, and what was sent to them."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.names.person_name import split_name, suggest_gender
from ..common.notification import RELOAD, make_notification
from ..common.shared_selection import SharedSelection
from .blacklist import add_to_blacklist, ask_to_allow
from .gender import GENDERS

#: Contacts that are updated in one go: each has a note of its own.
MAX_APPLIED = 10_000


class ResPartner(models.Model):
    """Adds how to address a person, and their messages."""

    _name = "res.partner"
    _inherit = ["res.partner", "sms.gateway.history.mixin"]

    gender = SharedSelection(GENDERS)
    first_name = fields.Char()
    last_name = fields.Char()
    patronymic = fields.Char()
    suggested_first_name = fields.Char(compute="_compute_suggestions")
    suggested_last_name = fields.Char(compute="_compute_suggestions")
    suggested_patronymic = fields.Char(compute="_compute_suggestions")
    suggested_gender = fields.Selection(
        GENDERS,
        compute="_compute_suggestions",
        help="Suggested from the patronymic and first name. Used in messages only "
        "after a user accepts it.",
    )

    # Lists of messages look for the contacts of their numbers.
    _sms_gateway_number_index = models.Index(
        "(phone_sanitized) WHERE phone_sanitized IS NOT NULL"
    )

    # === COMPUTES ===
    @api.depends("name", "is_company", "first_name", "last_name", "patronymic")
    def _compute_suggestions(self):
        """What the full name tells; a person accepts it or not."""
        for partner in self:
            guess = split_name("" if partner.is_company else partner.name or "")
            partner.suggested_first_name = guess.first_name
            partner.suggested_last_name = guess.last_name
            partner.suggested_patronymic = guess.patronymic
            partner.suggested_gender = suggest_gender(partner._get_known_name(guess))

    def _get_known_name(self, guess):
        """The name as it is known, the rest as it is guessed."""
        return type(guess)(
            first_name=self.first_name or guess.first_name,
            last_name=self.last_name or guess.last_name,
            patronymic=self.patronymic or guess.patronymic,
        )

    def _has_our_genders(self):
        """Whether no other addon has replaced the values of the field."""
        field = self._fields["gender"]
        has_values = field.type == "selection"
        return has_values and {*dict(GENDERS)} <= {*field.get_values(self.env)}

    # === CRUD ===
    def write(self, vals):
        """Override: days are those of companies, whose contacts have the time zone."""
        result = super().write(vals)
        if "tz" in vals:
            # sudo: whoever changes a contact may not read every company
            companies = self.env["res.company"].sudo()
            if companies.search_count([("partner_id", "in", self.ids)], limit=1):
                self.env.registry.clear_cache()
        return result

    # === BUTTONS ===
    def action_accept_suggestions(self):
        """Write down what the names tell, where nobody wrote anything yet."""
        self.check_access("write")
        names = self._get_suggested_names()
        changed = 0
        for partner in self:
            if values := partner._find_suggested(names):
                partner.write(values)
                changed += 1
            if changed == MAX_APPLIED:
                return self._notify_accepted(changed, is_over=False)
        return self._notify_accepted(changed)

    def _get_suggested_names(self):
        """The fields that have suggestions here."""
        names = ["first_name", "last_name", "patronymic"]
        return [*names, "gender"] if self._has_our_genders() else names

    def _find_suggested(self, names):
        """:return: dict of what is suggested for the fields that are empty"""
        if self.is_company:
            return {}
        return {
            name: self[f"suggested_{name}"]
            for name in names
            if not self[name] and self[f"suggested_{name}"]
        }

    def _notify_accepted(self, changed, *, is_over=True):
        message = self.env._(
            "Contacts updated: %(changed)s of %(count)s.",
            changed=changed,
            count=len(self),
        )
        if is_over:
            return make_notification(message, next=RELOAD)
        hint = self.env._("No more are updated at once; do it again for the others.")
        return make_notification(f"{message} {hint}", "warning", next=RELOAD)

    def action_sms_gateway_blacklist(self):
        """Send nothing more to the numbers of these contacts."""
        self.check_access("read")
        numbers = SQL("SELECT unnest(%s)", self._find_sanitized_numbers())
        count = add_to_blacklist(self.env, numbers)
        return make_notification(
            self.env._("Numbers added to the blacklist: %(count)s.", count=count),
            next=RELOAD,
        )

    def action_sms_gateway_allow_again(self):
        """Ask why the number is taken off the blacklist."""
        self.ensure_one()
        self.check_access("read")
        [number] = self._find_sanitized_numbers()
        return ask_to_allow(self.env, number)

    def _find_sanitized_numbers(self):
        """What Odoo made of the numbers: its blacklist knows that.

        :raise UserError: a contact has no number
        """
        numbers = self.mapped("phone_sanitized")
        if not all(numbers):
            raise UserError(self.env._("Enter a valid phone number first."))
        return numbers
