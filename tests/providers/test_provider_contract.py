"""What the gateway relies on, whatever provider it is and whatever comes back."""

import itertools
from unittest.mock import patch
from xml.sax.saxutils import quoteattr

from lxml import etree

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.base import Provider
from odoo.addons.crm_sms_gateway.providers.errors import (
    MaybeSent,
    NotSent,
    ProviderError,
    RouteDown,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryReport,
    Outcome,
    PushRequest,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.read_back import find_text

from .common import FakeHttp, make_request, respond

LOGGER = "odoo.addons.crm_sms_gateway.providers.base"
#: what a server may do to us
TROUBLE = {
    "nothing": b"",
    "nonsense": b"\x00\xff nonsense",
    "HTML": b"<html><body>502</body></html>",
    "JSON": b'{"status": "ok"}',
    "empty XML": b"<response/>",
    **{f"status {n}": respond(status=n) for n in (204, 302, 401, 404, 429, 500, 503)},
    "refused": NotSent("Connection refused"),
    "timeout": MaybeSent("No answer"),
    "wrong login": RouteDown("Wrong login"),
}


class ProviderContract:
    """Cases for one provider; not collected by itself."""

    #: the provider under test, and settings it accepts
    code: str
    settings: dict[str, str] = {}

    def make(self, http):
        return PROVIDERS[self.code](self.settings, http)

    def make_working_http(self):
        """Hook: an HTTP client whose server accepts everything.

        The references it gives contain the last four digits of the number.
        """
        return FakeHttp()

    @property
    def provider_class(self):
        return PROVIDERS[self.code]

    def batches(self):
        """Batches of every interesting size."""
        for size in sorted({1, 2, 7, self.provider_class.capabilities.max_batch}):
            yield [make_request(n) for n in range(1, size + 1)]

    # === SUBMIT ===
    def test_one_result_per_request_in_order(self):
        for requests in self.batches():
            with self.subTest(len(requests)):
                results = self.make(self.make_working_http()).submit(requests)
                self.assertEqual(len(results), len(requests))
                for request, result in zip(requests, results, strict=True):
                    self.assertEqual(result.outcome, Outcome.ACCEPTED)
                    self.assertIn(request.msisdn[-4:], result.provider_reference)

    def test_one_result_per_request_whatever_comes(self):
        for (name, trouble), requests in itertools.product(
            TROUBLE.items(), self.batches()
        ):
            with self.subTest(name, size=len(requests)):
                results = self.make(FakeHttp(trouble)).submit(requests)
                self.assertEqual(len(results), len(requests))
                for result in results:
                    self.assertIs(type(result), SubmitResult)

    def test_trouble_never_passes_for_success(self):
        for name, trouble in TROUBLE.items():
            http = FakeHttp(trouble)
            with self.subTest(name):
                [result] = self.make(http).submit([make_request()])
                if http.posts:
                    self.assertNotEqual(result.outcome, Outcome.ACCEPTED)
                    self.assertNotEqual(result.outcome, Outcome.REFUSED)

    def test_bug_of_the_adapter_leaves_us_in_doubt(self):
        provider = self.make(FakeHttp())
        bug = patch.object(self.provider_class, "_submit", side_effect=KeyError("bug"))
        with bug, self.assertLogs(LOGGER, "ERROR"):
            results = provider.submit([make_request(1), make_request(2)])
        self.assertEqual([r.outcome for r in results], [Outcome.MAYBE_SENT] * 2)

    def test_empty_batch(self):
        self.assertEqual(self.make(FakeHttp()).submit([]), [])

    def test_every_channel_declared_is_taken(self):
        for channel in self.provider_class.capabilities.channels:
            with self.subTest(channel):
                provider = self.make(self.make_working_http())
                [result] = provider.submit([make_request(channel=channel)])
                self.assertEqual(result.outcome, Outcome.ACCEPTED)

    # === REPORTS ===
    def test_polls_raise_provider_errors_only(self):
        if not self.provider_class.capabilities.poll:
            return
        for name, trouble in TROUBLE.items():
            with self.subTest(name):
                try:
                    reports = self.make(FakeHttp(trouble)).poll(["1", "2"])
                except ProviderError:
                    continue
                self.assertTrue(all(type(r) is DeliveryReport for r in reports))

    def test_pushes_raise_unreadable_push_only(self):
        if not self.provider_class.capabilities.push:
            return
        bodies = [body for body in TROUBLE.values() if isinstance(body, bytes)]
        for method, body in itertools.product(("GET", "POST"), bodies):
            with self.subTest(method=method, body=body):
                try:
                    self.make(FakeHttp()).parse_push(PushRequest(method, body))
                except UnreadablePush:
                    pass

    def test_pushes_to_a_route_without_settings_are_unreadable(self):
        if not self.provider_class.capabilities.push:
            return
        try:
            self.provider_class({}, FakeHttp()).parse_push(PushRequest("POST", b""))
        except UnreadablePush:
            pass

    def test_balances_raise_provider_errors_only(self):
        if not self.provider_class.capabilities.balance:
            return
        for name, trouble in TROUBLE.items():
            with self.subTest(name):
                try:
                    balance = self.make(FakeHttp(trouble)).balance()
                except ProviderError:
                    continue
                self.assertIsInstance(balance.raw, bytes)

    # === DECLARATIONS ===
    def test_capabilities_are_the_code_that_exists(self):
        capabilities = self.provider_class.capabilities
        for is_declared, hook in (
            (capabilities.poll, "_poll"),
            (capabilities.lookup, "_lookup"),
            (capabilities.push, "_parse_push"),
            (capabilities.balance, "_balance"),
        ):
            with self.subTest(hook):
                own, inherited = (
                    getattr(cls, hook) for cls in (self.provider_class, Provider)
                )
                self.assertEqual(own is not inherited, is_declared)

    def test_declarations_are_complete(self):
        provider = self.provider_class
        self.assertEqual(provider.code, self.code)
        self.assertTrue(provider.label)
        self.assertTrue(provider.description)
        self.assertTrue(provider.capabilities.channels)
        self.assertGreaterEqual(provider.capabilities.max_batch, 1)
        names = [setting.name for setting in provider.settings]
        self.assertEqual(len(names), len(set(names)))
        self.assertTrue(all(setting.label for setting in provider.settings))

    def test_settings_are_checked_without_raising(self):
        self.assertEqual(self.make(FakeHttp()).check_settings(), [])
        self.assertEqual(self.make(FakeHttp()).missing_settings(), [])
        for value in ("", "\x00", "нет", "-1", "9" * 5000):
            with self.subTest(value[:9]):
                names = [setting.name for setting in self.provider_class.settings]
                provider = self.provider_class(dict.fromkeys(names, value), FakeHttp())
                for problem in provider.check_settings():
                    self.assertTrue(problem.endswith("."), problem)
                    self.assertTrue(find_text(provider.get_words(), problem), problem)
                size = self.provider_class.capabilities.max_batch
                self.assertIn(provider.max_batch, range(1, size + 1))
                self.assertIsInstance(provider.is_idempotent, bool)

    def test_missing_settings_are_named(self):
        required = [s.label for s in self.provider_class.settings if s.required]
        if not required:
            return
        with self.assertRaises(RouteDown) as caught:
            self.provider_class({}, FakeHttp()).test_connection()
        for label in required:
            self.assertIn(label, caught.exception.message)

    def test_secrets_stay_out_of_sight(self):
        secrets = [s.name for s in self.provider_class.settings if s.secret]
        values = {**self.settings, **dict.fromkeys(secrets, "s3cret")}
        provider = self.provider_class(values, FakeHttp())
        self.assertNotIn("s3cret", repr(provider) + str(provider.check_settings()))


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
        cases = ProviderContract.__subclasses__()
        self.assertEqual({case.code for case in cases}, set(PROVIDERS))
        self.assertTrue(all(case.allow_inherited_tests_method for case in cases))

    def test_base_mends_a_wrong_number_of_results(self):
        class Forgetful(PROVIDERS["sandbox"]):
            def _submit(self, requests):
                return super()._submit(requests)[1:]

        with self.assertLogs(LOGGER, "ERROR"):
            results = Forgetful({}, FakeHttp()).submit([make_request(), make_request()])
        self.assertEqual([r.outcome for r in results], [Outcome.MAYBE_SENT] * 2)
