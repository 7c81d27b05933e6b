"""Tables of people: where they begin, what their columns mean, and one line of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat

from .country_names import plain
from .msisdn import InvalidNumber, Reason, read_cell
from .transliteration import to_latin
from .vocabulary import Channel

Target = Literal[
    "phone",
    "other_phone",
    "country",
    "name",
    "first_name",
    "last_name",
    "patronymic",
    "gender",
    "lang",
    "note",
    "value",
    "skip",
]
Fault = Reason | Literal["no_number", "unknown_country", "too_long", "bad_character"]
#: what a good line says that is not understood, and a formula that failed
Doubt = Literal["country", "gender", "lang", "formula"]

#: the length of one word of a person
MAX_VALUE = 1000

#: rows among which the names of the columns are looked for
HEADER_ROWS = 20
#: rows from which it is known what a column has
SAMPLED_ROWS = 200

#: target → headers, as `plain` writes them; of two columns the earlier header wins
HEADERS: Mapping[Target, Sequence[str]] = {
    "phone": (
        "телефон",
        "мобильный телефон",
        "телефон мобильный",
        "номер телефона",
        "номер мобильного телефона",
        "номер мобильного",
        "мобильный номер",
        "мобильный",
        "моб",
        "моб тел",
        "тел моб",
        "моб телефон",
        "телефон моб",
        "сотовый",
        "сотовый телефон",
        "телефон сотовый",
        "номер сотового",
        "сот",
        "сот тел",
        "тел сот",
        "контактный телефон",
        "контактный номер",
        "телефон клиента",
        "телефон контакта",
        "телефон получателя",
        "телефон 1",
        "тел 1",
        "тел",
        "телефона",
        "телефоны",
        "phone",
        "mobile",
        "mobile phone",
        "phone mobile",
        "phone number",
        "mobile number",
        "mobile no",
        "phone no",
        "contact phone",
        "contact number",
        "cell",
        "cell phone",
        "cell number",
        "cellphone",
        "telephone",
        "telephone number",
        "phonenumber",
        "tel",
        "tel no",
        "mob",
        "phone 1",
        "mobile 1",
        "phones",
        "msisdn",
        "номер",
        "number",
    ),
    "country": ("страна", "country", "country name", "название страны"),
    "name": (
        "фио",
        "ф и о",
        "фамилия имя отчество",
        "фамилия имя",
        "полное имя",
        "fio",
        "full name",
        "fullname",
        "name",
        "контакт",
        "contact",
        "клиент",
        "контрагент",
        "покупатель",
        "заказчик",
        "получатель",
        "customer",
        "client",
    ),
    "first_name": ("имя", "first name", "firstname", "given name"),
    "last_name": ("фамилия", "last name", "lastname", "surname", "family name"),
    "patronymic": ("отчество", "patronymic", "middle name"),
    "gender": ("пол", "gender", "sex"),
    "lang": ("язык", "language", "lang"),
    "note": (
        "примечание",
        "примечания",
        "комментарий",
        "заметка",
        "note",
        "notes",
        "comment",
    ),
    # the first columns of our report of bad lines, which comes back mended
    "skip": ("строка файла", "line of the file", "почему не загружена", "why not"),
}
_GENDERS: Mapping[str, Literal["male", "female"]] = {
    **dict.fromkeys(
        ("м", "муж", "мужской", "мужчина", "m", "male", "man"),
        "male",
    ),
    **dict.fromkeys(
        ("ж", "жен", "женский", "женщина", "f", "female", "woman"),
        "female",
    ),
}
#: headers of numbers of any kind
_VAGUE = ("номер", "number")
#: digits of the shortest thing that is looked at as a number
_FEWEST_DIGITS = 5
#: digits that a number has which needs no code of a city
_DIGITS_WITH_CODE = 9
#: characters of a cell with several numbers
_LONGEST_CELL = 200
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{2,4}([ T]\d{1,2}:\d{2}.*)?")
_AMOUNT = re.compile(r"[-+]?\d{1,3}([ \N{NO-BREAK SPACE}]?\d{3})*[.,]\d\d")
#: what spreadsheets show where a formula failed, in English and Russian
_FORMULA_ERROR = re.compile(
    r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!"
    r"|Н/Д|ССЫЛКА!|ЗНАЧ!|ДЕЛ/0!|ИМЯ\?|ЧИСЛО!|ПУСТО!|ПЕРЕНОС!|ВЫЧИСЛ!)"
    r"|(Err|Ошибка):\d{3}"
)
_PHONES: Sequence[Target] = ("phone", "other_phone")
_PARTS = ("last_name", "first_name", "patronymic")
_NOT_OF_NAMES = re.compile("[^a-z0-9]+")
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
#: words of the template language
_RESERVED = frozenset(
    "and else false if import in include is loop none not or self true".split()
)


# === COLUMNS ===
def recognise(headers: Sequence[str]) -> dict[int, Target]:
    """Return what columns mean that are known by their headers.

    Every meaning but ``skip`` is given once.
    """
    names = [plain(header) for header in headers]
    found: dict[int, Target] = {}
    for target, known in HEADERS.items():
        columns = [index for index, name in enumerate(names) if name in known]
        if target != "skip":
            columns.sort(key=lambda index: known.index(names[index]))
            columns = columns[:1]
        found.update(dict.fromkeys(columns, target))
    return found


def is_report(headers: Sequence[str]) -> bool:
    """Tell whether a file is our report of bad lines, by its first two columns."""
    first = [plain(header) for header in headers[:2]]
    return len(first) == 2 and all(name in HEADERS["skip"] for name in first)


def find_header(rows: Sequence[Sequence[str]], country: str | None) -> int | None:
    """Return which row has the names of the columns, None where none has.

    It is among the first rows and no person's: the clearest one above the first
    number, or one below that names the numbers and more, or one of unknown names right
    above the first number.

    :param country: of numbers that do not say theirs
    """
    rows = rows[:HEADER_ROWS]
    people = [index for index, cells in enumerate(rows) if has_number(cells, country)]
    first = people[0] if people else len(rows)
    names = {
        index: recognise(cells)
        for index, cells in enumerate(rows)
        if index not in people
    }

    def clarity(index: int) -> tuple[bool, int]:
        return "phone" in names[index].values(), len(names[index])

    above = max((index for index in names if index < first), key=clarity, default=None)
    if above is not None and clarity(above)[0]:
        return above
    below = (index for index in names if index > first and clarity(index) >= (True, 2))
    found = next(below, above)
    if found is None or names[found]:
        return found
    return _find_unknown_names(rows, first, country)


def _find_unknown_names(
    rows: Sequence[Sequence[str]], first: int, country: str | None
) -> int | None:
    """Return the row above the first number, if it has a name for its column."""
    if first == len(rows):
        return 0
    over_numbers = (
        name
        for name, cell in zip(rows[first - 1], rows[first], strict=False)
        if _seems_number(cell, country)
    )
    is_named = any(
        name and _count_digits(name) < _FEWEST_DIGITS for name in over_numbers
    )
    return first - 1 if is_named else None


# === NUMBERS ===
@dataclass(frozen=True)
class Content:
    """How many cells of a column have something, a number that an SMS reaches, any
    number, and a number without plus, trunk prefix and spaces, as cards and orders are
    written, too."""

    filled: int
    mobile: int
    valid: int
    bare: int

    def is_mostly(self, count: int) -> bool:
        return 0 < count >= self.filled / 2

    @property
    def is_mostly_bare(self) -> bool:
        return self.is_mostly(self.bare)


def examine(cells: Iterable[str], country: str | None) -> Content:
    """Find out what a column has.

    :param country: of numbers that do not say theirs
    """
    filled = [cell for cell in cells if cell]
    seen = [_examine_cell(cell, country) for cell in filled if _may_be_number(cell)]
    return Content(
        len(filled),
        sum(number.is_mobile for number in seen if number),
        sum(number is not None for number in seen),
        sum(number.is_bare for number in seen if number),
    )


@dataclass(frozen=True)
class _Seeming:
    """What looks like a number, or like several."""

    is_mobile: bool
    is_bare: bool


def has_number(cells: Iterable[str], country: str | None) -> bool:
    """Tell whether something in a row looks like a phone number."""
    return any(_seems_number(cell, country) for cell in cells)


def _seems_number(cell: str, country: str | None) -> bool:
    return _may_be_number(cell) and _examine_cell(cell, country) is not None


def _may_be_number(cell: str) -> bool:
    """Tell at little cost what is none: words, dates, amounts."""
    return (
        _FEWEST_DIGITS <= _count_digits(cell) <= len(cell) <= _LONGEST_CELL
        and not _DATE.fullmatch(cell)
        and not _AMOUNT.fullmatch(cell)
    )


def _examine_cell(cell: str, country: str | None) -> _Seeming | None:
    is_bare = cell.isdecimal()
    try:
        number = read_cell(cell, country, channel="voice", first_mobile=True)
    except InvalidNumber as error:
        seems_one = error.reason in ("no_country", "doubtful", "digits_lost")
        is_long = _count_digits(cell) >= _DIGITS_WITH_CODE
        return _Seeming(True, is_bare) if seems_one and is_long else None
    is_bare = is_bare and number.endswith(cell) and len(cell) < len(number) - 1
    return _Seeming(_reaches(cell, country), is_bare)


def _reaches(cell: str, country: str | None) -> bool:
    try:
        read_cell(cell, country, first_mobile=True)
    except InvalidNumber:
        return False
    return True


def _count_digits(cell: str) -> int:
    return sum(map(str.isdecimal, cell))


@dataclass(frozen=True)
class PhoneChoice:
    """The column of the numbers; where it is in doubt there is none, and ``rivals`` are
    those that a person has to choose from."""

    index: int | None
    rivals: tuple[int, ...] = ()


def choose_phone(headers: Sequence[str], contents: Sequence[Content]) -> PhoneChoice:
    """Choose the column whose header and content agree; content beats the header.

    :param headers: "" for a column without one
    """
    names = [plain(header) for header in headers]
    meant = [index for index, name in enumerate(names) if name in HEADERS["phone"]]
    meant.sort(key=lambda index: HEADERS["phone"].index(names[index]))
    named = [index for index in meant if names[index] not in _VAGUE]
    seeming = _find_seeming(contents)
    agreed = [index for index in named if index in seeming]
    if len(agreed) == 1:
        return PhoneChoice(agreed[0])
    if agreed:
        return PhoneChoice(None, tuple(sorted(agreed)))
    if not seeming:
        return PhoneChoice(meant[0]) if meant else PhoneChoice(None)
    is_plain = len(seeming) == 1 and not named
    if is_plain and not (any(headers) and contents[seeming[0]].is_mostly_bare):
        return PhoneChoice(seeming[0])
    return PhoneChoice(None, tuple(sorted({*seeming, *named})))


def _find_seeming(contents: Sequence[Content]) -> list[int]:
    """Return the columns of mobile numbers; where there are none, of any numbers."""
    for columns in (
        [index for index, one in enumerate(contents) if one.is_mostly(one.mobile)],
        [index for index, one in enumerate(contents) if one.is_mostly(one.valid)],
        [index for index, one in enumerate(contents) if one.valid],
    ):
        if columns:
            return columns
    return []


# === NAMES ===
def make_names(headers: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return for each header a name of its own that texts can use, in Latin letters.

    :param taken: names that mean something else already
    """
    names: list[str] = []
    for header in headers:
        base = _make_name(header)
        name, count = base, 1
        while name in taken or name in names:
            count += 1
            name = f"{base}_{count}"
        names.append(name)
    return names


def _make_name(header: str) -> str:
    name = _NOT_OF_NAMES.sub("_", to_latin(header).lower()).strip("_")[:50]
    return name if is_name(name) else f"column_{name}".rstrip("_")


def is_name(name: str) -> bool:
    """Tell whether texts can use a name."""
    return _NAME.fullmatch(name) is not None and name not in _RESERVED


# === LINES ===
@dataclass(frozen=True)
class Column:
    """A column that is read; ``name`` is what texts call one of target ``value``."""

    index: int
    target: Target
    name: str = ""


@dataclass(frozen=True)
class Rules:
    """How the lines of a file are read.

    :param channel: a number that it reaches is a good one
    :param country: ISO code for numbers that do not say theirs, None for none
    :param takes_first: of several numbers in a cell, the first that the channel reaches
    :param languages: what people call languages, in small letters → their codes
    :param countries: what people call countries, as `plain` writes it → their ISO codes
    """

    channel: Channel
    country: str | None
    takes_first: bool
    languages: Mapping[str, str]
    countries: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One person. ``fields`` by target, ``phone`` among them as E.164; ``values`` by
    name; ``doubts`` are what is not understood, one for each cell."""

    fields: dict[str, str]
    values: dict[str, str]
    doubts: tuple[Doubt, ...]


class BadLine(ValueError):
    """A line that is no recipient; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


def read_line(cells: Sequence[str], columns: Iterable[Column], rules: Rules) -> Line:
    """Read one person.

    :raise BadLine: with its fault
    """
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    doubts: list[Doubt] = []
    for column in columns:
        cell = cells[column.index] if column.index < len(cells) else ""
        _check_cell(cell)
        if column.target not in _PHONES and _FORMULA_ERROR.fullmatch(cell):
            doubts.append("formula")
            cell = ""
        if column.target == "value":
            values[column.name] = cell
        else:
            fields[column.target] = cell
    fields["phone"] = _read_phone(fields, rules, doubts)
    fields["name"] = fields.get("name") or join_name(fields)
    doubts += _translate(fields, {"gender": _GENDERS, "lang": rules.languages})
    return Line(
        fields, {name: value for name, value in values.items() if value}, tuple(doubts)
    )


def _check_cell(cell: str) -> None:
    if len(cell) > MAX_VALUE:
        raise BadLine("too_long")
    if "\0" in cell:
        raise BadLine("bad_character")


def _read_phone(fields: dict[str, str], rules: Rules, doubts: list[Doubt]) -> str:
    """Return the number, or the other one where the first is empty, as the country of
    the line reads it."""
    first, other = (fields.pop(target, "") for target in _PHONES)
    written = first or other
    named = fields.pop("country", "")
    if not named:
        return _read_number(written, rules)
    country = rules.countries.get(plain(named))
    try:
        return _read_number(written, replace(rules, country=country))
    except BadLine as error:
        if error.fault == "no_country":
            raise BadLine("unknown_country") from error
        raise
    finally:
        if not country:
            doubts.append("country")


def _read_number(cell: str, rules: Rules) -> str:
    # spreadsheets have an apostrophe before what is not to be computed
    if not cell.lstrip("'"):
        raise BadLine("no_number")
    try:
        return read_cell(
            cell,
            rules.country,
            channel=rules.channel,
            first_mobile=rules.takes_first,
        )
    except InvalidNumber as error:
        raise BadLine(error.reason) from error


def write_phone(number: str) -> str:
    """Write a number (E.164) so that a person can compare it: ``+7 916 123-45-67``."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def join_name(parts: Mapping[str, str | None]) -> str:
    """Return the full name of which these are the parts."""
    return " ".join(filter(None, map(parts.get, _PARTS)))


def _translate(
    fields: dict[str, str],
    words: Mapping[Literal["gender", "lang"], Mapping[str, str]],
) -> list[Doubt]:
    """Put our words for people's, and return what is not understood."""
    doubts: list[Doubt] = []
    for target, meanings in words.items():
        written = fields.pop(target, "")
        meaning = meanings.get(written.casefold().strip(" ."))
        if meaning:
            fields[target] = meaning
        elif written:
            doubts.append(target)
    return doubts


# === UPDATES ===
def merge_person(
    known: Mapping[str, str | None], line: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return a person's fields as a line of a file changes them: what it lacks stays.

    Names fit each other: parts that a new full name does not have are dropped, and a
    full name that lacks a new part is put together anew. With another person's name the
    former one's gender goes.
    """
    given = {name: value for name, value in line.items() if value}
    if given.get("name") == join_name(given):
        del given["name"]
    merged = {**known, **given}
    if "name" in given:
        for part in _PARTS:
            if part not in given and not _is_part(known.get(part), given["name"]):
                merged[part] = None
    elif any(part in given for part in _PARTS):
        own = known.get("name") or ""
        has_all = all(_is_part(given.get(part), own) for part in _PARTS)
        if own == join_name(known) or not has_all:
            merged["name"] = join_name(merged)
    if "gender" not in given and _are_different(known.get("name"), merged["name"]):
        merged["gender"] = None
    return merged


def _is_part(part: str | None, name: str | None) -> bool:
    return set(plain(part or "").split()) <= set(plain(name or "").split())


def _are_different(former: str | None, name: str | None) -> bool:
    words, former_words = plain(name or "").split(), plain(former or "").split()
    return bool(former_words) and not set(former_words) & set(words)
