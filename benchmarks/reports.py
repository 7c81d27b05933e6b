"""Delivery reports: pushed in hundreds, pushed one by one, and asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from .databases import ask as ask_database
from .figures import Figure, Line, median
from .machine import get_memory
from .processes import Server, Worker
from .scene import Meter, Scene, Stage, open_native, open_stage
from .web import Request, ask, drive

PUSH = Line("push-500", "delivery reports, 500 per push", "states/s", 10_000)
SINGLE = Line("push-single", "delivery reports, one per push", "× native", 2)
POLL = Line("poll", "status polling of 100 000 submitted", "msg/s")
POLL_CALLS = Line("poll-calls", "status polling of 100 000: provider requests", "")
POLL_QUERIES = Line("poll-queries", "status polling of 100 000: SQL statements", "")

PUSH_SIZE = 500
PUSHES = 40
SINGLE_ROUNDS = 5
SINGLE_SECONDS = 1.5
SINGLES = 6000
POLLED = 100_000
XML = {"Content-Type": "text/xml; charset=utf-8"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


# === PUSH ===
def measure_push(scene: Scene) -> dict[Line, Figure]:
    """500 states in one push, one push after the other."""
    with open_stage(scene) as stage:
        references = submit(stage, PUSH_SIZE * (PUSHES + 1))
        pushes = [
            make_push(stage, references[start : start + PUSH_SIZE])
            for start in range(0, len(references), PUSH_SIZE)
        ]
        with Server(stage.database) as server:
            ask(server.address, pushes[0])
            seconds = []
            with Meter(server=[server.pid]) as meter:
                for push in pushes[1:]:
                    started = time.perf_counter()
                    ask(server.address, push)
                    seconds.append(time.perf_counter() - started)
            _now, peak = get_memory(server.pid)
        stage.expect(delivered=len(references))
    return {
        PUSH: Figure(
            PUSH_SIZE / median(seconds),
            rounds=[PUSH_SIZE / one for one in seconds],
            memory=peak,
            cpu=meter.per(PUSH_SIZE * PUSHES),
            facts={"rate_over_all": PUSH_SIZE * PUSHES / sum(seconds)},
        )
    }


def measure_single(scene: Scene) -> dict[Line, Figure]:
    """One state per push beside Twilio's webhook of Odoo, in turns."""
    with (
        open_stage(scene) as stage,
        Server(stage.database) as ours,
        open_native(scene) as (database, worker),
        Server(database) as native,
    ):
        own = Stock(make_push(stage, [one]) for one in submit(stage, SINGLES))
        theirs = Stock(make_native_pushes(worker, native))
        rates: list[float] = []
        native_rates: list[float] = []
        for server, stock in ((ours, own), (native, theirs)):
            drive(server.address, stock.take, seconds=1)
        meter = Meter(server=[ours.pid])
        for _round in range(SINGLE_ROUNDS):
            with meter:
                rates.append(drive(ours.address, own.take, seconds=SINGLE_SECONDS))
            native_rates.append(
                drive(native.address, theirs.take, seconds=SINGLE_SECONDS)
            )
        _now, peak = get_memory(ours.pid)
        delivered = stage.count_states()["delivered"]
        native_delivered = worker.do("count_delivered")["delivered"]
    if (delivered, native_delivered) != (own.taken, theirs.taken):
        raise AssertionError("Reports were lost")
    ratios = [a / b for a, b in zip(rates, native_rates, strict=True)]
    return {
        SINGLE: Figure(
            median(ratios),
            rounds=ratios,
            memory=peak,
            cpu=meter.per(sum(rates) * SINGLE_SECONDS),
            facts={"rates": rates, "native_rates": native_rates},
            note=f"{median(rates):.0f}/s, native {median(native_rates):.0f}/s",
        )
    }


class Stock:
    """Requests that are each taken once, by whoever comes."""

    def __init__(self, requests: Iterator[Request]) -> None:
        self._requests = list(requests)
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> Request:
        """The next one."""
        with self._lock:
            if self.taken == len(self._requests):
                raise AssertionError("There are too few requests for this fast machine")
            self.taken += 1
            return self._requests[self.taken - 1]


def submit(stage: Stage, count: int) -> list[str]:
    """Let so many messages be submitted; the provider's references."""
    stage.worker.do("enqueue", count=count)
    stage.worker.do("run_lane")
    stage.expect(submitted=count)
    query = "SELECT provider_reference FROM sms_gateway_message ORDER BY id"
    return [reference for (reference,) in ask_database(stage.database, query)]


def make_push(stage: Stage, references: Sequence[str]) -> Request:
    """What the gate posts when these messages have arrived."""
    local = datetime.now(timezone.utc) + timedelta(hours=3)
    moment = local.strftime("%Y-%m-%d %H:%M:%S")
    states = "".join(
        f'<state id_sms="{reference}" time="{moment}">deliver</state>'
        for reference in references
    )
    body = f'<?xml version="1.0" encoding="utf-8"?><request>{states}</request>'
    path = f"/crm_sms_gateway/webhook/{stage.route['token']}"
    return Request(path, body.encode(), XML)


def make_native_pushes(worker: Worker, server: Server) -> Iterator[Request]:
    """What Twilio posts when messages have arrived."""
    result = worker.do("make_sent", count=SINGLES, base_url=server.address.url)
    body = urlencode({"SmsStatus": "delivered"}).encode()
    for uuid, signature in result["reports"]:
        headers = {**FORM, "X-Twilio-Signature": signature}
        yield Request(f"/sms_twilio/status/{uuid}", body, headers)


# === POLL ===
def measure_poll(scene: Scene) -> dict[Line, Figure]:
    """The statuses of 100 000 submitted messages, asked for until all are known."""
    with open_stage(scene) as stage:
        submit(stage, POLLED)
        stage.worker.do("make_due")
        with Worker(stage.database) as worker:
            with Meter(sender=[worker.pid], provider=[stage.provider.pid]) as meter:
                result = worker.do("poll")
        stats = stage.provider.stats(messages=False)
        stage.expect(delivered=POLLED)
    facts = {**result, "calls": stats["state_calls"]}
    return {
        POLL: Figure(
            POLLED / result["seconds"],
            memory=result["peak"],
            cpu=meter.per(POLLED),
            facts=facts,
        ),
        POLL_CALLS: Figure(stats["state_calls"], facts=facts),
        POLL_QUERIES: Figure(result["queries"], facts=facts),
    }
