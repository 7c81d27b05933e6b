"""Workbooks as XML of Excel 2003, which older systems write and name .xls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .base import RawRow, Sheet, TableError, put_cell
from .date_format import read_iso_moment
from .locale_words import BUILTIN
from .number_format import NumberFormat, NumberFormats
from .xml_parts import Attributes, parse, split

#: Formats that have a name → the number of the same built-in format.
_NAMED = {
    "General": 0,
    "General Number": 0,
    "General Date": 22,
    "Short Date": 14,
    "Medium Date": 15,
    "Long Time": 21,
    "Medium Time": 18,
    "Short Time": 20,
    "Currency": 7,
    "Fixed": 2,
    "Standard": 4,
    "Percent": 10,
    "Scientific": 11,
}
_CODES = {
    "Long Date": "[$-F800]",
    "Euro Currency": '#,##0.00" €"',
    "Yes/No": '"Yes";"Yes";"No"',
    "True/False": '"True";"True";"False"',
    "On/Off": '"On";"On";"Off"',
}


class Xml2003Book:
    """A workbook, its sheets in the order of their tabs."""

    def __init__(self, content: bytes, locale: str) -> None:
        self._content = content
        self._locale = locale
        lister = _SheetLister()
        for _piece in parse(split(content), lister.start, lister.end, lister.add_text):
            pass
        if not lister.names:
            raise TableError("damaged")
        self._is_1904 = lister.is_1904
        self.sheets = tuple(
            Sheet(index, name, index in lister.hidden)
            for index, name in enumerate(lister.names)
        )

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        formats = NumberFormats(self._locale, is_1904=self._is_1904)
        reader = _SheetReader(frozenset(indexes), formats)
        for _piece in parse(
            split(self._content), reader.start, reader.end, reader.add_text
        ):
            yield from reader.take_rows()
            if reader.is_done:
                return


def _get(attributes: Attributes, name: str) -> str:
    return attributes.get(f"ss:{name}") or attributes.get(name, "")


def _cut(name: str) -> str:
    """Return a name without its prefix: some elements have one, some have none."""
    return name.rpartition(":")[2]


class _SheetLister:
    """Names of sheets, which are hidden, and when days begin to count."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.hidden: set[int] = set()
        self.is_1904 = False
        self._text: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        tag = _cut(name)
        if tag == "Worksheet":
            self.names.append(_get(attributes, "Name"))
        elif tag == "Visible":
            self._text = ""
        elif tag == "Date1904":
            self.is_1904 = True

    def end(self, name: str) -> None:
        if _cut(name) == "Visible":
            if self._text in ("SheetHidden", "SheetVeryHidden"):
                self.hidden.add(len(self.names) - 1)
            self._text = None

    def add_text(self, text: str) -> None:
        if self._text is not None:
            self._text += text.strip()


class _SheetReader:
    """The rows of the first of some sheets that has any."""

    def __init__(self, indexes: frozenset[int], formats: NumberFormats) -> None:
        self.is_done = False
        self._indexes = indexes
        self._is_empty = True
        self._formats = formats
        self._rows: list[RawRow] = []
        self._sheet = -1
        self._style = ""
        self._styles: dict[str, NumberFormat] = {}
        self._columns: dict[int, str] = {}
        self._next_column = 0
        self._number = 0
        self._row: Attributes = {}
        self._cells: list[str] = []
        self._column = -1
        self._cell: Attributes = {}
        self._kind = ""
        self._parts: list[str] | None = None
        self._is_comment = False

    def take_rows(self) -> list[RawRow]:
        rows, self._rows = self._rows, []
        return rows

    # === WHAT THE PARSER CALLS ===
    def start(self, name: str, attributes: Attributes) -> None:
        tag = _cut(name)
        if tag == "Style":
            self._start_style(attributes)
        elif tag == "NumberFormat" and self._sheet < 0:
            self._styles[self._style] = self._get_format(_get(attributes, "Format"))
        elif tag == "Worksheet":
            self._sheet += 1
            self._start_sheet()
        elif self._sheet not in self._indexes or self.is_done:
            return
        elif tag == "Column":
            self._read_column(attributes)
        elif tag == "Row":
            self._start_row(attributes)
        elif tag == "Cell":
            self._start_cell(attributes)
        elif tag == "Comment":
            self._is_comment = True
        elif tag == "Data" and not self._is_comment:
            self._kind = _get(attributes, "Type")
            self._parts = []

    def end(self, name: str) -> None:
        tag = _cut(name)
        if self._sheet not in self._indexes or self.is_done:
            return
        if tag == "Data" and self._parts is not None:
            text = self._show("".join(self._parts))
            put_cell(self._cells, self._column, text, self._number)
            self._parts = None
        elif tag == "Comment":
            self._is_comment = False
        elif tag == "Cell":
            self._column += _read_int(self._cell, "MergeAcross")
        elif tag == "Row":
            is_hidden = _get(self._row, "Hidden") == "1"
            if self._cells:
                self._is_empty = False
                self._rows.append((self._number, self._cells, is_hidden))
            self._number += _read_int(self._row, "Span")
        elif tag == "Worksheet":
            self.is_done = not self._is_empty

    def add_text(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def _start_sheet(self) -> None:
        self._columns = {}
        self._next_column = 0
        self._number = 0

    # === STYLES ===
    def _start_style(self, attributes: Attributes) -> None:
        self._style = _get(attributes, "ID")
        parent = self._styles.get(_get(attributes, "Parent") or "Default")
        if parent:
            self._styles[self._style] = parent

    def _get_format(self, name: str) -> NumberFormat:
        if name in _NAMED:
            return self._formats.get(_NAMED[name])
        return self._formats.get(-1, _CODES.get(name, name or BUILTIN[0]))

    def _read_column(self, attributes: Attributes) -> None:
        column = (_read_int(attributes, "Index") or self._next_column + 1) - 1
        self._next_column = column + _read_int(attributes, "Span") + 1
        style = _get(attributes, "StyleID")
        for index in range(column, min(self._next_column, 64)):
            self._columns[index] = style

    # === CELLS ===
    def _start_row(self, attributes: Attributes) -> None:
        self._row = attributes
        self._number = _read_int(attributes, "Index") or self._number + 1
        self._cells = []
        self._column = -1

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell = attributes
        index = _read_int(attributes, "Index")
        self._column = index - 1 if index else self._column + 1

    def _show(self, text: str) -> str:
        style = (
            _get(self._cell, "StyleID")
            or _get(self._row, "StyleID")
            or self._columns.get(self._column, "")
            or "Default"
        )
        shown = self._styles.get(style) or self._formats.get(0)
        match self._kind:
            case "Number":
                return shown.show_written(text.strip())
            case "DateTime":
                moment = read_iso_moment(text, is_1904=self._formats.is_1904)
                return text if moment is None else shown.show(moment)
            case "Boolean":
                return self._formats.show_boolean(text.strip() == "1")
            case "Error":
                return self._formats.show_error(text.strip())
            case _:
                return shown.show_text(text)


def _read_int(attributes: Attributes, name: str) -> int:
    return abs(int(_get(attributes, name) or 0))
