"""Tables that people upload, row by row, as their program showed them.

Workbooks (XLSX, XLS, ODS, XML of Excel 2003), CSV, and the HTML that reports of other
systems are. Cells are data and nothing else: of a formula its last result is read,
links and pictures are not looked at.

Numbers, money, dates and times are texts with the format of their cell, in the words of
the locale where the format leaves them to it. Times are wall clock. What the program
showed as an error is kept as it was shown ("#N/A", "#Н/Д"), as are TRUE and FALSE in
the locale's words. Hidden rows are marked, hidden sheets are not read unless they are
asked for, hidden columns are columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .base import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_LINES,
    MAX_SHEETS,
    MAX_TEXT,
    MIB,
    Book,
    Detail,
    ErrorCode,
    RawRow,
    Row,
    Sheet,
    TableError,
)
from .csv_book import CsvBook
from .formats import recognise
from .html_book import HtmlBook
from .ods_book import OdsBook
from .xls_book import XlsBook
from .xlsx_book import XlsxBook
from .xml2003_book import Xml2003Book

__all__ = [
    "MAX_CELL",
    "MAX_COLUMNS",
    "MAX_FILE",
    "MAX_LINES",
    "MIB",
    "Detail",
    "ErrorCode",
    "Row",
    "Sheet",
    "Table",
    "TableError",
    "open_table",
]


class Table:
    """A file whose sheets are known and whose rows are read on demand."""

    def __init__(self, book: Book, max_lines: int) -> None:
        self._book = book
        self._max_lines = max_lines
        self.sheets = book.sheets

    def read(self, sheet: int | None = None) -> Iterator[Row]:
        """Yield the rows that are not empty, hidden ones too.

        :param sheet: its index; None is the first that is not hidden and has a row
        :raise TableError: also on the way
        """
        if sheet is None:
            visible = [s.index for s in self.sheets if not s.is_hidden]
            return _read_rows(self._book, visible, self._max_lines)
        if not 0 <= sheet < len(self.sheets):
            raise TableError("no_such_sheet")
        return _read_rows(self._book, [sheet], self._max_lines)


def open_table(
    content: bytes, *, locale: str = "ru_RU", max_lines: int | None = None
) -> Table:
    """Recognise a file by what is in it and find its sheets.

    :param locale: a code as Odoo has them, such as ``ru_RU`` or ``sr@latin``
    :param max_lines: a longer file is refused; None for the limit of people's tables
    :raise TableError: at once, or when rows are read
    """
    if len(content) > MAX_FILE:
        raise TableError("file_too_big")
    table = Table(_open(content, locale), max_lines or MAX_LINES)
    if len(table.sheets) > MAX_SHEETS:
        raise TableError("unpacked_too_big")
    return table


def _open(content: bytes, locale: str) -> Book:
    match recognise(content):
        case "xlsx":
            return XlsxBook(content, locale)
        case "ods":
            return OdsBook(content, locale)
        case "xls":
            return XlsBook(content, locale)
        case "xml2003":
            return Xml2003Book(content, locale)
        case "html":
            return HtmlBook(content)
        case "csv":
            return CsvBook(content)


def _read_rows(book: Book, indexes: Sequence[int], max_lines: int) -> Iterator[Row]:
    left = MAX_TEXT
    for raw in book.read(indexes):
        row = _make_row(raw)
        if row.cells:
            _check_row(row, max_lines)
            left -= sum(map(len, row.cells))
            if left < 0:
                raise TableError("unpacked_too_big", row.number)
            yield row


def _make_row(raw: RawRow) -> Row:
    number, written, is_hidden = raw
    cells = [cell.strip() for cell in written]
    while cells and not cells[-1]:
        cells.pop()
    return Row(number, cells, is_hidden, any("\ufffd" in cell for cell in cells))


def _check_row(row: Row, max_lines: int) -> None:
    if row.number > max_lines:
        raise TableError("too_many_lines", row.number)
    if len(row.cells) > MAX_COLUMNS:
        raise TableError("too_many_columns", row.number)
    if any(len(cell) > MAX_CELL for cell in row.cells):
        raise TableError("cell_too_big", row.number)
