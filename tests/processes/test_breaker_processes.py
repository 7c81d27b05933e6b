"""Lanes on connections of their own share the breaker and the pace of a route."""

from threading import Barrier, Thread

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.common import transactions
from odoo.addons.crm_sms_gateway.models.sending.lane import Claimed, RouteQueue
from odoo.addons.crm_sms_gateway.providers.types import Outcome, SubmitResult

from .common import PATIENCE, ProcessCase

TROUBLE = SubmitResult(Outcome.NOT_SENT, route_trouble=True, message="Refused")
THROTTLED = SubmitResult(Outcome.NOT_SENT, route_trouble=True, is_throttled=True)
LOG = "odoo.addons.crm_sms_gateway.models.routing.sms_gateway_breaker"


@tagged("post_install", "-at_install")
class TestBreakerProcesses(ProcessCase):
    def setUp(self):
        super().setUp()
        with self.committed() as env:
            values = {"name": "breaker of lanes", "provider_code": "sandbox"}
            route = env["sms.gateway.route"].create({**values, "throughput": 100})
            self.route_id = route.id
        self.addCleanup(self.forget, self.route_id)

    def fetch(self, query):
        with self.committed() as env:
            env.cr.execute(query, [self.route_id])
            return env.cr.fetchall()

    def read_breaker(self):
        return self.fetch(
            "SELECT is_open, openings FROM sms_gateway_breaker WHERE route_id = %s"
        )

    def take_in(self, env, *results):
        """What a lane does with the answers of one moment."""
        queue = RouteQueue(self.route_id, False, None, 1, 20)
        claimed = Claimed(0, None, maybe_sent=False, skip=False)
        answers = [(claimed, result) for result in results]
        env["sms.gateway.breaker"]._take_in(queue, answers)

    def take_in_together(self, count, *results):
        """Let so many lanes take in answers at the same time."""
        barrier = Barrier(count)

        def work():
            with self.committed() as env:
                barrier.wait(PATIENCE)
                self.take_in(env, *results)

        threads = [Thread(target=work) for _number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

    @mute_logger(LOG)
    def test_lanes_open_it_together_and_once(self):
        self.take_in_together(4, *[TROUBLE] * 3)
        self.assertEqual(self.read_breaker(), [(True, 1)])
        kinds = self.fetch(
            "SELECT kind FROM sms_gateway_breaker_event WHERE route_id = %s"
        )
        self.assertEqual(kinds, [("opened",)])

    def test_lanes_lower_the_pace_together_and_once(self):
        self.take_in_together(4, THROTTLED)
        paces = self.fetch(
            "SELECT pace FROM sms_gateway_rate_limit WHERE scope = 'route:' || %s::text"
        )
        self.assertEqual(paces, [(50.0,)])

    def test_one_lane_has_the_probe_and_nobody_waits_for_it(self):
        with self.committed() as env:
            env["sms.gateway.breaker"]._lock(self.route_id).is_open = True
        with self.committed() as one, self.committed() as other:
            transactions.begin(one)
            transactions.begin(other)
            other.cr.execute("SET lock_timeout = '5s'")
            probes = [self.take_probe(one), self.take_probe(other)]
            transactions.commit(one)
            probes.append(self.take_probe(other))
            other.cr.execute("RESET lock_timeout")
        self.assertEqual(probes, [1, None, None])

    def take_probe(self, env):
        return env["sms.gateway.breaker"]._take_probe(self.route_id)

    def test_a_person_who_edits_the_route_does_not_hold_up_lanes(self):
        with self.committed() as person, self.committed() as lane:
            person.cr.execute(
                "UPDATE sms_gateway_route SET sequence = 7 WHERE id = %s",
                [self.route_id],
            )
            lane.cr.execute("SET lock_timeout = '5s'")
            self.take_in(lane, TROUBLE)
            lane.cr.execute("RESET lock_timeout")
        self.assertEqual(self.read_breaker(), [(False, 0)])
