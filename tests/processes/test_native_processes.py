"""Odoo's own SMS queue as real processes: killed before its commit, twice at a time."""

from odoo.tests import tagged

from ..crash.cron_tasks import HANDED_OVER
from ..crash.workers import wait_until
from ..simulators import Simulator
from .common import PATIENCE, ProcessCase

NUMBERS = 200


@tagged("post_install", "-at_install")
class TestNativeProcesses(ProcessCase):
    """Where Odoo's queue sends twice by itself, handsets get each SMS once."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(Simulator())
        self.gate.config(deliver_after=0)
        self.route_id = self.make_route(self.gate, "native processes")
        self._choose(self.route_id)
        self.addCleanup(self._forget)

    def test_a_worker_killed_before_its_commit_sends_nothing_twice(self):
        self._make_sms()
        [process] = self.start_processes(1, "hand_over_and_hang")
        self.assertTrue(wait_until(lambda: HANDED_OVER in process.read_log(), PATIENCE))
        self.run_processes(1, "dispatch")
        self.assertTrue(process.kill())
        self.assertEqual(self.gate.stats()["handset_total"], 0, "nothing went out yet")
        self.run_processes(1, "hand_over")
        self.run_processes(2, "dispatch")
        self._check()

    def test_two_queues_at_the_same_time_hand_over_each_once(self):
        self._make_sms()
        for log in self.run_processes(2, "hand_over"):
            self.assertNotIn("Traceback", log)
        self.run_processes(2, "dispatch")
        self._check()

    def _check(self):
        stats = self.gate.stats()
        self.assertEqual(stats["handset_total"], NUMBERS)
        self.assertEqual(stats["duplicates"], 0)

    # === SCENE ===
    def _choose(self, route_id):
        with self.committed() as env:
            env.company.sms_gateway_route_id = route_id

    def _make_sms(self):
        with self.committed() as env:
            env["sms.sms"].create(
                [
                    {"number": f"+7916{3000000 + number}", "body": "Здравствуйте"}
                    for number in range(NUMBERS)
                ]
            )

    def _forget(self):
        self._choose(False)
        with self.committed() as env:
            domain = [("number", "like", "+79163")]
            env["sms.sms"].search(domain).unlink()
            env.cr.execute("DELETE FROM sms_gateway_odoo_sms")
        self.forget(self.route_id)
