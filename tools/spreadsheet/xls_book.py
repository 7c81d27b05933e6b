"""Workbooks of Excel up to 2003 (XLS), read by xlrd, which knows formats."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import xlrd
from xlrd.book import Book
from xlrd.compdoc import SIGNATURE, CompDoc
from xlrd.formatting import std_format_strings
from xlrd.sheet import Sheet as XlsSheet

from .base import RawRow, Sheet, TableError, put_cell, read_first
from .number_format import NumberFormat, NumberFormats


class XlsBook:
    """A workbook, its sheets in the order of their tabs."""

    def __init__(self, content: bytes, locale: str) -> None:
        self._book = _open(content)
        self._formats = NumberFormats(locale, is_1904=self._book.datemode == 1)
        self._styles: dict[int, NumberFormat] = {}
        # its sheets know it too, but reading them all for that would take its time
        hidden: list[int] = self._book._sheet_visibility  # type: ignore[attr-defined]
        self.sheets = tuple(
            Sheet(index, name, bool(hidden[index]))
            for index, name in enumerate(self._book.sheet_names())
        )

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        return read_first(self._read_sheet, indexes)

    def _read_sheet(self, index: int) -> Iterator[RawRow]:
        try:
            sheet = self._book.sheet_by_index(index)
            for row in range(sheet.nrows):
                info = sheet.rowinfo_map.get(row)
                is_hidden = bool(info and info.hidden)
                yield row + 1, self._read_cells(sheet, row), is_hidden
        except TableError:
            raise
        except Exception as error:
            raise TableError("damaged") from error

    def _read_cells(self, sheet: XlsSheet, row: int) -> list[str]:
        cells: list[str] = []
        for column in range(sheet.row_len(row)):
            text = self._show(sheet, row, column)
            put_cell(cells, column, text, row + 1)
        return cells

    def _show(self, sheet: XlsSheet, row: int, column: int) -> str:
        kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
        match kind:
            case xlrd.XL_CELL_NUMBER | xlrd.XL_CELL_DATE:
                return self._find_style(sheet, row, column).show(float(value))
            case xlrd.XL_CELL_TEXT:
                return self._find_style(sheet, row, column).show_text(str(value))
            case xlrd.XL_CELL_BOOLEAN:
                return self._formats.show_boolean(bool(value))
            case xlrd.XL_CELL_ERROR:
                error = xlrd.error_text_from_code.get(int(value), "#N/A")
                return self._formats.show_error(error)
            case _:
                return ""

    def _find_style(self, sheet: XlsSheet, row: int, column: int) -> NumberFormat:
        index = sheet.cell_xf_index(row, column)
        if index not in self._styles:
            number = self._book.xf_list[index].format_key
            known = self._book.format_map.get(number)
            code = known.format_str if known else None
            if code == std_format_strings.get(number):
                # xlrd's own words for a format that the file has by its number only
                code = None
            self._styles[index] = self._formats.get(number, code)
        return self._styles[index]


class _Streams(CompDoc):
    """The streams of an OLE file, none of which goes round in circles.

    xlrd itself would follow a small one for ever.
    """

    def _get_stream(
        self, mem: bytes, base: int, sat: Sequence[int], *others: Any, **named: Any
    ) -> bytes:
        sector = others[1]
        seen: set[int] = set()
        while 0 <= sector < len(sat):
            if sector in seen:
                raise TableError("damaged")
            seen.add(sector)
            sector = sat[sector]
        whole: bytes = super()._get_stream(  # type: ignore[misc]
            mem, base, sat, *others, **named
        )
        return whole


def _unwrap(content: bytes) -> bytes:
    """Return the workbook in an OLE file."""
    if not content.startswith(SIGNATURE):
        return content
    streams = _Streams(content, logfile=io.StringIO())
    for name in ("Workbook", "Book"):
        memory, start, size = streams.locate_named_stream(name)
        if memory:
            return bytes(memory[start : start + size])
    raise TableError("not_a_table")


def _open(content: bytes) -> Book:
    try:
        return xlrd.open_workbook(
            file_contents=_unwrap(content),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,
            logfile=io.StringIO(),
        )
    except TableError:
        raise
    except Exception as error:
        if "encrypted" in str(error):
            raise TableError("not_supported", detail="password") from error
        # in a damaged file the library stumbles over anything, in its own ways
        raise TableError("damaged") from error
