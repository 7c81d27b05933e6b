"""SMSC.ru."""

from .contract import GateCase, GateContract


class SmscCase(GateCase):
    code = "smsc_ru"

    def setUp(self):
        super().setUp()
        # its pushes depend on the options in the address
        self.gate.config(callback=self.provider.get_callback_address())


class TestSmscRuContract(GateContract, SmscCase):
    allow_inherited_tests_method = True
    code = "smsc_ru"
    unknown_status = "77"
    unknown_error = "99"
    credentials = ("login", "password")
