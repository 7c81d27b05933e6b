"""Tables that people upload, line by line: CSV and XLSX.

Cells are data and nothing else: of a formula its last result is read, links and
pictures are not looked at.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Literal

from openpyxl import load_workbook

MIB = 1024 * 1024
MAX_FILE = 20 * MIB
#: what an XLSX file may have packed, as it says itself and is held to by `zipfile`
MAX_UNPACKED = 64 * MIB
#: parts that are read at once: all but the sheets and the table of their strings
MAX_PART = 8 * MIB
MAX_PARTS = 1000
MAX_LINES = 200_000
MAX_COLUMNS = 64
#: more does not fit into a cell of Excel: quotes that are never closed do that
MAX_CELL = 32_767

Cell = str | date
ErrorCode = Literal[
    "file_too_big",
    "unpacked_too_big",
    "not_a_table",
    "damaged",
    "too_many_lines",
    "too_many_columns",
    "cell_too_big",
]

_SEPARATORS = ";\t,"
_QUOTED = re.compile('"[^"]*"')
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_STREAMED = re.compile(r"xl/(worksheets/|sharedStrings)")


class TableError(ValueError):
    """A file that is not read; ``code`` says why, ``line`` where, or 0."""

    def __init__(self, code: ErrorCode, line: int = 0) -> None:
        super().__init__(code)
        self.code: ErrorCode = code
        self.line = line


def read_table(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the lines that are not empty, as their number in the file and the cells.

    CSV is UTF-8, UTF-16 with its mark, or Windows-1251; cells are separated by
    semicolons, tabs or commas. Of a workbook it is the first sheet.

    :raise TableError: also on the way
    """
    if len(content) > MAX_FILE:
        raise TableError("file_too_big")
    is_archive = content.startswith(b"PK\x03\x04")
    lines = _read_workbook(content) if is_archive else _read_text(content)
    for number, cells in lines:
        if any(cells):
            _check_line(number, cells)
            yield number, cells


def _check_line(number: int, cells: Sequence[Cell]) -> None:
    if number > MAX_LINES:
        raise TableError("too_many_lines", number)
    if any(cells[MAX_COLUMNS:]):
        raise TableError("too_many_columns", number)
    if any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells):
        raise TableError("cell_too_big", number)


# === CSV ===
def _read_text(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    encoding = _find_encoding(content)
    separator = _find_separator(_open(content, encoding))
    reader = csv.reader(_open(content, encoding), delimiter=separator)
    number = 1
    try:
        for cells in reader:
            yield number, [cell.strip() for cell in cells]
            number = reader.line_num + 1
    except csv.Error as error:
        raise TableError("cell_too_big", number) from error


def _find_encoding(content: bytes) -> str:
    """Return the first encoding in which the file is a text."""
    marked = (_MARKS[mark] for mark in _MARKS if content.startswith(mark))
    for encoding in (*marked, "utf-8", "cp1251"):
        try:
            if "\0" not in content.decode(encoding):
                return encoding
        except UnicodeDecodeError:
            continue
    raise TableError("not_a_table")


def _open(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def _find_separator(lines: io.TextIOWrapper) -> str:
    """Return what separates the cells of the first line that has any."""
    first = next((line for line in lines if line.strip()), "")
    bare = _QUOTED.sub("", first)
    return max(_SEPARATORS, key=bare.count)


# === XLSX ===
def _read_workbook(content: bytes) -> Iterator[tuple[int, list[Cell]]]:
    _check_archive(content)
    try:
        book = load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        rows = book.worksheets[0].iter_rows(
            max_row=MAX_LINES + 1, max_col=MAX_COLUMNS + 1, values_only=True
        )
        for number, values in enumerate(rows, 1):
            yield number, [_read_cell(value) for value in values]
    except Exception as error:
        # in a damaged file the library stumbles over anything, in its own ways
        raise TableError("damaged") from error


def _check_archive(content: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise TableError("damaged") from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise TableError("not_a_table")
    at_once = [part for part in parts if not _STREAMED.match(part.filename)]
    if (
        len(parts) > MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED
        or max(part.file_size for part in at_once) > MAX_PART
    ):
        raise TableError("unpacked_too_big")


def _read_cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date()
    return value if isinstance(value, date) else str(value).strip()
