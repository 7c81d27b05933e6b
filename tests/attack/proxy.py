"""nginx in front, with the configuration of the documentation: see docs/nginx.conf."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from crash.workers import Failed, OdooServer, find_free_port, wait_until

from .bodies import make_plain
from .stage import PATIENCE, Stage
from .verdict import Result

CONFIGURATION = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"
#: addresses of this machine: one that is trusted to need no key, and one that is not
TRUSTED, STRANGER = "127.0.0.2", "127.0.0.3"
#: seconds after which a client that sends nothing must have been cut off
CUT_OFF = 15
MIB = 1024 * 1024

#: status, headers by lower-case names, body
Answer = tuple[int, dict[str, str], bytes]


def stand_behind_nginx(stage: Stage, result: Result) -> None:
    if not (shutil.which("nginx") and shutil.which("openssl")):
        result.left_out = "there is no nginx or no openssl"
        return
    world = stage.make_world()
    before = stage.nursery.run(
        "configure",
        access_policy="trusted_networks",
        trusted_networks=TRUSTED,
        host_names="sms.example.com",
    )
    try:
        options = ("--proxy-mode",)
        with (
            stage.serve(workers=2, arguments=options) as server,
            Nginx(server) as nginx,
        ):
            for attack in (
                _forge_an_address,
                _send_too_much,
                _send_slowly,
                _flood,
                _open_a_websocket,
            ):
                attack(nginx, result, world["companies"][0]["route"])
            _push(nginx, result, world["companies"][0]["webhook"])
            _click(nginx, result)
    finally:
        stage.nursery.run("configure", **before)


class Nginx:
    """nginx on ports of its own, its files in a folder that goes with it."""

    def __init__(self, odoo: OdooServer) -> None:
        self.port = find_free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="attack-nginx-", dir="/tmp"))
        self._make_certificate()
        text = self._adapt(CONFIGURATION.read_text("utf-8"), odoo)
        (self.folder / "gateway.conf").write_text(text)
        (self.folder / "nginx.conf").write_text(self._wrap())
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        self._process = subprocess.Popen(
            [
                *("nginx", "-p", str(self.folder)),
                *("-c", str(self.folder / "nginx.conf")),
                *("-e", str(self.folder / "start.log")),
            ],
            stdin=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("wb"),
        )
        if not wait_until(self._answers, 20, 0.1):
            told = (self.folder / "stderr").read_text()
            self.__exit__()
            raise Failed(f"nginx does not answer: {told}")
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, address: str = TRUSTED) -> ssl.SSLSocket:
        """A connection of a client with this address."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        connection = socket.create_connection(
            ("127.0.0.1", self.port), PATIENCE, source_address=(address, 0)
        )
        return context.wrap_socket(connection, server_hostname="sms.example.com")

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        address: str = TRUSTED,
    ) -> Answer:
        """Send a request; with a body it is a POST."""
        asking = http.client.HTTPConnection("sms.example.com", timeout=PATIENCE)
        asking.sock = self.connect(address)
        try:
            with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
                asking.request(
                    "GET" if body is None else "POST",
                    path,
                    body,
                    {"Content-Type": "application/json", **(headers or {})},
                )
            answer = asking.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            asking.close()

    def ask_logged(self, path: str, *bodies: bytes | None) -> tuple[int, str]:
        """Ask with each body: the first status, and the logs with all these requests.

        nginx writes the line of a request when that has ended, which its client may see
        before: https://nginx.org/en/docs/http/ngx_http_log_module.html
        """
        place = path[: path.rindex("/") + 1]
        before = self._read_logs().count(place)
        statuses = [self.ask(path, body)[0] for body in bodies]
        wait_until(
            lambda: self._read_logs().count(place) >= before + len(bodies), 20, 0.05
        )
        return statuses[0], self._read_logs()

    def _read_logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def _answers(self) -> bool:
        try:
            return self.ask("/web/health")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def _make_certificate(self) -> None:
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"),
                *("-days", "2", "-subj", "/CN=sms.example.com"),
                *("-addext", "subjectAltName=DNS:sms.example.com"),
                *("-keyout", str(self.folder / "key.pem")),
                *("-out", str(self.folder / "cert.pem")),
            ],
            stderr=subprocess.DEVNULL,
            check=True,
        )

    def _adapt(self, text: str, odoo: OdooServer) -> str:
        """The configuration with the ports and paths of this run."""
        for old, new in (
            ("listen 80;", f"listen 127.0.0.1:{find_free_port()};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("server 127.0.0.1:8069;", f"server 127.0.0.1:{odoo.port};"),
            ("server 127.0.0.1:8072;", f"server 127.0.0.1:{odoo.gevent_port};"),
            ("/etc/ssl/certs/sms.example.com.pem", f"{self.folder}/cert.pem"),
            ("/etc/ssl/private/sms.example.com.key", f"{self.folder}/key.pem"),
            ("/var/log/nginx/", f"{self.folder}/"),
        ):
            if old not in text:
                raise Failed(f"{CONFIGURATION.name} has no {old}")
            text = text.replace(old, new)
        return text

    def _wrap(self) -> str:
        """What Debian's own nginx.conf has around it."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        return (
            f"daemon off; master_process on; worker_processes 2;"
            f"pid {self.folder}/pid; error_log {self.folder}/main.log;"
            f"events {{ worker_connections 768; }}"
            f"http {{ {paths} include {self.folder}/gateway.conf; }}"
        )


# === ATTACKS ===
def _forge_an_address(nginx: Nginx, result: Result, route: str) -> None:
    body = make_plain(1).content.replace(b'"attack"', f'"{route}"'.encode())
    trusted = nginx.ask("/api/v1", body)[0]
    strange = nginx.ask("/api/v1", body, address=STRANGER)[0]
    forged = [
        nginx.ask("/api/v1", body, {name: value}, STRANGER)[0]
        for name, value in (
            ("X-Forwarded-For", TRUSTED),
            ("X-Real-IP", TRUSTED),
            ("Forwarded", f"for={TRUSTED}"),
        )
    ]
    # Keyless callers may have no route of this company: they are let in all the same.
    result.find(
        "address of a keyless caller",
        f"trusted {trusted}, stranger {strange}, forged {forged}",
        "only the trusted one is let in",
        trusted in (200, 400, 404) and {strange, *forged} == {401},
    )


def _send_too_much(nginx: Nginx, result: Result, _route: str) -> None:
    status, headers, body = nginx.ask("/api/v1", b" " * (33 * MIB))
    result.find(
        "33 MiB body",
        f"{status}, {headers.get('content-type')}",
        "413, the API's JSON",
        status == 413 and b'"too_large"' in body,
    )
    status = nginx.ask("/crm_sms_gateway/webhook/nobody", b" " * (5 * MIB))[0]
    result.find("5 MiB to a webhook", str(status), "413", status == 413)


def _send_slowly(nginx: Nginx, result: Result, _route: str) -> None:
    """Bodies and headers that stop in the middle, and somebody else meanwhile."""
    head = b"POST /api/v1 HTTP/1.1\r\nHost: sms.example.com\r\n"
    body = b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    started = time.monotonic()
    connections = [nginx.connect(STRANGER) for _number in range(30)]
    for number, connection in enumerate(connections):
        connection.sendall(head + (body if number % 2 else b""))
    waits = []
    for _number in range(10):
        asked = time.monotonic()
        nginx.ask("/web/health")
        waits.append(time.monotonic() - asked)
    ends = [_wait_for_end(connection, started) for connection in connections]
    result.find(
        "30 clients that stop in the middle",
        f"cut off after {max(ends):.0f} s, others waited {max(waits):.1f} s",
        f"{CUT_OFF} s, others 2 s",
        max(ends) <= CUT_OFF and max(waits) <= 2,
    )


def _wait_for_end(connection: ssl.SSLSocket, started: float) -> float:
    """Seconds until the server hangs up."""
    connection.settimeout(4 * CUT_OFF)
    with connection, suppress(ConnectionResetError, ssl.SSLError):
        while connection.recv(4096):
            pass
    return time.monotonic() - started


def _flood(nginx: Nginx, result: Result, _route: str) -> None:
    """300 requests at once with a key that is another one each time."""

    def ask(number: int) -> Answer:
        key = {"Authorization": f"Bearer {number}"}
        return nginx.ask("/api/v1", b"{}", key, STRANGER)

    other: list[int] = []
    is_over = threading.Event()

    def ask_beside() -> None:
        while not is_over.wait(0.5):
            other.append(nginx.ask("/api/v1", b"{}")[0])

    beside = threading.Thread(target=ask_beside)
    beside.start()
    # More at once than the configuration lets through, however slow Odoo is.
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(ask, range(300)))
    is_over.set()
    beside.join()
    statuses = Counter(status for status, _headers, _body in answers)
    refused = [one for one in answers if one[0] == 429]
    result.find(
        "flood from one address",
        f"{dict(statuses)}, another address {dict(Counter(other))}",
        "429 with Retry-After in JSON, the other address is served",
        bool(refused) and all(map(_is_polite, refused)) and 429 not in other,
    )


def _is_polite(answer: Answer) -> bool:
    """Whether a refusal is one that the API's reference knows."""
    _status, headers, body = answer
    return "retry-after" in headers and b"rate_limited" in body


def _open_a_websocket(nginx: Nginx, result: Result, _route: str) -> None:
    lines = (
        *("GET /websocket HTTP/1.1", "Host: sms.example.com", "Upgrade: websocket"),
        *("Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *("Origin: https://sms.example.com", "", ""),
    )
    # Odoo's prefork server starts the other process later.
    wait_until(lambda: nginx.ask("/websocket/health")[0] == 200, 60, 0.5)
    with nginx.connect() as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = connection.recv(4096).split(b"\r\n")[0].decode()
    result.find("websocket", answer, "101", " 101 " in f"{answer} ")


def _push(nginx: Nginx, result: Result, webhook: str) -> None:
    """A delivery report: the token is known to nobody who reads logs."""
    token = webhook.rpartition("/")[2]
    status, logs = nginx.ask_logged(
        f"{webhook}?secret=geheim", b"<x/>", b" " * (5 * MIB)
    )
    lines = logs.count("webhook/-")
    result.find(
        "webhook in the logs",
        f"{status}, token {logs.count(token)} times, {lines} lines",
        "no token, no query",
        token not in logs and "geheim" not in logs and "webhook/-" in logs,
    )


def _click(nginx: Nginx, result: Result) -> None:
    """A short link: its code is known to nobody who reads logs."""
    status, logs = nginx.ask_logged("/g/geheimnis", None)
    result.find(
        "short link in the logs",
        f"{status}, code {logs.count('geheimnis')} times",
        "no code",
        "geheimnis" not in logs and "/g/-" in logs,
    )
