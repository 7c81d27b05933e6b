"""Two people press one button at the same time, over HTTP and on committed data."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

from odoo.service import model as service
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.tools.compose import Recipient

from ..common import Document
from ..simulators import Simulator
from .common import PATIENCE, PeopleCase

LOGINS = ("clicks_anna", "clicks_boris")
SOMEBODY_WAS_FASTER = (
    "was changed by another user or process|has already been (sent again|returned)"
)


@tagged("post_install", "-at_install")
class TestClicks(PeopleCase):
    """One press moves the record; Odoo runs the other's request anew, and meanwhile the
    record has come into the same state again."""

    def setUp(self):
        super().setUp()
        self.gate = self.enterContext(Simulator())
        self.route_id = self.make_route(self.gate, "clicks")
        self.addCleanup(self.forget, self.route_id)
        self.people = self.make_people(*LOGINS)

    def test_an_unknown_message_is_handed_over_once_more_and_not_twice(self):
        self.gate.config(reset_after_accept=10)
        message = self._send()
        self.run_processes(1, "dispatch")
        self.assertEqual(self._read(message), ("unknown", 1))
        answers, reruns = self._press_together(
            message,
            "action_resolve_send_again",
            meanwhile=lambda: self.run_processes(1, "dispatch"),
        )
        self.assertEqual(reruns, 1)
        self.run_processes(1, "dispatch")
        self.assertEqual(self._read(message), ("unknown", 2))
        self.assertEqual(self.gate.stats()["documents"], 2)
        self._check_one_was_refused(answers)

    def test_whoever_resumes_does_not_undo_a_later_pause(self):
        campaign = self._send_campaign()
        self._move(campaign, "action_pause")
        answers, reruns = self._press_together(
            campaign,
            "action_resume",
            meanwhile=lambda: self._move(campaign, "action_pause"),
        )
        self.assertEqual(reruns, 1)
        self.assertEqual(self._read(campaign), ("paused", 3))
        self._check_one_was_refused(answers)

    def test_whoever_pauses_does_not_undo_a_later_resume(self):
        campaign = self._send_campaign()
        answers, reruns = self._press_together(
            campaign,
            "action_pause",
            meanwhile=lambda: self._move(campaign, "action_resume"),
        )
        self.assertEqual(reruns, 1)
        self.assertEqual(self._read(campaign), ("running", 2))
        self._check_one_was_refused(answers)

    def test_whoever_resumes_a_route_does_not_undo_a_later_pause(self):
        self.people = self.make_people(
            "clicks_clara", "clicks_dmitri", group="crm_sms_gateway.group_administrator"
        )
        with self.committed() as env:
            route = env["sms.gateway.route"].browse(self.route_id)
            route.action_pause()
        _state, seen = self._read(route)
        answers, reruns = self._press_together(
            route, "action_resume", meanwhile=lambda: self._pause(route)
        )
        self.assertEqual(reruns, 1)
        self.assertEqual(self._read(route), ("paused", seen + 2))
        self._check_one_was_refused(answers)

    def test_a_failed_message_is_sent_again_once(self):
        self.gate.config(answers={"79161000000": "Данное направление закрыто."})
        message = self._send()
        self.run_processes(1, "dispatch")
        self.assertEqual(self._read(message), ("failed", 1))
        answers, _reruns = self._press_together(message, "action_retry")
        with self.committed() as env:
            again = env["sms.gateway.message"].search(
                [("retry_of_id", "=", message.id)]
            )
            self.assertEqual(len(again), 1)
        self._check_one_was_refused(answers)

    def test_of_two_dialogs_one_sends_again(self):
        self.gate.config(answers={"79161000000": "Данное направление закрыто."})
        message = self._send()
        self.run_processes(1, "dispatch")
        answers, reruns = self._press_together(
            message, "action_send", pressed=self._open_dialogs(message)
        )
        self.assertEqual(reruns, 1)
        with self.committed() as env:
            replaced = [("retry_of_id", "=", message.id)]
            self.assertEqual(env["sms.gateway.message"].search_count(replaced), 1)
        [refusal] = [answer["error"] for answer in answers if "error" in answer]
        self.assertRegex(refusal["data"]["message"], "Nothing was sent")

    def _open_dialogs(self, message):
        """A dialog of each of the people."""
        with self.committed() as env:
            users = env["res.users"].search([("login", "in", LOGINS)], order="login")
            campaign = message.with_env(env).campaign_id
            return [
                env["sms.gateway.send.again"].browse(
                    campaign.with_user(user).action_send_again()["res_id"]
                )
                for user in users
            ]

    # === CHECKS ===
    def _check_one_was_refused(self, answers):
        [refusal] = [answer["error"] for answer in answers if "error" in answer]
        self.assertRegex(refusal["data"]["message"], SOMEBODY_WAS_FASTER)

    def _read(self, record):
        """Its state, and how often it was handed over or moved."""
        number = "attempts" if record._name == "sms.gateway.message" else "moves"
        with self.committed() as env:
            record = record.with_env(env)
            return record.state, record[number]

    # === PEOPLE ===
    def _press_together(self, record, button, meanwhile=None, pressed=None):
        """Let everybody press while nobody gets on, then let them go.

        :param meanwhile: done before Odoo runs a request anew
        :param pressed: what each of them presses the button of, unless the record
        :return: the answers, and how many requests were run anew
        """
        waits = []

        def wait(seconds):
            waits.append(seconds)
            if meanwhile:
                meanwhile()

        with ThreadPoolExecutor() as pool, self._wait_by(wait):
            with self.committed() as env:
                env.cr.execute(
                    f"SELECT FROM {record._table} WHERE id = %s FOR UPDATE", [record.id]
                )
                presses = [
                    pool.submit(self.press, person, one, button)
                    for person, one in zip(
                        self.people, pressed or [record] * len(self.people), strict=True
                    )
                ]
                self.wait_for_blocked(len(presses))
            return [press.result(PATIENCE) for press in presses], len(waits)

    @contextmanager
    def _wait_by(self, wait):
        """Replace Odoo's random sleep before another run."""
        with patch.object(service, "time", SimpleNamespace(sleep=wait)):
            yield

    # === SCENE ===
    def _send(self):
        """One message of a campaign; the record is of no use but for its ids."""
        with self.committed() as env:
            route = env["sms.gateway.route"].browse(self.route_id)
            campaign, _rejected = env["sms.gateway.campaign.accept"]._accept(
                Document([Recipient(0, "+79161000000")]), route, source="api"
            )
            return campaign.message_ids

    def _send_campaign(self):
        message = self._send()
        with self.committed() as env:
            return message.with_env(env).campaign_id

    def _pause(self, route):
        """As the gateway does when the provider says that it cannot go on."""
        with self.committed() as env:
            with mute_logger(
                "odoo.addons.crm_sms_gateway.models.routes.sms_gateway_route_pause"
            ):
                env["sms.gateway.route.pause"]._pause(route.with_env(env), "No money")

    def _move(self, campaign, button):
        with self.committed() as env:
            getattr(campaign.with_env(env), button)()
