"""Requests to providers: balance, connection test, and their buttons."""

import logging
import threading
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.routes.sms_gateway_provider_request import (
    KEEP,
    LEASE,
)
from odoo.addons.crm_sms_gateway.providers.errors import NotSent
from odoo.addons.crm_sms_gateway.providers.types import Balance, Money, Units

from ...common import GatewayCase
from ...simulators import Simulator
from .gate_route import PASSWORD, GateCase

LOG = "odoo.addons.crm_sms_gateway"


@tagged("post_install", "-at_install")
class TestProviderRequests(GatewayCase):
    """Balance and connection test: stored, sent by a cron, responses shown."""

    def ask(self, answer=None, *, error=None, kind="balance", **values):
        """A question that got this answer."""
        scripted, provider = self.script_route()

        def tell(_provider):
            if error:
                raise error
            return answer

        provider._balance = tell
        request = self.env["sms.gateway.provider.request"]._request(
            scripted, kind=kind, **values
        )
        self.assertEqual(request.state, "pending")
        self.run_balance()
        return request

    def test_nobody_is_asked_inside_the_request(self):
        triggers = self.env["ir.cron.trigger"]
        triggers.search([]).unlink()
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        self.assertEqual(request.state, "pending")
        self.assertEqual(
            request._get_details(),
            {"state": "pending", "money": [], "units": [], "error": None},
        )
        cron = self.env.ref("crm_sms_gateway.ir_cron_balance")
        self.assertEqual(triggers.search([]).cron_id, cron)

    def test_without_its_cron_a_question_is_stored_all_the_same(self):
        self.env.ref("crm_sms_gateway.ir_cron_balance").unlink()
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        self.assertEqual(request.state, "pending")

    def test_old_answers_are_forgotten_but_for_the_last(self):
        Balance = self.env["sms.gateway.provider.request"]
        asked = Balance.browse()
        for _number in range(4):
            asked += Balance._request(self.route)
        other = Balance._request(self.make_route("another"))
        long_ago = fields.Datetime.now() - KEEP - timedelta(minutes=1)
        (asked[:1] + asked[2:] + other).write({"state": "done"})
        (asked + other).write({"answered_at": long_ago})
        asked[2].answered_at = long_ago + timedelta(minutes=2)
        self.env.flush_all()
        Balance._gc_answered()
        self.assertEqual((asked + other).exists(), asked[1:] + other)

    def test_an_answer_is_kept_as_it_came_and_as_it_was_understood(self):
        request = self.ask(
            Balance(
                money=(Money(Decimal("97.9"), "RUB"), Money(Decimal("1.005"), "USD")),
                units=(Units("Россия", 47),),
                raw=b"\xd0\x00raw",
                text="raw\nanswer",
            ),
            currencies=("RUB",),
        )
        self.assertEqual((request.state, request.answer), ("done", "raw\nanswer"))
        self.assertEqual(request.with_context(bin_size=False).answer_raw, b"0AByYXc=")
        self.assertTrue(request.answered_at)
        self.assertEqual(
            request._get_details(),
            {
                "state": "done",
                "money": [{"amount": "97.90", "currency": "RUB"}],
                "units": [{"area": "Россия", "count": 47}],
                "error": None,
            },
        )
        self.assertEqual(request.summary, "97.90 RUB, 1.005 USD, Россия: 47")

    def test_a_provider_that_does_not_answer_fails_the_question(self):
        request = self.ask(error=NotSent("Connection refused"))
        self.assertEqual(
            (request.state, request.error), ("failed", "Connection refused")
        )
        self.assertEqual(request._get_details()["error"], "Connection refused")

    @mute_logger(f"{LOG}.models.routes.sms_gateway_provider_request")
    def test_an_adapter_that_crashes_does_not_stop_the_questions_behind(self):
        behind = self.env["sms.gateway.provider.request"]
        scripted, provider = self.script_route()
        provider._balance = lambda _provider: {}["money"]
        crashed = behind._request(scripted)
        behind = behind._request(self.route)
        self.run_balance()
        self.assertEqual((crashed.state, crashed.error), ("failed", "KeyError"))
        self.assertEqual(behind.state, "done")

    def test_a_question_is_asked_once_and_again_if_its_worker_died(self):
        request = self.env["sms.gateway.provider.request"]._request(self.route)
        with self.as_cron() as env:
            taken = env["sms.gateway.provider.request"]._claim()
            self.assertEqual(taken.id, request.id)
            self.assertFalse(env["sms.gateway.provider.request"]._claim())
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            self.run_balance()
        self.assertEqual(request.state, "pending", "by the database's clock")
        request.lease_until = fields.Datetime.now() - LEASE - timedelta(seconds=1)
        self.run_balance()
        self.assertEqual(request.state, "done")

    def test_questions_of_one_kind_to_one_route_are_one_call(self):
        scripted, provider = self.script_route()
        calls = []
        told = Balance((), (), b"raw", "told")
        provider._balance = lambda _provider: calls.append("balance") or told
        Requests = self.env["sms.gateway.provider.request"]
        asked = Requests.browse()
        for _number in range(300):
            asked += Requests._request(scripted)
        test = Requests._request(scripted, kind="connection")
        self.run_balance()
        # a test of the connection asks for the balance, too
        self.assertEqual(len(calls), 2)
        self.assertEqual(set(asked.mapped("state")), {"done"})
        self.assertEqual(set(asked.mapped("answer")), {"told"})
        self.assertNotEqual(test.state, "pending")

    def test_a_provider_that_hangs_holds_nobody_back(self):
        """The first one asked goes on only when the second one was asked."""
        asked = threading.Event()
        hanging, its_provider = self.script_route()
        healthy, provider = self.script_route()

        def hang(_provider):
            if not asked.wait(20):
                raise NotSent("Time-out")
            return Balance((), (), b"", "late")

        def tell(_provider):
            asked.set()
            return Balance((), (), b"", "told")

        its_provider._balance, provider._balance = hang, tell
        Requests = self.env["sms.gateway.provider.request"]
        first, second = [Requests._request(route) for route in (hanging, healthy)]
        self.run_balance()
        self.assertEqual((first.answer, second.answer), ("late", "told"))

    def test_the_form_shows_the_last_answer(self):
        self.route.action_pause()
        self.route.action_check_balance()
        self.assertIn("…", self.route.last_answer)
        self.run_balance()
        self.assertEqual(self.route.last_answer, "97.90 RUB, Россия: 47")
        self.assertTrue(self.route.last_answer_at)
        self.route.action_test_connection()
        self.run_balance()
        self.assertIn("97.9", self.route.last_answer)

    def test_keys_belong_to_their_route(self):
        Balance = self.env["sms.gateway.provider.request"]
        request = Balance._request(self.route)
        self.assertRegex(request.key, "^[0-9a-f]{32}$")
        self.assertEqual(Balance._find(request.key, self.route), request)
        self.assertFalse(Balance._find(request.key, self.make_route("another")))


@tagged("post_install", "-at_install")
class TestConnection(GateCase):
    """The buttons of the form against a gate over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = Simulator()
        cls.gate.start()
        cls.addClassCleanup(cls.gate.stop)
        cls.gate_route.allows_private = True
        cls.fill(url=cls.gate.url)

    def setUp(self):
        super().setUp()
        self.gate.reset()
        self.gate.config(password=PASSWORD)

    def press(self, button):
        """The answer to a button, and what was logged meanwhile."""
        route = self.gate_route.with_user(self.administrator)
        with self.assertLogs(LOG, "DEBUG") as logged:
            logging.getLogger(LOG).debug("Pressed %s", button)
            getattr(route, button)()
            self.run_balance()
        self.assertNotIn(PASSWORD, str(logged.output))
        request = self.gate_route.balance_ids.sorted("id")[-1]
        self.assertNotIn(PASSWORD, str(request.read()))
        return request

    def test_the_connection_stands(self):
        request = self.press("action_test_connection")
        self.assertEqual((request.state, request.error), ("done", False))
        self.assertIn("97.9", self.gate_route.last_answer)

    def test_a_wrong_password_is_told(self):
        self.gate.config(password="right")
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("login or the password", request.error)
        self.assertEqual(self.gate_route.last_answer, request.error)
        self.assertEqual(self.gate_route.state, "active")

    def test_a_missing_setting_is_told(self):
        self.fill(sender=False)
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("Sender", request.error)
        self.assertFalse(self.gate.stats()["requests"])

    def test_a_gate_that_is_not_there_is_told(self):
        self.fill(url="http://127.0.0.1:9")
        request = self.press("action_test_connection")
        self.assertEqual(request.state, "failed")
        self.assertIn("refused", request.error)

    def test_the_balance_is_told(self):
        request = self.press("action_check_balance")
        self.assertEqual(request.money, [{"amount": "97.90", "currency": "RUB"}])
        self.assertIn("<money", request.answer)

    def test_nothing_is_sent_by_any_button(self):
        self.press("action_test_connection")
        self.press("action_check_balance")
        self.assertEqual(self.gate.stats()["documents"], 0)
