"""Dates and times as a spreadsheet shows them, from their serial numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .format_code import Section, Token
from .locale_words import SheetLocale

#: 31.12.9999; beyond, and before 1900, there are no dates
MAX_SERIAL = 2_958_465
NO_DATE = "#######"

_DAY = 86_400_000


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


def show_moment(value: float, section: Section, *, is_1904: bool) -> str:
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
    token: Token, moment: _Moment, locale: SheetLocale, *, is_noon: bool, has_day: bool
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
