"""Who a person is addressed as: a full name in its parts, and the gender they tell.

A rule of our own: first names are known from a list, patronymics and surnames by their
endings, and what stays unclear is left empty. Rules of endings alone, as libraries for
inflection have them, take every unknown word for a name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .compose import Gender
from .given_names import GENDERS, PATRONYMICS


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
_REMARK = re.compile(r"\([^()]*\)|\s[-–—]+\s.*|[;/|].*", re.DOTALL)
_APOSTROPHE = re.compile("[’‘ʼ`]")
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")
_SYMBOLS = re.compile(r"[\W_]+")
_PIECE = re.compile(r"[^\W\d_]+")
# "И.", "И.И.", "J"
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+|[^\W\d_]")
_GLUED_INITIALS = re.compile(r"(?<!\w)((?:[^\W\d_]\.){1,2})(?=[^\W\d_]{2})")
_LATIN = re.compile(r"[a-zA-Z\xc0-\u024f]")

# what stands before or behind a name; dots are left out
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof sir dame madam rev herr frau monsieur madame mme "
    "jr sr ii iii iv phd md esq mba cpa dds "
    "г-н г-жа гн господин госпожа товарищ д-р др доктор проф профессор ип сэр "
    "мл ст младший старший директор менеджер бухгалтер администратор юрист адвокат "
    "врач тренер риелтор".split()
)
_NO_PERSON = frozenset(
    "ооо оао зао пао ао тоо нко гуп муп фгуп фгбу мбоу мку тсж снт чп тд нпо "
    "ooo llc ltd inc gmbh corp company plc limited group team sales support office "
    "shop store services solutions "
    "компания фирма магазин салон отдел склад офис клуб центр студия кафе ресторан "
    "завод школа банк группа кабинет агентство аптека сервис клиника отель гостиница "
    "фонд контакт клиент покупатель".split()
)
# they belong to the surname behind them
_PARTICLES = frozenset(
    "van von der den de del della di da dos du la le ter ten zu af bin ibn al el "
    "ван фон дер ден де ди да ла ле дель бен ибн аль эль".split()
)
# they belong to the father before them: son of, daughter of
_SON_OF = frozenset("оглы оглу углы улы ұлы уулу ogly oglu oğlu uly uulu".split())
_DAUGHTER_OF = frozenset("кызы гызы қызы кизи kyzy gyzy qizi qızı kizi".split())
_CHILD_OF = _SON_OF | _DAUGHTER_OF
_UNSTRESSED = _PARTICLES | _CHILD_OF

# surnames end like the first three too
_SON_OR_SURNAME = ("ич", "ыч", "іч", "ovich", "evich")
_SON = (
    *_SON_OR_SURNAME,
    *("улы", "ұлы"),
    *(glue + word for word in _SON_OF for glue in " -"),
)
_DAUGHTER = (
    *("овна", "евна", "ична", "ишна", "івна", "ївна", "аўна", "еўна"),
    *("кызы", "гызы", "қызы", "ovna", "evna", "ichna"),
    *(glue + word for word in _DAUGHTER_OF for glue in " -"),
)
# Ильич
_SHORTEST_PATRONYMIC = 5

_MALE_SURNAME = ("ов", "ев", "ский", "цкий")
_FEMALE_SURNAME = ("ова", "ева", "ская", "цкая")
# other words end so too, and surnames of both
_SURNAME = (
    *(*_MALE_SURNAME, *_FEMALE_SURNAME, "ин", "ина", "ын", "ына", "енко", "чук"),
    *("швили", "дзе", "ov", "ova", "ev", "eva", "sky", "skiy", "skaya", "enko"),
)
_SHORTEST_SURNAME = 4
# undeclined, so a surname of men and women
_SURNAME_OF_EITHER = frozenset(
    "былина грин дарвин дубина калина калын малина мартин перина рябина сина франклин "
    "чаплин щербина щетина янина".split()
)

_DOUBLE_NAMES = frozenset(
    "mary ann|mary anne|mary lou|mary jo|mary beth|mary jane|mary kate|mary ellen|"
    "sarah jane|sarah ann|anna maria|anna lena|ana maria|maria teresa|maria jose|"
    "betty ann|betty lou|peggy sue|bobby joe|billy bob|billy joe|john paul|jean paul|"
    "jean pierre|jean luc|jean claude|jean marc|jean michel|jean marie|jean jacques|"
    "juan carlos|juan jose|juan pablo|jose luis|jose maria|jose antonio|luis miguel|"
    "miguel angel|marie claire|marie louise|anne marie|anne sophie|hans peter|"
    "karl heinz|жан поль|жан пьер|жан клод|хуан карлос|хосе мария".split("|")
)


def split_name(full: str) -> PersonName:
    """Return the parts of a full name in Russian or Western order.

    Initials are no name to address somebody by, titles are none either. Words all in
    capitals or all in small letters are written as names are.
    """
    if len(full) > _MAX_LENGTH:
        return _UNKNOWN
    text = _APOSTROPHE.sub("'", unicodedata.normalize("NFC", full))
    before, _, behind = _REMARK.sub(" ", text).partition(",")
    words = _read_words(before)
    if not words:
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
    if not genders:
        return _hint_of_surname(surnames[-1])
    return genders.pop() if len(genders) == 1 else None


def _gender_of_patronymic(patronymic: str) -> Gender | None:
    if len(patronymic) < _SHORTEST_PATRONYMIC:
        return None
    if patronymic.endswith(_DAUGHTER):
        return "female"
    return "male" if patronymic.endswith(_SON) else None


def _gender_of_first_name(first_name: str) -> Gender | None:
    """Return the gender all parts of a name have: Анна-Мария, Mary Ann."""
    if first_name in GENDERS:
        return GENDERS[first_name]
    genders = {GENDERS.get(part) for part in first_name.replace("-", " ").split()}
    return genders.pop() if len(genders) == 1 else None


def _gender_of_surname(surname: str) -> Gender | None:
    if not _is_surname(surname):
        return None
    if surname.endswith(_FEMALE_SURNAME):
        return "female"
    return "male" if surname.endswith(_MALE_SURNAME) else None


def _hint_of_surname(surname: str) -> Gender | None:
    """Return what an ending tells that surnames of the other gender have too."""
    if surname in _SURNAME_OF_EITHER or len(surname) < _SHORTEST_SURNAME:
        return None
    if surname.endswith(("ина", "ына")):
        return "female"
    return "male" if surname.endswith(("ин", "ын")) else None


def _fold(word: str) -> str:
    return word.lower().replace("ё", "е")


def _read_words(text: str) -> list[str] | None:
    """Return the words of a name without titles; None when it is no person's."""
    if "." in text:
        text = _GLUED_INITIALS.sub(r"\1 ", text)
    is_lower = text.islower()
    words = []
    for word in text.split():
        folded = _fold(word).replace(".", "")
        if folded in _TITLES or _SYMBOLS.fullmatch(word):
            continue
        if folded in _NO_PERSON or not (_WORD.fullmatch(word) or _is_initials(word)):
            return None
        if not is_lower and word.islower() and not _is_part(folded):
            break
        words.append(word)
    return _join_words(words) if len(words) <= _MAX_WORDS else None


def _is_part(folded: str) -> bool:
    """Tell a name in small letters, among words with capitals, from a remark."""
    return (
        folded in _UNSTRESSED
        or _is_first_name(folded)
        or folded.endswith(_SURNAME)
        or _gender_of_patronymic(folded) is not None
    )


def _is_initials(word: str) -> bool:
    return len(word) == 1 or ("." in word and _INITIALS.fullmatch(word) is not None)


def _join_words(words: list[str]) -> list[str]:
    """Join what is one part of a name: Гасан оглы, van Beethoven."""
    words = [_spell(word) for word in words]
    if _UNSTRESSED.isdisjoint(map(str.lower, words)):
        return words
    joined: list[str] = []
    for word in words:
        if joined and _fold(word) in _CHILD_OF:
            joined[-1] += f" {word}"
        elif len(joined) > 1 and _fold(joined[-1].rpartition(" ")[2]) in _PARTICLES:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _spell(word: str) -> str:
    """Write a word of capitals, or of small letters, as a part of a name."""
    if word.istitle() or not (word.isupper() or word.islower()):
        return word
    if word.lower() in _UNSTRESSED:
        return word.lower()
    return _PIECE.sub(_spell_piece, word)


def _spell_piece(piece: re.Match[str]) -> str:
    word = piece[0].lower()
    return word if word in _CHILD_OF else word.capitalize()


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
    if words[0] == word and is_short and not _is_surname(_fold(word)):
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
    if not words or not patronymic.endswith(_SON_OR_SURNAME):
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
        len(word) >= _SHORTEST_SURNAME
        and word.endswith(_SURNAME)
        and word not in GENDERS
    )


def _split_one(word: str) -> PersonName:
    folded = _fold(word)
    if _is_first_name(word):
        return PersonName(word)
    if folded in PATRONYMICS or _gender_of_patronymic(folded) == "female":
        return PersonName(patronymic=word)
    is_cyrillic = not _LATIN.match(word)
    return (
        PersonName(last_name=word) if is_cyrillic and _is_surname(folded) else _UNKNOWN
    )


def _split_around(words: list[str], place: int) -> PersonName:
    """Split a name by its patronymic: the first name stands before it."""
    *before, first_name = words[:place]
    patronymic, *behind = words[place:]
    last_name = " ".join(behind or before)
    if _is_surname(_fold(first_name)):
        # Андрей Соколов Викторович, Соколов Викторович
        if not last_name:
            return PersonName("", first_name, patronymic)
        if _is_first_name(last_name):
            first_name, last_name = last_name, first_name
    return PersonName(first_name, last_name, patronymic)


def _split_western(words: list[str]) -> PersonName:
    """Split a name in Latin letters: the first name first, or behind Sokolov."""
    if _is_first_name(words[0]):
        return _split_from_first_name(words)
    if _is_first_name(words[1]) and _is_surname(_fold(words[0])):
        return PersonName(words[1], words[0])
    # a shop, a Hungarian or a Chinese name, where the surname comes first
    return _UNKNOWN


def _split_from_first_name(words: list[str]) -> PersonName:
    """Split "Mary Ann Smith", and "John Fitzgerald Kennedy" without his second name."""
    size = 1 + (_fold(" ".join(words[:2])) in _DOUBLE_NAMES)
    return PersonName(" ".join(words[:size]), " ".join(words[size:][-1:]))


def _split_two(one: str, other: str) -> PersonName:
    """Split two words of which one is a first name, and the other is none."""
    is_first = _is_first_name(one), _is_first_name(other)
    if is_first == (True, True):
        # Анна Герман: surnames are made of men's names
        is_first = _is_womans(one), _is_womans(other)
    match is_first:
        case (True, False):
            return PersonName(one, other)
        case (False, True):
            return PersonName(other, one)
    return _UNKNOWN


def _is_womans(first_name: str) -> bool:
    return _gender_of_first_name(_fold(first_name)) == "female"


def _split_many(words: list[str]) -> PersonName:
    """Split three words or more: the surname is the last one, or all before."""
    match [*map(_is_first_name, words)]:
        case [True, *_, False]:
            return _split_from_first_name(words)
        case [False, True, *_]:
            return PersonName(words[1], words[0])
        case [False, False, True]:
            return PersonName(words[2], " ".join(words[:2]))
    return _UNKNOWN
