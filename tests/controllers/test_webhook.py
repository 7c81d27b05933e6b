"""Delivery reports pushed by providers."""

import logging

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.controllers.webhook import MAX_BODY_BYTES

from ..common import PHONE, GatewayHttpCase

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


@tagged("post_install", "-at_install")
class TestWebhook(GatewayHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gate = cls.make_route("gate", provider_code="xml_gate", has_voice=False)
        zone = cls.gate.setting_ids.filtered(lambda row: row.name == "timezone")
        zone.value = "Europe/Moscow"

    # === STEPS ===
    def push(self, *states, root="request", token=None):
        """Do what the gate does: tell (reference, state) pairs."""
        lines = "".join(
            f'<state id_sms="{reference}" time="2026-11-23 13:00:00">{state}</state>'
            for reference, state in states
        )
        body = f"{DECLARATION}<{root}>{lines}</{root}>"
        return self.post(body.encode(), token=token)

    def post(self, body, *, token=None, method="POST", **headers):
        token = self.gate.webhook_token if token is None else token
        self.env.flush_all()
        answer = self.opener.request(
            method,
            f"{self.base_url()}/crm_sms_gateway/webhook/{token}",
            data=body,
            headers={"Content-Type": "text/xml; charset=utf-8", **headers},
        )
        self.env.invalidate_all()
        self.assertNotIn("Set-Cookie", answer.headers)
        return answer

    def submit(self, reference, phone=PHONE, route=None):
        """A message that the gate has taken under this reference."""
        [message] = self.get_messages(self.send(phone, route=route or self.gate))
        self.force_state(message, "submitting")
        if reference:
            self.accept(message, reference)
        return message

    def accept(self, message, reference):
        """The answer to the submit comes."""
        self.set_state(message, "submitted", provider_reference=reference)

    def get_reports(self):
        return self.env["sms.gateway.delivery.report"].search([], order="id")

    def assertAcknowledged(self, answer, *references):
        """All references, in the gate's words, to the letter."""
        lines = "".join(f"<id_sms>{reference}</id_sms>" for reference in references)
        root = f"<response>{lines}</response>" if lines else "<response/>"
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.content.decode(), DECLARATION + root)
        self.assertEqual(answer.headers["Content-Type"], "text/xml; charset=utf-8")

    # === TESTS ===
    def test_a_report_is_applied_and_acknowledged(self):
        delivered, failed = self.submit("101"), self.submit("102")
        answer = self.push(("101", "deliver"), ("102", "not_deliver"))
        self.assertAcknowledged(answer, "101", "102")
        self.assertEqual(delivered.state, "delivered")
        self.assertEqual(str(delivered.delivered_at), "2026-11-23 10:00:00")
        self.assertEqual((failed.state, failed.failure_type), ("failed", "unreachable"))
        self.assertEqual(self.get_reports().mapped("state"), ["applied"] * 2)
        self.assertEqual(self.get_reports().mapped("raw"), ["deliver", "not_deliver"])

    def test_no_push_is_tried_on_a_read_only_replica(self):
        with self.assertNoLogs("odoo.http", "WARNING"):
            self.push(("101", "deliver"))

    def test_both_roots_of_gates_are_read(self):
        for number, root in enumerate(("request", "response")):
            with self.subTest(root=root):
                message = self.submit(f"20{number}")
                answer = self.push((f"20{number}", "deliver"), root=root)
                self.assertAcknowledged(answer, f"20{number}")
                self.assertEqual(message.state, "delivered")

    def test_a_repeated_report_changes_nothing_and_is_acknowledged(self):
        message = self.submit("101")
        for _time in range(2):
            self.assertAcknowledged(self.push(("101", "deliver")), "101")
        self.assertEqual(self.get_reports().mapped("state"), ["applied", "ignored"])
        self.assertEqual(self.get_story(message).count("delivered"), 1)

    def test_a_report_before_the_submits_answer_is_kept(self):
        message = self.submit(None)
        self.assertAcknowledged(self.push(("101", "deliver")), "101")
        self.assertEqual(self.get_reports().state, "kept")
        self.assertEqual(message.state, "submitting")
        self.accept(message, "101")
        self.run_apply_kept()
        self.assertEqual(message.state, "delivered")
        self.assertEqual(self.get_reports().state, "applied")

    def test_a_report_of_nobodys_message_is_acknowledged_and_kept(self):
        self.assertAcknowledged(self.push(("999", "deliver")), "999")
        self.assertEqual(self.get_reports().state, "kept")

    def test_an_empty_push_is_acknowledged(self):
        self.assertAcknowledged(self.push())

    def test_references_mean_something_at_their_route_only(self):
        other = self.make_route("other", provider_code="xml_gate", has_voice=False)
        message = self.submit("101", route=other)
        self.push(("101", "deliver"))
        self.assertEqual(message.state, "submitted")

    def test_what_cannot_be_read_is_refused_and_kept(self):
        bodies = {
            "empty": b"",
            "no xml": b"id=101&state=deliver",
            "cut": b"<request><state id_sms='101'>",
            "other root": b"<html/>",
            "doctype": b'<!DOCTYPE r [<!ENTITY e "x">]><request>&e;</request>',
            "bytes": b"\x00\xff",
        }
        for name, body in bodies.items():
            with self.subTest(name):
                before = self.get_reports()
                with self.assertLogs("odoo.addons.crm_sms_gateway", "WARNING"):
                    answer = self.post(body)
                self.assertEqual(answer.status_code, 400)
                report = self.get_reports() - before
                self.assertEqual(
                    (report.state, report.route_id), ("unreadable", self.gate)
                )
                self.assertTrue(report.detail)
                readable = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
                self.assertEqual(report.raw or "", readable)

    def test_the_type_of_the_body_does_not_matter(self):
        body = f'{DECLARATION}<request><state id_sms="101">deliver</state></request>'
        types = (None, "application/x-www-form-urlencoded", "application/json")
        for number, content_type in enumerate(types):
            with self.subTest(content_type=content_type):
                reference = f"30{number}"
                message = self.submit(reference)
                self.post(
                    body.replace("101", reference).encode(),
                    **{"Content-Type": content_type},
                )
                self.assertEqual(message.state, "delivered")

    def test_get_is_a_push_too(self):
        message = self.submit("101")
        body = b'<request><state id_sms="101">deliver</state></request>'
        answer = self.post(body, method="GET")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(message.state, "delivered")

    def test_other_verbs_are_refused(self):
        for method in ("PUT", "DELETE", "PATCH"):
            with self.subTest(method=method):
                self.assertEqual(self.post(b"", method=method).status_code, 405)

    def test_an_unknown_token_is_not_found(self):
        token = self.gate.webhook_token
        for wrong in ("x", token[:-1], token.swapcase(), "%25", "%00", "a%0Ab", "ф"):
            with self.subTest(token=wrong):
                answer = self.push(("101", "deliver"), token=wrong)
                self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.get_reports())

    def test_a_route_whose_provider_pushes_nothing_is_not_found(self):
        answer = self.push(("101", "deliver"), token=self.route.webhook_token)
        self.assertEqual(answer.status_code, 404)

    def test_strangers_learn_nothing_and_cost_little(self):
        self.push(token="warm")
        self.env.invalidate_all()
        answers = []
        for token, body in (
            ("x" * 32, b"<request/>"),
            ("x" * 32, b"<" * (MAX_BODY_BYTES - 1)),
            ("x" * 32, b" " * (MAX_BODY_BYTES + 1)),
            (self.route.webhook_token, b"<request/>"),
        ):
            with self.assertNoLogs("odoo.addons.crm_sms_gateway", "DEBUG"):
                answer = self.post(body, token=token)
            headers = {**answer.headers, "Date": None}
            answers.append((answer.status_code, answer.content, headers))
        self.assertEqual(answers[0][:2], (404, b""))
        self.assertEqual(answers, answers[:1] * 4)

    def test_hostile_reports_move_nothing_that_is_not_theirs(self):
        company = self.env["res.company"].create({"name": "other"})
        other = self.make_route(
            "other", provider_code="xml_gate", has_voice=False, company_id=company.id
        )
        theirs, ours = self.submit("101", route=other), self.submit("102")
        waiting = self.get_messages(self.send(PHONE, route=self.gate))
        uuids = [(m.uuid, "deliver") for m in theirs | waiting]
        ids = [(m.client_reference, "deliver") for m in theirs | waiting]
        self.push(("101", "not_deliver"), *uuids, *ids, ("%", "deliver"))
        self.assertEqual(theirs.state, "submitted")
        self.assertEqual((ours.state, waiting.state), ("submitted", "queued"))

    def test_states_do_not_go_back(self):
        message = self.submit("101")
        self.push(*[("101", "deliver"), ("101", "not_deliver"), ("101", "send")] * 50)
        self.assertEqual(message.state, "delivered")
        self.push(("101", "expired"))
        self.assertEqual(message.state, "delivered")
        self.assertEqual(self.get_story(message).count("delivered"), 1)

    def test_dates_that_cannot_be_are_not_believed(self):
        for number, year in enumerate(("0001", "1969", "9999")):
            with self.subTest(year):
                message = self.submit(f"50{number}")
                state = f'<state id_sms="50{number}" time="{year}-12-31 23:59:59">'
                self.post(f"<request>{state}deliver</state></request>".encode())
                self.assertEqual(message.state, "delivered")
                self.assertGreaterEqual(message.delivered_at, message.accepted_at)

    def test_an_unreadable_push_does_not_keep_a_password_that_it_repeats(self):
        password = self.gate.setting_ids.filtered("is_secret")
        password.secret_value = "s3cret&word"
        with self.assertLogs("odoo.addons.crm_sms_gateway", "WARNING"):
            self.post(b"<request>s3cret&word, s3cret%26word")
        self.assertEqual(self.get_reports().raw, "<request>***, ***")

    def test_too_large_a_body_is_refused(self):
        answer = self.post(b" " * (MAX_BODY_BYTES + 1))
        self.assertEqual(answer.status_code, 413)
        self.assertFalse(self.get_reports())

    def test_reports_are_received_whatever_the_state_of_the_route(self):
        states = {
            "paused": {"state": "paused"},
            "archived": {"active": False},
        }
        for number, (name, values) in enumerate(states.items()):
            with self.subTest(name):
                message = self.submit(f"40{number}")
                self.gate.write(values)
                self.assertAcknowledged(
                    self.push((f"40{number}", "deliver")), f"40{number}"
                )
                self.assertEqual(message.state, "delivered")

    def test_the_emergency_stop_does_not_stop_reports(self):
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.is_stopped", "True")
        message = self.submit("101")
        self.push(("101", "deliver"))
        self.assertEqual(message.state, "delivered")

    def test_the_access_log_does_not_tell_the_address(self):
        token = self.gate.webhook_token
        for query in ("", "?a=1"):
            request = f"POST /crm_sms_gateway/webhook/{token}{query} HTTP/1.1"
            record = logging.makeLogRecord({"msg": '"%s" %s', "args": (request, 200)})
            self.assertTrue(logging.getLogger("werkzeug").filter(record))
            self.assertEqual(
                record.getMessage(),
                f'"POST /crm_sms_gateway/webhook/***{query} HTTP/1.1" 200',
            )

    def test_every_route_has_an_address_of_its_own(self):
        tokens = self.env["sms.gateway.route"].search([]).mapped("webhook_token")
        self.assertEqual(len(set(tokens)), len(tokens))
        self.assertTrue(all(len(token) >= 32 for token in tokens))
