"""Spreadsheets of LibreOffice (ODS, flat FODS): cells have with them what was shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from .base import MAX_CELL, MAX_COLUMNS, MAX_LINES, RawRow, Sheet, TableError, put_cell
from .date_format import read_iso_moment
from .number_format import EXACT, NumberFormats
from .xml_parts import Archive, Attributes, parse

_CONTENT = "content.xml"
_CELLS = ("table-cell", "covered-table-cell")
# what a paragraph consists of; drawings, comments and readings are no text of the cell
_INLINE = ("span", "a", "s", "tab", "line-break", "ruby", "ruby-base", "meta")
_SPACES = re.compile("[ \t\r\n]+")
_SCIENTIFIC = re.compile(r"-?[0-9](?:[.,][0-9]*)?E[+-]?[0-9]+", re.IGNORECASE)
_DURATION = re.compile(r"-?PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d*)?S)?")


class OdsBook:
    """A workbook, its sheets in the order of their tabs."""

    def __init__(self, content: bytes, locale: str) -> None:
        self._content = content
        self._formats = NumberFormats(locale)
        reader = _SheetLister()
        for _piece in parse(self._stream(), reader.start, reader.end):
            pass
        if not reader.sheets:
            raise TableError("damaged")
        self.sheets = tuple(reader.sheets)

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        reader = _SheetReader(frozenset(indexes), self._formats)
        for _piece in parse(self._stream(), reader.start, reader.end, reader.add_text):
            yield from reader.take_rows()
            if reader.is_done:
                return

    def _stream(self) -> Iterable[bytes]:
        is_archive = self._content.startswith(b"PK")
        return (
            Archive(self._content).stream(_CONTENT) if is_archive else [self._content]
        )


class _Walker:
    """Knows which sheet it is in: tables may stand in cells and drawings too."""

    def __init__(self) -> None:
        self._depth = 0
        self._sheets_at = -1
        self._sheet = -1

    def _enter(self, tag: str) -> bool:
        """Return whether this is the beginning of a sheet."""
        self._depth += 1
        if tag == "spreadsheet":
            self._sheets_at = self._depth + 1
        is_sheet = tag == "table" and self._depth == self._sheets_at
        self._sheet += is_sheet
        return is_sheet

    def _leave(self, tag: str) -> bool:
        """Return whether this is the end of a sheet."""
        self._depth -= 1
        return tag == "table" and self._depth + 1 == self._sheets_at


class _SheetLister(_Walker):
    """The names of the sheets; the style of a sheet says whether it is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[Sheet] = []
        self._style = ""
        self._hidden: set[str] = set()

    def start(self, tag: str, attributes: Attributes) -> None:
        if self._enter(tag):
            is_hidden = attributes.get("table:style-name") in self._hidden
            name = attributes.get("table:name", "")
            self.sheets.append(Sheet(self._sheet, name, is_hidden))
        elif tag == "style":
            self._style = attributes.get("style:name", "")
        elif tag == "table-properties":
            if attributes.get("table:display") == "false":
                self._hidden.add(self._style)

    def end(self, tag: str) -> None:
        self._leave(tag)


class _SheetReader(_Walker):
    """The rows of the first of some sheets that has any."""

    def __init__(self, indexes: frozenset[int], formats: NumberFormats) -> None:
        super().__init__()
        self.is_done = False
        self._indexes = indexes
        self._is_empty = True
        self._formats = formats
        self._rows: list[RawRow] = []
        self._number = 1
        self._cells: list[str] = []
        self._column = 0
        self._row: Attributes = {}
        self._groups: list[bool] = []
        self._cell: Attributes | None = None
        self._is_covered = False
        self._parts: list[str] = []
        self._size = 0
        # the depth of what is passed over
        self._skipped = 0

    def take_rows(self) -> list[RawRow]:
        """Return the rows that are read since the last time."""
        rows, self._rows = self._rows, []
        return rows

    # === WHAT THE PARSER CALLS ===
    def start(self, tag: str, attributes: Attributes) -> None:
        if self._enter(tag):
            self._number = 1
        if self._sheet not in self._indexes or self._skipped or self.is_done:
            return
        if self._cell is not None:
            self._start_inside(tag, attributes)
        elif tag in _CELLS:
            self._cell = attributes
            self._is_covered = tag != "table-cell"
            self._parts = []
            self._size = 0
        elif tag == "table-row":
            self._row = attributes
            self._cells = []
            self._column = 0
        elif tag == "table-row-group":
            self._groups.append(attributes.get("table:display") == "false")
        elif tag == "shapes":
            self._skipped = self._depth

    def end(self, tag: str) -> None:
        is_end = self._leave(tag)
        if self._sheet not in self._indexes or self.is_done:
            return
        if self._skipped:
            if self._depth < self._skipped:
                self._skipped = 0
        elif tag in _CELLS:
            self._end_cell()
        elif tag == "table-row":
            self._end_row()
        elif tag == "table-row-group":
            self._groups.pop()
        elif is_end:
            self.is_done = not self._is_empty

    def add_text(self, text: str) -> None:
        if self._cell is not None and self._parts and not self._skipped:
            self._add(_SPACES.sub(" ", text))

    # === CELLS ===
    def _start_inside(self, tag: str, attributes: Attributes) -> None:
        if tag in ("p", "h"):
            # the first part says that there is a text
            self._add("\n" if self._parts else "", is_first=not self._parts)
        elif tag == "s":
            self._add(" " * min(_read_count(attributes, "text:c"), MAX_CELL))
        elif tag == "tab":
            self._add("\t")
        elif tag == "line-break":
            self._add("\n")
        elif tag not in _INLINE:
            self._skipped = self._depth

    def _add(self, text: str, *, is_first: bool = False) -> None:
        if text or is_first:
            self._parts.append(text)
            self._size += len(text)
        if self._size > MAX_CELL:
            raise TableError("cell_too_big", self._number)

    def _end_cell(self) -> None:
        attributes = self._cell or {}
        self._cell = None
        count = _read_count(attributes, "table:number-columns-repeated")
        text = "" if self._is_covered else self._show(attributes)
        if text and not text.isspace():
            for column in range(
                self._column, min(self._column + count, MAX_COLUMNS + 1)
            ):
                put_cell(self._cells, column, text, self._number)
        self._column += count

    def _end_row(self) -> None:
        count = _read_count(self._row, "table:number-rows-repeated")
        if self._cells:
            self._is_empty = False
            if self._number + count - 1 > MAX_LINES:
                raise TableError("too_many_lines", max(self._number, MAX_LINES + 1))
            is_shown = self._row.get("table:visibility", "visible") == "visible"
            is_hidden = not is_shown or any(self._groups)
            self._rows += [
                (self._number + index, self._cells, is_hidden) for index in range(count)
            ]
        self._number += count

    def _show(self, attributes: Attributes) -> str:
        kind = attributes.get("office:value-type", "")
        text = "".join(self._parts)
        if not self._parts:
            return self._show_value(kind, attributes)
        if kind == "float" and _SCIENTIFIC.fullmatch(text.strip()):
            value = float(attributes.get("office:value", "nan"))
            if value.is_integer() and abs(value) < EXACT:
                return self._formats.get(0).show(value)
        return text

    def _show_value(self, kind: str, attributes: Attributes) -> str:
        """Return a value that came without its text."""
        match kind:
            case "float" | "currency":
                number = float(attributes.get("office:value", "nan"))
                return self._formats.get(0).show(number)
            case "percentage":
                return self._formats.get(10).show(float(attributes["office:value"]))
            case "boolean":
                value = attributes.get("office:boolean-value") == "true"
                return self._formats.show_boolean(value)
            case "date":
                written = attributes.get("office:date-value", "")
                moment = read_iso_moment(written)
                number = 22 if "T" in written else 14
                return (
                    written
                    if moment is None
                    else self._formats.get(int(number)).show(moment)
                )
            case "time":
                return _show_duration(attributes.get("office:time-value", ""))
            case _:
                return attributes.get("office:string-value", "")


def _show_duration(written: str) -> str:
    """Return "26:00:00" for PT26H."""
    found = _DURATION.fullmatch(written)
    if not found:
        return written
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    sign = "-" if written.startswith("-") else ""
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"


def _read_count(attributes: Attributes, name: str) -> int:
    return max(1, int(attributes.get(name) or 1))
