"""Letters and their marks composed: the same word typed on a Mac is the same word."""

from __future__ import annotations

import unicodedata
from itertools import groupby

# what is so short costs less than to look at its marks
_SHORT = 200
#: marks in a row that no language needs: the Stream-Safe Text Format of Unicode
MAX_MARKS = 30


def compose_letters(text: str) -> str:
    """Return a text composed (NFC), in time that grows with its length alone.

    Python sorts the marks of a letter in quadratic time, and nobody else runs
    meanwhile. A long text where they stand in heaps stays as it is: no word is written
    so.
    """
    if text.isascii() or (len(text) > _SHORT and _has_heaps(text)):
        return text
    return unicodedata.normalize("NFC", text)


def _has_heaps(text: str) -> bool:
    classes = groupby(map(unicodedata.combining, text), bool)
    return any(is_mark and len(list(run)) > MAX_MARKS for is_mark, run in classes)
