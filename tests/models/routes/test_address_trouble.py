"""What is told of the address that short links and webhooks begin with."""

from odoo.tests import tagged

from ..campaigns.common import DraftCase

SALE = "https://example.com/sale"
WRONG = (
    ("", "no public address"),
    ("crm.example.com", "is not a web server address"),
    ("http://localhost:8069", "inside your network"),
    ("http://crm.example.com", "not encrypted"),
)


@tagged("post_install", "-at_install")
class TestPublicAddress(DraftCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters = cls.env["ir.config_parameter"]
        cls.set_address("https://crm.example.com", freeze="True")

    @classmethod
    def set_address(cls, address, *, own="", freeze=""):
        cls.parameters.set_param("web.base.url", address)
        cls.parameters.set_param("web.base.url.freeze", freeze)
        cls.parameters.set_param("crm_sms_gateway.public_address", own)
        cls.env.invalidate_all()

    def make_places(self):
        """Whatever shows an address or makes links with one."""
        template = self.env["sms.gateway.template"].create(
            {"name": "Sale", "text_male": SALE, "has_short_links": True}
        )
        draft = self.draft(self.anna, text_male=SALE, has_short_links=True)
        return template, draft, self.route

    def test_a_good_address_is_not_worth_a_word(self):
        for place in self.make_places():
            self.assertFalse(place.address_trouble)

    def test_trouble_is_told_where_links_and_webhooks_are_made(self):
        places = self.make_places()
        for address, words in WRONG:
            self.set_address(address, freeze="1")
            page = self.env["res.config.settings"].create({})
            self.assertIn(words, page.sms_gateway_address_trouble)
            for place in places:
                with self.subTest(address, place=place):
                    self.assertIn(words, place.address_trouble)

    def test_an_address_that_the_next_login_changes_is_told(self):
        self.set_address("https://crm.example.com")
        self.assertIn("web.base.url.freeze", self.route.address_trouble)
        self.set_address("https://crm.example.com", own="https://sms.example.org")
        self.assertFalse(self.route.address_trouble)

    def test_the_own_address_stays_whatever_odoo_takes_for_its_own(self):
        self.set_address("https://crm.example.com", own="https://sms.example.org/")
        before = self.route.sudo().webhook_url
        self.assertTrue(
            before.startswith("https://sms.example.org/crm_sms_gateway/webhook/")
        )
        for address in ("http://10.0.0.7:8069", ""):
            self.set_address(address, own="https://sms.example.org/")
            self.assertEqual(self.route.sudo().webhook_url, before)

    def test_links_begin_with_the_own_address(self):
        self.set_address("http://localhost", own="https://sms.example.org")
        campaign = self.send_draft(self.anna, text_female=SALE, has_short_links=True)
        [text] = self.get_texts(campaign)
        self.assertRegex(text, "^https://sms.example.org/g/[0-9A-Za-z]{10}$")

    def test_without_an_address_links_stay_as_they_are(self):
        for address in ("", "crm.example.com"):
            with self.subTest(address):
                self.set_address(address)
                draft = self.draft(self.anna, text_female=SALE, has_short_links=True)
                self.assertTrue(draft.action_preview({}))
                draft.action_send()
                self.assertEqual(self.get_texts(draft), [SALE])
                self.assertFalse(self.route.sudo().webhook_url)
