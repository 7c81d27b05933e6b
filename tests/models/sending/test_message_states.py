"""The state machine: every arrow there is, and every one there is not."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_sms_gateway.models.sending.sms_gateway_state_change import (
    StateChange,
)
from odoo.addons.crm_sms_gateway.tools.vocabulary import STATES

from ...common import GatewayCase

#: state → the states it may come from
SOURCES = {
    "queued": {"submitting", "unknown"},
    "submitting": {"queued"},
    "submitted": {"submitting", "unknown"},
    "unknown": {"submitting"},
    "delivered": {"submitting", "submitted", "unknown", "failed", "expired"},
    "failed": {"queued", "submitting", "submitted", "unknown"},
    "expired": {"queued", "submitted", "unknown"},
    "cancelled": {"queued"},
}
FINAL = {"delivered", "failed", "expired", "cancelled"}
#: only the claim walks here, with a lease
CLAIMED = "submitting"
PAIRS = [(old, new) for old in SOURCES for new in SOURCES if new != CLAIMED]


def is_allowed(old, new):
    return old in SOURCES[new]


@tagged("post_install", "-at_install")
class TestMessageStates(GatewayCase):
    def setUp(self):
        super().setUp()
        self.message = self.send_one()

    def change(self, state, **values):
        return StateChange(
            **{"id": self.message.id, "state": state, "source": "poll", **values}
        )

    def move(self, *changes):
        """The verdicts of changes made in one call, in their order."""
        verdicts = self.env["sms.gateway.state.change"]._set_state(changes)
        verdict_of = {
            id(change): verdict
            for verdict, judged in verdicts.items()
            for change in judged
        }
        return [verdict_of[id(change)] for change in changes]

    def take_snapshot(self):
        """Everything that is stored about the message."""
        self.env.cr.execute(
            """SELECT to_jsonb(m),
                      (SELECT count(*) FROM sms_gateway_event e
                        WHERE e.message_id = m.id),
                      (SELECT count(*) FROM sms_gateway_statistic_change)
                 FROM sms_gateway_message m WHERE id = %s""",
            [self.message.id],
        )
        return self.env.cr.fetchone()

    def take_statistic_changes(self):
        """The changes of counts since the last call: (state, failure type) → count."""
        self.env.cr.execute(
            "DELETE FROM sms_gateway_statistic_change"
            " RETURNING state, failure_type, count"
        )
        return {(state, kind): count for state, kind, count in self.env.cr.fetchall()}

    def test_the_table_knows_every_state(self):
        self.assertEqual(set(SOURCES), set(STATES))

    def test_allowed_arrows_move(self):
        for old, new in PAIRS:
            if not is_allowed(old, new):
                continue
            with self.subTest(old=old, new=new):
                self.force_state(self.message, old)
                self.take_statistic_changes()
                failure_type = "unreachable" if new == "failed" else None
                change = self.change(new, failure_type=failure_type, code="E7")
                self.assertEqual(self.move(change), ["moved"])
                self.assert_moved(old, new, failure_type)

    def assert_moved(self, old, new, failure_type):
        self.assertEqual(self.message.state, new)
        self.assertEqual(self.message.failure_type or None, failure_type)
        self.assertEqual(self.message.failure_code, "E7")
        self.assertEqual(bool(self.message.finished_at), new in FINAL)
        self.assertEqual(bool(self.message.delivered_at), new == "delivered")
        self.assertFalse(self.message.lease_until)
        event = self.message.event_ids.sorted("id")[-1]
        self.assertEqual((event.kind, event.source, event.code), (new, "poll", "E7"))
        self.assertEqual(event.company_id, self.route.company_id)
        self.assertEqual(event.route_id, self.route)
        old_failure_type = "other" if old == "failed" else None
        self.assertEqual(
            self.take_statistic_changes(),
            {(new, failure_type): 1, (old, old_failure_type): -1},
        )

    def test_forbidden_arrows_are_refused_and_change_nothing(self):
        for old, new in PAIRS:
            if old == new or is_allowed(old, new):
                continue
            with self.subTest(old=old, new=new):
                self.force_state(self.message, old)
                before = self.take_snapshot()
                change = self.change(new, failure_type="other", segments=7, code="E7")
                self.assertEqual(self.move(change), ["refused"])
                self.assertEqual(self.take_snapshot(), before)

    def test_the_same_state_is_already_there_and_changes_nothing(self):
        for state in SOURCES:
            with self.subTest(state=state):
                self.force_state(self.message, state)
                before = self.take_snapshot()
                self.assertEqual(self.move(self.change(state, code="E7")), ["already"])
                self.assertEqual(self.take_snapshot(), before)

    def test_nothing_but_the_claim_makes_a_message_submitting(self):
        for old in SOURCES.keys() - {CLAIMED, "queued"}:
            self.force_state(self.message, old)
            self.assertEqual(self.move(self.change(CLAIMED)), ["refused"])
        self.force_state(self.message, "queued")
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.move(self.change(CLAIMED))

    def test_only_a_person_makes_unknown_what_is_queued(self):
        for source, verdict in (("dispatcher", "refused"), ("person", "moved")):
            with self.subTest(source):
                change = self.change("unknown", source=source)
                self.assertEqual(self.move(change), [verdict])

    def test_an_old_attempt_does_not_fail_what_a_newer_one_handed_over(self):
        """A lane that was frozen for long wakes with the refusal of its attempt."""
        self.env.cr.execute("UPDATE sms_gateway_message SET attempts = 2")
        for state in ("submitted", "unknown"):
            with self.subTest(state):
                self.force_state(self.message, state)
                late, present = (
                    self.change("failed", failure_type="other", attempt=attempt)
                    for attempt in (1, 2)
                )
                self.assertEqual(self.move(late), ["refused"])
                self.assertEqual(self.message.state, state)
                self.assertEqual(self.move(present), ["moved"])

    def test_times_of_the_source_are_kept(self):
        self.force_state(self.message, "submitted")
        occurred_at = datetime(2026, 2, 3, 4, 5, 6)
        self.move(self.change("delivered", occurred_at="2026-02-03 04:05:06"))
        self.assertEqual(self.message.delivered_at, occurred_at)
        self.assertEqual(self.message.event_ids[-1].occurred_at, occurred_at)
        self.assertGreater(self.message.event_ids[-1].recorded_at, occurred_at)
        self.assertGreater(self.message.finished_at, occurred_at)

    def test_submitted_keeps_the_time_the_reference_and_the_segments(self):
        self.force_state(self.message, "submitting")
        self.move(self.change("submitted", provider_reference="r-1", segments=3))
        self.assertTrue(self.message.submitted_at)
        self.assertEqual(self.message.provider_reference, "r-1")
        self.assertEqual(self.message.segments, 3)

    def test_the_statistic_takes_back_the_segments_it_was_told(self):
        self.force_state(self.message, "submitting")
        self.move(self.change("submitted", segments=5))
        self.env.cr.execute(
            """SELECT state, segments FROM sms_gateway_statistic_change
                WHERE campaign_id = %s AND state <> 'queued'""",
            [self.message.campaign_id.id],
        )
        self.assertEqual(
            dict(self.env.cr.fetchall()), {"submitted": 5, "submitting": -1}
        )

    def test_a_failure_without_a_type_is_of_the_type_other(self):
        self.force_state(self.message, "submitted")
        self.assertEqual(self.move(self.change("failed")), ["moved"])
        self.assertEqual(self.message.failure_type, "other")

    def test_words_the_database_cannot_keep_do_not_lose_the_change(self):
        self.force_state(self.message, "submitting")
        change = self.change(
            "submitted", provider_reference="r\0-1", detail="a\0b\ud83dc"
        )
        self.assertEqual(self.move(change), ["moved"])
        self.assertEqual(self.message.provider_reference, "r-1")
        self.assertEqual(self.message.failure_message, "abc")

    def test_several_changes_of_one_message_are_made_in_their_order(self):
        for states, verdicts in (
            (["submitted", "delivered"], ["moved", "moved"]),
            (["delivered", "submitted"], ["moved", "refused"]),
            (["failed", "delivered", "failed"], ["moved", "moved", "refused"]),
            (["delivered", "delivered"], ["moved", "already"]),
        ):
            with self.subTest(states=states):
                self.message.event_ids.unlink()
                self.force_state(self.message, "submitting")
                self.assertEqual(self.move(*map(self.change, states)), verdicts)
                moved = [
                    state
                    for state, verdict in zip(states, verdicts, strict=True)
                    if verdict == "moved"
                ]
                self.assertEqual(self.get_story(self.message), moved)

    def test_changes_of_several_messages_do_not_mix(self):
        messages = self.get_messages(self.send("+79281706701", "+79281706702"))
        for message in messages:
            self.force_state(message, "submitted")
        first, second = messages
        verdicts = self.move(
            self.change("delivered", id=second.id),
            self.change("failed", id=first.id),
            self.change("expired", id=second.id),
        )
        self.assertEqual(verdicts, ["moved", "moved", "refused"])
        self.assertEqual((first.state, second.state), ("failed", "delivered"))

    def test_a_message_that_is_gone_gets_no_verdict(self):
        self.message.unlink()
        verdicts = self.env["sms.gateway.state.change"]._set_state(
            [self.change("failed")]
        )
        self.assertFalse(any(verdicts.values()))

    def test_a_reference_that_comes_after_the_report_is_kept(self):
        self.force_state(self.message, "submitting")
        verdicts = self.move(
            self.change("delivered"),
            self.change("submitted", provider_reference="r-1"),
        )
        self.assertEqual(verdicts, ["moved", "refused"])
        self.assertEqual(self.message.state, "delivered")
        self.assertEqual(self.message.provider_reference, "r-1")

    def test_a_known_reference_is_not_overwritten_by_a_refused_change(self):
        self.force_state(self.message, "submitting")
        self.move(
            self.change("submitted", provider_reference="r-1"),
            self.change("submitted", provider_reference="r-2"),
        )
        self.assertEqual(self.message.provider_reference, "r-1")

    # === THE DATABASE SAYS THE SAME ===
    def assert_refused(self, statement, *values, error):
        with mute_logger("odoo.sql_db"), self.assertRaises(error):
            self.env.cr.execute(statement, values)

    def test_the_database_refuses_nonsense(self):
        cases = [
            ("queued", "state = 'lost'"),
            ("queued", "finished_at = now()"),
            ("queued", "lease_until = now()"),
            ("queued", "msisdn = NULL"),
            ("submitting", "lease_until = NULL"),
            ("submitted", "state = 'failed', finished_at = now()"),
            *((state, "finished_at = NULL") for state in sorted(FINAL)),
            *((state, "lease_until = now()") for state in sorted(FINAL)),
        ]
        for state, assignment in cases:
            self.force_state(self.message, state)
            with self.subTest(state=state, assignment=assignment):
                self.assert_refused(
                    f"UPDATE sms_gateway_message SET {assignment} WHERE id = %s",
                    self.message.id,
                    error=CheckViolation,
                )

    def test_the_database_refuses_doubles(self):
        other = self.send_one("+79281706701")
        for column in ("uuid", "client_reference"):
            with self.subTest(column=column):
                self.assert_refused(
                    f"UPDATE sms_gateway_message SET {column} = %s WHERE id = %s",
                    self.message[column],
                    other.id,
                    error=UniqueViolation,
                )

    # === ANY ORDER ===
    @settings(deadline=None, derandomize=True, max_examples=60)
    @given(
        start=st.sampled_from(["queued", "submitting", "submitted", "unknown"]),
        calls=st.lists(
            st.lists(st.sampled_from([s for s in STATES if s != CLAIMED]), max_size=4),
            max_size=4,
        ),
    )
    def test_any_order_of_changes_walks_along_the_arrows(self, start, calls):
        self.message.event_ids.unlink()
        self.force_state(self.message, start)
        self.take_statistic_changes()
        state, story = start, []
        for wanted in calls:
            for new in wanted:
                if is_allowed(state, new):
                    state = new
                    story.append(new)
            self.move(*map(self.change, wanted))
        self.assertEqual(self.message.state, state)
        self.assertEqual(self.get_story(self.message), story)
        self.assertEqual(bool(self.message.finished_at), state in FINAL)
        self.assertEqual(self.count_by_state(), {start: -1, state: 1} if story else {})

    def count_by_state(self):
        self.env.cr.execute(
            """SELECT state, sum(count) FROM sms_gateway_statistic_change
             GROUP BY state HAVING sum(count) <> 0"""
        )
        return dict(self.env.cr.fetchall())

    @settings(deadline=None, derandomize=True, max_examples=40)
    @given(
        before=st.lists(
            st.sampled_from(["submitted", "unknown", "failed", "expired"]), max_size=4
        ),
        after=st.lists(
            st.sampled_from([s for s in STATES if s != CLAIMED]), max_size=4
        ),
    )
    def test_delivered_is_never_lost(self, before, after):
        self.force_state(self.message, "submitting")
        self.move(*map(self.change, [*before, "delivered", *after]))
        self.assertEqual(self.message.state, "delivered")
