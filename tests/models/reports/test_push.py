"""What providers send to the addresses of routes, from HTTP to the adapter."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.providers.errors import ForgedPush
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    PushAnswer,
    StatusUpdate,
)

from ...common import GatewayCase, fail

PUSHES = "odoo.addons.crm_sms_gateway.models.reports.sms_gateway_push"


@tagged("post_install", "-at_install")
class TestPushAnswers(GatewayCase):
    def setUp(self):
        super().setUp()
        self.requests = []
        self.scripted, self.provider = self.script_route(push=self.remember)
        self.set_address("https://crm.example.com")

    def remember(self, request):
        self.requests.append(request)
        return PushAnswer(body=b"ACK", status=202, content_type="text/xml")

    def set_address(self, address):
        self.env["ir.config_parameter"].set_param(
            "crm_sms_gateway.public_address", address
        )

    def call(self, **values):
        """What the provider is answered: status, content type and body."""
        call = {
            "method": "POST",
            "origin": "http://10.0.0.5:8069",
            "path": "/crm_sms_gateway/webhook/t",
            "query": b"",
            "body": b"",
            "headers": (),
            "remote": "192.0.2.1",
        }
        return self.env["sms.gateway.push"]._answer(self.scripted, **call | values)

    def test_the_adapter_decides_what_is_answered(self):
        self.assertEqual(self.call(), (202, "text/xml", b"ACK"))

    def test_the_call_reaches_the_adapter_whole(self):
        self.call(
            method="GET",
            query=b"id=1&id=2&text=%D0%94%D0%B0+1",
            headers=[("X-Twilio-Signature", "abc")],
            body=b"a=1&a=2",
        )
        [request] = self.requests
        self.assertEqual(request.method, "GET")
        self.assertEqual(request.query.get_all("id"), ["1", "2"])
        self.assertEqual(request.query["text"], "Да 1")
        self.assertEqual(request.read_form().get_all("a"), ["1", "2"])
        self.assertEqual(request.get_header("x-twilio-SIGNATURE"), "abc")
        self.assertEqual(request.remote, "192.0.2.1")

    def test_signatures_find_the_address_that_the_provider_called(self):
        self.call(query=b"x=%2F&y")
        [request] = self.requests
        self.assertEqual(
            request.urls,
            (
                "https://crm.example.com/crm_sms_gateway/webhook/t?x=%2F&y",
                "http://10.0.0.5:8069/crm_sms_gateway/webhook/t?x=%2F&y",
                "https://10.0.0.5:8069/crm_sms_gateway/webhook/t?x=%2F&y",
            ),
        )

    @mute_logger(PUSHES)
    def test_a_wrong_signature_is_refused_and_counted(self):
        self.provider.script["push"] = fail(ForgedPush("wrong hash"))
        reports = self.env["sms.gateway.delivery.report"].search_count([])
        for count in (1, 2):
            self.assertEqual(self.call()[0], 403)
            self.assertEqual(self.scripted.refused_push_count, count)
        self.assertTrue(self.scripted.refused_push_at)
        self.assertFalse(self.scripted.last_push_at)
        self.assertEqual(
            self.env["sms.gateway.delivery.report"].search_count([]), reports
        )

    @mute_logger(PUSHES)
    def test_a_flood_of_fields_is_unreadable(self):
        self.assertEqual(self.call(query=b"a&" * 6000)[0], 400)
        self.assertFalse(self.requests)

    def test_the_last_push_is_told(self):
        self.assertFalse(self.scripted.last_push_at)
        self.call()
        self.assertTrue(self.scripted.last_push_at)

    def test_the_administrators_reason_stands_for_the_providers_code(self):
        message = self.send_one(route=self.scripted)
        self.force_state(message, "submitted")
        self.scripted.reason_ids = [
            (0, 0, {"code": " 77 ", "failure_type": "template_mismatch"})
        ]
        report = StatusUpdate(
            DeliveryStatus.FAILED,
            uuid=message.uuid,
            code="77",
            failure_type="other",
        )
        self.provider.script["push"] = lambda _request: PushAnswer((report,))
        self.call()
        self.assertEqual(message.failure_type, "template_mismatch")
        self.assertEqual(message.failure_code, "77")

    def test_the_adapter_knows_the_address_that_it_is_called_by(self):
        token = self.scripted.sudo().webhook_token
        self.assertEqual(
            self.scripted._make_provider().get_callback_address(),
            f"https://crm.example.com/crm_sms_gateway/webhook/{token}",
        )
