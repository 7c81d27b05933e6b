"""The text format of PostgreSQL's COPY (its documentation, "COPY", chapter "Text
Format")."""

import re
from collections.abc import Iterable

_ESCAPES = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b"}
_SPECIAL = re.compile(r"[\\\n\r\t\x08]")


def to_line(values: Iterable[object]) -> str:
    """Values as a line, or the beginning or end of one."""
    return "\t".join(map(_to_field, values))


def _to_field(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        is_plain = value.isprintable() and "\\" not in value
        return value if is_plain else _SPECIAL.sub(_escape, value)
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def _escape(special: re.Match[str]) -> str:
    return _ESCAPES[special[0]]
