"""Odoo's own tests of SMS once more, as `GatewaySMSCase`."""

import inspect

from odoo.tests import loader

from odoo.addons.sms.tests.common import SMSCase

from .gateway import GatewaySMSCase
from .suites import SUITES


def make_classes(module):
    """Make the classes whose tests run through the gateway, of a module's own that can
    follow SMS.

    :return: name → class; two files of a module may use the same name
    """
    return {
        f"{tests.__name__.split('.', 2)[2]}.{name}": make_class(found)
        for tests in loader.get_test_modules(module)
        for name, found in inspect.getmembers(tests, inspect.isclass)
        if found.__module__ == tests.__name__ and can_send(found)
    }


def can_send(found):
    """Tell whether a class tests SMS; tours of Odoo's portal send none."""
    return issubclass(found, SMSCase) and "start_tour" not in inspect.getsource(found)


def make_class(found):
    """Make the class of the same name that goes through the gateway."""
    members = {"__module__": __name__, "native_class": found}
    return type(found.__name__, (GatewaySMSCase, found), members)


for _module in SUITES:
    globals().update(make_classes(_module))
