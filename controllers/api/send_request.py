"""Requests to send: one text, or one per gender, to many recipients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ...tools.compose import SEGMENT_LENGTH, Rules, Texts
from ...tools.template import MAX_SOURCE
from ...tools.vocabulary import CATEGORIES, Category, Channel
from .errors import RequestError
from .reader import MAX_WORD, Reader, read_route, read_whole_number
from .send_fields import read_fields
from .send_texts import Sources, compile_texts, read_sources
from .send_time import read_time
from .send_users import Recipients, count_users, read_users

#: seconds, 30 days
MAX_TTL = 2_592_000
#: A template may be so many times longer than the longest message it can render to.
TEMPLATE_SLACK = 4
_MODES = ("", "live", "debug")


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings that bound a request; ``time_zone`` is an existing IANA name."""

    max_recipients: int
    max_segments: int
    max_speech: int
    time_zone: str

    @property
    def max_template(self) -> int:
        """Characters of a template's source."""
        longest = max(self.max_speech, self.max_segments * SEGMENT_LENGTH)
        return min(TEMPLATE_SLACK * longest, MAX_SOURCE)


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A send whose shape is right.

    ``ttl`` is in seconds. ``not_before`` is naive UTC, None for now. ``users_path`` is
    where the recipients stood in the request: ``send.users`` or ``users``. Of a secret
    one nobody may see the texts.
    """

    route: str
    texts: Texts
    sources: Sources
    rules: Rules
    recipients: Recipients
    users_path: str
    ttl: int | None
    is_debug: bool
    channel: Channel
    names_channel: bool
    category: Category | None
    not_before: datetime | None
    is_strict: bool
    is_secret: bool

    def begin_with(self, channel: Channel) -> SendRequest:
        """The same send through another channel."""
        rules = replace(self.rules, channel=channel)
        return replace(self, channel=channel, rules=rules)


def read_send_request(
    document: Mapping[str, object], limits: Limits, now: datetime
) -> SendRequest:
    request = Reader(document, problems=[])
    route = read_route(request)
    send = request.child("send")
    if send is None:
        raise RequestError(request.problems, kind="send")
    users, users_path = read_users(request, send, limits.max_recipients)
    defaults = read_fields(request, send)
    sources = read_sources(send, limits.max_template)
    texts = compile_texts(send, sources, defaults)
    ttl = request.number("ttl", minimum=1, maximum=MAX_TTL, variant="ttl")
    mode = _read_mode(request)
    channel = _read_channel(request)
    category = _read_category(request)
    not_before = read_time(request, limits.time_zone, now)
    is_strict = request.boolean("strict")
    is_secret = request.boolean("secret")
    # Last, so that a thousand bad users do not crowd the other problems out.
    count = count_users(request, users, users_path)
    request.raise_problems("send")
    return SendRequest(
        route=route,
        texts=texts,
        sources=sources,
        rules=_make_rules(channel, defaults, texts, limits),
        recipients=Recipients(users, count, frozenset(defaults or ())),
        users_path=users_path,
        ttl=ttl,
        is_debug=mode == "debug",
        channel=channel,
        names_channel=request.get("voice") is not None,
        category=category,
        not_before=not_before,
        is_strict=is_strict,
        is_secret=is_secret,
    )


def _make_rules(
    channel: Channel,
    defaults: Mapping[str, str | None] | None,
    texts: Texts,
    limits: Limits,
) -> Rules:
    defaults = defaults or {}
    return Rules(
        channel=channel,
        fields=tuple(defaults),
        defaults={name: text for name, text in defaults.items() if text is not None},
        gender_required=texts.female is not None,
        max_segments=limits.max_segments,
        max_speech=limits.max_speech,
    )


def _read_mode(request: Reader) -> str | None:
    mode = request.string("mode", max_length=MAX_WORD, variant="mode")
    if mode is not None and mode.strip() not in _MODES:
        request.report("invalid_value", "mode", variant="mode", value=mode)
    return mode and mode.strip()


def _read_category(request: Reader) -> Category | None:
    text = request.string("category", max_length=MAX_WORD, variant="category")
    word = (text or "").strip()
    found = next((one for one in CATEGORIES if one == word), None)
    if word and not found:
        known = ", ".join(CATEGORIES)
        request.report(
            "invalid_value", "category", variant="category", value=word, known=known
        )
    return found


def _read_channel(request: Reader) -> Channel:
    voice = request.get("voice")
    if voice is None:
        return "sms"
    if not isinstance(voice, int | float | str):
        request.report("wrong_type", "voice", variant="number")
        return "sms"
    flag = read_whole_number(voice)
    if flag not in (0, 1):
        request.report("invalid_value", "voice", variant="voice")
    return "voice" if flag else "sms"
