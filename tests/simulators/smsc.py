"""A small SMSC that speaks SMPP 3.4, for real gateways that are clients of it.

What becomes of a message follows from the last four digits of its number, see `FATES`.
Of the protocol there is what Kannel and Jasmin need: binds, ``submit_sm`` with receipts
in ``deliver_sm``, ``enquire_link`` and ``unbind``. Nothing is checked.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

_BINDS = (0x01, 0x02, 0x09)
_SUBMIT, _DELIVER = 0x04, 0x05
_OTHERS = (0x06, 0x15)
_ANSWER = 0x80000000
_HEAD = struct.Struct(">IIII")
#: bits and values of ``esm_class``
_HAS_HEADER, _IS_RECEIPT = 0x40, 0x04
_UCS2 = 8
#: last digits of a number → ``command_status`` of the answer, or ``stat`` and ``err``
#: of the receipt
FATES: dict[str, int | tuple[str, str]] = {
    "9901": ("UNDELIV", "027"),
    "9903": ("EXPIRED", "000"),
    "9907": ("REJECTD", "001"),
    "9908": 0x0B,
    "9909": 0x0411,
}
_DELIVERED = ("DELIVRD", "000")


@dataclass(frozen=True)
class Part:
    """A ``submit_sm`` as it came."""

    number: str
    sender: str
    coding: int
    header: bytes
    octets: bytes
    wants_receipt: bool
    validity: str

    @classmethod
    def parse(cls, body: bytes) -> Part:
        """Read the fields that every one has (4.4.1)."""
        _service, body = body.split(b"\0", 1)
        sender, body = body[2:].split(b"\0", 1)
        number, body = body[2:].split(b"\0", 1)
        esm_class, body = body[0], body[3:]
        _schedule, validity, body = body.split(b"\0", 2)
        receipt, _replace, coding, _default, length = body[:5]
        octets = body[5 : 5 + length]
        size = octets[0] + 1 if esm_class & _HAS_HEADER else 0
        return cls(
            number.decode(),
            sender.decode(),
            coding,
            octets[:size],
            octets[size:],
            bool(receipt & 3),
            validity.decode(),
        )


class Smsc:
    """Listens on loopback within a block::

    with Smsc() as smsc:
        ...  # a gateway binds to smsc.port and submits
        smsc.read_text("79161234567")
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.parts: list[Part] = []
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        self._numbers = count(1)

    def __enter__(self) -> Smsc:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        for one in (self._listener, *self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    # === TESTS ===
    def get_parts(self, number: str) -> list[Part]:
        """The parts that reached a handset."""
        return [part for part in self.parts if part.number == number]

    def write(self, sender: str, recipient: str, *texts: str) -> None:
        """Let somebody write a message, in parts if there are several texts."""
        for number, text in enumerate(texts, 1):
            header = bytes([5, 0, 3, 42, len(texts), number]) if texts[1:] else b""
            octets = header + text.encode("utf-16-be")
            esm_class = _HAS_HEADER if header else 0
            self._deliver(sender, recipient, esm_class, _UCS2, octets)

    # === PROTOCOL ===
    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        with suppress(OSError):
            while len(head := stream.read(_HEAD.size)) == _HEAD.size:
                length, command, _status, sequence = _HEAD.unpack(head)
                body = stream.read(length - _HEAD.size)
                if command in _BINDS:
                    self._send(connection, command | _ANSWER, 0, sequence, b"smsc\0")
                elif command == _SUBMIT:
                    self._take(connection, sequence, Part.parse(body))
                elif command in _OTHERS:
                    self._send(connection, command | _ANSWER, 0, sequence)

    def _take(self, connection: socket.socket, sequence: int, part: Part) -> None:
        fate = FATES.get(part.number[-4:], _DELIVERED)
        if isinstance(fate, int):
            self._send(connection, _SUBMIT | _ANSWER, fate, sequence)
            return
        self.parts.append(part)
        reference = f"smsc{next(self._numbers):08d}"
        answer = reference.encode() + b"\0"
        self._send(connection, _SUBMIT | _ANSWER, 0, sequence, answer)
        if part.wants_receipt:
            receipt = _make_receipt(reference, *fate)
            self._deliver(part.number, part.sender, _IS_RECEIPT, 0, receipt)

    def _deliver(
        self, sender: str, recipient: str, esm_class: int, coding: int, octets: bytes
    ) -> None:
        addresses = b"\0\1\1%b\0\0\0%b\0" % (sender.encode(), recipient.encode())
        flags = bytes([esm_class, 0, 0, 0, 0, 0, 0, coding, 0, len(octets)])
        number = next(self._numbers)
        self._send(
            self._connections[-1], _DELIVER, 0, number, addresses + flags + octets
        )

    def _send(
        self,
        connection: socket.socket,
        command: int,
        status: int,
        sequence: int,
        body: bytes = b"",
    ) -> None:
        head = _HEAD.pack(_HEAD.size + len(body), command, status, sequence)
        with self._lock:
            connection.sendall(head + body)


def join_parts(parts: list[Part]) -> str:
    """The text of a message in UCS-2, as a handset shows it."""
    ordered = sorted(parts, key=lambda part: part.header)
    return b"".join(part.octets for part in ordered).decode("utf-16-be")


def _make_receipt(reference: str, stat: str, err: str) -> bytes:
    """A receipt as of the specification's appendix B, with the text's beginning."""
    return (
        f"id:{reference} sub:001 dlvrd:001 submit date:2601010000"
        f" done date:2601010001 stat:{stat} err:{err} text:secret"
    ).encode()
