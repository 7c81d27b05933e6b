"""A provider that means ill, or is broken: whatever it answers, every message ends in a
state that is true, and other routes go on."""

import gzip
import time

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers.cleaning import MAX_SHOWN
from odoo.addons.crm_sms_gateway.providers.errors import ProviderError
from odoo.addons.crm_sms_gateway.providers.types import (
    Balance,
    DeliveryStatus,
    StatusUpdate,
)

from ...common import PHONE, GatewayCase, answer, fail
from ...providers.common import ScriptedServer

PASSWORD = "s3cret&word"
SCRIPT = "<script>alert(1)</script>"
REFUSED = f"<information number_sms='1'><![CDATA[{SCRIPT}]]></information>"


def http(body=b"", *headers, status=200, length=None):
    """An answer over HTTP."""
    body = body if isinstance(body, bytes) else body.encode()
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def xml(*items):
    return http(f"<response>{''.join(items)}</response>")


def taken(number, reference, parts="1"):
    return (
        f"<information number_sms='{number}' id_sms='{reference}' parts='{parts}'>"
        "send</information>"
    )


def pour(head, piece):
    """Answer without an end."""

    def pour_out(connection):
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return pour_out


def part_with(data):
    """Answer and close the connection."""

    def answer_and_part(connection):
        connection.sendall(data)
        return True

    return answer_and_part


BOMB = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><response>&b;</response>'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
LOCATION = "Location: http://169.254.169.254/latest/meta-data"
#: answer → (state of the message, state of the route)
ANSWERS = {
    "endless body": (pour(CHUNKED, CHUNK), "unknown", "active"),
    "endless headers": (pour(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "unknown", "active"),
    "endless line": (pour(b"HTTP/1.1 200 ", b"x" * 4096), "unknown", "active"),
    "gzip bomb": (
        http(gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip"),
        *("unknown", "active"),
    ),
    "huge length": (http(b"x", length=10**15), "unknown", "active"),
    "negative length": (part_with(http(b"x", length=-1)), "unknown", "active"),
    "length too short": (http(xml(taken(1, 7))[40:], length=9), "unknown", "active"),
    "redirect": (http(b"", LOCATION, status=302), "queued", "paused"),
    "retry after years": (
        http(b"", "Retry-After: 999999999", status=429),
        *("queued", "active"),
    ),
    "page": (http(f"<html>{SCRIPT}</html>"), "unknown", "active"),
    "nothing": (http(), "unknown", "active"),
    "NUL": (xml("<information number_sms='1' id_sms='7'>send\0</information>"),)
    + ("unknown", "active"),
    "not UTF-8": (http(b"<response>\xff\xfe</response>"), "unknown", "active"),
    "bomb of entities": (http(BOMB), "unknown", "active"),
    "deep": (xml("<a>" * 100_000), "unknown", "active"),
    "nothing of ours": (xml(taken(2, 7), taken(99, 8)), "unknown", "active"),
    "many contradictions": (
        xml(*(taken(1, n) for n in range(10_000))),
        *("unknown", "active"),
    ),
    "10 000 times the same": (xml(taken(1, 7) * 10_000), "submitted", "active"),
    "nonsense in parts": (xml(taken(1, 7, "-5")), "submitted", "active"),
    "too many parts": (xml(taken(1, 7, "99999999")), "submitted", "active"),
    "script": (xml(REFUSED), "failed", "active"),
    "password": (
        xml(f"<error>Wrong {PASSWORD.replace('&', '&amp;')}</error>"),
        *("unknown", "active"),
    ),
}


@tagged("post_install", "-at_install")
class TestHostileGate(GatewayCase):
    """An XML gate over HTTP."""

    def make_gate(self, server_answer):
        server = self.enterContext(ScriptedServer(server_answer))
        gate = self.make_route(
            f"gate {server.port}",
            provider_code="xml_gate",
            has_voice=False,
            allows_private=True,
        )
        values = {
            "url": server.url,
            "login": "demo",
            "sender": "Odoo",
            "timezone": "Europe/Moscow",
        }
        for row in gate.setting_ids:
            row.value = values.get(row.name, row.value)
        gate.setting_ids.filtered("is_secret").secret_value = PASSWORD
        self.assertEqual(gate.state, "active")
        return gate

    def get_told(self, message):
        """All that is kept of what was said of a message and its route."""
        records = [message, message.event_ids, message.route_id]
        records += [message.route_id.activity_ids, message.route_id.message_ids]
        return str([record.read() for record in records])

    def test_every_answer_ends_in_a_state_that_is_true(self):
        for name, (said, state, route_state) in ANSWERS.items():
            with self.subTest(name), self.assertNoLogs("odoo", "ERROR"):
                gate = self.make_gate(said)
                messages = self.send(PHONE, route=gate), self.send(PHONE)
                message, other = map(self.get_messages, messages)
                started = time.monotonic()
                self.run_lane()
                self.assertLess(time.monotonic() - started, 20)
                self.assertEqual((message.state, gate.state), (state, route_state))
                self.assertIn(other.state, ("submitted", "delivered"))
                self.assertEqual(message.segments, 1)
                self.assertNotIn("169.254.169.254", self.get_told(message))
                self.assertNotIn(PASSWORD, self.get_told(message))
                gate.write({"state": "paused", "lacks_settings": False})

    def test_a_provider_s_words_are_text(self):
        gate = self.make_gate(xml(f"<error><![CDATA[{SCRIPT}]]></error>"))
        self.env["sms.gateway.route.pause"]._pause(gate, f"Wrong login {SCRIPT}")
        note = gate.activity_ids.note
        self.assertNotIn("<script", note)
        self.assertIn("&lt;script&gt;", note)
        self.assertIn(SCRIPT, gate.pause_words)

    def test_dates_that_cannot_be_are_not_believed(self):
        for year in ("0001", "1970", "9999"):
            with self.subTest(year):
                said = f"<state id_sms='7' time='{year}-12-31 23:59:59'>deliver</state>"
                gate = self.make_gate(xml(said))
                message = self.get_messages(self.send(PHONE, route=gate))
                self.force_state(message, "submitting")
                self.set_state(message, "submitted", provider_reference="7")
                self.env.cr.execute(
                    "UPDATE sms_gateway_message SET next_poll_at = now() - '1h'"
                    "::interval WHERE id = %s",
                    [message.id],
                )
                self.run_poll()
                self.assertEqual(message.state, "delivered")
                self.assertGreaterEqual(message.delivered_at, message.accepted_at)

    def test_states_of_messages_that_were_not_asked_for_move_nothing(self):
        said = [f"<state id_sms='{n}'>not_deliver</state>" for n in range(1, 100)]
        gate = self.make_gate(xml(*said))
        strangers = self.get_messages(self.send(PHONE, PHONE))
        asked = self.get_messages(self.send(PHONE, route=gate))
        for number, message in enumerate([*strangers, asked], 1):
            self.force_state(message, "submitting")
            self.set_state(message, "submitted", provider_reference=str(number))
        self.let_pass(3600)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET next_poll_at = now() - '1h'::interval"
            " WHERE id = %s",
            [asked.id],
        )
        self.run_poll()
        self.assertEqual(strangers.mapped("state"), ["submitted"] * 2)
        self.assertEqual(asked.state, "failed")


@tagged("post_install", "-at_install")
class TestHostileWords(GatewayCase):
    """What any adapter brings back, before it is kept or shown."""

    WORDS = f"a\r\nb\t{SCRIPT}\x1b[0m\u202e" + "x" * 5000

    def assert_clean(self, words):
        self.assertTrue(words)
        self.assertLessEqual(len(words), MAX_SHOWN)
        self.assertTrue(words.startswith("a b <script>"), words[:30])
        self.assertTrue(words.isprintable())

    def test_words_of_results_and_reports(self):
        outcome = DeliveryStatus.FAILED
        report = StatusUpdate(outcome, "7", code=self.WORDS, message=self.WORDS)
        route, provider = self.script_route(
            submit=fail(ProviderError(self.WORDS)), poll=answer(None)
        )
        provider.script["submit"] = fail(ProviderError("x"))
        provider.script["poll"] = lambda _references: [report]
        message = self.get_messages(self.send(PHONE, route=route))
        self.force_state(message, "submitting")
        self.set_state(message, "submitted", provider_reference="7")
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET next_poll_at = now() - '1h'::interval"
        )
        self.run_poll()
        self.assertEqual(message.state, "failed")
        self.assert_clean(message.failure_message)
        self.assert_clean(message.failure_code)
        self.assert_clean(message.event_ids[-1].detail)

    def ask(self, kind, hook):
        route, provider = self.script_route()
        provider._balance = hook
        self.env["sms.gateway.provider.request"]._request(route, kind=kind)
        self.run_balance()
        return route.balance_ids

    def test_words_of_questions(self):
        def refuse(_provider):
            raise ProviderError(self.WORDS)

        for kind in ("balance", "connection"):
            with self.subTest(kind):
                request = self.ask(kind, refuse)
                self.assertEqual(request.state, "failed")
                self.assert_clean(request.error)
                self.assert_clean(request.summary)

    def test_a_balance_is_kept_within_bounds(self):
        balance = Balance((), (), b"x" * 5_000_000, "x" * 5_000_000)
        request = self.ask("balance", lambda _provider: balance)
        self.assertEqual((request.state, len(request.answer)), ("done", 16 * 1024))
        self.assertLess(len(request.answer_raw), 32 * 1024)

    def test_an_adapter_that_fails_tells_no_words(self):
        def stumble(_provider):
            raise ValueError(f"invalid literal {PASSWORD}")

        with self.assertLogs("odoo.addons.crm_sms_gateway", "ERROR") as logged:
            request = self.ask("balance", stumble)
        self.assertEqual((request.state, request.error), ("failed", "ValueError"))
        self.assertIn("ValueError in", logged.output[0])
        self.assertIn("stumble", logged.output[0])
        self.assertNotIn(PASSWORD, str(logged.output))
