"""Short links: each recipient's own, counted when clicked, gone with the message."""

from unittest.mock import patch

from odoo import fields

from odoo.addons.crm_sms_gateway.tools.links import TOKEN_LENGTH

from .common import DraftCase

SALE = "https://пример.рф/скидки?город=Ростов"
SHOP = "https://example.com/shop"
MALE = f"Уважаемый {{{{ first_name }}}}! Скидки: {SALE}."
FEMALE = f"Уважаемая {{{{ first_name }}}}! Скидки: {SALE}. Магазин: {SHOP}"


class LinkCase(DraftCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        params = cls.env["ir.config_parameter"]
        params.set_param("web.base.url", "https://crm.example.com")
        cls.base = "https://crm.example.com/g/"

    def draft(self, *args, **values):
        texts = {"text_male": MALE, "text_female": FEMALE}
        return super().draft(*args, **{"has_short_links": True, **texts, **values})

    def get_links(self, campaign):
        return self.env["sms.gateway.link"].search([("campaign_id", "=", campaign.id)])

    def count_links(self):
        return self.env["sms.gateway.link"].search_count([])

    #: seconds after the test's first click
    _moment = 0

    def click(self, link, country_code=None, *, after=60):
        """:param after: seconds since the click before"""
        self._moment += after
        with self.later(self._moment):
            url = self.env["sms.gateway.link"]._click(
                link.token, ip="192.0.2.1", country_code=country_code
            )
        self.env.invalidate_all()
        return url


class TestIssue(LinkCase):
    def test_everybody_gets_links_of_their_own(self):
        campaign = self.send_draft()
        links = self.get_links(campaign)
        self.assertEqual(
            links.mapped(lambda link: (link.index, link.url)),
            [(0, SALE), (1, SALE), (1, SHOP)],
        )
        tokens = links.mapped("token")
        sale, anna_sale, anna_shop = [self.base + token for token in tokens]
        self.assertEqual(
            self.get_texts(campaign),
            [
                f"Уважаемый Андрей! Скидки: {sale}.",
                f"Уважаемая Анна! Скидки: {anna_sale}. Магазин: {anna_shop}",
            ],
        )
        self.assertEqual(len(set(tokens)), 3)

    def test_without_the_option_texts_stay_as_they_are(self):
        campaign = self.send_draft(has_short_links=False)
        self.assertIn(SALE, self.get_texts(campaign)[0])
        self.assertFalse(self.get_links(campaign))

    def test_segments_are_those_of_the_text_that_is_sent(self):
        long = "https://example.com/" + "a" * 700
        campaign = self.send_draft(self.andrey, text_male=f"Sale: {long}")
        message = self.get_messages(campaign.sudo())
        self.assertEqual(
            (message.state, message.segments, message.encoding), ("queued", 1, "gsm7")
        )
        self.assertEqual(len(message.text), len(f"Sale: {self.base}") + TOKEN_LENGTH)

    def test_a_page_has_one_tracker_in_a_campaign_and_nobody_reads_it(self):
        trackers = self.env["link.tracker"]
        with patch.object(
            type(trackers), "_get_title_from_url", side_effect=AssertionError
        ):
            first, second = self.send_draft(), self.send_draft()
        ours = self.get_links(first).link_tracker_id
        self.assertEqual(sorted(ours.mapped("url")), sorted([SALE, SHOP]))
        self.assertEqual(ours.mapped("title"), ours.mapped("url"))
        self.assertFalse(ours & self.get_links(second).link_tracker_id)

    def test_parts_of_a_campaign_share_its_trackers(self):
        with (
            patch(
                "odoo.addons.crm_sms_gateway.models.campaigns.sms_gateway_campaign_accept"
                ".PREPARED_WHILE_WAITING",
                0,
            ),
            patch(
                "odoo.addons.crm_sms_gateway.models.campaigns.sms_gateway_fan_out"
                ".PREPARED_AT_ONCE",
                1,
            ),
        ):
            campaign = self.send_draft()
        links = self.get_links(campaign)
        self.assertEqual((len(links), len(links.link_tracker_id)), (3, 2))

    def test_latin_letters_leave_addresses_alone(self):
        campaign = self.send_draft(self.andrey, is_transliterated=True)
        link = self.get_links(campaign)
        self.assertEqual(link.url, SALE)
        self.assertEqual(
            self.get_texts(campaign),
            [f"Uvazhaemyy Andrey! Skidki: {self.base}{link.token}."],
        )

    def test_latin_letters_lead_to_the_same_address_without_short_links(self):
        campaign = self.send_draft(
            self.andrey,
            is_transliterated=True,
            has_short_links=False,
            text_male="Скидки: https://пример.рф/1",
        )
        self.assertEqual(
            self.get_texts(campaign), ["Skidki: https://xn--e1afmkfd.xn--p1ai/1"]
        )

    def test_latin_letters_never_make_another_address(self):
        campaign = self.send_draft(
            self.andrey,
            is_transliterated=True,
            has_short_links=False,
            text_male="Где: https://faß.de, https://на\u200dми.рф/я",
        )
        self.assertEqual(
            self.get_texts(campaign),
            ["Gde: https://xn--fa-hia.de, https://на\u200dми.рф/я"],
        )

    def test_a_call_speaks_no_links_but_its_sms_has_them(self):
        campaign = self.send_draft(
            self.andrey, channel="voice", text_alternative=f"Скидки: {SHOP}"
        )
        message = self.get_messages(campaign.sudo())
        link = self.get_links(campaign)
        self.assertIn(SALE, message.text)
        self.assertEqual(message.text_alternative, f"Скидки: {self.base}{link.token}")

    def test_names_of_links_are_not_for_authors(self):
        for name in ("link_1", "link", "token"):
            draft = self.draft(text_male=f"{{{{ {name} }}}} {SALE}")
            with self.subTest(name):
                self.assertEqual(
                    draft.action_preview({})["findings"][0]["level"], "danger"
                )

    def test_links_that_come_with_a_contact_are_not_shortened(self):
        self.andrey.website = SHOP
        campaign = self.send_draft(self.andrey, text_male="{{ website }}")
        self.assertEqual(self.get_texts(campaign), [SHOP])

    def test_translations_have_links_too(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.anna.lang = "ru_RU"
        template = self.env["sms.gateway.template"].create(
            {
                "name": "Sale",
                "text_male": f"Sale: {SALE}",
                "has_short_links": True,
                "translation_ids": [
                    fields.Command.create(
                        {"lang": "ru_RU", "text_male": f"Магазин: {SHOP}"}
                    )
                ],
            }
        )
        campaign = self.send_draft(
            template_id=template.id, text_male=template.text_male, text_female=False
        )
        self.assertEqual(self.get_links(campaign).mapped("url"), [SALE, SHOP])

    def test_a_template_brings_its_choice(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "Sale", "text_male": f"Sale: {SALE}", "has_short_links": True}
        )
        draft = self.draft(has_short_links=False)
        changed = draft.new({"template_id": template.id}, origin=draft)
        changed._onchange_template_id()
        self.assertTrue(changed.has_short_links)

    def test_a_server_action_sends_them(self):
        template = self.env["sms.gateway.template"].create(
            {"name": "Sale", "text_male": f"Sale: {SALE}", "has_short_links": True}
        )
        action = self.env["ir.actions.server"].create(
            {
                "name": "Send",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "sms_gateway",
                "sms_gateway_template_id": template.id,
                "sms_gateway_route_id": self.route.id,
            }
        )
        action.with_context(active_model="res.partner", active_ids=self.anna.ids).run()
        campaign = self.env["sms.gateway.campaign"].search([], limit=1)
        link = self.get_links(campaign)
        self.assertEqual(self.get_texts(campaign), [f"Sale: {self.base}{link.token}"])

    # === LOOK ===
    def test_looking_shows_short_links_and_makes_none(self):
        before = self.count_links(), self.env["link.tracker"].search_count([])
        draft = self.draft(self.andrey)
        preview = draft.action_preview({})
        text = preview["recipient"]["text"]
        self.assertRegex(text, rf"Скидки: {self.base}\w{{{TOKEN_LENGTH}}}\.")
        self.assertEqual(preview["sizes"]["male"]["count"], 1 + (len(text) > 70))
        self.assertEqual(self.check(draft), {"": 1})
        after = self.count_links(), self.env["link.tracker"].search_count([])
        self.assertEqual(after, before)

    def test_unsaved_texts_are_shown_with_short_links(self):
        draft = self.draft(self.andrey, has_short_links=False)
        preview = draft.action_preview({"text_male": SHOP, "has_short_links": True})
        self.assertTrue(preview["recipient"]["text"].startswith(self.base))

    def test_the_links_of_a_test_work_and_count_for_themselves(self):
        draft = self.draft()
        draft.action_send_test({}, 1)
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        sale, shop = self.get_links(test)
        self.assertEqual(
            self.get_texts(test),
            [
                f"Уважаемая Анна! Скидки: {self.base}{sale.token}."
                f" Магазин: {self.base}{shop.token}"
            ],
        )
        self.assertEqual(self.click(shop), SHOP)
        self.assertEqual((test.click_count, draft.click_count), (1, 0))


class TestClick(LinkCase):
    def test_a_click_leads_to_the_page_and_is_counted(self):
        campaign = self.send_draft()
        link, _sale, other = self.get_links(campaign)
        self._start = fields.Datetime.to_datetime("2026-11-24 10:00:00")
        self.assertEqual(self.click(link, "RU", after=0), SALE)
        self.assertEqual(self.click(link, after=3600), SALE)
        self.assertEqual(
            (link.click_count, str(link.first_click_at), str(link.last_click_at)),
            (2, "2026-11-24 10:00:00", "2026-11-24 11:00:00"),
        )
        self.assertEqual((other.click_count, other.first_click_at), (0, False))

    def test_clicks_within_a_moment_count_once(self):
        """What is counted is measured from the click that counted: who goes on loading
        the page anew comes back again and again."""
        campaign = self.send_draft()
        link, _sale, other = self.get_links(campaign)
        for after, count in ((0, 1), (0, 1), (4, 1), (6, 1), (1, 2), (9, 2), (-60, 2)):
            with self.subTest(after=after, count=count):
                self.assertEqual(self.click(link, after=after), SALE)
                self.assertEqual(link.click_count, count)
                tracker = link.link_tracker_id
                self.assertEqual(len(tracker.link_click_ids), count)
                self.assertEqual(tracker.count, count)
        self.click(other, after=0)
        self.assertEqual(other.click_count, 1, "another link is another click")

    def test_link_tracker_knows_of_every_click(self):
        campaign = self.send_draft()
        link = self.get_links(campaign)[0]
        self.click(link, "RU")
        self.click(link, "??")
        tracker = link.link_tracker_id
        self.assertEqual(tracker.count, 2)
        clicks = tracker.link_click_ids.sorted("id")
        self.assertEqual(clicks.mapped("ip"), ["192.0.2.1"] * 2)
        self.assertEqual(
            [click.country_id for click in clicks],
            [self.env.ref("base.ru"), self.env["res.country"]],
        )
        tracker._compute_count()
        self.assertEqual(tracker.count, 2, "as Odoo counts")

    def test_a_click_is_one_statement_however_many_came_before(self):
        link = self.get_links(self.send_draft(self.andrey))
        links = self.env["sms.gateway.link"]
        token = link.token
        for _number in range(2):
            with self.assertQueryCount(1):
                links._click(token, ip="192.0.2.1", country_code="RU")

    def test_looking_up_does_not_count(self):
        link = self.get_links(self.send_draft(self.andrey))
        self.assertEqual(self.env["sms.gateway.link"]._find_url(link.token), SALE)
        self.assertEqual(link.click_count, 0)

    def test_unknown_tokens_lead_nowhere(self):
        links = self.env["sms.gateway.link"]
        for token in ("0" * TOKEN_LENGTH, "", "a\0", "'; --", "я" * TOKEN_LENGTH):
            with self.subTest(token):
                self.assertIsNone(links._find_url(token))
                self.assertIsNone(links._click(token, ip=None, country_code=None))

    def test_samples_lead_nowhere(self):
        self.send_draft()
        self.assertIsNone(self.env["sms.gateway.link"]._find_url(f"{1:010}"))

    # === SEE ===
    def test_a_campaign_tells_how_many_clicked(self):
        nobody = self.make_contact("Without Number", "")
        campaign = self.send_draft(self.andrey + self.anna + nobody)
        andrey, anna_sale, anna_shop = self.get_links(campaign)
        self.run_lane()
        self.run_fold()
        self.assertEqual((campaign.click_count, campaign.clicked_share), (0, 0))
        for link in (anna_sale, anna_sale, anna_shop):
            self.click(link)
        self.assertEqual((campaign.click_count, campaign.clicked_share), (3, 50))
        self.click(andrey)
        self.assertEqual((campaign.click_count, campaign.clicked_share), (4, 100))

    def test_clicks_are_seen_by_link_and_by_message(self):
        campaign = self.send_draft()
        _andrey, anna_sale, anna_shop = self.get_links(campaign)
        self.click(anna_shop)
        action = campaign.action_open_links()
        links = self.env[action["res_model"]].with_user(self.author)
        groups = links.formatted_read_group(
            action["domain"], ["url"], ["click_count:sum", "__count"]
        )
        self.assertEqual(
            {one["url"]: (one["click_count:sum"], one["__count"]) for one in groups},
            {SALE: (0, 2), SHOP: (1, 1)},
        )
        anna = self.get_messages(campaign.sudo())[1]
        self.assertEqual(anna.link_ids, anna_sale + anna_shop)
        self.assertEqual(anna_shop.message_id, anna)

    # === END ===
    def test_links_go_with_their_message(self):
        campaign = self.send_draft()
        andrey, anna = self.get_messages(campaign.sudo())
        anna.unlink()
        self.assertEqual(self.get_links(campaign).mapped("index"), [0])
        andrey.unlink()
        self.assertFalse(self.get_links(campaign))

    def test_links_of_a_message_that_was_sent_again_stay(self):
        campaign = self.send_draft(self.andrey)
        first = self.get_messages(campaign.sudo())
        self.force_state(first, "failed")
        first.action_retry()
        retry = self.get_messages(campaign.sudo()) - first
        link = self.get_links(campaign)
        self.assertEqual(retry.text, first.text)
        self.assertEqual(link.message_id, first)
        self.assertEqual((first.link_ids, retry.link_ids), (link, link))
        first.unlink()
        self.assertEqual(self.click(link), SALE)
        self.env.invalidate_all()
        self.assertEqual(link.message_id, retry)
        retry.unlink()
        self.assertFalse(self.get_links(campaign))
