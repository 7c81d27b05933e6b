"""The health address, over HTTP."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.crm_sms_gateway.models.operations import sms_gateway_health

from .common import API, ApiCase

HEALTH = f"{API}/health"


@tagged("post_install", "-at_install")
class TestHealthAddress(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.object(sms_gateway_health, "KEEP_ANSWER", -1))
        cls.startClassPatcher(
            patch.dict(
                config.options, {"max_cron_threads": 2, "limit_time_real_cron": 120}
            )
        )
        cls.crons = cls.env["ir.cron"].search(
            [("cron_name", "=like", "SMS Gateway: %")]
        )
        cls.env.cr.execute(
            "UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC' WHERE id IN %s",
            [tuple(cls.crons.ids)],
        )
        cls.env.invalidate_all()

    def ask(self, **values):
        return self.call(b"", path=HEALTH, **{"method": "GET", **values})

    def assert_troubles(self, *codes):
        answer = self.ask()
        self.assertEqual(answer.status_code, 503, answer.text)
        details = {"code": "unavailable", "troubles": list(codes)}
        self.assertEqual(answer.json()["details"], details)

    def test_all_is_well(self):
        answer = self.ask()
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.json(), {"status": "ok"})
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_nobody_needs_a_key(self):
        self.set_param("access_policy", "key")
        self.assertEqual(self.ask(headers={"X-Real-IP": "8.8.8.8"}).status_code, 200)

    def test_what_stops_the_sending_is_told_by_its_code(self):
        self.env.ref("crm_sms_gateway.ir_cron_send_1").active = False
        self.assert_troubles("crons_inactive")
        self.set_param("is_stopped", "True")
        self.assert_troubles("stopped", "crons_inactive")

    def test_sentences_are_in_the_callers_language_and_name_nothing(self):
        self.env.ref("crm_sms_gateway.ir_cron_send_1").active = False
        for language, word in (("ru", "Шлюз"), ("en", "gateway")):
            answer = self.ask(headers={"Accept-Language": language})
            self.assertIn(word, answer.json()["message"])
            self.assertNotIn("lane", answer.text)

    def test_a_warning_is_well(self):
        self.set_param("lanes", "2")
        self.assertEqual(self.ask().status_code, 200)

    def test_the_answer_is_kept_for_a_moment(self):
        self.startPatcher(patch.dict(sms_gateway_health._answers, clear=True))
        self.startPatcher(patch.object(sms_gateway_health, "KEEP_ANSWER", 60))
        self.assertEqual(self.ask().status_code, 200)
        self.env.ref("crm_sms_gateway.ir_cron_send_1").active = False
        self.assertEqual(self.ask().status_code, 200)
        sms_gateway_health._answers.clear()
        self.assert_troubles("crons_inactive")

    def test_other_verbs_are_refused(self):
        answer = self.ask(method="POST")
        self.assertEqual(answer.status_code, 405)
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")
        self.assertEqual(self.ask(method="OPTIONS").status_code, 204)
        self.assertEqual(self.ask(method="HEAD").status_code, 200)

    def test_what_lies_below_is_unknown(self):
        self.call_error(b"", 404, "unknown_path", path=f"{HEALTH}/more", method="GET")
