"""The line to PostgreSQL breaks while the API's transaction is committed."""

import requests

from odoo.tests import tagged
from odoo.tests.common import HttpCase
from odoo.tools import mute_logger

from ..simulators import Simulator
from .common import PATIENCE, ProcessCase
from .postgres_proxy import PostgresProxy

LOG = "odoo.addons.crm_sms_gateway.controllers.api_dispatcher"
ROUTE = "lost commit"
SEND = {
    "send": {"text_male": "Здравствуйте!", "users": [{"phone": "+79161000000"}]},
    "route": ROUTE,
}
BALANCE = {"balance": ["rub"], "route": ROUTE}


@tagged("post_install", "-at_install")
class TestLostCommit(ProcessCase):
    def setUp(self):
        super().setUp()
        gate = self.enterContext(Simulator())
        self.route_id = self.make_route(gate, ROUTE)
        self.addCleanup(self.forget, self.route_id)
        self.addCleanup(self._forget_calls)
        self.proxy = self.enterContext(PostgresProxy())
        self.enterContext(self.proxy.serving())

    def test_an_unanswered_commit_that_was_carried_out_is_told_as_unknown(self):
        answer = self._call_cut("after", SEND)
        details = self._check_unknown(answer)
        self.assertNotIn("Retry-After", answer.headers)
        self.assertEqual(self._ask(details["key"]).status_code, 200)
        self.assertEqual(self._count_messages(), 1)

    def test_an_unanswered_commit_that_never_arrived_is_told_as_unknown(self):
        details = self._check_unknown(self._call_cut("before", SEND))
        answer = self._ask(details["key"])
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(answer.json()["details"]["code"], "unknown_key")
        self.assertEqual(self._count_messages(), 0)

    def test_a_repetition_with_the_same_idempotency_key_sends_once(self):
        for moment in ("after", "before"):
            with self.subTest(moment=moment):
                headers = {"Idempotency-Key": f"lost commit {moment}"}
                before = self._count_messages()
                answer = self._call_cut(moment, SEND, headers=headers)
                self._check_unknown(answer)
                self.assertGreater(int(answer.headers["Retry-After"]), 0)
                self.assertEqual(self._call(SEND, headers=headers).status_code, 200)
                self.assertEqual(self._count_messages(), before + 1)

    def test_a_balance_request_is_told_as_unknown_too(self):
        details = self._check_unknown(self._call_cut("after", BALANCE))
        self.assertEqual(self._ask(details["key"]).status_code, 200)

    def test_what_was_only_read_is_answered(self):
        [accepted] = self._call(SEND).json()
        status = {"status": {"key": accepted["send"]["key"]}, "route": ROUTE}
        answer = self._call_cut("before", status)
        self.assertEqual(answer.status_code, 200)

    # === CALLS ===
    def _call_cut(self, moment, document, **values):
        """Call while the line is cut at the commit of the request's own transaction."""
        # The caller is noted in a transaction of its own, at most once a minute.
        self._call({})
        self.proxy.cut(moment)
        with mute_logger("odoo.http", "odoo.sql_db", LOG):
            answer = self._call(document, **values)
        self.assertEqual(self.proxy.cuts, 1)
        self.proxy.cuts = 0
        return answer

    def _call(self, document, *, headers=()):
        return requests.post(
            f"http://127.0.0.1:{HttpCase.http_port()}/api/v1",
            json=document,
            headers={"Accept-Language": "en", **dict(headers)},
            timeout=PATIENCE,
        )

    def _ask(self, key):
        return self._call({"status": {"key": key}, "route": ROUTE})

    # === CHECKS ===
    def _check_unknown(self, answer):
        self.assertEqual(answer.status_code, 503, answer.text)
        read = answer.json()
        self.assertEqual(read["status"], "error")
        self.assertEqual(read["details"]["code"], "unavailable")
        self.assertEqual(read["details"]["outcome"], "unknown")
        self.assertIn(read["details"]["key"], read["message"])
        self.assertIn("not known", read["message"])
        self.assertNotIn("nothing was queued", read["message"])
        return read["details"]

    def _forget_calls(self):
        with self.committed() as env:
            env.cr.execute(
                "DELETE FROM sms_gateway_idempotency WHERE key LIKE 'lost commit %';"
                "DELETE FROM sms_gateway_api_client"
            )

    def _count_messages(self):
        with self.committed() as env:
            return env["sms.gateway.message"].search_count(
                [("route_id", "=", self.route_id)]
            )
