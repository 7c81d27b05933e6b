"""What messages cost: the price of the longest prefix that a number begins with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from .vocabulary import Channel

_PREFIX = re.compile(r"(?:\+[1-9][0-9]{0,14})?")
_MARKS = re.compile(r"[-\s().]")


def normalise_prefix(raw: str) -> str:
    """Return the beginning of an MSISDN without the marks people write into it.

    The empty prefix stands for every number.

    :raise ValueError: it is no beginning of a number with plus and country code
    """
    prefix = _MARKS.sub("", raw)
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(raw)
    return prefix


class PriceList:
    """The prices of one channel, made once for many numbers.

    :param prices: prefix → price of a segment, of a call in the voice channel
    """

    def __init__(
        self, prices: Mapping[str, Decimal], *, channel: Channel = "sms"
    ) -> None:
        self._prices = dict(prices)
        self._lengths = sorted({len(prefix) for prefix in prices}, reverse=True)
        self._is_per_call = channel == "voice"

    def __bool__(self) -> bool:
        return bool(self._prices)

    def find(self, msisdn: str) -> Decimal | None:
        """Return the price for a number, None where none is known."""
        for length in self._lengths:
            price = self._prices.get(msisdn[:length])
            if price is not None:
                return price
        return None

    def get_cost(self, msisdn: str, segments: int) -> Decimal | None:
        """Return what a message costs, None where no price is known."""
        price = self.find(msisdn)
        if price is None or self._is_per_call:
            return price
        return price * segments
