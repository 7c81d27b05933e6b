"""What the readers of tables have in common: rows, limits and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MIB = 1024 * 1024
MAX_FILE = 20 * MIB
#: what an archive may have packed, as it says itself and is held to by `zipfile`
MAX_UNPACKED = 64 * MIB
#: parts that are read at once: all but the sheets and the table of their strings
MAX_PART = 8 * MIB
MAX_PARTS = 1000
#: beginnings and ends of elements of one part: what reading XML takes its time for
MAX_TAGS = 8_000_000
MAX_LINES = 200_000
MAX_COLUMNS = 64
#: more does not fit into a cell of Excel: quotes that are never closed do that
MAX_CELL = 32_767
#: characters of all cells: a text that is packed once may be shown a million times
MAX_TEXT = 32 * MIB
MAX_SHEETS = 1000

ErrorCode = Literal[
    "file_too_big",
    "unpacked_too_big",
    "not_a_table",
    "not_supported",
    "damaged",
    "too_many_lines",
    "too_many_columns",
    "cell_too_big",
    "quote_not_closed",
    "no_such_sheet",
]
#: What is recognised and not read.
Detail = Literal[
    "", "password", "xlsb", "numbers", "word", "pdf", "archive", "picture", "page"
]

#: The number of a row, its cells, and whether it is hidden.
RawRow = tuple[int, list[str], bool]


class TableError(ValueError):
    """A file that is not read; ``code`` says why, ``line`` where, or 0.

    ``detail`` says what a file is that is ``not_supported``.
    """

    def __init__(self, code: ErrorCode, line: int = 0, detail: Detail = "") -> None:
        super().__init__(code)
        self.code: ErrorCode = code
        self.line = line
        self.detail: Detail = detail


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook; ``name`` is empty where files have none (CSV, HTML)."""

    index: int
    name: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the program showed it.

    ``number`` is its number in the file, from 1. Trailing empty cells are left out.
    ``is_hidden``: hidden or filtered out. ``is_damaged``: it has bytes that are no
    text, U+FFFD stands for them.
    """

    number: int
    cells: list[str]
    is_hidden: bool = False
    is_damaged: bool = False


class Book(Protocol):
    """What a reader of one format offers."""

    sheets: tuple[Sheet, ...]

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        """Yield the rows of the first of these sheets that has any.

        Rows without cells may be among them.
        """


def read_first(
    read: Callable[[int], Iterator[RawRow]], indexes: Sequence[int]
) -> Iterator[RawRow]:
    """Yield the rows of the first sheet that has any, reading one after the other."""
    for index in indexes:
        is_empty = True
        for raw in read(index):
            is_empty = is_empty and not raw[1]
            yield raw
        if not is_empty:
            return


def put_cell(cells: list[str], column: int, text: str, line: int) -> None:
    """Write a text into a row, which grows up to the limit; empty ones need no cell."""
    if not text or text.isspace():
        return
    if column >= MAX_COLUMNS:
        raise TableError("too_many_columns", line)
    cells.extend([""] * (column + 1 - len(cells)))
    cells[column] = text
