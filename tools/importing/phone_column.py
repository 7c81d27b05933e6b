"""The column of the phone numbers: found by its header and by what its cells have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..country_names import plain
from ..msisdn import InvalidNumber, read_cell
from .headers import HEADERS

#: rows from which it is known what a column has
SAMPLED_ROWS = 200

#: headers of numbers of any kind
_VAGUE = ("номер", "number")
#: digits of the shortest thing that is looked at as a number
FEWEST_DIGITS = 5
#: digits that a number has which needs no code of a city
_DIGITS_WITH_CODE = 9
#: characters of a cell with several numbers
_LONGEST_CELL = 200
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{2,4}([ T]\d{1,2}:\d{2}.*)?")
_AMOUNT = re.compile(r"[-+]?\d{1,3}([ \N{NO-BREAK SPACE}]?\d{3})*[.,]\d\d")


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
    return any(seems_number(cell, country) for cell in cells)


def seems_number(cell: str, country: str | None) -> bool:
    return _may_be_number(cell) and _examine_cell(cell, country) is not None


def _may_be_number(cell: str) -> bool:
    """Tell at little cost what is none: words, dates, amounts."""
    return (
        FEWEST_DIGITS <= count_digits(cell) <= len(cell) <= _LONGEST_CELL
        and not _DATE.fullmatch(cell)
        and not _AMOUNT.fullmatch(cell)
    )


def _examine_cell(cell: str, country: str | None) -> _Seeming | None:
    is_bare = cell.isdecimal()
    try:
        number = read_cell(cell, country, channel="voice", first_mobile=True)
    except InvalidNumber as error:
        seems_one = error.reason in ("no_country", "doubtful", "digits_lost")
        is_long = count_digits(cell) >= _DIGITS_WITH_CODE
        return _Seeming(True, is_bare) if seems_one and is_long else None
    is_bare = is_bare and number.endswith(cell) and len(cell) < len(number) - 1
    return _Seeming(_reaches(cell, country), is_bare)


def _reaches(cell: str, country: str | None) -> bool:
    try:
        read_cell(cell, country, first_mobile=True)
    except InvalidNumber:
        return False
    return True


def count_digits(cell: str) -> int:
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
