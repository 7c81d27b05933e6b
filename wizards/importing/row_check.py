"""Checks the rows of a file: which become members, which are rejected, and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...tools.importing.phone_column import has_number
from ...tools.importing.rows import (
    Column,
    ImportedRecipient,
    RejectedRow,
    Rules,
    read_row,
)
from .rejected_rows import restore_row

#: Rejected rows that the dialog shows; the report has them all.
SHOWN_REJECTIONS = 100
#: Why a row that is not imported is not a rejected one.
LEFT_OUT = ("hidden", "title")


@dataclass(frozen=True)
class CheckedRow:
    """A row of the file.

    It is good, and ``recipient`` says of whom and ``member_id`` whose data it changes;
    or ``rejection`` says why not: a reason of `RejectedRow`, ``broken_text``,
    ``above_header``, ``in_list``, ``of_record``, ``several_members``, or ``twice``,
    first in line ``earlier``; or the row is left out as ``hidden`` or a ``title``.
    """

    number: int
    cells: list[str]
    is_hidden: bool = False
    recipient: ImportedRecipient | None = None
    member_id: int | None = None
    rejection: str = ""
    earlier: int = 0

    @property
    def is_rejected(self):
        return bool(self.rejection) and self.rejection not in LEFT_OUT


@dataclass(frozen=True)
class RowChecker:
    """Checks rows, each alone, beside those before it, and beside the list.

    :param header_line: number of the row with the names of the columns, 0 for none
    :param takes_hidden: whether rows that are hidden in the file are imported
    :param updates_members: whether rows with a number of the list change its member
    :param known: dict of number in the list → ids of members that may be updated
    :param is_report: whether the file is our report of rejected rows
    """

    columns: list[Column]
    rules: Rules
    header_line: int
    takes_hidden: bool
    updates_members: bool
    known: Mapping[str, list[int]]
    is_report: bool

    def check(self, rows):
        """Yield every row but the header as `CheckedRow`."""
        seen = {}
        for row in rows:
            if row.number == self.header_line:
                continue
            checked = self._check_alone(row)
            if self.is_report:
                checked = restore_row(checked)
            if checked.recipient:
                phone = checked.recipient.fields["phone"]
                checked = self._check_among(checked, phone, seen)
                seen.setdefault(phone, checked.number)
            yield checked

    def _check_alone(self, row):
        checked = CheckedRow(row.number, row.cells)
        if row.number < self.header_line:
            is_recipient = has_number(row.cells, self.rules.country)
            rejection = "above_header" if is_recipient else "title"
            return replace(checked, rejection=rejection)
        checked = replace(checked, is_hidden=row.is_hidden)
        if row.is_hidden and not self.takes_hidden:
            return replace(checked, rejection="hidden")
        if row.is_damaged:
            return replace(checked, rejection="broken_text")
        try:
            recipient = read_row(row.cells, self.columns, self.rules)
        except RejectedRow as error:
            return replace(checked, rejection=error.reason)
        return replace(checked, recipient=recipient)

    def _check_among(self, checked, phone, seen):
        """Check a good row beside those before it and the list.

        :param seen: dict of number → line
        """
        if phone in self.known and not self.updates_members:
            return replace(checked, recipient=None, rejection="in_list")
        if phone in seen:
            earlier = seen[phone]
            return replace(checked, recipient=None, rejection="twice", earlier=earlier)
        if phone not in self.known:
            return checked
        ids = self.known[phone]
        if len(ids) == 1:
            return replace(checked, member_id=ids[0])
        rejection = "several_members" if ids else "of_record"
        return replace(checked, recipient=None, rejection=rejection)


class CheckCounts:
    """Counts the rows of a file, and keeps the rejected ones that the dialog shows."""

    def __init__(self):
        self.good_count = 0
        self.update_count = 0
        self.hidden_count = 0
        self.title_count = 0
        self.rejections = Counter()
        self.not_understood = Counter()
        self.shown = []

    @property
    def rejected_count(self):
        return self.rejections.total()

    def add(self, checked):
        self.hidden_count += checked.is_hidden
        self.title_count += checked.rejection == "title"
        if checked.recipient:
            self.good_count += 1
            self.update_count += bool(checked.member_id)
            self.not_understood.update(checked.recipient.not_understood)
        elif checked.is_rejected:
            self.rejections[checked.rejection] += 1
            if len(self.shown) < SHOWN_REJECTIONS:
                self.shown.append(checked)
