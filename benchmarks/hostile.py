"""Bodies of requests that want to cost much, and a plain one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from .documents import ROUTE

NAMES = [f"n{number}" for number in range(100)]
PHONE = "+79876543210"


def make_plain(size: int) -> bytes:
    """A request as people send it, of about so many bytes."""
    user = {"phone": PHONE, "first_name": "Андрей", "order": "N-17"}
    return _send(_fill(user, size), text_male="{{ first_name }}, {{ order }}")


def make_hostile(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield kinds and bodies of about so many bytes, or of as many users as a request
    may have; each is JSON, and what is wrong with it is told by the contract."""
    for kind, make in _KINDS.items():
        yield kind, make(size)


def _send(users: bytes, **send: Any) -> bytes:
    """A request with these users, a list of JSON objects without its brackets."""
    send = {"fields": ["first_name", "order"], "text_male": "Hello", **send}
    head = json.dumps({"route": ROUTE, "send": send}, ensure_ascii=False)
    return head.encode()[:-2] + b', "users": [' + users + b"]}}"


def _fill(value: Any, size: int) -> bytes:
    """As many of a value, with commas between them, as fit into so many bytes."""
    one = value if isinstance(value, bytes) else json.dumps(value).encode()
    return b",".join([one] * max(size // (len(one) + 1), 1))


def _junk(one: bytes, size: int) -> bytes:
    """A request for one recipient, with a list that nobody reads."""
    users = json.dumps({"phone": PHONE}).encode()
    return _send(users)[:-1] + b', "junk": [' + _fill(one, size) + b"]}"


def _users(one: bytes) -> Callable[[int], bytes]:
    return lambda size: _send(_fill(one, size))


def _heap(one: bytes) -> Callable[[int], bytes]:
    return lambda size: _junk(one, size)


def _make_many_values(size: int) -> bytes:
    values = {name: 1 for name in NAMES}
    text = "".join(f"{{{{ {name} }}}}" for name in NAMES[:10])
    user = {"phone": PHONE, **values}
    return _send(_fill(user, size), fields=NAMES, text_male=text)


def _make_defaults(size: int) -> bytes:
    user = {"phone": PHONE}
    users = _fill(user, min(size, 50_000 * (len(json.dumps(user)) + 1)))
    return _send(users, fields=dict.fromkeys(NAMES, "a"))


def _make_long_values(size: int) -> bytes:
    user = {"phone": PHONE, "order": "я" * 1000}
    return _send(_fill(user, size), text_male="{{ order }}" * 1000)


def _make_long_default(size: int) -> bytes:
    users = _fill({"phone": PHONE}, min(size, 1_000_000))
    fields = {"order": "я" * 100_000}
    return _send(users, fields=fields, text_male="{{ order|upper }}" * 900)


def _make_one_user(size: int) -> bytes:
    junk = b",".join(b'"%d":[]' % number for number in range(size // 12))
    return _send(b'{"phone":"%s",%s}' % (PHONE.encode(), junk))


def _make_currencies(size: int) -> bytes:
    return b'{"route":"%s","balance":[%s]}' % (ROUTE.encode(), _fill("rub", size))


_KINDS: dict[str, Callable[[int], bytes]] = {
    "empty users": _users(b"{}"),
    "users of an object": _users(b'{"a":{}}'),
    "lists for users": _users(b"[]"),
    "lists": _heap(b"[]"),
    "deep lists": _heap(b"[" * 800 + b"]" * 800),
    "deep objects": _heap(b'{"":' * 800 + b"0" + b"}" * 800),
    "numbers": _heap(b"1000"),
    "words": _heap(b'"ab"'),
    "escapes": _heap(b'"%s"' % (b"\\n" * 1000)),
    "one user of many members": _make_one_user,
    "many values": _make_many_values,
    "currencies": _make_currencies,
    "defaults": _make_defaults,
    "long values": _make_long_values,
    "a long default": _make_long_default,
}
