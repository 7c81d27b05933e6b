"""CSV as programs write it: any of four separators, in the encodings of the region."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from .base import MAX_CELL, MAX_COLUMNS, RawRow, Sheet, TableError

#: in the order of trust where they are equally good
_SEPARATORS = ";\t|,"
_SAMPLE = 65_536
#: a line of it is divided into cells at once
MAX_LINE = MAX_CELL * MAX_COLUMNS
_SAMPLE_LINES = 100
_HINT = re.compile("sep=(.)\r?\n?", re.IGNORECASE)
_LINE = re.compile("[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# controls that are in no text
_NO_TEXT = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f]")
#: stands behind the last line: what comes back with it was not closed
_END = "\x01end"

# what keeps a spreadsheet from computing: ="text", and an apostrophe as our report has
_EQUALS = re.compile('="(.*)"', re.DOTALL)
_GUARD = re.compile(r"'(?=[=+\-@\t\r])")
_PLUS = re.compile(r"=(\+?[0-9]+)")


class CsvBook:
    """A text, which has one sheet without a name."""

    def __init__(self, content: bytes) -> None:
        self._text = decode(content)
        self.sheets: tuple[Sheet, ...] = (Sheet(0, "", False),)

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        text = self._text
        hint = _HINT.match(text)
        number = 1
        if hint:
            text, number = text[hint.end() :], 2
        separator = hint[1] if hint else _find_separator(text)
        for line, cells in _read_lines(text, separator, number):
            yield line, [_read_cell(cell) for cell in cells], False


def decode(content: bytes) -> str:
    """Return a file as text; U+FFFD stands for bytes that are none.

    :raise TableError: there are too many of them
    """
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, "replace")
            break
    else:
        text = content.decode(_find_encoding(content), "replace")
    bad = len(_NO_TEXT.findall(text)) + text.count("\ufffd")
    if bad * 10 > len(text) or bad > 1 and bad * 20 > len(text):
        raise TableError("not_a_table")
    return _NO_TEXT.sub("\ufffd", text).rstrip("\x1a")


# === ENCODINGS ===
def _find_encoding(content: bytes) -> str:
    """Return the encoding that explains a file best."""
    wide = _find_wide(content)
    if wide or content.isascii():
        return wide or "ascii"
    text = content.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    letters = len(text) - len(text.encode("ascii", "ignore")) - bad
    return "utf-8" if letters >= bad else _find_code_page(content)


def _find_wide(content: bytes) -> str:
    """Recognise UTF-16 without its mark by the zeros of ASCII."""
    head = content[:_SAMPLE]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < max(4, len(head) / 16) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _find_code_page(content: bytes) -> str:
    counts = Counter(content)
    foreign = sum(counts[byte] for byte in range(0x80, 0x100))
    # letters of DOS are where Windows has signs, and the other way round
    dos = sum(counts[byte] for byte in range(0x80, 0xB0))
    windows = sum(counts[byte] for byte in (*range(0xB0, 0xE0), *range(0xF2, 0x100)))
    if dos * 2 > foreign and windows * 20 < foreign and foreign >= 20:
        return "cp866"
    # words of foreign letters, or foreign letters in words
    words = len(re.findall(rb"[\xc0-\xff]{3}", content))
    letters = len(re.findall(rb"[A-Za-z][\xc0-\xff](?![\x80-\xff])", content))
    return "cp1252" if letters > words else "cp1251"


# === LINES ===
def _find_separator(text: str) -> str:
    """Return what divides most of the first lines into cells."""
    sample = list(_split_lines(text[:_SAMPLE]))[:_SAMPLE_LINES]
    return max(_SEPARATORS, key=lambda separator: _rate(sample, separator))


def _rate(lines: list[str], separator: str) -> tuple[int, int]:
    """Return how many lines have cells, and how many of them equally many."""
    try:
        rows = list(csv.reader(lines, delimiter=separator))
    except csv.Error:
        return (0, 0)
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    return widths.total(), max(widths.values(), default=0)


def _split_lines(text: str) -> Iterator[str]:
    for found in _LINE.finditer(text):
        if found.end() - found.start() > MAX_LINE:
            raise TableError("cell_too_big", text.count("\n", 0, found.start()) + 1)
        yield found[0]


def _read_lines(
    text: str, separator: str, number: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines with their numbers; a line with breaks in cells is several.

    :raise TableError: a cell is too big, or its quote is never closed
    """
    reader = csv.reader(chain(_split_lines(text), [_END]), delimiter=separator)
    first = number
    try:
        for cells in reader:
            if cells and cells[-1].endswith(_END):
                if cells != [_END]:
                    raise TableError("quote_not_closed", number)
                return
            yield number, cells
            number = first + reader.line_num
    except csv.Error as error:
        raise TableError("cell_too_big", number) from error


# === CELLS ===
def _read_cell(cell: str) -> str:
    """Undo what keeps a spreadsheet from computing; the text is what it would show."""
    cell = cell.strip()
    if guard := _GUARD.match(cell):
        return cell[guard.end() :]
    if text := _EQUALS.fullmatch(cell):
        return text[1].replace('""', '"')
    number = _PLUS.fullmatch(cell)
    return number[1] if number else cell
