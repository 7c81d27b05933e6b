"""SMS.ru."""

from .contract import GateCase, GateContract


class TestSmsRuContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "sms_ru"
    unknown_status = "199"
    unknown_error = "299"
