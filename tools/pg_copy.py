"""The text format of PostgreSQL's COPY (its documentation, "COPY", chapter "Text
Format")."""

import re
from collections.abc import Iterable
from itertools import islice

_ESCAPES = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b"}
_SPECIAL = re.compile(r"[\\\n\r\t\x08]")


class LineFile:
    """Rows as a file for COPY, whose next lines are made while PostgreSQL reads."""

    LINES_AT_ONCE = 1000

    def __init__(self, rows: Iterable[Iterable[object]]) -> None:
        self._lines = (f"{to_line(row)}\n" for row in rows)
        self._buffer = ""

    def read(self, size: int = -1) -> str:
        """Hand out the next rows, at most ``size`` characters as COPY demands."""
        if not self._buffer:
            self._buffer = "".join(islice(self._lines, self.LINES_AT_ONCE))
        size = len(self._buffer) if size < 0 else size
        chunk, self._buffer = self._buffer[:size], self._buffer[size:]
        return chunk


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
