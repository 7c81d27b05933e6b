"""Jobs about routing, done by `worker`."""

import json
import time

from odoo import Command

from benchmarks import jobs
from benchmarks.documents import POLICY, ROUTE, make_document
from benchmarks.environment import open_env


def make_policy(registry, *, routes, prefixes, urls=()):
    """Make a policy of so many routes like the stage's, which is the first of them.

    :param prefixes: each with a rule's route; the last rule has all routes in order
    :param urls: of the providers of the other routes; none = the stage's
    """
    with open_env(registry) as env:
        first = env["sms.gateway.route"].search([("name", "=", ROUTE)])
        chosen = first
        for number in range(1, routes):
            url = urls[number - 1] if urls else None
            chosen |= _copy_route(first, f"{ROUTE} {number}", url)
        env["sms.gateway.policy"].create(
            {
                "name": POLICY,
                "step_ids": [
                    Command.create({"rule_ids": _make_rules(chosen, prefixes)})
                ],
            }
        )


def _copy_route(route, name, url):
    copy = route.copy({"name": name, "allows_private": True})
    for setting in copy.setting_ids:
        if setting.is_secret:
            setting.secret_input = "demo"
        if url and setting.name == "url":
            setting.value = url
    copy.action_resume()
    return copy


def _make_rules(routes, prefixes):
    rules = [
        Command.create(
            {
                "sequence": number,
                "prefixes": f"+7916{number:03d}",
                "choice_ids": _choose(routes[number % len(routes)]),
            }
        )
        for number in range(prefixes)
    ]
    last = {"sequence": prefixes, "choice_ids": _choose(routes)}
    return [*rules, Command.create(last)]


def _choose(routes):
    return [
        Command.create({"sequence": number, "route_id": route.id})
        for number, route in enumerate(routes)
    ]


def accept(registry, *, count, first, is_chosen=False, batch=10_000):
    """Accept so many messages, through the policy or the stage's route."""
    seconds = 0.0
    for start in range(first, first + count, batch):
        document = make_document(min(batch, first + count - start), first=start)
        if is_chosen:
            document["route"] = POLICY
        body = json.dumps(document)
        started = time.perf_counter()
        jobs.accept(registry, body=body)
        seconds += time.perf_counter() - started
    return {"seconds": seconds}


def pause(registry):
    """Pause the stage's route."""
    with open_env(registry) as env:
        env["sms.gateway.route"].search([("name", "=", ROUTE)]).action_pause()


def move(registry):
    """Run the scheduled action of failover until nothing moves any more."""
    started, total = time.perf_counter(), 0
    while moved := _move(registry):
        total += moved
        seconds = time.perf_counter() - started
    return {"moved": total, "seconds": seconds}


def _move(registry):
    with open_env(registry) as env:
        before = env["sms.gateway.message"].search_count(_get_waiting(env))
        env["sms.gateway.failover"]._cron_move()
        return before - env["sms.gateway.message"].search_count(_get_waiting(env))


def _get_waiting(env):
    route = env["sms.gateway.route"].search([("name", "=", ROUTE)])
    return [("state", "=", "queued"), ("route_id", "=", route.id)]


def move_until_done(registry, *, within=60):
    """Run the scheduled action of failover again and again, as its triggers do, until
    nothing waits for the stage's route."""
    end = time.perf_counter() + within
    while time.perf_counter() < end:
        with open_env(registry) as env:
            env["sms.gateway.failover"]._cron_move()
            if not env["sms.gateway.message"].search_count(_get_waiting(env), limit=1):
                return
        time.sleep(0.05)


def run_lane(registry):
    """See `jobs.run_lane`; what has no answer stays without one."""
    return jobs.run_lane(registry)
