"""Messages through a real Kannel, delivery reports and messages back from it."""

from odoo.tests import HttpCase, tagged

from odoo.addons.crm_sms_gateway.models.settings.sms_gateway_settings import PREFIX
from odoo.addons.crm_sms_gateway.tools.compose import Recipient
from odoo.addons.crm_sms_gateway.tools.segments import count_segments

from ..common import Document
from ..crash.workers import wait_until
from ..simulators.smsc import Smsc, join_parts
from .common import ProcessCase
from .kannel_server import PATIENCE, FakeSmsc, Kannel, needs_kannel

LONG = "Здравствуйте, Анна! Заказ № 5 «готов» — ждём вас 😀 по адресу ул. Мира, 1. " * 3
#: number → text; all are delivered
TEXTS = {
    "+79161230001": "Hello [€] @ _ $",
    "+79161230002": "Привет, мир & <все> +1 😀",
    "+79161230003": LONG,
    "+79161230004": "A long text in the default alphabet [x]. " * 5,
}


@needs_kannel
@tagged("post_install", "-at_install")
class TestKannel(ProcessCase):
    """The configuration is that of the documentation, with another operator beside
    its own: fakesmsc, which takes and delivers everything."""

    def setUp(self):
        super().setUp()
        self._set_public_address(f"http://127.0.0.1:{HttpCase.http_port()}")
        self.smsc = self.enterContext(Smsc())
        self.route_id = self._make_route()
        self.addCleanup(self.forget, self.route_id)
        with self.committed() as env:
            get_url = self._get_route(env).webhook_url
        kannel = Kannel(self.smsc.port, get_url)
        self._configure(url=kannel.url, password=kannel.password, smsc="fake")
        self.kannel = self.enterContext(kannel)

    # === TESTS ===
    def test_texts_reach_handsets_as_they_are_and_reports_come_back(self):
        fake = self.enterContext(FakeSmsc(self.kannel))
        self._send(TEXTS)
        messages = self._wait_until_final(TEXTS)
        for number, text in TEXTS.items():
            with self.subTest(text):
                self.assertEqual(messages[number][:2], ("delivered", False))
                digits = number.removeprefix("+")
                segments = count_segments(text)
                parts = fake.get_parts(digits)
                self.assertEqual(len(parts), segments.count)
                self.assertEqual({sender for sender, *_rest in parts}, {"Shop"})
                self.assertEqual(fake.read_text(digits, segments.encoding), text)

    def test_receipts_and_refusals_of_an_smpp_operator_decide(self):
        self._configure(smsc="operator")
        expected = {
            "+79161230003": ("delivered", False, False),
            "+79161239901": ("failed", "unreachable", "027"),
            "+79161239903": ("expired", False, "EXPIRED"),
            "+79161239908": ("failed", "invalid_number", "0x0000000b"),
            "+79161239909": ("failed", "provider_error", "0x00000411"),
            # in several parts: Kannel loses the operator's words
            "+79161249909": ("failed", "operator_refusal", False),
        }
        is_long = {"+79161230003", "+79161239901", "+79161249909"}
        self._send({n: LONG if n in is_long else "Привет" for n in expected})
        self.assertEqual(self._wait_until_final(expected), expected)
        parts = self.smsc.get_parts("79161230003")
        self.assertEqual(join_parts(parts), LONG)
        self.assertEqual(len(parts), count_segments(LONG).count)

    def test_inbound_messages_are_stored_and_not_answered(self):
        self._send({"+79161230001": "Привет"})
        octets = "%04%1F%04%40%04%38%00%20%00%3D"
        fake = self.enterContext(
            FakeSmsc(self.kannel, f"79161230001 1234 ucs2 {octets}")
        )
        self._wait_until_final(["+79161230001"])
        self.smsc.write("79161230005", "1234", "Вторая «часть", "», две части 😀")
        inbound = self._wait_for_inbound(2)
        self.assertEqual(
            inbound,
            {
                "+79161230001": ("При =", "1234", "+79161230001"),
                "+79161230005": ("Вторая «часть», две части 😀", "1234", False),
            },
        )
        # Kannel would have sent what Odoo answers before it asks for the next report
        self._send({"+79161230002": "Last"})
        self._wait_until_final(["+79161230001", "+79161230002"])
        self.assertEqual(len(fake.get_parts("79161230001")), 1)
        self.assertFalse(self.smsc.get_parts("79161230005"))

    def test_what_kannel_queues_is_accepted_and_delivered_later(self):
        self._send({"+79161230001": "Later"})
        self.assertEqual(self._read()["+79161230001"][0], "submitted")
        fake = self.enterContext(FakeSmsc(self.kannel))
        messages = self._wait_until_final(["+79161230001"])
        self.assertEqual(messages["+79161230001"][0], "delivered")
        self.assertEqual(len(fake.get_parts("79161230001")), 1)

    def test_a_wrong_password_stops_the_route_before_anything_is_sent(self):
        with self.committed() as env:
            provider = self._get_route(env)._make_provider()
            self.assertIn("accepted", provider.test_connection())
        self._configure(password="wrong")
        self._send({"+79161230001": "Nothing"})
        with self.committed() as env:
            route = self._get_route(env)
            self.assertEqual(route.state, "paused")
            self.assertIn("Authorization failed", route.pause_reason)
        self.assertEqual(self._read()["+79161230001"][0], "queued")

    # === SCENE ===
    def _set_public_address(self, address):
        with self.committed() as env:
            parameters = env["ir.config_parameter"]
            before = parameters.get_param(PREFIX + "public_address")
            parameters.set_param(PREFIX + "public_address", address)
        if address:
            self.addCleanup(self._set_public_address, before)

    def _make_route(self):
        with self.committed() as env:
            values = {"provider_code": "kannel", "allows_private": True}
            return env["sms.gateway.route"].create({"name": "real kannel", **values}).id

    def _get_route(self, env):
        return env["sms.gateway.route"].browse(self.route_id)

    def _configure(self, **values):
        values = {"username": "odoo", "sender": "Shop", **values}
        with self.committed() as env:
            for setting in self._get_route(env).setting_ids:
                if setting.name not in values:
                    continue
                if setting.is_secret:
                    setting.secret_input = values[setting.name]
                else:
                    setting.value = values[setting.name]

    def _send(self, texts):
        """Send through the route's lane.

        :param texts: dict of number → text
        """
        with self.committed() as env:
            route = self._get_route(env)
            for number, text in texts.items():
                document = Document([Recipient(0, number)], text=text)
                env["sms.gateway.campaign.accept"]._accept(
                    document, route, source="api"
                )
        for _turn in texts:
            with self.committed() as env:
                env["sms.gateway.dispatcher"]._run(1, linger=0)

    # === CHECKS ===
    def _read(self):
        """:return: dict of number → state, failure type and provider's code"""
        with self.committed() as env:
            messages = env["sms.gateway.message"].search(
                [("route_id", "=", self.route_id)]
            )
            return {
                m.msisdn: (m.state, m.failure_type, m.failure_code) for m in messages
            }

    def _wait_until_final(self, numbers):
        """:return: as `_read`"""

        def read():
            found = self._read()
            states = {found[number][0] for number in numbers}
            return states <= {"delivered", "failed", "expired"} and found

        return self._wait(read)

    def _wait_for_inbound(self, count):
        """:return: dict of sender → text, our number, number of what it answers"""

        def read():
            with self.committed() as env:
                found = env["sms.gateway.inbound"].search(
                    [("route_id", "=", self.route_id)]
                )
                return len(found) >= count and {
                    one.sender: (one.text, one.recipient, one.message_id.msisdn)
                    for one in found
                }

        return self._wait(read)

    def _wait(self, read):
        found = wait_until(read, PATIENCE, 0.05)
        if not found:
            self.fail(f"It does not come: {self._read()}\n{self.kannel.read_logs()}")
        return found
