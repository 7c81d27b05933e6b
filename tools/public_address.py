"""The address under which the world reaches this server."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from .hosts import is_ip_address
from .links import to_ascii

Trouble = Literal["missing", "unreadable", "private", "unencrypted"]

#: longer ones have no room in a message
MAX_LENGTH = 100

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_PRIVATE_DOMAINS = tuple(
    f".{name}"
    for name in "corp example home intranet internal invalid lan local localdomain"
    " localhost test".split()
)


def read_address(text: str) -> str:
    """Return the address as links begin with it: in Latin letters, without a slash at
    its end; empty where the text is no address of a web server."""
    try:
        address = to_ascii(text.strip()) if len(text) <= MAX_LENGTH else ""
        parts = urlsplit(address)
        is_address = (
            parts.scheme in ("http", "https")
            and _is_host(parts)
            and (parts.port is None or parts.port > 0)
            and not (parts.query or parts.fragment or "@" in parts.netloc)
        )
    except ValueError:
        return ""
    return address.rstrip("/") if is_address else ""


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return bool(_HOST.fullmatch(host)) or is_ip_address(host)


def find_trouble(text: str) -> Trouble | None:
    """Tell why strangers cannot use this address, or should not."""
    if not text.strip():
        return "missing"
    address = read_address(text)
    if not address:
        return "unreadable"
    parts = urlsplit(address)
    if _is_private(parts.hostname or ""):
        return "private"
    return None if parts.scheme == "https" else "unencrypted"


def _is_private(host: str) -> bool:
    """Whether only the machine or the network itself knows it."""
    if is_ip_address(host):
        return not ip_address(host).is_global
    return "." not in host or host.endswith(_PRIVATE_DOMAINS)
