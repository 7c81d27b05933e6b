"""Sentences in Russian and English: said by a code with parameters, and found again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from .read_back import read_back

Language = Literal["ru", "en"]
#: code → (Russian, English), placeholders as in `str.format`. A key ``code.variant`` is
#: a closer wording of ``code``.
Sentences = Mapping[str, tuple[str, str]]

#: Longer values are cut when a sentence quotes them.
MAX_QUOTED = 100

#: Parameters whose value may choose a closer wording.
VARIANT_PARAMETERS = ("variant", "reason", "detail", "text", "unit")


#: Control characters and lone surrogates.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: Stands for a value that is not there; no readable value contains it.
_GAP = "\x00"


class _Parameters(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return _GAP


def say(texts: Sentences, code: str, language: Language, /, **params: object) -> str:
    """Say a code in a person's language.

    :param params: values of the placeholders; the sentence closes over lacking ones and
        ignores superfluous ones. Those in `VARIANT_PARAMETERS` choose a closer wording
        where there is one
    :raise KeyError: the code is not in the table
    """
    both = next(_find_closer(texts, code, params), texts[code])
    text = both[1] if language == "en" else both[0]
    readable = {name: _make_readable(value) for name, value in params.items()}
    said = text.format_map(_Parameters(readable))
    return said.replace(f" {_GAP}", "").replace(_GAP, "")


def recognise(texts: Sentences, said: str) -> tuple[str, dict[str, str]] | None:
    """Find what a sentence of `say` said, in whatever language.

    :return: its key in the table and the values of its placeholders; None: it is none
        of these
    """
    for key, both in texts.items():
        for text in both:
            values = read_back(text, said)
            if values is not None:
                return key, values
    return None


def _find_closer(
    texts: Sentences, code: str, params: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    for parameter in VARIANT_PARAMETERS:
        key = f"{code}.{params.get(parameter)}"
        if key in texts:
            yield texts[key]


def _make_readable(value: object) -> str:
    """Prepare a value for quoting: no control characters, not too long, not empty."""
    text = str(value)
    if len(text) > MAX_QUOTED:
        text = text[: MAX_QUOTED - 1] + "…"
    return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text) or _GAP
