"""Hosts by whose name a server is called."""

import ipaddress
from collections.abc import Collection

#: Zones that are no part of the public DNS (RFC 6761, 6762, 8375; ICANN 2024).
LOCAL_ZONES = (".localhost", ".local", ".internal", ".test", ".home.arpa")


def read_host(authority: str) -> str:
    """The name or address in a ``Host`` header: lower case, no port, no final dot."""
    host = authority.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def is_own_host(authority: str, names: Collection[str]) -> bool:
    """Whether no stranger can make his name lead to this server.

    Addresses, names without a dot and those of local zones are nobody's in the public
    DNS; a page called by them comes from this server.

    :param authority: a ``Host`` header
    :param names: further names of this server, as `read_host` gives them
    """
    host = read_host(authority)
    is_public = "." in host and not host.endswith(LOCAL_ZONES)
    return not is_public or host in names or is_ip_address(host)


def is_ip_address(host: str) -> bool:
    """Whether a host is called by a number, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
