"""What the generator of large tables makes keeps the rules of the product."""

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.tools.vocabulary import STATES

from ..common import GatewayCase
from ..workload import generate

SIZES = generate.Sizes(
    queued=200,
    finished=600,
    largest=200,
    submitted=20,
    unknown=10,
    singles=40,
    kept_reports=5,
    days=10,
)
#: PostgreSQL writes a condition in other words every time it reads it.
INDEXES = """
SELECT indexrelid::regclass::text,
       split_part(pg_get_indexdef(indexrelid), ' WHERE ', 1), indpred IS NULL,
       obj_description(indexrelid, 'pg_class')
  FROM pg_index WHERE indrelid::regclass::text IN %s ORDER BY 1
"""
KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE contype = 'f' AND conrelid::regclass::text IN %s ORDER BY 1, 2
"""


@tagged("post_install", "-at_install")
class TestGenerate(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        branch = cls.env["res.company"].create({"name": "Branch"})
        cls.routes = cls.route + cls.make_route("branch", company_id=branch.id)
        cls.env.flush_all()
        routes = [generate.Route(route.id, route.company_id.id) for route in cls.routes]
        generate.fill(cls.env.cr, routes, SIZES)
        cls.campaigns = cls.env["sms.gateway.campaign"].search(
            [("route_id", "in", cls.routes.ids)]
        )

    def test_there_are_as_many_messages_as_wanted(self):
        counts = self._count(
            "SELECT state, count(*) FROM sms_gateway_message"
            " WHERE route_id IN %s GROUP BY state"
        )
        finals = ("delivered", "failed", "expired", "cancelled")
        self.assertEqual(sum(counts.pop(state, 0) for state in finals), SIZES.finished)
        self.assertEqual(
            counts,
            {
                "queued": SIZES.queued,
                "submitted": SIZES.submitted,
                "unknown": SIZES.unknown,
            },
        )

    def test_counters_agree_with_the_messages(self):
        for campaign in self.campaigns:
            counts = self._count(
                "SELECT state, count(*) FROM sms_gateway_message"
                " WHERE route_id IN %s AND campaign_id = %s GROUP BY state",
                campaign.id,
            )
            totals = {state: counts.get(state, 0) for state in STATES}
            self.assertEqual(campaign._get_totals(), totals)
            self.assertEqual(campaign.recipient_count, sum(totals.values()))

    def test_statistics_agree_with_the_messages(self):
        told = self._count(
            "SELECT state, sum(count) FROM sms_gateway_statistic"
            " WHERE route_id IN %s GROUP BY state"
        )
        counted = self._count(
            "SELECT state, count(*) FROM sms_gateway_message"
            " WHERE route_id IN %s GROUP BY state"
        )
        self.assertEqual(told, counted)

    def test_every_message_has_its_story(self):
        messages = self.env["sms.gateway.message"].search(
            [("route_id", "in", self.routes.ids), ("state", "!=", "queued")]
        )
        for message in messages:
            self.assertEqual(self.get_story(message)[-1], message.state)

    def test_indexes_and_keys_come_back(self):
        before = self._describe_indexes()
        with generate.without_indexes(self.env.cr):
            self.assertNotEqual(self._describe_indexes(), before)
        self.assertEqual(self._describe_indexes(), before)

    def _count(self, query, *values):
        self.env.cr.execute(query, [tuple(self.routes.ids), *values])
        return dict(self.env.cr.fetchall())

    def _describe_indexes(self):
        found = []
        for query in (INDEXES, KEYS):
            self.env.cr.execute(query, [generate.GROWING])
            found += self.env.cr.fetchall()
        return found
