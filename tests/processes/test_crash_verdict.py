"""The crash suite's judge: everything it looks at can be found wrong."""

from collections import Counter
from dataclasses import replace

from odoo.tests import BaseCase

from ..crash.facts import Row
from ..crash.verdict import AT_THE_GATE, GateFacts, Judge, Result

#: A message's story by its last state.
STORIES = {
    "queued": [],
    "submitting": ["submitting"],
    "submitted": ["submitting", "submitted"],
    "unknown": ["submitting", "unknown"],
    "delivered": ["submitting", "submitted", "delivered"],
    "failed": ["submitting", "failed"],
    "cancelled": ["cancelled"],
}


class FakeDatabase:
    """Messages in these states, and counters that agree with them."""

    def __init__(self, *states):
        self.rows = [
            Row(
                id=number,
                state=state,
                attempts=1,
                phone=f"+{number}",
                reference=str(number),
                provider_reference=f"id{number}" if state in AT_THE_GATE else None,
                failure_type="blocked" if state == "failed" else None,
                tries=1,
            )
            for number, state in enumerate(states)
        ]
        self.stories = {row.id: STORIES[row.state] for row in self.rows}
        self.unfolded = 0
        self.counters = self.statistic = Counter(states)

    def read_messages(self):
        return self.rows

    def read_stories(self):
        return self.stories

    def read_campaign_counters(self):
        return self.counters

    def read_statistic(self):
        return self.statistic

    def count_unfolded(self):
        return self.unfolded


def make_gate(taken=(), *, refused=(), at=1.0, times=1, state="deliver", phase=None):
    """A gate that has taken some messages and refused others.

    :param at: when it was handed each of them
    :param state: of what it has taken
    :param phase: how far its calls got
    """
    messages = [
        {
            "phone": str(number),
            "client_id": str(number),
            "id_sms": f"id{number}",
            "sent_at": 1,
            "state": state,
        }
        for number in taken
    ]
    calls = {
        str(number): {"received_at": [at] * times, "phase": phase or "answered"}
        for number in (*taken, *refused)
    }
    return GateFacts(messages, calls)


class TestJudge(BaseCase):
    def judge(self, database, *sent, is_idempotent=True, times=1):
        """Judge a gate that got these messages, and delivered them.

        :param times: how often each was handed over; once delivered is enough
        """
        gate = make_gate(sent, times=times)
        return self.judge_gates(database, gate, is_idempotent=is_idempotent)

    def judge_gates(self, database, *gates, is_idempotent=True, expected=None):
        result = Result("test", "test")
        Judge(database, *gates).judge(
            result,
            is_idempotent=is_idempotent,
            expected=len(database.rows) if expected is None else expected,
        )
        return result

    def make_moved(self):
        """A message that was delivered by the route that it took next."""
        database = FakeDatabase("delivered")
        database.stories[0] = ["submitting", "moved", *STORIES["delivered"]]
        return database

    def make_cascade(self, state):
        """A message in this state, and a next step that was delivered."""
        database = FakeDatabase(state, "delivered")
        database.rows[0] = replace(database.rows[0], is_superseded=True)
        database.rows[1] = replace(database.rows[1], phone="+0")
        database.counters = Counter(delivered=1)
        return database

    def assert_found(self, result, problem):
        self.assertIn(problem, " / ".join(result.problems))
        self.assertEqual(result.verdict, "FAILED")

    def test_nothing_is_wrong(self):
        result = self.judge(FakeDatabase("delivered", "delivered"), 0, 1)
        self.assertEqual(result.problems, [])
        self.assertEqual(result.verdict, "ok")
        figures = (result.submits, result.deliveries, result.duplicates, result.lost)
        self.assertEqual(figures, (2, 2, 0, 0))

    def test_a_repetition_that_the_gate_recognises_is_right(self):
        result = self.judge(FakeDatabase("delivered"), 0, times=2)
        self.assertEqual(result.problems, [])
        self.assertEqual(result.submits, 2)

    def test_unknown_is_right_where_the_gate_cannot_be_asked(self):
        database = FakeDatabase("delivered", "unknown", "unknown")
        result = self.judge(database, 0, 1, is_idempotent=False)
        self.assertEqual(result.problems, [])
        self.assertEqual(result.unknown, 2)

    def test_a_second_delivery(self):
        result = self.judge(FakeDatabase("delivered"), 0, 0)
        self.assert_found(result, "1 deliveries too many")
        self.assertEqual(result.duplicates, 1)

    def test_a_message_called_sent_that_never_was(self):
        result = self.judge(FakeDatabase("delivered", "submitted"), 0)
        self.assert_found(result, "1 are lost")

    def test_a_message_without_a_row(self):
        database = FakeDatabase("delivered", "delivered")
        database.rows.pop()
        result = Result("test", "test")
        Judge(database, GateFacts([], {})).judge(result, is_idempotent=True, expected=2)
        self.assertEqual(result.lost, 2)

    def test_a_message_of_nobody(self):
        result = self.judge(FakeDatabase("delivered"), 0, 7)
        self.assert_found(result, "the gate got 1 of nobody's")

    def test_a_message_that_is_still_under_way(self):
        for state in ("queued", "submitting"):
            with self.subTest(state=state):
                result = self.judge(FakeDatabase(state), is_idempotent=False)
                self.assert_found(result, "1 are still under way")

    def test_a_message_called_failed_that_arrived(self):
        result = self.judge(FakeDatabase("failed"), 0)
        self.assert_found(result, "1 are called not sent, and arrived")

    def test_a_cancelled_message_that_was_handed_over(self):
        result = self.judge(FakeDatabase("cancelled"), 0)
        self.assert_found(result, "1 are called cancelled, and were handed over")

    def test_a_repetition_that_the_gate_would_send(self):
        result = self.judge(FakeDatabase("delivered"), 0, is_idempotent=False, times=2)
        self.assert_found(result, "1 were handed over more than once")

    def test_an_unknown_message_that_could_have_been_asked_for(self):
        result = self.judge(FakeDatabase("unknown"), 0)
        self.assert_found(result, "1 did not end as delivered")

    def test_an_unknown_message_that_was_refused_when_it_was_handed_over_again(self):
        database = FakeDatabase("unknown")
        database.rows[0] = replace(database.rows[0], attempts=2, tries=2)
        database.stories[0] = [*STORIES["unknown"], "queued", *STORIES["unknown"]]
        refused = make_gate(refused=[0])
        self.assertEqual(self.judge_gates(database, refused).problems, [])
        for gate in (make_gate(), make_gate([0])):
            result = self.judge_gates(database, gate)
            self.assert_found(result, "1 did not end as delivered")
        database.rows[0] = replace(database.rows[0], tries=1)
        result = self.judge_gates(database, refused)
        self.assert_found(result, "1 did not end as delivered")

    def test_a_strange_reference(self):
        database = FakeDatabase("delivered", "delivered")
        database.rows[1] = Row(**{**vars(database.rows[1]), "provider_reference": "x"})
        result = self.judge(database, 0, 1)
        self.assert_found(result, "1 have another reference than the gate gave")

    def test_counters_that_do_not_agree(self):
        database = FakeDatabase("delivered")
        database.counters = Counter(queued=1)
        self.assert_found(self.judge(database, 0), "the campaigns count")
        database = FakeDatabase("delivered")
        database.statistic = Counter(delivered=2)
        self.assert_found(self.judge(database, 0), "the statistics say")
        database = FakeDatabase("delivered")
        database.unfolded = 3
        self.assert_found(self.judge(database, 0), "3 changes are not folded")

    def test_stories_that_cannot_be(self):
        for story in (
            ["submitting", "submitted"],
            ["delivered"],
            ["submitting", "submitted", "queued", "submitting", "delivered"],
        ):
            with self.subTest(story=story):
                database = FakeDatabase("delivered")
                database.stories[0] = story
                self.assert_found(self.judge(database, 0), "1 have a story")

    # === OTHER ROUTES, NEXT STEPS ===
    def test_a_message_that_was_refused_goes_to_another_gate(self):
        gates = make_gate(refused=[0]), make_gate([0], at=2.0)
        for is_idempotent in (True, False):
            result = self.judge_gates(
                self.make_moved(), *gates, is_idempotent=is_idempotent
            )
            self.assertEqual(result.problems, [])
            self.assertEqual((result.submits, result.deliveries), (2, 1))

    def test_a_message_that_two_gates_deliver(self):
        result = self.judge_gates(
            self.make_moved(), make_gate([0]), make_gate([0], at=2.0)
        )
        self.assert_found(result, "1 deliveries too many")
        self.assert_found(result, "1 went to another gate, perhaps sent")

    def test_a_message_without_an_answer_goes_to_another_gate(self):
        unanswered = make_gate(refused=[0], phase="received")
        result = self.judge_gates(self.make_moved(), unanswered, make_gate([0], at=2.0))
        self.assert_found(result, "1 went to another gate, perhaps sent")

    def test_the_last_gate_need_not_have_answered(self):
        database = FakeDatabase("unknown")
        database.stories[0] = ["submitting", "moved", *STORIES["unknown"]]
        gates = make_gate([0], at=2.0, phase="accepted"), make_gate(refused=[0])
        result = self.judge_gates(database, *gates, is_idempotent=False)
        self.assertEqual(result.problems, [])

    def test_a_next_step_counts_for_the_person(self):
        first = make_gate([0], state="not_deliver")
        [message] = make_gate([1]).messages
        second = GateFacts([{**message, "phone": "0"}], make_gate([1]).calls)
        result = self.judge_gates(
            self.make_cascade("failed"), first, second, expected=1
        )
        self.assertEqual(result.problems, [])
        self.assertEqual((result.deliveries, result.lost), (1, 0))

    def test_a_next_step_after_a_delivery(self):
        [message] = make_gate([1]).messages
        second = GateFacts([{**message, "phone": "0"}], make_gate([1]).calls)
        result = self.judge_gates(
            self.make_cascade("delivered"), make_gate([0]), second, expected=1
        )
        self.assert_found(result, "1 deliveries too many")
        self.assert_found(result, "1 are followed by another one")

    def test_a_next_step_after_an_unknown_outcome(self):
        result = self.judge_gates(
            self.make_cascade("unknown"), make_gate([1]), is_idempotent=False
        )
        self.assert_found(result, "1 are followed by another one")

    def test_a_person_without_a_message_that_counts(self):
        database = self.make_cascade("failed")
        database.rows[1] = replace(database.rows[1], is_superseded=True)
        result = self.judge_gates(database, make_gate([1]), expected=1)
        self.assert_found(result, "1 are lost")

    # === TEETH ===
    def test_a_spoiled_product_must_be_found_out(self):
        result = self.judge(FakeDatabase("delivered"), 0)
        result.must_find = "duplicates"
        self.assertEqual(result.verdict, "NO duplicates FOUND")
        self.assertFalse(result.has_passed)
        result = self.judge(FakeDatabase("delivered"), 0, 0)
        result.must_find = "duplicates"
        self.assertEqual(result.verdict, "found")
        self.assertTrue(result.has_passed)
