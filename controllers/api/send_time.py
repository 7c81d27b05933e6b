"""``timeLimit``: when a message is sent at the earliest."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from .reader import MAX_WORD, Reader

MAX_YEARS_AHEAD = 5
_HOURS, _MINUTES = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[ T]"
    rf"(?P<clock>{_HOURS}:{_MINUTES})(?::(?P<seconds>{_MINUTES})(?:\.[0-9]+)?)?"
    r" ?(?:(?P<utc>Z)"
    rf"|(?P<sign>[+-])(?P<hours>{_HOURS})(?::?(?P<minutes>{_MINUTES}))?)?",
    re.IGNORECASE,
)


def read_time(request: Reader, time_zone: str, now: datetime) -> datetime | None:
    """``timeLimit`` as naive UTC; None when it is absent or not in the future."""
    text = request.string("timeLimit", max_length=MAX_WORD, variant="time")
    if text is None:
        return None
    moment = _parse_time(text.strip(), ZoneInfo(time_zone))
    if moment is None:
        request.report("invalid_value", "timeLimit", variant="time")
    elif moment > _years_later(now, MAX_YEARS_AHEAD):
        request.report(
            "invalid_value", "timeLimit", variant="far_time", years=MAX_YEARS_AHEAD
        )
    return moment if moment and moment > now else None


def _parse_time(text: str, time_zone: ZoneInfo) -> datetime | None:
    """Read a local time, or one with its offset, as naive UTC.

    Of a local time that comes twice when clocks are set back the first is meant; one
    that is skipped when they are set forward is counted on from before the change.

    :return: None when it is not a time
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    clock = f"{match['date']} {match['clock']}:{match['seconds'] or '00'}"
    try:
        local = datetime.fromisoformat(clock).replace(
            tzinfo=_read_offset(match) or time_zone
        )
        return local.astimezone(timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return None


def _read_offset(match: re.Match[str]) -> timezone | None:
    if match["utc"]:
        return timezone.utc
    if not match["sign"]:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(-offset if match["sign"] == "-" else offset)


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, day=28)
