"""Countries: what people call them, as ISO codes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from babel import Locale
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

#: languages in which tables name countries, whatever is installed
_USUAL_LANGUAGES = ("ru", "en")
#: names that are in use beside those of Unicode, as `plain` writes them
_FURTHER_NAMES = {
    "рф": "RU",
    "российская федерация": "RU",
    "russian federation": "RU",
    "белоруссия": "BY",
    "республика беларусь": "BY",
    "республика казахстан": "KZ",
    "республика узбекистан": "UZ",
    "республика армения": "AM",
    "республика молдова": "MD",
    "молдавия": "MD",
    "кыргызстан": "KG",
    "кыргызская республика": "KG",
    "сша": "US",
    "соединенные штаты америки": "US",
    "united states of america": "US",
    "англия": "GB",
    "england": "GB",
    "объединенные арабские эмираты": "AE",
    "южная корея": "KR",
    "чешская республика": "CZ",
    "czech republic": "CZ",
    "turkey": "TR",
}

_WORDS = re.compile(r"[^\W\d_]+|\d+")


def find_countries(languages: Iterable[str]) -> dict[str, str]:
    """Return what people call countries, as `plain` writes it → ISO 3166 code of two
    letters: names in some languages, and codes of two and three letters.

    :param languages: besides Russian and English, such as ``de``
    """
    countries = dict(_FURTHER_NAMES)
    for language in (*_USUAL_LANGUAGES, *languages):
        for word, code in _name_countries(language).items():
            countries.setdefault(word, code)
    for word, codes in get_global("territory_aliases").items():
        if word.isalpha() and len(codes) == 1 and codes[0] in SUPPORTED_REGIONS:
            countries.setdefault(word.casefold(), codes[0])
    return countries


@cache
def _name_countries(language: str) -> dict[str, str]:
    names = Locale(language).territories
    countries = {plain(names[code]): code for code in SUPPORTED_REGIONS & names.keys()}
    return countries | {code.casefold(): code for code in SUPPORTED_REGIONS}


def plain(name: str) -> str:
    """Write a name so that case, ё, dots and spaces of all kinds do not matter."""
    return " ".join(_WORDS.findall(name.casefold().replace("ё", "е")))
