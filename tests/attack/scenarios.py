"""The scenarios by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import bodies, clicks, clocks, companies, copies, files, provider, proxy
from .plan import Plan
from .stage import Stage
from .verdict import Result

Modes = Callable[[Plan], Sequence[str]]


def _once(_plan: Plan) -> Sequence[str]:
    return [""]


#: name → the modes that it is played in, and what is played
SCENARIOS: dict[str, tuple[Modes, Callable[[Stage, Result], None]]] = {
    "adversarial bodies": (bodies.list_modes, bodies.send_bodies),
    "hostile files": (_once, files.import_files),
    "two companies": (_once, companies.trespass),
    "double clicks": (_once, clicks.press_together),
    "hostile provider": (_once, provider.send_to_liars),
    "copied database": (copies.list_modes, copies.send_from_copy),
    "skewed clocks": (_once, clocks.send_by_two_hosts),
    "nginx in front": (_once, proxy.stand_behind_nginx),
}
