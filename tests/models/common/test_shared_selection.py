"""A selection that several addons define."""

from odoo import fields
from odoo.tests import TransactionCase

from odoo.addons.crm_sms_gateway.models.common.shared_selection import SharedSelection

OURS = SharedSelection([("male", "Male"), ("female", "Female")])
THEIRS = fields.Selection([("male", "Man"), ("female", "Woman"), ("other", "Other")])


class TestSharedSelection(TransactionCase):
    def merge(self, *definitions):
        """The field that Odoo makes of its definitions, in the order of addons."""
        field = type(definitions[-1])(_base_fields__=definitions)
        field._setup_attrs__(self.registry["res.partner"], "gender")
        return field

    def test_alone_it_has_its_own_values(self):
        self.assertEqual(self.merge(OURS).selection, OURS._args__["selection"])

    def test_the_values_of_another_addon_stay(self):
        with self.assertNoLogs("odoo.fields", "WARNING"):
            field = self.merge(THEIRS, OURS)
        self.assertEqual(
            field.selection,
            [("male", "Male"), ("female", "Female"), ("other", "Other")],
        )

    def test_values_that_the_other_lacks_are_added(self):
        field = self.merge(fields.Selection([("d", "Diverse")]), OURS)
        self.assertEqual([*dict(field.selection)], ["d", "male", "female"])

    def test_later_addons_extend_it(self):
        later = fields.Selection(selection_add=[("other", "Other")])
        field = self.merge(OURS, later)
        self.assertEqual([*dict(field.selection)], ["male", "female", "other"])

    def test_values_of_a_method_stay_the_methods(self):
        field = self.merge(fields.Selection("_get_genders"), OURS)
        self.assertEqual(field.selection, "_get_genders")

    def test_another_type_is_replaced(self):
        field = self.merge(fields.Char(), OURS)
        self.assertEqual([*dict(field.selection)], ["male", "female"])

    def test_each_value_belongs_to_the_addons_that_define_it(self):
        field = self.env["res.partner"]._fields["gender"]
        modules = field._selection_modules(self.env["res.partner"])
        self.assertEqual(modules["male"], {"crm_sms_gateway"})
