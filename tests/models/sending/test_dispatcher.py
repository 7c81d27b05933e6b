"""The dispatcher: what a lane sends, what it does not, and what it makes of answers."""

from datetime import timedelta, timezone
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.sql_db import db_connect
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.common import clock, transactions
from odoo.addons.crm_sms_gateway.models.common.prepared_statements import (
    PreparedStatements,
)
from odoo.addons.crm_sms_gateway.models.sending.lane import Lane
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_dispatcher import (
    REFRESH_SECONDS,
)
from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.providers.cleaning import MAX_SHOWN
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent, NotSent, RouteDown
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    Outcome,
    SubmitResult,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import ARROWS

from ...common import PHONE, GatewayCase, accept, answer, fail, sandbox_phone

MODELS = "odoo.addons.crm_sms_gateway.models"
BASE = "odoo.addons.crm_sms_gateway.providers.base"


@tagged("post_install", "-at_install")
class TestSandboxEndings(GatewayCase):
    """The last four digits of a number decide what becomes of it."""

    #: ending → the states it passes through, and the failure type it ends with
    STORIES = {
        "6700": ("submitting submitted delivered", None),
        "9901": ("submitting submitted failed", "unreachable"),
        "9902": ("submitting failed", "content_rejected"),
        "9903": ("submitting submitted expired", None),
        "9904": ("submitting unknown delivered", None),
        "9905": ("submitting unknown", None),
        "9906": ("submitting submitted delivered", None),
        "9907": ("submitting queued " * 2 + "submitting submitted delivered", None),
        "9908": ("submitting failed", "opted_out"),
    }
    #: seconds from now at which the crons run
    MOMENTS = (0, 1.5, 3.5, 7, 12, 22, 52, 112, 200)

    def test_every_ending_has_its_story(self):
        self.assert_stories()

    def test_the_same_in_debug_mode(self):
        self.assert_stories(is_debug=True)

    def test_the_same_for_calls(self):
        self.assert_stories(channel="voice")

    def assert_stories(self, **values):
        campaign = self.send(*map(sandbox_phone, self.STORIES), **values)
        self.live_on()
        stories = zip(self.get_messages(campaign), self.STORIES.items(), strict=True)
        for message, (ending, (story, failure_type)) in stories:
            with self.subTest(ending=ending):
                self.assertEqual(self.get_story(message), story.split())
                self.assertEqual(message.failure_type or None, failure_type)

    def live_on(self):
        for seconds in self.MOMENTS:
            with self.later(seconds):
                self.run_lane()
                self.run_poll()
                self.run_recover()

    def test_an_ordinary_number_is_delivered_within_three_seconds(self):
        with self.later(0):
            message = self.send_one()
            self.run_lane()
        with self.later(3):
            self.run_poll()
        self.assertEqual(message.state, "delivered")
        self.assertLess(
            message.delivered_at - message.submitted_at, timedelta(seconds=3)
        )

    def test_9906_is_delivered_after_a_minute_and_not_before(self):
        with self.later(0):
            message = self.send_one(sandbox_phone("9906"))
            self.run_lane()
        for seconds, state in ((55, "submitted"), (400, "delivered")):
            with self.later(seconds):
                self.run_poll()
            self.assertEqual(message.state, state)
        self.assertEqual(
            round((message.delivered_at - message.submitted_at).total_seconds()), 60
        )


@tagged("post_install", "-at_install")
class TestAnswers(GatewayCase):
    """What becomes of a message, by the provider's answer to its submit."""

    def send_through(self, **values):
        """A message behind one run of a lane through a route that is scripted."""
        self.scripted, self.provider = self.script_route(**values)
        message = self.send_one(route=self.scripted)
        self.run_lane()
        return message

    def test_accepted(self):
        message = self.send_through()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(message.provider_reference, message.uuid)
        self.assertEqual(message.attempts, 1)
        self.assertFalse(message.lease_until)
        self.assertFalse(message.next_poll_at, "this provider cannot be polled")

    def test_accepted_by_a_provider_that_is_polled(self):
        message = self.send_through(poll=lambda references: [])
        self.assertTrue(message.next_poll_at)

    def test_the_provider_gets_what_was_accepted(self):
        scripted, provider = self.script_route()
        message = self.send_one(route=scripted, ttl=600, text="Привет")
        self.run_lane()
        [[request]] = provider.batches
        self.assertEqual(request.uuid, message.uuid)
        self.assertEqual(request.client_reference, message.client_reference)
        self.assertEqual(request.msisdn, PHONE)
        self.assertEqual((request.text, request.channel), ("Привет", "sms"))
        self.assertEqual(request.attempt, 1)
        self.assertEqual(
            request.valid_until, message.expires_at.replace(tzinfo=timezone.utc)
        )

    def test_refused(self):
        message = self.send_through(
            submit=answer(
                Outcome.REFUSED, failure_type="blocked", code="13", message="Blocked"
            )
        )
        self.assertEqual((message.state, message.failure_type), ("failed", "blocked"))
        self.assertEqual(
            (message.failure_code, message.failure_message), ("13", "Blocked")
        )

    def test_maybe_sent(self):
        message = self.send_through(submit=fail(MaybeSent("No answer", code="T")))
        self.assertEqual((message.state, message.maybe_sent), ("unknown", True))
        self.assertTrue(message.next_check_at)
        self.assertEqual(message.event_ids[-1].detail, "No answer")

    def test_not_sent_waits_longer_and_longer(self):
        message = self.send_through(submit=answer(Outcome.NOT_SENT))
        waits = []
        for _attempt in range(5):
            self.assertEqual(message.state, "queued")
            waits.append(self.get_wait(message))
            self.let_pass(waits[-1])
            self.run_lane()
        self.assertEqual(message.attempts, 6)
        for wait, expected in zip(waits, (5, 10, 20, 40, 80), strict=True):
            self.assertAlmostEqual(wait, expected, delta=expected * 0.11)

    def get_wait(self, message):
        """Seconds from the answer to the next attempt."""
        answered_at = message.event_ids.sorted("id")[-1].recorded_at
        return (message.not_before - answered_at).total_seconds()

    def test_not_sent_is_not_tried_before_its_time(self):
        with self.later(0):
            self.send_through(submit=answer(Outcome.NOT_SENT))
        with self.later(4):
            self.run_lane()
        self.assertEqual(len(self.provider.batches), 1)

    def test_the_provider_says_when_to_try_again(self):
        message = self.send_through(submit=answer(Outcome.NOT_SENT, retry_after=300))
        self.assertAlmostEqual(self.get_wait(message), 300, delta=0.5)

    def test_a_long_wait_is_told_and_resume_ends_it(self):
        later = fields.Datetime.now() + timedelta(days=2)
        message = self.send_through(submit=fail(NotSent("Busy", retry_after=1e9)))
        route = self.scripted
        planned = self.get_messages(self.send(PHONE, route=route, not_before=later))
        self.assertEqual(message.state, "queued")
        self.assertTrue(route.is_resting)
        self.assertEqual(route.rest_words, "Busy")
        self.assertEqual(len(route.activity_ids), 1)
        self.assertIn("Busy", route.activity_ids.note)
        # the route belongs to OdooBot, who is archived
        self.assertEqual(route.activity_ids.user_id, self.env.ref("base.user_admin"))
        self.env["sms.gateway.route.pause"]._back_off(route, 3600, "Busy")
        self.assertEqual(len(route.activity_ids), 1, "it is told already")
        route.action_resume()
        self.env.invalidate_all()
        self.assertFalse(route.is_resting or route.activity_ids)
        self.assertLessEqual(message.not_before, clock.now())
        self.assertEqual(planned.not_before, later)

    def test_a_short_wait_is_not_told(self):
        self.send_through(submit=fail(NotSent("Busy", retry_after=60)))
        self.assertTrue(self.scripted.is_resting)
        self.assertFalse(self.scripted.activity_ids)

    def test_nobody_waits_for_longer_than_a_day(self):
        message = self.send_through(submit=answer(Outcome.NOT_SENT, retry_after=1e15))
        self.assertEqual(message.state, "queued")
        tomorrow = fields.Datetime.now() + timedelta(days=1, minutes=5)
        self.assertLess(message.not_before, tomorrow)
        self.send_through(submit=fail(NotSent("Busy", retry_after=1e15)))
        self.assertLess(self.scripted.resume_at, tomorrow)

    def test_attempts_come_to_an_end(self):
        message = self.send_through(
            submit=answer(Outcome.NOT_SENT, code="503"), route={"max_attempts": 2}
        )
        self.assertEqual(message.state, "queued")
        self.let_pass(60)
        self.run_lane()
        self.assertEqual(message.state, "failed")
        self.assertEqual(message.failure_type, "attempts_exhausted")
        self.assertEqual((message.failure_code, message.attempts), ("503", 2))

    def test_what_may_have_been_sent_does_not_fail_by_exhaustion(self):
        message = self.send_through(
            submit=fail(MaybeSent("No answer")),
            client_reference=ClientReference.DEDUP,
            route={"max_attempts": 2},
        )
        self.provider.script["submit"] = answer(Outcome.NOT_SENT)
        self.let_pass(60)
        self.run_recover()
        self.assertEqual(message.state, "queued")
        self.run_lane()
        self.assertEqual((message.state, message.attempts), ("unknown", 2))

    # === ADAPTERS THAT MISBEHAVE ===
    def test_an_adapter_that_crashes_leaves_the_message_unknown(self):
        with mute_logger(BASE):
            message = self.send_through(submit=fail(KeyError("password")))
        self.assertEqual(message.state, "unknown")
        self.assertEqual(message.event_ids[-1].detail, "KeyError")

    def test_too_few_or_too_many_results_leave_all_messages_unknown(self):
        scripted, provider = self.script_route()
        for results in ([], accept([self.make_request()]) * 5):
            provider.script["submit"] = lambda _requests, results=results: results
            messages = self.get_messages(self.send(PHONE, PHONE, route=scripted))
            with mute_logger(BASE):
                self.run_lane()
            self.assertEqual(messages.mapped("state"), ["unknown"] * 2)

    def make_request(self):
        return self.env["sms.gateway.message"].new({"uuid": "1" * 32})

    def test_one_message_does_not_spoil_its_batch(self):
        def submit(requests):
            return [
                SubmitResult(Outcome.REFUSED, failure_type="other")
                if request.msisdn == PHONE
                else accept([request])[0]
                for request in requests
            ]

        scripted, _provider = self.script_route(submit=submit)
        messages = self.get_messages(
            self.send(PHONE, "+79281706701", PHONE, route=scripted)
        )
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["failed", "submitted", "failed"])


@tagged("post_install", "-at_install")
class TestRouteTrouble(GatewayCase):
    @mute_logger(f"{MODELS}.routes.sms_gateway_route_pause")
    def test_a_route_that_is_down_is_paused_and_keeps_its_queue(self):
        responsible = new_test_user(self.env, "sms_boss", "base.group_user")
        scripted, provider = self.script_route(
            submit=fail(RouteDown("Wrong password", code="401")),
            route={"user_id": responsible.id},
        )
        messages = self.get_messages(self.send(PHONE, PHONE, route=scripted))
        self.run_lane()
        self.assertEqual(
            (scripted.state, scripted.pause_reason), ("paused", "Wrong password")
        )
        self.assertEqual(messages.mapped("state"), ["queued"] * 2)
        activity = scripted.activity_ids
        self.assertEqual(activity.user_id, responsible)
        self.assertIn("Wrong password", activity.note)
        with self.later(3600):
            self.run_lane()
        self.assertEqual(len(provider.batches), 1)

    @mute_logger(f"{MODELS}.routes.sms_gateway_route_pause")
    def test_a_resumed_route_sends_its_queue(self):
        scripted, provider = self.script_route(submit=fail(RouteDown("No money")))
        with self.later(0):
            message = self.send_one(route=scripted)
            self.run_lane()
        provider.script["submit"] = accept
        scripted.action_resume()
        self.assertFalse(scripted.activity_ids)
        with self.later(10):
            self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(
            self.get_story(message), "submitting queued submitting submitted".split()
        )

    def test_the_message_a_route_stumbled_over_lets_others_go_first(self):
        scripted, provider = self.script_route(
            submit=fail(RouteDown("Strange document")),
            max_batch=1,
            route={"concurrency": 1},
        )
        with self.later(0):
            first, second = self.get_messages(self.send(PHONE, PHONE, route=scripted))
            self.run_lane()
        provider.script["submit"] = accept
        with self.later(1):
            scripted.action_resume()
            self.run_lane()
        asked = [request.uuid for [request] in provider.batches]
        self.assertEqual(asked, [first.uuid, second.uuid, first.uuid])

    @mute_logger(f"{MODELS}.routes.sms_gateway_route_pause")
    def test_9909_pauses_the_route_and_the_rest_of_the_batch_goes(self):
        down, other = self.get_messages(self.send(sandbox_phone("9909"), PHONE))
        self.run_lane()
        self.assertEqual((down.state, other.state), ("queued", "submitted"))
        self.assertEqual(self.route.state, "paused")
        self.assertEqual(len(self.route.activity_ids), 1)

    def test_a_debug_message_never_pauses_the_route(self):
        message = self.send_one(sandbox_phone("9909"), is_debug=True)
        self.run_lane()
        self.assertEqual(message.state, "queued")
        self.assertEqual(self.route.state, "active")
        self.assertFalse(self.route.activity_ids)
        self.assertGreater(message.not_before, fields.Datetime.now())

    def test_trouble_with_the_connection_puts_messages_off(self):
        scripted, provider = self.script_route(
            submit=fail(NotSent("Connection refused")),
            max_batch=1,
            route={"concurrency": 1},
        )
        with self.later(0):
            messages = self.get_messages(self.send(*[PHONE] * 3, route=scripted))
        with self.later(1):
            self.run_lane()
        self.assertEqual((scripted.state, scripted.resume_at), ("active", False))
        self.assertEqual(len(provider.batches), 3, "one vain call of each")
        self.assertEqual(messages.mapped("state"), ["queued"] * 3)
        with self.later(4):
            self.run_lane()
        self.assertEqual(len(provider.batches), 3)
        provider.script["submit"] = accept
        with self.later(10):
            self.run_lane()
        self.assertEqual(messages.mapped("state"), ["submitted"] * 3)

    def test_trouble_of_one_message_leaves_the_route_alone(self):
        scripted, _provider = self.script_route(submit=answer(Outcome.NOT_SENT))
        self.send_one(route=scripted)
        self.run_lane()
        self.assertFalse(scripted.resume_at)

    def test_a_paused_route_keeps_its_queue_and_expires_it(self):
        self.route.action_pause()
        with self.later(0):
            patient, hasty = self.send_one(), self.send_one(ttl=10)
            self.run_lane()
        self.assertEqual((patient.state, hasty.state), ("queued", "queued"))
        with self.later(11):
            self.run_lane()
        self.assertEqual((patient.state, hasty.state), ("queued", "expired"))

    def test_routes_do_not_wait_for_each_other(self):
        _down, _provider = self.script_route(submit=fail(NotSent("Connection refused")))
        self.send_one(route=_down)
        message = self.send_one()
        self.run_lane()
        self.assertEqual(message.state, "submitted")


@tagged("post_install", "-at_install")
class TestClaim(GatewayCase):
    """What is taken from the queue, and what is sorted out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Message = cls.env["sms.gateway.message"]

    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route()

    def get_sent(self):
        """The numbers the provider was given, in order."""
        return [request.msisdn for batch in self.provider.batches for request in batch]

    def test_each_message_is_handed_over_once(self):
        phones = [f"+792817{number:05}" for number in range(250)]
        self.send(*phones, route=self.scripted)
        self.run_lane()
        self.run_lane()
        self.assertEqual(sorted(self.get_sent()), phones)

    def test_batches_never_exceed_what_the_provider_takes(self):
        scripted, provider = self.script_route(max_batch=3)
        messages = self.get_messages(self.send(*[PHONE] * 8, route=scripted))
        self.run_lane()
        sizes = [len(batch) for batch in provider.batches]
        self.assertEqual(sum(sizes), 8)
        self.assertLessEqual(max(sizes), 3)
        self.assertEqual(messages.mapped("state"), ["submitted"] * 8)

    def test_single_messages_overtake_and_campaigns_take_turns(self):
        scripted, provider = self.script_route(max_batch=1, route={"concurrency": 1})
        first, second, single = (
            [f"+79281706{campaign}{number}0" for number in range(count)]
            for campaign, count in ((1, 3), (2, 3), (3, 1))
        )
        for phones in (first, second, single):
            self.send(*phones, route=scripted)
        self.run_lane()
        sent = [batch[0].msisdn for batch in provider.batches]
        turns = [phone for pair in zip(first, second, strict=True) for phone in pair]
        self.assertEqual(sent, single + turns)

    def test_what_is_over_before_the_submit_expires_unseen(self):
        message = self.send_one(route=self.scripted, ttl=1)
        with self.later(2):
            self.run_lane()
        self.assertEqual(message.state, "expired")
        self.assertEqual(self.get_story(message), ["expired"])
        self.assertEqual(message.event_ids.source, "ttl")
        self.assertFalse(self.provider.batches)

    def test_the_claim_itself_expires_what_is_over(self):
        message = self.send_one(route=self.scripted, ttl=1)
        with self.later(2):
            self.claim(self.scripted)
        self.assertEqual((message.state, message.attempts), ("expired", 0))
        self.assertEqual(message.event_ids.source, "ttl")

    def claim(self, route):
        """Only the claim of a lane; its messages."""
        with self.as_cron() as env:
            [queue] = [
                queue
                for queue in env["sms.gateway.dispatcher"]._make_queues()
                if queue.route_id == route.id and not queue.is_debug
            ]
            claimed = env["sms.gateway.claim"]._claim(queue, queue.provider.max_batch)
        return self.Message.browse([one.id for one in claimed])

    def test_a_pause_and_the_emergency_stop_stop_a_lane_under_way(self):
        """They come between two calls of one lane; only what is out is finished."""

        def archive(_env, route):
            """As if these messages had come while it was archived."""
            usage = route.env["sms.gateway.route.usage"]
            with patch.object(type(usage), "_check_nothing_waits"):
                route.active = False

        stops = {
            "pause": lambda env, route: route.action_pause(),
            "archive": archive,
            "emergency stop": lambda env, route: env["ir.config_parameter"].set_param(
                "crm_sms_gateway.is_stopped", "True"
            ),
        }
        for name, stop in stops.items():
            with self.subTest(name):
                route, _provider = self.script_route(
                    max_batch=1, route={"concurrency": 1}
                )
                campaign = self.send(*[PHONE] * 3, route=route)

                def stop_now(model, _answers, stop=stop, route=route):
                    stop(model.env, route.with_env(model.env))
                    model.env.flush_all()

                with patch.object(
                    self.registry["sms.gateway.answer"], "_log_answers", stop_now
                ):
                    self.run_lane()
                states = self.get_messages(campaign).mapped("state")
                self.assertEqual(sorted(states), ["queued", "queued", "submitted"])

    @mute_logger(f"{MODELS}.sending.sms_gateway_answer", "odoo.sql_db")
    def test_an_answer_the_database_refuses_does_not_take_the_others_with_it(self):
        first, second = self.get_messages(self.send(PHONE, PHONE, route=self.scripted))
        changes = [
            StateChange(id=message.id, state=state, source="dispatcher")
            for message, state in ((first, "x" * 9), (second, "submitted"))
        ]
        for message in (first, second):
            self.force_state(message, "submitting")
        with (
            patch.dict(ARROWS, {"submitting": ("x" * 9, *ARROWS["submitting"])}),
            self.as_cron() as env,
        ):
            env["sms.gateway.answer"]._apply_changes(changes)
        self.env.invalidate_all()
        self.assertEqual((first.state, second.state), ("unknown", "submitted"))

    def test_words_of_a_provider_are_kept_within_bounds(self):
        self.provider.script["submit"] = answer(
            Outcome.ACCEPTED,
            provider_reference="x" * 9000,
            segments=999_999_999,
            message="y" * 9000,
        )
        message = self.send_one(route=self.scripted)
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertFalse(message.provider_reference)
        self.assertEqual(message.segments, 1)
        self.assertEqual(len(message.failure_message), MAX_SHOWN)

    def test_empty_words_of_a_provider_say_nothing(self):
        self.provider.script["submit"] = answer(
            Outcome.ACCEPTED, provider_reference="", failure_type=""
        )
        message = self.send_one(route=self.scripted)
        self.run_lane()
        self.assertEqual(
            (message.state, message.provider_reference, message.failure_type),
            ("submitted", False, False),
        )
        self.env.cr.execute("SELECT provider_reference FROM sms_gateway_message")
        self.assertEqual(self.env.cr.fetchall(), [(None,)])

    def test_the_answer_to_an_old_attempt_does_not_touch_a_newer_one(self):
        message = self.send_one(route=self.scripted)
        self.force_state(message, "submitting")
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET attempts = 2 WHERE id = %s", [message.id]
        )
        self.env.invalidate_all()
        verdict = self.set_state(message, "queued", attempt=1, provider_reference="r1")
        self.assertEqual((verdict, message.state), ("refused", "submitting"))
        self.assertEqual(message.provider_reference, "r1", "it is known all the same")
        self.assertEqual(self.set_state(message, "queued", attempt=2), "moved")

    def test_who_opts_out_while_queued_is_told_why(self):
        message = self.send_one(route=self.scripted)
        self.env["phone.blacklist"].create({"number": PHONE})
        self.env.flush_all()
        self.run_lane()
        self.assertEqual(message.state, "cancelled")
        self.assertEqual(message.failure_code, "opted_out")
        self.assertEqual(message.failure_params, {})

    def test_a_claimed_message_has_a_lease_and_is_not_claimed_again(self):
        message = self.send_one(route=self.scripted)
        self.assertEqual(self.claim(self.scripted), message)
        self.assertEqual((message.state, message.attempts), ("submitting", 1))
        self.assertGreater(message.lease_until, fields.Datetime.now())
        self.assertFalse(self.claim(self.scripted))

    def test_a_lease_runs_by_the_database_s_clock(self):
        message = self.send_one(route=self.scripted)
        self.let_pass(7200, message)
        hour = timedelta(hours=1)
        with freeze_time(fields.Datetime.now() - hour):
            self.assertEqual(self.claim(self.scripted), message)
        with freeze_time(fields.Datetime.now() + hour):
            self.run_recover()
        self.assertEqual(message.state, "submitting", "its lane is still at it")
        self.let_pass(601, message)
        with freeze_time(fields.Datetime.now() - hour):
            self.run_recover()
        self.assertEqual(message.state, "unknown")

    def test_who_opts_out_after_acceptance_gets_nothing(self):
        message, other = self.get_messages(
            self.send(PHONE, "+79281706701", route=self.scripted)
        )
        self.env["phone.blacklist"]._add([PHONE])
        self.run_lane()
        self.assertEqual(
            (message.state, message.failure_type), ("cancelled", "opted_out")
        )
        self.assertEqual(self.get_story(message), ["cancelled"])
        self.assertEqual(message.event_ids.source, "blacklist")
        self.assertEqual((message.attempts, other.state), (0, "submitted"))
        self.assertEqual(self.get_sent(), ["+79281706701"])

    def test_a_cancelled_campaign_is_cancelled_unsent(self):
        campaign = self.send(PHONE, PHONE, route=self.scripted)
        campaign.action_cancel()
        self.run_lane()
        messages = self.get_messages(campaign)
        self.assertEqual(messages.mapped("state"), ["cancelled"] * 2)
        self.assertEqual(messages.event_ids.mapped("source"), ["campaign"] * 2)
        self.assertEqual(campaign.state, "cancelled")
        self.assertEqual(campaign.cancelled_count, 2)
        self.assertFalse(self.provider.batches)

    def test_a_paused_campaign_waits_until_it_is_resumed(self):
        campaign = self.send(PHONE, route=self.scripted)
        campaign.action_pause()
        self.run_lane()
        self.assertEqual(self.get_messages(campaign).state, "queued")
        self.assertFalse(self.provider.batches)
        campaign.action_resume()
        self.run_lane()
        self.assertEqual(self.get_messages(campaign).state, "submitted")

    def test_a_paused_campaign_does_not_hold_up_the_others(self):
        paused = self.send(*[PHONE] * 5, route=self.scripted)
        paused.action_pause()
        message = self.get_messages(self.send(PHONE, PHONE, route=self.scripted))
        self.run_lane()
        self.assertEqual(set(message.mapped("state")), {"submitted"})

    def test_what_may_have_been_sent_is_never_called_cancelled_or_expired(self):
        scripted, provider = self.script_route(
            submit=fail(MaybeSent("No answer")), client_reference=ClientReference.DEDUP
        )
        stopped, over, opted_out = (
            self.send(phone, route=scripted, ttl=300)
            for phone in (PHONE, "+79281706701", "+79281706702")
        )
        self.run_lane()
        self.let_pass(30)
        self.run_recover()
        messages = self.Message.search(
            [("campaign_id", "in", (stopped | over | opted_out).ids)]
        )
        self.assertEqual(messages.mapped("state"), ["queued"] * 3)
        stopped.action_cancel()
        self.let_pass(600, self.get_messages(over))
        self.env["phone.blacklist"]._add(["+79281706702"])
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["unknown"] * 3)
        self.assertFalse(any(messages.mapped("next_check_at")), "a person decides")
        self.assertEqual(len(provider.batches), 1, "handed over once, before")

    def test_debug_messages_never_reach_the_provider_of_the_route(self):
        message = self.send_one(route=self.scripted, is_debug=True)
        self.run_lane()
        with self.later(4):
            self.run_poll()
        self.assertEqual(message.state, "delivered")
        self.assertFalse(self.provider.batches)


class StoppedClock:
    """The module `time`, where it passes only while somebody sleeps."""

    def __init__(self):
        self._seconds = 1000.0

    def monotonic(self):
        return self._seconds

    def sleep(self, seconds):
        self._seconds += seconds


@tagged("post_install", "-at_install")
class TestLanes(GatewayCase):
    def setUp(self):
        super().setUp()
        self.scripted, self.provider = self.script_route()
        self.Dispatcher = self.env["sms.gateway.dispatcher"]
        self.Report = self.env["sms.gateway.delivery.report"]

    def set_parameter(self, name, value):
        self.env["ir.config_parameter"].set_param(f"crm_sms_gateway.{name}", value)

    def count_sent(self):
        return sum(map(len, self.provider.batches))

    def test_the_emergency_stop_stops_everything(self):
        message = self.send_one(route=self.scripted)
        self.set_parameter("is_stopped", "True")
        self.run_lane()
        self.assertEqual((message.state, self.count_sent()), ("queued", 0))
        self.set_parameter("is_stopped", "False")
        self.run_lane()
        self.assertEqual(message.state, "submitted")

    def test_lanes_above_the_setting_return_at_once(self):
        message = self.send_one(route=self.scripted)
        with self.assertQueryCount(20), self.as_cron() as env:
            env["sms.gateway.dispatcher"]._cron_send(2)
        self.assertEqual(message.state, "queued")
        self.set_parameter("lanes", "2")
        self.run_lane(2)
        self.assertEqual(message.state, "submitted")

    def test_a_lane_leaves_when_its_time_is_over(self):
        self.send(*[PHONE] * 5, route=self.scripted)
        with self.as_cron() as env:
            dispatcher = env["sms.gateway.dispatcher"].with_context(cron_end_time=0)
            dispatcher._run(1)
        self.assertEqual(self.count_sent(), 0)

    def test_the_crons_of_all_lanes_exist(self):
        for lane in range(1, 9):
            cron = self.env.ref(f"crm_sms_gateway.ir_cron_send_{lane}")
            self.assertTrue(cron.active)
            self.assertEqual(cron.code, f"model._cron_send({lane})")

    def get_woken(self):
        """The crons woken since the last question, when the transaction commits."""
        with self._shared_cursors():
            self.env.cr.postcommit.run()
        triggers = self.env["ir.cron.trigger"].search([])
        woken = triggers.cron_id.mapped("code")
        triggers.unlink()
        return sorted(woken)

    def test_a_batch_wakes_the_lanes_in_use_and_no_others(self):
        self.set_parameter("lanes", "2")
        self.get_woken()
        self.send(PHONE, PHONE)
        self.assertEqual(
            self.get_woken(), ["model._cron_send(1)", "model._cron_send(2)"]
        )

    def test_a_single_message_wakes_one_lane_once_it_is_committed(self):
        self.set_parameter("lanes", "2")
        self.get_woken()
        self.send(PHONE)
        self.assertFalse(self.env["ir.cron.trigger"].search([]))
        self.assertEqual(self.get_woken(), ["model._cron_send(1)"])

    def test_a_single_message_wakes_nobody_while_a_lane_is_awake(self):
        self.get_woken()
        with db_connect(self.env.cr.dbname).cursor() as another_worker:
            lane = api.Environment(another_worker, SUPERUSER_ID, {})
            with lane["sms.gateway.dispatcher"]._stay_awake():
                self.send(PHONE)
                self.assertEqual(self.get_woken(), [])
            self.send(PHONE)
            self.assertEqual(self.get_woken(), ["model._cron_send(1)"])

    def get_due(self):
        """Seconds until something can be claimed of the scripted route."""
        with self.as_cron() as env:
            dispatcher = env["sms.gateway.dispatcher"]
            queues = [
                queue
                for queue in dispatcher._make_queues()
                if queue.route_id == self.scripted.id
            ]
            dispatcher._find_queues(Lane(queues, None, 1, PreparedStatements()))
            dues = [dispatcher._get_queue_due(queue) for queue in queues]
        return min((due for due in dues if due is not None), default=None)

    def test_a_lane_knows_when_the_next_message_is_due(self):
        self.assertIsNone(self.get_due())
        start = fields.Datetime.now() + timedelta(minutes=5)
        later = self.send(PHONE, route=self.scripted, not_before=start)
        self.assertAlmostEqual(self.get_due(), 300, delta=60)
        message = self.send_one(route=self.scripted)
        self.assertEqual(self.get_due(), 0)
        message.campaign_id.action_pause()
        later.action_cancel()
        self.assertIsNone(self.get_due())

    def test_what_comes_while_a_lane_tidies_up_starts_it_again(self):
        told = []

        def note(_env, _processed=0, *, remaining=None):
            told.append(remaining)

        def accept_meanwhile(_reports, **_values):
            self.send_one(route=self.scripted)

        with (
            patch.object(transactions, "commit_progress", note),
            patch.object(type(self.Report), "_apply_kept", accept_meanwhile),
        ):
            self.run_lane()
        self.assertEqual((told[-1], self.count_sent()), (1, 0))

    def test_slow_chores_do_not_put_off_the_next_look(self):
        clock = StoppedClock()

        def fold(_changes):
            clock.sleep(5)

        with (
            patch(f"{MODELS}.sending.sms_gateway_dispatcher.time", clock),
            patch.object(
                self.registry["sms.gateway.statistic.change"], "_fold_apart", fold
            ),
            self.as_cron() as env,
        ):
            dispatcher = env["sms.gateway.dispatcher"]
            with dispatcher._open_lane() as lane:
                dispatcher._work(lane, clock.monotonic() + 1, linger=0)
            self.assertAlmostEqual(lane.refresh_at, clock.monotonic() + REFRESH_SECONDS)

    def test_a_lane_leaves_its_connection_as_it_was(self):
        before = self.read_connection()
        message = self.send_one(route=self.scripted)
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        self.assertEqual(self.read_connection(), before)

    def read_connection(self):
        """What was prepared on the connection, and how it plans."""
        self.env.cr.execute(
            """SELECT current_setting('plan_cache_mode'), ARRAY(
                      SELECT name FROM pg_prepared_statements ORDER BY name)"""
        )
        return self.env.cr.fetchone()

    def test_a_lane_knows_when_the_next_token_comes(self):
        self.scripted.throughput = 0.1
        with self.later(0):
            self.send(PHONE, PHONE, PHONE, route=self.scripted)
        with self.later(1):
            self.run_lane()
            self.assertAlmostEqual(self.get_due(), 10, places=2)

    # === THROUGHPUT ===
    def test_throughput_is_a_bucket_of_one_second(self):
        self.scripted.throughput = 2
        self.send(*[PHONE] * 20, route=self.scripted)
        sent = []
        for seconds in (0, 0.5, 1, 1.2, 1.5, 60):
            with self.later(seconds):
                self.run_lane()
            sent.append(self.count_sent())
        self.assertEqual(sent, [1, 2, 3, 3, 4, 6])

    def test_lanes_share_the_bucket(self):
        self.set_parameter("lanes", "2")
        self.scripted.throughput = 5
        self.send(*[PHONE] * 30, route=self.scripted)
        for seconds in (0, 10):
            with self.later(seconds):
                self.run_lane(1)
                self.run_lane(2)
        self.assertEqual(self.count_sent(), 1 + 5)

    def test_hosts_whose_clocks_differ_share_the_bucket(self):
        self.scripted.throughput = 10
        with self.later(-10):
            self.send(*[PHONE] * 100, route=self.scripted)
        for seconds in (0, 0.5, 1, 1.5, 2):
            for ahead in (0, 5, -5):
                with self.later(seconds, ahead=ahead):
                    self.run_lane()
        self.assertEqual(self.count_sent(), 1 + 20)

    def test_a_bucket_is_filled_by_the_database_s_clock(self):
        self.scripted.throughput = 0.001
        self.send(PHONE, PHONE, PHONE, route=self.scripted)
        for seconds in (0, 3600, 0, 7200):
            with freeze_time(fields.Datetime.now() + timedelta(seconds=seconds)):
                self.run_lane()
        self.assertEqual(self.count_sent(), 1)

    def test_a_bucket_that_was_filled_in_the_future_fills_from_here_on(self):
        self.scripted.throughput = 1
        self.send(*[PHONE] * 5, route=self.scripted)
        for seconds in (3600, 0, 0.5, 1):
            with self.later(seconds, ahead=3600 - seconds):
                self.run_lane()
        self.assertEqual(self.count_sent(), 1 + 1)

    def test_tokens_that_were_not_needed_stay_in_the_bucket(self):
        self.scripted.throughput = 5
        for seconds, count in ((0, 1), (10, 1), (10.01, 9)):
            with self.later(seconds):
                self.send(*[PHONE] * count, route=self.scripted)
            with self.later(seconds + 0.005):
                self.run_lane()
        self.assertEqual(self.count_sent(), 1 + 5)

    def test_a_slow_route_lets_short_lived_messages_expire_unseen(self):
        self.scripted.throughput = 0.2
        with self.later(0):
            messages = self.get_messages(
                self.send(*[PHONE] * 4, route=self.scripted, ttl=1)
            )
        for seconds in (0.1, 0.5, 1, 2, 6, 12):
            with self.later(seconds):
                self.run_lane()
        self.assertEqual(messages.mapped("state"), ["submitted"] + ["expired"] * 3)
        self.assertEqual(self.count_sent(), 1)

    def test_debug_messages_need_no_tokens(self):
        self.scripted.throughput = 0.2
        messages = self.get_messages(
            self.send(*[PHONE] * 5, route=self.scripted, is_debug=True)
        )
        self.run_lane()
        self.assertEqual(messages.mapped("state"), ["submitted"] * 5)
