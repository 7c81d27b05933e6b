"""The manager's dashboard: what it tells, of whom, and how fast it finds it."""

import math
import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.common import clock

from ...common import PHONE, GatewayCase, sandbox_phone
from ..sending.test_plans import SEQUENTIAL_COST, Plans

#: What one look may ask the database for, half of it about the gateway's health.
MAX_QUERIES = 12
#: Outcomes of states that have only one, or are rarely the other.
OUTCOME_OF = {
    "queued": "waiting",
    "submitting": "waiting",
    "failed": "not_delivered",
    "expired": "not_delivered",
    "cancelled": "not_sent",
}


class DashboardCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, login="dash_manager", groups="crm_sms_gateway.group_manager"
        )
        cls.today = cls.env.company._get_sms_gateway_day(fields.Datetime.now())
        cls.env.cr.execute("DELETE FROM sms_gateway_statistic")

    def count(self, state, count, *, days_ago=0, route=None, **values):
        """Tell the statistics of so many messages."""
        route = route or self.route
        return self.env["sms.gateway.statistic"].create(
            {
                "day": self.today - timedelta(days=days_ago),
                "company_id": route.company_id.id,
                "route_id": route.id,
                "channel": "sms",
                "state": state,
                "outcome": OUTCOME_OF.get(state, state),
                "count": count,
                "segments": count,
                **values,
            }
        )

    def look(self, *args, user=None, **context):
        statistics = self.env["sms.gateway.statistic"].with_user(user or self.manager)
        return statistics.with_context(**context).action_get_dashboard(*args)


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCase):
    def test_what_was_never_sent_is_apart(self):
        states = self.env["sms.gateway.statistic"]._fields["state"].get_values(self.env)
        for number, state in enumerate(states):
            self.count(state, 10**number)
        self.count("failed", 7, outcome="not_sent", failure_type="invalid_number")
        self.assertEqual(
            self.look()["totals"],
            {
                "waiting": 11,
                "submitted": 100,
                "unknown": 1000,
                "delivered": 10_000,
                "not_delivered": 1_100_000,
                "not_sent": 10_000_007,
                "sent": 1_111_100,
            },
        )

    def test_it_tells_what_became_of_real_messages(self):
        self.send(PHONE, sandbox_phone("9901"), sandbox_phone("9903"), "123")
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.send(PHONE)
        self.run_fold()
        look = self.look()
        totals = look["totals"]
        self.assertEqual((totals["delivered"], totals["not_delivered"]), (1, 2))
        self.assertEqual((totals["sent"], totals["waiting"]), (3, 1))
        reasons = {one["label"]: one["count"] for one in look["not_delivered"]}
        self.assertEqual(reasons, {"Subscriber unreachable": 1, "Expired": 1})
        reasons = {one["label"]: one["count"] for one in look["not_sent"]}
        self.assertEqual(reasons, {"Invalid or missing number": 1})

    def test_it_is_true_when_nobody_folds(self):
        """Of all that folds the counters nothing runs."""
        other = self.make_route("other")
        self.send(*[PHONE] * 3, "123")
        self.send(PHONE, route=other)
        self.send(PHONE, is_debug=True)
        look = self.look()
        self.assertEqual(look["totals"]["waiting"], 4)
        self.assertEqual(look["totals"]["not_sent"], 1)
        self.assertEqual(look["by_day"][-1]["waiting"], 4)
        self.assertEqual(
            [one["label"] for one in look["not_sent"]], ["Invalid or missing number"]
        )
        self.assertEqual(self.look(30, other.id)["totals"]["waiting"], 1)
        self.run_fold()
        folded = self.look()
        for name in ("totals", "by_day", "not_sent"):
            self.assertEqual(folded[name], look[name])

    def test_what_is_half_folded_is_counted_once(self):
        self.send(PHONE, PHONE)
        self.run_fold()
        self.run_lane()
        self.send(PHONE)
        totals = self.look()["totals"]
        self.assertEqual((totals["sent"], totals["waiting"]), (2, 1))

    def test_nobody_sees_what_is_unfolded_of_other_companies(self):
        company = self.env["res.company"].create({"name": "Branch"})
        self.send(PHONE, route=self.make_route("branch", company_id=company.id))
        self.assertEqual(self.look()["totals"]["waiting"], 0)

    # === PERIOD ===
    def test_the_period_ends_today(self):
        self.count("delivered", 1, days_ago=0)
        self.count("delivered", 10, days_ago=6)
        self.count("delivered", 100, days_ago=7)
        for days, sent in ((1, 1), (7, 11), (8, 111), (30, 111)):
            with self.subTest(days=days):
                look = self.look(days)
                self.assertEqual(look["totals"]["sent"], sent)
                self.assertEqual(
                    fields.Date.to_date(look["since"]),
                    self.today - timedelta(days=days - 1),
                )

    def test_no_day_is_left_out(self):
        self.count("delivered", 1, days_ago=0)
        self.count("failed", 2, days_ago=2, failure_type="blocked")
        days = self.look(7)["by_day"]
        self.assertEqual([day["delivered"] for day in days], [0] * 6 + [1])
        self.assertEqual([day["not_delivered"] for day in days], [0] * 4 + [2, 0, 0])
        self.assertEqual(days[-1]["day"], fields.Date.to_string(self.today))

    def test_a_period_is_a_year_at_most(self):
        for days, length in ((0, 1), (-5, 1), (10**9, 366)):
            self.assertEqual(len(self.look(days)["by_day"]), length)

    # === ROUTES AND REASONS ===
    def test_the_busiest_route_is_first(self):
        other = self.make_route("other")
        self.count("delivered", 3)
        self.count("failed", 1, failure_type="blocked")
        self.count("delivered", 9, route=other)
        self.assertEqual(
            [
                tuple(route[n] for n in ("name", "sent", "delivered", "not_delivered"))
                for route in self.look()["by_route"]
            ],
            [("other", 9, 9, 0), ("test route", 4, 3, 1)],
        )

    def test_one_route_is_looked_at(self):
        other = self.make_route("other")
        self.count("delivered", 3)
        self.count("failed", 2, route=other, failure_type="blocked")
        look = self.look(30, other.id)
        totals = look["totals"]
        self.assertEqual((totals["sent"], totals["not_delivered"]), (2, 2))
        self.assertEqual([route["id"] for route in look["by_route"]], [other.id])
        self.assertEqual(sum(day["sent"] for day in look["by_day"]), 2)
        names = {route["name"] for route in look["routes"]}
        self.assertLessEqual({"test route", "other"}, names, "there is a way back")

    def test_archived_routes_can_be_chosen(self):
        self.route.active = False
        self.assertIn(self.route.id, [route["id"] for route in self.look()["routes"]])

    def test_the_commonest_reason_is_first(self):
        self.count("failed", 2, failure_type="blocked")
        self.count("failed", 5, failure_type="unreachable")
        self.count("failed", 1, failure_type="unreachable", channel="voice")
        self.count("expired", 3)
        self.count("cancelled", 9, failure_type="opted_out")
        self.count("cancelled", 4)
        self.count("failed", 7, failure_type="invalid_number", outcome="not_sent")
        look = self.look()
        for name, reasons in (
            (
                "not_delivered",
                [("Subscriber unreachable", 6), ("Expired", 3), ("Number blocked", 2)],
            ),
            (
                "not_sent",
                [("Opted out", 9), ("Invalid or missing number", 7), ("Cancelled", 4)],
            ),
        ):
            told = [(one["label"], one["count"]) for one in look[name]]
            self.assertEqual(told, reasons)

    def test_reasons_lead_to_their_messages(self):
        refused = sandbox_phone("9908")
        self.send("123", refused, sandbox_phone("9903"), PHONE)
        self.send(PHONE, PHONE).action_cancel()
        self.run_lane()
        with self.later(10):
            self.run_poll()
        self.run_fold()
        look = self.look()
        found = {
            (name, one["label"]): self.env["sms.gateway.message"].search_count(
                [*one["domain"], ("route_id", "=", self.route.id)]
            )
            for name in ("not_delivered", "not_sent")
            for one in look[name]
        }
        told = {
            (name, one["label"]): one["count"]
            for name in ("not_delivered", "not_sent")
            for one in look[name]
        }
        self.assertEqual(found, told)
        self.assertEqual(told["not_sent", "Cancelled"], 2)
        self.assertGreaterEqual(len(told), 4)

    def test_what_became_nothing_is_not_shown(self):
        self.count("failed", 0, failure_type="blocked")
        look = self.look()
        self.assertEqual((look["by_route"], look["not_delivered"]), ([], []))

    # === TESTS ===
    def test_tests_are_apart_and_cost(self):
        self.count("delivered", 3, cost=3)
        self.count("delivered", 2, cost=5, is_test=True)
        self.count("failed", 4, is_test=True, outcome="not_sent", failure_type="other")
        look = self.look()
        currency = self.route.company_id.currency_id.id
        self.assertEqual((look["totals"]["sent"], look["totals"]["not_sent"]), (3, 0))
        self.assertEqual(look["costs"], [{"currency_id": currency, "amount": 3}])
        self.assertEqual(
            look["tests"],
            {"count": 2, "costs": [{"currency_id": currency, "amount": 5}]},
        )
        self.assertEqual(
            self.look(30, self.make_route("other").id)["tests"]["count"], 0
        )

    # === COSTS ===
    def test_costs_are_added_up_by_currency(self):
        company = self.env["res.company"].create(
            {"name": "Branch", "currency_id": self.env.ref("base.CHF").id}
        )
        self.manager.company_ids |= company
        branch = self.make_route("branch", company_id=company.id)
        self.count("delivered", 1, cost=2.5)
        self.count("failed", 1, cost=1.25, failure_type="blocked")
        self.count("delivered", 1, cost=7, route=branch)
        ours = self.route.company_id
        look = self.look(allowed_company_ids=(ours + company).ids)
        costs = {cost["currency_id"]: cost["amount"] for cost in look["costs"]}
        self.assertEqual(
            costs, {ours.currency_id.id: 3.75, self.env.ref("base.CHF").id: 7}
        )
        of_routes = {route["name"]: route["costs"] for route in look["by_route"]}
        self.assertEqual(
            of_routes["branch"],
            [{"currency_id": self.env.ref("base.CHF").id, "amount": 7}],
        )

    def test_without_prices_there_are_no_costs(self):
        self.count("delivered", 1)
        look = self.look()
        self.assertEqual((look["costs"], look["by_route"][0]["costs"]), ([], []))

    # === WHO ===
    def test_other_companies_are_not_seen(self):
        company = self.env["res.company"].create({"name": "Branch"})
        branch = self.make_route("branch", company_id=company.id, user_id=False)
        self.count("delivered", 1)
        self.count("delivered", 10, route=branch)
        look = self.look()
        self.assertEqual(look["totals"]["sent"], 1)
        self.assertNotIn(branch.id, [route["id"] for route in look["routes"]])
        self.assertEqual(self.look(30, branch.id)["totals"]["sent"], 0)

    def test_strangers_see_nothing(self):
        stranger = new_test_user(self.env, login="dash_stranger")
        with self.assertRaises(AccessError):
            self.look(user=stranger)


@tagged("post_install", "-at_install")
class TestDashboardSpeed(DashboardCase):
    """A year of statistics of many routes."""

    ROUTES = 10

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env["res.company"].create({"name": "Branch"})
        cls.manager.company_ids = [Command.link(company.id)]
        for number in range(cls.ROUTES):
            owner = company if number % 2 else cls.env.company
            cls.make_route(f"route {number}", company_id=owner.id)
        cls.env.flush_all()
        cls.env.cr.execute(
            """
            INSERT INTO sms_gateway_statistic
                   (day, company_id, route_id, channel, is_test, state, outcome,
                    failure_type, count, segments, cost)
            SELECT current_date - back, route.company_id, route.id, channel, FALSE,
                   ends.state, CASE WHEN ends.state IN ('expired', 'failed')
                                    THEN 'not_delivered' ELSE ends.state END,
                   reason, back % 7 + 1, 9, 2.35
              FROM generate_series(0, 364) AS back,
                   sms_gateway_route AS route,
                   (VALUES ('sms'), ('voice')) AS channels(channel),
                   (VALUES ('delivered', NULL), ('submitted', NULL), ('expired', NULL),
                           ('failed', 'blocked'), ('failed', 'unreachable'))
                        AS ends(state, reason);
            ANALYZE sms_gateway_statistic
            """
        )
        cls.env.cr.execute(f"SET LOCAL seq_page_cost = {SEQUENTIAL_COST}")
        # Trouble takes further queries to explain.
        cls.env.cr.execute("UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC'")

    def look_at_all(self, *args):
        self.env.invalidate_all()
        return self.look(*args, allowed_company_ids=self.manager.company_ids.ids)

    def test_few_queries_are_asked(self):
        # Once a minute one more measures the host's clock.
        self.startPatcher(patch.object(clock, "KEPT_SECONDS", math.inf))
        self.look_at_all(90)
        with self.assertQueryCount(MAX_QUERIES):
            look = self.look_at_all(90)
        self.assertGreaterEqual(len(look["by_route"]), self.ROUTES)

    def test_only_the_period_is_read(self):
        plans = Plans(["sms_gateway_statistic"])
        thread = threading.current_thread()
        thread.query_hooks = [plans]
        try:
            self.look_at_all(30)
            self.look_at_all(7, self.route.id)
        finally:
            thread.query_hooks = []
        nodes = [node for _query, node in plans.iterate_nodes()]
        conditions = [node.get("Index Cond", "") for node in nodes]
        self.assertTrue(any("day" in condition for condition in conditions))
        self.assertNotIn(
            "Seq Scan",
            [
                node["Node Type"]
                for node in nodes
                if node.get("Relation Name") == "sms_gateway_statistic"
            ],
        )
