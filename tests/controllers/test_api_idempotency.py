"""The header Idempotency-Key: a request may be repeated and is carried out once."""

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.service import model as service_model
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..common import PHONE
from .common import ApiCase, bearer


@tagged("post_install", "-at_install")
class TestIdempotency(ApiCase):
    def post(self, document=None, key="order-1", **headers):
        """Send under a key; the whole answer."""
        return self.call(
            document or self.make_send(),
            headers={"Idempotency-Key": key, **headers},
        )

    def count_campaigns(self):
        return self.env["sms.gateway.campaign"].search_count([])

    def test_the_same_body_gets_the_first_answer_again(self):
        document = self.make_send(PHONE, "12", send={"text_alternative": "Иначе"})
        first = self.post(document)
        for _time in range(3):
            again = self.post(document)
            self.assertEqual(again.status_code, 200)
            self.assertEqual(again.content, first.content)
        self.assertEqual(self.count_campaigns(), 1)

    def test_the_first_answer_comes_whatever_changed_meanwhile(self):
        first = self.post()
        self.run_lane()
        self.ds.active = False
        again = self.post(**{"Accept-Language": "en"})
        self.assertEqual(again.content, first.content)

    def test_another_body_is_a_conflict(self):
        first = self.post()
        for document in (
            self.make_send(PHONE, PHONE),
            self.make_send(ttl=60),
            self.make_send(route="осм"),
        ):
            with self.subTest(document=document), self.assertNothingStored():
                answer = self.post(document)
                self.assertEqual(answer.status_code, 409)
                self.assertEqual(
                    answer.json()["details"], {"code": "idempotency_conflict"}
                )
        self.assertEqual(self.post().content, first.content)

    def test_other_keys_are_other_requests(self):
        for key in ("1", "2", "3 ", "a" * 255):
            with self.subTest(key=key):
                self.assertEqual(self.post(key=key).status_code, 200)
        self.assertEqual(self.count_campaigns(), 4)

    def test_without_a_key_every_request_is_carried_out(self):
        for _time in range(2):
            self.call_ok(self.make_send())
        self.assertEqual(self.count_campaigns(), 2)

    def test_keys_belong_to_their_caller(self):
        first, second = (
            bearer(self.make_key(self.make_user(login))) for login in ("crm", "shop")
        )
        answers = [self.post(**headers) for headers in (first, second, {})]
        self.assertEqual([answer.status_code for answer in answers], [200] * 3)
        self.assertEqual(self.count_campaigns(), 3)
        self.assertEqual(self.post(**first).content, answers[0].content)
        self.assertEqual(self.post(**second).content, answers[1].content)

    def test_a_key_has_1_to_255_characters(self):
        for key in ("a" * 256, "", "a\x00b"):
            with self.subTest(key=key[:5]), self.assertNothingStored():
                answer = self.post(key=key)
                self.assertEqual(answer.status_code, 400)
                [error] = answer.json()
                details = error["send"]["details"]
                self.assertEqual(details["code"], "invalid_value")
                self.assertEqual(details["errors"][0]["path"], "Idempotency-Key")
                self.assertIn("255", error["send"]["message"])

    def test_an_answer_is_kept_for_48_hours(self):
        first = self.post()
        self.shift(hours=47, minutes=59)
        self.assertEqual(self.post().content, first.content)
        self.shift(minutes=2)
        later = self.post()
        self.assertEqual(later.status_code, 200)
        self.assertNotEqual(later.content, first.content)
        self.assertEqual(self.post().content, later.content)
        self.assertEqual(self.count_campaigns(), 2)

    def test_after_48_hours_a_key_may_carry_another_body(self):
        self.post()
        self.shift(hours=49)
        self.assertEqual(self.post(self.make_send(ttl=60)).status_code, 200)

    def test_the_48_hours_are_those_of_the_database_s_clock(self):
        first = self.post()
        with freeze_time(fields.Datetime.now() + timedelta(hours=49)):
            again = self.post()
            self.env["sms.gateway.idempotency"].sudo()._gc_idempotency()
        self.assertEqual(again.json(), first.json())
        self.assertEqual(self.post().json(), first.json())
        self.assertEqual(self.count_campaigns(), 1)

    def test_old_answers_are_deleted(self):
        self.post()
        kept = self.env["sms.gateway.idempotency"].sudo()
        kept._gc_idempotency()
        self.assertEqual(kept.search_count([]), 1)
        self.shift(hours=49)
        kept._gc_idempotency()
        self.assertEqual(kept.search_count([]), 0)

    def test_errors_are_not_kept(self):
        wrong = (
            self.make_send("12"),
            self.make_send(ttl=0),
            self.make_send(route="нет"),
            self.make_send(PHONE, "12", strict=True),
        )
        for document in wrong:
            with self.subTest(document=document), self.assertNothingStored():
                self.assertEqual(self.post(document).status_code, 400)
        self.assertEqual(self.post().status_code, 200)

    def test_the_emergency_stop_is_not_kept(self):
        self.set_param("is_stopped", "True")
        self.assertEqual(self.post().status_code, 503)
        self.set_param("is_stopped", "False")
        self.assertEqual(self.post().status_code, 200)

    def test_of_two_at_once_one_is_carried_out_and_both_get_its_answer(self):
        """PostgreSQL fails the later one, Odoo repeats it. The earlier one is played
        by the test while the later one waits for its second attempt."""
        body = (
            b'{"send": {"text_male": "x", "users": [{"phone": "%s"}]}, "route": "ds"}'
        )
        body %= PHONE.encode()
        earlier = [{"send": {"status": "ok", "message": "…", "key": "e" * 32}}]
        Idempotency = type(self.env["sms.gateway.idempotency"])
        keep, losses = Idempotency._store, []

        def lose(model, key, body_hash, answer):
            losses.append((key, body_hash))
            model.env.cr.execute(
                "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
            )

        def wait(_least, _most):
            user = self.env.ref("crm_sms_gateway.user_api")
            keep(self.env(user=user.id)["sms.gateway.idempotency"], *losses[0], earlier)
            self.env.flush_all()
            return 0

        self.patch(service_model, "random", SimpleNamespace(uniform=wait))
        with patch.object(Idempotency, "_store", lose), mute_logger("odoo.sql_db"):
            answer = self.call(body, headers={"Idempotency-Key": "order-1"})
        self.assertEqual(len(losses), 1)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(answer.json(), earlier)
        self.assertEqual(self.count_campaigns(), 0)

    def shift(self, **age):
        """Let time pass for what is kept."""
        for kept in self.env["sms.gateway.idempotency"].sudo().search([]):
            kept.created_at -= timedelta(**age)
        self.env.flush_all()
        self.assertLess(kept.created_at, fields.Datetime.now())
