"""What the suites of the API share: requests over HTTP and keys."""

import json
import re
from contextlib import contextmanager

from odoo.tests import new_test_user

from ..common import GatewayHttpCase

API = "/api/v1"
KEY = re.compile(r"[0-9a-f]{32}")
#: Every table an accepted request may write to.
TABLES = (
    "sms_gateway_campaign",
    "sms_gateway_message",
    "sms_gateway_event",
    "sms_gateway_statistic_change",
    "sms_gateway_provider_request",
    "sms_gateway_idempotency",
    "ir_cron_trigger",
)


class ApiCase(GatewayHttpCase):
    """Calls the API as a neighbour in a trusted network, on the manual's routes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ds = cls.make_route("ds", has_voice=False)
        cls.osm = cls.make_route("осм")

    # === REQUESTS ===
    def call(self, document, *, method="POST", path=API, headers=()):
        """Send a document, or bytes as they are, and check what every answer keeps.

        :param headers: a header that is None is left out
        """
        body = document if isinstance(document, bytes) else json.dumps(document)
        answer = self.opener.request(
            method,
            self.base_url() + path,
            data=body,
            headers={"Content-Type": "application/json", **dict(headers)},
            allow_redirects=False,
            timeout=30,
        )
        self.assertNotIn("Set-Cookie", answer.headers)
        self.assertFalse([name for name in answer.headers if "Access-Control" in name])
        if answer.content:
            self.assertEqual(
                answer.headers["Content-Type"], "application/json; charset=utf-8"
            )
            answer.json()
        return answer

    def call_ok(self, document, **values):
        """Send a document that must succeed; its answer read."""
        answer = self.call(document, **values)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def call_error(self, document, status, code, **values):
        """Send a document that must fail like this; its answer read."""
        answer = self.call(document, **values)
        self.assertEqual(answer.status_code, status, answer.text)
        read = answer.json()
        inner = read[0]["send"] if isinstance(read, list) else read
        self.assertEqual(inner["status"], "error")
        self.assertEqual(inner["details"]["code"], code, answer.text)
        return read

    # === DOCUMENTS ===
    @staticmethod
    def make_send(*phones, send=(), **values):
        """A send to these numbers; ``send`` are further members of its inside."""
        users = [{"phone": phone} for phone in phones or ("+79281706700",)]
        inside = {"text_male": "Здравствуйте!", "users": users, **dict(send)}
        return {"send": inside, "route": "ds", **values}

    def send_document(self, document, **values):
        """Have a send accepted; its campaign."""
        [answer] = self.call_ok(document, **values)
        self.assertRegex(answer["send"]["key"], KEY)
        self.env.invalidate_all()
        return self.env["sms.gateway.campaign"].search(
            [("key", "=", answer["send"]["key"])]
        )

    def ask_status(self, key, *, route="ds", headers=(), **page):
        """What is told about a key; the inside of ``send`` or ``balance``."""
        document = {"status": {"key": key, **page}, "route": route}
        answer = self.call_ok(document, method="GET", headers=headers)
        self.assertEqual(answer["status"], "ok")
        [[status]] = [list(item.values()) for item in answer["message"]]
        return status

    # === KEYS ===
    @classmethod
    def make_user(cls, login, *, groups="crm_sms_gateway.group_api", **values):
        return new_test_user(cls.env, login, groups=groups, **values)

    @classmethod
    def make_key(cls, user, *, scope="crm_sms_gateway"):
        """An API key of this user that never expires."""
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "test", False)

    @classmethod
    def set_param(cls, name, value):
        cls.env["ir.config_parameter"].set_param(f"crm_sms_gateway.{name}", value)

    # === ASSERTIONS ===
    @contextmanager
    def assertNothingStored(self):
        before = self._count_rows()
        yield
        self.assertEqual(self._count_rows(), before)

    def _count_rows(self):
        self.env.flush_all()
        self.env.cr.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*) FROM {table}" for table in TABLES
            )
        )
        return dict(self.env.cr.fetchall())


def bearer(key):
    """The header that carries an API key."""
    return {"Authorization": f"Bearer {key}"}
