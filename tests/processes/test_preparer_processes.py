"""Preparers as real processes: one is killed, two work at the same time."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..crash.workers import wait_until
from .common import PATIENCE, ProcessCase

#: four parts of the preparer
CONTACTS = 2000


@tagged("post_install", "-at_install")
class TestPreparerProcesses(ProcessCase):
    """Every recipient gets one message, whatever happens to the preparer."""

    def setUp(self):
        super().setUp()
        self.campaign_id = self._send()
        self.addCleanup(self._forget)

    def test_a_killed_preparer_leaves_no_gap_and_nothing_twice(self):
        [process] = self.start_processes(1, "prepare")
        self._wait_for_some()
        self.assertTrue(process.kill())
        self.assertLess(self._count_messages(), CONTACTS, "it was killed in the middle")
        self.run_processes(1, "prepare")
        self._check()

    def test_two_at_the_same_time_share_the_work(self):
        for log in self.run_processes(2, "prepare"):
            self.assertNotIn("Traceback", log)
        self._check()

    def _check(self):
        with self.committed() as env:
            campaign = env["sms.gateway.campaign"].browse(self.campaign_id)
            self.assertEqual(campaign.unprepared_count, 0)
            self.assertEqual(len(set(campaign.message_ids.mapped("msisdn"))), CONTACTS)
            self.assertEqual(len(campaign.message_ids), CONTACTS)
            linked = campaign.recipient_ids.mapped("message_id")
            self.assertEqual(linked, campaign.message_ids)

    def _wait_for_some(self):
        self.assertTrue(wait_until(self._count_messages, PATIENCE, 0.01))

    def _count_messages(self):
        with self.committed() as env:
            domain = [("campaign_id", "=", self.campaign_id)]
            return env["sms.gateway.message"].search_count(domain)

    # === SCENE ===
    def _send(self):
        """Accept a draft, whose id is given back."""
        return self._accept({"recipient_source": "selection"})

    def _accept(self, values):
        with self.committed() as env:
            route = env["sms.gateway.route"].create({"name": "prepare"})
            contacts = env["res.partner"].create(
                [
                    {"name": f"Preparer {number}", "phone": f"+7916{2000000 + number}"}
                    for number in range(CONTACTS)
                ]
            )
            draft = env["sms.gateway.campaign"].create(
                {"route_id": route.id, "text_male": "{{ fio }}", **values}
            )
            draft._snapshot_recipients([("res.partner", [("id", "in", contacts.ids)])])
            draft.action_send()
            return draft.id

    def _forget(self):
        with self.committed() as env:
            route_id = env["sms.gateway.campaign"].browse(self.campaign_id).route_id.id
        self.forget(route_id)
        with self.committed() as env:
            domain = [("name", "like", "Preparer ")]
            env["res.partner"].search(domain).unlink()


@tagged("post_install", "-at_install")
class TestLookAgainProcesses(TestPreparerProcesses):
    """The same for a filter that looks for its contacts when its day has come."""

    allow_inherited_tests_method = True

    def _send(self):
        campaign_id = self._accept(
            {
                "recipient_source": "filter",
                "res_domain": "[('name', 'like', 'Preparer ')]",
                "scheduled_at": fields.Datetime.now() + timedelta(days=1),
            }
        )
        with self.committed() as env:
            campaign = env["sms.gateway.campaign"].browse(campaign_id)
            assert campaign.looks_again
            # another day finds others
            env["res.partner"].search([("name", "=", "Preparer 0")]).copy(
                {"name": "Preparer of the day", "phone": "+79163000000"}
            )
            env["res.partner"].search([("name", "=", "Preparer 0")]).unlink()
            campaign.scheduled_at = fields.Datetime.now() - timedelta(minutes=1)
        return campaign_id

    def _check(self):
        with self.committed() as env:
            campaign = env["sms.gateway.campaign"].browse(self.campaign_id)
            self.assertFalse(campaign.looks_again)
            texts = campaign.message_ids.mapped("text")
            self.assertIn("Preparer of the day", texts)
            self.assertNotIn("Preparer 0", texts)
        return super()._check()
