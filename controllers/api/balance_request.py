"""Requests for the balance of a route."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...tools.currencies import to_current_code
from ...tools.json_outline import Items
from .reader import MAX_WORD, Reader, read_route

_CURRENCY = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class BalanceRequest:
    """``currencies``: ISO 4217, as asked, each once."""

    route: str
    currencies: tuple[str, ...]


def read_balance_request(document: Mapping[str, object]) -> BalanceRequest:
    request = Reader(document, problems=[])
    route = read_route(request)
    currencies = _read_currencies(request)
    request.raise_problems("balance")
    return BalanceRequest(route, currencies)


def _read_currencies(request: Reader) -> tuple[str, ...]:
    value = request.get("balance")
    if isinstance(value, str):
        return _unique([_read_currency(request, value, "balance")])
    if not isinstance(value, list | Items):
        request.report("wrong_type", "balance", variant="currencies")
        return ()
    if not value:
        request.report("missing", "balance", variant="empty")
    return _unique(
        _read_currency(request, code, f"balance[{index}]")
        for index, code in enumerate(value)
    )


def _read_currency(request: Reader, value: object, path: str) -> str:
    text = request.check_string(value, path, max_length=MAX_WORD, variant="currency")
    if text is None:
        return ""
    code = text.strip()
    if not _CURRENCY.fullmatch(code):
        request.report("invalid_value", path, variant="currency")
    return to_current_code(code.upper())


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
