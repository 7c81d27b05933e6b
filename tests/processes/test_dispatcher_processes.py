"""Dispatchers as real processes on a real, committed database."""

from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.tools.compose import Recipient

from ..common import Document
from ..simulators import Simulator
from .common import ProcessCase

MESSAGES = 1000


@tagged("post_install", "-at_install")
class TestDispatcherProcesses(ProcessCase):
    """Two processes share one queue; the gate counts what reached a handset."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(Simulator())
        self.gate.config(delay_after_accept=0.05, deliver_after=0)
        self.route_id = self.make_route(self.gate, "two processes")
        self.addCleanup(self.forget, self.route_id)

    def test_two_dispatchers_hand_over_every_message_once(self):
        self._enqueue()
        logs = self.run_processes(2, "dispatch")
        self._check_gate()
        self._check_messages()
        for log in logs:
            self.assertIn("accepted", log, "Both processes have sent something")
            self.assertNotIn("serialize", log)
            self.assertNotIn("Traceback", log)

    def test_the_commit_of_a_single_message_wakes_a_lane_and_ends_its_question(self):
        for _time in range(2):
            with self.committed() as env:
                self._accept(env, 1)
                env.cr.commit()  # pylint: disable=invalid-commit
                status = env.cr.connection.get_transaction_status()
                self.assertEqual(status, TRANSACTION_STATUS_IDLE)
                self.assertEqual(self._count_triggers(env), 1)

    # === CHECKS ===
    def _check_gate(self):
        stats = self.gate.stats()
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["repeats"], 0)
        self.assertEqual(stats["accepted"], MESSAGES)
        self.assertEqual(stats["handset_total"], MESSAGES)

    def _check_messages(self):
        with self.committed() as env:
            messages = env["sms.gateway.message"].search(
                [("route_id", "=", self.route_id)]
            )
            self.assertEqual(len(messages), MESSAGES)
            self.assertEqual(set(messages.mapped("state")), {"submitted"})
            self.assertEqual(set(messages.mapped("attempts")), {1})
            self.assertEqual(len(set(messages.mapped("provider_reference"))), MESSAGES)

    def _count_triggers(self, env):
        cron = env.ref("crm_sms_gateway.ir_cron_send_1")
        return env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    # === SCENE ===
    def _enqueue(self):
        with self.committed() as env:
            self._accept(env, MESSAGES)

    def _accept(self, env, count):
        recipients = [
            Recipient(index, f"+7916{1000000 + index}") for index in range(count)
        ]
        route = env["sms.gateway.route"].browse(self.route_id)
        env["sms.gateway.campaign.accept"]._accept(
            Document(recipients), route, source="api"
        )
