"""Workbooks of Excel (XLSX, XLSM), read as tolerantly as Excel reads them.

Only the list of sheets, the styles, the shared strings and the sheet that is asked for
are parsed, as a stream; where a part says how big it is, nobody listens. Libraries know
either values (python-calamine) or formats (openpyxl), and openpyxl refuses files that
Excel opens.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .base import RawRow, Sheet, TableError, put_cell, read_first
from .date_format import read_iso_moment
from .number_format import NumberFormat, NumberFormats
from .xml_parts import Archive, Attributes, get_local, parse, parse_all

_WORKBOOK = "xl/workbook.xml"
_TRUE = ("1", "true", "on")
# "_x000D_" is a character that XML cannot have
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class XlsxBook:
    """A workbook, its sheets in the order of their tabs."""

    def __init__(self, content: bytes, locale: str) -> None:
        self._archive = Archive(content)
        self._locale = locale
        self._path = self._find_workbook()
        self._relations = self._read_relations(self._path)
        self._is_1904 = False
        self._sheets: list[tuple[Sheet, str]] = []
        parse_all(self._archive.read(self._path), self._start_workbook)
        paths = {path for _sheet, path in self._sheets}
        # one part for many sheets would be read many times
        if not paths or len(paths) < len(self._sheets):
            raise TableError("damaged")
        self.sheets = tuple(sheet for sheet, _path in self._sheets)

    def read(self, indexes: Sequence[int]) -> Iterator[RawRow]:
        formats = NumberFormats(self._locale, is_1904=self._is_1904)
        styles, strings = self._read_styles(formats), self._read_strings()

        def read_sheet(index: int) -> Iterator[RawRow]:
            _sheet, path = self._sheets[index]
            reader = _SheetReader(formats, styles, strings)
            pieces = self._archive.stream(path)
            for _piece in parse(pieces, reader.start, reader.end, reader.add_text):
                yield from reader.take_rows()
                if reader.is_done:
                    return

        yield from read_first(read_sheet, indexes)

    # === PARTS ===
    def _find_workbook(self) -> str:
        if _WORKBOOK in self._archive:
            return _WORKBOOK
        relations = self._read_relations("")
        found = [path for kind, path in relations.values() if kind == "officeDocument"]
        if not found:
            raise TableError("damaged")
        return found[0]

    def _read_relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the path of each relation of a part."""
        relations: dict[str, tuple[str, str]] = {}
        folder, name = posixpath.split(path)

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship":
                target = attributes.get("Target", "").replace("\\", "/")
                relations[attributes.get("Id", "")] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(posixpath.join("/", folder, target)),
                )

        file = posixpath.join(folder, "_rels", f"{name}.rels")
        if file in self._archive:
            parse_all(self._archive.read(file), start)
        return relations

    def _start_workbook(self, tag: str, attributes: Attributes) -> None:
        if tag == "workbookPr":
            self._is_1904 = attributes.get("date1904", "") in _TRUE
        elif tag == "sheet":
            kind, path = self._relations.get(get_local(attributes, "id"), ("", ""))
            if kind == "worksheet":
                sheet = Sheet(
                    len(self._sheets),
                    attributes.get("name", ""),
                    attributes.get("state", "visible") != "visible",
                )
                self._sheets.append((sheet, path))

    def _find_related(self, kind: str) -> str:
        """Return the path of the part of a kind, or nothing."""
        paths = [path for one, path in self._relations.values() if one == kind]
        return next((path for path in paths if path in self._archive), "")

    def _read_styles(self, formats: NumberFormats) -> list[NumberFormat]:
        """Return the formats of the cells' styles; a workbook may come without."""
        part = self._find_related("styles")
        content = self._archive.read(part).strip() if part else b""
        reader = _StyleReader()
        if content:
            parse_all(content, reader.start, reader.end)
        return [formats.get(number, reader.codes.get(number)) for number in reader.used]

    def _read_strings(self) -> list[str]:
        part = self._find_related("sharedStrings")
        reader = _StringReader()
        if part:
            pieces = self._archive.stream(part)
            for _piece in parse(pieces, reader.start, reader.end, reader.add_text):
                pass
        return reader.strings


class _StyleReader:
    """Format codes by number, and the number that each style uses."""

    def __init__(self) -> None:
        self.codes: dict[int, str] = {}
        self.used: list[int] = []
        self._is_inside = False

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "numFmt":
            code = attributes.get("formatCode", "")
            self.codes[_read_int(attributes, "numFmtId")] = code
        elif tag == "cellXfs":
            self._is_inside = True
        elif tag == "xf" and self._is_inside:
            self.used.append(_read_int(attributes, "numFmtId"))

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._is_inside = False


class _TextReader:
    """The text of a shared or inline string: all runs, without phonetic hints."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._is_text = False
        self._is_phonetic = False

    def _start_text(self, tag: str) -> None:
        if tag == "t":
            self._is_text = not self._is_phonetic
        elif tag == "rPh":
            self._is_phonetic = True

    def _end_text(self, tag: str) -> None:
        if tag == "t":
            self._is_text = False
        elif tag == "rPh":
            self._is_phonetic = False

    def add_text(self, text: str) -> None:
        if self._is_text:
            self._parts.append(text)

    def _take_text(self) -> str:
        text = "".join(self._parts)
        self._parts.clear()
        return text


class _StringReader(_TextReader):
    """The strings that cells share."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []

    def start(self, tag: str, _attributes: Attributes) -> None:
        if tag == "si":
            self._is_phonetic = False
        else:
            self._start_text(tag)

    def end(self, tag: str) -> None:
        if tag == "si":
            self.strings.append(_unescape(self._take_text()))
        else:
            self._end_text(tag)


class _SheetReader(_TextReader):
    """The rows of a sheet; what stands behind the cells is of no interest."""

    def __init__(
        self, formats: NumberFormats, styles: list[NumberFormat], strings: list[str]
    ) -> None:
        super().__init__()
        self.is_done = False
        self._rows: list[RawRow] = []
        self._formats = formats
        self._general = formats.get(0)
        # by the number of a style as it is written
        self._styles = {str(index): style for index, style in enumerate(styles)}
        self._strings = strings
        self._number = 0
        self._is_hidden = False
        self._cells: list[str] = []
        self._column = -1
        self._kind = ""
        # a cell that names no style has the first
        self._first_style = self._styles.get("0", self._general)
        self._style = self._first_style

    def take_rows(self) -> list[RawRow]:
        """Return the rows that are read since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v":
            self._is_text = self._kind != "inlineStr"
        elif tag == "row":
            self._start_row(attributes)
        elif self._kind == "inlineStr":
            self._start_text(tag)

    def end(self, tag: str) -> None:
        if tag == "v":
            self._is_text = False
        elif tag == "c":
            if self._parts:
                put_cell(self._cells, self._column, self._show(), self._number)
            self._kind = ""
        elif tag == "row":
            if self._cells:
                self._rows.append((self._number, self._cells, self._is_hidden))
        elif tag == "sheetData":
            self.is_done = True
        elif self._kind == "inlineStr":
            self._end_text(tag)

    def _start_row(self, attributes: Attributes) -> None:
        self._number = _read_int(attributes, "r") or self._number + 1
        height = attributes.get("ht", "")
        self._is_hidden = (
            attributes.get("hidden", "") in _TRUE or bool(height) and not float(height)
        )
        self._cells = []
        self._column = -1

    def _start_cell(self, attributes: Attributes) -> None:
        place = attributes.get("r")
        if place:
            self._column = _find_column(place.rstrip("0123456789"))
        else:
            self._column += 1
        self._kind = attributes.get("t", "n")
        style = attributes.get("s")
        self._style = (
            self._styles.get(style, self._general) if style else self._first_style
        )
        self._parts.clear()
        self._is_text = self._is_phonetic = False

    def _show(self) -> str:
        text = self._take_text()
        if not text:
            return ""
        match self._kind:
            case "s":
                return self._style.show_text(self._get_string(text))
            case "n":
                return self._style.show_written(text)
            case "b":
                return self._formats.show_boolean(text.strip() in _TRUE)
            case "e":
                return self._formats.show_error(text.strip())
            case "d":
                moment = read_iso_moment(text, is_1904=self._formats.is_1904)
                return text if moment is None else self._style.show(moment)
            case _:
                return self._style.show_text(_unescape(text))

    def _get_string(self, text: str) -> str:
        index = int(text)
        if not 0 <= index < len(self._strings):
            raise TableError("damaged", self._number)
        return self._strings[index]


@lru_cache(maxsize=1024)
def _find_column(letters: str) -> int:
    """Return the index of a column from 0: "A" is 0, "AB" is 27."""
    if not re.fullmatch("[A-Za-z]{1,3}", letters):
        raise TableError("damaged")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return column - 1


def _read_int(attributes: Attributes, name: str) -> int:
    """Return a number that is not negative, 0 where there is none."""
    return abs(int(attributes.get(name) or 0))


def _unescape(text: str) -> str:
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        # halves of a character may have come, or one without the other
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
