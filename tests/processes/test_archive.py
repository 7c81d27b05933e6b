"""A route is archived or deleted while something is sent through it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tests.common import HttpCase

from odoo.addons.crm_sms_gateway.models.campaigns.sms_gateway_campaign_accept import (
    PREPARED_WHILE_WAITING,
)
from odoo.addons.crm_sms_gateway.tools.compose import Recipient

from ..common import Document
from ..simulators import Simulator
from .common import PATIENCE, PeopleCase

ROUTE = "archive"
PHONE = "+79161000000"
SEND = {
    "send": {"text_male": "Здравствуйте!", "users": [{"phone": PHONE}]},
    "route": ROUTE,
}


@tagged("post_install", "-at_install")
class TestArchive(PeopleCase):
    """Nothing is left waiting on an archived route, whoever is first."""

    def setUp(self):
        super().setUp()
        self.route_id = self.make_route(self.enterContext(Simulator()), ROUTE)
        self.addCleanup(self.forget, self.route_id)
        [self.person] = self.make_people(
            "archive_anna", group="crm_sms_gateway.group_administrator"
        )

    def test_what_is_being_sent_is_waited_for(self):
        answer = self._press_while_sending("action_archive")
        self.assertIn("messages waiting to be sent", answer["error"]["data"]["message"])
        self.assertEqual(self._read(), (True, 1))

    def test_a_route_that_is_being_used_is_not_deleted(self):
        self.assertIn("error", self._press_while_sending("unlink"))
        self.assertEqual(self._read(), (True, 1))

    def test_what_was_sent_behind_ones_back_is_seen(self):
        with self.committed() as env:
            # The transaction's view of the database is made by its first statement.
            self.assertFalse(env["sms.gateway.campaign"].search(self._belongs()))
            with self.committed() as others:
                self._send(self._get_route(others))
            with self.assertRaisesRegex(UserError, "messages waiting to be sent"):
                self._get_route(env).action_archive()

    def test_who_sends_while_the_route_is_archived_is_told_so(self):
        self._check_unknown_route(self._send_while_pressed("action_archive"))
        self.assertEqual(self._read(), (False, 0))

    def test_who_sends_while_the_route_is_deleted_is_told_so(self):
        self._check_unknown_route(self._send_while_pressed("unlink"))

    def test_a_draft_that_is_sent_while_the_route_is_archived_stays_a_draft(self):
        draft = self._make_draft()
        with ThreadPoolExecutor() as pool:
            with self._pressed("action_archive"):
                press = pool.submit(self.press, self.person, draft, "action_send")
                self.wait_for_blocked(1)
            answer = press.result(PATIENCE)
        self.assertIn("archived", answer["error"]["data"]["message"])
        with self.committed() as env:
            self.assertEqual(draft.with_env(env).state, "draft")

    # === RACES ===
    def _press_while_sending(self, button):
        """Press while a send is not committed yet; the answer to the press."""
        with ThreadPoolExecutor() as pool:
            with self.committed() as env:
                route = self._get_route(env)
                self._send(route)
                press = pool.submit(self.press, self.person, route, button)
                self.wait_for_blocked(1)
            return press.result(PATIENCE)

    def _send_while_pressed(self, button):
        """Call the API while a press is not committed yet; the answer to the call."""
        with ThreadPoolExecutor() as pool:
            with self._pressed(button):
                call = pool.submit(self._call_api)
                self.wait_for_blocked(1)
            return call.result(PATIENCE)

    @contextmanager
    def _pressed(self, button):
        """A block in which the button is pressed, and committed at its end."""
        with self.committed() as env:
            getattr(self._get_route(env), button)()
            env.flush_all()
            yield

    # === SCENE ===
    def _get_route(self, env):
        return env["sms.gateway.route"].browse(self.route_id)

    def _send(self, route):
        route.env["sms.gateway.campaign.accept"]._accept(
            Document([Recipient(0, PHONE)]), route, source="api"
        )

    def _call_api(self):
        url = f"http://127.0.0.1:{HttpCase.http_port()}/api/v1"
        return requests.post(url, json=SEND, timeout=PATIENCE)

    def _make_draft(self):
        """A draft of somebody who waits for the preparer: nothing is stored yet that
        refers to the route."""
        with self.committed() as env:
            partners = env["res.partner"].create(
                [
                    {"name": f"Archive {number}", "phone": f"+7916{2000000 + number}"}
                    for number in range(PREPARED_WHILE_WAITING + 1)
                ]
            )
            self.addCleanup(self._forget_partners, partners.ids)
            draft = env["sms.gateway.campaign"].create(
                {
                    "route_id": self.route_id,
                    "text_male": "Здравствуйте!",
                    "recipient_source": "selection",
                }
            )
            draft._snapshot_recipients([("res.partner", [("id", "in", partners.ids)])])
            return draft

    def _forget_partners(self, ids):
        with self.committed() as env:
            env["res.partner"].browse(ids).unlink()

    # === CHECKS ===
    def _check_unknown_route(self, answer):
        self.assertEqual(answer.status_code, 400, answer.text)
        self.assertIn("unknown_route", answer.text)

    def _belongs(self):
        return [("route_id", "=", self.route_id)]

    def _read(self):
        """Whether the route is active, and how many messages it has."""
        with self.committed() as env:
            count = env["sms.gateway.message"].search_count(self._belongs())
            return self._get_route(env).active, count
