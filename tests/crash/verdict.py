"""The judgement at the end of every scenario: one rule for all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .facts import OPEN_STATES, GatewayDatabase, Row

#: What a state may follow upon (architecture: states); a message begins as queued.
MAY_FOLLOW = {
    "queued": {"submitting", "failed", "expired", "cancelled"},
    "submitting": {"queued", "submitted", "unknown", "delivered", "failed"},
    "submitted": {"delivered", "failed", "expired"},
    "unknown": {"queued", "submitted", "delivered", "failed", "expired"},
    "delivered": set(),
    "failed": {"delivered"},
    "expired": {"delivered"},
    "cancelled": set(),
}
#: States that say: the provider has it.
AT_THE_GATE = ("submitted", "delivered")
#: States that say: no handset got it.
NEVER_SENT = ("failed", "expired", "cancelled")


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


class Judge:
    """Compares what the gate counted with what the database says.

    :param gate: the simulator's ``stats`` with messages
    :param calls: its ``calls``
    """

    def __init__(
        self, database: GatewayDatabase, gate: dict[str, Any], calls: dict[str, Any]
    ) -> None:
        self._database = database
        self._messages = database.read_messages()
        self._handset = Counter(
            message["phone"] for message in gate["messages"] if message["sent_at"]
        )
        self._accepted = {message["phone"] for message in gate["messages"]}
        self._ids = {
            message["client_id"]: message["id_sms"] for message in gate["messages"]
        }
        self._received = {
            reference: call["received_at"] for reference, call in calls.items()
        }
        self._problems: list[str] = []

    def judge(self, result: Result, *, is_idempotent: bool, expected: int) -> None:
        """Fill in the result.

        :param expected: how many messages were accepted, each to a number of its own
        """
        result.messages = expected
        result.submits = sum(map(len, self._received.values()))
        result.deliveries = self._handset.total()
        result.duplicates = sum(count - 1 for count in self._handset.values())
        result.lost = self._count_lost(expected)
        result.unknown = sum(row.state == "unknown" for row in self._messages)
        self._require(not result.duplicates, f"{result.duplicates} deliveries too many")
        self._require(not result.lost, f"{result.lost} are lost")
        self._check_states()
        self._check_counters()
        self._check_stories()
        if is_idempotent:
            self._check_everything_arrived()
        else:
            self._check_nothing_was_repeated()
        result.problems += self._problems

    # === CHECKS ===
    def _count_lost(self, expected: int) -> int:
        """Messages without a row, and those called sent that never reached the gate."""
        missing = max(expected - len(self._messages), 0)
        return missing + sum(
            row.state in AT_THE_GATE and _phone(row) not in self._accepted
            for row in self._messages
        )

    def _check_states(self) -> None:
        self._complain_of("are still under way", lambda row: row.state in OPEN_STATES)
        self._complain_of(
            "are called not sent, and arrived",
            lambda row: row.state in NEVER_SENT and self._handset[_phone(row)],
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
                and row.provider_reference != self._ids.get(row.reference)
            ),
        )
        references = {row.reference for row in self._messages}
        strangers = self._received.keys() - references
        self._require(not strangers, f"the gate got {len(strangers)} of nobody's")

    def _check_counters(self) -> None:
        states = Counter(row.state for row in self._messages)
        counted = self._database.read_campaign_counters()
        self._require(counted == states, f"the campaigns count {counted}, not {states}")
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

    def _check_everything_arrived(self) -> None:
        self._complain_of(
            "did not end as delivered",
            lambda row: row.state not in ("delivered", "cancelled"),
        )
        self._complain_of(
            "are called delivered, and did not arrive",
            lambda row: row.state == "delivered" and not self._handset[_phone(row)],
        )

    def _check_nothing_was_repeated(self) -> None:
        repeated = sum(len(times) > 1 for times in self._received.values())
        self._require(not repeated, f"{repeated} were handed over more than once")
        self._complain_of(
            "are neither known to be sent nor unknown",
            lambda row: row.state not in ("delivered", "unknown", "cancelled"),
        )

    # === COMPLAINTS ===
    def _require(self, holds: bool, problem: str) -> None:
        if not holds:
            self._problems.append(problem)

    def _complain_of(self, problem: str, is_wrong: Any) -> None:
        wrong = [row for row in self._messages if is_wrong(row)]
        states = ", ".join(f"{row.id} {row.state}" for row in wrong[:3])
        self._require(not wrong, f"{len(wrong)} {problem}: {states}")


def _phone(row: Row) -> str:
    return row.phone.removeprefix("+")
