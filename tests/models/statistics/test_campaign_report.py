"""A campaign as a report: figures that add up, reasons, costs, clicks, times."""

from datetime import timedelta
from random import Random
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.campaigns import (
    sms_gateway_campaign_accept as accept,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import OUTCOMES, SENT_OUTCOMES

from ...common import PHONE, sandbox_phone
from ..campaigns.test_link import LinkCase
from ..sending.test_outcomes import BLACKLISTED, OutcomeCase


class ReportCase(OutcomeCase):
    def get_report(self, campaign):
        self.env.invalidate_all()
        return campaign.action_get_report()

    def find(self, line, user=None):
        messages = self.env["sms.gateway.message"].with_user(user or self.env.user)
        return messages.search(line["domain"])

    def get_counts(self, report):
        return {one["name"]: one["count"] for one in report["outcomes"]}

    def get_reasons(self, report, outcome):
        return {one["label"]: one["count"] for one in report[outcome]}


@tagged("post_install", "-at_install")
class TestFigures(ReportCase):
    maxDiff = None

    def check(self, campaign):
        report = self.get_report(campaign)
        messages = self.get_messages(campaign)
        counting = messages.filtered(lambda one: not one.is_superseded)
        counts = self.get_counts(report)
        self.assertEqual(list(counts), list(OUTCOMES))
        for line in report["outcomes"]:
            truth = counting.filtered(
                lambda one, name=line["name"]: self.find_outcome(one) == name
            )
            self.assertEqual(line["count"], len(truth), line["name"])
            self.assertEqual(self.find(line), truth.sorted(), line["name"])
        self.assertEqual(
            sum(counts.values()) + report["without_message"], report["recipients"]
        )
        self.assertEqual(report["without_message"], campaign.unprepared_count)
        self.assertEqual(report["recipients"], campaign.recipient_count)
        self.assertEqual(self.find(report["replaced"]), (messages - counting).sorted())
        self.assertEqual(report["replaced"]["count"], len(messages - counting))
        self.assertEqual(report["forgotten"], 0)
        self.check_reasons(report, counts)
        self.check_cost(report, messages)

    def check_reasons(self, report, counts):
        for outcome in ("not_delivered", "not_sent"):
            lines = report[outcome]
            self.assertEqual(sum(one["count"] for one in lines), counts[outcome])
            for line in lines:
                self.assertTrue(line["label"])
                found = self.find(line)
                self.assertEqual(len(found), line["count"], line["label"])
                self.assertEqual(set(found.mapped("outcome")), {outcome})

    def check_cost(self, report, messages):
        costing = [
            message.cost
            for message in messages
            if self.find_outcome(message) in SENT_OUTCOMES
        ]
        cost = report["cost"]
        is_real = not messages[:1].is_debug
        self.assertEqual(bool(cost), bool(costing) and is_real)
        if cost:
            self.assertEqual(cost["amount"], sum(costing))

    def test_after_any_mix_the_figures_add_up(self):
        random = Random(7)
        campaigns = self.make_traffic(random)
        for moments in ((), (30, 70), (100, 200), (300, 600)):
            self.live(*moments)
            for campaign in campaigns:
                self.check(campaign)
            self.act(random, campaigns.message_ids)
            # counted or not: the report knows what is not folded
            for campaign in campaigns:
                self.check(campaign)
            self.run_fold()
            for campaign in campaigns:
                self.check(campaign)

    def test_reasons_in_words(self):
        campaign = self.send(
            *map(sandbox_phone, ("0001", "0002", "0004", "0005", "0006")),
            "123",
            "",
            " ",
            BLACKLISTED,
            route=self.route,
        )
        self.live(0, 10, 100)
        report = self.get_report(campaign)
        self.assertEqual(
            self.get_reasons(report, "not_delivered"),
            {
                "Number blocked": 1,
                "Subscriber unreachable": 1,
                "Expired at the provider": 1,
            },
        )
        self.assertEqual(
            self.get_reasons(report, "not_sent"),
            {
                "Maximum attempts reached": 1,
                "No number": 2,
                "Invalid number": 1,
                "Opted out": 1,
            },
        )
        self.check_reasons(report, self.get_counts(report))
        self.assertEqual(
            {
                line["label"]
                for outcome in ("not_delivered", "not_sent")
                for line in report[outcome]
                if line["can_send_again"]
            },
            {
                "Number blocked",
                "Subscriber unreachable",
                "Expired at the provider",
                "Maximum attempts reached",
            },
        )

    def test_who_is_not_prepared_yet_is_told_apart(self):
        self.startPatcher(patch.object(accept, "PREPARED_WHILE_WAITING", 0))
        draft = self.draft(route_id=self.route.id)
        draft.action_send()
        for without, waiting in ((2, 0), (0, 2)):
            report = self.get_report(draft.sudo())
            self.assertEqual(report["recipients"], 2)
            self.assertEqual(report["without_message"], without)
            self.assertEqual(self.get_counts(report)["waiting"], waiting)
            self.prepare()

    def test_counters_outlive_the_messages(self):
        campaign = self.send(*map(sandbox_phone, ("0001", "0002")), route=self.route)
        self.live(0, 10)
        self.run_fold()
        self.get_messages(campaign)[0].unlink()
        report = self.get_report(campaign)
        self.assertEqual((report["recipients"], report["forgotten"]), (2, 1))
        counts = self.get_counts(report)
        self.assertEqual((counts["delivered"], counts["not_delivered"]), (1, 1))

    def test_costs(self):
        campaign = self.send(
            *map(sandbox_phone, ("0001", "0001", "0002")), "123", route=self.route
        )
        self.assertIsNone(self.get_report(campaign)["cost"])
        self.live(0, 10)
        self.env.cr.execute(
            """UPDATE sms_gateway_message
                  SET provider_price = 0.25, provider_currency = 'USD'
                WHERE campaign_id = %s AND state = 'delivered'""",
            [campaign.id],
        )
        cost = self.get_report(campaign)["cost"]
        delivered = self.get_counts(self.get_report(campaign))["delivered"]
        self.assertEqual(cost["amount"], 2 * (delivered + 1))
        self.assertEqual(cost["per_delivered"], cost["amount"] / delivered)
        self.assertEqual(cost["currency_id"], self.route.company_id.currency_id.id)
        self.assertEqual(
            cost["reported"], [{"currency": "USD", "amount": 0.25 * delivered}]
        )

    def test_times_of_delivery(self):
        phones = [f"+792817110{number:02}" for number in range(10, 14)]
        campaign = self.send(*phones, route=self.route)
        self.assertIsNone(self.get_report(campaign)["timeline"])
        self.live(0, 10)
        for message, minutes in zip(
            self.get_messages(campaign), (0, 0, 2, 3), strict=True
        ):
            self.env.cr.execute(
                "UPDATE sms_gateway_message SET delivered_at = %s WHERE id = %s",
                [campaign.starts_at + timedelta(minutes=minutes), message.id],
            )
        timeline = self.get_report(campaign)["timeline"]
        self.assertEqual(timeline["width"], 60)
        self.assertEqual([bar["delivered"] for bar in timeline["bars"]], [2, 0, 1, 1])
        self.assertEqual(timeline["start"], str(campaign.starts_at))

    def test_only_readers_of_the_campaign_get_it(self):
        reader = new_test_user(self.env, "report_reader", "crm_sms_gateway.group_user")
        campaign = self.send(PHONE, route=self.route)
        with self.assertRaises(AccessError):
            campaign.with_user(reader).action_get_report()
        campaign.write({"source": "person", "user_id": reader.id})
        report = self.get_report(campaign.with_user(reader))
        [waiting] = [one for one in report["outcomes"] if one["name"] == "waiting"]
        self.assertEqual(len(self.find(waiting, reader)), 1)


@tagged("post_install", "-at_install")
class TestClicks(LinkCase):
    def deliver(self, campaign):
        self.run_lane()
        for message in self.get_messages(campaign):
            self.set_state(message, "delivered")

    def get_clicks(self, campaign):
        self.env.invalidate_all()
        return campaign.action_get_report()["clicks"]

    def find_phones(self, line):
        found = self.env["sms.gateway.message"].search(line["domain"])
        self.assertEqual(len(found), line["count"])
        return found.mapped("msisdn")

    def test_who_clicked_and_who_did_not(self):
        campaign = self.send_draft().sudo()
        self.deliver(campaign)
        _andrey, sale, shop = self.get_links(campaign)
        for link in (sale, shop, shop):
            self.click(link)
        clicks = self.get_clicks(campaign)
        self.assertEqual((clicks["clicks"], clicks["people"]), (3, 1))
        self.assertEqual(clicks["share"], 0.5)
        self.assertEqual(self.find_phones(clicks["clicked"]), ["+79161230102"])
        self.assertEqual(self.find_phones(clicks["unclicked"]), ["+79161230101"])
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("click_state"), ["unclicked", "clicked"])

    def test_who_has_no_message_did_not_ignore_it(self):
        campaign = self.send_draft().sudo()
        self.assertEqual(self.get_clicks(campaign)["unclicked"]["count"], 0)

    def test_who_clicks_has_the_message(self):
        campaign = self.send_draft(self.anna).sudo()
        self.click(self.get_links(campaign)[0])
        self.assertEqual(self.get_clicks(campaign)["share"], 1)

    def test_clicks_stand_on_the_line_of_time(self):
        campaign = self.send_draft().sudo()
        self.deliver(campaign)
        self.click(self.get_links(campaign)[0])
        self.env.invalidate_all()
        timeline = campaign.action_get_report()["timeline"]
        told = [*timeline["bars"], timeline["later"]]
        self.assertEqual(sum(bar["clicked"] for bar in told), 1)
        self.assertEqual(sum(bar["delivered"] for bar in told), 2)

    def test_without_links_there_is_nothing_to_click(self):
        campaign = self.send_draft(has_short_links=False).sudo()
        self.assertIsNone(self.get_clicks(campaign))
        self.assertEqual(
            set(self.get_messages(campaign).mapped("click_state")), {False}
        )

    def test_messages_are_found_by_their_clicks(self):
        campaign = self.send_draft().sudo()
        plain = self.send_draft(has_short_links=False).sudo()
        self.click(self.get_links(campaign)[0])
        messages = self.env["sms.gateway.message"]
        both = [("campaign_id", "in", (campaign + plain).ids)]
        for state in ("clicked", "unclicked", False):
            for operator in ("=", "!="):
                found = messages.search([*both, ("click_state", operator, state)])
                truth = messages.search(both).filtered(
                    lambda one, operator=operator, state=state: (
                        (one.click_state == state) is (operator == "=")
                    )
                )
                self.assertEqual(found, truth, (operator, state))
