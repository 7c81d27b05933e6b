"""A provider dies while a real server sends: how messages get along without it."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

from .accept import API, JSON
from .databases import ask as read
from .databases import copy_of
from .documents import POLICY, make_document, make_phone
from .figures import Figure, Line
from .processes import Server, Simulator, Worker
from .scene import Scene
from .web import Request, ask

FIRST = Line("outage-first", "a route dies: until a message takes another", "s")
WAIT = Line("outage-wait", "longest way from request to provider, others", "s")
MOVED = Line("outage-moved", "messages that changed their route", "")
UNKNOWN = Line("outage-unknown", "messages without an answer, left alone", "")
TWICE = Line("outage-twice", "handsets that got two", "")

PROVIDERS = 3
#: seconds between two requests: 600 messages a minute
PAUSE = 0.1
MINUTES = 3
#: seconds of a call, half of them before the provider takes the message
LATENCY = 0.2
#: seconds after the last request within which everything must rest
PATIENCE = 90


def measure(scene: Scene) -> dict[Line, Figure]:
    """Three providers, one request with one recipient every 0.1 s, crons of a server;
    the first provider dies after a minute."""
    with ExitStack() as stack:
        gates = [stack.enter_context(Simulator()) for _provider in range(PROVIDERS)]
        for gate in gates:
            gate.config(delay_before_accept=LATENCY / 2, delay_after_accept=LATENCY / 2)
        database = stack.enter_context(copy_of(scene.database, "ours"))
        with Server(database, workers=2, crons=2) as server:
            # The server's crons must see what wakes them.
            set_up(database, [gate.url for gate in gates])
            before, died_at, asked = send(server, gates[0])
            rest(database)
        taken = [before, *[gate.stats()["messages"] for gate in gates[1:]]]
        found = count(database)
    return judge(taken, died_at, asked, found)


def set_up(database: str, urls: list[str]) -> None:
    """Make a policy over routes to these providers, in order."""
    with Worker(database) as worker:
        worker.do("set_up", url=urls[0], max_batch=100)
    with Worker(database, jobs="routing_jobs") as worker:
        worker.do("make_policy", routes=len(urls), prefixes=0, urls=urls[1:])


def send(
    server: Server, first: Simulator
) -> tuple[list[dict[str, Any]], float, dict[str, float]]:
    """Send for some minutes, and kill the first provider after one.

    :return: what it had taken, when it died, and when the message to each number was
        requested
    """
    asked: dict[str, float] = {}
    taken: list[dict[str, Any]] = []
    died_at = 0.0
    started = time.time()
    total = int(MINUTES * 60 / PAUSE)
    for number in range(total):
        time.sleep(max(started + number * PAUSE - time.time(), 0))
        if number == total // MINUTES:
            taken = first.stats()["messages"]
            first.kill()
            died_at = time.time()
        document = {**make_document(1, first=number), "route": POLICY}
        asked[make_phone(number).removeprefix("+")] = time.time()
        ask(server.address, Request(API, json.dumps(document).encode(), JSON))
    return taken, died_at, asked


def rest(database: str) -> None:
    """Wait until nothing is under way that another provider may take."""
    deadline = time.monotonic() + PATIENCE
    open_messages = """SELECT 1 FROM sms_gateway_message
                        WHERE state = 'submitting'
                           OR state = 'queued' AND maybe_sent IS NOT TRUE LIMIT 1"""
    while read(database, open_messages) and time.monotonic() < deadline:
        time.sleep(1)


def count(database: str) -> dict[str, int]:
    """How many messages there are of each kind."""
    kinds = """SELECT CASE WHEN maybe_sent AND state = 'queued' THEN 'unknown'
                           WHEN state = 'delivered' THEN 'submitted'
                           ELSE state END, count(*)
                 FROM sms_gateway_message GROUP BY 1"""
    moved = """SELECT count(DISTINCT message_id) FROM sms_gateway_event
                WHERE source = 'failover'"""
    return {**dict(read(database, kinds)), "moved": read(database, moved)[0][0]}


def judge(
    taken: list[list[dict[str, Any]]],
    died_at: float,
    asked: dict[str, float],
    found: dict[str, int],
) -> dict[Line, Figure]:
    """
    :param taken: the messages of each provider, of the one that died until then
    """
    handsets = Counter(one["phone"] for messages in taken for one in messages)
    twice = sum(number > 1 for number in handsets.values())
    states = {kind: number for kind, number in found.items() if kind != "moved"}
    unknown = found.get("unknown", 0)
    if twice or states.keys() - {"submitted", "unknown"}:
        raise AssertionError(f"Messages are {states}, {twice} arrived twice")
    if sum(states.values()) != len(asked):
        raise AssertionError(f"{len(asked)} messages became {states}")
    if not taken[0]:
        raise AssertionError("The first provider got nothing before it died")
    others = [one for messages in taken[1:] for one in messages]
    first_after = min(one["accepted_at"] for one in others) - died_at
    waits = [one["accepted_at"] - asked[one["phone"]] for one in others]
    share = ", ".join(str(len(messages)) for messages in taken)
    return {
        FIRST: Figure(first_after, note=f"{len(asked)} messages; by provider: {share}"),
        WAIT: Figure(max(waits)),
        MOVED: Figure(found["moved"]),
        UNKNOWN: Figure(unknown),
        TWICE: Figure(twice),
    }
