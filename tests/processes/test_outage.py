"""PostgreSQL goes away while Odoo serves."""

from unittest.mock import patch

import requests

from odoo.tests import get_db_name, tagged
from odoo.tests.common import HttpCase
from odoo.tools import config, mute_logger

from .common import PATIENCE, ProcessCase
from .postgres_proxy import PostgresProxy

CALLS = (
    ("POST", "/api/v1", {"send": {}, "route": "ds"}),
    ("GET", "/api/v1/", {"status": {}, "route": "ds"}),
    ("POST", "/api/v1/nothing", {}),
    ("OPTIONS", "/api/v1", None),
)


@tagged("post_install", "-at_install")
class TestOutage(ProcessCase):
    def setUp(self):
        super().setUp()
        self.proxy = self.enterContext(PostgresProxy())
        self.enterContext(self.proxy.serving())

    def test_the_api_answers_in_json_that_it_is_unavailable(self):
        self._call("POST", "/api/v1", {})
        self.proxy.go_away()
        for _time in range(3):
            for call in CALLS:
                with self.subTest(call=call):
                    self._check_unavailable(self._call(*call))
        self.proxy.come_back()
        answer = self._call("POST", "/api/v1", {})
        self.assertEqual(answer.json()["details"]["code"], "no_operation")

    def test_connections_that_broke_in_the_pool_are_an_outage(self):
        self._call("POST", "/api/v1", {})
        self.proxy.go_away()
        self.proxy.come_back()
        answer = self._call("POST", "/api/v1", {})
        while answer.status_code != 400:
            self._check_unavailable(answer)
            answer = self._call("POST", "/api/v1", {})

    def test_so_it_does_where_odoo_has_to_ask_for_the_databases(self):
        self.proxy.go_away()
        away = {"db_host": self.proxy.folder, "dbfilter": f"^{get_db_name()}$"}
        with patch.dict(config.options, away):
            for call in CALLS:
                with self.subTest(call=call):
                    self._check_unavailable(self._call(*call))

    def test_other_pages_are_odoos(self):
        self.proxy.go_away()
        for path in ("/api/v10", "/crm_sms_gateway/webhook/x"):
            answer = self._call("POST", path, {})
            self.assertEqual(answer.status_code, 404)
            self.assertIn("text/html", answer.headers["Content-Type"])

    def test_a_database_that_is_not_there_is_no_outage(self):
        for more in ({}, {"dbfilter": ".*"}):
            with self.subTest(more=more), patch.dict(config.options, more):
                headers = {"X-Odoo-Database": "crm_sms_gateway_nothing"}
                answer = self._call("POST", "/api/v1", {}, headers=headers)
                self.assertEqual(answer.status_code, 404)

    def _call(self, method, path, document, *, headers=None):
        url = f"http://127.0.0.1:{HttpCase.http_port()}{path}"
        with mute_logger("odoo.http", "odoo.sql_db", "odoo.modules.registry"):
            return requests.request(
                method, url, json=document, headers=headers, timeout=PATIENCE
            )

    def _check_unavailable(self, answer):
        self.assertEqual(answer.status_code, 503, answer.text)
        self.assertEqual(
            answer.headers["Content-Type"], "application/json; charset=utf-8"
        )
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertEqual(answer.json()["details"], {"code": "unavailable"})
        self.assertNotIn("Set-Cookie", answer.headers)
