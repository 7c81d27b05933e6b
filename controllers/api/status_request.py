"""Requests for the status of what was sent or asked before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import RequestError, request_error
from .reader import MAX_WORD, Reader, read_route

DEFAULT_PAGE = 100
MAX_PAGE = 1000
MAX_OFFSET = 2**31 - 1
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class StatusRequest:
    route: str
    key: str
    offset: int
    limit: int


def read_status_request(document: Mapping[str, object]) -> StatusRequest:
    request = Reader(document, problems=[])
    route = read_route(request)
    status = request.child("status")
    if status is None:
        raise RequestError(request.problems, kind="status")
    key = status.string(
        "key", max_length=MAX_WORD, code="unknown_key", is_required=True
    )
    offset = status.number("offset", minimum=0, maximum=MAX_OFFSET)
    limit = status.number("limit", minimum=1, maximum=MAX_PAGE)
    request.raise_problems("status")
    if key is None or not _KEY.fullmatch(key):
        raise request_error("unknown_key", path="status.key", kind="status")
    return StatusRequest(route, key, offset or 0, limit or DEFAULT_PAGE)
