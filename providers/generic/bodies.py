"""Bodies of requests made of templates: forms, JSON and XML.

A body is written as what it is, a document whose values are templates. It is parsed
once, and built anew for every request: whatever a value contains, it stays a value.
A member, field, attribute or element is left out when the placeholders of its template
have no value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from ..reading import Unreadable, as_integer, read_json, read_xml
from ..types import Words, _
from .templates import Template, TemplateError

#: makes a template of a text, see `templates.compile_template`
Compile = Callable[[str], Template]
Values = Mapping[str, Any]
#: names with the templates of their values; names may be repeated
Pairs = tuple[tuple[str, Template], ...]

#: deeper documents are no request
_MAX_DEPTH = 20
#: what XML 1.0 cannot carry, not even escaped
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ABSENT = object()


class BodyWords(Words):
    """Why a body is refused."""

    TOO_DEEP = _("the document is nested too deeply")
    MIXED = _("the element {name} has both text and elements")


# === FORMS ===
def compile_pairs(pairs: Iterable[tuple[str, str]], compile_one: Compile) -> Pairs:
    """Fields of a form or a query, or headers.

    :raise TemplateError:
    """
    return tuple((name, compile_one(source)) for name, source in pairs)


def render_pairs(pairs: Pairs, values: Values) -> Iterator[tuple[str, str]]:
    """The fields that have a value."""
    for name, template in pairs:
        text = template.render(values)
        if text or not template.names:
            yield name, text


# === JSON ===
def compile_json(value: Any, compile_one: Compile, depth: int = 0) -> Any:
    """A document of JSON, texts in it being templates.

    :raise TemplateError:
    """
    if depth > _MAX_DEPTH:
        raise TemplateError(BodyWords.TOO_DEEP.say())
    if isinstance(value, dict):
        return {
            name: compile_json(one, compile_one, depth + 1)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [compile_json(one, compile_one, depth + 1) for one in value]
    return compile_one(value) if isinstance(value, str) else value


def parse_json(source: str, compile_one: Compile) -> Any:
    """The same of a document that is still text.

    :raise TemplateError:
    """
    try:
        return compile_json(read_json(source.encode()), compile_one)
    except Unreadable as error:
        raise TemplateError(str(error)) from error


def render_json(tree: Any, values: Values) -> Any:
    """A document with its values."""
    value = _render_member(tree, values)
    return None if value is _ABSENT else value


def dump_json(value: Any) -> bytes:
    """A document as bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
    return text.encode("utf-8", "replace")


def _render_member(tree: Any, values: Values) -> Any:
    if isinstance(tree, Template):
        return _render_leaf(tree, values)
    if isinstance(tree, dict):
        members = ((name, _render_member(one, values)) for name, one in tree.items())
        return {name: value for name, value in members if value is not _ABSENT}
    if isinstance(tree, list):
        items = (_render_member(one, values) for one in tree)
        return [value for value in items if value is not _ABSENT]
    return tree


def _render_leaf(template: Template, values: Values) -> Any:
    text = template.render(values)
    if not text and template.names:
        return _ABSENT
    number = as_integer(text) if template.is_number else None
    return text if number is None else number


# === XML ===
@dataclass(frozen=True, slots=True)
class Element:
    """An element whose attributes and text are templates."""

    tag: str
    attributes: Pairs
    text: Template | None
    children: tuple[Element, ...]


def parse_xml(source: str, compile_one: Compile) -> Element:
    """A document of XML, its attributes and texts being templates.

    :raise TemplateError:
    """
    try:
        root = read_xml(source.strip().encode())
    except Unreadable as error:
        raise TemplateError(str(error)) from error
    return _compile_element(root, compile_one, 0)


def _compile_element(node: etree._Element, compile_one: Compile, depth: int) -> Element:
    if depth > _MAX_DEPTH:
        raise TemplateError(BodyWords.TOO_DEEP.say())
    children = [child for child in node if isinstance(child.tag, str)]
    text = "" if len(node) else node.text or ""
    loose = [node.text if len(node) else "", *(child.tail for child in node)]
    if any((piece or "").strip() for piece in loose):
        raise TemplateError(BodyWords.MIXED.say(name=node.tag))
    return Element(
        str(node.tag),
        tuple((str(name), compile_one(str(one))) for name, one in node.attrib.items()),
        compile_one(text) if text else None,
        tuple(_compile_element(child, compile_one, depth + 1) for child in children),
    )


def render_xml(element: Element, values: Values) -> etree._Element:
    """A document with its values; what XML cannot carry is left out."""
    root = etree.Element(element.tag)
    for name, text in render_pairs(element.attributes, values):
        root.set(name, _ILLEGAL.sub("", text))
    if element.text:
        root.text = _ILLEGAL.sub("", element.text.render(values))
    for child in element.children:
        built = render_xml(child, values)
        has_no_value = child.text and child.text.names and not built.text
        if not has_no_value:
            root.append(built)
    return root


def has_illegal_characters(text: str) -> bool:
    """Whether XML cannot carry a text."""
    return bool(_ILLEGAL.search(text))
