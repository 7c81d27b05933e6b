"""The XML gate's adapter against a gate in a process of its own, over real HTTP."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.error import HTTPError

from odoo.tests import BaseCase

from odoo.addons.crm_sms_gateway.providers.errors import RouteDown
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    PushRequest,
)
from odoo.addons.crm_sms_gateway.providers.xml_gate import XmlGateProvider

from ..simulators import Simulator
from .common import ScriptedServer, make_request

ACCEPTED, REFUSED = Outcome.ACCEPTED, Outcome.REFUSED
NOT_SENT, MAYBE_SENT = Outcome.NOT_SENT, Outcome.MAYBE_SENT


class GateCase(BaseCase):
    """One gate for the class, clean for every test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = cls.enterClassContext(Simulator())

    def setUp(self):
        super().setUp()
        self.gate.reset()
        self.gate.config(deliver_after=0)
        self.client = HttpClient(read_timeout=10, allows_private=True)
        self.addCleanup(self.client.close)
        self.provider = self.make_provider()

    def make_provider(self, client=None, **values):
        settings = {
            "url": self.gate.url,
            "login": "demo",
            "password": "demo",
            "sender": "Shop",
            "timezone": "Europe/Moscow",
            **values,
        }
        return XmlGateProvider(settings, client or self.client)

    def submit_one(self, number=1, **values):
        [result] = self.provider.submit([make_request(number, **values)])
        return result

    def outcomes(self, *numbers):
        results = self.provider.submit([make_request(n) for n in numbers])
        return [result.outcome for result in results]

    def wait_for(self, condition):
        """Wait until the gate has got somewhere; returns its statistics."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            stats = self.gate.stats()
            if condition(stats):
                return stats
            time.sleep(0.02)
        self.fail(f"The gate did not get there: {stats}")


class TestGateSend(GateCase):
    def test_messages_reach_their_handsets(self):
        requests = [
            make_request(1, text="Привет\nмир <&>"),
            make_request(2, text="x" * 200),
            make_request(3, text="Привет\nмир <&>"),
        ]
        results = self.provider.submit(requests)
        self.assertEqual([r.segments for r in results], [1, 2, 1])
        stats = self.gate.stats()
        found = {m["id_sms"]: m for m in stats["messages"]}
        for request, result in zip(requests, results, strict=True):
            message = found[result.provider_reference]
            self.assertEqual("+" + message["phone"], request.msisdn)
            self.assertEqual(message["text"], request.text)
            self.assertEqual(message["sender"], "Shop")
            self.assertEqual(message["client_id"], request.client_reference)
        self.assertEqual(stats["handset"], {"1001": 1, "1002": 1, "1003": 1})

    def test_full_batch_in_any_order(self):
        self.gate.config(answer_shuffle=True)
        requests = [make_request(n, text=f"Text {n % 9}") for n in range(1, 501)]
        results = self.provider.submit(requests)
        found = {m["id_sms"]: m for m in self.gate.stats()["messages"]}
        for request, result in zip(requests, results, strict=True):
            message = found[result.provider_reference]
            self.assertEqual(message["client_id"], request.client_reference)

    def test_repeat_gets_the_first_id(self):
        first = self.submit_one()
        self.assertEqual(self.submit_one(), first)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_repeat_may_be_answered_with_a_text(self):
        first = self.submit_one()
        self.gate.config(repeat_text=True)
        again = self.submit_one()
        self.assertEqual(again.outcome, ACCEPTED)
        self.assertEqual(again.provider_reference, first.provider_reference)

    def test_gate_that_forgets_our_ids_sends_twice(self):
        self.gate.config(honour_client_id=False)
        self.submit_one()
        self.submit_one()
        stats = self.gate.stats()
        self.assertEqual((stats["handset_total"], stats["duplicates"]), (2, 1))

    def test_repeats_at_the_same_time_send_once(self):
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda _n: self.submit_one(), range(24)))
        self.assertEqual(len({r.provider_reference for r in results}), 1)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_validity_reaches_the_gate(self):
        now = datetime.now(timezone.utc)
        self.submit_one(valid_until=now + timedelta(seconds=1))
        [message] = self.gate.stats()["messages"]
        validity = datetime.fromisoformat(message["validity_period"])
        self.assertGreaterEqual(validity, now + timedelta(seconds=1))
        self.assertLess(validity, now + timedelta(seconds=125))

    def test_refused_messages(self):
        self.gate.config(
            stop_list=["79160000002"],
            answers={"79160000003": "Текст SMS отклонен модератором."},
        )
        requests = [
            make_request(1),
            make_request(2),
            make_request(3),
            make_request(4, text=" "),
            make_request(5, msisdn="+123456789012345"),
        ]
        results = self.provider.submit(requests)
        self.assertEqual(
            [result.failure_type for result in results],
            [
                None,
                "opted_out",
                "content_rejected",
                "missing_data",
                "invalid_number",
            ],
        )
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    def test_connection_is_kept(self):
        for number in range(1, 4):
            self.submit_one(number)
        self.assertEqual(self.gate.stats()["connections"], 1)


class TestGateTrouble(GateCase):
    def test_timeout_before_the_gate_accepts(self):
        self.gate.config(timeout_before_accept=1)
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.assertEqual(self.gate.stats()["accepted"], 0)
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_timeout_after_the_gate_accepted(self):
        self.gate.config(timeout_after_accept=1)
        self.assertEqual(self.outcomes(1, 2), [MAYBE_SENT] * 2)
        self.assertEqual(self.outcomes(1, 2), [ACCEPTED] * 2)
        self.assertEqual(self.gate.stats()["handset"], {"1001": 1, "1002": 1})

    def test_gate_that_stalls(self):
        self.gate.config(timeout_after_accept=1, stall=30)
        impatient = HttpClient(read_timeout=0.3, allows_private=True)
        provider = self.make_provider(impatient)
        [result] = provider.submit([make_request()])
        self.assertEqual(result.outcome, MAYBE_SENT)
        self.assertIn("within 0.3 s", result.message)

    def test_slow_gate(self):
        self.gate.config(delay_before_accept=0.05, delay_after_accept=0.05)
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_answer_that_omits_messages(self):
        self.gate.config(answer_omit=["79160000002"])
        self.assertEqual(self.outcomes(1, 2, 3), [ACCEPTED, MAYBE_SENT, ACCEPTED])
        self.assertEqual(self.gate.stats()["accepted"], 3)

    def test_answer_that_is_cut(self):
        self.gate.config(answer_truncate=1)
        self.assertEqual(self.outcomes(1, 2), [MAYBE_SENT] * 2)
        self.assertEqual(self.gate.stats()["accepted"], 2)

    def test_http_statuses(self):
        self.gate.config(http_status=503, http_status_times=2)
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.gate.config(http_status=429, retry_after=7)
        result = self.submit_one()
        self.assertEqual((result.outcome, result.retry_after), (NOT_SENT, 7.0))
        self.gate.config(http_status=302)
        self.assertIn("HTTP 302", self.submit_one().route_down)
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_document_errors(self):
        self.gate.config(document_error="POST данные отсутствуют")
        self.assertTrue(self.submit_one().route_down)
        self.gate.config(document_error="Сервер устал")
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_wrong_login(self):
        self.provider = self.make_provider(password="wrong")
        self.assertIn("rejected the login", self.submit_one().route_down)
        for call in (self.provider.balance, lambda: self.provider.poll(["1"])):
            with self.assertRaisesRegex(RouteDown, "rejected the login"):
                call()

    def test_blocked_account(self):
        self.gate.config(blocked=True)
        self.assertIn("blocked the account", self.submit_one().route_down)

    def test_wrong_address(self):
        self.provider = self.make_provider(url=f"{self.gate.url}/elsewhere")
        self.assertIn("HTTP 404", self.submit_one().route_down)

    def test_no_gate_at_all(self):
        with Simulator() as other:
            provider = self.make_provider(url=other.url)
        [result] = provider.submit([make_request()])
        self.assertEqual(result.outcome, NOT_SENT)
        self.assertTrue(result.route_trouble)
        self.assertRegex(result.message, r"^127.0.0.1:\d+ refused the connection$")


class TestGateMoney(GateCase):
    def test_balance_of_both_generations(self):
        for generation, areas in {2016: ["Россия"], 2023: ["МТС", "МегаФон"]}.items():
            with self.subTest(generation):
                self.gate.config(generation=generation)
                balance = self.provider.balance()
                [money] = balance.money
                self.assertEqual((str(money.amount), money.currency), ("97.9", "RUB"))
                self.assertEqual({u.count for u in balance.units}, {47})
                self.assertEqual(
                    list(dict.fromkeys(u.area for u in balance.units)), areas
                )

    def test_connection_is_proved_by_the_balance(self):
        self.assertEqual(self.provider.test_connection(), "97.90 RUB")

    def test_no_money_refuses(self):
        self.gate.config(balance=0)
        self.assertEqual(self.submit_one().route_down, "The account has no SMS left")
        self.gate.config(balance=5)
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_no_money_queues_until_the_account_is_topped_up(self):
        self.gate.config(balance=0, zero_balance="queue")
        result = self.submit_one()
        self.assertEqual(
            (result.outcome, result.failure_type, result.provider_reference),
            (ACCEPTED, "no_funds", None),
        )
        # The gate tells the id to a repeat only.
        reference = self.submit_one().provider_reference
        self.assertEqual(
            self.provider.poll([reference])[0].status, DeliveryStatus.ACCEPTED
        )
        self.assertEqual(self.gate.stats()["handset_total"], 0)
        self.gate.config(balance=5)
        self.assertEqual(
            self.provider.poll([reference])[0].status, DeliveryStatus.DELIVERED
        )
        self.assertEqual(self.gate.stats()["handset"], {"1001": 1})


class TestGateStates(GateCase):
    OUTCOMES = {
        "deliver": DeliveryStatus.DELIVERED,
        "not_deliver": DeliveryStatus.FAILED,
        "expired": DeliveryStatus.EXPIRED,
        "partly_deliver": DeliveryStatus.UNKNOWABLE,
    }

    def test_states_come_to_their_end(self):
        phones = [f"7916{n:07d}" for n in range(1, 5)]
        self.gate.config(outcomes=dict(zip(phones, self.OUTCOMES, strict=True)))
        before = datetime.now(timezone.utc) - timedelta(seconds=1)
        results = self.provider.submit([make_request(n) for n in range(1, 5)])
        reports = self.provider.poll([r.provider_reference for r in results])
        self.assertEqual([r.status for r in reports], list(self.OUTCOMES.values()))
        for report in reports:
            self.assertLessEqual(before, report.occurred_at)
            self.assertLessEqual(report.occurred_at, datetime.now(timezone.utc))

    def test_states_take_their_time(self):
        self.gate.config(deliver_after=3600)
        reference = self.submit_one().provider_reference
        [report] = self.provider.poll([reference])
        self.assertEqual(report.status, DeliveryStatus.ACCEPTED)
        self.assertIsNone(report.occurred_at)

    def test_unknown_ids_are_left_out(self):
        reference = self.submit_one().provider_reference
        reports = self.provider.poll(["1", reference, "x"])
        self.assertEqual([r.provider_reference for r in reports], [reference])

    def test_zones_are_converted(self):
        self.gate.config(timezone="Asia/Kamchatka")
        provider = self.make_provider(timezone="Asia/Kamchatka")
        [result] = provider.submit([make_request()])
        [report] = provider.poll([result.provider_reference])
        age = datetime.now(timezone.utc) - report.occurred_at
        self.assertLess(abs(age), timedelta(minutes=1))


class TestGatePush(GateCase):
    def receive(self, acknowledge):
        """Listen for pushes; returns the server and what was read of them."""
        reports = []

        def answer(_connection):
            _head, body = server.requests[-1]
            push = self.provider.parse_push(PushRequest("POST", body))
            reports.extend(push.reports)
            content = push.body if acknowledge else b"<response/>"
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n"
            _connection.sendall(head.encode() + content)
            return True

        server = self.enterContext(ScriptedServer(answer))
        return server, reports

    def test_reports_are_pushed_until_acknowledged(self):
        for root in ("request", "response"):
            with self.subTest(root):
                self.gate.reset()
                server, reports = self.receive(acknowledge=True)
                self.gate.config(deliver_after=0, push_url=server.url, push_root=root)
                results = self.provider.submit([make_request(1), make_request(2)])
                stats = self.wait_for(lambda s: s["push"]["acknowledged"] == 2)
                self.assertEqual(stats["push"]["given_up"], 0)
                self.assertEqual(
                    {r.provider_reference for r in reports},
                    {r.provider_reference for r in results},
                )
                self.assertIn(f"<{root}>".encode(), server.requests[0][1])

    def test_gate_gives_up_after_five_attempts(self):
        server, reports = self.receive(acknowledge=False)
        self.gate.config(push_url=server.url, push_interval=0.01)
        self.submit_one()
        self.wait_for(lambda stats: stats["push"]["given_up"] == 1)
        self.assertEqual(len(reports), 5)

    def test_address_is_kept_by_the_gate(self):
        body = (
            '<?xml version="1.0" encoding="utf-8"?><request><security>'
            '<login value="demo"/><password value="demo"/></security>'
            '<get_state type="{}">{}</get_state></request>'
        )
        url = f"{self.gate.url}/xml/get_state.php"
        for kind, text in (("set", "http://127.0.0.1:1/x"), ("get", "")):
            response = self.client.post(
                url,
                body=body.format(kind, text).encode(),
                headers={"Content-Type": "text/xml; charset=utf-8"},
            )
            self.assertIn(
                "<get_state>http://127.0.0.1:1/x</get_state>", response.body.decode()
            )


class TestGateInbound(GateCase):
    def test_messages_are_told_from_a_moment_on(self):
        moment = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
        messages = [
            {
                "id_sms": 100 + seconds,
                "at": moment.timestamp() + seconds,
                "originator": "79160000001",
                "phone": "3443",
                "text": f"Да & <{seconds}>",
            }
            for seconds in (-1, 0, 5)
        ]
        self.gate.config(inbox=messages)
        for zone in ("Europe/Moscow", "Asia/Omsk"):
            self.gate.config(timezone=zone)
            found = self.make_provider(timezone=zone).fetch_inbound(moment)
            self.assertEqual([m.text for m in found], ["Да & <0>", "Да & <5>"])
            self.assertEqual(found[0].received_at, moment)
            self.assertEqual(found[0].sender, "+79160000001")
            self.assertEqual(found[0].provider_reference, "100")

    def test_wrong_login(self):
        provider = self.make_provider(password="wrong")
        with self.assertRaises(RouteDown):
            provider.fetch_inbound(datetime.now(timezone.utc))


class TestGateStrictness(GateCase):
    """The simulator refuses what a gate would: else it proves nothing."""

    FORMAT = "Неправильный формат XML документа"
    NO_DATA = "POST данные отсутствуют"
    SECURITY = '<security><login value="demo"/><password value="demo"/></security>'
    MESSAGE = (
        '<message type="sms"><sender>Shop</sender><text>Hello</text>'
        '<abonent phone="79160000001" number_sms="1"/></message>'
    )

    def post(self, body, content_type="text/xml; charset=utf-8"):
        response = self.client.post(
            f"{self.gate.url}/xml/",
            body=body if isinstance(body, bytes) else body.encode(),
            headers={"Content-Type": content_type},
        )
        self.assertEqual(response.status, 200)
        return response.body.decode()

    def document(self, *parts):
        return (
            '<?xml version="1.0" encoding="utf-8"?><request>'
            + "".join(parts)
            + "</request>"
        )

    def test_our_own_documents_pass(self):
        answer = self.post(self.document(self.SECURITY, self.MESSAGE))
        self.assertIn(">send</information>", answer)
        self.assertIn("id_turn=", answer)

    def test_login_may_come_last_and_documents_may_be_pretty(self):
        answer = self.post(self.document("\n", self.MESSAGE, "\n  ", self.SECURITY))
        self.assertIn(">send</information>", answer)

    def test_documents_that_are_refused(self):
        changes = {
            "twice the same number": (
                "</message>",
                '<abonent phone="7" number_sms="1"/></message>',
            ),
            "no number": (' number_sms="1"', ""),
            "number of letters": ('number_sms="1"', 'number_sms="a"'),
            "our id of letters": ('number_sms="1"', 'number_sms="1" client_id_sms="a"'),
            "our id too large": (
                'number_sms="1"',
                f'number_sms="1" client_id_sms="{2**63}"',
            ),
            "unknown attribute": ('number_sms="1"', 'number_sms="1" x="1"'),
            "unknown element": ("<text>", "<text/><voice/><text>"),
            "two texts": ("<text>", "<text>a</text><text>"),
            "unknown type": ('type="sms"', 'type="voice"'),
            "strange translite": ("<text>", "<translite>yes</translite><text>"),
            "time in seconds": (
                'number_sms="1"',
                'number_sms="1" time_send="2099-01-01 10:00:00"',
            ),
            "no such time": (
                'number_sms="1"',
                'number_sms="1" time_send="2099-02-31 10:00"',
            ),
            "validity in the past": (
                'number_sms="1"',
                'number_sms="1" validity_period="2020-01-01 10:00"',
            ),
            "validity before sending": (
                'number_sms="1"',
                'number_sms="1" time_send="2099-01-01 10:00" '
                'validity_period="2098-01-01 10:00"',
            ),
        }
        for name, (old, new) in changes.items():
            with self.subTest(name):
                self.assertIn(old, self.MESSAGE)
                message = self.MESSAGE.replace(old, new, 1)
                answer = self.post(self.document(self.SECURITY, message))
                self.assertIn(f"<error>{self.FORMAT}</error>", answer)
        stats = self.gate.stats()
        self.assertEqual(stats["rejected_documents"], len(changes))
        self.assertEqual(stats["accepted"], 0)

    def test_requests_that_are_no_documents(self):
        good = self.document(self.SECURITY, self.MESSAGE)
        for name, body, content_type, error in (
            ("empty", "", "text/xml; charset=utf-8", self.NO_DATA),
            ("form", good, "application/x-www-form-urlencoded", self.NO_DATA),
            ("no charset", good, "text/xml", self.FORMAT),
            ("cut", good[:-9], "text/xml; charset=utf-8", self.FORMAT),
            ("no declaration", good[38:], "text/xml; charset=utf-8", self.FORMAT),
            (
                "not UTF-8",
                good.replace("Hello", "Привет").encode("cp1251"),
                "text/xml; charset=utf-8",
                self.FORMAT,
            ),
            (
                "no message",
                self.document(self.SECURITY),
                "text/xml; charset=utf-8",
                self.FORMAT,
            ),
            (
                "no login",
                self.document(self.MESSAGE),
                "text/xml; charset=utf-8",
                self.FORMAT,
            ),
        ):
            with self.subTest(name):
                self.assertIn(f"<error>{error}</error>", self.post(body, content_type))

    def test_numbers_that_are_refused(self):
        for phone, text in {
            "": "Укажите номер телефона.",
            "+79160000001": "Укажите номер телефона.",
            "123456789012345": "Номер телефона должен быть меньше 15 символов.",
        }.items():
            with self.subTest(phone):
                message = self.MESSAGE.replace("79160000001", phone)
                self.assertIn(
                    f'<information number_sms="1">{text}</information>',
                    self.post(self.document(self.SECURITY, message)),
                )

    def test_senders_and_texts_that_are_refused(self):
        for old, new, text in (
            ("Shop", "", "Нет отправителя."),
            ("Shop", "TwelveLetter", "Отправитель не должен превышать"),
            ("Shop", "1234567890123456", "Отправитель не должен превышать"),
            ("Hello", "", "Нет текста сообщения."),
        ):
            with self.subTest(new):
                message = self.MESSAGE.replace(old, new)
                answer = self.post(self.document(self.SECURITY, message))
                self.assertIn(f'<information number_sms="1">{text}', answer)


class TestSimulator(GateCase):
    def test_unknown_settings_are_refused(self):
        with self.assertRaises(HTTPError) as caught:
            self.gate.config(honor_client_id=True)
        self.assertEqual(caught.exception.code, 400)
        caught.exception.close()

    def test_reset_forgets_everything(self):
        self.gate.config(balance=0)
        self.submit_one()
        self.gate.reset()
        stats = self.gate.stats()
        self.assertEqual((stats["refused"], stats["requests"]), (0, {}))
        self.assertEqual(self.outcomes(1), [ACCEPTED])

    def test_statistics_come_without_messages_too(self):
        self.submit_one()
        self.assertEqual(self.gate.stats(messages=False)["messages"], [])

    def test_simulator_ends_with_its_parent(self):
        other = Simulator()
        other.start()
        self.addCleanup(other.stop)
        # The same happens when the parent dies.
        other._process.stdin.close()
        self.assertEqual(other._process.wait(10), 0)

    def test_settings_may_come_with_the_command(self):
        with Simulator("xml_gate", "--config", '{"password": "other"}') as other:
            provider = self.make_provider(url=other.url)
            self.assertTrue(provider.submit([make_request()])[0].route_down)


class TestTrouble(GateCase):
    """What the crash suite needs: broken calls, and knowing how far each one got."""

    def get_call(self, number=1):
        reference = make_request(number).client_reference
        return self.gate.calls([reference])["calls"].get(reference)

    def test_a_reset_before_acceptance_loses_the_message(self):
        self.gate.config(reset_before_accept=1)
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.assertEqual(self.gate.stats()["accepted"], 0)
        self.assertEqual(self.get_call()["phase"], "received")

    def test_a_reset_after_acceptance_keeps_the_message(self):
        self.gate.config(reset_after_accept=1)
        self.assertEqual(self.outcomes(1), [MAYBE_SENT])
        self.assertEqual(self.gate.stats()["accepted"], 1)
        self.assertEqual(self.get_call()["phase"], "accepted")

    def test_a_late_answer_comes_all_the_same(self):
        self.gate.config(late=1, late_by=0.3)
        started = time.monotonic()
        self.assertEqual(self.outcomes(1), [ACCEPTED])
        self.assertGreaterEqual(time.monotonic() - started, 0.3)

    def test_every_call_of_a_message_is_counted(self):
        self.assertIsNone(self.get_call())
        self.outcomes(1)
        self.outcomes(1, 2)
        call = self.get_call()
        self.assertEqual(call["phase"], "answered")
        self.assertEqual(len(call["received_at"]), 2)
        self.assertEqual(len(self.gate.calls()["calls"]), 2)

    def test_a_trap_stops_a_process_at_the_call_it_waits_for(self):
        victim = subprocess.Popen(["sleep", "60"])
        self.addCleanup(victim.wait)
        self.addCleanup(victim.kill)
        self.gate.set_trap(phase="accepted", pid=victim.pid, after=2)
        self.outcomes(1)
        self.assertFalse(self.is_stopped(victim))
        self.outcomes(2)
        self.assertTrue(self.is_stopped(victim))

    def is_stopped(self, process):
        stat = Path(f"/proc/{process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"
