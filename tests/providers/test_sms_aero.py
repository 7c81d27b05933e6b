"""SMS Aero."""

from .contract import GateCase, GateContract


class TestSmsAeroContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "sms_aero"
    unknown_status = "5"
