"""Names by which texts use further columns of a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..transliteration import to_latin

_NOT_OF_NAMES = re.compile("[^a-z0-9]+")
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
#: words of the template language
_RESERVED = frozenset(
    "and else false if import in include is loop none not or self true".split()
)


def make_names(headers: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return for each header a name of its own that texts can use, in Latin letters.

    :param taken: names that mean something else already
    """
    names: list[str] = []
    for header in headers:
        base = _make_name(header)
        name, count = base, 1
        while name in taken or name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names


def _make_name(header: str) -> str:
    name = _NOT_OF_NAMES.sub("_", to_latin(header).lower()).strip("_")[:50]
    return name if is_name(name) else f"column_{name}".rstrip("_")


def is_name(name: str) -> bool:
    """Tell whether texts can use a name."""
    return _NAME.fullmatch(name) is not None and name not in _RESERVED
