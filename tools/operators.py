"""Operators of numbers: ported numbers, ranges of a numbering plan, and the carrier
table of `phonenumbers`, in this order of trust.

A number whose operator nobody knows has none: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from .msisdn import find_country
from .number_table import Interval, NumberTable, make_prefix

#: Who says which operator a number has.
OperatorSource = Literal["ported", "range", "prefix", "unknown"]
Found = tuple[int | None, OperatorSource]

_UNKNOWN: Found = (None, "unknown")
#: legal forms before and after the names of companies, which registries write in full
_LEGAL_FORMS = frozenset(
    "ооо оао зао пао ао нао тоо ип llc ltd jsc pjsc cjsc ojsc".split()
)
_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
#: the longest code of a country, and as many digits as tell countries of one code apart
_CODE_DIGITS, _REGION_DIGITS = 3, 8
#: fewer digits behind the code tell no country
_AREA_DIGITS = 3


class NumberRange(NamedTuple):
    """Numbers of an operator, from ``first`` to ``last`` (E.164, equally long).

    Of two equally narrow ranges the one of the higher ``sequence`` wins.
    """

    first: str
    last: str
    operator_id: int
    sequence: int = 0


class NumberingPlan:
    """Who has which numbers, as far as it is the same for every message.

    :param names: (ISO code of the country, name as `plain_operator` writes it) →
        operator; what `phonenumbers` calls something else has no operator
    """

    def __init__(
        self,
        names: Mapping[tuple[str, str], int],
        ranges: Iterable[NumberRange] = (),
        *,
        has_ported: bool = False,
    ) -> None:
        self.names = dict(names)
        self.has_ported = has_ported
        self.find_range = NumberTable[Found](map(_make_interval, ranges)).find
        self.find_carrier = NumberTable[Found](_make_carriers(self.names)).find

    def find_operator(self, name: str, msisdn: str) -> int | None:
        """Return the operator that is called so in the country of a number."""
        region = find_region(msisdn)
        return self.names.get((region, plain_operator(name))) if region else None


class OperatorLookup:
    """Finds the operators of the numbers of one accept.

    :param read_ported: reads of a list of numbers those that were ported, as a dict of
        number → operator
    """

    def __init__(
        self,
        plan: NumberingPlan,
        read_ported: Callable[[list[str]], Mapping[str, int]],
    ) -> None:
        self._plan = plan
        self._read_ported = read_ported
        self._ported: dict[str, Found] = {}
        self._find_range = plan.find_range
        self._find_carrier = plan.find_carrier

    def learn(self, msisdns: Iterable[str]) -> None:
        """Read which numbers of a block were ported, by one query; by none where no
        ported numbers are known. `find` knows of ported numbers from here only."""
        if not self._plan.has_ported:
            return
        ported = self._read_ported([msisdn for msisdn in msisdns if msisdn])
        self._ported.update(
            (msisdn, (operator_id, "ported")) for msisdn, operator_id in ported.items()
        )

    def find(self, msisdn: str) -> Found:
        """Return the operator of a number, None for an unknown one, and who says so."""
        return (
            self._ported.get(msisdn)
            or self._find_range(msisdn)
            or self._find_carrier(msisdn)
            or _UNKNOWN
        )


def plain_operator(name: str) -> str:
    """Return a name of an operator as names are compared: without case, marks, quotes
    and the legal form of the company."""
    words = _WORDS.findall(name.casefold().replace("ё", "е"))
    while len(words) > 1 and words[0] in _LEGAL_FORMS:
        words.pop(0)
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)


def split_names(aliases: str) -> list[str]:
    """Return the spellings of a list separated by commas."""
    return [name.strip() for name in aliases.split(",") if name.strip()]


def is_number(text: str) -> bool:
    """Tell whether a text is a number (E.164)."""
    return _NUMBER.fullmatch(text) is not None


def is_range(first: str, last: str) -> bool:
    """Tell whether two texts are the ends of a range of numbers."""
    return (
        is_number(first)
        and is_number(last)
        and len(first) == len(last)
        and first <= last
    )


def find_region(msisdn: str) -> str | None:
    """Return the country of a number, or of a long beginning of one, by its first
    digits: its ISO code, None where none has the code."""
    return _find_region(msisdn[1 : 1 + _REGION_DIGITS])


@lru_cache(maxsize=65_536)
def _find_region(digits: str) -> str | None:
    for length in range(1, _CODE_DIGITS + 1):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0))
        if regions:
            return _choose_region(regions, digits, length)
    return None


def _choose_region(regions: tuple[str, ...], digits: str, length: int) -> str:
    """Return which of the countries of one code has a number; the first is the one that
    has all that no other claims.

    :param length: of the code with which the digits begin
    """
    is_clear = True
    for region in regions[1:]:
        metadata = PhoneMetadata.metadata_for_region(region)
        leading = metadata and metadata.leading_digits
        if leading and re.match(leading, digits[length:]):
            return region
        is_clear = is_clear and bool(leading)
    return regions[0] if is_clear else _choose_by_form(regions, digits, length)


def _choose_by_form(regions: tuple[str, ...], digits: str, length: int) -> str:
    """Return the first country that has complete numbers which begin so: nothing but
    the form of its numbers tells Canada from the USA."""
    metadata = PhoneMetadata.metadata_for_region(regions[0])
    form = metadata and metadata.general_desc
    sizes = form.possible_length if form else ()
    for end in range(len(digits), length + _AREA_DIGITS - 1, -1):
        found = {
            find_country(f"+{digits[:end].ljust(length + size, filler)}")
            for size in sizes
            for filler in "0123456789"
        }
        if first := next((region for region in regions if region in found), None):
            return first
    return regions[0]


def _make_interval(one: NumberRange) -> Interval:
    width = int(one.last) - int(one.first)
    found = (one.operator_id, "range")
    return Interval(one.first, one.last, (width, -one.sequence), found)


def _make_carriers(names: Mapping[tuple[str, str], int]) -> Iterator[Interval]:
    """Yield the prefixes of the carrier table in the countries that have operators; of
    carriers without an operator too, which lie between those that have one."""
    countries = {region for region, _name in names}
    for prefix, name in _read_carriers():
        region = find_region(prefix)
        if region in countries:
            operator_id = names.get((region, plain_operator(name)))
            found = operator_id and (operator_id, "prefix")
            yield make_prefix(prefix, -len(prefix), found)


def _read_carriers() -> Iterator[tuple[str, str]]:
    """Yield prefix and carrier as `phonenumbers.carrier.name_for_number` spells them in
    English; a prefix without an English name has that of the shorter one."""
    # ten megabytes, which only those need who ask for operators
    from phonenumbers.carrierdata import CARRIER_DATA  # noqa: PLC0415

    for digits, names in CARRIER_DATA.items():
        if "en" in names:
            yield f"+{digits}", names["en"]
