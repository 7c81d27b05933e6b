"""How much is done: in full, and in the short form that follows the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes of the scenarios."""

    #: bytes of the large bodies, and recipients of the plain one
    body_bytes: int
    recipients: int
    #: modes of the server that bodies are sent to: numbers of its workers
    workers: tuple[int, ...]
    #: bytes that hostile files unpack to
    file_bytes: int
    #: times that two people press one button
    presses: int
    #: messages that a copied database has queued
    queued: int
    #: seconds that a route with a throughput sends
    seconds: int
    #: scenarios that are left out: pytest plays them, see `tests/processes`
    left_out: tuple[str, ...] = ()


FULL = Plan(
    body_bytes=31 * 1024 * 1024,
    recipients=50_000,
    workers=(0, 2),
    file_bytes=60 * 1024 * 1024,
    presses=6,
    queued=25,
    seconds=10,
)
SHORT = Plan(
    body_bytes=4 * 1024 * 1024,
    recipients=10_000,
    workers=(0,),
    file_bytes=8 * 1024 * 1024,
    presses=2,
    queued=10,
    seconds=5,
    left_out=("double clicks", "copied database"),
)
