"""Whatever providers answer, and in whatever order things happen: each person gets the
message at most once, every cascade ends, and the counters add up."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.crm_sms_gateway.providers.types import (
    DeliveryStatus,
    Outcome,
    StatusUpdate,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import FAILOVER_TYPES

from ...common import sandbox_phone
from .common import RoutingCase

PERSONS = 6
BOTH = frozenset({"sms", "voice"})
#: How providers refuse: for reasons of the route, of the text, of the person.
REFUSALS = (*sorted(FAILOVER_TYPES), "busy", "content_rejected", "opted_out")
ACTS = ("lane", "time", "failover", "cascade", "report", "pause", "resume", "recover")


class World:
    """Honest providers and the handsets of persons.

    A provider that says that it has not sent a message has not; one without an answer
    may have. What it reports is what happened.
    """

    def __init__(self, seed):
        self.random = Random(seed)
        #: (number, message) → how often a handset got it
        self.handsets = Counter()
        #: messages that providers have taken and said nothing about yet
        self.open = []

    def submit(self, route_number):
        """:return: the function that a scripted provider submits with"""

        def answer(requests):
            return [self._take(route_number, request) for request in requests]

        return answer

    def _take(self, route_number, request):
        outcome = self.random.choice(
            [Outcome.ACCEPTED] * 3
            + [Outcome.REFUSED, Outcome.NOT_SENT, Outcome.MAYBE_SENT]
        )
        if outcome is Outcome.ACCEPTED:
            self.open.append((route_number, request))
            reference = f"{route_number}-{request.uuid}"
            return SubmitResult(outcome, provider_reference=reference)
        if outcome is Outcome.REFUSED:
            return SubmitResult(outcome, failure_type=self.random.choice(REFUSALS))
        if outcome is Outcome.MAYBE_SENT and self.random.random() < 0.5:
            self._deliver(request)
        return SubmitResult(outcome)

    def _deliver(self, request):
        self.handsets[request.msisdn, request.uuid] += 1

    def report(self):
        """What became of one of the messages that providers have taken.

        :return: the number of the route and the `StatusUpdate`, None for nothing
        """
        if not self.open:
            return None
        route_number, request = self.open.pop(self.random.randrange(len(self.open)))
        status = self.random.choice(
            [DeliveryStatus.DELIVERED, DeliveryStatus.FAILED, DeliveryStatus.EXPIRED]
        )
        failure_type = None
        if status is DeliveryStatus.DELIVERED:
            self._deliver(request)
        elif status is DeliveryStatus.FAILED:
            failure_type = self.random.choice(REFUSALS)
        reference = f"{route_number}-{request.uuid}"
        return route_number, StatusUpdate(
            status, provider_reference=reference, failure_type=failure_type
        )


@tagged("post_install", "-at_install")
class TestAnyStory(RoutingCase):
    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(
        seed=st.integers(0, 10**6),
        acts=st.lists(st.sampled_from(ACTS), min_size=5, max_size=25),
    )
    def test_at_most_once_and_everything_adds_up(self, seed, acts):
        self.begin(seed)
        for act in acts:
            getattr(self, f"act_{act}")()
            self.check_counts()
        self.live_to_the_end()
        self.check_handsets()
        self.check_counts()
        self.check_ends()

    def begin(self, seed):
        self.world = World(seed)
        self.routes = [
            self.script_route(
                submit=self.world.submit(number),
                channels=BOTH,
                route={"has_voice": True, "max_attempts": 4},
            )[0]
            for number in range(3)
        ]
        policy = self.make_cascade(
            {"routes": self.routes[:2], "channel": "voice", "ttl": 3600},
            {"routes": self.routes, "channel": "sms", "ttl": 3600},
            {"routes": self.routes[1:], "channel": "voice", "ttl": 3600},
        )
        phones = [sandbox_phone(f"{1000 + number}") for number in range(PERSONS)]
        self.campaign = self.send(*phones, route=policy.route_id, channel="voice")

    # === ACTS ===
    def act_lane(self):
        self.run_lane()

    def act_time(self):
        self.let_pass(
            self.world.random.choice([10, 100, 4000]), self.get_messages(self.campaign)
        )

    def act_failover(self):
        self.run_failover()

    def act_cascade(self):
        self.run_cascade()

    def act_recover(self):
        self.run_recover()

    def act_report(self):
        told = self.world.report()
        if told:
            number, update = told
            self.env["sms.gateway.delivery.report"]._ingest(
                self.routes[number], [update]
            )
            self.env.invalidate_all()

    def act_pause(self):
        self.pause(self.world.random.choice(self.routes))

    def act_resume(self):
        self.env["sms.gateway.route.pause"]._resume(
            self.world.random.choice(self.routes)
        )

    def live_to_the_end(self):
        """Everything is reported, nothing is down any more."""
        for route in self.routes:
            self.env["sms.gateway.route.pause"]._resume(route)
        for _round in range(60):
            self.run_lane()
            while self.world.open:
                self.act_report()
            self.run_failover()
            self.run_cascade()
            messages = self.get_messages(self.campaign)
            if not messages.filtered(lambda m: m.state in ("queued", "submitting")):
                return
            self.let_pass(200, messages)
        self.fail(f"Messages wait for ever: {messages.mapped('state')}")

    # === CHECKS ===
    def check_handsets(self):
        """Nobody got the message twice: not in one step, not in two."""
        persons = Counter()
        for (msisdn, _uuid), count in self.world.handsets.items():
            persons[msisdn] += count
        self.assertLessEqual(max(persons.values(), default=0), 1, persons)

    def check_counts(self):
        messages = self.get_messages(self.campaign)
        counting = messages.filtered(lambda message: not message.is_superseded)
        self.assertEqual(
            sorted(counting.mapped("index")), list(range(PERSONS)), "one each"
        )
        self.assertEqual(
            self.get_totals(self.campaign), Counter(counting.mapped("state"))
        )

    def check_ends(self):
        """What was delivered counts, what may go on has gone on."""
        for message in self.get_messages(self.campaign):
            if message.follow_up:
                self.assertIn(message.state, ("submitted", "unknown"))
            if message.is_superseded:
                self.assertNotEqual(message.state, "delivered")
        reached = {msisdn for msisdn, _uuid in self.world.handsets}
        counting = self.get_messages(self.campaign).filtered(
            lambda message: not message.is_superseded
        )
        for message in counting:
            if message.state in ("failed", "expired"):
                self.assertNotIn(message.msisdn, reached)
