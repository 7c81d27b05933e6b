"""What campaigns are called when nobody named them, and whose the list shows first."""

from datetime import datetime

from lxml import etree

from odoo import Command
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ...common import PHONE
from .common import DraftCase


@tagged("post_install", "-at_install")
class TestNames(DraftCase):
    def send_to_lists(self, *names, **values):
        people = self.andrey + self.anna
        lists = self.env["sms.gateway.list"].create(
            [
                {
                    "name": name,
                    "member_ids": [
                        Command.create({"partner_id": one.id}) for one in people
                    ],
                }
                for name in names
            ]
        )
        campaigns = self.env["sms.gateway.campaign"].with_user(self.author)
        draft = campaigns.create(
            {
                "route_id": self.route.id,
                "list_ids": lists.ids,
                "text_male": "Sale",
                **values,
            }
        )
        draft.action_send()
        return draft

    def test_without_a_name_it_is_that_of_the_list_and_the_day(self):
        self.author.tz = "Asia/Tokyo"
        start = datetime(2100, 11, 28, 20)
        for name in ({}, {"name": False}, {"name": ""}):
            draft = self.send_to_lists("Customers", scheduled_at=start, **name)
            self.assertEqual(draft.name, "Customers, 29 Nov 2100")

    def test_several_lists(self):
        draft = self.send_to_lists("Customers", "Partners")
        self.assertTrue(draft.name.startswith("Customers, Partners, "))

    def test_a_name_that_was_typed_stays(self):
        self.assertEqual(self.send_to_lists("Customers", name="Sale!").name, "Sale!")

    def test_a_name_that_was_erased_is_none(self):
        draft = self.draft()
        draft.name = ""
        self.assertEqual(draft.name, "New campaign")

    def test_selected_records_have_no_name(self):
        draft = self.send_draft(text_male="Sale on Friday")
        self.assertEqual(draft.name, "Sale on Friday")


@tagged("post_install", "-at_install")
class TestFilters(DraftCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        view = cls.env.ref("crm_sms_gateway.sms_gateway_campaign_view_search")
        cls.arch = cls.env["sms.gateway.campaign"].get_view(view.id, "search")["arch"]

    def find(self, name, campaigns):
        [node] = etree.fromstring(self.arch).iterfind(f".//filter[@name='{name}']")
        domain = safe_eval(node.get("domain"))
        return campaigns & self.env["sms.gateway.campaign"].search(domain)

    def test_each_campaign_has_its_filter(self):
        draft = self.draft(self.anna, test_phone=PHONE).sudo()
        several = self.send_draft().sudo()
        single = self.send_draft(self.anna).sudo()
        to_list = self.send_draft(self.anna).sudo()
        to_list.recipient_source = "lists"
        request = self.send(PHONE)
        action = self.send(PHONE)
        action.source = "action"
        mailing = self.send(PHONE)
        mailing.write({"source": "odoo", "mailing_id": 1})
        draft.with_user(self.author).action_send_test()
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertTrue(test.is_test)
        campaigns = (
            draft | several | single | to_list | request | action | mailing | test
        )
        for name, wanted in (
            ("people", draft | several | to_list | mailing),
            ("single", single),
            ("api", request),
            ("automatic", action | mailing),
            ("tests", test),
        ):
            with self.subTest(name):
                self.assertEqual(self.find(name, campaigns).sorted(), wanted.sorted())
