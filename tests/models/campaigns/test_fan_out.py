"""The fan-out: campaigns are prepared in parts, paused and cancelled between them."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError

from ...common import PHONE
from .common import DraftCase


class TestFanOut(DraftCase):
    def test_what_is_cancelled_while_it_is_prepared_is_cancelled_whole(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.action_send()
        self.assertEqual(draft.unprepared_count, 1)
        draft.action_cancel()
        self.prepare()
        self.run_lane()
        states = self.get_messages(draft.sudo()).mapped("state")
        self.assertEqual(states, ["cancelled", "cancelled"])

    def test_a_paused_campaign_is_prepared_when_it_goes_on(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.action_send()
        draft.action_pause()
        self.prepare()
        self.assertEqual(draft.unprepared_count, 1)
        draft.action_resume()
        self.assertEqual(draft.state, "running")
        self.prepare()
        self.assertEqual(len(self.get_messages(draft.sudo())), 2)

    def test_what_cannot_be_prepared_stops_alone(self):
        self.patch_prepared_at_once(1)
        broken, fine = self.draft(), self.draft()
        broken.action_send()
        fine.action_send()
        # what no check can foresee: the module of a filter's model is gone
        broken.sudo().text_female = "{{ gone }}"
        with self.assertLogs("odoo.addons.crm_sms_gateway", "ERROR"):
            self.prepare()
        self.assertEqual((broken.state, fine.state), ("paused", "running"))
        self.assertTrue(broken.pause_reason)
        self.assertEqual(len(self.get_messages(fine.sudo())), 2)

    def test_a_list_that_is_gone_meanwhile_stops_nobody(self):
        self.patch_prepared_at_once(1)
        lead = self.env["crm.lead"].create(
            {"name": "1", "contact_name": "Пётр", "phone": PHONE}
        )
        self.author.group_ids += self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        one = self.env["sms.gateway.list"].create(
            {
                "name": "A",
                "member_ids": [
                    Command.create({"partner_id": self.andrey.id}),
                    Command.create({"lead_id": lead.id}),
                ],
            }
        )
        draft = self.draft(
            recipient_source="lists",
            list_ids=one.ids,
            text_male="{{ contact_name | default('друг') }}",
            text_female=False,
        )
        draft.action_send()
        one.member_ids.unlink()
        self.prepare()
        self.assertEqual(self.get_texts(draft), ["друг", "Пётр"])

    def test_time_to_live_does_not_begin_anew_with_every_part(self):
        draft = self.draft(ttl=3600)
        draft.action_send()
        accepted_at = fields.Datetime.now() - timedelta(hours=2)
        late = self.draft(ttl=3600)
        late.sudo().write(
            {"state": "running", "accepted_at": accepted_at, "unprepared_count": 2}
        )
        self.prepare()
        messages = self.get_messages(late.sudo())
        self.assertEqual(
            set(messages.mapped("expires_at")), {accepted_at + timedelta(hours=1)}
        )

    def test_a_route_with_unprepared_recipients_is_not_archived(self):
        self.patch_prepared_at_once(1)
        draft = self.draft()
        draft.action_send()
        self.run_lane()
        with self.assertRaises(UserError):
            self.route.action_archive()
