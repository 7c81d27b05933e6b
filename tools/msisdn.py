"""Phone numbers: as people write them in, E.164 with the plus sign out.

There are two readings. `normalise` is that of requests (docs/api.rst, Recipients): bare
Russian forms are +7, everything else has its plus. `read_national` is that of records:
their own country decides, and the number is the one that Odoo makes of it, which its
blacklist knows. What would drop, add or choose digits is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
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
    ValidationResult,
)

from .vocabulary import Channel

Reason = Literal[
    "unreadable",
    "not_possible",
    "not_mobile",
    "several",
    "digits_lost",
    "doubtful",
    "no_country",
]

#: nothing that is still one phone number is written longer
MAX_WRITTEN = 64

_MOBILE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{3,18}")
# what can be read at a glance as the library would, whatever the country
_PLAINLY_BARE = re.compile(r"[0-9][0-9 \-()\N{NO-BREAK SPACE}]*")
_PLAINLY_INTERNATIONAL = re.compile(r"\+[0-9][0-9 \-()\N{NO-BREAK SPACE}]*")
# 7.9161E+10, in Cyrillic letters too
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eEеЕ][+-]?[0-9]+")
# what programs write of a number that they take for a fraction
_FRACTION = re.compile(r"(\+?[0-9]{9,})[.,]([0-9]+)")
# the trunk prefix 8 behind a plus: no country code is that short
_PLUS_TRUNK = re.compile(r"\+\s*8[^0-9]")
_BETWEEN_NUMBERS = re.compile(
    r"[,;|/\\\n]|(?<=[0-9)])\s*(?=\+)|\s(?:и|или|and|or)\s", re.IGNORECASE
)
# "моб. +7 916 000-00-10", but not "доб. 5"
_LABEL = re.compile(
    r"(?!(?:доб|вн|внутр|ext|extn|x)\b)[^\W\d_]+[.:]*\s*(?=[+(0-9])", re.IGNORECASE
)
_NOT_DIGITS = re.compile("[^0-9]+")
# Arabic ones too
_DIGIT = re.compile(r"\d")
# digits of a number without the code of a city, of one with it, and of the end of one
_SHORTEST_NUMBER, _COMPLETE_NUMBER, _SHORTEST_END = 7, 10, 2
_CALLING_CODE_OF_RUSSIA = 7
# E.164 has 15; a trunk prefix and a dialling prefix may stand before them
_LONGEST_WRITTEN = 19
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
    number. ``not_mobile``: it exists, but an SMS cannot reach it. ``several``: more
    than one number. ``digits_lost``: a program has rounded it, or made a fraction of
    it. ``doubtful``: it can be read in two ways. ``no_country``: written without the
    code of a country, and no country is known.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Reading:
    """A number as somebody wrote it, and what it is read as.

    Either ``number`` (E.164, for any channel) or ``reason`` is given; neither where
    nothing is written.
    """

    raw: str = ""
    number: str | None = None
    reason: Reason | None = None

    def serves(self, channel: Channel) -> bool:
        """Tell whether there is a number, and the channel reaches it."""
        if self.number is None:
            return False
        try:
            check_channel(self.number, channel)
        except InvalidNumber:
            return False
        return True


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
    if channel == "sms" and not _is_mobile(parsed):
        raise InvalidNumber("not_mobile")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def read(
    raw: str,
    country: str | None,
    *,
    known: str | None = None,
    is_own: bool = True,
) -> Reading:
    """Read a number of somebody in a country; never raises.

    :param known: what Odoo made of it for this country, where that is known already
    :param is_own: it is that person's country, and not only that of who writes to them:
        it casts doubt on a number of another one
    """
    if not raw.strip():
        return Reading(raw)
    try:
        return Reading(raw, _read_valid(raw, country, known, is_own=is_own))
    except InvalidNumber as error:
        return Reading(raw, reason=error.reason)


def read_national(
    raw: str, country: str | None, *, channel: Channel | None = None
) -> str:
    """Return a number of somebody in a country as E.164: Odoo's reading of it, or none.

    :param country: ISO 3166 code of two letters, None where nobody knows it
    :param channel: what has to reach the number; None for any valid one
    :raise InvalidNumber: with its reason
    """
    number = _read_valid(raw, country)
    if channel is not None:
        check_channel(number, channel)
    return number


def read_cell(
    raw: str,
    country: str | None,
    *,
    channel: Channel = "sms",
    first_mobile: bool = False,
) -> str:
    """Return the number in a cell of a table as E.164.

    Unlike in records, a fraction of nothing (``79160000101.0``) and the apostrophe of
    spreadsheets are understood.

    :param country: see `read_national`
    :param first_mobile: take the first number that the channel reaches of several
    :raise InvalidNumber: with its reason
    """
    written = raw.strip().lstrip("'").strip()
    numbers = find_numbers(written) if first_mobile else [written]
    failures: list[InvalidNumber] = []
    for number in numbers:
        try:
            return read_national(_without_fraction(number), country, channel=channel)
        except InvalidNumber as error:
            failures.append(error)
    raise failures[0]


def find_numbers(raw: str) -> list[str]:
    """Return the numbers in what somebody wrote, as they are written; at least one.

    A word before a number is none of it, an extension belongs to the number before it.
    ``+79160000133/34`` are two, of which the second one is not complete.
    """
    parts = [_LABEL.sub("", part.strip(), 1) for part in _BETWEEN_NUMBERS.split(raw)]
    numbers = [part for part in parts if _count_digits(part) >= _SHORTEST_END]
    sizes = sorted(map(_count_digits, numbers))
    are_several = (
        len(numbers) > 1
        and all(not _has_letters(number) for number in numbers)
        and (sizes[-2] >= _SHORTEST_NUMBER or sizes[-1] >= _COMPLETE_NUMBER)
    )
    return numbers if are_several else [raw.strip()]


def _check_written(raw: str) -> None:
    """Refuse what would lose or win digits, or could be more than one number.

    :raise InvalidNumber: with its reason
    """
    written = raw.strip()
    if len(raw) > MAX_WRITTEN or not _DIGIT.search(written):
        raise InvalidNumber("unreadable")
    if _SCIENTIFIC.fullmatch(written) or _FRACTION.fullmatch(written):
        raise InvalidNumber("digits_lost")
    if len(find_numbers(raw)) > 1 or _count_digits(written) > _LONGEST_WRITTEN:
        raise InvalidNumber("several")
    if has_plus_and_trunk(written):
        raise InvalidNumber("doubtful")


def has_plus_and_trunk(written: str) -> bool:
    """Tell whether the trunk prefix 8 stands behind a plus, as in ``+8 495``."""
    return _PLUS_TRUNK.match(written) is not None


def check_channel(number: str, channel: Channel) -> None:
    """Refuse a valid number (E.164) that the channel does not reach.

    :raise InvalidNumber: ``not_mobile``
    """
    if channel != "sms" or _is_plainly_mobile(number):
        return
    if not _is_mobile(phonenumbers.parse(number)):
        raise InvalidNumber("not_mobile")


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
    if not _is_written_safely(raw, number):
        raw = _without_fraction(raw.strip())
        _check_written(raw)
        number = raw.translate(_SEPARATORS)
    if _INTERNATIONAL.fullmatch(number):
        return number
    russian = _read_bare(number)
    if russian is None:
        raise InvalidNumber("unreadable")
    return russian


def _read_bare(digits: str) -> str | None:
    """Return what bare digits are in the countries of +7, None where they are no number
    there by their form."""
    bare = _BARE.fullmatch(digits)
    return f"+7{bare[1] or bare[2]}" if bare else None


def _is_written_safely(raw: str, number: str) -> bool:
    """Tell, before anything is looked at closely, that nothing can be wrong with a
    number of the usual size."""
    return "." not in raw and number[1:].isdecimal() and number[:2] != "+8"


def _without_fraction(written: str) -> str:
    """Leave off the ``.0`` of a program that took a number for a fraction."""
    fraction = _FRACTION.fullmatch(written)
    return fraction[1] if fraction and not fraction[2].strip("0") else written


def _read_valid(
    raw: str, country: str | None, known: str | None = None, *, is_own: bool = True
) -> str:
    """Return a valid number, where nothing else can be meant."""
    number = _read_plainly(raw) or _read_plainly_bare(raw, country)
    if number is None:
        _check_written(raw)
        number = known
    try:
        number = number or _read_by_library(raw, country)
    finally:
        if is_own or not raw.lstrip().startswith("+"):
            _check_country(raw, number, country)
    return number


def _read_plainly(raw: str) -> str | None:
    """Return a mobile number that has its plus and nothing but usual separators."""
    written = raw.strip()
    if not _PLAINLY_INTERNATIONAL.fullmatch(written) or has_plus_and_trunk(written):
        return None
    number = "+" + _NOT_DIGITS.sub("", written)
    is_mobile = _INTERNATIONAL.fullmatch(number) and _is_plainly_mobile(number)
    return number if is_mobile else None


def _read_plainly_bare(raw: str, country: str | None) -> str | None:
    """Return a mobile number of Russia without its plus and with nothing but usual
    separators."""
    if country != "RU" or not _PLAINLY_BARE.fullmatch(raw.strip()):
        return None
    number = _read_bare(_NOT_DIGITS.sub("", raw))
    return number if number and _is_plainly_mobile(number) else None


def _read_by_library(raw: str, country: str | None) -> str:
    """Return what Odoo makes of a number (`phone_validation`, its `phone_format`)."""
    parsed = _parse_in_country(raw, country)
    if _has_letters(_LABEL.sub("", raw.strip(), 1)) and not _is_extension(raw, parsed):
        raise InvalidNumber("unreadable")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _parse_in_country(raw: str, country: str | None) -> PhoneNumber:
    """Return a valid number; one too long for its country lacks its plus."""
    try:
        parsed = phonenumbers.parse(raw, country)
        # once more, as Odoo does: it mends metadata of countries that way
        written = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
        parsed = phonenumbers.parse(written, country)
    except NumberParseException as error:
        raise InvalidNumber(_explain_parsing(error, country)) from error
    if phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.TOO_LONG:
        if raw.startswith("+"):
            raise InvalidNumber("not_possible")
        return _parse_in_country(f"+{raw.removeprefix('00')}", country)
    if not phonenumbers.is_valid_number(parsed):
        raise InvalidNumber("not_possible")
    return parsed


def _explain_parsing(error: NumberParseException, country: str | None) -> Reason:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return "unreadable"
    return "unreadable" if country else "no_country"


def _is_extension(raw: str, parsed: PhoneNumber) -> bool:
    """Tell whether the letters say no more than that an extension follows."""
    if not parsed.extension:
        return False
    national = phonenumbers.national_significant_number(parsed)
    return _NOT_DIGITS.sub("", raw).endswith(national + parsed.extension)


def _check_country(raw: str, number: str | None, country: str | None) -> None:
    """Refuse what would be a Russian number if its country did not say otherwise.

    Where a bare form is too long for the country, the library takes its beginning for
    the code of another one; a plus before the trunk prefix 8 makes a Vietnamese number
    of a Russian one.
    """
    digits = _NOT_DIGITS.sub("", raw)
    has_plus = raw.lstrip().startswith("+")
    if not country or (has_plus and not digits.startswith("8")):
        return
    if has_plus and _get_calling_code(country) != _CALLING_CODE_OF_RUSSIA:
        return
    if number and not has_plus and is_of(number, country):
        return
    if _is_of_russia(digits, number):
        raise InvalidNumber("doubtful")


def _is_of_russia(digits: str, number: str | None) -> bool:
    """Tell whether bare digits are a number of +7, another one than was read."""
    other = _read_bare(digits)
    if other in (None, number):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(other))


def _get_calling_code(country: str) -> int:
    """Return the number that stands behind the plus."""
    return phonenumbers.country_code_for_region(country)


def is_of(number: str, country: str | None) -> bool:
    """Tell whether a number (E.164) begins with the calling code of a country."""
    return country is not None and number.startswith(f"+{_get_calling_code(country)}")


def _is_mobile(parsed: PhoneNumber) -> bool:
    return phonenumbers.number_type(parsed) in _MOBILE_TYPES


def _count_digits(written: str) -> int:
    return len(_NOT_DIGITS.sub("", written))


def _has_letters(written: str) -> bool:
    return any(map(str.isalpha, written))


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


def find_country(number: str) -> str | None:
    """Return the country (ISO 3166) of a valid number (E.164), None for one of no
    country, such as a satellite telephone's.

    It says what `phonenumbers.region_code_for_number` does.
    """
    for end in (2, 3, 4):
        patterns = _country_patterns(number[1:end])
        if patterns is not None:
            found = (country for country, one in patterns if one.match(number, end))
            return next(found, None)
    return None


@cache
def _country_patterns(country_code: str) -> list[tuple[str, re.Pattern[str]]] | None:
    """Return the countries of a calling code, in the library's order, with what their
    numbers look like behind it; None for a code that does not exist."""
    countries = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    if not countries:
        return None
    known = [(name, PhoneMetadata.metadata_for_region(name)) for name in countries]
    return [
        (name, re.compile(_claimed(country) if len(countries) > 1 else ""))
        for name, country in known
        if country is not None
    ]


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
