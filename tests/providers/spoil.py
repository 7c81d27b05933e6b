"""Documents of strangers, each with one of its parts replaced by something hostile."""

import json
from copy import deepcopy
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from lxml import etree

#: what a stranger may write where something else was expected
_HOSTILE = (
    None, True, "", "x", "-1", "\x00\ud800", "9" * 5000, -1, 1.5, 10**30, [], [[]],
    {}, {"a": {}}, [{}, None],
)  # fmt: skip
_HOSTILE_TEXTS = ("", "x", "-1", "9" * 5000, "\ufffd\u202e", "1e999", "[]", "{}")


def spoil_push(push):
    """A push with each of its parts replaced by something hostile."""
    for body in spoil_body(push.body):
        yield replace(push, body=body)
    if b"=" in push.body:
        for pairs in spoil_pairs(parse_qsl(push.body.decode("utf-8", "replace"))):
            yield replace(push, body=urlencode(pairs).encode())
    address, _, query = push.url.partition("?")
    for pairs in spoil_pairs(parse_qsl(query)):
        yield replace(push, url=f"{address}?{urlencode(pairs)}")
    for name in push.headers:
        yield replace(push, headers={**push.headers, name: "x"})


def spoil_pairs(pairs):
    for place, (name, value) in enumerate(pairs):
        yield pairs[:place] + pairs[place + 1 :]
        yield pairs[: place + 1] + pairs[place:]
        lines = value.splitlines()
        cut = ["\n".join(lines[:count]) for count in range(1, len(lines))]
        for text in (*_HOSTILE_TEXTS, *cut, value[: len(value) // 2]):
            yield [*pairs[:place], (name, text), *pairs[place + 1 :]]
        yield [*pairs[:place], (f"{name}[]", value), *pairs[place + 1 :]]


def spoil_body(body):
    """A document with each of its parts replaced by something hostile."""
    yield from (b"", b"null", b"[]", b"{}", b"0", b'"x"', b"\xff\xfe\x00", b"<a/>")
    yield body[: len(body) // 2]
    try:
        document = json.loads(body)
    except ValueError:
        yield from _spoil_xml(body) if body.startswith(b"<") else _spoil_text(body)
    else:
        for place in list(_walk(document))[:60]:
            for value in _HOSTILE:
                yield json.dumps(_put(document, place, value)).encode()


def _walk(document, path=()):
    """The places of a document, as tuples of names and numbers."""
    if path:
        yield path
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _walk(value, (*path, name))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from _walk(value, (*path, place))


def _put(document, path, value):
    changed = deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def _spoil_text(body):
    """Words and lines of plain text."""
    words = body.decode("utf-8", "replace").split()
    for place in range(min(len(words), 20)):
        for text in _HOSTILE_TEXTS:
            yield " ".join([*words[:place], text, *words[place + 1 :]]).encode()


def _spoil_xml(body):
    root = etree.fromstring(body)
    for place in range(min(len(list(root.iter())), 30)):
        for change in _XML_CHANGES:
            changed = deepcopy(root)
            change(list(changed.iter())[place])
            yield etree.tostring(changed)


def _drop(element):
    if element.getparent() is not None:
        element.getparent().remove(element)


def _bare(element):
    element.attrib.clear()
    element.text = None


def _fill(element):
    for name in element.attrib:
        element.set(name, "9" * 5000)
    element.text = "9" * 5000


def _double(element):
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


_XML_CHANGES = (_drop, _bare, _fill, _double)
