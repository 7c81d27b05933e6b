"""Odoo's own tests of SMS once more, as `GatewaySMSCase`."""

import inspect

from odoo.tests import loader

from odoo.addons.sms.tests.common import SMSCase

from .gateway import GatewaySMSCase
from .suites import SUITES


def find_classes(module):
    """Find a module's test classes that can follow SMS."""
    for tests in loader.get_test_modules(module):
        for _name, found in inspect.getmembers(tests, inspect.isclass):
            if found.__module__ == tests.__name__ and issubclass(found, SMSCase):
                yield found


def make_class(found):
    """Make the class whose tests run with the setting on."""
    members = {"__module__": __name__, "native_class": found}
    return type(found.__name__, (GatewaySMSCase, found), members)


for module in SUITES:
    for found in find_classes(module):
        globals()[f"{module}_{found.__name__}"] = make_class(found)
