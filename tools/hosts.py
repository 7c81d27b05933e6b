"""Names of hosts."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Collection

import idna

#: Zones that are no part of the public DNS (RFC 6761, 6762, 8375; ICANN 2024).
LOCAL_ZONES = (".localhost", ".local", ".internal", ".test", ".home.arpa")
#: octets of one label of a name (RFC 1035)
MAX_LABEL = 63
#: zero width non-joiner and joiner
_JOINERS = "\u200c\u200d"


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


def encode_host(host: str) -> str:
    """Return a host's name as the DNS has it, in ASCII, as browsers do: by UTS 46,
    non-transitional. Emoji and underscores are allowed, as browsers allow them.

    A name that is ASCII already stays as it is.

    :raise ValueError: no browser goes there
    """
    labels = host.split(".")
    if not host.isascii():
        labels = idna.uts46_remap(host, std3_rules=False, transitional=False).split(".")
        is_right_to_left = any(map(_is_right_to_left, labels))
        labels = [_encode_label(label, check_bidi=is_right_to_left) for label in labels]
    # one dot at the end is that of the root
    names = labels[:-1] if len(labels) > 1 and not labels[-1] else labels
    if not all(0 < len(name) <= MAX_LABEL for name in names):
        raise ValueError("a label is empty or too long")
    return ".".join(labels)


def _encode_label(label: str, *, check_bidi: bool) -> str:
    if label.isascii():
        return label
    if label.startswith("xn--") or len(label) > MAX_LABEL:
        raise ValueError("a label that is encoded already, or too long")
    idna.check_initial_combiner(label)
    for position, character in enumerate(label):
        if character in _JOINERS and not idna.valid_contextj(label, position):
            raise ValueError("a joiner that joins nothing")
    if check_bidi:
        idna.check_bidi(label, check_ltr=True)
    return f"xn--{label.encode('punycode').decode()}"


def _is_right_to_left(label: str) -> bool:
    return any(unicodedata.bidirectional(one) in ("R", "AL", "AN") for one in label)
