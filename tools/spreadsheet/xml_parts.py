"""XML and archives of strangers, piece by piece: no DTD, no entities, no surprises."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from .base import MAX_PART, MAX_PARTS, MAX_TAGS, MAX_UNPACKED, MIB, TableError

#: elements that are open at the same time, roughly
MAX_DEPTH = 100_000

Attributes = dict[str, str]
StartHandler = Callable[[str, Attributes], None]
EndHandler = Callable[[str], None]
TextHandler = Callable[[str], None]


class Archive:
    """The parts of a ZIP file by their names in small letters, with slashes.

    Programs that write workbooks do not agree on the case of the names.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            parts = self._zip.infolist()
        except Exception as error:
            # zipfile stumbles over what is damaged in many ways
            raise TableError("damaged") from error
        if len(parts) > MAX_PARTS or sum(p.file_size for p in parts) > MAX_UNPACKED:
            raise TableError("unpacked_too_big")
        self._parts = {_normalise(part.filename): part for part in parts}

    def __contains__(self, name: str) -> bool:
        return _normalise(name) in self._parts

    @property
    def names(self) -> Iterable[str]:
        return self._parts.keys()

    def read(self, name: str) -> bytes:
        """Return a small part."""
        if self._find(name).file_size > MAX_PART:
            raise TableError("unpacked_too_big")
        return b"".join(self.stream(name))

    def stream(self, name: str) -> Iterator[bytes]:
        """Yield a part in pieces."""
        part = self._find(name)
        try:
            with self._zip.open(part) as file:
                while piece := file.read(MIB):
                    yield piece
        except Exception as error:
            raise TableError("damaged") from error

    def _find(self, name: str) -> zipfile.ZipInfo:
        part = self._parts.get(_normalise(name))
        # others than these Office does not write; some unpack into any memory
        if not part or part.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise TableError("damaged")
        if part.flag_bits & 1:
            raise TableError("not_supported", detail="password")
        return part


def _normalise(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def parse(
    pieces: Iterable[bytes],
    start: StartHandler,
    end: EndHandler | None = None,
    text: TextHandler | None = None,
) -> Iterator[None]:
    """Call the handlers, and return after each piece.

    Names are without prefixes, unless the root has none: prefixes mark extensions then.

    :raise TableError: what is no XML, or has a DTD, is damaged
    """
    parser = _make_parser(start, end, text)
    check = _TagCounter().check
    for piece in pieces:
        check(piece)
        _feed(parser, piece)
        yield
    _feed(parser, b"", is_last=True)
    yield


def parse_all(
    content: bytes,
    start: StartHandler,
    end: EndHandler | None = None,
    text: TextHandler | None = None,
) -> None:
    for _piece in parse(split(content), start, end, text):
        pass


def split(content: bytes) -> Iterator[bytes]:
    """Yield a file in pieces."""
    view = memoryview(content)
    for start in range(0, len(content), MIB):
        yield bytes(view[start : start + MIB])


class _TagCounter:
    """Says beforehand what would take the parser too much time or memory."""

    def __init__(self) -> None:
        self._tags = 0
        self._depth = 0

    def check(self, piece: bytes) -> None:
        # UTF-16 has zeros between the signs
        plain = piece.replace(b"\0", b"")
        starts = plain.count(b"<")
        self._tags += starts
        self._depth += starts - 2 * plain.count(b"</") - plain.count(b"/>")
        is_one_tag = len(piece) == MIB and b">" not in plain
        if self._tags > MAX_TAGS or self._depth > MAX_DEPTH or is_one_tag:
            raise TableError("unpacked_too_big")


def _make_parser(
    start: StartHandler, end: EndHandler | None, text: TextHandler | None
) -> expat.XMLParserType:
    names: dict[str, str] = {}

    def find_name(name: str) -> str:
        return names.get(name) or names.setdefault(name, name.rpartition(":")[2])

    def handle_start(name: str, attributes: Attributes) -> None:
        start(find_name(name), attributes)

    def handle_end(name: str) -> None:
        if end:
            end(find_name(name))

    def handle_root(name: str, attributes: Attributes) -> None:
        # where the root has no prefix, what has one is an extension
        has_prefix = ":" in name
        parser.StartElementHandler = handle_start if has_prefix else start
        parser.EndElementHandler = handle_end if has_prefix else end
        handle_start(name, attributes)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handle_root
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_declaration: object) -> None:
    raise TableError("damaged")


def _feed(parser: expat.XMLParserType, piece: bytes, *, is_last: bool = False) -> None:
    try:
        parser.Parse(piece, is_last)
    except TableError:
        raise
    except (expat.ExpatError, LookupError, ValueError, OverflowError) as error:
        # no XML, an encoding that nobody knows, a number that is none
        raise TableError("damaged") from error


def get_local(attributes: Attributes, name: str) -> str:
    """Return an attribute whatever its prefix, or nothing."""
    for written, value in attributes.items():
        if written.rpartition(":")[2] == name:
            return value
    return ""
