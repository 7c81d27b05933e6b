"""One-time codes: from the web request to the arrival at the provider."""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence

from .accept import API, JSON
from .databases import ask as ask_database
from .documents import ROUTE, make_phone
from .figures import Figure, Line, percentile
from .processes import Server
from .scene import Scene, Stage, open_stage
from .web import Request, ask, drive

IDLE = Line("code-idle", "one-time code accept → submit, p95: idle", "s", 0.4, True)
BUSY = Line("code-busy", "… during a campaign of 100 000", "s", 0.8, True)

CAMPAIGN = 100_000
#: as for one message per call, where a lane's threads are all taken
LATENCY = 0.05
#: seconds between codes: lanes still linger, or have left
LINGERING = (0.2, 1.2)
ASLEEP = (6.5, 8.0)
IDLE_CODES = 40
COLD_CODES = 12
WARM_UP = 3
BUSY_CODES = 60
#: seconds after which a code that has not come never will
PATIENCE = 60
#: numbers of codes; those of campaigns begin at 0
_numbers = itertools.count(9_000_000)


def measure(scene: Scene) -> dict[Line, Figure]:
    """With a server as it is deployed: two web workers, two for crons, one lane."""
    chance = random.Random(1)
    with open_stage(scene, latency=LATENCY, max_batch=1) as stage:
        key = stage.worker.do("make_key")["key"]
        with Server(stage.database, workers=2, crons=2) as server:
            sender = Sender(stage, server, key)
            sender.warm_up()
            wait_for_crons(stage)
            warm = sender.send_all(
                chance.uniform(*LINGERING) for _ in range(IDLE_CODES)
            )
            cold = sender.send_all(chance.uniform(*ASLEEP) for _ in range(COLD_CODES))
            stage.worker.do("enqueue", count=CAMPAIGN)
            wait_until_busy(stage)
            busy = sender.send_all(
                chance.uniform(*LINGERING) for _code in range(BUSY_CODES)
            )
            left = stage.count_states().get("queued", 0)
    if not left:
        raise AssertionError("The campaign was over before the last code")
    figures = {
        IDLE: make_figure([*warm, *cold], lingering=warm, asleep=cold),
        BUSY: make_figure(busy, busy=busy),
    }
    figures[BUSY].facts["queued_at_end"] = left
    return figures


class Sender:
    """Sends codes through the API and asks the provider when they came."""

    def __init__(self, stage: Stage, server: Server, key: str) -> None:
        self._stage = stage
        self._server = server
        self._headers = {**JSON, "Authorization": f"Bearer {key}"}

    def warm_up(self) -> None:
        """Let every worker serve a request: its first one takes a second."""
        drive(self._server.address, self._make_next, seconds=WARM_UP, connections=8)
        self.send_all([1])

    def _make_next(self) -> Request:
        return self._make_request(make_phone(next(_numbers)))

    def send_all(self, pauses: Iterable[float]) -> list[float]:
        """Send a code after each pause; how many seconds each took."""
        sent = {}
        for pause in pauses:
            time.sleep(pause)
            phone = make_phone(next(_numbers))
            sent[phone] = time.monotonic()
            ask(self._server.address, self._make_request(phone))
        arrivals = self._wait_for(sent)
        return [arrivals[phone] - moment for phone, moment in sent.items()]

    def _make_request(self, phone: str) -> Request:
        code = {"text_male": "Ваш код: 123456", "users": [{"phone": phone}]}
        body = json.dumps({"send": code, "route": ROUTE}).encode()
        return Request(API, body, {**self._headers, "Idempotency-Key": phone})

    def _wait_for(self, phones: Iterable[str]) -> dict[str, float]:
        deadline = time.monotonic() + PATIENCE
        while True:
            arrivals = self._stage.provider.get_arrivals(phones)
            missing = [phone for phone, moment in arrivals.items() if moment is None]
            if not missing:
                return {phone: moment or 0.0 for phone, moment in arrivals.items()}
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(missing)} codes have not come")
            time.sleep(0.2)


def wait_for_crons(stage: Stage) -> None:
    """Let Odoo's own crons run, which are all due at once in a copy of a database."""
    query = """
        SELECT count(*) FROM ir_cron
         WHERE active AND cron_name NOT LIKE 'SMS Gateway%'
           AND nextcall <= now() AT TIME ZONE 'UTC'
    """
    wait_until(
        lambda: ask_database(stage.database, query) == [(0,)],
        "Odoo's own crons do not come to an end",
    )


def wait_until_busy(stage: Stage) -> None:
    """Let the campaign get under way."""

    def count() -> int:
        return int(stage.provider.stats(messages=False)["messages"])

    before = count()
    wait_until(lambda: count() >= before + 2000, "The campaign does not start")


def wait_until(is_so: Callable[[], bool], otherwise: str) -> None:
    """Ask until it is so; an error with these words when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        time.sleep(0.2)


def make_figure(seconds: Sequence[float], **parts: Sequence[float]) -> Figure:
    facts = {name: summarise(part) for name, part in parts.items()}
    p50 = percentile(seconds, 50)
    return Figure(
        percentile(seconds, 95),
        rounds=list(seconds),
        facts=facts,
        note=f"p50 {p50:.2f} s, most {max(seconds):.2f} s, {len(seconds)} codes",
    )


def summarise(seconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50": percentile(seconds, 50),
        "p95": percentile(seconds, 95),
        "most": max(seconds),
        "count": len(seconds),
    }
