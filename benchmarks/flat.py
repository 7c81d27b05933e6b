"""Make tables of millions of rows and measure what work costs on them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import psycopg2

from workload import generate
from workload.generate import Route, Sizes

from .databases import LOCAL, Database, ask, scripts_database
from .documents import ROUTE, make_document
from .figures import Figure, Line, Row, format_table, median, percentile
from .processes import Provider, Worker
from .records import FLAT, describe_run, keep

#: how often each database is measured, in turns
ROUNDS = 2
LANE_SECONDS = 8
POLL_SECONDS = 4
#: enough for a lane of so many seconds
ONE_COUNT, BATCH_COUNT = 30_000, 150_000
CLAIM_SIZE = 500
CLAIM_COUNT = 20_000
DRAIN_COUNT = 60_000
FOLD_COUNT = 10_000
#: campaigns and messages of long ago on the empty tables, for chores that need some
PAST = Sizes(
    queued=0, finished=30_000, largest=25_000, submitted=0, unknown=0, singles=5_000,
    kept_reports=0,
)  # fmt: skip
PAST_DAYS = 50
DELETION = {"days": 40, "batches": 2}
ACCEPT_COUNT = 50_000
ACCEPT_SECONDS = 8

ONE = Line("flat-one", "one per call, of the empty tables' rate", "%", 90)
BATCH = Line("flat-batch", "in batches, of the empty tables' rate", "%", 75)
CLAIM = Line("flat-claim", "claims of 500, of the empty tables' speed", "%", 75)
APPLY = Line("flat-apply", "500 answers applied, of the empty tables' speed", "%", 75)
POLL = Line("flat-poll", "statuses polled, of the empty tables' rate", "%", 75)
EXPIRY = Line("flat-expiry", "time to live swept, of the empty tables' rate", "%", 75)
IDLE = Line("flat-idle-expiry", "sweep that finds nothing", "ms", 10, is_ceiling=True)
DRAINED = Line(
    "flat-drained", "claims behind 60 000 dead rows, of the speed before", "%", 75
)
FOLD = Line(
    "flat-fold", "changes of one campaign folded, of the empty tables' rate", "%", 75
)
FOLD_MANY = Line(
    "flat-fold-many", "changes of 5 000 campaigns folded, of the same", "%", 75
)
RETENTION = Line(
    "flat-retention", "old messages deleted, of the empty tables' rate", "%", 75
)
MEANWHILE = Line("flat-meanwhile", "longest claim while they are deleted", "ms")
ACCEPT_CLAIM = Line("flat-accept-claim", "longest claim while 50 000 come in", "ms")
ACCEPT_OTHER = Line("flat-accept-other", "longest accept while 50 000 come in", "ms")
LOCKS = Line("flat-locks", "waits for locks meanwhile, of both", "")
MEMORY = Line(
    "flat-memory", "50 000 in one request, over idle", "MB", 120, is_ceiling=True
)
PAGES = Line("flat-pages", "slowest page of 1 000 000, over the first", "×")
SCREENS = Line("flat-screens", "slowest screen", "s", 0.5, is_ceiling=True)
REPORT = Line("flat-report", "report of a campaign of 1 000 000", "s")
#: in `workload.screens`
REPORT_TITLE = "Campaigns, campaign's report"


@dataclass(frozen=True)
class Tables:
    """A database to measure on."""

    name: str
    worker: Worker

    def queue(self, count: int) -> None:
        """See to it that so many messages can be claimed."""
        [(found,)] = ask(self.name, CLAIMABLE, ROUTE, count)
        if found < count:
            self.worker.do("enqueue", count=count - found)


CLAIMABLE = """
SELECT count(*)
  FROM (SELECT 1
          FROM sms_gateway_message m
          JOIN sms_gateway_campaign c ON c.id = m.campaign_id
          JOIN sms_gateway_route r ON r.id = c.route_id
         WHERE m.state = 'queued' AND c.state = 'running' AND r.name = %s
         LIMIT %s) AS found
"""


def main() -> int:
    options = parse_options()
    head = describe_run()
    sizes = Sizes().divide(options.divide)
    large = Database(f"{os.environ['ODOO_DB']}_flat")
    empty = Database(f"{large.name}_empty")
    scene = provide(large, empty, sizes, reuse=options.reuse)
    make_past(empty, scene)
    rows: list[Row] = []
    with ExitStack() as stack:
        tables = [
            Tables(one.name, stack.enter_context(open_worker(one.name)))
            for one in (empty, large)
        ]
        for name, measure in MEASUREMENTS.items():
            if options.names and name not in options.names:
                continue
            started = time.monotonic()
            say(f"{name} ...")
            rows += measure(*tables, scene).items()
            say(f"{name}: done in {time.monotonic() - started:.0f} s")
    print(format_table(rows))
    head = {**head, "sizes": asdict(sizes), "bytes": get_bytes(large.name)}
    is_whole = options.divide == 1 and not options.names
    keep(FLAT if is_whole else LOCAL / "flat.json", head, rows)
    empty.drop()
    if options.drop:
        large.drop()
    return 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench flat",
        description=__doc__,
        epilog=f"The figures of a whole run are kept in {FLAT.name} for other tables.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help=", ".join(MEASUREMENTS)
    )
    parser.add_argument(
        "--divide", type=int, default=1, metavar="N", help="make N times smaller tables"
    )
    parser.add_argument(
        "--reuse",
        action="store_true",
        help="measure on the tables of the run before, brought up to date if need be",
    )
    parser.add_argument("--drop", action="store_true", help="keep no tables")
    options = parser.parse_args()
    unknown = set(options.names) - MEASUREMENTS.keys()
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


# === THE TABLES ===
def provide(
    large: Database, empty: Database, sizes: Sizes, *, reuse: bool
) -> dict[str, Any]:
    """Make the databases, or bring the large one up to the state of the checkout.

    :return: what `flat_jobs.make_scene` has told of them
    """
    made_from = f"{scripts_database.fingerprint_of_addon()} {asdict(sizes)}"
    path = LOCAL / "state" / f"{large.name}.json"
    scene = make_scene(empty)
    if not (reuse and large.made_from()):
        make(large, empty, sizes, scene)
        path.write_text(json.dumps(scene))
    elif large.made_from() != made_from:
        large.odoo("-u", scripts_database.ADDON)
    large.remember(made_from)
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def make_scene(empty: Database) -> dict[str, Any]:
    """Make the empty database, with companies, routes and a person."""
    empty.drop()
    empty.copy_from(Database(os.environ["ODOO_DB"]))
    with open_worker(empty.name) as worker:
        return worker.do("make_scene")


def make(large: Database, empty: Database, sizes: Sizes, scene: dict[str, Any]) -> None:
    """Make the large database from the empty one."""
    large.drop()
    large.copy_from(empty)
    started = time.monotonic()

    def tell(what: str) -> None:
        say(f"{time.monotonic() - started:4.0f} s: {what}")

    routes = [Route(*route) for route in scene["routes"]]
    with contextlib.closing(psycopg2.connect(dbname=large.name)) as connected:
        cursor = connected.cursor()
        cursor.execute("SET synchronous_commit = off")
        with generate.without_indexes(cursor, tell):
            generate.fill(cursor, routes, sizes, user_id=scene["user"], tell=tell)
        connected.commit()
        connected.autocommit = True
        tell("vacuum")
        generate.vacuum(cursor)
        tell("done")


def make_past(empty: Database, scene: dict[str, Any]) -> None:
    """Let the empty tables have a past that is smaller by far."""
    moment = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(days=PAST_DAYS)
    routes = [Route(*route) for route in scene["routes"]]
    with contextlib.closing(psycopg2.connect(dbname=empty.name)) as connected:
        cursor = connected.cursor()
        generate.fill(cursor, routes, PAST, now=moment, user_id=scene["user"])
        connected.commit()
        connected.autocommit = True
        generate.vacuum(cursor)


def open_worker(database: str) -> Worker:
    return Worker(database, jobs="flat_jobs")


def get_bytes(database: str) -> dict[str, int]:
    """How large the tables are with their indexes."""
    query = "SELECT pg_total_relation_size(%s::regclass)"
    return {table: ask(database, query, table)[0][0] for table in generate.FILLED}


# === SENDING ===
def measure_lanes(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """A lane sends, to a provider that answers in 50 ms (200 ms in batches)."""
    return {
        BATCH: compare(
            empty, large, lambda one: run_lane(one, BATCH_COUNT, 0.2, 500), "msg/s"
        ),
        ONE: compare(
            empty, large, lambda one: run_lane(one, ONE_COUNT, 0.05, 1), "msg/s"
        ),
    }


def run_lane(tables: Tables, count: int, latency: float, max_batch: int) -> float:
    """:return: messages per second, without the beginning and the end"""
    tables.queue(count)
    with Provider(latency=latency) as provider:
        tables.worker.do("aim", url=provider.url, max_batch=max_batch)
        tables.worker.do("run_lane_for", seconds=LANE_SECONDS)
        stats = provider.stats(messages=False)
    if stats["repeats"]:
        raise AssertionError(f"Sent twice: {stats}")
    return float(stats["messages"] * 0.9 / (stats["p95"] - stats["p5"]))


def measure_claims(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """The steps of a lane without a provider, then behind many dead rows."""
    times = take_turns(empty, large, claim)
    figures = {}
    for line, name in ((CLAIM, "claims"), (APPLY, "applies")):
        rates = [[CLAIM_SIZE / median(one[name]) for one in rounds] for rounds in times]
        figures[line] = make_share(*rates, "msg/s")
        figures[line].facts["p95 ms"] = [
            percentile([t for one in rounds for t in one[name]], 95) * 1000
            for rounds in times
        ]
    figures[DRAINED] = measure_dead_rows(large)
    return figures


def claim(tables: Tables) -> dict[str, Any]:
    tables.queue(CLAIM_COUNT)
    return tables.worker.do("measure_claims", size=CLAIM_SIZE, count=CLAIM_COUNT)


def measure_dead_rows(large: Tables) -> Figure:
    """Claim on while an old snapshot keeps dead rows from being taken away."""
    large.queue(DRAIN_COUNT)
    with contextlib.closing(psycopg2.connect(dbname=large.name)) as connected:
        connected.set_session(isolation_level="REPEATABLE READ")
        with connected.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sms_gateway_message LIMIT 1")
        times = large.worker.do("measure_claims", size=CLAIM_SIZE, count=DRAIN_COUNT)
    claims, looks = times["claims"], times["looks"]
    part = len(claims) // 5
    first, last = median(claims[:part]), median(claims[-part:])
    facts = {
        "claims": len(claims),
        "first ms": first * 1000,
        "last ms": last * 1000,
        "longest look ms": max(looks) * 1000,
    }
    note = f"claims of {CLAIM_SIZE}: {first * 1000:.1f} → {last * 1000:.1f} ms"
    return Figure(first / last * 100, facts=facts, note=note)


def measure_poll(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """Ask for the statuses of what was submitted."""
    return {POLL: compare(empty, large, poll, "msg/s")}


def poll(tables: Tables) -> float:
    tables.queue(CLAIM_COUNT)
    tables.worker.do("measure_claims", size=CLAIM_SIZE, count=CLAIM_COUNT)
    with Provider() as provider:
        tables.worker.do("aim", url=provider.url, max_batch=500)
        result = tables.worker.do("poll_for", seconds=POLL_SECONDS, count=BATCH_COUNT)
        asked = provider.stats(messages=False)["states"]
    return float(asked / result["polled_for"])


# === CHORES ===
def measure_expiry(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """Expire what was not sent in time, on paused routes too."""
    sweeps = take_turns(empty, large, expire)
    rates = [[one["count"] / one["busy"] for one in rounds] for rounds in sweeps]
    idle = [seconds * 1000 for one in sweeps[1] for seconds in one["idle"]]
    return {
        EXPIRY: make_share(*rates, "msg/s"),
        IDLE: Figure(median(idle), rounds=idle),
    }


def expire(tables: Tables) -> dict[str, Any]:
    count = 10_000
    tables.queue(count)
    tables.worker.do("make_expired", count=count)
    return tables.worker.do("measure_expiry")


def measure_fold(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """Bring counters and statistics up to date."""
    return {
        line: compare(empty, large, partial(fold, campaigns=campaigns), "changes/s")
        for line, campaigns in ((FOLD, 1), (FOLD_MANY, PAST.singles))
    }


def fold(tables: Tables, campaigns: int) -> float:
    result = tables.worker.do("measure_fold", campaigns=campaigns, changes=FOLD_COUNT)
    return FOLD_COUNT / median(result["folds"])


def measure_retention(
    empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """Delete old messages, then do so while a lane works."""
    share = compare(empty, large, delete_old, "msg/s")
    large.queue(2 * CLAIM_COUNT)
    alone = large.worker.do("measure_claims", size=CLAIM_SIZE, count=CLAIM_COUNT)
    with open_worker(large.name) as other, watch_locks(large.name) as waits:
        other.begin("measure_retention", **DELETION)
        busy = large.worker.do("measure_claims", size=CLAIM_SIZE, count=CLAIM_COUNT)
        other.finish()
    return {RETENTION: share, MEANWHILE: make_longest(alone, busy, "claims", waits)}


def delete_old(tables: Tables) -> float:
    result = tables.worker.do("measure_retention", **DELETION)
    return float(result["deleted"] / sum(result["deletes"]))


def measure_accept(
    _empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """Accept 50 000 in one request while a lane works and others are accepted."""
    large.queue(BATCH_COUNT)
    size = {"size": CLAIM_SIZE, "stop_after": ACCEPT_SECONDS}
    with (
        open_worker(large.name) as other,
        open_worker(large.name) as big,
    ):
        other.begin("accept_singles", seconds=ACCEPT_SECONDS)
        claims = large.worker.do("measure_claims", **size)
        accepts = other.finish()
        big.do("accept", body=json.dumps(make_document(100)))
        body = json.dumps(make_document(ACCEPT_COUNT))
        with watch_locks(large.name) as waits:
            big.begin("accept", body=body)
            other.begin("accept_singles", seconds=ACCEPT_SECONDS)
            busy_claims = large.worker.do("measure_claims", **size)
            busy_accepts = other.finish()
            request = big.finish()
    memory = request["peak"] - request["idle"]
    return {
        ACCEPT_CLAIM: make_longest(claims, busy_claims, "claims", waits),
        ACCEPT_OTHER: make_longest(accepts, busy_accepts, "accepts", waits),
        LOCKS: Figure(len(waits), facts={"waits": waits}),
        MEMORY: Figure(memory, facts={"seconds": request["seconds"]}),
    }


@contextmanager
def watch_locks(database: str) -> Iterator[list[str]]:
    """Look a hundred times a second whether somebody waits for a lock.

    :return: list that the statements found waiting are appended to
    """
    waits: list[str] = []
    is_over = threading.Event()

    def watch() -> None:
        with contextlib.closing(psycopg2.connect(dbname="postgres")) as connected:
            connected.autocommit = True
            cursor = connected.cursor()
            while not is_over.wait(0.01):
                cursor.execute(
                    """SELECT wait_event || ': ' || left(query, 200)
                         FROM pg_stat_activity
                        WHERE datname = %s AND wait_event_type = 'Lock'""",
                    [database],
                )
                waits.extend(wait for (wait,) in cursor.fetchall())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield waits
    finally:
        is_over.set()
        watcher.join()


# === WHAT IS READ ===
def measure_pages(
    _empty: Tables, large: Tables, _scene: dict[str, Any]
) -> dict[Line, Figure]:
    """The API's status of the largest campaign, page by page."""
    result = large.worker.do("measure_pages")
    first, middle, last = (median(seconds) * 1000 for seconds in result["pages"])
    note = f"of {result['size']}: {first:.1f}, {middle:.1f} and {last:.1f} ms"
    return {PAGES: Figure(max(first, middle, last) / first, note=note)}


def measure_screens(
    _empty: Tables, large: Tables, scene: dict[str, Any]
) -> dict[Line, Figure]:
    """What the screens ask for, in one company and in both."""
    found: list[dict[str, Any]] = []
    for companies in (scene["companies"][:1], scene["companies"]):
        start: int | None = 0
        while start is not None:
            result = large.worker.do(
                "measure_screens", user=scene["user"], companies=companies, start=start
            )
            found += result["figures"]
            start = result["next"]
    found.sort(key=lambda one: -float(one["seconds"]))
    slow = [one for one in found if one["seconds"] > (SCREENS.floor or 0)]
    tell_slow(slow)
    reports = [one for one in found if one["title"] == REPORT_TITLE]
    screens = [one for one in found if one["title"] != REPORT_TITLE]
    missed = {
        one["title"]: round(one["seconds"], 2)
        for one in reversed(slow)
        if one["title"] != REPORT_TITLE
    }
    note = (
        f"{len(screens)} requests, {len(missed)} over {SCREENS.floor} s;"
        f" slowest: {screens[0]['title']}"
    )
    facts = {"requests": len(screens), "slow": missed}
    return {
        SCREENS: Figure(screens[0]["seconds"], note=note, facts=facts),
        REPORT: Figure(median([one["seconds"] for one in reports])),
    }


def tell_slow(slow: list[dict[str, Any]]) -> None:
    """Keep the statements of slow screens for whoever mends them."""
    path = LOCAL / "bench-profile-flat-screens.txt"
    lines = []
    for one in slow:
        lines.append(f"{one['seconds']:.3f} s  {one['title']}")
        lines += [f"    {spent:.3f} s  {sql}" for spent, sql in one["statements"]]
    path.write_text("\n".join(lines) + "\n")
    if slow:
        say(f"slow screens are told in {path}")


# === COMPARING ===
def take_turns(
    empty: Tables, large: Tables, measure: Callable[[Tables], Any]
) -> tuple[list[Any], list[Any]]:
    """Measure on both databases in turns, so that noise hits both.

    :return: what was measured on the empty one, and on the large one
    """
    rounds = [(measure(empty), measure(large)) for _round in range(ROUNDS)]
    return [one for one, _other in rounds], [other for _one, other in rounds]


def compare(
    empty: Tables, large: Tables, measure: Callable[[Tables], float], unit: str
) -> Figure:
    """The share of the empty tables' rate that is left on the large ones."""
    return make_share(*take_turns(empty, large, measure), unit)


def make_share(empty: list[float], large: list[float], unit: str) -> Figure:
    before, after = median(empty), median(large)
    return Figure(
        after / before * 100,
        facts={"unit": unit, "empty": empty, "large": large},
        note=f"{after:,.0f} of {before:,.0f} {unit}",
    )


def make_longest(
    alone: dict[str, Any], busy: dict[str, Any], name: str, waits: list[str]
) -> Figure:
    """The longest time while something else goes on, beside the longest alone."""
    before, after = max(alone[name]) * 1000, max(busy[name]) * 1000
    medians = [median(one[name]) * 1000 for one in (alone, busy)]
    note = (
        f"alone {before:.0f} ms; in the middle {medians[1]:.1f},"
        f" alone {medians[0]:.1f} ms"
    )
    return Figure(after, note=note, facts={"alone": before, "lock_waits": len(waits)})


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"bench flat: {text}", file=sys.stderr, flush=True)


Measurement = Callable[[Tables, Tables, dict[str, Any]], dict[Line, Figure]]

#: in the order of the run: what is read comes before what changes the tables
MEASUREMENTS: dict[str, Measurement] = {
    "screens": measure_screens,
    "pages": measure_pages,
    "lanes": measure_lanes,
    "claims": measure_claims,
    "poll": measure_poll,
    "expiry": measure_expiry,
    "fold": measure_fold,
    "retention": measure_retention,
    "accept": measure_accept,
}


if __name__ == "__main__":
    raise SystemExit(main())
