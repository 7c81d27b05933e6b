"""A message whose parts the provider reports one by one."""

from contextlib import ExitStack

from odoo.tests import tagged

from ...simulators.engine import Push
from ...simulators.gates.vonage import VonageGate, make_receipt
from .test_fault_matrix import MatrixCase

LONG = "й" * 150


@tagged("post_install", "-at_install")
class TestMessageParts(MatrixCase):
    """Vonage gives each part a reference and a receipt; all have our reference."""

    def setUp(self):
        super().setUp()
        self.begin("vonage", "sms")
        clocks = ExitStack()
        clocks.enter_context(self.standing_clocks())
        self.addCleanup(clocks.close)
        self.start()
        self.gate.config(deliver_after=None)

    def send_long(self):
        message = self.send_one(VonageGate.msisdn, route=self.route, text=LONG)
        self.run_lane()
        [taken] = self.gate.stats()["messages"]
        return message, taken["extra"]["parts"], taken["client_reference"]

    def push(self, reference, status, client_ref):
        gate = VonageGate()
        with self.make_provider() as provider:
            address = provider.get_callback_address()
        receipt = make_receipt(reference, status, client_ref=client_ref)
        push = gate.sign(Push.form(address, receipt), gate.get_push_key())
        self.assertEqual(self.take_push(push), 200)

    def test_the_last_part_delivers_the_message(self):
        message, parts, client_ref = self.send_long()
        self.assertEqual(len(parts), 3)
        for part in parts[:-1]:
            self.push(part, "delivered", client_ref)
            self.assertEqual(message.state, "submitted")
        self.push(parts[-1], "delivered", client_ref)
        self.assertEqual((message.state, message.segments), ("delivered", 3))

    def test_any_part_fails_the_message(self):
        message, parts, client_ref = self.send_long()
        self.push(parts[0], "delivered", client_ref)
        self.push(parts[1], "failed", client_ref)
        self.assertEqual(message.state, "failed")
        self.push(parts[-1], "delivered", client_ref)
        self.assertEqual(message.state, "failed")

    def test_the_receipts_of_a_message_without_an_answer_settle_it(self):
        self.gate.arm("drop_after")
        message, parts, client_ref = self.send_long()
        self.assertEqual(message.state, "unknown")
        self.push(parts[0], "delivered", client_ref)
        self.assertEqual(message.state, "submitted")
        self.assertEqual(message.provider_reference, parts[0])
        self.env["sms.gateway.delivery.report"]._apply_kept()
        self.env.invalidate_all()
        self.assertEqual(message.state, "delivered")
        self.assertEqual(self.gate.stats()["handset_total"], 1)
