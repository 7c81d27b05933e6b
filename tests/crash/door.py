"""The way to a gate, which can be shut: connections are refused then."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import closing, suppress
from types import TracebackType
from urllib.parse import urlsplit

CHUNK = 65536


class Door:
    """Listens on a port of its own and hands on what is said to a gate.

    Behind a shut door the gate keeps what it knows: a provider that comes back.

    :param url: of the gate
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._gate = (address.hostname, address.port)
        self._listener = socket.socket()
        self._port = 0
        self._clients: set[socket.socket] = set()

    def __enter__(self) -> Door:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Take connections, always on the same port."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self._port))
        self._listener.listen(256)
        self._port = self._listener.getsockname()[1]
        threading.Thread(
            target=self._accept, args=(self._listener,), daemon=True
        ).start()

    def shut(self) -> None:
        """Refuse connections, and end those that there are in the middle of calls."""
        for one in (self._listener, *list(self._clients)):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                self._clients.add(client)
                threading.Thread(
                    target=self._serve, args=(client,), daemon=True
                ).start()

    def _serve(self, client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            with socket.create_connection(self._gate) as gate:
                _hand_on({client: gate, gate: client})
        self._clients.discard(client)


def _hand_on(others: dict[socket.socket, socket.socket]) -> None:
    """Hand on what each side says, until one of them ends the connection."""
    while True:
        for source in select.select(list(others), [], [])[0]:
            said = source.recv(CHUNK)
            if not said:
                return
            others[source].sendall(said)
