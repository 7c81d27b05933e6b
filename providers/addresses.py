"""Addresses that routes call: how they may be written, and where they may lead.

Whoever writes the address of a route lets this machine call it. The machine stands in
networks that the writer does not, and services there take a call from it for a
friend's.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import unquote

_MAX_LENGTH = 2000
_MAX_HOST = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9_.-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:@%-]*)*)",
    re.IGNORECASE | re.ASCII,
)
#: how a last label begins that some programs read as a part of an IPv4 address
_LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: names by which machines in clouds ask for their own credentials
_METADATA_NAMES = (
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
    "instance-data",
    "instance-data.ec2.internal",
)
#: the same services, where their addresses are not link-local
_METADATA = tuple(
    map(
        ipaddress.ip_address,
        (
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fd20:ce::254",
        ),
    )
)
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
#: IPv6 networks whose last bits are an IPv4 address
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/96")))
_COMPATIBLE = IPv6Network("::/96")
_LOOPBACK = IPv6Address("::1")


class Reach(Enum):
    """Where an address leads."""

    PUBLIC = "public"
    #: this machine and networks that the internet does not reach
    PRIVATE = "private"
    #: no place that a provider could have
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it was written; ``host`` is lower-case, without brackets."""

    scheme: str
    host: str
    port: int | None
    path: str


def parse_address(text: str) -> Address:
    """Read the address of a provider: scheme, host, port and path, nothing else.

    What programs read in different ways is refused: logins, queries, fragments, other
    letters than those of ASCII, numbers in the place of a host.

    :raise ValueError: it is not such an address
    """
    match = _ADDRESS.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if not match:
        raise ValueError("not an address")
    host = match["host"].lower()
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("no such port")
    if ".." in unquote(match["path"]):
        raise ValueError("a path that leads upwards")
    return Address(match["scheme"].lower(), _read_host(host), port, match["path"])


def _read_host(host: str) -> str:
    if host.startswith("["):
        return _read_ipv6(host[1:-1])
    if _LIKE_A_NUMBER.fullmatch(host.rpartition(".")[2]):
        return str(IPv4Address(host))
    if len(host) > _MAX_HOST or not _NAME.fullmatch(host):
        raise ValueError("not the name of a host")
    return host


def _read_ipv6(host: str) -> str:
    address = IPv6Address(host)
    if _get_carried(address) is not None:
        raise ValueError("another address in disguise")
    return str(address)


def judge_name(host: str) -> Reach:
    """Where a host leads, as far as its name says so."""
    name = host.rstrip(".").lower()
    try:
        return judge(name)
    except ValueError:
        pass
    if name in _METADATA_NAMES:
        return Reach.NEVER
    if name == "localhost" or name.endswith(".localhost"):
        return Reach.PRIVATE
    return Reach.PUBLIC


def judge(address: str) -> Reach:
    """Where an IP address leads.

    :raise ValueError: it is none
    """
    return _find_reach(ipaddress.ip_address(address.partition("%")[0]))


def _find_reach(address: IPv4Address | IPv6Address) -> Reach:
    if isinstance(address, IPv6Address):
        carried = _get_carried(address)
        if carried is not None:
            return _find_reach(carried)
    if _is_never(address):
        return Reach.NEVER
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    return Reach.PUBLIC if address.is_global and not is_site_local else Reach.PRIVATE


def _is_never(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and address != _LOOPBACK)
        or address in _METADATA
        or (isinstance(address, IPv4Address) and address in _THIS_NETWORK)
    )


def _get_carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached by way of an IPv6 address."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    is_compatible = address in _COMPATIBLE and int(address) > int(_LOOPBACK)
    if is_compatible or any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


# === CONNECTING ===
class NotAllowed(Exception):
    """A host that must not be called; ``reach`` says why."""

    def __init__(self, reach: Reach) -> None:
        super().__init__(reach.value)
        self.reach = reach


def connect(
    host: str, port: int, timeout: float | None, *, allows_private: bool
) -> socket.socket:
    """Connect to the first address of a host that answers and may be called.

    The addresses that are judged are those that are called: a name may lead elsewhere
    the next time somebody looks it up.

    :raise NotAllowed: the host has no address that may be called
    :raise OSError: none of them answers
    """
    error: OSError | None = None
    for address in find_allowed(host, port, allows_private=allows_private):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as problem:
            error = problem
    raise error or OSError("no address")


def find_allowed(host: str, port: int, *, allows_private: bool) -> list[str]:
    """The IP addresses of a host that may be called.

    :raise NotAllowed: there are addresses, and none of them may be
    :raise OSError: the host has no address
    """
    check_name(host, allows_private=allows_private)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    reaches = {str(target[0]): judge(str(target[0])) for *_rest, target in found}
    allowed = [a for a, reach in reaches.items() if _is_allowed(reach, allows_private)]
    if not allowed:
        is_private = Reach.PRIVATE in reaches.values()
        raise NotAllowed(Reach.PRIVATE if is_private else Reach.NEVER)
    return allowed


def check_name(host: str, *, allows_private: bool) -> None:
    """:raise NotAllowed: the host must not be called, by its name alone"""
    reach = judge_name(host)
    if not _is_allowed(reach, allows_private):
        raise NotAllowed(reach)


def _is_allowed(reach: Reach, allows_private: bool) -> bool:
    return reach is Reach.PUBLIC or (reach is Reach.PRIVATE and allows_private)
