"""Rows of Python as a part of a statement."""

from odoo.tools import SQL

from ..tools.array_format import to_array


def select_rows(types, rows):
    """A query of these rows, for a statement that joins them.

    What all have in common is said once, every other column is one array: PostgreSQL
    takes hundreds of rows in as text, not as thousands of values.

    :param types: dict of column → its type in PostgreSQL
    :param rows: list of tuples, at least one, with a value for each column
    """
    common, names, arrays = [], [], []
    for (name, kind), values in zip(
        types.items(), zip(*rows, strict=True), strict=True
    ):
        column, kind = SQL.identifier(name), SQL(kind)
        if names and values.count(values[0]) == len(values):
            common.append(SQL("%s::%s AS %s", values[0], kind, column))
        else:
            names.append(column)
            arrays.append(SQL("%s::%s[]", to_array(values), kind))
    return SQL(
        "SELECT %s FROM unnest(%s) AS w(%s)",
        SQL(", ").join([SQL("w.*"), *common]),
        SQL(", ").join(arrays),
        SQL(", ").join(names),
    )
