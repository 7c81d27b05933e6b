"""What the gateway relies on, whatever provider it is and whatever comes back.

A suite of a provider that has a gate (see ``tests/simulators/engine.py``)::

    class TestSmsRuContract(GateContract, GateCase):
        allow_inherited_tests_method = True
        code = "sms_ru"


    class TestSmsRuSubmit(GateCase):
        code = "sms_ru"

        def test_the_sender_is_told(self):
            self.provider.submit([self.request(1)])
            [message] = self.gate.stats()["messages"]
            self.assertEqual(message["sender"], "Shop")
"""

import itertools
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.base import Provider
from odoo.addons.crm_sms_gateway.providers.errors import (
    ForgedPush,
    MaybeSent,
    NotSent,
    ProviderError,
    RouteDown,
    UnreadablePush,
)
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.http_provider import HttpProvider
from odoo.addons.crm_sms_gateway.providers.types import (
    Balance,
    Context,
    DeliveryStatus,
    Fields,
    InboundMessage,
    Outcome,
    PushRequest,
    StatusUpdate,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.read_back import find_text

from ..simulators import get_simulators
from ..simulators.engine import FAULTS, Gate, Inbound, Message
from ..simulators.gates import GATES
from .common import FakeHttp, RecordingHttp, make_request, respond
from .spoil import spoil_body, spoil_push

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

    def request(self, number=1, **values):
        """A message of a kind that the provider sends."""
        channels = self.provider_class.capabilities.channels
        channel = "sms" if "sms" in channels else "voice"
        return make_request(number, **{"channel": channel, **values})

    def batches(self):
        """Batches of every interesting size."""
        largest = self.provider_class.capabilities.max_batch
        for size in sorted({min(size, largest) for size in (1, 2, 7, largest)}):
            yield [self.request(n) for n in range(1, size + 1)]

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
                [result] = self.make(http).submit([self.request()])
                if http.posts:
                    self.assertNotEqual(result.outcome, Outcome.ACCEPTED)
                    self.assertNotEqual(result.outcome, Outcome.REFUSED)

    def test_bug_of_the_adapter_leaves_us_in_doubt(self):
        provider = self.make(FakeHttp())
        bug = patch.object(self.provider_class, "_submit", side_effect=KeyError("bug"))
        with bug, self.assertLogs(LOGGER, "ERROR"):
            results = provider.submit([self.request(1), self.request(2)])
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
                self.assertTrue(all(type(r) is StatusUpdate for r in reports))

    def test_pushes_are_refused_as_unreadable_or_forged_only(self):
        if not self.provider_class.capabilities.push:
            return
        bodies = [body for body in TROUBLE.values() if isinstance(body, bytes)]
        for method, body in itertools.product(("GET", "POST"), bodies):
            with self.subTest(method=method, body=body):
                try:
                    self.make(FakeHttp()).parse_push(PushRequest(method, body))
                except (UnreadablePush, ForgedPush):
                    pass

    def test_pushes_to_a_route_without_settings_are_refused(self):
        if not self.provider_class.capabilities.push:
            return
        try:
            self.provider_class({}, FakeHttp()).parse_push(PushRequest("POST", b""))
        except (UnreadablePush, ForgedPush):
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
        for is_declared, hooks in (
            (capabilities.poll, ("_poll", "_build_poll")),
            (capabilities.lookup, ("_lookup", "_find")),
            (capabilities.push or capabilities.inbound_push, ("_parse_push",)),
            (capabilities.balance, ("_balance", "_build_balance")),
            (capabilities.inbound_poll, ("_fetch_inbound",)),
            (capabilities.registers_callback, ("_register_callback",)),
        ):
            with self.subTest(hooks):
                filled = any(self._fills(hook) for hook in hooks)
                self.assertEqual(filled, is_declared)

    def _fills(self, hook):
        """Whether the adapter has a hook that the base classes leave open."""
        own = getattr(self.provider_class, hook, None)
        bases = (getattr(base, hook, None) for base in (Provider, HttpProvider))
        return own not in bases

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
        required = [
            setting.label
            for setting in self.provider_class.settings
            if setting.required and not setting.default
        ]
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


# === PROVIDERS WITH A GATE ===
#: address that the providers of these suites are called at; nobody listens there
CALLBACK = "https://odoo.example/sms_gateway/push/t0ken"
#: seconds; only what is meant to hang is waited for so shortly
SHORT, LONG = 0.3, 15.0
M, N = Outcome.MAYBE_SENT, Outcome.NOT_SENT
#: fault of a submit → what its messages are told; a gate's may differ, see
#: `GateCase.outcomes`
OUTCOMES = {
    "drop_before": M,
    "drop_after": M,
    "hang_before": M,
    "hang_after": M,
    "status_429": N,
    "status_500": M,
    "status_500_after": M,
    "garbage": M,
    "late": Outcome.ACCEPTED,
    "truncated": M,
}
_STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "delivered": DeliveryStatus.DELIVERED,
    "failed": DeliveryStatus.FAILED,
    "expired": DeliveryStatus.EXPIRED,
}


def to_request(push):
    """What the gateway gets when a gate sends a push."""
    return PushRequest(
        push.method,
        push.body,
        urls=(push.url,),
        headers={name.lower(): value for name, value in push.headers.items()},
        query=Fields.parse(urlsplit(push.url).query),
    )


class GateCase(BaseCase):
    """Base of suites that talk to a gate over HTTP."""

    #: of the provider and its gate
    code: str
    #: settings besides the account's
    extra_settings: dict[str, str] = {}
    #: where the protocol makes faults mean something else than `OUTCOMES`
    outcomes: dict[str, Outcome] = {}
    #: a word of a status and a code of an error that the documentation does not have;
    #: "" where the protocol cannot carry one
    unknown_status = "zzz"
    unknown_error = "zzz"
    #: as `Gate.credentials`, where that is not said by the gate
    credentials: tuple[str, ...] | None = None

    def setUp(self):
        super().setUp()
        self.gate = get_simulators().get(self.code)
        self.gate.reset()
        self.gate.config(callback=CALLBACK)
        self.settings = {**self.gate.settings, **self.extra_settings}
        self.provider = self.make_provider()
        self.addCleanup(self.check_gate)

    def check_gate(self):
        """A gate that broke proves nothing."""
        bugs = [r for r in self.gate.stats()["refusals"] if r.startswith("bug")]
        self.assertFalse(bugs)

    @property
    def provider_class(self):
        return PROVIDERS[self.code]

    @property
    def capabilities(self):
        return self.provider_class.capabilities

    def make_provider(self, *, read_timeout=LONG, http=None, **settings):
        """The provider with the gate's account.

        :param settings: other values of these settings
        """
        values = {**self.settings, **settings}
        secrets = [values.get(s.name, "") for s in self.get_secrets()]
        http = http or HttpClient(
            read_timeout=read_timeout,
            allows_private=True,
            secrets=[secret for secret in secrets if secret],
        )
        provider = self.provider_class(
            values, http, Context("Route", callback_url=CALLBACK)
        )
        self.addCleanup(provider.close)
        return provider

    def get_secrets(self):
        return [s for s in self.provider_class.settings if s.secret]

    def request(self, number=1, **values):
        """A message of a kind that the provider sends."""
        channels = self.capabilities.channels
        channel = "sms" if "sms" in channels else "voice"
        return make_request(number, **{"channel": channel, **values})

    def submit(self, *requests):
        """Hand over messages that the gate takes.

        :return: results and the gate's messages, in order
        """
        results = self.provider.submit(requests or [self.request()])
        for result in results:
            self.assertEqual(result.outcome, Outcome.ACCEPTED, result)
        return results, self.gate.stats()["messages"]

    def submit_one(self, **values):
        """Hand over one message that the gate takes.

        :return: the result and the gate's message
        """
        [result], [*_earlier, message] = self.submit(self.request(**values))
        return result, message

    def parse(self, push):
        """Read a push as the gateway does."""
        return self.provider.parse_push(to_request(push))


class GateContract(ProviderContract):
    """Cases for a provider with a gate; `GateCase` is their other base."""

    def make(self, http):
        settings = {
            **GATES[self.code].make_settings("https://gate.example"),
            **self.extra_settings,
        }
        context = Context("Route", callback_url=CALLBACK)
        return self.provider_class(settings, http, context)

    # === SUBMIT ===
    def test_one_result_per_request_in_order(self):
        for requests in self.batches():
            with self.subTest(len(requests)):
                self.gate.reset()
                results, messages = self.submit(*requests)
                self.assertEqual(len(results), len(requests))
                taken = {m["msisdn"]: m["reference"] for m in messages}
                for request, result in zip(requests, results, strict=True):
                    reference = taken[request.msisdn]
                    self.assertEqual(result.provider_reference, reference)

    def test_every_channel_declared_is_taken(self):
        for number, channel in enumerate(sorted(self.capabilities.channels), 1):
            with self.subTest(channel):
                _result, message = self.submit_one(number=number, channel=channel)
                self.assertEqual(message["channel"], channel)

    def test_other_channels_are_refused_without_a_call(self):
        for channel in {"sms", "voice"} - self.capabilities.channels:
            [result] = self.provider.submit([self.request(channel=channel)])
            self.assertEqual(result.outcome, Outcome.REFUSED)
            self.assertEqual(result.failure_type, "unsupported")
            self.assertFalse(self.gate.stats()["calls"])

    def test_texts_arrive_as_they_are(self):
        for number, text in enumerate(
            ("Привет, мир", "a&b=c+d%20e <b>\"'</b>", "one\ntwo", "😀 {0} %s"), 1
        ):
            with self.subTest(text):
                _result, message = self.submit_one(number=number, text=text)
                self.assertEqual(message["text"], text)

    def test_one_number_may_get_several_texts(self):
        texts = ["One", "Two", "One"]
        requests = [
            self.request(number, msisdn="+79161234567", text=text)
            for number, text in enumerate(texts, 1)
        ]
        size = self.capabilities.max_batch
        results = [
            result
            for start in range(0, len(requests), size)
            for result in self.provider.submit(requests[start : start + size])
        ]
        messages = {m["reference"]: m["text"] for m in self.gate.stats()["messages"]}
        told = [messages[result.provider_reference] for result in results]
        self.assertEqual(told, texts)
        self.assertEqual(len(messages), 3)

    def test_short_and_long_lives_are_taken(self):
        moment = datetime.now(timezone.utc)
        shortest, longest = self.capabilities.validity or (0, 0)
        for number, seconds in enumerate((-5, 1, 61, 86400, 40 * 86400), 1):
            with self.subTest(seconds):
                until = moment + timedelta(seconds=seconds)
                _result, message = self.submit_one(number=number, valid_until=until)
                if message["valid_for"] is not None:
                    self.assertGreaterEqual(message["valid_for"], shortest)
                    if longest is not None:
                        self.assertLessEqual(message["valid_for"], longest)

    def test_threads_share_a_provider(self):
        with ThreadPoolExecutor(4) as pool:
            results = list(
                pool.map(
                    lambda number: self.provider.submit([self.request(number)])[0],
                    range(1, 17),
                )
            )
        messages = {m["reference"]: m["msisdn"] for m in self.gate.stats()["messages"]}
        for number, result in enumerate(results, 1):
            msisdn = messages[result.provider_reference]
            self.assertEqual(msisdn, self.request(number).msisdn)

    # === FAULTS ===
    def faults(self):
        """The faults of submits that the protocol has, each with a new account."""
        for name in sorted(FAULTS.keys() - GATES[self.code].without):
            with self.subTest(fault=name):
                self.gate.reset()
                seconds = 0.02 if name == "late" else 5
                self.gate.arm(name, seconds=seconds)
                hangs = FAULTS[name].answer == "hang"
                yield name, self.make_provider(read_timeout=SHORT if hangs else LONG)

    def test_faults_have_the_right_outcome(self):
        for name, provider in self.faults():
            [result] = provider.submit([self.request()])
            expected = {**OUTCOMES, **self.outcomes}[name]
            self.assertEqual(result.outcome, expected, result)
            copies = self.gate.stats()["handset_total"]
            self.assertEqual(copies, int(FAULTS[name].takes))
            if expected is Outcome.NOT_SENT:
                self.assertTrue(result.route_trouble or result.route_down)
            if expected is Outcome.MAYBE_SENT:
                self.check_words(result.message)
            if (
                name == "status_429"
                and GATES[self.code].answer_busy is Gate.answer_busy
            ):
                self.assertEqual(result.retry_after, 1)
                self.assertTrue(result.is_throttled)

    def check_words(self, message):
        """What is said without being the provider's can be translated."""
        self.assertTrue(find_text(self.provider.get_words(), message), message)

    def test_what_follows_a_fault_never_sends_twice(self):
        for name, provider in self.faults():
            request = self.request(attempted_at=datetime.now(timezone.utc))
            [result] = provider.submit([request])
            copies = int(FAULTS[name].takes)
            if result.outcome is Outcome.MAYBE_SENT and self.capabilities.lookup:
                [found] = provider.lookup([request])
                self.check_found(found, copies)
            if result.outcome is Outcome.NOT_SENT or (
                result.outcome is Outcome.MAYBE_SENT and provider.is_idempotent
            ):
                [again] = provider.submit([replace(request, attempt=2)])
                self.assertEqual(again.outcome, Outcome.ACCEPTED, again)
                copies = 1
            self.assertEqual(self.gate.stats()["handset_total"], copies)

    def check_found(self, found, copies):
        found = [r for r in found if r.status is not DeliveryStatus.NOT_FOUND]
        self.assertEqual(len(found), copies, found)
        for report in found:
            self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
            references = [m["reference"] for m in self.gate.stats()["messages"]]
            self.assertIn(report.provider_reference, references)

    def test_a_lookup_finds_nothing_of_others(self):
        if not self.capabilities.lookup:
            return
        self.submit_one(number=1, text="Another text")
        asked = self.request(
            2,
            msisdn=self.request(1).msisdn,
            attempted_at=datetime.now(timezone.utc),
        )
        self.check_found(self.provider.lookup([asked])[0], 0)

    def test_lookups_answer_in_order(self):
        if not self.capabilities.lookup:
            return
        moment = datetime.now(timezone.utc)
        count = min(self.capabilities.max_lookup, 3)
        requests = [self.request(n, attempted_at=moment) for n in range(1, count + 1)]
        for request in requests:
            self.provider.submit([request])
        self.gate.set_status("delivered")
        taken = {m["msisdn"]: m["reference"] for m in self.gate.stats()["messages"]}
        found = self.provider.lookup(requests)
        self.assertEqual(
            [[report.provider_reference for report in reports] for reports in found],
            [[taken[request.msisdn]] for request in requests],
        )
        for [report] in found:
            self.assertEqual(report.status, DeliveryStatus.DELIVERED)

    def test_a_second_batch_is_not_held_up_behind_the_first(self):
        """Whoever does not answer once is not waited for again for every group."""
        largest = self.capabilities.max_batch
        requests = [self.request(n) for n in range(1, min(largest, 3) + 1)]
        self.gate.arm("hang_before", calls="all", times=9, seconds=5)
        provider = self.make_provider(read_timeout=SHORT)
        results = provider.submit(requests)
        self.assertFalse(
            {r.outcome for r in results} - {Outcome.MAYBE_SENT, Outcome.NOT_SENT}
        )
        self.assertEqual(self.gate.stats()["handset_total"], 0)
        self.assertEqual(sum(self.gate.stats()["calls"].values()), 1)

    def test_wrong_credentials_stop_the_route(self):
        names = self.credentials or GATES[self.code].credentials
        if names is None:
            names = [s.name for s in self.get_secrets() if s.name in self.settings]
        for name in names:
            with self.subTest(name):
                provider = self.make_provider(**{name: self.spoil(name)})
                [result] = provider.submit([self.request()])
                self.assertEqual(result.outcome, Outcome.NOT_SENT, result)
                self.assertTrue(result.route_down)
                with self.assertRaises(ProviderError):
                    provider.test_connection()
        self.assertEqual(self.gate.stats()["handset_total"], 0)

    def spoil(self, name):
        """Hook: a wrong value of a credential that looks right."""
        return self.settings[name][:-1] + "x"

    def test_unknown_errors_are_kept_with_their_words(self):
        if not self.unknown_error:
            return
        request = self.request()
        self.gate.config(answers={request.msisdn: self.unknown_error})
        [result] = self.provider.submit([request])
        self.assertEqual(result.outcome, Outcome.REFUSED, result)
        self.assertEqual(result.failure_type, "provider_error")
        self.assertIn(self.unknown_error, (result.code, result.message))
        self.assertEqual(self.gate.stats()["handset_total"], 0)

    def test_one_refused_message_does_not_hurt_the_others(self):
        if not self.unknown_error or self.capabilities.max_batch == 1:
            return
        requests = [self.request(number) for number in (1, 2, 3)]
        self.gate.config(answers={requests[1].msisdn: self.unknown_error})
        results = self.provider.submit(requests[: self.capabilities.max_batch])
        told = [result.outcome for result in results]
        taken, refused = Outcome.ACCEPTED, Outcome.REFUSED
        self.assertEqual(told, [taken, refused, taken][: len(results)])
        stats = self.gate.stats()
        self.assertEqual(stats["handset_total"], told.count(taken))
        self.assertEqual(stats["duplicates"], 0)

    def test_a_batch_handed_over_again_is_not_sent_again(self):
        if not self.provider.is_idempotent:
            return
        count = min(self.capabilities.max_batch, 3)
        requests = [self.request(number) for number in range(1, count + 1)]
        self.gate.arm("drop_after")
        self.provider.submit(requests)
        again = [replace(request, attempt=2) for request in requests]
        results, messages = self.submit(*again)
        self.assertEqual(len(messages), count)
        taken = {m["msisdn"]: m["reference"] for m in messages}
        for request, result in zip(requests, results, strict=True):
            self.assertEqual(result.provider_reference, taken[request.msisdn])

    # === STATUSES ===
    def test_statuses_are_polled(self):
        if not self.capabilities.poll:
            return
        result, _message = self.submit_one()
        reference = result.provider_reference
        for status in GATES[self.code].words:
            with self.subTest(status):
                self.gate.set_status(status)
                [report] = self.provider.poll([reference])
                self.assertEqual(report.status, _STATUSES[status])
                self.assertEqual(report.provider_reference, reference)
                self.assertTrue(report.raw)

    def test_as_many_statuses_are_polled_as_declared(self):
        if not self.capabilities.poll:
            return
        count = min(self.capabilities.max_poll, 3)
        requests = [self.request(number) for number in range(1, count + 1)]
        references = [
            self.provider.submit([request])[0].provider_reference
            for request in requests
        ]
        self.gate.set_status("delivered")
        # what the provider does not know hurts nobody else
        asked = references[: count - 1] + ["1"] if count > 1 else references
        reports = {r.provider_reference: r.status for r in self.provider.poll(asked)}
        for reference in asked:
            if reference != "1":
                self.assertEqual(reports[reference], DeliveryStatus.DELIVERED)
        self.assertIn(reports.get("1"), (None, DeliveryStatus.NOT_FOUND))

    def test_an_unknown_status_changes_nothing(self):
        if not self.unknown_status:
            return
        result, message = self.submit_one()
        reports = []
        if self.capabilities.poll:
            self.gate.set_status(self.unknown_status)
            reports += self.provider.poll([result.provider_reference])
        if self.capabilities.push:
            push = self.gate.push(self.unknown_status, message["reference"])
            reports += self.parse(push).reports
        for report in reports:
            self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
            self.assertEqual(report.raw, self.unknown_status)

    # === PUSHES ===
    def test_statuses_are_pushed(self):
        if not self.capabilities.push:
            return
        result, message = self.submit_one()
        for status in GATES[self.code].words:
            push = self.gate.push(status, message["reference"])
            if push is None:
                continue
            with self.subTest(status):
                answer = self.parse(push)
                [report] = answer.reports
                self.assertEqual(report.status, _STATUSES[status])
                self.check_whose(report, result)
                self.check_acknowledged(answer)

    def check_whose(self, report, result):
        """A report says which message it is about."""
        whose = report.provider_reference == result.provider_reference
        self.assertTrue(whose or report.uuid == self.request().uuid, report)

    def check_acknowledged(self, answer):
        gate = GATES[self.code]()
        self.assertTrue(gate.is_acknowledged(answer.status, answer.body))

    def test_forged_pushes_are_refused(self):
        if not self.capabilities.signed_push:
            return
        _result, message = self.submit_one()
        forged = self.gate.push("delivered", message["reference"], forged=True)
        local = GATES[self.code]()
        unsigned = local.make_push(self.make_message(message), "delivered")
        for push in (forged, unsigned):
            with self.assertRaises(ForgedPush) as caught:
                self.parse(push)
            self.check_words(caught.exception.message)

    def make_message(self, described):
        """A gate's message as its statistics describe it."""
        values = {name: v for name, v in described.items() if name != "current"}
        return Message(**{**values, "callback": CALLBACK})

    def test_hostile_pushes_are_refused_as_unreadable_or_forged_only(self):
        if not (self.capabilities.push or self.capabilities.inbound_push):
            return
        local = GATES[self.code]()
        for push in self.get_unsigned_pushes(local):
            for spoiled in spoil_push(push):
                signed = local.sign(spoiled, local.get_push_key())
                for request in (to_request(spoiled), to_request(signed)):
                    try:
                        answer = self.provider.parse_push(request)
                    except (UnreadablePush, ForgedPush):
                        continue
                    for report in answer.reports:
                        self.assertIs(type(report), StatusUpdate)
                    for message in answer.inbound:
                        self.assertIs(type(message), InboundMessage)

    def get_unsigned_pushes(self, local):
        message = Message("1", "+79161234567", "Hello", callback=CALLBACK)
        inbound = Inbound("+79161234567", "Shop", "Yes", "1")
        pushes = [
            local.make_push(message, "delivered"),
            local.make_inbound_push(inbound, CALLBACK),
        ]
        return [push for push in pushes if push]

    def test_the_address_is_registered(self):
        if not self.capabilities.registers_callback:
            return
        self.assertTrue(self.provider.register_callback())
        registered = self.gate.stats()["callbacks"]
        self.assertIn(self.provider.get_callback_address(), registered)

    # === INBOUND MESSAGES ===
    def test_inbound_messages_are_read(self):
        if not (self.capabilities.inbound_push or self.capabilities.inbound_poll):
            return
        moment = datetime.now(timezone.utc) - timedelta(minutes=1)
        push = self.gate.write("+79161234567", "+79160000000", "Да, 😀 & все")
        found = []
        if self.capabilities.inbound_push:
            answer = self.parse(push)
            self.check_acknowledged(answer)
            self.assertFalse(answer.reports)
            found.append(answer.inbound)
        if self.capabilities.inbound_poll:
            found.append(self.provider.fetch_inbound(moment))
        for [message] in found:
            self.assertEqual(message.sender, "+79161234567")
            self.assertEqual(message.text, "Да, 😀 & все")

    def test_forged_inbound_messages_are_refused(self):
        if not (self.capabilities.inbound_push and self.capabilities.signed_push):
            return
        push = self.gate.write("+79161234567", "+79160000000", "No", forged=True)
        with self.assertRaises(ForgedPush):
            self.parse(push)

    # === ACCOUNT ===
    def test_the_connection_is_tested_without_sending(self):
        self.assertTrue(self.provider.test_connection())
        self.assertEqual(self.gate.stats()["handset_total"], 0)
        self.assertNotIn("submit", self.gate.stats()["calls"])

    def test_the_balance_is_read(self):
        if not self.capabilities.balance:
            return
        self.gate.config(balance="12.34")
        self.assertIn("12.34", self.provider.balance().text)

    # === STRANGERS ===
    def operations(self):
        """Everything that is asked of the provider, as functions of an instance."""
        request = self.request(attempted_at=datetime.now(timezone.utc))
        yield "submit", SubmitResult, lambda provider: provider.submit([request])
        if self.capabilities.poll:
            [message, *_rest] = self.gate.stats()["messages"] or [None]
            reference = message["reference"] if message else "1"
            yield "poll", StatusUpdate, lambda provider: provider.poll([reference])
        if self.capabilities.lookup:
            yield "lookup", list, lambda provider: provider.lookup([request])
        if self.capabilities.balance:
            yield "balance", Balance, lambda provider: [provider.balance()]
        if self.capabilities.inbound_poll:
            moment = datetime.now(timezone.utc) - timedelta(minutes=1)
            yield (
                "inbound",
                InboundMessage,
                lambda provider: provider.fetch_inbound(moment),
            )
        yield "test", str, lambda provider: [provider.test_connection()]

    def test_hostile_answers_raise_provider_errors_only(self):
        self.gate.write("+79161234567", "+79160000000", "Yes")
        self.submit_one()
        for name, kind, ask in self.operations():
            http = RecordingHttp(allows_private=True)
            ask(self.make_provider(http=http))
            for place, answer in enumerate(http.answers):
                for body in spoil_body(answer.body):
                    spoiled = replace(answer, body=body)
                    replay = FakeHttp(*http.answers[:place], spoiled)
                    with self.subTest(name, place=place, body=body[:200]):
                        self.check_answer(ask, self.make(replay), kind)

    def check_answer(self, ask, provider, kind):
        with self.assertNoLogs(LOGGER, "ERROR"):
            try:
                results = ask(provider)
            except ProviderError:
                return
        for result in results:
            self.assertIs(type(result), kind)

    def test_no_secret_is_told_or_logged(self):
        self.submit_one()
        records = []
        handler = logging.Handler()
        handler.emit = lambda record: records.append(record.getMessage())
        logger = logging.getLogger("odoo.addons.crm_sms_gateway.providers")
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        self.startPatcher(patch.object(logger, "level", logging.DEBUG))
        secrets = [self.settings[s.name] for s in self.get_secrets() if s.required]
        for status, secret in itertools.product((200, 400, 401, 500), secrets):
            for body in (secret, json.dumps({"error": secret, "message": secret})):
                http = FakeHttp(respond(body.encode(), status=status))
                for _name, _kind, ask in self.operations():
                    try:
                        records.append(repr(ask(self.make(http))))
                    except ProviderError as error:
                        records.append(f"{error.code} {error.message} {error}")
        for _name, _kind, ask in self.operations():
            records.append(repr(ask(self.provider)))
        self.assertTrue(records)
        for secret in secrets:
            self.assertFalse([record for record in records if secret in record])
