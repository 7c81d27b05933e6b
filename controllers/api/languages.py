"""The language of the sentences in an answer."""

from __future__ import annotations

from werkzeug.http import parse_accept_header

from ...tools.bilingual import Language


def choose_language(accept_language: str | None) -> Language:
    """Choose the language of sentences: Russian unless English is preferred to it.

    Equal preference is Russian, so are ``*`` and languages there are no sentences in.
    """
    qualities = _read_qualities(accept_language)
    anything = qualities.get("*", 0.0)
    english = qualities.get("en", anything)
    return "en" if english > qualities.get("ru", anything) else "ru"


def _read_qualities(header: str | None) -> dict[str, float]:
    """The highest weight of every language, whatever its country."""
    qualities: dict[str, float] = {}
    for tag, quality in parse_accept_header(header):
        language = tag.lower().partition("-")[0]
        qualities[language] = max(quality, qualities.get(language, 0.0))
    return qualities
