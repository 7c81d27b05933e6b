"""A selection whose values several addons may define."""

from collections import defaultdict

from odoo import fields
from odoo.orm.fields import resolve_mro


class SharedSelection(fields.Selection):
    """A selection field of Odoo's models that other addons may define, too.

    Of several definitions Odoo takes the last one's values, and empties the field where
    it has another. These values are added to those of the definitions before.
    """

    def _get_attrs(self, model_class, name):
        """Override: see the class."""
        attrs = super()._get_attrs(model_class, name)
        if "_base_fields__" in attrs:
            attrs["_base_fields__"] = tuple(_merge(attrs["_base_fields__"]))
        return attrs

    def _selection_modules(self, model):
        """Override: what an earlier definition has is that addon's, too."""
        modules = defaultdict(set)
        known = dict(self.selection) if isinstance(self.selection, list) else {}
        for field in resolve_mro(model, self.name, _is_selection):
            for value in _get_values(field):
                if field._module and value in known:
                    modules[value].add(field._module)
        return modules


def _merge(definitions):
    """Yield definitions of a field, ours as additions to those before.

    Where these are of a method, ours adds nothing.
    """
    earlier = None
    for field in definitions:
        selection = field._args__.get("selection")
        if isinstance(field, SharedSelection) and earlier is not None:
            if isinstance(earlier, list):
                yield SharedSelection(selection_add=selection)
            continue
        earlier = selection if selection is not None else earlier
        yield field


def _is_selection(value):
    return isinstance(value, fields.Selection)


def _get_values(field):
    selection = field._args__.get("selection")
    pairs = selection if isinstance(selection, list) else []
    return [pair[0] for pair in (*pairs, *field._args__.get("selection_add", ()))]
