"""How much is done: in full, and in the short form that follows the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes of the scenarios."""

    #: of the scenario that kills in every window
    messages: int
    kills: int
    kills_per_window: int
    #: messages of every other scenario
    few: int
    #: kills, stops of the database and the like of every other scenario
    blows: int
    #: of Odoo's own queue, and the scenarios that it goes through
    native_messages: int
    native_kills: int
    natively: tuple[str, ...]


FULL = Plan(
    messages=5000,
    kills=60,
    kills_per_window=10,
    few=1000,
    blows=8,
    native_messages=300,
    native_kills=10,
    natively=(
        "kill -9 in every window",
        "PostgreSQL stopped",
        "gate answers late",
        "report before answer",
    ),
)
SHORT = Plan(
    messages=1500,
    kills=15,
    kills_per_window=3,
    few=300,
    blows=2,
    native_messages=60,
    native_kills=4,
    natively=("kill -9 in every window",),
)
