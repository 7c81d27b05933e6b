"""Full names and their parts, and how a file changes what is known of a recipient."""

from __future__ import annotations

from collections.abc import Mapping

from ..country_names import plain

_PARTS = ("last_name", "first_name", "patronymic")


def join_name(parts: Mapping[str, str | None]) -> str:
    """Return the full name of which these are the parts."""
    return " ".join(filter(None, map(parts.get, _PARTS)))


def merge_recipient(
    known: Mapping[str, str | None], imported: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return a recipient's fields as a row of a file changes them: what it lacks stays.

    Names fit each other: parts that a new full name does not have are dropped, and a
    full name that lacks a new part is put together anew. With another person's name the
    former one's gender goes.
    """
    given = {name: value for name, value in imported.items() if value}
    if given.get("name") == join_name(given):
        del given["name"]
    merged = {**known, **given}
    if "name" in given:
        for part in _PARTS:
            if part not in given and not _is_part(known.get(part), given["name"]):
                merged[part] = None
    elif any(part in given for part in _PARTS):
        own = known.get("name") or ""
        has_all = all(_is_part(given.get(part), own) for part in _PARTS)
        if own == join_name(known) or not has_all:
            merged["name"] = join_name(merged)
    if "gender" not in given and _are_different(known.get("name"), merged["name"]):
        merged["gender"] = None
    return merged


def _is_part(part: str | None, name: str | None) -> bool:
    return set(plain(part or "").split()) <= set(plain(name or "").split())


def _are_different(former: str | None, name: str | None) -> bool:
    words, former_words = plain(name or "").split(), plain(former or "").split()
    return bool(former_words) and not set(former_words) & set(words)
