"""Play the scenarios, print the report: see `scripts/test attack`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from crash.facts import GatewayDatabase
from crash.play import play, say
from crash.report import write_json
from crash.workers import Nursery

from .plan import FULL, SHORT, Plan
from .report import make_table
from .scenarios import SCENARIOS
from .stage import Stage
from .verdict import Result

ROOT = Path(__file__).resolve().parents[2]
#: Odoo's logs of the last run.
LOGS = ROOT / ".local" / "log" / "attack"
REPORT = ROOT / ".local" / "attack-report.json"
TASKS = "attack.tasks"


def main() -> int:
    """:return: the exit status: 0 when every promise holds"""
    arguments = _parse_arguments()
    # Whoever ends the suite wants it to clean up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = _play(arguments)
    say(make_table(results))
    write_json(REPORT, results, "short" if arguments.short else "full")
    has_passed = all(result.has_passed for result in results)
    say(f"{'All as promised' if has_passed else 'FAILED'}; figures in {REPORT}")
    return 0 if has_passed else 1


def _play(arguments: argparse.Namespace) -> list[Result]:
    plan = SHORT if arguments.short else FULL
    name = os.environ["ODOO_DB"]
    results = []
    shutil.rmtree(LOGS, ignore_errors=True)
    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery(name, LOGS, tasks=TASKS))
        database = GatewayDatabase(name)
        stack.callback(database.close)
        database.keep_only_our_crons()
        stage = Stage(nursery, database, LOGS, plan)
        for scenario, (modes, function) in SCENARIOS.items():
            for mode in modes(plan):
                if _is_chosen(scenario, mode, plan, arguments.only):
                    result = Result(scenario, mode)
                    play(result, function, stage, result)
                    results.append(result)
    return results


def _is_chosen(scenario: str, mode: str, plan: Plan, only: list[str]) -> bool:
    if not only:
        return scenario not in plan.left_out
    name = f"{scenario} {mode}".lower()
    return any(part.lower() in name for part in only)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/test attack",
        description="Attack a real server from outside, and compare what that costs"
        " with what is promised.",
        epilog=f"Scenarios: {', '.join(SCENARIOS)}.",
    )
    parser.add_argument(
        "only", nargs="*", metavar="scenario", help="parts of the names of scenarios"
    )
    parser.add_argument(
        "--short", action="store_true", help="smaller, without what pytest plays"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
