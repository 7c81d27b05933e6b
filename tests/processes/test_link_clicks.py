"""One person's browser follows a short link several times at once, over HTTP and on
committed data."""

from concurrent.futures import ThreadPoolExecutor

import requests

from odoo.tests import tagged
from odoo.tests.common import HttpCase

from ..simulators import Simulator
from .common import PATIENCE, ProcessCase

PAGE = "https://example.com/once"
BROWSER = "Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36"
AT_ONCE = 6


@tagged("post_install", "-at_install")
class TestLinkClicks(ProcessCase):
    def setUp(self):
        super().setUp()
        gate = self.enterContext(Simulator())
        self.route_id = self.make_route(gate, "link clicks")
        self.addCleanup(self.forget, self.route_id)
        with self.committed() as env:
            link = self._send(env)
            self.link_id, self.token = link.id, link.token
        self.addCleanup(self._forget_links)

    def test_requests_at_the_same_time_are_one_click(self):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            followed = [pool.submit(self._follow) for _number in range(AT_ONCE)]
            answers = [one.result(PATIENCE) for one in followed]
        self.assertEqual({(302, PAGE)}, set(answers))
        with self.committed() as env:
            link = env["sms.gateway.link"].browse(self.link_id)
            tracker = link.link_tracker_id
            counts = (link.click_count, tracker.count, len(tracker.link_click_ids))
            self.assertEqual(counts, (1, 1, 1))

    def _follow(self):
        answer = requests.get(
            f"http://127.0.0.1:{HttpCase.http_port()}/g/{self.token}",
            headers={"User-Agent": BROWSER},
            allow_redirects=False,
            timeout=PATIENCE,
        )
        return answer.status_code, answer.headers.get("Location")

    def _send(self, env):
        partner = env["res.partner"].create({"name": "Ann", "phone": "+79161000000"})
        campaign = env["sms.gateway.campaign"].create(
            {
                "route_id": self.route_id,
                "recipient_source": "selection",
                "text_male": f"Look: {PAGE}",
                "has_short_links": True,
            }
        )
        campaign._snapshot_recipients([("res.partner", [("id", "=", partner.id)])])
        campaign.action_send()
        self.partner_id = partner.id
        return env["sms.gateway.link"].search([("campaign_id", "=", campaign.id)])

    def _forget_links(self):
        with self.committed() as env:
            link = env["sms.gateway.link"].browse(self.link_id)
            tracker = link.link_tracker_id
            link.unlink()
            tracker.unlink()
            env["res.partner"].browse(self.partner_id).unlink()
