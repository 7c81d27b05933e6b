"""Zvonok.com."""

from .contract import GateCase, GateContract


class TestZvonokContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "zvonok"
