"""Requests of the API as plain data.

Knows the shape of a request and nothing of Odoo, routes or numbers: whether a route
exists and what is wrong with a single recipient is decided behind it. Everything wrong
with the shape is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .balance_request import BalanceRequest, read_balance_request
from .errors import RequestError, request_error
from .send_request import Limits, SendRequest, read_send_request
from .status_request import StatusRequest, read_status_request

OPERATIONS = ("balance", "status", "send")
#: verbs of the path; sending is `SEND_METHODS` only
METHODS = "GET, POST, OPTIONS"
SEND_METHODS = "POST"


def parse(
    document: object, *, method: str, limits: Limits, now: datetime
) -> BalanceRequest | StatusRequest | SendRequest:
    """Turn a request's document into data.

    Members that are null count as absent, unknown ones are ignored.

    :param method: the HTTP verb
    :param now: naive UTC
    :raise RequestError: with all problems, at most `MAX_PROBLEMS`
    """
    if method not in ("GET", "POST"):
        raise _wrong_method(METHODS)
    if not isinstance(document, dict):
        raise request_error("wrong_type", variant="document")
    operation = _find_operation(document)
    if operation == "balance":
        return read_balance_request(document)
    if operation == "status":
        return read_status_request(document)
    if method != "POST":
        raise _wrong_method(SEND_METHODS)
    return read_send_request(document, limits, now)


def _wrong_method(allow: str) -> RequestError:
    return request_error("method_not_allowed", headers={"Allow": allow})


def _find_operation(document: Mapping[str, object]) -> str:
    named = [name for name in OPERATIONS if document.get(name) is not None]
    if not named:
        raise request_error("no_operation")
    if len(named) > 1:
        raise request_error("several_operations", names=", ".join(named))
    return named[0]
