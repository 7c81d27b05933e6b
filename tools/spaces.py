"""Spaces that a phone shows as the plain one, and GSM-7 lacks."""

from __future__ import annotations

import re

#: What texts have instead of them. Odoo puts a no-break space between an amount and
#: its currency, and one of no width behind a minus.
PLAIN_SPACES = {
    **dict.fromkeys("\xa0\u202f\u205f", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
    "\ufeff": "",
}

_TABLE = str.maketrans(PLAIN_SPACES)
_FOUND = re.compile(f"[{''.join(PLAIN_SPACES)}]")


def to_plain_spaces(text: str) -> str:
    """Return a text without spaces that alone would make it Unicode."""
    # most texts have none, and to look costs a tenth of translating
    if text.isascii() or not _FOUND.search(text):
        return text
    return text.translate(_TABLE)
