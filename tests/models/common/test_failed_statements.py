"""Failed statements in the log: their names, not what was in them."""

import ast
import contextlib
import logging
import time
import traceback
from unittest.mock import patch

import psycopg2

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_sms_gateway.models.common.failed_statements import hidden_values
from odoo.addons.crm_sms_gateway.models.sending import sms_gateway_dispatcher
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    PushAnswer,
    PushRequest,
    StatusUpdate,
)

from ...common import PHONE, ROOT, GatewayCase

TEXT = "Ваш пароль"
SECRET = "s3cr3t-of-the-route"
#: what must not stand in any line
WORDS = (PHONE[1:], TEXT, SECRET)


@tagged("post_install", "-at_install")
class TestFailedStatements(GatewayCase):
    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(sms_gateway_dispatcher._failures, clear=True))

    # === STEPS ===
    def fill_disk(self, table, condition="TRUE"):
        """Let the database refuse rows of a table as if its disk was full, and repeat
        them in its error."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            CREATE OR REPLACE FUNCTION sms_gateway_test_fail() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'No space left: %', NEW
                      USING ERRCODE = '53100', DETAIL = NEW::text;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER sms_gateway_test_fail BEFORE INSERT OR UPDATE ON {table}
               FOR EACH ROW WHEN ({condition})
               EXECUTE FUNCTION sms_gateway_test_fail();
            """
        )

    @contextlib.contextmanager
    def assert_discreet(self, *names):
        """A block that fails for the disk; the log names the statement, and neither it
        nor the error's traceback tells more."""
        with self.assertLogs("odoo", "INFO") as logged:
            logging.getLogger("odoo").error("begin")
            with self.assertRaises(psycopg2.errors.DiskFull) as caught:
                with self.env.cr.savepoint():
                    yield
        told = "\n".join(traceback.format_exception(caught.exception))
        told += "\n".join(logged.output)
        for word in WORDS:
            self.assertNotIn(word, told)
        for name in (*names, "DiskFull (53100"):
            self.assertIn(name, told)
        self.assertEqual(caught.exception.pgcode, "53100")

    # === TESTS ===
    def test_accepting_one_message(self):
        self.fill_disk("sms_gateway_message")
        with self.assert_discreet("INSERT sms_gateway_message"):
            self.send(PHONE, text=TEXT)

    def test_accepting_a_batch(self):
        self.fill_disk("sms_gateway_message")
        with self.assert_discreet():
            self.send(*[PHONE] * 3, text=TEXT)

    def test_claiming(self):
        self.send(PHONE, text=TEXT)
        self.fill_disk("sms_gateway_message", "NEW.state = 'submitting'")
        with self.assert_discreet("EXECUTE sms_gateway_claim", "sms_gateway_claim."):
            self.run_lane()

    def test_applying_answers(self):
        self.send(PHONE, text=TEXT)
        self.fill_disk("sms_gateway_message", "NEW.state = 'submitted'")
        with self.assert_discreet("sms_gateway_message"):
            self.run_lane()

    def test_writing_events(self):
        self.send(PHONE, text=TEXT)
        self.fill_disk("sms_gateway_event")
        with self.assert_discreet("EXECUTE sms_gateway_claim"):
            self.run_lane()

    def test_entering_secrets(self):
        gate = self.make_route("gate", provider_code="xml_gate", has_voice=False)
        password = gate.setting_ids.filtered("is_secret")
        self.fill_disk("sms_gateway_route_setting")
        with self.assert_discreet("UPDATE sms_gateway_route_setting"):
            password.secret_value = SECRET
            self.env.flush_all()

    def test_taking_reports(self):
        report = StatusUpdate(DeliveryStatus.DELIVERED, "1", msisdn=PHONE, raw=TEXT)
        route, _provider = self.script_route(push=lambda _push: PushAnswer((report,)))
        self.fill_disk("sms_gateway_delivery_report")
        with self.assert_discreet("INSERT sms_gateway_delivery_report"):
            push = PushRequest("POST", b"")
            self.env["sms.gateway.push"]._receive(route, push)

    def test_other_tables_that_the_gateway_asks(self):
        self.env.flush_all()
        with self.assertLogs("odoo.sql_db", "ERROR") as logged:
            with (
                self.assertRaises(psycopg2.DataError) as caught,
                self.env.cr.savepoint(),
            ):
                self.env["sms.gateway.dispatcher"].env.cr.execute(
                    "SELECT FROM res_partner WHERE id = %s::int", [TEXT]
                )
        self.assertNotIn(TEXT, str(logged.output) + str(caught.exception))

    def test_nothing_that_the_log_has_to_hide_is_forgotten(self):
        """What Odoo does not log itself hides its values by itself."""
        for room in ("models", "controllers", "wizards"):
            for path in sorted((ROOT / room).rglob("*.py")):
                with self.subTest(path.name):
                    self.assertEqual(find_unhidden(ast.parse(path.read_text())), [])
        found = find_unhidden(ast.parse("cr.copy_expert(1)\nwith a():\n cr._obj"))
        self.assertEqual(found, [1, 3])

    def test_errors_of_the_database_keep_what_odoo_asks_for(self):
        self.env.flush_all()
        with self.assertRaises(psycopg2.errors.CheckViolation) as caught:
            with hidden_values(), self.env.cr.savepoint():
                self.env.cr.execute(
                    "UPDATE sms_gateway_route SET throughput = -1, name = %s"
                    " WHERE id = %s",
                    [TEXT, self.route.id],
                    log_exceptions=False,
                )
        error = caught.exception
        self.assertEqual(
            str(error),
            "CheckViolation (23514, sms_gateway_route,"
            " sms_gateway_route_throughput_positive)",
        )
        self.assertEqual(
            error.diag.constraint_name, "sms_gateway_route_throughput_positive"
        )


@tagged("post_install", "-at_install")
class TestFailingLanes(GatewayCase):
    """Requests wake lanes; one that fails again and again does not start every time."""

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(sms_gateway_dispatcher._failures, clear=True))
        self.works = []

    def work(self, *errors):
        """Run the lane once for each error, None for a run that goes well; the runs
        that began."""
        for error in errors:

            def run(_self, _lane, _deadline, _linger, error=error):
                self.works.append(error)
                if error:
                    raise error

            Dispatcher = type(self.env["sms.gateway.dispatcher"])
            with (
                patch.object(Dispatcher, "_work", run),
                contextlib.suppress(RuntimeError),
            ):
                self.run_lane()
        return len(self.works)

    def test_a_lane_rests_longer_after_every_failure(self):
        error = RuntimeError("no space")
        start = time.monotonic()
        with patch.object(sms_gateway_dispatcher.time, "monotonic") as clock:
            clock.return_value = start
            self.assertEqual(self.work(error, error, error, error), 2)
            for seconds, count in ((1.9, 2), (2, 3), (5.9, 3), (6, 4), (13, 4)):
                clock.return_value = start + seconds
                self.assertEqual(self.work(error), count)
            for _run in range(20):
                clock.return_value += sms_gateway_dispatcher.MAX_LANE_REST
                count += 1
                self.assertEqual(self.work(error), count)

    def test_one_failure_costs_nothing(self):
        error = RuntimeError("no space")
        self.assertEqual(self.work(error, None, error, None), 4)

    def test_lanes_rest_apart(self):
        error = RuntimeError("no space")
        self.work(error, error)
        may_start = sms_gateway_dispatcher._may_start
        self.assertFalse(may_start(self.env.cr.dbname, 1))
        self.assertTrue(may_start(self.env.cr.dbname, 2))
        self.assertTrue(may_start("other", 1))


def find_unhidden(tree):
    """The lines that let the cursor's own doors stand open."""
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        if any("hidden_values" in ast.unparse(item) for item in node.items)
        for inner in ast.walk(node)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if id(node) not in hidden and is_open_door(node)
    ]


def is_open_door(node):
    if isinstance(node, ast.keyword):
        return node.arg == "log_exceptions"
    names = ("copy_expert", "copy_from", "copy_to", "_obj", "_cnx")
    return isinstance(node, ast.Attribute) and node.attr in names


class TestOpenDoors(BaseCase):
    def test_a_door_is_seen(self):
        tree = ast.parse("cr.execute(q, log_exceptions=False)")
        self.assertEqual(find_unhidden(tree), [1])
        tree = ast.parse("with hidden_values():\n cr.execute(q, log_exceptions=False)")
        self.assertEqual(find_unhidden(tree), [])
