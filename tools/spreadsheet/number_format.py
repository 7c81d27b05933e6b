"""Numbers, dates and times as a spreadsheet shows them: the codes of its formats.

A code such as ``#,##0.00" ₽";[Red]-#,##0.00`` has up to four sections, which are chosen
by the value. What a code leaves to the user (separators, names of months, the formats
below 50 that have a number only) is the locale's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from .locale_words import BUILTIN, SheetLocale, find_locale

#: whole numbers below are exact: they are shown in full whatever the format says
EXACT = 10**15
#: 31.12.9999; beyond, and before 1900, there are no dates
MAX_SERIAL = 2_958_465
NO_DATE = "#######"
MAX_TOKENS = 40
#: characters of a number without a format
GENERAL_WIDTH = 11

_DAY = 86_400_000
_CONTEXT = Context(prec=400)
_WRITTEN = re.compile("-?[1-9][0-9]{0,14}|0")

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
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """The tokens before and behind the decimal point, and what commas mean."""

    before: tuple[_Token, ...]
    behind: tuple[_Token, ...]
    has_point: bool
    is_grouped: bool
    thousands: int
    decimals: int


@dataclass(frozen=True, slots=True)
class _Section:
    """One section: what is to be written, and when it is chosen.

    ``step`` are the milliseconds of the smallest part of a second that it shows.
    """

    kind: str
    tokens: tuple[_Token, ...]
    locale: SheetLocale
    condition: tuple[str, float] | None = None
    layout: _Layout | None = None
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
        sections = [_read_section(one, locale) for one in _split(code or "General")]
        if any(len(section.tokens) > MAX_TOKENS for section in sections):
            raise ValueError("a format that nobody made by hand")
        self._texts = _pop_text_section(sections)
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
                return _show_moment(value, section, is_1904=self._is_1904)
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

    def _choose(self, value: float) -> tuple[_Section, float]:
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


# === CODES ===
def _split(code: str) -> list[str]:
    """Return the sections of a code."""
    sections = [""]
    for found in _TOKEN.finditer(code):
        if found["other"] == ";":
            sections.append("")
        else:
            sections[-1] += found[0]
    return sections


def _read_section(code: str, locale: SheetLocale) -> _Section:
    tokens: list[_Token] = []
    condition = None
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "bracket":
            if limits := _CONDITION.fullmatch(text.strip()):
                condition = (limits[1], float(limits[2]))
            elif _ELAPSED.fullmatch(text):
                tokens.append(_Token("elapsed", text.lower()))
            elif currency := _CURRENCY.fullmatch(text):
                locale = locale.switch(currency[2] or "")
                tokens += _read_special(currency, locale)
        else:
            tokens += _read_token(kind, text)
    return _make_section(_join_words(tokens), locale, condition)


def _join_words(tokens: list[_Token]) -> list[_Token]:
    """Make one word of words that follow each other."""
    joined: list[_Token] = []
    for token in tokens:
        if token.kind == "literal" and joined and joined[-1].kind == "literal":
            joined[-1] = _Token("literal", joined[-1].text + token.text)
        else:
            joined.append(token)
    return joined


def _read_special(currency: re.Match[str], locale: SheetLocale) -> list[_Token]:
    """``[$₽-419]`` is a currency; F800 is the system's long date, F400 its time."""
    if currency[1]:
        return [_Token("literal", currency[1])]
    codes = {
        "f800": locale.long_date,
        "x-sysdate": locale.long_date,
        "f400": locale.long_time,
        "x-systime": locale.long_time,
    }
    code = codes.get((currency[2] or "").lower())
    return [_Token("system", code)] if code else []


def _read_token(kind: str, text: str) -> list[_Token]:
    match kind:
        case "quoted" | "escaped":
            return [_Token("literal", text)]
        case "space":
            return [_Token("literal", " ")]
        case "fill":
            return []
        case "other":
            return [_Token(text if text in ".,%@/:" else "literal", text)]
        case "part":
            return [_Token("part", text)]
        case _:
            return [_Token(kind, text.lower())]


def _make_section(
    tokens: list[_Token], locale: SheetLocale, condition: tuple[str, float] | None
) -> _Section:
    system = next((token.text for token in tokens if token.kind == "system"), None)
    if system is not None:
        # whatever else the code says, the system's format is shown
        section = _read_section(system, locale)
        return _Section(section.kind, section.tokens, locale, condition)
    kinds = {token.kind for token in tokens}
    if kinds & {"date", "elapsed", "noon"}:
        step = _find_step(tokens)
        tokens = list(_mark_minutes(tokens))
        return _Section("date", tuple(tokens), locale, condition, step=step)
    tokens = [one for token in tokens for one in _split_part(token)]
    kind = _find_kind(tokens)
    layout = _read_layout(tuple(tokens)) if kind == "number" else None
    return _Section(kind, tuple(tokens), locale, condition, layout)


def _find_kind(tokens: list[_Token]) -> str:
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


def _split_part(token: _Token) -> Iterator[_Token]:
    """ ".00" are digits in a number; in a time they are parts of a second."""
    if token.kind != "part":
        yield token
        return
    yield _Token(".", ".")
    for digit in token.text[1:]:
        yield _Token("digit", digit)


def _mark_minutes(tokens: list[_Token]) -> Iterator[_Token]:
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
            yield _Token("minutes", token.text)
        else:
            yield token


def _pop_text_section(sections: list[_Section]) -> _Section | None:
    """Take the section for texts out, unless it is the one for all."""
    if len(sections) > 3:
        last = sections[3]
        del sections[3:]
        return last
    if sections and sections[-1].kind == "text":
        return sections.pop() if len(sections) > 1 else sections[0]
    return None


# === NUMBERS ===
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


def _show_around(section: _Section, text: str) -> str:
    """Write what stands around a text or a number without format."""
    return "".join(
        text if token.kind in ("@", "general") else token.text
        for token in section.tokens
        if token.kind not in ("digit",)
    )


def _show_number(value: float, section: _Section, layout: _Layout) -> str:
    exact = _read_exact(value, section).scaleb(-3 * layout.thousands)
    whole, part = _write_digits(abs(exact), layout.decimals)
    text = _fill(layout, whole, part, section.locale)
    return f"-{text}" if exact < 0 else text


def _read_exact(value: float, section: _Section) -> Decimal:
    """Return the digits that a spreadsheet knows of a number, as percent if it is."""
    percents = sum(token.kind == "%" for token in section.tokens)
    return Decimal(f"{value:.15g}").scaleb(2 * percents)


def _show_words(value: float, section: _Section) -> str:
    words = "".join(token.text for token in section.tokens)
    return f"-{words}" if value < 0 and words.strip() else words


def _read_layout(tokens: tuple[_Token, ...]) -> _Layout:
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
    return _Layout(
        tuple(t for t in tokens[:point] if t.kind != ","),
        tuple(t for t in tokens[point + has_point :] if t.kind != ","),
        has_point,
        bool(grouping),
        len(scaling),
        sum(kind == "digit" for kind in kinds[point:]),
    )


def _write_digits(value: Decimal, decimals: int) -> tuple[str, str]:
    """Return the digits before and behind the point; none for zero before it."""
    shown = f"{_round(value, decimals):f}"
    whole, _point, part = shown.partition(".")
    return whole.lstrip("0"), part.ljust(decimals, "0")


def _fill(layout: _Layout, whole: str, part: str, locale: SheetLocale) -> str:
    text = _fill_whole(layout, whole, locale)
    if not layout.has_point:
        return text + "".join(t.text for t in layout.behind)
    return text + locale.decimal + _fill_part(layout.behind, part)


def _fill_whole(layout: _Layout, digits: str, locale: SheetLocale) -> str:
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


def _find_zeros(tokens: tuple[_Token, ...]) -> list[bool]:
    """Return for each token whether a "0" stands there or to the left of it."""
    found: list[bool] = []
    for token in tokens:
        is_zero = token.kind == "digit" and token.text == "0"
        found.append(is_zero or bool(found and found[-1]))
    return found


def _fill_part(tokens: tuple[_Token, ...], part: str) -> str:
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


def _show_scientific(number: float, section: _Section) -> str:
    """Write 1.5E+16, with the places before the point as steps of the power.

    Whole numbers are written in full as long as they are exact: they are telephones.
    """
    value = _read_exact(number, section)
    if value == value.to_integral_value() and abs(value) < EXACT:
        return show_general(float(value), section.locale)
    tokens = section.tokens
    split = [token.kind for token in tokens].index("exponent")
    layout = _read_layout(tokens[:split] or (_Token("digit", "0"),))
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


# === FRACTIONS ===
def _has_fraction(tokens: list[_Token]) -> bool:
    """Say whether there is a "/" between digits."""
    kinds = [token.kind for token in tokens]
    if "/" not in kinds or "." in kinds:
        return False
    place = kinds.index("/")
    behind = "".join(token.text for token in tokens[place + 1 :]).lstrip()
    return "digit" in kinds[:place] and behind[:1] in (*"0123456789#?",)


def _show_fraction(value: float, section: _Section) -> str:
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


# === DATES AND TIMES ===
@dataclass(frozen=True, slots=True)
class _Moment:
    """A date and a time of day as numbers; ``total`` is in milliseconds."""

    year: int
    month: int
    day: int
    weekday: int
    total: int

    @property
    def of_day(self) -> int:
        return self.total % _DAY


def read_iso_moment(text: str, *, is_1904: bool = False) -> float | None:
    """Return the serial number of an ISO date or time, None if it is none.

    What it says of a zone is left out: times are wall clock.
    """
    text = re.sub(r"(Z|[+-]\d\d:?\d\d)$", "", text.strip()) if "T" in text else text
    try:
        moment = datetime.fromisoformat(text.strip()[:26])
    except ValueError:
        return None
    start = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)
    return (moment - start) / timedelta(days=1)


def _show_moment(value: float, section: _Section, *, is_1904: bool) -> str:
    kinds = {token.kind for token in section.tokens}
    is_time = not any(t.kind == "date" and t.text[0] in "ymd" for t in section.tokens)
    sign = ""
    if value < 0 and is_time:
        sign, value = "-", -value
    if not 0 <= value < MAX_SERIAL + 1:
        return NO_DATE
    step = section.step
    total = (round(value * _DAY) + step // 2) // step * step
    moment = _make_moment(total, is_1904=is_1904)
    if moment is None:
        return NO_DATE
    is_noon = "noon" in kinds
    has_day = any(t.kind == "date" and t.text in ("d", "dd") for t in section.tokens)
    return sign + "".join(
        _write_unit(token, moment, section.locale, is_noon=is_noon, has_day=has_day)
        for token in section.tokens
    )


def _find_step(tokens: list[_Token]) -> int:
    """Return the milliseconds of the smallest part of a second that is shown.

    Seconds are rounded: fractions of days miss them. Minutes and hours are cut off.
    """
    parts = [len(token.text) - 1 for token in tokens if token.kind == "part"]
    return int(10 ** (3 - min(3, parts[0]))) if parts else 1000


def _make_moment(total: int, *, is_1904: bool) -> _Moment | None:
    days = total // _DAY
    weekday = (days - 1) % 7
    if is_1904:
        if days > MAX_SERIAL - 1462:
            return None
        day = date(1904, 1, 1) + timedelta(days)
        return _Moment(day.year, day.month, day.day, day.isoweekday() % 7, total)
    if days > MAX_SERIAL:
        return None
    if days == 0:
        return _Moment(1900, 1, 0, weekday, total)
    if days == 60:
        # a day that never was: Excel took it over with its first customers
        return _Moment(1900, 2, 29, weekday, total)
    day = date(1899, 12, 31 if days < 60 else 30) + timedelta(days)
    return _Moment(day.year, day.month, day.day, weekday, total)


def _write_unit(
    token: _Token, moment: _Moment, locale: SheetLocale, *, is_noon: bool, has_day: bool
) -> str:
    match token.kind:
        case "date":
            return _write_date(token.text, moment, locale, is_noon, has_day)
        case "minutes":
            return str(moment.of_day // 60_000 % 60).zfill(len(token.text))
        case "elapsed":
            unit = {"h": 3_600_000, "m": 60_000, "s": 1000}[token.text[0]]
            return str(moment.total // unit).zfill(len(token.text))
        case "noon":
            is_morning = moment.of_day < _DAY // 2
            return token.text.upper().split("/")[not is_morning]
        case "part":
            places = len(token.text) - 1
            digits = str(moment.of_day % 1000).zfill(3).ljust(places, "0")[:places]
            return locale.decimal + digits
        case "/":
            return locale.date_separator
        case "@":
            return ""
        case _:
            return token.text


def _write_date(
    code: str, moment: _Moment, locale: SheetLocale, is_noon: bool, has_day: bool
) -> str:
    count = len(code)
    match code[0]:
        case "y":
            return f"{moment.year:04}" if count > 2 else f"{moment.year % 100:02}"
        case "m":
            return _write_month(count, moment.month, locale, has_day)
        case "d" if count > 2:
            names = locale.days if count > 3 else locale.short_days
            return names[moment.weekday]
        case "d":
            return str(moment.day).zfill(count)
        case "h":
            hour = moment.of_day // 3_600_000
            return str((hour - 1) % 12 + 1 if is_noon else hour).zfill(min(count, 2))
        case _:
            return str(moment.of_day // 1000 % 60).zfill(min(count, 2))


def _write_month(count: int, month: int, locale: SheetLocale, has_day: bool) -> str:
    index = month - 1
    if count < 3:
        return str(month).zfill(count)
    if count == 3:
        return locale.short_months[index]
    name = (locale.months_of_days if has_day else locale.months)[index]
    return name[0].upper() if count == 5 else name
