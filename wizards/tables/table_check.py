"""Checks the rows of a table: which are imported, which are not, and why."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ...tools.importing.operator_tables import (
    RejectedTableRow,
    TableRules,
    read_table_row,
)
from ...tools.operators import plain_operator
from ..importing.row_reading import get_cell

#: Rejected rows that the dialog shows; the report has them all.
SHOWN_REJECTIONS = 100


@dataclass(frozen=True, slots=True)
class CheckedTableRow:
    """A row of the table.

    It is good and has ``values``; or its operator is ``unknown``: country, plain name
    and name; or ``rejection`` says why it is left out: a reason of `RejectedTableRow`,
    ``broken_text``, ``unknown_country``, or ``twice``, first in line ``earlier``.
    """

    number: int
    cells: list[str]
    values: dict | None = None
    operator_id: int | None = None
    unknown: tuple[str, str, str] | None = None
    rejection: str = ""
    earlier: int = 0


@dataclass
class TableChecker:
    """Checks rows, each alone, and prices beside those before them.

    :param columns: target → index
    :param find_operator: (country, plain name) → operator or None
    :param countries: codes of those that have operators; satellites have none
    """

    kind: str
    columns: Mapping[str, int]
    rules: TableRules
    find_operator: Callable
    countries: Collection[str]
    _plain: dict = field(default_factory=dict)
    _seen: dict = field(default_factory=dict)

    def check(self, rows):
        """Yield every row as `CheckedTableRow`."""
        for row in rows:
            if row.is_damaged:
                yield CheckedTableRow(row.number, row.cells, rejection="broken_text")
            else:
                yield self._check_row(row)

    def _check_row(self, row):
        cells = {
            target: get_cell(row.cells, index) for target, index in self.columns.items()
        }
        try:
            read = read_table_row(self.kind, cells, self.rules)
        except RejectedTableRow as error:
            return CheckedTableRow(row.number, row.cells, rejection=error.reason)
        if read.region is None or read.operator and read.region not in self.countries:
            return CheckedTableRow(row.number, row.cells, rejection="unknown_country")
        operator_id = None
        if read.operator:
            key = (read.region, self._get_plain(read))
            operator_id = self.find_operator(key)
            if operator_id is None:
                unknown = (*key, read.operator)
                return CheckedTableRow(row.number, row.cells, unknown=unknown)
        return self._check_twice(row, read.values, operator_id)

    def _get_plain(self, read):
        """A long table has few names."""
        if read.operator not in self._plain:
            self._plain[read.operator] = plain_operator(read.operator)
        return self._plain[read.operator]

    def _check_twice(self, row, values, operator_id):
        """A price list has one price for the same; of numbers the last row counts."""
        if self.kind == "prices":
            key = (operator_id, *(values[n] for n in ("prefix", "category", "channel")))
            earlier = self._seen.setdefault(key, row.number)
            if earlier != row.number:
                return CheckedTableRow(
                    row.number, row.cells, rejection="twice", earlier=earlier
                )
        return CheckedTableRow(row.number, row.cells, values, operator_id)


class TableCounts:
    """Counts the rows of a table, and keeps what the dialog shows of them."""

    def __init__(self):
        self.good_count = 0
        self.bad_count = 0
        self._unknown = Counter()
        self._names = {}
        self.shown = []
        self.prices = []

    @property
    def unknown_count(self):
        return self._unknown.total()

    def get_unknown(self):
        """:return: list of (country, name as first written, count), most rows first"""
        return [
            (key[0], self._names[key], count)
            for key, count in self._unknown.most_common()
        ]

    def add(self, checked):
        if checked.values:
            self.good_count += 1
            if "price" in checked.values:
                values = {**checked.values, "operator_id": checked.operator_id}
                self.prices.append(values)
        elif checked.unknown:
            *key, name = checked.unknown
            self._unknown[tuple(key)] += 1
            self._names.setdefault(tuple(key), name)
        else:
            self.bad_count += 1
            if len(self.shown) < SHOWN_REJECTIONS:
                self.shown.append(checked)
