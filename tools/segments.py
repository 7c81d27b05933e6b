"""How many parts a text takes on the air (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["gsm7", "ucs2"]

# one part alone, and one part of several: those carry a header of six octets
_GSM7_SINGLE, _GSM7_PART = 160, 153
_UCS2_SINGLE, _UCS2_PART = 70, 67

# TS 23.038 §6.2.1, in the order of its table, without the escape at 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# §6.2.1.1: behind the escape, two septets each
_EXTENSION = "\f^{}\\[~]|€"
_ESCAPE = "\x1b"

#: septets behind the escape, in the order of `_EXTENSION`
_EXTENSION_CODES = "\n\x14()/<=>@e"
#: septets as characters of the same number → the character they mean
_CHARACTERS = {
    **{chr(n + (n >= 0x1B)): character for n, character in enumerate(_BASIC)},
    **{
        _ESCAPE + code: character
        for code, character in zip(_EXTENSION_CODES, _EXTENSION, strict=True)
    },
}
_SEPTETS = re.compile(f"{_ESCAPE}?.", re.DOTALL)

_IS_GSM7 = re.compile(f"[{re.escape(_BASIC + _EXTENSION)}]*")
_EXTENDED = re.compile(f"[{re.escape(_EXTENSION)}]")


@dataclass(frozen=True, slots=True)
class Segments:
    """The size of a text: ``units`` are septets in gsm7, UTF-16 code units in ucs2."""

    encoding: Encoding
    count: int
    units: int


def decode_gsm7(data: bytes) -> str:
    """Read a text of the default alphabet, one septet per octet, as SMPP carries it;
    what is no character of it becomes ``?``."""
    return _SEPTETS.sub(_read_septets, data.decode("latin-1"))


def _read_septets(septets: re.Match[str]) -> str:
    return _CHARACTERS.get(septets[0], "?")


def count_segments(text: str) -> Segments:
    """Return encoding and size of a text; the empty text is one empty segment."""
    if _IS_GSM7.fullmatch(text):
        return _count_gsm7(text)
    return _count_ucs2(text)


def _count_gsm7(text: str) -> Segments:
    septets = _EXTENDED.sub(_ESCAPE + "-", text)
    units = len(septets)
    if units <= _GSM7_SINGLE:
        return Segments("gsm7", 1, units)
    if units == len(text):
        return Segments("gsm7", -(-units // _GSM7_PART), units)
    return Segments("gsm7", _pack_gsm7(septets), units)


def _pack_gsm7(septets: str) -> int:
    """Count parts none of which ends between an escape and its character."""
    parts, end = 1, _GSM7_PART
    while end < len(septets):
        parts += 1
        end += _GSM7_PART - (septets[end - 1] == _ESCAPE)
    return parts


def _count_ucs2(text: str) -> Segments:
    octets = text.encode("utf-16-be", "surrogatepass")
    units = len(octets) // 2
    if units <= _UCS2_SINGLE:
        return Segments("ucs2", 1, units)
    if units == len(text):
        return Segments("ucs2", -(-units // _UCS2_PART), units)
    return Segments("ucs2", _pack_ucs2(octets), units)


def _pack_ucs2(octets: bytes) -> int:
    """Count parts none of which ends inside a surrogate pair."""
    parts, end = 1, _UCS2_PART
    while end < len(octets) // 2:
        parts += 1
        end += _UCS2_PART - (octets[2 * end - 2] & 0xFC == 0xD8)
    return parts
