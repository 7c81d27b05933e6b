"""The workbook of a campaign's recipients."""

from io import BytesIO
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.campaigns import sms_gateway_campaign_export
from odoo.addons.crm_sms_gateway.tools.spreadsheet.reading import open_table

from ...common import PHONE, GatewayHttpCase, sandbox_phone
from .test_link import LinkCase

GROUPS = "crm_sms_gateway.group_manager,base.group_allow_export"


class ExportMixin:
    def read_rows(self, content):
        """:return: list of dicts of title → cell"""
        lines = open_table(content, locale="en_US").read(None)
        titles, *rows = [line.cells for line in lines]
        return [dict(zip(titles, row, strict=False)) for row in rows]


@tagged("post_install", "-at_install")
class TestExport(ExportMixin, LinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exporter = new_test_user(cls.env, "exporter", GROUPS, tz="Asia/Tokyo")

    def export(self, campaign, user=None):
        file = BytesIO()
        campaign.with_user(user or self.exporter)._export_recipients(file)
        return self.read_rows(file.getvalue())

    def test_a_row_for_each_recipient(self):
        self.env["sms.gateway.price"].create({"route_id": self.route.id, "price": 2})
        campaign = self.send_draft(self.andrey + self.anna).sudo()
        self.run_lane()
        andrey, anna = self.get_messages(campaign)
        self.set_state(andrey, "delivered")
        self.set_state(anna, "failed", failure_type="unreachable")
        self.click(self.get_links(campaign)[0])
        first, second = self.export(campaign)
        self.assertEqual(
            (first["Recipient"], first["Number"], first["Status"]),
            (self.andrey.name, "+79161230101", "Delivered"),
        )
        self.assertEqual((first["Clicks"], first["Message ID"]), ("1", andrey.uuid))
        self.assertTrue(first["First click"])
        self.assertFalse(first["Failure reason"])
        self.assertEqual(second["Recipient"], self.anna.name)
        self.assertEqual(second["Status"], "Not delivered")
        self.assertEqual(second["Failure reason"], "Subscriber unreachable")
        self.assertEqual(float(first["Cost"]), andrey.cost)
        self.assertEqual(first["Currency"], self.route.company_id.currency_id.name)

    def test_times_are_those_of_the_user(self):
        campaign = self.send(PHONE)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET accepted_at = '2026-11-29 20:00:00'"
            " WHERE campaign_id = %s",
            [campaign.id],
        )
        self.env.invalidate_all()
        [row] = self.export(campaign)
        self.assertEqual(row["Accepted on"], "2026-11-30 05:00:00")

    def test_pages_lose_nobody(self):
        phones = [f"+7928171{number:04}" for number in range(7)]
        campaign = self.send(*phones)
        with patch.object(sms_gateway_campaign_export, "PAGE", 3):
            rows = self.export(campaign)
        self.assertEqual([row["Number"] for row in rows], phones)

    def test_of_a_recipient_the_last_message_counts(self):
        campaign = self.send(PHONE)
        self.run_lane()
        message = self.get_messages(campaign)
        self.set_state(message, "failed", failure_type="unreachable")
        message.action_retry()
        [row] = self.export(campaign)
        self.assertEqual(row["Status"], "Waiting to be sent")

    def test_who_may_not_export_does_not(self):
        user = new_test_user(self.env, "reader", "crm_sms_gateway.group_manager")
        user.group_ids -= self.env.ref("base.group_allow_export")
        campaign = self.send(PHONE)
        with self.assertRaises(AccessError):
            self.export(campaign, user)
        with self.assertRaises(AccessError):
            campaign.with_user(user).action_export_recipients()

    def test_who_may_not_read_does_not(self):
        groups = "crm_sms_gateway.group_user,base.group_allow_export"
        user = new_test_user(self.env, "nobody", groups)
        with self.assertRaises(AccessError):
            self.export(self.send(PHONE), user)


@tagged("post_install", "-at_install")
class TestDownload(ExportMixin, GatewayHttpCase):
    def download(self, campaign):
        path = f"/crm_sms_gateway/campaign/{campaign.id}/recipients.xlsx"
        return self.url_open(path, allow_redirects=False)

    def test_the_button_downloads_a_workbook(self):
        new_test_user(self.env, "downloader", GROUPS)
        campaign = self.send(PHONE, sandbox_phone("0001"))
        self.env.flush_all()
        self.authenticate("downloader", "downloader")
        action = campaign.with_user(self.env.user).action_export_recipients()
        response = self.url_open(action["url"])
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        rows = self.read_rows(response.content)
        self.assertEqual(
            [row["Number"] for row in rows], [PHONE, sandbox_phone("0001")]
        )

    def test_strangers_get_nothing(self):
        new_test_user(self.env, "stranger", "base.group_user")
        campaign = self.send(PHONE)
        self.env.flush_all()
        self.assertEqual(self.download(campaign).status_code, 303)
        self.authenticate("stranger", "stranger")
        self.assertEqual(self.download(campaign).status_code, 403)
