"""What a spreadsheet shows in the words and signs of its user's locale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from locale import windows_locale

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_symbol, get_territory_currencies

#: The formats that a file may name by number, as Excel has them for American English.
BUILTIN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);\\("$"#,##0\\)',
    6: '"$"#,##0_);[Red]\\("$"#,##0\\)',
    7: '"$"#,##0.00_);\\("$"#,##0.00\\)',
    8: '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "mm-dd-yy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    37: "#,##0_);\\(#,##0\\)",
    38: "#,##0_);[Red]\\(#,##0\\)",
    39: "#,##0.00_);\\(#,##0.00\\)",
    40: "#,##0.00_);[Red]\\(#,##0.00\\)",
    41: '_(* #,##0_);_(* \\(#,##0\\);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
#: of those, whether amounts have decimals, and whether they have a currency
_AMOUNTS = {
    **dict.fromkeys((5, 6, 42), (False, True)),
    **dict.fromkeys((7, 8, 44), (True, True)),
    **dict.fromkeys((37, 38, 41), (False, False)),
    **dict.fromkeys((39, 40, 43), (True, False)),
}
#: zero is a dash there
_ACCOUNTING = (41, 42, 43, 44)

_BOOLEANS = {
    "ru": ("ИСТИНА", "ЛОЖЬ"),
    "uk": ("ІСТИНА", "ХИБНІСТЬ"),
    "de": ("WAHR", "FALSCH"),
    "fr": ("VRAI", "FAUX"),
    "es": ("VERDADERO", "FALSO"),
    "it": ("VERO", "FALSO"),
    "pt": ("VERDADEIRO", "FALSO"),
    "pl": ("PRAWDA", "FAŁSZ"),
    "nl": ("WAAR", "ONWAAR"),
}
_ERRORS = {
    "ru": {
        "#N/A": "#Н/Д",
        "#VALUE!": "#ЗНАЧ!",
        "#DIV/0!": "#ДЕЛ/0!",
        "#REF!": "#ССЫЛКА!",
        "#NAME?": "#ИМЯ?",
        "#NUM!": "#ЧИСЛО!",
        "#NULL!": "#ПУСТО!",
    },
    "de": {
        "#N/A": "#NV",
        "#VALUE!": "#WERT!",
        "#REF!": "#BEZUG!",
        "#NUM!": "#ZAHL!",
    },
}
#: Cyrillic as Windows writes it: short names of months are the first three letters, and
#: the long date has no day of the week
_CUT_MONTHS = ("ru", "uk", "be")
_MONTHS = range(1, 13)
_SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True)
class SheetLocale:
    """Signs and names. Days begin with Sunday; ``months_of_days`` stand behind a day:
    "марта", not "март"."""

    code: str
    decimal: str
    group: str
    date_separator: str
    booleans: tuple[str, str]
    errors: dict[str, str]
    months: tuple[str, ...]
    months_of_days: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    short_date: str
    long_date: str
    long_time: str
    currency: str
    is_currency_first: bool

    def get_builtin(self, number: int) -> str:
        """Return the code of a built-in format in this locale."""
        if number == 14 or 27 <= number <= 36 or 50 <= number <= 58:
            return self.short_date
        if number == 22:
            return f"{self.short_date} h:mm"
        if number in (15, 16, 17) and self.date_separator == ".":
            return BUILTIN[number].replace("d", "dd").replace("-", ".")
        if self.code != "en_US" and number in _AMOUNTS:
            return self._get_amount(number)
        return BUILTIN.get(number, "General")

    def _get_amount(self, number: int) -> str:
        has_decimals, has_currency = _AMOUNTS[number]
        amount = "#,##0.00" if has_decimals else "#,##0"
        zero = '"-"' if number in _ACCOUNTING else amount
        before = behind = ""
        if has_currency and self.is_currency_first:
            before = f'"{self.currency}"'
        elif has_currency:
            behind = f'" {self.currency}"'
        return ";".join(
            f"{sign}{before}{written}{behind}"
            for sign, written in (("", amount), ("-", amount), ("", zero))
        )

    def switch(self, tag: str) -> SheetLocale:
        """Return the locale that ``[$-419]`` or ``[$-ru-RU]`` names, or this one.

        Names of days and months are another's then, signs of numbers stay.
        """
        code = _find_code(tag)
        if not code:
            return self
        other = find_locale(code)
        return replace(
            self,
            code=other.code,
            date_separator=other.date_separator,
            months=other.months,
            months_of_days=other.months_of_days,
            short_months=other.short_months,
            days=other.days,
            short_days=other.short_days,
        )


def _find_code(tag: str) -> str:
    """Return the code of a locale, or nothing; "FC19" is Russian with a flag."""
    tag = tag.partition(",")[0]
    if re.fullmatch("[a-z]{2}(-[A-Z]{2})?", tag):
        return tag.replace("-", "_")
    if not re.fullmatch("[0-9A-Fa-f]{1,8}", tag):
        return ""
    number = int(tag, 16)
    language = number & 0x3FF
    return windows_locale.get(number & 0xFFFF) or windows_locale.get(
        0x400 | language if language else 0, ""
    )


@lru_cache(maxsize=64)
def find_locale(code: str) -> SheetLocale:
    """Return a locale by its code; one that nobody knows is American English."""
    locale = _parse(code)
    language = locale.language
    wide = _get_names(locale.months["stand-alone"]["wide"], _MONTHS)
    short = _get_names(locale.months["stand-alone"]["abbreviated"], _MONTHS)
    short_days = _get_names(locale.days["stand-alone"]["abbreviated"], _SUNDAY_FIRST)
    if language in _CUT_MONTHS:
        short = tuple(name[:3].lower() for name in wide)
    if language == "ru":
        # Windows writes them so
        wide = tuple(map(str.capitalize, wide))
        short_days = tuple(map(str.capitalize, short_days))
    short_date = _find_short_date(locale)
    is_half_day = "a" in locale.time_formats["short"].pattern
    currency = _find_currency(locale)
    pattern = locale.currency_formats["standard"].pattern
    return SheetLocale(
        code=str(locale),
        decimal=locale.number_symbols["latn"]["decimal"],
        # narrow ones are newer than most programs
        group=locale.number_symbols["latn"]["group"].replace("\u202f", "\xa0"),
        date_separator=next((c for c in short_date if c not in "dmy"), "/"),
        booleans=_BOOLEANS.get(language, ("TRUE", "FALSE")),
        errors=_ERRORS.get(language, {}),
        months=wide,
        months_of_days=_get_names(locale.months["format"]["wide"], _MONTHS),
        short_months=short,
        days=_get_names(locale.days["format"]["wide"], _SUNDAY_FIRST),
        short_days=short_days,
        short_date=short_date,
        long_date=_find_long_date(locale),
        long_time="h:mm:ss AM/PM" if is_half_day else "h:mm:ss",
        currency=currency,
        is_currency_first=pattern.startswith("¤"),
    )


def _get_names(names: Mapping[int, str], keys: Iterable[int]) -> tuple[str, ...]:
    return tuple(names[key].rstrip(".") for key in keys)


def _parse(code: str) -> Locale:
    try:
        return Locale.parse(code.partition("@")[0])
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale.parse("en_US")


def _find_currency(locale: Locale) -> str:
    codes = get_territory_currencies(locale.territory) if locale.territory else []
    return get_currency_symbol(codes[0], locale) if codes else "¤"


def _find_short_date(locale: Locale) -> str:
    """Return the short date; other than babel's, its years have four digits."""
    pattern: str = locale.date_formats["short"].pattern.lower()
    return pattern.replace("yyyy", "y").replace("yy", "y").replace("y", "yyyy")


def _find_long_date(locale: Locale) -> str:
    width = "long" if locale.language in _CUT_MONTHS else "full"
    pattern: str = locale.date_formats[width].pattern
    quoted = (
        pattern.replace("\u202f", " ")
        .replace("'", '"')
        .replace("EEEE", "dddd")
        .replace("LLLL", "mmmm")
    )
    return quoted.lower().replace("yyyy", "y").replace("y", "yyyy")
