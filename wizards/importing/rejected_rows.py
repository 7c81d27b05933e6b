"""The report of rejected rows: CSV that a person can correct and import."""

import base64
import csv
import io
import re
from dataclasses import replace

#: Columns of a report before those of the file.
REPORT_COLUMNS = 2
#: What a spreadsheet would take for the beginning of a formula, and what the report
#: writes before it.
_GUARD = "'"
_GUARDED = ("=", "+", "-", "@", "\t", "\r", _GUARD)


class RejectedRows:
    """Writes the report.

    :param headers: of the report's own columns and those of the file
    """

    def __init__(self, headers):
        self._file = io.StringIO()
        self._rows = csv.writer(self._file, delimiter=";")
        self._rows.writerow(map(_guard, headers))

    def add(self, checked, reason):
        self._rows.writerow([checked.number, reason, *map(_guard, checked.cells)])

    def encode(self):
        """Return the file as fields of binaries keep one."""
        return base64.b64encode(self._file.getvalue().encode("utf-8-sig"))


def restore_row(checked):
    """Return a row of a report as it stood in the file that the report is about."""
    number, cells = checked.cells[:1], checked.cells[REPORT_COLUMNS:]
    is_known = number and re.fullmatch("[0-9]{1,9}", number[0])
    return replace(
        checked, number=int(number[0]) if is_known else checked.number, cells=cells
    )


def _guard(cell):
    """Keep a spreadsheet from computing what a stranger wrote."""
    return f"{_GUARD}{cell}" if cell.startswith(_GUARDED) else cell


def unguard_cells(cells):
    """Undo what the report did to cells, where a person has not."""
    return [
        cell[1:] if cell.startswith(_GUARD) and cell[1:].startswith(_GUARDED) else cell
        for cell in cells
    ]
