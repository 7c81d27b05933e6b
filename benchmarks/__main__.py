"""Measure, print one table, keep the figures as JSON: see ``scripts/bench --help``."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from . import (
    accept,
    adapters,
    bodies,
    campaigns,
    codes,
    marketing,
    outage,
    reports,
    routing,
    submit,
)
from .databases import LOCAL
from .figures import Figure, Line, Row, format_table
from .profiles import write_profile
from .records import FLAT, describe_run, keep, load
from .scene import Scene

Measurement = Callable[[Scene], dict[Line, Figure]]

#: in the order of the table
MEASUREMENTS: dict[str, Measurement] = {
    "enqueue": accept.measure_enqueue,
    "memory": accept.measure_memory,
    "submit-one": submit.measure_one,
    "submit-batch": submit.measure_batch,
    "two-lanes": submit.measure_scale,
    "requests": accept.measure_requests,
    "push": reports.measure_push,
    "push-single": reports.measure_single,
    "poll": reports.measure_poll,
    "policy": routing.measure_accept,
    "move": routing.measure_move,
    "failover": routing.measure_failover,
    "codes": codes.measure,
    "adapters": adapters.measure,
    "bodies": bodies.measure,
    "campaign": campaigns.measure,
    "marketing": marketing.measure,
    "outage": outage.measure,
}
#: not promised anywhere: measured when they are named
FURTHER = ("bodies", "campaign", "marketing", "outage")
#: seconds within which everything ends; what would take longer is not profiled
TIME_LIMIT = 14 * 60


def main() -> int:
    # Copies of databases and processes are taken away then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse_options()
    if options.list:
        print("\n".join(MEASUREMENTS))
        return 0
    head = describe_run()
    names = options.names or [name for name in MEASUREMENTS if name not in FURTHER]
    rows = measure(names, with_profiles=options.profile)
    print(format_table(rows))
    print_flat()
    keep(options.json, head, rows)
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"see --list; {', '.join(FURTHER)} are measured only when named",
    )
    parser.add_argument("--list", action="store_true", help="tell the names")
    parser.add_argument("--json", type=Path, default=LOCAL / "bench.json")
    parser.add_argument(
        "--no-profile",
        dest="profile",
        action="store_false",
        help="do not measure again, with a profile, what misses its floor",
    )
    options = parser.parse_args()
    unknown = set(options.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; see --list")
    return options


def measure(names: Iterable[str], *, with_profiles: bool) -> list[Row]:
    """Take the measurements; then profile those that miss a floor."""
    scene = Scene()
    started = time.monotonic()
    found: dict[str, list[Row]] = {}
    durations = {}
    for name in names:
        get_profile(name).unlink(missing_ok=True)
        durations[name] = -time.monotonic()
        say(f"{name} ...")
        found[name] = list(MEASUREMENTS[name](scene).items())
        durations[name] += time.monotonic()
        say(f"{name}: done in {durations[name]:.0f} s")
    for name, rows in found.items() if with_profiles else ():
        missed = [figure for line, figure in rows if line.misses_by(figure.value)]
        spent = time.monotonic() - started
        if missed and spent + durations[name] < TIME_LIMIT:
            path = get_profile(name)
            say(f"{name}: misses its floor, a profile goes to {path}")
            write_profile(path, lambda run=MEASUREMENTS[name]: run(scene))
            for figure in missed:
                figure.profile = str(path)
    return [row for rows in found.values() for row in rows]


def get_profile(name: str) -> Path:
    """Where the profile of a measurement lies."""
    return LOCAL / f"bench-profile-{name}.txt"


def print_flat() -> None:
    """Print the last figures of the large tables, which take long to make anew."""
    if FLAT.exists():
        head, rows = load(FLAT)
        machine = head["machine"]
        print(
            f"\nWith large tables (scripts/bench flat, {head['date']},"
            f" {machine['cores']} × {machine['processor']}):"
        )
        print(format_table(rows))


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
