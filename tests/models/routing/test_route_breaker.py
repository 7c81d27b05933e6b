"""The circuit breaker of a route: opens, rests, probes, closes."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.routing import (
    sms_gateway_breaker,
    sms_gateway_breaker_event,
)
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent, NotSent
from odoo.addons.crm_sms_gateway.providers.types import (
    Capabilities,
    Outcome,
    SubmitResult,
)

from ...common import PHONE, GatewayCase, accept, answer, fail, sandbox_phone
from .breaker_common import TROUBLE, BreakerCase

LOG = "odoo.addons.crm_sms_gateway.models.routing.sms_gateway_breaker"
LEASE = sms_gateway_breaker.PROBE_LEASE.total_seconds()


class BreakerCase(BreakerCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(LOG))

    def open_breaker(self, count=10):
        """Open the breaker at the test's first moment."""
        with self.later(0):
            messages = self.send_many(count)
            self.run_lane()
        self.assertTrue(self.breaker.is_open)
        self.rest_until = self.get_passed()
        return messages

    def end_rest(self):
        """The first moment after the rest."""
        return self.later(self.get_passed() + 1)


@tagged("post_install", "-at_install")
class TestOpening(BreakerCase):
    def test_five_vain_calls_open_it(self):
        messages = self.open_breaker()
        self.assertEqual(self.count_calls(), 5)
        self.assertEqual(set(messages.mapped("state")), {"queued"})
        self.assertEqual(sorted(messages.mapped("attempts")), [0] * 5 + [1] * 5)
        self.assertEqual(self.scripted.state, "active")
        self.assertEqual(self.scripted.rest_reason, "Connection refused")
        self.assertLessEqual(12, self.rest_until)
        self.assertLessEqual(self.rest_until, 19)

    def test_nothing_goes_before_the_rest_is_over(self):
        self.open_breaker()
        with self.later(self.rest_until - 1):
            self.run_lane()
        self.assertEqual(self.count_calls(), 5)

    def test_a_lane_is_woken_when_the_rest_is_over(self):
        self.env["ir.cron.trigger"].search([]).unlink()
        self.open_breaker()
        triggers = self.env["ir.cron.trigger"].search(
            [("call_at", "=", self.scripted.resume_at)]
        )
        self.assertEqual(triggers.cron_id.mapped("code"), ["model._cron_send(1)"])

    def test_few_troubles_leave_it_closed(self):
        with self.later(0):
            messages = self.send_many(4)
            self.run_lane()
        self.assertEqual(self.count_calls(), 4)
        self.assertFalse(self.breaker.is_open or self.scripted.resume_at)
        self.provider.script["submit"] = accept
        with self.later(6):
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"submitted"})

    def test_troubles_of_a_minute_ago_are_forgotten(self):
        with self.later(0):
            self.send_many(4)
            self.run_lane()
        self.let_pass(600)
        with self.later(61):
            self.send_many(1)
            self.run_lane()
        self.assertEqual(self.count_calls(), 9)
        self.assertTrue(self.breaker.is_open, "five more, within a minute")
        self.assertEqual(self.breaker.openings, 1)

    def test_trouble_of_a_few_among_many_leaves_it_closed(self):
        def submit(requests):
            is_first = self.count_calls() <= 12
            return accept(requests) if is_first else TROUBLE(requests)

        self.provider.script["submit"] = submit
        with self.later(0):
            self.send_many(20)
            self.run_lane()
        self.assertEqual(self.count_calls(), 20)
        self.assertFalse(self.breaker.is_open)
        self.assertEqual(self.breaker.counts[0][1:], [20, 8])

    def test_messages_that_would_only_be_refused_are_not_touched(self):
        def submit(requests):
            is_first = len(self.provider.batches) <= 4
            return accept(requests) if is_first else TROUBLE(requests)

        self.provider.script["submit"] = submit
        self.provider.capabilities = Capabilities(
            channels=frozenset({"sms"}), max_batch=5
        )
        phones = [sandbox_phone(f"{number:04}") for number in range(60)]
        self.send(*phones, route=self.scripted)
        self.run_lane()
        sizes = [len(batch) for batch in self.provider.batches]
        self.assertEqual(sizes[:6], [5] * 6)
        self.assertEqual(set(sizes[6:]), {1}, "one after the other")
        self.assertTrue(self.breaker.is_open)

    def test_lane_that_gets_nothing_but_trouble_for_a_second_opens_it(self):
        queue = self.make_queue()
        trouble, good = TROUBLE([None])[0], SubmitResult(Outcome.ACCEPTED)
        with self.later(0):
            self.send_many(1)
            [claimed] = self.claim(queue)
        with self.later(0), self.as_cron() as env:
            breakers = env["sms.gateway.breaker"]
            breakers._take_in(queue, [(claimed, good)] * 100)
            for number in range(5):
                self.assertFalse(self.breaker.is_open)
                with patch("time.monotonic", lambda number=number: 100 + number / 4):
                    breakers._take_in(queue, [(claimed, trouble)])
        self.assertTrue(self.breaker.is_open)
        self.assertFalse(queue.streak.demands_care)

    def test_lanes_count_together(self):
        one, other = self.make_queue(), self.make_queue()
        with self.later(0):
            self.send_many(6)
            claimed = self.claim(one)
            trouble = TROUBLE([None])[0]
            self.apply(one, claimed[:4], *[trouble] * 4)
            self.assertFalse(self.breaker.is_open)
            self.apply(other, claimed[4:5], trouble)
        self.assertTrue(self.breaker.is_open)

    def test_a_lane_without_trouble_tells_what_it_counted(self):
        one, other = self.make_queue(), self.make_queue()
        trouble, good = TROUBLE([None])[0], SubmitResult(Outcome.REFUSED)
        with self.later(0):
            self.send_many(11)
            claimed = self.claim(one)
            self.apply(one, claimed[:4], *[trouble] * 4)
            self.assertFalse(self.claim(other))
            self.assertTrue(other.is_watched)
            self.apply(other, claimed[4:10], *[good] * 6)
            self.apply(one, claimed[10:], trouble)
        self.assertFalse(self.breaker.is_open, "five of ten would open it")
        self.assertEqual(self.breaker.counts[0][1:], [11, 5])

    def test_answers_without_trouble_write_nothing(self):
        self.provider.script["submit"] = accept
        self.send_many(5)
        self.run_lane()
        self.assertEqual(self.count_calls(), 5)
        self.assertFalse(self.breaker)

    def test_a_wait_that_the_provider_asks_for_opens_it_at_once(self):
        self.provider.script["submit"] = fail(NotSent("Busy", retry_after=90))
        with self.later(0):
            self.send_many(3)
            self.run_lane()
        self.assertEqual(self.count_calls(), 1)
        self.assertTrue(self.breaker.is_open)
        self.assertLessEqual(90, self.get_passed())
        self.assertLessEqual(self.get_passed(), 91)

    def test_trouble_of_messages_alone_does_not_open_it(self):
        self.provider.script["submit"] = answer(Outcome.NOT_SENT)
        self.send_many(8)
        self.run_lane()
        self.assertEqual(self.count_calls(), 8)
        self.assertFalse(self.breaker)

    def test_failover_is_woken(self):
        failover = type(self.env["sms.gateway.failover"])
        with patch.object(failover, "_wake") as wake:
            self.open_breaker()
            self.assertEqual(wake.call_count, 1)
            self.provider.script["submit"] = accept
            with self.end_rest():
                self.run_lane()
            self.assertEqual(wake.call_count, 2)

    # === DEBUG MESSAGES ===
    def test_debug_messages_do_not_open_it(self):
        self.send(*map(sandbox_phone, ["9909"] * 8), route=self.scripted, is_debug=True)
        self.run_lane()
        self.assertFalse(self.breaker or self.scripted.resume_at)

    def test_debug_messages_go_through_an_open_one(self):
        self.open_breaker()
        with self.later(1):
            message = self.send_one(route=self.scripted, is_debug=True)
            self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertTrue(self.breaker.is_open)


@tagged("post_install", "-at_install")
class TestProbe(BreakerCase):
    def test_one_message_probes_and_closes_it(self):
        messages = self.open_breaker()
        self.provider.script["submit"] = accept
        with self.end_rest():
            self.run_lane()
            self.run_lane()
        self.assertEqual(set(messages.mapped("state")), {"submitted"})
        self.assertFalse(self.breaker.is_open or self.scripted.resume_at)
        self.assertFalse(self.scripted.rest_reason)
        self.assertEqual(self.get_kinds(), ["opened", "probed", "closed"])

    def test_vain_probes_make_rests_longer(self):
        self.open_breaker()
        rests = []
        for _probe in range(8):
            with self.end_rest():
                self.let_pass(3600)
                self.run_lane()
            rests.append(self.scripted.breaker_event_ids[0].rest)
        self.assertEqual(self.count_calls(), 5 + 8)
        expectations = (30, 60, 120, 240, 480, 900, 900, 900)
        for rest, expected in zip(rests, expectations, strict=True):
            self.assertAlmostEqual(rest, expected, delta=expected * 0.21)
            self.assertLessEqual(rest, 900)

    def test_a_closed_one_begins_with_the_short_rest(self):
        self.open_breaker()
        with self.end_rest():
            self.run_lane()
        self.assertEqual(self.breaker.openings, 2)
        self.provider.script["submit"] = accept
        with self.end_rest():
            self.run_lane()
        self.assertEqual(self.breaker.openings, 0)

    def test_what_a_probe_may_be_answered(self):
        cases = {
            "refused": (answer(Outcome.REFUSED, failure_type="other"), False),
            "not taken": (answer(Outcome.NOT_SENT), False),
            "no answer": (fail(MaybeSent("No answer")), True),
            "too fast": (
                answer(Outcome.NOT_SENT, is_throttled=True, route_trouble=True),
                False,
            ),
        }
        for name, (submit, is_open) in cases.items():
            with self.subTest(name):
                self.scripted, self.provider = self.script_route(
                    submit=TROUBLE, max_batch=1, route={"concurrency": 1}
                )
                self._start = None
                self.open_breaker(6)
                self.provider.script["submit"] = submit
                with self.end_rest():
                    self.run_lane()
                self.assertEqual(self.breaker.is_open, is_open)

    def test_one_lane_has_the_probe(self):
        self.open_breaker()
        one, other = self.make_queue(), self.make_queue()
        with self.end_rest():
            [claimed] = self.claim(one)
            self.assertTrue(claimed.probe)
            self.assertEqual(self.claim(other), [])
            self.assertEqual(self.claim(one), [])
            self.apply(one, [claimed], accept([claimed.request])[0])
            self.assertEqual(len(self.claim(other)), 9)
        self.assertFalse(self.breaker.is_open)

    def test_a_lane_that_dies_with_the_probe_does_not_block_it(self):
        self.open_breaker()
        dead, other = self.make_queue(), self.make_queue()
        with self.end_rest():
            [lost] = self.claim(dead)
        with self.later(self.rest_until + LEASE):
            self.assertEqual(self.claim(other), [])
        with self.later(self.rest_until + LEASE + 2):
            [claimed] = self.claim(other)
            self.assertNotEqual(claimed.probe, lost.probe)
            # the dead lane wakes up: its probe is not the one that counts
            self.apply(dead, [lost], TROUBLE([None])[0])
            self.assertEqual(self.breaker.openings, 1)
            self.apply(other, [claimed], accept([claimed.request])[0])
        self.assertFalse(self.breaker.is_open)

    def test_a_probe_without_a_message_is_free_again(self):
        messages = self.open_breaker()
        queue = self.make_queue()
        waiting = messages.filtered(lambda message: not message.attempts)
        self.env.flush_all()
        with self.end_rest():
            self.env.cr.execute(
                "UPDATE sms_gateway_message SET expires_at = not_before"
                " WHERE id = ANY(%s)",
                [messages.ids],
            )
            self.assertEqual(self.claim(queue), [])
            self.assertFalse(self.breaker.probe_until)
            self.send_many(1)
            claimed = self.claim(queue)
        self.assertTrue(waiting)
        self.assertEqual(self.get_kinds().count("probed"), len(claimed))

    def test_late_answers_of_other_calls_change_nothing(self):
        queue = self.make_queue()
        with self.later(0):
            self.send_many(10)
            claimed = self.claim(queue)
            self.apply(queue, claimed[:5], *[TROUBLE([None])[0]] * 5)
            until = self.scripted.resume_at
            good = accept([claimed[5].request])[0]
            self.apply(queue, claimed[5:7], good, TROUBLE([None])[0])
        self.assertTrue(self.breaker.is_open)
        self.assertEqual((self.scripted.resume_at, self.breaker.openings), (until, 1))

    def test_polls_do_not_take_the_probe(self):
        self.open_breaker()
        with self.end_rest():
            limits = self.env["sms.gateway.rate.limit"]
            self.assertEqual(limits._take_for_route(self.scripted.id, 5), 0)
            self.assertEqual(len(self.claim(self.make_queue())), 1)

    def test_a_person_closes_it(self):
        self.open_breaker()
        queue = self.make_queue()
        with self.end_rest():
            [probe] = self.claim(queue)
            self.scripted.action_resume()
            self.assertFalse(self.breaker.is_open)
            self.assertEqual(self.breaker.openings, 0)
            self.apply(queue, [probe], TROUBLE([None])[0])
        self.assertFalse(self.breaker.is_open, "one trouble of a closed breaker")
        self.assertEqual(self.get_kinds(), ["opened", "probed", "closed"])

    def test_routes_have_their_own(self):
        self.open_breaker()
        with self.later(1):
            message = self.send_one()
            self.run_lane()
        self.assertEqual(message.state, "submitted")


@tagged("post_install", "-at_install")
class TestHistory(BreakerCase):
    def test_the_form_tells_the_state(self):
        self.assertEqual(self.scripted.breaker_state, "closed")
        self.open_breaker()
        with self.later(1):
            self.scripted.invalidate_recordset()
            self.assertEqual(self.scripted.breaker_state, "open")
        with self.end_rest():
            self.scripted.invalidate_recordset()
            self.assertEqual(self.scripted.breaker_state, "probing")
        self.scripted.action_resume()
        self.assertEqual(self.scripted.breaker_state, "closed")

    def test_an_event_has_its_rest_and_words(self):
        self.open_breaker()
        event = self.scripted.breaker_event_ids
        self.assertEqual(event.reason_words, "Connection refused")
        self.assertEqual(event.occurred_at, self._start.replace(microsecond=0))
        self.assertAlmostEqual(event.rest, self.rest_until, delta=1)

    def test_users_read_the_history_of_their_companies(self):
        self.open_breaker()
        user = new_test_user(self.env, "reads", groups="crm_sms_gateway.group_user")
        route = self.scripted.with_user(user)
        self.assertEqual(route.breaker_event_ids.kind, "opened")
        self.assertEqual(route.breaker_state, "open")
        company = self.env["res.company"].create({"name": "Other"})
        user.write(
            {
                "company_ids": [Command.set(company.ids)],
                "company_id": company.id,
            }
        )
        Event = self.env["sms.gateway.breaker.event"].with_user(user)
        self.assertFalse(Event.search([]))

    def test_events_are_forgotten_after_three_months(self):
        self.open_breaker()
        Event = self.env["sms.gateway.breaker.event"]
        for days, is_kept in ((-1, True), (1, False)):
            self.env.flush_all()
            age = sms_gateway_breaker_event.KEEP + timedelta(days=days)
            self.env.cr.execute(
                "UPDATE sms_gateway_breaker_event SET occurred_at ="
                " (now() AT TIME ZONE 'UTC') - %s",
                [age],
            )
            Event._gc_events()
            self.env.invalidate_all()
            self.assertEqual(bool(Event.search([])), is_kept)

    def test_nobody_is_told_of_short_rests(self):
        self.open_breaker()
        self.assertFalse(self.scripted.activity_ids)
        self.assertEqual(self.send_one(PHONE, route=self.scripted).state, "queued")


@tagged("post_install", "-at_install")
class TestPollsOfRests(GatewayCase):
    """A route that rests is not asked for statuses."""

    def test_statuses_wait_until_the_rest_is_over(self):
        asked = []

        def poll(references):
            asked.extend(references)
            return []

        route, _provider = self.script_route(poll=poll)
        message = self.send_one(route=route)
        self.run_lane()
        self.let_pass(60, message)
        self.env["sms.gateway.route.pause"]._rest(route, 30)
        self.run_poll()
        self.assertEqual(asked, [])
        route.resume_at = False
        self.run_poll()
        self.assertEqual(asked, [message.uuid])
