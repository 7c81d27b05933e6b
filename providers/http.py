"""The only socket of the gateway: HTTP with an exact knowledge of what has left.

Python's own ``http.client`` under a small pool of kept-alive connections. ``requests``
costs four times the CPU per call, reports a connection lost before and after the first
byte alike, and sets no limit on the time of a whole answer. The file is long because
connecting, sending and reading share one account of what has left; only addresses and
the check of them stand apart.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import logging
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi

from . import addresses
from .addresses import NotAllowed, Reach
from .cleaning import Cleaner
from .errors import MaybeSent, NotSent, ProviderError, RouteDown
from .types import Words, _

_logger = logging.getLogger(__name__)

#: seconds a connection may rest in the pool. Servers close idle connections after five
#: seconds and more; a request that crosses such a closing ends as "maybe sent".
MAX_IDLE = 4.0
#: status of requests that come too fast (RFC 6585, section 4)
TOO_MANY = 429
_CHUNK = 64 * 1024
#: share of the time allowed by which a wait may end late
_TOLERANCE = 0.02
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: characters of a path or query that stay as they are; the others are quoted
_TARGET_SAFE = "%/:=&?~+!$,;'@()*[]"
#: what cuts off the rest, is silently left out, or read differently by programs
_MISREAD = re.compile(r"[#\\\x00-\x1f\x7f]")


class HttpWords(Words):
    """What the client says of exchanges that went wrong."""

    BROKE = _("Connection to {server} was lost before anything was sent")
    FORBIDDEN = _(
        "The request to {server} contains characters that HTTP does not allow in a "
        "header or path. Check the route's settings."
    )
    SLOW = _("No complete response from {server} within {seconds} s")
    CLOSED = _("{server} closed the connection before responding")
    CUT_OFF = _("The response from {server} was cut off")
    TOO_LARGE = _("The response from {server} exceeds {count} bytes")
    NOT_HTTP = _("The response from {server} is not HTTP")
    TIMED_OUT = _("Connection to {server} timed out after {seconds} s")
    REFUSED = _("{server} refused the connection")
    UNRESOLVED = _(
        "The host name of {server} could not be resolved. Check the provider URL."
    )
    CERTIFICATE = _("The certificate of {server} is not trusted: {why}")
    TLS = _("TLS handshake with {server} failed: {why}")
    FAILED = _("Connection to {server} failed: {why}")
    PRIVATE = _(
        "{server} is in a private network. A system administrator must allow the "
        "route to use private addresses."
    )
    NEVER = _(
        "{server} is not allowed: link-local, multicast and metadata addresses "
        "cannot belong to a provider."
    )
    URL_UNREADABLE = _("Invalid provider URL")
    URL_INCOMPLETE = _(
        "The provider URL must start with http:// or https:// and contain a host name"
    )


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer read to its end; the keys of ``headers`` are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class HttpClient:
    """Posts and gets; several threads may use one client at once.

    Nothing is repeated, no redirect is followed, no cookie is kept. The environment's
    proxies (``HTTPS_PROXY``, ``NO_PROXY`` …) are used; certificates are checked against
    those of the system and of ``certifi``. A server's address is checked whenever a
    connection is made (see `addresses`); of what only a proxy can look up, the name.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 30,
        max_bytes: int = 4 * 1024 * 1024,
        pool_size: int = 16,
        secrets: Iterable[str] = (),
        allows_private: bool = False,
    ) -> None:
        """
        :param connect_timeout: seconds until a connection stands
        :param read_timeout: seconds for one whole exchange, from the request's first
            byte to the answer's last, however slowly they drip
        :param max_bytes: the longest answer that is read
        :param pool_size: idle connections kept per server
        :param secrets: texts that never show in a message or a log line
        :param allows_private: servers in private networks may be called
        """
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_bytes = max_bytes
        self._pool = _Pool(pool_size)
        self._redact = Cleaner(secrets).redact
        self.allows_private = allows_private
        self._tls: ssl.SSLContext | None = None

    def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Post a document and read the whole answer, whatever its status.

        :raise NotSent: provably no byte of the request left
        :raise MaybeSent: bytes left, and no complete answer came
        :raise RouteDown: the URL or a header cannot be used at all
        """
        return self._call("POST", url, body, headers or {})

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Make any request; errors as `post`."""
        return self._call(method, url, body, headers or {})

    def close(self) -> None:
        """Close the idle connections; the client stays usable."""
        self._pool.clear()

    def _call(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HttpResponse:
        started = time.monotonic()
        outcome = "crashed"
        try:
            response = self._exchange(method, url, body, headers)
            outcome = f"{response.status}, {len(response.body)} bytes"
            return response
        except ProviderError as error:
            outcome = error.message = self._redact(error.message)
            error.args = (error.message,)
            raise
        finally:
            if _logger.isEnabledFor(logging.DEBUG):
                milliseconds = (time.monotonic() - started) * 1000
                shown = self._redact(_without_query(url))
                _logger.debug(
                    "%s %s: %s, %.0f ms", method, shown, outcome, milliseconds
                )

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HttpResponse:
        endpoint, target = _split(url)
        connection = self._pool.take(endpoint) or self._connect(endpoint)
        try:
            connection.begin(self._read_timeout)
            response = connection.exchange(method, target, body, headers)
            answer = _read(response, self._max_bytes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            # The original names the header or path it dislikes: a secret, perhaps.
            raise self._meaning(connection, error) from None
        except BaseException:
            connection.close()
            raise
        self._pool.give(connection, reusable=not response.will_close)
        return answer

    def _meaning(self, connection: _Connection, error: Exception) -> ProviderError:
        """Say what a broken exchange means for the message."""
        server = connection.endpoint
        if not connection.has_sent:
            if isinstance(error, OSError):
                return NotSent(HttpWords.BROKE.say(server=server))
            return RouteDown(HttpWords.FORBIDDEN.say(server=server))
        if isinstance(error, TimeoutError):
            return MaybeSent(
                HttpWords.SLOW.say(server=server, seconds=f"{self._read_timeout:g}")
            )
        if isinstance(error, ConnectionError):
            return MaybeSent(HttpWords.CLOSED.say(server=server))
        if isinstance(error, http.client.IncompleteRead):
            return MaybeSent(HttpWords.CUT_OFF.say(server=server))
        if isinstance(error, _TooLarge):
            return MaybeSent(
                HttpWords.TOO_LARGE.say(server=server, count=self._max_bytes)
            )
        return MaybeSent(HttpWords.NOT_HTTP.say(server=server))

    def _connect(self, endpoint: _Endpoint) -> _Connection:
        connection = _Connection(
            endpoint, self._connect_timeout, self._context, self.allows_private
        )
        try:
            connection.open()
        except NotAllowed as error:
            connection.close()
            words = HttpWords.NEVER if error.reach is Reach.NEVER else HttpWords.PRIVATE
            raise RouteDown(words.say(server=endpoint)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            raise NotSent(self._why_not_connected(connection, error)) from error
        return connection

    def _why_not_connected(self, connection: _Connection, error: Exception) -> str:
        server = connection.label
        if isinstance(error, TimeoutError):
            seconds = f"{self._connect_timeout:g}"
            return HttpWords.TIMED_OUT.say(server=server, seconds=seconds)
        if isinstance(error, ConnectionRefusedError):
            return HttpWords.REFUSED.say(server=server)
        if isinstance(error, socket.gaierror):
            return HttpWords.UNRESOLVED.say(server=server)
        if isinstance(error, ssl.SSLCertVerificationError):
            return HttpWords.CERTIFICATE.say(server=server, why=error.verify_message)
        if isinstance(error, ssl.SSLError):
            return HttpWords.TLS.say(server=server, why=error.reason or error)
        return HttpWords.FAILED.say(server=server, why=error)

    def _context(self) -> ssl.SSLContext:
        """The trusted certificates, read from disk once and only when needed."""
        if self._tls is None:
            context = ssl.create_default_context()
            context.load_verify_locations(certifi.where())
            self._tls = context
        return self._tls


# === CONNECTIONS ===
class _Endpoint(NamedTuple):
    """A server, as connections are pooled by it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class _Connection:
    """One connection to a server, direct or through the environment's proxy."""

    def __init__(
        self, endpoint: _Endpoint, timeout: float, context: Any, allows_private: bool
    ) -> None:
        self.endpoint = endpoint
        self._allows_private = allows_private
        self.rested_at = 0.0
        self._socket: _TimedSocket | None = None
        self._proxy = _find_proxy(endpoint)
        host, port = _address(self._proxy) if self._proxy else endpoint[1:]
        if endpoint.scheme == "https":
            self._http: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=context()
            )
        else:
            self._http = http.client.HTTPConnection(host, port, timeout=timeout)
        if not self._proxy:
            # The stand-in for `socket.create_connection`, which http.client keeps here.
            self._http._create_connection = self._dial  # type: ignore[attr-defined]
        elif endpoint.scheme == "https":
            self._http.set_tunnel(
                endpoint.host, endpoint.port, _proxy_headers(self._proxy)
            )

    @property
    def label(self) -> str:
        """What is connected to, for people."""
        if not self._proxy:
            return str(self.endpoint)
        host, port = _address(self._proxy)
        return f"{self.endpoint} through the proxy {host}:{port}"

    def open(self) -> None:
        """Connect; TLS and a proxy's tunnel included."""
        if self._proxy:
            self._check_target()
        self._http.connect()
        # Without it http.client connects again by itself, and sends again.
        self._http.auto_open = 0
        self._socket = self._http.sock = _TimedSocket(self._http.sock)

    def _dial(
        self, address: tuple[str, int], timeout: float | None, *_source: Any
    ) -> socket.socket:
        return addresses.connect(*address, timeout, allows_private=self._allows_private)

    def _check_target(self) -> None:
        """Check what the proxy will be asked for; the proxy itself is the choice of
        whoever runs this machine."""
        with contextlib.suppress(OSError):  # the proxy looks up what we cannot
            addresses.find_allowed(
                self.endpoint.host,
                self.endpoint.port,
                allows_private=self._allows_private,
            )

    @property
    def has_sent(self) -> bool:
        """Whether a byte left since `begin`."""
        return self._socket is not None and self._socket.has_sent

    @property
    def is_alive(self) -> bool:
        """Whether the resting connection can be used again."""
        is_fresh = time.monotonic() - self.rested_at < MAX_IDLE
        return is_fresh and self._socket is not None and not self._socket.is_readable()

    def begin(self, seconds: float) -> None:
        """Start an exchange that must end within so many seconds."""
        assert self._socket
        self._socket.begin(seconds)

    def exchange(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        """Send a request and read the head of its answer."""
        sent = {"User-Agent": "crm_sms_gateway", **headers}
        if self._proxy and self.endpoint.scheme == "http":
            target = f"http://{self.endpoint}{target}"
            sent.update(_proxy_headers(self._proxy))
        assert self._socket
        with self._socket.in_one_piece():
            self._http.request(method, target, body, sent)
        return self._http.getresponse()

    def close(self) -> None:
        self._http.close()


class _TimedSocket:
    """A connected socket whose waits all end at one deadline.

    It also knows whether a byte of the request was handed to the system.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._deadline = 0.0
        self._tolerance = 0.0
        self._held: list[bytes] | None = None
        self.has_sent = False

    def begin(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._tolerance = seconds * _TOLERANCE
        self.has_sent = False

    def arm(self) -> None:
        """Let the next wait end at the deadline, or a little later: to set a timeout
        takes a system call, and every one of them lets the other threads in."""
        moment = time.monotonic()
        left = self._deadline - moment
        if left <= 0:
            raise TimeoutError
        timeout = self._socket.gettimeout()
        if timeout is None or not 0 <= timeout - left <= self._tolerance:
            self._socket.settimeout(left)

    @contextlib.contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """A block whose data leave at its end, head and body together."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
        self.sendall(b"".join(held))

    def sendall(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        rest = memoryview(data)
        while rest:
            self.arm()
            rest = rest[self._socket.send(rest) :]
            self.has_sent = True

    def makefile(self, mode: str) -> io.BufferedReader:
        """The answer's stream, as http.client asks for it."""
        return io.BufferedReader(_TimedReader(self, self._socket.makefile("rb", 0)))

    def is_readable(self) -> bool:
        """True for a resting connection that its server has closed."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._socket.close()


class _TimedReader(io.RawIOBase):
    """The reading side of a `_TimedSocket`."""

    def __init__(self, timed: _TimedSocket, raw: Any) -> None:
        self._timed = timed
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._timed.arm()
        count: int = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Pool:
    """Resting connections; the last one used is taken first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._resting: dict[_Endpoint, list[_Connection]] = {}

    def take(self, endpoint: _Endpoint) -> _Connection | None:
        """A living connection to the server, if one rests."""
        while connection := self._pop(endpoint):
            if connection.is_alive:
                return connection
            connection.close()
        return None

    def give(self, connection: _Connection, *, reusable: bool) -> None:
        """Put a connection to rest, or close it."""
        connection.rested_at = time.monotonic()
        with self._lock:
            resting = self._resting.setdefault(connection.endpoint, [])
            if reusable and len(resting) < self._size:
                resting.append(connection)
                return
        connection.close()

    def clear(self) -> None:
        with self._lock:
            resting, self._resting = self._resting, {}
        for connections in resting.values():
            for connection in connections:
                connection.close()

    def _pop(self, endpoint: _Endpoint) -> _Connection | None:
        with self._lock:
            resting = self._resting.get(endpoint)
            return resting.pop() if resting else None


# === READING ===
class _TooLarge(http.client.HTTPException):
    """The answer is longer than we read."""


def _read(response: http.client.HTTPResponse, max_bytes: int) -> HttpResponse:
    """Read an answer to its end, or fail: a part of an answer is none."""
    chunks: list[bytes] = []
    size = response.length or 0
    while size <= max_bytes and (chunk := response.read(_CHUNK)):
        chunks.append(chunk)
        size = sum(map(len, chunks))
    if size > max_bytes:
        raise _TooLarge
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(response.status, headers, b"".join(chunks))


# === URLS AND PROXIES ===
def _split(url: str) -> tuple[_Endpoint, str]:
    """Cut a URL into its server and the target to ask that server for."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise RouteDown(HttpWords.URL_UNREADABLE.say()) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise RouteDown(HttpWords.URL_INCOMPLETE.say())
    if parts.username is not None or _MISREAD.search(url):
        raise RouteDown(HttpWords.URL_UNREADABLE.say())
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    endpoint = _Endpoint(parts.scheme, parts.hostname, port)
    return endpoint, quote(target, safe=_TARGET_SAFE)


def _without_query(url: str) -> str:
    """A URL as it may be shown: no query, no fragment, no login."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", url, maxsplit=1)[0])


def _find_proxy(endpoint: _Endpoint) -> SplitResult | None:
    """The environment's proxy for a server."""
    proxies = getproxies()
    proxy = proxies.get(endpoint.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(endpoint.host):
        return None
    return urlsplit(proxy if "//" in proxy else f"http://{proxy}")


def _address(proxy: SplitResult) -> tuple[str, int]:
    return proxy.hostname or "", proxy.port or 80


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    token = base64.b64encode(login.encode()).decode()
    return {"Proxy-Authorization": f"Basic {token}"}
