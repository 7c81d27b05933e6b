"""Bodies of requests: JSON into plain objects, within bounded memory."""

from __future__ import annotations

import codecs
import hashlib
import json
import math

from ...tools.compose import RoundedNumber
from ...tools.json_outline import (
    Malformed,
    Outline,
    Shape,
    TooDeep,
    anything,
    nothing,
)
from .errors import RequestError, request_error

#: What a body may take when it is made into objects at once; of others the parts that
#: are wanted are read one after the other.
MAX_BUILT = 100 * 2**20
#: bytes of an empty list or object, and of a member of an object
CONTAINER_SIZE, MEMBER_SIZE = 64, 160
#: bytes that are decoded at once
CHUNK = 65_536
#: Members of a request that anybody reads.
_TEXTS = ("text_male", "text_female", "text_alternative")
_SEND_MEMBERS: dict[str, Shape] = {
    **dict.fromkeys((*_TEXTS, "users"), nothing),
    "fields": anything,
}
_STATUS_MEMBERS: dict[str, Shape] = dict.fromkeys(("key", "offset", "limit"), nothing)
_REQUEST_MEMBERS: dict[str, Shape] = {
    **dict.fromkeys(("route", "balance", "users", "ttl", "mode", "voice"), nothing),
    **dict.fromkeys(("timeLimit", "strict", "secret", "category"), nothing),
    "status": _STATUS_MEMBERS.get,
    "send": _SEND_MEMBERS.get,
    "fields": anything,
}


def parse_json(body: bytes) -> object:
    """Read UTF-8 JSON, with or without a byte order mark.

    Of a repeated member the last one counts. NaN, Infinity and numbers out of the
    range of a float are refused, as is nesting beyond the interpreter's stack.

    Of a body that would take too much memory there is only what requests are made of,
    and its big lists are `Items`; numbers that nobody reads are not looked at.

    :raise RequestError: ``bad_json``
    """
    if not _can_be_built(body):
        return _read_outline(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise request_error("bad_json", variant="encoding") from None
    if not text.strip():
        raise request_error("bad_json", variant="empty")
    return _load(text)


def _can_be_built(body: bytes) -> bool:
    """Whether all of a body can be in memory as objects, estimated from above."""
    letter_size = 1 if body.isascii() else 4
    worst = len(body) * (letter_size + CONTAINER_SIZE // 2)
    if worst <= MAX_BUILT:
        return True
    containers = body.count(b"{") + body.count(b"[")
    members = containers + body.count(b",")
    objects = containers * CONTAINER_SIZE + members * MEMBER_SIZE
    return 2 * len(body) * letter_size + objects <= MAX_BUILT


def _read_outline(body: bytes) -> object:
    body = body.removeprefix(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), CHUNK):
            decoder.decode(body[start : start + CHUNK])
        decoder.decode(b"", final=True)
        return Outline(body, _load).read(_REQUEST_MEMBERS.get)
    except UnicodeDecodeError:
        raise request_error("bad_json", variant="encoding") from None
    except Malformed as error:
        raise _malformed(body, error.position) from None
    except (TooDeep, RecursionError):
        raise request_error("bad_json", variant="depth") from None


def _malformed(body: bytes, position: int) -> RequestError:
    start_of_line = body.rfind(b"\n", 0, position) + 1
    line = body.count(b"\n", 0, start_of_line) + 1
    column = len(str(memoryview(body)[start_of_line:position], "utf-8")) + 1
    return request_error("bad_json", variant="place", line=line, column=column)


def hash_body(body: bytes) -> str:
    """Fingerprint of a request, for the idempotency key."""
    return hashlib.sha256(body).hexdigest()


def _load(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise request_error(
            "bad_json", variant="place", line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise request_error("bad_json", variant="depth") from None
    except ValueError:
        # More digits than Python turns into an int.
        raise request_error("bad_json", variant="number") from None


def _refuse_number(_literal: str) -> float:
    raise request_error("bad_json", variant="number")


def _read_finite(literal: str) -> float:
    """Return a fraction; one with an exponent is no telephone number (`compose`)."""
    has_exponent = "e" in literal or "E" in literal
    number = RoundedNumber(literal) if has_exponent else float(literal)
    if math.isinf(number):
        _refuse_number(literal)
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_number, parse_float=_read_finite)
