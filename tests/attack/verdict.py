"""What an attack found, beside what is promised."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One attack, its figures and the promise, in words."""

    attack: str
    measured: str
    promise: str
    holds: bool


@dataclass
class Result:
    """What a scenario came to."""

    scenario: str
    mode: str
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0
    #: why the scenario did not come to its end
    problems: list[str] = field(default_factory=list)
    is_broken: bool = False
    #: why it was not played at all
    left_out: str = ""

    def find(self, attack: str, measured: str, promise: str, holds: bool) -> None:
        """Keep what an attack came to."""
        self.findings.append(Finding(attack, measured, promise, bool(holds)))

    @property
    def has_passed(self) -> bool:
        if self.left_out:
            return True
        holds = all(finding.holds for finding in self.findings)
        return holds and bool(self.findings) and not self.is_broken

    @property
    def verdict(self) -> str:
        if self.left_out:
            return f"left out: {self.left_out}"
        if self.is_broken:
            return "BROKEN OFF"
        return "held" if self.has_passed else "BROKEN"
