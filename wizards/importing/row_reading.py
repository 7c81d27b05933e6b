"""The rows of a sheet, as the import reads and quotes them."""

from dataclasses import replace
from itertools import chain, islice

from ...tools.importing.headers import is_report
from ...tools.importing.phone_column import SAMPLED_ROWS
from .rejected_rows import unguard_cells

#: Characters of a cell that the dialog and the report quote.
MAX_QUOTED = 100
#: What a sample shows of an empty cell.
_EMPTY = "–"


def restore_cells(rows):
    """Yield rows; those of our report as they were in the file that it is about."""
    first = next(rows, None)
    if first is None:
        return
    comes_back = is_report(first.cells)
    for row in chain([first], rows):
        yield replace(row, cells=unguard_cells(row.cells)) if comes_back else row


def read_sample(read, first_line=0):
    """Return the first rows, from some line on, that a person sees in the file; hidden
    ones where all are.

    :param read: function that begins to read the rows anew
    """

    def find(takes_hidden):
        for row in read():
            is_shown = takes_hidden or not row.is_hidden or row.number == first_line
            if is_shown and row.number >= first_line:
                yield row

    visible = list(islice(find(False), SAMPLED_ROWS))
    return visible or list(islice(find(True), SAMPLED_ROWS))


def get_cell(cells, index):
    """Return a cell of a row, which may be too short to have it."""
    return cells[index] if index < len(cells) else ""


def join_sample(cells):
    """Write cells of a column one below the other."""
    return "\n".join(quote(" ".join(cell.split())) or _EMPTY for cell in cells)


def split_sample(sample):
    """Return the cells of which `join_sample` made a sample."""
    lines = (sample or "").split("\n")
    return ["" if cell == _EMPTY else cell for cell in lines]


def quote(text):
    """Return as much of a text of the file as is shown."""
    text = text.replace("\0", "")
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
