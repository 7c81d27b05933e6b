"""The contract of providers without a gate, and that no provider goes without."""

from xml.sax.saxutils import quoteattr

from lxml import etree

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.types import Outcome

from ..simulators.gates import GATES
from .common import FakeHttp, make_request, respond
from .contract import LOGGER, GateContract, ProviderContract


class TestSandboxContract(ProviderContract, BaseCase):
    allow_inherited_tests_method = True
    code = "sandbox"


class TestXmlGateContract(ProviderContract, BaseCase):
    allow_inherited_tests_method = True
    code = "xml_gate"
    settings = {
        "url": "https://gate.example",
        "login": "me",
        "password": "s3cret",
        "sender": "Shop",
        "timezone": "Europe/Moscow",
    }

    def make_working_http(self):
        return AcceptingGate()


class AcceptingGate(FakeHttp):
    """Accepts every message and uses its number as its id; answers backwards."""

    def post(self, url, *, body, headers):
        items = [
            f"<information number_sms={quoteattr(a.get('number_sms'))} "
            f"id_sms={quoteattr(a.get('phone'))}>send</information>"
            for a in etree.fromstring(body).iter("abonent")
        ]
        return respond(f"<response>{''.join(reversed(items))}</response>".encode())


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
