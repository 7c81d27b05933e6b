"""Amounts of money in the cells of a table, with a decimal comma or a decimal point."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

DecimalMark = Literal[",", "."]

#: groups of three digits; other spaces divide two numbers
_THOUSANDS = re.compile(
    r"(?<![0-9.,])[0-9]{1,3}(?:(?:[^\S\r\n]|['’])[0-9]{3})+(?![0-9])"
)
_SEPARATOR = re.compile(r"[\s'’]")
#: what stands before or after amounts of the region
_CURRENCY = re.compile(
    r"^[₽$€₸]\s*|\s*(?:[₽$€₸]|руб\.?|р\.|rub|byn|kzt|uzs)$", re.IGNORECASE
)
_NAMED_CURRENCY = re.compile(
    r"[₽$€₸]|(?<![^\W\d_])(?:руб|р(?=\.)|rub|byn|kzt|uzs|usd|eur)(?![^\W\d_])",
    re.IGNORECASE,
)
#: sign or word → the currencies that are written so
_CURRENCIES = {
    "₽": "RUB",
    "rub": "RUB",
    "руб": "RUB BYN",
    "р": "RUB BYN",
    "byn": "BYN",
    "€": "EUR",
    "eur": "EUR",
    "usd": "USD",
    "$": "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP",
    "₸": "KZT",
    "kzt": "KZT",
    "uzs": "UZS",
}
_AMOUNT = re.compile(r"-?[0-9]+(?:[.,][0-9]+)*")
_SINGLE_MARK = re.compile(r"-?([0-9]+)([.,])([0-9]+)")


class UnreadableAmount(ValueError):
    """No amount, or one that can be read in two ways (``is_doubtful``)."""

    def __init__(self, text: str, *, is_doubtful: bool = False) -> None:
        super().__init__(text)
        self.is_doubtful = is_doubtful


def read_amount(text: str, mark: DecimalMark | None = None) -> Decimal:
    """Return an amount exactly as it is written.

    ``1,234`` is read by ``mark`` only: it is one and something, or a thousand and more.

    :param mark: what divides the fraction from the whole in the table; None where that
        is not known
    :raise UnreadableAmount: it is no amount, or may be two
    """
    bare = _strip(text)
    if not _AMOUNT.fullmatch(bare):
        raise UnreadableAmount(text)
    mark = _find_mark(bare) or mark
    if mark is None and ("," in bare or "." in bare) and not _is_grouped(bare):
        raise UnreadableAmount(text, is_doubtful=True)
    whole, _mark, fraction = bare.partition(mark) if mark else (bare, "", "")
    groups = re.split("[.,]", whole)
    has_bad_groups = any(len(group) != 3 for group in groups[1:])
    if has_bad_groups or (fraction and not fraction.isdecimal()):
        raise UnreadableAmount(text)
    return Decimal(f"{''.join(groups)}.{fraction or 0}")


def find_decimal_marks(texts: Iterable[str]) -> tuple[set[DecimalMark], bool]:
    """Return the marks that amounts of a table show to be decimal, and whether some of
    its amounts can be read in two ways."""
    marks: set[DecimalMark] = set()
    is_doubtful = False
    for text in texts:
        bare = _strip(text)
        mark = _find_mark(bare)
        if mark:
            marks.add(mark)
        elif _AMOUNT.fullmatch(bare) and not bare.lstrip("-").isdecimal():
            is_doubtful = is_doubtful or not _is_grouped(bare)
    return marks, is_doubtful


def names_other_currency(text: str, currency: str) -> bool:
    """Tell whether an amount, or the name of a column, is about another currency.

    :param currency: ISO code
    """
    return any(
        currency not in _CURRENCIES[name.casefold()].split()
        for name in _NAMED_CURRENCY.findall(text)
    )


def _strip(text: str) -> str:
    bare = _CURRENCY.sub("", text.strip())
    return _THOUSANDS.sub(lambda found: _SEPARATOR.sub("", found[0]), bare)


def _find_mark(bare: str) -> DecimalMark | None:
    """Return the decimal mark of an amount where it can be no other."""
    last = max(bare.rfind(","), bare.rfind("."))
    if last < 0:
        return None
    mark: DecimalMark = "," if bare[last] == "," else "."
    if bare.count(mark) > 1:
        return None
    other = "." if mark == "," else ","
    single = _SINGLE_MARK.fullmatch(bare)
    if single and len(single[3]) == 3 and len(single[1]) <= 3 and single[1][0] != "0":
        return None
    return mark if single or other in bare else None


def _is_grouped(bare: str) -> bool:
    """Tell whether an amount has several marks of thousands and nothing else."""
    return (
        re.fullmatch(
            r"-?[0-9]{1,3}(?:,[0-9]{3}){2,}|-?[0-9]{1,3}(?:\.[0-9]{3}){2,}", bare
        )
        is not None
    )
