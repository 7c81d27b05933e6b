"""Codes of number formats, such as ``#,##0.00" ₽";[Red]-#,##0.00``.

A code has up to four sections. What it leaves to the user is the locale's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .locale_words import SheetLocale

_TOKEN = re.compile(
    r"""
    "(?P<quoted>[^"]*)"?
    | \\(?P<escaped>.)
    | _(?P<space>.)
    | \*(?P<fill>.)
    | \[(?P<bracket>[^\]]*)\]
    | (?P<general>general)
    | (?P<noon>am/pm|a/p)
    | (?P<part>\.0+(?=[^0\#?,]|$))
    | (?P<exponent>e[+-])
    | (?P<date>y+|m+|d+|h+|s+)
    | (?P<digit>[0\#?])
    | (?P<other>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ELAPSED = re.compile("h+|m+|s+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+(?:e[+-]?[0-9]+)?)", re.I)
_CURRENCY = re.compile(r"\$([^-]*)(?:-(.*))?", re.DOTALL)
_TESTS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "=": lambda value, bound: value == bound,
    "<>": lambda value, bound: value != bound,
}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The tokens before and behind the decimal point, and what commas mean."""

    before: tuple[Token, ...]
    behind: tuple[Token, ...]
    has_point: bool
    is_grouped: bool
    thousands: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Section:
    """One section: what is to be written, and when it is chosen.

    ``step`` are the milliseconds of the smallest part of a second that it shows.
    """

    kind: str
    tokens: tuple[Token, ...]
    locale: SheetLocale
    condition: tuple[str, float] | None = None
    layout: Layout | None = None
    step: int = 1000

    def holds(self, value: float) -> bool:
        if not self.condition:
            return False
        sign, bound = self.condition
        return _TESTS[sign](value, bound)

    @property
    def is_for_negative(self) -> bool:
        """Whether it says itself that a number is negative."""
        return bool(
            self.condition and self.condition[0][0] == "<" and self.condition[1] <= 0
        )


def split_sections(code: str) -> list[str]:
    """Return the sections of a code."""
    sections = [""]
    for found in _TOKEN.finditer(code):
        if found["other"] == ";":
            sections.append("")
        else:
            sections[-1] += found[0]
    return sections


def read_section(code: str, locale: SheetLocale) -> Section:
    tokens: list[Token] = []
    condition = None
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "bracket":
            if limits := _CONDITION.fullmatch(text.strip()):
                condition = (limits[1], float(limits[2]))
            elif _ELAPSED.fullmatch(text):
                tokens.append(Token("elapsed", text.lower()))
            elif currency := _CURRENCY.fullmatch(text):
                locale = locale.switch(currency[2] or "")
                tokens += _read_special(currency, locale)
        else:
            tokens += _read_token(kind, text)
    return _make_section(_join_words(tokens), locale, condition)


def _join_words(tokens: list[Token]) -> list[Token]:
    """Make one word of words that follow each other."""
    joined: list[Token] = []
    for token in tokens:
        if token.kind == "literal" and joined and joined[-1].kind == "literal":
            joined[-1] = Token("literal", joined[-1].text + token.text)
        else:
            joined.append(token)
    return joined


def _read_special(currency: re.Match[str], locale: SheetLocale) -> list[Token]:
    """``[$₽-419]`` is a currency; F800 is the system's long date, F400 its time."""
    if currency[1]:
        return [Token("literal", currency[1])]
    codes = {
        "f800": locale.long_date,
        "x-sysdate": locale.long_date,
        "f400": locale.long_time,
        "x-systime": locale.long_time,
    }
    code = codes.get((currency[2] or "").lower())
    return [Token("system", code)] if code else []


def _read_token(kind: str, text: str) -> list[Token]:
    match kind:
        case "quoted" | "escaped":
            return [Token("literal", text)]
        case "space":
            return [Token("literal", " ")]
        case "fill":
            return []
        case "other":
            return [Token(text if text in ".,%@/:" else "literal", text)]
        case "part":
            return [Token("part", text)]
        case _:
            return [Token(kind, text.lower())]


def _make_section(
    tokens: list[Token], locale: SheetLocale, condition: tuple[str, float] | None
) -> Section:
    system = next((token.text for token in tokens if token.kind == "system"), None)
    if system is not None:
        # whatever else the code says, the system's format is shown
        section = read_section(system, locale)
        return Section(section.kind, section.tokens, locale, condition)
    kinds = {token.kind for token in tokens}
    if kinds & {"date", "elapsed", "noon"}:
        step = _find_step(tokens)
        tokens = list(_mark_minutes(tokens))
        return Section("date", tuple(tokens), locale, condition, step=step)
    tokens = [one for token in tokens for one in _split_part(token)]
    kind = _find_kind(tokens)
    layout = read_layout(tuple(tokens)) if kind == "number" else None
    return Section(kind, tuple(tokens), locale, condition, layout)


def _find_kind(tokens: list[Token]) -> str:
    kinds = {token.kind for token in tokens}
    if "general" in kinds:
        return "general"
    if "@" in kinds:
        return "text"
    if "digit" not in kinds:
        return "words"
    if "exponent" in kinds:
        return "scientific"
    return "fraction" if _has_fraction(tokens) else "number"


def _split_part(token: Token) -> Iterator[Token]:
    """ ".00" are digits in a number; in a time they are parts of a second."""
    if token.kind != "part":
        yield token
        return
    yield Token(".", ".")
    for digit in token.text[1:]:
        yield Token("digit", digit)


def _mark_minutes(tokens: list[Token]) -> Iterator[Token]:
    """ "m" are minutes behind hours and before seconds, months otherwise."""
    units = [
        (index, token.text[0])
        for index, token in enumerate(tokens)
        if token.kind in ("date", "elapsed")
    ]
    minutes = set()
    for place, (index, unit) in enumerate(units):
        before = units[place - 1][1] if place else ""
        after = units[place + 1][1] if place + 1 < len(units) else ""
        if unit == "m" and len(tokens[index].text) < 3:
            if before == "h" or after == "s":
                minutes.add(index)
    for index, token in enumerate(tokens):
        if index in minutes and token.kind == "date":
            yield Token("minutes", token.text)
        else:
            yield token


def pop_text_section(sections: list[Section]) -> Section | None:
    """Take the section for texts out, unless it is the one for all."""
    if len(sections) > 3:
        last = sections[3]
        del sections[3:]
        return last
    if sections and sections[-1].kind == "text":
        return sections.pop() if len(sections) > 1 else sections[0]
    return None


def read_layout(tokens: tuple[Token, ...]) -> Layout:
    kinds = [token.kind for token in tokens]
    digits = [index for index, kind in enumerate(kinds) if kind == "digit"]
    point = kinds.index(".") if "." in kinds else digits[-1] + 1
    has_point = "." in kinds
    whole = [index for index in digits if index < point]
    commas = [index for index, kind in enumerate(kinds) if kind == ","]
    grouping = [i for i in commas if whole and whole[0] < i < whole[-1]]
    scaling = [
        i
        for i in commas
        if i > digits[-1] or (whole and whole[-1] < i < point and has_point)
    ]
    return Layout(
        tuple(t for t in tokens[:point] if t.kind != ","),
        tuple(t for t in tokens[point + has_point :] if t.kind != ","),
        has_point,
        bool(grouping),
        len(scaling),
        sum(kind == "digit" for kind in kinds[point:]),
    )


def _has_fraction(tokens: list[Token]) -> bool:
    """Say whether there is a "/" between digits."""
    kinds = [token.kind for token in tokens]
    if "/" not in kinds or "." in kinds:
        return False
    place = kinds.index("/")
    behind = "".join(token.text for token in tokens[place + 1 :]).lstrip()
    return "digit" in kinds[:place] and behind[:1] in (*"0123456789#?",)


def _find_step(tokens: list[Token]) -> int:
    """Return the milliseconds of the smallest part of a second that is shown.

    Seconds are rounded: fractions of days miss them. Minutes and hours are cut off.
    """
    parts = [len(token.text) - 1 for token in tokens if token.kind == "part"]
    return int(10 ** (3 - min(3, parts[0]))) if parts else 1000
