#!/usr/bin/env python3
"""All simulated providers in one process, as `simulators.Simulators` starts it.

    python tests/simulators/providers.py --port 0

prints ``READY http://127.0.0.1:<port>`` when it listens and runs until SIGTERM. Each
provider of `gates` answers below ``/<code>/``; ``POST /control/<code>/<verb>`` with a
document of JSON is for tests, see `Control`.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Started as a program: the package's own name is not known to it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from simulators.engine import (  # noqa: E402
    FAULTS,
    GARBAGE,
    PUSH_FAULTS,
    Armed,
    Call,
    Gate,
    Inbound,
    Push,
    Reply,
)
from simulators.gates import GATES  # noqa: E402

MAX_BODY = 16 * 1024 * 1024
#: seconds for the receiver of a push
PUSH_TIMEOUT = 15


class Control:
    """What tests ask of one gate; the public methods are the verbs."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def config(self, **values: Any) -> dict[str, Any]:
        """Change settings; returns all of them."""
        unknown = values.keys() - self._gate.config.keys()
        if unknown:
            raise KeyError(f"unknown settings: {', '.join(sorted(unknown))}")
        self._gate.config.update(values)
        return self._gate.config

    def stats(self) -> dict[str, Any]:
        return self._gate.get_stats()

    def reset(self) -> None:
        self._gate.reset()

    def arm(self, fault: str, **values: Any) -> None:
        """Let the next calls, or all pushes, go wrong; see `engine.Armed`."""
        if fault in PUSH_FAULTS:
            self._gate.push_faults.add(fault)
        elif fault in FAULTS:
            self._gate.armed.append(Armed(fault, **values))
        else:
            raise KeyError(f"unknown fault: {fault}")

    def set_status(self, status: str, reference: str = "") -> None:
        """Give a message, or all, a status: one of `engine.STATUSES` or a word of the
        provider's."""
        gate = self._gate
        for message in [self._find(reference)] if reference else gate.messages:
            message.status, message.status_at = status, gate.now()

    def push(self, status: str, reference: str, forged: bool = False) -> Any:
        """The report of a status, whatever status the message has."""
        push = self._gate.push(self._find(reference), status, is_forged=forged)
        return push and _pack(push)

    def take_pushes(self) -> list[dict[str, Any]]:
        return [_pack(push) for push in self._gate.take_pushes()]

    def write(
        self, sender: str, recipient: str, text: str, forged: bool = False
    ) -> Any:
        """Let somebody write to a number of the account; returns the push of it."""
        gate = self._gate
        reference = gate.make_reference(gate.next_number)
        gate.next_number += 1
        inbound = Inbound(sender, recipient, text, reference, gate.now())
        gate.inbox.append(inbound)
        push = gate.push_inbound(inbound, is_forged=forged)
        return push and _pack(push)

    def _find(self, reference: str) -> Any:
        message = self._gate.find(reference)
        if message is None:
            raise KeyError(f"no message {reference}")
        return message


def _pack(push: Push) -> dict[str, Any]:
    return {**vars(push), "body": base64.b64encode(push.body).decode()}


def send_pushes(gate: Gate) -> list[dict[str, Any]]:
    """Send the delivery reports that are due to their addresses, one after the other.

    :return: what each was answered
    """
    answers = []
    for push in gate.take_pushes():
        status, body = _send(push)
        is_taken = gate.is_acknowledged(status, body)
        gate.reports["taken" if is_taken else "refused"] += 1
        answers.append({"status": status, "body": body.decode("utf-8", "replace")})
    return answers


def _send(push: Push) -> tuple[int, bytes]:
    """:return: status, 0 without an answer, and body"""
    parts = urlsplit(push.url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=PUSH_TIMEOUT
    )
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(push.method, target, push.body or None, push.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    """One connection; several requests follow each other on it."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            self._write(Reply(413))
            return
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        _, code, *rest = parts.path.split("/")
        if code == "control" and len(rest) == 2:
            self._write(self._control(rest[0], rest[1], body))
        elif code not in self.server.gates:
            self._write(Reply(404))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = "/" + "/".join(rest)
            call = Call(self.command, path, parts.query, headers, body)
            self._play(self.server.gates[code], call)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    # === PROVIDERS ===
    def _play(self, gate: Gate, call: Call) -> None:
        """Answer a call, or let it go wrong."""
        kind, method = gate.get_route(call)
        with gate.lock:
            gate.calls[kind] += 1
        armed = gate.take_fault(kind)
        fault = FAULTS[armed.fault] if armed else None
        reply = Reply()
        if fault is None or fault.takes:
            reply = gate.answer(call, method)
        if gate.config["push_before_answer"]:
            send_pushes(gate)
        if armed is None or fault is None:
            self._write(reply)
        elif fault.answer in ("close", "hang"):
            self.close_connection = True
            if fault.answer == "hang":
                gate.released.wait(armed.seconds)
        elif fault.answer == "late":
            gate.released.wait(armed.seconds)
            self._write(reply)
        elif fault.answer == "truncated":
            self._write_half(reply)
        else:
            self._write(self._spoil(gate, fault.answer))

    def _spoil(self, gate: Gate, answer: str) -> Reply:
        if answer == "busy":
            return gate.answer_busy()
        return gate.answer_broken() if answer == "broken" else GARBAGE

    # === TESTS ===
    def _control(self, code: str, verb: str, body: bytes) -> Reply:
        gate = self.server.gates.get(code)
        method = gate and getattr(Control(gate), verb, None)
        try:
            if gate is None or verb.startswith("_"):
                raise KeyError(f"no such gate: {code}")
            values = json.loads(body or b"{}")
            if verb == "send_pushes":
                return Reply.json(send_pushes(gate))
            if method is None:
                raise KeyError(f"no such verb: {verb}")
            with gate.lock:
                return Reply.json(method(**values))
        except (KeyError, TypeError, ValueError) as error:
            return Reply.json({"error": str(error)}, 400)

    # === WRITING ===
    def _write(self, reply: Reply) -> None:
        self._write_head(reply, len(reply.body))
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _write_half(self, reply: Reply) -> None:
        """Promise a whole answer, give the half of it and close."""
        self.close_connection = True
        self._write_head(reply, len(reply.body) or 1)
        self.wfile.write(reply.body[: len(reply.body) // 2])

    def _write_head(self, reply: Reply, length: int) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""


class Server(ThreadingHTTPServer):
    """The listening simulators."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.gates = {code: gate() for code, gate in GATES.items()}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulators of providers")
    parser.add_argument("--port", type=int, default=8097, help="0: any free one")
    parser.add_argument("--exit-with-parent", action="store_true")
    parser.add_argument("--detach", action="store_true", help="be nobody's child")
    arguments = parser.parse_args()
    if arguments.detach and os.fork():
        return
    server = Server(arguments.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if arguments.exit_with_parent:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(f"READY http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def _end_with_stdin() -> None:
    """End when the parent closes our standard input, or dies."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
