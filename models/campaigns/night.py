"""Night: when messages wake the people they are sent to."""

from collections import Counter
from datetime import time, timezone
from zoneinfo import ZoneInfo

#: Local time at which night begins and ends.
NIGHT = (time(22), time(8))


def is_night(moment, zone):
    """Tell whether it is night somewhere.

    :param moment: naive UTC
    :param zone: IANA name
    """
    begin, end = NIGHT
    here = moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).time()
    return here >= begin or here < end


def count_at_night(moment, people):
    """Count those who have night, by their own time zone or else the company's.

    :param moment: naive UTC
    :param people: list of `Person`
    """
    zones = Counter(person.record.env.context["tz"] for person in people)
    return sum(count for zone, count in zones.items() if is_night(moment, zone))
