"""Rows of a file: each is read as one recipient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat

from ..country_names import plain
from ..genders import GENDERS
from ..msisdn import InvalidNumber, Reason, read_cell
from ..vocabulary import Channel
from .full_names import join_name
from .headers import Target

#: why a row is no recipient
Rejection = (
    Reason | Literal["no_number", "unknown_country", "too_long", "bad_character"]
)
#: what a good row says that is not understood, and a formula that failed
NotUnderstood = Literal["country", "gender", "lang", "formula"]

#: the length of one cell
MAX_VALUE = 1000

#: what spreadsheets show where a formula failed, in English and Russian
_FORMULA_ERROR = re.compile(
    r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!"
    r"|Н/Д|ССЫЛКА!|ЗНАЧ!|ДЕЛ/0!|ИМЯ\?|ЧИСЛО!|ПУСТО!|ПЕРЕНОС!|ВЫЧИСЛ!)"
    r"|(Err|Ошибка):\d{3}"
)
_PHONES: Sequence[Target] = ("phone", "other_phone")


@dataclass(frozen=True)
class Column:
    """A column that is read; ``name`` is what texts call one of target ``value``."""

    index: int
    target: Target
    name: str = ""


@dataclass(frozen=True)
class Rules:
    """How the rows of a file are read.

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
class ImportedRecipient:
    """What a row says of its recipient.

    ``fields`` by target, ``phone`` among them as E.164; ``values`` by name;
    ``not_understood`` names targets, one for each cell.
    """

    fields: dict[str, str]
    values: dict[str, str]
    not_understood: tuple[NotUnderstood, ...]


class RejectedRow(ValueError):
    """A row that is no recipient; ``reason`` says why."""

    def __init__(self, reason: Rejection) -> None:
        super().__init__(reason)
        self.reason: Rejection = reason


def read_row(
    cells: Sequence[str], columns: Iterable[Column], rules: Rules
) -> ImportedRecipient:
    """Read one recipient.

    :raise RejectedRow: with its reason
    """
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    not_understood: list[NotUnderstood] = []
    for column in columns:
        cell = cells[column.index] if column.index < len(cells) else ""
        _check_cell(cell)
        if column.target not in _PHONES and _FORMULA_ERROR.fullmatch(cell):
            not_understood.append("formula")
            cell = ""
        if column.target == "value":
            values[column.name] = cell
        else:
            fields[column.target] = cell
    fields["phone"] = _read_phone(fields, rules, not_understood)
    fields["name"] = fields.get("name") or join_name(fields)
    not_understood += _translate(fields, {"gender": GENDERS, "lang": rules.languages})
    filled = {name: value for name, value in values.items() if value}
    return ImportedRecipient(fields, filled, tuple(not_understood))


def _check_cell(cell: str) -> None:
    if len(cell) > MAX_VALUE:
        raise RejectedRow("too_long")
    if "\0" in cell:
        raise RejectedRow("bad_character")


def _read_phone(
    fields: dict[str, str], rules: Rules, not_understood: list[NotUnderstood]
) -> str:
    """Return the number, or the other one where the first is empty, as the country of
    the row reads it."""
    first, other = (fields.pop(target, "") for target in _PHONES)
    written = first or other
    named = fields.pop("country", "")
    if not named:
        return _read_number(written, rules)
    country = rules.countries.get(plain(named))
    try:
        return _read_number(written, replace(rules, country=country))
    except RejectedRow as error:
        if error.reason == "no_country":
            raise RejectedRow("unknown_country") from error
        raise
    finally:
        if not country:
            not_understood.append("country")


def _read_number(cell: str, rules: Rules) -> str:
    # spreadsheets have an apostrophe before what is not to be computed
    if not cell.lstrip("'"):
        raise RejectedRow("no_number")
    try:
        return read_cell(
            cell,
            rules.country,
            channel=rules.channel,
            first_mobile=rules.takes_first,
        )
    except InvalidNumber as error:
        raise RejectedRow(error.reason) from error


def write_phone(number: str) -> str:
    """Write a number (E.164) so that a person can compare it: ``+7 916 123-45-67``."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def _translate(
    fields: dict[str, str],
    words: Mapping[Literal["gender", "lang"], Mapping[str, str]],
) -> list[NotUnderstood]:
    """Put our words for people's, and return what is not understood."""
    not_understood: list[NotUnderstood] = []
    for target, meanings in words.items():
        written = fields.pop(target, "")
        meaning = meanings.get(written.casefold().strip(" ."))
        if meaning:
            fields[target] = meaning
        elif written:
            not_understood.append(target)
    return not_understood
