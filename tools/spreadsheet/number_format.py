"""Numbers as a spreadsheet shows them by the codes of its formats.

The sections of a code are chosen by the value. What a code leaves to the user
(separators, names of months, the formats below 50 that have a number only) is the
locale's.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from .date_format import NO_DATE, show_moment
from .format_code import (
    Layout,
    Section,
    Token,
    pop_text_section,
    read_layout,
    read_section,
    split_sections,
)
from .locale_words import BUILTIN, SheetLocale, find_locale

#: whole numbers below are exact: they are shown in full whatever the format says
EXACT = 10**15
MAX_TOKENS = 40
#: characters of a number without a format
GENERAL_WIDTH = 11

_CONTEXT = Context(prec=400)
_WRITTEN = re.compile("-?[1-9][0-9]{0,14}|0")


class NumberFormats:
    """The formats of one file, and what it says in words."""

    def __init__(self, locale: str, *, is_1904: bool = False) -> None:
        self.locale = find_locale(locale)
        self.is_1904 = is_1904
        self._known: dict[tuple[int, str | None], NumberFormat] = {}

    def get(self, number: int, code: str | None = None) -> NumberFormat:
        """Return a format by its code, or a built-in one by its number."""
        if code is None or code == BUILTIN.get(number):
            code = self.locale.get_builtin(number)
        key = (number, code)
        if key not in self._known:
            self._known[key] = NumberFormat(code, self.locale, is_1904=self.is_1904)
        return self._known[key]

    def show_boolean(self, value: bool) -> str:
        return self.locale.booleans[not value]

    def show_error(self, error: str) -> str:
        return self.locale.errors.get(error, error)


class NumberFormat:
    """Shows values as one format does."""

    def __init__(self, code: str, locale: SheetLocale, *, is_1904: bool) -> None:
        self._locale = locale
        self._is_1904 = is_1904
        sections = [
            read_section(one, locale) for one in split_sections(code or "General")
        ]
        if any(len(section.tokens) > MAX_TOKENS for section in sections):
            raise ValueError("a format that nobody made by hand")
        self._texts = pop_text_section(sections)
        self._sections = sections
        self._is_general = not sections or (
            len(sections) == 1 and [t.kind for t in sections[0].tokens] == ["general"]
        )

    def show(self, value: float) -> str:
        """Return a number as it is shown."""
        if not math.isfinite(value):
            return NO_DATE
        if self._is_general:
            return show_general(value, self._locale)
        section, value = self._choose(value)
        match section.kind:
            case "date":
                return show_moment(value, section, is_1904=self._is_1904)
            case "text" | "general":
                return _show_around(section, show_general(value, section.locale))
            case "fraction":
                return _show_fraction(value, section)
            case "scientific":
                return _show_scientific(value, section)
            case _ if section.layout:
                return _show_number(value, section, section.layout)
            case _:
                return _show_words(value, section)

    def show_written(self, written: str) -> str:
        """Return a number that a file has in digits.

        :raise ValueError: it is no number
        """
        if self._is_general and _WRITTEN.fullmatch(written):
            return written
        return self.show(float(written))

    def show_text(self, text: str) -> str:
        """Return a text as it is shown."""
        return _show_around(self._texts, text) if self._texts and text else text

    def _choose(self, value: float) -> tuple[Section, float]:
        """Return the section for a value, and the value without a sign if it has one
        itself."""
        sections = self._sections
        if any(section.condition for section in sections):
            chosen = next((one for one in sections if one.holds(value)), sections[-1])
            return chosen, abs(value) if chosen.is_for_negative else value
        if value < 0 and len(sections) > 1:
            return sections[1], -value
        if value == 0 and len(sections) > 2:
            return sections[2], value
        return sections[0], value


def show_general(value: float, locale: SheetLocale) -> str:
    """Return a number that has no format: whole ones in full, others without noise."""
    exact = Decimal(f"{value:.15g}")
    if exact == exact.to_integral_value() and abs(exact) < 10**21:
        return f"{exact + 0:f}".partition(".")[0] if exact else "0"
    size = max(1, exact.adjusted() + 1)
    decimals = max(0, GENERAL_WIDTH - 1 - size)
    shown = _round(exact, decimals)
    if abs(exact) >= 10**21 or exact.adjusted() < -4 and shown != exact:
        mantissa, _e, power = f"{value:.5E}".partition("E")
        text = f"{mantissa.rstrip('0').rstrip('.')}E{power}"
    else:
        text = f"{shown:f}".rstrip("0").rstrip(".") if decimals else f"{shown:f}"
    return text.replace(".", locale.decimal)


def _round(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _CONTEXT)


def _show_around(section: Section, text: str) -> str:
    """Write what stands around a text or a number without format."""
    return "".join(
        text if token.kind in ("@", "general") else token.text
        for token in section.tokens
        if token.kind not in ("digit",)
    )


def _show_number(value: float, section: Section, layout: Layout) -> str:
    exact = _read_exact(value, section).scaleb(-3 * layout.thousands)
    whole, part = _write_digits(abs(exact), layout.decimals)
    text = _fill(layout, whole, part, section.locale)
    return f"-{text}" if exact < 0 else text


def _read_exact(value: float, section: Section) -> Decimal:
    """Return the digits that a spreadsheet knows of a number, as percent if it is."""
    percents = sum(token.kind == "%" for token in section.tokens)
    return Decimal(f"{value:.15g}").scaleb(2 * percents)


def _show_words(value: float, section: Section) -> str:
    words = "".join(token.text for token in section.tokens)
    return f"-{words}" if value < 0 and words.strip() else words


def _write_digits(value: Decimal, decimals: int) -> tuple[str, str]:
    """Return the digits before and behind the point; none for zero before it."""
    shown = f"{_round(value, decimals):f}"
    whole, _point, part = shown.partition(".")
    return whole.lstrip("0"), part.ljust(decimals, "0")


def _fill(layout: Layout, whole: str, part: str, locale: SheetLocale) -> str:
    text = _fill_whole(layout, whole, locale)
    if not layout.has_point:
        return text + "".join(t.text for t in layout.behind)
    return text + locale.decimal + _fill_part(layout.behind, part)


def _fill_whole(layout: Layout, digits: str, locale: SheetLocale) -> str:
    """Put the digits into their places from the right; the first takes what is left."""
    places = [i for i, token in enumerate(layout.before) if token.kind == "digit"]
    written: list[str] = []
    count = 0
    left = digits

    def write(digit: str) -> None:
        nonlocal count
        if layout.is_grouped and count and count % 3 == 0:
            written.append(locale.group)
        written.append(digit)
        count += 1

    is_zero_before = _find_zeros(layout.before)
    for index in range(len(layout.before) - 1, -1, -1):
        token = layout.before[index]
        if token.kind != "digit":
            written.append(token.text[::-1])
            continue
        if left:
            write(left[-1])
            left = left[:-1]
        elif is_zero_before[index]:
            write("0")
        elif token.text == "?":
            written.append(" ")
        if index == places[0]:
            while left:
                write(left[-1])
                left = left[:-1]
    if not places and left:
        # ".00" shows the digits before the point all the same
        written.append(left[::-1])
    return "".join(written)[::-1]


def _find_zeros(tokens: tuple[Token, ...]) -> list[bool]:
    """Return for each token whether a "0" stands there or to the left of it."""
    found: list[bool] = []
    for token in tokens:
        is_zero = token.kind == "digit" and token.text == "0"
        found.append(is_zero or bool(found and found[-1]))
    return found


def _fill_part(tokens: tuple[Token, ...], part: str) -> str:
    written: list[str] = []
    place = 0
    for token in tokens:
        if token.kind != "digit":
            written.append(token.text)
            continue
        rest = part[place:].rstrip("0")
        if rest or token.text == "0":
            written.append(part[place])
        elif token.text == "?":
            written.append(" ")
        place += 1
    return "".join(written)


def _show_scientific(number: float, section: Section) -> str:
    """Write 1.5E+16, with the places before the point as steps of the power.

    Whole numbers are written in full as long as they are exact: they are telephones.
    """
    value = _read_exact(number, section)
    if value == value.to_integral_value() and abs(value) < EXACT:
        return show_general(float(value), section.locale)
    tokens = section.tokens
    split = [token.kind for token in tokens].index("exponent")
    layout = read_layout(tokens[:split] or (Token("digit", "0"),))
    step = max(1, sum(token.kind == "digit" for token in layout.before))
    power = value.adjusted() if value else 0
    power -= power % step
    mantissa = _round(abs(value).scaleb(-power), layout.decimals)
    if mantissa >= 10**step:
        power += step
        mantissa = mantissa.scaleb(-step)
    whole, part = _write_digits(mantissa, layout.decimals)
    sign = "-" if power < 0 else "+" if tokens[split].text == "e+" else ""
    places = sum(token.kind == "digit" for token in tokens[split + 1 :])
    rest = "".join(t.text for t in tokens[split + 1 :] if t.kind != "digit")
    text = _fill(layout, whole, part, section.locale)
    minus = "-" if value < 0 else ""
    return f"{minus}{text}E{sign}{str(abs(power)).zfill(places)}{rest}"


def _show_fraction(value: float, section: Section) -> str:
    """Write 2 1/4; a denominator may be given in the code."""
    tokens = section.tokens
    code = "".join(token.text for token in tokens)
    left, _slash, right = code.partition("/")
    fixed = re.match("[1-9][0-9]*", right.strip())
    places = max(1, min(3, sum(character in "0#?" for character in right)))
    number = Fraction(abs(value))
    if fixed:
        bottom = int(fixed[0][:4])
        top = round(number * bottom)
    else:
        number = number.limit_denominator(10**places - 1)
        top, bottom = number.numerator, number.denominator
    whole = ""
    if len(left.split()) > 1:
        units, top = divmod(top, bottom)
        whole = f"{units} " if units or not top else ""
    fraction = f"{top}/{bottom}" if top or not whole else ""
    return ("-" if value < 0 else "") + f"{whole}{fraction}".strip()
