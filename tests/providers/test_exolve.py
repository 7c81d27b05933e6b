"""MTS Exolve."""

from .contract import GateCase, GateContract


class TestExolveContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "exolve"
    unknown_status = "77"
