"""Tables of operators' numbers and of prices: what their columns mean, and their rows.

Three kinds of tables are read: ranges of a numbering plan, ported numbers, and price
lists. Names of operators stay as they are written: who reads a table knows operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

import phonenumbers
from phonenumbers import PhoneMetadata

from ..country_names import plain
from ..msisdn import InvalidNumber, has_plus_and_trunk, read_cell
from ..operators import find_region, is_number, is_range
from ..prices import normalise_prefix, strip_marks
from ..vocabulary import Category, Channel
from .amounts import DecimalMark, UnreadableAmount, names_other_currency, read_amount

Kind = Literal["ranges", "ported", "prices"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Target = Literal[
    "code", "first", "last", "number", "date", "prefix", "category", "channel", "price",
    "operator",
]  # fmt: skip
#: why a row is not imported
Rejection = Literal[
    "no_number",
    "no_range",
    "foreign_code",
    "no_operator",
    "no_price",
    "doubtful_price",
    "negative_price",
    "foreign_currency",
    "no_prefix",
    "doubtful_prefix",
    "unknown_category",
    "unknown_channel",
    "no_date",
]

_OPERATOR = ("оператор", "название оператора", "operator", "operator name", "network",
             "orgcode", "org code", "код оператора", "сеть")  # fmt: skip
#: kind → target → headers as `plain` writes them. The registry of the Russian numbering
#: plan calls its columns "АВС/ DEF", "От", "До", "Емкость", "Оператор", "Регион".
HEADERS: Mapping[Kind, Mapping[Target, Sequence[str]]] = {
    "ranges": {
        "code": ("авс def", "abc def", "def", "код def", "код"),
        "first": ("от", "с", "начало", "from", "first", "first number", "range start"),
        "last": ("до", "по", "конец", "to", "last", "last number", "range end"),
        "operator": _OPERATOR,
    },
    "ported": {
        "number": ("номер", "телефон", "number", "phone", "msisdn"),
        "operator": _OPERATOR,
        "date": ("дата", "дата переноса", "date", "port date", "ported on"),
    },
    "prices": {
        "prefix": ("префикс", "начало номера", "код", "prefix", "number prefix",
                   "code"),
        "operator": _OPERATOR,
        "category": ("категория", "тип", "тип сообщения", "тип трафика", "category",
                     "traffic type", "type"),
        "channel": ("канал", "channel"),
        "price": ("цена", "цена за часть", "цена за sms", "цена за смс", "тариф",
                  "стоимость", "price", "price per sms", "cost", "rate", "tariff"),
    },
}  # fmt: skip
#: the columns that a table must have
REQUIRED: Mapping[Kind, Sequence[Target]] = {
    "ranges": ("first", "last", "operator"),
    "ported": ("number", "operator"),
    "prices": ("price",),
}
_CATEGORIES: Mapping[str, Category] = {
    "реклама": "advertising", "рекламный": "advertising", "рекламные": "advertising",
    "рекламное": "advertising", "рекламная": "advertising",
    "advertising": "advertising",
    "сервис": "service", "сервисный": "service", "сервисные": "service",
    "сервисное": "service", "сервисная": "service", "service": "service",
    "транзакционный": "transactional", "транзакционные": "transactional",
    "транзакционное": "transactional", "transactional": "transactional",
    "код": "code", "одноразовый код": "code", "одноразовые коды": "code",
    "one time code": "code", "code": "code",
}  # fmt: skip
_CHANNELS: Mapping[str, Channel] = {
    "sms": "sms", "смс": "sms", "voice": "voice", "voice call": "voice",
    "call": "voice", "звонок": "voice", "голосовой звонок": "voice", "голос": "voice",
}  # fmt: skip
_DATE = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})|(\d{4})-(\d\d)-(\d\d)(?:[ T].*)?", re.ASCII
)
#: mobile numbers of Russia as its tables have them; any others are read at length
_RUSSIAN = re.compile(r"(?:\+?7|8)?(9[0-9]{9})")
_CODE, _REST = re.compile("[0-9]{3}"), re.compile("[0-9]{1,7}")
# 7916.0
_WHOLE = re.compile(r"(\+?[0-9]+)[.,]0{1,2}")
#: digits that tell the networks of a country apart
_NETWORK_DIGITS = 3
_HEADER_ROWS = 20


@dataclass(frozen=True, slots=True)
class TableRules:
    """How a table is read.

    :param country: ISO code, of numbers and prefixes that do not say theirs
    :param decimal_mark: of prices; None where none of them needs one
    :param currency: ISO code, of prices that do not say theirs; None for any
    """

    country: str
    decimal_mark: DecimalMark | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A good row: ``values`` by field, and its operator as written in ``region``."""

    values: Mapping[str, object]
    operator: str
    region: str | None


class RejectedTableRow(ValueError):
    """A row that is not imported; ``reason`` says why."""

    def __init__(self, reason: Rejection) -> None:
        super().__init__(reason)
        self.reason: Rejection = reason


# === COLUMNS ===
def recognise_columns(kind: Kind, headers: Sequence[str]) -> dict[int, Target]:
    """Return what columns mean by their headers; every meaning once."""
    names = [plain(header) for header in headers]
    found: dict[int, Target] = {}
    for target, known in HEADERS[kind].items():
        index = next((i for i, name in enumerate(names) if name in known), None)
        if index is not None:
            found.setdefault(index, target)
    return found


def find_table_header(kind: Kind, rows: Sequence[Sequence[str]]) -> int | None:
    """Return which of the first rows names the columns that are required, or most."""
    clearest, most = None, 0
    for index, cells in enumerate(rows[:_HEADER_ROWS]):
        targets = set(recognise_columns(kind, cells).values())
        if targets >= set(REQUIRED[kind]):
            return index
        if len(targets) > max(most, 1):
            clearest, most = index, len(targets)
    return clearest


# === ROWS ===
def read_table_row(
    kind: Kind, cells: Mapping[Target, str], rules: TableRules
) -> TableRow:
    """Read one row, of which ``cells`` has those of the columns that mean something.

    :raise RejectedTableRow: with its reason
    """
    return _READERS[kind](cells, rules)


def _read_range(cells: Mapping[Target, str], rules: TableRules) -> TableRow:
    code = cells.get("code", "")
    first, last = cells["first"], cells["last"]
    if code:
        first, last = (_join_code(code, number, rules) for number in (first, last))
    else:
        first, last = (_read_number(number, rules) for number in (first, last))
    if not is_range(first, last):
        raise RejectedTableRow("no_range")
    values = {"first_number": first, "last_number": last}
    return TableRow(values, _read_operator(cells), find_region(first))


def _join_code(code: str, number: str, rules: TableRules) -> str:
    """Return a number of the Russian registry: a code of three digits and seven more,
    of which spreadsheets drop the leading zeros."""
    if rules.country != "RU":
        raise RejectedTableRow("foreign_code")
    if not _CODE.fullmatch(code) or not _REST.fullmatch(number):
        raise RejectedTableRow("no_range")
    return f"+7{code}{number.zfill(7)}"


def _read_ported(cells: Mapping[Target, str], rules: TableRules) -> TableRow:
    number = _read_number(cells["number"], rules)
    values = {"number": number, "date": _read_date(cells.get("date", ""))}
    return TableRow(values, _read_operator(cells), find_region(number))


def _read_number(cell: str, rules: TableRules) -> str:
    russian = _RUSSIAN.fullmatch(cell) if rules.country == "RU" else None
    if russian:
        return f"+7{russian[1]}"
    bare = strip_marks(_drop_fraction(cell))
    if is_number(bare) and not has_plus_and_trunk(cell.strip()):
        return bare
    try:
        return read_cell(cell, rules.country, channel="voice")
    except InvalidNumber as error:
        raise RejectedTableRow("no_number") from error


def _read_operator(cells: Mapping[Target, str]) -> str:
    name = cells["operator"]
    if not name:
        raise RejectedTableRow("no_operator")
    return name


def _read_date(cell: str) -> date | None:
    if not cell:
        return None
    found = _DATE.fullmatch(cell)
    if not found:
        raise RejectedTableRow("no_date")
    day, month, year = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise RejectedTableRow("no_date") from error


def _read_price(cells: Mapping[Target, str], rules: TableRules) -> TableRow:
    prefix = _read_prefix(cells.get("prefix", ""), rules)
    values = {
        "prefix": prefix,
        "category": _read_word(
            cells.get("category", ""), _CATEGORIES, "unknown_category"
        ),
        "channel": _read_word(cells.get("channel", ""), _CHANNELS, "unknown_channel")
        or "sms",
        "price": _read_amount(cells["price"], rules),
    }
    region = find_region(prefix) if prefix else rules.country
    return TableRow(values, cells.get("operator", ""), region)


def _read_prefix(cell: str, rules: TableRules) -> str:
    """Without a plus sign it has to begin with the code of the country, and with
    nothing else: ``916`` might begin numbers of Moscow or of India, ``777`` numbers of
    one network of Kazakhstan or of several."""
    prefix = _drop_fraction(cell)
    digits = strip_marks(prefix)
    if digits.isdecimal():
        code = str(phonenumbers.country_code_for_region(rules.country))
        if not digits.startswith(code) or (
            digits != code and _may_be_network(digits, rules.country)
        ):
            raise RejectedTableRow("doubtful_prefix")
        prefix = f"+{digits}"
    try:
        return normalise_prefix(prefix)
    except ValueError as error:
        raise RejectedTableRow("no_prefix") from error


def _may_be_network(digits: str, country: str) -> bool:
    """Tell whether mobile numbers of a country may begin so behind its code."""
    metadata = PhoneMetadata.metadata_for_region(country)
    mobile = metadata and metadata.mobile
    pattern = mobile and mobile.national_number_pattern
    if not mobile or not pattern or len(digits) > _NETWORK_DIGITS:
        return False
    return any(
        re.fullmatch(pattern, digits.ljust(length, filler))
        for length in mobile.possible_length
        for filler in "0123456789"
    )


def _drop_fraction(cell: str) -> str:
    """Leave off the ``.0`` of a program that took a number for a fraction."""
    whole = _WHOLE.fullmatch(cell)
    return whole[1] if whole else cell


def _read_word(cell: str, words: Mapping[str, str], reason: Rejection) -> str | None:
    if not cell:
        return None
    word = words.get(plain(cell))
    if word is None:
        raise RejectedTableRow(reason)
    return word


def _read_amount(cell: str, rules: TableRules) -> Decimal:
    if rules.currency and names_other_currency(cell, rules.currency):
        raise RejectedTableRow("foreign_currency")
    try:
        amount = read_amount(cell, rules.decimal_mark)
    except UnreadableAmount as error:
        reason: Rejection = "doubtful_price" if error.is_doubtful else "no_price"
        raise RejectedTableRow(reason) from error
    if amount < 0:
        raise RejectedTableRow("negative_price")
    return amount


_READERS: Mapping[Kind, Callable[[Mapping[Target, str], TableRules], TableRow]] = {
    "ranges": _read_range,
    "ported": _read_ported,
    "prices": _read_price,
}
