"""Codes of currencies (ISO 4217)."""

from __future__ import annotations

#: The rouble's code before 1998 lives on in providers and clients.
_FORMER_CODES = {"RUR": "RUB"}


def to_current_code(code: str) -> str:
    """Return a code, in capitals, as it is written today."""
    return _FORMER_CODES.get(code, code)
