"""A restored or copied database waits for a person before it sends."""

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.crm_sms_gateway.models.operations import (
    database_memory,
    sms_gateway_hold_recognition,
)
from odoo.addons.crm_sms_gateway.providers.errors import MaybeSent
from odoo.addons.crm_sms_gateway.providers.types import (
    ClientReference,
    DeliveryStatus,
    StatusUpdate,
)

from ...common import PHONE, ROOT, GatewayCase, fail
from ..routing.common import RoutingCase

LOG = "odoo.addons.crm_sms_gateway.models.operations"


class HoldCase(GatewayCase):
    def setUp(self):
        super().setUp()
        self.holds = self.env["sms.gateway.hold"]
        self.holds.search([]).unlink()
        folder = Path(self.enterContext(TemporaryDirectory()))
        self.memory = folder / "memory"
        self.startPatcher(
            patch.object(database_memory, "get_path", lambda _database: self.memory)
        )
        self.polled = []
        self.scripted, self.provider = self.script_route(
            poll=lambda references: self.polled.append(references) or []
        )

    def recognise(self):
        """Run a cron of the database where it is, and return its row."""
        self.run_fold()
        with self.as_cron() as env:
            env["sms.gateway.hold"]._is_held()
        return self.holds.search([], limit=1)

    def restore(self, **parts):
        """Let the database be another one: change what the last run has seen."""
        hold = self.recognise()
        known = {**json.loads(hold.identity), **(parts or {"database": "1"})}
        hold.identity = json.dumps(known)
        with mute_logger(LOG):
            return self.recognise()

    def decide(self, hold, decision):
        with mute_logger(LOG):
            hold._decide(decision, self.count_in_doubt(hold))
            self.recognise()
        self.assertEqual(hold.state, "released")

    def count_in_doubt(self, hold):
        return sum(row["in_doubt"] for row in hold._count_in_doubt())

    def send_in_doubt(self, *phones, **values):
        """A message that was queued when the backup was made."""
        message = self.send_one(*phones, **values)
        self.env.cr.execute(
            """UPDATE sms_gateway_campaign
                  SET accepted_at = accepted_at - interval '1 hour' WHERE id = %s""",
            [message.campaign_id.id],
        )
        self.env.invalidate_all()
        return message


@tagged("post_install", "-at_install")
class TestRecognition(HoldCase):
    def test_the_first_run_writes_down_where_the_database_is(self):
        """As an ordinary role: `scripts/test` owns its database and nothing else."""
        hold = self.recognise()
        self.assertEqual((hold.state, hold.cause), ("released", False))
        self.assertEqual(
            set(json.loads(hold.identity)),
            {"server", "database", "content", "timeline"},
        )
        self.assertFalse(self.holds._find_open())

    def test_further_runs_change_nothing(self):
        hold = self.recognise()
        self.assertEqual(self.recognise(), hold)
        self.assertEqual(self.holds.search_count([]), 1)

    def test_every_part_tells_another_database(self):
        for part in ("server", "database", "content", "timeline"):
            with self.subTest(part=part):
                self.holds.search([]).unlink()
                hold = self.restore(**{part: "7"})
                self.assertEqual((hold.state, hold.cause), ("held", part))
                self.assertEqual(self.recognise(), hold, "it is written once")

    def test_a_standby_that_takes_over_is_trusted_where_a_parameter_says_so(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("crm_sms_gateway.holds_after_failover", "False")
        self.assertEqual(self.restore(timeline="7").state, "released")
        self.assertEqual(self.restore(database="7").state, "held")

    def test_what_the_server_does_not_tell_is_not_compared(self):
        refused = {
            **sms_gateway_hold_recognition.PARTS,
            "server": SQL("(SELECT nothing)"),
        }
        with patch.object(sms_gateway_hold_recognition, "PARTS", refused):
            hold = self.recognise()
            self.assertEqual(set(json.loads(hold.identity)), {"database", "content"})
            self.assertEqual(self.recognise(), hold)
            self.assertEqual(self.restore(content="7").state, "held")

    def test_a_part_that_is_told_later_is_learnt(self):
        hold = self.recognise()
        known = json.loads(hold.identity)
        known.pop("server")
        hold.identity = json.dumps(known)
        self.assertEqual(self.recognise(), hold)
        self.assertIn("server", json.loads(hold.identity))

    def test_the_data_folder_remembers_a_later_run(self):
        """As of a server whose disk was set back."""
        hold = self.recognise()
        self._remember(hold, hours=1)
        with mute_logger(LOG):
            held = self.recognise()
        self.assertEqual((held.state, held.cause), ("held", "memory"))
        self.assertEqual(self.recognise(), held, "it is written once")

    def test_what_the_data_folder_remembers_of_others_or_of_before_tells_nothing(self):
        hold = self.recognise()
        self._remember(hold, hours=-1)
        self.assertEqual(self.recognise(), hold)
        self._remember(hold, hours=1, content="7")
        self.assertEqual(self.recognise(), hold)
        for text in ("", "[]", '{"seen_at": "x", "identity": {}}', '{"seen_at": 1}'):
            self.memory.write_text(text)
            self.assertEqual(self.recognise(), hold)

    def _remember(self, hold, *, hours, **parts):
        moment = hold.seen_at + timedelta(hours=hours)
        identity = {**json.loads(hold.identity), **parts}
        self.memory.write_text(
            json.dumps({"identity": identity, "seen_at": str(moment)})
        )

    def test_the_administrators_are_told_once(self):
        hold = self.restore()
        told = hold.activity_ids.user_id
        self.assertIn(self.env.ref("base.user_admin"), told)
        self.assertEqual(len(hold.activity_ids), len(told))
        telling = self.holds._describe_open()
        self.assertIn("restored or copied", telling["sentence"])
        self.assertEqual(telling["action"]["res_id"], hold.id)
        self.assertTrue(self.route.is_held)


@tagged("post_install", "-at_install")
class TestHeld(HoldCase):
    def test_nothing_is_sent_and_nobody_is_asked(self):
        waiting = self.send_in_doubt(route=self.scripted)
        submitted = self.send_one(route=self.scripted)
        self.force_state(submitted, "submitted")
        self.env.cr.execute(
            """UPDATE sms_gateway_message SET next_poll_at = accepted_at,
                      provider_reference = 'r' WHERE id = %s""",
            [submitted.id],
        )
        self.restore()
        later = self.send_one(route=self.scripted)
        asked = self.env["sms.gateway.provider.request"]._request(
            self.scripted, kind="connection"
        )
        self.run_lane()
        self.run_poll()
        self.run_recover()
        self.run_balance()
        self.assertEqual((self.provider.batches, self.polled), ([], []))
        self.assertEqual((waiting.state, later.state), ("queued", "queued"))
        self.assertEqual((submitted.state, asked.state), ("submitted", "pending"))

    def test_in_doubt_is_what_was_accepted_before(self):
        before = self.send_in_doubt(route=self.scripted)
        unknown = self.send_in_doubt(route=self.scripted)
        self.force_state(unknown, "unknown")
        ended = self.send_in_doubt(route=self.scripted)
        self.force_state(ended, "delivered")
        hold = self.restore()
        self._age(hold)
        self.send_one(route=self.scripted)
        [row] = hold._count_in_doubt()
        self.assertEqual(
            (row["route_id"], row["in_doubt"], row["unknown"]), (self.scripted.id, 1, 1)
        )
        self.assertEqual(row["oldest"], before.accepted_at)

    def test_an_sms_of_odoo_of_before_is_in_doubt(self):
        company = self.env.company
        company.sms_gateway_route_id = self.route
        sms = self.env["sms.sms"].create({"number": PHONE, "body": "Здравствуйте"})
        hold = self.restore()
        message = self.env["sms.gateway.message"].search([("uuid", "=", sms.uuid)])
        self.assertEqual(message.state, "queued")
        self.assertEqual(self.count_in_doubt(hold), 1)

    def _age(self, hold):
        """What follows is accepted after the hold began, whatever the fractions of
        this second are."""
        self.env.cr.execute(
            """UPDATE sms_gateway_hold SET began_at = began_at - interval '1 minute'
                WHERE id = %s""",
            [hold.id],
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestDecisions(HoldCase):
    def setUp(self):
        super().setUp()
        self.before = self.send_in_doubt(route=self.scripted)
        self.risky = self.send_in_doubt(route=self.scripted)
        self.env.cr.execute(
            "UPDATE sms_gateway_message SET maybe_sent = TRUE WHERE id = %s",
            [self.risky.id],
        )
        self.on_its_way = self.send_in_doubt(route=self.scripted)
        self.force_state(self.on_its_way, "submitting")
        self.hold = self.restore()
        TestHeld._age(self, self.hold)
        self.after = self.send_one(route=self.scripted)

    def get_states(self):
        self.env.invalidate_all()
        return [
            message.state
            for message in (self.before, self.risky, self.on_its_way, self.after)
        ]

    def get_handed_over(self):
        return {request.uuid for batch in self.provider.batches for request in batch}

    def test_what_is_in_doubt_is_cancelled_and_the_rest_is_sent(self):
        self.decide(self.hold, "cancel")
        self.run_lane()
        self.assertEqual(
            self.get_states(), ["cancelled", "unknown", "unknown", "submitted"]
        )
        self.assertEqual(self.get_handed_over(), {self.after.uuid})
        self.assertFalse((self.risky + self.on_its_way).filtered("next_check_at"))
        event = self.before.event_ids[-1]
        self.assertEqual((event.kind, event.source), ("cancelled", "person"))

    def test_it_is_sent_when_a_person_says_so(self):
        self.provider.capabilities = self.idempotent()
        self.decide(self.hold, "send")
        self.run_lane()
        self.assertEqual(
            self.get_states(), ["submitted", "submitted", "submitting", "submitted"]
        )

    def idempotent(self):
        return type(self.provider.capabilities)(
            channels=frozenset({"sms"}), client_reference=ClientReference.DEDUP
        )

    def test_a_route_that_cannot_be_asked_leaves_it_to_a_person(self):
        self.decide(self.hold, "ask")
        self.run_recover()
        self.run_lane()
        self.assertEqual(
            self.get_states(), ["unknown", "unknown", "submitting", "submitted"]
        )
        self.assertEqual(self.get_handed_over(), {self.after.uuid})
        self.assertFalse(self.before.next_check_at)

    def test_a_copy_cancels_everything_and_stops_its_routes(self):
        tokens = {self.scripted.webhook_token, self.route.webhook_token}
        self.scripted.fetches_inbound = True
        submitted = self.send_one(route=self.scripted)
        self.force_state(submitted, "submitted")
        self.env.cr.execute(
            """UPDATE sms_gateway_message SET next_poll_at = accepted_at,
                      provider_reference = 'r' WHERE id = %s""",
            [submitted.id],
        )
        self.decide(self.hold, "copy")
        self.run_lane()
        self.run_poll()
        self.run_recover()
        self.assertEqual(
            self.get_states(), ["cancelled", "unknown", "unknown", "cancelled"]
        )
        self.assertEqual((self.provider.batches, self.polled), ([], []))
        routes = self.scripted + self.route
        self.assertEqual(set(routes.mapped("state")), {"paused"})
        self.assertFalse(tokens & set(routes.mapped("webhook_token")))
        self.assertFalse(routes.filtered("fetches_inbound"))

    def test_a_campaign_that_is_not_prepared_is_paused_or_cancelled(self):
        for decision, state in (("ask", "paused"), ("cancel", "cancelled")):
            with self.subTest(decision=decision):
                campaign = self.before.campaign_id
                campaign.write({"state": "running", "unprepared_count": 3})
                hold = self.restore()
                self.decide(hold, decision)
                self.assertEqual(campaign.state, state)

    def test_it_is_logged_who_decided_what(self):
        admin = self.env.ref("base.user_admin")
        wizard = self.open_wizard(admin)
        wizard.decision = "cancel"
        with self.assertLogs(LOG, "WARNING"):
            wizard.action_decide()
        hold = self.hold
        self.assertEqual(
            (hold.state, hold.decision, hold.decided_by_id),
            ("decided", "cancel", admin),
        )
        self.assertEqual(hold.in_doubt_count, 2)
        self.assertFalse(hold.activity_ids)

    def test_the_figures_are_those_of_the_routes(self):
        wizard = self.open_wizard(self.env.ref("base.user_admin"))
        [line] = wizard.line_ids
        self.assertEqual(
            (line.route_name, line.way_to_ask, line.in_doubt_count, line.unknown_count),
            (self.scripted.name, "none", 2, 1),
        )

    def test_whoever_decides_second_is_told(self):
        admin = self.env.ref("base.user_admin")
        first, second = self.open_wizard(admin), self.open_wizard(admin)
        first.decision, second.decision = "cancel", "send"
        with mute_logger(LOG):
            first.action_decide()
        with self.assertRaisesRegex(UserError, "has already decided"):
            second.action_decide()
        self.assertEqual(self.hold.decision, "cancel")

    def test_a_decision_is_about_what_was_shown(self):
        wizard = self.open_wizard(self.env.ref("base.user_admin"))
        wizard.decision = "send"
        wizard.in_doubt_count = 1
        with self.assertRaisesRegex(UserError, "More messages are in doubt"):
            wizard.action_decide()
        self.assertEqual(self.hold.state, "held")

    def test_only_administrators_of_odoo_decide(self):
        group = "base.group_user,crm_sms_gateway.group_administrator"
        user = new_test_user(self.env, "sms_hold_administrator", group)
        with self.assertRaises(AccessError):
            self.open_wizard(user)
        with self.assertRaises(AccessError):
            self.hold.with_user(user)._decide("send", 100)

    def open_wizard(self, user):
        action = self.hold.with_user(user).action_decide()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestAsking(HoldCase):
    def test_the_provider_tells_what_it_has(self):
        told = {}
        scripted, provider = self.script_route(
            lookup=lambda requests: [
                StatusUpdate(told[request.uuid], uuid=request.uuid)
                for request in requests
            ]
        )
        sent, never = (self.send_in_doubt(route=scripted) for _time in range(2))
        told |= {
            sent.uuid: DeliveryStatus.DELIVERED,
            never.uuid: DeliveryStatus.NOT_FOUND,
        }
        self.decide(self.restore(), "ask")
        self.run_recover()
        self.run_lane()
        self.assertEqual((sent.state, never.state), ("delivered", "unknown"))
        self.assertEqual(provider.batches, [])

    def test_a_gate_that_knows_our_reference_is_asked_by_handing_over_again(self):
        scripted, provider = self.script_route(client_reference=ClientReference.DEDUP)
        message = self.send_in_doubt(route=scripted)
        reference = message.client_reference
        self.decide(self.restore(), "ask")
        self.run_recover()
        self.run_lane()
        self.assertEqual(message.state, "submitted")
        [[request]] = provider.batches
        self.assertEqual(request.client_reference, reference)


@tagged("post_install", "-at_install")
class TestPolicies(HoldCase, RoutingCase):
    """With what was accepted before, the original may have gone on: through another
    route of its policy, or by the next step."""

    #: decision → whether messages of before go on
    DECISIONS = {"ask": False, "cancel": False, "copy": False, "send": True}

    def decide_anew(self, decision, routes):
        """Let the database be restored once more, decide, and resume routes that a copy
        has paused."""
        self.holds.search([]).unlink()
        self.decide(self.restore(), decision)
        self.env["sms.gateway.route.pause"]._resume(routes)

    def test_a_failure_of_before_takes_another_route_where_a_person_says_so(self):
        for decision, goes_on in self.DECISIONS.items():
            with self.subTest(decision):
                first, _provider = self.script_route()
                second, _provider = self.script_route()
                policy = self.make_policy(first, second)
                message = self.send_in_doubt(route=policy.route_id)
                self.run_lane()
                self.decide_anew(decision, first | second)
                self.report_failure(message, "provider_error")
                self.assertEqual(message.route_id, second if goes_on else first)

    def test_the_next_step_begins_where_a_person_says_so(self):
        for decision, goes_on in self.DECISIONS.items():
            with self.subTest(decision):
                first, _provider = self.script_route()
                second, _provider = self.script_route()
                policy = self.make_cascade({"routes": [first]}, {"routes": [second]})
                message = self.send_in_doubt(route=policy.route_id)
                self.run_lane()
                self.decide_anew(decision, first | second)
                self.report_failure(message, "unreachable")
                self.run_cascade()
                messages = self.get_messages(message.campaign_id)
                self.assertEqual(second in messages.route_id, goes_on)
                self.assertFalse(message.follow_up)

    def report_failure(self, message, failure_type):
        update = StatusUpdate(
            DeliveryStatus.FAILED, uuid=message.uuid, failure_type=failure_type
        )
        self.env["sms.gateway.delivery.report"]._ingest(message.route_id, [update])
        self.env.invalidate_all()

    def test_what_the_provider_has_not_seen_may_have_taken_another_route(self):
        scripts = (
            {"client_reference": ClientReference.DEDUP},
            {
                "lookup": lambda requests: [
                    StatusUpdate(DeliveryStatus.NOT_FOUND) for _one in requests
                ],
                "not_found_after": 0,
            },
        )
        for script in scripts:
            with self.subTest(**script):
                first, provider = self.script_route(
                    submit=fail(MaybeSent("No answer")), **script
                )
                second, _provider = self.script_route()
                policy = self.make_policy(first, second)
                message = self.send_in_doubt(route=policy.route_id)
                self.run_lane()
                self.decide_anew("ask", first | second)
                self.let_pass(10, message)
                self.run_recover()
                self.run_lane()
                self.assertEqual(message.state, "unknown")
                self.assertEqual(len(provider.batches), 1)

    def test_an_sms_of_odoo_has_another_reference_than_in_the_original(self):
        route, provider = self.script_route(client_reference=ClientReference.DEDUP)
        self.env.company.sms_gateway_route_id = route
        sms = self.env["sms.sms"].create({"number": PHONE, "body": "Здравствуйте"})
        self.decide(self.restore(), "ask")
        self.run_recover()
        self.run_lane()
        message = self.env["sms.gateway.message"].search([("uuid", "=", sms.uuid)])
        self.assertEqual((message.state, message.next_check_at), ("unknown", False))
        self.assertEqual(provider.batches, [])


@tagged("post_install", "-at_install")
class TestNeutralize(HoldCase):
    def test_a_neutralised_copy_sends_nothing_and_asks_nobody(self):
        token = self.scripted.webhook_token
        self.scripted.fetches_inbound = True
        submitted = self.send_one(route=self.scripted)
        self.force_state(submitted, "submitted")
        self.env.cr.execute(
            """UPDATE sms_gateway_message SET next_poll_at = accepted_at,
                      provider_reference = 'r' WHERE id = %s""",
            [submitted.id],
        )
        waiting = self.send_one(route=self.scripted)
        asked = self.env["sms.gateway.provider.request"]._request(
            self.scripted, kind="connection"
        )
        self.env.flush_all()
        self.env.cr.execute((Path(ROOT) / "data" / "neutralize.sql").read_text())
        self.env.invalidate_all()
        self.run_lane()
        self.run_poll()
        self.run_balance()
        self.assertEqual((self.provider.batches, self.polled), ([], []))
        self.assertEqual((waiting.state, asked.state), ("queued", "failed"))
        self.assertEqual(self.scripted.state, "paused")
        self.assertNotEqual(self.scripted.webhook_token, token)
        self.assertFalse(self.scripted.fetches_inbound)
