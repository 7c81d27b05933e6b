"""Vonage's SMS API."""

from .contract import GateCase, GateContract


class TestVonageContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "vonage"
    unknown_error = "98"
    credentials = ("api_secret",)
