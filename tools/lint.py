"""What an author should know about texts before they are sent."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal, get_args

from .foreign import Kind, find_foreign
from .links import find_glued
from .names.aliases import ALIASES
from .segments import count_segments
from .template import PLACEHOLDER, Template, TemplateError, compile_template, make_ready
from .transliteration import to_latin
from .vocabulary import Channel

#: ``alternative`` is the SMS behind a call
Variant = Literal["male", "female", "neutral", "alternative"]
FindingCode = Literal[
    "template_syntax",
    "template_forbidden",
    "template_unknown_name",
    "many_segments",
    "unicode_by_characters",
    "latin_impossible",
    "foreign_placeholder",
    "markup",
    "glued_link",
    "spaces",
    "missing_variant",
    "different_names",
]
SpaceKind = Literal[
    "leading", "trailing", "double", "before_punctuation", "tab", "invisible"
]

#: line and column, both from 1, in characters
Place = tuple[int, int]

VARIANTS: tuple[Variant, ...] = get_args(Variant)

# so many letters are a slip of the keyboard, more are an alphabet
_MAX_LETTERS = 2
_MAX_CHARACTERS = 20

_PLACEHOLDER = re.compile(PLACEHOLDER, re.DOTALL)
_FOREIGN: dict[Kind, FindingCode] = {
    "placeholder": "foreign_placeholder",
    "markup": "markup",
}
_LINE_BREAK = re.compile(r"\r\n?|\n")
_NOT_LINE_BREAK = re.compile(r"[^\r\n]")
_LATIN = re.compile(r"[A-Za-z]")

# Cyrillic and Greek letters that look like Latin ones: one in a Latin word is a slip
_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕАВЕКМНОРСТУХІЈЅΑΒΕΗΙΚΜΝΟΡΤΥΧΖο",
        "aeopcyxijsABEKMHOPCTYXIJSABEHIKMNOPTYXZo",
        strict=True,
    )
)

_SPACE = r"[^\S\r\n\t]"
_SPACES: dict[SpaceKind, re.Pattern[str]] = {
    "leading": re.compile(r"\A\s+"),
    "trailing": re.compile(rf"(?<!\s)\s+\Z|(?<!{_SPACE}){_SPACE}+(?=[\r\n])"),
    "double": re.compile(rf"(?<=\S){_SPACE}{{2,}}(?=\S)"),
    # but not before ".com", ":)" and "..."
    "before_punctuation": re.compile(
        r"(?<=\S)[^\S\r\n]+(?=[,;!?…»]|\.(?![\w.])|:(?![\w()/|\\*'-]))"
    ),
    "tab": re.compile(r"\t+"),
    # soft hyphens, spaces of no width, marks of direction, controls; the joiner is no
    # fault in emoji
    "invisible": re.compile(
        "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200c\u200e\u200f"
        "\u202a-\u202e\u2060-\u2069\ufeff]|(?<=\\w)\u200d"
    ),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """The sources as an author has them; an empty one is none."""

    male: str = ""
    female: str = ""
    neutral: str = ""
    alternative: str = ""


@dataclass(frozen=True, slots=True)
class Character:
    """What GSM-7 lacks; ``replacement`` is None where nothing in it is like that."""

    character: str
    replacement: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What other programs would fill in or interpret; ``replacement`` is what to write
    instead, None where only the author knows."""

    text: str
    replacement: str | None
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one variant. Its ``params``:

    - template_*: ``line``, ``detail`` (see `TemplateError`);
    - many_segments: ``count``, ``limit``, ``encoding``;
    - unicode_by_characters: ``characters`` (of `Character`), ``count`` of segments,
      ``count_without`` them, every one replaced or left out: always fewer;
    - latin_impossible: ``characters`` that "Latin letters" leave as they are;
    - foreign_placeholder, markup: ``pieces`` (of `Piece`);
    - glued_link: ``places``;
    - spaces: ``kind`` (`SpaceKind`), ``places``;
    - missing_variant: none; whom ``variant`` is for would get nothing (``neutral``:
      those whose gender is unknown);
    - different_names: ``male`` and ``female``, the names that only this text uses.
    """

    code: FindingCode
    variant: Variant
    params: Mapping[str, object] = dataclass_field(default_factory=dict)


def lint(
    draft: Draft,
    names: Collection[str],
    samples: Mapping[str, str],
    *,
    max_segments: int,
    channel: Channel = "sms",
    sent: Draft | None = None,
    is_latin: bool = False,
) -> list[Finding]:
    """Return what is worth knowing: each text's findings in order, then the draft's.

    Of a text that is no template only that is told.

    ``samples`` are values of the ``names``, for the size; a name without one counts as
    empty. ``sent`` has the texts as they are filled, with short links and ``is_latin``
    in Latin letters; without it they are those of the author. Speech has no segments
    and no alphabet, and nobody clicks on it.
    """
    sources = _sources(draft)
    templates: dict[Variant, Template] = {}
    findings: list[Finding] = []
    for variant, source in sources.items():
        try:
            template = templates[variant] = compile_template(source, names)
            if sent:
                template = compile_template(getattr(sent, variant), names)
        except TemplateError as error:
            params = {"line": error.line, "detail": error.detail}
            findings.append(Finding(error.code, variant, params))
            continue
        literal = _hide_placeholders(source)
        if channel == "sms" or variant == "alternative":
            text = fill(template, samples)
            findings += _lint_size(variant, text, max_segments)
            findings += _lint_alphabet(variant, literal, text, is_latin=is_latin)
            findings += _lint_links(variant, literal)
        findings += _lint_foreign(variant, literal, names)
        findings += _lint_spaces(variant, literal)
    return [*findings, *_lint_missing(sources), *_lint_names(templates)]


def fill(template: Template, samples: Mapping[str, str]) -> str:
    """Return a text with samples in it: as for recipients, a blank one is none."""
    given = {
        name: make_ready(value) for name, value in samples.items() if value.strip()
    }
    return template.render({**dict.fromkeys(template.required, ""), **given})


def _sources(draft: Draft) -> dict[Variant, str]:
    """Return the texts that are given, in the order of `VARIANTS`."""
    sources: dict[Variant, str] = {v: getattr(draft, v) for v in VARIANTS}
    return {variant: source for variant, source in sources.items() if source.strip()}


def _lint_size(variant: Variant, text: str, max_segments: int) -> Iterator[Finding]:
    size = count_segments(text)
    if size.count > max_segments:
        params = {
            "count": size.count,
            "limit": max_segments,
            "encoding": size.encoding,
        }
        yield Finding("many_segments", variant, params)


def _lint_alphabet(
    variant: Variant, literal: str, text: str, *, is_latin: bool
) -> Iterator[Finding]:
    """Tell which characters of the author's make a text Unicode.

    Those that nobody would miss are worth it where parts are saved. Of a text in Latin
    letters all are: who asked for them wants none.
    """
    if _is_gsm7(text):
        return
    if is_latin:
        if characters := _find_beyond_gsm7(literal, text, is_latin=True):
            params = {"characters": characters}
            yield Finding("latin_impossible", variant, params)
    elif characters := _find_characters(literal, text):
        count = count_segments(text).count
        count_without = count_segments(_without(characters, text)).count
        if count_without < count:
            yield Finding(
                "unicode_by_characters",
                variant,
                {
                    "characters": characters,
                    "count": count,
                    "count_without": count_without,
                },
            )


def _without(characters: tuple[Character, ...], text: str) -> str:
    return text.translate(
        {ord(one.character): one.replacement or "" for one in characters}
    )


def _find_characters(literal: str, text: str) -> tuple[Character, ...]:
    """Return the author's characters that alone keep a text from GSM-7.

    None when values have others, or when the text is of another alphabet.
    """
    found = _find_beyond_gsm7(literal, text)
    known = {one.character for one in found}
    letters = {one for one in known if one.isalpha()}
    if len(letters) > _MAX_LETTERS or len(found) > _MAX_CHARACTERS:
        return ()
    if any(not _is_gsm7(one) and one not in known for one in set(text)):
        return ()
    if letters and sum(map(literal.count, letters)) >= len(_LATIN.findall(literal)):
        return ()
    return found


def _find_beyond_gsm7(
    literal: str, text: str, *, is_latin: bool = False
) -> tuple[Character, ...]:
    """Return the author's characters that GSM-7 lacks, as far as a text still has
    them."""
    left = set(text)
    replace = _replacement_in_address if is_latin else _replacement
    return tuple(
        Character(one, replace(one, literal), _places(literal, re.escape(one)))
        for one in dict.fromkeys(literal)
        if one in left and not _is_gsm7(one)
    )


def _is_gsm7(text: str) -> bool:
    return count_segments(text).encoding == "gsm7"


def _replacement(character: str, text: str) -> str | None:
    if character in _LOOKALIKES and _touches_latin(character, text):
        return _LOOKALIKES[character]
    latin = to_latin(character)
    if not _is_gsm7(latin):
        latin = _without_accent(character)
    return latin if _is_gsm7(latin) else None


def _replacement_in_address(character: str, text: str) -> str | None:
    """Suggest nothing for letters that were left in an address alone: in Latin letters
    it would be another one."""
    return None if to_latin(character) != character else _replacement(character, text)


def _touches_latin(character: str, text: str) -> bool:
    one = re.escape(character)
    return re.search(f"[A-Za-z]{one}|{one}[A-Za-z]", text) is not None


def _without_accent(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def _lint_links(variant: Variant, literal: str) -> Iterator[Finding]:
    if starts := [*find_glued(literal)]:
        yield Finding("glued_link", variant, {"places": _locate(literal, starts)})


def _lint_foreign(
    variant: Variant, literal: str, names: Collection[str]
) -> Iterator[Finding]:
    found: dict[FindingCode, dict[tuple[str, str | None], list[int]]] = {}
    for one in find_foreign(literal, names):
        code = _FOREIGN[one.kind]
        pieces = found.setdefault(code, {})
        pieces.setdefault((one.text, one.replacement), []).append(one.start)
    for code, pieces in found.items():
        told = tuple(
            Piece(text, replacement, _locate(literal, starts))
            for (text, replacement), starts in pieces.items()
        )
        yield Finding(code, variant, {"pieces": told})


def _lint_spaces(variant: Variant, literal: str) -> Iterator[Finding]:
    for kind, pattern in _SPACES.items():
        if places := _places(literal, pattern):
            yield Finding("spaces", variant, {"kind": kind, "places": places})


def _hide_placeholders(source: str) -> str:
    """Return the text with digits in place of its placeholders, every place kept."""
    return _PLACEHOLDER.sub(lambda found: _NOT_LINE_BREAK.sub("0", found[0]), source)


def _places(text: str, pattern: str | re.Pattern[str]) -> tuple[Place, ...]:
    return _locate(text, (found.start() for found in re.finditer(pattern, text)))


def _locate(text: str, starts: Iterable[int]) -> tuple[Place, ...]:
    lines = [0, *(found.end() for found in _LINE_BREAK.finditer(text))]
    return tuple(
        (line := bisect_right(lines, start), start - lines[line - 1] + 1)
        for start in starts
    )


def _lint_missing(sources: Mapping[Variant, str]) -> Iterator[Finding]:
    """Tell who would get nothing."""
    if "neutral" not in sources and ("male" in sources or "female" in sources):
        for variant in VARIANTS[:3]:
            if variant not in sources:
                yield Finding("missing_variant", variant)


def _lint_names(templates: Mapping[Variant, Template]) -> Iterator[Finding]:
    male, female = templates.get("male"), templates.get("female")
    if not (male and female):
        return
    of_male, of_female = _read_aliases(male.names), _read_aliases(female.names)
    if of_male != of_female:
        params = {
            "male": tuple(sorted(of_male - of_female)),
            "female": tuple(sorted(of_female - of_male)),
        }
        yield Finding("different_names", "female", params)


def _read_aliases(names: frozenset[str]) -> frozenset[str]:
    return frozenset(ALIASES.get(name, name) for name in names)
