"""The address of short links."""

from datetime import timedelta

from odoo.tests import tagged

from ..common import PHONE, GatewayHttpCase

SALE = "https://пример.рф/скидки?город=Ростов"
BROWSER = "Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36"


@tagged("post_install", "-at_install")
class TestShortLink(GatewayHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        anna = cls.env["res.partner"].create({"name": "Анна", "phone": PHONE})
        campaign = cls.env["sms.gateway.campaign"].create(
            {
                "route_id": cls.route.id,
                "recipient_source": "selection",
                "text_male": f"Скидки: {SALE}",
                "has_short_links": True,
            }
        )
        campaign._snapshot_recipients([("res.partner", [("id", "=", anna.id)])])
        campaign.action_send()
        cls.link = cls.env["sms.gateway.link"].search(
            [("campaign_id", "=", campaign.id)]
        )

    def follow(self, token=None, *, method="GET", agent=BROWSER, **headers):
        """Follow the link, a minute after it was followed before."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sms_gateway_link SET last_click_at = last_click_at - %s",
            [timedelta(minutes=1)],
        )
        answer = self.opener.request(
            method,
            f"{self.base_url()}/g/{token or self.link.token}",
            headers={"User-Agent": agent, **headers},
            allow_redirects=False,
            timeout=30,
        )
        self.env.invalidate_all()
        self.assertNotIn("Set-Cookie", answer.headers)
        return answer

    def assertLeads(self, answer):
        self.assertEqual(answer.status_code, 302, answer.text)
        self.assertEqual(
            answer.headers["Location"],
            "https://xn--e1afmkfd.xn--p1ai/%D1%81%D0%BA%D0%B8%D0%B4%D0%BA%D0%B8"
            "?%D0%B3%D0%BE%D1%80%D0%BE%D0%B4=%D0%A0%D0%BE%D1%81%D1%82%D0%BE%D0%B2",
        )
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_a_click_leads_to_the_page_and_is_counted(self):
        for count in (1, 2):
            self.assertLeads(self.follow())
            self.assertEqual(self.link.click_count, count)
        clicks = self.link.link_tracker_id.link_click_ids
        self.assertEqual(set(clicks.mapped("ip")), {"127.0.0.1"})
        self.assertEqual(len(clicks), 2)

    def test_robots_and_heads_are_led_but_not_counted(self):
        for request in (
            {"agent": "WhatsApp/2.23.20.0"},
            {"agent": "TelegramBot (like TwitterBot)"},
            {"agent": "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)"},
            {"agent": "okhttp/4.11.0"},
            {"agent": ""},
            # the client leaves the header out
            {"agent": None},
            {"method": "HEAD"},
            {"Purpose": "prefetch"},
            {"Sec-Purpose": "prefetch;prerender"},
            {"X-Purpose": "preview"},
            {"X-Moz": "prefetch"},
        ):
            with self.subTest(**request):
                self.assertLeads(self.follow(**request))
        self.assertEqual(self.link.click_count, 0)
        self.assertFalse(self.link.link_tracker_id.link_click_ids)

    def test_browsers_inside_of_apps_are_counted(self):
        agent = f"{BROWSER} Instagram 309.0.2.11.108 (iPhone13,2; iOS 17_1; ru_RU)"
        self.assertLeads(self.follow(agent=agent))
        self.assertLeads(self.follow(**{"Sec-Purpose": ""}))
        self.assertEqual(self.link.click_count, 2)

    def test_what_a_phone_took_into_the_address_does_not_matter(self):
        for behind in ("—успейте", "%E2%80%93", "-", ".", "%C2%BB"):
            with self.subTest(behind):
                self.assertLeads(self.follow(self.link.token + behind))
        self.assertEqual(self.link.click_count, 5)

    def test_unknown_tokens_are_not_found(self):
        token = self.link.token
        for wrong in (
            token.swapcase(),
            token[:-1],
            token + "0",
            "0000000001",
            "%00" * 10,
            "https:example.com",
        ):
            with self.subTest(wrong):
                answer = self.follow(wrong)
                self.assertEqual(answer.status_code, 404)
                self.assertNotIn("Location", answer.headers)
        self.assertEqual(self.link.click_count, 0)

    def test_what_the_request_adds_changes_nothing(self):
        self.assertLeads(self.follow(f"{self.link.token}?url=https://example.org"))

    def test_nothing_is_posted(self):
        self.assertEqual(self.follow(method="POST").status_code, 405)
        self.assertEqual(self.link.click_count, 0)
