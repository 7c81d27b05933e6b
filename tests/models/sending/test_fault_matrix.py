"""Every provider that has a gate × everything that may go wrong on the way: no message
reaches a handset twice, and what is told of it in the end is true."""

from contextlib import contextmanager, nullcontext
from datetime import timedelta, timezone
from functools import partial
from itertools import accumulate
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.tests import freeze_time, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.crm_sms_gateway.models.common import clock
from odoo.addons.crm_sms_gateway.models.routes import provider_factory
from odoo.addons.crm_sms_gateway.providers import PROVIDERS
from odoo.addons.crm_sms_gateway.providers.http import HttpClient
from odoo.addons.crm_sms_gateway.providers.types import ClientReference
from odoo.addons.crm_sms_gateway.tools.backoff import RECONCILE_SCHEDULE

from ...common import GatewayCase
from ...simulators import get_simulators
from ...simulators.engine import FAULTS
from ...simulators.gates import GATES

MODELS = "odoo.addons.crm_sms_gateway.models"
ORIGIN = "https://odoo.example"
#: seconds that a hanging provider is waited for
SHORT = 0.15
#: looks into the future that a message gets
STEPS = 12
#: seconds from the beginning of a cell to that of the next
CELL = 86_400
FINAL = ("delivered", "failed", "expired")
#: what goes wrong with the first question for a status, or for what became of a message
QUESTION_FAULTS = ("status_500", "garbage", "status_429", "truncated", "drop_before")


class MatrixCase(GatewayCase):
    """One route to one provider; what is left of a cell does not enter the next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("web.base.url", ORIGIN)
        parameters.set_param("web.base.url.freeze", "True")

    def begin(self, code, channel):
        """Make the route that the cells of a provider share."""
        self.code, self.channel = code, channel
        self.gate = get_simulators().get(code)
        self.capabilities = PROVIDERS[code].capabilities
        self.route = self.make_route(
            f"{code} {channel}",
            provider_code=code,
            has_sms=channel == "sms",
            has_voice=channel == "voice",
            allows_private=True,
        )
        self.fill_in(self.gate.settings)

    def fill_in(self, values):
        for row in self.route.setting_ids:
            if row.name in values:
                name = "secret_value" if row.is_secret else "value"
                row[name] = values[row.name]

    @contextmanager
    def standing_clocks(self):
        """A block in which the clocks stand still, until `go_to` moves them."""
        self.began_at = self.now = clock.now()
        told = patch.object(clock, "_tell", lambda _f: SQL("%s::timestamp", self.now))
        with told, freeze_time(self.now) as self.frozen:
            yield

    def go_to(self, moment):
        """Set the clocks, the gate's too."""
        self.now = moment
        self.frozen.move_to(moment)
        self.gate.config(now=moment.replace(tzinfo=timezone.utc).timestamp())

    def start(self):
        """Begin a cell: everything is as new."""
        left = self.env["sms.gateway.message"].search([("state", "not in", FINAL)])
        for message in left:
            self.force_state(message, "cancelled")
        if self.route.state != "active" or self.route.resume_at:
            self.env["sms.gateway.route.pause"]._resume(self.route)
        self.gate.reset()
        self.began_at += timedelta(seconds=CELL)
        self.go_to(self.began_at)
        with self.make_provider() as provider:
            self.is_idempotent = provider.is_idempotent
            callback = provider.get_callback_address()
        self.gate.config(callback=callback, deliver_after=0)

    @property
    def passed(self):
        """Seconds since the cell began."""
        return (self.now - self.began_at).total_seconds()

    @contextmanager
    def make_provider(self):
        provider = self.route._make_provider()
        try:
            yield provider
        finally:
            provider.close()

    def send_it(self, *, hangs=False):
        """Accept one message and let the lane hand it over."""
        impatient = partial(HttpClient, read_timeout=SHORT)
        wait = patch.object(provider_factory, "HttpClient", impatient)
        message = self.send_one(
            GATES[self.code].msisdn, route=self.route, channel=self.channel
        )
        with wait if hangs else nullcontext():
            self.run_lane()
        return message

    def settle(self, message, *, pushes=True):
        """Let time pass until nothing is to come any more."""
        for _step in range(STEPS):
            if pushes:
                self.take_pushes()
            due = self.get_due(message)
            if message.state in FINAL or not due:
                break
            self.go_to(max(self.now, due) + timedelta(seconds=1))
            self.run_cron(message.state)

    def run_cron(self, state):
        if state == "unknown":
            self.run_recover()
        elif state == "submitted":
            self.run_poll()
        else:
            self.run_lane()

    def get_due(self, message):
        """When something will be done about a message, False: never."""
        if message.state == "unknown":
            return message.next_check_at
        if message.state == "submitted":
            return message.next_poll_at
        if message.state != "queued" or self.route.state != "active":
            return False
        return max(filter(None, (message.not_before, self.route.resume_at)))

    def take_pushes(self):
        """:return: the statuses that the gate's pushes are answered with"""
        return [self.take_push(push) for push in self.gate.take_pushes()]

    def take_push(self, push):
        parts = urlsplit(push.url)
        status, _content_type, _body = self.env["sms.gateway.push"]._answer(
            self.route,
            method=push.method,
            origin=ORIGIN,
            path=parts.path,
            query=parts.query.encode(),
            body=push.body,
            headers=push.headers.items(),
            remote="203.0.113.7",
        )
        self.env.invalidate_all()
        return status

    # === WHAT IS TRUE ===
    @property
    def told_by_reference(self):
        """Reports name our reference."""
        reference = self.capabilities.client_reference
        return self.capabilities.push and reference is not ClientReference.NONE

    @property
    def looked_up(self):
        """The provider can be asked for such a message without its reference."""
        excluded = self.capabilities.lookup_excludes
        return self.capabilities.lookup and self.channel not in excluded

    @property
    def asked_by_reference(self):
        """What became of a message without an answer can be found out."""
        return self.looked_up or self.is_idempotent

    @property
    def sent_again(self):
        """What the provider has not seen is handed over again."""
        patience = self.capabilities.not_found_after
        return self.is_idempotent or self.looked_up and patience is not None

    def check_end(self, message, *, pushes):
        was_maybe_sent = "unknown" in self.get_story(message)
        stats = self.gate.stats()
        copies = stats["handset_total"]
        began_at = self.began_at.replace(tzinfo=timezone.utc).timestamp()
        was_taken = any(m["created_at"] <= began_at for m in stats["messages"])
        self.assertEqual(stats["duplicates"], 0)
        self.assertLessEqual(copies, 1)
        self.assertFalse([r for r in stats["refusals"] if r.startswith("bug")])
        if copies == 0:
            self.assertTrue(was_maybe_sent and not self.sent_again)
            self.assertEqual(message.state, "unknown")
        elif not was_maybe_sent or self.asked_by_reference:
            self.assertEqual(message.state, "delivered")
        elif self.told_by_reference and pushes:
            self.assertEqual(message.state, "delivered")
        elif message.state != "delivered":
            # a report may name the message all the same, by the address it is sent to
            self.assertEqual((message.state, message.next_check_at), ("unknown", False))
        if message.state == "delivered":
            self.assertLess(self.passed, self.get_deadline(was_taken=was_taken))

    def get_deadline(self, *, was_taken):
        """Seconds after which a message that can be settled must be: the first question
        that can be answered, and one more, because the first goes wrong; then the lane
        and a poll."""
        patience = self.capabilities.not_found_after or 0
        known = self.is_idempotent or was_taken
        times = list(accumulate(RECONCILE_SCHEDULE))
        first = next(i for i, at in enumerate(times) if known or at > patience)
        return times[first + 1] + 120


@tagged("post_install", "-at_install")
class TestFaultMatrix(MatrixCase):
    """Its tests are made below: one for every provider and channel."""

    def play(self, code, channel):
        logs = (
            f"{MODELS}.{module}"
            for module in (
                "reports.sms_gateway_delivery_report",
                "reports.sms_gateway_push",
                "routes.sms_gateway_route_pause",
            )
        )
        self.begin(code, channel)
        with mute_logger(*logs), self.standing_clocks():
            for number, fault in enumerate(sorted(FAULTS.keys() - GATES[code].without)):
                with self.subTest(fault=fault):
                    self.check_submit(fault, number)
            if self.capabilities.push:
                for fault in ("twice", "reversed", "forged", "before_answer"):
                    with self.subTest(push=fault):
                        self.check_push(fault)
            with self.subTest("wrong credentials"):
                self.check_credentials()

    def check_submit(self, fault, number):
        """A submit goes wrong, and so does the first question about it."""
        self.start()
        self.gate.arm(fault, seconds=0.02 if fault == "late" else 1)
        for question in ("poll", "lookup"):
            trouble = QUESTION_FAULTS[number % len(QUESTION_FAULTS)]
            self.gate.arm(trouble, calls=question)
        message = self.send_it(hangs=FAULTS[fault].answer == "hang")
        if message.state == "queued":
            self.assertGreater(message.not_before, self.now)
            self.assertTrue(message.event_ids.sorted("id")[-1].detail)
        # every other cell is settled by questions alone, where there are any
        pushes = bool(number % 2) or not self.capabilities.poll
        self.settle(message, pushes=pushes)
        self.check_end(message, pushes=pushes)

    def check_push(self, fault):
        """Reports come twice, the last first, before the answer or from a stranger."""
        if fault == "forged" and not self.capabilities.signed_push:
            return
        self.start()
        if fault != "before_answer":
            self.gate.arm(fault)
        with self.before_answers() if fault == "before_answer" else nullcontext():
            message = self.send_it()
        if fault == "forged":
            self.assertEqual(set(self.take_pushes()), {403})
            self.assertEqual(message.state, "submitted")
            self.assertTrue(self.route.refused_push_count)
            self.settle(message)
        else:
            self.assertFalse(set(self.take_pushes()) - {200, 202, 204})
            self.assertEqual(message.state, "delivered")
            self.assertEqual(self.get_story(message).count("delivered"), 1)
        self.assertEqual(self.gate.stats()["handset_total"], 1)

    @contextmanager
    def before_answers(self):
        """A block in which pushes come before the answer is known to the database."""
        answer = type(self.env["sms.gateway.answer"])
        apply = answer._apply

        def take_pushes_first(model, answers):
            self.assertTrue(self.take_pushes())
            return apply(model, answers)

        with patch.object(answer, "_apply", take_pushes_first):
            yield

    def check_credentials(self):
        """The provider knows the account no more: the route is paused in words, and
        goes on where it stopped."""
        settings = self.gate.settings
        names = GATES[self.code].credentials
        if names is None:
            secrets = [s.name for s in PROVIDERS[self.code].settings if s.secret]
            names = [name for name in secrets if name in settings]
        self.start()
        self.fill_in({name: settings[name][:-1] + "x" for name in names})
        message = self.send_it()
        self.assertEqual((message.state, self.route.state), ("queued", "paused"))
        self.assertTrue(self.route.pause_reason)
        self.assertEqual(self.gate.stats()["handset_total"], 0)
        self.fill_in(settings)
        self.env["sms.gateway.route.pause"]._resume(self.route)
        self.settle(message)
        self.assertEqual(message.state, "delivered")
        self.assertEqual(self.gate.stats()["handset_total"], 1)


@tagged("post_install", "-at_install")
class TestLists(MatrixCase):
    """SMSC.ru: several messages in one request, one id for all of them."""

    def setUp(self):
        super().setUp()
        self.begin("smsc_ru", "sms")

    def send_all(self, count=3):
        """Accept messages and let the lane hand them over."""
        phones = [f"+7916123456{number}" for number in range(count)]
        messages = self.get_messages(self.send(*phones, route=self.route))
        self.run_lane()
        return messages

    def test_a_list_is_delivered(self):
        with self.standing_clocks():
            self.start()
            self.fill_in({"list_size": "10"})
            messages = self.send_all()
            self.assertEqual(self.gate.stats()["calls"], {"submit": 1})
            self.assertEqual(set(messages.mapped("state")), {"submitted"})
            self.assertEqual(set(self.take_pushes()), {200})
            self.assertEqual(set(messages.mapped("state")), {"delivered"})

    def test_a_list_without_an_answer_is_never_sent_twice(self):
        """Whatever is entered before the first question is asked."""
        for size in ("10", "1"):
            with self.subTest(size), self.standing_clocks():
                self.start()
                self.fill_in({"list_size": "10"})
                self.gate.arm("drop_after")
                messages = self.send_all()
                self.fill_in({"list_size": size})
                for message in messages:
                    self.settle(message)
                stats = self.gate.stats()
                self.assertEqual(set(messages.mapped("state")), {"unknown"})
                self.assertFalse(any(messages.mapped("next_check_at")))
                self.assertEqual(stats["calls"], {"submit": 1})
                self.assertEqual(stats["handset_total"], 3)

    def test_what_went_alone_is_left_to_a_person_when_lists_begin(self):
        with self.standing_clocks():
            self.start()
            self.fill_in({"list_size": "1"})
            self.gate.arm("drop_before")
            messages = self.send_all(1)
            self.fill_in({"list_size": "10"})
            self.settle(messages)
            self.assertEqual(messages.state, "unknown")
            self.assertFalse(messages.next_check_at)
            self.assertEqual(self.gate.stats()["handset_total"], 0)


def _make_test(code, channel):
    def test(self):
        self.play(code, channel)

    return test


for _code in sorted(GATES):
    for _channel in sorted(PROVIDERS[_code].capabilities.channels):
        _name = f"test_{_code}_{_channel}"
        setattr(TestFaultMatrix, _name, _make_test(_code, _channel))
