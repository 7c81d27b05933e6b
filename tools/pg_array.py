"""The text format of PostgreSQL's arrays (its documentation, "Arrays", chapter "Array
Input and Output Syntax")."""

from collections.abc import Iterable


def to_array(values: Iterable[object]) -> str:
    """Values as one array, whose type the statement tells."""
    return "{" + ",".join(map(_to_element, values)) + "}"


def _to_element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", r"\\").replace('"', r"\"")
        return f'"{value}"'
    return str(value)
