"""What an administrator enters for a route: typed values, read and checked here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from .addresses import Reach, judge_name, parse_address
from .types import Words, _

#: a value as an adapter uses it
Value: TypeAlias = "str | bool | int | timedelta | ZoneInfo | None"
_WHOLE = re.compile(r"[0-9]{1,9}")
_YES = ("1", "true", "yes", "on")
_MAX_LENGTH = 20_000


class Kind(Enum):
    """How a value is entered, checked and read."""

    TEXT = "text"
    #: text of several lines
    LINES = "lines"
    #: text that can be entered and never read
    SECRET = "secret"
    #: one of `Setting.choices`
    CHOICE = "choice"
    #: kept as 1 or 0
    BOOLEAN = "boolean"
    INTEGER = "integer"
    #: whole number of `Setting.unit`
    DURATION = "duration"
    #: name of the IANA database
    TIME_ZONE = "time_zone"
    #: http or https; the route's secrets go there
    ADDRESS = "address"


#: spaces at the ends of these belong to them
_AS_WRITTEN = (Kind.TEXT, Kind.LINES, Kind.SECRET)


class Unit(Enum):
    """Units of durations."""

    SECONDS = (1, _("seconds"))
    MINUTES = (60, _("minutes"))
    HOURS = (3600, _("hours"))

    @property
    def seconds(self) -> int:
        """How many seconds one of it has."""
        return self.value[0]

    @property
    def label(self) -> str:
        """Its plural, marked with `types._`."""
        return self.value[1]


class Choice(NamedTuple):
    """One value of a list.

    Odoo's extractor of terms takes what stands in a tuple behind `types._` for a term;
    behind a name it does not.
    """

    value: str
    #: marked with `types._`
    label: str


class SettingWords(Words):
    """What is said of values. ``label`` is that of the setting."""

    NOT_A_NUMBER = _("{label} must be an integer from {minimum} to {maximum}.")
    BAD_CHOICE = _("The value of {label} no longer exists. Select another value.")
    BAD_ZONE = _("Unknown time zone '{zone}'. Use a name such as Europe/Moscow.")
    BAD_URL = _("Enter the provider URL as https://host.")
    PRIVATE_URL = _(
        "The URL is in a private network. A system administrator must allow the "
        "route to use private addresses."
    )
    NEVER_URL = _(
        "This URL is not allowed: link-local, multicast and metadata addresses "
        "cannot belong to a provider."
    )
    TOO_LONG = _("{label} is too long.")
    NO_TLS = _(
        "The URL does not use https: login, password, numbers and texts can be "
        "intercepted on the way to the provider."
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """One value an administrator enters for a route; drives the route's form.

    ``label``, ``help`` and the labels of ``choices`` are marked with `types._`.
    ``minimum`` and ``maximum`` bound numbers and durations, the latter in ``unit``.
    """

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = False
    default: str = ""
    help: str = ""
    choices: tuple[Choice, ...] = ()
    minimum: int = 0
    maximum: int = 999_999_999
    unit: Unit = Unit.SECONDS
    #: it says where in a request the route's secrets stand: whoever changes it could
    #: put them into a message
    places_secret: bool = False

    @property
    def secret(self) -> bool:
        """Whether it can be entered, not read."""
        return self.kind is Kind.SECRET

    @property
    def directs_secret(self) -> bool:
        """Whether it decides where the route's secrets are sent to: who changes it must
        know them."""
        return self.kind is Kind.ADDRESS or self.places_secret

    def read(self, text: str) -> Value:
        """A stored text as the adapter uses it; one that makes no sense is read as the
        default, and told by `find_problems`."""
        value = self._read(text)
        return self._read(self.default) if value is None else value

    def _read(self, text: str) -> Value:
        if self.kind in _AS_WRITTEN:
            return text or None
        return self._read_word(text.strip())

    def _read_word(self, text: str) -> Value:
        if self.kind is Kind.BOOLEAN:
            return text.lower() in _YES if text else None
        if self.kind is Kind.INTEGER:
            return self._read_number(text)
        if self.kind is Kind.DURATION:
            number = self._read_number(text)
            length = timedelta(seconds=self.unit.seconds)
            return None if number is None else number * length
        if self.kind is Kind.TIME_ZONE:
            return read_zone(text)
        if self.kind is Kind.CHOICE:
            return text if text in dict[str, str](self.choices) else None
        return text or None

    def _read_number(self, text: str) -> int | None:
        if not _WHOLE.fullmatch(text):
            return None
        number = int(text)
        return number if self.minimum <= number <= self.maximum else None

    def find_problems(self, text: str, *, allows_private: bool) -> Iterator[str]:
        """What is wrong with a stored text, in sentences.

        :param allows_private: whether addresses in private networks may be called
        """
        if len(text) > _MAX_LENGTH:
            yield SettingWords.TOO_LONG.say(label=self.label)
        elif text.strip() and self._read(text) is None:
            yield self._explain(text)
        elif text.strip() and self.kind is Kind.ADDRESS:
            yield from _check_address(text, allows_private)

    def _explain(self, text: str) -> str:
        if self.kind is Kind.TIME_ZONE:
            return SettingWords.BAD_ZONE.say(zone=text)
        if self.kind in (Kind.INTEGER, Kind.DURATION):
            return SettingWords.NOT_A_NUMBER.say(
                label=self.label, minimum=self.minimum, maximum=self.maximum
            )
        return SettingWords.BAD_CHOICE.say(label=self.label)

    def find_remarks(self, text: str) -> Iterator[str]:
        """What should be known of a value that works."""
        if self.kind is Kind.ADDRESS and text.strip().lower().startswith("http://"):
            yield SettingWords.NO_TLS.say()


def read_zone(name: str) -> ZoneInfo | None:
    """A time zone that there is, or None."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def _check_address(url: str, allows_private: bool) -> Iterator[str]:
    try:
        host = parse_address(url.strip()).host
    except ValueError:
        yield SettingWords.BAD_URL.say()
        return
    reach = judge_name(host)
    if reach is Reach.NEVER:
        yield SettingWords.NEVER_URL.say()
    elif reach is Reach.PRIVATE and not allows_private:
        yield SettingWords.PRIVATE_URL.say()
