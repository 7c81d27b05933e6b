"""How PostgreSQL finds the rows: no statement of daily work may read a whole table.

The statements are taken from the product as it executes them, on tables that look like
a busy installation's in small.
"""

import json
import re
import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_sms_gateway.models.common import clock, transactions
from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    DeliveryStatus,
    PushAnswer,
    PushRequest,
    StatusUpdate,
)

from ...common import GatewayCase, ScriptedProvider, accept, sandbox_phone
from ...workload import generate, screens

#: The tables are so many times smaller than those of the benchmark, ...
DIVIDE = 300
#: ... and to read them from end to end is made so many times dearer.
SEQUENTIAL_COST = 25
#: Reports are kept for three months only.
DEAR_REQUESTS = ("Delivery Reports, list: search provider's reference",)
#: What a walk along all messages may look for in vain.
RARE = re.compile(r"\(state\)|is_debug IS TRUE|'voice'")
#: Lines of a statement that a failure shows.
SHOWN_LINES = 12


class PlanProvider(ScriptedProvider):
    """Accepts everything and knows nothing."""

    code = "plans"
    capabilities = Capabilities(
        channels=frozenset({"sms"}),
        max_batch=100,
        max_poll=100,
        lookup=True,
        max_lookup=100,
        push=True,
        poll=True,
    )
    script = {
        "submit": accept,
        "poll": lambda references: [
            StatusUpdate(DeliveryStatus.DELIVERED, provider_reference=reference)
            for reference in references
        ],
        "lookup": lambda requests: [
            StatusUpdate(DeliveryStatus.UNKNOWABLE) for _request in requests
        ],
        "push": lambda request: PushAnswer(
            tuple(
                StatusUpdate(DeliveryStatus.DELIVERED, **values)
                for values in json.loads(request.body)
            )
        ),
    }


class Plans:
    """The plans of what this thread executes on growing tables, with its statements.

    An instance is a query hook of Odoo's cursors.
    """

    def __init__(self, tables):
        self._tables = tables
        self._found = []

    def __call__(self, cr, query, params, _start, _delay):
        verb = query.strip().partition("\n")[0].partition(" ")[0].upper()
        if verb not in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "EXECUTE"):
            return
        # What a prepared statement is about, its name does not tell.
        if verb == "EXECUTE" or any(table in query for table in self._tables):
            # The statement's own cursor still holds its rows.
            with cr._cnx.cursor() as cursor:
                cursor.execute("EXPLAIN (FORMAT JSON) " + query, params)
                [(explained,)] = cursor.fetchall()
            self._found.append((query, explained[0]["Plan"]))

    def __bool__(self):
        return bool(self._found)

    def iterate_nodes(self):
        """Yield (statement, node) of every step of every plan."""
        for query, plan in self._found:
            for node in _iterate_nodes(plan):
                yield query, node


def _iterate_nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _iterate_nodes(child)


class PlanCase(GatewayCase):
    """Full tables, and a look at the plans made on them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(PROVIDERS, {"plans": PlanProvider}))
        branch = cls.env["res.company"].create({"name": "Branch"})
        cls.route = cls.make_route("busy", provider_code="plans", has_voice=False)
        routes = cls.route + cls.make_route("branch", company_id=branch.id)
        cls.companies = routes.company_id
        cls.env.flush_all()
        cls._fill(routes)
        cls.largest = cls.env["sms.gateway.campaign"].search(
            [], order="recipient_count desc", limit=1
        )
        cls.indexes = cls._find_indexes()

    @classmethod
    def _fill(cls, routes):
        """Fill the tables two hours ago, so that work of all kinds is due."""
        generate.fill(
            cls.env.cr,
            [generate.Route(route.id, route.company_id.id) for route in routes],
            generate.Sizes().divide(DIVIDE),
            now=clock.now() - timedelta(hours=2),
        )
        cls.env.cr.execute(
            """
            UPDATE sms_gateway_message
               SET expires_at = now() AT TIME ZONE 'UTC' - interval '1 minute'
             WHERE state = 'queued' AND id %% 20 = 0;
            UPDATE sms_gateway_message
               SET state = 'submitting', attempts = 1,
                   lease_until = now() AT TIME ZONE 'UTC' - interval '1 minute'
             WHERE state = 'queued' AND id %% 50 = 1;
            INSERT INTO sms_gateway_statistic_change
                   (campaign_id, route_id, company_id, channel, is_debug, day, state,
                    outcome, count, segments)
            SELECT campaign_id, route_id, company_id, channel, is_debug,
                   accepted_at::date, state, 'waiting', 0, 0
              FROM sms_gateway_message
             WHERE state NOT IN ('delivered', 'failed');
            INSERT INTO sms_gateway_recipient
                   (campaign_id, index, res_model, res_id, message_id, is_prepared)
            SELECT campaign_id, index, 'res.partner', id, id, TRUE
              FROM sms_gateway_message
                ON CONFLICT DO NOTHING
            """,
            [],
        )
        generate.analyze(cls.env.cr)
        cls.env.cr.execute("ANALYZE sms_gateway_statistic_change")
        cls.env.cr.execute("ANALYZE sms_gateway_recipient")
        cls.env.cr.execute(f"SET LOCAL seq_page_cost = {SEQUENTIAL_COST}")

    @classmethod
    def _find_indexes(cls):
        """The columns that a reader of each index must know: the first one, of a
        unique index all.

        :return: dict of name → (list of columns, whether it holds chosen rows only)
        """
        cls.env.cr.execute(
            """
            SELECT indexrelid::regclass::text,
                   ARRAY(SELECT pg_get_indexdef(indexrelid, place, TRUE)
                           FROM generate_series(1, CASE WHEN indisunique
                                THEN indnkeyatts ELSE 1 END) AS place),
                   indpred IS NOT NULL
              FROM pg_index
            """
        )
        return {name: (columns, some) for name, columns, some in cls.env.cr.fetchall()}

    @contextmanager
    def watch(self, tables):
        """Note the plans of what the block executes on the tables."""
        plans = Plans(tables)
        thread = threading.current_thread()
        thread.query_hooks = [plans]
        try:
            yield plans
        finally:
            thread.query_hooks = []

    @contextmanager
    def assert_found_by_index(self, tables=generate.GROWING):
        """What the block executes finds its rows in the tables by an index, and a batch
        of them in the index' own order."""
        with self.watch(tables) as plans:
            yield
        self.assertTrue(plans, "The tables were not read")
        for query, node in plans.iterate_nodes():
            if (
                self._reads_all(node, tables)
                or self._walks(node, tables)
                or _sorts_for_a_batch(node)
            ):
                self.fail(_describe(query, node))

    @contextmanager
    def assert_not_read_to_the_end(self, tables):
        """What a screen asks for; it may walk along an index until its page is full of
        what is common, and count rows up to a limit wherever they are."""
        with self.watch(tables) as plans:
            yield
        for query, node in plans.iterate_nodes():
            is_count = query.startswith("SELECT COUNT(*) FROM (SELECT")
            is_long = self._reads_all(node, tables) or (
                self._walks(node, ["sms_gateway_message"])
                and RARE.search(node.get("Filter", ""))
            )
            if is_long and not is_count:
                self.fail(_describe(query, node))

    def _reads_all(self, node, tables):
        return node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables

    def _walks(self, node, tables):
        """Whether an index is read that was not made for what is looked for."""
        name = node.get("Index Name") or ""
        if not name.startswith(tuple(tables)):
            return False
        columns, has_chosen_rows = self.indexes[name]
        known = node.get("Index Cond", "")
        if has_chosen_rows and not known:
            return False
        return any(column not in known for column in columns)


def _sorts_for_a_batch(node):
    """Whether all that is due is put in order to take the first of it."""
    if node["Node Type"] != "Limit":
        return False
    while len(node.get("Plans", ())) == 1:
        [node] = node["Plans"]
        if node["Node Type"] in ("Sort", "Incremental Sort"):
            return True
    return False


def _describe(query, node):
    lines = [line for line in query.splitlines() if line.strip()]
    kept = {
        name: node[name]
        for name in ("Node Type", "Relation Name", "Index Name", "Index Cond", "Filter")
        if name in node
    }
    return "\n".join([f"Read from end to end: {kept}", *lines[:SHOWN_LINES]])


@tagged("post_install", "-at_install")
class TestPlans(PlanCase):
    # === SENDING ===
    def test_a_lane(self):
        """Sweeps, claims, answers, kept reports and what is due next."""
        # Counters have a test of their own.
        self.env.cr.execute("DELETE FROM sms_gateway_statistic_change")
        with (
            patch.object(transactions, "TURN_SECONDS", 2),
            self.assert_found_by_index(),
        ):
            self.run_lane()
        self.assertTrue(self._count("expired", source="ttl"))
        self.assertTrue(self._count("submitted", source="dispatcher"))

    def test_health(self):
        """What is due is found by its index; whether lanes take it tell the latest
        events, and no more of them."""
        self.env.cr.execute(
            """
            UPDATE sms_gateway_route SET write_date = now() - interval '1 day';
            UPDATE ir_cron
               SET lastcall = NULL, create_date = now() - interval '1 day';
            DELETE FROM ir_cron_progress
            """
        )
        health = self.env["sms.gateway.health"]
        with self.assert_found_by_index():
            vitals = self.env["sms.gateway.health.vitals"]._collect()
        self.assertGreater(vitals.waiting[self.route.id], timedelta(hours=1))
        tables = (*generate.GROWING, "sms_gateway_statistic_change")
        with self.assert_not_read_to_the_end(tables):
            troubles = health._find_troubles()
        codes = {trouble.code for trouble in troubles}
        self.assertLessEqual({"messages_waiting", "counters_late"}, codes)

    def test_watching_routes(self):
        """What waits for reports is found by the indexes of those that are polled and
        those that are not."""
        self.env.cr.execute(
            """
            UPDATE sms_gateway_route
               SET last_push_at = now() AT TIME ZONE 'UTC' - interval '1 year',
                   write_date = now() - interval '1 day'
             WHERE id = %s;
            UPDATE sms_gateway_message SET next_poll_at = NULL
             WHERE state = 'submitted' AND id %% 2 = 0;
            """,
            [self.route.id],
        )
        self.env.invalidate_all()
        with self.assert_found_by_index(), self.as_cron() as env:
            env["sms.gateway.watcher"]._cron_watch()
        codes = self.route.watch_ids.mapped("code")
        self.assertLessEqual({"queue_old", "no_reports.polled"}, set(codes))

    def test_cancelling_a_campaign(self):
        self.largest.action_cancel()
        self.env.flush_all()
        with self.assert_found_by_index():
            self.env["sms.gateway.campaign.state"]._sweep_cancelled()
        self.assertTrue(self._count("cancelled", source="campaign"))

    def test_accepting_a_campaign(self):
        with self.assert_found_by_index():
            self.send(*(sandbox_phone(f"{number:04}") for number in range(100, 150)))

    def test_sending_again(self):
        failed = self._find("failed", limit=5)
        with self.assert_found_by_index():
            failed.action_retry()

    # === WHAT BECAME OF IT ===
    def test_polling(self):
        with self.assert_found_by_index():
            self.run_poll()
        self.assertTrue(self._count("delivered", source="poll"))

    def test_lost_leases_and_unknown_messages(self):
        with self.assert_found_by_index():
            self.run_recover()
        self.assertTrue(self._count("unknown", source="lease"))

    def test_a_push(self):
        for count, name in ((1, "provider_reference"), (1, "uuid"), (50, "uuid")):
            messages = self._find("submitted", limit=count)
            reports = [{name: message[name]} for message in messages]
            push = PushRequest("POST", json.dumps(reports).encode())
            with self.assert_found_by_index():
                self.env["sms.gateway.push"]._receive(self.route, push)
            self.assertEqual(set(messages.mapped("state")), {"delivered"})

    def test_kept_reports(self):
        with self.assert_found_by_index():
            self.run_apply_kept()

    def test_telling_odoo(self):
        """Of messages that ended long ago nobody is told again, so they are skipped."""
        self.env.cr.execute(
            """
            INSERT INTO sms_gateway_odoo_sms (message_id, synced_state)
            SELECT id, CASE WHEN finished_at IS NOT NULL AND id %% 50 > 0 THEN state END
              FROM sms_gateway_message;
            ANALYZE sms_gateway_odoo_sms
            """,
            [],
        )
        tables = (*generate.GROWING, "sms_gateway_odoo_sms")
        with self.assert_found_by_index(tables), self.as_cron() as env:
            self.assertTrue(env["sms.gateway.odoo.sms"]._sync_ended())

    # === CHORES ===
    def test_retention(self):
        self.env["ir.config_parameter"].set_param("crm_sms_gateway.retention_days", 50)
        with self.assert_found_by_index(), self.as_cron() as env:
            env["sms.gateway.retention"]._cron_retention(limit=200)

    def test_retention_of_campaigns(self):
        retention = self.env["sms.gateway.campaign.retention"]
        self.env.cr.execute(
            """
            INSERT INTO sms_gateway_campaign
                   (name, key, route_id, company_id, source, channel, is_debug, state,
                    starts_at)
            SELECT 'one', md5(number::text), %s, %s, 'api', 'sms', FALSE,
                   CASE WHEN number %% 20 > 0 THEN 'done' ELSE 'running' END,
                   now() AT TIME ZONE 'UTC' - number * interval '1 minute'
              FROM generate_series(1, 20000) AS number;
            ANALYZE sms_gateway_campaign
            """,
            [self.route.id, self.route.company_id.id],
        )
        oldest = clock.now() - timedelta(days=10)
        tables = (
            *generate.GROWING,
            "sms_gateway_campaign",
            "sms_gateway_statistic_change",
        )
        with self.assert_found_by_index(tables):
            self.assertEqual(retention._forget_before(oldest, 200), 200)

    def test_old_reports(self):
        with self.assert_found_by_index():
            self.env["sms.gateway.delivery.report"]._gc_reports(limit=200)

    def test_counters(self):
        with self.watch(generate.GROWING) as plans:
            self.run_fold()
        self.assertFalse(plans, "Counters are brought up to date without messages")

    # === STATUS ===
    def test_a_status(self):
        Campaign = self.env["sms.gateway.campaign"]
        tables = (*generate.GROWING, "sms_gateway_statistic_change")
        with self.assert_found_by_index(tables):
            for offset in (0, self.largest.recipient_count - 100):
                campaign = Campaign._find(self.largest.key, self.route)
                status = campaign._get_status_page(offset, 100)
                self.assertEqual(len(status.messages), 100)

    def test_a_report(self):
        tables = (
            *generate.GROWING,
            "sms_gateway_link",
            "sms_gateway_statistic_change",
        )
        self.largest.has_short_links = True
        self._make_links()
        with self.assert_found_by_index(tables):
            report = self.largest.action_get_report()
        self.assertTrue(report["timeline"])
        self.assertTrue(report["clicks"]["people"])

    # === SCREENS ===
    def test_replaced_messages(self):
        domain = [("is_superseded", "=", True)]
        own = [("campaign_id", "=", self.largest.id)]
        messages = self.env["sms.gateway.message"]
        with self.assert_found_by_index(generate.GROWING):
            messages.search_count(domain)
            messages.search_count(own + domain)

    def test_messages_that_failed_for_one_of_several_reasons(self):
        domain = [("failure_type", "in", ("operator_refusal", "other"))]
        with self.assert_found_by_index(generate.GROWING):
            self.env["sms.gateway.message"].search(domain, limit=80)

    def test_screens(self):
        user = new_test_user(
            self.env,
            login="person",
            groups="crm_sms_gateway.group_administrator,base.group_system",
            company_ids=[Command.set(self.companies.ids)],
        )
        for companies in (self.companies[:1], self.companies):
            context = {"allowed_company_ids": companies.ids}
            env = self.env(user=user, context=context)
            for request in screens.iterate_all(env):
                if not any(dear in request.title for dear in DEAR_REQUESTS):
                    with self.subTest(request.title, companies=len(companies)):
                        self._check_request(env, request)

    def _check_request(self, env, request):
        env.invalidate_all()
        tables = (*generate.GROWING, "sms_gateway_campaign")
        with self.assert_not_read_to_the_end(tables):
            request.call()

    # === SCENE ===
    def _make_links(self):
        """A link of every message, of which every third was clicked."""
        tracker = self.env["link.tracker"].create({"url": "https://example.com/plans"})
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO sms_gateway_link (token, campaign_id, index, link_tracker_id,
                                          click_count, first_click_at)
            SELECT m.uuid, m.campaign_id, m.index, %s, clicked.count,
                   CASE clicked.count WHEN 1 THEN m.accepted_at END
              FROM sms_gateway_message m
             CROSS JOIN LATERAL (SELECT (m.id %% 3 = 0)::int AS count) AS clicked;
            ANALYZE sms_gateway_link
            """,
            [tracker.id],
        )

    def _find(self, state, *, limit):
        return self.env["sms.gateway.message"].search(
            [("state", "=", state), ("route_id", "=", self.route.id)], limit=limit
        )

    def _count(self, kind, *, source):
        since = fields.Datetime.now() - timedelta(minutes=1)
        return self.env["sms.gateway.event"].search_count(
            [
                ("kind", "=", kind),
                ("source", "=", source),
                ("recorded_at", ">=", since),
            ]
        )
