"""A real Kannel: Debian's bearerbox, smsbox and fakesmsc, with the configuration of the
documentation."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote_to_bytes

CONFIGURATION = Path(__file__).resolve().parents[2] / "docs" / "kannel.conf"
#: what ``scripts/lib/kannel.sh`` has provided
HOME = Path(os.environ.get("KANNEL_HOME") or "/")
BEARERBOX, SMSBOX = HOME / "usr/sbin/bearerbox", HOME / "usr/sbin/smsbox"
FAKESMSC = HOME / "usr/lib/kannel/test/fakesmsc"
PATIENCE = 20
#: a message as fakesmsc writes it: sender, receiver, header of a part, kind and text
_LINE = re.compile(
    r"Got message \d+: <(\S+) (\S+) (?:udh (\S+) )?(text|ucs-2|data) (.*)>$"
)
#: an operator whom fakesmsc plays
_FAKE_GROUP = """
group = smsc
smsc = fake
smsc-id = fake
allowed-smsc-id = fake
port = {port}
connect-allow-ip = 127.0.0.1
"""

needs_kannel = unittest.skipUnless(
    all(program.exists() for program in (BEARERBOX, SMSBOX, FAKESMSC)),
    "Debian's packages kannel and kannel-extras are not there",
)


class Kannel:
    """Runs within a block; ``url`` is the smsbox's.

    :param smsc_port: where the SMPP operator of the configuration listens
    :param get_url: where inbound messages go
    """

    password = "kannel-secret"

    def __init__(self, smsc_port, get_url):
        names = ("13000", "13001", "13013", "fake")
        self.ports = dict(zip(names, find_free_ports(len(names)), strict=True))
        self.url = f"http://127.0.0.1:{self.ports['13013']}"
        self._folder = Path(tempfile.mkdtemp(prefix="kannel-"))
        self._file = self._folder / "kannel.conf"
        for name in ("store", "dlr"):
            (self._folder / name).mkdir()
        self._file.write_text(self._configure(smsc_port, get_url), "utf-8")
        self._processes = ExitStack()

    def _configure(self, smsc_port, get_url):
        text = CONFIGURATION.read_text("utf-8")
        changes = {
            "CHANGE-ME-SENDSMS": self.password,
            "smpp.operator.example": "127.0.0.1",
            "= 2775": f"= {smsc_port}",
            "#allowed-smsc-id": "allowed-smsc-id",
            "/var/spool/kannel": str(self._folder),
            **{f"= {name}": f"= {port}" for name, port in self.ports.items()},
        }
        for known, wanted in changes.items():
            assert known in text or known == "= fake", known
            text = text.replace(known, wanted)
        text = re.sub("get-url = .*", lambda _match: f'get-url = "{get_url}"', text)
        head, _, rest = text.partition("group = smsbox")
        fake = _FAKE_GROUP.format(port=self.ports["fake"])
        return f"{head.rstrip()}\n{fake}\ngroup = smsbox{rest}"

    def __enter__(self):
        self._processes.callback(shutil.rmtree, self._folder)
        self._run(BEARERBOX)
        wait_for_port(self.ports["13001"])
        wait_for_port(self.ports["fake"])
        self._run(SMSBOX)
        wait_for_port(self.ports["13013"])
        return self

    def __exit__(self, *_error):
        self._processes.close()

    def _run(self, program):
        log = self._processes.enter_context(
            (self._folder / f"{program.name}.log").open("wb")
        )
        process = subprocess.Popen(
            [program, "-v", "1", self._file], stdout=log, stderr=log, env=get_environ()
        )
        self._processes.callback(end, process)

    def read_logs(self):
        """What the two programs have to say, for messages of tests."""
        return "\n".join(
            log.read_text("utf-8", "replace")[-4000:]
            for log in sorted(self._folder.glob("*.log"))
        )


class FakeSmsc:
    """Debian's fakesmsc, which prints what it is sent.

    :param message: what somebody writes, in its own notation
    """

    def __init__(self, kannel, message=""):
        self._messages = []
        self._process = subprocess.Popen(
            [
                FAKESMSC,
                *("-H", "127.0.0.1", "-r", str(kannel.ports["fake"])),
                *("-m", str(int(bool(message))), message or "1 2 text nothing"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=get_environ(),
        )
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        end(self._process)
        self._process.stdout.close()

    def _read(self):
        for line in self._process.stdout:
            if found := _LINE.search(line.rstrip("\n")):
                self._messages.append(found.groups())

    def get_parts(self, number):
        """Parts that reached a handset: sender, header, kind and octets each."""
        return [
            (sender, unquote_to_bytes(header or ""), kind, text)
            for sender, receiver, header, kind, text in list(self._messages)
            if receiver == number
        ]

    def read_text(self, number, encoding):
        """The text of a message as a handset shows it.

        :param encoding: as `Segments.encoding`; fakesmsc does not tell that of parts
        """
        parts = sorted(self.get_parts(number), key=lambda part: part[1])
        if parts[0][2] == "text":
            return "".join(text for *_rest, text in parts)
        octets = (unquote_to_bytes(text.replace("+", " ")) for *_rest, text in parts)
        return b"".join(octets).decode("utf-16-be" if encoding == "ucs2" else "ascii")


def get_environ():
    """An environment in which unpacked programs find their libraries."""
    folders = [HOME / "lib", HOME / "usr/lib", *HOME.glob("usr/lib/*-linux-gnu")]
    folders += HOME.glob("lib/*-linux-gnu")
    paths = os.pathsep.join(map(str, folders))
    return os.environ if HOME == Path("/") else {**os.environ, "LD_LIBRARY_PATH": paths}


def end(process):
    process.kill()
    process.wait()


def find_free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _number in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def wait_for_port(port):
    """Wait until somebody listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
