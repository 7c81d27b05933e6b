"""Phone numbers: as people write them in, E.164 with the plus sign out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Literal

import phonenumbers
from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    PhoneNumberDesc,
    PhoneNumberFormat,
    PhoneNumberType,
)

Channel = Literal["sms", "voice"]
Reason = Literal["unreadable", "not_possible", "not_mobile"]

#: nothing that is still one phone number is written longer
MAX_WRITTEN = 64

_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{3,18}")
# 8XXXXXXXXXX and 7XXXXXXXXXX carry the trunk prefix or the country, 9XXXXXXXXX neither
_BARE = re.compile(r"[78]([0-9]{10})|(9[0-9]{9})")
# spaces, dashes and brackets of all kinds, invisible marks that come with copied text
_SEPARATOR_CATEGORIES = {"Zs", "Pd", "Ps", "Pe", "Cf"}
_SEPARATORS = {
    code: None
    for code in range(0x10000)
    if unicodedata.category(chr(code)) in _SEPARATOR_CATEGORIES
} | dict.fromkeys(map(ord, "\t\n\r.\N{MINUS SIGN}\N{HYPHEN BULLET}"))


class InvalidNumber(ValueError):
    """A number that cannot be served; `reason` says why.

    ``unreadable``: not a phone number. ``not_possible``: its country has no such
    number. ``not_mobile``: it exists, but an SMS cannot reach it.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def normalise(raw: str, *, channel: Channel = "sms") -> str:
    """Return a number as E.164.

    Read are any country with a plus and, for the countries of +7, ``8XXXXXXXXXX``,
    ``7XXXXXXXXXX`` and ten digits beginning with 9; spaces, dashes, dots and brackets
    do not matter. An SMS needs a mobile number, a call any valid one.

    :raise InvalidNumber: with its reason
    """
    number = _international(raw)
    if _is_plainly_mobile(number):
        return number
    parsed = _parse(number)
    if channel == "sms" and phonenumbers.number_type(parsed) not in _MOBILE_TYPES:
        raise InvalidNumber("not_mobile")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def e164(raw: str) -> str | None:
    """Return any valid number as E.164, None for what is not one."""
    try:
        return normalise(raw, channel="voice")
    except InvalidNumber:
        return None


def _international(raw: str) -> str:
    """Return plus and digits of a number as written."""
    if len(raw) > MAX_WRITTEN:
        raise InvalidNumber("unreadable")
    number = raw.translate(_SEPARATORS)
    if _INTERNATIONAL.fullmatch(number):
        return number
    bare = _BARE.fullmatch(number)
    if bare is None:
        raise InvalidNumber("unreadable")
    return f"+7{bare[1] or bare[2]}"


def _parse(number: str) -> PhoneNumber:
    """Return a valid number as the library sees it."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException as error:
        unknown_country = error.error_type == NumberParseException.INVALID_COUNTRY_CODE
        raise InvalidNumber(
            "unreadable" if unknown_country else "not_possible"
        ) from error
    if not phonenumbers.is_valid_number(parsed):
        raise InvalidNumber("not_possible")
    return parsed


def _is_plainly_mobile(number: str) -> bool:
    """Tell, at a fiftieth of the library's cost, what it would call mobile.

    False means only that the library has to be asked. Country codes are prefix-free,
    so the first one found is the number's.
    """
    for end in (2, 3, 4):
        pattern = _mobile_pattern(number[1:end])
        if pattern is not None:
            return pattern.fullmatch(number, end) is not None
    return False


@cache
def _mobile_pattern(country_code: str) -> re.Pattern[str] | None:
    """Return the mobile numbers of a country code as one expression.

    It says what `phonenumbers.number_type` does for a number that needs no trunk
    prefix cut off: the regions of a code are asked in the library's order, the first
    one that claims the number decides.
    """
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    if not regions or regions == ("001",):
        return None
    countries = [
        country
        for region in regions
        if (country := PhoneMetadata.metadata_for_region(region)) is not None
    ]
    alternatives, earlier = [], _trunk_prefix(countries[0])
    for country in countries:
        claimed = _claimed(country)
        alternatives.append(f"{earlier}(?={claimed}){_mobile(country)}")
        earlier += f"(?!{claimed})"
    return re.compile("|".join(alternatives))


def _trunk_prefix(country: PhoneMetadata) -> str:
    """Leave numbers to the library from which it might cut a prefix."""
    prefix = country.national_prefix_for_parsing
    return f"(?!{prefix})" if prefix else ""


def _claimed(country: PhoneMetadata) -> str:
    """Return what makes the library take a number for one of this region."""
    if country.leading_digits is not None:
        return f"(?:{country.leading_digits})"
    return _any_of((*_special(country), country.fixed_line, country.mobile))


def _mobile(country: PhoneMetadata) -> str:
    """Return the region's numbers that are mobile, or mobile and fixed-line alike."""
    general = _desc(country.general_desc)
    return f"(?={general})(?!{_any_of(_special(country))}){_desc(country.mobile)}"


def _special(country: PhoneMetadata) -> tuple[PhoneNumberDesc | None, ...]:
    """Return the kinds of number that win over mobile."""
    return (
        country.premium_rate,
        country.toll_free,
        country.shared_cost,
        country.voip,
        country.personal_number,
        country.pager,
        country.uan,
        country.voicemail,
    )


def _any_of(descs: Iterable[PhoneNumberDesc | None]) -> str:
    return "(?:" + "|".join(map(_desc, descs)) + ")"


def _desc(desc: PhoneNumberDesc | None) -> str:
    """Return one kind of number as an expression; matches nothing where it is none."""
    if desc is None or not desc.national_number_pattern:
        return "(?!)"
    lengths = "|".join(f"[0-9]{{{length}}}" for length in desc.possible_length)
    return rf"(?:(?=(?:{lengths or '[0-9]*'})\Z)(?:{desc.national_number_pattern})\Z)"
