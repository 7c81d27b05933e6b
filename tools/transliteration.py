"""Texts of Cyrillic alphabets in plain Latin letters.

The letters follow the BGN/PCGN romanization of Russian of 1947 without what a phone
cannot show and a reader does not miss: ё is ``yo``, е is ``e`` at the beginning of a
word too, the signs ь and ъ are silent unless a vowel follows them (``Yuryev``,
``podyezd``). Letters that Russian lacks follow the BGN/PCGN romanization of their
language, those of the Balkans the passports' of ICAO Doc 9303-3, without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .letters import compose_letters
from .spaces import PLAIN_SPACES
from .template import PLACEHOLDER

_LETTERS = {
    "а": "a",
    "б": "b",
    "в": "v",
    "г": "g",
    "д": "d",
    "е": "e",
    "ё": "yo",
    "ж": "zh",
    "з": "z",
    "и": "i",
    "й": "y",
    "к": "k",
    "л": "l",
    "м": "m",
    "н": "n",
    "о": "o",
    "п": "p",
    "р": "r",
    "с": "s",
    "т": "t",
    "у": "u",
    "ф": "f",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ы": "y",
    "ь": "",
    "э": "e",
    "ю": "yu",
    "я": "ya",
    # Ukrainian and Belarusian
    "ґ": "g",
    "є": "ye",
    "і": "i",
    "ї": "yi",
    "ў": "u",
    # Kazakh
    "ә": "a",
    "ғ": "gh",
    "қ": "q",
    "ң": "ng",
    "ө": "o",
    "ұ": "u",
    "ү": "u",
    "һ": "h",
    # Tatar, Bashkir, Kalmyk, Tajik, Uzbek, Khakas
    "җ": "j",
    "ҙ": "z",
    "ҫ": "s",
    "ҡ": "q",
    "ҳ": "h",
    "ҷ": "j",
    "ӣ": "i",
    "ӯ": "u",
    # Chuvash, Mari, Komi, Udmurt, Altai, Yakut, Ossetian
    "ӑ": "a",
    "ӗ": "e",
    "ӳ": "u",
    "ӓ": "a",
    "ӧ": "o",
    "ӱ": "u",
    "ӹ": "y",
    "ҥ": "ng",
    "ӈ": "ng",
    "ӝ": "j",
    "ӟ": "z",
    "ӥ": "i",
    "ӵ": "ch",
    "ҕ": "gh",
    "ӕ": "ae",
    # Moldovan
    "ӂ": "j",
    # Serbian and Macedonian
    "ђ": "dj",
    "ѓ": "gj",
    "ѕ": "dz",
    "ј": "j",
    "љ": "lj",
    "њ": "nj",
    "ћ": "c",
    "ќ": "kj",
    "џ": "dz",
    # Russian before 1918, as it is read
    "ѣ": "e",
    "ѳ": "f",
    "ѵ": "i",
}
# what word processors and keyboards put into texts, and a phone shows as well so
_TYPOGRAPHY = {
    **dict.fromkeys("«»“”„‟″", '"'),
    **dict.fromkeys("‘’‚‛‹›ʼ′`", "'"),
    **dict.fromkeys("‐‑‒–—―−•●▪◦", "-"),
    "…": "...",
    "‼": "!!",
    "№": "N",
    "₽": "rub.",
    "₸": "tg.",
    "₴": "grn.",
    "×": "x",
    "±": "+/-",
    "≈": "~",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "←": "<-",
    "©": "(c)",
    "®": "(R)",
    "™": "(TM)",
    **PLAIN_SPACES,
    **dict.fromkeys("\t\u3000", " "),
    **dict.fromkeys("\u2028\u2029", "\n"),
    # invisible: soft hyphen, zero-width space, word joiner, accent
    **dict.fromkeys("\xad\u200b\u2060\u0301", ""),
}
_TABLE = str.maketrans(
    {
        **_LETTERS,
        **{letter.upper(): latin.capitalize() for letter, latin in _LETTERS.items()},
        **_TYPOGRAPHY,
    }
)

_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)

_LOWER = "".join(_LETTERS) + "a-z"
_UPPER = "".join(_LETTERS).upper() + "A-Z"
_SILENT_SIGN = re.compile("[ьъ](?=[еио])", re.IGNORECASE)
# the scale of Celsius, whose С is often a Cyrillic one, and no "S"
_CELSIUS = re.compile(r"°\s?[СC](?!\w)")
# of "м²": behind a digit the same would make another number
_POWER = re.compile(r"(?<=[^\W\d_])[²³](?!\w)")
# a letter that becomes several, in a word of capitals: Щ of ЩУКА, not of Щука
_LONG = "".join(letter for letter in _LETTERS if len(_LETTERS[letter]) > 1).upper()
_CAPITAL = re.compile(
    f"[{_LONG}](?=[{_UPPER}])|(?<=[{_UPPER}])[{_LONG}](?![{_LOWER}])",
)


def to_latin(text: str) -> str:
    """Return a text in Latin letters and plain punctuation, in the case it had.

    What is neither Cyrillic nor typography, emoji and other alphabets, stays; so do
    signs that could be read as something else without their shape, as in "10²".
    """
    if text.isascii():
        return text.replace("\t", " ").replace("`", "'")
    text = compose_letters(text)
    text = _CELSIUS.sub("C", _POWER.sub(_lower, text))
    text = _SILENT_SIGN.sub(_voice, text)
    return _CAPITAL.sub(_spell, text).translate(_TABLE)


def to_latin_source(source: str, kept: Iterable[str] = ()) -> str:
    """Return a template in Latin letters; of a placeholder the literals alone.

    :param kept: pieces of the text that stay as they are
    """
    pieces = "|".join([PLACEHOLDER, *map(re.escape, kept)])
    texts = re.split(f"({pieces})", source, flags=re.DOTALL)
    texts[::2] = map(to_latin, texts[::2])
    texts[1::2] = (
        _LITERAL.sub(_write_literal, text) if text.startswith("{{") else text
        for text in texts[1::2]
    )
    return "".join(texts)


def _write_literal(literal: re.Match[str]) -> str:
    """Escape the marks that typographic ones have become."""
    mark, text = literal[0][0], to_latin(literal[0][1:-1])
    escaped = re.sub(rf"(\\.)|{mark}", lambda one: one[1] or f"\\{mark}", text)
    return f"{mark}{escaped}{mark}"


def _lower(power: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", power[0])


def _voice(sign: re.Match[str]) -> str:
    return "Y" if sign[0].isupper() else "y"


def _spell(letter: re.Match[str]) -> str:
    return _LETTERS[letter[0].lower()].upper()
