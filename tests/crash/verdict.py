"""The judgement at the end of every scenario: one rule for all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .facts import OPEN_STATES, GatewayDatabase, Row

#: What a state may follow upon (architecture: states); a message begins as queued, and
#: is ``moved`` where it is queued for another route.
MAY_FOLLOW = {
    "queued": {"submitting", "failed", "expired", "cancelled", "moved"},
    "moved": {"submitting", "failed", "expired", "cancelled", "moved"},
    "submitting": {"queued", "submitted", "unknown", "delivered", "failed", "moved"},
    "submitted": {"delivered", "failed", "expired", "moved"},
    "unknown": {"queued", "submitted", "delivered", "failed", "expired", "moved"},
    "delivered": set(),
    "failed": {"delivered"},
    "expired": {"delivered"},
    "cancelled": set(),
}
#: States that say: the provider has it.
AT_THE_GATE = ("submitted", "delivered")
#: States that say: no handset got it.
NEVER_SENT = ("failed", "expired", "cancelled")
#: What a gate says of a message that no handset got.
NOT_DELIVERED = ("not_deliver", "expired")


@dataclass
class Result:
    """What a scenario came to; the members are the report's columns."""

    scenario: str
    mode: str
    messages: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    submits: int = 0
    deliveries: int = 0
    duplicates: int = 0
    lost: int = 0
    unknown: int = 0
    seconds: float = 0.0
    #: what is wrong, in sentences
    problems: list[str] = field(default_factory=list)
    #: the product was spoiled: problems are wanted, of this column
    must_find: str = ""
    #: shown for comparison, judges nothing
    is_comparison: bool = False
    #: the scenario did not come to its end
    is_broken: bool = False
    note: str = ""

    @property
    def has_passed(self) -> bool:
        if self.is_broken:
            return False
        if self.is_comparison:
            return True
        if self.must_find:
            return bool(getattr(self, self.must_find))
        return not self.problems

    @property
    def verdict(self) -> str:
        if self.is_broken:
            return "BROKEN OFF"
        if self.is_comparison:
            return "comparison"
        if self.must_find:
            return "found" if self.has_passed else f"NO {self.must_find} FOUND"
        return "ok" if self.has_passed else "FAILED"


class GateFacts(NamedTuple):
    """What one gate has counted: the ``messages`` of the simulator's ``stats`` and its
    ``calls``."""

    messages: list[dict[str, Any]]
    calls: dict[str, Any]


class Judge:
    """Compares what all gates counted together with what the database says.

    Each person has a number, and counts once: handsets are told apart by numbers,
    messages by references.
    """

    def __init__(self, database: GatewayDatabase, *gates: GateFacts) -> None:
        self._database = database
        self._gates = gates
        self._messages = database.read_messages()
        #: those that count for their persons
        self._counting = [row for row in self._messages if not row.is_superseded]
        taken = [message for gate in gates for message in gate.messages]
        delivered = [message for message in taken if _is_delivered(message)]
        self._handset = Counter(message["phone"] for message in delivered)
        self._arrived = {message["client_id"] for message in delivered}
        self._ids: dict[str, set[str]] = {}
        for message in taken:
            self._ids.setdefault(message["client_id"], set()).add(message["id_sms"])
        self._received = {reference for gate in gates for reference in gate.calls}
        #: when each gate was handed each message
        self._times = [
            call["received_at"] for gate in gates for call in gate.calls.values()
        ]
        self._problems: list[str] = []

    def judge(self, result: Result, *, is_idempotent: bool, expected: int) -> None:
        """Fill in the result.

        :param expected: how many persons were accepted, each with a number of its own
        """
        result.messages = expected
        result.submits = sum(map(len, self._times))
        result.deliveries = self._handset.total()
        result.duplicates = sum(count - 1 for count in self._handset.values())
        result.lost = self._count_lost(expected)
        result.unknown = sum(row.state == "unknown" for row in self._messages)
        self._require(not result.duplicates, f"{result.duplicates} deliveries too many")
        self._require(not result.lost, f"{result.lost} are lost")
        self._check_states()
        self._check_counters()
        self._check_stories()
        self._check_other_ways()
        if is_idempotent:
            self._check_everything_arrived()
        else:
            self._check_nothing_was_repeated()
        result.problems += self._problems

    # === CHECKS ===
    def _count_lost(self, expected: int) -> int:
        """Messages without a row, and those called sent that never reached the gate."""
        missing = max(expected - len(self._counting), 0)
        return missing + sum(
            row.state in AT_THE_GATE and row.reference not in self._ids
            for row in self._messages
        )

    def _check_states(self) -> None:
        self._complain_of("are still under way", lambda row: row.state in OPEN_STATES)
        self._complain_of(
            "are called not sent, and arrived",
            lambda row: row.state in NEVER_SENT and row.reference in self._arrived,
        )
        self._complain_of(
            "are called cancelled, and were handed over",
            lambda row: row.state == "cancelled" and row.reference in self._received,
        )
        self._complain_of(
            "failed without a reason",
            lambda row: row.state == "failed" and not row.failure_type,
        )
        self._complain_of(
            "have another reference than the gate gave",
            lambda row: (
                row.provider_reference
                and row.provider_reference not in self._ids.get(row.reference, ())
            ),
        )
        references = {row.reference for row in self._messages}
        strangers = self._received - references
        self._require(not strangers, f"the gate got {len(strangers)} of nobody's")

    def _check_counters(self) -> None:
        states = Counter(row.state for row in self._counting)
        counted = self._database.read_campaign_counters()
        self._require(counted == states, f"the campaigns count {counted}, not {states}")
        states = Counter(row.state for row in self._messages)
        counted = self._database.read_statistic()
        self._require(counted == states, f"the statistics say {counted}, not {states}")
        left = self._database.count_unfolded()
        self._require(not left, f"{left} changes are not folded")

    def _check_stories(self) -> None:
        stories = self._database.read_stories()

        def is_wrong(row: Row) -> bool:
            story = ["queued", *stories.get(row.id, [])]
            steps = zip(story, story[1:], strict=False)
            is_walk = all(after in MAY_FOLLOW[before] for before, after in steps)
            return not is_walk or story[-1] != row.state

        self._complain_of("have a story that cannot be", is_wrong)

    def _check_other_ways(self) -> None:
        """What a gate got, or may have sent, goes to no other one, and is followed by
        no other message."""
        elsewhere = sum(
            not all(_has_failed(gate, reference) for gate in gates[:-1])
            for reference, gates in self._find_ways().items()
        )
        self._require(not elsewhere, f"{elsewhere} went to another gate, perhaps sent")
        self._complain_of(
            "are followed by another one, and may have been sent",
            lambda row: row.is_superseded and row.state not in ("failed", "expired"),
        )

    def _find_ways(self) -> dict[str, list[GateFacts]]:
        """Reference → the gates that were handed it, in order."""
        ways: dict[str, list[GateFacts]] = {}
        for gate in self._gates:
            for reference in gate.calls:
                ways.setdefault(reference, []).append(gate)
        for reference, gates in ways.items():
            gates.sort(key=lambda gate: gate.calls[reference]["received_at"][0])
        return ways

    def _check_everything_arrived(self) -> None:
        self._complain_of(
            "did not end as delivered",
            lambda row: (
                not row.is_superseded
                and row.state not in ("delivered", "cancelled")
                and not self._is_refused_in_doubt(row)
            ),
        )
        self._complain_of(
            "are called delivered, and did not arrive",
            lambda row: row.state == "delivered" and row.reference not in self._arrived,
        )

    def _is_refused_in_doubt(self, row: Row) -> bool:
        """Whether a message that may have been sent was refused when it was handed over
        again: it stays unknown, a provider may look at its sender or its balance before
        it recognizes the message."""
        is_refused = row.reference in self._received and row.reference not in self._ids
        return row.state == "unknown" and row.tries > 1 and is_refused

    def _check_nothing_was_repeated(self) -> None:
        repeated = sum(len(times) > 1 for times in self._times)
        self._require(not repeated, f"{repeated} were handed over more than once")
        self._complain_of(
            "are neither known to be sent nor unknown",
            lambda row: (
                not row.is_superseded
                and row.state not in ("delivered", "unknown", "cancelled")
            ),
        )

    # === COMPLAINTS ===
    def _require(self, holds: bool, problem: str) -> None:
        if not holds:
            self._problems.append(problem)

    def _complain_of(self, problem: str, is_wrong: Any) -> None:
        wrong = [row for row in self._messages if is_wrong(row)]
        states = ", ".join(f"{row.id} {row.state}" for row in wrong[:3])
        self._require(not wrong, f"{len(wrong)} {problem}: {states}")


def _is_delivered(message: dict[str, Any]) -> bool:
    """Whether a message that a gate has taken reaches its handset."""
    return bool(message["sent_at"]) and message["state"] not in NOT_DELIVERED


def _has_failed(gate: GateFacts, reference: str) -> bool:
    """Whether a gate has told that it did not send a message."""
    taken = [one for one in gate.messages if one["client_id"] == reference]
    was_told = gate.calls[reference]["phase"] == "answered"
    return was_told and not any(map(_is_delivered, taken))
