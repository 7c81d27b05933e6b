"""Rows and words of Python as a part of a statement."""

from odoo.tools import SQL

from ...tools.pg_array import to_array


def select_rows(types, rows):
    """A query of these rows, for a statement that joins or stores them.

    What all have in common is said once, every other column is one array: PostgreSQL
    takes hundreds of rows in as text, not as thousands of values.

    :param types: dict of column → its type in PostgreSQL, in the order of the columns
    :param rows: list of tuples, at least one, with a value for each column
    """
    columns, names, arrays = [], [], []
    values_of = zip(*rows, strict=True)
    for (name, kind), values in zip(types.items(), values_of, strict=True):
        column, kind_sql = SQL.identifier(name), SQL(kind)
        if names and values.count(values[0]) == len(values):
            columns.append(SQL("%s::%s AS %s", values[0], kind_sql, column))
        else:
            columns.append(column)
            names.append(column)
            arrays.append(SQL("%s::%s[]", to_array(values), kind_sql))
    return SQL(
        "SELECT %s FROM unnest(%s) AS w(%s)",
        SQL(", ").join(columns),
        SQL(", ").join(arrays),
        SQL(", ").join(names),
    )


def list_words(words):
    """Words of the code, as the list behind ``IN`` in a definition of the schema.

    :rtype: str
    """
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"({quoted})"
