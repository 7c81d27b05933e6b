"""What messages cost: prices by category, operator and the beginning of the number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from .msisdn import has_plus_and_trunk
from .number_table import NumberTable, make_prefix
from .vocabulary import Channel

_PREFIX = re.compile(r"(?:\+[1-9][0-9]{0,14})?")
_MARKS = re.compile(r"[-\s().]")


def strip_marks(number: str) -> str:
    """Return a number, or its beginning, without the marks people write into it."""
    return _MARKS.sub("", number)


def normalise_prefix(raw: str) -> str:
    """Return the beginning of an MSISDN without the marks people write into it.

    The empty prefix stands for every number.

    :raise ValueError: it is no beginning of a number with plus and country code
    """
    prefix = strip_marks(raw)
    if not _PREFIX.fullmatch(prefix) or has_plus_and_trunk(raw.strip()):
        raise ValueError(raw)
    return prefix


class Price(NamedTuple):
    """What a segment, or a call, costs to the numbers that begin with a prefix.

    :param operator_id: only numbers of this operator
    :param is_of_category: the price is of one category of messages, not of any
    """

    prefix: str
    amount: Decimal
    operator_id: int | None = None
    is_of_category: bool = False


class Package(NamedTuple):
    """Parts that were paid for in advance.

    :param price: of a part, or a call, within the package
    :param ends_on: its last day, None for no end
    """

    id: int
    price: Decimal = Decimal()
    operator_id: int | None = None
    is_of_category: bool = False
    ends_on: date | None = None


class PriceList:
    """The prices of one channel and category, made once for many numbers.

    Of the prices for a number those of the category come first, then those of its
    operator, then the one of the longest prefix.

    :param prices: those of the category and those of any
    :param packages: those that are open and not used up, of the category and of any
    """

    def __init__(
        self,
        prices: Iterable[Price],
        *,
        channel: Channel = "sms",
        packages: Iterable[Package] = (),
    ) -> None:
        self._prices = list(prices)
        self._is_per_call = channel == "voice"
        self._packages = sorted(packages, key=_get_package_rank)
        self._package_prices = {one.id: one.price for one in self._packages}
        self._operators = {one.operator_id for one in self._prices} - {None}
        self._operators |= {one.operator_id for one in self._packages} - {None}
        self._find_any = self._make_table(None).find
        self._finders = {one: self._make_table(one).find for one in self._operators}

    def __bool__(self) -> bool:
        return bool(self._prices)

    @property
    def needs_operators(self) -> bool:
        """Whether a price or a package depends on the operator of the number."""
        return bool(self._operators)

    def find(self, msisdn: str, operator_id: int | None = None) -> Decimal | None:
        """Return the price for a number, None where none is known."""
        return self._finders.get(operator_id, self._find_any)(msisdn)

    def get_cost(
        self, msisdn: str, segments: int, operator_id: int | None = None
    ) -> Decimal | None:
        """Return what a message costs, None where no price is known."""
        price = self._finders.get(operator_id, self._find_any)(msisdn)
        if price is None or self._is_per_call:
            return price
        return price * segments

    @property
    def package_ids(self) -> list[int]:
        """The packages that messages can use."""
        return list(self._package_prices)

    def find_package(
        self,
        operator_id: int | None = None,
        *,
        left: Mapping[int, int] | None = None,
        units: int = 1,
    ) -> int | None:
        """Return the package that a message to a number of an operator uses: one for
        the category before one for any, then one for the operator, then the one that
        ends first.

        :param left: what is left of packages; None: enough of all
        :param units: parts, or calls, that the message takes
        """
        for package in self._packages:
            is_enough = left is None or left.get(package.id, 0) >= units
            if is_enough and package.operator_id in (None, operator_id):
                return package.id
        return None

    def count_units(self, segments: int) -> int:
        """Return what a message takes of a package: its parts, or one call."""
        return 1 if self._is_per_call else segments

    def get_package_cost(self, package_id: int, segments: int) -> Decimal:
        """Return what a message costs that uses a package."""
        price = self._package_prices[package_id]
        return price if self._is_per_call else price * segments

    def _make_table(self, operator_id: int | None) -> NumberTable[Decimal]:
        """The prices that numbers of an operator have; None: of no known one."""
        return NumberTable(
            make_prefix(
                price.prefix,
                (not price.is_of_category, not price.operator_id, -len(price.prefix)),
                price.amount,
            )
            for price in self._prices
            if price.operator_id in (None, operator_id)
        )


def _get_package_rank(package: Package) -> tuple[bool, bool, date, int]:
    return (
        not package.is_of_category,
        not package.operator_id,
        package.ends_on or date.max,
        package.id,
    )
