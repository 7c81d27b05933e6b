"""The engine of the simulated providers: what it makes go wrong, it does so truly."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import ForgedPush, MaybeSent
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import DeliveryStatus, Fields, Outcome

from ..simulators import get_simulators
from ..simulators.engine import (
    FAULTS,
    Call,
    Gate,
    Malformed,
    Reply,
    Values,
    check_fields,
    check_integer,
    check_msisdn,
    check_text,
    route,
)
from .common import ScriptedServer, hang_up
from .contract import OUTCOMES, GateCase

ACK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n100"
NO = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"


class ExampleGate(Gate):
    code = "example"
    words = {"delivered": "done"}

    @route("POST", "/messages/{number}", "submit")
    @route("PUT", "/messages/{number}", "submit")
    def send(self, call):
        check_fields(call.json, {"text"})
        message = self.accept(call.parts["number"], call.json["text"])
        return Reply.json({"id": message.reference})


def call(method="POST", path="/messages/7", body=b"{}", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, path, "", {"content-type": "application/json", **named}, body)


class TestGates(BaseCase):
    def setUp(self):
        super().setUp()
        self.gate = ExampleGate()

    def answer(self, asked):
        _kind, method = self.gate.get_route(asked)
        return self.gate.answer(asked, method)

    def test_calls_find_their_methods(self):
        for method in ("POST", "PUT"):
            asked = call(method, body=b'{"text": "Hi"}')
            self.assertEqual(self.gate.get_route(asked)[0], "submit")
            self.assertEqual(self.answer(asked).status, 200)
        self.assertEqual(self.gate.get_stats()["handset"], {"7": 2})
        self.assertEqual(self.gate.get_stats()["duplicates"], 1)

    def test_what_is_not_documented_is_refused_and_told(self):
        for asked, status, reason in (
            (call("GET"), 404, "no such page: GET /messages/7"),
            (call(path="/messages/7/8"), 404, "no such page: POST /messages/7/8"),
            (call(), 400, "text is missing"),
            (call(body=b'{"text": "a", "b": 1}'), 400, "b is unknown"),
            (call(body=b'{"text": NaN}'), 400, "the body is not JSON"),
            (call(body=b"\xff"), 400, "the body is not UTF-8"),
            (call(content_type="text/json"), 400, "the content type is text/json"),
        ):
            with self.subTest(reason):
                self.assertEqual(self.answer(asked).status, status)
                self.assertEqual(self.gate.refusals[reason], 1)
        self.assertFalse(self.gate.messages)

    def test_checks_refuse_what_they_should(self):
        form = Values([("ttl", "5"), ("text", "abc")])
        check_integer(form, "ttl", 1, 5)
        check_integer(form, "absent", 1, 5)
        check_text(form, "text", 3, 3)
        self.assertEqual(check_msisdn("79161234567", plus=False), "+79161234567")
        for check, arguments in (
            (check_integer, (form, "ttl", 6, 7)),
            (check_integer, (form, "text", 0, 9)),
            (check_integer, ({"ttl": True}, "ttl", 0, 9)),
            (check_integer, ({"ttl": "5"}, "ttl", 0, 9)),
            (check_text, (form, "text", 2)),
            (check_text, (form, "absent", 9, 1)),
            (check_text, ({"text": 5}, "text", 9)),
            (check_msisdn, ("9161234",)),
            (check_msisdn, (79161234567,)),
            (check_fields, ([], {"a"})),
        ):
            with self.subTest(check=check.__name__, arguments=arguments):
                with self.assertRaises(Malformed):
                    check(*arguments)

    def test_a_repeated_reference_is_not_taken_again(self):
        first = self.gate.accept("+7", "Hi", client_reference="1", dedup=True)
        again = self.gate.accept("+7", "Hi", client_reference="1", dedup=True)
        self.assertIs(first, again)
        self.assertEqual(self.gate.get_stats()["handset_total"], 1)
        self.assertEqual(self.gate.get_stats()["repeats"], 1)

    def test_statuses_follow_from_the_clock_or_from_the_test(self):
        message = self.gate.accept("+7", "Hi")
        self.assertEqual(self.gate.get_status(message), "accepted")
        self.gate.config.update(deliver_after=10)
        self.assertEqual(self.gate.get_status(message), "accepted")
        self.gate.config.update(ahead=11)
        self.assertEqual(self.gate.get_word(message), "done")
        message.status = "failed"
        self.assertEqual(self.gate.get_word(message), "failed")


class TestFaults(GateCase):
    """Of any gate; that of SMS.ru stands for them."""

    code = "sms_ru"

    def test_every_fault_has_an_outcome(self):
        self.assertEqual(FAULTS.keys(), OUTCOMES.keys())

    def test_a_fault_meets_so_many_calls_of_its_kind(self):
        self.gate.arm("status_500", times=2, after=1)
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        for _time in range(2):
            self.provider.balance()
            [result] = self.provider.submit([self.request()])
            self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        [result] = self.provider.submit([self.request()])
        self.assertEqual(result.outcome, Outcome.ACCEPTED)
        self.assertEqual(self.gate.stats()["calls"], {"submit": 4, "balance": 2})

    def test_answers_are_cut_off(self):
        self.gate.arm("truncated", calls="all")
        http = HttpClient(allows_private=True, read_timeout=5)
        with self.assertRaises(MaybeSent) as caught:
            http.request("GET", self.gate.url)
        self.assertIn("cut off", caught.exception.message)

    def test_whoever_hangs_is_released_by_a_reset(self):
        self.gate.arm("hang_after", seconds=60)
        [result] = self.make_provider(read_timeout=0.2).submit([self.request()])
        self.assertEqual(result.outcome, Outcome.MAYBE_SENT)
        self.assertEqual(self.gate.stats()["handset_total"], 1)
        self.gate.reset()
        self.assertEqual(self.gate.stats()["handset_total"], 0)

    def test_mistakes_of_tests_are_told(self):
        for ask in (
            lambda: self.gate.arm("nothing"),
            lambda: self.gate.config(nothing=1),
            lambda: self.gate.set_status("delivered", "unknown"),
            lambda: get_simulators().get("nobody").reset(),
        ):
            with self.assertRaises(ValueError):
                ask()

    def test_connections_are_kept(self):
        connection = HTTPConnection(urlsplit(self.gate.url).netloc, timeout=5)
        self.addCleanup(connection.close)
        for _time in range(2):
            connection.request("GET", "/sms_ru/nothing")
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, 404)
            self.assertIsNotNone(connection.sock)


class TestPushes(GateCase):
    code = "sms_ru"

    def get_statuses(self):
        """The statuses of the pushes that are due, None: forged."""
        return [self.get_status(push) for push in self.gate.take_pushes()]

    def get_status(self, push):
        try:
            return self.parse(push).reports[0].status
        except ForgedPush:
            return None

    def test_they_come_once_in_their_order(self):
        self.submit_one()
        self.assertEqual(self.get_statuses(), [DeliveryStatus.ACCEPTED])
        self.gate.set_status("delivered")
        self.assertEqual(self.get_statuses(), [DeliveryStatus.DELIVERED])
        self.assertEqual(self.get_statuses(), [])

    def test_they_go_wrong(self):
        accepted, delivered = DeliveryStatus.ACCEPTED, DeliveryStatus.DELIVERED
        for fault, expected in (
            ("twice", [accepted, accepted, delivered, delivered]),
            ("reversed", [delivered, accepted]),
            ("forged", [None, None]),
        ):
            with self.subTest(fault):
                self.gate.reset()
                self.gate.config(callback="https://odoo.example/", deliver_after=0)
                self.gate.arm(fault)
                self.submit_one()
                self.assertEqual(self.get_statuses(), expected)

    def test_they_go_over_http_and_want_their_answer(self):
        with ScriptedServer(ACK, NO, hang_up) as server:
            self.gate.config(callback=f"{server.url}push?a=b", pushes_accepted=False)
            for number, told in enumerate(("100", "no", ""), 1):
                self.submit_one(number=number)
                self.gate.set_status("delivered")
                [answer] = self.gate.send_pushes()
                self.assertEqual(answer["body"], told)
            self.assertEqual(self.gate.stats()["reports"], {"taken": 1, "refused": 2})
            [(head, body), *_others] = server.requests
        self.assertTrue(head.startswith("POST /push?a=b HTTP/1.1"))
        self.assertIn("hash", Fields.parse(body))

    def test_they_come_before_the_answer(self):
        with ScriptedServer(ACK) as server:
            self.gate.config(
                callback=server.url, push_before_answer=True, deliver_after=0
            )
            self.submit_one()
            self.assertEqual(len(server.requests), 2)
