"""Who a person is addressed as: a full name in its parts, and the gender they tell.

A rule of our own: first names are known from a list, patronymics by their endings,
surnames by what they stand beside, and what stays unclear is left empty: a word alone
that the list does not know is a question. Rules of endings alone, as libraries for
inflection have them, take every unknown word for a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ..genders import Gender
from .given_names import GENDERS, PATRONYMICS
from .name_words import (
    ALSO_SURNAMES,
    CHILD_OF,
    DAUGHTER,
    DECLINED_PATRONYMIC,
    DOUBLE_NAMES,
    FEMALE_SURNAME,
    FOREIGN_SURNAME,
    KIN,
    MALE_SURNAME,
    NOBODY,
    OF_MANY,
    PARTICLES,
    PREPOSITIONS,
    ROLES,
    SHORT_SURNAMES,
    SHORTEST_PATRONYMIC,
    SHORTEST_SURNAME,
    SON,
    SON_OR_SURNAME,
    SURE_SURNAME,
    SURNAME,
    SURNAME_OF_EITHER,
    TITLES,
    UNSTRESSED,
)


@dataclass(frozen=True, slots=True)
class PersonName:
    """The parts of a name; what is not known is empty."""

    first_name: str = ""
    last_name: str = ""
    patronymic: str = ""


_UNKNOWN = PersonName()
_MAX_LENGTH = 120
_MAX_WORDS = 6

# in brackets, or behind a dash that joins no words
_BRACKETS = re.compile(r"\(([^()]*)\)")
_REMARK = re.compile(r"\([^()]*\)|\s[-–—]+\s.*|[;/|].*", re.DOTALL)
_APOSTROPHE = re.compile("[’‘ʼ`]")
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_SYMBOLS = re.compile(r"[\W_]+")
_PIECE = re.compile(r"[^\W\d_]+")
# "И.", "И.И.", "J"
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+|[^\W\d_]")
_GLUED_INITIALS = re.compile(r"(?<!\w)((?:[^\W\d_]\.){1,2})(?=[^\W\d_]{2})")
# "Анна и Пётр", "Анна с работы", but "Иван И Петров", "иванов с", "j e smith"
_LETTER = re.compile(
    r"(?:^|(?<=\w\w ))(?P<remark>[скузо])(?= \w\w)|(?<=\w\w )[ийіiye](?= \w\w)"
)
# as the lists have them: Пётр, Нұрлан, Мар'яна
_FOLDED = str.maketrans("ёәғқңөұүһҳ", "еагкноуухх", "'")
_LATIN = re.compile(r"[a-zA-Z\xc0-\u024f]")


def split_name(full: str) -> PersonName:
    """Return the parts of a full name in Russian or Western order.

    Initials are no name to address somebody by, titles are none either. Words all in
    capitals or all in small letters are written as names are.
    """
    if len(full) > _MAX_LENGTH:
        return _UNKNOWN
    text = _APOSTROPHE.sub("'", unicodedata.normalize("NFC", full))
    plain = _REMARK.sub(" ", text)
    before, _, behind = plain.partition(",")
    words = _read_words(before)
    if not words:
        return _UNKNOWN
    if (behind or plain != text) and _names_others(text, words, behind.split(",")):
        return _UNKNOWN
    if behind:
        return _split_at_comma(words, _read_words(behind.replace(",", " ")))
    return _split(words)


def suggest_gender(name: PersonName) -> Gender | None:
    """Return the gender a name tells, None where it tells none or two."""
    surnames = _fold(name.last_name).split("-")
    genders = {
        _gender_of_patronymic(_fold(name.patronymic)),
        _gender_of_first_name(_fold(name.first_name)),
        *(_gender_of_surname(surname) for surname in surnames),
    } - {None}
    if not genders and _is_first_name(name.first_name):
        return _hint_of_surname(surnames[-1])
    return genders.pop() if len(genders) == 1 else None


def _names_others(text: str, words: list[str], behind: list[str]) -> bool:
    """Tell whether the rest of a text names more people, or says "Мама" and no more.

    "Анна - жена Петра" is Анна, "Анна (мама)" may be the mother of Анна. "Мария (Маша)"
    is one person, "Мария (Пётр)" are two.
    """
    bracketed = [_PIECE.findall(_fold(rest)) for rest in _BRACKETS.findall(text)]
    others = [
        _PIECE.findall(_fold(rest[0]))
        for rest in _REMARK.finditer(_BRACKETS.sub(" ", text))
    ]
    parts = [_PIECE.findall(_fold(part)) for part in behind]
    if any(rest and KIN.issuperset(rest) for rest in (*bracketed, *others, *parts)):
        return True
    if not any(map(_is_first_name, words)):
        # "Smith, John"
        parts = parts[1:]
    if any(rest and _is_first_name(rest[0]) for rest in (*others, *parts)):
        return True
    named = [*words, *(rest[0] for rest in bracketed if rest)]
    return bool(bracketed) and _are_of_both(named)


def _are_of_both(words: list[str]) -> bool:
    """Tell whether there are a man's and a woman's first name among the words."""
    genders = {GENDERS.get(_fold(word)) for word in words}
    return genders >= {"male", "female"}


def _gender_of_patronymic(patronymic: str) -> Gender | None:
    if len(patronymic) < SHORTEST_PATRONYMIC:
        return None
    if patronymic.endswith(DAUGHTER):
        return "female"
    return "male" if patronymic.endswith(SON) else None


def _gender_of_first_name(first_name: str) -> Gender | None:
    """Return the gender all parts of a name have: Анна-Мария, Mary Ann."""
    if first_name in GENDERS:
        return GENDERS[first_name]
    genders = {GENDERS.get(part) for part in first_name.replace("-", " ").split()}
    return genders.pop() if len(genders) == 1 else None


def _gender_of_surname(surname: str) -> Gender | None:
    if not _is_surname(surname):
        return None
    if surname.endswith(FEMALE_SURNAME):
        return "female"
    return "male" if surname.endswith(MALE_SURNAME) else None


def _hint_of_surname(surname: str) -> Gender | None:
    """Return what an ending tells that surnames of the other gender have too."""
    if surname in SURNAME_OF_EITHER or len(surname) < SHORTEST_SURNAME:
        return None
    if surname.endswith(("ина", "ына")):
        return "female"
    return "male" if surname.endswith(("ин", "ын")) else None


@lru_cache(maxsize=4096)
def _fold(word: str) -> str:
    return word.lower().translate(_FOLDED)


def _read_words(text: str) -> list[str] | None:
    """Return the words of a name without titles; None when it is no person's."""
    text = " ".join(text.split())
    if letter := _LETTER.search(text.lower() if text.isupper() else text):
        if not letter["remark"]:
            return None
        text = text[: letter.start()]
    if "." in text:
        text = _GLUED_INITIALS.sub(r"\1 ", text)
    is_lower = text.islower()
    words: list[str] = []
    role = False
    for word in text.split():
        folded = _fold(word).replace(".", "")
        if folded in NOBODY:
            return None
        if folded in TITLES or _SYMBOLS.fullmatch(word):
            role = role or folded in ROLES
            continue
        if folded in PREPOSITIONS:
            if not words:
                return None
            break
        if not (_WORD.fullmatch(word) or _is_initials(word)):
            return None
        if not is_lower and word.islower() and not _is_part(folded):
            break
        if _is_declined(folded):
            return None
        words.append(word)
    if len(words) > _MAX_WORDS or (role and [*map(_is_genitive_too, words)] == [True]):
        return None
    return _join_words(words)


def _is_declined(folded: str) -> bool:
    """Tell a family, and names in another case than the nominative."""
    return (
        len(folded) > SHORTEST_PATRONYMIC
        and folded.endswith((*OF_MANY, *DECLINED_PATRONYMIC))
        and not _is_first_name(folded)
    )


def _is_genitive_too(word: str) -> bool:
    """Tell whether a woman's name is also what a man's is in the genitive."""
    folded = _fold(word)
    stem = folded[:-1]
    men = {"а": (stem,), "я": (f"{stem}й", f"{stem}ь")}.get(folded[-1:], ())
    return _is_womans(word) and any(GENDERS.get(man) == "male" for man in men)


def _is_part(folded: str) -> bool:
    """Tell a name in small letters, among words with capitals, from a remark."""
    return (
        folded in UNSTRESSED
        or _is_first_name(folded)
        or folded.endswith(SURNAME)
        or _gender_of_patronymic(folded) is not None
    )


def _is_initials(word: str) -> bool:
    if len(word) == 1:
        return word.isalpha()
    return "." in word and _INITIALS.fullmatch(word) is not None


def _join_words(words: list[str]) -> list[str]:
    """Join what is one part of a name: Гасан оглы, van Beethoven."""
    words = [_spell(word) for word in words]
    if UNSTRESSED.isdisjoint(map(str.lower, words)):
        return words
    joined: list[str] = []
    for word in words:
        if joined and _fold(word) in CHILD_OF:
            joined[-1] += f" {word}"
        elif len(joined) > 1 and _fold(joined[-1].rpartition(" ")[2]) in PARTICLES:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _spell(word: str) -> str:
    """Write a word of capitals, or of small letters, as a part of a name."""
    if word.istitle() or not (word.isupper() or word.islower()):
        return word
    if word.lower() in UNSTRESSED:
        return word.lower()
    return _PIECE.sub(_spell_piece, word)


def _spell_piece(piece: re.Match[str]) -> str:
    word = piece[0].lower()
    return word if word in CHILD_OF else word.capitalize()


def _split_at_comma(words: list[str], behind: list[str] | None) -> PersonName:
    """Split "Smith, John"; what follows the comma may be a remark as well."""
    if not behind or not _is_surname_before(words, behind[0]):
        return _split(words)
    first_name, *others = behind
    patronymic = next((word for word in others if _is_patronymic(word, first_name)), "")
    if _is_initials(first_name):
        first_name = ""
    return PersonName(first_name, " ".join(words), patronymic)


def _is_surname_before(words: list[str], first_name: str) -> bool:
    if len(words) > 1 and any(map(_is_first_name, words)):
        return False
    if _is_first_name(first_name):
        return True
    if len(words) > 1 or _is_first_name(words[0]):
        return False
    return bool(_LATIN.match(first_name)) or _is_initials(first_name)


def _split(words: list[str]) -> PersonName:
    initials = [word for word in words if _is_initials(word)]
    if not initials:
        return _split_words(words)
    rest = [word for word in words if word not in initials]
    if len(rest) != 1:
        return _split_words(rest)
    return _split_from_initials(rest[0], words)


def _split_from_initials(word: str, words: list[str]) -> PersonName:
    """Split "Иванов И. И.", and "Anna K." where the initial is the surname's."""
    is_short = len(words) == 2 and sum(map(str.isalpha, "".join(words[1:]))) == 1
    if words[0] == word and is_short and not _is_sure_surname(_fold(word)):
        return PersonName(word) if _is_first_name(word) else _UNKNOWN
    return PersonName(last_name=word)


def _split_words(words: list[str]) -> PersonName:
    match len(words):
        case 0:
            return _UNKNOWN
        case 1:
            return _split_one(words[0])
    for place in range(1, len(words)):
        if _is_patronymic(words[place], words[place - 1], words):
            return _split_around(words, place)
    if all(map(_LATIN.match, words)):
        return _split_western(words)
    return _split_two(*words) if len(words) == 2 else _split_many(words)


def _is_patronymic(word: str, first_name: str, words: list[str] | None = None) -> bool:
    """Tell whether a word is the patronymic behind a first name, among all words."""
    patronymic = _fold(word)
    gender = _gender_of_patronymic(patronymic)
    if gender is None:
        return False
    if _gender_of_first_name(_fold(first_name)) not in (gender, None):
        return False
    if not words or not patronymic.endswith(SON_OR_SURNAME):
        return True
    if len(words) == 2:
        return patronymic in PATRONYMICS
    # "Roman Adam Abramovich", but "Ivanov Ivan Ivanovich"
    is_western = _LATIN.match(word) and words[-1] == word
    return not (is_western and _is_first_name(words[0]))


def _is_first_name(word: str) -> bool:
    """Tell whether a word is a first name we know, or several with hyphens."""
    folded = _fold(word)
    return folded in GENDERS or (
        "-" in folded and all(part in GENDERS for part in folded.split("-"))
    )


def _is_surname(word: str) -> bool:
    """Tell whether a folded word ends like Russian surnames and is no first name."""
    return (
        len(word) >= SHORTEST_SURNAME and word.endswith(SURNAME) and word not in GENDERS
    )


def _is_sure_surname(word: str) -> bool:
    """Tell whether a folded word ends like surnames and hardly any first name."""
    return _is_surname(word) and word.endswith(SURE_SURNAME)


def _split_one(word: str) -> PersonName:
    """Return a known first name, or a patronymic: any other word is a question."""
    folded = _fold(word)
    if _is_first_name(word):
        return PersonName(word)
    if folded in PATRONYMICS or _gender_of_patronymic(folded) == "female":
        return PersonName(patronymic=word)
    return _UNKNOWN


def _split_around(words: list[str], place: int) -> PersonName:
    """Split a name by its patronymic: the first name stands before it."""
    *before, first_name = words[:place]
    patronymic, *behind = words[place:]
    last_name = " ".join(behind or before)
    if _is_surname(_fold(first_name)):
        # Андрей Соколов Викторович, Соколов Викторович; Рузилина may be either
        if not last_name:
            is_sure = _is_sure_surname(_fold(first_name))
            return PersonName("", first_name if is_sure else "", patronymic)
        if _is_first_name(last_name):
            first_name, last_name = last_name, first_name
    return PersonName(first_name, last_name, patronymic)


def _split_western(words: list[str]) -> PersonName:
    """Split a name in Latin letters: the first name first, or behind Sokolov."""
    if _is_first_name(words[0]):
        # Kim Anna, Ivan Maria: one of them, or both
        if len(words) == 2 and _are_two(*words):
            return _UNKNOWN
        return _split_from_first_name(words)
    if _is_first_name(words[1]) and _is_surname(_fold(words[0])):
        return PersonName(words[1], words[0])
    # a shop, a Hungarian or a Chinese name, where the surname comes first
    return _UNKNOWN


def _are_two(one: str, other: str) -> bool:
    """Tell a woman's name behind one that is no woman's, where it is no surname."""
    is_surname = _fold(other) in ALSO_SURNAMES
    return _is_womans(other) and not _is_womans(one) and not is_surname


def _split_from_first_name(words: list[str]) -> PersonName:
    """Split "Mary Ann Smith", and "John Fitzgerald Kennedy" without his second name."""
    size = 1 + (_fold(" ".join(words[:2])) in DOUBLE_NAMES)
    return PersonName(" ".join(words[:size]), " ".join(words[size:][-1:]))


def _split_two(one: str, other: str) -> PersonName:
    """Split two words of which one is a first name, and the other is none."""
    match _is_first_name(one), _is_first_name(other):
        case (True, False):
            return PersonName(one, other)
        case (False, True):
            return _split_from_surname(one, other)
        case (True, True) if _is_womans(one) and _fold(other) in ALSO_SURNAMES:
            # Анна Герман
            return PersonName(one, other)
        case (True, True) if _is_womans(other) and _fold(one) in ALSO_SURNAMES:
            return PersonName(other, one)
    return _UNKNOWN


def _split_from_surname(word: str, first_name: str) -> PersonName:
    """Split "Ким Евгения", but not "Шеф Евгения": he may be the boss of Евгений."""
    if _is_genitive_too(first_name) and not _may_be_womans_surname(_fold(word)):
        return _UNKNOWN
    return PersonName(first_name, word)


def _may_be_womans_surname(word: str) -> bool:
    if _is_surname(word):
        return _gender_of_surname(word) != "male"
    return word in SHORT_SURNAMES or "-" in word or word.endswith(FOREIGN_SURNAME)


def _is_womans(first_name: str) -> bool:
    return _gender_of_first_name(_fold(first_name)) == "female"


def _split_many(words: list[str]) -> PersonName:
    """Split three words or more: the surname is the last one, or all before."""
    if _are_of_both(words):
        return _UNKNOWN
    match [*map(_is_first_name, words)]:
        case [True, *_, False]:
            return _split_from_first_name(words)
        case [False, True, *_]:
            return _split_from_surname(words[0], words[1])
        case [False, False, True]:
            return PersonName(words[2], " ".join(words[:2]))
    return _UNKNOWN
