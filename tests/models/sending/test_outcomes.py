"""What is counted as sent: all that a provider was given, and nothing else."""

from collections import Counter
from random import Random

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.models.sending.selections import OUTCOMES
from odoo.addons.crm_sms_gateway.models.statistics.sms_gateway_statistic import COUNTERS
from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    StatusUpdate,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import SENT_OUTCOMES, STATES

from ...common import PHONE, GatewayCase, load_migration, sandbox_phone
from ..campaigns.common import DraftCase

NAMES = [name for name, _label in OUTCOMES]
#: How numbers end → what the provider says when it gets a message to them, ...
SAID = {
    "0002": Outcome.REFUSED,
    "0003": Outcome.MAYBE_SENT,
    "0004": Outcome.NOT_SENT,
}
#: ... and when it is asked later.
REPORTED = {"0005": DeliveryStatus.FAILED, "0006": DeliveryStatus.EXPIRED}
ENDINGS = ("0001", "0001", "0002", "0003", "0004", "0005", "0006", "0007")
BLACKLISTED = sandbox_phone("0008")


class OutcomeCase(DraftCase):
    """A provider that remembers what it was given, and a world that goes wrong."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["phone.blacklist"].create({"number": BLACKLISTED})

    def setUp(self):
        super().setUp()
        self.run_fold()
        self.given = set()
        self.numbers = {}
        self.route, _provider = self.script_route(
            submit=self.submit,
            poll=self.report,
            lookup=lambda requests: [
                StatusUpdate(DeliveryStatus.NOT_FOUND) for _request in requests
            ],
            route={"max_attempts": 2},
        )
        self.env["sms.gateway.price"].create({"route_id": self.route.id, "price": 2})

    def submit(self, requests):
        return [self.take(request) for request in requests]

    def take(self, request):
        said = SAID.get(request.msisdn[-4:], Outcome.ACCEPTED)
        if said is not Outcome.NOT_SENT:
            self.given.add(request.uuid)
        self.numbers[request.uuid] = request.msisdn
        return SubmitResult(
            said,
            provider_reference=request.uuid,
            failure_type="blocked" if said is Outcome.REFUSED else None,
        )

    def report(self, references):
        return [
            StatusUpdate(
                REPORTED.get(self.numbers[one][-4:], DeliveryStatus.DELIVERED),
                provider_reference=one,
                failure_type="unreachable",
            )
            for one in references
        ]

    def live(self, *moments):
        for seconds in moments:
            with self.later(seconds):
                self.run_lane()
                self.run_poll()
                self.run_recover()

    def find_outcome(self, message):
        """The truth: what the provider was given it has, or may have."""
        if message.state in ("queued", "submitting"):
            return "waiting"
        if message.state in ("failed", "expired", "cancelled"):
            is_given = message.uuid in self.given
            return "not_delivered" if is_given else "not_sent"
        return message.state

    # === TRAFFIC ===
    def make_traffic(self, random):
        """Campaigns of all kinds; :return: their ids, as a record set."""
        campaigns = self.env["sms.gateway.campaign"]
        for values in ({}, {}, {"is_debug": True}, {"ttl": 60}):
            phones = [sandbox_phone(random.choice(ENDINGS)) for _number in range(9)]
            phones += ["123", "", BLACKLISTED]
            random.shuffle(phones)
            campaigns |= self.send(*phones, route=self.route, **values)
        campaigns[-1].action_pause()
        stopped = self.send(PHONE, BLACKLISTED, "1", route=self.route)
        stopped.action_cancel()
        draft = self.draft(route_id=self.route.id, test_phone=PHONE)
        draft.action_send_test()
        campaigns |= stopped | self.env["sms.gateway.campaign"].search([], limit=1)
        self.live(0)
        return campaigns

    def act(self, random, messages):
        """What people do about messages."""
        for message in messages:
            can_retry = (
                message.state in ("failed", "expired", "cancelled")
                and message.msisdn
                and not message.retry_ids
                and not message.is_superseded
                and message.failure_type != "opted_out"
                and message.campaign_id.state not in ("cancelled", "paused")
            )
            if can_retry and random.random() < 0.4:
                message.action_retry()
            elif message.state == "unknown":
                random.choice(
                    [message.action_resolve_failed, message.action_resolve_delivered]
                )()
            elif (
                message.state == "failed" and message.attempts and random.random() < 0.5
            ):
                self.given.add(message.uuid)
                self.set_state(message, "delivered")

    # === FIGURES ===
    def read_counters(self, campaign):
        campaign.invalidate_recordset()
        return {name: campaign[name] for name in COUNTERS}

    def count(self, messages):
        """Outcome and state → number of messages, by the truth."""
        states = Counter(messages.mapped("state"))
        outcomes = Counter(map(self.find_outcome, messages))
        return {
            **{f"{state}_count": states[state] for state in STATES},
            "sent_count": sum(outcomes[name] for name in SENT_OUTCOMES),
            "not_delivered_count": outcomes["not_delivered"],
            "not_sent_count": outcomes["not_sent"],
        }

    def look(self):
        return self.env["sms.gateway.statistic"].action_get_dashboard(7, self.route.id)

    def check_figures(self, campaigns):
        messages = self.get_messages(campaigns[:0])
        for campaign in campaigns:
            own = self.get_messages(campaign)
            messages |= own
            counting = own.filtered(lambda message: not message.is_superseded)
            counters = self.read_counters(campaign)
            self.assertEqual(counters, self.count(counting), campaign.name)
            self.assertEqual(
                campaign.waiting_count + campaign.sent_count + campaign.not_sent_count,
                campaign.recipient_count,
            )
            self.assertEqual(campaign.recipient_count, len(counting))
            self.assertEqual(campaign.recipient_count + campaign.resent_count, len(own))
            self.assertLessEqual(campaign.delivered_share, 100)
        for message in messages:
            self.assertEqual(message.outcome, self.find_outcome(message), message.state)
        self.check_searches(messages)
        self.check_dashboard(messages)

    def check_searches(self, messages):
        for outcome in NAMES:
            for operator, wanted in (("=", True), ("!=", False)):
                found = messages.search(
                    [("id", "in", messages.ids), ("outcome", operator, outcome)]
                )
                truth = messages.filtered(
                    lambda m, outcome=outcome, wanted=wanted: (
                        (self.find_outcome(m) == outcome) is wanted
                    )
                )
                self.assertEqual(found, truth.sorted(), outcome)

    def check_dashboard(self, messages):
        real = messages.filtered(lambda m: not m.is_debug and not m.campaign_id.is_test)
        truth = Counter(map(self.find_outcome, real))
        look = self.look()
        totals = look["totals"]
        self.assertEqual(
            {name: totals[name] for name in NAMES},
            {name: truth[name] for name in NAMES},
        )
        self.assertEqual(totals["sent"], sum(truth[name] for name in SENT_OUTCOMES))
        self.assertLessEqual(
            totals["delivered"] + totals["not_delivered"], totals["sent"]
        )
        for name in NAMES:
            self.assertEqual(sum(day[name] for day in look["by_day"]), totals[name])
        for name in ("not_delivered", "not_sent"):
            self.assertEqual(sum(one["count"] for one in look[name]), totals[name])
        costs = sum(
            message.cost
            for message in real
            if message.state in ("submitted", "unknown", "delivered")
            or message.submitted_at
        )
        self.assertEqual(sum(one["amount"] for one in look["costs"]), costs)
        self.check_nothing_is_negative()

    def check_nothing_is_negative(self):
        self.env.cr.execute(
            "SELECT count(*) FROM sms_gateway_statistic WHERE count < 0 OR cost < 0"
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))


@tagged("post_install", "-at_install")
class TestOutcomes(OutcomeCase):
    maxDiff = None

    def test_after_any_mix_every_figure_is_the_truth(self):
        campaigns = self.env["sms.gateway.campaign"]
        for seed in range(3):
            random = Random(seed)
            with self.subTest(seed=seed):
                campaigns |= self.make_traffic(random)
                for moments in ((30, 70), (100, 200), (300, 600)):
                    self.live(*moments)
                    self.run_fold()
                    self.check_figures(campaigns)
                    self.act(random, campaigns.message_ids)
                    self.run_fold()
                    self.check_figures(campaigns)
                outcomes = set(campaigns.message_ids.mapped("outcome"))
                self.assertGreaterEqual(len(outcomes), 4)

    def test_each_way_to_end(self):
        """Whoever ended a message: what counts is whether the provider had it."""
        campaign = self.send(
            *map(sandbox_phone, ("0001", "0002", "0003", "0004", "0005", "0006")),
            "123",
            BLACKLISTED,
            route=self.route,
        )
        self.live(0, 10, 100)
        told = [
            (message.state, message.outcome) for message in self.get_messages(campaign)
        ]
        self.assertEqual(
            told,
            [
                ("delivered", "delivered"),
                ("failed", "not_delivered"),
                ("unknown", "unknown"),
                ("failed", "not_sent"),
                ("failed", "not_delivered"),
                ("expired", "not_delivered"),
                ("failed", "not_sent"),
                ("cancelled", "not_sent"),
            ],
        )

    def test_what_expires_before_its_turn_was_not_sent(self):
        message = self.send_one(route=self.route, ttl=60)
        message.campaign_id.action_pause()
        self.live(0, 61)
        self.assertEqual((message.state, message.outcome), ("expired", "not_sent"))

    def test_a_late_report_of_an_exhausted_message_makes_it_delivered(self):
        message = self.send_one(sandbox_phone("0004"), route=self.route)
        campaign = message.campaign_id
        self.live(0, 10, 100)
        self.run_fold()
        self.assertEqual((campaign.sent_count, campaign.not_sent_count), (0, 1))
        self.set_state(message, "delivered")
        self.run_fold()
        counters = self.read_counters(campaign)
        self.assertEqual((counters["sent_count"], counters["not_sent_count"]), (1, 0))
        self.assertEqual(self.look()["totals"]["not_sent"], 0)

    def test_half_of_the_contacts_have_no_number(self):
        people = self.env["res.partner"]
        for number in range(70):
            phone = number % 2 and f"{number + 1000}"
            people |= self.make_contact(f"Person {number}", phone)
        campaign = self.send_draft(
            people, route_id=self.route.id, text_male="Hello", text_female=False
        ).sudo()
        self.live(0, 10)
        self.run_fold()
        self.assertEqual(
            {
                name: campaign[name]
                for name in (
                    "recipient_count",
                    "sent_count",
                    "delivered_count",
                    "not_delivered_count",
                    "not_sent_count",
                    "waiting_count",
                    "resent_count",
                    "delivered_share",
                )
            },
            {
                "recipient_count": 70,
                "sent_count": 35,
                "delivered_count": 35,
                "not_delivered_count": 0,
                "not_sent_count": 35,
                "waiting_count": 0,
                "resent_count": 0,
                "delivered_share": 100,
            },
        )
        look = self.look()
        self.assertEqual((look["totals"]["sent"], look["totals"]["not_sent"]), (35, 35))
        self.assertEqual([one["count"] for one in look["not_sent"]], [35])
        self.assertEqual(look["not_delivered"], [])
        self.assertEqual(look["costs"][0]["amount"], 70)

    def test_what_is_sent_again_is_told_apart(self):
        campaign = self.send(PHONE, sandbox_phone("0005"), route=self.route)
        self.live(0, 10)
        failed = self.get_messages(campaign).filtered(lambda m: m.state == "failed")
        failed.action_retry()
        self.live(20, 30)
        self.run_fold()
        self.assertEqual((campaign.recipient_count, campaign.resent_count), (2, 1))
        self.assertEqual((campaign.sent_count, campaign.not_delivered_count), (2, 1))
        self.assertAlmostEqual(campaign.delivered_share, 50)

    def test_the_buttons_open_what_they_count(self):
        campaign = self.send(PHONE, sandbox_phone("0005"), "123", route=self.route)
        self.live(0, 10)
        self.run_fold()
        found = self.env["sms.gateway.message"].search(
            campaign.action_open_sent()["domain"]
        )
        self.assertEqual(len(found), campaign.sent_count)
        self.assertEqual(len(found), 2)

    # === TESTS ===
    def test_a_test_moves_no_figure_but_its_own(self):
        before = self.look()["totals"]
        self.draft(route_id=self.route.id, test_phone=PHONE).action_send_test()
        self.live(0, 10)
        self.run_fold()
        look = self.look()
        self.assertEqual(look["totals"], before)
        self.assertEqual(look["tests"]["count"], 1)
        self.assertEqual(look["tests"]["costs"][0]["amount"], 2)
        test = self.env["sms.gateway.campaign"].search([], limit=1)
        self.assertTrue(test.is_test)
        self.assertEqual(test.delivered_count, 1)

    # === UPDATE ===
    def test_an_update_sorts_out_what_was_counted_before(self):
        campaigns = self.make_traffic(Random(5))
        self.live(30, 70, 100)
        self.act(Random(5), campaigns.message_ids)
        self.run_fold()
        statistics = self.read_statistics()
        counters = {one.id: self.read_counters(one) for one in campaigns}
        self.count_again(campaigns.message_ids.filtered("is_superseded"))
        self.forget_outcomes()
        self.assertNotEqual(self.read_statistics(), statistics)
        load_migration("post-outcomes").migrate(self.env.cr, "19.0.1.4.1")
        load_migration("post-succession", "19.0.1.9.0").migrate(
            self.env.cr, "19.0.1.4.1"
        )
        self.run_fold()
        self.assertEqual(self.read_statistics(), statistics)
        self.assertEqual(
            {one.id: self.read_counters(one) for one in campaigns}, counters
        )
        self.check_figures(campaigns)

    def count_again(self, superseded):
        """Count every message, as earlier versions did."""
        self.env["sms.gateway.succession"]._restore(superseded.ids)
        self.run_fold()

    def read_statistics(self):
        self.env.cr.execute(
            """SELECT day, channel, is_test, state, outcome, failure_type, count,
                      segments, COALESCE(cost, 0)
                 FROM sms_gateway_statistic WHERE route_id = %s AND count <> 0
             ORDER BY 1, 2, 3, 4, 5, 6""",
            [self.route.id],
        )
        return self.env.cr.fetchall()

    def forget_outcomes(self):
        """Count as the earlier version did: by states, tests like everything else."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            WITH gone AS (DELETE FROM sms_gateway_statistic RETURNING *)
            INSERT INTO sms_gateway_statistic
                   (day, company_id, route_id, channel, is_test, state, outcome,
                    failure_type, count, segments, cost)
            SELECT day, company_id, route_id, channel, FALSE, state,
                   {load_migration("pre-outcomes").OUTCOME}, failure_type,
                   sum(count), sum(segments), sum(cost)
              FROM gone GROUP BY 1, 2, 3, 4, 6, 7, 8;
            UPDATE sms_gateway_campaign
               SET is_test = NULL, sent_count = NULL, not_delivered_count = NULL,
                   not_sent_count = NULL,
                   submitted_count = NULLIF(submitted_count, 0),
                   unknown_count = NULLIF(unknown_count, 0);
            UPDATE sms_gateway_message SET is_superseded = NULL
            """
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestDays(GatewayCase):
    """Days are those of the company, and a message stays on the day it was accepted."""

    def setUp(self):
        super().setUp()
        self.company = self.route.company_id
        self.zone = self.company.partner_id
        self.run_fold()

    def at(self, moment):
        self._start = fields.Datetime.to_datetime(moment)
        return self.later(0)

    def read_days(self):
        self.run_fold()
        groups = self.env["sms.gateway.statistic"]._read_group(
            [("route_id", "=", self.route.id), ("count", "!=", 0)],
            ["day:day", "state"],
            ["count:sum"],
        )
        return [(str(day), state, count) for day, state, count in groups]

    def test_midnight_is_that_of_the_company(self):
        for zone, day in (
            ("Pacific/Niue", "2026-03-09"),
            ("Europe/Moscow", "2026-03-10"),
            ("Pacific/Kiritimati", "2026-03-11"),
            (False, "2026-03-10"),
        ):
            with self.subTest(zone=zone), self.at("2026-03-10 10:30:00"):
                self.zone.tz = zone
                self.assertEqual(str(self.send_one().day), day)

    def test_without_a_zone_it_is_the_gateways(self):
        self.zone.tz = False
        self.env["ir.config_parameter"].set_param(
            "crm_sms_gateway.time_zone", "Asia/Vladivostok"
        )
        with self.at("2026-03-10 15:30:00"):
            self.assertEqual(str(self.send_one().day), "2026-03-11")

    def test_the_dashboard_ends_with_the_companys_today(self):
        self.zone.tz = "Europe/Moscow"
        with self.at("2026-03-10 22:30:00"):
            self.send(PHONE, PHONE)
            self.run_fold()
            look = self.env["sms.gateway.statistic"].action_get_dashboard(
                1, self.route.id
            )
        self.assertEqual(look["since"], "2026-03-11")
        self.assertEqual([day["day"] for day in look["by_day"]], ["2026-03-11"])
        self.assertEqual(look["totals"]["waiting"], 2)

    def test_a_message_keeps_its_day_when_the_zone_changes(self):
        self.zone.tz = "Pacific/Kiritimati"
        with self.at("2026-03-10 12:00:00"):
            self.send(PHONE)
        self.assertEqual(self.read_days(), [("2026-03-11", "queued", 1)])
        self.zone.tz = "Pacific/Niue"
        self.run_lane()
        self.assertEqual(self.read_days(), [("2026-03-11", "submitted", 1)])

    def test_a_message_of_an_earlier_version_keeps_the_day_of_utc(self):
        with self.at("2026-03-10 22:30:00"):
            message = self.send_one()
        self.env.cr.execute("UPDATE sms_gateway_message SET day = NULL")
        self.env.cr.execute(
            "UPDATE sms_gateway_statistic_change SET day = '2026-03-10'"
        )
        self.assertEqual(self.read_days(), [("2026-03-10", "queued", 1)])
        self.run_lane()
        self.assertEqual(self.read_days(), [("2026-03-10", "submitted", 1)])
        self.assertTrue(message.submitted_at)
