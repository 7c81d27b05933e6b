"""When something fails: limits, the emergency stop, bugs, trouble of the database."""

import json
import logging
import re
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2

from odoo.service import model as service_model
from odoo.tests import tagged, test_cursor
from odoo.tools import mute_logger

from ..common import PHONE
from .common import API, ApiCase

LOG = "odoo.addons.crm_sms_gateway.controllers.api_dispatcher"
BALANCE = {"balance": ["rub"], "route": "ds"}


@contextmanager
def quiet():
    """Odoo itself logs what our answers hide."""
    with mute_logger("odoo.http", "odoo.sql_db"):
        yield


@tagged("post_install", "-at_install")
class TestLimits(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_param("max_body_mib", 1)

    def make_body(self, size):
        """A valid send of so many bytes."""
        body = json.dumps(self.make_send()).encode()
        return body + b" " * (size - len(body))

    def test_a_body_up_to_the_limit_is_read(self):
        self.call_ok(self.make_body(1024 * 1024))

    def test_a_body_over_the_limit_is_refused(self):
        with self.assertNothingStored():
            error = self.call_error(self.make_body(1024 * 1024 + 1), 413, "too_large")
        self.assertEqual(set(error), {"status", "message", "details"})

    def test_a_chunked_body_over_the_limit_is_refused(self):
        body = self.make_body(2 * 1024 * 1024)
        chunks = (body[start : start + 65536] for start in range(0, len(body), 65536))
        answer = self.opener.request(
            "POST",
            self.base_url() + API,
            data=chunks,
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.status_code, 413)
        self.assertEqual(answer.json()["details"], {"code": "too_large"})

    def test_odoos_own_limit_does_not_matter(self):
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 10)
        self.call_ok(self.make_send())


@tagged("post_install", "-at_install")
class TestBrake(ApiCase):
    def test_with_the_emergency_stop_on_nothing_is_queued(self):
        self.set_param("is_stopped", "True")
        for document in (self.make_send(), self.make_send(mode="debug"), BALANCE):
            with self.subTest(document=document), self.assertNothingStored():
                answer = self.call(document)
                self.assertEqual(answer.status_code, 503)
                self.assertEqual(answer.json()["details"], {"code": "unavailable"})
                self.assertGreater(int(answer.headers["Retry-After"]), 0)

    def test_with_the_emergency_stop_on_statuses_are_told(self):
        key = self.send_document(self.make_send()).key
        self.set_param("is_stopped", "True")
        self.assertEqual(self.ask_status(key)["status"], "running")

    def test_with_the_emergency_stop_on_errors_are_told(self):
        self.set_param("is_stopped", "True")
        self.call_error(b"{", 400, "bad_json")

    def test_the_emergency_stop_can_be_released(self):
        for value in ("True", "False"):
            self.set_param("is_stopped", value)
        self.call_ok(self.make_send())


@tagged("post_install", "-at_install")
class TestOurBugs(ApiCase):
    """A crash after everything was written, before it was committed."""

    def crash(self, error, *, model="sms.gateway.enqueue", method="_finish_accept"):
        return patch.object(
            type(self.env[model]), method, autospec=True, side_effect=error
        )

    def test_a_bug_is_an_envelope_with_a_number_to_look_up(self):
        error = RuntimeError("relation sms_gateway_message, password hunter2")
        with self.crash(error), self.assertNothingStored(), quiet():
            with self.assertLogs(LOG, logging.ERROR) as logs:
                answer = self.call(self.make_send())
        self.assertEqual(answer.status_code, 500)
        self.assertEqual(list(answer.json()), ["status", "message", "details"])
        self.assertEqual(answer.json()["details"], {"code": "internal"})
        incident = re.search(r"[0-9a-f]{12}", answer.json()["message"])[0]
        self.assertIn(incident, logs.output[0])
        self.assertIn("hunter2", logs.output[0])
        for secret in ("hunter2", "Traceback", "sms_gateway_", "RuntimeError"):
            self.assertNotIn(secret, answer.text)

    def test_a_bug_leaves_no_idempotency_key_behind(self):
        headers = {"Idempotency-Key": "1"}
        with self.crash(RuntimeError()), self.assertNothingStored(), quiet():
            with self.assertLogs(LOG, logging.ERROR):
                self.call_error(self.make_send(), 500, "internal", headers=headers)
        self.call_ok(self.make_send(), headers=headers)

    def test_bugs_anywhere_are_told_in_json(self):
        places = (
            ("sms.gateway.settings", "_get", self.make_send()),
            ("sms.gateway.api.client", "_record", self.make_send()),
            ("sms.gateway.route", "_find_for_api_client", BALANCE),
            ("sms.gateway.provider.request", "_request", BALANCE),
            ("ir.http", "_pre_dispatch", BALANCE),
        )
        for model, method, document in places:
            with self.subTest(model=model, method=method):
                crash = patch.object(
                    type(self.env[model]), method, side_effect=ValueError("boom")
                )
                with crash, self.assertNothingStored(), quiet():
                    with self.assertLogs(LOG, logging.ERROR):
                        self.call_error(document, 500, "internal")

    def test_odoos_own_errors_are_bugs_here(self):
        from odoo.exceptions import AccessError, UserError, ValidationError

        for error in (UserError("x"), AccessError("x"), ValidationError("x")):
            with self.subTest(error=error), self.crash(error), quiet():
                with self.assertNothingStored(), self.assertLogs(LOG, logging.ERROR):
                    self.call_error(self.make_send(), 500, "internal")


@tagged("post_install", "-at_install")
class TestDatabaseTroubles(ApiCase):
    def setUp(self):
        super().setUp()
        # Odoo waits at random before it repeats a request.
        no_wait = SimpleNamespace(uniform=lambda _least, _most: 0)
        self.patch(service_model, "random", no_wait)

    def fail_to_serialise(self, times):
        """Let so many attempts fail as if another transaction was faster."""
        original = type(self.env["sms.gateway.enqueue"])._finish_accept
        attempts = []

        def finish_accept(messages, *args):
            opted_out = original(messages, *args)
            attempts.append(1)
            if len(attempts) <= times:
                messages.env.cr.execute(
                    "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
                )
            return opted_out

        self.patch(
            type(self.env["sms.gateway.enqueue"]), "_finish_accept", finish_accept
        )
        return attempts

    def test_a_request_that_lost_a_race_is_repeated_and_sends_once(self):
        attempts = self.fail_to_serialise(2)
        with quiet():
            campaign = self.send_document(self.make_send(PHONE, PHONE))
        self.assertEqual(len(attempts), 3)
        campaigns = self.env["sms.gateway.campaign"].search([("source", "=", "api")])
        self.assertEqual(campaigns, campaign)
        self.assertEqual(len(campaign.message_ids), 2)
        totals = self.ask_status(campaign.key)["details"]["totals"]
        self.assertEqual(totals["queued"], 2)

    def test_a_request_that_lost_every_race_queues_nothing(self):
        attempts = self.fail_to_serialise(99)
        with self.assertNothingStored(), quiet():
            answer = self.call(self.make_send())
        self.assertEqual(len(attempts), 5)
        self.assertUnavailable(answer)

    def test_a_database_that_fails_while_we_answer_is_unavailable(self):
        errors = (
            psycopg2.OperationalError("server closed the connection unexpectedly"),
            psycopg2.InterfaceError("connection already closed"),
        )
        for error in errors:
            accept = patch.object(
                type(self.env["sms.gateway.campaign.accept"]),
                "_accept",
                side_effect=error,
            )
            with self.subTest(error=error), accept, self.assertNothingStored(), quiet():
                self.assertUnavailable(self.call(self.make_send()))

    def test_a_commit_that_is_refused_queues_nothing(self):
        refuse = """
            CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION USING ERRCODE = ''53100''; END';
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON sms_gateway_campaign
            DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()
        """
        self.env.cr.execute(refuse)

        def commit(cr):
            cr.flush()
            cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with patch.object(test_cursor.TestCursor, "commit", commit):
            with self.assertNothingStored(), quiet():
                self.assertUnavailable(self.call(self.make_send()))

    def test_what_fails_after_the_commit_does_not_spoil_the_answer(self):
        """The messages are queued: an error would make the client send them again."""
        commit = test_cursor.TestCursor.commit

        def commit_and_go_on(cr):
            hooks = list(cr.postcommit._funcs)
            commit(cr)
            for hook in hooks:
                hook()

        error = psycopg2.OperationalError("too many connections")
        wake_up = patch.object(
            type(self.env["ir.cron"]), "_notifydb", side_effect=error
        )
        with (
            patch.object(test_cursor.TestCursor, "commit", commit_and_go_on),
            wake_up,
            quiet(),
        ):
            campaign = self.send_document(self.make_send())
        self.assertEqual(campaign.message_ids.state, "queued")

    def assertUnavailable(self, answer):
        self.assertEqual(answer.status_code, 503, answer.text)
        self.assertEqual(answer.json()["details"], {"code": "unavailable"})
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertNotIn("connection", answer.text)
