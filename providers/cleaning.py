"""What a provider says, before anybody sees or keeps it."""

from __future__ import annotations

import base64
import html
import json
import re
import traceback
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus

#: Longest words of a provider that are shown.
MAX_SHOWN = 1000
#: Of longer ones only the beginning is read at all.
_MAX_READ = 64 * 1024
_STARS = "***"
#: shorter secrets stand in references by chance
_MIN_IN_REFERENCE = 8
#: shorter pieces of Base64 stand in other words by chance
_MIN_PIECE = 8
#: functions told of where an error came from
_MAX_FRAMES = 8
#: control, format, surrogate and private characters, unassigned ones
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")


class Cleaner:
    """Takes the secrets of a route out of texts, and makes words short and plain."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._known = tuple({one for one in secrets if one})
        #: a gate says the same few words of thousands of messages
        self.clean = lru_cache(maxsize=1024)(self._clean)

    @cached_property
    def _secrets(self) -> re.Pattern[str] | None:
        return _make_pattern(self._known)

    @cached_property
    def _in_references(self) -> re.Pattern[str] | None:
        return _make_pattern(self._known, alone_below=_MIN_IN_REFERENCE)

    def redact(self, text: str) -> str:
        """The text without the secrets, however they are written."""
        return self._secrets.sub(_STARS, text) if self._secrets else text

    def _clean(self, text: str) -> str:
        """Words as they can be shown: one line of at most `MAX_SHOWN` characters, no
        characters that cannot be seen, no secrets."""
        # twice: what stood between its letters may have hidden a secret
        seen = _make_line(self.redact(text[:_MAX_READ]))
        return _cut(self.redact(seen))

    def is_reference(self, word: str) -> bool:
        """Whether a word can be kept as a reference: a secret is none."""
        return not (self._in_references and self._in_references.search(word))


def trace(error: BaseException) -> str:
    """Where an error came from, without its own words: they may be a stranger's."""
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = (f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    return f"{type(error).__name__} in {', '.join(places)}"


def _make_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    line = " ".join(text.split())
    return "".join(c for c in line if unicodedata.category(c) not in _UNSEEN)


def _cut(line: str) -> str:
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1] + "…"


def _make_pattern(
    secrets: Iterable[str], *, alone_below: int = 0
) -> re.Pattern[str] | None:
    """Finds secrets in all their spellings, the longest first.

    :param alone_below: secrets with fewer characters are found where they stand alone
    """
    spellings = {one: len(secret) for secret in secrets for one in _spell(secret)}
    if not spellings:
        return None
    parts = [
        re.escape(one) if spellings[one] >= alone_below else rf"\A{re.escape(one)}\Z"
        for one in sorted(spellings, key=len, reverse=True)
    ]
    return re.compile("|".join(parts), re.IGNORECASE)


def _spell(secret: str) -> Iterator[str]:
    """A secret as it is, and as URLs, HTML, XML, JSON and Base64 write it."""
    yield from (secret, " ".join(secret.split()) or secret)
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    for quotes in ("&#x27;", "&#39;", "&apos;"):
        escaped = html.escape(secret).replace("&#x27;", quotes)
        yield from (escaped, escaped.encode("ascii", "xmlcharrefreplace").decode())
    yield html.escape(secret, quote=False)
    for is_ascii in (True, False):
        written = json.dumps(secret, ensure_ascii=is_ascii)[1:-1]
        yield from (written, written.replace("/", r"\/"))
    yield from _spell_base64(secret.encode("utf-8", "surrogatepass"))


def _spell_base64(secret: bytes) -> Iterator[str]:
    """A secret alone, and what is left of it inside something longer such as a login
    with its password."""
    alone = base64.b64encode(secret).decode()
    pieces = [alone, alone.rstrip("=")]
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret).decode()
        piece = whole[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(piece) >= _MIN_PIECE:
            pieces.append(piece)
    for piece in pieces:
        yield from (piece, piece.replace("+", "-").replace("/", "_"))
