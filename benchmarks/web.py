"""Requests to Odoo's web server, at little cost for the machine that is measured.

Odoo closes the connection after every answer, so there is nothing to keep alive.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_CHUNK = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_LENGTH = re.compile(rb"\r\nContent-Length: *([0-9]+)", re.IGNORECASE)
_TIMEOUT = 120


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Request:
    """One request; with a body it is a POST."""

    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def serialise(self, address: Address) -> bytes:
        headers = {"Host": f"{address.host}:{address.port}", **self.headers}
        if self.body is not None:
            headers["Content-Length"] = str(len(self.body))
        method = "GET" if self.body is None else "POST"
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"{method} {self.path} HTTP/1.1\r\n{''.join(lines)}\r\n"
        return head.encode() + (self.body or b"")


class Answer(NamedTuple):
    """An answer, its head left out."""

    status: int
    body: bytes


class RequestFailed(Exception):
    """The server did not do what was asked; a figure would be worth nothing."""


def exchange(address: Address, request: Request) -> Answer:
    """Send a request over a connection of its own and read the whole answer.

    Like every client of HTTP it hangs up when the answer is complete: werkzeug would
    listen for another hundredth of a second.
    """
    with socket.create_connection(address, _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request.serialise(address))
        answer = b""
        while not _is_complete(answer) and (chunk := connection.recv(_CHUNK)):
            answer += chunk
    head, _blank, body = answer.partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    return Answer(int(status[1]) if status else 0, body)


def _is_complete(answer: bytes) -> bool:
    """Whether an answer is as long as it says."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(blank and length) and len(body) >= int(length[1])


def ask(address: Address, request: Request) -> bytes:
    """Like `exchange`, for a request that must succeed."""
    answer = exchange(address, request)
    if answer.status != 200:
        raise RequestFailed(f"{request.path}: {answer.status} {answer.body[:500]!r}")
    return answer.body


def drive(
    address: Address,
    make_request: Callable[[], Request],
    *,
    seconds: float,
    connections: int = 4,
) -> float:
    """Let so many clients ask, each the next as soon as it was answered.

    :param make_request: called by all clients' threads, the next request or None when
        there are no more
    :return: answers per second
    """
    started = time.perf_counter()
    deadline = started + seconds
    counts = [0] * connections
    errors: list[Exception] = []

    def run(client: int) -> None:
        try:
            while time.perf_counter() < deadline and (request := make_request()):
                ask(address, request)
                counts[client] += 1
        except (OSError, RequestFailed) as error:
            errors.append(error)

    clients = [threading.Thread(target=run, args=[n]) for n in range(connections)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if errors:
        raise RequestFailed(str(errors[0])) from errors[0]
    return sum(counts) / (time.perf_counter() - started)
