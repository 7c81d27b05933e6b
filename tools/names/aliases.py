"""Placeholders of persons' names in the languages of authors.

Texts that people write may use them beside the English names. Requests of the API bring
names of their own and have no aliases.
"""

from __future__ import annotations

from types import MappingProxyType

#: language → alias → name
_WORDS = {
    "ru": {
        "имя": "first_name",
        "фамилия": "last_name",
        "отчество": "patronymic",
        "фио": "fio",
    },
}

#: Alias → name, however the alias begins: authors write it as in a sentence.
ALIASES = MappingProxyType(
    {
        spelling: name
        for words in _WORDS.values()
        for word, name in words.items()
        for spelling in (word, word.capitalize(), word.upper())
    }
)


def find_alias(name: str, lang: str | None) -> str:
    """Return the alias of a name in a language, or the name where there is none.

    :param lang: code of Odoo, such as ``ru_RU``
    """
    words = _WORDS.get((lang or "").partition("_")[0], {})
    return next((word for word, meant in words.items() if meant == name), name)
