"""Where a value stands in a document of a stranger: JSONPath, XPath, names of fields.

JSONPath is that of RFC 9535 (the library python-jsonpath), XPath that of lxml. A path
that begins with ``@`` (JSON), or is relative (XML), starts at an item of a list. Both
are cut down to what points at a value: a path that would take a long time on a large
document is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.segments import JSONPathRecursiveDescentSegment
from jsonpath.selectors import Filter, IndexSelector, NameSelector, WildcardSelector
from lxml import etree

from ..types import Words, _

#: longest path, in characters
MAX_PATH = 200
#: more items are no answer about one message
MAX_ITEMS = 1_000
_MAX_SEGMENTS = 12
_STEP = (
    r"(?:\.|\*|text\(\)|@?[A-Za-z_][\w.-]*)"
    r"(?:\[[1-9][0-9]{0,3}\]|\[@?[A-Za-z_][\w.-]*='[^']*'\]"
    r"|\[local-name\(\)='[^']*'\])?"
)
#: steps by name, place or a value; at most one of them anywhere below
_XPATH = re.compile(rf"(?://?)?{_STEP}(?:/{_STEP})*(?://{_STEP}(?:/{_STEP})*)?")
_FIELD = re.compile(r"[^\s=&]{1,100}")


class PathWords(Words):
    """Why a path is refused."""

    UNREADABLE = _("the path {path} could not be parsed")
    TOO_COMPLEX = _("the path {path} must only point to a value")


class PathError(ValueError):
    """A text that is no path; says why in words."""


class Kind(Enum):
    """Documents that paths point into."""

    JSON = "json"
    XML = "xml"
    #: of a query or a form
    FIELDS = "fields"


@dataclass(frozen=True, slots=True)
class Path:
    """Where something stands. ``find`` gets an item and the whole document."""

    source: str
    find: Callable[[Any, Any], list[Any]]

    def read(self, item: Any, document: Any) -> str:
        """The first value as text, "" where there is none."""
        return next(
            (_as_text(value) for value in self.find(item, document)), ""
        ).strip()

    def exists(self, item: Any, document: Any) -> bool:
        """Whether there is something."""
        return bool(self.find(item, document))


@lru_cache(maxsize=1024)
def compile_path(source: str, kind: Kind) -> Path:
    """Check a path.

    :raise PathError:
    """
    source = source.strip()
    if len(source) > MAX_PATH:
        raise PathError(PathWords.TOO_COMPLEX.say(path=source[:20] + "…"))
    compile_one = {
        Kind.JSON: _compile_json,
        Kind.XML: _compile_xml,
        Kind.FIELDS: _compile_field,
    }[kind]
    return compile_one(source)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, Decimal)):
        return str(value)
    if isinstance(value, etree._Element):
        return "".join(map(str, value.itertext()))
    return ""


# === JSON ===
class _Environment(JSONPathEnvironment):
    """JSONPath without functions: regular expressions are the way to long waits."""

    def setup_function_extensions(self) -> None:
        """Override: there are none."""


_JSON = _Environment(strict=True)


def _compile_json(source: str) -> Path:
    is_relative = source.startswith("@")
    try:
        path = _JSON.compile(f"${source[1:]}" if is_relative else source)
    except (JSONPathError, RecursionError) as error:
        raise PathError(PathWords.UNREADABLE.say(path=source)) from error
    if not isinstance(path, JSONPath) or not _is_simple(path, source):
        raise PathError(PathWords.TOO_COMPLEX.say(path=source))

    def find(item: Any, document: Any) -> list[Any]:
        start = item if is_relative else document
        if not isinstance(start, (dict, list)):
            # the library would take a text for a document
            return [start] if is_relative and not path.segments else []
        try:
            return [match.obj for match in islice(path.finditer(start), MAX_ITEMS)]
        except (JSONPathError, RecursionError):
            return []

    return Path(source, find)


def _is_simple(path: JSONPath, source: str) -> bool:
    """Whether a path visits every part of a document a few times at most."""
    segments = list(path.segments)
    selectors = [one for segment in segments for one in segment.selectors]
    deep = sum(isinstance(one, JSONPathRecursiveDescentSegment) for one in segments)
    filters = sum(isinstance(one, Filter) for one in selectors)
    plain = (NameSelector, IndexSelector, WildcardSelector, Filter)
    return (
        len(selectors) == len(segments) <= _MAX_SEGMENTS
        and all(isinstance(one, plain) for one in selectors)
        and deep + filters <= 1
        # a query inside a filter starts at its item, and goes straight
        and (not filters or not re.search(r"\.\.|\*|[$?].*[$?].*[$?]", source))
    )


# === XML ===
def _compile_xml(source: str) -> Path:
    if not _XPATH.fullmatch(source):
        raise PathError(PathWords.TOO_COMPLEX.say(path=source))
    try:
        path = etree.XPath(source, regexp=False)
    except etree.XPathError as error:
        raise PathError(PathWords.UNREADABLE.say(path=source)) from error

    def find(item: Any, _document: Any) -> list[Any]:
        if not isinstance(item, etree._Element):
            # an attribute or a text, as an item of a list
            return [item] if source == "." else []
        try:
            found = path(item)
        except etree.XPathError:
            return []
        return found[:MAX_ITEMS] if isinstance(found, list) else [found]

    return Path(source, find)


# === FIELDS ===
def _compile_field(source: str) -> Path:
    if not _FIELD.fullmatch(source):
        raise PathError(PathWords.UNREADABLE.say(path=source))

    def find(item: Any, _document: Any) -> list[Any]:
        found = item.get(source) if isinstance(item, Mapping) else None
        return [] if found is None else [found]

    return Path(source, find)
