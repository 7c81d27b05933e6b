"""Proposes what the columns of a file mean."""

from ...tools.importing.headers import recognise
from ...tools.importing.phone_column import choose_phone, examine
from ...tools.importing.value_names import make_names
from .row_reading import get_cell, join_sample, quote

#: Rows from which a person sees what a column has.
SAMPLE_ROWS = 3


def propose_columns(env, names, rows, *, country, taken_names):
    """Return the values of a column of the wizard for each column of the file.

    :param names: the cells of the header, none where the file has no header
    :param rows: cells of the first rows below
    :param country: code, of numbers that do not say theirs
    :param taken_names: names that texts use of every member
    """
    width = max(map(len, [names, *rows]))
    headers = [*names, *[""] * (width - len(names))]
    targets, candidates = _propose_targets(headers, rows, country)
    if not names:
        headers = [
            env._("Column %(number)s", number=number) for number in range(1, width + 1)
        ]
    value_names = _propose_names(headers, targets, taken_names)
    samples = _choose_samples(rows, targets, candidates)
    return [
        {
            "index": index,
            "header": quote(header),
            "sample": join_sample(get_cell(cells, index) for cells in samples),
            "target": targets.get(index, "value" if header else "skip"),
            "is_candidate": index in candidates,
            "value_name": value_names[index],
        }
        for index, header in enumerate(headers)
    ]


def _propose_targets(headers, rows, country):
    """:return: dict of index → target, and the indices of columns that a person has to
    choose the numbers from"""
    contents = [
        examine((get_cell(cells, index) for cells in rows), country)
        for index in range(len(headers))
    ]
    choice = choose_phone(headers, contents)
    targets = {
        index: target
        for index, target in recognise(headers).items()
        if target != "phone" and index not in choice.rivals
    }
    if choice.index is not None:
        targets[choice.index] = "phone"
    return targets, choice.rivals


def _propose_names(headers, targets, taken_names):
    """:return: dict of index → name; columns that mean nothing else choose first"""
    order = sorted(range(len(headers)), key=lambda index: index in targets)
    names = make_names([headers[index] for index in order], taken_names)
    return dict(zip(order, names, strict=True))


def _choose_samples(rows, targets, candidates):
    """Return rows that may have a number, where there are any."""
    phones = [*candidates, *(i for i, one in targets.items() if one == "phone")]
    recipients = [row for row in rows if any(get_cell(row, i) for i in phones)]
    return (recipients or rows)[:SAMPLE_ROWS]
