"""Play the scenarios, print the report: see `scripts/test crash`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from . import small_disk
from .cluster import Cluster, is_possible
from .facts import Database, GatewayDatabase
from .native import SCENARIOS as NATIVE_SCENARIOS
from .native import NativeStage
from .plan import FULL, SHORT, Plan
from .play import play, say
from .report import make_table, write_json
from .routing_scenarios import ROUTING_SCENARIOS, ROUTING_TEETH
from .scenarios import SCENARIOS, TEETH, Stage
from .verdict import Result
from .workers import Nursery

ROOT = Path(__file__).resolve().parents[2]
#: Odoo's logs of the last run.
LOGS = ROOT / ".local" / "log" / "crash"
REPORT = ROOT / ".local" / "crash-report.json"

IDEMPOTENT = "idempotent"
NOT_IDEMPOTENT = "not idempotent"
SPOILED = "spoiled"
NATIVE = "Odoo + Twilio"


def main() -> int:
    """:return: the exit status: 0 when every scenario ends as it must"""
    arguments = _parse_arguments()
    plan = SHORT if arguments.short else FULL
    if arguments.kills:
        plan = replace(plan, kills=arguments.kills)
    if arguments.messages:
        plan = replace(plan, messages=arguments.messages)
    # Whoever ends the suite wants it to clean up.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    suite = Suite(plan, arguments.only)
    suite.play()
    say(make_table(suite.results))
    write_json(REPORT, suite.results, "short" if arguments.short else "full")
    has_passed = all(result.has_passed for result in suite.results)
    say(f"{'All as promised' if has_passed else 'FAILED'}; figures in {REPORT}")
    return 0 if has_passed else 1


class Suite:
    """Plays what is chosen and keeps the results.

    :param only: parts of the names of scenarios to play; none = all
    """

    def __init__(self, plan: Plan, only: list[str]) -> None:
        self.results: list[Result] = []
        self._plan = plan
        self._only = only
        self._name = os.environ["ODOO_DB"]

    def play(self) -> None:
        """Play everything; one that breaks down does not stop the others."""
        shutil.rmtree(LOGS, ignore_errors=True)
        with Cluster() as cluster:
            self._play_ours(cluster)
            self._play_native(cluster)

    def _play_ours(self, cluster: Cluster) -> None:
        modes = {IDEMPOTENT: True, NOT_IDEMPOTENT: False}
        chosen = [
            (Result(name, mode), scenario, is_idempotent)
            for name, scenario in (SCENARIOS | ROUTING_SCENARIOS).items()
            for mode, is_idempotent in modes.items()
        ]
        chosen += [
            (Result(name, SPOILED), scenario, False)
            for name, scenario in (TEETH | ROUTING_TEETH).items()
        ]
        chosen = [one for one in chosen if self._is_chosen(one[0])]
        if not chosen:
            return
        with ExitStack() as stack:
            nursery = stack.enter_context(Nursery(self._name, LOGS / "ours"))
            database = GatewayDatabase(self._name)
            stack.callback(database.close)
            stage = Stage(nursery, database, nursery.folder, self._plan, cluster, stack)
            for result, scenario, is_idempotent in chosen:
                self._play_one(result, scenario, stage, result, is_idempotent)

    def _play_native(self, cluster: Cluster) -> None:
        chosen = [
            (Result(name, NATIVE, is_comparison=True), scenario)
            for name, scenario in NATIVE_SCENARIOS.items()
            if name in self._plan.natively
        ]
        chosen = [one for one in chosen if self._is_chosen(one[0])]
        if not chosen:
            return
        name = f"{self._name}_native"
        with ExitStack() as stack:
            nursery = stack.enter_context(
                Nursery(name, LOGS / "native", tasks="crash.native_tasks")
            )
            database = Database(name)
            stack.callback(database.close)
            stage = NativeStage(nursery, database, nursery.folder, self._plan, cluster)
            for result, scenario in chosen:
                self._play_one(result, scenario, stage, result)

    def _is_chosen(self, result: Result) -> bool:
        name = f"{result.scenario} {result.mode}".lower()
        if self._only and not any(part.lower() in name for part in self._only):
            return False
        if "postgresql" in name and not is_possible():
            say(f"LEFT OUT, there are no server programs: {name}")
            return False
        if "disk full" in name and not small_disk.is_possible():
            say(f"LEFT OUT, no file system can be mounted: {name}")
            return False
        return True

    def _play_one(
        self, result: Result, scenario: Callable[..., None], *arguments: object
    ) -> None:
        play(result, scenario, *arguments)
        self.results.append(result)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/test crash",
        description="Kill, stop and cut off the gateway's processes, and count what"
        " reached a handset.",
    )
    parser.add_argument(
        "only", nargs="*", metavar="scenario", help="parts of the names of scenarios"
    )
    parser.add_argument(
        "--short", action="store_true", help="fewer messages and kills, as in CI"
    )
    parser.add_argument("--kills", type=int, help="of the first scenario")
    parser.add_argument("--messages", type=int, help="of the first scenario")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
