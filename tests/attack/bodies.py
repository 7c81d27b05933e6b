"""Bodies within the limits that cost more than they should."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crash.workers import OdooServer

from .meter import Cost
from .plan import Plan
from .stage import PATIENCE, Stage
from .target import Target
from .verdict import Result

#: MiB over the idle worker that a body may cost
MEMORY = 150
#: recipients of a request, the setting that nobody has changed
MAX_RECIPIENTS = 50_000
#: times the CPU that a plain body costs by byte or recipient, whichever is more
CPU_RATIO = 2.0
#: seconds of CPU that any request may cost
CPU_FREE = 1.0
#: seconds that others may wait meanwhile
WAIT = 3.0

ROUTE = "attack"
#: A mark that composes with nothing: heaps of it take long to be put in order.
MARKS = "a" + "\u0301\u0323" * 1000


@dataclass(frozen=True)
class Body:
    """A body, and how many recipients it names."""

    name: str
    content: bytes
    recipients: int = 1


def list_modes(plan: Plan) -> Sequence[str]:
    return ["threads" if not number else f"{number} workers" for number in plan.workers]


def send_bodies(stage: Stage, result: Result) -> None:
    stage.database.forget()
    _make_route(stage)
    workers = 0 if result.mode == "threads" else int(result.mode.split()[0])
    plain = make_plain(stage.plan.recipients)
    with Target(stage, _warm_up, workers=workers) as target:
        status, price = _attack(target, plain)
        result.find(plain.name, f"{status}, {price}", "is accepted", status == 200)
        for make in BODIES:
            body = make(stage.plan)
            status, cost = _attack(target, body)
            allowed = CPU_FREE + CPU_RATIO * price.cpu * max(
                len(body.content) / len(plain.content),
                min(body.recipients, MAX_RECIPIENTS) / plain.recipients,
            )
            result.find(
                f"{body.name}, {len(body.content) / 1024:.0f} KiB",
                f"{status}, {cost}",
                f"{MEMORY} MiB, {allowed:.1f} s CPU, no 500, others {WAIT:g} s",
                _is_cheap(cost, allowed) and 200 <= status < 500,
            )


def _attack(target: Target, body: Body) -> tuple[int, Cost]:
    target.refresh()
    with target.measure() as cost:
        status = _send(target.server, body)
    return status, cost


def _warm_up(server: OdooServer) -> None:
    _send(server, make_plain(10))


def _is_cheap(cost: Cost, cpu: float) -> bool:
    return cost.memory <= MEMORY and cost.cpu <= cpu and cost.wait <= WAIT


def _make_route(stage: Stage) -> None:
    stage.nursery.run(
        "make_route",
        name=ROUTE,
        url="http://127.0.0.1:9",
        is_idempotent=False,
        max_batch=10,
        concurrency=1,
        lanes=1,
    )


def _send(server: OdooServer, body: Body) -> int:
    """The status of the answer, 599 where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/v1", body.content, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 599
    finally:
        connection.close()


# === BODIES ===
def make_plain(recipients: int) -> Body:
    users = [
        {"phone": f"+7916{number:07}", "code": f"{number}"}
        for number in range(recipients)
    ]
    return Body(f"plain, {recipients} recipients", _pack(users), recipients)


def _pack(users: object, text: str = "Код {{ code }}", **others: object) -> bytes:
    send = {"text_male": text, "fields": ["code"], "users": users}
    return json.dumps({"send": send, "route": ROUTE, **others}).encode()


def _repeat(name: str, user: str, plan: Plan) -> Body:
    """As many users of a kind as the bytes hold."""
    count = plan.body_bytes // (len(user) + 1)
    head, _users, tail = _pack("USERS").partition(b'"USERS"')
    users = b"[" + b",".join([user.encode()] * count) + b"]"
    return Body(name, head + users + tail, count)


def _empty_users(plan: Plan) -> Body:
    return _repeat("users {}", "{}", plan)


def _nested_users(plan: Plan) -> Body:
    return _repeat('users {"a":{}}', '{"a":{}}', plan)


def _null_users(plan: Plan) -> Body:
    return _repeat("users null", "null", plan)


def _many_fields(plan: Plan) -> Body:
    """Many listed fields that every user lacks."""
    names = [f"field{number}" for number in range(100)]
    text = "".join(f"{{{{ {name} }}}}" for name in names[:20])
    count = plan.recipients
    users = [{} for _number in range(count)]
    content = json.dumps(
        {"send": {"text_male": text, "fields": names, "users": users}, "route": ROUTE},
        separators=(",", ":"),
    )
    return Body("100 fields, users {}", content.encode(), count)


def _many_keys(plan: Plan) -> Body:
    """One user with as many keys as the bytes hold."""
    keys = ",".join(f'"k{number:07}":0' for number in range(plan.body_bytes // 13))
    head, _users, tail = _pack("USERS").partition(b'"USERS"')
    user = f'[{{"phone":"+79161234567",{keys}}}]'
    return Body("one user with many keys", head + user.encode() + tail)


def _deep(plan: Plan) -> Body:
    depth = plan.body_bytes // 2
    return Body("nested arrays", b"[" * depth + b"]" * depth)


def _deep_users(_plan: Plan) -> Body:
    depth = 900
    users = [{"phone": "+79161234567", "code": "1", "a": None}] * 50
    content = _pack(users).replace(b"null", b"[" * depth + b"]" * depth)
    return Body("nested arrays in users", content, 50)


def _digits(plan: Plan) -> Body:
    number = b"9" * plan.body_bytes
    content = _pack([{"phone": "1"}], **{"ttl": 1}).replace(b"1}", number + b"}")
    return Body("a number of many digits", content)


def _exponents(plan: Plan) -> Body:
    return _repeat("numbers with exponents", '{"phone":1e999999}', plan)


def _long_text(plan: Plan) -> Body:
    users = [{"phone": "+79161234567", "code": "1"}]
    return Body("a long text", _pack(users, "я" * (plan.body_bytes // 6)))


def _long_value(_plan: Plan) -> Body:
    """A value of a mebibyte that the text repeats."""
    users = [{"phone": "+79161234567", "code": "x" * 2**20}]
    return Body("a long value, repeated", _pack(users, "{{ code }}" * 1000))


def _long_values(plan: Plan) -> Body:
    users = [
        {"phone": f"+7916{number:07}", "code": "x" * 1000}
        for number in range(plan.body_bytes // 1100)
    ]
    return Body("long values", _pack(users, "{{ code }}" * 10), len(users))


def _escapes(plan: Plan) -> Body:
    text = b"\\ud83d\\ude00" * (plan.body_bytes // 12)
    content = _pack([{"phone": "1"}], "TEXT").replace(b"TEXT", text)
    return Body("escaped characters", content)


def _filters(_plan: Plan) -> Body:
    text = "{{ code" + "|upper|lower" * 5000 + " }}"
    return Body("a chain of filters", _pack([{"phone": "+79161234567"}], text))


def _braces(plan: Plan) -> Body:
    return Body("open braces", _pack([{"phone": "1"}], "{{" * (plan.body_bytes // 4)))


def _marks_in(place: str) -> Callable[[Plan], Body]:
    heap = "а" + "\u0301\u0316" * 90_000

    def make(_plan: Plan) -> Body:
        user = {"phone": "+79161234567", "code": "1"}
        if place == "route":
            document = json.loads(_pack([user])) | {"route": heap}
        elif place == "name of a field":
            document = json.loads(_pack([user | {heap: "1"}]))
        elif place == "value":
            document = json.loads(_pack([user | {"code": heap}]))
        elif place == "key":
            document = {"status": {"key": heap}, "route": ROUTE}
        elif place == "text":
            document = json.loads(_pack([user], heap))
        else:
            document = json.loads(_pack([user], **{place: heap}))
        content = json.dumps(document, ensure_ascii=False).encode()
        return Body(f"combining marks in {place}", content)

    return make


PLACES = ("route", "text", "value", "key", "name of a field", "timeLimit", "mode")
BODIES: tuple[Callable[[Plan], Body], ...] = (
    *map(_marks_in, PLACES),
    _many_fields,
    _empty_users,
    _nested_users,
    _null_users,
    _many_keys,
    _deep,
    _deep_users,
    _digits,
    _exponents,
    _long_text,
    _long_value,
    _long_values,
    _escapes,
    _filters,
    _braces,
)
