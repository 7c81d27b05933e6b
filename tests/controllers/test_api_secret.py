"""Sends whose texts are one-time codes."""

from odoo.tests import tagged

from .common import ApiCase, bearer

CODE = "735190"
TEXT = f"Код {CODE}"
#: Where a text of a request could be kept.
KEPT = (
    "sms_gateway_campaign",
    "sms_gateway_message",
    "sms_gateway_event",
    "sms_gateway_idempotency",
)


@tagged("post_install", "-at_install")
class TestSecret(ApiCase):
    def make_code(self, **values):
        """A request whose code is a field of its user, as clients send them."""
        user = {"phone": "+79281706700", "code": CODE}
        send = {"text_male": "Код {{ code }}", "fields": ["code"], "users": [user]}
        return self.make_send(send=send, **values)

    def find_code(self):
        self.env.flush_all()
        found = []
        for table in KEPT:
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{CODE}%'"
            )
            if self.env.cr.fetchone()[0]:
                found.append(table)
        return found

    def test_a_secret_text_stands_in_one_place_until_it_is_sent(self):
        documents = {
            "a field": self.make_code(secret=True),
            "in the text": self.make_send(send={"text_male": TEXT}, secret=True),
        }
        for place, document in documents.items():
            campaign = self.send_document(document, headers={"Idempotency-Key": place})
            with self.subTest(place):
                self.assertTrue(campaign.is_secret)
                self.assertEqual(self.find_code(), ["sms_gateway_message"])
                self.assertFalse(campaign.message_ids.text)
                self.set_state(campaign.message_ids, "cancelled")
                self.assertFalse(self.find_code())

    def test_no_status_tells_it(self):
        campaign = self.send_document(self.make_code(secret=True, mode="debug"))
        status = self.ask_status(campaign.key)
        self.assertNotIn(CODE, str(status))
        [message] = status["details"]["messages"]
        self.assertNotIn("text", message)
        self.assertEqual(message["segments"], 1)

    def test_other_texts_are_kept(self):
        for secret in ({}, {"secret": False}, {"secret": None}):
            with self.subTest(secret=secret):
                campaign = self.send_document(self.make_code(**secret))
                self.assertFalse(campaign.is_secret)
                self.assertEqual(campaign.message_ids.text, TEXT)

    def test_secret_is_true_or_false(self):
        for value in (1, "true", []):
            with self.subTest(value=value):
                answer = self.call_error(
                    self.make_code(secret=value), 400, "wrong_type"
                )
                [error] = answer[0]["send"]["details"]["errors"]
                self.assertEqual(error["path"], "secret")

    def test_texts_of_a_key_for_codes_are_secret(self):
        user = self.make_user("codes")
        for is_secret in (False, True):
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            key = keys._generate_gateway_key("k", False, is_secret=is_secret)
            for document in (self.make_code(), self.make_code(secret=False)):
                campaign = self.send_document(document, headers=bearer(key))
                self.assertEqual(campaign.is_secret, is_secret)
