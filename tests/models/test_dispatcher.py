"""The dispatcher: what a lane makes of every answer."""

from odoo.tests import tagged

from ..common import GatewayCase, sandbox_phone


@tagged("post_install", "-at_install")
class TestDispatcher(GatewayCase):
    def test_a_message_is_submitted_then_delivered(self):
        message = self.send_one()
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertTrue(message.provider_reference)
        self.assertEqual(message.attempts, 1)
        self.let_pass(5)
        self.run_poll()
        self.assertEqual(self.get_story(message), ["submitting", "submitted"])

    def test_a_refused_message_fails_with_its_reason(self):
        message = self.send_one(sandbox_phone("9902"))
        self.run_lane()
        self.assertEqual(message.state, "failed")
        self.assertEqual(message.failure_type, "content_rejected")
        self.assertTrue(message.finished_at)
