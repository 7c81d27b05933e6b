"""The row with the names of the columns."""

from __future__ import annotations

from collections.abc import Sequence

from .headers import recognise
from .phone_column import FEWEST_DIGITS, count_digits, has_number, seems_number

#: rows among which the names of the columns are looked for
HEADER_ROWS = 20


def find_header(rows: Sequence[Sequence[str]], country: str | None) -> int | None:
    """Return which row has the names of the columns, None where none has.

    It is among the first rows and no person's: the clearest one above the first
    number, or one below that names the numbers and more, or one of unknown names right
    above the first number.

    :param country: of numbers that do not say theirs
    """
    rows = rows[:HEADER_ROWS]
    people = [index for index, cells in enumerate(rows) if has_number(cells, country)]
    first = people[0] if people else len(rows)
    names = {
        index: recognise(cells)
        for index, cells in enumerate(rows)
        if index not in people
    }

    def clarity(index: int) -> tuple[bool, int]:
        return "phone" in names[index].values(), len(names[index])

    above = max((index for index in names if index < first), key=clarity, default=None)
    if above is not None and clarity(above)[0]:
        return above
    below = (index for index in names if index > first and clarity(index) >= (True, 2))
    found = next(below, above)
    if found is None or names[found]:
        return found
    return _find_unknown_names(rows, first, country)


def _find_unknown_names(
    rows: Sequence[Sequence[str]], first: int, country: str | None
) -> int | None:
    """Return the row above the first number, if it has a name for its column."""
    if first == len(rows):
        return 0
    over_numbers = (
        name
        for name, cell in zip(rows[first - 1], rows[first], strict=False)
        if seems_number(cell, country)
    )
    is_named = any(name and count_digits(name) < FEWEST_DIGITS for name in over_numbers)
    return first - 1 if is_named else None
