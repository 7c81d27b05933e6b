"""What providers push to us over HTTP, from their gates to the models."""

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.providers import PROVIDERS

from ..common import GatewayHttpCase
from ..simulators import get_simulators
from ..simulators.gates import GATES

MODELS = "odoo.addons.crm_sms_gateway.models"
SENDER, RECIPIENT = "+79161234567", "+79160000000"


@tagged("post_install", "-at_install")
class TestProviderPushes(GatewayHttpCase):
    def begin(self, code):
        """Make a route to a provider whose reports come to this server."""
        self.gate = get_simulators().get(code)
        self.gate.reset()
        channels = PROVIDERS[code].capabilities.channels
        channel = "sms" if "sms" in channels else "voice"
        self.route = self.make_route(
            code,
            provider_code=code,
            has_sms=channel == "sms",
            has_voice=channel == "voice",
            allows_private=True,
        )
        for row in self.route.setting_ids:
            if row.name in self.gate.settings:
                name = "secret_value" if row.is_secret else "value"
                row[name] = self.gate.settings[row.name]
        provider = self.route._make_provider()
        self.addCleanup(provider.close)
        self.gate.config(callback=provider.get_callback_address())
        return channel

    def providers(self, **capabilities):
        """The providers that have a gate and these capabilities."""
        for code in sorted(GATES):
            able = PROVIDERS[code].capabilities
            if all(
                getattr(able, name) == is_so for name, is_so in capabilities.items()
            ):
                with self.subTest(code):
                    yield code

    def submit(self, code):
        """A message that the provider has taken."""
        channel = self.begin(code)
        message = self.send_one(GATES[code].msisdn, route=self.route, channel=channel)
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        return message

    def send_pushes(self):
        """:return: how many of them the provider takes for received, and how many it
        does not"""
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            self.assertTrue(self.gate.send_pushes())
        self.env.invalidate_all()
        reports = self.gate.stats()["reports"]
        return bool(reports.get("taken")), bool(reports.get("refused"))

    def push(self, push):
        """:return: whether the provider takes the answer for a receipt"""
        answer = self.opener.request(
            push.method, push.url, data=push.body, headers=push.headers
        )
        self.env.invalidate_all()
        gate = GATES[self.gate.code]()
        return gate.is_acknowledged(answer.status_code, answer.content)

    def test_reports_are_applied_and_acknowledged(self):
        for code in self.providers(push=True):
            message = self.submit(code)
            self.gate.set_status("delivered")
            self.assertEqual(self.send_pushes(), (True, False))
            self.assertEqual(message.state, "delivered")
            self.assertTrue(self.route.last_push_at)

    @mute_logger(f"{MODELS}.reports.sms_gateway_push")
    def test_forged_reports_are_refused_and_counted(self):
        for code in self.providers(signed_push=True):
            message = self.submit(code)
            self.gate.arm("forged")
            self.gate.set_status("delivered")
            self.assertEqual(self.send_pushes(), (False, True))
            self.assertEqual(message.state, "submitted")
            self.assertTrue(self.route.refused_push_count)

    def test_inbound_messages_are_stored_once(self):
        for code in self.providers(inbound_push=True):
            self.begin(code)
            push = self.gate.write(SENDER, RECIPIENT, "Да, спасибо")
            self.assertTrue(self.push(push))
            self.assertTrue(self.push(push))
            inbound = self.env["sms.gateway.inbound"].search(
                [("route_id", "=", self.route.id)]
            )
            self.assertEqual(inbound.mapped("text"), ["Да, спасибо"])
