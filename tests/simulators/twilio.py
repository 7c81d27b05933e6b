#!/usr/bin/env python3
"""A simulator of Twilio's API, as far as Odoo's sms_twilio speaks it.

    python tests/simulators/twilio.py --port 0

prints ``READY http://127.0.0.1:<port>`` when it listens and runs until SIGTERM. It
takes ``POST /2010-04-01/Accounts/<sid>/Messages.json`` and counts, per number, what
reached a handset. Twilio knows no reference of the client's: every request is a
message.

Delivery reports go to the StatusCallback of the message, signed as Twilio signs them,
as soon as the message is taken: the answer to the request may come after them.

Control, on the same port, in JSON: ``POST /control/config`` (`DEFAULTS` lists the
settings), ``GET /control/stats``, ``POST /control/trap`` (see `journal`).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from journal import Journal

DEFAULTS: dict[str, Any] = {
    # seconds until an answer
    "delay": 0.0,
    # the next so many answers come so many seconds late
    "late": 0,
    "late_by": 0.0,
    # the key that delivery reports are signed with; empty: none are sent
    "auth_token": "",
}


def sign(token: str, address: str, form: dict[str, str]) -> str:
    """Sign a request as https://www.twilio.com/docs/usage/security says."""
    text = address + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class Account:
    """What was sent through the account."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.config = dict(DEFAULTS)
        self.journal = Journal()
        self.received = 0
        self.handset: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()

    def take(self, number: str) -> float:
        """Deliver a message at once.

        :return: seconds to wait before the answer
        """
        with self.lock:
            self.received += 1
            self.handset[number] += 1
            is_late = self.config["late"] > 0
            self.config["late"] -= is_late
            return float(self.config["late_by" if is_late else "delay"])

    def report(self, address: str, sid: str) -> None:
        """Tell the callback address that a message is delivered, once."""
        token = self.config["auth_token"]
        if not token or not address:
            return
        form = {"MessageSid": sid, "SmsSid": sid, "SmsStatus": "delivered"}
        headers = {"X-Twilio-Signature": sign(token, address, form)}
        request = Request(address, urlencode(form).encode(), headers)
        outcome = "reports_taken"
        try:
            build_opener(ProxyHandler({})).open(request, timeout=15).close()
        except OSError:
            outcome = "reports_refused"
        with self.lock:
            self.reports[outcome] += 1

    def stats(self) -> dict[str, Any]:
        with self.lock:
            return {
                "received": self.received,
                "handset": dict(self.handset),
                "reports": dict(self.reports),
            }


class Handler(BaseHTTPRequestHandler):
    """One connection; several requests follow each other on it."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer(200, self.server.account.stats())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path.startswith("/control/"):
            self._control(path, json.loads(body))
        elif path.endswith("/Messages.json"):
            self._send(parse_qs(body.decode()))
        else:
            self._answer(404, {"code": 20404, "message": "Not found", "status": 404})

    def _send(self, form: dict[str, list[str]]) -> None:
        number, text = form.get("To", [""])[0], form.get("Body", [""])[0]
        if not number or not text:
            error = {"code": 21604, "message": "A 'To' phone number is required"}
            self._answer(400, {**error, "status": 400})
            return
        account = self.server.account
        account.journal.reach("received", [number])
        wait = account.take(number)
        account.journal.reach("accepted", [number])
        sid = "SM" + secrets.token_hex(16)
        address = form.get("StatusCallback", [""])[0]
        threading.Thread(target=account.report, args=(address, sid)).start()
        time.sleep(wait)
        self._answer(201, {"sid": sid, "status": "queued", "to": number, "body": text})
        self.wfile.flush()
        account.journal.reach("answered", [number])

    def _control(self, path: str, values: dict[str, Any]) -> None:
        account = self.server.account
        if path == "/control/config":
            with account.lock:
                account.config.update(values)
        elif path == "/control/trap":
            account.journal.set_trap(values)
        self._answer(200, account.config)

    def _answer(self, status: int, values: dict[str, Any]) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""


class Server(ThreadingHTTPServer):
    """The listening simulator."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.account = Account()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulator of Twilio")
    parser.add_argument("--port", type=int, default=8098, help="0: any free one")
    parser.add_argument("--exit-with-parent", action="store_true")
    arguments = parser.parse_args()
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
