"""HTML that is named .xls: reports of 1C and of web sites, read as Excel reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from .base import MAX_COLUMNS, MIB, RawRow, Sheet, TableError, put_cell
from .csv_book import decode

#: 50 000 lines of 25 columns have less; nested tables cost the parser most
_MAX_TAGS = 3_000_000
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{1,20})", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
_SPACES = re.compile("[ \t\r\n\f]+")
_SILENT = frozenset(("script", "style", "title", "noscript", "select"))
_BLOCKS = frozenset(("p", "div", "li"))


class HtmlBook:
    """A page: the rows of its tables one below the other, on one sheet."""

    def __init__(self, content: bytes) -> None:
        self._text = _decode(content)
        if self._text.count("<") > _MAX_TAGS:
            raise TableError("unpacked_too_big")
        if not re.search("<table", self._text, re.IGNORECASE):
            raise TableError("not_supported", detail="page")
        self.sheets: tuple[Sheet, ...] = (Sheet(0, "", False),)

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        reader = _PageReader()
        # its stubs want methods that lxml does not call
        parser = etree.HTMLParser(target=reader)  # type: ignore[call-overload]
        try:
            for start in range(0, len(self._text), MIB):
                parser.feed(self._text[start : start + MIB])
                yield from reader.take_rows()
            parser.close()
        except etree.LxmlError as error:
            raise TableError("damaged") from error
        yield from reader.take_rows()


def _decode(content: bytes) -> str:
    charset = _CHARSET.search(content[:4096])
    if charset and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode(charset[1].decode("ascii"), "replace")
        except LookupError:
            pass
    return decode(content)


class _PageReader:
    """Takes rows out of what the parser tells."""

    def __init__(self) -> None:
        self._rows: list[RawRow] = []
        self._number = 0
        self._cells: list[str] | None = None
        self._is_hidden = False
        self._parts: list[str] | None = None
        self._column = 0
        self._span = 1
        self._silent = 0
        # columns that cells of rows above reach down to, and for how many rows
        self._taken: dict[int, int] = {}

    def take_rows(self) -> list[RawRow]:
        rows, self._rows = self._rows, []
        return rows

    # === WHAT THE PARSER CALLS ===
    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._end_row()
            self._taken = {}
        elif tag == "tr":
            self._start_row(attributes)
        elif tag in ("td", "th"):
            self._start_cell(attributes)
        elif tag == "br" and self._parts is not None:
            self._parts.append("\n")
        elif tag in _BLOCKS:
            self._break()

    def end(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in ("tr", "table"):
            self._end_row()
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in _BLOCKS:
            self._break()

    def data(self, text: str) -> None:
        if self._parts is not None and not self._silent:
            self._parts.append(_SPACES.sub(" ", text))

    def close(self) -> None:
        self._end_row()

    # === ROWS ===
    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._end_row()
        self._number += 1
        self._cells = []
        self._is_hidden = "hidden" in attributes or bool(
            _HIDDEN.search(attributes.get("style", ""))
        )
        self._column = -1
        self._span = 1

    def _end_row(self) -> None:
        if self._cells is None:
            return
        self._end_cell()
        self._rows.append((self._number, self._cells, self._is_hidden))
        self._cells = None
        self._taken = {at: left - 1 for at, left in self._taken.items() if left > 1}

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        if self._cells is None:
            self._start_row({})
        self._end_cell()
        self._column += self._span
        while self._column in self._taken:
            self._column += 1
        self._span = min(_read_span(attributes.get("colspan")), MAX_COLUMNS)
        rows = _read_span(attributes.get("rowspan"))
        end = min(self._column + self._span, MAX_COLUMNS)
        if rows > 1:
            # this row counts too
            self._taken.update(dict.fromkeys(range(self._column, end), rows))
        self._parts = []

    def _end_cell(self) -> None:
        if self._parts is not None and self._cells is not None:
            lines = "".join(self._parts).split("\n")
            text = "\n".join(line.strip(" ") for line in lines).strip("\n")
            put_cell(self._cells, self._column, text, self._number)
        self._parts = None

    def _break(self) -> None:
        if self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")


def _read_span(written: str | None) -> int:
    written = (written or "1").strip()
    if not written.isdecimal() or len(written) > 6:
        return 1
    return max(1, int(written))
