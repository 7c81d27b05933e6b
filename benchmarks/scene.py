"""What all measurements share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """The databases that are copied for the measurements."""

    #: with the addon, empty
    database: str
