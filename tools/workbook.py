"""Rows as a workbook of Excel (.xlsx), written as they come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, BinaryIO

#: Characters that columns are wide.
WIDTHS = {datetime: 20, float: 12, int: 10}
TEXT_WIDTH = 24


def write_workbook(
    file: BinaryIO,
    columns: Sequence[tuple[str, type]],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Write one sheet with a head line.

    The rows go to a temporary file one by one: memory does not grow with them. A text
    is never taken for a formula, whatever it begins with.

    :param columns: titles and types of values: str, int, float or naive datetime
    :param rows: values in the order of the columns, None where there is none
    """
    # five megabytes, which only those processes need that export
    from xlsxwriter import Workbook  # noqa: PLC0415

    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for place, (title, kind) in enumerate(columns):
            sheet.set_column(place, place, WIDTHS.get(kind, TEXT_WIDTH))
            sheet.write_string(0, place, title, bold)
        for line, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                _write(sheet, line, place, value)


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value)
    else:
        sheet.write_string(line, place, value)
