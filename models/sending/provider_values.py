"""What is handed to providers of a message, and what is kept of their answers."""

from datetime import timezone

from ...providers.types import SubmitRequest
from ...tools.backoff import poll_delay
from ...tools.characters import UNSTORABLE
from ..common import clock

#: Longest words of a provider that are kept, longest reference and most segments that
#: are believed.
MAX_WORDS = 4096
MAX_REFERENCE = 255
MAX_SEGMENTS = 1000
#: Dearer messages are a mistake.
MAX_PRICE = 10**9
#: Columns that a provider fills with words of its own.
PROVIDERS_WORDS = ("provider_reference", "uuid", "msisdn", "code", "detail", "raw")


def first_poll(provider):
    """When a message that was just accepted is asked for, None where it cannot be."""
    return clock.after(poll_delay(0)) if provider.capabilities.poll else None


def make_request(row, attempted_at=None):
    """What a provider is told of a message.

    :param row: dict of the message's columns
    :param attempted_at: when its last attempt began
    :rtype: SubmitRequest
    """
    expires_at = row["expires_at"]
    return SubmitRequest(
        uuid=row["uuid"],
        client_reference=row["client_reference"],
        msisdn=row["msisdn"],
        text=row["text"],
        channel=row["channel"],
        attempt=row["attempts"],
        valid_until=expires_at and expires_at.replace(tzinfo=timezone.utc),
        attempted_at=attempted_at and attempted_at.replace(tzinfo=timezone.utc),
    )


def tell_price(money):
    """A price that a provider told, as members of a `StateChange`.

    Nobody believes one that fits no column.

    :param money: `providers.types.Money`, or None
    """
    if money is None or not abs(money.amount) < MAX_PRICE:
        return {"price": None, "price_currency": None}
    return {"price": f"{money.amount:f}", "price_currency": money.currency[:3]}


def storable(values):
    """The words of a provider as they can be kept: the database must never refuse an
    answer because of them.

    :param values: dict, which is changed and handed back
    """
    for name in PROVIDERS_WORDS:
        word = values.get(name)
        if not is_plain(word):
            values[name] = storable_word(word)
    if len(values.get("provider_reference") or "") > MAX_REFERENCE:
        values["provider_reference"] = None
    if not 0 <= (values.get("segments") or 0) <= MAX_SEGMENTS:
        values["segments"] = None
    return values


def storable_word(word):
    """What a stranger wrote, as it can be kept."""
    return UNSTORABLE.sub("", word)[:MAX_WORDS]


def is_plain(word):
    """Whether a word is so plain and short that it can be kept as it is."""
    return not word or (
        word.isascii() and "\0" not in word and len(word) <= MAX_REFERENCE
    )
