"""Reading documents of strangers: any shape is possible, and none is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from .types import Words, _

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?")
_DIGITS = re.compile(r"[0-9]{5,15}")
#: digits of a number that are the same at home and abroad
_LAST_DIGITS = 10
_SEPARATORS = re.compile(r"[\s().-]")
#: earlier and later moments are a mistake or another unit
_FIRST_SECOND = 946_684_800
_LAST_SECOND = 4_102_444_800


class ReadingWords(Words):
    """Why a document cannot be read."""

    HAS_DOCTYPE = _("the response contains a DOCTYPE")
    NOT_XML = _("the response is not XML")
    NOT_JSON = _("the response is not JSON")
    NO_DATA = _("the response does not contain the requested data")


class Unreadable(ValueError):
    """A document that is not of the kind that was expected; says why in words."""


# === DOCUMENTS ===
def read_json(body: bytes) -> Any:
    """A document of JSON; its fractions are decimals.

    :raise Unreadable: it is none
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(ReadingWords.NOT_JSON.say()) from error


def _refuse_constant(_word: str) -> Any:
    raise ValueError


def read_xml(body: bytes) -> etree._Element:
    """A document of XML: nothing is loaded, expanded or huge.

    :raise Unreadable: it is none, or has a DOCTYPE
    """
    if b"<!DOCTYPE" in body:
        raise Unreadable(ReadingWords.HAS_DOCTYPE.say())
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(ReadingWords.NOT_XML.say()) from error
    info: Any = root.getroottree().docinfo
    if info.doctype:  # in an encoding unlike ASCII
        raise Unreadable(ReadingWords.HAS_DOCTYPE.say())
    return root


# === VALUES ===
def dig(value: Any, *path: str | int) -> Any:
    """What stands at a path of names and places, None where there is no such thing."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def as_list(value: Any) -> list[Any]:
    """A list, empty where the value is none."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[str, Any]:
    """An object, empty where the value is none."""
    return value if isinstance(value, dict) else {}


def expect_list(value: Any) -> list[Any]:
    """A list that has to be there: a missing one does not mean an empty one.

    :raise Unreadable: there is none
    """
    if not isinstance(value, list):
        raise Unreadable(ReadingWords.NO_DATA.say())
    return value


def as_text(value: Any) -> str:
    """A text or a number as text, "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return str(value) if is_number else ""


def spell(value: Any, depth: int = 3) -> str:
    """The texts of a value, with their names in objects, for people."""
    if isinstance(value, dict) and depth:
        found = ((name, spell(one, depth - 1)) for name, one in value.items())
        return "; ".join(f"{name}: {text}" for name, text in found if text)
    if isinstance(value, list) and depth:
        return ", ".join(filter(None, (spell(one, depth - 1) for one in value)))
    return as_text(value)


def as_integer(value: Any) -> int | None:
    """A whole number, written as a number or as text."""
    text = as_text(value)
    return int(text) if _INTEGER.fullmatch(text) else None


def as_decimal(value: Any) -> Decimal | None:
    """A number, written as one or as text, with a point or a comma."""
    text = as_text(value).replace(",", ".")
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


@lru_cache(maxsize=1024)
def as_msisdn(text: str) -> str | None:
    """A number in international form, with or without the plus sign, as E.164."""
    digits = _SEPARATORS.sub("", text).removeprefix("+")
    return f"+{digits}" if _DIGITS.fullmatch(digits) else None


def is_same_number(text: str, msisdn: str) -> bool:
    """Whether a number is this one, however its first digits are written: some dial 8
    in place of the country's code."""
    digits = "".join(filter(str.isdigit, text))
    return digits.endswith(msisdn.removeprefix("+")[-_LAST_DIGITS:])


# === TIMES ===
def read_unix(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970 as a time in UTC."""
    number = as_decimal(value)
    if number is None:
        return None
    if number > _LAST_SECOND:
        number /= 1000
    if not _FIRST_SECOND < number < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(float(number), timezone.utc)


@lru_cache(maxsize=1024)
def read_iso(text: str, zone: ZoneInfo | None = None) -> datetime | None:
    """A time as ISO 8601 and RFC 3339 write it, in UTC.

    :param zone: of times without an offset; None: those are not read
    """
    try:
        moment = datetime.fromisoformat(_spell_offset(text.strip()))
    except ValueError:
        return None
    return _to_utc(moment, zone)


def read_time(text: str, pattern: str, zone: ZoneInfo) -> datetime | None:
    """A local time of a zone, written by a pattern of `datetime.strptime`, in UTC."""
    try:
        return _to_utc(datetime.strptime(text.strip(), pattern), zone)
    except ValueError:
        return None


def read_rfc2822(text: str) -> datetime | None:
    """A time as mails and HTTP write it, in UTC."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return _to_utc(moment, ZoneInfo("UTC"))


def _to_utc(moment: datetime, zone: ZoneInfo | None) -> datetime | None:
    if moment.tzinfo is None:
        if zone is None:
            return None
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _spell_offset(text: str) -> str:
    """Python 3.10 knows neither ``Z`` nor ``+0300``, nor fractions of any length."""
    text = re.sub(r"[Zz]$", "+00:00", text)
    text = re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", text)
    return re.sub(r"\.([0-9]+)", lambda part: f".{part[1][:6]:0<6}", text)


def read_retry_after(value: str) -> float | None:
    """Seconds to wait, given as a number or as a date (RFC 9110, 10.2.3)."""
    value = value.strip()
    if _INTEGER.fullmatch(value):
        return max(float(value), 0)
    moment = read_rfc2822(value)
    if moment is None:
        return None
    return max((moment - datetime.now(timezone.utc)) / timedelta(seconds=1), 0)
