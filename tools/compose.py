"""One message out of one recipient: the single place for the rules of a user."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from math import isfinite
from typing import Literal

from .characters import UNSTORABLE
from .genders import API_GENDERS, Gender
from .msisdn import InvalidNumber, Reading, e164, normalise
from .segments import Encoding, count_segments
from .spaces import to_plain_spaces
from .template import Template, TextTooLong, make_ready
from .vocabulary import Channel

ProblemCode = Literal[
    "invalid_number",
    "missing_gender",
    "invalid_gender",
    "missing_field",
    "invalid_field",
    "too_long",
    "invalid_character",
    "duplicate",
]

#: A text is rendered up to so many times the length of the longest one.
RENDER_SLACK = 2
#: characters of the longest segment
SEGMENT_LENGTH = 160
# fields that every recipient has, listed or not
_OWN = frozenset(("phone", "gender"))
#: more of one recipient help nobody
MAX_PROBLEMS = 10
#: characters kept of a phone as received
_PHONE_KEPT = 64
# Python refuses to write integers of thousands of digits
_TOO_BIG = 10**1000


class RoundedNumber(float):
    """A number that was written with an exponent: digits behind it may be lost."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One place in ``users``, or one contact.

    Everything is as received, except that field names are normalised already
    (``first name`` is ``first_name``). The phone of a contact is a `Reading`.
    """

    index: int
    phone: object
    gender: object = None
    values: Mapping[str, object] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a request. ``alternative`` is the SMS behind a call."""

    male: Template | None
    female: Template | None
    neutral: Template | None
    alternative: Template | None = None

    def pick(self, gender: Gender | None) -> Template | None:
        """Return the gender's own text, else the neutral one."""
        if gender == "male":
            return self.male or self.neutral
        if gender == "female":
            return self.female or self.neutral
        return self.neutral

    def all(self) -> tuple[Template, ...]:
        """Return the texts that are given."""
        texts = (self.male, self.female, self.neutral, self.alternative)
        return tuple(text for text in texts if text is not None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a request asks of each of its recipients.

    ``fields`` are the names listed, ``defaults`` their values for those who lack
    them. ``max_speech`` counts characters. ``longest`` is how many characters of a text
    are rendered, ``ready`` holds the defaults that can be used as they are, ``lacking``
    the fields without one.
    """

    channel: Channel = "sms"
    fields: tuple[str, ...] = ()
    defaults: Mapping[str, str] = dataclass_field(default_factory=dict)
    gender_required: bool = False
    max_segments: int = 10
    max_speech: int = 4000
    longest: int = dataclass_field(init=False)
    ready: Mapping[str, str] = dataclass_field(init=False, repr=False)
    lacking: tuple[str, ...] = dataclass_field(init=False, repr=False)

    def __post_init__(self) -> None:
        longest = max(self.max_speech, self.max_segments * SEGMENT_LENGTH)
        object.__setattr__(self, "longest", RENDER_SLACK * longest)
        ready = {
            name: make_ready(text, self.longest)
            for name, text in self.defaults.items()
            if name in self.fields and text.strip() and not UNSTORABLE.search(text)
        }
        lacking = tuple(name for name in self.fields if name not in ready)
        object.__setattr__(self, "ready", ready)
        object.__setattr__(self, "lacking", lacking)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a recipient cannot be served.

    ``field`` is ``phone``, ``gender``, the name of a field, or empty for the text.
    ``params`` are for the sentence: ``reason`` (invalid_number, see `InvalidNumber`;
    ``absent`` where there is nothing to read),
    ``count`` (``> 10`` where nobody counted on), ``limit``, ``unit`` (``segments`` or
    ``characters``) and ``text``
    (``text`` or ``text_alternative``; too_long). A ``duplicate`` is found by who knows
    the other recipients.
    """

    code: ProblemCode
    field: str = ""
    params: Mapping[str, object] = dataclass_field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, or what is known of one that has problems.

    ``phone`` is as received, ``msisdn`` None when it is unreadable. ``text`` is empty
    when it could not be rendered, or would be far too long. Speech has no encoding and
    no segments.
    ``uuid`` is given where somebody else knows the message by it already.
    """

    index: int
    phone: str
    msisdn: str | None
    gender: Gender | None
    text: str
    text_alternative: str
    encoding: Encoding | None
    segments: int
    problems: tuple[Problem, ...]
    uuid: str | None = None


def compose_all(
    recipients: Iterable[Recipient], texts: Texts, rules: Rules
) -> Iterator[Composed]:
    """Compose one after the other, in order."""
    return (compose(recipient, texts, rules) for recipient in recipients)


def compose(recipient: Recipient, texts: Texts, rules: Rules) -> Composed:
    """Return the recipient's message with its problems; never raises.

    Of a recipient with `MAX_PROBLEMS` no more fields are read.

    A text that renders to nothing is a `missing_field`: its fields left it empty.
    """
    problems: list[Problem] = []
    msisdn = _read_phone(recipient.phone, rules.channel, problems)
    gender = _read_gender(recipient.gender, rules, problems)
    values = _read_values(recipient, texts, rules, problems)
    template = _pick(texts, gender, problems)
    text = _render(template, values, rules, "text", problems)
    encoding, segments = _measure(text, rules, problems)
    alternative = _render(
        texts.alternative, values, rules, "text_alternative", problems
    )
    _check_alternative(alternative, rules, problems)
    return Composed(
        recipient.index,
        _keep_phone(recipient.phone),
        msisdn,
        gender,
        text,
        alternative,
        encoding,
        segments,
        tuple(problems),
    )


def compose_ready(
    index: int, phone: object, text: str, rules: Rules, *, uuid: str | None = None
) -> Composed:
    """Return the message of a text that somebody else has rendered."""
    problems: list[Problem] = []
    msisdn = _read_phone(phone, rules.channel, problems)
    kept = to_plain_spaces(UNSTORABLE.sub("", text))
    if not kept.strip():
        problems.append(Problem("missing_field", "text"))
    encoding, segments = _measure(kept, rules, problems)
    return Composed(
        index,
        _keep_phone(phone),
        msisdn,
        None,
        kept,
        "",
        encoding,
        segments,
        tuple(problems),
        uuid,
    )


def _read_phone(phone: object, channel: Channel, problems: list[Problem]) -> str | None:
    if isinstance(phone, Reading):
        return _check_reading(phone, channel, problems)
    written = _as_written(phone)
    if UNSTORABLE.search(written):
        problems.append(Problem("invalid_character", "phone"))
        return None
    try:
        return normalise(written, channel=channel)
    except InvalidNumber as error:
        reason = _explain_number(phone, written, error)
        problems.append(Problem("invalid_number", "phone", {"reason": reason}))
        return e164(written)


def _check_reading(
    reading: Reading, channel: Channel, problems: list[Problem]
) -> str | None:
    """Return a number that was read already; one the channel does not reach as well."""
    if not reading.serves(channel):
        reason = reading.reason or ("not_mobile" if reading.number else "absent")
        problems.append(Problem("invalid_number", "phone", {"reason": reason}))
    return reading.number


def _explain_number(phone: object, written: str, error: InvalidNumber) -> str:
    if isinstance(phone, RoundedNumber):
        return "digits_lost"
    return error.reason if written.strip() else "absent"


def _as_written(phone: object) -> str:
    """Return a phone as text: a string or a whole number, else nothing."""
    if isinstance(phone, RoundedNumber):
        return ""
    if isinstance(phone, int | float) and not (phone >= 0 and phone % 1 == 0):
        return ""
    return _as_text(phone) or ""


def _keep_phone(phone: object) -> str:
    """Return what is kept of a phone as received, whatever it is."""
    kept = phone.raw if isinstance(phone, Reading) else _as_text(phone)
    if kept is None:
        kept = "" if isinstance(phone, int) else reprlib.repr(phone)
    return UNSTORABLE.sub("", kept)[:_PHONE_KEPT]


def _read_gender(raw: object, rules: Rules, problems: list[Problem]) -> Gender | None:
    if raw is None or _is_blank(raw):
        if rules.gender_required:
            problems.append(Problem("missing_gender", "gender"))
        return None
    gender = API_GENDERS.get(raw.strip().lower()) if isinstance(raw, str) else None
    if gender is None:
        problems.append(Problem(_gender_problem(raw), "gender"))
    return gender


def _gender_problem(raw: object) -> ProblemCode:
    if isinstance(raw, str) and UNSTORABLE.search(raw):
        return "invalid_character"
    return "invalid_gender"


def _read_values(
    recipient: Recipient, texts: Texts, rules: Rules, problems: list[Problem]
) -> dict[str, str]:
    """Return the values of the listed fields, without those that are no good.

    A lacking one is no problem where every use of it has a default.
    """
    values = dict(rules.ready)
    for name in _find_asked(recipient, rules):
        if len(problems) >= MAX_PROBLEMS:
            break
        raw = _received(recipient, name)
        if name in values and (raw is None or _is_blank(raw)):
            continue
        value, code = _read_value(raw, rules.defaults.get(name))
        if code is None:
            values[name] = make_ready(value, rules.longest)
            continue
        values.pop(name, None)
        if code != "missing_field" or not _has_own_default(name, texts):
            _add_once(Problem(code, name), problems)
    return values


def _find_asked(recipient: Recipient, rules: Rules) -> tuple[str, ...]:
    """Return the fields to look at: most recipients have none of the defaults."""
    names = rules.ready.keys()
    if names and not (names.isdisjoint(recipient.values) and names.isdisjoint(_OWN)):
        return rules.fields
    return rules.lacking


def _is_blank(raw: object) -> bool:
    return isinstance(raw, str) and not raw.strip()


def _received(recipient: Recipient, name: str) -> object:
    if name not in _OWN:
        return recipient.values.get(name)
    if name == "gender":
        return recipient.gender
    phone = recipient.phone
    return phone.raw if isinstance(phone, Reading) else phone


def _read_value(raw: object, default: str | None) -> tuple[str, ProblemCode | None]:
    value = _as_text(raw)
    if value is None:
        return "", "invalid_field"
    if not value.strip():
        value = default or ""
    if not value.strip():
        return "", "missing_field"
    if UNSTORABLE.search(value):
        return "", "invalid_character"
    return value, None


def _as_text(raw: object) -> str | None:
    """Return text as it is, a number as people write it, None for what is neither.

    Null is empty text.
    """
    if raw is None or isinstance(raw, str):
        return raw or ""
    if isinstance(raw, float) and isfinite(raw):
        return format(Decimal(repr(raw)), "f").removesuffix(".0")
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < _TOO_BIG:
        return str(raw)
    return None


def _has_own_default(name: str, texts: Texts) -> bool:
    """Tell whether the texts use a field, and never without a default of theirs."""
    used = [text for text in texts.all() if name in text.names]
    return bool(used) and not any(name in text.required for text in used)


def _add_once(problem: Problem, problems: list[Problem]) -> None:
    """Add a problem unless its place has one: phone and gender may be fields too."""
    if all(problem.field != known.field for known in problems):
        problems.append(problem)


def _pick(
    texts: Texts, gender: Gender | None, problems: list[Problem]
) -> Template | None:
    template = texts.pick(gender)
    if template is None:
        _add_once(Problem("missing_gender", "gender"), problems)
    return template


def _render(
    template: Template | None,
    values: dict[str, str],
    rules: Rules,
    kind: str,
    problems: list[Problem],
) -> str:
    """Return the text, empty when there is none, it lacks a value or is far too long.

    :param kind: ``text`` or ``text_alternative``
    """
    if template is None or len(problems) >= MAX_PROBLEMS:
        return ""
    try:
        text = template.render(values, rules.longest)
    except KeyError as error:
        _add_once(Problem("missing_field", error.args[0]), problems)
        return ""
    except TextTooLong:
        limit, unit = _get_limit(rules, kind)
        problems.append(_too_long(f"> {limit}", limit, unit, kind))
        return ""
    if not text.strip():
        _add_once(Problem("missing_field", min(template.names, default="")), problems)
        return ""
    return text


def _measure(
    text: str, rules: Rules, problems: list[Problem]
) -> tuple[Encoding | None, int]:
    if not text:
        return None, 0
    if rules.channel == "voice":
        _check_size(len(text), rules, "text", problems)
        return None, 0
    size = count_segments(text)
    _check_size(size.count, rules, "text", problems)
    return size.encoding, size.count


def _check_alternative(text: str, rules: Rules, problems: list[Problem]) -> None:
    """Check the SMS behind a call."""
    if text:
        count = count_segments(text).count
        _check_size(count, rules, "text_alternative", problems)


def _check_size(count: int, rules: Rules, kind: str, problems: list[Problem]) -> None:
    limit, unit = _get_limit(rules, kind)
    if count > limit:
        problems.append(_too_long(count, limit, unit, kind))


def _get_limit(rules: Rules, kind: str) -> tuple[int, str]:
    """Return how long a text may be, and in what that is counted."""
    if kind == "text" and rules.channel == "voice":
        return rules.max_speech, "characters"
    return rules.max_segments, "segments"


def _too_long(count: int | str, limit: int, unit: str, kind: str) -> Problem:
    params = {"count": count, "limit": limit, "unit": unit, "text": kind}
    return Problem("too_long", "", params)
