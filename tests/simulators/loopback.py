#!/usr/bin/env python3
"""A fast provider for measurements: it accepts everything, after a set latency.

    python tests/simulators/loopback.py --port 0

prints ``READY http://127.0.0.1:<port>`` when it listens and runs until SIGTERM or
SIGINT. It needs Python's standard library only.

It speaks the XML gate (``/xml/`` and ``/xml/state.php``) and Twilio's
``POST /2010-04-01/Accounts/<sid>/Messages.json``. It checks nothing and costs next to
nothing, so that what is measured is the sender; the strict simulator stands beside it.
All calls are served by one thread, and thousands of them may wait at once.

Control, on the same port, in JSON:

``POST /control/config`` changes settings (`DEFAULTS` lists them) and returns them all;
``GET /control/stats`` returns what was counted, see `Provider.stats`;
``POST /control/arrivals`` takes ``{"phones": [digits, ...]}`` and returns the moment
each of them was last handed over, on the machine's monotonic clock;
``POST /control/reset`` forgets everything.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import re
import select
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

#: settings of ``/control/config``
DEFAULTS: dict[str, Any] = {
    # seconds from the arrival of a request to its answer
    "latency": 0.0,
    # what /xml/state.php tells of every message
    "state": "deliver",
    "timezone": "Europe/Moscow",
}

_CHUNK = 256 * 1024
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ ]*([0-9]+)", re.IGNORECASE)
_PHONE = re.compile(rb"<abonent\b[^>]*?\bphone=\"([0-9]*)\"")
_NUMBER = re.compile(rb"<abonent\b[^>]*?\bnumber_sms=\"([0-9]*)\"")
_CLIENT_ID = re.compile(rb"<abonent\b[^>]*?\bclient_id_sms=\"([0-9]*)\"")
_ID_SMS = re.compile(r"<id_sms>([^<]*)</id_sms>")
_TO = re.compile(rb"(?:^|&)To=(?:%2B)?([0-9]*)")
_ANSWER = '<?xml version="1.0" encoding="utf-8"?><response>{}</response>'
_INFORMATION = '<information number_sms="{}" id_sms="{}" parts="1">send</information>'
_STATE = '<state id_sms="{}" time="{}">{}</state>'


class Provider:
    """What the provider was told and what it has counted."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._initial = {**DEFAULTS, **config}
        self.next_id = 1_000_000_000
        self.reset()

    # === CONTROL ===
    def reset(self) -> None:
        self.config = dict(self._initial)
        self.counts: Counter[str] = Counter()
        self.most_waiting = 0
        #: id of the gate by the client's id
        self.ids: dict[bytes, int] = {}
        #: last moment by phone
        self.arrivals: dict[bytes, float] = {}
        #: (moment, messages) of every send
        self.sends: list[tuple[float, int]] = []

    def configure(self, values: dict[str, Any]) -> dict[str, Any]:
        unknown = values.keys() - DEFAULTS.keys()
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        self.config.update(values)
        return self.config

    def stats(self) -> dict[str, Any]:
        """What was counted since the start or the last reset.

        Moments are of the machine's monotonic clock, in seconds: ``first``, ``last``,
        and ``p5`` and ``p95``, between which nine tenths of the messages came.
        """
        total = sum(messages for _moment, messages in self.sends)
        return {
            "messages": total,
            "repeats": self.counts["repeats"],
            "calls": len(self.sends),
            "state_calls": self.counts["state_calls"],
            "states": self.counts["states"],
            "connections": self.counts["connections"],
            "most_waiting": self.most_waiting,
            "first": self.sends[0][0] if self.sends else None,
            "p5": find_moment(self.sends, total * 0.05),
            "p95": find_moment(self.sends, total * 0.95),
            "last": self.sends[-1][0] if self.sends else None,
            "pid": os.getpid(),
            "cpu": time.process_time(),
        }

    def get_arrivals(self, phones: Iterable[str]) -> dict[str, float | None]:
        return {phone: self.arrivals.get(phone.encode()) for phone in phones}

    # === PROTOCOLS ===
    def answer(self, path: bytes, body: bytes) -> tuple[int, bytes, bytes] | None:
        """:return: status, content type and body, or None for an unknown address"""
        if path == b"/xml/":
            return 200, b"text/xml; charset=utf-8", self._send(body)
        if path == b"/xml/state.php":
            return 200, b"text/xml; charset=utf-8", self._tell_states(body)
        if path.endswith(b"/Messages.json"):
            return 201, b"application/json", self._create_message(body)
        return None

    def _send(self, body: bytes) -> bytes:
        """Accept the messages of a document; a repeated one keeps its first id."""
        self._note(_PHONE.findall(body))
        numbers = _NUMBER.findall(body)
        known, ids = self.ids, []
        for client_id in _CLIENT_ID.findall(body):
            id_sms = known.setdefault(client_id, self.next_id)
            ids.append(id_sms)
            if id_sms == self.next_id:
                self.next_id += 1
            else:
                self.counts["repeats"] += 1
        items = [
            _INFORMATION.format(number.decode(), id_sms)
            for number, id_sms in zip(numbers, ids, strict=True)
        ]
        return _ANSWER.format("".join(items)).encode()

    def _tell_states(self, body: bytes) -> bytes:
        asked = _ID_SMS.findall(body.decode())
        self.counts["state_calls"] += 1
        self.counts["states"] += len(asked)
        state = self.config["state"]
        moment = "" if state == "send" else self._local_time()
        items = [_STATE.format(id_sms, moment, state) for id_sms in asked]
        return _ANSWER.format("".join(items)).encode()

    def _local_time(self) -> str:
        zone = ZoneInfo(self.config["timezone"])
        return datetime.now(timezone.utc).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    def _create_message(self, body: bytes) -> bytes:
        self._note(_TO.findall(body))
        self.next_id += 1
        return b'{"sid": "SM%032x", "status": "queued"}' % self.next_id

    def _note(self, phones: list[bytes]) -> None:
        moment = time.monotonic()
        self.sends.append((moment, len(phones)))
        self.arrivals.update(dict.fromkeys(phones, moment))


def find_moment(sends: list[tuple[float, int]], rank: float) -> float | None:
    """The moment of the message of this rank (1 = the first) among (moment, count)."""
    for moment, messages in sends:
        rank -= messages
        if rank <= 0:
            return moment
    return sends[-1][0] if sends else None


class Connection:
    """One connection; requests follow each other on it."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self._server = server
        self._socket = sock
        self._received = b""
        self._unsent = b""

    def receive(self) -> None:
        """Take what has come and serve every request that is complete."""
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._server.forget(self._socket)
            return
        received = self._received + data if self._received else data
        while request := _cut_request(received):
            head, body, received = request
            self._serve(head.split(b" ", 2)[1], body)
        self._received = received

    def _serve(self, target: bytes, body: bytes) -> None:
        path = target.partition(b"?")[0]
        provider = self._server.provider
        if path.startswith(b"/control/"):
            self.send(_make_answer(*_control(provider, path, body)))
            return
        found = provider.answer(path, body)
        answer = _make_answer(*(found or (404, b"text/plain", b"")))
        latency = provider.config["latency"]
        if latency:
            self._server.send_later(latency, self, answer)
        else:
            self.send(answer)

    def send(self, data: bytes) -> None:
        """Send as much as the system takes now, the rest when it takes more."""
        self._unsent += data
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the client hung up, `receive` will see it
        self._unsent = self._unsent[sent:]
        self._server.watch(self._socket, is_full=bool(self._unsent))

    def send_rest(self) -> None:
        self.send(b"")


class Server:
    """The loop: waits for requests and for the time of late answers."""

    def __init__(self, provider: Provider, address: tuple[str, int]) -> None:
        self.provider = provider
        self.socket = socket.create_server(address, backlog=1024)
        self.socket.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self.socket, select.EPOLLIN)
        self._sockets: dict[int, tuple[socket.socket, Connection]] = {}
        self._full: set[int] = set()
        #: (moment, running number, connection, answer), the next one first
        self._late: list[tuple[float, int, Connection, bytes]] = []
        self._numbers = count()

    def serve_forever(self) -> None:
        while True:
            for descriptor, event in self._poll.poll(self._get_patience()):
                if descriptor == self.socket.fileno():
                    self._accept()
                elif known := self._sockets.get(descriptor):
                    if event & select.EPOLLOUT:
                        known[1].send_rest()
                    if event & ~select.EPOLLOUT:
                        known[1].receive()
            self._send_due()

    def _get_patience(self) -> float:
        return max(self._late[0][0] - time.monotonic(), 0) if self._late else -1

    def _accept(self) -> None:
        try:
            sock, _address = self.socket.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets[sock.fileno()] = sock, Connection(self, sock)
        self._poll.register(sock, select.EPOLLIN)
        self.provider.counts["connections"] += 1

    def forget(self, sock: socket.socket) -> None:
        self._full.discard(sock.fileno())
        del self._sockets[sock.fileno()]
        sock.close()

    def watch(self, sock: socket.socket, *, is_full: bool) -> None:
        """Ask to be told when a full socket takes more."""
        if is_full == (sock.fileno() in self._full):
            return
        self._full ^= {sock.fileno()}
        more = select.EPOLLOUT if is_full else 0
        self._poll.modify(sock, select.EPOLLIN | more)

    def send_later(self, seconds: float, connection: Connection, data: bytes) -> None:
        provider = self.provider
        late = time.monotonic() + seconds, next(self._numbers), connection, data
        heapq.heappush(self._late, late)
        provider.most_waiting = max(provider.most_waiting, len(self._late))

    def _send_due(self) -> None:
        moment = time.monotonic()
        while self._late and self._late[0][0] <= moment:
            _moment, _number, connection, data = heapq.heappop(self._late)
            connection.send(data)


def _cut_request(received: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Head, body and rest, once a request has come in full."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = received[:end]
    length = _LENGTH.search(head)
    start = end + len(_HEAD_END)
    stop = start + (int(length[1]) if length else 0)
    if len(received) < stop:
        return None
    return head, received[start:stop], received[stop:]


def _make_answer(status: int, content_type: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %d OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        content_type,
        len(body),
        body,
    )


def _control(provider: Provider, path: bytes, body: bytes) -> tuple[int, bytes, bytes]:
    status, values = 200, {}
    try:
        if path == b"/control/stats":
            values = provider.stats()
        elif path == b"/control/arrivals":
            values = provider.get_arrivals(json.loads(body)["phones"])
        elif path == b"/control/reset":
            provider.reset()
        elif path == b"/control/config":
            values = provider.configure(json.loads(body))
        else:
            status = 404
    except KeyError as error:
        status, values = 400, {"unknown settings": error.args[0]}
    return status, b"application/json", json.dumps(values).encode()


def main() -> None:
    arguments = _parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    if arguments.exit_with_parent:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    provider = Provider(json.loads(arguments.config))
    server = Server(provider, (arguments.host, arguments.port))
    port = server.socket.getsockname()[1]
    print(f"READY http://{arguments.host}:{port}", flush=True)
    server.serve_forever()


def _end_with_stdin() -> None:
    """End when the parent closes our standard input, or dies."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A fast provider for measurements")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8098, help="0: any free one")
    parser.add_argument("--config", default="{}", help="settings as JSON")
    parser.add_argument("--exit-with-parent", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
