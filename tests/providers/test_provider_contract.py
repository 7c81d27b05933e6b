"""The contract of providers without a gate, and that no provider goes without."""

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ..simulators.gates import GATES
from .common import FakeHttp, make_request
from .contract import LOGGER, GateCase, GateContract, ProviderContract


class TestSandboxContract(ProviderContract, BaseCase):
    allow_inherited_tests_method = True
    code = "sandbox"


class TestXmlGateContract(GateContract, GateCase):
    allow_inherited_tests_method = True
    code = "xml_gate"
    #: errors are told in words, without codes
    unknown_error = "Странная ошибка"


class TestProviderRegistry(BaseCase):
    def test_every_provider_keeps_the_contract(self):
        kept = [ProviderContract, GateContract]
        cases = [case for base in kept for case in base.__subclasses__()]
        cases.remove(GateContract)
        self.assertEqual({case.code for case in cases}, set(PROVIDERS))
        self.assertTrue(all(case.allow_inherited_tests_method for case in cases))

    def test_every_gate_is_used(self):
        cases = {case.code for case in GateContract.__subclasses__()}
        self.assertEqual(cases, set(GATES))

    def test_base_mends_a_wrong_number_of_results(self):
        class Forgetful(PROVIDERS["sandbox"]):
            def _submit(self, requests):
                return super()._submit(requests)[1:]

        with self.assertLogs(LOGGER, "ERROR"):
            results = Forgetful({}, FakeHttp()).submit([make_request(), make_request()])
        self.assertEqual([r.outcome for r in results], [Outcome.MAYBE_SENT] * 2)
