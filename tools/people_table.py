"""Tables of people: where they begin, what their columns mean, and one line of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat

from .country_names import plain
from .msisdn import Channel, InvalidNumber, Reason, read_cell
from .transliteration import to_latin

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
Fault = (
    Reason
    | Literal[
        "no_number", "unknown_country", "too_long", "bad_character", "broken_text"
    ]
)
#: what a good line says that is not understood, and a formula that failed
Doubt = Literal["country", "gender", "lang", "formula"]

#: the length of one word of a person
MAX_VALUE = 1000

#: rows among which the names of the columns are looked for
HEADER_ROWS = 20
#: rows from which it is known what a column has
SAMPLED_ROWS = 200

#: target → headers, as `_plain` writes them; of two columns the earlier header wins
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
_WORDS = re.compile(r"[^\W\d_]+|\d+")
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
    plain = [_plain(header) for header in headers]
    found: dict[int, Target] = {}
    for target, known in HEADERS.items():
        columns = [index for index, header in enumerate(plain) if header in known]
        if target != "skip":
            columns.sort(key=lambda index: known.index(plain[index]))
            columns = columns[:1]
        found.update(dict.fromkeys(columns, target))
    return found


def find_phone(cells: Sequence[str]) -> int | None:
    """Return the first column with a phone number, None where there is none."""
    numbers = (index for index, cell in enumerate(cells) if _is_number(cell))
    return next(numbers, None)


def _is_number(cell: str) -> bool:
    try:
        normalise(cell)
    except InvalidNumber:
        return False
    return True


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


def _plain(header: str) -> str:
    return " ".join(_WORDS.findall(header.casefold().replace("ё", "е")))


# === LINES ===
@dataclass(frozen=True)
class Column:
    """A column that is read; ``name`` is what texts call one of target ``value``."""

    index: int
    target: Target
    name: str = ""


@dataclass(frozen=True)
class Line:
    """One person. ``fields`` by target, ``phone`` among them as E.164; ``values`` by
    name; ``doubts`` are targets whose cell says nothing that is understood."""

    fields: dict[str, str]
    values: dict[str, str]
    doubts: tuple[Target, ...]


class BadLine(ValueError):
    """A line that is no recipient; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


def read_line(
    cells: Sequence[str],
    columns: Iterable[Column],
    *,
    channel: Channel,
    languages: Mapping[str, str],
) -> Line:
    """Read one person.

    :param channel: a number that it reaches is a good one
    :param languages: what people call languages, in small letters → their codes
    :raise BadLine: with its fault
    """
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    for column in columns:
        cell = cells[column.index] if column.index < len(cells) else ""
        _check_cell(cell)
        if column.target == "value":
            values[column.name] = cell
        else:
            fields[column.target] = cell
    fields["phone"] = _read_phone(fields.get("phone", ""), channel)
    fields["name"] = fields.get("name") or _join_name(fields)
    doubts = _translate(fields, {"gender": _GENDERS, "lang": languages})
    return Line(
        fields, {name: value for name, value in values.items() if value}, doubts
    )


def _check_cell(cell: str) -> None:
    if len(cell) > MAX_VALUE:
        raise BadLine("too_long")
    if "\0" in cell:
        raise BadLine("bad_character")


def _read_phone(cell: str, channel: Channel) -> str:
    # spreadsheets have an apostrophe before what is not to be computed
    written = cell.lstrip("'")
    if not written:
        raise BadLine("no_number")
    try:
        return normalise(written, channel=channel)
    except InvalidNumber as error:
        raise BadLine(error.reason) from error


def _join_name(fields: Mapping[str, str]) -> str:
    parts = (fields.get(part) for part in ("last_name", "first_name", "patronymic"))
    return " ".join(filter(None, parts))


def _translate(
    fields: dict[str, str], words: Mapping[Target, Mapping[str, str]]
) -> tuple[Target, ...]:
    """Put our words for people's, and return what is not understood."""
    doubts: list[Target] = []
    for target, meanings in words.items():
        written = fields.pop(target, "")
        meaning = meanings.get(written.casefold().strip(" ."))
        if meaning:
            fields[target] = meaning
        elif written:
            doubts.append(target)
    return tuple(doubts)
