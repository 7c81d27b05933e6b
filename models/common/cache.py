"""What SQL has read, or written, for the ORM."""


def fill_cache(record, row):
    """Tell the ORM a record's columns, so that it does not read them again.

    The ORM's own way converts each value first, which takes longer than the statement.

    :param row: dict of columns as PostgreSQL gives them: ids, naive UTC times, None
    """
    for name, value in row.items():
        if name != "id":
            record._fields[name]._update_cache(record, value)
