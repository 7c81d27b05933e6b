"""Gender: how texts address a person."""

GENDERS = [("male", "Male"), ("female", "Female")]
_KNOWN = frozenset(dict(GENDERS))


def read_gender(record):
    """Return a gender that there is a text for, or None.

    Other addons define the field, too: as values of their own, or as something else.
    """
    gender = record["gender"] if "gender" in record._fields else None
    return gender if isinstance(gender, str) and gender in _KNOWN else None
