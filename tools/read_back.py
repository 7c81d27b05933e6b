"""Sentences with placeholders, read back: the text that what was said came of.

Sentences are kept as they were said, in the language of whoever wrote them. Whoever
reads them wants their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import Formatter

_NAME = re.compile(r"\{(\w+)\}")


def read_back(text: str, said: str) -> dict[str, str] | None:
    """Find the values that were written into a text.

    :param text: with placeholders of `str.format`; one that got no value may have been
        left out together with the space before it
    :param said: what the text has become
    :return: value by placeholder, "" for those left out; None: it was another text
    """
    match = _make_pattern(text).fullmatch(said)
    if match is None:
        return None
    return {name: value or "" for name, value in match.groupdict().items()}


def find_text(texts: Iterable[str], said: str) -> tuple[str, dict[str, str]] | None:
    """Find which of some texts was said.

    :return: the text and its values, see `read_back`
    """
    for text in texts:
        values = read_back(text, said)
        if values is not None:
            return text, values
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Write values into a text that may be a translation: placeholders are names, and
    nothing else of `str.format` works."""
    return _NAME.sub(lambda match: values.get(match[1], ""), text)


@lru_cache(maxsize=1024)
def _make_pattern(text: str) -> re.Pattern[str]:
    parts: list[str] = []
    known: set[str] = set()
    for literal, name, _spec, _conversion in Formatter().parse(text):
        if name is None:
            parts.append(re.escape(literal))
        elif name in known:
            parts += [re.escape(literal), f"(?P={name})"]
        elif literal.endswith(" "):
            parts += [re.escape(literal[:-1]), f"(?: (?P<{name}>.*?))?"]
        else:
            parts += [re.escape(literal), f"(?P<{name}>.*?)"]
        known.add(name or "")
    return re.compile("".join(parts), re.DOTALL)
