"""JSON that is too big to be built: checked as a whole, read in parts.

A parser makes some thirty bytes of objects out of one byte of ``{}``. Here nothing is
made but what is asked for: members of objects by their names, elements of lists one
after the other. The grammar is that of RFC 8259.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Protocol

#: levels of nesting; Python's own parser ends at about as many
MAX_DEPTH = 900

# Repetitions are bounded: the engine remembers each of them until its match has ended.
_MANY = b"{0,100}"
_SPACE = rb"[ \t\n\r]*"
_PLAIN = rb'[^"\\\x00-\x1f]*'
_ESCAPE = rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_CHARACTERS = rb"%s(?:%s%s)%s" % (_PLAIN, _ESCAPE, _PLAIN, _MANY)
_STRING = rb'"%s"' % _CHARACTERS
_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_SCALAR = rb"(?:%s|%s|true|false|null)" % (_STRING, _NUMBER)
_NOTHING = rb"\[%s\]|\{%s\}" % (_SPACE, _SPACE)
_LEAF = rb"(?:%s|%s)" % (_SCALAR, _NOTHING)
_COLON, _COMMA = _SPACE + b":" + _SPACE, _SPACE + b"," + _SPACE
_MEMBER = _STRING + _COLON + _LEAF
# a value that nests but little, in one match
_VALUE = rb"(?:%s|\[%s%s(?:%s%s)%s%s\]|\{%s%s(?:%s%s)%s%s\})" % (
    *(_LEAF, _SPACE, _LEAF, _COMMA, _LEAF, _MANY, _SPACE),
    *(_SPACE, _MEMBER, _COMMA, _MEMBER, _MANY, _SPACE),
)

_match_space = re.compile(_SPACE).match
_match_characters = re.compile(_CHARACTERS).match
_match_colon = re.compile(_COLON).match
_match_value = re.compile(_VALUE).match
_match_items = re.compile(rb"(?:%s%s)%s" % (_VALUE, _COMMA, _MANY)).match
_match_members = re.compile(
    rb"(?:%s%s%s%s)%s" % (_STRING, _COLON, _VALUE, _COMMA, _MANY)
).match
# lists that begin with lists, and any ends one behind the other
_match_openings = re.compile(rb"(?:\[%s){1,100}(?=\[)" % _SPACE).match
_match_closings = re.compile(rb"[\]}](?:%s[\]}])%s" % (_SPACE, _MANY)).match
_SPACES = b" \t\n\r"
_CLOSING_OF = bytes.maketrans(b"[{", b"]}")


class Malformed(ValueError):
    """Not JSON: ``position`` is the first byte that cannot be read on."""

    def __init__(self, position: int) -> None:
        super().__init__(f"at byte {position}")
        self.position = position


class TooDeep(ValueError):
    """Nested beyond `MAX_DEPTH`."""


class Shape(Protocol):
    """What is wanted of an object: the shapes of members by their names, None for
    those that nobody reads. A mapping's ``get`` is one."""

    def __call__(self, name: str, /) -> Shape | None: ...


def nothing(_name: str) -> None:
    """The shape of plain values, and of objects whose members nobody reads."""


def anything(_name: str) -> Shape:
    """The shape of objects of any plain values."""
    return nothing


class Outline:
    """Reads one text of UTF-8.

    :param load: makes a value of small JSON, or of a string or number of any size
    """

    #: bytes of a list, or of one of its elements, that is made as it is
    MAX_WHOLE = 65_536
    #: bytes of a name that anybody looks for
    MAX_NAME = 4_096
    #: what an object has beyond so many wanted members is left out
    MAX_MEMBERS = 1_000

    def __init__(self, text: bytes, load: Callable[[str], object]) -> None:
        self.text = text
        self._load = load

    def read(self, shape: Shape) -> object:
        """Check the whole text, and return its value with the members of the shape.

        Big lists are `Items`. Of a repeated member the last one counts.

        :raise Malformed: it is not JSON
        :raise TooDeep:
        """
        value, end = self._read(_skip_space(self.text, 0), shape)
        end = _skip_space(self.text, end)
        if end < len(self.text):
            raise Malformed(end)
        return value

    def read_item(self, start: int, end: int, shape: Shape) -> object:
        """Return an element of a list, the wanted members of a big object."""
        if end - start <= self.MAX_WHOLE:
            return self._make(start, end)
        return self._read(start, shape)[0]

    def _read(self, start: int, shape: Shape) -> tuple[object, int]:
        """Return the value that begins at ``start``, and where it ends."""
        if self.text[start : start + 1] == b"{":
            return self._read_object(start, shape)
        end = skip(self.text, start)
        if self.text[start : start + 1] == b"[" and end - start > self.MAX_WHOLE:
            return Items(self, start), end
        return self._make(start, end), end

    def _read_object(self, start: int, shape: Shape) -> tuple[dict[str, object], int]:
        """Return an object in the same way; each round begins at a bracket or comma."""
        text = self.text
        members: dict[str, object] = {}
        position = start
        while text[position : position + 1] != b"}":
            begin = _skip_space(text, position + 1)
            if position == start and text[begin : begin + 1] == b"}":
                return members, begin + 1
            end = _skip_string(text, begin)
            position = self._read_member(begin, end, shape, members)
            position = _skip_space(text, position)
            if text[position : position + 1] not in (b",", b"}"):
                raise Malformed(position)
        return members, position + 1

    def _read_member(
        self, begin: int, end: int, shape: Shape, members: dict[str, object]
    ) -> int:
        """Read a member whose name stands there, and return where it ends."""
        start = _skip_colon(self.text, end)
        name = self._make_name(begin, end)
        inner = shape(name)
        if inner is None:
            return skip(self.text, start)
        value, end = self._read(start, inner)
        if name in members or len(members) < self.MAX_MEMBERS:
            members[name] = value
        return end

    def _make_name(self, begin: int, end: int) -> str:
        if end - begin > self.MAX_NAME:
            return ""
        if b"\\" in self.text[begin:end]:
            return str(self._make(begin, end))
        return str(self.text[begin + 1 : end - 1], "utf-8")

    def _make(self, start: int, end: int) -> object:
        return self._load(str(memoryview(self.text)[start:end], "utf-8"))


class Items:
    """The elements of a big list, read anew each time that somebody iterates."""

    def __init__(self, outline: Outline, start: int) -> None:
        self._outline = outline
        self._start = start

    def __iter__(self) -> Iterator[object]:
        return self.read(nothing)

    def read(self, shape: Shape) -> Iterator[object]:
        """Yield the elements, of those that are big objects the wanted members."""
        for start, end in self._find():
            yield self._outline.read_item(start, end, shape)

    def read_kinds(self) -> Iterator[bytes]:
        """Yield the first byte of each element: ``b"{"`` of an object."""
        for start, _end in self._find():
            yield self._outline.text[start : start + 1]

    def _find(self) -> Iterator[tuple[int, int]]:
        """Yield where each element begins and ends."""
        text, position = self._outline.text, self._start
        while text[position : position + 1] != b"]":
            begin = _skip_space(text, position + 1)
            end = skip(text, begin)
            yield begin, end
            position = _skip_space(text, end)


def skip(text: bytes, start: int) -> int:
    """Return where the value that begins at ``start`` ends."""
    opened = bytearray()
    position = start
    while True:
        if match := _match_value(text, position):
            position = match.end()
        elif text[position : position + 1] == b'"':
            position = _skip_string(text, position)
        else:
            position = _open(text, position, opened)
            continue
        position = _close(text, position, opened)
        if not opened:
            return position
        if text[position : position + 1] != b",":
            raise Malformed(position)
        position = _go_on(text, _skip_space(text, position + 1), opened)


def _open(text: bytes, position: int, opened: bytearray) -> int:
    """Enter a list or an object, and return where its first big value begins."""
    opening = text[position : position + 1]
    if opening not in (b"[", b"{"):
        raise Malformed(position)
    match = _match_openings(text, position)
    opened += match[0].translate(None, _SPACES) if match else opening
    if len(opened) > MAX_DEPTH:
        raise TooDeep
    if match:
        return match.end()
    return _go_on(text, _skip_space(text, position + 1), opened)


def _close(text: bytes, position: int, opened: bytearray) -> int:
    """Leave lists and objects that end behind a value."""
    while opened:
        position = _skip_space(text, position)
        match = _match_closings(text, position)
        if match is None:
            return position
        found = match[0].translate(None, _SPACES)[: len(opened)]
        expected = bytes(reversed(opened[-len(found) :])).translate(_CLOSING_OF)
        if found != expected:
            raise Malformed(position)
        del opened[-len(found) :]
        position = match.end() if opened else _find_end(text, position, len(found))
    return position


def _find_end(text: bytes, position: int, count: int) -> int:
    """Return where the last of so many ends stands."""
    for _number in range(count):
        position = _skip_space(text, position) + 1
    return position


def _go_on(text: bytes, position: int, opened: bytearray) -> int:
    """Skip what nests but little, and return where the next value begins."""
    if opened.endswith(b"["):
        match = _match_items(text, position)
        return match.end() if match else position
    match = _match_members(text, position)
    position = match.end() if match else position
    return _skip_colon(text, _skip_string(text, position))


def _skip_space(text: bytes, position: int) -> int:
    match = _match_space(text, position)
    return match.end() if match else position


def _skip_string(text: bytes, position: int) -> int:
    if text[position : position + 1] != b'"':
        raise Malformed(position)
    position += 1
    while match := _match_characters(text, position):
        if match.end() == position:
            break
        position = match.end()
    if text[position : position + 1] != b'"':
        raise Malformed(position)
    return position + 1


def _skip_colon(text: bytes, position: int) -> int:
    if match := _match_colon(text, position):
        return match.end()
    raise Malformed(position)
