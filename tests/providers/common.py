"""What the suites of the providers share."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

from odoo.addons.crm_sms_gateway.providers.http import HttpClient, HttpResponse
from odoo.addons.crm_sms_gateway.providers.types import SubmitRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def make_request(number: int = 1, **values) -> SubmitRequest:
    """A message to hand over; everything about it follows from its number."""
    defaults = {
        "uuid": f"{number:032x}",
        "client_reference": str(1000 + number),
        "msisdn": f"+7916{number:07d}",
        "text": "Hello",
    }
    return SubmitRequest(**{**defaults, **values})


class ScriptedServer:
    """A server on loopback that answers requests with the given bytes, one after the
    other, the last for ever.

    An answer may also be a function that gets the connection and does as it likes; the
    connection is closed when it returns something true.
    """

    def __init__(self, *answers: bytes | Callable, wrap: Callable | None = None):
        """:param wrap: makes something else of a connection, e.g. TLS"""
        self._answers = list(answers)
        self._wrap = wrap or (lambda connection: connection)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self.name = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.name}/"
        #: pairs of head and body
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self.closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> ScriptedServer:
        return self

    def __exit__(self, *_exception) -> None:
        for connection in [self._listener, *self._open]:
            # a blocked accept or recv of another thread returns at once
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection = self._wrap(connection)
            self._open.append(connection)
            stream = connection.makefile("rb")
            while self._read_request(stream):
                if self._answer(connection):
                    break
            stream.close()
        except OSError:
            pass
        connection.close()
        self.closed.set()

    def _read_request(self, stream) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        self.requests.append((head.decode(), stream.read(length)))
        return True

    def _answer(self, connection: socket.socket):
        is_last = len(self._answers) == 1
        answer = self._answers[0] if is_last else self._answers.pop(0)
        if callable(answer):
            return answer(connection)
        connection.sendall(answer)
        return False


def hang_up(_connection: socket.socket) -> bool:
    """Close without an answer."""
    return True


def reset(connection: socket.socket) -> bool:
    """Close with a reset."""
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    return True


def answer_and_hang_up(connection: socket.socket) -> bool:
    """Answer, then close the kept-alive connection without a word."""
    connection.sendall(OK)
    return True


def drip(data: bytes, seconds: float) -> Callable:
    """Answer one byte after the other, with so many seconds between them."""

    def answer(connection: socket.socket) -> bool:
        pause = threading.Event()
        for byte in data:
            connection.sendall(bytes([byte]))
            pause.wait(seconds)
        return True

    return answer


class FakeHttp:
    """Stands in for the HTTP client: keeps what is sent, answers as it is told, with
    the last answer for ever."""

    allows_private = False

    def __init__(self, *answers: bytes | HttpResponse | Exception):
        self._answers = list(answers)
        #: triples of URL, body and headers
        self.posts: list[tuple[str, bytes, dict]] = []

    def post(self, url: str, *, body: bytes, headers: dict) -> HttpResponse:
        return self.request("POST", url, body=body, headers=headers)

    def request(
        self,
        _method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: dict | None = None,
    ) -> HttpResponse:
        self.posts.append((url, body or b"", headers or {}))
        is_last = len(self._answers) == 1
        answer = self._answers[0] if is_last else self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpResponse) else respond(answer)

    def close(self) -> None:
        pass


class RecordingHttp(HttpClient):
    """A client that keeps the answers it got."""

    def __init__(self, **values):
        super().__init__(**values)
        self.answers: list[HttpResponse] = []

    def _call(self, *arguments) -> HttpResponse:
        answer = super()._call(*arguments)
        self.answers.append(answer)
        return answer


def respond(body: bytes = b"", *, status: int = 200, **headers: str) -> HttpResponse:
    """An answer over HTTP; underscores in the names of headers become dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, named, body)
