"""The fast provider speaks what our adapter and Odoo's Twilio understand."""

import json
import time
from urllib.request import Request, urlopen

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    SubmitRequest,
)

from ..simulators import Simulator
from ..simulators.loopback import find_moment

SETTINGS = {
    "login": "demo",
    "password": "demo",
    "sender": "DEMO",
    "timezone": "Europe/Moscow",
    "max_batch": "500",
    "honours_client_id": "1",
    "name_delivery": "",
    "translit": "0",
}


def make_request(number):
    return SubmitRequest(
        uuid=f"{number:032x}",
        client_reference=str(1000 + number),
        msisdn=f"+7916{number:07d}",
        text=f"Text {number % 3}",
    )


class TestLoopback(BaseCase):
    def setUp(self):
        super().setUp()
        self.simulator = self.enterContext(Simulator("loopback"))
        http = HttpClient(allows_private=True)
        self.addCleanup(http.close)
        settings = {**SETTINGS, "url": self.simulator.url}
        self.provider = PROVIDERS["xml_gate"](settings, http)

    def post(self, path, body):
        with urlopen(Request(self.simulator.url + path, body), timeout=10) as answer:
            return answer.status, json.load(answer)

    def test_batches_are_accepted_in_order(self):
        results = self.provider.submit([make_request(n) for n in range(500)])
        self.assertEqual({result.outcome for result in results}, {Outcome.ACCEPTED})
        references = [result.provider_reference for result in results]
        self.assertEqual(len(set(references)), 500)
        stats = self.simulator.stats()
        self.assertEqual((stats["messages"], stats["calls"]), (500, 1))
        self.assertEqual(stats["repeats"], 0)

    def test_a_repeated_message_keeps_its_reference_and_is_counted(self):
        first = self.provider.submit([make_request(1)])
        self.assertEqual(self.provider.submit([make_request(1)]), first)
        self.assertEqual(self.simulator.stats()["repeats"], 1)

    def test_statuses_are_told(self):
        reports = self.provider.poll(["1000000000", "1000000001"])
        self.assertEqual(
            {report.status for report in reports}, {DeliveryStatus.DELIVERED}
        )
        stats = self.simulator.stats()
        self.assertEqual((stats["state_calls"], stats["states"]), (1, 2))

    def test_answers_come_after_the_latency(self):
        self.simulator.config(latency=0.2)
        started = time.monotonic()
        self.provider.submit([make_request(1)])
        self.assertGreaterEqual(time.monotonic() - started, 0.2)
        self.assertEqual(self.simulator.stats()["most_waiting"], 1)

    def test_twilio_gets_a_sid(self):
        path = "/2010-04-01/Accounts/AC1/Messages.json"
        status, answer = self.post(path, b"From=%2B1500&To=%2B79160000007&Body=x")
        self.assertEqual(status, 201)
        self.assertRegex(answer["sid"], "^SM[0-9a-f]{32}$")
        self.assertEqual(self.simulator.stats()["messages"], 1)

    def test_the_moment_of_an_arrival_is_on_the_machines_clock(self):
        before = time.monotonic()
        self.provider.submit([make_request(1)])
        asked = {"phones": ["79160000001", "79160000002"]}
        _status, moments = self.post("/control/arrivals", json.dumps(asked).encode())
        self.assertIsNone(moments["79160000002"])
        self.assertTrue(before <= moments["79160000001"] <= time.monotonic())

    def test_a_reset_forgets(self):
        self.provider.submit([make_request(1)])
        self.simulator.reset()
        self.assertEqual(self.simulator.stats()["messages"], 0)


class TestMoments(BaseCase):
    def test_the_rank_decides_between_sends(self):
        sends = [(1.0, 10), (2.0, 80), (3.0, 10)]
        self.assertEqual(find_moment(sends, 5), 1.0)
        self.assertEqual(find_moment(sends, 10), 1.0)
        self.assertEqual(find_moment(sends, 11), 2.0)
        self.assertEqual(find_moment(sends, 95), 3.0)

    def test_nothing_sent_has_no_moment(self):
        self.assertIsNone(find_moment([], 1))
